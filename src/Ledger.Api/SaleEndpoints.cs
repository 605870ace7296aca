using System.ComponentModel.DataAnnotations;
using Ledger.Coupons;
using Ledger.Coupons.Groups;
using Ledger.Coupons.Sales;
using Ledger.Policies;
using Ledger.Postgres;
using NodaTime;

namespace Ledger.Api;

/// <summary>What coupons are sold for.</summary>
/// <param name="Price">Of one coupon, in minor units.</param>
/// <param name="Payee">The party that is paid for each coupon used.</param>
/// <param name="CommissionBasisPoints">Of the price, rounded down to whole minor units; the rest is the payee's.</param>
/// <param name="IsOverdueRefundable">Whether the buyer gets the price back for a coupon that was not used in time.</param>
/// <param name="IsRefundableBeforeUse">Whether the buyer may give a coupon back before.</param>
public sealed record SaleBody(
    [property: Range(1, Limits.MaxAmount)] long Price,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Payee,
    [property: Range(0, 10_000)] int CommissionBasisPoints = 0,
    bool IsOverdueRefundable = true,
    bool IsRefundableBeforeUse = true);

/// <summary>Books a payment for coupons that was made, and issues them.</summary>
/// <param name="Trade">The payment's trade number, which is the sale's id from then on.</param>
/// <param name="Paid">Price × quantity, in minor units.</param>
/// <param name="BusinessTime">When it was paid; believed within 5 s, or from a key that may import.</param>
public sealed record SellBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Campaign,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Member,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Trade,
    [property: Range(1, Limits.MaxAmount)] long Paid,
    [property: Range(1, Limits.MaxSold)] int Quantity = 1,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string? Channel = null,
    Instant? BusinessTime = null);

/// <summary>The buyer gives coupons back.</summary>
/// <param name="Vouchers">Their numbers in the sale, from 1, all or none; absent: every one that can be given back.</param>
public sealed record RefundBody(
    [property: MaxLength(Limits.MaxSold)] IReadOnlyList<int>? Vouchers = null,
    [property: StringLength(Limits.MaxReason, MinimumLength = 1)] string? Reason = null,
    Instant? BusinessTime = null);

public enum RefundOutcome
{
    Paid,
    Failed,
}

/// <summary>What became of a refund. One that failed stays open, and may be answered again.</summary>
/// <param name="Reference">The provider's own number of this try.</param>
public sealed record RefundAnswerBody(
    RefundOutcome Outcome,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Reference,
    [property: StringLength(Limits.MaxReason, MinimumLength = 1)] string? Reason = null,
    Instant? BusinessTime = null);

/// <summary>Sold coupons: paid for, settled on use, refunded.</summary>
public static class SaleEndpoints
{
    public static void MapSales(this IEndpointRouteBuilder routes)
    {
        routes.MapCommand("/v1/sales", Access.Merchant, SellAsync).Takes<SellBody>().Answers<SaleView>(201);
        routes.MapQuery("/v1/sales/{id}", Access.Merchant, ShowAsync).Answers<SaleView>();
        routes.MapCommand("/v1/sales/{id}/refunds", Access.Merchant, RefundAsync).Takes<RefundBody>(isOptional: true).Answers<SaleView>();
        routes.MapCommand("/v1/sales/{id}/refunds/{number}/settle", Access.Merchant, SettleAsync).Takes<RefundAnswerBody>().Answers<SaleView>();
    }

    internal static SaleTerms? Of(SaleBody? body) => body is null
        ? null
        : new(new(body.Price), body.Payee, body.CommissionBasisPoints, body.IsOverdueRefundable, body.IsRefundableBeforeUse);

    private static async Task SellAsync(Call call)
    {
        if (await call.ReadAsync<SellBody>() is not var (body, raw)) return;
        var at = call.Caller.Judged(body.BusinessTime, call.Now);
        var operation = SaleOperations.Sell(
            call.Request(raw), body.Campaign, body.Trade, body.Member, new(body.Paid), FreshCodes.Next(body.Quantity), body.Channel, at, call.Caller.DateOf(at));
        await call.SubmitAsync(MembershipPolicy.ToMember(operation, body.Member, call.Caller.Profile.RequiresMembership), StatusCodes.Status201Created);
    }

    private static async Task ShowAsync(Call call)
    {
        var sale = await call.Http.RequestServices.GetRequiredService<BookQueries>().SaleAsync(call.Merchant, call.Route("id"), call.Now, call.Aborted);
        if (sale is not null) await call.JsonAsync(sale);
        else await Problems.WriteAsync(call.Http, await UnsoldAsync(call));
    }

    private static async Task<Rejection> UnsoldAsync(Call call)
    {
        var group = await call.Http.RequestServices.GetRequiredService<BookQueries>().GroupOfPaymentAsync(call.Merchant, call.Route("id"), call.Aborted);
        return group is null ? new SaleUnknown(call.Route("id")) : new PaymentIsOfGroup(call.Route("id"), group);
    }

    private static async Task RefundAsync(Call call)
    {
        if (await call.ReadAsync<RefundBody>(isOptional: true) is not var (body, raw)) return;
        var (faults, numbers) = (new Faults(), body.Vouchers ?? []);
        if (body.Vouchers is { Count: 0 }) faults.Add("/vouchers", "Name at least one voucher, or leave the member out: then all that can be are refunded.");
        for (var i = 0; i < numbers.Count; i++)
        {
            if (numbers[i] is < 1 or > Limits.MaxSold) faults.Add($"/vouchers/{i}", FormattableString.Invariant($"Send a number from 1 to {Limits.MaxSold}."));
        }

        if (await call.RefuseAsync(faults)) return;
        await call.SubmitAsync(SaleOperations.Refund(call.Request(raw), call.Route("id"), numbers, call.Caller.Judged(body.BusinessTime, call.Now), body.Reason));
    }

    private static async Task SettleAsync(Call call)
    {
        if (await call.ReadAsync<RefundAnswerBody>() is not var (body, raw)) return;
        _ = int.TryParse(call.Route("number"), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number);
        await call.SubmitAsync(SaleOperations.Answer(
            call.Request(raw), call.Route("id"), number, body.Outcome == RefundOutcome.Paid, body.Reference, body.Reason, call.Caller.Judged(body.BusinessTime, call.Now)));
    }
}
