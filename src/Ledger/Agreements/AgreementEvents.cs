using NodaTime;

namespace Ledger.Agreements;

// The case names below are the stored event types. Never rename one: add a new case instead.
/// <param name="At">When it was recorded.</param>
public abstract record AgreementEvent(Instant At)
{
    /// <summary>What the agreement is after it.</summary>
    public AgreementStatus Status { get; init; }

    /// <summary>What the agreement waits for after it; null: nothing.</summary>
    public Instant? Due { get; init; }

    public sealed record PreorderCreated(Offer Offer, Instant At) : AgreementEvent(At);

    public sealed record PreorderExpired(Instant At) : AgreementEvent(At);

    public sealed record AdmissionConsulted(bool IsAdmitted, string Reference, Instant At) : AgreementEvent(At);

    /// <param name="Fee">The most that one settlement may come to before the guarantee bounds it (F).</param>
    /// <param name="Order">To freeze the guarantee; null: it is not frozen.</param>
    /// <param name="ProviderAgreement">Under which the provider collects; null: none.</param>
    public sealed record AgreementSigned(
        string Plan, int Version, string Member, Money Fee, Money Guarantee, Term Term, AgreementConsent Consent, MoneyOrder? Order, Instant At, string? ProviderAgreement = null)
        : AgreementEvent(At);

    public sealed record GuaranteeFrozen(string Transfer, Instant At) : AgreementEvent(At);

    public sealed record GuaranteeNotFrozen(string Transfer, string Reason, Instant At) : AgreementEvent(At);

    /// <param name="Order">To give free what was not paid out of it.</param>
    public sealed record GuaranteeReleaseOrdered(MoneyOrder Order, Instant At) : AgreementEvent(At);

    /// <param name="RetryAt">When it is ordered again.</param>
    public sealed record GuaranteeReleaseFailed(string Transfer, string Reason, Instant RetryAt, Instant At) : AgreementEvent(At);

    /// <summary>Nothing is frozen any more.</summary>
    /// <param name="Transfer">The order that gave free what was left; null: nothing was.</param>
    public sealed record GuaranteeReleased(string? Transfer, Instant At) : AgreementEvent(At);

    /// <param name="Number">The caller's own number of the report.</param>
    public sealed record BenefitAccrued(string Number, Money Amount, Instant BusinessTime, string Member, Instant At) : AgreementEvent(At);

    /// <param name="Of">The report that it takes back, in part or whole.</param>
    public sealed record BenefitReversed(string Number, string Of, Money Amount, Instant BusinessTime, Instant At) : AgreementEvent(At);

    /// <param name="Amount">Of the purchase.</param>
    public sealed record ObligationProgressed(string Number, int Times, Money Amount, Instant BusinessTime, string Member, Instant At) : AgreementEvent(At);

    public sealed record ObligationReversed(string Number, string Of, int Times, Money Amount, Instant BusinessTime, Instant At) : AgreementEvent(At);

    public sealed record PeriodReported(int Period, Money Amount, Instant At) : AgreementEvent(At);

    public sealed record AgreementShared(string Member, Instant At) : AgreementEvent(At);

    public sealed record AgreementUnshared(string Member, Instant At) : AgreementEvent(At);

    /// <param name="OpensAt">The settlement is no earlier.</param>
    /// <param name="SoFar">What would be due if nothing more came.</param>
    public sealed record SettlementNoticeSent(int Period, Instant OpensAt, Money SoFar, Instant At) : AgreementEvent(At);

    /// <param name="DueQuote">What quitting costs, in all settlements that it opens.</param>
    public sealed record QuitRequested(QuitKind Kind, Money DueQuote, Instant At) : AgreementEvent(At);

    /// <param name="Plan">The plan of withholding: the period in two digits.</param>
    /// <param name="Benefit">D.</param>
    /// <param name="Trace">How what is due was reckoned.</param>
    /// <param name="Order">To collect it; null: nothing is due.</param>
    public sealed record SettlementOpened(int Period, string Plan, Money Benefit, FormulaTrace Trace, SettlementStage Stage, MoneyOrder? Order, Instant At) : AgreementEvent(At);

    public sealed record SettlementRetried(int Period, MoneyOrder Order, Instant At) : AgreementEvent(At);

    public sealed record FeePending(int Period, string Transfer, Instant At) : AgreementEvent(At);

    /// <param name="Reference">The provider's.</param>
    public sealed record FeeCollected(int Period, string Transfer, Money Amount, string Reference, Instant At) : AgreementEvent(At);

    /// <param name="FailedAt">When collecting failed first.</param>
    /// <param name="RetryAt">When it is tried again; null: it is given up.</param>
    public sealed record FeeCollectionFailed(int Period, string Transfer, string Reason, SettlementStage Stage, Instant FailedAt, Instant? RetryAt, Instant At) : AgreementEvent(At);

    /// <param name="From">What was due before.</param>
    /// <param name="Trace">How what is due was reckoned anew: never more than before.</param>
    public sealed record SettlementRecomputed(int Period, Money From, FormulaTrace Trace, SettlementStage Stage, Instant? RetryAt, Instant At) : AgreementEvent(At);

    public sealed record FeeWaiverProposed(WaiverReason Reason, string? Text, string By, Instant At) : AgreementEvent(At);

    public sealed record FeeWaived(WaiverReason Reason, string? Text, string By, string Approver, Instant At) : AgreementEvent(At);

    public sealed record FeeRefundOrdered(int Period, string Number, FeeRefundKind Kind, string? Reason, MoneyOrder Order, Instant At) : AgreementEvent(At);

    public sealed record FeeRefunded(int Period, string Transfer, Money Amount, string Reference, Instant At) : AgreementEvent(At);

    /// <param name="RetryAt">When what was collected above what is due is ordered back again; null: nothing was.</param>
    public sealed record FeeRefundFailed(int Period, string Transfer, string Reason, Instant? RetryAt, Instant At) : AgreementEvent(At);
}

public enum QuitKind
{
    /// <summary>The member quits (USER_CANCEL_QUIT).</summary>
    Member,

    /// <summary>The merchant ends it (SETTLE_APPLY_QUIT).</summary>
    Merchant,
}
