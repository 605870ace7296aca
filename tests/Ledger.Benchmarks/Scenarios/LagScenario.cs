using System.Diagnostics;
using Ledger.Benchmarks.Seed;

namespace Ledger.Benchmarks.Scenarios;

/// <summary>How long after its commit an entry shows in a followed read model, while tills redeem as fast as they can.</summary>
internal sealed class LagScenario(Stage stage, Options options, Report report)
{
    private const int Connections = 64;

    /// <summary>Books that a sampler looks at together.</summary>
    private const int Watched = 32;

    /// <summary>How often a sampler looks: what it measures is too long by at most this and a query.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(2);

    public async Task RunAsync()
    {
        using var stop = new CancellationTokenSource();
        string[] readers = [.. ReadModel.All.Where(model => !model.IsInline && model.IsPrompt).Select(model => model.Table)];
        var samplers = readers.Select(reader => Task.Run(() => SampleAsync(reader, stop.Token))).ToList();
        var run = await new Redemptions(stage, options.Coupons, isHot: false).ServiceAsync(Connections, Math.Max(options.Seconds, 5));
        await stop.CancelAsync();
        for (var i = 0; i < readers.Length; i++)
        {
            var lags = await samplers[i];
            if (lags.Count == 0) throw new InvalidOperationException($"Nothing was seen of reader {readers[i]}.");
            lags.Sort();
            report.Add(Figure.Of("lag", $"{readers[i]}, commit to visible, p50 ms", [lags[lags.Count / 2]]));
            report.Add(Figure.Of("lag", $"{readers[i]}, commit to visible, p99 ms", [lags[(int)(lags.Count * 0.99)]]));
        }

        report.Add(Figure.Of("lag", "meanwhile, redemptions/s", [run.Http.PerSecond]));
    }

    /// <summary>Milliseconds from the moment an entry was seen in its book to the moment the reader had followed it, over and over.</summary>
    private async Task<List<double>> SampleAsync(string reader, CancellationToken stop)
    {
        var lags = new List<double>();
        var (random, all) = (new Random(reader.Length), Enumerable.Range(0, Numbers.Merchants).Select(Numbers.Merchant).ToArray());
        while (!stop.IsCancellationRequested)
        {
            // One of a few books grows soon, even on a slow machine.
            string[] books = [.. random.GetItems(all, Watched)];
            var before = await LookAsync(books, reader);
            (string Book, long Head)? grown = null;
            while (grown is null && !stop.IsCancellationRequested)
            {
                foreach (var (book, (head, _)) in await LookAsync(books, reader))
                {
                    if (head > before[book].Head) grown = (book, head);
                }
            }

            var clock = Stopwatch.StartNew();
            while (grown is var (name, reached) && (await LookAsync([name], reader))[name].Followed < reached && !stop.IsCancellationRequested) continue;
            if (!stop.IsCancellationRequested) lags.Add(clock.Elapsed.TotalMilliseconds);
        }

        return lags;
    }

    private async Task<Dictionary<string, (long Head, long Followed)>> LookAsync(string[] books, string reader)
    {
        await Task.Delay(Look);
        await using var command = stage.Ledger.CreateCommand(Embedded.Read("lag.sql"));
        command.Parameters.Add(new() { Value = books });
        command.Parameters.Add(new() { Value = reader });
        await using var rows = await command.ExecuteReaderAsync();
        var found = new Dictionary<string, (long, long)>(StringComparer.Ordinal);
        while (await rows.ReadAsync()) found[rows.GetString(0)] = (rows.GetInt64(1), rows.GetInt64(2));
        return found;
    }
}
