using System.Diagnostics;
using static Ledger.Agreements.AgreementEvent;

namespace Ledger.Agreements;

/// <summary>What each fact makes of an agreement.</summary>
public static class AgreementEvolution
{
    /// <summary>Never refuses and never computes: what happened is already in the event.</summary>
    public static Agreement Evolve(Agreement state, AgreementEvent fact)
    {
        ArgumentNullException.ThrowIfNull(fact);
        return Step(state, fact) with { Status = fact.Status };
    }

    private static Agreement Step(Agreement s, AgreementEvent fact) => fact switch
    {
        PreorderCreated e => s with { Offer = e.Offer },
        PreorderExpired => s,
        AdmissionConsulted e => s with { Admission = new(e.IsAdmitted, e.Reference, e.At) },
        AgreementSigned e => s with
        {
            Offer = s.Offer is { } offer ? offer with { ProviderAgreement = e.ProviderAgreement } : null,
            Signature = new(e.At, e.Term, e.Consent),
            Frozen = e.Order is { } order ? new(order.Number, order.Amount, FrozenStatus.Ordered, Release: null) : null,
        },
        GuaranteeFrozen => s with { Frozen = s.Frozen is { } frozen ? frozen with { Status = FrozenStatus.Frozen } : null },
        GuaranteeNotFrozen => s with { Frozen = s.Frozen is { } frozen ? frozen with { Status = FrozenStatus.Failed } : null },
        GuaranteeReleaseOrdered e => s with { Frozen = s.Frozen is { } frozen ? frozen with { Status = FrozenStatus.Releasing, Release = Again(frozen.Release, e.Order.Number) } : null },
        GuaranteeReleaseFailed e => s with
        {
            Frozen = s.Frozen is { Release: { } release } frozen ? frozen with { Release = release with { RetryAt = e.RetryAt, Failure = e.Reason } } : s.Frozen,
        },
        GuaranteeReleased => s with { Frozen = s.Frozen is { } frozen ? frozen with { Status = FrozenStatus.Released } : null },

        BenefitAccrued e => s with { Entries = [.. s.Entries, new(e.Number, IsProgress: false, e.Amount, 0, e.BusinessTime, e.Member, [])] },
        ObligationProgressed e => s with { Entries = [.. s.Entries, new(e.Number, IsProgress: true, e.Amount, e.Times, e.BusinessTime, e.Member, [])] },
        BenefitReversed e => Reversed(s, e.Of, new(e.Number, e.Amount, 0, e.BusinessTime)),
        ObligationReversed e => Reversed(s, e.Of, new(e.Number, e.Amount, e.Times, e.BusinessTime)),
        PeriodReported e => s with { Reports = [.. s.Reports.Where(report => report.Period != e.Period), new(e.Period, e.Amount)] },

        AgreementShared e => s with { Shared = [.. s.Shared, e.Member] },
        AgreementUnshared e => s with { Shared = [.. s.Shared.Where(member => member != e.Member)] },
        SettlementNoticeSent e => s with { Notice = new(e.Period, e.OpensAt) },
        QuitRequested e => s with { QuitAt = e.At },

        FeeWaiverProposed e => s with { Waiver = new(e.Reason, e.Text, e.By, Approver: null) },
        FeeWaived e => s with { Waiver = new(e.Reason, e.Text, e.By, e.Approver) },
        _ => Settle(s, fact),
    };

    private static Agreement Settle(Agreement s, AgreementEvent fact) => fact switch
    {
        SettlementOpened e => s with { Settlements = [.. s.Settlements, Opened(e)] },
        SettlementRetried e => On(s, e.Period, one => one with
        {
            Stage = SettlementStage.Ordered,
            Attempts = one.Attempts + 1,
            Transfer = e.Order.Number,
            Move = e.Order.Move,
            Ordered = e.Order.Amount,
            RetryAt = null,
        }),
        FeePending e => On(s, e.Period, one => one with { Stage = SettlementStage.Pending }),
        FeeCollected e => On(s, e.Period, one => one with { Stage = SettlementStage.Done, Collected = e.Amount, CollectedAt = e.At, RetryAt = null, Reason = null }),
        FeeCollectionFailed e => On(s, e.Period, one => one with { Stage = e.Stage, FailedAt = e.FailedAt, RetryAt = e.RetryAt, Reason = e.Reason }),
        SettlementRecomputed e => On(s, e.Period, one => one with { Due = e.Trace.Due, Stage = e.Stage, RetryAt = e.RetryAt }),
        FeeRefundOrdered e => On(s, e.Period, one => one with
        {
            Refunds = [.. one.Refunds, new(e.Number, e.Order.Amount, e.Kind, e.Reason, e.Order.Number, IsDone: false, Failure: null)],
            RefundAt = null,
        }),
        FeeRefunded e => On(s, e.Period, one => one with { Refunds = [.. one.Refunds.Select(refund => refund.Transfer == e.Transfer ? refund with { IsDone = true } : refund)] }),
        FeeRefundFailed e => On(s, e.Period, one => one with
        {
            Refunds = [.. one.Refunds.Select(refund => refund.Transfer == e.Transfer ? refund with { Failure = e.Reason } : refund)],
            RefundAt = e.RetryAt,
        }),
        _ => throw new UnreachableException($"{fact}"),
    };

    private static GuaranteeRelease Again(GuaranteeRelease? last, string transfer) => new(transfer, (last?.Attempts ?? 0) + 1, RetryAt: null, last?.Failure);

    private static Settlement Opened(SettlementOpened e) => new(
        e.Period, e.Trace.Due, e.Stage, e.Order is null ? 0 : 1, e.Order?.Number, e.Order?.Move ?? MoneyMove.Withhold, e.Order?.Amount ?? Money.Zero, Money.Zero, e.At,
        CollectedAt: null, FailedAt: null, RetryAt: null, Reason: null, [], RefundAt: null);

    private static Agreement On(Agreement s, int period, Func<Settlement, Settlement> change) =>
        s with { Settlements = [.. s.Settlements.Select(one => one.Period == period ? change(one) : one)] };

    private static Agreement Reversed(Agreement s, string of, EntryReversal reversal) =>
        s with { Entries = [.. s.Entries.Select(entry => entry.Number == of ? entry with { Reversals = [.. entry.Reversals, reversal] } : entry)] };
}
