using System.Text.Json;
using Ledger.Policies;
using Ledger.Reversals;
using NodaTime;

namespace Ledger.Tests;

/// <summary>
/// A book without a database: runs operations one after another and keeps what a book keeps. What it appends was written to JSON and
/// read back, as a book's would be.
/// </summary>
/// <param name="onces">What was done once in a world of several books; null: this is the only one.</param>
internal sealed class InMemoryBook(HashSet<(string Book, string Key)>? onces = null)
{
    /// <summary>As often as one operation of a batch may ask for more.</summary>
    private const int MostRounds = 12;

    private readonly HashSet<(string Book, string Key)> onces = onces ?? [];
    private readonly Dictionary<string, object> states = new(StringComparer.Ordinal);
    private readonly Dictionary<string, StoredRequest> requests = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> tallies = new(StringComparer.Ordinal);

    /// <summary>Every entry in order, with the version in its stream.</summary>
    public List<(StreamName Stream, long Version, object Fact)> Entries { get; } = [];

    public IReadOnlyDictionary<string, long> Tallies => tallies;

    public IReadOnlyDictionary<string, object> States => states;

    public static Request Request(string key, Instant now) => new("book", key, new byte[32], "test", now);

    /// <summary>What is kept under a request key.</summary>
    public IReadOnlyDictionary<string, StoredRequest> Requests => requests;

    /// <summary>The answer under the operation's key, which is given once and for ever; a refusal leaves no trace, a tombstone refuses.</summary>
    public (byte[]? Answer, Rejection? Refusal) Run(Operation operation)
    {
        var key = operation.Request.Key!;
        if (requests.TryGetValue(key, out var earlier))
            return earlier.IsTombstone ? (null, new ReversedBeforeArrival(earlier.Tombstone().At)) : (earlier.Outcome.ToArray(), null);

        if (operation.Once is { } once && onces.Contains((once.Book, once.Key))) return (null, once.Taken);
        var book = new BookStates();
        foreach (var other in operation.OtherRequests)
        {
            book.Ask(other);
            if (requests.TryGetValue(other, out var known)) book.Note(other, known);
        }

        Put(book, operation.Streams);
        foreach (var tally in operation.Tallies) book.PutTally(tally, tallies.GetValueOrDefault(tally));
        for (var rounds = 1; ; rounds++)
        {
            switch (operation.Decide(book))
            {
                case Verdict.NeedsMore { Streams: var more, Tallies: var keys }:
                    Xunit.Assert.True(rounds <= MostRounds, "The operation asks for more than the scribe reads.");
                    Put(book, more);
                    foreach (var tally in keys) book.PutTally(tally, tallies.GetValueOrDefault(tally));
                    break;
                case Verdict.Rejected(var reason):
                    return (null, reason);
                case Verdict.Accepted accepted:
                    foreach (var change in accepted.Changes) Append(change);
                    foreach (var tombstone in accepted.Tombstones) requests.Add(tombstone.Request, new(default, Stored(tombstone)));
                    if (operation.Once is { } kept) onces.Add((kept.Book, kept.Key));
                    var answer = Stored(accepted.Answer);
                    if (!(accepted is { Changes: [], Tombstones: [] } && Policy.IsKey(key))) requests.Add(key, new(operation.Request.Fingerprint, answer));
                    return (answer, null);
            }
        }
    }

    public TState State<TState, TEvent>(Stream<TState, TEvent> stream)
        where TState : notnull
        where TEvent : notnull => (TState)states.GetValueOrDefault(stream.Id, stream.Of.Initial);

    private static byte[] Stored(object answer) => CanonicalJson.Of(JsonSerializer.SerializeToUtf8Bytes(answer, answer.GetType(), LedgerJson.Outcomes));

    private void Put(BookStates book, IEnumerable<StreamName> streams)
    {
        foreach (var stream in streams) book.Put(stream.Id, states.GetValueOrDefault(stream.Id, stream.Type.Initial));
    }

    private void Append(Change change)
    {
        var stored = Catalogue.Of(change.Fact);
        var fact = stored.Read(CanonicalJson.Of(JsonSerializer.SerializeToUtf8Bytes(change.Fact, stored.Type, LedgerJson.Options)));
        var stream = change.Stream;
        Entries.Add((stream, Entries.Count(entry => entry.Stream.Id == stream.Id) + 1, fact));
        states[stream.Id] = stream.Type.Evolve(states.GetValueOrDefault(stream.Id, stream.Type.Initial), fact);
        foreach (var tally in stream.Type.TalliesOf(fact)) tallies[tally.Key] = tallies.GetValueOrDefault(tally.Key) + tally.Amount;
    }
}
