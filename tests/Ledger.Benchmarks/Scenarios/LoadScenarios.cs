using System.Globalization;

namespace Ledger.Benchmarks.Scenarios;

/// <summary>The service against the reference under the same load, in alternating pairs.</summary>
internal sealed class LoadScenarios(Stage stage, Options options, Report report)
{
    private const int Connections = 64;
    private const int Clients = 16;
    private const int WarmUpRequests = 30_000;
    private const int WarmAgainRequests = 5_000;
    private const int WarmUpRounds = 8;

    private bool isWarm;

    public const string Rate = "service, redemptions/s";

    public Task SpreadAsync() => CompareAsync("spread", new(stage, options.Coupons, isHot: false), Connections, Clients, leastRatio: 1.2, mostP99: 4);

    public async Task HotAsync()
    {
        await CompareAsync("hot", new(stage, stage.Hot, isHot: true), Connections, Clients, leastRatio: 5, mostP99: null);
        if (report.Median("spread", Rate) is { } spread && report.Median("hot", Rate) is { } hot)
            report.Add(Figure.Of("hot", "one merchant ÷ spread", [hot / spread], 1));
    }

    public async Task SingleAsync()
    {
        var redemptions = new Redemptions(stage, options.Coupons, isHot: false);
        await WarmUpAsync(redemptions, 1, 1);
        var (ours, theirs) = (new List<Run>(), new List<ReferenceRun>());
        for (var pair = 0; pair < options.Pairs; pair++)
        {
            ours.Add(await redemptions.ServiceAsync(1, options.Seconds));
            theirs.Add(await redemptions.ReferenceAsync(1, options.Seconds));
        }

        report.Add(Figure.Of("single", "p50, service ÷ reference", ours.Zip(theirs, (a, b) => a.Http.P50 / b.Calls.P50), 2.5, isMost: true));
        Absolutes("single", ours, theirs);
    }

    private async Task CompareAsync(string name, Redemptions redemptions, int connections, int clients, double leastRatio, double? mostP99)
    {
        await WarmUpAsync(redemptions, connections, clients);
        var (ours, theirs) = (new List<Run>(), new List<ReferenceRun>());
        for (var pair = 0; pair < options.Pairs; pair++)
        {
            ours.Add(await redemptions.ServiceAsync(connections, options.Seconds));
            await stage.SayStatementsAsync();
            theirs.Add(await redemptions.ReferenceAsync(clients, options.Seconds));
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name} {pair + 1}: {ours[^1].Http.PerSecond:N0}/s against {theirs[^1].Calls.PerSecond:N0}/s"));
        }

        report.Add(Figure.Of(name, "throughput, service ÷ reference", ours.Zip(theirs, (a, b) => a.Http.PerSecond / b.Calls.PerSecond), leastRatio));
        report.Add(Figure.Of(name, "p99, service ÷ reference", ours.Zip(theirs, (a, b) => a.Http.P99 / b.Calls.P99), mostP99, isMost: true));
        report.Add(Figure.Of(name, "CPU of everything, reference ÷ service", ours.Zip(theirs, (a, b) => Cost(b.Cpu with { Service = 0 }, b.Calls.Transactions) / Cost(a.Cpu, a.Http.Answered))));
        Absolutes(name, ours, theirs);
    }

    /// <summary>Seconds of CPU per redemption, clients and all: it tells what a quiet machine could do when others keep this one busy.</summary>
    private static double Cost(Load.CpuMeter used, long redemptions) => (used.Postgres + used.Service + used.Clients) / redemptions;

    private void Absolutes(string name, List<Run> ours, List<ReferenceRun> theirs)
    {
        report.Add(Figure.Of(name, Rate, ours.Select(run => run.Http.PerSecond)));
        report.Add(Figure.Of(name, "reference, calls/s", theirs.Select(run => run.Calls.PerSecond)));
        report.Add(Figure.Of(name, "service p50, ms", ours.Select(run => run.Http.P50 / 1000)));
        report.Add(Figure.Of(name, "service p90, ms", ours.Select(run => run.Http.P90 / 1000)));
        report.Add(Figure.Of(name, "service p99, ms", ours.Select(run => run.Http.P99 / 1000)));
        report.Add(Figure.Of(name, "reference p50, ms", theirs.Select(run => run.Calls.P50 / 1000)));
        report.Add(Figure.Of(name, "reference p99, ms", theirs.Select(run => run.Calls.P99 / 1000)));
        report.Add(Figure.Of(name, "CPU µs per redemption: Postgres", ours.Select(run => run.Cpu.Postgres * 1e6 / run.Http.Answered)));
        report.Add(Figure.Of(name, "CPU µs per redemption: service", ours.Select(run => run.Cpu.Service * 1e6 / run.Http.Answered)));
        report.Add(Figure.Of(name, "CPU µs per redemption: wrk", ours.Select(run => run.Cpu.Clients * 1e6 / run.Http.Answered)));
        report.Add(Figure.Of(name, "CPU µs per reference call: Postgres", theirs.Select(run => run.Cpu.Postgres * 1e6 / run.Calls.Transactions)));
        report.Add(Figure.Of(name, "CPU µs per reference call: pgbench", theirs.Select(run => run.Cpu.Clients * 1e6 / run.Calls.Transactions)));
        report.Add(Figure.Of(name, "WAL bytes per redemption", ours.Select(run => run.Wal)));
        report.Add(Figure.Of(name, "WAL bytes per reference call", theirs.Select(run => run.Wal)));
        report.Add(Figure.Of(name, "disk bytes per redemption", ours.Select(run => run.Disk)));
        report.Add(Figure.Of(name, "disk bytes per reference call", theirs.Select(run => run.Disk)));
    }

    /// <summary>Compiles and caches: neither side pays for its first seconds. On a busy machine it takes as many requests, not as much time.</summary>
    private async Task WarmUpAsync(Redemptions redemptions, int connections, int clients)
    {
        var (answered, enough) = (0L, isWarm ? WarmAgainRequests : WarmUpRequests);
        for (var round = 0; round < WarmUpRounds && answered < enough; round++)
            answered += (await redemptions.ServiceAsync(connections, Math.Min(options.Seconds, 4))).Http.Answered;
        isWarm = true;
        await redemptions.ReferenceAsync(clients, Math.Min(options.Seconds, 2));
        await stage.SayStatementsAsync();
    }
}
