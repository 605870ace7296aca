using System.Globalization;
using Ledger.Benchmarks.Load;
using Ledger.Benchmarks.Seed;

namespace Ledger.Benchmarks.Scenarios;

/// <summary>One measured run of the service.</summary>
/// <param name="Wal">Bytes of write-ahead log per redemption.</param>
/// <param name="Disk">Bytes by which the database grew per redemption.</param>
internal sealed record Run(WrkResult Http, CpuMeter Cpu, double Wal, double Disk);

/// <summary>One measured run of the reference.</summary>
internal sealed record ReferenceRun(PgBenchResult Calls, CpuMeter Cpu, double Wal, double Disk);

/// <summary>Redeems coupons of the supply, each once, by the service or by the reference, and proves it afterwards.</summary>
/// <param name="isHot">All of one merchant.</param>
internal sealed class Redemptions(Stage stage, long count, bool isHot)
{
    /// <summary>More than any service on this kind of machine redeems in a second.</summary>
    private const long MostPerSecond = 40_000;

    private readonly string supply = isHot ? "hot" : "spread";

    public async Task<Run> ServiceAsync(int connections, int seconds)
    {
        var first = await Stage.ScalarAsync<long>(stage.Reference, Embedded.Read("used_get.sql"), supply);
        var orders = Path.Combine(stage.Folder, "orders");
        await WriteOrdersAsync(orders, first, Math.Min(count - first, MostPerSecond * seconds));
        var before = await Stage.ScalarAsync<long>(stage.Ledger, Embedded.Read("count_redeemed.sql"));
        await stage.CheckpointAsync();
        var (size, wal, cpu) = (await SizeAsync(stage.Ledger), await WalAsync(), stage.Cpu());
        var result = await stage.Wrk.RunAsync("redeem.lua", connections, seconds, orders, stage.Keys, string.Create(CultureInfo.InvariantCulture, $"0199f1c2-{first:D7}"));
        await stage.FollowedAsync(); // What was on its way when wrk hung up is carried out all the same, and all of it is followed.
        var used = stage.Cpu() - cpu;
        var after = await Stage.ScalarAsync<long>(stage.Ledger, Embedded.Read("count_redeemed.sql"));
        await Stage.ExecuteAsync(stage.Reference, Embedded.Read("used_set.sql"), supply, first + result.Sent);
        Prove(result, after - before);
        return new(result, used, (await WalAsync() - wal) / (after - before), (await SizeAsync(stage.Ledger) - size) / (after - before));
    }

    public async Task<ReferenceRun> ReferenceAsync(int clients, int seconds)
    {
        var before = await Stage.ScalarAsync<long>(stage.Reference, Embedded.Read("count_redeemed.sql"));
        await stage.CheckpointAsync();
        var (size, wal, cpu) = (await SizeAsync(stage.Reference), await WalAsync(), stage.Cpu());
        var result = await stage.PgBench.RunAsync($"reference_{supply}.pgbench.sql", count, clients, seconds);
        var used = stage.Cpu() - cpu;
        var done = await Stage.ScalarAsync<long>(stage.Reference, Embedded.Read("count_redeemed.sql")) - before;
        if (done != result.Transactions) throw new InvalidOperationException($"pgbench made {result.Transactions} calls, and {done} redemptions are there.");
        return new(result, used, (await WalAsync() - wal) / done, (await SizeAsync(stage.Reference) - size) / done);
    }

    /// <summary>A run that measured refusals, or whose answers are not in the book, is a defect.</summary>
    private static void Prove(WrkResult result, long redeemed)
    {
        if (result.Exhausted != 0) throw new InvalidOperationException("The supply of coupons ended before the run: pass a larger --coupons.");
        if (result.Refused + result.Broken > 0) throw new InvalidOperationException($"{result.Refused} requests were refused and {result.Broken} connections broke.");
        if (redeemed < result.Answered || redeemed > result.Sent)
            throw new InvalidOperationException($"{result.Answered} redemptions were acknowledged of {result.Sent} asked for, and {redeemed} are in the books.");
    }

    private async Task WriteOrdersAsync(string path, long first, long length)
    {
        if (length <= 0) throw new InvalidOperationException("The supply of coupons is used up: pass a larger --coupons.");
        await using var file = new StreamWriter(path);
        for (var i = first; i < first + length; i++)
        {
            var digest = Numbers.Digest(Numbers.At(i, count, isHot));
            await file.WriteAsync($"{Numbers.MerchantOf(digest, isHot)} {Numbers.LedgerCode(digest)}\n");
        }
    }

    private Task<double> WalAsync() => Stage.ScalarAsync<double>(stage.Ledger, Embedded.Read("wal_bytes.sql"));

    private static Task<double> SizeAsync(Npgsql.NpgsqlDataSource database) => Stage.ScalarAsync<double>(database, Embedded.Read("database_bytes.sql"));
}
