using Ledger.Coupons.Budgets;
using Ledger.Pools;
using Ledger.Postgres;
using Xunit;

namespace Ledger.Tests.Api;

/// <summary>Budgets and the platform's funding pool over HTTP: tills at the end of a budget, slices that go and come back, and slices left half-way.</summary>
public sealed class PoolTests(LedgerApp app) : IClassFixture<LedgerApp>
{
    private static readonly string s_platformPays = Bound("platform", "Scale");

    private static int opened;

    [Fact]
    public async Task Sixty_four_tills_at_the_end_of_a_budget_spend_it_to_the_last_fen_and_not_one_more()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring", terms: Bound("merchant", "Scale"));
        var shown = Shop.Expect(200, await shop.Client.PostAsync("/v1/campaigns/spring/budgets", new { party = "merchant", expected = 0, target = 20_01 }, shop.MerchantKey));
        Assert.Equal("""[{"budget":2001,"committed":0,"left":2001,"party":"merchant"}]""", shown["budgets"].GetRawText());
        var codes = new List<string>();
        for (var n = 0; n < 64; n++) codes.Add(await shop.IssueAsync("spring", FormattableString.Invariant($"m-{n}")));

        var answers = await Task.WhenAll(codes.Select((code, n) => Task.Run(() => n % 2 == 0 ? shop.RedeemAsync(code) : shop.Client.PostAsync("/v1/holds", new { code, amount = 4200 }, shop.TillKey))));

        var given = answers.Where(answer => answer.Status == 201).Select(answer => answer["discount"].GetInt64()).Order().ToList();
        Assert.Equal([1, 500, 500, 500, 500], given);
        Assert.All(answers.Where(answer => answer.Status != 201), refused => Assert.Equal((409, "money-budget-exhausted"), (refused.Status, refused.Problem)));
        var campaign = Shop.Expect(200, await shop.Client.GetAsync("/v1/campaigns/spring", shop.MerchantKey));
        Assert.Equal("""[{"party":"merchant","budget":2001,"committed":2001,"left":0}]""", campaign["budgets"].GetRawText());
        Assert.Equal(campaign["budgets"].GetRawText(), Shop.Expect(200, await shop.Client.GetAsync("/v1/campaigns", shop.MerchantKey))["data"][0].GetProperty("budgets").GetRawText());
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task A_check_sees_what_is_left_and_a_reversal_gives_it_back()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring", terms: Bound("merchant", "Stop"));
        Shop.Expect(200, await shop.Client.PostAsync("/v1/campaigns/spring/budgets", new { party = "merchant", expected = 0, target = 9_99 }, shop.MerchantKey));
        var (first, second) = (await shop.IssueAsync("spring"), await shop.IssueAsync("spring"));
        var key = LedgerClient.NewKey();
        Shop.Expect(201, await shop.RedeemAsync(first, key));
        var check = Shop.Expect(200, await shop.Client.GetAsync($"/v1/coupons/{second}?amount=4200", shop.TillKey));
        Assert.Equal((false, "/problems/money-budget-exhausted", 499), (check["redeemable"].GetBoolean(), check["problem"].GetProperty("type").GetString(), check["problem"].GetProperty("left").GetInt32()));
        Shop.Expect(200, await shop.Client.PostAsync("/v1/reversals", new { request = key }, shop.TillKey));
        Assert.True(Shop.Expect(200, await shop.Client.GetAsync($"/v1/coupons/{second}?amount=4200", shop.TillKey))["redeemable"].GetBoolean());
        var mismatch = await shop.Client.PostAsync("/v1/campaigns/spring/budgets", new { party = "merchant", expected = 0, target = 1 }, shop.MerchantKey);
        Assert.Equal((409, "budget-cas-mismatch", 999), (mismatch.Status, mismatch.Problem, mismatch["current"].GetInt32()));
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task A_slice_is_granted_spent_and_its_rest_returned()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring", terms: s_platformPays);
        var pool = await OpenPoolAsync(10_00);
        var (first, second) = (await shop.IssueAsync("spring"), await shop.IssueAsync("spring"));
        Assert.Equal("money-budget-exhausted", (await shop.RedeemAsync(first)).Problem);

        var key = LedgerClient.NewKey();
        var slice = Shop.Expect(201, await GrantAsync(pool, shop, 7_00, key));
        Assert.Equal(("received", 700, 0), (slice.Said("status"), slice["amount"].GetInt32(), slice["returned"].GetInt32()));
        var again = Shop.Expect(201, await GrantAsync(pool, shop, 7_00, key));
        Assert.Equal((slice.Text, false, true), (again.Text, slice.IsReplayed, again.IsReplayed));
        var tooMuch = await GrantAsync(pool, shop, 3_01);
        Assert.Equal((409, "pool-exhausted", 300), (tooMuch.Status, tooMuch.Problem, tooMuch["left"].GetInt32()));

        var redemption = Shop.Expect(201, await shop.RedeemAsync(first)).Said("redemptionId");
        Assert.Equal(200, Shop.Expect(201, await shop.RedeemAsync(second))["discount"].GetInt32());
        Shop.Expect(200, await shop.Client.PostAsync($"/v1/redemptions/{redemption}/void", null, shop.TillKey));
        var listed = Shop.Expect(200, await app.Client.GetAsync($"/v1/pools/{pool}/slices", app.PlatformKey))["data"][0];
        Assert.Equal((700, 200), (listed.GetProperty("budget").GetInt32(), listed.GetProperty("committed").GetInt32()));

        var path = $"/v1/pools/{pool}/slices/{slice.Said("slice")}/return";
        Assert.Equal(500, Shop.Expect(200, await app.Client.PostAsync(path, null, app.PlatformKey))["returned"].GetInt32());
        Assert.Equal(500, Shop.Expect(200, await app.Client.PostAsync(path, null, app.PlatformKey))["returned"].GetInt32());
        var after = Shop.Expect(200, await app.Client.GetAsync($"/v1/pools/{pool}", app.PlatformKey));
        Assert.Equal((1000, 200, 800), (after["deposited"].GetInt32(), after["granted"].GetInt32(), after["left"].GetInt32()));
        Assert.Equal("money-budget-exhausted", (await shop.RedeemAsync(first)).Problem);
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task A_slice_that_the_campaign_cannot_take_is_given_back_for_good()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring");
        var pool = await OpenPoolAsync(10_00);
        var key = LedgerClient.NewKey();
        var refused = await GrantAsync(pool, shop, 7_00, key);
        Assert.Equal((409, "slice-not-received", "budget-not-in-terms"), (refused.Status, refused.Problem, refused.Said("reason")));
        Assert.Equal(1000, Shop.Expect(200, await app.Client.GetAsync($"/v1/pools/{pool}", app.PlatformKey))["left"].GetInt32());

        // The campaign could take it by now; this slice stays refused, and another is received.
        Shop.Expect(200, await shop.Client.PostAsync("/v1/campaigns/spring/terms", s_platformPays, shop.MerchantKey, null, ("If-Match", "\"1\"")));
        Assert.Equal("slice-not-received", (await GrantAsync(pool, shop, 7_00, key)).Problem);
        Shop.Expect(201, await GrantAsync(pool, shop, 7_00));
        Assert.Equal("budget-is-granted", (await shop.Client.PostAsync("/v1/campaigns/spring/budgets", new { party = "platform", expected = 0, target = 1 }, shop.MerchantKey)).Problem);
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task A_slice_that_a_crash_left_half_way_is_carried_on_by_whoever_asks_again()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring", terms: s_platformPays);
        var pool = await OpenPoolAsync(10_00);
        var (scribes, now) = (app.Service<Scribes>(), Moments.At("2026-03-03T12:00:00+08:00"));
        Request At(string book, string? key = null) => new(book, key, key is null ? default : new byte[32], "test", now);

        // Granted, and the service died.
        await scribes.SubmitAsync(PoolOperations.Grant(At(pool, "first"), pool, "s1", shop.Id, "spring", new(4_00)), default);
        Assert.Equal((400, 0), (await TallyAsync(pool, PoolStreams.Granted(pool)), await TallyAsync(shop.Id, MoneyBudgets.Granted("spring"))));
        Assert.Equal("inFlight", Shop.Expect(200, await app.Client.GetAsync($"/v1/pools/{pool}/slices", app.PlatformKey))["data"][0].GetProperty("status").GetString());
        await Proof.Books.AssertSoundAsync(app.Database);

        // Received, and the service died again.
        await scribes.SubmitAsync(PoolOperations.Receive(At(shop.Id), pool, "s1", "spring", new(4_00)), default);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
            Assert.Equal("received", Shop.Expect(200, await app.Client.PostAsync($"/v1/pools/{pool}/slices/s1/carry", null, app.PlatformKey)).Said("status"))));
        Assert.Equal((400, 400), (await TallyAsync(pool, PoolStreams.Granted(pool)), await TallyAsync(shop.Id, MoneyBudgets.Granted("spring"))));

        // Given up by the merchant's book, and the pool not told.
        await scribes.SubmitAsync(PoolOperations.Return(At(shop.Id), "s1"), default);
        Assert.Equal(400, Shop.Expect(200, await app.Client.PostAsync($"/v1/pools/{pool}/slices/s1/carry", null, app.PlatformKey))["returned"].GetInt32());
        Assert.Equal((0, 0), (await TallyAsync(pool, PoolStreams.Granted(pool)), await TallyAsync(shop.Id, MoneyBudgets.Granted("spring"))));
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task Only_the_platform_has_pools_and_only_merchants_that_exist_get_slices()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring", terms: s_platformPays);
        var pool = await OpenPoolAsync(10_00);
        Assert.Equal("not-permitted", (await app.Client.PostAsync($"/v1/pools/{pool}/slices", new { merchant = shop.Id, campaign = "spring", amount = 1 }, shop.MerchantKey)).Problem);
        Assert.Equal("merchant-unknown", (await GrantAsync(pool, shop with { Id = "nobody" }, 1)).Problem);
        Assert.Equal("pool-unknown", (await GrantAsync(shop.Id, shop, 1)).Problem);
        Assert.Equal("campaign-unknown", (await app.Client.PostAsync($"/v1/pools/{pool}/slices", new { merchant = shop.Id, campaign = "autumn", amount = 1 }, app.PlatformKey)).Problem);
        Assert.Equal("slice-unknown", (await app.Client.PostAsync($"/v1/pools/{pool}/slices/s9/carry", null, app.PlatformKey)).Problem);
        Assert.Equal("merchant-unknown", (await app.Client.PostAsync("/v1/pools", new { id = "nobody" }, app.PlatformKey)).Problem);
        var dollars = $"{pool}-usd";
        Shop.Expect(201, await app.Client.PostAsync("/v1/merchants", new { id = dollars, name = "Dollars", currency = "USD" }, app.PlatformKey));
        Shop.Expect(201, await app.Client.PostAsync("/v1/pools", new { id = dollars }, app.PlatformKey));
        Assert.Equal("currency-differs", (await GrantAsync(dollars, shop, 1)).Problem);
        Assert.Equal(0, await app.Database.AskAsync<long>("select count(*) from ledger.books where tenant_id = 'nobody'"));
    }

    private static string Bound(string party, string exhaustion) => Shop.Terms[..^1] +
        $$""","funding":{"shares":[{"party":"{{party}}","basisPoints":10000}],"onExhaustion":"{{char.ToLowerInvariant(exhaustion[0])}}{{exhaustion[1..]}}"},"budgets":["{{party}}"]}""";

    /// <summary>A pool with that much money in it; its id.</summary>
    private async Task<string> OpenPoolAsync(long amount)
    {
        var id = FormattableString.Invariant($"pool-{Interlocked.Increment(ref opened)}");
        Shop.Expect(201, await app.Client.PostAsync("/v1/merchants", new { id, name = "Platform" }, app.PlatformKey));
        Shop.Expect(201, await app.Client.PostAsync("/v1/pools", new { id }, app.PlatformKey));
        Assert.Equal(amount, Shop.Expect(201, await app.Client.PostAsync($"/v1/pools/{id}/deposits", new { amount }, app.PlatformKey))["left"].GetInt64());
        return id;
    }

    private Task<Answer> GrantAsync(string pool, Shop shop, long amount, string? key = null) =>
        app.Client.PostAsync($"/v1/pools/{pool}/slices", new { merchant = shop.Id, campaign = "spring", amount }, app.PlatformKey, key);

    private async Task<long> TallyAsync(string book, string key) =>
        await app.Database.AskAsync<long>("select coalesce((select value from ledger.tallies where tenant_id = $1 and key = $2), 0)", book, key);
}
