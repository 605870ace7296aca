using System.Security.Cryptography;
using System.Text;
using NodaTime;
using Npgsql;

namespace Ledger.Postgres;

/// <summary>
/// Brings a database to the schema that this program was built with, and tells where a database differs from it. The schema is the
/// files <c>Sql/Schema/NNN_*.sql</c>, applied in order and each once.
/// </summary>
public sealed class Migrations(NpgsqlDataSource database)
{
    /// <summary>Every migration that this program knows, in order.</summary>
    public static IReadOnlyList<Migration> All { get; } = [.. SqlFile.Names
        .Where(name => name.Length > 8 && name.Take(3).All(char.IsAsciiDigit) && name[3] == '_')
        .Order(StringComparer.Ordinal)
        .Select(name => new Migration(name[..^".sql".Length], SqlFile.Read(name)))];

    /// <summary>What <see cref="DescribeAsync"/> says of a fresh database.</summary>
    public static string ApprovedSchema { get; } = SqlFile.Read("schema.approved.txt").ReplaceLineEndings("\n");

    /// <summary>
    /// Applies what is pending, all of it or nothing. Instances that start at once wait for each other, and the later ones find
    /// nothing to do.
    /// </summary>
    /// <returns>The ids of the migrations that were applied now, in order; empty when the database was up to date.</returns>
    /// <exception cref="MigrationChangedException">A file was changed after it had been applied; nothing was done.</exception>
    /// <exception cref="RebuildAtWorkException">Something is pending while a read model is being rebuilt, which may take hours; nothing was done.</exception>
    public Task<IReadOnlyList<string>> ApplyAsync(CancellationToken cancellation = default) => ApplyAsync(All, cancellation);

    /// <summary>The ids of the migrations that <see cref="ApplyAsync(CancellationToken)"/> would apply.</summary>
    public async Task<IReadOnlyList<string>> PendingAsync(CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        return [.. Compare(All, await AppliedAsync(connection, cancellation)).Where(d => d.Kind == SchemaDifferenceKind.Pending).Select(d => d.Subject)];
    }

    /// <summary>
    /// Tells how the database differs from what this program expects; empty when it does not. The catalogue is compared only when the
    /// migrations agree, because otherwise it differs by their doing.
    /// </summary>
    public async Task<IReadOnlyList<SchemaDifference>> AssertAsync(CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        var migrations = Compare(All, await AppliedAsync(connection, cancellation));
        return migrations.Count > 0 ? migrations : Compare(ApprovedSchema, await ReadCatalogueAsync(connection, cancellation));
    }

    /// <summary>
    /// Describes the live catalogue of schema <c>ledger</c>: tables with their storage options, columns, constraints, indexes, triggers
    /// and functions, one line each, in an order that does not depend on how they came to be.
    /// </summary>
    public async Task<string> DescribeAsync(CancellationToken cancellation = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        return await ReadCatalogueAsync(connection, cancellation);
    }

    internal async Task<IReadOnlyList<string>> ApplyAsync(IReadOnlyList<Migration> known, CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await ExecuteAsync(connection, "migrations_lock.sql", cancellation);
        await ExecuteAsync(connection, "migrations_table.sql", cancellation);
        var differences = Compare(known, await AppliedAsync(connection, cancellation));
        if (differences.FirstOrDefault(d => d.Kind == SchemaDifferenceKind.Changed) is { } changed) throw new MigrationChangedException(changed.Subject);

        var pending = differences.Where(d => d.Kind == SchemaDifferenceKind.Pending).Select(d => d.Subject).ToHashSet(StringComparer.Ordinal);
        if (pending.Count > 0 && !await TryLockOutRebuildsAsync(connection, cancellation)) throw new RebuildAtWorkException();
        var applied = new List<string>();
        foreach (var migration in known.Where(migration => pending.Contains(migration.Id)))
        {
            await using var command = new NpgsqlCommand(migration.Sql, connection) { CommandTimeout = 0 };
            await command.ExecuteNonQueryAsync(cancellation);
            await RecordAsync(connection, migration, cancellation);
            applied.Add(migration.Id);
        }

        await transaction.CommitAsync(cancellation);
        return applied;
    }

    private static List<SchemaDifference> Compare(IReadOnlyList<Migration> known, Dictionary<string, byte[]> applied)
    {
        var differences = new List<SchemaDifference>();
        foreach (var migration in known)
        {
            if (!applied.Remove(migration.Id, out var sha256)) differences.Add(new(SchemaDifferenceKind.Pending, migration.Id));
            else if (!sha256.AsSpan().SequenceEqual(migration.Sha256)) differences.Add(new(SchemaDifferenceKind.Changed, migration.Id));
        }

        differences.AddRange(applied.Keys.Order(StringComparer.Ordinal).Select(id => new SchemaDifference(SchemaDifferenceKind.Unknown, id)));
        return differences;
    }

    private static IReadOnlyList<SchemaDifference> Compare(string expected, string actual)
    {
        var (wanted, found) = (Lines(expected), Lines(actual));
        return
        [
            .. wanted.Except(found, StringComparer.Ordinal).Select(line => new SchemaDifference(SchemaDifferenceKind.Missing, line)),
            .. found.Except(wanted, StringComparer.Ordinal).Select(line => new SchemaDifference(SchemaDifferenceKind.Unexpected, line)),
        ];
    }

    private static string[] Lines(string description) => description.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static async Task<Dictionary<string, byte[]>> AppliedAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        var applied = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        await using (var exist = new NpgsqlCommand(SqlFile.Read("migrations_exist.sql"), connection))
        {
            if (await exist.ExecuteScalarAsync(cancellation) is not true) return applied;
        }

        await using var list = new NpgsqlCommand(SqlFile.Read("migrations_list.sql"), connection);
        await using var rows = await list.ExecuteReaderAsync(cancellation);
        while (await rows.ReadAsync(cancellation)) applied[rows.GetString(0)] = rows.GetFieldValue<byte[]>(1);
        return applied;
    }

    private static async Task<string> ReadCatalogueAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        var text = new StringBuilder();
        await using var command = new NpgsqlCommand(SqlFile.Read("schema_describe.sql"), connection);
        await using var rows = await command.ExecuteReaderAsync(cancellation);
        while (await rows.ReadAsync(cancellation)) text.Append(rows.GetString(0).ReplaceLineEndings(" ")).Append('\n');
        return text.ToString();
    }

    private static async Task RecordAsync(NpgsqlConnection connection, Migration migration, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(SqlFile.Read("migrations_record.sql"), connection)
        {
            Parameters =
            {
                new() { Value = migration.Id },
                new() { Value = migration.Sha256.ToArray() },
                new() { Value = SystemClock.Instance.GetCurrentInstant().ToDateTimeUtc() },
            },
        };
        await command.ExecuteNonQueryAsync(cancellation);
    }

    private static async Task<bool> TryLockOutRebuildsAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(SqlFile.Read("migrations_rebuild_lock.sql"), connection);
        return await command.ExecuteScalarAsync(cancellation) is true;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string file, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(SqlFile.Read(file), connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancellation);
    }
}

/// <summary>One file of the schema. It never changes once it was applied anywhere that matters.</summary>
/// <param name="Id">The file's name without its ending: <c>001_book</c>.</param>
public sealed record Migration(string Id, string Sql)
{
    private readonly byte[] sha256 = SHA256.HashData(Encoding.UTF8.GetBytes(Sql.ReplaceLineEndings("\n")));

    /// <summary>Of the text with LF line ends, so that a checkout on another system is no change.</summary>
    public ReadOnlySpan<byte> Sha256 => sha256;
}

public enum SchemaDifferenceKind
{
    /// <summary>A migration of this program that the database has not seen.</summary>
    Pending,

    /// <summary>A migration whose file is no longer what was applied.</summary>
    Changed,

    /// <summary>A migration that the database has seen and this program does not know: the database is newer.</summary>
    Unknown,

    /// <summary>A line of the approved description that the live catalogue lacks.</summary>
    Missing,

    /// <summary>A line of the live catalogue that the approved description lacks.</summary>
    Unexpected,
}

/// <summary>One difference between a database and this program.</summary>
/// <param name="Subject">A migration's id, or a line of the description.</param>
public sealed record SchemaDifference(SchemaDifferenceKind Kind, string Subject);

/// <summary>A migration's file was changed after it had been applied to this database.</summary>
public sealed class MigrationChangedException : Exception
{
    public MigrationChangedException() { }

    public MigrationChangedException(string migration)
        : base($"The migration {migration} was changed after it had been applied to this database: restore its file and put the change into a new one.") =>
        Migration = migration;

    public MigrationChangedException(string message, Exception inner) : base(message, inner) { }

    public string? Migration { get; }
}

/// <summary>A read model is being rebuilt, and would lose what a migration changes in its table meanwhile; nothing was done.</summary>
public sealed class RebuildAtWorkException : Exception
{
    public RebuildAtWorkException() : base("A read model is being rebuilt, and migrations are pending: start again when it is done, or end the rebuild.") { }

    public RebuildAtWorkException(string message) : base(message) { }

    public RebuildAtWorkException(string message, Exception inner) : base(message, inner) { }
}
