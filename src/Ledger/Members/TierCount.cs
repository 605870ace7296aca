using System.Diagnostics;
using NodaTime;

namespace Ledger.Members;

/// <summary>What a member's tier is reckoned from, month by month: a sum that goes back lessens the month that it was counted in.</summary>
/// <param name="Months">In their order, those that no rule looks at any more left out.</param>
public sealed record TierCount(IReadOnlyList<MonthCount> Months)
{
    public static TierCount None { get; } = new([]);

    /// <summary>The sum from one month on to before another.</summary>
    public long Between(LocalDate from, LocalDate to) => Months.Where(month => month.Month >= from && month.Month < to).Sum(month => month.Amount);

    public bool Equals(TierCount? other) => other is not null && Lists.Same(Months, other.Months);

    public override int GetHashCode() => Months.Count;
}

/// <param name="Month">Its first day.</param>
public readonly record struct MonthCount(LocalDate Month, long Amount);

// The case names below are the stored event types. Never rename one: add a new case instead.
public abstract record TierCountEvent
{
    private TierCountEvent() { }

    /// <param name="Month">First day of the month in which it was paid or earned, whenever it went back.</param>
    /// <param name="Amount">Minor units or points; less than 0: went back.</param>
    /// <param name="Source">The payment or the order.</param>
    public sealed record TierCounted(string Member, LocalDate Month, long Amount, string Source, Instant At) : TierCountEvent;
}

/// <summary>
/// Streams of what is counted for tiers: <c>tiercount-{member}</c> of spend, <c>tiercount-{program}/{member}</c> of points, so that a new rule never adds
/// one to the other. Written by policies alone.
/// </summary>
public static class TierCountStream
{
    public static StreamType<TierCount, TierCountEvent> Type { get; } = new("tier_count", Schema: 1, TierCount.None, Evolve);

    public static Stream<TierCount, TierCountEvent> Of(string member, string? program = null) => Type.At(program is null ? $"tiercount-{member}" : $"tiercount-{program}/{member}");

    /// <summary>Never refuses and never computes but the sum.</summary>
    private static TierCount Evolve(TierCount state, TierCountEvent fact) => fact switch
    {
        TierCountEvent.TierCounted e => new([.. state.Months.Append(new(e.Month, e.Amount)).GroupBy(month => month.Month, (month, all) => new MonthCount(month, all.Sum(one => one.Amount)))
            .OrderBy(month => month.Month).TakeLast(Limits.MaxTierMonths)]),
        _ => throw new UnreachableException($"{fact}"),
    };
}
