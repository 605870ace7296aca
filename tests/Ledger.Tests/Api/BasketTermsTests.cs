using System.Text.Json;
using Xunit;

namespace Ledger.Tests.Api;

/// <summary>The part of the terms that concerns baskets, over HTTP.</summary>
public sealed class BasketTermsTests(LedgerApp app) : IClassFixture<LedgerApp>
{
    private const string All = """
        "stacking":{"isExclusive":false,"category":"food","order":2,"percentageOf":"initial","floorOn":"remaining"},
        "goods":{"include":["tea","mug"],"exclude":["book"],"includeCategories":["food"],"excludeCategories":["ware"]},
        "paymentMethods":["huabei"],
        "funding":{"shares":[{"party":"merchant","basisPoints":7000,"priority":0},{"party":"platform","basisPoints":3000,"cap":500,"priority":1}],"onExhaustion":"scale"}
        """;

    [Fact]
    public async Task Terms_are_read_back_as_they_were_sent()
    {
        var shop = await app.OpenShopAsync();
        var sent = JsonSerializer.Deserialize<JsonElement>($"{{{All}}}");
        foreach (var terms in new[] { Shop.Expect(201, await DraftAsync(shop, All))["terms"], Shop.Expect(200, await shop.Client.GetAsync("/v1/campaigns/spring", shop.MerchantKey))["terms"] })
            Assert.All(sent.EnumerateObject(), member => Assert.True(JsonElement.DeepEquals(member.Value, terms.GetProperty(member.Name)), $"{member} is {terms.GetProperty(member.Name)}"));
    }

    /// <summary>Lists that say nothing are as good as none, and a name that comes twice counts once.</summary>
    [Fact]
    public async Task What_says_nothing_is_left_out()
    {
        var shop = await app.OpenShopAsync();
        var terms = Shop.Expect(201, await DraftAsync(shop, """ "goods":{"include":[]},"paymentMethods":[],"stacking":{} """))["terms"];
        Assert.False(terms.TryGetProperty("goods", out _) || terms.TryGetProperty("paymentMethods", out _) || terms.TryGetProperty("funding", out _));
        Assert.Equal("""{"isExclusive":false,"order":0}""", terms.GetProperty("stacking").GetRawText());
        var twice = Shop.Expect(201, await DraftAsync(await app.OpenShopAsync(), """ "paymentMethods":["huabei","huabei"] """))["terms"];
        Assert.Equal("""["huabei"]""", twice.GetProperty("paymentMethods").GetRawText());
    }

    [Theory]
    [InlineData("""{"shares":[]}""", "/terms/funding/shares", "Send a list of 1 to 10 items.")]
    [InlineData("""{"shares":[{"party":"a","basisPoints":9999}]}""", "/terms/funding/shares", "Let the basis points add up to 10,000.")]
    [InlineData("""{"shares":[{"party":"a","basisPoints":5000},{"party":"a","basisPoints":5000}]}""", "/terms/funding/shares/1/party", "Name each party once.")]
    [InlineData("""{"shares":[{"party":"merchant","basisPoints":10000,"cap":1}]}""", "/terms/funding/shares/0/cap", "Leave it out; the merchant pays what nobody else does.")]
    public Task A_fault_in_the_funding_is_named(string funding, string at, string detail) => IsFaultyAsync($"\"funding\":{funding}", at, detail);

    [Theory]
    [InlineData("""{"include":["tea"],"exclude":["mug","tea"]}""", "/terms/goods/exclude/1", "It is included too; name it on one of the lists.")]
    [InlineData("""{"includeCategories":["a"],"excludeCategories":["a"]}""", "/terms/goods/excludeCategories/0", "It is included too; name it on one of the lists.")]
    [InlineData("""{"include":["12345678901234567890123456789012345678901234567890123456789012345"]}""", "/terms/goods/include/0", "Send at most 64 characters.")]
    public Task A_fault_in_the_goods_is_named(string goods, string at, string detail) => IsFaultyAsync($"\"goods\":{goods}", at, detail);

    [Theory]
    [InlineData("\"stacking\":{\"order\":-1}", "/terms/stacking/order", "Send a whole number from 0 to 1000.")]
    [InlineData("\"paymentMethods\":[\"\"]", "/terms/paymentMethods/0", "Send text of 1 to 256 characters.")]
    public Task A_fault_elsewhere_is_named(string member, string at, string detail) => IsFaultyAsync(member, at, detail);

    private async Task IsFaultyAsync(string more, string at, string detail)
    {
        var answer = await DraftAsync(await app.OpenShopAsync(), more);
        Assert.Equal((400, "malformed-request"), (answer.Status, answer.Problem));
        var fault = Assert.Single(answer["errors"].EnumerateArray());
        Assert.Equal((at, detail), (fault.GetProperty("pointer").GetString(), fault.GetProperty("detail").GetString()));
    }

    private static Task<Answer> DraftAsync(Shop shop, string more) =>
        shop.Client.PostAsync("/v1/campaigns", $$$"""{"id":"spring","name":"5 off 30","quota":5,"terms":{{{Shop.Terms[..^1]}}},{{{more}}} }}""", shop.MerchantKey);
}
