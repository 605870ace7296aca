using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Ledger.Tests;

/// <summary>What the service answered.</summary>
public sealed record Answer(int Status, string Text, string? MediaType, HttpResponseHeaders Headers)
{
    /// <summary>The body; undefined where it is no JSON.</summary>
    public JsonElement Json { get; } = Parse(Text);

    /// <summary>Last part of a problem's type; "" for what is no problem.</summary>
    public string Problem => MediaType == "application/problem+json" ? Json.GetProperty("type").GetString()!["/problems/".Length..] : "";

    public bool IsReplayed => Headers.Contains("Idempotency-Replayed");

    public JsonElement this[string member] => Json.GetProperty(member);

    public string Said(string member) => Json.GetProperty(member).GetString()!;

    /// <summary>For the message of a failed assertion.</summary>
    public override string ToString() => $"{Status} {Text}";

    private static JsonElement Parse(string text)
    {
        try
        {
            return text.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(text);
        }
        catch (JsonException)
        {
            return default;
        }
    }
}

/// <summary>Speaks HTTP to a service, in this process or another.</summary>
public sealed class LedgerClient(HttpClient http) : IDisposable
{
    private static int keys;

    public HttpClient Http { get; } = http;

    /// <summary>A request key that no other request of this run has.</summary>
    public static string NewKey() => FormattableString.Invariant($"request-{Interlocked.Increment(ref keys)}");

    /// <param name="body">An object to send as JSON, a string to send as it is, or null for an empty body.</param>
    /// <param name="requestKey">Null: a fresh one.</param>
    public Task<Answer> PostAsync(string path, object? body, string apiKey, string? requestKey = null, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Post, path, Content(body), apiKey, [("Idempotency-Key", requestKey ?? NewKey()), .. headers]);

    public Task<Answer> GetAsync(string path, string apiKey, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Get, path, null, apiKey, headers);

    /// <summary>Sends exactly this: no header is added but the API key, where there is one.</summary>
    public async Task<Answer> SendAsync(HttpMethod method, string path, HttpContent? content, string? apiKey, params (string Name, string Value)[] headers)
    {
        ArgumentNullException.ThrowIfNull(headers);
        using var request = new HttpRequestMessage(method, path) { Content = content };
        if (apiKey is not null) request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {apiKey}");
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using var response = await SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return new((int)response.StatusCode, text, response.Content.Headers.ContentType?.MediaType, response.Headers);
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request)
    {
        try
        {
            return await Http.SendAsync(request);
        }
        catch (SocketException lost)
        {
            // So .NET 10 tells of a connection that was lost right after it was made: everything else comes as an HttpRequestException.
            throw new HttpRequestException(lost.Message, lost);
        }
    }

    public static HttpContent? Content(object? body) => body switch
    {
        null => null,
        string text => new StringContent(text, Encoding.UTF8, "application/json"),
        _ => new StringContent(JsonSerializer.Serialize(body, LedgerJson.Answers), Encoding.UTF8, "application/json"),
    };

    public static HttpContent Lines(params ReadOnlySpan<string> lines) =>
        new StringContent(string.Join('\n', lines.ToArray()), Encoding.UTF8, new MediaTypeHeaderValue("application/x-ndjson"));

    public void Dispose() => Http.Dispose();
}
