using NodaTime;

namespace Ledger.Coupons.Codes;

/// <summary>Digits that a customer's screen shows, with what it takes to check them.</summary>
/// <param name="MerchantKey">The merchant's secret for rotating codes.</param>
/// <param name="At">When they were received, by the service's clock.</param>
public sealed record ShownDigits(RotatingCode Code, ReadOnlyMemory<byte> MerchantKey, Instant At)
{
    /// <summary>The step that a till's text proves, null where the terms ask for none; or why the text is refused.</summary>
    /// <param name="digits">Null: the code came as it is printed.</param>
    /// <param name="lastAccepted">As the coupon's state has it.</param>
    public static (long? Step, Rejection? Refusal) Check(CouponTerms terms, ShownDigits? digits, long? lastAccepted)
    {
        ArgumentNullException.ThrowIfNull(terms);
        return (terms.Codes?.Rotation, digits) switch
        {
            (null, null) => (null, null),
            (null, _) => (null, new CodeNotFound()),
            ({ } rotation, null) => (null, new RotatingCodeNeeded((int)rotation)),
            ({ } rotation, _) => digits.Code.Verify(digits.MerchantKey.Span, digits.At, rotation, lastAccepted) switch
            {
                Checked<long>.Refused(var reason) => (null, reason),
                Checked<long>.Passed(var step) => (step, null),
                var other => throw new System.Diagnostics.UnreachableException($"{other}"),
            },
        };
    }
}

/// <param name="PeriodSeconds">After how long the customer's screen shows another code.</param>
public sealed record RotatingCodeNeeded(int PeriodSeconds) : Rejection(
    RejectionKind.RuleViolated, "The coupon is taken by the code that changes on the customer's screen alone", "Have the customer open the coupon and scan the code shown there.");

public sealed record CodeDoesNotRotate() : Rejection(
    RejectionKind.Conflict, "The coupon's code does not rotate", "Show the code as it is.");
