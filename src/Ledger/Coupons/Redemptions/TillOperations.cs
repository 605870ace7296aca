using Ledger.Coupons.Baskets;
using Ledger.Coupons.Budgets;
using Ledger.Coupons.Codes;
using Ledger.Points;
using NodaTime;
using static Ledger.Coupons.CouponCommand;

namespace Ledger.Coupons.Redemptions;

/// <summary>A coupon that a customer shows.</summary>
/// <param name="Uses">How many of its uses at once.</param>
public sealed record Presented(string Code, int Uses = 1)
{
    /// <summary>The digits of a rotating code; null: the code came as it is printed.</summary>
    public ShownDigits? Digits { get; init; }
}

/// <summary>
/// What tills ask, as operations: redeem, hold, commit, release. One coupon of one use is one entry in its stream. Several on one
/// basket, points beside them, or one of several uses, have a record beside: the redemption's own stream, named by the first code that was shown.
/// </summary>
public static class TillOperations
{
    /// <summary>Redeems one coupon in one shot.</summary>
    public static Operation Redeem(Request request, string code, Money amount, Instant at, string? store, string? till, string? order, Basket? basket = null) =>
        Redeem(request, [new Presented(code)], amount, at, store, till, order, basket);

    /// <summary>Redeems coupons, and points after them, on one basket in one shot: all of them or none.</summary>
    /// <param name="coupons">1 to <see cref="Limits.MaxRedeemables"/>, each code once; points count as one more.</param>
    /// <exception cref="ArgumentException">The request has no key: a second redemption could not be told from a repeat.</exception>
    public static Operation Redeem(
        Request request, IReadOnlyList<Presented> coupons, Money amount, Instant at, string? store, string? till, string? order, Basket? basket = null,
        Stated? stated = null, PresentedPoints? points = null)
    {
        var key = KeyOf(request);
        var spend = BasketPoints.IdOf(key);
        return new(request, [.. ShownCoupon.StreamsOf(coupons), .. BasketPoints.StreamsOf(points, spend)], [], book => BasketPoints.Asking(book, points, ShownCoupon.ForSale(book, coupons, request.Now, (shown, left) =>
        {
            if (shown is [{ Terms.Uses: 1 } only] && points is null)
            {
                var command = new RedeemCoupon(only.Terms, only.Code, key, amount, at, store, till, order, request.Now, basket, only.Uses, Stated: stated, Step: only.Step, Left: left);
                return Verdict.Of(only.Stream, only.State, CouponDecider.Decide(command, only.State), (_, c) => RedemptionView.Of(only.Code, c.Campaign, c.Last!));
            }

            var id = CouponStream.RedemptionId(shown[0].Code, shown[0].State.Redemptions + 1);
            var home = RedemptionStream.Of(id);
            if (!book.Has(home)) return new Verdict.NeedsMore([home]);
            return Priced(book, shown, left, at, request.Now, store, stated, basket ?? Basket.Of(amount), points, spend, (priced, move) =>
            {
                var sale = new RedeemedBasket(key, priced.Basket, priced.Coupons, at, VoidableUntil(shown, at), store, till, order, Hold: null, priced.Points, shown[0].State.Member);
                (ShownCoupon, CouponCommand)[] parts = [.. priced.Coupons.Select(part => (Of(shown, part), new RedeemCoupon(
                    Of(shown, part).Terms, part.Code, key, amount, at, store, till, order, request.Now, null, part.Uses, ShareOf(id, shown, part), stated, Of(shown, part).Step)))];
                var redeemed = Redeemed(id, home, sale, parts);
                return move?.Spend(redeemed, $"redemption {id}") ?? redeemed;
            });
        })));
    }

    /// <summary>Puts one coupon on hold for a basket.</summary>
    public static Operation Hold(Request request, string code, Money amount, int seconds, Instant at, string? store, string? till, string? order, Basket? basket = null) =>
        Hold(request, [new Presented(code)], amount, seconds, at, store, till, order, basket);

    /// <summary>Puts coupons, and points after them, on hold for one basket: all of them or none.</summary>
    /// <param name="coupons">1 to <see cref="Limits.MaxRedeemables"/>, each code once; points count as one more. The first names the hold.</param>
    /// <param name="seconds">How long, from the time of receipt.</param>
    /// <exception cref="ArgumentException">The request has no key: a second hold could not be told from a repeat.</exception>
    public static Operation Hold(
        Request request, IReadOnlyList<Presented> coupons, Money amount, int seconds, Instant at, string? store, string? till, string? order, Basket? basket = null,
        Stated? stated = null, PresentedPoints? points = null)
    {
        var key = KeyOf(request);
        var (id, spend, until) = (CouponStream.HoldId(coupons[0].Code, key), BasketPoints.IdOf(key), request.Now + Duration.FromSeconds(seconds));
        return new(request, [.. ShownCoupon.StreamsOf(coupons), .. BasketPoints.StreamsOf(points, spend)], [], book => BasketPoints.Asking(book, points, ShownCoupon.ForSale(book, coupons, request.Now, (shown, left) =>
        {
            if (shown is [var only] && points is null)
            {
                var command = new HoldCoupon(only.Terms, id, key, amount, at, store, till, order, request.Now, until, basket, only.Uses, Stated: stated, Step: only.Step, Left: left);
                return Verdict.Of(only.Stream, only.State, CouponDecider.Decide(command, only.State), (_, c) => HoldView.Of(only.Code, c.Campaign, c.Hold!));
            }

            return Priced(book, shown, left, at, request.Now, store, stated, basket ?? Basket.Of(amount), points, spend, (priced, move) =>
            {
                (ShownCoupon, CouponCommand)[] parts = [.. priced.Coupons.Select(part => (Of(shown, part), new HoldCoupon(
                    Of(shown, part).Terms, id, key, amount, at, store, till, order, request.Now, until, null, part.Uses, HeldShare(id, shown, part, priced), stated, Of(shown, part).Step)))];
                var held = ShownCoupon.Decide(parts, after => HoldView.Of(id, after[shown[0].Code], priced));
                return move?.Hold(held, until, $"hold {id}") ?? held;
            });
        })));
    }

    /// <summary>Redeems what a hold keeps, as it was quoted.</summary>
    /// <exception cref="ArgumentException">The request has no key: a second commit could not be told from a repeat.</exception>
    /// <param name="discount">What the till quoted; null where it does not say.</param>
    public static Operation Commit(Request request, string holdId, Instant at, Money? discount = null)
    {
        var (key, code) = (KeyOf(request), CouponStream.CodeOfHold(holdId));
        return OnHold(request, holdId, book => shown =>
        {
            var lead = shown[0];
            var plain = new CommitHold(lead.Terms, code, holdId, key, at, request.Now, Discount: discount);
            var points = lead.State.Hold is { } own && own.Id == holdId ? own.Points : null;
            if (shown.Count == 1 && points is null && (lead.Terms.Uses == 1 || lead.State.Hold?.Id != holdId))
                return Verdict.Of(lead.Stream, lead.State, CouponDecider.Decide(plain, lead.State), (_, c) => RedemptionView.Of(code, c.Campaign, c.Last!));

            var id = CouponStream.RedemptionId(code, lead.State.Redemptions + 1);
            var home = RedemptionStream.Of(id);
            if (!book.Has(home)) return new Verdict.NeedsMore([home]);
            // The clock frees coupons and points one by one; where one of them is free already, the hold is over.
            var hold = lead.State.Hold!;
            var over = new HoldExpired(hold.ExpiresAt);
            if (shown.Any(one => one.State.Hold?.Id != holdId)) return over;
            var inOrder = Candidate.InOrder(shown.Select((one, i) => new Candidate(one.Code, one.Terms, i)));
            var coupons = inOrder.Select(candidate => Held(shown.First(one => one.Code == candidate.Code))).ToList();
            var basket = hold.Basket?.Basket ?? Basket.Of(hold.Amount);
            return BasketPoints.Held(book, points, basket, coupons, request.Now, over, held =>
            {
                var sale = new RedeemedBasket(key, basket, coupons, at, VoidableUntil(shown, at), hold.Store, hold.Till, hold.Order, hold.Id, held, lead.State.Member);
                if (discount is { } quoted && quoted != sale.Discount) return new QuoteChanged(quoted, sale.Discount);
                (ShownCoupon, CouponCommand)[] parts = [.. coupons.Select(part => (Of(shown, part), new CommitHold(
                    Of(shown, part).Terms, part.Code, holdId, key, at, request.Now, ShareOf(id, shown, part))))];
                return BasketPoints.Along(
                    Redeemed(id, home, sale, parts), book, points, request.Now, (spend, terms, asked) => SpendOperations.Committed(book, points!, spend, terms, asked));
            });
        });
    }

    /// <summary>
    /// Ends a hold; its coupons may be used again while they are valid, and its points are back in their lots. The answer shows no hold: one
    /// that stands then is another's, and knowing its id is the right to commit.
    /// </summary>
    public static Operation Release(Request request, string holdId)
    {
        ArgumentNullException.ThrowIfNull(request);
        return OnHold(request, holdId, book => shown =>
        {
            var points = shown[0].State.Hold is { } hold && hold.Id == holdId ? hold.Points : null;
            var freed = CommitOf(book, holdId, shown[0]) ?? ShownCoupon.Decide(
                [.. shown.Select(one => (one, (CouponCommand)new ReleaseHold(holdId, request.Now)))], after => CouponView.Of(shown[0].Code, after[shown[0].Code], request.Now) with { Hold = null });
            return BasketPoints.Along(freed, book, points, request.Now, (spend, terms, asked) => SpendOperations.Released(book, points!, spend, terms, asked));
        });
    }

    /// <summary>
    /// Refuses where a redemption that stands committed the hold. A coupon of one use knows its last redemption; one of several may have been
    /// used again since, and the records of its redemptions tell.
    /// </summary>
    private static Verdict? CommitOf(BookStates book, string holdId, ShownCoupon lead)
    {
        if (lead.Terms.Uses == 1 || lead.State.Hold?.Id == holdId) return null;
        var ids = Enumerable.Range(1, lead.State.Redemptions).TakeLast(Limits.MaxUses).Select(number => CouponStream.RedemptionId(lead.Code, number)).ToList();
        var missing = ids.Select(RedemptionStream.Of).Where(home => !book.Has(home)).ToList();
        if (missing.Count > 0) return new Verdict.NeedsMore(missing);
        foreach (var id in ids)
        {
            if (book.State(RedemptionStream.Of(id)) is { IsVoided: false, Sale: { } sale } && sale.Hold == holdId) return new AlreadyUsed(id, sale.At);
        }

        return null;
    }

    /// <summary>The coupon that the hold is named by, and those that it keeps along.</summary>
    private static Operation OnHold(Request request, string holdId, Func<BookStates, Func<IReadOnlyList<ShownCoupon>, Verdict>> decide)
    {
        var code = CouponStream.CodeOfHold(holdId);
        var coupon = CouponStream.Of(code);
        return new(request, [coupon], [], book =>
        {
            var hold = book.State(coupon).Hold is { } placed && placed.Id == holdId ? placed : null;
            return BasketPoints.Asking(book, hold?.Points, ShownCoupon.With(
                book, [new(code), .. (hold?.With ?? []).Select(other => new Presented(other))], new HoldNotFound(holdId), decide(book)));
        });
    }

    /// <summary>Decides with every coupon's part and with what points take off after them; refused where any of them is, or where that is not what the till quoted.</summary>
    private static Verdict Priced(
        BookStates book, IReadOnlyList<ShownCoupon> shown, IReadOnlyDictionary<(string Campaign, string Party), Money>? left, Instant at, Instant now, string? store, Stated? stated,
        Basket basket, PresentedPoints? points, string spend, Func<PricedBasket, PointsMove?, Verdict> decide)
    {
        var presented = shown.Count + (points is null ? 0 : 1);
        var (coupons, refusal) = Price(shown, left, at, now, store, stated, basket, presented);
        return refusal is not null ? refusal : BasketPoints.With(book, points, spend, coupons, now, stated, (priced, move) =>
            stated?.Discount is { } quoted && quoted != priced.Discount ? new QuoteChanged(quoted, priced.Discount) : decide(priced, move));
    }

    /// <summary>Every coupon's part, or the first refusal: what stands against the coupons as they are comes before what the basket says.</summary>
    private static (PricedBasket Priced, Rejection? Refusal) Price(
        IReadOnlyList<ShownCoupon> shown, IReadOnlyDictionary<(string Campaign, string Party), Money>? left, Instant at, Instant now, string? store, Stated? stated,
        Basket basket, int presented)
    {
        if (presented > Limits.MaxRedeemables) return (PricedBasket.None, new TooManyRedeemables(presented, Limits.MaxRedeemables));
        foreach (var one in shown)
        {
            if (CouponDecider.StandingRefusal(one.State, one.Terms, at, now, store, one.Uses, stated) is { } refusal) return (PricedBasket.None, refusal.Of(one.Code, presented));
        }

        var pricing = Pricing.Of(basket, [.. shown.Select((one, i) => new Candidate(one.Code, one.Terms, i, one.State.Campaign, one.Uses))], left);
        if (pricing.Coupons.OfType<Priced.Refused>().FirstOrDefault() is { } refused) return (PricedBasket.None, refused.Reason.Of(refused.Candidate.Code, presented));
        var coupons = pricing.Applied.Select(applied => new RedeemedCoupon(
            applied.Candidate.Code, applied.Candidate.Campaign, shown[applied.Candidate.Position].State.TermsVersion, applied.Eligible, applied.Discount,
            applied.Lines, applied.Funding, applied.Candidate.Uses, shown[applied.Candidate.Position].State.Latest,
            MoneyBudgets.Charged(applied.Candidate.Terms, applied.Funding)));
        return (new(basket, [.. coupons]), null);
    }

    private static RedeemedCoupon Held(ShownCoupon one)
    {
        var (hold, breakdown) = (one.State.Hold!, one.State.Hold!.Basket);
        return new(
            one.Code, one.State.Campaign, one.State.TermsVersion, breakdown?.Eligible ?? hold.Amount, hold.Discount,
            breakdown?.Lines ?? [new(0, hold.Discount)], breakdown?.Funding ?? [new(Funding.Merchant, hold.Discount)], hold.Uses ?? 1, one.State.Latest, hold.Charged);
    }

    private static Verdict Redeemed(
        string id, Stream<Redemption, RedemptionEvent> home, RedeemedBasket sale, IReadOnlyList<(ShownCoupon One, CouponCommand Command)> parts) =>
        ShownCoupon.Decide(
            parts, _ => RedemptionView.Of(id, Redemption.None with { Sale = sale }), new Change(home, new RedemptionEvent.BasketRedeemed(sale)));

    private static BasketShare ShareOf(string id, IReadOnlyList<ShownCoupon> shown, RedeemedCoupon part) => new(
        id, part.Code == shown[0].Code ? null : shown[0].Code, part.Discount, new(Basket: null, part.Eligible, part.Lines, part.Funding));

    /// <summary>The basket stands with the coupon that the hold is named by.</summary>
    private static BasketShare HeldShare(string id, IReadOnlyList<ShownCoupon> shown, RedeemedCoupon part, PricedBasket priced) => part.Code != shown[0].Code
        ? ShareOf(id, shown, part)
        : new(
            id, null, part.Discount, new(priced.Basket, part.Eligible, part.Lines, part.Funding), shown.Count == 1 ? null : [.. shown.Skip(1).Select(other => other.Code)],
            priced.Points?.Spend);

    private static ShownCoupon Of(IReadOnlyList<ShownCoupon> shown, RedeemedCoupon part) => shown.First(one => one.Code == part.Code);

    private static Instant VoidableUntil(IReadOnlyList<ShownCoupon> shown, Instant at) => shown.Min(one => one.Terms.VoidableUntil(at));

    private static string KeyOf(Request request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return string.IsNullOrEmpty(request.Key) ? throw new ArgumentException("The request needs a key.", nameof(request)) : request.Key;
    }
}

/// <summary>A basket with each coupon's part of it, in the order of application, and what points take off then.</summary>
public sealed record PricedBasket(Basket Basket, IReadOnlyList<RedeemedCoupon> Coupons, PointsPart? Points = null)
{
    public Money Discount => Money.Sum(Coupons.Select(coupon => coupon.Discount)) + (Points?.Discount ?? Money.Zero);

    public static PricedBasket None { get; } = new(new([]), []);
}
