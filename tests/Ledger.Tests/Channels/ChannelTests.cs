using System.Net.Http.Json;
using Ledger.Api;
using Ledger.Api.Channels;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Xunit;

namespace Ledger.Tests.Channels;

/// <summary>Two dialects over one book: what one channel does the other sees, and so does the ledger's own API.</summary>
public sealed class ChannelTests(LedgerApp app) : IClassFixture<LedgerApp>
{
    private const string Alipay = "/v1/channels/alipay/ordervoucher";
    private const string Wechat = "/v1/channels/wechat/busifavor";

    private const string Activity =
        """{"out_biz_no":"a-1","voucher_type":"FIX_VOUCHER","code_mode":"MERCHANT_API","quantity":100,"amount":"5.05","floor":"30.00","available_begin":"2020-01-01 00:00:00","available_end":"2190-01-01 00:00:00"}""";

    [Fact]
    public async Task An_activity_of_alipay_is_a_stock_of_wechat_and_a_campaign_of_the_ledger_with_equal_numbers()
    {
        var shop = await app.OpenShopAsync();
        var id = Shop.Expect(200, await PostAsync(shop, $"{Alipay}/activity", Activity)).Said("activity_id");
        Shop.Expect(200, await PostAsync(shop, $"{Alipay}/voucher/send", $$"""{"out_biz_no":"s-1","activity_id":"{{id}}","user":"m-1","code":"TEA-1"}"""));
        Shop.Expect(200, await PostAsync(shop, $"{Wechat}/coupons/send", $$"""{"out_request_no":"s-1","stock_id":"{{id}}","user":"m-1","coupon_code":"TEA-2"}"""));

        var own = Shop.Expect(200, await shop.Client.GetAsync($"/v1/campaigns/{id}", shop.MerchantKey));
        var activity = Shop.Expect(200, await shop.Client.GetAsync($"{Alipay}/activity/{id}/query", shop.MerchantKey));
        var stock = Shop.Expect(200, await shop.Client.GetAsync($"{Wechat}/stocks/{id}", shop.MerchantKey));
        var off = own["terms"].GetProperty("benefit").GetProperty("off").GetInt64();
        Assert.Equal((505, "5.05", 505), (off, activity.Said("amount"), stock["amount"].GetInt64()));
        Assert.Equal((100, 100, 100), (own["quota"].GetInt64(), activity["quantity"].GetInt64(), stock["max_coupons"].GetInt64()));
        Assert.Equal((2, 2, 2), (own["issued"].GetInt64(), activity["issued"].GetInt64(), stock["issued"].GetInt64()));
        Assert.Equal(("active", "ACTIVE", "RUNNING"), (own.Said("status"), activity.Said("state"), stock.Said("state")));

        // Issued by one channel, used by the other.
        Shop.Expect(200, await PostAsync(shop, $"{Wechat}/coupons/use", $$"""{"use_request_no":"u-1","coupon_code":"TEA-1","stock_id":"{{id}}","use_time":"2026-02-17T09:30:00+08:00","amount":4200}"""));
        Assert.Equal("USED", Shop.Expect(200, await shop.Client.GetAsync($"{Alipay}/user/m-1/voucher/TEA-1", shop.MerchantKey)).Said("status"));
        Assert.Equal("USED", Shop.Expect(200, await shop.Client.GetAsync($"{Wechat}/users/m-1/coupons/TEA-1", shop.MerchantKey)).Said("status"));
        var check = Shop.Expect(200, await shop.Client.GetAsync("/v1/coupons/TEA-1", shop.TillKey));
        Assert.Equal(("used", "TEA-1-1"), (check.Said("status"), check.Said("redemptionId")));
        var twice = await PostAsync(shop, $"{Alipay}/voucher/TEA-1/use", """{"out_biz_no":"u-1","amount":"42.00"}""");
        Assert.Equal((409, "already-used", "BIZ_ERROR"), (twice.Status, twice.Problem, twice.Said("code")));
        Shop.Expect(200, await PostAsync(shop, $"{Alipay}/voucher/TEA-1/refund", """{"out_biz_no":"r-1"}"""));
        Shop.Expect(201, await shop.RedeemAsync("TEA-1"));

        // Both are told the same, by the same ids.
        var (told, toldToo) = (await MessagesAsync(shop, "alipay"), await MessagesAsync(shop, "wechat"));
        Assert.Equal(told.Select(message => message.Id), toldToo.Select(message => message.Id), StringComparer.Ordinal);
        Assert.Equal("created issued issued used refunded used", string.Join(' ', told.Select(message => message.Type.Split('.')[^1])));
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task A_number_has_one_outcome_for_ever_and_each_channel_its_own_numbers()
    {
        var shop = await app.OpenShopAsync();
        var id = Shop.Expect(200, await PostAsync(shop, $"{Alipay}/activity", Activity)).Said("activity_id");
        var send = $$"""{"out_biz_no":"n-1","activity_id":"{{id}}","user":"m-1","code":"TEA-1"}""";
        var first = Shop.Expect(200, await PostAsync(shop, $"{Alipay}/voucher/send", send));
        Assert.False(first.IsReplayed);
        var again = Shop.Expect(200, await PostAsync(shop, $"{Alipay}/voucher/send", send));
        Assert.Equal((first.Text, true), (again.Text, again.IsReplayed));
        var other = await PostAsync(shop, $"{Alipay}/voucher/send", send.Replace("m-1", "m-2", StringComparison.Ordinal));
        Assert.Equal((422, "idempotency-key-reused", "INVALID_PARAMETER"), (other.Status, other.Problem, other.Said("code")));
        Shop.Expect(200, await PostAsync(shop, $"{Wechat}/coupons/send", $$"""{"out_request_no":"n-1","stock_id":"{{id}}","user":"m-1","coupon_code":"TEA-2"}"""));

        // The ledger knows the call under its key: a till may ask for it and reverse it.
        Shop.Expect(200, await PostAsync(shop, $"{Alipay}/voucher/TEA-1/use", """{"out_biz_no":"n-1","amount":"42.00"}""", shop.TillKey));
        Assert.Equal("TEA-1-1", Shop.Expect(200, await shop.Client.GetAsync("/v1/requests/alipay:use:n-1", shop.TillKey)).Said("redemptionId"));
        Shop.Expect(200, await shop.Client.PostAsync("/v1/reversals", new { request = "alipay:use:n-1" }, shop.TillKey));
        Assert.Equal("SENDED", Shop.Expect(200, await shop.Client.GetAsync($"{Alipay}/user/m-1/voucher/TEA-1", shop.MerchantKey)).Said("status"));
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task Of_sixteen_uses_at_once_by_both_channels_one_counts()
    {
        var shop = await app.OpenShopAsync();
        var id = Shop.Expect(200, await PostAsync(shop, $"{Alipay}/activity", Activity)).Said("activity_id");
        Shop.Expect(200, await PostAsync(shop, $"{Alipay}/voucher/send", $$"""{"out_biz_no":"s-1","activity_id":"{{id}}","user":"m-1","code":"TEA-1"}"""));
        var answers = await Task.WhenAll(Enumerable.Range(1, 16).Select(n => Task.Run(() => n % 2 == 0
            ? PostAsync(shop, $"{Alipay}/voucher/TEA-1/use", $$"""{"out_biz_no":"u-{{n}}","amount":"42.00"}""")
            : PostAsync(shop, $"{Wechat}/coupons/use", $$"""{"use_request_no":"u-{{n}}","coupon_code":"TEA-1","stock_id":"{{id}}","use_time":"2026-02-17T09:30:00+08:00","amount":4200}"""))));
        Assert.Single(answers, answer => answer.Status == 200);
        Assert.Equal(15, answers.Count(answer => answer.Problem == "already-used"));
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task Where_four_eyes_are_required_an_activity_is_accepted_and_waits()
    {
        var shop = await app.OpenShopAsync();
        Shop.Expect(200, await shop.Client.PostAsync($"/v1/merchants/{shop.Id}/four-eyes", new { isRequired = true }, app.PlatformKey, null, ("Ledger-Merchant", shop.Id)));
        var id = Shop.Expect(200, await PostAsync(shop, $"{Alipay}/activity", Activity)).Said("activity_id");
        Assert.False(Shop.Expect(200, await shop.Client.GetAsync($"{Alipay}/activity/{id}/query", shop.MerchantKey)).Json.TryGetProperty("state", out _));
        Assert.Equal("UNAUDIT", Shop.Expect(200, await shop.Client.GetAsync($"{Wechat}/stocks/{id}", shop.MerchantKey)).Said("state"));
        var early = await PostAsync(shop, $"{Alipay}/voucher/send", $$"""{"out_biz_no":"s-1","activity_id":"{{id}}","user":"m-1","code":"TEA-1"}""");
        Assert.Equal((409, "ACTIVITY_NOT_ACTIVE"), (early.Status, early.Said("code")));
        Assert.Empty(await MessagesAsync(shop, "alipay"));
        Shop.Expect(200, await shop.Client.PostAsync($"/v1/campaigns/{id}/approve", null, app.PlatformKey, null, ("Ledger-Merchant", shop.Id)));
        Assert.Equal("ordervoucher.message.created", Assert.Single(await MessagesAsync(shop, "alipay")).Type);
        Assert.Equal(id, Shop.Expect(200, await PostAsync(shop, $"{Alipay}/activity", Activity)).Said("activity_id"));
    }

    /// <summary>Whatever the campaign has become, and whatever is proposed for it: a repeat of the call that made it says what it said, and approves nothing.</summary>
    [Fact]
    public async Task A_repeated_activity_approves_nothing_that_came_later()
    {
        var shop = await app.OpenShopAsync();
        Shop.Expect(200, await shop.Client.PostAsync($"/v1/merchants/{shop.Id}/four-eyes", new { isRequired = true }, app.PlatformKey, null, ("Ledger-Merchant", shop.Id)));
        var created = Shop.Expect(200, await PostAsync(shop, $"{Alipay}/activity", Activity));
        var id = created.Said("activity_id");
        Shop.Expect(200, await shop.Client.PostAsync($"/v1/campaigns/{id}/approve", null, app.PlatformKey, null, ("Ledger-Merchant", shop.Id)));
        var other = Shop.Expect(201, await shop.Client.PostAsync("/v1/keys", new { scope = "merchant" }, app.PlatformKey, null, ("Ledger-Merchant", shop.Id))).Said("secret");
        Shop.Expect(200, await shop.Client.PostAsync($"/v1/campaigns/{id}/terms", Shop.Terms, other, null, ("If-Match", "\"1\"")));

        Assert.Equal(created.Text, Shop.Expect(200, await PostAsync(shop, $"{Alipay}/activity", Activity)).Text);
        Assert.Equal(1, Shop.Expect(200, await shop.Client.GetAsync($"/v1/campaigns/{id}", shop.MerchantKey))["termsVersion"].GetInt32());
        Shop.Expect(200, await shop.Client.PostAsync($"/v1/campaigns/{id}/stop", new { reason = "over" }, shop.MerchantKey));
        Assert.Equal(created.Text, Shop.Expect(200, await PostAsync(shop, $"{Alipay}/activity", Activity)).Text);
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task An_activity_that_was_stopped_before_it_is_repeated_is_the_same_activity()
    {
        var shop = await app.OpenShopAsync();
        Shop.Expect(200, await shop.Client.PostAsync($"/v1/merchants/{shop.Id}/four-eyes", new { isRequired = true }, app.PlatformKey, null, ("Ledger-Merchant", shop.Id)));
        var created = Shop.Expect(200, await PostAsync(shop, $"{Alipay}/activity", Activity));
        Shop.Expect(200, await shop.Client.PostAsync($"/v1/campaigns/{created.Said("activity_id")}/reject", new { reason = "no" }, app.PlatformKey, null, ("Ledger-Merchant", shop.Id)));
        Assert.Equal(created.Text, Shop.Expect(200, await PostAsync(shop, $"{Alipay}/activity", Activity)).Text);
    }

    /// <summary>The channel gives a coupon back; the other goods of a basket whose coupon came back before are none of its matters.</summary>
    [Fact]
    public async Task A_refund_of_a_use_that_came_back_before_returns_no_goods()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring", terms: $$"""{{Shop.Terms[..^1]}},"returnPolicy":"requalify"}""");
        var code = await shop.IssueAsync("spring");
        var redemption = Shop.Expect(201, await shop.RedeemAsync(code)).Said("redemptionId");
        Shop.Expect(201, await shop.Client.PostAsync($"/v1/redemptions/{redemption}/returns", """{"lines":[{"line":0,"amount":2000}]}""", shop.TillKey));
        Assert.Equal("SENDED", Shop.Expect(200, await shop.Client.GetAsync($"{Alipay}/user/m-1/voucher/{code}", shop.MerchantKey)).Said("status"));
        foreach (var refused in new[]
        {
            await PostAsync(shop, $"{Alipay}/voucher/{code}/refund", """{"out_biz_no":"r-1"}"""),
            await PostAsync(shop, $"{Wechat}/coupons/return", $$"""{"return_request_no":"r-1","coupon_code":"{{code}}","stock_id":"spring"}"""),
        })
        {
            Assert.Equal((409, "nothing-left-to-return"), (refused.Status, refused.Problem));
        }

        // Used again, it is that use which comes back; and the rest of the first basket is still there to come back.
        Shop.Expect(201, await shop.RedeemAsync(code));
        var done = Shop.Expect(200, await PostAsync(shop, $"{Alipay}/voucher/{code}/refund", """{"out_biz_no":"r-1"}"""));
        Assert.Equal(done.Text, Shop.Expect(200, await PostAsync(shop, $"{Alipay}/voucher/{code}/refund", """{"out_biz_no":"r-1"}""")).Text);
        Assert.Equal(2_200, Shop.Expect(201, await shop.Client.PostAsync($"/v1/redemptions/{redemption}/returns", null, shop.TillKey))["refund"].GetInt64());
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    [Theory]
    [InlineData("true")]
    [InlineData("false")]
    public async Task A_use_whose_goods_came_back_without_it_keeps_no_earlier_use_from_its_refund(string isBundle)
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring", terms: $$"""{{Shop.Terms[..^1]}},"maxUses":3,"isBundle":{{isBundle}}}""");
        var code = await shop.IssueAsync("spring");
        for (var use = 0; use < 3; use++) Shop.Expect(201, await shop.RedeemAsync(code));
        Shop.Expect(201, await shop.Client.PostAsync($"/v1/redemptions/{code}-2/returns", new { keepCoupons = true }, shop.TillKey));
        foreach (var refund in new[] { "r-1", "r-2" })
            Shop.Expect(200, await PostAsync(shop, $"{Alipay}/voucher/{code}/refund", $$"""{"out_biz_no":"{{refund}}"}"""));
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    /// <summary>The channel named a coupon that is there: nobody guesses, however often it says that one comes back which was never used.</summary>
    [Fact]
    public async Task Refunds_of_a_coupon_that_was_never_used_are_no_guesses_at_codes()
    {
        await using var strict = LedgerApp.Start(app.ConnectionString, ("Rates:Guess:PerSecond", "0.001"), ("Rates:Guess:Burst", "3"));
        using var client = new LedgerClient(strict.CreateClient());
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring");
        var code = await shop.IssueAsync("spring");
        for (var number = 0; number < 4; number++)
            Assert.Equal("redemption-not-found", (await client.PostAsync($"{Alipay}/voucher/{code}/refund", $$"""{"out_biz_no":"r-{{number}}"}""", shop.TillKey)).Problem);
        Shop.Expect(201, await client.PostAsync("/v1/redemptions", new { code, amount = 42_00 }, shop.TillKey));
    }

    /// <summary>Sending ends when it was said to end: a later end is not taken and left without effect.</summary>
    [Fact]
    public async Task A_window_that_would_end_after_the_activity_is_refused()
    {
        var shop = await app.OpenShopAsync();
        var id = Shop.Expect(200, await PostAsync(shop, $"{Alipay}/activity", Activity)).Said("activity_id");
        var later = await ModifyAsync("m-1", "2191-01-01 00:00:00");
        Assert.True(later.Status == 400 && later.Text.Contains("/available_end", StringComparison.Ordinal), later.Text);
        Shop.Expect(200, await ModifyAsync("m-2", "2189-01-01 00:00:00"));
        Shop.Expect(200, await ModifyAsync("m-3", "2190-01-01 00:00:00"));

        Task<Answer> ModifyAsync(string number, string end) => shop.Client.SendAsync(
            HttpMethod.Patch, $"{Alipay}/activity/{id}", JsonContent.Create(new { out_biz_no = number, available_end = end }), shop.MerchantKey);
    }

    [Fact]
    public async Task The_events_are_read_page_by_page_and_go_on_where_they_ended()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring");
        var all = await MessagesAsync(shop, "alipay");
        var (cursor, seen) = ("", new List<string>());
        for (var hasMore = true; hasMore;)
        {
            var page = Shop.Expect(200, await shop.Client.GetAsync($"/v1/channels/alipay/events?limit=1{cursor}", shop.MerchantKey));
            seen.AddRange(page["data"].EnumerateArray().Select(message => message.GetProperty("id").GetString()!));
            (cursor, hasMore) = ($"&cursor={page.Said("next_cursor")}", page["has_more"].GetBoolean());
        }

        Assert.Equal(all.Select(message => message.Id), seen, StringComparer.Ordinal);
        await shop.IssueAsync("spring");
        var next = Shop.Expect(200, await shop.Client.GetAsync($"/v1/channels/alipay/events?limit=10{cursor}", shop.MerchantKey));
        Assert.Equal("ordervoucher.message.issued", Assert.Single(next["data"].EnumerateArray()).GetProperty("type").GetString());
        Assert.Equal("malformed-request", (await shop.Client.GetAsync("/v1/channels/alipay/events?cursor=bm9uZQ==", shop.MerchantKey)).Problem);
        var stranger = await app.OpenShopAsync();
        Assert.Empty(await MessagesAsync(stranger, "wechat"));
    }

    [Fact]
    public async Task A_caller_without_a_right_is_told_so_in_the_words_of_the_channel()
    {
        var shop = await app.OpenShopAsync();
        var none = await app.Client.SendAsync(HttpMethod.Post, $"{Wechat}/coupons/use", null, "lk_test_none");
        Assert.Equal((401, "SIGN_ERROR"), (none.Status, none.Said("code")));
        var till = await PostAsync(shop, $"{Wechat}/stocks", "{}", shop.TillKey);
        Assert.Equal((403, "NO_AUTH"), (till.Status, till.Said("code")));
        Assert.Equal("INVALID_PARAMETER", (await PostAsync(shop, $"{Alipay}/activity", "{}")).Said("code"));
        var text = await app.Client.SendAsync(HttpMethod.Post, $"{Alipay}/activity", new StringContent("{}", System.Text.Encoding.UTF8, "text/plain"), shop.MerchantKey);
        Assert.Equal((415, "INVALID_PARAMETER"), (text.Status, text.Said("code")));
        var nowhere = await PostAsync(shop, $"{Wechat}/nowhere", "{}");
        Assert.Equal((404, "RESOURCE_NOT_EXISTS"), (nowhere.Status, nowhere.Said("code")));
        Assert.False((await PostAsync(shop, "/v1/coupons", "{}")).Json.TryGetProperty("code", out _));
    }

    /// <summary>The channels know no till that counts its requests: what such headers say is checked nowhere, so it is written nowhere.</summary>
    [Theory]
    [InlineData($"{Alipay}/voucher/TEA-1/use", """{"out_biz_no":"u-1","amount":"42.00"}""")]
    [InlineData($"{Wechat}/coupons/use", """{"use_request_no":"u-1","coupon_code":"TEA-1","stock_id":"{id}","use_time":"2026-02-17T09:30:00+08:00","amount":4200}""")]
    public async Task A_use_by_a_channel_says_of_no_till_that_it_asked(string path, string body)
    {
        var shop = await app.OpenShopAsync();
        var id = Shop.Expect(200, await PostAsync(shop, $"{Alipay}/activity", Activity)).Said("activity_id");
        Shop.Expect(200, await PostAsync(shop, $"{Alipay}/voucher/send", $$"""{"out_biz_no":"s-1","activity_id":"{{id}}","user":"m-1","code":"TEA-1"}"""));
        Shop.Expect(200, await shop.Client.SendAsync(
            HttpMethod.Post, path, LedgerClient.Content(body.Replace("{id}", id, StringComparison.Ordinal)), shop.TillKey, headers: [(Headers.TillId, "till-elsewhere"), (Headers.TillSeq, "7")]));
        var used = Shop.Expect(200, await shop.Client.GetAsync("/v1/events?limit=1000", shop.MerchantKey))["data"].EnumerateArray().Single(entry => entry.GetProperty("type").GetString() == "coupon_redeemed");
        Assert.Equal(["actor"], used.GetProperty("headers").EnumerateObject().Select(member => member.Name), StringComparer.Ordinal);
    }

    /// <summary>Every call of a channel has a name for every problem there is, and no name that the channel does not have.</summary>
    [Fact]
    public void No_refusal_is_without_a_name()
    {
        var calls = app.Service<EndpointDataSource>().Endpoints.Select(endpoint => endpoint.Metadata.GetMetadata<ChannelErrors>()).OfType<ChannelErrors>().ToList();
        Assert.Equal((16, 16), (calls.Count(call => call.Dialect == Dialect.Alipay), calls.Count(call => call.Dialect == Dialect.Wechat)));
        foreach (var call in calls)
        {
            foreach (var problem in Problems.All) Assert.True(call.Names.Contains(call.NameOf(problem), StringComparer.Ordinal), $"{call.Dialect} {call.Call} {problem.Slug}");
        }

        Assert.All(ChannelErrors.Worded, slug => Assert.Contains(Problems.All, problem => problem.Slug == slug));
        Assert.All(Problems.All.Where(problem => problem.Status >= 500), problem => Assert.All(calls, call => Assert.Equal("SYSTEM_ERROR", call.NameOf(problem))));
    }

    private static Task<Answer> PostAsync(Shop shop, string path, string body, string? key = null) =>
        shop.Client.SendAsync(HttpMethod.Post, path, LedgerClient.Content(body), key ?? shop.MerchantKey);

    private static async Task<List<(string Id, string Type)>> MessagesAsync(Shop shop, string dialect) =>
        [.. Shop.Expect(200, await shop.Client.GetAsync($"/v1/channels/{dialect}/events?limit=1000", shop.MerchantKey))["data"].EnumerateArray()
            .Select(message => (message.GetProperty("id").GetString()!, message.GetProperty("type").GetString()!))];
}
