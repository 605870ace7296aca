using Ledger.Api;
using Microsoft.AspNetCore.Mvc.Testing;
using Xunit;

namespace Ledger.Tests.Proof;

/// <summary>A connection that is cut in the middle of COMMIT: the answer is "unknown", and the request key tells later.</summary>
public sealed class UnknownOutcomeTests(LedgerDatabase database) : IClassFixture<LedgerDatabase>, IAsyncLifetime
{
    private TcpProxy proxy = null!;
    private WebApplicationFactory<Callers> service = null!;
    private LedgerClient client = null!;
    private Shop shop = null!;

    public async Task InitializeAsync()
    {
        proxy = new(database.ConnectionString);
        service = LedgerApp.Start(proxy.ConnectionString);
        client = new(service.CreateClient());
        shop = await Shop.OpenAsync(client, await database.Source.PlatformKeyAsync());
        await shop.CampaignAsync("spring");
    }

    public async Task DisposeAsync()
    {
        client.Dispose();
        await service.DisposeAsync();
        await proxy.DisposeAsync();
    }

    [Theory]
    [InlineData(Cut.AfterCommit, true)]
    [InlineData(Cut.BeforeCommit, false)]
    public async Task A_connection_cut_at_commit_answers_unknown_and_the_same_key_resolves_to_one_redemption(Cut where, bool wasCarriedOut)
    {
        var code = await shop.IssueAsync("spring");
        var key = LedgerClient.NewKey();
        proxy.CutNext(where);

        var cut = await shop.RedeemAsync(code, key);

        Assert.Equal((503, "outcome-unknown"), (cut.Status, cut.Problem));
        Assert.True(cut["retryable"].GetBoolean());
        Assert.Equal(TimeSpan.FromSeconds(1), cut.Headers.RetryAfter!.Delta);
        Assert.Equal(1, proxy.Cuts);
        Assert.Equal(wasCarriedOut ? 200 : 404, (await client.GetAsync($"/v1/requests/{key}", shop.TillKey)).Status);

        var resolved = Shop.Expect(201, await shop.RedeemAsync(code, key));
        Assert.Equal(wasCarriedOut, resolved.IsReplayed);
        Assert.Equal(resolved.Text, Shop.Expect(201, await shop.RedeemAsync(code, key)).Text);
        Assert.Equal(1, await database.Source.AskAsync<long>(
            "select count(*) from ledger.mt_events where type = 'coupon_redeemed' and stream_id = 'coupon-' || $1", code));
        await Books.AssertSoundAsync(database.Source);
    }

    [Theory]
    [InlineData(Cut.AfterCommit)]
    [InlineData(Cut.BeforeCommit)]
    public async Task Every_operation_of_the_cut_batch_is_unknown_and_resolves_by_its_key(Cut where)
    {
        var requests = Enumerable.Range(0, 40).Select(n => (Member: FormattableString.Invariant($"m-{n}"), Key: LedgerClient.NewKey())).ToList();
        List<Task<Answer>> sent = [];
        await using (await Hold.TakeAsync(database.Source, shop.Id, () => shop.TryIssueAsync("spring", "m-held")))
        {
            sent.AddRange(requests.Select(request => shop.TryIssueAsync("spring", request.Member, request.Key)));
            await Task.Delay(200);
            proxy.CutNext(where);
        }

        var answers = await Task.WhenAll(sent);
        Assert.All(answers, answer => Assert.True(answer.Status == 201 || answer.Problem == "outcome-unknown", answer.ToString()));
        foreach (var (member, key) in requests) Shop.Expect(201, await shop.TryIssueAsync("spring", member, key));
        Assert.Equal(0, await database.Source.AskAsync<long>(
            "select count(*) from (select 1 from ledger.mt_events where type = 'coupon_issued' group by tenant_id, causation_id having count(*) > 1) as twice"));
        await Books.AssertSoundAsync(database.Source);
    }

    [Fact]
    public async Task Readiness_asks_the_database_itself_and_forgets_connections_that_died()
    {
        Assert.Equal(200, (await client.SendAsync(HttpMethod.Get, "/healthz/ready", null, null)).Status);
        proxy.Sever();
        Assert.Equal(503, (await client.SendAsync(HttpMethod.Get, "/healthz/ready", null, null)).Status);
        proxy.Restore();
        Assert.Equal(200, (await client.SendAsync(HttpMethod.Get, "/healthz/ready", null, null)).Status);
        Shop.Expect(200, await client.GetAsync("/v1/campaigns", shop.MerchantKey));
    }

    [Fact]
    public async Task A_lost_database_answers_unavailable_and_the_service_recovers_by_itself()
    {
        var code = await shop.IssueAsync("spring");
        var key = LedgerClient.NewKey();
        proxy.Sever();

        for (var n = 0; n < 3; n++)
        {
            var lost = await shop.RedeemAsync(code, key);
            Assert.Equal((503, "database-unavailable"), (lost.Status, lost.Problem));
            Assert.NotNull(lost.Headers.RetryAfter);
        }

        Assert.Equal(503, (await client.SendAsync(HttpMethod.Get, "/healthz/ready", null, null)).Status);
        Assert.Equal(200, (await client.SendAsync(HttpMethod.Get, "/healthz/live", null, null)).Status);
        Assert.Equal("database-unavailable", (await client.GetAsync($"/v1/coupons/{code}", shop.TillKey)).Problem);

        proxy.Restore();
        Assert.Equal(200, (await client.SendAsync(HttpMethod.Get, "/healthz/ready", null, null)).Status);
        Assert.False(Shop.Expect(201, await shop.RedeemAsync(code, key)).IsReplayed);
    }

    /// <summary>As while a failover lasts.</summary>
    [Fact]
    public async Task Where_none_of_several_hosts_takes_writes_the_database_is_unavailable()
    {
        var several = new Npgsql.NpgsqlConnectionStringBuilder(proxy.ConnectionString);
        several.Host = $"{several.Host},{several.Host}";
        await using var other = LedgerApp.Start(several.ConnectionString);
        using var asking = new LedgerClient(other.CreateClient());
        Shop.Expect(200, await asking.GetAsync("/v1/campaigns", shop.MerchantKey));
        proxy.Sever();
        foreach (var lost in new[] { await asking.GetAsync("/v1/campaigns", shop.MerchantKey), await asking.PostAsync("/v1/redemptions", new { code = "0000000000000", amount = 4200 }, shop.TillKey) })
            Assert.Equal((503, "database-unavailable"), (lost.Status, lost.Problem));
        proxy.Restore();
    }
}
