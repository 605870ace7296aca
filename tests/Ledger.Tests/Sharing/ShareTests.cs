using Ledger.Coupons.Associations;
using Ledger.Coupons.Sharing;
using NodaTime;
using Xunit;
using static Ledger.Coupons.Associations.AssociationCommand;
using static Ledger.Coupons.Associations.AssociationEvent;
using static Ledger.Coupons.Sharing.ShareCommand;
using static Ledger.Coupons.Sharing.ShareEvent;
using static Ledger.Tests.Moments;

namespace Ledger.Tests.Sharing;

/// <summary>Who may share what, how often; and which order a coupon belongs to.</summary>
public class ShareTests
{
    private static readonly Spec<ShareCommand, Share, ShareEvent> s_share = new(ShareStream.Decide, ShareStream.Evolve, Share.None);
    private static readonly Spec<AssociationCommand, Association, AssociationEvent> s_association = new(AssociationDecider.Decide, AssociationDecider.Evolve, Association.None);
    private static readonly Instant s_at = At("2026-02-17T12:59:59+08:00");
    private static readonly Instant s_next = At("2026-02-17T13:00:00+08:00");
    private static readonly Sharer s_member = new(SharerKind.Member, "m-1");
    private static readonly SharingRules s_rules = new(1, [s_member], ["spring"], 1);
    private static readonly CampaignShared s_shared = new("n-1", "spring", s_member, new(Portal.Friends), s_at);

    [Fact]
    public void Without_rules_everyone_may_share_everything() =>
        s_share.Given().When(Shared(SharingRules.None, 1_000_000)).Then(s_shared);

    [Fact]
    public void Who_or_what_is_not_on_the_list_is_refused()
    {
        s_share.Given().When(Shared(s_rules) with { Sharer = new(SharerKind.Key, "m-1") }).ThenRefused(new SharerNotAllowed(SharerKind.Key, "m-1"));
        s_share.Given().When(Shared(s_rules) with { Campaign = "autumn" }).ThenRefused(new CampaignNotShareable("autumn"));
        s_share.Given().When(Shared(s_rules)).Then(s_shared);
        s_share.Given().When(Shared(s_rules with { Sharers = [] })).ThenRefused(new SharerNotAllowed(SharerKind.Member, "m-1"));
    }

    [Fact]
    public void Beyond_the_rate_the_next_hour_is_named()
    {
        s_share.Given().When(Shared(s_rules, shared: 1)).ThenRefused(new ShareLimit(1, s_next));
        s_share.Given().When(Shared(s_rules, shared: 1) with { At = s_next }).ThenRefused(new ShareLimit(1, s_next + Duration.FromHours(1)));
        Assert.Equal(("shared/member/m-1/2026-02-17T04", "shared/key/m-1/2026-02-17T05"), (s_member.Tally(s_at), new Sharer(SharerKind.Key, "m-1").Tally(s_next)));
    }

    [Fact]
    public void A_number_stands_for_one_share()
    {
        s_share.Given(s_shared).When(Shared(s_rules, shared: 1)).ThenNothing();
        s_share.Given(s_shared).When(Shared(s_rules, shared: 1) with { Campaign = "autumn" }).ThenRefused(new ShareDiffers("n-1", s_at));
    }

    [Fact]
    public void A_coupon_belongs_to_one_order_at_a_time()
    {
        var (associated, parted) = (new CouponAssociated("C", "spring", "t-1", s_at), new CouponDisassociated("C", "spring", "t-1", s_at));
        s_association.Given().When(new Associate("C", "spring", "t-1", s_at)).Then(associated);
        s_association.Given(associated).When(new Associate("C", "spring", "t-1", s_next)).ThenNothing();
        s_association.Given(associated).When(new Associate("C", "spring", "t-2", s_at)).ThenRefused(new AssociatedElsewhere("t-1"));
        s_association.Given(associated).When(new Disassociate("C", "spring", "t-2", s_at)).ThenRefused(new NotAssociated("t-1"));
        s_association.Given(associated).When(new Disassociate("C", "spring", "t-1", s_at)).Then(parted);
        s_association.Given(associated, parted).When(new Disassociate("C", "spring", "t-1", s_at)).ThenNothing();
        s_association.Given(associated, parted).When(new Disassociate("C", "spring", "t-2", s_at)).ThenRefused(new NotAssociated(null));
        s_association.Given().When(new Disassociate("C", "spring", "t-1", s_at)).ThenRefused(new NotAssociated(null));
        s_association.Given(associated, parted).When(new Associate("C", "spring", "t-2", s_at)).Then(new CouponAssociated("C", "spring", "t-2", s_at));
    }

    private static ShareCampaign Shared(SharingRules rules, long shared = 0) => new(rules, shared, "n-1", "spring", s_member, new(Portal.Friends), s_at);
}
