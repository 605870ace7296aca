using System.Text.Json;
using Ledger.Coupons.Redemptions;
using Ledger.Postgres;
using Ledger.Postgres.Audit;
using Ledger.Reversals;
using NodaTime;
using Xunit;

namespace Ledger.Tests.Proof;

/// <summary>Originals and their reversals at once, from many clients and over two instances; and what happens where a tombstone is stolen.</summary>
public sealed class ReversalRaceTests(LedgerApp app) : IClassFixture<LedgerApp>
{
    private const int Clients = 16;

    [Fact]
    public async Task Original_and_reversal_from_sixteen_clients_leave_no_redemption_that_stands()
    {
        await using var second = LedgerApp.Start(app.ConnectionString);
        using var client = new LedgerClient(second.CreateClient());
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring");
        Shop[] both = [shop, shop with { Client = client }];
        var (voided, barred) = (0, 0);
        for (var round = 0; round < 40; round++)
        {
            var (code, key) = (await shop.IssueAsync("spring"), LedgerClient.NewKey());
            // Even rounds begin with an original, odd ones with a reversal, the first two for certain; each client is on one of two instances.
            Task<Answer> Send(int n) => Task.Run(() => (n + round) % 2 == 0 ? both[n / 2 % 2].RedeemAsync(code, key) : Api.ReversalTests.ReverseAsync(both[n / 2 % 2], key));
            var first = Send(0);
            if (round < 2) await first;
            var answers = await Task.WhenAll([first, .. Enumerable.Range(1, Clients - 1).Select(Send)]);

            var (originals, reversals) = (answers.Where((_, n) => (n + round) % 2 == 0).ToList(), answers.Where((_, n) => (n + round) % 2 == 1).ToList());
            Assert.All(reversals, reversal => Assert.Equal(200, reversal.Status));
            var status = Assert.Single(reversals.Select(reversal => reversal.Said("status")).Distinct(StringComparer.Ordinal));
            if (status == "tombstone") barred++;
            else voided++;
            // Either the original came first: then all its copies have one answer, and it was voided; or it is refused whenever it comes.
            Assert.All(originals, original => Assert.Equal(status == "tombstone" ? "reversed-before-arrival" : "", original.Problem));
            if (status == "reversed") Assert.Single(originals.Select(original => original.Text).Distinct(StringComparer.Ordinal));
            Assert.Equal("effective", Shop.Expect(200, await shop.Client.GetAsync($"/v1/coupons/{code}", shop.TillKey)).Said("status"));
        }

        Assert.True(voided > 0 && barred > 0, $"{voided} were voided and {barred} barred: one order was never met.");
        Assert.Equal(voided, await CountAsync(shop, "coupon_redeemed"));
        Assert.Equal(voided, await CountAsync(shop, "redemption_voided"));
        Assert.Equal(barred, await CountAsync(shop, "request_reversed_before_arrival"));
        await Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task Hold_commit_and_their_reversals_at_once_leave_the_coupon_free_or_redeemed_as_answered()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring");
        for (var round = 0; round < 20; round++)
        {
            var (code, key) = (await shop.IssueAsync("spring"), LedgerClient.NewKey());
            var held = Shop.Expect(201, await shop.Client.PostAsync("/v1/holds", new { code, amount = 4200 }, shop.TillKey, key)).Said("holdId");
            var answers = await Task.WhenAll(Enumerable.Range(0, Clients).Select(n => Task.Run(() => n % 4 < 2
                ? shop.Client.PostAsync($"/v1/holds/{held}/commit", null, shop.TillKey, $"{key}-commit")
                : Api.ReversalTests.ReverseAsync(shop, n % 4 == 2 || round % 2 == 0 ? key : $"{key}-commit"))));

            // The reversal of the hold is refused only because the commit was carried out; the commit stands unless its own reversal was accepted.
            Assert.All(answers, answer => Assert.Contains(answer.Status, new[] { 200, 201, 404, 409 }));
            var isCommitted = answers.Any(answer => answer.Status == 201);
            var isCommitReversed = answers.Where((_, n) => n % 4 == 3 && round % 2 == 1).Any(answer => answer.Status == 200);
            var now = Shop.Expect(200, await shop.Client.GetAsync($"/v1/coupons/{code}", shop.TillKey)).Said("status");
            Assert.Equal(isCommitted && !isCommitReversed ? "used" : answers.Where((_, n) => n % 4 == 2).Any(answer => answer.Status == 200) || isCommitted ? "effective" : "held", now);
        }

        await Books.AssertSoundAsync(app.Database);
    }

    [Fact]
    public async Task A_tombstone_and_its_original_in_one_batch_are_decided_in_their_order()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring");
        var (code, scribes, now) = (await shop.IssueAsync("spring"), app.Service<Scribes>(), SystemClock.Instance.GetCurrentInstant());
        List<Task<Outcome>> batch;
        await using (await Hold.TakeAsync(app.Database, shop.Id, () => shop.TryIssueAsync("spring", "m-held")))
        {
            // In the queue of one scribe, in this order; nobody has seen any of them yet.
            batch =
            [
                .. new[] { Reverse("first", "first-reversal"), Redeem("first"), Redeem("second"), Reverse("second", "second-reversal"), Reverse("first", "again") }
                    .Select(operation => scribes.SubmitAsync(operation, CancellationToken.None)),
            ];
            Assert.Equal("request-unknown", (await shop.Client.GetAsync("/v1/requests/second", shop.TillKey)).Problem);
        }

        var outcomes = await Task.WhenAll(batch);
        var became = outcomes.Select(outcome => outcome switch
        {
            Outcome.Accepted accepted => JsonSerializer.Deserialize<JsonElement>(accepted.Answer.Span).GetProperty("status").GetString(),
            Outcome.Rejected(var reason) => reason.Slug,
            _ => "",
        });
        Assert.Equal("tombstone reversed-before-arrival redeemed reversed tombstone", string.Join(' ', became));
        Assert.Equal($"{code}-2", Shop.Expect(201, await shop.RedeemAsync(code)).Said("redemptionId"));
        await Books.AssertSoundAsync(app.Database);

        Request Ask(string key) => new(shop.Id, key, new byte[32], "test", Times.Cut(now));

        Operation Redeem(string key) => TillOperations.Redeem(Ask(key), code, new(42_00), now, null, null, null);

        Operation Reverse(string original, string key) => ReversalOperations.Reverse(Ask(key), original, now, now.InUtc().Date, null);
    }

    private Task<long> CountAsync(Shop shop, string type) =>
        app.Database.AskAsync<long>("select count(*) from ledger.mt_events where tenant_id = $1 and type = $2", shop.Id, type);
}

/// <summary>A tombstone that somebody takes away lets its original in: the audit names the row, and the entries that came in.</summary>
public sealed class StolenTombstoneTests(LedgerApp app) : IClassFixture<LedgerApp>
{
    [Fact]
    public async Task What_came_in_where_a_tombstone_was_taken_away_is_found()
    {
        var shop = await app.OpenShopAsync();
        await shop.CampaignAsync("spring");
        var (code, key) = (await shop.IssueAsync("spring"), LedgerClient.NewKey());
        Shop.Expect(200, await Api.ReversalTests.ReverseAsync(shop, key));
        await app.Database.ExecuteAsync("delete from ledger.requests where tenant_id = $1 and key = $2", shop.Id, key);
        Shop.Expect(201, await shop.RedeemAsync(code, key));

        var report = await BookAudit.RunAsync(app.Database, new());
        var head = await app.Database.AskAsync<long>("select head from ledger.books where tenant_id = $1", shop.Id);
        Assert.Equal([new BarredRequestCarriedOut(shop.Id, head, key), new RowMissing(shop.Id, "requests", key)], report.Findings);
    }
}
