using System.Buffers;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Ledger.Postgres.Audit;

/// <summary>
/// Computes an entry's hash from its stored columns by another road than <see cref="EntryHasher"/>, which wrote it: bytes in, no JSON
/// writer, the data brought back to canonical form from what <c>jsonb</c> made of it. One per thread.
/// </summary>
internal sealed class EntryCheck : IDisposable
{
    private const int GuidLength = 16;

    /// <summary>What JSON writes as it stands.</summary>
    private static readonly SearchValues<byte> Plain =
        SearchValues.Create([.. Enumerable.Range(0x20, 0x7F - 0x20).Where(c => c is not ('"' or '\\')).Select(c => (byte)c)]);

    private readonly TimeText times = new();
    private readonly FlatJson flatHeaders = new();
    private readonly JsonShapes headerShapes = new();
    private readonly ArrayBufferWriter<byte> canonical = new(4096);
    private readonly IncrementalHash sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private byte[] buffer = new byte[8192];
    private int length;

    /// <summary>Writes the 32 bytes that should be the entry's hash; false where the entry has none, because no canonical form exists.</summary>
    /// <param name="flat">The members of the data, if it was found to be flat; with <paramref name="shape"/> its order.</param>
    public bool TryHash(ReadOnlySpan<byte> previous, in RawEntry entry, FlatJson? flat, JsonShape? shape, Span<byte> hash)
    {
        if (!PostgresTime.IsTime(entry.Timestamp) || entry.Id.Length != GuidLength) return false;
        var needed = 512 + (6 * (entry.Book.Length + entry.Stream.Length + entry.Type.Length + entry.DotnetType.Length + entry.Correlation.Length + entry.Causation.Length))
            + entry.Data.Length + entry.Headers.Length;
        if (buffer.Length < needed) buffer = new byte[needed * 2];
        length = 0;
        Put(previous);
        Put("{"u8);
        if (entry.HasCausation) PutText("\"causation\":"u8, entry.Causation);
        if (entry.HasCorrelation) PutText("\"correlation\":"u8, entry.Correlation);
        Put("\"data\":"u8);
        if (flat is not null && shape is not null) length += flat.WriteCanonical(entry.Data, shape, buffer.AsSpan(length));
        else if (!TryPutJson(entry.Data)) return false;
        Put(","u8);
        PutText("\"dotnetType\":"u8, entry.DotnetType);
        if (!entry.Headers.IsEmpty)
        {
            Put("\"headers\":"u8);
            if (!TryPutHeaders(entry.Headers)) return false;
            Put(","u8);
        }

        Put("\"id\":\""u8);
        PutId(entry.Id);
        Put("\",\"seq\":"u8);
        PutNumber(entry.Seq);
        Put(","u8);
        PutText("\"stream\":"u8, entry.Stream);
        PutText("\"tenant\":"u8, entry.Book);
        Put("\"timestamp\":\""u8);
        times.Write(entry.Timestamp, buffer.AsSpan(length));
        length += Times.Length;
        Put("\","u8);
        PutText("\"type\":"u8, entry.Type);
        Put("\"version\":"u8);
        PutNumber(entry.Version);
        Put("}"u8);
        sha256.AppendData(buffer, 0, length);
        return sha256.TryGetHashAndReset(hash, out _);
    }

    /// <summary>Whether the entry's hash follows from the one before.</summary>
    public bool Verify(ReadOnlySpan<byte> previous, in RawEntry entry)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        return TryHash(previous, entry, null, null, hash) && hash.SequenceEqual(entry.Hash);
    }

    public void Dispose() => sha256.Dispose();

    private bool TryPutHeaders(ReadOnlySpan<byte> headers)
    {
        if (!headerShapes.TryScan(flatHeaders, headers, out var shape) || shape is null) return TryPutJson(headers);
        length += flatHeaders.WriteCanonical(headers, shape, buffer.AsSpan(length));
        return true;
    }

    private bool TryPutJson(ReadOnlySpan<byte> json)
    {
        canonical.ResetWrittenCount();
        try
        {
            CanonicalJson.Write(json, canonical);
        }
        catch (CanonicalJsonException)
        {
            return false;
        }

        Put(canonical.WrittenSpan);
        return true;
    }

    /// <summary>Writes a name, the text as a JSON string, and a comma.</summary>
    private void PutText(ReadOnlySpan<byte> name, ReadOnlySpan<byte> text)
    {
        Put(name);
        Put("\""u8);
        if (text.ContainsAnyExcept(Plain)) Put(JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes);
        else Put(text);
        Put("\","u8);
    }

    private void PutId(ReadOnlySpan<byte> id)
    {
        new Guid(id, bigEndian: true).TryFormat(buffer.AsSpan(length), out var written);
        length += written;
    }

    private void PutNumber(long value)
    {
        value.TryFormat(buffer.AsSpan(length), out var written, default, System.Globalization.CultureInfo.InvariantCulture);
        length += written;
    }

    private void Put(ReadOnlySpan<byte> text)
    {
        text.CopyTo(buffer.AsSpan(length));
        length += text.Length;
    }
}
