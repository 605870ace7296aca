using System.Diagnostics;
using NodaTime;
using static Ledger.Transfers.TransferCommand;
using static Ledger.Transfers.TransferEvent;

namespace Ledger.Transfers;

/// <summary>
/// Ordered once, asked about under its one number until the provider's answer is final. Answers come twice, late and in any order: the first
/// final one counts, older ones change nothing, and a contradiction is a fact of its own. Pure.
/// </summary>
public static class TransferDecider
{
    /// <summary>Reads top to bottom: the first line that matches answers.</summary>
    public static Decision<TransferEvent> Decide(TransferCommand command, Transfer state) => (command, state) switch
    {
        (OrderTransfer { Order.Amount: < 1 or > Limits.MaxAmount } c, _) => new TransferAmountOutOfRange(c.Order.Amount, Limits.MaxAmount),
        (OrderTransfer c, { Order: null }) => new TransferOrdered(c.Order, c.At),
        (OrderTransfer c, { Order: { } order }) when order == c.Order => Decision<TransferEvent>.Unchanged,
        (OrderTransfer c, { Order: { } order } s) => new TransferNumberTaken(c.Number, order.Origin, s.OrderedAt),
        (var c, { Order: null }) => new TransferUnknown(c.Number),

        (NoteSuccess c, { IsOpen: true, Order: { } o }) => new TransferSucceeded(c.Number, o.Origin, o.Kind, c.Reference, c.At),
        (NoteSuccess c, { State: TransferState.Succeeded } s) when s.Reference == c.Reference => Decision<TransferEvent>.Unchanged,
        (NoteSuccess c, var s) => Disputed(s, c.Number, new(TransferState.Succeeded, c.Reference), c.At),

        (NoteFailure c, { IsOpen: true, Order: { } o }) => new TransferFailed(c.Number, o.Origin, o.Kind, c.Reason, c.At),
        // Another reason moves no other money.
        (NoteFailure, { State: TransferState.Failed }) => Decision<TransferEvent>.Unchanged,
        (NoteFailure c, var s) => Disputed(s, c.Number, new(TransferState.Failed, c.Reason), c.At),

        // What another instance noted of the same attempt, and what was said before the final answer and came behind it.
        (NotePending c, var s) when !s.IsOpen || c.Attempt <= s.Attempts => Decision<TransferEvent>.Unchanged,
        (NotePending c, { Order: { } o }) => new TransferPending(
            c.Number, o.Origin, o.Kind, c.Attempt, c.Reason, c.IsHopeless || c.Attempt >= Limits.TransferAttempts ? null : c.At + WaitAfter(c.Attempt), c.At),

        (QueryTransfer c, var s) when !s.IsOpen || s.DueAt <= c.At => Decision<TransferEvent>.Unchanged,
        (QueryTransfer c, _) => new TransferQueried(c.Number, c.At, c.At),
        _ => throw new UnreachableException($"{command} on {state}"),
    };

    /// <summary>Never refuses and never computes: what happened is already in the event.</summary>
    public static Transfer Evolve(Transfer state, TransferEvent fact) => fact switch
    {
        TransferOrdered e => state with { Order = e.Order, State = TransferState.Ordered, DueAt = e.At, OrderedAt = e.At, At = e.At },
        TransferPending e => state with { State = TransferState.Pending, Attempts = e.Attempt, Reason = e.Reason, DueAt = e.Due, At = e.At },
        TransferSucceeded e => state with { State = TransferState.Succeeded, Reference = e.Reference, Reason = null, DueAt = null, At = e.At },
        TransferFailed e => state with { State = TransferState.Failed, Reason = e.Reason, DueAt = null, At = e.At },
        TransferDisputed e => state with { Disputes = [.. state.Disputes, e.Claim] },
        TransferQueried e => state with { DueAt = e.Due },
        _ => throw new UnreachableException($"{fact}"),
    };

    /// <summary>How long after that attempt the next one comes: a second, doubled each time, an hour at most.</summary>
    public static Duration WaitAfter(int attempt) => Duration.FromSeconds(Math.Min(1L << Math.Clamp(attempt - 1, 0, 12), Limits.TransferSeconds));

    private static Decision<TransferEvent> Disputed(Transfer s, string number, TransferClaim claim, Instant at) =>
        s.Disputes.Contains(claim) ? Decision<TransferEvent>.Unchanged
        : s.Disputes.Count >= Limits.MaxDisputes ? new TooManyDisputes(Limits.MaxDisputes)
        : new TransferDisputed(number, s.Order!.Origin, s.Order.Kind, claim, at);
}
