using System.Diagnostics.Metrics;
using Ledger.Policies;
using Ledger.Postgres.Scribing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Ledger.Postgres;

/// <summary>
/// The way to write: hands each operation to the scribe of its book's partition and tells what became of it. Several instances
/// on one database are safe: the lock on a book's row orders its entries whoever writes.
/// </summary>
public sealed class Scribes : IHostedService, IAsyncDisposable
{
    private readonly Scribe[] scribes;
    private readonly NpgsqlDataSource database;
    private Task[] running = [];

    /// <param name="count">Two per instance on two cores: one waits for Postgres a third of the time, four halve the batches.</param>
    public Scribes(string connectionString, BookHints hints, ILogger<Scribes> logger, int count = 2)
    {
        database = new NpgsqlDataSourceBuilder(new NpgsqlConnectionStringBuilder(connectionString)
        {
            // A scribe keeps its connection for ever. On a timeout the connection is dropped at once: a cancelled wait for a standby
            // would otherwise look like success.
            Pooling = false,
            CancellationTimeout = -1,
            Enlist = false,
            ApplicationName = "ledger-scribe",
        }.ConnectionString).Build();
        var immutables = new ImmutableStreams();
        scribes = [.. Enumerable.Range(0, count).Select(_ => new Scribe(database, immutables, hints, logger))];
        QueueLength = LedgerMetrics.Meter.CreateObservableGauge(
            "ledger.scribe.queue.length", () => scribes.Sum(scribe => scribe.QueueLength), "{operation}", "Operations that wait for a scribe.");
    }

    private ObservableGauge<int> QueueLength { get; }

    /// <summary>Carries the operation out and answers after its transaction has committed.</summary>
    /// <param name="cancellation">Stops the waiting, not the operation: what was handed in is carried out.</param>
    /// <exception cref="LedgerOverloadedException">Too many operations wait; nothing was done.</exception>
    /// <exception cref="LedgerUnavailableException">The database could not be reached; nothing was done.</exception>
    /// <exception cref="OutcomeUnknownException">The connection ended during COMMIT; ask again with the same request key.</exception>
    public Task<Outcome> SubmitAsync(Operation operation, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(operation);
        var ticket = new Ticket(AgencyPolicy.Guard(operation));
        var scribe = scribes[(string.GetHashCode(operation.Request.Book, StringComparison.Ordinal) & int.MaxValue) % scribes.Length];
        if (!scribe.TryEnqueue(ticket)) throw new LedgerOverloadedException($"{Limits.Queue} operations wait already.");
        return cancellation.CanBeCanceled ? ticket.Done.WaitAsync(cancellation) : ticket.Done;
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        running = [.. scribes.Select(scribe => Task.Run(() => WorkAsync(scribe), CancellationToken.None))];
        return Task.CompletedTask;

        static async Task WorkAsync(Scribe scribe)
        {
            try
            {
                await scribe.RunAsync();
            }
            catch (Exception fatal)
            {
                // Only memory that ran out gets here. Half of the merchants would wait for ever: better that the process ends and is started anew, as after a crash.
                Environment.FailFast("A scribe ended.", fatal);
            }
        }
    }

    /// <summary>Takes no more operations and waits for those that were handed in.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        foreach (var scribe in scribes) scribe.Complete();
        // Where the host's patience ends first, disposal waits on.
        await Task.WhenAll(running).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None);
        foreach (var scribe in scribes) scribe.Dispose();
        await database.DisposeAsync();
    }
}
