using NodaTime;
using static Ledger.Transfers.TransferCommand;

namespace Ledger.Transfers;

/// <summary>Streams of transfers: <c>transfer-{number}</c>.</summary>
public static class TransferStream
{
    public static StreamType<Transfer, TransferEvent> Type { get; } = new(
        "transfer", Schema: 1, Transfer.None, TransferDecider.Evolve, Status: transfer => transfer.State.ToString().ToLowerInvariant());

    public static Stream<Transfer, TransferEvent> Of(string number) => Type.At($"transfer-{number}");
}

/// <summary>Orders to the payment provider and what came of them, as operations.</summary>
public static class TransferOperations
{
    /// <summary>
    /// Orders a transfer as part of an operation that names its stream: the facts to append beside the asking slice's own, none where it was
    /// ordered before; or the refusal of another order under the number.
    /// </summary>
    /// <exception cref="KeyNotFoundException">The operation did not name <see cref="TransferStream.Of"/>.</exception>
    public static (IReadOnlyList<Change> Changes, Rejection? Refusal) Order(BookStates book, TransferOrder order, Instant at)
    {
        ArgumentNullException.ThrowIfNull(book);
        ArgumentNullException.ThrowIfNull(order);
        var stream = TransferStream.Of(order.Number);
        return TransferDecider.Decide(new OrderTransfer(order, at), book.State(stream)) switch
        {
            Decision<TransferEvent>.Accepted(var facts) => ([.. stream.With(facts)], null),
            Decision<TransferEvent>.Rejected(var reason) => ([], reason),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    /// <summary>Carries a command out on its transfer.</summary>
    public static Operation Do(Request request, TransferCommand command)
    {
        ArgumentNullException.ThrowIfNull(command);
        var stream = TransferStream.Of(command.Number);
        return new(request, [stream], [], book => Verdict.Of(
            stream, book.State(stream), TransferDecider.Decide(command, book.State(stream)), (_, state) => TransferView.From(state)));
    }
}

/// <summary>A transfer as it stands.</summary>
/// <param name="Account">As the provider knows it.</param>
/// <param name="Origin">The stream that ordered it.</param>
/// <param name="Attempts">Attempts whose answer was not final.</param>
/// <param name="DueAt">When the provider is asked next; absent: never again by itself.</param>
/// <param name="NeedsPerson">The provider gave no final answer for too long, or contradicts its own.</param>
/// <param name="Disputes">What the provider said against its final answer.</param>
public sealed record TransferView(
    string Transfer, TransferKind Kind, TransferState State, Money Amount, string Account, string Origin, string? Of, string? Agreement, int Attempts, Instant? DueAt,
    string? Reference, string? Reason, bool NeedsPerson, IReadOnlyList<TransferClaim> Disputes, Instant OrderedAt, Instant At)
{
    public static TransferView From(Transfer transfer)
    {
        ArgumentNullException.ThrowIfNull(transfer);
        var order = transfer.Order!;
        return new(
            order.Number, order.Kind, transfer.State, new(order.Amount), order.Account, order.Origin, order.Of, order.Agreement, transfer.Attempts, transfer.DueAt,
            transfer.Reference, transfer.Reason, transfer.NeedsPerson, transfer.Disputes, transfer.OrderedAt, transfer.At);
    }
}
