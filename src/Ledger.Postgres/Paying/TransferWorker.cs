using System.Runtime.InteropServices;
using Ledger.Transfers;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NodaTime;
using Npgsql;
using NpgsqlTypes;

namespace Ledger.Postgres.Paying;

/// <summary>
/// Carries transfers to the payment provider when they are due and notes its answers. A row of <c>timers</c> goes when the answer stands in the book, so that
/// a crash at any moment asks again, under the same number; two instances that ask at once are told the same, and the book takes one answer.
/// </summary>
public sealed class TransferWorker(
    NpgsqlDataSource database, PaymentProvider provider, Func<Operation, CancellationToken, Task<Outcome>> submit, IClock clock, ILogger<TransferWorker> logger)
    : BackgroundService
{
    /// <summary>Rows of one look at the table: few, so that what becomes due meanwhile is not behind a long page of time-outs.</summary>
    private const int Page = 64;

    /// <summary>Requests to the provider at once.</summary>
    private const int InFlight = 8;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(5);

    private readonly BookQueries queries = new(database);

    /// <summary>Asks the provider about everything that is due now.</summary>
    /// <returns>How many rows were done.</returns>
    public async Task<int> CarryOutAsync(CancellationToken cancellation = default)
    {
        var (after, count) = (new Due("", "", Instant.FromUnixTimeTicks(0)), 0);
        while (true)
        {
            var page = await DueAsync(Times.Cut(clock.GetCurrentInstant()), after, cancellation);
            var parallel = new ParallelOptions { MaxDegreeOfParallelism = InFlight, CancellationToken = cancellation };
            await Parallel.ForEachAsync(page, parallel, async (due, stopping) =>
            {
                if (await TryAsync(due, stopping)) Interlocked.Increment(ref count);
            });
            if (page.Count < Page) return count;
            after = page[^1];
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!provider.IsConfigured)
        {
            logger.LogWarning("No payment provider is configured (Provider:Url and Provider:Key): transfers stay ordered until one is.");
            return;
        }

        while (!stoppingToken.IsCancellationRequested)
        {
            var pause = Interval;
            try
            {
                await CarryOutAsync(stoppingToken);
            }
            catch (Exception) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                logger.LogWarning(e, "Transfers cannot be read at present; they go on in {Pause}.", Retry);
                pause = Retry;
            }

            await Task.Delay(pause, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>False: the row stays and is tried again at the next round.</summary>
    private async Task<bool> TryAsync(Due due, CancellationToken cancellation)
    {
        try
        {
            await AskAsync(due, cancellation);
            return true;
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            logger.LogWarning(e, "{Stream} of {Book} is tried again.", due.Stream, due.Book);
            return false;
        }
    }

    private async Task AskAsync(Due due, CancellationToken cancellation)
    {
        var stream = TransferStream.Type.At(due.Stream);
        var transfer = await queries.StateAsync(due.Book, stream, cancellation);
        if (transfer is { IsOpen: true, DueAt: { } at, Order: { } order } && at <= Times.Cut(clock.GetCurrentInstant()))
        {
            var answer = await provider.CarryOutAsync(due.Book, transfer, cancellation);
            var now = Times.Cut(clock.GetCurrentInstant());
            var request = new Request(due.Book, Key: null, Fingerprint: ReadOnlyMemory<byte>.Empty, Actor: "transfers", now);
            if (await submit(TransferOperations.Do(request, answer.On(order.Number, transfer.Attempts + 1, now)), cancellation) is Outcome.Rejected(var reason))
                logger.LogError("The answer {Answer} about {Stream} of {Book} was refused: {Reason}.", answer, due.Stream, due.Book, reason.Slug);
        }

        await DoneAsync(due, cancellation);
    }

    private async Task<List<Due>> DueAsync(Instant now, Due after, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(SqlFile.Read("transfers_due.sql"));
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = now.ToDateTimeUtc() });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = after.At.ToDateTimeUtc() });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = after.Book, NpgsqlDbType = NpgsqlDbType.Varchar });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = after.Stream, NpgsqlDbType = NpgsqlDbType.Varchar });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Page });
        await using var rows = await command.ExecuteReaderAsync(cancellation);
        var page = new List<Due>();
        while (await rows.ReadAsync(cancellation)) page.Add(new(rows.GetString(0), rows.GetString(1), Instant.FromDateTimeUtc(rows.GetDateTime(2))));
        return page;
    }

    private async Task DoneAsync(Due due, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(SqlFile.Read("timers_done.sql"));
        object[] values = [new[] { due.At.ToDateTimeUtc() }, new[] { due.Book }, new[] { due.Stream }];
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        await command.ExecuteNonQueryAsync(cancellation);
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Due(string Book, string Stream, Instant At);
}
