using System.Text;
using Ledger.Agreements;

namespace Ledger.Postgres.Audit;

/// <summary>A light membership as far as its read model has followed it.</summary>
internal sealed class AgreementFold
{
    private static ReadOnlySpan<byte> Prefix => "agreement-"u8;

    public Agreement State { get; private set; } = Agreement.None;

    public bool IsSeen { get; set; }

    public static void Add(AgreementEvent fact, ReadOnlySpan<byte> stream, BookFold book, Part part, ref int held)
    {
        var id = Encoding.UTF8.GetString(stream[Prefix.Length..]);
        if (!part.Holds(id)) return;
        if (!book.Agreements.TryGetValue(id, out var fold))
        {
            held++;
            book.Agreements.Add(id, fold = new());
        }

        fold.State = AgreementEvolution.Evolve(fold.State, fact);
    }
}

/// <summary>Light memberships: what the row says follows from the agreement as it stood.</summary>
internal sealed class AgreementsTable : ITableCheck
{
    public const string Name = "agreements";

    public string Table => Name;

    public string Sql => "audit_agreements.sql";

    public bool Compare(CopyRows row, BookFold book, Part part)
    {
        var id = row.Text(1);
        if (!part.Holds(id)) return false;
        if (book.IsBroken) return true;
        if (!book.Agreements.TryGetValue(id, out var fold))
        {
            book.Findings.Add(new RowUnexpected(book.Book, Name, id));
            return true;
        }

        fold.IsSeen = true;
        var state = fold.State;
        var isSigned = state.Signature is not null;
        Differ.Words(book, Name, id, "member", state.Offer!.Member, row.Bytes(2), row.IsNull(2));
        Differ.Words(book, Name, id, "plan", state.Offer.Plan, row.Bytes(3), row.IsNull(3));
        Differ.Words(book, Name, id, "status", state.Status.ToString(), row.Bytes(4), row.IsNull(4));
        Differ.Number(book, Name, id, "fee", isSigned ? state.Offer.Terms.Settlement.Ceiling(state.Offer.Terms.Guarantee).Minor : 0, row.Int64(5));
        Differ.Number(book, Name, id, "guarantee", isSigned ? state.Offer.Terms.Guarantee.Minor : 0, row.Int64(6));
        if (state.Ends is not { } ends || row.IsNull(7))
        {
            if (state.Ends is not null || !row.IsNull(7)) Differ.Add(book, Name, id, "ends_at", isSigned ? "a time" : "null", isSigned ? "null" : "a time");
        }
        else
        {
            Differ.Time(book, Name, id, "ends_at", PostgresTime.Of(ends), row.Int64(7));
        }

        Differ.Number(book, Name, id, "benefit", (state.Accrued - state.Reversed).Minor, row.Int64(8));
        Differ.Number(book, Name, id, "due", state.Settlements.Sum(one => one.Due.Minor), row.Int64(9));
        Differ.Number(book, Name, id, "collected", state.Settlements.Sum(one => one.Collected.Minor), row.Int64(10));
        Differ.Number(book, Name, id, "refunded", state.Settlements.Sum(one => one.Refunded.Minor), row.Int64(11));
        return true;
    }

    public void Missing(BookFold book)
    {
        foreach (var (id, fold) in book.Agreements)
        {
            if (!fold.IsSeen && !book.IsBroken) book.Findings.Add(new RowMissing(book.Book, Name, id));
        }
    }
}
