namespace Ledger.Postgres.Local;

/// <summary>How a private server is found and run. Everything has a default: an empty object is a working configuration.</summary>
public sealed record LocalPostgresOptions
{
    /// <summary>Accounts without rights that most systems have, best first.</summary>
    private static readonly string[] Accounts = ["postgres", "nobody"];

    /// <summary>
    /// The folder that holds the database, its password, its log and its locks; made when missing. Otherwise the environment variable
    /// LEDGER_DATA, otherwise /var/lib/ledger/postgres for root and ledger/postgres under $XDG_DATA_HOME (~/.local/share) for others.
    /// </summary>
    public string? DataDir { get; init; }

    /// <summary>
    /// The folder with initdb, pg_ctl and postgres; nowhere else is searched when it is given. Otherwise the environment variable
    /// LEDGER_POSTGRES_BIN, otherwise the places that <see cref="PostgresPrograms"/> lists.
    /// </summary>
    public string? BinDir { get; init; }

    /// <summary>
    /// The account that runs the server when this process is root, because Postgres refuses to run as root; not used otherwise.
    /// Otherwise the environment variable LEDGER_POSTGRES_USER, otherwise postgres, otherwise nobody.
    /// </summary>
    public string? RunAs { get; init; }

    /// <summary>The database that <see cref="LocalPostgres.ConnectionString"/> leads to; made when missing.</summary>
    public string Database { get; init; } = "ledger";

    /// <summary>Receives a sentence for each thing that takes time or that a person may want to know. Never receives the password.</summary>
    public Action<string>? Log { get; init; }

    /// <summary>
    /// Server settings that replace or extend the usual ones. They count when this process starts the server; a server that is already
    /// up keeps its own. Settings that would let a commit be lost are refused.
    /// </summary>
    public IReadOnlyDictionary<string, string> ExtraSettings { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>
    /// Leave the server up on dispose, for the next process to find. This holds for this process only: another one without the option
    /// that leaves last does stop the server.
    /// </summary>
    public bool LeaveRunning { get; init; }

    /// <summary>How long a guest waits for a server that is not up at all: its owner may be making it.</summary>
    internal TimeSpan DownLimit { get; init; } = TimeSpan.FromMinutes(2);

    internal string ResolveDataDir()
    {
        if (FirstGiven(DataDir, Environment.GetEnvironmentVariable("LEDGER_DATA")) is { } given)
        {
            return Path.TrimEndingDirectorySeparator(Path.GetFullPath(given));
        }

        if (Environment.IsPrivilegedProcess)
        {
            return "/var/lib/ledger/postgres";
        }

        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var shared = FirstGiven(Environment.GetEnvironmentVariable("XDG_DATA_HOME")) ?? Path.Combine(home, ".local", "share");
        return Path.GetFullPath(Path.Combine(shared, "ledger", "postgres"));
    }

    internal string? ResolveBinDir() => FirstGiven(BinDir, Environment.GetEnvironmentVariable("LEDGER_POSTGRES_BIN"));

    /// <summary>The account to run the server as, or null when this process runs it under its own.</summary>
    internal string? ResolveRunAs()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return null;
        }

        if (FirstGiven(RunAs, Environment.GetEnvironmentVariable("LEDGER_POSTGRES_USER")) is { } given)
        {
            return given;
        }

        var known = File.ReadLines("/etc/passwd").Select(line => line.Split(':')[0]).ToHashSet(StringComparer.Ordinal);
        return Accounts.FirstOrDefault(known.Contains) ?? throw new LocalPostgresException(
            "Postgres refuses to run as root, and this machine has neither a user postgres nor a user nobody. "
            + "Name another account in LEDGER_POSTGRES_USER, or run the service as an ordinary user.");
    }

    private static string? FirstGiven(params ReadOnlySpan<string?> values)
    {
        foreach (var value in values)
        {
            if (!string.IsNullOrWhiteSpace(value))
            {
                return value;
            }
        }

        return null;
    }
}
