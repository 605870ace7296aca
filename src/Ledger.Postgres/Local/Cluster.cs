using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;

namespace Ledger.Postgres.Local;

/// <summary>
/// Makes, starts and stops the server of one folder. Only the holder of the matching lock may call it: see <see cref="ServerLocks"/>.
/// </summary>
internal sealed class Cluster(ServerFolder folder, PostgresPrograms programs, Action<string> log)
{
    /// <summary>The only role of the cluster; it may do everything in it, and nothing outside.</summary>
    public const string Role = "ledger";

    /// <summary>Recovery after a crash redoes gigabytes. To give it up would stop the server, and the next start would begin anew.</summary>
    public static readonly TimeSpan StartLimit = TimeSpan.FromHours(2);

    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(60);

    /// <summary>How often the program that stops the server is run where Ctrl-C ends it.</summary>
    private const int StopTries = 5;
    // Longer than the minute after which the server ends a child that is still being let in and has not noticed yet.
    private static readonly TimeSpan OrphanLimit = TimeSpan.FromSeconds(75);
    private static readonly TimeSpan KillLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan OrphanPause = TimeSpan.FromMilliseconds(100);

    public PostmasterFile Postmaster => PostmasterFile.Read(folder.Data);

    /// <summary>
    /// Runs initdb beside the final place and renames the result, so that a cluster is complete or absent, never half made. Checksums
    /// find a bad disk; the C collation does not change with the system's libraries, which would break indexes.
    /// </summary>
    public async Task CreateAsync(CancellationToken cancellationToken)
    {
        if (Directory.Exists(folder.Data) && Directory.EnumerateFileSystemEntries(folder.Data).Any())
        {
            throw new LocalPostgresException($"{folder.Data} is not empty, but it is no Postgres cluster: the file PG_VERSION is missing.");
        }

        log($"Making a database cluster with Postgres {programs.Version} in {folder.Data}");
        var unfinished = folder.Data + ".new";
        if (Directory.Exists(unfinished))
        {
            Directory.Delete(unfinished, recursive: true);
        }

        // No cluster, so nobody needs the password that an interrupted attempt may have left.
        File.Delete(folder.PasswordFile);
        PrivateFiles.CreateNew(folder.PasswordFile, Convert.ToHexString(RandomNumberGenerator.GetBytes(24)), PrivateFiles.OwnerOnly);
        await folder.GiveAwayAsync(folder.PasswordFile, cancellationToken);
        await ChildProcess.RequireAsync(
            programs.Initdb,
            [
                "-D", unfinished, "-U", Role, "--pwfile=" + folder.PasswordFile, "--auth=scram-sha-256",
                "--encoding=UTF8", "--locale=C", "--data-checksums",
            ],
            folder.RunAs,
            cancellationToken);

        if (Directory.Exists(folder.Data))
        {
            Directory.Delete(folder.Data);
        }

        Directory.Move(unfinished, folder.Data);

        // Brings the new name to the disk before the first commit relies on it. It fails only where the program is unknown.
        await ChildProcess.RunAsync("sync", [folder.Root], runAs: null, cancellationToken);
    }

    /// <summary>
    /// Starts the server and waits until it accepts connections, recovery included. pg_ctl gives it a session of its own: Ctrl-C in a
    /// terminal reaches the service only, which then drains its work before it stops the server.
    /// </summary>
    public async Task StartAsync(IReadOnlyDictionary<string, string> extraSettings, CancellationToken cancellationToken)
    {
        ClearTraces();
        folder.PutLongLogAside();
        var clock = Stopwatch.StartNew();
        var socketFolder = await folder.MakeSocketFolderAsync(cancellationToken);
        var compression = await BestWalCompressionAsync(cancellationToken);
        var settings = ServerSettings.ToShell(ServerSettings.For(socketFolder, compression, extraSettings));
        while (true)
        {
            var starting = ChildProcess.RunAsync(
                programs.PgCtl,
                ["start", "-D", folder.Data, "-l", folder.Log, "-o", settings, "-w", "-t", Seconds(StartLimit)],
                folder.RunAs,
                cancellationToken);
            if (await Task.WhenAny(starting, Task.Delay(Slow, cancellationToken)) != starting && !cancellationToken.IsCancellationRequested)
                log($"Postgres is still starting: after a crash it first redoes what its write-ahead log holds, which can take minutes. Its log is {folder.Log}.");

            ChildResult result;
            try
            {
                result = await starting;
            }
            catch (OperationCanceledException)
            {
                await WaitUntilDeadAsync();
                throw;
            }

            if (result.Succeeded)
            {
                var took = clock.ElapsedMilliseconds.ToString(CultureInfo.InvariantCulture);
                log($"Postgres {programs.Version} is up after {took} ms in {folder.Root}");
                return;
            }

            // The children of a killed server need a moment to notice that it is gone.
            var tail = folder.LogTail(lines: 15);
            if (!tail.Contains("shared memory block", StringComparison.Ordinal) || clock.Elapsed > OrphanLimit)
            {
                throw new LocalPostgresException($"Postgres did not start: {result.Output}\nThe end of {folder.Log}:\n{tail}");
            }

            await Task.Delay(OrphanPause, cancellationToken);
        }
    }

    /// <summary>Stops the server if it is up: running transactions are rolled back, everything committed is on the disk.</summary>
    public async Task StopAsync()
    {
        var postmaster = Postmaster;
        if (postmaster.State is not (PostmasterState.Alive or PostmasterState.Ready))
        {
            return;
        }

        // Who presses Ctrl-C again in a terminal reaches pg_ctl too: it does not mind, and where it was ended before it could say so, another one stops the server.
        string[] stop = ["-c", "trap '' INT; exec \"$0\" \"$@\"", programs.PgCtl, "stop", "-D", folder.Data, "-m", "fast", "-w", "-t", Seconds(StopLimit)];
        ChildResult result;
        var tries = 0;
        do
        {
            result = await ChildProcess.RunAsync(ChildProcess.Shell, stop, folder.RunAs, CancellationToken.None);
        }
        while (result.WasInterrupted && ++tries < StopTries && Postmaster.State is PostmasterState.Alive or PostmasterState.Ready);

        folder.RemoveSocketFolder(postmaster.SocketDirectory);
        log(result.Succeeded ? $"Postgres stopped in {folder.Root}" : $"Postgres did not stop in {folder.Root}: {result.Output}");
    }

    /// <summary>The server was killed with the pg_ctl that was starting it: whoever looks next must not take it for one that lives, and stop it.</summary>
    private async Task WaitUntilDeadAsync()
    {
        var clock = Stopwatch.StartNew();
        while (Postmaster.State is PostmasterState.Alive or PostmasterState.Ready && clock.Elapsed < KillLimit)
        {
            await Task.Delay(OrphanPause);
        }
    }

    /// <summary>Puts away what a server that was killed has left in the way.</summary>
    private void ClearTraces()
    {
        var postmaster = Postmaster;
        folder.RemoveSocketFolder(postmaster.SocketDirectory);
        if (postmaster.State == PostmasterState.Misleading)
        {
            var number = postmaster.ProcessId.ToString(CultureInfo.InvariantCulture);
            log($"{PostmasterFile.Name} names process {number}, which is not this server; passing over it");
            PostmasterFile.Disarm(folder.Data);
        }
    }

    /// <summary>
    /// lz4 costs the least CPU, but release 14 does not know it and some builds come without it. The server itself says what it takes:
    /// -C prints a setting and ends.
    /// </summary>
    private async Task<string> BestWalCompressionAsync(CancellationToken cancellationToken)
    {
        var probe = await ChildProcess.RunAsync(
            programs.Server, ["-D", folder.Data, "-c", "wal_compression=lz4", "-C", "wal_compression"], folder.RunAs, cancellationToken);
        return probe.Succeeded ? "lz4" : "on";
    }

    private static string Seconds(TimeSpan limit) => ((int)limit.TotalSeconds).ToString(CultureInfo.InvariantCulture);
}
