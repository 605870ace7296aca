using Ledger.Agreements;
using Ledger.Benefits;
using Ledger.Coupons;
using Ledger.Coupons.Groups;
using Ledger.FuCards;
using Ledger.Members;
using Ledger.Points;
using Ledger.Traffic;
using Ledger.Transfers;
using NodaTime;

namespace Ledger.Postgres.Audit;

/// <summary>Tables with one row a coupon: what the row says follows from the coupon as it stood, and the entry that made it so.</summary>
internal static class CouponRows
{
    private const string PrefixText = "coupon-";

    private static ReadOnlySpan<byte> Prefix => "coupon-"u8;

    /// <summary>The stream id of a code.</summary>
    public static ReadOnlySpan<byte> StreamOf(ReadOnlySpan<byte> code, Span<byte> buffer)
    {
        if (code.Length + Prefix.Length > buffer.Length) buffer = new byte[code.Length + Prefix.Length];
        Prefix.CopyTo(buffer);
        code.CopyTo(buffer[Prefix.Length..]);
        return buffer[..(Prefix.Length + code.Length)];
    }

    /// <summary>The coupon's code; the id itself where it is no coupon's.</summary>
    public static string CodeOf(string stream) => stream.StartsWith(PrefixText, StringComparison.Ordinal) ? stream[PrefixText.Length..] : stream;

    public static void Time(BookFold book, string table, ReadOnlySpan<byte> key, string column, Instant expected, long found)
    {
        if (PostgresTime.Of(expected) != found) Differ.Time(book, table, Text(key), column, PostgresTime.Of(expected), found);
    }

    public static string Text(ReadOnlySpan<byte> utf8) => System.Text.Encoding.UTF8.GetString(utf8);
}

/// <summary>Who has which coupon: written with the entries, never behind.</summary>
internal sealed class WalletsTable : ITableCheck
{
    public const string Name = "wallets";

    public string Table => Name;

    public string Sql => "audit_wallets.sql";

    public bool Compare(CopyRows row, BookFold book, Part part)
    {
        var code = row.Bytes(1);
        var stream = CouponRows.StreamOf(code, stackalloc byte[256]);
        if (!part.Holds(stream)) return false;
        if (book.Following(stream) is not { } fold || (fold.State is not Coupon && !fold.IsBroken))
        {
            book.Findings.Add(new RowUnexpected(book.Book, Name, row.Text(1)));
            return true;
        }

        fold.Seen |= Tables.Wallets;
        if (fold.IsBroken || fold.State is not Coupon coupon) return true;
        if (!Differ.Same(coupon.Member, row.Bytes(2))) Differ.Add(book, Name, row.Text(1), "member", coupon.Member, row.Text(2));
        if (!Differ.Same(coupon.Campaign, row.Bytes(3))) Differ.Add(book, Name, row.Text(1), "campaign", coupon.Campaign, row.Text(3));
        if (coupon.TermsVersion != row.Int32(4)) Differ.Number(book, Name, row.Text(1), "terms_version", coupon.TermsVersion, row.Int32(4));
        CouponRows.Time(book, Name, code, "valid_to", coupon.ValidTo, row.Int64(5));
        if (coupon.IsHidden is true != row.Bool(6)) Differ.Add(book, Name, row.Text(1), "hidden", coupon.IsHidden is true ? "true" : "false", row.Bool(6) ? "true" : "false");
        return true;
    }
}

/// <summary>
/// What is due when. Every stream that waits has its row; a row for a stream that no longer waits does no harm: the worker asks, is
/// told nothing, and takes it away.
/// </summary>
internal sealed class TimersTable : ITableCheck
{
    public const string Name = "timers";

    public string Table => Name;

    public string Sql => "audit_timers.sql";

    public bool Compare(CopyRows row, BookFold book, Part part)
    {
        var id = row.Bytes(1);
        if (!part.Holds(id)) return false;
        if (book.Known(id) is not { } fold) book.Findings.Add(new RowUnexpected(book.Book, Name, row.Text(1)));
        else if (fold.DueAt is { } due && PostgresTime.Of(due) == row.Int64(2)) fold.Seen |= Tables.Timers;
        return true;
    }

    /// <summary>What the stream waits for in that state.</summary>
    public static Instant? DueIn(object? state) => state switch
    {
        Coupon coupon => coupon.DueAt,
        BuyingGroup group => group.DueAt,
        FuHand hand => hand.DueAt,
        PointsAccount account => account.DueAt,
        TrafficAccount account => account.DueAt,
        Member member => member.DueAt,
        Transfer transfer => transfer.DueAt,
        Agreement agreement => agreement.DueAt,
        BenefitOrder { Status: BenefitOrderStatus.Ordered } order => order.ExpiresAt,
        Campaign { Status: CampaignStatus.Active or CampaignStatus.Paused } campaign => campaign.EndsAt,
        _ => null,
    };
}
