using System.Collections.Concurrent;
using System.Globalization;
using Npgsql;
using Xunit;

namespace Ledger.Tests.Proof;

/// <summary>One request of a load, and its answer once it has one.</summary>
internal sealed record Attempt(Shop Shop, string ApiKey, string Path, string? Body, string RequestKey)
{
    /// <summary>Null while nobody knows what became of it.</summary>
    public Answer? Answer { get; set; }
}

/// <summary>
/// Workers that issue, redeem and void for several merchants over any number of services, and remember what each was told. What was not
/// answered is asked again later under its key; then the book must say exactly what the answers said.
/// </summary>
internal sealed class Load(IReadOnlyList<Shop> shops, int seed)
{
    /// <summary>Of a round's campaign: small, so that every round meets its limits.</summary>
    public const int Quota = 60;

    public const int PerMember = 2;

    private const string Open = "open";

    private readonly ConcurrentQueue<Attempt> attempts = [];
    private readonly ConcurrentDictionary<Shop, ConcurrentQueue<string>> codes = new();
    private readonly ConcurrentDictionary<Shop, ConcurrentQueue<string>> redemptions = new();
    private int round;

    public int Acknowledged => attempts.Count(attempt => attempt.Answer?.Status is 200 or 201);

    public int Count => attempts.Count;

    /// <summary>Requests that had no answer when their round ended.</summary>
    public int Unanswered { get; private set; }

    /// <summary>A campaign without limits that lasts, and one for the round with small limits.</summary>
    public async Task PrepareAsync(LedgerClient client)
    {
        round++;
        foreach (var shop in shops.Select(shop => shop with { Client = client }))
        {
            if (round == 1) await shop.CampaignAsync(Open);
            await shop.CampaignAsync(Scarce, Quota, Shop.Terms[..^1] + $$""","limits":{"perMember":{{PerMember}} } }""");
        }
    }

    private string Scarce => string.Create(CultureInfo.InvariantCulture, $"scarce-{round}");

    /// <summary>Runs until cancelled; a worker that gets no answer stops, as a till would wait.</summary>
    public Task RunAsync(IReadOnlyList<LedgerClient> clients, int workers, CancellationToken stop) =>
        Task.WhenAll(Enumerable.Range(0, workers).Select(worker => Task.Run(() => WorkAsync(clients[worker % clients.Count], new Random(HashCode.Combine(seed, round, worker)), stop), CancellationToken.None)));

    /// <summary>Asks again, under the same key, what was not answered.</summary>
    public async Task ResolveAsync(LedgerClient client)
    {
        var open = attempts.Where(attempt => attempt.Answer is null).ToList();
        Unanswered += open.Count;
        foreach (var attempt in open)
        {
            for (var tries = 1; attempt.Answer is null; tries++)
            {
                await SendAsync(client, attempt);
                Assert.True(attempt.Answer is not null || tries < 40, $"{attempt} is not answered.");
                if (attempt.Answer is null) await Task.Delay(100);
            }
        }
    }

    /// <summary>The book says what the answers said: nothing lost, nothing twice, no limit exceeded, everything sound.</summary>
    public async Task AssertBookAgreesAsync(NpgsqlDataSource database)
    {
        Assert.All(attempts, attempt => Assert.True(attempt.Answer!.Status is 200 or 201 or 404 or 409 or 422, $"{attempt}"));
        var stored = (await database.ListAsync(
                "select tenant_id, key, outcome::text from ledger.requests", row => (Key: (row.GetString(0), row.GetString(1)), Outcome: row.GetString(2))))
            .ToDictionary(row => row.Key, row => row.Outcome);
        foreach (var attempt in attempts)
        {
            var isStored = stored.TryGetValue((attempt.Shop.Id, attempt.RequestKey), out var outcome);
            var isAcknowledged = attempt.Answer!.Status is 200 or 201;
            Assert.True(isStored == isAcknowledged, $"{(isStored ? "Stored" : "Not stored")}: {attempt}");
            if (isStored) Assert.Equal(attempt.Answer.Text, System.Text.Encoding.UTF8.GetString(CanonicalJson.Of(System.Text.Encoding.UTF8.GetBytes(outcome!))));
        }

        Assert.Equal(0, await database.AskAsync<long>(
            """
            select count(*) from (
                select 1 from ledger.mt_events where type = 'coupon_issued' and data ->> 'campaign' like 'scarce-%'
                group by tenant_id, data ->> 'campaign' having count(*) > $1
                union all
                select 1 from ledger.mt_events where type = 'coupon_issued' and data ->> 'campaign' like 'scarce-%'
                group by tenant_id, data ->> 'campaign', data ->> 'member' having count(*) > $2
            ) as exceeded
            """, Quota, PerMember));
        await Books.AssertSoundAsync(database);
    }

    private async Task WorkAsync(LedgerClient client, Random random, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var attempt = Next(random);
            attempts.Enqueue(attempt);
            await SendAsync(client, attempt);
            if (attempt.Answer is null) return;
            // The same again, as a till does that was too impatient: the answer must be the same.
            if (random.Next(20) == 0 && attempt.Answer.Status is 200 or 201)
            {
                var again = attempt with { Answer = null };
                await SendAsync(client, again);
                if (again.Answer is not null) Assert.Equal(attempt.Answer.Text, again.Answer.Text);
            }
        }
    }

    private Attempt Next(Random random)
    {
        var shop = shops[random.Next(shops.Count)];
        var key = string.Create(CultureInfo.InvariantCulture, $"load-{round}-{random.NextInt64():x}");
        var (known, used) = (codes.GetOrAdd(shop, _ => []), redemptions.GetOrAdd(shop, _ => []));
        var member = string.Create(CultureInfo.InvariantCulture, $"m-{random.Next(60)}");
        return random.Next(10) switch
        {
            < 2 => new(shop, shop.MerchantKey, "/v1/coupons", $$"""{"campaign":"{{Scarce}}","member":"{{member}}"}""", key),
            < 5 => new(shop, shop.MerchantKey, "/v1/coupons", $$"""{"campaign":"{{Open}}","member":"{{member}}"}""", key),
            // Some redeem a coupon of their own, some one that others redeem too.
            < 9 when known.TryDequeue(out var code) => Redeem(code, random.Next(3) == 0),
            9 when used.TryDequeue(out var redemption) => new(shop, shop.TillKey, $"/v1/redemptions/{redemption}/void", null, key),
            _ => new(shop, shop.MerchantKey, "/v1/coupons", $$"""{"campaign":"{{Open}}","member":"{{member}}"}""", key),
        };

        Attempt Redeem(string code, bool again)
        {
            if (again) known.Enqueue(code);
            return new(shop, shop.TillKey, "/v1/redemptions", $$"""{"code":"{{code}}","amount":4200}""", key);
        }
    }

    private async Task SendAsync(LedgerClient client, Attempt attempt)
    {
        try
        {
            var answer = await client.PostAsync(attempt.Path, attempt.Body, attempt.ApiKey, attempt.RequestKey);
            if (answer.Status == 503) return;
            attempt.Answer = answer;
            if (answer.Status != 201) return;
            if (attempt.Path == "/v1/coupons") codes.GetOrAdd(attempt.Shop, _ => []).Enqueue(answer.Said("code"));
            else redemptions.GetOrAdd(attempt.Shop, _ => []).Enqueue(answer.Said("redemptionId"));
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
        {
            // The service is gone: nobody knows.
        }
    }
}
