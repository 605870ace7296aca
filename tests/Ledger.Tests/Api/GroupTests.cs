using Ledger.Postgres.Audit;
using Xunit;

namespace Ledger.Tests.Api;

/// <summary>Groups over HTTP: who gets a coupon, who is paid back, who is refused, and who wins a race.</summary>
public sealed class GroupTests(LedgerApp app) : IClassFixture<LedgerApp>
{
    private const int Clients = 16;
    private const int Price = 3990;

    private const string Terms =
        """
        {"benefit":{"kind":"exchange","value":8800,"goods":"afternoon tea"},"validity":{"windowStart":"2020-01-01T00:00:00+08:00","windowEnd":"2190-01-01T00:00:00+08:00"},
        "sale":{"price":4990,"payee":"tea-house","commissionBasisPoints":300}}
        """;

    [Fact]
    public async Task A_group_forms_and_its_coupons_are_used_and_given_back_like_sold_ones()
    {
        var shop = await OpenShopAsync();
        var opened = Shop.Expect(201, await OpenAsync(shop, "t-1", needed: 3));
        var id = opened.Said("groupId");
        Assert.Equal(("forming", 1, 1), (opened.Said("status"), opened["taken"].GetInt32(), opened["place"].GetProperty("number").GetInt32()));
        Assert.Equal("t-2", Shop.Expect(201, await JoinAsync(shop, id, "t-2", "m-2"))["place"].GetProperty("trade").GetString());
        Assert.Equal("""{"breakage":0,"campaign":"tea","commission":0,"held":7980,"open":0,"paid":7980,"refunds":0,"refundsPaid":0,"settled":0}""", await AccountAsync(shop));
        Assert.Equal((409, "payment-is-of-group", id), await shop.Client.GetAsync("/v1/sales/t-2", shop.MerchantKey) is var held ? (held.Status, held.Problem, held.Said("group")) : default);
        Assert.Equal(2, Shop.Expect(200, await shop.Client.GetAsync("/v1/campaigns/tea", shop.MerchantKey))["issued"].GetInt32());

        var formed = Shop.Expect(201, await JoinAsync(shop, id, "t-3", "m-3"));
        Assert.Equal(("formed", 3), (formed.Said("status"), formed["taken"].GetInt32()));
        Assert.Equal((409, "group-has-formed"), await JoinAsync(shop, id, "t-4", "m-4") is var late ? (late.Status, late.Problem) : default);
        var codes = formed["places"].EnumerateArray().Select(place => place.GetProperty("code").GetString()!).ToList();
        Shop.Expect(201, await shop.RedeemAsync(codes[0]));
        Shop.Expect(200, await shop.Client.PostAsync("/v1/sales/t-2/refunds", null, shop.MerchantKey));
        Assert.Equal("open", Shop.Expect(200, await shop.Client.GetAsync("/v1/sales/t-3", shop.MerchantKey))["vouchers"][0].GetProperty("price").GetString());
        Assert.Equal((409, "place-is-sold", "t-3"), await LeaveAsync(shop, id, "t-3") is var sold ? (sold.Status, sold.Problem, sold.Said("trade")) : default);
        Assert.Equal("""{"breakage":0,"campaign":"tea","commission":119,"held":0,"open":3990,"paid":11970,"refunds":3990,"refundsPaid":0,"settled":3990}""", await AccountAsync(shop));
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task A_group_that_is_left_and_cancelled_pays_back_what_was_paid()
    {
        var shop = await OpenShopAsync();
        var id = Shop.Expect(201, await OpenAsync(shop, "t-1", needed: 3)).Said("groupId");
        Shop.Expect(201, await JoinAsync(shop, id, "t-2", "m-2"));
        Assert.Equal((409, "already-in-group"), await JoinAsync(shop, id, "t-3", "m-2") is var twice ? (twice.Status, twice.Problem) : default);
        Assert.Equal((422, "paid-is-not-the-price"), await shop.Client.PostAsync($"/v1/groups/{id}/join", new { member = "m-3", trade = "t-3", paid = 1 }, shop.MerchantKey) is var cheap ? (cheap.Status, cheap.Problem) : default);
        Assert.Equal("refundRequested", Shop.Expect(200, await LeaveAsync(shop, id, "t-2"))["places"][1].GetProperty("standing").GetString());
        var cancelled = Shop.Expect(200, await shop.Client.PostAsync($"/v1/groups/{id}/cancel", """{"reason":"Closed for repairs"}""", shop.MerchantKey));
        Assert.Equal(("dissolved", 0), (cancelled.Said("status"), cancelled["taken"].GetInt32()));
        Assert.Equal((409, "group-has-dissolved"), await JoinAsync(shop, id, "t-3", "m-3") is var gone ? (gone.Status, gone.Problem) : default);

        Shop.Expect(200, await SettleAsync(shop, id, 1, """{"outcome":"failed","reference":"r-1","reason":"Account closed"}"""));
        Assert.Equal("refunded", Shop.Expect(200, await SettleAsync(shop, id, 1, """{"outcome":"paid","reference":"r-2"}"""))["places"][0].GetProperty("standing").GetString());
        Assert.Equal((404, "place-refund-unknown"), await SettleAsync(shop, id, 9, """{"outcome":"paid","reference":"r-2"}""") is var nine ? (nine.Status, nine.Problem) : default);
        Assert.Equal("""{"breakage":0,"campaign":"tea","commission":0,"held":0,"open":0,"paid":7980,"refunds":7980,"refundsPaid":3990,"settled":0}""", await AccountAsync(shop));
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task What_cannot_be_a_group_is_refused_and_others_learn_nothing()
    {
        var (shop, other) = (await OpenShopAsync(), await OpenShopAsync());
        Assert.Equal(400, (await OpenAsync(shop, "t-1", needed: 1)).Status);
        Assert.Equal(400, (await OpenAsync(shop, "t-1", needed: Limits.MaxGroup + 1)).Status);
        Assert.Equal(400, (await OpenAsync(shop, "t-1", needed: 2, seconds: Limits.MaxGroupSeconds + 1)).Status);
        Assert.Equal("/most", (await OpenAsync(shop, "t-1", needed: 3, most: 2))["errors"][0].GetProperty("pointer").GetString());
        Assert.Equal((422, "group-price-above-sale"), await OpenAsync(shop, "t-1", needed: 2, price: 4991) is var dear ? (dear.Status, dear.Problem) : default);
        var id = Shop.Expect(201, await OpenAsync(shop, "t-1", needed: 2)).Said("groupId");
        Assert.Equal((404, "group-unknown"), await other.Client.GetAsync($"/v1/groups/{id}", other.MerchantKey) is var hidden ? (hidden.Status, hidden.Problem) : default);
        Assert.Equal((404, "group-unknown"), await JoinAsync(other, id, "t-2", "m-2") is var foreign ? (foreign.Status, foreign.Problem) : default);
        Assert.Equal(403, (await shop.Client.PostAsync($"/v1/groups/{id}/cancel", null, shop.TillKey)).Status);
    }

    [Fact]
    public async Task Of_sixteen_who_pay_for_the_last_place_one_gets_it_and_nothing_of_the_others_is_booked()
    {
        var shop = await OpenShopAsync();
        for (var round = 0; round < 5; round++)
        {
            var id = Shop.Expect(201, await OpenAsync(shop, $"o-{round}", needed: 2)).Said("groupId");
            var answers = await Task.WhenAll(Enumerable.Range(2, Clients).Select(n => Task.Run(() => JoinAsync(shop, id, $"t-{round}-{n}", $"m-{n}"))));
            Assert.Single(answers, answer => answer.Status == 201);
            Assert.Equal(Clients - 1, answers.Count(answer => answer.Problem == "group-has-formed"));
        }

        Assert.Equal("""{"breakage":0,"campaign":"tea","commission":0,"held":0,"open":39900,"paid":39900,"refunds":0,"refundsPaid":0,"settled":0}""", await AccountAsync(shop));
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task Joining_against_leaving_cancelling_and_reversing_leaves_a_coupon_or_a_refund_for_each_payment()
    {
        var shop = await OpenShopAsync();
        for (var round = 0; round < 10; round++)
        {
            var (opening, at) = (LedgerClient.NewKey(), round);
            var id = Shop.Expect(201, await OpenAsync(shop, $"o-{round}", needed: 3, key: opening)).Said("groupId");
            var actions = new List<Func<Task<Answer>>>
            {
                () => JoinAsync(shop, id, $"a-{at}", "m-2"), () => JoinAsync(shop, id, $"b-{at}", "m-3"), () => JoinAsync(shop, id, $"c-{at}", "m-4"),
                () => LeaveAsync(shop, id, $"a-{at}"), () => shop.Client.PostAsync("/v1/reversals", new { request = opening }, shop.TillKey),
            };
            if (round % 3 == 0) actions.Add(() => shop.Client.PostAsync($"/v1/groups/{id}/cancel", null, shop.MerchantKey));
            var answers = await Task.WhenAll(actions.Select(action => Task.Run(action)));
            Assert.All(answers, answer => Assert.True(answer.Status < 500 && answer.Status != 400, $"{answer}"));

            var group = Shop.Expect(200, await shop.Client.GetAsync($"/v1/groups/{id}", shop.MerchantKey));
            Assert.Equal(1 + answers.Take(3).Count(answer => answer.Status == 201), group["places"].GetArrayLength());
            Assert.All(group["places"].EnumerateArray(), place => Assert.Contains(place.GetProperty("standing").GetString(), group.Said("status") switch
            {
                "formed" => ["sold", "refundRequested"],
                "forming" => ["held", "refundRequested"],
                _ => (string[])["refundRequested"],
            }, StringComparer.Ordinal));
        }

        await Proof.Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task The_same_payment_sent_by_many_at_once_is_one_place()
    {
        var (shop, key) = (await OpenShopAsync(), LedgerClient.NewKey());
        var opened = await Task.WhenAll(Enumerable.Range(0, Clients).Select(n => Task.Run(() => OpenAsync(shop, "t-1", needed: 2, key: n % 2 == 0 ? key : null))));
        var id = Assert.Single(opened.Select(answer => Shop.Expect(201, answer).Said("groupId")).Distinct(StringComparer.Ordinal));
        var joinKey = LedgerClient.NewKey();
        var joined = await Task.WhenAll(Enumerable.Range(0, Clients).Select(n => Task.Run(() => JoinAsync(shop, id, "t-2", "m-2", n % 2 == 0 ? joinKey : null))));
        Assert.Single(joined.Select(answer => Shop.Expect(201, answer).Text).Distinct(StringComparer.Ordinal));
        Assert.Equal((422, "idempotency-key-reused"), await JoinAsync(shop, id, "t-3", "m-3", joinKey) is var other ? (other.Status, other.Problem) : default);
        Assert.Equal("""{"breakage":0,"campaign":"tea","commission":0,"held":0,"open":7980,"paid":7980,"refunds":0,"refundsPaid":0,"settled":0}""", await AccountAsync(shop));
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task The_clock_dissolves_a_group_that_did_not_form_and_the_joins_of_that_moment_are_places_or_refused()
    {
        var shop = await OpenShopAsync();
        var id = Shop.Expect(201, await OpenAsync(shop, "t-1", needed: Limits.MaxGroup, seconds: 1)).Said("groupId");
        var joined = 1;
        while (joined < Limits.MaxGroup - 1 && await JoinAsync(shop, id, $"t-{joined + 1}", $"m-{joined + 1}") is var answer)
        {
            if (answer.Status != 201)
            {
                Assert.Equal("group-has-dissolved", answer.Problem);
                break;
            }

            joined++;
        }

        // The worker of the service itself comes round.
        while (!(await AccountAsync(shop)).Contains("\"held\":0", StringComparison.Ordinal)) await Task.Delay(50);
        var group = Shop.Expect(200, await shop.Client.GetAsync($"/v1/groups/{id}", shop.MerchantKey));
        Assert.Equal("dissolved", group.Said("status"));
        Assert.Equal(joined, group["places"].EnumerateArray().Count(place => place.GetProperty("standing").GetString() == "refundRequested"));
        Assert.Equal($$"""{"breakage":0,"campaign":"tea","commission":0,"held":0,"open":0,"paid":{{joined * Price}},"refunds":{{joined * Price}},"refundsPaid":0,"settled":0}""", await AccountAsync(shop));
        Assert.Equal(0, Shop.Expect(200, await shop.Client.GetAsync("/v1/campaigns/tea", shop.MerchantKey))["issued"].GetInt32());
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task A_reversed_payment_gives_its_place_up_and_one_that_never_arrived_is_barred()
    {
        var (shop, key, unseen) = (await OpenShopAsync(), LedgerClient.NewKey(), LedgerClient.NewKey());
        var id = Shop.Expect(201, await OpenAsync(shop, "t-1", needed: 2, key: key)).Said("groupId");
        var reversed = Shop.Expect(200, await shop.Client.PostAsync("/v1/reversals", new { request = key }, shop.TillKey));
        Assert.Equal(("reversed", "refundRequested"), (reversed.Said("status"), reversed["group"].GetProperty("places")[0].GetProperty("standing").GetString()));
        Shop.Expect(200, await shop.Client.PostAsync("/v1/reversals", new { request = unseen }, shop.TillKey));
        Assert.Equal((409, "reversed-before-arrival"), await JoinAsync(shop, id, "t-2", "m-2", unseen) is var barred ? (barred.Status, barred.Problem) : default);

        var last = LedgerClient.NewKey();
        Shop.Expect(201, await JoinAsync(shop, id, "t-3", "m-3"));
        Shop.Expect(201, await JoinAsync(shop, id, "t-4", "m-4", last));
        Assert.Equal((409, "place-is-sold", "t-4"), await shop.Client.PostAsync("/v1/reversals", new { request = last }, shop.TillKey) is var formed ? (formed.Status, formed.Problem, formed.Said("trade")) : default);
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task The_audit_misses_the_timer_of_a_group_that_is_forming_and_finds_a_payment_that_was_moved()
    {
        var shop = await OpenShopAsync();
        var id = Shop.Expect(201, await OpenAsync(shop, "t-1", needed: 2)).Said("groupId");
        Assert.Equal(1, await app.Database.ExecuteAsync("update ledger.timers set due_at = due_at + '1 hour'::interval where tenant_id = $1 and stream_id = $2", shop.Id, $"group-{id}"));
        Assert.Equal(1, await app.Database.ExecuteAsync("update ledger.tallies set value = value - 1 where tenant_id = $1 and key = 'sales/tea/held'", shop.Id));
        Assert.Equal(1, await app.Database.ExecuteAsync(
            "update ledger.mt_streams set state = jsonb_set(state::jsonb, '{places,0,standing}', '\"Refunded\"')::text where tenant_id = $1 and id = $2", shop.Id, $"group-{id}"));
        var report = await BookAudit.RunAsync(app.Database, new() { Book = shop.Id });
        Assert.Equal([("mt_streams", $"group-{id}"), ("tallies", "sales/tea/held"), ("timers", $"group-{id}")], report.Findings.Select(finding => finding switch
        {
            RowDiffers row => (row.Table, row.Key),
            RowMissing row => (row.Table, row.Key),
            _ => (finding.Sentence, ""),
        }).Order());

        await app.Database.ExecuteAsync("update ledger.timers set due_at = due_at - '1 hour'::interval where tenant_id = $1 and stream_id = $2", shop.Id, $"group-{id}");
        await app.Database.ExecuteAsync("update ledger.tallies set value = value + 1 where tenant_id = $1 and key = 'sales/tea/held'", shop.Id);
        await app.Database.ExecuteAsync("update ledger.mt_streams set state = jsonb_set(state::jsonb, '{places,0,standing}', '\"Held\"')::text where tenant_id = $1 and id = $2", shop.Id, $"group-{id}");
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    private async Task<Shop> OpenShopAsync()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("tea", terms: Terms);
        return shop;
    }

    private static Task<Answer> OpenAsync(Shop shop, string trade, int needed, int? most = null, int seconds = 600, int price = Price, string? key = null) => shop.Client.PostAsync(
        "/v1/groups", new { campaign = "tea", price, needed, most = most ?? needed, seconds, member = "m-1", trade, paid = price }, shop.MerchantKey, key);

    private static Task<Answer> JoinAsync(Shop shop, string id, string trade, string member, string? key = null) =>
        shop.Client.PostAsync($"/v1/groups/{id}/join", new { member, trade, paid = Price }, shop.MerchantKey, key);

    private static Task<Answer> LeaveAsync(Shop shop, string id, string trade) => shop.Client.PostAsync($"/v1/groups/{id}/leave", new { trade }, shop.MerchantKey);

    private static Task<Answer> SettleAsync(Shop shop, string id, int number, string body) =>
        shop.Client.PostAsync($"/v1/groups/{id}/refunds/{number}/settle", body, shop.MerchantKey);

    /// <summary>The report of the one campaign, canonical.</summary>
    private static async Task<string> AccountAsync(Shop shop) => System.Text.Encoding.UTF8.GetString(CanonicalJson.Of(System.Text.Encoding.UTF8.GetBytes(
        Shop.Expect(200, await shop.Client.GetAsync("/v1/reports/sales", shop.MerchantKey))["data"][0].GetRawText())));
}
