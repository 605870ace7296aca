using System.Collections.ObjectModel;
using Ledger.Coupons.Baskets;
using Ledger.Points;
using NodaTime;
using static Ledger.Coupons.CouponCommand;
using static Ledger.Coupons.Redemptions.RedemptionCommand;

namespace Ledger.Coupons.Redemptions;

/// <summary>Which coupons stay used although nothing of their discount stands any more.</summary>
public enum KeptCoupons
{
    None,

    /// <summary>Those that may not be given back: after as many cycles as there may be, or of a bundle that was used again since.</summary>
    Barred,

    All,
}

/// <summary>What undoes a redemption: void as a whole, or return in parts.</summary>
public static class ReturnOperations
{
    /// <summary>Baskets named by another coupon that are passed over, one in a row after the other.</summary>
    private const int MaxPassed = 8;

    /// <summary>Voids a redemption within its window; its coupons may be used again while they are valid, and its points are given back.</summary>
    /// <param name="grace">How long after the redemption it may be voided although its window is over.</param>
    public static Operation Void(Request request, string redemptionId, Instant at, LocalDate date, string? reason, Duration grace = default) => OnRedemption(
        request, redemptionId, (book, code, number) =>
        {
            var (coupon, home) = (CouponStream.Of(code), RedemptionStream.Of(redemptionId));
            var (state, record) = (book.State(coupon), book.State(home));
            if (record.Sale is not { } sale)
            {
                return state.Status == CouponStatus.None
                    ? new RedemptionNotFound(redemptionId)
                    : Verdict.Of(coupon, state, CouponDecider.Decide(new VoidRedemption(redemptionId, number, at, date, reason, grace), state),
                        (_, c) => RedemptionView.Of(code, c.Campaign, c.Last!));
            }

            var (before, unread) = Earlier(book, sale);
            if (unread.Count > 0) return new Verdict.NeedsMore(unread);
            var voided = Follow(book, redemptionId, record, RedemptionDecider.Decide(new VoidBasket(redemptionId, request.Key ?? "", at, date, reason, grace), record),
                (part, _) => new VoidShare(
                    redemptionId, sale.Basket.Amount, part.Discount, at, date, sale.Store, reason, LeadOf(code, part), part.Uses == 1 ? null : part.Uses,
                    before.GetValueOrDefault(part.Code), part.Charged),
                (_, after, _) => RedemptionView.Of(redemptionId, after));
            return BasketPoints.Along(
                voided, book, sale.Points?.Spend, request.Now, (spend, terms, asked) => SpendOperations.Refunded(book, sale.Points!.Spend, spend, terms, asked, null));
        });

    /// <summary>Goods of a redemption come back, or uses of its one coupon.</summary>
    /// <param name="items">What comes back; empty: all that is left.</param>
    /// <param name="uses">Uses that come back without goods; null: goods do.</param>
    /// <param name="kept">Coupons that are not given back, even where nothing of their discount stands.</param>
    public static Operation Return(
        Request request, string redemptionId, IReadOnlyList<ReturnItem> items, int? uses, KeptCoupons kept, Instant at, LocalDate date, string? reason) => OnRedemption(
        request, redemptionId, (book, code, number) =>
        {
            var (state, record) = (book.State(CouponStream.Of(code)), book.State(RedemptionStream.Of(redemptionId)));
            if ((record.Sale ?? RedemptionStream.SaleOf(redemptionId, code, state)) is not { } sale)
                return number >= 1 && number <= state.Redemptions ? new RedemptionIsVoided(redemptionId) : new RedemptionNotFound(redemptionId);

            var terms = sale.Coupons.Select(part => CampaignStreams.TermsOf(part.Campaign, part.TermsVersion)).ToList();
            var (before, unread) = Earlier(book, sale);
            List<StreamName> missing = [.. terms.Where(stream => !book.Has(stream)), .. unread];
            if (missing.Count > 0) return new Verdict.NeedsMore(missing);
            var sold = new Sale(sale.Basket, [.. sale.Coupons.Zip(terms, (part, stream) => new Priced.Applied(
                new(part.Code, book.State(stream).Terms!, Campaign: part.Campaign, Uses: part.Uses), part.Eligible, part.Discount, part.Lines, part.Funding))], sale.Points);
            CouponTerms TermsOf(RedeemedCoupon part) => book.State(CampaignStreams.TermsOf(part.Campaign, part.TermsVersion)).Terms!;
            RedemptionCommand command = uses is { } number0
                ? new ReturnUses(redemptionId, request.Key ?? "", sold, number0, at, date, reason)
                : new ReturnGoods(redemptionId, request.Key ?? "", sold, items, at, date, reason);

            var decided = RedemptionDecider.Decide(command, record with { Sale = sale });
            var returned = Follow(book, redemptionId, record with { Sale = sale }, decided,
                (part, fact) =>
                {
                    var (made, one) = ((RedemptionEvent.BasketReturned)fact, ((RedemptionEvent.BasketReturned)fact).Return.Coupons.Single(back => back.Code == part.Code));
                    var amount = Money.Sum(made.Return.Lines.Select(line => line.Amount));
                    var isBack = one.IsUsableAgain && !(record.Returns.Count > 0 && record.Returns[^1].Coupons.Single(back => back.Code == part.Code).IsUsableAgain);
                    var coupon = book.State(CouponStream.Of(part.Code));
                    var isBarred = coupon.Cycles >= Limits.MaxReturnCycles || (TermsOf(part).IsBundle is true && coupon.Latest != redemptionId);
                    var given = kept == KeptCoupons.All || (kept == KeptCoupons.Barred && isBarred) ? 0 : uses ?? (isBack ? part.Uses : 0);
                    var latest = coupon.Latest == redemptionId && (uses is null ? isBack : one.IsUsableAgain) ? before.GetValueOrDefault(part.Code) : coupon.Latest;
                    return new ReturnCoupon(
                        redemptionId, made.Number, amount, one, given, at, date, sale.Store, LeadOf(code, part), latest, part.Charged);
                },
                (fact, _, coupons) => ViewOf(redemptionId, (RedemptionEvent.BasketReturned)fact!, coupons, request.Now),
                isNew: record.Sale is null);
            if (decided is not Decision<RedemptionEvent>.Accepted { Events: [RedemptionEvent.BasketReturned { Return.Points.Points: > 0 and var back }] }) return returned;
            return BasketPoints.Along(
                returned, book, sale.Points!.Spend, request.Now, (spend, terms, asked) => SpendOperations.Refunded(book, sale.Points.Spend, spend, terms, asked, back), Restored);
        });

    private static Operation OnRedemption(Request request, string redemptionId, Func<BookStates, string, int, Verdict> decide)
    {
        ArgumentNullException.ThrowIfNull(request);
        var (code, number) = CouponStream.Parse(redemptionId) ?? (redemptionId, 0);
        var home = RedemptionStream.Of(redemptionId);
        return new(request, [CouponStream.Of(code), home], [], book => BasketPoints.Asking(book, book.State(home).Sale?.Points?.Spend, decide(book, code, number)));
    }

    /// <summary>Appends what was decided of the redemption, and what follows for each of its coupons.</summary>
    /// <param name="isNew">The redemption stood in its coupon's stream alone: its record begins now.</param>
    private static Verdict Follow(
        BookStates book, string redemptionId, Redemption record, Decision<RedemptionEvent> decision, Func<RedeemedCoupon, RedemptionEvent, CouponCommand> command,
        Func<RedemptionEvent?, Redemption, IReadOnlyDictionary<string, Coupon>, object> answer, bool isNew = false)
    {
        if (decision is Decision<RedemptionEvent>.Rejected(var reason)) return reason;
        var facts = ((Decision<RedemptionEvent>.Accepted)decision).Events;
        if (facts.Count == 0) return new Verdict.Accepted([], answer(null, record, ReadOnlyDictionary<string, Coupon>.Empty));
        var (home, sale) = (RedemptionStream.Of(redemptionId), record.Sale!);
        RedemptionEvent[] opening = isNew ? [new RedemptionEvent.BasketRedeemed(sale)] : [];
        return ShownCoupon.With(book, [.. sale.Coupons.Select(part => new Presented(part.Code, part.Uses))], new RedemptionNotFound(redemptionId), shown =>
        {
            var parts = shown.Zip(sale.Coupons, (one, part) => (One: one, Command: command(part, facts[0]))).ToList();
            // Goods come back in any order; uses of a bundle do not.
            return parts.FirstOrDefault(part => part is { One.Terms.IsBundle: true, Command: not ReturnCoupon { Uses: 0 } } && part.One.State.Latest != redemptionId) is { One: { } other }
                ? new NotLastOfBundle(other.State.Latest ?? "").Of(other.Code, shown.Count)
                : ShownCoupon.Decide(parts, coupons => answer(facts[0], facts.Aggregate(record, RedemptionDecider.Evolve), coupons), [.. home.With([.. opening, .. facts])]);
        });
    }

    /// <summary>
    /// Which redemption of each bundle is the latest once this one is undone. One whose use stayed used when its goods came back is passed over: it is never undone
    /// again. With the records that tell and are not read yet: the next one, and all others that are named by the coupon, as an operation has a dozen rounds of reading.
    /// </summary>
    private static (IReadOnlyDictionary<string, string?> Latest, IReadOnlyList<StreamName> Unread) Earlier(BookStates book, RedeemedBasket sale)
    {
        var (latest, unread) = (new Dictionary<string, string?>(StringComparer.Ordinal), new List<StreamName>());
        foreach (var part in sale.Coupons)
        {
            var (coupon, before, passed) = (CouponStream.Of(part.Code), part.Before, 0);
            while (before is not null && passed < MaxPassed)
            {
                var home = RedemptionStream.Of(before);
                if (!book.Has(home))
                {
                    unread.Add(home);
                    if (before != part.Before && book.Has(coupon)) unread.AddRange(OwnOf(part.Code, book.State(coupon).Redemptions).Where(own => own != home && !book.Has(own)));
                    else if (before != part.Before) unread.Add(coupon);
                    break;
                }

                if (book.State(home) is not { Returns: [.., var last], Sale: { } earlier } || !last.Coupons.Single(one => one.Code == part.Code).IsUsableAgain) break;
                if (CouponStream.Parse(before)?.Code != part.Code) passed++;
                before = earlier.Coupons.Single(one => one.Code == part.Code).Before;
            }

            latest[part.Code] = before;
        }

        return (latest, unread);
    }

    private static IEnumerable<StreamName> OwnOf(string code, int redemptions) =>
        Enumerable.Range(1, redemptions).TakeLast(Limits.MaxUses).Select(number => RedemptionStream.Of(CouponStream.RedemptionId(code, number)));

    private static string? LeadOf(string lead, RedeemedCoupon part) => part.Code == lead ? null : lead;

    private static ReturnView ViewOf(string redemptionId, RedemptionEvent.BasketReturned made, IReadOnlyDictionary<string, Coupon> coupons, Instant now) => new(
        redemptionId, made.Number, made.Return.Refund, made.Return.Lines,
        [.. made.Return.Coupons.Select(one => new ReturnedCouponView(one.Code, one.Discount, one.Funding, one.Standing, coupons[one.Code].StatusAt(now)))], made.At,
        made.Return.Points is { } points ? new(points.Points, points.Discount, points.Standing, 0, 0, 0) : null);

    /// <summary>The answer with what became of the points that came back.</summary>
    private static ReturnView Restored(object answer, object refund)
    {
        var (view, made) = ((ReturnView)answer, (PointsRefundView)refund);
        return view with { Points = view.Points! with { Restored = made.Restored, Regranted = made.Regranted, Forfeited = made.Forfeited } };
    }
}
