using Xunit;

namespace Ledger.Tests.Api;

/// <summary>Coupons that a member deletes from the wallet: the wallet leaves them out, and everything else goes on as before.</summary>
public sealed class WalletTests(LedgerApp app) : IClassFixture<LedgerApp>
{
    [Fact]
    public async Task Return_after_user_deleted_it_from_wallet()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring");
        var code = await shop.IssueAsync("spring");
        var id = Shop.Expect(201, await shop.RedeemAsync(code)).Said("redemptionId");
        var key = LedgerClient.NewKey();
        var hidden = Shop.Expect(200, await HideAsync(shop, code, key));
        Assert.Equal(("used", true), (hidden.Said("status"), hidden["isHidden"].GetBoolean()));
        Assert.Equal(hidden.Text, Shop.Expect(200, await HideAsync(shop, code, key)).Text);
        Assert.Empty(await WalletAsync(shop, "m-1"));

        Shop.Expect(201, await shop.Client.PostAsync($"/v1/redemptions/{id}/returns", null, shop.TillKey));
        Assert.Empty(await WalletAsync(shop, "m-1"));
        Assert.Equal(["effective"], await WalletAsync(shop, "m-1", "?hidden=true"));
        Shop.Expect(201, await shop.RedeemAsync(code));
        Assert.Empty(await WalletAsync(shop, "m-1"));
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task What_is_deleted_is_hidden_from_its_owner_alone_and_in_any_state()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("gifts", terms: Shop.Terms[..^1] + ""","isTransferable":true}""");
        var (code, other) = (await shop.IssueAsync("gifts"), await shop.IssueAsync("gifts"));
        Shop.Expect(200, await HideAsync(shop, code));
        Shop.Expect(200, await HideAsync(shop, code));
        Assert.Equal(["effective"], await WalletAsync(shop, "m-1", "?hidden=false"));
        Shop.Expect(200, await shop.Client.PostAsync($"/v1/coupons/{other}/deactivate", """{"reason":"lost"}""", shop.MerchantKey));
        Shop.Expect(200, await HideAsync(shop, other));
        Assert.Empty(await WalletAsync(shop, "m-1"));

        var gift = Shop.Expect(201, await shop.Client.PostAsync($"/v1/coupons/{code}/gifts", null, shop.MerchantKey)).Said("giftId");
        Shop.Expect(200, await shop.Client.PostAsync($"/v1/gifts/{gift}/accept", new { member = "m-2" }, shop.MerchantKey));
        Assert.Equal(["effective"], await WalletAsync(shop, "m-2"));
        Assert.Equal(403, (await shop.Client.PostAsync($"/v1/coupons/{code}/hide", null, shop.TillKey)).Status);
        Assert.Equal(404, (await HideAsync(await app.OpenShopAsync(), code)).Status);
        Assert.Equal(400, (await shop.Client.GetAsync("/v1/members/m-1/wallet?hidden=yes", shop.TillKey)).Status);
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    private static Task<Answer> HideAsync(Shop shop, string code, string? key = null) =>
        shop.Client.PostAsync($"/v1/coupons/{code}/hide", null, shop.MerchantKey, key);

    private static async Task<string[]> WalletAsync(Shop shop, string member, string query = "") =>
        [.. Shop.Expect(200, await shop.Client.GetAsync($"/v1/members/{member}/wallet{query}", shop.TillKey))["data"].EnumerateArray().Select(coupon => coupon.GetProperty("status").GetString()!)];
}
