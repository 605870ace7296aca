using System.Text;
using System.Text.Json;
using Ledger.Api;
using Ledger.Coupons;
using Ledger.Postgres;
using Ledger.Tests.Proof;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace Ledger.Tests.Api;

/// <summary>Codes over HTTP: pools of uploaded ones, given ones, rotating ones, pictures, and what those learn who guess.</summary>
public sealed class CodesTests(LedgerApp app) : IClassFixture<LedgerApp>
{
    [Fact]
    public async Task Uploaded_duplicate_code_across_campaigns_of_the_same_merchant()
    {
        var shop = await OpenAsync("uploaded");
        await shop.CampaignAsync("autumn", terms: With("uploaded"));
        var first = UploadAsync(shop, "spring", "A-1\nA-2", "text/csv");
        var second = UploadAsync(shop, "autumn", "A-2\nA-1", "text/csv");
        var outcomes = new[] { Outcomes(Shop.Expect(200, await first)), Outcomes(Shop.Expect(200, await second)) };
        Assert.Equal("exists exists, success success", string.Join(", ", outcomes.Order(StringComparer.Ordinal)));

        // Whoever has them gives them out; the other campaign has none to give.
        var (owner, loser) = outcomes[0] == "success success" ? ("spring", "autumn") : ("autumn", "spring");
        await shop.IssueAsync(owner);
        Assert.Equal("codes-exhausted", (await shop.TryIssueAsync(loser, "m-1")).Problem);
        await Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task Uploaded_codes_have_an_outcome_each_and_the_same_one_under_the_same_key()
    {
        var shop = await OpenAsync("uploaded");
        var first = Shop.Expect(200, await UploadAsync(shop, "spring", "code\r\nA-1\r\nA-2\n\"b|3\"\nA-1\n\nx y\n2812345678901234\n7QX4M2K9TDAAB\n", "text/csv", "k"));
        Assert.Equal("success success success duplicateInBatch invalid invalid invalid", Outcomes(first));
        Assert.Equal("wrongCharacter paymentCode readsAsOurs", string.Join(' ', first["codes"].EnumerateArray().Skip(4).Select(code => code.GetProperty("fault").GetString())));
        Assert.Equal((3, 1, 3), (first["success"].GetInt32(), first["duplicateInBatch"].GetInt32(), first["invalid"].GetInt32()));
        var again = await UploadAsync(shop, "spring", "code\r\nA-1\r\nA-2\n\"b|3\"\nA-1\n\nx y\n2812345678901234\n7QX4M2K9TDAAB\n", "text/csv", "k");
        Assert.Equal((first.Text, true), (again.Text, again.IsReplayed));

        // The merchant's other campaign has them too, and a code that a coupon got otherwise; case counts.
        await shop.CampaignAsync("autumn", terms: With("uploaded"));
        await shop.CampaignAsync("given", terms: With("given"));
        Shop.Expect(201, await IssueAsync(shop, "given", "mine"));
        Assert.Equal("exists success exists success", Outcomes(Shop.Expect(200, await UploadAsync(shop, "autumn", "\"A-1\"\n{\"code\":\"a-1\"}\nmine\nplain", "application/x-ndjson"))));
        Assert.Equal("exists", Outcomes(Shop.Expect(200, await UploadAsync(shop, "autumn", """{"codes":["A-2"]}""", "application/json"))));
        var taken = await IssueAsync(shop, "given", "A-2");
        Assert.Equal((409, "code-taken"), (taken.Status, taken.Problem));

        // Another merchant may have the same.
        Assert.Equal("success", Outcomes(Shop.Expect(200, await UploadAsync(await OpenAsync("uploaded"), "spring", "A-1", "text/csv"))));
        Assert.Equal((3, 0, 3), Pool(await shop.Client.GetAsync("/v1/campaigns/spring/codes", shop.MerchantKey)));
        await Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task Uploaded_codes_go_out_with_offers_and_benefits_too()
    {
        var shop = await OpenAsync("uploaded");
        Shop.Expect(200, await UploadAsync(shop, "spring", "A-1\nA-2", "text/csv"));
        Shop.Expect(201, await shop.Client.PostAsync("/v1/offer-rules", new { id = "r1", campaign = "spring" }, shop.MerchantKey));
        Shop.Expect(201, await shop.Client.PostAsync("/v1/payments", new { trade = "t-1", amount = 3700, fundChannel = "balance", member = "m-1" }, shop.TillKey));
        var offers = Shop.Expect(200, await shop.Client.GetAsync("/v1/payments/t-1/offers?wait=2000", shop.TillKey));
        Assert.Equal("A-1", Assert.Single(offers["offers"].EnumerateArray()).GetProperty("code").GetString());

        Shop.Expect(201, await shop.Client.PostAsync("/v1/points-programs", $$"""{"id":"club","name":"Club","terms":{{PointsTests.Terms}}}""", shop.MerchantKey));
        Shop.Expect(201, await shop.Client.PostAsync("/v1/points/grants", new { program = "club", member = "m-1", points = 5_000 }, shop.MerchantKey));
        Shop.Expect(201, await shop.Client.PostAsync("/v1/benefits", new { id = "tea", name = "5 off", program = "club", points = 100, kind = "coupon", campaign = "spring" }, shop.MerchantKey));
        Assert.Equal("A-2", Shop.Expect(201, await shop.Client.PostAsync("/v1/benefit-orders", new { benefit = "tea", member = "m-1" }, shop.TillKey)).Said("code"));
    }

    /// <summary>In a batch of the scribe each coupon uses a deposit up and sends the next one to another.</summary>
    [Fact]
    public async Task Codes_that_were_uploaded_one_by_one_go_out_many_at_once()
    {
        var shop = await OpenAsync("uploaded");
        var codes = Enumerable.Range(0, 40).Select(n => $"A-{n}").ToList();
        foreach (var code in codes) Shop.Expect(200, await UploadAsync(shop, "spring", code, "text/csv"));
        var issued = await Task.WhenAll(codes.Select((_, n) => shop.TryIssueAsync("spring", $"m-{n}")));
        Assert.Equal(codes.Order(StringComparer.Ordinal), issued.Select(answer => Shop.Expect(201, answer).Said("code")).Order(StringComparer.Ordinal));
        await Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task What_is_sold_has_codes_that_the_ledger_makes()
    {
        var shop = await app.OpenShopAsync();
        var terms = With("uploaded")[..^1] + ""","sale":{"price":4990,"payee":"tea-house"}}""";
        var answer = await shop.Client.PostAsync("/v1/campaigns", $$"""{"id":"spring","name":"spring","quota":1,"terms":{{terms}}}""", shop.MerchantKey);
        Assert.Equal((400, "malformed-request"), (answer.Status, answer.Problem));
        Assert.Contains("/terms/codes/source", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_uploads_are_refused_as_a_whole()
    {
        var shop = await OpenAsync("generated");
        Assert.Equal((409, "codes-not-uploaded"), await UploadAsync(shop, "spring", "A", "text/csv") is var a ? (a.Status, a.Problem) : default);
        Assert.Equal((404, "campaign-unknown"), await UploadAsync(shop, "nothing", "A", "text/csv") is var b ? (b.Status, b.Problem) : default);
        Assert.Equal((404, "campaign-unknown"), await shop.Client.GetAsync("/v1/campaigns/nothing/codes", shop.MerchantKey) is var c ? (c.Status, c.Problem) : default);
        Assert.Equal(415, (await UploadAsync(shop, "spring", "A", "text/plain")).Status);
        foreach (var body in new[] { "", "\n\n", "code\n", "a\u0000b", string.Join('\n', Enumerable.Range(0, 1001)) })
            Assert.Equal((400, "malformed-request"), await UploadAsync(shop, "spring", body, "text/csv") is var answer ? (answer.Status, answer.Problem) : default);
        Assert.Equal(413, (await UploadAsync(shop, "spring", new string('x', 200_000), "text/csv")).Status);
        Assert.Equal(422, (await IssueAsync(shop, "spring", "mine")).Status);
    }

    [Fact]
    public async Task Sixty_four_clients_take_fifty_codes_from_a_pool_each_once()
    {
        var shop = await OpenAsync("uploaded");
        string[] codes = [.. Enumerable.Range(0, 50).Select(n => $"pool-{n}")];
        for (var at = 0; at < 50; at += 20) Shop.Expect(200, await UploadAsync(shop, "spring", string.Join('\n', codes.Skip(at).Take(20)), "text/csv"));
        var answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(n => shop.TryIssueAsync("spring", $"m-{n}")));
        Assert.Equal(codes.Order(StringComparer.Ordinal), answers.Where(answer => answer.Status == 201).Select(answer => answer.Said("code")).Order(StringComparer.Ordinal));
        Assert.All(answers.Where(answer => answer.Status != 201), answer => Assert.Equal((409, "codes-exhausted"), (answer.Status, answer.Problem)));
        Assert.Equal((50, 50, 0), Pool(await shop.Client.GetAsync("/v1/campaigns/spring/codes", shop.MerchantKey)));

        Shop.Expect(200, await UploadAsync(shop, "spring", "one more\none-more", "text/csv"));
        Assert.Equal("one-more", await shop.IssueAsync("spring"));
        await Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task A_coupon_can_be_checked_whatever_the_key_was_under_which_it_was_used()
    {
        var shop = await OpenAsync("given");
        Shop.Expect(201, await IssueAsync(shop, "spring", "X"));
        Shop.Expect(201, await shop.RedeemAsync("X", "?"));
        var check = Shop.Expect(200, await shop.Client.GetAsync("/v1/coupons/X?amount=4200", shop.TillKey));
        Assert.Equal(("used", false), (check.Said("status"), check["redeemable"].GetBoolean()));
    }

    [Theory]
    [InlineData("X-1")]
    [InlineData("X-1-1")]
    [InlineData("X-h0123456789")]
    [InlineData("a=b|c+d_e")]
    [InlineData("ABCD-EFGH-JKMN")]
    [InlineData("123456789012")]
    public async Task Tills_take_merchants_codes_whatever_they_look_like(string code)
    {
        var shop = await OpenAsync("given");
        Shop.Expect(201, await IssueAsync(shop, "spring", "X"));
        Shop.Expect(201, await shop.RedeemAsync("X"));
        var issued = Shop.Expect(201, await IssueAsync(shop, "spring", code));
        Assert.Equal(issued.Text, Shop.Expect(201, await IssueAsync(shop, "spring", code)).Text);
        Assert.Equal("code-taken", (await IssueAsync(shop, "spring", code, "somebody-else")).Problem);
        var path = Uri.EscapeDataString(code);
        Assert.Equal("effective", Shop.Expect(200, await shop.Client.GetAsync($"/v1/coupons/{path}?amount=4200", shop.TillKey)).Said("status"));
        var held = Shop.Expect(201, await shop.Client.PostAsync("/v1/holds", new { code, amount = 4200 }, shop.TillKey));
        Shop.Expect(200, await shop.Client.PostAsync($"/v1/holds/{Uri.EscapeDataString(held.Said("holdId"))}/release", null, shop.TillKey));
        var redeemed = Shop.Expect(201, await shop.RedeemAsync(code));
        Assert.Equal($"{code}-1", redeemed.Said("redemptionId"));
        Assert.Equal(code, Shop.Expect(200, await shop.Client.GetAsync($"/v1/redemptions/{path}-1", shop.TillKey)).Said("code"));
        Assert.Equal("voided", Shop.Expect(200, await shop.Client.PostAsync($"/v1/redemptions/{path}-1/void", null, shop.TillKey)).Said("status"));
        Assert.Equal("redeemed", Shop.Expect(200, await shop.Client.GetAsync("/v1/redemptions/X-1", shop.TillKey)).Said("status"));
        Assert.Equal("code-not-found", (await shop.RedeemAsync("no-such_code")).Problem);
    }

    [Theory]
    [InlineData(null, "code-missing")]
    [InlineData("2812345678901234", "code-unfit")]
    [InlineData("7qx4m2k9tdaab", "code-unfit")]
    [InlineData("a b", "code-unfit")]
    public async Task A_campaign_of_given_codes_takes_good_ones_only(string? code, string problem)
    {
        var shop = await OpenAsync("given");
        var answer = await IssueAsync(shop, "spring", code);
        Assert.Equal((422, problem), (answer.Status, answer.Problem));
    }

    [Fact]
    public async Task A_rotating_code_passes_once_and_its_printed_form_never()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring", terms: Shop.Terms[..^1] + ""","codes":{"rotation":"minute"}}""");
        var code = await shop.IssueAsync("spring");
        var shown = Shop.Expect(200, await shop.Client.GetAsync($"/v1/coupons/{code}/rotating", shop.MerchantKey));
        var text = shown.Said("text");
        Assert.Equal(($"R{code}", 60), (text[..^8], shown["periodSeconds"].GetInt32()));
        Assert.Equal(403, (await shop.Client.GetAsync($"/v1/coupons/{code}/rotating", shop.TillKey)).Status);

        Assert.Equal((422, "rotating-code-needed"), await shop.RedeemAsync(code) is var printed ? (printed.Status, printed.Problem) : default);
        var wrong = text[..^8] + (text.EndsWith("00000000", StringComparison.Ordinal) ? "00000001" : "00000000");
        Assert.Equal((422, "code-step-stale"), await shop.RedeemAsync(wrong) is var stale ? (stale.Status, stale.Problem) : default);
        Assert.True(Shop.Expect(200, await shop.Client.GetAsync($"/v1/coupons/{text}?amount=4200", shop.TillKey))["redeemable"].GetBoolean());
        Assert.Equal("/problems/rotating-code-needed", Shop.Expect(200, await shop.Client.GetAsync($"/v1/coupons/{code}?amount=4200", shop.TillKey))["problem"].GetProperty("type").GetString());

        // A hold takes the step; what was photographed is worth nothing after it.
        var held = Shop.Expect(201, await shop.Client.PostAsync("/v1/holds", new { code = text, amount = 4200 }, shop.TillKey));
        Shop.Expect(200, await shop.Client.PostAsync($"/v1/holds/{held.Said("holdId")}/release", null, shop.TillKey));
        Assert.Equal((409, "code-step-replayed"), await shop.RedeemAsync(text) is var replay ? (replay.Status, replay.Problem) : default);
        await shop.CampaignAsync("plain");
        var plain = await shop.IssueAsync("plain");
        Assert.Equal("code-not-found", (await shop.RedeemAsync($"R{plain}12345678")).Problem);
        Assert.Equal("code-does-not-rotate", (await shop.Client.GetAsync($"/v1/coupons/{plain}/rotating", shop.MerchantKey)).Problem);
        var both = await shop.Client.PostAsync("/v1/campaigns", """{"id":"both","name":"n","quota":1,"terms":""" + Shop.Terms[..^1] + ""","codes":{"source":"given","rotation":"minute"}}}""", shop.MerchantKey);
        Assert.Equal(400, both.Status);
        await Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task Pictures_come_as_svg_and_png()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring");
        var code = await shop.IssueAsync("spring");
        foreach (var kind in new[] { "qr", "code128" })
        {
            var svg = Shop.Expect(200, await shop.Client.GetAsync($"/v1/coupons/{code}/{kind}", shop.MerchantKey));
            Assert.Equal("image/svg+xml", svg.MediaType);
            Assert.Contains($"<title>{code}</title>", svg.Text, StringComparison.Ordinal);
            Assert.Equal("image/png", Shop.Expect(200, await shop.Client.GetAsync($"/v1/coupons/{code}/{kind}?scale=2", shop.MerchantKey, ("Accept", "image/png"))).MediaType);
            Assert.Equal("image/png", Shop.Expect(200, await shop.Client.GetAsync($"/v1/coupons/{code}/{kind}?format=png", shop.MerchantKey)).MediaType);
            foreach (var wrong in new[] { "scale=0", "scale=41", "format=gif", "size=1" })
                Assert.Equal(400, (await shop.Client.GetAsync($"/v1/coupons/{code}/{kind}?{wrong}", shop.MerchantKey)).Status);
        }

        Assert.Equal("code-not-found", (await (await app.OpenShopAsync()).Client.GetAsync($"/v1/coupons/{code}/qr", (await app.OpenShopAsync()).MerchantKey)).Problem);
    }

    [Fact]
    public async Task Who_has_no_right_to_a_coupon_learns_nothing_of_it()
    {
        var (shop, other) = (await OpenAsync("generated"), await OpenAsync("generated"));
        var code = await shop.IssueAsync("spring");
        const string Nobodys = "0000000000000";
        foreach (var ask in new Func<string, Task<Answer>>[]
        {
            it => other.RedeemAsync(it),
            it => other.Client.GetAsync($"/v1/coupons/{it}?amount=4200", other.TillKey),
            it => other.Client.PostAsync("/v1/holds", new { code = it, amount = 4200 }, other.TillKey),
        })
        {
            Assert.Equal(Bare(await ask(Nobodys)), Bare(await ask(code)));
        }

        Task<Answer> Public(string merchant, string it) => app.Client.SendAsync(HttpMethod.Get, $"/v1/public/coupons/{merchant}/{it}", null, null);
        var known = Shop.Expect(200, await Public(shop.Id, code));
        Assert.Equal("effective", known.Said("status"));
        Assert.DoesNotContain("m-1", known.Text, StringComparison.Ordinal);
        Shop.Expect(201, await shop.RedeemAsync(code));
        string[] none = [.. await Task.WhenAll(new[] { (shop.Id, code), (shop.Id, Nobodys), (other.Id, code), ("nobody", code), ("a:b", code), (shop.Id, "2812345678901234"), (shop.Id, code[..^1] + "!") }
            .Select(async pair => Bare(await Public(pair.Item1, pair.Item2))))];
        Assert.Single(none.Distinct(StringComparer.Ordinal));
        Assert.Contains("/problems/code-not-applicable", none[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rates_bound_tills_guesses_and_addresses()
    {
        await using var strict = LedgerApp.Start(app.ConnectionString,
            ("Rates:Till:PerSecond", "0.001"), ("Rates:Till:Burst", "8"), ("Rates:Guess:PerSecond", "0.001"), ("Rates:Guess:Burst", "3"),
            ("Rates:Address:PerSecond", "0.001"), ("Rates:Address:Burst", "2"));
        using var client = new LedgerClient(strict.CreateClient());
        var shop = await OpenAsync("generated");
        var code = await shop.IssueAsync("spring");
        Task<Answer> Ask(string it, string key) => client.GetAsync($"/v1/coupons/{it}", key);

        var first = Shop.Expect(200, await Ask(code, shop.TillKey));
        Assert.Equal(("\"till\";q=8;w=8000", "\"till\";r=7"), (first.Headers.GetValues("RateLimit-Policy").Single(), first.Headers.GetValues("RateLimit").Single()));
        Assert.Equal("code-not-found", (await Ask("0000000000000", shop.TillKey)).Problem);
        Assert.Equal("code-check-failed", (await Ask(code[..^1] + (code[^1] == '0' ? '1' : '0'), shop.TillKey)).Problem);
        Assert.Equal("code-not-found", (await client.PostAsync("/v1/redemptions", new { code = "no_such", amount = 1 }, shop.TillKey)).Problem);
        var guessed = await Ask(code, shop.TillKey);
        Assert.Equal((429, "throttled", "till-guess"), (guessed.Status, guessed.Problem, guessed.Said("limit")));
        Assert.Equal(("1000", "\"till-guess\";r=0;t=1000"), (guessed.Headers.GetValues("Retry-After").Single(), guessed.Headers.GetValues("RateLimit").Single()));
        Shop.Expect(200, await client.GetAsync("/v1/members/m-1/wallet", shop.TillKey));
        Shop.Expect(200, await Ask(code, shop.MerchantKey));

        // The eighth request of this till was its last for now; other keys go on.
        Shop.Expect(200, await client.GetAsync("/v1/members/m-1/wallet", shop.TillKey));
        Assert.Equal(429, (await Ask(code, shop.TillKey)).Status);
        Assert.Equal("till", (await client.GetAsync("/v1/members/m-1/wallet", shop.TillKey)).Said("limit"));

        Assert.Equal([401, 401, 429], new[] { await Ask(code, "lk_live_x"), await Ask(code, "lk_live_x"), await Ask(code, "lk_live_x") }.Select(answer => answer.Status));
        Shop.Expect(200, await Ask(code, shop.MerchantKey));
    }

    /// <summary>The id of a redemption is a coupon's code and a number: who asks for it guesses a code.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("/void")]
    [InlineData("/returns")]
    public async Task Redemptions_that_nobody_made_are_guesses_too(string what)
    {
        await using var strict = LedgerApp.Start(app.ConnectionString, ("Rates:Guess:PerSecond", "0.001"), ("Rates:Guess:Burst", "3"));
        using var client = new LedgerClient(strict.CreateClient());
        var shop = await OpenAsync("given");
        Task<Answer> Ask(string id, string key) => what.Length == 0 ? client.GetAsync($"/v1/redemptions/{id}", key) : client.PostAsync($"/v1/redemptions/{id}{what}", null, key);
        Shop.Expect(201, await IssueAsync(shop, "spring", "right"));
        var redemption = Shop.Expect(201, await client.PostAsync("/v1/redemptions", new { code = "right", amount = 42_00 }, shop.TillKey)).Said("redemptionId");
        for (var n = 0; n < 3; n++) Assert.Equal((404, "redemption-not-found"), await Ask($"guess-{n}-1", shop.TillKey) is var none ? (none.Status, none.Problem) : default);
        var late = await Ask(redemption, shop.TillKey);
        Assert.Equal((429, "till-guess"), (late.Status, late.Said("limit")));
        Assert.True((await Ask(redemption, shop.MerchantKey)).Status is 200 or 201);
    }

    /// <summary>Each record of a batch is a guess like any other; it is taken all the same, and the next batch waits.</summary>
    [Fact]
    public async Task Guesses_count_in_batches_as_they_do_one_by_one()
    {
        await using var strict = LedgerApp.Start(app.ConnectionString, ("Rates:Guess:PerSecond", "0.001"), ("Rates:Guess:Burst", "3"));
        using var client = new LedgerClient(strict.CreateClient());
        var shop = await OpenAsync("given");
        Shop.Expect(200, await client.PostAsync("/v1/offline-batches", null, shop.TillKey));
        var till = new Coupons.Offline.TillSimulator(Shop.Store, Shop.Till);
        for (var n = 0; n < 3; n++) till.Grant($"guess-{n}", 42_00, 5_00, NodaTime.SystemClock.Instance.GetCurrentInstant());
        var body = Coupons.Offline.TillSimulator.Body(till.Records);
        var key = LedgerClient.NewKey();
        var forwarded = Shop.Expect(200, await client.PostAsync("/v1/offline-batches", body, shop.TillKey, key));
        Assert.All(forwarded["records"].EnumerateArray(), record => Assert.Equal("code-not-found", record.GetProperty("result").GetProperty("reason").GetString()));
        foreach (var late in new[] { await client.GetAsync("/v1/coupons/guess-9", shop.TillKey), await client.PostAsync("/v1/offline-batches", body, shop.TillKey, key) })
            Assert.Equal((429, "till-guess"), (late.Status, late.Said("limit")));
        Shop.Expect(200, await client.PostAsync("/v1/offline-batches", null, shop.TillKey));
    }

    /// <summary>A basket or a quote that shows several codes guesses as often; a batch of issues names codes to be, and guesses none.</summary>
    [Theory]
    [InlineData("/v1/quotes")]
    [InlineData("/v1/redemptions")]
    [InlineData("/v1/coupons/batch")]
    public async Task Many_codes_in_one_request_are_as_many_guesses_as_it_answers(string path)
    {
        await using var strict = LedgerApp.Start(app.ConnectionString,
            ("Rates:Guess:PerSecond", "0.001"), ("Rates:Guess:Burst", "3"), ("Rates:MerchantGuess:PerSecond", "0.001"), ("Rates:MerchantGuess:Burst", "3"));
        using var client = new LedgerClient(strict.CreateClient());
        var shop = await OpenAsync("given");
        var guesses = Enumerable.Range(0, 3).Select(n => $"guess-{n}").ToArray();
        if (path == "/v1/coupons/batch")
        {
            Shop.Expect(201, await IssueAsync(shop, "spring", "guess-0"));
            using var body = LedgerClient.Lines([.. Enumerable.Repeat("{\"campaign\":\"spring\",\"member\":\"m-2\",\"code\":\"guess-0\"}", 5)]);
            var answer = Shop.Expect(200, await client.SendAsync(HttpMethod.Post, path, body, shop.MerchantKey, ("Idempotency-Key", LedgerClient.NewKey())));
            Assert.Equal(5, answer.Text.Split("code-taken").Length - 1);
            Shop.Expect(200, await client.GetAsync("/v1/coupons/guess-0", shop.TillKey));
            return;
        }

        // A redemption stops at the first unknown code; a quote answers each.
        for (var n = 0; n < (path == "/v1/quotes" ? 1 : 3); n++)
            await client.PostAsync(path, new { coupons = guesses.Select(code => new { code }), amount = 42_00 }, shop.TillKey);
        var late = await client.GetAsync("/v1/coupons/guess-9", shop.TillKey);
        Assert.Equal((429, "till-guess"), (late.Status, late.Said("limit")));
        Assert.Equal("merchant-guess", (await client.GetAsync("/v1/coupons/guess-9", shop.MerchantKey)).Said("limit"));
    }

    [Fact]
    public async Task Guesses_that_a_bucket_does_not_hold_are_owed()
    {
        await using var strict = LedgerApp.Start(app.ConnectionString, ("Rates:Guess:PerSecond", "0.001"), ("Rates:Guess:Burst", "3"));
        using var client = new LedgerClient(strict.CreateClient());
        var shop = await OpenAsync("given");
        Shop.Expect(200, await client.PostAsync("/v1/quotes", new { codes = Enumerable.Range(0, 10).Select(n => $"guess-{n}"), amount = 42_00 }, shop.TillKey));
        var late = await client.GetAsync("/v1/coupons/guess-9", shop.TillKey);
        Assert.Equal((429, "till-guess", "8000"), (late.Status, late.Said("limit"), late.Headers.GetValues("Retry-After").Single()));
    }

    /// <summary>Requests in flight together have looked before any of them pays.</summary>
    [Fact]
    public async Task What_is_owed_for_guesses_is_bounded()
    {
        using var throttle = new Throttle(new ConfigurationBuilder().AddInMemoryCollection([new("Rates:Guess:PerSecond", "0.001"), new("Rates:Guess:Burst", "3")]).Build());
        var call = new Call(new DefaultHttpContext(), new(new("key_1", ApiKeyScope.Till, "shop", "store-1", "till-1"), "shop", Ledger.Merchants.Merchant.Unregistered), default);
        for (var n = 0; n < 10 * Limits.MaxOfflineRecords; n++) Throttle.Note(call.Http);
        throttle.Count(call);
        Assert.True(await throttle.RefuseLookUpAsync(call));
        Assert.Equal("501000", call.Http.Response.Headers.RetryAfter.ToString());
    }

    [Fact]
    public async Task Releases_of_codes_that_no_coupon_has_are_guesses_like_any_other()
    {
        await using var strict = LedgerApp.Start(app.ConnectionString, ("Rates:Guess:PerSecond", "0.001"), ("Rates:Guess:Burst", "3"));
        using var client = new LedgerClient(strict.CreateClient());
        var shop = await OpenAsync("given");
        Shop.Expect(201, await IssueAsync(shop, "spring", "mine"));
        Shop.Expect(200, await client.PostAsync("/v1/holds/mine-h0000000000/release", null, shop.TillKey));
        foreach (var guess in new[] { "guess-1", "guess-2-h0000000000", "guess-3" })
            Assert.Equal("hold-not-found", (await client.PostAsync($"/v1/holds/{guess}/release", null, shop.TillKey)).Problem);
        foreach (var late in new[] { "mine", "mine-h0000000000", "guess-4" })
            Assert.Equal((429, "till-guess"), await client.PostAsync($"/v1/holds/{late}/release", null, shop.TillKey) is var answer ? (answer.Status, answer.Said("limit")) : default);
    }

    private static string With(string source) => Shop.Terms[..^1] + ""","codes":{"source":"SOURCE"}}""".Replace("SOURCE", source, StringComparison.Ordinal);

    private static string Outcomes(Answer answer) => string.Join(' ', answer["codes"].EnumerateArray().Select(code => code.GetProperty("outcome").GetString()));

    private static (int, int, int) Pool(Answer answer) => (answer["deposited"].GetInt32(), answer["dispatched"].GetInt32(), answer["left"].GetInt32());

    /// <summary>An answer without its request id.</summary>
    private static string Bare(Answer answer) => $"{answer.Status} {answer.Text.Replace(answer.Said("requestId"), "", StringComparison.Ordinal)}";

    private static Task<Answer> IssueAsync(Shop shop, string campaign, string? code, string member = "m-1") =>
        shop.Client.PostAsync("/v1/coupons", JsonSerializer.Serialize(new { campaign, member, code }, LedgerJson.Answers), shop.MerchantKey);

    private static async Task<Answer> UploadAsync(Shop shop, string campaign, string body, string type, string? key = null)
    {
        using var content = new StringContent(body, Encoding.UTF8, type);
        return await shop.Client.SendAsync(HttpMethod.Post, $"/v1/campaigns/{campaign}/codes", content, shop.MerchantKey, ("Idempotency-Key", key ?? LedgerClient.NewKey()));
    }

    private async Task<Shop> OpenAsync(string source)
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring", terms: With(source));
        return shop;
    }
}
