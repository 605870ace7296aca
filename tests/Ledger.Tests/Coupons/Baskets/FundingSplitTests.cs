using Ledger.Coupons;
using Ledger.Coupons.Baskets;
using Xunit;

namespace Ledger.Tests.Coupons.Baskets;

/// <summary>Who pays: shares, caps, and budgets that run out.</summary>
public class FundingSplitTests
{
    [Fact]
    public void A2_Funding_by_shares_and_three_equal_thirds()
    {
        Assert.Equal([("merchant", 12_00), ("platform", 6_00), ("brand", 2_00)], Paid(BasketExamples.Shared, 20_00));
        foreach (var thirds in new[] { (3_334, 3_333, 3_333), (3_333, 3_333, 3_334) })
        {
            var funding = new Funding([new("a", thirds.Item1), new("b", thirds.Item2), new("c", thirds.Item3)]);
            Assert.Equal([("a", 3_34), ("b", 3_33), ("c", 3_33)], Paid(funding, 10_00));
        }
    }

    [Fact]
    public void Without_funding_the_merchant_pays_and_a_single_fen_goes_to_the_first_that_has_a_share()
    {
        Assert.Equal([("merchant", 7)], Paid(null, 7));
        Assert.Equal([("b", 1)], Paid(new([new("a", 0), new("b", 1), new("c", 9_999)]), 1));
        Assert.Equal([], Paid(BasketExamples.Shared, 0));
    }

    [Fact]
    public void What_a_capped_party_cannot_pay_goes_to_the_next_by_priority_and_finally_to_the_merchant()
    {
        var funding = new Funding(
        [
            new("platform", 6_000, Cap: new(5_00), Priority: 1), new("brand", 4_000, Cap: new(9_00), Priority: 2), new("reserve", 0, Cap: new(3_00), Priority: 3),
        ]);
        Assert.Equal([("platform", 3_00), ("brand", 2_00)], Paid(funding, 5_00));
        Assert.Equal([("platform", 5_00), ("brand", 5_00)], Paid(funding, 10_00));
        Assert.Equal([("platform", 5_00), ("brand", 9_00), ("reserve", 2_00)], Paid(funding, 16_00));
        Assert.Equal([("platform", 5_00), ("brand", 9_00), ("reserve", 3_00), ("merchant", 3_00)], Paid(funding, 20_00));
        // Nothing is handed back to a party whose turn is over.
        Assert.Equal([("a", 1_00), ("b", 5_00), ("merchant", 4_00)], Paid(new([new("a", 1_000), new("b", 9_000, Cap: new(5_00), Priority: 1)]), 10_00));
    }

    [Fact]
    public void A_budget_that_suffices_changes_nothing_and_one_that_does_not_stops_the_coupon()
    {
        Assert.Equal([("merchant", 12_00), ("platform", 6_00), ("brand", 2_00)], Paid(BasketExamples.Shared, 20_00, ("platform", 6_00), ("other", 0)));
        Assert.Equal(new FundingSplit.Stopped(new("platform", new(6_00), new(5_99))), Split(BasketExamples.Shared, 20_00, ("platform", 5_99)));
        Assert.Equal(new FundingSplit.Stopped(new("merchant", new(1), new(0))), Split(null, 1, ("merchant", -5)));
    }

    [Fact]
    public void The_merchant_may_take_what_exhausted_budgets_cannot_bear()
    {
        var funding = BasketExamples.Shared with { OnExhaustion = Exhaustion.MerchantTakesAll };
        Assert.Equal([("merchant", 13_00), ("platform", 5_00), ("brand", 2_00)], Paid(funding, 20_00, ("platform", 5_00), ("merchant", 13_00)));
        Assert.Equal(new FundingSplit.Stopped(new("merchant", new(13_00), new(12_99))), Split(funding, 20_00, ("platform", 5_00), ("merchant", 12_99)));
        Assert.Equal([("merchant", 20_00)], Paid(funding, 20_00, ("platform", 0), ("brand", -1)));
        Assert.Equal([("b", 1_00), ("merchant", 4_00)], Paid(new([new("b", 10_000)], Exhaustion.MerchantTakesAll), 5_00, ("b", 1_00)));
    }

    [Fact]
    public void The_discount_may_shrink_to_what_budgets_bear()
    {
        var funding = BasketExamples.Shared with { OnExhaustion = Exhaustion.Scale };
        var scaled = Assert.IsType<FundingSplit.Paid>(Split(funding, 20_00, ("platform", 3_00)));
        // 10.03 is the last amount of which 30 %, rounded down, is 3.00.
        Assert.Equal(new Money(10_03), scaled.Discount);
        Assert.Equal([("merchant", 6_03), ("platform", 3_00), ("brand", 1_00)], scaled.Shares.Amounts());
        Assert.IsType<FundingSplit.Stopped>(Split(funding, 20_00, ("merchant", 0)));
    }

    private static FundingSplit Split(Funding? funding, long discount, params (string Party, long Left)[] left) =>
        FundingSplit.Of(funding, new(discount), left.Length == 0 ? null : left.ToDictionary(l => l.Party, l => new Money(l.Left), StringComparer.Ordinal));

    private static (string Party, long Amount)[] Paid(Funding? funding, long discount, params (string Party, long Left)[] left)
    {
        var paid = Assert.IsType<FundingSplit.Paid>(Split(funding, discount, left));
        Assert.Equal(new Money(discount), paid.Discount);
        return paid.Shares.Amounts();
    }
}
