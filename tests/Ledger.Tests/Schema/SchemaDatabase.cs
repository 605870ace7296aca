using Npgsql;

namespace Ledger.Tests.Schema;

/// <summary>An empty database of one test.</summary>
internal sealed class SchemaDatabase : IAsyncDisposable
{
    private SchemaDatabase(string connectionString)
    {
        ConnectionString = connectionString;
        Source = NpgsqlDataSource.Create(connectionString);
    }

    public string ConnectionString { get; }

    public NpgsqlDataSource Source { get; }

    public static async Task<SchemaDatabase> CreateAsync() => new(await PostgresServer.CreateDatabaseAsync($"schema_{Guid.NewGuid():n}"));

    public async Task ExecuteAsync(string sql)
    {
        await using var command = Source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>The database goes with the server: dropping each one costs a checkpoint.</summary>
    public ValueTask DisposeAsync() => Source.DisposeAsync();
}
