using System.Collections.Frozen;
using System.Text;
using Ledger.Postgres.Scribing;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Ledger.Postgres.Readers;

/// <summary>
/// What a reader does with ranges of entries, inside the transaction that moves its progress over them: all of it happens, or none.
/// </summary>
public delegate Task RangeHandler(NpgsqlConnection connection, IReadOnlyList<BookRange> ranges, CancellationToken cancellation);

/// <summary>How a reader works; the defaults suit a service.</summary>
/// <param name="Entries">Most entries of one transaction.</param>
/// <param name="Books">Most books of one transaction.</param>
public sealed record BookReaderOptions(int Entries = 20_000, int Books = 2_000)
{
    /// <summary>The least time from one pass to the next: a thousand busy books cost a few passes a second, not thousands.</summary>
    public TimeSpan PassInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// How long the reader rests for each moment that it worked. A pass costs by the book more than by the entry: under load it is better
    /// to follow more entries in fewer passes, and tills come first.
    /// </summary>
    public int RestPerWork { get; init; } = 10;

    /// <summary>The longest such rest; who is far behind goes on after it.</summary>
    public TimeSpan LongestRest { get; init; } = TimeSpan.FromMilliseconds(750);

    /// <summary>The longest until every book is looked at again, hint or none.</summary>
    public TimeSpan SweepInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// For readers whom nobody waits for, or whom little of what tills write concerns: they wake for that, take long rests when it is much, and look at
    /// everything else seldom and in large pieces.
    /// </summary>
    public static BookReaderOptions Seldom { get; } = new(Entries: 200_000) { RestPerWork = 100, LongestRest = TimeSpan.FromSeconds(10), SweepInterval = TimeSpan.FromMinutes(1) };

    /// <summary>How long a book whose entries the handler cannot take is left alone, so that the others go on.</summary>
    public TimeSpan SetAside { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>
/// Follows all books with one handler: wakes on a hint, else sweeps; works in bounded transactions that move the reader's progress
/// with the work. Any number of instances may run: they exclude each other for a transaction, and the progress is compared
/// before it is moved, so that no range is applied twice.
/// </summary>
/// <param name="name">The reader's name in <c>progress</c>; never reused for another purpose.</param>
/// <param name="concerns">The stored events worth waking for: others are followed with them, or by the next sweep. Null: every one is.</param>
/// <param name="onlyWith">The member without which an event is not worth waking for either; null: each is.</param>
public sealed class BookReader(
    string name, RangeHandler handle, NpgsqlDataSource database, BookHints hints, ILogger logger, BookReaderOptions? options = null, IReadOnlySet<string>? concerns = null,
    string? onlyWith = null)
{
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromSeconds(30);

    private readonly BookReaderOptions options = options ?? new();
    private readonly Dictionary<string, long> setAside = new(StringComparer.Ordinal);
    private readonly byte[] member = onlyWith is null ? [] : Encoding.UTF8.GetBytes($"\"{onlyWith}\":");

    private enum Chunk
    {
        /// <summary>Another instance is at work with this reader.</summary>
        NotMine,
        Done,

        /// <summary>A bound was met; the next transaction goes on.</summary>
        More,
    }

    /// <summary>How long one statement of a pass may take.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>How long to leave alone what another instance is at work with: it follows the same books, and only its end is waited for.</summary>
    private static readonly TimeSpan AnothersTurn = TimeSpan.FromSeconds(1);

    public string Name => name;

    /// <summary>The reader that brings a read model forward.</summary>
    public static BookReader Of(
        ReadModel model, NpgsqlDataSource database, BookHints hints, ILogger logger, BookReaderOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        return new(model.Table, ApplyAsync, database, hints, logger, options, Catalogue.Events.Keys.Where(model.Knows).ToFrozenSet(StringComparer.Ordinal));

        async Task ApplyAsync(NpgsqlConnection connection, IReadOnlyList<BookRange> ranges, CancellationToken cancellation)
        {
            // A pass that is given up does the same work again: on a machine that is slow for a while it has to end some time.
            await using var batch = new NpgsqlBatch(connection) { BatchCommands = { BookRange.Command(model.Sql, ranges) }, Timeout = (int)Patience.TotalSeconds };
            await batch.ExecuteNonQueryAsync(cancellation);
        }
    }

    /// <summary>Follows until it is cancelled, and then returns. Lost connections and faults are logged and tried again.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var listener = hints.Listen(concerns is null ? null : Concerns);
        var pending = new HashSet<string>(StringComparer.Ordinal);
        var (sweepAt, failures) = (0L, 0);
        try
        {
            while (true)
            {
                var patience = TimeSpan.FromMilliseconds(Math.Max(sweepAt - Environment.TickCount64, 0));
                if (pending.Count == 0) await listener.WaitAsync(patience, cancellation);
                pending.UnionWith(listener.Take());
                var (started, sweeps) = (Environment.TickCount64, Environment.TickCount64 >= sweepAt || pending.Contains(BookHints.Everywhere));
                var pause = options.PassInterval;
                try
                {
                    if (await PassAsync(sweeps ? null : pending, cancellation))
                    {
                        pending.Clear();
                        if (sweeps) sweepAt = started + (long)(options.SweepInterval.TotalMilliseconds * Spread());
                    }
                    else
                    {
                        pause = AnothersTurn;
                    }

                    failures = 0;
                }
                catch (Exception e) when (!cancellation.IsCancellationRequested)
                {
                    pause = Backoff(failures++);
                    logger.LogWarning(e, "Reader {Reader} failed; it goes on in {Pause}.", name, pause);
                }

                var spent = TimeSpan.FromMilliseconds(Environment.TickCount64 - started);
                var rest = TimeSpan.FromTicks(Math.Max((pause - spent).Ticks, Math.Min((spent * options.RestPerWork).Ticks, options.LongestRest.Ticks)));
                if (rest > TimeSpan.Zero) await Task.Delay(rest, cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Asked to stop: what was not committed is done by the next who follows.
        }
    }

    /// <summary>Follows every book up to the head that it has by then, and returns.</summary>
    public async Task CatchUpAsync(CancellationToken cancellation = default)
    {
        while (!await PassAsync(null, cancellation)) await Task.Delay(options.PassInterval, cancellation);
    }

    /// <summary>Whether the reader wakes for an event.</summary>
    internal bool Concerns(string stored, ReadOnlyMemory<byte> data) => concerns!.Contains(stored) && (data.IsEmpty || data.Span.IndexOf(member) >= 0);

    private static TimeSpan Backoff(int failures)
    {
        var longest = Math.Min(TimeSpan.FromMilliseconds(500 << Math.Min(failures, 10)).TotalMilliseconds, LongestBackoff.TotalMilliseconds);
        return TimeSpan.FromMilliseconds(longest * Spread());
    }

    /// <summary>From a half to one: readers that began together do not go on together.</summary>
#pragma warning disable CA5394 // Nothing secret.
    private static double Spread() => 0.5 + (Random.Shared.NextDouble() / 2);
#pragma warning restore CA5394

    /// <summary>Brings the books, or all, up to their heads. False when another instance is at work: the books remain to be looked at.</summary>
    private async Task<bool> PassAsync(IReadOnlyCollection<string>? books, CancellationToken cancellation)
    {
        var now = Environment.TickCount64;
        foreach (var (book, until) in setAside.ToArray())
        {
            if (until <= now) setAside.Remove(book);
        }

        foreach (var some in books is null ? [null] : books.Chunk(options.Books).Cast<string[]?>())
        {
            var chunk = Chunk.More;
            while (chunk == Chunk.More) chunk = await ChunkAsync(some, cancellation);
            if (chunk == Chunk.NotMine) return false;
        }

        return true;
    }

    private async Task<Chunk> ChunkAsync(string[]? books, CancellationToken cancellation)
    {
        List<BookRange> ranges = [];
        try
        {
            await using var connection = await database.OpenConnectionAsync(cancellation);
            await using var transaction = await connection.BeginTransactionAsync(cancellation);
            var (isMine, behind) = await BehindAsync(connection, books, cancellation);
            if (!isMine) return Chunk.NotMine;
            if (behind.Count == 0) return Chunk.Done;
            (ranges, var isAll) = Take(behind);
            await handle(connection, ranges, cancellation);
            await MoveAsync(connection, ranges, cancellation);
            await transaction.CommitAsync(cancellation);
            return isAll && behind.Count < options.Books ? Chunk.Done : Chunk.More;
        }
        catch (PostgresException e) when (IsFaultOfAnEntry(e) && ranges.Count > 0)
        {
            if (ranges.Count > 1)
            {
                foreach (var range in ranges) await ChunkAsync([range.Book], cancellation);
            }
            else
            {
                setAside[ranges[0].Book] = Environment.TickCount64 + (long)options.SetAside.TotalMilliseconds;
                logger.LogError(e, "Reader {Reader} cannot follow {Range}; the book is left alone for {Time}.", name, ranges[0], options.SetAside);
            }

            return Chunk.More;
        }
    }

    // Data that cannot be read (22) or breaks a constraint (23): the same entries would fail again.
    private static bool IsFaultOfAnEntry(PostgresException e) =>
        e.SqlState.StartsWith("22", StringComparison.Ordinal) || e.SqlState.StartsWith("23", StringComparison.Ordinal);

    private async Task<(bool IsMine, List<BookRange> Behind)> BehindAsync(
        NpgsqlConnection connection, string[]? books, CancellationToken cancellation)
    {
        var aside = Parameters.Text();
        aside.TypedValue = [.. setAside.Keys];
        var hinted = Parameters.Text();
        hinted.TypedValue = books ?? [];
        var settings = Parameters.Command(SqlFile.Read("reader_settings.sql"));
        await using var batch = new NpgsqlBatch(connection) { BatchCommands = { Parameters.Command(SqlFile.Read("reader_begin.sql"), Text(name)) } };
        if (books is not null) batch.BatchCommands.Add(settings);
        batch.BatchCommands.Add(books is null
            ? Parameters.Command(SqlFile.Read("reader_ranges_of_all.sql"), Text(name), aside, new NpgsqlParameter<int> { TypedValue = options.Books })
            : Parameters.Command(SqlFile.Read("reader_ranges_of_books.sql"), Text(name), hinted, aside));
        if (books is null) batch.BatchCommands.Add(settings);
        await using var rows = await batch.ExecuteReaderAsync(cancellation);
        await rows.ReadAsync(cancellation);
        var isMine = rows.GetBoolean(rows.GetOrdinal("is_mine"));
        await rows.NextResultAsync(cancellation);
        if (books is not null) await rows.NextResultAsync(cancellation);
        var behind = new List<BookRange>();
        while (await rows.ReadAsync(cancellation)) behind.Add(new(rows.GetString(0), rows.GetInt64(1), rows.GetInt64(2)));
        return (isMine, behind);
    }

    /// <summary>As many entries as one transaction takes. The books that lack few come first; the last may be cut.</summary>
    private (List<BookRange> Ranges, bool IsAll) Take(List<BookRange> behind)
    {
        var (ranges, left) = (new List<BookRange>(behind.Count), (long)options.Entries);
        foreach (var range in behind.OrderBy(range => range.Count))
        {
            if (left == 0) return (ranges, false);
            var count = Math.Min(range.Count, left);
            ranges.Add(range with { UpTo = range.After + count });
            left -= count;
            if (count < range.Count) return (ranges, false);
        }

        return (ranges, true);
    }

    private async Task MoveAsync(NpgsqlConnection connection, List<BookRange> ranges, CancellationToken cancellation)
    {
        await using var batch = new NpgsqlBatch(connection) { BatchCommands = { BookRange.Command(SqlFile.Read("reader_move.sql"), name, ranges) } };
        var moved = await batch.ExecuteNonQueryAsync(cancellation);
        if (moved != ranges.Count)
        {
            throw new InvalidOperationException($"Reader {name} found its progress moved by someone else in {ranges.Count - moved} of {ranges.Count} books.");
        }
    }

    private static NpgsqlParameter<string> Text(string value) => new() { TypedValue = value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Varchar };
}
