using NodaTime;

namespace Ledger.Coupons;

public sealed record CodeNotFound() : Rejection(
    RejectionKind.NotFound, "The merchant has no coupon of this code", "Check the code with the customer; take the full price.");

public sealed record CodeTaken(string Code) : Rejection(
    RejectionKind.Conflict, "A coupon of this code exists already", "Issue under another code.");

public sealed record StockExhausted(long Quota) : Rejection(
    RejectionKind.Conflict, "The campaign has issued all its coupons", "Raise the quota, or issue from another campaign.");

public sealed record UserLimit(int Limit) : Rejection(
    RejectionKind.RuleViolated, "The member has all the coupons that one member may have", "Do not try again for this member.");

public sealed record UserDayLimit(int Limit, LocalDate Date) : Rejection(
    RejectionKind.RuleViolated, "The member has all the coupons that one member may have in a day", "Try again on the next business date.");

public sealed record DayLimit(int Limit, LocalDate Date) : Rejection(
    RejectionKind.RuleViolated, "The campaign has issued all its coupons of the day", "Try again on the next business date.");

public sealed record WindowIsOver(Instant WindowEnd) : Rejection(
    RejectionKind.RuleViolated, "A coupon received now could never be used", "Issue from another campaign, or amend the terms.");

public sealed record Deactivated() : Rejection(
    RejectionKind.Conflict, "The coupon was deactivated", "Take the full price; the merchant can tell why.");

public sealed record AlreadyUsed(string RedemptionId, Instant At) : Rejection(
    RejectionKind.Conflict, "The coupon was used before", "Take the full price. If the earlier redemption was a mistake, void it.");

public sealed record AlreadyHeld(Instant HoldExpiresAt, string? Till) : Rejection(
    RejectionKind.Locked, "The coupon is on hold for another basket", "Wait until holdExpiresAt, or release the hold at the till that placed it.");

public sealed record HoldExpired(Instant HoldExpiresAt) : Rejection(
    RejectionKind.Conflict, "The hold is over", "Place a new hold; should the coupon be gone, cancel the payment's discount.");

public sealed record HoldNotFound(string HoldId) : Rejection(
    RejectionKind.NotFound, "The merchant has no such hold, or it was released", "Check the id; place a new hold.");

public sealed record NotYetValid(Instant ValidFrom) : Rejection(
    RejectionKind.RuleViolated, "The coupon is not valid yet", "Take the full price; it may be used from validFrom on.");

public sealed record Expired(Instant ValidTo) : Rejection(
    RejectionKind.RuleViolated, "The coupon has expired", "Take the full price.");

public sealed record OutsideTimeWindow(Instant At, string TimeZone) : Rejection(
    RejectionKind.RuleViolated, "The coupon may not be used at this hour", "Take the full price, or come again inside the hours of the terms.");

public sealed record StoreNotAllowed(string? Store) : Rejection(
    RejectionKind.RuleViolated, "The coupon may not be used in this store", "Take the full price, or send the customer to a store of the terms.");

public sealed record ChannelNotAllowed(string? Channel) : Rejection(
    RejectionKind.RuleViolated, "The coupon may not be used in this channel", "Take the full price, or send the customer to a channel of the terms.");

public sealed record OwnerMismatch() : Rejection(
    RejectionKind.RuleViolated, "What is shown belongs to another member", "Ask the customer for what is their own; a coupon may be given to them as a gift.");

public sealed record QuoteChanged(Money Quoted, Money Discount) : Rejection(
    RejectionKind.Conflict, "The discount is not what the till quoted", "Tell the customer the discount of this answer, then send that one.");

public sealed record FloorNotMet(Money Needed, Money Got) : Rejection(
    RejectionKind.RuleViolated, "The basket is below the coupon's floor", "Add goods up to the floor, or take the full price.");

public sealed record NothingToDiscount(Money Amount) : Rejection(
    RejectionKind.RuleViolated, "What is shown would take nothing off this basket", "Take the price as it is; the coupon or the points stay usable.");

public sealed record RedemptionNotFound(string RedemptionId) : Rejection(
    RejectionKind.NotFound, "The merchant has no redemption of this id", "Check the id; redemptions are found by the id that redeeming answered.");

public sealed record AlreadyVoided(string RedemptionId) : Rejection(
    RejectionKind.Conflict, "The redemption was voided before, and the coupon used again since", "Nothing is left to do for this redemption.");

public sealed record ReturnCyclesExceeded(int Limit) : Rejection(
    RejectionKind.Conflict, "The coupon was given back as often as it may be", "Return the goods with keepCoupons: the refund is the same, and the coupon stays used.");

/// <param name="Latest">The redemption to undo first.</param>
public sealed record NotLastOfBundle(string Latest) : Rejection(
    RejectionKind.Conflict, "Of a bundle only the latest redemption is undone", "Undo latest first, or leave this one.");

public sealed record VoidWindowClosed(Instant VoidableUntil) : Rejection(
    RejectionKind.RuleViolated, "The redemption can no longer be voided", "Settle it with the customer by a refund.");
