using Xunit;

namespace Ledger.Tests.Api;

/// <summary>The life of campaigns over HTTP: steps, amending with ETags, quota.</summary>
public sealed class CampaignTests(LedgerApp app) : IClassFixture<LedgerApp>
{
    [Fact]
    public async Task A_campaign_goes_from_draft_to_stopped_and_its_coupons_stay_good()
    {
        var shop = await app.OpenShopAsync();
        var draft = Shop.Expect(201, await Draft(shop, "spring"));
        Assert.Equal(("draft", 1, 0), (draft.Said("status"), draft["termsVersion"].GetInt32(), draft["issued"].GetInt32()));
        Assert.Equal("campaign-not-active", (await shop.TryIssueAsync("spring", "m-1")).Problem);
        await StepAsync(shop, "submit", "submitted");
        await StepAsync(shop, "approve", "active");
        var (first, second) = (await shop.IssueAsync("spring"), await shop.IssueAsync("spring"));

        await StepAsync(shop, "pause", "paused", """{"reason":"Out of tea"}""");
        Assert.Equal("campaign-paused", (await shop.TryIssueAsync("spring", "m-1")).Problem);
        Shop.Expect(201, await shop.RedeemAsync(first));
        await StepAsync(shop, "resume", "active");
        await shop.IssueAsync("spring");
        await StepAsync(shop, "stop", "stopped", """{"reason":"Spring is over"}""");
        Assert.Equal((409, "campaign-stopped"), await shop.TryIssueAsync("spring", "m-1") is var none ? (none.Status, none.Problem) : default);
        Shop.Expect(201, await shop.RedeemAsync(second));

        var refused = await shop.Client.PostAsync("/v1/campaigns/spring/resume", null, shop.MerchantKey);
        Assert.Equal((409, "campaign-state-forbids", "stopped"), (refused.Status, refused.Problem, refused.Said("campaignStatus")));
        Assert.Equal(3, Shop.Expect(200, await shop.Client.GetAsync("/v1/campaigns/spring", shop.MerchantKey))["issued"].GetInt32());
    }

    [Fact]
    public async Task A_rejected_campaign_never_issues()
    {
        var shop = await app.OpenShopAsync();
        Shop.Expect(201, await Draft(shop, "spring"));
        await StepAsync(shop, "submit", "submitted");
        await StepAsync(shop, "reject", "rejected", """{"reason":"Too generous"}""");
        Assert.Equal("campaign-state-forbids", (await shop.Client.PostAsync("/v1/campaigns/spring/approve", null, shop.MerchantKey)).Problem);
        Assert.Equal("campaign-not-active", (await shop.TryIssueAsync("spring", "m-1")).Problem);
    }

    [Fact]
    public async Task The_same_draft_again_changes_nothing_and_another_of_its_id_is_refused()
    {
        var shop = await app.OpenShopAsync();
        var first = Shop.Expect(201, await Draft(shop, "spring"));
        var before = await app.Database.AskAsync<long>("select head from ledger.books where tenant_id = $1", shop.Id);
        Assert.Equal(first.Text, Shop.Expect(201, await Draft(shop, "spring")).Text);
        var other = await Draft(shop, "spring", quota: 7);
        Assert.Equal((409, "campaign-exists"), (other.Status, other.Problem));
        Assert.Equal(before, await app.Database.AskAsync<long>("select head from ledger.books where tenant_id = $1", shop.Id));
    }

    [Fact]
    public async Task Amending_needs_the_version_that_was_read_and_leaves_issued_coupons_their_terms()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring");
        var old = await shop.IssueAsync("spring");
        var tag = Shop.Expect(200, await shop.Client.GetAsync("/v1/campaigns/spring", shop.MerchantKey)).Headers.ETag!.Tag;
        Assert.Equal("\"1\"", tag);
        var better = Shop.Terms.Replace("\"off\":500", "\"off\":800", StringComparison.Ordinal);

        foreach (var wrong in new[] { "", "*", "\"x\"", "\"0\"", "-1" })
        {
            var without = await shop.Client.PostAsync("/v1/campaigns/spring/terms", better, shop.MerchantKey, null, ("If-Match", wrong));
            Assert.Equal((428, "if-match-missing"), (without.Status, without.Problem));
        }

        var amended = Shop.Expect(200, await shop.Client.PostAsync("/v1/campaigns/spring/terms", better, shop.MerchantKey, null, ("If-Match", tag)));
        Assert.Equal(2, amended["termsVersion"].GetInt32());
        var stale = await shop.Client.PostAsync("/v1/campaigns/spring/terms", Shop.Terms.Replace("500", "900", StringComparison.Ordinal), shop.MerchantKey, null, ("If-Match", tag));
        Assert.Equal((409, "terms-version-stale", 2), (stale.Status, stale.Problem, stale["current"].GetInt32()));

        Assert.Equal(500, Shop.Expect(201, await shop.RedeemAsync(old))["discount"].GetInt32());
        Assert.Equal(800, Shop.Expect(201, await shop.RedeemAsync(await shop.IssueAsync("spring")))["discount"].GetInt32());
    }

    [Fact]
    public async Task A_quota_is_compared_before_it_is_set_and_never_falls_below_what_was_issued()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring", quota: 2);
        await shop.IssueAsync("spring");
        await shop.IssueAsync("spring");
        Assert.Equal("stock-exhausted", (await shop.TryIssueAsync("spring", "m-1")).Problem);

        var mismatch = await Quota(shop, 5, 10);
        Assert.Equal((409, "quota-cas-mismatch", 2), (mismatch.Status, mismatch.Problem, mismatch["current"].GetInt32()));
        var below = await Quota(shop, 2, 1);
        Assert.Equal((422, "quota-below-issued", 2), (below.Status, below.Problem, below["issued"].GetInt32()));
        Assert.Equal(3, Shop.Expect(200, await Quota(shop, 2, 3))["quota"].GetInt32());
        await shop.IssueAsync("spring");
        Assert.Equal("stock-exhausted", (await shop.TryIssueAsync("spring", "m-1")).Problem);
    }

    [Fact]
    public async Task A_campaign_issues_from_its_start_to_its_end()
    {
        var shop = await app.OpenShopAsync();
        foreach (var (id, starts, ends, problem) in new[]
        {
            ("future", "2180-01-01T00:00:00Z", "2185-01-01T00:00:00Z", "campaign-not-started"), ("past", "2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z", "campaign-ended"),
        })
        {
            Shop.Expect(201, await shop.Client.PostAsync(
                "/v1/campaigns", $$"""{"id":"{{id}}","name":"X","quota":1,"startsAt":"{{starts}}","endsAt":"{{ends}}","terms":{{Shop.Terms}}}""", shop.MerchantKey));
            Shop.Expect(200, await shop.Client.PostAsync($"/v1/campaigns/{id}/submit", null, shop.MerchantKey));
            Shop.Expect(200, await shop.Client.PostAsync($"/v1/campaigns/{id}/approve", null, shop.MerchantKey));
            Assert.Equal((422, problem), (await shop.TryIssueAsync(id, "m-1")) is var answer ? (answer.Status, answer.Problem) : default);
        }
    }

    private static Task<Answer> Draft(Shop shop, string id, int quota = 5) =>
        shop.Client.PostAsync("/v1/campaigns", $$"""{"id":"{{id}}","name":"5 off 30","quota":{{quota}},"terms":{{Shop.Terms}}}""", shop.MerchantKey);

    private static Task<Answer> Quota(Shop shop, int expected, int target) =>
        shop.Client.PostAsync("/v1/campaigns/spring/quota", new { expected, target }, shop.MerchantKey);

    private static async Task StepAsync(Shop shop, string step, string status, string? body = null)
    {
        Assert.Equal(status, Shop.Expect(200, await shop.Client.PostAsync($"/v1/campaigns/spring/{step}", body, shop.MerchantKey)).Said("status"));
        // The same step again is accepted again and appends nothing.
        var before = await shop.Client.GetAsync("/v1/events?limit=1000", shop.MerchantKey);
        Assert.Equal(status, Shop.Expect(200, await shop.Client.PostAsync($"/v1/campaigns/spring/{step}", body, shop.MerchantKey)).Said("status"));
        Assert.Equal(before["data"].GetArrayLength(), (await shop.Client.GetAsync("/v1/events?limit=1000", shop.MerchantKey))["data"].GetArrayLength());
    }
}
