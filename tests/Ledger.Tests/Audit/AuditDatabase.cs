using Ledger.Postgres;
using Npgsql;
using Xunit;

namespace Ledger.Tests.Audit;

/// <summary>Databases for the audit's tests: each a copy of one that holds the books of <see cref="Plan"/>.</summary>
public sealed class AuditDatabase : IAsyncLifetime
{
    public static readonly SyntheticPlan Plan = new(Seed: 7, Books: 4, Operations: 900, Lag: 20);

    private readonly string prefix = $"audit_{Guid.NewGuid():N}";
    private int databases;

    /// <summary>What every copy holds.</summary>
    public SyntheticBooks Books { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        var template = await EmptyAsync();
        Books = await SyntheticBooks.WriteAsync(template, Plan);
    }

    /// <summary>A database with the schema and without books.</summary>
    public async Task<string> EmptyAsync()
    {
        var database = Unpooled(await PostgresServer.CreateDatabaseAsync($"{prefix}_{Interlocked.Increment(ref databases)}"));
        await using var source = NpgsqlDataSource.Create(database);
        await new Migrations(source).ApplyAsync();
        return database;
    }

    /// <summary>A database of its own, with the books.</summary>
    public async Task<string> CopyAsync() =>
        Unpooled(await PostgresServer.CreateDatabaseAsync($"{prefix}_{Interlocked.Increment(ref databases)}", $"{prefix}_1"));

    public static async Task<int> ExecuteAsync(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteNonQueryAsync();
    }

    /// <summary>The databases go with the server: dropping each one costs a checkpoint.</summary>
    public Task DisposeAsync() => Task.CompletedTask;

    /// <summary>A template must have no connections left.</summary>
    private static string Unpooled(string database) => new NpgsqlConnectionStringBuilder(database) { Pooling = false }.ConnectionString;
}
