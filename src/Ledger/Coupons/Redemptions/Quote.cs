using System.Diagnostics;
using Ledger.Coupons.Baskets;
using Ledger.Coupons.Budgets;
using Ledger.Coupons.Codes;
using NodaTime;

namespace Ledger.Coupons.Redemptions;

/// <summary>What coupons would give on a basket at this moment.</summary>
/// <param name="Coupons">Each alone, in the order asked.</param>
/// <param name="Together">All of them at once, or why not.</param>
/// <param name="Best">Of those that may be used now and here, the ones that together take most off.</param>
public sealed record Quote(IReadOnlyList<QuotedCoupon> Coupons, Offer Together, BestOffer Best);

/// <param name="State">The coupon as it stands; without a status where the merchant has no such code.</param>
public sealed record QuotedCoupon(string Code, Coupon State, Offer Alone);

/// <summary>What a redemption would answer: its view, or the refusal.</summary>
public sealed record Offer(RedemptionView? Redemption, Rejection? Reason);

/// <param name="Codes">In the order of application; none where nothing takes anything off.</param>
/// <param name="IsExact">As in <see cref="Combination"/>.</param>
public sealed record BestOffer(IReadOnlyList<string> Codes, Money Discount, bool IsExact);

/// <summary>Prices coupons by the redemption itself, run on the coupons as they stand and not written: the two cannot differ.</summary>
public static class Quotes
{
    /// <summary>Nobody's request key, as a key has no blanks: a quote repeats no request.</summary>
    private const string NoKey = " ";

    /// <param name="book">Holds the coupons, the terms that they pin, and what the budgets that these name ask for.</param>
    /// <param name="coupons">1 to <see cref="Limits.MaxRedeemables"/>, each code once.</param>
    /// <param name="at">When it happens, as far as the caller's word is taken; <paramref name="now"/> is when the question was received.</param>
    public static Quote Of(
        BookStates book, IReadOnlyList<Presented> coupons, Money amount, Instant at, Instant now, string? store, Basket? basket, Stated? stated = null)
    {
        ArgumentNullException.ThrowIfNull(book);
        ArgumentNullException.ThrowIfNull(coupons);
        var request = new Request("", NoKey, ReadOnlyMemory<byte>.Empty, "", now);
        Offer Ask(params IReadOnlyList<Presented> some) => Run(book, TillOperations.Redeem(request, some, amount, at, store, till: null, order: null, basket, stated));

        QuotedCoupon[] alone = [.. coupons.Select(one => new QuotedCoupon(one.Code, book.State(CouponStream.Of(one.Code)), Ask(one)))];
        if (alone is [var only]) return new([only], only.Alone, BestOf(only));
        var usable = new List<Candidate>();
        foreach (var (i, one) in coupons.Index())
        {
            var state = alone[i].State;
            if (state.Status == CouponStatus.None) continue;
            var terms = book.State(CampaignStreams.TermsOf(state.Campaign, state.TermsVersion)).Terms!;
            if (ShownDigits.Check(terms, one.Digits, state.Step).Refusal is not null) continue;
            if (CouponDecider.StandingRefusal(state, terms, at, now, store, one.Uses, stated) is null) usable.Add(new(one.Code, terms, i, state.Campaign, one.Uses));
        }

        var left = MoneyBudgets.Left(
            usable.Select(one => (one.Campaign, one.Terms, (CouponHold?)null)), id => book.State(CampaignStreams.Of(id)), book.Tally);
        var best = Combination.Best(basket ?? Basket.Of(amount), usable, left);
        return new(alone, Ask(coupons), new([.. best.Pricing.Applied.Select(applied => applied.Candidate.Code)], best.Pricing.Discount, best.IsExact));
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
