using System.Diagnostics;
using System.Globalization;
using Ledger.Benefits;
using Ledger.Points;
using NodaTime;
using static Ledger.Points.PointsEvent;

namespace Ledger.Postgres.Audit;

/// <summary>A row of sums with a mark that it was seen.</summary>
internal sealed class SumRow(int columns)
{
    public long[] Values { get; } = new long[columns];

    public bool IsSeen { get; set; }
}

/// <summary>The rows of one table of sums, by key.</summary>
internal sealed class SumRows : Dictionary<string, SumRow>
{
    public SumRows()
        : base(StringComparer.Ordinal)
    {
    }

    /// <summary>Adds to a row that the part holds.</summary>
    public void Add(string key, Part part, ref int held, params ReadOnlySpan<long> changes)
    {
        if (!part.Holds(key)) return;
        if (!TryGetValue(key, out var row))
        {
            held++;
            Add(key, row = new(changes.Length));
        }

        for (var i = 0; i < changes.Length; i++) row.Values[i] += changes[i];
    }
}

/// <summary>What the entries of points and benefits come to, reckoned from what each fact means, not from what it says that it booked.</summary>
internal sealed class PointsSums
{
    public SumRows Balances { get; } = [];

    public SumRows Days { get; } = [];

    public SumRows Months { get; } = [];

    public int Held => Balances.Count + Days.Count + Months.Count;

    public void Shrink(Part part)
    {
        foreach (var rows in new[] { Balances, Days, Months })
            foreach (var key in rows.Keys.Where(key => !part.Holds(key)).ToList()) rows.Remove(key);
    }

    public static string KeyOf(LocalDate day, LocalDate cohort, string program, string account) =>
        string.Create(CultureInfo.InvariantCulture, $"{day.ToDateOnly():yyyy-MM-dd}/{cohort.ToDateOnly():yyyy-MM-dd}/{program}/{account}");

    public static string KeyOf(LocalDate month, string benefit) => string.Create(CultureInfo.InvariantCulture, $"{month.ToDateOnly():yyyy-MM-dd}/{benefit}");

    public void Add(object fact, long seq, ModelProgress progress, Part part, ref int held)
    {
        switch (fact)
        {
            case PointsEvent points: Add(points, seq, progress, part, ref held); break;
            case BenefitOrderEvent.BenefitOrdered e: Count(e.Benefit, e.Date, e.Redeemed, e.Points, seq, progress, part, ref held); break;
            case BenefitOrderEvent.BenefitPickedUp e: Count(e.Benefit, e.Date, e.Redeemed, e.Points, seq, progress, part, ref held); break;
            case BenefitOrderEvent.BenefitCancelled e: Count(e.Benefit, e.Date, e.Redeemed, e.Points, seq, progress, part, ref held); break;
            default: break;
        }
    }

    private void Count(string benefit, LocalDate date, int redeemed, long points, long seq, ModelProgress progress, Part part, ref int held)
    {
        if (redeemed != 0 && seq <= progress.BenefitMonths) Months.Add(KeyOf(new(date.Year, date.Month, 1), benefit), part, ref held, redeemed, redeemed * points);
    }

    private void Add(PointsEvent fact, long seq, ModelProgress progress, Part part, ref int held)
    {
        var (from, to) = MoveOf(fact);
        if (seq <= progress.PointsBalances)
        {
            var (lifetime, tier) = fact switch
            {
                PointsEarned e => (e.Points, e.Tier),
                PointsAdjusted { IsGrant: true } e => (e.Points, 0),
                EarningClawedBack e => (-e.Points, -e.Points),
                _ => (0, 0),
            };
            Balances.Add(
                $"{fact.Program}/{fact.Member}", part, ref held, Change("available"), Change("pending"), Change("held"), -Change("arrears"), lifetime, tier);
        }

        if (seq > progress.PointsDays) return;
        if (fact.Lots.Count == 0) Move(new(fact.Date.Year, fact.Date.Month, 1), fact.Points, part, ref held);
        foreach (var lot in fact.Lots) Move(lot.Cohort, lot.Points, part, ref held);

        long Change(string account) => (to == account ? fact.Points : 0) - (from == account ? fact.Points : 0);

        void Move(LocalDate cohort, long points, Part part, ref int held)
        {
            Days.Add(KeyOf(fact.Date, cohort, fact.Program, from), part, ref held, -points);
            Days.Add(KeyOf(fact.Date, cohort, fact.Program, to), part, ref held, points);
        }
    }

    private static (string From, string To) MoveOf(PointsEvent fact) => fact switch
    {
        PointsEarned e => ($"expense/{e.Lots[0].Funder}", e.IsPending ? "pending" : "available"),
        PointsActivated => ("pending", "available"),
        PointsHeld => ("available", "held"),
        PointsReleased => ("held", "available"),
        PointsSpent e => (e.WasHeld ? "held" : "available", "redeemed"),
        PointsRestored or PointsRegranted => ("redeemed", "available"),
        PointsForfeited => ("redeemed", "breakage"),
        PointsExpired => ("available", "breakage"),
        EarningClawedBack e => (e.Owed > 0 ? "arrears" : e.From == ClawbackFrom.Pending ? "pending" : "available", $"expense/{e.Funder}"),
        ArrearsReduced => ("available", "arrears"),
        ArrearsSettled => ("settled", "arrears"),
        PointsTransferredOut => ("available", "transit"),
        PointsTransferredIn => ("transit", "available"),
        PointsAdjusted e => e.IsGrant ? ($"expense/{e.Funder}", "available") : ("available", $"expense/{e.Funder}"),
        _ => throw new UnreachableException($"{fact}"),
    };
}

/// <summary>Compares a table of sums, whose columns of numbers stand behind those of its key.</summary>
internal sealed class SumTable(string name, int firstNumber, string[] columns, Func<PointsSums, SumRows> rowsOf, Func<CopyRows, string> keyOf) : ITableCheck
{
    public const string Balances = "points_balances";
    public const string Days = "points_days";
    public const string Months = "benefit_months";

    public static IReadOnlyList<ITableCheck> All { get; } =
    [
        new SumTable(Balances, 3, ["available", "pending", "held", "arrears", "lifetime", "tier"], sums => sums.Balances, row => $"{row.Text(1)}/{row.Text(2)}"),
        new SumTable(Days, 5, ["points"], sums => sums.Days, row =>
            PointsSums.KeyOf(PostgresTime.ToDate(row.Int32(2)), PostgresTime.ToDate(row.Int32(3)), row.Text(1), row.Text(4))),
        new SumTable(Months, 3, ["redeemed", "points"], sums => sums.Months, row => PointsSums.KeyOf(PostgresTime.ToDate(row.Int32(1)), row.Text(2))),
    ];

    public string Table => name;

    public string Sql => $"audit_{name}.sql";

    public bool Compare(CopyRows row, BookFold book, Part part)
    {
        var key = keyOf(row);
        if (!part.Holds(key)) return false;
        if (book.IsBroken) return true;
        if (!rowsOf(book.Points).TryGetValue(key, out var sum))
        {
            book.Findings.Add(new RowUnexpected(book.Book, name, key));
            return true;
        }

        sum.IsSeen = true;
        for (var i = 0; i < columns.Length; i++)
        {
            if (sum.Values[i] != row.Int64(firstNumber + i)) Differ.Number(book, name, key, columns[i], sum.Values[i], row.Int64(firstNumber + i));
        }

        return true;
    }

    public void Missing(BookFold book)
    {
        foreach (var (key, sum) in rowsOf(book.Points))
        {
            if (!sum.IsSeen && !book.IsBroken) book.Findings.Add(new RowMissing(book.Book, name, key));
        }
    }
}
