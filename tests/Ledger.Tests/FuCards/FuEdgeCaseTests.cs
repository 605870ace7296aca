using Ledger.FuCards;
using Ledger.FuCards.Draws;
using NodaTime;
using Xunit;
using static Ledger.FuCards.FuHandEvent;
using static Ledger.Tests.FuCards.FuExamples;

namespace Ledger.Tests.FuCards;

/// <summary>What the domain lists as errors and edge cases of a campaign, and its invariants, as far as no service is needed to show them.</summary>
public class FuEdgeCaseTests
{
    private static readonly FuRules s_rules = Rules();
    private static readonly FuPlan s_plan = FuPot.Split(s_rules.Pot, Key, [1, 0, 0, 0]).Plan;

    private static ReadOnlySpan<byte> Key => new byte[PotKey.Bytes];

    [Fact]
    public void Campaign_sealed_while_a_swap_is_half_accepted_returns_both()
    {
        var world = new FuWorld(s_rules, "giver", "taker");
        Assert.Null(world.Draw("giver", "1001"));
        Assert.Null(world.Draw("taker", "1002"));
        world.Now = s_rules.Timeline.Deadline - Duration.FromSeconds(1);
        world.Ok("giver", request => FuOperations.Offer(request, Campaign, "giver", "1001", "1002", null, world.Now.InUtc().Date));
        world.Ok("taker", request => FuOperations.Send(request, Campaign, "taker", "giver", 1, "1002", FuWay.SwapAnswer, world.Now.InUtc().Date));
        Assert.Equal((0, 0), (world.Hand("taker").Count("1002"), world.Hand("giver").Count("1001")));

        world.Now = s_rules.Timeline.Deadline;
        world.Step(request => FuOperations.Do(request, new FuShardCommand.CloseShard(Campaign, world.Now)));
        world.Ok("giver", request => FuOperations.Return(request, Campaign, "giver"));
        world.Land();
        Assert.Equal((1, 1, 0), (world.Hand("taker").Count("1002"), world.Hand("giver").Count("1001"), world.Hand("giver").Escrows.Count));
        Assert.Equal(0, world.Tally(FuTallies.Cards(Campaign, "sent", "1002")) - world.Tally(FuTallies.Cards(Campaign, "received", "1002")));
    }

    [Fact]
    public void Invariant_6_No_hand_changes_after_the_deadline()
    {
        var world = new FuWorld(s_rules, "u", "v");
        foreach (var type in (string[])[.. Five, "wild"]) Assert.Null(world.Draw("u", type));
        world.Ok("u", request => FuOperations.Offer(request, Campaign, "u", "1001", null, null, world.Now.InUtc().Date));
        world.Now = s_rules.Timeline.Deadline;
        var (hand, date) = (world.Hand("u"), world.Now.InUtc().Date);
        Func<Request, Operation>[] all =
        [
            request => FuOperations.OpenHand(request, Campaign, "w"),
            request => FuOperations.Draw(request, FuWorld.At("u"), "u", new byte[32], "only-1001", "r", null, date),
            request => FuOperations.Offer(request, Campaign, "u", "1002", null, null, date),
            request => FuOperations.Take(request, Campaign, "u", 1, "v"),
            request => FuOperations.Cancel(request, Campaign, "u", 1),
            request => FuOperations.Beg(request, Campaign, "u", "1001", date),
            request => FuOperations.Send(request, Campaign, "u", "v", 1, "1002", FuWay.Beg, date),
            request => FuOperations.Wild(request, Campaign, "u", "1001"),
            request => FuOperations.Compose(request, Campaign, "u"),
        ];
        // Whether the clock alone says so, or the shard closed or is sealed.
        foreach (var step in (Action[])[() => { }, () => world.Step(r => FuOperations.Do(r, new FuShardCommand.CloseShard(Campaign, world.Now))), () => world.Step(r => FuOperations.Do(r, new FuShardCommand.SealShard(Campaign, 0, world.Now)))])
        {
            step();
            Assert.All(all, operation => Assert.Equal(new FuCampaignIsSealed(s_rules.Timeline.Deadline), world.Run("u", operation)));
        }

        Assert.Equal(hand, world.Hand("u"));
    }

    [Fact]
    public void Invariant_6_The_root_is_published_before_the_reveal()
    {
        var seed = new byte[32];
        var reveal = new FuCampaignCommand.RevealSeed(Campaign, seed, BeaconValue.Of(1_000, [1]), s_rules.Timeline.Deadline);
        Assert.All((FuCampaignStatus[])[FuCampaignStatus.Committed, FuCampaignStatus.Open], status => Assert.Equal(
            new FuCampaignStateForbids(status),
            Assert.IsType<Decision<FuCampaignEvent>.Rejected>(FuCampaignDecider.Decide(reveal, FuCampaign.None with { Status = status, Rules = s_rules, SeedHash = Commitment.HashOf(seed) })).Reason));
    }

    /// <summary>Whoever draws when, between whatever else: the card follows from the number of the draw.</summary>
    [Fact]
    public void Invariant_4_Every_draw_is_a_pure_function_of_seed_user_index_and_published_weights()
    {
        var weights = s_rules.Source("shops")!.Weights;
        var rules = s_rules with { Sources = [.. s_rules.Sources, new("scan", weights, 100, false)] };
        foreach (var order in (string[][])[["u", "v", "u", "v", "u", "u"], ["v", "u", "u", "u", "u", "v"]])
        {
            var (world, seed) = (new FuWorld(rules, "u", "v"), (byte[])[.. Enumerable.Range(0, 32).Select(i => (byte)i)]);
            for (var i = 0; i < order.Length; i++)
            {
                var user = order[i];
                var expected = world.Hand(user).With(rules.Types[CardDraw.Draw(seed, user, world.Hand(user).Draws + 1, weights)].Code, 1);
                world.Ok(user, request => FuOperations.Draw(request, FuWorld.At(user), user, seed, "scan", $"r-{user}-{i}", null, world.Now.InUtc().Date));
                Assert.Equal(expected with { Draws = expected.Draws + 1, Day = expected.On(world.Now.InUtc().Date).WithDraw("scan") }, world.Hand(user));
                world.Now += Duration.FromMinutes(i);
            }
        }
    }

    [Fact]
    public void User_closes_account_after_composing_and_the_prize_goes_to_the_lapse_pool()
    {
        var hand = Ticket() with { Status = FuHandStatus.Closed };
        Assert.Equal(new HandIsClosed("u"), Refusal(hand, Claim(s_rules.Timeline.Deadline, FuShardStatus.Paying)));
        var paying = Paying(s_plan);
        var closed = Assert.IsType<FuCampaignEvent.FuCampaignClosed>(Assert.Single(Close(paying, 0, 0)));
        Assert.Equal(new FuEnd(0, 0, 1_000), closed.End);
    }

    [Fact]
    public void What_lapsed_is_reckoned_from_the_pot_that_was_allocated()
    {
        // Two tickets under a cap of 5,000 share 10,000 of the 100,000 that were committed.
        var rules = new PotRules(100_000, 20, 5_000, PotWeight.Uniform);
        var plan = FuPot.Split(rules, Key, [1, 1, 0, 0]).Plan;
        var end = Assert.IsType<FuCampaignEvent.FuCampaignClosed>(Assert.Single(Close(Paying(plan) with { Rules = Rules(pot: rules) }, 1, 5_000))).End;
        Assert.Equal(new FuEnd(1, 5_000, 5_000), end);
    }

    [Theory]
    [InlineData(1_000, 0)]
    [InlineData(1_003, 3)]
    public void Beacon_outage_the_next_available_round_counts_by_the_rule_committed_up_front(long round, long skipped)
    {
        var seed = new byte[32];
        var state = FuCampaign.None with { Status = FuCampaignStatus.Sealed, Rules = s_rules, SeedHash = Commitment.HashOf(seed), SealedAt = s_rules.Timeline.Deadline };
        var revealed = ((Decision<FuCampaignEvent>.Accepted)FuCampaignDecider.Decide(new FuCampaignCommand.RevealSeed(Campaign, seed, BeaconValue.Of(round, [1]), Opens), state)).Events;
        Assert.Equal((round, skipped), (Assert.IsType<FuCampaignEvent.SeedRevealed>(Assert.Single(revealed)).Beacon.Round, ((FuCampaignEvent.SeedRevealed)revealed[0]).Skipped));
        Assert.IsType<Decision<FuCampaignEvent>.Rejected>(FuCampaignDecider.Decide(new FuCampaignCommand.RevealSeed(Campaign, seed, BeaconValue.Of(999, [1]), Opens), state));
        Assert.IsType<Decision<FuCampaignEvent>.Rejected>(FuCampaignDecider.Decide(
            new FuCampaignCommand.RevealSeed(Campaign, seed, BeaconValue.Of(round + 1, [1]), Opens), FuCampaignDecider.Evolve(state, revealed[0])));
    }

    /// <summary>Who claimed in time is paid in the end, also where the provider said so late that the campaign was closed.</summary>
    [Theory]
    [InlineData(FuShardStatus.Paying)]
    [InlineData(FuShardStatus.Ended)]
    public void Payout_failure_never_re_allocates_and_the_same_amount_is_claimed_again(FuShardStatus shard)
    {
        var first = Assert.IsType<PrizeClaimed>(Assert.Single(Facts(Ticket(), Claim(s_rules.Timeline.Deadline, FuShardStatus.Paying))));
        var failed = Facts(FuHandDecider.Evolve(Ticket(), first), new FuHandCommand.NotePayout(Campaign, "u", s_rules, first.Transfer, null, "no such account", Opens));
        var hand = failed.Aggregate(FuHandDecider.Evolve(Ticket(), first), FuHandDecider.Evolve);
        Assert.Equal(FuPrizeState.Failed, hand.Prize!.State);
        var again = Assert.IsType<PrizeClaimed>(Assert.Single(Facts(hand, Claim(s_rules.Timeline.ClaimsUntil, shard))));
        Assert.Equal((first.Ticket, first.Amount, 2), (again.Ticket, again.Amount, again.Attempt));
        Assert.NotEqual(first.Transfer, again.Transfer, StringComparer.Ordinal);

        // It counts as claimed once, however often it is paid in vain.
        FuHandEvent[] all = [first, .. failed, again];
        Assert.Equal(1, all.SelectMany(FuTallies.Of).Where(change => change.Key == FuTallies.Claimed(Campaign)).Sum(change => change.Amount));
        Assert.Equal(first.Amount, all.SelectMany(FuTallies.Of).Where(change => change.Key == FuTallies.ClaimedAmount(Campaign)).Sum(change => change.Amount));
        Assert.Equal(new ClaimWindowClosed(s_rules.Timeline.ClaimsUntil), Refusal(Ticket(), Claim(s_rules.Timeline.ClaimsUntil, shard)));
    }

    [Fact]
    public void Requests_that_nobody_answers_are_withdrawn_and_make_room()
    {
        var world = new FuWorld(s_rules, "u");
        Assert.Null(world.Draw("u", "1001"));
        var date = world.Now.InUtc().Date;
        for (var i = 0; i < Limits.MaxFuExchanges; i++) world.Ok("u", request => FuOperations.Beg(request, Campaign, "u", "1002", date));
        Assert.Equal(new TooManyExchanges(Limits.MaxFuExchanges), world.Run("u", request => FuOperations.Offer(request, Campaign, "u", "1001", null, null, date)));
        world.Ok("u", request => FuOperations.Cancel(request, Campaign, "u", 3));
        world.Ok("u", request => FuOperations.Offer(request, Campaign, "u", "1001", null, null, date));
        Assert.Equal(Limits.MaxFuExchanges - 1, world.Hand("u").Begs.Count);
    }

    [Fact]
    public void A_card_that_reaches_a_user_who_left_lapses()
    {
        var world = new FuWorld(s_rules, "giver", "taker");
        Assert.Null(world.Draw("giver", "1001"));
        world.Ok("giver", request => FuOperations.Offer(request, Campaign, "giver", "1001", null, null, world.Now.InUtc().Date));
        world.Ok("giver", request => FuOperations.Take(request, Campaign, "giver", 1, "taker"));
        world.Ok("taker", request => FuOperations.Leave(request, Campaign, "taker"));
        world.Land();
        Assert.Empty(world.Hand("taker").Cards);
        Assert.Equal((0, 1), (world.Tally(FuTallies.Cards(Campaign, "owned", "1001")), world.Tally(FuTallies.Cards(Campaign, "lapsed", "1001"))));
    }

    internal static FuHand Ticket() => FuHand.None with { Status = FuHandStatus.Complete, Ticket = 1 };

    internal static FuHandCommand.ClaimPrize Claim(Instant now, FuShardStatus shard) =>
        new(Campaign, "u", new(shard, s_rules, 0, Convert.ToHexStringLower(Key), s_plan), "o", now);

    internal static IReadOnlyList<FuHandEvent> Facts(FuHand hand, FuHandCommand command) => Assert.IsType<Decision<FuHandEvent>.Accepted>(FuHandDecider.Decide(command, hand)).Events;

    internal static Rejection Refusal(FuHand hand, FuHandCommand command) => Assert.IsType<Decision<FuHandEvent>.Rejected>(FuHandDecider.Decide(command, hand)).Reason;

    private static FuCampaign Paying(FuPlan plan) => FuCampaign.None with { Status = FuCampaignStatus.Paying, Rules = s_rules, Tickets = [plan.Tickets], Plan = plan };

    private static IReadOnlyList<FuCampaignEvent> Close(FuCampaign state, long claimed, long amount) => Assert.IsType<Decision<FuCampaignEvent>.Accepted>(
        FuCampaignDecider.Decide(new FuCampaignCommand.CloseFuCampaign(Campaign, claimed, amount, s_rules.Timeline.ClaimsUntil), state)).Events;
}
