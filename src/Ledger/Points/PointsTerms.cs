using System.Text.Json.Serialization;
using NodaTime;

namespace Ledger.Points;

/// <summary>
/// What a programme promises: one immutable version. A purchase and a spend pin the version under which they were made, so that they are undone as
/// they were done.
/// </summary>
/// <param name="ActivationDays">0: active at once; n: from the start of the n-th day after earning.</param>
/// <param name="Value">What points are worth in money: for liability, for arrears and as a discount.</param>
/// <param name="GraceDays">Days for which points are given again that a refund restores after their lot expired; null: they are forfeited.</param>
/// <param name="MinimumSpend">Fewest points of one spend.</param>
/// <param name="MaximumSpend">Most points of one spend; null: no limit.</param>
/// <param name="Transfers">How members may give points to each other; null: they may not.</param>
public sealed record PointsTerms(
    EarningRule Earning, int ActivationDays, PointsExpiry Expiry, PointsValue Value, int? GraceDays, Clawback Clawback, long MinimumSpend, long? MaximumSpend = null,
    TransferRule? Transfers = null);

/// <summary>So many points for so much money.</summary>
/// <param name="Points">The numerator.</param>
/// <param name="Per">The denominator, in minor units: 1 point a yuan is 1 per 100.</param>
/// <param name="IsPerLine">Whether each line is rounded by itself; else the order's sum is.</param>
/// <param name="Rounding">What becomes of the part of a point that the division leaves.</param>
public sealed record EarningRule(int Points, long Per, bool IsPerLine, PointsRounding Rounding)
{
    /// <summary>The points for these net amounts. Fewer amounts never earn more, so that a refund never gives points.</summary>
    public long On(IEnumerable<Money> net)
    {
        ArgumentNullException.ThrowIfNull(net);
        return IsPerLine ? net.Sum(Rounded) : Rounded(Money.Sum(net));
    }

    private long Rounded(Money net) => (long)((((Int128)net.Minor * Points) + (Rounding == PointsRounding.HalfUp ? Per / 2 : 0)) / Per);
}

public enum PointsRounding
{
    /// <summary>Down to whole points.</summary>
    Floor,

    /// <summary>To the nearest whole point, halves up.</summary>
    HalfUp,
}

/// <summary>So much money for so many points.</summary>
/// <param name="Amount">The numerator, in minor units.</param>
/// <param name="Points">The denominator.</param>
public sealed record PointsValue(Money Amount, int Points)
{
    /// <summary>Rounded down to whole minor units.</summary>
    public Money Of(long points) => new((long)((Int128)points * Amount.Minor / Points));

    /// <summary>What pays for points that are owed: rounded up, so that no part of a minor unit is waived.</summary>
    public Money Owed(long points) => new((long)((((Int128)points * Amount.Minor) + Points - 1) / Points));

    /// <summary>The fewest points, of at most so many, that are worth the most that is not above the amount; but no fewer than the least, as far as these are worth no more.</summary>
    public long Towards(Money amount, long most, long least)
    {
        most = (long)Int128.Min(most, ((((Int128)amount.Minor + 1) * Points) - 1) / Amount.Minor);
        return Math.Max(Owing(Of(most)), Math.Min(least, most));
    }

    /// <summary>The most points that an amount pays for.</summary>
    public long Within(Money amount) => (long)((Int128)amount.Minor * Points / Amount.Minor);

    /// <summary>The fewest points that are worth an amount.</summary>
    private long Owing(Money amount) => (long)((((Int128)amount.Minor * Points) + Amount.Minor - 1) / Amount.Minor);
}

/// <summary>What becomes of points that cannot be clawed back, because they were spent.</summary>
public enum Clawback
{
    /// <summary>They are owed, and what the member earns next pays them.</summary>
    Arrears,

    /// <summary>Their value is deducted from the money that is refunded; what that does not cover is owed.</summary>
    DeductFromRefund,

    /// <summary>They are waived. What is held is not spent yet, and owed.</summary>
    WithinBalance,
}

/// <summary>How much a member may give to others.</summary>
/// <param name="MaxPoints">In one transfer.</param>
/// <param name="MaxPerDay">On one business date.</param>
public sealed record TransferRule(long MaxPoints, long MaxPerDay);

/// <summary>When points expire: always at the end of a business day, and so at the first instant of the next.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(AfterMonths), "afterMonths")]
[JsonDerivedType(typeof(OnDate), "onDate")]
[JsonDerivedType(typeof(EndOfYear), "endOfYear")]
public abstract record PointsExpiry
{
    private PointsExpiry() { }

    /// <summary>The last day of validity.</summary>
    protected abstract LocalDate LastDay(LocalDate earned);

    /// <summary>First instant no longer valid of points earned on that date.</summary>
    public Instant Of(LocalDate earned, DateTimeZone zone) => Times.StartOfDay(LastDay(earned).PlusDays(1), zone);

    /// <summary>The same day of a later month; the month's last day where it has no such day: 31 January and one month make 28 February.</summary>
    public sealed record AfterMonths(int Months) : PointsExpiry
    {
        protected override LocalDate LastDay(LocalDate earned) => earned.PlusMonths(Months);
    }

    public sealed record OnDate(LocalDate Date) : PointsExpiry
    {
        protected override LocalDate LastDay(LocalDate earned) => Date;
    }

    /// <summary>31 December of the year, or so many years later.</summary>
    public sealed record EndOfYear(int YearsLater) : PointsExpiry
    {
        protected override LocalDate LastDay(LocalDate earned) => new(earned.Year + YearsLater, 12, 31);
    }
}
