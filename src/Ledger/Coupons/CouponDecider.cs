using System.Diagnostics;
using NodaTime;
using static Ledger.Coupons.CouponCommand;
using static Ledger.Coupons.CouponEvent;

namespace Ledger.Coupons;

/// <summary>
/// The life of one coupon: issued, used, perhaps voided and used again; deactivated, or expired by the clock. Pure: no clock, no
/// I/O.
/// </summary>
public static class CouponDecider
{
    /// <summary>Reads top to bottom: the first line that matches answers.</summary>
    public static Decision<CouponEvent> Decide(CouponCommand command, Coupon state) => (command, state) switch
    {
        (IssueCoupon c, { Status: CouponStatus.None }) => Issue(c),
        (IssueCoupon c, var s) when (s.Campaign, s.Member) == (c.CampaignId, c.Member) => Decision<CouponEvent>.Unchanged,
        (IssueCoupon c, _) => new CodeTaken(c.Code),
        (_, { Status: CouponStatus.None }) => new CodeNotFound(),

        // A till that lost our answer sends the same request again: accept it, append nothing.
        (RedeemCoupon c, { Status: CouponStatus.Used, Last: { } last }) when last.Request == c.Request => Decision<CouponEvent>.Unchanged,
        (RedeemCoupon, { Status: CouponStatus.Used, Last: { } last }) => new AlreadyUsed(last.RedemptionId, last.At),
        (RedeemCoupon, { Status: CouponStatus.Deactivated }) => new Deactivated(),
        (RedeemCoupon c, var s) when c.At < s.ValidFrom => new NotYetValid(s.ValidFrom),
        (RedeemCoupon c, var s) when c.At >= s.ValidTo => new Expired(s.ValidTo),
        (RedeemCoupon c, _) when !c.Terms.IsUsableAt(c.At) => new OutsideTimeWindow(c.At, c.Terms.TimeZone),
        (RedeemCoupon c, _) when !c.Terms.Allows(c.Store) => new StoreNotAllowed(c.Store),
        (RedeemCoupon c, _) when c.Amount < c.Terms.MinimumSpend => new FloorNotMet(c.Terms.MinimumSpend, c.Amount),
        (RedeemCoupon c, _) when c.Terms.Benefit.On(c.Amount) == Money.Zero => new NothingToDiscount(c.Amount),
        (RedeemCoupon c, { Status: CouponStatus.Expired } s) => new CouponEvent[] { new CouponExpiryReversed(s.Campaign, s.Member, c.At), Redeemed(c, s) },
        (RedeemCoupon c, var s) => Redeemed(c, s),

        (VoidRedemption c, { Last: { IsVoided: true } last }) when last.RedemptionId == c.RedemptionId => Decision<CouponEvent>.Unchanged,
        (VoidRedemption c, var s) when c.Number >= 1 && c.Number < s.Redemptions => new AlreadyVoided(c.RedemptionId),
        (VoidRedemption c, { Last: var last }) when last?.RedemptionId != c.RedemptionId => new RedemptionNotFound(c.RedemptionId),
        (VoidRedemption c, { Last: { } last }) when c.At >= last.VoidableUntil => new VoidWindowClosed(last.VoidableUntil),
        (VoidRedemption c, { Last: { } last } s) => new RedemptionVoided(
            last.RedemptionId, s.Campaign, s.Member, last.Amount, last.Discount, c.At, c.Date, s.ValidTo, last.Store, c.Reason),

        (DeactivateCoupon, { Status: CouponStatus.Used, Last: { } last }) => new AlreadyUsed(last.RedemptionId, last.At),
        (DeactivateCoupon, { Status: CouponStatus.Expired } s) => new Expired(s.ValidTo),
        (DeactivateCoupon, { Status: CouponStatus.Deactivated }) => Decision<CouponEvent>.Unchanged,
        (DeactivateCoupon c, var s) when c.At >= s.ValidTo => new Expired(s.ValidTo),
        (DeactivateCoupon c, var s) => new CouponDeactivated(s.Campaign, s.Member, c.At, c.Reason),

        // The timer asks; what is no longer due is nothing to do.
        (ExpireCoupon c, { Status: CouponStatus.Issued } s) when c.Now >= s.ValidTo => new CouponExpired(s.Campaign, s.Member, s.ValidTo),
        (ExpireCoupon, _) => Decision<CouponEvent>.Unchanged,

        _ => throw new UnreachableException($"{command} on {state}"),
    };

    /// <summary>Never refuses and never computes: what happened is already in the event.</summary>
    public static Coupon Evolve(Coupon state, CouponEvent fact) => fact switch
    {
        CouponIssued e => new(CouponStatus.Issued, e.Campaign, e.TermsVersion, e.Member, e.ValidFrom, e.ValidTo, 0, null),
        CouponRedeemed e => state with
        {
            Status = CouponStatus.Used,
            Redemptions = state.Redemptions + 1,
            Last = new(e.RedemptionId, e.Request, e.Amount, e.Discount, e.At, e.VoidableUntil, e.Store, e.Till, e.Order, IsVoided: false),
        },
        RedemptionVoided => state with { Status = CouponStatus.Issued, Last = state.Last! with { IsVoided = true } },
        CouponDeactivated => state with { Status = CouponStatus.Deactivated },
        CouponExpired => state with { Status = CouponStatus.Expired },
        CouponExpiryReversed => state with { Status = CouponStatus.Issued },
        _ => throw new UnreachableException($"{fact}"),
    };

    private static Decision<CouponEvent> Issue(IssueCoupon c)
    {
        var (campaign, terms, zone) = (c.Campaign, c.Terms, c.Terms.Zone());
        var date = c.At.InZone(zone).Date;
        // A history that is imported may be recorded after the campaign's end, for a time before it.
        if (campaign.Status is not (CampaignStatus.Active or CampaignStatus.Ended)) return new CampaignNotActive(campaign.Status);
        if (c.At < campaign.StartsAt) return new CampaignNotStarted(campaign.StartsAt);
        if (c.At >= campaign.EndsAt) return new CampaignHasEnded(campaign.EndsAt);
        if (c.Issued.InCampaign >= campaign.Quota) return new StockExhausted(campaign.Quota);
        if (terms.Limits.PerMember is { } perMember && c.Issued.ToMember >= perMember) return new UserLimit(perMember);
        if (terms.Limits.PerMemberPerDay is { } perMemberDay && c.Issued.ToMemberToday >= perMemberDay) return new UserDayLimit(perMemberDay, date);
        if (terms.Limits.PerDay is { } perDay && c.Issued.Today >= perDay) return new DayLimit(perDay, date);

        var (from, to) = terms.Validity.Of(c.At, zone);
        return from >= to
            ? new WindowIsOver(terms.Validity.WindowEnd)
            : new CouponIssued(
                c.CampaignId, campaign.TermsVersion, c.Member, c.Channel, CouponTallies.LimitKeys(c.CampaignId, terms.Limits, c.Member, date), terms.Benefit.FaceValue,
                from, to, c.At, date);
    }

    private static CouponRedeemed Redeemed(RedeemCoupon c, Coupon s) => new(
        CouponStream.RedemptionId(c.Code, s.Redemptions + 1), c.Request, s.Campaign, s.Member, c.Amount, c.Terms.Benefit.On(c.Amount),
        c.At, c.At.InZone(c.Terms.Zone()).Date, c.Terms.VoidableUntil(c.At), c.Store, c.Till, c.Order);
}

/// <summary>The counters of issuing: which keys there are, and what an entry adds to them.</summary>
public static class CouponTallies
{
    public static string Issued(string campaign) => $"issued/{campaign}";

    public static string IssuedTo(string campaign, string member) => $"issued/{campaign}/member/{member}";

    public static string IssuedTo(string campaign, string member, LocalDate date) => $"issued/{campaign}/member/{member}/{date:uuuu-MM-dd}";

    public static string IssuedOn(string campaign, LocalDate date) => $"issued/{campaign}/day/{date:uuuu-MM-dd}";

    /// <summary>The keys that the limits of a terms version make a coupon count in.</summary>
    public static IReadOnlyList<string> LimitKeys(string campaign, IssueLimits limits, string member, LocalDate date)
    {
        ArgumentNullException.ThrowIfNull(limits);
        var keys = new List<string>();
        if (limits.PerMember is not null) keys.Add(IssuedTo(campaign, member));
        if (limits.PerMemberPerDay is not null) keys.Add(IssuedTo(campaign, member, date));
        if (limits.PerDay is not null) keys.Add(IssuedOn(campaign, date));
        return keys;
    }

    /// <summary>Deactivating gives nothing back: only issuing counts.</summary>
    public static IReadOnlyList<TallyChange> Of(CouponEvent fact) => fact is CouponIssued e
        ? [new(Issued(e.Campaign), 1), .. e.LimitKeys.Select(key => new TallyChange(key, 1))]
        : [];
}
