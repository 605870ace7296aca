using Ledger.Coupons.Baskets;
using NodaTime;

namespace Ledger.Coupons.Redemptions;

/// <summary>What redeeming answers, and what a redemption is later.</summary>
/// <param name="Status">redeemed, voided, partly-returned, or returned once all of its goods or uses came back.</param>
/// <param name="Code">The coupon that it is named by.</param>
/// <param name="Amount">The basket before the discount, in minor units.</param>
/// <param name="Payable">What the customer pays: amount less discount.</param>
/// <param name="VoidableUntil">First instant at which it can no longer be voided.</param>
/// <param name="Basket">Where lines, payments or several coupons are involved: the basket, and the discount of all coupons by line and by party.</param>
/// <param name="Coupons">Each coupon's part, in the order of application; null where one coupon with one use is all.</param>
/// <param name="Returns">What came back, in order; null: nothing.</param>
/// <param name="Points">What points took off after the coupons; null: none were used.</param>
public sealed record RedemptionView(
    string RedemptionId, string Status, string Code, string Campaign, Money Amount, Money Discount, Money Payable, Instant At,
    Instant VoidableUntil, string? Store, string? Till, string? Order, Breakdown? Basket = null, IReadOnlyList<RedeemedCoupon>? Coupons = null,
    IReadOnlyList<GoodsReturn>? Returns = null, PointsPart? Points = null)
{
    public static RedemptionView Of(string code, string campaign, CouponUse use)
    {
        ArgumentNullException.ThrowIfNull(use);
        return new(use.RedemptionId, use.IsVoided ? "voided" : "redeemed", code, campaign, use.Amount, use.Discount, use.Amount - use.Discount,
            use.At, use.VoidableUntil, use.Store, use.Till, use.Order, use.Basket);
    }

    /// <summary>A redemption that has a record of its own.</summary>
    public static RedemptionView Of(string redemptionId, Redemption redemption)
    {
        ArgumentNullException.ThrowIfNull(redemption);
        var sale = redemption.Sale!;
        var lead = CouponStream.Parse(redemptionId) is var (code, _) ? sale.Coupons.First(coupon => coupon.Code == code) : sale.Coupons[0];
        var (amount, discount) = (sale.Basket.Amount, sale.Discount);
        return new(
            redemptionId, StatusOf(redemption), lead.Code, lead.Campaign, amount, discount, amount - discount, sale.At, sale.VoidableUntil, sale.Store, sale.Till, sale.Order,
            sale.Together(), sale is { Coupons: [{ Uses: 1 }], Points: null } ? null : sale.Coupons, redemption.Returns.Count == 0 ? null : redemption.Returns, sale.Points);
    }

    private static string StatusOf(Redemption redemption) => redemption switch
    {
        { IsVoided: true } => "voided",
        { Returns: [] } => "redeemed",
        { UsesReturned: > 0 and var back, Sale.Coupons: [var one] } => back == one.Uses ? "returned" : "partly-returned",
        _ => Baskets.Returns.AllLeft(redemption.Sale!.Basket, redemption.Returns).Count == 0 ? "returned" : "partly-returned",
    };
}

/// <summary>What returning goods answers.</summary>
/// <param name="Number">Of this redemption's returns, from 1.</param>
/// <param name="Refund">To the customer: the full price of what came back, less the discounts taken back.</param>
/// <param name="Coupons">What it does to each coupon, in the order of application.</param>
/// <param name="Points">What it does to the points; null: none were used.</param>
public sealed record ReturnView(
    string RedemptionId, int Number, Money Refund, IReadOnlyList<LineReturn> Lines, IReadOnlyList<ReturnedCouponView> Coupons, Instant At, ReturnedPointsView? Points = null);

/// <param name="Points">Given back, in all.</param>
/// <param name="Discount">Taken back of what they took off.</param>
/// <param name="Restored">Back in their lots; regranted ones are in new lots, as theirs had expired, and forfeited ones are nobody's, as the programme gives no grace.</param>
public sealed record ReturnedPointsView(long Points, Money Discount, IReadOnlyList<LineShare> Standing, long Restored, long Regranted, long Forfeited);

/// <param name="Discount">Taken back of this coupon's discount.</param>
/// <param name="Funding">To whom it goes back.</param>
/// <param name="Standing">What of its discount still stands, by line.</param>
/// <param name="Status">What the coupon is now.</param>
public sealed record ReturnedCouponView(string Code, Money Discount, IReadOnlyList<FundingShare> Funding, IReadOnlyList<LineShare> Standing, string Status);
