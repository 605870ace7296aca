using System.Diagnostics;
using Npgsql;

namespace Ledger.Postgres.Local;

/// <summary>
/// A private Postgres for a start without set-up: found, made, started, and stopped when it is no longer used. Several processes may
/// share one folder. The first becomes the owner and starts the server, the others are guests. The last one to leave stops it, so an
/// owner that leaves first neither waits nor takes the server from under its guests. A server that outlived a crash is adopted: the
/// next process becomes its owner and goes on with it.
/// </summary>
public sealed class LocalPostgres : IAsyncDisposable
{
    /// <summary>Making a cluster on a slow disk, or recovery after a crash, may take this long before a guest gives up.</summary>
    private static readonly TimeSpan ReadyLimit = Cluster.StartLimit;
    private static readonly TimeSpan TellAfter = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly LocalPostgresOptions _options;
    private readonly ServerFolder _folder;
    private readonly Cluster _cluster;
    private readonly ServerLocks _locks;
    private bool _started;
    private int _left;

    private LocalPostgres(LocalPostgresOptions options, ServerFolder folder, PostgresPrograms programs)
    {
        _options = options;
        _folder = folder;
        _cluster = new Cluster(folder, programs, Log);
        _locks = new ServerLocks(folder);
        Programs = programs;
    }

    /// <summary>
    /// Leads to the database of the options. It holds the password: it is meant for Npgsql, not for a log. The server listens on a
    /// Unix socket only, so the host is a folder.
    /// </summary>
    public string ConnectionString { get; private set; } = "";

    /// <summary>True for the process that started the server or adopted it, until it leaves; at most one per folder.</summary>
    public bool IsOwner => _locks.IsOwner;

    /// <summary>True when the server was up already: a guest's, or one that outlived a crash.</summary>
    public bool Adopted { get; private set; }

    /// <summary>The folder that holds everything, as an absolute path.</summary>
    public string DataDir => _folder.Root;

    public PostgresPrograms Programs { get; }

    /// <summary>The number of the server's main process, or null while it is down.</summary>
    public int? ServerProcessId =>
        _cluster.Postmaster is { State: PostmasterState.Alive or PostmasterState.Ready } postmaster ? postmaster.ProcessId : null;

    /// <summary>Finds, makes, starts or joins the server, and makes the database. The first time takes about two seconds.</summary>
    /// <exception cref="LocalPostgresException">It cannot be done; the message says why and what helps.</exception>
    /// <exception cref="PlatformNotSupportedException">On Windows.</exception>
    public static async Task<LocalPostgres> StartAsync(LocalPostgresOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (OperatingSystem.IsWindows()) throw PrivateFiles.NotHere();
        ServerSettings.Check(options.ExtraSettings);
        var runAs = options.ResolveRunAs();
        var root = options.ResolveDataDir();
        var major = new ServerFolder(root, runAs).ReadMajor();
        var programs = await PostgresPrograms.FindAsync(options.ResolveBinDir(), major, runAs, cancellationToken);
        var folder = await ServerFolder.OpenAsync(root, runAs, cancellationToken);
        var server = new LocalPostgres(options, folder, programs);
        try
        {
            var postmaster = await server.JoinAsync(cancellationToken);
            server.ConnectionString = await server.ReachDatabaseAsync(postmaster, cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Leaves the server. The last user to leave stops it, unless its options say to leave it running; only clients that are no users
    /// of this class, such as psql, are cut off. Never throws for a server that does not stop: the log says so.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _left, 1) == 1)
        {
            return;
        }

        using (_locks)
        {
            ForgetConnections();
            if (!_options.LeaveRunning && _locks.TryBeLast())
            {
                await _cluster.StopAsync();
            }
        }
    }

    /// <summary>
    /// For crash tests: kills the server's main process and all its children with SIGKILL, and gives up this process's place as a crash
    /// of this process would. What the system had already taken from them still reaches the disk: this is no power cut. <see cref="StartAsync"/> on the same folder then recovers. This object is done
    /// with; disposing it does nothing more. Guests in other processes keep their place and find a dead server.
    /// </summary>
    public async Task KillHardAsync()
    {
        Interlocked.Exchange(ref _left, 1);
        using (_locks)
        {
            if (ServerProcessId is not { } main)
            {
                return;
            }

            await LinuxProcess.KillWithChildrenAsync(main);
            ForgetConnections();
        }
    }

    /// <summary>
    /// For data that nobody needs any more: kills the server of a folder if it is up, and deletes the folder. False, and nothing
    /// happens, while a process uses it or when it holds no private server.
    /// </summary>
    public static async Task<bool> DeleteAsync(string dataDir)
    {
        var folder = new ServerFolder(Path.GetFullPath(dataDir), RunAs: null);
        using var locks = new ServerLocks(folder);
        if (!File.Exists(folder.UsersLock) || !locks.TryEnter() || !locks.TryBeLast())
        {
            return false;
        }

        var postmaster = PostmasterFile.Read(folder.Data);
        if (postmaster.State is PostmasterState.Alive or PostmasterState.Ready)
        {
            await LinuxProcess.KillWithChildrenAsync(postmaster.ProcessId);
        }

        folder.RemoveSocketFolder(postmaster.SocketDirectory);
        folder.Delete();
        return true;
    }

    /// <summary>
    /// Becomes the owner and brings the server up, or waits as a guest until the owner has done so. Tries both in turn, so a guest
    /// takes over from an owner that fails on the way.
    /// </summary>
    private async Task<PostmasterFile> JoinAsync(CancellationToken cancellationToken)
    {
        var (clock, down, isTold) = (Stopwatch.StartNew(), Stopwatch.StartNew(), false);
        while (clock.Elapsed < ReadyLimit && down.Elapsed < _options.DownLimit)
        {
            if (_locks.TryEnter())
            {
                if (_locks.TryOwn())
                {
                    await BringUpAsync(cancellationToken);
                }

                if (_cluster.Postmaster is { State: PostmasterState.Ready } postmaster)
                {
                    Adopted |= !IsOwner;
                    return postmaster;
                }
            }

            // One that is up and recovers is given its time; one that is not may never come.
            if (_cluster.Postmaster.State == PostmasterState.Alive) down.Restart();
            if (!isTold && clock.Elapsed > TellAfter)
            {
                isTold = true;
                Log($"Waiting for the Postgres in {DataDir}, which is not ready yet; its log is {_folder.Log}");
            }

            await Task.Delay(Pause, cancellationToken);
        }

        throw new LocalPostgresException(IsOwner
            ? $"Postgres was started in {DataDir} but did not become ready. Its log is {_folder.Log}."
            : $"Another process owns the Postgres in {DataDir}, but that server is not ready. Its log is {_folder.Log}.");
    }

    /// <summary>
    /// The owner's part, repeated until the server is ready: one that is adopted may turn out to be on its way down.
    /// </summary>
    private async Task BringUpAsync(CancellationToken cancellationToken)
    {
        if (!_folder.HasCluster)
        {
            await _cluster.CreateAsync(cancellationToken);
        }

        if (_cluster.Postmaster.State is PostmasterState.Alive or PostmasterState.Ready)
        {
            if (!_started && !Adopted)
            {
                Adopted = true;
                Log($"Adopting the Postgres that is up in {DataDir}");
            }

            return;
        }

        _started = true;
        Adopted = false;
        await _cluster.StartAsync(_options.ExtraSettings, cancellationToken);
    }

    /// <summary>Connects once, and makes the database when the server says that there is none.</summary>
    private async Task<string> ReachDatabaseAsync(PostmasterFile postmaster, CancellationToken cancellationToken)
    {
        var target = new NpgsqlConnectionStringBuilder
        {
            Host = postmaster.SocketDirectory,
            Port = postmaster.Port,
            Username = Cluster.Role,
            Password = _folder.ReadPassword(),
            Database = _options.Database,
        }.ConnectionString;
        try
        {
            await ConnectAsync(target, cancellationToken);
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.InvalidCatalogName)
        {
            await PostgresDatabases.CreateAsync(target, _options.Database, template: null, cancellationToken);
        }
        catch (NpgsqlException e)
        {
            throw new LocalPostgresException($"The Postgres in {DataDir} is up but cannot be reached: {e.Message}", e);
        }

        return target;
    }

    private static async Task ConnectAsync(string connectionString, CancellationToken cancellationToken)
    {
        var single = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false };
        await using var connection = new NpgsqlConnection(single.ConnectionString);
        await connection.OpenAsync(cancellationToken);
    }

    /// <summary>Empties the pool of connections opened by the plain connection string; data sources empty their own.</summary>
    private void ForgetConnections()
    {
        if (ConnectionString.Length > 0)
        {
            using var connection = new NpgsqlConnection(ConnectionString);
            NpgsqlConnection.ClearPool(connection);
        }
    }

    private void Log(string sentence) => _options.Log?.Invoke(sentence);
}
