using Ledger.Benefits;
using Ledger.Coupons;
using Ledger.Points;
using Ledger.Tests.Points;
using NodaTime;
using Xunit;
using static Ledger.Tests.Points.PointsExamples;
using Benefit = Ledger.Benefits.Benefit;

namespace Ledger.Tests.Benefits;

public class BenefitTests
{
    private static readonly LocalDate s_today = new(2026, 1, 31);

    [Fact]
    public void D5_Designated_store()
    {
        var shop = With(new(null, Club, 800, BenefitItemKind.PickUp, 10, ["S1", "S2"], null, 7), points: 1_000);
        var order = Order(shop);
        Assert.Equal((200, 800), (shop.Account().Available, shop.Account().Held));

        var refusal = Assert.IsType<StoreNotDesignated>(shop.Refused(BenefitOperations.PickUp(shop.Ask(), order, "S3")));
        Assert.Equal(["S1", "S2"], refusal.Stores);
        Assert.Equal(800, shop.Account().Held);
        shop.Accepted(BenefitOperations.Cancel(shop.Ask(), order));
        Assert.Equal((1_000, 0, 0), (shop.Account().Available, shop.Account().Held, Ordered(shop)));
        Assert.Equal(new BenefitOrderIsOver(BenefitOrderStatus.Cancelled), shop.Refused(BenefitOperations.PickUp(shop.Ask(), order, "S1")));
    }

    [Fact]
    public void A_pick_up_spends_what_is_held_once_and_at_its_end_the_order_expires()
    {
        var shop = With(new(null, Club, 300, BenefitItemKind.PickUp, null, ["S1"], null, 2), points: 1_000);
        var (first, second) = (Order(shop), Order(shop));
        shop.Accepted(BenefitOperations.PickUp(shop.Ask(), first, "S1"));
        shop.Accepted(BenefitOperations.PickUp(shop.Ask(), first, "S1"));
        Assert.Equal((400, 300), (shop.Account().Available, shop.Account().Held));
        Assert.Equal(new PointsSpendUnknown(second), shop.Refused(SpendOperations.Release(shop.Ask(), second)));

        shop.Now = Day(2026, 2, 3, 0) - Duration.FromTicks(10);
        shop.Accepted(BenefitOperations.Expire(shop.Ask(), second));
        Assert.Equal(300, shop.Account().Held);
        shop.Now = Day(2026, 2, 3, 0);
        Assert.Equal(new BenefitOrderIsOver(BenefitOrderStatus.Expired), shop.Refused(BenefitOperations.PickUp(shop.Ask(), second, "S1")));

        // Whichever clock is read first, that of the points or that of the order.
        shop.Accepted(PointsOperations.ReadClock(shop.Ask(), Club, "m-1"));
        shop.Accepted(BenefitOperations.Expire(shop.Ask(), second));
        shop.Accepted(BenefitOperations.Expire(shop.Ask(), second));
        Assert.Equal((700, 0, 1), (shop.Account().Available, shop.Account().Held, Ordered(shop)));
    }

    [Fact]
    public void Goods_may_be_cancelled_until_they_are_handed_over_and_stock_is_exact()
    {
        var shop = With(new(null, Club, 300, BenefitItemKind.Goods, 2, [], null, 0), points: 1_000);
        var (first, second) = (Order(shop), Order(shop));
        Assert.Equal(new BenefitOutOfStock(2), shop.Refused(Ask(shop)));
        Assert.Equal(new StockBelowOrdered(1, 2), shop.Refused(BenefitOperations.Stock(shop.Ask(), "cup", 2, 1)));
        shop.Accepted(BenefitOperations.Cancel(shop.Ask(), first));
        Assert.Equal((700, 1), (shop.Account().Available, Ordered(shop)));
        shop.Accepted(BenefitOperations.PickUp(shop.Ask(), second, null));
        Assert.Equal(new BenefitOrderIsOver(BenefitOrderStatus.Received), shop.Refused(BenefitOperations.Cancel(shop.Ask(), second)));
        shop.Accepted(BenefitOperations.Withdraw(shop.Ask(), "cup"));
        Assert.Equal(new BenefitNotOffered("cup"), shop.Refused(Ask(shop)));
    }

    [Fact]
    public void A_coupon_is_issued_with_the_points_that_it_costs_or_neither()
    {
        var shop = With(new(null, Club, 300, BenefitItemKind.Coupon, null, [], "spring", 0), points: 500);
        Assert.IsType<CampaignUnknown>(shop.Refused(Ask(shop)));
        var terms = new CouponTerms(new Ledger.Coupons.Benefit.FixedAmount(new(5_00)), new(30_00), "Asia/Shanghai", new(Day(2026, 1, 1), Day(2027, 1, 1)), [], [], new());
        shop.Accepted(CouponOperations.Draft(shop.Ask(), "spring", new("Spring", 10, Day(2026, 1, 1), Day(2027, 1, 1)), terms));
        Assert.IsType<CampaignNotActive>(shop.Refused(Ask(shop)));
        shop.Accepted(CouponOperations.Submit(shop.Ask(), "spring"));
        shop.Accepted(CouponOperations.Approve(shop.Ask(), "spring", null));

        var code = shop.Accepted(Ask(shop)).GetProperty("code").GetString()!;
        Assert.Equal((200, "m-1"), (shop.Account().Available, shop.Book.State(CouponStream.Of(code)).Member));
        Assert.IsType<InsufficientPoints>(shop.Refused(BenefitOperations.Order(shop.Ask(), "cup", "m-1", "OTHER", s_today)));
        Assert.Equal(CouponStatus.None, shop.Book.State(CouponStream.Of("OTHER")).Status);
    }

    private static PointsShop With(Benefit benefit, long points)
    {
        var shop = new PointsShop();
        shop.Accepted(PointsOperations.Grant(shop.Ask(), Club, "m-1", points, "merchant", shop.Now));
        shop.Accepted(BenefitOperations.List(shop.Ask(), "cup", benefit with { Name = "Cup" }));
        shop.Accepted(BenefitOperations.List(shop.Ask(), "cup", benefit with { Name = "Cup" }));
        Assert.IsType<BenefitExists>(shop.Refused(BenefitOperations.List(shop.Ask(), "cup", benefit with { Name = "Another" })));
        return shop;
    }

    private static Operation Ask(PointsShop shop) => BenefitOperations.Order(shop.Ask(), "cup", "m-1", "CODE", s_today);

    private static string Order(PointsShop shop) => shop.Accepted(Ask(shop)).GetProperty("orderId").GetString()!;

    private static long Ordered(PointsShop shop) => shop.Book.Tallies.GetValueOrDefault(BenefitStreams.Ordered("cup"));
}
