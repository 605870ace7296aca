using System.Globalization;
using Xunit;

namespace Ledger.Tests.Proof;

/// <summary>Many clients want the same thing at once: nothing happens twice, and every limit is exact.</summary>
public sealed class RushTests(LedgerApp app) : IClassFixture<LedgerApp>
{
    private const int Clients = 64;

    [Fact]
    public async Task Sixty_four_clients_redeem_one_coupon_once_and_the_others_are_told_by_which_redemption()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring");
        var code = await shop.IssueAsync("spring");

        var answers = await TogetherAsync(Clients, _ => shop.RedeemAsync(code));

        var winner = Assert.Single(answers, answer => answer.Status == 201).Said("redemptionId");
        var losers = answers.Where(answer => answer.Status != 201).ToList();
        Assert.Equal(Clients - 1, losers.Count);
        Assert.All(losers, loser =>
        {
            Assert.Equal((409, "already-used"), (loser.Status, loser.Problem));
            Assert.Equal(winner, loser.Said("redemptionId"));
        });
        Assert.Equal(1, await CountAsync(shop, "coupon_redeemed"));
        await Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task Sixty_four_tills_hold_one_coupon_and_one_has_it_until_it_commits()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring");
        var code = await shop.IssueAsync("spring");

        var answers = await TogetherAsync(Clients, _ => shop.Client.PostAsync("/v1/holds", new { code, amount = 4200 }, shop.TillKey));

        var hold = Assert.Single(answers, answer => answer.Status == 201).Said("holdId");
        Assert.All(answers.Where(answer => answer.Status != 201), loser => Assert.Equal((423, "already-held"), (loser.Status, loser.Problem)));
        var commits = await TogetherAsync(16, _ => shop.Client.PostAsync($"/v1/holds/{hold}/commit", null, shop.TillKey));
        var winner = Assert.Single(commits, answer => answer.Status == 201).Said("redemptionId");
        Assert.All(commits.Where(answer => answer.Status != 201), loser => Assert.Equal((409, "already-used", winner), (loser.Status, loser.Problem, loser.Said("redemptionId"))));
        Assert.Equal((1, 1), (await CountAsync(shop, "coupon_held"), await CountAsync(shop, "coupon_redeemed")));
        await Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task The_same_request_key_from_sixteen_clients_is_one_redemption_and_sixteen_equal_answers()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring");
        var code = await shop.IssueAsync("spring");
        var key = LedgerClient.NewKey();

        var answers = await TogetherAsync(16, _ => shop.RedeemAsync(code, key));

        Assert.All(answers, answer => Assert.Equal(201, answer.Status));
        Assert.Single(answers.Select(answer => answer.Text).Distinct(StringComparer.Ordinal));
        Assert.Equal(15, answers.Count(answer => answer.IsReplayed));
        Assert.Equal(1, await CountAsync(shop, "coupon_redeemed"));
    }

    [Fact]
    public async Task A_quota_is_exact_while_sixty_four_clients_issue()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("scarce", quota: 100);

        var answers = await TogetherAsync(Clients, client => ManyAsync(4, n => shop.TryIssueAsync("scarce", Member(client, n))));

        var all = answers.SelectMany(a => a).ToList();
        Assert.Equal(100, all.Count(answer => answer.Status == 201));
        Assert.All(all.Where(answer => answer.Status != 201), refused => Assert.Equal("stock-exhausted", refused.Problem));
        Assert.Equal(100, await CountAsync(shop, "coupon_issued"));
        Assert.Equal(100, await TallyAsync(shop, "issued/scarce"));
    }

    [Fact]
    public async Task Limits_per_member_and_per_day_are_exact_while_sixty_four_clients_issue()
    {
        var shop = await app.OpenShopAsync();
        var terms = Shop.Terms[..^1] + ""","limits":{"perMember":3,"perMemberPerDay":2,"perDay":17}}""";
        await shop.CampaignAsync("limited", terms: terms);

        // Ten members, 64 clients with four requests each: 256 requests, two for each member, 17 in all. The time is stated, so that no
        // midnight can come between.
        var answers = await TogetherAsync(Clients, client => ManyAsync(4, n => shop.Client.PostAsync(
            "/v1/coupons", new { campaign = "limited", member = Member(0, (client + n) % 10), businessTime = "2026-01-05T04:00:00Z" },
            app.PlatformKey, null, ("Ledger-Merchant", shop.Id))));

        var all = answers.SelectMany(a => a).ToList();
        Assert.Equal(17, all.Count(answer => answer.Status == 201));
        Assert.All(all.Where(answer => answer.Status != 201), refused => Assert.True(refused.Problem is "user-day-limit" or "day-limit", refused.ToString()));
        Assert.Equal(2, await app.Database.AskAsync<long>(
            """
            select max(count) from (
                select count(*) from ledger.mt_events where tenant_id = $1 and type = 'coupon_issued' group by data ->> 'member') as members
            """, shop.Id));
        await Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task A_void_and_a_second_redemption_at_once_leave_one_redemption_that_stands()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring");
        var code = await shop.IssueAsync("spring");
        var first = Shop.Expect(201, await shop.RedeemAsync(code)).Said("redemptionId");

        var answers = await TogetherAsync(32, n => n % 2 == 0
            ? shop.Client.PostAsync($"/v1/redemptions/{first}/void", null, shop.TillKey)
            : shop.RedeemAsync(code));

        var redeemed = answers.Count(answer => answer.Status == 201);
        Assert.InRange(redeemed, 0, 1);
        Assert.All(answers, answer => Assert.Contains(answer.Status, new[] { 200, 201, 409 }));
        Assert.Equal(1 + redeemed, await CountAsync(shop, "coupon_redeemed"));
        Assert.Equal(1, await CountAsync(shop, "redemption_voided"));
    }

    [Fact]
    public async Task The_answer_to_a_request_key_is_its_answer_for_ever()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring");
        var key = LedgerClient.NewKey();
        var first = Shop.Expect(201, await shop.TryIssueAsync("spring", "m-1", key));
        Shop.Expect(201, await shop.RedeemAsync(first.Said("code")));

        // White space and the order of members make no other request; another member does.
        var again = await shop.Client.PostAsync("/v1/coupons", """{ "member": "m-1", "campaign": "spring" }""", shop.MerchantKey, key);
        Assert.Equal((201, first.Text, true), (again.Status, again.Text, again.IsReplayed));
        Assert.Equal(first.Text, (await shop.Client.GetAsync($"/v1/requests/{key}", shop.TillKey)).Text);
        var other = await shop.TryIssueAsync("spring", "m-2", key);
        Assert.Equal((422, "idempotency-key-reused"), (other.Status, other.Problem));
        Assert.Equal(1, await CountAsync(shop, "coupon_issued"));
    }

    [Fact]
    public async Task What_was_refused_may_be_tried_again_under_its_key()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring");
        var code = await shop.IssueAsync("spring");
        var key = LedgerClient.NewKey();
        Assert.Equal("floor-not-met", (await shop.RedeemAsync(code, key, amount: 2999)).Problem);
        Assert.Equal("request-unknown", (await shop.Client.GetAsync($"/v1/requests/{key}", shop.TillKey)).Problem);
        Shop.Expect(201, await shop.RedeemAsync(code, key, amount: 3000));
    }

    private static string Member(int client, int n) => string.Create(CultureInfo.InvariantCulture, $"m-{client}-{n}");

    private Task<long> CountAsync(Shop shop, string type) =>
        app.Database.AskAsync<long>("select count(*) from ledger.mt_events where tenant_id = $1 and type = $2", shop.Id, type);

    private Task<long> TallyAsync(Shop shop, string key) =>
        app.Database.AskAsync<long>("select value from ledger.tallies where tenant_id = $1 and key = $2", shop.Id, key);

    private static Task<T[]> TogetherAsync<T>(int clients, Func<int, Task<T>> act) =>
        Task.WhenAll(Enumerable.Range(0, clients).Select(client => Task.Run(() => act(client))));

    private static async Task<List<Answer>> ManyAsync(int times, Func<int, Task<Answer>> act)
    {
        var answers = new List<Answer>();
        for (var n = 0; n < times; n++) answers.Add(await act(n));
        return answers;
    }
}
