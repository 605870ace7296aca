namespace Ledger.Benchmarks;

/// <summary>Files that are built into an assembly under their own names.</summary>
internal static class Embedded
{
    /// <exception cref="InvalidOperationException">There is no such file: a bug.</exception>
    public static string Read(string name)
    {
        using var stream = typeof(Embedded).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"No embedded {name}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
