using Ledger.Coupons;
using Ledger.FuCards;
using Ledger.Members;

namespace Ledger.Postgres.Audit;

/// <summary>What one stream of a merchant's book adds to the sums of a Fu-card campaign: a card, a coupon that came with one, or a member.</summary>
internal sealed class FuCounts(string key)
{
    public string Key { get; } = key;

    /// <summary>In the order of the table's columns.</summary>
    public long[] Values { get; } = new long[6];

    /// <summary>The counts of a stream after another fact; null: it has none.</summary>
    public static FuCounts? After(FuCounts? counts, object fact)
    {
        switch (fact)
        {
            case FuCouponEvent.CardCouponSettled e:
                counts ??= new($"{e.Owner}/{e.Campaign}");
                counts.Values[0]++;
                counts.Values[1] += e.CouponIssued ? 1 : 0;
                break;
            case CouponEvent.CouponIssued { Channel: { } channel }:
                counts ??= Named(channel);
                break;
            case CouponEvent.CouponRedeemed when counts is not null:
                counts.Values[2] = 1;
                counts.Values[3]++;
                break;
            case CouponEvent.RedemptionVoided when counts is not null:
                counts.Values[4]++;
                break;
            case MemberEvent.MemberJoined { Channel: { } channel } when Named(channel) is { } named:
                counts ??= named;
                counts.Values[5]++;
                break;
            default:
                break;
        }

        return counts;
    }

    private static FuCounts? Named(string channel) => channel.StartsWith("FU_CARD/", StringComparison.Ordinal) ? new(channel["FU_CARD/".Length..]) : null;
}

/// <summary>Sums per Fu-card campaign. What streams add is gathered over all passes, and compared after the last.</summary>
internal sealed class FuTotalsTable : ITableCheck
{
    public const string Name = "fu_totals";

    private static readonly string[] Columns = ["cards", "coupons", "converted", "redeemed", "voided", "members"];

    public string Table => Name;

    public string Sql => "audit_fu_totals.sql";

    public bool Compare(CopyRows row, BookFold book, Part part)
    {
        if (book.IsBroken) return true;
        var key = $"{row.Text(1)}/{row.Text(2)}";
        if (!book.FuCards.TryGetValue(key, out var sum))
        {
            book.Findings.Add(new RowUnexpected(book.Book, Name, key));
            return true;
        }

        sum.IsSeen = true;
        for (var i = 0; i < Columns.Length; i++)
        {
            if (sum.Values[i] != row.Int64(i + 3)) Differ.Number(book, Name, key, Columns[i], sum.Values[i], row.Int64(i + 3));
        }

        return true;
    }

    public void Missing(BookFold book)
    {
        foreach (var (key, sum) in book.FuCards)
        {
            if (!sum.IsSeen && !book.IsBroken) book.Findings.Add(new RowMissing(book.Book, Name, key));
        }
    }
}
