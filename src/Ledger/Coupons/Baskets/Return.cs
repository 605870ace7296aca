namespace Ledger.Coupons.Baskets;

/// <summary>What a redemption recorded: the basket, and what each coupon took off which line at whose cost.</summary>
/// <param name="Coupons">As <see cref="Pricing.Applied"/> gave them.</param>
/// <param name="Points">What points took off after them; null: none were used.</param>
public sealed record Sale(Basket Basket, IReadOnlyList<Priced.Applied> Coupons, PointsPart? Points = null)
{
    public static Sale Of(Pricing pricing)
    {
        ArgumentNullException.ThrowIfNull(pricing);
        return new(pricing.Basket, pricing.Applied);
    }

    public bool Equals(Sale? other) => other is not null && (Basket, Points) == (other.Basket, other.Points) && Lists.Same(Coupons, other.Coupons);

    public override int GetHashCode() => HashCode.Combine(Basket, Coupons.Count);
}

/// <summary>Goods that a customer brings back.</summary>
/// <param name="Line">The line of the sale's basket, from 0.</param>
/// <param name="Quantity">Pieces, 1 or more; null with an amount: no piece is counted.</param>
/// <param name="Amount">
/// At full price, above 0. Null: what the pieces cost, the rest of the line × pieces ÷ pieces left, rounded down; without
/// pieces, all that is left of the line.
/// </param>
public sealed record ReturnItem(int Line, int? Quantity = null, Money? Amount = null);

/// <summary>One return that was carried out.</summary>
/// <param name="Lines">What came back, a line at most once.</param>
/// <param name="Refund">To the customer: the full price of what came back, less the discounts taken back.</param>
/// <param name="Coupons">Each coupon of the sale, in its order.</param>
/// <param name="Points">What it does to the points of the sale; null: none were used.</param>
public sealed record GoodsReturn(IReadOnlyList<LineReturn> Lines, Money Refund, IReadOnlyList<CouponReturn> Coupons, PointsReturn? Points = null)
{
    public bool Equals(GoodsReturn? other) =>
        other is not null && (Refund, Points) == (other.Refund, other.Points) && Lists.Same(Lines, other.Lines) && Lists.Same(Coupons, other.Coupons);

    public override int GetHashCode() => HashCode.Combine(Refund, Lines.Count);
}

/// <param name="Amount">At full price.</param>
public sealed record LineReturn(int Line, int Quantity, Money Amount);

/// <summary>What a return does to one coupon of the sale.</summary>
/// <param name="Discount">Taken back: the sum of the funding.</param>
/// <param name="Funding">Given back to each party; parties that get nothing are left out.</param>
/// <param name="Standing">What of the discount still stands, on the lines that are kept.</param>
/// <param name="IsUsableAgain">Nothing of its discount stands any more, so the coupon goes back to its holder. Its validity is not looked at.</param>
public sealed record CouponReturn(
    string Code, Money Discount, IReadOnlyList<FundingShare> Funding, IReadOnlyList<LineShare> Standing, bool IsUsableAgain)
{
    public bool Equals(CouponReturn? other) =>
        other is not null && (Code, Discount, IsUsableAgain) == (other.Code, other.Discount, other.IsUsableAgain)
        && Lists.Same(Funding, other.Funding) && Lists.Same(Standing, other.Standing);

    public override int GetHashCode() => HashCode.Combine(Code, Discount, IsUsableAgain);
}
