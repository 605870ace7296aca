namespace Ledger.Postgres.Audit;

/// <summary>What an audit looks at, and what it may use.</summary>
public sealed record AuditOptions
{
    /// <summary>One book only; null: every book, and every row that belongs to none.</summary>
    public string? Book { get; init; }

    /// <summary>Books that are checked at the same time, each over a connection of its own.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Findings that the report lists; all are counted. The first broken entry of a book comes before any other finding, rows that differ before those of streams that are not there.</summary>
    public int MaxFindings { get; init; } = 1_000;

    /// <summary>
    /// Streams, tallies and read-model sums held in memory at once, over all threads (about 0.5 kB each); a book that has more
    /// is read several times.
    /// </summary>
    public int MemoryLimit { get; init; } = 1_000_000;
}

/// <summary>How far an audit has come.</summary>
/// <param name="TotalBooks">Books of the snapshot.</param>
/// <param name="TotalEntries">What the heads of the books add up to.</param>
public sealed record AuditProgress(long Books, long TotalBooks, long Entries, long TotalEntries);

/// <summary>What an audit read and what it found.</summary>
/// <param name="Entries">Each counted once, however often a large book was read.</param>
/// <param name="StatesToFoldAnew">Streams without a stored state, or with one of another shape: allowed, they are folded when next used.</param>
/// <param name="Found">How many findings there were; <paramref name="Findings"/> holds the first of each book and as many more as asked for.</param>
/// <param name="Findings">In order of book and entry.</param>
public sealed record AuditReport(
    long Books, long Entries, long Streams, long Tallies, long Requests, IReadOnlyDictionary<string, long> ReadModelRows, long StatesToFoldAnew,
    TimeSpan Elapsed, long Found, IReadOnlyList<AuditFinding> Findings)
{
    /// <summary>Nothing differs from what the entries say, and the entries are what was written.</summary>
    public bool IsClean => Found == 0;

    /// <summary>Entries checked per second.</summary>
    public double EntriesPerSecond => Elapsed > TimeSpan.Zero ? Entries / Elapsed.TotalSeconds : 0;
}
