using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Ledger.Benchmarks.Load;
using Ledger.Benchmarks.Seed;
using Ledger.FuCards;
using Ledger.FuCards.Draws;

namespace Ledger.Benchmarks.Scenarios;

/// <summary>
/// The rehearsal of the biggest night. On its eve draws run against redemptions in one shot, the same clients in alternating pairs. Then a campaign of 1,000
/// merchants runs from its first hand to its last payout over HTTP: ten cards a user, half of them with a merchant's coupon.
/// </summary>
internal sealed class NightScenario(Stage stage, Options options, Report report)
{
    private const int Connections = 64;
    private const int Shards = 4;
    private const int DrawsEach = 10;
    private const long Pot = 88_888_888;
    private const int BeaconRound = 1_000;

    /// <summary>A prime: multiplied by it, modulo a number of users that it does not divide, every user has a turn before any has a second one.</summary>
    private const long Step = 7_368_787;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(30);
    private static readonly string[] s_five = ["1001", "1002", "1003", "1004", "1005"];
    private static readonly int[] s_odds = [1, 1, 1, 1, 1];

    /// <summary>All of the seed's, but in the smallest rehearsals.</summary>
    private readonly int merchants = Math.Clamp(options.Users / 2, 50, Numbers.Merchants);

    private readonly string run = DateTime.UtcNow.ToString("MMddHHmmss", CultureInfo.InvariantCulture);
    private Dictionary<string, string> keys = [];
    private long drawn;
    private long answered;

    public async Task RunAsync()
    {
        keys = (await File.ReadAllLinesAsync(stage.Keys)).Select(line => line.Split(' ')).ToDictionary(parts => parts[0], parts => parts[1], StringComparer.Ordinal);
        using var provider = await ProviderProcess.StartAsync(Pot * 2);
        await stage.StartServiceAsync(provider.Settings);
        using var handler = new SocketsHttpHandler { MaxConnectionsPerServer = Connections };
        using var http = new HttpClient(handler) { BaseAddress = stage.Service!.Address, Timeout = TimeSpan.FromMinutes(5) };
        var (hands, draws) = await EveAsync(http);
        await NightAsync(http, options.Open > 0 ? options.Open : OpenFor(hands, draws));
        var (audited, memory) = await new ReaderScenario(stage, options, report).AuditAsync();
        report.Add(Figure.Of("night", "audit verify of all books, clean: entries/s", [audited]));
        report.Add(Figure.Of("night", "audit verify, most memory, MB", [memory]));
    }

    /// <summary>From what the eve measured, and half as much again: the deadline is published before anybody draws.</summary>
    private int OpenFor(double hands, double draws) =>
        (int)(30 + (1.6 * ((options.Users / hands) + ((double)options.Users * DrawsEach / draws) + (3.0 * options.Users / hands))));

    /// <returns>Hands per second, and draws of both kinds.</returns>
    private async Task<(double Hands, double Draws)> EveAsync(HttpClient http)
    {
        var (campaign, users) = ($"eve-{run}", 2_000);
        var crowd = await CommitAsync(http, campaign, DateTimeOffset.UtcNow.AddDays(1), Pot, 50_000_000);
        var hands = await crowd.OpenHandsAsync(users);
        var redemptions = new Redemptions(stage, options.Coupons, isHot: false);
        var (scans, shops, redeemed) = (new List<DrawRun>(), new List<DrawRun>(), new List<Run>());
        for (var pair = -1; pair < options.Pairs; pair++)
        {
            // The first one warms both sides up.
            var seconds = pair < 0 ? Math.Min(options.Seconds, 4) : options.Seconds;
            var one = await redemptions.ServiceAsync(Connections, seconds);
            var scan = await DrawAsync(campaign, users, seconds, isOfMerchants: false, int.MaxValue);
            var shop = await DrawAsync(campaign, users, seconds, isOfMerchants: true, int.MaxValue);
            if (pair < 0) continue;
            redeemed.Add(one);
            scans.Add(scan);
            shops.Add(shop);
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"night {pair + 1}: {scan.PerSecond:N0} draws/s and {shop.PerSecond:N0} of merchants against {one.Http.PerSecond:N0} redemptions/s"));
        }

        report.Add(Figure.Of("night", "draws ÷ one-shot redemptions", scans.Zip(redeemed, (a, b) => a.PerSecond / b.Http.PerSecond), 0.7));
        report.Add(Figure.Of("night", "draws of merchants, coupons beside ÷ redemptions", shops.Zip(redeemed, (a, b) => a.PerSecond / b.Http.PerSecond)));
        report.Add(Figure.Of("night", "draws of merchants, all coupons issued ÷ redemptions", shops.Zip(redeemed, (a, b) => a.Followed / b.Http.PerSecond)));
        report.Add(Figure.Of("night", "CPU of everything, redemption ÷ draw", scans.Zip(redeemed, (a, b) => Cost(b.Cpu, b.Http.Answered) / Cost(a.Cpu, a.Answered))));
        report.Add(Figure.Of("night", LoadScenarios.Rate, redeemed.Select(one => one.Http.PerSecond)));
        report.Add(Figure.Of("night", "draws/s", scans.Select(one => one.PerSecond)));
        report.Add(Figure.Of("night", "draws/s of merchants", shops.Select(one => one.PerSecond)));
        report.Add(Figure.Of("night", "CPU µs per draw: Postgres", scans.Select(one => one.Cpu.Postgres * 1e6 / one.Answered)));
        report.Add(Figure.Of("night", "CPU µs per draw: service", scans.Select(one => one.Cpu.Service * 1e6 / one.Answered)));
        report.Add(Figure.Of("night", "CPU µs per redemption: Postgres", redeemed.Select(one => one.Cpu.Postgres * 1e6 / one.Http.Answered)));
        report.Add(Figure.Of("night", "CPU µs per redemption: service", redeemed.Select(one => one.Cpu.Service * 1e6 / one.Http.Answered)));
        return (hands, 2 / ((1 / scans.Average(one => one.PerSecond)) + (1 / shops.Average(one => one.Followed))));
    }

    private async Task NightAsync(HttpClient http, int open)
    {
        var (campaign, draws) = ($"night-{run}", (long)options.Users * DrawsEach);
        var clock = Stopwatch.StartNew();
        var deadline = DateTimeOffset.UtcNow.AddSeconds(open + 20 + (merchants / 25));
        var crowd = await CommitAsync(http, campaign, deadline, Pot, Math.Max(200, 8 * draws / 2 / merchants));
        (drawn, answered) = (0, 0);
        Say($"The night is open until {deadline:HH:mm:ss}; {merchants} merchants joined in {clock.Elapsed.TotalSeconds:N0} s.");
        Add("hands opened/s", await crowd.OpenHandsAsync(options.Users));

        clock.Restart();
        foreach (var isOfMerchants in (bool[])[false, true])
        {
            for (var (rest, rate) = (draws / 2, 3_000.0); rest > 0 && DateTimeOffset.UtcNow < deadline;)
            {
                var part = await DrawAsync(campaign, options.Users, (int)Math.Clamp(rest / rate, 1, 60), isOfMerchants, rest);
                (rest, rate) = (rest - part.Sent, part.PerSecond);
                Say($"{drawn:N0} draws after {clock.Elapsed.TotalSeconds:N0} s, {part.PerSecond:N0}/s of late.");
            }
        }

        Add("draws/s of the night, coupons issued", drawn / clock.Elapsed.TotalSeconds);
        var (gifts, swaps) = await crowd.PairsAsync(options.Users, Math.Max(100, options.Users / 10));
        Add("gifts/s, to the landing", await crowd.ExchangeAsync(gifts));
        Add("swaps/s, to the landing", await crowd.ExchangeAsync(swaps));
        var (winners, composed) = await crowd.ComposeAsync(options.Users);
        Add("composing, requests/s", composed);
        Say($"{gifts.Count:N0} gifts, {swaps.Count:N0} swaps, {winners.Count:N0} tickets; {(deadline - DateTimeOffset.UtcNow).TotalSeconds:N0} s to the deadline.");
        if (deadline < DateTimeOffset.UtcNow) throw new InvalidOperationException("The deadline came before everybody had composed: name a longer --open.");

        await Task.Delay(deadline - DateTimeOffset.UtcNow);
        var page = await ReachAsync(crowd, "sealed");
        Add("from the deadline to sealed, s", (DateTimeOffset.UtcNow - deadline).TotalSeconds);
        clock.Restart();
        await crowd.DoneAsync(crowd.PathOf("/reveal"), new { round = BeaconRound, signature = "00ff" });
        Add("from the beacon's value to revealed, s", clock.Elapsed.TotalSeconds);
        page = await ReachAsync(crowd, "paying");
        Add("from the beacon's value to planned, s", clock.Elapsed.TotalSeconds);
        var pot = page.GetProperty("plan").GetProperty("pot").GetProperty("amount").GetInt64();
        if (page.GetProperty("participants").GetInt64() != winners.Count) throw new InvalidOperationException($"{winners.Count} composed, and {page.GetProperty("participants")} take part.");
        await Task.Delay(2_000); // The shards follow within a second.
        await PayAsync(crowd, campaign, winners, pot);
        await ProveAsync(http, crowd, winners.Count, pot);
    }

    private async Task PayAsync(NightCrowd crowd, string campaign, List<string> winners, long pot)
    {
        var clock = Stopwatch.StartNew();
        var (amount, claims) = await crowd.ClaimAsync(winners);
        Add("claims/s", claims);
        if (amount != pot) throw new InvalidOperationException($"{amount} was claimed of a pot of {pot}.");
        while (await Stage.ScalarAsync<long>(stage.Ledger, Embedded.Read("count_fu_transfers.sql"), (object)BooksOf(campaign)) > 0) await PauseAsync(clock);
        var (paid, sum) = (0L, 0L);
        while (paid < winners.Count)
        {
            await using var command = stage.Ledger.CreateCommand(Embedded.Read("count_fu_paid.sql"));
            command.Parameters.Add(new() { Value = BooksOf(campaign) });
            await using var rows = await command.ExecuteReaderAsync();
            await rows.ReadAsync();
            (paid, sum) = (rows.GetInt64(0), rows.GetInt64(1));
            if (paid < winners.Count) await PauseAsync(clock);
        }

        if (sum != pot) throw new InvalidOperationException($"{sum} was paid of a pot of {pot}.");
        Add("prizes claimed and paid/s", winners.Count / clock.Elapsed.TotalSeconds);
        Say($"{winners.Count:N0} prizes sum to the pot of {pot:N0}, as claimed and as paid.");
    }

    /// <summary>The public proof, as anybody gets and checks it.</summary>
    private async Task ProveAsync(HttpClient http, NightCrowd crowd, int tickets, long pot)
    {
        var clock = Stopwatch.StartNew();
        using var check = new ProofCheck(new());
        using var request = new HttpRequestMessage(HttpMethod.Get, crowd.PathOf("/proof"));
        request.Headers.Authorization = new("Bearer", keys[Numbers.HotMerchant]);
        using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync(), Encoding.UTF8);
        while (await lines.ReadLineAsync() is { } line) check.Line(Encoding.UTF8.GetBytes(line));
        var (proof, cards) = (check.End(), (await crowd.CardsAsync()).Sum(sums => sums.GetProperty("minted").GetInt64()));
        if (proof is not { Difference: null } || (proof.Draws, proof.Tickets, proof.Amount) != (cards, tickets, pot)) throw new InvalidOperationException($"The proof says {proof}; there are {cards} cards, {tickets} tickets and {pot}.");
        if (cards > drawn || cards < answered) throw new InvalidOperationException($"{answered} draws were acknowledged of {drawn} asked for, and {cards} cards are there.");
        Say($"{cards:N0} draws and {tickets:N0} prizes agree with the proof.");
        Add("proof fetched and recomputed, s", clock.Elapsed.TotalSeconds);
    }

    /// <summary>Draws of the list's next part, by wrk, until the time or the list is over; and until every coupon is settled.</summary>
    /// <param name="most">Draws at most.</param>
    private async Task<DrawRun> DrawAsync(string campaign, int users, int seconds, bool isOfMerchants, long most)
    {
        const long MostPerSecond = 20_000;
        var (orders, count) = (Path.Combine(stage.Folder, "draws"), Math.Min(most, MostPerSecond * seconds));
        await using (var file = new StreamWriter(orders))
        {
            for (var i = drawn; i < drawn + count; i++)
            {
                var merchant = isOfMerchants ? $" {Numbers.Merchant((int)(i % merchants))}" : "";
                await file.WriteAsync(string.Create(CultureInfo.InvariantCulture, $"{NightCrowd.UserOf((int)(i * Step % users))} {campaign[..3]}-{i}{merchant}\n"));
            }
        }

        await stage.CheckpointAsync();
        var (before, cpu, clock) = (await CouponsAsync(campaign), stage.Cpu(), Stopwatch.StartNew());
        var result = await stage.Wrk.RunAsync("draw.lua", Connections, seconds, orders, keys[Numbers.HotMerchant], campaign);
        if (result.Refused + result.Broken > 0) throw new InvalidOperationException($"{result.Refused} draws were refused and {result.Broken} connections broke.");
        // What was on its way when wrk hung up is carried out all the same.
        await Task.Delay(500);
        for (var now = await CouponsAsync(campaign); now.Settled < now.Drawn; now = await CouponsAsync(campaign)) await PauseAsync(clock);
        var (used, followed) = (stage.Cpu() - cpu, clock.Elapsed.TotalSeconds - 0.5);
        (drawn, answered) = (drawn + result.Sent, answered + result.Answered);
        // Where the list ended before the time, wrk waited: its clock says nothing then.
        return new(result.Answered, result.Sent, result.PerSecond, (await CouponsAsync(campaign)).Drawn - before.Drawn is > 0 and var cards ? cards / Math.Max(followed, result.Microseconds / 1e6) : result.PerSecond, used);
    }

    private async Task<(long Settled, long Drawn)> CouponsAsync(string campaign)
    {
        await using var command = stage.Ledger.CreateCommand(Embedded.Read("count_fu_coupons.sql"));
        command.CommandTimeout = 0;
        string[] all = [.. Enumerable.Range(0, merchants).Select(Numbers.Merchant)];
        command.Parameters.Add(new() { Value = all });
        command.Parameters.Add(new() { Value = $"fucoupon-{Numbers.HotMerchant}/{campaign}/" });
        command.Parameters.Add(new() { Value = BooksOf(campaign) });
        command.Parameters.Add(new() { Value = all.Select(merchant => FuTallies.OfMerchant(campaign, merchant)).ToArray() });
        await using var rows = await command.ExecuteReaderAsync();
        await rows.ReadAsync();
        return (rows.GetInt64(0), rows.GetInt64(1));
    }

    /// <summary>Drafts and commits, opens at once, and lets every merchant join with a coupon and a quota.</summary>
    private async Task<NightCrowd> CommitAsync(HttpClient http, string campaign, DateTimeOffset deadline, long pot, long quota)
    {
        var crowd = new NightCrowd(http, keys[Numbers.HotMerchant], campaign);
        var opens = DateTimeOffset.UtcNow.AddSeconds(15);
        await crowd.DoneAsync("/v1/fu-campaigns", new
        {
            id = campaign,
            name = campaign,
            types = s_five.Select(code => new { code, name = code }),
            sources = new[] { new { name = "scan", weights = s_odds, perDay = 1_000, isOfMerchants = false }, new { name = "shops", weights = s_odds, perDay = 1_000, isOfMerchants = true } },
            opensAt = opens,
            deadline,
            claimsUntil = deadline.AddDays(1),
            pot = new { amount = pot, weight = "exponential" },
            beaconChain = "drand",
            beaconRound = BeaconRound,
            limits = new { draws = 1_000, gifts = 1_000, begs = 1_000 },
            shards = Shards,
        });
        await crowd.DoneAsync(crowd.PathOf("/commit"));
        await NightCrowd.EachAsync([.. Enumerable.Range(0, merchants).Select(Numbers.Merchant)], async merchant =>
        {
            var validity = new { windowStart = "2020-01-01T00:00:00+08:00", windowEnd = "2190-01-01T00:00:00+08:00" };
            await crowd.DoneAsync("/v1/campaigns", new { id = campaign, name = campaign, quota = 10_000_000, terms = new { benefit = new { kind = "fixedAmount", off = 500 }, validity } }, keys[merchant]);
            await crowd.DoneAsync($"/v1/campaigns/{campaign}/submit", null, keys[merchant]);
            await crowd.DoneAsync($"/v1/campaigns/{campaign}/approve", null, keys[merchant]);
            await crowd.DoneAsync("/v1/fu-participations", new { owner = Numbers.HotMerchant, campaign, couponCampaign = campaign }, keys[merchant]);
            await crowd.DoneAsync(crowd.PathOf("/issues"), new { merchant, quota });
        });
        if (opens - DateTimeOffset.UtcNow is { Ticks: > 0 } wait) await Task.Delay(wait);
        return crowd;
    }

    private static async Task<JsonElement> ReachAsync(NightCrowd crowd, string status)
    {
        for (var clock = Stopwatch.StartNew(); ; await PauseAsync(clock))
        {
            var page = await crowd.ReadAsync(crowd.PathOf(""));
            if (page.GetProperty("status").GetString() == status) return page;
        }
    }

    private static async Task PauseAsync(Stopwatch clock)
    {
        if (clock.Elapsed > Patience) throw new InvalidOperationException("What follows from the night does not come to its end.");
        await Task.Delay(50);
    }

    private static string[] BooksOf(string campaign) => Ledger.Postgres.FuQueries.BooksOf(new(Numbers.HotMerchant, campaign, 0, Shards));

    private static double Cost(CpuMeter used, long times) => (used.Postgres + used.Service + used.Clients) / times;

    private void Add(string name, double value) => report.Add(Figure.Of("night", name, [value]));

    private static void Say(FormattableString line) => Console.Error.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    /// <summary>One run of draws.</summary>
    /// <param name="Followed">Draws per second until every coupon was settled.</param>
    private sealed record DrawRun(long Answered, long Sent, double PerSecond, double Followed, CpuMeter Cpu);
}
