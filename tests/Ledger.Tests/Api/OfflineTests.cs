using System.Text.Json;
using Ledger.Coupons;
using Ledger.Coupons.Codes;
using Ledger.Coupons.Offline;
using Ledger.Tests.Coupons.Offline;
using NodaTime;
using Xunit;

namespace Ledger.Tests.Api;

/// <summary>Tills that were offline, over HTTP: keys, tokens, limits, revocations, batches, the loss account.</summary>
public sealed class OfflineTests(LedgerApp app) : IClassFixture<LedgerApp>
{
    /// <summary>5 off 30, taken offline at the platform's risk.</summary>
    private static readonly string Terms = Shop.Terms[..^1] + ""","offline":{"liability":"platform"}}""";

    private static Instant Now => SystemClock.Instance.GetCurrentInstant();

    [Fact]
    public async Task A_till_learns_goes_offline_and_comes_back()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring", terms: Terms);
        var (code, used) = (await shop.IssueAsync("spring"), await shop.IssueAsync("spring"));
        var kit = Shop.Expect(200, await shop.Client.GetAsync("/v1/offline/till", shop.TillKey));
        Assert.Equal((0, TillRecord.Genesis, false, 86_400), (Till(kit, "sequence").GetInt32(), Till(kit, "hash").GetString(), kit["till"].TryGetProperty("lastSync", out _), kit["maxSeconds"].GetInt32()));
        Assert.Equal("store-1/till-1", Till(kit, "till").GetString());
        Assert.Single(kit["keys"].GetProperty("keys").EnumerateArray());

        // It signs on by a batch of nothing, and then the wallet shows it a token.
        var signedOn = Shop.Expect(200, await shop.Client.PostAsync("/v1/offline-batches", null, shop.TillKey));
        Assert.Equal((0, 10_000, 50, 200_000), (signedOn["records"].GetArrayLength(), Limit(signedOn, "maxDiscount"), Limit(signedOn, "maxCount"), Limit(signedOn, "maxSum")));
        var token = Shop.Expect(200, await shop.Client.GetAsync($"/v1/coupons/{code}/offline-token?hint=8000", shop.MerchantKey));
        Assert.Equal((code, 500, kit["keys"].GetProperty("keys")[0].GetProperty("kid").GetString()), (token.Said("code"), token["maxDiscount"].GetInt32(), token.Said("keyId")));

        var till = new TillSimulator(Shop.Store, Shop.Till);
        till.Grant(code, 42_00, 5_00, Now, token.Said("token"), "receipt 1");
        till.Grant(used, 42_00, 6_00, Now);
        var first = Shop.Expect(200, await ForwardAsync(shop, till.Records));
        Assert.Equal(("redeemed", $"{code}-1", 500, 0), (Result(first, 0, "outcome").GetString(), Result(first, 0, "redemptionId").GetString(), Result(first, 0, "discount").GetInt32(), Result(first, 0, "loss").GetInt32()));
        Assert.Equal(("redeemed", 500, 100, "merchant"), (Result(first, 1, "outcome").GetString(), Result(first, 1, "discount").GetInt32(), Result(first, 1, "loss").GetInt32(), Result(first, 1, "liability").GetString()));
        Assert.Equal((2, till.Head.Hash, 0), (Till(first, "sequence").GetInt32(), Till(first, "hash").GetString(), Till(first, "count").GetInt32()));
        Assert.Equal("receipt 1", Shop.Expect(200, await shop.Client.GetAsync($"/v1/redemptions/{code}-1", shop.TillKey)).Said("order"));

        // The same again under the same key and under another: the same answers, and nothing is written but the synchronisation.
        var again = Shop.Expect(200, await ForwardAsync(shop, till.Records));
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal((false, true), (first["records"][i].GetProperty("isReplayed").GetBoolean(), again["records"][i].GetProperty("isReplayed").GetBoolean()));
            Assert.Equal(first["records"][i].GetProperty("result").GetRawText(), again["records"][i].GetProperty("result").GetRawText());
        }

        Assert.Equal(2, await app.Database.AskAsync<long>("select count(*) from ledger.mt_events where tenant_id = $1 and type = 'coupon_redeemed'", shop.Id));
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task One_batch_key_is_one_batch()
    {
        var shop = await OpenAsync();
        var till = new TillSimulator(Shop.Store, Shop.Till);
        var body = TillSimulator.Body([till.Grant(await shop.IssueAsync("spring"), 42_00, 5_00, Now)]);
        var first = Shop.Expect(200, await shop.Client.PostAsync("/v1/offline-batches", body, shop.TillKey, "batch-1"));
        var again = Shop.Expect(200, await shop.Client.PostAsync("/v1/offline-batches", body, shop.TillKey, "batch-1"));
        Assert.Equal((false, true, first["till"].GetRawText()), (first.IsReplayed, again.IsReplayed, again["till"].GetRawText()));

        var next = TillSimulator.Body([till.Grant(await shop.IssueAsync("spring"), 42_00, 5_00, Now)]);
        var other = await shop.Client.PostAsync("/v1/offline-batches", next, shop.TillKey, "batch-1");
        Assert.Equal((422, "idempotency-key-reused"), (other.Status, other.Problem));
        Assert.Equal(1, Till(Shop.Expect(200, await shop.Client.GetAsync("/v1/offline/till", shop.TillKey)), "sequence").GetInt32());
    }

    [Fact]
    public async Task Two_tills_that_synchronise_at_once_use_every_coupon_once()
    {
        var shop = await OpenAsync();
        var otherKey = await InstallAsync(shop, "till-2");
        var (a, b) = (new TillSimulator(Shop.Store, Shop.Till), new TillSimulator(Shop.Store, "till-2"));
        Shop.Expect(200, await shop.Client.PostAsync("/v1/offline-batches", null, otherKey));
        var codes = new List<string>();
        for (var n = 0; n < 40; n++) codes.Add(await shop.IssueAsync("spring"));
        foreach (var code in codes)
        {
            var token = Shop.Expect(200, await shop.Client.GetAsync($"/v1/coupons/{code}/offline-token", shop.MerchantKey)).Said("token");
            a.Grant(code, 42_00, 5_00, Now, token);
            b.Grant(code, 42_00, 5_00, Now, token);
        }

        // Each till over several connections at once, as one does that lost an answer and did not wait.
        var batches = await Task.WhenAll(Enumerable.Range(0, 3).SelectMany(_ => new[] { ForwardAsync(shop, a.Records), ForwardAsync(shop, b.Records, otherKey) }));
        Assert.All(batches, batch => Assert.All(Shop.Expect(200, batch)["records"].EnumerateArray(), record => Assert.True(record.TryGetProperty("result", out var _), record.GetRawText())));
        for (var i = 0; i < codes.Count; i++)
        {
            var outcomes = new[] { Result(batches[0], i, "outcome").GetString(), Result(batches[1], i, "outcome").GetString() };
            Assert.Equal(["conflict", "redeemed"], outcomes.Order(StringComparer.Ordinal), StringComparer.Ordinal);
        }

        var report = Shop.Expect(200, await shop.Client.GetAsync("/v1/reports/offline", shop.MerchantKey));
        var (lost, tills) = (report["losses"].EnumerateArray().Sum(loss => loss.GetProperty("amount").GetInt64()), report["tills"].EnumerateArray().Select(till => till.GetProperty("totals")).ToList());
        Assert.Equal((40 * 5_00, 80 * 5_00), (lost, tills.Sum(till => till.GetProperty("granted").GetInt64())));
        Assert.Equal((40, 40), (tills.Sum(till => till.GetProperty("redeemed").GetInt32()), tills.Sum(till => till.GetProperty("conflicts").GetInt32())));
        Assert.Equal("store-1/till-1 store-1/till-2", string.Join(' ', report["tills"].EnumerateArray().Select(till => till.GetProperty("till").GetString())));
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task Gaps_and_changed_records_are_problems_of_their_own_and_an_alarm()
    {
        var shop = await OpenAsync();
        var till = new TillSimulator(Shop.Store, Shop.Till);
        for (var n = 0; n < 3; n++) till.Grant(await shop.IssueAsync("spring"), 42_00, 5_00, Now);
        var gap = Shop.Expect(200, await ForwardAsync(shop, [till.Records[0], till.Records[2]]));
        var problem = gap["records"][1].GetProperty("problem");
        Assert.Equal(("/problems/device-sequence-gap", 2, 3), (problem.GetProperty("type").GetString(), problem.GetProperty("expected").GetInt32(), problem.GetProperty("got").GetInt32()));
        Assert.Equal("sequenceGap", gap["till"].GetProperty("alarm").GetProperty("kind").GetString());
        Assert.Equal(1, await app.Database.AskAsync<long>("select count(*) from ledger.mt_events where tenant_id = $1 and type = 'device_alarm_raised'", shop.Id));

        var changed = Shop.Expect(200, await ForwardAsync(shop, [till.Records[1] with { PreviousHash = new('a', 64) }]));
        Assert.Equal("/problems/device-chain-broken", changed["records"][0].GetProperty("problem").GetProperty("type").GetString());
        var filled = Shop.Expect(200, await ForwardAsync(shop, till.Records));
        Assert.Equal(3, filled["records"].EnumerateArray().Count(record => record.GetProperty("result").GetProperty("outcome").GetString() == "redeemed"));
        Assert.False(filled["till"].TryGetProperty("alarm", out _));
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task A_record_is_forwarded_by_its_own_till_alone_and_bodies_are_bounded()
    {
        var shop = await OpenAsync();
        var otherKey = await InstallAsync(shop, "till-2");
        var till = new TillSimulator(Shop.Store, Shop.Till);
        till.Grant(await shop.IssueAsync("spring"), 42_00, 5_00, Now);
        Shop.Expect(200, await ForwardAsync(shop, till.Records));
        var foreign = Shop.Expect(200, await ForwardAsync(shop, till.Records, otherKey));
        Assert.Equal("/problems/device-chain-broken", foreign["records"][0].GetProperty("problem").GetProperty("type").GetString());
        var merchant = await ForwardAsync(shop, till.Records, shop.MerchantKey);
        Assert.Equal((403, "not-permitted"), (merchant.Status, merchant.Problem));

        for (var n = 0; n < Limits.MaxOfflineRecords; n++) till.Grant("0000000000000", 42_00, 5_00, Now, new string('A', 100));
        var many = Shop.Expect(200, await ForwardAsync(shop, till.Records[..Limits.MaxOfflineRecords]));
        Assert.Equal(Limits.MaxOfflineRecords, many["records"].GetArrayLength());
        Assert.Equal(400, (await ForwardAsync(shop, till.Records)).Status);
        Assert.Equal(413, (await shop.Client.PostAsync("/v1/offline-batches", new string(' ', Limits.MaxOfflineBody) + "{}", shop.TillKey)).Status);
    }

    [Fact]
    public async Task Keys_rotate_and_tokens_of_old_keys_are_still_taken()
    {
        var shop = await OpenAsync();
        var (before, after) = (await shop.IssueAsync("spring"), await shop.IssueAsync("spring"));
        async Task<Answer> TokenAsync(string code) => Shop.Expect(200, await shop.Client.GetAsync($"/v1/coupons/{code}/offline-token", shop.MerchantKey));
        var old = await TokenAsync(before);
        Assert.Equal(old.Said("keyId"), (await TokenAsync(after)).Said("keyId"));
        var rotated = Shop.Expect(200, await shop.Client.PostAsync("/v1/offline/keys/rotate", null, shop.MerchantKey, "rotate-1"));
        Assert.Equal(rotated.Text, Shop.Expect(200, await shop.Client.PostAsync("/v1/offline/keys/rotate", null, shop.MerchantKey, "rotate-1")).Text);
        var young = await TokenAsync(after);
        Assert.Equal([old.Said("keyId"), young.Said("keyId")], rotated["keys"].EnumerateArray().Select(key => key.GetProperty("keyId").GetString()!), StringComparer.Ordinal);
        Assert.NotEqual(old.Said("keyId"), young.Said("keyId"), StringComparer.Ordinal);

        var listed = Shop.Expect(200, await shop.Client.GetAsync("/v1/offline/keys", shop.TillKey))["keys"].EnumerateArray().ToList();
        Assert.Equal(
            new[] { old.Said("keyId"), young.Said("keyId") }.Order(StringComparer.Ordinal), listed.Select(key => key.GetProperty("kid").GetString()!), StringComparer.Ordinal);
        Assert.All(listed, key => Assert.False(key.TryGetProperty("d", out _)));
        Assert.Equal(0, await app.Database.AskAsync<long>("select count(*) from ledger.mt_events where tenant_id = $1 and data::text ~ 'PRIVATE'", shop.Id));

        var till = new TillSimulator(Shop.Store, Shop.Till);
        till.Grant(before, 42_00, 5_00, Now, old.Said("token"));
        till.Grant(after, 42_00, 5_00, Now, young.Said("token"));
        var answer = Shop.Expect(200, await ForwardAsync(shop, till.Records));
        Assert.Equal(["redeemed", "redeemed"], Enumerable.Range(0, 2).Select(i => Result(answer, i, "outcome").GetString()), StringComparer.Ordinal);
    }

    [Fact]
    public async Task A_token_is_refused_where_nothing_could_be_promised_and_drawn_where_it_can()
    {
        var shop = await OpenAsync();
        await shop.CampaignAsync("online");
        await shop.CampaignAsync("open", terms: Terms.Replace("""{"kind":"fixedAmount","off":500}""", """{"kind":"percentage","offBasisPoints":1000}""", StringComparison.Ordinal));
        async Task<string> ProblemAsync(string code) => (await shop.Client.GetAsync($"/v1/coupons/{code}/offline-token", shop.MerchantKey)).Problem;
        var code = await shop.IssueAsync("spring");
        Assert.Equal("offline-not-allowed", await ProblemAsync(await shop.IssueAsync("online")));
        Assert.Equal("offline-unbounded", await ProblemAsync(await shop.IssueAsync("open")));
        Assert.Equal("code-not-found", await ProblemAsync("0000000000000"));
        Assert.Equal(400, (await shop.Client.GetAsync($"/v1/coupons/{code}/offline-token?hint=1234567890123", shop.MerchantKey)).Status);
        Assert.Equal(403, (await shop.Client.GetAsync($"/v1/coupons/{code}/offline-token", shop.TillKey)).Status);
        var picture = Shop.Expect(200, await shop.Client.GetAsync($"/v1/coupons/{code}/offline-token/picture", shop.MerchantKey));
        Assert.Equal(("image/svg+xml", true), (picture.MediaType, picture.Text.Contains(code, StringComparison.Ordinal)));
        Shop.Expect(201, await shop.RedeemAsync(code));
        Assert.Equal("already-used", await ProblemAsync(code));

        var several = await shop.Client.PostAsync("/v1/campaigns", $$"""{"id":"five","name":"five","quota":9,"terms":{{Terms[..^1]}},"maxUses":5} }""", shop.MerchantKey);
        Assert.Equal((400, "/terms/offline"), (several.Status, several["errors"][0].GetProperty("pointer").GetString()));
    }

    [Fact]
    public async Task Tills_are_told_which_codes_are_used_and_of_which_scopes_they_are()
    {
        var shop = await OpenAsync();
        await shop.CampaignAsync("online");
        Shop.Expect(201, await shop.Client.PostAsync("/v1/stores", new { id = "store-2", name = "Hill" }, shop.MerchantKey));
        await shop.CampaignAsync("both", terms: Terms[..^1] + ""","stores":["store-2","store-1"]}""");
        await shop.CampaignAsync("far", terms: Terms[..^1] + ""","stores":["store-2"]}""");
        await shop.CampaignAsync("gifts", terms: Terms[..^1] + ""","isTransferable":true}""");
        var given = await shop.IssueAsync("gifts");
        Shop.Expect(201, await shop.Client.PostAsync($"/v1/coupons/{given}/gifts", new { }, shop.MerchantKey));
        var (used, dead, free, voided, online) =
            (await shop.IssueAsync("spring"), await shop.IssueAsync("spring"), await shop.IssueAsync("both"), await shop.IssueAsync("spring"), await shop.IssueAsync("online"));
        foreach (var code in new[] { used, voided, online }) Shop.Expect(201, await shop.RedeemAsync(code));
        Shop.Expect(200, await shop.Client.PostAsync($"/v1/redemptions/{voided}-1/void", null, shop.TillKey));
        Shop.Expect(200, await shop.Client.PostAsync($"/v1/coupons/{dead}/deactivate", """{"reason":"lost"}""", shop.MerchantKey));

        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/offline/revocations");
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {shop.TillKey}");
        using var response = await shop.Client.Http.SendAsync(request);
        Assert.True(RevocationFilter.TryRead(await response.Content.ReadAsByteArrayAsync(), out var filter));
        Assert.Equal((3, true, true, true, false), (filter!.Codes, filter.MayContain(used), filter.MayContain(dead), filter.MayContain(given), filter.MayContain(free)));
        var same = await shop.Client.GetAsync("/v1/offline/revocations", shop.TillKey, ("If-None-Match", response.Headers.ETag!.Tag));
        Assert.Equal((304, ""), (same.Status, same.Text));

        var scopes = Shop.Expect(200, await shop.Client.GetAsync("/v1/offline/till", shop.TillKey))["scopes"].EnumerateArray().Select(scope => scope.GetString()!);
        Assert.Equal([StoreScope.Of("store-1", "store-2").Value], scopes, StringComparer.Ordinal);
    }

    [Fact]
    public async Task A_merchant_sets_the_limits_and_a_till_has_them_from_its_next_synchronisation()
    {
        var shop = await OpenAsync();
        Shop.Expect(200, await shop.Client.PostAsync("/v1/offline/limits", new { maxDiscount = 400, maxCount = 3, maxSum = 900 }, shop.MerchantKey));
        Assert.Equal(400, Shop.Expect(200, await shop.Client.GetAsync("/v1/offline/limits", shop.TillKey))["maxDiscount"].GetInt32());
        var kit = Shop.Expect(200, await shop.Client.GetAsync("/v1/offline/till", shop.TillKey));
        Assert.Equal(10_000, Limit(kit, "maxDiscount"));
        var till = new TillSimulator(Shop.Store, Shop.Till);
        till.Grant(await shop.IssueAsync("spring"), 42_00, 5_00, Now);
        var first = Shop.Expect(200, await ForwardAsync(shop, till.Records));
        Assert.Equal(("redeemed", 400), (Result(first, 0, "outcome").GetString(), Limit(first, "maxDiscount")));
        till.Grant(await shop.IssueAsync("spring"), 42_00, 5_00, Now);
        var second = Shop.Expect(200, await ForwardAsync(shop, till.Records[1..]));
        Assert.Equal(("refused", "offline-limit", "merchant"), (Result(second, 0, "outcome").GetString(), Result(second, 0, "reason").GetString(), Result(second, 0, "liability").GetString()));
        Assert.Equal(403, (await shop.Client.PostAsync("/v1/offline/limits", new { maxDiscount = 400, maxCount = 3, maxSum = 900 }, shop.TillKey)).Status);
    }

    [Fact]
    public async Task An_offline_redemption_is_voided_like_any_other_and_not_reversed_by_its_record()
    {
        var shop = await OpenAsync();
        var (till, code) = (new TillSimulator(Shop.Store, Shop.Till), await shop.IssueAsync("spring"));
        var record = till.Grant(code, 42_00, 5_00, Now);
        Shop.Expect(200, await ForwardAsync(shop, till.Records));
        var reversal = await shop.Client.PostAsync("/v1/reversals", new { request = OfflineOperations.KeyOf(till.Name, record) }, shop.TillKey);
        Assert.Equal((422, "not-reversible"), (reversal.Status, reversal.Problem));
        Shop.Expect(200, await shop.Client.PostAsync($"/v1/redemptions/{code}-1/void", null, shop.TillKey));
        Assert.Equal($"{code}-2", Shop.Expect(201, await shop.RedeemAsync(code)).Said("redemptionId"));
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task A_batch_that_was_reversed_before_it_came_books_no_record_and_one_that_was_opened_is_not_reversed()
    {
        var shop = await OpenAsync();
        var till = new TillSimulator(Shop.Store, Shop.Till);
        till.Grant(await shop.IssueAsync("spring"), 42_00, 5_00, Now);
        Assert.Equal("tombstone", Shop.Expect(200, await ReversalTests.ReverseAsync(shop, "batch-1")).Said("status"));
        var before = await app.Database.TraceAsync();
        Assert.Equal((409, "reversed-before-arrival"), await SendAsync("batch-1") is var late ? (late.Status, late.Problem) : default);
        Assert.Equal(before, await app.Database.TraceAsync());

        // The records are booked and the service ends before the batch does: repeated it ends, and nobody bars that.
        var taken = Shop.Expect(200, await SendAsync("batch-2"));
        await app.Database.ExecuteAsync("delete from ledger.requests where tenant_id = $1 and key = 'batch-2'", shop.Id);
        Assert.Equal((422, "not-reversible"), await ReversalTests.ReverseAsync(shop, "batch-2") is var refused ? (refused.Status, refused.Problem) : default);
        Assert.Equal(taken["till"].GetProperty("hash").GetString(), Till(Shop.Expect(200, await SendAsync("batch-2")), "hash").GetString());

        Assert.Equal("not-reversible", (await ReversalTests.ReverseAsync(shop, "batch-2")).Problem);

        // A bar on the opening is none of the batch.
        Assert.Equal("tombstone", Shop.Expect(200, await ReversalTests.ReverseAsync(shop, "batch-3#records")).Said("status"));
        Assert.Equal("tombstone", Shop.Expect(200, await ReversalTests.ReverseAsync(shop, "batch-3")).Said("status"));
        await Proof.Books.AssertSoundAsync(app.Database);

        Task<Answer> SendAsync(string key) => shop.Client.PostAsync("/v1/offline-batches", TillSimulator.Body(till.Records), shop.TillKey, key);
    }

    [Fact]
    public async Task The_key_of_a_record_that_may_still_come_is_nobodys_to_bar_or_to_take()
    {
        var shop = await OpenAsync();
        var till = new TillSimulator(Shop.Store, Shop.Till);
        for (var n = 0; n < 2; n++) till.Grant(await shop.IssueAsync("spring"), 42_00, 5_00, Now);
        var key = OfflineOperations.KeyOf(till.Name, till.Records[0]);
        var barred = await ReversalTests.ReverseAsync(shop, key);
        Assert.Equal((400, "malformed-request", "/request"), (barred.Status, barred.Problem, barred["errors"][0].GetProperty("pointer").GetString()));
        var taken = await shop.TryIssueAsync("spring", "m-1", key);
        Assert.Equal((400, "idempotency-key-missing", true), (taken.Status, taken.Problem, taken.Said("needs").Contains("offline/", StringComparison.Ordinal)));

        var forwarded = Shop.Expect(200, await ForwardAsync(shop, till.Records));
        Assert.Equal(("redeemed", "redeemed"), (Result(forwarded, 0, "outcome").GetString(), Result(forwarded, 1, "outcome").GetString()));
        Assert.Equal("not-reversible", (await ReversalTests.ReverseAsync(shop, key)).Problem);
        Assert.Equal("offlineconflict", (await ReversalTests.ReverseAsync(shop, "offlineconflict")).Said("request"));
    }

    private async Task<Shop> OpenAsync()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring", terms: Terms);
        Shop.Expect(200, await shop.Client.PostAsync("/v1/offline-batches", null, shop.TillKey));
        return shop;
    }

    private static async Task<string> InstallAsync(Shop shop, string till)
    {
        Shop.Expect(201, await shop.Client.PostAsync($"/v1/stores/{Shop.Store}/tills", new { id = till }, shop.MerchantKey));
        return Shop.Expect(201, await shop.Client.PostAsync("/v1/keys", new { scope = "till", store = Shop.Store, till }, shop.MerchantKey)).Said("secret");
    }

    private static Task<Answer> ForwardAsync(Shop shop, IEnumerable<TillRecord> records, string? key = null) =>
        shop.Client.PostAsync("/v1/offline-batches", TillSimulator.Body(records), key ?? shop.TillKey);

    private static JsonElement Result(Answer answer, int record, string member) => answer["records"][record].GetProperty("result").GetProperty(member);

    private static JsonElement Till(Answer answer, string member) => answer["till"].GetProperty(member);

    private static int Limit(Answer answer, string member) => Till(answer, "limits").GetProperty(member).GetInt32();
}
