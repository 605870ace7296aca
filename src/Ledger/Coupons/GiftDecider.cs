using System.Diagnostics;
using NodaTime;
using static Ledger.Coupons.CouponCommand;
using static Ledger.Coupons.CouponEvent;

namespace Ledger.Coupons;

/// <summary>
/// A coupon that one member gives to another: offered, then accepted, taken back, or back by the clock. It keeps its validity, and what the
/// first member claimed of the limits stays claimed. Pure.
/// </summary>
internal static class GiftDecider
{
    /// <summary>Of a coupon that exists; a gift that ran out has been ended before. Reads top to bottom: the first line that matches answers.</summary>
    public static Decision<CouponEvent> Decide(CouponCommand command, Coupon state) => (command, state) switch
    {
        (OfferGift c, { Gift: { Status: GiftStatus.Offered } gift }) when gift.Id == c.GiftId => Decision<CouponEvent>.Unchanged,
        (OfferGift c, var s) when Refusal(s, c) is { } reason => reason,
        (OfferGift c, { Hold: not null } s) => new CouponEvent[] { CouponDecider.RanOut(s), Offered(c, s) },
        (OfferGift c, var s) => Offered(c, s),

        (AcceptGift c, { Gift: { } gift }) when gift.Id != c.GiftId => new GiftNotFound(),
        (AcceptGift c, { Gift: { Status: GiftStatus.Offered } gift } s) => c.Member switch
        {
            var member when member == gift.From => new SelfGift(),
            var member when gift.To is not null && member != gift.To => new GiftForAnother(),
            _ => new CouponGiftAccepted(gift.Id, s.Campaign, c.Member, gift.From, c.Now),
        },
        (AcceptGift c, { Gift.Status: GiftStatus.Accepted } s) when s.Member == c.Member => Decision<CouponEvent>.Unchanged,
        (AcceptGift, { Gift.Status: GiftStatus.Accepted }) => new GiftTaken(),
        (AcceptGift, { Gift: { Status: GiftStatus.Expired } gift }) => new GiftExpired(gift.ExpiresAt),
        (AcceptGift, _) => new GiftNotFound(),

        (CancelGift c, { Gift: { } gift } s) when gift.Id == c.GiftId => gift.Status switch
        {
            GiftStatus.Offered => new CouponGiftEnded(gift.Id, s.Campaign, s.Member, GiftStatus.Cancelled, c.Now),
            GiftStatus.Accepted => new GiftTaken(),
            _ => Decision<CouponEvent>.Unchanged,
        },
        (CancelGift, _) => new GiftNotFound(),

        _ => throw new UnreachableException($"{command} on {state}"),
    };

    /// <summary>The end of an offer that nobody accepted in time; null where there is none or it is not over.</summary>
    public static CouponGiftEnded? RanOut(Coupon s, Instant now) =>
        s.Gift is { Status: GiftStatus.Offered } gift && now >= gift.ExpiresAt
            ? new CouponGiftEnded(gift.Id, s.Campaign, s.Member, GiftStatus.Expired, gift.ExpiresAt)
            : null;

    private static Rejection? Refusal(Coupon s, OfferGift c) => s switch
    {
        _ when c.Terms.IsTransferable != true => new NotTransferable(),
        { Status: CouponStatus.Confirming, Claim: { } claim } => new IssueNotConfirmed(claim.ConfirmBy),
        { Status: CouponStatus.Cancelled } => new IssueCancelled(),
        { Status: CouponStatus.InTransfer, Gift: { } gift } => new InTransfer(gift.ExpiresAt),
        { Status: CouponStatus.Deactivated } => new Deactivated(),
        { Status: CouponStatus.Expired or CouponStatus.ReturnedExpired } => new Expired(s.ValidTo),
        { Hold: { } hold } when c.Now < hold.ExpiresAt => new AlreadyHeld(hold.ExpiresAt, hold.Till),
        // A coupon of several uses is given whole or not at all: its redemptions stay with who made them.
        { Last: { } last } when s.Status == CouponStatus.Used || s.Uses > 0 => new AlreadyUsed(last.RedemptionId, last.At),
        _ when c.Now >= s.ValidTo => new Expired(s.ValidTo),
        _ when c.To == s.Member => new SelfGift(),
        _ => null,
    };

    private static CouponGiftOffered Offered(OfferGift c, Coupon s) => new(c.GiftId, s.Campaign, s.Member, c.To, c.Now, Instant.Min(c.ExpiresAt, s.ValidTo), c.Surface);
}
