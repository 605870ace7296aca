using System.Data;
using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Ledger.Postgres.Scribing;

/// <summary>
/// Writes books: takes the operations that wait, locks their books, loads all their states in one round trip, runs them one after another
/// in memory, appends everything in a second round trip, commits, and only then answers.
/// </summary>
internal sealed class Scribe(NpgsqlDataSource database, ImmutableStreams immutables, BookHints hints, ILogger logger) : IDisposable
{
    /// <summary>How often a batch is tried again when Postgres chose it as the victim of a deadlock, or another transaction was faster.</summary>
    private const int MaxTries = 5;

    // Whoever brings work to a scribe that waits begins it, up to the first answer of the database, instead of waking a thread.
    private readonly Channel<Ticket> queue = Channel.CreateBounded<Ticket>(new BoundedChannelOptions(Limits.Queue) { SingleReader = true, AllowSynchronousContinuations = true });
    private readonly Batch batch = new(immutables);
    private NpgsqlConnection? connection;
    private LoadCommands? load;
    private WriteCommands? write;

    /// <summary>Operations that wait.</summary>
    public int QueueLength => queue.Reader.Count;

    /// <summary>False when as many operations wait as the queue holds.</summary>
    public bool TryEnqueue(Ticket ticket) => queue.Writer.TryWrite(ticket);

    /// <summary>Takes no more operations; those that wait are carried out.</summary>
    public void Complete() => queue.Writer.TryComplete();

    /// <summary>Works until <see cref="Complete"/> and the last operation.</summary>
    public async Task RunAsync()
    {
        var tickets = new List<Ticket>(Limits.Batch);
        while (await queue.Reader.WaitToReadAsync())
        {
            tickets.Clear();
            while (tickets.Count < Limits.Batch && queue.Reader.TryRead(out var ticket)) tickets.Add(ticket);
            await WorkAsync(tickets);
        }

        await DisconnectAsync();
    }

    public void Dispose()
    {
        batch.Dispose();
        connection?.Dispose();
    }

    /// <summary>Carries the operations out together; should that fail, one by one, so that only the guilty one fails.</summary>
    private async Task WorkAsync(List<Ticket> tickets)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await TransactAsync(tickets);
                return;
            }
            catch (OutcomeUnknownException unknown)
            {
                logger.LogWarning(unknown, "The connection ended during COMMIT; the outcome of {Count} operations is unknown", tickets.Count);
                foreach (var ticket in tickets) ticket.Fail(unknown);
                // It may have happened: who follows looks, as nobody will tell it again.
                foreach (var book in batch.Books.Keys) hints.Changed(book);
                return;
            }
            catch (LedgerUnavailableException) when (attempt == 1)
            {
                // The connection was stale (a restart, a failover): nothing was done, a new connection may do it.
            }
            catch (LedgerUnavailableException unavailable)
            {
                logger.LogWarning(unavailable, "The database cannot be reached");
                foreach (var ticket in tickets) ticket.Fail(unavailable);
                // Where nothing listens all of this may happen at once: whoever began the work here is let go.
                await Task.Yield();
                return;
            }
            catch (PostgresException exception) when (IsTransient(exception) && attempt < MaxTries)
            {
                LedgerMetrics.Retries.Add(1);
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                if (tickets.Count == 1)
                {
                    logger.LogError(exception, "An operation failed");
                    tickets[0].Fail(exception);
                    return;
                }

                logger.LogError(exception, "A batch of {Count} operations failed; trying them one by one", tickets.Count);
                foreach (var ticket in tickets) await WorkAsync([ticket]);
                return;
            }
        }
    }

    private async Task TransactAsync(List<Ticket> tickets)
    {
        var started = Stopwatch.GetTimestamp();
        await LoadAsync(tickets);
        if (batch.HasChanges) await CommitAsync();
        else await RollbackAsync();

        LedgerMetrics.BatchSize.Record(tickets.Count);
        LedgerMetrics.BatchDuration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds);
        List<Ticket> again = tickets.Count == 1 ? [] : [.. tickets.Where(Batch.WasLedOn)];
        foreach (var ticket in tickets.Except(again)) ticket.Publish();
        foreach (var (entry, _) in batch.Entries) hints.Changed(entry.Book, entry.Type, entry.Data);
        foreach (var ticket in again) await WorkAsync([ticket]);
    }

    /// <exception cref="LedgerUnavailableException">The connection failed before anything was written.</exception>
    private async Task LoadAsync(List<Ticket> tickets)
    {
        try
        {
            await ConnectAsync();
            batch.Begin(tickets);
            await load!.BeginAsync(batch, CancellationToken.None);
            RememberImmutables();
            for (var waiting = batch.Run(tickets); waiting.Count > 0; waiting = batch.Run(waiting))
            {
                await load.MoreAsync(batch, CancellationToken.None);
                RememberImmutables();
            }
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            if (!await TryRollbackAsync()) throw new LedgerUnavailableException("The connection to the database failed before anything was written.", exception);
            throw;
        }
    }

    /// <exception cref="OutcomeUnknownException">The connection failed after COMMIT may have been sent.</exception>
    private async Task CommitAsync()
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            await write!.CommitAsync(batch);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // An error that leaves the connection usable was raised by a statement before COMMIT: all is undone.
            if (!await TryRollbackAsync()) throw new OutcomeUnknownException("The connection ended before the answer to COMMIT arrived.", exception);
            throw;
        }

        LedgerMetrics.CommitDuration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds);
    }

    private void RememberImmutables()
    {
        foreach (var (book, stream) in batch.Missing) immutables.Remember(book.Id, stream);
    }

    private async Task RollbackAsync()
    {
        if (!await TryRollbackAsync()) throw new LedgerUnavailableException("The connection to the database failed; nothing was to be written.");
    }

    /// <summary>Ends the transaction without effect. False when the connection is gone, which ends it too.</summary>
    private async Task<bool> TryRollbackAsync()
    {
        try
        {
            if (connection is { FullState: ConnectionState.Open })
            {
                await using var rollback = new NpgsqlCommand("rollback", connection);
                await rollback.ExecuteNonQueryAsync();
                return true;
            }
        }
        catch (Exception exception) when (exception is NpgsqlException or InvalidOperationException or IOException)
        {
            logger.LogDebug(exception, "Rollback failed");
        }

        await DisconnectAsync();
        return false;
    }

    private async Task ConnectAsync()
    {
        if (write is not null && connection is { FullState: ConnectionState.Open }) return;
        await DisconnectAsync();
        connection = await database.OpenConnectionAsync();
        await using (var session = new NpgsqlCommand(SqlFile.Read("scribe_session.sql"), connection)) await session.ExecuteNonQueryAsync();
        load = await LoadCommands.PrepareAsync(connection, CancellationToken.None);
        write = await WriteCommands.PrepareAsync(connection, CancellationToken.None);
    }

    private async Task DisconnectAsync()
    {
        if (load is not null) await load.DisposeAsync();
        if (write is not null) await write.DisposeAsync();
        if (connection is not null) await connection.DisposeAsync();
        (load, write, connection) = (null, null, null);
    }

    // Two instances that open the same book at once have no row to lock yet: the later one meets the earlier one's entry 1. So do two that do at once
    // what may be done once. By the SQLSTATE alone: the names of constraints change where tables are distributed. A breach that is no race is met again, and after the last try alone.
    private bool IsTransient(PostgresException exception) => exception.SqlState switch
    {
        PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure => true,
        PostgresErrorCodes.UniqueViolation => batch.Books.Values.Any(book => book.LoadedHead == 0) || batch.HasOnce,
        _ => false,
    };
}
