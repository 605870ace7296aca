using System.Diagnostics;
using Ledger.Coupons.Sales;
using NodaTime;
using static Ledger.Coupons.CouponCommand;
using static Ledger.Coupons.CouponEvent;

namespace Ledger.Coupons;

/// <summary>Issuing, in one step or in two: issued, then confirmed, cancelled, or cancelled by the clock. Pure.</summary>
internal static class IssueDecider
{
    public static Decision<CouponEvent> Issue(IssueCoupon c)
    {
        var (campaign, terms, zone) = (c.Campaign, c.Terms, c.Terms.Zone());
        var date = c.At.InZone(zone).Date;
        if (terms.Sale is not null && c.Sale is null) return new CampaignSells(c.CampaignId);
        if (StatusRefusal(campaign.Status) is { } closed) return closed;
        if (c.At < campaign.StartsAt) return new CampaignNotStarted(campaign.StartsAt);
        if (c.At >= campaign.EndsAt) return new CampaignRefusal.CampaignEnded(campaign.EndsAt);
        if (c.Issued.InCampaign >= campaign.Quota) return new StockExhausted(campaign.Quota);
        if (LimitRefusal(terms.Limits, c, date) is { } refusal) return refusal;

        var (from, to) = terms.Validity.Of(c.At, zone);
        return from >= to
            ? new WindowIsOver(terms.Validity.WindowEnd)
            : new CouponIssued(
                c.CampaignId, campaign.TermsVersion, c.Member, c.Channel, CouponTallies.LimitKeys(c.CampaignId, terms.Limits, c.Member, date, c.PersonKey, c.PhoneKey),
                terms.Benefit.FaceValue, from, to, c.At, date, c.Sale, c.ConfirmWithin is { } seconds ? Instant.Min(c.At + Duration.FromSeconds(seconds), to) : null,
                c.Surface);
    }

    /// <summary>Of a coupon that exists.</summary>
    public static Decision<CouponEvent> Decide(CouponCommand command, Coupon state) => (command, state) switch
    {
        (ConfirmIssue c, { Status: CouponStatus.Confirming } s) => new CouponIssueConfirmed(s.Campaign, s.Member, c.Now),
        (ConfirmIssue, { Status: CouponStatus.Cancelled }) => new IssueAlreadyFinal("cancelled"),
        (ConfirmIssue, _) => Decision<CouponEvent>.Unchanged,
        (CancelIssue c, { Status: CouponStatus.Confirming } s) => Cancelled(s, IssueEnd.Cancelled, c.Now),
        (CancelIssue, { Status: CouponStatus.Cancelled }) => Decision<CouponEvent>.Unchanged,
        (CancelIssue, _) => new IssueAlreadyFinal("confirmed"),
        _ => throw new UnreachableException($"{command} on {state}"),
    };

    /// <summary>The end of the time for confirming; null where it is not over.</summary>
    public static CouponIssueCancelled? TimedOut(Coupon s, Instant now) =>
        s.Claim is { } claim && now >= claim.ConfirmBy ? Cancelled(s, IssueEnd.TimedOut, claim.ConfirmBy) : null;

    private static CouponIssueCancelled Cancelled(Coupon s, IssueEnd reason, Instant at) =>
        new(s.Campaign, s.Member, s.Claim!.LimitKeys, s.Claim.FaceValue, s.Claim.Date, reason, at, s.Surface);

    /// <summary>A history that is imported may be recorded after the campaign's end, for a time before it.</summary>
    private static Rejection? StatusRefusal(CampaignStatus status) => status switch
    {
        CampaignStatus.Active or CampaignStatus.Ended => null,
        CampaignStatus.Paused => new CampaignRefusal.CampaignPaused(),
        CampaignStatus.Stopped => new CampaignRefusal.CampaignStopped(),
        _ => new CampaignNotActive(status),
    };

    private static Rejection? LimitRefusal(IssueLimits limits, IssueCoupon c, LocalDate date) => limits switch
    {
        { PerMember: { } limit } when c.Issued.ToMember >= limit => new UserLimit(limit),
        { PerMemberPerDay: { } limit } when c.Issued.ToMemberToday >= limit => new UserDayLimit(limit, date),
        { PerPerson: not null } when c.PersonKey is null => new LimitIdentityMissing("person"),
        { PerPerson: { } limit } when c.Issued.ToPerson >= limit => new NaturalPersonLimit(limit),
        { PerPhone: not null } when c.PhoneKey is null => new LimitIdentityMissing("phone"),
        { PerPhone: { } limit } when c.Issued.ToPhone >= limit => new PhoneLimit(limit),
        { PerDay: { } limit } when c.Issued.Today >= limit => new DayLimit(limit, date),
        _ => null,
    };
}
