using NodaTime;

namespace Ledger.Coupons.Offline;

/// <summary>What a till may grant without the service; the till holds to it, and the service looks again when the records arrive.</summary>
/// <param name="MaxDiscount">The most that one redemption may take off.</param>
/// <param name="MaxCount">Redemptions since the last synchronisation.</param>
/// <param name="MaxSum">Their discounts together.</param>
public sealed record TillLimits(Money MaxDiscount, int MaxCount, Money MaxSum)
{
    /// <summary>Where the merchant has set none: 100.00 a redemption, 50 redemptions, 2,000.00 together.</summary>
    public static TillLimits Default { get; } = new(new(100_00), 50, new(2_000_00));

    /// <summary>How long after its last synchronisation a till may redeem, that moment included; Square's rule for offline payments.</summary>
    public static Duration MaxAge { get; } = Duration.FromHours(24);
}

/// <summary>What a till has granted since it last spoke with the service.</summary>
public sealed record OfflineUse(Instant LastSync, int Count, Money Sum)
{
    public static OfflineUse Since(Instant lastSync) => new(lastSync, 0, Money.Zero);

    /// <summary>
    /// Passes the use with one more redemption in it. A clock before the last synchronisation has lost its measure and counts as beyond
    /// <see cref="TillLimits.MaxAge"/>.
    /// </summary>
    /// <param name="discount">Not below 0.</param>
    public Checked<OfflineUse> Take(TillLimits limits, Money discount, Instant at)
    {
        ArgumentNullException.ThrowIfNull(limits);
        ArgumentOutOfRangeException.ThrowIfLessThan(discount, Money.Zero);
        var age = at - LastSync;
        return this with { Count = Count + 1, Sum = Sum + discount } switch
        {
            _ when age < Duration.Zero || age > TillLimits.MaxAge => new OfflineLimit(OfflineRule.SecondsSinceSync, Seconds(TillLimits.MaxAge), Seconds(age)),
            _ when discount > limits.MaxDiscount => new OfflineLimit(OfflineRule.Discount, limits.MaxDiscount.Minor, discount.Minor),
            var next when next.Count > limits.MaxCount => new OfflineLimit(OfflineRule.Count, limits.MaxCount, next.Count),
            var next when next.Sum > limits.MaxSum => new OfflineLimit(OfflineRule.Sum, limits.MaxSum.Minor, next.Sum.Minor),
            var next => next,
        };
    }

    /// <summary>Whole seconds, a begun one counted, so that what is over the limit never looks as if it were not.</summary>
    private static long Seconds(Duration duration) => (long)Math.Ceiling(duration.TotalSeconds);
}

/// <summary>What a limit of <see cref="TillLimits"/> measures.</summary>
public enum OfflineRule
{
    SecondsSinceSync,

    /// <summary>Of one redemption, minor units.</summary>
    Discount,

    Count,

    /// <summary>Of all discounts, minor units.</summary>
    Sum,
}

/// <param name="Allowed">The most, in what the rule measures; so with what was <paramref name="Got"/>.</param>
public sealed record OfflineLimit(OfflineRule Rule, long Allowed, long Got) : Rejection(
    RejectionKind.RuleViolated, "The till may not grant this much without the service", "Take the full price, or connect the till and synchronise it.");
