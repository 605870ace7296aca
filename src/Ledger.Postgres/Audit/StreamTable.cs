using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Ledger.Coupons;

namespace Ledger.Postgres.Audit;

/// <summary>One row a stream: version, type, first and last time, and the state that the entries fold to.</summary>
internal sealed class StreamTable(AuditTotals totals) : ITableCheck
{
    public const string Name = "mt_streams";

    private readonly CouponStateText couponText = new();

    public string Table => Name;

    public string Sql => "audit_streams.sql";

    public bool Compare(CopyRows row, BookFold book, Part part)
    {
        var id = row.Bytes(1);
        if (!part.Holds(id)) return false;
        if (book.Following(id) is not { } stream)
        {
            book.Findings.Add(new RowUnexpected(book.Book, Name, row.Text(1)));
            return true;
        }

        stream.Seen |= Tables.Streams;
        if (stream.Count != row.Int64(3)) Differ.Number(book, Name, row.Text(1), "version", stream.Count, row.Int64(3));
        if (stream.Timestamp != row.Int64(4)) Differ.Time(book, Name, row.Text(1), "timestamp", stream.Timestamp, row.Int64(4));
        if (stream.Created != row.Int64(5)) Differ.Time(book, Name, row.Text(1), "created", stream.Created, row.Int64(5));
        if (row.Bool(6)) Differ.Add(book, Name, row.Text(1), "is_archived", "false", "true");
        if (stream.Type is not { } type) return true;
        if (!Differ.Same(type.Name, row.Bytes(2))) Differ.Add(book, Name, row.Text(1), "type", type.Name, row.Text(2));
        if (row.IsNull(8) || row.IsNull(9) || row.Int32(9) != type.Schema) totals.AddStatesToFoldAnew(1);
        else if (!stream.IsBroken) CompareState(row, book, stream, type);
        return true;
    }

    private bool IsState(StreamFold stream, StreamType type, ReadOnlySpan<byte> stored)
    {
        if (stream.State is Coupon coupon && couponText.TryWrite(coupon, out var expected) && stored.SequenceEqual(expected)) return true;
        try
        {
            return stream.State!.Equals(JsonSerializer.Deserialize(stored, type.StateType, LedgerJson.Options));
        }
        catch (Exception exception) when (EventFolder.IsUnreadable(exception))
        {
            return false;
        }
    }

    private void CompareState(CopyRows row, BookFold book, StreamFold stream, StreamType type)
    {
        var isUnnamed = row.IsNull(7);
        var status = type.StatusOf(stream.State!);
        if (status is null ? !isUnnamed : isUnnamed || !Differ.Same(status, row.Bytes(7)))
            Differ.Words(book, Name, row.Text(1), "status", status, isUnnamed ? default : row.Bytes(7), isUnnamed);
        if (!IsState(stream, type, row.Bytes(8)))
            Differ.Add(book, Name, row.Text(1), "state", JsonSerializer.Serialize(stream.State, type.StateType, LedgerJson.Options), row.Text(8));
    }
}

/// <summary>One row a tally: the sum of what the entries add to it.</summary>
internal sealed class TallyTable : ITableCheck
{
    public const string Name = "tallies";

    public string Table => Name;

    public string Sql => "audit_tallies.sql";

    public bool Compare(CopyRows row, BookFold book, Part part)
    {
        var key = row.Bytes(1);
        if (!part.Holds(key)) return false;
        ref var sum = ref Differ.Find(book.Tallies, key);
        if (Unsafe.IsNullRef(ref sum))
        {
            if (!book.IsBroken) book.Findings.Add(new RowUnexpected(book.Book, Name, row.Text(1)));
            return true;
        }

        sum.IsSeen = true;
        if (sum.Value != row.Int64(2) && !book.IsBroken) Differ.Number(book, Name, row.Text(1), "value", sum.Value, row.Int64(2));
        return true;
    }

    public void Missing(BookFold book)
    {
        foreach (var (key, sum) in book.Tallies)
        {
            // A tally that was never written is 0.
            if (sum is { IsSeen: false, Value: not 0 }) book.Findings.Add(new RowMissing(book.Book, Name, key));
        }
    }
}
