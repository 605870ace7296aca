using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Ledger.Tests;

/// <summary>
/// Stands between a till and the service and keeps what the till sends until <see cref="DeliverAsync"/>: by then the till has given up, and
/// the service may be another process.
/// </summary>
public sealed class SlowNetwork : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource ending = new();
    private readonly Lock gate = new();
    private readonly List<byte[]> underWay = [];
    private readonly Task accepting;
    private TaskCompletionSource arrived = new();

    public SlowNetwork()
    {
        listener.Start();
        accepting = AcceptAsync();
    }

    public Uri Address => new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}"));

    /// <summary>Completes when a whole request is under way that was not delivered yet.</summary>
    public Task UnderWayAsync()
    {
        lock (gate) return underWay.Count > 0 ? Task.CompletedTask : arrived.Task;
    }

    /// <summary>Hands the requests to the service, each as often as <paramref name="copies"/> says; gives the answers that nobody waits for.</summary>
    public async Task<IReadOnlyList<string>> DeliverAsync(Uri service, int copies = 1)
    {
        ArgumentNullException.ThrowIfNull(service);
        List<byte[]> requests;
        lock (gate)
        {
            requests = [.. underWay];
            underWay.Clear();
            arrived = new();
        }

        var answers = new List<string>();
        foreach (var request in requests.SelectMany(request => Enumerable.Repeat(request, copies)))
        {
            using var client = new TcpClient();
            await client.ConnectAsync(service.Host, service.Port);
            var stream = client.GetStream();
            await stream.WriteAsync(request);
            answers.Add(Encoding.UTF8.GetString(await ReadMessageAsync(stream, CancellationToken.None)));
        }

        return answers;
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        listener.Stop();
        await accepting;
        listener.Dispose();
        ending.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = KeepAsync(await listener.AcceptTcpClientAsync(ending.Token));
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The network ends.
        }
    }

    private async Task KeepAsync(TcpClient till)
    {
        using var connection = till;
        try
        {
            var request = await ReadMessageAsync(till.GetStream(), ending.Token);
            lock (gate)
            {
                underWay.Add(request);
                arrived.TrySetResult();
            }

            // The till waits, and hangs up.
            while (await till.GetStream().ReadAsync(new byte[1], ending.Token) > 0)
            {
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or SocketException)
        {
            // It hung up before all was sent.
        }
    }

    /// <summary>One HTTP/1.1 message whose body, if any, has a stated length.</summary>
    private static async Task<byte[]> ReadMessageAsync(NetworkStream from, CancellationToken cancellation)
    {
        using var message = new MemoryStream();
        var buffer = new byte[4096];
        while (true)
        {
            var text = Encoding.Latin1.GetString(message.GetBuffer(), 0, (int)message.Length);
            if (text.IndexOf("\r\n\r\n", StringComparison.Ordinal) is >= 0 and var end)
            {
                var length = text[..end].Split("\r\n").Where(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))
                    .Select(line => int.Parse(line.AsSpan(15), NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture)).SingleOrDefault();
                if (message.Length >= end + 4 + length) return message.ToArray();
            }

            var read = await from.ReadAsync(buffer, cancellation);
            if (read == 0) throw new IOException("The connection ended in the middle of a message.");
            message.Write(buffer, 0, read);
        }
    }
}
