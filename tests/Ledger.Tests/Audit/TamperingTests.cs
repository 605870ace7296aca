using Ledger.Coupons;
using Ledger.Postgres.Audit;
using Xunit;

namespace Ledger.Tests.Audit;

/// <summary>Whoever changes one thing by SQL is found, and the finding names what was changed.</summary>
public sealed class TamperingTests(AuditDatabase databases) : IClassFixture<AuditDatabase>
{
    private SyntheticBook Book => databases.Books.Books[1];

    /// <summary>A redemption in the middle of the book; its coupon's last entry.</summary>
    private long Middle => Book.Entries.Where(e => e.Seq > Book.Head / 2 && e.Fact is CouponEvent.CouponRedeemed && Book.Streams[e.Stream].Version == 2).First().Seq;

    [Theory]
    [InlineData("id", "'01890000-0000-7000-8000-000000000000'")]
    [InlineData("stream_id", "'coupon-ANOTHER'")]
    [InlineData("version", "7")]
    [InlineData("data", "jsonb_set(data, '{discount}', '1')")]
    [InlineData("data", "data || '{\"discount\": 1.5}'")]
    [InlineData("data", "data - 'member'")]
    [InlineData("data", "data || '{\"more\": {\"nested\": [1, null]}}'")]
    [InlineData("data", "'null'")]
    [InlineData("data", "'[]'")]
    [InlineData("data", "'{}'")]
    [InlineData("bdata", "'\\x00'")]
    [InlineData("type", "'coupon_deactivated'")]
    [InlineData("type", "'coupon_forged'")]
    [InlineData("timestamp", "timestamp + '1 microsecond'")]
    [InlineData("timestamp", "'infinity'")]
    [InlineData("mt_dotnet_type", "'Ledger.Coupons.CouponEvent+CouponExpired, Ledger'")]
    [InlineData("correlation_id", "'someone \"else\"'")]
    [InlineData("causation_id", "'another-request'")]
    [InlineData("causation_id", "null")]
    [InlineData("headers", "'{\"actor\": \"another\"}'")]
    [InlineData("headers", "null")]
    [InlineData("is_archived", "true")]
    [InlineData("hash", "sha256(hash)")]
    [InlineData("hash", "'\\x00'")]
    public async Task Every_column_of_an_entry(string column, string value)
    {
        var report = await AuditAsync($"update ledger.mt_events set {column} = {value} where tenant_id = '{Book.Name}' and seq_id = {Middle}");

        Assert.Equal(Middle, First(report).Entry);
        var chain = report.Findings.Count(f => f is EntryAltered or EntryHashAltered or EntriesSwapped);
        Assert.Equal(column is "bdata" or "is_archived" ? 0 : 1, chain);
        if (column == "hash") Assert.Single(report.Findings, new EntryHashAltered(Book.Name, Middle));
    }

    [Theory]
    [InlineData("x")]
    [InlineData("voucher-1")]
    public async Task The_stream_of_an_issue(string stream)
    {
        var issue = Book.Entries.First(e => e.Seq > Book.Head / 2 && e.Fact is CouponEvent.CouponIssued).Seq;
        var report = await AuditAsync($"update ledger.mt_events set stream_id = '{stream}' where tenant_id = '{Book.Name}' and seq_id = {issue}");

        Assert.Equal(issue, First(report).Entry);
        Assert.Contains(new RowMissing(Book.Name, "mt_streams", stream), report.Findings);
        Assert.Contains(new RowMissing(Book.Name, "wallets", stream), report.Findings);
    }

    [Fact]
    public async Task The_book_of_an_entry()
    {
        var report = await AuditAsync($"update ledger.mt_events set tenant_id = 'nobody' where tenant_id = '{Book.Name}' and seq_id = {Middle}");

        Assert.Contains(new EntriesMissing(Book.Name, Middle, Middle), report.Findings);
        Assert.Contains(new BookUnknown("nobody", "mt_events"), report.Findings);
    }

    [Fact]
    public async Task The_number_of_an_entry()
    {
        var report = await AuditAsync($"update ledger.mt_events set seq_id = seq_id + 100000 where tenant_id = '{Book.Name}' and seq_id = {Middle}");

        Assert.Contains(new EntriesMissing(Book.Name, Middle, Middle), report.Findings);
        Assert.Contains(new HeadDiffers(Book.Name, Middle + 100_000, Book.Head), report.Findings);
        Assert.Equal(Middle, First(report).Entry);
    }

    [Fact]
    public async Task The_hash_of_the_last_entry()
    {
        var report = await AuditAsync($"update ledger.mt_events set hash = sha256(hash) where tenant_id = '{Book.Name}' and seq_id = {Book.Head}");

        Assert.Equal([new EntryHashAltered(Book.Name, Book.Head)], report.Findings);
    }

    [Fact]
    public async Task An_entry_with_a_hash_made_to_fit_breaks_the_next()
    {
        var entries = $"ledger.mt_events where tenant_id = '{Book.Name}'";
        var report = await AuditAsync($"update ledger.mt_events set hash = sha256(hash), headers = '{{\"actor\": \"x\"}}' where tenant_id = '{Book.Name}' and seq_id = {Middle}; select 1 from {entries}");

        Assert.Equal(2, report.Findings.Count(f => f is EntryAltered));
        Assert.Equal(Middle, First(report).Entry);
    }

    [Fact]
    public async Task A_missing_first_entry()
    {
        var report = await AuditAsync($"delete from ledger.mt_events where tenant_id = '{Book.Name}' and seq_id = 1");

        Assert.Contains(new EntriesMissing(Book.Name, 1, 1), report.Findings);
        Assert.DoesNotContain(report.Findings, f => f is EntryAltered);
    }

    [Fact]
    public async Task A_missing_entry_in_the_middle()
    {
        var report = await AuditAsync($"delete from ledger.mt_events where tenant_id = '{Book.Name}' and seq_id between {Middle} and {Middle + 1}");

        Assert.Equal(new EntriesMissing(Book.Name, Middle, Middle + 1), First(report));
        Assert.DoesNotContain(report.Findings, f => f is EntryAltered);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(30)]
    public async Task A_cut_tail(int entries)
    {
        var report = await AuditAsync($"delete from ledger.mt_events where tenant_id = '{Book.Name}' and seq_id > {Book.Head - entries}");

        var finding = Assert.Single(report.Findings.OfType<HeadDiffers>());
        Assert.Equal(new HeadDiffers(Book.Name, Book.Head - entries, Book.Head), finding);
        Assert.Equal($"Book {Book.Name} ends at entry {Book.Head - entries} but its head says {Book.Head}.", finding.Sentence);
    }

    [Fact]
    public async Task All_entries_gone()
    {
        var report = await AuditAsync($"delete from ledger.mt_events where tenant_id = '{Book.Name}'");

        Assert.Contains(new HeadDiffers(Book.Name, 0, Book.Head), report.Findings);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0)]
    public async Task An_entry_too_many(int number)
    {
        var report = await AuditAsync($"""
            insert into ledger.mt_events (tenant_id, seq_id, id, stream_id, version, data, type, timestamp, mt_dotnet_type, hash)
            select tenant_id, {(number == 0 ? 0 : Book.Head + number)}, id, stream_id || '-more', 1, data, type, timestamp, mt_dotnet_type, hash
            from ledger.mt_events where tenant_id = '{Book.Name}' and seq_id = {Middle}
            """);

        var entry = number == 0 ? 0 : Book.Head + number;
        Assert.Contains(report.Findings, f => f.Entry == entry && f is EntryAltered or EntryNumberImpossible);
        if (number > 0) Assert.Contains(new HeadDiffers(Book.Name, entry, Book.Head), report.Findings);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(9)]
    public async Task Swapped_data(int apart)
    {
        var (a, b) = (Middle, Middle + apart);
        var report = await AuditAsync($"""
            update ledger.mt_events e set data = o.data from ledger.mt_events o
            where e.tenant_id = '{Book.Name}' and o.tenant_id = e.tenant_id and (e.seq_id, o.seq_id) in (({a}, {b}), ({b}, {a}))
            """);

        Assert.Equal(
            [new EntriesSwapped(Book.Name, a, b, "the data"), new EntriesSwapped(Book.Name, b, a, "the data")],
            report.Findings.Where(f => f is EntryAltered or EntryHashAltered or EntriesSwapped));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(9)]
    public async Task Swapped_entries(int apart)
    {
        var (a, b) = (Middle, Middle + apart);
        var of = $"where tenant_id = '{Book.Name}' and seq_id";
        var report = await AuditAsync(
            $"update ledger.mt_events set seq_id = -1 {of} = {a}; update ledger.mt_events set seq_id = {a} {of} = {b}; update ledger.mt_events set seq_id = {b} {of} = -1");

        Assert.Equal(
            [new EntriesSwapped(Book.Name, a, b, "the columns"), new EntriesSwapped(Book.Name, b, a, "the columns")],
            report.Findings.Where(f => f is EntryAltered or EntryHashAltered or EntriesSwapped));
    }

    [Fact]
    public async Task Every_entry_changed_names_the_first()
    {
        var database = await databases.CopyAsync();
        await AuditDatabase.ExecuteAsync(database, "update ledger.mt_events set headers = '{\"actor\": \"nobody\"}' where seq_id > 3");
        var report = await BookAuditTests.RunAsync(database, new() { MaxFindings = AuditDatabase.Plan.Books });

        Assert.Equal(databases.Books.Books.Select(book => new EntryAltered(book.Name, 4)), report.Findings);
        Assert.Equal(databases.Books.Books.Sum(book => book.Head - 3), report.Found);
    }

    private async Task<AuditReport> AuditAsync(string sql)
    {
        var database = await databases.CopyAsync();
        await AuditDatabase.ExecuteAsync(database, sql);
        return await BookAuditTests.RunAsync(database);
    }

    private AuditFinding First(AuditReport report) => report.Findings.First(finding => finding.Book == Book.Name);
}
