using FsCheck;
using FsCheck.Fluent;
using Ledger.Points;
using NodaTime;
using Xunit;
using static Ledger.Points.PointsEvent;
using static Ledger.Tests.Points.PointsExamples;

namespace Ledger.Tests.Points;

/// <summary>Members earn, hold, spend, give back in every order, transfer, are adjusted and owe, while days pass. After every step the books are right.</summary>
public class PointsHistoryTests
{
    private static readonly string[] s_members = ["m-1", "m-2", "m-3"];

    internal sealed record Step(string What, int Member, int Number, int Amount, int Hours);

    private static readonly Gen<List<Step>> s_histories =
        from length in Gen.Choose(1, 60)
        from steps in (
            from what in Gen.Frequency(
                (6, Gen.Constant("earn")), (5, Gen.Constant("reverse")), (2, Gen.Constant("grant")), (5, Gen.Constant("hold")), (4, Gen.Constant("commit")), (3, Gen.Constant("release")),
                (6, Gen.Constant("spend")), (6, Gen.Constant("refund")), (3, Gen.Constant("transfer")), (2, Gen.Constant("adjust")), (2, Gen.Constant("settle")), (4, Gen.Constant("clock")))
            from member in Gen.Choose(0, 2)
            from number in Gen.Choose(0, 9)
            from amount in Gen.Choose(1, 300)
            from hours in Gen.Frequency((4, Gen.Choose(0, 3)), (2, Gen.Choose(4, 40)), (1, Gen.Choose(41, 1_000)))
            select new Step(what, member, number, amount, hours)).ListOf(length)
        select steps.ToList();

    private static readonly Gen<PointsTerms> s_terms =
        from days in Gen.Choose(0, 3)
        from months in Gen.Choose(1, 3)
        from grace in Gen.Elements<int?>(null, 30)
        from clawback in Gen.Elements(Enum.GetValues<Clawback>())
        from isPerLine in Gen.Elements(true, false)
        from rounding in Gen.Elements(Enum.GetValues<PointsRounding>())
        select new PointsTerms(new(3, 100, isPerLine, rounding), days, new PointsExpiry.AfterMonths(months), new(new(7), 3), grace, clawback, 1, null, new(400, 600));

    [Fact]
    public void The_books_of_every_history_are_right_after_every_step()
    {
        var seen = new HashSet<Type>();
        Holds.For(s_histories.Zip(s_terms, (steps, terms) => (steps, terms)), history =>
        {
            var world = new World(history.terms);
            foreach (var step in history.steps)
            {
                world.Do(step);
                world.AssertRight();
            }

            world.AssertWholeHistory(history.terms);
            seen.UnionWith(world.Shop.Book.Entries.Select(entry => entry.Fact.GetType()));
        });
        Assert.Empty(typeof(PointsEvent).GetNestedTypes().Except(seen).Select(type => type.Name));
    }

    private sealed class World
    {
        private readonly List<string> spends = [];
        private readonly Dictionary<string, long> made = new(StringComparer.Ordinal);

        public World(PointsTerms terms)
        {
            Shop = new(terms);
            Shop.Accepted(ProgramOperations.ChangeBudget(Shop.Ask(), Club, "sponsor", 0, 2_000));
        }

        public PointsShop Shop { get; }

        public void Do(Step step)
        {
            Shop.Now += Duration.FromHours(step.Hours);
            var (member, order, request) = (s_members[step.Member], FormattableString.Invariant($"o-{step.Number}"), Shop.Ask());
            var funder = step.Amount % 3 == 0 ? "sponsor" : "merchant";
            var spend = spends.Count == 0 ? "p-none" : spends[step.Number % spends.Count];
            if (step.What is "hold" or "spend") spends.Add(PointsSpendStream.IdOf(request.Key!));
            Run(step.What switch
            {
                "earn" => PointsOperations.Earn(request, Club, member, order, Lines(("1", step.Amount * 97L), ("2", step.Amount * 31L), ("3", 55)), funder, Shop.Now),
                "reverse" => PointsOperations.Reverse(request, Club, order, step.Amount % 4 == 0 ? [] : Lines((FormattableString.Invariant($"{1 + (step.Number % 3)}"), step.Amount * 17L)), null),
                "grant" => PointsOperations.Grant(request, Club, member, step.Amount, funder, Shop.Now),
                "hold" => SpendOperations.Hold(request, Club, member, step.Amount, Duration.FromHours(1 + step.Number), null),
                "commit" => SpendOperations.Commit(request, spend),
                "release" => SpendOperations.Release(request, spend),
                "spend" => SpendOperations.Spend(request, Club, member, step.Amount, order),
                "refund" => SpendOperations.Refund(request, spend, step.Amount % 5 == 0 ? null : 1 + (step.Amount / 4)),
                "transfer" => PointsOperations.Transfer(request, Club, member, s_members[step.Number % 3], step.Amount),
                "adjust" => PointsOperations.Adjust(request, Club, member, step.Amount % 2 == 0 ? step.Amount : -step.Amount, funder, "by hand", Alone),
                "settle" => PointsOperations.Settle(request, Club, member, step.Amount, "cash"),
                _ => PointsOperations.ReadClock(request, Club, member),
            });
        }

        public void AssertRight()
        {
            var accounts = s_members.Select(Shop.Account).ToList();
            foreach (var account in accounts)
            {
                Assert.All(account.Lots.Concat(account.Pending).Concat(account.Holds.SelectMany(hold => hold.Lots)), lot => Assert.True(lot.Points > 0));
                Assert.True(account.Arrears >= 0 && (account.Arrears == 0 || account.Available == 0), $"{account}");
                Assert.True(account.Lifetime >= account.Tier && account.Tier >= 0);
                Assert.Distinct(account.Lots.Concat(account.Pending).Select(lot => lot.Id));
            }

            Assert.Equal(accounts.Sum(account => account.PendingPoints), Shop.Tally(PointsBooks.Pending));
            Assert.Equal(accounts.Sum(account => account.Available), Shop.Tally(PointsBooks.Available));
            Assert.Equal(accounts.Sum(account => account.Held), Shop.Tally(PointsBooks.Held));
            Assert.Equal(accounts.Sum(account => account.Arrears), -Shop.Tally(PointsBooks.Arrears));
            Assert.Equal(0, Shop.Tally(PointsBooks.Transit));
            Assert.Equal(0, Shop.Book.Tallies.Where(tally => tally.Key.StartsWith("points/", StringComparison.Ordinal)).Sum(tally => tally.Value));
            Assert.InRange(-Shop.Tally(PointsBooks.Expense("sponsor")), -2_000, 2_000);
            Assert.True(Shop.Tally(PointsBooks.Redeemed) >= 0 && Shop.Tally(PointsBooks.Breakage) >= 0);
            var open = Shop.Book.States.Values.OfType<PointsSpend>().Where(spend => spend.Status == SpendStatus.Spent).Sum(spend => spend.Lots.Total());
            Assert.Equal(open, Shop.Tally(PointsBooks.Redeemed));
            var earning = Shop.Book.States.Values.OfType<PointsPurchase>().Sum(purchase => purchase.Points);
            Assert.True(accounts.Sum(account => account.Tier) >= earning);
        }

        /// <summary>What each fact says, against the account that it met.</summary>
        public void AssertWholeHistory(PointsTerms terms)
        {
            var accounts = new Dictionary<string, PointsAccount>(StringComparer.Ordinal);
            foreach (var (stream, _, stored) in Shop.Book.Entries)
            {
                if (stored is not PointsEvent fact) continue;
                var state = accounts.GetValueOrDefault(stream.Id, PointsAccount.None);
                if (fact.Lots.Count > 0) Assert.Equal(fact.Points, fact.Lots.Total());
                Assert.Equal(fact.Points, fact.Cohorts.Sum(cohort => cohort.Points));
                Assert.True(fact.Points > 0 && fact.Debit != fact.Credit, $"{fact}");
                if (fact is PointsHeld or PointsTransferredOut or PointsSpent { WasHeld: false })
                {
                    Assert.Equal(state.Lots.InOrder().First(fact.Points), fact.Lots);
                    Assert.All(fact.Lots, lot => Assert.True(lot.ActiveAt <= fact.At && fact.At < lot.ExpiresAt));
                }

                if (fact is PointsRestored) Assert.All(fact.Lots, lot => Assert.True(fact.At < lot.ExpiresAt));
                if (fact is PointsSpent spent) made[spent.SpendId] = spent.Points;
                if (fact is PointsRestored or PointsRegranted or PointsForfeited) made[SpendOf(fact)] -= fact.Points;
                if (fact is not (PointsEarned or EarningClawedBack or PointsAdjusted)) Assert.Equal(state.Lifetime, PointsDecider.Evolve(state, fact).Lifetime);
                accounts[stream.Id] = PointsDecider.Evolve(state, fact);
                Assert.Equal(accounts[stream.Id].DueAt, fact.Due);
            }

            Assert.All(made.Values, left => Assert.True(left >= 0));
            foreach (var (id, spend) in Shop.Book.States.Where(state => state.Value is PointsSpend { Status: SpendStatus.Spent }).Select(state => (state.Key["pointsspend-".Length..], (PointsSpend)state.Value)))
                Assert.Equal(spend.Lots.Total(), made[id]);
            if (terms.Clawback == Clawback.WithinBalance) return;

            // Earn, refund, keep: when every order came back, nothing that orders earned is left to anyone, spent or not.
            foreach (var number in Enumerable.Range(0, 10)) Run(PointsOperations.Reverse(Shop.Ask(), Club, FormattableString.Invariant($"o-{number}"), [], null));
            AssertRight();
            Assert.Equal(0, s_members.Sum(member => Shop.Account(member).Tier));
        }

        private static ApprovalRule Alone { get; } = new(PointsStreams.ProgramOf(Club), _ => false);

        private static string SpendOf(PointsEvent fact) => fact switch
        {
            PointsRestored e => e.SpendId,
            PointsRegranted e => e.SpendId,
            PointsForfeited e => e.SpendId,
            _ => throw new System.Diagnostics.UnreachableException($"{fact}"),
        };

        /// <summary>Whatever is refused changes nothing.</summary>
        private void Run(Operation operation)
        {
            var before = Shop.Book.Entries.Count;
            if (Shop.Book.Run(operation).Refusal is not null) Assert.Equal(before, Shop.Book.Entries.Count);
        }
    }
}
