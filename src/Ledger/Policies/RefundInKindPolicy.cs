using Ledger.Coupons;
using Ledger.Coupons.Baskets;
using Ledger.Coupons.Redemptions;
using Ledger.Payments;
using Ledger.Points;
using static Ledger.Payments.PaymentEvent;

namespace Ledger.Policies;

/// <summary>
/// What was paid with coupons and points is given back as coupons and points, in proportion to the money that went back: a refund that names the
/// redemption returns goods of it, one that names a spend of points refunds points. Each looks at all that went back by now and gives back what is
/// lacking, so that no order of refunds, and no return at the till beside, gives back twice.
/// </summary>
public static class RefundInKindPolicy
{
    public static Policy Coupons { get; } = new(
        "refund-coupons", [typeof(PaymentRefunded)], turn => turn.Fact is PaymentRefunded { Refund.Redemption: { } redemption } e ? GiveBack(turn.Request(), e, redemption) : null);

    public static Policy Points { get; } = new(
        "refund-points", [typeof(PaymentRefunded)], turn => turn.Fact is PaymentRefunded { Refund.Spend: { } spend } e ? GivePoints(turn.Request(), e, spend) : null);

    private static Operation GiveBack(Request request, PaymentRefunded e, string redemptionId)
    {
        var (code, number) = CouponStream.Parse(redemptionId) ?? (redemptionId, 0);
        var (payment, coupon, home) = (PaymentStream.Of(e.Trade), CouponStream.Of(code), RedemptionStream.Of(redemptionId));
        return new(request, [payment, coupon, home], [], book =>
        {
            var (paid, state, record) = (book.State(payment), book.State(coupon), book.State(home));
            // Once a return gave the coupon back, it may have been given away: then it is another's, and what was redeemed is not.
            var mayBeGivenAway = record.Returns.Count > 0 && state.Gift?.Status == GiftStatus.Accepted;
            if (state.Status == CouponStatus.None || (!mayBeGivenAway && paid.Paid!.Member is { } member && member != state.Member)) return new RedemptionNotFound(redemptionId);
            if (record.IsVoided) return Policy.Nothing;
            if ((record.Sale ?? RedemptionStream.SaleOf(redemptionId, code, state)) is not { } sale)
                return number >= 1 && number <= state.Redemptions ? Policy.Nothing : new RedemptionNotFound(redemptionId);

            // Where all went back, all that is left of the basket does.
            IReadOnlyList<ReturnItem> items = paid.Left == Money.Zero ? Returns.AllLeft(sale.Basket, record.Returns) : Lacking(sale.Basket, record.Returns, paid);
            return items.Count == 0
                ? Policy.Nothing
                : Policy.Run(book, ReturnOperations.Return(request, redemptionId, items, uses: null, keepCoupons: false, e.Refund.At, e.Date, $"refund {e.Refund.Number}"));
        });
    }

    private static Operation GivePoints(Request request, PaymentRefunded e, string id)
    {
        var (payment, stream) = (PaymentStream.Of(e.Trade), PointsSpendStream.Of(id));
        return new(request, [payment, stream], [], book =>
        {
            var (paid, spend) = (book.State(payment), book.State(stream));
            if (spend.Status == SpendStatus.None || (paid.Paid!.Member is { } member && member != spend.Member)) return new PointsSpendUnknown(id);
            if (spend.Status != SpendStatus.Spent) return new PointsNotSpent(id);
            var (back, given) = (Part(spend.Points, paid.Refunded, paid.Paid.Amount), spend.Points - spend.Lots.Total());
            return back <= given ? Policy.Nothing : Policy.Run(book, SpendOperations.Refund(request, id, back - given));
        });
    }

    /// <summary>
    /// What of the basket, at full price, answers to the money that went back, and did not come back yet. Line by line where the payment has the
    /// basket's lines and refunds named them, else of each line the payment's part; rounded down, so that the last refund brings the rest.
    /// </summary>
    private static List<ReturnItem> Lacking(Basket basket, IReadOnlyList<GoodsReturn> returns, Payments.Payment payment)
    {
        var paid = payment.Paid!;
        var isByLine = paid.Lines.Count == basket.Lines.Count && payment.Refunds.All(refund => refund.Lines.Count > 0);
        var items = new List<ReturnItem>();
        for (var line = 0; line < basket.Lines.Count; line++)
        {
            var price = basket.Lines[line].Amount.Minor;
            var back = isByLine
                ? Part(price, paid.Lines[line].Amount - payment.LeftOf(line), paid.Lines[line].Amount)
                : Part(price, payment.Refunded, paid.Amount);
            var came = returns.SelectMany(one => one.Lines).Where(one => one.Line == line).Sum(one => one.Amount.Minor);
            if (back > came) items.Add(new(line, Quantity: null, new Money(back - came)));
        }

        return items;
    }

    /// <summary>So much of the whole, rounded down.</summary>
    private static long Part(long whole, Money part, Money of) => of == Money.Zero ? 0 : (long)((Int128)whole * part.Minor / of.Minor);
}
