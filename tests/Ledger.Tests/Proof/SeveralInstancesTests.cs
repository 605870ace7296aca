using System.Globalization;
using System.Text;
using Xunit;
using Xunit.Abstractions;

namespace Ledger.Tests.Proof;

/// <summary>The built service as processes: two on one database, and what only a real server shows.</summary>
public sealed class SeveralInstancesTests(LedgerDatabase database, ITestOutputHelper output) : IClassFixture<LedgerDatabase>
{
    [Fact]
    public async Task Two_processes_on_the_same_merchants_lose_nothing_and_do_nothing_twice()
    {
        await using var first = await LedgerProcess.StartAsync(database.ConnectionString);
        await using var second = await LedgerProcess.StartAsync(database.ConnectionString);
        var platform = await database.Source.PlatformKeyAsync();
        Shop[] shops = [await Shop.OpenAsync(first.Client, platform), await Shop.OpenAsync(first.Client, platform), await Shop.OpenAsync(first.Client, platform)];
        var load = new Load(shops, seed: 20260217);
        await load.PrepareAsync(second.Client);
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(4));
        await load.RunAsync([first.Client, second.Client], workers: 32, stop.Token);
        await load.ResolveAsync(second.Client);

        Assert.Equal(0, load.Unanswered);
        await load.AssertBookAgreesAsync(database.Source);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{load.Count} requests, {load.Acknowledged} carried out"));

        // Told to end, both end well: nothing was left half done.
        await first.StopAsync();
        await second.StopAsync();
    }

    [Fact]
    public async Task One_coupon_redeemed_over_two_processes_at_once_is_redeemed_once()
    {
        await using var first = await LedgerProcess.StartAsync(database.ConnectionString);
        await using var second = await LedgerProcess.StartAsync(database.ConnectionString);
        var shop = await Shop.OpenAsync(first.Client, await database.Source.PlatformKeyAsync());
        await shop.CampaignAsync("spring");
        for (var n = 0; n < 10; n++)
        {
            var code = await shop.IssueAsync("spring");
            var key = LedgerClient.NewKey();
            Shop[] both = [shop, shop with { Client = second.Client }];
            var answers = await Task.WhenAll(Enumerable.Range(0, 32).Select(client => both[client % 2].RedeemAsync(code, client < 8 ? key : null)));
            Assert.Single(answers.Where(answer => answer.Status == 201).Select(answer => answer.Said("redemptionId")).Distinct(StringComparer.Ordinal));
            Assert.All(answers.Where(answer => answer.Status != 201), answer => Assert.Equal("already-used", answer.Problem));
        }

        await Books.AssertSoundAsync(database.Source);
    }

    [Fact]
    public async Task A_key_revoked_over_one_process_is_refused_by_the_other_too_and_redeems_nothing_from_then_on()
    {
        await using var first = await LedgerProcess.StartAsync(database.ConnectionString);
        await using var second = await LedgerProcess.StartAsync(database.ConnectionString);
        var shop = await Shop.OpenAsync(first.Client, await database.Source.PlatformKeyAsync());
        await shop.CampaignAsync("spring");
        var made = Shop.Expect(201, await shop.Client.PostAsync("/v1/keys", new { scope = "till", store = Shop.Store, till = Shop.Till }, shop.MerchantKey));
        var here = shop with { TillKey = made.Said("secret") };
        var there = here with { Client = second.Client };
        foreach (var till in new[] { here, there }) Shop.Expect(201, await till.RedeemAsync(await shop.IssueAsync("spring")));
        Shop.Expect(200, await shop.Client.PostAsync($"/v1/keys/{made.Said("id")}/revoke", null, shop.MerchantKey));

        // The other process remembers the key for a while; what it redeems until then stands.
        var (code, redeemed) = (await shop.IssueAsync("spring"), 2);
        for (var answer = await there.RedeemAsync(code); answer.Problem != "not-authenticated"; answer = await there.RedeemAsync(code))
        {
            Shop.Expect(201, answer);
            Assert.True(++redeemed < 600, "The other process goes on taking the revoked key.");
            await Task.Delay(50);
            code = await shop.IssueAsync("spring");
        }

        for (var n = 0; n < 10; n++)
        {
            foreach (var till in new[] { here, there })
                Assert.Equal((401, "not-authenticated"), await till.RedeemAsync(code) is var refused ? (refused.Status, refused.Problem) : default);
        }

        Assert.Equal(redeemed, await database.Source.AskAsync<long>(
            "select count(*) from ledger.mt_events where tenant_id = $1 and type = 'coupon_redeemed' and headers ->> 'actor' = $2", shop.Id, made.Said("id")));
        Shop.Expect(201, await (shop with { Client = second.Client }).RedeemAsync(code));
        await Books.AssertSoundAsync(database.Source);
    }

    [Fact]
    public async Task A_batch_larger_than_any_body_limit_is_read_to_its_end()
    {
        await using var service = await LedgerProcess.StartAsync(database.ConnectionString);
        var shop = await Shop.OpenAsync(service.Client, await database.Source.PlatformKeyAsync());
        await shop.CampaignAsync("spring");

        // 40 MB in 640 lines: each padded with blanks to nearly the limit of a line.
        var line = Encoding.UTF8.GetBytes("""{"campaign":"spring","member":"m-1"}""".PadRight(Limits.MaxBody - 1) + "\n");
        using var body = new ByteArrayContent([.. Enumerable.Repeat(line, 640).SelectMany(bytes => bytes)]);
        body.Headers.ContentType = new("application/x-ndjson");
        var answer = Shop.Expect(200, await service.Client.SendAsync(HttpMethod.Post, "/v1/coupons/batch", body, shop.MerchantKey, ("Idempotency-Key", "large")));
        var lines = answer.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(640, lines.Length);
        Assert.All(lines, each => Assert.Contains("\"status\":201", each, StringComparison.Ordinal));
    }
}
