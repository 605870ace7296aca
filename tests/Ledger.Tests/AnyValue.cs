using System.Collections.Immutable;
using System.Reflection;
using System.Text.Json.Serialization;
using FsCheck;
using FsCheck.Fluent;
using Ledger.Coupons;
using NodaTime;

namespace Ledger.Tests;

/// <summary>Makes any event and any state from the types of its constructor: one that is added later is tried without another word.</summary>
internal static class AnyValue
{
    private static readonly long s_firstMicrosecond = Instant.FromUtc(2000, 1, 1, 0, 0).ToUnixTimeTicks() / 10;
    private static readonly long s_microseconds = (Instant.FromUtc(2220, 1, 1, 0, 0).ToUnixTimeTicks() / 10) - s_firstMicrosecond;

    public static Gen<string> Texts { get; } =
        Gen.Elements("", "a", "Z", "-", ".", " ", "\"", "\\", "/", "+", "<", "é", "面", "\u2028", "\ue000", "😀", "0", "\n").ListOf().Select(string.Concat);

    /// <summary>Moments of the years 2000 to 2219, to the microsecond: what a request may say, and the ten years that validity adds.</summary>
    public static Gen<Instant> Instants { get; } =
        Longs.Select(n => Instant.FromUnixTimeTicks((s_firstMicrosecond + (long)((ulong)n % (ulong)s_microseconds)) * 10));

    /// <summary>From one end of canonical integers to the other.</summary>
    public static Gen<long> Integers { get; } =
        Gen.OneOf(Gen.Choose(-1_000, 1_000).Select(n => (long)n), Gen.Elements(CanonicalJson.MaxInteger, -CanonicalJson.MaxInteger), Longs.Select(n => n % CanonicalJson.MaxInteger));

    private static Gen<long> Longs => Gen.Choose(0, int.MaxValue).Zip(Gen.Choose(0, int.MaxValue), (high, low) => ((long)high << 31) | (long)low);

    public static Gen<object?> Of(Type type) => Of(type, isNullable: false);

    private static Gen<object?> Of(Type type, bool isNullable)
    {
        var inner = Nullable.GetUnderlyingType(type) ?? type;
        var some = Some(inner);
        return isNullable || inner != type ? Gen.OneOf(Gen.Constant<object?>(null), some) : some;
    }

    private static Gen<object?> Some(Type type) => type switch
    {
        _ when type == typeof(string) => Texts.Select(v => (object?)v),
        _ when type == typeof(bool) => Gen.Elements<object?>(true, false),
        _ when type == typeof(int) => Gen.Choose(int.MinValue, int.MaxValue).Select(v => (object?)v),
        _ when type == typeof(long) => Integers.Select(v => (object?)v),
        _ when type == typeof(Money) => Integers.Select(v => (object?)new Money(v)),
        _ when type == typeof(Instant) => Instants.Select(v => (object?)v),
        _ when type == typeof(LocalDate) => Instants.Select(v => (object?)v.InUtc().Date),
        _ when type == typeof(LocalTime) => Gen.Choose(0, 86_399).Select(v => (object?)LocalTime.FromSecondsSinceMidnight(v)),
        _ when type == typeof(ImmutableSortedDictionary<string, ImmutableSortedSet<string>>) => Stores,
        _ when type.IsEnum => Gen.Elements(Enum.GetValues(type).Cast<object?>()),
        _ when type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>) => ListOf(type.GetGenericArguments()[0]),
        _ when type.IsAbstract => Gen.OneOf(type.GetCustomAttributes<JsonDerivedTypeAttribute>().Select(derived => Some(derived.DerivedType))),
        _ => Built(type),
    };

    private static Gen<object?> Stores => Texts.Zip(Texts.ListOf(), (store, tills) => (store, tills)).ListOf().Select(stores => (object?)stores
        .DistinctBy(s => s.store, StringComparer.Ordinal)
        .ToImmutableSortedDictionary(s => s.store, s => s.tills.ToImmutableSortedSet(StringComparer.Ordinal), StringComparer.Ordinal));

    private static Gen<object?> ListOf(Type item) => Some(item).ListOf().Select(items =>
    {
        var array = Array.CreateInstance(item, items.Count);
        for (var i = 0; i < items.Count; i++) array.SetValue(items[i], i);
        return (object?)array;
    });

    private static Gen<object?> Built(Type type)
    {
        var constructor = type.GetConstructors().Single();
        var context = new NullabilityInfoContext();
        var arguments = constructor.GetParameters().Select(p => Of(p.ParameterType, context.Create(p).WriteState == NullabilityState.Nullable));
        return Gen.CollectToArray(arguments).Select(values => (object?)constructor.Invoke(values));
    }
}
