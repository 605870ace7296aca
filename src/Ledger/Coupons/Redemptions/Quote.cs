using System.Diagnostics;
using Ledger.Coupons.Baskets;
using Ledger.Coupons.Budgets;
using Ledger.Coupons.Codes;
using Ledger.Points;
using NodaTime;

namespace Ledger.Coupons.Redemptions;

/// <summary>What coupons would give on a basket at this moment.</summary>
/// <param name="Coupons">Each alone, in the order asked.</param>
/// <param name="Together">All of them at once, or why not.</param>
/// <param name="Best">Of those that may be used now and here, the coupons that together take most off, then points on what they leave.</param>
/// <param name="Points">What points would take off without any coupon; null: none were asked about.</param>
public sealed record Quote(IReadOnlyList<QuotedCoupon> Coupons, Offer Together, BestOffer Best, QuotedPoints? Points = null);

/// <summary>Points alone: what they would take off, or why nothing.</summary>
public sealed record QuotedPoints(string Code, PointsPart? Part, Rejection? Reason);

/// <param name="State">The coupon as it stands; without a status where the merchant has no such code.</param>
public sealed record QuotedCoupon(string Code, Coupon State, Offer Alone);

/// <summary>What a redemption would answer: its view, or the refusal.</summary>
public sealed record Offer(RedemptionView? Redemption, Rejection? Reason);

/// <param name="Codes">In the order of application; none where nothing takes anything off.</param>
/// <param name="IsExact">As in <see cref="Combination"/>; with points, whether they can take off no more beside other coupons either.</param>
/// <param name="Points">How many points; 0: none.</param>
public sealed record BestOffer(IReadOnlyList<string> Codes, Money Discount, bool IsExact, long Points = 0);

/// <summary>Prices coupons by the redemption itself, run on the coupons as they stand and not written: the two cannot differ.</summary>
public static class Quotes
{
    /// <summary>Nobody's request key, as a key has no blanks: a quote repeats no request.</summary>
    private const string NoKey = " ";

    /// <param name="book">Holds the coupons, the terms that they pin, what the budgets that these name ask for, and of points the programme, its terms and the account.</param>
    /// <param name="coupons">1 to <see cref="Limits.MaxRedeemables"/>, each code once.</param>
    /// <param name="at">When it happens, as far as the caller's word is taken; <paramref name="now"/> is when the question was received.</param>
    /// <param name="asking">What a redemption of these codes, with points of that member, asks beside, of what the book holds; null: nothing.</param>
    public static Quote Of(
        BookStates book, IReadOnlyList<Presented> coupons, Money amount, Instant at, Instant now, string? store, Basket? basket, Stated? stated = null,
        PresentedPoints? points = null, Func<Operation, IReadOnlyList<string>, string?, Operation>? asking = null)
    {
        ArgumentNullException.ThrowIfNull(book);
        ArgumentNullException.ThrowIfNull(coupons);
        var request = new Request("", NoKey, ReadOnlyMemory<byte>.Empty, "", now);
        book.Put(PointsSpendStream.Of(BasketPoints.IdOf(NoKey)).Id, PointsSpend.None);
        Operation Asking(Operation operation, IEnumerable<Presented> some, PresentedPoints? also) => asking?.Invoke(operation, [.. some.Select(one => one.Code)], also?.Member) ?? operation;
        Offer Ask(PresentedPoints? also, params IReadOnlyList<Presented> some) =>
            Run(book, Asking(TillOperations.Redeem(request, some, amount, at, store, till: null, order: null, basket, stated, also), some, also));
        Rejection? Barred(PresentedPoints? also, params IReadOnlyList<Presented> some) =>
            Asking(new(request, [], [], _ => new Verdict.Accepted([], amount)), some, also).Decide(book) is Verdict.Rejected(var reason) ? reason : null;

        QuotedCoupon[] alone = [.. coupons.Select(one => new QuotedCoupon(one.Code, book.State(CouponStream.Of(one.Code)), Ask(null, one)))];
        if (alone is [var only] && points is null) return new([only], only.Alone, BestOf(only));
        var usable = new List<Candidate>();
        foreach (var (i, one) in coupons.Index())
        {
            var state = alone[i].State;
            if (state.Status == CouponStatus.None) continue;
            var terms = book.State(CampaignStreams.TermsOf(state.Campaign, state.TermsVersion)).Terms!;
            if (ShownDigits.Check(terms, one.Digits, state.Step).Refusal is not null || Barred(null, one) is not null) continue;
            if (CouponDecider.StandingRefusal(state, terms, at, now, store, one.Uses, stated) is null) usable.Add(new(one.Code, terms, i, state.Campaign, one.Uses));
        }

        // What the hold of a coupon that is over kept is left where that coupon is used, and only there.
        CouponHold? OverOf(Candidate one) => alone[one.Position].State.HoldOver(now) is { Charged: not null } hold ? hold : null;
        Combination BestWith(IReadOnlyList<Candidate> some, bool isOverLeft) => Combination.Best(basket ?? Basket.Of(amount), some, MoneyBudgets.Left(
            some.Select(one => (one.Campaign, one.Terms, isOverLeft ? OverOf(one) : null)), id => book.State(CampaignStreams.Of(id)), book.Tally));
        var best = BestWith(usable, isOverLeft: true);
        var over = usable.Where(one => OverOf(one) is not null).ToList();
        if (!over.TrueForAll(one => best.Pricing.Applied.Any(applied => applied.Candidate.Code == one.Code)))
        {
            // The same coupons with what their own holds kept, if that does, or those that are best without any; else none of these, or each of them alone.
            var most = best;
            bool IsIn(Combination some, Candidate one) => some.Pricing.Applied.Any(applied => applied.Candidate.Code == one.Code);
            Combination OwnOf(Combination some)
            {
                var own = BestWith([.. usable.Where(one => IsIn(some, one))], isOverLeft: true);
                return over.TrueForAll(one => IsIn(own, one) || !IsIn(some, one)) ? own : BestWith([], isOverLeft: false);
            }

            best = over.Select(one => BestWith([one], isOverLeft: true)).Prepend(BestWith([.. usable.Except(over)], isOverLeft: false))
                .Prepend(OwnOf(BestWith(usable, isOverLeft: false))).Prepend(OwnOf(most)).MaxBy(one => one.Pricing.Discount.Minor)!;
            best = best with { IsExact = most.IsExact && best.Pricing.Discount == most.Pricing.Discount };
        }

        var offer = new BestOffer([.. best.Pricing.Applied.Select(applied => applied.Candidate.Code)], best.Pricing.Discount, best.IsExact);
        if (points is null) return new(alone, Ask(null, coupons), offer);
        IReadOnlyList<RedeemedCoupon> chosen =
            [.. best.Pricing.Applied.Select(one => new RedeemedCoupon(one.Candidate.Code, one.Candidate.Campaign, 0, one.Eligible, one.Discount, one.Lines, one.Funding, one.Candidate.Uses))];
        QuotedPoints On(IReadOnlyList<RedeemedCoupon> before) =>
            Barred(points) is { } barred ? new(points.Code, null, barred) : PointsOn(book, points, best.Pricing.Basket, before, now, stated);
        var (first, last) = (On([]), On(chosen));
        return new(alone, Ask(points, coupons), BestOf(offer, last.Part, first.Part, best.Pricing.Payable), first);
    }

    /// <summary>Coupons first, as the customer keeps what points are left: the sum is the most there is where points pay all the rest, or as much as they could alone.</summary>
    private static BestOffer BestOf(BestOffer coupons, PointsPart? points, PointsPart? alone, Money payable)
    {
        var isExact = coupons.IsExact && ((points?.Discount ?? Money.Zero) == Money.Min(alone?.Discount ?? Money.Zero, payable));
        return points is null
            ? coupons with { IsExact = isExact }
            : new([.. coupons.Codes, points.Party], coupons.Discount + points.Discount, isExact, points.Points);
    }

    private static QuotedPoints PointsOn(BookStates book, PresentedPoints points, Basket basket, IReadOnlyList<RedeemedCoupon> coupons, Instant now, Stated? stated)
    {
        PointsPart? part = null;
        var verdict = BasketPoints.With(book, points, BasketPoints.IdOf(NoKey), new(basket, coupons), now, stated, (priced, _) =>
        {
            part = priced.Points;
            return new Verdict.Accepted([], priced);
        });
        return verdict is Verdict.Rejected(var reason) ? new(points.Code, null, reason) : new(points.Code, part, null);
    }

    private static BestOffer BestOf(QuotedCoupon only) => new(
        only.Alone.Redemption is null ? [] : [only.Code], only.Alone.Redemption?.Discount ?? Money.Zero, IsExact: true);

    private static Offer Run(BookStates book, Operation redemption)
    {
        while (true)
        {
            switch (redemption.Decide(book))
            {
                case Verdict.Accepted { Answer: RedemptionView view }:
                    return new(view, null);
                case Verdict.Rejected(var reason):
                    return new(null, reason);
                case Verdict.NeedsMore(var records):
                    // The record of a redemption that was not made: it has no entry yet.
                    foreach (var record in records)
                    {
                        if (record.Type != RedemptionStream.Type) throw new UnreachableException(record.Id);
                        book.Put(record.Id, record.Type.Initial);
                    }

                    break;
                case var other:
                    throw new UnreachableException($"{other}");
            }
        }
    }
}
