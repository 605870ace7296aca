using Ledger.Postgres;
using Xunit;

namespace Ledger.Tests.Schema;

public sealed class MigrationsTests : IAsyncLifetime
{
    private SchemaDatabase database = null!;

    private Migrations Migrations => new(database.Source);

    public async Task InitializeAsync() => database = await SchemaDatabase.CreateAsync();

    public async Task DisposeAsync() => await database.DisposeAsync();

    [Fact]
    public async Task A_fresh_schema_is_the_approved_one()
    {
        await Migrations.ApplyAsync();
        Approved.MatchesFile(await Migrations.DescribeAsync(), "src/Ledger.Postgres/Sql/schema.approved.txt");
    }

    [Fact]
    public async Task Everything_is_applied_once()
    {
        string[] all = [.. Migrations.All.Select(migration => migration.Id)];
        Assert.Equal(all, (await Migrations.PendingAsync()).ToArray());
        Assert.Equal(all, (await Migrations.ApplyAsync()).ToArray());
        Assert.Empty(await Migrations.PendingAsync());
        Assert.Empty(await Migrations.ApplyAsync());
        Assert.Empty(await Migrations.AssertAsync());
    }

    [Fact]
    public async Task Several_instances_may_start_at_once()
    {
        var applied = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => new Migrations(database.Source).ApplyAsync())));
        Assert.Single(applied, ids => ids.Count == Migrations.All.Count);
        Assert.Equal(5, applied.Count(ids => ids.Count == 0));
    }

    [Fact]
    public async Task A_changed_file_is_refused_and_nothing_is_applied()
    {
        await Migrations.ApplyAsync([new("001_a", "create table ledger.a (id int)")], default);
        var refusal = await Assert.ThrowsAsync<MigrationChangedException>(() => Migrations.ApplyAsync(
            [new("001_a", "create table ledger.a (id bigint)"), new("002_b", "create table ledger.b (id int)")], default));
        Assert.Equal("001_a", refusal.Migration);
        Assert.DoesNotContain("table b", await Migrations.DescribeAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failing_migration_leaves_nothing_behind()
    {
        await Assert.ThrowsAsync<Npgsql.PostgresException>(() => Migrations.ApplyAsync(
            [new("001_a", "create table ledger.a (id int)"), new("002_b", "create table ledger.a (id int)")], default));
        Assert.Equal("", await Migrations.DescribeAsync());
    }

    [Fact]
    public void Line_ends_of_another_system_are_no_change() =>
        Assert.Equal(new Migration("001_a", "a\nb").Sha256.ToArray(), new Migration("001_a", "a\r\nb").Sha256.ToArray());

    [Fact]
    public async Task Pending_changed_and_unknown_migrations_are_told()
    {
        var pending = await Migrations.AssertAsync();
        Assert.Equal(Migrations.All.Select(m => new SchemaDifference(SchemaDifferenceKind.Pending, m.Id)), pending);

        await Migrations.ApplyAsync();
        await database.ExecuteAsync("update ledger.migrations set sha256 = '\\x00' where id = '001_book'");
        await database.ExecuteAsync("insert into ledger.migrations values ('999_later', '\\x00', now())");
        Assert.Equal(
            [new(SchemaDifferenceKind.Changed, "001_book"), new SchemaDifference(SchemaDifferenceKind.Unknown, "999_later")],
            await Migrations.AssertAsync());
    }

    [Theory]
    [InlineData("alter table ledger.tallies add column note text", "+column tallies.note text")]
    [InlineData("alter table ledger.wallets alter column campaign drop not null", "-column wallets.campaign character varying not null", "+column wallets.campaign character varying")]
    [InlineData("alter table ledger.tallies alter column value type numeric", "-column tallies.value bigint not null", "+column tallies.value numeric not null")]
    [InlineData("alter table ledger.books alter column head set default 0", "-column books.head bigint not null", "+column books.head bigint not null default 0")]
    [InlineData("alter table ledger.books set (fillfactor = 100)", "-table books with (fillfactor=50)", "+table books with (fillfactor=100)")]
    [InlineData("drop index ledger.ledger_wallets_member_idx", "-index wallets.ledger_wallets_member_idx ON ledger.wallets USING btree (tenant_id, member, code)")]
    [InlineData("alter table ledger.api_keys drop constraint ledger_api_keys_id_key", "-constraint api_keys.ledger_api_keys_id_key UNIQUE (id)")]
    [InlineData("create table ledger.spare (id int primary key)", "+column spare.id integer not null", "+constraint spare.spare_pkey PRIMARY KEY (id)", "+table spare")]
    [InlineData("create index on ledger.wallets (campaign) where member = 'm'", "+index wallets.wallets_campaign_idx ON ledger.wallets USING btree (campaign) WHERE ((member)::text = 'm'::text)")]
    public async Task Drift_is_found(string change, params string[] expected)
    {
        await Migrations.ApplyAsync();
        await database.ExecuteAsync(change);
        var differences = await Migrations.AssertAsync();
        Assert.Equal(
            expected.Order(StringComparer.Ordinal),
            differences.Select(d => (d.Kind == SchemaDifferenceKind.Missing ? "-" : "+") + d.Subject).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_column_that_was_added_later_is_described_like_one_of_the_first_hour()
    {
        await database.ExecuteAsync("create schema ledger; create table ledger.t (a int, b int)");
        var first = await Migrations.DescribeAsync();
        await database.ExecuteAsync("drop table ledger.t; create table ledger.t (b int); alter table ledger.t add column a int");
        Assert.Equal(first, await Migrations.DescribeAsync());
    }
}
