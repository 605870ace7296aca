using System.Text.Json;
using Ledger.Tests.Proof;
using Xunit;

namespace Ledger.Tests.Api;

/// <summary>A till's day over HTTP, and what the merchant reads of it: checks, redemptions, voids, wallets, reports, the book itself.</summary>
public sealed class TillDayTests(LedgerApp app) : IClassFixture<LedgerApp>
{
    /// <summary>A check asks what the redemption would: of a till for its own store, of the merchant for one that is there.</summary>
    [Fact]
    public async Task A_check_in_another_store_than_the_tills_is_refused_like_the_redemption()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring");
        var code = await shop.IssueAsync("spring");
        foreach (var key in new[] { shop.TillKey, shop.MerchantKey })
        {
            var (check, redeem) = (
                await shop.Client.GetAsync($"/v1/coupons/{code}?amount=4200&store=s-elsewhere", key),
                await shop.Client.PostAsync("/v1/redemptions", new { code, amount = 42_00, store = "s-elsewhere" }, key));
            Assert.True(check.Status >= 400, check.Text);
            Assert.Equal((redeem.Status, redeem.Problem), (check.Status, check.Problem));
        }
    }

    [Fact]
    public async Task An_entry_says_which_till_asked_and_with_which_of_its_requests()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring");
        var (first, second) = (await shop.IssueAsync("spring", "m-1"), await shop.IssueAsync("spring", "m-2"));
        var redeemed = Shop.Expect(201, await RedeemAsync(first, "till-r1", ("Till-Id", Shop.Till), ("Till-Seq", "9007199254740991")));
        var again = await RedeemAsync(first, "till-r1", ("Till-Id", Shop.Till), ("Till-Seq", "0"));
        Assert.Equal((201, redeemed.Text), (again.Status, again.Text));
        Shop.Expect(201, await RedeemAsync(second, "till-r2"));
        var entries = Shop.Expect(200, await shop.Client.GetAsync("/v1/events?limit=1000", shop.MerchantKey))["data"].EnumerateArray()
            .Where(entry => entry.GetProperty("type").GetString() == "coupon_redeemed").Select(entry => entry.GetProperty("headers")).ToList();
        Assert.Equal((Shop.Till, 9007199254740991), (entries[0].GetProperty("till").GetString(), entries[0].GetProperty("tillSeq").GetInt64()));
        Assert.Equal(["actor"], entries[1].EnumerateObject().Select(member => member.Name), StringComparer.Ordinal);
        await Books.AssertSoundAsync(app.Database);

        Task<Answer> RedeemAsync(string code, string key, params (string, string)[] headers) =>
            shop.Client.PostAsync("/v1/redemptions", new { code, amount = 42_00 }, shop.TillKey, key, headers);
    }

    [Theory]
    [InlineData("till-1", null, "Till-Seq")]
    [InlineData(null, "1", "Till-Seq")]
    [InlineData("till-1", "-1", "Till-Seq")]
    [InlineData("till-1", "1.0", "Till-Seq")]
    [InlineData("till-1", "9007199254740992", "Till-Seq")]
    [InlineData("till-1", "99999999999999999999", "Till-Seq")]
    [InlineData("till 1", "1", "Till-Seq")]
    [InlineData("till-2", "1", "Till-Id")]
    public async Task A_till_that_names_itself_wrongly_is_told_so_and_nothing_changes(string? till, string? sequence, string faulty)
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring");
        var code = await shop.IssueAsync("spring");
        (string, string)[] headers = [.. till is null ? [] : new[] { ("Till-Id", till) }, .. sequence is null ? [] : new[] { ("Till-Seq", sequence) }];
        var refused = await shop.Client.PostAsync("/v1/redemptions", new { code, amount = 42_00 }, shop.TillKey, "till-r1", headers);
        Assert.Equal((400, "malformed-request", faulty), (refused.Status, refused.Problem, refused["errors"][0].GetProperty("pointer").GetString()));
        Assert.Equal("effective", Shop.Expect(200, await shop.Client.GetAsync($"/v1/coupons/{code}", shop.TillKey)).Said("status"));
    }

    [Fact]
    public async Task A_coupon_is_asked_for_redeemed_voided_and_redeemed_again()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring");
        var code = await shop.IssueAsync("spring", "m-7");

        var check = Shop.Expect(200, await shop.Client.GetAsync($"/v1/coupons/{code}?amount=4200", shop.TillKey));
        Assert.Equal(("effective", "m-7", true, 500, 3700), (check.Said("status"), check.Said("member"), check["redeemable"].GetBoolean(), check["discount"].GetInt32(), check["payable"].GetInt32()));
        var tooLittle = Shop.Expect(200, await shop.Client.GetAsync($"/v1/coupons/{code}?amount=2999", shop.TillKey));
        Assert.Equal((false, "/problems/floor-not-met"), (tooLittle["redeemable"].GetBoolean(), tooLittle["problem"].GetProperty("type").GetString()));
        Assert.False(Shop.Expect(200, await shop.Client.GetAsync($"/v1/coupons/{code}", shop.TillKey)).Json.TryGetProperty("redeemable", out _));

        var redeemed = Shop.Expect(201, await shop.Client.PostAsync("/v1/redemptions", new { code, amount = 4200, order = "receipt 1" }, shop.TillKey));
        Assert.Equal(($"{code}-1", "redeemed", 500, 3700, "receipt 1"), (redeemed.Said("redemptionId"), redeemed.Said("status"), redeemed["discount"].GetInt32(), redeemed["payable"].GetInt32(), redeemed.Said("order")));
        Assert.Equal(redeemed.Text, Canonical(await shop.Client.GetAsync($"/v1/redemptions/{code}-1", shop.TillKey)));
        Assert.Equal("used", Shop.Expect(200, await shop.Client.GetAsync($"/v1/coupons/{code}", shop.TillKey)).Said("status"));

        var voided = Shop.Expect(200, await shop.Client.PostAsync($"/v1/redemptions/{code}-1/void", """{"reason":"Wrong coupon"}""", shop.TillKey));
        Assert.Equal("voided", voided.Said("status"));
        Assert.Equal(voided.Text, Shop.Expect(200, await shop.Client.PostAsync($"/v1/redemptions/{code}-1/void", null, shop.TillKey)).Text);
        Assert.Equal($"{code}-2", Shop.Expect(201, await shop.RedeemAsync(code)).Said("redemptionId"));
        var late = await shop.Client.PostAsync($"/v1/redemptions/{code}-1/void", null, shop.TillKey);
        Assert.Equal((409, "already-voided"), (late.Status, late.Problem));
        Assert.Equal("voided", Shop.Expect(200, await shop.Client.GetAsync($"/v1/redemptions/{code}-1", shop.TillKey)).Said("status"));
        Assert.Equal("redemption-not-found", (await shop.Client.PostAsync($"/v1/redemptions/{code}-9/void", null, shop.TillKey)).Problem);
    }

    [Fact]
    public async Task A_coupon_is_held_released_after_a_failed_payment_held_again_and_committed()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring");
        var code = await shop.IssueAsync("spring", "m-7");

        var held = Shop.Expect(201, await shop.Client.PostAsync("/v1/holds", new { code, amount = 4200, seconds = 60, order = "receipt 1" }, shop.TillKey));
        Assert.Equal((500, 3700), (held["discount"].GetInt32(), held["payable"].GetInt32()));
        var check = Shop.Expect(200, await shop.Client.GetAsync($"/v1/coupons/{code}?amount=4200", shop.TillKey));
        Assert.Equal(("held", false, "/problems/already-held"), (check.Said("status"), check["redeemable"].GetBoolean(), check["problem"].GetProperty("type").GetString()));
        var refused = await shop.RedeemAsync(code);
        Assert.Equal((423, "already-held", held.Said("expiresAt")), (refused.Status, refused.Problem, refused.Said("holdExpiresAt")));

        Assert.Equal("effective", Shop.Expect(200, await shop.Client.PostAsync($"/v1/holds/{held.Said("holdId")}/release", null, shop.TillKey)).Said("status"));
        Shop.Expect(200, await shop.Client.PostAsync($"/v1/holds/{held.Said("holdId")}/release", null, shop.TillKey));
        var gone = await shop.Client.PostAsync($"/v1/holds/{held.Said("holdId")}/commit", null, shop.TillKey);
        Assert.Equal((404, "hold-not-found"), (gone.Status, gone.Problem));

        var again = Shop.Expect(201, await shop.Client.PostAsync("/v1/holds", new { code, amount = 4200 }, shop.TillKey));
        Assert.NotEqual(held.Said("holdId"), again.Said("holdId"), StringComparer.Ordinal);
        var redeemed = Shop.Expect(201, await shop.Client.PostAsync($"/v1/holds/{again.Said("holdId")}/commit", null, shop.TillKey));
        Assert.Equal(($"{code}-1", "redeemed", 500), (redeemed.Said("redemptionId"), redeemed.Said("status"), redeemed["discount"].GetInt32()));
        Assert.Equal("used", Shop.Expect(200, await shop.Client.GetAsync($"/v1/coupons/{code}", shop.TillKey)).Said("status"));
        Assert.Equal((404, "hold-not-found"), await shop.Client.PostAsync("/v1/holds/nothing/commit", null, shop.TillKey) is var none ? (none.Status, none.Problem) : default);
        Assert.Equal(400, (await shop.Client.PostAsync("/v1/holds", new { code, amount = 4200, seconds = 1801 }, shop.TillKey)).Status);
    }

    /// <summary>Releasing what never was does nothing and says so; who holds the coupon keeps the right to commit.</summary>
    [Fact]
    public async Task A_release_shows_no_hold_but_the_one_that_it_released()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring");
        var code = await shop.IssueAsync("spring", "m-7");
        var held = Shop.Expect(201, await shop.Client.PostAsync("/v1/holds", new { code, amount = 4200 }, shop.TillKey)).Said("holdId");
        foreach (var never in new[] { code, $"{code}-h0000000000" })
        {
            var released = Shop.Expect(200, await shop.Client.PostAsync($"/v1/holds/{never}/release", null, shop.TillKey));
            Assert.Equal("held", released.Said("status"));
            Assert.DoesNotContain("-h", released.Text, StringComparison.Ordinal);
        }

        Shop.Expect(201, await shop.Client.PostAsync($"/v1/holds/{held}/commit", null, shop.TillKey));
    }

    [Fact]
    public async Task A_coupon_bound_to_goods_and_payments_shows_where_its_discount_went_and_who_paid()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("tea", terms: Shop.Terms[..^1] + """
            ,"goods":{"includeCategories":["tea"]},"paymentMethods":["huabei"],
            "funding":{"shares":[{"party":"merchant","basisPoints":6000},{"party":"platform","basisPoints":3000},{"party":"brand-7","basisPoints":1000}]}}
            """);
        var code = await shop.IssueAsync("tea", "m-7");
        object[] lines = [new { amount = 4000, goods = "sencha", category = "tea" }, new { amount = 1000, goods = "cake", category = "sweets" }, new { amount = 1000, category = "tea" }];
        object[] huabei = [new { method = "huabei", amount = 5500 }];

        var noLines = await shop.RedeemAsync(code);
        Assert.Equal((422, "goods-not-eligible"), (noLines.Status, noLines.Problem));
        var cash = await shop.Client.PostAsync("/v1/redemptions", new { code, amount = 6000, lines, payments = new[] { new { method = "cash", amount = 5500 } } }, shop.TillKey);
        Assert.Equal((422, "payment-method-not-allowed"), (cash.Status, cash.Problem));
        var wrongSum = await shop.Client.PostAsync("/v1/redemptions", new { code, amount = 6001, lines, payments = huabei }, shop.TillKey);
        Assert.Equal((400, "Let it be the sum of the lines, 6000."), (wrongSum.Status, wrongSum["errors"][0].GetProperty("detail").GetString()));

        var held = Shop.Expect(201, await shop.Client.PostAsync("/v1/holds", new { code, amount = 6000, lines, payments = huabei }, shop.TillKey));
        var redeemed = Shop.Expect(201, await shop.Client.PostAsync($"/v1/holds/{held.Said("holdId")}/commit", null, shop.TillKey));
        var basket = redeemed["basket"];
        Assert.Equal((500, 5500, 5000), (redeemed["discount"].GetInt32(), redeemed["payable"].GetInt32(), basket.GetProperty("eligible").GetInt32()));
        Assert.Equal("""[{"amount":400,"line":0},{"amount":100,"line":2}]""", basket.GetProperty("lines").GetRawText());
        Assert.Equal("""[{"amount":300,"party":"merchant"},{"amount":150,"party":"platform"},{"amount":50,"party":"brand-7"}]""", basket.GetProperty("funding").GetRawText());
        Assert.Equal(redeemed.Text, Canonical(await shop.Client.GetAsync($"/v1/redemptions/{code}-1", shop.TillKey)));
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task A_redemption_can_be_voided_until_its_window_ends()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring", terms: Shop.Terms[..^1] + ""","voidWindowMinutes":30}""");
        (string, string) platform = ("Ledger-Merchant", shop.Id);
        Task<Answer> Redeem(string code, string at) => shop.Client.PostAsync("/v1/redemptions", new { code, amount = 4200, businessTime = at }, app.PlatformKey, null, platform);
        Task<Answer> Void(string id, string at) => shop.Client.PostAsync($"/v1/redemptions/{id}/void", new { businessTime = at }, app.PlatformKey, null, platform);

        async Task<string> IssueAsync() => Shop.Expect(201, await shop.Client.PostAsync(
            "/v1/coupons", new { campaign = "spring", member = "m-1", businessTime = "2026-01-04T00:00:00Z" }, app.PlatformKey, null, platform)).Said("code");

        var (inside, outside) = (await IssueAsync(), await IssueAsync());
        var redeemed = Shop.Expect(201, await Redeem(inside, "2026-01-05T04:00:00Z"));
        Assert.Equal("2026-01-05T04:30:00.000000Z", redeemed.Said("voidableUntil"));
        Shop.Expect(201, await Redeem(outside, "2026-01-05T04:00:00Z"));
        Shop.Expect(200, await Void($"{inside}-1", "2026-01-05T04:29:59.999999Z"));
        var closed = await Void($"{outside}-1", "2026-01-05T04:30:00Z");
        Assert.Equal((422, "void-window-closed", "2026-01-05T04:30:00.000000Z"), (closed.Status, closed.Problem, closed.Said("voidableUntil")));
    }

    [Fact]
    public async Task A_deactivated_coupon_is_refused_with_its_own_problem()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring");
        var (code, used) = (await shop.IssueAsync("spring"), await shop.IssueAsync("spring"));
        Assert.Equal("deactivated", Shop.Expect(200, await shop.Client.PostAsync($"/v1/coupons/{code}/deactivate", """{"reason":"Printed twice"}""", shop.MerchantKey)).Said("status"));
        var refused = await shop.RedeemAsync(code);
        Assert.Equal((409, "deactivated"), (refused.Status, refused.Problem));
        Shop.Expect(201, await shop.RedeemAsync(used));
        Assert.Equal("already-used", (await shop.Client.PostAsync($"/v1/coupons/{used}/deactivate", """{"reason":"late"}""", shop.MerchantKey)).Problem);
    }

    [Fact]
    public async Task Lists_are_read_page_by_page_to_their_end()
    {
        var shop = await app.OpenShopAsync();
        foreach (var id in new[] { "a", "b", "B", "b.1", "zz" }) await shop.CampaignAsync(id);
        var codes = new List<string>();
        foreach (var campaign in new[] { "a", "a", "b", "b", "b.1", "zz", "zz" }) codes.Add(await shop.IssueAsync(campaign, "m-9"));
        foreach (var code in codes.Take(3)) Shop.Expect(201, await shop.RedeemAsync(code));
        Shop.Expect(201, await shop.Client.PostAsync("/v1/redemptions", new { code = codes[3], amount = 3000 }, shop.MerchantKey));
        await FollowedAsync(shop);

        foreach (var limit in new[] { 1, 2, 5, 100 })
        {
            Assert.Equal("B a b b.1 zz", Joined(await AllAsync(shop, "/v1/campaigns", limit), "id"));
            Assert.Equal(string.Join(' ', codes.Order(StringComparer.Ordinal)), Joined(await AllAsync(shop, "/v1/members/m-9/wallet", limit), "code"));
            Assert.Equal("a b b.1 zz", Joined(await AllAsync(shop, "/v1/reports/campaigns", limit), "campaign"));

            // A day begins with its line for no store: issuing, and the redemption that named none.
            var days = await AllAsync(shop, "/v1/reports/days", limit);
            Assert.StartsWith($" {Shop.Store}", Joined(days, "store"), StringComparison.Ordinal);
            Assert.Equal((7, 4), (days.Sum(day => day.GetProperty("issued").GetInt32()), days.Sum(day => day.GetProperty("redeemed").GetInt32())));
        }

        var events = await AllAsync(shop, "/v1/events", 3, "after");
        Assert.Equal(Enumerable.Range(1, events.Count), events.Select(entry => entry.GetProperty("entry").GetInt32()));
        Assert.Equal(await app.Database.AskAsync<long>("select head from ledger.books where tenant_id = $1", shop.Id), events.Count);
    }

    [Fact]
    public async Task Reports_say_what_was_done()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring");
        var (first, second) = (await shop.IssueAsync("spring", "m-1"), await shop.IssueAsync("spring", "m-2"));
        await shop.IssueAsync("spring", "m-2");
        Shop.Expect(201, await shop.RedeemAsync(first));
        var redemption = Shop.Expect(201, await shop.RedeemAsync(second)).Said("redemptionId");
        Shop.Expect(200, await shop.Client.PostAsync($"/v1/redemptions/{redemption}/void", null, shop.TillKey));
        await FollowedAsync(shop);

        var merchant = Shop.Expect(200, await shop.Client.GetAsync("/v1/reports/merchant", shop.MerchantKey));
        Assert.Equal((1, 3, 2, 2, 1), (Number(merchant, "campaigns"), Number(merchant, "issued"), Number(merchant, "redeemed"), Number(merchant, "members"), Number(merchant, "membersRedeeming")));
        Assert.Equal((4200, 500, 0), (Number(merchant, "amount"), Number(merchant, "discount"), Number(merchant, "lagEntries")));
        var campaign = Shop.Expect(200, await shop.Client.GetAsync("/v1/reports/campaigns", shop.MerchantKey))["data"][0];
        Assert.Equal((2, 1, 1500), (campaign.GetProperty("redeemed").GetInt32(), campaign.GetProperty("voided").GetInt32(), campaign.GetProperty("faceValue").GetInt32()));
        var none = Shop.Expect(200, await shop.Client.GetAsync("/v1/reports/days?from=2001-01-01&to=2002-01-01", shop.MerchantKey));
        Assert.Equal(0, none["data"].GetArrayLength());
    }

    [Fact]
    public async Task Every_answer_carries_its_request_id_and_the_service_tells_how_it_is()
    {
        var answer = await app.Client.SendAsync(HttpMethod.Get, "/healthz/ready", null, null);
        Assert.Equal((200, "ready"), (answer.Status, answer.Text));
        Assert.Single(answer.Headers.GetValues("Request-Id"));
        Assert.Equal((200, "live"), await app.Client.SendAsync(HttpMethod.Get, "/healthz/live", null, null) is var live ? (live.Status, live.Text) : default);
        var problem = Shop.Expect(200, await app.Client.SendAsync(HttpMethod.Get, "/problems/floor-not-met", null, null));
        Assert.Equal((422, "The basket is below the coupon's floor"), (problem["status"].GetInt32(), problem.Said("title")));
        Assert.Equal(302, (await app.Client.SendAsync(HttpMethod.Get, "/", null, null)).Status);
        Assert.Contains("swagger", (await app.Client.SendAsync(HttpMethod.Get, "/explorer/index.html", null, null)).Text, StringComparison.OrdinalIgnoreCase);
    }

    private static string Joined(IEnumerable<JsonElement> rows, string member) => string.Join(' ', rows.Select(row => row.GetProperty(member).GetString()));

    private static int Number(Answer answer, string member) => answer[member].GetInt32();

    private static string Canonical(Answer answer) => System.Text.Encoding.UTF8.GetString(CanonicalJson.Of(System.Text.Encoding.UTF8.GetBytes(Shop.Expect(200, answer).Text)));

    /// <summary>Waits until the read models have followed the shop's book.</summary>
    private static async Task FollowedAsync(Shop shop)
    {
        for (var tries = 0; tries < 200; tries++)
        {
            if (Number(Shop.Expect(200, await shop.Client.GetAsync("/v1/reports/merchant", shop.MerchantKey)), "lagEntries") == 0) return;
            await Task.Delay(50);
        }

        Assert.Fail("The read models do not follow.");
    }

    private static async Task<List<JsonElement>> AllAsync(Shop shop, string path, int limit, string cursorName = "cursor")
    {
        var rows = new List<JsonElement>();
        string? cursor = null;
        for (var page = 0; page < 100; page++)
        {
            var next = cursor is null ? "" : $"&{cursorName}={Uri.EscapeDataString(cursor)}";
            var answer = Shop.Expect(200, await shop.Client.GetAsync(FormattableString.Invariant($"{path}?limit={limit}{next}"), shop.MerchantKey));
            var data = answer["data"].EnumerateArray().ToList();
            Assert.InRange(data.Count, 0, limit);
            rows.AddRange(data);
            cursor = answer.Json.TryGetProperty("nextCursor", out var more) ? more.GetString() : null;
            if (cursor is null) return rows;
        }

        Assert.Fail($"{path} with limit {limit} has no end.");
        return rows;
    }
}
