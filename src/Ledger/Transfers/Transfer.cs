using System.Text.Json.Serialization;
using NodaTime;

namespace Ledger.Transfers;

/// <summary>What the payment provider is asked to do with money.</summary>
public enum TransferKind
{
    /// <summary>Sets a guarantee aside on the payer's account.</summary>
    Freeze,

    /// <summary>Gives it back, in whole or in part.</summary>
    Unfreeze,

    /// <summary>Pays the merchant out of it.</summary>
    UnfreezeToPay,

    /// <summary>Takes a payment from the payer's account by an agreement.</summary>
    Withhold,

    /// <summary>Gives back what an earlier transfer took.</summary>
    Refund,

    /// <summary>Pays the account's holder.</summary>
    Payout,
}

/// <summary>An order to the provider; never changed once it is given.</summary>
/// <param name="Number">The request number at the provider: however often it is sent, money moves once. An identifier of <see cref="Limits.IdPattern"/>.</param>
/// <param name="Amount">Minor units, 1 to <see cref="Limits.MaxAmount"/>.</param>
/// <param name="Account">The payer's or payee's account as the provider knows it; never a name or a number of a person.</param>
/// <param name="Origin">The stream that asked, such as <c>agreement-…</c>.</param>
/// <param name="Of">The number of the transfer that a refund gives back, or of the freeze that an unfreeze uses; null: of none.</param>
/// <param name="Agreement">The provider's reference of the agreement that allows it; null: none is needed.</param>
public sealed record TransferOrder(string Number, TransferKind Kind, long Amount, string Account, string Origin, string? Of, string? Agreement);

/// <summary>Money on its way at the provider: its first final answer counts, and every answer that contradicts it is kept.</summary>
/// <param name="Order">Null while nothing was ordered under the number.</param>
/// <param name="Attempts">Attempts whose answer was not final.</param>
/// <param name="DueAt">When the provider is asked next; null: it is final, or a person has to look.</param>
/// <param name="Reference">The provider's own reference of what succeeded; else null.</param>
/// <param name="Reason">Why it failed or waits, as the provider says it or as the answer was missing; else null.</param>
/// <param name="Disputes">What the provider said otherwise after its final answer.</param>
/// <param name="At">When it came into this state.</param>
public sealed record Transfer(
    TransferOrder? Order, TransferState State, int Attempts, Instant? DueAt, string? Reference, string? Reason, IReadOnlyList<TransferClaim> Disputes, Instant OrderedAt, Instant At)
{
    public static Transfer None { get; } = new(null, TransferState.None, 0, null, null, null, [], default, default);

    /// <summary>Not final yet.</summary>
    [JsonIgnore]
    public bool IsOpen => State is TransferState.Ordered or TransferState.Pending;

    /// <summary>The provider was asked as often as it is asked by itself, or said what no repeating resolves.</summary>
    [JsonIgnore]
    public bool NeedsPerson => Disputes.Count > 0 || (State == TransferState.Pending && DueAt is null);

    public bool Equals(Transfer? other) =>
        other is not null && (Order, State, Attempts, DueAt) == (other.Order, other.State, other.Attempts, other.DueAt)
        && (Reference, Reason, OrderedAt, At) == (other.Reference, other.Reason, other.OrderedAt, other.At) && Lists.Same(Disputes, other.Disputes);

    public override int GetHashCode() => HashCode.Combine(Order, State, Attempts, At);
}

public enum TransferState
{
    None,

    /// <summary>No answer yet; it may have been sent.</summary>
    Ordered,

    /// <summary>The provider is at it, or nobody knows: asked again by its number.</summary>
    Pending,

    /// <summary>For good.</summary>
    Succeeded,

    /// <summary>For good: no money moved.</summary>
    Failed,
}

/// <summary>What the provider said of a transfer against its own final answer.</summary>
/// <param name="State">Succeeded or failed.</param>
/// <param name="Said">The reference or the reason that came with it.</param>
public sealed record TransferClaim(TransferState State, string Said);

// The case names below are the stored event types. Never rename one: add a new case instead.
public abstract record TransferEvent
{
    private TransferEvent() { }

    /// <summary>In one transaction with what it is for. The provider is to be asked from <paramref name="At"/> on.</summary>
    public sealed record TransferOrdered(TransferOrder Order, Instant At) : TransferEvent;

    /// <summary>No final answer by now.</summary>
    /// <param name="Origin">As in the order, like the kind.</param>
    /// <param name="Attempt">1, 2, 3 ...</param>
    /// <param name="Reason">What was answered, or why there was no answer.</param>
    /// <param name="Due">When the provider is asked next; null: a person has to look.</param>
    public sealed record TransferPending(string Number, string Origin, TransferKind Kind, int Attempt, string Reason, Instant? Due, Instant At) : TransferEvent;

    /// <param name="Reference">The provider's own.</param>
    public sealed record TransferSucceeded(string Number, string Origin, TransferKind Kind, string Reference, Instant At) : TransferEvent;

    /// <summary>No money moved and none will under this number.</summary>
    public sealed record TransferFailed(string Number, string Origin, TransferKind Kind, string Reason, Instant At) : TransferEvent;

    /// <summary>The provider contradicts its own final answer. Nothing follows from it by itself.</summary>
    public sealed record TransferDisputed(string Number, string Origin, TransferKind Kind, TransferClaim Claim, Instant At) : TransferEvent;

    /// <summary>A person wants the provider asked once more, now.</summary>
    public sealed record TransferQueried(string Number, Instant Due, Instant At) : TransferEvent;
}

public abstract record TransferCommand(string Number)
{
    /// <summary>Orders it; the same order again changes nothing.</summary>
    public sealed record OrderTransfer(TransferOrder Order, Instant At) : TransferCommand(Order.Number);

    public sealed record NoteSuccess(string Number, string Reference, Instant At) : TransferCommand(Number);

    public sealed record NoteFailure(string Number, string Reason, Instant At) : TransferCommand(Number);

    /// <param name="Attempt">Which one had this answer; a number that was noted before changes nothing.</param>
    /// <param name="IsHopeless">Repeating resolves nothing: a person has to look at once.</param>
    public sealed record NotePending(string Number, int Attempt, string Reason, bool IsHopeless, Instant At) : TransferCommand(Number);

    /// <summary>Asks the provider again now.</summary>
    public sealed record QueryTransfer(string Number, Instant At) : TransferCommand(Number);
}

public sealed record TransferUnknown(string Transfer) : Rejection(
    RejectionKind.NotFound, "No transfer was ordered under this number", "Check the number; transfers are ordered by agreements, pots and their like alone.");

/// <param name="OrderedAt">When the first was ordered.</param>
/// <param name="Origin">The stream that ordered it.</param>
public sealed record TransferNumberTaken(string Transfer, string Origin, Instant OrderedAt) : Rejection(
    RejectionKind.Conflict, "Another transfer was ordered under this number", "Give this one a number of its own.");

public sealed record TransferAmountOutOfRange(long Amount, long Limit) : Rejection(
    RejectionKind.RuleViolated, "A transfer moves at least one minor unit and at most the limit", "Order nothing where nothing is due, and less than the limit.");

public sealed record TooManyDisputes(int Limit) : Rejection(
    RejectionKind.RuleViolated, "The provider contradicted itself about the transfer as often as one transfer records", "Settle it with the provider: GET /v1/transfers/{number}.");
