using Ledger.Coupons;
using Ledger.Coupons.Baskets;
using Ledger.Coupons.Redemptions;
using Ledger.Members;
using Ledger.Merchants;
using Ledger.Payments;
using Ledger.Points;
using Ledger.Policies;
using Ledger.Tests.Points;
using NodaTime;
using Xunit;
using static Ledger.Tests.Points.PointsExamples;

namespace Ledger.Tests.Policies;

/// <summary>What payments earn and refunds take back; the ways to get points for nothing, by their names.</summary>
public class PaymentPointsTests
{
    private static readonly PointsTerms s_perLine = Terms with { Earning = Terms.Earning with { IsPerLine = true } };

    [Fact]
    public void A_payment_earns_once_by_the_programme_that_the_merchant_names()
    {
        var loop = new PaymentLoop(Terms with { ActivationDays = 7 });
        loop.Pay("t-1", 120_99);
        loop.Follow(PaymentPointsPolicy.Earn, times: 3);
        Assert.Equal((0, 120, 120), (loop.Account().Available, loop.Account().PendingPoints, loop.Account().Tier));
        Assert.Equal(("t-1", 1), (Assert.Single(loop.Account().Pending).Order, loop.Purchase("t-1").Version));

        // New terms hold for payments from then on; what was earned keeps its own.
        Assert.Null(loop.Do(ProgramOperations.Publish(loop.Shop.Ask(), Club, 1, Terms with { Earning = new(2, 100, false, PointsRounding.Floor) })));
        loop.Pay("t-2", 10_00);
        loop.FollowAll();
        Assert.Equal((20, 120, 2), (loop.Account().Available, loop.Account().PendingPoints, loop.Purchase("t-2").Version));
        Assert.Null(loop.Do(PaymentEarningStream.Operation(loop.Shop.Ask(), new PaymentEarningCommand.EndPaymentEarning(loop.Shop.Now))));
        loop.Pay("t-3", 10_00);
        loop.Back("t-1", "r");
        loop.FollowAll();
        Assert.Equal((20, 0), (loop.Account().Available, loop.Account().PendingPoints));
    }

    /// <summary>D3 through a payment: the lines of A1, per order and per line, and a refund of one of them.</summary>
    [Theory]
    [InlineData(false, 100, 72)]
    [InlineData(true, 98, 71)]
    public void D3_Rounding_of_a_payment(bool isPerLine, long earned, long kept)
    {
        var loop = new PaymentLoop(isPerLine ? s_perLine : Terms);
        loop.Pay("t-1", 100_00, "m-1", 49_92, 27_50, 22_58);
        loop.FollowAll();
        Assert.Equal(earned, loop.Account().Available);
        loop.Back("t-1", "r-1", line: 1);
        loop.FollowAll();
        Assert.Equal(kept, loop.Account().Available);
    }

    [Fact]
    public void D2_Clawback_of_a_payment()
    {
        var loop = new PaymentLoop();
        loop.Pay("t-1", 120_00);
        loop.FollowAll();
        loop.Shop.Spend(100);
        loop.Back("t-1", "r-1");
        loop.FollowAll();
        Assert.Equal((0, 100, 0), (loop.Account().Available, loop.Account().Arrears, loop.Account().Lifetime));
        loop.Pay("t-2", 60_00);
        loop.FollowAll();
        Assert.Equal((0, 40), (loop.Account().Available, loop.Account().Arrears));
    }

    [Theory]
    [InlineData(null, MemberStatus.None)]
    [InlineData("m-1", MemberStatus.Suspended)]
    [InlineData("m-1", MemberStatus.Closed)]
    public void A_payment_of_nobody_or_of_a_suspended_or_closed_member_leaves_nothing(string? member, MemberStatus status)
    {
        var loop = new PaymentLoop();
        loop.Join();
        if (status == MemberStatus.Suspended) loop.Change(new MemberCommand.Suspend("m-1", null, loop.Shop.Now));
        if (status == MemberStatus.Closed) loop.Change(new MemberCommand.Close("m-1", null, loop.Shop.Now));
        loop.FollowAll();
        var (before, requests) = (loop.Shop.Book.Entries.Count, loop.Shop.Book.Requests.Count);
        loop.Pay("t-1", 100_00, member);
        loop.FollowAll();
        loop.Back("t-1", "r");
        loop.FollowAll();
        Assert.Equal(before + 2, loop.Shop.Book.Entries.Count);
        Assert.Empty(loop.Refused);
        Assert.Equal(requests + 2, loop.Shop.Book.Requests.Count);
    }

    [Fact]
    public void Where_membership_is_required_who_never_joined_earns_nothing()
    {
        var loop = new PaymentLoop();
        loop.Do(MerchantStream.Operation(loop.Shop.Ask(), new MerchantCommand.ChangeMembershipRule(true)));
        loop.Pay("t-1", 100_00);
        loop.FollowAll();
        Assert.Equal(0, loop.Account().Lifetime);
        loop.Join();
        loop.Pay("t-2", 100_00);
        loop.FollowAll();
        Assert.Equal(100, loop.Account().Lifetime);
    }

    [Fact]
    public void A_budget_that_has_run_out_is_told_and_the_payment_stands()
    {
        var loop = new PaymentLoop();
        loop.Do(ProgramOperations.ChangeBudget(loop.Shop.Ask(), Club, "merchant", 0, 50));
        loop.Pay("t-1", 51_00);
        loop.Pay("t-2", 50_00);
        loop.FollowAll();
        Assert.Equal([("payment-points", "points-budget-exhausted")], loop.Refused);
        Assert.Equal(50, loop.Account().Available);
    }

    [Fact]
    public void Exploit_earn_refund_keep()
    {
        var loop = Earned(100_00);
        loop.Back("t-1", "r-1");
        loop.FollowAll();
        AssertNothingIsLeft(loop);
    }

    [Fact]
    public void Exploit_refund_twice()
    {
        var loop = Earned(100_00);
        loop.Pay("t-2", 100_00);
        loop.Back("t-1", "r-1", 60_00);
        Assert.IsType<RefundExceedsPaid>(loop.Back("t-1", "r-2", 60_00));
        loop.Back("t-1", "r-1", 60_00);
        loop.FollowAll();
        Assert.Equal(140, loop.Account().Available);

        // The order is taken back by hand, too: what went back is not taken twice.
        loop.Do(PointsOperations.Reverse(loop.Shop.Ask(), Club, "t-1", Lines(("", 10_00)), null));
        loop.Back("t-1", "r-3", 5_00);
        loop.FollowAll();
        Assert.Equal(130, loop.Account().Available);
        loop.Back("t-1", "r-4");
        loop.FollowAll();
        Assert.Equal((100, 0), (loop.Account().Available, loop.Account().Arrears));
    }

    [Theory]
    [InlineData(100_00, 0)]
    [InlineData(30_00, 70)]
    public void Exploit_refund_before_the_earning_arrives(long back, long left)
    {
        var loop = new PaymentLoop();
        loop.Pay("t-1", 100_00);
        loop.Back("t-1", "r-1", back);
        loop.Follow(PaymentPointsPolicy.ClawBack);
        loop.Follow(PaymentPointsPolicy.Earn);
        loop.FollowAll();
        Assert.Equal((left, left, 0), (loop.Account().Available, loop.Account().Lifetime, loop.Account().Arrears));
    }

    [Fact]
    public void Exploit_spend_then_refund_is_owed()
    {
        var loop = Earned(100_00);
        loop.Shop.Spend(100);
        loop.Back("t-1", "r-1");
        loop.FollowAll();
        Assert.Equal((0, 100), (loop.Account().Available, loop.Account().Arrears));
        Assert.IsType<InsufficientPoints>(loop.Shop.Refused(SpendOperations.Spend(loop.Shop.Ask(), Club, "m-1", 1, null)));
    }

    [Fact]
    public void Exploit_hold_then_refund_is_owed_and_paid_when_the_hold_ends()
    {
        var loop = Earned(100_00);
        var held = loop.Shop.Accepted(SpendOperations.Hold(loop.Shop.Ask(), Club, "m-1", 100, Duration.FromMinutes(5), null)).GetProperty("spendId").GetString()!;
        loop.Back("t-1", "r-1");
        loop.FollowAll();
        Assert.Equal((0, 100, 100), (loop.Account().Available, loop.Account().Held, loop.Account().Arrears));
        loop.Do(SpendOperations.Release(loop.Shop.Ask(), held));
        AssertNothingIsLeft(loop);
    }

    [Fact]
    public void Exploit_hold_then_refund_then_release_where_what_was_spent_is_waived()
    {
        var loop = new PaymentLoop(Terms with { Clawback = Clawback.WithinBalance });
        loop.Pay("t-1", 100_00);
        loop.FollowAll();
        loop.Shop.Spend(30);
        var held = loop.Shop.Accepted(SpendOperations.Hold(loop.Shop.Ask(), Club, "m-1", 70, Duration.FromMinutes(5), null)).GetProperty("spendId").GetString()!;
        loop.Back("t-1", "r-1");
        loop.FollowAll();
        Assert.Equal((0, 70, 70), (loop.Account().Available, loop.Account().Held, loop.Account().Arrears));
        loop.Do(SpendOperations.Release(loop.Shop.Ask(), held));
        Assert.Equal((0, 0, 0), (loop.Account().Available, loop.Account().Held, loop.Account().Arrears));
        loop.AssertBalanced("m-1");
    }

    /// <summary>However the refund is cut.</summary>
    [Theory]
    [InlineData(300_00L)]
    [InlineData(100_00L, 100_00L, 100_00L)]
    [InlineData(250_00L, 30_00L, 20_00L)]
    public void What_is_held_is_owed_once_where_what_was_spent_is_waived(params long[] refunds)
    {
        var loop = new PaymentLoop(Terms with { Clawback = Clawback.WithinBalance });
        loop.Pay("t-1", 300_00);
        loop.FollowAll();
        loop.Shop.Spend(200);
        var held = loop.Shop.Accepted(SpendOperations.Hold(loop.Shop.Ask(), Club, "m-1", 100, Duration.FromMinutes(5), null)).GetProperty("spendId").GetString()!;
        foreach (var (n, refund) in refunds.Index()) loop.Back("t-1", $"r-{n}", refund);
        loop.FollowAll();
        Assert.Equal((0, 100, 100, 200), (loop.Account().Available, loop.Account().Held, loop.Account().Arrears, loop.Account().Lifetime));
        loop.Do(SpendOperations.Release(loop.Shop.Ask(), held));
        Assert.Equal((0, 0, 0), (loop.Account().Available, loop.Account().Held, loop.Account().Arrears));
        loop.AssertBalanced("m-1");
    }

    /// <summary>A receipt with line names of its own earned by hand what the payment is for: a part of the payment takes that part back, not the whole order.</summary>
    [Theory]
    [InlineData(1_00, 79)]
    [InlineData(35_00, 45)]
    [InlineData(80_00, 0)]
    public void A_refund_takes_its_part_of_an_order_that_earned_by_hand_under_lines_of_its_own(long refund, long left)
    {
        var loop = new PaymentLoop();
        loop.Shop.Earn("t-1", ("1", 50_00), ("2", 30_00));
        loop.Pay("t-1", 80_00, "m-1", refund == 35_00 ? [45_00, 35_00] : []);
        loop.FollowAll();
        Assert.Equal(80, loop.Account().Available);
        loop.Back("t-1", "r-1", refund);
        loop.FollowAll();
        Assert.Equal(left, loop.Account().Available);
        Assert.Empty(loop.Refused);
    }

    /// <summary>Lines of a receipt may be called like those of the payment and be others; and a receipt may be paid in part by other means.</summary>
    [Theory]
    [InlineData("1:50 2:30", "45 35", "35 1", 44)]
    [InlineData("1:80", "45 35", "1", 79)]
    [InlineData("0:30 1:50", "45 35", "1", 79)]
    [InlineData("0:30 1:50", "45 35", "50 1", 29)]
    [InlineData("0:45 1:35", "45 35", "35 1", 44)]
    [InlineData(":100", "45 35", "1", 99)]
    [InlineData("1:60 2:40", "80", "1 1", 98)]
    [InlineData("1:60 2:40", "80", "80", 20)]
    [InlineData("1:80", "45 35", "1", 79, 0)]
    [InlineData("0:30 1:50", "45 35", "1", 79, 0)]
    public void What_an_order_earned_by_hand_loses_is_what_went_back_of_its_payment(string receipt, string paid, string refunds, long left, int minutesLater = 1)
    {
        var loop = new PaymentLoop();
        loop.Shop.Earn("t-1", [.. receipt.Split(' ').Select(line => line.Split(':')).Select(line => (line[0], Yuan(line[1])))]);
        loop.Shop.Now += Duration.FromMinutes(minutesLater);
        var lines = paid.Split(' ').Select(Yuan).ToArray();
        loop.Pay("t-1", lines.Sum(), "m-1", lines);
        loop.FollowAll();
        foreach (var (n, refund) in refunds.Split(' ').Index())
        {
            loop.Back("t-1", $"r-{n}", Yuan(refund));
            loop.FollowAll();
        }

        Assert.Equal(left, loop.Account().Available);
        Assert.Empty(loop.Refused);
        loop.AssertBalanced("m-1");

        static long Yuan(string text) => long.Parse(text, System.Globalization.CultureInfo.InvariantCulture) * 100;
    }

    [Fact]
    public void Exploit_transfer_away_then_refund_is_owed_by_who_earned()
    {
        var loop = Earned(100_00);
        Assert.Null(loop.Do(PointsOperations.Transfer(loop.Shop.Ask(), Club, "m-1", "m-2", 100)));
        loop.Back("t-1", "r-1");
        loop.FollowAll();
        Assert.Equal((0, 100, 100), (loop.Account().Available, loop.Account().Arrears, loop.Account("m-2").Available));

        // Points that come back, given or earned, pay first.
        Assert.Null(loop.Do(PointsOperations.Transfer(loop.Shop.Ask(), Club, "m-2", "m-1", 100)));
        AssertNothingIsLeft(loop);
    }

    [Fact]
    public void Exploit_let_points_expire_then_refund_is_owed()
    {
        var loop = Earned(100_00);
        loop.Shop.Now += Duration.FromDays(400);
        loop.Back("t-1", "r-1");
        loop.FollowAll();
        Assert.Equal((0, 100, 100), (loop.Account().Available, loop.Account().Arrears, loop.Shop.Tally(PointsBooks.Breakage)));
        loop.AssertBalanced("m-1");
    }

    [Fact]
    public void Exploit_void_of_an_earned_payment_under_the_same_order_by_hand()
    {
        var loop = Earned(100_00);
        loop.Back("t-1", "void");
        loop.FollowAll();
        Assert.IsType<PointsPurchaseExists>(loop.Shop.Refused(PointsOperations.Earn(loop.Shop.Ask(), Club, "m-2", "t-1", Lines(("", 100_00)), "merchant", loop.Shop.Now)));
        loop.Do(PointsOperations.Earn(loop.Shop.Ask(), Club, "m-1", "t-1", Lines(("", 100_00)), "merchant", loop.Shop.Now));
        AssertNothingIsLeft(loop);
    }

    [Fact]
    public void Exploit_earn_by_hand_in_the_programme_before_and_by_payment_in_the_next()
    {
        var loop = new PaymentLoop();
        loop.Do(PointsOperations.Earn(loop.Shop.Ask(), Club, "m-1", "t-1", Lines(("", 100_00)), "merchant", loop.Shop.Now));
        Assert.Null(loop.Do(ProgramOperations.Open(loop.Shop.Ask(), "second", "Second", "Asia/Shanghai", Terms)));
        Assert.Null(loop.Do(PaymentPointsPolicy.SetEarning(loop.Shop.Ask(), "second", "merchant", Money.Zero)));
        loop.Pay("t-1", 100_00);
        loop.FollowAll();
        var second = PointsStreams.AccountOf("second", "m-1");
        Assert.Equal((100, 100), (loop.Account().Available, loop.Shop.Book.State(second).Available));
        loop.Back("t-1", "r-1", 40_00);
        loop.FollowAll();
        Assert.Equal((60, 60), (loop.Account().Available, loop.Shop.Book.State(second).Available));
        loop.Back("t-1", "r-2");
        loop.FollowAll();
        Assert.Equal((0, 0), (loop.Account().Available, loop.Shop.Book.State(second).Available));
        Assert.Empty(loop.Refused);
    }

    [Fact]
    public void Exploit_refund_while_suspended_is_clawed_back_all_the_same()
    {
        var loop = new PaymentLoop();
        loop.Join();
        loop.Pay("t-1", 100_00);
        loop.FollowAll();
        loop.Change(new MemberCommand.Close("m-1", null, loop.Shop.Now));
        loop.Back("t-1", "r-1");
        loop.FollowAll();
        AssertNothingIsLeft(loop);
    }

    /// <summary>1 point for 3.00, halves up, in six parts: whatever the order, the points are those of what stands.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Exploit_partial_refunds_in_every_order(bool isPerLine)
    {
        var terms = Terms with { Earning = new(1, 300, isPerLine, PointsRounding.HalfUp) };
        (long? Amount, int? Line)[] parts = [(1_49, 0), (1_51, 0), (7_00, 1), (2_99, null), (1, null)];
        var ends = new HashSet<long>();
        foreach (var order in Permutations([.. Enumerable.Range(0, parts.Length)]))
        {
            var (loop, before) = (new PaymentLoop(terms), long.MaxValue);
            loop.Pay("t-1", 20_00, "m-1", 5_00, 9_00, 6_00);
            loop.FollowAll();
            foreach (var i in order)
            {
                Assert.Null(loop.Back("t-1", $"r-{i}", parts[i].Amount, parts[i].Line));
                loop.FollowAll();
                Assert.True(loop.Account().Available <= before, "A refund gave points.");
                before = loop.Account().Available;
            }

            ends.Add(loop.Account().Available);
            loop.Back("t-1", "rest");
            loop.FollowAll();
            AssertNothingIsLeft(loop);
        }

        // 7.00 of 20.00 stand: all of it on the first two lines, as refunds by amount are off the last.
        Assert.Equal([isPerLine ? 3L : 2L], ends);
    }

    [Fact]
    public void What_coupons_and_points_paid_comes_back_in_kind_and_in_proportion()
    {
        var (loop, redemption, spend) = Mixed();
        loop.Pay("t-1", 80_00);
        loop.FollowAll();
        loop.Back("t-1", "r-1", 20_00, redemption: redemption, spend: spend);
        loop.FollowAll();
        var returned = Assert.Single(loop.Facts<RedemptionEvent.BasketReturned>());
        Assert.Equal((25_00, 20_00), (returned.Return.Lines.Sum(line => line.Amount.Minor), returned.Return.Refund.Minor));
        Assert.Equal(CouponStatus.Used, loop.Shop.Book.State(CouponStream.Of("C1")).Status);
        Assert.Equal(25, loop.Facts<PointsSpendEvent.PointsSpendRefunded>().Sum(fact => fact.Points));

        loop.Back("t-1", "r-2", redemption: redemption, spend: spend);
        loop.FollowAll();
        Assert.Equal(CouponStatus.Issued, loop.Shop.Book.State(CouponStream.Of("C1")).Status);
        Assert.Equal(100, loop.Facts<PointsSpendEvent.PointsSpendRefunded>().Sum(fact => fact.Points));
        Assert.Equal(80_00, loop.Facts<RedemptionEvent.BasketReturned>().Sum(fact => fact.Return.Refund.Minor));
        Assert.Empty(loop.Refused);
        loop.AssertBalanced("m-1");
    }

    [Fact]
    public void Exploit_what_came_back_at_the_till_does_not_come_back_again_by_the_refund()
    {
        var (loop, redemption, spend) = Mixed();
        loop.Pay("t-1", 80_00);
        Assert.Null(loop.Do(ReturnOperations.Return(loop.Shop.Ask(), redemption, [new(0, null, new Money(60_00))], null, KeptCoupons.None, loop.Shop.Now, new(2026, 3, 3), null)));
        Assert.Null(loop.Do(SpendOperations.Refund(loop.Shop.Ask(), spend, 60)));
        loop.Back("t-1", "r-1", 40_00, redemption: redemption, spend: spend);
        loop.FollowAll();
        Assert.Single(loop.Facts<RedemptionEvent.BasketReturned>());
        Assert.Equal(60, loop.Facts<PointsSpendEvent.PointsSpendRefunded>().Sum(fact => fact.Points));
        loop.Back("t-1", "r-2", redemption: redemption, spend: spend);
        loop.FollowAll();
        Assert.Equal(100_00, loop.Facts<RedemptionEvent.BasketReturned>().Sum(fact => fact.Return.Lines.Sum(line => line.Amount.Minor)));
        Assert.Equal(100, loop.Facts<PointsSpendEvent.PointsSpendRefunded>().Sum(fact => fact.Points));
        Assert.Empty(loop.Refused);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_refund_brings_back_as_much_however_late_it_is_looked_at(bool isLate)
    {
        var (loop, redemption, spend) = Mixed();
        loop.Pay("t-1", 80_00);
        loop.Back("t-1", "r-1", 20_00, redemption: redemption, spend: spend);
        if (!isLate) loop.FollowAll();
        loop.Back("t-1", "r-2");
        loop.FollowAll();
        Assert.Equal(25_00, loop.Facts<RedemptionEvent.BasketReturned>().Sum(fact => fact.Return.Lines.Sum(line => line.Amount.Minor)));
        Assert.Equal(25, loop.Facts<PointsSpendEvent.PointsSpendRefunded>().Sum(fact => fact.Points));
        Assert.Empty(loop.Refused);
    }

    [Fact]
    public void The_last_refund_brings_back_the_rest_after_any_number_of_returns()
    {
        var loop = new PaymentLoop();
        var redemption = Redeemed(loop, Basket.Of(new(200_00)));
        loop.Pay("t-1", 180_00);
        Assert.Null(loop.Do(ReturnOperations.Return(loop.Shop.Ask(), redemption, [new(0, null, new Money(10))], null, KeptCoupons.None, loop.Shop.Now, new(2026, 3, 3), null)));
        for (var n = 1; n < Limits.MaxReturns; n++)
        {
            loop.Back("t-1", $"r-{n}", 90, redemption: redemption);
            loop.FollowAll();
        }

        Assert.Equal(Limits.MaxReturns, loop.Facts<RedemptionEvent.BasketReturned>().Count());
        loop.Back("t-1", "last", redemption: redemption);
        loop.FollowAll();
        Assert.Empty(loop.Refused);
        Assert.Equal(200_00, loop.Facts<RedemptionEvent.BasketReturned>().Sum(fact => fact.Return.Lines.Sum(line => line.Amount.Minor)));
    }

    /// <summary>Two lines of 60.00, 20.00 off, 100.00 paid: what one line is back beyond its part is no other line's to bring.</summary>
    [Fact]
    public void Exploit_goods_of_one_line_that_came_back_at_the_till_bring_back_no_other_line_by_the_refund()
    {
        var loop = new PaymentLoop();
        var redemption = Redeemed(loop, new Basket([new(new(60_00)), new(new(60_00))]));
        loop.Pay("t-1", 100_00);
        Assert.Null(loop.Do(ReturnOperations.Return(loop.Shop.Ask(), redemption, [new(0)], null, KeptCoupons.None, loop.Shop.Now, new(2026, 3, 3), null)));
        loop.Back("t-1", "r-1", 50_00, redemption: redemption);
        loop.FollowAll();
        Assert.Single(loop.Facts<RedemptionEvent.BasketReturned>());
        loop.Back("t-1", "r-2", redemption: redemption);
        loop.FollowAll();
        Assert.Equal([60_00L, 60_00L], loop.Facts<RedemptionEvent.BasketReturned>().Select(fact => fact.Return.Lines.Sum(line => line.Amount.Minor)));
        Assert.Empty(loop.Refused);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Refunds_by_line_and_by_amount_bring_back_as_much_in_either_order(bool isLineFirst)
    {
        var loop = new PaymentLoop();
        var redemption = Redeemed(loop, new Basket([new(new(60_00)), new(new(60_00))]));
        loop.Pay("t-1", 100_00, "m-1", 50_00, 50_00);
        Action[] refunds = [() => loop.Back("t-1", "r-1", line: 0, amount: 45_00, redemption: redemption), () => loop.Back("t-1", "r-2", 10_00, redemption: redemption)];
        foreach (var refund in isLineFirst ? refunds : [.. refunds.Reverse()])
        {
            refund();
            loop.FollowAll();
        }

        Assert.Equal(66_00, loop.Facts<RedemptionEvent.BasketReturned>().Sum(fact => fact.Return.Lines.Sum(line => line.Amount.Minor)));
        Assert.Empty(loop.Refused);
    }

    /// <summary>The coupon stays used, as the till's own return would have to say; what it took off goes back to who paid for it.</summary>
    [Fact]
    public void What_may_not_be_given_back_any_more_is_taken_back_all_the_same()
    {
        var loop = new PaymentLoop();
        var redemption = Redeemed(loop, Basket.Of(new(100_00)));
        for (var cycle = 1; cycle <= 10; cycle++)
        {
            Assert.Null(loop.Do(ReturnOperations.Return(loop.Shop.Ask(), redemption, [], null, KeptCoupons.None, loop.Shop.Now, new(2026, 3, 3), null)));
            Assert.Null(loop.Do(TillOperations.Redeem(loop.Shop.Ask(), "C1", new(100_00), loop.Shop.Now, "s1", "t1", null)));
            redemption = FormattableString.Invariant($"C1-{cycle + 1}");
        }

        loop.Pay("t-1", 80_00);
        loop.Back("t-1", "r-1", redemption: redemption);
        loop.FollowAll();
        Assert.Empty(loop.Refused);
        var back = loop.Facts<CouponEvent.CouponReturned>().Last();
        Assert.Equal((redemption, 20_00L, (int?)null), (back.RedemptionId, back.Discount.Minor, back.Uses));
        Assert.Equal(CouponStatus.Used, loop.Shop.Book.State(CouponStream.Of("C1")).Status);
    }

    /// <summary>Of a basket with two coupons one may not go back any more, as its bundle was used again since: the other one does.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_coupon_that_may_not_be_given_back_keeps_no_other_of_its_basket(bool isHeld)
    {
        var loop = new PaymentLoop();
        Redeemed(loop, Basket.Of(new(100_00)), terms => terms with { MaxUses = 4, IsBundle = true });
        Campaign(loop, "autumn", terms => terms, "D1", "m-1");
        var (asked, basket) = (loop.Shop.Ask(), Basket.Of(new(200_00)));
        Presented[] shown = [new("C1"), new("D1")];
        Assert.Null(loop.Do(isHeld
            ? TillOperations.Hold(asked, shown, basket.Amount, 60, loop.Shop.Now, "s1", "t1", null, basket)
            : TillOperations.Redeem(asked, shown, basket.Amount, loop.Shop.Now, "s1", "t1", null, basket)));
        if (isHeld) Assert.Null(loop.Do(TillOperations.Commit(loop.Shop.Ask(), CouponStream.HoldId("C1", asked.Key!), loop.Shop.Now)));
        Assert.Null(loop.Do(TillOperations.Redeem(loop.Shop.Ask(), "C1", new(100_00), loop.Shop.Now, "s1", "t1", null)));
        loop.Pay("t-1", 160_00);
        loop.Back("t-1", "r-1", redemption: "C1-2");
        loop.FollowAll();
        Assert.Empty(loop.Refused);
        var (bundle, other) = (loop.Shop.Book.State(CouponStream.Of("C1")), loop.Shop.Book.State(CouponStream.Of("D1")));
        Assert.Equal((3, "C1-3", CouponStatus.Issued, 0), (bundle.Uses, bundle.Latest, other.Status, other.Uses));
        Assert.Equal([null, 1], loop.Facts<CouponEvent.CouponReturned>().Select(fact => fact.Uses));
    }

    /// <summary>Given on twice since, and given before by a clock that was ahead: it is the payer's who used it then.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_was_bought_goes_back_to_who_used_the_coupon_however_often_it_was_given_away(bool isAccepted)
    {
        var loop = new PaymentLoop();
        var redemption = Redeemed(
            loop, Basket.Of(new(100_00)), terms => terms with { ReturnPolicy = ReturnPolicy.Requalify, IsTransferable = true }, () =>
            {
                loop.Shop.Now += Duration.FromMinutes(1);
                Give("m-0", "m-1");
            }, owner: "m-0", late: -Duration.FromSeconds(5));
        loop.Pay("t-1", 80_00);
        loop.Back("t-1", "r-1", 40_00, redemption: redemption);
        loop.FollowAll();
        Assert.Empty(loop.Refused);
        Give("m-1", "m-2");
        Give("m-2", "m-3", isAccepted);
        loop.Pay("t-2", 80_00, "m-2");
        loop.Back("t-2", "r-1", redemption: redemption);
        loop.FollowAll();
        Assert.Equal([("refund-coupons", "redemption-not-found")], loop.Refused);
        loop.Refused.Clear();
        loop.Back("t-1", "r-2", redemption: redemption);
        loop.FollowAll();
        Assert.Empty(loop.Refused);
        Assert.Equal(2, loop.Facts<RedemptionEvent.BasketReturned>().Count());

        void Give(string from, string to, bool isTaken = true)
        {
            var gift = CouponGift.IdOf("C1", to, [1, 2, 3]);
            Assert.Equal(from, loop.Shop.Book.State(CouponStream.Of("C1")).Member);
            Assert.Null(loop.Do(GiftOperations.Offer(loop.Shop.Ask(), "C1", gift, to, Duration.FromDays(1))));
            if (isTaken) Assert.Null(loop.Do(GiftOperations.Accept(loop.Shop.Ask(), gift, to)));
        }
    }

    /// <summary>Whoever the coupon was before, or became since, what was bought with it is who redeemed it.</summary>
    [Fact]
    public void Exploit_a_coupon_that_was_given_away_lets_nobody_but_its_user_return_what_it_paid_for()
    {
        var loop = new PaymentLoop();
        var redemption = Redeemed(
            loop, Basket.Of(new(100_00)), terms => terms with { ReturnPolicy = ReturnPolicy.Requalify, IsTransferable = true }, () => Give("m-0", "m-1", "before"), owner: "m-0");
        loop.Pay("t-1", 80_00);
        loop.Back("t-1", "r-1", 40_00, redemption: redemption);
        loop.FollowAll();
        foreach (var stranger in new[] { "m-0", "m-3" }) Stranger(stranger);
        Give("m-1", "m-2", "since");
        foreach (var stranger in new[] { "m-0", "m-2", "m-3" }) Stranger(stranger);
        loop.Back("t-1", "r-2", redemption: redemption);
        loop.FollowAll();
        Assert.Equal(2, loop.Facts<RedemptionEvent.BasketReturned>().Count());

        void Give(string from, string to, string name)
        {
            var gift = CouponGift.IdOf("C1", name, [1, 2, 3]);
            loop.Shop.Now += Duration.FromMinutes(1);
            Assert.Equal(from, loop.Shop.Book.State(CouponStream.Of("C1")).Member);
            Assert.Null(loop.Do(GiftOperations.Offer(loop.Shop.Ask(), "C1", gift, to, Duration.FromDays(1))));
            Assert.Null(loop.Do(GiftOperations.Accept(loop.Shop.Ask(), gift, to)));
            loop.Shop.Now += Duration.FromMinutes(1);
        }

        void Stranger(string member)
        {
            var trade = FormattableString.Invariant($"t-{member}-{loop.Facts<Ledger.Payments.PaymentEvent.PaymentReceived>().Count()}");
            loop.Pay(trade, 80_00, member);
            loop.Back(trade, "r-1", redemption: redemption);
            loop.FollowAll();
            Assert.Equal([("refund-coupons", "redemption-not-found")], loop.Refused);
            loop.Refused.Clear();
        }
    }

    [Fact]
    public void Exploit_a_refund_that_names_what_another_paid_with_is_refused()
    {
        var (loop, redemption, spend) = Mixed();
        loop.Pay("t-1", 80_00, "m-2");
        loop.Back("t-1", "r-1", redemption: redemption, spend: spend);
        loop.Back("t-1", "r-1", redemption: "C9-1");
        loop.FollowAll();
        Assert.Equal([("refund-coupons", "redemption-not-found"), ("refund-points", "points-spend-unknown")], loop.Refused.Order());
        Assert.Empty(loop.Facts<RedemptionEvent.BasketReturned>());
    }

    /// <summary>A part that came back gave the coupon back; whoever it was given to owns it now, and what it once paid for comes back all the same.</summary>
    [Fact]
    public void The_rest_comes_back_although_the_coupon_was_given_away_meanwhile()
    {
        var loop = new PaymentLoop();
        var redemption = Redeemed(loop, Basket.Of(new(100_00)), terms => terms with { ReturnPolicy = ReturnPolicy.Requalify, IsTransferable = true });
        loop.Pay("t-1", 80_00);
        loop.Back("t-1", "r-1", 40_00, redemption: redemption);
        loop.FollowAll();
        Assert.Equal(CouponStatus.Issued, loop.Shop.Book.State(CouponStream.Of("C1")).Status);
        var gift = CouponGift.IdOf("C1", "g-1", [1, 2, 3]);
        Assert.Null(loop.Do(GiftOperations.Offer(loop.Shop.Ask(), "C1", gift, "m-2", Duration.FromDays(1))));
        Assert.Null(loop.Do(GiftOperations.Accept(loop.Shop.Ask(), gift, "m-2")));
        loop.Back("t-1", "r-2", redemption: redemption);
        loop.FollowAll();
        Assert.Empty(loop.Refused);
        Assert.Equal(100_00, loop.Facts<RedemptionEvent.BasketReturned>().Sum(fact => fact.Return.Lines.Sum(line => line.Amount.Minor)));
        Assert.Equal(("m-2", CouponStatus.Issued), loop.Shop.Book.State(CouponStream.Of("C1")) is var coupon ? (coupon.Member, coupon.Status) : default);
    }

    /// <summary>Line by line where the payment has the basket's lines: what is left of the last line comes back with the last cent.</summary>
    [Fact]
    public void Lines_of_a_payment_bring_back_the_lines_of_its_basket()
    {
        var loop = new PaymentLoop();
        var basket = new Basket([new(new(30_00)), new(new(70_00))]);
        var redemption = Redeemed(loop, basket);
        loop.Pay("t-1", 80_00, "m-1", 24_00, 56_00);
        loop.Back("t-1", "r-1", 8_00, line: 0, redemption: redemption);
        loop.FollowAll();
        Assert.Equal([(0, 10_00L)], Assert.Single(loop.Facts<RedemptionEvent.BasketReturned>()).Return.Lines.Select(line => (line.Line, line.Amount.Minor)));
        loop.Back("t-1", "r-2", redemption: redemption);
        loop.FollowAll();
        Assert.Equal(100_00, loop.Facts<RedemptionEvent.BasketReturned>().Sum(fact => fact.Return.Lines.Sum(line => line.Amount.Minor)));
        Assert.Equal(CouponStatus.Issued, loop.Shop.Book.State(CouponStream.Of("C1")).Status);
    }

    private static PaymentLoop Earned(long amount)
    {
        var loop = new PaymentLoop();
        loop.Pay("t-1", amount);
        loop.FollowAll();
        Assert.Equal(amount / 100, loop.Account().Available);
        return loop;
    }

    /// <summary>A member with a coupon of 20.00 off 100.00, redeemed, and 100 points spent.</summary>
    private static (PaymentLoop Loop, string Redemption, string Spend) Mixed()
    {
        var loop = new PaymentLoop();
        var redemption = Redeemed(loop, Basket.Of(new(100_00)));
        loop.Do(PointsOperations.Grant(loop.Shop.Ask(), Club, "m-1", 100, "merchant", loop.Shop.Now));
        return (loop, redemption, loop.Shop.Spend(100).GetProperty("spendId").GetString()!);
    }

    private static string Redeemed(PaymentLoop loop, Basket basket, Func<CouponTerms, CouponTerms>? change = null, Action? before = null, string owner = "m-1", Duration late = default)
    {
        loop.Shop.Now = Day(2026, 3, 3);
        Campaign(loop, "spring", change ?? (terms => terms), "C1", owner);
        before?.Invoke();
        Assert.Null(loop.Do(TillOperations.Redeem(loop.Shop.Ask(), "C1", basket.Amount, loop.Shop.Now + late, "s1", "t1", null, basket)));
        return "C1-1";
    }

    private static void Campaign(PaymentLoop loop, string campaign, Func<CouponTerms, CouponTerms> change, string code, string owner)
    {
        var window = new Validity(Day(2026, 1, 1), Day(2027, 1, 1));
        var terms = new CouponTerms(new Benefit.FixedAmount(new(20_00)), new(100_00), "Asia/Shanghai", window, [], [], new());
        foreach (var operation in (Operation[])
            [
                CouponOperations.Draft(loop.Shop.Ask(), campaign, new("Spring", 10, Day(2026, 1, 1), Day(2027, 1, 1)), change(terms)),
                CouponOperations.Change(loop.Shop.Ask(), campaign, new CampaignCommand.SubmitCampaign()),
                CouponOperations.Change(loop.Shop.Ask(), campaign, new CampaignCommand.ApproveCampaign()),
                CouponOperations.Issue(loop.Shop.Ask(), campaign, code, owner, null, loop.Shop.Now, new(2026, 3, 3)),
            ]) Assert.Null(loop.Do(operation));
    }

    private static void AssertNothingIsLeft(PaymentLoop loop)
    {
        var account = loop.Account();
        Assert.Equal((0, 0, 0, 0, 0), (account.Available, account.PendingPoints, account.Held, account.Arrears, account.Lifetime));
        Assert.Equal(0, loop.Shop.Tally(PointsBooks.Expense("merchant")));
        loop.AssertBalanced("m-1", "m-2");
    }

    private static IEnumerable<int[]> Permutations(int[] items) => items.Length <= 1
        ? [items]
        : items.SelectMany(first => Permutations([.. items.Where(item => item != first)]).Select(rest => (int[])[first, .. rest]));
}
