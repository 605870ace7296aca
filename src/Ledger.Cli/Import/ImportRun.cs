using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;

namespace Ledger.Cli.Import;

/// <summary>
/// Sends one data set to the service: merchants, stores and campaigns, then coupons, then redemptions. Running it again sends the same
/// requests under the same keys, which the service answers without doing them twice.
/// </summary>
internal sealed class ImportRun(ServiceClient service, Terminal terminal, Func<TimeSpan, CancellationToken, Task> delay)
{
    private const int ChunksInFlight = 4;
    private const int RequestsInFlight = 16;
    private const int RefusalsShown = 20;

    /// <summary>How long the reports may stay behind without getting nearer.</summary>
    private const int LagChecks = 240;

    /// <summary>How often figures may be as far from what is expected as before.</summary>
    private const int SettleChecks = 80;

    private static readonly TimeSpan LagPause = TimeSpan.FromMilliseconds(250);

    private readonly ConcurrentDictionary<CouponKey, string> codes = new();
    private readonly ConcurrentQueue<string> refusals = new();
    private long stores;
    private long issued;
    private long redeemed;
    private long refused;
    private TimeSpan issuing;
    private TimeSpan redeeming;
    private volatile bool isResumed;

    public long Stores => stores;

    public async Task SetUpAsync(IReadOnlyList<MerchantPlan> merchants, CancellationToken cancellation)
    {
        await terminal.ProgressAsync("Merchants, stores and campaigns", merchants.Sum(m => 1 + m.Stores.Count + m.Campaigns.Count), async advance =>
        {
            var sixteen = new ParallelOptions { MaxDegreeOfParallelism = RequestsInFlight, CancellationToken = cancellation };
            await Parallel.ForEachAsync(merchants, sixteen, async (plan, ct) =>
            {
                await RequireAsync(plan, "/v1/merchants", "merchant", plan.Merchant, ct);
                advance(1);
            });
            await Parallel.ForEachAsync(merchants.SelectMany(plan => plan.Stores.Select(store => (plan, store))), sixteen, async (item, ct) =>
            {
                await RequireAsync(item.plan, "/v1/stores", $"store-{item.store.Id}", item.store, ct);
                Interlocked.Increment(ref stores);
                advance(1);
            });
            await Parallel.ForEachAsync(merchants.SelectMany(plan => plan.Campaigns.Select(campaign => (plan, campaign))), sixteen, async (item, ct) =>
            {
                var (plan, campaign) = item;
                await RequireAsync(plan, "/v1/campaigns", $"campaign-{campaign.Id}", campaign, ct);
                await RequireAsync(plan, $"/v1/campaigns/{campaign.Id}/submit", $"submit-{campaign.Id}", null, ct);
                await RequireAsync(plan, $"/v1/campaigns/{campaign.Id}/approve", $"approve-{campaign.Id}", null, ct);
                advance(1);
            });
        });
        if (isResumed) terminal.Note("This import was begun before: what is there is not done again.");
    }

    /// <summary>Issues coupons, and keeps the codes that are wanted later.</summary>
    public async Task IssueAsync(IEnumerable<Chunk> chunks, long total, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        await terminal.ProgressAsync("Coupons", total, advance => Parallel.ForEachAsync(
            chunks, new ParallelOptions { MaxDegreeOfParallelism = ChunksInFlight, CancellationToken = cancellation }, async (chunk, ct) =>
            {
                var answers = await service.IssueAsync(chunk, ct);
                for (var i = 0; i < answers.Count; i++)
                {
                    if (!answers[i].IsAccepted) Refuse($"{chunk.RequestKey} line {i + 1}: {answers[i].Problem ?? $"status {answers[i].Status}"}");
                    else Interlocked.Increment(ref issued);
                    if (answers[i].Code is { } code && chunk.Wanted.TryGetValue(i + 1, out var key)) codes[key] = code;
                }

                advance(answers.Count);
            }));
        issuing += clock.Elapsed;
    }

    /// <summary>Redeems coupons that <see cref="IssueAsync"/> issued.</summary>
    public async Task RedeemAsync(IReadOnlyCollection<PlannedRedemption> redemptions, CancellationToken cancellation)
    {
        var clock = Stopwatch.StartNew();
        await terminal.ProgressAsync("Redemptions", redemptions.Count, advance => Parallel.ForEachAsync(
            redemptions, new ParallelOptions { MaxDegreeOfParallelism = RequestsInFlight, CancellationToken = cancellation }, async (planned, ct) =>
            {
                if (!codes.TryGetValue(planned.Coupon, out var code)) Refuse($"{planned.RequestKey}: its coupon was not issued");
                else
                {
                    var body = new NewRedemption(code, planned.Amount, planned.At);
                    var answer = await service.PostAsync(planned.Merchant, "/v1/redemptions", planned.RequestKey, body, ct);
                    if (answer.IsAccepted) Interlocked.Increment(ref redeemed);
                    else Refuse($"{planned.RequestKey}: {answer.Problem}");
                }

                advance(1);
            }));
        redeeming += clock.Elapsed;
    }

    /// <summary>Sends requests that need nothing of each other's answers.</summary>
    /// <returns>How many were accepted.</returns>
    public async Task<long> SendAsync(string what, string merchant, IReadOnlyCollection<PlannedRequest> requests, CancellationToken cancellation)
    {
        var (clock, accepted) = (Stopwatch.StartNew(), 0L);
        await terminal.ProgressAsync(what, requests.Count, advance => Parallel.ForEachAsync(
            requests, new ParallelOptions { MaxDegreeOfParallelism = RequestsInFlight, CancellationToken = cancellation }, async (planned, ct) =>
            {
                var answer = await service.PostAsync(merchant, planned.Path, planned.RequestKey, planned.Body, ct);
                if (answer.IsAccepted) Interlocked.Increment(ref accepted);
                else Refuse($"{planned.RequestKey}: {answer.Problem}");
                advance(1);
            }));
        redeeming += clock.Elapsed;
        return accepted;
    }

    /// <summary>Reads figures until they are those expected, or change no more: what follows from entries comes a moment after them.</summary>
    public async Task<Figures> SettledAsync(string merchant, Figures expected, Func<CancellationToken, Task<Figures>> read, CancellationToken cancellation)
    {
        for (var (checks, least) = (0, int.MaxValue); ; checks++)
        {
            await CaughtUpAsync(merchant, cancellation);
            var figures = await read(cancellation);
            var different = expected.Against(figures).Count();
            if (different < least) (checks, least) = (0, different);
            if (different == 0 || checks >= SettleChecks) return figures;
            await delay(LagPause, cancellation);
        }
    }

    /// <summary>Says how it went with payments.</summary>
    /// <returns>The exit code: 1 if anything was refused or differs.</returns>
    public int Report(long payments, long refunds, int figures, IReadOnlyList<Difference> differences)
    {
        var summary = new
        {
            Payments = payments,
            Refunds = refunds,
            Refused = refused,
            Seconds = Math.Round(redeeming.TotalSeconds, 1),
            PaymentsPerSecond = Rate(payments + refunds, redeeming),
            FiguresCompared = figures,
            Differences = differences,
            Refusals = refusals,
        };
        terminal.Data(
            summary, ["payments", "refunds", "refused", "seconds", "requests/s", "figures compared", "different"],
            [[payments, refunds, refused, summary.Seconds, summary.PaymentsPerSecond, figures, differences.Count]]);
        return Say(differences);
    }

    /// <summary>Reads every merchant's totals, each once its reports have caught up with its book.</summary>
    public async Task ReadReportsAsync(IReadOnlyList<string> merchants, Func<string, JsonElement, CancellationToken, Task> use, CancellationToken cancellation) =>
        await terminal.ProgressAsync("Reports", merchants.Count, advance => Parallel.ForEachAsync(
            merchants, new ParallelOptions { MaxDegreeOfParallelism = RequestsInFlight, CancellationToken = cancellation }, async (merchant, ct) =>
            {
                await use(merchant, await CaughtUpAsync(merchant, ct), ct);
                advance(1);
            }));

    /// <summary>Says how it went.</summary>
    /// <returns>The exit code: 1 if anything was refused or differs.</returns>
    public int Report(int merchants, int campaigns, int figures, IReadOnlyList<Difference> differences)
    {
        var summary = new
        {
            Merchants = merchants,
            Campaigns = campaigns,
            Issued = issued,
            Redeemed = redeemed,
            Refused = refused,
            Seconds = Math.Round((issuing + redeeming).TotalSeconds, 1),
            CouponsPerSecond = Rate(issued, issuing),
            RedemptionsPerSecond = Rate(redeemed, redeeming),
            FiguresCompared = figures,
            Differences = differences,
            Refusals = refusals,
        };
        terminal.Data(
            summary,
            ["merchants", "campaigns", "issued", "redeemed", "refused", "seconds", "coupons/s", "redemptions/s", "figures compared", "different"],
            [[merchants, campaigns, issued, redeemed, refused, summary.Seconds, summary.CouponsPerSecond, summary.RedemptionsPerSecond, figures, differences.Count]]);
        return Say(differences);
    }

    private int Say(IReadOnlyList<Difference> differences)
    {
        foreach (var refusal in refusals) terminal.Note($"Refused: {refusal}.");
        if (refused > refusals.Count) terminal.Note($"... and {refused - refusals.Count} more were refused.");
        foreach (var difference in differences) terminal.Note($"Different: {difference}.");
        return refused == 0 && differences.Count == 0 ? ExitCode.Fine : ExitCode.Found;
    }

    private static long Rate(long count, TimeSpan time) => time > TimeSpan.Zero ? (long)(count / time.TotalSeconds) : 0;

    private async Task RequireAsync(MerchantPlan plan, string path, string name, object? body, CancellationToken cancellation)
    {
        var answer = await service.PostAsync(plan.Merchant.Id, path, $"{plan.KeyPrefix}-{name}", body, cancellation);
        if (!answer.IsAccepted)
        {
            var advice = answer.Status is 409 or 422 ? "if another data set lives under this name, import into an empty database" : "see the service's log";
            throw new CliException($"The service refused POST {path} for the merchant {plan.Merchant.Id} ({answer.Problem}): {advice}.");
        }

        if (answer.IsOfEarlierRun) isResumed = true;
    }

    private void Refuse(string what)
    {
        if (Interlocked.Increment(ref refused) <= RefusalsShown) refusals.Enqueue(what);
    }

    private async Task<JsonElement> CaughtUpAsync(string merchant, CancellationToken cancellation)
    {
        for (var (checks, least) = (0, long.MaxValue); ; checks++)
        {
            var report = await service.GetAsync(merchant, "/v1/reports/merchant", cancellation);
            var behind = report.TryGetProperty("lagEntries", out var lag) ? lag.GetInt64() : 0;
            if (behind == 0) return report;
            if (behind < least) (checks, least) = (0, behind);
            if (checks >= LagChecks)
            {
                throw new CliException($"The reports of {merchant} stay {behind} entries behind its book: see `ledger projections status`, then run the same command again.");
            }

            await delay(LagPause, cancellation);
        }
    }
}
