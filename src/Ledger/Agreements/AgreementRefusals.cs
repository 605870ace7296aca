using NodaTime;

namespace Ledger.Agreements;

public sealed record PlanUnknown(string Plan) : Rejection(
    RejectionKind.NotFound, "There is no light-membership plan of this id", "Look the id up with GET /v1/membership-plans.");

public sealed record PlanExists(string Plan) : Rejection(
    RejectionKind.Conflict, "A light-membership plan of this id exists already", "Choose another id, or send the one that exists a new version of its terms.");

public sealed record PlanTermsStale(int Current) : Rejection(
    RejectionKind.Conflict, "Someone else published terms of the plan in the meantime", "Read the plan, look at its current terms and send your change again with the new ETag.");

public sealed record PlanTermsUnknown(string Plan, int Version) : Rejection(
    RejectionKind.NotFound, "The plan has no terms of this version", "Read the plan: version is the current one.");

public sealed record PlanNotOpen(string Plan) : Rejection(
    RejectionKind.Conflict, "The plan takes nobody at present: it is paused, or its last day has come", "Offer another plan; memberships that were signed go on, and may be quit.");

public sealed record AgreementUnknown(string Agreement) : Rejection(
    RejectionKind.NotFound, "There is no light membership of this number", "Pre-order it first: POST /v1/agreements.");

public sealed record PreorderDiffers(string Agreement, Instant At) : Rejection(
    RejectionKind.Conflict, "Another pre-order has this number, or states another business time", "Repeat a pre-order exactly as it was, or give a new one a number of its own.");

public sealed record PreorderHasExpired(Instant PreorderExpiresAt) : Rejection(
    RejectionKind.Conflict, "The pre-order was not signed in time", "Make a new pre-order and show it again.");

public sealed record ConsentMissing() : Rejection(
    RejectionKind.RuleViolated, "Nobody signs without consent", "Show the text and the day it ends on, and send textVersion, at and endsOn of what was agreed to.");

public sealed record TermNotAsShown(LocalDate EndsOn) : Rejection(
    RejectionKind.Conflict, "The membership would end on another day than was shown", "Show endsOn, ask again, and sign with it.");

public sealed record NotAdmitted(string? Reference) : Rejection(
    RejectionKind.RuleViolated, "The credit provider does not admit the person, or was not asked", "Ask it and record the answer: POST /v1/agreements/{id}/admission. Where it said no, offer the price without a membership.");

public sealed record MembershipAlreadyActive(string Agreement) : Rejection(
    RejectionKind.Conflict, "The person has a light membership with the merchant already, or shares one", "Use that one until it ends or is quit.");

public sealed record SignInterval(Instant Until) : Rejection(
    RejectionKind.RuleViolated, "The plan lets a person sign up again only after some days", "Sign at until or later.");

public sealed record FeeNotCleared(string Agreement) : Rejection(
    RejectionKind.Conflict, "The fee of an earlier membership is still to be collected", "Have it paid, or waive it, before the person signs again.");

public sealed record AgreementStatusInvalid(AgreementStatus AgreementStatus) : Rejection(
    RejectionKind.Conflict, "The light membership is in no state for this", "Read it: status and next say what can be done.");

public sealed record AgreementFinished(string Agreement) : Rejection(
    RejectionKind.Conflict, "The light membership is settled: nothing is left to collect", "Give back what was collected by a refund: POST /v1/agreements/{id}/refunds.");

public sealed record MemberNotOfAgreement(string Member) : Rejection(
    RejectionKind.RuleViolated, "The person neither signed the light membership nor shares it", "Share it with the person first: POST /v1/agreements/{id}/members.");

public sealed record TooManyShared(int Limit) : Rejection(
    RejectionKind.RuleViolated, "As many people share the light membership as may", "Let one leave first.");

public sealed record TooManyLightMemberships(int Limit) : Rejection(
    RejectionKind.RuleViolated, "The person had as many light memberships as one person may", "Let the person take part under another id.");

public sealed record TooManyReports(int Limit) : Rejection(
    RejectionKind.RuleViolated, "The light membership has as many reports as one may have", "Report several benefits in one.");

public sealed record ReportDiffers(string Report) : Rejection(
    RejectionKind.Conflict, "Another report of the light membership has this number", "Repeat a report exactly as it was, or give this one a number of its own.");

public sealed record OutOfTerm(Instant Start, Instant End) : Rejection(
    RejectionKind.RuleViolated, "It happened outside the term", "Report what happened from start on and before end.");

public sealed record LateReport(Instant Until) : Rejection(
    RejectionKind.RuleViolated, "The time for reports is over: what was not reported is not charged", "Nothing is left to do; benefits that were taken back may still be reported.");

public sealed record ForwardReportUnknown(string Forward) : Rejection(
    RejectionKind.RuleViolated, "There is no report that this one could take back", "Name in of the number of the report that it takes back.");

public sealed record CumulateModeInvalid(string Forward) : Rejection(
    RejectionKind.RuleViolated, "A benefit is taken back as a benefit, and a fulfilment as a fulfilment", "Send the reversal to the address of the other kind.");

public sealed record ReversalOfReversal(string Reversal) : Rejection(
    RejectionKind.RuleViolated, "What takes back is not taken back itself", "Report the benefit anew, under a number of its own.");

public sealed record ReversalExceedsForward(Money Asked, Money Left) : Rejection(
    RejectionKind.RuleViolated, "More would be taken back than stands of the report", "Take back at most left.");

public sealed record ProgressExceedsForward(int TimesLeft, Money Left) : Rejection(
    RejectionKind.RuleViolated, "More would be taken back than stands of the fulfilment", "Take back at most timesLeft and left.");

public sealed record ReversalBeforeForward(Instant Forward) : Rejection(
    RejectionKind.RuleViolated, "It was taken back before it happened", "State a business time no earlier than forward.");

public sealed record PeriodNotOpen(int Period) : Rejection(
    RejectionKind.Conflict, "The period takes no amount at present: it has not begun, was settled, or there is none", "Report a period from its begin until its settlement.");

public sealed record PeriodAmountAboveMaximum(Money Maximum) : Rejection(
    RejectionKind.RuleViolated, "The plan charges no so much for a period", "Report at most maximum.");

public sealed record QuitQuoteChanged(Money Due) : Rejection(
    RejectionKind.Conflict, "Quitting costs another amount than was shown", "Show due with GET /v1/agreements/{id}/quit-quote, and quit with it.");

public sealed record SettlementUnknown(int Period) : Rejection(
    RejectionKind.NotFound, "The light membership has no such settlement", "Read the light membership: settlements and next name the periods.");

public sealed record SettlementNotDue(Instant OpensAt) : Rejection(
    RejectionKind.Conflict, "It is too early to settle", "Wait until opensAt: the member is told five days ahead. To end it earlier, quit.");

public sealed record GuaranteeNotEnough(Money Guarantee) : Rejection(
    RejectionKind.RuleViolated, "More is asked for than was guaranteed", "Ask for at most guarantee.");

public sealed record PayAmountNotDue(Money Due) : Rejection(
    RejectionKind.RuleViolated, "Another amount is due", "Compare your totals with the light membership's, then settle due.");

public sealed record PayAmountDiffers(Money Due) : Rejection(
    RejectionKind.Conflict, "The settlement was opened with another amount", "Settle due; what was collected too much is refunded.");

public sealed record FeeCollectionInDunning(string? Reason, Instant RetryAt) : Rejection(
    RejectionKind.Conflict, "Collecting failed and will be tried again by itself", "Wait until retryAt; where it was paid elsewhere, waive it: POST /v1/agreements/{id}/waiver.");

public sealed record WaiverUnknown(string Agreement) : Rejection(
    RejectionKind.NotFound, "No waiver waits for approval", "Propose one first: POST /v1/agreements/{id}/waiver.");

public sealed record WaiverDiffers(WaiverReason Reason) : Rejection(
    RejectionKind.Conflict, "The fee was waived, or is to be, for another reason", "Read the light membership: waiver.");

public sealed record FeeRefundDiffers(string Refund) : Rejection(
    RejectionKind.Conflict, "Another refund of the settlement has this number", "Repeat a refund exactly as it was, or give this one a number of its own.");

public sealed record FeeRefundIsZero(int Period) : Rejection(
    RejectionKind.RuleViolated, "Nothing was collected that is not refunded already", "Nothing is left to do.");

public sealed record FeeRefundExceedsCollected(Money Asked, Money Left) : Rejection(
    RejectionKind.RuleViolated, "The refund is more than was collected and not refunded", "Refund at most left.");

public sealed record FeeRefundWindowClosed(Instant Until) : Rejection(
    RejectionKind.RuleViolated, "The time for refunds of the settlement is over", "Settle it with the person by other means.");

public sealed record FeeRefundRefused(string? Reason) : Rejection(
    RejectionKind.Conflict, "The provider refused this refund, for lack of funds for instance", "See to the reason, then refund under a number of its own.");

public sealed record TooManyFeeRefunds(int Limit) : Rejection(
    RejectionKind.RuleViolated, "The settlement has as many refunds as one may have", "Settle the rest by other means.");
