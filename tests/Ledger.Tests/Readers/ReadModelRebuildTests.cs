using Ledger.Postgres;
using Ledger.Postgres.Readers;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Xunit;

namespace Ledger.Tests.Readers;

/// <summary>Rebuilding beside and swapping, while the table is read and written.</summary>
public sealed class ReadModelRebuildTests : IAsyncLifetime
{
    private ReadersDatabase server = null!;
    private NpgsqlDataSource database = null!;

    public static TheoryData<string> Tables => [.. ReadModel.All.Select(model => model.Table)];

    public async Task InitializeAsync()
    {
        server = await ReadersDatabase.CreateAsync();
        database = server.Connect();
    }

    public async Task DisposeAsync() => await database.DisposeAsync();

    [Theory]
    [MemberData(nameof(Tables))]
    public async Task A_spoilt_table_is_right_again_and_the_schema_is_the_same(string table)
    {
        var histories = new Histories(11).Write(300);
        await histories.StoreAsync(database);
        var migrations = new Migrations(database);
        var before = await migrations.DescribeAsync();
        await database.ExecuteAsync("do $$ begin if not exists (select from pg_roles where rolname = 'readers_test') then create role readers_test; end if; end $$");
        await database.ExecuteAsync($"grant select on ledger.{table} to readers_test");
        await database.ApplyAsync(ReaderTesting.Model(table).Sql, new BookRange("m0", 0, 40));

        var reports = new Reports();
        await Rebuild().RunAsync(ReaderTesting.Model(table), reports);
        Assert.Equal(StoredRows.Folded(histories, table), await StoredRows.ReadAsync(database, table));
        Assert.Equal(before, await migrations.DescribeAsync());
        Assert.Equal((histories.Entries.Count, histories.Entries.Count), reports.Last);
        Assert.True(await database.ScalarAsync<bool>($"select has_table_privilege('readers_test', 'ledger.{table}', 'select')"));

        // The follower goes on from where the rebuilt table stands.
        var stored = histories.Entries.Count;
        await histories.Write(50).StoreAsync(database, stored);
        if (ReaderTesting.Model(table).IsInline) return;
        await database.Follow(table).CatchUpAsync();
        Assert.Equal(StoredRows.Folded(histories, table), await StoredRows.ReadAsync(database, table));
    }

    [Theory]
    [InlineData("wallets")]
    [InlineData("campaign_totals")]
    [InlineData("timers")]
    public async Task Under_writers_and_readers_nothing_is_lost_and_nobody_meets_a_hole(string table)
    {
        var hints = new BookHints();
        string[] books = ["m0", "m1", "m2"];
        await using var ledger = await LiveLedger.StartAsync(server, hints, books);
        foreach (var book in books) await ledger.IssueAsync(book, "FIRST");
        using var follower = new ReadModelFollower(database, hints, NullLogger<ReadModelFollower>.Instance, ReaderTesting.Quick);
        await follower.StartAsync(CancellationToken.None);
        await ReaderTesting.UntilAsync(async () => await database.ScalarAsync<long>($"select count(*) from ledger.{table}") >= 3);

        using var stop = new CancellationTokenSource();
        var writers = books.SelectMany(book => Enumerable.Range(0, 8).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                await ledger.IssueAsync(book, $"C{writer}-{i}");
                await ledger.RedeemAsync(book, $"C{writer}-{i}");
            }
        }))).ToArray();
        var reader = Task.Run(async () =>
        {
            await using var connection = await database.OpenConnectionAsync();
            await using var command = new NpgsqlCommand($"select count(*) from ledger.{table}", connection);
            await command.PrepareAsync();
            for (var seen = 3L; !stop.IsCancellationRequested;)
            {
                var count = (long)(await command.ExecuteScalarAsync())!;
                Assert.True(count >= seen, $"{count} rows after {seen}");
                seen = count;
            }
        });
        for (var i = 0; i < 5; i++) await Rebuild().RunAsync(ReaderTesting.Model(table));
        await stop.CancelAsync();
        await Task.WhenAll([.. writers, reader]);
        await follower.StopAsync(CancellationToken.None);
        await follower.CatchUpAsync();

        var live = await StoredRows.ReadAsync(database, table);
        await database.ExecuteAsync($"truncate ledger.{table}");
        var heads = await HeadsAsync();
        await database.ApplyAsync(ReaderTesting.Model(table).Sql, heads);
        Assert.Equal(await StoredRows.ReadAsync(database, table), live);
        Assert.True(heads.Sum(head => head.UpTo) > 100);
    }

    [Fact]
    public async Task A_long_read_delays_the_swap_and_does_not_block_those_behind_it_for_long()
    {
        var histories = new Histories(12).Write(100);
        await histories.StoreAsync(database);
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var read = new NpgsqlCommand("select count(*) from ledger.store_days", connection)) await read.ExecuteNonQueryAsync();
        var rebuild = Rebuild().RunAsync(ReaderTesting.Model("store_days"));
        await Task.Delay(1_500);
        Assert.False(rebuild.IsCompleted);
        await database.ScalarAsync<long>("select count(*) from ledger.store_days");
        await transaction.CommitAsync();
        await rebuild.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(StoredRows.Folded(histories, "store_days"), await StoredRows.ReadAsync(database, "store_days"));
    }

    [Fact]
    public async Task Two_rebuilds_of_one_model_exclude_each_other()
    {
        await using var connection = await database.OpenConnectionAsync();
        await using var hold = new NpgsqlCommand("select pg_advisory_lock(hashtextextended('ledger/rebuild/store_days', 0))", connection);
        await hold.ExecuteNonQueryAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(() => Rebuild().RunAsync(ReaderTesting.Model("store_days")));
    }

    [Fact]
    public async Task Who_owned_the_table_owns_it_after_a_rebuild_under_another_role_and_may_rebuild_it_too()
    {
        var histories = new Histories(13).Write(100);
        await histories.StoreAsync(database);
        await database.ExecuteAsync("do $$ begin if not exists (select from pg_roles where rolname = 'readers_owner') then create role readers_owner; end if; end $$");
        await database.ExecuteAsync(
            """
            do $$
            declare t record;
            begin
                execute format('alter database %I owner to readers_owner', current_database());
                alter schema ledger owner to readers_owner;
                for t in select tablename from pg_tables where schemaname = 'ledger' loop execute format('alter table ledger.%I owner to readers_owner', t.tablename); end loop;
            end $$
            """);
        await Rebuild().RunAsync(ReaderTesting.Model("store_days"));
        await using (var owner = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(server.ConnectionString) { Options = "-c role=readers_owner" }))
        {
            Assert.Equal("readers_owner", await owner.ScalarAsync<string>("select current_user::text"));
            await owner.ExecuteAsync("update ledger.store_days set amount = amount + 1");
            await new ReadModelRebuild(owner, NullLogger<ReadModelRebuild>.Instance).RunAsync(ReaderTesting.Model("store_days"));
        }

        Assert.Equal(StoredRows.Folded(histories, "store_days"), await StoredRows.ReadAsync(database, "store_days"));
    }

    [Fact]
    public async Task A_migration_does_not_change_what_is_being_rebuilt_and_says_so_and_who_has_none_to_apply_starts()
    {
        await new Histories(14).Write(100).StoreAsync(database);
        var migrations = new Migrations(database);
        Migration[] later = [.. Migrations.All, new("999_later", "create table ledger.later (id int)")];
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var read = new NpgsqlCommand("select count(*) from ledger.store_days", connection)) await read.ExecuteNonQueryAsync();
        var rebuild = Rebuild().RunAsync(ReaderTesting.Model("store_days"));
        await ReaderTesting.UntilAsync(async () => await database.ScalarAsync<bool>("select to_regclass('ledger_rebuild.store_days') is not null"));

        await Assert.ThrowsAsync<RebuildAtWorkException>(() => migrations.ApplyAsync(later, CancellationToken.None));
        Assert.Empty(await migrations.ApplyAsync());
        await transaction.CommitAsync();
        await rebuild.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal("999_later", Assert.Single(await migrations.ApplyAsync(later, CancellationToken.None)));
    }

    [Fact]
    public async Task No_rebuild_begins_while_migrations_are_applied()
    {
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var hold = new NpgsqlCommand(SqlFile.Read("migrations_rebuild_lock.sql"), connection)) Assert.Equal(true, await hold.ExecuteScalarAsync());
        Assert.Contains("igration", (await Assert.ThrowsAsync<InvalidOperationException>(() => Rebuild().RunAsync(ReaderTesting.Model("store_days")))).Message, StringComparison.Ordinal);
        await transaction.RollbackAsync();
        await Rebuild().RunAsync(ReaderTesting.Model("store_days"));
    }

    private ReadModelRebuild Rebuild() => new(database, NullLogger<ReadModelRebuild>.Instance);

    private async Task<List<BookRange>> HeadsAsync()
    {
        await using var command = database.CreateCommand("select tenant_id, head from ledger.books");
        await using var rows = await command.ExecuteReaderAsync();
        var heads = new List<BookRange>();
        while (await rows.ReadAsync()) heads.Add(new(rows.GetString(0), 0, rows.GetInt64(1)));
        return heads;
    }

    private sealed class Reports : IProgress<(long Done, long Total)>
    {
        public (long Done, long Total) Last { get; private set; }

        public void Report((long Done, long Total) value) => Last = value;
    }
}
