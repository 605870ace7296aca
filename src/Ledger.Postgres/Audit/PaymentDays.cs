using Ledger.Payments;

namespace Ledger.Postgres.Audit;

/// <summary>What a day's payments and refunds of a store come to.</summary>
internal sealed class PaymentDaySum
{
    private long payments, amount, refunds, refunded;

    public bool IsSeen { get; set; }

    /// <summary>In the order of the table's columns.</summary>
    public long[] Values => [payments, amount, refunds, refunded];

    public void Add(PaymentEvent fact)
    {
        switch (fact)
        {
            case PaymentEvent.PaymentReceived e:
                payments++;
                amount += e.Paid.Amount.Minor;
                break;
            case PaymentEvent.PaymentRefunded e:
                refunds++;
                refunded += e.Refund.Amount.Minor;
                break;
            default: throw new System.Diagnostics.UnreachableException($"{fact}");
        }
    }

    /// <summary>The day and store that the event is booked on.</summary>
    public static StoreDayKey KeyOf(PaymentEvent fact) => fact switch
    {
        PaymentEvent.PaymentReceived e => new(e.Date, e.Paid.Store ?? ""),
        PaymentEvent.PaymentRefunded e => new(e.Date, e.Store ?? ""),
        _ => throw new System.Diagnostics.UnreachableException($"{fact}"),
    };
}

/// <summary>Payments and refunds per business date and store.</summary>
internal sealed class PaymentDaysTable : ITableCheck
{
    public const string Name = "payment_days";

    private static readonly string[] Columns = ["payments", "amount", "refunds", "refunded"];

    public string Table => Name;

    public string Sql => "audit_payment_days.sql";

    public bool Compare(CopyRows row, BookFold book, Part part)
    {
        var key = new StoreDayKey(PostgresTime.ToDate(row.Int32(1)), row.Text(2));
        if (!key.IsIn(part)) return false;
        if (book.IsBroken) return true;
        if (!book.PaymentDays.TryGetValue(key, out var sum))
        {
            book.Findings.Add(new RowUnexpected(book.Book, Name, key.ToString()));
            return true;
        }

        sum.IsSeen = true;
        var values = sum.Values;
        for (var i = 0; i < Columns.Length; i++)
        {
            if (values[i] != row.Int64(i + 3)) Differ.Number(book, Name, key.ToString(), Columns[i], values[i], row.Int64(i + 3));
        }

        return true;
    }

    public void Missing(BookFold book)
    {
        foreach (var (key, sum) in book.PaymentDays)
        {
            if (!sum.IsSeen && !book.IsBroken) book.Findings.Add(new RowMissing(book.Book, Name, key.ToString()));
        }
    }
}
