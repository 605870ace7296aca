using System.Text.Json;
using Ledger.Points;
using NodaTime;
using Xunit;

namespace Ledger.Tests.Points;

/// <summary>What tests of points share: a programme, its members, and a book that runs requests about them.</summary>
internal static class PointsExamples
{
    public const string Club = "club";

    public static DateTimeZone Shanghai { get; } = DateTimeZoneProviders.Tzdb["Asia/Shanghai"];

    /// <summary>One point a yuan, rounded down per order; at once, for a year; a point is worth a fen.</summary>
    public static PointsTerms Terms { get; } = new(
        new(1, 100, IsPerLine: false, PointsRounding.Floor), ActivationDays: 0, new PointsExpiry.AfterMonths(12), new(new(1), 1), GraceDays: 30, Clawback.Arrears, MinimumSpend: 1,
        MaximumSpend: null, new(1_000, 1_500));

    public static Instant Day(int year, int month, int day, int hour = 12) => new LocalDateTime(year, month, day, hour, 0).InZoneStrictly(Shanghai).ToInstant();

    public static Asked At(Instant now, string member = "m-1") => new(Club, member, now, Shanghai);

    /// <summary>A lot of the merchant's that was earned then and is valid until the end of a day.</summary>
    public static Lot Lot(int id, long points, Instant earned, LocalDate last, Instant? active = null, string? order = null) => new(
        id, points, LotSource.Purchase, earned, PointsBooks.CohortOf(earned.InZone(Shanghai).Date), active ?? earned, Times.StartOfDay(last.PlusDays(1), Shanghai), "merchant", order);

    /// <summary>An account with these active and pending lots.</summary>
    public static PointsAccount Account(IReadOnlyList<Lot> lots, params IReadOnlyList<Lot> pending) =>
        PointsAccount.None with { Lots = lots, Pending = pending, Lifetime = lots.Total() + pending.Total(), Tier = lots.Total() + pending.Total(), LotsEver = lots.Count + pending.Count };

    public static IReadOnlyList<PointsEvent> Facts(PointsCommand command, PointsAccount state) =>
        Assert.IsType<Decision<PointsEvent>.Accepted>(PointsDecider.Decide(command, state)).Events;

    public static Rejection Refused(PointsCommand command, PointsAccount state) => Assert.IsType<Decision<PointsEvent>.Rejected>(PointsDecider.Decide(command, state)).Reason;

    public static PointsAccount After(this PointsAccount state, IEnumerable<PointsEvent> facts) => facts.Aggregate(state, PointsDecider.Evolve);

    public static IReadOnlyList<(int, long)> Parts(this PointsEvent fact) => [.. fact.Lots.Select(lot => (lot.Id, lot.Points))];

    public static PurchaseLine[] Lines(params (string Line, long Net)[] lines) => [.. lines.Select(line => new PurchaseLine(line.Line, new(line.Net)))];
}

/// <summary>A shop with a points programme, without a database.</summary>
internal sealed class PointsShop
{
    private int requests;

    public PointsShop(PointsTerms? terms = null, Instant? now = null)
    {
        Now = now ?? PointsExamples.Day(2026, 1, 31);
        Accepted(ProgramOperations.Open(Ask(), PointsExamples.Club, "Club", "Asia/Shanghai", terms ?? PointsExamples.Terms));
    }

    public InMemoryBook Book { get; } = new();

    public Instant Now { get; set; }

    public Request Ask() => InMemoryBook.Request(FormattableString.Invariant($"r-{++requests}"), Now);

    public JsonElement Accepted(Operation operation)
    {
        var (answer, refusal) = Book.Run(operation);
        Assert.True(refusal is null, $"{refusal}");
        return JsonSerializer.Deserialize<JsonElement>(answer);
    }

    public Rejection Refused(Operation operation)
    {
        var (answer, refusal) = Book.Run(operation);
        Assert.True(answer is null, "it was accepted");
        return refusal!;
    }

    public JsonElement Earn(string order, params (string Line, long Net)[] lines) =>
        Accepted(PointsOperations.Earn(Ask(), PointsExamples.Club, "m-1", order, PointsExamples.Lines(lines), "merchant", Now));

    public JsonElement Reverse(string order, params (string Line, long Net)[] lines) =>
        Accepted(PointsOperations.Reverse(Ask(), PointsExamples.Club, order, PointsExamples.Lines(lines), null));

    public JsonElement Spend(long points, string member = "m-1") => Accepted(SpendOperations.Spend(Ask(), PointsExamples.Club, member, points, null));

    public PointsAccount Account(string member = "m-1") => Book.State(PointsStreams.AccountOf(PointsExamples.Club, member));

    public long Tally(string account) => Book.Tallies.GetValueOrDefault(PointsBooks.Tally(PointsExamples.Club, account));
}
