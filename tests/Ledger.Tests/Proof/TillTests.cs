using System.Diagnostics;
using Ledger.Tests.Cli;
using Xunit;

namespace Ledger.Tests.Proof;

/// <summary>The built service as a process, and what befalls tills: failed payments, dead tills, lost answers, late requests, crashes.</summary>
public sealed class TillTests(LedgerDatabase database) : IClassFixture<LedgerDatabase>, IAsyncLifetime
{
    private LedgerProcess service = null!;
    private Shop shop = null!;
    private string code = "";

    public async Task InitializeAsync()
    {
        service = await LedgerProcess.StartAsync(database.ConnectionString);
        shop = await Shop.OpenAsync(service.Client, await database.Source.PlatformKeyAsync());
        await shop.CampaignAsync("spring");
        code = await shop.IssueAsync("spring");
    }

    public async Task DisposeAsync() => await service.DisposeAsync();

    [Fact]
    public async Task A_payment_fails_after_the_hold_and_the_coupon_is_free_for_the_next_till()
    {
        var held = Shop.Expect(201, await HoldAsync());
        Assert.Equal("already-held", (await shop.RedeemAsync(code)).Problem);
        Shop.Expect(200, await PostAsync($"/v1/holds/{held.Said("holdId")}/release"));
        Shop.Expect(201, await shop.RedeemAsync(code));
        await AssertVerifiedAsync("held released redeemed");
    }

    [Fact]
    public async Task A_till_dies_between_hold_and_commit_and_the_clock_frees_the_coupon()
    {
        var key = LedgerClient.NewKey();
        var held = Shop.Expect(201, await HoldAsync(key, seconds: 1));
        await UntilAsync("held released");
        Assert.Equal("Expired", await database.Source.AskAsync<string>("select data ->> 'reason' from ledger.mt_events where type = 'coupon_hold_released' and stream_id = $1", $"coupon-{code}"));
        var other = Shop.Expect(201, await shop.RedeemAsync(code)).Said("redemptionId");

        // Back again, the till finds its basket gone, and cleans up.
        Assert.Equal("already-used", (await PostAsync($"/v1/holds/{held.Said("holdId")}/commit")).Problem);
        Assert.Equal("reversed", Shop.Expect(200, await ReverseAsync(key)).Said("status"));
        Assert.Equal("redeemed", Shop.Expect(200, await shop.Client.GetAsync($"/v1/redemptions/{other}", shop.TillKey)).Said("status"));
        await AssertVerifiedAsync("held released redeemed");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_reversal_overtakes_its_original_which_is_refused_whenever_it_arrives(bool isKilledBetween)
    {
        await using var network = new SlowNetwork();
        var key = LedgerClient.NewKey();
        using (var till = new LedgerClient(new HttpClient { BaseAddress = network.Address }))
        {
            var sent = till.PostAsync("/v1/redemptions", new { code, amount = 4200 }, shop.TillKey, key);
            await network.UnderWayAsync();

            // The till's patience is at an end: it asks, and then it reverses.
            till.Http.CancelPendingRequests();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sent);
        }

        Assert.Equal("request-unknown", (await shop.Client.GetAsync($"/v1/requests/{key}", shop.TillKey)).Problem);
        Assert.Equal("tombstone", Shop.Expect(200, await ReverseAsync(key)).Said("status"));
        if (isKilledBetween) await CrashAsync();

        var late = await network.DeliverAsync(service.Client.Http.BaseAddress!, copies: 2);
        Assert.Equal(2, late.Count);
        Assert.All(late, answer => Assert.Contains("/problems/reversed-before-arrival", answer, StringComparison.Ordinal));
        Assert.Equal("reversed", Shop.Expect(200, await shop.Client.GetAsync($"/v1/requests/{key}", shop.TillKey)).Said("status"));
        Shop.Expect(201, await shop.RedeemAsync(code));
        await AssertVerifiedAsync("redeemed");
    }

    [Fact]
    public async Task An_original_that_arrives_before_its_reversal_is_undone_and_its_late_copy_does_nothing()
    {
        await using var network = new SlowNetwork();
        var key = LedgerClient.NewKey();
        using (var till = new LedgerClient(new HttpClient { BaseAddress = network.Address }))
        {
            _ = till.PostAsync("/v1/redemptions", new { code, amount = 4200 }, shop.TillKey, key);
            await network.UnderWayAsync();
        }

        // The same request twice on the wire: one arrives, its answer is lost.
        var answers = await network.DeliverAsync(service.Client.Http.BaseAddress!, copies: 2);
        Assert.All(answers, answer => Assert.Contains("201 Created", answer, StringComparison.Ordinal));
        Assert.Equal("reversed", Shop.Expect(200, await ReverseAsync(key)).Said("status"));
        Assert.True(Shop.Expect(201, await shop.RedeemAsync(code, key)).IsReplayed);
        Assert.Equal("voided", Shop.Expect(200, await shop.Client.GetAsync($"/v1/redemptions/{code}-1", shop.TillKey)).Said("status"));
        await AssertVerifiedAsync("redeemed voided");
    }

    [Fact]
    public async Task The_service_is_killed_between_hold_and_commit_and_the_commit_gives_what_was_quoted()
    {
        var held = Shop.Expect(201, await HoldAsync());
        await CrashAsync();
        Assert.Equal("held", Shop.Expect(200, await shop.Client.GetAsync($"/v1/coupons/{code}", shop.TillKey)).Said("status"));
        var redeemed = Shop.Expect(201, await PostAsync($"/v1/holds/{held.Said("holdId")}/commit"));
        Assert.Equal(held["discount"].GetInt64(), redeemed["discount"].GetInt64());
        await AssertVerifiedAsync("held redeemed");
    }

    [Fact]
    public async Task The_service_is_killed_after_a_reversal_and_the_same_reversal_has_the_same_answer()
    {
        var (key, reversal) = (LedgerClient.NewKey(), LedgerClient.NewKey());
        var held = Shop.Expect(201, await HoldAsync(key));
        Shop.Expect(201, await PostAsync($"/v1/holds/{held.Said("holdId")}/commit", key + "-commit"));
        var reversed = Shop.Expect(200, await ReverseAsync(key + "-commit", reversal));
        await CrashAsync();
        Assert.Equal(reversed.Text, Shop.Expect(200, await ReverseAsync(key + "-commit", reversal)).Text);
        Assert.Equal("reversed", Shop.Expect(200, await ReverseAsync(key)).Said("status"));
        await AssertVerifiedAsync("held redeemed voided");
    }

    /// <summary>Routing leaves an encoded slash as it stands; the key is what the till sent.</summary>
    [Theory]
    [InlineData("a/b")]
    [InlineData("a%2Fb")]
    [InlineData("//?&#%25+")]
    public async Task Any_key_can_be_asked_for(string key)
    {
        var redeemed = Shop.Expect(201, await shop.RedeemAsync(code, key));
        Assert.Equal(redeemed.Text, Shop.Expect(200, await shop.Client.GetAsync($"/v1/requests/{Uri.EscapeDataString(key)}", shop.TillKey)).Text);
    }

    private Task<Answer> HoldAsync(string? key = null, int seconds = 120) => shop.Client.PostAsync("/v1/holds", new { code, amount = 4200, seconds }, shop.TillKey, key);

    private Task<Answer> PostAsync(string path, string? key = null) => shop.Client.PostAsync(path, null, shop.TillKey, key);

    private Task<Answer> ReverseAsync(string original, string? key = null) => shop.Client.PostAsync("/v1/reversals", new { request = original }, shop.TillKey, key);

    private async Task CrashAsync()
    {
        await service.DisposeAsync();
        service = await LedgerProcess.StartAsync(database.ConnectionString);
        shop = shop with { Client = service.Client };
    }

    /// <summary>The coupon's events after its issue, each by its last word.</summary>
    private async Task<string> LifeAsync() => string.Join(' ', await database.Source.ListAsync(
        "select type from ledger.mt_events where tenant_id = $1 and stream_id = $2 and version > 1 order by version", row => row.GetString(0).Split('_')[^1], shop.Id, $"coupon-{code}"));

    private async Task UntilAsync(string life)
    {
        for (var clock = Stopwatch.StartNew(); await LifeAsync() != life;)
        {
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(60), $"After a minute the coupon is {await LifeAsync()}.\n{service.Log}");
            await Task.Delay(50);
        }
    }

    private async Task AssertVerifiedAsync(string life)
    {
        Assert.Equal(life, await LifeAsync());
        await Books.AssertSoundAsync(database.Source);
        var audit = await Invocation.RunAsync(["audit", "verify", "--database", database.ConnectionString]);
        Assert.True(audit.Code == 0, audit.ToString());
    }
}
