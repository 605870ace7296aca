using System.Diagnostics;
using NodaTime;
using static Ledger.Points.PointsEvent;

namespace Ledger.Points;

/// <summary>
/// The accounts of a programme, in double entry. Each fact debits one and credits one with the same points, so that they sum to zero at every
/// entry; what members have (pending, available, held) stands as credit, what it cost (expense) as debit.
/// </summary>
public static class PointsBooks
{
    public const string Pending = "pending";
    public const string Available = "available";
    public const string Held = "held";
    public const string Redeemed = "redeemed";

    /// <summary>Points that nobody will spend: they expired.</summary>
    public const string Breakage = "breakage";

    /// <summary>What members owe; a debit balance.</summary>
    public const string Arrears = "arrears";

    /// <summary>Arrears that money paid.</summary>
    public const string Settled = "settled";

    /// <summary>Between two members; nothing stays in it.</summary>
    public const string Transit = "transit";

    /// <summary>What a funder has paid for points, net of what was clawed back.</summary>
    public static string Expense(string funder) => $"expense/{funder}";

    /// <summary>The tally of an account.</summary>
    public static string Tally(string program, string account) => $"points/{program}/{account}";

    /// <summary>The accounts that have no party, in the order in which reports show them.</summary>
    public static IReadOnlyList<string> Accounts { get; } = [Pending, Available, Held, Redeemed, Breakage, Arrears, Settled, Transit];

    /// <summary>First day of the month.</summary>
    public static LocalDate CohortOf(LocalDate date) => new(date.Year, date.Month, 1);

    /// <summary>The fact with what it books, and what the account waits for after it.</summary>
    public static PointsEvent Booked(PointsEvent fact, PointsAccount after)
    {
        ArgumentNullException.ThrowIfNull(fact);
        ArgumentNullException.ThrowIfNull(after);
        var (debit, credit) = AccountsOf(fact);
        return fact with { Debit = debit, Credit = credit, Cohorts = CohortsOf(fact), Due = after.DueAt };
    }

    /// <summary>The two accounts that a fact moves its points between.</summary>
    public static IReadOnlyList<TallyChange> TalliesOf(PointsEvent fact)
    {
        ArgumentNullException.ThrowIfNull(fact);
        return [new(Tally(fact.Program, fact.Debit), -fact.Points), new(Tally(fact.Program, fact.Credit), fact.Points)];
    }

    private static (string Debit, string Credit) AccountsOf(PointsEvent fact) => fact switch
    {
        PointsEarned { IsPending: true } e => (Expense(e.Lots[0].Funder), Pending),
        PointsEarned e => (Expense(e.Lots[0].Funder), Available),
        PointsActivated => (Pending, Available),
        PointsHeld => (Available, Held),
        PointsReleased => (Held, Available),
        PointsSpent { WasHeld: true } => (Held, Redeemed),
        PointsSpent => (Available, Redeemed),
        PointsRestored or PointsRegranted => (Redeemed, Available),
        PointsForfeited => (Redeemed, Breakage),
        PointsExpired => (Available, Breakage),
        EarningClawedBack { From: ClawbackFrom.Pending } e => (Pending, Expense(e.Funder)),
        EarningClawedBack { From: ClawbackFrom.Available } e => (Available, Expense(e.Funder)),
        EarningClawedBack e => (Arrears, Expense(e.Funder)),
        ArrearsReduced => (Available, Arrears),
        ArrearsSettled => (Settled, Arrears),
        PointsTransferredOut => (Available, Transit),
        PointsTransferredIn => (Transit, Available),
        PointsAdjusted { IsGrant: true } e => (Expense(e.Funder), Available),
        PointsAdjusted e => (Available, Expense(e.Funder)),
        _ => throw new UnreachableException($"{fact}"),
    };

    /// <summary>By cohort in their order; arrears have that of their day.</summary>
    private static IReadOnlyList<CohortPoints> CohortsOf(PointsEvent fact) => fact.Lots.Count == 0
        ? [new(CohortOf(fact.Date), fact.Points)]
        : [.. fact.Lots.GroupBy(lot => lot.Cohort, (cohort, lots) => new CohortPoints(cohort, lots.Sum(lot => lot.Points))).OrderBy(one => one.Cohort)];
}
