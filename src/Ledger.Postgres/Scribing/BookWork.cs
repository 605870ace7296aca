using NodaTime;

namespace Ledger.Postgres.Scribing;

/// <summary>One book during one batch: what was loaded of it, and what the batch's operations made of that.</summary>
internal sealed class BookWork(string id)
{
    public string Id { get; } = id;

    public long Head { get; set; }

    /// <summary>The head as it was loaded; entries above it are the batch's own.</summary>
    public long LoadedHead { get; set; }

    public ReadOnlyMemory<byte> Hash { get; set; } = EntryHasher.Genesis;

    public BookStates States { get; } = new();

    public Dictionary<string, StreamWork> Streams { get; } = new(StringComparer.Ordinal);

    /// <summary>What the batch adds to tallies, by key.</summary>
    public Dictionary<string, long> TallyChanges { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, StoredRequest> Requests { get; } = new(StringComparer.Ordinal);
}

/// <summary>One stream during one batch.</summary>
internal sealed class StreamWork(StreamName name)
{
    public StreamName Name { get; } = name;

    public object State { get; set; } = name.Type.Initial;

    public long Version { get; set; }

    public long LoadedVersion { get; set; }

    /// <summary>Times of the batch's first and last entry of the stream.</summary>
    public Instant First { get; set; }

    public Instant Last { get; set; }

    public bool IsChanged => Version > LoadedVersion;
}
