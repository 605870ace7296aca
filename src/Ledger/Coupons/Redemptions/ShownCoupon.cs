using Ledger.Coupons.Codes;

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
