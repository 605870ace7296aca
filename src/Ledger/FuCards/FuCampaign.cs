using System.Diagnostics;
using Ledger.FuCards.Draws;
using NodaTime;
using static Ledger.FuCards.FuCampaignCommand;
using static Ledger.FuCards.FuCampaignEvent;

namespace Ledger.FuCards;

/// <summary>A campaign as its owner's book has it. Its hands are in books of their own (<see cref="FuBook"/>).</summary>
/// <param name="SeedHash">Null before it is committed.</param>
/// <param name="Tickets">Of each shard, in order; empty before it is sealed.</param>
/// <param name="Seed">Published with the reveal, 64 hexadecimal digits.</param>
/// <param name="Plan">What any ticket's prize follows from; null before the pot is allocated.</param>
/// <param name="Amounts">Prizes of each shard: their sum is the pot.</param>
/// <param name="SealedAt">When the tickets' root was published; null before.</param>
/// <param name="GrandTickets">Tickets that take part in the grand draw; null before the campaign is sealed, and where there is no grand draw.</param>
public sealed record FuCampaign(
    FuCampaignStatus Status, FuRules? Rules, string? SeedHash, string? Digest, IReadOnlyList<long> Tickets, string? Root, string? Seed, BeaconValue? Beacon, FuPlan? Plan,
    IReadOnlyList<long> Amounts, FuEnd? End, Instant? SealedAt = null, long? GrandTickets = null)
{
    public static FuCampaign None { get; } = new(FuCampaignStatus.None, null, null, null, [], null, null, null, null, [], null);

    /// <summary>What all winners together may claim, once the plan is made: the pot and the grand prizes.</summary>
    public long Allocated() => Plan!.Pot.Amount + (Plan.Grand is { } grand ? grand.Winners * Rules!.Grand!.Prize : 0);

    public bool Equals(FuCampaign? other) =>
        other is not null && (Status, Rules, SeedHash, Digest, Root, Seed, Beacon) == (other.Status, other.Rules, other.SeedHash, other.Digest, other.Root, other.Seed, other.Beacon)
        && (Plan, End, SealedAt, GrandTickets) == (other.Plan, other.End, other.SealedAt, other.GrandTickets) && Lists.Same(Tickets, other.Tickets) && Lists.Same(Amounts, other.Amounts);

    public override int GetHashCode() => HashCode.Combine(Status, Rules, SeedHash, Root);

    /// <summary>The first round of the beacon that counts: the committed one, or where that was out before the campaign was sealed the first one after.</summary>
    public long FirstRound() => Rules!.Beacon.FirstAfter(SealedAt!.Value.ToUnixTimeSeconds());
}

public enum FuCampaignStatus
{
    None,
    Draft,

    /// <summary>The seed's hash, the beacon's round and all rules are published and never change.</summary>
    Committed,
    Open,

    /// <summary>No hand changes any more; tickets are numbered, and their root is published.</summary>
    Sealed,
    Revealed,

    /// <summary>Winners claim.</summary>
    Paying,
    Closed,
}

/// <summary>The numbers of the whole pot (<see cref="PotPlan"/>), tickets of all shards taken together.</summary>
/// <param name="Pot">The committed rules, or where they cannot hold for so many tickets those of <see cref="RulesFor"/>.</param>
/// <param name="Grand">Beside the pot; null: the rules have no grand draw.</param>
public sealed record FuPlan(
    PotRules Pot, long Tickets, long Weight, long Capped, long CappedWeight, long? CapWeight, long Leftover, PotRemainder? Remainder, GrandPlan? Grand = null)
{
    public PotPlan Whole() => new(Tickets == 0 ? [] : [new(1, Tickets, Tickets, Weight, Capped, CappedWeight)], CapWeight, Leftover, Remainder);

    /// <summary>
    /// What the pot goes by with so many tickets: where all caps together are less than the pot, that is all that is given out; where all minimums
    /// are more, the minimum is an equal share, rounded down.
    /// </summary>
    public static PotRules RulesFor(PotRules committed, long tickets)
    {
        ArgumentNullException.ThrowIfNull(committed);
        if (tickets <= 0) return committed with { Amount = 0 };
        var amount = (long)Int128.Min(committed.Amount, (Int128)tickets * committed.Cap);
        return committed with { Amount = amount, Minimum = Math.Min(committed.Minimum, amount / tickets) };
    }
}

/// <param name="Claimed">Tickets whose prize was claimed in time, whatever becomes of its payout.</param>
/// <param name="Lapsed">What nobody claimed in time, in minor units: claimed and lapsed are the allocated pot and grand prizes.</param>
public sealed record FuEnd(long Claimed, long ClaimedAmount, long Lapsed);

// The case names below are the stored event types. Never rename one: add a new case instead.
public abstract record FuCampaignEvent
{
    private FuCampaignEvent() { }

    public sealed record FuCampaignDrafted(string Campaign, FuRules Rules, Instant At) : FuCampaignEvent;

    /// <param name="Digest">SHA-256 of the commitment's canonical JSON.</param>
    public sealed record FuCampaignCommitted(string Campaign, string SeedHash, string Digest, Instant At) : FuCampaignEvent;

    public sealed record FuCampaignOpened(string Campaign, Instant At) : FuCampaignEvent;

    /// <param name="Tickets">Of each shard, in order: ticket n of a shard has the number n plus the tickets of the shards before.</param>
    /// <param name="Root">Merkle root over all tickets in the order of their numbers, and over which of them take part in the grand draw.</param>
    /// <param name="GrandTickets">How many these are; null where there is no grand draw.</param>
    public sealed record FuCampaignSealed(string Campaign, IReadOnlyList<long> Tickets, string Root, Instant At, long? GrandTickets = null) : FuCampaignEvent
    {
        public bool Equals(FuCampaignSealed? other) =>
            other is not null && (Campaign, Root, At, GrandTickets) == (other.Campaign, other.Root, other.At, other.GrandTickets) && Lists.Same(Tickets, other.Tickets);

        public override int GetHashCode() => HashCode.Combine(Campaign, Root, At);
    }

    /// <param name="Skipped">Rounds that the beacon is said not to have published: anyone can check.</param>
    public sealed record SeedRevealed(string Campaign, string Seed, BeaconValue Beacon, long Skipped, Instant At) : FuCampaignEvent;

    public sealed record PotAllocated(string Campaign, FuPlan Plan, IReadOnlyList<long> Amounts, Instant At) : FuCampaignEvent
    {
        public bool Equals(PotAllocated? other) => other is not null && (Campaign, Plan, At) == (other.Campaign, other.Plan, other.At) && Lists.Same(Amounts, other.Amounts);

        public override int GetHashCode() => HashCode.Combine(Campaign, Plan, At);
    }

    public sealed record FuCampaignClosed(string Campaign, FuEnd End, Instant At) : FuCampaignEvent;
}

public abstract record FuCampaignCommand(string Campaign, Instant Now)
{
    public sealed record DraftFuCampaign(string Campaign, FuRules Rules, Instant Now) : FuCampaignCommand(Campaign, Now);

    public sealed record CommitFuCampaign(string Campaign, string SeedHash, Instant Now) : FuCampaignCommand(Campaign, Now);

    public sealed record OpenFuCampaign(string Campaign, Instant Now) : FuCampaignCommand(Campaign, Now);

    public sealed record SealFuCampaign(string Campaign, IReadOnlyList<long> Tickets, string Root, Instant Now, long? GrandTickets = null) : FuCampaignCommand(Campaign, Now);

    public sealed record RevealSeed(string Campaign, ReadOnlyMemory<byte> Seed, BeaconValue Beacon, Instant Now) : FuCampaignCommand(Campaign, Now);

    public sealed record AllocatePot(string Campaign, FuPlan Plan, IReadOnlyList<long> Amounts, Instant Now) : FuCampaignCommand(Campaign, Now);

    public sealed record CloseFuCampaign(string Campaign, long Claimed, long ClaimedAmount, Instant Now) : FuCampaignCommand(Campaign, Now);
}

/// <summary>The life of a campaign. Each step happens once; repeated it changes nothing. Pure.</summary>
public static class FuCampaignDecider
{
    /// <summary>Reads top to bottom: the first line that matches answers.</summary>
    public static Decision<FuCampaignEvent> Decide(FuCampaignCommand command, FuCampaign state) => (command, state) switch
    {
        (DraftFuCampaign c, { Status: FuCampaignStatus.None }) => new FuCampaignDrafted(c.Campaign, c.Rules, c.Now),
        (DraftFuCampaign c, var s) when s.Rules == c.Rules => Decision<FuCampaignEvent>.Unchanged,
        (DraftFuCampaign c, { Status: FuCampaignStatus.Draft }) => new FuCampaignDrafted(c.Campaign, c.Rules, c.Now),
        (var c, { Status: FuCampaignStatus.None }) => new FuCampaignUnknown(c.Campaign),

        (CommitFuCampaign c, { Status: FuCampaignStatus.Draft } s) when c.Now >= s.Rules!.Timeline.OpensAt => new FuCommitTooLate(s.Rules.Timeline.OpensAt),
        (CommitFuCampaign, { Status: FuCampaignStatus.Draft, Rules: var rules }) when rules!.Beacon.FirstAfter(rules.Timeline.Deadline.ToUnixTimeSeconds()) is var first && first > rules.Beacon.Round =>
            new BeaconRoundTooEarly(rules.Beacon.Round, first, rules.Timeline.Deadline),
        (CommitFuCampaign c, { Status: FuCampaignStatus.Draft } s) => new FuCampaignCommitted(c.Campaign, c.SeedHash, s.Rules!.Commit(c.Campaign, c.SeedHash).Digest(), c.Now),
        (CommitFuCampaign c, var s) when s.SeedHash == c.SeedHash => Decision<FuCampaignEvent>.Unchanged,
        (OpenFuCampaign c, { Status: FuCampaignStatus.Committed } s) when c.Now >= s.Rules!.Timeline.OpensAt => new FuCampaignOpened(c.Campaign, c.Now),
        (OpenFuCampaign, { Status: >= FuCampaignStatus.Open }) => Decision<FuCampaignEvent>.Unchanged,
        (SealFuCampaign c, { Status: FuCampaignStatus.Open } s) when c.Now >= s.Rules!.Timeline.Deadline => new FuCampaignSealed(c.Campaign, c.Tickets, c.Root, c.Now, c.GrandTickets),
        (SealFuCampaign c, { Status: >= FuCampaignStatus.Sealed } s) when s.Root == c.Root => Decision<FuCampaignEvent>.Unchanged,

        (RevealSeed c, { Status: FuCampaignStatus.Sealed } s) when Fault(c, s) is { } fault => new FuRevealRefused(fault, s.FirstRound()),
        (RevealSeed c, { Status: FuCampaignStatus.Sealed } s) =>
            new SeedRevealed(c.Campaign, Convert.ToHexStringLower(c.Seed.Span), c.Beacon, c.Beacon.Round - s.FirstRound(), c.Now),
        // The pot is drawn once: another value of the beacon never replaces the first.
        (RevealSeed c, { Status: > FuCampaignStatus.Sealed } s) when s.Beacon == c.Beacon => Decision<FuCampaignEvent>.Unchanged,
        (AllocatePot c, { Status: FuCampaignStatus.Revealed } s)
            when c.Plan.Tickets == s.Tickets.Sum() && c.Plan.Pot == FuPlan.RulesFor(s.Rules!.Pot, c.Plan.Tickets) && c.Amounts.Sum() == c.Plan.Pot.Amount && IsOfAll(c.Plan.Grand, s) =>
            new PotAllocated(c.Campaign, c.Plan, c.Amounts, c.Now),
        (AllocatePot c, { Status: > FuCampaignStatus.Revealed } s) when s.Plan == c.Plan => Decision<FuCampaignEvent>.Unchanged,
        (CloseFuCampaign c, { Status: FuCampaignStatus.Paying } s) when c.Now >= s.Rules!.Timeline.ClaimsUntil =>
            new FuCampaignClosed(c.Campaign, new(c.Claimed, c.ClaimedAmount, s.Allocated() - c.ClaimedAmount), c.Now),
        (CloseFuCampaign, { Status: FuCampaignStatus.Closed }) => Decision<FuCampaignEvent>.Unchanged,
        (_, var s) => new FuCampaignStateForbids(s.Status),
    };

    /// <summary>Never refuses and never computes: what happened is already in the event.</summary>
    public static FuCampaign Evolve(FuCampaign state, FuCampaignEvent fact) => fact switch
    {
        FuCampaignDrafted e => FuCampaign.None with { Status = FuCampaignStatus.Draft, Rules = e.Rules },
        FuCampaignCommitted e => state with { Status = FuCampaignStatus.Committed, SeedHash = e.SeedHash, Digest = e.Digest },
        FuCampaignOpened => state with { Status = FuCampaignStatus.Open },
        FuCampaignSealed e => state with { Status = FuCampaignStatus.Sealed, Tickets = e.Tickets, Root = e.Root, SealedAt = e.At, GrandTickets = e.GrandTickets },
        SeedRevealed e => state with { Status = FuCampaignStatus.Revealed, Seed = e.Seed, Beacon = e.Beacon },
        PotAllocated e => state with { Status = FuCampaignStatus.Paying, Plan = e.Plan, Amounts = e.Amounts },
        FuCampaignClosed e => state with { Status = FuCampaignStatus.Closed, End = e.End },
        _ => throw new UnreachableException($"{fact}"),
    };

    /// <summary>Whether a grand draw is of the tickets that were sealed, and as many win as the rules say.</summary>
    private static bool IsOfAll(GrandPlan? plan, FuCampaign s) =>
        (plan?.Tickets, plan?.Winners) == (s.GrandTickets, s is { Rules.Grand: { } rules, GrandTickets: { } tickets } ? rules.WinnersOf(tickets) : null);

    private static RevealFault? Fault(RevealSeed c, FuCampaign s) =>
        Reveal.Check(s.Rules!.Commit(c.Campaign, s.SeedHash!), c.Seed.Span, c.Beacon) ?? (c.Beacon.Round < s.FirstRound() ? RevealFault.RoundTooEarly : null);
}
