using System.Text;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Ledger.Postgres.Readers;

/// <summary>
/// Passes hints between instances over the channel <c>ledger_books</c>: gathered for a moment, and sent on a connection of its own,
/// because a NOTIFY inside the scribe's transaction would make commits wait for each other. The payload is the books, one a
/// line, or empty when they are too many: look everywhere. Where LISTEN does not reach (a pooler, another node), the
/// readers' sweeps suffice.
/// </summary>
public sealed class BookNotifications(NpgsqlDataSource database, BookHints hints, ILogger<BookNotifications> logger) : BackgroundService
{
    /// <summary>Postgres takes payloads of less than 8,000 bytes.</summary>
    private const int LongestPayload = 7_900;

    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(200);

    /// <summary>How long a silent connection is believed in before it is asked for an answer.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(5);

    // The sender's backend, by which the receiver knows what this instance sent itself.
    private volatile int sender;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var own = hints.Listen();
        await Task.WhenAll(
            AgainAsync(connection => SendAsync(connection, own, stoppingToken), stoppingToken),
            AgainAsync(connection => ReceiveAsync(connection, own, stoppingToken), stoppingToken));
    }

    /// <summary>The books as one payload; empty when they do not fit or one of them is everywhere.</summary>
    internal static string Payload(IReadOnlyList<string> books)
    {
        ArgumentNullException.ThrowIfNull(books);
        if (books.Contains(BookHints.Everywhere, StringComparer.Ordinal)) return "";
        var payload = string.Join('\n', books);
        return Encoding.UTF8.GetByteCount(payload) <= LongestPayload ? payload : "";
    }

    private async Task AgainAsync(Func<NpgsqlConnection, Task> work, CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                await using var connection = await database.OpenConnectionAsync(cancellation);
                await work(connection);
            }
            catch (Exception) when (cancellation.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                logger.LogWarning(e, "Hints between instances are interrupted; the sweeps go on without them.");
                await Task.Delay(Retry, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task SendAsync(NpgsqlConnection connection, BookHints.Listener own, CancellationToken cancellation)
    {
        sender = connection.ProcessID;
        var payload = new NpgsqlParameter<string> { TypedValue = "", NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text };
        await using var command = new NpgsqlCommand(SqlFile.Read("notify_send.sql"), connection) { Parameters = { payload } };
        while (true)
        {
            if (!await own.WaitAsync(Timeout.InfiniteTimeSpan, cancellation)) continue;
            var books = own.Take();
            if (books.Count > 0)
            {
                payload.TypedValue = Payload(books);
                await command.ExecuteNonQueryAsync(cancellation);
            }

            await Task.Delay(Gathering, cancellation);
        }
    }

    private async Task ReceiveAsync(NpgsqlConnection connection, BookHints.Listener own, CancellationToken cancellation)
    {
        connection.Notification += (_, e) =>
        {
            if (e.PID == sender) return;
            foreach (var book in e.Payload.Split('\n')) hints.Changed(book, except: own);
        };
        await ListenAsync(connection, cancellation);

        // Whatever was said while nobody listened.
        hints.Changed(BookHints.Everywhere, except: own);
        while (true)
        {
            if (!await connection.WaitAsync(Silence, cancellation)) await ListenAsync(connection, cancellation);
        }
    }

    private static async Task ListenAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(SqlFile.Read("notify_listen.sql"), connection);
        await command.ExecuteNonQueryAsync(cancellation);
    }
}
