namespace Ledger.Postgres.Scribing;

/// <summary>An operation that waits for its outcome.</summary>
internal sealed class Ticket(Operation operation)
{
    private readonly TaskCompletionSource<Outcome> done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Operation Operation { get; } = operation;

    public Task<Outcome> Done => done.Task;

    /// <summary>Decided in memory; nobody is told before the transaction has committed.</summary>
    public Outcome? Outcome { get; set; }

    /// <summary>The operation itself failed (a bug); its neighbours do not suffer.</summary>
    public Exception? Fault { get; set; }

    /// <summary>How often the operation ran in this transaction.</summary>
    public int Rounds { get; set; }

    /// <summary>Tells the caller what was decided.</summary>
    public void Publish()
    {
        if (Fault is not null) done.TrySetException(Fault);
        else if (Outcome is not null) done.TrySetResult(Outcome);
        else done.TrySetException(new InvalidOperationException("The operation came to no end."));
    }

    public void Fail(Exception exception) => done.TrySetException(exception);

    /// <summary>Forgets what was decided in a transaction that did not commit.</summary>
    public void Reset() => (Outcome, Fault, Rounds) = (null, null, 0);
}
