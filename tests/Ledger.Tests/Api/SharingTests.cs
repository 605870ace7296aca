using Ledger.Tests.Proof;
using NodaTime.Text;
using Xunit;

namespace Ledger.Tests.Api;

/// <summary>Sharing over HTTP: whom the rules let share what, and that the rate holds however many ask at once.</summary>
public sealed class SharingTests(LedgerApp app) : IClassFixture<LedgerApp>
{
    private const int Clients = 24, PerHour = 5;

    [Fact]
    public async Task The_rules_say_who_may_share_what()
    {
        var (shop, other) = (await app.OpenShopAsync(), await app.OpenShopAsync());
        foreach (var campaign in new[] { "spring", "autumn" }) await shop.CampaignAsync(campaign);
        Shop.Expect(201, await ShareAsync(shop, "n-0", "autumn", "m-9"));
        var rules = Shop.Expect(201, await shop.Client.PostAsync(
            "/v1/sharing-rules", new { sharers = new[] { new { kind = "member", id = "m-1" } }, campaigns = new[] { "spring" } }, shop.MerchantKey));
        Assert.Equal(Canonical(rules), Canonical(Shop.Expect(200, await shop.Client.GetAsync("/v1/sharing-rules", shop.TillKey))));
        var made = Shop.Expect(201, await ShareAsync(shop, "n-1", "spring", "m-1"));
        Assert.Equal(made.Text, Shop.Expect(201, await ShareAsync(shop, "n-1", "spring", "m-1")).Text);
        Assert.Equal("share-differs", (await ShareAsync(shop, "n-1", "autumn", "m-1")).Problem);
        Assert.Equal((422, "sharer-not-allowed"), await ShareAsync(shop, "n-2", "spring", "m-2") is var who ? (who.Status, who.Problem) : default);
        Assert.Equal("sharer-not-allowed", (await ShareAsync(shop, "n-2", "spring", null)).Problem);
        Assert.Equal((422, "campaign-not-shareable"), await ShareAsync(shop, "n-2", "autumn", "m-1") is var what ? (what.Status, what.Problem) : default);
        Assert.Equal("campaign-unknown", (await ShareAsync(shop, "n-2", "winter", "m-1")).Problem);
        Assert.Equal(403, (await shop.Client.PostAsync("/v1/sharing-rules", new { }, shop.TillKey)).Status);

        // Another merchant's rules, shares and campaigns are its own.
        Assert.Equal((404, "share-unknown"), await other.Client.GetAsync("/v1/shares/n-1", other.TillKey) is var read ? (read.Status, read.Problem) : default);
        Assert.Equal("campaign-unknown", (await ShareAsync(other, "n-1", "spring", "m-1")).Problem);
        await other.CampaignAsync("autumn");
        Shop.Expect(201, await ShareAsync(other, "n-1", "autumn", "m-2"));
        Assert.Equal(Canonical(made), Canonical(Shop.Expect(200, await shop.Client.GetAsync("/v1/shares/n-1", shop.TillKey))));
        await Books.AssertSoundAsync(app.Database);
    }

    /// <summary>A gift offered through friends counts in the same rate as a link; one that is handed over otherwise does not.</summary>
    [Fact]
    public async Task Of_many_who_share_for_one_member_at_once_as_many_succeed_as_the_rate_allows()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("gifts", terms: Shop.Terms[..^1] + ""","isTransferable":true}""");
        Shop.Expect(201, await shop.Client.PostAsync("/v1/sharing-rules", new { perHour = PerHour }, shop.MerchantKey));
        var codes = await Task.WhenAll(Enumerable.Range(0, Clients / 2).Select(_ => shop.IssueAsync("gifts")));
        var answers = await Task.WhenAll(Enumerable.Range(0, Clients).Select(n => Task.Run(() => n % 2 == 0
            ? ShareAsync(shop, $"n-{n}", "gifts", "m-1")
            : shop.Client.PostAsync($"/v1/coupons/{codes[n / 2]}/gifts", new { surface = new { portal = "friends" } }, shop.MerchantKey))));
        // Should the hour have ended meanwhile, each of the two has its own count.
        var hours = answers.Where(answer => answer.Status == 201).GroupBy(answer => answer.Said("at")[..13], StringComparer.Ordinal).Select(hour => hour.Count()).ToArray();
        Assert.All(hours, count => Assert.InRange(count, 1, PerHour));
        Assert.Contains(PerHour, hours);
        foreach (var refused in answers.Where(answer => answer.Status != 201))
        {
            Assert.Equal((422, "share-limit", PerHour), (refused.Status, refused.Problem, refused["limit"].GetInt32()));
            Assert.EndsWith(":00:00Z", InstantPattern.ExtendedIso.Format(InstantPattern.ExtendedIso.Parse(refused.Said("nextAt")).Value), StringComparison.Ordinal);
        }

        // Handed over otherwise, a gift is no share.
        Shop.Expect(201, await shop.Client.PostAsync($"/v1/coupons/{await shop.IssueAsync("gifts")}/gifts", new { surface = new { portal = "scan" } }, shop.MerchantKey));
        Shop.Expect(201, await ShareAsync(shop, "n-other", "gifts", "m-2"));
        await Books.AssertSoundAsync(app.Database);
    }

    private static Task<Answer> ShareAsync(Shop shop, string share, string campaign, string? member) =>
        shop.Client.PostAsync("/v1/shares", new { share, campaign, member, surface = new { portal = "friends" } }, shop.TillKey);

    private static string Canonical(Answer answer) =>
        System.Text.Encoding.UTF8.GetString(CanonicalJson.Of(System.Text.Encoding.UTF8.GetBytes(answer.Text)));
}
