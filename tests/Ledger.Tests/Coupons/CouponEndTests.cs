using Ledger.Coupons;
using NodaTime;
using Xunit;
using static Ledger.Coupons.CouponCommand;
using static Ledger.Coupons.CouponEvent;
using static Ledger.Tests.Coupons.CouponExamples;
using static Ledger.Tests.Moments;

namespace Ledger.Tests.Coupons;

/// <summary>Voids, deactivation and expiry.</summary>
public class CouponEndTests
{
    private static readonly Instant s_closes = Noon + Duration.FromMinutes(30);

    [Fact]
    public void A_redemption_is_voided_and_the_coupon_is_usable_again()
    {
        var after = ACoupon.Given(Issued, Redeemed).When(VoidFirst);
        after.Then(Voided);
        Assert.Equal(CouponStatus.Issued, after.AndThen().State.Status);
    }

    /// <summary>Invariant 10: a use that happened before the void and was reported after it follows the void.</summary>
    [Fact]
    public void Entries_follow_each_other_by_version_and_never_by_business_time()
    {
        var earlier = Noon - Duration.FromHours(3);
        var after = ACoupon.Given(Issued, Redeemed, Voided).When(Redeem with { Request = "request-2", At = earlier });
        after.Then(RedeemedAgain with { At = earlier, VoidableUntil = earlier + Duration.FromMinutes(30) });
        Assert.Equal((CouponStatus.Used, $"{Code}-2", earlier), (after.AndThen().State.Status, after.AndThen().State.Last!.RedemptionId, after.AndThen().State.Last!.At));
    }

    [Fact]
    public void The_void_window_is_half_open()
    {
        ACoupon.Given(Issued, Redeemed).When(VoidFirst with { At = s_closes - Tick }).Then(Voided with { At = s_closes - Tick });
        ACoupon.Given(Issued, Redeemed).When(VoidFirst with { At = s_closes }).ThenRefused(new VoidWindowClosed(s_closes));
    }

    [Fact]
    public void A_void_is_not_repeated_even_after_its_window() =>
        ACoupon.Given(Issued, Redeemed, Voided).When(VoidFirst with { At = WindowEnd }).ThenNothing();

    [Fact]
    public void A_void_leaves_a_coupon_that_ended_meanwhile_ended()
    {
        ACoupon.Given(Issued, Redeemed, Voided, HasExpired).When(VoidFirst).ThenNothing();
        ACoupon.Given(Issued, Redeemed, Voided, WasDeactivated).When(VoidFirst).ThenNothing();
    }

    [Fact]
    public void A_redemption_that_never_was_is_not_found()
    {
        ACoupon.Given().When(VoidFirst).ThenRefused(new CodeNotFound());
        ACoupon.Given(Issued).When(VoidFirst).ThenRefused(new RedemptionNotFound($"{Code}-1"));
        ACoupon.Given(Issued, Redeemed).When(VoidFirst with { RedemptionId = $"{Code}-2", Number = 2 }).ThenRefused(new RedemptionNotFound($"{Code}-2"));
        ACoupon.Given(Issued, Redeemed).When(VoidFirst with { RedemptionId = $"{Code}-0", Number = 0 }).ThenRefused(new RedemptionNotFound($"{Code}-0"));
    }

    [Fact]
    public void An_older_redemption_was_voided_before()
    {
        ACoupon.Given(Issued, Redeemed, Voided, RedeemedAgain).When(VoidFirst).ThenRefused(new AlreadyVoided($"{Code}-1"));
        ACoupon.Given(Issued, Redeemed, Voided, RedeemedAgain).When(VoidFirst with { RedemptionId = $"{Code}-2", Number = 2 })
            .Then(Voided with { RedemptionId = $"{Code}-2" });
    }

    /// <summary>A till reads the id off a receipt: <c>-01</c> is a mistake and no redemption, whatever the coupon's history.</summary>
    [Theory]
    [InlineData("7QX4M2K9TDAAC-1", 1)]
    [InlineData("7QX4M2K9TDAAC-12", 12)]
    [InlineData("7QX4M2K9TDAAC-0", null)]
    [InlineData("7QX4M2K9TDAAC-01", null)]
    [InlineData("7QX4M2K9TDAAC-+1", null)]
    [InlineData("7QX4M2K9TDAAC- 1", null)]
    [InlineData("7QX4M2K9TDAAC-1.0", null)]
    [InlineData("7QX4M2K9TDAAC-2147483648", null)]
    [InlineData("7QX4M2K9TDAAC-", null)]
    [InlineData("7QX4M2K9TDAAC", null)]
    [InlineData("-1", null)]
    [InlineData("", null)]
    public void A_redemption_id_is_a_code_and_a_number_in_one_spelling(string id, int? number)
    {
        Assert.Equal(number, CouponStream.Parse(id)?.Number);
        if (number is { } n) Assert.Equal(id, CouponStream.RedemptionId(CouponStream.Parse(id)!.Value.Code, n));
    }

    [Fact]
    public void An_unused_coupon_is_deactivated_once()
    {
        ACoupon.Given(Issued).When(Deactivate).Then(WasDeactivated);
        ACoupon.Given(Issued, Redeemed, Voided).When(Deactivate).Then(WasDeactivated);
        ACoupon.Given(Issued, WasDeactivated).When(Deactivate with { At = WindowEnd, Reason = "again" }).ThenNothing();
    }

    [Fact]
    public void A_coupon_that_is_used_or_expired_or_unknown_is_not_deactivated()
    {
        ACoupon.Given(Issued, Redeemed).When(Deactivate).ThenRefused(new AlreadyUsed($"{Code}-1", Noon));
        ACoupon.Given(Issued, HasExpired).When(Deactivate with { At = WindowEnd }).ThenRefused(new Expired(WindowEnd));
        ACoupon.Given().When(Deactivate).ThenRefused(new CodeNotFound());
    }

    /// <summary>The answer must not depend on whether the timer has come round yet.</summary>
    [Fact]
    public void A_coupon_expires_by_the_clock_for_deactivation_too()
    {
        ACoupon.Given(Issued).When(Deactivate with { At = WindowEnd - Tick }).Then(WasDeactivated with { At = WindowEnd - Tick });
        ACoupon.Given(Issued).When(Deactivate with { At = WindowEnd }).ThenRefused(new Expired(WindowEnd));
    }

    [Fact]
    public void The_timer_expires_a_coupon_at_its_end()
    {
        ACoupon.Given(Issued).When(new ExpireCoupon(WindowEnd - Tick)).ThenNothing();
        ACoupon.Given(Issued).When(new ExpireCoupon(WindowEnd)).Then(HasExpired);
        ACoupon.Given(Issued).When(new ExpireCoupon(WindowEnd + Duration.FromDays(3))).Then(HasExpired);
    }

    [Fact]
    public void What_is_no_longer_due_is_nothing_to_do()
    {
        ACoupon.Given(Issued, Redeemed).When(new ExpireCoupon(WindowEnd)).ThenNothing();
        ACoupon.Given(Issued, WasDeactivated).When(new ExpireCoupon(WindowEnd)).ThenNothing();
        ACoupon.Given(Issued, HasExpired).When(new ExpireCoupon(WindowEnd)).ThenNothing();
        ACoupon.Given().When(new ExpireCoupon(WindowEnd)).ThenRefused(new CodeNotFound());
    }

    [Fact]
    public void A_late_use_that_is_voided_after_the_end_expires_again()
    {
        CouponEvent[] past = [Issued, HasExpired, new CouponExpiryReversed(Spring, Member, Noon), Redeemed, Voided];
        Assert.Equal("expired", ACoupon.Given(past).State.StatusAt(WindowEnd));
        ACoupon.Given(past).When(new ExpireCoupon(WindowEnd)).Then(HasExpired);
    }

    [Fact]
    public void A_coupon_that_is_hidden_from_the_wallet_is_what_it_was()
    {
        var hidden = ACoupon.Given(Issued).When(new HideCoupon(Noon));
        hidden.Then(new CouponHidden(Spring, Member, Noon, CouponStatus.Issued));
        Assert.Equal(ACoupon.Given(Issued).State with { IsHidden = true }, hidden.AndThen().State);
        ACoupon.Given(Issued, new CouponHidden(Spring, Member, Noon, CouponStatus.Issued)).When(new HideCoupon(WindowEnd)).ThenNothing();
        ACoupon.Given(Issued, Redeemed).When(new HideCoupon(Noon)).Then(new CouponHidden(Spring, Member, Noon, CouponStatus.Used));
        ACoupon.Given().When(new HideCoupon(Noon)).ThenRefused(new CodeNotFound());
    }

    [Fact]
    public void Return_after_user_deleted_it_from_wallet()
    {
        CouponEvent[] past = [Issued, Redeemed, new CouponHidden(Spring, Member, Noon, CouponStatus.Used)];
        var used = ACoupon.Given(past).State;
        Assert.Equal([WasReturned], Assert.IsType<Decision<CouponEvent>.Accepted>(CouponDecider.Decide(ReturnPart, used)).Events);
        Assert.Equal((CouponStatus.Issued, true), (ACoupon.Given([.. past, WasReturned]).State.Status, ACoupon.Given([.. past, WasReturned]).State.IsHidden));
        var late = Assert.IsType<Decision<CouponEvent>.Accepted>(CouponDecider.Decide(ReturnPart with { At = WindowEnd }, used)).Events;
        Assert.Equal((CouponStatus.ReturnedExpired, true), (ACoupon.Given([.. past, .. late]).State.Status, ACoupon.Given([.. past, .. late]).State.IsHidden));
    }

    [Fact]
    public void The_member_to_whom_a_hidden_coupon_was_given_sees_it() =>
        Assert.Null(ACoupon.Given(Issued, new CouponHidden(Spring, Member, Noon, CouponStatus.Issued), WasOffered, WasAccepted).State.IsHidden);

    [Fact]
    public void People_are_told_what_the_clock_says()
    {
        var pending = Issued with { ValidFrom = Noon };
        Assert.Equal("pending", ACoupon.Given(pending).State.StatusAt(Noon - Tick));
        Assert.Equal("effective", ACoupon.Given(pending).State.StatusAt(Noon));
        Assert.Equal("effective", ACoupon.Given(pending).State.StatusAt(WindowEnd - Tick));
        Assert.Equal("expired", ACoupon.Given(pending).State.StatusAt(WindowEnd));
        Assert.Equal("used", ACoupon.Given(Issued, Redeemed).State.StatusAt(WindowEnd));
        Assert.Equal("deactivated", ACoupon.Given(Issued, WasDeactivated).State.StatusAt(WindowEnd));
    }

    [Fact]
    public void Every_command_has_an_answer_in_every_state()
    {
        (string, CouponCommand)[] commands =
        [
            ("issue", Issue),
            ("issue to another member", Issue with { Member = "m2" }),
            ("redeem", Redeem),
            ("redeem under another key", Redeem with { Request = "request-9" }),
            ("redeem after the end", Redeem with { Request = "request-9", At = WindowEnd }),
            ("hold", HoldIt),
            ("hold for another basket", HoldIt with { HoldId = $"{Code}-h2", Request = "request-5" }),
            ("hold when the first ran out", HoldIt with { HoldId = $"{Code}-h2", Request = "request-5", Now = Held.ExpiresAt, ExpiresAt = Held.ExpiresAt + Duration.FromMinutes(2) }),
            ("commit", Commit),
            ("commit too late", Commit with { Now = Held.ExpiresAt }),
            ("commit another hold", Commit with { HoldId = $"{Code}-h2" }),
            ("release", Release),
            ("release another hold", Release with { HoldId = $"{Code}-h2" }),
            ("void the first redemption", VoidFirst),
            ("void the second redemption", VoidFirst with { RedemptionId = $"{Code}-2", Number = 2 }),
            ("void its part", VoidPart),
            ("return without giving back", ReturnPart with { Uses = 0 }),
            ("return", ReturnPart),
            ("return after the end", ReturnPart with { At = WindowEnd }),
            ("void after its window", VoidFirst with { At = WindowEnd }),
            ("deactivate", Deactivate),
            ("hide", new HideCoupon(Noon)),
            ("deactivate after the end", Deactivate with { At = WindowEnd }),
            ("confirm", new ConfirmIssue(Received)),
            ("confirm too late", new ConfirmIssue(Noon)),
            ("cancel", new CancelIssue(Received)),
            ("offer", Offer),
            ("offer of a coupon that stays", Offer with { Terms = Terms }),
            ("offer to its owner", Offer with { To = Member }),
            ("accept", Accept),
            ("accept as another", Accept with { Member = "m3" }),
            ("accept as the giver", Accept with { Member = Member }),
            ("accept too late", Accept with { Now = WasOffered.ExpiresAt }),
            ("take back", TakeBack),
            ("refund", new RefundVoucher(Noon, Noon, null)),
            ("answer the refund", new AnswerRefund(IsPaid: true, "refund-1", null, Noon)),
            ("expire before the end", new ExpireCoupon(Noon)),
            ("expire after the end", new ExpireCoupon(WindowEnd)),
        ];
        Assert.Empty(Matrix.Missing(commands.Select(c => c.Item2)));
        Approved.Matches(Matrix.Of(CouponDecider.Decide, CouponDecider.Evolve, commands,
        [
            ("unknown", ACoupon.Given().State),
            ("issued", ACoupon.Given(Issued).State),
            ("unconfirmed", ACoupon.Given(Reserved).State),
            ("confirmed", ACoupon.Given(Reserved, WasConfirmed).State),
            ("cancelled", ACoupon.Given(Reserved, WasCancelled).State),
            ("offered", ACoupon.Given(Issued, WasOffered).State),
            ("given", ACoupon.Given(Issued, WasOffered, WasAccepted).State),
            ("taken back", ACoupon.Given(Issued, WasOffered, WasTakenBack).State),
            ("offered in vain", ACoupon.Given(Issued, WasOffered, GiftRanOut).State),
            ("held", ACoupon.Given(Issued, Held).State),
            ("released", ACoupon.Given(Issued, Held, WasReleased).State),
            ("committed", ACoupon.Given(Issued, Held, Committed).State),
            ("used", ACoupon.Given(Issued, Redeemed).State),
            ("voided", ACoupon.Given(Issued, Redeemed, Voided).State),
            ("used again", ACoupon.Given(Issued, Redeemed, Voided, RedeemedAgain).State),
            ("deactivated", ACoupon.Given(Issued, WasDeactivated).State),
            ("expired", ACoupon.Given(Issued, HasExpired).State),
            ("voided and expired", ACoupon.Given(Issued, Redeemed, Voided, HasExpired).State),
            ("used in part", ACoupon.Given(Issued, UsedInPart).State),
            ("used in part, expired", ACoupon.Given(Issued, UsedInPart, HasExpired).State),
            ("returned", ACoupon.Given(Issued, Redeemed, WasReturned).State),
            ("returned after its end", ACoupon.Given(Issued, Redeemed, WasReturned with { Status = CouponStatus.ReturnedExpired }).State),
            ("sold", ACoupon.Given(Issued with { Sale = new("trade-1", 1, new(49_90), "shop", new(1_49), true, true) }).State),
            ("returned ten times", ACoupon.Given(Issued, Redeemed).State with { Cycles = 10 }),
        ]));
    }
}
