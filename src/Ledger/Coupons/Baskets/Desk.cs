using System.Collections.Immutable;

namespace Ledger.Coupons.Baskets;

/// <summary>A candidate with what of a basket concerns it.</summary>
/// <param name="Covers">Per line, whether it is discounted.</param>
/// <param name="Initial">What those lines cost before any coupon.</param>
internal sealed record Contender(Candidate Candidate, bool[] Covers, Money Initial)
{
    public Stacking Stacking { get; } = Candidate.Terms.Stacking ?? Stacking.Default;

    public static Contender Of(Candidate candidate, Basket basket)
    {
        var covers = candidate.Terms.Goods?.Covers(basket.Lines.Select(line => (line.Goods, line.Category))) ?? [.. basket.Lines.Select(_ => true)];
        var initial = basket.Lines.Where((_, line) => covers[line]).Aggregate(Money.Zero, (sum, line) => sum + line.Amount);
        return new(candidate, covers, initial);
    }

    /// <summary>The amounts of the lines that it discounts; 0 for the others.</summary>
    public long[] Eligible(long[] amounts)
    {
        var eligible = new long[amounts.Length];
        for (var line = 0; line < amounts.Length; line++) eligible[line] = Covers[line] ? amounts[line] : 0;
        return eligible;
    }
}

/// <summary>A basket as the coupons applied so far leave it. Never changed: applying one more makes the next.</summary>
/// <param name="Remaining">What each line still costs.</param>
internal sealed record Desk(
    Basket Basket, long[] Remaining, ImmutableArray<Priced.Applied> Applied, Money Discount, ImmutableDictionary<(string Campaign, string Party), Money>? Left)
{
    public static Desk Open(Basket basket, IReadOnlyDictionary<(string Campaign, string Party), Money>? left)
    {
        if (basket.Lines.Any(line => line.Amount < Money.Zero || line.Quantity < 1))
            throw new ArgumentException("A line has a negative amount or no quantity.", nameof(basket));
        return new(basket, [.. basket.Lines.Select(line => line.Amount.Minor)], [], Money.Zero, left?.ToImmutableDictionary());
    }

    /// <summary>Reads top to bottom: the first line that refuses answers.</summary>
    public Priced Price(Contender one)
    {
        var (candidate, terms) = (one.Candidate, one.Candidate.Terms);
        var eligible = one.Eligible(Remaining);
        var remaining = new Money(Apportion.Sum(eligible));
        var onFloor = one.Stacking.FloorOn == AmountBasis.Remaining ? remaining : one.Initial;
        if (terms.Benefit.Times(candidate.Uses) is null) return new Priced.Refused(candidate, new OneUseABasket());
        if (!one.Covers.Contains(true)) return new Priced.Refused(candidate, new GoodsNotEligible());
        if (MethodRefused(terms) is { } method) return new Priced.Refused(candidate, method);
        if (onFloor < terms.MinimumSpend) return new Priced.Refused(candidate, new FloorNotMet(terms.MinimumSpend, onFloor));
        if (Conflicts(one) is { Length: > 0 } codes) return new Priced.Refused(candidate, new StackingConflict(codes));

        var discount = DiscountOf(one, remaining);
        if (discount == Money.Zero) return new Priced.Refused(candidate, new NothingToDiscount(remaining));
        return FundingSplit.Of(terms.Funding, discount, LeftOf(candidate, terms)) switch
        {
            FundingSplit.Stopped(var reason) => new Priced.Refused(candidate, reason),
            FundingSplit.Paid paid => new Priced.Applied(
                candidate, remaining, paid.Discount, LineShare.Of(Apportion.ByWeight(paid.Discount.Minor, eligible)), paid.Shares),
            var other => throw new System.Diagnostics.UnreachableException($"{other}"),
        };
    }

    public Desk With(Priced.Applied coupon) => Without(coupon.Lines) with
    {
        Applied = Applied.Add(coupon),
        Discount = Discount + coupon.Discount,
        Left = Left?.SetItems(coupon.Funding
            .Select(share => (Key: (coupon.Candidate.Campaign, share.Party), share.Amount))
            .Where(share => coupon.Candidate.Terms.IsBudgeted(share.Key.Party) && Left.ContainsKey(share.Key))
            .Select(share => KeyValuePair.Create(share.Key, Left[share.Key] - share.Amount))),
    };

    /// <summary>The same with these amounts off; no line falls below 0.</summary>
    public Desk Without(IReadOnlyList<LineShare> lines)
    {
        var remaining = (long[])Remaining.Clone();
        foreach (var (line, amount) in lines) remaining[line] = Math.Max(0, remaining[line] - amount.Minor);
        return this with { Remaining = remaining };
    }

    /// <summary>The discount before any budget is asked.</summary>
    public static Money DiscountOf(Contender one, Money remaining)
    {
        var isOfInitial = one.Candidate.Terms.Benefit is Benefit.Percentage && one.Stacking.PercentageOf == AmountBasis.Initial;
        return Money.Min(one.Candidate.Terms.Benefit.Times(one.Candidate.Uses)!.On(isOfInitial ? one.Initial : remaining), remaining);
    }

    private PaymentMethodNotAllowed? MethodRefused(CouponTerms terms)
    {
        if (terms.PaymentMethods is null or { Count: 0 }) return null;
        var used = (Basket.Payments ?? []).Where(payment => payment.Amount > Money.Zero).Select(payment => payment.Method).ToList();
        return used.Count == 0 ? new(null)
            : used.Find(method => !terms.PaymentMethods.Contains(method, StringComparer.Ordinal)) is { } other ? new(other)
            : null;
    }

    /// <summary>A coupon cannot stand beside an exclusive one, another of its category, or itself.</summary>
    private string[] Conflicts(Contender one) =>
    [
        .. from applied in Applied
           let other = applied.Candidate.Terms.Stacking ?? Stacking.Default
           where one.Stacking.IsExclusive || other.IsExclusive || applied.Candidate.Code == one.Candidate.Code
               || (one.Stacking.Category is not null && other.Category == one.Stacking.Category)
           select applied.Candidate.Code,
    ];

    private Dictionary<string, Money>? LeftOf(Candidate candidate, CouponTerms terms) => Left is null || terms.Budgets is null ? null : terms.Budgets
        .Where(party => Left.ContainsKey((candidate.Campaign, party)))
        .ToDictionary(party => party, party => Left[(candidate.Campaign, party)], StringComparer.Ordinal);
}
