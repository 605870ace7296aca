using Ledger.Postgres.Audit;
using Ledger.Tests.Coupons.Redemptions;
using Ledger.Tests.Proof;
using Xunit;

namespace Ledger.Tests.Api;

/// <summary>Payments and what follows from them, over HTTP: points, their return, membership, tiers; and many clients at once.</summary>
public sealed class PaymentLoopTests(LedgerApp app) : IClassFixture<LedgerApp>
{
    private const string Club =
        """{"id":"club","name":"Club","terms":{"earning":{"points":1,"per":100},"expiry":{"kind":"endOfYear","yearsLater":2},"value":{"amount":1,"points":1}}}""";

    [Fact]
    public async Task A_payment_earns_a_refund_takes_back_and_tiers_follow()
    {
        var shop = await app.OpenShopAsync();
        Assert.Equal("points-program-unknown", (await shop.Client.PostAsync("/v1/payment-earning", new { program = "club" }, shop.MerchantKey)).Problem);
        await OpenClubAsync(shop);
        Assert.Equal("malformed-request", (await shop.Client.PostAsync("/v1/tiers", """{"tiers":[{"id":"a","name":"A"}],"rule":{"measure":"points","months":5}}""", shop.MerchantKey)).Problem);
        Shop.Expect(201, await shop.Client.PostAsync("/v1/tiers", """{"tiers":[{"id":"gold","name":"Gold","threshold":5000}],"rule":{"measure":"spend","months":12}}""", shop.MerchantKey));
        await JoinAsync(shop, "m-1");
        Shop.Expect(201, await PayAsync(shop, "t-1", 50_99));
        await HasAsync(shop, "m-1", 50);
        await Readers.ReaderTesting.UntilAsync(async () => Shop.Expect(200, await shop.Client.GetAsync("/v1/members/m-1", shop.MerchantKey)).Json.TryGetProperty("tier", out var tier) && tier.GetProperty("tier").GetString() == "gold");
        var refund = Shop.Expect(201, await shop.Client.PostAsync("/v1/payments/t-1/refunds", new { refund = "r", amount = 1099, redemption = "NONE-1" }, shop.TillKey));
        Assert.Equal("NONE-1", refund.Said("redemption"));
        await HasAsync(shop, "m-1", 40);
        await Readers.ReaderTesting.UntilAsync(async () =>
            Shop.Expect(200, await shop.Client.GetAsync("/v1/policy-outcomes", shop.MerchantKey))["data"].EnumerateArray().Any(row => row.GetProperty("reason").GetString() == "redemption-not-found"));
        Assert.Equal("club", Shop.Expect(200, await shop.Client.GetAsync("/v1/payment-earning", shop.MerchantKey)).Said("program"));
        Assert.False(Shop.Expect(200, await shop.Client.PostAsync("/v1/payment-earning/end", null, shop.MerchantKey)).Json.TryGetProperty("program", out _));
        await Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task A_suspended_or_closed_membership_stops_points_and_where_it_is_required_coupons_too()
    {
        var shop = await app.OpenShopAsync();
        await OpenClubAsync(shop);
        await shop.CampaignAsync("spring");
        Assert.True(Shop.Expect(200, await shop.Client.PostAsync("/v1/membership-rule", new { isRequired = true }, shop.MerchantKey)).Json.GetProperty("requiresMembership").GetBoolean());
        await JoinAsync(shop, "m-1");
        await JoinAsync(shop, "m-2");
        Shop.Expect(201, await GrantAsync("m-1"));
        var codes = new List<string>();
        for (var i = 0; i < 3; i++) codes.Add(Shop.Expect(201, await IssueAsync("m-1")).Said("code"));
        var held = Shop.Expect(201, await shop.Client.PostAsync("/v1/points/holds", new { program = "club", member = "m-1", points = 10 }, shop.TillKey)).Said("spendId");
        var hold = Shop.Expect(201, await shop.Client.PostAsync("/v1/holds", new { code = codes[0], amount = 4200 }, shop.TillKey)).Said("holdId");
        Shop.Expect(201, await SpendAsync(5));

        Shop.Expect(200, await shop.Client.PostAsync("/v1/members/m-1/suspend", new { reason = "dispute" }, shop.MerchantKey));
        await AssertStoppedAsync("membership-suspended");
        Assert.Equal("member-unknown", (await GrantAsync("nobody")).Problem);
        Assert.Equal("member-unknown", (await IssueAsync("nobody")).Problem);

        // What was set aside in time goes on, and money that goes back takes its points with it.
        Shop.Expect(200, await shop.Client.PostAsync($"/v1/points/holds/{held}/commit", null, shop.TillKey));
        Shop.Expect(200, await shop.Client.PostAsync($"/v1/points/spends/{held}/refunds", new { points = 4 }, shop.TillKey));
        Shop.Expect(201, await shop.Client.PostAsync($"/v1/holds/{hold}/commit", null, shop.TillKey));
        Shop.Expect(200, await shop.Client.PostAsync("/v1/members/m-1/resume", null, shop.MerchantKey));
        Shop.Expect(201, await SpendAsync(5));
        Shop.Expect(201, await shop.Client.PostAsync("/v1/redemptions", new { code = codes[1], amount = 4200 }, shop.TillKey));
        Shop.Expect(200, await shop.Client.PostAsync("/v1/members/m-1/close", null, shop.MerchantKey));
        await AssertStoppedAsync("membership-closed");

        // What is left waits for its expiry and is nobody's meanwhile; the merchant may take it.
        Assert.Equal(84, await AvailableAsync(shop, "m-1"));
        Shop.Expect(201, await shop.Client.PostAsync("/v1/points/adjustments", new { program = "club", member = "m-1", points = -84, reason = "closed" }, shop.MerchantKey));

        // Where it is not required any more, a closed membership stops points all the same, and coupons of others go on.
        Shop.Expect(200, await shop.Client.PostAsync("/v1/membership-rule", new { isRequired = false }, shop.MerchantKey));
        Assert.Equal("membership-closed", (await GrantAsync("m-1")).Problem);
        Shop.Expect(201, await GrantAsync("nobody"));
        Shop.Expect(201, await IssueAsync("nobody"));
        Shop.Expect(201, await shop.Client.PostAsync("/v1/redemptions", new { code = codes[2], amount = 4200 }, shop.TillKey));

        Task<Answer> GrantAsync(string member) => shop.Client.PostAsync("/v1/points/grants", new { program = "club", member, points = 100 }, shop.MerchantKey);
        Task<Answer> IssueAsync(string member) => shop.Client.PostAsync("/v1/coupons", new { campaign = "spring", member }, shop.MerchantKey);
        Task<Answer> SpendAsync(long points) => shop.Client.PostAsync("/v1/points/spends", new { program = "club", member = "m-1", points }, shop.TillKey);
        async Task AssertStoppedAsync(string problem)
        {
            Assert.Equal(problem, (await GrantAsync("m-1")).Problem);
            Assert.Equal(problem, (await SpendAsync(1)).Problem);
            Assert.Equal(problem, (await IssueAsync("m-1")).Problem);
            Assert.Equal(problem, (await shop.Client.PostAsync("/v1/points/holds", new { program = "club", member = "m-1", points = 1 }, shop.TillKey)).Problem);
            Assert.Equal(problem, (await shop.Client.PostAsync("/v1/points/purchases", new { program = "club", member = "m-1", order = "o", amount = 100 }, shop.TillKey)).Problem);
            Assert.Equal(problem, (await shop.Client.PostAsync("/v1/points/transfers", new { program = "club", from = "m-2", to = "m-1", points = 1 }, shop.MerchantKey)).Problem);
            Assert.Equal(problem, (await shop.Client.PostAsync("/v1/redemptions", new { code = codes[2], amount = 4200 }, shop.TillKey)).Problem);
            Assert.Equal(problem, (await shop.Client.GetAsync($"/v1/coupons/{codes[2]}/offline-token", shop.MerchantKey)).Problem);
            var check = Shop.Expect(200, await shop.Client.GetAsync($"/v1/coupons/{codes[2]}?amount=4200", shop.TillKey));
            Assert.Equal((false, $"/problems/{problem}"), (check["redeemable"].GetBoolean(), check.Json.GetProperty("problem").Text("type")));
            Assert.Equal(problem, (await shop.Client.PostAsync("/v1/holds", new { code = codes[2], amount = 4200 }, shop.TillKey)).Problem);

            var points = new { program = "club", member = "m-1", points = 1 };
            var quote = Shop.Expect(200, await shop.Client.PostAsync("/v1/quotes", new { codes = new[] { codes[2] }, amount = 4200, points }, shop.TillKey));
            Assert.All([quote["redeemables"][0], quote["redeemables"][1], quote["together"]], one => Assert.Equal($"/problems/{problem}", one.GetProperty("problem").Text("type")));
            Assert.Equal(0, quote["best"].GetProperty("codes").GetArrayLength());
            Assert.Equal(problem, (await shop.Client.PostAsync("/v1/redemptions", new { code = codes[2], amount = 4200, points }, shop.TillKey)).Problem);
        }
    }

    [Fact]
    public async Task Sixteen_tills_pay_refund_and_spend_at_once_and_the_points_are_those_of_what_stands()
    {
        var shop = await app.OpenShopAsync();
        await OpenClubAsync(shop);
        var (stands, random) = (new long[48], new Random(20260217));
        var plan = Enumerable.Range(0, stands.Length).Select(n => (Trade: $"t-{n}", Member: $"m-{n % 5}", Amount: random.Next(100, 9_000), Refunds: Enumerable.Range(0, random.Next(4)).Select(_ => random.Next(1, 4_000)).ToList())).ToList();
        await Parallel.ForEachAsync(plan.Index(), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (one, _) =>
        {
            var (n, (trade, member, amount, refunds)) = one;
            stands[n] = amount;
            for (var twice = 0; twice < 2; twice++) Shop.Expect(201, await shop.Client.PostAsync("/v1/payments", new { trade, amount, fundChannel = "balance", member }, shop.TillKey));
            await Task.WhenAll(refunds.Select(async (back, i) =>
            {
                if ((await shop.Client.PostAsync($"/v1/payments/{trade}/refunds", new { refund = $"r-{i}", amount = back }, shop.TillKey)).Status == 201) Interlocked.Add(ref stands[n], -back);
            }));
            if (n % 3 == 0) await shop.Client.PostAsync("/v1/points/spends", new { program = "club", member, points = 20 }, shop.TillKey);
        });
        var expected = stands.Sum(left => left / 100);
        await Readers.ReaderTesting.UntilAsync(async () => await IsThroughAsync("payment-points", "payment_received") && await IsThroughAsync("payment-points-return", "payment_refunded"));
        Assert.Equal(expected, await app.Database.AskAsync<long>("select coalesce(-sum(value), 0)::bigint from ledger.tallies where tenant_id = $1 and key = 'points/club/expense/merchant'", shop.Id));
        foreach (var member in plan.Select(one => one.Member).Distinct(StringComparer.Ordinal))
        {
            var account = Shop.Expect(200, await shop.Client.GetAsync($"/v1/members/{member}/points?program=club", shop.TillKey));
            Assert.Equal(plan.Index().Where(one => one.Item.Member == member).Sum(one => stands[one.Index] / 100), account["lifetime"].GetInt64());
        }

        // Once more by SQL, by the read model, and by the auditor's own fold.
        Assert.Equal(0, await app.Database.AskAsync<long>("select sum(value)::bigint from ledger.tallies where tenant_id = $1 and key like 'points/club/%'", shop.Id));
        await Readers.ReaderTesting.UntilAsync(async () => expected == await app.Database.AskAsync<long>("select sum(lifetime)::bigint from ledger.points_balances where tenant_id = $1", shop.Id));
        await Books.AssertSoundAsync(app.Database);
        var report = await BookAudit.RunAsync(app.Database, new AuditOptions());
        Assert.True(report.IsClean, string.Join('\n', report.Findings));

        // A policy wakes for what concerns it, and looks at the rest seldom.
        async Task<bool> IsThroughAsync(string policy, string type) => await app.Database.AskAsync<long>(
            $"select count(*) from ledger.progress where tenant_id = $1 and reader = 'policy/{policy}' and seq_id >= (select max(seq_id) from ledger.mt_events where tenant_id = $1 and type = '{type}')",
            shop.Id) == 1;
    }

    private static async Task OpenClubAsync(Shop shop)
    {
        Shop.Expect(201, await shop.Client.PostAsync("/v1/points-programs", Club, shop.MerchantKey));
        Shop.Expect(201, await shop.Client.PostAsync("/v1/payment-earning", new { program = "club" }, shop.MerchantKey));
    }

    private static async Task JoinAsync(Shop shop, string member) => Shop.Expect(201, await shop.Client.PostAsync(
        "/v1/members", new { member, consent = new { scopes = new[] { "points" }, textVersion = "v1", at = "2026-01-01T00:00:00Z" } }, shop.MerchantKey));

    private static Task<Answer> PayAsync(Shop shop, string trade, long amount) =>
        shop.Client.PostAsync("/v1/payments", new { trade, amount, fundChannel = "balance", member = "m-1" }, shop.TillKey);

    private static async Task<long> AvailableAsync(Shop shop, string member) =>
        Shop.Expect(200, await shop.Client.GetAsync($"/v1/members/{member}/points?program=club", shop.TillKey))["available"].GetInt64();

    private static Task HasAsync(Shop shop, string member, long points) => Readers.ReaderTesting.UntilAsync(async () => await AvailableAsync(shop, member) == points);
}
