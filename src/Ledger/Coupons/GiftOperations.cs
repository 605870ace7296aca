using Ledger.Coupons.Redemptions;
using Ledger.Coupons.Sharing;
using NodaTime;
using static Ledger.Coupons.CouponCommand;

namespace Ledger.Coupons;

/// <summary>The requests of merchants' apps about gifts, as operations.</summary>
public static class GiftOperations
{
    /// <param name="giftId">Fresh, made by <see cref="CouponGift.IdOf"/>.</param>
    /// <param name="to">The only member who may accept it; null: whoever shows the id.</param>
    /// <param name="surface">Where it is offered; through friends it is a share, which the merchant's rules bound.</param>
    public static Operation Offer(Request request, string code, string giftId, string? to, Duration lasts, Surface? surface = null)
    {
        IReadOnlyList<Presented> coupon = [new(code)];
        var isShare = surface?.Portal == Portal.Friends;
        IReadOnlyList<StreamName> rules = isShare ? [SharingRulesStream.Stream] : [];
        return new(request, [.. ShownCoupon.StreamsOf(coupon), .. rules], [], book => ShownCoupon.With(book, coupon, new CodeNotFound(), shown =>
        {
            var state = shown[0].State;
            var command = new OfferGift(shown[0].Terms, giftId, to, request.Now, request.Now + lasts, surface);
            var verdict = Verdict.Of(shown[0].Stream, state, CouponDecider.Decide(command, state), (_, after) => GiftView.Of(code, after));
            return isShare && verdict is Verdict.Accepted { Changes.Count: > 0 } ? Bounded(book, request, state, verdict) : verdict;
        }));
    }

    private static Verdict Bounded(BookStates book, Request request, Coupon coupon, Verdict verdict)
    {
        var sharer = new Sharer(SharerKind.Member, coupon.Member);
        var tally = sharer.Tally(request.Now);
        if (!book.HasTally(tally)) return new Verdict.NeedsMore([]) { Tallies = [tally] };
        return book.State(SharingRulesStream.Stream).Refusal(sharer, coupon.Campaign, book.Tally(tally), request.Now) is { } reason ? reason : verdict;
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
