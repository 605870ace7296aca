using System.Diagnostics;
using Xunit;

namespace Ledger.Tests.Proof;

/// <summary>The sample program <c>samples/till</c>, as a person runs it, against the service as a process of its own.</summary>
public sealed class TillSampleTests(LedgerDatabase database) : IClassFixture<LedgerDatabase>
{
    [Fact]
    public async Task A_day_at_the_tills_ends_with_notes_and_books_equal_and_a_clean_audit()
    {
        var platform = await database.Source.PlatformKeyAsync();
        await using var service = await LedgerProcess.StartAsync(database.ConnectionString);
        var url = service.Client.Http.BaseAddress!.ToString();

        var (code, story, progress) = await RunAsync("--url", url, "--key", platform, "--patience", "0.01", "--seed", "7");
        Assert.True(code == 0, $"{story}\n{progress}");
        Assert.Contains("The tills' notes and the service's books are equal.", story, StringComparison.Ordinal);
        foreach (var kind in new[] { "a till dies", "a reversal overtakes", "sale: the line is down", "presses twice", "two tills race", "typed wrongly", "a payment fails", "goods come back", "while they were offline", "given to a friend", "of two coupons bought", "with points", "its part of the points" })
            Assert.Contains(kind, story, StringComparison.Ordinal);
        await Books.AssertSoundAsync(database.Source);
    }

    [Theory]
    [InlineData(0, "--help")]
    [InlineData(2, "--coupons", "many", "--key", "lk_test_x")]
    [InlineData(2, "--nothing")]
    [InlineData(3, "--url", "http://127.0.0.1:9", "--key", "lk_test_x")]
    public async Task It_says_by_its_exit_code_what_kept_it_from_starting(int expected, params string[] args)
    {
        var (code, story, progress) = await RunAsync(args);
        Assert.True(code == expected, $"{code}: {story}\n{progress}");
        Assert.NotEmpty(expected == 0 ? story : progress);
    }

    private static async Task<(int Code, string Out, string Error)> RunAsync(params string[] args)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Ledger.Samples.Till.dll"), .. args])
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
