using System.Globalization;

namespace Ledger.Api.Channels;

/// <summary>The part of a price that is paid with a discount coupon, as text: <c>0.88</c> is 12 % off (8.8 折).</summary>
public static class PaidRate
{
    public const string Sentence = "Send the part that is paid, with one to four decimals, such as \"0.88\"; more than 0 is taken off.";

    /// <summary>Reads 0 to 0.9999 exactly, as basis points off: 10,000 to 1.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out int offBasisPoints)
    {
        offBasisPoints = 0;
        if (text is not ['0', '.', .. var decimals] || decimals.Length is < 1 or > 4 || decimals.ContainsAnyExceptInRange('0', '9')) return false;
        var paid = int.Parse(decimals, CultureInfo.InvariantCulture);
        for (var i = decimals.Length; i < 4; i++) paid *= 10;
        offBasisPoints = 10_000 - paid;
        return true;
    }

    /// <summary>The shortest text of at least one decimal.</summary>
    public static string Text(int offBasisPoints)
    {
        var text = (10_000 - offBasisPoints).ToString("0000", CultureInfo.InvariantCulture).TrimEnd('0');
        return text.Length == 0 ? "0.0" : $"0.{text}";
    }
}
