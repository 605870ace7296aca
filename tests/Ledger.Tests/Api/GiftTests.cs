using Xunit;

namespace Ledger.Tests.Api;

/// <summary>Gifts over HTTP: whom the wallet shows, who is refused, and who wins a race.</summary>
public sealed class GiftTests(LedgerApp app) : IClassFixture<LedgerApp>
{
    private const int Clients = 16;

    [Fact]
    public async Task A_given_coupon_moves_to_the_other_wallet_and_keeps_its_expiry()
    {
        var (shop, code) = await OpenAsync();
        var before = Shop.Expect(200, await shop.Client.GetAsync($"/v1/coupons/{code}", shop.TillKey));
        var offered = Shop.Expect(201, await OfferAsync(shop, code));
        Assert.Equal(("m-1", "offered"), (offered.Said("from"), offered.Said("status")));
        var check = Shop.Expect(200, await shop.Client.GetAsync($"/v1/coupons/{code}?amount=4200", shop.TillKey));
        Assert.Equal(("in-transfer", "/problems/in-transfer"), (check.Said("status"), check["problem"].GetProperty("type").GetString()));
        var refused = await shop.RedeemAsync(code);
        Assert.Equal((409, "in-transfer", offered.Said("expiresAt")), (refused.Status, refused.Problem, refused.Said("giftExpiresAt")));

        Assert.Equal("self-gift", (await AcceptAsync(shop, offered, "m-1")).Problem);
        Assert.Equal("accepted", Shop.Expect(200, await AcceptAsync(shop, offered, "m-2")).Said("status"));
        Assert.Equal("gift-taken", (await AcceptAsync(shop, offered, "m-3")).Problem);
        Assert.Equal(0, Shop.Expect(200, await shop.Client.GetAsync("/v1/members/m-1/wallet", shop.TillKey))["data"].GetArrayLength());
        var wallet = Shop.Expect(200, await shop.Client.GetAsync("/v1/members/m-2/wallet", shop.TillKey))["data"];
        Assert.Equal((code, "effective", before.Said("validTo")), (wallet[0].GetProperty("code").GetString(), wallet[0].GetProperty("status").GetString(), wallet[0].GetProperty("validTo").GetString()));
        Shop.Expect(201, await shop.RedeemAsync(code));
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task What_cannot_be_offered_or_accepted_is_refused()
    {
        var (shop, code) = await OpenAsync();
        await shop.CampaignAsync("stays");
        Assert.Equal("not-transferable", (await OfferAsync(shop, await shop.IssueAsync("stays"))).Problem);
        Assert.Equal("self-gift", (await OfferAsync(shop, code, new { to = "m-1" })).Problem);
        Assert.Equal(400, (await OfferAsync(shop, code, new { seconds = 604_801 })).Status);
        Assert.Equal((404, "gift-not-found"), await shop.Client.PostAsync($"/v1/gifts/{code}-gffff/accept", new { member = "m-2" }, shop.MerchantKey) is var none ? (none.Status, none.Problem) : default);
        Assert.Equal(403, (await shop.Client.PostAsync($"/v1/coupons/{code}/gifts", null, shop.TillKey)).Status);
        var offered = Shop.Expect(201, await OfferAsync(shop, code, new { to = "m-2" }));
        Assert.Equal("gift-for-another", (await AcceptAsync(shop, offered, "m-3")).Problem);
        Assert.Equal("cancelled", Shop.Expect(200, await shop.Client.PostAsync($"/v1/gifts/{offered.Said("giftId")}/cancel", null, shop.MerchantKey)).Said("status"));
        Assert.Equal("gift-not-found", (await AcceptAsync(shop, offered, "m-2")).Problem);
        Shop.Expect(201, await shop.Client.PostAsync("/v1/holds", new { code, amount = 4200 }, shop.TillKey));
        Assert.Equal("already-held", (await OfferAsync(shop, code)).Problem);
    }

    [Fact]
    public async Task Of_sixteen_who_accept_at_once_one_wins()
    {
        var (shop, code) = await OpenAsync();
        var offered = Shop.Expect(201, await OfferAsync(shop, code));
        var answers = await Task.WhenAll(Enumerable.Range(2, Clients).Select(n => Task.Run(() => AcceptAsync(shop, offered, $"m-{n}"))));
        Assert.Single(answers, answer => answer.Status == 200);
        Assert.Equal(Clients - 1, answers.Count(answer => answer.Problem == "gift-taken"));
        var winner = Array.FindIndex(answers, answer => answer.Status == 200) + 2;
        Assert.Equal($"m-{winner}", Shop.Expect(200, await shop.Client.GetAsync($"/v1/coupons/{code}", shop.TillKey)).Said("member"));
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task Accept_against_cancel_and_accept_against_redeem_end_as_answered()
    {
        var (shop, _) = await OpenAsync();
        for (var round = 0; round < 10; round++)
        {
            var code = await shop.IssueAsync("gifts");
            var offered = Shop.Expect(201, await OfferAsync(shop, code));
            var accept = Task.Run(() => AcceptAsync(shop, offered, "m-2"));
            var cancel = Task.Run(() => shop.Client.PostAsync($"/v1/gifts/{offered.Said("giftId")}/cancel", null, shop.MerchantKey));
            var redeem = Task.Run(() => shop.RedeemAsync(code));
            var (accepted, cancelled, redeemed) = (await accept, await cancel, await redeem);
            Assert.NotEqual(accepted.Status == 200, cancelled.Status == 200);
            Assert.True(redeemed.Problem is "" or "in-transfer", $"{redeemed}");
            var check = Shop.Expect(200, await shop.Client.GetAsync($"/v1/coupons/{code}", shop.TillKey));
            Assert.Equal((accepted.Status == 200 ? "m-2" : "m-1", redeemed.Status == 201 ? "used" : "effective"), (check.Said("member"), check.Said("status")));
        }

        await Proof.Books.AssertSoundAsync(app.Database);
    }

    private static Task<Answer> OfferAsync(Shop shop, string code, object? body = null) => shop.Client.PostAsync($"/v1/coupons/{code}/gifts", body, shop.MerchantKey);

    private static Task<Answer> AcceptAsync(Shop shop, Answer offered, string member) =>
        shop.Client.PostAsync($"/v1/gifts/{offered.Said("giftId")}/accept", new { member }, shop.MerchantKey);

    private async Task<(Shop Shop, string Code)> OpenAsync()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("gifts", terms: Shop.Terms[..^1] + ""","isTransferable":true}""");
        return (shop, await shop.IssueAsync("gifts"));
    }
}
