namespace Ledger;

/// <summary>The order of member names in canonical JSON: by UTF-16 code units of the unescaped name (RFC 8785, 3.2.3).</summary>
internal static class CanonicalNames
{
    /// <summary>
    /// Orders two names without escapes, in UTF-8. UTF-8 has the order of UTF-16, except that the characters above U+FFFF
    /// (lead byte F0 and up) are surrogates in UTF-16 and come before U+E000 to U+FFFF (lead bytes EE and EF).
    /// </summary>
    public static int Compare(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        var same = a.CommonPrefixLength(b);
        return same == a.Length || same == b.Length ? a.Length - b.Length : CodeUnitOrder(a[same]) - CodeUnitOrder(b[same]);
    }

    /// <summary>The same order for names in their canonical, escaped form; every escape there stands for one ASCII byte.</summary>
    public static int CompareEscaped(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        while (a.Length > 0 && b.Length > 0)
        {
            var difference = CodeUnitOrder(TakeUnescaped(ref a)) - CodeUnitOrder(TakeUnescaped(ref b));
            if (difference != 0) return difference;
        }

        return a.Length - b.Length;
    }

    private static int CodeUnitOrder(byte utf8) => utf8 is 0xEE or 0xEF ? utf8 + 0x100 : utf8;

    /// <summary>Takes one byte of the name off its escaped form.</summary>
    private static byte TakeUnescaped(ref ReadOnlySpan<byte> name)
    {
        var (value, length) = name[0] != (byte)'\\' ? (name[0], 1) : name[1] switch
        {
            (byte)'b' => ((byte)'\b', 2),
            (byte)'t' => ((byte)'\t', 2),
            (byte)'n' => ((byte)'\n', 2),
            (byte)'f' => ((byte)'\f', 2),
            (byte)'r' => ((byte)'\r', 2),
            (byte)'u' => ((byte)((HexValue(name[4]) << 4) | HexValue(name[5])), 6),
            var itself => (itself, 2),
        };
        name = name[length..];
        return value;
    }

    private static int HexValue(byte digit) => digit <= (byte)'9' ? digit - '0' : digit - 'a' + 10;
}
