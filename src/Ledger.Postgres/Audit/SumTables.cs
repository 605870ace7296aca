using System.Globalization;
using System.Runtime.CompilerServices;
using Ledger.Coupons;
using NodaTime;

namespace Ledger.Postgres.Audit;

/// <summary>What a campaign's entries come to; mutable, as there is one per campaign and book and many entries.</summary>
internal sealed class CampaignSum
{
    private long issued, redeemed, voided, returned, deactivated, expired, amount, discount, faceValued, faceValue;

    public bool IsSeen { get; set; }

    /// <summary>In the order of the table's columns.</summary>
    public long[] Values => [issued, redeemed, voided, returned, deactivated, expired, amount, discount, faceValued, faceValue];

    public void Add(CouponEvent fact)
    {
        switch (fact)
        {
            case CouponEvent.CouponIssued e:
                issued++;
                if (e.FaceValue is not { } face) break;
                faceValued++;
                faceValue += face.Minor;
                break;
            case CouponEvent.CouponRedeemed e:
                redeemed++;
                amount += e.Amount.Minor;
                discount += e.Discount.Minor;
                break;
            case CouponEvent.RedemptionVoided e:
                voided++;
                amount -= e.Amount.Minor;
                discount -= e.Discount.Minor;
                break;
            case CouponEvent.CouponReturned e:
                returned++;
                amount -= e.Amount.Minor;
                discount -= e.Discount.Minor;
                break;
            case CouponEvent.CouponDeactivated: deactivated++; break;
            case CouponEvent.CouponExpired: expired++; break;
            case CouponEvent.CouponExpiryReversed: expired--; break;
            case CouponEvent.CouponIssueCancelled e:
                issued--;
                if (e.FaceValue is not { } back) break;
                faceValued--;
                faceValue -= back.Minor;
                break;
            default: throw new System.Diagnostics.UnreachableException($"{fact}");
        }
    }

    /// <summary>The campaign whose sums the event changes; null where it changes none.</summary>
    public static string? CampaignOf(CouponEvent fact) => fact switch
    {
        CouponEvent.CouponIssued e => e.Campaign,
        CouponEvent.CouponRedeemed e => e.Campaign,
        CouponEvent.RedemptionVoided e => e.Campaign,
        CouponEvent.CouponReturned e => e.Campaign,
        CouponEvent.CouponDeactivated e => e.Campaign,
        CouponEvent.CouponExpired e => e.Campaign,
        CouponEvent.CouponExpiryReversed e => e.Campaign,
        CouponEvent.CouponIssueCancelled e => e.Campaign,
        CouponEvent.CouponHidden or CouponEvent.CouponHeld or CouponEvent.CouponHoldReleased or CouponEvent.CouponIssueConfirmed => null,
        CouponEvent.CouponGiftOffered or CouponEvent.CouponGiftAccepted or CouponEvent.CouponGiftEnded => null,
        CouponEvent.VoucherSettled or CouponEvent.VoucherSettlementReversed or CouponEvent.VoucherRefundRequested or CouponEvent.VoucherRefundPaid
            or CouponEvent.VoucherRefundFailed or CouponEvent.VoucherBreakageBooked or CouponEvent.VoucherBreakageReversed => null,
        _ => throw new System.Diagnostics.UnreachableException($"{fact}"),
    };
}

/// <summary>Sums per campaign.</summary>
internal sealed class CampaignTotalsTable : ITableCheck
{
    public const string Name = "campaign_totals";

    private static readonly string[] Columns =
        ["issued", "redeemed", "voided", "returned", "deactivated", "expired", "amount", "discount", "face_valued", "face_value"];

    public string Table => Name;

    public string Sql => "audit_campaign_totals.sql";

    public bool Compare(CopyRows row, BookFold book, Part part)
    {
        if (!part.Holds(row.Bytes(1))) return false;
        ref var found = ref Differ.Find(book.Campaigns, row.Bytes(1));
        if (book.IsBroken) return true;
        if (Unsafe.IsNullRef(ref found))
        {
            book.Findings.Add(new RowUnexpected(book.Book, Name, row.Text(1)));
            return true;
        }

        found.IsSeen = true;
        var values = found.Values;
        for (var i = 0; i < Columns.Length; i++)
        {
            if (values[i] != row.Int64(i + 2)) Differ.Number(book, Name, row.Text(1), Columns[i], values[i], row.Int64(i + 2));
        }

        return true;
    }

    public void Missing(BookFold book)
    {
        foreach (var (campaign, sum) in book.Campaigns)
        {
            if (!sum.IsSeen && !book.IsBroken) book.Findings.Add(new RowMissing(book.Book, Name, campaign));
        }
    }
}

/// <summary>A business date and a store; the store is empty for issuing and for redemptions that named none.</summary>
internal readonly record struct StoreDayKey(LocalDate Day, string Store)
{
    public bool IsIn(Part part) => part.IsAll || part.Holds(ToString());

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Day.ToDateOnly():yyyy-MM-dd}/{Store}");
}

/// <summary>What a day's entries of a store come to.</summary>
internal sealed class StoreDaySum
{
    private long issued, redeemed, voided, returned, amount, discount;

    public bool IsSeen { get; set; }

    /// <summary>In the order of the table's columns.</summary>
    public long[] Values => [issued, redeemed, voided, returned, amount, discount];

    public void Add(CouponEvent fact)
    {
        switch (fact)
        {
            case CouponEvent.CouponIssued: issued++; break;
            case CouponEvent.CouponIssueCancelled: issued--; break;
            case CouponEvent.CouponRedeemed e:
                redeemed++;
                amount += e.Lead is null ? e.Amount.Minor : 0;
                discount += e.Discount.Minor;
                break;
            case CouponEvent.RedemptionVoided e:
                voided++;
                amount -= e.Lead is null ? e.Amount.Minor : 0;
                discount -= e.Discount.Minor;
                break;
            case CouponEvent.CouponReturned e:
                returned++;
                amount -= e.Lead is null ? e.Amount.Minor : 0;
                discount -= e.Discount.Minor;
                break;
            default: throw new System.Diagnostics.UnreachableException($"{fact}");
        }
    }

    /// <summary>The day and store that the event is booked on, if it is booked at all.</summary>
    public static StoreDayKey? KeyOf(CouponEvent fact) => fact switch
    {
        CouponEvent.CouponIssued e => new(e.Date, ""),
        CouponEvent.CouponIssueCancelled e => new(e.Date, ""),
        CouponEvent.CouponRedeemed e => new(e.Date, e.Store ?? ""),
        CouponEvent.RedemptionVoided e => new(e.Date, e.Store ?? ""),
        CouponEvent.CouponReturned e => new(e.Date, e.Store ?? ""),
        _ => null,
    };
}

/// <summary>Sums per business date and store.</summary>
internal sealed class StoreDaysTable : ITableCheck
{
    public const string Name = "store_days";

    private static readonly string[] Columns = ["issued", "redeemed", "voided", "returned", "amount", "discount"];

    public string Table => Name;

    public string Sql => "audit_store_days.sql";

    public bool Compare(CopyRows row, BookFold book, Part part)
    {
        var key = new StoreDayKey(PostgresTime.ToDate(row.Int32(1)), row.Text(2));
        if (!key.IsIn(part)) return false;
        if (book.IsBroken) return true;
        if (!book.StoreDays.TryGetValue(key, out var sum))
        {
            book.Findings.Add(new RowUnexpected(book.Book, Name, key.ToString()));
            return true;
        }

        sum.IsSeen = true;
        var values = sum.Values;
        for (var i = 0; i < Columns.Length; i++)
        {
            if (values[i] != row.Int64(i + 3)) Differ.Number(book, Name, key.ToString(), Columns[i], values[i], row.Int64(i + 3));
        }

        return true;
    }

    public void Missing(BookFold book)
    {
        foreach (var (key, sum) in book.StoreDays)
        {
            if (!sum.IsSeen && !book.IsBroken) book.Findings.Add(new RowMissing(book.Book, Name, key.ToString()));
        }
    }
}

/// <summary>The tables of all read models.</summary>
internal static class ReadModelTables
{
    public static IReadOnlyList<ITableCheck> Checks { get; } =
        [new WalletsTable(), new CampaignTotalsTable(), new StoreDaysTable(), new SurfaceTotalsTable(), new FuTotalsTable(), new PaymentDaysTable(), new TimersTable(), new AgreementsTable(), .. SumTable.All];

    public static IReadOnlyList<string> Names { get; } =
        [.. Checks.Select(check => check.Table)];
}
