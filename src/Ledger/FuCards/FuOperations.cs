using Ledger.Transfers;
using NodaTime;
using static Ledger.FuCards.FuHandCommand;

namespace Ledger.FuCards;

/// <summary>What owners and users ask of a campaign, as operations: each writes one book.</summary>
public static class FuOperations
{
    /// <summary>Drafts a campaign, or changes its draft.</summary>
    public static Operation Draft(Request request, string campaign, FuRules rules) => Do(request, new FuCampaignCommand.DraftFuCampaign(campaign, rules, request.Now));

    public static Operation Do(Request request, FuCampaignCommand command)
    {
        ArgumentNullException.ThrowIfNull(command);
        var stream = FuStreams.CampaignOf(command.Campaign);
        return new(request, [stream], [], book => Verdict.Of(
            stream, book.State(stream), FuCampaignDecider.Decide(command, book.State(stream)), (_, after) => FuCampaignView.Of(command.Campaign, after)));
    }

    /// <summary>Takes a shard a step further.</summary>
    public static Operation Do(Request request, FuShardCommand command)
    {
        ArgumentNullException.ThrowIfNull(command);
        var stream = FuStreams.ShardOf(command.Campaign);
        return new(request, [stream], [], book => Verdict.Of(stream, book.State(stream), FuShardDecider.Decide(command, book.State(stream)), (_, after) => after));
    }

    /// <summary>Adds a merchant's issue to a campaign, and gives every shard a first part of its quota.</summary>
    public static Operation OpenIssue(Request request, string campaign, string merchant, long quota, long? perDay)
    {
        ArgumentNullException.ThrowIfNull(request);
        var (home, issue) = (FuStreams.CampaignOf(campaign), FuStreams.IssueOf(campaign, merchant));
        return new(request, [home, issue], [], book => book.State(home) switch
        {
            { Status: FuCampaignStatus.None } => new FuCampaignUnknown(campaign),
            { Status: not (FuCampaignStatus.Committed or FuCampaignStatus.Open) and var status } => new FuCampaignStateForbids(status),
            var running => Verdict.Of(issue, book.State(issue), FuIssueDecider.Decide(
                new FuIssueCommand.OpenFuIssue(campaign, merchant, quota, perDay, running.Rules!.Shards, request.Now), book.State(issue)), (_, after) => after),
        });
    }

    /// <summary>Grants a shard more of a merchant's quota, as long as there is any.</summary>
    public static Operation Grant(Request request, string campaign, string merchant, FuBook shard)
    {
        ArgumentNullException.ThrowIfNull(request);
        var issue = FuStreams.IssueOf(campaign, merchant);
        return new(request, [issue], [], book => Verdict.Of(issue, book.State(issue), FuIssueDecider.Decide(
            new FuIssueCommand.GrantStock(campaign, shard.Shard, shard.Shards, request.Now), book.State(issue)), (_, after) => after));
    }

    /// <summary>Receives what was granted, in the shard's book.</summary>
    public static Operation Receive(Request request, FuIssueEvent.FuStockGranted granted)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(granted);
        var stock = FuStreams.StockOf(granted.Campaign, granted.Merchant);
        var fact = new FuStockEvent.FuStockReceived(granted.Campaign, granted.Merchant, granted.Grant, granted.Cards, granted.PerDay, request.Now);
        return new(request, [stock], [], book => new Verdict.Accepted([new(stock, fact)], FuStreams.Stock.EvolveState(book.State(stock), fact)));
    }

    /// <summary>A merchant agrees in its own book that cards of a campaign carry its coupons.</summary>
    public static Operation Agree(Request request, string owner, string campaign, string couponCampaign)
    {
        ArgumentNullException.ThrowIfNull(request);
        var (stream, coupons) = (FuStreams.ParticipationOf(owner, campaign), Coupons.CampaignStreams.Of(couponCampaign));
        return new(request, [stream, coupons], [], book =>
        {
            if (book.State(coupons).Status == Coupons.CampaignStatus.None) return new Coupons.CampaignUnknown(couponCampaign);
            var (state, fact) = (book.State(stream), new FuParticipationEvent.FuParticipationAgreed(owner, campaign, couponCampaign, request.Now));
            return new Verdict.Accepted(state.CouponCampaign == couponCampaign ? [] : [new(stream, fact)], new FuParticipation(couponCampaign));
        });
    }

    /// <summary>Claims a key in the shard that it belongs to: the first half of a step whose second half is in the user's shard.</summary>
    public static Operation Claim(Request request, string campaign, FuClaimKind kind, string key, string user, int limit, Rejection refusal)
    {
        ArgumentNullException.ThrowIfNull(request);
        var (shard, claim) = (FuStreams.ShardOf(campaign), FuStreams.ClaimOf(campaign, kind, key));
        var command = new ClaimFuKey(campaign, kind, user, limit, refusal, request.Now);
        return new(request, [shard, claim], [], book => Closed(book.State(shard), request.Now) is { } closed
            ? closed : Verdict.Of(claim, book.State(claim), FuClaimDecider.Decide(command, book.State(claim)), (_, after) => after));
    }

    public static Operation OpenHand(Request request, string campaign, string user) => OnHand(request, campaign, user, [], (rules, _) => new OpenHand(campaign, user, rules, request.Now));

    /// <param name="seed">The campaign's, secret until the reveal.</param>
    /// <param name="reference">What the draw is for: a payment, a scan, a game; one draw each.</param>
    public static Operation Draw(Request request, FuBook at, string user, ReadOnlyMemory<byte> seed, string source, string reference, string? merchant, LocalDate date) =>
        Draw(request, at, user, seed, source, reference, merchant, date, (facts, after) => FuHandView.Of(user, after, facts));

    /// <summary>The same for a merchant by itself: it learns which card it gave, and nothing else of the hand.</summary>
    public static Operation DrawOwn(Request request, FuBook at, string user, ReadOnlyMemory<byte> seed, string source, string reference, string merchant, LocalDate date) =>
        Draw(request, at, user, seed, source, reference, merchant, date, (facts, _) => FuDrawView.Of(facts));

    private static Operation Draw(
        Request request, FuBook at, string user, ReadOnlyMemory<byte> seed, string source, string reference, string? merchant, LocalDate date,
        Func<IReadOnlyList<FuHandEvent>, FuHand, object> answer)
    {
        ArgumentNullException.ThrowIfNull(request);
        // A merchant's payments and scans are numbered by the merchant, and nobody uses up another one's numbers.
        var (campaign, kept) = (at.Campaign, merchant is null ? reference : $"{merchant}/{reference}");
        var operation = merchant is null
            ? OnHand(request, campaign, user, [], (rules, _) => Command(rules, null), answer)
            : OnHand(
                request, campaign, user, [FuTallies.OfMerchant(campaign, merchant), FuTallies.OfMerchant(campaign, merchant, date)],
                (rules, book) => Command(rules, Left(book, at, merchant, date)), answer);
        return operation with
        {
            Streams = merchant is null ? operation.Streams : [.. operation.Streams, FuStreams.StockOf(campaign, merchant)],
            Once = new(at.First.Id, $"furef {campaign} {source} {kept}", new SourceRefReused(source, reference)),
        };

        DrawCard Command(FuRules rules, FuStockLeft? left) => new(campaign, user, rules, seed, source, kept, left, date, request.Now);
    }

    private static FuStockLeft Left(BookStates book, FuBook at, string merchant, LocalDate date)
    {
        var share = book.State(FuStreams.StockOf(at.Campaign, merchant));
        var left = share.Cards - book.Tally(FuTallies.OfMerchant(at.Campaign, merchant));
        var leftToday = share.PerDay is { } cap ? at.PartOf(cap, date.DayOfYear) - book.Tally(FuTallies.OfMerchant(at.Campaign, merchant, date)) : long.MaxValue;
        return new(merchant, left, leftToday, left - 1 == share.Last / 2 || left == 1);
    }

    /// <param name="want">Null: a gift.</param>
    public static Operation Offer(Request request, string campaign, string user, string type, string? want, string? to, LocalDate date) =>
        OnHand(request, campaign, user, [], (rules, _) => new OfferCard(campaign, user, rules, type, want, to, date, request.Now));

    /// <summary>Takes a gift out of the giver's hand: the first one who does has it, and it lands in the taker's hand by itself.</summary>
    public static Operation Take(Request request, string campaign, string giver, long exchange, string by) =>
        OnHand(request, campaign, giver, [], (rules, _) => new TakeGift(campaign, giver, rules, exchange, by, request.Now));

    public static Operation Cancel(Request request, string campaign, string user, long exchange) =>
        OnHand(request, campaign, user, [], (rules, _) => new CancelOffer(campaign, user, rules, exchange, request.Now));

    public static Operation Beg(Request request, string campaign, string user, string type, LocalDate date) =>
        OnHand(request, campaign, user, [], (rules, _) => new BegCard(campaign, user, rules, type, date, request.Now));

    /// <summary>Sends a card that another hand asked for: there it is taken, or comes back by itself.</summary>
    public static Operation Send(Request request, string campaign, string user, string to, long exchange, string type, FuWay way, LocalDate date) =>
        OnHand(request, campaign, user, [], (rules, _) => new SendCard(campaign, user, rules, to, exchange, type, way, date, request.Now));

    public static Operation Wild(Request request, string campaign, string user, string type) =>
        OnHand(request, campaign, user, [], (rules, _) => new UseWild(campaign, user, rules, type, request.Now));

    /// <param name="holds">Whether the friend holds such a card, as read just before.</param>
    public static Operation Copy(Request request, string campaign, string user, string friend, string type, bool holds) =>
        OnHand(request, campaign, user, [], (rules, _) => new CopyCard(campaign, user, rules, friend, type, holds, request.Now));

    /// <summary>Shuts a hand out: what it offers comes back, and it neither draws nor exchanges nor composes until it is allowed.</summary>
    public static Operation Deny(Request request, string campaign, string user, string reason) =>
        OnHand(request, campaign, user, [], (rules, _) => new DenyHand(campaign, user, rules, reason, request.Now));

    public static Operation Allow(Request request, string campaign, string user) => OnHand(request, campaign, user, [], (rules, _) => new AllowHand(campaign, user, rules, request.Now));

    public static Operation Compose(Request request, string campaign, string user)
    {
        var tickets = FuTallies.Tickets(campaign);
        return OnHand(request, campaign, user, [tickets], (rules, book) => new ComposeFive(campaign, user, rules, book.Tally(tickets), request.Now));
    }

    /// <summary>A card lands that another hand sent. Sent by the policy; also while the shard closes.</summary>
    public static Operation Land(Request request, string campaign, string user, string from, long exchange, string type, FuWay way) => Always(
        request, campaign, user, shard => new LandCard(campaign, user, shard.Rules!, from, exchange, type, way, Closed(shard, request.Now) is null, request.Now));

    /// <summary>Escrows whose time is over come back. Sent by the timer.</summary>
    public static Operation Return(Request request, string campaign, string user) => Always(request, campaign, user, shard => new ReturnDue(campaign, user, shard.Rules!, request.Now));

    /// <summary>The user leaves for good. Once the campaign is sealed no card changes, and the prize lapses.</summary>
    public static Operation Leave(Request request, string campaign, string user) => Always(
        request, campaign, user, shard => new CloseHand(campaign, user, shard.Rules!, Closed(shard, request.Now) is null, request.Now));

    public static Operation NotePayout(Request request, string campaign, string user, string transfer, string? reference, string? reason) => Always(
        request, campaign, user, shard => new NotePayout(campaign, user, shard.Rules!, transfer, reference, reason, request.Now));

    /// <summary>Claims a ticket's prize and orders its transfer in the same transaction.</summary>
    /// <param name="withheld">Tax that the owner keeps back.</param>
    public static Operation ClaimPrize(Request request, FuBook at, string user, string account, long withheld = 0)
    {
        ArgumentNullException.ThrowIfNull(request);
        var (shard, hand) = (FuStreams.ShardOf(at.Campaign), FuStreams.HandOf(at.Campaign, user));
        return new(request, [shard, hand], [], book =>
        {
            var (rules, state) = (book.State(shard), book.State(hand));
            if (rules.Rules is null) return new FuCampaignNotOpen();
            var decision = FuHandDecider.Decide(new ClaimPrize(at.Campaign, user, rules, at.Owner, request.Now, withheld), state);
            if (decision is not Decision<FuHandEvent>.Accepted { Events: [FuHandEvent.PrizeClaimed prize] } claimed)
                return Verdict.Of(hand, state, decision, (_, after) => FuHandView.Of(user, after));
            var view = FuHandView.Of(user, FuHandDecider.Evolve(state, prize));
            // Where there are more tickets than fen, some get nothing.
            var paid = prize.Amount - (prize.Withheld ?? 0);
            if (paid == 0) return new Verdict.Accepted([.. hand.With(claimed.Events)], view);
            if (!book.Has(TransferStream.Of(prize.Transfer))) return new Verdict.NeedsMore([TransferStream.Of(prize.Transfer)]);
            var (changes, refusal) = TransferOperations.Order(book, new(prize.Transfer, TransferKind.Payout, paid, account, hand.Id, Of: null, Agreement: null), request.Now);
            return refusal is not null ? refusal : new Verdict.Accepted([.. hand.With(claimed.Events), .. changes], view);
        });
    }

    /// <summary>Why no user changes a hand now; null: they may.</summary>
    private static Rejection? Closed(FuShard shard, Instant now) => shard switch
    {
        { Rules: null } => new FuCampaignNotOpen(),
        { Rules.Timeline: var time } when now < time.OpensAt => new FuCampaignNotOpen(),
        { Status: FuShardStatus.Open, Rules.Timeline: var time } when now < time.Deadline => null,
        { Rules.Timeline: var time } => new FuCampaignIsSealed(time.Deadline),
    };

    private static Operation OnHand(
        Request request, string campaign, string user, IReadOnlyList<string> tallies, Func<FuRules, BookStates, FuHandCommand> command,
        Func<IReadOnlyList<FuHandEvent>, FuHand, object>? answer = null)
    {
        var (shard, hand) = (FuStreams.ShardOf(campaign), FuStreams.HandOf(campaign, user));
        return new(request, [shard, hand], tallies, book => Closed(book.State(shard), request.Now) is { } closed ? closed : Verdict.Of(
            hand, book.State(hand), FuHandDecider.Decide(command(book.State(shard).Rules!, book), book.State(hand)), answer ?? ((facts, after) => FuHandView.Of(user, after, facts))));
    }

    private static Operation Always(Request request, string campaign, string user, Func<FuShard, FuHandCommand> command)
    {
        var (shard, hand) = (FuStreams.ShardOf(campaign), FuStreams.HandOf(campaign, user));
        return new(request, [shard, hand], [], book => book.State(shard).Rules is null ? new FuCampaignNotOpen() : Verdict.Of(
            hand, book.State(hand), FuHandDecider.Decide(command(book.State(shard)), book.State(hand)), (facts, after) => FuHandView.Of(user, after, facts)));
    }
}
