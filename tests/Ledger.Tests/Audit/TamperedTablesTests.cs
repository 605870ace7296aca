using Ledger.Postgres.Audit;
using Npgsql;
using Xunit;

namespace Ledger.Tests.Audit;

/// <summary>Whoever changes what is kept about the entries is found, by table, key and column.</summary>
public sealed class TamperedTablesTests(AuditDatabase databases) : IClassFixture<AuditDatabase>
{
    private SyntheticBook Book => databases.Books.Books[2];

    /// <summary>One change of one column gives one finding, which names it.</summary>
    [Theory]
    [InlineData("mt_streams", "version", "version + 1")]
    [InlineData("mt_streams", "type", "'campaign-forged'")]
    [InlineData("mt_streams", "timestamp", "timestamp + '1 s'")]
    [InlineData("mt_streams", "created", "created - interval '1 s'")]
    [InlineData("mt_streams", "is_archived", "true")]
    [InlineData("mt_streams", "state", "jsonb_set(state::jsonb, '{status}', '\"None\"')::text")]
    [InlineData("mt_streams", "state", "'{}'")]
    [InlineData("mt_streams", "status", "'forged'")]
    [InlineData("mt_streams", "status", "null")]
    [InlineData("tallies", "value", "value + 1")]
    [InlineData("wallets", "campaign", "'forged'")]
    [InlineData("wallets", "terms_version", "9")]
    [InlineData("wallets", "member", "'forged'")]
    [InlineData("wallets", "valid_to", "'2030-01-01'")]
    [InlineData("wallets", "hidden", "not hidden")]
    [InlineData("campaign_totals", "issued", "issued + 1")]
    [InlineData("campaign_totals", "redeemed", "redeemed + 1")]
    [InlineData("campaign_totals", "voided", "voided + 1")]
    [InlineData("campaign_totals", "returned", "returned + 1")]
    [InlineData("campaign_totals", "deactivated", "deactivated + 1")]
    [InlineData("campaign_totals", "expired", "expired + 1")]
    [InlineData("campaign_totals", "amount", "amount + 1")]
    [InlineData("campaign_totals", "discount", "discount + 1")]
    [InlineData("campaign_totals", "face_valued", "face_valued + 1")]
    [InlineData("campaign_totals", "face_value", "face_value + 1")]
    [InlineData("store_days", "issued", "issued + 1")]
    [InlineData("store_days", "redeemed", "redeemed + 1")]
    [InlineData("store_days", "voided", "voided + 1")]
    [InlineData("store_days", "returned", "returned + 1")]
    [InlineData("store_days", "amount", "amount + 1")]
    [InlineData("store_days", "discount", "discount + 1")]
    [InlineData("surface_totals", "issued", "issued + 1")]
    [InlineData("surface_totals", "converted", "converted + 1")]
    [InlineData("surface_totals", "redeemed", "redeemed + 1")]
    [InlineData("surface_totals", "voided", "voided + 1")]
    [InlineData("fu_totals", "cards", "cards + 1")]
    [InlineData("fu_totals", "coupons", "coupons + 1")]
    [InlineData("fu_totals", "converted", "converted + 1")]
    [InlineData("fu_totals", "redeemed", "redeemed + 1")]
    [InlineData("fu_totals", "voided", "voided + 1")]
    [InlineData("fu_totals", "members", "members + 1")]
    [InlineData("payment_days", "payments", "payments + 1")]
    [InlineData("payment_days", "amount", "amount + 1")]
    [InlineData("payment_days", "refunds", "refunds + 1")]
    [InlineData("payment_days", "refunded", "refunded + 1")]
    [InlineData("points_balances", "available", "available + 1")]
    [InlineData("points_balances", "pending", "pending + 1")]
    [InlineData("points_balances", "held", "held + 1")]
    [InlineData("points_balances", "arrears", "arrears + 1")]
    [InlineData("points_balances", "lifetime", "lifetime + 1")]
    [InlineData("points_balances", "tier", "tier + 1")]
    [InlineData("points_days", "points", "points + 1")]
    [InlineData("benefit_months", "redeemed", "redeemed + 1")]
    [InlineData("benefit_months", "points", "points + 1")]
    [InlineData("agreements", "member", "'forged'")]
    [InlineData("agreements", "plan", "'forged'")]
    [InlineData("agreements", "status", "'forged'")]
    [InlineData("agreements", "fee", "fee + 1")]
    [InlineData("agreements", "guarantee", "guarantee + 1")]
    [InlineData("agreements", "ends_at", "'2020-01-01'")]
    [InlineData("agreements", "benefit", "benefit + 1")]
    [InlineData("agreements", "due", "due + 1")]
    [InlineData("agreements", "collected", "collected + 1")]
    [InlineData("agreements", "refunded", "refunded + 1")]
    public async Task Every_column_of_a_row(string table, string column, string value)
    {
        var report = await AuditAsync($"update ledger.{table} set {column} = {value} where ctid = ({RowOf(table)})");

        var finding = Assert.IsType<RowDiffers>(Assert.Single(report.Findings));
        Assert.Equal((Book.Name, table), (finding.Book, finding.Table));
        Assert.Equal(column, finding.Column);
        Assert.NotEqual(finding.Expected, finding.Found, StringComparer.Ordinal);
    }

    [Theory]
    [InlineData("mt_streams", "id")]
    [InlineData("tallies", "key")]
    [InlineData("wallets", "code")]
    [InlineData("campaign_totals", "campaign")]
    [InlineData("store_days", "store")]
    [InlineData("surface_totals", "portal")]
    [InlineData("fu_totals", "owner")]
    [InlineData("payment_days", "store")]
    [InlineData("points_balances", "member")]
    [InlineData("points_days", "account")]
    [InlineData("benefit_months", "benefit")]
    [InlineData("agreements", "agreement")]
    [InlineData("timers", "stream_id")]
    public async Task Another_key_is_one_row_missing_and_one_too_many(string table, string key)
    {
        var report = await AuditAsync($"update ledger.{table} set {key} = 'forged' where ctid = ({RowOf(table)})");

        Assert.Equal(2, report.Findings.Count);
        Assert.Equal(table, Assert.Single(report.Findings.OfType<RowMissing>()).Table);
        Assert.Contains("forged", Assert.Single(report.Findings.OfType<RowUnexpected>()).Key, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("store_days", "day", "infinity")]
    [InlineData("payment_days", "day", "-infinity")]
    [InlineData("points_days", "day", "infinity")]
    [InlineData("points_days", "cohort", "-infinity")]
    [InlineData("benefit_months", "month", "50000-01-01")]
    public async Task A_day_that_no_calendar_has(string table, string key, string value)
    {
        var report = await AuditAsync($"update ledger.{table} set {key} = '{value}' where ctid = ({RowOf(table)})");

        Assert.Equal(2, report.Findings.Count);
        Assert.Equal((table, table), (Assert.Single(report.Findings.OfType<RowMissing>()).Table, Assert.Single(report.Findings.OfType<RowUnexpected>()).Table));
    }

    [Theory]
    [InlineData("mt_streams")]
    [InlineData("tallies")]
    [InlineData("wallets")]
    [InlineData("campaign_totals")]
    [InlineData("store_days")]
    [InlineData("surface_totals")]
    [InlineData("fu_totals")]
    [InlineData("payment_days")]
    [InlineData("points_balances")]
    [InlineData("points_days")]
    [InlineData("benefit_months")]
    [InlineData("agreements")]
    [InlineData("timers")]
    public async Task Rows_of_nobody(string table)
    {
        var report = await AuditAsync($"update ledger.{table} set tenant_id = 'nobody' where ctid = ({RowOf(table)})");

        Assert.Contains(report.Findings, f => f == new BookUnknown("nobody", table));
        Assert.Equal(("nobody", table), Assert.Single(report.Findings.OfType<RowUnexpected>().Select(f => (f.Book, f.Table))));
        Assert.Equal((Book.Name, table), Assert.Single(report.Findings.OfType<RowMissing>().Select(f => (f.Book, f.Table))));
    }

    [Theory]
    [InlineData("outcome = '17'")]
    [InlineData("outcome = '[]'")]
    [InlineData("fingerprint = '\\x00'")]
    public async Task A_request(string change)
    {
        var report = await AuditAsync($"update ledger.requests set {change} where ctid = ({RowOf("requests")})");

        var finding = Assert.IsType<RequestsUnreadable>(Assert.Single(report.Findings));
        Assert.Equal((Book.Name, 1), (finding.Book, finding.Count));
    }

    [Fact]
    public async Task A_request_without_a_key()
    {
        var report = await AuditAsync($"update ledger.requests set key = '' where ctid = ({RowOf("requests")})");

        Assert.Contains(new RequestsUnreadable(Book.Name, 1, ""), report.Findings);
        Assert.Contains(new RequestMissing(Book.Name, 2, "setup-1"), report.Findings);
        Assert.Equal(2, report.Findings.Count);
    }

    /// <summary>Whoever sends it again has it carried out again.</summary>
    [Theory]
    [InlineData("delete from ledger.requests")]
    [InlineData("update ledger.requests set key = 'forged'")]
    [InlineData("update ledger.requests set tenant_id = 'm-7-00000', key = 'forged'")]
    public async Task A_request_taken_away(string change)
    {
        var report = await AuditAsync($"{change} where ctid = ({RowOf("requests")})");

        Assert.Equal([new RequestMissing(Book.Name, 2, "setup-1")], report.Findings);
        Assert.Equal(
            $"Entry 2 of book {Book.Name} was written under request key setup-1, which has no row in requests: sent again, it would be carried out again.", report.Findings[0].Sentence);
    }

    [Fact]
    public async Task All_requests_taken_away_are_named_each_by_its_first_entry()
    {
        var database = await databases.CopyAsync();
        await AuditDatabase.ExecuteAsync(database, $"delete from ledger.requests where tenant_id = '{Book.Name}' and fingerprint <> ''");
        await using var source = NpgsqlDataSource.Create(database);
        var entries = await source.ListAsync(
            $"select min(seq_id), causation_id, count(*) from ledger.mt_events where tenant_id = '{Book.Name}' and causation_id is not null group by 2 order by 1",
            row => (Finding: new RequestMissing(Book.Name, row.GetInt64(0), row.GetString(1)), Entries: row.GetInt64(2)));
        var report = await BookAuditTests.RunAsync(database);

        Assert.Contains(entries, entry => entry.Entries > 1);
        Assert.Equal(entries.Select(entry => entry.Finding), report.Findings.Cast<RequestMissing>().OrderBy(finding => finding.Number));
        Assert.True((await BookAuditTests.RunAsync(database, new() { Book = databases.Books.Books[1].Name })).IsClean);
        Assert.Equal(entries.Count, (await BookAuditTests.RunAsync(database, new() { Book = Book.Name })).Found);
    }

    [Theory]
    [InlineData("at", "\"2020-01-01T00:00:00.000000Z\"")]
    [InlineData("reason", "\"forged\"")]
    [InlineData("request", "\"forged\"")]
    [InlineData("reversedBy", "\"forged\"")]
    [InlineData("status", "\"redeemed\"")]
    [InlineData("more", "1")]
    [InlineData("more", "1.5")]
    public async Task What_a_tombstone_says(string member, string value)
    {
        var report = await AuditAsync($"update ledger.requests set outcome = outcome || '{{\"{member}\": {value}}}' where ctid = ({Tombstone})");

        var finding = Assert.IsType<RowDiffers>(Assert.Single(report.Findings));
        Assert.Equal((Book.Name, "requests", "outcome"), (finding.Book, finding.Table, finding.Column));
        Assert.Contains(value, finding.Found, StringComparison.Ordinal);
    }

    /// <summary>Where the row is gone, or passes for an answer, the request could be carried out.</summary>
    [Theory]
    [InlineData("delete from ledger.requests")]
    [InlineData("update ledger.requests set fingerprint = sha256('')")]
    public async Task A_tombstone_taken_away(string change)
    {
        var report = await AuditAsync($"{change} where ctid = ({Tombstone})");

        var finding = Assert.IsType<RowMissing>(Assert.Single(report.Findings));
        Assert.Equal((Book.Name, "requests"), (finding.Book, finding.Table));
    }

    [Fact]
    public async Task A_tombstone_under_another_key()
    {
        var report = await AuditAsync($"update ledger.requests set key = 'forged' where ctid = ({Tombstone})");

        Assert.Equal([(Book.Name, "requests", "forged")], report.Findings.OfType<RowUnexpected>().Select(f => (f.Book, f.Table, f.Key)));
        Assert.Equal((Book.Name, "requests"), Assert.Single(report.Findings.OfType<RowMissing>().Select(f => (f.Book, f.Table))));
        Assert.Equal(2, report.Findings.Count);
    }

    /// <summary>Whoever empties a fingerprint takes an answer away: the request would be refused as reversed.</summary>
    [Fact]
    public async Task A_request_made_a_tombstone()
    {
        var report = await AuditAsync($"update ledger.requests set fingerprint = '' where ctid = (select ctid from ledger.requests where tenant_id = '{Book.Name}' and key = 'setup-0')");

        Assert.Equal([new RowUnexpected(Book.Name, "requests", "setup-0")], report.Findings);
    }

    [Fact]
    public async Task A_tombstone_of_nobody()
    {
        var report = await AuditAsync($"update ledger.requests set tenant_id = 'nobody' where ctid = ({Tombstone})");

        Assert.Contains(new BookUnknown("nobody", "requests"), report.Findings);
        Assert.Equal(("nobody", "requests"), Assert.Single(report.Findings.OfType<RowUnexpected>().Select(f => (f.Book, f.Table))));
        Assert.Equal((Book.Name, "requests"), Assert.Single(report.Findings.OfType<RowMissing>().Select(f => (f.Book, f.Table))));
    }

    [Fact]
    public async Task The_hour_of_a_timer()
    {
        var report = await AuditAsync($"update ledger.timers set due_at = due_at + '1 microsecond' where ctid = ({RowOf("timers")})");

        Assert.Equal("timers", Assert.IsType<RowMissing>(Assert.Single(report.Findings)).Table);
    }

    [Fact]
    public async Task The_hash_of_the_head()
    {
        var report = await AuditAsync($"update ledger.books set head_hash = sha256(head_hash) where tenant_id = '{Book.Name}'");

        Assert.Equal([new HeadHashDiffers(Book.Name, Book.Head)], report.Findings);
    }

    [Fact]
    public async Task The_number_of_the_head()
    {
        var report = await AuditAsync($"update ledger.books set head = head - 1 where tenant_id = '{Book.Name}'");

        Assert.Equal([new HeadDiffers(Book.Name, Book.Head, Book.Head - 1)], report.Findings);
    }

    [Fact]
    public async Task No_book_for_its_entries()
    {
        var report = await AuditAsync($"delete from ledger.books where tenant_id = '{Book.Name}'");

        Assert.Equal([new BookUnknown(Book.Name, "progress")], report.Findings);
    }

    [Fact]
    public async Task A_book_without_entries()
    {
        var report = await AuditAsync("insert into ledger.books values ('zzz', 0, '\\x00')");

        Assert.Equal([new HeadDiffers("zzz", 0, 0)], report.Findings);
    }

    [Fact]
    public async Task A_reader_ahead_of_its_book()
    {
        var report = await AuditAsync($"insert into ledger.progress values ('{Book.Name}', 'policy', {Book.Head + 1})");

        Assert.Equal([new ProgressAhead(Book.Name, "policy", Book.Head + 1, Book.Head)], report.Findings);
    }

    [Fact]
    public async Task A_follower_that_never_ran_and_has_rows_all_the_same()
    {
        var report = await AuditAsync($"delete from ledger.progress where reader = 'campaign_totals' and tenant_id = '{Book.Name}'");

        Assert.All(report.Findings, f => Assert.Equal("campaign_totals", Assert.IsType<RowUnexpected>(f).Table));
        Assert.Equal(3, report.Findings.Count);
    }

    private string Tombstone => $"select ctid from ledger.requests where tenant_id = '{Book.Name}' and fingerprint = '' order by key limit 1";

    /// <summary>A row of the book; of a redeemed coupon where the table has such.</summary>
    private string RowOf(string table) => table switch
    {
        "mt_streams" => $"select ctid from ledger.mt_streams where tenant_id = '{Book.Name}' and status = 'used' order by id limit 1",
        "wallets" => $"select ctid from ledger.{table} where tenant_id = '{Book.Name}' order by code limit 1",
        "timers" => $"select t.ctid from ledger.timers t join ledger.mt_streams c on c.tenant_id = t.tenant_id and t.stream_id = c.id "
            + $"where t.tenant_id = '{Book.Name}' and c.status = 'issued' and not c.state::jsonb ? 'hold' and (c.state::jsonb ->> 'validTo')::timestamptz = t.due_at limit 1",
        "payment_days" => $"select ctid from ledger.payment_days where tenant_id = '{Book.Name}' limit 1",
        "store_days" => $"select ctid from ledger.store_days where tenant_id = '{Book.Name}' and store = 's1' limit 1",
        "requests" => $"select ctid from ledger.requests where tenant_id = '{Book.Name}' and key = 'setup-1'",
        _ => $"select ctid from ledger.{table} where tenant_id = '{Book.Name}' limit 1",
    };

    private async Task<AuditReport> AuditAsync(string sql)
    {
        var database = await databases.CopyAsync();
        Assert.Equal(1, await AuditDatabase.ExecuteAsync(database, sql));
        return await BookAuditTests.RunAsync(database);
    }
}
