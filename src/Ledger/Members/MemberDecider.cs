using System.Diagnostics;
using NodaTime;
using static Ledger.Members.MemberCommand;
using static Ledger.Members.MemberEvent;

namespace Ledger.Members;

/// <summary>A person joins with consent, is suspended and resumed, leaves for good; tiers come with the dates of their effect. Pure.</summary>
public static class MemberDecider
{
    /// <summary>Reads top to bottom: the first line that matches answers.</summary>
    public static Decision<MemberEvent> Decide(MemberCommand command, Member state) => (command, state) switch
    {
        (Join { Taken: { } kind }, { Status: MemberStatus.None }) => new IdentityTaken(kind),
        (Join c, { Status: MemberStatus.None }) => new MemberJoined(c.Member, c.Consent, c.Identities, c.Channel, c.Surface, c.At, c.Date),
        (Join c, { Status: MemberStatus.Closed }) => new MembershipClosed(c.Member),
        (Join c, var s) when s.Consent == c.Consent && (s.Channel, s.Surface) == (c.Channel, c.Surface) && Lists.Same(s.Identities, c.Identities) => Decision<MemberEvent>.Unchanged,
        (Join c, var s) => new MemberAlreadyJoined(c.Member, s.JoinedAt),
        (Suspend { Member: var id }, { Status: MemberStatus.None }) => new MemberUnknown(id),
        (Resume { Member: var id }, { Status: MemberStatus.None }) => new MemberUnknown(id),
        (Close { Member: var id }, { Status: MemberStatus.None }) => new MemberUnknown(id),
        (GiveTier { Member: var id }, { Status: MemberStatus.None }) => new MemberUnknown(id),

        (Close, { Status: MemberStatus.Closed }) => Decision<MemberEvent>.Unchanged,
        (Suspend { Member: var id }, { Status: MemberStatus.Closed }) => new MembershipClosed(id),
        (Resume { Member: var id }, { Status: MemberStatus.Closed }) => new MembershipClosed(id),
        (GiveTier { Member: var id }, { Status: MemberStatus.Closed }) => new MembershipClosed(id),
        (Close c, var s) => new MemberClosed(c.Member, s.Identities, c.Reason, c.At),
        (Suspend, { Status: MemberStatus.Suspended }) => Decision<MemberEvent>.Unchanged,
        (Suspend c, _) => new MemberSuspended(c.Member, c.Reason, c.At),
        (Resume c, { Status: MemberStatus.Suspended }) => new MemberResumed(c.Member, c.At),
        (Resume, _) => Decision<MemberEvent>.Unchanged,

        (GiveTier c, _) when c.Programme.Tiers.All(tier => tier.Id != c.Tier) => new TierUnknown(c.Tier, c.Programme.Version),
        (GiveTier c, { Tiers: [.., var last] }) when last == new TierSpan(c.Tier, c.Programme.Version, c.From, c.Until) => Decision<MemberEvent>.Unchanged,
        (GiveTier c, _) when c.Until <= c.From => new TierIsOver(c.Until.Value),
        (GiveTier, { Tiers.Count: >= Limits.MaxTierSpans }) => new TooManyTiers(Limits.MaxTierSpans),
        (GiveTier c, _) => new TierGiven(c.Member, new(c.Tier, c.Programme.Version, c.From, c.Until), c.Reason, c.At),
        _ => throw new UnreachableException($"{command} on {state}"),
    };

    /// <summary>Never refuses and never computes: what happened is already in the event.</summary>
    public static Member Evolve(Member state, MemberEvent fact) => fact switch
    {
        MemberJoined e => new(MemberStatus.Active, e.Consent, e.Identities, [], e.Channel, e.Surface, e.At),
        MemberSuspended => state with { Status = MemberStatus.Suspended },
        MemberResumed => state with { Status = MemberStatus.Active },
        MemberClosed => state with { Status = MemberStatus.Closed, DueAt = null },
        TierGiven e => state with { Tiers = [.. state.Tiers, e.Span], DueAt = e.Span.Until },
        TierEnded => state with { DueAt = null },
        _ => throw new UnreachableException($"{fact}"),
    };

    /// <summary>Open memberships, by identity.</summary>
    public static IReadOnlyList<TallyChange> TalliesOf(MemberEvent fact) => fact switch
    {
        MemberJoined e => [.. e.Identities.Select(identity => new TallyChange(identity.Tally, 1))],
        MemberClosed e => [.. e.Identities.Select(identity => new TallyChange(identity.Tally, -1))],
        _ => [],
    };
}

/// <summary>Streams of members: <c>member-{id}</c>.</summary>
public static class MemberStream
{
    public static StreamType<Member, MemberEvent> Type { get; } = new("member", Schema: 2, Member.None, MemberDecider.Evolve, MemberDecider.TalliesOf);

    public static Stream<Member, MemberEvent> Of(string id) => Type.At($"member-{id}");

    /// <summary>Enrols a person; of each identity one open membership at most.</summary>
    public static Operation Join(
        Request request, string id, Consent consent, IReadOnlyList<Identity> identities, string? channel, Surface? surface, LocalDate date)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(identities);
        return On(request, id, [], [.. identities.Select(identity => identity.Tally)], book => new MemberCommand.Join(
            id, consent, identities, identities.FirstOrDefault(identity => book.Tally(identity.Tally) > 0)?.Kind, channel, surface, request.Now, date));
    }

    public static Operation Change(Request request, string id, MemberCommand command) => On(request, id, [], [], _ => command);

    /// <summary>Gives a tier of the programme in force.</summary>
    public static Operation GiveTier(Request request, string id, string tier, Instant from, Instant? until, string? reason)
    {
        ArgumentNullException.ThrowIfNull(request);
        return On(request, id, [TierProgrammeStream.Stream], [], book => new MemberCommand.GiveTier(id, book.State(TierProgrammeStream.Stream), tier, from, until, reason, request.Now));
    }

    private static Operation On(Request request, string id, IReadOnlyList<StreamName> streams, IReadOnlyList<string> tallies, Func<BookStates, MemberCommand> command)
    {
        var stream = Of(id);
        return new(request, [stream, .. streams], tallies, book => Verdict.Of(
            stream, book.State(stream), MemberDecider.Decide(command(book), book.State(stream)), (_, after) => MemberView.Of(id, after, request.Now)));
    }
}

/// <summary>A member as the merchant sees it: which kinds of identity there are, never which.</summary>
/// <param name="Tier">In effect at the moment of the answer.</param>
public sealed record MemberView(
    string Member, MemberStatus Status, Consent Consent, IReadOnlyList<IdentityKind> Identities, TierSpan? Tier, IReadOnlyList<TierSpan> Tiers, string? Channel, Surface? Surface,
    Instant JoinedAt)
{
    public static MemberView Of(string id, Member member, Instant now)
    {
        ArgumentNullException.ThrowIfNull(member);
        return new(id, member.Status, member.Consent!, [.. member.Identities.Select(identity => identity.Kind)], member.TierAt(now), member.Tiers, member.Channel, member.Surface, member.JoinedAt);
    }
}
