using Ledger.Coupons.Codes;
using NodaTime;

namespace Ledger.Coupons.Offline;

/// <summary>What a merchant may promise a till of one coupon: only what holds whatever the till will not be able to ask.</summary>
public static class OfflinePromise
{
    /// <summary>Reads top to bottom: the first line that refuses answers.</summary>
    /// <param name="hint">What the cashier compares with the customer.</param>
    public static Checked<OfflineClaims> Of(CouponCode code, Coupon coupon, CouponTerms terms, string hint, Instant now)
    {
        ArgumentNullException.ThrowIfNull(coupon);
        ArgumentNullException.ThrowIfNull(terms);
        return coupon switch
        {
            { Status: CouponStatus.Used, Last: { } last } => new AlreadyUsed(last.RedemptionId, last.At),
            { Status: CouponStatus.Deactivated } => new Deactivated(),
            _ when CouponDecider.NotYours(coupon, now) is { } reason => reason,
            { Hold: { } hold } when now < hold.ExpiresAt => new AlreadyHeld(hold.ExpiresAt, hold.Till),
            _ when now < coupon.ValidFrom => new NotYetValid(coupon.ValidFrom),
            _ when now >= coupon.ValidTo => new Expired(coupon.ValidTo),
            _ when terms.OfflineLiability is null || terms.Uses > 1 => new OfflineNotAllowed(),
            _ when terms.Goods is not null || terms.PaymentMethods is not null || terms.Channels is not null => new OfflineNeedsBasket(),
            _ when MostOf(terms) is not { } => new OfflineUnbounded(),
            _ => new OfflineClaims(code, coupon.ValidTo, MostOf(terms)!.Value, terms.Stores.Count == 0 ? null : StoreScope.Of(terms.Stores), hint),
        };
    }

    /// <summary>The most that it takes off offline, whatever the basket; null where nothing bounds it.</summary>
    public static Money? MostOf(CouponTerms terms)
    {
        ArgumentNullException.ThrowIfNull(terms);
        var most = terms.Benefit is Benefit.Percentage { Ceiling: var ceiling } ? ceiling : terms.Benefit.FaceValue;
        return (most, terms.OfflineMaxDiscount) switch
        {
            ({ } a, { } b) => Money.Min(a, b),
            var (a, b) => a ?? b,
        };
    }
}

public sealed record OfflineNotAllowed() : Rejection(
    RejectionKind.RuleViolated, "The terms do not let tills take the coupon offline", "Show the coupon's code; tills take it while they are connected.");

public sealed record OfflineNeedsBasket() : Rejection(
    RejectionKind.RuleViolated, "The coupon is bound to goods, payment methods or channels, which tills cannot prove offline", "Show the coupon's code; tills take it while they are connected.");

public sealed record OfflineUnbounded() : Rejection(
    RejectionKind.RuleViolated, "Nothing bounds what the coupon takes off", "Amend the terms: give the percentage a ceiling, or set offline.maxDiscount.");
