namespace Ledger.Postgres;

/// <summary>
/// Answers many askers by few questions: while the questions that may be asked at once are under way, those who come wait together and are
/// asked for by the next one. Nobody waits for company: a lone asker is asked for at once.
/// </summary>
/// <param name="read">Rows for these keys, one a key in their order. Should it fail, those whose keys it was given fail.</param>
/// <param name="questions">Asked at the same time, at most.</param>
/// <param name="mostKeys">Of one question; an asker with more of them is asked for alone.</param>
/// <param name="mostWaiting">Askers that may wait; above it the answer is <see cref="LedgerOverloadedException"/>.</param>
internal sealed class SharedReads<TKey, TRow>(Func<IReadOnlyList<TKey>, Task<IReadOnlyList<TRow>>> read, int questions, int mostKeys, int mostWaiting)
{
    private readonly Lock gate = new();
    private readonly Queue<Asker> waiting = new();
    private int underWay;

    /// <summary>The rows of these keys, one a key in their order, as they stood after the call.</summary>
    /// <exception cref="LedgerOverloadedException">Too many wait already.</exception>
    public Task<ArraySegment<TRow>> AskAsync(IReadOnlyList<TKey> keys, CancellationToken cancellation)
    {
        var asker = new Asker(keys, cancellation);
        lock (gate)
        {
            if (waiting.Count >= mostWaiting) throw new LedgerOverloadedException("More reads wait than the service takes.");
            waiting.Enqueue(asker);
            if (underWay < questions)
            {
                underWay++;
                _ = Task.Run(WorkAsync, CancellationToken.None);
            }
        }

        return asker.Answer.Task.WaitAsync(cancellation);
    }

    private async Task WorkAsync()
    {
        while (Next() is { Count: > 0 } askers)
        {
            try
            {
                TKey[] keys = [.. askers.SelectMany(asker => asker.Keys)];
                TRow[] rows = [.. await read(keys)];
                var from = 0;
                foreach (var asker in askers)
                {
                    asker.Answer.SetResult(new(rows, from, asker.Keys.Count));
                    from += asker.Keys.Count;
                }
            }
            catch (Exception exception)
            {
                // None of them was answered yet: only the reading throws, or an answer of too few rows before its own asker's.
                foreach (var asker in askers) asker.Answer.TrySetException(exception);
            }
        }
    }

    /// <summary>Those to ask for next; when there are none, this question was the last. Who hung up is not asked for.</summary>
    private List<Asker> Next()
    {
        var (askers, keys) = (new List<Asker>(), 0);
        lock (gate)
        {
            while (waiting.TryPeek(out var next) && (askers.Count == 0 || keys + next.Keys.Count <= mostKeys))
            {
                waiting.Dequeue();
                if (next.Cancellation.IsCancellationRequested) continue;
                askers.Add(next);
                keys += next.Keys.Count;
            }

            if (askers.Count == 0) underWay--;
        }

        return askers;
    }

    private sealed record Asker(IReadOnlyList<TKey> Keys, CancellationToken Cancellation)
    {
        public TaskCompletionSource<ArraySegment<TRow>> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
