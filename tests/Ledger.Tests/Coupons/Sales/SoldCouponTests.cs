using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Ledger.Coupons;
using Ledger.Coupons.Redemptions;
using Ledger.Coupons.Sales;
using NodaTime;
using Xunit;
using static Ledger.Coupons.CampaignCommand;
using static Ledger.Coupons.CouponEvent;
using static Ledger.Tests.Coupons.CouponExamples;
using static Ledger.Tests.Moments;

namespace Ledger.Tests.Coupons.Sales;

/// <summary>Sold coupons: paid, settled on use, refunded or kept.</summary>
public class SoldCouponTests
{
    private static readonly Money s_price = new(49_90);

    // 3 % of 49.90 is 1.497: rounded down.
    private static readonly SaleTerms s_sale = new(s_price, "tea-house", 300, IsOverdueRefundable: true, IsRefundableBeforeUse: true);

    private static readonly CouponTerms s_idleHours = Terms with
    {
        Benefit = new Benefit.Exchange(new(88_00), "afternoon tea"),
        MinimumSpend = Money.Zero,
        UsableOn = [.. Enumerable.Range(1, 5).Select(day => new UsableWindow((IsoDayOfWeek)day, new(14, 0), new(17, 0)))],
        Sale = s_sale,
    };

    private static readonly Instant s_opening = At("2026-03-03T14:00:00+08:00");

    [Fact]
    public void A7_a_sold_voucher_of_the_idle_hours_is_settled_on_use_or_refunded_at_its_end()
    {
        var desk = new Desk(s_idleHours);
        Assert.Null(desk.Sell("trade-1", "A1").Refusal);
        Assert.Null(desk.Sell("trade-2", "A2").Refusal);

        var early = s_opening - Duration.FromSeconds(1);
        Assert.Equal(new OutsideTimeWindow(early, "Asia/Shanghai"), desk.Redeem("A1", early).Refusal);
        Assert.Null(desk.Redeem("A1", s_opening).Refusal);
        var settled = Assert.IsType<VoucherSettled>(desk.Book.Entries[^1].Fact);
        Assert.Equal(("A1-1", "tea-house", 49_90L, 1_49L, 48_41L), (settled.RedemptionId, settled.Payee, settled.Gross.Minor, settled.Commission.Minor, settled.Net.Minor));
        Assert.IsType<CouponRedeemed>(desk.Book.Entries[^2].Fact);

        desk.Now = WindowEnd;
        Assert.Null(desk.Run(CouponOperations.Expire(desk.Ask(), "A1")).Refusal);
        Assert.Null(desk.Run(CouponOperations.Expire(desk.Ask(), "A2")).Refusal);
        var requested = Assert.IsType<VoucherRefundRequested>(desk.Book.Entries[^1].Fact);
        Assert.Equal(("trade-2", 1, s_price, RefundReason.AutoExpire, WindowEnd), (requested.Sale, requested.Number, requested.Amount, requested.Reason, requested.At));
        Assert.Single(desk.Book.Entries, entry => entry.Fact is VoucherSettled);
        desk.AssertBalanced(paid: 99_80, open: 0, settled: 49_90, refunds: 49_90, breakage: 0);

        // Used in time and reported after: the money is on its way back.
        Assert.Equal(new RefundUnderWay("trade-2", 1), desk.Redeem("A2", s_opening).Refusal);
    }

    [Fact]
    public void A_void_takes_back_exactly_what_was_settled()
    {
        var desk = new Desk(s_idleHours);
        desk.Sell("trade-1", "A1");
        desk.Redeem("A1", s_opening);
        var settled = (VoucherSettled)desk.Book.Entries[^1].Fact;
        desk.Void("A1-1", s_opening);
        var reversed = (VoucherSettlementReversed)desk.Book.Entries[^1].Fact;
        Assert.Equal((settled.RedemptionId, settled.Payee, settled.Gross, settled.Commission, settled.Net), (reversed.RedemptionId, reversed.Payee, reversed.Gross, reversed.Commission, reversed.Net));
        desk.AssertBalanced(paid: 49_90, open: 49_90, settled: 0, refunds: 0, breakage: 0);
        Assert.Null(desk.Redeem("A1", s_opening).Refusal);
    }

    [Fact]
    public void What_was_sold_as_not_refundable_is_kept_at_its_end_and_a_late_report_still_counts()
    {
        var desk = new Desk(s_idleHours with { Sale = s_sale with { IsOverdueRefundable = false, IsRefundableBeforeUse = false } });
        desk.Sell("trade-1", "A1");
        Assert.Equal(new RefundNotAllowed(), desk.Refund("trade-1").Refusal);
        desk.Now = WindowEnd;
        desk.Run(CouponOperations.Expire(desk.Ask(), "A1"));
        desk.AssertBalanced(paid: 49_90, open: 0, settled: 0, refunds: 0, breakage: 49_90);
        Assert.Null(desk.Redeem("A1", s_opening).Refusal);
        desk.AssertBalanced(paid: 49_90, open: 0, settled: 49_90, refunds: 0, breakage: 0);
    }

    /// <summary>Of two requests of one moment the later may be carried out first.</summary>
    [Fact]
    public void Who_asked_a_moment_before_the_sale_is_told_of_the_same_coupons()
    {
        var desk = new Desk(s_idleHours);
        var sold = desk.Sell("trade-1", "A1");
        desk.Now -= Duration.FromMilliseconds(1);
        var again = desk.Sell("trade-1", "A2");
        Assert.Equal((sold.Refusal, JsonSerializer.Serialize(sold.Answer)), (again.Refusal, JsonSerializer.Serialize(again.Answer)));
    }

    [Fact]
    public void A_refund_is_open_until_it_was_paid()
    {
        var desk = new Desk(s_idleHours);
        desk.Sell("trade-1", "A1", "A2");
        Assert.Equal(new RefundUnknown("trade-1", 2), desk.Settle("trade-1", 2, isPaid: true, "r-1").Refusal);
        Assert.Equal(new RefundUnknown("trade-1", 3), desk.Refund("trade-1", 3).Refusal);
        Assert.Null(desk.Refund("trade-1", 2).Refusal);
        Assert.Equal(RefundReason.UserRefund, Assert.IsType<VoucherRefundRequested>(desk.Book.Entries[^1].Fact).Reason);
        Assert.Equal(new RefundUnderWay("trade-1", 2), desk.Redeem("A2", s_opening).Refusal);

        Assert.Null(desk.Settle("trade-1", 2, isPaid: false, "r-1").Refusal);
        var entries = desk.Book.Entries.Count;
        Assert.Null(desk.Settle("trade-1", 2, isPaid: false, "r-1").Refusal);
        Assert.Equal(entries, desk.Book.Entries.Count);
        Assert.Equal(PriceStanding.RefundRequested, desk.Standing("A2"));
        Assert.Null(desk.Settle("trade-1", 2, isPaid: true, "r-2").Refusal);
        Assert.Equal(PriceStanding.Refunded, desk.Standing("A2"));
        Assert.Equal(new RefundAlreadyPaid("trade-1", 2), desk.Settle("trade-1", 2, isPaid: false, "r-3").Refusal);
        desk.AssertBalanced(paid: 99_80, open: 49_90, settled: 0, refunds: 49_90, breakage: 0);
        Assert.Equal(49_90, desk.Book.Tallies[SaleTallies.RefundsPaid(Spring)]);
    }

    [Fact]
    public void A_payment_is_booked_once_at_its_price_and_within_the_quota()
    {
        var desk = new Desk(s_idleHours, quota: 2);
        Assert.Equal(new PaidIsNotThePrice(new(99_80), s_price), desk.Run(desk.Sale("trade-1", s_price, "A1", "A2")).Refusal);
        Assert.Equal(new StockExhausted(2), desk.Sell("trade-1", "A1", "A2", "A3").Refusal);
        Assert.DoesNotContain(desk.Book.Entries, entry => entry.Fact is CouponIssued or SaleEvent);

        var first = desk.Sell("trade-1", "A1", "A2");
        var entries = desk.Book.Entries.Count;
        Assert.Equal(first.Answer, desk.Sell("trade-1", "A3", "A4").Answer);
        Assert.Equal(entries, desk.Book.Entries.Count);
        Assert.Equal(new TradeAlreadyBooked("trade-1"), desk.Sell("trade-1", "A3").Refusal);
        Assert.Equal(new StockExhausted(2), desk.Sell("trade-2", "A3").Refusal);
        Assert.Equal(new CampaignSells(Spring), desk.Run(CouponOperations.Issue(desk.Ask(), Spring, "A3", Member, null, Noon, Day("2026-03-03"))).Refusal);
        Assert.Equal(new CampaignSellsNothing(Spring), new Desk(Terms).Sell("trade-1", "A1").Refusal);
    }

    [Fact]
    public void Deactivating_gives_the_price_back()
    {
        var desk = new Desk(s_idleHours);
        desk.Sell("trade-1", "A1");
        desk.Run(CouponOperations.Deactivate(desk.Ask(), "A1", "closed for repairs"));
        Assert.Equal(RefundReason.Deactivated, Assert.IsType<VoucherRefundRequested>(desk.Book.Entries[^1].Fact).Reason);
        desk.AssertBalanced(paid: 49_90, open: 0, settled: 0, refunds: 49_90, breakage: 0);
    }

    [Fact]
    public void A_gift_that_nobody_took_does_not_move_the_price_twice()
    {
        var gifts = s_idleHours with { UsableOn = [], IsTransferable = true };
        var desk = new Desk(gifts);
        desk.Sell("trade-1", "A1", "A2", "A3");
        desk.Now = WindowEnd - Duration.FromHours(2);
        foreach (var code in new[] { "A1", "A2", "A3" }) Assert.Null(desk.Give(code, Duration.FromHours(1)).Refusal);
        desk.Now += Duration.FromHours(1);
        Assert.Null(desk.Redeem("A1", desk.Now).Refusal);
        Assert.Equal([typeof(CouponGiftEnded), typeof(CouponRedeemed), typeof(VoucherSettled)], desk.Book.Entries.TakeLast(3).Select(entry => entry.Fact.GetType()));
        Assert.Null(desk.Run(CouponOperations.Deactivate(desk.Ask(), "A2", "lost")).Refusal);
        desk.Now = WindowEnd;
        Assert.Null(desk.Run(CouponOperations.Expire(desk.Ask(), "A3")).Refusal);
        Assert.Equal([typeof(CouponGiftEnded), typeof(CouponExpired), typeof(VoucherRefundRequested)], desk.Book.Entries.TakeLast(3).Select(entry => entry.Fact.GetType()));
        desk.AssertBalanced(paid: 149_70, open: 0, settled: 49_90, refunds: 99_80, breakage: 0);
    }

    /// <summary>It is another's by then; what goes back is what the buyer still has.</summary>
    [Fact]
    public void What_somebody_accepted_as_a_gift_is_not_the_buyers_to_give_back()
    {
        var desk = new Desk(s_idleHours with { UsableOn = [], IsTransferable = true });
        desk.Sell("trade-1", "A1", "A2");
        desk.Give("A1", Duration.FromHours(1));
        Assert.Null(desk.Run(GiftOperations.Accept(desk.Ask(), CouponGift.IdOf("A1", "1", default), "m-2")).Refusal);
        Assert.Equal(new GiftTaken(), desk.Refund("trade-1", 1).Refusal);
        Assert.Null(desk.Refund("trade-1").Refusal);
        var (given, kept) = (desk.Book.State(CouponStream.Of("A1")), desk.Book.State(CouponStream.Of("A2")));
        Assert.Equal((CouponStatus.Issued, "m-2", CouponStatus.Deactivated), (given.Status, given.Member, kept.Status));
        desk.AssertBalanced(paid: 99_80, open: 49_90, settled: 0, refunds: 49_90, breakage: 0);
        Assert.Null(desk.Redeem("A1", desk.Now).Refusal);
    }

    /// <summary>The money is on its way to the buyer, whoever had the coupon when it was over: to ask again changes nothing.</summary>
    [Fact]
    public void A_refund_that_is_under_way_is_answered_again_although_the_coupon_was_given_away()
    {
        var desk = new Desk(s_idleHours with { UsableOn = [], IsTransferable = true });
        desk.Sell("trade-1", "A1");
        desk.Give("A1", Duration.FromHours(1));
        Assert.Null(desk.Run(GiftOperations.Accept(desk.Ask(), CouponGift.IdOf("A1", "1", default), "m-2")).Refusal);
        Assert.Null(desk.Run(CouponOperations.Deactivate(desk.Ask(), "A1", null)).Refusal);
        Assert.Equal(PriceStanding.RefundRequested, desk.Standing("A1"));
        var entries = desk.Book.Entries.Count;
        Assert.Null(desk.Refund("trade-1").Refusal);
        desk.Settle("trade-1", 1, isPaid: true, "ref-1");
        Assert.Null(desk.Refund("trade-1", 1).Refusal);
        Assert.Equal(entries + 1, desk.Book.Entries.Count);
        desk.AssertBalanced(paid: 49_90, open: 0, settled: 0, refunds: 49_90, breakage: 0);
    }

    [Fact]
    public void What_is_offered_as_a_gift_is_refunded_when_the_offer_is_over()
    {
        var desk = new Desk(s_idleHours with { IsTransferable = true });
        desk.Sell("trade-1", "A1");
        desk.Give("A1", Duration.FromHours(1));
        Assert.Equal(new InTransfer(desk.Now + Duration.FromHours(1)), desk.Refund("trade-1").Refusal);
        desk.Now += Duration.FromHours(1);
        Assert.Null(desk.Refund("trade-1").Refusal);
        Assert.Equal([typeof(CouponGiftEnded), typeof(CouponDeactivated), typeof(VoucherRefundRequested)], desk.Book.Entries.TakeLast(3).Select(entry => entry.Fact.GetType()));
        desk.AssertBalanced(paid: 49_90, open: 0, settled: 0, refunds: 49_90, breakage: 0);
    }

    [Fact]
    public void A_refund_after_the_hold_ran_out_frees_the_budget()
    {
        var desk = new Desk(s_idleHours with { UsableOn = [], Budgets = ["merchant"] });
        Assert.Null(desk.Run(CouponOperations.ChangeBudget(desk.Ask(), Spring, "merchant", Money.Zero, new(500_00))).Refusal);
        desk.Sell("trade-1", "A1");
        Assert.Null(desk.Run(TillOperations.Hold(desk.Ask(), "A1", new(100_00), 60, desk.Now, "s1", "t1", null)).Refusal);
        var spent = Assert.Single(desk.Book.Tallies, tally => tally.Key.StartsWith("spent/", StringComparison.Ordinal));
        Assert.NotEqual(0, spent.Value);
        desk.Now += Duration.FromSeconds(60);
        Assert.Null(desk.Refund("trade-1").Refusal);
        Assert.Equal(0, desk.Book.Tallies[spent.Key]);
    }

    /// <summary>The account is recomputed from where each coupon stands at the end, not from the facts that move it.</summary>
    [Fact]
    public void Whatever_happens_what_was_paid_is_settled_refunded_open_or_kept()
    {
        var seen = new HashSet<Type>();
        var steps = from what in Gen.Choose(0, 12)
                    from coupon in Gen.Choose(0, 4)
                    from minutes in Gen.Frequency((6, Gen.Choose(0, 10)), (1, Gen.Choose(0, 60_000)))
                    from late in Gen.Elements(0, 0, 1, 200, 90_000)
                    select (what, coupon, minutes, late);
        Holds.For(Gen.Elements(true, false).Zip(steps.ListOf()), random =>
        {
            var (isRefundable, history) = random;
            var desk = new Desk(s_idleHours with { UsableOn = [], IsTransferable = true, Sale = s_sale with { IsOverdueRefundable = isRefundable } });
            foreach (var (what, coupon, minutes, late) in history)
            {
                desk.Now += Duration.FromMinutes(minutes);
                var (code, trade, at) = (FormattableString.Invariant($"A{coupon}"), FormattableString.Invariant($"trade-{coupon}"), desk.Now - Duration.FromMinutes(late));
                var refunding = desk.Standing(code) is PriceStanding.RefundRequested or PriceStanding.Refunded;
                var used = desk.Book.Entries.Count(entry => entry.Fact is CouponRedeemed);
                Operation operation = what switch
                {
                    0 or 1 => desk.Sale(trade, s_price, code),
                    2 or 3 or 4 => TillOperations.Redeem(desk.Ask(), code, new(100_00), at, "s1", "t1", null),
                    5 => ReturnOperations.Void(desk.Ask(), CouponStream.RedemptionId(code, 1 + (late % 2)), desk.Now, desk.Today, null),
                    6 => ReturnOperations.Return(desk.Ask(), CouponStream.RedemptionId(code, 1), [], null, late == 1 ? KeptCoupons.All : KeptCoupons.None, desk.Now, desk.Today, null),
                    7 => SaleOperations.Refund(desk.Ask(), trade, [], desk.Now, null),
                    8 => CouponOperations.Expire(desk.Ask(), code),
                    9 => SaleOperations.Answer(desk.Ask(), trade, 1, late == 0, "r-1", null, desk.Now),
                    10 => TillOperations.Hold(desk.Ask(), code, new(100_00), 60, at, "s1", "t1", null),
                    11 => late switch
                    {
                        0 => GiftOperations.Offer(desk.Ask(), code, CouponGift.IdOf(code, "1", default), null, Duration.FromMinutes(5)),
                        1 => GiftOperations.Accept(desk.Ask(), CouponGift.IdOf(code, "1", default), "m-2"),
                        _ => GiftOperations.Cancel(desk.Ask(), CouponGift.IdOf(code, "1", default)),
                    },
                    _ => late == 0
                        ? CouponOperations.Deactivate(desk.Ask(), code, "lost")
                        : TillOperations.Commit(desk.Ask(), desk.Book.State(CouponStream.Of(code)).Hold?.Id ?? CouponStream.HoldId(code, "none"), desk.Now),
                };
                desk.Run(operation);
                if (refunding) Assert.Equal(used, desk.Book.Entries.Count(entry => entry.Fact is CouponRedeemed));
                desk.AssertBalanced();
            }

            seen.UnionWith(desk.Book.Entries.Select(entry => entry.Fact.GetType()));
        }, times: 300);
        Assert.Empty(typeof(CouponEvent).GetNestedTypes().Where(type => type.Name.StartsWith("Voucher", StringComparison.Ordinal)).Except(seen));
    }

    /// <summary>A book with one running campaign, and a channel that sells.</summary>
    private sealed class Desk
    {
        private int requests;

        public Desk(CouponTerms terms, long quota = 100)
        {
            Run(CouponOperations.Draft(Ask(), Spring, new("Spring", quota, WindowStart, WindowEnd), terms));
            Run(CouponOperations.Change(Ask(), Spring, new SubmitCampaign()));
            Run(CouponOperations.Change(Ask(), Spring, new ApproveCampaign()));
        }

        public InMemoryBook Book { get; } = new();

        public Instant Now { get; set; } = Noon;

        public LocalDate Today => Now.InZone(Terms.Zone()).Date;

        public Request Ask() => InMemoryBook.Request(FormattableString.Invariant($"request-{++requests}"), Now);

        public (byte[]? Answer, Rejection? Refusal) Run(Operation operation) => Book.Run(operation);

        public Operation Sale(string trade, Money paid, params string[] codes) => SaleOperations.Sell(Ask(), Spring, trade, Member, paid, codes, null, Now, Today);

        public (byte[]? Answer, Rejection? Refusal) Sell(string trade, params string[] codes) => Run(Sale(trade, new(s_price.Minor * codes.Length), codes));

        public (byte[]? Answer, Rejection? Refusal) Redeem(string code, Instant at) => Run(TillOperations.Redeem(Ask(), code, new(100_00), at, "s1", "t1", null));

        public void Void(string redemptionId, Instant at) => Run(ReturnOperations.Void(Ask(), redemptionId, at, Today, null));

        public (byte[]? Answer, Rejection? Refusal) Give(string code, Duration lasts) => Run(GiftOperations.Offer(Ask(), code, CouponGift.IdOf(code, "1", default), null, lasts));

        public (byte[]? Answer, Rejection? Refusal) Refund(string trade, params int[] numbers) => Run(SaleOperations.Refund(Ask(), trade, numbers, Now, null));

        public (byte[]? Answer, Rejection? Refusal) Settle(string trade, int number, bool isPaid, string reference) =>
            Run(SaleOperations.Answer(Ask(), trade, number, isPaid, reference, null, Now));

        public PriceStanding? Standing(string code) => Book.State(CouponStream.Of(code)).Sold?.Standing;

        public void AssertBalanced(long paid, long open, long settled, long refunds, long breakage)
        {
            Assert.Equal((paid, open, settled, refunds, breakage),
                (Tally(SaleTallies.Paid(Spring)), Tally(SaleTallies.Open(Spring)), Tally(SaleTallies.Settled(Spring)), Tally(SaleTallies.Refunds(Spring)), Tally(SaleTallies.Breakage(Spring))));
            AssertBalanced();
        }

        public void AssertBalanced()
        {
            var coupons = Book.States.Values.OfType<Coupon>().ToList();
            Assert.All(coupons, coupon => Assert.Contains(coupon.Sold!.Standing, coupon.Status switch
            {
                CouponStatus.Issued or CouponStatus.InTransfer => [PriceStanding.Open],
                CouponStatus.Used => [PriceStanding.Settled],
                _ => (PriceStanding[])[PriceStanding.RefundRequested, PriceStanding.Refunded, PriceStanding.Breakage],
            }));
            Assert.Equal(Book.States.Values.OfType<VoucherSale>().Sum(sale => sale.Paid.Minor), Tally(SaleTallies.Paid(Spring)));
            Assert.Equal(Sum(PriceStanding.Open), Tally(SaleTallies.Open(Spring)));
            Assert.Equal(Sum(PriceStanding.Settled), Tally(SaleTallies.Settled(Spring)));
            Assert.Equal(Sum(PriceStanding.RefundRequested) + Sum(PriceStanding.Refunded), Tally(SaleTallies.Refunds(Spring)));
            Assert.Equal(Sum(PriceStanding.Refunded), Tally(SaleTallies.RefundsPaid(Spring)));
            Assert.Equal(Sum(PriceStanding.Breakage), Tally(SaleTallies.Breakage(Spring)));
            Assert.Equal(Sum(PriceStanding.Settled) / s_price.Minor * 1_49, Tally(SaleTallies.Commission(Spring)));

            long Sum(PriceStanding standing) => coupons.Where(coupon => coupon.Sold!.Standing == standing).Sum(coupon => coupon.Sold!.Sale.Price.Minor);
        }

        private long Tally(string key) => Book.Tallies.GetValueOrDefault(key);
    }
}
