namespace Ledger.Api.Pictures;

/// <summary>
/// The bars of a text in Code 128 (ISO/IEC 15417): code set B, and C for runs of digits, two to a symbol. Each symbol is three bars and
/// three spaces of together 11 modules; the stop has a bar more and 13.
/// </summary>
public static class Code128
{
    /// <summary>The most characters of a text; what is longer no hand scanner reads.</summary>
    public const int MaxText = 80;

    /// <summary>Modules left white on either side.</summary>
    public const int QuietZone = 10;

    private const int CodeC = 99;
    private const int CodeB = 100;
    private const int StartB = 104;
    private const int StartC = 105;
    private const int Stop = 106;
    private const int Modulus = 103;

    /// <summary>Widths of bar, space, bar ... of every symbol by its value, in modules.</summary>
    private static readonly string[] s_widths =
    [
        "212222", "222122", "222221", "121223", "121322", "131222", "122213", "122312", "132212", "221213", "221312", "231212",
        "112232", "122132", "122231", "113222", "123122", "123221", "223211", "221132", "221231", "213212", "223112", "312131",
        "311222", "321122", "321221", "312212", "322112", "322211", "212123", "212321", "232121", "111323", "131123", "131321",
        "112313", "132113", "132311", "211313", "231113", "231311", "112133", "112331", "132131", "113123", "113321", "133121",
        "313121", "211331", "231131", "213113", "213311", "213131", "311123", "311321", "331121", "312113", "312311", "332111",
        "314111", "221411", "431111", "111224", "111422", "121124", "121421", "141122", "141221", "112214", "112412", "122114",
        "122411", "142112", "142211", "241211", "221114", "413111", "241112", "134111", "111242", "121142", "121241", "114212",
        "124112", "124211", "411212", "421112", "421211", "212141", "214121", "412121", "111143", "111341", "131141", "114113",
        "114311", "411113", "411311", "113141", "114131", "311141", "411131", "211412", "211214", "211232", "2331112",
    ];

    /// <summary>True where a module is black, quiet zones included.</summary>
    /// <exception cref="ArgumentException">As <see cref="Symbols"/>.</exception>
    public static IReadOnlyList<bool> Modules(string text)
    {
        var modules = new List<bool>();
        modules.AddRange(Enumerable.Repeat(false, QuietZone));
        foreach (var symbol in Symbols(text))
        {
            var isBar = true;
            foreach (var width in s_widths[symbol])
            {
                modules.AddRange(Enumerable.Repeat(isBar, width - '0'));
                isBar = !isBar;
            }
        }

        modules.AddRange(Enumerable.Repeat(false, QuietZone));
        return modules;
    }

    /// <summary>The values of start, text, check and stop.</summary>
    /// <exception cref="ArgumentException">The text is empty, longer than <see cref="MaxText"/>, or not printable ASCII throughout.</exception>
    public static IReadOnlyList<int> Symbols(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length is 0 or > MaxText || text.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            throw new ArgumentException($"Code 128 takes 1 to {MaxText} printable ASCII characters here.", nameof(text));

        var isC = DigitsAt(text, 0) is var first && (first >= 4 || (first == 2 && text.Length == 2));
        var symbols = new List<int> { isC ? StartC : StartB };
        for (var i = 0; i < text.Length;)
        {
            var run = DigitsAt(text, i);
            if (isC && run < 2)
            {
                symbols.Add(CodeB);
                isC = false;
            }
            else if (isC)
            {
                symbols.Add(((text[i] - '0') * 10) + text[i + 1] - '0');
                i += 2;
            }
            else if (run % 2 == 0 && (run >= 6 || (run == 4 && i + run == text.Length)))
            {
                // Inside a text the change there and back costs two symbols, at its end one.
                symbols.Add(CodeC);
                isC = true;
            }
            else
            {
                symbols.Add(text[i++] - ' ');
            }
        }

        symbols.Add(Check(symbols));
        symbols.Add(Stop);
        return symbols;
    }

    /// <summary>The start's value and every other one times its place (1, 2 ...), modulo 103.</summary>
    private static int Check(List<int> symbols) => symbols.Select((value, place) => value * Math.Max(1, place)).Sum() % Modulus;

    private static int DigitsAt(string text, int start)
    {
        var end = start;
        while (end < text.Length && char.IsAsciiDigit(text[end])) end++;
        return end - start;
    }
}
