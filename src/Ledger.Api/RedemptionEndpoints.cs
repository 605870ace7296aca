using System.ComponentModel.DataAnnotations;
using Ledger.Coupons;
using Ledger.Coupons.Baskets;
using Ledger.Coupons.Redemptions;
using Ledger.Merchants;
using Ledger.Policies;
using Ledger.Postgres;
using NodaTime;

namespace Ledger.Api;

/// <summary>Redeems a coupon in one shot.</summary>
/// <param name="Code">As printed, typed or scanned: case, spaces and hyphens do not matter, but in a merchant's own codes they do; or the rotating code shown.</param>
/// <param name="Amount">The basket before the discount, in minor units.</param>
/// <param name="Store">The store; a till's key knows its own.</param>
/// <param name="Order">The till's own receipt or order number.</param>
/// <param name="BusinessTime">When it happened; believed within 5 s, or from a key that may import.</param>
/// <param name="Lines">What is bought; needed for coupons that are bound to goods. The amount is their sum.</param>
/// <param name="Payments">How it is paid; needed for coupons that are bound to payment methods.</param>
/// <param name="Coupons">Instead of code: several coupons, redeemed together or not at all, or several uses of one. The first names the redemption.</param>
/// <param name="Member">Who shows the coupons; refused where they are another's.</param>
/// <param name="Channel">Where they are used; needed for coupons that are bound to channels.</param>
/// <param name="Discount">What the customer was told; refused where it would be another.</param>
/// <param name="Points">Points that the customer uses after the coupons.</param>
public sealed record RedeemBody(
    [property: Range(1, Limits.MaxAmount)] long Amount,
    [property: StringLength(Limits.MaxPoolCode, MinimumLength = 1)] string? Code = null,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string? Store = null,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string? Till = null,
    [property: StringLength(Limits.MaxId, MinimumLength = 1)] string? Order = null,
    Instant? BusinessTime = null,
    [property: MaxLength(Limits.MaxBasketLines)] IReadOnlyList<LineBody>? Lines = null,
    IReadOnlyList<PaymentBody>? Payments = null,
    [property: MaxLength(Baskets.MaxShown)] IReadOnlyList<PresentedBody>? Coupons = null,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string? Member = null,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string? Channel = null,
    [property: Range(0, Limits.MaxAmount)] long? Discount = null,
    PresentedPointsBody? Points = null);

/// <summary>Goods that come back.</summary>
/// <param name="Line">The line of the redemption's basket, from 0; a redemption without lines has one.</param>
/// <param name="Quantity">Pieces; absent with an amount: no piece is counted.</param>
/// <param name="Amount">At full price; absent: what the pieces cost, and without pieces all that is left of the line.</param>
public sealed record ReturnLineBody(
    [property: Range(0, Limits.MaxBasketLines - 1)] int Line,
    [property: Range(1, 1_000_000)] int? Quantity = null,
    [property: Range(1, Limits.MaxAmount)] long? Amount = null);

/// <summary>Returns goods of a redemption, or uses of its one coupon; without either, all that is left.</summary>
/// <param name="Lines">What comes back.</param>
/// <param name="Uses">Uses that come back without goods, of a coupon that has several.</param>
/// <param name="KeepCoupons">No coupon is given back, even where nothing of its discount stands any more.</param>
public sealed record ReturnBody(
    [property: MaxLength(Limits.MaxBasketLines)] IReadOnlyList<ReturnLineBody>? Lines = null,
    [property: Range(1, Limits.MaxUses)] int? Uses = null,
    bool KeepCoupons = false,
    [property: StringLength(Limits.MaxReason, MinimumLength = 1)] string? Reason = null,
    Instant? BusinessTime = null);

/// <summary>Voids a redemption.</summary>
public sealed record VoidBody(
    [property: StringLength(Limits.MaxReason, MinimumLength = 1)] string? Reason = null,
    Instant? BusinessTime = null);

/// <summary>Redemptions: one shot, void, and what became of a request.</summary>
public static class RedemptionEndpoints
{
    public static void MapRedemptions(this IEndpointRouteBuilder routes)
    {
        routes.MapCommand("/v1/redemptions", Access.Till, RedeemAsync).Takes<RedeemBody>().Answers<RedemptionView>(201);
        routes.MapQuery("/v1/redemptions/{id}", Access.Till, ShowAsync).Answers<RedemptionView>();
        routes.MapCommand("/v1/redemptions/{id}/void", Access.Till, VoidAsync).Takes<VoidBody>(isOptional: true).Answers<RedemptionView>();
        routes.MapCommand("/v1/redemptions/{id}/returns", Access.Till, ReturnAsync).Takes<ReturnBody>(isOptional: true).Answers<ReturnView>(201);
        routes.MapQuery("/v1/requests/{key}", Access.Till, RequestAsync).Answers<object>();
    }

    private static async Task RedeemAsync(Call call)
    {
        if (await call.ReadAsync<RedeemBody>() is not var (body, raw)) return;
        if (await Baskets.CouponsAsync(call, body.Code, body.Coupons, body.Points) is not { } coupons || !await StandsInAsync(call, body.Store, body.Till)) return;
        if (await Baskets.OfAsync(call, body.Amount, body.Lines, body.Payments) is not (true, var basket)) return;
        var key = call.Caller.Key;
        var operation = TillOperations.Redeem(
            call.Request(raw), coupons, new(body.Amount), call.Caller.Judged(body.BusinessTime, call.Now), key.Store ?? body.Store, key.Till ?? body.Till, body.Order, basket,
            Baskets.StatedOf(body.Member, body.Channel, body.Discount), Baskets.PointsOf(body.Points));
        operation = MembershipPolicy.Spending(operation, body.Points?.Member, call.Caller.Profile.RequiresMembership);
        await call.SubmitAsync(MembershipPolicy.ByHolders(operation, coupons.Select(one => one.Code), call.Caller.Profile.RequiresMembership), StatusCodes.Status201Created);
    }

    /// <summary>Whether the caller may speak for the store and till that it names; a problem was answered where not.</summary>
    internal static async Task<bool> StandsInAsync(Call call, string? store, string? till)
    {
        var key = call.Caller.Key;
        if (key.Scope == ApiKeyScope.Till && ((store ?? key.Store) != key.Store || (till ?? key.Till) != key.Till))
        {
            await Problems.WriteAsync(call.Http, Problems.NotPermitted, JsonFacts.Of(new { needs = "the key of the store and till that the body names" }));
            return false;
        }

        Rejection? refusal = (store, till) switch
        {
            _ when key.Scope == ApiKeyScope.Till => null,
            (null, null) => null,
            (null, { } named) => new TillUnknown("", named),
            ({ } named, _) when !call.Caller.Profile.Stores.ContainsKey(named) => new StoreUnknown(named),
            ({ } place, { } named) when !call.Caller.Profile.HasTill(place, named) => new TillUnknown(place, named),
            _ => null,
        };
        if (refusal is null) return true;
        await Problems.WriteAsync(call.Http, refusal);
        return false;
    }

    // The ids of redemptions are made of codes: to ask for one is a look-up like any other.
    private static ValueTask<bool> RefuseLookUpAsync(Call call) => call.Http.RequestServices.GetRequiredService<Throttle>().RefuseLookUpAsync(call);

    private static async Task ShowAsync(Call call)
    {
        if (await RefuseLookUpAsync(call)) return;
        var id = call.Route("id");
        var found = await call.Http.RequestServices.GetRequiredService<BookQueries>().RedemptionAsync(call.Merchant, id, call.Aborted);
        if (found is null) await Problems.WriteAsync(call.Http, new RedemptionNotFound(id));
        else await call.JsonAsync(found);
    }

    private static async Task VoidAsync(Call call)
    {
        if (await call.ReadAsync<VoidBody>(isOptional: true) is not var (body, raw) || await RefuseLookUpAsync(call)) return;
        var at = call.Caller.Judged(body.BusinessTime, call.Now);
        await call.SubmitAsync(ReturnOperations.Void(call.Request(raw), call.Route("id"), at, call.Caller.DateOf(at), body.Reason));
    }

    private static async Task ReturnAsync(Call call)
    {
        if (await call.ReadAsync<ReturnBody>(isOptional: true) is not var (body, raw)) return;
        var faults = new Faults();
        if (body is { Lines: not null, Uses: not null }) faults.Add("/uses", "Send either lines or uses.");
        if (body.Lines is { Count: 0 }) faults.Add("/lines", "Name at least one line, or leave the member out: then all that is left comes back.");
        if (await call.RefuseAsync(faults) || await RefuseLookUpAsync(call)) return;
        var at = call.Caller.Judged(body.BusinessTime, call.Now);
        ReturnItem[] items = [.. (body.Lines ?? []).Select(line => new ReturnItem(line.Line, line.Quantity, line.Amount is { } amount ? new Money(amount) : null))];
        await call.SubmitAsync(
            ReturnOperations.Return(call.Request(raw), call.Route("id"), items, body.Uses, body.KeepCoupons ? KeptCoupons.All : KeptCoupons.None, at, call.Caller.DateOf(at), body.Reason),
            StatusCodes.Status201Created);
    }

    private static async Task RequestAsync(Call call)
    {
        var (services, key) = (call.Http.RequestServices, call.RouteKey());
        var kept = await services.GetRequiredService<BookQueries>().RequestAsync(call.Merchant, key, call.Aborted);
        var outcome = kept?.Outcome;
        // What is done on a hand is kept in a shard's book, where no tombstone of the merchant's own book bars it. Keys with a blank are the ledger's.
        if (kept is null or { IsTombstone: true } && Headers.IsKey(key))
            outcome = await services.GetRequiredService<FuQueries>().RequestAsync(call.Merchant, key, call.Aborted) ?? outcome;
        if (outcome is null) await Problems.WriteAsync(call.Http, Problems.RequestUnknown);
        else await Answers.RawAsync(call.Http, StatusCodes.Status200OK, outcome);
    }
}
