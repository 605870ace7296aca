using System.Text;

namespace Ledger;

/// <summary>Text that has no canonical form. A bug or a forged row when it comes from storage, never a business refusal.</summary>
public sealed class CanonicalJsonException : FormatException
{
    private const int MaxOffendingBytes = 64;

    internal CanonicalJsonException(string rule, ReadOnlySpan<byte> offending, Exception? inner = null)
        : this(rule, Excerpt(offending), inner)
    {
    }

    private CanonicalJsonException(string rule, string offending, Exception? inner)
        : base($"{rule}: {offending}", inner) => Offending = offending;

    /// <summary>The text that broke the rule as it stood in the input, or the first 64 bytes of it.</summary>
    public string Offending { get; }

    private static string Excerpt(ReadOnlySpan<byte> text) =>
        Encoding.UTF8.GetString(text[..Math.Min(text.Length, MaxOffendingBytes)]);
}
