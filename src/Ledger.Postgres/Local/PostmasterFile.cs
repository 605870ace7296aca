using System.Globalization;

namespace Ledger.Postgres.Local;

/// <summary>What the process that a postmaster.pid names is doing.</summary>
internal enum PostmasterState
{
    /// <summary>No server runs here: there is no file, or its process has ended. Postgres cleans up after that itself.</summary>
    Down,

    /// <summary>
    /// The file names a process that is not this server: a zombie (killed, never reaped, usual in containers without an init) or a
    /// stranger that got the number after a restart. Both still answer a signal, which makes Postgres refuse to start.
    /// </summary>
    Misleading,

    /// <summary>The server's process lives. It may still be starting or recovering, or already be stopping.</summary>
    Alive,

    /// <summary>The server accepts connections.</summary>
    Ready,
}

/// <summary>
/// The file in which a running server says who and where it is. Line by line: process id, data directory, start time, port, socket
/// directory, listen address, shared memory key, status. The server writes it piece by piece, so a reader may see half of it.
/// </summary>
internal sealed record PostmasterFile(PostmasterState State, int ProcessId, int Port, string SocketDirectory)
{
    public const string Name = "postmaster.pid";

    /// <summary>No process can have this number: Linux ends at 2^22, others far below.</summary>
    private const int ImpossibleProcessId = int.MaxValue;

    private static readonly PostmasterFile Absent = new(PostmasterState.Down, 0, 0, "");

    public static PostmasterFile Read(string dataFolder)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(Path.Combine(dataFolder, Name));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return Absent;
        }

        if (lines is not [var idText, var writtenFolder, ..] || !int.TryParse(idText, CultureInfo.InvariantCulture, out var id))
        {
            // Half written: the server that writes it is on its way up, and a later look will tell.
            return Absent;
        }

        var port = 0;
        var complete = lines.Length >= 8 && int.TryParse(lines[3], CultureInfo.InvariantCulture, out port);
        var state = StateOf(id, dataFolder, writtenFolder);
        if (state == PostmasterState.Alive && complete && lines[7].TrimEnd() is "ready")
        {
            state = PostmasterState.Ready;
        }

        return new PostmasterFile(state, id, port, complete ? lines[4] : "");
    }

    /// <summary>
    /// Lets the next start pass a misleading file. The file is not deleted but made to name a process that cannot exist: Postgres then
    /// still looks whether orphaned children of the old server hold its shared memory, and refuses to start next to them.
    /// </summary>
    public static void Disarm(string dataFolder)
    {
        var path = Path.Combine(dataFolder, Name);
        string[] lines = [ImpossibleProcessId.ToString(CultureInfo.InvariantCulture), .. File.ReadLines(path).Skip(1)];

        // A new file renamed over the old one: should the old one be a link, root does not write through it.
        var replacement = path + ".new";
        File.Delete(replacement);
        PrivateFiles.CreateNew(replacement, string.Join('\n', lines) + "\n", PrivateFiles.ReadableByAll);
        File.Move(replacement, path, overwrite: true);
    }

    private static PostmasterState StateOf(int id, string dataFolder, string writtenFolder)
    {
        if (LinuxProcess.Read(id) is not { } process)
        {
            // Without /proc (macOS) we cannot look closer than Postgres itself does.
            return !LinuxProcess.IsSupported && LinuxProcess.Answers(id) ? PostmasterState.Alive : PostmasterState.Down;
        }

        if (process.HasEnded)
        {
            return PostmasterState.Misleading;
        }

        // pg_ctl starts the server as "postgres -D <data directory> ...", and the main process keeps that title.
        var arguments = process.CommandLine();
        var at = Array.IndexOf(arguments, "-D");
        var folder = at >= 0 && at + 1 < arguments.Length ? arguments[at + 1] : null;
        return folder is not null && (folder.Equals(dataFolder, StringComparison.Ordinal) || folder.Equals(writtenFolder, StringComparison.Ordinal))
            ? PostmasterState.Alive
            : PostmasterState.Misleading;
    }
}
