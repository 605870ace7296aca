namespace Ledger.Coupons.Redemptions;

/// <summary>A coupon that takes part in an operation, as it stands, with the terms that it pins.</summary>
internal sealed record ShownCoupon(string Code, int Uses, Stream<Coupon, CouponEvent> Stream, Coupon State, CouponTerms Terms)
{
    public static IReadOnlyList<StreamName> StreamsOf(IEnumerable<Presented> coupons) => [.. coupons.Select(one => CouponStream.Of(one.Code))];

    /// <summary>Decides once coupons and terms are loaded; refused where the merchant has no such coupon.</summary>
    public static Verdict With(BookStates book, IReadOnlyList<Presented> coupons, Rejection unknown, Func<IReadOnlyList<ShownCoupon>, Verdict> decide)
    {
        var (shown, missing) = (new List<ShownCoupon>(coupons.Count), new List<StreamName>());
        foreach (var (code, uses) in coupons)
        {
            var stream = CouponStream.Of(code);
            if (!book.Has(stream))
            {
                missing.Add(stream);
                continue;
            }

            var state = book.State(stream);
            if (state.Status == CouponStatus.None) return unknown.Of(code, coupons.Count);
            var terms = CampaignStreams.TermsOf(state.Campaign, state.TermsVersion);
            if (book.Has(terms)) shown.Add(new(code, uses, stream, state, book.State(terms).Terms!));
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
