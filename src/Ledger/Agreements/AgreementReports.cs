using System.Diagnostics;
using NodaTime;
using static Ledger.Agreements.AgreementCommand;
using static Ledger.Agreements.AgreementEvent;

namespace Ledger.Agreements;

/// <summary>Benefits and fulfilments as they are reported: late, out of order, twice, and taken back.</summary>
internal static class AgreementReports
{
    public static Decision<AgreementEvent> Decide(AgreementCommand command, Agreement state) => command switch
    {
        ReportBenefit c => Forward(c, state, new BenefitAccrued(c.Number, c.Amount, c.BusinessTime, c.Member ?? state.Offer!.Member, c.Now), c.Number, c.BusinessTime, c.IsTheirs ? null : c.Member),
        ReportProgress c => Forward(
            c, state, new ObligationProgressed(c.Number, c.Times, c.Amount, c.BusinessTime, c.Member ?? state.Offer!.Member, c.Now), c.Number, c.BusinessTime, c.IsTheirs ? null : c.Member),
        ReverseBenefit c => ReverseOf(c, state),
        ReverseProgress c => ReverseOf(c, state),
        _ => throw new UnreachableException($"{command}"),
    };

    /// <summary>What a plan of such a kind charges for a period; the last word before the settlement counts.</summary>
    public static Decision<AgreementEvent> Period(ReportPeriod c, Agreement state)
    {
        var term = state.Signature!.Term;
        if (state.Offer!.Terms.Settlement is not SettlementRule.CycleFlex flex || c.Period < 1 || c.Period > flex.Periods) return new PeriodNotOpen(c.Period);
        var begins = c.Period == 1 ? term.Start : flex.EndOf(c.Period - 1, term, state.Offer.Terms.Zone());
        if (state.Settlements.Any(one => one.Period == c.Period) || c.Now < begins || begins >= state.Ends) return new PeriodNotOpen(c.Period);
        if (c.Amount > flex.Maximum) return new PeriodAmountAboveMaximum(flex.Maximum);
        return state.Reports.Contains(new(c.Period, c.Amount)) ? Decision<AgreementEvent>.Unchanged : new Course(c, state).Say(new PeriodReported(c.Period, c.Amount, c.Now));
    }

    /// <param name="stranger">Who enjoyed it although the agreement was not theirs then; null: nobody.</param>
    private static Decision<AgreementEvent> Forward(AgreementCommand c, Agreement s, AgreementEvent fact, string number, Instant at, string? stranger)
    {
        if (s.Entries.FirstOrDefault(entry => entry.Number == number) is { } known) return IsSame(fact, known) ? Decision<AgreementEvent>.Unchanged : new ReportDiffers(number);
        if (s.Entries.Any(entry => entry.Reversals.Any(reversal => reversal.Number == number))) return new ReportDiffers(number);
        var isBenefit = fact is BenefitAccrued;
        if (isBenefit && s.Status == AgreementStatus.SettleFailed) return new AgreementStatusInvalid(s.Status);
        var (start, end) = (s.Signature!.Term.Start, s.Ends!.Value);
        if (at < start || at >= end) return new OutOfTerm(start, end);
        var until = end + Duration.FromDays(s.Offer!.Terms.GraceDays);
        // Whoever quits was told what it costs and pays no more: a fulfilment that comes late may still lower it.
        if (c.Now >= until || (isBenefit && s.IsOver)) return new LateReport(until);
        if (stranger is not null) return new MemberNotOfAgreement(stranger);
        return s.Entries.Count >= Limits.MaxReports ? new TooManyReports(Limits.MaxReports) : new Course(c, s).Reckon(fact);
    }

    private static bool IsSame(AgreementEvent fact, BenefitEntry known) => fact switch
    {
        BenefitAccrued e => !known.IsProgress && (e.Amount, e.BusinessTime, e.Member) == (known.Amount, known.BusinessTime, known.Member),
        ObligationProgressed e => known.IsProgress && (e.Times, e.Amount, e.BusinessTime, e.Member) == (known.Times, known.Amount, known.BusinessTime, known.Member),
        _ => throw new UnreachableException($"{fact}"),
    };

    private static Decision<AgreementEvent> ReverseOf(ReverseBenefit c, Agreement s)
    {
        if (Known(s, c.Number, c.Of, isProgress: false, c.BusinessTime, out var forward) is { } refusal) return refusal;
        if (forward!.Reversals.FirstOrDefault(one => one.Number == c.Number) is { } first)
            return (c.Amount ?? first.Amount, c.BusinessTime) == (first.Amount, first.BusinessTime) ? Decision<AgreementEvent>.Unchanged : new ReportDiffers(c.Number);
        var left = forward.Amount - forward.Reversed;
        var amount = c.Amount ?? left;
        return amount > left || amount == Money.Zero
            ? new ReversalExceedsForward(amount, left)
            : new Course(c, s).Reckon(new BenefitReversed(c.Number, c.Of, amount, c.BusinessTime, c.Now));
    }

    private static Decision<AgreementEvent> ReverseOf(ReverseProgress c, Agreement s)
    {
        if (Known(s, c.Number, c.Of, isProgress: true, c.BusinessTime, out var forward) is { } refusal) return refusal;
        if (forward!.Reversals.FirstOrDefault(one => one.Number == c.Number) is { } first)
        {
            return (c.Times ?? first.Times, c.Amount ?? first.Amount, c.BusinessTime) == (first.Times, first.Amount, first.BusinessTime)
                ? Decision<AgreementEvent>.Unchanged
                : new ReportDiffers(c.Number);
        }

        var (timesLeft, left) = (forward.Times - forward.ReversedTimes, forward.Amount - forward.Reversed);
        var (times, amount) = (c.Times ?? timesLeft, c.Amount ?? left);
        return times > timesLeft || amount > left || (times == 0 && amount == Money.Zero)
            ? new ProgressExceedsForward(timesLeft, left)
            : new Course(c, s).Reckon(new ObligationReversed(c.Number, c.Of, times, amount, c.BusinessTime, c.Now));
    }

    /// <summary>Null where the reversal has its forward report; a repeat finds it too.</summary>
    private static Rejection? Known(Agreement s, string number, string of, bool isProgress, Instant at, out BenefitEntry? forward)
    {
        forward = s.Entries.FirstOrDefault(entry => entry.Number == of);
        if (forward is null) return s.Entries.Any(entry => entry.Reversals.Any(one => one.Number == of)) ? new ReversalOfReversal(of) : new ForwardReportUnknown(of);
        if (forward.IsProgress != isProgress) return new CumulateModeInvalid(of);
        if (s.Entries.Any(entry => entry.Number == number || (entry.Number != of && entry.Reversals.Any(one => one.Number == number)))) return new ReportDiffers(number);
        if (at < forward.BusinessTime) return new ReversalBeforeForward(forward.BusinessTime);
        return s.Entries.Sum(entry => entry.Reversals.Count) >= Limits.MaxReports && forward.Reversals.All(one => one.Number != number) ? new TooManyReports(Limits.MaxReports) : null;
    }
}
