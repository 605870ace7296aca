namespace Ledger.Coupons.Baskets;

/// <summary>The coupons, of those that a customer has, that together take most off a basket.</summary>
/// <param name="Pricing">The basket with the coupons chosen; all of them hold. Too many to look at: all of them, each refused.</param>
/// <param name="IsExact">
/// Whether every combination was ruled out or tried. Above <see cref="Limits.CombinationWork"/> the search stops and this is a heuristic:
/// the best combination so far, at least as good as taking each coupon that fits in the order of application.
/// </param>
public sealed record Combination(Pricing Pricing, bool IsExact)
{
    /// <summary>
    /// Branch and bound over the order of application: each coupon is first taken, then left. A branch is cut where even the full discount of
    /// each coupon to come, one per category, could not beat the best so far. Of equal discounts the one of fewer coupons wins, then
    /// one without an exclusive coupon, then the one that takes the earlier coupon. The same question always has the same answer.
    /// </summary>
    public static Combination Best(
        Basket basket, IReadOnlyList<Candidate> candidates, IReadOnlyDictionary<(string Campaign, string Party), Money>? left = null)
    {
        ArgumentNullException.ThrowIfNull(basket);
        ArgumentNullException.ThrowIfNull(candidates);
        if (Pricing.TooMany(basket, candidates.Count) is not null) return new(Pricing.Of(basket, candidates, left), IsExact: true);
        var search = new Search(Desk.Open(basket, left), Candidate.InOrder(candidates));
        search.Run();
        return new(new(basket, [.. search.Best.Applied]), search.IsExact);
    }

    private sealed class Search
    {
        private readonly Desk _start;
        private readonly Contender[] _alone;
        private readonly Contender[] _together;

        /// <summary>The most that the candidates from this place on could take off.</summary>
        private readonly long[] _bounds;
        private long _work = Limits.CombinationWork;

        public Search(Desk start, IReadOnlyList<Candidate> candidates)
        {
            // What is refused alone is refused in company too, but for its budget: a smaller discount may be within it.
            var usable = candidates.Select(candidate => Contender.Of(candidate, start.Basket))
                .Where(one => start.Price(one) is Priced.Applied or Priced.Refused { Reason: MoneyBudgetExhausted }).ToList();
            (Best, _start) = (start, start);
            _alone = [.. usable.Where(one => one.Stacking.IsExclusive)];
            _together = [.. usable.Where(one => !one.Stacking.IsExclusive)];
            _bounds = [.. Enumerable.Range(0, _together.Length + 1).Select(i => BoundOf(_together[i..]))];
        }

        public Desk Best { get; private set; }

        public bool IsExact => _work >= 0;

        public void Run()
        {
            Visit(_start, 0);
            foreach (var one in _alone)
            {
                if (_start.Price(one) is Priced.Applied applied) Keep(_start.With(applied));
            }
        }

        private void Visit(Desk desk, int next)
        {
            Keep(desk);
            if (next == _together.Length || !CanBeat(desk, next)) return;
            // A line looked at is one unit of work, and what a step costs beside its lines about 20.
            _work -= desk.Remaining.Length + 20;
            if (_work < 0) return;
            if (desk.Price(_together[next]) is Priced.Applied applied) Visit(desk.With(applied), next + 1);
            Visit(desk, next + 1);
        }

        private void Keep(Desk desk)
        {
            if (desk.Discount > Best.Discount || (desk.Discount == Best.Discount && desk.Applied.Length < Best.Applied.Length)) Best = desk;
        }

        private bool CanBeat(Desk desk, int next)
        {
            var more = Math.Min(_bounds[next], Apportion.Sum(desk.Remaining));
            var most = desk.Discount + new Money(more);
            return most > Best.Discount || (most == Best.Discount && desk.Applied.Length + (more > 0 ? 1 : 0) < Best.Applied.Length);
        }

        // No benefit grows when the amount that it looks at falls: alone, each takes off the most.
        private static long BoundOf(Contender[] rest) => rest
            .Select(one => (one.Stacking.Category, Most: Desk.DiscountOf(one, one.Initial).Minor))
            .GroupBy(one => one.Category, StringComparer.Ordinal)
            .Sum(group => group.Key is null ? group.Sum(one => one.Most) : group.Max(one => one.Most));
    }
}
