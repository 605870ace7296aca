using Ledger.Coupons;
using Ledger.Coupons.Groups;
using Ledger.Coupons.Sales;
using NodaTime;
using Xunit;
using static Ledger.Coupons.CampaignCommand;
using static Ledger.Tests.Coupons.CouponExamples;

namespace Ledger.Tests.Coupons.Groups;

/// <summary>A book with one campaign that sells coupons at 49.90, and a channel that opens groups at 39.90.</summary>
internal sealed class GroupDesk
{
    public static readonly Money Price = new(39_90);

    // 3 % of 39.90 is 1.197: rounded down.
    public static readonly CouponTerms Sold = Terms with
    {
        Benefit = new Benefit.Exchange(new(88_00), "afternoon tea"),
        MinimumSpend = Money.Zero,
        Limits = new(PerMember: 2),
        Sale = new(new(49_90), "tea-house", 300, IsOverdueRefundable: true, IsRefundableBeforeUse: true),
    };

    private int codes;

    public GroupDesk(long quota = 100, CouponTerms? terms = null)
    {
        Quota = quota;
        Run(CouponOperations.Draft(Ask(), Spring, new("Spring", quota, WindowStart, IssuingEnds), terms ?? Sold));
        Run(CouponOperations.Change(Ask(), Spring, new SubmitCampaign()));
        Run(CouponOperations.Change(Ask(), Spring, new ApproveCampaign()));
    }

    public InMemoryBook Book { get; } = new();

    public long Quota { get; }

    public Instant Now { get; set; } = Noon;

    public LocalDate Today => Now.InZone(Terms.Zone()).Date;

    /// <summary>Requests so far; their keys are request-1, request-2 ...</summary>
    public int Requests { get; private set; }

    public string LastKey => FormattableString.Invariant($"request-{Requests}");

    public Request Ask() => InMemoryBook.Request(FormattableString.Invariant($"request-{++Requests}"), Now);

    public (byte[]? Answer, Rejection? Refusal) Run(Operation operation) => Book.Run(operation);

    public (byte[]? Answer, Rejection? Refusal) Open(string trade, string member, int needed = 3, int? most = null, int seconds = 3600, Money? price = null, Money? paid = null) =>
        Run(GroupOperations.Open(Ask(), Spring, new(trade, member, paid ?? price ?? Price), price ?? Price, needed, most ?? needed, seconds, Codes(), Today));

    public (byte[]? Answer, Rejection? Refusal) Join(string group, string trade, string member, Money? paid = null) =>
        Run(GroupOperations.Join(Ask(), group, new(trade, member, paid ?? Price), Codes(), Today));

    public (byte[]? Answer, Rejection? Refusal) Leave(string group, string trade) => Run(GroupOperations.Leave(Ask(), group, trade, null));

    public (byte[]? Answer, Rejection? Refusal) Cancel(string group) => Run(GroupOperations.Cancel(Ask(), group, "sold out"));

    /// <summary>The timer asks under no key that anyone else has.</summary>
    public (byte[]? Answer, Rejection? Refusal) End(string group) => Run(GroupOperations.End(InMemoryBook.Request(FormattableString.Invariant($"timer-{++codes}"), Now), group));

    public (byte[]? Answer, Rejection? Refusal) Answer(string group, int number, bool isPaid, string reference) =>
        Run(GroupOperations.Answer(Ask(), group, number, isPaid, reference, null));

    public (byte[]? Answer, Rejection? Refusal) Sell(string trade, string member) =>
        Run(SaleOperations.Sell(Ask(), Spring, trade, member, new(49_90), [Codes()[0]], null, Now, Today));

    public BuyingGroup Group(string id) => Book.State(GroupStream.Of(id));

    public long Tally(string key) => Book.Tallies.GetValueOrDefault(key);

    public void AssertAccount(long paid, long held, long open, long refunds)
    {
        Assert.Equal((paid, held, open, refunds), (Tally(SaleTallies.Paid(Spring)), Tally(GroupTallies.Held(Spring)), Tally(SaleTallies.Open(Spring)), Tally(SaleTallies.Refunds(Spring))));
        AssertSound();
    }

    /// <summary>Recomputed from where each place, payment and coupon stands, not from the facts that move the tallies.</summary>
    public void AssertSound()
    {
        var groups = Book.States.Values.OfType<BuyingGroup>().Where(group => group.Status != GroupStatus.None).ToList();
        var places = groups.SelectMany(group => group.Places).ToList();
        var payments = Book.States.Where(pair => pair.Value is VoucherSale { IsBooked: true }).ToDictionary(pair => pair.Key["sale-".Length..], pair => (VoucherSale)pair.Value, StringComparer.Ordinal);
        var coupons = Book.States.Values.OfType<Coupon>().Where(coupon => coupon.Status != CouponStatus.None).ToList();

        // Nobody's money is nowhere, or in two places: a place that is held, one coupon, or a refund.
        Assert.Distinct(places.Select(place => place.Payment.Trade), StringComparer.Ordinal);
        Assert.Distinct(coupons.Select(coupon => coupon.Sold!.Sale.Id), StringComparer.Ordinal);
        foreach (var (trade, payment) in payments)
        {
            var place = places.SingleOrDefault(place => place.Payment.Trade == trade);
            var coupon = coupons.SingleOrDefault(coupon => coupon.Sold!.Sale.Id == trade);
            Assert.Equal(payment.Group is not null, place is not null);
            Assert.Equal(place is null or { Standing: PlaceStanding.Sold }, coupon is not null);
            Assert.Equal(payment.Codes.Count == 1, coupon is not null);
            Assert.Equal(payment.Paid, place?.Payment.Amount ?? payment.Paid);
            Assert.Equal(payment.Paid, coupon?.Sold!.Sale.Price ?? payment.Paid);
            if (place?.Code is { } code) Assert.Equal(coupon, Book.State(CouponStream.Of(code)));
        }

        Assert.Equal(places.Count, payments.Values.Count(payment => payment.Group is not null));
        Assert.All(groups, group =>
        {
            Assert.Distinct(group.Places.Where(place => place.IsTaken).Select(place => place.Payment.Member), StringComparer.Ordinal);
            Assert.All(group.Places.Where(place => place.IsTaken), place => Assert.Equal(group.Status == GroupStatus.Formed ? PlaceStanding.Sold : PlaceStanding.Held, place.Standing));
            Assert.InRange(group.Taken, group.Status == GroupStatus.Formed ? group.Needed : 0, group.Status switch
            {
                GroupStatus.Forming => group.Needed - 1,
                GroupStatus.Formed => group.Most,
                _ => 0,
            });
        });

        // Refunds: once, and exactly what was paid.
        Assert.Distinct(Book.Entries.Select(entry => entry.Fact).OfType<GroupEvent.GroupRefundRequested>().Select(fact => fact.Payment.Trade), StringComparer.Ordinal);
        Assert.Distinct(Book.Entries.Select(entry => entry.Fact).OfType<GroupEvent.GroupRefundPaid>().Select(fact => fact.Trade), StringComparer.Ordinal);
        Assert.All(Book.Entries.Select(entry => entry.Fact).OfType<GroupEvent.GroupRefundPaid>(), fact => Assert.Equal(payments[fact.Trade].Paid, fact.Amount));

        Assert.Equal(payments.Values.Sum(payment => payment.Paid.Minor), Tally(SaleTallies.Paid(Spring)));
        Assert.Equal(Of(PlaceStanding.Held), Tally(GroupTallies.Held(Spring)));
        Assert.Equal(In(PriceStanding.Open), Tally(SaleTallies.Open(Spring)));
        Assert.Equal(In(PriceStanding.Settled), Tally(SaleTallies.Settled(Spring)));
        Assert.Equal(
            In(PriceStanding.RefundRequested) + In(PriceStanding.Refunded) + Of(PlaceStanding.RefundRequested) + Of(PlaceStanding.Refunded), Tally(SaleTallies.Refunds(Spring)));
        Assert.Equal(In(PriceStanding.Refunded) + Of(PlaceStanding.Refunded), Tally(SaleTallies.RefundsPaid(Spring)));
        Assert.Equal(coupons.Where(coupon => coupon.Sold!.Standing == PriceStanding.Settled).Sum(coupon => coupon.Sold!.Sale.Commission.Minor), Tally(SaleTallies.Commission(Spring)));

        // Quota and limits: a place counts as its coupon will.
        var held = places.Where(place => place.Standing == PlaceStanding.Held).Select(place => place.Payment.Member).ToList();
        Assert.Equal(coupons.Count + held.Count, Tally(CouponTallies.Issued(Spring)));
        Assert.InRange(Tally(CouponTallies.Issued(Spring)), 0, Quota);
        foreach (var member in coupons.Select(coupon => coupon.Member).Concat(held).Distinct(StringComparer.Ordinal))
        {
            Assert.Equal(coupons.Count(coupon => coupon.Member == member) + held.Count(other => other == member), Tally(CouponTallies.IssuedTo(Spring, member)));
            Assert.InRange(Tally(CouponTallies.IssuedTo(Spring, member)), 0, 2);
        }

        long Of(PlaceStanding standing) => places.Where(place => place.Standing == standing).Sum(place => place.Payment.Amount.Minor);
        long In(PriceStanding standing) => coupons.Where(coupon => coupon.Sold!.Standing == standing).Sum(coupon => coupon.Sold!.Sale.Price.Minor);
    }

    /// <summary>Fresh codes, as many as the edge brings.</summary>
    public string[] Codes() => [.. Enumerable.Range(0, Limits.MaxGroup).Select(_ => FormattableString.Invariant($"C{++codes}"))];
}
