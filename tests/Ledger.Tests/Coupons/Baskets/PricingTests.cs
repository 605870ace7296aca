using Ledger.Coupons;
using Ledger.Coupons.Baskets;
using Xunit;
using static Ledger.Tests.Coupons.Baskets.BasketExamples;

namespace Ledger.Tests.Coupons.Baskets;

/// <summary>A basket and the coupons presented for it.</summary>
public class PricingTests
{
    [Fact]
    public void A1_Allocation_by_largest_remainder()
    {
        var pricing = ThreeLines.Price(Twenty.As("c"));
        Assert.Equal([9_98, 5_50, 4_52], pricing.Applied("c").Lines.Amounts(3));
        Assert.Equal((new Money(20_00), new Money(100_00), (Rejection?)null), (pricing.Discount, pricing.Payable, pricing.Refusal));
        Assert.Equal([new(0, new(4)), new(1, new(3)), new LineShare(2, new(3))], Lines(5, 5, 5).Price(Off(10).As("c")).Applied("c").Lines);
    }

    [Fact]
    public void A4_Percentage_with_ceiling_and_both_roundings()
    {
        Assert.Equal(new Money(15_00), Lines(150_00, 50_00).Price(Of(new Benefit.Percentage(1_200, new(15_00), Rounding.Floor)).As("c")).Discount);
        Assert.Equal(new Money(11_99), Lines(99_99).Price(Of(new Benefit.Percentage(1_200, null, Rounding.Floor)).As("c")).Discount);
        Assert.Equal(new Money(12_00), Lines(99_99).Price(Of(new Benefit.Percentage(1_200, null, Rounding.HalfUp)).As("c")).Discount);
    }

    /// <summary>Drinks are not discountable, and points are one more redeemable whose funder is the points programme.</summary>
    [Fact]
    public void A5_Mixed_funding_on_one_receipt()
    {
        var basket = new Basket([new(new(80_00), Category: "food"), new(new(20_00), Category: "drinks")]);
        var merchant = Percent(10) with { Goods = new(ExcludeCategories: ["drinks"]) };
        var platform = Off(5_00) with { Funding = new([new("platform", 10_000)]) };
        var points = Off(2_00) with { Funding = new([new("points", 10_000)]) };
        var pricing = basket.Price(merchant.As("1"), platform.As("2"), points.As("3"));
        Assert.Equal([("merchant", 8_00), ("platform", 5_00), ("points", 2_00)], pricing.Applied.SelectMany(coupon => coupon.Funding).Amounts());
        Assert.Equal([8_00, 0], pricing.Applied("1").Lines.Amounts(2));
        var (merchantReceives, buyerPays, invoice) = (basket.Amount.Minor - 8_00, pricing.Payable.Minor + 2_00, pricing.Payable.Minor);
        Assert.Equal((92_00, 87_00, 85_00), (merchantReceives, buyerPays, invoice));
    }

    [Fact]
    public void Stacking_order_and_the_amount_of_a_percentage_matter()
    {
        var (ten, five) = (Percent(10), Off(5_00));
        Assert.Equal(new Money(14_50), Lines(100_00).Price(five.As("a"), ten.As("b")).Discount);
        Assert.Equal(new Money(15_00), Lines(100_00).Price(five.As("b"), ten.As("a")).Discount);
        Assert.Equal(new Money(14_50), Lines(100_00).Price(five.As("b"), Percent(10, new(Order: 1)).As("a")).Discount);
        Assert.Equal(new Money(15_00), Lines(100_00).Price(five.As("a"), Percent(10, new(PercentageOf: AmountBasis.Initial)).As("b")).Discount);
        // A percentage of the initial amount still takes no more than what is left.
        Assert.Equal(new Money(3_00), Lines(100_00).Price(Off(97_00).As("a"), Percent(50, new(PercentageOf: AmountBasis.Initial)).As("b")).Applied("b").Discount);
    }

    [Fact]
    public void The_order_of_the_request_does_not_matter()
    {
        Candidate[] candidates = [Off(5_00).As("b"), Percent(10).As("a"), Percent(20, new(Order: 1)).As("0")];
        var one = Pricing.Of(ThreeLines, candidates);
        Assert.Equal(["a", "b", "0"], one.Coupons.Select(coupon => coupon.Candidate.Code), StringComparer.Ordinal);
        Assert.Equal(one.Coupons, Pricing.Of(ThreeLines, [.. candidates.Reverse()]).Coupons);
    }

    [Theory]
    [InlineData(AmountBasis.Initial, true)]
    [InlineData(AmountBasis.Remaining, false)]
    public void The_floor_is_measured_before_or_after_the_other_discounts(AmountBasis basis, bool holds)
    {
        var floored = Twenty with { Stacking = new(FloorOn: basis) };
        var pricing = Lines(110_00).Price(Off(10_01).As("a"), floored.As("b"));
        if (holds) Assert.Equal(new Money(20_00), pricing.Applied("b").Discount);
        else Assert.Equal(new FloorNotMet(new(100_00), new(99_99)), pricing.Refused("b"));
        Assert.Equal(new Money(20_00), Lines(110_00).Price(Off(10_00).As("a"), floored.As("b")).Applied("b").Discount);
    }

    [Fact]
    public void Only_eligible_lines_count_for_floor_and_discount()
    {
        var basket = new Basket([new(new(60_00), Goods: "tea"), new(new(60_00), Goods: "mug", Category: "ware"), new(new(40_00), Category: "tea"), new(new(50_00))]);
        Assert.Equal(new FloorNotMet(new(100_00), new(60_00)), basket.Price((Twenty with { Goods = new(Include: ["tea"]) }).As("c")).Refused("c"));
        var applied = basket.Price((Twenty with { Goods = new(Include: ["tea"], IncludeCategories: ["tea"]) }).As("c")).Applied("c");
        Assert.Equal((new Money(100_00), new Money(20_00)), (applied.Eligible, applied.Discount));
        Assert.Equal([12_00, 0, 8_00, 0], applied.Lines.Amounts(4));
        // A line that names nothing cannot be shown to be eligible, and exclusion wins.
        Assert.Equal([0, 12_00, 8_00, 0], basket.Price((Twenty with { Goods = new(Exclude: ["tea"]) }).As("c")).Applied("c").Lines.Amounts(4));
        Assert.Equal(new GoodsNotEligible(), basket.Price((Twenty with { Goods = new(Include: ["mug"], ExcludeCategories: ["ware"]) }).As("c")).Refused("c"));
        Assert.Equal(new GoodsNotEligible(), Basket.Of(new(120_00)).Price((Twenty with { Goods = new(Exclude: ["tea"]) }).As("c")).Refused("c"));
    }

    [Fact]
    public void A_coupon_bound_to_payment_methods_wants_nothing_else_in_the_payment()
    {
        var huabei = (Twenty with { PaymentMethods = ["huabei"] }).As("c");
        Assert.Equal(new PaymentMethodNotAllowed(null), ThreeLines.Price(huabei).Refused("c"));
        Assert.Equal(new PaymentMethodNotAllowed("balance"), Paid(("huabei", 1), ("balance", 2)).Price(huabei).Refused("c"));
        Assert.Equal(new Money(20_00), Paid(("huabei", 100_00), ("balance", 0)).Price(huabei).Discount);
        Assert.Equal(new Money(20_00), ThreeLines.Price((Twenty with { PaymentMethods = [] }).As("c")).Discount);

        static Basket Paid(params (string Method, long Amount)[] payments) =>
            ThreeLines with { Payments = [.. payments.Select(payment => new Payment(payment.Method, new(payment.Amount)))] };
    }

    [Fact]
    public void Exclusive_coupons_categories_and_a_code_twice_conflict_with_those_before()
    {
        var (exclusive, food) = (new Stacking(IsExclusive: true), new Stacking(Category: "food"));
        Assert.Equal(new StackingConflict(["a", "b"]), ThreeLines.Price(Off(1).As("a"), Off(1).As("b"), Off(1, exclusive).As("c")).Refused("c"));
        Assert.Equal(new StackingConflict(["a"]), ThreeLines.Price(Off(1, exclusive).As("a"), Off(1).As("b")).Refused("b"));
        Assert.Equal(new StackingConflict(["a"]), ThreeLines.Price(Off(1, food).As("a"), Off(1).As("b"), Off(2, food).As("c")).Refused("c"));
        var twice = ThreeLines.Price(new Candidate("a", Off(1), 0), new Candidate("a", Off(1), 1));
        Assert.Equal(new StackingConflict(["a"]), twice.Refusal);
        // One that is refused for another reason is in nobody's way.
        Assert.Equal(new Money(1), ThreeLines.Price((Off(9, exclusive) with { MinimumSpend = new(500_00) }).As("a"), Off(1).As("b")).Discount);
    }

    [Fact]
    public void Thirty_redeemables_are_taken_and_31_refused()
    {
        var candidates = Enumerable.Range(0, 31).Select(i => new Candidate($"c{i:00}", Off(1), i)).ToList();
        Assert.Equal(new Money(30), Pricing.Of(ThreeLines, candidates[..30]).Discount);
        var refused = Pricing.Of(ThreeLines, candidates);
        Assert.All(refused.Coupons, coupon => Assert.Equal(new TooManyRedeemables(31, 30), ((Priced.Refused)coupon).Reason));
        Assert.Equal(31, refused.Coupons.Count);
        Assert.Null(Lines([.. Enumerable.Repeat(1L, 500)]).Price(Off(1).As("c")).Refusal);
        Assert.Equal(new TooManyLines(501, 500), Lines([.. Enumerable.Repeat(1L, 501)]).Price(Off(1).As("c")).Refusal);
    }

    [Fact]
    public void An_order_may_cost_nothing_in_the_end_and_then_nothing_is_left_to_discount()
    {
        var free = ThreeLines.Price(Off(200_00).As("a"), Off(1).As("b"));
        Assert.Equal((Money.Zero, new Money(120_00)), (free.Payable, free.Applied("a").Discount));
        Assert.Equal([59_90, 33_00, 27_10], free.Applied("a").Lines.Amounts(3));
        Assert.Equal(new NothingToDiscount(Money.Zero), free.Refused("b"));
        Assert.Equal(new NothingToDiscount(Money.Zero), Lines(0, 0).Price(Off(1).As("a")).Refusal);
    }

    [Fact]
    public void Coupons_of_one_campaign_share_its_budgets()
    {
        var terms = Off(10_00) with { Funding = new([new("platform", 10_000)], Exhaustion.Scale), Budgets = ["platform"] };
        var left = new Dictionary<(string, string), Money> { [("spring", "platform")] = new(15_00) };
        Candidate[] candidates = [new("a", terms, 0, "spring"), new("b", terms, 1, "spring"), new("c", terms, 2, "spring"), new("d", terms, 3, "autumn")];
        var pricing = Pricing.Of(ThreeLines, candidates, left);
        Assert.Equal((new Money(10_00), new Money(5_00), new Money(10_00)), (pricing.Applied("a").Discount, pricing.Applied("b").Discount, pricing.Applied("d").Discount));
        Assert.Equal(new MoneyBudgetExhausted("platform", new(10_00), Money.Zero), pricing.Refused("c"));
    }

    [Fact]
    public void A_negative_amount_or_no_quantity_is_the_edges_fault()
    {
        Assert.Throws<ArgumentException>(() => Lines(-1).Price(Off(1).As("a")));
        Assert.Throws<ArgumentException>(() => new Basket([new(new(1), Quantity: 0)]).Price(Off(1).As("a")));
    }
}
