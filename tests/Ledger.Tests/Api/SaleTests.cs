using Xunit;

namespace Ledger.Tests.Api;

/// <summary>Sold coupons over HTTP: paid, used, refunded, and the account that they make.</summary>
public sealed class SaleTests(LedgerApp app) : IClassFixture<LedgerApp>
{
    private const string Terms =
        """
        {"benefit":{"kind":"exchange","value":8800,"goods":"afternoon tea"},"validity":{"windowStart":"2020-01-01T00:00:00+08:00","windowEnd":"2190-01-01T00:00:00+08:00"},
        "sale":{"price":4990,"payee":"tea-house","commissionBasisPoints":300}}
        """;

    /// <summary>A sale names neither: such a campaign could never sell.</summary>
    [Theory]
    [InlineData("perPerson")]
    [InlineData("perPhone")]
    public async Task What_is_sold_counts_no_persons_and_no_phones(string limit)
    {
        var shop = await app.OpenShopAsync();
        var terms = $$$"""{{{Shop.Terms[..^1]}}},"limits":{"{{{limit}}}":1},"sale":{"price":4990,"payee":"tea-house"}}""";
        var answer = await shop.Client.PostAsync("/v1/campaigns", $$"""{"id":"tea","name":"tea","quota":1,"terms":{{terms}}}""", shop.MerchantKey);
        Assert.Equal((400, "malformed-request"), (answer.Status, answer.Problem));
        Assert.Contains($"/terms/limits/{limit}", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Coupons_are_sold_used_given_back_and_the_account_says_where_the_money_is()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("tea", terms: Terms);
        Assert.Equal((422, "campaign-sells"), await shop.TryIssueAsync("tea", "m-1") is var given ? (given.Status, given.Problem) : default);
        Assert.Equal((422, "paid-is-not-the-price"), await SellAsync(shop, "t-1", 3, paid: 4990) is var cheap ? (cheap.Status, cheap.Problem) : default);

        var sold = Shop.Expect(201, await SellAsync(shop, "t-1", 3));
        Assert.Equal(sold.Text, Shop.Expect(201, await SellAsync(shop, "t-1", 3)).Text);
        Assert.Equal((409, "trade-already-booked"), await SellAsync(shop, "t-1", 2) is var other ? (other.Status, other.Problem) : default);
        var codes = sold["vouchers"].EnumerateArray().Select(voucher => voucher.GetProperty("code").GetString()!).ToList();
        Shop.Expect(201, await shop.RedeemAsync(codes[0]));
        Shop.Expect(201, await shop.RedeemAsync(codes[1]));
        Shop.Expect(200, await shop.Client.PostAsync($"/v1/redemptions/{codes[1]}-1/void", null, shop.TillKey));
        Assert.Equal((409, "already-used"), await shop.Client.PostAsync("/v1/sales/t-1/refunds", """{"vouchers":[1]}""", shop.MerchantKey) is var used ? (used.Status, used.Problem) : default);
        Shop.Expect(200, await shop.Client.PostAsync("/v1/sales/t-1/refunds", """{"vouchers":[3],"reason":"Changed plans"}""", shop.MerchantKey));
        Assert.Equal((409, "refund-under-way"), await shop.RedeemAsync(codes[2]) is var gone ? (gone.Status, gone.Problem) : default);

        var answer = """{"outcome":"failed","reference":"r-1","reason":"Account closed"}""";
        Assert.Equal("refundRequested", Shop.Expect(200, await SettleAsync(shop, 3, answer))["vouchers"][2].GetProperty("price").GetString());
        Assert.Equal("refunded", Shop.Expect(200, await SettleAsync(shop, 3, """{"outcome":"paid","reference":"r-2"}"""))["vouchers"][2].GetProperty("price").GetString());
        Assert.Equal((404, "refund-unknown"), await SettleAsync(shop, 1, answer) is var none ? (none.Status, none.Problem) : default);
        Assert.Equal((404, "refund-unknown"), await SettleAsync(shop, 9, answer) is var nine ? (nine.Status, nine.Problem) : default);
        Assert.Equal((404, "sale-unknown"), await shop.Client.GetAsync("/v1/sales/t-9", shop.MerchantKey) is var unknown ? (unknown.Status, unknown.Problem) : default);

        var shown = Shop.Expect(200, await shop.Client.GetAsync("/v1/sales/t-1", shop.MerchantKey));
        Assert.Equal(["used settled", "effective open", "deactivated refunded"],
            shown["vouchers"].EnumerateArray().Select(voucher => $"{voucher.GetProperty("status").GetString()} {voucher.GetProperty("price").GetString()}"), StringComparer.Ordinal);
        Assert.Equal("""{"data":[{"breakage":0,"campaign":"tea","commission":149,"held":0,"open":4990,"paid":14970,"refunds":4990,"refundsPaid":4990,"settled":4990}]}""", await ReportAsync(shop));
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task Of_clients_that_use_and_give_back_a_coupon_at_once_one_side_wins()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("tea", terms: Terms);
        for (var round = 0; round < 10; round++)
        {
            var code = Shop.Expect(201, await SellAsync(shop, $"t-{round}", 1))["vouchers"][0].GetProperty("code").GetString()!;
            var trade = $"t-{round}";
            var answers = await Task.WhenAll(Enumerable.Range(0, 32).Select(i => (i + round) % 2 == 0
                ? shop.RedeemAsync(code)
                : shop.Client.PostAsync($"/v1/sales/{trade}/refunds", null, shop.MerchantKey)));
            var (redeemed, refunded) = (answers.Count(answer => answer.Status == 201), answers.Count(answer => answer.Status == 200));
            Assert.True((redeemed, refunded) is (1, 0) or (0, 16), $"{redeemed} redeemed, {refunded} refunded");
        }

        var facts = (await Proof.Books.EntriesAsync(app.Database, shop.Id)).Where(entry => entry.Entry.Type is "voucher_settled" or "voucher_refund_requested").ToList();
        Assert.Equal(10, facts.Count);
        Assert.Equal(10, facts.DistinctBy(fact => fact.Entry.Stream, StringComparer.Ordinal).Count());
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task The_same_payment_booked_by_many_at_once_is_one_sale()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("tea", terms: Terms);
        var answers = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => SellAsync(shop, "t-1", 2)));
        Assert.Single(answers.Select(answer => Shop.Expect(201, answer)["vouchers"].GetRawText()).Distinct(StringComparer.Ordinal));
        Assert.Equal(9980, Shop.Expect(200, await shop.Client.GetAsync("/v1/reports/sales", shop.MerchantKey))["data"][0].GetProperty("open").GetInt32());
    }

    private static Task<Answer> SellAsync(Shop shop, string trade, int quantity, int? paid = null) =>
        shop.Client.PostAsync("/v1/sales", new { campaign = "tea", member = "m-1", trade, quantity, paid = paid ?? (4990 * quantity) }, shop.MerchantKey);

    private static Task<Answer> SettleAsync(Shop shop, int number, string body) => shop.Client.PostAsync($"/v1/sales/t-1/refunds/{number}/settle", body, shop.MerchantKey);

    private static async Task<string> ReportAsync(Shop shop) => System.Text.Encoding.UTF8.GetString(CanonicalJson.Of(System.Text.Encoding.UTF8.GetBytes(
        Shop.Expect(200, await shop.Client.GetAsync("/v1/reports/sales", shop.MerchantKey)).Text)));
}
