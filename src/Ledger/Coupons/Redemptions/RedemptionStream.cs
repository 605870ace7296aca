using Ledger.Coupons.Baskets;

namespace Ledger.Coupons.Redemptions;

/// <summary>Streams of redemptions that have a record of their own: <c>redemption-{redemption id}</c>.</summary>
public static class RedemptionStream
{
    public static StreamType<Redemption, RedemptionEvent> Type { get; } = new("redemption", Schema: 4, Redemption.None, RedemptionDecider.Evolve);

    public static Stream<Redemption, RedemptionEvent> Of(string redemptionId) => Type.At($"redemption-{redemptionId}");

    /// <summary>The record of a redemption that so far stood in its coupon's stream alone; null where it is not the coupon's last, or no longer stands.</summary>
    public static RedeemedBasket? SaleOf(string redemptionId, string code, Coupon coupon)
    {
        ArgumentNullException.ThrowIfNull(coupon);
        if (coupon is not { Status: CouponStatus.Used, Last: { } use } || use.RedemptionId != redemptionId) return null;
        // Where only amounts were named the basket is one line, and the merchant pays.
        var breakdown = use.Basket ?? new(Basket.Of(use.Amount), use.Amount, [new(0, use.Discount)], [new(Funding.Merchant, use.Discount)]);
        var one = new RedeemedCoupon(code, coupon.Campaign, coupon.TermsVersion, breakdown.Eligible, use.Discount, breakdown.Lines, breakdown.Funding, Uses: 1, Charged: use.Charged);
        return new(use.Request, breakdown.Basket ?? Basket.Of(use.Amount), [one], use.At, use.VoidableUntil, use.Store, use.Till, use.Order, Hold: null, Member: coupon.Member);
    }
}
