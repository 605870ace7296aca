using Ledger.Coupons;
using Ledger.Members;
using Ledger.Merchants;
using Ledger.Offers;
using Ledger.Payments;
using NodaTime;
using static Ledger.Offers.PaymentOffersEvent;
using static Ledger.Payments.PaymentEvent;

namespace Ledger.Policies;

/// <summary>
/// A payment brings coupons by the merchant's rules; a payment that went back, altogether or below the least amount of the rule, takes those with it
/// that nobody used. Either may come first on its way through the policies: what counts is what stands by then.
/// </summary>
public static class PaymentOffersPolicy
{
    /// <summary>Where these coupons say they were got.</summary>
    public const string Channel = "PAY_SUCCESS";

    public static Policy Offer { get; } = new(
        "payment-offers", [typeof(PaymentReceived)], turn => turn.Fact is PaymentReceived { Paid.Member: { } member } e ? Make(turn.Request(), e, member, Codes(turn)) : null);

    public static Policy Return { get; } = new(
        "payment-offers-return", [typeof(PaymentRefunded)], turn => turn.Fact is PaymentRefunded { Member: not null } e ? TakeBack(turn.Request(), e) : null);

    /// <summary>Sets a rule of a campaign that the merchant has.</summary>
    public static Operation SetRule(Request request, OfferRule rule)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(rule);
        var (campaign, set) = (CampaignStreams.Of(rule.Campaign), OfferRulesStream.Operation(request, new OfferRulesCommand.SetOfferRule(rule, request.Now)));
        return set with
        {
            Streams = [campaign, .. set.Streams],
            Decide = book => book.State(campaign).Status == CampaignStatus.None ? new CampaignUnknown(rule.Campaign) : set.Decide(book),
        };
    }

    private static string[] Codes(PolicyTurn turn) => [.. Enumerable.Range(0, Limits.MaxOfferRules).Select(_ => turn.Fresh())];

    /// <param name="codes">Fresh ones, as many as there may be rules.</param>
    private static Operation Make(Request request, PaymentReceived e, string member, string[] codes)
    {
        var (rules, payment, offers) = (OfferRulesStream.Stream, PaymentStream.Of(e.Trade), PaymentOffersStream.Of(e.Trade));
        return new(request, [rules, payment, offers, MerchantStream.Stream, MemberStream.Of(member)], [], book =>
        {
            // One coupon of a campaign for a payment, by the first rule that gives it: each campaign's limits are counted once.
            var fit = book.State(rules).Rules.Where(rule => rule.IsFor(book.State(payment).Left, e.Paid.Surface?.Portal)).DistinctBy(rule => rule.Campaign, StringComparer.Ordinal).ToList();
            if (fit.Count == 0 || book.State(payment).Left == Money.Zero || book.State(offers).Trade.Length > 0) return new Verdict.Accepted([], book.State(offers));
            if (book.State(MerchantStream.Stream).RequiresMembership && MembershipPolicy.Refusal(book, member, isRequired: true) is not null)
                return new Verdict.Accepted([], book.State(offers));

            var (made, changes, lacks) = (new List<Offer>(), new List<Change>(), new Lacking());
            foreach (var (rule, code) in fit.Zip(codes))
            {
                switch (ByRule(book, request, rule, code, member, e.At, e.Date))
                {
                    case Verdict.NeedsMore more:
                        lacks.Add(more);
                        break;
                    case Verdict.Rejected(var reason):
                        made.Add(new(rule.Id, rule.Campaign, null, reason.Slug));
                        break;
                    case Verdict.Accepted(var facts, var answer):
                        changes.AddRange(facts);
                        made.Add(new(rule.Id, rule.Campaign, ((IssuedView)answer).Code, null));
                        break;
                }
            }

            if (lacks.Of() is { } rest) return rest;
            var said = new OffersMade(e.Trade, member, made, e.At);
            return new Verdict.Accepted([.. changes, new(offers, said)], PaymentOffersStream.Type.EvolveState(PaymentOffers.None, said));
        });
    }

    private static Verdict ByRule(BookStates book, Request request, OfferRule rule, string code, string member, Instant at, LocalDate date)
    {
        var given = PaymentOffersStream.Tally(rule.Id, member);
        if (!book.HasTally(given)) return new Verdict.NeedsMore([]) { Tallies = [given] };
        if (rule.PerMember is { } limit && book.Tally(given) >= limit) return new OfferLimit(limit);
        var issue = CouponOperations.Issue(request, rule.Campaign, code, member, Channel, at, date, surface: new(Portal.PaySuccess));
        return issue.Streams.All(book.Has) && issue.Tallies.All(book.HasTally) ? issue.Decide(book) : new Verdict.NeedsMore(issue.Streams) { Tallies = issue.Tallies };
    }

    private static Operation TakeBack(Request request, PaymentRefunded e)
    {
        var (rules, payment, offers) = (OfferRulesStream.Stream, PaymentStream.Of(e.Trade), PaymentOffersStream.Of(e.Trade));
        return new(request, [rules, payment, offers], [], book =>
        {
            var (state, paid) = (book.State(offers), book.State(payment));
            // What was kept, held by a till or used, is asked for again when more goes back.
            var done = (state.Returned ?? []).Where(returned => returned.Kept is null).Select(returned => returned.Code).ToHashSet(StringComparer.Ordinal);
            string[] codes = [.. state.Offers.Where(offer => IsLost(book.State(rules), offer.Rule, paid)).Select(offer => offer.Code).OfType<string>().Where(code => !done.Contains(code))];
            if (codes.Length == 0) return new Verdict.Accepted([], state);
            StreamName[] coupons = [.. codes.Select(CouponStream.Of)];
            if (!coupons.All(book.Has)) return new Verdict.NeedsMore(coupons);

            var (changes, returned) = (new List<Change>(), new List<ReturnedOffer>());
            foreach (var coupon in codes.Select(CouponStream.Of))
            {
                var (stands, ended) = WithoutGift(book.State(coupon), request.Now);
                var decision = CouponDecider.Decide(new CouponCommand.DeactivateCoupon(request.Now, $"refund {e.Refund.Number}"), stands);
                if (decision is Decision<CouponEvent>.Accepted(var facts)) changes.AddRange(coupon.With([.. ended, .. facts]));
                var became = new ReturnedOffer(coupon.Id["coupon-".Length..], (decision as Decision<CouponEvent>.Rejected)?.Reason.Slug);
                if (state.Returned?.Contains(became) != true) returned.Add(became);
            }

            if (returned.Count == 0) return new Verdict.Accepted([], state);
            var said = new OffersReturned(e.Trade, e.Refund.Number, returned, e.Refund.At);
            return new Verdict.Accepted([.. changes, new(offers, said)], PaymentOffersStream.Type.EvolveState(state, said));
        });
    }

    /// <summary>Offering a coupon as a gift does not keep it: what nobody has accepted yet is taken back first.</summary>
    private static (Coupon After, IReadOnlyList<CouponEvent> Ended) WithoutGift(Coupon coupon, NodaTime.Instant now) =>
        coupon is { Status: CouponStatus.InTransfer, Gift: { } gift }
            && CouponDecider.Decide(new CouponCommand.CancelGift(gift.Id, now), coupon) is Decision<CouponEvent>.Accepted(var ended)
            ? (ended.Aggregate(coupon, CouponDecider.Evolve), ended)
            : (coupon, []);

    /// <summary>All went back, or so much that what stands would not have brought it, by the rule as it is in force.</summary>
    private static bool IsLost(OfferRules rules, string id, Payments.Payment payment) => payment.Left == Money.Zero
        || (rules.Rules.FirstOrDefault(rule => rule.Id == id) is { } rule && payment.Left < rule.MinimumAmount && rule.MinimumAmount <= payment.Paid!.Amount);

    /// <summary>What several parts of one operation lack, asked for at once.</summary>
    private sealed class Lacking
    {
        private readonly List<StreamName> streams = [];
        private readonly List<string> tallies = [];

        public void Add(Verdict.NeedsMore more)
        {
            streams.AddRange(more.Streams);
            tallies.AddRange(more.Tallies);
        }

        public Verdict.NeedsMore? Of() => streams.Count + tallies.Count == 0 ? null : new(streams) { Tallies = tallies };
    }
}
