using Ledger.Agreements;
using NodaTime;
using Xunit;
using static Ledger.Tests.Agreements.AgreementShop;

namespace Ledger.Tests.Agreements;

/// <summary>The worked examples, by their names; amounts in fen.</summary>
public class AgreementExamples
{
    [Fact]
    public void C1_Fee_is_no_more_than_the_benefit()
    {
        var shop = new AgreementShop(Terms).Signed();
        shop.Benefit("b1", 4_00);
        shop.Benefit("b2", 6_00);
        shop.Benefit("b3", 3_00);
        shop.Back("b2");
        var settled = Settled(shop);
        Assert.Equal(new(7_00), settled.Due);
        Assert.Equal(new MoneyOrder(settled.Transfer!, MoneyMove.Withhold, new(7_00), "acc-1", null, "prov-1"), shop.Orders.Single());
        Assert.Equal(
            [(FormulaRule.BenefitEnjoyed, 7_00L), (FormulaRule.NotAboveFee, 7_00), (FormulaRule.NotAboveGuarantee, 7_00)],
            shop.Book.Entries.Select(entry => entry.Fact).OfType<AgreementEvent.SettlementOpened>().Single().Trace.Steps.Select(step => (step.Rule, step.Amount.Minor)));
    }

    [Fact]
    public void C2_Fee_is_no_more_than_the_fee()
    {
        var shop = new AgreementShop(Terms).Signed();
        shop.Benefit("b1", 42_00);
        Assert.Equal(new(15_00), Settled(shop).Due);
    }

    [Theory]
    [InlineData(3, 24_00, 24_00)]
    [InlineData(3, 36_00, 30_00)]
    [InlineData(4, 36_00, 0)]
    public void C3_Promise(int visits, long benefit, long due)
    {
        var shop = new AgreementShop(Terms with { Settlement = new SettlementRule.Promise(new(4, null)), Guarantee = new(30_00) }).Signed();
        for (var visit = 1; visit <= visits; visit++) shop.Visit($"v{visit}");
        shop.Benefit("b1", benefit);
        Assert.Equal(new(due), Settled(shop).Due);
    }

    [Theory]
    [InlineData(2, 0)]
    [InlineData(4, 5_00)]
    public void C4_Quitting_within_the_exemption_costs_nothing(int day, long due)
    {
        var shop = new AgreementShop(Terms).Signed();
        shop.Benefit("b1", 5_00);
        shop.Now = Day(day);
        Assert.Equal(new(due), QuitQuoteView.Of("A-1", shop.Agreement(), shop.Now).Due);
        shop.Does(AgreementOperations.Quit(shop.Ask(), "A-1", QuitKind.Member, new Money(due)));
        Assert.Equal(new(due), shop.Agreement().Settlements.Single().Due);
    }

    [Fact]
    public void C5_A_late_reversal_gives_back_the_difference_and_a_late_benefit_charges_nothing()
    {
        var shop = new AgreementShop(Terms).Signed();
        shop.Benefit("b1", 11_00);
        shop.Benefit("b2", 5_00);
        Settled(shop);
        shop.Provider(TransferOutcome.Succeeded);
        Assert.Equal((new Money(15_00), AgreementStatus.Settled), (shop.Agreement().Settlements[0].Collected, shop.Agreement().Status));
        var collected = shop.Orders.Single();
        shop.Now += Duration.FromDays(7);
        shop.Back("b2");
        Assert.Equal(new(11_00), shop.Agreement().Settlements[0].Due);
        var refund = shop.Orders.Last();
        Assert.Equal((MoneyMove.Refund, new Money(4_00), collected.Number), (refund.Move, refund.Amount, refund.Of));
        shop.Provider(TransferOutcome.Succeeded);
        Assert.Equal((new Money(4_00), FeeRefundKind.MemberFee), (shop.Agreement().Settlements[0].Refunded, shop.Agreement().Settlements[0].Refunds[0].Kind));
        Assert.IsType<LateReport>(shop.Refuses(AgreementOperations.Report(shop.Ask(), "A-1", "b3", new(9_00), Day(5), null)));
        shop.AssertExplained();
    }

    [Fact]
    public void C6_Dunning_at_one_three_and_seven_days_then_given_up_without_interest()
    {
        var shop = new AgreementShop(Terms).Signed();
        shop.Benefit("b1", 15_00);
        Settled(shop);
        var failed = shop.Now;
        foreach (var day in new[] { 1, 3, 7 })
        {
            shop.Provider(TransferOutcome.Failed, "no funds");
            Assert.Equal((AgreementStatus.Dunning, failed + Duration.FromDays(day)), (shop.Agreement().Status, shop.Agreement().DueAt));
            Assert.IsType<FeeCollectionInDunning>(shop.Refuses(AgreementOperations.Settle(shop.Ask(), "A-1", 0, new(15_00))));
            shop.Clock(failed + Duration.FromDays(day));
            Assert.Equal((AgreementStatus.Settling, new Money(15_00)), (shop.Agreement().Status, shop.Orders.Last().Amount));
        }

        shop.Provider(TransferOutcome.Failed, "no funds");
        Assert.Equal((AgreementStatus.SettleFailed, (Instant?)null), (shop.Agreement().Status, shop.Agreement().DueAt));
        Assert.Equal(4, shop.Orders.Select(order => order.Number).Distinct(StringComparer.Ordinal).Count());

        // A person who owes signs nothing new; what was paid elsewhere is waived, and then she may.
        shop.Does(shop.Preorder("A-2"));
        shop.Does(AgreementOperations.Admit(shop.Ask(), "A-2", isAdmitted: true, "ref-2"));
        Assert.Equal(new FeeNotCleared("A-1"), shop.Refuses(shop.Sign("A-2")));
        shop.Does(AgreementOperations.Waive(shop.Ask(), "A-1", WaiverReason.PaidElsewhere, "cash", shop.Rule));
        Assert.Equal((AgreementStatus.Waived, Money.Zero), (shop.Agreement().Status, shop.Agreement().Settlements[0].Due));
        shop.Does(shop.Sign("A-2"));
        shop.AssertExplained();
    }

    [Fact]
    public void C7_No_more_is_taken_out_of_a_guarantee_than_is_in_it()
    {
        var shop = new AgreementShop(Terms with { HasFreeze = true }).Signed();
        shop.Provider(TransferOutcome.Succeeded);
        shop.Benefit("b1", 9_00);
        Assert.Equal(new GuaranteeNotEnough(new(15_00)), shop.Refuses(AgreementOperations.Settle(shop.Ask(), "A-1", 0, new(20_00))));
        Settled(shop);
        var (freeze, pay) = (shop.Orders.First(), shop.Orders.Last());
        Assert.Equal((MoneyMove.UnfreezeToPay, new Money(9_00), freeze.Number), (pay.Move, pay.Amount, pay.Of));
        shop.Provider(TransferOutcome.Succeeded);
        Assert.Equal((MoneyMove.Unfreeze, new Money(6_00), freeze.Number), (shop.Orders.Last().Move, shop.Orders.Last().Amount, shop.Orders.Last().Of));
        Assert.Equal(FrozenStatus.Releasing, shop.Agreement().Frozen!.Status);
        shop.Provider(TransferOutcome.Succeeded);
        Assert.Equal(FrozenStatus.Released, shop.Agreement().Frozen!.Status);
    }

    [Fact]
    public void C8_Steps_by_the_count_that_stands()
    {
        var shop = new AgreementShop(Terms with
        {
            Settlement = new SettlementRule.Steps([new(0, new(15_00)), new(1, new(10_00)), new(2, new(5_00)), new(3, Money.Zero)]),
        }).Signed();
        shop.Visit("v1");
        shop.Visit("v2");
        shop.Does(AgreementOperations.ReverseProgress(shop.Ask(), "A-1", "v2-back", "v2", null, null, shop.Now));
        Assert.Equal(new(10_00), Settled(shop).Due);
    }

    [Theory]
    [InlineData(31, "2026-02-03", 3)]
    [InlineData(32, "2026-03-03", 30)]
    public void C9_The_day_it_ends_on_is_shown_before_anyone_consents(int day, string ends, int days)
    {
        var shop = new AgreementShop(Terms with { Term = new TermRule.FixedDay(3, 1) }, Day(day));
        shop.Does(shop.Preorder());
        var view = AgreementView.Of("A-1", shop.Agreement(), shop.Now);
        Assert.Equal(Moments.Day(ends), view.EndsOn);
        shop.Does(AgreementOperations.Admit(shop.Ask(), "A-1", isAdmitted: true, "ref-1"));
        Assert.Equal(new TermNotAsShown(Moments.Day(ends)), shop.Refuses(shop.Sign(endsOn: Moments.Day(ends).PlusMonths(1))));
        shop.Does(shop.Sign());
        var term = shop.Agreement().Signature!.Term;
        Assert.Equal(Moments.Day(ends), term.End.InZone(Shanghai).Date);
        Assert.Equal(days, Period.Between(term.Start.InZone(Shanghai).Date, Moments.Day(ends), PeriodUnits.Days).Days);
    }

    [Fact]
    public void C10_A_family_shares_one_agreement_and_the_signer_pays_once()
    {
        var shop = new AgreementShop(Terms).Signed();
        shop.Does(AgreementOperations.Share(shop.Ask(), "A-1", "m-2"));
        shop.Benefit("b1", 4_00);
        shop.Benefit("b2", 5_00, member: "m-2");
        Assert.IsType<MemberNotOfAgreement>(shop.Refuses(AgreementOperations.Report(shop.Ask(), "A-1", "b3", new(1), shop.Now, "m-3")));
        shop.Does(shop.Preorder("A-2", "m-2"));
        shop.Does(AgreementOperations.Admit(shop.Ask(), "A-2", isAdmitted: true, "ref-2"));
        Assert.Equal(new MembershipAlreadyActive("A-1"), shop.Refuses(shop.Sign("A-2")));
        Assert.Equal(new(9_00), Settled(shop).Due);
        Assert.Equal("acc-1", shop.Orders.Single().Account);
    }

    /// <summary>Through the notice to the settlement.</summary>
    internal static Settlement Settled(AgreementShop shop)
    {
        var opens = shop.Agreement().Next!.OpensAt;
        shop.Clock(opens - Duration.FromDays(5));
        Assert.Equal(opens, shop.Agreement().Notice!.OpensAt);
        Assert.Empty(shop.Agreement().Settlements);
        shop.Clock(opens);
        shop.AssertExplained();
        return shop.Agreement().Settlements.Single();
    }
}
