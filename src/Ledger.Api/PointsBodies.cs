using System.ComponentModel.DataAnnotations;
using Ledger.Points;
using NodaTime;

namespace Ledger.Api;

/// <summary>Opens a points programme with its first terms; days and months are the merchant's.</summary>
public sealed record OpenPointsProgramBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Id,
    [property: StringLength(Limits.MaxName, MinimumLength = 1)] string Name,
    PointsTermsBody Terms);

/// <summary>What a programme promises: one version of its terms.</summary>
/// <param name="ActivationDays">0: active at once; n: from the start of the n-th day after earning.</param>
/// <param name="GraceDays">Days for which points are given again that a refund restores after they expired; absent: they are forfeited.</param>
/// <param name="Clawback">What becomes of points that a return takes back and that were spent: owed, deducted from the money refunded, or waived.</param>
/// <param name="MinimumSpend">Fewest points of one spend.</param>
/// <param name="MaximumSpend">Most points of one spend; absent: no limit.</param>
/// <param name="Transfers">How members may give points to each other; absent: they may not.</param>
public sealed record PointsTermsBody(
    EarningBody Earning, PointsExpiryBody Expiry, PointsValueBody Value,
    [property: Range(0, 90)] int ActivationDays = 0,
    [property: Range(1, Limits.MaxDays)] int? GraceDays = null,
    Clawback Clawback = Clawback.Arrears,
    [property: Range(1, Limits.MaxPoints)] long MinimumSpend = 1,
    [property: Range(1, Limits.MaxPoints)] long? MaximumSpend = null,
    TransfersBody? Transfers = null);

/// <summary>So many points for so many minor units: 1 point a yuan is 1 per 100.</summary>
/// <param name="IsPerLine">Whether each line is rounded by itself; else the order's sum is.</param>
public sealed record EarningBody(
    [property: Range(1, 1_000)] int Points, [property: Range(1, Limits.MaxAmount)] long Per, bool IsPerLine = false, PointsRounding Rounding = PointsRounding.Floor);

/// <summary>So many minor units for so many points: a point worth a fen is 1 for 1.</summary>
public sealed record PointsValueBody([property: Range(1, 1_000_000)] long Amount, [property: Range(1, 1_000_000)] int Points);

/// <summary>When points expire; the member that its kind needs, and no other.</summary>
/// <param name="Months">afterMonths: after the same day of that later month, or its last where it has no such day.</param>
/// <param name="Date">onDate: after that day.</param>
/// <param name="YearsLater">endOfYear: after 31 December of the year, or so many years later.</param>
public sealed record PointsExpiryBody(
    PointsExpiryKind Kind,
    [property: Range(1, 1_200)] int? Months = null,
    LocalDate? Date = null,
    [property: Range(0, 100)] int? YearsLater = null);

public enum PointsExpiryKind
{
    AfterMonths,
    OnDate,
    EndOfYear,
}

/// <summary>How much a member may give to others.</summary>
/// <param name="MaxPoints">In one transfer.</param>
/// <param name="MaxPerDay">On one business date.</param>
public sealed record TransfersBody([property: Range(1, Limits.MaxPoints)] long MaxPoints, [property: Range(1, Limits.MaxPoints)] long MaxPerDay);

/// <summary>Sets the most points that a funder pays for, compared with what the caller believes it to be.</summary>
/// <param name="Expected">0 where none was set.</param>
public sealed record PointsBudgetBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Funder,
    [property: Range(0, Limits.MaxPointsBudget)] long Expected,
    [property: Range(0, Limits.MaxPointsBudget)] long Target);

/// <summary>Says how much of the points earned in a month is expected to be redeemed in all.</summary>
/// <param name="Month">Any day of it.</param>
/// <param name="BasisPoints">Hundredths of a percent: 9,700 is 97 %.</param>
public sealed record PointsEstimateBody(LocalDate Month, [property: Range(0, 10_000)] int BasisPoints);

/// <summary>An order earns points, once.</summary>
/// <param name="Amount">What was paid for it, after discounts, in minor units; instead of lines.</param>
/// <param name="Funder">Who pays for the points.</param>
/// <param name="BusinessTime">When it was paid; believed within 5 s, or from a key that may import.</param>
public sealed record EarnPointsBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Program,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Member,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Order,
    [property: Range(1, Limits.MaxAmount)] long? Amount = null,
    [property: Length(1, Limits.MaxBasketLines)] IReadOnlyList<PurchaseLineBody>? Lines = null,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Funder = "merchant",
    Instant? BusinessTime = null);

/// <param name="Line">Its number on the receipt.</param>
/// <param name="Net">What was paid for it, after discounts, in minor units.</param>
public sealed record PurchaseLineBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Line,
    [property: Range(1, Limits.MaxAmount)] long Net);

/// <summary>Takes back what was returned of an order; without lines and amount, all that is left of it.</summary>
/// <param name="Lines">What comes back, of an order that earned by lines.</param>
/// <param name="Amount">What comes back, of an order that earned by its amount.</param>
/// <param name="Refund">The money that the customer gets back; absent: the net amount of what is returned.</param>
public sealed record ReversePurchaseBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Program,
    [property: Length(1, Limits.MaxBasketLines)] IReadOnlyList<PurchaseLineBody>? Lines = null,
    [property: Range(1, Limits.MaxAmount)] long? Amount = null,
    [property: Range(0, Limits.MaxAmount)] long? Refund = null);

/// <summary>Gives points for something else than a purchase.</summary>
/// <param name="Funder">Who pays for them.</param>
public sealed record GrantPointsBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Program,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Member,
    [property: Range(1, Limits.MaxPoints)] long Points,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Funder = "merchant",
    Instant? BusinessTime = null);

/// <summary>Spends points in one shot.</summary>
/// <param name="Order">What they pay for, in the caller's words.</param>
public sealed record SpendPointsBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Program,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Member,
    [property: Range(1, Limits.MaxPoints)] long Points,
    [property: StringLength(Limits.MaxId, MinimumLength = 1)] string? Order = null);

/// <summary>Holds points while the customer pays.</summary>
/// <param name="Seconds">How long, from the time of receipt.</param>
/// <param name="Order">What they are to pay for, in the caller's words.</param>
public sealed record HoldPointsBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Program,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Member,
    [property: Range(1, Limits.MaxPoints)] long Points,
    [property: Range(1, Limits.MaxHoldSeconds)] int Seconds = Limits.HoldSeconds,
    [property: StringLength(Limits.MaxId, MinimumLength = 1)] string? Order = null);

/// <summary>Gives back what was spent.</summary>
/// <param name="Points">Absent: all that is left.</param>
public sealed record RefundPointsBody([property: Range(1, Limits.MaxPoints)] long? Points = null);

/// <summary>From one member to another.</summary>
public sealed record TransferPointsBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Program,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string From,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string To,
    [property: Range(1, Limits.MaxPoints)] long Points);

/// <summary>Gives or takes points by hand; where the merchant requires four eyes, another key has to approve.</summary>
/// <param name="Points">More than 0: to be given; less: to be taken.</param>
/// <param name="Funder">Who pays for them, or has the expense back.</param>
public sealed record AdjustPointsBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Program,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Member,
    [property: Range(-Limits.MaxPoints, Limits.MaxPoints)] long Points,
    [property: StringLength(Limits.MaxReason, MinimumLength = 1)] string Reason,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Funder = "merchant");

/// <summary>Books that money paid arrears.</summary>
/// <param name="Points">How many points of them; the answer says what that comes to.</param>
/// <param name="Reference">The payment's number.</param>
public sealed record SettleArrearsBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Program,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Member,
    [property: Range(1, Limits.MaxPoints)] long Points,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Reference);

/// <summary>Says by which programme payments earn points; there is one.</summary>
/// <param name="Program">Under the terms that it has when a payment is looked at.</param>
/// <param name="MinimumAmount">Of the payment, in minor units.</param>
/// <param name="Funder">Who pays for the points.</param>
public sealed record PaymentEarningBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Program,
    [property: Range(0, Limits.MaxAmount)] long MinimumAmount = 0,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Funder = "merchant");
