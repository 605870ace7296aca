using System.Globalization;

namespace Ledger;

/// <summary>Why a text is not a citizen's number, in the order of the checks.</summary>
public enum PersonNumberFault
{
    None,

    /// <summary>Not 18 characters. The numbers of 15 digits ended in 2013.</summary>
    WrongLength,

    /// <summary>Not 17 digits and then a digit or X.</summary>
    WrongCharacter,

    /// <summary>Characters 7 to 14 are not a date from 1800 on.</summary>
    WrongBirthDate,

    WrongCheckCharacter,
}

/// <summary>
/// A citizen identification number of China (公民身份号码, GB 11643-1999): 6 digits of a region, 8 of the birth date, 3 of a sequence, and a
/// check character by ISO 7064 MOD 11-2, whose tenth value is an upper-case X.
/// </summary>
/// <remarks>The check catches every wrong character and every swap of two neighbours. Whether a person has the number only the registry
/// knows.</remarks>
public readonly record struct PersonNumber
{
    public const int Length = 18;

    /// <summary>Characters with blanks between.</summary>
    public const int MaxText = 32;

    private const string CheckCharacters = "10X98765432";

    private readonly string? _value;

    private PersonNumber(string value) => _value = value;

    /// <summary>The 18 characters; empty in the default value. Personal data: hash it (<see cref="LimitKeys"/>), never log it.</summary>
    public string Value => _value ?? "";

    /// <summary>Reads a number: spaces do not count, and x counts as X.</summary>
    public static PersonNumberFault Check(ReadOnlySpan<char> text, out PersonNumber number)
    {
        number = default;
        Span<char> characters = stackalloc char[Length];
        var length = 0;
        foreach (var character in text)
        {
            if (character == ' ') continue;
            if (length == Length) return PersonNumberFault.WrongLength;
            characters[length++] = character == 'x' ? 'X' : character;
        }

        if (length != Length) return PersonNumberFault.WrongLength;
        if (characters[..^1].ContainsAnyExceptInRange('0', '9') || (characters[^1] != 'X' && !char.IsAsciiDigit(characters[^1]))) return PersonNumberFault.WrongCharacter;
        if (!IsBirthDate(characters[6..14])) return PersonNumberFault.WrongBirthDate;
        if (CheckCharacter(characters[..^1]) != characters[^1]) return PersonNumberFault.WrongCheckCharacter;

        number = new(new string(characters));
        return PersonNumberFault.None;
    }

    /// <summary>Nothing of it, for logs.</summary>
    public override string ToString() => _value is null ? "" : new string('*', Length);

    private static bool IsBirthDate(ReadOnlySpan<char> digits) =>
        DateOnly.TryParseExact(digits, "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date) && date.Year >= 1800;

    /// <summary>Digit i from the left weighs 2^(17 − i) modulo 11; here by Horner's rule, doubling what stands before each digit.</summary>
    private static char CheckCharacter(ReadOnlySpan<char> digits)
    {
        var sum = 0;
        foreach (var digit in digits) sum = ((sum + digit - '0') * 2) % 11;
        return CheckCharacters[sum];
    }
}
