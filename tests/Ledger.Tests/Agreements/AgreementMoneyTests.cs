using Ledger.Agreements;
using NodaTime;
using Xunit;
using static Ledger.Tests.Agreements.AgreementShop;

namespace Ledger.Tests.Agreements;

/// <summary>What is due and what goes back where a membership has several settlements, or a person several memberships.</summary>
public class AgreementMoneyTests
{
    private static readonly PlanTerms s_cycle = Terms with
    {
        Term = new TermRule.Absolute(21, TermUnit.Day),
        Settlement = new SettlementRule.Cycle(7, TermUnit.Day, [new(3_00), new(4_00), new(5_00)]),
        ExemptionDays = 0,
        SettlementDelayDays = 0,
        GraceDays = 0,
    };

    [Fact]
    public void A_waiver_leaves_what_was_collected_before_it()
    {
        var shop = new AgreementShop(s_cycle).Signed();
        Settle(shop);
        shop.Provider(TransferOutcome.Succeeded);
        Settle(shop);
        shop.Provider(TransferOutcome.Failed, "no funds");
        shop.Does(AgreementOperations.Waive(shop.Ask(), "A-1", WaiverReason.PaidElsewhere, "cash", shop.Rule));
        Assert.Equal([(3_00L, 3_00L, 0), (0, 0, 0)], shop.Agreement().Settlements.Select(one => (one.Due.Minor, one.Collected.Minor, one.Refunds.Count)));
        shop.AssertExplained();
    }

    [Fact]
    public void Quitting_within_the_exemption_gives_back_what_was_collected_before()
    {
        var shop = new AgreementShop(s_cycle with { ExemptionDays = 20 }).Signed();
        Settle(shop);
        shop.Provider(TransferOutcome.Succeeded);
        shop.Now += Duration.FromDays(2);
        shop.Does(AgreementOperations.Quit(shop.Ask(), "A-1", QuitKind.Member, Money.Zero));
        Assert.Equal((MoneyMove.Refund, new Money(3_00)), (shop.Orders.Last().Move, shop.Orders.Last().Amount));
        shop.Provider(TransferOutcome.Succeeded);
        Assert.Equal([(0L, 3_00L), (0, 0)], shop.Agreement().Settlements.Select(one => (one.Due.Minor, one.Refunded.Minor)));
        shop.AssertExplained();
    }

    [Fact]
    public void What_is_on_its_way_out_of_the_guarantee_is_not_asked_for_twice()
    {
        var shop = new AgreementShop(s_cycle with { HasFreeze = true, Settlement = new SettlementRule.Cycle(7, TermUnit.Day, [new(3_00), new(13_00), new(5_00)]) }).Signed();
        shop.Provider(TransferOutcome.Succeeded);
        Settle(shop);
        shop.Now += Duration.FromDays(1);
        shop.Does(AgreementOperations.Quit(shop.Ask(), "A-1", QuitKind.Member, new Money(13_00)));
        Assert.Equal([(MoneyMove.UnfreezeToPay, new(3_00)), (MoneyMove.Withhold, new Money(13_00))], shop.Orders.TakeLast(2).Select(order => (order.Move, order.Amount)));
    }

    [Fact]
    public void Whoever_owes_for_any_membership_signs_nothing_new()
    {
        var shop = new AgreementShop(Terms).Signed();
        shop.Benefit("b1", 9_00);
        AgreementExamples.Settled(shop);
        var order = shop.Orders.Last().Number;
        // The provider is at it for long: meanwhile another membership is signed, and quit.
        shop.Signed("A-2");
        shop.Does(AgreementOperations.Quit(shop.Ask(), "A-2", QuitKind.Member, Money.Zero));
        shop.Provider(order, TransferOutcome.Failed, "no funds");
        shop.Does(shop.Preorder("A-3"));
        shop.Does(AgreementOperations.Admit(shop.Ask(), "A-3", isAdmitted: true, "ref-3"));
        Assert.Equal(new FeeNotCleared("A-1"), shop.Refuses(shop.Sign("A-3")));
    }

    [Fact]
    public void What_is_owed_back_is_ordered_again_however_often_the_provider_refuses()
    {
        var shop = new AgreementShop(Terms).Signed();
        shop.Benefit("b1", 9_00);
        AgreementExamples.Settled(shop);
        shop.Provider(TransferOutcome.Succeeded);
        shop.Back("b1", 2_00);
        var waits = new List<int>();
        for (var refused = 0; refused <= Limits.MaxFeeRefunds; refused++)
        {
            shop.Provider(TransferOutcome.Failed, "seller balance");
            waits.Add((int)(shop.Agreement().DueAt!.Value - shop.Now).TotalDays);
            shop.Clock(shop.Agreement().DueAt!.Value);
        }

        Assert.Equal([1, 2, 4, 8, 16, 32, 32], waits.Take(7));
        shop.Provider(TransferOutcome.Succeeded);
        Assert.Equal((new Money(2_00), (Instant?)null), (shop.Agreement().Settlements[0].Refunded, shop.Agreement().DueAt));
    }

    [Fact]
    public void Who_leaves_the_family_and_comes_back_enjoyed_nothing_between()
    {
        var shop = new AgreementShop(Terms).Signed();
        shop.Does(AgreementOperations.Share(shop.Ask(), "A-1", "m-2"));
        shop.Now = Day(5);
        shop.Does(AgreementOperations.Unshare(shop.Ask(), "A-1", "m-2"));
        shop.Now = Day(10);
        shop.Does(AgreementOperations.Share(shop.Ask(), "A-1", "m-2"));
        shop.Now = Day(20);
        shop.Does(AgreementOperations.Quit(shop.Ask(), "A-1", QuitKind.Member, null));
        var member = shop.Book.State(AgreementStreams.MemberOf("m-2"));
        Assert.Equal([true, false, true, false], new[] { Day(4), Day(7), Day(12), Day(20) }.Select(day => member.At(day) is not null));
    }

    /// <summary>Reports come late: what counts is whose the agreement was when it happened.</summary>
    [Fact]
    public void What_a_member_of_the_family_enjoyed_counts_also_where_they_left_meanwhile_and_nothing_else_does()
    {
        var shop = new AgreementShop(Terms).Signed();
        shop.Now = Day(2);
        shop.Does(AgreementOperations.Share(shop.Ask(), "A-1", "m-2"));
        shop.Now = Day(5);
        shop.Does(AgreementOperations.Unshare(shop.Ask(), "A-1", "m-2"));
        shop.Benefit("b-1", 1_00, Day(4), "m-2");
        shop.Does(AgreementOperations.Progress(shop.Ask(), "A-1", "p-1", 1, new(10_00), Day(4), "m-2"));
        Assert.Equal(new MemberNotOfAgreement("m-2"), shop.Refuses(AgreementOperations.Report(shop.Ask(), "A-1", "b-2", new(1_00), Day(5), "m-2")));
        shop.Now = Day(10);
        shop.Does(AgreementOperations.Share(shop.Ask(), "A-1", "m-2"));
        foreach (var day in new[] { 1, 7 })
        {
            Assert.Equal(new MemberNotOfAgreement("m-2"), shop.Refuses(AgreementOperations.Report(shop.Ask(), "A-1", "b-3", new(1_00), Day(day), "m-2")));
            Assert.Equal(new MemberNotOfAgreement("m-2"), shop.Refuses(AgreementOperations.Progress(shop.Ask(), "A-1", "p-2", 1, new(1_00), Day(day), "m-2")));
        }

        shop.Benefit("b-4", 1_00, Day(10), "m-2");
        shop.Benefit("b-5", 1_00, Day(3), "m-1");
        Assert.Equal(3_00, shop.Agreement().Entries.Where(entry => !entry.IsProgress).Sum(entry => entry.Amount.Minor));
    }

    [Fact]
    public void An_exemption_is_shown_only_where_quitting_within_it_costs_nothing()
    {
        Assert.Equal(Day(4, hour: 0), Terms.TermFrom(Day(1))!.ExemptionEnd);
        Assert.Null((Terms with { Settlement = new SettlementRule.Steps([new(0, new(15_00))]) }).TermFrom(Day(1))!.ExemptionEnd);
        var flex = Terms with { Settlement = new SettlementRule.CycleFlex(10, TermUnit.Day, 3, new(6_00)) };
        Assert.Null(flex.TermFrom(Day(1))!.ExemptionEnd);
        var shop = new AgreementShop(flex).Signed();
        shop.Does(AgreementOperations.ReportPeriod(shop.Ask(), "A-1", 1, new(2_00)));
        shop.Now += Duration.FromDays(1);
        shop.Does(AgreementOperations.Quit(shop.Ask(), "A-1", QuitKind.Member, new Money(2_00)));
    }

    /// <summary>The next period, through its notice.</summary>
    private static void Settle(AgreementShop shop)
    {
        var count = shop.Agreement().Settlements.Count;
        while (shop.Agreement().Settlements.Count == count) shop.Clock(shop.Agreement().DueAt!.Value);
    }
}
