using System.Globalization;
using Ledger.Postgres;
using NodaTime;
using Npgsql;
using Xunit;

namespace Ledger.Tests;

/// <summary>A database of a test class's own with the ledger's schema, copied from one template that each test run makes once.</summary>
public sealed class LedgerDatabase : IAsyncLifetime
{
    private static readonly Lazy<Task<string>> Template = new(MakeTemplateAsync);
    private static int made;

    private NpgsqlDataSource? source;

    public string ConnectionString { get; private set; } = "";

    public NpgsqlDataSource Source => source ?? throw new InvalidOperationException("The database is not made yet.");

    public async Task InitializeAsync()
    {
        var template = await Template.Value;
        var name = string.Create(CultureInfo.InvariantCulture, $"ledger_{Interlocked.Increment(ref made)}");
        ConnectionString = await PostgresServer.CreateDatabaseAsync(name, template);
        source = NpgsqlDataSource.Create(ConnectionString);
    }

    /// <summary>The database goes with the server: dropping each one costs a checkpoint.</summary>
    public async Task DisposeAsync()
    {
        if (source is not null) await source.DisposeAsync();
    }

    private static async Task<string> MakeTemplateAsync()
    {
        const string Name = "ledger_template";
        var connection = await PostgresServer.CreateDatabaseAsync(Name);
        await using var database = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connection) { Pooling = false });
        await new Migrations(database).ApplyAsync();
        return Name;
    }
}

/// <summary>Plain SQL for tests: what is stored, said in a line.</summary>
public static class Sql
{
    public static async Task<T?> AskAsync<T>(this NpgsqlDataSource database, string sql, params object[] values)
    {
        ArgumentNullException.ThrowIfNull(database);
        await using var command = database.CreateCommand(sql);
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        return await command.ExecuteScalarAsync() is T answer ? answer : default;
    }

    public static async Task<int> ExecuteAsync(this NpgsqlDataSource database, string sql, params object[] values)
    {
        ArgumentNullException.ThrowIfNull(database);
        await using var command = database.CreateCommand(sql);
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        return await command.ExecuteNonQueryAsync();
    }

    public static async Task<IReadOnlyList<T>> ListAsync<T>(this NpgsqlDataSource database, string sql, Func<NpgsqlDataReader, T> read, params object[] values)
    {
        ArgumentNullException.ThrowIfNull(database);
        ArgumentNullException.ThrowIfNull(read);
        await using var command = database.CreateCommand(sql);
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        await using var rows = await command.ExecuteReaderAsync();
        var list = new List<T>();
        while (await rows.ReadAsync()) list.Add(read(rows));
        return list;
    }

    /// <summary>Everything that a request could have changed, as one line: equal before and after means that nothing was.</summary>
    public static Task<string?> TraceAsync(this NpgsqlDataSource database) => database.AskAsync<string>(
        """
        select format('%s events, %s requests, %s streams, heads %s, tallies %s, keys %s',
            (select count(*) from ledger.mt_events), (select count(*) from ledger.requests), (select count(*) from ledger.mt_streams),
            (select sum(head) from ledger.books), (select sum(value) from ledger.tallies),
            (select count(*) || '/' || count(revoked_at) from ledger.api_keys))
        """);

    /// <summary>A key that may do everything, made beside the service.</summary>
    public static async Task<string> PlatformKeyAsync(this NpgsqlDataSource database) =>
        (await new ApiKeys(database).CreateAsync(ApiKeyScope.Platform, null, null, null, mayImport: true, isTest: true, SystemClock.Instance.GetCurrentInstant())).Secret;
}
