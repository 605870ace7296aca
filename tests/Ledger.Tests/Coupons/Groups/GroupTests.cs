using System.Text.Json;
using Ledger.Coupons;
using Ledger.Coupons.Groups;
using Ledger.Coupons.Redemptions;
using Ledger.Coupons.Sales;
using Ledger.Reversals;
using NodaTime;
using Xunit;
using static Ledger.Coupons.CouponEvent;
using static Ledger.Tests.Coupons.CouponExamples;

namespace Ledger.Tests.Coupons.Groups;

/// <summary>Groups that buy together: they form, or dissolve and everyone is paid back.</summary>
public class GroupTests
{
    private const long Price = 39_90;
    private static readonly string s_group = GroupStream.IdOf("trade-1");
    private readonly GroupDesk desk = new();

    [Fact]
    public void The_payment_that_completes_a_group_sells_every_member_a_coupon()
    {
        Assert.Null(desk.Open("trade-1", "a").Refusal);
        Assert.Null(desk.Join(s_group, "trade-2", "b").Refusal);
        desk.AssertAccount(paid: 2 * Price, held: 2 * Price, open: 0, refunds: 0);
        Assert.DoesNotContain(desk.Book.Entries, entry => entry.Fact is CouponIssued);

        desk.Now += Duration.FromMinutes(30);
        Assert.Null(desk.Join(s_group, "trade-3", "c").Refusal);
        desk.AssertAccount(paid: 3 * Price, held: 0, open: 3 * Price, refunds: 0);
        var coupons = desk.Book.Entries.Select(entry => entry.Fact).OfType<CouponIssued>().ToList();
        Assert.Equal(["a trade-1 3990 119", "b trade-2 3990 119", "c trade-3 3990 119"],
            coupons.Select(coupon => $"{coupon.Member} {coupon.Sale!.Id} {coupon.Sale.Price} {coupon.Sale.Commission}"), StringComparer.Ordinal);

        // Validity counts from the day on which it formed, not from the payment.
        Assert.All(coupons, coupon => Assert.Equal((desk.Now, desk.Now), (coupon.At, coupon.ValidFrom)));
        Assert.Equal((GroupStatus.Formed, desk.Now, null), (desk.Group(s_group).Status, desk.Group(s_group).EndedAt, desk.Group(s_group).DueAt));
    }

    [Fact]
    public void What_a_group_sold_is_used_settled_and_refunded_like_any_sale()
    {
        Form();
        var codes = desk.Group(s_group).Places.Select(place => place.Code!).ToList();
        Assert.Null(desk.Run(TillOperations.Redeem(desk.Ask(), codes[0], new(100_00), desk.Now, "s1", "t1", null)).Refusal);
        Assert.Equal((39_90L, 1_19L), (desk.Tally(SaleTallies.Settled(Spring)), desk.Tally(SaleTallies.Commission(Spring))));
        Assert.Null(desk.Run(SaleOperations.Refund(desk.Ask(), "trade-2", [], desk.Now, null)).Refusal);
        Assert.Null(desk.Run(SaleOperations.Answer(desk.Ask(), "trade-2", 1, isPaid: true, "r-1", null, desk.Now)).Refusal);
        Assert.Equal(GroupStatus.Formed, desk.Group(s_group).Status);
        desk.Now = WindowEnd;
        Assert.Null(desk.Run(CouponOperations.Expire(desk.Ask(), codes[2])).Refusal);
        desk.AssertAccount(paid: 3 * Price, held: 0, open: 0, refunds: 2 * Price);
    }

    [Fact]
    public void A_group_that_is_not_complete_at_its_deadline_dissolves_and_everyone_is_paid_back()
    {
        desk.Open("trade-1", "a", seconds: 3600);
        desk.Join(s_group, "trade-2", "b");
        var deadline = desk.Group(s_group).Deadline;
        Assert.Equal(Noon + Duration.FromHours(1), deadline);

        desk.Now = deadline - Duration.Epsilon;
        Assert.Null(desk.End(s_group).Refusal);
        Assert.Equal(GroupStatus.Forming, desk.Group(s_group).Status);
        desk.Now = deadline;
        Assert.Equal(new GroupHasDissolved(deadline), desk.Join(s_group, "trade-3", "c").Refusal);
        desk.Now = deadline + Duration.FromMinutes(5);
        Assert.Null(desk.End(s_group).Refusal);
        Assert.Equal(deadline, Assert.Single(desk.Book.Entries.Select(entry => entry.Fact).OfType<GroupEvent.GroupDissolved>()).At);
        desk.AssertAccount(paid: 2 * Price, held: 0, open: 0, refunds: 2 * Price);

        var entries = desk.Book.Entries.Count;
        Assert.Null(desk.End(s_group).Refusal);
        Assert.Null(desk.Leave(s_group, "trade-1").Refusal);
        Assert.Null(desk.Cancel(s_group).Refusal);
        Assert.Equal(entries, desk.Book.Entries.Count);
        Assert.Equal(new GroupHasDissolved(deadline), desk.Join(s_group, "trade-3", "c").Refusal);
    }

    [Fact]
    public void The_deadline_is_never_after_the_campaigns_end_and_a_join_a_moment_before_it_counts()
    {
        desk.Now = IssuingEnds - Duration.FromMinutes(1);
        desk.Open("trade-1", "a", needed: 2, seconds: Limits.MaxGroupSeconds);
        Assert.Equal(IssuingEnds, desk.Group(s_group).Deadline);
        desk.Now = IssuingEnds - Duration.Epsilon;
        Assert.Null(desk.Join(s_group, "trade-2", "b").Refusal);
        desk.Now = IssuingEnds;
        Assert.Equal(new CampaignRefusal.CampaignEnded(IssuingEnds), desk.Open("trade-3", "c").Refusal);
        desk.AssertAccount(paid: 2 * Price, held: 0, open: 2 * Price, refunds: 0);
    }

    [Fact]
    public void A_member_leaves_with_a_refund_until_it_forms_and_may_come_back_by_another_payment()
    {
        desk.Open("trade-1", "a");
        desk.Join(s_group, "trade-2", "b");
        Assert.Null(desk.Leave(s_group, "trade-2").Refusal);
        desk.AssertAccount(paid: 2 * Price, held: Price, open: 0, refunds: Price);
        Assert.Equal(new TradeAlreadyBooked("trade-2"), desk.Open("trade-2", "b").Refusal);
        Assert.Null(desk.Join(s_group, "trade-3", "b").Refusal);
        Assert.Equal(new PlaceUnknown("trade-9"), desk.Leave(s_group, "trade-9").Refusal);
        Assert.Null(desk.Join(s_group, "trade-4", "c").Refusal);

        var place = desk.Group(s_group).PaidBy("trade-1")!;
        Assert.Equal(new PlaceIsSold("trade-1", place.Code!), desk.Leave(s_group, "trade-1").Refusal);
        Assert.Equal(new GroupNotCancellable(desk.Now), desk.Cancel(s_group).Refusal);
        desk.AssertAccount(paid: 4 * Price, held: 0, open: 3 * Price, refunds: Price);
    }

    [Fact]
    public void The_merchant_cancels_a_group_that_is_forming()
    {
        desk.Open("trade-1", "a");
        desk.Join(s_group, "trade-2", "b");
        Assert.Null(desk.Cancel(s_group).Refusal);
        desk.AssertAccount(paid: 2 * Price, held: 0, open: 0, refunds: 2 * Price);
        Assert.Equal(new GroupHasDissolved(desk.Now), desk.Join(s_group, "trade-3", "c").Refusal);
    }

    [Fact]
    public void Refunds_are_paid_once_and_stay_open_until_then()
    {
        desk.Open("trade-1", "a");
        Assert.Equal(new PlaceRefundUnknown(1), desk.Answer(s_group, 1, isPaid: true, "r-1").Refusal);
        desk.Cancel(s_group);
        Assert.Equal(new PlaceRefundUnknown(2), desk.Answer(s_group, 2, isPaid: true, "r-1").Refusal);
        Assert.Null(desk.Answer(s_group, 1, isPaid: false, "r-1").Refusal);
        Assert.Equal(PlaceStanding.RefundRequested, desk.Group(s_group).Places[0].Standing);
        var entries = desk.Book.Entries.Count;
        Assert.Null(desk.Answer(s_group, 1, isPaid: false, "r-1").Refusal);
        Assert.Equal(entries, desk.Book.Entries.Count);
        Assert.Null(desk.Answer(s_group, 1, isPaid: true, "r-2").Refusal);
        Assert.Null(desk.Answer(s_group, 1, isPaid: true, "r-3").Refusal);
        Assert.Equal(new RefundAlreadyPaid("trade-1", 1), desk.Answer(s_group, 1, isPaid: false, "r-4").Refusal);
        Assert.Equal((Price, Price), (desk.Tally(SaleTallies.Refunds(Spring)), desk.Tally(SaleTallies.RefundsPaid(Spring))));
        desk.AssertSound();
    }

    [Fact]
    public void A_group_that_formed_may_leave_places_open_until_its_deadline()
    {
        desk.Open("trade-1", "a", needed: 2, most: 4);
        desk.Join(s_group, "trade-2", "b");
        Assert.Null(desk.Join(s_group, "trade-3", "c").Refusal);
        desk.AssertAccount(paid: 3 * Price, held: 0, open: 3 * Price, refunds: 0);
        desk.Now = desk.Group(s_group).Deadline - Duration.Epsilon;
        Assert.Null(desk.Join(s_group, "trade-4", "d").Refusal);
        Assert.Equal(new GroupHasFormed(4), desk.Join(s_group, "trade-5", "e").Refusal);

        var other = GroupStream.IdOf("trade-6");
        desk.Open("trade-6", "e", needed: 2, most: 3);
        desk.Join(other, "trade-7", "f");
        desk.Now = desk.Group(other).Deadline;
        Assert.Equal(new GroupHasFormed(3), desk.Join(other, "trade-8", "g").Refusal);
        Assert.Single(desk.Book.Entries.Where(entry => entry.Stream.Id == $"group-{other}"), entry => entry.Fact is GroupEvent.GroupFormed);
    }

    [Fact]
    public void A_place_counts_in_quota_and_limits_so_that_a_group_that_forms_is_served()
    {
        var small = new GroupDesk(quota: 3);
        small.Open("trade-1", "a");
        small.Join(s_group, "trade-2", "b");
        Assert.Null(small.Sell("trade-3", "c").Refusal);
        Assert.Equal(new StockExhausted(3), small.Sell("trade-4", "d").Refusal);
        Assert.Equal(new StockExhausted(3), small.Join(s_group, "trade-4", "d").Refusal);
        Assert.Equal(new QuotaBelowIssued(2, 3), small.Run(CouponOperations.ChangeQuota(small.Ask(), Spring, 3, 2)).Refusal);
        small.Leave(s_group, "trade-2");
        Assert.Null(small.Sell("trade-4", "d").Refusal);
        small.Cancel(s_group);
        small.AssertSound();

        // Two coupons a member, of which groups hold both.
        desk.Open("trade-1", "a");
        desk.Open("trade-2", "a");
        Assert.Equal(new UserLimit(2), desk.Open("trade-3", "a").Refusal);
        Assert.Equal(new UserLimit(2), desk.Sell("trade-3", "a").Refusal);
        desk.Cancel(s_group);
        Assert.Null(desk.Sell("trade-3", "a").Refusal);
        desk.AssertSound();
    }

    [Fact]
    public void The_limits_of_the_day_are_those_of_the_payment()
    {
        var daily = new GroupDesk(terms: GroupDesk.Sold with { Limits = new(PerMemberPerDay: 1) });
        daily.Open("trade-1", "a", needed: 2, seconds: Limits.MaxGroupSeconds);
        Assert.IsType<UserDayLimit>(daily.Sell("trade-2", "a").Refusal);
        var day = daily.Today;
        daily.Now += Duration.FromDays(1);
        Assert.Null(daily.Sell("trade-2", "a").Refusal);
        Assert.Null(daily.Join(s_group, "trade-3", "b").Refusal);
        Assert.Equal((1L, 1L), (daily.Tally(CouponTallies.IssuedTo(Spring, "a", day)), daily.Tally(CouponTallies.IssuedTo(Spring, "a", daily.Today))));
    }

    [Fact]
    public void A_group_keeps_the_terms_under_which_it_was_opened()
    {
        desk.Open("trade-1", "a", needed: 2);
        Assert.Null(desk.Run(CouponOperations.Amend(desk.Ask(), Spring, 1, GroupDesk.Sold with { Sale = GroupDesk.Sold.Sale! with { Price = new(20_00), Payee = "another" } })).Refusal);
        Assert.Equal(new GroupPriceAboveSale(GroupDesk.Price, new(20_00)), desk.Open("trade-9", "z").Refusal);
        Assert.Null(desk.Join(s_group, "trade-2", "b").Refusal);
        var coupons = desk.Book.States.Values.OfType<Coupon>().Where(coupon => coupon.Status == CouponStatus.Issued).ToList();
        Assert.Equal(2, coupons.Count);
        Assert.All(coupons, coupon => Assert.Equal((1, "tea-house", GroupDesk.Price), (coupon.TermsVersion, coupon.Sold!.Sale.Payee, coupon.Sold.Sale.Price)));
    }

    [Fact]
    public void Nobody_joins_twice_pays_another_price_or_joins_while_the_campaign_pauses()
    {
        Assert.Equal(new PaidIsNotThePrice(GroupDesk.Price, new(40_00)), desk.Open("trade-1", "a", paid: new(40_00)).Refusal);
        Assert.Equal(new GroupPriceAboveSale(new(49_91), new(49_90)), desk.Open("trade-1", "a", price: new(49_91)).Refusal);
        Assert.Equal(new CampaignSellsNothing(Spring), new GroupDesk(terms: Terms).Open("trade-1", "a").Refusal);
        desk.Open("trade-1", "a");
        Assert.Equal(new AlreadyInGroup(1), desk.Join(s_group, "trade-2", "a").Refusal);
        Assert.Equal(new PaidIsNotThePrice(GroupDesk.Price, new(49_90)), desk.Join(s_group, "trade-2", "b", new(49_90)).Refusal);
        Assert.Equal(new GroupUnknown("g0"), desk.Join("g0", "trade-2", "b").Refusal);
        desk.Run(CouponOperations.Change(desk.Ask(), Spring, new CampaignCommand.PauseCampaign("rest")));
        Assert.Equal(new CampaignRefusal.CampaignPaused(), desk.Join(s_group, "trade-2", "b").Refusal);
        desk.AssertAccount(paid: Price, held: Price, open: 0, refunds: 0);
    }

    [Fact]
    public void A_payment_is_booked_once_as_a_place_or_as_a_sale()
    {
        var opened = desk.Open("trade-1", "a").Answer;
        var joined = desk.Join(s_group, "trade-2", "b").Answer;
        var entries = desk.Book.Entries.Count;
        Assert.Equal(joined, desk.Join(s_group, "trade-2", "b").Answer);
        Assert.NotNull(desk.Open("trade-1", "a").Answer);
        Assert.Equal(entries, desk.Book.Entries.Count);
        Assert.NotEqual(opened, joined);

        Assert.Equal(new TradeAlreadyBooked("trade-1"), desk.Open("trade-1", "a", needed: 4).Refusal);
        Assert.Equal(new TradeAlreadyBooked("trade-2"), desk.Open("trade-2", "b").Refusal);
        Assert.Equal(new TradeAlreadyBooked("trade-2"), desk.Join(s_group, "trade-2", "c").Refusal);
        Assert.Equal(new PaymentIsOfGroup("trade-1", s_group), desk.Sell("trade-1", "a").Refusal);
        Assert.Equal(new PaymentIsOfGroup("trade-1", s_group), desk.Run(SaleOperations.Refund(desk.Ask(), "trade-1", [], desk.Now, null)).Refusal);
        desk.Sell("trade-3", "c");
        Assert.Equal(new TradeAlreadyBooked("trade-3"), desk.Join(s_group, "trade-3", "c").Refusal);
        Assert.Equal(new TradeAlreadyBooked("trade-3"), desk.Open("trade-3", "c").Refusal);
        desk.AssertSound();
    }

    [Fact]
    public void A_code_that_someone_took_meanwhile_refuses_the_payment_and_the_next_try_goes_through()
    {
        desk.Open("trade-1", "a", needed: 2);
        var codes = desk.Codes();
        Assert.Null(desk.Run(SaleOperations.Sell(desk.Ask(), Spring, "trade-9", "z", new(49_90), [codes[1]], null, desk.Now, desk.Today)).Refusal);
        Assert.Equal(new CodeTaken(codes[1]), desk.Run(GroupOperations.Join(desk.Ask(), s_group, new("trade-2", "b", GroupDesk.Price), codes, desk.Today)).Refusal);
        Assert.Null(desk.Join(s_group, "trade-2", "b").Refusal);
        desk.AssertSound();
    }

    [Fact]
    public void The_payments_of_one_group_are_bounded()
    {
        desk.Open("trade-1", "a");
        for (var i = 2; i <= Limits.MaxGroupPayments; i++)
        {
            Assert.Null(desk.Join(s_group, FormattableString.Invariant($"trade-{i}"), "b").Refusal);
            Assert.Null(desk.Leave(s_group, FormattableString.Invariant($"trade-{i}")).Refusal);
        }

        Assert.Equal(new GroupJoinsExhausted(Limits.MaxGroupPayments), desk.Join(s_group, "trade-x", "b").Refusal);
        desk.AssertSound();
    }

    [Fact]
    public void A_reversed_payment_gives_its_place_up_and_after_the_group_formed_it_is_refused()
    {
        desk.Open("trade-1", "a");
        var opening = desk.LastKey;
        desk.Join(s_group, "trade-2", "b");
        var joining = desk.LastKey;
        var view = JsonSerializer.Deserialize<JsonElement>(Reverse(joining).Answer!);
        Assert.Equal(("reversed", "refundRequested"), (view.GetProperty("status").GetString(), view.GetProperty("group").GetProperty("places")[1].GetProperty("standing").GetString()));
        desk.AssertAccount(paid: 2 * Price, held: Price, open: 0, refunds: Price);

        // The place that the member took after by another payment is not the reversed one.
        desk.Join(s_group, "trade-3", "b");
        Assert.Null(Reverse(joining).Refusal);
        desk.AssertAccount(paid: 3 * Price, held: 2 * Price, open: 0, refunds: Price);
        desk.Join(s_group, "trade-4", "c");
        Assert.IsType<PlaceIsSold>(Reverse(opening).Refusal);
        Assert.Null(Reverse(joining).Refusal);

        Assert.Null(Reverse("never-seen").Refusal);
        Assert.IsType<ReversedBeforeArrival>(desk.Run(GroupOperations.Join(InMemoryBook.Request("never-seen", desk.Now), s_group, new("trade-5", "e", GroupDesk.Price), desk.Codes(), desk.Today)).Refusal);
        desk.AssertAccount(paid: 4 * Price, held: 0, open: 3 * Price, refunds: Price);
    }

    private (byte[]? Answer, Rejection? Refusal) Reverse(string key) => desk.Run(ReversalOperations.Reverse(desk.Ask(), key, desk.Now, desk.Today, null));

    private void Form()
    {
        desk.Open("trade-1", "a");
        desk.Join(s_group, "trade-2", "b");
        desk.Join(s_group, "trade-3", "c");
    }
}
