using Ledger.Tests.Coupons.Redemptions;
using Xunit;

namespace Ledger.Tests.Api;

/// <summary>Points beside coupons on one basket, over HTTP.</summary>
public sealed class BasketPointsTests(LedgerApp app) : IClassFixture<LedgerApp>
{
    [Fact]
    public async Task A_quote_says_what_coupons_and_points_give_and_the_redemption_gives_it()
    {
        var (shop, codes) = await OpenAsync(coupons: 2, points: 2_000);
        var points = new { program = "club", member = "m-1" };
        var quote = Shop.Expect(200, await shop.Client.PostAsync("/v1/quotes", new { codes, amount = 12000, points }, shop.TillKey));
        var alone = quote["redeemables"][2];
        Assert.Equal(("points/club", true, 2000, 2000, 10000), (alone.Text("code"), alone.GetProperty("redeemable").GetBoolean(), alone.Number("points"), alone.Number("discount"), alone.Number("payable")));
        Assert.Equal((3000, 2000), (quote["together"].Number("discount"), quote["together"].GetProperty("points").Number("points")));
        Assert.Equal((3, "points/club", 3000, 2000, true), (
            quote["best"].GetProperty("codes").GetArrayLength(), quote["best"].GetProperty("codes")[2].GetString(), quote["best"].Number("discount"), quote["best"].Number("points"),
            quote["best"].GetProperty("isExact").GetBoolean()));

        var redeemed = Shop.Expect(201, await shop.Client.PostAsync("/v1/redemptions", new { coupons = Shown(codes), amount = 12000, points }, shop.TillKey));
        Assert.Equal((3000, 9000), (redeemed["discount"].GetInt32(), redeemed["payable"].GetInt32()));
        var spend = Shop.Expect(200, await shop.Client.GetAsync($"/v1/points/spends/{redeemed["points"].Text("spend")}", shop.TillKey));
        Assert.Equal(("spent", 2000, $"redemption {redeemed.Said("redemptionId")}"), (spend.Said("status"), spend["points"].GetInt64(), spend.Said("order")));
        var shown = Shop.Expect(200, await shop.Client.GetAsync($"/v1/redemptions/{redeemed.Said("redemptionId")}", shop.TillKey));
        Assert.Equal(2000, shown["points"].Number("points"));

        var back = Shop.Expect(201, await shop.Client.PostAsync($"/v1/redemptions/{redeemed.Said("redemptionId")}/returns", new { lines = new[] { new { line = 0, amount = 6000 } } }, shop.TillKey));
        Assert.Equal((4500, 1000), (back["refund"].GetInt32(), back["points"].Number("restored")));
        Assert.Equal(1000, await AvailableAsync(shop));
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    /// <summary>As far as streams lead to others: coupons of several campaigns, points, a commit, a return, a reversal.</summary>
    [Fact]
    public async Task A_basket_of_several_campaigns_with_points_is_held_committed_returned_and_reversed()
    {
        var (shop, codes) = await OpenAsync(coupons: 1, points: 300);
        await shop.CampaignAsync("other");
        object[] coupons = Shown([codes[0], await shop.IssueAsync("other")]);
        var (points, commit) = (new { program = "club", member = "m-1" }, LedgerClient.NewKey());
        var held = Shop.Expect(201, await shop.Client.PostAsync("/v1/holds", new { coupons, amount = 12000, points }, shop.TillKey)).Said("holdId");
        Shop.Expect(200, await shop.Client.PostAsync($"/v1/holds/{held}/release", null, shop.TillKey));
        held = Shop.Expect(201, await shop.Client.PostAsync("/v1/holds", new { coupons, amount = 12000, points }, shop.TillKey)).Said("holdId");
        Assert.Equal(1300, Shop.Expect(201, await shop.Client.PostAsync($"/v1/holds/{held}/commit", null, shop.TillKey, commit))["discount"].GetInt32());
        Assert.Equal("reversed", Shop.Expect(200, await ReversalTests.ReverseAsync(shop, commit)).Said("status"));
        Assert.Equal(300, await AvailableAsync(shop));

        var id = Shop.Expect(201, await shop.Client.PostAsync("/v1/redemptions", new { coupons, amount = 12000, points }, shop.TillKey)).Said("redemptionId");
        Assert.Equal(300, Shop.Expect(201, await shop.Client.PostAsync($"/v1/redemptions/{id}/returns", null, shop.TillKey))["points"].Number("restored"));
        Assert.Equal(300, await AvailableAsync(shop));
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task Points_that_are_refused_are_named_and_points_alone_are_spent_elsewhere()
    {
        var (shop, codes) = await OpenAsync(coupons: 1, points: 100);
        foreach (var path in (string[])["/v1/redemptions", "/v1/holds"])
        {
            var few = await shop.Client.PostAsync(path, new { code = codes[0], amount = 12000, points = new { program = "club", member = "m-1", points = 101 } }, shop.TillKey);
            Assert.Equal((422, "insufficient-points", "points/club", 100), (few.Status, few.Problem, few.Said("presented"), few["available"].GetInt32()));
            var none = await shop.Client.PostAsync(path, new { code = codes[0], amount = 12000, points = new { program = "none", member = "m-1" } }, shop.TillKey);
            Assert.Equal((404, "points-program-unknown", "points/none"), (none.Status, none.Problem, none.Said("presented")));
            var other = await shop.Client.PostAsync(path, new { code = codes[0], amount = 12000, member = "m-1", points = new { program = "club", member = "m-2" } }, shop.TillKey);
            Assert.Equal((422, "owner-mismatch", "points/club"), (other.Status, other.Problem, other.Said("presented")));
            var alone = await shop.Client.PostAsync(path, new { amount = 12000, points = new { program = "club", member = "m-1" } }, shop.TillKey);
            Assert.Equal((400, "/points"), (alone.Status, alone["errors"][0].Text("pointer")));
            Assert.Contains("/v1/points/spends", alone["errors"][0].Text("detail"), StringComparison.Ordinal);
        }

        var quote = Shop.Expect(200, await shop.Client.PostAsync("/v1/quotes", new { codes, amount = 12000, points = new { program = "none", member = "m-1" } }, shop.TillKey));
        Assert.Equal("/problems/points-program-unknown", quote["redeemables"][1].GetProperty("problem").Text("type"));
        Assert.Equal((false, 500), (quote["together"].GetProperty("redeemable").GetBoolean(), quote["best"].Number("discount")));
        Shop.Expect(201, await shop.RedeemAsync(codes[0]));
    }

    /// <summary>Thirty-two customers' coupons, and one member's points for nine of them.</summary>
    [Fact]
    public async Task Thirty_two_clients_use_the_same_points_and_no_more_and_who_is_refused_keeps_the_coupon()
    {
        var (shop, codes) = await OpenAsync(coupons: 32, points: 1_000);
        var answers = await Task.WhenAll(codes.Select((code, i) => Task.Run(() => i % 2 == 0
            ? shop.Client.PostAsync("/v1/redemptions", Body(code), shop.TillKey)
            : HoldAndCommitAsync(shop, Body(code)))));
        Assert.Equal(9, answers.Count(answer => answer.Status == 201));
        Assert.All(answers.Where(answer => answer.Status != 201), answer => Assert.Equal((422, "insufficient-points", "points/club"), (answer.Status, answer.Problem, answer.Said("presented"))));
        Assert.Equal(1_000 - (9 * 111), await AvailableAsync(shop));
        foreach (var (answer, code) in answers.Zip(codes))
        {
            var status = Shop.Expect(200, await shop.Client.GetAsync($"/v1/coupons/{code}", shop.TillKey)).Said("status");
            Assert.Equal(answer.Status == 201 ? "used" : "effective", status);
        }

        // All that were made are voided by many at once: every point is back, once.
        var made = answers.Where(answer => answer.Status == 201).Select(answer => answer.Said("redemptionId")).ToList();
        await Task.WhenAll(made.SelectMany(id => Enumerable.Range(0, 4).Select(_ => Task.Run(() => shop.Client.PostAsync($"/v1/redemptions/{id}/void", null, shop.TillKey)))));
        Assert.Equal(1_000, await AvailableAsync(shop));
        await Proof.Books.AssertSoundAsync(app.Database);

        static object Body(string code) => new { code, amount = 12000, points = new { program = "club", member = "m-1", points = 111 } };
    }

    [Fact]
    public async Task The_clock_frees_coupons_and_points_once()
    {
        var (shop, codes) = await OpenAsync(coupons: 2, points: 100);
        var hold = Shop.Expect(201, await shop.Client.PostAsync("/v1/holds", new { coupons = Shown(codes), amount = 12000, seconds = 1, points = new { program = "club", member = "m-1" } }, shop.TillKey));
        Assert.Equal(100, hold["points"].Number("points"));
        while (await app.Database.AskAsync<long>("select count(*) from ledger.mt_events where tenant_id = $1 and type in ('points_released', 'coupon_hold_released')", shop.Id) < 3) await Task.Delay(50);
        Assert.Equal("hold-not-found", (await shop.Client.PostAsync($"/v1/holds/{hold.Said("holdId")}/commit", null, shop.TillKey)).Problem);
        Assert.Equal(100, await AvailableAsync(shop));
        Shop.Expect(201, await shop.Client.PostAsync("/v1/redemptions", new { coupons = Shown(codes), amount = 12000, points = new { program = "club", member = "m-1" } }, shop.TillKey));
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task Requests_about_points_are_reversed_by_their_keys_or_told_how_else()
    {
        var (shop, _) = await OpenAsync(coupons: 0, points: 100);
        var (earn, spend, hold, commit) = (LedgerClient.NewKey(), LedgerClient.NewKey(), LedgerClient.NewKey(), LedgerClient.NewKey());
        Shop.Expect(201, await shop.Client.PostAsync("/v1/points/purchases", new { program = "club", member = "m-1", order = "o-1", amount = 50_00 }, shop.TillKey, earn));
        Shop.Expect(201, await shop.Client.PostAsync("/v1/points/spends", new { program = "club", member = "m-1", points = 20 }, shop.TillKey, spend));
        var held = Shop.Expect(201, await shop.Client.PostAsync("/v1/points/holds", new { program = "club", member = "m-1", points = 30 }, shop.TillKey, hold)).Said("spendId");
        Shop.Expect(200, await shop.Client.PostAsync($"/v1/points/holds/{held}/commit", null, shop.TillKey, commit));

        var late = await ReversalTests.ReverseAsync(shop, hold);
        Assert.Equal((409, "points-already-spent"), (late.Status, late.Problem));
        for (var times = 0; times < 2; times++)
        {
            Assert.Equal(("reversed", 20), Shop.Expect(200, await ReversalTests.ReverseAsync(shop, spend)) is var first ? (first.Said("status"), first["spend"].Number("refunded")) : default);
            Assert.Equal(30, Shop.Expect(200, await ReversalTests.ReverseAsync(shop, commit))["spend"].Number("refunded"));
            Assert.Equal(0, Shop.Expect(200, await ReversalTests.ReverseAsync(shop, earn))["purchase"].Number("points"));
        }

        Assert.Equal(100, await AvailableAsync(shop));
        var again = LedgerClient.NewKey();
        Shop.Expect(201, await shop.Client.PostAsync("/v1/points/purchases", new { program = "club", member = "m-1", order = "o-1", amount = 50_00 }, shop.TillKey, again));
        var given = LedgerClient.NewKey();
        Shop.Expect(201, await shop.Client.PostAsync("/v1/points/grants", new { program = "club", member = "m-1", points = 7 }, shop.MerchantKey, given));
        foreach (var (key, means) in ((string, string?)[])[(again, null), (given, "POST /v1/points/adjustments")])
        {
            var refused = await ReversalTests.ReverseAsync(shop, key);
            Assert.Equal((422, "not-reversible", means), (refused.Status, refused.Problem, refused.Json.TryGetProperty("means", out var told) ? told.GetString() : null));
        }

        await Proof.Books.AssertSoundAsync(app.Database);
    }

    private static async Task<Answer> HoldAndCommitAsync(Shop shop, object body)
    {
        var held = await shop.Client.PostAsync("/v1/holds", body, shop.TillKey);
        return held.Status == 201 ? await shop.Client.PostAsync($"/v1/holds/{held.Said("holdId")}/commit", null, shop.TillKey) : held;
    }

    private static async Task<long> AvailableAsync(Shop shop) =>
        Shop.Expect(200, await shop.Client.GetAsync("/v1/members/m-1/points?program=club", shop.TillKey))["available"].GetInt64();

    private static object[] Shown(IReadOnlyList<string> codes) => [.. codes.Select(code => new { code })];

    /// <summary>A shop with coupons of 5.00 off, and a member with points of which each is worth a fen.</summary>
    private async Task<(Shop Shop, string[] Codes)> OpenAsync(int coupons, long points)
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("five");
        Shop.Expect(201, await shop.Client.PostAsync(
            "/v1/points-programs",
            """{"id":"club","name":"Club","terms":{"earning":{"points":1,"per":100},"expiry":{"kind":"afterMonths","months":12},"value":{"amount":1,"points":1},"graceDays":30}}""", shop.MerchantKey));
        Shop.Expect(201, await shop.Client.PostAsync("/v1/points/grants", new { program = "club", member = "m-1", points }, shop.MerchantKey));
        var codes = new List<string>();
        for (var n = 0; n < coupons; n++) codes.Add(await shop.IssueAsync("five"));
        return (shop, [.. codes]);
    }
}
