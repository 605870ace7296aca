using static Ledger.Agreements.AgreementEvent;

namespace Ledger.Agreements;

/// <summary>An amount due as an agreement's facts give it, beside the one that was stored.</summary>
/// <param name="Fact">Which of the agreement's facts, from 0.</param>
public sealed record Explained(int Fact, FormulaTrace Stored, FormulaTrace Recomputed);

/// <summary>Reckons every amount due again from what was signed, reported, quit and waived before it: by another road than the states that it was reckoned from.</summary>
public static class Explanation
{
    public static IReadOnlyList<Explained> Of(IReadOnlyList<AgreementEvent> facts)
    {
        ArgumentNullException.ThrowIfNull(facts);
        var explained = new List<Explained>();
        var (reports, due, collected) = (new Dictionary<int, Money>(), new Dictionary<int, Money>(), new HashSet<int>());
        var inputs = new FormulaInputs(new SettlementRule.Fee(Money.Zero), Money.Zero, Money.Zero, 0, Money.Zero, Money.Zero, 0, null, null, null);
        for (var i = 0; i < facts.Count; i++)
        {
            inputs = facts[i] switch
            {
                PreorderCreated e => inputs with { Rule = e.Offer.Terms.Settlement, Guarantee = e.Offer.Terms.Guarantee },
                AgreementSigned e => inputs with { ExemptionEnd = e.Term.ExemptionEnd },
                BenefitAccrued e => inputs with { Accrued = inputs.Accrued + e.Amount },
                BenefitReversed e => inputs with { Reversed = inputs.Reversed + e.Amount },
                ObligationProgressed e => inputs with { Times = inputs.Times + e.Times, Progress = inputs.Progress + e.Amount },
                ObligationReversed e => inputs with { Times = inputs.Times - e.Times, Progress = inputs.Progress - e.Amount },
                QuitRequested e => inputs with { QuitAt = e.At },
                FeeWaived e => inputs with { Waived = e.Reason },
                _ => inputs,
            };
            if (facts[i] is PeriodReported reported) reports[reported.Period] = reported.Amount;
            if (facts[i] is FeeCollected paid) collected.Add(paid.Period);
            if (facts[i] is SettlementOpened opened) Explain(i, opened.Period, opened.Trace, before: null);
            if (facts[i] is SettlementRecomputed again) Explain(i, again.Period, again.Trace, due.GetValueOrDefault(again.Period));
        }

        return explained;

        void Explain(int fact, int period, FormulaTrace stored, Money? before)
        {
            var trace = Formula.Of(inputs with
            {
                Period = period,
                Reported = reports.TryGetValue(period, out var amount) ? amount : null,
                Waived = collected.Contains(period) ? null : inputs.Waived,
                Before = before,
            });
            explained.Add(new(fact, stored, trace));
            due[period] = trace.Due;
        }
    }
}
