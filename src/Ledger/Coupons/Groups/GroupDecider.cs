using System.Diagnostics;
using Ledger.Coupons.Sales;
using NodaTime;
using static Ledger.Coupons.Groups.GroupCommand;
using static Ledger.Coupons.Groups.GroupEvent;

namespace Ledger.Coupons.Groups;

/// <summary>The life of a group that was opened: joined, then formed, or dissolved by the clock or the merchant. Pure: no clock, no I/O.</summary>
public static class GroupDecider
{
    /// <summary>Reads top to bottom: the first line that matches answers.</summary>
    public static Decision<GroupEvent> Decide(GroupCommand command, BuyingGroup state) => (command, state) switch
    {
        // What the clock ended is recorded with what follows.
        (_, { DueAt: { } due } s) when command.Now >= due => Decide(command, Ended(s)) is Decision<GroupEvent>.Accepted(var facts)
            ? new Decision<GroupEvent>.Accepted([.. Dissolved(s, GroupEnd.Expired, null, due), .. facts])
            : Decide(command, Ended(s)),
        (EndGroup, _) => Decision<GroupEvent>.Unchanged,

        (JoinGroup c, var s) when s.PaidBy(c.Trade) is { Payment: var paid } =>
            (paid.Member, paid.Amount) == (c.Member, c.Paid) ? Decision<GroupEvent>.Unchanged : new TradeAlreadyBooked(c.Trade),
        (JoinGroup, { Status: GroupStatus.Dissolved, EndedAt: { } at }) => new GroupHasDissolved(at),
        (JoinGroup c, { Status: GroupStatus.Formed } s) when s.Taken >= s.Most || c.Now >= s.Deadline => new GroupHasFormed(s.Most),
        (JoinGroup c, var s) when s.Of(c.Member) is { Payment.Number: var number } => new AlreadyInGroup(number),
        (JoinGroup, { Places.Count: >= Limits.MaxGroupPayments }) => new GroupJoinsExhausted(Limits.MaxGroupPayments),
        (JoinGroup c, var s) when c.Paid != s.Price => new PaidIsNotThePrice(s.Price, c.Paid),
        (JoinGroup { Issue: Decision<CouponEvent>.Rejected(var reason) }, _) => reason,
        (JoinGroup c, var s) => Joined(c, s),

        (LeaveGroup c, var s) => s.PaidBy(c.Trade) switch
        {
            null => new PlaceUnknown(c.Trade),
            { Standing: PlaceStanding.Held, Payment: var paid } => new GroupRefundRequested(s.Campaign, paid, PlaceRefundReason.Left, c.Reason, c.Now),
            { Standing: PlaceStanding.Sold, Code: var code } => new PlaceIsSold(c.Trade, code!),
            _ => Decision<GroupEvent>.Unchanged,
        },

        (CancelGroup c, { Status: GroupStatus.Forming } s) => Dissolved(s, GroupEnd.Cancelled, c.Reason, c.Now),
        (CancelGroup, { Status: GroupStatus.Formed, EndedAt: { } at }) => new GroupNotCancellable(at),
        (CancelGroup, _) => Decision<GroupEvent>.Unchanged,

        (AnswerPlaceRefund c, var s) => Answered(c, s, s.Places.FirstOrDefault(place => place.Payment.Number == c.Number)),

        _ => throw new UnreachableException($"{command} on {state}"),
    };

    /// <summary>Never refuses and never computes: what happened is already in the event.</summary>
    public static BuyingGroup Evolve(BuyingGroup state, GroupEvent fact) => fact switch
    {
        GroupOpened e => new(GroupStatus.Forming, e.Campaign, e.TermsVersion, e.Price, e.Needed, e.Most, e.Deadline, e.At, null, []),
        GroupJoined e => state with { Places = [.. state.Places, new(e.Payment, PlaceStanding.Held, e.At)] },
        GroupFormed e => state with { Status = GroupStatus.Formed, EndedAt = e.At },
        GroupPlaceSold e => state.With(e.Payment.Number, place => place with { Standing = PlaceStanding.Sold, Code = e.Code }),
        GroupDissolved e => state with { Status = GroupStatus.Dissolved, EndedAt = e.At },
        GroupRefundRequested e => state.With(e.Payment.Number, place => place with { Standing = PlaceStanding.RefundRequested }),
        GroupRefundPaid e => state.With(e.Number, place => place with { Standing = PlaceStanding.Refunded, Answer = e.Reference }),
        GroupRefundFailed e => state.With(e.Number, place => place with { Answer = e.Reference }),
        _ => throw new UnreachableException($"{fact} on {state}"),
    };

    /// <summary>A group that is forming, as its deadline will leave it.</summary>
    internal static BuyingGroup Ended(BuyingGroup s) => Dissolved(s, GroupEnd.Expired, null, s.Deadline).Aggregate(s, Evolve);

    /// <summary>Who completes the group sells every place of it; who joins a group that has formed, their own.</summary>
    private static GroupEvent[] Joined(JoinGroup c, BuyingGroup s)
    {
        var claim = ((Decision<CouponEvent>.Accepted)c.Issue).Events.OfType<CouponEvent.CouponIssued>().Single();
        var joined = new GroupJoined(s.Campaign, new(s.Places.Count + 1, c.Member, c.Trade, c.Paid, c.Channel, claim.LimitKeys), c.Now);
        var after = Evolve(s, joined);
        if (after.Taken < s.Needed) return [joined];
        var sold = after.Places.Where(place => place.Standing == PlaceStanding.Held).Select((place, i) => new GroupPlaceSold(s.Campaign, place.Payment, c.Codes[i], c.Now));
        return s.Status == GroupStatus.Formed ? [joined, .. sold] : [joined, new GroupFormed(s.Campaign, c.Now), .. sold];
    }

    private static GroupEvent[] Dissolved(BuyingGroup s, GroupEnd reason, string? note, Instant at) =>
    [
        new GroupDissolved(s.Campaign, reason, note, at),
        .. s.Places.Where(place => place.Standing == PlaceStanding.Held).Select(place => new GroupRefundRequested(s.Campaign, place.Payment, PlaceRefundReason.Dissolved, note, at)),
    ];

    private static Decision<GroupEvent> Answered(AnswerPlaceRefund c, BuyingGroup s, GroupPlace? place) => place switch
    {
        { Standing: PlaceStanding.Refunded } when c.IsPaid => Decision<GroupEvent>.Unchanged,
        { Standing: PlaceStanding.Refunded, Payment: var paid } => new RefundAlreadyPaid(paid.Trade, paid.Number),
        { Standing: PlaceStanding.RefundRequested, Payment: var paid } when c.IsPaid =>
            new GroupRefundPaid(s.Campaign, paid.Number, paid.Member, paid.Trade, paid.Amount, c.Reference, c.Now),
        { Standing: PlaceStanding.RefundRequested, Answer: var known } when known == c.Reference => Decision<GroupEvent>.Unchanged,
        { Standing: PlaceStanding.RefundRequested, Payment: var paid } =>
            new GroupRefundFailed(s.Campaign, paid.Number, paid.Member, paid.Trade, paid.Amount, c.Reference, c.Reason, c.Now),
        _ => new PlaceRefundUnknown(c.Number),
    };
}

/// <summary>
/// A place counts like a coupon from the moment it is paid for, so that a group that forms can always be served. What it held goes over to
/// its coupon, or back.
/// </summary>
public static class GroupTallies
{
    /// <summary>Paid for groups that are forming: a liability, beside the open coupons.</summary>
    public static string Held(string campaign) => $"sales/{campaign}/held";

    public static IReadOnlyList<TallyChange> Of(GroupEvent fact) => fact switch
    {
        GroupJoined e => [.. Claimed(e.Campaign, e.Payment, 1), new(SaleTallies.Paid(e.Campaign), e.Payment.Amount.Minor), new(Held(e.Campaign), e.Payment.Amount.Minor)],
        // The coupon's own issue adds all of this again, but for what is held: that is open then.
        GroupPlaceSold e => [.. Claimed(e.Campaign, e.Payment, -1), new(SaleTallies.Paid(e.Campaign), -e.Payment.Amount.Minor), new(Held(e.Campaign), -e.Payment.Amount.Minor)],
        GroupRefundRequested e =>
            [.. Claimed(e.Campaign, e.Payment, -1), new(Held(e.Campaign), -e.Payment.Amount.Minor), new(SaleTallies.Refunds(e.Campaign), e.Payment.Amount.Minor)],
        GroupRefundPaid e => [new(SaleTallies.RefundsPaid(e.Campaign), e.Amount.Minor)],
        _ => [],
    };

    private static IEnumerable<TallyChange> Claimed(string campaign, GroupPayment payment, int places) =>
        payment.LimitKeys.Prepend(CouponTallies.Issued(campaign)).Select(key => new TallyChange(key, places));
}
