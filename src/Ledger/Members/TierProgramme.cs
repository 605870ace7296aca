using System.Diagnostics;
using NodaTime;

namespace Ledger.Members;

/// <summary>A merchant's tiers, lowest first.</summary>
/// <param name="Version">1, 2, 3 ...; 0: none were published.</param>
public sealed record TierProgramme(int Version, IReadOnlyList<Tier> Tiers)
{
    public static TierProgramme None { get; } = new(0, []);

    public bool Equals(TierProgramme? other) => other is not null && Version == other.Version && Lists.Same(Tiers, other.Tiers);

    public override int GetHashCode() => HashCode.Combine(Version, Tiers.Count);
}

/// <param name="Threshold">Points or whatever else policies count, from which a member is of the tier.</param>
public sealed record Tier(string Id, string Name, long Threshold);

// The case names below are the stored event types. Never rename one: add a new case instead.
public abstract record TierProgrammeEvent
{
    private TierProgrammeEvent() { }

    /// <summary>From now on; tiers given under earlier versions stay as they were given.</summary>
    public sealed record TiersPublished(int Version, IReadOnlyList<Tier> Tiers, Instant At) : TierProgrammeEvent
    {
        public bool Equals(TiersPublished? other) => other is not null && (Version, At) == (other.Version, other.At) && Lists.Same(Tiers, other.Tiers);

        public override int GetHashCode() => HashCode.Combine(Version, At);
    }
}

public abstract record TierProgrammeCommand
{
    private TierProgrammeCommand() { }

    public sealed record PublishTiers(IReadOnlyList<Tier> Tiers, Instant At) : TierProgrammeCommand;
}

/// <summary>The one stream <c>tiers</c> of a merchant's book: a version after the other. Pure.</summary>
public static class TierProgrammeStream
{
    public static StreamType<TierProgramme, TierProgrammeEvent> Type { get; } = new("tiers", Schema: 1, TierProgramme.None, Evolve);

    public static Stream<TierProgramme, TierProgrammeEvent> Stream { get; } = Type.At("tiers");

    public static Decision<TierProgrammeEvent> Decide(TierProgrammeCommand command, TierProgramme state) => (command, state) switch
    {
        (TierProgrammeCommand.PublishTiers c, var s) when Lists.Same(c.Tiers, s.Tiers) => Decision<TierProgrammeEvent>.Unchanged,
        (TierProgrammeCommand.PublishTiers c, var s) => new TierProgrammeEvent.TiersPublished(s.Version + 1, c.Tiers, c.At),
        _ => throw new UnreachableException($"{command} on {state}"),
    };

    public static Operation Publish(Request request, IReadOnlyList<Tier> tiers)
    {
        ArgumentNullException.ThrowIfNull(request);
        return new(request, [Stream], [], book => Verdict.Of(
            Stream, book.State(Stream), Decide(new TierProgrammeCommand.PublishTiers(tiers, request.Now), book.State(Stream)), (_, programme) => programme));
    }

    /// <summary>Never refuses and never computes: what happened is already in the event.</summary>
    private static TierProgramme Evolve(TierProgramme state, TierProgrammeEvent fact) => fact switch
    {
        TierProgrammeEvent.TiersPublished e => new(e.Version, e.Tiers),
        _ => throw new UnreachableException($"{fact}"),
    };
}
