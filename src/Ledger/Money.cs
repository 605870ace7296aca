using System.Globalization;

namespace Ledger;

/// <summary>
/// An amount in the minor unit of the merchant's one currency (CNY: fen, 1/100 yuan). Whole units only; arithmetic is
/// overflow-checked. At the edge amounts are bounded to <see cref="Limits.MaxAmount"/>.
/// </summary>
public readonly record struct Money(long Minor) : IComparable<Money>
{
    public static Money Zero { get; }

    public static Money Min(Money a, Money b) => a.Minor <= b.Minor ? a : b;
    public static Money Max(Money a, Money b) => a.Minor >= b.Minor ? a : b;
    public static Money Sum(IEnumerable<Money> amounts) => amounts.Aggregate(Zero, (sum, amount) => sum + amount);
    public int CompareTo(Money other) => Minor.CompareTo(other.Minor);

    public static Money operator +(Money a, Money b) => new(a.Minor + b.Minor);
    public static Money operator -(Money a, Money b) => new(a.Minor - b.Minor);
    public static bool operator <(Money a, Money b) => a.Minor < b.Minor;
    public static bool operator >(Money a, Money b) => a.Minor > b.Minor;
    public static bool operator <=(Money a, Money b) => a.Minor <= b.Minor;
    public static bool operator >=(Money a, Money b) => a.Minor >= b.Minor;

    public override string ToString() => Minor.ToString(CultureInfo.InvariantCulture);
}
