using Ledger.Members;
using Ledger.Points;
using Ledger.Policies;
using Ledger.Tests.Points;
using NodaTime;
using Xunit;
using static Ledger.Tests.Points.PointsExamples;

namespace Ledger.Tests.Policies;

/// <summary>Tiers by what is paid or earned within a period: up at once, down when the period is over, by what it came to net of refunds.</summary>
public class TierPolicyTests
{
    private static readonly Tier[] s_tiers = [new("silver", "Silver", 100_00), new("gold", "Gold", 300_00)];
    private static readonly Instant s_april = Day(2026, 4, 1, 0), s_july = Day(2026, 7, 1, 0);

    [Fact]
    public void A_tier_is_reached_at_once_and_lasts_to_the_end_of_the_period()
    {
        var loop = Quarters();
        Pay(loop, "t-1", 99_99);
        Assert.Empty(loop.Member().Tiers);
        Pay(loop, "t-2", 1);
        Assert.Equal([new TierSpan("silver", 1, loop.Shop.Now, s_april)], loop.Member().Tiers);
        Pay(loop, "t-3", 200_00);
        Assert.Equal("gold", loop.Member().TierAt(loop.Shop.Now)!.Tier);
        Assert.Equal(s_april, loop.Member().DueAt);
        Pay(loop, "t-4", 1_00);
        Assert.Equal(2, loop.Member().Tiers.Count);
    }

    [Fact]
    public void The_end_of_a_period_keeps_lowers_or_ends_the_tier_by_what_it_came_to()
    {
        var loop = Quarters();
        Pay(loop, "t-1", 350_00);
        loop.Shop.Now = s_april - Duration.Epsilon;
        Review(loop);
        Assert.Single(loop.Member().Tiers);
        loop.Shop.Now = s_april + Duration.FromHours(1);
        Review(loop);
        Review(loop);
        Assert.Equal(new TierSpan("gold", 1, s_april, s_july), loop.Member().Tiers[^1]);
        Assert.Equal("gold", loop.Member().TierAt(s_april)!.Tier);

        Pay(loop, "t-2", 120_00);
        Assert.Equal(2, loop.Member().Tiers.Count);
        loop.Shop.Now = s_july;
        Review(loop);
        Assert.Equal(new TierSpan("silver", 1, s_july, Day(2026, 10, 1, 0)), loop.Member().Tiers[^1]);
        loop.Shop.Now = Day(2027, 3, 1);
        Review(loop);
        Assert.Equal((3, (Instant?)null), (loop.Member().Tiers.Count, loop.Member().DueAt));
        Assert.Equal(Day(2026, 10, 1, 0), Assert.Single(loop.Facts<MemberEvent.TierEnded>()).At);
        Assert.Null(loop.Member().TierAt(loop.Shop.Now));
    }

    /// <summary>The clock asks at midnight what the quarter came to; the payment of the second before comes to the policy a second after.</summary>
    [Theory]
    [InlineData(0, 100_00L, "silver")]
    [InlineData(100_00, 200_00L, "gold")]
    [InlineData(100_00, 1_00L, "silver")]
    public void What_was_paid_before_the_end_of_a_period_counts_although_the_clock_asked_before_it_was_seen(long before, long last, string tier)
    {
        var loop = Quarters();
        if (before > 0) Pay(loop, "t-1", before);
        loop.Shop.Now = s_april - Duration.FromSeconds(1);
        loop.Pay("t-2", last);
        loop.Shop.Now = s_april + Duration.FromSeconds(1);
        Review(loop);
        loop.FollowAll();
        Assert.Equal((tier, s_july), loop.Member().TierAt(loop.Shop.Now) is { } span ? (span.Tier, span.Until) : default);

        // What goes back of it gives nothing, and what is paid a period later asks that period alone.
        loop.Back("t-2", "r-1", 1);
        loop.FollowAll();
        loop.Shop.Now = s_july;
        Review(loop);
        Assert.Null(loop.Member().TierAt(loop.Shop.Now));
        Pay(loop, "t-3", 1_00);
        Assert.Null(loop.Member().TierAt(loop.Shop.Now));
    }

    [Fact]
    public void Exploit_reach_a_tier_then_refund_loses_it_at_the_end_of_the_period_also_where_the_refund_comes_later()
    {
        var loop = Quarters();
        Pay(loop, "t-1", 350_00);
        loop.Back("t-1", "r-1", 100_00);
        loop.FollowAll();
        loop.Shop.Now = s_april;
        Review(loop);
        Assert.Equal("silver", loop.Member().Tiers[^1].Tier);

        // What goes back in the next quarter lessens the one in which it was paid, not this one.
        Pay(loop, "t-2", 150_00);
        loop.Back("t-1", "r-2");
        loop.FollowAll();
        Assert.Equal([(new LocalDate(2026, 1, 1), 0L), (new(2026, 4, 1), 150_00L)], loop.Shop.Book.State(TierCountStream.Of("m-1")).Months.Select(month => (month.Month, month.Amount)));
        loop.Shop.Now = s_july;
        Review(loop);
        Assert.Equal("silver", loop.Member().Tiers[^1].Tier);
    }

    [Fact]
    public void Points_that_purchases_earned_count_by_the_other_measure()
    {
        var loop = new PaymentLoop();
        loop.Join();
        loop.Do(TierProgrammeStream.Publish(loop.Shop.Ask(), [new("silver", "Silver", 100)], new(TierMeasure.Points, 12, Club)));
        loop.Do(PointsOperations.Grant(loop.Shop.Ask(), Club, "m-1", 500, "merchant", loop.Shop.Now));
        Pay(loop, "t-1", 99_99);
        Assert.Empty(loop.Member().Tiers);
        Pay(loop, "t-2", 1_00);
        Assert.Equal(Day(2027, 1, 1, 0), Assert.Single(loop.Member().Tiers).Until);
        loop.Back("t-2", "r");
        loop.FollowAll();
        Assert.Equal(99, loop.Shop.Book.State(TierCountStream.Of("m-1", Club)).Between(new(2026, 1, 1), new(2027, 1, 1)));
    }

    [Fact]
    public void Whoever_is_no_member_or_meets_no_rule_leaves_nothing_and_a_suspended_member_counts_and_does_not_rise()
    {
        var loop = Quarters();
        loop.Pay("t-1", 500_00, "m-2");
        loop.FollowAll();
        Assert.Empty(loop.Facts<TierCountEvent.TierCounted>());
        loop.Change(new MemberCommand.Suspend("m-1", null, loop.Shop.Now));
        Pay(loop, "t-2", 500_00);
        Assert.Empty(loop.Member().Tiers);
        loop.Change(new MemberCommand.Resume("m-1", loop.Shop.Now));
        Pay(loop, "t-3", 1);
        Assert.Equal("gold", loop.Member().TierAt(loop.Shop.Now)!.Tier);
        loop.Change(new MemberCommand.Close("m-1", null, loop.Shop.Now));
        Assert.Null(loop.Member().DueAt);

        // Without a rule tiers are given by hand; a new version counts from then on.
        loop.Do(TierProgrammeStream.Publish(loop.Shop.Ask(), s_tiers));
        loop.Join("m-3");
        loop.Pay("t-4", 500_00, "m-3");
        loop.FollowAll();
        Assert.Empty(loop.Member("m-3").Tiers);
    }

    [Fact]
    public void What_was_paid_before_the_joining_lessens_nothing_when_it_goes_back()
    {
        var loop = new PaymentLoop();
        Assert.Null(loop.Do(TierProgrammeStream.Publish(loop.Shop.Ask(), s_tiers, new(TierMeasure.Spend, 3))));
        Pay(loop, "t-1", 500_00);
        loop.Join();
        loop.Back("t-1", "r-1");
        loop.FollowAll();
        Pay(loop, "t-2", 100_00);
        Assert.Equal("silver", loop.Member().TierAt(loop.Shop.Now)?.Tier);
    }

    [Fact]
    public void Exploit_money_spent_under_one_rule_is_no_points_under_the_next()
    {
        var loop = Quarters();
        Pay(loop, "t-1", 99_00);
        Assert.Null(loop.Do(TierProgrammeStream.Publish(loop.Shop.Ask(), [.. s_tiers.Select(tier => tier with { Threshold = tier.Threshold / 100 })], new(TierMeasure.Points, 3, Club))));
        Pay(loop, "t-2", 1_00);
        Assert.Empty(loop.Member().Tiers);
        loop.Shop.Now = s_april;
        Pay(loop, "t-3", 150_00);
        Assert.Equal("silver", loop.Member().TierAt(loop.Shop.Now)!.Tier);
        loop.Shop.Now = s_july;
        Review(loop);
        Assert.Equal(new TierSpan("silver", 2, s_july, Day(2026, 10, 1, 0)), loop.Member().Tiers[^1]);
    }

    [Fact]
    public void A_tier_given_by_hand_that_is_higher_stays_and_one_that_ends_is_reviewed()
    {
        var loop = Quarters();
        loop.Do(MemberStream.GiveTier(loop.Shop.Ask(), "m-1", "gold", loop.Shop.Now, Day(2026, 2, 15), "welcome"));
        Pay(loop, "t-1", 150_00);
        Assert.Single(loop.Member().Tiers);
        loop.Shop.Now = Day(2026, 2, 15);
        Review(loop);
        Assert.Equal(new TierSpan("silver", 1, loop.Shop.Now, s_april), loop.Member().Tiers[^1]);
    }

    /// <summary>What is paid after a tier's end within a period reaches the next one then, as it would had the clock asked before.</summary>
    [Fact]
    public void A_payment_after_a_tier_that_ended_within_the_period_does_not_renew_it_from_its_end()
    {
        var loop = Quarters();
        var end = Day(2026, 2, 15);
        loop.Do(MemberStream.GiveTier(loop.Shop.Ask(), "m-1", "gold", loop.Shop.Now, end, "welcome"));
        loop.Shop.Now = end + Duration.FromDays(1);
        Pay(loop, "t-1", 150_00);
        Assert.Equal(end, Assert.Single(loop.Facts<MemberEvent.TierEnded>()).At);
        Assert.Equal(new TierSpan("silver", 1, loop.Shop.Now, s_april), loop.Member().Tiers[^1]);
    }

    /// <summary>The clock asks a moment after the end, or hours after it; what the period came to does not depend on that.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(90 * 24)]
    public void A_payment_between_the_end_of_a_period_and_the_clock_does_not_take_the_place_of_what_the_period_came_to(int hours)
    {
        var loop = Quarters();
        Pay(loop, "t-1", 350_00);
        loop.Shop.Now = s_april + Duration.FromHours(hours);
        Pay(loop, "t-2", 120_00);
        Assert.Equal(new TierSpan("gold", 1, s_april, s_july), loop.Member().Tiers[^1]);
        Review(loop);
        Assert.Equal((2, s_july), (loop.Member().Tiers.Count, loop.Member().DueAt));
        loop.Shop.Now = s_july;
        Review(loop);
        Assert.Equal("silver", loop.Member().Tiers[^1].Tier);
    }

    /// <summary>What goes back after the end of a period lessens what it came to for the next review, not for this one, however late the clock is.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_refund_between_the_end_of_a_period_and_the_clock_is_none_of_that_period(bool isClockFirst)
    {
        var loop = Quarters();
        Pay(loop, "t-1", 350_00);
        loop.Shop.Now = s_april + Duration.FromMinutes(1);
        if (isClockFirst) Review(loop);
        loop.Back("t-1", "r-1");
        loop.FollowAll();
        Review(loop);
        Assert.Equal(new TierSpan("gold", 1, s_april, s_july), loop.Member().Tiers[^1]);
    }

    /// <summary>A minute before midnight all goes back; policies were away until five past, and the clock as well.</summary>
    [Theory]
    [InlineData(TierMeasure.Spend)]
    [InlineData(TierMeasure.Points)]
    public void A_refund_before_the_end_of_a_period_is_of_that_period_whenever_it_is_looked_at(TierMeasure measure)
    {
        var loop = Quarters(measure);
        Pay(loop, "t-1", 350_00);
        Assert.Equal("gold", loop.Member().TierAt(loop.Shop.Now)!.Tier);
        loop.Shop.Now = s_april - Duration.FromMinutes(1);
        loop.Back("t-1", "r-1");
        loop.Shop.Now = s_april + Duration.FromMinutes(5);
        loop.FollowAll();
        Review(loop);
        Assert.Null(loop.Member().TierAt(loop.Shop.Now));
    }

    /// <summary>Each refund takes back its own at its own moment, from wherever the points are, however late both are looked at.</summary>
    [Theory]
    [InlineData(TierMeasure.Spend, 10_00, 0, "gold")]
    [InlineData(TierMeasure.Points, 10_00, 0, "gold")]
    [InlineData(TierMeasure.Spend, 350_00, 300, null)]
    [InlineData(TierMeasure.Points, 350_00, 300, null)]
    public void Of_several_refunds_and_several_places_of_points_each_counts_once_and_in_its_time(TierMeasure measure, long before, long spent, string? tier)
    {
        var loop = Quarters(measure);
        Pay(loop, "t-1", 350_00);
        if (spent > 0) loop.Shop.Spend(spent);
        loop.Shop.Now = s_april - Duration.FromMinutes(1);
        loop.Back("t-1", "r-1", before);
        loop.Shop.Now = s_april + Duration.FromMinutes(1);
        if (before < 350_00) loop.Back("t-1", "r-2");
        loop.Shop.Now = s_april + Duration.FromMinutes(5);
        loop.FollowAll();
        Review(loop);
        Assert.Equal(tier, loop.Member().TierAt(loop.Shop.Now)?.Tier);
        Assert.Equal(0, loop.Purchase("t-1").Points);
    }

    [Fact]
    public void A_payment_after_periods_in_which_nothing_was_paid_finds_the_tier_over()
    {
        var loop = Quarters();
        Pay(loop, "t-1", 350_00);
        loop.Shop.Now = s_july + Duration.FromHours(1);
        Pay(loop, "t-2", 120_00);
        Assert.Equal([("gold", s_april), ("gold", s_july), ("silver", Day(2026, 10, 1, 0))], loop.Member().Tiers.Select(span => (span.Tier, span.Until!.Value)));
        Assert.Equal(s_july, Assert.Single(loop.Facts<MemberEvent.TierEnded>()).At);
    }

    private static PaymentLoop Quarters(TierMeasure measure = TierMeasure.Spend)
    {
        var loop = new PaymentLoop();
        loop.Join();
        Assert.Null(loop.Do(measure == TierMeasure.Spend
            ? TierProgrammeStream.Publish(loop.Shop.Ask(), s_tiers, new(measure, 3))
            : TierProgrammeStream.Publish(loop.Shop.Ask(), [.. s_tiers.Select(tier => tier with { Threshold = tier.Threshold / 100 })], new(measure, 3, Club))));
        return loop;
    }

    private static void Pay(PaymentLoop loop, string trade, long amount)
    {
        Assert.Null(loop.Pay(trade, amount));
        loop.FollowAll();
        Assert.Empty(loop.Refused);
    }

    private static void Review(PaymentLoop loop) => Assert.Null(loop.Do(TierPolicy.Review(loop.Shop.Ask(), "m-1")));
}
