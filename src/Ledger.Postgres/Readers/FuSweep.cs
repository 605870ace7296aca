using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NodaTime;

namespace Ledger.Postgres.Readers;

/// <summary>Looks now and then which Fu-card campaigns can be taken further: opened, sealed, allocated, closed.</summary>
public sealed class FuSweep(FuQueries queries, FuConductor conductor, IClock clock, ILogger<FuSweep> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                foreach (var (owner, campaign) in await queries.RunningAsync(stoppingToken)) await AdvanceAsync(owner, campaign, stoppingToken);
            }
            catch (Exception) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                logger.LogWarning(e, "Fu-card campaigns wait; they go on in {Pause}.", Interval);
            }

            await Task.Delay(Interval, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>What fails at one campaign holds up no other.</summary>
    private async Task AdvanceAsync(string owner, string campaign, CancellationToken stoppingToken)
    {
        try
        {
            await conductor.AdvanceAsync(owner, campaign, Times.Cut(clock.GetCurrentInstant()), stoppingToken);
        }
        catch (Exception e) when (!stoppingToken.IsCancellationRequested)
        {
            logger.LogWarning(e, "Fu-card campaign {Campaign} of {Owner} waits; it goes on in {Pause}.", campaign, owner, Interval);
        }
    }
}
