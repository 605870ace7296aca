using System.Text.Json;
using Ledger.Coupons.Offline;
using Ledger.Postgres;
using Ledger.Postgres.Local;
using Ledger.Tests.Coupons.Offline;
using NodaTime;
using Npgsql;
using Xunit;

namespace Ledger.Tests.Proof;

/// <summary>kill -9 of the service in the middle of a till's synchronisation: the till repeats its batch until it is answered.</summary>
public sealed class OfflineCrashTests : IAsyncLifetime
{
    private const int Crashes = 4;
    private const int Records = 60;

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
    public async Task Every_record_is_taken_once_however_often_the_service_dies_under_the_batch()
    {
        var service = await LedgerProcess.StartAsync(postgres.ConnectionString);
        try
        {
            var shop = await Shop.OpenAsync(service.Client, await database.PlatformKeyAsync());
            // Of several campaigns: after a start their terms are read one by one, and no record may overtake another for it.
            string[] campaigns = ["spring", "summer", "autumn"];
            foreach (var campaign in campaigns) await shop.CampaignAsync(campaign, terms: Shop.Terms[..^1] + ""","offline":{"liability":"platform"}}""");
            Shop.Expect(200, await shop.Client.PostAsync("/v1/offline/limits", new { maxDiscount = 1_000, maxCount = 1_000, maxSum = 1_000_000 }, shop.MerchantKey));
            Shop.Expect(200, await shop.Client.PostAsync("/v1/offline-batches", null, shop.TillKey));
            var (till, delays) = (new TillSimulator(Shop.Store, Shop.Till), new Random(20260217));
            for (var crash = 1; crash <= Crashes; crash++)
            {
                shop = shop with { Client = service.Client };
                var sent = till.Records.Count;
                for (var n = 0; n < Records; n++) till.Grant(await shop.IssueAsync(campaigns[n * n % 7 % 3]), 42_00, n % 3 == 0 ? 7_00 : 5_00, SystemClock.Instance.GetCurrentInstant());
                var (key, body) = (LedgerClient.NewKey(), TillSimulator.Body(till.Records[sent..]));
                var first = TryAsync(service.Client, shop, body, key);
                // Somewhere between the first record and the last, as far as this machine's pace allows.
                await Task.Delay(delays.Next(0, 60));
                await service.KillAsync();
                var heard = await first;

                await service.DisposeAsync();
                service = await LedgerProcess.StartAsync(postgres.ConnectionString);
                var answer = Shop.Expect(200, await service.Client.PostAsync("/v1/offline-batches", body, shop.TillKey, key));
                Assert.True(till.Records.Count == answer["till"].GetProperty("sequence").GetInt64(), $"{answer}");
                Assert.All(answer["records"].EnumerateArray(), record => Assert.Equal("redeemed", record.GetProperty("result").GetProperty("outcome").GetString()));
                if (heard is { Status: 200 }) Assert.Equal(Results(heard), Results(answer), StringComparer.Ordinal);
            }

            Assert.Equal(Crashes * Records, await database.AskAsync<long>("select count(*) from ledger.mt_events where type = 'coupon_redeemed'"));
            Assert.Equal(0, await database.AskAsync<long>("select count(*) from ledger.mt_events where type = 'device_alarm_raised'"));
            var granted = till.Records.Sum(record => record.Discount.Minor);
            var redeemed = await database.AskAsync<long>("select sum((data -> 'discount')::bigint)::bigint from ledger.mt_events where type = 'coupon_redeemed'");
            Assert.Equal(granted, redeemed + await database.AskAsync<long>("select value from ledger.tallies where key = $1", OfflineLosses.BorneBy("merchant")));
            await Books.AssertSoundAsync(database);
        }
        finally
        {
            await service.DisposeAsync();
        }
    }

    private static IEnumerable<string> Results(Answer answer) => answer["records"].EnumerateArray().Select(record => record.GetProperty("result").GetRawText());

    private static async Task<Answer?> TryAsync(LedgerClient client, Shop shop, object body, string key)
    {
        try
        {
            return await client.PostAsync("/v1/offline-batches", body, shop.TillKey, key);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException or JsonException)
        {
            return null;
        }
    }
}
