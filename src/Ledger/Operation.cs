using NodaTime;

namespace Ledger;

/// <summary>Who asks, under which key, when: what every entry of an operation records about its origin.</summary>
/// <param name="Book">The merchant whose book is written.</param>
/// <param name="Key">The request key: one key, one outcome, for ever. Null where a command is safe to repeat by itself.
/// Every entry names it as what caused the entry; a policy's key names the entry it follows.</param>
/// <param name="Fingerprint">SHA-256 of what was asked; another request under the same key is refused.</param>
/// <param name="Actor">The id of the API key, policy or timer that asks; never a secret.</param>
/// <param name="Now">When the request was received; the only clock an operation sees. Whole microseconds.</param>
/// <param name="Correlation">Follows one purchase through many requests; null when the caller gave none.</param>
/// <param name="Provider">The service provider that acts in the merchant's name (agency); null: the merchant itself, the platform or the ledger.</param>
public sealed record Request(
    string Book, string? Key, ReadOnlyMemory<byte> Fingerprint, string Actor, Instant Now, string? Correlation = null, string? Provider = null, TillMark? Till = null);

/// <summary>What a till says of itself and its request. Kept in each entry's headers; nothing is decided by it.</summary>
/// <param name="Sequence">Counted up by the till with each of its requests, from 0 to <see cref="Limits.MaxTillSequence"/>: who misses one knows that the request changed nothing or never arrived.</param>
public sealed record TillMark(string Till, long Sequence);

/// <summary>
/// A request as a pure function of the streams and tallies that it names. The scribe runs it against one book, which
/// it holds locked, among others of the same batch: a later operation sees what an earlier one did.
/// </summary>
/// <param name="Streams">Named from the request alone; <see cref="Verdict.NeedsMore"/> asks for the rest. One that is known to be new need not be named.</param>
/// <param name="Tallies">Keys whose values the operation reads, named likewise; a key that was never written is 0.</param>
public sealed record Operation(
    Request Request, IReadOnlyList<StreamName> Streams, IReadOnlyList<string> Tallies, Func<BookStates, Verdict> Decide)
{
    /// <summary>Keys of other requests that the operation asks about; nearly none does.</summary>
    public IReadOnlyList<string> OtherRequests { get; init; } = [];

    /// <summary>
    /// Whether the provider that asks was found authorised already, as is done right before for operations in a book that is not that of the merchant it acts for: the
    /// transaction that writes holds no lock on that merchant's word.
    /// </summary>
    public bool IsAuthorised { get; init; }

    /// <summary>
    /// What the operation uses up, for operations of whichever book; null: nothing. The scribe looks at it, so it is lost on whoever runs <see cref="Decide"/> alone. It needs a request key.
    /// </summary>
    public Once? Once { get; init; }
}

/// <summary>
/// What only one operation may be done for, whichever book that writes: a key that is kept with it, in the same transaction, and bars all others. The book that keeps the key is
/// not locked: of two who come at once, one waits for the other's commit. A refused operation keeps nothing.
/// </summary>
/// <param name="Book">Where the key is kept, among the keys of requests: it holds a blank, which no caller's key may.</param>
/// <param name="Taken">What the others are told.</param>
public sealed record Once(string Book, string Key, Rejection Taken);

/// <summary>What stands under such a key: who did it.</summary>
/// <param name="Book">The book that was written.</param>
/// <param name="Request">The key of the request.</param>
public sealed record DoneOnce(string Book, string Request);

/// <summary>What an operation answers.</summary>
public abstract record Verdict
{
    private Verdict() { }

    /// <summary>Append these facts and answer so. Nothing to append is an answer too.</summary>
    public sealed record Accepted(IReadOnlyList<Change> Changes, object Answer) : Verdict
    {
        /// <summary>Keys under which nothing was carried out and nothing ever will be.</summary>
        public IReadOnlyList<Tombstone> Tombstones { get; init; } = [];
    }

    /// <summary>Refused: nothing changes, and the request may be tried again under its key.</summary>
    public sealed record Rejected(Rejection Reason) : Verdict;

    /// <summary>What was named led to more: run me again when these streams and tallies are loaded too (one more round trip).</summary>
    public sealed record NeedsMore(IReadOnlyList<StreamName> Streams) : Verdict
    {
        public IReadOnlyList<string> Tallies { get; init; } = [];
    }

    public static implicit operator Verdict(Rejection reason) => new Rejected(reason);

    /// <summary>Turns a decider's answer for one stream into a verdict.</summary>
    /// <param name="answer">Builds the answer from the facts decided and the state that follows from them.</param>
    public static Verdict Of<TState, TEvent>(
        Stream<TState, TEvent> stream, TState state, Decision<TEvent> decision, Func<IReadOnlyList<TEvent>, TState, object> answer)
        where TState : notnull
        where TEvent : notnull
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(answer);
        return decision switch
        {
            Decision<TEvent>.Rejected(var reason) => reason,
            Decision<TEvent>.Accepted(var facts) =>
                new Accepted([.. stream.With(facts)], answer(facts, facts.Aggregate(state, stream.Of.EvolveState))),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }
}

/// <summary>What an operation may look at: the states and tallies of its book as they stand at its turn.</summary>
public sealed class BookStates
{
    private readonly Dictionary<string, object> states = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> tallies = new(StringComparer.Ordinal);
    private readonly Dictionary<string, StoredRequest?> requests = new(StringComparer.Ordinal);

    /// <summary>Whether the stream was loaded; a stream that has no entry yet counts as loaded once it was asked for.</summary>
    public bool Has(StreamName stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return states.ContainsKey(stream.Id);
    }

    /// <exception cref="KeyNotFoundException">The operation did not name the stream: a bug of the operation.</exception>
    public TState State<TState, TEvent>(Stream<TState, TEvent> stream)
        where TState : notnull
        where TEvent : notnull
    {
        ArgumentNullException.ThrowIfNull(stream);
        return states.TryGetValue(stream.Id, out var state)
            ? (TState)state
            : throw new KeyNotFoundException($"The operation reads stream {stream.Id} but did not name it.");
    }

    /// <summary>Whether the tally was loaded.</summary>
    public bool HasTally(string key) => tallies.ContainsKey(key);

    /// <exception cref="KeyNotFoundException">The operation did not name the tally: a bug of the operation.</exception>
    public long Tally(string key) => tallies.TryGetValue(key, out var value)
        ? value
        : throw new KeyNotFoundException($"The operation reads tally {key} but did not name it.");

    /// <summary>What the book keeps under another request's key; null where it never saw it, or refused it.</summary>
    /// <exception cref="KeyNotFoundException">The operation did not name the key: a bug of the operation.</exception>
    public StoredRequest? Request(string key) => requests.TryGetValue(key, out var stored)
        ? stored
        : throw new KeyNotFoundException($"The operation asks about request {key} but did not name it.");

    public void Put(string stream, object state) => states[stream] = state;

    public void PutTally(string key, long value) => tallies[key] = value;

    /// <summary>Adds to a tally that some operation named; others are summed by the database alone.</summary>
    public void AddTally(TallyChange change)
    {
        if (tallies.TryGetValue(change.Key, out var value)) tallies[change.Key] = value + change.Amount;
    }

    /// <summary>Says that some operation asks about the key.</summary>
    public void Ask(string key) => requests.TryAdd(key, null);

    /// <summary>Notes what is kept under a key that some operation asks about; others ask the database alone.</summary>
    public void Note(string key, StoredRequest stored)
    {
        if (requests.Count > 0 && requests.ContainsKey(key)) requests[key] = stored;
    }
}
