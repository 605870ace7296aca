using Ledger.Postgres;
using NodaTime;
using Xunit;

namespace Ledger.Tests.Proof;

/// <summary>More requests than the queue holds: those beyond it are told so at once, and nothing of them is done.</summary>
public sealed class OverloadTests(LedgerApp app) : IClassFixture<LedgerApp>
{
    [Fact]
    public async Task A_full_queue_answers_overloaded_with_retry_after_and_does_nothing()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring");
        var codes = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => shop.IssueAsync("spring")));
        var keys = codes.Select(_ => LedgerClient.NewKey()).ToList();
        var scribes = app.Service<Scribes>();
        var waiting = new List<Task<Outcome>>();
        Answer[] refused;

        await using (await Hold.TakeAsync(app.Database, shop.Id, () => shop.TryIssueAsync("spring", "m-held")))
        {
            for (var n = 0; n < Limits.Queue; n++) waiting.Add(scribes.SubmitAsync(Ask(shop.Id), default));
            refused = await Task.WhenAll(codes.Zip(keys, (code, key) => shop.RedeemAsync(code, key)));
        }

        Assert.All(refused, answer =>
        {
            Assert.Equal((503, "overloaded"), (answer.Status, answer.Problem));
            Assert.Equal(TimeSpan.FromSeconds(1), answer.Headers.RetryAfter!.Delta);
            Assert.True(answer["retryable"].GetBoolean());
        });
        await Task.WhenAll(waiting);
        Assert.Equal(0, await app.Database.AskAsync<long>("select count(*) from ledger.mt_events where tenant_id = $1 and type = 'coupon_redeemed'", shop.Id));

        // The same requests again, now that there is room.
        foreach (var (code, key) in codes.Zip(keys)) Assert.False(Shop.Expect(201, await shop.RedeemAsync(code, key)).IsReplayed);
    }

    /// <summary>An operation that changes nothing.</summary>
    private static Operation Ask(string book) => new(new(book, null, default, "test", SystemClock.Instance.GetCurrentInstant()), [], [], _ => new Verdict.Accepted([], "nothing"));
}
