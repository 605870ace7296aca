using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Npgsql;

namespace Ledger.Tests;

/// <summary>Where the connection is cut, seen from the server.</summary>
public enum Cut
{
    None,

    /// <summary>The client has sent COMMIT; the server never gets it.</summary>
    BeforeCommit,

    /// <summary>The server has committed; its answer never passes back.</summary>
    AfterCommit,
}

/// <summary>
/// Stands between Npgsql and Postgres on the loopback interface and reads their protocol, so that it can cut a connection in the one
/// moment that matters: between COMMIT and its answer.
/// </summary>
public sealed class TcpProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly NpgsqlConnectionStringBuilder target;
    private readonly CancellationTokenSource ending = new();
    private readonly ConcurrentDictionary<Link, byte> links = new();
    private readonly Task accepting;
    private int cut;
    private volatile bool refusing;

    public TcpProxy(string connectionString)
    {
        target = new(connectionString);
        listener.Start();
        accepting = AcceptAsync();
    }

    /// <summary>Leads to the same database through this proxy.</summary>
    public string ConnectionString => new NpgsqlConnectionStringBuilder(target.ConnectionString)
    {
        Host = "127.0.0.1",
        Port = ((IPEndPoint)listener.LocalEndpoint).Port,
        SslMode = SslMode.Disable,
        GssEncryptionMode = GssEncryptionMode.Disable,
        Timeout = 5,
    }.ConnectionString;

    /// <summary>Connections cut at COMMIT so far.</summary>
    public int Cuts { get; private set; }

    /// <summary>Cuts the next connection of a scribe that commits; readers commit whenever they like.</summary>
    public void CutNext(Cut where) => Interlocked.Exchange(ref cut, (int)where);

    /// <summary>Closes every connection, and each new one at once until <see cref="Restore"/>.</summary>
    public void Sever()
    {
        refusing = true;
        foreach (var link in links.Keys) link.Close();
    }

    public void Restore() => refusing = false;

    public async ValueTask DisposeAsync()
    {
        // Whoever accepts ends by the token: a listener that has stopped takes the next call for a mistake.
        await ending.CancelAsync();
        await accepting;
        foreach (var link in links.Keys) link.Close();
        listener.Dispose();
        ending.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await listener.AcceptSocketAsync(ending.Token);
                if (refusing) client.Dispose();
                else _ = ServeAsync(client);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The proxy ends.
        }
    }

    private async Task ServeAsync(Socket client)
    {
        var server = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        var link = new Link(this, client, server);
        links[link] = 0;
        try
        {
            client.NoDelay = true;
            await server.ConnectAsync(new UnixDomainSocketEndPoint(Path.Combine(target.Host!, string.Create(CultureInfo.InvariantCulture, $".s.PGSQL.{target.Port}"))));
            await Task.WhenAny(link.ForwardAsync(), link.ReturnAsync());
        }
        catch (Exception exception) when (exception is SocketException or IOException or ObjectDisposedException)
        {
            // The server is down: so is the link.
        }
        finally
        {
            link.Close();
            links.TryRemove(link, out _);
        }
    }

    private bool TakeCut(Cut where)
    {
        if (Interlocked.CompareExchange(ref cut, (int)Cut.None, (int)where) != (int)where) return false;
        Cuts++;
        return true;
    }

    /// <summary>One connection, message by message: a type byte, a length, a body.</summary>
    private sealed class Link(TcpProxy proxy, Socket client, Socket server)
    {
        private readonly ConcurrentDictionary<string, byte> commits = new(StringComparer.Ordinal);
        private volatile bool isScribe;

        public async Task ForwardAsync()
        {
            await using var from = new NetworkStream(client);
            await using var to = new NetworkStream(server);
            var startup = await ReadAsync(from, hasType: false);
            isScribe = startup.AsSpan().IndexOf("ledger-scribe"u8) >= 0;
            await to.WriteAsync(startup);
            while (true)
            {
                var message = await ReadAsync(from, hasType: true);
                if (message[0] == (byte)'P') Learn(message);
                if (isScribe && message[0] == (byte)'B' && commits.ContainsKey(Text(message, 1).First) && proxy.TakeCut(Cut.BeforeCommit)) return;
                await to.WriteAsync(message);
            }
        }

        public async Task ReturnAsync()
        {
            await using var from = new NetworkStream(server);
            await using var to = new NetworkStream(client);
            while (true)
            {
                var message = await ReadAsync(from, hasType: true);
                if (isScribe && message[0] == (byte)'C' && message.AsSpan(5).StartsWith("COMMIT\0"u8) && proxy.TakeCut(Cut.AfterCommit)) return;
                await to.WriteAsync(message);
            }
        }

        public void Close()
        {
            client.Dispose();
            server.Dispose();
        }

        // Parse: the statement's name, then its text.
        private void Learn(byte[] message)
        {
            var (name, end) = Text(message, 0);
            if (Text(message, 0, end).First == "commit") commits[name] = 0;
        }

        /// <summary>The text after <paramref name="skip"/> others in a message's body, and where it ends.</summary>
        private static (string First, int End) Text(byte[] message, int skip, int from = 5)
        {
            var end = from + message.AsSpan(from).IndexOf((byte)0);
            return skip > 0 ? Text(message, skip - 1, end + 1) : (Encoding.UTF8.GetString(message, from, end - from), end + 1);
        }

        private static async Task<byte[]> ReadAsync(NetworkStream from, bool hasType)
        {
            var head = new byte[hasType ? 5 : 4];
            await from.ReadExactlyAsync(head);
            var length = BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(hasType ? 1 : 0));
            var message = new byte[head.Length + length - 4];
            head.CopyTo(message, 0);
            await from.ReadExactlyAsync(message.AsMemory(head.Length));
            return message;
        }
    }
}
