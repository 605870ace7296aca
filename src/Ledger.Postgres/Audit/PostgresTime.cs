using System.Globalization;
using NodaTime;

namespace Ledger.Postgres.Audit;

/// <summary>Times as Postgres sends them: whole microseconds since 2000-01-01 UTC.</summary>
internal static class PostgresTime
{
    private static readonly Instant Epoch = Instant.FromUtc(2000, 1, 1, 0, 0);
    private static readonly LocalDate EpochDate = new(2000, 1, 1);
    private static readonly int FirstDay = Of(new LocalDate(1, 1, 1)), LastDay = Of(new LocalDate(9999, 12, 31));
    private static readonly long EpochMicroseconds = Epoch.ToUnixTimeTicks() / 10;

    /// <summary>Neither infinity nor a year that .NET does not know.</summary>
    public static bool IsTime(long microseconds) => microseconds is > -63_000_000_000_000_000 and < 252_000_000_000_000_000;

    public static long Of(Instant instant) => (instant.ToUnixTimeTicks() / 10) - EpochMicroseconds;

    public static Instant ToInstant(long microseconds) => Instant.FromUnixTimeTicks((microseconds + EpochMicroseconds) * 10);

    /// <summary>Days since 2000-01-01, as Postgres sends a date.</summary>
    public static int Of(LocalDate date) => Period.DaysBetween(EpochDate, date);

    /// <summary>What lies beyond the calendar, infinity too, is its first or last day: of neither anything was ever written.</summary>
    public static LocalDate ToDate(int days) => EpochDate.PlusDays(Math.Clamp(days, FirstDay, LastDay));

    public static string Text(long microseconds) => IsTime(microseconds)
        ? ToInstant(microseconds).ToDateTimeUtc().ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture)
        : microseconds > 0 ? "infinity" : "-infinity";
}

/// <summary>Writes and reads the one stored form of times; remembers days, as a few come again and again: today, and when a term begins and ends.</summary>
internal sealed class TimeText
{
    private const long MicrosecondsPerDay = 86_400_000_000;
    private const int Remembered = 512;
    private const int DayLength = 10;

    private readonly Day[] written = NoDays();
    private readonly Day[] read = NoDays();

    /// <summary>Writes the <see cref="Times.Length"/> bytes of a time between the years 1 and 9999.</summary>
    public void Write(long microseconds, Span<byte> output)
    {
        var number = Math.DivRem(microseconds, MicrosecondsPerDay, out var rest);
        if (rest < 0) (number, rest) = (number - 1, rest + MicrosecondsPerDay);
        ref var day = ref written[number & (Remembered - 1)];
        if (day.Number != number)
        {
            PostgresTime.ToDate((int)number).ToDateOnly().TryFormat(day.Text, out _, "yyyy-MM-dd", CultureInfo.InvariantCulture);
            day.Number = number;
        }

        day.Text.CopyTo(output);
        var seconds = (int)(rest / 1_000_000);
        output[10] = (byte)'T';
        Two(output[11..], seconds / 3600);
        output[13] = (byte)':';
        Two(output[14..], seconds / 60 % 60);
        output[16] = (byte)':';
        Two(output[17..], seconds % 60);
        output[19] = (byte)'.';
        var micros = (int)(rest % 1_000_000);
        Two(output[20..], micros / 10_000);
        Two(output[22..], micros / 100 % 100);
        Two(output[24..], micros % 100);
        output[26] = (byte)'Z';
    }

    /// <summary>Reads exactly the stored form; false for any other spelling, which the general reader may still know.</summary>
    public bool TryRead(ReadOnlySpan<byte> text, out Instant instant)
    {
        instant = default;
        if (text.Length != Times.Length || text[10] != 'T' || text[13] != ':' || text[16] != ':' || text[19] != '.' || text[26] != 'Z') return false;
        var name = text[..DayLength];
        ref var day = ref read[SlotOf(name)];
        if (!name.SequenceEqual(day.Text))
        {
            if (!TryReadDate(name, out var date)) return false;
            day.Number = PostgresTime.Of(date);
            name.CopyTo(day.Text);
        }

        if (!TryTwo(text[11..], out var hours) || !TryTwo(text[14..], out var minutes) || !TryTwo(text[17..], out var seconds)
            || !TryTwo(text[20..], out var a) || !TryTwo(text[22..], out var b) || !TryTwo(text[24..], out var c)
            || hours > 23 || minutes > 59 || seconds > 59) return false;
        var micros = (((((hours * 60L) + minutes) * 60) + seconds) * 1_000_000) + (a * 10_000) + (b * 100) + c;
        instant = PostgresTime.ToInstant((day.Number * MicrosecondsPerDay) + micros);
        return true;
    }

    public static bool TryReadDate(ReadOnlySpan<byte> text, out LocalDate date)
    {
        date = default;
        if (text.Length != DayLength || text[4] != '-' || text[7] != '-' || !TryTwo(text, out var century) || !TryTwo(text[2..], out var year)
            || !TryTwo(text[5..], out var month) || !TryTwo(text[8..], out var dayOfMonth)) return false;
        year += century * 100;
        if (year == 0 || month is 0 or > 12 || dayOfMonth == 0 || dayOfMonth > DateTime.DaysInMonth(year, month)) return false;
        date = new(year, month, dayOfMonth);
        return true;
    }

    private static bool TryTwo(ReadOnlySpan<byte> text, out int value)
    {
        var (tens, ones) = (text[0] - '0', text[1] - '0');
        value = (tens * 10) + ones;
        return (uint)tens < 10 && (uint)ones < 10;
    }

    private static void Two(Span<byte> output, int value)
    {
        output[0] = (byte)('0' + (value / 10));
        output[1] = (byte)('0' + (value % 10));
    }

    /// <summary>Days of one year never meet, nor do the same days of years that follow each other.</summary>
    private static int SlotOf(ReadOnlySpan<byte> name)
    {
        _ = TryTwo(name[2..], out var year);
        _ = TryTwo(name[5..], out var month);
        _ = TryTwo(name[8..], out var day);
        return ((year * 101) + (month * 32) + day) & (Remembered - 1);
    }

    private static Day[] NoDays() => [.. Enumerable.Range(0, Remembered).Select(_ => new Day { Number = long.MinValue, Text = new byte[DayLength] })];

    /// <summary>Days since 2000-01-01, and their name.</summary>
    private struct Day
    {
        public long Number;
        public byte[] Text;
    }
}
