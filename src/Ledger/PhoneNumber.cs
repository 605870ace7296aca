namespace Ledger;

/// <summary>Why a text is not a phone number, in the order of the checks.</summary>
public enum PhoneNumberFault
{
    None,

    /// <summary>A character other than digits, a plus in front, and what people write between digits.</summary>
    WrongCharacter,

    /// <summary>Neither a country code nor a mobile number of mainland China.</summary>
    CountryMissing,

    /// <summary>Fewer or more digits than a number of its country has.</summary>
    WrongLength,
}

/// <summary>
/// A phone number in the one form of E.164 (ITU-T, 2010): a plus and 7 to 15 digits of which the first is not 0. Two spellings of one
/// number are equal.
/// </summary>
/// <remarks>
/// <c>+</c> and <c>00</c> introduce the country code. Without them only mobile numbers of mainland China are read: 11 digits that begin
/// with 13 to 19, with or without 86 in front. Of other countries only the length is checked.
/// </remarks>
public readonly record struct PhoneNumber
{
    public const int MinDigits = 7;

    public const int MaxDigits = 15;

    /// <summary>The most characters a text may have with its separators; longer ones are not looked at.</summary>
    public const int MaxText = 32;

    private readonly string? _value;

    private PhoneNumber(ReadOnlySpan<char> digits) => _value = $"+{digits}";

    /// <summary><c>+8613800138000</c>; empty in the default value. Personal data: hash it (<see cref="LimitKeys"/>), never log it.</summary>
    public string Value => _value ?? "";

    /// <summary>Reads a number the way people write it: spaces, hyphens, dots and round brackets do not count.</summary>
    public static PhoneNumberFault Check(ReadOnlySpan<char> text, out PhoneNumber number)
    {
        number = default;
        if (text.Length > MaxText) return PhoneNumberFault.WrongLength;

        Span<char> written = stackalloc char[MaxText];
        var length = 0;
        foreach (var character in text)
        {
            if (character is ' ' or '-' or '.' or '(' or ')') continue;
            if (!char.IsAsciiDigit(character) && (character != '+' || length > 0)) return PhoneNumberFault.WrongCharacter;
            written[length++] = character;
        }

        return (ReadOnlySpan<char>)written[..length] switch
        {
            ['+', .. var digits] => International(digits, out number),
            ['0', '0', .. var digits] => International(digits, out number),
            ['8', '6', .. { Length: 11 } mobile] digits when IsChineseMobile(mobile) => International(digits, out number),
            { Length: 11 } mobile when IsChineseMobile(mobile) => International($"86{mobile}", out number),
            _ => PhoneNumberFault.CountryMissing,
        };
    }

    /// <summary>The last two digits, for logs.</summary>
    public override string ToString() => _value is null ? "" : $"+…{_value.AsSpan(^2..)}";

    private static PhoneNumberFault International(ReadOnlySpan<char> digits, out PhoneNumber number)
    {
        number = default;
        if (digits is ['0', ..]) return PhoneNumberFault.CountryMissing;
        if (digits.Length is < MinDigits or > MaxDigits) return PhoneNumberFault.WrongLength;

        // A mobile number with a digit too many or too few is a mistake, and a zero dialled inside the country another spelling.
        if (digits is ['8', '6', '1', >= '3', ..] && digits.Length != 13) return PhoneNumberFault.WrongLength;
        if (digits is ['8', '6', '0', ..]) return PhoneNumberFault.WrongLength;
        number = new(digits);
        return PhoneNumberFault.None;
    }

    private static bool IsChineseMobile(ReadOnlySpan<char> digits) => digits is ['1', >= '3', ..];
}
