using System.Diagnostics;
using System.Globalization;

namespace Ledger.Benchmarks.Load;

/// <summary>The sample payment provider as a process of its own: it has all the money that it is asked for, and nothing goes wrong there.</summary>
internal sealed class ProviderProcess : IDisposable
{
    private const string Key = "a-shared-key-of-the-benchmark-0123456789abcdef";

    private readonly Process process;

    private ProviderProcess(Process process, string url) => (this.process, Url) = (process, url);

    public string Url { get; }

    /// <summary>What the service is told of it.</summary>
    public IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>(StringComparer.Ordinal) { ["Provider__Url"] = Url, ["Provider__Key"] = Key };

    public static async Task<ProviderProcess> StartAsync(long opening)
    {
        var assembly = Path.Combine(AppContext.BaseDirectory, "Ledger.Samples.PaymentProvider.dll");
        var start = new ProcessStartInfo("dotnet", [assembly, "--urls", "http://127.0.0.1:0", "--opening", opening.ToString(CultureInfo.InvariantCulture)])
        {
            WorkingDirectory = AppContext.BaseDirectory,
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        start.Environment["PROVIDER_KEY"] = Key;
        var started = Process.Start(start) ?? throw new InvalidOperationException("The provider did not start.");
        const string Ready = "The provider is ready at ";
        while (await started.StandardOutput.ReadLineAsync() is { } line)
        {
            if (!line.StartsWith(Ready, StringComparison.Ordinal)) continue;
            _ = started.StandardOutput.ReadToEndAsync();
            return new(started, line[Ready.Length..]);
        }

        throw new InvalidOperationException("The provider ended while it started.");
    }

    public void Dispose()
    {
        if (!process.HasExited) process.Kill();
        process.Dispose();
    }
}
