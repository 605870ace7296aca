using NodaTime;

namespace Ledger.Api;

/// <summary>The spellings of times and dates in a request. Digits are ASCII and nothing surrounds the value.</summary>
public static class RequestTimes
{
    internal const string InstantSentence = "Send a time with its offset, such as 2026-02-17T09:30:00+08:00, in the years 2000 to 2199.";
    internal const string DateSentence = "Send a date such as 2026-02-17, in the years 1900 to 2199.";
    internal const string TimeSentence = "Send a time of day such as 14:00 or 14:00:30.";

    private const int MaxInstantText = 40;
    private const int MicrosecondDigits = 6;

    private static readonly Instant s_first = Instant.FromUtc(2000, 1, 1, 0, 0);
    private static readonly Instant s_end = Instant.FromUtc(2200, 1, 1, 0, 0);

    /// <summary>
    /// Reads RFC 3339 with any offset up to ±23:59, cut (not rounded) to whole microseconds, which is what the database
    /// keeps. Leap seconds (":60") are refused, and so are moments outside the years 2000 to 2199 in UTC.
    /// </summary>
    public static bool TryInstant(ReadOnlySpan<char> text, out Instant value)
    {
        value = default;
        if (text.Length is < 20 or > MaxInstantText || text[10] is not ('T' or 't')) return false;
        if (!TryDay(text[..10], 1999, 2200, out var date) || !TryTime(text[11..19], out var time)) return false;

        var rest = text[19..];
        if (!TryTakeMicroseconds(ref rest, out var microseconds) || !TryOffset(rest, out var offset)) return false;

        var moment = (date + time).InUtc().ToInstant().PlusTicks(microseconds * 10) - offset;
        if (moment < s_first || moment >= s_end) return false;
        value = moment;
        return true;
    }

    /// <summary>Reads yyyy-MM-dd in the years 1900 (birthdays) to 2199.</summary>
    public static bool TryDate(ReadOnlySpan<char> text, out LocalDate value) => TryDay(text, 1900, 2199, out value);

    /// <summary>Reads HH:mm or HH:mm:ss, from 00:00 to 23:59:59.</summary>
    public static bool TryTime(ReadOnlySpan<char> text, out LocalTime value)
    {
        value = default;
        if (text.Length is not (5 or 8) || text[2] != ':' || (text.Length == 8 && text[5] != ':')) return false;

        var second = 0;
        if (!TryNumber(text[..2], 23, out var hour) || !TryNumber(text[3..5], 59, out var minute)) return false;
        if (text.Length == 8 && !TryNumber(text[6..], 59, out second)) return false;
        value = new LocalTime(hour, minute, second);
        return true;
    }

    private static bool TryDay(ReadOnlySpan<char> text, int firstYear, int lastYear, out LocalDate value)
    {
        value = default;
        if (text.Length != 10 || text[4] != '-' || text[7] != '-') return false;
        if (!TryNumber(text[..4], lastYear, out var year) || year < firstYear) return false;
        if (!TryNumber(text[5..7], 12, out var month) || month < 1) return false;
        if (!TryNumber(text[8..], CalendarSystem.Iso.GetDaysInMonth(year, month), out var day) || day < 1) return false;
        value = new LocalDate(year, month, day);
        return true;
    }

    private static bool TryTakeMicroseconds(ref ReadOnlySpan<char> text, out long microseconds)
    {
        microseconds = 0;
        if (text[0] != '.') return true;

        var digits = text[1..].IndexOfAnyExceptInRange('0', '9');
        if (digits < 1) return false;
        for (var i = 1; i <= MicrosecondDigits; i++) microseconds = (microseconds * 10) + (i <= digits ? text[i] - '0' : 0);
        text = text[(digits + 1)..];
        return true;
    }

    private static bool TryOffset(ReadOnlySpan<char> text, out Duration offset)
    {
        offset = Duration.Zero;
        if (text is "Z" or "z") return true;
        if (text.Length != 6 || text[0] is not ('+' or '-') || !TryTime(text[1..], out var size)) return false;
        offset = Duration.FromTicks(text[0] == '-' ? -size.TickOfDay : size.TickOfDay);
        return true;
    }

    private static bool TryNumber(ReadOnlySpan<char> digits, int most, out int value)
    {
        value = 0;
        foreach (var digit in digits)
        {
            if (!char.IsAsciiDigit(digit)) return false;
            value = (value * 10) + (digit - '0');
        }

        return value <= most;
    }
}
