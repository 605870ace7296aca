using Ledger.FuCards;
using NodaTime;
using Xunit;
using static Ledger.Tests.FuCards.FuExamples;
using static Ledger.Tests.Shop;

namespace Ledger.Tests.FuCards;

/// <summary>What the domain lists as errors and edge cases of a campaign, over HTTP.</summary>
public sealed partial class FuCampaignTests
{
    private static readonly string[] s_people = ["11010519491231002X", "440524188001010014"];

    [Fact]
    public async Task Draw_credit_earned_twice_by_a_replayed_payment_callback_is_one_card()
    {
        var shop = await OpenAsync();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(i => HandAsync(shop, $"u-{i}")));
        var answers = await Task.WhenAll(Enumerable.Range(0, Clients).Select(i => Task.Run(() => DrawAsync(shop, Campaign, $"u-{i % 4}", "only-1001", "pay-1"))));
        Assert.Single(answers, answer => answer.Status == 201);
        Assert.Equal(Clients - 1, answers.Count(answer => answer.Problem == "source-ref-reused"));
    }

    [Fact]
    public async Task A_user_without_a_hand_uses_up_no_reference()
    {
        var shop = await OpenAsync();
        await HandAsync(shop, "alice");
        Assert.Equal("hand-unknown", (await DrawAsync(shop, Campaign, "alcie", "only-1001", "pay-1")).Problem);
        Expect(201, await DrawAsync(shop, Campaign, "alice", "only-1001", "pay-1"));
    }

    [Fact]
    public async Task Merchant_quota_reached_while_platform_quota_remains()
    {
        var (shop, cafe) = (await OpenAsync(), await app.OpenShopAsync());
        Expect(201, await shop.Client.PostAsync($"/v1/fu-campaigns/{Campaign}/issues", new { merchant = cafe.Id, quota = 9 }, shop.MerchantKey));
        // Of twelve none would be in the fourth shard, where two cards would lie.
        string[] users = [.. Enumerable.Range(0, 24).Select(i => $"u-{i}")];
        await Task.WhenAll(users.Select(user => HandAsync(shop, user)));
        var drawn = 0;
        await UntilAsync(
            async () =>
            {
                var answers = await Task.WhenAll(users.Select(user => DrawAsync(shop, Campaign, user, "shops", merchant: cafe.Id)));
                Assert.All(answers, answer => Assert.True(answer.Status == 201 || answer.Problem == "merchant-quota-exhausted", $"{answer}"));
                drawn += answers.Count(answer => answer.Status == 201);
                Assert.InRange(drawn, 0, 9);
                return answers[0];
            },
            _ => drawn == 9);
        Assert.Equal("merchant-quota-exhausted", (await DrawAsync(shop, Campaign, "u-0", "shops", merchant: cafe.Id)).Problem);
        Expect(201, await DrawAsync(shop, Campaign, "u-0", "only-1001"));
    }

    [Fact]
    public async Task Invariant_7_If_coupon_stock_is_empty_the_card_is_still_drawn_and_couponIssued_is_false_with_the_reason()
    {
        var (shop, cafe) = (await OpenAsync(), await app.OpenShopAsync());
        await cafe.CampaignAsync("tea", quota: 1);
        Expect(201, await cafe.Client.PostAsync("/v1/fu-participations", new { owner = shop.Id, campaign = Campaign, couponCampaign = "tea" }, cafe.MerchantKey));
        Expect(201, await shop.Client.PostAsync($"/v1/fu-campaigns/{Campaign}/issues", new { merchant = cafe.Id, quota = 100 }, shop.MerchantKey));
        await HandAsync(shop, "a");
        for (var i = 0; i < 2; i++) await UntilAsync(() => DrawAsync(shop, Campaign, "a", "shops", $"p-{i}", cafe.Id), answer => answer.Status == 201);
        var settled = await Task.WhenAll(Enumerable.Range(1, 2).Select(i => UntilAsync(
            () => CouponAsync(shop, cafe, "a", i), answer => answer["couponIssued"].GetBoolean() || answer.Json.TryGetProperty("reason", out _))));
        Assert.Equal("stock-exhausted", Assert.Single(settled, answer => !answer["couponIssued"].GetBoolean()).Said("reason"));
        Assert.Equal(2, Expect(200, await shop.Client.GetAsync($"/v1/fu-campaigns/{Campaign}/hands/a", shop.MerchantKey))["cards"].EnumerateArray().Sum(cards => cards.GetProperty("count").GetInt64()));
    }

    [Fact]
    public async Task Duplicate_natural_person_with_two_accounts_and_minors_are_refused()
    {
        var shop = await OpenAsync(with: rules => rules with { Limits = rules.Limits with { NeedsPerson = true, MinimumAge = 18, HandsPerDevice = 1 } });
        Task<Answer> Hand(string user, string? person, string? device, int? age = 30) =>
            shop.Client.PostAsync($"/v1/fu-campaigns/{Campaign}/hands", new { user, person, device, age }, shop.MerchantKey);
        Assert.Equal("too-young", (await Hand("a", s_people[0], "d1", 17)).Problem);
        Assert.Equal("too-young", (await Hand("a", s_people[0], "d1", null)).Problem);
        Assert.Equal("fu-person-missing", (await Hand("a", null, "d1")).Problem);
        // Whoever is refused for the device took nobody's place.
        Assert.Equal("device-limit", (await Hand("typo", s_people[0], null)).Problem);
        Expect(201, await Hand("a", s_people[0], "d1", 18));
        Assert.Equal("person-has-hand", (await Hand("b", s_people[0], "d2")).Problem);
        Assert.Equal("device-limit", (await Hand("b", s_people[1], "d1")).Problem);
        Expect(201, await Hand("b", s_people[1], "d2"));
    }
}
