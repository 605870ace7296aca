using System.Text;
using System.Text.Json;
using Ledger.Reversals;

namespace Ledger.Postgres.Audit;

/// <summary>Rows of <c>requests</c> that bar a key: each follows from an entry, and each such entry has its row.</summary>
internal sealed class TombstoneTable : ITableCheck
{
    public const string Requests = "requests";

    public string Table => Requests;

    public string Sql => "audit_tombstones.sql";

    /// <summary>Counts nothing: tombstones are counted with the other requests.</summary>
    public bool Compare(CopyRows row, BookFold book, Part part)
    {
        var stream = ReversalStream.IdOf(row.Bytes(1));
        if (!part.Holds(stream)) return false;
        if (book.Known(Encoding.ASCII.GetBytes(stream)) is not { } fold || (fold.State is not Reversal && !fold.IsBroken))
        {
            book.Findings.Add(new RowUnexpected(book.Book, Requests, row.Text(1)));
            return false;
        }

        fold.Seen |= Tables.Tombstones;
        if (fold.IsBroken || fold.State is not Reversal { Tombstone: { } expected }) return false;
        var (wanted, found) = (Encoding.UTF8.GetString(CanonicalJson.Of(JsonSerializer.SerializeToUtf8Bytes(expected, LedgerJson.Outcomes))), Canonical(row.Json(2)));
        if (wanted != found) Differ.Add(book, Requests, row.Text(1), "outcome", wanted, found);
        return false;
    }

    /// <summary>As it is, where it has no canonical form: then nobody of us wrote it.</summary>
    private static string Canonical(ReadOnlySpan<byte> json)
    {
        try
        {
            return Encoding.UTF8.GetString(CanonicalJson.Of(json));
        }
        catch (CanonicalJsonException)
        {
            return Encoding.UTF8.GetString(json);
        }
    }
}
