using System.Runtime.CompilerServices;
using System.Text;

namespace Ledger.Postgres.Audit;

/// <summary>
/// Consecutive books that are read together, with every row of merchants between them who have no book: those whose id is not before
/// <paramref name="From"/> and before <paramref name="To"/>.
/// </summary>
internal sealed record BookGroup(string From, string To, IReadOnlyList<BookRow> Books);

/// <summary>
/// Checks one group after another over one connection: reads the entries in order, folds them, then reads every table that follows from
/// them. What does not fit in memory is left to further passes over the same group.
/// </summary>
internal sealed class GroupAudit(AuditSession session, AuditOptions options, MemoryBudget memory, AuditTotals totals, Action onProgress) : IDisposable
{
    private const string Entries = "mt_events";
    private const int ProgressStep = 1 << 14;
    private const uint MaxModulus = 1 << 12;

    private readonly EntryCheck check = new();
    private readonly EventReader reader = new();
    private readonly FlatJson flat = new();
    private readonly ITableCheck[] tables = [new StreamTable(totals), new TallyTable(), new TombstoneTable(), .. ReadModelTables.Checks.Where(check => !IsGathered(check))];
    private readonly ITableCheck[] gathered = [.. ReadModelTables.Checks.Where(IsGathered)];
    private readonly Dictionary<string, BookFold> books = new(StringComparer.Ordinal);
    private readonly Stack<Part> parts = new();
    private readonly byte[]? only = options.Book is null ? null : Encoding.UTF8.GetBytes(options.Book);
    private BookFold? current;

    public void Run(BookGroup group, CancellationToken cancellation)
    {
        books.Clear();
        current = null;
        foreach (var row in group.Books) books.Add(row.Book, new(row.Book, row, options.MaxFindings));
        session.Use(group);
        ReadProgress(cancellation);
        parts.Push(new(modulus: 1, remainder: 0));
        for (var isFirst = true; parts.TryPop(out var part); isFirst = false)
        {
            ReadEntries(part, isFirst, cancellation);
            foreach (var table in tables) Compare(table, part, cancellation);
            foreach (var book in books.Values)
            {
                book.Gather();
                FindMissingRequests(book);
                book.Clear();
            }
        }

        foreach (var table in gathered) Compare(table, Part.All, cancellation);

        foreach (var book in books.Values) totals.Add(book);
        onProgress();
    }

    public void Dispose() => check.Dispose();

    /// <summary>Whether its rows come of streams in all passes, and are compared after the last.</summary>
    private static bool IsGathered(ITableCheck check) => check is SurfaceTotalsTable or FuTotalsTable;

    private void ReadProgress(CancellationToken cancellation)
    {
        using var rows = session.Copy("audit_progress.sql");
        while (rows.Fill(cancellation))
        {
            while (rows.Next())
            {
                if (BookOf(rows.Bytes(0), "progress") is { } book) book.Progress.Set(rows.Text(1), rows.Int64(2));
            }
        }
    }

    private void ReadEntries(Part part, bool isFirst, CancellationToken cancellation)
    {
        var (held, reported, counted) = (0, 0, 0);
        ReadRequests(part, isFirst, ref held, ref reported, cancellation);
        BookFold? chained = null;
        using (var rows = session.Copy("audit_entries.sql"))
        {
            while (rows.Fill(cancellation))
            {
                while (rows.Next())
                {
                    if (BookOf(rows.Bytes(0), Entries) is not { } book) continue;
                    if (isFirst && chained != book)
                    {
                        chained?.Chain.Finish(chained.Row, check);
                        chained = book;
                    }

                    Take(rows, book, part, isFirst, ref held);
                    if (memory.IsExceeded(held, ref reported)) held = Split(part, ref reported);
                    if (isFirst && ++counted % ProgressStep == 0) Report(ProgressStep);
                }
            }
        }

        memory.Release(reported);
        if (!isFirst) return;
        Report(counted % ProgressStep);
        chained?.Chain.Finish(chained.Row, check);
        foreach (var book in books.Values)
        {
            if (book.Chain.Last == 0) book.Chain.Finish(book.Row, check);
            book.Progress.Check(book);
        }
    }

    private void Take(CopyRows row, BookFold book, Part part, bool isFirst, ref int held)
    {
        var entry = RawEntry.Of(row);
        var type = reader.Find(entry.Type);
        var shape = (JsonShape?)null;
        var members = type?.Shapes.TryScan(flat, entry.Data, out shape) is true ? flat : null;
        if (isFirst)
        {
            book.Chain.Next(entry, check, members, shape);
            CheckColumns(row, entry, book, type);
        }

        CheckRequest(entry, book, part, ref held);
        EventFolder.Fold(reader, entry, book, part, isFirst, type, members, shape, ref held);
    }

    /// <summary>What the hash does not cover, and what the code decides.</summary>
    private static void CheckColumns(CopyRows row, in RawEntry entry, BookFold book, KnownEvent? type)
    {
        if (!row.IsNull(13)) Add(entry, "bdata", "bytes");
        if (!row.IsNull(14)) Add(entry, "is_archived", "true");
        if (!PostgresTime.IsTime(entry.Timestamp)) Add(entry, "timestamp", PostgresTime.Text(entry.Timestamp));
        if (type is not null && !entry.DotnetType.SequenceEqual(type.DotnetType)) Add(entry, "mt_dotnet_type", row.Text(8));

        void Add(in RawEntry entry, string column, string found) => book.Findings.Add(new EntryColumnUnexpected(book.Book, entry.Seq, column, found));
    }

    /// <summary>Halves what this pass holds until it fits; gives what is still held.</summary>
    private int Split(Part part, ref int reported)
    {
        int held;
        do
        {
            if (part.Modulus == MaxModulus) return 0; // Finer cuts would only be more passes; count anew.
            parts.Push(part.Split());
            foreach (var book in books.Values) book.Shrink(part);
            held = books.Values.Sum(book => book.Held);
        }
        while (memory.IsExceeded(held, ref reported));

        return held;
    }

    private void Compare(ITableCheck table, Part part, CancellationToken cancellation)
    {
        var count = 0L;
        using (var rows = session.Copy(table.Sql))
        {
            while (rows.Fill(cancellation))
            {
                while (rows.Next())
                {
                    if (BookOf(rows.Bytes(0), table.Table) is { } book && table.Compare(rows, book, part)) count++;
                }
            }
        }

        foreach (var book in books.Values) table.Missing(book);
        totals.AddRows(table.Table, count);
    }

    /// <summary>The keys that are kept, before the entries that were written under them.</summary>
    private void ReadRequests(Part part, bool isFirst, ref int held, ref int reported, CancellationToken cancellation)
    {
        var count = 0L;
        using (var rows = session.Copy("audit_requests.sql"))
        {
            while (rows.Fill(cancellation))
            {
                while (rows.Next())
                {
                    if (BookOf(rows.Bytes(0), "requests") is not { } book) continue;
                    count++;
                    if (part.Holds(rows.Bytes(1))) book.Hold(rows.Text(1), BookFold.Kept, ref held);
                    if (memory.IsExceeded(held, ref reported)) held = Split(part, ref reported);
                }
            }
        }

        if (isFirst) totals.AddRows("requests", count);
    }

    /// <summary>A request that wrote entries is kept: sent again, it is answered, not carried out again.</summary>
    private static void CheckRequest(in RawEntry entry, BookFold book, Part part, ref int held)
    {
        if (entry.HasCausation && part.Holds(entry.Causation) && Unsafe.IsNullRef(ref Differ.Find(book.Requests, entry.Causation)))
            book.Hold(Encoding.UTF8.GetString(entry.Causation), entry.Seq, ref held);
    }

    private static void FindMissingRequests(BookFold book)
    {
        foreach (var (key, entry) in book.Requests)
        {
            if (entry != BookFold.Kept) book.Findings.Add(new RequestMissing(book.Book, entry, key));
        }
    }

    /// <summary>The book of that name, made known as missing at its first row; null for a book that is not asked about.</summary>
    private BookFold? BookOf(ReadOnlySpan<byte> name, string table)
    {
        if (current is not null && name.SequenceEqual(current.Utf8)) return current;
        if (only is not null && !name.SequenceEqual(only)) return null;
        var book = Encoding.UTF8.GetString(name);
        if (books.TryGetValue(book, out current)) return current;
        books.Add(book, current = new(book, null, options.MaxFindings));
        current.Findings.Add(new BookUnknown(book, table));
        return current;
    }

    private void Report(int entries)
    {
        totals.AddEntries(entries);
        onProgress();
    }
}
