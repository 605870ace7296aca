using System.Reflection;
using System.Text.Json;
using Ledger.Postgres;

namespace Ledger.Api;

/// <summary>A kind of problem: its stable name, HTTP status, and what the caller does next.</summary>
/// <param name="Slug">Last part of the type URI <c>/problems/{slug}</c>; never renamed.</param>
/// <param name="IsRetryable">The same request may be sent again as it is, under the same key.</param>
public sealed record ProblemType(string Slug, int Status, string Title, string Next, bool IsRetryable = false);

/// <summary>
/// Turns refusals and failures into RFC 9457 problem details. The only place that knows which HTTP status a refusal has.
/// </summary>
public static class Problems
{
    // In order of precedence, as far as one request can meet several.
    public static ProblemType NoSuchRoute { get; } = new("no-such-route", 404, "There is nothing at this address", "Look the address up in /openapi/v1.json.");

    public static ProblemType MethodNotAllowed { get; } = new(
        "method-not-allowed", 405, "The address does not take this method", "Look the method up in /openapi/v1.json.");

    public static ProblemType NotAuthenticated { get; } = new(
        "not-authenticated", 401, "No valid API key came with the request", "Send Authorization: Bearer lk_…; a revoked key stays revoked.");

    public static ProblemType NotPermitted { get; } = new("not-permitted", 403, "The API key does not allow this", "Use a key of the scope that needs names.");

    public static ProblemType IdempotencyKeyMissing { get; } = new(
        "idempotency-key-missing", 400, "A request that changes something needs an Idempotency-Key",
        "Send a header Idempotency-Key of 1 to 255 printable ASCII characters, a new one for each new request.");

    public static ProblemType BodyTooLarge { get; } = new("body-too-large", 413, "The body is larger than the limit", "Send a smaller body; many items go to a batch as NDJSON lines.");

    public static ProblemType UnsupportedMediaType { get; } = new(
        "unsupported-media-type", 415, "The body is not of the type that this address takes", "Send the Content-Type that needs names.");

    public static ProblemType Malformed { get; } = new("malformed-request", 400, "The request is not well-formed", "Mend every fault that errors lists and send it again.");

    public static ProblemType IfMatchMissing { get; } = new(
        "if-match-missing", 428, "Amending needs the version that was read", "Read the campaign and send its ETag as If-Match.");

    /// <summary>The one answer of the public address to whatever is no usable coupon.</summary>
    public static ProblemType CodeNotApplicable { get; } = new(
        "code-not-applicable", 404, "There is no coupon of this code that can be used now", "Check the code; the shop can tell more.");

    public static ProblemType Throttled { get; } = new(
        "throttled", 429, "Too many requests, or too many codes that no coupon has", "Send the same request again after Retry-After.", IsRetryable: true);

    public static ProblemType RequestUnknown { get; } = new(
        "request-unknown", 404, "No request under this key was carried out", "Send the request again under the same key; what was refused is not kept.");

    public static ProblemType Overloaded { get; } = new("overloaded", 503, "More requests wait than the service takes", "Send the same request again after Retry-After.", IsRetryable: true);

    public static ProblemType Unavailable { get; } = new(
        "database-unavailable", 503, "The database cannot be reached; nothing was done", "Send the same request again after Retry-After.", IsRetryable: true);

    public static ProblemType OutcomeUnknown { get; } = new(
        "outcome-unknown", 503, "Nobody can tell yet whether the request was carried out",
        "Send the same request again under the same key, or ask GET /v1/requests/{key}.", IsRetryable: true);

    public static ProblemType ProviderNotConfigured { get; } = new(
        "provider-not-configured", 409, "The service knows no payment provider that it could ask", "Ask it yourself and send the answer, or have Provider:Url configured.");

    public static ProblemType ProviderSilent { get; } = new(
        "provider-silent", 503, "The payment provider gave no answer; nothing was recorded",
        "Send the same request again after Retry-After: the provider is asked again under the same number.", IsRetryable: true);

    public static ProblemType ProviderDiffers { get; } = new(
        "provider-differs", 409, "The payment provider has another request under this number", "Make a new pre-order under another number.");

    public static ProblemType ProviderRefuses { get; } = new(
        "provider-refuses", 422, "The payment provider does not sign an agreement for this account", "See reason; offer the price without a membership.");

    public static ProblemType Internal { get; } = new("internal-error", 500, "The service failed", "Report the requestId; the same request under the same key is safe to repeat.");

    /// <summary>Every problem there is, refusals in the order in which their files declare them.</summary>
    public static IReadOnlyList<ProblemType> All { get; } =
    [
        .. typeof(Problems).GetProperties(BindingFlags.Public | BindingFlags.Static)
            .Where(property => property.PropertyType == typeof(ProblemType)).Select(property => (ProblemType)property.GetValue(null)!),
        .. Refusals.Select(Of),
    ];

    /// <summary>Every refusal of the domain and of the store.</summary>
    public static IEnumerable<Type> Refusals => new[] { typeof(Rejection).Assembly, typeof(Outcome).Assembly }
        .SelectMany(assembly => assembly.GetTypes()).Where(type => type.IsSubclassOf(typeof(Rejection)) && !type.IsAbstract);

    /// <summary>The facts that a refusal carries, by name and C# type.</summary>
    public static IEnumerable<PropertyInfo> FactsOf(Type refusal)
    {
        ArgumentNullException.ThrowIfNull(refusal);
        return refusal.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly).Where(p => p.Name != "EqualityContract");
    }

    public static Task WriteAsync(HttpContext http, Rejection reason)
    {
        ArgumentNullException.ThrowIfNull(reason);
        if (Throttle.IsGuess(reason)) Throttle.Note(http);
        return WriteAsync(http, Of(reason), JsonSerializer.SerializeToElement(reason, reason.GetType(), LedgerJson.Answers));
    }

    public static Task WriteAsync(HttpContext http, Faults faults)
    {
        ArgumentNullException.ThrowIfNull(faults);
        return WriteAsync(http, Malformed, JsonSerializer.SerializeToElement(new { errors = faults.Listed, faults = faults.Count }, LedgerJson.Answers));
    }

    /// <summary>Answers the problem; <paramref name="facts"/> is an object whose members are added, or nothing.</summary>
    public static async Task WriteAsync(HttpContext http, ProblemType type, JsonElement facts = default)
    {
        ArgumentNullException.ThrowIfNull(http);
        ArgumentNullException.ThrowIfNull(type);
        http.Response.StatusCode = type.Status;
        http.Response.ContentType = "application/problem+json";
        if (type.Status == 503) http.Response.Headers.RetryAfter = "1";
        if (type.Status == 401) http.Response.Headers.WWWAuthenticate = "Bearer";
        using var writer = new Utf8JsonWriter(http.Response.BodyWriter, new() { Encoder = LedgerJson.Options.Encoder });
        Write(writer, type, facts, RequestIds.Of(http), Channels.ChannelErrors.Of(http)?.NameOf(type));
        await writer.FlushAsync(http.RequestAborted);
    }

    /// <summary>Writes the problem as an object; the lines of a batch hold it too.</summary>
    /// <param name="code">The name that a channel's callers know it by; it goes before a fact of that name. Null: none.</param>
    public static void Write(Utf8JsonWriter writer, ProblemType type, JsonElement facts, string requestId, string? code = null)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(type);
        writer.WriteStartObject();
        writer.WriteString("type", $"/problems/{type.Slug}");
        writer.WriteString("title", type.Title);
        writer.WriteNumber("status", type.Status);
        writer.WriteString("detail", type.Next);
        writer.WriteBoolean("retryable", type.IsRetryable);
        writer.WriteString("requestId", requestId);
        if (code is not null) writer.WriteString("code", code);
        if (facts.ValueKind == JsonValueKind.Object)
        {
            foreach (var fact in facts.EnumerateObject().Where(fact => code is null || !fact.NameEquals("code"))) fact.WriteTo(writer);
        }

        writer.WriteEndObject();
    }

    /// <summary>The refusal as an object inside an answer.</summary>
    /// <param name="isRepeat">The answer tells it in another place too: it is no other guess.</param>
    public static JsonElement ObjectOf(HttpContext http, Rejection reason, bool isRepeat = false)
    {
        ArgumentNullException.ThrowIfNull(reason);
        if (!isRepeat && Throttle.IsGuess(reason)) Throttle.Note(http);
        return ObjectOf(http, Of(reason), JsonSerializer.SerializeToElement(reason, reason.GetType(), LedgerJson.Answers));
    }

    /// <summary>The problem as an object inside an answer.</summary>
    public static JsonElement ObjectOf(HttpContext http, ProblemType type, JsonElement facts = default)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, new() { Encoder = LedgerJson.Options.Encoder })) Write(writer, type, facts, RequestIds.Of(http));
        return JsonSerializer.Deserialize<JsonElement>(buffer.WrittenSpan);
    }

    public static ProblemType Of(Rejection reason)
    {
        ArgumentNullException.ThrowIfNull(reason);
        return new(reason.Slug, StatusOf(reason.Kind), reason.Title, reason.Next);
    }

    /// <summary>The problem that an exception of the store stands for; anything else is a bug and says nothing.</summary>
    public static ProblemType Of(Exception exception) => exception switch
    {
        LedgerOverloadedException => Overloaded,
        OutcomeUnknownException => OutcomeUnknown,
        LedgerUnavailableException => Unavailable,
        _ when Databases.IsAway(exception) => Unavailable,
        BadHttpRequestException { StatusCode: 413 } => BodyTooLarge,
        BadHttpRequestException => Malformed,
        _ => Internal,
    };

    // Every refusal passes constants for kind, title and next to its base, so any arguments show them.
    private static ProblemType Of(Type refusal)
    {
        var constructor = refusal.GetConstructors()[0];
        object?[] arguments = [.. constructor.GetParameters().Select(p => p.ParameterType.IsValueType ? Activator.CreateInstance(p.ParameterType) : null)];
        return Of((Rejection)constructor.Invoke(arguments));
    }

    private static int StatusOf(RejectionKind kind) => kind switch
    {
        RejectionKind.NotFound => StatusCodes.Status404NotFound,
        RejectionKind.Conflict => StatusCodes.Status409Conflict,
        RejectionKind.RuleViolated => StatusCodes.Status422UnprocessableEntity,
        RejectionKind.Malformed => StatusCodes.Status400BadRequest,
        RejectionKind.Locked => StatusCodes.Status423Locked,
        RejectionKind.Forbidden => StatusCodes.Status403Forbidden,
        _ => throw new System.Diagnostics.UnreachableException($"{kind}"),
    };
}
