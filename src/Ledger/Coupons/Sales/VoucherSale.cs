using System.Text.Json.Serialization;
using NodaTime;

namespace Ledger.Coupons.Sales;

/// <summary>A payment for coupons, and the coupons that were issued for it. What became of each stands in its own stream.</summary>
/// <param name="Codes">In the order of their numbers, from 1; empty while nothing was sold.</param>
/// <param name="Paid">Price × coupons.</param>
/// <param name="Group">The group in which it pays for a place, and where it stands while that is no coupon; null: none.</param>
public sealed record VoucherSale(string Campaign, int TermsVersion, string Member, Money Paid, IReadOnlyList<string> Codes, Instant At, string? Group = null)
{
    public static VoucherSale None { get; } = new("", 0, "", default, [], default);

    /// <summary>Whether the payment was booked, in whatever way.</summary>
    [JsonIgnore]
    public bool IsBooked => Group is not null || Codes.Count > 0;

    public bool Equals(VoucherSale? other) =>
        other is not null && (Campaign, TermsVersion, Member, Paid, At, Group) == (other.Campaign, other.TermsVersion, other.Member, other.Paid, other.At, other.Group)
        && Lists.Same(Codes, other.Codes);

    public override int GetHashCode() => HashCode.Combine(Campaign, Member, Paid, At);

    /// <summary>Never refuses and never computes.</summary>
    public static VoucherSale Evolve(VoucherSale state, SaleEvent fact) => fact switch
    {
        SaleEvent.VouchersSold e => new(e.Campaign, e.TermsVersion, e.Member, e.Paid, e.Codes, e.At, state.Group),
        SaleEvent.GroupPaymentBooked e => new(e.Campaign, e.TermsVersion, e.Member, e.Paid, [], e.At, e.Group),
        _ => throw new System.Diagnostics.UnreachableException($"{fact} on {state}"),
    };
}

// The case names below are the stored event types. Never rename one: add a new case instead.
public abstract record SaleEvent
{
    private SaleEvent() { }

    /// <param name="Codes">Issued in the same operation.</param>
    /// <param name="Date">The business date of <paramref name="At"/> in the merchant's zone.</param>
    public sealed record VouchersSold(
        string Campaign, int TermsVersion, string Member, Money Paid, IReadOnlyList<string> Codes, string? Channel, Instant At, LocalDate Date) : SaleEvent
    {
        public bool Equals(VouchersSold? other) =>
            other is not null && (Campaign, TermsVersion, Member, Paid, Channel, At, Date) == (other.Campaign, other.TermsVersion, other.Member, other.Paid, other.Channel, other.At, other.Date)
            && Lists.Same(Codes, other.Codes);

        public override int GetHashCode() => HashCode.Combine(Campaign, Member, Paid, At);
    }

    /// <summary>The payment is for a place in a group: it is a sale once that has formed.</summary>
    public sealed record GroupPaymentBooked(string Group, string Campaign, int TermsVersion, string Member, Money Paid, Instant At) : SaleEvent;
}

/// <summary>Streams of sales: <c>sale-{trade number}</c>, so that a payment is booked once.</summary>
public static class SaleStream
{
    public static StreamType<VoucherSale, SaleEvent> Type { get; } = new("sale", Schema: 2, VoucherSale.None, VoucherSale.Evolve);

    public static Stream<VoucherSale, SaleEvent> Of(string trade) => Type.At($"sale-{trade}");
}

/// <summary>A sale as the API shows it.</summary>
/// <param name="Trade">The payment's trade number, which is the sale's id.</param>
public sealed record SaleView(string Trade, string Campaign, int TermsVersion, string Member, Money Paid, Instant At, IReadOnlyList<SoldVoucherView> Vouchers)
{
    /// <param name="coupon">A coupon of the sale, by its code.</param>
    /// <param name="now">When it is asked; a request that was received before the sale and carried out after it is told of the sale's moment.</param>
    public static SaleView Of(string trade, VoucherSale sale, Func<string, Coupon> coupon, Instant now)
    {
        ArgumentNullException.ThrowIfNull(sale);
        var at = Instant.Max(now, sale.At);
        return new(trade, sale.Campaign, sale.TermsVersion, sale.Member, sale.Paid, sale.At, [.. sale.Codes.Select((code, i) => SoldVoucherView.Of(i + 1, code, coupon(code), at))]);
    }
}

/// <summary>One coupon of a sale.</summary>
/// <param name="Number">Names its refund too.</param>
/// <param name="Price">Where the price stands: open, settled, refundRequested (not paid yet), refunded, breakage.</param>
/// <param name="RefundReference">The provider's number of the last try to refund it, failed or paid.</param>
public sealed record SoldVoucherView(int Number, string Code, string Status, PriceStanding Price, Money Amount, string? RefundReference, Instant ValidFrom, Instant ValidTo)
{
    public static SoldVoucherView Of(int number, string code, Coupon coupon, Instant now)
    {
        ArgumentNullException.ThrowIfNull(coupon);
        var sold = coupon.Sold!;
        return new(number, code, coupon.StatusAt(now), sold.Standing, sold.Sale.Price, sold.Answer, coupon.ValidFrom, coupon.ValidTo);
    }
}
