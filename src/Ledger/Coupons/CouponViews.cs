using Ledger.Coupons.Baskets;
using Ledger.Coupons.Budgets;
using Ledger.Coupons.Redemptions;
using NodaTime;

namespace Ledger.Coupons;

/// <summary>A campaign as the API shows it.</summary>
/// <param name="Issued">Coupons issued so far, exact at the moment of the answer; places in groups that are forming count, issues that were cancelled do not.</param>
/// <param name="Proposed">The terms version that waits for approval; absent: none.</param>
/// <param name="Budgets">The parties whose share is bounded, and what is left of that; null: none is.</param>
public sealed record CampaignView(
    string Id, string Name, CampaignStatus Status, int TermsVersion, CouponTerms Terms, long Quota, long Issued, Instant StartsAt, Instant EndsAt,
    int? Proposed = null, IReadOnlyList<BudgetView>? Budgets = null)
{
    /// <param name="tally">The value of a tally by key; asked for those of <see cref="MoneyBudgets.Parties"/>.</param>
    public static CampaignView Of(string id, Campaign campaign, CouponTerms terms, long issued, Func<string, long> tally)
    {
        ArgumentNullException.ThrowIfNull(campaign);
        return new(
            id, campaign.Name, campaign.Status, campaign.TermsVersion, terms, campaign.Quota, issued, campaign.StartsAt, campaign.EndsAt,
            campaign.Proposed, MoneyBudgets.Of(id, campaign, terms, tally));
    }
}

/// <summary>What issuing answers.</summary>
/// <param name="ValidTo">First instant no longer valid.</param>
/// <param name="ConfirmBy">First instant at which it can no longer be confirmed; absent: it is usable as it is.</param>
public sealed record IssuedView(string Code, string Campaign, int TermsVersion, string Member, Instant ValidFrom, Instant ValidTo, Instant? ConfirmBy = null, Surface? Surface = null)
{
    public static IssuedView Of(string code, Coupon coupon)
    {
        ArgumentNullException.ThrowIfNull(coupon);
        return new(code, coupon.Campaign, coupon.TermsVersion, coupon.Member, coupon.ValidFrom, coupon.ValidTo, coupon.Claim?.ConfirmBy, coupon.Surface);
    }
}

/// <summary>A coupon as the API shows it.</summary>
/// <param name="Status">confirming, cancelled, in-transfer, pending, effective, held, used, expired, deactivated or returned-expired, as the clock stands.</param>
/// <param name="IsHidden">True: its owner deleted it from the wallet; else absent.</param>
public sealed record CouponView(
    string Code, string Status, string Campaign, int TermsVersion, string Member, Instant ValidFrom, Instant ValidTo, RedemptionView? Redemption,
    HoldView? Hold = null, bool? IsHidden = null, Surface? Surface = null)
{
    public static CouponView Of(string code, Coupon coupon, Instant now)
    {
        ArgumentNullException.ThrowIfNull(coupon);
        return new(code, coupon.StatusAt(now), coupon.Campaign, coupon.TermsVersion, coupon.Member, coupon.ValidFrom, coupon.ValidTo,
            coupon.Last is null ? null : RedemptionView.Of(code, coupon.Campaign, coupon.Last),
            coupon.Hold is null || now >= coupon.Hold.ExpiresAt ? null : HoldView.Of(code, coupon.Campaign, coupon.Hold), coupon.IsHidden, coupon.Surface);
    }
}

/// <summary>What placing a hold answers.</summary>
/// <param name="Payable">What the customer is to pay: amount less discount.</param>
/// <param name="ExpiresAt">First instant at which it can no longer be committed.</param>
/// <param name="Coupons">Each coupon's part in the order of application, where several are held, or points; amounts are then those of all together.</param>
/// <param name="Points">What points take off after the coupons; null: none are held.</param>
public sealed record HoldView(
    string HoldId, string Code, string Campaign, Money Amount, Money Discount, Money Payable, Instant At, Instant ExpiresAt, string? Store, string? Till, string? Order,
    Breakdown? Basket = null, IReadOnlyList<RedeemedCoupon>? Coupons = null, PointsPart? Points = null)
{
    public static HoldView Of(string code, string campaign, CouponHold hold)
    {
        ArgumentNullException.ThrowIfNull(hold);
        return new(hold.Id, code, campaign, hold.Amount, hold.Discount, hold.Amount - hold.Discount, hold.At, hold.ExpiresAt, hold.Store, hold.Till, hold.Order,
            hold.Basket);
    }

    /// <summary>A hold of several coupons, or of points beside.</summary>
    public static HoldView Of(string holdId, Coupon lead, PricedBasket priced)
    {
        ArgumentNullException.ThrowIfNull(lead);
        ArgumentNullException.ThrowIfNull(priced);
        var (hold, code) = (lead.Hold!, CouponStream.CodeOfHold(holdId));
        var sale = new RedeemedBasket(hold.Request, priced.Basket, priced.Coupons, hold.At, hold.At, hold.Store, hold.Till, hold.Order, holdId, priced.Points);
        return new(
            holdId, code, lead.Campaign, hold.Amount, sale.Discount, hold.Amount - sale.Discount, hold.At, hold.ExpiresAt, hold.Store, hold.Till, hold.Order, sale.Together(),
            priced.Coupons, priced.Points);
    }
}

/// <summary>What is kept under the key of a batch of issuing; line n has its answer under <c>{key}#{n}</c>.</summary>
public sealed record IssueBatchOpened(Instant OpenedAt);
