using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NodaTime;
using Npgsql;

namespace Ledger.Postgres.Readers;

/// <summary>
/// Tells OpenTelemetry how far the readers are behind: gauges <c>ledger.reader.lag.entries</c> and <c>ledger.reader.lag.seconds</c> of
/// meter <c>Ledger</c>, tagged with <c>reader</c>. Asks the database only while someone listens, and while it does not answer the
/// gauges say nothing.
/// </summary>
public sealed class ReaderGauges : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly NpgsqlDataSource database;
    private readonly IClock clock;
    private readonly ILogger logger;
    private readonly Meter meter = new(LedgerMetrics.Name);
    private readonly ObservableGauge<long> entries;
    private readonly ObservableGauge<long> seconds;
    private volatile IReadOnlyList<ReaderStatus> statuses = [];

    public ReaderGauges(NpgsqlDataSource database, IClock clock, ILogger<ReaderGauges> logger)
    {
        (this.database, this.clock, this.logger) = (database, clock, logger);
        entries = meter.CreateObservableGauge(
            "ledger.reader.lag.entries", () => Measure(status => status.EntriesBehind), "{entry}", "Entries that the reader has not followed.");
        seconds = meter.CreateObservableGauge(
            "ledger.reader.lag.seconds", () => Measure(status => status.LagSeconds), "s", "Age of the oldest entry that the reader has not followed.");
    }

    public override void Dispose()
    {
        meter.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (entries.Enabled || seconds.Enabled)
                {
                    statuses = await ReaderStatus.ReadAsync(database, ReaderStatus.Followers, clock.GetCurrentInstant(), stoppingToken);
                }
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                statuses = [];
                logger.LogWarning(e, "The readers' lag is not known at present.");
            }
            catch (OperationCanceledException)
            {
                return;
            }

            await Task.Delay(Interval, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private IEnumerable<Measurement<long>> Measure(Func<ReaderStatus, long> value) =>
        statuses.Select(status => new Measurement<long>(value(status), new KeyValuePair<string, object?>("reader", status.Reader)));
}
