using System.Globalization;
using System.Text.Json;

namespace Ledger.Cli.Import;

/// <summary>Numbers under names such as <c>campaign cj-26 redeemed</c>: what ought to be, or what a report says.</summary>
internal sealed class Figures
{
    private readonly SortedDictionary<string, long> values = new(StringComparer.Ordinal);

    public int Count => values.Count;

    public void Set(string subject, string field, long value) => values[$"{subject} {field}"] = value;

    public void Add(string subject, string field, long value) => values[$"{subject} {field}"] = values.GetValueOrDefault($"{subject} {field}") + value;

    /// <summary>Takes every whole number of a report's object under its own name.</summary>
    public void SetAll(string subject, JsonElement report)
    {
        foreach (var member in report.EnumerateObject())
        {
            if (member.Value.ValueKind == JsonValueKind.Number && member.Value.TryGetInt64(out var value)) Set(subject, member.Name, value);
        }
    }

    /// <summary>Every figure of this one that the other lacks or has otherwise.</summary>
    public IEnumerable<Difference> Against(Figures reported) => values
        .Select(pair => new Difference(pair.Key, pair.Value, reported.values.TryGetValue(pair.Key, out var actual) ? actual : null))
        .Where(difference => difference.Expected != difference.Reported);
}

/// <param name="Reported">Null where the service reports no such figure.</param>
internal sealed record Difference(string Figure, long Expected, long? Reported)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Figure}: expected {Expected}, the service reports {(Reported is { } reported ? reported : "nothing")}");
}
