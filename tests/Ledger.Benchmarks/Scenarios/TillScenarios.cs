using System.Globalization;
using Ledger.Benchmarks.Load;

namespace Ledger.Benchmarks.Scenarios;

/// <summary>What a till does beside redeeming in one shot, measured by that: holds with their commits, and quotes. And a hold's time under half the load.</summary>
internal sealed class TillScenarios(Stage stage, Options options, Report report)
{
    private const int Connections = 64;
    private const int WarmUpRequests = 15_000;
    private const int WarmUpRounds = 8;

    private readonly Redemptions redemptions = new(stage, options.Coupons, isHot: false);
    private readonly HashSet<string> warm = new(StringComparer.Ordinal);

    /// <summary>Sales a second at the peak, as this run measured them.</summary>
    private double? peak;

    /// <summary>A hold and its commit count as one.</summary>
    public async Task HoldsAsync()
    {
        await WarmUpAsync("redeem", () => redemptions.ServiceAsync(Connections, Short));
        await WarmUpAsync("hold", () => redemptions.HoldsAsync(Connections, Short));
        var (oneShot, holds) = (new List<Run>(), new List<Run>());
        for (var pair = 0; pair < options.Pairs; pair++)
        {
            oneShot.Add(await redemptions.ServiceAsync(Connections, options.Seconds));
            await stage.SayStatementsAsync();
            holds.Add(await redemptions.HoldsAsync(Connections, options.Seconds));
            await stage.SayStatementsAsync();
            Say("holds", pair, holds[^1].Http, oneShot[^1].Http);
        }

        report.Add(Figure.Of("holds", "hold and commit ÷ one-shot redemptions", holds.Zip(oneShot, (a, b) => a.Http.PerSecond / b.Http.PerSecond), 0.45));
        report.Add(Figure.Of("holds", "CPU of everything, one-shot ÷ hold and commit", holds.Zip(oneShot, (a, b) => Cost(b.Cpu, b.Http) / Cost(a.Cpu, a.Http))));
        report.Add(Figure.Of("holds", "hold and commit/s", holds.Select(run => run.Http.PerSecond)));
        report.Add(Figure.Of("holds", LoadScenarios.Rate, oneShot.Select(run => run.Http.PerSecond)));
        report.Add(Figure.Of("holds", "CPU µs per hold and commit: Postgres", holds.Select(run => run.Cpu.Postgres * 1e6 / run.Http.Answered)));
        report.Add(Figure.Of("holds", "CPU µs per hold and commit: service", holds.Select(run => run.Cpu.Service * 1e6 / run.Http.Answered)));
        report.Add(Figure.Of("holds", "CPU µs per redemption: Postgres", oneShot.Select(run => run.Cpu.Postgres * 1e6 / run.Http.Answered)));
        report.Add(Figure.Of("holds", "CPU µs per redemption: service", oneShot.Select(run => run.Cpu.Service * 1e6 / run.Http.Answered)));
        report.Add(Figure.Of("holds", "WAL bytes per hold and commit", holds.Select(run => run.Wal)));
        report.Add(Figure.Of("holds", "p99 of one request at the peak, ms", holds.Select(run => run.Http.P99 / 1000)));
        peak = report.Median("holds", "hold and commit/s");
    }

    public async Task QuotesAsync()
    {
        await WarmUpAsync("redeem", () => redemptions.ServiceAsync(Connections, Short));
        await WarmUpAsync("quote", () => redemptions.QuotesAsync(Connections, Short));
        var (oneShot, quotes) = (new List<Run>(), new List<Run>());
        for (var pair = 0; pair < options.Pairs; pair++)
        {
            oneShot.Add(await redemptions.ServiceAsync(Connections, options.Seconds));
            await stage.SayStatementsAsync();
            quotes.Add(await redemptions.QuotesAsync(Connections, options.Seconds));
            await stage.SayStatementsAsync();
            Say("quotes", pair, quotes[^1].Http, oneShot[^1].Http);
        }

        report.Add(Figure.Of("quotes", "quotes ÷ one-shot redemptions", quotes.Zip(oneShot, (a, b) => a.Http.PerSecond / b.Http.PerSecond), 2));
        report.Add(Figure.Of("quotes", "CPU of everything, one-shot ÷ quote", quotes.Zip(oneShot, (a, b) => Cost(b.Cpu, b.Http) / Cost(a.Cpu, a.Http))));
        report.Add(Figure.Of("quotes", "quotes/s", quotes.Select(run => run.Http.PerSecond)));
        report.Add(Figure.Of("quotes", LoadScenarios.Rate, oneShot.Select(run => run.Http.PerSecond)));
        report.Add(Figure.Of("quotes", "CPU µs per quote: Postgres", quotes.Select(run => run.Cpu.Postgres * 1e6 / run.Http.Answered)));
        report.Add(Figure.Of("quotes", "CPU µs per quote: service", quotes.Select(run => run.Cpu.Service * 1e6 / run.Http.Answered)));
        report.Add(Figure.Of("quotes", "CPU µs per quote: wrk", quotes.Select(run => run.Cpu.Clients * 1e6 / run.Http.Answered)));
        report.Add(Figure.Of("quotes", "p50, ms", quotes.Select(run => run.Http.P50 / 1000)));
        report.Add(Figure.Of("quotes", "p99, ms", quotes.Select(run => run.Http.P99 / 1000)));
    }

    /// <summary>Sales that begin by the clock at half of the peak's rate.</summary>
    public async Task SteadyAsync()
    {
        if (peak is null)
        {
            await WarmUpAsync("hold", () => redemptions.HoldsAsync(Connections, Short));
            peak = (await redemptions.HoldsAsync(Connections, options.Seconds)).Http.PerSecond;
        }

        var (rate, runs) = (peak.Value / 2, new List<OpenLoopResult>());
        await redemptions.OpenLoopAsync(rate / 2, Short); // The generator's own code is compiled by it.
        for (var run = 0; run < options.Pairs; run++) runs.Add(await redemptions.OpenLoopAsync(rate, options.Seconds));
        report.Add(Figure.Of("steady", "sales/s on the schedule: half of the peak", [rate]));
        report.Add(Figure.Of("steady", "hold p50, ms from its scheduled moment", runs.Select(run => OpenLoopResult.Percentile(run.Holds, 0.5) / 1000)));
        report.Add(Figure.Of("steady", "hold p99, ms", runs.Select(run => OpenLoopResult.Percentile(run.Holds, 0.99) / 1000)));
        report.Add(Figure.Of("steady", "hold, longest, ms", runs.Select(run => run.Holds[^1] / 1000)));
        report.Add(Figure.Of("steady", "commit p99, ms", runs.Select(run => OpenLoopResult.Percentile(run.Commits, 0.99) / 1000)));
        report.Add(Figure.Of("steady", "the generator's own lateness p50, ms", runs.Select(run => OpenLoopResult.Percentile(run.Lateness, 0.5) / 1000)));
        report.Add(Figure.Of("steady", "the generator's own lateness p99, ms", runs.Select(run => OpenLoopResult.Percentile(run.Lateness, 0.99) / 1000)));
        report.Add(Figure.Of("steady", "CPU µs per request: generator", runs.Select(run => run.Cpu)));
    }

    private int Short => Math.Min(options.Seconds, 4);

    private static double Cost(CpuMeter used, WrkResult http) => (used.Postgres + used.Service + used.Clients) / http.Answered;

    private static void Say(string name, int pair, WrkResult ours, WrkResult theirs) =>
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name} {pair + 1}: {ours.PerSecond:N0}/s against {theirs.PerSecond:N0}/s"));

    /// <summary>Compiles and caches: as many requests as it takes, not as much time.</summary>
    private async Task WarmUpAsync(string what, Func<Task<Run>> run)
    {
        if (!warm.Add(what)) return;
        var answered = 0L;
        for (var round = 0; round < WarmUpRounds && answered < WarmUpRequests; round++) answered += (await run()).Http.Answered;
        await stage.SayStatementsAsync();
    }
}
