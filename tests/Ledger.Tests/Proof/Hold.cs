using System.Diagnostics;
using Npgsql;

namespace Ledger.Tests.Proof;

/// <summary>Holds the lock on a book's row, as another instance would, so that a scribe waits for it.</summary>
internal sealed class Hold : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly NpgsqlConnection connection;
    private readonly NpgsqlTransaction transaction;

    private Hold(NpgsqlConnection connection, NpgsqlTransaction transaction) => (this.connection, this.transaction) = (connection, transaction);

    /// <summary>Takes the lock, hands in an operation of that book, and returns when the scribe waits for the lock.</summary>
    public static async Task<Hold> TakeAsync(NpgsqlDataSource database, string book, Func<Task> operation)
    {
        var own = await database.OpenConnectionAsync();
        var hold = new Hold(own, await own.BeginTransactionAsync());
        await using (var command = new NpgsqlCommand("select 1 from ledger.books where tenant_id = $1 for update", own))
        {
            command.Parameters.Add(new() { Value = book });
            if (await command.ExecuteScalarAsync() is null) throw new InvalidOperationException($"There is no book {book} to hold.");
        }

        _ = operation();
        var clock = Stopwatch.StartNew();
        while (await database.AskAsync<long>("select count(*) from pg_locks where not granted and pid in (select pid from pg_stat_activity where datname = current_database())") == 0)
        {
            if (clock.Elapsed > Patience) throw new TimeoutException("The scribe does not wait for the lock.");
            await Task.Delay(5);
        }

        return hold;
    }

    /// <summary>Lets go; a second time does nothing.</summary>
    public async ValueTask DisposeAsync()
    {
        await transaction.DisposeAsync();
        await connection.DisposeAsync();
    }
}
