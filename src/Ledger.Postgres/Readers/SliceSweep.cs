using Ledger.Pools;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NodaTime;
using Npgsql;

namespace Ledger.Postgres.Readers;

/// <summary>
/// Carries on what a crash left between two books: at the start, and now and then for instances that others survived. Whoever asked may
/// carry the same slice on meanwhile; each step is done once.
/// </summary>
public sealed class SliceSweep(NpgsqlDataSource database, SliceCourier courier, IClock clock, ILogger<SliceSweep> logger) : BackgroundService
{
    private const string Actor = "sweep";

    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(5);

    /// <summary>Carries on every slice that is half-way now.</summary>
    /// <returns>How many there were.</returns>
    public async Task<int> CarryAsync(CancellationToken cancellation = default)
    {
        var slices = await HalfWayAsync(cancellation);
        foreach (var (pool, slice) in slices)
        {
            try
            {
                if (await courier.CarryAsync(pool, slice, Actor, Times.Cut(clock.GetCurrentInstant()), cancellation) is Outcome.Rejected(var reason))
                    logger.LogWarning("Slice {Slice} of {Pool} came back: {Reason}.", slice, pool, reason.Slug);
            }
            catch (Exception e) when (!cancellation.IsCancellationRequested && e is not (LedgerOverloadedException or LedgerUnavailableException or OutcomeUnknownException) && !Databases.IsAway(e))
            {
                // One that cannot be carried on holds up no other. Where the database is away, none can.
                logger.LogError(e, "Slice {Slice} of {Pool} cannot be carried on.", slice, pool);
            }
        }

        return slices.Count;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var pause = Interval;
            try
            {
                await CarryAsync(stoppingToken);
            }
            catch (Exception) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                logger.LogWarning(e, "Slices between two books wait; they are carried on in {Pause}.", Retry);
                pause = Retry;
            }

            await Task.Delay(pause, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<List<(string Pool, string Slice)>> HalfWayAsync(CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(SqlFile.Read("query_slices_half_way.sql"));
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = PoolStreams.Grant.Schema });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = PoolStreams.Slice.Schema });
        await using var rows = await command.ExecuteReaderAsync(cancellation);
        var slices = new List<(string, string)>();
        while (await rows.ReadAsync(cancellation)) slices.Add((rows.GetString(0), rows.GetString(1)));
        return slices;
    }
}
