namespace Ledger.Coupons.Codes;

/// <summary>
/// Bytes as text of QR's alphanumeric alphabet (RFC 9285): two bytes are three characters, a last single byte two. In a QR code it
/// takes 8.25 bits a byte, where base64 takes 10.7.
/// </summary>
public static class Base45
{
    private const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

    public static string Encode(ReadOnlySpan<byte> bytes)
    {
        var text = new char[(bytes.Length / 2 * 3) + (bytes.Length % 2 * 2)];
        var at = 0;
        for (var i = 0; i < bytes.Length; i += 2)
        {
            var isPair = i + 1 < bytes.Length;
            var number = isPair ? (bytes[i] << 8) | bytes[i + 1] : bytes[i];
            for (var places = isPair ? 3 : 2; places > 0; places--, number /= 45) text[at++] = Alphabet[number % 45];
        }

        return new string(text);
    }

    /// <summary>Reads what <see cref="Encode"/> writes and nothing else: no two texts give the same bytes.</summary>
    public static bool TryDecode(ReadOnlySpan<char> text, out byte[] bytes)
    {
        bytes = [];
        if (text.Length % 3 == 1) return false;

        var decoded = new byte[(text.Length / 3 * 2) + (text.Length % 3 / 2)];
        var at = 0;
        for (var i = 0; i < text.Length; i += 3)
        {
            var group = text[i..Math.Min(i + 3, text.Length)];
            var number = 0;
            for (var place = group.Length - 1; place >= 0; place--)
            {
                var digit = Alphabet.IndexOf(group[place], StringComparison.Ordinal);
                if (digit < 0) return false;
                number = (number * 45) + digit;
            }

            if (number > (group.Length == 3 ? 0xFFFF : 0xFF)) return false;
            if (group.Length == 3) decoded[at++] = (byte)(number >> 8);
            decoded[at++] = (byte)(number & 0xFF);
        }

        bytes = decoded;
        return true;
    }
}
