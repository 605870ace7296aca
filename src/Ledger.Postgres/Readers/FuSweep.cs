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
                foreach (var (owner, campaign) in await queries.RunningAsync(stoppingToken))
                    await conductor.AdvanceAsync(owner, campaign, Times.Cut(clock.GetCurrentInstant()), stoppingToken);
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
}
