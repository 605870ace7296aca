using System.ComponentModel.DataAnnotations;
using Ledger.Coupons;
using Ledger.Coupons.Baskets;
using Ledger.Coupons.Codes;
using Ledger.Coupons.Redemptions;

namespace Ledger.Api;

/// <summary>A coupon that the customer shows.</summary>
/// <param name="Code">As printed, typed or scanned: case, spaces and hyphens do not matter, but in a merchant's own codes they do; or the rotating code shown.</param>
/// <param name="Uses">How many of its uses at once; more than one only of coupons that have several.</param>
public sealed record PresentedBody(
    [property: StringLength(Limits.MaxPoolCode, MinimumLength = 1)] string Code,
    [property: Range(1, Limits.MaxUses)] int Uses = 1);

/// <summary>Points that the customer uses after the coupons.</summary>
/// <param name="Member">Whose points they are.</param>
/// <param name="Points">At most so many; absent: as many as there are. Never more than pay for what the coupons leave.</param>
public sealed record PresentedPointsBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Program,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Member,
    [property: Range(1, Limits.MaxPoints)] long? Points = null);

/// <summary>A line of a basket.</summary>
/// <param name="Amount">The full price of the whole line, in minor units.</param>
/// <param name="Goods">The merchant's code of the goods.</param>
/// <param name="Category">The merchant's category of the goods.</param>
public sealed record LineBody(
    [property: Range(0, Limits.MaxAmount)] long Amount,
    [property: Range(1, 1_000_000)] int Quantity = 1,
    [property: StringLength(Limits.MaxId, MinimumLength = 1)] string? Goods = null,
    [property: StringLength(Limits.MaxId, MinimumLength = 1)] string? Category = null);

/// <summary>A part of the payment.</summary>
/// <param name="Method">The fund channel, such as huabei.</param>
public sealed record PaymentBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1)] string Method,
    [property: Range(0, Limits.MaxAmount)] long Amount);

/// <summary>Baskets as tills send them.</summary>
internal static class Baskets
{
    /// <summary>So many coupons a body may show; above <see cref="Limits.MaxRedeemables"/> it is refused by a problem of its own.</summary>
    public const int MaxShown = 1_000;

    private const int MaxPayments = 30;

    /// <summary>The coupons that a body shows, by code or as a list; null after a problem was answered. No storage was asked.</summary>
    /// <param name="pointer">Where the n-th of the list stands in the body; null: in <c>coupons</c>.</param>
    public static async Task<IReadOnlyList<Presented>?> CouponsAsync(
        Call call, string? code, IReadOnlyList<PresentedBody>? coupons, PresentedPointsBody? points, Func<int, string>? pointer = null)
    {
        var faults = new Faults();
        if (points is not null && code is null && coupons is null or { Count: 0 }) faults.Add("/points", "Show a coupon beside them; points alone are spent by POST /v1/points/spends.");
        else if (code is null == coupons is null) faults.Add("/code", "Send either code, or coupons for several or for several uses.");
        else if (coupons is { Count: 0 }) faults.Add("/coupons", "Name at least one coupon.");
        if (await call.RefuseAsync(faults)) return null;
        var presented = (coupons?.Count ?? 1) + (points is null ? 0 : 1);
        if (presented > Limits.MaxRedeemables)
        {
            await Problems.WriteAsync(call.Http, new TooManyRedeemables(presented, Limits.MaxRedeemables));
            return null;
        }

        var shown = new List<Presented>();
        foreach (var (text, uses) in coupons ?? [new PresentedBody(code!)])
        {
            var at = pointer?.Invoke(shown.Count) ?? (coupons is null ? "/code" : FormattableString.Invariant($"/coupons/{shown.Count}/code"));
            if (await Codes.ReadAsync(call, text, uses, at) is not { } good) return null;
            if (shown.Any(other => other.Code == good.Code)) faults.Add(at, "Name each coupon once; several uses of one are its member uses.");
            shown.Add(good);
        }

        return await call.RefuseAsync(faults) ? null : shown;
    }

    public static PresentedPoints? PointsOf(PresentedPointsBody? body) => body is null ? null : new(body.Program, body.Member, body.Points);

    public static Stated? StatedOf(string? member, string? channel, long? discount) =>
        (member, channel, discount) is (null, null, null) ? null : new(member, channel, discount is { } quoted ? new Money(quoted) : null);

    /// <summary>
    /// The basket that a body names, null where it names none; a problem was answered, and false given, where it contradicts itself.
    /// </summary>
    public static async Task<(bool IsGood, Basket? Basket)> OfAsync(Call call, long amount, IReadOnlyList<LineBody>? lines, IReadOnlyList<PaymentBody>? payments)
    {
        var faults = new Faults();
        if (lines is { Count: 0 }) faults.Add("/lines", "Name at least one line, or leave the member out.");
        if (payments?.Count > MaxPayments) faults.Add("/payments", FormattableString.Invariant($"Send at most {MaxPayments} payments."));
        var sum = lines?.Sum(line => line.Amount) ?? amount;
        if (sum != amount) faults.Add("/amount", FormattableString.Invariant($"Let it be the sum of the lines, {sum}."));
        if (faults.Count > 0)
        {
            await Problems.WriteAsync(call.Http, faults);
            return (false, null);
        }

        if (lines is null && payments is null) return (true, null);
        IReadOnlyList<BasketLine> named = lines is null
            ? [new BasketLine(new(amount))]
            : [.. lines.Select(line => new BasketLine(new(line.Amount), line.Quantity, line.Goods, line.Category))];
        return (true, new(named, payments is null ? null : [.. payments.Select(payment => new Payment(payment.Method, new(payment.Amount)))]));
    }
}
