namespace Ledger.Postgres;

/// <summary>What became of an operation. Reported only after its transaction committed.</summary>
public abstract record Outcome
{
    private Outcome() { }

    /// <param name="Answer">Canonical JSON; the same bytes for every repeat under the request key.</param>
    /// <param name="IsReplayed">An earlier request under this key did it; nothing was done now.</param>
    public sealed record Accepted(ReadOnlyMemory<byte> Answer, bool IsReplayed) : Outcome;

    /// <summary>Nothing changed.</summary>
    public sealed record Rejected(Rejection Reason) : Outcome;
}

/// <summary>The request key belongs to another request, for ever.</summary>
public sealed record IdempotencyKeyReused() : Rejection(
    RejectionKind.RuleViolated, "The idempotency key was used for another request", "Send this request under a key of its own.");

/// <summary>
/// Nobody can tell whether the transaction committed: the connection ended in the middle of COMMIT. The same request under the same
/// key tells what happened.
/// </summary>
public sealed class OutcomeUnknownException : Exception
{
    public OutcomeUnknownException() { }

    public OutcomeUnknownException(string message) : base(message) { }

    public OutcomeUnknownException(string message, Exception inner) : base(message, inner) { }
}

/// <summary>More operations wait than the scribe takes; nothing was done.</summary>
public sealed class LedgerOverloadedException : Exception
{
    public LedgerOverloadedException() { }

    public LedgerOverloadedException(string message) : base(message) { }

    public LedgerOverloadedException(string message, Exception inner) : base(message, inner) { }
}

/// <summary>The database could not be reached; nothing was done.</summary>
public sealed class LedgerUnavailableException : Exception
{
    public LedgerUnavailableException() { }

    public LedgerUnavailableException(string message) : base(message) { }

    public LedgerUnavailableException(string message, Exception inner) : base(message, inner) { }
}
