using Ledger.Coupons;
using Ledger.FuCards;
using Ledger.Members;

namespace Ledger.Policies.ReadModels;

/// <summary>A row of <c>fu_totals</c>: what a campaign brought the merchant of the book.</summary>
/// <param name="Converted">Coupons of cards that were ever redeemed.</param>
public sealed record FuTotalsRow(
    string Book, string Owner, string Campaign, long Cards, long Coupons, long Converted, long Redeemed, long Voided, long Members);

/// <summary>The read model of a merchant's cards by another road than its SQL: each coupon is remembered from its issue on.</summary>
public sealed class FuProjections(string book)
{
    private readonly Dictionary<(string Owner, string Campaign), FuTotalsRow> totals = [];
    private readonly Dictionary<string, (string Owner, string Campaign)> coupons = new(StringComparer.Ordinal);
    private readonly HashSet<string> converted = new(StringComparer.Ordinal);

    public IEnumerable<FuTotalsRow> Totals => totals.Values;

    /// <summary>Takes the book's next entry; entries of other slices change nothing.</summary>
    public void Apply(string stream, object fact)
    {
        switch (fact)
        {
            case FuCouponEvent.CardCouponSettled e:
                Add((e.Owner, e.Campaign), row => row with { Cards = row.Cards + 1, Coupons = row.Coupons + (e.CouponIssued ? 1 : 0) });
                break;
            case CouponEvent.CouponIssued e when FuChannel.Parse(e.Channel) is { } campaign:
                coupons[stream] = campaign;
                break;
            case CouponEvent.CouponRedeemed when coupons.TryGetValue(stream, out var campaign):
                var isFirst = converted.Add(stream);
                Add(campaign, row => row with { Redeemed = row.Redeemed + 1, Converted = row.Converted + (isFirst ? 1 : 0) });
                break;
            case CouponEvent.RedemptionVoided when coupons.TryGetValue(stream, out var campaign):
                Add(campaign, row => row with { Voided = row.Voided + 1 });
                break;
            case MemberEvent.MemberJoined e when FuChannel.Parse(e.Channel) is { } campaign:
                Add(campaign, row => row with { Members = row.Members + 1 });
                break;
            default:
                break;
        }
    }

    private void Add((string Owner, string Campaign) key, Func<FuTotalsRow, FuTotalsRow> change) =>
        totals[key] = change(totals.GetValueOrDefault(key) ?? new(book, key.Owner, key.Campaign, 0, 0, 0, 0, 0, 0));
}
