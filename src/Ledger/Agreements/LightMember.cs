using System.Diagnostics;
using NodaTime;

namespace Ledger.Agreements;

/// <summary>The light memberships that one person has and had with the merchant, one after another: at most one at a time.</summary>
public sealed record LightMember(IReadOnlyList<LightSpan> Spans)
{
    public static LightMember None { get; } = new([]);

    /// <summary>The membership in which what happens at that moment counts; null: none.</summary>
    public LightSpan? At(Instant moment) => Spans.LastOrDefault(span => span.From <= moment && moment < span.Until);

    /// <summary>The one that is not over, or has yet to begin; null: none.</summary>
    public LightSpan? Open(Instant now) => Spans.LastOrDefault(span => now < span.Until);

    public bool Equals(LightMember? other) => other is not null && Lists.Same(Spans, other.Spans);

    public override int GetHashCode() => Spans.Count;

    /// <summary>Never refuses and never computes.</summary>
    public static LightMember Evolve(LightMember state, LightMemberEvent fact)
    {
        ArgumentNullException.ThrowIfNull(state);
        return fact switch
        {
            LightMemberEvent.LightMembershipBegun e => new([.. state.Spans, e.Span]),
            // Who left and came back has two spans of one membership: the first stays as it ended.
            LightMemberEvent.LightMembershipEnded e => new([.. state.Spans.Select(span => span.Agreement == e.Agreement && span.Until > e.Until ? span with { Until = e.Until } : span)]),
            _ => throw new UnreachableException($"{fact}"),
        };
    }
}

/// <param name="IsSigner">Whether the person signed it; else shares it.</param>
/// <param name="SignedAt">When it was signed, or shared.</param>
/// <param name="From">First instant whose benefits count.</param>
/// <param name="Until">First instant whose benefits no longer count.</param>
public sealed record LightSpan(string Agreement, string Plan, bool IsSigner, Instant SignedAt, Instant From, Instant Until);

// The case names below are the stored event types. Never rename one: add a new case instead.
public abstract record LightMemberEvent
{
    private LightMemberEvent() { }

    public sealed record LightMembershipBegun(string Member, LightSpan Span) : LightMemberEvent;

    /// <summary>It was quit, or is no longer shared.</summary>
    public sealed record LightMembershipEnded(string Member, string Agreement, Instant Until) : LightMemberEvent;
}

/// <summary>Streams of light memberships.</summary>
public static class AgreementStreams
{
    /// <summary><c>lightplan-{id}</c>.</summary>
    public static StreamType<Plan, PlanEvent> Plan { get; } = new("light_plan", Schema: 1, Agreements.Plan.None, PlanDecider.Evolve);

    /// <summary><c>lightterms-{id}/{version}</c>.</summary>
    public static StreamType<PlanTermsVersion, PlanTermsEvent> Terms { get; } = new(
        "light_terms", Schema: 1, PlanTermsVersion.None, PlanTermsVersion.Evolve, IsImmutable: true);

    /// <summary><c>agreement-{number}</c>.</summary>
    public static StreamType<Agreement, AgreementEvent> Agreement { get; } = new(
        "agreement", Schema: 2, Agreements.Agreement.None, AgreementEvolution.Evolve, Status: state => state.Status.ToString());

    /// <summary><c>lightmember-{member}</c>.</summary>
    public static StreamType<LightMember, LightMemberEvent> Member { get; } = new("light_member", Schema: 1, LightMember.None, LightMember.Evolve);

    public static Stream<Plan, PlanEvent> PlanOf(string id) => Plan.At($"lightplan-{id}");

    public static Stream<PlanTermsVersion, PlanTermsEvent> TermsOf(string id, int version) => Terms.At(FormattableString.Invariant($"lightterms-{id}/{version}"));

    public static Stream<Agreement, AgreementEvent> AgreementOf(string id) => Agreement.At($"agreement-{id}");

    public static Stream<LightMember, LightMemberEvent> MemberOf(string member) => Member.At($"lightmember-{member}");
}
