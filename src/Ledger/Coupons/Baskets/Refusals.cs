namespace Ledger.Coupons.Baskets;

// In order of precedence; FloorNotMet stands between PaymentMethodNotAllowed and StackingConflict, NothingToDiscount after that.
public sealed record TooManyLines(int Lines, int Limit) : Rejection(
    RejectionKind.RuleViolated, "The basket has more lines than one pricing takes", "Sum up lines of the same goods, or split the basket.");

public sealed record TooManyRedeemables(int Redeemables, int Limit) : Rejection(
    RejectionKind.RuleViolated, "More is presented than one basket takes", "Present at most limit coupons; points count as one.");

public sealed record OneUseABasket() : Rejection(
    RejectionKind.RuleViolated, "The coupon takes one use for one basket", "Send one use; only coupons of an amount or for goods count several on one basket.");

public sealed record GoodsNotEligible() : Rejection(
    RejectionKind.RuleViolated, "None of the goods are among those that the coupon discounts", "Add goods of the terms, or take the full price.");

/// <param name="Method">The first that the terms do not allow; null where the basket names none.</param>
public sealed record PaymentMethodNotAllowed(string? Method) : Rejection(
    RejectionKind.RuleViolated, "The coupon is bound to other payment methods", "Pay by a method of the terms and name it, or take the full price.");

/// <param name="Codes">The coupons, applied before it, that it cannot stand beside.</param>
public sealed record StackingConflict(IReadOnlyList<string> Codes) : Rejection(
    RejectionKind.RuleViolated, "The coupon cannot be used beside others of this basket", "Leave out this coupon, or those that codes names.")
{
    public bool Equals(StackingConflict? other) => other is not null && Lists.Same(Codes, other.Codes);

    public override int GetHashCode() => Codes.Count;
}

/// <param name="Party">Whose budget it is.</param>
public sealed record MoneyBudgetExhausted(string Party, Money Needed, Money Left) : Rejection(
    RejectionKind.Conflict, "A budget of the campaign cannot bear the discount", "Take the full price, or have the budget raised.");

public sealed record UsesExhausted(int Asked, int Left) : Rejection(
    RejectionKind.Conflict, "The coupon has fewer uses left", "Use it at most left times.");

/// <param name="Line">The basket's line; null for uses.</param>
/// <param name="Asked">Minor units, pieces or uses, as measure says; so with left.</param>
public sealed record ReturnExceedsOriginal(ReturnMeasure Measure, int? Line, long Asked, long Left) : Rejection(
    RejectionKind.RuleViolated, "More is returned than is left of the original", "Return at most left.");

public enum ReturnMeasure
{
    Amount,
    Quantity,
    Uses,
}
