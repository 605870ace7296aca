using System.Text.Json;
using Ledger.Tests.Coupons.Redemptions;
using Xunit;

namespace Ledger.Tests.Api;

/// <summary>Several coupons on one basket and goods that come back, over HTTP.</summary>
public sealed class BasketTests(LedgerApp app) : IClassFixture<LedgerApp>
{
    private static readonly object[] s_lines = [new { amount = 5990, goods = "tea" }, new { amount = 3300, goods = "cake", quantity = 3 }, new { amount = 2710 }];

    [Fact]
    public async Task Several_coupons_are_redeemed_together_and_goods_come_back_bit_by_bit()
    {
        var (shop, codes) = await OpenAsync("five", "ten");
        var redeemed = Shop.Expect(201, await shop.Client.PostAsync("/v1/redemptions", new { coupons = Shown(codes), amount = 12000, lines = s_lines }, shop.TillKey));
        var id = redeemed.Said("redemptionId");
        Assert.Equal(($"{codes[0]}-1", "redeemed", 1500, 10500, 2), (id, redeemed.Said("status"), redeemed["discount"].GetInt32(), redeemed["payable"].GetInt32(), redeemed["coupons"].GetArrayLength()));
        Assert.Equal(redeemed.Text, await ShowAsync(shop, id));
        Assert.Equal((409, "already-used", id), await RedeemAsync(shop, codes[1]));

        var cake = Shop.Expect(201, await shop.Client.PostAsync($"/v1/redemptions/{id}/returns", new { lines = new[] { new { line = 1, quantity = 1 } }, reason = "stale" }, shop.TillKey));
        Assert.Equal((1, 1100), (cake["number"].GetInt32(), cake["lines"][0].Number("amount")));
        var tooMuch = await shop.Client.PostAsync($"/v1/redemptions/{id}/returns", new { lines = new[] { new { line = 1, quantity = 3 } } }, shop.TillKey);
        Assert.Equal((422, "return-exceeds-original", "quantity", 2), (tooMuch.Status, tooMuch.Problem, tooMuch.Said("measure"), tooMuch["left"].GetInt32()));
        Assert.Equal((409, "redemption-has-returns"), await shop.Client.PostAsync($"/v1/redemptions/{id}/void", null, shop.TillKey) is var late ? (late.Status, late.Problem) : default);

        var rest = Shop.Expect(201, await shop.Client.PostAsync($"/v1/redemptions/{id}/returns", null, shop.TillKey));
        Assert.Equal(10500, cake["refund"].GetInt32() + rest["refund"].GetInt32());
        Assert.All(rest["coupons"].EnumerateArray(), coupon => Assert.Equal("effective", coupon.Text("status")));
        Assert.Equal("returned", JsonSerializer.Deserialize<JsonElement>(await ShowAsync(shop, id)).Text("status"));
        Assert.Equal((409, "nothing-left-to-return"), await shop.Client.PostAsync($"/v1/redemptions/{id}/returns", null, shop.TillKey) is var again ? (again.Status, again.Problem) : default);
        Shop.Expect(201, await shop.RedeemAsync(codes[1]));
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task Thirty_one_redeemables_in_one_basket_are_refused_by_name()
    {
        var (shop, codes) = await OpenAsync([.. Enumerable.Repeat("five", 31)]);
        var tooMany = await shop.Client.PostAsync("/v1/redemptions", new { coupons = Shown(codes), amount = 12000 }, shop.TillKey);
        Assert.Equal((422, "too-many-redeemables", 31, 30), (tooMany.Status, tooMany.Problem, tooMany["redeemables"].GetInt32(), tooMany["limit"].GetInt32()));
        var most = Shop.Expect(201, await shop.Client.PostAsync("/v1/redemptions", new { coupons = Shown(codes[1..]), amount = 20000 }, shop.TillKey));
        Assert.Equal(15000, most["discount"].GetInt32());
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task Zero_amount_order_is_fully_discounted_and_given_back_for_nothing()
    {
        var (shop, codes) = await OpenAsync("five", "ten");
        var free = Shop.Expect(201, await shop.Client.PostAsync("/v1/redemptions", new { coupons = Shown(codes), amount = 1500 }, shop.TillKey));
        Assert.Equal((1500, 0), (free["discount"].GetInt32(), free["payable"].GetInt32()));
        var back = Shop.Expect(201, await shop.Client.PostAsync($"/v1/redemptions/{free.Said("redemptionId")}/returns", null, shop.TillKey));
        Assert.Equal(0, back["refund"].GetInt32());
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task A_basket_with_another_merchants_coupon_is_refused_as_a_whole_and_says_which()
    {
        var (shop, codes) = await OpenAsync("five");
        var (_, others) = await OpenAsync("ten");
        var refused = await shop.Client.PostAsync("/v1/redemptions", new { coupons = Shown([codes[0], others[0]]), amount = 12000 }, shop.TillKey);
        Assert.Equal((404, "code-not-found", others[0]), (refused.Status, refused.Problem, refused.Said("presented")));
        Shop.Expect(201, await shop.RedeemAsync(codes[0]));
    }

    [Fact]
    public async Task A_held_basket_runs_out_commits_or_is_reversed_as_one()
    {
        var (shop, codes) = await OpenAsync("five", "ten");
        var key = LedgerClient.NewKey();
        var body = new { coupons = Shown(codes), amount = 12000, lines = s_lines };
        var held = Shop.Expect(201, await shop.Client.PostAsync("/v1/holds", body, shop.TillKey, key));
        Assert.Equal((423, "already-held"), await RedeemAsync(shop, codes[1]) is var (status, problem, _) ? (status, problem) : default);
        Assert.Equal("reversed", Shop.Expect(200, await shop.Client.PostAsync("/v1/reversals", new { request = key }, shop.TillKey)).Said("status"));

        held = Shop.Expect(201, await shop.Client.PostAsync("/v1/holds", body, shop.TillKey));
        var commit = LedgerClient.NewKey();
        Shop.Expect(201, await shop.Client.PostAsync($"/v1/holds/{held.Said("holdId")}/commit", null, shop.TillKey, commit));
        Assert.Equal("reversed", Shop.Expect(200, await shop.Client.PostAsync("/v1/reversals", new { request = commit }, shop.TillKey)).Said("status"));
        foreach (var code in codes) Shop.Expect(201, await shop.RedeemAsync(code));
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task Tills_that_race_with_overlapping_baskets_use_each_coupon_once()
    {
        var (shop, codes) = await OpenAsync("five", "five", "five", "ten", "ten", "ten");
        var random = new Random(20261120);
        var baskets = Enumerable.Range(0, 48).Select(_ => Shown([.. codes.OrderBy(_ => random.Next()).Take(random.Next(2, 5))])).ToList();
        var answers = await Task.WhenAll(baskets.Select((coupons, i) => i % 2 == 0
            ? shop.Client.PostAsync("/v1/redemptions", new { coupons, amount = 12000 }, shop.TillKey)
            : HoldAndCommitAsync(shop, coupons)));
        Assert.All(answers.Where(answer => answer.Status != 201), answer => Assert.True(answer.Problem is "already-used" or "already-held", answer.ToString()));
        var used = answers.Where(answer => answer.Status == 201).SelectMany(answer => answer["coupons"].EnumerateArray().Select(coupon => coupon.Text("code"))).ToList();
        Assert.NotEmpty(used);
        Assert.Distinct(used, StringComparer.Ordinal);
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task A_coupon_of_five_uses_is_used_at_once_or_one_by_one()
    {
        var (shop, codes) = await OpenAsync("five-times");
        object Uses(int uses) => new { coupons = new[] { new { code = codes[0], uses } }, amount = 3000 };
        var two = Shop.Expect(201, await shop.Client.PostAsync("/v1/redemptions", Uses(2), shop.TillKey));
        Assert.Equal(1000, two["discount"].GetInt32());
        var tooMany = await shop.Client.PostAsync("/v1/redemptions", Uses(4), shop.TillKey);
        Assert.Equal((409, "uses-exhausted", 3), (tooMany.Status, tooMany.Problem, tooMany["left"].GetInt32()));
        Shop.Expect(201, await shop.RedeemAsync(codes[0]));
        Shop.Expect(201, await shop.Client.PostAsync($"/v1/redemptions/{two.Said("redemptionId")}/returns", new { uses = 1 }, shop.TillKey));
        var racing = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => shop.RedeemAsync(codes[0])));
        Assert.Equal(3, racing.Count(answer => answer.Status == 201));
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    private static async Task<Answer> HoldAndCommitAsync(Shop shop, object coupons)
    {
        var held = await shop.Client.PostAsync("/v1/holds", new { coupons, amount = 12000 }, shop.TillKey);
        return held.Status == 201 ? await shop.Client.PostAsync($"/v1/holds/{held.Said("holdId")}/commit", null, shop.TillKey) : held;
    }

    private static async Task<(int Status, string? Problem, string? Redemption)> RedeemAsync(Shop shop, string code)
    {
        var answer = await shop.RedeemAsync(code);
        return (answer.Status, answer.Problem, answer.Json.TryGetProperty("redemptionId", out var id) ? id.GetString() : null);
    }

    private static async Task<string> ShowAsync(Shop shop, string id) => System.Text.Encoding.UTF8.GetString(
        CanonicalJson.Of(System.Text.Encoding.UTF8.GetBytes(Shop.Expect(200, await shop.Client.GetAsync($"/v1/redemptions/{id}", shop.TillKey)).Text)));

    private static object[] Shown(IReadOnlyList<string> codes) => [.. codes.Select(code => new { code })];

    /// <summary>A shop with a coupon of each of these campaigns: 5.00 off, 10.00 off, or five times 5.00 off; no floor.</summary>
    private async Task<(Shop Shop, string[] Codes)> OpenAsync(params string[] campaigns)
    {
        var shop = await app.OpenShopAsync();
        var terms = Shop.Terms.Replace(",\"minimumSpend\":3000", "", StringComparison.Ordinal);
        foreach (var campaign in campaigns.Distinct(StringComparer.Ordinal))
        {
            await shop.CampaignAsync(campaign, terms: campaign switch
            {
                "ten" => terms.Replace("500", "1000", StringComparison.Ordinal),
                "five-times" => terms[..^1] + ",\"maxUses\":5}",
                _ => terms,
            });
        }

        var codes = new List<string>();
        foreach (var campaign in campaigns) codes.Add(await shop.IssueAsync(campaign));
        return (shop, [.. codes]);
    }
}
