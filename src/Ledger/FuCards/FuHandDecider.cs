using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Ledger.FuCards.Draws;
using NodaTime;
using static Ledger.FuCards.FuHandCommand;
using static Ledger.FuCards.FuHandEvent;

namespace Ledger.FuCards;

/// <param name="Rules">The campaign's.</param>
public abstract record FuHandCommand(string Campaign, string User, FuRules Rules, Instant Now)
{
    public sealed record OpenHand(string Campaign, string User, FuRules Rules, Instant Now) : FuHandCommand(Campaign, User, Rules, Now);

    /// <param name="Seed">Secret until the reveal: it is in no event.</param>
    public sealed record DrawCard(
        string Campaign, string User, FuRules Rules, ReadOnlyMemory<byte> Seed, string Source, string Ref, FuStockLeft? Stock, LocalDate Date, Instant Now)
        : FuHandCommand(Campaign, User, Rules, Now);

    /// <param name="Want">Null: a gift.</param>
    public sealed record OfferCard(
        string Campaign, string User, FuRules Rules, string Type, string? Want, string? To, LocalDate Date, Instant Now) : FuHandCommand(Campaign, User, Rules, Now);

    public sealed record TakeGift(string Campaign, string User, FuRules Rules, long Exchange, string By, Instant Now) : FuHandCommand(Campaign, User, Rules, Now);

    public sealed record CancelOffer(string Campaign, string User, FuRules Rules, long Exchange, Instant Now) : FuHandCommand(Campaign, User, Rules, Now);

    /// <summary>Sent by the timer.</summary>
    public sealed record ReturnDue(string Campaign, string User, FuRules Rules, Instant Now) : FuHandCommand(Campaign, User, Rules, Now);

    public sealed record BegCard(string Campaign, string User, FuRules Rules, string Type, LocalDate Date, Instant Now) : FuHandCommand(Campaign, User, Rules, Now);

    /// <summary>Sends a card to the hand that asked for it, by an offer to swap or by begging.</summary>
    public sealed record SendCard(
        string Campaign, string User, FuRules Rules, string To, long Exchange, string Type, FuWay Way, LocalDate Date, Instant Now) : FuHandCommand(Campaign, User, Rules, Now);

    /// <summary>A card comes from another hand, of this shard or another one.</summary>
    /// <param name="IsOpen">Whether hands still exchange: else it goes back where it may.</param>
    public sealed record LandCard(
        string Campaign, string User, FuRules Rules, string From, long Exchange, string Type, FuWay Way, bool IsOpen, Instant Now) : FuHandCommand(Campaign, User, Rules, Now);

    public sealed record UseWild(string Campaign, string User, FuRules Rules, string Type, Instant Now) : FuHandCommand(Campaign, User, Rules, Now);

    /// <param name="Holds">Whether the friend held such a card just now: copying takes nothing from a friend.</param>
    public sealed record CopyCard(string Campaign, string User, FuRules Rules, string Friend, string Type, bool Holds, Instant Now) : FuHandCommand(Campaign, User, Rules, Now);

    public sealed record DenyHand(string Campaign, string User, FuRules Rules, string Reason, Instant Now) : FuHandCommand(Campaign, User, Rules, Now);

    public sealed record AllowHand(string Campaign, string User, FuRules Rules, Instant Now) : FuHandCommand(Campaign, User, Rules, Now);

    /// <param name="Tickets">Composed in the shard so far.</param>
    public sealed record ComposeFive(string Campaign, string User, FuRules Rules, long Tickets, Instant Now) : FuHandCommand(Campaign, User, Rules, Now);

    public sealed record CloseHand(string Campaign, string User, FuRules Rules, bool IsOpen, Instant Now) : FuHandCommand(Campaign, User, Rules, Now);

    /// <param name="Withheld">Tax that the owner keeps back.</param>
    public sealed record ClaimPrize(string Campaign, string User, FuShard Shard, string Owner, Instant Now, long Withheld = 0) : FuHandCommand(Campaign, User, Shard.Rules!, Now);

    /// <param name="Reference">Null: no money moved.</param>
    public sealed record NotePayout(string Campaign, string User, FuRules Rules, string Transfer, string? Reference, string? Reason, Instant Now) : FuHandCommand(Campaign, User, Rules, Now);
}

/// <param name="Left">Cards of the merchant left in the shard.</param>
/// <param name="LeftToday">The same within the day's cap.</param>
/// <param name="Wants">Whether this draw takes the share to where more is asked for.</param>
public sealed record FuStockLeft(string Merchant, long Left, long LeftToday, bool Wants);

/// <summary>A user's cards: drawn, exchanged, composed into one ticket, and its prize. Pure.</summary>
public static class FuHandDecider
{
    /// <summary>Reads top to bottom: the first line that matches answers.</summary>
    public static Decision<FuHandEvent> Decide(FuHandCommand command, FuHand state) => (command, state) switch
    {
        (OpenHand c, { Status: FuHandStatus.None }) => new HandOpened(c.Campaign, c.User, c.Now),
        (OpenHand c, { Status: FuHandStatus.Closed }) => new HandIsClosed(c.User),
        (OpenHand, _) => Decision<FuHandEvent>.Unchanged,
        (var c, { Status: FuHandStatus.None }) => new HandUnknown(c.User),
        (LandCard c, var s) => Land(c, s),
        (ReturnDue c, var s) => (FuHandEvent[])[.. s.Escrows.Where(e => e.ExpiresAt <= c.Now).Select(e => new CardReturned(c.Campaign, c.User, e.Exchange, e.Type, FuReturn.TimedOut, c.Now))],
        (NotePayout c, { Prize: { State: FuPrizeState.Claimed } prize }) when prize.Transfer == c.Transfer => c.Reference is { } reference
            ? new PrizePaid(c.Campaign, c.User, c.Transfer, reference, c.Now) : new PrizePayoutFailed(c.Campaign, c.User, c.Transfer, prize.Amount, c.Reason ?? "", c.Now),
        (NotePayout, _) => Decision<FuHandEvent>.Unchanged,
        (CloseHand, { Status: FuHandStatus.Closed }) => Decision<FuHandEvent>.Unchanged,
        (var c, { Status: FuHandStatus.Closed }) => new HandIsClosed(c.User),
        (DenyHand c, var s) when s.Denied == c.Reason => Decision<FuHandEvent>.Unchanged,
        (DenyHand c, var s) => (FuHandEvent[])[.. Return(c, s), new HandDenied(c.Campaign, c.User, c.Reason, c.Now)],
        (AllowHand, { Denied: null }) => Decision<FuHandEvent>.Unchanged,
        (AllowHand c, _) => new HandAllowed(c.Campaign, c.User, c.Now),
        (DrawCard or OfferCard or BegCard or SendCard or UseWild or CopyCard or ComposeFive, { Denied: { } reason }) => new RiskRejected(reason),

        (DrawCard c, _) when c.Rules.Source(c.Source) is not { } source => new SourceUnknown(c.Source),
        (DrawCard c, _) when c.Rules.Source(c.Source)!.IsOfMerchants != c.Stock is not null => new MerchantMismatch(c.Source, c.Stock is null),
        (DrawCard c, var s) when s.On(c.Date).Drawn() >= c.Rules.Limits.Draws => new DailyDrawLimit(c.Rules.Limits.Draws),
        (DrawCard c, var s) when s.On(c.Date).Drawn(c.Source) >= c.Rules.Source(c.Source)!.PerDay => new SourceLimit(c.Source, c.Rules.Source(c.Source)!.PerDay),
        (DrawCard { Stock: { Left: <= 0 } stock }, _) => new MerchantQuotaExhausted(stock.Merchant, Today: false),
        (DrawCard { Stock: { LeftToday: <= 0 } stock }, _) => new MerchantQuotaExhausted(stock.Merchant, Today: true),
        (DrawCard c, var s) => new CardDrawn(
            c.Campaign, c.User, s.Draws + 1, c.Rules.Types[CardDraw.Draw(c.Seed.Span, c.User, s.Draws + 1, c.Rules.Source(c.Source)!.Weights)].Code, c.Source, c.Ref, c.Stock?.Merchant,
            c.Stock?.Wants ?? false, c.Date, c.Now),

        (OfferCard c, _) when c.Want is { } want && c.Rules.Type(want) is null => new CardTypeUnknown(want),
        (OfferCard c, _) when c.To == c.User => new SelfExchange(),
        (OfferCard c, var s) when Lacks(c.Type, s) is { } lack => lack,
        (OfferCard c, var s) when s.On(c.Date).Given >= c.Rules.Limits.Gifts => new GiftLimit(c.Rules.Limits.Gifts),
        (OfferCard, var s) when s.Escrows.Count + s.Begs.Count >= Limits.MaxFuExchanges => new TooManyExchanges(Limits.MaxFuExchanges),
        (OfferCard c, var s) => new CardEscrowed(
            c.Campaign, c.User, s.Exchanges + 1, c.Type, c.Want, c.To, Instant.Min(c.Now + Duration.FromSeconds(Limits.FuEscrowSeconds), c.Rules.Timeline.Deadline), c.Date, c.Now),

        (TakeGift c, var s) when c.Exchange < 1 || c.Exchange > s.Exchanges => new ExchangeUnknown(c.Exchange),
        (TakeGift c, _) when c.By == c.User => new SelfExchange(),
        (TakeGift c, var s) => s.Escrows.FirstOrDefault(e => e.Exchange == c.Exchange) switch
        {
            null => new CardTaken(c.Exchange),
            var e when e.ExpiresAt <= c.Now => new CardTaken(c.Exchange),
            { Want: not null } => new ExchangeUnknown(c.Exchange),
            { To: { } to } when to != c.By => new GiftIsForAnother(c.Exchange),
            var e => new CardGifted(c.Campaign, c.User, c.By, e.Exchange, e.Type, FuWay.Gift, c.Now),
        },
        (CancelOffer c, var s) when c.Exchange < 1 || c.Exchange > s.Exchanges => new ExchangeUnknown(c.Exchange),
        (CancelOffer c, var s) when s.Begs.Any(beg => beg.Exchange == c.Exchange) => new BegWithdrawn(c.Campaign, c.User, c.Exchange, c.Now),
        (CancelOffer c, var s) => s.Escrows.FirstOrDefault(e => e.Exchange == c.Exchange) is { } open
            ? new CardReturned(c.Campaign, c.User, open.Exchange, open.Type, FuReturn.Cancelled, c.Now) : new CardTaken(c.Exchange),

        (BegCard c, _) when c.Rules.Type(c.Type) is null => new CardTypeUnknown(c.Type),
        (BegCard c, var s) when s.On(c.Date).Begged >= c.Rules.Limits.Begs => new BegLimit(c.Rules.Limits.Begs),
        (BegCard, var s) when s.Escrows.Count + s.Begs.Count >= Limits.MaxFuExchanges => new TooManyExchanges(Limits.MaxFuExchanges),
        (BegCard c, var s) => new BegOpened(c.Campaign, c.User, s.Exchanges + 1, c.Type, c.Date, c.Now),
        (SendCard c, _) when c.To == c.User => new SelfExchange(),
        (SendCard c, var s) when Lacks(c.Type, s) is { } lack => lack,
        (SendCard c, var s) when s.On(c.Date).Given >= c.Rules.Limits.Gifts => new GiftLimit(c.Rules.Limits.Gifts),
        (SendCard c, _) => new CardSent(c.Campaign, c.User, c.To, c.Exchange, c.Type, c.Way, c.Date, c.Now),

        (UseWild c, _) when c.Rules.Type(c.Type) is not { Kind: FuCardKind.Five } => new CardTypeUnknown(c.Type),
        (UseWild c, var s) when s.HasUsedWild || Held(c.Rules, s, FuCardKind.Wild) is null => new NoWild(),
        (UseWild c, var s) when s.Count(c.Type) > 0 => new TypeAlreadyHeld(c.Type),
        (UseWild c, var s) => new WildAssigned(c.Campaign, c.User, Held(c.Rules, s, FuCardKind.Wild)!, c.Type, c.Now),
        (CopyCard c, _) when c.Friend == c.User => new SelfExchange(),
        (CopyCard c, _) when c.Rules.Type(c.Type) is not { Kind: FuCardKind.Five or FuCardKind.Keepsake } => new CardTypeUnknown(c.Type),
        (CopyCard c, var s) when Held(c.Rules, s, FuCardKind.Copy) is null => new NoCopyCard(),
        (CopyCard { Holds: false } c, _) => new FriendLacksCard(c.Friend, c.Type),
        (CopyCard c, var s) => new CardCopied(c.Campaign, c.User, Held(c.Rules, s, FuCardKind.Copy)!, c.Friend, c.Type, c.Now),
        (ComposeFive, { Ticket: > 0 and var ticket }) => new AlreadyComposed(ticket),
        (ComposeFive c, var s) when c.Rules.Five().Where(type => s.Count(type) == 0).ToList() is { Count: > 0 } missing =>
            new MissingTypes(missing.Count - (!s.HasUsedWild && Held(c.Rules, s, FuCardKind.Wild) is not null ? 1 : 0), missing),
        (ComposeFive c, var s) => new FiveComposed(c.Campaign, c.User, [.. c.Rules.Five()], c.Tickets + 1, c.Now, c.Rules.Grand is { } grand && s.Count(grand.Card) > 0 ? grand.Card : null),
        (CloseHand c, var s) => Close(c, s),

        (ClaimPrize { Shard.Status: < FuShardStatus.Paying and var status }, _) => new PrizesNotOut(status),
        (ClaimPrize c, { Ticket: 0 }) => new NoTicket(c.User),
        (ClaimPrize, { Prize: { State: not FuPrizeState.Failed } prize }) => new PrizeAlreadyClaimed(prize.Amount),
        // Who claimed in time keeps the prize, however late its payout fails.
        (ClaimPrize c, { Prize: null }) when c.Shard.Status == FuShardStatus.Ended || c.Now >= c.Rules.Timeline.ClaimsUntil => new ClaimWindowClosed(c.Rules.Timeline.ClaimsUntil),
        (ClaimPrize c, var s) => Claim(c, s),
        _ => throw new UnreachableException($"{command} on {state}"),
    };

    /// <summary>Never refuses and never computes: what happened is already in the event.</summary>
    public static FuHand Evolve(FuHand state, FuHandEvent fact) => fact switch
    {
        HandOpened => state with { Status = FuHandStatus.Collecting },
        CardDrawn e => state.With(e.Type, 1) with { Draws = e.Index, Day = state.On(e.Date).WithDraw(e.Source) },
        CardEscrowed e => state.With(e.Type, -1) with
        {
            Escrows = [.. state.Escrows, new(e.Exchange, e.Type, e.Want, e.To, e.ExpiresAt)],
            Exchanges = e.Exchange,
            Day = state.On(e.Date).WithGift(),
        },
        CardReturned e => state.WithoutEscrow(e.Exchange).With(e.Type, 1),
        CardGifted e => state.WithoutEscrow(e.Exchange),
        CardSent e => state.With(e.Type, -1) with { Day = state.On(e.Date).WithGift() },
        CardDeclined => state,
        CardReceived e => state.With(e.Type, 1),
        BegOpened e => state with { Begs = [.. state.Begs, new(e.Exchange, e.Type)], Exchanges = e.Exchange, Day = state.On(e.Date).WithBeg() },
        BegWithdrawn e => state.WithoutBeg(e.Exchange),
        BegFulfilled e => state.WithoutBeg(e.Exchange),
        WildAssigned e => state.With(e.Wild, -1).With(e.Type, 1) with { HasUsedWild = true },
        CardCopied e => state.With(e.Copy, -1).With(e.Type, 1),
        HandDenied e => state with { Denied = e.Reason },
        HandAllowed => state with { Denied = null },
        FiveComposed e => e.Cards().Aggregate(state, (hand, type) => hand.With(type, -1)) with { Status = FuHandStatus.Complete, Ticket = e.Ticket, Grand = e.Grand },
        HandClosed e => e.Cards.Aggregate(state, (hand, cards) => hand.With(cards.Type, -cards.Count)) with { Status = FuHandStatus.Closed, Begs = [] },
        PrizeClaimed e => state with { Prize = new(e.Ticket, e.Amount, e.Attempt, e.Transfer, FuPrizeState.Claimed, null, e.Withheld, e.Grand) },
        PrizePaid e => state with { Prize = state.Prize! with { State = FuPrizeState.Paid, Said = e.Reference } },
        PrizePayoutFailed e => state with { Prize = state.Prize! with { State = FuPrizeState.Failed, Said = e.Reason } },
        _ => throw new UnreachableException($"{fact}"),
    };

    /// <summary>What a ticket gets of the pot: from the plan and its own weight alone.</summary>
    public static long PrizeOf(FuPlan plan, ReadOnlySpan<byte> key, long ticket)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return new PotAmounts(plan.Pot, plan.Whole()).Of(ticket, TicketWeights.Of(plan.Pot.Weight, key, ticket));
    }

    /// <summary>What a ticket that takes part gets in the grand draw; null: nothing.</summary>
    private static long? GrandOf(FuShard shard, ReadOnlySpan<byte> key, long ticket) =>
        shard is { Rules.Grand: { } rules, Plan.Grand: { } plan } && new GrandAmounts(rules, plan).Of(key, ticket) is > 0 and var prize ? prize : null;

    private static Rejection? Lacks(string type, FuHand s) => s.Count(type) > 0 ? null : s.Escrows.Any(e => e.Type == type) ? new CardInEscrow(type) : new CardNotOwned(type);

    private static string? Held(FuRules rules, FuHand s, FuCardKind kind) => rules.Types.FirstOrDefault(type => type.Kind == kind && s.Count(type.Code) > 0)?.Code;

    private static IEnumerable<CardReturned> Return(FuHandCommand c, FuHand s) => s.Escrows.Select(e => new CardReturned(c.Campaign, c.User, e.Exchange, e.Type, FuReturn.Cancelled, c.Now));

    private static Decision<FuHandEvent> Land(LandCard c, FuHand s)
    {
        var received = new CardReceived(c.Campaign, c.User, c.From, c.Exchange, c.Type, c.Way, c.Now);
        var declined = new CardDeclined(c.Campaign, c.User, c.From, c.Exchange, c.Type, c.Now);
        var isOpen = c.IsOpen && s.Status != FuHandStatus.Closed;
        switch (c.Way)
        {
            case FuWay.SwapAnswer:
                var asked = s.Escrows.FirstOrDefault(e => e.Exchange == c.Exchange && e.Want == c.Type && e.ExpiresAt > c.Now && (e.To ?? c.From) == c.From);
                // Both legs are decided here and now: the wanted card stays, the offered one leaves.
                return isOpen && asked is not null
                    ? (FuHandEvent[])[received, new CardGifted(c.Campaign, c.User, c.From, c.Exchange, asked.Type, FuWay.SwapGive, c.Now)] : declined;
            case FuWay.Beg:
                return isOpen && s.Denied is null && s.Begs.Contains(new(c.Exchange, c.Type)) ? (FuHandEvent[])[received, new BegFulfilled(c.Campaign, c.User, c.Exchange, c.From, c.Now)] : declined;
            default:
                // What reaches a user who left lapses with the rest.
                return s.Status == FuHandStatus.Closed ? (FuHandEvent[])[received, new HandClosed(c.Campaign, c.User, [new(c.Type, 1)], c.Now)] : received;
        }
    }

    private static FuHandEvent[] Close(CloseHand c, FuHand s)
    {
        if (!c.IsOpen) return [new HandClosed(c.Campaign, c.User, [], c.Now)];
        var back = Return(c, s).ToList();
        return [.. back, new HandClosed(c.Campaign, c.User, back.Aggregate(s, Evolve).Cards, c.Now)];
    }

    private static Decision<FuHandEvent> Claim(ClaimPrize c, FuHand s)
    {
        var (ticket, attempt) = (c.Shard.Offset + s.Ticket, (s.Prize?.Attempt ?? 0) + 1);
        var number = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{c.Owner}~{c.Campaign}/{ticket}/{attempt}"))).AsSpan(0, 20));
        var key = Convert.FromHexString(c.Shard.Key!);
        var grand = s.Prize is { } before ? before.Grand : s.Grand is null ? null : GrandOf(c.Shard, key, ticket);
        var amount = s.Prize?.Amount ?? (PrizeOf(c.Shard.Plan!, key, ticket) + (grand ?? 0));
        return c.Withheld > amount ? new WithheldAbovePrize(amount)
            : new PrizeClaimed(c.Campaign, c.User, ticket, amount, attempt, $"fu{number}", c.Now, c.Withheld == 0 ? null : c.Withheld, grand);
    }
}
