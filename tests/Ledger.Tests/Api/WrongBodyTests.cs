using System.Text;
using Xunit;

namespace Ledger.Tests.Api;

/// <summary>Bodies that are not what they should be: each a precise problem that names the place, and nothing changed.</summary>
public sealed class WrongBodyTests(LedgerApp app) : IClassFixture<LedgerApp>
{
    private const string Redemptions = "/v1/redemptions";
    private const string Campaigns = "/v1/campaigns";
    private const string Validity = "\"validity\":{\"windowStart\":\"2026-01-01T00:00:00+08:00\",\"windowEnd\":\"2027-01-01T00:00:00+08:00\"}";

    /// <summary>A path, a body, and the place of the first fault. <c>{c}</c> stands for a code that may be redeemed.</summary>
    public static TheoryData<string, string, string> Faults { get; } = new()
    {
        // Not JSON, or no object.
        { Redemptions, "", "" },
        { Redemptions, "   ", "" },
        { Redemptions, "{", "" },
        { Redemptions, "{\"code\":\"{c}\",\"amount\":4200", "" },
        { Redemptions, "{\"code\":\"{c}\",\"amount\":4200}}", "" },
        { Redemptions, "{\"code\":\"{c}\",\"amount\":4200} x", "" },
        { Redemptions, "{'code':'{c}','amount':4200}", "" },
        { Redemptions, "{\"code\":\"{c}\",\"amount\":4200,}", "" },
        { Redemptions, "{\"code\":\"{c}\",\"amount\":NaN}", "" },
        { Redemptions, "{\"code\":\"{c}\",\"amount\":04200}", "" },
        { Redemptions, "[]", "" },
        { Redemptions, "null", "" },
        { Redemptions, "\"text\"", "" },
        { Redemptions, "[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]", "" },

        // Members that are missing, doubled, misspelt, unknown.
        { Redemptions, "{}", "/amount" },
        { Redemptions, "{\"amount\":4200}", "/code" },
        { Redemptions, "{\"code\":\"{c}\",\"coupons\":[{\"code\":\"{c}\"}],\"amount\":4200}", "/code" },
        { Redemptions, "{\"coupons\":[],\"amount\":4200}", "/coupons" },
        { Redemptions, "{\"coupons\":[{\"code\":\"{c}\"},{\"code\":\"{c}\"}],\"amount\":4200}", "/coupons/1/code" },
        { Redemptions, "{\"coupons\":[{\"code\":\"{c}\",\"uses\":0}],\"amount\":4200}", "/coupons/0/uses" },
        { Redemptions + "/{c}-1/returns", "{\"lines\":[],\"uses\":1}", "/uses" },
        { Redemptions + "/{c}-1/returns", "{\"lines\":[{\"line\":500}]}", "/lines/0/line" },
        { Redemptions, "{\"code\":\"{c}\"}", "/amount" },
        { Redemptions, "{\"code\":\"{c}\",\"amount\":4200,\"amount\":1}", "/amount" },
        { Redemptions, "{\"code\":\"{c}\",\"amount\":4200,\"rebate\":1}", "/rebate" },
        { Redemptions, "{\"code\":\"{c}\",\"amount\":4200,\"Order\":\"o-1\"}", "/Order" },
        { Redemptions, "{\"code\":\"{c}\",\"amount\":4200,\"a/b~c\":1}", "/a~1b~0c" },

        // Money.
        { Redemptions, "{\"code\":\"{c}\",\"amount\":\"4200\"}", "/amount" },
        { Redemptions, "{\"code\":\"{c}\",\"amount\":null}", "/amount" },
        { Redemptions, "{\"code\":\"{c}\",\"amount\":[4200]}", "/amount" },
        { Redemptions, "{\"code\":\"{c}\",\"amount\":true}", "/amount" },
        { Redemptions, "{\"code\":\"{c}\",\"amount\":0}", "/amount" },
        { Redemptions, "{\"code\":\"{c}\",\"amount\":-1}", "/amount" },
        { Redemptions, "{\"code\":\"{c}\",\"amount\":42.5}", "/amount" },
        { Redemptions, "{\"code\":\"{c}\",\"amount\":4200.0}", "/amount" },
        { Redemptions, "{\"code\":\"{c}\",\"amount\":4.2e3}", "/amount" },
        { Redemptions, "{\"code\":\"{c}\",\"amount\":10000000001}", "/amount" },
        { Redemptions, "{\"code\":\"{c}\",\"amount\":9223372036854775808}", "/amount" },
        { Redemptions, "{\"code\":\"{c}\",\"amount\":-99999999999999999999999999999999}", "/amount" },

        // Text.
        { Redemptions, "{\"code\":4200,\"amount\":4200}", "/code" },
        { Redemptions, "{\"code\":\"\",\"amount\":4200}", "/code" },
        { Redemptions, "{\"code\":\"" + new string('0', 65) + "\",\"amount\":4200}", "/code" },
        { Redemptions, "{\"code\":\"UUUUUUUUUUUU!\",\"amount\":4200}", "/code" },
        { Redemptions, "{\"code\":\"12?45\",\"amount\":4200}", "/code" },
        { Redemptions, "{\"code\":\"{c}\",\"amount\":4200,\"order\":\"\\u0000\"}", "/order" },
        { Redemptions, "{\"code\":\"{c}\",\"amount\":4200,\"order\":\"\\ud800\"}", "/order" },
        { Redemptions, "{\"code\":\"{c}\",\"amount\":4200,\"order\":\"line\\nbreak\"}", "/order" },
        { Redemptions, "{\"code\":\"{c}\",\"amount\":4200,\"order\":\"65-characters-65-characters-65-characters-65-characters-65-charact\"}", "/order" },
        { Redemptions, "{\"code\":\"{c}\",\"amount\":4200,\"store\":\"a/b\"}", "/store" },
        { Redemptions, "{\"code\":\"{c}\",\"amount\":4200,\"store\":\"店\"}", "/store" },

        // Times.
        { Redemptions, "{\"code\":\"{c}\",\"amount\":4200,\"businessTime\":\"yesterday\"}", "/businessTime" },
        { Redemptions, "{\"code\":\"{c}\",\"amount\":4200,\"businessTime\":\"2026-02-30T00:00:00Z\"}", "/businessTime" },
        { Redemptions, "{\"code\":\"{c}\",\"amount\":4200,\"businessTime\":\"2026-02-20T00:00:00\"}", "/businessTime" },
        { Redemptions, "{\"code\":\"{c}\",\"amount\":4200,\"businessTime\":1767225600}", "/businessTime" },
        { Redemptions, "{\"code\":\"{c}\",\"amount\":4200,\"businessTime\":\"9999-12-31T23:59:59Z\"}", "/businessTime" },

        // Campaigns and their terms.
        { Campaigns, "{\"id\":\"x\",\"name\":\"X\",\"quota\":0,\"terms\":{\"benefit\":{\"kind\":\"fixedAmount\",\"off\":1}," + Validity + "}}", "/quota" },
        { Campaigns, "{\"id\":\"-x\",\"name\":\"X\",\"quota\":1,\"terms\":{\"benefit\":{\"kind\":\"fixedAmount\",\"off\":1}," + Validity + "}}", "/id" },
        { Campaigns, "{\"id\":\"x\",\"name\":\"X\",\"quota\":1,\"terms\":{\"benefit\":{\"kind\":\"gift\"}," + Validity + "}}", "/terms/benefit/kind" },
        { Campaigns, "{\"id\":\"x\",\"name\":\"X\",\"quota\":1,\"terms\":{\"benefit\":{\"kind\":\"fixedAmount\"}," + Validity + "}}", "/terms/benefit/off" },
        { Campaigns, "{\"id\":\"x\",\"name\":\"X\",\"quota\":1,\"terms\":{\"benefit\":{\"kind\":\"fixedAmount\",\"off\":1,\"price\":1}," + Validity + "}}", "/terms/benefit/price" },
        { Campaigns, "{\"id\":\"x\",\"name\":\"X\",\"quota\":1,\"terms\":{\"benefit\":{\"kind\":\"percentage\",\"offBasisPoints\":10001}," + Validity + "}}", "/terms/benefit/offBasisPoints" },
        { Campaigns, "{\"id\":\"x\",\"name\":\"X\",\"quota\":1,\"terms\":{\"benefit\":{\"kind\":\"exchange\",\"value\":1}," + Validity + "}}", "/terms/benefit/goods" },
        { Campaigns, "{\"id\":\"x\",\"name\":\"X\",\"quota\":1,\"terms\":{\"benefit\":{\"kind\":\"fixedAmount\",\"off\":1},\"stores\":[\"no-such-store\"]," + Validity + "}}", "/terms/stores/0" },
        { Campaigns, "{\"id\":\"x\",\"name\":\"X\",\"quota\":1,\"terms\":{\"benefit\":{\"kind\":\"fixedAmount\",\"off\":1},\"usableOn\":[{\"day\":\"monday\",\"from\":\"10:00\",\"to\":\"09:00\"}]," + Validity + "}}", "/terms/usableOn/0/to" },
        { Campaigns, "{\"id\":\"x\",\"name\":\"X\",\"quota\":1,\"terms\":{\"benefit\":{\"kind\":\"fixedAmount\",\"off\":1},\"usableOn\":[{\"day\":1,\"from\":\"10:00\",\"to\":\"19:00\"}]," + Validity + "}}", "/terms/usableOn/0/day" },
        { Campaigns, "{\"id\":\"x\",\"name\":\"X\",\"quota\":1,\"terms\":{\"benefit\":{\"kind\":\"fixedAmount\",\"off\":1},\"validity\":{\"windowStart\":\"2027-01-01T00:00:00Z\",\"windowEnd\":\"2026-01-01T00:00:00Z\"}}}", "/terms/validity/windowEnd" },
        { Campaigns, "{\"id\":\"x\",\"name\":\"X\",\"quota\":1,\"startsAt\":\"2028-01-01T00:00:00Z\",\"terms\":{\"benefit\":{\"kind\":\"fixedAmount\",\"off\":1}," + Validity + "}}", "/endsAt" },
        { Campaigns, "{\"id\":\"x\",\"name\":\"X\",\"quota\":1,\"terms\":{\"benefit\":{\"kind\":\"fixedAmount\",\"off\":1},\"limits\":{\"perMember\":0}," + Validity + "}}", "/terms/limits/perMember" },
        { Campaigns + "/spring/pause", "{}", "/reason" },
        { Campaigns + "/spring/submit", "{\"reason\":\"none\"}", "/reason" },
        { Campaigns + "/spring/quota", "{\"expected\":1}", "/target" },
        { "/v1/coupons", "{\"campaign\":\"spring\",\"member\":\"+8613800000000\"}", "/member" },
        { "/v1/coupons", "{\"campaign\":\"spring\",\"member\":\"m-1\",\"mebmer\":\"m-2\"}", "/mebmer" },
        { "/v1/stores", "{\"id\":\"a:b\",\"name\":\"X\"}", "/id" },
        { "/v1/redemptions/{c}-1/returns", "{\"lines\":[]}", "/lines" },
        { "/v1/sales/t-1/refunds", "{\"vouchers\":[]}", "/vouchers" },
        { "/v1/keys", "{\"scope\":\"everything\"}", "/scope" },
        { "/v1/keys", "{\"scope\":\"till\"}", "/till" },
        { "/v1/keys", "{\"scope\":\"platform\"}", "/scope" },
        { "/v1/keys", "{\"scope\":\"merchant\",\"mayImport\":true}", "/mayImport" },
        { "/v1/keys", "{\"scope\":\"merchant\",\"merchant\":\"another\"}", "/merchant" },
    };

    [Fact]
    public async Task Every_fault_is_a_problem_that_names_its_place_and_nothing_changes()
    {
        var (shop, code) = await SpringAsync();
        var before = await app.Database.TraceAsync();
        foreach (var row in Faults)
        {
            var (path, body, pointer) = (((string)row[0]).Replace("{c}", code, StringComparison.Ordinal), ((string)row[1]).Replace("{c}", code, StringComparison.Ordinal), (string)row[2]);
            var answer = await shop.Client.PostAsync(path, body, shop.MerchantKey);
            Assert.True((answer.Status, answer.Problem) == (400, "malformed-request"), $"{path} {body}: {answer}");
            var errors = answer["errors"].EnumerateArray().Select(error => error.GetProperty("pointer").GetString()).ToList();
            Assert.True(errors[0] == pointer, $"{path} {body}: {answer}");
        }

        Assert.Equal(before, await app.Database.TraceAsync());
    }

    [Fact]
    public async Task All_faults_of_a_body_are_listed_at_once()
    {
        var (shop, _) = await SpringAsync();
        var answer = await shop.Client.PostAsync(Redemptions, """{"code":7,"amount":-1,"oder":"x","businessTime":"now"}""", shop.TillKey);
        Assert.Equal("/code /amount /oder /businessTime", string.Join(' ', answer["errors"].EnumerateArray().Select(error => error.GetProperty("pointer").GetString())));
        Assert.Contains("did you mean 'order'", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_check_character_is_told_and_changes_nothing()
    {
        var (shop, code) = await SpringAsync();
        var before = await StandAsync(shop, code);
        var mistyped = code[..^1] + (code[^1] == '0' ? '1' : '0');
        foreach (var answer in new[]
        {
            await shop.RedeemAsync(mistyped),
            await shop.Client.GetAsync($"/v1/coupons/{mistyped}", shop.TillKey),
            await shop.Client.PostAsync($"/v1/coupons/{mistyped}/deactivate", """{"reason":"typo"}""", shop.MerchantKey),
        })
        {
            Assert.Equal((400, "code-check-failed"), (answer.Status, answer.Problem));
        }

        Assert.Equal(before, await StandAsync(shop, code));

        // As people write it: lower case, blanks and hyphens.
        Shop.Expect(201, await shop.RedeemAsync($"{code[..4].ToLowerInvariant()} {code[4..8]}-{code[8..]}"));
    }

    [Fact]
    public async Task A_revoked_key_is_told_and_changes_nothing()
    {
        var (shop, code) = await SpringAsync();
        foreach (var scope in new object[] { new { scope = "till", store = Shop.Store, till = Shop.Till }, new { scope = "merchant" } })
        {
            var made = Shop.Expect(201, await shop.Client.PostAsync("/v1/keys", scope, shop.MerchantKey));
            Shop.Expect(200, await shop.Client.GetAsync($"/v1/coupons/{code}", made.Said("secret")));
            Shop.Expect(200, await shop.Client.PostAsync($"/v1/keys/{made.Said("id")}/revoke", null, shop.MerchantKey));
            var before = await StandAsync(shop, code);
            foreach (var (path, body) in new (string, object?)[]
            {
                (Redemptions, new { code, amount = 4200 }), ("/v1/holds", new { code, amount = 4200 }), ("/v1/reversals", new { request = "r" }),
                ("/v1/coupons", new { campaign = "spring", member = "m-1" }), ($"/v1/coupons/{code}/deactivate", new { reason = "lost" }), ("/v1/keys", new { scope = "merchant" }),
            })
            {
                var answer = await shop.Client.PostAsync(path, body, made.Said("secret"));
                Assert.True((answer.Status, answer.Problem) == (401, "not-authenticated"), $"{path}: {answer}");
            }

            Assert.Equal(before, await StandAsync(shop, code));
        }

        Shop.Expect(201, await shop.RedeemAsync(code));
    }

    [Fact]
    public async Task Bytes_that_are_not_utf_8_are_told_by_their_place()
    {
        var (shop, _) = await SpringAsync();
        using var body = new ByteArrayContent([.. "{\"code\":\""u8, 0xC3, 0x28, .. "\"}"u8]);
        body.Headers.ContentType = new("application/json");
        var answer = await shop.Client.SendAsync(HttpMethod.Post, Redemptions, body, shop.TillKey, ("Idempotency-Key", "k"));
        Assert.Equal("malformed-request", answer.Problem);
        Assert.Contains("not UTF-8 at byte 10", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_over_the_limit_is_refused_and_one_at_the_limit_is_read()
    {
        var (shop, code) = await SpringAsync();
        var body = $$"""{"code":"{{code}}","amount":4200}""";
        var before = await app.Database.TraceAsync();
        var over = await shop.Client.PostAsync(Redemptions, body.PadRight(Limits.MaxBody + 1), shop.TillKey);
        Assert.Equal((413, "body-too-large", Limits.MaxBody), (over.Status, over.Problem, over["limitBytes"].GetInt32()));

        // Without a Content-Length too.
        using var chunked = new StreamContent(new MemoryStream(Encoding.UTF8.GetBytes(body.PadRight(Limits.MaxBody + 1))));
        chunked.Headers.ContentType = new("application/json");
        chunked.Headers.ContentLength = null;
        Assert.Equal(413, (await shop.Client.SendAsync(HttpMethod.Post, Redemptions, chunked, shop.TillKey, ("Idempotency-Key", "k"), ("Transfer-Encoding", "chunked"))).Status);
        Assert.Equal(before, await app.Database.TraceAsync());

        Shop.Expect(201, await shop.Client.PostAsync(Redemptions, body.PadRight(Limits.MaxBody), shop.TillKey));
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/xml")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/x-ndjson")]
    public async Task A_body_of_another_type_is_refused(string type)
    {
        var (shop, code) = await SpringAsync();
        using var body = new StringContent($$"""{"code":"{{code}}","amount":4200}""", Encoding.UTF8, type);
        var answer = await shop.Client.SendAsync(HttpMethod.Post, Redemptions, body, shop.TillKey, ("Idempotency-Key", "k"));
        Assert.Equal((415, "unsupported-media-type", "application/json"), (answer.Status, answer.Problem, answer.Said("needs")));
    }

    /// <summary>Everything that a request could have changed, the number of the book's entries, and the coupon as it is stored.</summary>
    private async Task<(string? Trace, long Entries, string? Coupon)> StandAsync(Shop shop, string code)
    {
        var coupon = await app.Database.AskAsync<string>(
            "select format('%s %s %s', version, status, state) from ledger.mt_streams where tenant_id = $1 and id = 'coupon-' || $2", shop.Id, code);
        Assert.NotNull(coupon);
        return (await app.Database.TraceAsync(), await app.Database.AskAsync<long>("select count(*) from ledger.mt_events where tenant_id = $1", shop.Id), coupon);
    }

    private async Task<(Shop Shop, string Code)> SpringAsync()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring");
        return (shop, await shop.IssueAsync("spring"));
    }
}
