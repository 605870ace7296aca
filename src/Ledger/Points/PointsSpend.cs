using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using NodaTime;
using static Ledger.Points.PointsSpendCommand;
using static Ledger.Points.PointsSpendEvent;

namespace Ledger.Points;

/// <summary>
/// The record of one spend, from its hold to its last refund: it names the lots that were consumed long after they left the account, so that
/// whatever is restored goes back to where it came from. Whether a hold still stands, the account says.
/// </summary>
/// <param name="Version">The version of the programme's terms under which points were spent.</param>
/// <param name="Points">All of it, as it was held or spent.</param>
/// <param name="Lots">What was spent and not refunded, in the order of consumption.</param>
/// <param name="ExpiresAt">First instant at which a hold is over; null: spent in one shot.</param>
/// <param name="Order">What it pays for, in the caller's words.</param>
public sealed record PointsSpend(
    SpendStatus Status, string Program, string Member, int Version, long Points, IReadOnlyList<Lot> Lots, Instant? ExpiresAt, string? Order, Instant At)
{
    public static PointsSpend None { get; } = new(SpendStatus.None, "", "", 0, 0, [], null, null, default);

    public bool Equals(PointsSpend? other) =>
        other is not null && (Status, Program, Member, Version, Points, ExpiresAt, Order) == (other.Status, other.Program, other.Member, other.Version, other.Points, other.ExpiresAt, other.Order)
        && At == other.At && Lots.SequenceEqual(other.Lots);

    public override int GetHashCode() => HashCode.Combine(Status, Program, Member, Points, At);
}

public enum SpendStatus
{
    None,
    Held,
    Released,
    Spent,
}

// The case names below are the stored event types. Never rename one: add a new case instead.
public abstract record PointsSpendEvent
{
    private PointsSpendEvent() { }

    public sealed record PointsSpendHeld(string Program, string Member, int Version, long Points, Instant ExpiresAt, string? Order, Instant At) : PointsSpendEvent;

    public sealed record PointsSpendReleased(Instant At) : PointsSpendEvent;

    /// <param name="Lots">What was consumed, in order.</param>
    public sealed record PointsSpendMade(string Program, string Member, int Version, long Points, IReadOnlyList<Lot> Lots, string? Order, Instant At) : PointsSpendEvent
    {
        public bool Equals(PointsSpendMade? other) =>
            other is not null && (Program, Member, Version, Points, Order, At) == (other.Program, other.Member, other.Version, other.Points, other.Order, other.At)
            && Lots.SequenceEqual(other.Lots);

        public override int GetHashCode() => HashCode.Combine(Program, Member, Points, At);
    }

    /// <param name="Lots">What was given back, in order: the last consumed first.</param>
    public sealed record PointsSpendRefunded(long Points, IReadOnlyList<Lot> Lots, Instant At) : PointsSpendEvent
    {
        public bool Equals(PointsSpendRefunded? other) => other is not null && (Points, At) == (other.Points, other.At) && Lots.SequenceEqual(other.Lots);

        public override int GetHashCode() => HashCode.Combine(Points, At);
    }
}

public abstract record PointsSpendCommand
{
    private PointsSpendCommand() { }

    public sealed record HoldSpend(string Id, string Program, string Member, int Version, long Points, Instant ExpiresAt, string? Order, Instant Now) : PointsSpendCommand;

    /// <param name="Lots">What the account consumed.</param>
    public sealed record MakeSpend(string Id, string Program, string Member, int Version, IReadOnlyList<Lot> Lots, string? Order, Instant Now) : PointsSpendCommand;

    public sealed record ReleaseSpend(string Id, Instant Now) : PointsSpendCommand;

    /// <param name="Points">Null: all that is left.</param>
    public sealed record RefundSpend(string Id, long? Points, Instant Now) : PointsSpendCommand;
}

/// <summary>Held, then spent or released; spent, then refunded in parts. Pure.</summary>
public static class PointsSpendDecider
{
    /// <summary>Reads top to bottom: the first line that matches answers.</summary>
    public static Decision<PointsSpendEvent> Decide(PointsSpendCommand command, PointsSpend state) => (command, state) switch
    {
        (HoldSpend c, { Status: SpendStatus.None }) => new PointsSpendHeld(c.Program, c.Member, c.Version, c.Points, c.ExpiresAt, c.Order, c.Now),
        (HoldSpend, _) => Decision<PointsSpendEvent>.Unchanged,
        (MakeSpend c, { Status: SpendStatus.None }) => new PointsSpendMade(c.Program, c.Member, c.Version, c.Lots.Total(), c.Lots, c.Order, c.Now),
        (var c, { Status: SpendStatus.None }) => new PointsSpendUnknown(IdOf(c)),

        (MakeSpend, { Status: SpendStatus.Spent }) => Decision<PointsSpendEvent>.Unchanged,
        (MakeSpend c, { Status: SpendStatus.Released }) => new PointsHoldReleased(c.Id),
        // The clock may have ended the hold, and freed its lots, before a commit that was received earlier has its turn.
        (MakeSpend c, { ExpiresAt: { } end }) when c.Now >= end || c.Lots.Count == 0 => new PointsHoldExpired(end),
        (MakeSpend c, var s) => new PointsSpendMade(s.Program, s.Member, s.Version, s.Points, c.Lots, s.Order, c.Now),

        (ReleaseSpend c, { Status: SpendStatus.Spent }) => new PointsAlreadySpent(c.Id),
        (ReleaseSpend, { Status: SpendStatus.Released }) => Decision<PointsSpendEvent>.Unchanged,
        (ReleaseSpend c, _) => new PointsSpendReleased(c.Now),

        (RefundSpend c, { Status: SpendStatus.Held }) => new PointsNotSpent(c.Id),
        (RefundSpend c, { Status: SpendStatus.Released }) => new PointsHoldReleased(c.Id),
        (RefundSpend { Points: null }, { Lots: [] }) => Decision<PointsSpendEvent>.Unchanged,
        (RefundSpend c, var s) when c.Points > s.Lots.Total() => new RefundExceedsSpend(s.Lots.Total()),
        (RefundSpend c, var s) => new PointsSpendRefunded(c.Points ?? s.Lots.Total(), s.Lots.Reverse().First(c.Points ?? s.Lots.Total()), c.Now),
        _ => throw new UnreachableException($"{command} on {state}"),
    };

    /// <summary>Never refuses and never computes: what happened is already in the event.</summary>
    public static PointsSpend Evolve(PointsSpend state, PointsSpendEvent fact) => fact switch
    {
        PointsSpendHeld e => new(SpendStatus.Held, e.Program, e.Member, e.Version, e.Points, [], e.ExpiresAt, e.Order, e.At),
        PointsSpendReleased => state with { Status = SpendStatus.Released },
        PointsSpendMade e => new(SpendStatus.Spent, e.Program, e.Member, e.Version, e.Points, e.Lots, state.ExpiresAt, e.Order, e.At),
        PointsSpendRefunded e => state with { Lots = state.Lots.Without(e.Lots) },
        _ => throw new UnreachableException($"{fact}"),
    };

    private static string IdOf(PointsSpendCommand command) => command switch
    {
        HoldSpend c => c.Id,
        MakeSpend c => c.Id,
        ReleaseSpend c => c.Id,
        RefundSpend c => c.Id,
        _ => throw new UnreachableException($"{command}"),
    };
}

/// <summary>Streams of spends: <c>pointsspend-{id}</c>.</summary>
public static class PointsSpendStream
{
    public static StreamType<PointsSpend, PointsSpendEvent> Type { get; } = new("points_spend", Schema: 1, PointsSpend.None, PointsSpendDecider.Evolve);

    public static Stream<PointsSpend, PointsSpendEvent> Of(string id) => Type.At($"pointsspend-{id}");

    /// <summary>The id of what a request spends: the same request, the same spend.</summary>
    public static string IdOf(string requestKey, string prefix = "p") => $"{prefix}{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(requestKey)).AsSpan(0, 12))}";
}
