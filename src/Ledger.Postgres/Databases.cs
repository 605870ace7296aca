using Npgsql;

namespace Ledger.Postgres;

/// <summary>What the service and the command line agree on about the database that they are given.</summary>
public static class Databases
{
    /// <summary>The connection string; of several hosts the one that takes writes, unless it says otherwise: after a failover the first one may have come back as a standby.</summary>
    /// <exception cref="ArgumentException">It cannot be read. The message may repeat the password.</exception>
    public static NpgsqlConnectionStringBuilder Read(string connectionString)
    {
        var read = new NpgsqlConnectionStringBuilder(connectionString);
        if (read.Host?.Contains(',', StringComparison.Ordinal) is true) read.TargetSessionAttributes ??= "primary";
        return read;
    }

    /// <summary>Whether the database cannot be reached at present, rather than having refused something. That none of several hosts is suitable Npgsql does not call transient.</summary>
    public static bool IsAway(Exception exception) => exception is NpgsqlException { IsTransient: true } or (NpgsqlException and not PostgresException);
}
