using Ledger.Postgres;
using Ledger.Postgres.Local;
using NodaTime;
using Npgsql;

namespace Ledger.Api;

/// <summary>
/// Finds the database: a connection string always wins (configuration <c>ConnectionStrings:Ledger</c> or environment <c>LEDGER_DATABASE</c>);
/// else a private Postgres is started, and there a demo key is made.
/// </summary>
public sealed class ZeroSetup : IAsyncDisposable
{
    private const string DemoKeyFile = "demo-key";

    private readonly LocalPostgres? local;

    private ZeroSetup(LocalPostgres? local, string connectionString) => (this.local, ConnectionString) = (local, connectionString);

    public string ConnectionString { get; }

    /// <summary>The demo key's secret; null where a connection string was given.</summary>
    public string? DemoKey { get; private set; }

    /// <param name="cancellation">Ends the start wherever it is; a Postgres that was started for it is stopped.</param>
    /// <exception cref="IOException">The connection string cannot be read.</exception>
    public static async Task<ZeroSetup> StartAsync(IConfiguration configuration, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var given = configuration.GetConnectionString("Ledger") is { Length: > 0 } named ? named : configuration["LEDGER_DATABASE"];
        if (given is { Length: > 0 })
        {
            var theirs = new ZeroSetup(null, Read(given));
            await theirs.MigrateAsync(cancellation);
            return theirs;
        }

        var server = await LocalPostgres.StartAsync(new() { Log = line => Console.Error.WriteLine($"postgres: {line}") }, cancellation);
        var setup = new ZeroSetup(server, server.ConnectionString);
        try
        {
            await setup.MigrateAsync(cancellation);
            await setup.MakeDemoKeyAsync(cancellation);
            return setup;
        }
        catch
        {
            await setup.DisposeAsync();
            throw;
        }
    }

    /// <summary>Prints where the service is and what to try first.</summary>
    public void Welcome(string url)
    {
        if (DemoKey is null)
        {
            Console.WriteLine($"The ledger is ready at {url} (explorer: {url}/explorer/)");
            return;
        }

        Console.WriteLine(
            $$"""

            The ledger is ready at {{url}} (explorer: {{url}}/explorer/)
            Demo key (platform): {{DemoKey}}

            Try first:
              export LEDGER_URL={{url}} LEDGER_KEY={{DemoKey}}
              curl -s -X POST $LEDGER_URL/v1/merchants -H "Authorization: Bearer $LEDGER_KEY" -H "Idempotency-Key: $(date +%s%N)" \
                -H "Content-Type: application/json" -d '{"id":"tea-house","name":"Tea House"}'

            Then follow README.md, or import a sample: dotnet run --project src/Ledger.Cli -- import complete-journey samples/journey
            Ctrl-C stops the service and its Postgres; the data stays.

            """);
    }

    public async ValueTask DisposeAsync()
    {
        if (local is not null) await local.DisposeAsync();
    }

    // How many connections there are and how they are shared is the service's matter, whatever the string says of it.
    private static string Read(string connectionString)
    {
        try
        {
            var read = Databases.Read(connectionString);
            (read.Pooling, read.MinPoolSize, read.Multiplexing) = (true, 0, false);
            NpgsqlDataSource.Create(read).Dispose();
            return read.ConnectionString;
        }
        catch (ArgumentException)
        {
            throw Unreadable();
        }
    }

    // Without what Npgsql says of it, which may repeat the password.
    private static IOException Unreadable() =>
        new("The connection string of LEDGER_DATABASE or ConnectionStrings:Ledger cannot be read: write it like Host=localhost;Database=ledger;Username=ledger.");

    private async Task MigrateAsync(CancellationToken cancellation)
    {
        await using var database = NpgsqlDataSource.Create(ConnectionString);
        await new Migrations(database).ApplyAsync(cancellation);
    }

    // The demo key is kept beside the private server's own password, readable by the same account only.
    private async Task MakeDemoKeyAsync(CancellationToken cancellation)
    {
        var file = Path.Combine(local!.DataDir, DemoKeyFile);
        await using var database = NpgsqlDataSource.Create(ConnectionString);
        var keys = new ApiKeys(database);
        if (File.Exists(file))
        {
            DemoKey = (await File.ReadAllTextAsync(file, cancellation)).Trim();
            if (await keys.FindAsync(DemoKey, cancellation) is not null) return;
        }

        var made = await keys.CreateAsync(ApiKeyScope.Platform, null, null, null, mayImport: true, isTest: true, SystemClock.Instance.GetCurrentInstant(), cancellation: cancellation);
        DemoKey = made.Secret;
        await File.WriteAllTextAsync(file, "", cancellation);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await File.WriteAllTextAsync(file, made.Secret, cancellation);
    }
}
