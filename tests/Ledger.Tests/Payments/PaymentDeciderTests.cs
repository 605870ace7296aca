using Ledger.Payments;
using NodaTime;
using Xunit;
using static Ledger.Payments.PaymentCommand;
using static Ledger.Payments.PaymentEvent;
using static Ledger.Tests.Moments;

namespace Ledger.Tests.Payments;

public class PaymentDeciderTests
{
    private static readonly Spec<PaymentCommand, Payment, PaymentEvent> s_payment = new(PaymentDecider.Decide, PaymentDecider.Evolve, Payment.None);
    private static readonly Instant s_at = At("2026-02-17T12:00:00+08:00");
    private static readonly LocalDate s_day = Day("2026-02-17");

    private static readonly Paid s_paid = new(
        new(120_00), "huabei", [new(new(59_90), 1, "tea"), new(new(33_00)), new(new(27_10))], new(Portal.PaySuccess, PublicPosition.Basement, SurfaceOwner.Platform), "m-1", null, "s1", "t1", null);

    private static readonly PaymentReceived s_received = new("trade-1", s_paid, "request-1", "trade-1", s_at, s_day);

    [Fact]
    public void A_payment_is_booked_once_under_its_trade_number()
    {
        s_payment.Given().When(Pay()).Then(s_received);
        s_payment.Given(s_received).When(Pay() with { Request = "request-2", At = s_at + Tick }).ThenNothing();
    }

    [Fact]
    public void Another_content_under_the_same_trade_number_is_refused_and_names_the_first()
    {
        Paid[] others =
        [
            s_paid with { Amount = new(120_01) }, s_paid with { FundChannel = "balance" }, s_paid with { Lines = [new(new(120_00))] }, s_paid with { Surface = null },
            s_paid with { Member = "m-2" }, s_paid with { Order = "o" }, s_paid with { Store = "s2" }, s_paid with { Till = "t2" }, s_paid with { BusinessTime = s_at },
        ];
        Assert.All(others, other => s_payment.Given(s_received)
            .When(Pay() with { Paid = other, Request = "request-2" }).ThenRefused(new PaymentDiffers("trade-1", "request-1", s_at, new(120_00))));
    }

    [Fact]
    public void What_was_never_paid_is_not_refunded() => s_payment.Given().When(Back("r1", 1)).ThenRefused(new PaymentUnknown("trade-1"));

    [Fact]
    public void By_amount_at_most_what_is_left_goes_back()
    {
        s_payment.Given(s_received).When(Back("r1", 120_00)).Then(Refunded("r1", 120_00, 0));
        s_payment.Given(s_received).When(Back("r1", 120_01)).ThenRefused(new RefundExceedsPaid(new(120_01), new(120_00), null));
        s_payment.Given(s_received, Refunded("r1", 20_00, 100_00)).When(Back("r2", null)).Then(Refunded("r2", 100_00, 0));
        s_payment.Given(s_received, Refunded("r1", 120_00, 0)).When(Back("r2", null)).ThenRefused(new RefundExceedsPaid(new(0), new(0), null));
    }

    [Fact]
    public void By_line_at_most_what_is_left_of_the_line_and_of_the_payment_goes_back()
    {
        s_payment.Given(s_received).When(Back("r1", null, (1, null))).Then(Refunded("r1", 33_00, 87_00, (1, 33_00)));
        s_payment.Given(s_received).When(Back("r1", null, (1, 33_01))).ThenRefused(new RefundExceedsPaid(new(33_01), new(33_00), 1));
        s_payment.Given(s_received).When(Back("r1", null, (3, null))).ThenRefused(new PaymentLineUnknown(3));
        s_payment.Given(s_received, Refunded("r1", 3_00, 117_00, (1, 3_00))).When(Back("r2", null, (1, null), (2, 10))).Then(Refunded("r2", 30_10, 86_90, (1, 30_00), (2, 10)));

        // An amount took more than the other lines had.
        s_payment.Given(s_received, Refunded("r1", 100_00, 20_00)).When(Back("r2", null, (1, null))).Then(Refunded("r2", 20_00, 0, (1, 20_00)));
    }

    [Fact]
    public void A_refund_is_booked_once_under_its_number()
    {
        var past = s_payment.Given(s_received, Refunded("r1", 33_00, 87_00, (1, 33_00)));
        past.When(Back("r1", null, (1, 33_00)) with { Request = "request-9" }).ThenNothing();
        past.When(Back("r1", null, (1, null))).ThenNothing();
        var differs = new RefundDiffers("r1", "request-2", s_at, new(33_00));
        past.When(Back("r1", null, (1, 32_00))).ThenRefused(differs);
        past.When(Back("r1", 33_00)).ThenRefused(differs);
        past.When(Back("r1", null, (1, 33_00)) with { Reason = "other" }).ThenRefused(differs);
    }

    [Fact]
    public void The_last_refund_fits_and_the_next_is_refused()
    {
        var refunds = Enumerable.Range(1, Limits.MaxRefunds - 1).Select(n => (PaymentEvent)Refunded($"r{n}", 1, 120_00 - n));
        var full = s_payment.Given(refunds.Prepend(s_received)).When(Back("last", 1)).AndThen();
        full.When(Back("one-more", 1)).ThenRefused(new TooManyRefunds(Limits.MaxRefunds));
        full.When(Back("last", 1)).ThenNothing();
    }

    private static ReceivePayment Pay() => new("trade-1", s_paid, "request-1", "trade-1", s_at, s_day);

    private static RefundPayment Back(string number, long? amount, params (int Line, long? Amount)[] lines) => new(
        "trade-1", number, amount is { } sum ? new Money(sum) : null, [.. lines.Select(line => new RefundAsk(line.Line, line.Amount is { } part ? new Money(part) : null))], null,
        "request-2", s_at, s_day);

    private static PaymentRefunded Refunded(string number, long amount, long left, params (int Line, long Amount)[] lines) => new(
        "trade-1", new(number, new(amount), [.. lines.Select(line => new RefundedLine(line.Line, new(line.Amount)))], null, "request-2", s_at), new(left), "m-1", "s1", s_paid.Surface, s_day);
}
