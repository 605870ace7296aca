using Ledger.FuCards;
using Ledger.Postgres;
using Ledger.Postgres.Audit;
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
    public async Task Of_sixteen_who_draw_for_one_reference_at_once_one_has_the_card()
    {
        const int Sixteen = 16;
        var (shop, first) = (await OpenAsync(), default(FuBook));
        first = new(shop.Id, Campaign, 0, 4);
        var (a, b) = ("u-0", Enumerable.Range(1, 100).Select(i => $"u-{i}").First(user => first.For(user) != first.For("u-0")));
        foreach (var user in (string[])[a, b]) await HandAsync(shop, user);
        for (var i = 0; i < 3; i++)
        {
            // Two users, each request under a key of its own.
            var reference = $"pay-{i}";
            var answers = await Task.WhenAll(Enumerable.Range(0, Sixteen).Select(n => Task.Run(() => DrawAsync(shop, Campaign, n % 2 == 0 ? a : b, "only-1001", reference))));
            Assert.Single(answers, answer => answer.Status == 201);
            Assert.Equal(Sixteen - 1, answers.Count(answer => answer.Problem == "source-ref-reused"));

            // One user under two keys: the key that was first has its one answer however often it is asked, the other one none.
            reference = $"scan-{i}";
            answers = await Task.WhenAll(Enumerable.Range(0, Sixteen).Select(n => Task.Run(() => shop.Client.PostAsync(
                $"/v1/fu-campaigns/{Campaign}/hands/{a}/draws", new { source = "only-1001", @ref = reference }, shop.MerchantKey, $"{reference}-key-{n % 2}"))));
            var keys = Enumerable.Range(0, 2).Select(key => answers.Where((_, n) => n % 2 == key).ToList()).OrderBy(of => of[0].Status).ToList();
            Assert.All(keys[0], answer => Assert.Equal((201, keys[0][0].Text), (answer.Status, answer.Text)));
            Assert.Single(keys[0], answer => !answer.IsReplayed);
            Assert.All(keys[1], answer => Assert.Equal("source-ref-reused", answer.Problem));
        }

        Assert.Equal(6, await CardsAsync(shop, a, "1001") + await CardsAsync(shop, b, "1001"));
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    /// <summary>The reference is kept with the card that it brought, in one transaction, and with nothing else.</summary>
    [Fact]
    public async Task A_reference_whose_draw_was_refused_still_brings_a_card_to_whoever_draws_first()
    {
        var shop = await OpenAsync(with: rules => rules with { Sources = [.. rules.Sources.Select(source => source with { PerDay = 2 })] });
        foreach (var user in (string[])["a", "b"]) await HandAsync(shop, user);
        foreach (var n in Enumerable.Range(0, 2)) Expect(201, await DrawAsync(shop, Campaign, "a", "only-1001", $"pay-{n}"));
        for (var n = 2; n < 10; n++) Assert.Equal("source-limit", (await DrawAsync(shop, Campaign, "a", "only-1001", $"pay-{n}")).Problem);
        foreach (var n in Enumerable.Range(0, 2)) Assert.Equal("source-ref-reused", (await DrawAsync(shop, Campaign, "b", "only-1001", $"pay-{n}")).Problem);
        foreach (var n in Enumerable.Range(2, 2)) Expect(201, await DrawAsync(shop, Campaign, "b", "only-1001", $"pay-{n}"));
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task The_audit_finds_references_that_brought_two_cards_or_none_and_those_that_nobody_keeps()
    {
        // Other tests of the class find their books sound.
        var own = new LedgerApp();
        await own.InitializeAsync();
        try
        {
            await new FuCampaignTests(own).AssertDrawnAgainIsFoundAsync();
        }
        finally
        {
            await own.DisposeAsync();
        }
    }

    private async Task AssertDrawnAgainIsFoundAsync()
    {
        var shop = await OpenAsync();
        var first = new FuBook(shop.Id, Campaign, 0, 4);
        var (a, b) = ("u-0", Enumerable.Range(1, 100).Select(i => $"u-{i}").First(user => first.For(user) != first.For("u-0")));
        foreach (var user in (string[])[a, b])
        {
            await HandAsync(shop, user);
            Expect(201, await DrawAsync(shop, Campaign, user, "only-1001", "pay-1"));
            Expect(201, await DrawAsync(shop, Campaign, user, "only-1001", $"of-{user}"));
            Expect(201, await DrawAsync(shop, Campaign, user, "only-1001", $"by-{user}"));
            if (user == a) await app.Database.ExecuteAsync("delete from ledger.requests where key like 'furef % pay-1'");
        }

        await app.Database.ExecuteAsync($"delete from ledger.requests where key like 'furef % of-{a}'");
        await app.Database.ExecuteAsync($"update ledger.requests set key = replace(key, 'of-{b}', 'of-none') where key like 'furef % of-{b}'");
        await app.Database.ExecuteAsync($"update ledger.requests set outcome = jsonb_set(outcome, '{{request}}', '\"other\"') where key like 'furef % by-{b}'");
        var found = (await BookAudit.RunAsync(app.Database, new())).Findings.Cast<FuReferenceDiffers>().OrderBy(finding => finding.Key, StringComparer.Ordinal).ToList();
        var key = $"furef {Campaign} only-1001 ";
        Assert.Equal(
            [new(first.Id, $"{key}by-{b}", 1, true), new(first.Id, $"{key}of-none", 0, true), new(first.Id, $"{key}of-{a}", 1, false), new(first.Id, $"{key}of-{b}", 1, false), new(first.Id, $"{key}pay-1", 2, true)], found);
    }

    /// <summary>Reading a million tickets takes seconds, in which the beacon goes on.</summary>
    [Fact]
    public async Task A_campaign_is_sealed_when_its_root_is_published_and_not_when_that_was_begun()
    {
        var now = Times.Cut(SystemClock.Instance.GetCurrentInstant());
        var shop = await OpenAsync(with: rules => rules with { Timeline = rules.Timeline with { Deadline = now - Duration.FromMinutes(10) } }, at: now - Duration.FromMinutes(15));
        Assert.Equal(FuCampaignStatus.Open, (await StateAsync(shop)).Status);
        await AdvanceAsync(shop, now - Duration.FromMinutes(5));
        var state = await StateAsync(shop);
        Assert.Equal(FuCampaignStatus.Sealed, state.Status);
        Assert.True(state.SealedAt >= now, $"It says {state.SealedAt}.");
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
        Expect(201, await Hand("a", s_people[0].Insert(14, " ").Insert(6, " "), "d1", 18));
        // Nor whoever is refused for the person.
        Assert.Equal("person-has-hand", (await Hand("c", s_people[0], "d2")).Problem);
        Assert.Equal("device-limit", (await Hand("b", s_people[1], "d1")).Problem);
        // Who has a hand takes no second place by asking again.
        Expect(201, await Hand("a", s_people[1], "d2"));
        Expect(201, await Hand("b", s_people[1], "d2"));
    }
}
