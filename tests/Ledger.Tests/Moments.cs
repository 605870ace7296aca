using NodaTime;
using NodaTime.Text;

namespace Ledger.Tests;

/// <summary>Times as the examples say them.</summary>
internal static class Moments
{
    /// <summary>The smallest step of time that the ledger keeps.</summary>
    public static Duration Tick { get; } = Duration.FromTicks(10);

    /// <summary>A moment with its offset: <c>2024-02-28T15:00:00+08:00</c>.</summary>
    public static Instant At(string text) => OffsetDateTimePattern.ExtendedIso.Parse(text).Value.ToInstant();

    public static LocalDate Day(string text) => LocalDatePattern.Iso.Parse(text).Value;

    public static DateTimeZone Zone(string id) => DateTimeZoneProviders.Tzdb[id];
}
