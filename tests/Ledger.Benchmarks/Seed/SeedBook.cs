using System.Text.Json;
using NodaTime;

namespace Ledger.Benchmarks.Seed;

/// <summary>
/// A book that is made in memory by the domain's own operations: what the scribe would have written, without the scribe. Request keys
/// are not needed and left out.
/// </summary>
internal sealed class SeedBook(string id, EntryHasher hasher, Action<Entry, byte[]> write)
{
    private static readonly byte[] Headers = CanonicalJson.Of("""{"actor":"seed"}"""u8);

    private readonly BookStates states = new();

    public string Id { get; } = id;

    public long Head { get; private set; }

    public byte[] Hash { get; private set; } = EntryHasher.Genesis.ToArray();

    public Dictionary<string, SeedStream> Streams { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, long> Tallies { get; } = new(StringComparer.Ordinal);

    public Request Request(Instant now) => new(Id, null, ReadOnlyMemory<byte>.Empty, "seed", now);

    public static byte[] Canonical(object value, JsonSerializerOptions options) => CanonicalJson.Of(JsonSerializer.SerializeToUtf8Bytes(value, value.GetType(), options));

    /// <summary>Runs one operation; returns what it answers.</summary>
    /// <exception cref="InvalidOperationException">It was refused: the seed is wrong.</exception>
    public object Run(Operation operation)
    {
        foreach (var stream in operation.Streams) Load(stream);
        foreach (var key in operation.Tallies) states.PutTally(key, Tallies.GetValueOrDefault(key));
        while (true)
        {
            switch (operation.Decide(states))
            {
                case Verdict.NeedsMore { Streams: var streams, Tallies: var tallies }:
                    foreach (var stream in streams) Load(stream);
                    foreach (var key in tallies) states.PutTally(key, Tallies.GetValueOrDefault(key));
                    break;
                case Verdict.Accepted(var changes, var answer):
                    foreach (var change in changes) Append(change, operation.Request.Now);
                    return answer;
                case var refused:
                    throw new InvalidOperationException($"Refused: {refused}");
            }
        }
    }

    public TState State<TState, TEvent>(Stream<TState, TEvent> stream)
        where TState : notnull
        where TEvent : notnull => states.State(stream);

    private void Load(StreamName name)
    {
        if (Streams.ContainsKey(name.Id)) return;
        Streams.Add(name.Id, new(name));
        states.Put(name.Id, name.Type.Initial);
    }

    private void Append(Change change, Instant now)
    {
        var (stream, stored) = (Streams[change.Stream.Id], Catalogue.Of(change.Fact));
        var entry = new Entry(
            Id, ++Head, Guid.CreateVersion7(), stream.Name.Id, ++stream.Version, Canonical(change.Fact, LedgerJson.Options), stored.Name, now,
            stored.DotnetType, null, null, Headers);
        Hash = hasher.Hash(Hash, entry);
        write(entry, Hash);
        stream.State = stream.Name.Type.Evolve(stream.State, change.Fact);
        stream.Last = now;
        states.Put(stream.Name.Id, stream.State);
        foreach (var (key, amount) in stream.Name.Type.TalliesOf(change.Fact)) Tallies[key] = Tallies.GetValueOrDefault(key) + amount;
    }
}

/// <summary>A stream of a book in the making.</summary>
internal sealed class SeedStream(StreamName name)
{
    public StreamName Name { get; } = name;

    public long Version { get; set; }

    public object State { get; set; } = name.Type.Initial;

    public Instant Last { get; set; }
}
