using Ledger.Members;
using NodaTime;
using Xunit;
using static Ledger.Members.MemberCommand;
using static Ledger.Members.MemberEvent;
using static Ledger.Tests.Moments;

namespace Ledger.Tests.Members;

public class MemberDeciderTests
{
    private static readonly Spec<MemberCommand, Member, MemberEvent> s_member = new(MemberDecider.Decide, MemberDecider.Evolve, Member.None);
    private static readonly Instant s_at = At("2026-02-17T12:00:00+08:00");
    private static readonly Consent s_consent = new(["points"], "v3", s_at);
    private static readonly Identity s_phone = new(IdentityKind.Phone, new('a', 32));
    private static readonly MemberJoined s_joined = new("m-1", s_consent, [s_phone], "scan", new(Portal.Scan), s_at, Day("2026-02-17"));
    private static readonly TierProgramme s_tiers = new(2, [new("silver", "Silver", 0), new("gold", "Gold", 100)]);

    [Fact]
    public void A_person_joins_with_consent_once()
    {
        s_member.Given().When(Join()).Then(s_joined);
        s_member.Given(s_joined).When(Join() with { At = s_at + Tick }).ThenNothing();
        s_member.Given(s_joined).When(Join() with { Consent = s_consent with { TextVersion = "v4" } }).ThenRefused(new MemberAlreadyJoined("m-1", s_at));
        s_member.Given().When(Join() with { Taken = IdentityKind.Phone }).ThenRefused(new IdentityTaken(IdentityKind.Phone));
    }

    [Fact]
    public void A_membership_is_suspended_resumed_and_closed_for_good()
    {
        var suspended = s_member.Given(s_joined).When(new Suspend("m-1", "dispute", s_at)).AndThen();
        Assert.Equal(MemberStatus.Suspended, suspended.State.Status);
        suspended.When(new Resume("m-1", s_at)).Then(new MemberResumed("m-1", s_at));
        var closed = suspended.When(new Close("m-1", null, s_at)).AndThen();
        foreach (var command in new MemberCommand[] { Join(), new Suspend("m-1", null, s_at), new Resume("m-1", s_at), Give("gold") })
            closed.When(command).ThenRefused(new MembershipClosed("m-1"));
        closed.When(new Close("m-1", null, s_at)).ThenNothing();
        foreach (var command in new MemberCommand[] { new Suspend("m-1", null, s_at), new Resume("m-1", s_at), new Close("m-1", null, s_at), Give("gold") })
            s_member.Given().When(command).ThenRefused(new MemberUnknown("m-1"));
    }

    [Fact]
    public void A_tier_counts_from_its_first_instant_to_its_last()
    {
        var until = s_at + Duration.FromDays(30);
        s_member.Given(s_joined).When(Give("platinum")).ThenRefused(new TierUnknown("platinum", 2));
        var silver = new TierGiven("m-1", new("silver", 2, s_at, null), null, s_at);
        var both = s_member.Given(s_joined, silver).When(Give("gold") with { Until = until }).AndThen().State;
        Assert.Null(both.TierAt(s_at - Tick));
        Assert.Equal(("gold", "gold", "silver"), (both.TierAt(s_at)!.Tier, both.TierAt(until - Tick)!.Tier, both.TierAt(until)!.Tier));
    }

    private static Join Join() => new("m-1", s_consent, [s_phone], null, "scan", new(Portal.Scan), s_at, Day("2026-02-17"));

    private static GiveTier Give(string tier) => new("m-1", s_tiers, tier, s_at, null, null, s_at);
}
