using System.Text.Json;
using Ledger.Tests.Readers;
using Xunit;

namespace Ledger.Tests.Api;

/// <summary>Points and benefits over HTTP: what tills and merchants send, what they are told, and that the accounts are right afterwards.</summary>
public sealed class PointsTests(LedgerApp app) : IClassFixture<LedgerApp>
{
    internal const string Terms =
        """{"earning":{"points":1,"per":100},"expiry":{"kind":"afterMonths","months":12},"value":{"amount":1,"points":1},"graceDays":30,"transfers":{"maxPoints":500,"maxPerDay":600}}""";

    [Fact]
    public async Task Points_are_earned_held_spent_given_back_and_the_accounts_sum_to_zero()
    {
        var shop = await OpenAsync();
        var earned = Shop.Expect(201, await EarnAsync(shop, "m-1", "o-1", 500_00));
        Assert.Equal((500, 500), (earned["points"].GetInt64(), earned["balance"].GetProperty("available").GetInt64()));
        Assert.Equal(0, Shop.Expect(201, await EarnAsync(shop, "m-1", "o-1", 500_00))["change"].GetInt64());
        Assert.Equal((409, "points-purchase-exists"), Told(await EarnAsync(shop, "m-1", "o-1", 499_00)));

        var hold = Shop.Expect(201, await TillAsync(shop, "/v1/points/holds", new { program = "club", member = "m-1", points = 200 })).Said("spendId");
        Assert.Equal((422, "insufficient-points"), Told(await SpendAsync(shop, "m-1", 301)));
        Assert.Equal("spent", Shop.Expect(200, await TillAsync(shop, $"/v1/points/holds/{hold}/commit", null)).Said("status"));
        Assert.Equal((409, "points-already-spent"), Told(await TillAsync(shop, $"/v1/points/holds/{hold}/release", null)));
        Assert.Equal(50, Shop.Expect(200, await TillAsync(shop, $"/v1/points/spends/{hold}/refunds", new { points = 50 }))["restored"].GetInt64());
        Assert.Equal(50, Shop.Expect(200, await shop.Client.GetAsync($"/v1/points/spends/{hold}", shop.TillKey))["refunded"].GetInt64());
        Assert.Equal((404, "points-spend-unknown"), Told(await TillAsync(shop, "/v1/points/spends/p-none/refunds", null)));

        Shop.Expect(201, await MerchantAsync(shop, "/v1/points/transfers", new { program = "club", from = "m-1", to = "m-2", points = 100 }));
        var reversed = Shop.Expect(200, await TillAsync(shop, "/v1/points/purchases/o-1/reversals", new { program = "club" }));
        Assert.Equal((-500, 250), (reversed["change"].GetInt64(), reversed["balance"].GetProperty("arrears").GetInt64()));
        Shop.Expect(201, await MerchantAsync(shop, "/v1/points/arrears", new { program = "club", member = "m-1", points = 50, reference = "cash-1" }));
        Shop.Expect(201, await EarnAsync(shop, "m-1", "o-2", 300_00));
        Shop.Expect(201, await MerchantAsync(shop, "/v1/points/adjustments", new { program = "club", member = "m-1", points = -10, reason = "Mistake" }));

        var balance = Shop.Expect(200, await shop.Client.GetAsync("/v1/members/m-1/points?program=club", shop.TillKey));
        Assert.Equal((90, 0, 0, 300), (balance["available"].GetInt64(), balance["held"].GetInt64(), balance["arrears"].GetInt64(), balance["lifetime"].GetInt64()));
        var lines = Shop.Expect(200, await shop.Client.GetAsync("/v1/members/m-1/points/entries?program=club", shop.MerchantKey))["data"];
        Assert.Equal(
            ["points_earned", "points_held", "points_spent", "points_restored", "points_transferred_out", "earning_clawed_back", "earning_clawed_back", "arrears_settled", "points_earned", "arrears_reduced", "points_adjusted"],
            lines.EnumerateArray().Select(line => line.GetProperty("kind").GetString()), StringComparer.Ordinal);
        Assert.Equal((404, "points-program-unknown"), Told(await shop.Client.GetAsync("/v1/members/m-1/points?program=none", shop.TillKey)));
        Assert.Equal((400, "malformed-request"), Told(await shop.Client.GetAsync("/v1/members/m-1/points", shop.TillKey)));
        await AssertBooksAsync(shop);
    }

    [Fact]
    public async Task Sixty_four_clients_spend_the_same_points_and_no_more()
    {
        var shop = await OpenAsync();
        Shop.Expect(201, await EarnAsync(shop, "m-1", "o-1", 100_00));
        var answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(i => Task.Run(() => i % 2 == 0
            ? SpendAsync(shop, "m-1", 7)
            : TillAsync(shop, "/v1/points/holds", new { program = "club", member = "m-1", points = 7, seconds = 600 }))));
        Assert.Equal(14, answers.Count(answer => answer.Status == 201));
        Assert.All(answers.Where(answer => answer.Status != 201), answer => Assert.Equal((422, "insufficient-points"), Told(answer)));
        Assert.Equal(2, Shop.Expect(200, await shop.Client.GetAsync("/v1/members/m-1/points?program=club", shop.TillKey))["available"].GetInt64());

        // One spend, given back by all of them at once, is given back once.
        var spent = answers.First(answer => answer.Status == 201 && answer.Said("status") == "spent").Said("spendId");
        var back = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => Task.Run(() => TillAsync(shop, $"/v1/points/spends/{spent}/refunds", new { points = 7 }))));
        Assert.Single(back, answer => answer.Status == 200);
        Assert.All(back.Where(answer => answer.Status != 200), answer => Assert.Equal((422, "refund-exceeds-spend"), Told(answer)));
        await AssertBooksAsync(shop);
    }

    [Fact]
    public async Task The_clock_ends_holds_and_a_budget_is_exact_while_many_earn()
    {
        var shop = await OpenAsync();
        Shop.Expect(200, await MerchantAsync(shop, "/v1/points-programs/club/budgets", new { funder = "brand", expected = 0, target = 100 }));
        var answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(i => Task.Run(() => TillAsync(
            shop, "/v1/points/purchases", new { program = "club", member = $"m-{i % 4}", order = $"o-{i}", amount = 30_00, funder = "brand" }))));
        Assert.Equal(3, answers.Count(answer => answer.Status == 201));
        Assert.All(answers.Where(answer => answer.Status != 201), answer => Assert.Equal((409, "points-budget-exhausted"), Told(answer)));

        Shop.Expect(201, await EarnAsync(shop, "m-9", "o-900", 50_00));
        var hold = Shop.Expect(201, await TillAsync(shop, "/v1/points/holds", new { program = "club", member = "m-9", points = 50, seconds = 1 })).Said("spendId");
        while (await app.Database.AskAsync<long>("select count(*) from ledger.mt_events where tenant_id = $1 and type = 'points_released'", shop.Id) == 0) await Task.Delay(50);
        Assert.Equal((409, "points-hold-expired"), Told(await TillAsync(shop, $"/v1/points/holds/{hold}/commit", null)));
        Shop.Expect(201, await SpendAsync(shop, "m-9", 50));
        await AssertBooksAsync(shop);
    }

    [Fact]
    public async Task Benefits_are_ordered_picked_up_at_their_store_and_counted_by_month()
    {
        var shop = await OpenAsync();
        await shop.CampaignAsync("spring");
        Shop.Expect(201, await MerchantAsync(shop, "/v1/points/grants", new { program = "club", member = "m-1", points = 5_000 }));
        Shop.Expect(201, await MerchantAsync(shop, "/v1/stores", new { id = "store-2", name = "Other" }));
        Assert.Equal((400, "malformed-request"), Told(await MerchantAsync(shop, "/v1/benefits", new { id = "x", name = "X", program = "club", points = 1, kind = "pickUp", stores = new[] { "nowhere" } })));
        Shop.Expect(201, await MerchantAsync(shop, "/v1/benefits", new { id = "meal", name = "Meal", program = "club", points = 800, kind = "pickUp", stock = 2, stores = new[] { "store-2" } }));
        Shop.Expect(201, await MerchantAsync(shop, "/v1/benefits", new { id = "tea", name = "5 off", program = "club", points = 100, kind = "coupon", campaign = "spring" }));

        var order = Shop.Expect(201, await TillAsync(shop, "/v1/benefit-orders", new { benefit = "meal", member = "m-1" })).Said("orderId");
        var wrong = await TillAsync(shop, $"/v1/benefit-orders/{order}/pick-up", null);
        Assert.Equal((422, "store-not-designated", "store-2"), (wrong.Status, wrong.Problem, wrong["stores"][0].GetString()));
        Assert.Equal("received", Shop.Expect(200, await MerchantAsync(shop, $"/v1/benefit-orders/{order}/pick-up", new { store = "store-2" })).Said("status"));
        var second = Shop.Expect(201, await TillAsync(shop, "/v1/benefit-orders", new { benefit = "meal", member = "m-1" })).Said("orderId");
        Assert.Equal((409, "benefit-out-of-stock"), Told(await TillAsync(shop, "/v1/benefit-orders", new { benefit = "meal", member = "m-1" })));
        Shop.Expect(200, await TillAsync(shop, $"/v1/benefit-orders/{second}/cancel", null));

        for (var i = 0; i < 2; i++)
        {
            var code = Shop.Expect(201, await TillAsync(shop, "/v1/benefit-orders", new { benefit = "tea", member = "m-1" })).Said("code");
            Shop.Expect(201, await shop.RedeemAsync(code));
        }

        Assert.Equal(4_000, Shop.Expect(200, await shop.Client.GetAsync("/v1/members/m-1/points?program=club", shop.TillKey))["available"].GetInt64());
        Assert.Equal(1, Shop.Expect(200, await shop.Client.GetAsync("/v1/benefits/meal", shop.TillKey))["ordered"].GetInt64());
        await AssertBooksAsync(shop);
        var ranks = Shop.Expect(200, await shop.Client.GetAsync("/v1/reports/benefits", shop.MerchantKey))["data"];
        Assert.Equal(["1 tea 2 200", "2 meal 1 800"], ranks.EnumerateArray().Select(rank =>
            $"{rank.GetProperty("rank")} {rank.GetProperty("benefit").GetString()} {rank.GetProperty("redeemed")} {rank.GetProperty("points")}"), StringComparer.Ordinal);
    }

    [Fact]
    public async Task Terms_have_versions_and_adjustments_four_eyes()
    {
        var shop = await OpenAsync();
        var read = Shop.Expect(200, await shop.Client.GetAsync("/v1/points-programs/club", shop.MerchantKey));
        var tag = read.Headers.ETag!.Tag;
        var doubled = Terms.Replace("\"points\":1,\"per\"", "\"points\":2,\"per\"", StringComparison.Ordinal);
        Assert.Equal((428, "if-match-missing"), Told(await MerchantAsync(shop, "/v1/points-programs/club/terms", doubled)));
        Assert.Equal(2, Shop.Expect(200, await shop.Client.PostAsync("/v1/points-programs/club/terms", doubled, shop.MerchantKey, null, ("If-Match", tag)))["version"].GetInt32());
        Assert.Equal((409, "points-terms-stale"), Told(await shop.Client.PostAsync("/v1/points-programs/club/terms", Terms, shop.MerchantKey, null, ("If-Match", tag))));
        Assert.Equal(200, Shop.Expect(201, await EarnAsync(shop, "m-1", "o-1", 100_00))["points"].GetInt64());
        Assert.Equal(1, Shop.Expect(200, await shop.Client.GetAsync("/v1/points-programs/club/terms/1", shop.MerchantKey))["earning"].GetProperty("points").GetInt32());

        Shop.Expect(200, await shop.Client.PostAsync($"/v1/merchants/{shop.Id}/four-eyes", new { isRequired = true }, app.PlatformKey));
        var proposed = Shop.Expect(201, await MerchantAsync(shop, "/v1/points/adjustments", new { program = "club", member = "m-1", points = 50, reason = "Sorry" }));
        Assert.Equal("proposed", proposed.Said("status"));
        Assert.Equal((422, "four-eyes"), Told(await MerchantAsync(shop, $"/v1/points/adjustments/{proposed.Said("adjustmentId")}/approve", null)));
        var done = Shop.Expect(200, await shop.Client.PostAsync(
            $"/v1/points/adjustments/{proposed.Said("adjustmentId")}/approve", null, app.PlatformKey, null, ("Ledger-Merchant", shop.Id)));
        Assert.Equal(("done", 250), (done.Said("status"), done["balance"].GetProperty("available").GetInt64()));

        // Another merchant learns nothing of any of it.
        var other = await app.OpenShopAsync();
        Assert.Equal((404, "points-program-unknown"), Told(await shop.Client.GetAsync("/v1/points-programs/club", other.MerchantKey)));
        Assert.Equal((404, "points-program-unknown"), Told(await EarnAsync(other, "m-1", "o-1", 100_00)));
    }

    private async Task<Shop> OpenAsync()
    {
        var shop = await app.OpenShopAsync();
        Shop.Expect(201, await shop.Client.PostAsync("/v1/points-programs", $$"""{"id":"club","name":"Club","terms":{{Terms}}}""", shop.MerchantKey));
        return shop;
    }

    /// <summary>The books are sound, the read models have followed, and what SQL adds up is zero on every day and in every cohort's programme.</summary>
    private async Task AssertBooksAsync(Shop shop)
    {
        await Proof.Books.AssertSoundAsync(app.Database);
        // The service's own readers look at what does not concern them seldom: the test does not wait for that.
        foreach (var model in (string[])["points_days", "points_balances", "benefit_months"]) await app.Database.Follow(model).CatchUpAsync();
        await Proof.Books.AssertSoundAsync(app.Database);
        Assert.Equal(0, await app.Database.AskAsync<long>(
            "select count(*) from (select from ledger.points_days group by tenant_id, program, day having sum(points) <> 0) as unequal"));
        Assert.Equal(0, await app.Database.AskAsync<long>(
            """
            select count(*) from (select program, sum(available) a, sum(pending) p, sum(held) h, sum(arrears) o from ledger.points_balances where tenant_id = $1 group by 1) as b
            cross join lateral (values ('available', a), ('pending', p), ('held', h), ('arrears', -o)) as each (account, points)
            left join ledger.tallies t on t.tenant_id = $1 and t.key = 'points/' || b.program || '/' || each.account
            where coalesce(t.value, 0) <> each.points or each.account <> 'arrears' and each.points < 0
            """, shop.Id));
        var report = Shop.Expect(200, await shop.Client.GetAsync("/v1/reports/points?program=club", shop.MerchantKey));
        Assert.Equal(0, report["sum"].GetInt64());
        var cohort = report["cohorts"].EnumerateArray().Single();
        Assert.Equal(report["outstanding"].GetInt64(), cohort.GetProperty("outstanding").GetInt64());
        var days = Shop.Expect(200, await shop.Client.GetAsync("/v1/reports/points/days?program=club", shop.MerchantKey))["data"];
        Assert.Equal(0, days.EnumerateArray().Sum(day => day.GetProperty("points").GetInt64()));
        Assert.NotEqual(JsonValueKind.Undefined, Shop.Expect(200, await shop.Client.GetAsync("/v1/reports/points/members?program=club", shop.MerchantKey))["data"].ValueKind);
    }

    private static (int, string) Told(Answer answer) => (answer.Status, answer.Problem);

    private static Task<Answer> EarnAsync(Shop shop, string member, string order, long amount) => TillAsync(shop, "/v1/points/purchases", new { program = "club", member, order, amount });

    private static Task<Answer> SpendAsync(Shop shop, string member, long points) => TillAsync(shop, "/v1/points/spends", new { program = "club", member, points });

    private static Task<Answer> TillAsync(Shop shop, string path, object? body) => shop.Client.PostAsync(path, body, shop.TillKey);

    private static Task<Answer> MerchantAsync(Shop shop, string path, object? body) => shop.Client.PostAsync(path, body, shop.MerchantKey);
}
