using FsCheck;
using FsCheck.Fluent;
using Ledger.Coupons;
using Ledger.Coupons.Baskets;
using Xunit;
using static Ledger.Tests.Coupons.Baskets.BasketExamples;

namespace Ledger.Tests.Coupons.Baskets;

/// <summary>Which of a customer's coupons take most off together.</summary>
public class CombinationTests
{
    /// <summary>Among all subsets none takes more off, nor as much with fewer coupons.</summary>
    [Fact]
    public void No_other_combination_is_better() => Holds.For(Gen.Choose(0, int.MaxValue), seed =>
    {
        var random = new RandomBasket(seed);
        var (basket, candidates) = (random.Basket(), random.Candidates(7));
        var best = Combination.Best(basket, candidates);
        Assert.True(best.IsExact);
        Assert.Null(best.Pricing.Refusal);
        var tried = Enumerable.Range(0, 1 << candidates.Count)
            .Select(set => Pricing.Of(basket, [.. candidates.Where((_, i) => (set & (1 << i)) != 0)]))
            .Where(pricing => pricing.Refusal is null)
            .Max(pricing => (pricing.Discount, -pricing.Coupons.Count));
        Assert.Equal(tried, (best.Pricing.Discount, -best.Pricing.Coupons.Count));
        var chosen = best.Pricing.Coupons.Select(coupon => coupon.Candidate).ToList();
        Assert.Equal(best.Pricing.Coupons, Pricing.Of(basket, chosen).Coupons);
        Assert.Equal(best.Pricing.Coupons, Combination.Best(basket, [.. candidates.Reverse()]).Pricing.Coupons);
    }, times: 200);

    [Fact]
    public void A_small_coupon_may_be_left_out_for_a_larger_one()
    {
        Candidate[] candidates =
        [
            Off(5_00).As("a"), (Twenty with { Stacking = new(FloorOn: AmountBasis.Remaining) }).As("b"), Off(1_00, new(Category: "x")).As("c"), Off(2_00, new(Category: "x")).As("d"),
            Off(21_00, new(IsExclusive: true)).As("e"),
        ];
        Assert.Equal(["b", "d"], Codes(Combination.Best(Lines(104_00), candidates)));
        Assert.Equal(["a", "b", "d"], Codes(Combination.Best(Lines(105_00), candidates)));
        Assert.Equal(["e"], Codes(Combination.Best(Lines(90_00), candidates)));
        Assert.Equal([], Codes(Combination.Best(Lines(0), candidates)));
    }

    [Fact]
    public void Fewer_coupons_win_where_they_take_as_much() =>
        Assert.Equal(["c"], Codes(Combination.Best(Lines(10_00), [Off(5_00).As("a"), Off(5_00).As("b"), Off(10_00).As("c")])));

    /// <summary>Thirty coupons that thwart one another by their floors: more than the search may look at.</summary>
    [Fact]
    public void Above_its_bound_the_search_stops_and_says_so_and_is_at_least_as_good_as_taking_what_fits()
    {
        var basket = Lines([.. Enumerable.Range(0, Limits.MaxBasketLines).Select(i => 1_00L + (i * 7 % 50))]);
        var hard = Enumerable.Range(0, Limits.MaxRedeemables).Select(i => new Candidate(
            $"c{i:00}", Off(3_001 + (i * i * 37 % 1_009), new(FloorOn: AmountBasis.Remaining)) with { MinimumSpend = new(150_00 + (i * 731 % 400_00)) }, i)).ToList();
        var best = Combination.Best(basket, hard);
        Assert.False(best.IsExact);
        Assert.Null(best.Pricing.Refusal);
        Assert.True(best.Pricing.Discount >= Pricing.Of(basket, hard).Discount);
        Assert.Equal(best.Pricing.Coupons, Combination.Best(basket, hard).Pricing.Coupons);
        Assert.True(Combination.Best(basket, hard[..4]).IsExact);
        Assert.Equal(new TooManyRedeemables(31, 30), Combination.Best(basket, [.. hard, Off(1).As("one more")]).Pricing.Refusal);
    }

    [Fact]
    public void Budgets_bound_the_choice()
    {
        var funded = Off(20_00) with { Funding = new([new("platform", 10_000)]), Budgets = ["platform"] };
        var left = new Dictionary<(string, string), Money> { [("", "platform")] = new(20_00) };
        Candidate[] candidates = [funded.As("a"), (funded with { Benefit = new Benefit.FixedAmount(new(12_00)) }).As("b"), (funded with { Benefit = new Benefit.FixedAmount(new(9_00)) }).As("c")];
        Assert.Equal(["a"], Codes(Combination.Best(Lines(100_00), candidates, left)));
        left[("", "platform")] = new(19_00);
        Assert.Equal(["b"], Codes(Combination.Best(Lines(100_00), candidates, left)));
        left[("", "platform")] = new(21_00);
        Assert.Equal(["b", "c"], Codes(Combination.Best(Lines(100_00), candidates, left)));
    }

    private static string[] Codes(Combination best) => [.. best.Pricing.Coupons.Select(coupon => coupon.Candidate.Code)];
}
