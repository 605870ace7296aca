using System.Text.Json.Serialization;

namespace Ledger.Coupons.Baskets;

/// <summary>How often a coupon may be used and has been.</summary>
/// <param name="Most">Of the terms; 1 or more.</param>
/// <param name="Used">Uses that stand, returned ones not counted.</param>
public sealed record Uses(int Most, int Used = 0)
{
    public static Uses Of(CouponTerms terms)
    {
        ArgumentNullException.ThrowIfNull(terms);
        return new(terms.MaxUses ?? 1);
    }

    [JsonIgnore]
    public int Left => Most - Used;

    /// <param name="times">1 or more.</param>
    public Decision<Uses> Use(int times) => times > Left ? new UsesExhausted(times, Left) : this with { Used = Used + Positive(times) };

    /// <param name="times">1 or more.</param>
    public Decision<Uses> Return(int times) =>
        times > Used ? new ReturnExceedsOriginal(ReturnMeasure.Uses, Line: null, times, Used) : this with { Used = Used - Positive(times) };

    private static int Positive(int times)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(times);
        return times;
    }
}
