using System.Text.Json.Serialization;

namespace Ledger.Coupons.Baskets;

/// <summary>A coupon presented for a basket.</summary>
/// <param name="Terms">The version that it pins.</param>
/// <param name="Position">Where the caller named it: tells equal codes apart and is otherwise the caller's own.</param>
/// <param name="Campaign">Whose money budgets it draws on, as far as its terms name them.</param>
/// <param name="Uses">How many of its uses at once.</param>
public sealed record Candidate(string Code, CouponTerms Terms, int Position = 0, string Campaign = "", int Uses = 1)
{
    /// <summary>The order of application: by the terms, then by code, then by position.</summary>
    public static IReadOnlyList<Candidate> InOrder(IEnumerable<Candidate> candidates) =>
        [.. candidates.OrderBy(c => (c.Terms.Stacking ?? Stacking.Default).Order).ThenBy(c => c.Code, StringComparer.Ordinal).ThenBy(c => c.Position)];
}

/// <summary>What a basket answers to one candidate.</summary>
public abstract record Priced(Candidate Candidate)
{
    /// <param name="Eligible">What the goods that it discounts still cost before it: the discount is never more.</param>
    /// <param name="Lines">The discount by line, in the order of the lines; lines without any are left out.</param>
    /// <param name="Funding">The discount by party, in the order of the terms; parties that pay nothing are left out.</param>
    public sealed record Applied(
        Candidate Candidate, Money Eligible, Money Discount, IReadOnlyList<LineShare> Lines, IReadOnlyList<FundingShare> Funding) : Priced(Candidate)
    {
        public bool Equals(Applied? other) =>
            other is not null && (Candidate, Eligible, Discount) == (other.Candidate, other.Eligible, other.Discount)
            && Lists.Same(Lines, other.Lines) && Lists.Same(Funding, other.Funding);

        public override int GetHashCode() => HashCode.Combine(Candidate, Eligible, Discount);
    }

    public sealed record Refused(Candidate Candidate, Rejection Reason) : Priced(Candidate);
}

/// <summary>
/// A basket with the coupons presented for it, priced in the order of <see cref="Candidate.InOrder"/>. One that is refused takes part no
/// further: those after it are priced as if it were not there. Whether all or none is wanted is the caller's concern.
/// </summary>
public sealed record Pricing(Basket Basket, IReadOnlyList<Priced> Coupons)
{
    /// <summary>Those that hold, in the order of application: with the basket, what a redemption records.</summary>
    [JsonIgnore]
    public IReadOnlyList<Priced.Applied> Applied => [.. Coupons.OfType<Priced.Applied>()];

    /// <summary>The first refusal in the order of application; null where every coupon holds.</summary>
    [JsonIgnore]
    public Rejection? Refusal => Coupons.OfType<Priced.Refused>().FirstOrDefault()?.Reason;

    [JsonIgnore]
    public Money Discount => Applied.Aggregate(Money.Zero, (sum, coupon) => sum + coupon.Discount);

    /// <summary>What the customer pays if the coupons that hold are used.</summary>
    [JsonIgnore]
    public Money Payable => Basket.Amount - Discount;

    /// <param name="left">What is left of the money budgets; a campaign's party that is not named, or null: no budget.</param>
    /// <exception cref="ArgumentException">An amount is negative or a quantity not positive: the edge lets none pass.</exception>
    public static Pricing Of(
        Basket basket, IReadOnlyList<Candidate> candidates, IReadOnlyDictionary<(string Campaign, string Party), Money>? left = null)
    {
        ArgumentNullException.ThrowIfNull(basket);
        ArgumentNullException.ThrowIfNull(candidates);
        var inOrder = Candidate.InOrder(candidates);
        if (TooMany(basket, candidates.Count) is { } tooMany) return new(basket, [.. inOrder.Select(candidate => new Priced.Refused(candidate, tooMany))]);
        var desk = Desk.Open(basket, left);
        var coupons = new List<Priced>(inOrder.Count);
        foreach (var candidate in inOrder)
        {
            var priced = desk.Price(Contender.Of(candidate, basket));
            if (priced is Priced.Applied applied) desk = desk.With(applied);
            coupons.Add(priced);
        }

        return new(basket, coupons);
    }

    internal static Rejection? TooMany(Basket basket, int candidates) =>
        basket.Lines.Count > Limits.MaxBasketLines ? new TooManyLines(basket.Lines.Count, Limits.MaxBasketLines)
        : candidates > Limits.MaxRedeemables ? new TooManyRedeemables(candidates, Limits.MaxRedeemables)
        : null;
}
