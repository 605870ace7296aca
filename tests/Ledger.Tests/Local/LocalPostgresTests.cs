using System.Collections.Concurrent;
using System.Globalization;
using Ledger.Postgres.Local;
using Npgsql;
using Xunit;

namespace Ledger.Tests.Local;

/// <summary>One server per test, each in a folder of its own: these tests start, stop and kill it.</summary>
public sealed class LocalPostgresTests : IAsyncLifetime
{
    private readonly string _folder = PostgresServer.NewFolder();
    private readonly ConcurrentQueue<string> _log = [];
    private readonly ConcurrentQueue<LocalPostgres> _started = [];

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var server in _started)
        {
            await server.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task The_first_start_makes_a_durable_server_and_the_last_to_leave_stops_it()
    {
        var owner = await StartAsync();
        var process = Assert.NotNull(owner.ServerProcessId);
        Assert.True(owner.IsOwner);
        Assert.False(owner.Adopted);
        Assert.Equal(_folder, owner.DataDir);
        Assert.Equal("ledger", await AskAsync(owner, "select current_database()"));
        Assert.Equal("UTF8", await AskAsync(owner, "show server_encoding"));
        Assert.Equal("C", await AskAsync(owner, "select datcollate::text from pg_database where datname = current_database()"));
        foreach (var setting in new[] { "data_checksums", "fsync", "full_page_writes", "synchronous_commit" })
        {
            Assert.Equal("on", await AskAsync(owner, $"select current_setting('{setting}')"));
        }

        // Two more users of the same folder are guests, and see the same database.
        await AskAsync(owner, "create table note (text text)");
        var guest = await StartAsync();
        Assert.False(guest.IsOwner);
        Assert.True(guest.Adopted);
        Assert.Equal(owner.ConnectionString, guest.ConnectionString);
        await (await StartAsync()).DisposeAsync();

        // The owner leaves first: its guest keeps the server. Then nobody is left.
        await owner.DisposeAsync();
        Assert.Equal("0", await AskAsync(guest, "select count(*)::text from note"));
        await guest.DisposeAsync();
        Assert.False(LivesUnder(process));
        Assert.Null(guest.ServerProcessId);
        Assert.NotEmpty(_log);
        Assert.DoesNotContain(_log, line => line.Contains(PasswordOf(owner), StringComparison.Ordinal));
    }

    /// <summary>Its owner lives and does not start it again: who comes later is told so, and soon.</summary>
    [Fact]
    public async Task A_guest_of_a_server_that_is_down_gives_up_although_its_owner_lives()
    {
        var owner = await StartAsync();
        using (var server = System.Diagnostics.Process.GetProcessById(Assert.NotNull(owner.ServerProcessId)))
        {
            server.Kill();
            await server.WaitForExitAsync();
        }

        var guest = LocalPostgres.StartAsync(new LocalPostgresOptions { DataDir = _folder, DownLimit = TimeSpan.FromSeconds(1) });
        var refused = await Assert.ThrowsAsync<LocalPostgresException>(() => guest.WaitAsync(TimeSpan.FromMinutes(1)));
        Assert.Contains("not ready", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_killed_server_comes_back_with_every_committed_row()
    {
        var first = await StartAsync();
        var process = Assert.NotNull(first.ServerProcessId);
        await AskAsync(first, "create table note (text text); insert into note values ('committed')");
        await using (var open = new NpgsqlConnection(first.ConnectionString + ";Pooling=false"))
        {
            await open.OpenAsync();
            await open.BeginTransactionAsync();
            await using var insert = new NpgsqlCommand("insert into note values ('not committed')", open);
            await insert.ExecuteNonQueryAsync();
            await first.KillHardAsync();
            Assert.False(LivesUnder(process));
        }

        var second = await StartAsync();
        Assert.True(second.IsOwner);
        Assert.False(second.Adopted);
        Assert.Equal("committed", await AskAsync(second, "select string_agg(text, ',') from note"));
        Assert.Equal(first.ConnectionString, second.ConnectionString);
    }

    [Fact]
    public async Task A_server_left_running_is_adopted_and_then_stopped()
    {
        var first = await StartAsync(new LocalPostgresOptions { DataDir = _folder, LeaveRunning = true, ExtraSettings = Small });
        var process = first.ServerProcessId;
        await first.DisposeAsync();

        var second = await StartAsync();
        Assert.Equal(process, second.ServerProcessId);
        Assert.True(second.IsOwner);
        Assert.True(second.Adopted);
        Assert.Equal("37", await AskAsync(second, "show max_connections"));
        await second.DisposeAsync();
        Assert.Null(second.ServerProcessId);
    }

    [Fact]
    public async Task Several_that_start_at_once_share_one_server()
    {
        var all = await Task.WhenAll(StartAsync(), StartAsync(), StartAsync());
        Assert.Single(all, server => server.IsOwner);
        Assert.Single(all.Select(server => server.ServerProcessId).Distinct());
        await Task.WhenAll(all.Select(server => server.DisposeAsync().AsTask()));
        Assert.Null(all[0].ServerProcessId);
    }

    [Fact]
    public async Task A_folder_without_programs_is_answered_with_the_ways_out()
    {
        var nowhere = Directory.CreateDirectory(Path.Combine(_folder, "nowhere")).FullName;
        var data = Path.Combine(_folder, "data");
        var error = await Assert.ThrowsAsync<LocalPostgresException>(
            () => LocalPostgres.StartAsync(new LocalPostgresOptions { DataDir = data, BinDir = nowhere }));
        Assert.Contains("apt-get install postgresql", error.Message, StringComparison.Ordinal);
        Assert.Contains("docker compose up -d postgres", error.Message, StringComparison.Ordinal);
        Assert.Contains("connection string", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(data));
    }

    [Fact]
    public async Task Programs_of_another_release_than_the_data_are_passed_over()
    {
        var data = Directory.CreateDirectory(Path.Combine(_folder, "data")).FullName;
        await File.WriteAllTextAsync(Path.Combine(data, "PG_VERSION"), "9\n");
        var error = await Assert.ThrowsAsync<LocalPostgresException>(() => StartAsync());
        Assert.Contains("made by Postgres 9", error.Message, StringComparison.Ordinal);
        Assert.Contains("Passed over", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_with_somebody_elses_files_is_left_alone()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "thesis.txt"), "years of work");
        await Assert.ThrowsAsync<LocalPostgresException>(() => StartAsync());
        Assert.Equal("thesis.txt", Path.GetFileName(Assert.Single(Directory.GetFileSystemEntries(_folder))));
    }

    [Theory]
    [InlineData("fsync", "off")]
    [InlineData("synchronous_commit", "local")]
    [InlineData("full_page_writes", "no")]
    [InlineData("x; rm", "1")]
    public Task A_setting_that_could_lose_a_commit_is_refused(string name, string value) =>
        Assert.ThrowsAsync<LocalPostgresException>(() => LocalPostgres.StartAsync(new LocalPostgresOptions
        {
            DataDir = _folder,
            ExtraSettings = new Dictionary<string, string>(StringComparer.Ordinal) { [name] = value },
        }));

    [Fact]
    public async Task A_folder_that_is_no_good_for_a_socket_gets_its_socket_elsewhere()
    {
        var odd = Path.Combine(_folder, "it's, 10 % " + new string('x', 90));
        Directory.CreateDirectory(odd);
        if (Environment.IsPrivilegedProcess)
        {
            // The server's account has to pass through the folder above, which is root's.
            OpenToAll(_folder);
        }

        var server = await StartAsync(new LocalPostgresOptions { DataDir = odd, ExtraSettings = Small });
        Assert.Equal("1", await AskAsync(server, "select '1'"));
        var socket = new NpgsqlConnectionStringBuilder(server.ConnectionString).Host!;
        Assert.True(Directory.Exists(socket));
        await server.DisposeAsync();
        Assert.False(Directory.Exists(socket));
    }

    [Fact]
    public async Task A_database_of_the_shared_server_can_be_copied()
    {
        var template = await PostgresServer.CreateDatabaseAsync("copy_template");
        await using (var busy = new NpgsqlConnection(template + ";Pooling=false"))
        {
            await busy.OpenAsync();
            await using var command = new NpgsqlCommand("create table note as select 'copied' as text", busy);
            await command.ExecuteNonQueryAsync();

            // The copy waits for this connection to close.
            var copying = PostgresServer.CreateDatabaseAsync("copy \"one\"", "copy_template");
            await Task.Delay(200);
            Assert.False(copying.IsCompleted);
            await busy.CloseAsync();
            await using var copy = NpgsqlDataSource.Create(await copying);
            await using var question = copy.CreateCommand("select text from note");
            Assert.Equal("copied", await question.ExecuteScalarAsync());
        }

        await PostgresServer.DropDatabaseAsync("copy \"one\"");
        await PostgresServer.DropDatabaseAsync("copy_template");
        await PostgresServer.DropDatabaseAsync("copy_template");
    }

    private static Dictionary<string, string> Small { get; } = new(StringComparer.Ordinal) { ["max_connections"] = "37" };

    private Task<LocalPostgres> StartAsync() => StartAsync(new LocalPostgresOptions { DataDir = _folder, Log = _log.Enqueue });

    private async Task<LocalPostgres> StartAsync(LocalPostgresOptions options)
    {
        var server = await LocalPostgres.StartAsync(options);
        _started.Enqueue(server);
        return server;
    }

    private static async Task<string?> AskAsync(LocalPostgres server, string sql)
    {
        await using var connection = new NpgsqlConnection(server.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (string?)await command.ExecuteScalarAsync();
    }

    private static string PasswordOf(LocalPostgres server) => new NpgsqlConnectionStringBuilder(server.ConnectionString).Password!;

    private static void OpenToAll(string folder)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        }
    }

    /// <summary>True while the server's main process or one of its children lives. A zombie does not count.</summary>
    private static bool LivesUnder(int id)
    {
        var number = id.ToString(CultureInfo.InvariantCulture);
        return Directory.GetDirectories("/proc").Where(folder => char.IsAsciiDigit(Path.GetFileName(folder)[0])).Any(folder =>
        {
            try
            {
                // "17 (name) S 1 ...": number, name, state, parent.
                var stat = File.ReadAllText(Path.Combine(folder, "stat"));
                var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
                return stat.StartsWith(number + " (", StringComparison.Ordinal)
                    ? fields[0] is not "Z"
                    : fields[1].Equals(number, StringComparison.Ordinal);
            }
            catch (IOException)
            {
                // It ended while we looked.
                return false;
            }
        });
    }
}
