using Ledger.Points;
using NodaTime;
using Xunit;
using static Ledger.Tests.Points.PointsExamples;

namespace Ledger.Tests.Points;

public class PointsOperationsTests
{
    [Fact]
    public void An_order_earns_once_and_gives_back_no_more_than_it_had()
    {
        var shop = new PointsShop();
        shop.Earn("o-1", ("1", 60_00), ("2", 40_00));
        Assert.Equal(0, shop.Earn("o-1", ("", 100_00)).GetProperty("change").GetInt64());
        Assert.IsType<PointsPurchaseExists>(shop.Refused(PointsOperations.Earn(shop.Ask(), Club, "m-2", "o-1", Lines(("", 100_00)), "merchant", shop.Now)));
        Assert.IsType<PointsPurchaseExists>(shop.Refused(PointsOperations.Earn(shop.Ask(), Club, "m-1", "o-1", Lines(("", 100_01)), "merchant", shop.Now)));
        Assert.Equal(new ReturnExceedsPurchase("1", new(60_00)), shop.Refused(PointsOperations.Reverse(shop.Ask(), Club, "o-1", Lines(("1", 60_01)), null)));
        Assert.Equal(new ReturnExceedsPurchase("9", Money.Zero), shop.Refused(PointsOperations.Reverse(shop.Ask(), Club, "o-1", Lines(("9", 1)), null)));
        Assert.Equal(-30, shop.Reverse("o-1", ("1", 30_00)).GetProperty("change").GetInt64());
        Assert.Equal(-70, shop.Reverse("o-1").GetProperty("change").GetInt64());
        Assert.Equal(0, shop.Reverse("o-1").GetProperty("change").GetInt64());
        Assert.Equal(0, shop.Account().Available);
        Assert.IsType<PointsPurchaseUnknown>(shop.Refused(PointsOperations.Reverse(shop.Ask(), Club, "o-2", [], null)));
        Assert.IsType<PointsProgramUnknown>(shop.Refused(PointsOperations.Reverse(shop.Ask(), "none", "o-2", [], null)));
    }

    /// <summary>The exploit: buy, spend the points, and bring everything back; or have the points moved to a friend before.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Earn_refund_keep_is_no_way_to_points(bool isToAFriend)
    {
        var shop = new PointsShop();
        shop.Earn("o-1", ("", 120_00));
        shop.Accepted(isToAFriend ? PointsOperations.Transfer(shop.Ask(), Club, "m-1", "m-2", 120) : SpendOperations.Spend(shop.Ask(), Club, "m-1", 120, null));
        shop.Reverse("o-1");
        Assert.Equal((0, 120), (shop.Account().Available, shop.Account().Arrears));
        Assert.IsType<InsufficientPoints>(shop.Refused(SpendOperations.Spend(shop.Ask(), Club, "m-1", 1, null)));
        shop.Earn("o-2", ("", 120_00));
        Assert.Equal((0, 0), (shop.Account().Available, shop.Account().Arrears));
    }

    [Fact]
    public void A_hold_is_committed_or_released_and_over_at_its_end()
    {
        var shop = new PointsShop();
        shop.Earn("o-1", ("", 100_00));
        var hold = shop.Accepted(SpendOperations.Hold(shop.Ask(), Club, "m-1", 60, Duration.FromMinutes(2), "o-2")).GetProperty("spendId").GetString()!;
        Assert.IsType<PointsNotSpent>(shop.Refused(SpendOperations.Refund(shop.Ask(), hold, null)));
        shop.Accepted(SpendOperations.Commit(shop.Ask(), hold));
        shop.Accepted(SpendOperations.Commit(shop.Ask(), hold));
        Assert.IsType<PointsAlreadySpent>(shop.Refused(SpendOperations.Release(shop.Ask(), hold)));
        Assert.Equal((40, 0), (shop.Account().Available, shop.Account().Held));
        Assert.Equal(10, shop.Accepted(SpendOperations.Refund(shop.Ask(), hold, 10)).GetProperty("restored").GetInt64());
        Assert.Equal(new RefundExceedsSpend(50), shop.Refused(SpendOperations.Refund(shop.Ask(), hold, 51)));
        shop.Accepted(SpendOperations.Refund(shop.Ask(), hold, null));
        shop.Accepted(SpendOperations.Refund(shop.Ask(), hold, null));
        Assert.Equal(100, shop.Account().Available);

        var late = shop.Accepted(SpendOperations.Hold(shop.Ask(), Club, "m-1", 60, Duration.FromMinutes(2), null)).GetProperty("spendId").GetString()!;
        var end = shop.Now += Duration.FromMinutes(2);
        Assert.Equal(new PointsHoldExpired(end), shop.Refused(SpendOperations.Commit(shop.Ask(), late)));
        shop.Spend(100);
        shop.Accepted(SpendOperations.Release(shop.Ask(), late));
        Assert.IsType<PointsHoldReleased>(shop.Refused(SpendOperations.Commit(shop.Ask(), late)));
        Assert.IsType<PointsSpendUnknown>(shop.Refused(SpendOperations.Commit(shop.Ask(), "p-none")));
    }

    [Fact]
    public void A_commit_that_the_clock_overtook_spends_nothing()
    {
        var shop = new PointsShop();
        shop.Earn("o-1", ("", 100_00));
        var hold = shop.Accepted(SpendOperations.Hold(shop.Ask(), Club, "m-1", 60, Duration.FromMinutes(2), "o-2")).GetProperty("spendId").GetString()!;
        var (received, end) = (shop.Now + Duration.FromSeconds(119), shop.Now + Duration.FromMinutes(2));
        shop.Now = end;
        shop.Accepted(PointsOperations.ReadClock(shop.Ask(), Club, "m-1"));
        shop.Now = received;
        Assert.Equal(new PointsHoldExpired(end), shop.Refused(SpendOperations.Commit(shop.Ask(), hold)));
        Assert.Equal((100, 0), (shop.Account().Available, shop.Account().Held));
    }

    [Fact]
    public void Where_four_eyes_are_required_an_adjustment_waits_for_another_key()
    {
        var shop = new PointsShop();
        var rule = new ApprovalRule(PointsStreams.ProgramOf(Club), _ => true);
        var id = shop.Accepted(PointsOperations.Adjust(shop.Ask(), Club, "m-1", 500, "merchant", "Sorry", rule)).GetProperty("adjustmentId").GetString()!;
        Assert.Equal(0, shop.Account().Available);
        Assert.IsType<FourEyes>(shop.Refused(PointsOperations.Approve(shop.Ask(), id, rule)));
        var other = shop.Accepted(PointsOperations.Approve(shop.Ask() with { Actor = "another" }, id, rule));
        Assert.Equal(("done", 500), (other.GetProperty("status").GetString(), shop.Account().Available));
        shop.Accepted(PointsOperations.Approve(shop.Ask() with { Actor = "third" }, id, rule));
        Assert.Equal(500, shop.Account().Available);
        var fact = Assert.Single(shop.Book.Entries.Select(entry => entry.Fact).OfType<PointsEvent.PointsAdjusted>());
        Assert.Equal(("test", "another", "Sorry"), (fact.By, fact.Approver, fact.Reason));
        Assert.IsType<PointsAdjustmentUnknown>(shop.Refused(PointsOperations.Approve(shop.Ask(), "a-none", rule)));
    }

    [Fact]
    public void What_was_earned_under_a_version_is_taken_back_under_it()
    {
        var shop = new PointsShop();
        shop.Earn("o-1", ("1", 100_00), ("2", 10_00));
        shop.Accepted(ProgramOperations.Publish(shop.Ask(), Club, 1, Terms with { Earning = Terms.Earning with { Points = 10 } }));
        Assert.Equal(-10, shop.Reverse("o-1", ("2", 10_00)).GetProperty("change").GetInt64());
        Assert.Equal(1_000, shop.Earn("o-2", ("", 100_00)).GetProperty("change").GetInt64());
        Assert.Equal(new PointsTermsStale(2), shop.Refused(ProgramOperations.Publish(shop.Ask(), Club, 1, Terms)));
        Assert.Equal(new PointsTermsStale(2), shop.Refused(ProgramOperations.Publish(shop.Ask(), Club, 7, Terms)));
    }

    [Fact]
    public void A_funders_budget_is_exact_and_has_back_what_is_clawed_back()
    {
        var shop = new PointsShop();
        shop.Accepted(ProgramOperations.ChangeBudget(shop.Ask(), Club, "brand", 0, 100));
        Operation Earn(string order, long net) => PointsOperations.Earn(shop.Ask(), Club, "m-1", order, Lines(("", net)), "brand", shop.Now);
        shop.Accepted(Earn("o-1", 60_00));
        Assert.Equal(new PointsBudgetExhausted("brand", 40), shop.Refused(Earn("o-2", 41_00)));
        Assert.Equal(new PointsBudgetBelowIssued("brand", 59, 60), shop.Refused(ProgramOperations.ChangeBudget(shop.Ask(), Club, "brand", 100, 59)));
        Assert.Equal(new PointsBudgetCasMismatch("brand", 99, 100), shop.Refused(ProgramOperations.ChangeBudget(shop.Ask(), Club, "brand", 99, 200)));
        shop.Reverse("o-1");
        shop.Accepted(Earn("o-2", 100_00));
        shop.Earn("o-3", ("", 999_00));
    }

    [Fact]
    public void What_else_the_book_says_of_a_member_refuses_before_points_move()
    {
        var shop = new PointsShop();
        shop.Earn("o-1", ("", 100_00));
        var rule = new MemberRule(PointsStreams.ProgramOf(Club), _ => new TransferNotAllowed());
        Assert.IsType<TransferNotAllowed>(shop.Refused(SpendOperations.Spend(shop.Ask(), Club, "m-1", 1, null, [rule])));
        shop.Accepted(SpendOperations.Spend(shop.Ask(), Club, "m-1", 1, null, [rule with { Refusal = _ => null }]));
    }
}
