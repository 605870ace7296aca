using System.Buffers;
using System.Text.Json;
using Ledger.Policies;
using Ledger.Reversals;

namespace Ledger.Postgres.Scribing;

/// <summary>
/// Runs operations one after another in memory over what was loaded, and gathers what is to be written. Touches no database.
/// </summary>
internal sealed class Batch : IDisposable
{
    /// <summary>How often one operation may ask for more. The longest ways ask five times; what neighbours do in the same batch can lead an operation on.</summary>
    private const int MaxRounds = 12;

    private readonly ImmutableStreams immutables;
    private readonly EntryHasher hasher = new();
    private readonly ArrayBufferWriter<byte> buffer = new(1024);
    private readonly ArrayBufferWriter<byte> canonical = new(1024);
    private readonly Utf8JsonWriter writer;
    private readonly Dictionary<(string Actor, string? Provider), byte[]> headersOf = [];

    /// <summary>By book: keys for which one operation of all books may be done. These books are not locked.</summary>
    private readonly Dictionary<string, BookWork> onces = new(StringComparer.Ordinal);

    public Batch(ImmutableStreams immutables)
    {
        this.immutables = immutables;
        writer = new(buffer, new JsonWriterOptions { Encoder = LedgerJson.Options.Encoder, SkipValidation = true });
    }

    public Dictionary<string, BookWork> Books { get; } = new(StringComparer.Ordinal);

    /// <summary>Streams to load before the operations can run, or run on.</summary>
    public List<(BookWork Book, StreamWork Stream)> Missing { get; } = [];

    /// <summary>Tallies to load: the book, and the key.</summary>
    public List<(BookWork Book, string Key)> MissingTallies { get; } = [];

    /// <summary>Request keys to look up.</summary>
    public List<(BookWork Book, string Key)> Keys { get; } = [];

    public List<(Entry Entry, byte[] Hash)> Entries { get; } = [];

    public bool HasChanges => Entries.Count > 0 || NewRequests.Count > 0;

    public List<(BookWork Book, string Key, StoredRequest Request)> NewRequests { get; } = [];

    /// <summary>Whether some operation uses up what is done once: keys that nobody locks.</summary>
    public bool HasOnce => onces.Count > 0;

    /// <summary>Starts anew with these operations: names what must be loaded for them.</summary>
    public void Begin(List<Ticket> tickets)
    {
        Books.Clear();
        Missing.Clear();
        MissingTallies.Clear();
        Keys.Clear();
        Entries.Clear();
        NewRequests.Clear();
        onces.Clear();
        foreach (var ticket in tickets)
        {
            ticket.Reset();
            var operation = ticket.Operation;
            if (!Books.TryGetValue(operation.Request.Book, out var book))
                Books.Add(operation.Request.Book, book = new(operation.Request.Book));
            foreach (var stream in operation.Streams) Want(book, stream);
            foreach (var key in operation.Tallies) MissingTallies.Add((book, key));
            if (operation.Request.Key is { } requestKey) Keys.Add((book, requestKey));
            if (operation.Once is { } once)
            {
                if (!onces.TryGetValue(once.Book, out var keeper)) onces.Add(once.Book, keeper = new(once.Book));
                Keys.Add((keeper, once.Key));
            }

            foreach (var other in operation.OtherRequests)
            {
                Keys.Add((book, other));
                book.States.Ask(other);
            }
        }
    }

    /// <summary>
    /// Runs the operations in order. Those that need more are returned; <see cref="Missing"/> and <see cref="MissingTallies"/> then name it.
    /// </summary>
    public List<Ticket> Run(List<Ticket> tickets)
    {
        Missing.Clear();
        MissingTallies.Clear();
        var waiting = new List<Ticket>();
        foreach (var ticket in tickets)
        {
            try
            {
                if (!TryRun(ticket)) waiting.Add(ticket);
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                ticket.Fault = exception;
            }
        }

        return waiting;
    }

    /// <summary>Whether the operation was still asking when it was stopped; alone it may come to an end.</summary>
    public static bool WasLedOn(Ticket ticket) => ticket is { Fault: not null, Rounds: > MaxRounds };

    /// <summary>The state of a stream as it is stored. Nobody hashes it, so it need not be canonical.</summary>
    public byte[] StateOf(StreamWork stream)
    {
        Serialize(stream.State, stream.Name.Type.StateType, LedgerJson.Options);
        return buffer.WrittenSpan.ToArray();
    }

    public void Dispose()
    {
        hasher.Dispose();
        writer.Dispose();
    }

    private void Want(BookWork book, StreamName name)
    {
        if (book.Streams.ContainsKey(name.Id)) return;
        var stream = new StreamWork(name);
        book.Streams.Add(name.Id, stream);
        if (immutables.TryGet(book.Id, name.Id, out var version, out var state))
        {
            (stream.Version, stream.LoadedVersion, stream.State) = (version, version, state);
            book.States.Put(name.Id, state);
        }
        else
        {
            Missing.Add((book, stream));
        }
    }

    private void Want(BookWork book, string tally)
    {
        if (!book.States.HasTally(tally) && !MissingTallies.Contains((book, tally))) MissingTallies.Add((book, tally));
    }

    private bool TryRun(Ticket ticket)
    {
        var (request, operation) = (ticket.Operation.Request, ticket.Operation);
        var book = Books[request.Book];
        if (request.Key is { } key && book.Requests.TryGetValue(key, out var earlier))
        {
            ticket.Outcome = earlier.IsTombstone ? new Outcome.Rejected(new ReversedBeforeArrival(earlier.Tombstone().At))
                : earlier.Fingerprint.Span.SequenceEqual(request.Fingerprint.Span) ? new Outcome.Accepted(earlier.Outcome, IsReplayed: true)
                : new Outcome.Rejected(new IdempotencyKeyReused());
            return true;
        }

        if (operation.Once is { } once && onces[once.Book].Requests.ContainsKey(once.Key))
        {
            ticket.Outcome = new Outcome.Rejected(once.Taken);
            return true;
        }

        while (true)
        {
            ticket.Rounds++;
            switch (operation.Decide(book.States))
            {
                case Verdict.Accepted accepted:
                    Accept(ticket, book, accepted);
                    return true;
                case Verdict.Rejected(var reason):
                    ticket.Outcome = new Outcome.Rejected(reason);
                    return true;
                case Verdict.NeedsMore(var streams) when ticket.Rounds > MaxRounds:
                    throw new InvalidOperationException($"The operation asks for {string.Join(", ", streams.Select(s => s.Id))} again and again.");
                case Verdict.NeedsMore { Streams: var streams, Tallies: var tallies }:
                    foreach (var stream in streams) Want(book, stream);
                    foreach (var tally in tallies) Want(book, tally);
                    if (!streams.All(book.States.Has) || !tallies.All(book.States.HasTally)) return false;
                    break;
            }
        }
    }

    private void Accept(Ticket ticket, BookWork book, Verdict.Accepted accepted)
    {
        var request = ticket.Operation.Request;
        // Everything that can fail comes before the first change of the book: an operation is carried out whole or not at all.
        var steps = accepted.Changes.Count == 0 ? [] : Prepare(book, accepted.Changes);
        var answer = Canonical(accepted.Answer, accepted.Answer.GetType(), LedgerJson.Outcomes).ToArray();
        var tombstones = accepted.Tombstones.Count == 0 ? [] : Prepare(book, accepted.Tombstones);
        var once = ticket.Operation.Once is { } named ? PrepareOnce(named, request, accepted) : null;
        if (request is { Key: not null, Fingerprint.IsEmpty: true }) throw new InvalidOperationException($"Request {request.Key} has no fingerprint; only a tombstone has none.");
        var headers = HeadersOf(request);

        foreach (var step in steps)
        {
            var stream = step.Stream;
            book.Streams.TryAdd(stream.Name.Id, stream);
            var entry = new Entry(
                book.Id, ++book.Head, Guid.CreateVersion7(request.Now.ToDateTimeOffset()), stream.Name.Id, ++stream.Version, step.Data, step.Event.Name,
                request.Now, step.Event.DotnetType, request.Correlation, request.Key, headers);
            var hash = hasher.Hash(book.Hash.Span, entry);
            book.Hash = hash;
            Entries.Add((entry, hash));
            if (stream.Version == stream.LoadedVersion + 1) stream.First = request.Now;
            stream.Last = request.Now;
            stream.State = step.State!;
            book.States.Put(stream.Name.Id, stream.State);
            foreach (var change in step.Tallies)
            {
                book.TallyChanges[change.Key] = book.TallyChanges.GetValueOrDefault(change.Key) + change.Amount;
                book.States.AddTally(change);
            }
        }

        if (request.Key is { } key && !(accepted is { Changes: [], Tombstones: [] } && Policy.IsKey(key))) Keep(book, key, new(request.Fingerprint, answer));
        foreach (var (barred, stored) in tombstones) Keep(book, barred, stored);
        if (once is { } used) Keep(used.Keeper, used.Key, used.Stored);

        ticket.Outcome = new Outcome.Accepted(answer, IsReplayed: false);
    }

    private void Keep(BookWork book, string key, StoredRequest stored)
    {
        book.Requests.Add(key, stored);
        book.States.Note(key, stored);
        NewRequests.Add((book, key, stored));
    }

    /// <summary>What is kept of what is done once; null for a trial, which changes nothing and has no key.</summary>
    private (BookWork Keeper, string Key, StoredRequest Stored)? PrepareOnce(Once once, Request request, Verdict.Accepted accepted) => (request.Key, accepted.Changes) switch
    {
        ({ } key, _) => (onces[once.Book], once.Key, new(request.Fingerprint, Canonical(new DoneOnce(request.Book, key), typeof(DoneOnce), LedgerJson.Outcomes).ToArray())),
        (null, []) => null,
        _ => throw new InvalidOperationException("What is done once is done under a request key."),
    };

    private (string Key, StoredRequest Stored)[] Prepare(BookWork book, IReadOnlyList<Tombstone> tombstones)
    {
        var prepared = new (string Key, StoredRequest Stored)[tombstones.Count];
        for (var i = 0; i < prepared.Length; i++)
        {
            var key = tombstones[i].Request;
            if (book.Requests.ContainsKey(key)) throw new InvalidOperationException($"Request {key} was carried out; no tombstone can stand in its place.");
            prepared[i] = (key, new(default, Canonical(tombstones[i], typeof(Tombstone), LedgerJson.Outcomes).ToArray()));
        }

        return prepared;
    }

    private Step[] Prepare(BookWork book, IReadOnlyList<Change> changes)
    {
        var steps = new Step[changes.Count];
        for (var i = 0; i < steps.Length; i++)
        {
            var (name, fact) = changes[i];
            // A stream that the operation knows to be new need not be loaded; should it exist, the database refuses its first version.
            var stream = book.Streams.GetValueOrDefault(name.Id) ?? Array.Find(steps[..i], step => step.Stream.Name.Id == name.Id).Stream ?? new StreamWork(name);
            var before = Array.FindLast(steps[..i], step => step.Stream == stream).State ?? stream.State;
            var data = Canonical(fact, fact.GetType(), LedgerJson.Options).ToArray();
            steps[i] = new(stream, Catalogue.Of(fact), data, name.Type.Evolve(before, fact), name.Type.TalliesOf(fact));
        }

        return steps;
    }

    private readonly record struct Step(StreamWork Stream, StoredEvent Event, byte[] Data, object? State, IReadOnlyList<TallyChange> Tallies);

    private void Serialize(object value, Type type, JsonSerializerOptions options)
    {
        buffer.ResetWrittenCount();
        writer.Reset();
        JsonSerializer.Serialize(writer, value, type, options);
    }

    private ReadOnlySpan<byte> Canonical(object value, Type type, JsonSerializerOptions options)
    {
        Serialize(value, type, options);
        canonical.ResetWrittenCount();
        CanonicalJson.Write(buffer.WrittenSpan, canonical);
        return canonical.WrittenSpan;
    }

    private byte[] HeadersOf(Request request)
    {
        var key = (request.Actor, request.Provider);
        if (request.Till is null && headersOf.TryGetValue(key, out var headers)) return headers;
        if (headersOf.Count >= Limits.Queue) headersOf.Clear();
        var said = new EntryHeaders(request.Actor, request.Provider is null ? null : EntryHeaders.Agency, request.Provider, request.Till?.Till, request.Till?.Sequence);
        headers = Canonical(said, typeof(EntryHeaders), LedgerJson.Options).ToArray();
        return request.Till is null ? headersOf[key] = headers : headers;
    }
}

/// <summary>What an entry's headers say: who asked, and in whose name.</summary>
/// <param name="Mode"><c>agency</c>: a provider acted for the book's merchant, or in another book for the merchant that the request is of; absent: the merchant itself, the platform or the ledger did.</param>
/// <param name="Till">As the till named itself, with <paramref name="TillSeq"/>.</param>
internal sealed record EntryHeaders(string Actor, string? Mode, string? Provider, string? Till, long? TillSeq)
{
    public const string Agency = "agency";
}
