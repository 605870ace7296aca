using Ledger.Coupons;
using Ledger.Coupons.Baskets;

namespace Ledger.Tests.Coupons.Baskets;

/// <summary>Baskets, coupons and returns of every kind, from one seed: the same seed makes the same again.</summary>
internal sealed class RandomBasket(int seed)
{
    private static readonly string?[] s_goods = [null, "tea", "mug", "book"];
    private static readonly string?[] s_categories = [null, "food", "ware"];
    private static readonly string[] s_parties = ["merchant", "platform", "brand", "bank"];

#pragma warning disable CA5394 // A seeded sequence is the point.
    private readonly Random _random = new(seed);

    public int Next(int below) => _random.Next(below);

    public Basket Basket()
    {
        var scale = One(10L, 100L, 10_000L, 1_000_000L, Limits.MaxAmount);
        return new([.. Many(1, 8, () => new BasketLine(new(One(_random.NextInt64(scale + 1), scale / 3)), 1 + Next(4), One(s_goods), One(s_categories)))]);
    }

    /// <summary>1 to <paramref name="most"/> coupons.</summary>
    public IReadOnlyList<Candidate> Candidates(int most, ReturnPolicy? policy = null) =>
        [.. Many(1, most, () => Terms(policy ?? One(ReturnPolicy.Proportional, ReturnPolicy.Requalify))).Select((terms, i) => new Candidate($"c{i}", terms, i))];

    /// <summary>Something of what is left, or nothing where nothing is.</summary>
    public IReadOnlyList<ReturnItem> Items(Basket basket, IReadOnlyList<GoodsReturn> before)
    {
        var (kept, pieces) = Left(basket, before);
        return
        [
            .. Enumerable.Range(0, kept.Length).Where(line => (kept[line] > 0 || pieces[line] > 0) && Next(3) > 0).Select(line => Next(3) switch
            {
                0 when pieces[line] > 0 => new ReturnItem(line, Quantity: 1 + Next(pieces[line])),
                1 when kept[line] > 0 => new ReturnItem(line, Amount: new(1 + _random.NextInt64(kept[line]))),
                _ => new ReturnItem(line),
            }),
        ];
    }

    public static (long[] Kept, int[] Pieces) Left(Basket basket, IReadOnlyList<GoodsReturn> before)
    {
        var (kept, pieces) = (basket.Lines.Select(line => line.Amount.Minor).ToArray(), basket.Lines.Select(line => line.Quantity).ToArray());
        foreach (var (line, quantity, amount) in before.SelectMany(back => back.Lines))
        {
            kept[line] -= amount.Minor;
            pieces[line] -= quantity;
        }

        return (kept, pieces);
    }

    private CouponTerms Terms(ReturnPolicy policy)
    {
        var scale = One(10L, 100L, 10_000L, 1_000_000L, Limits.MaxAmount);
        Benefit benefit = Next(4) switch
        {
            0 => new Benefit.FixedAmount(Amount(scale)),
            1 => new Benefit.Percentage(1 + Next(10_000), One<Money?>(null, Amount(scale)), One(Rounding.Floor, Rounding.HalfUp)),
            2 => new Benefit.SpecialPrice(Amount(scale)),
            _ => new Benefit.Exchange(Amount(scale), "set menu"),
        };
        return CouponExamples.Terms with
        {
            Benefit = benefit,
            MinimumSpend = One(Money.Zero, Amount(scale)),
            ReturnPolicy = policy,
            Stacking = new(Next(8) == 0, One(null, null, null, "a", "b"), Next(3), One<AmountBasis?>(null, AmountBasis.Initial, AmountBasis.Remaining), One<AmountBasis?>(null, AmountBasis.Initial, AmountBasis.Remaining)),
            Goods = One<GoodsRule?>(null, null, new(Include: ["tea", "mug"]), new(ExcludeCategories: ["ware"])),
            Funding = One<Funding?>(null, Funding(scale)),
        };
    }

    private Funding Funding(long scale)
    {
        var cuts = Many(1, 3, () => Next(10_001)).Append(0).Append(10_000).Order().ToList();
        return new([.. cuts.Zip(cuts.Skip(1), (from, to) => to - from).Zip(
            s_parties, (share, party) => new Funder(party, share, party == "merchant" ? null : One<Money?>(null, Amount(scale / 4)), Next(3)))]);
    }

    private Money Amount(long most) => new(_random.NextInt64(most + 1));

    private T One<T>(params T[] all) => all[Next(all.Length)];

    private List<T> Many<T>(int least, int most, Func<T> one) => [.. Enumerable.Range(0, least + Next(most - least + 1)).Select(_ => one())];
#pragma warning restore CA5394
}
