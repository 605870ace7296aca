using System.Text.Json;
using Ledger.Tests.Readers;
using NodaTime;
using Npgsql;
using NpgsqlTypes;

namespace Ledger.Tests.Audit;

/// <summary>Writes what follows from invented entries. The read models come from their plain fold, which knows nothing of the audit's.</summary>
internal static class SyntheticTables
{
    public static async Task WriteAsync(NpgsqlDataSource source, IReadOnlyList<SyntheticBook> books, int lag, Random random)
    {
        await WriteAsync(source, "books", "tenant_id, head, head_hash", books, book => [[book.Name, book.Head, book.Hash]]);
        await WriteAsync(source, "tallies", "tenant_id, key, value", books, book => book.Tallies.Select(t => new object?[] { book.Name, t.Key, t.Value }));
        await WriteAsync(source, "mt_streams", "tenant_id, id, type, version, timestamp, created, status, state, state_schema", books, book => book.Streams.Select(s => new object?[]
        {
            book.Name, s.Key, s.Value.Type.Name, s.Value.Version, s.Value.Timestamp, s.Value.Created,
            s.Value.Type.StatusOf(s.Value.State), JsonSerializer.Serialize(s.Value.State, s.Value.Type.StateType, LedgerJson.Options), s.Value.Type.Schema,
        }));
        foreach (var (model, columns, rows) in ReadModelRows())
        {
            var ends = books.ToDictionary(book => book.Name, book => model.IsInline ? book.Head : Math.Max(0, book.Head - random.Next(lag + 1)), StringComparer.Ordinal);
            await WriteAsync(source, model.Table, columns, books, book => rows(Fold(book, ends[book.Name])).Select(row => row.Prepend(book.Name).ToArray()));
            if (!model.IsInline) await WriteAsync(source, "progress", "tenant_id, reader, seq_id", books, book => [[book.Name, model.Table, ends[book.Name]]]);
        }
    }

    private static IEnumerable<(ReadModel Model, string Columns, Func<Projections, IEnumerable<object?[]>> Rows)> ReadModelRows()
    {
        yield return (Model("wallets"), "tenant_id, code, member, campaign, terms_version, valid_to, hidden",
            all => all.Coupons.Wallets.Select(r => new object?[] { r.Code, r.Member, r.Campaign, r.TermsVersion, r.ValidTo, r.Hidden }));
        yield return (Model("campaign_totals"),
            "tenant_id, campaign, issued, redeemed, voided, returned, deactivated, expired, amount, discount, face_valued, face_value",
            all => all.Coupons.CampaignTotals.Select(r => new object?[]
            {
                r.Campaign, r.Issued, r.Redeemed, r.Voided, r.Returned, r.Deactivated, r.Expired, r.Amount.Minor, r.Discount.Minor, r.FaceValued, r.FaceValue.Minor,
            }));
        yield return (Model("store_days"), "tenant_id, day, store, issued, redeemed, voided, returned, amount, discount",
            all => all.Coupons.StoreDays.Select(r => new object?[] { r.Day, r.Store, r.Issued, r.Redeemed, r.Voided, r.Returned, r.Amount.Minor, r.Discount.Minor }));
        yield return (Model("surface_totals"), "tenant_id, campaign, portal, position, owner, issued, converted, redeemed, voided",
            all => all.Coupons.SurfaceTotals.Select(r => new object?[] { r.Campaign, r.Portal, r.Position, r.Owner, r.Issued, r.Converted, r.Redeemed, r.Voided }));
        yield return (Model("fu_totals"), "tenant_id, owner, campaign, cards, coupons, converted, redeemed, voided, members",
            all => all.FuCards.Totals.Select(r => new object?[] { r.Owner, r.Campaign, r.Cards, r.Coupons, r.Converted, r.Redeemed, r.Voided, r.Members }));
        yield return (Model("payment_days"), "tenant_id, day, store, payments, amount, refunds, refunded",
            all => all.Payments.PaymentDays.Select(r => new object?[] { r.Day, r.Store, r.Payments, r.Amount.Minor, r.Refunds, r.Refunded.Minor }));
        yield return (Model("points_balances"), "tenant_id, program, member, available, pending, held, arrears, lifetime, tier",
            all => all.Points.Balances.Select(r => new object?[] { r.Program, r.Member, r.Available, r.Pending, r.Held, r.Arrears, r.Lifetime, r.Tier }));
        yield return (Model("points_days"), "tenant_id, program, day, cohort, account, points",
            all => all.Points.Days.Select(r => new object?[] { r.Program, r.Day, r.Cohort, r.Account, r.Points }));
        yield return (Model("benefit_months"), "tenant_id, month, benefit, redeemed, points",
            all => all.Benefits.Months.Select(r => new object?[] { r.Month, r.Benefit, r.Redeemed, r.Points }));
        yield return (Model("agreements"), "tenant_id, agreement, member, plan, status, fee, guarantee, ends_at, benefit, due, collected, refunded",
            all => all.Agreements.Rows.Select(r => new object?[]
            {
                r.Agreement, r.Member, r.Plan, r.Status, r.Fee, r.Guarantee, r.EndsAt, r.Benefit, r.Due, r.Collected, r.Refunded,
            }));
        yield return (Model("timers"), "tenant_id, stream_id, due_at", all => all.Timers.Select(r => new object?[] { r.Stream, r.DueAt }));

        static ReadModel Model(string table) => ReadModel.All.Single(model => model.Table == table);
    }

    /// <summary>The rows as they stand after that entry.</summary>
    private static Projections Fold(SyntheticBook book, long upTo)
    {
        var fold = new Projections(book.Name);
        foreach (var (_, stream, fact) in book.Entries.TakeWhile(entry => entry.Seq <= upTo)) fold.Apply(stream, fact);
        return fold;
    }

    private static async Task WriteAsync(
        NpgsqlDataSource source, string table, string columns, IReadOnlyList<SyntheticBook> books, Func<SyntheticBook, IEnumerable<object?[]>> rowsOf)
    {
        await using var rows = await SyntheticRows.OpenAsync(source, table, columns);
        foreach (var row in books.SelectMany(rowsOf)) await rows.RowAsync(row);
        await rows.CompleteAsync();
    }
}

/// <summary>Rows on their way into a table by binary COPY.</summary>
public sealed class SyntheticRows : IAsyncDisposable
{
    private readonly NpgsqlConnection connection;
    private readonly NpgsqlBinaryImporter importer;

    private SyntheticRows(NpgsqlConnection connection, NpgsqlBinaryImporter importer) => (this.connection, this.importer) = (connection, importer);

    public static async Task<SyntheticRows> OpenAsync(NpgsqlDataSource source, string table, string columns)
    {
        ArgumentNullException.ThrowIfNull(source);
        var opened = await source.OpenConnectionAsync();
        return new(opened, await opened.BeginBinaryImportAsync($"copy ledger.{table} ({columns}) from stdin (format binary)"));
    }

    public async Task RowAsync(params object?[] row)
    {
        ArgumentNullException.ThrowIfNull(row);
        await importer.StartRowAsync();
        foreach (var value in row)
        {
            await (value switch
            {
                null => importer.WriteNullAsync(),
                string text => importer.WriteAsync(text, NpgsqlDbType.Varchar),
                long number => importer.WriteAsync(number, NpgsqlDbType.Bigint),
                int number => importer.WriteAsync(number, NpgsqlDbType.Integer),
                bool flag => importer.WriteAsync(flag, NpgsqlDbType.Boolean),
                Guid id => importer.WriteAsync(id, NpgsqlDbType.Uuid),
                byte[] bytes => importer.WriteAsync(bytes, NpgsqlDbType.Bytea),
                Json json => importer.WriteAsync(json.Utf8, Json.Type),
                Instant time => importer.WriteAsync(time.ToDateTimeUtc(), NpgsqlDbType.TimestampTz),
                LocalDate date => importer.WriteAsync(date.ToDateOnly(), NpgsqlDbType.Date),
                _ => throw new ArgumentException($"{value.GetType()} is written nowhere.", nameof(row)),
            });
        }
    }

    public async Task CompleteAsync() => await importer.CompleteAsync();

    public async ValueTask DisposeAsync()
    {
        await importer.DisposeAsync();
        await connection.DisposeAsync();
    }
}
