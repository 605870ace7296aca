using Ledger.FuCards.Draws;
using NodaTime;

namespace Ledger.FuCards;

public sealed record FuCampaignUnknown(string Campaign) : Rejection(
    RejectionKind.NotFound, "The merchant has no Fu-card campaign of this id", "Draft it first: POST /v1/fu-campaigns.");

public sealed record FuCampaignStateForbids(FuCampaignStatus State) : Rejection(
    RejectionKind.Conflict, "The campaign is not in a state that allows this", "Read the campaign; once it is committed nothing of it changes.");

public sealed record FuCommitTooLate(Instant OpensAt) : Rejection(
    RejectionKind.RuleViolated, "A campaign is committed before it opens", "Draft it with a later opening.");

/// <param name="Round">As drafted.</param>
/// <param name="First">The first round whose time is after the deadline.</param>
public sealed record BeaconRoundTooEarly(long Round, long First, Instant Deadline) : Rejection(
    RejectionKind.RuleViolated, "The beacon publishes the round before the deadline, or at it", "Draft the campaign with first, or with a later round.");

/// <param name="Round">The first that counts: the committed one, or where that was out before the campaign was sealed the first one after.</param>
public sealed record FuRevealRefused(RevealFault Fault, long Round) : Rejection(
    RejectionKind.RuleViolated, "The seed or the beacon's value is not what was committed to", "Send the value of round, or of the next one that the beacon published.");

public sealed record FuCampaignNotOpen() : Rejection(
    RejectionKind.Conflict, "The campaign is not open yet", "Try again from opensAt on: GET /v1/fu-campaigns/{id}.");

public sealed record FuCampaignIsSealed(Instant Deadline) : Rejection(
    RejectionKind.Conflict, "The campaign is sealed: no hand changes any more", "Wait for the draw; GET the campaign says when.");

public sealed record HandUnknown(string User) : Rejection(
    RejectionKind.NotFound, "The user has no hand in the campaign", "Open it first: POST /v1/fu-campaigns/{id}/hands.");

public sealed record HandIsClosed(string User) : Rejection(
    RejectionKind.Conflict, "The user left the campaign for good", "Nothing follows.");

public sealed record TooYoung(int MinimumAge) : Rejection(
    RejectionKind.RuleViolated, "The user is younger than the campaign allows, or no age was sent", "Send age in full years; admit nobody below the minimum.");

public sealed record FuPersonMissing() : Rejection(
    RejectionKind.RuleViolated, "The campaign gives one hand to a natural person, and the request names none", "Send person.");

public sealed record PersonHasHand() : Rejection(
    RejectionKind.Conflict, "The natural person has a hand in the campaign under another account", "Use that account.");

public sealed record DeviceLimit(int Limit) : Rejection(
    RejectionKind.RuleViolated, "The device serves as many hands as one device may, or none was named", "Send device; use another device.");

/// <param name="Reason">As the owner's risk control gave it.</param>
public sealed record RiskRejected(string Reason) : Rejection(
    RejectionKind.RuleViolated, "Risk control shut the hand out", "Do not try again. The owner may allow the hand: POST /v1/fu-campaigns/{id}/hands/{user}/allow.");

public sealed record SourceUnknown(string Source) : Rejection(
    RejectionKind.RuleViolated, "The campaign has no source of this name", "Read the sources with GET /v1/fu-campaigns/{id}.");

/// <param name="IsOfMerchants">Whether each draw of the source is a merchant's.</param>
public sealed record MerchantMismatch(string Source, bool IsOfMerchants) : Rejection(
    RejectionKind.RuleViolated, "Draws of this source name a merchant, or name none", "Send merchant where isOfMerchants is true, and only there.");

public sealed record SourceRefReused(string Source, string Ref) : Rejection(
    RejectionKind.Conflict, "What the draw is for has brought a card before", "Do not try again; send a reference of its own for each payment, scan or game.");

public sealed record DailyDrawLimit(int Limit) : Rejection(
    RejectionKind.RuleViolated, "The user has drawn as often as a day allows", "Try again tomorrow.");

public sealed record SourceLimit(string Source, int Limit) : Rejection(
    RejectionKind.RuleViolated, "The user has drawn from this source as often as a day allows", "Use another source, or try again tomorrow.");

/// <param name="Today">Only today's cards are given out.</param>
public sealed record MerchantQuotaExhausted(string Merchant, bool Today) : Rejection(
    RejectionKind.Conflict, "The merchant has no card left here", "Draw from another source; a share that is on its way may come within seconds.");

public sealed record CardNotOwned(string Card) : Rejection(
    RejectionKind.Conflict, "The hand holds no card of this type", "Read the hand.");

public sealed record CardInEscrow(string Card) : Rejection(
    RejectionKind.Conflict, "The hand's card of this type is offered to others", "Cancel the offer, or wait until it comes back.");

public sealed record CardTypeUnknown(string Card) : Rejection(
    RejectionKind.RuleViolated, "The campaign has no such type of card, or not for this", "Read the types with GET /v1/fu-campaigns/{id}.");

public sealed record GiftLimit(int Limit) : Rejection(
    RejectionKind.RuleViolated, "The user has given and swapped as often as a day allows", "Try again tomorrow.");

public sealed record SelfExchange() : Rejection(
    RejectionKind.RuleViolated, "Nobody exchanges cards with themselves", "Let another user answer.");

public sealed record ExchangeUnknown(long Exchange) : Rejection(
    RejectionKind.NotFound, "The hand has no offer of this number", "Read the hand.");

public sealed record CardTaken(long Exchange) : Rejection(
    RejectionKind.Conflict, "The card was taken, or went back", "Nothing follows; ask the giver for another.");

public sealed record GiftIsForAnother(long Exchange) : Rejection(
    RejectionKind.RuleViolated, "The card is meant for another user", "Only that user may take it.");

public sealed record BegLimit(int Limit) : Rejection(
    RejectionKind.RuleViolated, "The user has begged as often as a day allows", "Try again tomorrow.");

public sealed record NoWild() : Rejection(
    RejectionKind.Conflict, "The hand holds no wild card, or has used one", "One wild card stands for one of the five.");

public sealed record NoCopyCard() : Rejection(
    RejectionKind.Conflict, "The hand holds no card that copies", "Draw, or exchange with others.");

public sealed record FriendLacksCard(string Friend, string Card) : Rejection(
    RejectionKind.Conflict, "The friend holds no card of this type", "Read the friend's hand; a card on offer is in none.");

public sealed record TypeAlreadyHeld(string Card) : Rejection(
    RejectionKind.Conflict, "The hand holds a card of this type", "Use the wild card for a type that is missing.");

/// <param name="Missing">The number of types that neither a card nor the one wild card stands for.</param>
/// <param name="Types">The types that the hand does not hold.</param>
public sealed record MissingTypes(int Missing, IReadOnlyList<string> Types) : Rejection(
    RejectionKind.Conflict, "The five are not complete", "Use the wild card where missing is 0; else draw, or exchange with others.")
{
    public bool Equals(MissingTypes? other) => other is not null && Missing == other.Missing && Lists.Same(Types, other.Types);

    public override int GetHashCode() => Missing;
}

public sealed record AlreadyComposed(long Ticket) : Rejection(
    RejectionKind.Conflict, "The user has a ticket", "One user, one ticket.");

public sealed record NoTicket(string User) : Rejection(
    RejectionKind.Conflict, "The user has no ticket", "Only who composed the five takes part.");

public sealed record PrizesNotOut(FuShardStatus Shard) : Rejection(
    RejectionKind.Conflict, "The pot is not allocated yet", "Wait for the draw.");

public sealed record ClaimWindowClosed(Instant ClaimsUntil) : Rejection(
    RejectionKind.Conflict, "The time for claiming is over", "The prize lapsed.");

public sealed record PrizeAlreadyClaimed(long Amount) : Rejection(
    RejectionKind.Conflict, "The prize is claimed, and on its way or paid", "Read the hand.");

public sealed record WithheldAbovePrize(long Amount) : Rejection(
    RejectionKind.RuleViolated, "More is withheld than the prize comes to", "Withhold at most the amount.");

public sealed record FuIssueUnknown(string Merchant) : Rejection(
    RejectionKind.NotFound, "The merchant issues no cards of the campaign", "Let the owner add it: POST /v1/fu-campaigns/{id}/issues.");

public sealed record TooManyExchanges(int Limit) : Rejection(
    RejectionKind.RuleViolated, "The hand has as many open offers and requests as one hand may", "Cancel one, or wait until it is over.");
