namespace Ledger;

/// <summary>Lists inside records compare by content.</summary>
internal static class Lists
{
    public static bool Same<T>(IReadOnlyList<T>? a, IReadOnlyList<T>? b) => a is null || b is null ? a is null && b is null : a.SequenceEqual(b);
}
