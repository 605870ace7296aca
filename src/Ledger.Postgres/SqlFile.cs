namespace Ledger.Postgres;

/// <summary>All SQL lives in <c>.sql</c> files, embedded under their own names.</summary>
internal static class SqlFile
{
    /// <summary>The names of all embedded <c>.sql</c> files.</summary>
    public static IEnumerable<string> Names =>
        typeof(SqlFile).Assembly.GetManifestResourceNames().Where(name => name.EndsWith(".sql", StringComparison.Ordinal));

    /// <exception cref="InvalidOperationException">No such file was embedded: a bug.</exception>
    public static string Read(string name)
    {
        using var stream = typeof(SqlFile).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"No embedded {name}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
