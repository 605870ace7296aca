using System.ComponentModel.DataAnnotations;
using Ledger.Agreements;
using NodaTime;

namespace Ledger.Api;

/// <summary>Opens a plan of light memberships with its first terms; days and months are the merchant's.</summary>
public sealed record OpenPlanBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Id,
    [property: StringLength(Limits.MaxName, MinimumLength = 1)] string Name,
    PlanTermsBody Terms);

/// <summary>What a light membership promises and costs: one version of its terms.</summary>
/// <param name="Guarantee">The most that one settlement ever charges, in minor units.</param>
/// <param name="Rights">What the member enjoys, as it is shown.</param>
/// <param name="ExemptionDays">Days, the first one included, in which quitting costs nothing; not with times and cycleFlex.</param>
/// <param name="SignIntervalDays">Days between two sign-ups of one person.</param>
/// <param name="SettlementDelayDays">Days between the end and the settlement; no fewer than graceDays.</param>
/// <param name="GraceDays">Days after the end in which benefits of the term are still reported.</param>
/// <param name="RefundDays">Days after a collection in which it may be refunded.</param>
/// <param name="HasFreeze">Whether the guarantee is frozen at signing and the fee paid out of it; else the fee is withheld.</param>
public sealed record PlanTermsBody(
    TermBody Term, SettlementBody Settlement,
    [property: Range(1, Limits.MaxAmount)] long Guarantee,
    [property: StringLength(Limits.MaxReason, MinimumLength = 1)] string Rights,
    [property: Range(0, Limits.MaxDays)] int ExemptionDays = 0,
    [property: Range(0, Limits.MaxDays)] int SignIntervalDays = 0,
    [property: Range(0, 90)] int SettlementDelayDays = 3,
    [property: Range(0, 90)] int GraceDays = 2,
    [property: Range(0, Limits.MaxDays)] int RefundDays = 90,
    bool HasFreeze = false,
    QuitBody? Quit = null);

/// <summary>How long it lasts; the members that its kind needs, and no other.</summary>
/// <param name="Number">relative (from the moment of signing), absolute (whole days from today), absolutePlusOne (from tomorrow): so many units.</param>
/// <param name="Unit">With number.</param>
/// <param name="Day">fixedDay: expires on that day of the month that comes so many months later.</param>
/// <param name="Months">With day.</param>
/// <param name="Date">appointed: expires on that day.</param>
public sealed record TermBody(
    TermKind Kind,
    [property: Range(1, Limits.MaxDays)] int? Number = null,
    TermUnit? Unit = null,
    [property: Range(1, 31)] int? Day = null,
    [property: Range(1, 120)] int? Months = null,
    LocalDate? Date = null);

public enum TermKind
{
    Relative,
    Absolute,
    AbsolutePlusOne,
    FixedDay,
    Appointed,
}

/// <summary>What is charged; the members that its kind needs, and no other.</summary>
/// <param name="Fee">fee: no more than that, the benefit and the guarantee.</param>
/// <param name="ObligationTimes">promise: nothing is due when the member came so often; else the benefit.</param>
/// <param name="ObligationAmount">promise: or bought for so much.</param>
/// <param name="Steps">times: by how often it was fulfilled, the first step from 0.</param>
/// <param name="Every">cycle and cycleFlex: a period is so many units.</param>
/// <param name="Unit">With every.</param>
/// <param name="Prices">cycle: the price of each period.</param>
/// <param name="Periods">cycleFlex: how many there are.</param>
/// <param name="Maximum">cycleFlex: the most that is reported for one.</param>
public sealed record SettlementBody(
    SettlementKind Kind,
    [property: Range(1, Limits.MaxAmount)] long? Fee = null,
    [property: Range(1, 10_000)] int? ObligationTimes = null,
    [property: Range(1, Limits.MaxAmount)] long? ObligationAmount = null,
    [property: Length(1, Limits.MaxTimesSteps)] IReadOnlyList<StepBody>? Steps = null,
    [property: Range(1, 366)] int? Every = null,
    TermUnit? Unit = null,
    [property: Length(1, Limits.MaxPeriods)] IReadOnlyList<PriceBody>? Prices = null,
    [property: Range(1, Limits.MaxPeriods)] int? Periods = null,
    [property: Range(1, Limits.MaxAmount)] long? Maximum = null);

public enum SettlementKind
{
    Fee,
    Promise,
    Times,
    Cycle,
    CycleFlex,
}

/// <param name="Times">From this count on.</param>
public sealed record StepBody([property: Range(0, 10_000)] int Times, [property: Range(0, Limits.MaxAmount)] long Amount);

public sealed record PriceBody([property: Range(0, Limits.MaxAmount)] long Amount);

/// <summary>How the way out is shown; whatever is shown, quitting always works.</summary>
public sealed record QuitBody(QuitMode Mode, [property: StringLength(Limits.MaxReason, MinimumLength = 1)] string? Text = null);

/// <summary>Why a plan pauses.</summary>
public sealed record PlanChangeBody([property: StringLength(Limits.MaxReason, MinimumLength = 1)] string? Reason = null);

/// <summary>Pre-orders a light membership: the answer says what is to be shown before anyone consents.</summary>
/// <param name="Agreement">The request number, which the agreement keeps.</param>
/// <param name="Member">Who is to sign: an opaque id.</param>
/// <param name="Account">The payer's account at the provider: opaque.</param>
/// <param name="ProviderAgreement">The provider's reference of the person's consent to be charged.</param>
/// <param name="Seconds">In which it is to be signed.</param>
/// <param name="BusinessTime">When it was asked for; a repeat states the same.</param>
public sealed record PreorderBody(
    [property: StringLength(Limits.MaxAgreementId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Agreement,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Plan,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Member,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Account,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string? ProviderAgreement = null,
    [property: Range(Limits.MinPreorderSeconds, Limits.MaxPreorderSeconds)] int Seconds = Limits.PreorderSeconds,
    Instant? BusinessTime = null);

/// <summary>What the credit provider answered: yes or no, never a score. Empty: it is asked now.</summary>
/// <param name="Admitted">With reference.</param>
/// <param name="Reference">Where the provider keeps its answer.</param>
public sealed record AdmissionBody(
    bool? Admitted = null, [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string? Reference = null);

/// <summary>Signs it, with consent; at the provider too, where the pre-order names no agreement of it.</summary>
public sealed record SignBody(AgreementConsentBody? Consent = null);

/// <param name="TextVersion">The version of the text that was shown.</param>
/// <param name="At">When the person agreed: not in the future.</param>
/// <param name="EndsOn">The day of the end that was shown.</param>
public sealed record AgreementConsentBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string TextVersion, Instant At, LocalDate EndsOn);

/// <summary>Reports a benefit that the till's redemptions do not show.</summary>
/// <param name="Number">The caller's own number of the report: it counts once.</param>
/// <param name="BusinessTime">When it happened, even days ago; absent: now.</param>
/// <param name="Member">Who enjoyed it; absent: the signer.</param>
public sealed record ReportBenefitBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Number,
    [property: Range(1, Limits.MaxAmount)] long Amount,
    Instant? BusinessTime = null,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string? Member = null);

/// <summary>Takes a benefit back.</summary>
/// <param name="Of">The number of the report that it takes back.</param>
/// <param name="Amount">Absent: all that stands.</param>
public sealed record ReverseBenefitBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Number,
    [property: StringLength(Limits.MaxId, MinimumLength = 1)] string Of,
    [property: Range(1, Limits.MaxAmount)] long? Amount = null,
    Instant? BusinessTime = null);

/// <summary>Reports a fulfilment that payments do not show.</summary>
/// <param name="Amount">Of the purchase.</param>
public sealed record ReportProgressBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Number,
    [property: Range(0, 10_000)] int Times = 1,
    [property: Range(0, Limits.MaxAmount)] long Amount = 0,
    Instant? BusinessTime = null,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string? Member = null);

/// <summary>Takes a fulfilment back.</summary>
/// <param name="Times">Absent: all that stand; so with the amount.</param>
public sealed record ReverseProgressBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Number,
    [property: StringLength(Limits.MaxId, MinimumLength = 1)] string Of,
    [property: Range(0, 10_000)] int? Times = null,
    [property: Range(0, Limits.MaxAmount)] long? Amount = null,
    Instant? BusinessTime = null);

/// <summary>What is to be charged for a period of a plan whose merchant says so; the last word before its settlement counts.</summary>
public sealed record ReportPeriodBody([property: Range(1, Limits.MaxPeriods)] int Period, [property: Range(0, Limits.MaxAmount)] long Amount);

/// <summary>Shares the membership with one of the family.</summary>
public sealed record FamilyBody([property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Member);

/// <summary>Quits.</summary>
/// <param name="Due">The quote that was shown: where it changed since, nothing is done. Absent: whatever it is.</param>
/// <param name="Kind">member: the person quits; merchant: the merchant ends it.</param>
public sealed record QuitMembershipBody([property: Range(0, CanonicalJson.MaxInteger)] long? Due = null, QuitKind Kind = QuitKind.Member);

/// <summary>Settles a period, with what the merchant reckons that is due.</summary>
/// <param name="Period">0: the whole term.</param>
public sealed record SettleBody([property: Range(0, Limits.MaxAmount)] long Amount, [property: Range(0, Limits.MaxPeriods)] int Period = 0);

/// <summary>Waives what is not collected yet; where the merchant requires four eyes, another key has to approve.</summary>
public sealed record WaiveBody(WaiverReason Reason, [property: StringLength(Limits.MaxReason, MinimumLength = 1)] string? Text = null);

/// <summary>Gives back what was collected.</summary>
/// <param name="Refund">The refund's own number.</param>
/// <param name="Amount">Absent: all that was collected and not refunded.</param>
/// <param name="Period">0: the whole term.</param>
public sealed record RefundFeeBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Refund,
    [property: Range(1, Limits.MaxAmount)] long? Amount = null,
    [property: Range(0, Limits.MaxPeriods)] int Period = 0,
    FeeRefundKind Kind = FeeRefundKind.MemberFee,
    [property: StringLength(Limits.MaxReason, MinimumLength = 1)] string? Reason = null);
