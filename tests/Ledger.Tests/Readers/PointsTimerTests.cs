using Ledger.Members;
using Ledger.Merchants;
using Ledger.Points;
using Ledger.Policies;
using Ledger.Postgres.Readers;
using Ledger.Tests.Points;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Npgsql;
using Xunit;

namespace Ledger.Tests.Readers;

/// <summary>What the clock does to points and tiers by itself: lots become active and expire, once, and tiers are reviewed at the end of their period.</summary>
public sealed class PointsTimerTests : IAsyncLifetime
{
    private const string Book = "m0";
    private static readonly DateTimeZone s_zone = DateTimeZoneProviders.Tzdb["Asia/Shanghai"];
    private ReadersDatabase server = null!;
    private NpgsqlDataSource database = null!;
    private LiveLedger ledger = null!;
    private int requests;

    public async Task InitializeAsync()
    {
        server = await ReadersDatabase.CreateAsync();
        database = server.Connect();
        ledger = await LiveLedger.StartAsync(server);
        await ledger.SubmitAsync(MerchantStream.Operation(Ask(), new MerchantCommand.RegisterMerchant("Tea house", "Asia/Shanghai", "CNY")));
        var terms = PointsExamples.Terms with { ActivationDays = 2, Expiry = new PointsExpiry.AfterMonths(1) };
        await ledger.SubmitAsync(ProgramOperations.Open(Ask(), PointsExamples.Club, "Club", "Asia/Shanghai", terms));
    }

    public async Task DisposeAsync()
    {
        await ledger.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task Lots_become_active_and_expire_by_the_clock_once_and_the_books_balance()
    {
        using var worker = new TimerWorker(database, ledger.SubmitAsync, ledger, NullLogger<TimerWorker>.Instance);
        using var other = new TimerWorker(database, ledger.SubmitAsync, ledger, NullLogger<TimerWorker>.Instance);
        for (var i = 0; i < 20; i++) await EarnAsync($"m-{i}", $"o-{i}", 100_00 + (i * 100));
        ledger.Now += Duration.FromDays(10);
        await Task.WhenAll(worker.FireAsync(), other.FireAsync());
        Assert.Equal((20, 0, 0, 2_190), (await CountAsync("points_activated"), await CountAsync("points_expired"), await TallyAsync("pending"), await TallyAsync("available")));

        // A second lot of each member lives two weeks longer; the first expires at the end of its day, wherever the clock is read.
        for (var i = 0; i < 20; i++) await EarnAsync($"m-{i}", $"p-{i}", 50_00);
        ledger.Now = EndOf(new(2026, 12, 10)) - Duration.FromMilliseconds(1);
        await worker.FireAsync();
        Assert.Equal(0, await CountAsync("points_expired"));
        ledger.Now = EndOf(new(2026, 12, 10)) + Duration.FromHours(7);
        await Task.WhenAll(worker.FireAsync(), other.FireAsync());
        await worker.FireAsync();
        Assert.Equal((20, 1_000, 2_190), (await CountAsync("points_expired"), await TallyAsync("available"), await TallyAsync("breakage")));
        Assert.Equal(20, await database.ScalarAsync<long>($"select count(*) from ledger.mt_events where type = 'points_expired' and (data ->> 'at')::timestamptz = '{EndOf(new(2026, 12, 10))}'"));

        ledger.Now += Duration.FromDays(60);
        await worker.FireAsync();
        Assert.Equal((40, 0, 3_190, -3_190), (await CountAsync("points_expired"), await TallyAsync("available"), await TallyAsync("breakage"), await TallyAsync("expense/merchant")));
        Assert.Equal(0, await database.ScalarAsync<long>("select sum(value)::bigint from ledger.tallies where key like 'points/%'"));
        Assert.Equal(0, await database.ScalarAsync<long>("select count(*) from ledger.timers"));
    }

    [Fact]
    public async Task A_tier_is_reviewed_when_its_period_is_over_and_once()
    {
        using var worker = new TimerWorker(database, ledger.SubmitAsync, ledger, NullLogger<TimerWorker>.Instance);
        await ledger.SubmitAsync(TierProgrammeStream.Publish(Ask(), [new("gold", "Gold", 100)], new(TierMeasure.Spend, 1)));
        await ledger.SubmitAsync(MemberStream.Join(Ask(), "m-1", new(["points"], "v1", ledger.Now), [], null, null, new(2026, 11, 10)));
        await ledger.SubmitAsync(MemberStream.GiveTier(Ask(), "m-1", "gold", ledger.Now, EndOf(new(2026, 11, 30)), null));
        ledger.Now = EndOf(new(2026, 11, 30)) - Duration.FromMilliseconds(1);
        Assert.Equal(0, await worker.FireAsync());
        ledger.Now += Duration.FromMilliseconds(1);
        Assert.Equal((1, 0), (await worker.FireAsync(), await worker.FireAsync()));
        Assert.Equal(1, await CountAsync("tier_ended"));
    }

    private Request Ask() => new(Book, $"points-{++requests}", new byte[32], "test", ledger.Now);

    private Task<Ledger.Postgres.Outcome> EarnAsync(string member, string order, long amount) => ledger.SubmitAsync(
        PointsOperations.Earn(Ask(), PointsExamples.Club, member, order, PointsExamples.Lines(("", amount)), "merchant", ledger.Now));

    private static Instant EndOf(LocalDate day) => Times.StartOfDay(day.PlusDays(1), s_zone);

    private Task<long> CountAsync(string type) => database.ScalarAsync<long>($"select count(*) from ledger.mt_events where type = '{type}'");

    private Task<long> TallyAsync(string account) => database.ScalarAsync<long>($"select coalesce(sum(value), 0)::bigint from ledger.tallies where key = 'points/club/{account}'");
}
