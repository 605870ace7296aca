namespace Ledger.Coupons.Baskets;

/// <summary>The goods of a sale while a return is decided: what is kept of each line, and what comes back now.</summary>
internal sealed class Shelf
{
    private readonly int[] _pieces;
    private readonly int[] _piecesNow;

    private Shelf(Basket basket)
    {
        Kept = [.. basket.Lines.Select(line => line.Amount.Minor)];
        Now = new long[Kept.Length];
        _pieces = [.. basket.Lines.Select(line => line.Quantity)];
        _piecesNow = new int[Kept.Length];
    }

    /// <summary>What the customer keeps of each line, at full price.</summary>
    public long[] Kept { get; }

    /// <summary>What comes back of each line now, at full price.</summary>
    public long[] Now { get; }

    /// <summary>All that comes back now, at full price.</summary>
    public Money Amount => new(Apportion.Sum(Now));

    public static Shelf After(Basket basket, IEnumerable<GoodsReturn> before)
    {
        var shelf = new Shelf(basket);
        foreach (var (line, quantity, amount) in before.SelectMany(earlier => earlier.Lines))
        {
            shelf.Kept[line] -= amount.Minor;
            shelf._pieces[line] -= quantity;
        }

        return shelf;
    }

    public ReturnExceedsOriginal? TakeBack(ReturnItem item)
    {
        if (item.Amount <= Money.Zero || item.Quantity <= 0) throw new ArgumentException("A return of nothing.", nameof(item));
        if (item.Line < 0 || item.Line >= Kept.Length) return new(ReturnMeasure.Amount, item.Line, item.Amount?.Minor ?? 0, Left: 0);
        var (line, kept, pieces) = (item.Line, Kept[item.Line], _pieces[item.Line]);
        var quantity = item.Quantity ?? (item.Amount is null ? pieces : 0);
        if (item is { Quantity: null, Amount: null } && (kept, pieces) == (0, 0)) return new(ReturnMeasure.Quantity, line, Asked: 1, Left: 0);
        if (quantity > pieces) return new(ReturnMeasure.Quantity, line, quantity, pieces);
        var amount = item.Amount?.Minor ?? (quantity == pieces ? kept : (long)((Int128)kept * quantity / pieces));
        if (amount > kept) return new(ReturnMeasure.Amount, line, amount, kept);
        Kept[line] -= amount;
        Now[line] += amount;
        _pieces[line] -= quantity;
        _piecesNow[line] += quantity;
        return null;
    }

    /// <summary>One item for each line of which anything is kept.</summary>
    public IReadOnlyList<ReturnItem> Left() =>
        [.. Enumerable.Range(0, Kept.Length).Where(line => Kept[line] > 0 || _pieces[line] > 0).Select(line => new ReturnItem(line))];

    public IReadOnlyList<LineReturn> Returned() =>
    [
        .. Now.Select((amount, line) => new LineReturn(line, _piecesNow[line], new(amount))).Where(back => back.Amount > Money.Zero || back.Quantity > 0),
    ];
}

/// <summary>One coupon of a sale, or its points, while a return is decided: what it took off each line, what of that stands, and what is taken back now.</summary>
internal sealed class Holding
{
    private readonly Priced.Applied? _coupon;
    private readonly IReadOnlyList<CouponReturn> _before;

    private Holding(Priced.Applied? coupon, IReadOnlyList<LineShare> taken, int lines, IReadOnlyList<CouponReturn> before, IReadOnlyList<LineShare>? standing)
    {
        (_coupon, _before) = (coupon, before);
        Original = LineShare.Spread(taken, lines);
        Standing = LineShare.Spread(standing ?? taken, lines);
    }

    /// <summary>Not asked of points, which never requalify.</summary>
    public Priced.Applied Coupon => _coupon!;

    public bool Requalifies => _coupon?.Candidate.Terms.ReturnPolicy == ReturnPolicy.Requalify;

    public long[] Original { get; }

    public long[] Standing { get; private set; }

    /// <summary>Taken back by this return.</summary>
    public long Taken { get; private set; }

    public static Holding Of(Priced.Applied coupon, int lines, IEnumerable<GoodsReturn> before)
    {
        List<CouponReturn> earlier = [.. before.Select(made => made.Coupons.Single(one => one.Code == coupon.Candidate.Code))];
        return new(coupon, coupon.Lines, lines, earlier, earlier.Count == 0 ? null : earlier[^1].Standing);
    }

    public static Holding Of(PointsPart points, int lines, IReadOnlyList<GoodsReturn> before) =>
        new(null, points.Lines, lines, [], before.Count == 0 ? null : before[^1].Points!.Standing);

    public void Take(int line, long amount)
    {
        Standing[line] -= amount;
        Taken += amount;
    }

    /// <summary>
    /// Takes back an amount and lays what stands on the lines anew: on those that the coupon discounts, and on others only where a
    /// refund that may not be negative left more standing than those cost.
    /// </summary>
    /// <param name="free">What the lines cost after the other coupons.</param>
    public void Settle(long amount, long[] free, Contender contender)
    {
        var stands = Apportion.Sum(Standing) - amount;
        var eligible = contender.Eligible(free);
        Standing = Apportion.ByWeight(stands, Apportion.Sum(eligible) >= stands ? eligible : free);
        Taken += amount;
    }

    /// <summary>Points that come back: in proportion to all of the discount that is taken back by now.</summary>
    public PointsReturn Return(PointsPart points, IEnumerable<GoodsReturn> before)
    {
        var back = (long)((Int128)points.Points * (points.Discount.Minor - Apportion.Sum(Standing)) / points.Discount.Minor);
        return new(back - before.Sum(made => made.Points!.Points), new(Taken), LineShare.Of(Standing));
    }

    public CouponReturn Return()
    {
        var parties = Coupon.Funding.Select(share => share.Party).ToList();
        long[] whole = [.. Coupon.Funding.Select(share => share.Amount.Minor)];
        var back = new long[whole.Length];
        foreach (var share in _before.SelectMany(earlier => earlier.Funding)) back[parties.IndexOf(share.Party)] += share.Amount.Minor;
        var steps = Apportion.Further(whole, back, Apportion.Sum(back) + Taken);
        return new(
            Coupon.Candidate.Code, new(Taken), [.. parties.Zip(steps, (party, step) => new FundingShare(party, new(step))).Where(share => share.Amount > Money.Zero)],
            LineShare.Of(Standing), IsUsableAgain: Apportion.Sum(Standing) == 0);
    }
}
