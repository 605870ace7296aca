using Ledger.FuCards;
using Ledger.Merchants;
using Ledger.Postgres;
using Ledger.Transfers;
using NodaTime;
using Xunit;
using static Ledger.Tests.FuCards.FuExamples;
using static Ledger.Tests.Shop;

namespace Ledger.Tests.FuCards;

/// <summary>What merchants do by their own keys in a campaign of another one, and what they read of it.</summary>
public sealed partial class FuCampaignTests
{
    [Fact]
    public async Task A_merchant_gives_its_own_cards_by_its_own_key_and_nobody_elses()
    {
        var (shop, cafe, bar, stranger) = (await OpenAsync(), await app.OpenShopAsync(), await app.OpenShopAsync(), await app.OpenShopAsync());
        foreach (var merchant in (Shop[])[cafe, bar]) Expect(201, await shop.Client.PostAsync($"/v1/fu-campaigns/{Campaign}/issues", new { merchant = merchant.Id, quota = 100 }, shop.MerchantKey));
        await HandAsync(shop, "a", "1001");
        Task<Answer> Own(Shop by, string reference, string user = "a", string source = "shops", string? owner = null, string? key = null) =>
            by.Client.PostAsync($"/v1/fu-participations/{owner ?? shop.Id}/{Campaign}/draws", new { user, source, @ref = reference }, by.MerchantKey, key);

        var drawn = await UntilAsync(() => Own(cafe, "pay-1", key: "k-1"), answer => answer.Status == 201);
        Assert.Equal(("a", 2), (drawn.Said("user"), drawn["index"].GetInt32()));
        Assert.False(drawn.Json.TryGetProperty("cards", out _));
        Assert.True((await Own(cafe, "pay-1", key: "k-1")).IsReplayed);
        // The same payment, from whoever: one card. Another merchant numbers its own payments, and keys are everybody's own.
        Assert.Equal("source-ref-reused", (await Own(cafe, "pay-1")).Problem);
        Assert.Equal("source-ref-reused", (await DrawAsync(shop, Campaign, "a", "shops", "pay-1", cafe.Id)).Problem);
        await UntilAsync(() => Own(bar, "pay-1", key: "k-1"), answer => answer.Status == 201);
        Expect(201, await shop.Client.PostAsync($"/v1/fu-campaigns/{Campaign}/hands/a/draws", new { source = "only-1001", @ref = "own" }, shop.MerchantKey, "k-1"));

        Assert.Equal("merchant-mismatch", (await Own(cafe, "pay-2", source: "only-1001")).Problem);
        Assert.Equal("hand-unknown", (await Own(cafe, "pay-2", user: "nobody")).Problem);
        // Who issues no cards learns nothing, not even whether there is such a campaign.
        Assert.Equal(("fu-issue-unknown", "fu-issue-unknown"), ((await Own(stranger, "pay-1")).Problem, (await Own(stranger, "pay-1", owner: cafe.Id)).Problem));
        Assert.Equal("fu-campaign-unknown", (await cafe.Client.PostAsync($"/v1/fu-campaigns/{Campaign}/hands/a/draws", new { source = "only-1001", @ref = "x" }, cafe.MerchantKey)).Problem);
        Assert.Equal("not-permitted", (await cafe.Client.PostAsync(
            $"/v1/fu-campaigns/{Campaign}/hands/a/draws", new { source = "only-1001", @ref = "x" }, cafe.MerchantKey, null, ("Ledger-Merchant", shop.Id))).Problem);
        Assert.Equal(403, (await cafe.Client.PostAsync($"/v1/fu-participations/{shop.Id}/{Campaign}/draws", new { user = "a", source = "shops", @ref = "x" }, cafe.TillKey)).Status);
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task A_merchant_reads_what_is_left_of_its_own_cards_by_its_own_key_and_nobody_elses()
    {
        var (shop, cafe, bar, stranger) = (await OpenAsync(), await app.OpenShopAsync(), await app.OpenShopAsync(), await app.OpenShopAsync());
        await cafe.CampaignAsync("tea");
        Expect(201, await cafe.Client.PostAsync("/v1/fu-participations", new { owner = shop.Id, campaign = Campaign, couponCampaign = "tea" }, cafe.MerchantKey));
        Expect(201, await shop.Client.PostAsync($"/v1/fu-campaigns/{Campaign}/issues", new { merchant = cafe.Id, quota = 100, perDay = 40 }, shop.MerchantKey));
        Expect(201, await shop.Client.PostAsync($"/v1/fu-campaigns/{Campaign}/issues", new { merchant = bar.Id, quota = 50 }, shop.MerchantKey));
        await HandAsync(shop, "a");
        for (var i = 0; i < 3; i++) await UntilAsync(() => DrawAsync(shop, Campaign, "a", "shops", $"c-{i}", cafe.Id), answer => answer.Status == 201);
        await UntilAsync(() => DrawAsync(shop, Campaign, "a", "shops", "b-0", bar.Id), answer => answer.Status == 201);
        Task<Answer> Own(Shop by, string? owner = null, string? campaign = null) => by.Client.GetAsync($"/v1/fu-participations/{owner ?? shop.Id}/{campaign ?? Campaign}", by.MerchantKey);

        var ofCafe = Expect(200, await Own(cafe));
        Assert.Equal((shop.Id, Campaign, "tea"), (ofCafe.Said("owner"), ofCafe.Said("campaign"), ofCafe.Said("couponCampaign")));
        Assert.Equal((100, 40, 3, 97), (ofCafe["quota"].GetInt32(), ofCafe["perDay"].GetInt32(), ofCafe["drawn"].GetInt32(), ofCafe["left"].GetInt32()));
        // At the turn of a day the three may be yesterday's.
        Assert.Equal(40, ofCafe["drawnToday"].GetInt32() + ofCafe["leftToday"].GetInt32());
        var ofBar = Expect(200, await Own(bar));
        Assert.Equal((50, 1, 49), (ofBar["quota"].GetInt32(), ofBar["drawn"].GetInt32(), ofBar["left"].GetInt32()));
        Assert.All((string[])["perDay", "leftToday", "couponCampaign"], name => Assert.False(ofBar.Json.TryGetProperty(name, out _)));

        // Who issues no cards of it learns nothing, the owner of its campaign neither by this way; what another merchant has is nobody's.
        foreach (var answer in (Answer[])[await Own(stranger), await Own(shop), await Own(cafe, campaign: "none"), await Own(cafe, owner: cafe.Id)]) Assert.Equal("fu-issue-unknown", answer.Problem);
        Assert.Equal(403, (await cafe.Client.GetAsync($"/v1/fu-participations/{shop.Id}/{Campaign}", cafe.TillKey)).Status);
        Assert.Equal("fu-campaign-unknown", (await cafe.Client.GetAsync($"/v1/fu-campaigns/{Campaign}/issues/{bar.Id}", cafe.MerchantKey)).Problem);
    }

    [Fact]
    public async Task A_provider_acts_on_the_hands_of_a_merchant_that_authorised_it_until_it_no_longer_does()
    {
        var (shop, other, cafe) = (await OpenAsync(with: rules => rules with { Limits = rules.Limits with { HandsPerDevice = 2 } }), await OpenAsync(), await app.OpenShopAsync());
        var isv = $"isv-of-{shop.Id}";
        Expect(201, await app.Client.PostAsync("/v1/providers", new { id = isv, name = "Cloud Tills" }, app.PlatformKey));
        var key = Expect(201, await app.Client.PostAsync($"/v1/providers/{isv}/keys", null, app.PlatformKey));
        Task<Answer> As(Shop merchant, string path, object? body) => app.Client.PostAsync(path, body, key.Said("secret"), null, ("Ledger-Merchant", merchant.Id));
        Task<Answer> Hand(Shop merchant, string path, object? body) => As(merchant, $"/v1/fu-campaigns/{Campaign}/hands{path}", body);
        Task<Answer> Draw(Shop merchant, string type, string reference) => Hand(merchant, "/a/draws", new { source = $"only-{type}", @ref = reference });
        Task<long> EntriesAsync(Shop merchant, string ofAgency) => app.Database.AskAsync<long>(
            $"select count(*) from ledger.mt_events where tenant_id like $1 || '~%' and headers ->> 'actor' = $2 and (headers ->> 'mode' = 'agency' and headers ->> 'provider' = $3) is {ofAgency}",
            merchant.Id, key.Said("id"), isv);

        Assert.Equal((403, "not-permitted-agency"), await Hand(shop, "", new { user = "a", device = "d" }) is var early ? (early.Status, early.Problem) : default);
        foreach (var merchant in (Shop[])[shop, cafe]) Expect(200, await app.Client.PostAsync($"/v1/providers/{isv}/authorise", null, merchant.MerchantKey));
        Expect(201, await Hand(shop, "", new { user = "a", device = "d" }));
        foreach (var type in Five) Expect(201, await Draw(shop, type, type));
        Expect(200, await Hand(shop, "/a/compose", null));
        // The claim of the device, the hand, five cards and their ticket.
        Assert.Equal((8, 0), (await EntriesAsync(shop, "true"), await EntriesAsync(shop, "not true")));

        // In another one's campaign it gives the cards of the merchant that it acts for, and nothing else.
        Expect(201, await shop.Client.PostAsync($"/v1/fu-campaigns/{Campaign}/issues", new { merchant = cafe.Id, quota = 100 }, shop.MerchantKey));
        await UntilAsync(() => As(cafe, $"/v1/fu-participations/{shop.Id}/{Campaign}/draws", new { user = "a", source = "shops", @ref = "pay-1" }), answer => answer.Status == 201);
        await HandAsync(other, "a");
        Assert.Equal((403, "not-permitted-agency"), await Draw(other, "1001", "x") is var theirs ? (theirs.Status, theirs.Problem) : default);

        // The edge remembers the authorisation; the merchant's book is asked.
        var revoked = new Request(shop.Id, LedgerClient.NewKey(), new byte[32], "test", Times.Cut(SystemClock.Instance.GetCurrentInstant()));
        Assert.IsType<Outcome.Accepted>(await app.Service<Scribes>().SubmitAsync(
            MerchantStream.Operation(revoked, new MerchantCommand.RevokeProvider(isv, revoked.Now)), CancellationToken.None));
        var before = await DoneAsync();
        foreach (var answer in (Answer[])[await Draw(shop, "1001", "late"), await Hand(shop, "", new { user = "b", device = "d" }), await Hand(shop, "/a/leave", null)])
            Assert.Equal((403, "not-permitted-agency"), (answer.Status, answer.Problem));
        Assert.Equal(before, await DoneAsync());
        await Proof.Books.AssertSoundAsync(app.Database);

        Task<long> DoneAsync() => app.Database.AskAsync<long>("select count(*) from ledger.mt_events where headers ->> 'actor' = $1", key.Said("id"));
    }

    /// <summary>As it would refuse to issue it at the counter; the card stays.</summary>
    [Fact]
    public async Task Where_membership_is_required_a_card_of_whoever_is_no_member_carries_no_coupon()
    {
        var (shop, cafe) = (await OpenAsync(), await app.OpenShopAsync());
        await cafe.CampaignAsync("tea", quota: 2);
        Expect(200, await cafe.Client.PostAsync("/v1/membership-rule", new { isRequired = true }, cafe.MerchantKey));
        Expect(201, await cafe.Client.PostAsync("/v1/fu-participations", new { owner = shop.Id, campaign = Campaign, couponCampaign = "tea" }, cafe.MerchantKey));
        Expect(201, await shop.Client.PostAsync($"/v1/fu-campaigns/{Campaign}/issues", new { merchant = cafe.Id, quota = 100 }, shop.MerchantKey));
        Expect(201, await cafe.Client.PostAsync("/v1/members", new { member = "b", consent = new { scopes = (string[])["points"], textVersion = "1", at = "2026-01-01T00:00:00Z" } }, cafe.MerchantKey));
        foreach (var user in (string[])["a", "b"])
        {
            await HandAsync(shop, user);
            await UntilAsync(() => DrawAsync(shop, Campaign, user, "shops", $"c-{user}", cafe.Id), answer => answer.Status == 201);
        }

        var none = await UntilAsync(() => CouponAsync(shop, cafe, "a", 1), answer => answer.Json.TryGetProperty("reason", out _));
        Assert.Equal((false, "member-unknown"), (none["couponIssued"].GetBoolean(), none.Said("reason")));
        var coupon = await UntilAsync(() => CouponAsync(shop, cafe, "b", 1), answer => answer["couponIssued"].GetBoolean());
        Expect(201, await cafe.RedeemAsync(coupon.Said("code")));
        Assert.Equal(1, Expect(200, await cafe.Client.GetAsync("/v1/campaigns/tea", cafe.MerchantKey))["issued"].GetInt64());
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task Each_merchant_reads_what_the_campaign_brought_it_and_nobody_elses()
    {
        var (shop, cafe, bar) = (await OpenAsync(), await app.OpenShopAsync(), await app.OpenShopAsync());
        await cafe.CampaignAsync("tea", quota: 2);
        Expect(201, await cafe.Client.PostAsync("/v1/fu-participations", new { owner = shop.Id, campaign = Campaign, couponCampaign = "tea" }, cafe.MerchantKey));
        foreach (var merchant in (Shop[])[cafe, bar]) Expect(201, await shop.Client.PostAsync($"/v1/fu-campaigns/{Campaign}/issues", new { merchant = merchant.Id, quota = 100 }, shop.MerchantKey));
        await HandAsync(shop, "a");
        for (var i = 0; i < 3; i++) await UntilAsync(() => DrawAsync(shop, Campaign, "a", "shops", $"c-{i}", cafe.Id), answer => answer.Status == 201);
        await UntilAsync(() => DrawAsync(shop, Campaign, "a", "shops", "b-0", bar.Id), answer => answer.Status == 201);
        var coupon = await UntilAsync(() => CouponAsync(shop, cafe, "a", 1), answer => answer["couponIssued"].GetBoolean());
        var redemption = Expect(201, await cafe.RedeemAsync(coupon.Said("code"))).Said("redemptionId");
        Expect(200, await cafe.Client.PostAsync($"/v1/redemptions/{redemption}/void", null, cafe.TillKey));
        Expect(201, await cafe.RedeemAsync(coupon.Said("code")));
        // A coupon that came otherwise, and a member won otherwise, are none of the campaign's.
        await bar.CampaignAsync("beer");
        Expect(201, await bar.RedeemAsync(await bar.IssueAsync("beer")));
        object Member(string member, object? fuCampaign, string? channel = null) =>
            new { member, channel, fuCampaign, consent = new { scopes = (string[])["points"], textVersion = "1", at = "2026-01-01T00:00:00Z" } };
        Expect(201, await cafe.Client.PostAsync("/v1/members", Member("a", new { owner = shop.Id, campaign = Campaign }), cafe.MerchantKey));
        Expect(201, await cafe.Client.PostAsync("/v1/members", Member("b", null, "shop"), cafe.MerchantKey));
        Assert.Equal(400, (await cafe.Client.PostAsync("/v1/members", Member("c", new { owner = shop.Id, campaign = Campaign }, "shop"), cafe.MerchantKey)).Status);

        Assert.Equal((shop.Id, Campaign, 3L, 2L, 1L, 1L, 2L, 1L, 1L), await ReportAsync(cafe, members: 1, cards: 3, redemptions: 2));
        Assert.Equal((shop.Id, Campaign, 1L, 0L, 1L, 0L, 0L, 0L, 0L), await ReportAsync(bar, members: 0, cards: 1, redemptions: 0));
        Assert.Equal(0, Expect(200, await shop.Client.GetAsync("/v1/reports/fu-cards", shop.MerchantKey))["data"].GetArrayLength());
        Assert.Equal(403, (await cafe.Client.GetAsync("/v1/reports/fu-cards", cafe.TillKey)).Status);
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task Of_a_prize_what_is_withheld_is_not_transferred_and_who_is_denied_takes_no_gift()
    {
        var shop = await OpenAsync();
        await HandAsync(shop, "a", [.. Five, "1001", "copy"]);
        await HandAsync(shop, "b", "1002");
        Expect(201, await PostAsync(shop, "a/offers", new { type = "1001" }));
        Expect(200, await PostAsync(shop, "b/deny", new { reason = "farm-7" }));
        var refused = await PostAsync(shop, "a/offers/1/take", new { by = "b" });
        Assert.Equal(("risk-rejected", "farm-7"), (refused.Problem, refused.Said("reason")));
        Expect(200, await PostAsync(shop, "b/allow", null));
        // Nor does who left: the card stays the giver's to take back.
        await HandAsync(shop, "gone");
        Expect(200, await PostAsync(shop, "gone/leave", null));
        Assert.Equal("hand-is-closed", (await PostAsync(shop, "a/offers/1/take", new { by = "gone" })).Problem);
        Task<Answer> Take() => shop.Client.PostAsync($"/v1/fu-campaigns/{Campaign}/hands/a/offers/1/take", new { by = "b" }, shop.MerchantKey, "take-1");
        var taken = Expect(200, await Take());
        Assert.Equal("friend-lacks-card", (await PostAsync(shop, "a/copy", new { friend = "b", type = "1005" })).Problem);
        Expect(200, await PostAsync(shop, "a/copy", new { friend = "b", type = "1002" }));
        Assert.Equal(2, await CardsAsync(shop, "a", "1002"));
        await AtRestAsync(shop);

        // What was carried out before a denial is answered as it was.
        Expect(200, await PostAsync(shop, "b/deny", new { reason = "farm-7" }));
        var again = Expect(200, await Take());
        Assert.Equal((true, taken.Text), (again.IsReplayed, again.Text));
        Expect(200, await PostAsync(shop, "b/allow", null));

        Expect(200, await PostAsync(shop, "a/compose", null));
        var deadline = (await StateAsync(shop)).Rules!.Timeline.Deadline;
        await AdvanceAsync(shop, deadline);
        Expect(200, await RevealAsync(shop, 1_000));
        await AdvanceAsync(shop, deadline);
        Assert.Equal("withheld-above-prize", (await PostAsync(shop, "a/claim", new { account = "acc-a", withheld = 1_001 })).Problem);
        var prize = Expect(200, await PostAsync(shop, "a/claim", new { account = "acc-a", withheld = 200 }))["prize"];
        Assert.Equal((1_000, 200), (prize.GetProperty("amount").GetInt64(), prize.GetProperty("withheld").GetInt64()));
        var transfer = await app.Service<BookQueries>().StateAsync(new FuBook(shop.Id, Campaign, 0, 4).For("a").Id, TransferStream.Of(prize.GetProperty("transfer").GetString()!), CancellationToken.None);
        Assert.Equal(800, transfer.Order!.Amount);
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    /// <summary>The merchant's one row, once it has followed.</summary>
    private static async Task<(string, string, long, long, long, long, long, long, long)> ReportAsync(Shop merchant, long members, long cards, long redemptions)
    {
        var answer = await UntilAsync(() => merchant.Client.GetAsync("/v1/reports/fu-cards", merchant.MerchantKey), answer =>
            answer["data"].GetArrayLength() == 1 && answer["data"][0] is var row
            && (Of(row, "cardsIssued"), Of(row, "redemptions"), Of(row, "membersWon")) == (cards, redemptions, members));
        var row = answer["data"][0];
        return (
            row.GetProperty("owner").GetString()!, row.GetProperty("campaign").GetString()!, Of(row, "cardsIssued"), Of(row, "couponsCarried"), Of(row, "cardsWithoutCoupon"),
            Of(row, "couponsRedeemed"), Of(row, "redemptions"), Of(row, "redemptionsVoided"), Of(row, "membersWon"));

        static long Of(System.Text.Json.JsonElement row, string name) => row.GetProperty(name).GetInt64();
    }
}
