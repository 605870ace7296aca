using Ledger.Coupons.Sales;
using NodaTime;
using static Ledger.Coupons.CouponCommand;
using static Ledger.Coupons.Groups.GroupCommand;
using static Ledger.Coupons.Groups.GroupEvent;

namespace Ledger.Coupons.Groups;

/// <summary>One payment for one place in a group.</summary>
public sealed record PlacePaid(string Trade, string Member, Money Paid, string? Channel = null);

/// <summary>The requests of channels about groups, as operations.</summary>
public static class GroupOperations
{
    /// <summary>Opens a group; its first member pays. The same payment again answers the group that it opened.</summary>
    /// <param name="seconds">How long it may take to form; never longer than the campaign sells.</param>
    /// <param name="codes">Fresh codes, as for <see cref="Join"/>.</param>
    /// <param name="date">The business date of the request in the merchant's zone: it names the day's tallies.</param>
    public static Operation Open(
        Request request, string campaignId, PlacePaid paid, Money price, int needed, int most, int seconds, IReadOnlyList<string> codes, LocalDate date)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(paid);
        var id = GroupStream.IdOf(paid.Trade);
        var (campaign, sale, stream) = (CampaignStreams.Of(campaignId), SaleStream.Of(paid.Trade), GroupStream.Of(id));
        var tallies = TalliesOf(campaignId, paid.Member, date);
        return new(request, [campaign, sale, stream], tallies, book =>
        {
            var group = book.State(stream);
            if (book.State(sale).IsBooked)
            {
                return book.State(sale).Group == id && group.Places[0].Payment is var first
                    && (first.Member, first.Amount, group.Campaign, group.Price, group.Needed, group.Most) == (paid.Member, paid.Paid, campaignId, price, needed, most)
                    ? new Verdict.Accepted([], GroupView.Of(id, group, request.Now, paid.Trade))
                    : new TradeAlreadyBooked(paid.Trade);
            }

            var running = book.State(campaign);
            if (running.Status == CampaignStatus.None) return new CampaignUnknown(campaignId);
            var version = CampaignStreams.TermsOf(campaignId, running.TermsVersion);
            if (!book.Has(version)) return new Verdict.NeedsMore([version]);
            var terms = book.State(version).Terms!;
            if (terms.Sale is not { } sold) return new CampaignSellsNothing(campaignId);
            if (price > sold.Price) return new GroupPriceAboveSale(price, sold.Price);

            var deadline = Instant.Min(request.Now + Duration.FromSeconds(seconds), Instant.Min(running.EndsAt, terms.Validity.WindowEnd));
            var opened = new GroupOpened(campaignId, running.TermsVersion, price, needed, most, deadline, request.Now);
            return Taken(book, request, id, paid, GroupDecider.Evolve(group, opened), [opened], running, terms, tallies, codes);
        });
    }

    /// <summary>Takes a place by a payment. The same payment again answers its place; the one that completes the group sells every member a coupon.</summary>
    /// <param name="codes">Fresh codes, <see cref="Limits.MaxGroup"/> of them: one for each coupon that it may have to issue.</param>
    /// <param name="date">As for <see cref="Open"/>.</param>
    public static Operation Join(Request request, string id, PlacePaid paid, IReadOnlyList<string> codes, LocalDate date)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(paid);
        var (stream, sale) = (GroupStream.Of(id), SaleStream.Of(paid.Trade));
        return new(request, [stream, sale], [], book =>
        {
            var group = book.State(stream);
            if (group.Status == GroupStatus.None) return new GroupUnknown(id);
            if (book.State(sale).IsBooked && book.State(sale).Group != id) return new TradeAlreadyBooked(paid.Trade);
            var (campaign, version) = (CampaignStreams.Of(group.Campaign), CampaignStreams.TermsOf(group.Campaign, group.TermsVersion));
            var tallies = TalliesOf(group.Campaign, paid.Member, date);
            return book.Has(campaign) && book.Has(version) && tallies.All(book.HasTally)
                ? Taken(book, request, id, paid, group, [], book.State(campaign), book.State(version).Terms!, tallies, codes)
                : new Verdict.NeedsMore([campaign, version]) { Tallies = tallies };
        });
    }

    /// <summary>A member gives the place up before the group has formed: what was paid goes back.</summary>
    public static Operation Leave(Request request, string id, string trade, string? reason) => On(request, id, now => new LeaveGroup(trade, reason, now));

    /// <summary>The merchant gives the group up: what was paid goes back.</summary>
    public static Operation Cancel(Request request, string id, string? reason) => On(request, id, now => new CancelGroup(reason, now));

    /// <summary>Sent by the timer; answers nothing that anyone reads.</summary>
    public static Operation End(Request request, string id) => On(request, id, now => new EndGroup(now));

    /// <summary>The channel says what became of a refund.</summary>
    public static Operation Answer(Request request, string id, int number, bool isPaid, string reference, string? reason) =>
        On(request, id, now => new AnswerPlaceRefund(number, isPaid, reference, reason, now));

    private static Operation On(Request request, string id, Func<Instant, GroupCommand> command)
    {
        ArgumentNullException.ThrowIfNull(request);
        var stream = GroupStream.Of(id);
        return new(request, [stream], [], book => book.State(stream) is { Status: not GroupStatus.None } group
            ? Verdict.Of(stream, group, GroupDecider.Decide(command(request.Now), group), (_, after) => GroupView.Of(id, after, request.Now))
            : new GroupUnknown(id));
    }

    /// <summary>The place's payment, and the coupons of all places that it sells: a place is taken if a coupon would be issued for it now.</summary>
    /// <param name="opened">What comes before.</param>
    private static Verdict Taken(
        BookStates book, Request request, string id, PlacePaid paid, BuyingGroup group, IReadOnlyList<GroupEvent> opened, Campaign running, CouponTerms terms,
        string[] tallies, IReadOnlyList<string> codes)
    {
        var sold = terms.Sale! with { Price = group.Price };
        var sale = new CouponSale(paid.Trade, 1, sold.Price, sold.Payee, sold.Commission(), sold.IsOverdueRefundable, sold.IsRefundableBeforeUse);
        var counted = new IssuedSoFar(book.Tally(tallies[0]), book.Tally(tallies[1]), book.Tally(tallies[2]), book.Tally(tallies[3]));
        var issue = CouponDecider.Decide(
            new IssueCoupon(codes[0], group.Campaign, running with { TermsVersion = group.TermsVersion }, terms, counted, paid.Member, paid.Channel, request.Now, sale), Coupon.None);
        if (opened.Count > 0 && issue is Decision<CouponEvent>.Rejected(var refused)) return refused;
        var decision = GroupDecider.Decide(new JoinGroup(paid.Member, paid.Trade, paid.Paid, paid.Channel, issue, codes, request.Now), group);
        if (decision is not Decision<GroupEvent>.Accepted(var facts)) return ((Decision<GroupEvent>.Rejected)decision).Reason;

        var places = facts.OfType<GroupPlaceSold>().ToList();
        var missing = places.SelectMany(place => (StreamName[])[SaleStream.Of(place.Payment.Trade), CouponStream.Of(place.Code)]).Where(stream => !book.Has(stream)).ToList();
        if (missing.Count > 0) return new Verdict.NeedsMore(missing);
        if (places.Find(place => book.State(CouponStream.Of(place.Code)).Status != CouponStatus.None) is { } taken) return new CodeTaken(taken.Code);

        var changes = GroupStream.Of(id).With([.. opened, .. facts]).ToList();
        if (facts.OfType<GroupJoined>().Any())
            changes.Add(new(SaleStream.Of(paid.Trade), new SaleEvent.GroupPaymentBooked(id, group.Campaign, group.TermsVersion, paid.Member, paid.Paid, request.Now)));
        foreach (var (_, payment, code, at) in places)
        {
            // The coupons of a group are alike but for whose they are.
            var issued = ((Decision<CouponEvent>.Accepted)issue).Events.OfType<CouponEvent.CouponIssued>().Single() with
            {
                Member = payment.Member,
                Channel = payment.Channel,
                LimitKeys = payment.LimitKeys,
                Sale = sale with { Id = payment.Trade },
            };
            changes.Add(new(SaleStream.Of(payment.Trade), new SaleEvent.VouchersSold(
                group.Campaign, group.TermsVersion, payment.Member, payment.Amount, [code], payment.Channel, at, issued.Date)));
            changes.Add(new(CouponStream.Of(code), issued));
        }

        return new Verdict.Accepted(changes, GroupView.Of(id, facts.Aggregate(group, GroupDecider.Evolve), request.Now, paid.Trade));
    }

    private static string[] TalliesOf(string campaign, string member, LocalDate date) =>
        [CouponTallies.Issued(campaign), CouponTallies.IssuedTo(campaign, member), CouponTallies.IssuedTo(campaign, member, date), CouponTallies.IssuedOn(campaign, date)];
}
