using System.Collections.Frozen;
using System.Collections.Immutable;
using Ledger.Policies;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NodaTime;
using Npgsql;

namespace Ledger.Postgres.Readers;

/// <summary>
/// Carries out what follows from entries: each policy is a reader of its own, whose progress moves when every operation of a range has had its outcome.
/// A crash between the two repeats operations, and repeats change nothing: their request key is (policy, entry id). What is refused is noted and stays
/// so; what fails is noted and tried again; neither stops a book.
/// </summary>
public sealed class PolicyRunner : BackgroundService
{
    /// <summary>Operations that wait for the scribes at once: a fraction of <see cref="Limits.Queue"/>, so that tills find room.</summary>
    private const int InFlight = 256;

    /// <summary>Entries of one look at what is to be tried again.</summary>
    private const int Retries = 100;

    private const int LongestReason = 500;

    /// <summary>How often and how long an operation waits for a place among those of the scribes: a minute in all.</summary>
    private const int PlaceAttempts = 600;

    private static readonly TimeSpan PlacePause = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);
    private static readonly Duration LongestPause = Duration.FromMinutes(10);

    /// <summary>A page of a successful payment waits for what follows from it, so a hint is taken up at once.</summary>
    private static readonly BookReaderOptions Prompt = BookReaderOptions.Seldom with
    {
        Entries = 20_000,
        PassInterval = TimeSpan.FromMilliseconds(25),
        RestPerWork = 1,
        LongestRest = TimeSpan.FromMilliseconds(200),
        SweepInterval = TimeSpan.FromSeconds(15),
    };

    /// <summary>Whom no till waits for leaves it the machine, and yet is behind by seconds at most.</summary>
    private static readonly BookReaderOptions Patient = BookReaderOptions.Seldom with { Entries = Prompt.Entries, RestPerWork = 50, LongestRest = TimeSpan.FromSeconds(2) };

    private readonly NpgsqlDataSource database;
    private readonly Func<Operation, CancellationToken, Task<Outcome>> submit;
    private readonly IClock clock;
    private readonly ILogger logger;
    private readonly ImmutableDictionary<string, Policy> policies;
    private readonly BookReader[] readers;

    /// <param name="submit">Hands an operation to the scribes and tells its outcome; where they are full, it throws at once, before there is a task.</param>
    /// <param name="policies">Null: all of them.</param>
    public PolicyRunner(
        NpgsqlDataSource database, Func<Operation, CancellationToken, Task<Outcome>> submit, BookHints hints, IClock clock, ILogger<PolicyRunner> logger,
        IReadOnlyList<Policy>? policies = null, BookReaderOptions? options = null)
    {
        (this.database, this.submit, this.clock, this.logger) = (database, submit, clock, logger);
        this.policies = (policies ?? Policy.All).ToImmutableDictionary(policy => policy.Name, StringComparer.Ordinal);
        readers = [.. this.policies.Values.Select(policy => new BookReader(
            policy.Reader, (connection, ranges, cancellation) => FollowAsync(policy, connection, ranges, cancellation), database, hints, logger, options ?? (policy.IsPatient ? Patient : Prompt),
            policy.Follows.Select(type => Catalogue.ByRecord[type].Name).ToFrozenSet(StringComparer.Ordinal), policy.OnlyWith))];
    }

    /// <summary>Follows every book up to the head that it has by then. What policies wrote meanwhile is left to the next time.</summary>
    public Task CatchUpAsync(CancellationToken cancellation = default) => Task.WhenAll(readers.Select(reader => reader.CatchUpAsync(cancellation)));

    /// <summary>Tries again what failed and is due.</summary>
    /// <returns>How many entries had an outcome at last.</returns>
    public async Task<int> RetryAsync(CancellationToken cancellation = default)
    {
        var now = Times.Cut(clock.GetCurrentInstant());
        await using var connection = await database.OpenConnectionAsync(cancellation);
        var done = 0;
        foreach (var due in await PolicyTables.DueAsync(connection, now, policies.Keys, Retries, cancellation))
        {
            if (await PolicyTables.EntryAsync(connection, due.Book, due.Seq, cancellation) is not { } entry) continue;
            var policy = policies[due.Policy];
            if (await TryAsync(policy, entry, due.Attempts, cancellation) is not { } fault) await PolicyTables.DoneAsync(connection, due, cancellation);
            else await PolicyTables.NoteAsync(connection, policy.Name, now, [fault], cancellation);
            done++;
        }

        return done;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken) =>
        await Task.WhenAll([.. readers.Select(reader => Task.Run(() => reader.RunAsync(stoppingToken), CancellationToken.None)), RetryUntilAsync(stoppingToken)]);

    private async Task RetryUntilAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(RetryInterval, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                await RetryAsync(stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                logger.LogWarning(e, "What policies failed at cannot be tried again at present.");
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task FollowAsync(Policy policy, NpgsqlConnection connection, IReadOnlyList<BookRange> ranges, CancellationToken cancellation)
    {
        var concerned = policy.OnlyWhere is { } beginning ? await PolicyTables.OnlyWhereAsync(connection, beginning, ranges, cancellation) : ranges;
        if (concerned.Count == 0) return;
        var entries = await PolicyTables.EntriesAsync(connection, [.. policy.Follows.Select(type => Catalogue.ByRecord[type].Name)], policy.OnlyWith, concerned, cancellation);
        foreach (var some in entries.Chunk(InFlight))
        {
            var books = await Task.WhenAll(some.GroupBy(entry => entry.Book, StringComparer.Ordinal).Select(book => HandInAsync(policy, book, cancellation)));
            var faults = (await Task.WhenAll(books.SelectMany(book => book))).OfType<PolicyFault>().ToList();
            if (faults.Count > 0) await PolicyTables.NoteAsync(connection, policy.Name, Times.Cut(clock.GetCurrentInstant()), faults, cancellation);
        }
    }

    /// <summary>
    /// Hands in what follows from a book's entries, in order, which a full scribe must not change: it carries them out in that order, in few transactions. Books whose scribe
    /// is not full wait for no other.
    /// </summary>
    /// <returns>The outcomes to come.</returns>
    private async Task<List<Task<PolicyFault?>>> HandInAsync(Policy policy, IEnumerable<PolicyRow> entries, CancellationToken cancellation)
    {
        var handed = new List<Task<PolicyFault?>>();
        foreach (var entry in entries)
        {
            var place = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
            handed.Add(TryAsync(policy, entry, attempts: 0, cancellation, place));
            if (!await place.Task) break; // The range fails with it.
        }

        return handed;
    }

    /// <summary>Waits for a place among the tills' operations: giving up would have all of the range done again.</summary>
    /// <returns>The outcome to come: whoever follows may be handed in.</returns>
    private async Task<Task<Outcome>> PlaceAsync(Operation operation, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return submit(operation, cancellation);
            }
            catch (LedgerOverloadedException) when (attempt < PlaceAttempts)
            {
                await Task.Delay(PlacePause, cancellation);
            }
        }
    }

    /// <summary>Null when the operation was carried out or nothing follows. Where the database or the scribes fail, so does the whole range, and is repeated.</summary>
    /// <param name="place">True as soon as the operation has its place, or needs none.</param>
    private async Task<PolicyFault?> TryAsync(Policy policy, PolicyRow entry, int attempts, CancellationToken cancellation, TaskCompletionSource<bool>? place = null)
    {
        var now = Times.Cut(clock.GetCurrentInstant());
        try
        {
            var turn = new PolicyTurn(policy, entry.Book, entry.Stream, entry.Seq, entry.Id, entry.Correlation, Catalogue.Events[entry.Type].Read(entry.Data), now, FreshCodes.Next);
            var outcome = policy.Decide(turn) is { } operation ? await PlaceAsync(operation, cancellation) : null;
            place?.SetResult(true);
            if (outcome is null || await outcome is not Outcome.Rejected(var reason)) return null;
            logger.LogInformation("Policy {Policy} was refused at entry {Entry} of {Book}: {Reason}.", policy.Name, entry.Seq, entry.Book, reason.Slug);
            return new(entry.Book, entry.Seq, reason.Slug, NextAt: null);
        }
        catch (Exception e) when (e is PostgresException { IsTransient: false }
            or not (LedgerOverloadedException or LedgerUnavailableException or OutcomeUnknownException or NpgsqlException or OperationCanceledException or OutOfMemoryException))
        {
            place?.TrySetResult(true);
            logger.LogError(e, "Policy {Policy} failed at entry {Entry} of {Book}.", policy.Name, entry.Seq, entry.Book);
            var pause = Duration.Min(Duration.FromSeconds(1 << Math.Min(attempts, 10)), LongestPause);
            var text = $"{e.GetType().Name}: {e.Message}";
            return new(entry.Book, entry.Seq, text.Length > LongestReason ? text[..LongestReason] : text, now + pause);
        }
        finally
        {
            place?.TrySetResult(false);
        }
    }
}

/// <summary>An entry as it is read for a policy.</summary>
internal sealed record PolicyRow(string Book, long Seq, Guid Id, string Type, byte[] Data, string? Correlation, string Stream);

/// <summary>What a policy could not do.</summary>
/// <param name="NextAt">When it is tried again; null: it was refused.</param>
internal sealed record PolicyFault(string Book, long Seq, string Reason, Instant? NextAt);

/// <summary>An entry at which a policy is to try again.</summary>
internal sealed record PolicyDue(string Book, string Policy, long Seq, int Attempts);
