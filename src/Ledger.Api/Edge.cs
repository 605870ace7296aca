using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Ledger.Coupons.Offline;
using Ledger.Merchants;
using Ledger.Postgres;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using NodaTime;

namespace Ledger.Api;

/// <summary>Answers that every endpoint shares: the request's id on each answer.</summary>
public static class RequestIds
{
    public const string Header = "Request-Id";

    /// <summary>The id that the answer carries; an operator finds the trace by it.</summary>
    public static string Of(HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(http);
        return System.Diagnostics.Activity.Current?.TraceId.ToHexString() ?? http.TraceIdentifier;
    }
}

/// <summary>
/// One call, parsed, authenticated and bounded: what a handler starts from. A handler that cannot go on answers a problem and returns.
/// </summary>
/// <param name="Now">When the request was received: the clock stops here. Whole microseconds.</param>
public sealed record Call(HttpContext Http, Caller Caller, Instant Now)
{
    public string Merchant => Caller.Merchant!;

    public CancellationToken Aborted => Http.RequestAborted;

    public string Route(string name) => (string)Http.Request.RouteValues[name]!;

    /// <summary>A request key that ends the address, or stands before its last slash: routing leaves an encoded slash as it is, which keys may have.</summary>
    public string RouteKey()
    {
        var target = Http.Features.Get<IHttpRequestFeature>()?.RawTarget is { Length: > 0 } raw ? raw.Split('?')[0] : Http.Request.Path.ToUriComponent();
        if (target.EndsWith('/')) target = target[..^1]; // Routing does not ask for it nor mind it.
        return Uri.UnescapeDataString(target[(target.LastIndexOf('/') + 1)..]);
    }

    /// <summary>The request that an operation records, with its key and the fingerprint of what was asked.</summary>
    public Request Request(ReadOnlySpan<byte> body, string? suffix = null) => RequestUnder(Http.Request.Headers["Idempotency-Key"].ToString() + suffix, body);

    /// <summary>The same under a key that the request names in another way.</summary>
    public Request RequestUnder(string key, ReadOnlySpan<byte> body) => new(Merchant, key, Fingerprint(body), Caller.Key.Id, Now, Correlation(), Caller.Key.Provider, Headers.TillOf(Http.Request.Headers));

    /// <summary>Follows one purchase: the header <c>Correlation-Id</c> in its allowed form, or nothing.</summary>
    private string? Correlation() =>
        Http.Request.Headers.TryGetValue("Correlation-Id", out var value) && Headers.IsKey(value) ? value.ToString() : null;

    // SHA-256 over method, path and canonical body: white space and the order of members make no other request.
    private byte[] Fingerprint(ReadOnlySpan<byte> body)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Math.Max(Limits.MaxBody, 2 * body.Length) + 1024);
        try
        {
            var length = Encoding.UTF8.GetBytes($"{Http.Request.Method} {Http.Request.Path.Value}\n", buffer);
            var writer = new ArrayBufferWriter<byte>(Math.Max(body.Length, 16));
            if (!body.IsEmpty) CanonicalJson.Write(body, writer);
            writer.WrittenSpan.CopyTo(buffer.AsSpan(length));
            return SHA256.HashData(buffer.AsSpan(0, length + writer.WrittenCount));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}

/// <summary>Who may call an endpoint.</summary>
public enum Access
{
    /// <summary>Tills, merchants, and the platform for a merchant that it names.</summary>
    Till,

    /// <summary>Merchants, and the platform for a merchant that it names.</summary>
    Merchant,

    /// <summary>The platform.</summary>
    Platform,

    /// <summary>Merchants themselves, and the platform for a merchant that it names: what no provider does in a merchant's name.</summary>
    Owner,

    /// <summary>Providers and the platform, without naming a merchant.</summary>
    Provider,
}

/// <summary>Bounds of what stands in headers and routes.</summary>
public static partial class Headers
{
    /// <summary>A request key: 1 to 255 printable ASCII characters.</summary>
    public static bool IsKey(StringValues value) =>
        value is [{ Length: >= 1 and <= Limits.MaxRequestKey } text] && !text.AsSpan().ContainsAnyExceptInRange('!', '~');

    /// <summary>Whether it begins as the keys of records do that tills made offline.</summary>
    public static bool IsOfRecord(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return key.StartsWith(OfflineOperations.KeyPrefix, StringComparison.Ordinal);
    }

    public const string TillId = "Till-Id";

    public const string TillSeq = "Till-Seq";

    public const string NotOfRecord = $"a key that does not begin with {OfflineOperations.KeyPrefix}: those are of the records of tills";

    public static bool IsId(string? text) => text is not null && Id().IsMatch(text);

    /// <summary>What the till says of itself in the pair <c>Till-Id</c> and <c>Till-Seq</c>; null: nothing, or something else.</summary>
    public static TillMark? TillOf(IHeaderDictionary headers) =>
        headers[TillId] is [var id] && IsId(id) && headers[TillSeq] is [var text]
        && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var sequence) && sequence <= Limits.MaxTillSequence
            ? new(id!, sequence) : null;

    /// <summary>Notes what is wrong with that pair.</summary>
    public static void CheckTill(Call call, Faults faults)
    {
        ArgumentNullException.ThrowIfNull(call);
        ArgumentNullException.ThrowIfNull(faults);
        var headers = call.Http.Request.Headers;
        if (!headers.ContainsKey(TillId) && !headers.ContainsKey(TillSeq)) return;
        if (TillOf(headers) is not { } mark)
            faults.Add(TillSeq, string.Create(CultureInfo.InvariantCulture, $"Send {TillId}, the till's id, and {TillSeq}, a whole number from 0 to {Limits.MaxTillSequence}; or neither."));
        else if (call.Caller.Key.Till is { } till && mark.Till != till)
            faults.Add(TillId, $"This key is of till {till}.");
    }

    [GeneratedRegex(Limits.WholeIdPattern, RegexOptions.NonBacktracking)]
    private static partial Regex Id();
}

/// <summary>Maps endpoints whose handlers start from a <see cref="Call"/>.</summary>
public static class Edge
{
    /// <summary>A handler that changes nothing.</summary>
    public static RouteHandlerBuilder MapQuery(this IEndpointRouteBuilder routes, string pattern, Access access, Func<Call, Task> handler) =>
        Map(routes, HttpMethods.Get, pattern, access, handler);

    /// <summary>A handler that changes nothing and whose question is too long for an address.</summary>
    public static RouteHandlerBuilder MapQuestion(this IEndpointRouteBuilder routes, string pattern, Access access, Func<Call, Task> handler) =>
        Map(routes, HttpMethods.Post, pattern, access, handler).WithMetadata(new NeedsNoKey());

    /// <summary>A handler that changes something: the request needs a key.</summary>
    public static RouteHandlerBuilder MapCommand(this IEndpointRouteBuilder routes, string pattern, Access access, Func<Call, Task> handler) =>
        Map(routes, HttpMethods.Post, pattern, access, async call =>
        {
            var key = call.Http.Request.Headers["Idempotency-Key"];
            if (!Headers.IsKey(key)) await Problems.WriteAsync(call.Http, Problems.IdempotencyKeyMissing);
            else if (Headers.IsOfRecord(key.ToString())) await Problems.WriteAsync(call.Http, Problems.IdempotencyKeyMissing, JsonFacts.Of(new { needs = Headers.NotOfRecord }));
            else
            {
                var faults = new Faults();
                Headers.CheckTill(call, faults);
                if (!await call.RefuseAsync(faults)) await handler(call);
            }
        });

    /// <summary>A handler that changes something and takes its request's key from the body.</summary>
    public static RouteHandlerBuilder MapKeyed(this IEndpointRouteBuilder routes, string method, string pattern, Access access, Func<Call, Task> handler) =>
        Map(routes, method, pattern, access, handler).WithMetadata(new NeedsNoKey());

    // The API explorer lists endpoints of a method only; what they take and answer stands in their metadata.
    private static readonly System.Reflection.MethodInfo Described = ((Delegate)Describe).Method;

    private static void Describe()
    {
    }

    private static RouteHandlerBuilder Map(IEndpointRouteBuilder routes, string method, string pattern, Access access, Func<Call, Task> handler)
    {
        var (callers, clock) = (routes.ServiceProvider.GetRequiredService<Callers>(), routes.ServiceProvider.GetRequiredService<IClock>());
        var throttle = routes.ServiceProvider.GetRequiredService<Throttle>();
        RequestDelegate endpoint = async http =>
        {
            var now = Times.Cut(clock.GetCurrentInstant());
            if (await AuthenticateAsync(http, callers, access, throttle) is not { } caller || await throttle.RefuseAsync(http, caller)) return;
            var call = new Call(http, caller, now);
            // An endpoint that takes parameters reads them itself, and refuses those that it does not know.
            var takesNone = http.Request.QueryString.HasValue && http.GetEndpoint()?.Metadata.GetMetadata<QueryNames>() is null;
            if (!takesNone || !await new Query(call).RefuseAsync()) await handler(call);
            throttle.Count(call);
        };
        return new RouteHandlerBuilder([routes.MapMethods(pattern, [method], endpoint)]).WithMetadata(access, Described);
    }

    /// <summary>The key that came with the request; null: none.</summary>
    public static string? SecretOf(HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(http);
        var header = http.Request.Headers.Authorization.ToString();
        return header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? header[7..] : null;
    }

    /// <summary>The caller, or null after a problem was answered.</summary>
    private static async Task<Caller?> AuthenticateAsync(HttpContext http, Callers callers, Access access, Throttle throttle)
    {
        var key = SecretOf(http) is { } secret ? await callers.KeyAsync(secret, http.RequestAborted) : null;
        if (key is null or { RevokedAt: not null })
        {
            if (!await throttle.RefuseAsync(http)) await Problems.WriteAsync(http, Problems.NotAuthenticated);
            return null;
        }

        if (!Permits(key.Scope, access))
        {
            await Problems.WriteAsync(http, Problems.NotPermitted, JsonFacts.Of(new { needs = Needs(access) }));
            return null;
        }

        if (access == Access.Provider) return new(key, null, Merchant.Unregistered);
        var named = http.Request.Headers["Ledger-Merchant"].ToString();
        var merchant = key.Merchant ?? (named.Length > 0 ? named : null);
        if (merchant is null && access == Access.Platform) return new(key, null, Merchant.Unregistered);
        if (merchant is null || (named.Length > 0 && named != merchant))
        {
            await Problems.WriteAsync(http, Problems.NotPermitted, JsonFacts.Of(new { needs = "a header Ledger-Merchant that names a merchant of this key" }));
            return null;
        }

        var profile = Headers.IsId(merchant) ? await callers.MerchantAsync(merchant, http.RequestAborted) : Merchant.Unregistered;
        if (key.Provider is { } provider ? profile.IsServedBy(provider) : profile.IsRegistered || access == Access.Platform) return new(key, merchant, profile);
        await Problems.WriteAsync(http, key.Provider is null ? new MerchantUnknown() : new NotPermittedAgency());
        return null;
    }

    private static string Needs(Access access) => access switch
    {
        Access.Owner => "a key of scope Merchant or Platform: no provider does this in a merchant's name",
        _ => $"a key of scope {access} or wider",
    };

    private static bool Permits(ApiKeyScope scope, Access access) => scope switch
    {
        ApiKeyScope.Platform => true,
        ApiKeyScope.Provider => access is Access.Till or Access.Merchant or Access.Provider,
        ApiKeyScope.Merchant => access is Access.Till or Access.Merchant or Access.Owner,
        ApiKeyScope.Till => access == Access.Till,
        _ => false,
    };
}

/// <summary>Facts of a problem that have no type of their own.</summary>
public static class JsonFacts
{
    public static System.Text.Json.JsonElement Of(object facts) => System.Text.Json.JsonSerializer.SerializeToElement(facts, LedgerJson.Answers);
}
