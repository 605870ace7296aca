using NodaTime;
using static Ledger.Agreements.AgreementEvent;

namespace Ledger.Agreements;

/// <summary>The facts of one decision in the making: each says what the agreement is after it and what it waits for then.</summary>
internal sealed class Course(AgreementCommand command, Agreement state)
{
    private readonly List<AgreementEvent> facts = [];
    private Agreement state = state;

    /// <summary>One fact, and what follows from it at once.</summary>
    public Decision<AgreementEvent> Say(AgreementEvent fact)
    {
        Add(fact);
        return Done();
    }

    /// <summary>One fact after which what is due of settlements may have fallen.</summary>
    public Decision<AgreementEvent> Reckon(AgreementEvent fact)
    {
        Add(fact);
        Fall();
        return Done();
    }

    /// <summary>Every settlement is reckoned again: what is due of it may have fallen, and never rises.</summary>
    private void Fall()
    {
        foreach (var settlement in state.Settlements)
        {
            var trace = Trace(state, settlement.Period, settlement.Due);
            if (trace.Due == settlement.Due) continue;
            // What failed and is no longer due needs not be tried again.
            var isOver = trace.Due == Money.Zero && settlement.Stage is (SettlementStage.Dunning or SettlementStage.GivenUp);
            var (stage, retry) = isOver ? (SettlementStage.Done, null) : (settlement.Stage, settlement.RetryAt);
            Add(new SettlementRecomputed(settlement.Period, settlement.Due, trace, stage, retry, command.Now));
        }
    }

    /// <summary>The way out: every settlement that is left is opened at once. Within the exemption what was settled before costs nothing either.</summary>
    public Decision<AgreementEvent> Quit(QuitRequested fact)
    {
        Add(fact);
        Fall();
        while (state.Next is { } next) Open(next.Period);
        return Done();
    }

    public Decision<AgreementEvent> Settle(int period)
    {
        Open(period);
        return Done();
    }

    public Decision<AgreementEvent> Retry(Settlement settlement)
    {
        Again(settlement);
        return Done();
    }

    /// <summary>All that is due at the time of the command, in the order in which it falls due.</summary>
    public Decision<AgreementEvent> Clock()
    {
        if (state.Signature is null)
        {
            if (state.Status == AgreementStatus.Preordered && command.Now >= state.Offer!.ExpiresAt) Add(new PreorderExpired(command.Now));
            return Done();
        }

        while (state.Next is { } next)
        {
            if (next.NoticeAt is { } notice && command.Now >= notice) Add(Notice(next));
            else if (next.NoticeAt is null && command.Now >= next.OpensAt) Open(next.Period);
            else break;
        }

        foreach (var settlement in state.Settlements.Where(one => one.RetryAt <= command.Now)) Again(settlement);
        foreach (var settlement in state.Settlements.Where(one => one.RefundAt <= command.Now)) GiveBack(settlement);
        if (state.Frozen?.Release?.RetryAt <= command.Now) Release();
        return Done();
    }

    /// <summary>The reckoning as the state has it.</summary>
    /// <param name="before">What was due before; null: it is the first.</param>
    public static FormulaTrace Trace(Agreement state, int period, Money? before = null)
    {
        var terms = state.Offer!.Terms;
        // What was collected is not waived: only what is not collected yet.
        var isCollected = state.Settlements.Any(one => one.Period == period && one.Collected > Money.Zero);
        return Formula.Of(new(
            terms.Settlement, state.Accrued, state.Reversed, state.Times, state.Progress, terms.Guarantee, period, state.Reports.FirstOrDefault(report => report.Period == period)?.Amount,
            state.QuitAt, state.Signature!.Term.ExemptionEnd, state.Waiver is { Approver: not null } waiver && !isCollected ? waiver.Reason : null, before));
    }

    /// <summary>Stands for a settlement where only its period matters.</summary>
    public static Settlement Shadow(int period, Instant at) => new(
        period, Money.Zero, SettlementStage.Done, 0, null, MoneyMove.Withhold, Money.Zero, Money.Zero, at, null, null, null, null, [], null);

    private SettlementNoticeSent Notice(NextSettlement next) =>
        new(next.Period, Instant.Max(next.OpensAt, command.Now + Limits.SettlementNotice), Trace(state, next.Period).Due, command.Now);

    private void Open(int period)
    {
        var trace = Trace(state, period);
        var order = trace.Due == Money.Zero ? null : Collect(period, attempt: 1, trace.Due);
        Add(new SettlementOpened(
            period, FormattableString.Invariant($"{period:00}"), state.Accrued - state.Reversed, trace, order is null ? SettlementStage.Done : SettlementStage.Ordered, order, command.Now));
    }

    private void Again(Settlement settlement) =>
        Add(new SettlementRetried(settlement.Period, Collect(settlement.Period, settlement.Attempts + 1, settlement.Due), command.Now));

    /// <summary>Out of the frozen guarantee as far as it reaches, else withheld.</summary>
    private MoneyOrder Collect(int period, int attempt, Money amount)
    {
        var (offer, isFrozen) = (state.Offer!, state.Frozen is { Status: FrozenStatus.Frozen } && amount <= state.Free);
        return new(
            AgreementDecider.OrderNumber(command, FormattableString.Invariant($"{period}/{attempt}")), isFrozen ? MoneyMove.UnfreezeToPay : MoneyMove.Withhold, amount, offer.Account,
            isFrozen ? state.Frozen!.Transfer : null, offer.ProviderAgreement);
    }

    public void Refund(Settlement settlement, string number, Money amount, FeeRefundKind kind, string? reason) => Add(new FeeRefundOrdered(
        settlement.Period, number, kind, reason, new(
            AgreementDecider.OrderNumber(command, FormattableString.Invariant($"{settlement.Period}/refund/{settlement.Refunds.Count + 1}")), MoneyMove.Refund, amount, state.Offer!.Account,
            settlement.Transfer, state.Offer.ProviderAgreement), command.Now));

    public void Add(AgreementEvent fact)
    {
        var after = AgreementEvolution.Evolve(state, fact);
        var said = fact with { Status = StatusOf(after, fact) };
        after = AgreementEvolution.Evolve(state, said);
        said = said with { Due = after.DueAt };
        state = after;
        facts.Add(said);
    }

    /// <summary>With the facts goes what they lead to: too much that was collected goes back, and a guarantee that is no longer needed is given free.</summary>
    public Decision<AgreementEvent> Done()
    {
        if (facts.Count == 0) return Decision<AgreementEvent>.Unchanged;
        foreach (var settlement in state.Settlements.Where(one => one.RefundAt is null)) GiveBack(settlement);
        if (state is { Frozen.Status: FrozenStatus.Frozen, IsOver: true } && state.Settlements.All(one => one.Stage == SettlementStage.Done)) Release();

        return facts.ToArray();
    }

    private void Release()
    {
        if (state.Free == Money.Zero)
        {
            Add(new GuaranteeReleased(Transfer: null, command.Now));
            return;
        }

        var (offer, frozen) = (state.Offer!, state.Frozen!);
        var number = frozen.Release is { Attempts: var attempts } ? FormattableString.Invariant($"unfreeze/{attempts + 1}") : "unfreeze";
        Add(new GuaranteeReleaseOrdered(
            new(AgreementDecider.OrderNumber(command, number), MoneyMove.Unfreeze, state.Free, offer.Account, frozen.Transfer, offer.ProviderAgreement), command.Now));
    }

    private void GiveBack(Settlement settlement)
    {
        if (settlement.Excess == Money.Zero) return;
        Refund(settlement, FormattableString.Invariant($"auto-{settlement.Refunds.Count + 1}"), settlement.Excess, FeeRefundKind.MemberFee, "settled anew");
    }

    private static AgreementStatus StatusOf(Agreement state, AgreementEvent fact)
    {
        if (state.Signature is null) return fact is PreorderExpired || state.Status == AgreementStatus.PreorderExpired ? AgreementStatus.PreorderExpired : AgreementStatus.Preordered;
        if (state.Settlements.Any(one => one.Stage == SettlementStage.GivenUp)) return AgreementStatus.SettleFailed;
        if (state.Settlements.Any(one => one.Stage == SettlementStage.Dunning)) return AgreementStatus.Dunning;
        if (state.Settlements.Any(one => one.Stage is SettlementStage.Ordered or SettlementStage.Pending)) return AgreementStatus.Settling;
        if (!state.IsOver) return AgreementStatus.Active;
        return state.Waiver is { Approver: not null } ? AgreementStatus.Waived : AgreementStatus.Settled;
    }
}
