using Ledger.Postgres;
using Ledger.Postgres.Local;
using Npgsql;

namespace Ledger.Cli;

/// <summary>The database of one command: closed with it.</summary>
internal sealed class LedgerDatabase : IAsyncDisposable
{
    private readonly IAsyncDisposable? server;

    private LedgerDatabase(NpgsqlDataSource source, IAsyncDisposable? server) => (Source, this.server) = (source, server);

    public NpgsqlDataSource Source { get; }

    /// <param name="connectionString">Null: join the private Postgres of this machine's service, or start it where none runs.</param>
    public static async Task<LedgerDatabase> OpenAsync(string? connectionString, Terminal terminal, CancellationToken cancellation)
    {
        if (connectionString is not null) return new(Source(connectionString), server: null);
        LocalPostgres? local = null;
        try
        {
            local = await LocalPostgres.StartAsync(new LocalPostgresOptions { Log = terminal.Note }, cancellation);
            return new(Source(local.ConnectionString), local);
        }
        catch (Exception e) when (e is LocalPostgresException or PlatformNotSupportedException)
        {
            if (local is not null) await local.DisposeAsync();
            throw new CliException($"{string.Join(' ', e.Message.Split((char[])[' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries)).TrimEnd('.')}; or name a database with --database or LEDGER_DATABASE.", e);
        }

        static NpgsqlDataSource Source(string text)
        {
            try
            {
                return NpgsqlDataSource.Create(Databases.Read(text));
            }
            catch (ArgumentException)
            {
                // What Npgsql says of it may repeat the password.
                throw CliException.Usage("The connection string of --database or LEDGER_DATABASE cannot be read: write it like Host=localhost;Database=ledger;Username=ledger.");
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Source.DisposeAsync();
        if (server is not null) await server.DisposeAsync();
    }
}
