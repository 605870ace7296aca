using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Ledger.Samples;

/// <summary>What goes wrong between the till and the service.</summary>
internal enum Mishap
{
    None,

    /// <summary>The request never leaves the till.</summary>
    NotSent,

    /// <summary>The connection is cut as soon as the request is sent: nobody knows whether it is carried out.</summary>
    Cut,

    /// <summary>The request is carried out and the answer does not reach the till.</summary>
    AnswerLost,

    /// <summary>The request is carried out, its answer does not reach the till, and the line stays down while the till asks.</summary>
    LineDown,
}

/// <summary>What the service answered.</summary>
internal sealed record Reply(int Status, JsonObject Body)
{
    public bool IsDone => Status is 200 or 201;

    /// <summary>Last part of a problem's type.</summary>
    public string Problem => Status >= 400 && (string?)Body["type"] is { } type ? type[(type.LastIndexOf('/') + 1)..] : "";

    public string Text(string member) => (string?)Body[member] ?? "";

    public long Number(string member) => (long?)Body[member] ?? 0;
}

/// <summary>The shop cannot be opened, or the service refuses what it must not.</summary>
internal sealed class ShopClosedException(string message) : Exception(message);

/// <summary>HTTP to the service, with a hand that pulls the plug.</summary>
internal sealed class Wire(Uri url) : IDisposable
{
    private readonly HttpClient http = new() { BaseAddress = url, Timeout = TimeSpan.FromSeconds(60) };

    /// <summary>Null: no answer, a broken connection, or a service that cannot tell; all mean the same to a till.</summary>
    public async Task<Reply?> PostAsync(string path, string apiKey, string? merchant, string requestKey, JsonObject? body, Mishap mishap = Mishap.None)
    {
        using var request = Request(HttpMethod.Post, path, apiKey, merchant);
        request.Headers.TryAddWithoutValidation("Idempotency-Key", requestKey);
        var text = body?.ToJsonString() ?? "";
        if (body is not null) request.Content = new StringContent(text, Encoding.UTF8, "application/json");
        switch (mishap)
        {
            case Mishap.NotSent:
                return null;
            case Mishap.Cut when url.Scheme == Uri.UriSchemeHttp:
                await CutAsync(request, text);
                return null;
            case Mishap.Cut or Mishap.AnswerLost or Mishap.LineDown:
                await SendAsync(request);
                return null;
            default:
                return await SendAsync(request);
        }
    }

    public async Task<Reply?> GetAsync(string path, string apiKey, string? merchant)
    {
        using var request = Request(HttpMethod.Get, path, apiKey, merchant);
        return await SendAsync(request);
    }

    public void Dispose() => http.Dispose();

    private static HttpRequestMessage Request(HttpMethod method, string path, string apiKey, string? merchant)
    {
        var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {apiKey}");
        if (merchant is not null) request.Headers.TryAddWithoutValidation("Ledger-Merchant", merchant);
        return request;
    }

    private async Task<Reply?> SendAsync(HttpRequestMessage request)
    {
        try
        {
            using var response = await http.SendAsync(request);
            var text = await response.Content.ReadAsStringAsync();
            return (int)response.StatusCode >= 500 ? null : new((int)response.StatusCode, text.Length > 0 && JsonNode.Parse(text) is JsonObject body ? body : []);
        }
        catch (Exception lost) when (lost is HttpRequestException or SocketException or TaskCanceledException)
        {
            return null;
        }
    }

    private async Task CutAsync(HttpRequestMessage request, string body)
    {
        var head = new StringBuilder($"POST {request.RequestUri} HTTP/1.1\r\nHost: {url.Authority}\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n");
        foreach (var (name, values) in request.Headers) head.Append($"{name}: {string.Join(", ", values)}\r\n");
        using var line = new TcpClient();
        await line.ConnectAsync(url.Host, url.Port);
        await line.GetStream().WriteAsync(Encoding.UTF8.GetBytes($"{head}\r\n{body}"));
    }
}
