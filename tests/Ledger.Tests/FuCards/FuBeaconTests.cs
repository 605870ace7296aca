using Ledger.FuCards;
using Ledger.FuCards.Draws;
using NodaTime;
using Xunit;
using static Ledger.FuCards.FuCampaignCommand;
using static Ledger.Tests.FuCards.FuExamples;

namespace Ledger.Tests.FuCards;

/// <summary>Rounds of the beacon against the clock: none counts that was out before the hands were closed and the root published.</summary>
public class FuBeaconTests
{
    private const int Period = 30;

    private static readonly byte[] s_seed = new byte[32];
    private static readonly Instant s_deadline = Rules().Timeline.Deadline;

    /// <summary>Round 11 comes at the deadline.</summary>
    private static readonly BeaconTimes s_times = new(s_deadline.ToUnixTimeSeconds() - (10 * Period), Period);

    [Theory]
    [InlineData(1, 12)]
    [InlineData(10, 12)]
    [InlineData(11, 12)]
    [InlineData(12, null)]
    [InlineData(1_000, null)]
    public void A_campaign_is_not_committed_to_a_round_whose_time_is_not_after_the_deadline(long round, int? first) => Assert.Equal(
        first is { } needed ? new BeaconRoundTooEarly(round, needed, s_deadline) : null, Refusal(Commit(Timed(round)), Draft(Timed(round))));

    /// <summary>Rounds come at whole seconds: the next one after a deadline within a second is after it.</summary>
    [Fact]
    public void A_deadline_within_a_second_is_compared_exactly()
    {
        var rules = Timed(11) with { Timeline = Rules().Timeline with { Deadline = s_deadline - Duration.FromMilliseconds(1) } };
        Assert.Null(Refusal(Commit(rules), Draft(rules)));
        rules = Timed(11) with { Timeline = Rules().Timeline with { Deadline = s_deadline + Duration.FromMilliseconds(1) } };
        Assert.IsType<BeaconRoundTooEarly>(Refusal(Commit(rules), Draft(rules)));
    }

    [Fact]
    public void Where_the_rules_say_no_times_nothing_is_compared()
    {
        Assert.Null(Refusal(Commit(Rules()), Draft(Rules())));
        Assert.Equal(1_000, Sealed(Rules(), s_deadline + Duration.FromDays(1)).FirstRound());
    }

    /// <summary>Nobody had closed the hands when the committed round came: the root was not published before it, and it counts no longer.</summary>
    [Theory]
    [InlineData(0, 12)]
    [InlineData(Period - 1, 12)]
    [InlineData(Period, 13)]
    [InlineData(3_600, 132)]
    public void A_round_that_was_out_before_the_sealing_is_refused_at_the_reveal(int late, long first)
    {
        var state = Sealed(Timed(12), s_deadline + Duration.FromSeconds(late));
        Assert.Equal(new FuRevealRefused(RevealFault.RoundTooEarly, first), Refusal(Reveal(first - 1), state));
        foreach (var skipped in (long[])[0, 2])
        {
            var revealed = Assert.IsType<FuCampaignEvent.SeedRevealed>(Assert.Single(Assert.IsType<Decision<FuCampaignEvent>.Accepted>(FuCampaignDecider.Decide(Reveal(first + skipped), state)).Events));
            Assert.Equal(skipped, revealed.Skipped);
        }
    }

    [Theory]
    [InlineData("8990e7a9aaed2ffed73dbd7092123d6f289930540d7651336225dc172e51b2ce", 1_595_431_080)]
    [InlineData("52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971", 1_692_803_370)]
    public void The_second_round_of_a_public_chain_comes_a_period_after_its_first(string chain, long second)
    {
        var times = BeaconTimes.Of(chain)!;
        Assert.Equal((1, 1, 2, 3), (times.FirstAfter(0), times.FirstAfter(times.Genesis - 1), times.FirstAfter(second - 1), times.FirstAfter(second)));
    }

    [Fact]
    public void The_commitment_says_times_and_deadline_only_where_there_are_times()
    {
        var (plain, timed) = (Rules().Commit(Campaign, "00"), Timed(12).Commit(Campaign, "00"));
        Assert.Equal((null, s_deadline.ToUnixTimeSeconds()), (plain.Deadline, timed.Deadline));
        Assert.Equal(3, ((string[])[plain.Digest(), timed.Digest(), (timed with { Deadline = timed.Deadline + 1 }).Digest()]).Distinct(StringComparer.Ordinal).Count());
    }

    private static FuRules Timed(long round) => Rules() with { Beacon = new("chain", round, s_times) };

    private static FuCampaign Draft(FuRules rules) => FuCampaignDecider.Evolve(FuCampaign.None, new FuCampaignEvent.FuCampaignDrafted(Campaign, rules, Opens));

    private static FuCampaign Sealed(FuRules rules, Instant at) => ((FuCampaignEvent[])
        [new FuCampaignEvent.FuCampaignCommitted(Campaign, Commitment.HashOf(s_seed), "", Opens), new FuCampaignEvent.FuCampaignOpened(Campaign, Opens), new FuCampaignEvent.FuCampaignSealed(Campaign, [0, 0, 0, 0], "", at)])
        .Aggregate(Draft(rules), FuCampaignDecider.Evolve);

    private static CommitFuCampaign Commit(FuRules rules) => new(Campaign, Commitment.HashOf(s_seed), rules.Timeline.OpensAt - Duration.FromHours(1));

    private static RevealSeed Reveal(long round) => new(Campaign, s_seed, BeaconValue.Of(round, [1]), s_deadline + Duration.FromDays(1));

    private static Rejection? Refusal(FuCampaignCommand command, FuCampaign state) => (FuCampaignDecider.Decide(command, state) as Decision<FuCampaignEvent>.Rejected)?.Reason;
}
