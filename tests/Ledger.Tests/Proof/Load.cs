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
/// Workers that issue, redeem, hold, commit, release, void, return and reverse for several merchants over any number of services, and remember what
/// each was told. What was not answered is asked again later under its key; then the book must say exactly what the answers said.
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
    private readonly ConcurrentDictionary<Shop, ConcurrentQueue<string>> holds = new();

    /// <summary>Keys to reverse: of requests that were sent, answered or not.</summary>
    private readonly ConcurrentDictionary<Shop, ConcurrentQueue<string>> doubtful = new();

    /// <summary>Requests to send only now: their reversal went first.</summary>
    private readonly ConcurrentDictionary<Shop, ConcurrentQueue<Attempt>> overtaken = new();
    private int round;

    public int Acknowledged => attempts.Count(attempt => attempt.Answer?.Status is 200 or 201);

    public int Count => attempts.Count;

    /// <summary>How often what was asked for and what came of it: a load that is always refused would prove little.</summary>
    public string Summary => string.Join(", ", attempts
        .CountBy(attempt => $"{Verb(attempt.Path)} {Result(attempt.Answer!)}", StringComparer.Ordinal)
        .OrderBy(count => count.Key, StringComparer.Ordinal).Select(count => $"{count.Value} × {count.Key}"));

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
        Task.WhenAll(Enumerable.Range(0, workers).Select(worker => Task.Run(() => WorkAsync(clients[worker % clients.Count], new Random(unchecked((((seed * 31) + round) * 31) + worker)), stop), CancellationToken.None)));

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
        Assert.All(attempts, attempt => Assert.True(attempt.Answer!.Status is 200 or 201 or 404 or 409 or 422 or 423, $"{attempt}"));
        var stored = (await database.ListAsync(
                "select tenant_id, key, outcome::text, fingerprint = '' from ledger.requests",
                row => (Key: (row.GetString(0), row.GetString(1)), Outcome: row.GetString(2), IsTombstone: row.GetBoolean(3))))
            .ToDictionary(row => row.Key, row => (row.Outcome, row.IsTombstone));
        foreach (var attempt in attempts)
        {
            var isStored = stored.TryGetValue((attempt.Shop.Id, attempt.RequestKey), out var row);
            var (outcome, isTombstone) = row;
            var isAcknowledged = attempt.Answer!.Status is 200 or 201;
            Assert.True((isStored && !isTombstone) == isAcknowledged, $"{(isTombstone ? "A tombstone" : isStored ? "Stored" : "Not stored")}: {attempt}");
            Assert.True(isTombstone || attempt.Answer.Problem != "reversed-before-arrival", $"Without a tombstone: {attempt}");
            if (isAcknowledged) Assert.Equal(attempt.Answer.Text, System.Text.Encoding.UTF8.GetString(CanonicalJson.Of(System.Text.Encoding.UTF8.GetBytes(outcome!))));
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
        await AssertReversedAsync(database);
        await Books.AssertSoundAsync(database);
    }

    /// <summary>Of a request whose reversal was acknowledged nothing stands, and under a barred key nothing was ever done.</summary>
    private static async Task AssertReversedAsync(NpgsqlDataSource database)
    {
        Assert.Equal(0, await database.AskAsync<long>(
            """
            select count(*)
            from ledger.requests r
            join ledger.mt_events e on e.tenant_id = r.tenant_id and e.causation_id = r.outcome ->> 'request' and e.type in ('coupon_redeemed', 'coupon_held')
            where r.fingerprint <> '' and r.outcome ->> 'status' in ('reversed', 'tombstone') and coalesce((e.data ->> 'expiresAt')::timestamptz, 'infinity') > now() and not exists (
                select from ledger.mt_events u where u.tenant_id = e.tenant_id and u.stream_id = e.stream_id and u.version > e.version and (
                    (u.type = 'redemption_voided' and u.data ->> 'redemptionId' = e.data ->> 'redemptionId')
                    or (u.type = 'coupon_hold_released' and u.data ->> 'holdId' = e.data ->> 'holdId')
                    or (u.type = 'coupon_redeemed' and u.data ->> 'hold' = e.data ->> 'holdId')))
            """));
        Assert.Equal(0, await database.AskAsync<long>(
            "select count(*) from ledger.requests r join ledger.mt_events e on e.tenant_id = r.tenant_id and e.causation_id = r.key where r.fingerprint = ''"));
    }

    private static string Verb(string path) => path.Split('/') is [_, _, _, _, var verb] ? verb : path["/v1/".Length..];

    private static string Result(Answer answer) => answer.Problem.Length > 0 ? answer.Problem : answer.Json.TryGetProperty("status", out var status) ? status.GetString()! : "done";

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
        var member = string.Create(CultureInfo.InvariantCulture, $"m-{random.Next(60)}");
        var next = random.Next(16) switch
        {
            < 2 => Issue(Scarce),
            < 5 => Issue(Open),
            // Some redeem or hold a coupon of their own, some one that others redeem too.
            < 9 when Of(codes).TryDequeue(out var code) => Use(code, "/v1/redemptions"),
            < 11 when Of(codes).TryDequeue(out var code) => Use(code, "/v1/holds"),
            11 when Of(holds).TryDequeue(out var hold) => Till($"/v1/holds/{hold}/{(random.Next(3) == 0 ? "release" : "commit")}", null),
            12 when Of(redemptions).TryDequeue(out var redemption) => Till($"/v1/redemptions/{redemption}/{(random.Next(4) == 0 ? "returns" : "void")}", null),
            13 when Of(doubtful).TryDequeue(out var original) => Reverse(original),
            14 when Of(codes).TryDequeue(out var code) => Overtake(Use(code, random.Next(2) == 0 ? "/v1/redemptions" : "/v1/holds")),
            15 when Of(overtaken).TryDequeue(out var late) => late,
            _ => Issue(Open),
        };
        if (next.ApiKey == shop.TillKey && random.Next(4) == 0) Of(doubtful).Enqueue(next.RequestKey);
        return next;

        ConcurrentQueue<T> Of<T>(ConcurrentDictionary<Shop, ConcurrentQueue<T>> queues) => queues.GetOrAdd(shop, _ => []);

        Attempt Issue(string campaign) => new(shop, shop.MerchantKey, "/v1/coupons", $$"""{"campaign":"{{campaign}}","member":"{{member}}"}""", key);

        Attempt Till(string path, string? body) => new(shop, shop.TillKey, path, body, key);

        Attempt Use(string code, string path)
        {
            if (random.Next(3) == 0) Of(codes).Enqueue(code);
            return random.Next(4) == 0 && Of(codes).TryDequeue(out var other) && other != code
                ? Till(path, $$"""{"coupons":[{"code":"{{code}}"},{"code":"{{other}}"}],"amount":9900}""")
                : Till(path, $$"""{"code":"{{code}}","amount":4200}""");
        }

        Attempt Reverse(string original)
        {
            if (random.Next(4) == 0) Of(doubtful).Enqueue(original);
            return Till("/v1/reversals", $$"""{"request":"{{original}}"}""") with { RequestKey = $"{key}-reversal" };
        }

        Attempt Overtake(Attempt original)
        {
            Of(overtaken).Enqueue(original);
            return Reverse(original.RequestKey);
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
            else if (attempt.Path == "/v1/holds") holds.GetOrAdd(attempt.Shop, _ => []).Enqueue(answer.Said("holdId"));
            else redemptions.GetOrAdd(attempt.Shop, _ => []).Enqueue(answer.Said("redemptionId"));
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
        {
            // The service is gone: nobody knows.
        }
    }
}
