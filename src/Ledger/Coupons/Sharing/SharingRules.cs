using System.Diagnostics;
using System.Globalization;
using NodaTime;

namespace Ledger.Coupons.Sharing;

/// <summary>Who may share which campaigns, and how often: a merchant's rules. Without any, everyone may share everything.</summary>
/// <param name="Version">1, 2, 3 ...; 0: none were set.</param>
/// <param name="Sharers">Who may share; null: everyone.</param>
/// <param name="Campaigns">What may be shared; null: every campaign.</param>
/// <param name="PerHour">Shares of one sharer in one hour of the clock (UTC); null: no limit.</param>
public sealed record SharingRules(int Version, IReadOnlyList<Sharer>? Sharers, IReadOnlyList<string>? Campaigns, int? PerHour)
{
    public static SharingRules None { get; } = new(0, null, null, null);

    /// <summary>Why this may not be shared now; null when it may. The first line that refuses answers.</summary>
    /// <param name="shared">What the sharer shared in this hour already.</param>
    public Rejection? Refusal(Sharer sharer, string campaign, long shared, Instant now)
    {
        ArgumentNullException.ThrowIfNull(sharer);
        return this switch
        {
            { Sharers: { } sharers } when !sharers.Contains(sharer) => new SharerNotAllowed(sharer.Kind, sharer.Id),
            { Campaigns: { } campaigns } when !campaigns.Contains(campaign, StringComparer.Ordinal) => new CampaignNotShareable(campaign),
            { PerHour: { } limit } when shared >= limit => new ShareLimit(limit, SharingHours.After(now)),
            _ => null,
        };
    }

    public bool IsSame(SharingRules other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return PerHour == other.PerHour && Lists.Same(Sharers, other.Sharers) && Lists.Same(Campaigns, other.Campaigns);
    }

    public bool Equals(SharingRules? other) => other is not null && Version == other.Version && IsSame(other);

    public override int GetHashCode() => HashCode.Combine(Version, PerHour);
}

/// <summary>Who shares.</summary>
/// <param name="Id">Of a member, or of an API key: a till's, a merchant's.</param>
public sealed record Sharer(SharerKind Kind, string Id)
{
    /// <summary>What the sharer shared in the hour of that moment.</summary>
    public string Tally(Instant at) => $"shared/{(Kind == SharerKind.Member ? "member" : "key")}/{Id}/{SharingHours.Name(at)}";
}

public enum SharerKind
{
    Member,
    Key,
}

/// <summary>Hours of the clock, in UTC: where zones differ by half hours, they still begin together.</summary>
public static class SharingHours
{
    public static string Name(Instant at) => at.ToString("uuuu-MM-dd'T'HH", CultureInfo.InvariantCulture);

    /// <summary>First instant of the next hour.</summary>
    public static Instant After(Instant at)
    {
        var seconds = at.ToUnixTimeSeconds();
        return Instant.FromUnixTimeSeconds(checked(seconds - (seconds % 3600) + 3600));
    }
}

// The case names below are the stored event types. Never rename one: add a new case instead.
public abstract record SharingRulesEvent
{
    private SharingRulesEvent() { }

    /// <summary>From now on, in the place of those before.</summary>
    public sealed record SharingRulesSet(SharingRules Rules, Instant At) : SharingRulesEvent;
}

public abstract record SharingRulesCommand
{
    private SharingRulesCommand() { }

    /// <param name="Rules">Their version is of no account.</param>
    public sealed record SetSharingRules(SharingRules Rules, Instant At) : SharingRulesCommand;
}

public sealed record SharerNotAllowed(SharerKind Sharer, string Id) : Rejection(
    RejectionKind.RuleViolated, "The merchant's rules do not let this member or key share", "Let another share, or add this one: POST /v1/sharing-rules.");

public sealed record CampaignNotShareable(string Campaign) : Rejection(
    RejectionKind.RuleViolated, "The merchant's rules do not let this campaign be shared", "Share another one, or add it: POST /v1/sharing-rules.");

/// <param name="NextAt">When the next share is allowed.</param>
public sealed record ShareLimit(int Limit, Instant NextAt) : Rejection(
    RejectionKind.RuleViolated, "This member or key has shared as often in this hour as the merchant allows", "Share again from nextAt on.");

/// <summary>The one stream <c>sharing-rules</c> of a merchant's book. Pure.</summary>
public static class SharingRulesStream
{
    public static StreamType<SharingRules, SharingRulesEvent> Type { get; } = new("sharing_rules", Schema: 1, SharingRules.None, Evolve);

    public static Stream<SharingRules, SharingRulesEvent> Stream { get; } = Type.At("sharing-rules");

    public static Decision<SharingRulesEvent> Decide(SharingRulesCommand command, SharingRules state) => (command, state) switch
    {
        (SharingRulesCommand.SetSharingRules c, var s) when s.Version > 0 && s.IsSame(c.Rules) => Decision<SharingRulesEvent>.Unchanged,
        (SharingRulesCommand.SetSharingRules c, var s) => new SharingRulesEvent.SharingRulesSet(c.Rules with { Version = s.Version + 1 }, c.At),
        _ => throw new UnreachableException($"{command} on {state}"),
    };

    public static Operation Set(Request request, SharingRules rules)
    {
        ArgumentNullException.ThrowIfNull(request);
        return new(request, [Stream], [], book => Verdict.Of(
            Stream, book.State(Stream), Decide(new SharingRulesCommand.SetSharingRules(rules, request.Now), book.State(Stream)), (_, after) => after));
    }

    /// <summary>Never refuses and never computes: what happened is already in the event.</summary>
    public static SharingRules Evolve(SharingRules state, SharingRulesEvent fact) => fact switch
    {
        SharingRulesEvent.SharingRulesSet e => e.Rules,
        _ => throw new UnreachableException($"{fact}"),
    };
}
