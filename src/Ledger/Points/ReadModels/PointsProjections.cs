using System.Diagnostics;
using NodaTime;
using static Ledger.Points.PointsEvent;

namespace Ledger.Points.ReadModels;

/// <summary>A row of <c>points_balances</c>.</summary>
public sealed record PointsBalanceRow(string Book, string Program, string Member, long Available, long Pending, long Held, long Arrears, long Lifetime, long Tier);

/// <summary>A row of <c>points_days</c>.</summary>
public sealed record PointsDayRow(string Book, string Program, LocalDate Day, LocalDate Cohort, string Account, long Points);

/// <summary>
/// The read models of points by another road than their SQL: what the accounts were before a fact and are after it says what it booked, whatever the
/// fact says of itself. Holds one state an account.
/// </summary>
public sealed class PointsProjections(string book)
{
    private readonly Dictionary<string, (string Program, string Member, PointsAccount State)> accounts = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Program, LocalDate Day, LocalDate Cohort, string Account), long> days = [];
    private readonly HashSet<(string Stream, Instant DueAt)> timers = [];

    public IEnumerable<PointsBalanceRow> Balances => accounts.Values.Select(one => new PointsBalanceRow(
        book, one.Program, one.Member, one.State.Available, one.State.PendingPoints, one.State.Held, one.State.Arrears, one.State.Lifetime, one.State.Tier));

    public IEnumerable<PointsDayRow> Days => days.Select(pair => new PointsDayRow(book, pair.Key.Program, pair.Key.Day, pair.Key.Cohort, pair.Key.Account, pair.Value));

    /// <summary>The streams that are to be asked, and when.</summary>
    public IEnumerable<(string Stream, Instant DueAt)> Timers => timers;

    /// <summary>Takes the book's next entry; entries of other slices change nothing.</summary>
    public void Apply(string stream, object fact)
    {
        if (fact is not PointsEvent happened) return;
        var before = accounts.TryGetValue(stream, out var known) ? known.State : PointsAccount.None;
        var after = PointsDecider.Evolve(before, happened);
        accounts[stream] = (happened.Program, happened.Member, after);
        foreach (var (cohort, account, points) in Moves(happened, before, after))
        {
            var key = (happened.Program, happened.Date, cohort, account);
            days[key] = days.GetValueOrDefault(key) + points;
        }

        if (after.DueAt is { } due) timers.Add((stream, due));
    }

    private static IEnumerable<(LocalDate Cohort, string Account, long Points)> Moves(PointsEvent fact, PointsAccount before, PointsAccount after)
    {
        if (fact is PointsForfeited)
            return fact.Lots.SelectMany(lot => new[] { (lot.Cohort, PointsBooks.Redeemed, -lot.Points), (lot.Cohort, PointsBooks.Breakage, lot.Points) });
        var changes = Positions(after).Concat(Positions(before).Select(one => one with { Points = -one.Points }))
            .GroupBy(one => (one.Cohort, one.Account), (key, all) => (key.Cohort, key.Account, Points: all.Sum(one => one.Points))).Where(one => one.Points != 0).ToList();
        var owed = after.Arrears - before.Arrears;
        if (changes.Count == 0 && owed != 0) changes.Add((new(fact.Date.Year, fact.Date.Month, 1), PointsBooks.Arrears, -owed));
        var others = changes.GroupBy(one => one.Cohort, (cohort, all) => (cohort, OtherSide(fact), -all.Sum(one => one.Points)));
        return changes.Concat(others.Where(one => one.Item3 != 0));
    }

    private static IEnumerable<(LocalDate Cohort, string Account, long Points)> Positions(PointsAccount account) =>
        account.Pending.Select(lot => (lot.Cohort, PointsBooks.Pending, lot.Points))
            .Concat(account.Lots.Select(lot => (lot.Cohort, PointsBooks.Available, lot.Points)))
            .Concat(account.Holds.SelectMany(hold => hold.Lots).Select(lot => (lot.Cohort, PointsBooks.Held, lot.Points)));

    /// <summary>The account that is not the member's, where there is one.</summary>
    private static string OtherSide(PointsEvent fact) => fact switch
    {
        PointsEarned e => PointsBooks.Expense(e.Lots[0].Funder),
        EarningClawedBack e => PointsBooks.Expense(e.Funder),
        PointsAdjusted e => PointsBooks.Expense(e.Funder),
        PointsSpent or PointsRestored or PointsRegranted => PointsBooks.Redeemed,
        PointsExpired => PointsBooks.Breakage,
        ArrearsReduced => PointsBooks.Arrears,
        ArrearsSettled => PointsBooks.Settled,
        PointsTransferredOut or PointsTransferredIn => PointsBooks.Transit,
        PointsActivated or PointsHeld or PointsReleased => "",
        _ => throw new UnreachableException($"{fact}"),
    };
}
