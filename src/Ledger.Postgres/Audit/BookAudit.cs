using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.ExceptionServices;
using Npgsql;

namespace Ledger.Postgres.Audit;

/// <summary>
/// Reads the books again, all at one moment and by another road than the one they were written on, and tells every difference between
/// the entries, their chain, and everything that is kept about them: streams, tallies, requests, read models.
/// </summary>
/// <remarks>
/// Needs rights to read only. One connection and one transaction per thread, and one more; writers are not held up. Who rewrites a
/// whole tail of a book, its hashes, its head and all that follows from it, is found by a sealed head kept elsewhere, not here.
/// </remarks>
public static class BookAudit
{
    /// <summary>Entries that are read together: enough that the round trips vanish, few enough for the processor's cache.</summary>
    private const long GroupEntries = 15_000;

    /// <summary>Books that are read together, however small they are.</summary>
    private const int GroupBooks = 10_000;

    /// <summary>Runs to the end whatever it finds.</summary>
    public static async Task<AuditReport> RunAsync(
        NpgsqlDataSource source, AuditOptions options, IProgress<AuditProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Threads < 1 || options.MaxFindings < 1 || options.MemoryLimit < options.Threads)
            throw new ArgumentOutOfRangeException(nameof(options), options, "Threads, findings and memory must be at least one each.");
        var began = Stopwatch.GetTimestamp();
        var totals = new AuditTotals(options.MaxFindings);
        await OnThread(() => Run(source, options, totals, progress, cancellation));
        return totals.Report(Stopwatch.GetElapsedTime(began));
    }

    private static void Run(NpgsqlDataSource source, AuditOptions options, AuditTotals totals, IProgress<AuditProgress>? progress, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var (first, snapshot) = AuditSession.Start(source, options);
        using var opened = first;
        first.Use(new(options.Book ?? "", "", []));
        var (books, entries, end) = first.Size();
        void Report() => progress?.Report(new(totals.Books, books, totals.Entries, entries));

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var threads = options.Book is null ? options.Threads : 1;
        using var groups = new BlockingCollection<BookGroup>(threads * 2);
        var memory = new MemoryBudget(options.MemoryLimit, threads);
        ExceptionDispatchInfo? failure = null;
        var work = Enumerable.Range(0, threads).Select(_ => OnThread(() => Guarded(Check))).ToList();
        Guarded(() =>
        {
            Group(first, options, end, groups, stop.Token);
            groups.CompleteAdding();
            ReadScan(first, "audit_requests_unreadable.sql", row => new RequestsUnreadable(row.Text(0), row.Int64(1), row.Text(2)), options, totals, stop.Token);
            // What two shards of a campaign have to say together; of one book alone nothing follows.
            if (options.Book is null) ReadScan(first, "audit_fu_refs.sql", row => new FuReferenceDiffers(row.Text(0), row.Text(1), row.Int64(2), row.Bool(3)), options, totals, stop.Token);
        });
        groups.CompleteAdding();
        Task.WhenAll(work).GetAwaiter().GetResult();
        failure?.Throw();
        Report();

        void Check()
        {
            using var session = AuditSession.Join(source, options, snapshot);
            using var audit = new GroupAudit(session, options, memory, totals, Report);
            foreach (var group in groups.GetConsumingEnumerable(stop.Token)) audit.Run(group, stop.Token);
        }

        // The first failure stops all threads, and is the one that is told.
        void Guarded(Action action)
        {
            try
            {
                action();
            }
            catch (Exception exception)
            {
                Interlocked.CompareExchange(ref failure, ExceptionDispatchInfo.Capture(exception), null);
                stop.Cancel();
            }
        }
    }

    /// <summary>A table that is scanned as a whole: where its rows lie says nothing of their books, and nearly all of them are well. Each row is a finding.</summary>
    private static void ReadScan(AuditSession session, string file, Func<CopyRows, AuditFinding> finding, AuditOptions options, AuditTotals totals, CancellationToken cancellation)
    {
        using var rows = session.CopyByScan(file);
        while (rows.Fill(cancellation))
        {
            while (rows.Next())
            {
                var findings = new BookFindings(options.MaxFindings);
                findings.Add(finding(rows));
                totals.Add(findings);
            }
        }
    }

    /// <summary>Checking keeps a processor busy for long: it has threads of its own.</summary>
    private static Task OnThread(Action action) =>
        Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);

    /// <summary>Cuts the books, in the order of their names, into groups that leave no name out.</summary>
    private static void Group(AuditSession session, AuditOptions options, string end, BlockingCollection<BookGroup> groups, CancellationToken cancellation)
    {
        var from = options.Book ?? "";
        var entries = 0L;
        var gathered = new List<BookRow>();
        session.Use(new(from, end, []));
        using (var rows = session.Copy("audit_books.sql"))
        {
            while (rows.Fill(cancellation))
            {
                while (rows.Next())
                {
                    var book = new BookRow(rows.Text(0), rows.Int64(1), rows.Bytes(2).ToArray());
                    if (gathered.Count == GroupBooks || entries >= GroupEntries || (gathered.Count > 0 && book.Head > GroupEntries))
                    {
                        groups.Add(new(from, book.Book, gathered), cancellation);
                        (from, entries, gathered) = (book.Book, 0, []);
                    }

                    gathered.Add(book);
                    entries += Math.Clamp(book.Head, 0, GroupEntries);
                }
            }
        }

        groups.Add(new(from, end, gathered), cancellation);
    }
}
