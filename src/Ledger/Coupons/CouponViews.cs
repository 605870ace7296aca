using Ledger.Coupons.Baskets;
using NodaTime;

namespace Ledger.Coupons;

/// <summary>A campaign as the API shows it.</summary>
/// <param name="Issued">Coupons issued so far, exact at the moment of the answer.</param>
public sealed record CampaignView(
    string Id, string Name, CampaignStatus Status, int TermsVersion, CouponTerms Terms, long Quota, long Issued, Instant StartsAt, Instant EndsAt)
{
    public static CampaignView Of(string id, Campaign campaign, CouponTerms terms, long issued)
    {
        ArgumentNullException.ThrowIfNull(campaign);
        return new(id, campaign.Name, campaign.Status, campaign.TermsVersion, terms, campaign.Quota, issued, campaign.StartsAt, campaign.EndsAt);
    }
}

/// <summary>What issuing answers.</summary>
/// <param name="ValidTo">First instant no longer valid.</param>
public sealed record IssuedView(string Code, string Campaign, int TermsVersion, string Member, Instant ValidFrom, Instant ValidTo)
{
    public static IssuedView Of(string code, Coupon coupon)
    {
        ArgumentNullException.ThrowIfNull(coupon);
        return new(code, coupon.Campaign, coupon.TermsVersion, coupon.Member, coupon.ValidFrom, coupon.ValidTo);
    }
}

/// <summary>A coupon as the API shows it.</summary>
/// <param name="Status">pending, effective, held, used, expired or deactivated, as the clock stands.</param>
public sealed record CouponView(
    string Code, string Status, string Campaign, int TermsVersion, string Member, Instant ValidFrom, Instant ValidTo, RedemptionView? Redemption,
    HoldView? Hold = null)
{
    public static CouponView Of(string code, Coupon coupon, Instant now)
    {
        ArgumentNullException.ThrowIfNull(coupon);
        return new(code, coupon.StatusAt(now), coupon.Campaign, coupon.TermsVersion, coupon.Member, coupon.ValidFrom, coupon.ValidTo,
            coupon.Last is null ? null : RedemptionView.Of(code, coupon.Campaign, coupon.Last),
            coupon.Hold is null || now >= coupon.Hold.ExpiresAt ? null : HoldView.Of(code, coupon.Campaign, coupon.Hold));
    }
}

/// <summary>What placing a hold answers.</summary>
/// <param name="Payable">What the customer is to pay: amount less discount.</param>
/// <param name="ExpiresAt">First instant at which it can no longer be committed.</param>
public sealed record HoldView(
    string HoldId, string Code, string Campaign, Money Amount, Money Discount, Money Payable, Instant At, Instant ExpiresAt, string? Store, string? Till, string? Order,
    Breakdown? Basket = null)
{
    public static HoldView Of(string code, string campaign, CouponHold hold)
    {
        ArgumentNullException.ThrowIfNull(hold);
        return new(hold.Id, code, campaign, hold.Amount, hold.Discount, hold.Amount - hold.Discount, hold.At, hold.ExpiresAt, hold.Store, hold.Till, hold.Order,
            hold.Basket);
    }
}

/// <summary>What redeeming answers, and what a redemption is later.</summary>
/// <param name="Amount">The basket before the discount, in minor units.</param>
/// <param name="Payable">What the customer pays: amount less discount.</param>
/// <param name="VoidableUntil">First instant at which it can no longer be voided.</param>
public sealed record RedemptionView(
    string RedemptionId, string Status, string Code, string Campaign, Money Amount, Money Discount, Money Payable, Instant At,
    Instant VoidableUntil, string? Store, string? Till, string? Order, Breakdown? Basket = null)
{
    public static RedemptionView Of(string code, string campaign, CouponUse use)
    {
        ArgumentNullException.ThrowIfNull(use);
        return new(use.RedemptionId, use.IsVoided ? "voided" : "redeemed", code, campaign, use.Amount, use.Discount, use.Amount - use.Discount,
            use.At, use.VoidableUntil, use.Store, use.Till, use.Order, use.Basket);
    }
}
