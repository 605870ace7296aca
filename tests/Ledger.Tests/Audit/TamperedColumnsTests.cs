using Ledger.Coupons;
using Ledger.Postgres.Audit;
using Npgsql;
using Xunit;

namespace Ledger.Tests.Audit;

/// <summary>Every column of the event table, cut short, made longer and swapped with another entry's: the finding names the entry each time.</summary>
public sealed class TamperedColumnsTests(AuditDatabase databases) : IClassFixture<AuditDatabase>
{
    /// <summary>How the value of a column is cut short, made longer, and what stands in its place for a moment while two are swapped. Null: there is no such thing.</summary>
    private static readonly Dictionary<string, (string? Cut, string? Longer, string? Between)> s_columns = new(StringComparer.Ordinal)
    {
        ["tenant_id"] = ("left(tenant_id, -1)", "tenant_id || 'x'", null), // Two books that swap an entry: both are told of below.
        ["seq_id"] = ("-seq_id", "seq_id * 1000", "-1"),
        ["id"] = ("(left(id::text, 24) || '000000000000')::uuid", "('ffffffff' || substr(id::text, 9))::uuid", "gen_random_uuid()"),
        ["stream_id"] = ("left(stream_id, -1)", "stream_id || 'x'", "'between'"),
        ["version"] = ("version / 10", "version * 10", "1000"),
        ["data"] = ("data - 'campaign'", "data || '{\"zzz\": 1}'", "'{}'"),
        ["bdata"] = (null, "'\\x00'", null), // Always absent.
        ["type"] = ("left(type, -1)", "type || 'x'", "'between'"),
        ["timestamp"] = ("date_trunc('year', timestamp)", "timestamp + '1 day'", "'epoch'"),
        ["mt_dotnet_type"] = ("left(mt_dotnet_type, -1)", "mt_dotnet_type || 'x'", "'between'"),
        ["correlation_id"] = (null, "coalesce(correlation_id, '') || 'x'", null), // Always absent here.
        ["causation_id"] = ("left(causation_id, -1)", "causation_id || 'x'", "'between'"),
        ["headers"] = ("headers - 'actor'", "headers || '{\"zzz\": 1}'", "'{}'"),
        ["is_archived"] = (null, "not is_archived", null), // Always false.
        ["hash"] = ("substring(hash for 31)", "hash || '\\x00'", "'\\x'"),
    };

    public static TheoryData<string, string> Changes
    {
        get
        {
            var changes = new TheoryData<string, string>();
            foreach (var (column, (cut, longer, _)) in s_columns)
            {
                if (cut is not null) changes.Add(column, cut);
                if (longer is not null) changes.Add(column, longer);
            }

            return changes;
        }
    }

    public static TheoryData<string> Swaps => [.. s_columns.Where(column => column.Value.Between is not null).Select(column => column.Key)];

    private SyntheticBook Book => databases.Books.Books[1];

    /// <summary>The use of a coupon, in the middle of the book.</summary>
    private long Middle => Book.Entries.Where(e => e.Seq > Book.Head / 2 && e.Fact is CouponEvent.CouponRedeemed && Book.Streams[e.Stream].Version == 2).First().Seq;

    [Fact]
    public async Task No_column_is_left_out()
    {
        await using var database = NpgsqlDataSource.Create(await databases.EmptyAsync());
        var columns = await database.ListAsync(
            "select column_name from information_schema.columns where table_schema = 'ledger' and table_name = 'mt_events'", row => row.GetString(0));
        Assert.Equal(columns.Order(StringComparer.Ordinal), s_columns.Keys.Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task A_column_cut_short_or_made_longer(string column, string value)
    {
        var findings = await AuditAsync($"update ledger.mt_events set {column} = {value} where tenant_id = '{Book.Name}' and seq_id = {Middle}");
        // Under another number it is missing from its place, and stands where it belongs to nothing.
        if (column == "seq_id") Assert.Contains(new EntriesMissing(Book.Name, Middle, Middle), findings);
        else Assert.Equal(Middle, findings.First(finding => finding.Book == Book.Name).Entry);
    }

    [Theory]
    [MemberData(nameof(Swaps))]
    public async Task A_column_swapped_with_another_entrys(string column)
    {
        var partner = column switch
        {
            // Any other swap of these would meet the key of streams and versions.
            "version" => "stream_id = a.stream_id and version = 1",
            "stream_id" => "version = a.version and seq_id > a.seq_id",
            _ => "seq_id > a.seq_id",
        };
        var database = await databases.CopyAsync();
        await using var source = NpgsqlDataSource.Create(database);
        var other = await source.AskAsync<long>($"""
            select b.seq_id from ledger.mt_events a join ledger.mt_events b on b.tenant_id = a.tenant_id and b.{column} is distinct from a.{column}
            where a.tenant_id = '{Book.Name}' and a.seq_id = {Middle} and {string.Join(" and ", partner.Split(" and ").Select(condition => "b." + condition))}
            order by b.seq_id limit 1
            """);
        Assert.NotEqual(0, other);
        var of = $"where tenant_id = '{Book.Name}' and seq_id";
        await AuditDatabase.ExecuteAsync(database, $"""
            create temp table kept as select seq_id as number, {column} as value from ledger.mt_events {of} in ({Middle}, {other});
            update ledger.mt_events set {column} = {s_columns[column].Between} {of} = {Middle};
            update ledger.mt_events set {column} = (select value from kept where number = {Middle}) {of} = {other};
            update ledger.mt_events set {column} = (select value from kept where number = {other}) {of} = {(column == "seq_id" ? -1 : Middle)};
            """);
        var findings = (await BookAuditTests.RunAsync(database)).Findings;
        foreach (var entry in new[] { Middle, other }) Assert.Contains(findings, finding => finding.Book == Book.Name && finding.Entry == entry);
        Assert.Equal(Math.Min(Middle, other), findings.First(finding => finding.Book == Book.Name).Entry);
    }

    /// <summary>One more entry in between, and everything behind it renumbered as if it had always been there; the chain does not fit from there on.</summary>
    [Fact]
    public async Task An_entry_inserted_in_between()
    {
        var findings = await AuditAsync($"""
            update ledger.mt_events set seq_id = -seq_id where tenant_id = '{Book.Name}' and seq_id >= {Middle};
            update ledger.mt_events set seq_id = 1 - seq_id where tenant_id = '{Book.Name}' and seq_id < 0;
            insert into ledger.mt_events (tenant_id, seq_id, id, stream_id, version, data, type, timestamp, mt_dotnet_type, causation_id, headers, hash)
            select tenant_id, {Middle}, gen_random_uuid(), 'coupon-FORGED', 1, data, type, timestamp, mt_dotnet_type, 'forged', headers, sha256(hash)
            from ledger.mt_events where tenant_id = '{Book.Name}' and seq_id = {Middle + 1};
            update ledger.books set head = head + 1 where tenant_id = '{Book.Name}';
            """);
        Assert.Equal(new EntryAltered(Book.Name, Middle), findings.First(finding => finding.Book == Book.Name));
        Assert.All(databases.Books.Books.Where(book => book != Book), book => Assert.DoesNotContain(findings, finding => finding.Book == book.Name));
    }

    [Fact]
    public async Task All_entries_truncated()
    {
        var findings = await AuditAsync("truncate ledger.mt_events");
        Assert.All(databases.Books.Books, book => Assert.Contains(new HeadDiffers(book.Name, 0, book.Head), findings));
    }

    /// <summary>Who also sets the head back is found by what the requests and streams say; who changes those too, by a statement of the head that is kept outside.</summary>
    [Fact]
    public async Task A_tail_cut_with_its_head()
    {
        var findings = await AuditAsync($"""
            delete from ledger.mt_events where tenant_id = '{Book.Name}' and seq_id > {Book.Head - 1};
            update ledger.books set head = {Book.Head - 1},
                head_hash = (select hash from ledger.mt_events where tenant_id = '{Book.Name}' and seq_id = {Book.Head - 1}) where tenant_id = '{Book.Name}';
            """);
        Assert.Contains(findings, finding => finding.Book == Book.Name);
    }

    private async Task<string> ChangedAsync(string sql)
    {
        var database = await databases.CopyAsync();
        await AuditDatabase.ExecuteAsync(database, sql);
        return database;
    }

    private async Task<IReadOnlyList<AuditFinding>> AuditAsync(string sql) => (await BookAuditTests.RunAsync(await ChangedAsync(sql))).Findings;
}
