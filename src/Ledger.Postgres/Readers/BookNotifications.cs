using System.Text;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Ledger.Postgres.Readers;

/// <summary>
/// Passes hints between instances over the channel <c>ledger_hints</c>: gathered for a moment, and sent on a connection of its own,
/// because a NOTIFY inside the scribe's transaction would make commits wait for each other. The payload is the names of the events,
/// and behind them the books, one a line; the books are left out when they are too many, and everything is when the names are: look everywhere. Where LISTEN does not reach (a pooler, another node), the
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

    /// <summary>What is sent of the hints.</summary>
    internal static string Payload(IReadOnlyList<(string Book, string? Stored)> hints)
    {
        ArgumentNullException.ThrowIfNull(hints);
        if (hints.Any(hint => hint.Stored is null)) return "";
        var names = string.Join(' ', hints.Select(hint => hint.Stored).Distinct(StringComparer.Ordinal));
        if (Encoding.UTF8.GetByteCount(names) > LongestPayload) return "";
        var payload = string.Join('\n', [names, .. hints.Select(hint => hint.Book).Distinct(StringComparer.Ordinal)]);
        return Encoding.UTF8.GetByteCount(payload) <= LongestPayload ? payload : names;
    }

    /// <summary>Passes on what was sent.</summary>
    internal static void Hear(string payload, BookHints hints, BookHints.Listener own)
    {
        if (payload.Split('\n') is not [{ Length: > 0 } names, .. var books])
        {
            hints.Changed(BookHints.Everywhere, except: own);
            return;
        }

        foreach (var name in names.Split(' '))
        {
            foreach (var book in books is [] ? [BookHints.Everywhere] : books) hints.Changed(book, name, except: own);
        }
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
            var taken = own.TakeAll();
            if (taken.Count > 0)
            {
                payload.TypedValue = Payload(taken);
                await command.ExecuteNonQueryAsync(cancellation);
            }

            await Task.Delay(Gathering, cancellation);
        }
    }

    private async Task ReceiveAsync(NpgsqlConnection connection, BookHints.Listener own, CancellationToken cancellation)
    {
        connection.Notification += (_, e) =>
        {
            if (e.PID != sender) Hear(e.Payload, hints, own);
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
