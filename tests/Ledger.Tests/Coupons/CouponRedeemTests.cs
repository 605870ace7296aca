using Ledger.Coupons;
using NodaTime;
using Xunit;
using static Ledger.Coupons.CouponEvent;
using static Ledger.Tests.Coupons.CouponExamples;
using static Ledger.Tests.Moments;

namespace Ledger.Tests.Coupons;

public class CouponRedeemTests
{
    [Fact]
    public void A_coupon_is_redeemed() => ACoupon.Given(Issued).When(Redeem).Then(Redeemed);

    [Fact]
    public void Before_its_first_instant_it_is_not_valid_yet()
    {
        var pending = Issued with { ValidFrom = Noon };
        ACoupon.Given(pending).When(Redeem with { At = Noon - Tick }).ThenRefused(new NotYetValid(Noon));
        ACoupon.Given(pending).When(Redeem).Then(Redeemed);
    }

    [Fact]
    public void From_its_end_on_it_has_expired_even_if_no_entry_says_so()
    {
        var last = WindowEnd - Tick;
        ACoupon.Given(Issued).When(Redeem with { At = last })
            .Then(Redeemed with { At = last, Date = Day("2026-05-31"), VoidableUntil = last + Duration.FromMinutes(30) });
        ACoupon.Given(Issued).When(Redeem with { At = WindowEnd }).ThenRefused(new Expired(WindowEnd));
    }

    [Fact]
    public void The_floor_is_met_to_the_last_fen()
    {
        ACoupon.Given(Issued).When(Redeem with { Amount = new(100_00) }).Then(Redeemed with { Amount = new(100_00) });
        ACoupon.Given(Issued).When(Redeem with { Amount = new(99_99) }).ThenRefused(new FloorNotMet(new(100_00), new(99_99)));
    }

    [Fact]
    public void A_basket_may_be_paid_for_whole()
    {
        var terms = Terms with { MinimumSpend = Money.Zero };
        ACoupon.Given(Issued).When(Redeem with { Terms = terms, Amount = new(20_00) }).Then(Redeemed with { Amount = new(20_00) });
        ACoupon.Given(Issued).When(Redeem with { Terms = terms, Amount = new(5_00) }).Then(Redeemed with { Amount = new(5_00), Discount = new(5_00) });
    }

    [Fact]
    public void A_coupon_is_not_wasted_on_a_basket_that_it_takes_nothing_off()
    {
        var terms = Terms with { MinimumSpend = Money.Zero, Benefit = new Benefit.SpecialPrice(new(9_90)) };
        ACoupon.Given(Issued).When(Redeem with { Terms = terms, Amount = new(9_90) }).ThenRefused(new NothingToDiscount(new(9_90)));
        ACoupon.Given(Issued).When(Redeem with { Terms = terms, Amount = new(9_91) }).Then(Redeemed with { Amount = new(9_91), Discount = new(1) });
        ACoupon.Given(Issued).When(Redeem with { Terms = terms, Amount = Money.Zero }).ThenRefused(new NothingToDiscount(Money.Zero));
    }

    [Fact]
    public void Only_the_stores_of_the_terms_accept_it()
    {
        var terms = Terms with { Stores = ["s1", "s2"] };
        ACoupon.Given(Issued).When(Redeem with { Terms = terms }).Then(Redeemed);
        ACoupon.Given(Issued).When(Redeem with { Terms = terms, Store = "s3" }).ThenRefused(new StoreNotAllowed("s3"));
        ACoupon.Given(Issued).When(Redeem with { Terms = terms, Store = "S1" }).ThenRefused(new StoreNotAllowed("S1"));
        ACoupon.Given(Issued).When(Redeem with { Terms = terms, Store = null }).ThenRefused(new StoreNotAllowed(null));
        ACoupon.Given(Issued).When(Redeem with { Store = null }).Then(Redeemed with { Store = null });
    }

    /// <summary>Domain example A7, its time window: weekdays 14:00 to 17:00.</summary>
    [Fact]
    public void A7_an_idle_time_voucher_is_used_from_14_00_to_17_00_on_weekdays()
    {
        var idle = Enum.GetValues<IsoDayOfWeek>().Where(day => day is >= IsoDayOfWeek.Monday and <= IsoDayOfWeek.Friday)
            .Select(day => new UsableWindow(day, new(14, 0), new(17, 0)));
        var terms = Terms with { UsableOn = [.. idle], Benefit = new Benefit.Exchange(new(88_00), "afternoon set"), MinimumSpend = Money.Zero };
        var command = Redeem with { Terms = terms, Amount = new(88_00) };
        Refused("2026-03-03T13:59:59+08:00");
        Used("2026-03-03T14:00:00+08:00");
        Used("2026-03-03T16:59:59.999999+08:00");
        Refused("2026-03-03T17:00:00+08:00");
        Used("2026-03-06T15:00:00+08:00");
        Refused("2026-03-07T15:00:00+08:00");
        Refused("2026-03-08T15:00:00+08:00");

        void Used(string at) => ACoupon.Given(Issued).When(command with { At = At(at) }).Then(Redeemed with
        {
            Amount = new(88_00),
            Discount = new(88_00),
            At = At(at),
            Date = Day(at[..10]),
            VoidableUntil = At(at) + Duration.FromMinutes(30),
        });
        void Refused(string at) => ACoupon.Given(Issued).When(command with { At = At(at) }).ThenRefused(new OutsideTimeWindow(At(at), "Asia/Shanghai"));
    }

    [Fact]
    public void A_used_coupon_names_the_redemption_that_used_it()
    {
        ACoupon.Given(Issued, Redeemed).When(Redeem with { Request = "request-2" }).ThenRefused(new AlreadyUsed($"{Code}-1", Noon));
        ACoupon.Given(Issued, Redeemed, Voided, RedeemedAgain).When(Redeem with { Request = "request-3" }).ThenRefused(new AlreadyUsed($"{Code}-2", RedeemAgain.At));
    }

    [Fact]
    public void A_till_that_lost_our_answer_asks_again_whatever_the_hour() =>
        ACoupon.Given(Issued, Redeemed).When(Redeem with { At = WindowEnd }).ThenNothing();

    [Fact]
    public void After_a_void_the_coupon_is_used_again_under_the_next_number() =>
        ACoupon.Given(Issued, Redeemed, Voided).When(RedeemAgain).Then(RedeemedAgain);

    [Fact]
    public void A_deactivated_coupon_is_not_redeemed() =>
        ACoupon.Given(Issued, WasDeactivated).When(Redeem).ThenRefused(new Deactivated());

    [Fact]
    public void An_unknown_code_is_not_redeemed() => ACoupon.Given().When(Redeem).ThenRefused(new CodeNotFound());

    [Fact]
    public void A_use_in_time_that_is_reported_late_reverses_the_expiry()
    {
        var last = WindowEnd - Tick;
        var late = Redeemed with { At = last, Date = Day("2026-05-31"), VoidableUntil = last + Duration.FromMinutes(30) };
        ACoupon.Given(Issued, HasExpired).When(Redeem with { At = last }).Then(new CouponExpiryReversed(Spring, Member, last), late);
        ACoupon.Given(Issued, HasExpired).When(Redeem with { At = WindowEnd }).ThenRefused(new Expired(WindowEnd));
    }

    [Fact]
    public void A_late_report_meets_the_same_terms_as_one_in_time() =>
        ACoupon.Given(Issued, HasExpired).When(Redeem with { Amount = new(99_99) }).ThenRefused(new FloorNotMet(new(100_00), new(99_99)));

    /// <summary>Everything is wrong at first; each refusal that is mended uncovers the next.</summary>
    [Fact]
    public void Refusals_come_in_their_order()
    {
        var terms = Terms with { UsableOn = [new(IsoDayOfWeek.Sunday, new(9, 0), new(10, 0))], Stores = ["s9"], Benefit = new Benefit.SpecialPrice(new(200_00)) };
        var command = Redeem with { Terms = terms, Request = "request-2", Amount = new(99_99), At = Received - Tick };
        ACoupon.Given(Issued, Redeemed).When(command).ThenRefused(new AlreadyUsed($"{Code}-1", Noon));
        ACoupon.Given(Issued, WasDeactivated).When(command).ThenRefused(new Deactivated());
        Refused(new NotYetValid(Received));
        command = command with { At = WindowEnd };
        Refused(new Expired(WindowEnd));
        command = command with { At = Noon };
        Refused(new OutsideTimeWindow(Noon, "Asia/Shanghai"));
        command = command with { Terms = command.Terms with { UsableOn = [] } };
        Refused(new StoreNotAllowed("s1"));
        command = command with { Store = "s9" };
        Refused(new FloorNotMet(new(100_00), new(99_99)));
        command = command with { Amount = new(100_00) };
        Refused(new NothingToDiscount(new(100_00)));

        void Refused(Rejection reason) => ACoupon.Given(Issued).When(command).ThenRefused(reason);
    }
}
