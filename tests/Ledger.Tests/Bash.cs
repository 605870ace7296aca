using System.Diagnostics;
using Xunit;

namespace Ledger.Tests;

/// <summary>Runs where there is curl; else says why not.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class CurlFactAttribute : FactAttribute
{
    public CurlFactAttribute()
    {
        if (!(Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, "curl"))))
            Skip = "The commands that people are told to try need curl, which is not on the PATH: install it (Debian: apt-get install curl).";
    }
}

/// <summary>Commands as a person types them.</summary>
internal static class Bash
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>Runs the commands, and says how they ended.</summary>
    /// <param name="settings">Of the environment, beside the usual ones.</param>
    public static async Task<(int Code, string Out, string Error)> RunAsync(string commands, params IEnumerable<(string Name, string Value)> settings)
    {
        var start = new ProcessStartInfo("bash", ["-c", commands])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["LEDGER_KEY"] = null, ["LEDGER_URL"] = null, ["no_proxy"] = "127.0.0.1" },
        };
        foreach (var (name, value) in settings) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        try
        {
            await process.WaitForExitAsync().WaitAsync(Limit);
            return (process.ExitCode, await output, await error);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"These commands do not end:\n{commands}", late);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }
}
