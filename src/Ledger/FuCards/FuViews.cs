using Ledger.FuCards.Draws;

namespace Ledger.FuCards;

/// <summary>A campaign as everybody may see it: the rules page, with the odds.</summary>
/// <param name="Digest">SHA-256 of the commitment: one line to print or have notarised.</param>
/// <param name="Participants">Tickets; absent before the campaign is sealed.</param>
/// <param name="MerkleRoot">Over the tickets, published before the beacon's value exists.</param>
/// <param name="Seed">Absent before the reveal.</param>
public sealed record FuCampaignView(
    string Id, FuCampaignStatus Status, string Name, IReadOnlyList<FuCardType> Types, IReadOnlyList<FuOdds> Sources, FuTimeline Timeline, PotRules Pot, BeaconRound Beacon,
    FuLimits Limits, int Shards, string? SeedHash, string? Digest, long? Participants, string? MerkleRoot, string? Seed, BeaconValue? BeaconValue, FuPlan? Plan, FuEnd? End)
{
    public static FuCampaignView Of(string id, FuCampaign campaign)
    {
        ArgumentNullException.ThrowIfNull(campaign);
        var rules = campaign.Rules!;
        return new(
            id, campaign.Status, rules.Name, rules.Types, [.. rules.Sources.Select(source => FuOdds.Of(source))], rules.Timeline, rules.Pot, rules.Beacon, rules.Limits,
            rules.Shards, campaign.SeedHash, campaign.Digest, campaign.Root is null ? null : campaign.Tickets.Sum(), campaign.Root, campaign.Seed, campaign.Beacon, campaign.Plan, campaign.End);
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
public sealed record FuHandView(
    string User, FuHandStatus Status, long Draws, IReadOnlyList<FuCount> Cards, IReadOnlyList<FuEscrow> Escrows, IReadOnlyList<FuBeg> Begs, long? Ticket, FuPrize? Prize,
    string? Denied, string? Drawn = null, long? Exchange = null)
{
    public static FuHandView Of(string user, FuHand hand, IReadOnlyList<FuHandEvent>? facts = null)
    {
        ArgumentNullException.ThrowIfNull(hand);
        return new(
            user, hand.Status, hand.Draws, hand.Cards, hand.Escrows, hand.Begs, hand.Ticket == 0 ? null : hand.Ticket, hand.Prize, hand.Denied,
            facts?.OfType<FuHandEvent.CardDrawn>().FirstOrDefault()?.Type,
            facts?.OfType<FuHandEvent.CardEscrowed>().FirstOrDefault()?.Exchange ?? facts?.OfType<FuHandEvent.BegOpened>().FirstOrDefault()?.Exchange);
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
