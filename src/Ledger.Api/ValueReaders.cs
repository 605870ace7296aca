using System.Buffers;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using NodaTime;

namespace Ledger.Api;

/// <summary>Makes the reader of one type under the rules of one member. Sentences are worded here, once.</summary>
internal static class ValueReaders
{
    private const string HalfPair = "The text contains half a surrogate pair; remove it.";

    private static readonly object s_true = true;
    private static readonly object s_false = false;

    private static readonly SearchValues<char> s_controls =
        SearchValues.Create([.. Enumerable.Range(0, 0xA0).Select(unit => (char)unit).Where(char.IsControl)]);

    private delegate bool Parse<T>(ReadOnlySpan<char> text, out T value);

    /// <exception cref="NotSupportedException">The type cannot be read, or an attribute does not fit it.</exception>
    public static ReadValue For(Type type, MemberRules rules, Type[] path)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(string)) return Text(rules);
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>)) return Items(type, rules, path);
        if (type == typeof(long)) return Integer(rules, -CanonicalJson.MaxInteger, CanonicalJson.MaxInteger, number => number);
        if (type == typeof(int)) return Integer(rules, int.MinValue, int.MaxValue, number => (int)number);

        rules.AllowOnly(type);
        if (type == typeof(bool)) return Bool;
        if (type.IsEnum) return Name(type);
        if (type == typeof(Instant)) return Parsed<Instant>(RequestTimes.TryInstant, RequestTimes.InstantSentence);
        if (type == typeof(LocalDate)) return Parsed<LocalDate>(RequestTimes.TryDate, RequestTimes.DateSentence);
        if (type == typeof(LocalTime)) return Parsed<LocalTime>(RequestTimes.TryTime, RequestTimes.TimeSentence);
        if (type.IsPrimitive || (type.Namespace ?? "").StartsWith(nameof(System), StringComparison.Ordinal))
            throw new NotSupportedException($"{rules.Owner}: {type} cannot be read from a body.");

        return ObjectPlan.Of(type, path).Read;
    }

    private static ReadValue Text(MemberRules rules)
    {
        rules.AllowOnly(
            typeof(string),
            typeof(StringLengthAttribute),
            typeof(LengthAttribute),
            typeof(MinLengthAttribute),
            typeof(MaxLengthAttribute),
            typeof(RegularExpressionAttribute));
        var (min, max) = rules.Lengths(rules.AllowsEmptyText ? 0 : 1, RequestBody.MaxText);
        var length = MemberRules.Between("Send text of", min, max, "characters");
        var rule = rules.Find<RegularExpressionAttribute>();
        var pattern = rule is null ? null : WholePattern(rule.Pattern);
        var mismatch = rule?.ErrorMessage ?? $"Send text that matches the pattern {rule?.Pattern}";
        return (ref body) =>
        {
            if (body.Json.TokenType != JsonTokenType.String) return body.Refuse("Send a string.");
            if (body.Text() is not { } text) return body.Refuse(HalfPair);
            if (text.Length < min || text.Length > max) return body.Refuse(length);
            if (text.AsSpan().ContainsAny(s_controls)) return body.Refuse("The text contains control characters; remove them.");
            return pattern is null || pattern.IsMatch(text) ? text : body.Refuse(mismatch);
        };
    }

    /// <summary>Linear in the length of the text, whatever the pattern; that is why look-around is not possible.</summary>
    private static Regex WholePattern(string pattern) =>
        new($@"\A(?:{pattern})\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, Regex.InfiniteMatchTimeout);

    private static ReadValue Integer(MemberRules rules, long least, long most, Func<long, object> box)
    {
        rules.AllowOnly(typeof(long), typeof(RangeAttribute));
        var (min, max) = rules.Range(least, most);
        var range = string.Create(CultureInfo.InvariantCulture, $"Send a whole number from {min} to {max}.");
        return (ref body) =>
        {
            if (body.Json.TokenType != JsonTokenType.Number) return body.Refuse("Send a whole number, without quotes.");
            if (body.Json.ValueSpan.IndexOfAny((byte)'.', (byte)'e', (byte)'E') >= 0)
                return body.Refuse("Send a whole number, without a decimal point or an exponent.");
            return body.Json.TryGetInt64(out var number) && number >= min && number <= max ? box(number) : body.Refuse(range);
        };
    }

    private static object? Bool(ref BodyReader body) => body.Json.TokenType switch
    {
        JsonTokenType.True => s_true,
        JsonTokenType.False => s_false,
        _ => body.Refuse("Send true or false, without quotes."),
    };

    private static ReadValue Name(Type type)
    {
        var names = Enum.GetNames(type).Select(name => type.GetField(name)!.GetCustomAttribute<JsonStringEnumMemberNameAttribute>()?.Name ?? JsonNamingPolicy.CamelCase.ConvertName(name)).ToArray();
        var values = Enum.GetNames(type).Select(name => Enum.Parse(type, name)).ToArray();
        var sentence = $"Send one of: {string.Join(", ", names)}.";
        return (ref body) =>
        {
            if (body.Json.TokenType != JsonTokenType.String || body.Text() is not { } text) return body.Refuse(sentence);
            var index = names.AsSpan().IndexOf(text);
            return index < 0 ? body.Refuse(sentence) : values[index];
        };
    }

    private static ReadValue Parsed<T>(Parse<T> parse, string sentence)
        where T : struct => (ref body) =>
        body.Json.TokenType == JsonTokenType.String && body.Text() is { } text && parse(text, out var value)
            ? value
            : body.Refuse(sentence);

    private static ReadValue Items(Type type, MemberRules rules, Type[] path)
    {
        rules.AllowOnly(type, typeof(LengthAttribute), typeof(MinLengthAttribute), typeof(MaxLengthAttribute));
        var (min, max) = rules.Lengths(0, RequestBody.MaxItems);
        var itemType = type.GetGenericArguments()[0];
        var item = For(itemType, new MemberRules($"{rules.Owner}[]", [], isNullable: false), path);
        return (ReadValue)typeof(ValueReaders)
            .GetMethod(nameof(ItemsOf), BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(itemType)
            .Invoke(null, [item, min, max])!;
    }

    private static ReadValue ItemsOf<T>(ReadValue item, int min, int max)
    {
        var length = MemberRules.Between("Send a list of", min, max, "items");
        return (ref body) =>
        {
            if (body.Json.TokenType != JsonTokenType.StartArray) return body.Refuse("Send a list.");

            var before = body.FaultCount;
            var items = new List<T>();
            var count = 0;
            for (; body.Json.Read() && body.Json.TokenType != JsonTokenType.EndArray; count++)
            {
                if (count >= max)
                {
                    body.Json.Skip();
                    continue;
                }

                body.Enter(count);
                var value = item(ref body);
                body.Leave();
                if (body.FaultCount == before) items.Add((T)value!);
            }

            return count < min || count > max ? body.Refuse(length) : items;
        };
    }
}
