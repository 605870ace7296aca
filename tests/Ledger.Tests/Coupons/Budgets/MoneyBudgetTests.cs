using Ledger.Coupons;
using Ledger.Coupons.Baskets;
using Ledger.Coupons.Budgets;
using Ledger.Coupons.Redemptions;
using Ledger.Pools;
using Ledger.Tests.Coupons.Redemptions;
using NodaTime;
using Xunit;
using static Ledger.Tests.Coupons.Baskets.BasketExamples;
using static Ledger.Tests.Coupons.CouponExamples;

namespace Ledger.Tests.Coupons.Budgets;

/// <summary>Worked examples of money budgets: 20.00 off 120.00, of which the merchant pays 12.00, a brand 6.00 and a bank 2.00.</summary>
public class MoneyBudgetTests
{
    private static readonly Funding s_shared = new([new("merchant", 6_000), new("brand", 3_000), new("bank", 1_000)]);
    private static readonly Presented s_a = new("A");
    private static readonly Presented s_b = new("B");

    private static CouponTerms Bound(Exhaustion exhaustion = Exhaustion.Stop, params string[] budgets) =>
        Terms with { Funding = s_shared with { OnExhaustion = exhaustion }, Budgets = budgets };

    [Fact]
    public void Stop_refuses_the_coupon_that_the_budget_cannot_bear_and_a_void_makes_room_again()
    {
        var till = Open(Bound(Exhaustion.Stop, "brand"), ("brand", 11_99));
        till.Accepted(till.Redeem(ThreeLines, s_a));
        Assert.Equal(6_00, Spent(till, "brand"));
        Assert.Equal(new MoneyBudgetExhausted("brand", new(6_00), new(5_99)), till.Refused(till.Redeem(ThreeLines, s_b)));
        till.Accepted(till.Void("A-1"));
        Assert.Equal(0, Spent(till, "brand"));
        till.Accepted(till.Redeem(ThreeLines, s_b));
        // A share that no budget bounds is not counted.
        Assert.False(till.Book.Tallies.ContainsKey(MoneyBudgets.Spent(Spring, "merchant")));
    }

    [Fact]
    public void The_merchant_takes_what_the_brand_cannot_bear_but_no_more_than_its_own_budget()
    {
        var till = Open(Bound(Exhaustion.MerchantTakesAll, "brand", "merchant"), ("brand", 7_00), ("merchant", 29_00));
        till.Accepted(till.Redeem(ThreeLines, s_a));
        Assert.Equal(new MoneyBudgetExhausted("merchant", new(17_00), new(17_00 - 1)), Short(1));
        Assert.Equal("effective", till.StatusOf("B"));
        var answer = till.Accepted(till.Redeem(ThreeLines, s_b));
        Assert.Equal("""[{"amount":1700,"party":"merchant"},{"amount":100,"party":"brand"},{"amount":200,"party":"bank"}]""", answer.GetProperty("basket").GetProperty("funding").GetRawText());
        Assert.Equal((7_00, 29_00), (Spent(till, "brand"), Spent(till, "merchant")));

        Rejection Short(long by)
        {
            Set(till, "merchant", 29_00, 29_00 - by);
            var refusal = till.Refused(till.Redeem(ThreeLines, s_b));
            Set(till, "merchant", 29_00 - by, 29_00);
            return refusal;
        }
    }

    [Fact]
    public void Scale_gives_what_the_budget_still_bears_to_the_last_unit()
    {
        var till = Open(Terms with { Budgets = ["merchant"], Funding = new([new("merchant", 10_000)], Exhaustion.Scale) }, ("merchant", 20_01));
        till.Accepted(till.Redeem(ThreeLines, s_a));
        var last = till.Accepted(till.Redeem(ThreeLines, s_b));
        Assert.Equal((1, 119_99, 20_01), (last.Number("discount"), last.Number("payable"), Spent(till, "merchant")));
        till.Accepted(till.Void("B-1"));
        Assert.Equal(20_00, Spent(till, "merchant"));
    }

    [Fact]
    public void Coupons_of_one_campaign_on_one_basket_draw_on_one_budget_together()
    {
        var till = Open(Bound(Exhaustion.Scale, "brand"), ("brand", 9_00));
        var answer = till.Accepted(till.Redeem(ThreeLines, s_a, s_b));
        // 6.00 of the first 20.00; 10.03 is the last amount of which 30 %, rounded down, is 3.00.
        Assert.Equal((30_03, 9_00), (answer.Number("discount"), Spent(till, "brand")));
        till.Accepted(till.Void("A-1"));
        Assert.Equal(0, Spent(till, "brand"));

        var strict = Open(Bound(Exhaustion.Stop, "brand"), ("brand", 11_99));
        Assert.Equal("B", Assert.IsType<MoneyBudgetExhausted>(strict.Refused(strict.Redeem(ThreeLines, s_a, s_b))).Presented);
        Assert.Equal(0, Spent(strict, "brand"));
    }

    [Fact]
    public void A_hold_keeps_its_part_until_it_is_committed_released_or_over()
    {
        var till = Open(Bound(Exhaustion.Stop, "brand"), ("brand", 6_00));
        var hold = till.Accepted(till.Hold(ThreeLines, s_a)).Text("holdId");
        Assert.Equal(6_00, Spent(till, "brand"));
        Assert.Equal(new MoneyBudgetExhausted("brand", new(6_00), Money.Zero), till.Refused(till.Redeem(ThreeLines, s_b)));
        till.Accepted(till.Commit(hold));
        Assert.Equal(6_00, Spent(till, "brand"));
        till.Accepted(till.Void("A-1"));

        var released = till.Accepted(till.Hold(ThreeLines, s_b)).Text("holdId");
        till.Accepted(till.Release(released));
        Assert.Equal(0, Spent(till, "brand"));

        till.Accepted(till.Hold(ThreeLines, s_a));
        till.Now += Duration.FromMinutes(2);
        // What the same coupon's hold kept is its own again, although no entry has said so yet.
        till.Accepted(till.Redeem(ThreeLines, s_a));
        Assert.Equal(6_00, Spent(till, "brand"));
    }

    [Fact]
    public void The_clock_frees_what_a_forgotten_hold_kept()
    {
        var till = Open(Bound(Exhaustion.Stop, "brand"), ("brand", 6_00));
        till.Accepted(till.Hold(ThreeLines, s_a));
        till.Now += Duration.FromMinutes(2);
        till.Accepted(CouponOperations.Expire(till.Ask(), "A"));
        Assert.Equal(0, Spent(till, "brand"));
    }

    [Fact]
    public void Returned_goods_give_each_budget_its_part_back_and_all_of_them_the_rest()
    {
        var till = Open(Bound(Exhaustion.Stop, "bank", "brand"), ("bank", 2_00), ("brand", 6_00));
        till.Accepted(till.Redeem(ThreeLines, s_a));
        till.Accepted(till.Return("A-1", new ReturnItem(1)));
        // A3: 5.50 of the discount comes back, 1.65 of it to the brand and 0.55 to the bank.
        Assert.Equal((4_35, 1_45), (Spent(till, "brand"), Spent(till, "bank")));
        till.Accepted(till.Return("A-1"));
        Assert.Equal((0, 0), (Spent(till, "brand"), Spent(till, "bank")));
    }

    [Fact]
    public void Terms_without_funding_charge_the_merchants_budget_and_give_it_back_exactly()
    {
        var till = Open(Terms with { Budgets = ["merchant"] }, ("merchant", 39_99));
        till.Accepted(TillOperations.Redeem(till.Ask(), "A", new(120_00), till.Now, "s1", "t1", null));
        Assert.Equal(20_00, Spent(till, "merchant"));
        Assert.Equal(new MoneyBudgetExhausted("merchant", new(20_00), new(19_99)), till.Refused(till.Redeem(Lines(120_00), s_b)));
        till.Accepted(till.Return("A-1", new ReturnItem(0, Amount: new(60_00))));
        Assert.Equal(10_00, Spent(till, "merchant"));
        till.Accepted(till.Return("A-1"));
        Assert.Equal(0, Spent(till, "merchant"));
    }

    [Fact]
    public void What_was_charged_is_given_back_whatever_terms_and_budgets_became()
    {
        var till = Open(Bound(Exhaustion.Stop, "brand"), ("brand", 100_00));
        till.Accepted(till.Redeem(ThreeLines, s_a));
        till.Accepted(till.Redeem(ThreeLines, s_b));
        till.Accepted(CouponOperations.Amend(till.Ask(), Spring, 1, Bound() with { Budgets = null }));
        Set(till, "brand", 100_00, 12_00);
        Assert.Equal(new BudgetBelowCommitted("brand", new(11_99), new(12_00)), till.Refused(CouponOperations.ChangeBudget(till.Ask(), Spring, "brand", new(12_00), new(11_99))));
        till.Accepted(till.Void("A-1"));
        till.Accepted(till.Return("B-1"));
        Assert.Equal(0, Spent(till, "brand"));
        // The coupon keeps drawing on the budget that its terms named; one issued now draws on none.
        Set(till, "brand", 12_00, 0);
        Assert.IsType<MoneyBudgetExhausted>(till.Refused(till.Redeem(ThreeLines, s_a)));
        till.Accepted(CouponOperations.Issue(till.Ask(), Spring, "C", Member, null, till.Now, till.Now.InZone(Terms.Zone()).Date));
        till.Accepted(till.Redeem(ThreeLines, new Presented("C")));
        Assert.Equal(0, Spent(till, "brand"));
    }

    [Fact]
    public void A_redemption_from_before_the_budget_is_neither_charged_nor_given_back()
    {
        var till = new Till().With(Spring, Terms, "A");
        till.Accepted(till.Redeem(ThreeLines, s_a));
        till.Accepted(CouponOperations.Amend(till.Ask(), Spring, 1, Terms with { Budgets = ["merchant"] }));
        Set(till, "merchant", 0, 50_00);
        till.Accepted(till.Void("A-1"));
        Assert.DoesNotContain(till.Book.Tallies.Keys, key => key.StartsWith("spent/", StringComparison.Ordinal));
    }

    /// <summary>Coupons pin their terms: what version 1 binds is bound, and is to be set and filled, whatever version 2 says.</summary>
    [Fact]
    public void A_budget_that_only_an_earlier_version_of_the_terms_names_can_be_set_and_filled()
    {
        var till = Open(Bound(Exhaustion.Stop, "brand") with { Funding = new([new("platform", 5_000), new("brand", 5_000)]), Budgets = ["platform", "brand"] });
        till.Accepted(CouponOperations.Amend(till.Ask(), Spring, 1, Terms));
        till.Accepted(CouponOperations.Amend(till.Ask(), Spring, 2, Terms with { Budgets = ["merchant"] }));
        Assert.Equal(new MoneyBudgetExhausted("platform", new(10_00), Money.Zero), till.Refused(till.Redeem(ThreeLines, s_a)));
        Assert.Equal("received", till.Accepted(PoolOperations.Receive(till.Ask(), "pool-1", "slice-1", Spring, new(10_00))).Text("status"));
        Assert.Equal(new MoneyBudgetExhausted("brand", new(10_00), Money.Zero), till.Refused(till.Redeem(ThreeLines, s_a)));
        Set(till, "brand", 0, 10_00);
        Set(till, "merchant", 0, 1);
        till.Accepted(till.Redeem(ThreeLines, s_a));
        Assert.Equal(new BudgetNotInTerms("bank"), till.Refused(CouponOperations.ChangeBudget(till.Ask(), Spring, "bank", Money.Zero, new(1))));
        Assert.Equal(new CampaignUnknown("autumn"), till.Refused(CouponOperations.ChangeBudget(till.Ask(), "autumn", "bank", Money.Zero, new(1))));
    }

    /// <summary>What a hold keeps of the budget is the coupon's own again when its time is over, also before the clock says so; for a quote as for the redemption.</summary>
    [Fact]
    public void A_quote_counts_what_holds_that_are_over_still_keep_as_left()
    {
        var till = Open(Bound(Exhaustion.Stop, "brand"), ("brand", 12_00));
        till.Accepted(till.Hold(ThreeLines, s_a));
        till.Accepted(till.Hold(ThreeLines, s_b));
        Assert.Empty(Best(till).Codes);
        till.Now += Duration.FromMinutes(3);
        Assert.Equal(["A", "B"], Best(till).Codes);
        till.Accepted(till.Redeem(ThreeLines, s_a, s_b));

        // What B's hold kept is B's alone.
        till = Open(Bound(Exhaustion.Stop, "brand"), ("brand", 6_00));
        till.Accepted(till.Hold(ThreeLines, s_b));
        till.Now += Duration.FromMinutes(3);
        Assert.Equal(["B"], Best(till).Codes);
        till.Refused(till.Redeem(ThreeLines, s_a));
        till.Accepted(till.Redeem(ThreeLines, s_b));

        // Of two whose holds are over the basket takes one, beside another that no budget bounds.
        till = Open(Bound(Exhaustion.Stop, "brand") with { Stacking = new(Category: "brand") }, ("brand", 12_00)).With("autumn", Off(5_00), "D");
        till.Accepted(till.Hold(ThreeLines, s_a));
        till.Accepted(till.Hold(ThreeLines, s_b));
        till.Now += Duration.FromMinutes(3);
        var three = Best(till, new Presented("D"));
        Assert.Equal((25_00, true), (three.Discount.Minor, three.IsExact));
        till.Accepted(till.Redeem(ThreeLines, [.. three.Codes.Select(code => new Presented(code))]));
    }

    /// <summary>Two that are better would take what the holds kept, and may not: with another campaign's coupon one of the held ones is best, and takes its own hold's part.</summary>
    [Fact]
    public void A_quote_is_what_redeeming_its_codes_takes_off_where_holds_are_over()
    {
        var terms = Terms with { Budgets = ["merchant"], Funding = new([new("merchant", 10_000)], Exhaustion.Scale), Stacking = new(Category: "a") };
        var till = Open(terms, ("merchant", 46_00)).With("autumn", Off(18_00) with { Stacking = new(Category: "b") }, "D");
        Richer(1, "V", "a");
        Richer(2, "W", "b");
        till.Accepted(till.Hold(ThreeLines, s_a));
        till.Accepted(till.Hold(ThreeLines, s_b));
        till.Now += Duration.FromMinutes(3);
        var best = Best(till, new("V"), new("W"), new("D"));
        Assert.Equal((38_00, 2), (best.Discount.Minor, best.Codes.Count));
        Assert.Equal(best.Discount.Minor, till.Accepted(till.Redeem(ThreeLines, [.. best.Codes.Select(code => new Presented(code))])).Number("discount"));

        void Richer(int version, string code, string category)
        {
            till.Accepted(CouponOperations.Amend(till.Ask(), Spring, version, terms with { Benefit = new Benefit.FixedAmount(new(23_00)), Stacking = new(Category: category) }));
            till.Accepted(CouponOperations.Issue(till.Ask(), Spring, code, Member, null, till.Now, till.Now.InZone(Terms.Zone()).Date));
        }
    }

    private static BestOffer Best(Till till, params Presented[] also)
    {
        var states = new BookStates();
        foreach (var (stream, state) in till.Book.States) states.Put(stream, state);
        foreach (var (key, value) in till.Book.Tallies) states.PutTally(key, value);
        return Quotes.Of(states, [s_a, s_b, .. also], ThreeLines.Amount, till.Now, till.Now, "s1", ThreeLines).Best;
    }

    [Fact]
    public void A_campaign_shows_its_budgets_and_changes_them_by_compare_and_set()
    {
        var till = Open(Bound(Exhaustion.Stop, "brand", "merchant"), ("brand", 50_00));
        till.Accepted(till.Redeem(Lines(120_00), s_a) is var redeem ? Grant(till, redeem) : redeem);
        var shown = till.Accepted(CouponOperations.ChangeBudget(till.Ask(), Spring, "brand", new(50_00), new(40_00)));
        Assert.Equal(
            """[{"budget":4000,"committed":600,"left":3400,"party":"brand"},{"budget":1200,"committed":1200,"left":0,"party":"merchant"}]""",
            shown.GetProperty("budgets").GetRawText());
        Assert.Equal(new BudgetCasMismatch("brand", new(50_00), new(40_00)), till.Refused(CouponOperations.ChangeBudget(till.Ask(), Spring, "brand", new(50_00), new(60_00))));
        till.Accepted(CouponOperations.ChangeBudget(till.Ask(), Spring, "brand", new(50_00), new(40_00)));
        Assert.Equal(new BudgetNotInTerms("bank"), till.Refused(CouponOperations.ChangeBudget(till.Ask(), Spring, "bank", Money.Zero, new(1))));
        Assert.Equal(new BudgetIsGranted("platform"), till.Refused(CouponOperations.ChangeBudget(till.Ask(), Spring, "platform", Money.Zero, new(1))));

        static Operation Grant(Till till, Operation redeem)
        {
            // Named by the terms and not set is nothing to spend.
            Assert.Equal(new MoneyBudgetExhausted("merchant", new(12_00), Money.Zero), till.Refused(redeem));
            Set(till, "merchant", 0, 12_00);
            return redeem;
        }
    }

    /// <summary>A running campaign with budgets, and two coupons of it, A and B.</summary>
    private static Till Open(CouponTerms terms, params (string Party, long Amount)[] budgets)
    {
        var till = new Till().With(Spring, terms, "A", "B");
        foreach (var (party, amount) in budgets) Set(till, party, 0, amount);
        return till;
    }

    private static void Set(Till till, string party, long expected, long target) =>
        till.Accepted(CouponOperations.ChangeBudget(till.Ask(), Spring, party, new(expected), new(target)));

    private static long Spent(Till till, string party) => till.Book.Tallies.GetValueOrDefault(MoneyBudgets.Spent(Spring, party));
}
