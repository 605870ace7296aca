using System.Diagnostics;
using NodaTime;
using static Ledger.FuCards.FuShardCommand;
using static Ledger.FuCards.FuShardEvent;

namespace Ledger.FuCards;

/// <summary>What every hand of a shard goes by. The owner's book says it; a shard never asks another book.</summary>
/// <param name="Offset">Tickets of the shards before; known when the pot is allocated.</param>
/// <param name="Key">From the seed and the beacon's value, 128 hexadecimal digits: weights follow from it.</param>
public sealed record FuShard(FuShardStatus Status, FuRules? Rules, long Offset, string? Key, FuPlan? Plan)
{
    public static FuShard None { get; } = new(FuShardStatus.None, null, 0, null, null);
}

public enum FuShardStatus
{
    None,
    Open,

    /// <summary>No user changes a hand any more; what is on its way still arrives, escrows go back.</summary>
    Closing,

    /// <summary>No hand changes.</summary>
    Sealed,

    /// <summary>Prizes are claimed.</summary>
    Paying,
    Ended,
}

// The case names below are the stored event types. Never rename one: add a new case instead.
public abstract record FuShardEvent
{
    private FuShardEvent() { }

    public sealed record FuShardOpened(string Campaign, FuRules Rules, Instant At) : FuShardEvent;

    public sealed record FuShardClosing(string Campaign, Instant At) : FuShardEvent;

    public sealed record FuShardSealed(string Campaign, long Tickets, Instant At) : FuShardEvent;

    public sealed record FuShardPaying(string Campaign, long Offset, string Key, FuPlan Plan, Instant At) : FuShardEvent;

    public sealed record FuShardEnded(string Campaign, Instant At) : FuShardEvent;
}

public abstract record FuShardCommand(string Campaign, Instant Now)
{
    public sealed record OpenShard(string Campaign, FuRules Rules, Instant Now) : FuShardCommand(Campaign, Now);

    public sealed record CloseShard(string Campaign, Instant Now) : FuShardCommand(Campaign, Now);

    /// <param name="Tickets">Composed here.</param>
    public sealed record SealShard(string Campaign, long Tickets, Instant Now) : FuShardCommand(Campaign, Now);

    public sealed record PayShard(string Campaign, long Offset, string Key, FuPlan Plan, Instant Now) : FuShardCommand(Campaign, Now);

    public sealed record EndShard(string Campaign, Instant Now) : FuShardCommand(Campaign, Now);
}

/// <summary>A shard follows its campaign, step by step; a step that it has behind it changes nothing. Pure.</summary>
public static class FuShardDecider
{
    /// <summary>Reads top to bottom: the first line that matches answers.</summary>
    public static Decision<FuShardEvent> Decide(FuShardCommand command, FuShard state) => (command, state) switch
    {
        (OpenShard c, { Status: FuShardStatus.None }) => new FuShardOpened(c.Campaign, c.Rules, c.Now),
        (CloseShard c, { Status: FuShardStatus.Open } s) when c.Now >= s.Rules!.Timeline.Deadline => new FuShardClosing(c.Campaign, c.Now),
        (SealShard c, { Status: FuShardStatus.Closing }) => new FuShardSealed(c.Campaign, c.Tickets, c.Now),
        (PayShard c, { Status: FuShardStatus.Sealed }) => new FuShardPaying(c.Campaign, c.Offset, c.Key, c.Plan, c.Now),
        (EndShard c, { Status: FuShardStatus.Paying } s) when c.Now >= s.Rules!.Timeline.ClaimsUntil => new FuShardEnded(c.Campaign, c.Now),
        _ => Decision<FuShardEvent>.Unchanged,
    };

    /// <summary>Never refuses and never computes: what happened is already in the event.</summary>
    public static FuShard Evolve(FuShard state, FuShardEvent fact) => fact switch
    {
        FuShardOpened e => state with { Status = FuShardStatus.Open, Rules = e.Rules },
        FuShardClosing => state with { Status = FuShardStatus.Closing },
        FuShardSealed => state with { Status = FuShardStatus.Sealed },
        FuShardPaying e => state with { Status = FuShardStatus.Paying, Offset = e.Offset, Key = e.Key, Plan = e.Plan },
        FuShardEnded => state with { Status = FuShardStatus.Ended },
        _ => throw new UnreachableException($"{fact}"),
    };
}
