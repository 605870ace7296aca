using System.Text;
using System.Text.Json;
using Ledger.Postgres.Audit;
using NodaTime;
using Npgsql;
using Xunit;

namespace Ledger.Tests.Proof;

/// <summary>
/// Re-reads whole books without the service's help: numbers without gaps, versions, the chain, heads, states as the fold of the events, tallies
/// as their sums, one entry at most for a redemption, no coupon used twice.
/// </summary>
internal static class Books
{
    /// <param name="isWhole">The audit must be clean too: nothing was broken on purpose.</param>
    public static async Task AssertSoundAsync(NpgsqlDataSource database, bool isWhole = true)
    {
        for (var tries = 1; ; tries++)
        {
            var before = await database.AskAsync<decimal>("select coalesce(sum(head), 0) from ledger.books");
            try
            {
                await AssertStillSoundAsync(database, isWhole);
                return;
            }
            catch (Exception) when (tries < 10)
            {
                // Where the clock wrote meanwhile, what was read before and after that does not fit: read again.
                if (before == await database.AskAsync<decimal>("select coalesce(sum(head), 0) from ledger.books")) throw;
            }
        }
    }

    private static async Task AssertStillSoundAsync(NpgsqlDataSource database, bool isWhole)
    {
        using var hasher = new EntryHasher();
        var heads = new Dictionary<string, (long Seq, byte[] Hash)>(StringComparer.Ordinal);
        var states = new Dictionary<(string, string), (long Version, object State)>();
        var tallies = new Dictionary<(string, string), long>();
        foreach (var (entry, stored) in await EntriesAsync(database))
        {
            var (seq, hash) = heads.GetValueOrDefault(entry.Book, (0, EntryHasher.Genesis.ToArray()));
            Assert.True(entry.Seq == seq + 1, $"Book {entry.Book}: entry {entry.Seq} follows {seq}.");
            Assert.True(hasher.Verify(hash, entry, stored), $"Book {entry.Book}: the hash of entry {entry.Seq} does not follow.");
            heads[entry.Book] = (entry.Seq, stored);

            var kind = Catalogue.Events[entry.Type];
            var (version, state) = states.GetValueOrDefault((entry.Book, entry.Stream), (0, kind.Stream.Initial));
            Assert.True(entry.Version == version + 1, $"Book {entry.Book}: {entry.Stream} goes from version {version} to {entry.Version}.");
            var fact = kind.Read(entry.Data.Span);
            states[(entry.Book, entry.Stream)] = (entry.Version, kind.Stream.Evolve(state, fact));
            foreach (var change in kind.Stream.TalliesOf(fact))
                tallies[(entry.Book, change.Key)] = tallies.GetValueOrDefault((entry.Book, change.Key)) + change.Amount;
        }

        await AssertHeadsAsync(database, heads);
        await AssertStatesAsync(database, states);
        var sums = await database.ListAsync("select tenant_id, key, value from ledger.tallies", row => (row.GetString(0), row.GetString(1), row.GetInt64(2)));
        Assert.Equal(tallies.Select(t => (t.Key.Item1, t.Key.Item2, t.Value)).Order(), sums.Order());
        await AssertNothingTwiceAsync(database);
        if (!isWhole) return;
        var report = await BookAudit.RunAsync(database, new());
        Assert.True(report.IsClean, string.Join('\n', report.Findings.Select(finding => finding.Sentence)));
        Assert.Equal(heads.Values.Sum(head => head.Seq), report.Entries);
    }

    private static async Task AssertHeadsAsync(NpgsqlDataSource database, Dictionary<string, (long Seq, byte[] Hash)> heads)
    {
        var stored = await database.ListAsync("select tenant_id, head, head_hash from ledger.books", row => (row.GetString(0), row.GetInt64(1), Convert.ToHexString(row.GetFieldValue<byte[]>(2))));
        Assert.Equal(heads.Select(head => (head.Key, head.Value.Seq, Convert.ToHexString(head.Value.Hash))).Order(), stored.Order());
    }

    private static async Task AssertStatesAsync(NpgsqlDataSource database, Dictionary<(string, string), (long Version, object State)> states)
    {
        var rows = await database.ListAsync("select tenant_id, id, type, version, state from ledger.mt_streams where state is not null and state_schema > 0", row =>
            (Key: (row.GetString(0), row.GetString(1)), Type: row.GetString(2), Version: row.GetInt64(3), State: row.GetFieldValue<byte[]>(4)));
        foreach (var row in rows)
        {
            var (version, state) = states[row.Key];
            Assert.True(version == row.Version, $"{row.Key} is stored at version {row.Version}, its events say {version}.");
            var expected = CanonicalJson.Of(JsonSerializer.SerializeToUtf8Bytes(state, state.GetType(), LedgerJson.Options));
            Assert.Equal(Encoding.UTF8.GetString(expected), Encoding.UTF8.GetString(CanonicalJson.Of(row.State)));
        }
    }

    private static async Task AssertNothingTwiceAsync(NpgsqlDataSource database)
    {
        Assert.Equal(0, await database.AskAsync<long>(
            """
            select count(*) from (
                select tenant_id, stream_id from ledger.mt_events
                where type in ('coupon_redeemed', 'redemption_voided') or (type = 'coupon_returned' and data ? 'uses')
                -- Coupons of several uses count theirs in each entry.
                group by 1, 2 having not bool_or(type = 'coupon_redeemed' and data ? 'uses') and 2 * count(*) filter (where type = 'coupon_redeemed') - count(*) not in (0, 1)
            ) as twice
            """));
        Assert.Equal(0, await database.AskAsync<long>(
            """
            select count(*) from (
                select tenant_id, causation_id from ledger.mt_events where type in ('coupon_redeemed', 'coupon_issued', 'redemption_voided') and not data ? 'lead' and not data ? 'sale'
                -- A payment brings one coupon of each campaign.
                group by 1, 2, case when causation_id like 'policy %' then data ->> 'campaign' end having count(*) > 1
            ) as twice
            """));
    }

    /// <summary>The entries of a book, or of all, in order.</summary>
    public static Task<IReadOnlyList<(Entry Entry, byte[] Hash)>> EntriesAsync(NpgsqlDataSource database, string book = "") => database.ListAsync(
        """
        select tenant_id, seq_id, id, stream_id, version, data, type, timestamp, mt_dotnet_type, correlation_id, causation_id, headers, hash
        from ledger.mt_events where $1 in ('', tenant_id) order by tenant_id, seq_id
        """,
        row => (new Entry(
            row.GetString(0), row.GetInt64(1), row.GetGuid(2), row.GetString(3), row.GetInt64(4), CanonicalJson.Of(row.GetFieldValue<byte[]>(5)), row.GetString(6),
            Instant.FromDateTimeUtc(row.GetDateTime(7)), row.GetString(8), row.IsDBNull(9) ? null : row.GetString(9), row.IsDBNull(10) ? null : row.GetString(10),
            row.IsDBNull(11) ? default : CanonicalJson.Of(row.GetFieldValue<byte[]>(11))), row.GetFieldValue<byte[]>(12)),
        book);
}
