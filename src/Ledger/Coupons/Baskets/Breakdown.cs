namespace Ledger.Coupons.Baskets;

/// <summary>What a use of one coupon came from and where its discount went: enough to recompute it from the pinned terms, and to take it back.</summary>
/// <param name="Basket">Null where the redemption has a record of its own, which holds it.</param>
/// <param name="Eligible">What the goods that it discounts cost.</param>
/// <param name="Lines">The discount by line, index from 0; lines without any are left out.</param>
/// <param name="Funding">The discount by party; parties that pay nothing are left out.</param>
public sealed record Breakdown(Basket? Basket, Money Eligible, IReadOnlyList<LineShare> Lines, IReadOnlyList<FundingShare> Funding)
{
    public bool Equals(Breakdown? other) =>
        other is not null && Basket == other.Basket && Eligible == other.Eligible && Lists.Same(Lines, other.Lines) && Lists.Same(Funding, other.Funding);

    public override int GetHashCode() => HashCode.Combine(Basket, Eligible);
}
