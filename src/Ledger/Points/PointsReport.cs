using NodaTime;

namespace Ledger.Points;

/// <summary>The accounts of a programme in double entry, and what it owes its members.</summary>
/// <param name="Accounts">Each with its balance, credit as more than 0; they sum to zero.</param>
/// <param name="Outstanding">Points that members have: pending, available and held.</param>
/// <param name="Liability">What those that are expected to be redeemed are worth, in minor units.</param>
public sealed record PointsReport(string Program, IReadOnlyList<PointsAccountBalance> Accounts, long Sum, long Outstanding, Money Liability, IReadOnlyList<PointsCohort> Cohorts)
{
    /// <param name="rows">What the accounts hold by cohort.</param>
    public static PointsReport Of(string id, PointsProgram program, PointsTerms terms, IReadOnlyList<(LocalDate Cohort, string Account, long Points)> rows)
    {
        ArgumentNullException.ThrowIfNull(program);
        ArgumentNullException.ThrowIfNull(terms);
        var accounts = rows.GroupBy(row => row.Account, (account, all) => new PointsAccountBalance(account, all.Sum(row => row.Points)), StringComparer.Ordinal)
            .OrderBy(account => account.Account, StringComparer.Ordinal).ToList();
        var cohorts = rows.GroupBy(row => row.Cohort).OrderBy(group => group.Key)
            .Select(group => PointsCohort.Of(group.Key, [.. group.Select(row => (row.Account, row.Points))], program.EstimateOf(group.Key), terms.Value)).ToList();
        return new(id, accounts, accounts.Sum(account => account.Points), cohorts.Sum(cohort => cohort.Outstanding), Money.Sum(cohorts.Select(cohort => cohort.Liability)), cohorts);
    }
}

public sealed record PointsAccountBalance(string Account, long Points);

/// <summary>The points that were earned in one month, whatever became of them.</summary>
/// <param name="Cohort">First day of the month.</param>
/// <param name="Issued">Net of what was clawed back.</param>
/// <param name="Expired">With what was forfeited.</param>
/// <param name="EstimateBasisPoints">How much of the issued points is expected to be redeemed in all, in hundredths of a percent.</param>
/// <param name="Expected">Points of the outstanding ones that are expected to be redeemed yet.</param>
/// <param name="Liability">What these are worth.</param>
public sealed record PointsCohort(LocalDate Cohort, long Issued, long Redeemed, long Expired, long Outstanding, int EstimateBasisPoints, long Expected, Money Liability)
{
    public static PointsCohort Of(LocalDate cohort, IReadOnlyList<(string Account, long Points)> rows, int estimate, PointsValue value)
    {
        ArgumentNullException.ThrowIfNull(value);
        var issued = -rows.Where(row => row.Account.StartsWith(PointsBooks.Expense(""), StringComparison.Ordinal)).Sum(row => row.Points);
        var outstanding = Sum(PointsBooks.Pending) + Sum(PointsBooks.Available) + Sum(PointsBooks.Held);
        var expected = Math.Clamp((long)((Int128)issued * estimate / 10_000) - Sum(PointsBooks.Redeemed), 0, Math.Max(0, outstanding));
        return new(cohort, issued, Sum(PointsBooks.Redeemed), Sum(PointsBooks.Breakage), outstanding, estimate, expected, value.Of(expected));

        long Sum(string account) => rows.Where(row => row.Account == account).Sum(row => row.Points);
    }
}
