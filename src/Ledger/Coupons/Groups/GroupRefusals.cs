using NodaTime;

namespace Ledger.Coupons.Groups;

public sealed record GroupUnknown(string Group) : Rejection(
    RejectionKind.NotFound, "The merchant has no such group", "Check the id; refund the payment, or open a group of its own with POST /v1/groups.");

public sealed record GroupHasDissolved(Instant EndedAt) : Rejection(
    RejectionKind.Conflict, "The group has dissolved", "Nothing was booked: refund the payment, or open another group by it with POST /v1/groups.");

public sealed record GroupHasFormed(int Most) : Rejection(
    RejectionKind.Conflict, "The group has formed, and no place is left in it", "Nothing was booked: refund the payment, or open another group by it with POST /v1/groups.");

/// <param name="Number">Of the place that the member has.</param>
public sealed record AlreadyInGroup(int Number) : Rejection(
    RejectionKind.Conflict, "The member has a place in this group", "Nothing was booked: refund the payment. A member joins a group once.");

public sealed record GroupJoinsExhausted(int Limit) : Rejection(
    RejectionKind.Conflict, "Too many payments were made for this group, given up ones included", "Nothing was booked: refund the payment, or open another group by it with POST /v1/groups.");

/// <param name="SalePrice">What the campaign sells the coupon for to one alone.</param>
public sealed record GroupPriceAboveSale(Money Price, Money SalePrice) : Rejection(
    RejectionKind.RuleViolated, "The group's price is above that of the campaign's coupons", "Open the group at salePrice or below.");

public sealed record PaymentIsOfGroup(string Sale, string Group) : Rejection(
    RejectionKind.Conflict, "The payment was made for a place in a group", "Read it with GET /v1/groups/{id}; once the group has formed it is a sale as well.");

public sealed record PlaceUnknown(string Trade) : Rejection(
    RejectionKind.NotFound, "No place of the group was paid by this trade number", "Read the group with GET /v1/groups/{id}.");

public sealed record PlaceIsSold(string Trade, string Code) : Rejection(
    RejectionKind.Conflict, "The group has formed and the place is a coupon", "Give the coupon back with POST /v1/sales/{id}/refunds, as its terms allow; the sale's id is trade.");

public sealed record GroupNotCancellable(Instant EndedAt) : Rejection(
    RejectionKind.Conflict, "The group has formed", "Its coupons are sold: deactivate those that are not to be used, which refunds them.");

public sealed record PlaceRefundUnknown(int Number) : Rejection(
    RejectionKind.NotFound, "No refund of this number was requested in the group", "Read the group with GET /v1/groups/{id}; a refund has its place's number.");
