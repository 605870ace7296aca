using System.Net.Http.Headers;
using System.Text.Json;
using Xunit;

namespace Ledger.Tests.Api;

/// <summary>Issuing over HTTP: in two steps, limited per natural person and phone, and under four eyes.</summary>
public sealed class IssuingTests(LedgerApp app) : IClassFixture<LedgerApp>
{
    private const string Person = "11010519491231002X";
    private const string Phone = "13800138000";

    [Fact]
    public async Task An_issue_in_two_steps_counts_at_once_and_is_given_back_when_it_is_cancelled()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring", quota: 1);
        var issued = Shop.Expect(201, await IssueAsync(shop, "m-1", new { confirmWithin = 600 }));
        var code = issued.Said("code");
        Assert.Equal("stock-exhausted", (await shop.TryIssueAsync("spring", "m-2")).Problem);
        Assert.Equal("confirming", Shop.Expect(200, await shop.Client.GetAsync($"/v1/coupons/{code}", shop.TillKey)).Said("status"));
        var refused = await shop.RedeemAsync(code);
        Assert.Equal((409, "issue-not-confirmed", issued.Said("confirmBy")), (refused.Status, refused.Problem, refused.Said("confirmBy")));
        Assert.Equal("cancelled", Shop.Expect(200, await shop.Client.PostAsync($"/v1/coupons/{code}/cancel", null, shop.MerchantKey)).Said("status"));
        Assert.Equal("issue-already-final", (await shop.Client.PostAsync($"/v1/coupons/{code}/confirm", null, shop.MerchantKey)).Problem);
        Assert.Equal("issue-cancelled", (await shop.RedeemAsync(code)).Problem);
        Assert.Equal(0, Shop.Expect(200, await shop.Client.GetAsync("/v1/campaigns/spring", shop.MerchantKey))["issued"].GetInt32());

        var second = Shop.Expect(201, await IssueAsync(shop, "m-2", new { confirmWithin = 600 })).Said("code");
        Assert.Equal("effective", Shop.Expect(200, await shop.Client.PostAsync($"/v1/coupons/{second}/confirm", null, shop.MerchantKey)).Said("status"));
        Assert.Equal("issue-already-final", (await shop.Client.PostAsync($"/v1/coupons/{second}/cancel", null, shop.MerchantKey)).Problem);
        Shop.Expect(201, await shop.RedeemAsync(second));
        Assert.Equal(400, (await IssueAsync(shop, "m-3", new { confirmWithin = 86_401 })).Status);
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task A_person_is_one_under_two_accounts_and_their_numbers_are_nowhere()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring", terms: Shop.Terms[..^1] + ""","limits":{"perPerson":1,"perPhone":2}}""");
        Assert.Equal("limit-identity-missing", (await shop.TryIssueAsync("spring", "m-1")).Problem);
        Assert.Equal(400, (await IssueAsync(shop, "m-1", new { person = "110105194912310021", phone = Phone })).Status);
        var first = Shop.Expect(201, await IssueAsync(shop, "m-1", new { person = Person, phone = Phone }));
        var again = await IssueAsync(shop, "m-2", new { person = Person.ToLowerInvariant(), phone = "+8613900139000" });
        Assert.Equal((422, "natural-person-limit"), (again.Status, again.Problem));

        // A batch knows them too, and the same number written otherwise is the same phone.
        var line = JsonSerializer.Serialize(new { campaign = "spring", member = "m-3", person = "110105200001010008", phone = "+86 138 0013 8000" });
        using var lines = LedgerClient.Lines(line);
        var batch = await shop.Client.SendAsync(HttpMethod.Post, "/v1/coupons/batch", lines, shop.MerchantKey, ("Idempotency-Key", LedgerClient.NewKey()));
        Assert.Equal(200, batch.Status);

        foreach (var text in new[] { first.Text, again.Text, batch.Text }) Assert.DoesNotContain("194912", text, StringComparison.Ordinal);
        foreach (var number in new[] { Person, Phone, "13800138000", "138 0013" })
            Assert.Equal(0, await app.Database.AskAsync<long>(
                "select (select count(*) from ledger.mt_events where data::text || coalesce(headers::text, '') like '%' || $1 || '%')"
                + " + (select count(*) from ledger.tallies where key like '%' || $1 || '%')"
                + " + (select count(*) from ledger.requests where outcome::text like '%' || $1 || '%')"
                + " + (select count(*) from ledger.mt_streams where state::text like '%' || $1 || '%')", number));
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task Under_four_eyes_another_key_approves_campaigns_and_their_terms()
    {
        var shop = await app.OpenShopAsync();
        var second = Shop.Expect(201, await shop.Client.PostAsync("/v1/keys", new { scope = "merchant" }, shop.MerchantKey)).Said("secret");
        Assert.Equal(403, (await shop.Client.PostAsync($"/v1/merchants/{shop.Id}/four-eyes", new { isRequired = true }, shop.MerchantKey)).Status);
        Assert.True(Shop.Expect(200, await shop.Client.PostAsync($"/v1/merchants/{shop.Id}/four-eyes", new { isRequired = true }, app.PlatformKey))["requiresFourEyes"].GetBoolean());
        Assert.Equal(400, (await shop.Client.PostAsync("/v1/keys", new { scope = "merchant" }, shop.MerchantKey)).Status);

        Shop.Expect(201, await shop.Client.PostAsync("/v1/campaigns", $$"""{"id":"spring","name":"Spring","quota":9,"terms":{{Shop.Terms}}}""", shop.MerchantKey));
        Shop.Expect(200, await shop.Client.PostAsync("/v1/campaigns/spring/submit", null, shop.MerchantKey));
        var refused = await shop.Client.PostAsync("/v1/campaigns/spring/approve", null, shop.MerchantKey);
        Assert.Equal((422, "four-eyes"), (refused.Status, refused.Problem));
        Shop.Expect(200, await shop.Client.PostAsync("/v1/campaigns/spring/approve", null, second));

        var richer = Shop.Terms.Replace("500", "900", StringComparison.Ordinal);
        var proposed = Shop.Expect(200, await shop.Client.PostAsync("/v1/campaigns/spring/terms", richer, shop.MerchantKey, null, ("If-Match", "\"1\"")));
        Assert.Equal((1, 2, 500), (proposed["termsVersion"].GetInt32(), proposed["proposed"].GetInt32(), proposed["terms"].GetProperty("benefit").GetProperty("off").GetInt32()));
        Assert.Equal(900, Shop.Expect(200, await shop.Client.GetAsync("/v1/campaigns/spring/terms/2", second))["benefit"].GetProperty("off").GetInt32());
        Assert.Equal("terms-version-unknown", (await shop.Client.GetAsync("/v1/campaigns/spring/terms/3", second)).Problem);
        Assert.Equal(1, Shop.Expect(201, await shop.TryIssueAsync("spring", "m-1"))["termsVersion"].GetInt32());
        var other = await shop.Client.PostAsync("/v1/campaigns/spring/terms", Shop.Terms.Replace("500", "800", StringComparison.Ordinal), second, null, ("If-Match", "\"1\""));
        Assert.Equal("terms-wait-for-approval", other.Problem);
        Assert.Equal("four-eyes", (await shop.Client.PostAsync("/v1/campaigns/spring/approve", null, shop.MerchantKey)).Problem);

        // Whoever read the terms that were withdrawn does not approve those that took their place.
        Shop.Expect(200, await shop.Client.PostAsync("/v1/campaigns/spring/reject", new { reason = "too rich" }, shop.MerchantKey));
        Shop.Expect(200, await shop.Client.PostAsync("/v1/campaigns/spring/terms", richer, shop.MerchantKey, null, ("If-Match", "\"1\"")));
        var stale = await shop.Client.PostAsync("/v1/campaigns/spring/approve", new { version = 2 }, second);
        Assert.Equal(("terms-wait-for-approval", 3), (stale.Problem, stale["proposed"].GetInt32()));
        var approved = Shop.Expect(200, await shop.Client.PostAsync("/v1/campaigns/spring/approve", new { version = 3 }, second));
        Assert.Equal((3, 900), (approved["termsVersion"].GetInt32(), approved["terms"].GetProperty("benefit").GetProperty("off").GetInt32()));
        Shop.Expect(200, await shop.Client.PostAsync("/v1/campaigns/spring/approve", new { version = 3 }, second));
        Assert.Equal(3, Shop.Expect(201, await shop.TryIssueAsync("spring", "m-1"))["termsVersion"].GetInt32());
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    private static Task<Answer> IssueAsync(Shop shop, string member, object more)
    {
        var body = JsonSerializer.SerializeToNode(more)!.AsObject();
        (body["campaign"], body["member"]) = ("spring", member);
        return shop.Client.PostAsync("/v1/coupons", body.ToJsonString(), shop.MerchantKey);
    }
}
