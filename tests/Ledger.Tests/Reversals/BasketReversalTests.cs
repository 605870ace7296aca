using System.Text.Json;
using Ledger.Coupons;
using Ledger.Coupons.Baskets;
using Ledger.Coupons.Redemptions;
using Ledger.Reversals;
using Ledger.Tests.Coupons.Redemptions;
using NodaTime;
using Xunit;
using static Ledger.Tests.Coupons.Baskets.BasketExamples;
using static Ledger.Tests.Coupons.CouponExamples;

namespace Ledger.Tests.Reversals;

/// <summary>Several coupons on one basket, and coupons of several uses, are undone by the key of their request as one coupon is.</summary>
public class BasketReversalTests
{
    private static readonly Presented[] s_both = [new("A"), new("B")];

    private readonly Till till = new Till().With(Spring, Twenty, "A").With("five", Off(5_00), "B");

    [Fact]
    public void A_redemption_of_several_is_voided_as_one()
    {
        var redeem = till.Redeem(ThreeLines, s_both);
        var answered = till.Accepted(redeem).Deserialize<RedemptionView>(LedgerJson.Outcomes)!;
        till.Now += Duration.FromSeconds(5);
        Assert.Equal(answered with { Status = "voided" }, Reversed(redeem).Redemption, SameText);
        Assert.Equal(("effective", "effective"), (till.StatusOf("A"), till.StatusOf("B")));

        // One of them used again: the reversal repeated leaves that alone.
        till.Accepted(till.Redeem(Lines(120_00), new Presented("B")));
        Assert.Equal("reversed", Reversed(redeem).Status);
        Assert.Equal("used", till.StatusOf("B"));
    }

    [Fact]
    public void Across_midnight_too()
    {
        till.Now = Moments.At("2026-03-03T23:59:00+08:00");
        var redeem = till.Redeem(ThreeLines, s_both);
        till.Accepted(redeem);
        till.Now += Duration.FromMinutes(Limits.ReversalMinutes) - Moments.Tick;
        Assert.Equal("reversed", Reversed(redeem).Status);
    }

    [Fact]
    public void A_hold_of_several_is_released_or_over_as_one()
    {
        var hold = till.Hold(ThreeLines, s_both);
        var placed = till.Accepted(hold).Deserialize<HoldView>(LedgerJson.Outcomes)!;
        Assert.Equal(placed, Reversed(hold).Hold, SameText);
        Assert.Equal(("effective", "effective"), (till.StatusOf("A"), till.StatusOf("B")));

        var second = till.Hold(ThreeLines, s_both);
        till.Accepted(second);
        till.Now += Duration.FromMinutes(3);
        till.Accepted(till.Redeem(Lines(120_00), new Presented("A")));
        Assert.Equal("reversed", Reversed(second).Status);
        Assert.Equal(("used", "effective"), (till.StatusOf("A"), till.StatusOf("B")));
    }

    [Fact]
    public void A_hold_of_several_that_was_committed_names_the_redemption_until_that_is_reversed()
    {
        var hold = till.Hold(ThreeLines, s_both);
        var commit = till.Commit(till.Accepted(hold).Text("holdId"));
        till.Accepted(commit);
        Assert.Equal("A-1", Assert.IsType<AlreadyUsed>(till.Refused(Reverse(hold))).RedemptionId);
        Assert.Equal("reversed", Reversed(commit).Status);
        Assert.Equal("reversed", Reversed(hold).Status);
        Assert.Equal(("effective", "effective"), (till.StatusOf("A"), till.StatusOf("B")));
    }

    [Fact]
    public void A_use_of_several_is_given_back_whatever_was_used_since()
    {
        till.With("many", Off(5_00) with { MaxUses = 5 }, "M");
        var first = till.Redeem(Lines(100_00), new Presented("M", 2));
        till.Accepted(first);
        till.Accepted(till.Redeem(Lines(100_00), new Presented("M")));
        Assert.Equal("M-1", Reversed(first).Redemption?.RedemptionId);
        Assert.Equal("reversed", Reversed(first).Status);
        Assert.Equal(1, till.Coupon("M").Uses);
    }

    [Fact]
    public void A_hold_of_a_coupon_of_several_uses_that_was_committed_names_the_redemption_whatever_was_used_since()
    {
        till.With("many", Off(5_00) with { MaxUses = 5 }, "M");
        var hold = till.Hold(Lines(100_00), new Presented("M"));
        var commit = till.Commit(till.Accepted(hold).Text("holdId"));
        till.Accepted(commit);
        till.Accepted(till.Redeem(Lines(100_00), new Presented("M")));
        Assert.Equal("M-1", Assert.IsType<AlreadyUsed>(till.Refused(Reverse(hold))).RedemptionId);
        Assert.Equal("reversed", Reversed(commit).Status);
        Assert.Equal("reversed", Reversed(hold).Status);
        Assert.Equal(1, till.Coupon("M").Uses);
    }

    [Fact]
    public void What_goods_came_back_of_is_not_reversed()
    {
        var redeem = till.Redeem(ThreeLines, s_both);
        till.Accepted(redeem);
        var back = till.Return("A-1", new ReturnItem(0, 1, null));
        till.Accepted(back);
        Assert.IsType<RedemptionHasReturns>(till.Refused(Reverse(redeem)));
        Assert.IsType<NotReversible>(till.Refused(Reverse(back)));
    }

    private static bool SameText<T>(T one, T? other) => JsonSerializer.Serialize(one, LedgerJson.Answers) == JsonSerializer.Serialize(other, LedgerJson.Answers);

    private Operation Reverse(Operation original) => ReversalOperations.Reverse(till.Ask(), original.Request.Key!, till.Now, till.Now.InZone(Terms.Zone()).Date, null);

    private ReversalView Reversed(Operation original) => till.Accepted(Reverse(original)).Deserialize<ReversalView>(LedgerJson.Outcomes)!;
}
