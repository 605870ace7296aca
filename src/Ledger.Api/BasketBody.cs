using System.ComponentModel.DataAnnotations;
using Ledger.Coupons.Baskets;

namespace Ledger.Api;

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
    private const int MaxPayments = 30;

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
