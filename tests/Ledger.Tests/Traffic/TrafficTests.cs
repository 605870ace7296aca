using System.Text.Json;
using Ledger.Traffic;
using NodaTime;
using Xunit;
using static Ledger.Tests.Moments;
using static Ledger.Traffic.TrafficCommand;
using static Ledger.Traffic.TrafficEvent;

namespace Ledger.Tests.Traffic;

/// <summary>Exposure for visitors: earned once a day, spent the next to expire first, expired by the clock, and every month adds up.</summary>
public class TrafficTests
{
    private static readonly Spec<TrafficCommand, TrafficAccount, TrafficEvent> s_account = new(TrafficDecider.Decide, TrafficDecider.Evolve, TrafficAccount.None);
    private static readonly DateTimeZone s_zone = DateTimeZoneProviders.Tzdb["Asia/Shanghai"];
    private static readonly Instant s_noon = At("2026-02-17T12:00:00+08:00");
    private static readonly Instant s_end = At("2026-03-19T00:00:00+08:00");
    private static readonly VisitorAttributed s_first = new("v-1", null, 0, 3_000, Day("2026-02-17"), Day("2026-03-19"), s_end, s_noon, s_end);
    private static readonly VisitorAttributed s_next = new(
        "v-1", null, 0, 3_000, Day("2026-02-18"), Day("2026-03-20"), s_end + Duration.FromDays(1), s_noon + Duration.FromDays(1), s_end);

    [Fact]
    public void A_visitor_brings_three_thousand_page_views_for_thirty_days()
    {
        var book = new InMemoryBook();
        book.Run(Visit("k-1", "v-1", s_noon));
        Assert.Equal(s_first, Assert.Single(book.Entries).Fact);
    }

    [Fact]
    public void The_next_to_expire_is_spent_first()
    {
        s_account.Given(s_first, s_next).When(new ReadTrafficClock(s_noon)).ThenNothing();
        var spent = (Decision<TrafficEvent>.Accepted)TrafficDecider.Decide(new SpendExposure("s-1", 4_000, Day("2026-02-18"), s_noon), s_account.Given(s_first, s_next).State);
        var lots = new TrafficLot[] { new(s_end, Day("2026-03-19"), 3_000), new(s_end + Duration.FromDays(1), Day("2026-03-20"), 1_000) };
        Assert.Equal(new ExposureSpent("s-1", 4_000, lots, Day("2026-02-18"), s_noon, s_end + Duration.FromDays(1)), Assert.Single(spent.Events));
    }

    [Fact]
    public void No_more_is_spent_than_there_is()
    {
        s_account.Given(s_first).When(new SpendExposure("s-1", 3_001, Day("2026-02-17"), s_noon)).ThenRefused(new InsufficientExposure(3_001, 3_000));
        // What expired a moment before is not there, whether the clock has said so or not.
        s_account.Given(s_first).When(new SpendExposure("s-1", 1, Day("2026-03-19"), s_end)).ThenRefused(new InsufficientExposure(1, 0));
    }

    [Fact]
    public void The_clock_takes_what_is_left_on_the_first_day_after()
    {
        s_account.Given(s_first, s_next).When(new ReadTrafficClock(s_end - Tick)).ThenNothing();
        s_account.Given(s_first, s_next).When(new ReadTrafficClock(s_end)).Then(new ExposureExpired(3_000, Day("2026-03-19"), s_end, s_end + Duration.FromDays(1)));
        s_account.Given(s_first).When(new ReadTrafficClock(s_end)).Then(new ExposureExpired(3_000, Day("2026-03-19"), s_end, null));
    }

    [Fact]
    public void A_number_stands_for_one_placement()
    {
        var book = new InMemoryBook();
        book.Run(Visit("k-1", "v-1", s_noon));
        var (first, _) = book.Run(Spend("k-2", "s-1", 1_000, s_noon));
        Assert.Equal(first, book.Run(Spend("k-3", "s-1", 1_000, s_noon)).Answer);
        Assert.Equal(new ExposureSpendDiffers("s-1", "banner", 1_000), book.Run(Spend("k-4", "s-1", 1_001, s_noon)).Refusal);
        Assert.Equal(2_000, book.State(TrafficStreams.Account).Balance);
    }

    [Fact]
    public void New_terms_are_for_visitors_from_then_on()
    {
        var book = new InMemoryBook();
        book.Run(Visit("k-1", "v-1", s_noon));
        book.Run(TrafficOperations.Publish(InMemoryBook.Request("k-2", s_noon), 100, 1));
        book.Run(TrafficOperations.Publish(InMemoryBook.Request("k-3", s_noon), 100, 1));
        book.Run(Visit("k-4", "v-2", s_noon));
        Assert.Equal(new TrafficTerms(1, 100, 1), book.State(TrafficStreams.Terms));
        Assert.Equal([new(At("2026-02-18T00:00:00+08:00"), Day("2026-02-18"), 100), new(s_end, Day("2026-03-19"), 3_000)], book.State(TrafficStreams.Account).Lots);
    }

    /// <summary>Against a model that knows only which visitors came on which day, and what was spent.</summary>
    [Fact]
    public void Whatever_happens_the_balance_is_never_below_zero_and_every_month_adds_up()
    {
        var (refused, expired) = (0, 0L);
        for (var seed = 1; seed <= 60; seed++)
        {
            var (random, book, now, seen, earned, spent) = (new Random(seed), new InMemoryBook(), s_noon, new HashSet<(string, LocalDate)>(), 0L, 0L);
            for (var step = 0; step < 120; step++)
            {
                now += Duration.FromHours(random.Next(40));
                switch (random.Next(4))
                {
                    case 0:
                        var pv = random.Next(1, 9_000);
                        if (book.Run(Spend($"k{step}", $"s{step}", pv, now)).Refusal is null) spent += pv;
                        else refused++;
                        break;
                    case 1 when random.Next(3) == 0:
                        book.Run(TrafficOperations.ReadClock(InMemoryBook.Request($"k{step}", now)));
                        break;
                    default:
                        var visitor = $"v{random.Next(4)}";
                        var answer = JsonSerializer.Deserialize<JsonElement>(book.Run(Visit($"k{step}", visitor, now)).Answer);
                        var isNew = seen.Add((visitor, now.InZone(s_zone).Date));
                        Assert.Equal((isNew, isNew ? 3_000 : 0), (answer.GetProperty("isNew").GetBoolean(), answer.GetProperty("pv").GetInt64()));
                        earned += isNew ? 3_000 : 0;
                        break;
                }

                var account = book.State(TrafficStreams.Account);
                var months = TrafficStatement.Of(account).Months;
                Assert.All(account.Lots, lot => Assert.True(lot.Pv > 0));
                Assert.Equal(account.Lots.Count, account.Lots.DistinctBy(lot => lot.ExpiresAt).Count());
                Assert.Equal((earned, spent), (months.Sum(month => month.Earned), months.Sum(month => month.Spent)));
                Assert.Equal(earned - spent - months.Sum(month => month.Expired), account.Balance);
                Assert.Equal(account.Balance, months.Count == 0 ? 0 : months[^1].Closing);
                Assert.All(months.Zip(months.Skip(1)), pair => Assert.Equal(pair.First.Closing, pair.Second.Opening));
            }

            expired += TrafficStatement.Of(book.State(TrafficStreams.Account)).Months.Sum(month => month.Expired);
        }

        Assert.True(refused > 0 && expired > 0);
    }

    private static Operation Visit(string key, string visitor, Instant now) =>
        TrafficOperations.Attribute(InMemoryBook.Request(key, now), visitor, null, now, now.InZone(s_zone).Date, s_zone);

    private static Operation Spend(string key, string number, long pv, Instant now) =>
        TrafficOperations.Spend(InMemoryBook.Request(key, now), number, "banner", pv, now.InZone(s_zone).Date);
}
