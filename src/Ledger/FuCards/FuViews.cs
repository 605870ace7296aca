using Ledger.FuCards.Draws;
using NodaTime;

namespace Ledger.FuCards;

/// <summary>A campaign as everybody may see it: the rules page, with the odds.</summary>
/// <param name="Digest">SHA-256 of the commitment: one line to print or have notarised.</param>
/// <param name="Participants">Tickets; absent before the campaign is sealed.</param>
/// <param name="MerkleRoot">Over the tickets, published before the beacon's value exists.</param>
/// <param name="SealedAt">When it was. Where the beacon's times are known, a round that is not after it does not count.</param>
/// <param name="Seed">Absent before the reveal.</param>
/// <param name="Grand">The draw beside the pot; absent: there is none.</param>
/// <param name="GrandTotal">What it gives out where enough tickets take part, in minor units, apart from the pot.</param>
/// <param name="GrandParticipants">Tickets that take part in it; absent before the campaign is sealed.</param>
public sealed record FuCampaignView(
    string Id, FuCampaignStatus Status, string Name, IReadOnlyList<FuCardType> Types, IReadOnlyList<FuOdds> Sources, FuTimeline Timeline, PotRules Pot, BeaconRound Beacon,
    FuLimits Limits, int Shards, string? SeedHash, string? Digest, long? Participants, string? MerkleRoot, Instant? SealedAt, string? Seed, BeaconValue? BeaconValue, FuPlan? Plan,
    FuEnd? End, GrandRules? Grand = null, long? GrandTotal = null, long? GrandParticipants = null)
{
    public static FuCampaignView Of(string id, FuCampaign campaign)
    {
        ArgumentNullException.ThrowIfNull(campaign);
        var rules = campaign.Rules!;
        return new(
            id, campaign.Status, rules.Name, rules.Types, [.. rules.Sources.Select(source => FuOdds.Of(source))], rules.Timeline, rules.Pot, rules.Beacon, rules.Limits,
            rules.Shards, campaign.SeedHash, campaign.Digest, campaign.Root is null ? null : campaign.Tickets.Sum(), campaign.Root, campaign.SealedAt, campaign.Seed, campaign.Beacon, campaign.Plan, campaign.End,
            rules.Grand, rules.Grand?.Total(), campaign.GrandTickets);
    }
}

/// <summary>The odds of a source.</summary>
/// <param name="Weights">In the order of the types.</param>
/// <param name="PartsPerMillion">The same as parts of a million, rounded down.</param>
public sealed record FuOdds(string Name, int PerDay, bool IsOfMerchants, IReadOnlyList<int> Weights, IReadOnlyList<long> PartsPerMillion)
{
    public static FuOdds Of(FuSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        var sum = source.Weights.Sum(weight => (long)weight);
        return new(source.Name, source.PerDay, source.IsOfMerchants, source.Weights, [.. source.Weights.Select(weight => weight * 1_000_000L / sum)]);
    }
}

/// <summary>A hand as its user sees it.</summary>
/// <param name="Ticket">Within its shard; its number in the campaign comes with the prize.</param>
/// <param name="Denied">Why risk control shut the hand out; absent: it is not.</param>
/// <param name="Drawn">The card that this request drew; else absent.</param>
/// <param name="Exchange">The number of the offer that this request made; else absent.</param>
/// <param name="Grand">The card by which the ticket takes part in the grand draw; absent: it does not.</param>
public sealed record FuHandView(
    string User, FuHandStatus Status, long Draws, IReadOnlyList<FuCount> Cards, IReadOnlyList<FuEscrow> Escrows, IReadOnlyList<FuBeg> Begs, long? Ticket, FuPrize? Prize,
    string? Denied, string? Drawn = null, long? Exchange = null, string? Grand = null)
{
    public static FuHandView Of(string user, FuHand hand, IReadOnlyList<FuHandEvent>? facts = null)
    {
        ArgumentNullException.ThrowIfNull(hand);
        return new(
            user, hand.Status, hand.Draws, hand.Cards, hand.Escrows, hand.Begs, hand.Ticket == 0 ? null : hand.Ticket, hand.Prize, hand.Denied,
            facts?.OfType<FuHandEvent.CardDrawn>().FirstOrDefault()?.Type,
            facts?.OfType<FuHandEvent.CardEscrowed>().FirstOrDefault()?.Exchange ?? facts?.OfType<FuHandEvent.BegOpened>().FirstOrDefault()?.Exchange,
            hand.Grand);
    }
}

/// <summary>A card that a merchant gave.</summary>
/// <param name="Index">Of the user's draws: the card follows from it, the seed and the source's odds.</param>
public sealed record FuDrawView(string User, long Index, string Drawn)
{
    public static FuDrawView Of(IReadOnlyList<FuHandEvent> facts)
    {
        ArgumentNullException.ThrowIfNull(facts);
        var drawn = facts.OfType<FuHandEvent.CardDrawn>().Single();
        return new(drawn.User, drawn.Index, drawn.Type);
    }
}
