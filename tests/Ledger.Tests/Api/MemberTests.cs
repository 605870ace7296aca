using Ledger.Tests.Proof;
using Xunit;

namespace Ledger.Tests.Api;

/// <summary>Memberships over HTTP.</summary>
public sealed class MemberTests(LedgerApp app) : IClassFixture<LedgerApp>
{
    private const string Consent = """{"scopes":["points","marketing"],"textVersion":"2026-01","at":"2026-02-17T12:00:00+08:00"}""";

    [Fact]
    public async Task A_person_joins_gets_a_tier_and_leaves()
    {
        var shop = await app.OpenShopAsync();
        var joined = Shop.Expect(201, await JoinAsync(shop, "m-1", """{"phone":"138 0013 8000","visitorPass":"TP-77"}""", ""","channel":"scan","surface":{"portal":"scan"}"""));
        Assert.Equal("""["phone","visitorPass"]""", joined["identities"].GetRawText());
        Assert.Equal(joined.Text, Shop.Expect(201, await JoinAsync(shop, "m-1", """{"phone":"+86 13800138000","visitorPass":"TP-77"}""", ""","channel":"scan","surface":{"portal":"scan"}""")).Text);
        Assert.Equal("member-already-joined", (await JoinAsync(shop, "m-1", """{"phone":"13800138001"}""")).Problem);
        Assert.Equal(("identity-taken", "phone"), await JoinAsync(shop, "m-2", """{"phone":"13800138000"}""") is var taken ? (taken.Problem, taken.Said("identity")) : default);

        Shop.Expect(201, await shop.Client.PostAsync("/v1/tiers", """{"tiers":[{"id":"silver","name":"Silver"},{"id":"gold","name":"Gold","threshold":100}]}""", shop.MerchantKey));
        Assert.Equal("tier-unknown", (await shop.Client.PostAsync("/v1/members/m-1/tier", new { tier = "jade" }, shop.MerchantKey)).Problem);
        Shop.Expect(201, await shop.Client.PostAsync("/v1/members/m-1/tier", new { tier = "gold" }, shop.MerchantKey));
        Assert.Equal("gold", Shop.Expect(200, await shop.Client.GetAsync("/v1/members/m-1", shop.MerchantKey))["tier"].GetProperty("tier").GetString());

        Shop.Expect(200, await shop.Client.PostAsync("/v1/members/m-1/suspend", new { reason = "dispute" }, shop.MerchantKey));
        Shop.Expect(200, await shop.Client.PostAsync("/v1/members/m-1/resume", null, shop.MerchantKey));
        Assert.Equal("closed", Shop.Expect(200, await shop.Client.PostAsync("/v1/members/m-1/close", null, shop.MerchantKey)).Said("status"));
        Assert.Equal("membership-closed", (await JoinAsync(shop, "m-1", """{"phone":"13800138000"}""")).Problem);
        Shop.Expect(201, await JoinAsync(shop, "m-2", """{"phone":"13800138000"}"""));
        Assert.Equal(0, await app.Database.AskAsync<long>(
            "select count(*) from ledger.mt_events as e, ledger.requests as r where e.data::text like '%13800138%' or e.data::text like '%TP-77%' or r.outcome::text like '%13800138%'"));
        await Books.AssertSoundAsync(app.Database);
    }

    [Theory]
    [InlineData("""{"member":"m-1"}""", "/consent")]
    [InlineData("""{"member":"m-1","consent":{"scopes":[],"textVersion":"v1","at":"2026-02-17T12:00:00Z"}}""", "/consent/scopes")]
    [InlineData("""{"member":"m-1","consent":{"scopes":["points"],"textVersion":"v1","at":"2190-02-17T12:00:00Z"}}""", "/consent/at")]
    [InlineData("""{"member":"m-1","consent":{"scopes":["points"],"textVersion":"v1"}}""", "/consent/at")]
    public async Task Nobody_is_enrolled_without_consent(string body, string place)
    {
        var shop = await app.OpenShopAsync();
        var refused = await shop.Client.PostAsync("/v1/members", body, shop.MerchantKey);
        Assert.Equal((400, place), (refused.Status, refused["errors"][0].GetProperty("pointer").GetString()));
        Assert.Equal("member-unknown", (await shop.Client.GetAsync("/v1/members/m-1", shop.MerchantKey)).Problem);
    }

    /// <summary>An answer that got lost is asked for again when the tier is over already: it was given, and that is the answer.</summary>
    [Fact]
    public async Task A_tier_that_was_given_is_answered_again_after_its_end()
    {
        var shop = await app.OpenShopAsync();
        Shop.Expect(201, await JoinAsync(shop, "m-1", """{"phone":"13800138000"}"""));
        Shop.Expect(201, await shop.Client.PostAsync("/v1/tiers", """{"tiers":[{"id":"gold","name":"Gold"}]}""", shop.MerchantKey));
        var until = DateTimeOffset.UtcNow.AddMilliseconds(700).ToString("yyyy-MM-ddTHH:mm:ss.fffZ", System.Globalization.CultureInfo.InvariantCulture);
        var given = Shop.Expect(201, await GiveAsync("key-1"));
        await Task.Delay(TimeSpan.FromMilliseconds(800));
        Assert.Equal(given.Text, Shop.Expect(201, await GiveAsync("key-1")).Text);
        Assert.Equal((422, "tier-is-over"), await GiveAsync("key-2") is var late ? (late.Status, late.Problem) : default);

        Task<Answer> GiveAsync(string key) => shop.Client.PostAsync("/v1/members/m-1/tier", new { tier = "gold", until }, shop.MerchantKey, key);
    }

    [Fact]
    public async Task Another_merchants_member_is_like_one_that_does_not_exist()
    {
        var (shop, other) = (await app.OpenShopAsync(), await app.OpenShopAsync());
        Shop.Expect(201, await JoinAsync(shop, "m-1", """{"account":"a-1"}"""));
        Assert.Equal((404, "member-unknown"), await other.Client.GetAsync("/v1/members/m-1", other.MerchantKey) is var read ? (read.Status, read.Problem) : default);
        Shop.Expect(201, await JoinAsync(other, "m-1", """{"account":"a-1"}"""));
    }

    /// <summary>Domain 3.8: natural-person limit when the person has two accounts and one is closed.</summary>
    [Fact]
    public async Task A_natural_persons_limit_survives_a_closed_account()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("one", terms: Shop.Terms[..^1] + ""","limits":{"perPhone":1}}""");
        Shop.Expect(201, await JoinAsync(shop, "m-1", """{"phone":"13800138000"}"""));
        Shop.Expect(201, await IssueAsync("m-1"));
        Shop.Expect(200, await shop.Client.PostAsync("/v1/members/m-1/close", null, shop.MerchantKey));
        Shop.Expect(201, await JoinAsync(shop, "m-2", """{"phone":"13800138000"}"""));
        Assert.Equal("phone-limit", (await IssueAsync("m-2")).Problem);

        Task<Answer> IssueAsync(string member) => shop.Client.PostAsync("/v1/coupons", new { campaign = "one", member, phone = "13800138000" }, shop.MerchantKey);
    }

    private static Task<Answer> JoinAsync(Shop shop, string member, string identities, string rest = "") => shop.Client.PostAsync(
        "/v1/members", $$"""{"member":"{{member}}","consent":{{Consent}},"identities":{{identities}}{{rest}}}""", shop.MerchantKey);
}
