using System.Globalization;
using Npgsql;

namespace Ledger.Postgres.Local;

/// <summary>
/// Makes and drops databases. These are the only SQL statements in C#: a database's name cannot be a parameter, so no .sql file can
/// hold them. Names are quoted here and nowhere else.
/// </summary>
public static class PostgresDatabases
{
    /// <summary>The database that every cluster has, for connections that make or drop others.</summary>
    public const string Maintenance = "postgres";

    private const int Attempts = 100;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// Makes a database; does nothing when it exists. While somebody is connected to the template, Postgres cannot copy it: this waits
    /// about five seconds for them to leave, then lets the refusal (55006, object in use) through.
    /// </summary>
    /// <param name="connectionString">Leads to the server; its database is not used.</param>
    /// <param name="template">The database to copy, or null for an empty one.</param>
    public static async Task CreateAsync(string connectionString, string name, string? template, CancellationToken cancellationToken)
    {
        var copy = template is null ? "" : $" template {Quote(template)}";
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await ExecuteAsync(connectionString, $"create database {Quote(name)}{copy}", cancellationToken);
                return;
            }
            catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.DuplicateDatabase or PostgresErrorCodes.UniqueViolation)
            {
                // The second code is what the slower of two that make it at the same moment gets.
                return;
            }
            catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.ObjectInUse && attempt < Attempts)
            {
                await Task.Delay(Pause, cancellationToken);
            }
        }
    }

    /// <summary>Drops a database and closes the connections to it; does nothing when there is none.</summary>
    /// <param name="connectionString">Leads to the server; its database is not used.</param>
    public static Task DropAsync(string connectionString, string name, CancellationToken cancellationToken) =>
        ExecuteAsync(connectionString, $"drop database if exists {Quote(name)} with (force)", cancellationToken);

    /// <summary>The same server, another database.</summary>
    public static string For(string connectionString, string name) =>
        new NpgsqlConnectionStringBuilder(connectionString) { Database = name }.ConnectionString;

    private static async Task ExecuteAsync(string connectionString, string statement, CancellationToken cancellationToken)
    {
        var target = new NpgsqlConnectionStringBuilder(connectionString) { Database = Maintenance, Pooling = false };
        await using var connection = new NpgsqlConnection(target.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        // Copying or dropping a database may wait for a checkpoint on a busy disk.
        await using var command = new NpgsqlCommand(statement, connection) { CommandTimeout = 300 };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static string Quote(string name)
    {
        // Postgres cuts longer names off, and two of them could then be one.
        const int longest = 63;
        if (System.Text.Encoding.UTF8.GetByteCount(name) is 0 or > longest)
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"A database's name has 1 to {longest} bytes."), nameof(name));
        }

        using var quoting = new NpgsqlCommandBuilder();
        return quoting.QuoteIdentifier(name);
    }
}
