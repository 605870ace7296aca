using System.Text.Json.Serialization;
using NodaTime;

namespace Ledger.Members;

/// <summary>A membership with a merchant: who a member is stays outside, in keyed hashes.</summary>
/// <param name="Identities">By which the merchant knows the member; none of them needs to be a national one.</param>
/// <param name="Tiers">In the order in which they were given; the last one in effect counts.</param>
/// <param name="DueAt">When the last tier given ends and the clock is to ask what follows; null: nothing is to be asked.</param>
public sealed record Member(
    MemberStatus Status, Consent? Consent, IReadOnlyList<Identity> Identities, IReadOnlyList<TierSpan> Tiers, string? Channel, Surface? Surface, Instant JoinedAt,
    Instant? DueAt = null)
{
    public static Member None { get; } = new(MemberStatus.None, null, [], [], null, null, default);

    /// <summary>The tier in effect at that moment; null: none.</summary>
    public TierSpan? TierAt(Instant at) => Tiers.LastOrDefault(span => span.From <= at && (span.Until is not { } until || at < until));

    public bool Equals(Member? other) =>
        other is not null && (Status, Consent, Channel, Surface, JoinedAt, DueAt) == (other.Status, other.Consent, other.Channel, other.Surface, other.JoinedAt, other.DueAt)
        && Lists.Same(Identities, other.Identities) && Lists.Same(Tiers, other.Tiers);

    public override int GetHashCode() => HashCode.Combine(Status, Consent, JoinedAt);
}

public enum MemberStatus
{
    None,
    Active,
    Suspended,

    /// <summary>For good; the same id may not join again, the same person may under another.</summary>
    Closed,
}

/// <summary>What the person agreed to: without it nobody is enrolled.</summary>
/// <param name="Scopes">What for, such as points or marketing; at least one.</param>
/// <param name="TextVersion">The version of the text that was shown.</param>
/// <param name="At">When the person agreed, as the caller states it.</param>
public sealed record Consent(IReadOnlyList<string> Scopes, string TextVersion, Instant At)
{
    public bool Equals(Consent? other) => other is not null && (TextVersion, At) == (other.TextVersion, other.At) && Lists.Same(Scopes, other.Scopes);

    public override int GetHashCode() => HashCode.Combine(TextVersion, At);
}

/// <param name="Key">The keyed hash (<see cref="LimitKeys"/>), never the identity.</param>
public sealed record Identity(IdentityKind Kind, string Key)
{
    /// <summary>Open memberships of whoever has it: one at most.</summary>
    [JsonIgnore]
    public string Tally => $"member-identity/{Kind.ToString().ToLowerInvariant()}/{Key}";
}

public enum IdentityKind
{
    /// <summary>An account with the platform.</summary>
    Account,
    Phone,

    /// <summary>A pass of visitors from abroad.</summary>
    VisitorPass,
}

/// <summary>A tier for a time.</summary>
/// <param name="Programme">The version of the tiers that it is one of.</param>
/// <param name="From">First instant of it.</param>
/// <param name="Until">First instant no longer; null: until another one.</param>
public sealed record TierSpan(string Tier, int Programme, Instant From, Instant? Until);

// The case names below are the stored event types. Never rename one: add a new case instead.
public abstract record MemberEvent
{
    private MemberEvent() { }

    /// <param name="Channel">Where the member was won, in the merchant's words; the surface says it in fixed ones.</param>
    public sealed record MemberJoined(string Member, Consent Consent, IReadOnlyList<Identity> Identities, string? Channel, Surface? Surface, Instant At, LocalDate Date) : MemberEvent
    {
        public bool Equals(MemberJoined? other) =>
            other is not null && (Member, Consent, Channel, Surface, At, Date) == (other.Member, other.Consent, other.Channel, other.Surface, other.At, other.Date)
            && Lists.Same(Identities, other.Identities);

        public override int GetHashCode() => HashCode.Combine(Member, Consent, At);
    }

    public sealed record MemberSuspended(string Member, string? Reason, Instant At) : MemberEvent;

    public sealed record MemberResumed(string Member, Instant At) : MemberEvent;

    /// <param name="Identities">As in the joining: they are free for another membership.</param>
    public sealed record MemberClosed(string Member, IReadOnlyList<Identity> Identities, string? Reason, Instant At) : MemberEvent
    {
        public bool Equals(MemberClosed? other) =>
            other is not null && (Member, Reason, At) == (other.Member, other.Reason, other.At) && Lists.Same(Identities, other.Identities);

        public override int GetHashCode() => HashCode.Combine(Member, At);
    }

    public sealed record TierGiven(string Member, TierSpan Span, string? Reason, Instant At) : MemberEvent;

    /// <summary>The last tier given is over, and no other follows by the rule.</summary>
    /// <param name="At">When it ended, whenever the clock was read.</param>
    public sealed record TierEnded(string Member, Instant At) : MemberEvent;
}

public abstract record MemberCommand
{
    private MemberCommand() { }

    /// <param name="Taken">The kind of an identity that another open membership has; null: none is.</param>
    public sealed record Join(
        string Member, Consent Consent, IReadOnlyList<Identity> Identities, IdentityKind? Taken, string? Channel, Surface? Surface, Instant At, LocalDate Date) : MemberCommand;

    public sealed record Suspend(string Member, string? Reason, Instant At) : MemberCommand;

    public sealed record Resume(string Member, Instant At) : MemberCommand;

    public sealed record Close(string Member, string? Reason, Instant At) : MemberCommand;

    /// <param name="Programme">The tiers in force; of version 0 there are none.</param>
    public sealed record GiveTier(string Member, TierProgramme Programme, string Tier, Instant From, Instant? Until, string? Reason, Instant At) : MemberCommand;
}

public sealed record MemberUnknown(string Member) : Rejection(
    RejectionKind.NotFound, "The merchant has no member of this id", "Enrol the member first, with the person's consent: POST /v1/members.");

public sealed record MemberAlreadyJoined(string Member, Instant JoinedAt) : Rejection(
    RejectionKind.Conflict, "A member of this id has joined with other particulars", "Read the member, or choose another id.");

public sealed record MembershipClosed(string Member) : Rejection(
    RejectionKind.Conflict, "The membership is closed for good", "Let the person join under another id.");

/// <param name="Identity">account, phone or visitorPass.</param>
public sealed record IdentityTaken(IdentityKind Identity) : Rejection(
    RejectionKind.Conflict, "Another open membership has this identity", "Use that membership, or close it first.");

public sealed record MembershipSuspended(string Member) : Rejection(
    RejectionKind.Conflict, "The membership is suspended", "Complete the sale without coupons and points; the merchant may resume the membership.");

public sealed record TierUnknown(string Tier, int Programme) : Rejection(
    RejectionKind.RuleViolated, "The tiers in force know no such tier", "Publish it first: POST /v1/tiers.");

public sealed record TierIsOver(Instant Until) : Rejection(
    RejectionKind.RuleViolated, "The tier would be over before it begins", "Let until be after the beginning, which is now where from is not said.");

public sealed record TooManyTiers(int Limit) : Rejection(
    RejectionKind.RuleViolated, "The member was given as many tiers as a membership holds", "Close the membership and let the person join anew.");
