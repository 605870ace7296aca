using System.Text.Json.Serialization;
using Ledger.Coupons.Baskets;
using Ledger.Coupons.Offline;
using Ledger.Coupons.Sales;
using NodaTime;

namespace Ledger.Coupons;

/// <summary>One issued coupon (商家券), as its stream's entries make it.</summary>
/// <param name="TermsVersion">The version of the campaign's terms that it pins.</param>
/// <param name="ValidFrom">First instant of use; before it the coupon is pending.</param>
/// <param name="ValidTo">First instant no longer valid.</param>
/// <param name="Redemptions">Redemptions ever made with it, voided ones included: they number the redemption ids.</param>
/// <param name="Last">The latest redemption; it stands while the status is <see cref="CouponStatus.Used"/>.</param>
/// <param name="Hold">Who has it on hold; only while the status is <see cref="CouponStatus.Issued"/>, and over at its end even before an entry says so.</param>
/// <param name="Uses">Uses that stand, of those that the terms allow.</param>
/// <param name="Cycles">How often it was given back after goods were returned.</param>
/// <param name="Sold">Its sale; null: it was given.</param>
/// <param name="Latest">Of a bundle: the latest redemption that stands; null: none.</param>
/// <param name="Step">The last step of its rotating code that was accepted; it and all before it pass no more.</param>
/// <param name="Claim">What its issue claims; only while the status is <see cref="CouponStatus.Confirming"/>.</param>
/// <param name="Gift">The latest gift of it; offered while the status is <see cref="CouponStatus.InTransfer"/>.</param>
/// <param name="IsHidden">True: its owner deleted it from the wallet; it works as before. Else null.</param>
/// <param name="Surface">Where it was issued; null: not said.</param>
public sealed record Coupon(
    CouponStatus Status, string Campaign, int TermsVersion, string Member, Instant ValidFrom, Instant ValidTo, int Redemptions, CouponUse? Last,
    CouponHold? Hold = null, int Uses = 0, int Cycles = 0, string? Latest = null, long? Step = null, Sold? Sold = null,
    CouponClaim? Claim = null, CouponGift? Gift = null, bool? IsHidden = null, Surface? Surface = null)
{
    public static Coupon None { get; } = new(CouponStatus.None, "", 0, "", default, default, 0, null);

    /// <summary>The hold, where its time is over and no entry says so yet.</summary>
    public CouponHold? HoldOver(Instant now) => Hold is { } hold && now >= hold.ExpiresAt ? hold : null;

    /// <summary>When the clock is to ask next; null when it has nothing to say any more.</summary>
    [JsonIgnore]
    public Instant? DueAt => KeptUntil ?? (Status == CouponStatus.Issued ? ValidTo : null);

    /// <summary>Until when a hold keeps it, a gift is offered or its issue may be confirmed; null where none of these is so.</summary>
    [JsonIgnore]
    public Instant? KeptUntil => Status switch
    {
        CouponStatus.Issued => Hold?.ExpiresAt,
        CouponStatus.Confirming => Claim?.ConfirmBy,
        CouponStatus.InTransfer => Gift?.ExpiresAt,
        _ => null,
    };

    /// <summary>The redemption that stands; null: none.</summary>
    [JsonIgnore]
    public CouponUse? Standing => Status == CouponStatus.Used ? Last : null;

    /// <summary>The status in a word, as tables name it; <see cref="StatusAt"/> is for those who ask.</summary>
    [JsonIgnore]
    public string Word => Status switch
    {
        CouponStatus.Issued => "issued",
        CouponStatus.Used => "used",
        CouponStatus.Deactivated => "deactivated",
        CouponStatus.Expired => "expired",
        CouponStatus.ReturnedExpired => "returned-expired",
        CouponStatus.Confirming => "confirming",
        CouponStatus.Cancelled => "cancelled",
        CouponStatus.InTransfer => "in-transfer",
        _ => "none",
    };

    /// <summary>What a person is told: the clock decides between pending, effective, held and expired before any entry says so.</summary>
    public string StatusAt(Instant now) => Status switch
    {
        CouponStatus.Confirming when now >= KeptUntil => "cancelled",
        CouponStatus.InTransfer when now < KeptUntil => "in-transfer",
        CouponStatus.Issued when now < KeptUntil => "held",
        CouponStatus.Issued or CouponStatus.InTransfer when now < ValidFrom => "pending",
        CouponStatus.Issued or CouponStatus.InTransfer when now < ValidTo => "effective",
        CouponStatus.Issued or CouponStatus.InTransfer => "expired",
        _ => Word,
    };
}

public enum CouponStatus
{
    None,
    Issued,
    Used,
    Deactivated,
    Expired,

    /// <summary>Given back after goods were returned, when its validity was over already.</summary>
    ReturnedExpired,

    /// <summary>Issued, and to be confirmed before anyone can use it.</summary>
    Confirming,

    /// <summary>Never confirmed: the issue did not come about.</summary>
    Cancelled,

    /// <summary>Offered as a gift.</summary>
    InTransfer,
}

/// <summary>A redemption that stands or stood.</summary>
/// <param name="Request">The request key under which it was made.</param>
/// <param name="VoidableUntil">First instant at which it can no longer be voided.</param>
/// <param name="Hold">The hold that it committed; null for a redemption in one shot.</param>
/// <param name="Charged">What money budgets bear of the discount, by party; null: nothing.</param>
public sealed record CouponUse(
    string RedemptionId, string Request, Money Amount, Money Discount, Instant At, Instant VoidableUntil, string? Store, string? Till, string? Order, bool IsVoided,
    Breakdown? Basket = null, string? Hold = null, IReadOnlyList<FundingShare>? Charged = null)
{
    public bool Equals(CouponUse? other) =>
        other is not null && (RedemptionId, Request, Amount, Discount, At, VoidableUntil) == (other.RedemptionId, other.Request, other.Amount, other.Discount, other.At, other.VoidableUntil)
        && (Store, Till, Order, IsVoided, Basket, Hold) == (other.Store, other.Till, other.Order, other.IsVoided, other.Basket, other.Hold) && Lists.Same(Charged, other.Charged);

    public override int GetHashCode() => HashCode.Combine(RedemptionId, Request);
}

/// <summary>A coupon that waits for its payment: no one else may use it before <paramref name="ExpiresAt"/>.</summary>
/// <param name="Request">The request key under which it was placed.</param>
/// <param name="Discount">What was quoted; the commit gives this and no other.</param>
/// <param name="At">When it was placed, as far as the till's word is taken; validity was judged at it.</param>
/// <param name="ExpiresAt">First instant at which it is over, by the service's clock.</param>
/// <param name="Uses">How many uses it keeps; null: one.</param>
/// <param name="With">The other coupons of the basket, on the one that the hold is named by; null: none.</param>
/// <param name="Channel">Where it is used, if the till said so.</param>
/// <param name="Charged">What money budgets keep for it, by party; null: nothing.</param>
/// <param name="Points">The hold of points of the same basket, on the coupon that the hold is named by; null: none.</param>
public sealed record CouponHold(
    string Id, string Request, Money Amount, Money Discount, Instant At, Instant ExpiresAt, string? Store, string? Till, string? Order, Breakdown? Basket = null,
    int? Uses = null, IReadOnlyList<string>? With = null, string? Channel = null, IReadOnlyList<FundingShare>? Charged = null, string? Points = null)
{
    public bool Equals(CouponHold? other) =>
        other is not null && (Id, Request, Amount, Discount, At, ExpiresAt) == (other.Id, other.Request, other.Amount, other.Discount, other.At, other.ExpiresAt)
        && (Store, Till, Order, Basket, Uses, Channel, Points) == (other.Store, other.Till, other.Order, other.Basket, other.Uses, other.Channel, other.Points)
        && Lists.Same(With, other.With) && Lists.Same(Charged, other.Charged);

    public override int GetHashCode() => HashCode.Combine(Id, Request);
}

// The case names below are the stored event types. Never rename one: add a new case instead. Campaign and member stand in each
// of them so that a read model needs no other entry.
public abstract partial record CouponEvent
{
    private CouponEvent() { }

    /// <param name="Channel">Where the member got it (PAY_SUCCESS, SCAN ...), in the merchant's own words; the surface says it in fixed ones.</param>
    /// <param name="LimitKeys">The tallies, beside the campaign's own, that this coupon counts in.</param>
    /// <param name="FaceValue">The most it can take off, where that is one amount; null for percentages and special prices.</param>
    /// <param name="At">When it was received; equal to the time of recording unless a history is imported.</param>
    /// <param name="Date">The business date of <paramref name="At"/> in the campaign's zone.</param>
    /// <param name="Sale">What it was sold for; null: it was given.</param>
    /// <param name="ConfirmBy">First instant at which it can no longer be confirmed; null: it needs not.</param>
    public sealed record CouponIssued(
        string Campaign, int TermsVersion, string Member, string? Channel, IReadOnlyList<string> LimitKeys, Money? FaceValue,
        Instant ValidFrom, Instant ValidTo, Instant At, LocalDate Date, CouponSale? Sale = null, Instant? ConfirmBy = null, Surface? Surface = null) : CouponEvent
    {
        public bool Equals(CouponIssued? other) =>
            other is not null && (Campaign, TermsVersion, Member, Channel) == (other.Campaign, other.TermsVersion, other.Member, other.Channel)
            && (FaceValue, ValidFrom, ValidTo, At, Date) == (other.FaceValue, other.ValidFrom, other.ValidTo, other.At, other.Date)
            && (Sale, ConfirmBy, Surface) == (other.Sale, other.ConfirmBy, other.Surface)
            && LimitKeys.SequenceEqual(other.LimitKeys, StringComparer.Ordinal);

        public override int GetHashCode() => HashCode.Combine(Campaign, TermsVersion, Member, At);
    }

    /// <param name="Amount">The basket before the discount.</param>
    /// <param name="Date">The business date of <paramref name="At"/>.</param>
    /// <param name="Hold">The hold that it commits; null for a redemption in one shot.</param>
    /// <param name="Basket">Where the till named lines or payments, or the terms look at them; else the amounts say all.</param>
    /// <param name="Lead">The coupon that the redemption is named by, where that is another one of the same basket.</param>
    /// <param name="Uses">Uses taken, of a coupon that has several; null: its one.</param>
    /// <param name="UsesLeft">Uses that are left; null: none.</param>
    /// <param name="Channel">Where it was used, if the till said so.</param>
    /// <param name="IsBundle">True: its uses are a set used in order; else null.</param>
    /// <param name="Step">The step of its rotating code that was shown; null: none was, or the hold had it.</param>
    /// <param name="Charged">What money budgets bear of the discount, by party; what a hold charged goes over to the use that commits it. Null: nothing.</param>
    /// <param name="Offline">Where a till made it without the service and forwarded it.</param>
    public sealed record CouponRedeemed(
        string RedemptionId, string Request, string Campaign, string Member, Money Amount, Money Discount,
        Instant At, LocalDate Date, Instant VoidableUntil, string? Store, string? Till, string? Order, string? Hold = null,
        Breakdown? Basket = null, string? Lead = null, int? Uses = null, int? UsesLeft = null, string? Channel = null, bool? IsBundle = null,
        long? Step = null, IReadOnlyList<FundingShare>? Charged = null, OfflineOrigin? Offline = null) : CouponEvent
    {
        public bool Equals(CouponRedeemed? other) =>
            other is not null && (RedemptionId, Request, Campaign, Member, Amount, Discount) == (other.RedemptionId, other.Request, other.Campaign, other.Member, other.Amount, other.Discount)
            && (At, Date, VoidableUntil, Store, Till, Order) == (other.At, other.Date, other.VoidableUntil, other.Store, other.Till, other.Order)
            && (Hold, Basket, Lead, Uses, UsesLeft, Channel, IsBundle) == (other.Hold, other.Basket, other.Lead, other.Uses, other.UsesLeft, other.Channel, other.IsBundle)
            && (Step, Offline) == (other.Step, other.Offline) && Lists.Same(Charged, other.Charged);

        public override int GetHashCode() => HashCode.Combine(RedemptionId, Request);
    }

    /// <param name="Amount">The basket before the discount.</param>
    /// <param name="Discount">What was quoted.</param>
    /// <param name="Uses">As in <see cref="CouponHold"/>, like <paramref name="With"/>, <paramref name="Channel"/>, <paramref name="Charged"/> and <paramref name="Points"/>.</param>
    public sealed record CouponHeld(
        string HoldId, string Request, string Campaign, string Member, Money Amount, Money Discount, Instant At, Instant ExpiresAt,
        string? Store, string? Till, string? Order, Breakdown? Basket = null, int? Uses = null, IReadOnlyList<string>? With = null, string? Channel = null,
        long? Step = null, IReadOnlyList<FundingShare>? Charged = null, string? Points = null) : CouponEvent
    {
        public bool Equals(CouponHeld? other) =>
            other is not null && (HoldId, Request, Campaign, Member) == (other.HoldId, other.Request, other.Campaign, other.Member)
            && (Amount, Discount, At, ExpiresAt) == (other.Amount, other.Discount, other.At, other.ExpiresAt)
            && (Store, Till, Order, Basket, Uses, Channel, Step) == (other.Store, other.Till, other.Order, other.Basket, other.Uses, other.Channel, other.Step)
            && Points == other.Points && Lists.Same(With, other.With) && Lists.Same(Charged, other.Charged);

        public override int GetHashCode() => HashCode.Combine(HoldId, Request);
    }

    /// <param name="At">When it was released; where it ran out, its end, whenever the clock was read.</param>
    /// <param name="Charged">What money budgets kept for it and have back; null: nothing.</param>
    public sealed record CouponHoldReleased(
        string HoldId, string Campaign, string Member, HoldEnd Reason, Instant At, IReadOnlyList<FundingShare>? Charged = null) : CouponEvent
    {
        public bool Equals(CouponHoldReleased? other) =>
            other is not null && (HoldId, Campaign, Member, Reason, At) == (other.HoldId, other.Campaign, other.Member, other.Reason, other.At)
            && Lists.Same(Charged, other.Charged);

        public override int GetHashCode() => HashCode.Combine(HoldId, At);
    }

    /// <param name="Amount">The basket of the redemption that no longer stands; so with the discount and store.</param>
    /// <param name="Date">The business date of the void.</param>
    /// <param name="ValidTo">Until when the coupon may be used again.</param>
    /// <param name="Lead">As in <see cref="CouponRedeemed"/>.</param>
    /// <param name="Uses">Uses given back; null: its one.</param>
    /// <param name="Status">What the coupon is then; null: issued, to be used again.</param>
    /// <param name="Latest">Of a bundle: the redemption that is the latest then; null: none.</param>
    /// <param name="Charged">What money budgets bore of the discount and have back; null: nothing.</param>
    public sealed record RedemptionVoided(
        string RedemptionId, string Campaign, string Member, Money Amount, Money Discount,
        Instant At, LocalDate Date, Instant ValidTo, string? Store, string? Reason, string? Lead = null, int? Uses = null, CouponStatus? Status = null,
        string? Latest = null, IReadOnlyList<FundingShare>? Charged = null) : CouponEvent
    {
        public bool Equals(RedemptionVoided? other) =>
            other is not null && (RedemptionId, Campaign, Member, Amount, Discount, At) == (other.RedemptionId, other.Campaign, other.Member, other.Amount, other.Discount, other.At)
            && (Date, ValidTo, Store, Reason, Lead, Uses, Status) == (other.Date, other.ValidTo, other.Store, other.Reason, other.Lead, other.Uses, other.Status)
            && Latest == other.Latest && Lists.Same(Charged, other.Charged);

        public override int GetHashCode() => HashCode.Combine(RedemptionId, At);
    }

    /// <summary>Goods of a redemption came back, whether or not that changes this coupon's part of it.</summary>
    /// <param name="Number">Of the redemption's returns, from 1.</param>
    /// <param name="Amount">What came back, at full price.</param>
    /// <param name="Discount">Taken back of this coupon's discount: the sum of the funding, which parties get back.</param>
    /// <param name="Status">What the coupon is then.</param>
    /// <param name="Uses">Uses given back; null: none.</param>
    /// <param name="ValidTo">Until when the coupon may be used again, if it may.</param>
    /// <param name="Lead">As in <see cref="CouponRedeemed"/>.</param>
    /// <param name="Latest">Of a bundle: the redemption that is the latest then; null: none.</param>
    /// <param name="Charged">The part of the funding that money budgets bore and have back; null: nothing.</param>
    public sealed record CouponReturned(
        string RedemptionId, int Number, string Campaign, string Member, Money Amount, Money Discount, IReadOnlyList<FundingShare> Funding,
        CouponStatus Status, int? Uses, Instant At, LocalDate Date, Instant ValidTo, string? Store, string? Lead = null, string? Latest = null,
        IReadOnlyList<FundingShare>? Charged = null) : CouponEvent
    {
        public bool Equals(CouponReturned? other) =>
            other is not null && (RedemptionId, Number, Campaign, Member, Amount, Discount) == (other.RedemptionId, other.Number, other.Campaign, other.Member, other.Amount, other.Discount)
            && (Status, Uses, At, Date, ValidTo, Store, Lead, Latest) == (other.Status, other.Uses, other.At, other.Date, other.ValidTo, other.Store, other.Lead, other.Latest)
            && Lists.Same(Funding, other.Funding) && Lists.Same(Charged, other.Charged);

        public override int GetHashCode() => HashCode.Combine(RedemptionId, Number, Campaign, Member);
    }

    public sealed record CouponDeactivated(string Campaign, string Member, Instant At, string? Reason) : CouponEvent;

    /// <summary>Its owner deleted it from the wallet: nothing else of it changes, and nothing but a new owner undoes it.</summary>
    /// <param name="Status">What the coupon is, before and after.</param>
    public sealed record CouponHidden(string Campaign, string Member, Instant At, CouponStatus Status) : CouponEvent;

    /// <param name="At">Its <c>ValidTo</c>, whenever the clock was read.</param>
    public sealed record CouponExpired(string Campaign, string Member, Instant At) : CouponEvent;

    /// <summary>The expiry did not hold: the coupon was used in time and the use reported late.</summary>
    public sealed record CouponExpiryReversed(string Campaign, string Member, Instant At) : CouponEvent;
}

public enum HoldEnd
{
    /// <summary>The till gave it up: the payment failed, or the customer changed their mind.</summary>
    Released,

    /// <summary>Its time ran out.</summary>
    Expired,
}

public abstract partial record CouponCommand
{
    private CouponCommand() { }

    /// <param name="Campaign">The campaign as it stands.</param>
    /// <param name="Issued">What the tallies say was issued already.</param>
    /// <param name="Sale">What it was paid by; null: it is given.</param>
    /// <param name="ConfirmWithin">Seconds for confirming, from <paramref name="At"/> on; null: issued in one step.</param>
    /// <param name="PersonKey">Stands for the natural person in the limits (<see cref="LimitKeys"/>); null: not said. So with the phone.</param>
    public sealed record IssueCoupon(
        string Code, string CampaignId, Campaign Campaign, CouponTerms Terms, IssuedSoFar Issued, string Member, string? Channel, Instant At,
        CouponSale? Sale = null, int? ConfirmWithin = null, string? PersonKey = null, string? PhoneKey = null, Surface? Surface = null) : CouponCommand;

    /// <param name="Terms">The version that the coupon pins.</param>
    /// <param name="Code">The coupon's code: redemption ids are made of it.</param>
    /// <param name="At">When it happened, as far as the caller's word is taken; validity is judged at it.</param>
    /// <param name="Now">When the request was received, by which holds end; null: the same as <paramref name="At"/>.</param>
    /// <param name="Uses">How many of its uses.</param>
    /// <param name="Share">Its part of a redemption that was priced as a whole; null: it is priced alone.</param>
    /// <param name="Stated">What the till says beside.</param>
    /// <param name="Step">The step of its rotating code that was shown, and is right; null: none.</param>
    /// <param name="Left">What is left of the money budgets that its terms name; null: they name none.</param>
    public sealed record RedeemCoupon(
        CouponTerms Terms, string Code, string Request, Money Amount, Instant At, string? Store, string? Till, string? Order, Instant? Now = null,
        Basket? Basket = null, int Uses = 1, BasketShare? Share = null, Stated? Stated = null, long? Step = null,
        IReadOnlyDictionary<(string Campaign, string Party), Money>? Left = null) : CouponCommand;

    /// <summary>Keeps the coupon for one basket until the payment is through.</summary>
    public sealed record HoldCoupon(
        CouponTerms Terms, string HoldId, string Request, Money Amount, Instant At, string? Store, string? Till, string? Order, Instant Now, Instant ExpiresAt,
        Basket? Basket = null, int Uses = 1, BasketShare? Share = null, Stated? Stated = null, long? Step = null,
        IReadOnlyDictionary<(string Campaign, string Party), Money>? Left = null) : CouponCommand;

    /// <summary>Uses the coupon as the hold quoted it. What the terms say of time and place was judged when it was placed.</summary>
    /// <param name="Of">The redemption that it belongs to, where that has a record of its own.</param>
    /// <param name="Discount">What the till quoted, if it says so.</param>
    public sealed record CommitHold(
        CouponTerms Terms, string Code, string HoldId, string Request, Instant At, Instant Now, BasketShare? Of = null, Money? Discount = null) : CouponCommand;

    /// <summary>Gives the coupon back; of a hold that is over or never was, nothing.</summary>
    public sealed record ReleaseHold(string HoldId, Instant Now) : CouponCommand;

    /// <param name="Number">The redemption's number, as its id says.</param>
    /// <param name="Grace">How long after the redemption it may be voided although its window is over.</param>
    public sealed record VoidRedemption(string RedemptionId, int Number, Instant At, LocalDate Date, string? Reason, Duration Grace = default) : CouponCommand;

    /// <summary>Takes back this coupon's part of a redemption that has a record of its own; the redemption itself says that it may be voided.</summary>
    /// <param name="Uses">How many uses come back; null: its one.</param>
    /// <param name="Charged">What money budgets bore of its discount.</param>
    public sealed record VoidShare(
        string RedemptionId, Money Amount, Money Discount, Instant At, LocalDate Date, string? Store, string? Reason, string? Lead, int? Uses,
        string? Latest = null, IReadOnlyList<FundingShare>? Charged = null) : CouponCommand;

    /// <summary>Follows a return of goods, which the redemption itself has decided.</summary>
    /// <param name="Uses">How many uses come back; 0: none.</param>
    /// <param name="Charged">What money budgets bore of its discount.</param>
    public sealed record ReturnCoupon(
        string RedemptionId, int Number, Money Amount, CouponReturn Return, int Uses, Instant At, LocalDate Date, string? Store, string? Lead,
        string? Latest = null, IReadOnlyList<FundingShare>? Charged = null) : CouponCommand;

    public sealed record DeactivateCoupon(Instant At, string? Reason) : CouponCommand;

    /// <summary>Deletes it from its owner's wallet, whatever state it is in.</summary>
    public sealed record HideCoupon(Instant At) : CouponCommand;

    public sealed record ExpireCoupon(Instant Now) : CouponCommand;
}

/// <summary>What a till says of a purchase beside its basket; each member null where it does not say.</summary>
/// <param name="Member">Who shows the coupon.</param>
/// <param name="Channel">Where it is used, in the words of the terms.</param>
/// <param name="Discount">What it quoted to the customer.</param>
public sealed record Stated(string? Member = null, string? Channel = null, Money? Discount = null);

/// <summary>One coupon's part of a redemption that was priced as a whole.</summary>
/// <param name="Id">The redemption's id, or the hold's.</param>
/// <param name="Lead">The coupon that it is named by, where that is another one.</param>
/// <param name="With">The other coupons, on the one that it is named by; null: none.</param>
/// <param name="Points">The hold of points of the same basket, likewise.</param>
public sealed record BasketShare(string Id, string? Lead, Money Discount, Breakdown Breakdown, IReadOnlyList<string>? With = null, string? Points = null);

/// <summary>The counters that issuing compares with quota and limits; 0 where nothing was issued.</summary>
public readonly record struct IssuedSoFar(long InCampaign, long ToMember, long ToMemberToday, long Today, long ToPerson = 0, long ToPhone = 0);
