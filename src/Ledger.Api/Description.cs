namespace Ledger.Api;

/// <summary>The query parameters that an endpoint takes.</summary>
public sealed record QueryNames(IReadOnlyList<string> Names);

/// <summary>A POST that needs no header Idempotency-Key: it changes nothing, or its body names the request.</summary>
public sealed record NeedsNoKey;

/// <summary>How many characters a request key has at most where it is not <see cref="Limits.MaxRequestKey"/>.</summary>
public sealed record KeyLength(int Most);

/// <summary>Says in the endpoint's metadata what the OpenAPI document tells of it.</summary>
public static class Description
{
    /// <param name="isOptional">The body may be empty, as its endpoint reads it.</param>
    public static RouteHandlerBuilder Takes<T>(this RouteHandlerBuilder endpoint, bool isOptional = false)
        where T : notnull => endpoint.Accepts<T>(isOptional, "application/json");

    public static RouteHandlerBuilder TakesLines<T>(this RouteHandlerBuilder endpoint)
        where T : notnull => endpoint.Accepts<T>("application/x-ndjson");

    public static RouteHandlerBuilder Answers<T>(this RouteHandlerBuilder endpoint, int status = StatusCodes.Status200OK) =>
        endpoint.Produces<T>(status, "application/json");

    public static RouteHandlerBuilder AnswersLines(this RouteHandlerBuilder endpoint) =>
        endpoint.Produces<string>(StatusCodes.Status200OK, "application/x-ndjson");

    public static RouteHandlerBuilder Asks(this RouteHandlerBuilder endpoint, params string[] names) => endpoint.WithMetadata(new QueryNames(names));
}
