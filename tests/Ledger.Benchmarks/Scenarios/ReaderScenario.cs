using System.Diagnostics;
using System.Globalization;
using Ledger.Benchmarks.Load;
using Ledger.Postgres.Audit;
using Ledger.Postgres.Readers;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Ledger.Benchmarks.Scenarios;

/// <summary>How fast everything that was written is read again, against COPY of the events.</summary>
internal sealed class ReaderScenario(Stage stage, Options options, Report report)
{
    /// <summary>The argument with which this program runs an audit and nothing else, so that its memory can be told.</summary>
    public const string AuditArgument = "audit-process";

    private const string Database = "LEDGER_DATABASE";

    public async Task RunAsync()
    {
        var copies = new List<double>();
        var ratios = new Dictionary<string, List<double>>(StringComparer.Ordinal);
        var (audits, peaks) = (new List<double>(), new List<double>());
        for (var pair = 0; pair < options.Pairs; pair++)
        {
            foreach (var model in ReadModel.All)
            {
                var copy = await CopyAsync();
                copies.Add(copy);
                if (!ratios.TryGetValue(model.Table, out var values)) ratios.Add(model.Table, values = []);
                values.Add(await RebuildAsync(model) / copy);
            }
        }

        // Both sides warm: COPY has read its table many times by now, the audit some of its tables not once.
        await AuditAsync();
        for (var pair = 0; pair < options.Pairs; pair++)
        {
            copies.Add(await CopyAsync());
            var (rate, peak) = await AuditAsync();
            audits.Add(rate / copies[^1]);
            peaks.Add(peak);
        }

        foreach (var (table, values) in ratios)
            report.Add(Figure.Of("readers", $"rebuild {table} ÷ COPY", values, table is "campaign_totals" or "store_days" ? 1.5 : 0.6));
        report.Add(Figure.Of("readers", "audit verify ÷ COPY", audits, 0.5));
        report.Add(Figure.Of("readers", "audit verify, most memory, MB", peaks));
        report.Add(Figure.Of("readers", "COPY mt_events TO STDOUT, rows/s", copies));
    }

    /// <summary>Audits the database of the environment; says entries, seconds and bytes of memory. 1 where anything differs.</summary>
    public static async Task<int> AuditHereAsync()
    {
        // As `ledger audit verify` does.
        AuditProcess.Prepare();
        await using var database = NpgsqlDataSource.Create(Environment.GetEnvironmentVariable(Database)!);
        AuditProcess.WaitTurn();
        var audit = await BookAudit.RunAsync(database, new AuditOptions());
        using var self = Process.GetCurrentProcess();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{audit.Entries} {audit.Elapsed.TotalSeconds:R} {self.PeakWorkingSet64}"));
        foreach (var finding in audit.Findings.Take(5)) Console.Error.WriteLine(finding);
        return audit.IsClean ? 0 : 1;
    }

    /// <summary>Entries per second, and megabytes.</summary>
    public async Task<(double Rate, double Peak)> AuditAsync()
    {
        await stage.CheckpointAsync();
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { [Database] = stage.LedgerConnection, ["DOTNET_gcServer"] = "1" }; // As the project of `ledger` says.
        var said = await Child.RunAsync("dotnet", [typeof(ReaderScenario).Assembly.Location, AuditArgument], environment);
        var numbers = said.Split(' ').Select(text => double.Parse(text, CultureInfo.InvariantCulture)).ToList();
        return (numbers[0] / numbers[1], numbers[2] / 1e6);
    }

    /// <summary>Rows per second of psql reading all events as text and throwing them away.</summary>
    private async Task<double> CopyAsync()
    {
        var rows = await Stage.ScalarAsync<long>(stage.Ledger, Embedded.Read("count_events.sql"));
        await stage.CheckpointAsync();
        var clock = Stopwatch.StartNew();
        await stage.PsqlAsync(Embedded.Read("copy_events.sql"));
        return rows / clock.Elapsed.TotalSeconds;
    }

    private async Task<double> RebuildAsync(ReadModel model)
    {
        await stage.CheckpointAsync();
        var total = 0L;
        var clock = Stopwatch.StartNew();
        await new ReadModelRebuild(stage.Ledger, NullLogger<ReadModelRebuild>.Instance).RunAsync(model, new Total(entries => total = entries));
        return total / clock.Elapsed.TotalSeconds;
    }

    private sealed class Total(Action<long> set) : IProgress<(long Done, long Total)>
    {
        public void Report((long Done, long Total) value) => set(value.Total);
    }
}
