using System.ComponentModel.DataAnnotations;
using Ledger.Postgres;
using Ledger.Reversals;
using NodaTime;

namespace Ledger.Api;

/// <summary>Reverses a request.</summary>
/// <param name="Request">The <c>Idempotency-Key</c> of the request to undo; the reversal goes under another.</param>
/// <param name="BusinessTime">When it happened; believed within 5 s, or from a key that may import.</param>
public sealed record ReversalBody(
    [property: StringLength(Limits.MaxRequestKey, MinimumLength = 1), RegularExpression(Limits.RequestKeyPattern)] string Request,
    [property: StringLength(Limits.MaxReason, MinimumLength = 1)] string? Reason = null,
    Instant? BusinessTime = null);

/// <summary>Undoing a request by its key, for tills that do not know whether it arrived.</summary>
public static class ReversalEndpoints
{
    public static void MapReversals(this IEndpointRouteBuilder routes) =>
        routes.MapCommand("/v1/reversals", Access.Till, ReverseAsync).Takes<ReversalBody>().Answers<ReversalView>();

    private static async Task ReverseAsync(Call call)
    {
        if (await call.ReadAsync<ReversalBody>() is not var (body, raw)) return;
        var (request, at, faults) = (call.Request(raw), call.Caller.Judged(body.BusinessTime, call.Now), new Faults());
        if (body.Request == request.Key) faults.Add("/request", "Name the request to undo, and send the reversal under a key of its own.");
        // A record that was booked is known, and refused like all that tills do not reverse; one that may still come is not to be barred.
        else if (Headers.IsOfRecord(body.Request) && await Books(call).RequestAsync(call.Merchant, body.Request, call.Aborted) is null)
            faults.Add("/request", $"Name {Headers.NotOfRecord}.");
        if (await call.RefuseAsync(faults)) return;
        var isOfHand = await call.Http.RequestServices.GetRequiredService<FuQueries>().RequestAsync(call.Merchant, body.Request, call.Aborted) is not null;
        await call.SubmitAsync(ReversalOperations.Reverse(request, body.Request, at, call.Caller.DateOf(at), body.Reason, isOfHand));
    }

    private static BookQueries Books(Call call) => call.Http.RequestServices.GetRequiredService<BookQueries>();
}
