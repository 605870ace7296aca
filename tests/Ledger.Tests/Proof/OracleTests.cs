using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Xunit;
using Xunit.Abstractions;

namespace Ledger.Tests.Proof;

/// <summary>
/// Many tills at once against the oracle: every answer, and in the end every balance. <c>LEDGER_SEED</c> repeats a run's requests,
/// <c>LEDGER_LONG=1</c> makes it longer.
/// </summary>
public sealed class OracleTests(LedgerApp app, ITestOutputHelper output) : IClassFixture<LedgerApp>
{
    private const int Clients = 16;

    private static readonly int s_seed = int.TryParse(Environment.GetEnvironmentVariable("LEDGER_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out var seed) ? seed : 20260217;
    private static readonly int s_asks = Environment.GetEnvironmentVariable("LEDGER_LONG") is "1" or "full" ? 1_000 : 60;

    [Fact]
    public async Task Every_answer_and_every_balance_is_what_the_oracle_says()
    {
        var shop = await app.OpenShopAsync();
        var campaigns = Campaigns(Json.Now);
        foreach (var terms in campaigns) await shop.CampaignAsync(terms.Campaign, terms.Quota, terms.ToJson());

        Shop.Expect(201, await shop.Client.PostAsync("/v1/points-programs", OraclePoints.Opening, shop.MerchantKey));
        var traffic = new OracleTraffic(shop, [.. campaigns.Select(terms => terms.Campaign)]);
        await traffic.PrepareAsync(new Random(s_seed));
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(client => Task.Run(() => PlayAsync(client))));
        // What is asked follows from the seed, what comes of it from the race as well: a rare one, like a coupon that nobody used or holds just then, may need more.
        for (var more = Clients; more < 2 * Clients && !Array.TrueForAll(Enum.GetValues<Verb>(), IsDone); more++) await PlayAsync(more);
        output.WriteLine($"LEDGER_SEED={s_seed}: {traffic.Summary}");

        var oracle = new Oracle(campaigns);
        var entries = await EntriesAsync(shop, 0);
        var replay = new OracleReplay(oracle, [.. traffic.Runs], entries);
        replay.Play(entries);
        var (clock, head) = (Stopwatch.StartNew(), entries[^1].Number);
        while (Json.Now < campaigns.Min(terms => terms.To) || oracle.HasDue(Json.Now))
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(60), "The clock does not end what is over.");
            await Task.Delay(100);
            var more = await EntriesAsync(shop, head);
            replay.Play(more);
            head = more.Count > 0 ? more[^1].Number : head;
        }

        replay.AssertAllExplained();
        output.WriteLine($"{traffic.Runs.Count} answers, {head} entries; {replay.Explained} answers without entries; {replay.Tried} answers of the oracle.");
        Assert.All(Enum.GetValues<Verb>(), verb => Assert.True(IsDone(verb), $"{verb} was never done."));
        Assert.Contains(oracle.Sales.Values, sale => sale is { Points: not null, Hold: not null });
        Assert.Contains(oracle.Sales.Values, sale => sale is { PointsBack: > 0 });
        await AssertBalancesAsync(shop, oracle);
        await Books.AssertSoundAsync(app.Database);

        Task PlayAsync(int client) => traffic.PlayAsync(new Random(unchecked((s_seed * 31) + client)), client, s_asks);

        bool IsDone(Verb verb) => traffic.Runs.Any(run => run.Ask.Verb == verb && run.IsDone);
    }

    private static OracleTerms[] Campaigns(long now)
    {
        var (from, to) = (now - Json.Day, now + (1000 * Json.Day));
        return
        [
            new("five", from, to, Off: 500, Floor: 3000), new("percent", from, to, BasisPoints: 1_250, Ceiling: 700), new("thrice", from, to, Off: 333, Uses: 3),
            new("split", from, to, Off: 701, BrandBasisPoints: 3_333), new("alone", from, to, Off: 900, IsExclusive: true),
            new("scarce", from, to, Off: 100, Quota: 30, PerMember: 2), new("brief", from, now + (6 * Json.Second), Off: 450, Uses: 2),
            new("bundle", from, to, Off: 250, Uses: 3, IsBundle: true), new("tea", from, to, Off: 400, Floor: 500, Only: "goods-0"),
            new("no-sweets", from, to, BasisPoints: 2_000, Ceiling: 900, Never: "goods-1"),
        ];
    }

    private static async Task<List<BookEntry>> EntriesAsync(Shop shop, long after)
    {
        var entries = new List<BookEntry>();
        while (true)
        {
            var page = Shop.Expect(200, await shop.Client.GetAsync(FormattableString.Invariant($"/v1/events?limit=1000&after={after}"), shop.MerchantKey))["data"].EnumerateArray().ToList();
            entries.AddRange(page.Select(entry => new BookEntry(
                entry.GetProperty("entry").GetInt64(), entry.GetProperty("stream").GetString()!, entry.GetProperty("type").GetString()!, entry.GetProperty("data"),
                Json.Parse(entry.GetProperty("timestamp").GetString()!), entry.TryGetProperty("causation", out var request) ? request.GetString() : null)));
            if (page.Count < 1000) return entries;
            after = entries[^1].Number;
        }
    }

    private static async Task AssertBalancesAsync(Shop shop, Oracle oracle)
    {
        foreach (var coupon in oracle.Coupons.Values)
        {
            var check = Shop.Expect(200, await shop.Client.GetAsync($"/v1/coupons/{coupon.Code}", shop.TillKey));
            var last = coupon.Status == "used" ? coupon.Last!.Id : null;
            Assert.Equal(
                (coupon.Code, coupon.StatusAt(Json.Now), coupon.Member, last),
                (coupon.Code, check.Said("status"), check.Said("member"), check.Json.TryGetProperty("redemptionId", out var id) ? id.GetString() : null));
        }

        foreach (var member in oracle.Coupons.Values.GroupBy(coupon => coupon.Member, StringComparer.Ordinal))
        {
            var wallet = Shop.Expect(200, await shop.Client.GetAsync($"/v1/members/{member.Key}/wallet?limit=1000", shop.TillKey))["data"];
            Assert.Equal(
                member.Select(coupon => $"{coupon.Code} {coupon.Terms.Campaign} {coupon.StatusAt(Json.Now)}").Order(StringComparer.Ordinal),
                wallet.EnumerateArray().Select(one => $"{one.GetProperty("code").GetString()} {one.GetProperty("campaign").GetString()} {one.GetProperty("status").GetString()}"),
                StringComparer.Ordinal);
        }

        foreach (var member in oracle.Points.Accounts.Keys.ToList())
        {
            // A hold may run out while it is asked.
            var before = oracle.Points.At(member, Json.Now);
            var told = Shop.Expect(200, await shop.Client.GetAsync($"/v1/members/{member}/points?program={OraclePoints.Program}", shop.TillKey));
            Assert.Contains(
                (member, told["available"].GetInt64(), told["held"].GetInt64(), told["arrears"].GetInt64(), told["lifetime"].GetInt64()),
                new[] { before, oracle.Points.At(member, Json.Now) }.Select(account => (member, account.Available, account.Held, account.Arrears, account.Lifetime)));
        }

        foreach (var sale in oracle.Sales.Values) AssertSame(sale.ToJson(), await shop.Client.GetAsync($"/v1/redemptions/{sale.Id}", shop.TillKey));
        await AssertReportsAsync(shop, oracle);
        await AssertRequestsAsync(shop, oracle);

        // A coupon of several uses tells how many are left when too many are asked for.
        foreach (var coupon in oracle.Coupons.Values.Where(coupon => coupon.Terms.Uses > 1 && coupon.StatusAt(Json.Now) == "effective"))
        {
            var refused = await shop.Client.PostAsync("/v1/redemptions", new { coupons = new[] { new { code = coupon.Code, uses = 4 } }, amount = 9000 }, shop.TillKey);
            Assert.Equal((409, "uses-exhausted", coupon.Terms.Uses - coupon.Used), (refused.Status, refused.Problem, refused["left"].GetInt32()));
        }
    }

    private static async Task AssertRequestsAsync(Shop shop, Oracle oracle)
    {
        foreach (var key in oracle.Keys) AssertSame(oracle.Request(key)!, await shop.Client.GetAsync($"/v1/requests/{key}", shop.TillKey));
        Assert.Equal("request-unknown", (await shop.Client.GetAsync("/v1/requests/never-sent", shop.TillKey)).Problem);
    }

    private static async Task AssertReportsAsync(Shop shop, Oracle oracle)
    {
        var clock = Stopwatch.StartNew();
        while (Shop.Expect(200, await shop.Client.GetAsync("/v1/reports/merchant", shop.MerchantKey))["lagEntries"].GetInt32() > 0)
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(60), "The read models do not follow.");
            await Task.Delay(50);
        }

        var told = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var row in Rows(await shop.Client.GetAsync("/v1/reports/campaigns?limit=1000", shop.MerchantKey))) Tell($"campaign {row.GetProperty("campaign").GetString()}", row);
        foreach (var row in Rows(await shop.Client.GetAsync("/v1/reports/days?limit=1000", shop.MerchantKey))) Tell($"day {row.GetProperty("day").GetString()} {row.GetProperty("store").GetString()}", row);
        foreach (var campaign in oracle.Coupons.Values.GroupBy(coupon => coupon.Terms.Campaign, StringComparer.Ordinal))
        {
            oracle.Sums[$"campaign {campaign.Key} members"] = campaign.DistinctBy(coupon => coupon.Member, StringComparer.Ordinal).Count();
            oracle.Sums[$"campaign {campaign.Key} membersRedeeming"] = campaign.Where(coupon => coupon.Used > 0).DistinctBy(coupon => coupon.Member, StringComparer.Ordinal).Count();
        }

        Assert.Equal(oracle.Sums.Where(sum => sum.Value != 0), told.Where(sum => sum.Value != 0));

        static IEnumerable<JsonElement> Rows(Answer answer) => Shop.Expect(200, answer)["data"].EnumerateArray();

        void Tell(string name, JsonElement row)
        {
            foreach (var figure in row.EnumerateObject().Where(member => member.Value.ValueKind == JsonValueKind.Number)) told.Add($"{name} {figure.Name}", figure.Value.GetInt64());
        }
    }

    private static void AssertSame(JsonObject expected, Answer answer) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected.ToJsonString()), JsonNode.Parse(Shop.Expect(200, answer).Text)), $"The oracle says {expected.ToJsonString()}\nthe service {answer.Text}");
}
