using System.Globalization;
using System.Text.Json;

namespace Ledger.Benchmarks;

/// <summary>One figure: the median of its runs, their spread, and what was hoped for.</summary>
/// <param name="Target">The least it should be, or the most where <paramref name="IsMost"/>; null: nothing was promised.</param>
internal sealed record Figure(string Scenario, string Name, double Median, double Least, double Most, double? Target = null, bool IsMost = false)
{
    public bool IsMissed => Target is { } target && (IsMost ? Median > target : Median < target);

    public static Figure Of(string scenario, string name, IEnumerable<double> values, double? target = null, bool isMost = false)
    {
        var sorted = values.Order().ToList();
        var median = sorted.Count % 2 == 1 ? sorted[sorted.Count / 2] : (sorted[(sorted.Count / 2) - 1] + sorted[sorted.Count / 2]) / 2;
        return new(scenario, name, median, sorted[0], sorted[^1], target, isMost);
    }
}

/// <summary>Gathers figures and says them as they come.</summary>
internal sealed class Report(bool isJson)
{
    private readonly List<Figure> figures = [];

    public void Add(Figure figure)
    {
        figures.Add(figure);
        if (isJson) return;
        var target = figure.Target is { } value ? string.Create(CultureInfo.InvariantCulture, $"  {(figure.IsMost ? "at most" : "at least")} {value}{(figure.IsMissed ? "  MISSED" : "")}") : "";
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{figure.Scenario,-8} {figure.Name,-58} {Digits(figure.Median),10}  ({Digits(figure.Least)} to {Digits(figure.Most)}){target}"));
    }

    /// <summary>The middle figure of that name, of this run.</summary>
    public double? Median(string scenario, string name) => figures.Find(figure => figure.Scenario == scenario && figure.Name == name)?.Median;

    public void End()
    {
        if (isJson) Console.WriteLine(JsonSerializer.Serialize(figures, JsonSerializerOptions.Web));
    }

    private static string Digits(double value) => value.ToString(Math.Abs(value) >= 100 ? "N0" : "0.00", CultureInfo.InvariantCulture);
}
