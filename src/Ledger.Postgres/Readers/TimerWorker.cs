using Ledger.Agreements;
using Ledger.Benefits;
using Ledger.Coupons;
using Ledger.Coupons.Groups;
using Ledger.FuCards;
using Ledger.Points;
using Ledger.Policies;
using Ledger.Traffic;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NodaTime;
using Npgsql;

namespace Ledger.Postgres.Readers;

/// <summary>
/// Turns what is due into commands: coupons expire, groups dissolve, campaigns end, points become active and expire, credit for exposure expires. A row of <c>timers</c> goes once its stream was asked, whatever the
/// answer was. Firing twice, here or in another instance, is nothing to the deciders. A row whose operation throws stays and holds up no other. Tills go first: at the first
/// sign of overload the worker stops until its next round. Transfers are the <see cref="Paying.TransferWorker"/>'s.
/// </summary>
public sealed class TimerWorker(
    NpgsqlDataSource database, Func<Operation, CancellationToken, Task<Outcome>> submit, IClock clock, ILogger<TimerWorker> logger)
    : BackgroundService
{
    /// <summary>Rows of one look at the table.</summary>
    private const int Page = 1_000;

    /// <summary>
    /// Operations that wait for the scribes at once. Who waits is served in turn, so it is also what a backlog takes from tills: with 64 of them at work a fifth, not four fifths as 256 did.
    /// </summary>
    private const int InFlight = 16;

    /// <summary>Streams left alone at most; who throws beyond that is asked at each look.</summary>
    private const int MostSetAside = 10_000;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(5);

    /// <summary>How long a stream is left alone whose operation threw: each time it makes the scribe carry out one by one what was handed in with it.</summary>
    private static readonly Duration SetAside = Duration.FromSeconds(30);

    private readonly HashSet<string> unknown = new(StringComparer.Ordinal);

    /// <summary>Until when which stream is left alone.</summary>
    private readonly Dictionary<(string Book, string Stream), Instant> setAside = [];

    /// <summary>Fires what is due now.</summary>
    /// <returns>How many operations were carried out.</returns>
    public async Task<int> FireAsync(CancellationToken cancellation = default)
    {
        var (after, count) = (DueTimer.None, 0);
        while (true)
        {
            // The clock is read for each page: a backlog may take minutes, and what it records says when.
            var now = Times.Cut(clock.GetCurrentInstant());
            var page = await DueTimers.ReadAsync(database, "timers_due.sql", now, after, Page, cancellation);
            var (done, isOverloaded) = await FireAsync(page, now, cancellation);
            count += done;
            if (isOverloaded || page.Count < Page) return count;
            after = page[^1];
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var pause = Interval;
            try
            {
                await FireAsync(stoppingToken);
            }
            catch (Exception) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                logger.LogWarning(e, "Timers failed; they go on in {Pause}.", Retry);
                pause = Retry;
            }

            await Task.Delay(pause, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static Operation? OperationOf(DueTimer due, Instant now)
    {
        var request = new Request(due.Book, Key: null, Fingerprint: ReadOnlyMemory<byte>.Empty, Actor: "timer", now);
        return due.Stream.Split('-', 2) switch
        {
            ["coupon", var code] => CouponOperations.Expire(request, code),
            ["points", var account] when account.Split('/') is [var program, var member] => PointsOperations.ReadClock(request, program, member),
            ["traffic", "account"] => TrafficOperations.ReadClock(request),
            ["member", var member] => TierPolicy.Review(request, member),
            ["benefitorder", var order] => BenefitOperations.Expire(request, order),
            ["campaign", var id] => CouponOperations.Change(request, id, new CampaignCommand.EndCampaign(now)),
            ["agreement", var id] => LightMembershipPolicy.Send(AgreementOperations.ReadClock(request, id)),
            ["group", var id] => GroupOperations.End(request, id),
            ["fuhand", var hand] when hand.Split('/') is [var campaign, var user] => FuOperations.Return(request, campaign, user),
            _ => null,
        };
    }

    private async Task<(int Done, bool IsOverloaded)> FireAsync(List<DueTimer> page, Instant now, CancellationToken cancellation)
    {
        var (done, isOverloaded) = (0, false);
        foreach (var (stream, until) in setAside.ToArray())
        {
            if (until <= now) setAside.Remove(stream);
        }

        foreach (var some in page.Where(due => !setAside.ContainsKey((due.Book, due.Stream))).Chunk(InFlight))
        {
            // Handed in together, so that they share the scribes' transactions.
            var results = await Task.WhenAll(some.Select(due => FireAsync(due, now, cancellation)));
            DueTimer[] asked = [.. some.Where((_, i) => results[i] is null)];
            await DueTimers.DoneAsync(database, asked, cancellation);
            done += asked.Length;
            foreach (var (due, result) in some.Zip(results))
            {
                if (result is not null && !IsOfTheService(result) && setAside.Count < MostSetAside) setAside[(due.Book, due.Stream)] = now + SetAside;
            }

            isOverloaded = results.Any(result => result is LedgerOverloadedException);
            var failure = results.FirstOrDefault(result => result is LedgerUnavailableException or OutcomeUnknownException);
            if (failure is not null) throw failure;
            if (isOverloaded) break;
        }

        return (done, isOverloaded);
    }

    /// <summary>Null when the operation had an outcome, else what came between.</summary>
    private async Task<Exception?> FireAsync(DueTimer due, Instant now, CancellationToken cancellation)
    {
        try
        {
            if (OperationOf(due, now) is not { } operation) return Unknown(due);
            if (await submit(operation, cancellation) is Outcome.Rejected(var reason))
                logger.LogWarning("Timer {Stream} of {Book} was refused: {Reason}.", due.Stream, due.Book, reason.Slug);
            return null;
        }
        catch (Exception e) when (IsOfTheService(e))
        {
            return e;
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested && e is not OutOfMemoryException)
        {
            logger.LogError(e, "Timer {Stream} of {Book} failed; it is left alone for {Pause}.", due.Stream, due.Book, SetAside);
            return e;
        }
    }

    /// <summary>Whether it would meet every row alike.</summary>
    private static bool IsOfTheService(Exception e) => e is LedgerOverloadedException or LedgerUnavailableException or OutcomeUnknownException;

    /// <summary>The row stays for an instance of another version that knows it. Said once a kind.</summary>
    private NotSupportedException Unknown(DueTimer due)
    {
        var kind = due.Stream.Split('-', 2)[0];
        if (unknown.Add(kind)) logger.LogError("Nobody here knows what timer {Stream} of {Book} means, nor others of its kind.", due.Stream, due.Book);
        return new(kind);
    }
}
