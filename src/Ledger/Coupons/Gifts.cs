using System.Security.Cryptography;
using System.Text;
using NodaTime;

namespace Ledger.Coupons;

/// <summary>The latest gift of a coupon (转赠); nobody can use the coupon while it is offered.</summary>
/// <param name="From">The member who gave it.</param>
/// <param name="To">The only member who may accept it; null: whoever shows the id.</param>
/// <param name="At">When it was offered.</param>
/// <param name="ExpiresAt">First instant at which it can no longer be accepted; never after the end of the coupon's validity.</param>
public sealed record CouponGift(string Id, string From, string? To, Instant At, Instant ExpiresAt, GiftStatus Status)
{
    /// <summary>A gift's id tells its coupon and the request that offered it: <c>{code}-g{16 hex digits}</c>.</summary>
    /// <param name="salt">Random, so that knowing code and request is not knowing the gift.</param>
    public static string IdOf(string code, string request, ReadOnlySpan<byte> salt) =>
        $"{code}-g{Convert.ToHexStringLower(HMACSHA256.HashData(salt, Encoding.UTF8.GetBytes(request)).AsSpan(0, 8))}";

    /// <summary>The coupon's code in a gift id; the text itself, which is no code then, where it is none.</summary>
    public static string CodeOf(string giftId)
    {
        ArgumentNullException.ThrowIfNull(giftId);
        var dash = giftId.LastIndexOf("-g", StringComparison.Ordinal);
        return dash > 0 ? giftId[..dash] : giftId;
    }
}

public enum GiftStatus
{
    Offered,
    Accepted,

    /// <summary>The giver took it back.</summary>
    Cancelled,

    /// <summary>Nobody accepted it in time: the coupon went back.</summary>
    Expired,
}

public abstract partial record CouponEvent
{
    /// <param name="Member">The giver.</param>
    /// <param name="To">As in <see cref="CouponGift"/>.</param>
    /// <param name="Surface">Where it was offered; null: not said. Through friends it counts as a share of the member's.</param>
    public sealed record CouponGiftOffered(
        string GiftId, string Campaign, string Member, string? To, Instant At, Instant ExpiresAt, Surface? Surface = null) : CouponEvent;

    /// <param name="Member">The new owner.</param>
    /// <param name="From">The giver.</param>
    public sealed record CouponGiftAccepted(string GiftId, string Campaign, string Member, string From, Instant At) : CouponEvent;

    /// <summary>The coupon stays the giver's.</summary>
    /// <param name="Reason">Cancelled or Expired.</param>
    /// <param name="At">When it was taken back; where it ran out, its end, whenever the clock was read.</param>
    public sealed record CouponGiftEnded(string GiftId, string Campaign, string Member, GiftStatus Reason, Instant At) : CouponEvent;
}

public abstract partial record CouponCommand
{
    /// <param name="Terms">The version that the coupon pins.</param>
    /// <param name="ExpiresAt">The end of the offer; the coupon's own, where that is earlier.</param>
    public sealed record OfferGift(CouponTerms Terms, string GiftId, string? To, Instant Now, Instant ExpiresAt, Surface? Surface = null) : CouponCommand;

    public sealed record AcceptGift(string GiftId, string Member, Instant Now) : CouponCommand;

    public sealed record CancelGift(string GiftId, Instant Now) : CouponCommand;
}

public sealed record NotTransferable() : Rejection(
    RejectionKind.RuleViolated, "The coupon's terms do not let it be given away", "Use it, or issue the other member a coupon.");

public sealed record SelfGift() : Rejection(
    RejectionKind.RuleViolated, "A member cannot give a coupon to themselves", "Name another member; to keep the coupon, cancel the gift.");

public sealed record InTransfer(Instant GiftExpiresAt) : Rejection(
    RejectionKind.Conflict, "The coupon is offered as a gift", "Wait until it is accepted or giftExpiresAt is past, or cancel the gift.");

public sealed record GiftNotFound() : Rejection(
    RejectionKind.NotFound, "The merchant has no such gift, or it was cancelled", "Ask the giver for the id of a gift that is open.");

public sealed record GiftExpired(Instant GiftExpiresAt) : Rejection(
    RejectionKind.Conflict, "The gift was not accepted in time", "Ask the giver to offer it again.");

public sealed record GiftTaken() : Rejection(
    RejectionKind.Conflict, "The gift was accepted by someone", "Nothing is left to accept; the coupon is in the recipient's wallet.");

public sealed record GiftForAnother() : Rejection(
    RejectionKind.RuleViolated, "The gift is for another member", "Let the member accept whom the giver named.");

/// <summary>A gift as the API shows it.</summary>
/// <param name="ExpiresAt">First instant at which it can no longer be accepted.</param>
public sealed record GiftView(string GiftId, string Code, string Campaign, string From, string? To, GiftStatus Status, Instant At, Instant ExpiresAt)
{
    public static GiftView Of(string code, Coupon coupon)
    {
        ArgumentNullException.ThrowIfNull(coupon);
        var gift = coupon.Gift!;
        return new(gift.Id, code, coupon.Campaign, gift.From, gift.To, gift.Status, gift.At, gift.ExpiresAt);
    }
}
