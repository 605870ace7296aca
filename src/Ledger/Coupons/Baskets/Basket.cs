using System.Text.Json.Serialization;

namespace Ledger.Coupons.Baskets;

/// <summary>What a customer buys in one go, and how it is paid as far as the till says.</summary>
/// <param name="Lines">At most <see cref="Limits.MaxBasketLines"/>. Lines are named by their index, from 0.</param>
/// <param name="Payments">Null: the till does not say; coupons that are bound to payment methods are then refused.</param>
public sealed record Basket(IReadOnlyList<BasketLine> Lines, IReadOnlyList<Payment>? Payments = null)
{
    /// <summary>A basket of which only the amount is known: one line that names no goods.</summary>
    public static Basket Of(Money amount) => new([new(amount)]);

    /// <summary>The full price, before any coupon.</summary>
    [JsonIgnore]
    public Money Amount => Lines.Aggregate(Money.Zero, (sum, line) => sum + line.Amount);

    public bool Equals(Basket? other) => other is not null && Lists.Same(Lines, other.Lines) && Lists.Same(Payments, other.Payments);

    public override int GetHashCode() => HashCode.Combine(Lines.Count, Payments?.Count);
}

/// <summary>One line.</summary>
/// <param name="Amount">The full price of the whole line, 0 or more.</param>
/// <param name="Quantity">Pieces, 1 or more.</param>
/// <param name="Goods">The merchant's code of the goods.</param>
/// <param name="Category">The merchant's category of the goods.</param>
public sealed record BasketLine(Money Amount, int Quantity = 1, string? Goods = null, string? Category = null);

/// <summary>A part of the payment.</summary>
/// <param name="Method">The fund channel, such as "huabei".</param>
/// <param name="Amount">A method with amount 0 is not used and breaks no rule.</param>
public sealed record Payment(string Method, Money Amount);

/// <summary>An amount at one line of a basket.</summary>
public readonly record struct LineShare(int Line, Money Amount)
{
    /// <summary>The lines that have any.</summary>
    internal static IReadOnlyList<LineShare> Of(long[] amounts) =>
        [.. amounts.Select((amount, line) => new LineShare(line, new(amount))).Where(share => share.Amount != Money.Zero)];

    internal static long[] Spread(IReadOnlyList<LineShare> shares, int lines)
    {
        var amounts = new long[lines];
        foreach (var (line, amount) in shares) amounts[line] += amount.Minor;
        return amounts;
    }
}

/// <summary>An amount that one party pays.</summary>
public sealed record FundingShare(string Party, Money Amount);
