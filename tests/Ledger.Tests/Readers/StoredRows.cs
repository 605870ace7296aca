using Ledger.Coupons.ReadModels;
using Ledger.Payments.ReadModels;
using NodaTime;
using Npgsql;

namespace Ledger.Tests.Readers;

/// <summary>The rows of a read model's table as the fold in C# writes them, ordered for comparing.</summary>
internal static class StoredRows
{
    public static async Task<string[]> ReadAsync(NpgsqlDataSource database, string table)
    {
        await using var command = database.CreateCommand($"select * from ledger.{table}");
        await using var rows = await command.ExecuteReaderAsync();
        var read = new List<object>();
        while (await rows.ReadAsync()) read.Add(Row(rows, table));
        return Ordered(read);
    }

    public static string[] Folded(Histories histories, string table) => table == "payment_days"
        ? Ordered(histories.FoldPayments().SelectMany(fold => fold.PaymentDays))
        : Ordered(histories.Fold().SelectMany<CouponProjections, object>(fold => table switch
    {
        "wallets" => fold.Wallets,
        "campaign_totals" => fold.CampaignTotals,
        "store_days" => fold.StoreDays,
        "timers" => fold.Timers,
        _ => throw new ArgumentOutOfRangeException(nameof(table)),
    }));

    public static async Task<bool> AreFoldedAsync(NpgsqlDataSource database, Histories histories, string table)
    {
        IEnumerable<string> read = await ReadAsync(database, table);
        return read.SequenceEqual(Folded(histories, table), StringComparer.Ordinal);
    }

    private static string[] Ordered(IEnumerable<object> rows) => [.. rows.Select(row => row.ToString()!).Order(StringComparer.Ordinal)];

    private static object Row(NpgsqlDataReader r, string table) => table switch
    {
        "wallets" => new WalletRow(
            T(r, "tenant_id")!, T(r, "code")!, T(r, "member")!, T(r, "campaign")!, r.GetInt32(r.GetOrdinal("terms_version")), I(r, "valid_to")!.Value, r.GetBoolean(r.GetOrdinal("hidden"))),
        "campaign_totals" => new CampaignTotalsRow(
            T(r, "tenant_id")!, T(r, "campaign")!, L(r, "issued"), L(r, "redeemed"), L(r, "voided"), L(r, "returned"), L(r, "deactivated"), L(r, "expired"),
            new Money(L(r, "amount")), new Money(L(r, "discount")), L(r, "face_valued"), new Money(L(r, "face_value"))),
        "store_days" => new StoreDayRow(
            T(r, "tenant_id")!, LocalDate.FromDateTime(r.GetDateTime(r.GetOrdinal("day"))), T(r, "store")!, L(r, "issued"), L(r, "redeemed"),
            L(r, "voided"), L(r, "returned"), new Money(L(r, "amount")), new Money(L(r, "discount"))),
        "payment_days" => new PaymentDayRow(
            T(r, "tenant_id")!, LocalDate.FromDateTime(r.GetDateTime(r.GetOrdinal("day"))), T(r, "store")!, L(r, "payments"), new Money(L(r, "amount")), L(r, "refunds"),
            new Money(L(r, "refunded"))),
        "timers" => new TimerRow(T(r, "tenant_id")!, T(r, "stream_id")!, I(r, "due_at")!.Value),
        _ => throw new ArgumentOutOfRangeException(nameof(table)),
    };

    private static string? T(NpgsqlDataReader row, string column) => row[column] as string;

    private static long L(NpgsqlDataReader row, string column) => row.GetInt64(row.GetOrdinal(column));

    private static Instant? I(NpgsqlDataReader row, string column) =>
        row.GetFieldValue<DateTime?>(row.GetOrdinal(column)) is { } time ? Instant.FromDateTimeUtc(time) : null;
}
