using FsCheck;
using FsCheck.Fluent;
using Ledger.Coupons;
using Ledger.Coupons.Baskets;
using Ledger.Coupons.Budgets;
using Ledger.Coupons.Redemptions;
using Ledger.Tests.Coupons.Redemptions;
using NodaTime;
using Xunit;
using static Ledger.Coupons.CouponEvent;
using static Ledger.Tests.Coupons.Baskets.BasketExamples;
using static Ledger.Tests.Coupons.CouponExamples;

namespace Ledger.Tests.Coupons.Budgets;

/// <summary>
/// Random histories of a campaign with budgets: one and several coupons, of one and of several uses, held, committed, released, forgotten,
/// voided and returned, while budgets and terms change. Never is more committed than budgeted, and what is committed is what stands.
/// </summary>
public class BudgetHistoryTests
{
    internal sealed record Step(string What, int Code, int Others, int Amount, int Minutes, int Number);

    private static readonly string[] s_codes = ["A", "B", "C", "D", "E", "F"];
    private static readonly string[] s_parties = ["brand", "merchant"];

    private static readonly Gen<Step> s_steps =
        from what in Gen.Frequency(
            (8, Gen.Constant("redeem")), (6, Gen.Constant("hold")), (5, Gen.Constant("commit")), (2, Gen.Constant("release")), (3, Gen.Constant("expire")),
            (5, Gen.Constant("void")), (4, Gen.Constant("return some")), (3, Gen.Constant("return")), (2, Gen.Constant("return uses")), (4, Gen.Constant("budget")), (1, Gen.Constant("amend")))
        from code in Gen.Choose(0, s_codes.Length - 1)
        from others in Gen.Frequency((3, Gen.Constant(0)), (2, Gen.Choose(1, 3)))
        from amount in Gen.Choose(1, 150_00)
        from minutes in Gen.Frequency((6, Gen.Constant(0)), (3, Gen.Choose(1, 4)))
        from number in Gen.Choose(1, 3)
        select new Step(what, code, others, amount, minutes, number);

    private static readonly Gen<(Exhaustion Exhaustion, List<Step> Steps)> s_histories =
        from exhaustion in Gen.Elements(Exhaustion.Stop, Exhaustion.MerchantTakesAll, Exhaustion.Scale)
        from length in Gen.Choose(1, 60)
        from steps in s_steps.ListOf(length)
        select (exhaustion, steps.ToList());

    [Fact]
    public void Never_is_more_committed_than_budgeted_and_when_all_is_back_nothing_is()
    {
        var (seen, refusals, mostLeft) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal), 0);
        Holds.For(s_histories, history =>
        {
            var till = Open(history.Exhaustion);
            foreach (var step in history.Steps)
            {
                till.Now += Duration.FromMinutes(step.Minutes);
                var before = till.Book.Entries.Count;
                var (_, refusal) = till.Book.Run(OperationOf(till, step));
                if (refusal is null && till.Book.Entries.Count > before) seen.Add(step.What);
                if (refusal is not null) refusals.Add(refusal.Slug);
                foreach (var party in s_parties)
                {
                    var committed = Recounted(till.Book, party);
                    Assert.Equal(committed, till.Book.Tallies.GetValueOrDefault(MoneyBudgets.Spent(Spring, party)));
                    Assert.InRange(committed, 0, till.Book.State(CampaignStreams.Of(Spring)).BudgetOf(party).Minor);
                    if (committed > 0 && committed == till.Book.State(CampaignStreams.Of(Spring)).BudgetOf(party).Minor) mostLeft++;
                }
            }

            GiveAllBack(till);
            Assert.All(till.Book.Tallies.Where(tally => tally.Key.StartsWith("spent/", StringComparison.Ordinal)), tally => Assert.Equal(0, tally.Value));
        });

        // Histories that were always refused, or never short of money, would prove little.
        Assert.Equal(["amend", "budget", "commit", "expire", "hold", "redeem", "release", "return", "return some", "return uses", "void"], seen.Order(StringComparer.Ordinal), StringComparer.Ordinal);
        Assert.True(refusals.IsSupersetOf(["money-budget-exhausted", "budget-below-committed"]), string.Join(' ', refusals));
        Assert.True(mostLeft > 50);
    }

    /// <summary>What redemptions and holds that stand have charged, told from what each entry says of the discount and who pays it.</summary>
    private static long Recounted(InMemoryBook book, string party)
    {
        var (held, used) = (new Dictionary<string, long>(StringComparer.Ordinal), new Dictionary<(string, string), long>());
        foreach (var (stream, _, fact) in book.Entries)
        {
            switch (fact)
            {
                case CouponHeld e: held[stream.Id] = Share(stream, e.Basket); break;
                case CouponHoldReleased: held.Remove(stream.Id); break;
                case CouponRedeemed e:
                    Assert.Equal(held.Remove(stream.Id), e.Hold is not null);
                    used[(stream.Id, e.RedemptionId)] = Share(stream, e.Basket);
                    break;
                case RedemptionVoided e: used[(stream.Id, e.RedemptionId)] = 0; break;
                case CouponReturned e when IsBound(book, stream, party):
                    used[(stream.Id, e.RedemptionId)] -= e.Funding.Where(share => share.Party == party).Sum(share => share.Amount.Minor);
                    break;
            }
        }

        return held.Values.Sum() + used.Values.Sum();

        long Share(StreamName stream, Breakdown? basket) => IsBound(book, stream, party)
            ? basket!.Funding.Where(share => share.Party == party).Sum(share => share.Amount.Minor)
            : 0;
    }

    private static bool IsBound(InMemoryBook book, StreamName stream, string party) =>
        book.State(CampaignStreams.TermsOf(Spring, ((Coupon)book.States[stream.Id]).TermsVersion)).Terms!.IsBudgeted(party);

    /// <summary>Lets every hold run out and returns every redemption that stands.</summary>
    private static void GiveAllBack(Till till)
    {
        till.Now += Duration.FromHours(1);
        foreach (var code in s_codes) till.Accepted(CouponOperations.Expire(till.Ask(), code));
        foreach (var code in s_codes)
        {
            for (var number = 1; number <= till.Coupon(code).Redemptions; number++)
            {
                // Those that were voided, returned, or are named by another coupon of their basket are refused.
                var id = CouponStream.RedemptionId(code, number);
                till.Book.Run(till.Void(id));
                till.Book.Run(till.Return(id, keepCoupons: true));
                if (till.Book.State(RedemptionStream.Of(id)) is { UsesReturned: > 0, Sale.Coupons: [var one] } record && record.UsesReturned < one.Uses)
                    till.Accepted(till.ReturnUses(id, one.Uses - record.UsesReturned));
            }
        }
    }

    private static Till Open(Exhaustion exhaustion)
    {
        var till = new Till();
        var terms = Terms with
        {
            MinimumSpend = Money.Zero,
            VoidWindowMinutes = 60 * 24 * 30,
            MaxUses = 3,
            Funding = new([new("brand", 5_500), new("merchant", 3_000), new("bank", 1_500)], exhaustion),
            Budgets = ["brand", "merchant"],
        };
        till.With(Spring, terms, "A", "B", "C");
        till.Accepted(CouponOperations.ChangeBudget(till.Ask(), Spring, "brand", Money.Zero, new(40_00)));
        till.Accepted(CouponOperations.ChangeBudget(till.Ask(), Spring, "merchant", Money.Zero, new(70_00)));
        till.Accepted(CouponOperations.Amend(till.Ask(), Spring, 1, terms with { MaxUses = null, Funding = null, Budgets = ["merchant"] }));
        foreach (var code in s_codes[3..]) till.Accepted(CouponOperations.Issue(till.Ask(), Spring, code, Member, null, till.Now, till.Now.InZone(Terms.Zone()).Date));
        return till;
    }

    private static Operation OperationOf(Till till, Step step)
    {
        var (code, basket) = (s_codes[step.Code], Lines(step.Amount, 7_77, 3));
        Presented[] shown =
        [
            .. Enumerable.Range(0, step.Others + 1).Select(i => s_codes[(step.Code + i) % s_codes.Length])
                .Select(one => new Presented(one, till.Coupon(one).TermsVersion == 1 ? 1 + (step.Number % 2) : 1)),
        ];
        var (redemption, hold) = (CouponStream.RedemptionId(code, step.Number), till.Coupon(code).Hold?.Id ?? CouponStream.HoldId(code, "none"));
        var (party, campaign) = (s_parties[step.Number % 2], till.Book.State(CampaignStreams.Of(Spring)));
        return step.What switch
        {
            "redeem" => till.Redeem(basket, shown),
            "hold" => till.Hold(basket, shown),
            "commit" => till.Commit(hold),
            "release" => till.Release(hold),
            "expire" => CouponOperations.Expire(till.Ask(), code),
            "void" => till.Void(redemption),
            "return some" => till.Return(redemption, new ReturnItem(0, Amount: new(step.Amount))),
            "return" => till.Return(redemption, keepCoupons: step.Others == 0),
            "return uses" => till.ReturnUses(redemption, 1),
            "budget" => CouponOperations.ChangeBudget(till.Ask(), Spring, party, campaign.BudgetOf(party), new(step.Amount)),
            "amend" => CouponOperations.Amend(till.Ask(), Spring, campaign.TermsVersion, till.Book.State(CampaignStreams.TermsOf(Spring, campaign.TermsVersion)).Terms! with
            {
                Budgets = step.Number == 1 ? null : [party],
                MinimumSpend = new(step.Amount % 9),
            }),
            _ => throw new System.Diagnostics.UnreachableException(step.What),
        };
    }
}
