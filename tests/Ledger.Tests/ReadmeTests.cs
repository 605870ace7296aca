using System.Text.Json;
using Xunit;

namespace Ledger.Tests;

/// <summary>The first commands of README.md, as they stand there, against the service as a process of its own.</summary>
public sealed class ReadmeTests(LedgerDatabase database) : IClassFixture<LedgerDatabase>
{
    /// <summary>Members of the answers whose values differ each time.</summary>
    private static readonly string[] s_eachTime = ["at", "code", "redemptionId", "requestId", "voidableUntil"];

    [CurlFact]
    public async Task Eight_lines_redeem_a_coupon_and_answer_what_is_printed_below_them()
    {
        var blocks = (await File.ReadAllTextAsync(Path.Combine(Repository.Root, "README.md"))).ReplaceLineEndings("\n").Split("```");
        var at = Array.FindIndex(blocks, block => block.StartsWith("sh\n", StringComparison.Ordinal) && block.Contains("curl ", StringComparison.Ordinal));
        Assert.InRange(at, 0, blocks.Length - 3);
        Assert.StartsWith("json\n", blocks[at + 2], StringComparison.Ordinal);
        var (commands, printed) = (blocks[at]["sh\n".Length..], Lines(blocks[at + 2]["json\n".Length..]));
        Assert.InRange(Lines(commands).Length, 1, 8);
        Assert.Equal(2, printed.Length);

        var platform = await database.Source.PlatformKeyAsync();
        await using var service = await LedgerProcess.StartAsync(database.ConnectionString);
        var (_, said, error) = await Bash.RunAsync(commands, ("LEDGER_URL", service.Client.Http.BaseAddress!.ToString().TrimEnd('/')), ("LEDGER_KEY", platform));

        // The merchant, its campaign three times, and what is printed.
        var answers = Lines(said);
        Assert.True(answers.Length == 6, $"{said}\n{error}");
        Assert.All(answers[..4], answer => Assert.DoesNotContain("/problems/", answer, StringComparison.Ordinal));
        Assert.Equal(printed.Select(Shape), answers[4..].Select(Shape), StringComparer.Ordinal);
    }

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The members in their order, with those values that are the same each time.</summary>
    private static string Shape(string answer) => string.Join('\n', JsonSerializer.Deserialize<JsonElement>(answer).EnumerateObject().Select(member =>
        s_eachTime.Contains(member.Name, StringComparer.Ordinal) ? $"{member.Name}: {member.Value.ValueKind}" : $"{member.Name}: {member.Value.GetRawText()}"));
}
