using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Ledger.Postgres;

/// <summary>What the ledger tells OpenTelemetry: the meter and the activity source are both named <c>Ledger</c>.</summary>
public static class LedgerMetrics
{
    public const string Name = "Ledger";

    public static ActivitySource Activities { get; } = new(Name);

    internal static Meter Meter { get; } = new(Name);

    internal static Histogram<int> BatchSize { get; } =
        Meter.CreateHistogram<int>("ledger.scribe.batch.size", "{operation}", "Operations in one transaction of the scribe.");

    internal static Histogram<double> BatchDuration { get; } =
        Meter.CreateHistogram<double>("ledger.scribe.batch.duration", "s", "From taking a batch to its end.");

    internal static Histogram<double> CommitDuration { get; } =
        Meter.CreateHistogram<double>("ledger.scribe.commit.duration", "s", "The second round trip: appending everything and COMMIT.");

    internal static Counter<long> Retries { get; } =
        Meter.CreateCounter<long>("ledger.scribe.retries", "{batch}", "Batches tried again after a deadlock, or because another transaction was faster.");
}
