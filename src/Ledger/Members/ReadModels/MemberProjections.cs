using NodaTime;

namespace Ledger.Members.ReadModels;

/// <summary>What the read models say of members, as a plain fold of the entries: when their tiers end.</summary>
public sealed class MemberProjections
{
    private readonly HashSet<(string Stream, Instant DueAt)> timers = [];

    /// <summary>The streams that are to be asked, and when.</summary>
    public IEnumerable<(string Stream, Instant DueAt)> Timers => timers;

    /// <summary>Takes the book's next entry; entries of other slices change nothing.</summary>
    public void Apply(string stream, object fact)
    {
        if (fact is MemberEvent.TierGiven { Span.Until: { } end }) timers.Add((stream, end));
    }
}
