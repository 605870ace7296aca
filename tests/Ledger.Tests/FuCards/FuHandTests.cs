using Ledger.FuCards;
using Ledger.FuCards.Draws;
using NodaTime;
using Xunit;
using static Ledger.FuCards.FuHandCommand;
using static Ledger.FuCards.FuHandEvent;
using static Ledger.Tests.FuCards.FuExamples;

namespace Ledger.Tests.FuCards;

public class FuHandTests
{
    private static readonly FuRules s_rules = WithGrand(Rules());
    private static readonly Instant s_now = Opens + Duration.FromHours(1);
    private static readonly LocalDate s_today = new(2026, 2, 3);

    [Fact]
    public void B4_Wild()
    {
        var hand = Hand("1002", "1003", "1004", "1005", "wild");
        hand = Then(hand, new UseWild(Campaign, "u", s_rules, "1001", s_now));
        var ticket = Assert.IsType<FiveComposed>(Assert.Single(Facts(hand, new ComposeFive(Campaign, "u", s_rules, 6, s_now))));
        Assert.Equal(7, ticket.Ticket);
        hand = FuHandDecider.Evolve(hand, ticket);
        Assert.Empty(hand.Cards);
        Assert.Equal(new AlreadyComposed(7), Refusal(hand, new ComposeFive(Campaign, "u", s_rules, 7, s_now)));

        var poor = Hand("1001", "1001", "1001", "wild", "wild");
        Assert.Equal(new MissingTypes(3, ["1002", "1003", "1004", "1005"]), Refusal(poor, new ComposeFive(Campaign, "u", s_rules, 0, s_now)));
        Assert.Equal(new TypeAlreadyHeld("1001"), Refusal(poor, new UseWild(Campaign, "u", s_rules, "1001", s_now)));
        poor = Then(poor, new UseWild(Campaign, "u", s_rules, "1002", s_now));
        Assert.Equal(new NoWild(), Refusal(poor, new UseWild(Campaign, "u", s_rules, "1003", s_now)));
        Assert.Equal(new MissingTypes(3, ["1003", "1004", "1005"]), Refusal(poor, new ComposeFive(Campaign, "u", s_rules, 0, s_now)));
    }

    [Fact]
    public void B5_Odds_are_published()
    {
        var odds = FuOdds.Of(s_rules.Source("shops")!);
        Assert.Equal([240_000, 240_000, 240_000, 240_000, 40_000, 0, 0, 0], odds.PartsPerMillion);
    }

    [Fact]
    public void Invariant_3_A_card_in_escrow_is_neither_composed_nor_gifted_nor_consumed_and_comes_back_at_the_deadline()
    {
        var hand = Then(Hand("1001"), Offer("1001"));
        Assert.Equal(new CardInEscrow("1001"), Refusal(hand, Offer("1001")));
        Assert.Equal(new CardNotOwned("1002"), Refusal(hand, Offer("1002")));
        Assert.Equal(new MissingTypes(5, Five), Refusal(hand, new ComposeFive(Campaign, "u", s_rules, 0, s_now)));
        Assert.Equal(new SelfExchange(), Refusal(hand, new TakeGift(Campaign, "u", s_rules, 1, "u", s_now)));
        Assert.Equal(new ExchangeUnknown(2), Refusal(hand, new TakeGift(Campaign, "u", s_rules, 2, "v", s_now)));
        Assert.Equal(s_now + Duration.FromHours(24), hand.DueAt);
        var late = Then(Hand("1001"), Offer("1001") with { Now = s_rules.Timeline.Deadline - Duration.FromHours(1) });
        Assert.Equal(s_rules.Timeline.Deadline, late.DueAt);
        Assert.Empty(Facts(late, new ReturnDue(Campaign, "u", s_rules, s_rules.Timeline.Deadline - Duration.FromTicks(1))));
        var back = Then(late, new ReturnDue(Campaign, "u", s_rules, s_rules.Timeline.Deadline));
        Assert.Equal((1L, 0), (back.Count("1001"), back.Escrows.Count));
        Assert.Equal(new CardTaken(1), Refusal(back, new TakeGift(Campaign, "u", s_rules, 1, "v", s_now)));
    }

    [Fact]
    public void A_swap_that_is_half_accepted_when_the_campaign_closes_returns_both_cards()
    {
        var proposer = Then(Hand("1001"), Offer("1001", want: "1002"));
        var declined = Assert.Single(Facts(proposer, new LandCard(Campaign, "u", s_rules, "v", 1, "1002", FuWay.SwapAnswer, IsOpen: false, s_now)));
        Assert.Equal(new CardDeclined(Campaign, "u", "v", 1, "1002", s_now), declined);
        Assert.Equal(1, Then(Hand(), new LandCard(Campaign, "v", s_rules, "u", 1, "1002", FuWay.Back, IsOpen: false, s_now)).Count("1002"));
        Assert.Equal(1, Then(proposer, new ReturnDue(Campaign, "u", s_rules, s_rules.Timeline.Deadline)).Count("1001"));
    }

    [Fact]
    public void Draws_are_bounded_by_day_source_reference_and_merchant()
    {
        Assert.Equal(new DailyDrawLimit(200), Refusal(Hand() with { Day = new(s_today, [new("only-1001", 99), new("only-1002", 101)], 0, 0) }, Draw()));
        Assert.Equal(new SourceLimit("only-1001", 100), Refusal(Hand() with { Day = new(s_today, [new("only-1001", 100)], 0, 0) }, Draw()));
        Assert.Equal(new MerchantMismatch("shops", true), Refusal(Hand(), Draw() with { Source = "shops" }));
        Assert.Equal(new MerchantQuotaExhausted("m", false), Refusal(Hand(), Draw() with { Source = "shops", Stock = new("m", 0, 5, false) }));
        Assert.Equal(new MerchantQuotaExhausted("m", true), Refusal(Hand(), Draw() with { Source = "shops", Stock = new("m", 5, 0, false) }));
        Assert.Equal("m", Assert.IsType<CardDrawn>(Assert.Single(Facts(Hand(), Draw() with { Source = "shops", Stock = new("m", 5, 5, false) }))).Merchant);
        // The merchant's quota is reached, the campaign's other sources go on.
        Assert.Equal("1001", Assert.IsType<CardDrawn>(Assert.Single(Facts(Hand(), Draw()))).Type);
    }

    /// <summary>Each limit of a day is reached, and the next day begins anew. What was asked before midnight and arrives after it counts to the new day.</summary>
    [Fact]
    public void Limits_of_a_day_count_in_the_hand()
    {
        var rules = s_rules with { Limits = s_rules.Limits with { Draws = 3, Gifts = 2, Begs = 1 }, Sources = [.. s_rules.Sources.Select(source => source with { PerDay = 2 })] };
        var (tomorrow, hand) = (s_today.PlusDays(1), Hand("1001", "1001", "1001", "1001", "1001"));
        FuHandCommand At(FuHandCommand command, LocalDate date) => command switch
        {
            DrawCard c => c with { Rules = rules, Date = date },
            OfferCard c => c with { Rules = rules, Date = date },
            SendCard c => c with { Rules = rules, Date = date },
            var c => (BegCard)c with { Rules = rules, Date = date },
        };
        var (send, beg) = (new SendCard(Campaign, "u", rules, "v", 1, "1001", FuWay.Beg, s_today, s_now), new BegCard(Campaign, "u", rules, "1002", s_today, s_now));
        foreach (var date in (LocalDate[])[s_today, tomorrow])
        {
            for (var i = 0; i < 2; i++) hand = Then(hand, At(Draw(), date));
            Assert.Equal(new SourceLimit("only-1001", 2), Refusal(hand, At(Draw(), date)));
            hand = Then(hand, At(Draw() with { Source = "only-1002" }, date));
            Assert.Equal(new DailyDrawLimit(3), Refusal(hand, At(Draw() with { Source = "only-1003" }, date)));
            foreach (var give in (FuHandCommand[])[Offer("1001"), send]) hand = Then(hand with { Escrows = [] }, At(give, date));
            foreach (var give in (FuHandCommand[])[Offer("1001"), send]) Assert.Equal(new GiftLimit(2), Refusal(hand with { Escrows = [] }, At(give, date)));
            hand = Then(hand with { Begs = [] }, At(beg, date));
            Assert.Equal(new BegLimit(1), Refusal(hand, At(beg, date)));
        }

        Assert.Equal(new FuDay(tomorrow, [new("only-1001", 2), new("only-1002", 1)], 2, 1), hand.Day);
        Assert.Equal(new DailyDrawLimit(3), Refusal(hand, At(Draw(), s_today)));
        Assert.Equal((s_today, tomorrow), (Assert.IsType<CardDrawn>(Assert.Single(Facts(hand with { Day = new(tomorrow, [], 0, 0) }, At(Draw(), s_today)))).Date, hand.On(s_today).Date));
    }

    /// <summary>Hands of many users in many orders, cards that travel for any time, and not one is lost or doubled.</summary>
    [Fact]
    public void Invariants_1_to_3_Conservation_of_cards_one_ticket_of_exactly_one_each_and_escrow() => Assert.All(Enumerable.Range(1, 60), seed =>
    {
        var random = new Random(seed);
        var hands = Enumerable.Range(0, 6).ToDictionary(i => $"u{i}", _ => FuHand.None with { Status = FuHandStatus.Collecting }, StringComparer.Ordinal);
        var (travelling, tallies) = (new List<FuHandEvent>(), new Dictionary<string, long>(StringComparer.Ordinal));
        for (var step = 0; step < 300; step++)
        {
            var (user, other, type) = ($"u{random.Next(6)}", $"u{random.Next(6)}", s_rules.Types[random.Next(s_rules.Types.Count)].Code);
            var exchange = (long)random.Next(1, 8);
            if (travelling.Count > 0 && random.Next(3) == 0)
            {
                var card = travelling[random.Next(travelling.Count)];
                travelling.Remove(card);
                Run(card switch
                {
                    CardGifted e => new LandCard(Campaign, e.To, s_rules, e.User, e.Exchange, e.Type, e.Way, true, s_now),
                    CardSent e => new LandCard(Campaign, e.To, s_rules, e.User, e.Exchange, e.Type, e.Way, true, s_now),
                    var e => new LandCard(Campaign, ((CardDeclined)e).To, s_rules, ((CardDeclined)e).User, ((CardDeclined)e).Exchange, ((CardDeclined)e).Type, FuWay.Back, true, s_now),
                });
            }
            else
            {
                Run(random.Next(12) switch
                {
                    < 4 => Draw() with { User = user, Source = $"only-{type}", Seed = new byte[32] },
                    4 => Offer(type, random.Next(2) == 0 ? null : "1002") with { User = user },
                    5 => new TakeGift(Campaign, user, s_rules, exchange, other, s_now),
                    6 => new SendCard(Campaign, user, s_rules, other, exchange, type, random.Next(2) == 0 ? FuWay.SwapAnswer : FuWay.Beg, s_today, s_now),
                    7 => random.Next(2) == 0 ? new BegCard(Campaign, user, s_rules, type, s_today, s_now) : new CancelOffer(Campaign, user, s_rules, exchange, s_now),
                    10 => new CopyCard(Campaign, user, s_rules, other, type, hands[other].Count(type) > 0, s_now),
                    11 => random.Next(10) == 0 ? new DenyHand(Campaign, user, s_rules, "farm", s_now) : new AllowHand(Campaign, user, s_rules, s_now),
                    8 => new UseWild(Campaign, user, s_rules, type, s_now),
                    _ => random.Next(40) == 0 ? new CloseHand(Campaign, user, s_rules, true, s_now) : new ComposeFive(Campaign, user, s_rules, step, s_now),
                });
            }

            foreach (var each in s_rules.Types.Select(t => t.Code))
            {
                long Of(string fate) => tallies.GetValueOrDefault(FuTallies.Cards(Campaign, fate, each));
                Assert.Equal(Of("minted") + Of("received"), Of("owned") + Of("escrowed") + Of("sent") + Of("composed") + Of("consumed") + Of("lapsed"));
                Assert.Equal(hands.Values.Sum(hand => hand.Count(each)), Of("owned"));
                Assert.Equal(hands.Values.Sum(hand => hand.Escrows.Count(escrow => escrow.Type == each)), Of("escrowed"));
                Assert.All(hands.Values, hand => Assert.True(hand.Count(each) >= 0));
            }
        }

        // Composing consumed one of each of the five for each ticket, and nobody has two.
        var tickets = tallies.GetValueOrDefault(FuTallies.Tickets(Campaign));
        Assert.All(Five, type => Assert.Equal(tickets, tallies.GetValueOrDefault(FuTallies.Cards(Campaign, "composed", type))));
        Assert.Equal(tickets, hands.Values.Count(hand => hand.Ticket > 0));
        Assert.Equal(hands.Values.Count(hand => hand.Grand is not null), tallies.GetValueOrDefault(FuTallies.Cards(Campaign, "consumed", "grand")));

        void Run(FuHandCommand command)
        {
            if (FuHandDecider.Decide(command, hands[command.User]) is not Decision<FuHandEvent>.Accepted(var facts)) return;
            foreach (var fact in facts)
            {
                hands[command.User] = FuHandDecider.Evolve(hands[command.User], fact);
                foreach (var change in FuTallies.Of(fact)) tallies[change.Key] = tallies.GetValueOrDefault(change.Key) + change.Amount;
                if (fact is CardGifted or CardSent or CardDeclined) travelling.Add(fact);
            }
        }
    });

    [Fact]
    public void A_quota_goes_to_shards_to_the_last_card_and_no_further() => Assert.All((long[])[1, 3, 7, 100, 12_345], quota =>
    {
        var state = FuIssue.None;
        Run(new FuIssueCommand.OpenFuIssue(Campaign, "m", quota, null, 7, s_now));
        for (var i = 0; i < 300; i++) Run(new FuIssueCommand.GrantStock(Campaign, i % 7, 7, s_now));
        Assert.Equal(quota, state.Granted);

        void Run(FuIssueCommand command)
        {
            foreach (var fact in ((Decision<FuIssueEvent>.Accepted)FuIssueDecider.Decide(command, state)).Events) state = FuIssueDecider.Evolve(state, fact);
            Assert.InRange(state.Granted, 0, quota);
        }
    });

    [Fact]
    public void A_days_cap_is_split_exactly_and_the_odd_cards_move_from_shard_to_shard() => Assert.All(Enumerable.Range(1, 30), day =>
    {
        var parts = Enumerable.Range(0, 7).Select(shard => new FuBook("o", "c", shard, 7).PartOf(24, day)).ToList();
        Assert.Equal(24, parts.Sum());
        Assert.InRange(parts.Max() - parts.Min(), 0, 1);
    });

    [Fact]
    public void Invariant_5_The_sum_of_prizes_is_the_pot_each_between_minimum_and_cap()
    {
        var key = Enumerable.Range(0, PotKey.Bytes).Select(i => (byte)i).ToArray();
        foreach (var weight in Enum.GetValues<PotWeight>())
        {
            foreach (var tickets in (long[][])[[1], [3, 0, 2], [500, 1, 499], [0, 0], [20_000]])
            {
                var rules = new PotRules(10_000, 20, 5_000, weight);
                var (plan, amounts) = FuPot.Split(rules, key, tickets);
                Assert.Equal(FuPlan.RulesFor(rules, tickets.Sum()).Amount, amounts.Sum());
                var each = Enumerable.Range(1, (int)tickets.Sum()).Select(ticket => FuHandDecider.PrizeOf(plan, key, ticket)).ToList();
                Assert.Equal(amounts.Sum(), each.Sum());
                Assert.All(each, prize => Assert.InRange(prize, plan.Pot.Minimum, 5_000));
            }
        }

        Assert.Equal(new PotRules(5_000, 20, 5_000, PotWeight.Uniform), FuPlan.RulesFor(new(10_000, 20, 5_000, PotWeight.Uniform), 1));
        Assert.Equal(new PotRules(10_000, 10, 5_000, PotWeight.Uniform), FuPlan.RulesFor(new(10_000, 20, 5_000, PotWeight.Uniform), 1_000));
    }

    private static DrawCard Draw() => new(Campaign, "u", s_rules, new byte[32], "only-1001", "r", null, s_today, s_now);

    private static OfferCard Offer(string type, string? want = null) => new(Campaign, "u", s_rules, type, want, null, s_today, s_now);

    private static FuHand Hand(params string[] cards) => cards.Aggregate(FuHand.None with { Status = FuHandStatus.Collecting }, (hand, type) => hand.With(type, 1));

    private static IReadOnlyList<FuHandEvent> Facts(FuHand hand, FuHandCommand command) => Assert.IsType<Decision<FuHandEvent>.Accepted>(FuHandDecider.Decide(command, hand)).Events;

    private static FuHand Then(FuHand hand, FuHandCommand command) => Facts(hand, command).Aggregate(hand, FuHandDecider.Evolve);

    private static Rejection Refusal(FuHand hand, FuHandCommand command) => Assert.IsType<Decision<FuHandEvent>.Rejected>(FuHandDecider.Decide(command, hand)).Reason;
}
