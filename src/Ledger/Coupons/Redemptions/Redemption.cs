using System.Text.Json.Serialization;
using Ledger.Coupons.Baskets;
using NodaTime;

namespace Ledger.Coupons.Redemptions;

/// <summary>
/// A redemption that has more to it than its coupon's own entry says: several coupons on one basket, points beside them, a coupon of several
/// uses, or goods that came back. Any other redemption stands in its coupon's stream alone.
/// </summary>
/// <param name="Sale">Null while nothing was recorded.</param>
/// <param name="Returns">In the order in which they were made.</param>
/// <param name="UsesReturned">Uses given back by their number, without goods.</param>
public sealed record Redemption(RedeemedBasket? Sale, bool IsVoided, IReadOnlyList<GoodsReturn> Returns, int UsesReturned)
{
    public static Redemption None { get; } = new(null, IsVoided: false, [], 0);

    public bool Equals(Redemption? other) =>
        other is not null && (Sale, IsVoided, UsesReturned) == (other.Sale, other.IsVoided, other.UsesReturned) && Lists.Same(Returns, other.Returns);

    public override int GetHashCode() => HashCode.Combine(Sale, IsVoided, Returns.Count);
}

/// <summary>What was redeemed: the basket, and what each coupon took off it.</summary>
/// <param name="Request">The request key under which it was made.</param>
/// <param name="Coupons">In the order of application.</param>
/// <param name="VoidableUntil">First instant at which it can no longer be voided: the earliest of its coupons.</param>
/// <param name="Hold">The hold that it commits; null for a redemption in one shot.</param>
/// <param name="Points">What points took off after the coupons; null: none were used.</param>
/// <param name="Member">Whose the coupon was by which it is named; null: an older record.</param>
public sealed record RedeemedBasket(
    string Request, Basket Basket, IReadOnlyList<RedeemedCoupon> Coupons, Instant At, Instant VoidableUntil, string? Store, string? Till, string? Order, string? Hold,
    PointsPart? Points = null, string? Member = null)
{
    /// <summary>What was taken off in all.</summary>
    [JsonIgnore]
    public Money Discount => Money.Sum(Coupons.Select(coupon => coupon.Discount)) + (Points?.Discount ?? Money.Zero);

    /// <summary>All coupons of a redemption together, and its points; what is eligible is then the lines on which anything was taken off, at full price.</summary>
    public Breakdown Together()
    {
        var lines = Coupons.SelectMany(coupon => coupon.Lines).Concat(Points?.Lines ?? []).GroupBy(share => share.Line)
            .OrderBy(line => line.Key).Select(line => new LineShare(line.Key, Money.Sum(line.Select(share => share.Amount)))).ToList();
        var funding = Coupons.SelectMany(coupon => coupon.Funding).Concat(Points?.Funding ?? []).GroupBy(share => share.Party, StringComparer.Ordinal)
            .Select(party => new FundingShare(party.Key, Money.Sum(party.Select(share => share.Amount))));
        return new(Basket, Money.Sum(lines.Select(share => Basket.Lines[share.Line].Amount)), lines, [.. funding]);
    }

    public bool Equals(RedeemedBasket? other) =>
        other is not null && (Request, Basket, At, VoidableUntil, Store, Till, Order, Hold)
            == (other.Request, other.Basket, other.At, other.VoidableUntil, other.Store, other.Till, other.Order, other.Hold)
        && (Points, Member) == (other.Points, other.Member) && Lists.Same(Coupons, other.Coupons);

    public override int GetHashCode() => HashCode.Combine(Request, At);
}

/// <summary>One coupon's part.</summary>
/// <param name="Eligible">What the goods that it discounts cost before it.</param>
/// <param name="Uses">How many of its uses.</param>
/// <param name="Before">Of a bundle: the redemption that was the latest before; null: none.</param>
/// <param name="Charged">What of the funding money budgets bear, by party; null: nothing.</param>
public sealed record RedeemedCoupon(
    string Code, string Campaign, int TermsVersion, Money Eligible, Money Discount, IReadOnlyList<LineShare> Lines, IReadOnlyList<FundingShare> Funding, int Uses,
    string? Before = null, IReadOnlyList<FundingShare>? Charged = null)
{
    public bool Equals(RedeemedCoupon? other) =>
        other is not null && (Code, Campaign, TermsVersion, Eligible, Discount, Uses) == (other.Code, other.Campaign, other.TermsVersion, other.Eligible, other.Discount, other.Uses)
        && Before == other.Before && Lists.Same(Lines, other.Lines) && Lists.Same(Funding, other.Funding) && Lists.Same(Charged, other.Charged);

    public override int GetHashCode() => HashCode.Combine(Code, Campaign, Discount);
}

// The case names below are the stored event types. Never rename one: add a new case instead.
public abstract record RedemptionEvent
{
    private RedemptionEvent() { }

    public sealed record BasketRedeemed(RedeemedBasket Sale) : RedemptionEvent;

    public sealed record BasketVoided(string Request, Instant At, LocalDate Date, string? Reason) : RedemptionEvent;

    /// <param name="Number">1, 2, 3 ... of this redemption.</param>
    /// <param name="Uses">Uses given back by their number; null: goods came back.</param>
    public sealed record BasketReturned(int Number, string Request, GoodsReturn Return, int? Uses, Instant At, LocalDate Date, string? Reason) : RedemptionEvent;
}

public abstract record RedemptionCommand
{
    private RedemptionCommand() { }

    /// <param name="Grace">How long after the redemption it may be voided although its window is over.</param>
    public sealed record VoidBasket(string Id, string Request, Instant At, LocalDate Date, string? Reason, Duration Grace = default) : RedemptionCommand;

    /// <param name="Sale">What is returned from, with the terms that its coupons pin.</param>
    /// <param name="Items">What comes back; empty: all that is left.</param>
    public sealed record ReturnGoods(
        string Id, string Request, Sale Sale, IReadOnlyList<ReturnItem> Items, Instant At, LocalDate Date, string? Reason) : RedemptionCommand;

    /// <param name="Uses">1 or more of the uses that the redemption took.</param>
    public sealed record ReturnUses(string Id, string Request, Sale Sale, int Uses, Instant At, LocalDate Date, string? Reason) : RedemptionCommand;
}

public sealed record RedemptionIsVoided(string RedemptionId) : Rejection(
    RejectionKind.Conflict, "The redemption was voided: nothing of it stands", "Refund the goods at the price that was paid; no discount is to be taken back.");

public sealed record RedemptionHasReturns(string RedemptionId, int Returns) : Rejection(
    RejectionKind.Conflict, "Goods of the redemption came back already", "Return what is left of it instead of voiding.");

public sealed record NothingLeftToReturn(string RedemptionId) : Rejection(
    RejectionKind.Conflict, "Everything of the redemption came back before", "Nothing is left to do for this redemption.");

public sealed record TooManyReturns(string RedemptionId, int Limit) : Rejection(
    RejectionKind.RuleViolated, "The redemption had more returns than one may have", "Return all that is left in one go.");

public sealed record ReturnsDoNotMix(string RedemptionId) : Rejection(
    RejectionKind.Conflict, "A redemption gives back either goods or uses", "Go on as the first return of this redemption did.");

public sealed record UsesNotReturnable(string RedemptionId) : Rejection(
    RejectionKind.RuleViolated, "Only a redemption of one coupon that has several uses, without points, gives back uses", "Name the lines that come back instead.");
