using System.Text.RegularExpressions;
using System.Xml.Linq;
using Xunit;

namespace Ledger.Tests;

/// <summary>What must not happen, whoever adds a file.</summary>
public partial class ArchitectureTests
{
    /// <summary>Not parameters but names, or the frame of a transaction: nothing that a query plan or a review would miss.</summary>
    private static readonly string[] s_allowedSql = ["begin", "commit", "rollback", "create database {Quote(name)}{copy}", "drop database if exists {Quote(name)} with (force)"];

    [Fact]
    public void The_domain_knows_NodaTime_and_the_framework_only()
    {
        Assert.Equal(["NodaTime"], Referenced("src/Ledger/Ledger.csproj", "PackageReference"));
        Assert.Empty(Referenced("src/Ledger/Ledger.csproj", "ProjectReference"));
        Assert.Empty(Referenced("src/Ledger/Ledger.csproj", "FrameworkReference"));
        Assert.All(
            typeof(Money).Assembly.GetReferencedAssemblies().Select(assembly => assembly.Name!),
            name => Assert.True(name is "NodaTime" || name.StartsWith("System.", StringComparison.Ordinal), name));
    }

    [Fact]
    public void Only_the_store_says_Npgsql_and_only_the_top_knows_both()
    {
        Assert.Contains("Npgsql", Referenced("src/Ledger.Postgres/Ledger.Postgres.csproj", "PackageReference"), StringComparer.Ordinal);
        Assert.Equal(["../Ledger/Ledger.csproj"], Referenced("src/Ledger.Postgres/Ledger.Postgres.csproj", "ProjectReference"));
        Assert.DoesNotContain("Npgsql", Referenced("src/Ledger.Api/Ledger.Api.csproj", "PackageReference"), StringComparer.Ordinal);
        Assert.DoesNotContain("Npgsql", Referenced("src/Ledger.Cli/Ledger.Cli.csproj", "PackageReference"), StringComparer.Ordinal);
    }

    [Fact]
    public void The_domain_reads_no_clock_and_rolls_no_dice() => Assert.Empty(
        Lines("src/Ledger").Where(line => ClockOrChance().IsMatch(line.Code)).Select(line => $"{line.File}: {line.Code}"));

    /// <summary>Slices meet in Policies, Redemptions, Reversals, Pools and Benefits, and in the catalogue of what is stored; any of them may order transfers.</summary>
    [Fact]
    public void Slices_do_not_name_each_other()
    {
        string[] composing = ["Policies", "Redemptions", "Reversals", "Pools", "Benefits"];
        var slices = Directory.GetDirectories(Path.Combine(Repository.Root, "src/Ledger")).Select(folder => Path.GetFileName(folder)!)
            .Where(name => name is not ("bin" or "obj") && !composing.Contains(name, StringComparer.Ordinal)).ToArray();
        Assert.Contains("Coupons", slices, StringComparer.Ordinal);
        Assert.Contains("Merchants", slices, StringComparer.Ordinal);
        foreach (var slice in slices)
        {
            var others = slices.Where(other => other != slice && other != "Transfers").Select(other => $"Ledger.{other}").ToArray();
            Assert.Empty(Lines($"src/Ledger/{slice}").Where(line => !line.File.Contains("/Redemptions/", StringComparison.Ordinal) && others.Any(other => line.Code.Contains(other, StringComparison.Ordinal))).Select(line => $"{line.File}: {line.Code}"));
        }
    }

    [Fact]
    public void SQL_stands_in_sql_files() => Assert.Empty(
        from line in Lines("src")
        from Match text in StringLiteral().Matches(line.Code)
        where Sql().IsMatch(text.Groups["text"].Value) && !s_allowedSql.Contains(text.Groups["text"].Value, StringComparer.Ordinal)
        select $"{line.File}: {line.Code}");

    [Theory]
    [InlineData("var sql = \"select 1\";", true)]
    [InlineData("var sql = $\"delete from {table}\";", true)]
    [InlineData("var sql = \"insert into ledger.books values ($1)\";", true)]
    [InlineData("new Description(\"Select the campaign that runs\")", false)]
    [InlineData("throw new Exception(\"Delete it by hand\")", false)]
    public void SQL_is_told_from_prose(string code, bool isSql) =>
        Assert.Equal(isSql, StringLiteral().Matches(code).Any(text => Sql().IsMatch(text.Groups["text"].Value)));

    private static string[] Referenced(string project, string kind) => [.. XDocument.Load(Path.Combine(Repository.Root, project))
        .Descendants(kind).Select(reference => reference.Attribute("Include")!.Value)];

    /// <summary>Every line of code under a folder, comments left out.</summary>
    private static IEnumerable<(string File, string Code)> Lines(string folder) =>
        from file in Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.cs", SearchOption.AllDirectories)
        let name = Path.GetRelativePath(Repository.Root, file)
        where !name.Contains("/obj/", StringComparison.Ordinal) && !name.Contains("/bin/", StringComparison.Ordinal)
        from line in File.ReadLines(file)
        let code = line.Trim()
        where !code.StartsWith("//", StringComparison.Ordinal)
        select (name, code);

    [GeneratedRegex(@"\bSystemClock\b|\bTimeProvider\b|\bDateTime(Offset)?\.(Now|UtcNow|Today)\b|\bStopwatch\b|\bEnvironment\.TickCount|\bGuid\.(NewGuid|CreateVersion7)\b|\b(new )?Random(NumberGenerator)?\b[.(]", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex ClockOrChance();

    [GeneratedRegex("""\$?"(?<text>([^"\\]|\\.)*)""", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex StringLiteral();

    // SQL is written in lower case here, and a verb alone is a word, but for the frame of a transaction.
    [GeneratedRegex(
        @"^\s*((with|select|insert into|update|delete from|merge into|create|alter|drop|truncate|grant|revoke|copy|lock|listen|notify|set)\s+\S|(begin|commit|rollback)\s*;?\s*$)",
        RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Sql();
}
