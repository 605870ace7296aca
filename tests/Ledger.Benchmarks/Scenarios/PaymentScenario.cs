using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Ledger.Benchmarks.Load;
using Ledger.Benchmarks.Seed;

namespace Ledger.Benchmarks.Scenarios;

/// <summary>
/// The payment loop: payments as fast as they come, until points were earned and an offer was made for each; against redeeming in one shot. And how
/// long the page of a successful payment waits for its offer, at a tenth of that rate.
/// </summary>
internal sealed class PaymentScenario(Stage stage, Options options, Report report)
{
    private const int Connections = 64;

    /// <summary>Merchants that are set up for it: a programme, a campaign and their rules each.</summary>
    private const int Merchants = 100;

    /// <summary>Of a payment of 42.00.</summary>
    private const int PointsEach = 42;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    public async Task RunAsync()
    {
        using var http = new HttpClient { BaseAddress = stage.Service!.Address };
        var keys = (await File.ReadAllLinesAsync(stage.Keys)).Select(line => line.Split(' ')).Where(line => line[0][0] == 'm').Take(Merchants).Select(line => line[1]).ToList();
        foreach (var key in keys) await PrepareAsync(http, key);

        var redemptions = new Redemptions(stage, options.Coupons, isHot: false);
        await redemptions.ServiceAsync(Connections, Math.Min(options.Seconds, 4));
        await PayAsync(Math.Min(options.Seconds, 4));
        var (paid, redeemed) = (new List<(double Answered, double Followed)>(), new List<double>());
        for (var pair = 0; pair < options.Pairs; pair++)
        {
            redeemed.Add((await redemptions.ServiceAsync(Connections, options.Seconds)).Http.PerSecond);
            paid.Add(await PayAsync(options.Seconds));
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"payments {pair + 1}: {paid[^1].Followed:N0}/s followed against {redeemed[^1]:N0} redemptions/s"));
        }

        report.Add(Figure.Of("payments", "followed payments ÷ one-shot redemptions", paid.Zip(redeemed, (a, b) => a.Followed / b)));
        report.Add(Figure.Of("payments", "payments/s with all that follows", paid.Select(run => run.Followed)));
        report.Add(Figure.Of("payments", "payments/s answered", paid.Select(run => run.Answered)));
        report.Add(Figure.Of("payments", LoadScenarios.Rate, redeemed));
        var waits = await WaitsAsync(http, keys, report.Median("payments", "payments/s with all that follows")!.Value / 10);
        report.Add(Figure.Of("payments", "payment answered to offer ready, p50 ms", [OpenLoopResult.Percentile(waits, 0.5)]));
        report.Add(Figure.Of("payments", "payment answered to offer ready, p99 ms", [OpenLoopResult.Percentile(waits, 0.99)]));
    }

    /// <summary>One run to its very end: what is counted has its points and its offer.</summary>
    private async Task<(double Answered, double Followed)> PayAsync(int seconds)
    {
        await stage.CheckpointAsync();
        var (run, before, clock) = (Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture)[..12], await CountAsync(), Stopwatch.StartNew());
        var result = await stage.Wrk.RunAsync("pay.lua", Connections, seconds, stage.Keys, Merchants.ToString(CultureInfo.InvariantCulture), run);
        if (result.Refused + result.Broken > 0) throw new InvalidOperationException($"{result.Refused} payments were refused and {result.Broken} connections broke.");
        while (true)
        {
            var (paid, offered, points) = await CountAsync();
            var (now, due) = (paid - before.Paid, clock.Elapsed);
            if (now >= result.Answered && offered - before.Offered == now && points - before.Points == now * PointsEach) return (result.PerSecond, now / due.TotalSeconds);
            if (due > Patience)
                throw new InvalidOperationException($"{now} payments brought {offered - before.Offered} offers and {points - before.Points} points: the policies do not catch up.");
            await Task.Delay(20);
        }
    }

    /// <summary>Milliseconds from a payment's answer to the answer of the page's question for its offer, sorted.</summary>
    private async Task<double[]> WaitsAsync(HttpClient http, List<string> keys, double rate)
    {
        var (run, waits) = (Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture)[..12], new double[(int)Math.Clamp(rate * options.Seconds, 100, 5_000)]);
        var (under, start) = (new List<Task>(), Stopwatch.GetTimestamp());
        for (var next = 0; next < waits.Length; next++)
        {
            var (i, key, early) = (next, keys[next % keys.Count], (next / rate) - Stopwatch.GetElapsedTime(start).TotalSeconds);
            if (early > 0) await Task.Delay(TimeSpan.FromSeconds(early));
            under.Add(Task.Run(async () =>
            {
                var trade = string.Create(CultureInfo.InvariantCulture, $"{run}-w{i}");
                await SendAsync(http, key, "/v1/payments", new { trade, amount = 4200, fundChannel = "balance", member = $"m-{trade}" });
                var answered = Stopwatch.GetTimestamp();
                using var ask = new HttpRequestMessage(HttpMethod.Get, $"/v1/payments/{trade}/offers?wait=2000");
                ask.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
                using var page = await http.SendAsync(ask);
                using var said = JsonDocument.Parse(await page.Content.ReadAsStringAsync());
                if (said.RootElement.GetProperty("status").GetString() != "ready" || said.RootElement.GetProperty("offers").GetArrayLength() != 1)
                    throw new InvalidOperationException($"After two seconds the page has {said.RootElement}.");
                waits[i] = Stopwatch.GetElapsedTime(answered).TotalMilliseconds;
            }));
        }

        await Task.WhenAll(under);
        Array.Sort(waits);
        return waits;
    }

    private static async Task PrepareAsync(HttpClient http, string key)
    {
        var validity = new { windowStart = "2020-01-01T00:00:00+08:00", windowEnd = "2190-01-01T00:00:00+08:00" };
        await SendAsync(http, key, "/v1/points-programs", new
        {
            id = "club",
            name = "Club",
            terms = new { earning = new { points = 1, per = 100 }, expiry = new { kind = "endOfYear", yearsLater = 2 }, value = new { amount = 1, points = 1 } },
        });
        await SendAsync(http, key, "/v1/payment-earning", new { program = "club" });
        await SendAsync(http, key, "/v1/campaigns", new { id = "thanks", name = "Thanks", quota = 1_000_000, terms = new { benefit = new { kind = "fixedAmount", off = 500 }, validity } });
        await SendAsync(http, key, "/v1/campaigns/thanks/submit", null);
        await SendAsync(http, key, "/v1/campaigns/thanks/approve", null);
        await SendAsync(http, key, "/v1/offer-rules", new { id = "r1", campaign = "thanks" });
    }

    private static async Task SendAsync(HttpClient http, string key, string path, object? body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = body is null ? null : JsonContent.Create(body) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        request.Headers.Add("Idempotency-Key", Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture));
        using var answer = await http.SendAsync(request);
        if (!answer.IsSuccessStatusCode) throw new InvalidOperationException($"{path}: {await answer.Content.ReadAsStringAsync()}");
    }

    private async Task<(long Paid, long Offered, long Points)> CountAsync()
    {
        await using var command = stage.Ledger.CreateCommand(Embedded.Read("count_paid.sql"));
        command.Parameters.Add(new() { Value = Enumerable.Range(0, Merchants).Select(Numbers.Merchant).ToArray() });
        await using var rows = await command.ExecuteReaderAsync();
        await rows.ReadAsync();
        return (rows.GetInt64(0), rows.GetInt64(1), rows.GetInt64(2));
    }
}
