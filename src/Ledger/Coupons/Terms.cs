using System.Text.Json.Serialization;
using Ledger.Coupons.Codes;
using Ledger.Coupons.Sales;
using NodaTime;

namespace Ledger.Coupons;

/// <summary>
/// What a campaign promises and how it may be used: one immutable version. A coupon pins the version it was issued under, so
/// an amendment never changes coupons that people already hold.
/// </summary>
/// <param name="MinimumSpend">The floor: smallest basket, before the discount, on which the coupon may be used.</param>
/// <param name="TimeZone">IANA name in which days, hours and validity are reckoned.</param>
/// <param name="UsableOn">Weekdays and hours of use; empty: any time.</param>
/// <param name="Stores">Stores that accept it; empty: every store of the merchant.</param>
/// <param name="VoidWindowMinutes">Minutes after the redemption during which it may be voided; null: until the business day ends.</param>
/// <param name="Stacking">How it goes with other coupons of a basket; null: beside any.</param>
/// <param name="Goods">The goods that it discounts; null: all. Floor and discount then count their amount only.</param>
/// <param name="PaymentMethods">Fund channels by which the basket may be paid; null or empty: any.</param>
/// <param name="Funding">Who pays the discount; null: the merchant, all of it.</param>
/// <param name="MaxUses">How often one coupon may be used; null: once.</param>
/// <param name="ReturnPolicy">What becomes of the discount when goods come back; null: proportional.</param>
/// <param name="IsTransferable">Whether a member may give it to another; null: no.</param>
/// <param name="Channels">Where it may be used, in the merchant's words (in-store, mini-program ...); null or empty: anywhere.</param>
/// <param name="IsBundle">Its uses are a set used in order: only the latest redemption that stands may be voided or returned; null: no.</param>
/// <param name="Codes">Where codes come from and whether they rotate; null: made by the ledger, and they do not.</param>
/// <param name="Sale">What it is sold for; null: it is given.</param>
/// <param name="Budgets">The parties whose shares a money budget of the campaign bounds, in ordinal order; null: none.</param>
/// <param name="OfflineLiability">The party that bears a coupon used twice while tills were offline; null: tills take it online only.</param>
/// <param name="OfflineMaxDiscount">The most that it takes off at a till that is offline; null: as much as online.</param>
public sealed record CouponTerms(
    Benefit Benefit,
    Money MinimumSpend,
    string TimeZone,
    Validity Validity,
    IReadOnlyList<UsableWindow> UsableOn,
    IReadOnlyList<string> Stores,
    IssueLimits Limits,
    int? VoidWindowMinutes = null,
    Stacking? Stacking = null,
    GoodsRule? Goods = null,
    IReadOnlyList<string>? PaymentMethods = null,
    Funding? Funding = null,
    int? MaxUses = null,
    ReturnPolicy? ReturnPolicy = null,
    bool? IsTransferable = null,
    string? OfflineLiability = null,
    IReadOnlyList<string>? Channels = null,
    bool? IsBundle = null,
    CodeRule? Codes = null,
    SaleTerms? Sale = null,
    IReadOnlyList<string>? Budgets = null,
    Money? OfflineMaxDiscount = null)
{
    /// <summary>Whether an amount alone does not tell what the coupon takes off, and who pays it.</summary>
    [JsonIgnore]
    public bool LooksAtBaskets => Goods is not null || PaymentMethods is not null || Funding is not null || Budgets is not null;

    [JsonIgnore]
    public int Uses => MaxUses ?? 1;

    /// <summary>Whether a budget bounds what the party pays.</summary>
    public bool IsBudgeted(string party) => Budgets is not null && Budgets.Contains(party, StringComparer.Ordinal);

    public DateTimeZone Zone() => DateTimeZoneProviders.Tzdb[TimeZone];

    /// <summary>Usable at every moment, or inside one of the windows of the zone's wall clock.</summary>
    public bool IsUsableAt(Instant at)
    {
        if (UsableOn.Count == 0) return true;
        var local = at.InZone(Zone());
        return UsableOn.Any(window => window.Contains(local.DayOfWeek, local.TimeOfDay));
    }

    public bool AllowsChannel(string? channel) => Channels is null or { Count: 0 } || (channel is not null && Channels.Contains(channel, StringComparer.Ordinal));

    public bool Allows(string? store) => Stores.Count == 0 || (store is not null && Stores.Contains(store, StringComparer.Ordinal));

    /// <summary>First instant at which a redemption made then can no longer be voided.</summary>
    public Instant VoidableUntil(Instant redeemedAt) => VoidWindowMinutes is { } minutes
        ? redeemedAt + Duration.FromMinutes(minutes)
        : Times.StartOfDay(redeemedAt.InZone(Zone()).Date.PlusDays(1), Zone());

    /// <summary>Collections compare by content: a version that says the same is the same.</summary>
    public bool Equals(CouponTerms? other) =>
        other is not null && Benefit == other.Benefit && MinimumSpend == other.MinimumSpend && TimeZone == other.TimeZone
        && Validity == other.Validity && Limits == other.Limits && VoidWindowMinutes == other.VoidWindowMinutes
        && Stacking == other.Stacking && Goods == other.Goods && Funding == other.Funding && MaxUses == other.MaxUses
        && ReturnPolicy == other.ReturnPolicy && IsTransferable == other.IsTransferable && OfflineLiability == other.OfflineLiability && Codes == other.Codes && Sale == other.Sale
        && OfflineMaxDiscount == other.OfflineMaxDiscount
        && UsableOn.SequenceEqual(other.UsableOn) && Stores.SequenceEqual(other.Stores, StringComparer.Ordinal)
        && Lists.Same(PaymentMethods, other.PaymentMethods) && Lists.Same(Channels, other.Channels) && IsBundle == other.IsBundle
        && Lists.Same(Budgets, other.Budgets);

    public override int GetHashCode() => HashCode.Combine(Benefit, MinimumSpend, TimeZone, Validity, UsableOn.Count, Stores.Count);
}

/// <summary>What the coupon takes off a basket. Never more than the basket.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(FixedAmount), "fixedAmount")]
[JsonDerivedType(typeof(Percentage), "percentage")]
[JsonDerivedType(typeof(SpecialPrice), "specialPrice")]
[JsonDerivedType(typeof(Exchange), "exchange")]
public abstract record Benefit
{
    private Benefit() { }

    /// <summary>The discount on a basket; 0 where the basket already costs no more than the coupon would leave.</summary>
    public abstract Money On(Money basket);

    /// <summary>The most it can take off, where that is one amount known beforehand.</summary>
    [JsonIgnore]
    public virtual Money? FaceValue => null;

    /// <summary>The same for several uses at once; null where each use is for a basket of its own.</summary>
    public virtual Benefit? Times(int uses) => uses == 1 ? this : null;

    /// <summary>An amount off (代金券, FIX_VOUCHER).</summary>
    public sealed record FixedAmount(Money Off) : Benefit
    {
        [JsonIgnore]
        public override Money? FaceValue => Off;

        public override Benefit Times(int uses) => this with { Off = new(Off.Minor * uses) };

        public override Money On(Money basket) => Money.Min(Off, basket);
    }

    /// <summary>A part of the basket off, up to a ceiling (折扣券, DISCOUNT_VOUCHER).</summary>
    /// <param name="OffBasisPoints">1 to 10,000: a coupon "at 88 %" (8.8 折) takes 1,200 off 10,000.</param>
    /// <param name="Rounding">What becomes of the part of a minor unit that the division leaves.</param>
    public sealed record Percentage(int OffBasisPoints, Money? Ceiling, Rounding Rounding) : Benefit
    {
        public override Money On(Money basket)
        {
            var product = (Int128)basket.Minor * OffBasisPoints;
            var off = new Money((long)((product + (Rounding == Rounding.HalfUp ? 5_000 : 0)) / 10_000));
            return Money.Min(Ceiling is { } ceiling ? Money.Min(off, ceiling) : off, basket);
        }
    }

    /// <summary>The goods for a special price (特价券, SPECIAL_VOUCHER): the discount is what the basket costs above it.</summary>
    public sealed record SpecialPrice(Money Price) : Benefit
    {
        public override Money On(Money basket) => Money.Max(basket - Price, Money.Zero);
    }

    /// <summary>Named goods for the coupon (兑换券, EXCHANGE_VOUCHER), worth up to a value.</summary>
    public sealed record Exchange(Money Value, string Goods) : Benefit
    {
        [JsonIgnore]
        public override Money? FaceValue => Value;

        public override Benefit Times(int uses) => this with { Value = new(Value.Minor * uses) };

        public override Money On(Money basket) => Money.Min(Value, basket);
    }
}

public enum Rounding
{
    /// <summary>Towards zero: the customer gets no more than the exact part.</summary>
    Floor,

    /// <summary>To the nearest minor unit, halves up.</summary>
    HalfUp,
}

/// <summary>
/// When a coupon may be used, as half-open intervals in the campaign's zone. Without <paramref name="ValidDays"/> it is the
/// window itself; with it, that many days from receipt and wait, cut to the window.
/// </summary>
/// <param name="WindowStart">First instant of the window.</param>
/// <param name="WindowEnd">First instant after it.</param>
/// <param name="WaitDays">0: usable at once; n: from the start of the n-th day after receipt.</param>
/// <param name="ValidDays">Days of validity, the first day of use counted as one.</param>
public sealed record Validity(Instant WindowStart, Instant WindowEnd, int WaitDays = 0, int? ValidDays = null)
{
    /// <summary>The interval of a coupon received then. Empty (from = to) when the window is already over.</summary>
    public (Instant From, Instant To) Of(Instant received, DateTimeZone zone)
    {
        var counted = Instant.Max(received, WindowStart);
        var from = WaitDays == 0 ? counted : Times.StartOfDay(counted.InZone(zone).Date.PlusDays(WaitDays), zone);
        var to = ValidDays is { } days ? Times.StartOfDay(from.InZone(zone).Date.PlusDays(days), zone) : WindowEnd;
        from = Instant.Min(from, WindowEnd);
        return (from, Instant.Max(from, Instant.Min(to, WindowEnd)));
    }
}

/// <summary>A weekday and hours of the wall clock, half-open; <c>To</c> at midnight means the end of the day.</summary>
public sealed record UsableWindow(IsoDayOfWeek Day, LocalTime From, LocalTime To)
{
    public bool Contains(IsoDayOfWeek day, LocalTime time) =>
        day == Day && time >= From && (time < To || To == LocalTime.Midnight);
}

/// <summary>How many may be issued, beside the campaign's quota. A limit counts from the terms version that introduces it.</summary>
/// <param name="PerMember">To one member over the campaign's life; null: no limit.</param>
/// <param name="PerMemberPerDay">To one member on one business date.</param>
/// <param name="PerDay">To all members on one business date.</param>
/// <param name="PerPerson">To one natural person over the campaign's life, under whatever accounts.</param>
/// <param name="PerPhone">To one phone number over the campaign's life.</param>
public sealed record IssueLimits(int? PerMember = null, int? PerMemberPerDay = null, int? PerDay = null, int? PerPerson = null, int? PerPhone = null);
