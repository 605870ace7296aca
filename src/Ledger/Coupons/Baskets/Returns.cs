namespace Ledger.Coupons.Baskets;

/// <summary>
/// What follows when goods of a sale come back, in one go or in many: however they are cut, the parts add up to the whole, and when
/// everything is back nothing stands any more.
/// </summary>
/// <remarks>
/// <para>
/// Proportional coupons: of a line of which x of its full price a is back, the discounts have given back discount × x ÷ a, rounded
/// down, all returns counted together. Coupons that share a line give back in proportion to what they took off it.
/// </para>
/// <para>
/// Coupons that requalify: the goods kept after this return are priced from scratch, whatever returns came before, and the refund is what was
/// paid so far less what is owed for them. A refund is never negative: where the goods kept cost more than was paid, nothing is
/// refunded, the discounts give back as much as the goods cost, and the rest of them stands until more comes back. Nor does a
/// discount ever grow. Payment methods and budgets were settled at the sale and are not asked again.
/// </para>
/// <para>Each party gets back its part of what it paid, whatever caps and budgets once made of the shares.</para>
/// <para>Points are one more proportional discount, and come back in proportion to what is taken back of it.</para>
/// </remarks>
public static class Returns
{
    /// <param name="before">Every earlier return of the sale.</param>
    /// <param name="items">Nothing returned changes nothing.</param>
    /// <exception cref="ArgumentException">An amount or quantity is not positive: the edge lets none pass.</exception>
    public static Decision<GoodsReturn> Decide(Sale sale, IReadOnlyList<GoodsReturn> before, IReadOnlyList<ReturnItem> items)
    {
        ArgumentNullException.ThrowIfNull(sale);
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(items);
        if (items.Count == 0) return Decision<GoodsReturn>.Unchanged;
        var shelf = Shelf.After(sale.Basket, before);
        foreach (var item in items)
        {
            if (shelf.TakeBack(item) is { } reason) return reason;
        }

        var holdings = sale.Coupons.Select(coupon => Holding.Of(coupon, sale.Basket.Lines.Count, before)).ToList();
        var spent = sale.Points is null ? null : Holding.Of(sale.Points, sale.Basket.Lines.Count, before);
        List<Holding> all = [.. holdings, .. spent is null ? Array.Empty<Holding>() : [spent]];
        TakeProportionally(sale.Basket, shelf, [.. all.Where(holding => !holding.Requalifies)]);
        Requalify(sale.Basket, shelf, all);
        var coupons = holdings.Select(holding => holding.Return()).ToList();
        var points = spent?.Return(sale.Points!, before);
        return new GoodsReturn(
            shelf.Returned(), coupons.Aggregate(shelf.Amount - (points?.Discount ?? Money.Zero), (refund, coupon) => refund - coupon.Discount), coupons, points);
    }

    /// <summary>Items that bring back all that is left of the basket.</summary>
    public static IReadOnlyList<ReturnItem> AllLeft(Basket basket, IReadOnlyList<GoodsReturn> before)
    {
        ArgumentNullException.ThrowIfNull(basket);
        return Shelf.After(basket, before).Left();
    }

    /// <summary>
    /// Uses of the sale's one coupon are given back without goods: discount × uses ÷ uses taken, rounded down, all such returns counted
    /// together. Nothing is refunded, as no goods came back.
    /// </summary>
    /// <param name="back">Uses given back by now, this return included; at most <paramref name="taken"/>.</param>
    public static GoodsReturn OfUses(Sale sale, IReadOnlyList<GoodsReturn> before, int back, int taken)
    {
        ArgumentNullException.ThrowIfNull(sale);
        var holding = Holding.Of(sale.Coupons[0], sale.Basket.Lines.Count, before);
        long[] given = [.. holding.Original.Zip(holding.Standing, (all, stands) => all - stands)];
        var steps = Apportion.Further(holding.Original, given, (long)((Int128)Apportion.Sum(holding.Original) * back / taken));
        for (var line = 0; line < steps.Length; line++) holding.Take(line, steps[line]);
        return new([], Money.Zero, [holding.Return()]);
    }

    private static void TakeProportionally(Basket basket, Shelf shelf, IReadOnlyList<Holding> holdings)
    {
        for (var line = 0; line < shelf.Kept.Length; line++)
        {
            var price = basket.Lines[line].Amount.Minor;
            long[] whole = [.. holdings.Select(holding => holding.Original[line])];
            var discount = Apportion.Sum(whole);
            if (shelf.Now[line] == 0 || discount == 0) continue;
            long[] taken = [.. holdings.Select(holding => holding.Original[line] - holding.Standing[line])];
            var target = (long)((Int128)discount * (price - shelf.Kept[line]) / price);
            var steps = Apportion.Further(whole, taken, target);
            for (var i = 0; i < steps.Length; i++) holdings[i].Take(line, steps[i]);
        }
    }

    private static void Requalify(Basket basket, Shelf shelf, IReadOnlyList<Holding> holdings)
    {
        var requalifying = holdings.Where(holding => holding.Requalifies).ToList();
        if (requalifying.Count == 0) return;
        var free = (long[])shelf.Kept.Clone();
        foreach (var fixedOne in holdings.Where(holding => !holding.Requalifies)) Subtract(free, fixedOne.Standing);
        var earned = Earned(basket, shelf, holdings, Apportion.Sum(free));

        // The refund is what was paid less what is owed, between nothing and what the goods were sold for after the other coupons.
        long[] standing = [.. requalifying.Select(holding => Apportion.Sum(holding.Standing))];
        var atMost = shelf.Amount.Minor - holdings.Sum(holding => holding.Taken);
        var take = Math.Clamp(Apportion.Sum(standing) - Apportion.Sum(earned), 0, atMost);
        var steps = Apportion.ByWeight(take, [.. standing.Zip(earned, (stood, now) => Math.Max(0, stood - now))]);

        for (var i = 0; i < requalifying.Count; i++)
        {
            requalifying[i].Settle(steps[i], free, Contender.Of(requalifying[i].Coupon.Candidate, basket));
            Subtract(free, requalifying[i].Standing);
        }
    }

    /// <summary>What each coupon that requalifies earns on the goods kept, in their order; together no more than <paramref name="atMost"/>.</summary>
    private static long[] Earned(Basket basket, Shelf shelf, IReadOnlyList<Holding> holdings, long atMost)
    {
        var kept = basket with { Lines = [.. basket.Lines.Select((line, i) => line with { Amount = new(shelf.Kept[i]) })] };
        var desk = Desk.Open(kept, left: null);
        var earned = new List<long>();
        foreach (var holding in holdings)
        {
            if (!holding.Requalifies)
            {
                desk = desk.Without(LineShare.Of(holding.Standing));
                continue;
            }

            var candidate = holding.Coupon.Candidate;
            var priced = desk.Price(Contender.Of(candidate with { Terms = candidate.Terms with { PaymentMethods = null } }, kept));
            if (priced is Priced.Applied applied) desk = desk.With(applied);
            earned.Add(Math.Min((priced as Priced.Applied)?.Discount.Minor ?? 0, atMost));
            atMost -= earned[^1];
        }

        return [.. earned];
    }

    private static void Subtract(long[] amounts, long[] others)
    {
        for (var i = 0; i < amounts.Length; i++) amounts[i] -= others[i];
    }
}
