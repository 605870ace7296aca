using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;
using NodaTime;

namespace Ledger.Coupons.Groups;

/// <summary>Members who buy a coupon each at a lower price if enough of them join in time (拼团): it forms, or it dissolves and all is paid back.</summary>
/// <param name="TermsVersion">Of the campaign when it was opened: whatever is amended meanwhile, its coupons pin this version.</param>
/// <param name="Price">Of one coupon.</param>
/// <param name="Needed">It forms once so many places are taken.</param>
/// <param name="Most">The most places; those that are left when it has formed may be taken until its deadline.</param>
/// <param name="Deadline">First instant at which nobody can join; one that has not formed by then dissolves.</param>
/// <param name="EndedAt">When it formed or dissolved; null: it is forming.</param>
/// <param name="Places">By number, those of members who left included.</param>
public sealed record BuyingGroup(
    GroupStatus Status, string Campaign, int TermsVersion, Money Price, int Needed, int Most, Instant Deadline, Instant At, Instant? EndedAt, IReadOnlyList<GroupPlace> Places)
{
    public static BuyingGroup None { get; } = new(GroupStatus.None, "", 0, default, 0, 0, default, default, null, []);

    /// <summary>When the clock is to ask next; null when it has nothing to say any more.</summary>
    [JsonIgnore]
    public Instant? DueAt => Status == GroupStatus.Forming ? Deadline : null;

    /// <summary>Places that count: held or sold.</summary>
    [JsonIgnore]
    public int Taken => Places.Count(place => place.IsTaken);

    public GroupPlace? PaidBy(string trade) => Places.FirstOrDefault(place => place.Payment.Trade == trade);

    /// <summary>The place that the member has; null: none, or given up.</summary>
    public GroupPlace? Of(string member) => Places.FirstOrDefault(place => place.IsTaken && place.Payment.Member == member);

    /// <summary>The same with that place changed.</summary>
    public BuyingGroup With(int number, Func<GroupPlace, GroupPlace> change) => this with
    {
        Places = [.. Places.Select(place => place.Payment.Number == number ? change(place) : place)],
    };

    public bool Equals(BuyingGroup? other) =>
        other is not null && (Status, Campaign, TermsVersion, Price, Needed, Most) == (other.Status, other.Campaign, other.TermsVersion, other.Price, other.Needed, other.Most)
        && (Deadline, At, EndedAt) == (other.Deadline, other.At, other.EndedAt) && Lists.Same(Places, other.Places);

    public override int GetHashCode() => HashCode.Combine(Status, Campaign, Price, At);
}

public enum GroupStatus
{
    None,
    Forming,

    /// <summary>Its members have their coupons.</summary>
    Formed,

    /// <summary>Too few joined in time, or the merchant cancelled it.</summary>
    Dissolved,
}

/// <summary>What was paid for one place, and what the place claims of the campaign's limits until it is a coupon or paid back.</summary>
/// <param name="Number">Of the group's places, from 1; its refund has the same number.</param>
/// <param name="Trade">The payment's trade number.</param>
/// <param name="LimitKeys">The tallies, beside the campaign's own, that the place counts in.</param>
public sealed record GroupPayment(int Number, string Member, string Trade, Money Amount, string? Channel, IReadOnlyList<string> LimitKeys)
{
    public bool Equals(GroupPayment? other) =>
        other is not null && (Number, Member, Trade, Amount, Channel) == (other.Number, other.Member, other.Trade, other.Amount, other.Channel) && Lists.Same(LimitKeys, other.LimitKeys);

    public override int GetHashCode() => HashCode.Combine(Number, Member, Trade);
}

/// <param name="Code">Of the coupon that was issued for it; null: none.</param>
/// <param name="Answer">The provider's reference of the last answer to its refund; null: none yet.</param>
public sealed record GroupPlace(GroupPayment Payment, PlaceStanding Standing, Instant At, string? Code = null, string? Answer = null)
{
    [JsonIgnore]
    public bool IsTaken => Standing is PlaceStanding.Held or PlaceStanding.Sold;
}

public enum PlaceStanding
{
    /// <summary>Paid, and neither a coupon nor on its way back yet.</summary>
    Held,

    /// <summary>A sold coupon; where its price goes from here stands with the sale of the same trade number.</summary>
    Sold,

    /// <summary>On its way back to the member.</summary>
    RefundRequested,

    /// <summary>Back with the member.</summary>
    Refunded,
}

public enum GroupEnd
{
    /// <summary>Too few had joined by the deadline.</summary>
    Expired,

    /// <summary>The merchant gave it up.</summary>
    Cancelled,
}

public enum PlaceRefundReason
{
    /// <summary>The member left.</summary>
    Left,

    /// <summary>The group dissolved.</summary>
    Dissolved,
}

// The case names below are the stored event types. Never rename one: add a new case instead. The campaign stands in each of them so that a
// read model needs no other entry.
public abstract record GroupEvent
{
    private GroupEvent() { }

    public sealed record GroupOpened(string Campaign, int TermsVersion, Money Price, int Needed, int Most, Instant Deadline, Instant At) : GroupEvent;

    /// <summary>The place counts in quota and limits from now on, and its payment is held.</summary>
    public sealed record GroupJoined(string Campaign, GroupPayment Payment, Instant At) : GroupEvent;

    public sealed record GroupFormed(string Campaign, Instant At) : GroupEvent;

    /// <summary>The place is a sold coupon, which counts in its stead: its sale and its issue are entries of the same operation.</summary>
    public sealed record GroupPlaceSold(string Campaign, GroupPayment Payment, string Code, Instant At) : GroupEvent;

    /// <param name="Note">Why the merchant gave it up.</param>
    /// <param name="At">When it was cancelled; where its time ran out, its deadline, whenever the clock was read.</param>
    public sealed record GroupDissolved(string Campaign, GroupEnd Reason, string? Note, Instant At) : GroupEvent;

    /// <summary>The channel is to pay back all that was paid; quota and limits have the place back.</summary>
    public sealed record GroupRefundRequested(string Campaign, GroupPayment Payment, PlaceRefundReason Reason, string? Note, Instant At) : GroupEvent;

    /// <param name="Reference">The provider's own number.</param>
    public sealed record GroupRefundPaid(string Campaign, int Number, string Member, string Trade, Money Amount, string Reference, Instant At) : GroupEvent;

    /// <summary>The refund stays open until another try is paid.</summary>
    public sealed record GroupRefundFailed(string Campaign, int Number, string Member, string Trade, Money Amount, string Reference, string? Reason, Instant At) : GroupEvent;
}

/// <param name="Now">When the request was received: a group ends by the service's clock.</param>
public abstract record GroupCommand(Instant Now)
{
    /// <param name="Issue">What issuing a coupon to the member would answer now: its refusal, or the claim that the place takes.</param>
    /// <param name="Codes">Fresh codes for the coupons of all places that the group can have.</param>
    public sealed record JoinGroup(
        string Member, string Trade, Money Paid, string? Channel, Decision<CouponEvent> Issue, IReadOnlyList<string> Codes, Instant Now) : GroupCommand(Now);

    /// <summary>A member gives the place up before the group has formed.</summary>
    /// <param name="Trade">The place's payment: a member who left may have joined again by another.</param>
    public sealed record LeaveGroup(string Trade, string? Reason, Instant Now) : GroupCommand(Now);

    public sealed record CancelGroup(string? Reason, Instant Now) : GroupCommand(Now);

    /// <summary>Sent by the timer.</summary>
    public sealed record EndGroup(Instant Now) : GroupCommand(Now);

    /// <summary>What the channel says of a refund that was requested.</summary>
    /// <param name="Reference">The provider's own number of this try.</param>
    public sealed record AnswerPlaceRefund(int Number, bool IsPaid, string Reference, string? Reason, Instant Now) : GroupCommand(Now);
}

/// <summary>Streams of groups: <c>group-{id}</c>.</summary>
public static class GroupStream
{
    public static StreamType<BuyingGroup, GroupEvent> Type { get; } = new("group", Schema: 1, BuyingGroup.None, GroupDecider.Evolve, GroupTallies.Of);

    public static Stream<BuyingGroup, GroupEvent> Of(string id) => Type.At($"group-{id}");

    /// <summary>The id of the group that a payment opens: the same payment, the same group. It may be shown where a trade number may not.</summary>
    public static string IdOf(string trade) => $"g{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(trade)).AsSpan(0, 10))}";
}

/// <summary>A group as the API shows it.</summary>
/// <param name="Status">forming, formed or dissolved, as the clock stands.</param>
/// <param name="Taken">Places that are held or sold.</param>
/// <param name="Place">The place that this request paid for; absent in other answers.</param>
public sealed record GroupView(
    string GroupId, string Campaign, int TermsVersion, GroupStatus Status, Money Price, int Needed, int Most, int Taken, Instant At, Instant Deadline, Instant? EndedAt,
    IReadOnlyList<GroupPlaceView> Places, GroupPlaceView? Place = null)
{
    /// <param name="trade">The payment of the request; null: it paid nothing.</param>
    public static GroupView Of(string id, BuyingGroup group, Instant now, string? trade = null)
    {
        ArgumentNullException.ThrowIfNull(group);
        // The clock ends a group before any entry says so.
        if (group.DueAt is { } due && now >= due) group = GroupDecider.Ended(group);
        return new(
            id, group.Campaign, group.TermsVersion, group.Status, group.Price, group.Needed, group.Most, group.Taken, group.At, group.Deadline, group.EndedAt,
            [.. group.Places.Select(GroupPlaceView.Of)], trade is not null && group.PaidBy(trade) is { } place ? GroupPlaceView.Of(place) : null);
    }
}

/// <param name="Number">Names its refund too.</param>
/// <param name="Standing">held, sold (GET /v1/sales/{trade} says on), refundRequested or refunded.</param>
/// <param name="Code">Of its coupon, once the group has formed.</param>
/// <param name="RefundReference">The provider's number of the last try to refund it, failed or paid.</param>
public sealed record GroupPlaceView(int Number, string Member, string Trade, Money Amount, PlaceStanding Standing, Instant At, string? Code, string? RefundReference)
{
    public static GroupPlaceView Of(GroupPlace place)
    {
        ArgumentNullException.ThrowIfNull(place);
        var paid = place.Payment;
        return new(paid.Number, paid.Member, paid.Trade, paid.Amount, place.Standing, place.At, place.Code, place.Answer);
    }
}
