using Ledger.Postgres;
using Ledger.Postgres.Readers;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Npgsql;
using Xunit;

namespace Ledger.Tests.Readers;

/// <summary>Readers that follow books: each entry once, in order, whoever else follows.</summary>
public sealed class BookReaderTests : IAsyncLifetime
{
    private ReadersDatabase server = null!;
    private NpgsqlDataSource database = null!;

    public async Task InitializeAsync()
    {
        server = await ReadersDatabase.CreateAsync();
        database = server.Connect();
    }

    public async Task DisposeAsync() => await database.DisposeAsync();

    [Fact]
    public async Task The_follower_brings_every_model_that_is_not_inline_up_to_the_heads()
    {
        var histories = new Histories(1).Write(300);
        await histories.StoreAsync(database);
        using var follower = new ReadModelFollower(database, new(), NullLogger<ReadModelFollower>.Instance, ReaderTesting.Quick);
        await follower.CatchUpAsync();

        string[] models = [.. ReadModel.All.Where(model => !model.IsInline).Select(model => model.Table)];
        foreach (var model in models) Assert.Equal(StoredRows.Folded(histories, model), await StoredRows.ReadAsync(database, model));
        Assert.All(await ReaderStatus.ReadAsync(database, models, Instant.MaxValue), status => Assert.Equal(0, status.EntriesBehind));
    }

    [Fact]
    public async Task A_pass_that_falls_silent_is_ended_by_the_server_and_one_that_waits_for_scribes_is_not()
    {
        await new Histories(1).Write(10).StoreAsync(database);
        var said = new HashSet<string>(StringComparer.Ordinal);
        await new BookReader("patience", AskAsync, database, new(), NullLogger.Instance, ReaderTesting.Quick).CatchUpAsync();
        Assert.Equal(["0 after policies read", "1min"], said.Order(StringComparer.Ordinal), StringComparer.Ordinal);

        async Task AskAsync(NpgsqlConnection connection, IReadOnlyList<BookRange> ranges, CancellationToken cancellation)
        {
            await using var command = new NpgsqlCommand("select current_setting('idle_in_transaction_session_timeout')", connection);
            said.Add((string)(await command.ExecuteScalarAsync(cancellation))!);
            await PolicyTables.EntriesAsync(connection, ["coupon_issued"], null, ranges, cancellation);
            said.Add((string)(await command.ExecuteScalarAsync(cancellation))! + " after policies read");
        }
    }

    [Fact]
    public async Task A_running_follower_meets_hints_and_without_them_its_sweep_does()
    {
        var histories = new Histories(2).Write(50);
        var hints = new BookHints();
        using var follower = new ReadModelFollower(database, hints, NullLogger<ReadModelFollower>.Instance, ReaderTesting.Quick);
        await follower.StartAsync(CancellationToken.None);
        for (var round = 0; round < 4; round++)
        {
            var stored = histories.Entries.Count;
            await histories.Write(50).StoreAsync(database, from: round == 0 ? 0 : stored);
            if (round % 2 == 0)
            {
                foreach (var book in histories.Heads.Keys) hints.Changed(book);
            }

            await ReaderTesting.UntilAsync(() => StoredRows.AreFoldedAsync(database, histories, "store_days"));
        }

        await follower.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Followers_that_run_at_once_apply_each_entry_once()
    {
        var histories = new Histories(3).Write(800, books: 12);
        await histories.StoreAsync(database);
        var small = ReaderTesting.Quick with { Entries = 7, Books = 3 };
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => database.Follow("campaign_totals", options: small).CatchUpAsync()));
        Assert.Equal(StoredRows.Folded(histories, "campaign_totals"), await StoredRows.ReadAsync(database, "campaign_totals"));
    }

    [Fact]
    public async Task Who_starts_again_goes_on_where_the_last_transaction_ended()
    {
        var histories = new Histories(4).Write(200);
        await histories.StoreAsync(database);
        var (seen, stop) = (new List<BookRange>(), new CancellationTokenSource());
        var options = ReaderTesting.Quick with { Entries = 20 };
        var first = new BookReader("collector", Collect, database, new(), NullLogger.Instance, options);
        await first.RunAsync(stop.Token);
        Assert.InRange(seen.Sum(range => range.Count), 60, histories.Entries.Count - 1);

        await new BookReader("collector", Collect, database, new(), NullLogger.Instance, options).CatchUpAsync();
        foreach (var (book, head) in histories.Heads)
        {
            var ranges = seen.Where(range => range.Book == book).ToList();
            Assert.Equal(0, ranges[0].After);
            Assert.Equal(head, ranges[^1].UpTo);
            Assert.All(ranges.Zip(ranges.Skip(1)), pair => Assert.Equal(pair.First.UpTo, pair.Second.After));
        }

        async Task Collect(NpgsqlConnection connection, IReadOnlyList<BookRange> ranges, CancellationToken cancellation)
        {
            // Cancelled in the middle of its work, the fourth transaction leaves nothing behind.
            if (seen.Count >= 3 && !stop.IsCancellationRequested) await stop.CancelAsync();
            cancellation.ThrowIfCancellationRequested();
            seen.AddRange(ranges);
        }
    }

    [Theory]
    [InlineData("card_drawn", """{"merchant":"m","user":"u"}""", true)]
    [InlineData("card_drawn", """{"user":"u"}""", false)]
    [InlineData("card_drawn", "", true)]
    [InlineData("card_sent", """{"merchant":"m"}""", false)]
    public void Who_looks_only_at_events_with_a_member_wakes_for_those_alone(string stored, string data, bool wakes)
    {
        var reader = new BookReader("r", (_, _, _) => Task.CompletedTask, database, new(), NullLogger.Instance, concerns: new HashSet<string>(StringComparer.Ordinal) { "card_drawn" }, onlyWith: "merchant");
        Assert.Equal(wakes, reader.Concerns(stored, System.Text.Encoding.UTF8.GetBytes(data)));
    }

    [Fact]
    public async Task A_progress_that_someone_else_moved_undoes_the_work()
    {
        var histories = new Histories(5).Write(20, books: 1);
        await histories.StoreAsync(database);
        var meddled = new BookReader(
            "meddled", (_, _, _) => database.ExecuteAsync("insert into ledger.progress values ('m0', 'meddled', 3) on conflict (tenant_id, reader) do update set seq_id = 4"),
            database, new(), NullLogger.Instance, ReaderTesting.Quick);
        await Assert.ThrowsAnyAsync<Exception>(() => meddled.CatchUpAsync());
        Assert.Equal(3, await database.ScalarAsync<long>("select seq_id from ledger.progress where reader = 'meddled'"));
    }

    [Fact]
    public async Task A_book_that_cannot_be_followed_does_not_hold_up_the_others()
    {
        var histories = new Histories(6).Write(200, books: 5);
        await histories.StoreAsync(database);
        await database.ExecuteAsync("""update ledger.mt_events set data = jsonb_set(data, '{amount}', '"much"') where tenant_id = 'm2' and type = 'coupon_redeemed'""");
        await database.Follow("campaign_totals").CatchUpAsync();
        Assert.Equal(4, await database.ScalarAsync<long>("select count(*) from ledger.progress p join ledger.books b using (tenant_id) where p.seq_id = b.head"));
        Assert.Equal(0, await database.ScalarAsync<long>("select count(*) from ledger.progress where tenant_id = 'm2'"));
    }

    [Fact]
    public async Task A_lost_connection_is_survived()
    {
        var histories = new Histories(7).Write(100);
        await histories.StoreAsync(database);
        using var stop = new CancellationTokenSource();
        var running = database.Follow("store_days").RunAsync(stop.Token);
        await ReaderTesting.UntilAsync(async () => (await StoredRows.ReadAsync(database, "store_days")).Length > 0);
        await using var other = server.Connect();
        await other.ExecuteAsync("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()");
        var stored = histories.Entries.Count;
        await histories.Write(100).StoreAsync(other, stored);
        await ReaderTesting.UntilAsync(() => StoredRows.AreFoldedAsync(other, histories, "store_days"));
        await stop.CancelAsync();
        await running;
    }

    [Fact]
    public async Task A_look_at_every_book_is_two_walks_of_indexes_even_planned_for_empty_tables()
    {
        await database.ExecuteAsync("analyze");
        Assert.DoesNotContain(await PlanAsync(), line => line.Contains("Seq Scan", StringComparison.Ordinal) || line.Contains("Nested Loop", StringComparison.Ordinal));

        await database.ExecuteAsync(
            "insert into ledger.progress (tenant_id, reader, seq_id) select 'm-' || book, case reader when 1 then 'store_days' else 'other-' || reader end, 1"
            + " from generate_series(1, 500) as book, generate_series(1, 20) as reader");
        await database.ExecuteAsync("analyze");
        Assert.Contains(await PlanAsync(), line => line.Contains("ledger_progress_reader_idx", StringComparison.Ordinal));

        async Task<List<string>> PlanAsync()
        {
            await using var connection = await database.OpenConnectionAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            await using var batch = new NpgsqlBatch(connection)
            {
                BatchCommands =
                {
                    new($"prepare begun (varchar) as {SqlFile.Read("reader_begin.sql")}"),
                    new("execute begun ('store_days')"),
                    new($"prepare sweep (varchar, varchar[], int) as {SqlFile.Read("reader_ranges_of_all.sql")}"),
                    new("explain execute sweep ('store_days', '{}', 10)"),
                    new("deallocate all"),
                },
            };
            await using var rows = await batch.ExecuteReaderAsync();
            await rows.NextResultAsync();
            var plan = new List<string>();
            while (await rows.ReadAsync()) plan.Add(rows.GetString(0));
            return plan;
        }
    }

    [Fact]
    public async Task The_status_tells_books_entries_and_the_age_of_the_oldest()
    {
        var histories = new Histories(8).Write(60, books: 2);
        await histories.StoreAsync(database);
        await database.ExecuteAsync("insert into ledger.progress values ('m0', 'store_days', 5)");
        var now = Instant.FromUtc(2026, 11, 1, 1, 0);
        var statuses = await ReaderStatus.ReadAsync(database, ["store_days", "nobody"], now);
        Assert.Equal(new ReaderStatus("store_days", 2, histories.Entries.Count - 5, 3_599, Instant.FromUtc(2026, 11, 1, 0, 0, 5)), statuses[1]);
        Assert.Equal(new ReaderStatus("nobody", 2, histories.Entries.Count, 3_599, null), statuses[0]);
    }
}
