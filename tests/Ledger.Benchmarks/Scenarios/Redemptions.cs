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

    /// <summary>Redeems in one shot.</summary>
    public Task<Run> ServiceAsync(int connections, int seconds) => WrkAsync("redeem.lua", connections, seconds);

    /// <summary>Holds, and commits each hold once it is answered: the answers counted are commits.</summary>
    public Task<Run> HoldsAsync(int connections, int seconds) => WrkAsync("hold.lua", connections, seconds);

    /// <summary>Quotes coupons that were not used yet, and uses none.</summary>
    public async Task<Run> QuotesAsync(int connections, int seconds)
    {
        var (_, orders) = await NextAsync(seconds);
        var before = await RedeemedAsync();
        await stage.CheckpointAsync();
        var cpu = stage.Cpu();
        var result = await stage.Wrk.RunAsync("quote.lua", connections, seconds, orders, stage.Keys);
        var used = stage.Cpu() - cpu;
        if (result.Refused + result.Broken > 0) throw new InvalidOperationException($"{result.Refused} quotes gave no discount and {result.Broken} connections broke.");
        if (await RedeemedAsync() != before) throw new InvalidOperationException("A quote redeemed something.");
        return new(result, used, 0, 0);
    }

    /// <summary>Sells by the clock: holds at so many a second, each committed once it is answered.</summary>
    public async Task<OpenLoopResult> OpenLoopAsync(double rate, int seconds)
    {
        var first = await Stage.ScalarAsync<long>(stage.Reference, Embedded.Read("used_get.sql"), supply);
        var sales = Math.Min(count - first, (long)(rate * seconds));
        if (sales < (long)(rate * seconds)) throw new InvalidOperationException("The supply of coupons is used up: pass a larger --coupons.");
        var secrets = (await File.ReadAllLinesAsync(stage.Keys)).Select(line => line.Split(' ')).ToDictionary(parts => parts[0], parts => parts[1], StringComparer.Ordinal);
        Sale[] all = [.. Coupons(first, sales).Select(one => new Sale(secrets[one.Merchant], one.Code))];
        var before = await RedeemedAsync();
        await stage.CheckpointAsync();
        var result = await new OpenLoop(stage.Service!.Address).RunAsync(all, rate, string.Create(CultureInfo.InvariantCulture, $"{first:D7}"));
        await Stage.ExecuteAsync(stage.Reference, Embedded.Read("used_set.sql"), supply, first + sales);
        await stage.FollowedAsync();
        var redeemed = await RedeemedAsync() - before;
        if (result.Refused > 0 || redeemed != sales) throw new InvalidOperationException($"Of {sales} sales {result.Refused} were refused or not answered, and {redeemed} are in the books.");
        return result;
    }

    private async Task<Run> WrkAsync(string script, int connections, int seconds)
    {
        var (first, orders) = await NextAsync(seconds);
        var before = await RedeemedAsync();
        await stage.CheckpointAsync();
        var (size, wal, cpu) = (await SizeAsync(stage.Ledger), await WalAsync(), stage.Cpu());
        var result = await stage.Wrk.RunAsync(script, connections, seconds, orders, stage.Keys, string.Create(CultureInfo.InvariantCulture, $"0199f1c2-{first:D7}"));
        await stage.FollowedAsync(); // What was on its way when wrk hung up is carried out all the same, and all of it is followed.
        var used = stage.Cpu() - cpu;
        var after = await RedeemedAsync();
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

    /// <summary>The place of the first coupon that was not used yet, and a file of more than a run can use from there on.</summary>
    private async Task<(long First, string Orders)> NextAsync(int seconds)
    {
        var first = await Stage.ScalarAsync<long>(stage.Reference, Embedded.Read("used_get.sql"), supply);
        var length = Math.Min(count - first, MostPerSecond * seconds);
        if (length <= 0) throw new InvalidOperationException("The supply of coupons is used up: pass a larger --coupons.");
        var orders = Path.Combine(stage.Folder, "orders");
        await using var file = new StreamWriter(orders);
        foreach (var (merchant, code) in Coupons(first, length)) await file.WriteAsync($"{merchant} {code}\n");
        return (first, orders);
    }

    private IEnumerable<(string Merchant, string Code)> Coupons(long first, long length)
    {
        for (var i = first; i < first + length; i++)
        {
            var digest = Numbers.Digest(Numbers.At(i, count, isHot));
            yield return (Numbers.MerchantOf(digest, isHot), Numbers.LedgerCode(digest));
        }
    }

    private Task<long> RedeemedAsync() => Stage.ScalarAsync<long>(stage.Ledger, Embedded.Read("count_redeemed.sql"));

    private Task<double> WalAsync() => Stage.ScalarAsync<double>(stage.Ledger, Embedded.Read("wal_bytes.sql"));

    private static Task<double> SizeAsync(Npgsql.NpgsqlDataSource database) => Stage.ScalarAsync<double>(database, Embedded.Read("database_bytes.sql"));
}
