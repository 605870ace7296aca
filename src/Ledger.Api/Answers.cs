using System.Text.Json;
using Ledger.Merchants;
using Ledger.Postgres;

namespace Ledger.Api;

/// <summary>The one way in and out of a handler: read a bounded body, submit an operation, answer its outcome.</summary>
public static class Answers
{
    /// <summary>Reads a JSON body of this shape; null after a problem that lists every fault was answered.</summary>
    /// <param name="isOptional">An empty body stands for <c>{}</c>.</param>
    /// <param name="limit">The most bytes of the body.</param>
    public static async Task<(T Value, byte[] Raw)?> ReadAsync<T>(this Call call, bool isOptional = false, int limit = Limits.MaxBody)
        where T : notnull
    {
        ArgumentNullException.ThrowIfNull(call);
        var http = call.Http;
        var raw = await ReadAllAsync(http, limit);
        if (raw is null)
        {
            await Problems.WriteAsync(http, Problems.BodyTooLarge, JsonFacts.Of(new { limitBytes = limit }));
            return null;
        }

        if (raw.Length == 0 && isOptional) raw = "{}"u8.ToArray();
        if (raw.Length > 0 && http.Request.ContentType is { } type && !type.StartsWith("application/json", StringComparison.OrdinalIgnoreCase))
        {
            await Problems.WriteAsync(http, Problems.UnsupportedMediaType, JsonFacts.Of(new { needs = "application/json" }));
            return null;
        }

        var faults = new Faults();
        if (RequestBody.TryRead<T>(raw, faults, out var value)) return (value, raw);
        await Problems.WriteAsync(http, faults);
        return null;
    }

    /// <summary>Answers faults found behind the shape of a body; true when there were any.</summary>
    public static async Task<bool> RefuseAsync(this Call call, Faults faults)
    {
        ArgumentNullException.ThrowIfNull(call);
        ArgumentNullException.ThrowIfNull(faults);
        if (faults.Count == 0) return false;
        await Problems.WriteAsync(call.Http, faults);
        return true;
    }

    /// <summary>Submits the operation and answers what became of it.</summary>
    public static async Task SubmitAsync(this Call call, Operation operation, int status = StatusCodes.Status200OK)
    {
        ArgumentNullException.ThrowIfNull(call);
        await call.AnswerAsync(await call.OutcomeAsync(operation), status);
    }

    /// <summary>Answers what became of an operation.</summary>
    public static async Task AnswerAsync(this Call call, Outcome outcome, int status = StatusCodes.Status200OK)
    {
        ArgumentNullException.ThrowIfNull(call);
        switch (outcome)
        {
            case Outcome.Accepted(var answer, var isReplayed):
                if (isReplayed) call.Http.Response.Headers["Idempotency-Replayed"] = "true";
                await RawAsync(call.Http, status, answer);
                break;
            case Outcome.Rejected(var reason):
                await Problems.WriteAsync(call.Http, reason);
                break;
        }
    }

    /// <summary>Submits the operation. Where it writes a book that is not the merchant's, as a shard's, the merchant is asked here whether the provider may: that book cannot tell.</summary>
    public static async Task<Outcome> OutcomeAsync(this Call call, Operation operation)
    {
        ArgumentNullException.ThrowIfNull(call);
        ArgumentNullException.ThrowIfNull(operation);
        var services = call.Http.RequestServices;
        if (operation.Request is { Provider: { } provider, Book: var book } && book != call.Merchant)
        {
            var merchant = await services.GetRequiredService<BookQueries>().StateAsync(call.Merchant, MerchantStream.Stream, call.Aborted);
            if (!merchant.IsServedBy(provider)) return new Outcome.Rejected(new NotPermittedAgency());
            operation = operation with { IsAuthorised = true };
        }

        return await services.GetRequiredService<Scribes>().SubmitAsync(operation, call.Aborted);
    }

    public static Task JsonAsync(this Call call, object answer, int status = StatusCodes.Status200OK)
    {
        ArgumentNullException.ThrowIfNull(call);
        ArgumentNullException.ThrowIfNull(answer);
        return RawAsync(call.Http, status, JsonSerializer.SerializeToUtf8Bytes(answer, answer.GetType(), LedgerJson.Answers));
    }

    public static async Task RawAsync(HttpContext http, int status, ReadOnlyMemory<byte> json)
    {
        ArgumentNullException.ThrowIfNull(http);
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = json.Length;
        await http.Response.BodyWriter.WriteAsync(json, http.RequestAborted);
    }

    // Null when the body is larger than the limit.
    internal static async Task<byte[]?> ReadAllAsync(HttpContext http, int limit = Limits.MaxBody)
    {
        if (http.Request.ContentLength > limit) return null;
        var reader = http.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(http.RequestAborted);
            if (read.Buffer.Length > limit)
            {
                reader.AdvanceTo(read.Buffer.End);
                return null;
            }

            if (read.IsCompleted)
            {
                var body = System.Buffers.BuffersExtensions.ToArray(read.Buffer);
                reader.AdvanceTo(read.Buffer.End);
                return body;
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }
}

/// <summary>A page of a list, and the cursor of the next one while there is more.</summary>
public sealed record Page<T>(IReadOnlyList<T> Data, string? NextCursor)
{
    public static Page<T> Of(IReadOnlyList<T> rows, int limit, Func<T, string> cursor)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(cursor);
        return new(rows, rows.Count < limit ? null : Query.Encode(cursor(rows[^1])));
    }
}

/// <summary>Query parameters, read strictly: every fault is listed, unknown ones too.</summary>
public sealed class Query(Call call, params string[] known)
{
    private readonly Faults faults = Unknown(call, known);

    public int Limit => Number("limit", 100, 1, Limits.MaxPage);

    /// <summary>The cursor's content; "" at the start.</summary>
    public string Cursor
    {
        get
        {
            if (Text("cursor") is not { } cursor) return "";
            var bytes = new byte[cursor.Length];
            if (Convert.TryFromBase64String(cursor.Replace('-', '+').Replace('_', '/'), bytes, out var length)
                && System.Text.Unicode.Utf8.IsValid(bytes.AsSpan(0, length)) && bytes.AsSpan(0, length).IndexOf((byte)0) < 0)
                return System.Text.Encoding.UTF8.GetString(bytes, 0, length);
            RefuseCursor();
            return "";
        }
    }

    public void RefuseCursor() => faults.Add("/cursor", "The cursor is none of ours; pass nextCursor of the page before, unchanged.");

    public static string Encode(string cursor)
    {
        var text = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(cursor));
        return text.Replace('+', '-').Replace('/', '_');
    }

    public string? Text(string name) => call.Http.Request.Query.TryGetValue(name, out var value) ? value.ToString() : null;

    public int Number(string name, int absent, int least, int most) => (int)(Whole(name, least, most) ?? absent);

    public long? Whole(string name, long least, long most)
    {
        if (Text(name) is not { } text) return null;
        if (long.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var value) && value >= least && value <= most)
            return value;
        faults.Add($"/{name}", $"Pass a whole number from {least} to {most}.");
        return null;
    }

    /// <summary>false where it is left out.</summary>
    public bool Flag(string name)
    {
        if (Text(name) is { } text and not ("true" or "false")) faults.Add($"/{name}", "Pass true or false.");
        return Text(name) == "true";
    }

    public void Refuse(string name, string advice) => faults.Add($"/{name}", advice);

    public NodaTime.LocalDate? Date(string name)
    {
        if (Text(name) is not { } text) return null;
        if (RequestTimes.TryDate(text, out var date)) return date;
        faults.Add($"/{name}", "Pass a date such as 2026-02-17.");
        return null;
    }

    public NodaTime.Instant? Time(string name)
    {
        if (Text(name) is not { } text) return null;
        if (RequestTimes.TryInstant(text, out var time)) return time;
        faults.Add($"/{name}", "Pass a time such as 2026-02-17T16:00:00Z.");
        return null;
    }

    public string? Id(string name)
    {
        if (Text(name) is not { } text || Headers.IsId(text)) return Text(name);
        faults.Add($"/{name}", "Pass an id of 1 to 64 letters, digits and _ . @ -");
        return null;
    }

    /// <summary>Answers the faults; true when there were any.</summary>
    public Task<bool> RefuseAsync() => call.RefuseAsync(faults);

    private static Faults Unknown(Call call, string[] known)
    {
        var unknown = new Faults();
        foreach (var name in call.Http.Request.Query.Keys.Except(known, StringComparer.Ordinal))
            unknown.Add($"/{name}", known.Length == 0 ? "Leave it out; this address takes no parameters." : $"Leave it out; the parameters are {string.Join(", ", known)}.");
        return unknown;
    }
}
