using System.Diagnostics;
using System.Globalization;
using Ledger.Benchmarks.Load;
using Ledger.Benchmarks.Seed;
using Ledger.Postgres;
using Ledger.Postgres.Local;
using NodaTime;
using Npgsql;

namespace Ledger.Benchmarks;

/// <summary>
/// Everything that a scenario needs, on one machine: a private Postgres with the ledger's database and the reference's, both seeded alike,
/// the service, and its clients.
/// </summary>
internal sealed class Stage : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly Options options;
    private readonly LocalPostgres server;
    private readonly string folder;

    private Stage(Options options, LocalPostgres server, string folder)
    {
        (this.options, this.server, this.folder) = (options, server, folder);
        Ledger = NpgsqlDataSource.Create(Connection("ledger"));
        Reference = NpgsqlDataSource.Create(Connection("reference"));
        var pgbench = Path.Combine(server.Programs.Folder, "pgbench");
        PgBench = new(File.Exists(pgbench) ? pgbench : "pgbench", folder, Connection("reference"));
    }

    public NpgsqlDataSource Ledger { get; }

    public NpgsqlDataSource Reference { get; }

    public ServiceProcess? Service { get; private set; }

    public Wrk Wrk => new(folder, Service!.Address);

    public PgBench PgBench { get; }

    public string Folder => folder;

    /// <summary>A file of lines <c>merchant secret</c>: a merchant's key for every merchant.</summary>
    public string Keys => Path.Combine(folder, "keys");

    public long Hot => options.Coupons / 2;

    public string LedgerConnection => Connection("ledger").ConnectionString;

    public static async Task<Stage> SetAsync(Options options)
    {
        var temporary = Directory.CreateTempSubdirectory("ledger-bench-").FullName;
        var postgres = await LocalPostgres.StartAsync(new() { DataDir = options.Folder ?? temporary + "-data", Log = Console.Error.WriteLine, ExtraSettings = Settings(options) });
        var stage = new Stage(options, postgres, temporary);
        try
        {
            await stage.SeedAsync();
            await stage.MakeKeysAsync();
            await stage.StartServiceAsync();
            return stage;
        }
        catch
        {
            await stage.DisposeAsync();
            throw;
        }
    }

    public CpuMeter Cpu() => CpuMeter.Read(server.ServerProcessId ?? 0, Service?.Id ?? 0);

    /// <summary>Runs a statement by psql in the ledger's database; what it answers is thrown away.</summary>
    public async Task PsqlAsync(string statement)
    {
        var (psql, target) = (Path.Combine(server.Programs.Folder, "psql"), Connection("ledger"));
        string[] arguments = ["-X", "-q", "-h", target.Host!, "-p", target.Port.ToString(CultureInfo.InvariantCulture), "-U", target.Username!, "-d", target.Database!, "-o", "/dev/null", "-c", statement];
        await Child.RunAsync(File.Exists(psql) ? psql : "psql", arguments, new Dictionary<string, string>(StringComparer.Ordinal) { ["PGPASSWORD"] = target.Password! });
    }

    /// <param name="settings">Of the service's environment.</param>
    public async Task StartServiceAsync(IReadOnlyDictionary<string, string>? settings = null)
    {
        await StopServiceAsync();
        Service = await ServiceProcess.StartAsync(options.Service ?? Path.Combine(AppContext.BaseDirectory, "Ledger.Api.dll"), LedgerConnection, settings);
    }

    public async Task StopServiceAsync()
    {
        if (Service is not null) await Service.DisposeAsync();
        Service = null;
    }

    /// <summary>Waits until every reader has followed every book, so that no run pays for the one before.</summary>
    public async Task FollowedAsync()
    {
        string[] readers = [.. ReadModel.All.Where(model => !model.IsInline && model.IsPrompt).Select(model => model.Table)];
        var clock = Stopwatch.StartNew();
        await Task.Delay(200);
        while (await ScalarAsync<long>(Ledger, Embedded.Read("behind.sql"), (object)readers) > 0)
        {
            if (clock.Elapsed > Patience) throw new InvalidOperationException("The readers do not catch up.");
            await Task.Delay(100);
        }
    }

    /// <summary>Lets no run pay for the writes of the one before.</summary>
    public Task CheckpointAsync() => ExecuteAsync(Ledger, "checkpoint");

    public static async Task<T> ScalarAsync<T>(NpgsqlDataSource database, string sql, params object[] values)
    {
        await using var command = database.CreateCommand(sql);
        command.CommandTimeout = 0;
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public static async Task ExecuteAsync(NpgsqlDataSource database, string sql, params object[] values)
    {
        await using var command = database.CreateCommand(sql);
        command.CommandTimeout = 0;
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        await command.ExecuteNonQueryAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopServiceAsync();
        await Ledger.DisposeAsync();
        await Reference.DisposeAsync();
        await server.DisposeAsync();
        Directory.Delete(folder, recursive: true);
        if (options.Folder is null) await LocalPostgres.DeleteAsync(server.DataDir);
    }

    private NpgsqlConnectionStringBuilder Connection(string database) => new(PostgresDatabases.For(server.ConnectionString, database));

    /// <summary>Writes where Postgres spent its time since the last call.</summary>
    public async Task SayStatementsAsync()
    {
        if (!options.Statements) return;
        await ExecuteAsync(Ledger, Embedded.Read("statements_ready.sql"));
        await using var command = Ledger.CreateCommand(Embedded.Read("statements.sql"));
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync()) Console.Error.WriteLine(reader.GetString(0));
    }

    private static Dictionary<string, string> Settings(Options options)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal);
        if (options.Statements) settings.Add("shared_preload_libraries", "pg_stat_statements");
        // When a timer's entry was there, not when it was begun.
        if (options.Scenarios.Contains("timers", StringComparer.Ordinal)) settings.Add("track_commit_timestamp", "on");
        return settings;
    }

    private async Task SeedAsync()
    {
        await PostgresDatabases.CreateAsync(server.ConnectionString, "reference", template: null, CancellationToken.None);
        foreach (var database in (NpgsqlDataSource[])[Reference, Ledger]) await new Migrations(database).ApplyAsync();
        if (await ScalarAsync<bool>(Reference, Embedded.Read("seeded.sql"))) return;
        Console.Error.WriteLine($"Seeding {options.Coupons} coupons of 1,000 merchants, and {Hot} of one.");
        await ExecuteAsync(Reference, Embedded.Read("reference.sql"));
        var now = Times.Cut(SystemClock.Instance.GetCurrentInstant() - Duration.FromHours(1));
        await Task.WhenAll(
            Task.Run(() => new Seeder(Ledger, now, digest => Numbers.LedgerCode(digest)).RunAsync(options.Coupons, Hot, ReadModel.All)),
            Task.Run(() => new Seeder(Reference, now, digest => Numbers.ReferenceCode(digest)).RunAsync(options.Coupons, Hot, [.. ReadModel.All.Where(model => model.IsInline)])));
        await ExecuteAsync(Reference, Embedded.Read("reference_rows.sql"));
        await ExecuteAsync(Reference, "vacuum analyze ledger.redemption_check");
    }

    private async Task MakeKeysAsync()
    {
        var keys = new ApiKeys(Ledger);
        var now = Times.Cut(SystemClock.Instance.GetCurrentInstant());
        await using var file = new StreamWriter(Keys);
        foreach (var merchant in (string[])[.. Enumerable.Range(0, Numbers.Merchants).Select(Numbers.Merchant), Numbers.HotMerchant, Seeder.Issuer])
        {
            var key = await keys.CreateAsync(ApiKeyScope.Merchant, merchant, null, null, mayImport: false, isTest: true, now);
            await file.WriteLineAsync($"{merchant} {key.Secret}");
        }
    }
}
