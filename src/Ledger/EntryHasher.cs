using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using NodaTime;

namespace Ledger;

/// <summary>
/// One entry of a book as it is stored: every column that carries meaning. <paramref name="Data"/> and
/// <paramref name="Headers"/> are canonical JSON (RFC 8785).
/// </summary>
/// <param name="Seq">The entry number: 1, 2, 3 ... in its book.</param>
/// <param name="Version">1, 2, 3 ... in its stream.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Entry(
    string Book, long Seq, Guid Id, string Stream, long Version, ReadOnlyMemory<byte> Data, string Type, Instant Timestamp, string DotnetType,
    string? Correlation, string? Causation, ReadOnlyMemory<byte> Headers);

/// <summary>
/// Chains entries: SHA-256 of the previous entry's hash and the canonical JSON (RFC 8785) of the entry, all columns, members in
/// order. Reuses its buffers: one hasher per thread.
/// </summary>
public sealed class EntryHasher : IDisposable
{
    /// <summary>What stands before the first entry of every book.</summary>
    public static ReadOnlyMemory<byte> Genesis { get; } = new byte[SHA256.HashSizeInBytes];

    private readonly ArrayBufferWriter<byte> buffer = new(2048);
    private readonly Utf8JsonWriter json;

    public EntryHasher() => json = new(buffer, new() { SkipValidation = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>The hash of the entry that follows one of hash <paramref name="previous"/>.</summary>
    public byte[] Hash(ReadOnlySpan<byte> previous, in Entry entry)
    {
        Fill(previous, entry);
        return SHA256.HashData(buffer.WrittenSpan);
    }

    /// <summary>Whether the entry's stored hash follows from the previous one; allocates nothing.</summary>
    public bool Verify(ReadOnlySpan<byte> previous, in Entry entry, ReadOnlySpan<byte> stored)
    {
        Fill(previous, entry);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(buffer.WrittenSpan, hash);
        return hash.SequenceEqual(stored);
    }

    public void Dispose() => json.Dispose();

    // The ids and keys are printable ASCII (parsed at the edge), for which this encoder writes what RFC 8785 asks.
    private void Fill(ReadOnlySpan<byte> previous, in Entry entry)
    {
        Span<byte> time = stackalloc byte[Times.Length];
        Times.Write(entry.Timestamp, time);
        buffer.ResetWrittenCount();
        buffer.Write(previous);
        json.Reset();
        json.WriteStartObject();
        if (entry.Causation is not null) json.WriteString("causation"u8, entry.Causation);
        if (entry.Correlation is not null) json.WriteString("correlation"u8, entry.Correlation);
        json.WritePropertyName("data"u8);
        json.WriteRawValue(entry.Data.Span, skipInputValidation: true);
        json.WriteString("dotnetType"u8, entry.DotnetType);
        if (!entry.Headers.IsEmpty)
        {
            json.WritePropertyName("headers"u8);
            json.WriteRawValue(entry.Headers.Span, skipInputValidation: true);
        }

        json.WriteString("id"u8, entry.Id);
        json.WriteNumber("seq"u8, entry.Seq);
        json.WriteString("stream"u8, entry.Stream);
        json.WriteString("tenant"u8, entry.Book);
        json.WriteString("timestamp"u8, time);
        json.WriteString("type"u8, entry.Type);
        json.WriteNumber("version"u8, entry.Version);
        json.WriteEndObject();
        json.Flush();
    }
}
