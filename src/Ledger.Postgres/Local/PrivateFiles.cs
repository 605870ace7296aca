using System.Text;

namespace Ledger.Postgres.Local;

/// <summary>Files and folders made with their rights from the first moment, so that nobody can look in between.</summary>
internal static class PrivateFiles
{
    public const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public const UnixFileMode ReadableByAll = OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Makes a folder that only its owner may enter (0700); the folders above it, when missing, get the usual rights.</summary>
    public static void CreateFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            throw NotHere();
        }

        if (Path.GetDirectoryName(path) is { Length: > 0 } parent)
        {
            Directory.CreateDirectory(parent);
        }

        Directory.CreateDirectory(path, OwnerOnly | UnixFileMode.UserExecute);
    }

    /// <summary>Writes a file that must not exist yet, and waits until it is on the disk.</summary>
    public static void CreateNew(string path, string content, UnixFileMode mode)
    {
        if (OperatingSystem.IsWindows())
        {
            throw NotHere();
        }

        using var stream = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = mode,
        });
        stream.Write(Encoding.UTF8.GetBytes(content));
        stream.Flush(flushToDisk: true);
    }

    /// <summary>Lets only the owner of the folder enter it, whatever it was made with.</summary>
    public static void CloseFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            throw NotHere();
        }

        File.SetUnixFileMode(path, OwnerOnly | UnixFileMode.UserExecute);
    }

    internal static PlatformNotSupportedException NotHere() =>
        new("A private Postgres needs Linux or macOS. On Windows, give a connection string.");
}
