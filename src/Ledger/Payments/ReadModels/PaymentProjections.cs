using NodaTime;
using static Ledger.Payments.PaymentEvent;

namespace Ledger.Payments.ReadModels;

/// <summary>A row of <c>payment_days</c>; the store is empty where a payment named none.</summary>
public sealed record PaymentDayRow(string Book, LocalDate Day, string Store, long Payments, Money Amount, long Refunds, Money Refunded);

/// <summary>The read model of the payment slice by another road than its SQL: one pass over a book's entries in order.</summary>
public sealed class PaymentProjections(string book)
{
    private readonly Dictionary<(LocalDate Day, string Store), PaymentDayRow> days = [];

    public IEnumerable<PaymentDayRow> PaymentDays => days.Values;

    /// <summary>Takes the book's next entry; entries of other slices change nothing.</summary>
    public void Apply(object fact)
    {
        switch (fact)
        {
            case PaymentReceived e:
                Add(e.Date, e.Paid.Store, d => d with { Payments = d.Payments + 1, Amount = d.Amount + e.Paid.Amount });
                break;
            case PaymentRefunded e:
                Add(e.Date, e.Store, d => d with { Refunds = d.Refunds + 1, Refunded = d.Refunded + e.Refund.Amount });
                break;
            default:
                break;
        }
    }

    private void Add(LocalDate day, string? store, Func<PaymentDayRow, PaymentDayRow> change)
    {
        var key = (day, store ?? "");
        days[key] = change(days.GetValueOrDefault(key) ?? new(book, day, key.Item2, 0, Money.Zero, 0, Money.Zero));
    }
}
