using Ledger.Postgres;
using Ledger.Postgres.Readers;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Ledger.Tests.Readers;

/// <summary>Databases with the ledger's schema for the tests of readers: each copies one template.</summary>
public sealed class ReadersDatabase
{
    private static readonly Lazy<Task> Template = new(async () =>
    {
        await using var database = NpgsqlDataSource.Create(await PostgresServer.CreateDatabaseAsync("readers_template"));
        await new Migrations(database).ApplyAsync();
        NpgsqlConnection.ClearAllPools();
    });

    private static int count;

    private ReadersDatabase(string connectionString) => ConnectionString = connectionString;

    public string ConnectionString { get; }

    public static async Task<ReadersDatabase> CreateAsync()
    {
        await Template.Value;
        return new(await PostgresServer.CreateDatabaseAsync($"readers_{Interlocked.Increment(ref count)}", "readers_template"));
    }

    public NpgsqlDataSource Connect() => NpgsqlDataSource.Create(ConnectionString);
}

/// <summary>Short ways to say what the tests of readers say often.</summary>
internal static class ReaderTesting
{
    public static BookReaderOptions Quick { get; } = new() { PassInterval = TimeSpan.FromMilliseconds(5), SweepInterval = TimeSpan.FromMilliseconds(50) };

    public static BookReader Follow(this NpgsqlDataSource database, string model, BookHints? hints = null, BookReaderOptions? options = null) =>
        BookReader.Of(Model(model), database, hints ?? new(), NullLogger.Instance, options ?? Quick);

    public static ReadModel Model(string table) => ReadModel.All.Single(model => model.Table == table);

    public static async Task ApplyAsync(this NpgsqlDataSource database, string sql, params IReadOnlyList<BookRange> ranges)
    {
        await using var connection = await database.OpenConnectionAsync();
        await using var batch = new NpgsqlBatch(connection) { BatchCommands = { new("set search_path = ledger"), BookRange.Command(sql, ranges) } };
        await batch.ExecuteNonQueryAsync();
    }

    public static async Task ExecuteAsync(this NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    public static async Task<T> ScalarAsync<T>(this NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>Asks until it is so, and fails after half a minute.</summary>
    public static async Task UntilAsync(Func<Task<bool>> isSo)
    {
        var until = Environment.TickCount64 + 30_000;
        while (!await isSo())
        {
            Xunit.Assert.True(Environment.TickCount64 < until, "It did not happen within half a minute.");
            await Task.Delay(20);
        }
    }
}
