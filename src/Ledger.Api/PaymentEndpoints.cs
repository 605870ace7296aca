using System.ComponentModel.DataAnnotations;
using Ledger.Payments;
using Ledger.Points;
using Ledger.Postgres;
using NodaTime;

namespace Ledger.Api;

/// <summary>Where the customer was reached.</summary>
/// <param name="Position">In the platform's public domain; not with the owner merchant.</param>
public sealed record SurfaceBody(Portal Portal, PublicPosition? Position = null, SurfaceOwner? Owner = null)
{
    public Surface Read() => new(Portal, Position, Owner);

    /// <summary>Whether the members do not go together; a fault was added then.</summary>
    internal static bool Contradicts(SurfaceBody? body, Faults faults)
    {
        if (body is not { Position: not null, Owner: SurfaceOwner.Merchant }) return false;
        faults.Add("/surface/position", "Leave it out: a merchant's own surface is no public domain.");
        return true;
    }
}

/// <summary>Books a payment as it happened.</summary>
/// <param name="Trade">The payment's own number: it is booked once under it.</param>
/// <param name="Amount">What the customer paid, in minor units.</param>
/// <param name="FundChannel">Where the money came from, such as huabei.</param>
/// <param name="Lines">What was bought, with what was paid for it; the amount is their sum.</param>
/// <param name="Member">Who paid: an opaque id. Without one no offer follows.</param>
/// <param name="Store">The store; a till's key knows its own.</param>
/// <param name="Order">The merchant's own order number.</param>
/// <param name="BusinessTime">When it happened; believed within 5 s, or from a key that may import.</param>
public sealed record ReceivePaymentBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Trade,
    [property: Range(1, Limits.MaxAmount)] long Amount,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string FundChannel,
    [property: MaxLength(Limits.MaxBasketLines)] IReadOnlyList<LineBody>? Lines = null,
    SurfaceBody? Surface = null,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string? Member = null,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string? Store = null,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string? Till = null,
    [property: StringLength(Limits.MaxId, MinimumLength = 1)] string? Order = null,
    Instant? BusinessTime = null);

/// <summary>A line that is refunded.</summary>
/// <param name="Line">The line of the payment, from 0.</param>
/// <param name="Amount">Absent: what is left of the line.</param>
public sealed record RefundLineBody(
    [property: Range(0, Limits.MaxBasketLines - 1)] int Line,
    [property: Range(1, Limits.MaxAmount)] long? Amount = null);

/// <summary>Books a refund as it happened, by lines or by an amount; without either, of all that is left.</summary>
/// <param name="Refund">The refund's own number: it is booked once under it.</param>
/// <param name="Redemption">The redemption whose goods came back: its coupons come back in proportion to the money.</param>
/// <param name="Spend">The spend of points (spendId) that paid beside: points come back in proportion to the money.</param>
public sealed record RefundPaymentBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Refund,
    [property: Range(1, Limits.MaxAmount)] long? Amount = null,
    [property: MaxLength(Limits.MaxBasketLines)] IReadOnlyList<RefundLineBody>? Lines = null,
    [property: StringLength(Limits.MaxReason, MinimumLength = 1)] string? Reason = null,
    Instant? BusinessTime = null,
    [property: StringLength(2 * Limits.MaxId, MinimumLength = 1)] string? Redemption = null,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string? Spend = null);

/// <summary>Payments and refunds as they happen: what policies follow.</summary>
public static class PaymentEndpoints
{
    public static void MapPayments(this IEndpointRouteBuilder routes)
    {
        routes.MapCommand("/v1/payments", Access.Till, ReceiveAsync).Takes<ReceivePaymentBody>().Answers<PaidView>(201);
        routes.MapQuery("/v1/payments/{trade}", Access.Till, ShowAsync).Answers<PaymentView>();
        routes.MapCommand("/v1/payments/{trade}/refunds", Access.Till, RefundAsync).Takes<RefundPaymentBody>().Answers<RefundView>(201);
    }

    /// <summary>The payment in the route with its trade number; null after a problem was answered.</summary>
    internal static async Task<(string Trade, Payment State)?> FindAsync(Call call)
    {
        var trade = call.Route("trade");
        var isNumber = Headers.IsId(trade) && PaymentStream.Of(trade).Id != PaymentEarningStream.Stream.Id;
        var state = isNumber ? await call.Http.RequestServices.GetRequiredService<BookQueries>().StateAsync(call.Merchant, PaymentStream.Of(trade), call.Aborted) : Payment.None;
        if (state.Paid is not null) return (trade, state);
        await Problems.WriteAsync(call.Http, new PaymentUnknown(trade));
        return null;
    }

    private static async Task ReceiveAsync(Call call)
    {
        if (await call.ReadAsync<ReceivePaymentBody>() is not var (body, raw) || !await RedemptionEndpoints.StandsInAsync(call, body.Store, body.Till)) return;
        var faults = new Faults();
        if (body.Lines is { Count: 0 }) faults.Add("/lines", "Name at least one line, or leave the member out.");
        if (body.Lines is { Count: > 0 } named && named.Sum(line => line.Amount) is var sum && sum != body.Amount)
            faults.Add("/amount", FormattableString.Invariant($"Let it be the sum of the lines, {sum}."));
        SurfaceBody.Contradicts(body.Surface, faults);
        if (PaymentStream.Of(body.Trade).Id == PaymentEarningStream.Stream.Id) faults.Add("/trade", "Choose another number; this one is taken by the rule of what payments earn.");
        if (await call.RefuseAsync(faults)) return;

        var (key, at) = (call.Caller.Key, call.Caller.Judged(body.BusinessTime, call.Now));
        var paid = new Paid(
            new(body.Amount), body.FundChannel, [.. (body.Lines ?? []).Select(line => new PaidLine(new(line.Amount), line.Quantity, line.Goods, line.Category))],
            body.Surface?.Read(), body.Member, body.Order, key.Store ?? body.Store, key.Till ?? body.Till,
            body.BusinessTime is { } stated ? Times.Cut(stated) : null);
        await call.SubmitAsync(PaymentOperations.Receive(call.Request(raw), body.Trade, paid, at, call.Caller.DateOf(at)), StatusCodes.Status201Created);
    }

    private static async Task ShowAsync(Call call)
    {
        if (await FindAsync(call) is var (trade, state)) await call.JsonAsync(PaymentView.Of(trade, state));
    }

    private static async Task RefundAsync(Call call)
    {
        if (await call.ReadAsync<RefundPaymentBody>() is not var (body, raw)) return;
        var faults = new Faults();
        if (body is { Amount: not null, Lines: not null }) faults.Add("/amount", "Send either an amount or lines.");
        if (body.Lines is { Count: 0 }) faults.Add("/lines", "Name at least one line, or leave the member out.");
        if (body.Lines?.DistinctBy(line => line.Line).Count() < body.Lines?.Count) faults.Add("/lines", "Name each line once.");
        if (await call.RefuseAsync(faults) || await FindAsync(call) is not var (trade, payment)) return;

        // What the payment led to and its refund are one chain, unless the caller says otherwise.
        var (request, at) = (call.Request(raw), call.Caller.Judged(body.BusinessTime, call.Now));
        var operation = PaymentOperations.Refund(
            request with { Correlation = request.Correlation ?? payment.Correlation }, trade, body.Refund, body.Amount is { } amount ? new Money(amount) : null,
            [.. (body.Lines ?? []).Select(line => new RefundAsk(line.Line, line.Amount is { } part ? new Money(part) : null))], body.Reason, at, call.Caller.DateOf(at),
            body.Redemption, body.Spend);
        await call.SubmitAsync(operation, StatusCodes.Status201Created);
    }
}
