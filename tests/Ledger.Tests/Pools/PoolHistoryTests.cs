using FsCheck;
using FsCheck.Fluent;
using Ledger.Coupons;
using Ledger.Coupons.Budgets;
using Ledger.Coupons.Redemptions;
using Ledger.Merchants;
using Ledger.Pools;
using Ledger.Tests.Coupons.Redemptions;
using NodaTime;
using Xunit;
using static Ledger.Tests.Coupons.Baskets.BasketExamples;
using static Ledger.Tests.Coupons.CouponExamples;

namespace Ledger.Tests.Pools;

/// <summary>
/// A pool and two merchants in books of their own. The steps of granting and returning come in any order, twice, or not at all, as crashes
/// and repeated calls make them, while tills redeem and void. No unit of money is ever in two places.
/// </summary>
public class PoolHistoryTests
{
    private const string Pool = "platform";

    internal sealed record Step(string What, int Slice, int Merchant, int Amount);

    private static readonly Gen<List<Step>> s_histories =
        from length in Gen.Choose(1, 70)
        from steps in (
            from what in Gen.Frequency(
                (1, Gen.Constant("deposit")), (4, Gen.Constant("grant")), (6, Gen.Constant("receive")), (6, Gen.Constant("settle")), (3, Gen.Constant("return")),
                (6, Gen.Constant("redeem")), (3, Gen.Constant("void")), (1, Gen.Constant("unbind")), (1, Gen.Constant("bind")))
            from slice in Gen.Choose(0, 5)
            from merchant in Gen.Choose(0, 1)
            from amount in Gen.Choose(1, 60_00)
            select new Step(what, slice, merchant, amount)).ListOf(length)
        select steps.ToList();

    [Fact]
    public void Granted_and_not_returned_is_what_merchants_have_and_what_is_on_its_way()
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        Holds.For(s_histories, steps =>
        {
            var world = new World();
            foreach (var step in steps)
            {
                world.Do(step);
                world.AssertNothingIsLost();
            }

            // Whatever was left half-way is carried on, in any order, and then nothing is on its way.
            foreach (var slice in world.Slices.Keys.Reverse()) world.Carry(slice);
            world.AssertNothingIsLost();
            Assert.Equal(world.OfPool(PoolStreams.Granted(Pool)), world.Merchants.Sum(till => till.Book.Tallies.GetValueOrDefault(MoneyBudgets.Granted(Spring))));
            seen.UnionWith(world.PoolBook.Entries.Concat(world.Merchants.SelectMany(till => till.Book.Entries)).Select(entry => entry.Fact.GetType().Name));
        });
        Type[] moving = [typeof(PoolEvent), typeof(GrantEvent), typeof(SliceEvent)];
        Assert.Empty(moving.SelectMany(type => type.GetNestedTypes()).Select(type => type.Name).Except(seen, StringComparer.Ordinal));
    }

    private sealed class World
    {
        private int requests;

        public World()
        {
            Accept(MerchantStream.Operation(Ask(), new MerchantCommand.RegisterMerchant("Platform", "Asia/Shanghai", "CNY")));
            Accept(PoolOperations.Open(Ask(), Pool));
            Accept(PoolOperations.Deposit(Ask(), Pool, new(100_00), null));
        }

        public InMemoryBook PoolBook { get; } = new();

        public Till[] Merchants { get; } = [Open(["platform"]), Open(null)];

        public Dictionary<string, int> Slices { get; } = new(StringComparer.Ordinal);

        public long OfPool(string tally) => PoolBook.Tallies.GetValueOrDefault(tally);

        public void Do(Step step)
        {
            var (slice, till) = (FormattableString.Invariant($"s{step.Slice}"), Merchants[step.Merchant]);
            var known = Slices.TryGetValue(slice, out var merchant);
            switch (step.What)
            {
                case "deposit": PoolBook.Run(PoolOperations.Deposit(Ask(), Pool, new(step.Amount), null)); break;
                case "grant" when PoolBook.Run(PoolOperations.Grant(Ask(), Pool, slice, FormattableString.Invariant($"m{step.Merchant}"), Spring, new(step.Amount))).Refusal is null:
                    Slices.TryAdd(slice, step.Merchant);
                    break;
                case "receive" when known: Receive(slice, Merchants[merchant]); break;
                case "settle" when known: Settle(slice, Merchants[merchant]); break;
                case "return" when known: Merchants[merchant].Book.Run(PoolOperations.Return(Merchants[merchant].Ask(), slice)); break;
                case "redeem": till.Book.Run(till.Redeem(Lines(step.Amount * 2L), new Presented(Codes[step.Slice % 3]))); break;
                case "void": till.Book.Run(till.Void(CouponStream.RedemptionId(Codes[step.Slice % 3], till.Coupon(Codes[step.Slice % 3]).Redemptions))); break;
                case "bind": Amend(till, ["platform"]); break;
                case "unbind": Amend(till, null); break;
            }
        }

        public void Carry(string slice)
        {
            var till = Merchants[Slices[slice]];
            Receive(slice, till);
            Settle(slice, till);
        }

        /// <summary>Each book is looked at as it stands: money is with a merchant, or on its way there or back.</summary>
        public void AssertNothingIsLost()
        {
            var (onItsWay, granted) = (0L, OfPool(PoolStreams.Granted(Pool)));
            foreach (var (slice, merchant) in Slices)
            {
                var (grant, there) = (PoolBook.State(PoolStreams.GrantOf(slice)), Merchants[merchant].Book.State(PoolStreams.SliceOf(slice)));
                onItsWay += there.Status == SliceStatus.Received ? (there.Returned - grant.Returned).Minor : grant.Status == GrantStatus.InFlight ? grant.Amount.Minor : 0;
                Assert.True(grant.Returned <= there.Returned && there.Returned <= grant.Amount);
            }

            foreach (var till in Merchants)
                Assert.InRange(till.Book.Tallies.GetValueOrDefault(MoneyBudgets.Spent(Spring, "platform")), 0, till.Book.Tallies.GetValueOrDefault(MoneyBudgets.Granted(Spring)));
            Assert.Equal(granted, onItsWay + Merchants.Sum(till => till.Book.Tallies.GetValueOrDefault(MoneyBudgets.Granted(Spring))));
            Assert.InRange(granted, 0, PoolBook.State(PoolStreams.PoolOf(Pool)).Deposited.Minor);
        }

        private static string[] Codes { get; } = ["A", "B", "C"];

        private static Till Open(IReadOnlyList<string>? budgets) => new Till().With(
            Spring, Off(5_00) with { Funding = new([new("platform", 10_000)], Exhaustion.Scale), Budgets = budgets }, Codes);

        private static void Amend(Till till, IReadOnlyList<string>? budgets)
        {
            var version = till.Book.State(CampaignStreams.Of(Spring)).TermsVersion;
            till.Accepted(CouponOperations.Amend(till.Ask(), Spring, version, till.Book.State(CampaignStreams.TermsOf(Spring, version)).Terms! with { Budgets = budgets }));
        }

        private void Receive(string slice, Till till)
        {
            var grant = PoolBook.State(PoolStreams.GrantOf(slice));
            Assert.Null(till.Book.Run(PoolOperations.Receive(till.Ask(), Pool, slice, grant.Campaign, grant.Amount)).Refusal);
        }

        private void Settle(string slice, Till till) => Accept(PoolOperations.Settle(Ask(), Pool, slice, till.Book.State(PoolStreams.SliceOf(slice))));

        private void Accept(Operation operation) => Assert.Null(PoolBook.Run(operation).Refusal);

        private Request Ask() => InMemoryBook.Request(FormattableString.Invariant($"pool-{++requests}"), Noon);
    }
}
