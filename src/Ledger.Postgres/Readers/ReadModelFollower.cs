using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Ledger.Postgres.Readers;

/// <summary>Brings forward every read model that the scribe does not write itself, each by a reader of its own.</summary>
public sealed class ReadModelFollower(
    NpgsqlDataSource database, BookHints hints, ILogger<ReadModelFollower> logger, BookReaderOptions? options = null) : BackgroundService
{
    private readonly BookReader[] readers =
        [.. ReadModel.All.Where(model => !model.IsInline).Select(model => BookReader.Of(model, database, hints, logger, options ?? (model.IsPrompt ? new() : BookReaderOptions.Seldom)))];

    /// <summary>Brings every followed read model up to the heads that the books have by then.</summary>
    public Task CatchUpAsync(CancellationToken cancellation = default) => Task.WhenAll(readers.Select(reader => reader.CatchUpAsync(cancellation)));

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(readers.Select(reader => Task.Run(() => reader.RunAsync(stoppingToken), CancellationToken.None)));
}
