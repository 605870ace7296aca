using Ledger.Coupons.Budgets;
using Ledger.Pools;
using Npgsql;
using Xunit;

namespace Ledger.Tests.Proof;

/// <summary>kill -9 of the service between two books: the next start carries the slice on, and nobody has to ask.</summary>
public sealed class SliceCrashTests(LedgerDatabase database) : IClassFixture<LedgerDatabase>
{
    private static readonly string Terms = Shop.Terms[..^1] + ""","funding":{"shares":[{"party":"platform","basisPoints":10000}],"onExhaustion":"stop"},"budgets":["platform"]}""";

    private static int opened;

    [Fact]
    public async Task A_slice_whose_pool_was_debited_and_whose_merchant_heard_nothing_arrives_after_the_restart()
    {
        var (service, shop, pool) = await StartAsync();
        await using (service)
        {
            await using var merchant = await BookLock.TakeAsync(database, shop.Id);
            var asked = TryAsync(() => GrantAsync(service.Client, shop, pool));
            await UntilAsync(() => CountAsync(pool, "slice_granted"), 1);
            await service.KillAsync();
            Assert.Null(await asked);
            await merchant.LetGoAsync();
            Assert.Equal((7_00, 0), await SumsAsync(pool, shop));
        }

        await AgreeAfterRestartAsync(shop, pool, 7_00);
        Assert.Equal((1, 1), (await CountAsync(shop.Id, "slice_received"), await CountAsync(pool, "slice_arrived")));
    }

    [Fact]
    public async Task A_slice_that_the_merchant_received_and_the_pool_does_not_know_of_is_settled_after_the_restart()
    {
        var (service, shop, pool) = await StartAsync();
        await using (service)
        {
            var merchant = await BookLock.TakeAsync(database, shop.Id);
            var asked = TryAsync(() => GrantAsync(service.Client, shop, pool));
            await UntilAsync(() => CountAsync(pool, "slice_granted"), 1);
            await using var bank = await BookLock.TakeAsync(database, pool);
            await merchant.DisposeAsync();
            await UntilAsync(() => CountAsync(shop.Id, "slice_received"), 1);
            await service.KillAsync();
            Assert.Null(await asked);
            await bank.LetGoAsync();
            Assert.Equal(0, await CountAsync(pool, "slice_arrived"));
        }

        await AgreeAfterRestartAsync(shop, pool, 7_00);
    }

    [Fact]
    public async Task A_rest_that_the_merchants_book_gave_up_is_credited_to_the_pool_after_the_restart()
    {
        var (service, shop, pool) = await StartAsync();
        await using (service)
        {
            var slice = Shop.Expect(201, await GrantAsync(service.Client, shop, pool)).Said("slice");
            Shop.Expect(201, await shop.RedeemAsync(await shop.IssueAsync("spring")));
            var merchant = await BookLock.TakeAsync(database, shop.Id);
            var asked = TryAsync(() => service.Client.PostAsync($"/v1/pools/{pool}/slices/{slice}/return", null, Platform));
            // The return first makes sure that the slice arrived, which writes nothing; it then waits for the merchant's book.
            await UntilAsync(() => database.Source.AskAsync<long>("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"), 1);
            await using var bank = await BookLock.TakeAsync(database, pool);
            await merchant.DisposeAsync();
            await UntilAsync(() => CountAsync(shop.Id, "slice_rest_returned"), 1);
            await service.KillAsync();
            Assert.Null(await asked);
            await bank.LetGoAsync();
            Assert.Equal((7_00, 5_00), await SumsAsync(pool, shop));
        }

        await AgreeAfterRestartAsync(shop, pool, 5_00);
        Assert.Equal(5_00, await database.Source.AskAsync<long>("select value from ledger.tallies where tenant_id = $1 and key = $2", shop.Id, MoneyBudgets.Spent("spring", "platform")));
    }

    private string Platform { get; set; } = "";

    /// <summary>A merchant with a campaign that the platform pays for, and a pool with 10.00.</summary>
    private async Task<(LedgerProcess Service, Shop Shop, string Pool)> StartAsync()
    {
        var service = await LedgerProcess.StartAsync(database.ConnectionString);
        Platform = await database.Source.PlatformKeyAsync();
        var shop = await Shop.OpenAsync(service.Client, Platform);
        await shop.CampaignAsync("spring", terms: Terms);
        var pool = FormattableString.Invariant($"crash-pool-{Interlocked.Increment(ref opened)}");
        Shop.Expect(201, await service.Client.PostAsync("/v1/merchants", new { id = pool, name = "Platform" }, Platform));
        Shop.Expect(201, await service.Client.PostAsync("/v1/pools", new { id = pool }, Platform));
        Shop.Expect(201, await service.Client.PostAsync($"/v1/pools/{pool}/deposits", new { amount = 10_00 }, Platform));
        return (service, shop, pool);
    }

    private Task<Answer> GrantAsync(LedgerClient client, Shop shop, string pool) =>
        client.PostAsync($"/v1/pools/{pool}/slices", new { merchant = shop.Id, campaign = "spring", amount = 7_00 }, Platform);

    private async Task AgreeAfterRestartAsync(Shop shop, string pool, long granted)
    {
        await using var service = await LedgerProcess.StartAsync(database.ConnectionString);
        await UntilAsync(async () => await SumsAsync(pool, shop) == (granted, granted)
            && await database.Source.AskAsync<long>("select count(*) from ledger.mt_streams where tenant_id = $1 and state::jsonb ->> 'status' = 'InFlight'", pool) == 0 ? 1 : 0, 1);
        Assert.Equal("received", Shop.Expect(200, await service.Client.GetAsync($"/v1/pools/{pool}/slices", Platform))["data"][0].GetProperty("status").GetString());
        await Books.AssertSoundAsync(database.Source);
    }

    /// <summary>What the pool's book says is granted, and what the merchant's has of it.</summary>
    private async Task<(long Pool, long Merchant)> SumsAsync(string pool, Shop shop) =>
        (await TallyAsync(pool, PoolStreams.Granted(pool)), await TallyAsync(shop.Id, MoneyBudgets.Granted("spring")));

    private async Task<long> TallyAsync(string book, string key) =>
        await database.Source.AskAsync<long>("select coalesce((select value from ledger.tallies where tenant_id = $1 and key = $2), 0)", book, key);

    private Task<long> CountAsync(string book, string type) =>
        database.Source.AskAsync<long>("select count(*) from ledger.mt_events where tenant_id = $1 and type = $2", book, type);

    private static async Task UntilAsync(Func<Task<long>> count, long wanted)
    {
        for (var waited = 0; await count() < wanted; waited++)
        {
            Assert.True(waited < 1_200, "It does not come to pass.");
            await Task.Delay(50);
        }
    }

    private static async Task<Answer?> TryAsync(Func<Task<Answer>> ask)
    {
        try
        {
            return await ask();
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>Keeps a book's row, so that nothing is written to the book.</summary>
    private sealed class BookLock(NpgsqlConnection connection, NpgsqlTransaction transaction) : IAsyncDisposable
    {
        public static async Task<BookLock> TakeAsync(LedgerDatabase database, string book)
        {
            var connection = await database.Source.OpenConnectionAsync();
            var transaction = await connection.BeginTransactionAsync();
            await using var command = new NpgsqlCommand("select 1 from ledger.books where tenant_id = $1 for update", connection, transaction);
            command.Parameters.Add(new() { Value = book });
            Assert.Equal(1, await command.ExecuteScalarAsync());
            return new(connection, transaction);
        }

        /// <summary>Lets the book go after the killed service's own connections went: what they were about to write is lost with them.</summary>
        public async Task LetGoAsync()
        {
            await using (var command = new NpgsqlCommand(
                "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = current_database() and application_name = 'ledger-scribe'", connection, transaction))
                await command.ExecuteScalarAsync();
            await DisposeAsync();
        }

        public async ValueTask DisposeAsync()
        {
            await transaction.DisposeAsync();
            await connection.DisposeAsync();
        }
    }
}
