using System.Globalization;
using Ledger.Postgres;
using Ledger.Postgres.Local;
using Npgsql;
using Xunit;
using Xunit.Abstractions;

namespace Ledger.Tests.Proof;

/// <summary>
/// kill -9 of the service and of Postgres in the middle of load, by a seeded schedule. <c>LEDGER_CRASHES</c> says how often (default 6),
/// <c>LEDGER_SEED</c> repeats a schedule.
/// </summary>
public sealed class CrashTests(ITestOutputHelper output) : IAsyncLifetime
{
    private static readonly int Crashes = Setting("LEDGER_CRASHES", 6);
    private static readonly int Seed = Setting("LEDGER_SEED", 20260217);

    private readonly string folder = PostgresServer.NewFolder();
    private LocalPostgres postgres = null!;
    private NpgsqlDataSource database = null!;
    private LedgerProcess? service;

    public async Task InitializeAsync()
    {
        await StartPostgresAsync();
        await using var migrating = NpgsqlDataSource.Create(postgres.ConnectionString);
        await new Migrations(migrating).ApplyAsync();
    }

    public async Task DisposeAsync()
    {
        if (service is not null) await service.DisposeAsync();
        await database.DisposeAsync();
        await postgres.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Nothing_is_lost_or_done_twice_when_the_service_or_postgres_is_killed_under_load()
    {
        var random = new Random(Seed);
        service = await LedgerProcess.StartAsync(postgres.ConnectionString);
        var platform = await database.PlatformKeyAsync();
        var shops = new List<Shop>();
        for (var n = 0; n < 3; n++) shops.Add(await Shop.OpenAsync(service.Client, platform));
        var load = new Load(shops, Seed);
        for (var crash = 1; crash <= Crashes; crash++)
        {
            await load.PrepareAsync(service.Client);
            using var stop = new CancellationTokenSource();
            var running = load.RunAsync([service.Client], workers: 16, stop.Token);
            await Task.Delay(random.Next(50, 700));

            var victim = (Victim)random.Next(3);
            if (victim is Victim.Service or Victim.Both) await service.KillAsync();
            if (victim is Victim.Postgres or Victim.Both) await postgres.KillHardAsync();
            await stop.CancelAsync();
            await running;
            if (victim is Victim.Postgres or Victim.Both) await StartPostgresAsync();
            if (victim is Victim.Service or Victim.Both) await RestartServiceAsync();

            // After a crash of Postgres alone the service recovers by itself.
            await service.WaitUntilReadyAsync();
            await load.ResolveAsync(service.Client);
            await load.AssertBookAgreesAsync(database);
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Crashes} crashes (seed {Seed}): {load.Count} requests, {load.Acknowledged} carried out, {load.Unanswered} unanswered and resolved by their keys: {load.Summary}"));
    }

    [Fact]
    public async Task The_service_goes_on_by_itself_after_postgres_was_restarted()
    {
        service = await LedgerProcess.StartAsync(postgres.ConnectionString);
        var shop = await Shop.OpenAsync(service.Client, await database.PlatformKeyAsync());
        var load = new Load([shop], Seed);
        await load.PrepareAsync(service.Client);
        using var stop = new CancellationTokenSource();
        var running = load.RunAsync([service.Client], workers: 8, stop.Token);
        await Task.Delay(300);
        await postgres.DisposeAsync();
        await stop.CancelAsync();
        await running;
        var down = await service.Client.GetAsync("/v1/coupons/0000000000000", shop.TillKey);
        Assert.Equal((503, "database-unavailable"), (down.Status, down.Problem));

        await StartPostgresAsync();
        await load.ResolveAsync(service.Client);
        await load.AssertBookAgreesAsync(database);
        Assert.False(service.HasExited);
        await service.StopAsync();
    }

    private enum Victim
    {
        Service,
        Postgres,
        Both,
    }

    private async Task StartPostgresAsync()
    {
        if (database is not null) await database.DisposeAsync();
        // On the same folder the server comes back at the same address.
        postgres = await LocalPostgres.StartAsync(new() { DataDir = folder });
        database = NpgsqlDataSource.Create(postgres.ConnectionString);
    }

    private async Task RestartServiceAsync()
    {
        await service!.DisposeAsync();
        service = await LedgerProcess.StartAsync(postgres.ConnectionString);
    }

    private static int Setting(string name, int absent) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : absent;
}
