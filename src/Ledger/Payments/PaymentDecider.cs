using System.Diagnostics;
using static Ledger.Payments.PaymentCommand;
using static Ledger.Payments.PaymentEvent;

namespace Ledger.Payments;

/// <summary>A payment is booked once under its trade number, and refunded by line or amount until all went back. Pure.</summary>
public static class PaymentDecider
{
    /// <summary>Reads top to bottom: the first line that matches answers.</summary>
    public static Decision<PaymentEvent> Decide(PaymentCommand command, Payment state) => (command, state) switch
    {
        (ReceivePayment c, { Paid: null }) => new PaymentReceived(c.Trade, c.Paid, c.Request, c.Correlation, c.At, c.Date),
        (ReceivePayment c, { Paid: { } paid }) when paid == c.Paid => Decision<PaymentEvent>.Unchanged,
        (ReceivePayment c, { Paid: { } paid } s) => new PaymentDiffers(c.Trade, s.Request, s.At, paid.Amount),

        (RefundPayment c, { Paid: null }) => new PaymentUnknown(c.Trade),
        (RefundPayment c, var s) when s.Refunds.FirstOrDefault(refund => refund.Number == c.Number) is { } first =>
            IsSame(c, first) ? Decision<PaymentEvent>.Unchanged : new RefundDiffers(c.Number, first.Request, first.At, first.Amount),
        (RefundPayment, { Refunds.Count: >= Limits.MaxRefunds }) => new TooManyRefunds(Limits.MaxRefunds),
        (RefundPayment c, var s) => c.Lines.Count == 0 ? ByAmount(c, s) : ByLine(c, s),
        _ => throw new UnreachableException($"{command} on {state}"),
    };

    /// <summary>Never refuses and never computes: what happened is already in the event.</summary>
    public static Payment Evolve(Payment state, PaymentEvent fact) => fact switch
    {
        PaymentReceived e => state with { Paid = e.Paid, Request = e.Request, Correlation = e.Correlation, At = e.At },
        PaymentRefunded e => state with { Refunds = [.. state.Refunds, e.Refund] },
        _ => throw new UnreachableException($"{fact}"),
    };

    /// <summary>A repeat that leaves an amount out asks for the same refund, whatever is left by now.</summary>
    private static bool IsSame(RefundPayment c, Refund first) =>
        (c.Reason, c.Redemption, c.Spend) == (first.Reason, first.Redemption, first.Spend) && (c.Amount is null || c.Amount == first.Amount)
        && c.Lines.Select(line => line.Line).SequenceEqual(first.Lines.Select(line => line.Line))
        && c.Lines.Zip(first.Lines).All(pair => pair.First.Amount is null || pair.First.Amount == pair.Second.Amount);

    private static Decision<PaymentEvent> ByAmount(RefundPayment c, Payment s)
    {
        var amount = c.Amount ?? s.Left;
        return amount > s.Left || amount == Money.Zero ? new RefundExceedsPaid(amount, s.Left, null) : Refunded(c, s, amount, []);
    }

    private static Decision<PaymentEvent> ByLine(RefundPayment c, Payment s)
    {
        var (lines, left) = (new List<RefundedLine>(c.Lines.Count), s.Left);
        foreach (var ask in c.Lines)
        {
            if (ask.Line >= s.Paid!.Lines.Count) return new PaymentLineUnknown(ask.Line);
            // What refunds by amount took may be more than the other lines had.
            var most = Money.Min(s.LeftOf(ask.Line), left);
            var amount = ask.Amount ?? most;
            if (amount > most || amount == Money.Zero) return new RefundExceedsPaid(amount, most, ask.Line);
            lines.Add(new(ask.Line, amount));
            left -= amount;
        }

        return Refunded(c, s, s.Left - left, lines);
    }

    private static PaymentRefunded Refunded(RefundPayment c, Payment s, Money amount, IReadOnlyList<RefundedLine> lines) => new(
        c.Trade, new(c.Number, amount, lines, c.Reason, c.Request, c.At, c.Redemption, c.Spend), s.Left - amount, s.Paid!.Member, s.Paid.Store, s.Paid.Surface, c.Date);
}
