using Ledger.Coupons;
using Ledger.Coupons.Baskets;
using Ledger.Coupons.Redemptions;
using NodaTime;
using Xunit;
using static Ledger.Tests.Coupons.Baskets.BasketExamples;
using static Ledger.Tests.Coupons.CouponExamples;

namespace Ledger.Tests.Coupons.Redemptions;

/// <summary>Goods that come back, through the operations that tills call.</summary>
public class ReturnTests
{
    [Fact]
    public void A3_Partial_refund_proportional()
    {
        var till = new Till().With(Spring, Twenty, "A");
        till.Accepted(till.Redeem(ThreeLines, new Presented("A")));
        var back = till.Accepted(till.Return("A-1", new ReturnItem(1)));
        var coupon = back.GetProperty("coupons")[0];
        Assert.Equal((1, 27_50, 5_50, "used"), (back.Number("number"), back.Number("refund"), coupon.Number("discount"), coupon.Text("status")));
        Assert.Equal("""[{"amount":330,"party":"merchant"},{"amount":165,"party":"platform"},{"amount":55,"party":"brand"}]""", coupon.GetProperty("funding").GetRawText());
        Assert.Equal(new AlreadyUsed("A-1", Noon), till.Refused(till.Redeem(ThreeLines, new Presented("A"))));
    }

    [Fact]
    public void A3_Partial_refund_requalify()
    {
        var till = new Till().With(Spring, Twenty with { ReturnPolicy = ReturnPolicy.Requalify }, "A");
        till.Accepted(till.Redeem(ThreeLines, new Presented("A")));
        var back = till.Accepted(till.Return("A-1", new ReturnItem(1)));
        var coupon = back.GetProperty("coupons")[0];
        Assert.Equal((13_00, 20_00, "effective"), (back.Number("refund"), coupon.Number("discount"), coupon.Text("status")));
        // The rest comes back while the coupon is used elsewhere: that is not touched.
        Assert.Equal("A-2", till.Accepted(till.Redeem(ThreeLines, new Presented("A"))).Text("redemptionId"));
        Assert.Equal(87_00, till.Accepted(till.Return("A-1")).Number("refund"));
        Assert.Equal(("used", "A-2"), (till.StatusOf("A"), till.Coupon("A").Last!.RedemptionId));
        Assert.Equal(new NothingLeftToReturn("A-1"), till.Refused(till.Return("A-1")));
    }

    [Fact]
    public void Refund_larger_than_remaining_allocation()
    {
        var till = new Till().With(Spring, Twenty, "A");
        till.Accepted(till.Redeem(ThreeLines, new Presented("A")));
        till.Accepted(till.Return("A-1", new ReturnItem(1, Amount: new(30_00))));
        Assert.Equal(new ReturnExceedsOriginal(ReturnMeasure.Amount, 1, 3_01, 3_00), till.Refused(till.Return("A-1", new ReturnItem(1, Amount: new(3_01)))));
        Assert.Equal(new ReturnExceedsOriginal(ReturnMeasure.Amount, 9, 0, 0), till.Refused(till.Return("A-1", new ReturnItem(9))));
    }

    [Fact]
    public void Coupon_returned_after_expiry_and_the_refund_is_still_made()
    {
        var till = new Till().With(Spring, Twenty, "A");
        till.Accepted(till.Redeem(ThreeLines, new Presented("A")));
        till.Now = WindowEnd;
        Assert.Equal(100_00, till.Accepted(till.Return("A-1")).Number("refund"));
        Assert.Equal((CouponStatus.ReturnedExpired, "returned-expired"), (till.Coupon("A").Status, till.StatusOf("A")));
        Assert.Equal(new Expired(WindowEnd), till.Refused(till.Redeem(ThreeLines, new Presented("A"))));
    }

    [Fact]
    public void Return_after_it_was_voided_or_never_was()
    {
        var till = new Till().With(Spring, Twenty, "A");
        Assert.Equal(new RedemptionNotFound("A-1"), till.Refused(till.Return("A-1")));
        Assert.Equal(new RedemptionNotFound("nothing"), till.Refused(till.Return("nothing")));
        till.Accepted(till.Redeem(ThreeLines, new Presented("A")));
        till.Accepted(till.Void("A-1"));
        Assert.Equal(new RedemptionIsVoided("A-1"), till.Refused(till.Return("A-1")));
    }

    [Fact]
    public void What_was_returned_in_part_is_not_voided()
    {
        var till = new Till().With(Spring, Twenty, "A");
        till.Accepted(till.Redeem(ThreeLines, new Presented("A")));
        till.Accepted(till.Return("A-1", new ReturnItem(0)));
        Assert.Equal(new RedemptionHasReturns("A-1", 1), till.Refused(till.Void("A-1")));
    }

    [Fact]
    public void A_coupon_is_given_back_ten_times_and_the_refund_is_made_all_the_same()
    {
        var till = new Till().With(Spring, Twenty, "A");
        for (var cycle = 1; cycle <= Limits.MaxReturnCycles + 1; cycle++)
        {
            till.Accepted(till.Redeem(ThreeLines, new Presented("A")));
            var id = CouponStream.RedemptionId("A", cycle);
            if (cycle <= Limits.MaxReturnCycles) till.Accepted(till.Return(id));
            else Assert.Equal(new ReturnCyclesExceeded(10), till.Refused(till.Return(id)));
        }

        Assert.Equal(100_00, till.Accepted(till.Return("A-11", keepCoupons: true)).Number("refund"));
        Assert.Equal("used", till.StatusOf("A"));
    }

    [Fact]
    public void A_redemption_by_amount_alone_is_one_line_that_the_merchant_paid()
    {
        var till = new Till().With(Spring, Terms, "A");
        till.Accepted(TillOperations.Redeem(till.Ask(), "A", new(120_00), Noon, "s1", "t1", null));
        var back = till.Accepted(till.Return("A-1", new ReturnItem(0, Amount: new(60_00))));
        Assert.Equal((50_00, 10_00), (back.Number("refund"), back.GetProperty("coupons")[0].Number("discount")));
        Assert.Equal("merchant", back.GetProperty("coupons")[0].GetProperty("funding")[0].Text("party"));
        Assert.Equal(50_00, till.Accepted(till.Return("A-1")).Number("refund"));
        Assert.Equal("effective", till.StatusOf("A"));
    }

    /// <summary>WeChat's progressive bundle: used 1, 2, 3, only 3 is returnable, then 2, then 1.</summary>
    [Fact]
    public void Of_a_bundle_the_last_used_alone_is_returned_or_voided()
    {
        var till = new Till().With(Spring, Off(5_00) with { MaxUses = 4, IsBundle = true }, "A");
        for (var use = 0; use < 3; use++) till.Accepted(till.Redeem(Lines(20_00), new Presented("A")));
        Assert.Equal(new NotLastOfBundle("A-3"), till.Refused(till.Return("A-1")));
        Assert.Equal(new NotLastOfBundle("A-3"), till.Refused(till.Void("A-2")));
        till.Accepted(till.Return("A-3", new ReturnItem(0, Amount: new(1_00))));
        Assert.Equal(new NotLastOfBundle("A-3"), till.Refused(till.Void("A-2")));
        till.Accepted(till.Return("A-3"));
        till.Accepted(till.Void("A-2"));
        Assert.Equal("A-4", till.Accepted(till.Redeem(Lines(20_00), new Presented("A", 2))).Text("redemptionId"));
        till.Accepted(till.ReturnUses("A-4", 1));
        Assert.Equal(new NotLastOfBundle("A-4"), till.Refused(till.Return("A-1")));
        till.Accepted(till.ReturnUses("A-4", 1));
        till.Accepted(till.Return("A-1"));
        Assert.Equal((0, null), (till.Coupon("A").Uses, till.Coupon("A").Latest));
    }

    /// <summary>A return of goods that gives no use of the bundle back waits for no other.</summary>
    [Fact]
    public void Goods_of_a_bundle_come_back_in_any_order_where_its_use_does_not()
    {
        var till = new Till().With(Spring, Off(5_00) with { MaxUses = 4, IsBundle = true }, "A");
        for (var use = 0; use < 3; use++) till.Accepted(till.Redeem(Lines(20_00), new Presented("A")));
        till.Accepted(till.Return("A-1", new ReturnItem(0, Amount: new(1_00))));
        Assert.Equal(15_00 - 75, till.Accepted(till.Return("A-1", keepCoupons: true)).Number("refund"));
        Assert.Equal((3, "A-3"), (till.Coupon("A").Uses, till.Coupon("A").Latest));
        till.Accepted(till.Return("A-2", new ReturnItem(0, Amount: new(1_00))));
        Assert.Equal(new NotLastOfBundle("A-3"), till.Refused(till.Return("A-2")));
        till.Accepted(till.Return("A-3"));
        till.Accepted(till.Return("A-2"));
        Assert.Equal((1, null), (till.Coupon("A").Uses, till.Coupon("A").Latest));
    }

    /// <summary>In whatever order: a use that stayed used is no longer one that others wait for.</summary>
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void A_use_that_was_kept_in_the_middle_of_a_bundle_bars_no_earlier_one(bool isLastFirst, bool isVoided)
    {
        var till = new Till().With(Spring, Off(5_00) with { MaxUses = 4, IsBundle = true }, "A");
        for (var use = 0; use < 4; use++) till.Accepted(till.Redeem(Lines(20_00), new Presented("A")));
        if (isLastFirst) till.Accepted(till.Return("A-4"));
        till.Accepted(till.Return("A-3", keepCoupons: true));
        till.Accepted(till.Return("A-2", keepCoupons: true));
        if (!isLastFirst) till.Accepted(isVoided ? till.Void("A-4") : till.Return("A-4"));
        Assert.Equal((3, "A-1"), (till.Coupon("A").Uses, till.Coupon("A").Latest));
        till.Accepted(isVoided ? till.Void("A-1") : till.Return("A-1"));
        Assert.Equal((2, null), (till.Coupon("A").Uses, till.Coupon("A").Latest));
    }

    /// <summary>However many: what there is to read takes no more rounds than an operation has.</summary>
    [Fact]
    public void Many_uses_that_were_kept_are_passed_over_also_where_another_coupon_is_the_first()
    {
        var till = new Till().With(Spring, Off(5_00) with { MaxUses = 40, IsBundle = true }, "A").With("autumn", Off(5_00), "B");
        for (var use = 0; use < 16; use++) till.Accepted(till.Redeem(Lines(20_00), new Presented("A")));
        till.Accepted(till.Redeem(Lines(20_00), new Presented("B"), new Presented("A")));
        for (var use = 2; use <= 16; use++) till.Accepted(till.Return(FormattableString.Invariant($"A-{use}"), keepCoupons: true));
        till.Accepted(till.Return("B-1"));
        Assert.Equal((16, "A-1"), (till.Coupon("A").Uses, till.Coupon("A").Latest));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Many_uses_in_a_row_that_were_kept_are_passed_over_at_once(bool isOfOthers)
    {
        var till = new Till().With(Spring, Off(5_00) with { MaxUses = 40, IsBundle = true }, "A").With("autumn", Off(5_00) with { MaxUses = 40 }, "B");
        Presented[] shown = isOfOthers ? [new("B"), new("A")] : [new("A")];
        for (var use = 0; use < 20; use++) till.Accepted(till.Redeem(Lines(20_00), shown));
        var name = isOfOthers ? "B" : "A";
        for (var use = 2; use < 20; use++) till.Accepted(till.Return(FormattableString.Invariant($"{name}-{use}"), keepCoupons: true));
        till.Accepted(till.Return($"{name}-20"));
        Assert.Equal((19, isOfOthers ? "B-11" : "A-1"), (till.Coupon("A").Uses, till.Coupon("A").Latest));
    }

    [Fact]
    public void The_rest_of_a_basket_comes_back_after_a_part_gave_the_bundles_use_back()
    {
        var till = new Till().With(Spring, Twenty with { ReturnPolicy = ReturnPolicy.Requalify, MaxUses = 2, IsBundle = true }, "A");
        till.Accepted(till.Redeem(ThreeLines, new Presented("A")));
        Assert.Equal(13_00, till.Accepted(till.Return("A-1", new ReturnItem(1))).Number("refund"));
        Assert.Equal((0, null), (till.Coupon("A").Uses, till.Coupon("A").Latest));
        Assert.Equal("A-2", till.Accepted(till.Redeem(ThreeLines, new Presented("A"))).Text("redemptionId"));
        Assert.Equal(87_00, till.Accepted(till.Return("A-1")).Number("refund"));
        Assert.Equal((1, "A-2"), (till.Coupon("A").Uses, till.Coupon("A").Latest));
    }

    [Fact]
    public void Every_coupon_of_a_basket_follows_its_own_policy()
    {
        var till = new Till().With(Spring, Twenty, "A").With("five", Off(5_00) with { MinimumSpend = new(110_00), ReturnPolicy = ReturnPolicy.Requalify }, "B");
        till.Accepted(till.Redeem(ThreeLines, new("A"), new("B")));
        var back = till.Accepted(till.Return("A-1", new ReturnItem(1)));
        Assert.Equal(["used", "effective"], back.GetProperty("coupons").EnumerateArray().Select(coupon => coupon.Text("status")), StringComparer.Ordinal);
        var total = back.Number("refund") + till.Accepted(till.Return("A-1")).Number("refund");
        Assert.Equal((95_00, "effective"), (total, till.StatusOf("A")));
    }
}
