using Ledger.Coupons;
using Ledger.Coupons.Baskets;
using Ledger.Coupons.Redemptions;
using Ledger.Payments;
using Ledger.Points;
using static Ledger.Payments.PaymentEvent;

namespace Ledger.Policies;

/// <summary>
/// What was paid with coupons and points is given back as coupons and points, in proportion to the money that went back: a refund that names the
/// redemption returns goods of it, one that names a spend of points refunds points. Each looks at all that had gone back with it, however late, and gives back what is
/// lacking, so that no return at the till beside gives back twice. The payment is taken to have paid for that redemption and nothing else, alone or with points.
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
            var (paid, state, record) = (UpTo(e.Refund, book.State(payment)), book.State(coupon), book.State(home));
            var sale = record.Sale ?? RedemptionStream.SaleOf(redemptionId, code, state);
            if (state.Status == CouponStatus.None || (paid.Paid!.Member is { } payer && payer != Redeemer(state, sale))) return new RedemptionNotFound(redemptionId);
            if (record.IsVoided) return Policy.Nothing;
            if (sale is null)
                return number >= 1 && number <= state.Redemptions ? Policy.Nothing : new RedemptionNotFound(redemptionId);

            // Where all went back, all that is left of the basket does.
            var isAll = paid.Left == Money.Zero;
            IReadOnlyList<ReturnItem> items = isAll ? Returns.AllLeft(sale.Basket, record.Returns) : Lacking(sale.Basket, record.Returns, paid);
            if (items.Count == 0) return Policy.Nothing;
            if (isAll) items = []; // All that is left may be said after any number of returns.
            // The money went back: where a coupon may not be given back, what it took off is taken back all the same.
            return Policy.Run(book, ReturnOperations.Return(request, redemptionId, items, uses: null, KeptCoupons.Barred, e.Refund.At, e.Date, $"refund {e.Refund.Number}"));
        });
    }

    /// <summary>Whose the coupon was when it was used. Older records do not say: a return may have given it back since, and its owner may have given it away.</summary>
    private static string Redeemer(Coupon coupon, RedeemedBasket? sale) =>
        sale?.Member ?? (coupon.Gift is { Status: GiftStatus.Accepted } gift && sale is not null && gift.At >= sale.At ? gift.From : coupon.Member);

    private static Operation GivePoints(Request request, PaymentRefunded e, string id)
    {
        var (payment, stream) = (PaymentStream.Of(e.Trade), PointsSpendStream.Of(id));
        return new(request, [payment, stream], [], book =>
        {
            var (paid, spend) = (UpTo(e.Refund, book.State(payment)), book.State(stream));
            if (spend.Status == SpendStatus.None || (paid.Paid!.Member is { } member && member != spend.Member)) return new PointsSpendUnknown(id);
            if (spend.Status != SpendStatus.Spent) return new PointsNotSpent(id);
            var (back, given) = (Part(spend.Points, paid.Refunded, paid.Paid.Amount), spend.Points - spend.Lots.Total());
            return back <= given ? Policy.Nothing : Policy.Run(book, SpendOperations.Refund(request, id, back - given));
        });
    }

    /// <summary>The payment as that refund left it.</summary>
    private static Payments.Payment UpTo(Refund refund, Payments.Payment payment) =>
        payment with { Refunds = [.. payment.Refunds.TakeWhile(one => one.Number != refund.Number), refund] };

    /// <summary>
    /// What of the basket, at full price, answers to the money that went back, and did not come back yet. Line by line where the payment has the
    /// basket's lines and all refunds named them; else the payment's part of the whole basket, off what is left of each line alike. Rounded down, so that the last refund brings the rest.
    /// </summary>
    private static List<ReturnItem> Lacking(Basket basket, IReadOnlyList<GoodsReturn> returns, Payments.Payment payment)
    {
        var paid = payment.Paid!;
        var came = new long[basket.Lines.Count];
        foreach (var line in returns.SelectMany(one => one.Lines)) came[line.Line] += line.Amount.Minor;
        long[] kept = [.. basket.Lines.Select((line, i) => line.Amount.Minor - came[i])];
        var isByLine = paid.Lines.Count == basket.Lines.Count && payment.Refunds.All(refund => refund.Lines.Count > 0);
        var lacking = isByLine
            ? [.. basket.Lines.Select((line, i) => Part(line.Amount.Minor, paid.Lines[i].Amount - payment.LeftOf(i), paid.Lines[i].Amount) - came[i])]
            : Apportion.ByWeight(Math.Max(0, Part(basket.Amount.Minor, payment.Refunded, paid.Amount) - came.Sum()), kept);
        return [.. lacking.Select((amount, line) => new ReturnItem(line, Quantity: null, new Money(amount))).Where(item => item.Amount > Money.Zero)];
    }

    /// <summary>So much of the whole, rounded down.</summary>
    private static long Part(long whole, Money part, Money of) => of == Money.Zero ? 0 : (long)((Int128)whole * part.Minor / of.Minor);
}
