using Ledger.Postgres.Readers;
using Ledger.Tests.Proof;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Ledger.Tests.Api;

/// <summary>Payments and refunds over HTTP, and the day's totals that follow them.</summary>
public sealed class PaymentTests(LedgerApp app) : IClassFixture<LedgerApp>
{
    [Fact]
    public async Task A_payment_does_not_take_the_place_of_the_rule_of_earning()
    {
        var shop = await app.OpenShopAsync();
        var answer = await PayAsync(shop, """{"trade":"earning","amount":1,"fundChannel":"balance","member":"m-1"}""");
        Assert.Equal((400, "malformed-request"), (answer.Status, answer.Problem));
        Shop.Expect(201, await PayAsync(shop, """{"trade":"earnings","amount":1,"fundChannel":"balance","member":"m-1"}"""));
        await Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task The_rule_of_earning_is_no_payment()
    {
        var shop = await app.OpenShopAsync();
        Shop.Expect(201, await shop.Client.PostAsync(
            "/v1/points-programs", """{"id":"club","name":"Club","terms":{"earning":{"points":1,"per":100},"expiry":{"kind":"endOfYear","yearsLater":2},"value":{"amount":1,"points":1}}}""", shop.MerchantKey));
        Shop.Expect(201, await shop.Client.PostAsync("/v1/payment-earning", new { program = "club" }, shop.MerchantKey));
        foreach (var path in (string[])["", "/offers"])
            Assert.Equal((404, "payment-unknown"), await shop.Client.GetAsync($"/v1/payments/earning{path}", shop.TillKey) is var shown ? (shown.Status, shown.Problem) : default);
        var refund = await shop.Client.PostAsync("/v1/payments/earning/refunds", new { refund = "r-1" }, shop.TillKey);
        Assert.Equal((404, "payment-unknown"), (refund.Status, refund.Problem));
    }

    [Fact]
    public async Task A_payment_is_booked_refunded_and_shown()
    {
        var shop = await app.OpenShopAsync();
        const string Body = """
            {"trade":"t-1","amount":12000,"fundChannel":"huabei","member":"m-1","order":"o-1","surface":{"portal":"scan","position":"nineGrid","owner":"platform"},
             "lines":[{"amount":9000,"quantity":2,"goods":"tea"},{"amount":3000}]}
            """;
        var paid = Shop.Expect(201, await PayAsync(shop, Body));
        Assert.Equal((Shop.Store, Shop.Till, "t-1"), (paid.Said("store"), paid.Said("till"), paid.Said("correlation")));
        Assert.Equal(paid.Text, Shop.Expect(201, await PayAsync(shop, Body)).Text);
        var other = await PayAsync(shop, Body.Replace("m-1", "m-2", StringComparison.Ordinal));
        Assert.Equal((409, "payment-differs", 12000), (other.Status, other.Problem, other["amount"].GetInt64()));

        var back = Shop.Expect(201, await shop.Client.PostAsync("/v1/payments/t-1/refunds", new { refund = "r-1", lines = new[] { new { line = 1 } } }, shop.TillKey));
        Assert.Equal((3000, 9000), (back["amount"].GetInt64(), back["left"].GetInt64()));
        Assert.Equal(back.Text, Shop.Expect(201, await shop.Client.PostAsync("/v1/payments/t-1/refunds", new { refund = "r-1", lines = new[] { new { line = 1 } } }, shop.TillKey)).Text);
        Assert.Equal("refund-differs", (await shop.Client.PostAsync("/v1/payments/t-1/refunds", new { refund = "r-1", amount = 1 }, shop.TillKey)).Problem);
        var much = await shop.Client.PostAsync("/v1/payments/t-1/refunds", new { refund = "r-2", amount = 9001 }, shop.TillKey);
        Assert.Equal((422, "refund-exceeds-paid", 9000), (much.Status, much.Problem, much["left"].GetInt64()));

        var shown = Shop.Expect(200, await shop.Client.GetAsync("/v1/payments/t-1", shop.TillKey));
        Assert.Equal((3000, 9000, "r-1"), (shown["refunded"].GetInt64(), shown["left"].GetInt64(), shown["refunds"][0].GetProperty("refund").GetString()));
        Assert.Equal(paid.Text, System.Text.Encoding.UTF8.GetString(CanonicalJson.Of(System.Text.Encoding.UTF8.GetBytes(shown["payment"].GetRawText()))));
        foreach (var entry in Shop.Expect(200, await shop.Client.GetAsync("/v1/events", shop.MerchantKey))["data"].EnumerateArray().Where(e => e.GetProperty("stream").GetString() == "payment-t-1"))
            Assert.Equal("t-1", entry.GetProperty("correlation").GetString());
        await Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task Another_merchants_payment_is_like_one_that_does_not_exist()
    {
        var (shop, other) = (await app.OpenShopAsync(), await app.OpenShopAsync());
        Shop.Expect(201, await PayAsync(shop, """{"trade":"t-1","amount":1,"fundChannel":"balance"}"""));
        Assert.Equal((404, "payment-unknown"), await other.Client.GetAsync("/v1/payments/t-1", other.TillKey) is var read ? (read.Status, read.Problem) : default);
        Assert.Equal("payment-unknown", (await other.Client.PostAsync("/v1/payments/t-1/refunds", new { refund = "r" }, other.TillKey)).Problem);
    }

    [Theory]
    [InlineData("""{"trade":"t","amount":2,"fundChannel":"balance","lines":[{"amount":1}]}""", "/amount")]
    [InlineData("""{"trade":"t","amount":2,"fundChannel":"balance","lines":[]}""", "/lines")]
    [InlineData("""{"trade":"t","amount":2,"fundChannel":"balance","surface":{"portal":"elsewhere"}}""", "/surface/portal")]
    [InlineData("""{"trade":"t","amount":2,"fundChannel":"balance","surface":{"portal":"scan","position":"messages","owner":"merchant"}}""", "/surface/position")]
    [InlineData("""{"trade":"a/b","amount":2,"fundChannel":"balance"}""", "/trade")]
    public async Task What_contradicts_itself_is_refused_with_its_place(string body, string place)
    {
        var shop = await app.OpenShopAsync();
        var refused = await PayAsync(shop, body);
        Assert.Equal((400, place), (refused.Status, refused["errors"][0].GetProperty("pointer").GetString()));
    }

    [Fact]
    public async Task The_days_totals_follow_and_the_audit_compares_them()
    {
        var shop = await app.OpenShopAsync();
        foreach (var n in new[] { 1, 2, 3 }) Shop.Expect(201, await PayAsync(shop, $$"""{"trade":"t-{{n}}","amount":{{n * 1000}},"fundChannel":"balance"}"""));
        Shop.Expect(201, await shop.Client.PostAsync("/v1/payments/t-3/refunds", new { refund = "r", amount = 500 }, shop.TillKey));
        using (var follower = new ReadModelFollower(app.Database, new(), NullLogger<ReadModelFollower>.Instance)) await follower.CatchUpAsync();
        var day = Assert.Single(Shop.Expect(200, await shop.Client.GetAsync("/v1/reports/payments", shop.MerchantKey))["data"].EnumerateArray());
        Assert.Equal((Shop.Store, 3, 6000, 1, 500), (
            day.GetProperty("store").GetString(), day.GetProperty("payments").GetInt64(), day.GetProperty("amount").GetInt64(), day.GetProperty("refunds").GetInt64(), day.GetProperty("refunded").GetInt64()));
        await Books.AssertSoundAsync(app.Database);
    }

    private static Task<Answer> PayAsync(Shop shop, string body) => shop.Client.PostAsync("/v1/payments", body, shop.TillKey);
}
