using Ledger.Coupons.Redemptions;
using NodaTime;
using static Ledger.Coupons.CouponCommand;

namespace Ledger.Coupons;

/// <summary>The requests of merchants' apps about gifts, as operations.</summary>
public static class GiftOperations
{
    /// <param name="giftId">Fresh, made by <see cref="CouponGift.IdOf"/>.</param>
    /// <param name="to">The only member who may accept it; null: whoever shows the id.</param>
    public static Operation Offer(Request request, string code, string giftId, string? to, Duration lasts)
    {
        IReadOnlyList<Presented> coupon = [new(code)];
        return new(request, ShownCoupon.StreamsOf(coupon), [], book => ShownCoupon.With(book, coupon, new CodeNotFound(), shown => Verdict.Of(
            shown[0].Stream, shown[0].State,
            CouponDecider.Decide(new OfferGift(shown[0].Terms, giftId, to, request.Now, request.Now + lasts), shown[0].State),
            (_, state) => GiftView.Of(code, state))));
    }

    public static Operation Accept(Request request, string giftId, string member) =>
        On(request, giftId, new AcceptGift(giftId, member, request.Now));

    /// <summary>The coupon goes back to the giver.</summary>
    public static Operation Cancel(Request request, string giftId) => On(request, giftId, new CancelGift(giftId, request.Now));

    private static Operation On(Request request, string giftId, CouponCommand command)
    {
        var code = CouponGift.CodeOf(giftId);
        return CouponOperations.OnCoupon(request, code, command, new GiftNotFound(), coupon => GiftView.Of(code, coupon));
    }
}
