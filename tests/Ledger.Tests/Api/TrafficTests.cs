using Ledger.Tests.Proof;
using Xunit;

namespace Ledger.Tests.Api;

/// <summary>Exposure for visitors over HTTP: once a day, never below zero, expired by itself, and a statement that adds up.</summary>
public sealed class TrafficTests(LedgerApp app) : IClassFixture<LedgerApp>
{
    private const int Clients = 24;

    [Fact]
    public async Task Of_many_who_report_one_visitor_or_spend_the_same_credit_only_as_many_count_as_there_is()
    {
        var shop = await app.OpenShopAsync();
        var visits = await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => Task.Run(() => VisitAsync(shop, "v-1"))));
        Assert.All(visits, visit => Shop.Expect(201, visit));
        Assert.Equal(visits.Select(visit => visit.Said("date")).Distinct(StringComparer.Ordinal).Count(), visits.Count(visit => visit["isNew"].GetBoolean()));
        foreach (var n in Enumerable.Range(2, 9)) Shop.Expect(201, await VisitAsync(shop, $"v-{n}"));
        var balance = Shop.Expect(200, await shop.Client.GetAsync("/v1/traffic", shop.MerchantKey))["balance"].GetInt64();

        var spends = await Task.WhenAll(Enumerable.Range(0, Clients).Select(n => Task.Run(() => SpendAsync(shop, $"s-{n}", 4_000))));
        Assert.Equal(balance / 4_000, spends.Count(spend => spend.Status == 201));
        Assert.All(spends.Where(spend => spend.Status != 201), spend => Assert.Equal((422, "insufficient-exposure"), (spend.Status, spend.Problem)));
        Assert.Equal(balance % 4_000, Shop.Expect(200, await shop.Client.GetAsync("/v1/traffic", shop.MerchantKey))["balance"].GetInt64());
        await Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task The_statement_adds_up_as_json_and_as_csv_and_the_clock_takes_what_is_over()
    {
        var (shop, other) = (await app.OpenShopAsync(), await app.OpenShopAsync());
        var import = Shop.Expect(201, await shop.Client.PostAsync("/v1/keys", new { scope = "merchant", mayImport = true }, app.PlatformKey, null, ("Ledger-Merchant", shop.Id))).Said("secret");
        Shop.Expect(201, await shop.Client.PostAsync("/v1/traffic/visitors", """{"visitor":"v-1","businessTime":"2024-01-20T12:00:00+08:00"}""", import));
        for (var tries = 0; Shop.Expect(200, await shop.Client.GetAsync("/v1/traffic", shop.MerchantKey)) is var now; tries++)
        {
            Assert.Equal(0, now["balance"].GetInt64());
            if ((await StatementAsync(shop)).Contains("2024-02", StringComparison.Ordinal)) break;
            Assert.True(tries < 400, "the clock never took it");
            await Task.Delay(50);
        }

        var terms = Shop.Expect(201, await shop.Client.PostAsync($"/v1/merchants/{shop.Id}/traffic-terms", new { pvPerVisitor = 500, validDays = 7 }, app.PlatformKey));
        Assert.Equal(1, terms["version"].GetInt32());
        Assert.Equal(403, (await shop.Client.PostAsync($"/v1/merchants/{shop.Id}/traffic-terms", new { pvPerVisitor = 500, validDays = 7 }, shop.MerchantKey)).Status);
        Assert.Equal((404, "merchant-unknown"), await shop.Client.PostAsync("/v1/merchants/nobody/traffic-terms", new { pvPerVisitor = 1, validDays = 7 }, app.PlatformKey) is var none ? (none.Status, none.Problem) : default);
        Assert.Equal(500, Shop.Expect(201, await VisitAsync(shop, "v-1"))["pv"].GetInt64());
        var first = Shop.Expect(201, await SpendAsync(shop, "s-1", 200));
        Assert.Equal((300, first.Text), (first["left"].GetInt64(), Shop.Expect(201, await SpendAsync(shop, "s-1", 200)).Text));
        Assert.Equal((409, "exposure-spend-differs"), await SpendAsync(shop, "s-1", 201) is var differs ? (differs.Status, differs.Problem) : default);

        var lines = (await StatementAsync(shop)).Trim().Split('\n');
        Assert.Equal(["month,opening,earned,spent,expired,closing", "2024-01,0,3000,0,0,3000", "2024-02,3000,0,0,3000,0"], lines[..3]);
        Assert.EndsWith(",0,500,200,0,300", Assert.Single(lines[3..]), StringComparison.Ordinal);
        var months = Shop.Expect(200, await shop.Client.GetAsync("/v1/traffic/statement", shop.MerchantKey))["months"];
        Assert.Equal(("2024-02-01", 3_000, 300), (months[1].GetProperty("month").GetString(), months[1].GetProperty("expired").GetInt64(), months[2].GetProperty("closing").GetInt64()));
        Assert.Equal(400, (await shop.Client.GetAsync("/v1/traffic/statement?format=pdf", shop.MerchantKey)).Status);

        // Another merchant has its own.
        Assert.Equal((422, 0), await SpendAsync(other, "s-1", 1) is var poor ? (poor.Status, poor["available"].GetInt64()) : default);
        Assert.Equal(3_000, Shop.Expect(201, await VisitAsync(other, "v-1"))["pv"].GetInt64());
        await Books.AssertSoundAsync(app.Database);
    }

    private static Task<Answer> VisitAsync(Shop shop, string visitor) => shop.Client.PostAsync("/v1/traffic/visitors", new { visitor }, shop.TillKey);

    private static Task<Answer> SpendAsync(Shop shop, string spend, long pv) => shop.Client.PostAsync("/v1/traffic/spends", new { spend, placement = "banner", pv }, shop.MerchantKey);

    private static async Task<string> StatementAsync(Shop shop)
    {
        var answer = Shop.Expect(200, await shop.Client.GetAsync("/v1/traffic/statement?format=csv", shop.MerchantKey));
        Assert.Equal("text/csv", answer.MediaType);
        return answer.Text;
    }
}
