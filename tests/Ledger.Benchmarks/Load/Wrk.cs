using System.Globalization;
using System.Text.Json;

namespace Ledger.Benchmarks.Load;

/// <summary>What wrk saw. Times in microseconds.</summary>
/// <param name="Answered">Answers that arrived. Up to one more per connection was on its way when the time was over.</param>
/// <param name="Exhausted">1 when the list ended before the time.</param>
/// <param name="Refused">Answers of status 400 and above.</param>
/// <param name="Broken">Connections that failed, and answers that did not arrive in 20 seconds.</param>
internal sealed record WrkResult(long Answered, long Sent, int Exhausted, long Microseconds, long Refused, long Broken, double P50, double P90, double P99, double Max)
{
    public double PerSecond => Answered * 1e6 / Microseconds;
}

/// <summary>Drives the service with wrk and a Lua script of this program.</summary>
internal sealed class Wrk(string folder, Uri service)
{
    /// <param name="script">Name of the embedded Lua script.</param>
    /// <param name="arguments">What the script is given.</param>
    public async Task<WrkResult> RunAsync(string script, int connections, int seconds, params string[] arguments)
    {
        var file = Path.Combine(folder, script);
        await File.WriteAllTextAsync(file, Embedded.Read(script));
        var count = connections.ToString(CultureInfo.InvariantCulture);
        var output = await Child.RunAsync(
            "wrk", ["-t", "1", "-c", count, "-d", $"{seconds.ToString(CultureInfo.InvariantCulture)}s", "--timeout", "20s", "-s", file, service.ToString(), "--", .. arguments]);
        const string mark = "RESULT ";
        var line = output.Split('\n').FirstOrDefault(text => text.StartsWith(mark, StringComparison.Ordinal)) ?? throw new InvalidOperationException($"wrk said: {output}");
        return JsonSerializer.Deserialize<WrkResult>(line.AsSpan(mark.Length), JsonSerializerOptions.Web)!;
    }
}
