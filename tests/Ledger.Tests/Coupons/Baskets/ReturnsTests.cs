using Ledger.Coupons;
using Ledger.Coupons.Baskets;
using Xunit;
using static Ledger.Tests.Coupons.Baskets.BasketExamples;

namespace Ledger.Tests.Coupons.Baskets;

/// <summary>Goods that come back.</summary>
public class ReturnsTests
{
    private static readonly Sale s_proportional = Sale.Of(ThreeLines.Price(Twenty.As("c")));
    private static readonly Sale s_requalify = Sale.Of(ThreeLines.Price((Twenty with { ReturnPolicy = ReturnPolicy.Requalify }).As("c")));

    [Fact]
    public void A3_Proportional_partial_refund()
    {
        var back = s_proportional.Return([], new ReturnItem(1));
        Assert.Equal(new Money(27_50), back.Refund);
        Assert.Equal([new LineReturn(1, 1, new(33_00))], back.Lines);
        var coupon = Assert.Single(back.Coupons);
        Assert.Equal((new Money(5_50), false), (coupon.Discount, coupon.IsUsableAgain));
        Assert.Equal([("merchant", 3_30), ("platform", 1_65), ("brand", 55)], coupon.Funding.Amounts());
        Assert.Equal([9_98, 0, 4_52], coupon.Standing.Amounts(3));
    }

    [Fact]
    public void A3_Requalify_partial_refund()
    {
        var back = s_requalify.Return([], new ReturnItem(1));
        Assert.Equal(new Money(13_00), back.Refund);
        var coupon = Assert.Single(back.Coupons);
        Assert.Equal((new Money(20_00), true), (coupon.Discount, coupon.IsUsableAgain));
        Assert.Equal([("merchant", 12_00), ("platform", 6_00), ("brand", 2_00)], coupon.Funding.Amounts());
        Assert.Empty(coupon.Standing);
    }

    [Fact]
    public void Requalify_leaves_the_discount_while_the_goods_kept_earn_it()
    {
        var first = s_requalify.Return([], new ReturnItem(2, Amount: new(20_00)));
        Assert.Equal((new Money(20_00), Money.Zero), (first.Refund, first.Coupons[0].Discount));
        Assert.Equal(new Money(20_00), first.Coupons[0].Standing.Select(share => share.Amount).Sum());
        // 100.00 kept for 80.00 paid; a fen more and 99.99 is owed: nothing is refunded, and 0.01 of the discount goes back.
        var second = s_requalify.Return([first], new ReturnItem(2, Amount: new(1)));
        Assert.Equal((Money.Zero, new Money(1), false), (second.Refund, second.Coupons[0].Discount, second.Coupons[0].IsUsableAgain));
        // Then the two other lines, 92.90 of 99.99: 7.09 is owed of the 80.00 that were paid.
        var third = s_requalify.Return([first, second], new ReturnItem(0), new ReturnItem(1));
        Assert.Equal((new Money(72_91), new Money(19_99), true), (third.Refund, third.Coupons[0].Discount, third.Coupons[0].IsUsableAgain));
        var last = s_requalify.Return([first, second, third], new ReturnItem(2));
        Assert.Equal((new Money(7_09), Money.Zero), (last.Refund, last.Coupons[0].Discount));
    }

    [Fact]
    public void A_refund_larger_than_what_is_left_is_refused()
    {
        var first = s_proportional.Return([], new ReturnItem(1, Amount: new(30_00)));
        Assert.Equal(new ReturnExceedsOriginal(ReturnMeasure.Amount, 1, 3_01, 3_00), Refused(s_proportional, [first], new ReturnItem(1, Amount: new(3_01))));
        Assert.Equal(new Money(50), s_proportional.Return([first], new ReturnItem(1, Amount: new(3_00))).Coupons[0].Discount);
        Assert.Equal(new ReturnExceedsOriginal(ReturnMeasure.Quantity, 0, 2, 1), Refused(s_proportional, [], new ReturnItem(0, Quantity: 2)));
        Assert.Equal(new ReturnExceedsOriginal(ReturnMeasure.Amount, 3, 1, 0), Refused(s_proportional, [], new ReturnItem(3, Amount: new(1))));
        Assert.Equal(
            new ReturnExceedsOriginal(ReturnMeasure.Amount, 0, 20_00, 19_90),
            Refused(s_proportional, [], new ReturnItem(0, Amount: new(40_00)), new ReturnItem(0, Amount: new(20_00))));
        var all = s_proportional.Return([], new ReturnItem(2));
        Assert.Equal(new ReturnExceedsOriginal(ReturnMeasure.Quantity, 2, 1, 0), Refused(s_proportional, [all], new ReturnItem(2)));
    }

    [Fact]
    public void Pieces_cost_their_part_of_the_line_and_the_last_piece_the_rest()
    {
        var sale = Sale.Of(new Basket([new(new(10_00), Quantity: 3)]).Price(Off(1_00).As("c")));
        var done = new List<GoodsReturn>();
        for (var i = 0; i < 3; i++) done.Add(sale.Return(done, new ReturnItem(0, Quantity: 1)));
        Assert.Equal([3_33, 3_33, 3_34], done.Select(back => back.Lines[0].Amount.Minor));
        Assert.Equal([33, 33, 34], done.Select(back => back.Coupons[0].Discount.Minor));
        Assert.Equal(new Money(9_00), done.Select(back => back.Refund).Sum());
        Assert.Equal([false, false, true], done.Select(back => back.Coupons[0].IsUsableAgain));
    }

    [Fact]
    public void A_fully_discounted_order_refunds_nothing_and_gives_the_coupon_back()
    {
        foreach (var policy in Enum.GetValues<ReturnPolicy>())
        {
            var sale = Sale.Of(Lines(10_00, 5_00).Price((Off(20_00) with { ReturnPolicy = policy }).As("c")));
            var half = sale.Return([], new ReturnItem(0));
            Assert.Equal((Money.Zero, new Money(10_00), false), (half.Refund, half.Coupons[0].Discount, half.Coupons[0].IsUsableAgain));
            var rest = sale.Return([half], new ReturnItem(1));
            Assert.Equal((Money.Zero, new Money(5_00), true), (rest.Refund, rest.Coupons[0].Discount, rest.Coupons[0].IsUsableAgain));
        }
    }

    /// <summary>The proportional coupon keeps its parts; the other is asked anew on what they leave.</summary>
    [Fact]
    public void Coupons_of_one_sale_follow_their_own_policies()
    {
        var requalify = (Twenty with { ReturnPolicy = ReturnPolicy.Requalify }).As("b");
        var sale = Sale.Of(ThreeLines.Price(Percent(10).As("a"), requalify));
        Assert.Equal(new Money(88_00), ThreeLines.Amount - sale.Coupons.Select(coupon => coupon.Discount).Sum());
        var back = sale.Return([], new ReturnItem(1));
        // Paid 88.00; kept 87.00 less 8.70, and nothing of the 20.00.
        Assert.Equal((new Money(3_30), new Money(20_00)), (back.Coupons[0].Discount, back.Coupons[1].Discount));
        Assert.Equal(new Money(88_00 - 78_30), back.Refund);
    }

    [Fact]
    public void Each_party_gets_back_its_part_of_what_it_paid()
    {
        var capped = Twenty with { Funding = new([new("merchant", 5_000), new("platform", 5_000, Cap: new(4_00))]) };
        var sale = Sale.Of(ThreeLines.Price(capped.As("c")));
        Assert.Equal([("merchant", 16_00), ("platform", 4_00)], sale.Coupons[0].Funding.Amounts());
        Assert.Equal([("merchant", 4_40), ("platform", 1_10)], sale.Return([], new ReturnItem(1)).Coupons[0].Funding.Amounts());
    }

    [Fact]
    public void Goods_that_no_coupon_discounts_are_refunded_in_full()
    {
        var basket = new Basket([new(new(80_00), Category: "food"), new(new(20_00), Category: "drinks")]);
        var sale = Sale.Of(basket.Price((Percent(10) with { Goods = new(ExcludeCategories: ["drinks"]) }).As("c")));
        Assert.Equal((new Money(20_00), Money.Zero), sale.Return([], new ReturnItem(1)) is var back ? (back.Refund, back.Coupons[0].Discount) : default);
    }

    [Fact]
    public void Returning_nothing_changes_nothing_and_a_return_of_0_is_the_edges_fault()
    {
        Assert.Same(Decision<GoodsReturn>.Unchanged, Returns.Decide(s_proportional, [], []));
        Assert.Throws<ArgumentException>(() => Returns.Decide(s_proportional, [], [new(0, Amount: Money.Zero)]));
        Assert.Throws<ArgumentException>(() => Returns.Decide(s_proportional, [], [new(0, Quantity: 0)]));
    }

    private static Rejection Refused(Sale sale, GoodsReturn[] before, params ReturnItem[] items) =>
        Assert.IsType<Decision<GoodsReturn>.Rejected>(Returns.Decide(sale, before, items)).Reason;
}
