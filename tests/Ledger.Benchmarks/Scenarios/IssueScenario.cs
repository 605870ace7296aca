using System.Globalization;
using Ledger.Benchmarks.Load;
using Ledger.Benchmarks.Seed;

namespace Ledger.Benchmarks.Scenarios;

/// <summary>What limits cost: one campaign with a quota and a per-member limit, against one without; and that they are exact.</summary>
internal sealed class IssueScenario(Stage stage, Options options, Report report)
{
    private const int Connections = 64;

    /// <summary>More than are issued in any run.</summary>
    private const int Unbounded = 100_000_000;

    private const int BurstRequests = 6_000;

    /// <summary>So many members that quota and per-member limit both refuse: each asks four times for two.</summary>
    private const int BurstMembers = 1_500;

    public async Task RunAsync()
    {
        await IssueAsync(Seeder.Campaign, Math.Min(options.Seconds, 4));
        await IssueAsync(Seeder.Limited, Math.Min(options.Seconds, 4));
        var (free, limited) = (new List<WrkResult>(), new List<WrkResult>());
        for (var pair = 0; pair < options.Pairs; pair++)
        {
            limited.Add(await IssueAsync(Seeder.Limited, options.Seconds));
            free.Add(await IssueAsync(Seeder.Campaign, options.Seconds));
        }

        report.Add(Figure.Of("issue", "with limits ÷ without", limited.Zip(free, (a, b) => a.PerSecond / b.PerSecond), 0.8));
        report.Add(Figure.Of("issue", "with limits, coupons/s", limited.Select(run => run.PerSecond)));
        report.Add(Figure.Of("issue", "without limits, coupons/s", free.Select(run => run.PerSecond)));
        await BurstAsync();
    }

    private async Task<WrkResult> IssueAsync(string campaign, int seconds)
    {
        var before = await IssuedAsync(campaign);
        await stage.CheckpointAsync();
        var result = await SendAsync(campaign, seconds, Unbounded, Unbounded);
        var issued = await IssuedAsync(campaign) - before;
        if (result.Refused + result.Broken > 0) throw new InvalidOperationException($"{result.Refused} requests were refused and {result.Broken} connections broke.");
        if (issued < result.Answered || issued > result.Sent)
            throw new InvalidOperationException($"{result.Answered} coupons were acknowledged of {result.Sent} asked for, and {issued} are in the book.");
        return result;
    }

    /// <summary>More requests than the quota has coupons, all at once. Here refusals are what is wanted.</summary>
    private async Task BurstAsync()
    {
        var result = await SendAsync(Seeder.Burst, 60, BurstMembers, BurstRequests);
        var issued = await IssuedAsync(Seeder.Burst);
        var most = await Stage.ScalarAsync<long>(stage.Ledger, Embedded.Read("most_per_member.sql"), Seeder.Issuer, Seeder.Burst);
        if (result.Broken > 0 || issued != Seeder.BurstQuota || most > Seeder.BurstPerMember)
            throw new InvalidOperationException($"Of a quota of {Seeder.BurstQuota} were issued {issued}, at most {most} to a member; {result.Broken} connections broke.");
        report.Add(Figure.Of("issue", $"issued of a quota of {Seeder.BurstQuota}, {BurstRequests} requests at once", [issued]));
        report.Add(Figure.Of("issue", $"most to one member, of {Seeder.BurstPerMember}", [most]));
    }

    private async Task<WrkResult> SendAsync(string campaign, int seconds, int members, int most)
    {
        var run = Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture)[..12];
        var result = await stage.Wrk.RunAsync(
            "issue.lua", Connections, seconds, campaign, stage.Keys, run, members.ToString(CultureInfo.InvariantCulture), most.ToString(CultureInfo.InvariantCulture));
        await stage.FollowedAsync(); // What was on its way when wrk hung up is carried out all the same.
        return result;
    }

    private Task<long> IssuedAsync(string campaign) => Stage.ScalarAsync<long>(stage.Ledger, Embedded.Read("count_issued.sql"), Seeder.Issuer, campaign);
}
