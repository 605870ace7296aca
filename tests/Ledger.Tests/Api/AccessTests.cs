using Ledger.Postgres;
using NodaTime;
using Xunit;

namespace Ledger.Tests.Api;

/// <summary>Who may do what: keys, scopes, and a merchant's coupons that other merchants learn nothing of.</summary>
public sealed class AccessTests(LedgerApp app) : IClassFixture<LedgerApp>
{
    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("lk_live_")]
    [InlineData("lk_live_00000000000000000000000000")]
    [InlineData("LK_LIVE_00000000000000000000000000")]
    [InlineData("a key of quite another form")]
    public async Task Without_a_good_key_there_is_no_answer_but_401(string? key)
    {
        foreach (var path in new[] { "/v1/merchant", "/v1/events", "/v1/coupons/0000000000000" })
        {
            var answer = await app.Client.SendAsync(HttpMethod.Get, path, null, key);
            Assert.Equal((401, "not-authenticated"), (answer.Status, answer.Problem));
            Assert.Equal("Bearer", answer.Headers.WwwAuthenticate.Single().Scheme);
        }

        var basic = await app.Client.SendAsync(HttpMethod.Get, "/v1/merchant", null, null, ("Authorization", "Basic YTpi"));
        Assert.Equal("not-authenticated", basic.Problem);
    }

    /// <summary>Whoever sets a system up may want its keys first; over HTTP the same is refused.</summary>
    [Fact]
    public async Task A_key_that_an_operator_makes_for_what_is_not_there_yet_is_made_and_says_so()
    {
        var shop = await app.OpenShopAsync();
        Shop.Expect(201, await app.Client.PostAsync("/v1/providers", new { id = "agency", name = "Agency" }, app.PlatformKey));
        Task<Cli.Invocation> Make(params string[] args) => Cli.Invocation.RunAsync(["keys", "create", "--database", app.ConnectionString, .. args]);

        foreach (var (missing, args) in new (string, string[])[]
        {
            ("no merchant tea-hous", ["--scope", "merchant", "--merchant", "tea-hous"]),
            ("no merchant tea-hous", ["--scope", "till", "--merchant", "tea-hous", "--store", Shop.Store, "--till", Shop.Till]),
            ("no till till-9 in store store-1", ["--scope", "till", "--merchant", shop.Id, "--store", Shop.Store, "--till", "till-9"]),
            ("no provider agenzy", ["--scope", "provider", "--provider", "agenzy"]),
        })
        {
            var made = await Make(args);
            Assert.Equal((0, true), (made.Code, made.Out.Contains("lk_live_", StringComparison.Ordinal)));
            Assert.Contains(missing, made.Error, StringComparison.Ordinal);
        }

        foreach (var args in new string[][]
        {
            ["--scope", "platform"], ["--scope", "merchant", "--merchant", shop.Id], ["--scope", "provider", "--provider", "agency"],
            ["--scope", "till", "--merchant", shop.Id, "--store", Shop.Store, "--till", Shop.Till],
        })
        {
            Assert.DoesNotContain("yet", (await Make(args)).Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_revoked_key_is_refused_at_once_on_the_instance_that_revoked_it()
    {
        var shop = await app.OpenShopAsync();
        var made = Shop.Expect(201, await shop.Client.PostAsync("/v1/keys", """{"scope":"merchant"}""", shop.MerchantKey));
        var (id, secret) = (made.Said("id"), made.Said("secret"));
        Shop.Expect(200, await shop.Client.GetAsync("/v1/merchant", secret));

        var revoked = Shop.Expect(200, await shop.Client.PostAsync($"/v1/keys/{id}/revoke", null, shop.MerchantKey));
        Assert.False(revoked.Json.TryGetProperty("secret", out _));
        Assert.Equal(401, (await shop.Client.GetAsync("/v1/merchant", secret)).Status);
        Assert.Equal(401, (await shop.Client.PostAsync("/v1/stores", """{"id":"s","name":"S"}""", secret)).Status);

        // Again, it is as revoked as before.
        Assert.Equal(revoked.Said("revokedAt"), Shop.Expect(200, await shop.Client.PostAsync($"/v1/keys/{id}/revoke", null, shop.MerchantKey)).Said("revokedAt"));
    }

    [Fact]
    public async Task A_key_in_use_while_it_is_revoked_is_refused_as_soon_as_that_is_answered()
    {
        var shop = await app.OpenShopAsync();
        for (var n = 0; n < 20; n++)
        {
            var made = Shop.Expect(201, await shop.Client.PostAsync("/v1/keys", """{"scope":"merchant"}""", shop.MerchantKey));
            var meanwhile = Task.WhenAll(Enumerable.Range(0, 8).Select(_ => shop.Client.GetAsync("/v1/merchant", made.Said("secret"))));
            Shop.Expect(200, await shop.Client.PostAsync($"/v1/keys/{made.Said("id")}/revoke", null, shop.MerchantKey));
            Assert.Equal(401, (await shop.Client.GetAsync("/v1/merchant", made.Said("secret"))).Status);
            Assert.All(await meanwhile, answer => Assert.True(answer.Status is 200 or 401, answer.ToString()));
            Assert.Equal(401, (await shop.Client.GetAsync("/v1/merchant", made.Said("secret"))).Status);
        }
    }

    /// <summary>An instance remembers callers for two seconds, and a key lasts.</summary>
    [Fact]
    public async Task A_key_that_another_instance_revoked_makes_no_other_while_it_is_still_remembered()
    {
        var shop = await app.OpenShopAsync();
        var made = Shop.Expect(201, await shop.Client.PostAsync("/v1/keys", """{"scope":"merchant"}""", shop.MerchantKey));
        Shop.Expect(200, await shop.Client.GetAsync("/v1/merchant", made.Said("secret")));
        await app.Service<ApiKeys>().RevokeAsync(made.Said("id"), SystemClock.Instance.GetCurrentInstant());
        var before = await app.Database.TraceAsync();
        var refused = await shop.Client.PostAsync("/v1/keys", """{"scope":"merchant"}""", made.Said("secret"));
        Assert.Equal((401, "not-authenticated"), (refused.Status, refused.Problem));
        Assert.Equal(before, await app.Database.TraceAsync());
    }

    [Fact]
    public async Task A_repeated_request_for_a_key_makes_none_and_names_the_one_that_it_made()
    {
        var (shop, request) = (await app.OpenShopAsync(), LedgerClient.NewKey());
        var made = Shop.Expect(201, await AskAsync(shop.MerchantKey, request));
        var before = await app.Database.TraceAsync();
        var repeated = await AskAsync(shop.MerchantKey, request);
        Assert.Equal((409, "key-already-made", made.Said("id"), false), (repeated.Status, repeated.Problem, repeated.Said("keyId"), repeated["retryable"].GetBoolean()));
        Assert.False(repeated.Json.TryGetProperty("secret", out _));
        var other = await shop.Client.PostAsync("/v1/keys", new { scope = "till", store = Shop.Store, till = Shop.Till }, shop.MerchantKey, request);
        Assert.Equal((422, "idempotency-key-reused"), (other.Status, other.Problem));
        Assert.Equal(before, await app.Database.TraceAsync());
        Shop.Expect(200, await shop.Client.GetAsync("/v1/merchant", made.Said("secret")));

        // Whoever lost the secret revokes the key and makes another; a repeat that comes later still makes none.
        Shop.Expect(200, await shop.Client.PostAsync($"/v1/keys/{made.Said("id")}/revoke", null, shop.MerchantKey));
        var second = Shop.Expect(201, await AskAsync(shop.MerchantKey, LedgerClient.NewKey()));
        Assert.Equal(made.Said("id"), (await AskAsync(shop.MerchantKey, request)).Said("keyId"));

        // The same request key of another caller is another request.
        var third = Shop.Expect(201, await AskAsync(second.Said("secret"), request));
        var fourth = Shop.Expect(201, await shop.Client.PostAsync("/v1/keys", """{"scope":"merchant"}""", app.PlatformKey, request, ("Ledger-Merchant", shop.Id)));
        Assert.Distinct(new[] { made, second, third, fourth }.Select(key => key.Said("id")), StringComparer.Ordinal);

        Task<Answer> AskAsync(string key, string requestKey) => shop.Client.PostAsync("/v1/keys", """{"scope":"merchant"}""", key, requestKey);
    }

    [Fact]
    public async Task A_repeated_request_for_a_providers_key_makes_none_either()
    {
        Shop.Expect(201, await app.Client.PostAsync("/v1/providers", new { id = "isv-once", name = "Cloud Tills" }, app.PlatformKey));
        var request = LedgerClient.NewKey();
        var made = Shop.Expect(201, await app.Client.PostAsync("/v1/providers/isv-once/keys", null, app.PlatformKey, request));
        var before = await app.Database.TraceAsync();
        var repeated = await app.Client.PostAsync("/v1/providers/isv-once/keys", null, app.PlatformKey, request);
        Assert.Equal((409, "key-already-made", made.Said("id")), (repeated.Status, repeated.Problem, repeated.Said("keyId")));
        Assert.Equal(before, await app.Database.TraceAsync());
    }

    [Fact]
    public async Task Equal_requests_for_a_key_at_the_same_moment_make_one()
    {
        var shop = await app.OpenShopAsync();
        for (var n = 0; n < 10; n++)
        {
            var request = LedgerClient.NewKey();
            var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => shop.Client.PostAsync("/v1/keys", """{"scope":"merchant"}""", shop.MerchantKey, request)));
            var made = Assert.Single(answers, answer => answer.Status == 201);
            Assert.All(answers.Where(answer => answer.Status != 201), answer => Assert.Equal(("key-already-made", made.Said("id")), (answer.Problem, answer.Said("keyId"))));
        }

        // The two keys of the shop's own, and one for each round.
        Assert.Equal(12, await app.Database.AskAsync<long>("select count(*) from ledger.api_keys where tenant_id = $1", shop.Id));
    }

    [Theory]
    [InlineData("POST", "/v1/campaigns")]
    [InlineData("GET", "/v1/campaigns")]
    [InlineData("POST", "/v1/coupons")]
    [InlineData("POST", "/v1/coupons/batch")]
    [InlineData("POST", "/v1/coupons/0000000000000/deactivate")]
    [InlineData("POST", "/v1/keys")]
    [InlineData("POST", "/v1/stores")]
    [InlineData("GET", "/v1/reports/merchant")]
    [InlineData("GET", "/v1/reports/days")]
    [InlineData("GET", "/v1/events")]
    [InlineData("POST", "/v1/merchants")]
    public async Task A_till_may_not_do_what_merchants_do(string method, string path)
    {
        var shop = await app.OpenShopAsync();
        using var body = path.EndsWith("/batch", StringComparison.Ordinal) ? LedgerClient.Lines("{}") : LedgerClient.Content("{}");
        var answer = await shop.Client.SendAsync(new(method), path, method == "POST" ? body : null, shop.TillKey, ("Idempotency-Key", "k"));
        Assert.Equal((403, "not-permitted"), (answer.Status, answer.Problem));
        Assert.StartsWith("a key of scope ", answer.Said("needs"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_till_speaks_for_its_own_place_only()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring");
        var code = await shop.IssueAsync("spring");
        Assert.Equal("not-permitted", (await shop.Client.PostAsync("/v1/redemptions", new { code, amount = 4200, store = "store-2" }, shop.TillKey)).Problem);
        Assert.Equal("not-permitted", (await shop.Client.PostAsync("/v1/redemptions", new { code, amount = 4200, till = "till-2" }, shop.TillKey)).Problem);
        Assert.Equal("store-unknown", (await shop.Client.PostAsync("/v1/redemptions", new { code, amount = 4200, store = "store-2" }, shop.MerchantKey)).Problem);
        Assert.Equal("till-unknown", (await shop.Client.PostAsync("/v1/redemptions", new { code, amount = 4200, store = Shop.Store, till = "till-2" }, shop.MerchantKey)).Problem);

        var redeemed = Shop.Expect(201, await shop.RedeemAsync(code));
        Assert.Equal((Shop.Store, Shop.Till), (redeemed.Said("store"), redeemed.Said("till")));
    }

    [Fact]
    public async Task Another_merchants_coupon_is_answered_exactly_like_one_that_does_not_exist()
    {
        var (shop, other) = (await app.OpenShopAsync(), await app.OpenShopAsync());
        await shop.CampaignAsync("spring");
        var code = await shop.IssueAsync("spring");
        var redemption = Shop.Expect(201, await shop.RedeemAsync(await shop.IssueAsync("spring"))).Said("redemptionId");
        const string Nobodys = "0000000000000";
        const string NobodysRedemption = "0000000000000-1";
        var before = await app.Database.TraceAsync();

        await AssertSameAsync(c => other.RedeemAsync(c), code, Nobodys);
        await AssertSameAsync(c => other.Client.GetAsync($"/v1/coupons/{c}?amount=4200", other.TillKey), code, Nobodys);
        await AssertSameAsync(c => other.Client.PostAsync($"/v1/coupons/{c}/deactivate", """{"reason":"mine"}""", other.MerchantKey), code, Nobodys);
        await AssertSameAsync(r => other.Client.GetAsync($"/v1/redemptions/{r}", other.TillKey), redemption, NobodysRedemption);
        await AssertSameAsync(r => other.Client.PostAsync($"/v1/redemptions/{r}/void", null, other.TillKey), redemption, NobodysRedemption);
        await AssertSameAsync(c => other.Client.GetAsync($"/v1/campaigns/{c}", other.MerchantKey), "spring", "autumn");
        Assert.Equal(before, await app.Database.TraceAsync());
        Shop.Expect(201, await shop.RedeemAsync(code));

        static async Task AssertSameAsync(Func<string, Task<Answer>> ask, string theirs, string nobodys)
        {
            var (found, unknown) = (await ask(theirs), await ask(nobodys));
            Assert.Equal(404, found.Status);
            Assert.Equal(Anonymous(unknown, nobodys), Anonymous(found, theirs));
        }

        static string Anonymous(Answer answer, string name) =>
            answer.Text.Replace(answer.Said("requestId"), "", StringComparison.Ordinal).Replace(name, "", StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_merchant_never_acts_for_another()
    {
        var (shop, other) = (await app.OpenShopAsync(), await app.OpenShopAsync());
        Assert.Equal("not-permitted", (await shop.Client.GetAsync("/v1/merchant", shop.MerchantKey, ("Ledger-Merchant", other.Id))).Problem);
        Assert.Equal(shop.Id, Shop.Expect(200, await shop.Client.GetAsync("/v1/merchant", shop.MerchantKey, ("Ledger-Merchant", shop.Id))).Said("id"));
        Assert.Equal("not-permitted", (await shop.Client.PostAsync("/v1/merchants", """{"id":"third","name":"Third"}""", shop.MerchantKey)).Problem);

        var theirs = Shop.Expect(201, await other.Client.PostAsync("/v1/keys", """{"scope":"merchant"}""", other.MerchantKey));
        Assert.Equal("key-unknown", (await shop.Client.PostAsync($"/v1/keys/{theirs.Said("id")}/revoke", null, shop.MerchantKey)).Problem);
        Shop.Expect(200, await other.Client.GetAsync("/v1/merchant", theirs.Said("secret")));
    }

    /// <summary>Whoever acts for a merchant that its key does not reach is refused before anything is looked up, and changes nothing.</summary>
    [Fact]
    public async Task Agency_caller_not_in_tenancy_chain()
    {
        var (shop, other) = (await app.OpenShopAsync(), await app.OpenShopAsync());
        await shop.CampaignAsync("spring");
        var code = await shop.IssueAsync("spring");
        (string, string) acting = ("Ledger-Merchant", shop.Id);
        var before = await app.Database.TraceAsync();
        foreach (var key in new[] { other.MerchantKey, other.TillKey })
        {
            foreach (var (path, body) in new (string, object?)[]
                { ("/v1/redemptions", new { code, amount = 4200 }), ("/v1/holds", new { code, amount = 4200 }), ($"/v1/redemptions/{code}-1/void", null), ("/v1/reversals", new { request = "r" }) })
                Assert.Equal((403, "not-permitted"), await app.Client.PostAsync(path, body, key, null, acting) is var refused ? (refused.Status, refused.Problem) : default);
            Assert.Equal("not-permitted", (await app.Client.GetAsync($"/v1/coupons/{code}", key, acting)).Problem);
        }

        Assert.Equal(before, await app.Database.TraceAsync());
        Shop.Expect(201, await app.Client.PostAsync("/v1/redemptions", new { code, amount = 4200 }, app.PlatformKey, null, acting));
    }

    [Fact]
    public async Task The_platform_names_the_merchant_it_acts_for()
    {
        var shop = await app.OpenShopAsync();
        Assert.Equal("not-permitted", (await app.Client.GetAsync("/v1/merchant", app.PlatformKey)).Problem);
        foreach (var nobody in new[] { "nobody", "a:b", "../x", new string('x', 65) })
            Assert.Equal("merchant-unknown", (await app.Client.GetAsync("/v1/merchant", app.PlatformKey, ("Ledger-Merchant", nobody))).Problem);
        Assert.Equal(shop.Id, Shop.Expect(200, await app.Client.GetAsync("/v1/merchant", app.PlatformKey, ("Ledger-Merchant", shop.Id))).Said("id"));
    }
}
