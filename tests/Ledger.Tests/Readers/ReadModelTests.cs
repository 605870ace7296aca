using Ledger.Postgres.Readers;
using Npgsql;
using Xunit;

namespace Ledger.Tests.Readers;

/// <summary>What the statements of the read models make of histories.</summary>
public sealed class ReadModelTests
{
    public static TheoryData<string> Tables => [.. ReadModel.All.Select(model => model.Table)];

    [Theory]
    [MemberData(nameof(Tables))]
    public async Task However_a_history_is_cut_the_rows_are_those_of_the_fold(string table)
    {
        await using var database = (await ReadersDatabase.CreateAsync()).Connect();
        for (var seed = 1; seed <= 12; seed++)
        {
            await database.ExecuteAsync("truncate ledger.mt_events, ledger.books");
            var histories = new Histories(seed).Write(steps: 150);
            await histories.StoreAsync(database);
            var folded = StoredRows.Folded(histories, table);
            Assert.NotEmpty(folded);

            await RunAsync(database, table, ReaderTesting.Model(table).Sql, [Whole(histories)]);
            Assert.Equal(folded, await StoredRows.ReadAsync(database, table));
            await RunAsync(database, table, ReaderTesting.Model(table).BulkSql, [Whole(histories)]);
            Assert.Equal(folded, await StoredRows.ReadAsync(database, table));
            await RunAsync(database, table, ReaderTesting.Model(table).Sql, Cut(histories, new Random(seed), longest: 4));
            Assert.Equal(folded, await StoredRows.ReadAsync(database, table));
            await RunAsync(database, table, ReaderTesting.Model(table).BulkSql, Cut(histories, new Random(-seed), longest: 60));
            Assert.Equal(folded, await StoredRows.ReadAsync(database, table));
        }
    }

    [Theory]
    [MemberData(nameof(Tables))]
    public async Task Planned_for_empty_tables_the_statement_still_walks_the_books_index_and_the_models_key(string table)
    {
        await using var database = (await ReadersDatabase.CreateAsync()).Connect();
        await database.ExecuteAsync("analyze");
        var plan = await PlanAsync(database, table, "explain execute s ('{}', '{}', '{}')");
        var index = ReadModel.Busy.Any(ReaderTesting.Model(table).Knows) ? "ledger_events_key" : "ledger_events_quiet_idx";
        Assert.Contains(plan, line => line.Contains(index, StringComparison.Ordinal));
        Assert.DoesNotContain(plan, line => line.Contains("Seq Scan", StringComparison.Ordinal));
        // Only where the coupon of a use was issued is looked up by its stream.
        if (table is not ("surface_totals" or "fu_totals")) Assert.DoesNotContain(plan, line => line.Contains("ledger_events_version_key", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("surface_totals", "ledger_events_surface_idx")]
    [InlineData("fu_totals", "ledger_events_quiet_idx")]
    public async Task Uses_are_not_read_in_books_that_they_cannot_concern(string table, string index)
    {
        await using var database = (await ReadersDatabase.CreateAsync()).Connect();
        var plan = await PlanAsync(database, table, "explain (analyze) execute s ('{m1}', '{0}', '{1000}')");
        Assert.Contains("loops=1", Assert.Single(plan, line => line.Contains(index, StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.All(plan.Where(line => line.Contains("ledger_events_key", StringComparison.Ordinal)), line => Assert.Contains("never executed", line, StringComparison.Ordinal));
    }

    /// <summary>What the statement leaves out and the code does not know of would be passed over by whom it concerns.</summary>
    [Fact]
    public async Task The_busy_events_are_the_same_in_the_code_the_statements_and_the_index()
    {
        await using var database = (await ReadersDatabase.CreateAsync()).Connect();
        string[] texts = [ReadModel.EntriesFor(_ => false), await database.ScalarAsync<string>("select indexdef from pg_indexes where indexname = 'ledger_events_quiet_idx'")];
        Assert.All(texts, text => AssertBusy(text.Split('\'').Where((_, i) => i % 2 == 1)));
        AssertBusy(ReaderTesting.Model("fu_totals").Statement.Split("'{", 2)[1].Split("}'", 2)[0].Split(','));
        Assert.All(ReadModel.Busy, name => Assert.True(Catalogue.Events.ContainsKey(name), name));
    }

    /// <summary>Its statement also names events in order to leave them out.</summary>
    [Fact]
    public void Fu_totals_is_woken_by_what_it_counts_alone() => Assert.Equal(
        ["card_coupon_settled", "coupon_redeemed", "member_joined", "redemption_voided"],
        Catalogue.Events.Keys.Where(ReaderTesting.Model("fu_totals").Knows).Order(StringComparer.Ordinal),
        StringComparer.Ordinal);

    private static void AssertBusy(IEnumerable<string> names) =>
        Assert.Equal(ReadModel.Busy.Order(StringComparer.Ordinal), names.Order(StringComparer.Ordinal), StringComparer.Ordinal);

    private static async Task<List<string>> PlanAsync(NpgsqlDataSource database, string table, string explain)
    {
        await using var connection = await database.OpenConnectionAsync();
        await using (var set = new NpgsqlCommand(
            "set search_path = ledger; set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off;"
            + $"prepare s (varchar[], bigint[], bigint[]) as {ReaderTesting.Model(table).Sql}", connection))
        {
            await set.ExecuteNonQueryAsync();
        }

        await using var command = new NpgsqlCommand(explain, connection);
        await using var rows = await command.ExecuteReaderAsync();
        var plan = new List<string>();
        while (await rows.ReadAsync()) plan.Add(rows.GetString(0));
        return plan;
    }

    private static BookRange[] Whole(Histories histories) => [.. histories.Heads.Select(book => new BookRange(book.Key, 0, book.Value))];

    /// <summary>Steps over some books at a time, each by a few entries.</summary>
    private static IEnumerable<BookRange[]> Cut(Histories histories, Random random, int longest)
    {
        var at = histories.Heads.Keys.ToDictionary(book => book, _ => 0L, StringComparer.Ordinal);
        while (histories.Heads.Any(book => at[book.Key] < book.Value))
        {
            var step = new List<BookRange>();
            foreach (var (book, head) in histories.Heads.Where(book => at[book.Key] < book.Value && random.Next(2) == 0))
            {
                var upTo = Math.Min(at[book] + random.Next(1, longest + 1), head);
                step.Add(new(book, at[book], upTo));
                at[book] = upTo;
            }

            if (step.Count > 0) yield return [.. step];
        }
    }

    private static async Task RunAsync(NpgsqlDataSource database, string table, string sql, IEnumerable<BookRange[]> steps)
    {
        await database.ExecuteAsync($"truncate ledger.{table}");
        await using var connection = await database.OpenConnectionAsync();
        await using (var set = new NpgsqlCommand("set search_path = ledger", connection)) await set.ExecuteNonQueryAsync();
        foreach (var step in steps)
        {
            await using var batch = new NpgsqlBatch(connection) { BatchCommands = { BookRange.Command(sql, step) } };
            // Asked for once a connection: later this finds the statement prepared, as a follower does.
            await batch.PrepareAsync();
            await batch.ExecuteNonQueryAsync();
        }
    }
}
