namespace Ledger.Coupons.Codes;

/// <summary>Whose payment code a text is by its form.</summary>
public enum PaymentCodeKind
{
    None,
    Alipay,
    WeChat,
}

/// <summary>
/// Tells the payment codes that customers show at the till from everything else: Alipay's are 16 to 24 digits that begin with 25 to
/// 30, WeChat's 18 digits that begin with 10 to 15. Tills route by this, so no text that the ledger makes may have such a form.
/// </summary>
public static class PaymentCodes
{
    public static PaymentCodeKind KindOf(ReadOnlySpan<char> text) => text switch
    {
        _ when text.Length is < 16 or > 24 || text.ContainsAnyExceptInRange('0', '9') => PaymentCodeKind.None,
        ['2', >= '5', ..] or ['3', '0', ..] => PaymentCodeKind.Alipay,
        ['1', <= '5', ..] when text.Length == 18 => PaymentCodeKind.WeChat,
        _ => PaymentCodeKind.None,
    };
}
