using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using Ledger.Coupons;
using Ledger.Policies;
using NodaTime;

namespace Ledger.Api;

/// <summary>Offers a coupon as a gift.</summary>
/// <param name="To">The only member who may accept it; absent: whoever shows the gift's id.</param>
/// <param name="Seconds">How long it may be accepted; never longer than the coupon is valid.</param>
/// <param name="Surface">Where it is offered. Through friends it is a share: the merchant's sharing rules bound it.</param>
public sealed record GiftBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string? To = null,
    [property: Range(1, Limits.MaxGiftSeconds)] int Seconds = Limits.GiftSeconds,
    SurfaceBody? Surface = null);

/// <summary>Accepts a gift for a member.</summary>
public sealed record AcceptGiftBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Member);

/// <summary>
/// Gifts of coupons: the merchant's app acts for its members. While a gift is offered nobody can use the coupon; one that is not accepted
/// ends by itself.
/// </summary>
public static class GiftEndpoints
{
    private const int SaltBytes = 16;

    public static void MapGifts(this IEndpointRouteBuilder routes)
    {
        routes.MapCommand("/v1/coupons/{code}/gifts", Access.Merchant, OfferAsync).Takes<GiftBody>(isOptional: true).Answers<GiftView>(201);
        routes.MapCommand("/v1/gifts/{id}/accept", Access.Merchant, AcceptAsync).Takes<AcceptGiftBody>().Answers<GiftView>();
        routes.MapCommand("/v1/gifts/{id}/cancel", Access.Merchant, CancelAsync).Answers<GiftView>();
    }

    private static async Task OfferAsync(Call call)
    {
        if (await Codes.ReadAsync(call, call.Route("code")) is not { Code: var code } || await call.ReadAsync<GiftBody>(isOptional: true) is not var (body, raw)) return;
        var faults = new Faults();
        if (SurfaceBody.Contradicts(body.Surface, faults) && await call.RefuseAsync(faults)) return;
        var request = call.Request(raw);
        var giftId = CouponGift.IdOf(code, request.Key!, RandomNumberGenerator.GetBytes(SaltBytes));
        await call.SubmitAsync(GiftOperations.Offer(request, code, giftId, body.To, Duration.FromSeconds(body.Seconds), body.Surface?.Read()), StatusCodes.Status201Created);
    }

    private static async Task AcceptAsync(Call call)
    {
        if (await call.ReadAsync<AcceptGiftBody>() is not var (body, raw)) return;
        await call.SubmitAsync(MembershipPolicy.ToMember(GiftOperations.Accept(call.Request(raw), call.Route("id"), body.Member), body.Member, call.Caller.Profile.RequiresMembership));
    }

    private static async Task CancelAsync(Call call) => await call.SubmitAsync(GiftOperations.Cancel(call.Request([]), call.Route("id")));
}
