using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;

namespace Ledger.Samples.SpringFestival;

/// <summary>What the service answered.</summary>
internal sealed record Reply(int Status, JsonNode? Body)
{
    public bool IsDone => Status is 200 or 201;

    /// <summary>Last part of a problem's type.</summary>
    public string Problem => Status >= 400 && (string?)Body?["type"] is { } type ? type[(type.LastIndexOf('/') + 1)..] : "";

    public string Text(string member) => (string?)Body?[member] ?? "";

    public long Number(string member) => (long?)Body?[member] ?? 0;
}

/// <summary>The festival cannot go on.</summary>
internal sealed class CalledOffException(string message) : Exception(message);

/// <summary>HTTP to the service under the platform's key, in the name of a merchant. What was not answered is sent again under its request key.</summary>
internal sealed class Wire(Uri url, string key) : IDisposable
{
    private const int Tries = 20;

    private readonly HttpClient http = new() { BaseAddress = url, Timeout = TimeSpan.FromSeconds(60) };

    public Task<Reply> GetAsync(string path, string merchant) => SendAsync(HttpMethod.Get, path, null, merchant);

    public Task<Reply> PostAsync(string path, JsonObject? body, string? merchant) => SendAsync(HttpMethod.Post, path, body, merchant);

    /// <summary>The answer, where it was carried out.</summary>
    public async Task<Reply> DoneAsync(string path, JsonObject? body, string? merchant)
    {
        var answer = await PostAsync(path, body, merchant);
        return answer.IsDone ? answer : throw new CalledOffException($"{path}: {answer.Status} {answer.Body?.ToJsonString()}");
    }

    public async Task SaveAsync(string path, string merchant, string file)
    {
        using var request = RequestFor(HttpMethod.Get, path, null, merchant, "");
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        if (!response.IsSuccessStatusCode) throw new CalledOffException($"{path}: {await response.Content.ReadAsStringAsync()}");
        await using var to = File.Create(file);
        await response.Content.CopyToAsync(to);
    }

    /// <summary>Runs a program to its end.</summary>
    public static async Task<(int Code, string Said)> RunAsync(string program, params string[] args)
    {
        var start = new ProcessStartInfo(program, args) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, Environment = { ["PYTHONDONTWRITEBYTECODE"] = "1" } };
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, $"{await output}{await errors}".Trim());
    }

    public void Dispose() => http.Dispose();

    private async Task<Reply> SendAsync(HttpMethod method, string path, JsonObject? body, string? merchant)
    {
        var requestKey = Guid.NewGuid().ToString("n");
        for (var tries = 1; ; tries++)
        {
            try
            {
                using var request = RequestFor(method, path, body, merchant, requestKey);
                using var response = await http.SendAsync(request);
                var text = await response.Content.ReadAsStringAsync();
                if ((int)response.StatusCode < 500) return new((int)response.StatusCode, text.Length == 0 ? null : JsonNode.Parse(text));
                if (tries == Tries) throw new CalledOffException($"{path}: {text}");
            }
            catch (HttpRequestException) when (tries > 1 && tries < Tries)
            {
                // Once more, under the same key.
            }

            await Task.Delay(200);
        }
    }

    private HttpRequestMessage RequestFor(HttpMethod method, string path, JsonObject? body, string? merchant, string requestKey)
    {
        var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {key}");
        if (merchant is not null) request.Headers.TryAddWithoutValidation("Ledger-Merchant", merchant);
        if (method == HttpMethod.Post) request.Headers.TryAddWithoutValidation("Idempotency-Key", requestKey);
        if (body is not null) request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        return request;
    }
}
