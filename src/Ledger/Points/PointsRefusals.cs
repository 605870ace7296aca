using NodaTime;

namespace Ledger.Points;

public sealed record PointsProgramUnknown(string Program) : Rejection(
    RejectionKind.NotFound, "There is no points programme of this id", "Look the id up with GET /v1/points-programs.");

public sealed record PointsProgramExists(string Program) : Rejection(
    RejectionKind.Conflict, "A points programme of this id exists already", "Choose another id, or send the one that exists a new version of its terms.");

public sealed record PointsTermsStale(int Current) : Rejection(
    RejectionKind.Conflict, "Someone else published terms of the programme in the meantime", "Read the programme, look at its current terms and send your change again with the new ETag.");

public sealed record PointsTermsUnknown(string Program, int Version) : Rejection(
    RejectionKind.NotFound, "The programme has no terms of this version", "Read the programme: version is the current one.");

public sealed record PointsBudgetCasMismatch(string Funder, long Expected, long Current) : Rejection(
    RejectionKind.Conflict, "The funder's budget of points is not what the caller believed", "Read the programme and decide again with the current budget.");

public sealed record PointsBudgetBelowIssued(string Funder, long Target, long Issued) : Rejection(
    RejectionKind.RuleViolated, "The funder has paid for more points already than the budget asked for", "Ask for at least what is issued.");

/// <param name="Left">What the funder still pays for.</param>
public sealed record PointsBudgetExhausted(string Funder, long Left) : Rejection(
    RejectionKind.Conflict, "The funder's budget of points has less left than this needs", "Complete the sale without points, or have the budget raised.");

public sealed record TooManyFunders(int Limit) : Rejection(
    RejectionKind.RuleViolated, "The programme has as many funders with a budget as a programme may have", "Have one of them fund more.");

public sealed record TooManyCohorts(int Limit) : Rejection(
    RejectionKind.RuleViolated, "The programme has estimates for as many cohorts as are kept", "Revise the estimate of a cohort that has one.");

public sealed record InsufficientPoints(long Available, long Pending, long Held) : Rejection(
    RejectionKind.RuleViolated, "The member has fewer points available", "Ask for no more than available, or take money.");

public sealed record SpendBelowMinimum(long Minimum) : Rejection(
    RejectionKind.RuleViolated, "The programme lets members spend no so few points at once", "Ask for at least minimum.");

public sealed record SpendAboveMaximum(long Maximum) : Rejection(
    RejectionKind.RuleViolated, "The programme lets members spend no so many points at once", "Ask for no more than maximum.");

/// <param name="ExpiresAt">First instant at which they would no longer be valid.</param>
public sealed record LotExpired(Instant ExpiresAt) : Rejection(
    RejectionKind.RuleViolated, "The points would have expired before anyone could use them", "Publish terms with a later expiry, or give no points for what is so long past.");

public sealed record TooManyPoints(long Limit) : Rejection(
    RejectionKind.RuleViolated, "That is more points than one request may move", "Look for a mistake in the amount or in the programme's earning rule.");

public sealed record TooManyLots(int Limit) : Rejection(
    RejectionKind.RuleViolated, "The account has as many lots or holds as an account may have", "Let the member spend points, or let holds end, before giving more.");

public sealed record PointsSpendUnknown(string Spend) : Rejection(
    RejectionKind.NotFound, "There is no hold or spend of points of this id", "Look at the answer that made it: spendId.");

public sealed record PointsHoldExpired(Instant HoldExpiresAt) : Rejection(
    RejectionKind.Conflict, "The hold of points ended before it was committed", "Hold the points again, or take money.");

public sealed record PointsHoldReleased(string Spend) : Rejection(
    RejectionKind.Conflict, "The hold of points was released", "Hold the points again under a new key.");

public sealed record PointsAlreadySpent(string Spend) : Rejection(
    RejectionKind.Conflict, "The held points were spent", "Refund the spend: POST /v1/points/spends/{id}/refunds.");

public sealed record PointsNotSpent(string Spend) : Rejection(
    RejectionKind.Conflict, "The points are held and not spent", "Release the hold: POST /v1/points/holds/{id}/release.");

/// <param name="Left">What was not refunded yet.</param>
public sealed record RefundExceedsSpend(long Left) : Rejection(
    RejectionKind.RuleViolated, "More points would be refunded than the spend still stands for", "Ask for no more than left.");

public sealed record PointsPurchaseExists(string Order) : Rejection(
    RejectionKind.Conflict, "The order earned points already, for another member or amount", "An order earns once. Take back what was returned of it: POST /v1/points/purchases/{order}/reversals.");

public sealed record PointsPurchaseUnknown(string Order) : Rejection(
    RejectionKind.NotFound, "No order of this number earned points in the programme", "Send the order number under which the points were earned.");

/// <param name="Line">Empty: the order as a whole.</param>
/// <param name="Left">What was not returned yet, in minor units.</param>
public sealed record ReturnExceedsPurchase(string Line, Money Left) : Rejection(
    RejectionKind.RuleViolated, "More would be returned than was bought and kept", "Return no more than left.");

public sealed record TransferNotAllowed() : Rejection(
    RejectionKind.RuleViolated, "The programme does not let members transfer points", "Publish terms with transfers, if they should.");

public sealed record TransferToSelf() : Rejection(
    RejectionKind.RuleViolated, "The points are that member's already", "Name another member.");

/// <param name="Limit">The most points that may still be transferred now.</param>
public sealed record TransferLimit(long Limit) : Rejection(
    RejectionKind.RuleViolated, "The programme lets a member transfer no so many points", "Transfer no more than limit; the rest another day.");

public sealed record TransferPendingPoints(long Available, long Pending) : Rejection(
    RejectionKind.RuleViolated, "Pending points cannot be transferred", "Transfer no more than available, or wait until the pending points are active.");

public sealed record NegativeNotAllowed(long Available) : Rejection(
    RejectionKind.RuleViolated, "An adjustment takes no more points than are available", "Take no more than available; what a returned purchase earned is clawed back by its reversal.");

/// <param name="Arrears">What is owed, in points.</param>
public sealed record ArrearsExceeded(long Arrears) : Rejection(
    RejectionKind.RuleViolated, "The member owes fewer points", "Settle no more than arrears.");

public sealed record PointsAdjustmentUnknown(string Adjustment) : Rejection(
    RejectionKind.NotFound, "There is no adjustment of points of this id", "Look at the answer that proposed it: adjustmentId.");
