using System.ComponentModel.DataAnnotations;
using Ledger.Coupons;
using Ledger.Coupons.Redemptions;
using Ledger.Policies;
using NodaTime;

namespace Ledger.Api;

/// <summary>Puts a coupon on hold while the customer pays; several, and points, together.</summary>
/// <param name="Code">As printed, typed or scanned: case, spaces and hyphens do not matter, but in a merchant's own codes they do; or the rotating code shown.</param>
/// <param name="Amount">The basket before the discount, in minor units.</param>
/// <param name="Seconds">How long the hold lasts from the time of receipt.</param>
/// <param name="Store">The store; a till's key knows its own.</param>
/// <param name="Order">The till's own receipt or order number.</param>
/// <param name="BusinessTime">When it happened; believed within 5 s, or from a key that may import.</param>
/// <param name="Lines">What is bought; needed for coupons that are bound to goods. The amount is their sum.</param>
/// <param name="Payments">How it is paid; needed for coupons that are bound to payment methods.</param>
/// <param name="Coupons">Instead of code: several coupons, held together or not at all, or several uses of one. The first names the hold.</param>
/// <param name="Member">Who shows the coupons; refused where they are another's.</param>
/// <param name="Channel">Where they are used; needed for coupons that are bound to channels.</param>
/// <param name="Discount">What the customer was told; refused where it would be another.</param>
/// <param name="Points">Points that the customer uses after the coupons.</param>
public sealed record HoldBody(
    [property: Range(1, Limits.MaxAmount)] long Amount,
    [property: StringLength(Limits.MaxPoolCode, MinimumLength = 1)] string? Code = null,
    [property: Range(1, Limits.MaxHoldSeconds)] int Seconds = Limits.HoldSeconds,
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

/// <summary>Commits a hold.</summary>
/// <param name="Discount">What the customer was told; refused where the hold keeps another.</param>
public sealed record CommitBody(Instant? BusinessTime = null, [property: Range(0, Limits.MaxAmount)] long? Discount = null);

/// <summary>
/// Redeeming in two phases: hold while the customer pays, then commit, or release should the payment fail. A hold that is neither ends by
/// itself.
/// </summary>
public static class HoldEndpoints
{
    public static void MapHolds(this IEndpointRouteBuilder routes)
    {
        routes.MapCommand("/v1/holds", Access.Till, HoldAsync).Takes<HoldBody>().Answers<HoldView>(201);
        routes.MapCommand("/v1/holds/{id}/commit", Access.Till, CommitAsync).Takes<CommitBody>(isOptional: true).Answers<RedemptionView>(201);
        routes.MapCommand("/v1/holds/{id}/release", Access.Till, ReleaseAsync).Answers<CouponView>();
    }

    private static async Task HoldAsync(Call call)
    {
        if (await call.ReadAsync<HoldBody>() is not var (body, raw)) return;
        if (await Baskets.CouponsAsync(call, body.Code, body.Coupons, body.Points) is not { } coupons || !await RedemptionEndpoints.StandsInAsync(call, body.Store, body.Till)) return;
        if (await Baskets.OfAsync(call, body.Amount, body.Lines, body.Payments) is not (true, var basket)) return;
        var (key, at) = (call.Caller.Key, call.Caller.Judged(body.BusinessTime, call.Now));
        var operation = TillOperations.Hold(
            call.Request(raw), coupons, new(body.Amount), body.Seconds, at, key.Store ?? body.Store, key.Till ?? body.Till, body.Order, basket,
            Baskets.StatedOf(body.Member, body.Channel, body.Discount), Baskets.PointsOf(body.Points));
        operation = MembershipPolicy.Spending(operation, body.Points?.Member, call.Caller.Profile.RequiresMembership);
        await call.SubmitAsync(MembershipPolicy.ByHolders(operation, coupons.Select(one => one.Code), call.Caller.Profile.RequiresMembership), StatusCodes.Status201Created);
    }

    // A look-up as well, but of one who has taken money perhaps: a commit is not made to wait for the guesses of others, though a wrong one counts as a guess.
    private static async Task CommitAsync(Call call)
    {
        if (await call.ReadAsync<CommitBody>(isOptional: true) is not var (body, raw)) return;
        await call.SubmitAsync(TillOperations.Commit(call.Request(raw), call.Route("id"), call.Caller.Judged(body.BusinessTime, call.Now), body.Discount is { } quoted ? new Money(quoted) : null), StatusCodes.Status201Created);
    }

    // It tells whether a coupon has the code: a look-up like any other.
    private static async Task ReleaseAsync(Call call)
    {
        if (await call.Http.RequestServices.GetRequiredService<Throttle>().RefuseLookUpAsync(call)) return;
        await call.SubmitAsync(TillOperations.Release(call.Request([]), call.Route("id")));
    }
}
