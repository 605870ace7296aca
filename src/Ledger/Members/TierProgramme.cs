using System.Diagnostics;
using NodaTime;

namespace Ledger.Members;

/// <summary>A merchant's tiers, lowest first.</summary>
/// <param name="Version">1, 2, 3 ...; 0: none were published.</param>
/// <param name="Rule">How members come by them; null: they are given by hand.</param>
public sealed record TierProgramme(int Version, IReadOnlyList<Tier> Tiers, TierRule? Rule = null)
{
    public static TierProgramme None { get; } = new(0, []);

    public bool Equals(TierProgramme? other) => other is not null && (Version, Rule) == (other.Version, other.Rule) && Lists.Same(Tiers, other.Tiers);

    public override int GetHashCode() => HashCode.Combine(Version, Tiers.Count);
}

/// <summary>What counts for tiers, and for how long.</summary>
/// <param name="Program">The points programme whose points count; null where spend does.</param>
/// <param name="Months">Of a period: 1, 2, 3, 4, 6 or 12, so that one begins with each January.</param>
public sealed record TierRule(TierMeasure Measure, int Months, string? Program = null)
{
    /// <summary>First days of the period's first month, and of the next period's.</summary>
    public (LocalDate From, LocalDate To) PeriodOf(LocalDate day)
    {
        var from = new LocalDate(day.Year, ((day.Month - 1) / Months * Months) + 1, 1);
        return (from, from.PlusMonths(Months));
    }
}

public enum TierMeasure
{
    /// <summary>What was paid and not refunded, in minor units.</summary>
    Spend,

    /// <summary>Points that purchases earned, less what was clawed back.</summary>
    Points,
}

/// <param name="Threshold">Points or whatever else policies count, from which a member is of the tier.</param>
public sealed record Tier(string Id, string Name, long Threshold);

// The case names below are the stored event types. Never rename one: add a new case instead.
public abstract record TierProgrammeEvent
{
    private TierProgrammeEvent() { }

    /// <summary>From now on; tiers given under earlier versions stay as they were given.</summary>
    public sealed record TiersPublished(int Version, IReadOnlyList<Tier> Tiers, Instant At, TierRule? Rule = null) : TierProgrammeEvent
    {
        public bool Equals(TiersPublished? other) => other is not null && (Version, At, Rule) == (other.Version, other.At, other.Rule) && Lists.Same(Tiers, other.Tiers);

        public override int GetHashCode() => HashCode.Combine(Version, At);
    }
}

public abstract record TierProgrammeCommand
{
    private TierProgrammeCommand() { }

    public sealed record PublishTiers(IReadOnlyList<Tier> Tiers, Instant At, TierRule? Rule = null) : TierProgrammeCommand;
}

/// <summary>The one stream <c>tiers</c> of a merchant's book: a version after the other. Pure.</summary>
public static class TierProgrammeStream
{
    public static StreamType<TierProgramme, TierProgrammeEvent> Type { get; } = new("tiers", Schema: 2, TierProgramme.None, Evolve);

    public static Stream<TierProgramme, TierProgrammeEvent> Stream { get; } = Type.At("tiers");

    public static Decision<TierProgrammeEvent> Decide(TierProgrammeCommand command, TierProgramme state) => (command, state) switch
    {
        (TierProgrammeCommand.PublishTiers c, var s) when c.Rule == s.Rule && Lists.Same(c.Tiers, s.Tiers) => Decision<TierProgrammeEvent>.Unchanged,
        (TierProgrammeCommand.PublishTiers c, var s) => new TierProgrammeEvent.TiersPublished(s.Version + 1, c.Tiers, c.At, c.Rule),
        _ => throw new UnreachableException($"{command} on {state}"),
    };

    public static Operation Publish(Request request, IReadOnlyList<Tier> tiers, TierRule? rule = null)
    {
        ArgumentNullException.ThrowIfNull(request);
        return new(request, [Stream], [], book => Verdict.Of(
            Stream, book.State(Stream), Decide(new TierProgrammeCommand.PublishTiers(tiers, request.Now, rule), book.State(Stream)), (_, programme) => programme));
    }

    /// <summary>Never refuses and never computes: what happened is already in the event.</summary>
    private static TierProgramme Evolve(TierProgramme state, TierProgrammeEvent fact) => fact switch
    {
        TierProgrammeEvent.TiersPublished e => new(e.Version, e.Tiers, e.Rule),
        _ => throw new UnreachableException($"{fact}"),
    };
}
