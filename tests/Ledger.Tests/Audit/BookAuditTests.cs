using System.Text.RegularExpressions;
using Ledger.Postgres;
using Ledger.Postgres.Audit;
using Npgsql;
using Xunit;

namespace Ledger.Tests.Audit;

/// <summary>Books that nobody touched are clean, however they are cut, and the audit reads all of them.</summary>
public sealed partial class BookAuditTests(AuditDatabase databases) : IClassFixture<AuditDatabase>
{
    [Fact]
    public async Task Untouched_books_are_clean()
    {
        var report = await RunAsync(await databases.CopyAsync());

        Assert.Empty(report.Findings.Select(finding => finding.Sentence));
        Assert.True(report.IsClean);
        Assert.Equal(AuditDatabase.Plan.Books, report.Books);
        Assert.Equal(databases.Books.Books.Sum(book => book.Head), report.Entries);
        Assert.Equal(databases.Books.Books.Sum(book => book.Streams.Count), report.Streams);
        Assert.Equal(databases.Books.Books.Sum(book => book.Tallies.Count), report.Tallies);
        Assert.True(report.Requests > 0);
        Assert.Equal(ReadModel.All.Select(model => model.Table).Order(StringComparer.Ordinal), report.ReadModelRows.Keys.Order(StringComparer.Ordinal));
        Assert.All(report.ReadModelRows.Values, rows => Assert.True(rows > 0));
        Assert.Equal(0, report.StatesToFoldAnew);
    }

    [Fact]
    public async Task No_books_are_clean()
    {
        var report = await RunAsync(await databases.EmptyAsync());

        Assert.True(report.IsClean);
        Assert.Equal((0, 0), (report.Books, report.Entries));
    }

    /// <summary>Rows of a table that came after the audit's moment are not seen by it, though they say what the rows before them said.</summary>
    [Fact]
    public async Task A_read_model_that_a_rebuild_swaps_while_the_audit_begins_is_read_whole()
    {
        var database = await databases.CopyAsync();
        await using var rebuild = new NpgsqlConnection(database);
        await rebuild.OpenAsync();
        await using var swap = await rebuild.BeginTransactionAsync();
        const string Swap = "alter table ledger.store_days rename to was; create table ledger.store_days (like ledger.was); insert into ledger.store_days select * from ledger.was; drop table ledger.was";
        await using (var command = new NpgsqlCommand(Swap, rebuild, swap)) await command.ExecuteNonQueryAsync();

        var audit = RunAsync(database);
        await using var source = NpgsqlDataSource.Create(database);
        while (await source.AskAsync<long>("select count(*) from pg_locks as l join pg_database as d on d.oid = l.database where d.datname = current_database() and not l.granted") == 0) await Task.Delay(5);
        await swap.CommitAsync();
        Assert.Empty((await audit).Findings.Select(finding => finding.Sentence));

        var locked = SqlFile.Read("audit_lock.sql");
        foreach (var table in ReadModel.All.Select(model => model.Table)) Assert.Matches($@"\bledger\.{table}\b", locked);
    }

    /// <summary>With so little memory a book is read dozens of times; each row must still be counted once.</summary>
    [Theory]
    [InlineData(20)]
    [InlineData(60)]
    [InlineData(300)]
    public async Task Little_memory_gives_the_same_report(int memory)
    {
        var database = await databases.CopyAsync();
        var whole = await RunAsync(database);
        var parts = await RunAsync(database, new() { MemoryLimit = memory, Threads = 2 });

        Assert.Empty(parts.Findings.Select(finding => finding.Sentence));
        Assert.Equal((whole.Entries, whole.Streams, whole.Tallies, whole.Requests), (parts.Entries, parts.Streams, parts.Tallies, parts.Requests));
        Assert.Equal(whole.ReadModelRows, parts.ReadModelRows);
    }

    [Fact]
    public async Task Little_memory_finds_what_much_memory_finds()
    {
        var database = await databases.CopyAsync();
        await AuditDatabase.ExecuteAsync(database, "update ledger.mt_streams set version = version + 1, state = (state::jsonb || '{\"member\": \"x\"}')::text where id like 'coupon-%'");
        await AuditDatabase.ExecuteAsync(database, "update ledger.mt_events set version = version + 100000 where version = 2; update ledger.tallies set value = value + 1");
        await AuditDatabase.ExecuteAsync(database, "delete from ledger.wallets; update ledger.timers set due_at = due_at + '1 s'; update ledger.store_days set amount = 1");
        var whole = await RunAsync(database, new() { MaxFindings = 100_000 });
        var parts = await RunAsync(database, new() { MaxFindings = 100_000, MemoryLimit = 60, Threads = 2 });

        Assert.True(whole.Found > 1000);
        Assert.Equal(whole.Findings.Select(f => f.Sentence).Order(StringComparer.Ordinal), parts.Findings.Select(f => f.Sentence).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task One_book_is_checked_alone()
    {
        var database = await databases.CopyAsync();
        var (asked, other) = (databases.Books.Books[1], databases.Books.Books[2]);
        await AuditDatabase.ExecuteAsync(database, $"update ledger.books set head = 1 where tenant_id = '{other.Name}'");
        var heard = new List<AuditProgress>();
        var report = await RunAsync(database, new() { Book = asked.Name }, new Listener(heard));

        Assert.True(report.IsClean);
        Assert.Equal((1, asked.Head), (report.Books, report.Entries));
        Assert.Equal(new(1, 1, asked.Head, asked.Head), heard[^1]);
        Assert.False((await RunAsync(database, new() { Book = other.Name })).IsClean);
    }

    /// <summary>The statements that fill the read models and the audit were written apart: they must agree.</summary>
    [Fact]
    public async Task The_read_models_own_statements_give_what_the_audit_expects()
    {
        var database = await databases.CopyAsync();
        await using var source = NpgsqlDataSource.Create(database);
        await using var connection = await source.OpenConnectionAsync();
        await Command($"set search_path = ledger; truncate {string.Join(", ", ReadModel.All.Select(model => model.Table))}");
        foreach (var model in ReadModel.All)
        {
            foreach (var (from, to) in new (long, long)[] { (0, 17), (17, 18), (18, 120), (120, int.MaxValue) })
            {
                var books = databases.Books.Books.Select(book => book.Name).ToArray();
                await Command(model.Sql, books, books.Select(_ => from).ToArray(), books.Select(_ => to).ToArray());
            }
        }

        await Command("update progress set seq_id = head from books where books.tenant_id = progress.tenant_id");
        Assert.Empty((await RunAsync(database)).Findings.Select(finding => finding.Sentence));

        async Task Command(string sql, params object[] values)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            foreach (var value in values) command.Parameters.Add(new() { Value = value });
            await command.ExecuteNonQueryAsync();
        }
    }

    /// <summary>A table that is not asked there is not read behind the last merchant of the others, and may be swapped by a rebuild while the audit reads.</summary>
    [Fact]
    public void The_last_merchant_is_asked_of_every_table_that_is_read()
    {
        const string size = "audit_size.sql";
        string[] asked = [.. Tables(size)];
        var read = SqlFile.Names.Where(name => name.StartsWith("audit_", StringComparison.Ordinal) && name != size).SelectMany(Tables).Distinct(StringComparer.Ordinal);

        Assert.Equal(read.Order(StringComparer.Ordinal), asked.Order(StringComparer.Ordinal));
        Assert.Empty(ReadModel.All.Select(model => model.Table).Except(asked, StringComparer.Ordinal));

        static IEnumerable<string> Tables(string file) => Table().Matches(SqlFile.Read(file)).Select(match => match.Groups["table"].Value).Distinct(StringComparer.Ordinal);
    }

    [Fact]
    public async Task States_of_another_shape_are_no_difference()
    {
        var database = await databases.CopyAsync();
        var changed = await AuditDatabase.ExecuteAsync(database, "update ledger.mt_streams set state = null where id like 'campaign-%'")
            + await AuditDatabase.ExecuteAsync(database, "update ledger.mt_streams set state_schema = 0, state = '{}' where id like 'coupon-0%'");
        var report = await RunAsync(database);

        Assert.True(report.IsClean);
        Assert.Equal(changed, report.StatesToFoldAnew);
    }

    [Fact]
    public async Task The_audit_says_how_far_it_is()
    {
        var heard = new List<AuditProgress>();
        var report = await RunAsync(await databases.CopyAsync(), new() { Threads = 1 }, new Listener(heard));

        Assert.Equal(new(report.Books, report.Books, report.Entries, report.Entries), heard[^1]);
    }

    [Fact]
    public async Task An_audit_can_be_stopped()
    {
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();
        await using var source = NpgsqlDataSource.Create(await databases.CopyAsync());

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => BookAudit.RunAsync(source, new(), cancellation: stop.Token));
    }

    internal static async Task<AuditReport> RunAsync(string database, AuditOptions? options = null, IProgress<AuditProgress>? progress = null)
    {
        await using var source = NpgsqlDataSource.Create(database);
        return await BookAudit.RunAsync(source, options ?? new(), progress);
    }

    [GeneratedRegex(@"\b(from|join) ledger\.(?<table>\w+)", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Table();

    private sealed class Listener(List<AuditProgress> heard) : IProgress<AuditProgress>
    {
        public void Report(AuditProgress value)
        {
            lock (heard) heard.Add(value);
        }
    }
}
