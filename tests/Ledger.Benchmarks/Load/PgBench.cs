using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Ledger.Benchmarks.Seed;
using Ledger.Coupons;
using Ledger.Coupons.Redemptions;
using NodaTime;
using Npgsql;

namespace Ledger.Benchmarks.Load;

/// <summary>What pgbench saw. Times in microseconds.</summary>
internal sealed record PgBenchResult(long Transactions, double PerSecond, double P50, double P90, double P99);

/// <summary>Drives the reference: one stored-procedure call per transaction, over the same socket that the service uses.</summary>
internal sealed partial class PgBench(string program, string folder, NpgsqlConnectionStringBuilder database)
{
    public async Task<PgBenchResult> RunAsync(string script, long count, int clients, int seconds)
    {
        var file = Path.Combine(folder, script);
        await File.WriteAllTextAsync(file, Embedded.Read(script));
        foreach (var old in Directory.EnumerateFiles(folder, "latency.*")) File.Delete(old);
        List<string> arguments =
        [
            "-h", database.Host!, "-p", Text(database.Port), "-U", database.Username!, "-n", "-M", "prepared", "-c", Text(clients), "-j", Text(Math.Min(clients, 2)),
            "-T", Text(seconds), "-f", file, "-l", "--log-prefix=latency", "-D", $"count={Text(count)}",
        ];
        foreach (var (name, value) in Payload) arguments.AddRange(["-D", $"{name}={value}"]);
        arguments.Add(database.Database!);
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["PGPASSWORD"] = database.Password! };
        var output = await Child.RunAsync(program, arguments, environment, folder);
        var (done, rate) = (Processed().Match(output), Rate().Match(output));
        if (!done.Success || !rate.Success || output.Contains("aborted", StringComparison.Ordinal)) throw new InvalidOperationException($"pgbench said: {output}");
        var latencies = await LatenciesAsync();
        return new(
            long.Parse(done.Groups[1].ValueSpan, CultureInfo.InvariantCulture), double.Parse(rate.Groups[1].ValueSpan, CultureInfo.InvariantCulture),
            Percentile(latencies, 0.5), Percentile(latencies, 0.9), Percentile(latencies, 0.99));
    }

    /// <summary>What the service stores for one redemption of the load, made by the domain itself.</summary>
    private static IReadOnlyDictionary<string, string> Payload { get; } = MakePayload();

    private static Dictionary<string, string> MakePayload()
    {
        var now = Times.Cut(SystemClock.Instance.GetCurrentInstant());
        var code = Numbers.LedgerCode(Numbers.Digest(1));
        using var hasher = new EntryHasher();
        Entry redeemed = default;
        var book = new SeedBook("m0001", hasher, (entry, _) => redeemed = entry);
        Seeder.Start(book, book.Request(now), Seeder.Campaign, Limits.MaxQuota, new IssueLimits());
        book.Run(CouponOperations.Issue(book.Request(now), Seeder.Campaign, code, "member-0000000001", "PAY_SUCCESS", now, now.InUtc().Date));
        var answer = book.Run(TillOperations.Redeem(
            book.Request(now) with { Key = "till-0199f1c2-7d3a-1234567" }, code, new(12_900), now, "s-01", "till-1", "order-1234567"));
        return new(StringComparer.Ordinal)
        {
            ["state"] = Json(SeedBook.Canonical(book.State(CouponStream.Of(code)), LedgerJson.Options)),
            ["data"] = Json(redeemed.Data.ToArray()),
            ["outcome"] = Json(SeedBook.Canonical(answer, LedgerJson.Answers)),
            ["headers"] = """{"actor":"key_0123456789ab"}""",
        };
    }

    private static string Json(byte[] utf8) => JsonSerializer.Serialize(JsonSerializer.Deserialize<JsonElement>(utf8));

    private async Task<double[]> LatenciesAsync()
    {
        var latencies = new List<double>();
        foreach (var log in Directory.EnumerateFiles(folder, "latency.*"))
        {
            await foreach (var line in File.ReadLinesAsync(log)) latencies.Add(double.Parse(line.Split(' ')[2], CultureInfo.InvariantCulture));
            File.Delete(log);
        }

        latencies.Sort();
        return [.. latencies];
    }

    private static double Percentile(double[] sorted, double part) => sorted.Length == 0 ? 0 : sorted[(int)Math.Min(sorted.Length - 1, sorted.Length * part)];

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex(@"transactions actually processed: (?<n>[0-9]+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Processed();

    [GeneratedRegex(@"tps = (?<n>[0-9.]+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Rate();
}
