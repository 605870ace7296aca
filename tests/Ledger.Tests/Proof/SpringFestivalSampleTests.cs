using System.Diagnostics;
using Ledger.Tests.Cli;
using Ledger.Tests.FuCards.Draws;
using Xunit;

namespace Ledger.Tests.Proof;

/// <summary>The sample program <c>samples/spring-festival</c>, as a person runs it, against the service as a process of its own.</summary>
public sealed class SpringFestivalSampleTests(LedgerDatabase database) : IClassFixture<LedgerDatabase>
{
    /// <summary>A long run waits for the end of the claims too, and plays once more with a total that does not come true.</summary>
    private static readonly bool s_isLong = Environment.GetEnvironmentVariable("LEDGER_LONG") is "1" or "full";

    [Fact]
    public async Task A_festival_comes_to_its_expected_totals_and_a_clean_audit()
    {
        var platform = await database.Source.PlatformKeyAsync();
        await using var service = await LedgerProcess.StartAsync(database.ConnectionString);
        using var folder = new TemporaryFolder();
        string[] args = ["--url", service.Client.Http.BaseAddress!.ToString(), "--key", platform, "--claims", s_isLong ? "20" : "0", "--proof", Path.Combine(folder.Path, "proof.ndjson")];

        var (code, story, errors) = await RunAsync(args);
        // The deadline is published before anybody draws: on a busy machine it may come too soon.
        if (code == 3 && errors.Contains("the deadline came too soon", StringComparison.Ordinal)) (code, story, errors) = await RunAsync([.. args, "--open", "90"]);
        Assert.True(code == 0, $"{story}\n{errors}");
        Assert.Contains("Every total is as expected.", story, StringComparison.Ordinal);
        Assert.Contains("ledger audit draw-verify: agrees", story, StringComparison.Ordinal);
        if (PythonFactAttribute.IsThere) Assert.Contains("samples/fu-verifier: agrees", story, StringComparison.Ordinal);
        await Books.AssertSoundAsync(database.Source);
        if (!s_isLong) return;

        var expected = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "spring-festival", "expected.json"));
        folder.Write("expected.json", expected.Replace("\"tickets\": 20", "\"tickets\": 21", StringComparison.Ordinal));
        (code, story, errors) = await RunAsync([.. args, "--claims", "0", "--expected", Path.Combine(folder.Path, "expected.json")]);
        Assert.True(code == 1 && story.Contains("NOT 21", StringComparison.Ordinal), $"{code}: {story}\n{errors}");
    }

    [Theory]
    [InlineData(0, "--help")]
    [InlineData(2, "--claims", "many", "--key", "lk_test_x")]
    [InlineData(2, "--nothing")]
    [InlineData(2, "--key", "lk_test_x", "--expected", "no-such-file")]
    public async Task It_says_by_its_exit_code_what_kept_it_from_starting(int expected, params string[] args)
    {
        var (code, story, errors) = await RunAsync(args);
        Assert.True(code == expected, $"{code}: {story}\n{errors}");
        Assert.NotEmpty(expected == 0 ? story : errors);
    }

    private static async Task<(int Code, string Out, string Error)> RunAsync(params string[] args)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Ledger.Samples.SpringFestival.dll"), .. args])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["LEDGER_KEY"] = null, ["LEDGER_URL"] = null },
        };
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(3));
        return (process.ExitCode, await output, await error);
    }
}
