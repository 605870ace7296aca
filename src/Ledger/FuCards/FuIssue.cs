using System.Diagnostics;
using NodaTime;

namespace Ledger.FuCards;

/// <summary>A merchant's quota of cards in the owner's book. Shards give out what was granted to them; what they want more of, they ask for.</summary>
/// <param name="Granted">Of the quota.</param>
/// <param name="Grants">How many times.</param>
public sealed record FuIssue(string Merchant, long Quota, long? PerDay, long Granted, long Grants)
{
    public static FuIssue None { get; } = new("", 0, null, 0, 0);
}

// The case names below are the stored event types. Never rename one: add a new case instead.
public abstract record FuIssueEvent
{
    private FuIssueEvent() { }

    /// <param name="PerDay">Cards of a day, all shards together; null: no cap.</param>
    public sealed record FuIssueOpened(string Campaign, string Merchant, long Quota, long? PerDay, Instant At) : FuIssueEvent;

    /// <param name="Grant">1, 2, 3 ... of the issue.</param>
    public sealed record FuStockGranted(string Campaign, string Merchant, long Grant, int Shard, int Shards, long Cards, long? PerDay, Instant At) : FuIssueEvent;
}

public abstract record FuIssueCommand
{
    private FuIssueCommand() { }

    public sealed record OpenFuIssue(string Campaign, string Merchant, long Quota, long? PerDay, int Shards, Instant Now) : FuIssueCommand;

    public sealed record GrantStock(string Campaign, int Shard, int Shards, Instant Now) : FuIssueCommand;
}

/// <summary>A quota goes to shards in parts that get smaller with what is left, the last ones card by card. Pure.</summary>
public static class FuIssueDecider
{
    /// <summary>Reads top to bottom: the first line that matches answers.</summary>
    public static Decision<FuIssueEvent> Decide(FuIssueCommand command, FuIssue state) => (command, state) switch
    {
        (FuIssueCommand.OpenFuIssue c, { Quota: 0 }) => Open(c),
        (FuIssueCommand.OpenFuIssue c, var s) when (s.Quota, s.PerDay) == (c.Quota, c.PerDay) => Decision<FuIssueEvent>.Unchanged,
        (FuIssueCommand.OpenFuIssue c, _) => new FuIssueExists(c.Merchant),
        (FuIssueCommand.GrantStock, var s) when s.Granted >= s.Quota => Decision<FuIssueEvent>.Unchanged,
        (FuIssueCommand.GrantStock c, var s) =>
            new FuIssueEvent.FuStockGranted(c.Campaign, s.Merchant, s.Grants + 1, c.Shard, c.Shards, Part(s.Quota - s.Granted, c.Shards), s.PerDay, c.Now),
        _ => throw new UnreachableException($"{command} on {state}"),
    };

    /// <summary>Never refuses and never computes: what happened is already in the event.</summary>
    public static FuIssue Evolve(FuIssue state, FuIssueEvent fact) => fact switch
    {
        FuIssueEvent.FuIssueOpened e => new(e.Merchant, e.Quota, e.PerDay, 0, 0),
        FuIssueEvent.FuStockGranted e => state with { Granted = state.Granted + e.Cards, Grants = e.Grant },
        _ => throw new UnreachableException($"{fact}"),
    };

    private static FuIssueEvent[] Open(FuIssueCommand.OpenFuIssue c)
    {
        var (facts, rest) = (new List<FuIssueEvent> { new FuIssueEvent.FuIssueOpened(c.Campaign, c.Merchant, c.Quota, c.PerDay, c.Now) }, c.Quota);
        var part = Part(c.Quota, c.Shards);
        for (var i = 0; i < c.Shards && rest > 0; i++, rest -= part)
            facts.Add(new FuIssueEvent.FuStockGranted(c.Campaign, c.Merchant, i + 1, i, c.Shards, Math.Min(part, rest), c.PerDay, c.Now));
        return [.. facts];
    }

    // Half of what is left, over all shards, rounded up.
    private static long Part(long rest, int shards) => (rest + (2L * shards) - 1) / (2L * shards);
}

public sealed record FuIssueExists(string Merchant) : Rejection(
    RejectionKind.Conflict, "The merchant issues cards of the campaign with another quota or cap", "Quotas are published and do not change; read the issue.");

/// <summary>A merchant's cards in a shard.</summary>
/// <param name="Cards">Ever received.</param>
/// <param name="Last">With the last grant.</param>
public sealed record FuStock(long Cards, long Last, long? PerDay)
{
    public static FuStock None { get; } = new(0, 0, null);
}

// The case names below are the stored event types. Never rename one: add a new case instead.
public abstract record FuStockEvent
{
    private FuStockEvent() { }

    public sealed record FuStockReceived(string Campaign, string Merchant, long Grant, long Cards, long? PerDay, Instant At) : FuStockEvent;
}

/// <summary>That a merchant takes part: said in its own book by itself, for nobody else may give its coupons away.</summary>
public sealed record FuParticipation(string? CouponCampaign)
{
    public static FuParticipation None { get; } = new((string?)null);
}

// The case names below are the stored event types. Never rename one: add a new case instead.
public abstract record FuParticipationEvent
{
    private FuParticipationEvent() { }

    /// <param name="CouponCampaign">Whose coupon each card carries.</param>
    public sealed record FuParticipationAgreed(string Owner, string Campaign, string CouponCampaign, Instant At) : FuParticipationEvent;
}

/// <summary>What became of the coupon that a card carries, in the merchant's book.</summary>
/// <param name="Reason">Why there is none; null: there is one.</param>
public sealed record FuCoupon(string? Code, string? Reason)
{
    public static FuCoupon None { get; } = new(null, null);
}

// The case names below are the stored event types. Never rename one: add a new case instead.
public abstract record FuCouponEvent
{
    private FuCouponEvent() { }

    /// <param name="CouponIssued">False: the card stays with the user all the same.</param>
    /// <param name="Reason">The refusal's name.</param>
    public sealed record CardCouponSettled(string Owner, string Campaign, string User, long Index, bool CouponIssued, string? Code, string? Reason, Instant At) : FuCouponEvent;
}
