namespace Ledger.Coupons;

/// <summary>Who pays for the discounts of a terms version, and what happens when a campaign's money runs out.</summary>
/// <param name="Shares">In the order that is part of the terms; their basis points add up to 10,000 and each party stands once.</param>
/// <param name="OnExhaustion">What follows when a party's budget cannot bear its share of a discount.</param>
public sealed record Funding(IReadOnlyList<Funder> Shares, Exhaustion OnExhaustion = Exhaustion.Stop)
{
    /// <summary>The party that pays what nobody else does, named or not.</summary>
    public const string Merchant = "merchant";

    /// <summary>The party whose budget in a campaign is what funding pools granted to it.</summary>
    public const string Platform = "platform";

    /// <summary>The merchant pays all.</summary>
    public static Funding Default { get; } = new([new(Merchant, 10_000)]);

    public bool Equals(Funding? other) => other is not null && OnExhaustion == other.OnExhaustion && Lists.Same(Shares, other.Shares);

    public override int GetHashCode() => HashCode.Combine(OnExhaustion, Shares.Count);
}

/// <summary>One party's share.</summary>
/// <param name="Party">"merchant", "platform", "brand-xyz".</param>
/// <param name="BasisPoints">Of the discount; 0 for a party that only takes over from capped ones.</param>
/// <param name="Cap">The most it pays for one redemption; null: no cap. The merchant has none.</param>
/// <param name="Priority">Parties take over from capped ones before them, lowest first, equal ones in the order of the terms.</param>
public sealed record Funder(string Party, int BasisPoints, Money? Cap = null, int Priority = 0);

/// <summary>What follows when what is left of a party's budget is less than it has to pay.</summary>
public enum Exhaustion
{
    /// <summary>The coupon is refused.</summary>
    Stop,

    /// <summary>The party pays what it has left, and the merchant the rest; refused where the merchant's own budget cannot bear that.</summary>
    MerchantTakesAll,

    /// <summary>The discount shrinks until every party can pay its share of it.</summary>
    Scale,
}
