using Ledger.Coupons;
using Ledger.Coupons.Baskets;
using Xunit;

namespace Ledger.Tests.Coupons.Baskets;

/// <summary>Baskets and coupons that the examples vary.</summary>
internal static class BasketExamples
{
    /// <summary>Merchant 60 %, platform 30 %, brand 10 %.</summary>
    public static Funding Shared { get; } = new([new("merchant", 6_000), new("platform", 3_000), new("brand", 1_000)]);

    /// <summary>20.00 off 100.00, funded by three parties.</summary>
    public static CouponTerms Twenty { get; } = CouponExamples.Terms with { Funding = Shared };

    /// <summary>59.90 + 33.00 + 27.10 = 120.00.</summary>
    public static Basket ThreeLines { get; } = Lines(59_90, 33_00, 27_10);

    public static Basket Lines(params long[] amounts) => new([.. amounts.Select(amount => new BasketLine(new(amount)))]);

    /// <summary>No floor, paid by the merchant.</summary>
    public static CouponTerms Of(Benefit benefit, Stacking? stacking = null) =>
        CouponExamples.Terms with { Benefit = benefit, MinimumSpend = Money.Zero, Stacking = stacking };

    public static CouponTerms Off(long amount, Stacking? stacking = null) => Of(new Benefit.FixedAmount(new(amount)), stacking);

    public static CouponTerms Percent(int percent, Stacking? stacking = null) => Of(new Benefit.Percentage(percent * 100, null, Rounding.Floor), stacking);

    public static Candidate As(this CouponTerms terms, string code) => new(code, terms);

    public static Pricing Price(this Basket basket, params Candidate[] candidates) => Pricing.Of(basket, candidates);

    public static Priced.Applied Applied(this Pricing pricing, string code) => Assert.IsType<Priced.Applied>(Find(pricing, code));

    public static Rejection Refused(this Pricing pricing, string code) => Assert.IsType<Priced.Refused>(Find(pricing, code)).Reason;

    public static GoodsReturn Return(this Sale sale, IReadOnlyList<GoodsReturn> before, params ReturnItem[] items) =>
        Returns.Decide(sale, before, items) is Decision<GoodsReturn>.Accepted { Events: [var done] } ? done : throw new Xunit.Sdk.XunitException("The return was refused.");

    public static long[] Amounts(this IEnumerable<LineShare> shares, int lines)
    {
        var amounts = new long[lines];
        foreach (var (line, amount) in shares) amounts[line] += amount.Minor;
        return amounts;
    }

    public static (string Party, long Amount)[] Amounts(this IEnumerable<FundingShare> shares) => [.. shares.Select(share => (share.Party, share.Amount.Minor))];

    public static Money Sum(this IEnumerable<Money> amounts) => amounts.Aggregate(Money.Zero, (sum, amount) => sum + amount);

    private static Priced Find(Pricing pricing, string code) => pricing.Coupons.Single(coupon => coupon.Candidate.Code == code);
}
