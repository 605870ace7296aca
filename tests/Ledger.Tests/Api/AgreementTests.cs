using Ledger.Agreements;
using Ledger.Api;
using Ledger.Postgres;
using Ledger.Tests.Cli;
using Ledger.Tests.Proof;
using Ledger.Transfers;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using Xunit;

namespace Ledger.Tests.Api;

/// <summary>Light memberships over HTTP, with policies and timers at work and a clock that the test moves.</summary>
public sealed class AgreementTests : IAsyncLifetime
{
    private const string Fee = """{"term":{"kind":"relative","number":30,"unit":"day"},"settlement":{"kind":"fee","fee":1500},"guarantee":1500,"rights":"5 yuan off","exemptionDays":3}""";

    private readonly LedgerDatabase database = new();
    private readonly MovedClock clock = new(Instant.FromUtc(2026, 1, 1, 4, 0));
    private WebApplicationFactory<Callers> service = null!;
    private LedgerClient client = null!;
    private string platform = "";

    public async Task InitializeAsync()
    {
        await database.InitializeAsync();
        platform = await database.Source.PlatformKeyAsync();
        service = LedgerApp.Start(database.ConnectionString).WithWebHostBuilder(host => host.ConfigureTestServices(services => services.AddSingleton<IClock>(clock)));
        client = new(service.CreateClient(new() { AllowAutoRedirect = false }));
    }

    public async Task DisposeAsync()
    {
        client.Dispose();
        await service.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task A_membership_from_the_quote_to_the_last_fen_back()
    {
        var shop = await OpenAsync();
        await shop.CampaignAsync("spring");
        var quote = Shop.Expect(200, await client.GetAsync("/v1/membership-plans/tea/quote", shop.TillKey));
        Assert.Equal("2026-01-31", quote.Said("endsOn"));
        var asked = Shop.Expect(201, await client.PostAsync("/v1/agreements", new { agreement = "A-1", plan = "tea", member = "m-1", account = "acc-1" }, shop.TillKey));
        Assert.Equal(("preordered", "2026-01-31"), (asked.Said("status"), asked.Said("endsOn")));
        Assert.Equal("provider-not-configured", (await client.PostAsync("/v1/agreements/A-1/admission", null, shop.MerchantKey)).Problem);
        Shop.Expect(200, await client.PostAsync("/v1/agreements/A-1/admission", new { admitted = true, reference = "ref-1" }, shop.MerchantKey));
        Assert.Equal("consent-missing", (await client.PostAsync("/v1/agreements/A-1/sign", null, shop.TillKey)).Problem);
        Shop.Expect(200, await SignAsync(shop, "A-1"));

        // What the tills do is counted by itself, once, and what is voided is taken back.
        clock.Move(Duration.FromDays(1));
        var (code, other) = (await shop.IssueAsync("spring"), await shop.IssueAsync("spring"));
        Shop.Expect(201, await shop.RedeemAsync(code));
        var redeemed = Shop.Expect(201, await shop.RedeemAsync(other)).Said("redemptionId");
        Shop.Expect(201, await client.PostAsync("/v1/payments", new { trade = "t-1", amount = 3700, fundChannel = "balance", member = "m-1" }, shop.TillKey));
        await UntilAsync(shop, view => (view.GetProperty("benefit").GetInt32(), view.GetProperty("times").GetInt32()) == (10_00, 1));
        Shop.Expect(200, await client.PostAsync($"/v1/redemptions/{redeemed}/void", null, shop.TillKey));
        Shop.Expect(201, await client.PostAsync("/v1/payments/t-1/refunds", new { refund = "r-1" }, shop.TillKey));
        await UntilAsync(shop, view => (view.GetProperty("benefit").GetInt32(), view.GetProperty("times").GetInt32()) == (5_00, 0));
        Shop.Expect(201, await client.PostAsync("/v1/agreements/A-1/benefits", new { number = "b-1", amount = 400 }, shop.TillKey));

        var mine = Shop.Expect(200, await client.GetAsync("/v1/members/m-1/agreements", shop.TillKey))["data"][0].GetProperty("ifQuitNow");
        Assert.Equal((0, "quitWithinExemption"), (mine.GetProperty("due").GetInt32(), mine.GetProperty("why")[0].GetProperty("steps")[0].GetProperty("rule").GetString()));
        clock.Move(Duration.FromDays(9));
        Assert.Equal(9_00, Shop.Expect(200, await client.GetAsync("/v1/agreements/A-1/quit-quote", shop.TillKey))["due"].GetInt32());
        await ExposureAsync(shop, "running", 9_00);

        clock.Move(Duration.FromDays(19));
        await UntilAsync(shop, "settlement_notice_sent");
        clock.Move(Duration.FromDays(5));
        await UntilAsync(shop, "settlement_opened");
        var order = await OrderAsync(shop, "withhold");
        await SayAsync(shop, new TransferCommand.NoteSuccess(order, "prov-1", clock.GetCurrentInstant()));
        await UntilAsync(shop, "fee_collected");
        Assert.Equal("settled", Shop.Expect(200, await client.GetAsync("/v1/agreements/A-1", shop.TillKey)).Said("status"));

        // Late: the difference goes back by itself.
        Shop.Expect(201, await client.PostAsync("/v1/agreements/A-1/benefits/reversals", new { number = "x-1", of = "b-1" }, shop.TillKey));
        await SayAsync(shop, new TransferCommand.NoteSuccess(await OrderAsync(shop, "refund"), "prov-2", clock.GetCurrentInstant()));
        await UntilAsync(shop, "fee_refunded");
        var settled = Shop.Expect(200, await client.GetAsync("/v1/agreements/A-1", shop.TillKey))["settlements"][0];
        Assert.Equal((5_00, 9_00, 4_00), (settled.GetProperty("due").GetInt32(), settled.GetProperty("collected").GetInt32(), settled.GetProperty("refunded").GetInt32()));
        await Books.AssertSoundAsync(database.Source);
        await ExplainedAsync(shop);
    }

    /// <summary>Two periods at 3.00 and 9.00: what the merchant gives back of the first one is not collected again, and the second is all that is open.</summary>
    [Fact]
    public async Task What_a_merchant_gave_back_is_no_longer_to_be_collected()
    {
        var shop = await OpenAsync("""
            {"term":{"kind":"relative","number":20,"unit":"day"},"settlement":{"kind":"cycle","every":10,"unit":"day","prices":[{"amount":300},{"amount":900}]},"guarantee":1500,"rights":"5 yuan off"}
            """);
        await SignedAsync(shop);
        await OpenedAsync(1);
        await SayAsync(shop, new TransferCommand.NoteSuccess(await OrderAsync(shop, "withhold"), "prov-1", clock.GetCurrentInstant()));
        await UntilAsync(shop, "fee_collected");
        Shop.Expect(201, await client.PostAsync("/v1/agreements/A-1/refunds", new { refund = "r-1", period = 1, kind = "memberFee", reason = "goodwill" }, shop.MerchantKey));
        await SayAsync(shop, new TransferCommand.NoteSuccess(await OrderAsync(shop, "refund"), "prov-2", clock.GetCurrentInstant()));
        await UntilAsync(shop, "fee_refunded");
        await OpenedAsync(2);
        await ExposureAsync(shop, "0-30", 9_00);

        async Task OpenedAsync(int period)
        {
            clock.MoveTo(Instant.FromUtc(2026, 1, 1, 4, 0) + Duration.FromDays((10 * period) - 1));
            await Readers.ReaderTesting.UntilAsync(async () => await CountAsync(shop, "settlement_notice_sent") == period);
            clock.Move(Duration.FromDays(6));
            await Readers.ReaderTesting.UntilAsync(async () => await CountAsync(shop, "settlement_opened") == period);
        }
    }

    [Fact]
    public async Task Many_clients_report_the_same_and_it_counts_once()
    {
        var shop = await SignedAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 60).Select(n => client.PostAsync("/v1/agreements/A-1/benefits", new { number = $"b-{n % 6}", amount = 100, businessTime = "2026-01-01T12:00:00+08:00" }, shop.TillKey)));
        Assert.All(answers, answer => Shop.Expect(201, answer));
        var back = await Task.WhenAll(Enumerable.Range(0, 40).Select(n => client.PostAsync("/v1/agreements/A-1/benefits/reversals", new { number = $"x-{n}", of = "b-0", amount = 30 }, shop.TillKey)));
        Assert.Equal(3, back.Count(answer => answer.Status == 201));
        Assert.All(back.Where(answer => answer.Status != 201), answer => Assert.Equal("reversal-exceeds-forward", answer.Problem));
        Assert.Equal(6_00 - 90, Shop.Expect(200, await client.GetAsync("/v1/agreements/A-1", shop.TillKey))["benefit"].GetInt32());
        await Books.AssertSoundAsync(database.Source);
    }

    [Fact]
    public async Task Quitting_settling_and_the_clock_at_once_open_one_settlement_and_order_once()
    {
        var shop = await SignedAsync();
        Shop.Expect(201, await client.PostAsync("/v1/agreements/A-1/benefits", new { number = "b-1", amount = 900 }, shop.TillKey));
        clock.Move(Duration.FromDays(29));
        await UntilAsync(shop, "settlement_notice_sent");
        var opens = Instant.FromDateTimeOffset(Shop.Expect(200, await client.GetAsync("/v1/agreements/A-1", shop.TillKey))["next"].GetProperty("opensAt").GetDateTimeOffset());
        // Half of them quit before the end of the term, half settle when it is over; the clock comes between.
        var quits = Enumerable.Range(0, 10).Select(_ => client.PostAsync("/v1/agreements/A-1/quit", new { due = 900 }, shop.TillKey)).ToList();
        clock.MoveTo(opens);
        var rest = Enumerable.Range(0, 20).Select(n => n % 2 == 0
            ? client.PostAsync("/v1/agreements/A-1/settle", new { amount = 900 }, shop.MerchantKey)
            : client.PostAsync("/v1/agreements/A-1/quit", null, shop.TillKey)).ToList();
        Assert.All(await Task.WhenAll(quits.Concat(rest)), answer => Shop.Expect(200, answer));
        await UntilAsync(shop, "settlement_opened");
        Assert.Equal((1, 1), (await CountAsync(shop, "settlement_opened"), await CountAsync(shop, "transfer_ordered")));
        await Books.AssertSoundAsync(database.Source);
    }

    [Fact]
    public async Task Who_left_a_membership_and_joined_it_again_is_told_of_it_once()
    {
        var shop = await SignedAsync();
        Shop.Expect(200, await client.PostAsync("/v1/agreements/A-1/members", new { member = "m-2" }, shop.TillKey));
        Assert.Equal(1, await ToldAsync());
        Shop.Expect(200, await client.PostAsync("/v1/agreements/A-1/members/m-2/leave", null, shop.TillKey));
        Assert.Equal(0, await ToldAsync());
        clock.Move(Duration.FromDays(1));
        Shop.Expect(200, await client.PostAsync("/v1/agreements/A-1/members", new { member = "m-2" }, shop.TillKey));
        Assert.Equal(1, await ToldAsync());

        // Over, and not settled yet, it is told to everyone who stayed.
        clock.Move(Duration.FromDays(31));
        Assert.Equal(1, await ToldAsync());

        async Task<int> ToldAsync() => Shop.Expect(200, await client.GetAsync("/v1/members/m-2/agreements", shop.TillKey))["data"].GetArrayLength();
    }

    [Fact]
    public async Task Nobody_sees_or_moves_a_membership_of_another_merchant()
    {
        var (shop, other) = (await SignedAsync(), await Shop.OpenAsync(client, platform));
        Assert.Equal("agreement-unknown", (await client.GetAsync("/v1/agreements/A-1", other.MerchantKey)).Problem);
        Assert.Equal("agreement-unknown", (await client.PostAsync("/v1/agreements/A-1/quit", null, other.MerchantKey)).Problem);
        Assert.Equal("plan-unknown", (await client.GetAsync("/v1/membership-plans/tea", other.MerchantKey)).Problem);
        Assert.Empty(Shop.Expect(200, await client.GetAsync("/v1/members/m-1/agreements", other.MerchantKey))["data"].EnumerateArray());
        Assert.Equal("not-permitted", (await client.PostAsync("/v1/agreements/A-1/waiver", new { reason = "goodwill" }, shop.TillKey)).Problem);
    }

    [Theory]
    [InlineData("""{"kind":"fee","fee":1500}""", """{"kind":"fixedDay","day":3}""", "/terms/term")]
    [InlineData("""{"kind":"fee","fee":1500,"maximum":3}""", """{"kind":"fixedDay","day":3,"months":1}""", "/terms/settlement")]
    [InlineData("""{"kind":"times","steps":[{"times":1,"amount":3}]}""", """{"kind":"fixedDay","day":3,"months":1}""", "/terms/settlement")]
    public async Task Terms_that_do_not_fit_together_are_refused_with_their_place(string settlement, string term, string place)
    {
        var shop = await Shop.OpenAsync(client, platform);
        var refused = await client.PostAsync("/v1/membership-plans", $$"""{"id":"tea","name":"Tea","terms":{"term":{{term}},"settlement":{{settlement}},"guarantee":1500,"rights":"r"} }""", shop.MerchantKey);
        Assert.Equal(place, Shop.Expect(400, refused)["errors"][0].GetProperty("pointer").GetString());
    }

    private async Task ExplainedAsync(Shop shop)
    {
        string[] explain = ["audit", "explain", "A-1", "--book", shop.Id, "--database", database.ConnectionString];
        var said = await Invocation.RunAsync(explain);
        Assert.True(said.Code == 0, said.Error);
        Assert.Contains("\"due\":500", said.Error, StringComparison.Ordinal);
        Assert.Equal(2, (await Invocation.RunAsync(["audit", "explain", "A-9", "--book", shop.Id, "--database", database.ConnectionString])).Code);
        await using var tamper = database.Source.CreateCommand(
            "update ledger.mt_events set data = jsonb_set(data, '{trace,steps,0,amount}', '901') where type = 'settlement_opened'");
        Assert.Equal(1, await tamper.ExecuteNonQueryAsync());
        Assert.Equal(1, (await Invocation.RunAsync(explain)).Code);
    }

    private async Task<Shop> OpenAsync(string terms = Fee)
    {
        var shop = await Shop.OpenAsync(client, platform);
        Shop.Expect(201, await client.PostAsync("/v1/membership-plans", $$"""{"id":"tea","name":"Tea","terms":{{terms}} }""", shop.MerchantKey));
        return shop;
    }

    private async Task<Shop> SignedAsync() => await SignedAsync(await OpenAsync());

    private async Task<Shop> SignedAsync(Shop shop)
    {
        Shop.Expect(201, await client.PostAsync("/v1/agreements", new { agreement = "A-1", plan = "tea", member = "m-1", account = "acc-1" }, shop.TillKey));
        Shop.Expect(200, await client.PostAsync("/v1/agreements/A-1/admission", new { admitted = true, reference = "ref-1" }, shop.MerchantKey));
        Shop.Expect(200, await SignAsync(shop, "A-1"));
        return shop;
    }

    private async Task<Answer> SignAsync(Shop shop, string id)
    {
        var shown = Shop.Expect(200, await client.GetAsync($"/v1/agreements/{id}", shop.TillKey)).Said("endsOn");
        return await client.PostAsync($"/v1/agreements/{id}/sign", new { consent = new { textVersion = "v1", at = clock.GetCurrentInstant(), endsOn = shown } }, shop.TillKey);
    }

    private async Task ExposureAsync(Shop shop, string age, long exposure) => await Readers.ReaderTesting.UntilAsync(async () =>
    {
        var report = Shop.Expect(200, await client.GetAsync("/v1/reports/agreements", shop.MerchantKey));
        return report["exposure"].GetInt64() == exposure && report["ages"][0].GetProperty("age").GetString() == age;
    });

    private async Task SayAsync(Shop shop, TransferCommand command)
    {
        var request = new Request(shop.Id, Key: null, default, "test", clock.GetCurrentInstant());
        Assert.IsType<Outcome.Accepted>(await service.Services.GetRequiredService<Scribes>().SubmitAsync(TransferOperations.Do(request, command), CancellationToken.None));
    }

    private async Task<string> OrderAsync(Shop shop, string kind) => await database.Source.AskAsync<string>(
        "select data -> 'order' ->> 'number' from ledger.mt_events where tenant_id = $1 and type = 'transfer_ordered' and lower(data -> 'order' ->> 'kind') = $2 order by seq_id desc limit 1",
        shop.Id, kind) ?? throw new InvalidOperationException($"No {kind} is ordered.");

    private Task UntilAsync(Shop shop, Func<System.Text.Json.JsonElement, bool> isSo) =>
        Readers.ReaderTesting.UntilAsync(async () => isSo(Shop.Expect(200, await client.GetAsync("/v1/agreements/A-1", shop.TillKey)).Json));

    private Task UntilAsync(Shop shop, string type) => Readers.ReaderTesting.UntilAsync(async () => await CountAsync(shop, type) > 0);

    private Task<long> CountAsync(Shop shop, string type) =>
        database.Source.AskAsync<long>("select count(*) from ledger.mt_events where tenant_id = $1 and type = $2", shop.Id, type);
}
