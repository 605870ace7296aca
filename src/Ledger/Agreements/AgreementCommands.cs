using NodaTime;

namespace Ledger.Agreements;

/// <param name="Id">The number of the pre-order, which the agreement keeps.</param>
/// <param name="Book">Orders to the provider are numbered by the book and the agreement.</param>
public abstract record AgreementCommand(string Id, string Book, Instant Now)
{
    public sealed record CreatePreorder(string Id, string Book, Instant Now, Plan Plan, Offer Offer) : AgreementCommand(Id, Book, Now);

    public sealed record ConsultAdmission(string Id, string Book, Instant Now, bool IsAdmitted, string Reference) : AgreementCommand(Id, Book, Now);

    /// <param name="Consent">Null: the caller has none.</param>
    /// <param name="Plan">As it stands.</param>
    /// <param name="Member">The light memberships that the signer has and had.</param>
    /// <param name="Uncleared">An agreement of the signer whose fee is still to be collected; null: none.</param>
    /// <param name="ProviderAgreement">The provider's reference of the agreement that it signed; null: none, or the offer names it.</param>
    public sealed record SignAgreement(
        string Id, string Book, Instant Now, AgreementConsent? Consent, Plan Plan, LightMember Member, string? Uncleared, string? ProviderAgreement) : AgreementCommand(Id, Book, Now);

    /// <param name="Member">Who enjoyed it; null: the signer.</param>
    /// <param name="IsTheirs">Whether the agreement was that person's, signed or shared, at the business time.</param>
    public sealed record ReportBenefit(string Id, string Book, Instant Now, string Number, Money Amount, Instant BusinessTime, string? Member, bool IsTheirs)
        : AgreementCommand(Id, Book, Now);

    /// <param name="Amount">Null: all that stands.</param>
    public sealed record ReverseBenefit(string Id, string Book, Instant Now, string Number, string Of, Money? Amount, Instant BusinessTime) : AgreementCommand(Id, Book, Now);

    /// <param name="Member">As of a benefit; so with <paramref name="IsTheirs"/>.</param>
    public sealed record ReportProgress(string Id, string Book, Instant Now, string Number, int Times, Money Amount, Instant BusinessTime, string? Member, bool IsTheirs)
        : AgreementCommand(Id, Book, Now);

    /// <param name="Times">Null: all that stand; so with the amount.</param>
    public sealed record ReverseProgress(string Id, string Book, Instant Now, string Number, string Of, int? Times, Money? Amount, Instant BusinessTime)
        : AgreementCommand(Id, Book, Now);

    public sealed record ReportPeriod(string Id, string Book, Instant Now, int Period, Money Amount) : AgreementCommand(Id, Book, Now);

    /// <param name="Other">The light memberships that the member has and had.</param>
    public sealed record ShareAgreement(string Id, string Book, Instant Now, string Member, LightMember Other) : AgreementCommand(Id, Book, Now);

    public sealed record UnshareAgreement(string Id, string Book, Instant Now, string Member) : AgreementCommand(Id, Book, Now);

    /// <param name="Expected">The quote that was shown; null: whatever it is.</param>
    public sealed record QuitMembership(string Id, string Book, Instant Now, QuitKind Kind, Money? Expected) : AgreementCommand(Id, Book, Now);

    /// <summary>Does what is due by the clock: expires, gives notice, opens settlements, tries again.</summary>
    public sealed record ReadClock(string Id, string Book, Instant Now) : AgreementCommand(Id, Book, Now);

    /// <param name="Amount">What the merchant reckons that is due.</param>
    public sealed record SettleAgreement(string Id, string Book, Instant Now, int Period, Money Amount) : AgreementCommand(Id, Book, Now);

    public sealed record WaiveFee(string Id, string Book, Instant Now, WaiverReason Reason, string? Text, string By, bool NeedsAnother) : AgreementCommand(Id, Book, Now);

    public sealed record ApproveWaiver(string Id, string Book, Instant Now, string By, bool NeedsAnother) : AgreementCommand(Id, Book, Now);

    /// <param name="Amount">Null: all that was collected and not refunded.</param>
    public sealed record RefundFee(string Id, string Book, Instant Now, int Period, string Number, Money? Amount, FeeRefundKind Kind, string? Reason) : AgreementCommand(Id, Book, Now);

    /// <param name="Text">The provider's reference, or its reason.</param>
    public sealed record NoteTransfer(string Id, string Book, Instant Now, string Transfer, TransferOutcome Outcome, string Text) : AgreementCommand(Id, Book, Now);
}

/// <summary>What the provider says of an order: P, Y and N.</summary>
public enum TransferOutcome
{
    Pending,
    Succeeded,
    Failed,
}
