using Ledger.Coupons;

namespace Ledger.Postgres.Audit;

/// <summary>What one coupon adds to the sums of the surface where it was issued.</summary>
internal sealed class SurfaceCounts(string key)
{
    public string Key { get; } = key;

    /// <summary>In the order of the table's columns.</summary>
    public long[] Values { get; } = new long[4];

    /// <param name="state">After the fact.</param>
    public void Add(CouponEvent fact, Coupon state)
    {
        switch (fact)
        {
            case CouponEvent.CouponIssued: Values[0]++; break;
            case CouponEvent.CouponIssueCancelled: Values[0]--; break;
            case CouponEvent.CouponRedeemed:
                Values[1] += state.Redemptions == 1 ? 1 : 0;
                Values[2]++;
                break;
            case CouponEvent.RedemptionVoided: Values[3]++; break;
            default: break;
        }
    }

    public static string KeyOf(string campaign, string portal, string position, string owner) => $"{campaign}/{portal}/{position}/{owner}";

    public static string KeyOf(Coupon coupon) =>
        KeyOf(coupon.Campaign, coupon.Surface!.Portal.ToString(), coupon.Surface.Position?.ToString() ?? "", coupon.Surface.Owner?.ToString() ?? "");
}

/// <summary>
/// Sums per campaign and surface. A use does not name its surface, so what coupons add is gathered with their streams, over all passes, and
/// compared after the last.
/// </summary>
internal sealed class SurfaceTotalsTable : ITableCheck
{
    public const string Name = "surface_totals";

    private static readonly string[] Columns = ["issued", "converted", "redeemed", "voided"];

    public string Table => Name;

    public string Sql => "audit_surface_totals.sql";

    public bool Compare(CopyRows row, BookFold book, Part part)
    {
        if (book.IsBroken) return true;
        var key = SurfaceCounts.KeyOf(row.Text(1), row.Text(2), row.Text(3), row.Text(4));
        if (!book.Surfaces.TryGetValue(key, out var sum))
        {
            book.Findings.Add(new RowUnexpected(book.Book, Name, key));
            return true;
        }

        sum.IsSeen = true;
        for (var i = 0; i < Columns.Length; i++)
        {
            if (sum.Values[i] != row.Int64(i + 5)) Differ.Number(book, Name, key, Columns[i], sum.Values[i], row.Int64(i + 5));
        }

        return true;
    }

    public void Missing(BookFold book)
    {
        foreach (var (key, sum) in book.Surfaces)
        {
            if (!sum.IsSeen && !book.IsBroken) book.Findings.Add(new RowMissing(book.Book, Name, key));
        }
    }
}
