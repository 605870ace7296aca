using System.Globalization;

namespace Ledger.Api.Channels;

/// <summary>Amounts in yuan with decimals, as text: what Alipay speaks.</summary>
public static class Yuan
{
    public const string Sentence = "Send an amount in yuan as text with at most two decimals, such as \"12.50\", up to 100000000.00.";

    private const int MaxWhole = 9;

    /// <summary>Reads digits, and after a point one or two more: no sign, blank, exponent, or leading zero. Nothing is rounded.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Money value)
    {
        value = default;
        var point = text.IndexOf('.');
        var whole = point < 0 ? text : text[..point];
        var rest = point < 0 ? [] : text[(point + 1)..];
        if (point >= 0 && rest.Length is not (1 or 2)) return false;
        if (whole.Length is 0 or > MaxWhole || (whole.Length > 1 && whole[0] == '0')) return false;
        if (whole.ContainsAnyExceptInRange('0', '9') || rest.ContainsAnyExceptInRange('0', '9')) return false;
        var fen = 100 * long.Parse(whole, CultureInfo.InvariantCulture)
            + (rest.IsEmpty ? 0 : long.Parse(rest, CultureInfo.InvariantCulture) * (rest.Length == 1 ? 10 : 1));
        if (fen > Limits.MaxAmount) return false;
        value = new(fen);
        return true;
    }

    /// <summary>With two decimals.</summary>
    public static string Text(Money amount) => string.Create(CultureInfo.InvariantCulture, $"{amount.Minor / 100}.{amount.Minor % 100:00}");
}
