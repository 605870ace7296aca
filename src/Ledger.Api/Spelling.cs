namespace Ledger.Api;

/// <summary>Finds the name that a caller most likely meant.</summary>
internal static class Spelling
{
    private const int MaxDistance = 2;
    private const int MaxLength = 64;

    /// <summary>
    /// The name at the least edit distance (Levenshtein, at most 2; case alone does not count), the first of equals, or null.
    /// </summary>
    public static string? Nearest(string written, IEnumerable<string> names)
    {
        if (written.Length is 0 or > MaxLength) return null;

        // A short name is within two edits of every other short name: half of it at least has to be right.
        return names
            .Select(name => (Name: name, Distance: Distance(written, name)))
            .Where(near => near.Distance <= MaxDistance && near.Distance * 2 <= near.Name.Length)
            .OrderBy(near => near.Distance)
            .FirstOrDefault().Name;
    }

    private static int Distance(string a, string b)
    {
        if (Math.Abs(a.Length - b.Length) > MaxDistance) return int.MaxValue / 2;

        // One row of the matrix: row[j] is the distance of a's first i characters from b's first j.
        Span<int> row = stackalloc int[MaxLength + MaxDistance + 1];
        for (var j = 0; j <= b.Length; j++) row[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var change = char.ToUpperInvariant(a[i - 1]) == char.ToUpperInvariant(b[j - 1]) ? 0 : 1;
                var distance = Math.Min(diagonal + change, Math.Min(row[j - 1], row[j]) + 1);
                diagonal = row[j];
                row[j] = distance;
            }
        }

        return row[b.Length];
    }
}
