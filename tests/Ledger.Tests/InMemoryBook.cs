using System.Text.Json;
using NodaTime;

namespace Ledger.Tests;

/// <summary>
/// A book without a database: runs operations one after another and keeps what a book keeps. What it appends was written to JSON and
/// read back, as a book's would be.
/// </summary>
internal sealed class InMemoryBook
{
    private readonly Dictionary<string, object> states = new(StringComparer.Ordinal);
    private readonly Dictionary<string, byte[]> outcomes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> tallies = new(StringComparer.Ordinal);

    /// <summary>Every entry in order, with the version in its stream.</summary>
    public List<(StreamName Stream, long Version, object Fact)> Entries { get; } = [];

    public IReadOnlyDictionary<string, long> Tallies => tallies;

    public IReadOnlyDictionary<string, object> States => states;

    public static Request Request(string key, Instant now) => new("book", key, default, "test", now);

    /// <summary>The answer under the operation's key, which is given once and for ever; a refusal leaves no trace.</summary>
    public (byte[]? Answer, Rejection? Refusal) Run(Operation operation)
    {
        var key = operation.Request.Key!;
        if (outcomes.TryGetValue(key, out var earlier)) return (earlier, null);

        var book = new BookStates();
        Put(book, operation.Streams);
        foreach (var tally in operation.Tallies) book.PutTally(tally, tallies.GetValueOrDefault(tally));
        while (true)
        {
            switch (operation.Decide(book))
            {
                case Verdict.NeedsMore(var more):
                    Put(book, more);
                    break;
                case Verdict.Rejected(var reason):
                    return (null, reason);
                case Verdict.Accepted(var changes, var answer):
                    foreach (var change in changes) Append(change);
                    return (outcomes[key] = JsonSerializer.SerializeToUtf8Bytes(answer, answer.GetType(), LedgerJson.Answers), null);
            }
        }
    }

    public TState State<TState, TEvent>(Stream<TState, TEvent> stream)
        where TState : notnull
        where TEvent : notnull => (TState)states.GetValueOrDefault(stream.Id, stream.Of.Initial);

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
