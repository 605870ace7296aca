using Xunit;

namespace Ledger.Tests.Api;

/// <summary>Addresses, methods, headers, query parameters and cursors that are not ours.</summary>
public sealed class AddressTests(LedgerApp app) : IClassFixture<LedgerApp>
{
    [Theory]
    [InlineData("GET", "/v1/nothing", 404, "no-such-route")]
    [InlineData("POST", "/v2/redemptions", 404, "no-such-route")]
    [InlineData("GET", "/v1/coupons/a/b/c", 404, "no-such-route")]
    [InlineData("GET", "/problems/no-such-problem", 404, "no-such-route")]
    [InlineData("DELETE", "/v1/coupons/0000000000000", 405, "method-not-allowed")]
    [InlineData("PUT", "/v1/campaigns", 405, "method-not-allowed")]
    [InlineData("GET", "/v1/redemptions", 405, "method-not-allowed")]
    [InlineData("PATCH", "/healthz/live", 405, "method-not-allowed")]
    public async Task An_address_or_method_that_is_not_ours_is_a_problem(string method, string path, int status, string problem)
    {
        var shop = await app.OpenShopAsync();
        var answer = await app.Client.SendAsync(new(method), path, null, shop.MerchantKey, ("Idempotency-Key", "k"));
        Assert.Equal((status, problem), (answer.Status, answer.Problem));
        Assert.Equal(answer.Said("requestId"), answer.Headers.GetValues("Request-Id").Single());
    }

    [Theory]
    [InlineData("/v1/campaigns?limit=0", "/limit")]
    [InlineData("/v1/campaigns?limit=1001", "/limit")]
    [InlineData("/v1/campaigns?limit=-1", "/limit")]
    [InlineData("/v1/campaigns?limit=ten", "/limit")]
    [InlineData("/v1/campaigns?limit=", "/limit")]
    [InlineData("/v1/campaigns?limit=1&limit=2", "/limit")]
    [InlineData("/v1/campaigns?limit=99999999999999999999", "/limit")]
    [InlineData("/v1/campaigns?Limit=1", "/Limit")]
    [InlineData("/v1/campaigns?cursor=%25%25", "/cursor")]
    [InlineData("/v1/campaigns?cursor=YWJ", "/cursor")]
    [InlineData("/v1/campaigns?cursor=AAAA", "/cursor")]
    [InlineData("/v1/campaigns?cursor=_-4=", "/cursor")]
    [InlineData("/v1/campaigns?page=2", "/page")]
    [InlineData("/v1/campaigns/spring?fields=all", "/fields")]
    [InlineData("/v1/merchant?x=1", "/x")]
    [InlineData("/v1/redemptions/0000000000000-1?x=1", "/x")]
    [InlineData("/v1/requests/key?x=1", "/x")]
    [InlineData("/v1/events?after=-1", "/after")]
    [InlineData("/v1/events?cursor=1", "/cursor")]
    [InlineData("/v1/reports/merchant?from=2026-01-01", "/from")]
    [InlineData("/v1/reports/days?from=2026-13-01", "/from")]
    [InlineData("/v1/reports/days?to=today", "/to")]
    [InlineData("/v1/reports/days?cursor=YWJj", "/cursor")]
    [InlineData("/v1/reports/days?cursor=MjAyNi0wMi0zMCA=", "/cursor")]
    [InlineData("/v1/members/m-1/wallet?limit=x", "/limit")]
    [InlineData("/v1/coupons/0000000000000?amount=0", "/amount")]
    [InlineData("/v1/coupons/0000000000000?amount=1.5", "/amount")]
    [InlineData("/v1/coupons/0000000000000?store=a/b", "/store")]
    [InlineData("/v1/coupons/0000000000000?store=a%0A", "/store")]
    [InlineData("/v1/coupons/0000000000000?businessTime=now", "/businessTime")]
    public async Task A_query_parameter_that_is_wrong_or_unknown_is_named(string path, string place)
    {
        var shop = await app.OpenShopAsync();
        var answer = await app.Client.GetAsync(path, shop.MerchantKey);
        Assert.True((answer.Status, answer.Problem) == (400, "malformed-request"), answer.ToString());
        Assert.Equal(place, answer["errors"][0].GetProperty("pointer").GetString());
    }

    [Fact]
    public async Task A_command_takes_no_query_parameters()
    {
        var shop = await app.OpenShopAsync();
        var before = await app.Database.TraceAsync();
        var answer = await app.Client.PostAsync("/v1/stores?dryRun=true", """{"id":"s-2","name":"Second"}""", shop.MerchantKey);
        Assert.Equal("/dryRun", answer["errors"][0].GetProperty("pointer").GetString());
        Assert.Equal(before, await app.Database.TraceAsync());
    }

    [Fact]
    public async Task A_command_needs_one_request_key_of_its_form()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring");
        var code = await shop.IssueAsync("spring");
        var before = await app.Database.TraceAsync();
        (string, string)[][] wrong =
        [
            [], [("Idempotency-Key", "")], [("Idempotency-Key", "two words")], [("Idempotency-Key", "钥匙")],
            [("Idempotency-Key", new('k', Limits.MaxRequestKey + 1))], [("Idempotency-Key", "a"), ("Idempotency-Key", "b")],
        ];
        foreach (var headers in wrong)
        {
            var answer = await app.Client.SendAsync(HttpMethod.Post, "/v1/redemptions", LedgerClient.Content(new { code, amount = 4200 }), shop.TillKey, headers);
            Assert.Equal((400, "idempotency-key-missing"), (answer.Status, answer.Problem));
        }

        Assert.Equal(before, await app.Database.TraceAsync());
        Shop.Expect(201, await shop.RedeemAsync(code, new('k', Limits.MaxRequestKey)));
    }

    [Theory]
    [InlineData("till-7-0042")]
    [InlineData("till/7/0042")]
    [InlineData("ends/")]
    public async Task A_slash_at_the_end_of_an_address_names_the_same_request(string key)
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring");
        var code = await shop.IssueAsync("spring");
        Shop.Expect(201, await shop.Client.PostAsync("/v1/redemptions", new { code, amount = 4200 }, shop.TillKey, key, ("Correlation-Id", key)));
        var path = Uri.EscapeDataString(key);
        Assert.Equal($"{code}-1", Shop.Expect(200, await shop.Client.GetAsync($"/v1/requests/{path}/", shop.TillKey)).Said("redemptionId"));
        Assert.NotEqual(0, Shop.Expect(200, await shop.Client.GetAsync($"/v1/chains/{path}/?limit=10", shop.MerchantKey))["data"].GetArrayLength());
    }

    [Theory]
    [InlineData("%20")]
    [InlineData("a%2Fb")]
    [InlineData("%E5%BA%97")]
    [InlineData("..%5C..")]
    [InlineData("'%3B%20drop%20table%20ledger.books%3B--")]
    [InlineData("-1")]
    [InlineData("0000000000000-99999999999")]
    [InlineData("0000000000000--1")]
    public async Task An_id_of_any_form_is_simply_not_found(string id)
    {
        var shop = await app.OpenShopAsync();
        var before = await app.Database.TraceAsync();
        Assert.Equal("campaign-unknown", (await app.Client.GetAsync($"/v1/campaigns/{id}", shop.MerchantKey)).Problem);
        Assert.Equal("campaign-unknown", (await app.Client.PostAsync($"/v1/campaigns/{id}/submit", null, shop.MerchantKey)).Problem);
        Assert.Equal("redemption-not-found", (await app.Client.GetAsync($"/v1/redemptions/{id}", shop.MerchantKey)).Problem);
        Assert.Equal("redemption-not-found", (await app.Client.PostAsync($"/v1/redemptions/{id}/void", null, shop.MerchantKey)).Problem);
        Assert.Equal("request-unknown", (await app.Client.GetAsync($"/v1/requests/{id}", shop.MerchantKey)).Problem);
        Assert.Equal("key-unknown", (await app.Client.PostAsync($"/v1/keys/{id}/revoke", null, shop.MerchantKey)).Problem);
        Assert.Equal("store-unknown", (await app.Client.PostAsync($"/v1/stores/{id}/tills", """{"id":"t"}""", shop.MerchantKey)).Problem);
        Assert.Equal(0, Shop.Expect(200, await app.Client.GetAsync($"/v1/members/{id}/wallet", shop.MerchantKey))["data"].GetArrayLength());
        Assert.Equal(before, await app.Database.TraceAsync());
    }
}
