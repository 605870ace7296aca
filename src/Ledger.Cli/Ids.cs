using System.Text.RegularExpressions;

namespace Ledger.Cli;

/// <summary>The shape of every identifier of the ledger.</summary>
internal static partial class Ids
{
    public static bool IsOne(string text) => Shape().IsMatch(text);

    [GeneratedRegex(Limits.WholeIdPattern, RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Shape();
}
