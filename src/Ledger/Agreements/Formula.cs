using System.Diagnostics;
using NodaTime;

namespace Ledger.Agreements;

/// <summary>All that the amount due depends on.</summary>
/// <param name="Accrued">Benefits reported of the term.</param>
/// <param name="Reversed">What of them was taken back.</param>
/// <param name="Times">Fulfilments that stand.</param>
/// <param name="Progress">The amounts of the fulfilments that stand.</param>
/// <param name="Guarantee">G.</param>
/// <param name="Period">0: the whole term.</param>
/// <param name="Reported">What was reported for the period; only where the plan is such.</param>
/// <param name="QuitAt">When the member quit; null: the term ran out.</param>
/// <param name="ExemptionEnd">Who quits no later pays nothing.</param>
/// <param name="Waived">Why it was waived; null: it was not, or was collected before.</param>
/// <param name="Before">What was due before, which is never exceeded; null: nothing was.</param>
public sealed record FormulaInputs(
    SettlementRule Rule, Money Accrued, Money Reversed, int Times, Money Progress, Money Guarantee, int Period, Money? Reported, Instant? QuitAt, Instant? ExemptionEnd,
    WaiverReason? Waived = null, Money? Before = null)
{
    internal bool IsExempt => QuitAt is { } quit && ExemptionEnd is { } end && quit <= end;
}

/// <summary>One step: what was looked at, and the amount after it.</summary>
public sealed record FormulaStep(FormulaRule Rule, Money Amount);

/// <summary>Stored in events: never renamed.</summary>
public enum FormulaRule
{
    /// <summary>Accrued less reversed (D).</summary>
    BenefitEnjoyed,

    /// <summary>No more than the fee (F).</summary>
    NotAboveFee,

    /// <summary>No more than the guarantee (G).</summary>
    NotAboveGuarantee,

    /// <summary>The member did what was promised.</summary>
    ObligationMet,

    /// <summary>Quit within the exemption.</summary>
    QuitWithinExemption,

    /// <summary>The last step of the table whose count was reached.</summary>
    StepReached,

    /// <summary>The price of the period.</summary>
    PriceOfPeriod,

    /// <summary>What was reported for the period; nothing where nothing was.</summary>
    ReportedForPeriod,

    /// <summary>No more than the maximum of a period.</summary>
    NotAboveMaximum,

    /// <summary>What is settled again only falls.</summary>
    NotAboveBefore,

    /// <summary>Waived.</summary>
    Waived,
}

/// <summary>An amount due, with all that it was reckoned from: who has the inputs comes to the same bytes.</summary>
public sealed record FormulaTrace(FormulaInputs Inputs, IReadOnlyList<FormulaStep> Steps, Money Due)
{
    public bool Equals(FormulaTrace? other) => other is not null && (Inputs, Due) == (other.Inputs, other.Due) && Lists.Same(Steps, other.Steps);

    public override int GetHashCode() => HashCode.Combine(Inputs, Due);
}

/// <summary>What a membership costs. Nothing is divided, so nothing is rounded.</summary>
public static class Formula
{
    public static FormulaTrace Of(FormulaInputs inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        var steps = new List<FormulaStep>();
        if (inputs.Waived is not null) steps.Add(new(FormulaRule.Waived, Money.Zero));
        else Reckon(inputs, steps);
        if (inputs.Before is { } before) Bound(steps, FormulaRule.NotAboveBefore, before);
        return new(inputs, steps, steps[^1].Amount);
    }

    private static void Reckon(FormulaInputs inputs, List<FormulaStep> steps)
    {
        var benefit = inputs.Accrued - inputs.Reversed;
        switch (inputs.Rule)
        {
            case SettlementRule.Promise rule when rule.Obligation.IsMet(inputs.Times, inputs.Progress):
                steps.Add(new(FormulaRule.ObligationMet, Money.Zero));
                return;
            case SettlementRule.Fee or SettlementRule.Promise or SettlementRule.Cycle or SettlementRule.CycleFlex when inputs.IsExempt:
                steps.Add(new(FormulaRule.QuitWithinExemption, Money.Zero));
                return;
            case SettlementRule.Fee rule:
                steps.Add(new(FormulaRule.BenefitEnjoyed, benefit));
                Bound(steps, FormulaRule.NotAboveFee, rule.Amount);
                break;
            case SettlementRule.Promise:
                steps.Add(new(FormulaRule.BenefitEnjoyed, benefit));
                break;
            case SettlementRule.Steps rule:
                steps.Add(new(FormulaRule.StepReached, rule.Table.Last(step => step.Times <= Math.Max(0, inputs.Times)).Amount));
                break;
            case SettlementRule.Cycle rule:
                steps.Add(new(FormulaRule.PriceOfPeriod, rule.Prices[inputs.Period - 1]));
                break;
            case SettlementRule.CycleFlex rule:
                steps.Add(new(FormulaRule.ReportedForPeriod, inputs.Reported ?? Money.Zero));
                Bound(steps, FormulaRule.NotAboveMaximum, rule.Maximum);
                break;
            default: throw new UnreachableException($"{inputs.Rule}");
        }

        Bound(steps, FormulaRule.NotAboveGuarantee, inputs.Guarantee);
    }

    private static void Bound(List<FormulaStep> steps, FormulaRule rule, Money most) => steps.Add(new(rule, Money.Min(steps[^1].Amount, most)));
}
