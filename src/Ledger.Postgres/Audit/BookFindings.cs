namespace Ledger.Postgres.Audit;

/// <summary>What was found in one book: the first broken entry always, of the rest as many as a report lists.</summary>
internal sealed class BookFindings(int max)
{
    private readonly List<AuditFinding> rest = [];

    /// <summary>The finding of the smallest entry number; the first of any if none names an entry.</summary>
    public AuditFinding? First { get; private set; }

    public IReadOnlyList<AuditFinding> Rest => rest;

    public long Count { get; private set; }

    /// <summary>For what a pass may meet that another has met already.</summary>
    public void AddOnce(AuditFinding finding)
    {
        if (finding != First && !rest.Contains(finding)) Add(finding);
    }

    public void Add(AuditFinding finding)
    {
        Count++;
        if (First is null || (finding.Entry ?? long.MaxValue) < (First.Entry ?? long.MaxValue)) (First, finding) = (finding, First!);
        if (finding is not null && rest.Count < max) rest.Add(finding);
    }
}

/// <summary>The findings and counts of all books, put together by all threads.</summary>
internal sealed class AuditTotals(int maxFindings)
{
    private readonly Lock gate = new();
    private readonly List<AuditFinding> firsts = [];
    private readonly List<AuditFinding> rest = [];
    private readonly SortedDictionary<string, long> rows = new(StringComparer.Ordinal);
    private long found;
    private long books;
    private long entries;
    private long statesToFoldAnew;

    public long Books => Interlocked.Read(ref books);

    public long Entries => Interlocked.Read(ref entries);

    public void AddEntries(long count) => Interlocked.Add(ref entries, count);

    public void AddRows(string table, long count)
    {
        lock (gate) rows[table] = rows.GetValueOrDefault(table) + count;
    }

    public void AddStatesToFoldAnew(long count) => Interlocked.Add(ref statesToFoldAnew, count);

    public void Add(BookFold book)
    {
        if (book.Row is not null) Interlocked.Increment(ref books);
        Add(book.Findings);
    }

    public void Add(BookFindings findings)
    {
        if (findings.First is not { } first) return;
        lock (gate)
        {
            found += findings.Count;
            if (firsts.Count < maxFindings) firsts.Add(first);
            rest.AddRange(findings.Rest.Take(maxFindings - rest.Count));
        }
    }

    public AuditReport Report(TimeSpan elapsed)
    {
        var findings = firsts.Concat(rest).Take(maxFindings)
            .OrderBy(finding => finding.Book, StringComparer.Ordinal).ThenBy(finding => finding.Entry ?? long.MaxValue).ToList();
        long Rows(string table) => rows.GetValueOrDefault(table);
        var models = ReadModelTables.Names.ToDictionary(table => table, Rows, StringComparer.Ordinal);
        return new(Books, Entries, Rows(StreamTable.Name), Rows(TallyTable.Name), Rows("requests"), models, statesToFoldAnew, elapsed, found, findings);
    }
}
