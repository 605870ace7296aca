using FsCheck;
using FsCheck.Fluent;
using Ledger.Coupons;
using Ledger.Coupons.Baskets;
using Xunit;

namespace Ledger.Tests.Coupons.Baskets;

/// <summary>
/// What holds for any basket, any coupons and any returns. <c>LEDGER_LONG=1</c> tries a million baskets instead of two thousand.
/// </summary>
public class BasketPropertyTests
{
    private static readonly int s_baskets = Environment.GetEnvironmentVariable("LEDGER_LONG") is "1" or "full" ? 1_000_000 : 2_000;

    private static readonly Gen<int> s_seeds = Gen.Choose(0, int.MaxValue);

    private static readonly Gen<long[]> s_weights = Gen.OneOf(Gen.Choose(0, 9), Gen.Choose(0, int.MaxValue)).Select(w => (long)w).NonEmptyListOf().Select(w => w.ToArray());

    [Fact]
    public void Parts_add_up_and_are_within_a_unit_of_their_proportion() => Holds.For(s_weights.Zip(Gen.Choose(0, 1_000_000)), pair =>
    {
        var (weights, part) = pair;
        var total = weights.Sum();
        if (total == 0) return;
        var amount = (long)((Int128)total * part / 1_000_000);
        var parts = Apportion.ByWeight(amount, weights);
        Assert.Equal(amount, parts.Sum());
        for (var i = 0; i < parts.Length; i++)
        {
            var exact = new System.Numerics.BigInteger(amount) * weights[i];
            Assert.InRange(new System.Numerics.BigInteger(parts[i]) * total, exact - total + 1, exact + total - 1);
            Assert.InRange(parts[i], 0, weights[i]);
        }
    }, times: 2_000);

    /// <summary>Steps of any size, one unit each among them, which no method that rounds each total anew survives.</summary>
    [Fact]
    public void Steps_are_never_negative_stay_near_their_proportion_and_end_exactly() => Holds.For(s_weights.Zip(s_seeds), pair =>
    {
        var (whole, seed) = pair;
        var (random, total, target) = (new RandomBasket(seed), whole.Sum(), 0L);
        var taken = new long[whole.Length];
        while (target < total)
        {
            target = Math.Min(total, target + 1 + random.Next(random.Next(4) == 0 ? (int)Math.Min(int.MaxValue - 1, (total / 3) + 1) : 2));
            if (total > 100_000 && random.Next(20) == 0) target = total;
            var steps = Apportion.Further(whole, taken, target);
            for (var i = 0; i < whole.Length; i++)
            {
                Assert.InRange(steps[i], 0, whole[i] - taken[i]);
                taken[i] += steps[i];
                var exact = new System.Numerics.BigInteger(target) * whole[i];
                Assert.InRange(new System.Numerics.BigInteger(taken[i]) * total, exact - (2 * total), exact + total);
            }

            Assert.Equal(target, taken.Sum());
        }

        Assert.Equal(whole, taken);
    }, times: 500);

    [Fact]
    public void Lines_discount_and_funding_agree_for_every_basket_and_every_return() => Holds.For(s_seeds, seed =>
    {
        var random = new RandomBasket(seed);
        var pricing = Pricing.Of(random.Basket(), random.Candidates(5));
        CheckPricing(pricing);
        CheckReturns(random, Sale.Of(pricing));
    }, times: s_baskets);

    /// <summary>By another road: what was paid, less refunds, is the least that any state of the basket so far owed.</summary>
    [Fact]
    public void Requalifying_nets_to_what_the_goods_kept_justify() => Holds.For(s_seeds, seed =>
    {
        var random = new RandomBasket(seed);
        var (basket, candidate) = (random.Basket(), random.Candidates(1, ReturnPolicy.Requalify)[0]);
        var pricing = Pricing.Of(basket, [candidate]);
        var (sale, done, paid) = (Sale.Of(pricing), new List<GoodsReturn>(), pricing.Payable);
        if (sale.Coupons.Count == 0) return;
        for (var i = 0; i < 5; i++)
        {
            if (Returns.Decide(sale, done, random.Items(basket, done)) is not Decision<GoodsReturn>.Accepted { Events: [var back] }) continue;
            done.Add(back);
            var kept = RandomBasket.Left(basket, done).Kept;
            var owed = Pricing.Of(basket with { Lines = [.. basket.Lines.Select((line, l) => line with { Amount = new(kept[l]) })] }, [candidate]).Payable;
            var net = paid - back.Refund;
            Assert.Equal(Money.Min(paid, owed), net);
            paid = net;
        }
    }, times: 2_000);

    [Fact]
    public void One_coupon_on_an_amount_takes_off_what_its_benefit_says() => Holds.For(s_seeds, seed =>
    {
        var random = new RandomBasket(seed);
        var (amount, candidate) = (random.Basket().Amount, random.Candidates(1)[0]);
        var terms = candidate.Terms with { Goods = null };
        var pricing = Pricing.Of(Basket.Of(amount), [candidate with { Terms = terms }]);
        var discount = terms.Benefit.On(amount);
        Assert.Equal(
            amount < terms.MinimumSpend ? new FloorNotMet(terms.MinimumSpend, amount) : discount == Money.Zero ? new NothingToDiscount(amount) : null, pricing.Refusal);
        if (pricing.Refusal is null) Assert.Equal(discount, pricing.Discount);
    }, times: 2_000);

    private static void CheckPricing(Pricing pricing)
    {
        var left = pricing.Basket.Lines.Select(line => line.Amount.Minor).ToArray();
        foreach (var coupon in pricing.Applied)
        {
            Assert.InRange(coupon.Discount.Minor, 1, coupon.Eligible.Minor);
            Assert.Equal(coupon.Discount, coupon.Lines.Select(share => share.Amount).Sum());
            Assert.Equal(coupon.Discount, coupon.Funding.Select(share => share.Amount).Sum());
            Assert.All(coupon.Funding, share => Assert.True(share.Amount > Money.Zero));
            foreach (var (line, amount) in coupon.Lines)
            {
                Assert.True(amount > Money.Zero);
                left[line] -= amount.Minor;
            }

            Assert.All(left, amount => Assert.True(amount >= 0));
        }

        Assert.Equal(pricing.Payable.Minor, left.Sum());
    }

    private static void CheckReturns(RandomBasket random, Sale sale)
    {
        var done = new List<GoodsReturn>();
        for (var i = 0; i < 3; i++) Bring(random.Items(sale.Basket, done));
        var (kept, pieces) = RandomBasket.Left(sale.Basket, done);
        Bring([.. Enumerable.Range(0, kept.Length).Where(line => kept[line] > 0 || pieces[line] > 0).Select(line => new ReturnItem(line))]);

        var paid = sale.Basket.Amount - sale.Coupons.Select(coupon => coupon.Discount).Sum();
        Assert.Equal(paid, done.Select(back => back.Refund).Sum());
        foreach (var coupon in sale.Coupons)
        {
            var returns = done.SelectMany(back => back.Coupons).Where(one => one.Code == coupon.Candidate.Code).ToList();
            Assert.Equal(coupon.Discount, returns.Select(one => one.Discount).Sum());
            foreach (var share in coupon.Funding)
                Assert.Equal(share.Amount, returns.SelectMany(one => one.Funding).Where(back => back.Party == share.Party).Select(back => back.Amount).Sum());
            if (returns.Count > 0) Assert.True(returns[^1].IsUsableAgain);
        }

        void Bring(IReadOnlyList<ReturnItem> items)
        {
            var decision = Assert.IsType<Decision<GoodsReturn>.Accepted>(Returns.Decide(sale, done, items));
            if (decision.Events is not [var back]) return;
            done.Add(back);
            Assert.Equal(back.Lines.Select(line => line.Amount).Sum(), back.Refund + back.Coupons.Select(coupon => coupon.Discount).Sum());
            Assert.True(back.Refund >= Money.Zero);
            var left = RandomBasket.Left(sale.Basket, done).Kept;
            foreach (var (coupon, now) in sale.Coupons.Zip(back.Coupons))
            {
                Assert.True(now.Discount >= Money.Zero);
                Assert.Equal(now.Discount, now.Funding.Select(share => share.Amount).Sum());
                var taken = done.SelectMany(one => one.Coupons).Where(one => one.Code == now.Code).Select(one => one.Discount).Sum();
                Assert.Equal(coupon.Discount - taken, now.Standing.Select(share => share.Amount).Sum());
                Assert.Equal(now.Standing.Count == 0, now.IsUsableAgain);
                foreach (var (line, amount) in now.Standing) left[line] -= amount.Minor;
            }

            Assert.All(left, amount => Assert.True(amount >= 0));
        }
    }
}
