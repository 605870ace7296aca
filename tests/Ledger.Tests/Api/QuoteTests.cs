using System.Text.Json;
using Ledger.Tests.Coupons.Redemptions;
using Xunit;

namespace Ledger.Tests.Api;

/// <summary>A quote says what the redemption then does.</summary>
public sealed class QuoteTests(LedgerApp app) : IClassFixture<LedgerApp>
{
    private const string Window = "\"validity\":{\"windowStart\":\"2020-01-01T00:00:00+08:00\",\"windowEnd\":\"2190-01-01T00:00:00+08:00\"}";
    private const string TenOff = "{\"benefit\":{\"kind\":\"fixedAmount\",\"off\":1000}," + Window;

    private static readonly Dictionary<string, string> s_terms = new(StringComparer.Ordinal)
    {
        ["plain"] = TenOff + "}",
        ["floor"] = TenOff + ",\"minimumSpend\":6000}",
        ["floor-on-rest"] = TenOff + ",\"minimumSpend\":4000,\"stacking\":{\"order\":9,\"floorOn\":\"remaining\"}}",
        ["alone"] = TenOff + ",\"stacking\":{\"isExclusive\":true}}",
        ["one-of-a"] = TenOff + ",\"stacking\":{\"category\":\"a\",\"order\":3}}",
        ["tea"] = TenOff + ",\"goods\":{\"include\":[\"tea\"]}}",
        ["huabei"] = TenOff + ",\"paymentMethods\":[\"huabei\"]}",
        ["shared"] = TenOff + ",\"funding\":{\"shares\":[{\"party\":\"platform\",\"basisPoints\":7001,\"cap\":333},{\"party\":\"merchant\",\"basisPoints\":2999}]}}",
        ["online"] = TenOff + ",\"channels\":[\"app\"]}",
        ["five-times"] = TenOff + ",\"maxUses\":5}",
        ["percent"] = "{\"benefit\":{\"kind\":\"percentage\",\"offBasisPoints\":1234,\"ceiling\":1500}," + Window + ",\"stacking\":{\"percentageOf\":\"initial\"}}",
        ["price"] = "{\"benefit\":{\"kind\":\"specialPrice\",\"price\":3900}," + Window + ",\"stacking\":{\"category\":\"a\"}}",
        ["later"] = "{\"benefit\":{\"kind\":\"fixedAmount\",\"off\":500},\"validity\":{\"windowStart\":\"2020-01-01T00:00:00+08:00\",\"windowEnd\":\"2190-01-01T00:00:00+08:00\",\"waitDays\":3}}",
    };

    [Fact]
    public async Task Random_coupons_on_random_baskets_are_redeemed_exactly_as_quoted_or_refused_for_the_quoted_reason()
    {
        var shop = await OpenAsync([.. s_terms.Keys]);
        var (random, campaigns, pool) = (new Random(20261121), s_terms.Keys.Order(StringComparer.Ordinal).ToArray(), new List<string>());
        var (redeemed, refused) = (0, 0);
        for (var round = 0; round < 60; round++)
        {
            while (pool.Count < 8) pool.Add(await shop.IssueAsync(campaigns[random.Next(campaigns.Length)], random.Next(8) == 0 ? "m-2" : "m-1"));
            var coupons = pool.OrderBy(_ => random.Next()).Take(random.Next(1, 6)).Select(code => (Code: code, Uses: random.Next(4) == 0 ? 2 : 1)).ToList();
            if (random.Next(12) == 0) coupons.Add(("0000000000000", 1));
            var basket = BasketOf(random);
            var quote = Shop.Expect(200, await QuoteAsync(shop, basket with { Coupons = Shown(coupons) }));
            switch (random.Next(4))
            {
                case 0:
                    Count(Same(quote["together"], await RedeemAsync(shop, basket with { Coupons = Shown(coupons) })));
                    break;
                case 1:
                    var i = random.Next(coupons.Count);
                    Count(SameAlone(quote["redeemables"][i], await RedeemAsync(shop, basket with { Coupons = Shown([coupons[i]]) })));
                    break;
                case 2:
                    var held = await shop.Client.PostAsync("/v1/holds", basket with { Coupons = Shown(coupons) }, shop.TillKey);
                    AssertSame(quote["together"], held, ["discount", "payable"], held.Json);
                    Count(held.Status == 201);
                    break;
                default:
                    List<string> best = [.. quote["best"].GetProperty("codes").EnumerateArray().Select(code => code.GetString()!)];
                    if (best.Count == 0) break;
                    var all = Shop.Expect(201, await RedeemAsync(shop, basket with { Coupons = Shown([.. coupons.Where(one => best.Contains(one.Code, StringComparer.Ordinal))]) }));
                    Assert.Equal((quote["best"].Number("discount"), quote["best"].Number("payable")), (all["discount"].GetInt32(), all["payable"].GetInt32()));
                    Assert.True(!quote["together"].GetProperty("redeemable").GetBoolean() || quote["together"].Number("discount") <= all["discount"].GetInt32());
                    break;
            }

            // Used and held ones stay a while: they are quoted too.
            if (round % 3 == 0) pool.RemoveRange(0, 5);
        }

        Assert.True(redeemed >= 5 && refused >= 5, $"{redeemed} redeemed, {refused} refused");
        await Proof.Books.AssertSoundAsync(app.Database);

        void Count(bool isRedeemed) => (redeemed, refused) = isRedeemed ? (redeemed + 1, refused) : (redeemed, refused + 1);
    }

    [Fact]
    public async Task Each_coupon_says_alone_what_it_gives_and_all_of_them_say_together_what_refuses_first()
    {
        var shop = await OpenAsync("plain", "alone", "floor");
        string[] codes = [await shop.IssueAsync("plain"), await shop.IssueAsync("alone"), await shop.IssueAsync("floor"), "0000000000000"];
        var wrong = codes[0][..^1] + (codes[0][^1] == '0' ? '1' : '0');
        var quote = Shop.Expect(200, await QuoteAsync(shop, new { amount = 5000, codes = (string[])[.. codes, wrong] }));
        var alone = quote["redeemables"].EnumerateArray().ToList();
        Assert.Equal([.. codes, wrong], alone.Select(one => one.Text("code")), StringComparer.Ordinal);
        Assert.Equal(["1000", "1000", "floor-not-met", "code-not-found", "code-check-failed"], alone.Select(one => one.GetProperty("redeemable").GetBoolean() ? $"{one.Number("discount")}" : SlugOf(one)), StringComparer.Ordinal);
        Assert.Equal(["effective", "effective", "effective", "", ""], alone.Select(one => one.TryGetProperty("status", out var status) ? status.GetString()! : ""), StringComparer.Ordinal);
        Assert.Equal(("code-not-found", codes[3]), (SlugOf(quote["together"]), quote["together"].GetProperty("problem").Text("presented")));
        Assert.Equal((1, 1000, 4000, true), (quote["best"].GetProperty("codes").GetArrayLength(), quote["best"].Number("discount"), quote["best"].Number("payable"), quote["best"].GetProperty("isExact").GetBoolean()));

        quote = Shop.Expect(200, await QuoteAsync(shop, new { amount = 5000, codes }));
        Assert.Equal(("code-not-found", codes[3]), (SlugOf(quote["together"]), quote["together"].GetProperty("problem").Text("presented")));
        quote = Shop.Expect(200, await QuoteAsync(shop, new { amount = 5000, codes = (string[])[wrong] }));
        Assert.Equal("code-check-failed", SlugOf(quote["together"]));
        Assert.Empty(quote["best"].GetProperty("codes").EnumerateArray());
    }

    [Fact]
    public async Task A_quote_needs_no_request_key_and_changes_nothing()
    {
        var shop = await OpenAsync("plain");
        var code = await shop.IssueAsync("plain");
        var entries = (await shop.Client.GetAsync("/v1/events?limit=1000", shop.MerchantKey)).Text;
        var first = Shop.Expect(200, await QuoteAsync(shop, new { amount = 4200, codes = (string[])[code] }));
        Assert.Equal(first.Text, Shop.Expect(200, await QuoteAsync(shop, new { amount = 4200, coupons = Shown([(code, 1)]) })).Text);
        Assert.Equal(entries, (await shop.Client.GetAsync("/v1/events?limit=1000", shop.MerchantKey)).Text);
    }

    [Fact]
    public async Task A_quote_sees_what_is_left_of_a_budget()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("bounded", terms: Shop.Terms[..^1] + ""","budgets":["merchant"]}""");
        string[] codes = [await shop.IssueAsync("bounded"), await shop.IssueAsync("bounded")];
        Shop.Expect(200, await shop.Client.PostAsync("/v1/campaigns/bounded/budgets", new { party = "merchant", expected = 0, target = 700 }, shop.MerchantKey));
        var quote = Shop.Expect(200, await QuoteAsync(shop, new { amount = 4200, codes }));
        Assert.All(quote["redeemables"].EnumerateArray(), one => Assert.Equal(500, one.Number("discount")));
        Assert.Equal(("money-budget-exhausted", 1), (SlugOf(quote["together"]), quote["best"].GetProperty("codes").GetArrayLength()));
        Shop.Expect(201, await shop.RedeemAsync(codes[0]));
        Assert.Equal("money-budget-exhausted", SlugOf(Shop.Expect(200, await QuoteAsync(shop, new { amount = 4200, codes = (string[])[codes[1]] }))["together"]));
        Assert.Equal("money-budget-exhausted", (await shop.RedeemAsync(codes[1])).Problem);
    }

    [Fact]
    public async Task More_than_thirty_coupons_and_the_same_code_twice_are_refused()
    {
        var shop = await OpenAsync("plain");
        var tooMany = await QuoteAsync(shop, new { amount = 4200, codes = Enumerable.Repeat("0000000000000", 31) });
        Assert.Equal((422, "too-many-redeemables", 31, 30), (tooMany.Status, tooMany.Problem, tooMany["redeemables"].GetInt32(), tooMany["limit"].GetInt32()));
        var code = await shop.IssueAsync("plain");
        var twice = await QuoteAsync(shop, new { amount = 4200, codes = (string[])[code, "0000000000000", code.ToLowerInvariant()] });
        Assert.Equal((400, "/codes/2"), (twice.Status, twice["errors"][0].Text("pointer")));
        var garbled = await QuoteAsync(shop, new { amount = 4200, coupons = new[] { new { code }, new { code = "?" } } });
        Assert.Equal((400, "/coupons/1/code"), (garbled.Status, garbled["errors"][0].Text("pointer")));
        foreach (var neither in (object[])[new { amount = 4200 }, new { amount = 4200, codes = Array.Empty<string>() }, new { amount = 4200, codes = (string[])[code], coupons = Shown([(code, 1)]) }])
            Assert.Equal(400, (await QuoteAsync(shop, neither)).Status);
    }

    [Fact]
    public async Task Another_merchants_coupon_is_not_known()
    {
        var (shop, other) = (await OpenAsync("plain"), await OpenAsync("plain"));
        var quote = Shop.Expect(200, await QuoteAsync(shop, new { amount = 4200, codes = (string[])[await other.IssueAsync("plain")] }));
        Assert.Equal("code-not-found", SlugOf(quote["redeemables"][0]));
    }

    [Fact]
    public async Task Stored_states_of_another_shape_are_folded_from_the_entries()
    {
        var shop = await OpenAsync("plain");
        var code = await shop.IssueAsync("plain");
        await ChangeSchemasAsync(shop, 100);
        var quote = Shop.Expect(200, await QuoteAsync(shop, new { amount = 4200, codes = (string[])[code] }));
        await ChangeSchemasAsync(shop, -100);
        Assert.True(SameAlone(quote["redeemables"][0], await shop.RedeemAsync(code)));
    }

    [Fact]
    public async Task Quotes_asked_all_at_once_are_each_answered_for_their_own_coupons()
    {
        var shops = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => OpenAsync("plain", "percent")));
        var asked = new List<(Shop Shop, string Code)>();
        foreach (var shop in shops)
        {
            for (var i = 0; i < 10; i++) asked.Add((shop, await shop.IssueAsync(i % 2 == 0 ? "plain" : "percent")));
        }

        var quotes = await Task.WhenAll(Enumerable.Range(0, 10).SelectMany(_ => asked).Select(async one =>
            (one.Code, Quote: Shop.Expect(200, await QuoteAsync(one.Shop, new { amount = 4200, codes = (string[])[one.Code] })))));
        foreach (var (code, quote) in quotes)
        {
            var isPlain = asked.FindIndex(one => one.Code == code) % 2 == 0;
            Assert.Equal((code, isPlain ? 1000 : 518), (quote["redeemables"][0].Text("code"), quote["redeemables"][0].Number("discount")));
        }
    }

    private static Task<Answer> QuoteAsync(Shop shop, object body) =>
        shop.Client.SendAsync(HttpMethod.Post, "/v1/quotes", LedgerClient.Content(body), shop.TillKey);

    private static Task<Answer> RedeemAsync(Shop shop, object body) => shop.Client.PostAsync("/v1/redemptions", body, shop.TillKey);

    private static string SlugOf(JsonElement offer) => offer.GetProperty("problem").Text("type")["/problems/".Length..];

    /// <summary>Whether it was redeemed; in either case as the quote said.</summary>
    private static bool Same(JsonElement together, Answer answer)
    {
        AssertSame(together, answer, ["discount", "payable", "basket", "coupons"], answer.Json);
        return answer.Status == 201;
    }

    private static bool SameAlone(JsonElement alone, Answer answer)
    {
        AssertSame(alone, answer, ["discount", "payable"], answer.Json);
        var basket = answer.Json.TryGetProperty("basket", out var named) ? named : default;
        if (answer.Status == 201) AssertSame(alone, answer, ["lines", "funding"], basket);
        return answer.Status == 201;
    }

    private static void AssertSame(JsonElement offer, Answer answer, string[] members, JsonElement answered)
    {
        Assert.True(offer.GetProperty("redeemable").GetBoolean() == (answer.Status == 201), $"quoted {offer}, got {answer}");
        if (answer.Status != 201)
        {
            Assert.Equal(FactsOf(answer.Json), FactsOf(offer.GetProperty("problem")));
            return;
        }

        foreach (var member in members)
        {
            var quoted = offer.TryGetProperty(member, out var value) ? value : default;
            var got = answered.ValueKind == JsonValueKind.Object && answered.TryGetProperty(member, out var other) ? other : default;
            Assert.True(quoted.ValueKind == got.ValueKind && (got.ValueKind == JsonValueKind.Undefined || JsonElement.DeepEquals(quoted, got)), $"{member}: quoted {offer}, got {answer}");
        }
    }

    /// <summary>All that a problem says but the request's id; the end of a hold stands still, so all of it is compared.</summary>
    private static string FactsOf(JsonElement problem) =>
        string.Join('\n', problem.EnumerateObject().Where(fact => fact.Name != "requestId").Select(fact => fact.ToString()).Order(StringComparer.Ordinal));

    private static object[] Shown(IEnumerable<(string Code, int Uses)> coupons) => [.. coupons.Select(one => new { code = one.Code, uses = one.Uses })];

    private static Asked BasketOf(Random random)
    {
        string?[] goods = [null, "tea", "cake"];
        var lines = Enumerable.Range(0, random.Next(1, 4)).Select(_ => new { amount = random.Next(1, 60) * 100, goods = goods[random.Next(3)] }).ToArray();
        var amount = lines.Sum(line => line.amount);
        return new(amount, random.Next(4) > 0 ? lines : null, random.Next(3) > 0 ? null : [new { method = random.Next(2) == 0 ? "huabei" : "card", amount }],
            Member: random.Next(6) == 0 ? "m-2" : null, Channel: random.Next(2) == 0 ? "app" : null);
    }

    private async Task<Shop> OpenAsync(params string[] campaigns)
    {
        var shop = await app.OpenShopAsync();
        foreach (var campaign in campaigns) await shop.CampaignAsync(campaign, terms: s_terms[campaign]);
        return shop;
    }

    private async Task ChangeSchemasAsync(Shop shop, int by)
    {
        await using var command = app.Database.CreateCommand("update ledger.mt_streams set state_schema = state_schema + $2 where tenant_id = $1");
        command.Parameters.Add(new() { Value = shop.Id });
        command.Parameters.Add(new() { Value = by });
        await command.ExecuteNonQueryAsync();
    }

    private sealed record Asked(long Amount, object[]? Lines, object[]? Payments, object[]? Coupons = null, string? Member = null, string? Channel = null);
}
