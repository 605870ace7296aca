using Ledger.Benchmarks;
using Ledger.Benchmarks.Scenarios;

// The whole service against pgbench, everything on one machine: docs/performance.md tells how to read the figures.
if (args is [ReaderScenario.AuditArgument]) return await ReaderScenario.AuditHereAsync();
if (args is ["pot", ..]) return PotScenario.Run(args);
if (Options.Parse(args) is not { } options)
{
    Console.Error.WriteLine(Options.Usage);
    return 2;
}

var report = new Report(options.Json);
await using var stage = await Stage.SetAsync(options);
var load = new LoadScenarios(stage, options, report);
var tills = new TillScenarios(stage, options, report);
foreach (var scenario in options.Scenarios)
{
    await (scenario switch
    {
        "spread" => load.SpreadAsync(),
        "hot" => load.HotAsync(),
        "single" => load.SingleAsync(),
        "holds" => tills.HoldsAsync(),
        "quotes" => tills.QuotesAsync(),
        "steady" => tills.SteadyAsync(),
        "issue" => new IssueScenario(stage, options, report).RunAsync(),
        "lag" => new LagScenario(stage, options, report).RunAsync(),
        "payments" => new PaymentScenario(stage, options, report).RunAsync(),
        "timers" => new TimerScenario(stage, options, report).RunAsync(),
        "readers" => new ReaderScenario(stage, options, report).RunAsync(),
        "night" => new NightScenario(stage, options, report).RunAsync(),
        _ => throw new System.Diagnostics.UnreachableException(scenario),
    });
}

report.End();
return 0;
