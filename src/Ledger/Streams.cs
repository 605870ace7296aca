using System.Text.Json;

namespace Ledger;

/// <summary>
/// One kind of stream: how its state begins, how a fact changes it, and which tallies a fact moves. All pure.
/// </summary>
/// <param name="Name">Stored in <c>mt_streams.type</c>; never renamed.</param>
/// <param name="Schema">Raised whenever the stored state's shape or meaning changes: states of another number are folded anew.</param>
/// <param name="IsImmutable">The first entry is the last: the state may be kept in memory for ever once it was read.</param>
public abstract record StreamType(string Name, int Schema, bool IsImmutable, Type StateType, Type EventType)
{
    /// <summary>How much of the scribe's memory for immutable streams one of these takes.</summary>
    public int Weight { get; init; } = 1;

    public abstract object Initial { get; }

    public abstract object Evolve(object state, object fact);

    /// <summary>What the fact adds to which tallies; the audit recomputes every tally by this function.</summary>
    public abstract IReadOnlyList<TallyChange> TalliesOf(object fact);

    /// <summary>The state in a word, stored beside it for those who count and list; null: this type has none.</summary>
    public abstract string? StatusOf(object state);
}

/// <inheritdoc/>
public sealed record StreamType<TState, TEvent>(
    string Name,
    int Schema,
    TState InitialState,
    Func<TState, TEvent, TState> EvolveState,
    Func<TEvent, IReadOnlyList<TallyChange>>? Tallies = null,
    bool IsImmutable = false,
    Func<TState, string>? Status = null) : StreamType(Name, Schema, IsImmutable, typeof(TState), typeof(TEvent))
    where TState : notnull
    where TEvent : notnull
{
    public override object Initial => InitialState;

    public override object Evolve(object state, object fact) => EvolveState((TState)state, (TEvent)fact);

    public override IReadOnlyList<TallyChange> TalliesOf(object fact) => Tallies is null ? [] : Tallies((TEvent)fact);

    public override string? StatusOf(object state) => Status?.Invoke((TState)state);

    /// <summary>The stream of this type with that id.</summary>
    public Stream<TState, TEvent> At(string id) => new(this, id);
}

/// <summary>A stream of a book, by name.</summary>
public abstract record StreamName(StreamType Type, string Id);

/// <summary>A stream whose state and events are known by type.</summary>
public sealed record Stream<TState, TEvent>(StreamType<TState, TEvent> Of, string Id) : StreamName(Of, Id)
    where TState : notnull
    where TEvent : notnull
{
    /// <summary>Says that these facts were decided for this stream.</summary>
    public IEnumerable<Change> With(IEnumerable<TEvent> facts) => facts.Select(fact => new Change(this, fact));
}

/// <summary>One fact to append to one stream.</summary>
public readonly record struct Change(StreamName Stream, object Fact);

/// <summary>A tally is a number kept by key in the book: the sum of what the book's entries say about that key.</summary>
public readonly record struct TallyChange(string Key, long Amount);
