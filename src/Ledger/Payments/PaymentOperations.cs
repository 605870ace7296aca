using NodaTime;
using static Ledger.Payments.PaymentCommand;

namespace Ledger.Payments;

/// <summary>Streams of payments: <c>payment-{trade}</c>.</summary>
public static class PaymentStream
{
    public static StreamType<Payment, PaymentEvent> Type { get; } = new("payment", Schema: 2, Payment.None, PaymentDecider.Evolve);

    public static Stream<Payment, PaymentEvent> Of(string trade) => Type.At($"payment-{trade}");
}

/// <summary>Payments and refunds as they happen, as operations.</summary>
public static class PaymentOperations
{
    /// <summary>Books a payment; the same again, under whatever key, answers the same.</summary>
    /// <param name="request">Where it follows no other purchase, its correlation is the trade number.</param>
    /// <param name="date">The business date of <paramref name="at"/>.</param>
    public static Operation Receive(Request request, string trade, Paid paid, Instant at, LocalDate date)
    {
        ArgumentNullException.ThrowIfNull(request);
        var correlation = request.Correlation ?? trade;
        var command = new ReceivePayment(trade, paid, request.Key ?? "", correlation, at, date);
        return On(request with { Correlation = correlation }, trade, command, state => PaidView.Of(trade, state));
    }

    /// <summary>Books a refund; the same again, under whatever key, answers the same.</summary>
    /// <param name="amount">Null: all that is left.</param>
    /// <param name="redemption">The redemption whose coupons come back in proportion; null: none.</param>
    /// <param name="spend">The spend of points that comes back in proportion; null: none.</param>
    public static Operation Refund(
        Request request, string trade, string number, Money? amount, IReadOnlyList<RefundAsk> lines, string? reason, Instant at, LocalDate date, string? redemption = null,
        string? spend = null)
    {
        ArgumentNullException.ThrowIfNull(request);
        return On(request, trade, new RefundPayment(trade, number, amount, lines, reason, request.Key ?? "", at, date, redemption, spend), state => RefundView.Of(trade, state, number));
    }

    private static Operation On(Request request, string trade, PaymentCommand command, Func<Payment, object> answer)
    {
        var stream = PaymentStream.Of(trade);
        return new(request, [stream], [], book => Verdict.Of(stream, book.State(stream), PaymentDecider.Decide(command, book.State(stream)), (_, state) => answer(state)));
    }
}

/// <summary>A payment as it was booked; refunds change nothing of it.</summary>
/// <param name="At">When it was paid, as far as the caller's word was taken.</param>
/// <param name="Correlation">Follows the purchase: GET /v1/chains/{correlation}.</param>
public sealed record PaidView(
    string Trade, Money Amount, string FundChannel, IReadOnlyList<PaidLine> Lines, Surface? Surface, string? Member, string? Order, string? Store, string? Till, Instant At,
    string Correlation)
{
    public static PaidView Of(string trade, Payment state)
    {
        ArgumentNullException.ThrowIfNull(state);
        var paid = state.Paid!;
        return new(trade, paid.Amount, paid.FundChannel, paid.Lines, paid.Surface, paid.Member, paid.Order, paid.Store, paid.Till, state.At, state.Correlation);
    }
}

/// <param name="Left">Of the payment, after this refund.</param>
/// <param name="Redemption">Whose coupons come back in proportion.</param>
/// <param name="Spend">The spend of points that comes back in proportion.</param>
public sealed record RefundView(
    string Trade, string Refund, Money Amount, IReadOnlyList<RefundedLine> Lines, Money Left, string? Reason, Instant At, string? Redemption = null, string? Spend = null)
{
    public static RefundView Of(string trade, Payment state, string number)
    {
        ArgumentNullException.ThrowIfNull(state);
        var upTo = state.Refunds.TakeWhile(refund => refund.Number != number).ToList();
        var asked = state.Refunds[upTo.Count];
        var left = state.Paid!.Amount - Money.Sum(upTo.Select(refund => refund.Amount)) - asked.Amount;
        return new(trade, number, asked.Amount, asked.Lines, left, asked.Reason, asked.At, asked.Redemption, asked.Spend);
    }
}

/// <summary>A payment with what went back.</summary>
/// <param name="Left">Paid and not refunded.</param>
public sealed record PaymentView(PaidView Payment, Money Refunded, Money Left, IReadOnlyList<RefundView> Refunds)
{
    public static PaymentView Of(string trade, Payment state)
    {
        ArgumentNullException.ThrowIfNull(state);
        return new(PaidView.Of(trade, state), state.Refunded, state.Left, [.. state.Refunds.Select(refund => RefundView.Of(trade, state, refund.Number))]);
    }
}
