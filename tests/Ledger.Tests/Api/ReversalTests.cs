using Ledger.Tests.Proof;
using Xunit;

namespace Ledger.Tests.Api;

/// <summary>Reversals over HTTP: what a till sends, what it is told, and that nothing of a reversed request ever stands.</summary>
public sealed class ReversalTests(LedgerApp app) : IClassFixture<LedgerApp>
{
    /// <summary>Every command of the API: one that makes a redemption, places a hold, pays for a place in a group, spends points or earns them is reversible, and no other.</summary>
    private static readonly Dictionary<string, bool> IsReversible = new(StringComparer.Ordinal)
    {
        ["/v1/redemptions"] = true,
        ["/v1/holds"] = true,
        ["/v1/holds/{id}/commit"] = true,
        ["/v1/holds/{id}/release"] = false,
        ["/v1/redemptions/{id}/void"] = false,
        ["/v1/redemptions/{id}/returns"] = false,
        ["/v1/sales"] = false,
        ["/v1/sales/{id}/refunds"] = false,
        ["/v1/sales/{id}/refunds/{number}/settle"] = false,
        ["/v1/groups"] = true,
        ["/v1/groups/{id}/join"] = true,
        ["/v1/groups/{id}/leave"] = false,
        ["/v1/groups/{id}/cancel"] = false,
        ["/v1/groups/{id}/refunds/{number}/settle"] = false,
        ["/v1/reversals"] = false,
        ["/v1/coupons"] = false,
        ["/v1/coupons/{code}/deactivate"] = false,
        ["/v1/coupons/{code}/hide"] = false,
        ["/v1/coupons/{code}/cancel"] = false,
        ["/v1/coupons/{code}/confirm"] = false,
        ["/v1/coupons/{code}/gifts"] = false,
        ["/v1/gifts/{id}/accept"] = false,
        ["/v1/gifts/{id}/cancel"] = false,
        ["/v1/merchants/{id}/four-eyes"] = false,
        ["/v1/merchants/{id}/traffic-terms"] = false,
        ["/v1/traffic/visitors"] = false,
        ["/v1/traffic/spends"] = false,
        ["/v1/sharing-rules"] = false,
        ["/v1/shares"] = false,
        ["/v1/campaigns"] = false,
        ["/v1/campaigns/{id}/codes"] = false,
        ["/v1/campaigns/{id}/terms"] = false,
        ["/v1/campaigns/{id}/submit"] = false,
        ["/v1/campaigns/{id}/approve"] = false,
        ["/v1/campaigns/{id}/reject"] = false,
        ["/v1/campaigns/{id}/pause"] = false,
        ["/v1/campaigns/{id}/resume"] = false,
        ["/v1/campaigns/{id}/stop"] = false,
        ["/v1/campaigns/{id}/quota"] = false,
        ["/v1/campaigns/{id}/budgets"] = false,
        ["/v1/payments"] = false,
        ["/v1/fu-campaigns"] = false,
        ["/v1/fu-campaigns/{id}/commit"] = false,
        ["/v1/fu-campaigns/{id}/reveal"] = false,
        ["/v1/fu-campaigns/{id}/issues"] = false,
        ["/v1/fu-campaigns/{id}/hands"] = false,
        ["/v1/fu-campaigns/{id}/hands/{user}/draws"] = false,
        ["/v1/fu-campaigns/{id}/hands/{user}/offers"] = false,
        ["/v1/fu-campaigns/{id}/hands/{user}/offers/{exchange}/take"] = false,
        ["/v1/fu-campaigns/{id}/hands/{user}/offers/{exchange}/cancel"] = false,
        ["/v1/fu-campaigns/{id}/hands/{user}/offers/{exchange}/answer"] = false,
        ["/v1/fu-campaigns/{id}/hands/{user}/begs"] = false,
        ["/v1/fu-campaigns/{id}/hands/{user}/begs/{exchange}/fulfil"] = false,
        ["/v1/fu-campaigns/{id}/hands/{user}/wild"] = false,
        ["/v1/fu-campaigns/{id}/hands/{user}/compose"] = false,
        ["/v1/fu-campaigns/{id}/hands/{user}/leave"] = false,
        ["/v1/fu-campaigns/{id}/hands/{user}/claim"] = false,
        ["/v1/fu-campaigns/{id}/hands/{user}/copy"] = false,
        ["/v1/fu-campaigns/{id}/hands/{user}/deny"] = false,
        ["/v1/fu-campaigns/{id}/hands/{user}/allow"] = false,
        ["/v1/fu-participations"] = false,
        ["/v1/fu-participations/{owner}/{campaign}/draws"] = false,
        ["/v1/members"] = false,
        ["/v1/members/{member}/suspend"] = false,
        ["/v1/members/{member}/resume"] = false,
        ["/v1/members/{member}/close"] = false,
        ["/v1/members/{member}/tier"] = false,
        ["/v1/tiers"] = false,
        ["/v1/membership-rule"] = false,
        ["/v1/payment-earning"] = false,
        ["/v1/payment-earning/end"] = false,
        ["/v1/offer-rules"] = false,
        ["/v1/offer-rules/{id}/end"] = false,
        ["/v1/payments/{trade}/refunds"] = false,
        ["/v1/transfers/{number}/query"] = false,
        ["/v1/providers"] = false,
        ["/v1/providers/{id}/authorise"] = false,
        ["/v1/providers/{id}/revoke"] = false,
        ["/v1/pools"] = false,
        ["/v1/pools/{id}/deposits"] = false,
        ["/v1/pools/{id}/slices"] = false,
        ["/v1/points-programs"] = false,
        ["/v1/points-programs/{id}/terms"] = false,
        ["/v1/points-programs/{id}/budgets"] = false,
        ["/v1/points-programs/{id}/estimates"] = false,
        ["/v1/points/purchases"] = true,
        ["/v1/points/purchases/{order}/reversals"] = false,
        ["/v1/points/grants"] = false,
        ["/v1/points/spends"] = true,
        ["/v1/points/spends/{id}/refunds"] = false,
        ["/v1/points/holds"] = true,
        ["/v1/points/holds/{id}/commit"] = true,
        ["/v1/points/holds/{id}/release"] = false,
        ["/v1/points/transfers"] = false,
        ["/v1/points/adjustments"] = false,
        ["/v1/points/adjustments/{id}/approve"] = false,
        ["/v1/points/arrears"] = false,
        ["/v1/benefits"] = false,
        ["/v1/benefits/{id}/stock"] = false,
        ["/v1/benefits/{id}/withdraw"] = false,
        ["/v1/benefit-orders"] = false,
        ["/v1/benefit-orders/{id}/pick-up"] = false,
        ["/v1/benefit-orders/{id}/cancel"] = false,
        ["/v1/membership-plans"] = false,
        ["/v1/membership-plans/{id}/terms"] = false,
        ["/v1/membership-plans/{id}/pause"] = false,
        ["/v1/membership-plans/{id}/resume"] = false,
        ["/v1/agreements"] = false,
        ["/v1/agreements/{id}/admission"] = false,
        ["/v1/agreements/{id}/sign"] = false,
        ["/v1/agreements/{id}/benefits"] = false,
        ["/v1/agreements/{id}/benefits/reversals"] = false,
        ["/v1/agreements/{id}/progress"] = false,
        ["/v1/agreements/{id}/progress/reversals"] = false,
        ["/v1/agreements/{id}/periods"] = false,
        ["/v1/agreements/{id}/members"] = false,
        ["/v1/agreements/{id}/members/{member}/leave"] = false,
        ["/v1/agreements/{id}/quit"] = false,
        ["/v1/agreements/{id}/settle"] = false,
        ["/v1/agreements/{id}/waiver"] = false,
        ["/v1/agreements/{id}/waiver/approve"] = false,
        ["/v1/agreements/{id}/refunds"] = false,
        ["/v1/merchants"] = false,
        ["/v1/stores"] = false,
        ["/v1/stores/{store}/tills"] = false,
        ["/v1/coupons/batch"] = false,
        ["/v1/offline-batches"] = false,
        ["/v1/offline/keys/rotate"] = false,
        ["/v1/offline/limits"] = false,
        ["/v1/channels/alipay/ordervoucher/activity"] = false,
        ["/v1/channels/alipay/ordervoucher/activity/{activity_id}/voucher/codedeposit"] = false,
        ["/v1/channels/alipay/ordervoucher/voucher/send"] = false,
        ["/v1/channels/alipay/ordervoucher/voucher/{code}/use"] = true,
        ["/v1/channels/alipay/ordervoucher/voucher/{code}/refund"] = false,
        ["/v1/channels/alipay/ordervoucher/voucher/{code}/invalid"] = false,
        ["/v1/channels/alipay/ordervoucher/voucher/{code}/associate"] = false,
        ["/v1/channels/alipay/ordervoucher/voucher/{code}/disassociate"] = false,
        ["/v1/channels/wechat/busifavor/coupons/associate"] = false,
        ["/v1/channels/wechat/busifavor/coupons/disassociate"] = false,
        ["/v1/channels/wechat/busifavor/stocks"] = false,
        ["/v1/channels/wechat/busifavor/stocks/{stock_id}/stop"] = false,
        ["/v1/channels/wechat/busifavor/stocks/{stock_id}/couponcodes"] = false,
        ["/v1/channels/wechat/busifavor/coupons/send"] = false,
        ["/v1/channels/wechat/busifavor/coupons/use"] = true,
        ["/v1/channels/wechat/busifavor/coupons/return"] = false,
        ["/v1/channels/wechat/busifavor/coupons/deactivate"] = false,
    };

    /// <summary>The answers that tell a reversal what was done.</summary>
    private static readonly string[] s_read = ["RedemptionView", "HoldView", "GroupView", "PointsSpendView", "PointsPurchaseView"];

    /// <summary>Answer likewise, and took back themselves: their status, or that they name no place or gave no points, says so.</summary>
    private static readonly string[] s_takingBack =
    [
        "/v1/redemptions/{id}/void", "/v1/groups/{id}/leave", "/v1/groups/{id}/cancel", "/v1/groups/{id}/refunds/{number}/settle", "/v1/points/purchases/{order}/reversals",
        "/v1/points/holds/{id}/release",
    ];

    /// <summary>Keep a redemption's answer and say it in a channel's words.</summary>
    private static readonly string[] s_inAnotherDialect = ["/v1/channels/alipay/ordervoucher/voucher/{code}/use", "/v1/channels/wechat/busifavor/coupons/use"];

    /// <summary>Whose outcomes are not kept under their own key, or in no book; or that change nothing.</summary>
    private static readonly string[] WithoutOutcome =
    [
        "/v1/keys", "/v1/providers/{id}/keys", "/v1/keys/{id}/revoke", "/v1/quotes", "/v1/pools/{id}/slices/{slice}/carry", "/v1/pools/{id}/slices/{slice}/return",
    ];

    [Fact]
    public async Task A8_Reversal_race()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring");
        var code = await shop.IssueAsync("spring");
        var (r1, v1) = (LedgerClient.NewKey(), LedgerClient.NewKey());
        Assert.Equal((404, "request-unknown"), await shop.Client.GetAsync($"/v1/requests/{r1}", shop.TillKey) is var none ? (none.Status, none.Problem) : default);

        var left = Shop.Expect(200, await ReverseAsync(shop, r1, v1));
        Assert.Equal(($"{r1}", "tombstone"), (left.Said("request"), left.Said("status")));
        var became = Shop.Expect(200, await shop.Client.GetAsync($"/v1/requests/{r1}", shop.TillKey));
        Assert.Equal((r1, "reversed", v1, left.Said("at")), (became.Said("request"), became.Said("status"), became.Said("reversedBy"), became.Said("at")));

        // Whatever else was sent under the key, it is refused for the same reason.
        foreach (var late in new[] { await shop.RedeemAsync(code, r1), await shop.RedeemAsync(code, r1, amount: 9900), await shop.TryIssueAsync("spring", "m-1", r1) })
            Assert.Equal((409, "reversed-before-arrival", left.Said("at"), false), (late.Status, late.Problem, late.Said("reversedAt"), late["retryable"].GetBoolean()));
        Assert.Equal("effective", Shop.Expect(200, await shop.Client.GetAsync($"/v1/coupons/{code}", shop.TillKey)).Said("status"));

        Shop.Expect(201, await shop.RedeemAsync(code));
        Assert.Equal("reversed-before-arrival", (await shop.RedeemAsync(code, r1)).Problem);
        var again = Shop.Expect(200, await ReverseAsync(shop, r1, v1));
        Assert.True(again.IsReplayed);
        Assert.Equal(left.Text, again.Text);
        Assert.Equal(left.Text, Shop.Expect(200, await ReverseAsync(shop, r1)).Text);
        await Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task A_redemption_a_hold_and_a_commit_are_undone_by_their_keys()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring");
        var code = await shop.IssueAsync("spring");
        var (redeem, hold, commit) = (LedgerClient.NewKey(), LedgerClient.NewKey(), LedgerClient.NewKey());

        var redeemed = Shop.Expect(201, await shop.RedeemAsync(code, redeem));
        var voided = Shop.Expect(200, await ReverseAsync(shop, redeem, reason: "no answer"));
        Assert.Equal(("reversed", redeemed.Said("redemptionId"), "voided"), (voided.Said("status"), voided["redemption"].GetProperty("redemptionId").GetString(), voided["redemption"].GetProperty("status").GetString()));
        Assert.Equal("voided", Shop.Expect(200, await shop.Client.GetAsync($"/v1/redemptions/{code}-1", shop.TillKey)).Said("status"));
        Assert.Equal(redeemed.Text, Shop.Expect(200, await shop.Client.GetAsync($"/v1/requests/{redeem}", shop.TillKey)).Text);

        var held = Shop.Expect(201, await shop.Client.PostAsync("/v1/holds", new { code, amount = 4200 }, shop.TillKey, hold));
        var released = Shop.Expect(200, await ReverseAsync(shop, hold));
        Assert.Equal(("reversed", held.Said("holdId")), (released.Said("status"), released["hold"].GetProperty("holdId").GetString()));

        var hold2 = LedgerClient.NewKey();
        var second = Shop.Expect(201, await shop.Client.PostAsync("/v1/holds", new { code, amount = 4200 }, shop.TillKey, hold2)).Said("holdId");
        Shop.Expect(201, await shop.Client.PostAsync($"/v1/holds/{second}/commit", null, shop.TillKey, commit));
        var used = await ReverseAsync(shop, hold2);
        Assert.Equal((409, "already-used", $"{code}-2"), (used.Status, used.Problem, used.Said("redemptionId")));
        Assert.Equal($"{code}-2", Shop.Expect(200, await ReverseAsync(shop, commit))["redemption"].GetProperty("redemptionId").GetString());
        Shop.Expect(200, await ReverseAsync(shop, hold2));

        Shop.Expect(201, await shop.RedeemAsync(code));
        Shop.Expect(200, await ReverseAsync(shop, redeem));
        Shop.Expect(200, await ReverseAsync(shop, commit));
        Assert.Equal("used", Shop.Expect(200, await shop.Client.GetAsync($"/v1/coupons/{code}", shop.TillKey)).Said("status"));
        await Books.AssertSoundAsync(app.Database);
    }

    /// <summary>A new command has to say here whether tills may reverse it, and its answer has to say the same: a reversal reads nothing else.</summary>
    [Fact]
    public async Task Every_command_is_known_to_be_reversible_or_not_and_answers_so()
    {
        var document = (await app.Client.SendAsync(HttpMethod.Get, "/openapi/v1.json", null, null)).Json;
        var commands = document.GetProperty("paths").EnumerateObject().Where(path => path.Value.TryGetProperty("post", out _)).ToList();
        Assert.Equal(IsReversible.Keys.Concat(WithoutOutcome).Order(StringComparer.Ordinal), commands.Select(path => path.Name).Order(StringComparer.Ordinal));

        var read = commands.Where(path => s_read.Any(view => path.Value.GetProperty("post").GetProperty("responses").EnumerateObject()
            .Any(answer => answer.Name != "default" && answer.Value.GetRawText().Contains($"/schemas/{view}\"", StringComparison.Ordinal)))).Select(path => path.Name);
        Assert.Equal(read.Except(s_takingBack, StringComparer.Ordinal).Concat(s_inAnotherDialect).Order(StringComparer.Ordinal), IsReversible.Keys.Where(path => IsReversible[path]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task What_is_not_reversible_is_refused_and_stays()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring");
        await shop.CampaignAsync("paused");
        var code = await shop.IssueAsync("spring");
        var keys = new List<string>();
        async Task DoAsync(string command, object? body, string of = "")
        {
            keys.Add(LedgerClient.NewKey());
            var answer = await shop.Client.PostAsync(string.Join('/', command.Split('/').Select(part => part.StartsWith('{') ? of : part)), body, shop.MerchantKey, keys[^1]);
            Assert.InRange(answer.Status, 200, 201);
            Assert.False(IsReversible[command]);
        }

        await DoAsync("/v1/coupons", new { campaign = "spring", member = "m-1" });
        await DoAsync("/v1/campaigns/{id}/pause", new { reason = "rest" }, "paused");
        await DoAsync("/v1/campaigns/{id}/quota", new { expected = 1_000_000, target = 5 }, "paused");
        await DoAsync("/v1/stores", new { id = "store-9", name = "Nine" });
        var held = Shop.Expect(201, await shop.Client.PostAsync("/v1/holds", new { code, amount = 4200 }, shop.TillKey)).Said("holdId");
        await DoAsync("/v1/holds/{id}/release", null, held);
        var redemption = Shop.Expect(201, await shop.RedeemAsync(code)).Said("redemptionId");
        await DoAsync("/v1/redemptions/{id}/void", null, redemption);
        await DoAsync("/v1/reversals", new { request = "never-seen" });
        await DoAsync("/v1/coupons/{code}/deactivate", new { reason = "lost" }, code);

        var before = await app.Database.TraceAsync();
        foreach (var key in keys)
        {
            var refused = await ReverseAsync(shop, key);
            Assert.True((refused.Status, refused.Problem, refused.Said("request")) == (422, "not-reversible", key), $"{key}: {refused}");
        }

        Assert.Equal(before, await app.Database.TraceAsync());
    }

    [Fact]
    public async Task A_batch_whose_key_was_reversed_before_it_came_issues_nothing_and_one_that_came_is_not_reversed()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring");
        var (barred, came) = (LedgerClient.NewKey(), LedgerClient.NewKey());
        Assert.Equal("tombstone", Shop.Expect(200, await ReverseAsync(shop, barred)).Said("status"));
        Assert.Equal((409, "reversed-before-arrival"), await BatchAsync(barred) is var late ? (late.Status, late.Problem) : default);
        Assert.Equal(0, await IssuedAsync());

        var first = Shop.Expect(200, await BatchAsync(came));
        Assert.Equal((422, "not-reversible"), await ReverseAsync(shop, came) is var refused ? (refused.Status, refused.Problem) : default);
        Assert.NotNull(Shop.Expect(200, await shop.Client.GetAsync($"/v1/requests/{came}", shop.TillKey)).Said("openedAt"));
        Assert.Equal(first.Text, Shop.Expect(200, await BatchAsync(came)).Text);
        Assert.Equal(2, await IssuedAsync());

        // Batches of an earlier build kept nothing under their own key, which some other request may have had.
        await app.Database.ExecuteAsync("delete from ledger.requests where tenant_id = $1 and key = $2", shop.Id, came);
        Assert.Equal(first.Text, Shop.Expect(200, await BatchAsync(came)).Text);
        await app.Database.ExecuteAsync("update ledger.requests set fingerprint = sha256('other') where tenant_id = $1 and key = $2", shop.Id, came);
        Assert.Equal(first.Text, Shop.Expect(200, await BatchAsync(came)).Text);
        Assert.Equal(2, await IssuedAsync());
        await Books.AssertSoundAsync(app.Database);

        Task<long> IssuedAsync() => app.Database.AskAsync<long>("select count(*) from ledger.mt_events where tenant_id = $1 and type = 'coupon_issued'", shop.Id);
        async Task<Answer> BatchAsync(string key)
        {
            using var body = LedgerClient.Lines("""{"campaign":"spring","member":"m-1"}""", """{"campaign":"spring","member":"m-2"}""");
            return await shop.Client.SendAsync(HttpMethod.Post, "/v1/coupons/batch", body, shop.MerchantKey, ("Idempotency-Key", key));
        }
    }

    [Fact]
    public async Task A_refused_request_counts_as_never_seen()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring");
        var (code, key) = (await shop.IssueAsync("spring"), LedgerClient.NewKey());
        Assert.Equal("floor-not-met", (await shop.RedeemAsync(code, key, amount: 1)).Problem);
        Assert.Equal("tombstone", Shop.Expect(200, await ReverseAsync(shop, key)).Said("status"));
        Assert.Equal("reversed-before-arrival", (await shop.RedeemAsync(code, key)).Problem);
    }

    [Fact]
    public async Task Keys_are_those_of_one_merchant()
    {
        var (mine, other) = (await app.OpenShopAsync(), await app.OpenShopAsync());
        await mine.CampaignAsync("spring");
        var (code, key) = (await mine.IssueAsync("spring"), LedgerClient.NewKey());
        Shop.Expect(201, await mine.RedeemAsync(code, key));
        Assert.Equal("tombstone", Shop.Expect(200, await ReverseAsync(other, key)).Said("status"));
        Assert.Equal("redeemed", Shop.Expect(200, await mine.Client.GetAsync($"/v1/redemptions/{code}-1", mine.TillKey)).Said("status"));
        Shop.Expect(200, await ReverseAsync(mine, key));
    }

    [Fact]
    public async Task Keys_of_every_allowed_shape_are_reversed_and_others_are_named_as_faults()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring");
        foreach (var key in new[] { "!", new string('~', 255), "a/b?c=d#e\"\\'<>{}", "a+b%c" })
        {
            Assert.Equal("tombstone", Shop.Expect(200, await ReverseAsync(shop, key)).Said("status"));
            Assert.Equal("reversed-before-arrival", (await shop.RedeemAsync(await shop.IssueAsync("spring"), key)).Problem);
            Assert.Equal("reversed", Shop.Expect(200, await shop.Client.GetAsync($"/v1/requests/{Uri.EscapeDataString(key)}", shop.TillKey)).Said("status"));
        }

        foreach (var key in new[] { "", "two words", "ключ", "tab\t", new('k', 256) })
        {
            var refused = await ReverseAsync(shop, key);
            Assert.Equal((400, "/request"), (refused.Status, refused["errors"][0].GetProperty("pointer").GetString()));
        }

        var own = await ReverseAsync(shop, "same", "same");
        Assert.Equal((400, "/request"), (own.Status, own["errors"][0].GetProperty("pointer").GetString()));
        Assert.Equal("idempotency-key-missing", (await shop.Client.SendAsync(HttpMethod.Post, "/v1/reversals", LedgerClient.Content("""{"request":"k"}"""), shop.TillKey)).Problem);
        await Books.AssertSoundAsync(app.Database);
    }

    internal static Task<Answer> ReverseAsync(Shop shop, string request, string? key = null, string? reason = null) =>
        shop.Client.PostAsync("/v1/reversals", new { request, reason }, shop.TillKey, key);
}
