using System.Text.Json;
using Ledger.Coupons;
using Ledger.Coupons.Baskets;
using Ledger.Coupons.Redemptions;
using Ledger.Points;
using Ledger.Reversals;
using Ledger.Tests.Points;
using NodaTime;
using Xunit;
using static Ledger.Tests.Coupons.Baskets.BasketExamples;
using static Ledger.Tests.Coupons.CouponExamples;

namespace Ledger.Tests.Coupons.Redemptions;

/// <summary>Points beside coupons: taken last, with them or not at all, and given back as they are.</summary>
public class BasketPointsTests
{
    private const string Party = "points/club";

    private static readonly Presented[] s_both = [new("A"), new("B")];

    [Fact]
    public void A5_Mixed_funding_on_one_receipt()
    {
        var till = new Till()
            .With("tenth", Percent(10) with { Goods = new(ExcludeCategories: ["drinks"]) }, "A")
            .With("platform", Off(5_00) with { Funding = new([new("platform", 10_000)]) }, "B").Club(2_00);
        var basket = new Basket([new(new(20_00), Category: "drinks"), new(new(80_00), Category: "food")]);
        var answer = till.Accepted(till.Redeem(basket, All, s_both));
        Assert.Equal((15_00, 85_00), (answer.Number("discount"), answer.Number("payable")));
        Assert.Equal(["merchant 800", "platform 500", $"{Party} 200"], Funding(answer), StringComparer.Ordinal);
        Assert.Equal((200, 2_00), (answer.GetProperty("points").Number("points"), answer.GetProperty("points").Number("discount")));
        Assert.Equal(15_00, answer.GetProperty("basket").GetProperty("lines").EnumerateArray().Sum(line => line.Number("amount")));
        Assert.Equal((0, 200), (till.Points().Available, till.Redeemed()));
    }

    [Fact]
    public void Points_come_last_and_never_pay_more_than_is_left()
    {
        var till = Two(200_00);
        var answer = till.Accepted(till.Redeem(ThreeLines, All, s_both));
        Assert.Equal((120_00, 0, 95_00), (answer.Number("discount"), answer.Number("payable"), answer.GetProperty("points").Number("points")));
        Assert.Equal(105_00, till.Points().Available);
        Assert.Equal("redemption A-1", till.Spend(answer).Order);
    }

    [Fact]
    public void One_coupon_with_points_has_a_record_and_says_which_part_is_whose()
    {
        var till = new Till().With(Spring, Twenty, "A").Club(1_000);
        var answer = till.Accepted(till.Redeem(ThreeLines, All with { Points = 300 }, new Presented("A")));
        Assert.Equal((23_00, 97_00, 20_00), (answer.Number("discount"), answer.Number("payable"), answer.GetProperty("coupons")[0].Number("discount")));
        Assert.Equal((700, "used"), (till.Points().Available, till.StatusOf("A")));
        Assert.Equal(20_00, till.Coupon("A").Last!.Discount.Minor);
    }

    /// <summary>Each refusal is that of points alone, and says that it is theirs; nothing changes for any coupon.</summary>
    [Fact]
    public void Points_that_are_refused_leave_the_coupons_as_they_are()
    {
        var till = Two(300, PointsExamples.Terms with { MinimumSpend = 100, MaximumSpend = 350 });
        Assert.Equal(new InsufficientPoints(300, 0, 0) { Presented = Party }, till.Refused(till.Redeem(ThreeLines, All with { Points = 301 }, s_both)));
        Assert.Equal(new SpendAboveMaximum(350) { Presented = Party }, till.Refused(till.Hold(ThreeLines, All with { Points = 351 }, s_both)));
        Assert.Equal(new SpendBelowMinimum(100) { Presented = Party }, till.Refused(till.Redeem(ThreeLines, All with { Points = 99 }, s_both)));
        Assert.Equal(new PointsProgramUnknown("none") { Presented = "points/none" }, till.Refused(till.Hold(ThreeLines, new("none", "m-1"), s_both)));
        Assert.Equal(new InsufficientPoints(0, 0, 0) { Presented = Party }, till.Refused(till.Hold(ThreeLines, new(PointsExamples.Club, "m-2"), s_both)));
        Assert.Equal(new OwnerMismatch { Presented = Party }, till.Refused(TillOperations.Redeem(
            till.Ask(), s_both, new(120_00), till.Now, "s1", "t1", null, ThreeLines, new(Member: Member), new(PointsExamples.Club, "m-9"))));
        // The coupons leave 0.50, and a hundred points are worth more; then nothing.
        Assert.Equal(new SpendBelowMinimum(100) { Presented = Party }, till.Refused(till.Redeem(Lines(5_50), All, new Presented("B"))));
        Assert.Equal(new NothingToDiscount(Money.Zero) { Presented = Party }, till.Refused(till.Redeem(Lines(5_00), All, new Presented("B"))));
        till.Accepted(till.Redeem(ThreeLines, new Presented("A")));
        Assert.Equal(new AlreadyUsed("A-1", Noon) { Presented = "A" }, till.Refused(till.Redeem(ThreeLines, All, new Presented("A"))));
        Assert.Equal(("effective", 300), (till.StatusOf("B"), till.Points().Available));
    }

    [Fact]
    public void Who_owes_points_has_none_to_use()
    {
        var till = Two(1);
        till.Accepted(PointsOperations.Earn(till.Ask(), PointsExamples.Club, Member, "o-1", PointsExamples.Lines(("1", 50_00)), "merchant", till.Now));
        till.Accepted(SpendOperations.Spend(till.Ask(), PointsExamples.Club, Member, 51, null));
        till.Accepted(PointsOperations.Reverse(till.Ask(), PointsExamples.Club, "o-1", [], null));
        Assert.Equal(new InsufficientPoints(0, 0, 0) { Presented = Party }, till.Refused(till.Redeem(ThreeLines, All, s_both)));
    }

    [Fact]
    public void Thirty_coupons_leave_no_place_for_points()
    {
        string[] codes = [.. Enumerable.Range(0, Limits.MaxRedeemables).Select(n => $"C{n:00}")];
        var till = new Till().With(Spring, Off(1), codes).Club(100);
        Presented[] shown = [.. codes.Select(code => new Presented(code))];
        Assert.Equal(new TooManyRedeemables(31, 30), till.Refused(till.Redeem(ThreeLines, All, shown)));
        till.Accepted(till.Redeem(ThreeLines, All, shown[1..]));
    }

    [Fact]
    public void What_is_held_is_spent_as_it_was_quoted()
    {
        var till = Two(50_00);
        var hold = till.Accepted(till.Hold(ThreeLines, All with { Points = 20_00 }, s_both));
        Assert.Equal((45_00, 75_00, 20_00), (hold.Number("discount"), hold.Number("payable"), hold.GetProperty("points").Number("points")));
        Assert.Equal((30_00, 20_00), (till.Points().Available, till.Points().Held));

        // Later terms change nothing of it.
        till.Accepted(ProgramOperations.Publish(till.Ask(), PointsExamples.Club, 1, PointsExamples.Terms with { Value = new(new(3), 7) }));
        Assert.Equal(new QuoteChanged(new(45_01), new(45_00)), till.Refused(TillOperations.Commit(till.Ask(), hold.Text("holdId"), till.Now, new Money(45_01))));
        var redeemed = till.Accepted(TillOperations.Commit(till.Ask(), hold.Text("holdId"), till.Now, new Money(45_00)));
        Assert.Equal(hold.GetProperty("points").GetRawText(), redeemed.GetProperty("points").GetRawText());
        Assert.Equal((30_00, 0, 20_00), (till.Points().Available, till.Points().Held, till.Redeemed()));
    }

    [Fact]
    public void A_hold_gives_points_back_when_it_is_released_or_over()
    {
        var till = Two(50_00);
        var first = till.Accepted(till.Hold(ThreeLines, All, new Presented("A"))).Text("holdId");
        Assert.Equal((0, 50_00), (till.Points().Available, till.Points().Held));
        till.Accepted(till.Release(first));
        Assert.Equal((50_00, 0, "effective"), (till.Points().Available, till.Points().Held, till.StatusOf("A")));
        Assert.Equal(new HoldNotFound(first), till.Refused(till.Commit(first)));

        var second = till.Accepted(till.Hold(ThreeLines, All, s_both));
        till.Now += Duration.FromMinutes(2);
        Assert.IsType<HoldExpired>(till.Refused(till.Commit(second.Text("holdId"))));
        // Each clock frees its own, once, in whatever order; who comes in between finds them free.
        var entries = till.Book.Entries.Count;
        for (var times = 0; times < 2; times++)
        {
            till.Accepted(PointsOperations.ReadClock(till.Ask(), PointsExamples.Club, Member));
            foreach (var code in (string[])["A", "B"]) till.Accepted(CouponOperations.Expire(till.Ask(), code));
        }

        Assert.Equal(3, till.Book.Entries.Count - entries);
        Assert.Equal((50_00, 0), (till.Points().Available, till.Points().Held));
        till.Accepted(till.Release(second.Text("holdId")));
        Assert.Equal(3, till.Book.Entries.Count - entries);
        till.Accepted(till.Redeem(ThreeLines, All, s_both));
    }

    [Fact]
    public void A_hold_that_is_over_and_not_yet_ended_is_released_once()
    {
        var till = Two(50_00);
        var hold = till.Accepted(till.Hold(ThreeLines, All, s_both)).Text("holdId");
        till.Now += Duration.FromMinutes(3);
        till.Accepted(till.Release(hold));
        till.Accepted(PointsOperations.ReadClock(till.Ask(), PointsExamples.Club, Member));
        Assert.Equal((50_00, 0), (till.Points().Available, till.Points().Held));
        Assert.Single(till.Book.Entries, entry => entry.Fact is PointsEvent.PointsReleased { Reason: PointsHoldEnd.Expired });
    }

    /// <summary>The clock may end the hold of the points, or of one coupon, while a commit that came before waits for its turn.</summary>
    [Fact]
    public void A_commit_that_the_clock_overtook_takes_nothing()
    {
        var till = Two(50_00);
        foreach (var isPoints in (bool[])[true, false])
        {
            var hold = till.Accepted(till.Hold(ThreeLines, All, s_both)).Text("holdId");
            var (received, end) = (till.Now + Duration.FromSeconds(119), till.Now + Duration.FromMinutes(2));
            till.Now = end;
            till.Accepted(isPoints ? PointsOperations.ReadClock(till.Ask(), PointsExamples.Club, Member) : CouponOperations.Expire(till.Ask(), "B"));
            till.Now = received;
            Assert.Equal(new HoldExpired(end), till.Refused(till.Commit(hold)));
            till.Accepted(till.Release(hold));
            Assert.Equal((50_00, 0, 0), (till.Points().Available, till.Points().Held, till.Redeemed()));
            Assert.Equal(("effective", "effective"), (till.StatusOf("A"), till.StatusOf("B")));
        }
    }

    [Fact]
    public void A_void_and_a_reversal_give_the_points_back()
    {
        var till = Two(50_00);
        till.Accepted(till.Redeem(ThreeLines, All, s_both));
        till.Accepted(till.Void("A-1"));
        till.Accepted(till.Void("A-1"));
        Assert.Equal((50_00, "effective"), (till.Points().Available, till.StatusOf("A")));

        foreach (var isHold in (bool[])[true, false])
        {
            var ask = till.Ask();
            till.Accepted(isHold
                ? TillOperations.Hold(ask, s_both, new(120_00), 120, till.Now, "s1", "t1", null, ThreeLines, null, All)
                : TillOperations.Redeem(ask, s_both, new(120_00), till.Now, "s1", "t1", null, ThreeLines, null, All));
            Assert.Equal(0, till.Points().Available);
            for (var times = 0; times < 2; times++)
                till.Accepted(ReversalOperations.Reverse(till.Ask(), ask.Key!, till.Now, till.Now.InZone(CouponExamples.Terms.Zone()).Date, null));
            Assert.Equal((50_00, 0, "effective"), (till.Points().Available, till.Points().Held, till.StatusOf("B")));
        }
    }

    [Fact]
    public void Goods_that_come_back_bring_their_part_of_the_points()
    {
        // Three points a fen: 100 of them are worth 0.33, and 99 are enough.
        var till = new Till().With(Spring, Off(10_00), "A").Club(100, PointsExamples.Terms with { Value = new(new(1), 3) });
        var sold = till.Accepted(till.Redeem(Lines(10_00, 20_00), All, new Presented("A")));
        Assert.Equal((99, 33), (sold.GetProperty("points").Number("points"), sold.GetProperty("points").Number("discount")));
        Assert.Equal([11, 22], sold.GetProperty("points").GetProperty("lines").EnumerateArray().Select(line => line.Number("amount")));

        var half = till.Accepted(till.Return("A-1", new ReturnItem(0, Amount: new(5_00))));
        Assert.Equal((5_00 - 1_72, 15, 15), (half.Number("refund"), half.GetProperty("points").Number("points"), half.GetProperty("points").Number("restored")));
        Assert.Equal(15 + 1, till.Points().Available);
        var rest = till.Accepted(till.Return("A-1"));
        Assert.Equal((99 - 15, 0), (rest.GetProperty("points").Number("points"), rest.GetProperty("points").GetProperty("standing").GetArrayLength()));
        Assert.Equal((100, sold.Number("payable"), "effective"), (till.Points().Available, half.Number("refund") + rest.Number("refund"), till.StatusOf("A")));
        Assert.Equal(0, till.Redeemed());
    }

    /// <summary>The grace of the spend's own terms; and without any, nobody has them.</summary>
    [Theory]
    [InlineData(30, 0, 200, 0)]
    [InlineData(null, 0, 0, 200)]
    public void Points_whose_lots_expired_meanwhile_come_back_as_the_programme_says(int? grace, int restored, int regranted, int forfeited)
    {
        var till = new Till().With(Spring, Off(5_00) with { VoidWindowMinutes = null }, "A")
            .Club(2_00, PointsExamples.Terms with { Expiry = new PointsExpiry.AfterMonths(1), GraceDays = grace });
        till.Accepted(till.Redeem(ThreeLines, All, new Presented("A")));
        till.Now += Duration.FromDays(60);
        var back = till.Accepted(till.Return("A-1")).GetProperty("points");
        Assert.Equal((200, restored, regranted, forfeited), (back.Number("points"), back.Number("restored"), back.Number("regranted"), back.Number("forfeited")));
        Assert.Equal(regranted, till.Points().Available);
    }

    [Fact]
    public void A3_Requalify_with_points_refunds_what_was_paid_less_what_is_owed()
    {
        var till = new Till().With(Spring, Twenty with { ReturnPolicy = ReturnPolicy.Requalify }, "A").Club(12_00);
        till.Accepted(till.Redeem(ThreeLines, All, new Presented("A")));
        // 120.00 less 20.00 and 12.00. The 33.00 take a part of the points along; 87.00 no longer earn the 20.00.
        var back = till.Accepted(till.Return("A-1", new ReturnItem(1)));
        var points = back.GetProperty("points").Number("points");
        Assert.Equal((33_00 - 20_00 - points, points), (back.Number("refund"), till.Points().Available));
        var rest = till.Accepted(till.Return("A-1"));
        Assert.Equal((88_00, 12_00), (back.Number("refund") + rest.Number("refund"), till.Points().Available));
    }

    [Fact]
    public void Uses_of_a_basket_with_points_come_back_with_its_goods_alone()
    {
        var till = new Till().With(Spring, Off(5_00) with { MaxUses = 3 }, "A").Club(100);
        till.Accepted(till.Redeem(Lines(100_00), All, new Presented("A", 2)));
        Assert.Equal(new UsesNotReturnable("A-1"), till.Refused(till.ReturnUses("A-1", 1)));
        till.Accepted(till.Return("A-1"));
        Assert.Equal((100, 0), (till.Points().Available, till.Coupon("A").Uses));
    }

    /// <summary>What belongs to a redemption is undone with it.</summary>
    [Fact]
    public void Requests_about_points_alone_do_not_reach_those_of_a_basket()
    {
        var till = Two(50_00);
        var hold = till.Accepted(till.Hold(ThreeLines, All, s_both)).GetProperty("points").Text("spend");
        Assert.Equal(new PointsSpendUnknown(hold), till.Refused(SpendOperations.Release(till.Ask(), hold)));
        Assert.Equal(new PointsSpendUnknown(hold), till.Refused(SpendOperations.Commit(till.Ask(), hold)));
        Assert.Equal(new PointsSpendUnknown(hold), till.Refused(SpendOperations.Refund(till.Ask(), hold, null)));
    }

    [Theory]
    [InlineData(1, 1, 500, 10_000, 1, 500)]
    [InlineData(1, 3, 33, 100, 1, 99)]
    [InlineData(1, 3, 33, 100, 100, 100)]
    [InlineData(100, 1, 1_50, 10, 1, 1)]
    [InlineData(2, 3, 5, 100, 1, 8)]
    [InlineData(100, 1, 99, 10, 1, 0)]
    public void So_few_points_as_pay_as_much_as_they_can(long amount, int points, long due, long most, long least, long expected) =>
        Assert.Equal(expected, new PointsValue(new(amount), points).Towards(new(due), most, least));

    [Fact]
    public void No_number_of_points_pays_more_without_paying_too_much()
    {
        var random = new Random(20261121);
        for (var n = 0; n < 2_000; n++)
        {
            var value = new PointsValue(new(random.Next(1, 60)), random.Next(1, 60));
            var (due, most) = (new Money(random.Next(0, 300)), random.Next(0, 300));
            var used = value.Towards(due, most, least: 1);
            var best = Enumerable.Range(0, most + 1).Select(points => value.Of(points)).Where(worth => worth <= due).Max();
            Assert.Equal(best, value.Of(used));
            Assert.True(used <= Math.Max(most, 0) && (used <= 1 || value.Of(used - 1) < best));
        }
    }

    private static PresentedPoints All { get; } = new(PointsExamples.Club, Member);

    private static Till Two(long points, PointsTerms? terms = null) => new Till().With(Spring, Twenty, "A").With("five", Off(5_00), "B").Club(points, terms);

    private static IEnumerable<string> Funding(JsonElement answer) =>
        answer.GetProperty("basket").GetProperty("funding").EnumerateArray().Select(share => $"{share.Text("party")} {share.Number("amount")}");
}

/// <summary>A till whose customer has points.</summary>
internal static class PointsAtTill
{
    /// <summary>Opens the programme and gives the coupons' holder some points.</summary>
    public static Till Club(this Till till, long points, PointsTerms? terms = null)
    {
        till.Accepted(ProgramOperations.Open(till.Ask(), PointsExamples.Club, "Club", "Asia/Shanghai", terms ?? PointsExamples.Terms));
        till.Accepted(PointsOperations.Grant(till.Ask(), PointsExamples.Club, Member, points, "merchant", till.Now));
        return till;
    }

    public static Operation Redeem(this Till till, Basket basket, PresentedPoints points, params Presented[] coupons) =>
        TillOperations.Redeem(till.Ask(), coupons, basket.Amount, till.Now, "s1", "t1", null, basket, null, points);

    public static Operation Hold(this Till till, Basket basket, PresentedPoints points, params Presented[] coupons) =>
        TillOperations.Hold(till.Ask(), coupons, basket.Amount, 120, till.Now, "s1", "t1", null, basket, null, points);

    public static PointsAccount Points(this Till till) => till.Book.State(PointsStreams.AccountOf(PointsExamples.Club, Member));

    public static long Redeemed(this Till till) => till.Book.Tallies.GetValueOrDefault(PointsBooks.Tally(PointsExamples.Club, PointsBooks.Redeemed));

    /// <summary>The spend of what was redeemed.</summary>
    public static PointsSpend Spend(this Till till, JsonElement answer) => till.Book.State(PointsSpendStream.Of(answer.GetProperty("points").Text("spend")));
}
