using Ledger.Coupons;
using Ledger.Coupons.Baskets;
using Ledger.Coupons.Redemptions;
using NodaTime;
using Xunit;
using static Ledger.Tests.Coupons.Baskets.BasketExamples;
using static Ledger.Tests.Coupons.CouponExamples;

namespace Ledger.Tests.Coupons.Redemptions;

/// <summary>Several coupons on one basket, and coupons of several uses: redeemed, held, committed, voided.</summary>
public class BasketRedemptionTests
{
    private static readonly Presented[] s_both = [new("A"), new("B")];

    [Fact]
    public void Several_coupons_are_one_redemption_named_by_the_first()
    {
        var till = Two();
        var answer = till.Accepted(till.Redeem(Lines(59_90, 33_00, 27_10), s_both));
        Assert.Equal(("A-1", "redeemed", 25_00, 95_00), (answer.Text("redemptionId"), answer.Text("status"), answer.Number("discount"), answer.Number("payable")));
        Assert.Equal(["A", "B"], answer.GetProperty("coupons").EnumerateArray().Select(coupon => coupon.Text("code")), StringComparer.Ordinal);
        Assert.Equal(25_00, answer.GetProperty("basket").GetProperty("lines").EnumerateArray().Sum(line => line.Number("amount")));
        Assert.Equal(25_00, answer.GetProperty("basket").GetProperty("funding").EnumerateArray().Sum(share => share.Number("amount")));
        Assert.Equal(("used", "used", "A-1"), (till.StatusOf("A"), till.StatusOf("B"), till.Coupon("B").Last!.RedemptionId));
        Assert.Equal(new AlreadyUsed("A-1", Noon), till.Refused(till.Redeem(Lines(120_00), new Presented("B"))));
    }

    [Fact]
    public void All_coupons_of_a_basket_are_redeemed_or_none()
    {
        var till = Two().With("once", Twenty with { Stacking = new(IsExclusive: true) }, "C");
        Assert.Equal("C", Assert.IsType<StackingConflict>(till.Refused(till.Redeem(ThreeLines, new("A"), new("C")))).Presented);
        Assert.Equal(new CodeNotFound { Presented = "D" }, till.Refused(till.Redeem(ThreeLines, new("A"), new("D"))));
        till.Accepted(till.Redeem(ThreeLines, new Presented("B")));
        Assert.Equal(new AlreadyUsed("B-1", Noon) { Presented = "B" }, till.Refused(till.Redeem(ThreeLines, s_both)));
        Assert.Equal("effective", till.StatusOf("A"));
    }

    [Fact]
    public void Several_coupons_are_held_and_committed_as_quoted()
    {
        var till = Two();
        var hold = till.Accepted(till.Hold(ThreeLines, s_both));
        Assert.Equal((25_00, 2), (hold.Number("discount"), hold.GetProperty("coupons").GetArrayLength()));
        Assert.Equal(("held", "held"), (till.StatusOf("A"), till.StatusOf("B")));
        Assert.IsType<AlreadyHeld>(till.Refused(till.Redeem(Lines(120_00), new Presented("B"))));

        till.Now += Duration.FromMinutes(1);
        var redeemed = till.Accepted(till.Commit(hold.Text("holdId")));
        Assert.Equal(("A-1", 25_00), (redeemed.Text("redemptionId"), redeemed.Number("discount")));
        Assert.Equal(hold.GetProperty("coupons").GetRawText(), redeemed.GetProperty("coupons").GetRawText());
        Assert.Equal(("used", "used"), (till.StatusOf("A"), till.StatusOf("B")));
    }

    [Fact]
    public void A_hold_of_several_is_released_or_over_as_one()
    {
        var till = Two();
        var first = till.Accepted(till.Hold(ThreeLines, s_both)).Text("holdId");
        till.Accepted(till.Release(first));
        Assert.Equal(("effective", "effective"), (till.StatusOf("A"), till.StatusOf("B")));
        Assert.Equal(new HoldNotFound(first), till.Refused(till.Commit(first)));

        var second = till.Accepted(till.Hold(ThreeLines, s_both)).Text("holdId");
        till.Now += Duration.FromMinutes(2);
        Assert.IsType<HoldExpired>(till.Refused(till.Commit(second)));
        // The timer has freed one of them and not yet the other; either way round the hold is over.
        till.Accepted(CouponOperations.Expire(till.Ask(), "B"));
        Assert.IsType<HoldExpired>(till.Refused(till.Commit(second)));
        till.Accepted(till.Redeem(ThreeLines, s_both));
    }

    [Fact]
    public void A_voided_basket_gives_all_its_coupons_back_at_once()
    {
        var till = Two();
        till.Accepted(till.Redeem(ThreeLines, s_both));
        till.Now += Duration.FromMinutes(5);
        Assert.Equal("voided", till.Accepted(till.Void("A-1")).Text("status"));
        Assert.Equal("voided", till.Accepted(till.Void("A-1")).Text("status"));
        Assert.Equal(("effective", "effective"), (till.StatusOf("A"), till.StatusOf("B")));
        Assert.Equal(new RedemptionIsVoided("A-1"), till.Refused(till.Return("A-1")));
        Assert.Equal("A-2", till.Accepted(till.Redeem(ThreeLines, s_both)).Text("redemptionId"));
        till.Now += Duration.FromMinutes(30);
        Assert.IsType<VoidWindowClosed>(till.Refused(till.Void("A-2")));
    }

    [Fact]
    public void A6_Multi_use()
    {
        var till = new Till().With(Spring, Off(5_00) with { MaxUses = 5 }, "A");
        Assert.Equal(10_00, till.Accepted(till.Redeem(Lines(100_00), new Presented("A", 2))).Number("discount"));
        Assert.Equal((3, "effective"), (5 - till.Coupon("A").Uses, till.StatusOf("A")));
        till.Accepted(till.Redeem(Lines(100_00), new Presented("A")));
        Assert.Equal(2, 5 - till.Coupon("A").Uses);
        Assert.Equal(new UsesExhausted(3, 2), till.Refused(till.Redeem(Lines(100_00), new Presented("A", 3))));
        Assert.Equal(5_00, till.Accepted(till.ReturnUses("A-1", 1)).GetProperty("coupons")[0].Number("discount"));
        Assert.Equal(3, 5 - till.Coupon("A").Uses);
        Assert.Equal(new ReturnExceedsOriginal(ReturnMeasure.Uses, null, 3, 1), till.Refused(till.ReturnUses("A-1", 3)));
        Assert.Equal(new ReturnsDoNotMix("A-1"), till.Refused(till.Return("A-1")));
        Assert.Equal("effective", till.StatusOf("A"));
    }

    [Fact]
    public void A_coupon_of_several_uses_is_used_when_none_is_left_and_back_when_one_returns()
    {
        var till = new Till().With(Spring, Off(5_00) with { MaxUses = 2 }, "A");
        till.Accepted(till.Redeem(Lines(20_00), new Presented("A")));
        var hold = till.Accepted(till.Hold(Lines(20_00), new Presented("A"))).Text("holdId");
        Assert.Equal("A-2", till.Accepted(till.Commit(hold)).Text("redemptionId"));
        Assert.Equal("used", till.StatusOf("A"));
        Assert.Equal(new AlreadyUsed("A-2", Noon), till.Refused(till.Redeem(Lines(20_00), new Presented("A"))));
        till.Accepted(till.Return("A-1"));
        Assert.Equal(("effective", 1), (till.StatusOf("A"), till.Coupon("A").Uses));
        till.Accepted(till.Void("A-2"));
        Assert.Equal(("effective", 0), (till.StatusOf("A"), till.Coupon("A").Uses));
    }

    [Fact]
    public void A_percentage_takes_one_use_for_one_basket()
    {
        var till = new Till().With(Spring, Percent(10) with { MaxUses = 5 }, "A");
        Assert.Equal(new OneUseABasket(), till.Refused(till.Redeem(Lines(100_00), new Presented("A", 2))));
        till.Accepted(till.Redeem(Lines(100_00), new Presented("A")));
    }

    [Fact]
    public void A_late_use_of_several_leaves_the_others_expired()
    {
        var till = new Till().With(Spring, Off(5_00) with { MaxUses = 2 }, "A");
        till.Now = WindowEnd + Duration.FromHours(1);
        till.Accepted(CouponOperations.Expire(till.Ask(), "A"));
        till.Accepted(TillOperations.Redeem(till.Ask(), "A", new(20_00), WindowEnd - Tick, "s1", "t1", null));
        Assert.Equal(("expired", 1), (till.StatusOf("A"), till.Coupon("A").Uses));
    }

    [Fact]
    public void Uses_that_are_left_when_a_hold_that_outlived_the_validity_is_committed_have_expired()
    {
        var till = new Till().With(Spring, Off(5_00) with { MaxUses = 3 }, "A");
        till.Now = WindowEnd - Duration.FromMinutes(1);
        var hold = till.Accepted(till.Hold(Lines(20_00), new Presented("A"))).Text("holdId");
        till.Now = WindowEnd + Duration.FromSeconds(30);
        // The clock asks at the end of the validity, and not again.
        till.Accepted(CouponOperations.Expire(till.Ask(), "A"));
        till.Accepted(till.Commit(hold));
        Assert.Equal((CouponStatus.Expired, 1, null), (till.Coupon("A").Status, till.Coupon("A").Uses, till.Coupon("A").DueAt));
    }

    [Fact]
    public void Commit_with_higher_discount_than_quoted()
    {
        var till = Two();
        var one = till.Accepted(till.Hold(ThreeLines, new Presented("A"))).Text("holdId");
        Assert.Equal(new QuoteChanged(new(20_01), new(20_00)), till.Refused(TillOperations.Commit(till.Ask(), one, till.Now, new Money(20_01))));
        till.Accepted(TillOperations.Commit(till.Ask(), one, till.Now, new Money(20_00)));
        till.Accepted(till.Void("A-1"));

        var both = till.Accepted(till.Hold(ThreeLines, s_both)).Text("holdId");
        Assert.Equal(new QuoteChanged(new(25_01), new(25_00)), till.Refused(TillOperations.Commit(till.Ask(), both, till.Now, new Money(25_01))));
        till.Accepted(TillOperations.Commit(till.Ask(), both, till.Now, new Money(25_00)));
    }

    [Fact]
    public void What_the_till_quoted_is_what_it_gives()
    {
        var till = Two();
        Assert.Equal(new QuoteChanged(new(19_99), new(20_00)), till.Refused(Redeem(new("A"), new(Discount: new(19_99)))));
        Assert.Equal(new QuoteChanged(new(20_01), new(20_00)), till.Refused(
            TillOperations.Hold(till.Ask(), [new("A")], new(120_00), 120, till.Now, "s1", "t1", null, null, new(Discount: new(20_01)))));
        Assert.Equal(new QuoteChanged(new(1), new(25_00)), till.Refused(
            TillOperations.Redeem(till.Ask(), s_both, new(120_00), till.Now, "s1", "t1", null, null, new(Discount: new(1)))));
        till.Accepted(Redeem(new("A"), new(Discount: new(20_00))));

        Operation Redeem(Presented coupon, Stated stated) => TillOperations.Redeem(till.Ask(), [coupon], new(120_00), till.Now, "s1", "t1", null, null, stated);
    }

    [Fact]
    public void A_coupon_is_used_by_its_owner_where_the_terms_allow()
    {
        var till = new Till().With(Spring, Off(5_00) with { Channels = ["in-store", "phone"] }, "A");
        Assert.Equal(new OwnerMismatch(), till.Refused(Redeem(new("someone-else", "phone"))));
        Assert.Equal(new ChannelNotAllowed(null), till.Refused(Redeem(new(Member))));
        Assert.Equal(new ChannelNotAllowed("web"), till.Refused(Redeem(new(Member, "web"))));
        till.Accepted(Redeem(new(Member, "phone")));
        Assert.Equal("phone", till.Book.Entries.Select(entry => entry.Fact).OfType<CouponEvent.CouponRedeemed>().Single().Channel);

        Operation Redeem(Stated stated) => TillOperations.Redeem(till.Ask(), [new("A")], new(120_00), till.Now, "s1", "t1", null, null, stated);
    }

    [Fact]
    public void Hold_expires_between_quote_and_commit()
    {
        var till = Two();
        var hold = till.Accepted(till.Hold(ThreeLines, new Presented("A"))).Text("holdId");
        till.Now += Duration.FromSeconds(120);
        Assert.Equal(new HoldExpired(till.Now), till.Refused(till.Commit(hold)));
        Assert.Equal("effective", till.StatusOf("A"));
    }

    [Fact]
    public void Campaign_stopped_while_held()
    {
        var till = Two();
        var hold = till.Accepted(till.Hold(ThreeLines, s_both)).Text("holdId");
        till.Accepted(CouponOperations.Change(till.Ask(), Spring, new CampaignCommand.StopCampaign("enough")));
        Assert.Equal("redeemed", till.Accepted(till.Commit(hold)).Text("status"));
    }

    private static Till Two() => new Till().With(Spring, Twenty, "A").With("five", Off(5_00), "B");

    private static Duration Tick => Duration.FromMilliseconds(1);
}
