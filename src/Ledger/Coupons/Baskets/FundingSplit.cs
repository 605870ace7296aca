namespace Ledger.Coupons.Baskets;

/// <summary>Who pays a discount.</summary>
public abstract record FundingSplit
{
    private FundingSplit() { }

    /// <param name="Discount">What was asked, or less where the terms scale it down to the budgets: the sum of the shares.</param>
    /// <param name="Shares">Parties that pay anything, in the order of the terms; the merchant last where the terms do not name it.</param>
    public sealed record Paid(Money Discount, IReadOnlyList<FundingShare> Shares) : FundingSplit
    {
        public bool Equals(Paid? other) => other is not null && Discount == other.Discount && Lists.Same(Shares, other.Shares);

        public override int GetHashCode() => Discount.GetHashCode();
    }

    public sealed record Stopped(MoneyBudgetExhausted Reason) : FundingSplit;

    /// <summary>
    /// Splits a discount. Each party pays discount × basis points ÷ 10,000, rounded down, and the first that has a share the rest. Then,
    /// by priority, each pays at most its cap and hands what it cannot pay to the next; what the last hands on is the merchant's.
    /// What budgets cannot bear goes as <see cref="Exhaustion"/> says.
    /// </summary>
    /// <param name="discount">0 or more.</param>
    /// <param name="left">What is left of each party's budget in the campaign; a party that is not named, or null: no budget.</param>
    public static FundingSplit Of(Funding? funding, Money discount, IReadOnlyDictionary<string, Money>? left = null)
    {
        funding ??= Funding.Default;
        var parties = PartiesOf(funding);
        var due = Due(funding, parties, discount.Minor);
        if (left is null || Lacking(parties, due, left) is not { } lacking) return PaidBy(parties, due);
        return funding.OnExhaustion switch
        {
            Exhaustion.MerchantTakesAll when MerchantTakes(parties, due, left) is var taken =>
                Lacking(parties, taken, left) is { } beyond ? new Stopped(beyond) : PaidBy(parties, taken),
            Exhaustion.Scale when Scaled(funding, parties, discount.Minor, left) is { } less => PaidBy(parties, less),
            _ => new Stopped(lacking),
        };
    }

    private static string[] PartiesOf(Funding funding)
    {
        var named = funding.Shares.Select(share => share.Party);
        return [.. named, .. named.Contains(Funding.Merchant, StringComparer.Ordinal) ? Array.Empty<string>() : [Funding.Merchant]];
    }

    private static Paid PaidBy(string[] parties, long[] due) => new(
        new(Apportion.Sum(due)),
        [.. parties.Select((party, i) => new FundingShare(party, new(due[i]))).Where(share => share.Amount != Money.Zero)]);

    private static long[] Due(Funding funding, string[] parties, long discount)
    {
        var due = new long[parties.Length];
        var first = Math.Max(0, funding.Shares.Select(share => share.BasisPoints > 0).ToList().IndexOf(true));
        due[first] = discount;
        for (var i = first + 1; i < funding.Shares.Count; i++)
        {
            due[i] = (long)((Int128)discount * funding.Shares[i].BasisPoints / 10_000);
            due[first] -= due[i];
        }

        var handedOn = 0L;
        foreach (var i in Enumerable.Range(0, funding.Shares.Count).OrderBy(i => funding.Shares[i].Priority))
        {
            var owed = due[i] + handedOn;
            due[i] = parties[i] == Funding.Merchant || funding.Shares[i].Cap is not { } cap ? owed : Math.Min(owed, cap.Minor);
            handedOn = owed - due[i];
        }

        due[Array.IndexOf(parties, Funding.Merchant)] += handedOn;
        return due;
    }

    /// <summary>The first party, in the order of the terms, whose budget is too small.</summary>
    private static MoneyBudgetExhausted? Lacking(string[] parties, long[] due, IReadOnlyDictionary<string, Money> left)
    {
        for (var i = 0; i < parties.Length; i++)
        {
            if (left.TryGetValue(parties[i], out var budget) && due[i] > Math.Max(0, budget.Minor)) return new(parties[i], new(due[i]), Money.Max(budget, Money.Zero));
        }

        return null;
    }

    private static long[] MerchantTakes(string[] parties, long[] due, IReadOnlyDictionary<string, Money> left)
    {
        var (paid, lacking) = (new long[due.Length], 0L);
        for (var i = 0; i < parties.Length; i++)
        {
            var isBounded = parties[i] != Funding.Merchant && left.ContainsKey(parties[i]);
            paid[i] = isBounded ? Math.Min(due[i], Math.Max(0, left[parties[i]].Minor)) : due[i];
            lacking += due[i] - paid[i];
        }

        paid[Array.IndexOf(parties, Funding.Merchant)] += lacking;
        return paid;
    }

    /// <summary>
    /// The split of a smaller discount that every budget bears, found by halving; null where even one unit is too much. A unit more
    /// would be too much for some party; because shares are rounded, a few units more could fit again and are not looked for.
    /// </summary>
    private static long[]? Scaled(Funding funding, string[] parties, long tooMuch, IReadOnlyDictionary<string, Money> left)
    {
        var fits = 0L;
        while (tooMuch - fits > 1)
        {
            var between = fits + ((tooMuch - fits) / 2);
            if (Lacking(parties, Due(funding, parties, between), left) is null) fits = between;
            else tooMuch = between;
        }

        return fits == 0 ? null : Due(funding, parties, fits);
    }
}
