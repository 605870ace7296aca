using FsCheck;
using FsCheck.Fluent;
using Ledger.Coupons;
using Ledger.Coupons.Baskets;
using Ledger.Coupons.Redemptions;
using Ledger.Points;
using Ledger.Tests.Points;
using NodaTime;
using Xunit;
using static Ledger.Tests.Coupons.Baskets.BasketExamples;
using static Ledger.Tests.Coupons.CouponExamples;

namespace Ledger.Tests.Coupons.Redemptions;

/// <summary>
/// Random days on which baskets take coupons and points: held, committed, released, left to the clock, voided, returned in parts, and partly
/// repeated, in any order. Whatever is asked, points and money come out even, reckoned from the entries alone.
/// </summary>
public class BasketPointsHistoryTests
{
    private static readonly string[] s_codes = ["A", "B", "C", "D"];

    private sealed record Step(string What, int[] Codes, int[] Amounts, int Points, int Line, int Part, int Minutes, bool IsRepeat);

    private static readonly Gen<Step> s_steps =
        from what in Gen.Frequency(
            (5, Gen.Constant("redeem")), (4, Gen.Constant("hold")), (3, Gen.Constant("commit")), (1, Gen.Constant("release")), (2, Gen.Constant("void")),
            (4, Gen.Constant("return a part")), (2, Gen.Constant("return all")), (1, Gen.Constant("clock")), (1, Gen.Constant("spend")))
        from codes in Gen.SubListOf(s_codes)
        from amounts in Gen.Choose(0, 90_00).ArrayOf(3)
        from points in Gen.Frequency((1, Gen.Constant(0)), (2, Gen.Choose(1, 3_000)), (2, Gen.Constant(-1)))
        from line in Gen.Choose(0, 2)
        from part in Gen.Choose(1, 60_00)
        from minutes in Gen.Frequency((12, Gen.Choose(0, 3)), (1, Gen.Choose(0, 40_000)))
        from isRepeat in Gen.Frequency((8, Gen.Constant(false)), (1, Gen.Constant(true)))
        select new Step(what, [.. codes.Select(code => Array.IndexOf(s_codes, code))], amounts, points, line, part, minutes, isRepeat);

    private static readonly Gen<List<Step>> s_days = Gen.Choose(1, 50).SelectMany(length => s_steps.ListOf(length)).Select(steps => steps.ToList());

    [Fact]
    public void Whatever_tills_ask_points_and_money_come_out_even()
    {
        var seen = new Dictionary<Type, int>();
        Holds.For(s_days, steps =>
        {
            var till = Play(steps);
            PointsAreConserved(till);
            MoneyAddsUp(till.Book);
            ReturnsAddUp(till.Book);
            StatesFollowFromTheEntries(till.Book);
            foreach (var entry in till.Book.Entries) seen[entry.Fact.GetType()] = seen.GetValueOrDefault(entry.Fact.GetType()) + 1;
        }, times: 100);

        // Days on which everything was refused would prove little.
        foreach (var type in new[] { typeof(PointsEvent.PointsHeld), typeof(PointsEvent.PointsReleased), typeof(PointsEvent.PointsSpent), typeof(PointsEvent.PointsRestored), typeof(PointsEvent.PointsRegranted), typeof(RedemptionEvent.BasketReturned) })
            Assert.True(seen.GetValueOrDefault(type) > 15, $"{type.Name}: {seen.GetValueOrDefault(type)}");
    }

    private static void PointsAreConserved(Till till)
    {
        var accounts = till.Book.Tallies.Where(tally => tally.Key.StartsWith("points/club/", StringComparison.Ordinal)).ToDictionary(tally => tally.Key["points/club/".Length..], tally => tally.Value, StringComparer.Ordinal);
        Assert.Equal(0, accounts.Values.Sum());
        Assert.All(accounts.Where(account => !account.Key.StartsWith("expense", StringComparison.Ordinal)), account => Assert.True(account.Value >= 0, $"{account.Key} {account.Value}"));
        Assert.Equal((accounts["available"], accounts.GetValueOrDefault("held")), (till.Points().Available, till.Points().Held));

        // What is redeemed is what stands of the spends: of those of redemptions, what their records say.
        var standing = till.Book.States.Values.OfType<Redemption>().Where(redemption => redemption is { IsVoided: false, Sale.Points: not null })
            .Sum(redemption => redemption.Sale!.Points!.Points - redemption.Returns.Sum(made => made.Points!.Points));
        var alone = till.Book.States.Where(state => state.Key.StartsWith("pointsspend-p", StringComparison.Ordinal)).Sum(state => ((PointsSpend)state.Value).Points);
        Assert.Equal(accounts.GetValueOrDefault("redeemed"), standing + alone);
    }

    private static void MoneyAddsUp(InMemoryBook book)
    {
        foreach (var sale in Facts<RedemptionEvent.BasketRedeemed>(book).Select(e => e.Sale))
        {
            var together = sale.Together();
            Assert.Equal((sale.Discount, sale.Discount), (Money.Sum(together.Lines.Select(share => share.Amount)), Money.Sum(together.Funding.Select(share => share.Amount))));
            Assert.All(together.Lines, share => Assert.True(share.Amount > Money.Zero && share.Amount <= sale.Basket.Lines[share.Line].Amount));
            if (sale.Points is not { } points) continue;
            Assert.Equal((points.Discount, points.Discount), (Money.Sum(points.Lines.Select(share => share.Amount)), Money.Sum(points.Funding.Select(share => share.Amount))));
            Assert.Equal(new(points.Points * 2 / 3), points.Discount);
            var spend = book.State(PointsSpendStream.Of(points.Spend));
            Assert.Equal((SpendStatus.Spent, points.Points), (spend.Status, spend.Points));
        }
    }

    private static void ReturnsAddUp(InMemoryBook book)
    {
        foreach (var redemption in book.States.Values.OfType<Redemption>())
        {
            var sale = redemption.Sale!;
            var refunded = Money.Sum(redemption.Returns.Select(made => made.Refund));
            var isAll = redemption.Returns.Count > 0 && Returns.AllLeft(sale.Basket, redemption.Returns).Count == 0;
            Assert.All(redemption.Returns, made => Assert.True(made.Refund >= Money.Zero));
            Assert.True(isAll ? refunded == sale.Basket.Amount - sale.Discount : refunded <= sale.Basket.Amount - sale.Discount);
            if (sale.Points is not { } points) continue;
            var parts = redemption.Returns.Select(made => made.Points!).ToList();
            var stands = parts.Count == 0 ? points.Discount : Money.Sum(parts[^1].Standing.Select(share => share.Amount));
            Assert.Equal(points.Discount, stands + Money.Sum(parts.Select(part => part.Discount)));
            Assert.All(parts, part => Assert.True(part.Points >= 0));
            Assert.True(isAll ? parts.Sum(part => part.Points) == points.Points : parts.Sum(part => part.Points) <= points.Points);
        }
    }

    private static void StatesFollowFromTheEntries(InMemoryBook book)
    {
        foreach (var stream in book.Entries.GroupBy(entry => entry.Stream))
            Assert.Equal(stream.Aggregate(stream.Key.Type.Initial, (state, entry) => stream.Key.Type.Evolve(state, entry.Fact)), book.States[stream.Key.Id]);
    }

    private static Till Play(List<Step> steps)
    {
        var till = new Till()
            .With("twenty", Twenty, "A")
            .With("requalify", Twenty with { Benefit = new Benefit.FixedAmount(new(7_77)), MinimumSpend = new(50_00), ReturnPolicy = ReturnPolicy.Requalify }, "B")
            .With("percent", Percent(12) with { Funding = Shared, MaxUses = 4, Stacking = new(Order: 2) }, "C")
            .With("many", Off(3_33) with { MaxUses = 5 }, "D")
            .Club(9_000, PointsExamples.Terms with { Value = new(new(2), 3), MinimumSpend = 5, Expiry = new PointsExpiry.AfterMonths(1) });
        till.Accepted(PointsOperations.Grant(till.Ask(), PointsExamples.Club, Member, 777, "sponsor", till.Now));
        var (earlier, made) = (new List<(Operation Operation, byte[] Answer)>(), new List<string> { "A-1" });
        foreach (var step in steps)
        {
            till.Now += Duration.FromMinutes(step.Minutes);
            if (step.IsRepeat && earlier.Count > 0)
            {
                var (asked, answered) = earlier[step.Part % earlier.Count];
                var before = till.Book.Entries.Count;
                Assert.Equal(answered, till.Book.Run(asked).Answer);
                Assert.Equal(before, till.Book.Entries.Count);
                continue;
            }

            foreach (var operation in Ask(till, step, made[step.Part % made.Count]))
            {
                var before = till.Book.Entries.Count;
                if (till.Book.Run(operation).Answer is not { } answer)
                {
                    Assert.Equal(before, till.Book.Entries.Count);
                    continue;
                }

                earlier.Add((operation, answer));
                made.AddRange(till.Book.Entries.Skip(before).Select(entry => entry.Fact).OfType<CouponEvent.CouponRedeemed>().Select(e => e.RedemptionId).Distinct(StringComparer.Ordinal));
            }
        }

        return till;
    }

    private static Operation[] Ask(Till till, Step step, string redemption)
    {
        Presented[] shown = step.Codes.Length == 0 ? [new("D")] : [.. step.Codes.Select(code => new Presented(s_codes[code]))];
        var basket = new Basket([.. step.Amounts.Select(amount => new BasketLine(new(amount), 1 + (amount % 3)))]);
        var hold = s_codes.Select(code => till.Coupon(code).Hold).FirstOrDefault(held => held is not null)?.Id ?? "A-h0";
        var points = step.Points == 0 ? null : new PresentedPoints(PointsExamples.Club, Member, step.Points < 0 ? null : step.Points);
        return step.What switch
        {
            "redeem" => [points is null ? till.Redeem(basket, shown) : till.Redeem(basket, points, shown)],
            "hold" => [points is null ? till.Hold(basket, shown) : till.Hold(basket, points, shown)],
            "commit" => [till.Commit(hold)],
            "release" => [till.Release(hold)],
            "void" => [till.Void(redemption)],
            "return a part" => [till.Return(redemption, new ReturnItem(step.Line, step.Part % 4 == 0 ? 1 : null, step.Part % 4 == 0 ? null : new(step.Part)))],
            "return all" => [till.Return(redemption)],
            "clock" => [PointsOperations.ReadClock(till.Ask(), PointsExamples.Club, Member), .. s_codes.Select(code => CouponOperations.Expire(till.Ask(), code))],
            "spend" => [SpendOperations.Spend(till.Ask(), PointsExamples.Club, Member, 1 + (step.Part % 50), null), PointsOperations.Grant(till.Ask(), PointsExamples.Club, Member, step.Part, "merchant", till.Now)],
            _ => throw new System.Diagnostics.UnreachableException(step.What),
        };
    }

    private static IEnumerable<T> Facts<T>(InMemoryBook book) => book.Entries.Select(entry => entry.Fact).OfType<T>();
}
