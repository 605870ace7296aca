using Ledger.Agreements.ReadModels;
using Ledger.Benefits.ReadModels;
using Ledger.Coupons.ReadModels;
using Ledger.Payments.ReadModels;
using Ledger.Points.ReadModels;
using Ledger.Policies.ReadModels;
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

    public static string[] Folded(Histories histories, string table) => Ordered(histories.Fold().SelectMany<Projections, object>(fold => table switch
    {
        "wallets" => fold.Coupons.Wallets,
        "campaign_totals" => fold.Coupons.CampaignTotals,
        "store_days" => fold.Coupons.StoreDays,
        "surface_totals" => fold.Coupons.SurfaceTotals,
        "fu_totals" => fold.FuCards.Totals,
        "payment_days" => fold.Payments.PaymentDays,
        "points_balances" => fold.Points.Balances,
        "points_days" => fold.Points.Days,
        "benefit_months" => fold.Benefits.Months,
        "agreements" => fold.Agreements.Rows,
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
            T(r, "tenant_id")!, D(r, "day"), T(r, "store")!, L(r, "issued"), L(r, "redeemed"),
            L(r, "voided"), L(r, "returned"), new Money(L(r, "amount")), new Money(L(r, "discount"))),
        "surface_totals" => new SurfaceTotalsRow(
            T(r, "tenant_id")!, T(r, "campaign")!, T(r, "portal")!, T(r, "position")!, T(r, "owner")!, L(r, "issued"), L(r, "converted"), L(r, "redeemed"), L(r, "voided")),
        "fu_totals" => new FuTotalsRow(
            T(r, "tenant_id")!, T(r, "owner")!, T(r, "campaign")!, L(r, "cards"), L(r, "coupons"), L(r, "converted"), L(r, "redeemed"), L(r, "voided"), L(r, "members")),
        "payment_days" => new PaymentDayRow(
            T(r, "tenant_id")!, D(r, "day"), T(r, "store")!, L(r, "payments"), new Money(L(r, "amount")), L(r, "refunds"),
            new Money(L(r, "refunded"))),
        "points_balances" => new PointsBalanceRow(
            T(r, "tenant_id")!, T(r, "program")!, T(r, "member")!, L(r, "available"), L(r, "pending"), L(r, "held"), L(r, "arrears"), L(r, "lifetime"), L(r, "tier")),
        "points_days" => new PointsDayRow(T(r, "tenant_id")!, T(r, "program")!, D(r, "day"), D(r, "cohort"), T(r, "account")!, L(r, "points")),
        "benefit_months" => new BenefitMonthRow(T(r, "tenant_id")!, D(r, "month"), T(r, "benefit")!, L(r, "redeemed"), L(r, "points")),
        "agreements" => new AgreementRow(
            T(r, "tenant_id")!, T(r, "agreement")!, T(r, "member")!, T(r, "plan")!, T(r, "status")!, L(r, "fee"), L(r, "guarantee"), I(r, "ends_at"), L(r, "benefit"), L(r, "due"),
            L(r, "collected"), L(r, "refunded")),
        "timers" => new TimerRow(T(r, "tenant_id")!, T(r, "stream_id")!, I(r, "due_at")!.Value),
        _ => throw new ArgumentOutOfRangeException(nameof(table)),
    };

    private static LocalDate D(NpgsqlDataReader row, string column) => LocalDate.FromDateTime(row.GetDateTime(row.GetOrdinal(column)));

    private static string? T(NpgsqlDataReader row, string column) => row[column] as string;

    private static long L(NpgsqlDataReader row, string column) => row.GetInt64(row.GetOrdinal(column));

    private static Instant? I(NpgsqlDataReader row, string column) =>
        row.GetFieldValue<DateTime?>(row.GetOrdinal(column)) is { } time ? Instant.FromDateTimeUtc(time) : null;
}
