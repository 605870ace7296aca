using Ledger.Coupons;
using NodaTime;
using static Ledger.Coupons.CouponCommand;
using static Ledger.Coupons.CouponEvent;
using static Ledger.Tests.Moments;

namespace Ledger.Tests.Coupons;

/// <summary>
/// One campaign and one coupon that the specs vary: 20.00 off 100.00 in Shanghai, usable from 1 March to 31 May 2026, issued until 30
/// April, to be voided within half an hour.
/// </summary>
internal static class CouponExamples
{
    public const string Code = "7QX4M2K9TDAAC";
    public const string Spring = "spring";
    public const string Member = "m1";

    public static Spec<CouponCommand, Coupon, CouponEvent> ACoupon { get; } = new(CouponDecider.Decide, CouponDecider.Evolve, Coupon.None);

    public static Instant WindowStart { get; } = At("2026-03-01T00:00:00+08:00");
    public static Instant WindowEnd { get; } = At("2026-06-01T00:00:00+08:00");
    public static Instant IssuingEnds { get; } = At("2026-05-01T00:00:00+08:00");

    /// <summary>A Monday.</summary>
    public static Instant Received { get; } = At("2026-03-02T12:00:00+08:00");

    public static Instant Noon { get; } = At("2026-03-03T12:00:00+08:00");

    public static CouponTerms Terms { get; } = new(
        new Benefit.FixedAmount(new(20_00)), new(100_00), "Asia/Shanghai", new(WindowStart, WindowEnd), [], [], new(), VoidWindowMinutes: 30);

    public static Campaign Running { get; } = new(CampaignStatus.Active, "Spring", 1, 100, WindowStart, IssuingEnds);

    public static IssueCoupon Issue { get; } = new(Code, Spring, Running, Terms, default, Member, "scan", Received);

    public static CouponIssued Issued { get; } =
        new(Spring, 1, Member, "scan", [], new Money(20_00), Received, WindowEnd, Received, Day("2026-03-02"));

    public static RedeemCoupon Redeem { get; } = new(Terms, Code, "request-1", new(120_00), Noon, "s1", "t1", "order-1");

    public static CouponRedeemed Redeemed { get; } = new(
        $"{Code}-1", "request-1", Spring, Member, new(120_00), new(20_00), Noon, Day("2026-03-03"), Noon + Duration.FromMinutes(30), "s1", "t1", "order-1");

    public static Instant Voidable { get; } = Noon + Duration.FromMinutes(10);

    public static VoidRedemption VoidFirst { get; } = new($"{Code}-1", 1, Voidable, Day("2026-03-03"), "wrong coupon");

    public static RedemptionVoided Voided { get; } = new(
        $"{Code}-1", Spring, Member, new(120_00), new(20_00), Voidable, Day("2026-03-03"), WindowEnd, "s1", "wrong coupon");

    /// <summary>The same coupon used again after the void.</summary>
    public static RedeemCoupon RedeemAgain { get; } = Redeem with { Request = "request-2", At = Voidable + Duration.FromMinutes(1) };

    public static CouponRedeemed RedeemedAgain { get; } = Redeemed with
    {
        RedemptionId = $"{Code}-2",
        Request = "request-2",
        At = RedeemAgain.At,
        VoidableUntil = RedeemAgain.At + Duration.FromMinutes(30),
    };

    /// <summary>Two minutes for the payment.</summary>
    public static HoldCoupon HoldIt { get; } = new(Terms, $"{Code}-h1", "request-3", new(120_00), Noon, "s1", "t1", "order-1", Noon, Noon + Duration.FromMinutes(2));

    public static CouponHeld Held { get; } = new(
        $"{Code}-h1", "request-3", Spring, Member, new(120_00), new(20_00), Noon, Noon + Duration.FromMinutes(2), "s1", "t1", "order-1");

    public static Instant Paid { get; } = Noon + Duration.FromMinutes(1);

    public static CommitHold Commit { get; } = new(Terms, Code, $"{Code}-h1", "request-4", Paid, Paid);

    public static CouponRedeemed Committed { get; } = Redeemed with
    {
        Request = "request-4",
        At = Paid,
        VoidableUntil = Paid + Duration.FromMinutes(30),
        Hold = $"{Code}-h1",
    };

    public static ReleaseHold Release { get; } = new($"{Code}-h1", Paid);

    public static CouponHoldReleased WasReleased { get; } = new($"{Code}-h1", Spring, Member, HoldEnd.Released, Paid);

    public static CouponHoldReleased RanOut { get; } = WasReleased with { Reason = HoldEnd.Expired, At = Held.ExpiresAt };

    /// <summary>One of three uses.</summary>
    public static CouponRedeemed UsedInPart { get; } = Redeemed with { Uses = 1, UsesLeft = 2 };

    public static VoidShare VoidPart { get; } = new($"{Code}-1", new(120_00), new(20_00), Voidable, Day("2026-03-03"), "s1", null, Lead: null, Uses: null);

    /// <summary>All goods come back, and the coupon with them.</summary>
    public static ReturnCoupon ReturnPart { get; } = new(
        $"{Code}-1", 1, new(120_00), new(Code, new(20_00), [new("merchant", new(20_00))], [], IsUsableAgain: true), Uses: 1, Voidable, Day("2026-03-03"), "s1", Lead: null);

    public static CouponReturned WasReturned { get; } = new(
        $"{Code}-1", 1, Spring, Member, new(120_00), new(20_00), [new("merchant", new(20_00))], CouponStatus.Issued, 1, Voidable, Day("2026-03-03"), WindowEnd, "s1");

    public static DeactivateCoupon Deactivate { get; } = new(Noon, "stolen");

    public static CouponDeactivated WasDeactivated { get; } = new(Spring, Member, Noon, "stolen");

    /// <summary>Issued in two steps, with ten minutes for the second.</summary>
    public static CouponIssued Reserved { get; } = Issued with { ConfirmBy = Received + Duration.FromMinutes(10) };

    public static CouponIssueConfirmed WasConfirmed { get; } = new(Spring, Member, Received);

    public static CouponIssueCancelled WasCancelled { get; } = new(Spring, Member, [], new Money(20_00), Day("2026-03-02"), IssueEnd.Cancelled, Received);

    /// <summary>A day for accepting.</summary>
    public static OfferGift Offer { get; } = new(Terms with { IsTransferable = true }, $"{Code}-g1", null, Noon, Noon + Duration.FromDays(1));

    public static CouponGiftOffered WasOffered { get; } = new($"{Code}-g1", Spring, Member, null, Noon, Noon + Duration.FromDays(1));

    public static AcceptGift Accept { get; } = new($"{Code}-g1", "m2", Noon);

    public static CouponGiftAccepted WasAccepted { get; } = new($"{Code}-g1", Spring, "m2", Member, Noon);

    public static CancelGift TakeBack { get; } = new($"{Code}-g1", Noon);

    public static CouponGiftEnded WasTakenBack { get; } = new($"{Code}-g1", Spring, Member, GiftStatus.Cancelled, Noon);

    public static CouponGiftEnded GiftRanOut { get; } = WasTakenBack with { Reason = GiftStatus.Expired, At = WasOffered.ExpiresAt };

    public static CouponExpired HasExpired { get; } = new(Spring, Member, WindowEnd);
}
