using Ledger.FuCards;
using Ledger.FuCards.Draws;
using Ledger.Postgres;
using Ledger.Postgres.Paying;
using Ledger.Tests.Cli;
using Ledger.Tests.FuCards.Draws;
using Ledger.Tests.Proof;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Npgsql;
using Xunit;
using static Ledger.Tests.FuCards.FuExamples;
using static Ledger.Tests.Shop;

namespace Ledger.Tests.FuCards;

/// <summary>Campaigns over HTTP, with hands in four books: races, coupons of merchants, and the way to the prize.</summary>
public sealed partial class FuCampaignTests(LedgerApp app) : IClassFixture<LedgerApp>
{
    private const int Clients = 64;

    private static int refs;

    [Fact]
    public async Task Rules_are_published_committed_once_and_never_change()
    {
        var shop = await app.OpenShopAsync();
        var opens = SystemClock.Instance.GetCurrentInstant() + Duration.FromHours(1);
        Expect(201, await shop.Client.PostAsync("/v1/fu-campaigns", Body("fu", opens, "2026"), shop.MerchantKey));
        Assert.Equal("fu-campaign-unknown", (await DrawAsync(shop, "fu", "u-1", "scan")).Problem);
        Assert.Equal(400, (await shop.Client.PostAsync("/v1/fu-campaigns", Body("fu", opens, "2026").Replace("24,24,24,24,4", "24,24,24,24", StringComparison.Ordinal), shop.MerchantKey)).Status);
        var committed = Expect(200, await shop.Client.PostAsync("/v1/fu-campaigns/fu/commit", null, shop.MerchantKey));
        Assert.Equal(64, committed.Said("seedHash").Length);
        Assert.Equal("fu-campaign-state-forbids", (await shop.Client.PostAsync("/v1/fu-campaigns", Body("fu", opens, "2027"), shop.MerchantKey)).Problem);
        var page = Expect(200, await shop.Client.GetAsync("/v1/fu-campaigns/fu", shop.TillKey));
        Assert.Equal(("committed", committed.Said("digest")), (page.Said("status"), page.Said("digest")));
        Assert.Equal(40_000, page["sources"][0].GetProperty("partsPerMillion")[4].GetInt32());
        Assert.DoesNotContain("\"seed\"", page.Text, StringComparison.Ordinal);
        Assert.Equal("fu-campaign-not-open", (await shop.Client.PostAsync("/v1/fu-campaigns/fu/hands", new { user = "u-1" }, shop.MerchantKey)).Problem);
        var other = await app.OpenShopAsync();
        Assert.Equal("fu-campaign-unknown", (await other.Client.GetAsync("/v1/fu-campaigns/fu", other.MerchantKey)).Problem);
    }

    /// <summary>Of drand's chain, by its hash, the times are known; of any other they are said, or nobody compares them.</summary>
    [Fact]
    public async Task A_round_that_comes_before_the_deadline_is_not_committed_to()
    {
        const string Quicknet = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971";
        var shop = await app.OpenShopAsync();
        var opens = SystemClock.Instance.GetCurrentInstant() + Duration.FromHours(1);
        Task<Answer> DraftAsync(string chain, long round, string? times = null) => shop.Client.PostAsync("/v1/fu-campaigns", Body("fu", opens, "2026")
            .Replace("\"beaconChain\":\"drand\",\"beaconRound\":1000", $"\"beaconChain\":\"{chain}\",\"beaconRound\":{round}{(times is null ? "" : $",\"beaconTimes\":{times}")}", StringComparison.Ordinal), shop.MerchantKey);
        Expect(201, await DraftAsync(Quicknet, 1_000));
        var early = await shop.Client.PostAsync("/v1/fu-campaigns/fu/commit", null, shop.MerchantKey);
        Assert.Equal("beacon-round-too-early", early.Problem);
        var first = early["first"].GetInt64();
        Assert.Equal(((opens + Duration.FromDays(10)).ToUnixTimeSeconds() - 1_692_803_367) / 3 + 2, first);

        Assert.Equal(400, (await DraftAsync(Quicknet, first, "{\"genesis\":1692803367,\"period\":30}")).Status);
        Assert.Equal(400, (await DraftAsync(Quicknet, 10 * first)).Status);
        Assert.Equal(400, (await DraftAsync("mine", 1, "{\"genesis\":0}")).Status);
        Expect(201, await DraftAsync("mine", 1, $"{{\"genesis\":{(opens + Duration.FromDays(10)).ToUnixTimeSeconds()},\"period\":60}}"));
        Assert.Equal(("beacon-round-too-early", 2), ((early = await shop.Client.PostAsync("/v1/fu-campaigns/fu/commit", null, shop.MerchantKey)).Problem, early["first"].GetInt64()));
        Expect(201, await DraftAsync(Quicknet, first));
        var times = Expect(200, await shop.Client.PostAsync("/v1/fu-campaigns/fu/commit", null, shop.MerchantKey))["beacon"].GetProperty("times");
        Assert.Equal((1_692_803_367, 3), (times.GetProperty("genesis").GetInt64(), times.GetProperty("period").GetInt32()));
    }

    [Fact]
    public async Task B3_Of_sixty_four_who_take_one_card_at_once_one_has_it()
    {
        var shop = await OpenAsync();
        await HandAsync(shop, "giver", "1001");
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(i => HandAsync(shop, $"u-{i}")));
        Expect(201, await PostAsync(shop, "giver/offers", new { type = "1001" }));
        var answers = await Task.WhenAll(Enumerable.Range(0, Clients).Select(i => Task.Run(() => PostAsync(shop, "giver/offers/1/take", new { by = $"u-{i}" }))));
        Assert.Single(answers, answer => answer.Status == 200);
        Assert.Equal(Clients - 1, answers.Count(answer => answer.Problem == "card-taken"));
        await AtRestAsync(shop);
        Assert.Equal(1, await CardsAsync(shop, $"u-{Array.FindIndex(answers, answer => answer.Status == 200)}", "1001"));
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task Of_sixty_four_who_answer_one_swap_at_once_one_has_the_card_and_the_others_have_theirs_back()
    {
        var shop = await OpenAsync();
        await HandAsync(shop, "giver", "1001");
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(i => HandAsync(shop, $"u-{i}", "1002")));
        Expect(201, await PostAsync(shop, "giver/offers", new { type = "1001", want = "1002" }));
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(i => Task.Run(async () => Expect(200, await PostAsync(shop, "giver/offers/1/answer", new { by = $"u-{i}", type = "1002" })))));
        await AtRestAsync(shop);
        Assert.Equal((0, 1), (await CardsAsync(shop, "giver", "1001"), await CardsAsync(shop, "giver", "1002")));
        var hands = await Task.WhenAll(Enumerable.Range(0, Clients).Select(async i => (Got: await CardsAsync(shop, $"u-{i}", "1001"), Kept: await CardsAsync(shop, $"u-{i}", "1002"))));
        Assert.Single(hands, hand => hand == (1, 0));
        Assert.Equal(Clients - 1, hands.Count(hand => hand == (0, 1)));
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task From_the_first_card_to_the_prize()
    {
        var (shop, cafe) = (await OpenAsync(), await app.OpenShopAsync());
        await cafe.CampaignAsync("tea", quota: 1);
        Expect(201, await cafe.Client.PostAsync("/v1/fu-participations", new { owner = shop.Id, campaign = Campaign, couponCampaign = "tea" }, cafe.MerchantKey));
        Expect(201, await shop.Client.PostAsync($"/v1/fu-campaigns/{Campaign}/issues", new { merchant = cafe.Id, quota = 100 }, shop.MerchantKey));
        foreach (var user in (string[])["a", "b", "c"]) await HandAsync(shop, user, Five);

        // One draw for a payment, whoever sends it; the second card of a coupon that ran out stays with its user.
        var first = await UntilAsync(() => DrawAsync(shop, Campaign, "a", "shops", "pay-1", cafe.Id), answer => answer.Status == 201);
        Assert.NotNull(first.Said("drawn"));
        Assert.Equal(("source-ref-reused", "source-ref-reused"), ((await DrawAsync(shop, Campaign, "a", "shops", "pay-1", cafe.Id)).Problem, (await DrawAsync(shop, Campaign, "b", "shops", "pay-1", cafe.Id)).Problem));
        await UntilAsync(() => CouponAsync(shop, cafe, "a", 6), answer => answer["couponIssued"].GetBoolean());
        Expect(201, await DrawAsync(shop, Campaign, "a", "shops", "pay-2", cafe.Id));
        var missed = await UntilAsync(() => CouponAsync(shop, cafe, "a", 7), answer => answer.Json.TryGetProperty("reason", out _));
        Assert.False(missed["couponIssued"].GetBoolean());
        Assert.Equal("prizes-not-out", (await PostAsync(shop, "a/claim", new { account = "acc-a" })).Problem);
        foreach (var user in (string[])["a", "b", "c"]) Expect(200, await PostAsync(shop, $"{user}/compose", null));
        Assert.Equal("already-composed", (await PostAsync(shop, "a/compose", null)).Problem);

        var rules = (await StateAsync(shop)).Rules!;
        await AdvanceAsync(shop, rules.Timeline.Deadline);
        var page = Expect(200, await shop.Client.GetAsync($"/v1/fu-campaigns/{Campaign}", shop.TillKey));
        Assert.Equal(("sealed", 3), (page.Said("status"), page["participants"].GetInt32()));
        Assert.Equal(rules.Timeline.Deadline, (await StateAsync(shop)).SealedAt);
        Assert.Equal("fu-campaign-is-sealed", (await DrawAsync(shop, Campaign, "a", "only-1001")).Problem);
        Assert.Equal("fu-reveal-refused", (await RevealAsync(shop, 999)).Problem);
        Expect(200, await RevealAsync(shop, 1_000));
        Expect(200, await RevealAsync(shop, 1_000));
        Assert.Equal("fu-campaign-state-forbids", (await RevealAsync(shop, 1_001)).Problem);
        await AdvanceAsync(shop, rules.Timeline.Deadline);

        Assert.Equal(Commitment.HashOf(Convert.FromHexString((await StateAsync(shop)).Seed!)), page.Said("seedHash"));
        var prizes = 0L;
        foreach (var user in (string[])["a", "b", "c"])
        {
            var claimed = Expect(200, await PostAsync(shop, $"{user}/claim", new { account = $"acc-{user}" }));
            prizes += claimed["prize"].GetProperty("amount").GetInt64();
            Assert.Equal("prize-already-claimed", (await PostAsync(shop, $"{user}/claim", new { account = "other" })).Problem);
        }

        Assert.Equal(rules.Pot.Amount, prizes);
        await AdvanceAsync(shop, rules.Timeline.ClaimsUntil);
        Assert.Equal((FuCampaignStatus.Closed, new FuEnd(3, 1_000, 0)), ((await StateAsync(shop)).Status, (await StateAsync(shop)).End));
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    /// <summary>Where the committed pot cannot hold for so many tickets, the verifiers come to the adjusted one by themselves.</summary>
    [Theory]
    [InlineData(3, 1_000, 20, 1_000)]
    [InlineData(3, 1_000, 500, 1_000)]
    [InlineData(2, 100_000, 20, 10_000)]
    [InlineData(0, 1_000, 20, 0)]
    public async Task The_exported_proof_passes(int tickets, long amount, long minimum, long prizes)
    {
        var shop = await OpenAsync(new(amount, minimum, 5_000, PotWeight.Exponential));
        string[] users = ["b", "a", "B"];
        foreach (var user in users) await HandAsync(shop, user, Five);
        foreach (var user in users.Take(tickets)) Expect(200, await PostAsync(shop, $"{user}/compose", null));
        var path = $"/v1/fu-campaigns/{Campaign}/proof";
        Assert.Equal("fu-campaign-state-forbids", (await shop.Client.GetAsync(path, shop.TillKey)).Problem);
        var deadline = (await StateAsync(shop)).Rules!.Timeline.Deadline;
        await AdvanceAsync(shop, deadline);
        Expect(200, await RevealAsync(shop, 1_000));
        await AdvanceAsync(shop, deadline);

        var proof = Expect(200, await shop.Client.GetAsync(path, shop.TillKey)).Text;
        var state = await StateAsync(shop);
        var report = Proofs.Check(proof.Split('\n')[..^1], new(state.Digest, state.Root, 1_000, "00ff"));
        Assert.Equal(new ProofReport(null, 15, tickets, prizes), report);
        if (!PythonFactAttribute.IsThere) return;
        using var folder = new TemporaryFolder();
        folder.Write("proof.ndjson", proof);
        var (code, text) = await ProofTests.PythonAsync(
            Path.Combine(Repository.Root, "samples", "fu-verifier", "verify.py"), Path.Combine(folder.Path, "proof.ndjson"), "--commitment", state.Digest!, "--root", state.Root!);
        Assert.True(code == 0 && text.Contains($"15 draws and {tickets} tickets agree; prizes {prizes}.", StringComparison.Ordinal), text);
    }

    [Fact]
    public async Task For_a_campaign_that_there_is_not_no_seed_is_made()
    {
        var shop = await app.OpenShopAsync();
        Assert.Equal("fu-campaign-unknown", (await shop.Client.PostAsync("/v1/fu-campaigns/none/commit", null, shop.MerchantKey)).Problem);
        Assert.Equal("fu-campaign-unknown", (await shop.Client.PostAsync("/v1/fu-campaigns/none/reveal", new { round = 1, signature = "00" }, shop.MerchantKey)).Problem);
        byte[] fresh = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
        Assert.Equal(fresh, await app.Service<Secrets>().OfAsync(shop.Id, "fu-seed/none", () => fresh, CancellationToken.None));
    }

    /// <summary>A proof may be long, and so may whoever reads it take: the connections that tills are answered by are not all theirs.</summary>
    [Fact]
    public async Task Few_read_a_proof_at_once_and_others_come_again_later()
    {
        var shop = await PlannedAsync();
        Task<Answer> ReadAsync() => shop.Client.GetAsync($"/v1/fu-campaigns/{Campaign}/proof", shop.TillKey);

        await using var own = await app.Database.OpenConnectionAsync();
        await using var hold = await own.BeginTransactionAsync();
        await using (var command = new NpgsqlCommand("lock table ledger.mt_events in access exclusive mode", own)) await command.ExecuteNonQueryAsync();
        var few = Enumerable.Range(0, 4).Select(_ => ReadAsync()).ToList();
        while (await app.Database.AskAsync<long>("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%card_drawn%'") < few.Count) await Task.Delay(5);
        var later = await ReadAsync().WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal((503, "overloaded", true), (later.Status, later.Problem, later.Headers.Contains("Retry-After")));
        await hold.RollbackAsync();
        Assert.All(await Task.WhenAll(few), answer => Assert.Equal(200, answer.Status));
        Expect(200, await ReadAsync());
    }

    /// <summary>The transfer stands in the book of a shard, which no merchant has.</summary>
    [Fact]
    public async Task A_claimed_prize_is_paid_by_the_provider_and_its_hand_says_so()
    {
        await using var bank = await ProviderProcess.StartAsync(faults: 0, seed: 1, ProviderProcess.FreePort());
        using var provider = new PaymentProvider(new(bank.Url, ProviderProcess.Key, TimeSpan.FromSeconds(5)));
        using var worker = new TransferWorker(app.Database, provider, app.Service<Scribes>().SubmitAsync, SystemClock.Instance, NullLogger<TransferWorker>.Instance);
        var shop = await PlannedAsync();
        Expect(200, await PostAsync(shop, "a/claim", new { account = "acc-a" }));

        await worker.CarryOutAsync();
        var paid = await UntilAsync(
            () => shop.Client.GetAsync($"/v1/fu-campaigns/{Campaign}/hands/a", shop.MerchantKey), answer => answer["prize"].GetProperty("state").GetString() == "paid");
        var transfer = paid["prize"].GetProperty("transfer").GetString();
        using var http = new HttpClient { BaseAddress = bank.Url };
        var book = new FuBook(shop.Id, Campaign, 0, 4).For("a").Id;
        using var money = System.Text.Json.JsonDocument.Parse(await http.GetStringAsync($"/money/{book}/{transfer}"));
        Assert.Equal((1_000, "Y"), (money.RootElement.GetProperty("amount").GetInt64(), money.RootElement.GetProperty("status").GetString()));
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    /// <summary>A campaign whose pot is allocated, all of it to user a.</summary>
    private async Task<Shop> PlannedAsync()
    {
        var shop = await OpenAsync();
        await HandAsync(shop, "a", Five);
        Expect(200, await PostAsync(shop, "a/compose", null));
        var deadline = (await StateAsync(shop)).Rules!.Timeline.Deadline;
        await AdvanceAsync(shop, deadline);
        Expect(200, await RevealAsync(shop, 1_000));
        await AdvanceAsync(shop, deadline);
        return shop;
    }

    private static string Body(string id, Instant opens, string name) =>
        $$"""
        {"id":"{{id}}","name":"{{name}}","types":[{{string.Join(',', Five.Select(code => $$"""{"code":"{{code}}","name":"{{code}}"}"""))}}],
        "sources":[{"name":"scan","weights":[24,24,24,24,4]}],"opensAt":"{{opens}}","deadline":"{{opens + Duration.FromDays(10)}}","claimsUntil":"{{opens + Duration.FromDays(40)}}",
        "pot":{"amount":1000},"beaconChain":"drand","beaconRound":1000}
        """;

    /// <summary>A campaign that was committed two hours ago and is open for an hour.</summary>
    /// <param name="at">When it was opened; null: now.</param>
    [Fact]
    public async Task A_request_on_a_hand_is_found_by_its_key_by_its_merchant_alone_and_never_reversed()
    {
        var (shop, stranger) = (await OpenAsync(), await app.OpenShopAsync());
        await HandAsync(shop, "a");
        var (drawn, lost) = (LedgerClient.NewKey(), LedgerClient.NewKey());
        Task<Answer> Draw(string key) => shop.Client.PostAsync($"/v1/fu-campaigns/{Campaign}/hands/a/draws", new { source = "only-1001", @ref = key }, shop.MerchantKey, key);
        Task<Answer> Reverse(string key, string? under = null) => shop.Client.PostAsync("/v1/reversals", new { request = key }, shop.MerchantKey, under);
        Task<Answer> Find(string key) => shop.Client.GetAsync($"/v1/requests/{key}", shop.MerchantKey);
        var answered = Expect(201, await Draw(drawn));
        Assert.Equal(answered.Text, Expect(200, await Find(drawn)).Text);
        Assert.Equal((422, "not-reversible"), await Reverse(drawn) is var refused ? (refused.Status, refused.Problem) : default);
        Assert.Equal("request-unknown", (await stranger.Client.GetAsync($"/v1/requests/{drawn}", stranger.MerchantKey)).Problem);
        Assert.Equal("request-unknown", (await Find($"furef%20{Campaign}%20only-1001%20{drawn}")).Problem);

        // A hand's book knows no tombstone of its merchant's: what comes after it is done, and said to be.
        Assert.Equal("tombstone", Expect(200, await Reverse(lost, "undo")).Said("status"));
        Assert.Equal("reversed", Expect(200, await Find(lost)).Said("status"));
        var late = Expect(201, await Draw(lost));
        Assert.Equal(late.Text, Expect(200, await Find(lost)).Text);
        Assert.Equal("not-reversible", (await Reverse(lost)).Problem);
        Assert.True(Expect(200, await Reverse(lost, "undo")).IsReplayed);
        await Proof.Books.AssertSoundAsync(app.Database);
    }

    private async Task<Shop> OpenAsync(PotRules? pot = null, Func<FuRules, FuRules>? with = null, Instant? at = null)
    {
        var shop = await app.OpenShopAsync();
        var (now, before) = (Times.Cut(SystemClock.Instance.GetCurrentInstant()), Times.Cut(SystemClock.Instance.GetCurrentInstant() - Duration.FromHours(2)));
        var rules = Rules(before + Duration.FromHours(1), pot: pot);
        var seed = await app.Service<Secrets>().OfAsync(shop.Id, $"fu-seed/{Campaign}", () => [.. Enumerable.Range(0, 32).Select(i => (byte)i)], CancellationToken.None);
        Request Ask(string key) => new(shop.Id, key, new byte[32], "test", before);
        Assert.IsType<Outcome.Accepted>(await app.Service<Scribes>().SubmitAsync(FuOperations.Draft(Ask("draft"), Campaign, with?.Invoke(rules) ?? rules), CancellationToken.None));
        Assert.IsType<Outcome.Accepted>(await app.Service<Scribes>().SubmitAsync(
            FuOperations.Do(Ask("commit"), new FuCampaignCommand.CommitFuCampaign(Campaign, Commitment.HashOf(seed), before)), CancellationToken.None));
        await AdvanceAsync(shop, at ?? now);
        return shop;
    }

    private Task AdvanceAsync(Shop shop, Instant now) => app.Service<FuConductor>().AdvanceAsync(shop.Id, Campaign, now, CancellationToken.None);

    private Task<FuCampaign> StateAsync(Shop shop) => app.Service<BookQueries>().StateAsync(shop.Id, FuStreams.CampaignOf(Campaign), CancellationToken.None);

    private static async Task HandAsync(Shop shop, string user, params string[] cards)
    {
        Expect(201, await shop.Client.PostAsync($"/v1/fu-campaigns/{Campaign}/hands", new { user }, shop.MerchantKey));
        foreach (var card in cards) Expect(201, await DrawAsync(shop, Campaign, user, $"only-{card}"));
    }

    private static Task<Answer> DrawAsync(Shop shop, string campaign, string user, string source, string? reference = null, string? merchant = null) => shop.Client.PostAsync(
        $"/v1/fu-campaigns/{campaign}/hands/{user}/draws", new { source, @ref = reference ?? FormattableString.Invariant($"r-{Interlocked.Increment(ref refs)}"), merchant }, shop.MerchantKey);

    private static Task<Answer> PostAsync(Shop shop, string path, object? body) => shop.Client.PostAsync($"/v1/fu-campaigns/{Campaign}/hands/{path}", body, shop.MerchantKey);

    private static Task<Answer> RevealAsync(Shop shop, long round) => shop.Client.PostAsync($"/v1/fu-campaigns/{Campaign}/reveal", new { round, signature = "00ff" }, shop.MerchantKey);

    private static Task<Answer> CouponAsync(Shop shop, Shop cafe, string user, int index) =>
        shop.Client.GetAsync($"/v1/fu-campaigns/{Campaign}/hands/{user}/draws/{index}/coupon?merchant={cafe.Id}", shop.MerchantKey);

    private static async Task<long> CardsAsync(Shop shop, string user, string type) =>
        Expect(200, await shop.Client.GetAsync($"/v1/fu-campaigns/{Campaign}/hands/{user}", shop.MerchantKey))["cards"].EnumerateArray()
            .Where(cards => cards.GetProperty("type").GetString() == type).Sum(cards => cards.GetProperty("count").GetInt64());

    /// <summary>Waits until no card is on its way. At every moment none is lost or doubled.</summary>
    private static Task<Answer> AtRestAsync(Shop shop) => UntilAsync(() => shop.Client.GetAsync($"/v1/fu-campaigns/{Campaign}/cards", shop.MerchantKey), answer =>
    {
        Assert.All(answer.Json.EnumerateArray(), sums => Assert.Equal(0, sums.GetProperty("difference").GetInt64()));
        return answer.Json.EnumerateArray().All(sums => sums.GetProperty("onTheirWay").GetInt64() == 0);
    });

    private static async Task<Answer> UntilAsync(Func<Task<Answer>> ask, Func<Answer, bool> isSo)
    {
        for (var tries = 0; ; tries++)
        {
            var answer = await ask();
            if (isSo(answer)) return answer;
            Assert.True(tries < 600, $"{answer}");
            await Task.Delay(50);
        }
    }
}
