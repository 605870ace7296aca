using System.Data;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;

namespace Ledger.Postgres.Readers;

/// <summary>
/// Builds a read model anew from the first entry while it is read and written: beside it, in schema <c>ledger_rebuild</c>, and then puts
/// the new table in its place in one short transaction. Readers never meet a half-built table, and writers, who wait for that
/// transaction, then find the new one by its name.
/// </summary>
/// <param name="logger">Told when the swap had to give way to others.</param>
public sealed class ReadModelRebuild(NpgsqlDataSource database, ILogger<ReadModelRebuild> logger)
{
    /// <summary>Entries that one transaction loads: what it hashes stays within a few hundred megabytes.</summary>
    private const long ChunkEntries = 2_000_000;

    /// <summary>Fewer missing entries than this are caught up while writers wait.</summary>
    private const long FewEntries = 5_000;

    private const int SwapAttempts = 60;

    private static readonly TimeSpan SwapRetry = TimeSpan.FromSeconds(1);

    /// <summary>Rebuilds and swaps.</summary>
    /// <param name="progress">Told how many entries of how many are loaded.</param>
    /// <param name="lanes">Connections that load different books at the same time.</param>
    /// <exception cref="InvalidOperationException">Another rebuild of this read model is at work, or migrations are.</exception>
    /// <exception cref="TimeoutException">Others held the table at every attempt to swap; the old one stays.</exception>
    public async Task RunAsync(
        ReadModel model, IProgress<(long Done, long Total)>? progress = null, int lanes = 2, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        await using var connection = await database.OpenConnectionAsync(cancellation);
        try
        {
            if (!await TryLockAsync(connection, "rebuild_schema_lock.sql", cancellation)) throw new InvalidOperationException("Migrations are being applied.");
            if (!await TryLockAsync(connection, "rebuild_lock.sql", cancellation, Text(model.Table))) throw new InvalidOperationException($"Another rebuild of {model.Table} is at work.");
            await RunAsync(model, connection, new(progress), lanes, cancellation);
        }
        finally
        {
            // A broken connection has given the locks back by itself.
            if (connection.State == ConnectionState.Open) await UnlockAsync(connection);
        }
    }

    private async Task RunAsync(ReadModel model, NpgsqlConnection connection, LoadProgress load, int lanes, CancellationToken cancellation)
    {
        var statements = await StatementsAsync(connection, model, cancellation);
        await ExecuteAsync(connection, statements["create"], cancellation);

        var built = new Dictionary<string, long>(StringComparer.Ordinal);
        await LoadAsync(model, await MissingAsync(connection, built, cancellation), built, lanes, load, cancellation);
        await using (var transaction = await connection.BeginTransactionAsync(cancellation))
        {
            await ExecuteAsync(connection, [SqlFile.Read("rebuild_load_settings.sql"), .. statements["index"]], cancellation);
            await transaction.CommitAsync(cancellation);
        }

        for (var attempt = 1; ; attempt++)
        {
            await CatchUpAsync(model, connection, built, load, cancellation);
            try
            {
                await SwapAsync(model, connection, statements, built, cancellation);
                return;
            }
            catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected)
            {
                if (attempt == SwapAttempts) throw new TimeoutException($"Others hold {model.Table}; the rebuilt table is not in its place.", e);
                logger.LogInformation("Others hold {Table}; its rebuilt copy tries again to take its place.", model.Table);
                await Task.Delay(SwapRetry, cancellation);
            }
        }
    }

    private static async Task<bool> TryLockAsync(NpgsqlConnection connection, string file, CancellationToken cancellation, params NpgsqlParameter[] parameters)
    {
        await using var command = Command(connection, SqlFile.Read(file), parameters);
        return (bool)(await command.ExecuteScalarAsync(cancellation))!;
    }

    private static async Task UnlockAsync(NpgsqlConnection connection)
    {
        await using var command = Command(connection, SqlFile.Read("rebuild_unlock.sql"));
        await command.ExecuteNonQueryAsync(CancellationToken.None);
    }

    private static async Task<ILookup<string, string>> StatementsAsync(NpgsqlConnection connection, ReadModel model, CancellationToken cancellation)
    {
        await using var command = Command(connection, SqlFile.Read("rebuild_statements.sql"), Text(model.Table));
        await using var rows = await command.ExecuteReaderAsync(cancellation);
        var statements = new List<(string Phase, string Statement)>();
        while (await rows.ReadAsync(cancellation)) statements.Add((rows.GetString(0), rows.GetString(1)));
        return statements.ToLookup(s => s.Phase, s => s.Statement, StringComparer.Ordinal);
    }

    /// <summary>What the books have and the copy has not.</summary>
    private static async Task<List<BookRange>> MissingAsync(
        NpgsqlConnection connection, Dictionary<string, long> built, CancellationToken cancellation)
    {
        await using var command = Command(connection, SqlFile.Read("rebuild_heads.sql"));
        await using var rows = await command.ExecuteReaderAsync(cancellation);
        var missing = new List<BookRange>();
        while (await rows.ReadAsync(cancellation))
        {
            var (book, head) = (rows.GetString(0), rows.GetInt64(1));
            var after = built.GetValueOrDefault(book);
            if (head > after) missing.Add(new(book, after, head));
        }

        return missing;
    }

    /// <summary>Loads the ranges in large chunks; each book in one lane, so that its entries come in order.</summary>
    private async Task LoadAsync(
        ReadModel model, List<BookRange> ranges, Dictionary<string, long> built, int lanes, LoadProgress load, CancellationToken cancellation)
    {
        var loads = Enumerable.Range(0, Math.Max(lanes, 1)).Select(_ => new Lane()).ToArray();
        load.Expect(ranges.Sum(range => range.Count));
        foreach (var range in ranges.OrderByDescending(range => range.Count)) loads.MinBy(lane => lane.Entries)!.Add(range);
        await Task.WhenAll(loads.Where(lane => lane.Entries > 0).Select(lane => LoadAsync(model, lane, load, cancellation)));
        foreach (var range in ranges) built[range.Book] = range.UpTo;
    }

    private async Task LoadAsync(ReadModel model, Lane lane, LoadProgress load, CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        foreach (var chunk in lane.Chunks())
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellation);
            await ExecuteAsync(connection, [SqlFile.Read("rebuild_load_settings.sql")], cancellation);
            await ApplyAsync(connection, model.BulkSql, chunk, cancellation);
            await transaction.CommitAsync(cancellation);
            load.Add(chunk.Sum(range => range.Count));
        }
    }

    /// <summary>Follows while others write, until few entries are missing.</summary>
    private async Task CatchUpAsync(
        ReadModel model, NpgsqlConnection connection, Dictionary<string, long> built, LoadProgress load, CancellationToken cancellation)
    {
        for (var round = 0; round < 10; round++)
        {
            var missing = await MissingAsync(connection, built, cancellation);
            if (missing.Sum(range => range.Count) < FewEntries) return;
            await LoadAsync(model, missing, built, lanes: 1, load, cancellation);
        }
    }

    private static async Task SwapAsync(
        ReadModel model, NpgsqlConnection connection, ILookup<string, string> statements, Dictionary<string, long> built, CancellationToken cancellation)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await ExecuteAsync(connection, [SqlFile.Read("rebuild_swap_settings.sql")], cancellation);
        if (!model.IsInline)
        {
            await using var reader = Command(connection, SqlFile.Read("rebuild_reader_lock.sql"), Text(model.Table));
            await reader.ExecuteNonQueryAsync(cancellation);
        }

        // From here on nobody writes the table; who waits to do so applies his entries to the new one.
        await ExecuteAsync(connection, statements["lock"], cancellation);
        var missing = await MissingAsync(connection, built, cancellation);
        if (missing.Count > 0) await ApplyAsync(connection, model.Sql, missing, cancellation);
        if (!model.IsInline) await MoveAsync(connection, model, built, missing, cancellation);
        await ExecuteAsync(connection, statements["swap"], cancellation);
        await transaction.CommitAsync(cancellation);
    }

    private static async Task MoveAsync(
        NpgsqlConnection connection, ReadModel model, Dictionary<string, long> built, List<BookRange> missing, CancellationToken cancellation)
    {
        var heads = new Dictionary<string, long>(built, StringComparer.Ordinal);
        foreach (var range in missing) heads[range.Book] = range.UpTo;
        var (books, upTo) = (Scribing.Parameters.Text(), Scribing.Parameters.Bigint());
        books.TypedValue = [.. heads.Keys];
        upTo.TypedValue = [.. heads.Values];
        await using var command = Command(connection, SqlFile.Read("rebuild_progress.sql"), Text(model.Table), books, upTo);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    private static async Task ApplyAsync(NpgsqlConnection connection, string sql, IReadOnlyList<BookRange> ranges, CancellationToken cancellation)
    {
        await using var batch = new NpgsqlBatch(connection) { BatchCommands = { BookRange.Command(sql, ranges) }, Timeout = 0 };
        await batch.ExecuteNonQueryAsync(cancellation);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, IEnumerable<string> statements, CancellationToken cancellation)
    {
        foreach (var statement in statements)
        {
            await using var command = Command(connection, statement);
            await command.ExecuteNonQueryAsync(cancellation);
        }
    }

    // The statements that are made from the catalogue quote every name in it.
#pragma warning disable CA2100
    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
        var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        foreach (var parameter in parameters) command.Parameters.Add(parameter);
        return command;
    }
#pragma warning restore CA2100

    private static NpgsqlParameter<string> Text(string value) => new() { TypedValue = value, NpgsqlDbType = NpgsqlDbType.Varchar };

    private sealed class Lane
    {
        private readonly List<BookRange> ranges = [];

        public long Entries { get; private set; }

        public void Add(BookRange range)
        {
            ranges.Add(range);
            Entries += range.Count;
        }

        /// <summary>The ranges in order, cut so that no chunk holds more than <see cref="ChunkEntries"/>.</summary>
        public IEnumerable<List<BookRange>> Chunks()
        {
            var (chunk, room) = (new List<BookRange>(), ChunkEntries);
            foreach (var range in ranges)
            {
                for (var after = range.After; after < range.UpTo;)
                {
                    var upTo = Math.Min(after + room, range.UpTo);
                    chunk.Add(new(range.Book, after, upTo));
                    (room, after) = (room - (upTo - after), upTo);
                    if (room > 0) continue;
                    yield return chunk;
                    (chunk, room) = ([], ChunkEntries);
                }
            }

            if (chunk.Count > 0) yield return chunk;
        }
    }

    private sealed class LoadProgress(IProgress<(long Done, long Total)>? progress)
    {
        private readonly Lock gate = new();
        private long done;
        private long total;

        public void Expect(long entries) => Change(0, entries);

        public void Add(long entries) => Change(entries, 0);

        private void Change(long more, long expected)
        {
            lock (gate)
            {
                (done, total) = (done + more, total + expected);
                progress?.Report((done, total));
            }
        }
    }
}
