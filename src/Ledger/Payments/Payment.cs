using System.Text.Json.Serialization;
using NodaTime;

namespace Ledger.Payments;

/// <summary>A payment as it happened elsewhere: the ledger moves no money, it books what the trade number stands for, and what went back.</summary>
/// <param name="Paid">Null while nothing was paid under the trade number.</param>
/// <param name="Request">The request key under which it was booked first; empty: under none.</param>
/// <param name="Correlation">Follows the purchase through all that it leads to.</param>
public sealed record Payment(Paid? Paid, string Request, string Correlation, Instant At, IReadOnlyList<Refund> Refunds)
{
    public static Payment None { get; } = new(null, "", "", default, []);

    [JsonIgnore]
    public Money Refunded => Money.Sum(Refunds.Select(refund => refund.Amount));

    /// <summary>Paid and not refunded.</summary>
    [JsonIgnore]
    public Money Left => (Paid?.Amount ?? Money.Zero) - Refunded;

    public bool Equals(Payment? other) =>
        other is not null && (Paid, Request, Correlation, At) == (other.Paid, other.Request, other.Correlation, other.At) && Lists.Same(Refunds, other.Refunds);

    public override int GetHashCode() => HashCode.Combine(Request, Correlation, At, Refunds.Count);

    /// <summary>
    /// What stands of each line: refunds by line are off their lines, refunds by amount off what these leave, from the last line on. The same in
    /// whatever order refunds came, and another refund leaves no line more than before.
    /// </summary>
    public IReadOnlyList<Money> Standing()
    {
        var byAmount = Money.Sum(Refunds.Where(refund => refund.Lines.Count == 0).Select(refund => refund.Amount));
        var lines = Enumerable.Range(0, Paid!.Lines.Count).Select(LeftOf).ToArray();
        for (var line = lines.Length - 1; line >= 0; line--)
        {
            var taken = Money.Min(lines[line], byAmount);
            (lines[line], byAmount) = (lines[line] - taken, byAmount - taken);
        }

        return lines;
    }

    /// <summary>What refunds by line left of a line; refunds by amount touch no line.</summary>
    public Money LeftOf(int line) => Paid!.Lines[line].Amount - Money.Sum(Refunds.SelectMany(refund => refund.Lines).Where(back => back.Line == line).Select(back => back.Amount));
}

/// <summary>What was paid, as the caller said it: a repeat under the same trade number says the same.</summary>
/// <param name="FundChannel">Where the money came from, such as huabei.</param>
/// <param name="Lines">What was bought; their amounts sum to the payment's. Empty: not said.</param>
/// <param name="BusinessTime">As stated, believed or not; null: not stated.</param>
public sealed record Paid(
    Money Amount, string FundChannel, IReadOnlyList<PaidLine> Lines, Surface? Surface, string? Member, string? Order, string? Store, string? Till, Instant? BusinessTime)
{
    public bool Equals(Paid? other) =>
        other is not null && (Amount, FundChannel, Surface, Member, Order) == (other.Amount, other.FundChannel, other.Surface, other.Member, other.Order)
        && (Store, Till, BusinessTime) == (other.Store, other.Till, other.BusinessTime) && Lists.Same(Lines, other.Lines);

    public override int GetHashCode() => HashCode.Combine(Amount, FundChannel, Member, Order);
}

/// <param name="Amount">What was paid for the whole line.</param>
public sealed record PaidLine(Money Amount, int Quantity = 1, string? Goods = null, string? Category = null);

/// <summary>Money that went back.</summary>
/// <param name="Number">The caller's own number of the refund.</param>
/// <param name="Lines">Empty: by amount.</param>
/// <param name="Request">As in <see cref="Payment"/>.</param>
/// <param name="Redemption">The redemption whose goods came back, so that its coupons do; null: none was named.</param>
/// <param name="Spend">The spend of points that comes back; null: none was named.</param>
public sealed record Refund(
    string Number, Money Amount, IReadOnlyList<RefundedLine> Lines, string? Reason, string Request, Instant At, string? Redemption = null, string? Spend = null)
{
    public bool Equals(Refund? other) =>
        other is not null && (Number, Amount, Reason, Request, At) == (other.Number, other.Amount, other.Reason, other.Request, other.At)
        && (Redemption, Spend) == (other.Redemption, other.Spend) && Lists.Same(Lines, other.Lines);

    public override int GetHashCode() => HashCode.Combine(Number, Amount, At);
}

/// <param name="Line">The line of the payment, from 0.</param>
public sealed record RefundedLine(int Line, Money Amount);

// The case names below are the stored event types. Never rename one: add a new case instead.
public abstract record PaymentEvent
{
    private PaymentEvent() { }

    /// <param name="At">When it was paid, as far as the caller's word is taken.</param>
    /// <param name="Date">The business date of <paramref name="At"/>.</param>
    public sealed record PaymentReceived(string Trade, Paid Paid, string Request, string Correlation, Instant At, LocalDate Date) : PaymentEvent;

    /// <param name="Left">Of the payment, after this refund; zero: all went back.</param>
    /// <param name="Member">As in the payment, like the store and the surface.</param>
    /// <param name="Date">The business date of the refund.</param>
    public sealed record PaymentRefunded(string Trade, Refund Refund, Money Left, string? Member, string? Store, Surface? Surface, LocalDate Date) : PaymentEvent;
}

public abstract record PaymentCommand
{
    private PaymentCommand() { }

    public sealed record ReceivePayment(string Trade, Paid Paid, string Request, string Correlation, Instant At, LocalDate Date) : PaymentCommand;

    /// <param name="Amount">Null: what is left.</param>
    /// <param name="Lines">Empty: by amount.</param>
    public sealed record RefundPayment(
        string Trade, string Number, Money? Amount, IReadOnlyList<RefundAsk> Lines, string? Reason, string Request, Instant At, LocalDate Date, string? Redemption = null,
        string? Spend = null) : PaymentCommand;
}

/// <param name="Line">The line of the payment, from 0.</param>
/// <param name="Amount">Null: what is left of the line.</param>
public sealed record RefundAsk(int Line, Money? Amount);

public sealed record PaymentUnknown(string Trade) : Rejection(
    RejectionKind.NotFound, "There is no payment under this trade number", "Book the payment first: POST /v1/payments.");

/// <param name="Request">The request key of the first.</param>
/// <param name="At">When the first was paid.</param>
public sealed record PaymentDiffers(string Trade, string Request, Instant At, Money Amount) : Rejection(
    RejectionKind.Conflict, "Another payment is booked under this trade number", "Read the first with GET /v1/payments/{trade}; book this one under its own trade number.");

/// <param name="Request">The request key of the first.</param>
public sealed record RefundDiffers(string Refund, string Request, Instant At, Money Amount) : Rejection(
    RejectionKind.Conflict, "Another refund of the payment has this number", "Read the first with GET /v1/payments/{trade}; give this one a number of its own.");

public sealed record TooManyRefunds(int Limit) : Rejection(
    RejectionKind.RuleViolated, "The payment has as many refunds as one payment may", "Settle the rest by other means.");

public sealed record PaymentLineUnknown(int Line) : Rejection(
    RejectionKind.RuleViolated, "The payment has no such line", "Name lines of the payment, from 0, or refund by amount.");

/// <param name="Line">The line that it concerns; null: the payment as a whole.</param>
public sealed record RefundExceedsPaid(Money Asked, Money Left, int? Line) : Rejection(
    RejectionKind.RuleViolated, "The refund is more than what is left of the payment or of the line", "Refund at most left.");
