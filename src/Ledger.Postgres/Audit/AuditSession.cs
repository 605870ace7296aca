using Npgsql;

namespace Ledger.Postgres.Audit;

/// <summary>A connection that sees the books at one moment, the same for all sessions of an audit. Writes nothing.</summary>
internal sealed class AuditSession : IDisposable
{
    private readonly NpgsqlConnection connection;
    private readonly string condition;
    private readonly string all;

    private AuditSession(NpgsqlConnection connection, AuditOptions options)
    {
        this.connection = connection;
        all = SqlFile.Read(options.Book is null ? "audit_books_all.sql" : "audit_books_one.sql").Trim();
        condition = SqlFile.Read(options.Book is null ? "audit_books_between.sql" : "audit_books_one.sql").Trim();
    }

    /// <summary>Opens the first session; its snapshot is the audit's.</summary>
    public static (AuditSession Session, string Snapshot) Start(NpgsqlDataSource source, AuditOptions options)
    {
        var session = Open(source, options);
        try
        {
            session.Execute("audit_lock.sql");
            using var export = new NpgsqlCommand(SqlFile.Read("audit_snapshot_export.sql"), session.connection);
            var snapshot = (string)export.ExecuteScalar()!;
            session.Execute("audit_settings.sql");
            return (session, snapshot);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Opens a further session on the snapshot of the first, which must still be open.</summary>
    public static AuditSession Join(NpgsqlDataSource source, AuditOptions options, string snapshot)
    {
        var session = Open(source, options);
        try
        {
            // The server takes no parameter here; a snapshot's name is hexadecimal digits and dashes.
            if (!snapshot.All(c => char.IsAsciiHexDigit(c) || c == '-')) throw new InvalidOperationException($"{snapshot} names no snapshot.");
            session.Execute("audit_snapshot_import.sql", sql => sql.Replace("{snapshot}", snapshot, StringComparison.Ordinal));
            session.Execute("audit_settings.sql");
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Makes the group the one that <see cref="Copy"/> reads.</summary>
    public void Use(BookGroup group)
    {
        using var use = new NpgsqlCommand(SqlFile.Read("audit_use.sql"), connection);
        use.Parameters.Add(new() { Value = group.From });
        use.Parameters.Add(new() { Value = group.To });
        use.ExecuteNonQuery();
    }

    /// <summary>Copies rows of the group out.</summary>
    public CopyRows Copy(string file) => CopyRows.Start(connection, SqlFile.Read(file).Replace("{books}", condition, StringComparison.Ordinal));

    /// <summary>Copies rows of all books that are audited out, by a statement that had better read its table from end to end.</summary>
    public CopyRows CopyByScan(string file)
    {
        Execute("audit_settings_scan.sql");
        return CopyRows.Start(connection, SqlFile.Read(file).Replace("{books}", all, StringComparison.Ordinal));
    }

    /// <summary>How many books there are, what their heads add up to, and a name behind every merchant that any table knows.</summary>
    public (long Books, long Entries, string End) Size()
    {
        using var size = new NpgsqlCommand(SqlFile.Read("audit_size.sql").Replace("{books}", all, StringComparison.Ordinal), connection) { CommandTimeout = 0 };
        using var row = size.ExecuteReader();
        row.Read();
        return (row.GetInt64(0), row.GetInt64(1), row.GetString(2));
    }

    public void Dispose() => connection.Dispose();

    private static AuditSession Open(NpgsqlDataSource source, AuditOptions options)
    {
        var session = new AuditSession(source.OpenConnection(), options);
        try
        {
            session.Execute("audit_begin.sql");
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    private void Execute(string file, Func<string, string>? complete = null)
    {
        var sql = SqlFile.Read(file);
        using var command = new NpgsqlCommand(complete is null ? sql : complete(sql), connection) { CommandTimeout = 0 };
        command.ExecuteNonQuery();
    }
}
