using System.Diagnostics;
using static Ledger.Coupons.CouponCommand;
using static Ledger.Coupons.CouponEvent;

namespace Ledger.Coupons.Sales;

/// <summary>Where the price of a sold coupon goes: settled on use, back to the buyer, or kept. Pure.</summary>
public static class SoldCouponDecider
{
    /// <summary>Reads top to bottom: the first line that matches answers.</summary>
    public static Decision<CouponEvent> Decide(CouponCommand command, Coupon state) => (command, state) switch
    {
        (RefundVoucher, { Sold: null }) => new RefundNotAllowed(),
        (RefundVoucher, { Sold.Standing: PriceStanding.RefundRequested or PriceStanding.Refunded }) => Decision<CouponEvent>.Unchanged,
        (RefundVoucher, { Status: CouponStatus.Used, Last: { } last }) => new AlreadyUsed(last.RedemptionId, last.At),
        (RefundVoucher c, { Hold: { } hold }) when c.Now < hold.ExpiresAt => new AlreadyHeld(hold.ExpiresAt, hold.Till),
        (RefundVoucher, { Sold.Sale.IsRefundableBeforeUse: false }) => new RefundNotAllowed(),
        (RefundVoucher c, var s) when GiftDecider.RanOut(s, c.Now) is { } end => CouponDecider.Following(end, Decide(command, CouponDecider.Evolve(s, end))),
        (RefundVoucher, { Status: CouponStatus.InTransfer, Gift: { } gift }) => new InTransfer(gift.ExpiresAt),
        (RefundVoucher c, var s) when s.Status != CouponStatus.Issued || c.Now >= s.ValidTo => new Expired(s.ValidTo),
        (RefundVoucher c, { Hold: not null } s) => new CouponEvent[] { CouponDecider.RanOut(s), GivenBack(c, s), RefundOfWish(c, s) },
        (RefundVoucher c, var s) => new CouponEvent[] { GivenBack(c, s), RefundOfWish(c, s) },

        (AnswerRefund { IsPaid: true }, { Sold.Standing: PriceStanding.Refunded }) => Decision<CouponEvent>.Unchanged,
        (AnswerRefund, { Sold: { Standing: PriceStanding.Refunded, Sale: var sale } }) => new RefundAlreadyPaid(sale.Id, sale.Number),
        (AnswerRefund c, { Sold: { Standing: PriceStanding.RefundRequested, Sale: var sale } } s) when c.IsPaid =>
            new VoucherRefundPaid(sale.Id, sale.Number, s.Campaign, s.Member, sale.Price, c.Reference, c.At, s.Status),
        (AnswerRefund c, { Sold: { Standing: PriceStanding.RefundRequested, Answer: var known } }) when c.Reference == known => Decision<CouponEvent>.Unchanged,
        (AnswerRefund c, { Sold: { Standing: PriceStanding.RefundRequested, Sale: var sale } } s) =>
            new VoucherRefundFailed(sale.Id, sale.Number, s.Campaign, s.Member, sale.Price, c.Reference, c.Reason, c.At, s.Status),
        (AnswerRefund, { Sold: { Sale: var sale } }) => new RefundUnknown(sale.Id, sale.Number),
        (AnswerRefund, _) => new RefundUnknown("", 0),

        _ => throw new UnreachableException($"{command}"),
    };

    /// <summary>Puts behind each fact that was decided of a sold coupon what it means for the price.</summary>
    public static Decision<CouponEvent> Follow(Coupon state, Decision<CouponEvent> decision)
    {
        if (state.Sold is null || decision is not Decision<CouponEvent>.Accepted { Events: { Count: > 0 } facts }) return decision;
        var all = new List<CouponEvent>(facts.Count + 2);
        foreach (var decided in facts)
        {
            for (CouponEvent? fact = decided; fact is not null; fact = Following(fact, state))
            {
                all.Add(fact);
                state = CouponDecider.Evolve(state, fact);
            }
        }

        return new Decision<CouponEvent>.Accepted(all);
    }

    /// <summary>Never refuses and never computes: what happened is already in the event.</summary>
    public static Coupon Evolve(Coupon state, CouponEvent fact) => fact switch
    {
        VoucherSettled => Stands(state, PriceStanding.Settled),
        VoucherSettlementReversed => Stands(state, PriceStanding.Open),
        VoucherRefundRequested => Stands(state, PriceStanding.RefundRequested),
        VoucherRefundPaid e => state with { Sold = state.Sold! with { Standing = PriceStanding.Refunded, Answer = e.Reference } },
        VoucherRefundFailed e => state with { Sold = state.Sold! with { Answer = e.Reference } },
        VoucherBreakageBooked => Stands(state, PriceStanding.Breakage),
        VoucherBreakageReversed => Stands(state, PriceStanding.Open),
        _ => throw new UnreachableException($"{fact}"),
    };

    /// <param name="s">The coupon as the fact left it.</param>
    private static CouponEvent? Following(CouponEvent fact, Coupon s)
    {
        var (sale, standing) = (s.Sold!.Sale, s.Sold.Standing);
        return (fact, standing) switch
        {
            (CouponRedeemed e, PriceStanding.Open) => new VoucherSettled(
                e.RedemptionId, sale.Id, sale.Number, s.Campaign, s.Member, sale.Payee, sale.Price, sale.Commission, sale.Price - sale.Commission, e.At, e.Date, s.Status),
            (RedemptionVoided e, PriceStanding.Settled) => Reversed(e.RedemptionId, e.At, e.Date),
            (CouponReturned e, PriceStanding.Settled) when s.Status != CouponStatus.Used => Reversed(e.RedemptionId, e.At, e.Date),
            (VoucherSettlementReversed e, PriceStanding.Open) when s.Status == CouponStatus.ReturnedExpired => Overdue(e.At),
            (CouponExpired e, PriceStanding.Open) => Overdue(e.At),
            (CouponDeactivated e, PriceStanding.Open) => Refund(s, RefundReason.Deactivated, e.At),
            (CouponExpiryReversed e, PriceStanding.Breakage) =>
                new VoucherBreakageReversed(sale.Id, sale.Number, s.Campaign, s.Member, sale.Price, e.At, s.Status),
            _ => null,
        };

        VoucherSettlementReversed Reversed(string redemption, NodaTime.Instant at, NodaTime.LocalDate date) => new(
            redemption, sale.Id, sale.Number, s.Campaign, s.Member, sale.Payee, sale.Price, sale.Commission, sale.Price - sale.Commission, at, date, s.Status);

        CouponEvent Overdue(NodaTime.Instant at) => sale.IsOverdueRefundable
            ? Refund(s, RefundReason.AutoExpire, at)
            : new VoucherBreakageBooked(sale.Id, sale.Number, s.Campaign, s.Member, sale.Price, at, s.Status);
    }

    private static CouponDeactivated GivenBack(RefundVoucher c, Coupon s) => new(s.Campaign, s.Member, c.At, c.Reason);

    private static VoucherRefundRequested RefundOfWish(RefundVoucher c, Coupon s) => Refund(s with { Status = CouponStatus.Deactivated }, RefundReason.UserRefund, c.At);

    private static VoucherRefundRequested Refund(Coupon s, RefundReason reason, NodaTime.Instant at) =>
        new(s.Sold!.Sale.Id, s.Sold.Sale.Number, s.Campaign, s.Member, s.Sold.Sale.Price, reason, at, s.Status);

    private static Coupon Stands(Coupon state, PriceStanding standing) => state with { Sold = state.Sold! with { Standing = standing } };
}

/// <summary>The account of sold coupons, per campaign: paid = settled + refunds + open + breakage, at every entry.</summary>
public static class SaleTallies
{
    public static string Paid(string campaign) => $"sales/{campaign}/paid";

    /// <summary>The liability: coupons neither used nor given back.</summary>
    public static string Open(string campaign) => $"sales/{campaign}/open";

    /// <summary>Gross: what payees are owed, and the commission.</summary>
    public static string Settled(string campaign) => $"sales/{campaign}/settled";

    public static string Commission(string campaign) => $"sales/{campaign}/commission";

    /// <summary>Requested, whether paid yet or not.</summary>
    public static string Refunds(string campaign) => $"sales/{campaign}/refunds";

    public static string RefundsPaid(string campaign) => $"sales/{campaign}/refunds-paid";

    public static string Breakage(string campaign) => $"sales/{campaign}/breakage";

    /// <summary>What a fact moves, always from one place to another; null: nothing.</summary>
    public static IReadOnlyList<TallyChange>? Of(CouponEvent fact) => fact switch
    {
        VoucherSettled e => [new(Open(e.Campaign), -e.Gross.Minor), new(Settled(e.Campaign), e.Gross.Minor), new(Commission(e.Campaign), e.Commission.Minor)],
        VoucherSettlementReversed e => [new(Open(e.Campaign), e.Gross.Minor), new(Settled(e.Campaign), -e.Gross.Minor), new(Commission(e.Campaign), -e.Commission.Minor)],
        VoucherRefundRequested e => [new(Open(e.Campaign), -e.Amount.Minor), new(Refunds(e.Campaign), e.Amount.Minor)],
        VoucherRefundPaid e => [new(RefundsPaid(e.Campaign), e.Amount.Minor)],
        VoucherBreakageBooked e => [new(Open(e.Campaign), -e.Amount.Minor), new(Breakage(e.Campaign), e.Amount.Minor)],
        VoucherBreakageReversed e => [new(Open(e.Campaign), e.Amount.Minor), new(Breakage(e.Campaign), -e.Amount.Minor)],
        _ => null,
    };
}
