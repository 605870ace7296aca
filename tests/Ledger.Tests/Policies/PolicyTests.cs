using Ledger.Coupons;
using Ledger.Merchants;
using Ledger.Offers;
using Ledger.Payments;
using Ledger.Policies;
using Ledger.Providers;
using NodaTime;
using Xunit;

namespace Ledger.Tests.Policies;

/// <summary>Given what a book says, when an entry meets a policy, then these entries follow.</summary>
public class PolicyTests
{
    private static readonly Instant s_now = Moments.At("2026-03-02T12:00:00+08:00");
    private static readonly LocalDate s_day = new(2026, 3, 2);

    [Fact]
    public void A_payment_brings_a_coupon_by_the_rule_that_fits()
    {
        var book = Given(new OfferRule("r1", "spring", new(50_00), [Portal.Scan, Portal.PaySuccess]));
        var made = Assert.Single(When(book, Pay("t1", 50_00, Portal.Scan)).Offers);
        Assert.Equal(("r1", "spring", (string?)null), (made.Rule, made.Campaign, made.Refusal));
        var issued = (CouponEvent.CouponIssued)book.Entries.Single(entry => entry.Stream.Id == $"coupon-{made.Code}").Fact;
        Assert.Equal(("PAY_SUCCESS", "m-1", s_now), (issued.Channel, issued.Member, issued.At));
        Assert.Equal(1, book.Tallies[PaymentOffersStream.Tally("r1", "m-1")]);
    }

    [Theory]
    [InlineData(49_99, Portal.Scan, "m-1")]
    [InlineData(50_00, Portal.Search, "m-1")]
    [InlineData(50_00, null, "m-1")]
    [InlineData(50_00, Portal.Scan, null)]
    public void A_payment_that_no_rule_fits_brings_nothing(long amount, Portal? portal, string? member)
    {
        var book = Given(new OfferRule("r1", "spring", new(50_00), [Portal.Scan]));
        var before = book.Entries.Count;
        Assert.Empty(When(book, Pay("t1", amount, portal, member)).Offers);
        Assert.Equal(before + 1, book.Entries.Count);
    }

    [Fact]
    public void One_coupon_of_a_campaign_for_a_payment_by_the_first_rule()
    {
        var book = Given(new("r1", "spring", new(1)), new("r2", "spring", new(1)), new("r3", "autumn", new(1)));
        Assert.Equal(["r1", "r3"], When(book, Pay("t1", 1)).Offers.Select(offer => offer.Rule), StringComparer.Ordinal);
    }

    [Fact]
    public void The_limit_of_a_rule_holds_for_each_member_and_says_so()
    {
        var book = Given(new OfferRule("r1", "spring", new(1), null, PerMember: 2));
        Assert.All(["t1", "t2"], trade => Assert.NotNull(Assert.Single(When(book, Pay(trade, 1)).Offers).Code));
        Assert.Equal("offer-limit", Assert.Single(When(book, Pay("t3", 1)).Offers).Refusal);
        Assert.NotNull(Assert.Single(When(book, Pay("t4", 1, member: "m-2")).Offers).Code);
    }

    [Fact]
    public void What_the_campaign_refuses_is_said_and_hurts_no_other_rule()
    {
        var book = Given(new("r1", "spring", new(1)), new("r2", "autumn", new(1)));
        book.Run(CouponOperations.Change(InMemoryBook.Request("pause", s_now), "spring", new CampaignCommand.PauseCampaign("rest")));
        var made = When(book, Pay("t1", 1)).Offers;
        Assert.Equal([("r1", "campaign-paused"), ("r2", null)], made.Select(offer => (offer.Rule, offer.Refusal)));
        Assert.NotNull(made[1].Code);
    }

    [Fact]
    public void The_same_entry_at_the_same_policy_again_changes_nothing()
    {
        var book = Given(new OfferRule("r1", "spring", new(1)));
        var (first, entry) = (When(book, Pay("t1", 1)), book.Entries.Last(e => e.Fact is PaymentEvent.PaymentReceived));
        var before = book.Entries.Count;
        Follow(book, PaymentOffersPolicy.Offer, entry.Fact, EntryId(book, entry.Fact));
        Assert.Equal(before, book.Entries.Count);
        Assert.Equal(first, book.State(PaymentOffersStream.Of("t1")));
    }

    [Fact]
    public void All_of_a_payment_back_takes_the_coupon_back_and_a_part_does_not()
    {
        var book = Given(new OfferRule("r1", "spring", new(1)));
        var code = When(book, Pay("t1", 100_00)).Offers[0].Code!;
        Then(book, Back("t1", "r1", 99_99));
        Assert.Equal(CouponStatus.Issued, book.State(CouponStream.Of(code)).Status);
        Then(book, Back("t1", "r2", 1));
        Assert.Equal(CouponStatus.Deactivated, book.State(CouponStream.Of(code)).Status);
        Assert.Equal(new ReturnedOffer(code, null), Assert.Single(book.State(PaymentOffersStream.Of("t1")).Returned!));
    }

    [Fact]
    public void Exploit_reach_the_least_amount_then_refund_all_but_a_cent_loses_the_coupon()
    {
        var book = Given(new OfferRule("r1", "spring", new(50_00)));
        var code = When(book, Pay("t1", 100_00)).Offers[0].Code!;
        Then(book, Back("t1", "r1", 50_00));
        Assert.Equal(CouponStatus.Issued, book.State(CouponStream.Of(code)).Status);
        Then(book, Back("t1", "r2", 1));
        Assert.Equal(CouponStatus.Deactivated, book.State(CouponStream.Of(code)).Status);
        Then(book, Back("t1", "r3", 49_99));
        Assert.Equal(new ReturnedOffer(code, null), Assert.Single(book.State(PaymentOffersStream.Of("t1")).Returned!));

        // A refund that the policy of offers has not seen yet counts, too.
        Assert.Null(book.Run(Pay("t2", 100_00)).Refusal);
        var paid = book.Entries[^1].Fact;
        Then(book, Back("t2", "r1", 50_01));
        var before = book.Entries.Count;
        Follow(book, PaymentOffersPolicy.Offer, paid, EntryId(book, paid));
        Assert.Equal(before, book.Entries.Count);
    }

    [Fact]
    public void A_coupon_that_was_used_stays_used_when_the_payment_goes_back()
    {
        var book = Given(new OfferRule("r1", "spring", new(1)));
        var code = When(book, Pay("t1", 100_00)).Offers[0].Code!;
        Assert.Null(book.Run(Ledger.Coupons.Redemptions.TillOperations.Redeem(InMemoryBook.Request("use", s_now), code, new(200_00), s_now, "s1", "t1", null)).Refusal);
        Then(book, Back("t1", "r1", 100_00));
        Assert.Equal(CouponStatus.Used, book.State(CouponStream.Of(code)).Status);
        Assert.Equal("already-used", Assert.Single(book.State(PaymentOffersStream.Of("t1")).Returned!).Kept);
    }

    /// <summary>A till holds the coupon while a part goes back; with the rest it is asked for again.</summary>
    [Fact]
    public void A_coupon_that_was_held_when_a_part_went_back_is_lost_with_the_rest()
    {
        var book = Given(new OfferRule("r1", "spring", new(50_00)));
        var code = When(book, Pay("t1", 100_00)).Offers[0].Code!;
        var held = book.Run(Ledger.Coupons.Redemptions.TillOperations.Hold(InMemoryBook.Request("hold", s_now), code, new(200_00), 60, s_now, "s1", "t1", null));
        Assert.Null(held.Refusal);
        Then(book, Back("t1", "r1", 60_00));
        Assert.Equal(new ReturnedOffer(code, "already-held"), Assert.Single(book.State(PaymentOffersStream.Of("t1")).Returned!));
        var entries = book.Entries.Count;
        Then(book, Back("t1", "r2", 1_00));
        Assert.Equal(entries + 1, book.Entries.Count);
        Assert.Null(book.Run(Ledger.Coupons.Redemptions.TillOperations.Release(InMemoryBook.Request("release", s_now), book.State(CouponStream.Of(code)).Hold!.Id)).Refusal);
        Then(book, Back("t1", "r3", 39_00));
        Assert.Equal(CouponStatus.Deactivated, book.State(CouponStream.Of(code)).Status);
        Assert.Equal(new ReturnedOffer(code, null), Assert.Single(book.State(PaymentOffersStream.Of("t1")).Returned!));
    }

    [Fact]
    public void Exploit_offer_the_coupon_as_a_gift_then_refund_loses_it_all_the_same()
    {
        var book = Given(new OfferRule("r1", "spring", new(1)));
        var code = When(book, Pay("t1", 100_00)).Offers[0].Code!;
        var gift = CouponGift.IdOf(code, "give", [1]);
        Assert.Null(book.Run(GiftOperations.Offer(InMemoryBook.Request("give", s_now), code, gift, null, Duration.FromDays(7))).Refusal);
        Then(book, Back("t1", "r1", 100_00));
        var coupon = book.State(CouponStream.Of(code));
        Assert.Equal((CouponStatus.Deactivated, GiftStatus.Cancelled), (coupon.Status, coupon.Gift!.Status));
        Assert.Equal(new ReturnedOffer(code, null), Assert.Single(book.State(PaymentOffersStream.Of("t1")).Returned!));
        Assert.NotNull(book.Run(GiftOperations.Accept(InMemoryBook.Request("take", s_now), gift, "m-2")).Refusal);
    }

    /// <summary>The two policies follow the book each at its own pace.</summary>
    [Fact]
    public void What_went_back_before_its_offer_was_made_brings_nothing()
    {
        var book = Given(new OfferRule("r1", "spring", new(1)));
        Assert.Null(book.Run(Pay("t1", 100_00)).Refusal);
        var paid = book.Entries[^1].Fact;
        Then(book, Back("t1", "r1", 100_00));
        var before = book.Entries.Count;
        Follow(book, PaymentOffersPolicy.Offer, paid, EntryId(book, paid));
        Assert.Equal(before, book.Entries.Count);
    }

    /// <summary>Random histories, every interleaving of the two policies: a payment that stands has its coupon, one that is gone has none to use.</summary>
    [Fact]
    public void In_whatever_order_policies_look_coupons_end_where_their_payments_do()
    {
        for (var seed = 1; seed <= 60; seed++)
        {
            var (random, book, waiting) = (new Random(seed), Given(new OfferRule("r1", "spring", new(1))), new Dictionary<Policy, Queue<(object Fact, Guid Id)>>
            {
                [PaymentOffersPolicy.Offer] = [],
                [PaymentOffersPolicy.Return] = [],
            });
            for (var step = 0; step < 60 || waiting.Values.Any(queue => queue.Count > 0); step++)
            {
                if (step < 60 && random.Next(2) == 0)
                {
                    var (trade, before) = ($"t{random.Next(12)}", book.Entries.Count);
                    book.Run((random.Next(3) == 0 ? Pay(trade, 10) : Back(trade, $"r{random.Next(4)}", random.Next(1, 11))) is var ask ? ask with { Request = ask.Request with { Key = $"{seed}/{step}" } } : null!);
                    foreach (var entry in book.Entries.Skip(before)) waiting[entry.Fact is PaymentEvent.PaymentReceived ? PaymentOffersPolicy.Offer : PaymentOffersPolicy.Return].Enqueue((entry.Fact, Guid.NewGuid()));
                }
                else if (waiting.Where(pair => pair.Value.Count > 0).ToList() is { Count: > 0 } some)
                {
                    var (policy, queue) = some[random.Next(some.Count)];
                    var (fact, id) = queue.Dequeue();
                    for (var times = random.Next(1, 3); times > 0; times--) Follow(book, policy, fact, id);
                }
            }

            foreach (var paid in book.Entries.Select(entry => entry.Fact).OfType<PaymentEvent.PaymentReceived>())
            {
                var (left, offers) = (book.State(PaymentStream.Of(paid.Trade)).Left, book.State(PaymentOffersStream.Of(paid.Trade)));
                var codes = offers.Offers.Select(offer => offer.Code!).ToList();
                if (left > Money.Zero) Assert.Equal(CouponStatus.Issued, book.State(CouponStream.Of(Assert.Single(codes))).Status);
                else Assert.All(codes, code => Assert.Equal(CouponStatus.Deactivated, book.State(CouponStream.Of(code)).Status));
            }
        }
    }

    [Fact]
    public void A_providers_book_follows_what_merchants_say_and_never_goes_back()
    {
        var book = new InMemoryBook();
        var (gained, lost) = (new MerchantEvent.ProviderAuthorised("isv", s_now), new MerchantEvent.ProviderRevoked("isv", s_now));
        Follow(book, AgencyPolicy.Merchants, lost, Guid.NewGuid(), seq: 9);
        Follow(book, AgencyPolicy.Merchants, gained, Guid.NewGuid(), seq: 7);
        Assert.False(book.State(ClientStream.Of("book")).IsServed);
        Follow(book, AgencyPolicy.Merchants, gained, Guid.NewGuid(), seq: 12);
        Assert.Equal(new Client(true, s_now, 12), book.State(ClientStream.Of("book")));
    }

    [Fact]
    public void Every_policy_has_a_name_of_its_own_and_a_key_that_no_caller_can_send()
    {
        Assert.Distinct(Policy.All.Select(policy => policy.Name), StringComparer.Ordinal);
        Assert.All(Policy.All, policy =>
        {
            Assert.Matches("^[a-z]+(-[a-z]+)*$", policy.Name);
            Assert.NotEmpty(policy.Follows);
            Assert.All(policy.Follows, type => Assert.Contains(type, Catalogue.ByRecord.Keys));
            Assert.False(Ledger.Api.Headers.IsKey(policy.KeyOf(Guid.NewGuid())));
        });
    }

    private static InMemoryBook Given(params OfferRule[] rules)
    {
        var (book, number) = (new InMemoryBook(), 0);
        var terms = new CouponTerms(
            new Benefit.FixedAmount(new(20_00)), new(100_00), "Asia/Shanghai", new(s_now - Duration.FromDays(9), s_now + Duration.FromDays(9)), [], [], new())
        {
            IsTransferable = true,
        };
        foreach (var campaign in new[] { "spring", "autumn" })
        {
            Do(CouponOperations.Draft(Ask(), campaign, new(campaign, 100, s_now - Duration.FromDays(9), s_now + Duration.FromDays(9)), terms));
            Do(CouponOperations.Change(Ask(), campaign, new CampaignCommand.SubmitCampaign()));
            Do(CouponOperations.Change(Ask(), campaign, new CampaignCommand.ApproveCampaign()));
        }

        foreach (var rule in rules) Do(PaymentOffersPolicy.SetRule(Ask(), rule));
        return book;

        void Do(Operation operation) => Assert.Null(book.Run(operation).Refusal);
        Request Ask() => InMemoryBook.Request($"given-{number++}", s_now);
    }

    /// <summary>The payment, then the policy of offers.</summary>
    private static PaymentOffers When(InMemoryBook book, Operation payment)
    {
        Assert.Null(book.Run(payment).Refusal);
        var paid = (PaymentEvent.PaymentReceived)book.Entries[^1].Fact;
        Follow(book, PaymentOffersPolicy.Offer, paid, EntryId(book, paid));
        return book.State(PaymentOffersStream.Of(paid.Trade));
    }

    /// <summary>The refund, then the policy of returns.</summary>
    private static void Then(InMemoryBook book, Operation refund)
    {
        Assert.Null(book.Run(refund).Refusal);
        Follow(book, PaymentOffersPolicy.Return, book.Entries[^1].Fact, EntryId(book, book.Entries[^1].Fact));
    }

    private static Guid EntryId(InMemoryBook book, object fact) => new(book.Entries.FindIndex(entry => ReferenceEquals(entry.Fact, fact)), 0, 0, new byte[8]);

    private static void Follow(InMemoryBook book, Policy policy, object fact, Guid id, long seq = 1)
    {
        var turn = new PolicyTurn(policy, "book", "stream", seq, id, null, fact, s_now, Ledger.Postgres.FreshCodes.Next);
        if (policy.Decide(turn) is { } operation) Assert.Null(book.Run(operation).Refusal);
    }

    private static Operation Pay(string trade, long amount, Portal? portal = Portal.Scan, string? member = "m-1") => PaymentOperations.Receive(
        InMemoryBook.Request($"pay-{trade}", s_now), trade,
        new(new(amount), "balance", [], portal is { } at ? new(at) : null, member, null, "s1", null, null), s_now, s_day);

    private static Operation Back(string trade, string number, long amount) =>
        PaymentOperations.Refund(InMemoryBook.Request($"back-{trade}-{number}", s_now), trade, number, new Money(amount), [], null, s_now, s_day);
}
