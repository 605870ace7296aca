using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Xunit;

namespace Ledger.Tests;

/// <summary>
/// Compares text with a committed <c>*.verified.txt</c> beside the test. Where they differ, what was received is written beside it as
/// <c>*.received.txt</c>: read the difference, and rename the file to accept it.
/// </summary>
public static class Approved
{
    public static void Matches(string actual, [CallerFilePath] string file = "", [CallerMemberName] string test = "")
    {
        var stem = Path.Combine(Path.GetDirectoryName(file)!, $"{Path.GetFileNameWithoutExtension(file)}.{test}");
        Compare(actual, $"{stem}.verified.txt", $"{stem}.received.txt");
    }

    /// <summary>Compares with a file anywhere in the repository, named from its root.</summary>
    public static void MatchesFile(string actual, string path)
    {
        var full = Path.Combine(Repository.Root, path);
        Compare(actual, full, Path.ChangeExtension(full, null).Replace(".approved", "", StringComparison.Ordinal) + ".received.txt");
    }

    private static void Compare(string actual, string verified, string received)
    {
        actual = actual.ReplaceLineEndings("\n").TrimEnd() + "\n";
        var expected = File.Exists(verified) ? File.ReadAllText(verified).ReplaceLineEndings("\n") : "";
        if (expected == actual)
        {
            File.Delete(received);
            return;
        }

        File.WriteAllText(received, actual);
        Assert.Fail($"{Path.GetFileName(verified)} differs (- approved, + received); to accept: mv {received} {verified}\n{Difference(expected.Split('\n'), actual.Split('\n'))}");
    }

    /// <summary>The lines that differ, each with its number; a longest common subsequence keeps the rest out.</summary>
    private static string Difference(string[] expected, string[] actual)
    {
        var common = new int[expected.Length + 1, actual.Length + 1];
        for (var i = expected.Length - 1; i >= 0; i--)
        {
            for (var j = actual.Length - 1; j >= 0; j--)
            {
                common[i, j] = expected[i] == actual[j] ? common[i + 1, j + 1] + 1 : Math.Max(common[i + 1, j], common[i, j + 1]);
            }
        }

        var text = new StringBuilder();
        for (var (i, j) = (0, 0); i < expected.Length || j < actual.Length;)
        {
            if (i < expected.Length && j < actual.Length && expected[i] == actual[j]) (i, j) = (i + 1, j + 1);
            else if (j == actual.Length || (i < expected.Length && common[i + 1, j] >= common[i, j + 1])) text.Append(CultureInfo.InvariantCulture, $"-{i + 1}: {expected[i++]}\n");
            else text.Append(CultureInfo.InvariantCulture, $"+{j + 1}: {actual[j++]}\n");
        }

        return text.ToString();
    }
}

/// <summary>Where the files of this repository are.</summary>
public static class Repository
{
    public static string Root { get; } = Find();

    private static string Find([CallerFilePath] string file = "")
    {
        var folder = new FileInfo(file).Directory;
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Ledger.sln"))) folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException($"No Ledger.sln above {file}.");
    }
}
