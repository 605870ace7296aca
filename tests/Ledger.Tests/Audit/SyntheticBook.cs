using System.Text.Json;
using NodaTime;
using NpgsqlTypes;

namespace Ledger.Tests.Audit;

/// <summary>One stream of an invented book.</summary>
public sealed record SyntheticStream(StreamType Type, long Version, object State, Instant Created, Instant Timestamp);

/// <summary>One invented book: runs operations as the scribe would, one at a time and in memory.</summary>
public sealed class SyntheticBook(string name) : IDisposable
{
    private readonly EntryHasher hasher = new();
    private readonly List<(long Seq, string Stream, object Fact)> entries = [];
    private readonly Dictionary<string, StoredRequest> kept = new(StringComparer.Ordinal);

    public string Name { get; } = name;

    public long Head { get; private set; }

    public byte[] Hash { get; private set; } = EntryHasher.Genesis.ToArray();

    /// <summary>Codes issued and not yet used.</summary>
    public IList<string> Codes { get; } = new List<string>();

    /// <summary>Ids that redemptions may have.</summary>
    public IList<string> Redeemed { get; } = new List<string>();

    public IDictionary<string, SyntheticStream> Streams { get; } = new Dictionary<string, SyntheticStream>(StringComparer.Ordinal);

    public IDictionary<string, long> Tallies { get; } = new Dictionary<string, long>(StringComparer.Ordinal);

    public IReadOnlyList<(long Seq, string Stream, object Fact)> Entries => entries;

    /// <summary>Keys of requests that were carried out, and of those that are barred.</summary>
    public IReadOnlyCollection<string> Keys => kept.Keys;

    public async Task RunAsync(Operation operation, SyntheticRows rows, SyntheticRows requests)
    {
        ArgumentNullException.ThrowIfNull(operation);
        if (operation.Request.Key is { } asked && kept.ContainsKey(asked)) return;
        var states = new BookStates();
        foreach (var tally in operation.Tallies) states.PutTally(tally, Tallies.TryGetValue(tally, out var value) ? value : 0);
        foreach (var other in operation.OtherRequests)
        {
            states.Ask(other);
            if (kept.TryGetValue(other, out var known)) states.Note(other, known);
        }

        Put(operation.Streams);
        var verdict = operation.Decide(states);
        while (verdict is Verdict.NeedsMore more)
        {
            Put(more.Streams);
            foreach (var tally in more.Tallies) states.PutTally(tally, Tallies.TryGetValue(tally, out var value) ? value : 0);
            verdict = operation.Decide(states);
        }

        if (verdict is not Verdict.Accepted accepted) return;
        foreach (var change in accepted.Changes) await AppendAsync(change, operation.Request, rows);
        if (operation.Request.Key is { } key) await KeepAsync(key, operation.Request.Fingerprint, accepted.Answer);
        foreach (var tombstone in accepted.Tombstones) await KeepAsync(tombstone.Request, default, tombstone);

        async Task KeepAsync(string key, ReadOnlyMemory<byte> fingerprint, object answer)
        {
            var outcome = CanonicalJson.Of(JsonSerializer.SerializeToUtf8Bytes(answer, answer.GetType(), LedgerJson.Outcomes));
            kept.Add(key, new(fingerprint, outcome));
            await requests.RowAsync(Name, key, fingerprint.ToArray(), new Json(outcome));
        }

        void Put(IEnumerable<StreamName> streams)
        {
            foreach (var stream in streams) states.Put(stream.Id, Streams.TryGetValue(stream.Id, out var known) ? known.State : stream.Type.Initial);
        }
    }

    public void Dispose() => hasher.Dispose();

    private async Task AppendAsync(Change change, Request request, SyntheticRows rows)
    {
        var (stream, fact) = (change.Stream, change.Fact);
        var stored = Catalogue.Of(fact);
        var before = Streams.TryGetValue(stream.Id, out var known) ? known : null;
        var after = new SyntheticStream(
            stream.Type, (before?.Version ?? 0) + 1, stream.Type.Evolve(before?.State ?? stream.Type.Initial, fact), before?.Created ?? request.Now, request.Now);
        Streams[stream.Id] = after;
        foreach (var tally in stream.Type.TalliesOf(fact)) Tallies[tally.Key] = (Tallies.TryGetValue(tally.Key, out var value) ? value : 0) + tally.Amount;

        var data = CanonicalJson.Of(JsonSerializer.SerializeToUtf8Bytes(fact, fact.GetType(), LedgerJson.Options));
        var headers = CanonicalJson.Of(JsonSerializer.SerializeToUtf8Bytes(new { actor = request.Actor }));
        var entry = new Entry(
            Name, ++Head, Guid.CreateVersion7(request.Now.ToDateTimeOffset()), stream.Id, after.Version, data, stored.Name, request.Now, stored.DotnetType,
            request.Correlation, request.Key, headers);
        Hash = hasher.Hash(Hash, entry);
        entries.Add((Head, stream.Id, fact));
        await rows.RowAsync(
            Name, entry.Seq, entry.Id, entry.Stream, entry.Version, new Json(data), entry.Type, request.Now, entry.DotnetType, entry.Correlation, entry.Causation, new Json(headers), Hash);
    }
}

/// <summary>Bytes for a <c>jsonb</c> column.</summary>
public sealed record Json(byte[] Utf8)
{
    public const NpgsqlDbType Type = NpgsqlDbType.Jsonb;
}
