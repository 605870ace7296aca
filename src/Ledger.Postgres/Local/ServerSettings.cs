using System.Text;
using System.Text.RegularExpressions;

namespace Ledger.Postgres.Local;

/// <summary>
/// The settings a private server is started with, and why. Durability is not for sale: fsync, full_page_writes and synchronous_commit
/// stay on, because an answer that this service gave must survive a power cut.
/// </summary>
internal static partial class ServerSettings
{
    /// <summary>The one port of a server that listens only on a socket in a folder of its own.</summary>
    private const string Port = "5432";

    /// <summary>What a machine sold with 8 GB reports at least, in bytes.</summary>
    private const long LargeMachine = 7L << 30;

    private static readonly string[] Durability = ["fsync", "full_page_writes", "synchronous_commit"];

    /// <summary>The settings by name; those of <paramref name="extra"/> win.</summary>
    /// <param name="walCompression">A method that the programs know: see <see cref="Cluster"/>.</param>
    public static SortedDictionary<string, string> For(
        string socketFolder, string walCompression, IReadOnlyDictionary<string, string> extra)
    {
        var settings = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            // No network: only whoever may enter the folder of the socket reaches the server, and needs the password as well.
            ["listen_addresses"] = "",
            ["unix_socket_directories"] = socketFolder,
            ["unix_socket_permissions"] = "0700",
            ["port"] = Port,
            ["max_connections"] = "100",
            ["timezone"] = "UTC",
            ["log_timezone"] = "UTC",

            // The runtime reports a container's limit here where there is one.
            ["shared_buffers"] = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >= LargeMachine ? "1GB" : "256MB",

            // A new log segment costs a stall of some 50 ms: keep used ones for reuse, and let checkpoints come by time, not by size.
            ["wal_compression"] = walCompression,
            ["min_wal_size"] = "1GB",
            ["max_wal_size"] = "8GB",
            ["checkpoint_timeout"] = "15min",
        };
        foreach (var (name, value) in extra)
        {
            settings[name] = value;
        }

        // Said aloud, so that a line in postgresql.conf cannot turn them off.
        foreach (var name in Durability)
        {
            settings[name] = "on";
        }

        return settings;
    }

    /// <summary>Refuses settings that would let a commit be lost, and names that are none.</summary>
    public static void Check(IReadOnlyDictionary<string, string> extra)
    {
        foreach (var (name, value) in extra)
        {
            if (!SettingName().IsMatch(name))
            {
                throw new LocalPostgresException($"'{name}' is not the name of a server setting; names are in lower case.");
            }

            if (Durability.Contains(name, StringComparer.Ordinal) && value is not "on")
            {
                throw new LocalPostgresException($"The setting {name} stays on: without it a commit that was confirmed can be lost.");
            }
        }
    }

    /// <summary>The settings as pg_ctl takes them in its -o option, which it hands to a shell.</summary>
    public static string ToShell(IReadOnlyDictionary<string, string> settings)
    {
        var text = new StringBuilder();
        foreach (var (name, value) in settings)
        {
            var quoted = $"{name}={value}".Replace("'", @"'\''", StringComparison.Ordinal);
            text.Append("-c '").Append(quoted).Append("' ");
        }

        return text.ToString().TrimEnd();
    }

    [GeneratedRegex("^[a-z][a-z0-9_.]*$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex SettingName();
}
