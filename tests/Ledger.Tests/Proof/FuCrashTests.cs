using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Ledger.Postgres;
using Ledger.Postgres.Local;
using NodaTime;
using Npgsql;
using Xunit;
using Xunit.Abstractions;
using static Ledger.Tests.Shop;

namespace Ledger.Tests.Proof;

/// <summary>
/// kill -9 of the service while a crowd draws, gives, swaps, begs and composes, and again while the campaign is sealed: no card is lost or doubled, and every
/// card that was acknowledged is there once. <c>LEDGER_LONG</c> plays several campaigns, <c>LEDGER_SEED</c> repeats the moments.
/// </summary>
public sealed class FuCrashTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Users = 24;
    private static readonly string[] s_five = ["1001", "1002", "1003", "1004", "1005"];
    private static readonly int s_campaigns = Environment.GetEnvironmentVariable("LEDGER_LONG") is "1" or "full" ? 5 : 1;
    private static readonly int s_seed = int.TryParse(Environment.GetEnvironmentVariable("LEDGER_SEED"), CultureInfo.InvariantCulture, out var set) ? set : 20260216;

    private readonly string folder = PostgresServer.NewFolder();
    private readonly ConcurrentDictionary<string, int> answers = new(StringComparer.Ordinal);
    private LocalPostgres postgres = null!;
    private NpgsqlDataSource database = null!;
    private volatile LedgerProcess service = null!;
    private Shop owner = null!;
    private Shop cafe = null!;

    public async Task InitializeAsync()
    {
        postgres = await LocalPostgres.StartAsync(new() { DataDir = folder });
        database = NpgsqlDataSource.Create(postgres.ConnectionString);
        await new Migrations(database).ApplyAsync();
        service = await LedgerProcess.StartAsync(postgres.ConnectionString);
    }

    public async Task DisposeAsync()
    {
        await service.DisposeAsync();
        await database.DisposeAsync();
        await postgres.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Cards_are_neither_lost_nor_doubled_when_the_service_is_killed_while_they_change_hands_and_while_the_campaign_is_sealed()
    {
        var random = new Random(s_seed);
        var platform = await database.PlatformKeyAsync();
        (owner, cafe) = (await OpenAsync(service.Client, platform), await OpenAsync(service.Client, platform));
        await cafe.CampaignAsync("tea", quota: 40 * s_campaigns);
        var open = Duration.FromSeconds(3.5);
        for (var (n, played) = (1, 0); played < s_campaigns; n++)
        {
            var campaign = string.Create(CultureInfo.InvariantCulture, $"fu-{n}");
            var deadline = await CommitAsync(campaign, open);
            var drawn = new ConcurrentBag<Drawn>();
            var seeds = Enumerable.Range(0, Users).Select(_ => random.Next()).ToList();
            var crowd = Task.WhenAll(seeds.Select((seed, user) => Task.Run(() => PlayAsync(campaign, user, seed, drawn))));

            // Once in the middle: a moment by what was done, as machines differ; once soon after the deadline.
            var enough = random.Next(30, 300);
            while (drawn.Count < enough && SystemClock.Instance.GetCurrentInstant() < deadline) await Task.Delay(5);
            await CrashAsync();
            var late = deadline + Duration.FromMilliseconds(random.Next(0, 1_100)) - SystemClock.Instance.GetCurrentInstant();
            if (late > Duration.Zero) await Task.Delay(late.ToTimeSpan());
            await CrashAsync();
            await crowd;

            // Where a start takes as long as the campaign is open nobody drew: that shows nothing, and the next one is open longer.
            if (drawn.IsEmpty) open *= 2;
            else played++;
            Assert.True(open < Duration.FromMinutes(2), $"Nobody draws.\n{service.Log}");
            await AssertSettledAsync(campaign, [.. drawn]);
        }

        await Books.AssertSoundAsync(database);
        output.WriteLine($"Seed {s_seed}: {string.Join(", ", answers.OrderByDescending(pair => pair.Value).Select(pair => $"{pair.Value} {pair.Key}"))}");
    }

    /// <returns>Its deadline, a few seconds from now.</returns>
    private async Task<Instant> CommitAsync(string campaign, Duration open)
    {
        for (var lead = 1.5; ; lead *= 2)
        {
            var opens = SystemClock.Instance.GetCurrentInstant() + Duration.FromSeconds(lead);
            var deadline = opens + open;
            object Source(string name, int[] weights, bool isOfMerchants = false) => new { name, weights, perDay = 500, isOfMerchants };
            Expect(201, await service.Client.PostAsync("/v1/fu-campaigns", new
            {
                id = campaign,
                name = campaign,
                types = s_five.Append("wild").Select(code => new { code, name = code, kind = code == "wild" ? "wild" : "five" }),
                sources = (object[])[Source("scan", [20, 20, 20, 20, 18, 2]), Source("shops", [1, 1, 1, 1, 1, 0], isOfMerchants: true)],
                opensAt = $"{opens}",
                deadline = $"{deadline}",
                claimsUntil = $"{deadline + Duration.FromDays(1)}",
                pot = new { amount = 100_000 },
                beaconChain = "drand",
                beaconRound = 1_000,
                limits = new { draws = 1_000, gifts = 1_000, begs = 1_000 },
                shards = 3,
            }, owner.MerchantKey));
            var committed = await service.Client.PostAsync($"/v1/fu-campaigns/{campaign}/commit", null, owner.MerchantKey);
            if (committed.Problem == "fu-commit-too-late") continue;
            Expect(200, committed);
            Expect(201, await service.Client.PostAsync("/v1/fu-participations", new { owner = owner.Id, campaign, couponCampaign = "tea" }, cafe.MerchantKey));
            Expect(201, await service.Client.PostAsync($"/v1/fu-campaigns/{campaign}/issues", new { merchant = cafe.Id, quota = 60 }, owner.MerchantKey));
            return deadline;
        }
    }

    private async Task CrashAsync()
    {
        var old = service;
        await old.KillAsync();
        service = await LedgerProcess.StartAsync(postgres.ConnectionString);
        await old.DisposeAsync();
    }

    /// <summary>One of the crowd, until the deadline. What is not answered is sent again under its key until it is, so that at the end nothing is in doubt.</summary>
    private async Task PlayAsync(string campaign, int number, int seed, ConcurrentBag<Drawn> drawn)
    {
        var (random, me, n) = (new Random(seed), NameOf(number), 0);
        var cards = new List<string>();
        while (await SendAsync(campaign, "", new { user = me }) is { Status: not 201 } early)
        {
            if (early.Problem == "fu-campaign-is-sealed") return;
            await Task.Delay(20);
        }

        while (true)
        {
            var other = NameOf((number + random.Next(1, Users)) % Users);
            var (mine, any) = (cards.Count == 0 ? s_five[0] : cards[random.Next(cards.Count)], s_five[random.Next(5)]);
            Answer answer;
            switch (random.Next(10))
            {
                case < 5:
                    var (source, reference) = (random.Next(4) == 0 ? "shops" : "scan", string.Create(CultureInfo.InvariantCulture, $"{me}-{++n}"));
                    answer = await SendAsync(campaign, $"/{me}/draws", new { source, @ref = reference, merchant = source == "shops" ? cafe.Id : null });
                    if (answer.Status == 201) drawn.Add(new(me, answer["draws"].GetInt64(), answer.Said("drawn"), source, source == "shops" ? $"{cafe.Id}/{reference}" : reference));
                    break;
                case 5:
                    answer = await SendAsync(campaign, $"/{me}/offers", new { type = mine, to = random.Next(2) == 0 ? other : null });
                    if (answer.Status == 201) await SendAsync(campaign, $"/{me}/offers/{answer["exchange"]}/take", new { by = other });
                    break;
                case 6:
                    answer = await SendAsync(campaign, $"/{me}/offers", new { type = mine, want = any });
                    if (answer.Status == 201) await SendAsync(campaign, $"/{me}/offers/{answer["exchange"]}/answer", new { by = other, type = any });
                    break;
                case 7:
                    answer = await SendAsync(campaign, $"/{me}/begs", new { type = any });
                    if (answer.Status == 201) await SendAsync(campaign, $"/{me}/begs/{answer["exchange"]}/fulfil", new { by = other, type = any });
                    break;
                case 8:
                    answer = await SendAsync(campaign, $"/{me}/wild", new { type = any });
                    break;
                default:
                    answer = await SendAsync(campaign, $"/{me}/compose", null);
                    break;
            }

            if (answer.Problem == "fu-campaign-is-sealed") return;
            if (answer.Status is 200 or 201) cards = [.. answer["cards"].EnumerateArray().Select(held => held.GetProperty("type").GetString()!)];
        }
    }

    private async Task<Answer> SendAsync(string campaign, string path, object? body)
    {
        var key = LedgerClient.NewKey();
        while (true)
        {
            try
            {
                var answer = await service.Client.PostAsync($"/v1/fu-campaigns/{campaign}/hands{path}", body, owner.MerchantKey, key);
                if (answer.Status >= 500) continue;
                answers.AddOrUpdate(answer.Problem.Length > 0 ? answer.Problem : path.Length == 0 ? "hands" : path[(path.LastIndexOf('/') + 1)..], 1, (_, count) => count + 1);
                return answer;
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException or JsonException or ObjectDisposedException)
            {
                await Task.Delay(20);
            }
        }
    }

    private async Task AssertSettledAsync(string campaign, IReadOnlyList<Drawn> acknowledged)
    {
        var page = Expect(200, await service.Client.GetAsync($"/v1/fu-campaigns/{campaign}", owner.TillKey));
        for (var tries = 0; page.Said("status") != "sealed"; tries++)
        {
            Assert.True(tries < 600, $"{page}\n{service.Log}");
            await Task.Delay(50);
            page = Expect(200, await service.Client.GetAsync($"/v1/fu-campaigns/{campaign}", owner.TillKey));
        }

        // Every card that was acknowledged is in the books once, as it was told; and no other is.
        Assert.Equal(
            acknowledged.OrderBy(card => card.Ref, StringComparer.Ordinal),
            (await database.ListAsync(
                "select data ->> 'user', (data ->> 'index')::bigint, data ->> 'type', data ->> 'source', data ->> 'ref' from ledger.mt_events where type = 'card_drawn' and data ->> 'campaign' = $1",
                row => new Drawn(row.GetString(0), row.GetInt64(1), row.GetString(2), row.GetString(3), row.GetString(4)), campaign)).OrderBy(card => card.Ref, StringComparer.Ordinal));

        var held = (await database.ListAsync(
            """
            select cards ->> 'type', sum((cards ->> 'count')::bigint)::bigint from ledger.mt_streams cross join jsonb_array_elements(state::jsonb -> 'cards') as cards
            where type = 'fuhand' and id like 'fuhand-' || $1 || '/%' group by 1
            """, row => (row.GetString(0), row.GetInt64(1)), campaign)).ToDictionary(row => row.Item1, row => row.Item2, StringComparer.Ordinal);
        var wilds = 0L;
        foreach (var sums in Expect(200, await service.Client.GetAsync($"/v1/fu-campaigns/{campaign}/cards", owner.MerchantKey)).Json.EnumerateArray())
        {
            long Of(string fate) => sums.GetProperty(fate).GetInt64();
            var type = sums.GetProperty("type").GetString()!;
            Assert.Equal((0, 0, 0), (Of("difference"), Of("escrowed"), Of("onTheirWay")));
            Assert.Equal(held.GetValueOrDefault(type), Of("owned"));
            wilds += Of("consumed") - (Of("minted") - acknowledged.Count(card => card.Type == type));
            if (type != "wild") Assert.Equal(page["participants"].GetInt64(), Of("composed"));
        }

        Assert.Equal(0, wilds);
        Assert.Equal(page["participants"].GetInt64(), await database.AskAsync<long>(
            "select count(distinct data ->> 'user') from ledger.mt_events where type = 'five_composed' and data ->> 'campaign' = $1", campaign));

        // Each card of the cafe has one word on its coupon, however often the policy was cut.
        var ofCafe = acknowledged.Count(card => card.Source == "shops");
        Assert.InRange(ofCafe, 0, 60);
        await Readers.ReaderTesting.UntilAsync(async () => await database.AskAsync<long>(
            "select count(*) from ledger.mt_events where type = 'card_coupon_settled' and data ->> 'campaign' = $1", campaign) == ofCafe);
    }

    private static string NameOf(int number) => string.Create(CultureInfo.InvariantCulture, $"u-{number}");

    private sealed record Drawn(string User, long Index, string Type, string Source, string Ref);
}
