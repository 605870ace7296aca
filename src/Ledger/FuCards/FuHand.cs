using System.Text.Json.Serialization;
using NodaTime;

namespace Ledger.FuCards;

/// <summary>
/// A user's cards in a campaign: what decides about draws, exchanges and the ticket. Cards of one type are alike; a card is in one hand, in one
/// escrow, or on its way to a hand.
/// </summary>
/// <param name="Draws">How many cards were drawn: the next one's index is one more.</param>
/// <param name="Cards">In ordinal order of types; none is counted 0.</param>
/// <param name="Exchanges">How many offers and requests the hand has made: each has its number.</param>
/// <param name="Ticket">Within the shard; 0: none yet.</param>
/// <param name="Denied">Why risk control shut the hand out; null: it is not.</param>
/// <param name="Day">What the limits of a day count, of the last day on which the user did any of it.</param>
/// <param name="Grand">The card that was composed with the five: the ticket takes part in the grand draw. Null: it does not.</param>
public sealed record FuHand(
    FuHandStatus Status, long Draws, IReadOnlyList<FuCount> Cards, IReadOnlyList<FuEscrow> Escrows, IReadOnlyList<FuBeg> Begs, long Exchanges, bool HasUsedWild, long Ticket, FuPrize? Prize,
    string? Denied = null, FuDay? Day = null, string? Grand = null)
{
    public static FuHand None { get; } = new(FuHandStatus.None, 0, [], [], [], 0, false, 0, null);

    /// <summary>When an escrow comes back by itself.</summary>
    [JsonIgnore]
    public Instant? DueAt => Escrows.Count == 0 ? null : Escrows.Min(escrow => escrow.ExpiresAt);

    public long Count(string type) => Cards.FirstOrDefault(cards => cards.Type == type)?.Count ?? 0;

    /// <summary>The hand with so many more cards of a type.</summary>
    public FuHand With(string type, long more)
    {
        var count = Count(type) + more;
        var others = Cards.Where(cards => cards.Type != type);
        return this with { Cards = [.. (count == 0 ? others : others.Append(new(type, count))).OrderBy(cards => cards.Type, StringComparer.Ordinal)] };
    }

    /// <summary>What the user did on a day; nothing yet, where the hand's day is an earlier one. What was asked before midnight and comes after counts to the new day.</summary>
    public FuDay On(LocalDate date) => Day is { } day && day.Date >= date ? day : new(date, [], 0, 0);

    public FuHand WithoutEscrow(long exchange) => this with { Escrows = [.. Escrows.Where(escrow => escrow.Exchange != exchange)] };

    public FuHand WithoutBeg(long exchange) => this with { Begs = [.. Begs.Where(beg => beg.Exchange != exchange)] };

    public bool Equals(FuHand? other) =>
        other is not null && (Status, Draws, Exchanges, HasUsedWild, Ticket, Prize) == (other.Status, other.Draws, other.Exchanges, other.HasUsedWild, other.Ticket, other.Prize)
        && (Denied, Day, Grand) == (other.Denied, other.Day, other.Grand)
        && Lists.Same(Cards, other.Cards) && Lists.Same(Escrows, other.Escrows) && Lists.Same(Begs, other.Begs);

    public override int GetHashCode() => HashCode.Combine(Status, Draws, Exchanges, Ticket);
}

public enum FuHandStatus
{
    None,
    Collecting,

    /// <summary>Has its ticket.</summary>
    Complete,

    /// <summary>The user left for good: cards and prize lapse.</summary>
    Closed,
}

public sealed record FuCount(string Type, long Count);

/// <summary>What one user did in a day of the owner's zone.</summary>
/// <param name="Draws">By source, in ordinal order.</param>
/// <param name="Given">Gifts, swaps and cards for those who beg.</param>
public sealed record FuDay(LocalDate Date, IReadOnlyList<FuDrawn> Draws, int Given, int Begged)
{
    public int Drawn() => Draws.Sum(drawn => drawn.Count);

    public int Drawn(string source) => Draws.FirstOrDefault(drawn => drawn.Source == source)?.Count ?? 0;

    public FuDay WithDraw(string source) => this with
    {
        Draws = [.. Draws.Where(drawn => drawn.Source != source).Append(new(source, Drawn(source) + 1)).OrderBy(drawn => drawn.Source, StringComparer.Ordinal)],
    };

    public FuDay WithGift() => this with { Given = Given + 1 };

    public FuDay WithBeg() => this with { Begged = Begged + 1 };

    public bool Equals(FuDay? other) => other is not null && (Date, Given, Begged) == (other.Date, other.Given, other.Begged) && Lists.Same(Draws, other.Draws);

    public override int GetHashCode() => HashCode.Combine(Date, Given, Begged);
}

public sealed record FuDrawn(string Source, int Count);

/// <summary>A card that is offered: nobody composes, gives or uses it meanwhile.</summary>
/// <param name="Want">The type asked for it; null: it is a gift.</param>
/// <param name="To">Whom it is meant for; null: whoever comes first.</param>
/// <param name="ExpiresAt">When it comes back by itself: never after the deadline.</param>
public sealed record FuEscrow(long Exchange, string Type, string? Want, string? To, Instant ExpiresAt);

public sealed record FuBeg(long Exchange, string Type);

/// <param name="Amount">The share of the pot and the grand prize together.</param>
/// <param name="Attempt">1, 2 ...: another one only where the provider said for good that no money moved.</param>
/// <param name="Transfer">The number of the transfer.</param>
/// <param name="Withheld">Tax that the owner keeps back of the amount and pays over; null: none.</param>
/// <param name="Grand">The grand prize in the amount; null: the ticket won none.</param>
public sealed record FuPrize(long Ticket, long Amount, int Attempt, string Transfer, FuPrizeState State, string? Said, long? Withheld = null, long? Grand = null);

public enum FuPrizeState
{
    Claimed,
    Paid,

    /// <summary>No money moved: the user may claim the same amount again, with another account.</summary>
    Failed,
}

/// <summary>Why a card goes from hand to hand.</summary>
public enum FuWay
{
    Gift,

    /// <summary>The card that was asked for, to who asked.</summary>
    SwapAnswer,

    /// <summary>The card that was offered, to who answered.</summary>
    SwapGive,
    Beg,

    /// <summary>Back to who sent it: another was faster, or the time was over.</summary>
    Back,
}

public enum FuReturn
{
    Cancelled,
    TimedOut,
}

// The case names below are the stored event types. Never rename one: add a new case instead.
public abstract record FuHandEvent
{
    private FuHandEvent() { }

    public sealed record HandOpened(string Campaign, string User, Instant At) : FuHandEvent;

    /// <param name="Index">1, 2, 3 ... of the user: the card follows from it, the seed and the source's odds.</param>
    /// <param name="Merchant">Whose card it is; its coupon follows by itself.</param>
    /// <param name="Wants">The merchant's share of this shard runs low.</param>
    /// <param name="Date">In the owner's zone.</param>
    public sealed record CardDrawn(
        string Campaign, string User, long Index, string Type, string Source, string Ref, string? Merchant, bool Wants, LocalDate Date, Instant At) : FuHandEvent;

    public sealed record CardEscrowed(
        string Campaign, string User, long Exchange, string Type, string? Want, string? To, Instant ExpiresAt, LocalDate Date, Instant At) : FuHandEvent;

    public sealed record CardReturned(string Campaign, string User, long Exchange, string Type, FuReturn Reason, Instant At) : FuHandEvent;

    /// <summary>Left the escrow for another hand: the first who takes it has it.</summary>
    public sealed record CardGifted(string Campaign, string User, string To, long Exchange, string Type, FuWay Way, Instant At) : FuHandEvent;

    /// <summary>Left the hand for another one, which takes it or sends it back.</summary>
    /// <param name="Exchange">Of the hand that it goes to.</param>
    public sealed record CardSent(string Campaign, string User, string To, long Exchange, string Type, FuWay Way, LocalDate Date, Instant At) : FuHandEvent;

    /// <summary>Came, and goes back.</summary>
    public sealed record CardDeclined(string Campaign, string User, string To, long Exchange, string Type, Instant At) : FuHandEvent;

    public sealed record CardReceived(string Campaign, string User, string From, long Exchange, string Type, FuWay Way, Instant At) : FuHandEvent;

    public sealed record BegOpened(string Campaign, string User, long Exchange, string Type, LocalDate Date, Instant At) : FuHandEvent;

    public sealed record BegWithdrawn(string Campaign, string User, long Exchange, Instant At) : FuHandEvent;

    public sealed record BegFulfilled(string Campaign, string User, long Exchange, string From, Instant At) : FuHandEvent;

    /// <param name="Wild">The type of the wild card, which is consumed.</param>
    public sealed record WildAssigned(string Campaign, string User, string Wild, string Type, Instant At) : FuHandEvent;

    /// <summary>A card became one like a friend's, who keeps it.</summary>
    /// <param name="Copy">The type of the card that is consumed.</param>
    public sealed record CardCopied(string Campaign, string User, string Copy, string Friend, string Type, Instant At) : FuHandEvent;

    /// <param name="Reason">In the words of the owner's risk control.</param>
    public sealed record HandDenied(string Campaign, string User, string Reason, Instant At) : FuHandEvent;

    public sealed record HandAllowed(string Campaign, string User, Instant At) : FuHandEvent;

    /// <param name="Types">One card of each was consumed.</param>
    /// <param name="Ticket">1, 2, 3 ... in the shard.</param>
    /// <param name="Grand">One card of this type was consumed too: the ticket takes part in the grand draw. Null: it does not.</param>
    public sealed record FiveComposed(string Campaign, string User, IReadOnlyList<string> Types, long Ticket, Instant At, string? Grand = null) : FuHandEvent
    {
        /// <summary>One card of each left the hand.</summary>
        public IEnumerable<string> Cards() => Grand is null ? Types : Types.Append(Grand);

        public bool Equals(FiveComposed? other) =>
            other is not null && (Campaign, User, Ticket, At, Grand) == (other.Campaign, other.User, other.Ticket, other.At, other.Grand) && Lists.Same(Types, other.Types);

        public override int GetHashCode() => HashCode.Combine(Campaign, User, Ticket);
    }

    /// <param name="Cards">What lapsed.</param>
    public sealed record HandClosed(string Campaign, string User, IReadOnlyList<FuCount> Cards, Instant At) : FuHandEvent
    {
        public bool Equals(HandClosed? other) => other is not null && (Campaign, User, At) == (other.Campaign, other.User, other.At) && Lists.Same(Cards, other.Cards);

        public override int GetHashCode() => HashCode.Combine(Campaign, User, At);
    }

    /// <param name="Ticket">Its number in the whole campaign.</param>
    /// <param name="Amount">The share of the pot and the grand prize together.</param>
    /// <param name="Withheld">Tax kept back of the amount: the transfer is for the rest. Null: none.</param>
    /// <param name="Grand">The grand prize in the amount; null: the ticket won none.</param>
    public sealed record PrizeClaimed(
        string Campaign, string User, long Ticket, long Amount, int Attempt, string Transfer, Instant At, long? Withheld = null, long? Grand = null) : FuHandEvent;

    public sealed record PrizePaid(string Campaign, string User, string Transfer, string Reference, Instant At) : FuHandEvent;

    public sealed record PrizePayoutFailed(string Campaign, string User, string Transfer, long Amount, string Reason, Instant At) : FuHandEvent;
}
