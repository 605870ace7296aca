using Ledger.Postgres.Audit;
using Ledger.Tests.Cli;
using Npgsql;
using Xunit;
using Xunit.Abstractions;

namespace Ledger.Tests.Data;

/// <summary>Runs where the long runs are switched on and the public data sets lie beside the repository; else says why not.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class DataSetFactAttribute : FactAttribute
{
    public static string Folder { get; } = Path.Combine(Repository.Root, "..", "shared", "data");

    /// <param name="needs">The least value of LEDGER_LONG: <c>1</c>, or <c>full</c> for runs of several minutes.</param>
    public DataSetFactAttribute(string needs = "1")
    {
        var given = Environment.GetEnvironmentVariable("LEDGER_LONG");
        if (given is not ("1" or "full") || (needs == "full" && given != "full")) Skip = $"A long run: set LEDGER_LONG={needs}.";
        else if (!Directory.Exists(Folder)) Skip = "The public data sets do not lie beside the repository (../shared/data).";
    }
}

/// <summary>
/// Real coupons over HTTP into an empty ledger: the totals of the service's reports equal answers that were not computed by the ledger,
/// and the audit agrees.
/// </summary>
public sealed class DataSetTests(LedgerDatabase database, ITestOutputHelper output) : IClassFixture<LedgerDatabase>
{
    [Fact]
    public Task The_sample_journey_imports_to_its_expected_totals() => ImportAsync(
        "complete-journey", Path.Combine(Repository.Root, "samples", "journey"), Path.Combine(Repository.Root, "samples", "journey", "expected"));

    [DataSetFact]
    public Task The_complete_journey_imports_to_its_expected_totals() => ImportAsync(
        "complete-journey", Path.Combine(DataSetFactAttribute.Folder, "complete-journey"), Path.Combine(DataSetFactAttribute.Folder, "expected"), "--merchant", "journey");

    [DataSetFact]
    public Task Koubei_imports_to_its_expected_totals() =>
        ImportAsync("koubei", Path.Combine(DataSetFactAttribute.Folder, "koubei"), Path.Combine(DataSetFactAttribute.Folder, "expected"));

    [DataSetFact("full")]
    public Task The_full_reading_of_the_complete_journey_imports_to_its_expected_totals() => ImportAsync(
        "complete-journey", Path.Combine(DataSetFactAttribute.Folder, "complete-journey"), Path.Combine(DataSetFactAttribute.Folder, "expected"), "--merchant", "journey-full", "--full");

    [Fact]
    public Task The_sample_baskets_are_payments_whose_points_are_those_of_the_file() => PayAsync(
        Path.Combine(Repository.Root, "samples", "journey"), Path.Combine(Repository.Root, "samples", "journey", "expected"), "sample-purchases");

    [DataSetFact]
    public Task The_baskets_of_the_complete_journey_are_payments_whose_points_are_those_of_the_file() => PayAsync(
        Path.Combine(DataSetFactAttribute.Folder, "complete-journey"), Path.Combine(DataSetFactAttribute.Folder, "expected"), "purchases");

    /// <summary>Payments, then the same again, then a tenth of them back: each time the stores' totals and the members' points are those counted from the file.</summary>
    private async Task PayAsync(string folder, string expected, string merchant)
    {
        var key = await database.Source.PlatformKeyAsync();
        await using var service = await LedgerProcess.StartAsync(database.ConnectionString);
        var url = service.Client.Http.BaseAddress!.ToString();
        foreach (var more in (string[][])[[], [], ["--refunds", "7"]])
        {
            string[] line = ["import", "complete-journey-purchases", folder, "--check", expected, "--url", url, "--key", key, "--merchant", merchant, .. more];
            var import = await Invocation.RunAsync(line, new SocketsHttpHandler(), Task.Delay);
            output.WriteLine(import.Out);
            Assert.True(import.Code == 0, $"{import.Error}\n{import.Out}\n{service.Log}");
        }

        // Counted here once more, line by line of the file and nothing of the importer's.
        var points = Baskets(folder).Values.Sum(cents => cents / 100);
        Assert.Equal(points, await database.Source.AskAsync<long>("select sum((data ->> 'points')::bigint)::bigint from ledger.mt_events where tenant_id = $1 and type = 'points_earned'", merchant));
        Assert.Equal(0, await database.Source.AskAsync<long>("select sum(value)::bigint from ledger.tallies where tenant_id = $1 and key like 'points/%'", merchant));
        Assert.Equal(0, await database.Source.AskAsync<long>("select count(*) from ledger.policy_outcomes where tenant_id = $1", merchant));
        Assert.True(await database.Source.AskAsync<long>("select count(*) from ledger.mt_events where tenant_id = $1 and type = 'payment_refunded'", merchant) > 0);
        await service.StopAsync();
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        var report = await BookAudit.RunAsync(source, new AuditOptions());
        Assert.True(report.IsClean, string.Join('\n', report.Findings));
    }

    /// <summary>Cents by basket: the third and the sixth column.</summary>
    private static Dictionary<string, long> Baskets(string folder)
    {
        var plain = Path.Combine(folder, "transactions_sample.csv");
        using var file = File.Exists(plain)
            ? new StreamReader(plain)
            : new StreamReader(new System.IO.Compression.GZipStream(File.OpenRead(plain + ".gz"), System.IO.Compression.CompressionMode.Decompress));
        var baskets = new Dictionary<string, long>(StringComparer.Ordinal);
        file.ReadLine();
        while (file.ReadLine()?.Split(',') is { Length: > 6 } row)
            baskets[row[2]] = baskets.GetValueOrDefault(row[2]) + (long)Math.Round(double.Parse(row[5], System.Globalization.CultureInfo.InvariantCulture) * 100);
        return baskets;
    }

    private async Task ImportAsync(string kind, string folder, string expected, params string[] more)
    {
        var key = await database.Source.PlatformKeyAsync();
        await using var service = await LedgerProcess.StartAsync(database.ConnectionString);
        var url = service.Client.Http.BaseAddress!.ToString();

        var import = await Invocation.RunAsync(["import", kind, folder, "--check", expected, "--url", url, "--key", key, .. more], new SocketsHttpHandler(), Task.Delay);
        output.WriteLine(import.Out);
        Assert.True(import.Code == 0, $"{import.Error}\n{import.Out}\n{service.Log}");

        // The same again is only repeats: nothing is issued or redeemed twice.
        var before = await database.Source.AskAsync<long>("select count(*) from ledger.mt_events where type in ('coupon_issued', 'coupon_redeemed')");
        if (kind == "complete-journey" && more.Length == 0)
        {
            var again = await Invocation.RunAsync(["import", kind, folder, "--check", expected, "--url", url, "--key", key], new SocketsHttpHandler(), Task.Delay);
            Assert.True(again.Code == 0, again.Error);
        }

        Assert.Equal(before, await database.Source.AskAsync<long>("select count(*) from ledger.mt_events where type in ('coupon_issued', 'coupon_redeemed')"));
        await service.StopAsync();

        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        var report = await BookAudit.RunAsync(source, new AuditOptions());
        output.WriteLine(report.ToString());
        Assert.True(report.IsClean, string.Join('\n', report.Findings));
    }
}
