using Npgsql;

namespace Ledger.Postgres;

/// <summary>Plain reads about where coupons were issued: no lock, no scribe. Everything asks for one merchant's rows.</summary>
public sealed class SurfaceQueries(NpgsqlDataSource database)
{
    /// <summary>Coupons by campaign and surface, behind a campaign, portal, position and owner; empty words for what was not said.</summary>
    public async Task<IReadOnlyList<SurfaceTotals>> TotalsAsync(string book, string[] after, int limit, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(after);
        var totals = new List<SurfaceTotals>();
        await using var command = database.CreateCommand(SqlFile.Read("query_report_surfaces.sql"));
        foreach (var value in (object[])[book, .. after, limit]) command.Parameters.Add(new() { Value = value });
        await using var row = await command.ExecuteReaderAsync(cancellation);
        while (await row.ReadAsync(cancellation))
        {
            var (issued, converted) = (row.GetInt64(4), row.GetInt64(5));
            totals.Add(new(
                row.GetString(0), Enum.Parse<Portal>(row.GetString(1)), Word<PublicPosition>(row.GetString(2)), Word<SurfaceOwner>(row.GetString(3)),
                issued, converted, issued == 0 ? 0 : converted * 10_000 / issued, row.GetInt64(6), row.GetInt64(7)));
        }

        return totals;

        static T? Word<T>(string text)
            where T : struct, Enum => text.Length == 0 ? null : Enum.Parse<T>(text);
    }
}

/// <summary>Coupons of a campaign that were issued on a surface; those whose issue named none are not among them.</summary>
/// <param name="Issued">Net of issues that were cancelled.</param>
/// <param name="Converted">Coupons that were ever redeemed.</param>
/// <param name="ConversionBasisPoints">Converted per 10,000 issued, rounded down.</param>
/// <param name="Redeemed">Redemptions ever made, voided ones included.</param>
public sealed record SurfaceTotals(
    string Campaign, Portal Portal, PublicPosition? Position, SurfaceOwner? Owner, long Issued, long Converted, long ConversionBasisPoints, long Redeemed, long Voided);
