using Ledger.Agreements;
using Ledger.Coupons;
using Ledger.Policies;
using Ledger.Tests.Coupons;
using NodaTime;
using Xunit;
using static Ledger.Tests.Agreements.AgreementShop;

namespace Ledger.Tests.Agreements;

/// <summary>What is refused, and on which side of each boundary.</summary>
public class AgreementDeciderTests
{
    /// <summary>A till's clock may be some minutes ahead of the one that takes back.</summary>
    [Theory]
    [InlineData(4, 1)]
    [InlineData(1, 4)]
    public void A_redemption_that_is_void_is_no_benefit_whichever_clock_is_ahead(int usedAt, int voidAt)
    {
        var shop = new AgreementShop(Terms).Signed();
        var (used, voided) = (shop.Now + Duration.FromMinutes(usedAt), shop.Now + Duration.FromMinutes(voidAt));
        Follow(shop, new CouponEvent.CouponRedeemed("C1-1", "r", "tea", "m-1", new(20_00), new(10_00), used, new(2026, 1, 1), used, "s1", "t1", null));
        Assert.Equal(new(10_00), shop.Agreement().Accrued);
        Follow(shop, new CouponEvent.RedemptionVoided("C1-1", "tea", "m-1", new(20_00), new(10_00), voided, new(2026, 1, 1), used, "s1", null));
        Assert.Equal(shop.Agreement().Accrued, shop.Agreement().Reversed);
    }

    [Fact]
    public void What_a_voucher_takes_off_that_was_paid_for_is_no_benefit()
    {
        var (shop, coupon) = (new AgreementShop(Terms).Signed(), CouponStream.Of("C1"));
        var issued = CouponExamples.Issued with { Member = "m-1", Sale = new("trade-1", 1, new(10_00), "merchant", Money.Zero, true, true) };
        shop.Does(new(shop.Ask(), [coupon], [], _ => new Verdict.Accepted([new(coupon, issued)], new NoMembership("m-1"))));
        Follow(shop, CouponExamples.Redeemed with { RedemptionId = "C1-1", Member = "m-1", At = shop.Now });
        Assert.Empty(shop.Agreement().Entries);
    }

    [Theory]
    [InlineData("relative", "2026-01-31T12:00:00+08:00", "2026-02-28T12:00:00+08:00")]
    [InlineData("absolute", "2026-01-31T12:00:00+08:00", "2026-02-28T00:00:00+08:00")]
    [InlineData("plusOne", "2026-02-01T00:00:00+08:00", "2026-03-01T00:00:00+08:00")]
    [InlineData("appointed", "2026-01-31T12:00:00+08:00", "2026-05-01T00:00:00+08:00")]
    public void Terms_begin_and_end_by_the_merchants_days(string kind, string start, string end)
    {
        TermRule rule = kind switch
        {
            "relative" => new TermRule.Relative(1, TermUnit.Month),
            "absolute" => new TermRule.Absolute(1, TermUnit.Month),
            "plusOne" => new TermRule.AbsolutePlusOne(1, TermUnit.Month),
            _ => new TermRule.Appointed(new(2026, 5, 1)),
        };
        var term = (Terms with { Term = rule }).TermFrom(Day(31))!;
        Assert.Equal((Moments.At(start), Moments.At(end)), (term.Start, term.End));
        Assert.Null((Terms with { Term = new TermRule.Appointed(new(2026, 1, 31)) }).TermFrom(Day(31)));
    }

    [Fact]
    public void That_the_provider_signed_under_a_reference_of_its_own_makes_a_pre_order_no_other()
    {
        var shop = new AgreementShop(Terms);
        shop.Does(Anew(null));
        shop.Does(AgreementOperations.Admit(shop.Ask(), "A-9", isAdmitted: true, "ref-9"));
        shop.Does(AgreementOperations.Sign(shop.Ask(), "A-9", new("text-1", shop.Now, AgreementView.Of("A-9", shop.Agreement("A-9"), shop.Now).EndsOn!.Value), "prov-9"));
        shop.Does(Anew(null));
        shop.Does(Anew("prov-9"));
        Assert.IsType<PreorderDiffers>(shop.Refuses(Anew("prov-8")));

        Operation Anew(string? provider) => AgreementOperations.Preorder(shop.Ask(), "A-9", Tea, "m-9", "acc-1", provider, Day(1), Duration.FromHours(1));
    }

    [Fact]
    public void A_pre_order_is_the_same_only_with_its_business_time_and_lasts_an_hour()
    {
        var shop = new AgreementShop(Terms);
        Assert.Equal(new PlanUnknown("none"), shop.Refuses(shop.Preorder(plan: "none")));
        shop.Does(shop.Preorder(at: Day(1)));
        shop.Does(shop.Preorder(at: Day(1)));
        Assert.Equal(new PreorderDiffers("A-1", Day(1)), shop.Refuses(shop.Preorder(at: Day(1) + Moments.Tick)));
        Assert.Equal(new NotAdmitted(null), shop.Refuses(shop.Sign()));
        shop.Does(AgreementOperations.Admit(shop.Ask(), "A-1", isAdmitted: false, "ref-0"));
        Assert.Equal(new NotAdmitted("ref-0"), shop.Refuses(shop.Sign()));
        shop.Does(AgreementOperations.Admit(shop.Ask(), "A-1", isAdmitted: true, "ref-1"));
        Assert.Equal(new ConsentMissing(), shop.Refuses(AgreementOperations.Sign(shop.Ask(), "A-1", null)));
        Assert.Equal(new AgreementStatusInvalid(AgreementStatus.Preordered), shop.Refuses(AgreementOperations.Quit(shop.Ask(), "A-1", QuitKind.Member, null)));
        var end = Day(1) + Duration.FromHours(1);
        shop.Now = end;
        Assert.Equal(new PreorderHasExpired(end), shop.Refuses(shop.Sign()));
        shop.Clock(end);
        Assert.Equal(AgreementStatus.PreorderExpired, shop.Agreement().Status);
        Assert.Equal(new AgreementUnknown("A-9"), shop.Refuses(AgreementOperations.Quit(shop.Ask(), "A-9", QuitKind.Member, null)));
    }

    [Fact]
    public void What_was_enjoyed_is_taken_back_however_much_was_reported()
    {
        var shop = new AgreementShop(Terms).Signed();
        shop.Benefit("b-1", 4_00);
        var entry = shop.Agreement().Entries.Single();
        var full = shop.Agreement() with { Entries = [.. Enumerable.Range(1, Limits.MaxReports).Select(n => entry with { Number = $"b-{n}" })] };
        Assert.Equal(new TooManyReports(Limits.MaxReports), Refused(new AgreementCommand.ReportBenefit("A-1", "book", shop.Now, "b-0", new(1_00), shop.Now, null, IsTheirs: true)));
        var back = new AgreementCommand.ReverseBenefit("A-1", "book", shop.Now, "back", "b-7", new(4_00), shop.Now);
        Assert.IsType<Decision<AgreementEvent>.Accepted>(AgreementDecider.Decide(back, full));
        full = full with { Entries = [.. full.Entries.Select(one => one with { Amount = new(8_00), Reversals = [new($"{one.Number}-back", new(4_00), 0, shop.Now)] })] };
        Assert.Equal(new TooManyReports(Limits.MaxReports), Refused(back));

        Rejection Refused(AgreementCommand command) => Assert.IsType<Decision<AgreementEvent>.Rejected>(AgreementDecider.Decide(command, full)).Reason;
    }

    [Fact]
    public void A_paused_plan_takes_nobody_and_holds_nobody()
    {
        var shop = new AgreementShop(Terms).Signed();
        shop.Does(shop.Preorder("A-2", "m-2"));
        shop.Does(AgreementOperations.Admit(shop.Ask(), "A-2", isAdmitted: true, "ref-2"));
        shop.Does(PlanOperations.Pause(shop.Ask(), Tea, "sold out"));
        Assert.Equal(new PlanNotOpen(Tea), shop.Refuses(shop.Preorder("A-3", "m-3")));
        Assert.Equal(new PlanNotOpen(Tea), shop.Refuses(shop.Sign("A-2")));
        shop.Does(AgreementOperations.Quit(shop.Ask(), "A-1", QuitKind.Member, Money.Zero));
        Assert.Equal(AgreementStatus.Settled, shop.Agreement().Status);
        shop.Does(PlanOperations.Resume(shop.Ask(), Tea));
        shop.Does(shop.Sign("A-2"));
    }

    [Fact]
    public void A_person_signs_again_after_the_interval()
    {
        var shop = new AgreementShop(Terms with { SignIntervalDays = 10 }).Signed();
        shop.Now = Day(2);
        shop.Does(AgreementOperations.Quit(shop.Ask(), "A-1", QuitKind.Member, null));
        shop.Now = Day(11) - Moments.Tick;
        shop.Does(shop.Preorder("A-2"));
        shop.Does(AgreementOperations.Admit(shop.Ask(), "A-2", isAdmitted: true, "ref-2"));
        Assert.Equal(new SignInterval(Day(11)), shop.Refuses(shop.Sign("A-2")));
        shop.Now = Day(11);
        shop.Does(shop.Sign("A-2"));
    }

    [Fact]
    public void Reports_count_within_the_term_and_until_the_grace_is_over()
    {
        var shop = new AgreementShop(Terms).Signed();
        var term = shop.Agreement().Signature!.Term;
        shop.Now = term.End + Duration.FromDays(3) - Moments.Tick;
        shop.Benefit("b1", 1_00, term.Start);
        shop.Benefit("b2", 1_00, term.End - Moments.Tick);
        shop.Benefit("b2", 1_00, term.End - Moments.Tick);
        Assert.Equal(new OutOfTerm(term.Start, term.End), shop.Refuses(AgreementOperations.Report(shop.Ask(), "A-1", "b3", new(1), term.End, null)));
        Assert.Equal(new OutOfTerm(term.Start, term.End), shop.Refuses(AgreementOperations.Report(shop.Ask(), "A-1", "b3", new(1), term.Start - Moments.Tick, null)));
        Assert.Equal(new ReportDiffers("b1"), shop.Refuses(AgreementOperations.Report(shop.Ask(), "A-1", "b1", new(2), term.Start, null)));
        shop.Now += Moments.Tick;
        Assert.Equal(new LateReport(shop.Now), shop.Refuses(AgreementOperations.Report(shop.Ask(), "A-1", "b3", new(1), term.Start, null)));
        Assert.Equal(new(2_00), shop.Agreement().Accrued);
    }

    [Fact]
    public void A_reversal_names_its_forward_report_and_never_exceeds_it()
    {
        var shop = new AgreementShop(Terms).Signed();
        shop.Benefit("b1", 5_00);
        shop.Visit("v1", 2, 30_00);
        Operation Back(string number, string of, long amount, Instant? at = null) => AgreementOperations.Reverse(shop.Ask(), "A-1", number, of, new Money(amount), at ?? shop.Now);
        Assert.Equal(new ForwardReportUnknown("b9"), shop.Refuses(Back("x1", "b9", 1)));
        Assert.Equal(new CumulateModeInvalid("v1"), shop.Refuses(Back("x1", "v1", 1)));
        Assert.Equal(new ReversalBeforeForward(shop.Now), shop.Refuses(Back("x1", "b1", 1, shop.Now - Moments.Tick)));
        Assert.Equal(new ReversalExceedsForward(new(5_01), new(5_00)), shop.Refuses(Back("x1", "b1", 5_01)));
        shop.Does(Back("x1", "b1", 3_00));
        shop.Does(Back("x1", "b1", 3_00));
        Assert.Equal(new ReportDiffers("x1"), shop.Refuses(Back("x1", "b1", 1_00)));
        Assert.Equal(new ReversalOfReversal("x1"), shop.Refuses(Back("x2", "x1", 1)));
        Assert.Equal(new ReversalExceedsForward(new(2_01), new(2_00)), shop.Refuses(Back("x2", "b1", 2_01)));
        Assert.Equal(new ProgressExceedsForward(2, new(30_00)), shop.Refuses(AgreementOperations.ReverseProgress(shop.Ask(), "A-1", "y1", "v1", 3, null, shop.Now)));
        Assert.Equal(new(2_00), shop.Agreement().Accrued - shop.Agreement().Reversed);
    }

    [Fact]
    public void Periods_are_charged_one_by_one_as_they_end()
    {
        var shop = new AgreementShop(Terms with { Settlement = new SettlementRule.Cycle(1, TermUnit.Month, [new(3_00), new(4_00), new(5_00)]), Term = new TermRule.Absolute(3, TermUnit.Month) }).Signed();
        var end = Times.StartOfDay(new(2026, 2, 1), Shanghai);
        shop.Clock(end + Duration.FromDays(7));
        Assert.Equal((1, new Money(3_00)), (shop.Agreement().Settlements.Single().Period, shop.Agreement().Settlements.Single().Due));
        shop.Provider(TransferOutcome.Succeeded);
        Assert.Equal(AgreementStatus.Active, shop.Agreement().Status);
        Assert.Equal(new SettlementUnknown(3), shop.Refuses(AgreementOperations.Settle(shop.Ask(), "A-1", 3, new(5_00))));

        // Quitting in the second period: that one began and is due, the third never does.
        shop.Does(AgreementOperations.Quit(shop.Ask(), "A-1", QuitKind.Member, new Money(4_00)));
        shop.Provider(TransferOutcome.Succeeded);
        Assert.Equal((AgreementStatus.Settled, 2), (shop.Agreement().Status, shop.Agreement().Settlements.Count));
        shop.AssertExplained();
    }

    [Fact]
    public void A_flexible_period_charges_what_was_reported_up_to_its_maximum()
    {
        var shop = new AgreementShop(Terms with { Settlement = new SettlementRule.CycleFlex(1, TermUnit.Month, 2, new(6_00)), Term = new TermRule.Absolute(2, TermUnit.Month) }).Signed();
        Assert.Equal(new PeriodAmountAboveMaximum(new(6_00)), shop.Refuses(AgreementOperations.ReportPeriod(shop.Ask(), "A-1", 1, new(6_01))));
        Assert.Equal(new PeriodNotOpen(2), shop.Refuses(AgreementOperations.ReportPeriod(shop.Ask(), "A-1", 2, new(1))));
        shop.Does(AgreementOperations.ReportPeriod(shop.Ask(), "A-1", 1, new(2_00)));
        shop.Does(AgreementOperations.ReportPeriod(shop.Ask(), "A-1", 1, new(5_50)));
        shop.Clock(Times.StartOfDay(new(2026, 2, 1), Shanghai) + Duration.FromDays(7));
        Assert.Equal(new(5_50), shop.Agreement().Settlements.Single().Due);
        Assert.Equal(new PeriodNotOpen(1), shop.Refuses(AgreementOperations.ReportPeriod(shop.Ask(), "A-1", 1, new(1))));
    }

    [Fact]
    public void The_merchant_settles_what_is_due_when_it_is_due()
    {
        var shop = new AgreementShop(Terms).Signed();
        shop.Benefit("b1", 5_00);
        var opens = shop.Agreement().Next!.OpensAt;
        Assert.Equal(new SettlementNotDue(opens), shop.Refuses(AgreementOperations.Settle(shop.Ask(), "A-1", 0, new(5_00))));
        shop.Clock(opens - Duration.FromDays(5));
        shop.Now = opens;
        Assert.Equal(new PayAmountNotDue(new(5_00)), shop.Refuses(AgreementOperations.Settle(shop.Ask(), "A-1", 0, new(5_01))));
        shop.Does(AgreementOperations.Settle(shop.Ask(), "A-1", 0, new(5_00)));
        shop.Does(AgreementOperations.Settle(shop.Ask(), "A-1", 0, new(5_00)));
        Assert.Equal(new PayAmountDiffers(new(5_00)), shop.Refuses(AgreementOperations.Settle(shop.Ask(), "A-1", 0, new(4_99))));
        Assert.Single(shop.Orders);
    }

    [Fact]
    public void Refunds_stay_within_what_was_collected_and_within_the_window()
    {
        var shop = new AgreementShop(Terms).Signed();
        shop.Benefit("b1", 9_00);
        AgreementExamples.Settled(shop);
        Operation Refund(string number, long? amount, string? reason = null) =>
            AgreementOperations.Refund(shop.Ask(), "A-1", 0, number, amount is { } some ? new Money(some) : null, FeeRefundKind.MemberFee, reason);
        Assert.Equal(new FeeRefundIsZero(0), shop.Refuses(Refund("f1", null)));
        shop.Provider(TransferOutcome.Succeeded);
        Assert.Equal(new FeeRefundExceedsCollected(new(9_01), new(9_00)), shop.Refuses(Refund("f1", 9_01)));
        shop.Does(Refund("f1", 4_00));
        shop.Does(Refund("f1", 4_00));
        Assert.Equal(new FeeRefundDiffers("f1"), shop.Refuses(Refund("f1", 4_01)));
        shop.Provider(TransferOutcome.Failed, "seller balance");
        Assert.Equal(new FeeRefundRefused("seller balance"), shop.Refuses(Refund("f1", 4_00)));
        shop.Now = shop.Agreement().Settlements[0].CollectedAt!.Value + Duration.FromDays(90) - Moments.Tick;
        shop.Does(Refund("f2", 1_00));
        shop.Now += Moments.Tick;
        Assert.Equal(new FeeRefundWindowClosed(shop.Now), shop.Refuses(Refund("f3", 1_00)));
        Assert.Equal(new SettlementUnknown(2), shop.Refuses(AgreementOperations.Refund(shop.Ask(), "A-1", 2, "f3", null, FeeRefundKind.MemberFee, null)));
    }

    [Fact]
    public void What_is_owed_back_is_ordered_again_when_the_provider_refuses()
    {
        var shop = new AgreementShop(Terms).Signed();
        shop.Benefit("b1", 9_00);
        AgreementExamples.Settled(shop);
        shop.Back("b1", 2_00);
        Assert.Single(shop.Orders);
        shop.Provider(TransferOutcome.Succeeded);
        Assert.Equal((MoneyMove.Refund, new Money(2_00)), (shop.Orders.Last().Move, shop.Orders.Last().Amount));
        shop.Provider(TransferOutcome.Failed);
        Assert.Equal(shop.Now + Duration.FromDays(1), shop.Agreement().DueAt);
        shop.Clock(shop.Now + Duration.FromDays(1));
        Assert.Equal(3, shop.Orders.Select(order => order.Number).Distinct(StringComparer.Ordinal).Count());
        shop.Provider(TransferOutcome.Succeeded);
        Assert.Equal((new Money(2_00), (Instant?)null), (shop.Agreement().Settlements[0].Refunded, shop.Agreement().DueAt));
    }

    [Fact]
    public void A_waiver_needs_another_key_where_the_merchant_requires_it()
    {
        var shop = new AgreementShop(Terms).Signed();
        shop.IsFourEyes = true;
        shop.Benefit("b1", 9_00);
        Assert.Equal(new WaiverUnknown("A-1"), shop.Refuses(AgreementOperations.ApproveWaiver(shop.Ask(), "A-1", shop.Rule)));
        AgreementExamples.Settled(shop);
        shop.Does(AgreementOperations.Waive(shop.Ask(), "A-1", WaiverReason.ServiceCanceled, null, shop.Rule));
        Assert.Equal(new WaiverDiffers(WaiverReason.ServiceCanceled), shop.Refuses(AgreementOperations.Waive(shop.Ask(), "A-1", WaiverReason.Goodwill, null, shop.Rule)));
        Assert.Equal(new FourEyes(), shop.Refuses(AgreementOperations.ApproveWaiver(shop.Ask(), "A-1", shop.Rule)));
        shop.Does(AgreementOperations.ApproveWaiver(shop.Ask("other"), "A-1", shop.Rule));
        Assert.Equal((AgreementStatus.Settling, Money.Zero), (shop.Agreement().Status, shop.Agreement().Settlements[0].Due));

        // What was on its way when it was waived goes back when it arrives.
        shop.Provider(TransferOutcome.Succeeded);
        Assert.Equal((MoneyMove.Refund, new Money(9_00)), (shop.Orders.Last().Move, shop.Orders.Last().Amount));
        Assert.Equal(AgreementStatus.Waived, shop.Agreement().Status);
        shop.AssertExplained();
    }

    [Fact]
    public void A_quote_that_changed_quits_nothing()
    {
        var shop = new AgreementShop(Terms).Signed();
        shop.Now = Day(10);
        shop.Benefit("b1", 5_00);
        Assert.Equal(new QuitQuoteChanged(new(5_00)), shop.Refuses(AgreementOperations.Quit(shop.Ask(), "A-1", QuitKind.Member, new Money(4_00))));
        shop.Does(AgreementOperations.Quit(shop.Ask(), "A-1", QuitKind.Member, new Money(5_00)));
        shop.Does(AgreementOperations.Quit(shop.Ask(), "A-1", QuitKind.Member, new Money(5_00)));
        Assert.Equal(new OutOfTerm(Day(1), Day(10)), shop.Refuses(AgreementOperations.Report(shop.Ask(), "A-1", "b2", new(1), Day(10), null)));
        Assert.Single(shop.Orders);
    }

    [Fact]
    public void What_is_left_of_a_guarantee_is_given_free_however_often_the_provider_refuses()
    {
        var shop = new AgreementShop(Terms with { HasFreeze = true }).Signed();
        shop.Provider(TransferOutcome.Succeeded);
        shop.Benefit("b1", 9_00);
        shop.Now = Day(5);
        shop.Does(AgreementOperations.Quit(shop.Ask(), "A-1", QuitKind.Member, null));
        shop.Provider(TransferOutcome.Succeeded);
        Assert.Equal((AgreementStatus.Settled, FrozenStatus.Releasing), (shop.Agreement().Status, shop.Agreement().Frozen!.Status));
        for (var (attempt, days) = (1, 1); attempt <= 8; attempt++, days = Math.Min(days * 2, 32))
        {
            var order = shop.Orders.Last();
            Assert.Equal((MoneyMove.Unfreeze, new Money(6_00)), (order.Move, order.Amount));
            shop.Provider(TransferOutcome.Pending);
            shop.Provider(TransferOutcome.Failed, "RISK_DECLINED");
            // An older word changes nothing.
            shop.Provider(order.Number, TransferOutcome.Succeeded);
            Assert.Equal(new GuaranteeRelease(order.Number, attempt, shop.Now + Duration.FromDays(days), "RISK_DECLINED"), shop.Agreement().Frozen!.Release);
            Assert.Equal(shop.Now + Duration.FromDays(days), shop.Agreement().DueAt);
            shop.Clock(shop.Now + Duration.FromDays(days) - Moments.Tick);
            Assert.Equal(order, shop.Orders.Last());
            shop.Clock(shop.Now + Moments.Tick);
            Assert.NotEqual(order, shop.Orders.Last());
        }

        shop.Provider(TransferOutcome.Succeeded);
        Assert.Equal((FrozenStatus.Released, null), (shop.Agreement().Frozen!.Status, shop.Agreement().DueAt));
        Assert.Distinct(shop.Orders.Select(order => order.Number), StringComparer.Ordinal);
    }

    private static void Follow(AgreementShop shop, CouponEvent fact)
    {
        var turn = new PolicyTurn(LightMembershipPolicy.Benefits, "book", "coupon-C1", 1, Guid.NewGuid(), null, fact, shop.Now + Duration.FromMinutes(5), Ledger.Postgres.FreshCodes.Next);
        Assert.Null(shop.Book.Run(LightMembershipPolicy.Benefits.Decide(turn)!).Refusal);
    }
}
