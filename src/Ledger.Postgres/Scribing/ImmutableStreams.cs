using System.Collections.Concurrent;

namespace Ledger.Postgres.Scribing;

/// <summary>
/// Remembers streams that are written once (<see cref="StreamType.IsImmutable"/>), as they were read from committed data. Bounded:
/// when full it starts again from nothing, which costs a round trip a stream.
/// </summary>
internal sealed class ImmutableStreams
{
    private const int Capacity = 50_000;
    private int weight;
    private readonly ConcurrentDictionary<(string Book, string Stream), (long Version, object State)> known = new();

    public bool TryGet(string book, string stream, out long version, out object state)
    {
        var found = known.TryGetValue((book, stream), out var value);
        (version, state) = value;
        return found;
    }

    public void Remember(string book, StreamWork stream)
    {
        if (stream.Name.Type.IsImmutable && stream.LoadedVersion > 0) Remember(book, stream.Name, stream.LoadedVersion, stream.State);
    }

    public void Remember(string book, StreamName stream, long version, object state)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (Interlocked.Add(ref weight, stream.Type.Weight) > Capacity)
        {
            known.Clear();
            Interlocked.Exchange(ref weight, stream.Type.Weight);
        }

        known[(book, stream.Id)] = (version, state);
    }
}
