namespace Ledger.Coupons.Codes;

/// <summary>
/// What a scanned or typed text says. A text that reads as a rotating code or, with its check character, as a code of ours is that; any
/// other text of the form of uploaded codes is a merchant's own, in which every character and its case count. No upload and no given code
/// may read as ours in another spelling, so a text leads to one coupon at most.
/// </summary>
/// <param name="Code">The coupon's code.</param>
/// <param name="Rotating">The digits shown with it; null: the code as it is printed.</param>
public readonly record struct CodeText(string Code, RotatingCode? Rotating)
{
    /// <summary>Reads a text; null, and what the caller is to do, where it is no code by its form.</summary>
    public static CodeText? Read(string text, out string advice)
    {
        ArgumentNullException.ThrowIfNull(text);
        advice = "";
        if (RotatingCode.Check(text, out var rotating) == CouponCodeFault.None) return new(rotating.Code.Value, rotating);
        if (CouponCode.TryParse(text, out var ours)) return new(ours.Value, null);
        if (PaymentCodes.KindOf(text) is not PaymentCodeKind.None and var kind) advice = $"This is a payment code of {kind}; ask for the coupon's code.";
        else if (CodeDeposit.FormOf(text) != PoolCodeFault.None) advice = "Send the coupon's code: 1 to 64 digits, letters and -_+=|, or 11 to 13 characters of a printed code.";
        return advice.Length > 0 ? null : new(text, null);
    }

    /// <summary>Why no coupon has the code: mistyped, where it is of our form and its check character is wrong.</summary>
    public static Rejection Unknown(string code) =>
        CouponCode.Check(code, out _) == CouponCodeFault.WrongCheckCharacter ? new CodeCheckFailed() : new CodeNotFound();
}
