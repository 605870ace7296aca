using System.Collections.Concurrent;
using Ledger.Postgres.Readers;
using Ledger.Transfers;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NodaTime;
using Npgsql;

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

    /// <summary>Until when a transfer whose answer could not be noted is left alone, or all of a book (with no stream) whose scribe is full: the provider would be asked in vain.</summary>
    private readonly ConcurrentDictionary<(string Book, string? Stream), Instant> leftAlone = [];

    /// <summary>Asks the provider about everything that is due now.</summary>
    /// <returns>How many rows were done.</returns>
    public async Task<int> CarryOutAsync(CancellationToken cancellation = default)
    {
        var (after, count) = (DueTimer.None, 0);
        // What another instance finished is never looked at again.
        foreach (var what in leftAlone.Keys) _ = IsLeftAlone(what);
        while (true)
        {
            var page = await DueTimers.ReadAsync(database, "transfers_due.sql", Times.Cut(clock.GetCurrentInstant()), after, Page, cancellation);
            var parallel = new ParallelOptions { MaxDegreeOfParallelism = InFlight, CancellationToken = cancellation };
            await Parallel.ForEachAsync(page, parallel, async (due, stopping) =>
            {
                if (!IsLeftAlone((due.Book, null)) && !IsLeftAlone((due.Book, due.Stream)) && await TryAsync(due, stopping)) Interlocked.Increment(ref count);
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
                logger.LogWarning(e, "Transfers cannot be carried out at present; they go on in {Pause}.", Retry);
                pause = Retry;
            }

            await Task.Delay(pause, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private bool IsLeftAlone((string, string?) what)
    {
        if (!leftAlone.TryGetValue(what, out var until)) return false;
        if (clock.GetCurrentInstant() < until) return true;
        leftAlone.TryRemove(what, out _);
        return false;
    }

    /// <summary>False: the row stays and is tried again later. Where nothing can be noted at all, the round ends.</summary>
    private async Task<bool> TryAsync(DueTimer due, CancellationToken cancellation)
    {
        try
        {
            await AskAsync(due, cancellation);
            return true;
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested && e is not LedgerUnavailableException)
        {
            logger.LogWarning(e, "{Stream} of {Book} is tried again in {Pause}.", due.Stream, due.Book, Retry);
            leftAlone[(due.Book, e is LedgerOverloadedException ? null : due.Stream)] = clock.GetCurrentInstant() + Duration.FromTimeSpan(Retry);
            return false;
        }
    }

    private async Task AskAsync(DueTimer due, CancellationToken cancellation)
    {
        var stream = TransferStream.Type.At(due.Stream);
        var transfer = await queries.StateAsync(due.Book, stream, cancellation);
        if (transfer is { IsOpen: true, DueAt: { } at, Order: { } order } && at <= Instant.Max(due.At, Times.Cut(clock.GetCurrentInstant())))
        {
            var answer = await provider.CarryOutAsync(due.Book, transfer, cancellation);
            var now = Times.Cut(clock.GetCurrentInstant());
            var request = new Request(due.Book, Key: null, Fingerprint: ReadOnlyMemory<byte>.Empty, Actor: "transfers", now);
            if (await submit(TransferOperations.Do(request, answer.On(order.Number, transfer.Attempts + 1, now)), cancellation) is Outcome.Rejected(var reason))
                logger.LogError("The answer {Answer} about {Stream} of {Book} was refused: {Reason}.", answer, due.Stream, due.Book, reason.Slug);
        }

        await DueTimers.DoneAsync(database, [due], cancellation);
    }
}
