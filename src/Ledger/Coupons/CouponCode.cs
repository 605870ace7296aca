using System.Buffers.Binary;

namespace Ledger.Coupons;

/// <summary>Why a text is not a coupon code, in the order of the checks.</summary>
public enum CouponCodeFault
{
    /// <summary>The text is a coupon code. Whether a coupon has it only the storage knows.</summary>
    None,

    /// <summary>Too short, too long, or a character outside the alphabet.</summary>
    Malformed,

    /// <summary>The form is right but the check character is not: mistyped or misread, unless it is a merchant's own code.</summary>
    WrongCheckCharacter,
}

/// <summary>
/// The code of one coupon as it is printed, typed and scanned: 10 to 12 payload characters and a check character, in upper
/// case and without separators. The alphabet is the digits and the letters without I, L, O and U (Crockford's base 32).
/// </summary>
/// <remarks>
/// <para>
/// The check character is Damm's algorithm over GF(2^5) with x^5 + x^2 + 1. It catches every wrong character and every swap
/// of two different characters, adjacent or not: x generates the field, so no two of up to 31 places weigh the same.
/// It does not catch '0' characters added or lost at the front of a payload; the result is another code of another length.
/// </para>
/// <para>
/// A till tells our codes from payment codes by length alone: ours have 11 to 13 characters, those of Alipay 16 to 24 digits
/// starting with 25 to 30 and those of WeChat 18 digits starting with 10 to 15. No prefix needs to be avoided.
/// </para>
/// <para>The default value has an empty <see cref="Value"/> and is nobody's code.</para>
/// </remarks>
public readonly record struct CouponCode
{
    /// <summary>The fewest payload characters: 50 bits, enough while every guess has to ask the service.</summary>
    public const int MinPayload = 10;

    /// <summary>The most payload characters, and what <see cref="FromRandom"/> makes: 60 bits, fit for offline checks.</summary>
    public const int MaxPayload = 12;

    /// <summary>The most characters a text may have with its separators; longer ones are not looked at.</summary>
    public const int MaxText = 32;

    /// <summary>How many random bytes <see cref="FromRandom"/> uses.</summary>
    public const int EntropyBytes = 8;

    private const string Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    private const int BitsPerCharacter = 5;
    private const int Modulus = 0b10_0101;

    private readonly string? _value;

    private CouponCode(string value) => _value = value;

    /// <summary>Payload and check character in upper case, 11 to 13 characters of the alphabet.</summary>
    public string Value => _value ?? "";

    /// <summary>Reads a code as <see cref="Check"/> does, and answers only whether it is one.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out CouponCode code) => Check(text, out code) == CouponCodeFault.None;

    /// <summary>
    /// Reads a code the way people write it: lower case counts as upper case, I and L as 1, O as 0, and spaces and hyphens
    /// do not count. On a fault <paramref name="code"/> is the default value.
    /// </summary>
    public static CouponCodeFault Check(ReadOnlySpan<char> text, out CouponCode code)
    {
        code = default;
        if (text.Length > MaxText) return CouponCodeFault.Malformed;

        Span<char> characters = stackalloc char[MaxPayload + 1];
        var length = 0;
        foreach (var character in text)
        {
            if (character is ' ' or '-') continue;

            var digit = DigitOf(character);
            if (digit < 0 || length == characters.Length) return CouponCodeFault.Malformed;
            characters[length++] = Alphabet[digit];
        }

        if (length < MinPayload + 1) return CouponCodeFault.Malformed;
        if (CheckCharacter(characters[..(length - 1)]) != characters[length - 1]) return CouponCodeFault.WrongCheckCharacter;

        code = new CouponCode(new string(characters[..length]));
        return CouponCodeFault.None;
    }

    /// <summary>A code of 12 payload characters from the first 60 bits of the entropy; the same bytes give the same code.</summary>
    /// <param name="entropy">At least 8 bytes from a cryptographic generator; those after the eighth are not used.</param>
    /// <exception cref="ArgumentException">There are fewer than 8 bytes.</exception>
    public static CouponCode FromRandom(ReadOnlySpan<byte> entropy)
    {
        if (entropy.Length < EntropyBytes)
            throw new ArgumentException($"A coupon code takes {EntropyBytes} random bytes, not {entropy.Length}.", nameof(entropy));

        var bits = BinaryPrimitives.ReadUInt64BigEndian(entropy);
        Span<char> characters = stackalloc char[MaxPayload + 1];
        for (var i = 0; i < MaxPayload; i++) characters[i] = Alphabet[(int)((bits >> (64 - (BitsPerCharacter * (i + 1)))) & 31)];
        characters[MaxPayload] = CheckCharacter(characters[..MaxPayload]);
        return new CouponCode(new string(characters));
    }

    /// <summary>Whether the ledger itself may make it: of full length and not of digits alone, which <see cref="FromRandom"/>'s caller draws anew.</summary>
    public bool CouldBeMade => Value.Length == MaxPayload + 1 && Value.AsSpan().ContainsAnyExceptInRange('0', '9');

    /// <summary>The payload as a number for compact forms: its length beyond 10 in the bits from 60 on, then 5 bits a character.</summary>
    /// <exception cref="InvalidOperationException">This is the default value.</exception>
    public ulong ToBits()
    {
        if (_value is null) throw new InvalidOperationException("Nobody's code has no number.");
        var payload = _value.AsSpan(..^1);
        var bits = 0UL;
        foreach (var character in payload) bits = (bits << BitsPerCharacter) | (uint)DigitOf(character);
        return bits | ((ulong)(payload.Length - MinPayload) << (BitsPerCharacter * MaxPayload));
    }

    /// <summary>The code of which <see cref="ToBits"/> made the number.</summary>
    /// <exception cref="FormatException">No code makes this number.</exception>
    public static CouponCode FromBits(ulong bits)
    {
        var length = MinPayload + (int)(bits >> (BitsPerCharacter * MaxPayload));
        var payload = bits & ((1UL << (BitsPerCharacter * MaxPayload)) - 1);
        if (length > MaxPayload || payload >> (BitsPerCharacter * length) != 0) throw new FormatException($"{bits} is not the number of a coupon code.");

        Span<char> characters = stackalloc char[length + 1];
        for (var i = 0; i < length; i++) characters[i] = Alphabet[(int)((payload >> (BitsPerCharacter * (length - 1 - i))) & 31)];
        characters[length] = CheckCharacter(characters[..length]);
        return new CouponCode(new string(characters));
    }

    /// <summary>
    /// The Damm check character of a payload of any length, normalised as <see cref="Check"/> does. Every prefix runs through
    /// interim ← x · (interim + digit) from 0; the check character is the interim, since x · (c + c) = 0 closes the code.
    /// </summary>
    /// <exception cref="FormatException">A character is outside the alphabet; separators are not skipped here.</exception>
    public static char CheckCharacter(ReadOnlySpan<char> payload)
    {
        var interim = 0;
        foreach (var character in payload)
        {
            var digit = DigitOf(character);
            if (digit < 0) throw new FormatException($"'{character}' is not a character of a coupon code.");

            interim = (interim ^ digit) << 1;
            if (interim >= Alphabet.Length) interim ^= Modulus;
        }

        return Alphabet[interim];
    }

    public override string ToString() => Value;

    private static int DigitOf(char character) => character switch
    {
        'I' or 'L' or 'i' or 'l' => 1,
        'O' or 'o' => 0,
        >= 'a' and <= 'z' => Alphabet.IndexOf((char)(character - 'a' + 'A'), StringComparison.Ordinal),
        _ => Alphabet.IndexOf(character, StringComparison.Ordinal),
    };
}
