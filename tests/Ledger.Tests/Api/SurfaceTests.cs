using System.Text.Json;
using Ledger.Postgres.Readers;
using Ledger.Tests.Proof;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Ledger.Tests.Api;

/// <summary>Where coupons are issued, and what became of them by that.</summary>
public sealed class SurfaceTests(LedgerApp app) : IClassFixture<LedgerApp>
{
    [Fact]
    public async Task Coupons_are_counted_by_where_they_were_issued()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring");
        const string Scan = """{"portal":"scan","position":"nineGrid","owner":"platform"}""";
        var (used, plain) = (await IssueAsync(shop, Scan), await shop.IssueAsync("spring"));
        await IssueAsync(shop, Scan);
        var own = await IssueAsync(shop, """{"portal":"favourites","owner":"merchant"}""");
        Assert.Equal("scan", used["surface"].GetProperty("portal").GetString());
        Assert.Equal("nineGrid", Shop.Expect(200, await shop.Client.GetAsync($"/v1/coupons/{used.Said("code")}", shop.TillKey))["surface"].GetProperty("position").GetString());
        Assert.False(Shop.Expect(200, await shop.Client.GetAsync($"/v1/coupons/{plain}", shop.TillKey)).Json.TryGetProperty("surface", out _));

        var redeemed = Shop.Expect(201, await shop.RedeemAsync(used.Said("code")));
        Shop.Expect(200, await shop.Client.PostAsync($"/v1/redemptions/{redeemed.Said("redemptionId")}/void", null, shop.TillKey));
        Shop.Expect(201, await shop.RedeemAsync(used.Said("code")));
        Shop.Expect(201, await shop.RedeemAsync(plain));
        Shop.Expect(201, await shop.RedeemAsync(own.Said("code")));
        var waiting = await IssueAsync(shop, Scan, ""","confirmWithin":60""");
        Shop.Expect(200, await shop.Client.PostAsync($"/v1/coupons/{waiting.Said("code")}/cancel", null, shop.MerchantKey));

        var rows = await ReportAsync(shop);
        Assert.Equal(2, rows.Length);
        Assert.Equal(("favourites", 1, 1, 10_000, 1, 0), Read(rows[0]));
        Assert.Equal(("scan", 2, 1, 5_000, 2, 1), Read(rows[1]));
        Assert.Equal(("merchant", "platform", "nineGrid"), (rows[0].GetProperty("owner").GetString(), rows[1].GetProperty("owner").GetString(), rows[1].GetProperty("position").GetString()));
        var first = Shop.Expect(200, await shop.Client.GetAsync("/v1/reports/surfaces?limit=1", shop.MerchantKey));
        var rest = Shop.Expect(200, await shop.Client.GetAsync($"/v1/reports/surfaces?cursor={first.Said("nextCursor")}", shop.MerchantKey))["data"];
        Assert.Equal("scan", Assert.Single(rest.EnumerateArray()).GetProperty("portal").GetString());
        Assert.Empty(await ReportAsync(await app.OpenShopAsync()));
        await Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task A_batch_says_where_line_by_line_and_a_wrong_line_loses_itself_alone()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring");
        using var lines = LedgerClient.Lines(
            """{"campaign":"spring","member":"m-1","surface":{"portal":"lifeAccount"}}""",
            """{"campaign":"spring","member":"m-2","surface":{"portal":"elsewhere"}}""",
            """{"campaign":"spring","member":"m-3","surface":{"portal":"search","position":"search","owner":"merchant"}}""",
            """{"campaign":"spring","member":"m-4"}""");
        var answer = await shop.Client.SendAsync(HttpMethod.Post, "/v1/coupons/batch", lines, shop.MerchantKey, ("Idempotency-Key", LedgerClient.NewKey()));
        var said = answer.Text.Trim().Split('\n').Select(line => JsonSerializer.Deserialize<JsonElement>(line)).ToArray();
        Assert.Equal([201, 400, 400, 201], said.Select(line => line.GetProperty("status").GetInt32()));
        var wrong = said[1].GetProperty("problem").GetProperty("errors")[0];
        Assert.Equal("/surface/portal", wrong.GetProperty("pointer").GetString());
        foreach (var portal in new[] { "scan", "search", "friends", "paySuccess", "favourites", "lifeAccount", "cardPackage" })
            Assert.Contains(portal, wrong.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal("/surface/position", said[2].GetProperty("problem").GetProperty("errors")[0].GetProperty("pointer").GetString());
        Assert.Equal(("lifeAccount", 1, 0, 0, 0, 0), Read(Assert.Single(await ReportAsync(shop))));
        await Books.AssertSoundAsync(app.Database);
    }

    [Theory]
    [InlineData("/v1/coupons", """{"campaign":"spring","member":"m-1","surface":{"portal":"elsewhere"}}""")]
    [InlineData("/v1/members", """{"member":"m-1","consent":{"scopes":["points"],"textVersion":"v1","at":"2026-01-01T00:00:00Z"},"surface":{"portal":"elsewhere"}}""")]
    [InlineData("/v1/payments", """{"trade":"t","amount":2,"fundChannel":"balance","surface":{"portal":"elsewhere"}}""")]
    [InlineData("/v1/shares", """{"share":"n-1","campaign":"spring","surface":{"portal":"elsewhere"}}""")]
    [InlineData("/v1/traffic/visitors", """{"visitor":"v-1","surface":{"portal":"elsewhere"}}""")]
    public async Task A_wrong_portal_is_told_which_there_are(string path, string body)
    {
        var shop = await app.OpenShopAsync();
        var refused = await shop.Client.PostAsync(path, body, shop.MerchantKey);
        Assert.Equal((400, "/surface/portal"), (refused.Status, refused["errors"][0].GetProperty("pointer").GetString()));
        Assert.Contains("cardPackage", refused["errors"][0].GetProperty("detail").GetString(), StringComparison.Ordinal);
        var contradicts = await shop.Client.PostAsync(path, body.Replace("\"portal\":\"elsewhere\"", "\"portal\":\"scan\",\"position\":\"messages\",\"owner\":\"merchant\"", StringComparison.Ordinal), shop.MerchantKey);
        Assert.Equal((400, "/surface/position"), (contradicts.Status, contradicts["errors"][0].GetProperty("pointer").GetString()));
    }

    private static (string?, long, long, long, long, long) Read(JsonElement row) => (
        row.GetProperty("portal").GetString(), Number(row, "issued"), Number(row, "converted"), Number(row, "conversionBasisPoints"), Number(row, "redeemed"), Number(row, "voided"));

    private static long Number(JsonElement row, string name) => row.GetProperty(name).GetInt64();

    private static async Task<Answer> IssueAsync(Shop shop, string surface, string more = "") =>
        Shop.Expect(201, await shop.Client.PostAsync("/v1/coupons", $$"""{"campaign":"spring","member":"m-1","surface":{{surface}}{{more}}}""", shop.MerchantKey));

    private async Task<JsonElement[]> ReportAsync(Shop shop)
    {
        using (var follower = new ReadModelFollower(app.Database, new(), NullLogger<ReadModelFollower>.Instance)) await follower.CatchUpAsync();
        return [.. Shop.Expect(200, await shop.Client.GetAsync("/v1/reports/surfaces", shop.MerchantKey))["data"].EnumerateArray()];
    }
}
