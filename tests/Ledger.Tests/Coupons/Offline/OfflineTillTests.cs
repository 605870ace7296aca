using Ledger.Coupons;
using Ledger.Coupons.Codes;
using Ledger.Coupons.Offline;
using Ledger.Coupons.Redemptions;
using NodaTime;
using Xunit;
using static Ledger.Coupons.CouponEvent;
using static Ledger.Coupons.Offline.OfflineTillEvent;
using static Ledger.Tests.Coupons.CouponExamples;
using static Ledger.Tests.Coupons.Offline.OfflineShop;
using static Ledger.Tests.Moments;

namespace Ledger.Tests.Coupons.Offline;

/// <summary>What becomes of records that tills forward: redeemed, lost to somebody, or not taken.</summary>
public class OfflineTillTests
{
    /// <summary>Domain example 7.4: A and B each grant 20.00; A synchronises at 10:02, B at 10:05.</summary>
    [Fact]
    public void Two_tills_took_the_same_coupon_and_the_first_to_synchronise_wins()
    {
        var shop = new OfflineShop();
        var code = shop.Issue(1);
        var token = shop.Token(code);
        // B was even the earlier one by the clock.
        shop.A.Grant(code, 120_00, 20_00, Clock(9, 40), token, "receipt 1");
        shop.B.Grant(code, 100_00, 20_00, Clock(9, 30), token);

        var a = shop.A.Forward(shop.Book, Clock(10, 2), shop.Ring, shop.A.Records).Single().Result!;
        Assert.Equal(new(1, "redeemed", code, new(20_00), new(20_00), Money.Zero, null, $"{code}-1", null, Clock(9, 40), false), a);
        var b = shop.B.Forward(shop.Book, Clock(10, 5), shop.Ring, shop.B.Records).Single().Result!;
        Assert.Equal(new(1, "conflict", code, new(20_00), Money.Zero, new(20_00), "isv", $"{code}-1", "already-used", Clock(9, 30), false), b);

        var used = shop.Coupon(code);
        Assert.Equal((CouponStatus.Used, $"{code}-1", "s1", "a", "receipt 1"), (used.Status, used.Last!.RedemptionId, used.Last.Store, used.Last.Till, used.Last.Order));
        var redeemed = shop.Facts<CouponRedeemed>().Single();
        Assert.Equal((new Money(20_00), Clock(9, 40), new OfflineOrigin("s1/a", 1, Clock(9, 40), false)), (redeemed.Discount, redeemed.At, redeemed.Offline));
        Assert.Equal((20_00, 0), (shop.Lost("isv"), shop.Lost(Funding.Merchant)));
        Assert.Equal(new(0, 1, 0, 0, new(20_00), Money.Zero, new(20_00)), shop.B.In(shop.Book).Totals);
    }

    [Fact]
    public void The_same_record_again_has_the_same_answer_and_changes_nothing()
    {
        var shop = new OfflineShop();
        var (won, lost) = (shop.Issue(1), shop.Issue(2));
        shop.A.Grant(won, 120_00, 20_00, Clock(9, 40));
        shop.A.Grant(lost, 99_00, 20_00, Clock(9, 41));
        var first = shop.A.Forward(shop.Book, Clock(10, 0), shop.Ring, shop.A.Records);
        Assert.Equal(["redeemed", "refused"], first.Select(answer => answer.Result!.Outcome), StringComparer.Ordinal);
        var (before, tallies) = (shop.Book.Entries.Count, shop.Book.Tallies.ToDictionary(StringComparer.Ordinal));

        var again = shop.A.Forward(shop.Book, Clock(10, 0), shop.Ring, [.. shop.A.Records, .. shop.A.Records]);
        Assert.Equal([.. first, .. first], again);
        Assert.Equal(before, shop.Book.Entries.Count);
        Assert.Equal(tallies, shop.Book.Tallies);
    }

    [Fact]
    public void A_missing_record_raises_one_alarm_and_what_follows_waits_for_it()
    {
        var shop = new OfflineShop();
        for (var n = 1; n <= 4; n++) shop.A.Grant(shop.Issue(n), 120_00, 20_00, Clock(9, n));
        var (records, later) = (shop.A.Records, Clock(10, 0));

        var gap = shop.A.Forward(shop.Book, later, shop.Ring, [records[0], records[2], records[3]]);
        Assert.Equal(("redeemed", new DeviceSequenceGap(2, 3), new DeviceSequenceGap(2, 4)), (gap[0].Result!.Outcome, gap[1].Refusal, gap[2].Refusal));
        Assert.Equal(new DeviceAlarmRaised(DeviceFault.SequenceGap, 2, 3, later), shop.Facts<DeviceAlarmRaised>().Single());
        shop.A.Forward(shop.Book, later + Tick, shop.Ring, [records[2], records[3]]);
        Assert.Single(shop.Facts<DeviceAlarmRaised>());
        Assert.Equal(Nine, shop.A.In(shop.Book).Use!.LastSync);

        // The record that was late fills the gap; the till synchronises and the alarm is over.
        var filled = shop.A.Forward(shop.Book, Clock(10, 5), shop.Ring, records[1..]);
        Assert.All(filled, answer => Assert.Equal("redeemed", answer.Result!.Outcome));
        Assert.Equal((4, null, Clock(10, 5)), (shop.A.In(shop.Book).Sequence, shop.A.In(shop.Book).Alarm, shop.A.In(shop.Book).Use!.LastSync));
    }

    [Fact]
    public void Batches_in_the_wrong_order_within_one_synchronisation_are_no_alarm_once_they_are_filled()
    {
        var shop = new OfflineShop();
        for (var n = 1; n <= 2; n++) shop.A.Grant(shop.Issue(n), 120_00, 20_00, Clock(9, n));
        var answers = shop.A.Forward(shop.Book, Clock(10, 0), shop.Ring, [shop.A.Records[1], shop.A.Records[0]]);
        Assert.Equal((new DeviceSequenceGap(1, 2), "redeemed"), (answers[0].Refusal, answers[1].Result!.Outcome));
        Assert.Empty(shop.Facts<DeviceAlarmRaised>());

        // The second one is not here yet: it is still judged by its own time when it comes.
        Assert.Equal(Nine, shop.A.In(shop.Book).Use!.LastSync);
        var second = shop.A.Forward(shop.Book, Clock(10, 1), shop.Ring, [shop.A.Records[1]]).Single();
        Assert.Equal(("redeemed", Clock(10, 1)), (second.Result!.Outcome, shop.A.In(shop.Book).Use!.LastSync));
        Assert.All(shop.Facts<OfflineRedemptionRecorded>(), fact => Assert.Equal((fact.Record.BusinessTime, false), (fact.Record.At, fact.Record.ClockSkew)));
    }

    [Fact]
    public void A_changed_record_and_records_of_another_till_do_not_belong()
    {
        var shop = new OfflineShop();
        var (first, second) = (shop.Issue(1), shop.Issue(2));
        shop.A.Grant(first, 120_00, 20_00, Clock(9, 1));
        shop.A.Grant(second, 120_00, 20_00, Clock(9, 2));
        shop.A.Forward(shop.Book, Clock(10, 0), shop.Ring, [shop.A.Records[0]]);

        var changed = shop.A.Records[0] with { Discount = new(5_00) };
        Assert.Equal(new DeviceChainBroken(1), shop.A.Forward(shop.Book, Clock(10, 1), shop.Ring, [changed])[0].Refusal);
        var unchained = shop.A.Records[1] with { PreviousHash = changed.Hash() };
        Assert.Equal(new DeviceChainBroken(2), shop.A.Forward(shop.Book, Clock(10, 2), shop.Ring, [unchained])[0].Refusal);
        Assert.Equal(new DeviceChainBroken(1), shop.B.Forward(shop.Book, Clock(10, 3), shop.Ring, [shop.A.Records[0]])[0].Refusal);
        Assert.Equal(new DeviceChainBroken(2), shop.B.Forward(shop.Book, Clock(10, 4), shop.Ring, [shop.A.Records[1]])[0].Refusal);
        Assert.Equal(
            [(DeviceFault.ChainBroken, 1L), (DeviceFault.ChainBroken, 2L), (DeviceFault.ChainBroken, 1L), (DeviceFault.ChainBroken, 2L)],
            shop.Facts<DeviceAlarmRaised>().Select(alarm => (alarm.Kind, alarm.Got)));
        Assert.Equal(CouponStatus.Issued, shop.Coupon(second).Status);
    }

    [Fact]
    public void A_till_that_knows_less_than_it_forwarded_was_set_back()
    {
        var shop = new OfflineShop();
        shop.A.Grant(shop.Issue(1), 120_00, 20_00, Clock(9, 1));
        shop.A.Forward(shop.Book, Clock(10, 0), shop.Ring, shop.A.Records);
        shop.A.Forward(shop.Book, Clock(10, 30), shop.Ring, [], newest: 0);
        Assert.Equal(new DeviceAlarmRaised(DeviceFault.ChainBroken, 1, 0, Clock(10, 30)), shop.Facts<DeviceAlarmRaised>().Single());
        Assert.Equal(Clock(10, 0), shop.A.In(shop.Book).Use!.LastSync);
    }

    /// <summary>A till with more records than a batch holds synchronises with the last of them, so that all are judged by one absence.</summary>
    [Fact]
    public void A_synchronisation_ends_with_the_newest_record()
    {
        var shop = new OfflineShop();
        for (var n = 1; n <= 3; n++) shop.A.Grant(shop.Issue(n), 120_00, 20_00, Clock(9, n));
        shop.A.Forward(shop.Book, Clock(10, 0), shop.Ring, shop.A.Records[..2], newest: 3);
        Assert.Equal((Nine, 2, new Money(40_00)), (shop.A.In(shop.Book).Use!.LastSync, shop.A.In(shop.Book).Use!.Count, shop.A.In(shop.Book).Use!.Sum));
        var last = shop.A.Forward(shop.Book, Clock(10, 1), shop.Ring, shop.A.Records[2..], newest: 3).Single().Result!;
        Assert.Equal((false, Clock(9, 3)), (last.ClockSkew, last.At));
        Assert.Equal(OfflineUse.Since(Clock(10, 1)), shop.A.In(shop.Book).Use);
    }

    [Fact]
    public void Who_bears_a_conflict_depends_on_what_the_till_could_know()
    {
        var shop = new OfflineShop();
        var (online, held, dead, own, bare) = (shop.Issue(1), shop.Issue(2), shop.Issue(3), shop.Issue(4), shop.Issue(5));
        var tokens = new[] { online, held, dead, own, bare }.ToDictionary(code => code, shop.Token, StringComparer.Ordinal);
        shop.Run(request => TillOperations.Redeem(request, online, new(100_00), Clock(9, 5), "s2", "b", null), Clock(9, 5));
        shop.Run(request => TillOperations.Redeem(request, bare, new(100_00), Clock(9, 5), "s2", "b", null), Clock(9, 5));
        shop.Run(request => TillOperations.Redeem(request, own, new(100_00), Clock(9, 5), "s1", "a", null), Clock(9, 5));
        shop.Run(request => CouponOperations.Deactivate(request, dead, "stolen"), Clock(9, 5));
        shop.Run(request => TillOperations.Hold(request, held, new(100_00), 1_800, Clock(9, 55), "s2", "b", null), Clock(9, 55));

        foreach (var code in new[] { online, held, dead, own }) shop.A.Grant(code, 100_00, 20_00, Clock(9, 30), tokens[code]);
        shop.A.Grant(bare, 100_00, 20_00, Clock(9, 31));
        var answers = shop.A.Forward(shop.Book, Clock(10, 0), shop.Ring, shop.A.Records).Select(answer => answer.Result!).ToList();

        Assert.All(answers, answer => Assert.Equal(("conflict", 20_00), (answer.Outcome, answer.Loss.Minor)));
        Assert.Equal(
            [("already-used", "isv"), ("already-held", "isv"), ("deactivated", "isv"), ("already-used", "merchant"), ("already-used", "merchant")],
            answers.Select(answer => (answer.Reason, answer.Liability)));
        Assert.Equal((60_00, 40_00), (shop.Lost("isv"), shop.Lost(Funding.Merchant)));
        Assert.Equal([CouponStatus.Used, CouponStatus.Issued, CouponStatus.Deactivated], new[] { online, held, dead }.Select(code => shop.Coupon(code).Status));
        Assert.NotNull(shop.Coupon(held).Hold);
    }

    /// <summary>The till could know: it is the merchant's, and no funder pays for it.</summary>
    [Fact]
    public void What_the_terms_keep_online_is_refused_from_a_till_that_was_offline()
    {
        var shop = new OfflineShop(CouponExamples.Terms);
        var code = shop.Issue(1);
        shop.A.Grant(code, 120_00, 20_00, Clock(9, 30));
        var result = Assert.Single(shop.A.Forward(shop.Book, Clock(10, 0), shop.Ring, shop.A.Records)).Result!;
        Assert.Equal(("refused", "offline-not-allowed", 20_00L), (result.Outcome, result.Reason, result.Loss.Minor));
        Assert.Equal((CouponStatus.Issued, 20_00L), (shop.Coupon(code).Status, shop.Lost(Funding.Merchant)));
    }

    [Fact]
    public void What_is_granted_above_the_terms_is_the_merchants_loss_and_below_them_is_what_it_was()
    {
        var shop = new OfflineShop(CouponExamples.Terms with { Benefit = new Benefit.Percentage(1_000, null, Rounding.Floor), OfflineLiability = "isv", OfflineMaxDiscount = new(15_00) });
        var (above, below, beyond, conflict) = (shop.Issue(1), shop.Issue(2), shop.Issue(3), shop.Issue(4));
        var token = shop.Token(conflict);
        shop.Run(request => TillOperations.Redeem(request, conflict, new(100_00), Clock(9, 5), "s2", "b", null), Clock(9, 5));
        shop.A.Grant(above, 120_00, 13_00, Clock(9, 30));
        shop.A.Grant(below, 120_00, 7_00, Clock(9, 31));
        shop.A.Grant(beyond, 400_00, 40_00, Clock(9, 32));
        shop.A.Grant(conflict, 400_00, 40_00, Clock(9, 33), token);
        var answers = shop.A.Forward(shop.Book, Clock(10, 0), shop.Ring, shop.A.Records).Select(answer => answer.Result!).ToList();

        Assert.Equal([(12_00L, 1_00L), (7_00, 0), (15_00, 25_00), (0, 40_00)], answers.Select(answer => (answer.Discount.Minor, answer.Loss.Minor)));
        Assert.Equal([12_00, 7_00, 15_00], shop.Facts<CouponRedeemed>().Where(fact => fact.Offline is not null).Select(fact => fact.Discount.Minor));
        Assert.Equal((15_00, 1_00 + 25_00 + 25_00), (shop.Lost("isv"), shop.Lost(Funding.Merchant)));
    }

    [Fact]
    public void Funding_of_a_smaller_discount_adds_up_to_it()
    {
        var funding = new Funding([new("merchant", 6_000), new("platform", 4_000)]);
        var shop = new OfflineShop(CouponExamples.Terms with { OfflineLiability = "isv", Funding = funding });
        shop.A.Grant(shop.Issue(1), 120_00, 9_99, Clock(9, 30));
        shop.A.Forward(shop.Book, Clock(10, 0), shop.Ring, shop.A.Records);
        var redeemed = shop.Facts<CouponRedeemed>().Single();
        Assert.Equal((9_99, 9_99), (redeemed.Discount.Minor, redeemed.Basket!.Funding.Sum(share => share.Amount.Minor)));
    }

    [Fact]
    public void A_till_that_grants_what_it_must_not_bears_it_and_the_coupon_stays()
    {
        var shop = new OfflineShop();
        var (floor, forged, swapped, over) = (shop.Issue(1), shop.Issue(2), shop.Issue(3), shop.Issue(4));
        var strange = OfflineToken.Sign(new(CodeOf(2), WindowEnd, new(20_00), null, ""), TillSimulator.NewKey()).Text;
        shop.A.Grant(floor, 99_99, 20_00, Clock(9, 30));
        shop.A.Grant(forged, 120_00, 20_00, Clock(9, 31), strange);
        shop.A.Grant(swapped, 120_00, 20_00, Clock(9, 32), shop.Token(over));
        shop.A.Grant(CodeOf(9).Value, 120_00, 20_00, Clock(9, 33));
        shop.A.Grant("no code at all", 120_00, 20_00, Clock(9, 33));
        var answers = shop.A.Forward(shop.Book, Clock(10, 0), shop.Ring, shop.A.Records).Select(answer => answer.Result!).ToList();

        Assert.All(answers, answer => Assert.Equal(("refused", "merchant", 20_00), (answer.Outcome, answer.Liability, answer.Loss.Minor)));
        Assert.Equal(["floor-not-met", "token-key-unknown", "token-not-genuine", "code-not-found", "code-not-found"], answers.Select(answer => answer.Reason), StringComparer.Ordinal);
        Assert.Equal((100_00, 5), (shop.Lost(Funding.Merchant), shop.A.In(shop.Book).Totals.Refused));
        Assert.All(new[] { floor, forged, swapped, over }, code => Assert.Equal(CouponStatus.Issued, shop.Coupon(code).Status));
    }

    [Fact]
    public void Limits_count_from_the_synchronisation_at_which_the_till_was_told_them()
    {
        var shop = new OfflineShop();
        shop.Run(request => OfflineSettingsStream.ChangeLimits(request, new(new(20_00), 2, new(30_00))), Clock(9, 0));
        string[] codes = [.. Enumerable.Range(1, 6).Select(shop.Issue)];
        shop.A.Grant(codes[0], 120_00, 20_00, Clock(9, 1));
        shop.A.Grant(codes[1], 120_00, 20_00, Clock(9, 2));
        Assert.All(shop.A.Forward(shop.Book, Clock(9, 10), shop.Ring, shop.A.Records), answer => Assert.Equal("redeemed", answer.Result!.Outcome));

        // From now on the smaller limits hold: 40.00 is more than 30.00, and three are more than two.
        shop.A.Grant(codes[2], 120_00, 20_00, Clock(9, 11));
        shop.A.Grant(codes[3], 120_00, 20_00, Clock(9, 12));
        shop.A.Grant(codes[4], 120_00, 10_00, Clock(9, 13));
        shop.A.Grant(codes[5], 120_00, 1, Clock(9, 14));
        shop.A.Grant(codes[3], 120_00, 20_01, Clock(9, 15));
        var answers = shop.A.Forward(shop.Book, Clock(9, 20), shop.Ring, shop.A.Records[2..]).Select(answer => (answer.Result!.Outcome, answer.Result.Reason));
        Assert.Equal([("redeemed", null), ("refused", "offline-limit"), ("redeemed", null), ("refused", "offline-limit"), ("refused", "offline-limit")], answers);
        Assert.Equal(20_00 + 1 + 20_01, shop.Lost(Funding.Merchant));
    }

    [Fact]
    public void A_till_may_grant_for_24_hours_and_never_before_it_synchronised()
    {
        var shop = new OfflineShop();
        var (first, last, late) = (shop.Issue(1), shop.Issue(2), shop.Issue(3));
        var end = Nine + TillLimits.MaxAge;
        shop.A.Grant(last, 120_00, 20_00, end);
        shop.A.Grant(late, 120_00, 20_00, end + Tick);
        Assert.Equal([null, "offline-limit"], shop.A.Forward(shop.Book, end + Duration.FromHours(3), shop.Ring, shop.A.Records).Select(answer => answer.Result!.Reason), StringComparer.Ordinal);

        var fresh = new TillSimulator("s1", "fresh");
        fresh.Grant(first, 120_00, 20_00, Clock(9, 30));
        Assert.Equal("offline-limit", fresh.Forward(shop.Book, Clock(10, 0), shop.Ring, fresh.Records).Single().Result!.Reason);
        Assert.Equal(CouponStatus.Issued, shop.Coupon(first).Status);
    }

    [Fact]
    public void A_clock_that_cannot_be_right_is_flagged_and_judged_at_receipt()
    {
        var shop = new OfflineShop();
        string[] codes = [.. Enumerable.Range(1, 4).Select(shop.Issue)];
        var received = Clock(10, 0);
        shop.A.Grant(codes[0], 120_00, 20_00, Nine);
        shop.A.Grant(codes[1], 120_00, 20_00, Nine - Tick);
        shop.A.Grant(codes[2], 120_00, 20_00, received + JudgedTime.MaxAhead);
        shop.A.Grant(codes[3], 120_00, 20_00, received + JudgedTime.MaxAhead + Tick);
        Assert.Equal(
            [(Nine, false), (received, true), (received + JudgedTime.MaxAhead, false), (received, true)],
            shop.A.Forward(shop.Book, received, shop.Ring, shop.A.Records).Select(answer => (answer.Result!.At, answer.Result.ClockSkew)));
        Assert.Equal((4, 2), (shop.A.In(shop.Book).Totals.Redeemed, shop.A.In(shop.Book).Totals.Skewed));
        Assert.Equal([false, true, false, true], shop.Facts<CouponRedeemed>().Select(fact => fact.Offline!.ClockSkew));
    }

    [Fact]
    public void A_use_in_time_outlives_the_expiry_and_one_after_it_does_not()
    {
        var shop = new OfflineShop(CouponExamples.Terms with { OfflineLiability = "isv", Validity = new(WindowStart, Clock(9, 30)) });
        var (inTime, late, lying) = (shop.Issue(1), shop.Issue(2), shop.Issue(3));
        foreach (var code in new[] { inTime, late, lying }) shop.Run(request => CouponOperations.Expire(request, code), Clock(9, 30));
        shop.A.Grant(inTime, 120_00, 20_00, Clock(9, 30) - Tick);
        shop.A.Grant(late, 120_00, 20_00, Clock(9, 30));
        shop.A.Grant(lying, 120_00, 20_00, Clock(8, 0));
        Assert.Equal(
            [("redeemed", null), ("refused", "expired"), ("refused", "expired")],
            shop.A.Forward(shop.Book, Clock(10, 0), shop.Ring, shop.A.Records).Select(answer => (answer.Result!.Outcome, answer.Result.Reason)));
        Assert.Equal([CouponStatus.Used, CouponStatus.Expired, CouponStatus.Expired], new[] { inTime, late, lying }.Select(code => shop.Coupon(code).Status));
    }

    [Fact]
    public void A_promise_is_made_only_of_what_holds_whatever_the_till_cannot_ask()
    {
        var shop = new OfflineShop();
        var code = shop.Issue(1);
        var (coupon, terms) = (shop.Coupon(code), shop.Terms);
        Checked<OfflineClaims> Ask(CouponTerms t, Coupon? c = null, Instant? now = null) => OfflinePromise.Of(CodeOf(1), c ?? coupon, t, "8000", now ?? Nine);

        Assert.Equal(new OfflineClaims(CodeOf(1), WindowEnd, new(20_00), null, "8000"), Ask(terms));
        Assert.Equal(new OfflineClaims(CodeOf(1), WindowEnd, new(12_00), StoreScope.Of("s1", "s2"), "8000"), Ask(terms with { OfflineMaxDiscount = new(12_00), Stores = ["s2", "s1"] }));
        Assert.Equal(new Money(15_00), OfflinePromise.MostOf(terms with { Benefit = new Benefit.Percentage(1_200, new(15_00), Rounding.Floor) }));
        Assert.Equal(new Money(15_00), OfflinePromise.MostOf(terms with { Benefit = new Benefit.SpecialPrice(new(9_90)), OfflineMaxDiscount = new(15_00) }));
        Assert.Equal(new OfflineUnbounded(), Ask(terms with { Benefit = new Benefit.Percentage(1_200, null, Rounding.Floor) }));
        Assert.Equal(new OfflineUnbounded(), Ask(terms with { Benefit = new Benefit.SpecialPrice(new(9_90)) }));
        Assert.Equal(new OfflineNotAllowed(), Ask(terms with { OfflineLiability = null }));
        Assert.Equal(new OfflineNeedsBasket(), Ask(terms with { PaymentMethods = ["huabei"] }));
        Assert.Equal(new NotYetValid(Received), Ask(terms, now: Received - Tick));
        Assert.Equal(new Expired(WindowEnd), Ask(terms, now: WindowEnd));
        Assert.Equal(new Deactivated(), Ask(terms, coupon with { Status = CouponStatus.Deactivated }));
        Assert.Equal(new IssueCancelled(), Ask(terms, coupon with { Status = CouponStatus.Cancelled }));

        var claimed = coupon with { Status = CouponStatus.Confirming, Claim = new(Nine + Tick, [], null, Day("2026-03-03")) };
        Assert.Equal(new IssueNotConfirmed(Nine + Tick), Ask(terms, claimed));
        Assert.Equal(new IssueCancelled(), Ask(terms, claimed, Nine + Tick));
        var offered = coupon with { Status = CouponStatus.InTransfer, Gift = new("g", coupon.Member, null, Nine, Nine + Tick, GiftStatus.Offered) };
        Assert.Equal(new InTransfer(Nine + Tick), Ask(terms, offered));
        Assert.Equal(Ask(terms), Ask(terms, offered, Nine + Tick));
    }
}
