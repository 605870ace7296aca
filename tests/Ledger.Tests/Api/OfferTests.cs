using Ledger.Tests.Proof;
using Xunit;

namespace Ledger.Tests.Api;

/// <summary>The page of a successful payment over HTTP, and the chain that led to it and goes on.</summary>
public sealed class OfferTests(LedgerApp app) : IClassFixture<LedgerApp>
{
    [Fact]
    public async Task Scan_order_coupon_pay_and_what_follows_are_one_chain()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("welcome");
        await shop.CampaignAsync("thanks");
        Shop.Expect(201, await shop.Client.PostAsync("/v1/offer-rules", new { id = "r1", campaign = "thanks", minimumAmount = 1000, portals = new[] { "scan" }, perMember = 1 }, shop.MerchantKey));
        const string Order = "order/7";
        var code = Shop.Expect(201, await shop.Client.PostAsync("/v1/coupons", new { campaign = "welcome", member = "m-1", channel = "SCAN" }, shop.MerchantKey, null, ("Correlation-Id", Order))).Said("code");
        Shop.Expect(201, await shop.Client.PostAsync("/v1/redemptions", new { code, amount = 4200 }, shop.TillKey, null, ("Correlation-Id", Order)));
        Shop.Expect(201, await PayAsync(shop, "t-1", 3700, Order));
        var offers = await OffersAsync(shop, "t-1");
        var thanks = Assert.Single(offers["offers"].EnumerateArray()).GetProperty("code").GetString()!;
        Assert.Equal("effective", Shop.Expect(200, await shop.Client.GetAsync($"/v1/coupons/{thanks}", shop.TillKey)).Said("status"));

        var chain = Shop.Expect(200, await shop.Client.GetAsync($"/v1/chains/{Uri.EscapeDataString(Order)}", shop.MerchantKey))["data"].EnumerateArray().ToList();
        string[] types = [.. chain.Select(row => row.GetProperty("entry").GetProperty("type").GetString()!)];
        Assert.Equal(["coupon_issued", "coupon_redeemed", "payment_received", "coupon_issued", "offers_made"], types);
        var paid = chain[2].GetProperty("entry").GetProperty("entry").GetInt64();
        Assert.All(chain.Take(3), row => Assert.False(row.TryGetProperty("follows", out _)));
        Assert.All(chain.Skip(3), row => Assert.Equal(paid, row.GetProperty("follows").GetInt64()));
        Assert.Equal("PAY_SUCCESS", chain[3].GetProperty("entry").GetProperty("data").GetProperty("channel").GetString());

        // The member's second payment brings none, and says why.
        Shop.Expect(201, await PayAsync(shop, "t-2", 3700));
        Assert.Equal("offer-limit", Assert.Single((await OffersAsync(shop, "t-2"))["offers"].EnumerateArray()).GetProperty("refusal").GetString());

        Shop.Expect(201, await shop.Client.PostAsync("/v1/payments/t-1/refunds", new { refund = "r" }, shop.TillKey));
        await Readers.ReaderTesting.UntilAsync(async () => (await OffersAsync(shop, "t-1")).Json.TryGetProperty("returned", out _));
        Assert.Equal("deactivated", Shop.Expect(200, await shop.Client.GetAsync($"/v1/coupons/{thanks}", shop.TillKey)).Said("status"));
        Assert.Equal(8, Shop.Expect(200, await shop.Client.GetAsync($"/v1/chains/{Uri.EscapeDataString(Order)}", shop.MerchantKey))["data"].GetArrayLength());
        await Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task Rules_are_set_replaced_and_ended()
    {
        var shop = await app.OpenShopAsync();
        Assert.Equal("campaign-unknown", (await SetAsync(shop, new { id = "r1", campaign = "spring" })).Problem);
        await shop.CampaignAsync("spring");
        Shop.Expect(201, await SetAsync(shop, new { id = "r1", campaign = "spring", portals = new[] { "search", "scan", "scan" } }));
        var rules = Shop.Expect(201, await SetAsync(shop, new { id = "r1", campaign = "spring", minimumAmount = 5 }))["rules"];
        Assert.Equal(5, Assert.Single(rules.EnumerateArray()).GetProperty("minimumAmount").GetInt64());
        for (var n = 2; n <= Limits.MaxOfferRules; n++) Shop.Expect(201, await SetAsync(shop, new { id = $"r{n}", campaign = "spring" }));
        Assert.Equal("too-many-offer-rules", (await SetAsync(shop, new { id = "one-more", campaign = "spring" })).Problem);
        Shop.Expect(200, await shop.Client.PostAsync("/v1/offer-rules/r1/end", null, shop.MerchantKey));
        Assert.Equal(Limits.MaxOfferRules - 1, Shop.Expect(200, await shop.Client.GetAsync("/v1/offer-rules", shop.MerchantKey))["rules"].GetArrayLength());
        Assert.Equal("malformed-request", (await SetAsync(shop, new { id = "r1", campaign = "spring", portals = Array.Empty<string>() })).Problem);
    }

    [Fact]
    public async Task A_payment_without_rules_is_ready_with_nothing_and_a_stranger_sees_none()
    {
        var (shop, other) = (await app.OpenShopAsync(), await app.OpenShopAsync());
        Shop.Expect(201, await PayAsync(shop, "t-1", 1));
        Assert.Empty((await OffersAsync(shop, "t-1"))["offers"].EnumerateArray());
        Assert.Equal("payment-unknown", (await other.Client.GetAsync("/v1/payments/t-1/offers", other.TillKey)).Problem);
        Assert.Empty(Shop.Expect(200, await other.Client.GetAsync("/v1/chains/t-1", other.MerchantKey))["data"].EnumerateArray());
        Assert.Equal("malformed-request", (await shop.Client.GetAsync("/v1/payments/t-1/offers?wait=2001", shop.TillKey)).Problem);
    }

    [Fact]
    public async Task The_platform_sees_how_policies_stand_and_a_merchant_what_they_could_not_do()
    {
        var shop = await app.OpenShopAsync();
        await app.Database.ExecuteAsync(
            "insert into ledger.policy_outcomes values ($1, 'payment-offers', 3, 'refused', 'why', 1, now(), null), ($1, 'payment-offers', 4, 'failing', 'how', 2, now(), now() + interval '1 hour')", shop.Id);
        var status = Shop.Expect(200, await app.Client.GetAsync("/v1/policies", app.PlatformKey)).Json.EnumerateArray().Single(row => row.GetProperty("policy").GetString() == "payment-offers");
        Assert.Equal((1, 1), (status.GetProperty("refused").GetInt64(), status.GetProperty("failing").GetInt64()));
        var first = Shop.Expect(200, await shop.Client.GetAsync("/v1/policy-outcomes?limit=1", shop.MerchantKey));
        Assert.Equal(("refused", "why"), (first["data"][0].GetProperty("status").GetString(), first["data"][0].GetProperty("reason").GetString()));
        var next = Shop.Expect(200, await shop.Client.GetAsync($"/v1/policy-outcomes?limit=1&cursor={first.Said("nextCursor")}", shop.MerchantKey));
        Assert.Equal("failing", next["data"][0].GetProperty("status").GetString());
        Assert.Equal("not-permitted", (await app.Client.GetAsync("/v1/policies", shop.MerchantKey)).Problem);
        await app.Database.ExecuteAsync("delete from ledger.policy_outcomes where tenant_id = $1", shop.Id);
    }

    private static Task<Answer> SetAsync(Shop shop, object rule) => shop.Client.PostAsync("/v1/offer-rules", rule, shop.MerchantKey);

    private static Task<Answer> PayAsync(Shop shop, string trade, long amount, string? correlation = null) => shop.Client.PostAsync(
        "/v1/payments", new { trade, amount, fundChannel = "balance", member = "m-1", surface = new { portal = "scan" } }, shop.TillKey, null,
        correlation is null ? [] : [("Correlation-Id", correlation)]);

    /// <summary>As the page asks: it waits for what the policy makes of the payment.</summary>
    private static async Task<Answer> OffersAsync(Shop shop, string trade)
    {
        var offers = Shop.Expect(200, await shop.Client.GetAsync($"/v1/payments/{trade}/offers?wait=2000", shop.TillKey));
        await Readers.ReaderTesting.UntilAsync(async () =>
            (offers = Shop.Expect(200, await shop.Client.GetAsync($"/v1/payments/{trade}/offers?wait=2000", shop.TillKey))).Said("status") == "ready");
        return offers;
    }
}
