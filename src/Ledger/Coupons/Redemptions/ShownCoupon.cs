using Ledger.Coupons.Budgets;
using Ledger.Coupons.Codes;
using NodaTime;

namespace Ledger.Coupons.Redemptions;

/// <summary>A coupon that takes part in an operation, as it stands, with the terms that it pins.</summary>
internal sealed record ShownCoupon(string Code, int Uses, Stream<Coupon, CouponEvent> Stream, Coupon State, CouponTerms Terms)
{
    /// <summary>The digits that it was shown with.</summary>
    public ShownDigits? Digits { get; init; }

    /// <summary>The step that these prove; null: the terms ask for none.</summary>
    public long? Step { get; init; }

    public static IReadOnlyList<StreamName> StreamsOf(IEnumerable<Presented> coupons) => [.. coupons.Select(one => CouponStream.Of(one.Code))];

    /// <summary>Decides for coupons that a customer shows: those whose code rotates by the digits of this moment, each step once.</summary>
    public static Verdict AtTill(BookStates book, IReadOnlyList<Presented> coupons, Func<IReadOnlyList<ShownCoupon>, Verdict> decide) =>
        With(book, coupons, null, shown =>
        {
            if (shown.All(one => one.Digits is null && one.Terms.Codes?.Rotation is null)) return decide(shown);
            var proven = new List<ShownCoupon>(shown.Count);
            foreach (var one in shown)
            {
                var (step, refusal) = ShownDigits.Check(one.Terms, one.Digits, one.State.Step);
                if (refusal is not null) return refusal.Of(one.Code, shown.Count);
                proven.Add(one with { Step = step });
            }

            return decide(proven);
        });

    /// <summary>Decides once coupons and terms are loaded; refused where the merchant has no such coupon.</summary>
    /// <param name="unknown">The refusal then; null: what the code's form says.</param>
    public static Verdict With(BookStates book, IReadOnlyList<Presented> coupons, Rejection? unknown, Func<IReadOnlyList<ShownCoupon>, Verdict> decide)
    {
        var (shown, missing) = (new List<ShownCoupon>(coupons.Count), new List<StreamName>());
        foreach (var presented in coupons)
        {
            var (code, uses) = presented;
            var stream = CouponStream.Of(code);
            if (!book.Has(stream))
            {
                missing.Add(stream);
                continue;
            }

            var state = book.State(stream);
            if (state.Status == CouponStatus.None) return (unknown ?? CodeText.Unknown(code)).Of(code, coupons.Count);
            var terms = CampaignStreams.TermsOf(state.Campaign, state.TermsVersion);
            if (book.Has(terms)) shown.Add(new(code, uses, stream, state, book.State(terms).Terms!) { Digits = presented.Digits });
            else missing.Add(terms);
        }

        return missing.Count > 0 ? new Verdict.NeedsMore(missing) : decide(shown);
    }

    /// <summary>The same for a sale: once it is known, too, what is left of the budgets that the coupons draw on; null where they draw on none.</summary>
    /// <param name="now">When the request was received: what holds that are over still keep counts as left.</param>
    public static Verdict ForSale(
        BookStates book, IReadOnlyList<Presented> coupons, Instant now,
        Func<IReadOnlyList<ShownCoupon>, IReadOnlyDictionary<(string Campaign, string Party), Money>?, Verdict> decide) => AtTill(book, coupons, shown => WithBudgets(book, shown, now, left => decide(shown, left)));

    /// <summary>Decides once it is known what is left of the budgets that the coupons draw on.</summary>
    public static Verdict WithBudgets(
        BookStates book, IReadOnlyList<ShownCoupon> shown, Instant now, Func<IReadOnlyDictionary<(string Campaign, string Party), Money>?, Verdict> decide)
    {
        if (shown.All(one => one.Terms.Budgets is null)) return decide(null);
        var campaigns = shown.Where(one => one.Terms.Budgets is not null).Select(one => CampaignStreams.Of(one.State.Campaign)).ToList();
        var tallies = shown.SelectMany(one => MoneyBudgets.Tallies(one.State.Campaign, one.Terms.Budgets ?? [])).ToList();
        if (!campaigns.All(book.Has) || !tallies.All(book.HasTally)) return new Verdict.NeedsMore(campaigns) { Tallies = tallies };
        return decide(MoneyBudgets.Left(
            shown.Select(one => (one.State.Campaign, one.Terms, one.State.HoldOver(now))),
            id => book.State(CampaignStreams.Of(id)), book.Tally));
    }

    /// <summary>Decides for each coupon: all of them or none.</summary>
    /// <param name="answer">Made of the coupons as they are then, by code.</param>
    /// <param name="before">What is appended along, first.</param>
    public static Verdict Decide(
        IReadOnlyList<(ShownCoupon One, CouponCommand Command)> parts, Func<IReadOnlyDictionary<string, Coupon>, object> answer, params Change[] before)
    {
        var (changes, after) = (new List<Change>(before), new Dictionary<string, Coupon>(StringComparer.Ordinal));
        foreach (var (one, command) in parts)
        {
            switch (CouponDecider.Decide(command, one.State))
            {
                case Decision<CouponEvent>.Rejected(var reason):
                    return reason.Of(one.Code, parts.Count);
                case Decision<CouponEvent>.Accepted(var facts):
                    changes.AddRange(one.Stream.With(facts));
                    after[one.Code] = facts.Aggregate(one.State, CouponDecider.Evolve);
                    break;
            }
        }

        return new Verdict.Accepted(changes, answer(after));
    }
}
