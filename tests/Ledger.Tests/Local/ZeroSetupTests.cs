using System.Diagnostics;
using System.Text.Json;
using Ledger.Postgres.Local;
using Xunit;

namespace Ledger.Tests.Local;

/// <summary>The built service as <c>dotnet run --project src/Ledger.Api</c> starts it: no connection string, a Postgres of its own.</summary>
public sealed class ZeroSetupTests : IAsyncLifetime
{
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(20);

    private readonly string folder = PostgresServer.NewFolder();

    /// <summary>The service makes the folder.</summary>
    public Task InitializeAsync()
    {
        Directory.Delete(folder);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await LocalPostgres.DeleteAsync(folder);
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
    }

    [CurlFact]
    public async Task What_it_prints_can_be_tried_and_after_Ctrl_C_nothing_runs_and_nothing_is_lost()
    {
        string key;
        await using (var first = await StartAsync())
        {
            (key, var commands) = await ReadAsync(first);
            await TryAsync(commands);
            await first.InterruptAsync();
            await AssertNothingRunsAsync();
        }

        await using var second = await StartAsync();
        var (sameKey, sameCommands) = await ReadAsync(second);
        Assert.Equal(key, sameKey);
        var merchant = Shop.Expect(200, await second.Client.GetAsync("/v1/merchant", key, ("Ledger-Merchant", "tea-house")));
        Assert.Equal("Tea House", merchant.Said("name"));
        await TryAsync(sameCommands);
        await second.InterruptAsync();
        await AssertNothingRunsAsync();
    }

    /// <summary>Interrupted when its folder is there, while Postgres is being made, while it starts, and when it is up but the service is not.</summary>
    [Theory]
    [InlineData("INT", "", "")]
    [InlineData("INT", "Making a database cluster", "")]
    [InlineData("TERM", "Making a database cluster", "")]
    [InlineData("INT", "", "data/postmaster.pid")]
    [InlineData("TERM", "", "data/postmaster.pid")]
    [InlineData("INT", "is up after", "")]
    [InlineData("TERM", "is up after", "")]
    public async Task A_start_that_is_interrupted_leaves_nothing_running_and_the_next_one_works(string signal, string said, string file)
    {
        var (code, log) = await LedgerProcess.InterruptStartAsync(
            signal, sofar => Path.Exists(Path.Combine(folder, file)) && sofar.Contains(said, StringComparison.Ordinal), ("LEDGER_DATA", folder));
        Assert.True(code == 0, $"The service ended with {code}:\n{log}");
        Assert.DoesNotContain("   at ", log, StringComparison.Ordinal);
        if (!log.Contains("The ledger is ready", StringComparison.Ordinal)) Assert.Contains("The service was stopped while it started.", log, StringComparison.Ordinal);
        await AssertNothingRunsAsync();

        await using var service = await StartAsync();
        var (key, _) = await ReadAsync(service);
        Shop.Expect(201, await service.Client.PostAsync("/v1/merchants", new { id = "tea-house", name = "Tea House" }, key));
        await service.StopAsync();
        await AssertNothingRunsAsync();
    }

    [Fact]
    public async Task Ctrl_C_again_and_again_leaves_nothing_running_either()
    {
        await using var service = await StartAsync();
        await service.InterruptAsync(isImpatient: true);
        await AssertNothingRunsAsync();
        Assert.Contains($"Postgres stopped in {folder}", service.Log, StringComparison.Ordinal);
    }

    private Task<LedgerProcess> StartAsync() => LedgerProcess.StartAsync("", 0, ("LEDGER_DATA", folder));

    /// <summary>The demo key and the commands to try, as the service prints them.</summary>
    private static async Task<(string Key, string Commands)> ReadAsync(LedgerProcess service)
    {
        const string Announced = "Demo key (platform): ";
        await service.HearAsync("Ctrl-C stops the service");
        var lines = service.Log.Split('\n');
        var key = Assert.Single(lines, line => line.StartsWith(Announced, StringComparison.Ordinal))[Announced.Length..];
        var commands = string.Join('\n', lines.SkipWhile(line => line != "Try first:").Skip(1).TakeWhile(line => line.Length > 0));
        Assert.Contains($"export LEDGER_URL={service.Client.Http.BaseAddress!.ToString().TrimEnd('/')} LEDGER_KEY={key}", commands, StringComparison.Ordinal);
        return (key, commands);
    }

    /// <summary>Runs the commands as they stand. The first time and any other, they answer the merchant.</summary>
    private static async Task TryAsync(string commands)
    {
        var (code, said, error) = await Bash.RunAsync(commands);
        Assert.True(code == 0, $"The commands ended with {code}: {error}\n{commands}");
        var answer = JsonSerializer.Deserialize<JsonElement>(said);
        Assert.True(answer.TryGetProperty("id", out var id) && id.GetString() == "tea-house", said);
        Assert.Equal("Tea House", answer.GetProperty("name").GetString());
    }

    /// <summary>Neither a Postgres nor a program that makes, starts or stops one: none was told of the folder, none works in it.</summary>
    private async Task AssertNothingRunsAsync()
    {
        var clock = Stopwatch.StartNew();
        while (Running() is { Length: > 0 } left)
        {
            Assert.True(clock.Elapsed < EndLimit, $"These still run: {string.Join("; ", left)}");
            await Task.Delay(20);
        }
    }

    private string[] Running() =>
        [.. Directory.GetDirectories("/proc").Where(process => char.IsAsciiDigit(Path.GetFileName(process)[0])).Select(CommandIfHere).OfType<string>()];

    private string? CommandIfHere(string process)
    {
        try
        {
            var command = File.ReadAllText(Path.Combine(process, "cmdline")).Replace('\0', ' ');
            var place = new DirectoryInfo(Path.Combine(process, "cwd")).LinkTarget;
            return command.Contains(folder, StringComparison.Ordinal) || place?.StartsWith(folder, StringComparison.Ordinal) is true ? command : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It ended while we looked, or is another account's.
            return null;
        }
    }
}
