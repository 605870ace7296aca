using System.Text.Json;
using Ledger.Postgres;
using Ledger.Postgres.Local;
using NodaTime;
using Npgsql;
using Xunit;

namespace Ledger.Tests.Proof;

/// <summary>kill -9 of the service at random between payments, refunds and what follows from them: nothing is lost, nothing is done twice.</summary>
public sealed class PolicyCrashTests : IAsyncLifetime
{
    private const int Payments = 40;
    private const string Club = """{"id":"club","name":"Club","terms":{"earning":{"points":1,"per":100},"expiry":{"kind":"endOfYear","yearsLater":2},"value":{"amount":1,"points":1}}}""";
    private static readonly int s_crashes = int.TryParse(Environment.GetEnvironmentVariable("LEDGER_CRASHES"), System.Globalization.CultureInfo.InvariantCulture, out var set) ? set : 5;

    private readonly string folder = PostgresServer.NewFolder();
    private LocalPostgres postgres = null!;
    private NpgsqlDataSource database = null!;

    public async Task InitializeAsync()
    {
        postgres = await LocalPostgres.StartAsync(new() { DataDir = folder });
        database = NpgsqlDataSource.Create(postgres.ConnectionString);
        await new Migrations(database).ApplyAsync();
    }

    public async Task DisposeAsync()
    {
        await database.DisposeAsync();
        await postgres.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Every_payment_has_its_coupon_and_its_points_once_and_every_refund_takes_them_back_once()
    {
        var (service, random) = (await LedgerProcess.StartAsync(postgres.ConnectionString), new Random(20260217));
        try
        {
            var platform = await database.PlatformKeyAsync();
            Shop[] shops = [await Shop.OpenAsync(service.Client, platform), await Shop.OpenAsync(service.Client, platform)];
            foreach (var shop in shops)
            {
                await shop.CampaignAsync("thanks");
                Shop.Expect(201, await shop.Client.PostAsync("/v1/offer-rules", new { id = "r1", campaign = "thanks", minimumAmount = 100 }, shop.MerchantKey));
                Shop.Expect(201, await shop.Client.PostAsync("/v1/points-programs", Club, shop.MerchantKey));
                Shop.Expect(201, await shop.Client.PostAsync("/v1/payment-earning", new { program = "club" }, shop.MerchantKey));
            }

            var sent = new List<(Shop Shop, string Trade, bool IsRefunded)>();
            for (var crash = 1; crash <= s_crashes; crash++)
            {
                var some = Enumerable.Range(0, Payments).Select(n => (Shop: shops[n % 2], Trade: $"t-{crash}-{n}", IsRefunded: n % 4 == 1)).ToList();
                sent.AddRange(some);
                var client = service.Client;
                var first = Task.WhenAll(some.Select(one => PayAsync(client, one)));
                await Task.Delay(random.Next(0, 250));
                await service.KillAsync();
                await first;

                await service.DisposeAsync();
                service = await LedgerProcess.StartAsync(postgres.ConnectionString);
                client = service.Client;
                var answered = await Task.WhenAll(some.Select(one => PayAsync(client, one)));
                Assert.All(some.Zip(answered), one => Assert.True(one.Second, $"{one.First.Trade} is not answered."));
            }

            await Parallel.ForEachAsync(sent, async (one, ended) =>
            {
                var (shop, trade, isRefunded) = one;
                var path = $"/v1/payments/{trade}/offers?wait=2000";
                var offers = Shop.Expect(200, await service.Client.GetAsync(path, shop.TillKey));
                await Readers.ReaderTesting.UntilAsync(async () =>
                {
                    offers = Shop.Expect(200, await service.Client.GetAsync(path, shop.TillKey));
                    return offers.Said("status") == "ready" && (!isRefunded || offers["offers"].GetArrayLength() == 0 || offers.Json.TryGetProperty("returned", out _));
                });
                if (!isRefunded) Assert.NotNull(Assert.Single(offers["offers"].EnumerateArray()).GetProperty("code").GetString());
            });

            await Readers.ReaderTesting.UntilAsync(async () => await database.AskAsync<long>(
                "select sum(-value)::bigint from ledger.tallies where key = 'points/club/expense/merchant'") == StandingPoints(sent)
                && await database.AskAsync<long>("select count(*) from ledger.mt_streams where type = 'points_purchase' and (state::jsonb -> 'lines') <> '[]'") == StandingPayments(sent));
            await AssertPointsAsync(sent);
            await AssertOnceAsync(sent.Count(one => !one.IsRefunded), sent.Count(one => one.IsRefunded));
            await Books.AssertSoundAsync(database);
        }
        finally
        {
            await service.DisposeAsync();
        }
    }

    /// <summary>A payment that stands has one coupon to use; one that went back has none, whichever policy came first.</summary>
    private async Task AssertOnceAsync(int standing, int gone)
    {
        Assert.Equal(standing + gone, await database.AskAsync<long>("select count(*) from ledger.mt_events where type = 'payment_received'"));
        Assert.Equal(gone, await database.AskAsync<long>("select count(*) from ledger.mt_events where type = 'payment_refunded'"));
        var made = await database.AskAsync<long>("select count(*) from ledger.mt_events where type = 'offers_made'");
        Assert.InRange(made, standing, standing + gone);
        Assert.Equal(made, await database.AskAsync<long>("select count(distinct (tenant_id, stream_id)) from ledger.mt_events where type = 'offers_made'"));
        Assert.Equal(made, await database.AskAsync<long>("select count(*) from ledger.mt_events where type = 'coupon_issued'"));
        Assert.Equal(made - standing, await database.AskAsync<long>("select count(*) from ledger.mt_events where type = 'coupon_deactivated'"));
        Assert.Equal(made, await database.AskAsync<long>("select sum(value)::bigint from ledger.tallies where key like 'offered/%'"));
        Assert.Equal(0, await database.AskAsync<long>("select count(*) from ledger.policy_outcomes"));
    }

    private static long StandingPayments(List<(Shop Shop, string Trade, bool IsRefunded)> sent) => sent.Count(one => !one.IsRefunded);

    private static long StandingPoints(List<(Shop Shop, string Trade, bool IsRefunded)> sent) => 50 * StandingPayments(sent);

    /// <summary>One purchase a payment at most, clawed back once where it went back; a member of each payment, so balances are of one payment.</summary>
    private async Task AssertPointsAsync(List<(Shop Shop, string Trade, bool IsRefunded)> sent)
    {
        var earned = await database.AskAsync<long>("select count(*) from ledger.mt_events where type = 'points_earned'");
        Assert.InRange(earned, StandingPayments(sent), sent.Count);
        Assert.Equal(earned, await database.AskAsync<long>("select count(distinct (tenant_id, stream_id)) from ledger.mt_events where type = 'points_purchase_recorded'"));
        Assert.Equal(earned - StandingPayments(sent), await database.AskAsync<long>("select count(*) from ledger.mt_events where type = 'earning_clawed_back'"));
        Assert.Equal(0, await database.AskAsync<long>("select sum(value)::bigint from ledger.tallies where key like 'points/%'"));
        Assert.Equal(StandingPoints(sent), await database.AskAsync<long>("select sum(value)::bigint from ledger.tallies where key = 'points/club/available'"));
    }

    private static async Task<bool> PayAsync(LedgerClient client, (Shop Shop, string Trade, bool IsRefunded) one)
    {
        try
        {
            var paid = await client.PostAsync("/v1/payments", new { trade = one.Trade, amount = 5000, fundChannel = "balance", member = $"m-{one.Trade}" }, one.Shop.TillKey, $"pay-{one.Trade}");
            if (paid.Status != 201) return false;
            return !one.IsRefunded || (await client.PostAsync($"/v1/payments/{one.Trade}/refunds", new { refund = "r-1" }, one.Shop.TillKey, $"back-{one.Trade}")).Status == 201;
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException or JsonException)
        {
            return false;
        }
    }
}
