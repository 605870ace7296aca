using Ledger.Coupons.Sales;
using NodaTime;

namespace Ledger.Coupons.Sales
{
    /// <summary>What a campaign sells its coupons for.</summary>
    /// <param name="Price">Of one coupon.</param>
    /// <param name="Payee">The party that is paid for each coupon used.</param>
    /// <param name="CommissionBasisPoints">Of the price, 0 to 10,000, rounded down to whole minor units: what a unit is split into goes to the payee.</param>
    /// <param name="IsOverdueRefundable">Whether the buyer gets the price back for a coupon that was not used in time; else it is breakage.</param>
    /// <param name="IsRefundableBeforeUse">Whether the buyer may give a coupon back before.</param>
    public sealed record SaleTerms(Money Price, string Payee, int CommissionBasisPoints, bool IsOverdueRefundable, bool IsRefundableBeforeUse)
    {
        public Money Commission() => new((long)((Int128)Price.Minor * CommissionBasisPoints / 10_000));
    }

    /// <summary>What a coupon knows of its sale, so that using it needs no other stream.</summary>
    /// <param name="Id">The sale: the payment's trade number.</param>
    /// <param name="Number">Of the sale's coupons, from 1; its refund has the same number.</param>
    /// <param name="Commission">Of the price, kept from the payee.</param>
    public sealed record CouponSale(string Id, int Number, Money Price, string Payee, Money Commission, bool IsOverdueRefundable, bool IsRefundableBeforeUse);

    /// <summary>A coupon's sale, and where its price stands.</summary>
    /// <param name="Answer">The provider's reference of the last answer to its refund; null: none yet.</param>
    public sealed record Sold(CouponSale Sale, PriceStanding Standing, string? Answer = null)
    {
        public static Sold? Of(CouponSale? sale) => sale is null ? null : new(sale, PriceStanding.Open);
    }

    public enum PriceStanding
    {
        /// <summary>A liability: not used, not given back.</summary>
        Open,

        /// <summary>Owed to the payee, less commission.</summary>
        Settled,

        /// <summary>On its way back to the buyer; never used any more.</summary>
        RefundRequested,

        /// <summary>Back with the buyer.</summary>
        Refunded,

        /// <summary>Kept: not used in time, and sold as not refundable then.</summary>
        Breakage,
    }

    public enum RefundReason
    {
        /// <summary>The buyer's wish.</summary>
        UserRefund,

        /// <summary>Not used in time.</summary>
        AutoExpire,

        /// <summary>The merchant made it unusable.</summary>
        Deactivated,
    }

    public sealed record CampaignSells(string Campaign) : Rejection(
        RejectionKind.RuleViolated, "The campaign's coupons are sold, not given", "Take the payment and book it with POST /v1/sales.");

    public sealed record CampaignSellsNothing(string Campaign) : Rejection(
        RejectionKind.RuleViolated, "The campaign's coupons are not sold", "Refund the payment; issue the coupon with POST /v1/coupons.");

    public sealed record PaidIsNotThePrice(Money Price, Money Paid) : Rejection(
        RejectionKind.RuleViolated, "What was paid is not the price of the coupons", "Read the campaign's terms; refund the payment where it cannot be corrected.");

    public sealed record TradeAlreadyBooked(string Sale) : Rejection(
        RejectionKind.Conflict, "Another sale was booked under this trade number", "Read it with GET /v1/sales/{id}; a payment has one trade number.");

    public sealed record SaleUnknown(string Sale) : Rejection(
        RejectionKind.NotFound, "The merchant has no sale of this trade number", "Check the trade number of the payment.");

    public sealed record RefundNotAllowed() : Rejection(
        RejectionKind.RuleViolated, "The coupon was sold as not refundable before its end", "Tell the buyer; the terms say what follows should it stay unused.");

    public sealed record RefundUnderWay(string Sale, int Number) : Rejection(
        RejectionKind.Conflict, "The coupon's price is on its way back to the buyer", "Take the full price; a refund that was requested is not taken back.");

    public sealed record RefundUnknown(string Sale, int Number) : Rejection(
        RejectionKind.NotFound, "No refund of this number was requested", "Read the sale with GET /v1/sales/{id}; a refund has its coupon's number.");

    public sealed record RefundAlreadyPaid(string Sale, int Number) : Rejection(
        RejectionKind.Conflict, "The refund was paid before", "Nothing is left to do; a payment that came back is a matter with the provider.");

    public sealed record NothingToRefund(string Sale) : Rejection(
        RejectionKind.Conflict, "No coupon of the sale can be given back any more", "Read the sale with GET /v1/sales/{id}: each coupon says where its price stands.");
}

namespace Ledger.Coupons
{
    // Facts about the price of a sold coupon. Each follows the fact of the coupon that causes it, in the same operation. Status is what the coupon
    // is then, as the fact before left it; sale and number are those of its sale.
    public abstract partial record CouponEvent
    {
        /// <summary>The payee is owed for a use.</summary>
        /// <param name="Gross">The price: commission and net.</param>
        public sealed record VoucherSettled(
            string RedemptionId, string Sale, int Number, string Campaign, string Member, string Payee, Money Gross, Money Commission, Money Net, Instant At, LocalDate Date,
            CouponStatus Status) : CouponEvent;

        /// <summary>The use no longer stands, so the payee is owed these amounts less.</summary>
        public sealed record VoucherSettlementReversed(
            string RedemptionId, string Sale, int Number, string Campaign, string Member, string Payee, Money Gross, Money Commission, Money Net, Instant At, LocalDate Date,
            CouponStatus Status) : CouponEvent;

        /// <summary>The channel is to pay the whole price back.</summary>
        public sealed record VoucherRefundRequested(
            string Sale, int Number, string Campaign, string Member, Money Amount, RefundReason Reason, Instant At, CouponStatus Status) : CouponEvent;

        /// <param name="Reference">The provider's own number.</param>
        public sealed record VoucherRefundPaid(
            string Sale, int Number, string Campaign, string Member, Money Amount, string Reference, Instant At, CouponStatus Status) : CouponEvent;

        /// <summary>The refund stays open until another try is paid.</summary>
        public sealed record VoucherRefundFailed(
            string Sale, int Number, string Campaign, string Member, Money Amount, string Reference, string? Reason, Instant At, CouponStatus Status) : CouponEvent;

        /// <summary>The price is kept: income of the merchant, and nothing to settle.</summary>
        public sealed record VoucherBreakageBooked(string Sale, int Number, string Campaign, string Member, Money Amount, Instant At, CouponStatus Status) : CouponEvent;

        /// <summary>It was used in time after all and the use reported late.</summary>
        public sealed record VoucherBreakageReversed(string Sale, int Number, string Campaign, string Member, Money Amount, Instant At, CouponStatus Status) : CouponEvent;
    }

    public abstract partial record CouponCommand
    {
        /// <summary>The buyer gives the coupon back before its use.</summary>
        public sealed record RefundVoucher(Instant At, Instant Now, string? Reason) : CouponCommand;

        /// <summary>What the channel says of a refund that was requested.</summary>
        /// <param name="Reference">The provider's own number of this try.</param>
        public sealed record AnswerRefund(bool IsPaid, string Reference, string? Reason, Instant At) : CouponCommand;
    }
}
