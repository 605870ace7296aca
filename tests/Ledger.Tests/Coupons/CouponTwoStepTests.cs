using Ledger.Coupons;
using NodaTime;
using Xunit;
using static Ledger.Coupons.CouponCommand;
using static Ledger.Coupons.CouponEvent;
using static Ledger.Tests.Coupons.CouponExamples;

namespace Ledger.Tests.Coupons;

/// <summary>Issuing in two steps, gifts, and limits per natural person and per phone, as decisions.</summary>
public class CouponTwoStepTests
{
    private static readonly Instant s_by = Reserved.ConfirmBy!.Value;

    private static readonly Duration s_tick = Duration.FromTicks(10);

    [Fact]
    public void An_issue_in_two_steps_is_valid_from_its_issue_on() =>
        ACoupon.Given().When(Issue with { ConfirmWithin = 600 }).Then(Reserved);

    [Fact]
    public void An_issue_is_never_to_be_confirmed_after_its_validity()
    {
        var late = Issue with { At = IssuingEnds - s_tick, ConfirmWithin = 86_400, Terms = Terms with { Validity = new(WindowStart, IssuingEnds) } };
        Assert.Equal(IssuingEnds, ACoupon.Given().When(late).AndThen().State.Claim!.ConfirmBy);
    }

    [Fact]
    public void It_is_confirmed_in_time_and_no_later()
    {
        ACoupon.Given(Reserved).When(new ConfirmIssue(s_by - s_tick)).Then(WasConfirmed with { At = s_by - s_tick });
        ACoupon.Given(Reserved).When(new ConfirmIssue(s_by)).ThenRefused(new IssueAlreadyFinal("cancelled"));
        ACoupon.Given(Reserved, WasConfirmed).When(Redeem).Then(Redeemed);
    }

    [Fact]
    public void Until_it_is_confirmed_nobody_can_use_it()
    {
        var early = Redeem with { At = Received };
        ACoupon.Given(Reserved).When(early).ThenRefused(new IssueNotConfirmed(s_by));
        ACoupon.Given(Reserved).When(HoldIt with { At = Received, Now = Received }).ThenRefused(new IssueNotConfirmed(s_by));
        ACoupon.Given(Reserved).When(Redeem with { At = s_by }).ThenRefused(new IssueCancelled());
        ACoupon.Given(Reserved, WasCancelled).When(early).ThenRefused(new IssueCancelled());
        ACoupon.Given(Reserved).When(Deactivate with { At = Received }).ThenRefused(new IssueNotConfirmed(s_by));
    }

    [Fact]
    public void Cancelling_and_the_clock_give_the_claim_back_and_deactivating_does_not()
    {
        var reserved = Reserved with { LimitKeys = ["issued/spring/member/m1", "issued/spring/person/p"] };
        var back = WasCancelled with { LimitKeys = reserved.LimitKeys };
        ACoupon.Given(reserved).When(new CancelIssue(Received)).Then(back);
        ACoupon.Given(reserved).When(new ExpireCoupon(s_by - s_tick)).ThenNothing();
        ACoupon.Given(reserved).When(new ExpireCoupon(s_by)).Then(back with { Reason = IssueEnd.TimedOut, At = s_by });
        ACoupon.Given(reserved, WasConfirmed).When(new CancelIssue(Received)).ThenRefused(new IssueAlreadyFinal("confirmed"));
        Assert.Equal([new("issued/spring", -1), new("issued/spring/member/m1", -1), new("issued/spring/person/p", -1)], CouponTallies.Of(back));
        Assert.Empty(CouponTallies.Of(WasDeactivated));
    }

    [Fact]
    public void People_are_told_confirming_cancelled_and_in_transfer()
    {
        Assert.Equal("confirming", ACoupon.Given(Reserved).State.StatusAt(s_by - s_tick));
        Assert.Equal("cancelled", ACoupon.Given(Reserved).State.StatusAt(s_by));
        Assert.Equal("cancelled", ACoupon.Given(Reserved, WasCancelled).State.StatusAt(Received));
        Assert.Equal("in-transfer", ACoupon.Given(Issued, WasOffered).State.StatusAt(Noon));
        Assert.Equal("effective", ACoupon.Given(Issued, WasOffered).State.StatusAt(WasOffered.ExpiresAt));
    }

    [Fact]
    public void Natural_person_limit_when_the_person_has_two_accounts_and_one_is_closed()
    {
        var issue = Issue with { Terms = Terms with { Limits = new(PerMember: 5, PerPerson: 1) }, Member = "second account", PersonKey = "p" };
        ACoupon.Given().When(issue with { Issued = new(1, 0, 0, 0, ToPerson: 1) }).ThenRefused(new NaturalPersonLimit(1));
        Assert.Equal(
            ["issued/spring/member/second account", "issued/spring/person/p"],
            ACoupon.Given().When(issue).AndThen().State is { } ? CouponTallies.LimitKeys(Spring, issue.Terms.Limits, issue.Member, default, "p") : []);
        ACoupon.Given().When(issue with { PersonKey = null }).ThenRefused(new LimitIdentityMissing("person"));
    }

    [Fact]
    public void Limit_key_collision_across_identity_kinds()
    {
        // The same text as a member, a person and a phone counts in three tallies.
        var keys = CouponTallies.LimitKeys(Spring, new(PerMember: 1, PerPerson: 1, PerPhone: 1), "13800138000", default, "13800138000", "13800138000");
        Assert.Equal(3, keys.Distinct(StringComparer.Ordinal).Count());
        var issue = Issue with { Terms = Terms with { Limits = new(PerPhone: 2) }, PhoneKey = "f" };
        ACoupon.Given().When(issue with { Issued = new(9, 9, 9, 9, ToPerson: 9, ToPhone: 1) }).Then(Issued with { LimitKeys = ["issued/spring/phone/f"] });
        ACoupon.Given().When(issue with { Issued = new(9, 0, 0, 0, ToPhone: 2) }).ThenRefused(new PhoneLimit(2));
        ACoupon.Given().When(issue with { PhoneKey = null }).ThenRefused(new LimitIdentityMissing("phone"));
    }

    [Fact]
    public void D6_Gift()
    {
        var waiting = ACoupon.Given(Issued, WasOffered);
        Assert.Equal(Noon + Duration.FromDays(1), WasOffered.ExpiresAt);
        waiting.When(new ExpireCoupon(WasOffered.ExpiresAt - s_tick)).ThenNothing();
        waiting.When(new ExpireCoupon(WasOffered.ExpiresAt)).Then(GiftRanOut);
        Assert.Equal((Member, CouponStatus.Issued), (ACoupon.Given(Issued, WasOffered, GiftRanOut).State.Member, ACoupon.Given(Issued, WasOffered, GiftRanOut).State.Status));
        Assert.Equal(Issued.ValidTo, waiting.When(Accept).AndThen().State.ValidTo);
    }

    [Fact]
    public void A_gift_makes_the_coupon_another_members_with_its_expiry_kept()
    {
        ACoupon.Given(Issued).When(Offer).Then(WasOffered);
        ACoupon.Given(Issued, WasOffered).When(Accept).Then(WasAccepted);
        var given = ACoupon.Given(Issued, WasOffered, WasAccepted);
        Assert.Equal(("m2", WindowEnd), (given.State.Member, given.State.ValidTo));
        given.When(Redeem).Then(Redeemed with { Member = "m2" });
        given.When(Accept with { Member = "m3" }).ThenRefused(new GiftTaken());
        given.When(TakeBack).ThenRefused(new GiftTaken());
        given.When(Offer with { GiftId = $"{Code}-g2" }).Then(WasOffered with { GiftId = $"{Code}-g2", Member = "m2" });
    }

    [Fact]
    public void While_it_is_offered_nobody_can_use_it()
    {
        var refusal = new InTransfer(WasOffered.ExpiresAt);
        ACoupon.Given(Issued, WasOffered).When(Redeem).ThenRefused(refusal);
        ACoupon.Given(Issued, WasOffered).When(HoldIt).ThenRefused(refusal);
        ACoupon.Given(Issued, WasOffered).When(Deactivate).ThenRefused(refusal);
        ACoupon.Given(Issued, WasOffered).When(Offer with { GiftId = $"{Code}-g2" }).ThenRefused(refusal);
        ACoupon.Given(Issued, WasOffered).When(Redeem with { At = WasOffered.ExpiresAt }).AndThen();
    }

    [Fact]
    public void Gift_accepted_after_expiry()
    {
        ACoupon.Given(Issued, WasOffered).When(Accept with { Now = WasOffered.ExpiresAt - s_tick }).Then(WasAccepted with { At = WasOffered.ExpiresAt - s_tick });
        ACoupon.Given(Issued, WasOffered).When(Accept with { Now = WasOffered.ExpiresAt }).ThenRefused(new GiftExpired(WasOffered.ExpiresAt));
        ACoupon.Given(Issued, WasOffered, GiftRanOut).When(Accept).ThenRefused(new GiftExpired(WasOffered.ExpiresAt));
        ACoupon.Given(Issued, WasOffered).When(new ExpireCoupon(WasOffered.ExpiresAt)).Then(GiftRanOut);
        var last = WasOffered with { ExpiresAt = WindowEnd };
        ACoupon.Given(Issued, last).When(new ExpireCoupon(WindowEnd)).Then(GiftRanOut with { At = WindowEnd }, HasExpired);
        Assert.Equal(WindowEnd, ACoupon.Given(Issued).When(Offer with { ExpiresAt = WindowEnd + s_tick }).AndThen().State.Gift!.ExpiresAt);
    }

    [Fact]
    public void Gift_to_self()
    {
        ACoupon.Given(Issued).When(Offer with { To = Member }).ThenRefused(new SelfGift());
        ACoupon.Given(Issued, WasOffered).When(Accept with { Member = Member }).ThenRefused(new SelfGift());
    }

    [Fact]
    public void What_cannot_be_given_away_is_refused_by_its_reason()
    {
        ACoupon.Given(Issued).When(Offer with { Terms = Terms }).ThenRefused(new NotTransferable());
        ACoupon.Given(Issued, Held).When(Offer).ThenRefused(new AlreadyHeld(Held.ExpiresAt, "t1"));
        ACoupon.Given(Issued, UsedInPart).When(Offer).ThenRefused(new AlreadyUsed(UsedInPart.RedemptionId, Noon));
        ACoupon.Given(Reserved).When(Offer with { Now = Received }).ThenRefused(new IssueNotConfirmed(s_by));
        ACoupon.Given(Issued, WasOffered with { To = "m9" }).When(Accept).ThenRefused(new GiftForAnother());
        ACoupon.Given(Issued).When(Accept).ThenRefused(new GiftNotFound());
        ACoupon.Given(Issued, WasOffered).When(Accept with { GiftId = "other" }).ThenRefused(new GiftNotFound());
        ACoupon.Given(Issued, WasOffered, WasTakenBack).When(Accept).ThenRefused(new GiftNotFound());
    }
}
