using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Ledger.Cli.Import;

/// <summary>What the service answered to one request that it did understand.</summary>
/// <param name="Problem">One sentence of the refusal, where it is one.</param>
/// <param name="IsOfEarlierRun">The service had answered the request before this run sent it.</param>
internal sealed record Answer(int Status, JsonElement Body, string? Problem, bool IsOfEarlierRun = false)
{
    public bool IsAccepted => Status is >= 200 and < 300;
}

/// <summary>What the service answered to one line of a batch.</summary>
internal sealed record LineAnswer(int Status, string? Code, string? Problem)
{
    public bool IsAccepted => Status is >= 200 and < 300;
}

/// <summary>
/// Speaks to the service. Every request carries a key of its own, so one whose answer was lost is simply sent again; what is worth
/// trying again is tried with growing pauses, or as the service asks by <c>Retry-After</c>.
/// </summary>
internal sealed class ServiceClient : IDisposable
{
    private const int Attempts = 10;

    /// <summary>A service that has never answered is probably not there: fewer attempts.</summary>
    private const int AttemptsBeforeFirstAnswer = 3;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(100);

    private readonly HttpClient http;
    private readonly Func<TimeSpan, CancellationToken, Task> delay;
    private volatile bool hasAnswered;

    public ServiceClient(HttpMessageHandler handler, Uri url, string key, Func<TimeSpan, CancellationToken, Task> delay)
    {
        this.delay = delay;
        http = new HttpClient(handler) { BaseAddress = url, Timeout = Timeout.InfiniteTimeSpan };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    /// <summary>Sends one request under its key. A refusal is an answer, except that of the caller itself.</summary>
    public Task<Answer> PostAsync(string merchant, string path, string requestKey, object? body, CancellationToken cancellation)
    {
        var attempts = 0;
        return RetryAsync(
            async patience =>
            {
                attempts++;
                using var content = body is null ? null : new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body, LedgerJson.Answers));
                if (content is not null) content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
                using var response = await SendAsync(HttpMethod.Post, merchant, path, requestKey, content, patience);
                var answer = await ReadAsync(response, patience);
                // What is sent again may repeat an answer to this run that was lost.
                return answer with { IsOfEarlierRun = attempts == 1 && response.Headers.Contains("Idempotency-Replayed") };
            },
            cancellation);
    }

    /// <summary>Reads a report.</summary>
    public async Task<JsonElement> GetAsync(string merchant, string path, CancellationToken cancellation)
    {
        var answer = await RetryAsync(
            async patience =>
            {
                using var response = await SendAsync(HttpMethod.Get, merchant, path, requestKey: null, content: null, patience);
                return await ReadAsync(response, patience);
            },
            cancellation);
        return answer.IsAccepted ? answer.Body : throw new CliException($"The service refused GET {path} ({answer.Problem}): see that it is of the same version as this program.");
    }

    /// <summary>Reads every row of a list, page by page.</summary>
    public async IAsyncEnumerable<JsonElement> GetRowsAsync(string merchant, string path, [EnumeratorCancellation] CancellationToken cancellation)
    {
        for (string? cursor = ""; cursor is not null;)
        {
            var page = await GetAsync(merchant, cursor.Length == 0 ? path : $"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}cursor={Uri.EscapeDataString(cursor)}", cancellation);
            foreach (var row in page.GetProperty("data").EnumerateArray()) yield return row;
            cursor = page.TryGetProperty("nextCursor", out var next) ? next.GetString() : null;
        }
    }

    /// <summary>Issues the coupons of a chunk.</summary>
    /// <returns>One answer for each line, in order.</returns>
    public Task<IReadOnlyList<LineAnswer>> IssueAsync(Chunk chunk, CancellationToken cancellation) =>
        RetryAsync<IReadOnlyList<LineAnswer>>(
            async patience =>
            {
                using var content = new ReadOnlyMemoryContent(chunk.Body);
                content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
                using var response = await SendAsync(HttpMethod.Post, chunk.Merchant, "/v1/coupons/batch", chunk.RequestKey, content, patience);
                if (!response.IsSuccessStatusCode)
                {
                    var answer = await ReadAsync(response, patience);
                    throw new CliException($"The service refused the batch {chunk.RequestKey} ({answer.Problem}): see that it is of the same version as this program.");
                }

                return await ReadLinesAsync(response, chunk, patience);
            },
            cancellation);

    public void Dispose() => http.Dispose();

    private static async Task<IReadOnlyList<LineAnswer>> ReadLinesAsync(HttpResponseMessage response, Chunk chunk, CancellationTokenSource patience)
    {
        var answers = new List<LineAnswer>(chunk.Lines);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(patience.Token));
        while (await reader.ReadLineAsync(patience.Token) is { } text)
        {
            if (text.Length == 0) continue;
            patience.CancelAfter(Patience);
            using var json = JsonDocument.Parse(text);
            var line = json.RootElement;
            var status = line.GetProperty("status").GetInt32();
            if (IsWorthAnotherAttempt(status)) throw new TryAgainException($"it answered {status} to a line of {chunk.RequestKey}");
            answers.Add(new(
                status,
                line.TryGetProperty("coupon", out var coupon) ? coupon.GetProperty("code").GetString() : null,
                line.TryGetProperty("problem", out var problem) ? SentenceOf(problem) : null));
        }

        return answers.Count == chunk.Lines
            ? answers
            : throw new TryAgainException($"it answered {answers.Count} of {chunk.Lines} lines of {chunk.RequestKey}");
    }

    private async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string merchant, string path, string? requestKey, HttpContent? content, CancellationTokenSource patience)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        request.Headers.Add("Ledger-Merchant", merchant);
        if (requestKey is not null) request.Headers.Add("Idempotency-Key", requestKey);
        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token);
        hasAnswered = true;
        if (response.IsSuccessStatusCode) return response;

        var (status, after) = (response.StatusCode, After(response));
        if (IsWorthAnotherAttempt((int)status) || status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden) response.Dispose();
        if (IsWorthAnotherAttempt((int)status)) throw new TryAgainException($"it answered {(int)status}") { After = after };
        return status switch
        {
            HttpStatusCode.Unauthorized => throw new CliException(
                "The service does not accept the key: make one with `ledger keys create --scope platform --may-import` and give it with --key or LEDGER_KEY."),
            HttpStatusCode.Forbidden => throw new CliException(
                "The key may not import: make one with `ledger keys create --scope platform --may-import` and give it with --key or LEDGER_KEY."),
            _ => response,
        };
    }

    private static async Task<Answer> ReadAsync(HttpResponseMessage response, CancellationTokenSource patience)
    {
        var bytes = await response.Content.ReadAsByteArrayAsync(patience.Token);
        var body = default(JsonElement);
        try
        {
            if (bytes.Length > 0) body = JsonElement.Parse(bytes);
        }
        catch (JsonException e)
        {
            throw new CliException($"{response.RequestMessage?.RequestUri} answers something other than JSON: name the ledger's service with --url or LEDGER_URL.", e);
        }

        var status = (int)response.StatusCode;
        return new(status, body, response.IsSuccessStatusCode ? null : body.ValueKind == JsonValueKind.Object ? SentenceOf(body) : $"status {status}");
    }

    private static string SentenceOf(JsonElement problem)
    {
        var title = Text(problem, "title") ?? Text(problem, "type") ?? "a problem without a title";
        if (problem.TryGetProperty("errors", out var errors) && errors.ValueKind == JsonValueKind.Array && errors.GetArrayLength() > 0)
        {
            return $"{title.TrimEnd('.')}: {Text(errors[0], "pointer")} {Text(errors[0], "detail")?.TrimEnd('.')}";
        }

        return Text(problem, "detail") is { } detail && detail != title ? $"{title.TrimEnd('.')}. {detail.TrimEnd('.')}" : title.TrimEnd('.');

        static string? Text(JsonElement json, string name) =>
            json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
    }

    private async Task<T> RetryAsync<T>(Func<CancellationTokenSource, Task<T>> once, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            patience.CancelAfter(Patience);
            TimeSpan pause;
            try
            {
                return await once(patience);
            }
            catch (Exception e) when (IsWorthAnotherAttempt(e) && !cancellation.IsCancellationRequested)
            {
                if (attempt >= (hasAnswered ? Attempts : AttemptsBeforeFirstAnswer))
                {
                    throw new CliException($"The service at {http.BaseAddress} does not answer ({e.Message.TrimEnd('.')}): start it, or name it with --url or LEDGER_URL, and run the same command again.", e);
                }

                pause = (e as TryAgainException)?.After ?? FirstPause * Math.Pow(2, attempt - 1) * (0.75 + (Random.Shared.NextDouble() / 2));
            }

            await delay(pause < LongestPause ? pause : LongestPause, cancellation);
        }
    }

    private static bool IsWorthAnotherAttempt(Exception e) =>
        e is TryAgainException or HttpRequestException or SocketException or IOException or OperationCanceledException;

    private static bool IsWorthAnotherAttempt(int status) => status is 429 or 502 or 503 or 504;

    private static TimeSpan? After(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date - DateTimeOffset.UtcNow is var wait && wait > TimeSpan.Zero ? wait : TimeSpan.Zero,
        _ => null,
    };

    private sealed class TryAgainException(string message) : Exception(message)
    {
        public TimeSpan? After { get; init; }
    }
}
