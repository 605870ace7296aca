namespace Ledger.Postgres.Audit;

/// <summary>The columns of one stored entry, as bytes: text in UTF-8, JSON as the server spells it.</summary>
internal readonly ref struct RawEntry
{
    public required ReadOnlySpan<byte> Book { get; init; }
    public required long Seq { get; init; }

    /// <summary>The 16 bytes of the id in the order in which it is written.</summary>
    public required ReadOnlySpan<byte> Id { get; init; }
    public required ReadOnlySpan<byte> Stream { get; init; }
    public required long Version { get; init; }
    public required ReadOnlySpan<byte> Data { get; init; }
    public required ReadOnlySpan<byte> Type { get; init; }

    /// <summary>Microseconds since 2000-01-01 UTC.</summary>
    public required long Timestamp { get; init; }
    public required ReadOnlySpan<byte> DotnetType { get; init; }
    public required ReadOnlySpan<byte> Correlation { get; init; }
    public required bool HasCorrelation { get; init; }
    public required ReadOnlySpan<byte> Causation { get; init; }
    public required bool HasCausation { get; init; }

    /// <summary>Empty when there are none.</summary>
    public required ReadOnlySpan<byte> Headers { get; init; }
    public required ReadOnlySpan<byte> Hash { get; init; }

    /// <summary>The row of audit_entries.sql on which the reader stands.</summary>
    public static RawEntry Of(CopyRows row) => new()
    {
        Book = row.Bytes(0),
        Seq = row.Int64(1),
        Id = row.Bytes(2),
        Stream = row.Bytes(3),
        Version = row.Int64(4),
        Data = row.Json(5),
        Type = row.Bytes(6),
        Timestamp = row.Int64(7),
        DotnetType = row.Bytes(8),
        Correlation = row.Bytes(9),
        HasCorrelation = !row.IsNull(9),
        Causation = row.Bytes(10),
        HasCausation = !row.IsNull(10),
        Headers = row.Json(11),
        Hash = row.Bytes(12),
    };
}

/// <summary>A copy of an entry that outlives the read buffer, with the hash that was stored before it.</summary>
internal sealed class KeptEntry(in RawEntry entry, ReadOnlySpan<byte> previous)
{
    private readonly byte[] book = entry.Book.ToArray(), id = entry.Id.ToArray(), stream = entry.Stream.ToArray(), data = entry.Data.ToArray();
    private readonly byte[] type = entry.Type.ToArray(), dotnetType = entry.DotnetType.ToArray(), headers = entry.Headers.ToArray();
    private readonly byte[]? correlation = entry.HasCorrelation ? entry.Correlation.ToArray() : null;
    private readonly byte[]? causation = entry.HasCausation ? entry.Causation.ToArray() : null;
    private readonly long version = entry.Version, timestamp = entry.Timestamp;

    public long Seq { get; } = entry.Seq;
    public byte[] Hash { get; } = entry.Hash.ToArray();
    public byte[] Previous { get; } = previous.ToArray();

    /// <summary>The entry as it stood, or as it would read at another place or with another's data.</summary>
    public RawEntry At(long seq, KeptEntry? dataOf = null) => new()
    {
        Book = book,
        Seq = seq,
        Id = id,
        Stream = stream,
        Version = version,
        Data = dataOf is null ? data : dataOf.data,
        Type = type,
        Timestamp = timestamp,
        DotnetType = dotnetType,
        Correlation = correlation,
        HasCorrelation = correlation is not null,
        Causation = causation,
        HasCausation = causation is not null,
        Headers = headers,
        Hash = Hash,
    };
}
