using Ledger.Coupons;
using Ledger.FuCards;
using Ledger.Members;
using Ledger.Merchants;
using Ledger.Transfers;
using static Ledger.FuCards.FuHandEvent;

namespace Ledger.Policies;

/// <summary>What crosses the books of a campaign: cards on their way, merchants' shares, the coupons that cards carry, and what became of payouts.</summary>
public static class FuCardsPolicy
{
    /// <summary>A card that left a hand lands in another one, or comes back. It lands once: the request key is that of the entry by which it left.</summary>
    public static Policy Cards { get; } = new("fu-cards", [typeof(CardGifted), typeof(CardSent), typeof(CardDeclined)], turn => turn.Fact switch
    {
        CardGifted e => Land(turn, e.Campaign, e.To, e.User, e.Exchange, e.Type, e.Way),
        CardSent e => Land(turn, e.Campaign, e.To, e.User, e.Exchange, e.Type, e.Way),
        CardDeclined e => Land(turn, e.Campaign, e.To, e.User, e.Exchange, e.Type, FuWay.Back),
        _ => null,
    });

    /// <summary>A shard whose part of a merchant's quota runs low gets another one.</summary>
    public static Policy Wants { get; } = new("fu-stock-wanted", [typeof(CardDrawn)], turn =>
        turn.Fact is CardDrawn { Wants: true, Merchant: { } merchant } e && FuBook.Parse(turn.Book) is { } shard
            ? FuOperations.Grant(turn.Request(shard.Owner), e.Campaign, merchant, shard) : null)
    { OnlyWith = "merchant" };

    public static Policy Stock { get; } = new("fu-stock", [typeof(FuIssueEvent.FuStockGranted)], turn =>
        turn.Fact is FuIssueEvent.FuStockGranted e ? FuOperations.Receive(turn.Request(new FuBook(turn.Book, e.Campaign, e.Shard, e.Shards).Id), e) : null);

    /// <summary>The coupon that a merchant's card carries, issued once in the merchant's book; where it cannot be, that is said there and the card stays.</summary>
    public static Policy Coupons { get; } = new("fu-coupons", [typeof(CardDrawn)], turn =>
        turn.Fact is CardDrawn { Merchant: { } merchant } e && FuBook.Parse(turn.Book) is { } shard ? Issue(turn.Request(merchant), shard, e, turn.Fresh()) : null)
    { OnlyWith = "merchant" };

    public static Policy Payouts { get; } = new("fu-payouts", [typeof(TransferEvent.TransferSucceeded), typeof(TransferEvent.TransferFailed)], turn => turn.Fact switch
    {
        TransferEvent.TransferSucceeded { Kind: TransferKind.Payout } e when HandOf(e.Origin) is var (campaign, user) =>
            FuOperations.NotePayout(turn.Request(), campaign, user, e.Number, e.Reference, reason: null),
        TransferEvent.TransferFailed { Kind: TransferKind.Payout } e when HandOf(e.Origin) is var (campaign, user) =>
            FuOperations.NotePayout(turn.Request(), campaign, user, e.Number, reference: null, e.Reason),
        _ => null,
    });

    private static Operation? Land(PolicyTurn turn, string campaign, string to, string from, long exchange, string type, FuWay way) =>
        FuBook.Parse(turn.Book) is { } shard ? FuOperations.Land(turn.Request(shard.For(to).Id), campaign, to, from, exchange, type, way) : null;

    private static (string Campaign, string User)? HandOf(string origin) =>
        origin.StartsWith("fuhand-", StringComparison.Ordinal) && origin["fuhand-".Length..].Split('/') is [var campaign, var user] ? (campaign, user) : null;

    private static Operation Issue(Request request, FuBook shard, CardDrawn e, string code)
    {
        var (participation, merchant, coupon) = (
            FuStreams.ParticipationOf(shard.Owner, e.Campaign), MerchantStream.Stream, FuStreams.CouponOf(shard.Owner, e.Campaign, e.User, e.Index));
        return new(request, [participation, merchant, coupon], [], book =>
        {
            if (book.State(participation).CouponCampaign is not { } campaign) return Settled(book, null, "participation-missing", []);
            if (book.State(merchant).RequiresMembership)
            {
                if (!book.Has(MemberStream.Of(e.User))) return new Verdict.NeedsMore([MemberStream.Of(e.User)]);
                if (MembershipPolicy.Refusal(book, e.User, isRequired: true) is { } refused) return Settled(book, null, refused.Slug, []);
            }

            var issue = CouponOperations.Issue(request, campaign, code, e.User, FuChannel.Of(shard.Owner, e.Campaign), e.At, e.At.InZone(book.State(merchant).Zone()).Date);
            if (!issue.Streams.All(book.Has) || !issue.Tallies.All(book.HasTally)) return new Verdict.NeedsMore(issue.Streams) { Tallies = issue.Tallies };
            return issue.Decide(book) switch
            {
                Verdict.Accepted(var facts, var answer) => Settled(book, ((IssuedView)answer).Code, null, facts),
                Verdict.Rejected(var reason) => Settled(book, null, reason.Slug, []),
                var more => more,
            };
        });

        Verdict Settled(BookStates book, string? issued, string? reason, IReadOnlyList<Change> facts)
        {
            var fact = new FuCouponEvent.CardCouponSettled(shard.Owner, e.Campaign, e.User, e.Index, issued is not null, issued, reason, request.Now);
            return new Verdict.Accepted([.. facts, new(coupon, fact)], FuStreams.Coupon.EvolveState(book.State(coupon), fact));
        }
    }
}
