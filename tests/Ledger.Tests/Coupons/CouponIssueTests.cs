using Ledger.Coupons;
using NodaTime;
using Xunit;
using static Ledger.Tests.Coupons.CouponExamples;
using static Ledger.Tests.Moments;

namespace Ledger.Tests.Coupons;

public class CouponIssueTests
{
    private static readonly Campaign s_paused = Running with { Status = CampaignStatus.Paused };

    [Fact]
    public void A_running_campaign_issues_a_coupon() => ACoupon.Given().When(Issue).Then(Issued);

    [Fact]
    public void Only_amounts_that_are_known_beforehand_are_a_face_value()
    {
        Assert.Equal(new Money(20_00), new Benefit.FixedAmount(new(20_00)).FaceValue);
        Assert.Equal(new Money(88_00), new Benefit.Exchange(new(88_00), "set menu").FaceValue);
        Assert.Null(new Benefit.Percentage(1_200, new Money(15_00), Rounding.Floor).FaceValue);
        Assert.Null(new Benefit.SpecialPrice(new(9_90)).FaceValue);
    }

    [Theory]
    [InlineData(CampaignStatus.None)]
    [InlineData(CampaignStatus.Draft)]
    [InlineData(CampaignStatus.Submitted)]
    [InlineData(CampaignStatus.Rejected)]
    public void A_campaign_that_never_ran_issues_nothing(CampaignStatus status) =>
        ACoupon.Given().When(Issue with { Campaign = Running with { Status = status } }).ThenRefused(new CampaignNotActive(status));

    [Fact]
    public void A_campaign_that_is_paused_or_stopped_issues_nothing_and_says_which()
    {
        ACoupon.Given().When(Issue with { Campaign = s_paused }).ThenRefused(new CampaignRefusal.CampaignPaused());
        ACoupon.Given().When(Issue with { Campaign = Running with { Status = CampaignStatus.Stopped } }).ThenRefused(new CampaignRefusal.CampaignStopped());
    }

    [Fact]
    public void A_history_is_recorded_after_the_campaigns_end() =>
        ACoupon.Given().When(Issue with { Campaign = Running with { Status = CampaignStatus.Ended } }).Then(Issued);

    [Fact]
    public void Issuing_begins_at_the_start_and_not_before()
    {
        ACoupon.Given().When(Issue with { At = WindowStart - Tick }).ThenRefused(new CampaignNotStarted(WindowStart));
        ACoupon.Given().When(Issue with { At = WindowStart }).Then(Issued with { At = WindowStart, ValidFrom = WindowStart, Date = Day("2026-03-01") });
    }

    [Theory]
    [InlineData(CampaignStatus.Active)]
    [InlineData(CampaignStatus.Ended)]
    public void Issuing_stops_at_the_end_and_not_before(CampaignStatus status)
    {
        var issue = Issue with { Campaign = Running with { Status = status } };
        var last = IssuingEnds - Tick;
        ACoupon.Given().When(issue with { At = last }).Then(Issued with { At = last, ValidFrom = last, Date = Day("2026-04-30") });
        ACoupon.Given().When(issue with { At = IssuingEnds }).ThenRefused(new CampaignRefusal.CampaignEnded(IssuingEnds));
    }

    [Fact]
    public void The_quota_is_issued_to_the_last_coupon()
    {
        ACoupon.Given().When(Issue with { Issued = new(99, 0, 0, 0) }).Then(Issued);
        ACoupon.Given().When(Issue with { Issued = new(100, 0, 0, 0) }).ThenRefused(new StockExhausted(100));
        ACoupon.Given().When(Issue with { Issued = new(101, 0, 0, 0) }).ThenRefused(new StockExhausted(100));
    }

    [Fact]
    public void One_member_has_no_more_than_the_limit()
    {
        var issue = Issue with { Terms = Terms with { Limits = new(PerMember: 3) } };
        ACoupon.Given().When(issue with { Issued = new(50, 2, 2, 9) }).Then(Issued with { LimitKeys = ["issued/spring/member/m1"] });
        ACoupon.Given().When(issue with { Issued = new(50, 3, 0, 0) }).ThenRefused(new UserLimit(3));
    }

    [Fact]
    public void One_member_has_no_more_than_the_limit_in_a_day()
    {
        var issue = Issue with { Terms = Terms with { Limits = new(PerMemberPerDay: 3) } };
        ACoupon.Given().When(issue with { Issued = new(50, 9, 2, 9) }).Then(Issued with { LimitKeys = ["issued/spring/member/m1/2026-03-02"] });
        ACoupon.Given().When(issue with { Issued = new(50, 3, 3, 3) }).ThenRefused(new UserDayLimit(3, Day("2026-03-02")));
    }

    [Fact]
    public void All_members_have_no_more_than_the_limit_in_a_day()
    {
        var issue = Issue with { Terms = Terms with { Limits = new(PerDay: 3) } };
        ACoupon.Given().When(issue with { Issued = new(50, 9, 9, 2) }).Then(Issued with { LimitKeys = ["issued/spring/day/2026-03-02"] });
        ACoupon.Given().When(issue with { Issued = new(50, 0, 0, 3) }).ThenRefused(new DayLimit(3, Day("2026-03-02")));
    }

    [Fact]
    public void The_business_date_is_reckoned_in_the_campaigns_zone()
    {
        var terms = Terms with { Limits = new(PerDay: 3) };
        var midnight = At("2026-03-02T16:00:00Z");
        ACoupon.Given().When(Issue with { Terms = terms, Issued = new(3, 3, 3, 3), At = midnight - Tick }).ThenRefused(new DayLimit(3, Day("2026-03-02")));
        ACoupon.Given().When(Issue with { Terms = terms, Issued = new(3, 3, 3, 3), At = midnight }).ThenRefused(new DayLimit(3, Day("2026-03-03")));
    }

    [Fact]
    public void A_coupon_that_could_never_be_used_is_not_issued()
    {
        var terms = Terms with { Validity = new(WindowStart, At("2026-03-04T00:00:00+08:00"), WaitDays: 1) };
        var (from, to) = (At("2026-03-03T00:00:00+08:00"), At("2026-03-04T00:00:00+08:00"));
        ACoupon.Given().When(Issue with { Terms = terms }).Then(Issued with { ValidFrom = from, ValidTo = to });
        ACoupon.Given().When(Issue with { Terms = terms, At = from }).ThenRefused(new WindowIsOver(to));
    }

    [Fact]
    public void A_code_that_is_taken_is_refused()
    {
        ACoupon.Given(Issued).When(Issue with { Member = "m2" }).ThenRefused(new CodeTaken(Code));
        ACoupon.Given(Issued).When(Issue with { CampaignId = "autumn" }).ThenRefused(new CodeTaken(Code));
    }

    [Fact]
    public void A_coupon_that_was_issued_is_not_issued_again_whatever_became_of_it_and_of_its_campaign()
    {
        var issue = Issue with { Campaign = s_paused, Issued = new(100, 100, 100, 100), At = WindowEnd };
        ACoupon.Given(Issued).When(issue).ThenNothing();
        ACoupon.Given(Issued, Redeemed).When(issue).ThenNothing();
        ACoupon.Given(Issued, HasExpired).When(issue).ThenNothing();
    }

    /// <summary>Everything is wrong at first; each refusal that is mended uncovers the next.</summary>
    [Fact]
    public void Refusals_come_in_their_order()
    {
        var end = WindowStart + Duration.FromHours(1);
        var command = Issue with
        {
            Campaign = s_paused with { Quota = 5 },
            At = WindowStart - Tick,
            Issued = new(5, 5, 5, 5),
            Terms = Terms with { Limits = new(5, 5, 5), Validity = new(WindowStart - Duration.FromDays(9), WindowStart - Duration.FromDays(8)) },
        };
        Refused(new CampaignRefusal.CampaignPaused());
        command = command with { Campaign = Running with { Quota = 5, EndsAt = end } };
        Refused(new CampaignNotStarted(WindowStart));
        command = command with { At = end };
        Refused(new CampaignRefusal.CampaignEnded(end));
        command = command with { At = WindowStart };
        Refused(new StockExhausted(5));
        command = command with { Issued = new(4, 5, 5, 5) };
        Refused(new UserLimit(5));
        command = command with { Issued = new(4, 4, 5, 5) };
        Refused(new UserDayLimit(5, Day("2026-03-01")));
        command = command with { Issued = new(4, 4, 4, 5) };
        Refused(new DayLimit(5, Day("2026-03-01")));
        command = command with { Issued = new(4, 4, 4, 4) };
        Refused(new WindowIsOver(WindowStart - Duration.FromDays(8)));

        void Refused(Rejection reason) => ACoupon.Given().When(command).ThenRefused(reason);
    }

    [Fact]
    public void An_entry_adds_one_to_the_campaigns_tally_and_to_each_of_its_limits()
    {
        var keys = CouponTallies.LimitKeys(Spring, new(1, 1, 1), Member, Day("2026-03-02"));
        Assert.Equal(
            [new("issued/spring", 1), new("issued/spring/member/m1", 1), new("issued/spring/member/m1/2026-03-02", 1), new("issued/spring/day/2026-03-02", 1)],
            CouponTallies.Of(Issued with { LimitKeys = keys }));
    }

    [Fact]
    public void Nothing_but_issuing_moves_a_tally() =>
        Assert.All<CouponEvent>([Redeemed, Voided, WasDeactivated, HasExpired, new CouponEvent.CouponExpiryReversed(Spring, Member, Noon)], fact => Assert.Empty(CouponTallies.Of(fact)));
}
