using FsCheck;
using FsCheck.Fluent;
using Ledger.Coupons;
using Ledger.Coupons.Budgets;
using Ledger.Coupons.Offline;
using Ledger.Coupons.Redemptions;
using NodaTime;
using Xunit;
using static Ledger.Coupons.Offline.OfflineTillEvent;
using static Ledger.Tests.Coupons.Offline.OfflineShop;

namespace Ledger.Tests.Coupons.Offline;

/// <summary>
/// Random histories of two tills that come and go and a shop that goes on meanwhile. Whatever is granted, forwarded in whatever pieces, is in
/// the end a redemption or somebody's loss, to the minor unit.
/// </summary>
public class OfflineHistoryTests
{
    private const long Budget = 35_00;

    internal sealed record Step(string What, int Till, int Code, int Discount, int Minutes, int Wrong, bool HasToken);

    private static readonly Gen<Step> s_steps =
        from what in Gen.Frequency(
            (10, Gen.Constant("grant")), (4, Gen.Constant("forward")), (2, Gen.Constant("forward some")), (1, Gen.Constant("forward with a gap")), (1, Gen.Constant("tamper")),
            (2, Gen.Constant("redeem")), (1, Gen.Constant("hold")), (1, Gen.Constant("deactivate")), (1, Gen.Constant("limits")))
        from till in Gen.Choose(0, 1)
        from code in Gen.Choose(1, 8)
        from discount in Gen.Frequency((5, Gen.Constant(20_00)), (3, Gen.Choose(1, 150_00)))
        from minutes in Gen.Frequency((9, Gen.Choose(0, 40)), (1, Gen.Choose(0, 2_000)))
        from wrong in Gen.Frequency((6, Gen.Constant(0)), (1, Gen.Choose(-600, 600)))
        from hasToken in Gen.Elements(true, true, false)
        select new Step(what, till, code, discount, minutes, wrong, hasToken);

    /// <summary>With a budget of the brand and what follows when it is exhausted; null: with none.</summary>
    private static readonly Gen<(Exhaustion? Exhaustion, List<Step> Steps)> s_histories =
        from exhaustion in Gen.Elements<Exhaustion?>(null, Exhaustion.Stop, Exhaustion.MerchantTakesAll, Exhaustion.Scale)
        from length in Gen.Choose(5, 60)
        from steps in s_steps.ListOf(length)
        select (exhaustion, steps.ToList());

    [Fact]
    public void All_that_was_granted_is_a_redemption_or_a_loss()
    {
        var seen = new HashSet<Type>();
        Holds.For(s_histories, history =>
        {
            var shop = Play(history.Exhaustion, history.Steps);
            foreach (var till in shop.Tills)
            {
                var (granted, state) = (till.Records.Sum(record => record.Discount.Minor), till.In(shop.Book));
                Assert.Equal(till.Records.Count, state.Sequence);
                Assert.Equal((granted, granted), (state.Totals.Granted.Minor, (state.Totals.Discount + state.Totals.Lost).Minor));
            }

            var all = shop.Tills.Sum(till => till.Records.Sum(record => record.Discount.Minor));
            var redeemed = shop.Facts<CouponEvent.CouponRedeemed>().Where(fact => fact.Offline is not null).ToList();
            var lost = shop.Book.Tallies.Where(tally => tally.Key.StartsWith(OfflineLosses.Prefix, StringComparison.Ordinal)).Sum(tally => tally.Value);
            Assert.InRange(shop.Book.Tallies.GetValueOrDefault(MoneyBudgets.Spent(CouponExamples.Spring, "brand")), 0, Budget);
            Assert.Equal(all, redeemed.Sum(fact => fact.Discount.Minor) + lost);
            Assert.All(shop.Book.Tallies.Values, value => Assert.True(value >= 0));
            Assert.Distinct(redeemed.Select(fact => (fact.Offline!.Till, fact.Offline.Sequence)));
            EachCouponIsUsedOnce(shop);
            StatesFollowFromTheEntries(shop.Book);
            seen.UnionWith(shop.Book.Entries.Select(entry => entry.Fact.GetType()));
        });

        // Histories in which nothing went wrong would prove little.
        Assert.Empty(typeof(OfflineTillEvent).GetNestedTypes().Except(seen));
    }

    private static void EachCouponIsUsedOnce(OfflineShop shop)
    {
        foreach (var coupon in shop.Book.Entries.Where(entry => entry.Fact is CouponEvent.CouponRedeemed).GroupBy(entry => entry.Stream.Id, StringComparer.Ordinal))
            Assert.Single(coupon);
        foreach (var conflict in shop.Facts<OfflineConflictRecorded>().Where(fact => fact.RedemptionId is not null))
            Assert.Equal(conflict.RedemptionId, shop.Coupon(conflict.Record.Code).Last!.RedemptionId);
    }

    private static void StatesFollowFromTheEntries(InMemoryBook book)
    {
        foreach (var stream in book.Entries.GroupBy(entry => entry.Stream))
            Assert.Equal(stream.Aggregate(stream.Key.Type.Initial, (state, entry) => stream.Key.Type.Evolve(state, entry.Fact)), book.States[stream.Key.Id]);
        var sums = book.Entries.SelectMany(entry => entry.Stream.Type.TalliesOf(entry.Fact)).GroupBy(change => change.Key, StringComparer.Ordinal);
        Assert.Equal(sums.ToDictionary(sum => sum.Key, sum => sum.Sum(change => change.Amount), StringComparer.Ordinal), book.Tallies);
    }

    private static OfflineShop Play(Exhaustion? exhaustion, List<Step> steps)
    {
        var (shop, now) = (new OfflineShop(exhaustion is { } policy ? OfflineBudgetTests.Bounded(policy) : null), Nine);
        if (exhaustion is not null) OfflineBudgetTests.SetBudget(shop, Budget);
        string[] codes = [.. Enumerable.Range(1, 8).Select(shop.Issue)];
        string[] tokens = [.. codes.Select(shop.Token)];
        foreach (var step in steps)
        {
            now += Duration.FromMinutes(step.Minutes);
            var (till, code) = (shop.Tills[step.Till], codes[step.Code - 1]);
            var waiting = till.Records.Skip((int)till.In(shop.Book).Sequence).ToList();
            switch (step.What)
            {
                case "grant":
                    till.Grant(code, Math.Max(100_00, step.Discount), step.Discount, now + Duration.FromMinutes(step.Wrong), step.HasToken ? tokens[step.Code - 1] : null);
                    break;
                case "forward":
                    till.Forward(shop.Book, now, shop.Ring, till.Records);
                    break;
                case "forward some":
                    till.Forward(shop.Book, now, shop.Ring, waiting.Take(step.Code), till.Records.Count);
                    break;
                case "forward with a gap":
                    till.Forward(shop.Book, now, shop.Ring, waiting.Skip(1), till.Records.Count);
                    break;
                case "tamper" when waiting.Count > 0:
                    Assert.IsType<DeviceChainBroken>(till.Forward(shop.Book, now, shop.Ring, [waiting[0] with { PreviousHash = new('f', 64) }])[0].Refusal);
                    break;
                case "redeem":
                    shop.Run(request => TillOperations.Redeem(request, code, new(100_00), now, "s2", "b", null), now);
                    break;
                case "hold":
                    shop.Run(request => TillOperations.Hold(request, code, new(100_00), 1_800, now, "s2", "b", null), now);
                    break;
                case "deactivate":
                    shop.Run(request => CouponOperations.Deactivate(request, code, "lost"), now);
                    break;
                case "limits":
                    shop.Run(request => OfflineSettingsStream.ChangeLimits(request, new(new(step.Discount), step.Code, new(step.Discount * 3L))), now);
                    break;
                default:
                    break;
            }
        }

        // In the end every till comes back.
        foreach (var till in shop.Tills) till.Forward(shop.Book, now, shop.Ring, till.Records);
        return shop;
    }
}
