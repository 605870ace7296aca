using System.Globalization;
using System.Text.RegularExpressions;

namespace Ledger.Postgres.Local;

/// <summary>
/// The folder of one private server. It holds data (the cluster), run (the socket), password, postgres.log and the two lock files, and
/// belongs to the account that runs the server.
/// </summary>
/// <param name="Root">The folder itself, an absolute path.</param>
/// <param name="RunAs">The account that runs the server, or null when that is the account of this process.</param>
internal sealed partial record ServerFolder(string Root, string? RunAs)
{
    /// <summary>What a socket's path may hold in bytes (104 on macOS, 107 on Linux) minus "/.s.PGSQL.5432.lock".</summary>
    private const int LongestSocketFolder = 104 - 19;

    /// <summary>At this size a start puts the log aside, replacing the one put aside before. In bytes.</summary>
    private const long LargestLog = 16 << 20;

    public string Data => Path.Combine(Root, "data");

    public string PasswordFile => Path.Combine(Root, "password");

    public string Log => Path.Combine(Root, "postgres.log");

    public string OwnerLock => Path.Combine(Root, "owner.lock");

    public string UsersLock => Path.Combine(Root, "users.lock");

    /// <summary>True once the cluster is complete: it is made elsewhere and renamed to its place.</summary>
    public bool HasCluster => File.Exists(Path.Combine(Data, "PG_VERSION"));

    /// <summary>
    /// Makes the folder, or checks that an existing one is empty or ours: it changes hands and rights, and a slip of the pen must not
    /// do that to somebody's home.
    /// </summary>
    public static async Task<ServerFolder> OpenAsync(string root, string? runAs, CancellationToken cancellationToken)
    {
        var folder = new ServerFolder(root, runAs);
        if (File.Exists(folder.UsersLock))
        {
            return folder;
        }

        if (Directory.Exists(root) && Directory.EnumerateFileSystemEntries(root).Any())
        {
            throw new LocalPostgresException($"The folder {root} is not empty and holds no private server; name another one in LEDGER_DATA.");
        }

        PrivateFiles.CreateFolder(root);
        PrivateFiles.CloseFolder(root);
        await folder.GiveAwayAsync(root, cancellationToken);
        return folder;
    }

    /// <summary>The release that made the cluster, or null when there is none yet.</summary>
    public int? ReadMajor()
    {
        if (!HasCluster)
        {
            return null;
        }

        var text = File.ReadAllText(Path.Combine(Data, "PG_VERSION")).Trim();
        return int.TryParse(text, CultureInfo.InvariantCulture, out var major)
            ? major
            : throw new LocalPostgresException($"The file PG_VERSION in {Data} does not hold a release number.");
    }

    public string ReadPassword() => File.ReadAllText(PasswordFile).Trim();

    /// <summary>
    /// A folder for the socket: inside ours, or a fresh one for temporary files when ours is too long for a socket's path or holds
    /// characters that mean something in a list of hosts. Clients learn it from postmaster.pid.
    /// </summary>
    public async Task<string> MakeSocketFolderAsync(CancellationToken cancellationToken)
    {
        var folder = Path.Combine(Root, "run");
        if (folder.Length > LongestSocketFolder || !PlainPath().IsMatch(folder))
        {
            folder = Directory.CreateTempSubdirectory("ledger-").FullName;
        }
        else
        {
            PrivateFiles.CreateFolder(folder);

            // The lock next to a socket has no safety check of its own; the one in the data directory guards both.
            foreach (var left in Directory.GetFiles(folder))
            {
                File.Delete(left);
            }
        }

        await GiveAwayAsync(folder, cancellationToken);
        return folder;
    }

    /// <summary>Removes a socket folder that was made among the temporary files, when its server is down.</summary>
    public void RemoveSocketFolder(string folder)
    {
        if (!Directory.Exists(folder) || Root.Equals(Path.GetDirectoryName(folder), StringComparison.Ordinal))
        {
            return;
        }

        foreach (var left in Directory.GetFiles(folder, ".s.PGSQL.*"))
        {
            File.Delete(left);
        }

        if (!Directory.EnumerateFileSystemEntries(folder).Any())
        {
            Directory.Delete(folder);
        }
    }

    /// <summary>Deletes everything, the locks last: a deletion that is interrupted can be done again.</summary>
    public void Delete()
    {
        foreach (var folder in Directory.GetDirectories(Root))
        {
            Directory.Delete(folder, recursive: true);
        }

        Directory.Delete(Root, recursive: true);
    }

    /// <summary>Makes a file or folder belong to the account that runs the server.</summary>
    public async Task GiveAwayAsync(string path, CancellationToken cancellationToken)
    {
        if (RunAs is not null)
        {
            // "user:" means the user and its own group. With -h a link would change hands, not what it points to.
            await ChildProcess.RequireAsync("chown", ["-h", RunAs + ":", "--", path], runAs: null, cancellationToken);
        }
    }

    /// <summary>The end of the server's log, for the message of an exception.</summary>
    public string LogTail(int lines) => File.Exists(Log) ? string.Join('\n', File.ReadLines(Log).TakeLast(lines)) : "";

    public void PutLongLogAside()
    {
        if (File.Exists(Log) && new FileInfo(Log).Length > LargestLog)
        {
            File.Move(Log, Log + ".1", overwrite: true);
        }
    }

    [GeneratedRegex("^[A-Za-z0-9/._-]+$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex PlainPath();
}
