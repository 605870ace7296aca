using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Ledger.Api;

/// <summary>
/// Reads a JSON body into a positional record and lists every fault, so that a caller mends them all at once. What is
/// allowed is read off the record, where Microsoft.AspNetCore.OpenApi reads it too, and compiled once per type.
/// </summary>
/// <remarks>
/// <para>
/// Members are the constructor's parameters in camelCase, or as JsonPropertyName says. A parameter that is nullable or has a default may be left out, and
/// only a nullable one may be null. Types: <see cref="string"/>, <see cref="int"/>, <see cref="long"/>, <see cref="bool"/>,
/// enums by camelCase name (or as JsonStringEnumMemberName says), NodaTime's Instant, LocalDate and LocalTime (see <see cref="RequestTimes"/>), nested records,
/// and <see cref="IReadOnlyList{T}"/> of any of these.
/// </para>
/// <para>
/// Attributes: Range on numbers; StringLength, Length, MinLength, MaxLength and RegularExpression on strings, counted in
/// UTF-16 code units; Length, MinLength and MaxLength on lists; Required where a nullable member must be there. Others are
/// refused when the plan is made, so that none is ignored. A pattern has to match the whole text, without look-around.
/// </para>
/// <para>
/// Always refused: unknown and repeated members, numbers with a point or an exponent or beyond 2^53 − 1, and strings with
/// control characters or half a surrogate pair. A string that is not nullable may not be empty, nor may one in a list,
/// except under [Required(AllowEmptyStrings = true)].
/// </para>
/// </remarks>
public static class RequestBody
{
    /// <summary>How many objects and lists may be open at once.</summary>
    public const int MaxDepth = 16;

    /// <summary>The most UTF-16 code units of a string whose member does not say.</summary>
    public const int MaxText = 256;

    /// <summary>The most items of a list whose member does not say.</summary>
    public const int MaxItems = 1000;

    private static readonly ConcurrentDictionary<Type, ObjectPlan> s_plans = new();

    /// <summary>
    /// Reads the whole body. Answers false exactly when it added a fault; no input makes it throw. Limiting the body's size
    /// is the host's part.
    /// </summary>
    /// <exception cref="NotSupportedException">The type or one of its attributes is not among those above: a bug.</exception>
    public static bool TryRead<T>(ReadOnlySpan<byte> utf8, Faults faults, [MaybeNullWhen(false)] out T value)
        where T : notnull
    {
        ArgumentNullException.ThrowIfNull(faults);
        var plan = s_plans.GetOrAdd(typeof(T), static type => ObjectPlan.Of(type));
        value = default;
        if (utf8.IsEmpty)
        {
            faults.Add("", "The body is empty; send a JSON object.");
            return false;
        }

        if (!Utf8.IsValid(utf8))
        {
            faults.Add("", $"The body is not UTF-8 at byte {ValidPrefix(utf8) + 1}; encode it in UTF-8.");
            return false;
        }

        var before = faults.Count;
        try
        {
            var body = new BodyReader(utf8, faults);
            body.Json.Read();
            var read = plan.Read(ref body);
            body.Json.Read(); // Throws when anything but white space follows the object.
            if (faults.Count > before) return false;

            value = (T)read!;
            return true;
        }
        catch (JsonException malformed)
        {
            faults.Rewind(before);
            faults.Add("", Describe(malformed));
            return false;
        }
    }

    /// <summary>The reader's first sentence says what is wrong. Lines and bytes are counted from 1, as editors do.</summary>
    private static string Describe(JsonException malformed)
    {
        var end = malformed.Message.IndexOf(". ", StringComparison.Ordinal);
        var reason = end < 0 ? malformed.Message : malformed.Message[..end];
        var line = malformed.LineNumber + 1;
        var place = malformed.BytePositionInLine + 1;
        return string.Create(CultureInfo.InvariantCulture, $"The body is not JSON at line {line}, byte {place}; mend it: {reason}.");
    }

    private static int ValidPrefix(ReadOnlySpan<byte> utf8)
    {
        var length = 0;
        while (Rune.DecodeFromUtf8(utf8[length..], out _, out var consumed) == OperationStatus.Done)
            length += consumed;
        return length;
    }
}
