using Ledger.Api;
using Ledger.Postgres;
using Ledger.Postgres.Local;

// Composition only: find the database, say what the service is made of, map its addresses, run, and leave nothing behind.
var isStarted = false;
// The host hears these signals too, but only while it runs: before it, a Postgres may be half made or half started.
var stop = EndSignals.Listen();
try
{
    var builder = WebApplication.CreateSlimBuilder(args);
    builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
    // A request is carried on by the thread that its bytes woke, and no handler blocks: each hand-over to another thread costs a wake-up.
    builder.WebHost.UseSockets(sockets => sockets.UnsafePreferInlineScheduling = true);
    if (builder.Configuration["urls"] is not { } urls) builder.WebHost.UseUrls("http://127.0.0.1:5080");
    else foreach (var url in urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)) Require(url, BindingAddress.Parse(url));
    builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
    builder.Logging.AddFilter("Microsoft.Hosting", LogLevel.Warning);
    builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical); // A failed start is said below, in one sentence.
    await using var setup = await ZeroSetup.StartAsync(builder.Configuration, stop);
    builder.Services.AddLedger(setup.ConnectionString);

    await using var app = builder.Build();
    app.MapLedger();
    app.Lifetime.ApplicationStarted.Register(() =>
    {
        isStarted = true;
        setup.Welcome(app.Urls.First());
    });
    await app.RunAsync(stop);
    return 0;
}
catch (Exception) when (stop.IsCancellationRequested && !isStarted)
{
    // Whatever failed then, failed of being ended: Ctrl-C in a terminal also ends the programs that make a Postgres.
    Console.Error.WriteLine("The service was stopped while it started.");
    return 0;
}
catch (Exception exception) when (exception is LocalPostgresException or MigrationChangedException or RebuildAtWorkException or Npgsql.NpgsqlException or IOException
    || (!isStarted && exception is FormatException or System.Net.Sockets.SocketException or UnauthorizedAccessException or PlatformNotSupportedException))
{
    // What a person can mend: no Postgres programs, a database that does not answer, an address in use, a setting that cannot be read (IOException too), an address that
    // cannot be read or is not ours to take, a folder that is not ours, a system on which no private Postgres runs.
    Console.Error.WriteLine(exception.Message);
    return 1;
}

static void Require(string url, BindingAddress address)
{
    if (address.Scheme != Uri.UriSchemeHttp || address.Port > ushort.MaxValue || address.PathBase.Length > 0)
        throw new IOException($"{url} is no address to listen at: give one like http://127.0.0.1:5080, without a path. The service speaks plain HTTP; let a proxy before it speak HTTPS.");
}

/// <summary>Named so that tests can start the service in their own process.</summary>
public sealed partial class Program;
