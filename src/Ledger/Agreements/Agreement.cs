using System.Text.Json;
using System.Text.Json.Serialization;
using NodaTime;

namespace Ledger.Agreements;

/// <summary>One person's light membership: benefits first, the fee when the term ends, never more than the benefits came to.</summary>
/// <param name="Offer">What was shown; null while there is nothing.</param>
/// <param name="Admission">What the credit provider answered; null: nobody asked.</param>
/// <param name="Signature">Null while nobody signed.</param>
/// <param name="Entries">Benefits and fulfilments by the numbers of their reports.</param>
/// <param name="Shared">Members of the family who enjoy it too.</param>
/// <param name="Notice">The last one that was sent before a settlement.</param>
/// <param name="Reports">What was reported for periods.</param>
/// <param name="Settlements">In the order of their periods.</param>
/// <param name="Frozen">The guarantee at the provider; null: none was ordered.</param>
public sealed record Agreement(
    AgreementStatus Status, Offer? Offer, Admission? Admission, Signature? Signature, IReadOnlyList<BenefitEntry> Entries, IReadOnlyList<string> Shared, Instant? QuitAt,
    SettlementNotice? Notice, IReadOnlyList<PeriodReport> Reports, IReadOnlyList<Settlement> Settlements, Frozen? Frozen, Waiver? Waiver)
{
    public static Agreement None { get; } = new(AgreementStatus.None, null, null, null, [], [], null, null, [], [], null, null);

    /// <summary>What is stored; the rest follows from it.</summary>
    public override string ToString() => JsonSerializer.Serialize(this, LedgerJson.Options);

    [JsonIgnore]
    public Money Accrued => Money.Sum(Entries.Where(entry => !entry.IsProgress).Select(entry => entry.Amount));

    [JsonIgnore]
    public Money Reversed => Money.Sum(Entries.Where(entry => !entry.IsProgress).Select(entry => entry.Reversed));

    /// <summary>Fulfilments that stand.</summary>
    [JsonIgnore]
    public int Times => Entries.Where(entry => entry.IsProgress).Sum(entry => entry.Times - entry.ReversedTimes);

    [JsonIgnore]
    public Money Progress => Money.Sum(Entries.Where(entry => entry.IsProgress).Select(entry => entry.Amount - entry.Reversed));

    /// <summary>The first instant whose benefits do not count.</summary>
    [JsonIgnore]
    public Instant? Ends => Signature is null ? null : QuitAt ?? Signature.Term.End;

    /// <summary>Whether every settlement was opened that will ever be.</summary>
    [JsonIgnore]
    public bool IsOver => Signature is not null && Next is null;

    /// <summary>The next period to settle; null: none is left.</summary>
    [JsonIgnore]
    public NextSettlement? Next
    {
        get
        {
            if (Signature is null) return null;
            var (rule, term, zone) = (Offer!.Terms.Settlement, Signature.Term, Offer.Terms.Zone());
            var period = rule.HasPeriods ? Settlements.Count + 1 : 0;
            if (Settlements.Count >= rule.Count) return null;
            var begins = period <= 1 ? term.Start : rule.EndOf(period - 1, term, zone);
            // A period that never began costs nothing.
            if (rule.HasPeriods && begins >= Ends) return null;
            var end = rule.EndOf(period, term, zone);
            var opens = end + Duration.FromDays(Offer.Terms.SettlementDelayDays);
            return Notice is { } sent && sent.Period == period
                ? new(period, end, null, sent.OpensAt)
                : new(period, end, Instant.Max(Signature.At, opens - Limits.SettlementNotice), opens);
        }
    }

    /// <summary>When the clock is to ask next; null when it has nothing to say.</summary>
    [JsonIgnore]
    public Instant? DueAt
    {
        get
        {
            if (Signature is null) return Status == AgreementStatus.Preordered ? Offer!.ExpiresAt : null;
            var times = Settlements.SelectMany(settlement => new[] { settlement.RetryAt, settlement.RefundAt }).OfType<Instant>().ToList();
            if (Frozen?.Release?.RetryAt is { } release) times.Add(release);
            if (Next is { } next) times.Add(next.NoticeAt ?? next.OpensAt);
            return times.Count == 0 ? null : times.Min();
        }
    }

    /// <summary>What of the frozen guarantee was not paid out yet, and is not on its way.</summary>
    [JsonIgnore]
    public Money Free => (Frozen?.Amount ?? Money.Zero) - Money.Sum(Settlements.Where(settlement => settlement.Move == MoneyMove.UnfreezeToPay)
        .Select(settlement => settlement.Stage is SettlementStage.Ordered or SettlementStage.Pending ? settlement.Ordered : settlement.Collected));

    /// <summary>The signer and the family.</summary>
    [JsonIgnore]
    public IEnumerable<string> Members => Offer is null ? [] : Shared.Prepend(Offer.Member);

    public bool Equals(Agreement? other) =>
        other is not null && (Status, Offer, Admission, Signature, QuitAt, Notice, Frozen) == (other.Status, other.Offer, other.Admission, other.Signature, other.QuitAt, other.Notice, other.Frozen)
        && Waiver == other.Waiver && Lists.Same(Entries, other.Entries) && Lists.Same(Shared, other.Shared) && Lists.Same(Reports, other.Reports) && Lists.Same(Settlements, other.Settlements);

    public override int GetHashCode() => HashCode.Combine(Status, Offer, Signature, Entries.Count, Settlements.Count);
}

/// <summary>Stored, and the words of the API.</summary>
public enum AgreementStatus
{
    None,
    Preordered,
    PreorderExpired,
    Active,

    /// <summary>Something is to be collected.</summary>
    Settling,

    /// <summary>Collecting failed and is tried again.</summary>
    Dunning,

    /// <summary>Collecting was given up: benefits are suspended until it is paid, waived or tried again.</summary>
    SettleFailed,
    Settled,
    Waived,
}

/// <summary>What was shown before anyone signed.</summary>
/// <param name="Account">Of the payer at the provider: opaque.</param>
/// <param name="BusinessTime">As the caller states it: a repeat states the same.</param>
/// <param name="ExpiresAt">First instant at which it can no longer be signed.</param>
/// <param name="ProviderAgreement">The provider's reference of the agreement; null: none.</param>
public sealed record Offer(
    string Plan, int Version, PlanTerms Terms, string Member, string Account, string? ProviderAgreement, Instant? BusinessTime, Instant At, Instant ExpiresAt);

/// <summary>Yes or no, and where the provider keeps why: no score is stored.</summary>
public sealed record Admission(bool IsAdmitted, string Reference, Instant At);

public sealed record Signature(Instant At, Term Term, AgreementConsent Consent);

/// <summary>What the person agreed to.</summary>
/// <param name="TextVersion">The version of the text that was shown.</param>
/// <param name="At">When the person agreed, as the caller states it.</param>
/// <param name="EndsOn">The day that was shown on which the membership ends: the first that is no longer of it.</param>
public sealed record AgreementConsent(string TextVersion, Instant At, LocalDate EndsOn);

/// <summary>A benefit, or a fulfilment, as it was reported, and what of it was taken back.</summary>
/// <param name="Number">The caller's own number of the report.</param>
/// <param name="Times">Of a fulfilment; else 0.</param>
/// <param name="BusinessTime">When it happened.</param>
/// <param name="Member">Who enjoyed or did it.</param>
/// <param name="Reversals">In the order of their reports.</param>
public sealed record BenefitEntry(string Number, bool IsProgress, Money Amount, int Times, Instant BusinessTime, string Member, IReadOnlyList<EntryReversal> Reversals)
{
    [JsonIgnore]
    public Money Reversed => Money.Sum(Reversals.Select(reversal => reversal.Amount));

    [JsonIgnore]
    public int ReversedTimes => Reversals.Sum(reversal => reversal.Times);

    public bool Equals(BenefitEntry? other) =>
        other is not null && (Number, IsProgress, Amount, Times, BusinessTime, Member) == (other.Number, other.IsProgress, other.Amount, other.Times, other.BusinessTime, other.Member)
        && Lists.Same(Reversals, other.Reversals);

    public override int GetHashCode() => HashCode.Combine(Number, Amount, Times);
}

public sealed record EntryReversal(string Number, Money Amount, int Times, Instant BusinessTime);

public sealed record SettlementNotice(int Period, Instant OpensAt);

public sealed record PeriodReport(int Period, Money Amount);

/// <param name="EndsAt">Of the period.</param>
/// <param name="NoticeAt">When notice is to be given; null: it was.</param>
/// <param name="OpensAt">The earliest time of the settlement, as far as it is known.</param>
public sealed record NextSettlement(int Period, Instant EndsAt, Instant? NoticeAt, Instant OpensAt);

/// <summary>What is due for a period, and what became of it.</summary>
/// <param name="Due">By the latest reckoning.</param>
/// <param name="Attempts">Orders to collect, so far.</param>
/// <param name="Transfer">The number of the last order; null: there was none.</param>
/// <param name="Ordered">Its amount: what is due may have fallen since.</param>
/// <param name="FailedAt">When collecting failed first.</param>
/// <param name="RetryAt">When it is tried again.</param>
/// <param name="Reason">Why it failed last.</param>
/// <param name="RefundAt">When a refund that failed is tried again.</param>
public sealed record Settlement(
    int Period, Money Due, SettlementStage Stage, int Attempts, string? Transfer, MoneyMove Move, Money Ordered, Money Collected, Instant OpenedAt, Instant? CollectedAt,
    Instant? FailedAt, Instant? RetryAt, string? Reason, IReadOnlyList<FeeRefund> Refunds, Instant? RefundAt)
{
    /// <summary>Refunded, or on its way back.</summary>
    [JsonIgnore]
    public Money Returning => Money.Sum(Refunds.Where(refund => refund.Failure is null).Select(refund => refund.Amount));

    [JsonIgnore]
    public Money Refunded => Money.Sum(Refunds.Where(refund => refund.IsDone).Select(refund => refund.Amount));

    /// <summary>Collected above what is due, and not on its way back yet.</summary>
    [JsonIgnore]
    public Money Excess => Money.Max(Money.Zero, Collected - Returning - Due);

    public bool Equals(Settlement? other) =>
        other is not null && (Period, Due, Stage, Attempts, Transfer, Move) == (other.Period, other.Due, other.Stage, other.Attempts, other.Transfer, other.Move)
        && (Ordered, Collected) == (other.Ordered, other.Collected)
        && (OpenedAt, CollectedAt, FailedAt, RetryAt, Reason, RefundAt) == (other.OpenedAt, other.CollectedAt, other.FailedAt, other.RetryAt, other.Reason, other.RefundAt)
        && Lists.Same(Refunds, other.Refunds);

    public override int GetHashCode() => HashCode.Combine(Period, Due, Stage, Attempts);
}

public enum SettlementStage
{
    /// <summary>Ordered from the provider, outcome unknown.</summary>
    Ordered,

    /// <summary>The provider says that it is under way.</summary>
    Pending,

    /// <summary>Failed, to be tried again.</summary>
    Dunning,

    /// <summary>Failed for good, until someone says otherwise.</summary>
    GivenUp,

    /// <summary>Collected, or nothing was due.</summary>
    Done,
}

/// <param name="Number">The caller's own number; those that follow from a reckoning are numbered by the ledger.</param>
/// <param name="Transfer">The number of the order; it is another one each time that an order failed.</param>
/// <param name="Failure">Why the provider refused; null: it did not.</param>
public sealed record FeeRefund(string Number, Money Amount, FeeRefundKind Kind, string? Reason, string Transfer, bool IsDone, string? Failure);

public enum FeeRefundKind
{
    /// <summary>Of the membership fee.</summary>
    MemberFee,

    /// <summary>Of a withheld fee.</summary>
    WithholdFee,
}

/// <param name="Transfer">The number of the order to freeze.</param>
/// <param name="Release">How what is left is given free; null: nothing was ordered.</param>
public sealed record Frozen(string Transfer, Money Amount, FrozenStatus Status, GuaranteeRelease? Release);

/// <param name="Transfer">The number of the last order; it is another one each time that the provider refused.</param>
/// <param name="Attempts">Orders, so far.</param>
/// <param name="RetryAt">When the next one is sent; null: the last one is under way.</param>
/// <param name="Failure">Why the provider refused last; null: it did not.</param>
public sealed record GuaranteeRelease(string Transfer, int Attempts, Instant? RetryAt, string? Failure);

public enum FrozenStatus
{
    Ordered,
    Frozen,
    Failed,

    /// <summary>What is left is on its way back to the member.</summary>
    Releasing,

    /// <summary>Nothing is frozen any more.</summary>
    Released,
}

/// <param name="Approver">Null: it waits for another key.</param>
public sealed record Waiver(WaiverReason Reason, string? Text, string By, string? Approver);

public enum WaiverReason
{
    /// <summary>The service was cancelled.</summary>
    ServiceCanceled,

    /// <summary>It was paid by another channel.</summary>
    PaidElsewhere,

    /// <summary>As a favour.</summary>
    Goodwill,
}

/// <summary>Money that the provider is to move: sent as it stands, again and again under the same number until there is an outcome.</summary>
/// <param name="Of">The order that it refunds, or whose freeze it uses; null: none.</param>
public sealed record MoneyOrder(string Number, MoneyMove Move, Money Amount, string Account, string? Of, string? ProviderAgreement);

public enum MoneyMove
{
    Freeze,
    Unfreeze,
    UnfreezeToPay,
    Withhold,
    Refund,
}
