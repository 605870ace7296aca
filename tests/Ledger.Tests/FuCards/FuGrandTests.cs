using System.Text.Json;
using Ledger.FuCards;
using Ledger.FuCards.Draws;
using NodaTime;
using Xunit;
using static Ledger.FuCards.FuHandEvent;
using static Ledger.Tests.FuCards.FuEdgeCaseTests;
using static Ledger.Tests.FuCards.FuExamples;

namespace Ledger.Tests.FuCards;

/// <summary>The grand card in a hand, and the prize that its ticket wins.</summary>
public class FuGrandTests
{
    private static readonly FuRules s_rules = WithGrand(Rules());

    private static ReadOnlySpan<byte> Key => new byte[PotKey.Bytes];

    [Fact]
    public void Composing_consumes_exactly_one_grand_card_and_the_ticket_takes_part_once()
    {
        var world = new FuWorld(s_rules, "u", "v");
        foreach (var type in (string[])[.. Five, "grand", "grand", .. Five]) Assert.Null(world.Draw("u", type));
        foreach (var type in Five) Assert.Null(world.Draw("v", type));
        foreach (var user in (string[])["u", "v"]) world.Ok(user, request => FuOperations.Compose(request, Campaign, user));
        Assert.Equal(("grand", 1L, (string?)null), (world.Hand("u").Grand, world.Hand("u").Count("grand"), world.Hand("v").Grand));
        Assert.Equal(new AlreadyComposed(1), world.Run("u", request => FuOperations.Compose(request, Campaign, "u")));
        Assert.Equal((2, 1, 1, 0), (Tally(world, "minted"), Tally(world, "owned"), Tally(world, "consumed"), Tally(world, "composed")));

        // What was not used lapses with a user who leaves, like every other card.
        world.Ok("u", request => FuOperations.Leave(request, Campaign, "u"));
        Assert.Equal((0, 1), (Tally(world, "owned"), Tally(world, "lapsed")));
    }

    [Fact]
    public void A_grand_card_is_given_like_others_is_not_used_while_it_is_offered_and_is_not_copied()
    {
        var world = new FuWorld(s_rules, "giver", "taker");
        var date = world.Now.InUtc().Date;
        foreach (var type in (string[])[.. Five, "grand"]) Assert.Null(world.Draw("giver", type));
        foreach (var type in (string[])[.. Five, "copy"]) Assert.Null(world.Draw("taker", type));
        Assert.Equal(new CardTypeUnknown("grand"), world.Run("taker", request => FuOperations.Copy(request, Campaign, "taker", "giver", "grand", true)));
        world.Ok("giver", request => FuOperations.Offer(request, Campaign, "giver", "grand", null, null, date));
        world.Ok("giver", request => FuOperations.Compose(request, Campaign, "giver"));
        world.Ok("giver", request => FuOperations.Take(request, Campaign, "giver", 1, "taker"));
        world.Land();
        world.Ok("taker", request => FuOperations.Compose(request, Campaign, "taker"));
        Assert.Equal((null, "grand"), (world.Hand("giver").Grand, world.Hand("taker").Grand));
        Assert.Equal((1, 1), (Tally(world, "minted"), Tally(world, "consumed")));
    }

    [Fact]
    public void A_winner_claims_the_share_of_the_pot_and_the_grand_prize_as_one_and_again_the_same_after_a_failed_payout()
    {
        var shard = Shard([1]);
        var hand = Ticket() with { Grand = "grand" };
        var claimed = Assert.IsType<PrizeClaimed>(Assert.Single(Facts(hand, Claim(s_rules.Timeline.Deadline, FuShardStatus.Paying) with { Shard = shard, Withheld = 1_600 })));
        Assert.Equal((1_700, 700L, 1_600L), (claimed.Amount, claimed.Grand, claimed.Withheld));
        Assert.Equal(new WithheldAbovePrize(1_700), Refusal(hand, Claim(s_rules.Timeline.Deadline, FuShardStatus.Paying) with { Shard = shard, Withheld = 1_701 }));
        hand = FuHandDecider.Evolve(hand, claimed);
        hand = FuHandDecider.Evolve(hand, new PrizePayoutFailed(Campaign, "u", claimed.Transfer, 1_700, "no such account", Opens));
        var again = Assert.IsType<PrizeClaimed>(Assert.Single(Facts(hand, Claim(s_rules.Timeline.ClaimsUntil, FuShardStatus.Ended) with { Shard = shard })));
        Assert.Equal((1_700, 700L, 2), (again.Amount, again.Grand, again.Attempt));
    }

    [Fact]
    public void Who_does_not_take_part_or_does_not_win_has_the_share_of_the_pot_alone()
    {
        var claim = Claim(s_rules.Timeline.Deadline, FuShardStatus.Paying);
        PrizeClaimed Of(FuHand hand, params long[] tickets) => Assert.IsType<PrizeClaimed>(Assert.Single(Facts(hand, claim with { Shard = Shard(tickets) })));
        Assert.Equal((1_000, null), (Of(Ticket(), 1).Amount, Of(Ticket(), 1).Grand));
        // Two win of these, and the first is not among them.
        var rank = Enumerable.Range(1, 20).Select(ticket => (long)ticket).OrderBy(ticket => Convert.ToHexString(System.Security.Cryptography.HMACSHA256.HashData(Key, [.. "grand"u8, 0, 0, 0, 0, 0, 0, 0, (byte)ticket])), StringComparer.Ordinal).ToList();
        var better = rank.TakeWhile(ticket => ticket != 1).ToList();
        Assert.True(better.Count >= 2);
        Assert.Null(Of(Ticket() with { Grand = "grand" }, [1, .. better]).Grand);
    }

    [Fact]
    public void The_pot_is_allocated_with_a_grand_draw_of_the_tickets_that_were_sealed_and_of_as_many_winners_as_the_rules_say()
    {
        var revealed = FuCampaign.None with { Status = FuCampaignStatus.Revealed, Rules = s_rules, Tickets = [5], GrandTickets = 3 };
        var (plan, amounts) = FuPot.Split(s_rules.Pot, Key, [5]);
        Decision<FuCampaignEvent> Allocate(FuCampaign state, GrandPlan? grand) =>
            FuCampaignDecider.Decide(new FuCampaignCommand.AllocatePot(Campaign, plan with { Grand = grand }, amounts, s_rules.Timeline.Deadline), state);
        var last = new GrandLast(new string('a', 64), 2);
        Assert.All((GrandPlan?[])[null, new(4, 2, last), new(3, 3, last), new(3, 1, last)], grand => Assert.IsType<Decision<FuCampaignEvent>.Rejected>(Allocate(revealed, grand)));
        Assert.IsType<Decision<FuCampaignEvent>.Rejected>(Allocate(revealed with { Rules = Rules(), GrandTickets = null }, new(0, 0, null)));
        var paying = Assert.IsType<Decision<FuCampaignEvent>.Accepted>(Allocate(revealed, new(3, 2, last))).Events.Aggregate(revealed, FuCampaignDecider.Evolve);

        // What nobody claimed is the rest of the pot and of the grand prizes that were allocated.
        var closed = Assert.IsType<Decision<FuCampaignEvent>.Accepted>(FuCampaignDecider.Decide(new FuCampaignCommand.CloseFuCampaign(Campaign, 1, 900, s_rules.Timeline.ClaimsUntil), paying));
        Assert.Equal(new FuEnd(1, 900, 1_000 + (2 * 700) - 900), Assert.IsType<FuCampaignEvent.FuCampaignClosed>(Assert.Single(closed.Events)).End);
    }

    /// <summary>Books of campaigns without a grand card stay what they are, to the byte.</summary>
    [Fact]
    public void Without_a_grand_card_nothing_is_said_of_one()
    {
        static string Stored<T>(T value) => JsonSerializer.Serialize(value, LedgerJson.Options);
        Assert.Equal(
            """{"at":"2026-02-03T00:00:00.000000Z","campaign":"spring","ticket":1,"types":["1001"],"user":"u"}""", Stored(new FiveComposed(Campaign, "u", ["1001"], 1, Opens)));
        Assert.Equal(
            """{"amount":5,"at":"2026-02-03T00:00:00.000000Z","attempt":1,"campaign":"spring","ticket":1,"transfer":"fu1","user":"u"}""",
            Stored(new PrizeClaimed(Campaign, "u", 1, 5, 1, "fu1", Opens)));
        var (plan, amounts) = FuPot.Split(Rules().Pot, Key, [2]);
        FuCampaignEvent[] facts =
        [
            new FuCampaignEvent.FuCampaignDrafted(Campaign, Rules(), Opens), new FuCampaignEvent.FuCampaignSealed(Campaign, [2], "00", Opens),
            new FuCampaignEvent.PotAllocated(Campaign, plan, amounts, Opens),
        ];
        Assert.All(facts, fact => Assert.DoesNotContain("grand", JsonSerializer.Serialize(fact, fact.GetType(), LedgerJson.Options), StringComparison.OrdinalIgnoreCase));
        var state = facts.Aggregate(FuCampaign.None, FuCampaignDecider.Evolve);
        Assert.DoesNotContain("grand", Stored(state) + Stored(Ticket()) + Stored(FuCampaignView.Of(Campaign, state)) + Stored(FuHandView.Of("u", Ticket())), StringComparison.OrdinalIgnoreCase);
        Assert.Equal(Rules().Commit(Campaign, "00").Digest(), (Rules() with { Grand = null }).Commit(Campaign, "00").Digest(), StringComparer.Ordinal);
        Assert.NotEqual(Rules().Commit(Campaign, "00").Digest(), (Rules() with { Grand = new("1001", 1, 1) }).Commit(Campaign, "00").Digest(), StringComparer.Ordinal);
    }

    /// <summary>A campaign of one shard whose tickets of these numbers take part; the pot has one ticket.</summary>
    private static FuShard Shard(long[] grand)
    {
        var draw = new GrandDraw(Key.ToArray(), s_rules.Grand!);
        foreach (var ticket in grand) draw.Add(ticket);
        return new(FuShardStatus.Paying, s_rules, 0, Convert.ToHexStringLower(Key), FuPot.Split(s_rules.Pot, Key, [1]).Plan with { Grand = draw.Plan });
    }

    private static long Tally(FuWorld world, string fate) => world.Tally(FuTallies.Cards(Campaign, fate, "grand"));
}
