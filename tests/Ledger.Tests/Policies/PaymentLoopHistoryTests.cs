using FsCheck;
using FsCheck.Fluent;
using Ledger.Payments;
using Ledger.Points;
using NodaTime;
using Xunit;
using static Ledger.Tests.Points.PointsExamples;

namespace Ledger.Tests.Policies;

/// <summary>
/// Payments, refunds, spends, holds and transfers at random, policies that look late, out of order and twice: after every step the books balance, and
/// when all have looked, the points are those of the payments that stand, reckoned another way.
/// </summary>
public class PaymentLoopHistoryTests
{
    private static readonly string[] s_members = ["m-1", "m-2", "m-3"];

    internal sealed record Step(string What, int Trade, int Member, int Amount, int Hours);

    private static readonly Gen<List<Step>> s_histories =
        from length in Gen.Choose(5, 50)
        from steps in (
            from what in Gen.Frequency(
                (8, Gen.Constant("pay")), (6, Gen.Constant("back")), (4, Gen.Constant("line")), (1, Gen.Constant("all")), (12, Gen.Constant("follow")), (3, Gen.Constant("spend")),
                (2, Gen.Constant("hold")), (2, Gen.Constant("commit")), (2, Gen.Constant("refund")), (2, Gen.Constant("transfer")), (1, Gen.Constant("clock")))
            from trade in Gen.Choose(0, 11)
            from member in Gen.Choose(0, 2)
            from amount in Gen.Choose(1, 20_000)
            from hours in Gen.Frequency((4, Gen.Choose(0, 3)), (1, Gen.Choose(20, 900)))
            select new Step(what, trade, member, amount, hours)).ListOf(length)
        select steps.ToList();

    private static readonly Gen<PointsTerms> s_terms =
        from days in Gen.Choose(0, 3)
        from months in Gen.Choose(1, 3)
        from isPerLine in Gen.Elements(true, false)
        from rounding in Gen.Elements(Enum.GetValues<PointsRounding>())
        from per in Gen.Choose(7, 300)
        select new PointsTerms(new(1, per, isPerLine, rounding), days, new PointsExpiry.AfterMonths(months), new(new(1), 1), 30, Clawback.Arrears, 1, null, new(10_000, 10_000));

    [Fact]
    public void The_points_of_every_history_are_those_of_the_payments_that_stand()
    {
        var (clawed, owed) = (0, 0);
        Holds.For(s_histories.Zip(s_terms, (steps, terms) => (steps, terms)), history =>
        {
            var (loop, random, spends) = (new PaymentLoop(history.terms), new Random(history.steps.Count), new List<string>());
            foreach (var (step, i) in history.steps.Select((step, i) => (step, i)))
            {
                // Policies look late, but not by weeks: what they earned then would have expired before anyone could use it.
                if (step.Hours >= 20) loop.FollowAll();
                loop.Shop.Now += Duration.FromHours(step.Hours);
                Do(loop, random, spends, step, i);
                loop.AssertBalanced(s_members);
            }

            while (loop.Waiting > 0) loop.FollowOne(random);
            loop.AssertBalanced(s_members);
            AssertStands(loop, history.terms);
            Assert.Empty(loop.Refused);

            // Everything goes back: nothing that payments earned is left to anybody, spent or not.
            for (var trade = 0; trade < 12; trade++) loop.Back($"t-{trade}", "end");
            while (loop.Waiting > 0) loop.FollowOne(random);
            loop.AssertBalanced(s_members);
            AssertStands(loop, history.terms);
            Assert.Equal(0, s_members.Sum(member => loop.Account(member).Tier));
            var facts = loop.Facts<PointsEvent.EarningClawedBack>().ToList();
            (clawed, owed) = (clawed + facts.Count, owed + facts.Count(fact => fact.Owed > 0));
        }, times: 150);
        Assert.True(clawed > 400 && owed > 100, $"Of {clawed} clawbacks {owed} were owed: the histories are too tame.");
    }

    private static void Do(PaymentLoop loop, Random random, List<string> spends, Step step, int i)
    {
        var (trade, member, amount) = ($"t-{step.Trade}", s_members[step.Member], (long)step.Amount);
        var (request, spend) = (loop.Shop.Ask(), spends.Count == 0 ? "p-none" : spends[step.Trade % spends.Count]);
        if (step.What is "hold" or "spend") spends.Add(PointsSpendStream.IdOf(request.Key!));
        switch (step.What)
        {
            case "pay": loop.Pay(trade, amount + 7 + (2 * amount), s_members[step.Trade % 3], amount, 7, 2 * amount); break;
            case "back": loop.Back(trade, $"r-{i}", amount); break;
            case "line": loop.Back(trade, $"r-{i}", amount % 3 == 0 ? null : amount, step.Member); break;
            case "all": loop.Back(trade, $"r-{i}"); break;
            case "follow": loop.FollowOne(random); break;
            case "spend": loop.Do(SpendOperations.Spend(request, Club, member, 1 + (amount / 100), null)); break;
            case "hold": loop.Do(SpendOperations.Hold(request, Club, member, 1 + (amount / 100), Duration.FromHours(1 + step.Trade), null)); break;
            case "commit": loop.Do(SpendOperations.Commit(request, spend)); break;
            case "refund": loop.Do(SpendOperations.Refund(request, spend, amount % 2 == 0 ? null : 1 + (amount / 500))); break;
            case "transfer": loop.Do(PointsOperations.Transfer(request, Club, member, s_members[(step.Member + 1) % 3], 1 + (amount / 200))); break;
            default: loop.Do(PointsOperations.ReadClock(request, Club, member)); break;
        }
    }

    /// <summary>From the plain list of what was paid and went back, in the order of the lines' numbers and nothing else of the ledger's own.</summary>
    private static void AssertStands(PaymentLoop loop, PointsTerms terms)
    {
        var expected = s_members.ToDictionary(member => member, _ => 0L, StringComparer.Ordinal);
        var backs = loop.Facts<PaymentEvent.PaymentRefunded>().ToLookup(fact => fact.Trade, fact => fact.Refund, StringComparer.Ordinal);
        foreach (var paid in loop.Facts<PaymentEvent.PaymentReceived>())
        {
            long[] lines = [.. paid.Paid.Lines.Select((line, i) => line.Amount.Minor - backs[paid.Trade].SelectMany(refund => refund.Lines).Where(back => back.Line == i).Sum(back => back.Amount.Minor))];
            var off = backs[paid.Trade].Where(refund => refund.Lines.Count == 0).Sum(refund => refund.Amount.Minor);
            for (var i = lines.Length - 1; i >= 0; i--)
            {
                var taken = Math.Min(off, lines[i]);
                (lines[i], off) = (lines[i] - taken, off - taken);
            }

            Assert.Equal(0, off);
            var points = terms.Earning.IsPerLine ? lines.Sum(Points) : Points(lines.Sum());
            expected[paid.Paid.Member!] += points;
            Assert.Equal(points, loop.Purchase(paid.Trade).Points);
        }

        long Points(long net) => (net + (terms.Earning.Rounding == PointsRounding.HalfUp ? terms.Earning.Per / 2 : 0)) / terms.Earning.Per;
        foreach (var member in s_members) Assert.Equal((expected[member], expected[member]), (loop.Account(member).Lifetime, loop.Account(member).Tier));
        Assert.Equal(expected.Values.Sum(), -loop.Shop.Tally(PointsBooks.Expense("merchant")));
    }
}
