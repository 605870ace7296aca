using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;

namespace Ledger.Benchmarks.Scenarios;

/// <summary>
/// Timers that become due one after the other while tills redeem as fast as they can: how late they are, and what tills lose by it. They are pre-orders of light memberships
/// that nobody signs, of many merchants; beside them waits the timer of every coupon of the seed.
/// </summary>
internal sealed class TimerScenario(Stage stage, Options options, Report report)
{
    private const int Connections = 64;

    /// <summary>That become due in a second.</summary>
    private const int PerSecond = 200;

    /// <summary>Merchants whose timers they are.</summary>
    private const int Merchants = 100;

    /// <summary>Clients that pre-order at once.</summary>
    private const int Clients = 16;

    /// <summary>Seconds from the first pre-order until the first is over: the minute that each lasts at least, and time to make them.</summary>
    private const int Lead = 85;

    /// <summary>Seconds at the begin and end of a run in which none becomes due: they are whole seconds apart from when they were asked for.</summary>
    private const int Margin = 2;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public async Task RunAsync()
    {
        using var http = new HttpClient { BaseAddress = stage.Service!.Address };
        var keys = (await File.ReadAllLinesAsync(stage.Keys)).Select(line => line.Split(' ')).Where(line => line[0][0] == 'm').Take(Merchants).Select(line => line[1]).ToList();
        foreach (var key in keys) await PrepareAsync(http, key);
        var redemptions = new Redemptions(stage, options.Coupons, isHot: false);
        for (var round = 0; round < 2; round++) await redemptions.ServiceAsync(Connections, Math.Min(options.Seconds, 4));

        var (ratios, with, without, all, waiting) = (new List<double>(), new List<double>(), new List<double>(), new List<double>(), new List<double>());
        for (var pair = 0; pair < options.Pairs; pair++)
        {
            var (run, count, clock) = (Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture)[..12], PerSecond * Math.Max(1, options.Seconds - (2 * Margin)), Stopwatch.StartNew());
            await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = Clients }, async (i, stopping) => await SendAsync(http, keys[i % keys.Count], "/v1/agreements", new
            {
                agreement = string.Create(CultureInfo.InvariantCulture, $"{run}-{i}"),
                plan = "tea",
                member = "m-1",
                account = "a-1",
                // One after the other, evenly but for the half second by which whole seconds miss.
                seconds = (int)Math.Round(Lead + Margin + ((double)i / PerSecond) - clock.Elapsed.TotalSeconds),
            }));
            waiting.Add(await Stage.ScalarAsync<long>(stage.Ledger, Embedded.Read("timers_waiting.sql")));
            without.Add((await redemptions.ServiceAsync(Connections, options.Seconds)).Http.PerSecond);
            if (clock.Elapsed.TotalSeconds > Lead - Margin) throw new InvalidOperationException("The run without timers that are due was too slow: they became due in it. Pass fewer --seconds.");
            // The checkpoint before a run takes its time too.
            await Task.Delay(TimeSpan.FromSeconds(Lead) - clock.Elapsed);
            with.Add((await redemptions.ServiceAsync(Connections, options.Seconds)).Http.PerSecond);
            ratios.Add(with[^1] / without[^1]);
            var late = await LateAsync(run, count);
            all.AddRange(late);
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"timers {pair + 1}: {with[^1]:N0}/s with {count} due, {without[^1]:N0}/s without; the latest {late.Max():N0} ms"));
        }

        all.Sort();
        report.Add(Figure.Of("timers", "timers that wait meanwhile", waiting));
        report.Add(Figure.Of("timers", "redemptions with timers due ÷ without", ratios, 0.9));
        report.Add(Figure.Of("timers", "due to recorded, p50 ms", [all[all.Count / 2]]));
        report.Add(Figure.Of("timers", "due to recorded, p99 ms", [all[(int)(all.Count * 0.99)]]));
        report.Add(Figure.Of("timers", "due to recorded, the latest, ms", [all[^1]], 1_000, isMost: true));
        report.Add(Figure.Of("timers", "redemptions/s with timers due", with));
        report.Add(Figure.Of("timers", LoadScenarios.Rate, without));
    }

    /// <summary>How late each was, in milliseconds, once all were recorded.</summary>
    private async Task<List<double>> LateAsync(string run, int count)
    {
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < Patience; await Task.Delay(500))
        {
            var late = new List<double>();
            await using var command = stage.Ledger.CreateCommand(Embedded.Read("timers_late.sql"));
            command.CommandTimeout = 0;
            command.Parameters.Add(new() { Value = run });
            await using var rows = await command.ExecuteReaderAsync();
            while (await rows.ReadAsync())
            {
                if (!rows.IsDBNull(0)) late.Add(rows.GetDouble(0));
            }

            if (late.Count == count && late.Min() >= 0) return late;
            if (late.Exists(one => one < 0)) throw new InvalidOperationException("A timer fired before its time.");
        }

        throw new InvalidOperationException($"Not all of the {count} timers fired.");
    }

    private static Task PrepareAsync(HttpClient http, string key) => SendAsync(http, key, "/v1/membership-plans", new
    {
        id = "tea",
        name = "Tea",
        terms = new { term = new { kind = "relative", number = 30, unit = "day" }, settlement = new { kind = "fee", fee = 1500 }, guarantee = 1500, rights = "5 yuan off" },
    });

    private static async Task SendAsync(HttpClient http, string key, string path, object body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        request.Headers.Add("Idempotency-Key", Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture));
        using var answer = await http.SendAsync(request);
        if (!answer.IsSuccessStatusCode) throw new InvalidOperationException($"{path}: {await answer.Content.ReadAsStringAsync()}");
    }
}
