using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using NodaTime;
using NodaTime.Text;

namespace Ledger;

/// <summary>
/// How events, states and answers are written: camelCase members, enums by their exact C# names, amounts as integers, times in
/// UTC with six decimals, absent members left out. Marten reads the same shapes.
/// </summary>
public static class LedgerJson
{
    public static JsonSerializerOptions Options { get; } = Create(enumNames: null, InCanonicalOrder);

    /// <summary>As the API answers: the same, but enums in camelCase like every other word of the API.</summary>
    public static JsonSerializerOptions Answers { get; } = Create(JsonNamingPolicy.CamelCase, _ => { });

    /// <summary>Answers that are kept for ever under their request key: the same words, members in canonical order.</summary>
    public static JsonSerializerOptions Outcomes { get; } = Create(JsonNamingPolicy.CamelCase, InCanonicalOrder);

    private static JsonSerializerOptions Create(JsonNamingPolicy? enumNames, Action<JsonTypeInfo> order)
    {
        var options = new JsonSerializerOptions
        {
            PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            // jsonb keeps its own member order, so a discriminator need not come first.
            AllowOutOfOrderMetadataProperties = true,
            RespectRequiredConstructorParameters = true,
            RespectNullableAnnotations = true,
            TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { NullableMayBeAbsent, order } },
            Converters =
            {
                new JsonStringEnumConverter(enumNames), new MoneyConverter(), new InstantConverter(), new LocalDateConverter(), new LocalTimeConverter(),
            },
        };
        options.MakeReadOnly();
        return options;
    }

    // Absent members are null ones that were left out; any other member that is missing is a fault of what was stored.
    private static void NullableMayBeAbsent(JsonTypeInfo type)
    {
        foreach (var property in type.Properties)
        {
            if (property.IsSetNullable || property.AssociatedParameter?.IsNullable == true) property.IsRequired = false;
        }
    }

    // What is stored is made canonical; members that come in that order already need not be moved.
    private static void InCanonicalOrder(JsonTypeInfo type)
    {
        if (type.Kind != JsonTypeInfoKind.Object) return;
        var order = 0;
        foreach (var property in type.Properties.OrderBy(property => property.Name, StringComparer.Ordinal)) property.Order = order++;
    }

    private sealed class MoneyConverter : JsonConverter<Money>
    {
        public override Money Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => new(reader.GetInt64());

        public override void Write(Utf8JsonWriter writer, Money value, JsonSerializerOptions options) => writer.WriteNumberValue(value.Minor);
    }

    private sealed class InstantConverter : JsonConverter<Instant>
    {
        public override Instant Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            Instant.FromDateTimeOffset(reader.GetDateTimeOffset());

        public override void Write(Utf8JsonWriter writer, Instant value, JsonSerializerOptions options)
        {
            Span<byte> text = stackalloc byte[Times.Length];
            Times.Write(value, text);
            writer.WriteStringValue(text);
        }
    }

    private sealed class LocalDateConverter : JsonConverter<LocalDate>
    {
        public override LocalDate Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            DateOnly.TryParseExact(reader.GetString(), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)
                ? LocalDate.FromDateOnly(date)
                : throw new JsonException("This is no date of the form 2026-02-17.");

        public override void Write(Utf8JsonWriter writer, LocalDate value, JsonSerializerOptions options)
        {
            Span<byte> text = stackalloc byte[10];
            value.ToDateOnly().TryFormat(text, out _, "yyyy-MM-dd", CultureInfo.InvariantCulture);
            writer.WriteStringValue(text);
        }
    }

    private sealed class LocalTimeConverter : JsonConverter<LocalTime>
    {
        public override LocalTime Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            LocalTimePattern.ExtendedIso.Parse(reader.GetString() ?? "") is { Success: true, Value: var time }
                ? time
                : throw new JsonException("This is no time of day of the form 14:00:00.");

        public override void Write(Utf8JsonWriter writer, LocalTime value, JsonSerializerOptions options) =>
            writer.WriteStringValue(LocalTimePattern.ExtendedIso.Format(value));
    }
}

/// <summary>Times as the ledger keeps them: UTC, whole microseconds (what timestamptz holds), half-open intervals.</summary>
public static class Times
{
    /// <summary>Bytes of <c>2026-02-17T16:00:00.000000Z</c>.</summary>
    public const int Length = 27;

    public static Instant Cut(Instant instant) => Instant.FromUnixTimeTicks(instant.ToUnixTimeTicks() / 10 * 10);

    /// <summary>Writes the <see cref="Length"/> bytes of the instant's one stored form.</summary>
    public static void Write(Instant instant, Span<byte> utf8)
    {
        var time = instant.ToDateTimeUtc();
        Digits(utf8[..4], time.Year);
        utf8[4] = (byte)'-';
        Digits(utf8[5..7], time.Month);
        utf8[7] = (byte)'-';
        Digits(utf8[8..10], time.Day);
        utf8[10] = (byte)'T';
        Digits(utf8[11..13], time.Hour);
        utf8[13] = (byte)':';
        Digits(utf8[14..16], time.Minute);
        utf8[16] = (byte)':';
        Digits(utf8[17..19], time.Second);
        utf8[19] = (byte)'.';
        Digits(utf8[20..26], (int)(time.Ticks % TimeSpan.TicksPerSecond / TimeSpan.TicksPerMicrosecond));
        utf8[26] = (byte)'Z';
    }

    // Several times in every entry: a format string costs ten times as much.
    private static void Digits(Span<byte> utf8, int value)
    {
        for (var i = utf8.Length - 1; i >= 0; i--)
        {
            (value, var digit) = Math.DivRem(value, 10);
            utf8[i] = (byte)('0' + digit);
        }
    }

    /// <summary>
    /// The first instant of a day in a zone. Where the zone skips midnight it is the first that exists, and where it skips the whole
    /// day (Samoa, 30 December 2011) that of the next.
    /// </summary>
    public static Instant StartOfDay(LocalDate day, DateTimeZone zone)
    {
        ArgumentNullException.ThrowIfNull(zone);
        var midnight = zone.MapLocal(day.AtMidnight());
        return midnight.Count == 0 ? midnight.LateInterval.Start : midnight.First().ToInstant();
    }
}
