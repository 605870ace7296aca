using System.Diagnostics;
using NodaTime;
using static Ledger.Agreements.AgreementCommand;
using static Ledger.Agreements.AgreementEvent;

namespace Ledger.Agreements;

/// <summary>What is asked of settlements: by the merchant, and by what the provider says of its orders.</summary>
internal static class SettlementDecider
{
    /// <summary>The merchant settles what the clock would settle by itself, and says what it reckons that is due.</summary>
    public static Decision<AgreementEvent> Settle(SettleAgreement c, Agreement state)
    {
        if (state.Settlements.FirstOrDefault(one => one.Period == c.Period) is { } open)
        {
            if (open.Due != c.Amount) return new PayAmountDiffers(open.Due);
            return open.Stage switch
            {
                SettlementStage.Dunning => new FeeCollectionInDunning(open.Reason, open.RetryAt!.Value),
                SettlementStage.GivenUp => new Course(c, state).Retry(open),
                _ => Decision<AgreementEvent>.Unchanged,
            };
        }

        if (state.Next is not { } next || next.Period != c.Period) return new SettlementUnknown(c.Period);
        if (state.Offer!.Terms is { HasFreeze: true } terms && c.Amount > terms.Guarantee) return new GuaranteeNotEnough(terms.Guarantee);
        if (next.NoticeAt is not null || c.Now < next.OpensAt) return new SettlementNotDue(next.OpensAt);
        return Course.Trace(state, c.Period).Due is var due && due != c.Amount ? new PayAmountNotDue(due) : new Course(c, state).Settle(c.Period);
    }

    /// <summary>What is not collected yet, and will be due, is waived; what is under way goes back when it arrives.</summary>
    public static Decision<AgreementEvent> Waive(AgreementCommand command, Agreement state) => (command, state) switch
    {
        (WaiveFee c, { Waiver: { } known }) => (c.Reason, c.Text) == (known.Reason, known.Text) ? Decision<AgreementEvent>.Unchanged : new WaiverDiffers(known.Reason),
        (ApproveWaiver, { Waiver.Approver: not null }) => Decision<AgreementEvent>.Unchanged,
        (ApproveWaiver c, { Waiver: null }) => new WaiverUnknown(c.Id),
        (var c, { IsOver: true }) when state.Settlements.All(one => one.Stage == SettlementStage.Done) => new AgreementFinished(c.Id),
        (WaiveFee { NeedsAnother: true } c, _) => new Course(c, state).Say(new FeeWaiverProposed(c.Reason, c.Text, c.By, c.Now)),
        (WaiveFee c, _) => new Course(c, state).Reckon(new FeeWaived(c.Reason, c.Text, c.By, c.By, c.Now)),
        (ApproveWaiver { NeedsAnother: true } c, { Waiver: { } proposed }) when c.By == proposed.By => new FourEyes(),
        (ApproveWaiver c, { Waiver: { } proposed }) => new Course(c, state).Reckon(new FeeWaived(proposed.Reason, proposed.Text, proposed.By, c.By, c.Now)),
        _ => throw new UnreachableException($"{command} on {state}"),
    };

    public static Decision<AgreementEvent> Refund(RefundFee c, Agreement state)
    {
        if (state.Settlements.FirstOrDefault(one => one.Period == c.Period) is not { } settlement) return new SettlementUnknown(c.Period);
        if (settlement.Refunds.FirstOrDefault(refund => refund.Number == c.Number) is { } known)
        {
            if ((c.Amount ?? known.Amount, c.Kind, c.Reason) != (known.Amount, known.Kind, known.Reason)) return new FeeRefundDiffers(c.Number);
            return known.Failure is null ? Decision<AgreementEvent>.Unchanged : new FeeRefundRefused(known.Failure);
        }

        var left = settlement.Collected - settlement.Returning;
        var amount = c.Amount ?? left;
        if (amount == Money.Zero || left == Money.Zero) return new FeeRefundIsZero(c.Period);
        if (amount > left) return new FeeRefundExceedsCollected(amount, left);
        if (settlement.CollectedAt!.Value + Duration.FromDays(state.Offer!.Terms.RefundDays) is var until && c.Now >= until) return new FeeRefundWindowClosed(until);
        if (settlement.Refunds.Count >= Limits.MaxFeeRefunds) return new TooManyFeeRefunds(Limits.MaxFeeRefunds);
        var course = new Course(c, state);
        course.Refund(settlement, c.Number, amount, c.Kind, c.Reason);
        return course.Done();
    }

    /// <summary>The provider's word on an order; of one that is no longer waited for it changes nothing.</summary>
    public static Decision<AgreementEvent> Note(NoteTransfer c, Agreement state)
    {
        if (state.Frozen is { Status: FrozenStatus.Ordered } frozen && frozen.Transfer == c.Transfer)
        {
            return c.Outcome switch
            {
                TransferOutcome.Succeeded => new Course(c, state).Say(new GuaranteeFrozen(c.Transfer, c.Now)),
                TransferOutcome.Failed => new Course(c, state).Say(new GuaranteeNotFrozen(c.Transfer, c.Text, c.Now)),
                _ => Decision<AgreementEvent>.Unchanged,
            };
        }

        if (state.Frozen is { Status: FrozenStatus.Releasing, Release: { RetryAt: null } release } && release.Transfer == c.Transfer)
        {
            return c.Outcome switch
            {
                TransferOutcome.Succeeded => new Course(c, state).Say(new GuaranteeReleased(c.Transfer, c.Now)),
                // The member's own money: asked for again however often the provider refuses, a day later, then after two, four, up to 32 days.
                TransferOutcome.Failed => new Course(c, state).Say(
                    new GuaranteeReleaseFailed(c.Transfer, c.Text, c.Now + Duration.FromDays(1 << Math.Min(release.Attempts - 1, 5)), c.Now)),
                _ => Decision<AgreementEvent>.Unchanged,
            };
        }

        foreach (var settlement in state.Settlements)
        {
            if (settlement.Transfer == c.Transfer && settlement.Stage is (SettlementStage.Ordered or SettlementStage.Pending))
                return Collection(c, state, settlement);
            if (settlement.Refunds.FirstOrDefault(refund => refund is { IsDone: false, Failure: null } && refund.Transfer == c.Transfer) is { } refund)
                return Returned(c, state, settlement, refund);
        }

        return Decision<AgreementEvent>.Unchanged;
    }

    private static Decision<AgreementEvent> Collection(NoteTransfer c, Agreement state, Settlement settlement)
    {
        var course = new Course(c, state);
        if (c.Outcome == TransferOutcome.Succeeded) return course.Say(new FeeCollected(settlement.Period, c.Transfer, settlement.Ordered, c.Text, c.Now));
        if (c.Outcome == TransferOutcome.Pending)
            return settlement.Stage == SettlementStage.Pending ? Decision<AgreementEvent>.Unchanged : course.Say(new FeePending(settlement.Period, c.Transfer, c.Now));

        // Reckoned from the first failure, so that one who is late with an answer gains no days; never in the past.
        var (failed, tries) = (settlement.FailedAt ?? c.Now, settlement.Attempts - 1);
        var retry = tries < Limits.DunningDays.Count ? Instant.Max(c.Now, failed + Duration.FromDays(Limits.DunningDays[tries])) : (Instant?)null;
        var (stage, at) = settlement.Due == Money.Zero ? (SettlementStage.Done, null) : (retry is null ? SettlementStage.GivenUp : SettlementStage.Dunning, retry);
        return course.Say(new FeeCollectionFailed(settlement.Period, c.Transfer, c.Text, stage, failed, at, c.Now));
    }

    private static Decision<AgreementEvent> Returned(NoteTransfer c, Agreement state, Settlement settlement, FeeRefund refund)
    {
        var course = new Course(c, state);
        if (c.Outcome == TransferOutcome.Pending) return Decision<AgreementEvent>.Unchanged;
        if (c.Outcome == TransferOutcome.Succeeded) return course.Say(new FeeRefunded(settlement.Period, c.Transfer, refund.Amount, c.Text, c.Now));
        // What is above the due amount goes back, however often the provider refuses: a day later, then after two, four, up to 32 days.
        // What the merchant wished is for the merchant to ask again.
        var isOwed = settlement.Collected - (settlement.Returning - refund.Amount) > settlement.Due;
        var days = 1 << Math.Min(settlement.Refunds.Count(one => one.Failure is not null), 5);
        return course.Say(new FeeRefundFailed(settlement.Period, c.Transfer, c.Text, isOwed ? c.Now + Duration.FromDays(days) : null, c.Now));
    }
}
