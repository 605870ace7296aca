using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Ledger.Tests.Proof;

/// <summary>
/// A batch over a connection of its own: lines go out while answers come in, and neither is held as a whole. With HTTP/1.1 an
/// <see cref="HttpClient"/> reads no answer before it has sent everything.
/// </summary>
internal sealed class OpenBatch : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly TcpClient connection = new() { NoDelay = true };

    public static async Task<OpenBatch> BeginAsync(Shop shop, string requestKey)
    {
        var (batch, service) = (new OpenBatch(), shop.Client.Http.BaseAddress!);
        await batch.connection.ConnectAsync(service.Host, service.Port);
        await batch.SendAsync(
            $"POST /v1/coupons/batch HTTP/1.1\r\nHost: {service.Authority}\r\nAuthorization: Bearer {shop.MerchantKey}\r\nIdempotency-Key: {requestKey}\r\n"
            + "Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n");
        return batch;
    }

    /// <summary>Sends whole lines, or parts of some.</summary>
    public async Task WriteAsync(ReadOnlyMemory<byte> lines)
    {
        await SendAsync(string.Create(CultureInfo.InvariantCulture, $"{lines.Length:x}\r\n"));
        await connection.GetStream().WriteAsync(lines);
        await SendAsync("\r\n");
    }

    /// <summary>No line follows.</summary>
    public Task EndAsync() => SendAsync("0\r\n\r\n");

    /// <summary>The answers as they come, to the last one.</summary>
    public async IAsyncEnumerable<string> AnswersAsync()
    {
        // A character for each byte: the answers are ASCII, and the lengths between them count bytes.
        using var reader = new StreamReader(connection.GetStream(), Encoding.Latin1, leaveOpen: true);
        var status = await ReadLineAsync(reader);
        if (status != "HTTP/1.1 200 OK") throw new InvalidOperationException($"The service answers {status}.");
        while ((await ReadLineAsync(reader)).Length > 0)
        {
        }

        var answer = new StringBuilder();
        while (int.Parse(await ReadLineAsync(reader), NumberStyles.HexNumber, CultureInfo.InvariantCulture) is > 0 and var length)
        {
            var piece = new char[length];
            if (await InTimeAsync(reader.ReadBlockAsync(piece, 0, length)) < length) throw new IOException("The connection ended in the middle of an answer.");
            await ReadLineAsync(reader);
            foreach (var letter in piece)
            {
                if (letter != '\n')
                {
                    answer.Append(letter);
                    continue;
                }

                yield return answer.ToString();
                answer.Clear();
            }
        }

        if (answer.Length > 0) throw new IOException($"The last answer does not end: {answer}");
    }

    public void Dispose() => connection.Dispose();

    private async Task SendAsync(string text) => await connection.GetStream().WriteAsync(Encoding.ASCII.GetBytes(text));

    private static async Task<string> ReadLineAsync(StreamReader reader) =>
        await InTimeAsync(reader.ReadLineAsync()) ?? throw new IOException("The connection ended before the answers did.");

    private static async Task<T> InTimeAsync<T>(Task<T> reading)
    {
        try
        {
            return await reading.WaitAsync(s_patience);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"The service answered nothing for {s_patience}.", late);
        }
    }
}
