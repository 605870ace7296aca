using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Ledger.Coupons;
using Ledger.Coupons.Groups;
using Ledger.Coupons.Redemptions;
using Ledger.Points;
using NodaTime;

namespace Ledger.Reversals;

/// <summary>What the book says of one request key that was reversed before its request arrived; nothing of any other.</summary>
public sealed record Reversal(Tombstone? Tombstone)
{
    public static Reversal None { get; } = new((Tombstone?)null);

    /// <summary>Never refuses and never computes: what happened is already in the event.</summary>
    public static Reversal Evolve(Reversal state, ReversalEvent fact) => fact switch
    {
        ReversalEvent.RequestReversedBeforeArrival e => new(new Tombstone(e.Request, e.ReversedBy, e.At, e.Reason)),
        _ => throw new UnreachableException($"{fact}"),
    };
}

// The case names below are the stored event types. Never rename one: add a new case instead.
public abstract record ReversalEvent
{
    private ReversalEvent() { }

    /// <param name="Request">The key that is barred from now on.</param>
    /// <param name="ReversedBy">The reversal's own key.</param>
    /// <param name="At">When the reversal was received.</param>
    public sealed record RequestReversedBeforeArrival(string Request, string ReversedBy, Instant At, string? Reason) : ReversalEvent;
}

/// <summary>Streams of barred request keys: <c>reversal-{SHA-256 of the key in hexadecimal}</c>, one entry each.</summary>
public static class ReversalStream
{
    public static StreamType<Reversal, ReversalEvent> Type { get; } = new("reversal", Schema: 1, Reversal.None, Reversal.Evolve);

    public static Stream<Reversal, ReversalEvent> Of(string request) => Type.At(IdOf(Encoding.UTF8.GetBytes(request)));

    /// <summary>The stream's id for a key in UTF-8.</summary>
    public static string IdOf(ReadOnlySpan<byte> request) => $"reversal-{Convert.ToHexStringLower(SHA256.HashData(request))}";
}

/// <summary>What a reversal answers.</summary>
/// <param name="Request">The key of the request that was reversed.</param>
/// <param name="Status"><c>reversed</c>: what it had done is undone; <c>tombstone</c>: it was never seen, and is refused should it still come, unless it is one on a Fu-card hand.</param>
/// <param name="At">Since when the key is barred; only with a tombstone.</param>
/// <param name="Redemption">The redemption that was voided, where the request made one.</param>
/// <param name="Hold">The hold that was released or is over, where the request placed one.</param>
/// <param name="Group">The group as it stands, where the request paid for a place in one, which is paid back.</param>
/// <param name="Spend">The spend of points as it stands, where the request held or spent some, which are given back.</param>
/// <param name="Purchase">The order as it stands, where the request made it earn points, which are taken back.</param>
public sealed record ReversalView(
    string Request, string Status, Instant? At = null, RedemptionView? Redemption = null, HoldView? Hold = null, GroupView? Group = null, PointsSpendView? Spend = null,
    PointsPurchaseView? Purchase = null);

public sealed record ReversedBeforeArrival(Instant ReversedAt) : Rejection(
    RejectionKind.Conflict, "The request was reversed before it arrived, and will never be carried out", "Nothing was done. To redeem after all, ask under a new key.");

/// <param name="Means">The request that undoes it, where there is one.</param>
public sealed record NotReversible(string Request, string? Means = null) : Rejection(
    RejectionKind.RuleViolated, "The request of this key did nothing that a reversal undoes",
    "Only redemptions, holds, commits, places in groups, spends of points and orders that earned points are reversed; undo anything else by its own means.");
