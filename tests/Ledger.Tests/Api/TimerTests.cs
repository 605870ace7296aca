using NodaTime;
using NodaTime.Text;
using Xunit;

namespace Ledger.Tests.Api;

/// <summary>What the running service does by itself when a time is over: each is waited for in the book, where the clock of a reader cannot say it first.</summary>
public sealed class TimerTests(LedgerApp app) : IClassFixture<LedgerApp>
{
    [Fact]
    public async Task An_issue_that_nobody_confirms_is_given_back_by_itself()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring", quota: 1);
        Shop.Expect(201, await shop.Client.PostAsync("/v1/coupons", new { campaign = "spring", member = "m-1", confirmWithin = 1 }, shop.MerchantKey));
        Assert.Equal("stock-exhausted", (await shop.TryIssueAsync("spring", "m-2")).Problem);
        await UntilAsync(shop, "coupon_issue_cancelled");
        Assert.Equal(0, Shop.Expect(200, await shop.Client.GetAsync("/v1/campaigns/spring", shop.MerchantKey))["issued"].GetInt32());
        await shop.IssueAsync("spring", "m-2");
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task A_gift_that_nobody_accepts_goes_back_by_itself()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("gifts", terms: Shop.Terms[..^1] + ""","isTransferable":true}""");
        var code = await shop.IssueAsync("gifts");
        var gift = Shop.Expect(201, await shop.Client.PostAsync($"/v1/coupons/{code}/gifts", new { seconds = 1 }, shop.MerchantKey)).Said("giftId");
        await UntilAsync(shop, "coupon_gift_ended");
        Assert.Equal((409, "gift-expired"), await shop.Client.PostAsync($"/v1/gifts/{gift}/accept", new { member = "m-2" }, shop.MerchantKey) is var late ? (late.Status, late.Problem) : default);
        Shop.Expect(201, await shop.RedeemAsync(code));
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task A_hold_that_is_forgotten_frees_the_coupon_by_itself()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring");
        var code = await shop.IssueAsync("spring");
        Shop.Expect(201, await shop.Client.PostAsync("/v1/holds", new { code, amount = 4200, seconds = 1 }, shop.TillKey));
        await UntilAsync(shop, "coupon_hold_released");
        Shop.Expect(201, await shop.RedeemAsync(code));
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    /// <summary>Sold and not used in time: the price goes back, or is kept where the terms say so.</summary>
    [Theory]
    [InlineData(true, "voucher_refund_requested")]
    [InlineData(false, "voucher_breakage_booked")]
    public async Task A_sold_coupon_expires_and_its_price_goes_where_the_terms_say(bool isOverdueRefundable, string fact)
    {
        var shop = await app.OpenShopAsync();
        var end = InstantPattern.ExtendedIso.Format(SystemClock.Instance.GetCurrentInstant() + Duration.FromSeconds(10));
        await shop.CampaignAsync("tea", terms: $$"""
            {"benefit":{"kind":"exchange","value":8800,"goods":"afternoon tea"},"validity":{"windowStart":"2020-01-01T00:00:00+08:00","windowEnd":"{{end}}"},
            "sale":{"price":4990,"payee":"tea-house","commissionBasisPoints":300,"isOverdueRefundable":{{(isOverdueRefundable ? "true" : "false")}} } }
            """);
        Shop.Expect(201, await shop.Client.PostAsync("/v1/sales", new { campaign = "tea", member = "m-1", trade = "t-1", quantity = 1, paid = 4990 }, shop.MerchantKey));
        await UntilAsync(shop, fact);
        Assert.Equal(1, await CountAsync(shop, "coupon_expired"));
        Assert.Equal(0, await CountAsync(shop, "voucher_settled"));
        var account = Shop.Expect(200, await shop.Client.GetAsync("/v1/reports/sales", shop.MerchantKey))["data"][0];
        Assert.Equal((4990, 0, isOverdueRefundable ? 4990 : 0, isOverdueRefundable ? 0 : 4990), (
            account.GetProperty("paid").GetInt32(), account.GetProperty("open").GetInt32(), account.GetProperty("refunds").GetInt32(), account.GetProperty("breakage").GetInt32()));
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    private async Task UntilAsync(Shop shop, string type)
    {
        for (var waited = 0; await CountAsync(shop, type) == 0; waited++)
        {
            Assert.True(waited < 1_200, $"No {type} comes to pass.");
            await Task.Delay(50);
        }
    }

    private Task<long> CountAsync(Shop shop, string type) =>
        app.Database.AskAsync<long>("select count(*) from ledger.mt_events where tenant_id = $1 and type = $2", shop.Id, type);
}
