using Ledger.Coupons;
using NodaTime;
using Xunit;
using static Ledger.Coupons.CouponCommand;
using static Ledger.Coupons.CouponEvent;
using static Ledger.Tests.Coupons.CouponExamples;

namespace Ledger.Tests.Coupons;

/// <summary>Two phases: held while the customer pays, then committed, released, or over by the clock.</summary>
public class CouponHoldTests
{
    private static readonly Duration Tick = Duration.FromTicks(10);

    [Fact]
    public void A_hold_quotes_and_keeps_the_coupon() => ACoupon.Given(Issued).When(HoldIt).Then(Held);

    [Fact]
    public void A_commit_gives_what_was_quoted() => ACoupon.Given(Issued, Held).When(Commit).Then(Committed);

    [Fact]
    public void A_failed_payment_gives_the_coupon_back()
    {
        ACoupon.Given(Issued, Held).When(Release).Then(WasReleased);
        ACoupon.Given(Issued, Held, WasReleased).When(Redeem).Then(Redeemed);
    }

    [Fact]
    public void Releasing_again_or_what_never_was_is_nothing_to_do()
    {
        ACoupon.Given(Issued, Held, WasReleased).When(Release).ThenNothing();
        ACoupon.Given(Issued).When(Release).ThenNothing();
    }

    [Fact]
    public void Two_tills_race_for_one_coupon_and_the_second_is_told_until_when()
    {
        var other = HoldIt with { HoldId = $"{Code}-h2", Request = "request-5", Till = "t2" };
        ACoupon.Given(Issued, Held).When(other).ThenRefused(new AlreadyHeld(Held.ExpiresAt, "t1"));
        ACoupon.Given(Issued, Held).When(Redeem).ThenRefused(new AlreadyHeld(Held.ExpiresAt, "t1"));
        ACoupon.Given(Issued, Held).When(Deactivate).ThenRefused(new AlreadyHeld(Held.ExpiresAt, "t1"));
        ACoupon.Given(Issued, Held).When(Commit with { HoldId = other.HoldId }).ThenRefused(new HoldNotFound(other.HoldId));
    }

    [Fact]
    public void A_hold_that_ran_out_is_over_before_the_clock_says_so()
    {
        var late = Held.ExpiresAt;
        ACoupon.Given(Issued, Held).When(Commit with { Now = late - Tick }).Then(Committed);
        ACoupon.Given(Issued, Held).When(Commit with { Now = late }).ThenRefused(new HoldExpired(late));
        ACoupon.Given(Issued, Held).When(Redeem with { Now = late }).Then(RanOut, Redeemed);
        ACoupon.Given(Issued, Held).When(HoldIt with { HoldId = $"{Code}-h2", Request = "request-5", Now = late, ExpiresAt = late + Tick })
            .Then(RanOut, Held with { HoldId = $"{Code}-h2", Request = "request-5", ExpiresAt = late + Tick });
    }

    [Fact]
    public void The_timer_ends_a_hold_and_not_the_coupon()
    {
        ACoupon.Given(Issued, Held).When(new ExpireCoupon(Held.ExpiresAt - Tick)).ThenNothing();
        ACoupon.Given(Issued, Held).When(new ExpireCoupon(Held.ExpiresAt)).Then(RanOut);
        ACoupon.Given(Issued, Held, Committed).When(new ExpireCoupon(Held.ExpiresAt)).ThenNothing();
    }

    [Fact]
    public void A_hold_placed_in_time_outlives_the_validity()
    {
        var placed = WindowEnd - Tick;
        var held = Held with { At = placed, ExpiresAt = placed + Duration.FromMinutes(2) };
        var paid = placed + Duration.FromMinutes(1);
        ACoupon.Given(Issued, held).When(new ExpireCoupon(WindowEnd)).ThenNothing();
        ACoupon.Given(Issued, held).When(Commit with { At = paid, Now = paid })
            .Then(Committed with { At = paid, Date = Moments.Day("2026-06-01"), VoidableUntil = paid + Duration.FromMinutes(30) });
        ACoupon.Given(Issued, held).When(Release with { Now = paid }).Then(WasReleased with { At = paid }, HasExpired);
        ACoupon.Given(Issued, held).When(new ExpireCoupon(held.ExpiresAt)).Then(RanOut with { At = held.ExpiresAt }, HasExpired);
    }

    [Fact]
    public void Places_hours_and_floors_are_judged_when_the_hold_is_placed()
    {
        ACoupon.Given(Issued).When(HoldIt with { Amount = new(99_99) }).ThenRefused(new FloorNotMet(new(100_00), new(99_99)));
        ACoupon.Given(Issued).When(HoldIt with { At = WindowEnd }).ThenRefused(new Expired(WindowEnd));
        ACoupon.Given(Issued).When(HoldIt with { Terms = Terms with { Stores = ["s9"] } }).ThenRefused(new StoreNotAllowed("s1"));
        ACoupon.Given(Issued, Redeemed).When(HoldIt).ThenRefused(new AlreadyUsed(Redeemed.RedemptionId, Noon));
        ACoupon.Given().When(HoldIt).ThenRefused(new CodeNotFound());
    }

    [Fact]
    public void A_commit_that_lost_its_answer_is_asked_again_and_another_is_told_by_which()
    {
        ACoupon.Given(Issued, Held, Committed).When(Commit).ThenNothing();
        ACoupon.Given(Issued, Held, Committed).When(Commit with { Request = "request-6" }).ThenRefused(new AlreadyUsed(Committed.RedemptionId, Paid));
        ACoupon.Given(Issued, Held, Committed).When(Release).ThenRefused(new AlreadyUsed(Committed.RedemptionId, Paid));
    }

    [Fact]
    public void People_are_told_that_it_is_held_until_the_hold_is_over()
    {
        Assert.Equal("held", ACoupon.Given(Issued, Held).State.StatusAt(Paid));
        Assert.Equal("effective", ACoupon.Given(Issued, Held).State.StatusAt(Held.ExpiresAt));
        Assert.Equal("effective", ACoupon.Given(Issued, Held, WasReleased).State.StatusAt(Paid));
    }
}
