using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ledger.Tests.Api;

/// <summary>One operation of the OpenAPI document, and random requests for it.</summary>
/// <param name="BodyTypes">The media types that a body may have; none: it takes no body.</param>
/// <param name="Answers">By status, the media types that it documents.</param>
internal sealed record FuzzedOperation(
    string Id, HttpMethod Method, string Path, IReadOnlyList<(string Name, string Place)> Parameters, IReadOnlyList<string> BodyTypes, JsonNode? Schema, JsonNode? Example,
    IReadOnlyDictionary<string, IReadOnlyList<string>> Answers)
{
    public static async Task<List<FuzzedOperation>> AllAsync(LedgerClient client)
    {
        var document = JsonNode.Parse((await client.SendAsync(HttpMethod.Get, "/openapi/v1.json", null, null)).Text)!;
        var operations = new List<FuzzedOperation>();
        foreach (var (path, methods) in document["paths"]!.AsObject())
        {
            foreach (var (method, operation) in methods!.AsObject())
            {
                var bodies = operation!["requestBody"]?["content"]?.AsObject();
                var body = bodies?.First().Value;
                operations.Add(new(
                    operation["operationId"]!.GetValue<string>(), new(method.ToUpperInvariant()), path,
                    [.. (operation["parameters"]?.AsArray() ?? []).Select(p => (p!["name"]!.GetValue<string>(), p["in"]!.GetValue<string>()))],
                    [.. bodies?.Select(media => media.Key) ?? []], body is null ? null : Resolve(body["schema"]!, document, 0), body?["example"]?.DeepClone(),
                    operation["responses"]!.AsObject().ToDictionary(
                        response => response.Key, response => (IReadOnlyList<string>)[.. response.Value!["content"]?.AsObject().Select(media => media.Key) ?? []], StringComparer.Ordinal)));
            }
        }

        return operations;
    }

    public override string ToString() => $"{Method} {Path}";

    /// <summary>The schema without references, which nest no deeper than bodies do.</summary>
    private static JsonNode Resolve(JsonNode schema, JsonNode document, int depth)
    {
        if (schema is JsonObject named && named["$ref"] is { } reference)
        {
            if (depth > 6) return new JsonObject();
            var target = document;
            foreach (var part in reference.GetValue<string>().Split('/').Skip(1)) target = target[part]!;
            return Resolve(target, document, depth + 1);
        }

        return schema switch
        {
            JsonObject members => new JsonObject(members.Where(m => m.Value is not null).Select(m => KeyValuePair.Create(m.Key, (JsonNode?)Resolve(m.Value!, document, depth)))),
            JsonArray items => new JsonArray([.. items.Select(item => item is null ? null : Resolve(item, document, depth))]),
            _ => schema.DeepClone(),
        };
    }
}

/// <summary>Makes values that fit a schema, and spoils them.</summary>
internal sealed class FuzzedBody(Random random)
{
    private static readonly string[] Nasty =
    [
        "null", "true", "0", "-1", "1.5", "1e400", "-0", "9007199254740993", "9223372036854775807", "99999999999999999999999999", "\"\"", "\" \"", "\"\\u0000\"", "\"\\ud83d\"",
        "\"\\ud83d\\ude00\"", "\"\\u202e\"", "\"'; drop table ledger.books; --\"", "\"../../etc/passwd\"", "\"2026-02-30T25:61:61Z\"", "\"2026-02-17T00:00:00+08:00\"", "[]", "{}", "[[[[[[]]]]]]",
        "{\"\":\"\"}", "[null]", "\"" + "x" + "\"", "\"店\"",
    ];

    /// <summary>A body as text, mostly well-formed, often wrong somewhere.</summary>
    public string Of(FuzzedOperation operation)
    {
        var value = operation.Example is not null && random.Next(3) > 0 ? operation.Example.DeepClone() : Fit(operation.Schema!);
        var text = value?.ToJsonString() ?? "null";
        for (var spoils = random.Next(4); spoils > 0 && text.Length > 2; spoils--) text = Spoil(text);
        return text;
    }

    private JsonNode? Fit(JsonNode schema)
    {
        if (schema["enum"] is JsonArray names) return names[random.Next(names.Count)]?.DeepClone();
        if ((schema["oneOf"] ?? schema["anyOf"]) is JsonArray choices) return Fit(choices[random.Next(choices.Count)]!);
        return TypeOf(schema) switch
        {
            "object" => new JsonObject((schema["properties"]?.AsObject() ?? []).Where(_ => random.Next(6) > 0).Select(member => KeyValuePair.Create(member.Key, Fit(member.Value!)))),
            "array" => new JsonArray([.. Enumerable.Range(0, random.Next(4)).Select(_ => Fit(schema["items"] ?? new JsonObject()))]),
            "integer" => JsonValue.Create(random.Next(4) == 0 ? random.NextInt64() : random.Next(1, 5_000)),
            "boolean" => JsonValue.Create(random.Next(2) == 0),
            "string" when schema["format"]?.GetValue<string>() == "date-time" => JsonValue.Create($"20{random.Next(10, 99)}-0{random.Next(1, 9)}-1{random.Next(0, 9)}T0{random.Next(0, 9)}:00:00+08:00"),
            "string" when schema["format"]?.GetValue<string>() == "date" => JsonValue.Create($"20{random.Next(10, 99)}-0{random.Next(1, 9)}-1{random.Next(0, 9)}"),
            "string" when schema["format"]?.GetValue<string>() == "time" => JsonValue.Create($"1{random.Next(0, 9)}:00"),
            "string" => JsonValue.Create(Word()),
            _ => JsonNode.Parse(Nasty[random.Next(Nasty.Length)].Replace("1e400", "7", StringComparison.Ordinal).Replace("\\ud83d\"", "x\"", StringComparison.Ordinal)),
        };
    }

    // Since 3.1 a type may be a list such as ["null", "integer"].
    private static string? TypeOf(JsonNode schema) => schema["type"] switch
    {
        JsonArray several => several.Select(type => type!.GetValue<string>()).FirstOrDefault(type => type != "null"),
        JsonValue one => one.GetValue<string>(),
        _ => null,
    };

    public string Word() => random.Next(8) switch
    {
        0 => "spring",
        1 => "m-1",
        2 => "store-1",
        3 => "till-1",
        4 => new string('x', random.Next(1, 400)),
        5 => "0000000000000",
        6 => "店 ☕ \u202E",
        _ => random.NextInt64().ToString("x", System.Globalization.CultureInfo.InvariantCulture),
    };

    private string Spoil(string text)
    {
        var at = random.Next(text.Length);
        switch (random.Next(6))
        {
            case 0: // cut
                return text[..at];
            case 1: // another value after a colon
                var colon = text.IndexOf(':', at);
                if (colon < 0) return text;
                var end = text.AsSpan(colon + 1).IndexOfAny(',', '}', ']');
                return end < 0 ? text : text[..(colon + 1)] + Nasty[random.Next(Nasty.Length)] + text[(colon + 1 + end)..];
            case 2: // an unknown member
                return text.StartsWith('{') && text.Length > 2 ? $"{{\"{random.Next(100)}\":{Nasty[random.Next(Nasty.Length)]},{text[1..]}" : text;
            case 3: // a character
                return text[..at] + (char)random.Next(1, 0x2FF) + text[(at + 1)..];
            case 4: // said twice
                return text.StartsWith('{') && text.EndsWith('}') && text.Length > 2 ? $"{text[..^1]},{text[1..]}" : text;
            default:
                return text;
        }
    }
}
