using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using NodaTime;

namespace Ledger.Tests;

/// <summary>The JSON of a type as it is stored: its members and their JSON types, and theirs in turn.</summary>
internal static class Shapes
{
    /// <summary>One line a member, in the order of their names; <c>?</c> marks those that may be absent.</summary>
    public static string Of(Type type, int depth)
    {
        var text = new StringBuilder();
        Members(type, depth, text);
        return text.ToString();
    }

    private static void Members(Type type, int depth, StringBuilder text)
    {
        foreach (var property in LedgerJson.Options.GetTypeInfo(type).Properties.Where(p => p.Get is not null).OrderBy(p => p.Name, StringComparer.Ordinal))
        {
            var mark = property.IsGetNullable || Nullable.GetUnderlyingType(property.PropertyType) is not null ? "?" : "";
            Line(text, depth, $"{property.Name}{mark} ", property.PropertyType);
        }
    }

    private static void Line(StringBuilder text, int depth, string head, Type declared)
    {
        var type = Nullable.GetUnderlyingType(declared) ?? declared;
        var info = LedgerJson.Options.GetTypeInfo(type);
        text.Append(' ', depth * 4).Append(head);
        switch (info.Kind)
        {
            case JsonTypeInfoKind.None:
                text.Append(Scalar(type)).Append('\n');
                return;
            case JsonTypeInfoKind.Enumerable:
                Line(text.Append("array of "), 0, "", info.ElementType!);
                if (LedgerJson.Options.GetTypeInfo(info.ElementType!).Kind == JsonTypeInfoKind.Object) Members(info.ElementType!, depth + 1, text);
                return;
            case JsonTypeInfoKind.Dictionary:
                Line(text.Append("object of "), 0, "", info.ElementType!);
                return;
            case JsonTypeInfoKind.Object when info.PolymorphismOptions is { } kinds:
                text.Append("object by ").Append(kinds.TypeDiscriminatorPropertyName).Append('\n');
                foreach (var kind in kinds.DerivedTypes)
                {
                    text.Append(' ', (depth + 1) * 4).Append(kind.TypeDiscriminator).Append('\n');
                    Members(kind.DerivedType, depth + 2, text);
                }

                return;
            default:
                text.Append("object\n");
                if (depth > 0 || head.Length > 0) Members(type, depth + 1, text);
                return;
        }
    }

    private static string Scalar(Type type) => type switch
    {
        _ when type == typeof(string) => "string",
        _ when type == typeof(bool) => "boolean",
        _ when type == typeof(int) || type == typeof(long) => "integer",
        _ when type == typeof(Money) => "integer (minor units)",
        _ when type == typeof(Instant) => "string (instant)",
        _ when type == typeof(LocalDate) => "string (date)",
        _ when type == typeof(LocalTime) => "string (time of day)",
        _ when type.IsEnum => $"string ({string.Join(" | ", Enum.GetNames(type))})",
        _ => throw new NotSupportedException($"{type} has no stored form that this list knows."),
    };
}
