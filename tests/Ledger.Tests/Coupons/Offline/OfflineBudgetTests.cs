using Ledger.Coupons;
using Ledger.Coupons.Budgets;
using Ledger.Coupons.Offline;
using Xunit;
using static Ledger.Coupons.CouponEvent;
using static Ledger.Tests.Coupons.CouponExamples;
using static Ledger.Tests.Coupons.Offline.OfflineShop;

namespace Ledger.Tests.Coupons.Offline;

/// <summary>What tills granted offline from budgets that were exhausted meanwhile: booked as the terms say of exhaustion, never charged beyond the budget.</summary>
public class OfflineBudgetTests
{
    /// <summary>Half of each 20.00 is the brand's, which has 15.00: one coupon and a half.</summary>
    [Fact]
    public void The_merchant_takes_what_the_exhausted_budget_cannot_bear_offline_too()
    {
        var (shop, results) = Forwarded(Exhaustion.MerchantTakesAll);
        Assert.Equal([("redeemed", 20_00, 0), ("redeemed", 20_00, 0), ("redeemed", 20_00, 0)], Outcomes(results));
        Assert.Equal([10_00, 5_00, 0], Shares(shop, "brand"));
        Assert.Equal([10_00, 15_00, 20_00], Shares(shop, "merchant"));
        Assert.Equal((15_00, 0, 0), (Committed(shop), shop.Lost("isv"), shop.Lost(Funding.Merchant)));
    }

    [Fact]
    public void What_a_scaled_discount_leaves_of_a_promise_is_the_loss_of_the_party_that_let_tills_promise()
    {
        var (shop, results) = Forwarded(Exhaustion.Scale);
        // Nothing is left for the third: not even the smallest part of its discount can be redeemed.
        Assert.Equal([("redeemed", 20_00, 0), ("redeemed", 10_00, 10_00), ("conflict", 0, 20_00)], Outcomes(results));
        Assert.Equal(["isv", "isv"], results.Skip(1).Select(result => result.Liability), StringComparer.Ordinal);
        Assert.Equal((15_00, 30_00, 0), (Committed(shop), shop.Lost("isv"), shop.Lost(Funding.Merchant)));
        Assert.Equal(new(2, 1, 0, 0, new(60_00), new(30_00), new(30_00)), shop.A.In(shop.Book).Totals);
    }

    [Fact]
    public void Where_exhaustion_stops_coupons_the_whole_discount_is_a_loss_and_the_coupon_stays()
    {
        var (shop, results) = Forwarded(Exhaustion.Stop);
        Assert.Equal([("redeemed", 20_00, 0), ("conflict", 0, 20_00), ("conflict", 0, 20_00)], Outcomes(results));
        Assert.All(results.Skip(1), result => Assert.Equal(("money-budget-exhausted", "isv", null), (result.Reason, result.Liability, result.RedemptionId)));
        Assert.Equal((10_00, 40_00, 0), (Committed(shop), shop.Lost("isv"), shop.Lost(Funding.Merchant)));
        Assert.All(results.Skip(1), result => Assert.Equal(CouponStatus.Issued, shop.Coupon(result.Code).Status));
    }

    [Theory]
    [InlineData(Exhaustion.Scale, 30_00)]
    [InlineData(Exhaustion.Stop, 40_00)]
    public void Without_a_token_nobody_let_the_till_promise_and_the_loss_is_the_merchants(Exhaustion exhaustion, long loss)
    {
        var (shop, results) = Forwarded(exhaustion, hasTokens: false);
        Assert.All(results.Skip(1), result => Assert.Equal("merchant", result.Liability));
        Assert.Equal((0, loss), (shop.Lost("isv"), shop.Lost(Funding.Merchant)));
    }

    /// <summary>The promise was 20.00, the till gave 26.00: what it promised is the liable party's, as far as nothing redeems it, and the 6.00 the merchant's.</summary>
    [Fact]
    public void What_was_granted_above_the_promise_is_the_merchants_loss_all_the_same()
    {
        var (shop, results) = Forwarded(Exhaustion.Scale, granted: 26_00);
        Assert.Equal([("redeemed", 20_00, 6_00), ("redeemed", 10_00, 16_00), ("conflict", 0, 26_00)], Outcomes(results));
        Assert.Equal((30_00, 18_00), (shop.Lost("isv"), shop.Lost(Funding.Merchant)));
    }

    [Fact]
    public void A_voided_offline_redemption_gives_the_budget_back_what_it_bore()
    {
        var (shop, results) = Forwarded(Exhaustion.Scale);
        shop.Run(request => Ledger.Coupons.Redemptions.ReturnOperations.Void(request, results[1].RedemptionId!, Clock(9, 31), Moments.Day("2026-03-03"), null), Clock(9, 31));
        Assert.Equal((10_00, 30_00), (Committed(shop), shop.Lost("isv")));
    }

    /// <summary>A shop to whose till three coupons were shown while it was offline.</summary>
    private static (OfflineShop Shop, IReadOnlyList<OfflineResult> Results) Forwarded(Exhaustion exhaustion, bool hasTokens = true, long granted = 20_00)
    {
        var shop = new OfflineShop(Bounded(exhaustion));
        SetBudget(shop, 15_00);
        for (var n = 1; n <= 3; n++)
        {
            var code = shop.Issue(n);
            shop.A.Grant(code, 120_00, granted, Clock(9, 29), hasTokens ? shop.Token(code) : null);
        }

        return (shop, [.. shop.A.Forward(shop.Book, Clock(9, 30), shop.Ring, shop.A.Records).Select(answer => answer.Result!)]);
    }

    internal static CouponTerms Bounded(Exhaustion exhaustion) => CouponExamples.Terms with
    {
        OfflineLiability = "isv",
        Funding = new([new("brand", 5_000), new("merchant", 5_000)], exhaustion),
        Budgets = ["brand"],
    };

    internal static void SetBudget(OfflineShop shop, long amount) =>
        Assert.Null(shop.Run(request => CouponOperations.ChangeBudget(request, Spring, "brand", Money.Zero, new(amount)), Received).Refusal);

    private static long Committed(OfflineShop shop) => shop.Book.Tallies.GetValueOrDefault(MoneyBudgets.Spent(Spring, "brand"));

    private static IEnumerable<(string, long, long)> Outcomes(IEnumerable<OfflineResult> results) =>
        results.Select(result => (result.Outcome, result.Discount.Minor, result.Loss.Minor));

    private static IEnumerable<long> Shares(OfflineShop shop, string party) =>
        shop.Facts<CouponRedeemed>().Select(fact => fact.Basket!.Funding.Where(share => share.Party == party).Sum(share => share.Amount.Minor));
}
