using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Npgsql;

namespace Ledger.Postgres.Audit;

/// <summary>
/// Reads <c>COPY ... TO STDOUT (FORMAT binary)</c> row by row without allocating: columns are spans of the read buffer, valid until
/// the next <see cref="Fill"/>. Use as <c>while (Fill()) while (Next()) ...</c>.
/// </summary>
/// <remarks>
/// Synchronous on purpose: the server sends a message a row, and waiting for each through the thread pool costs more than all checking.
/// </remarks>
internal sealed class CopyRows : IDisposable
{
    private const int Header = 19; // Signature, flags, length of an extension that no server writes.
    private const int MaxColumns = 16;
    private const int Gathered = 48 * 1024;

    /// <summary>A scan that finds nothing to report is silent from its first row to its last.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    private readonly Stream stream;
    private readonly int[] starts = new int[MaxColumns];
    private readonly int[] lengths = new int[MaxColumns];
    private byte[] buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
    private int position;
    private int end;
    private bool isHeaderRead;
    private bool isOver;

    private CopyRows(Stream stream) => this.stream = stream;

    public static CopyRows Start(NpgsqlConnection connection, string sql)
    {
        var rows = connection.BeginRawBinaryCopy(sql);
        rows.ReadTimeout = (int)LongestWait.TotalMilliseconds;
        return new(rows);
    }

    /// <summary>Reads on until at least one more row is whole; false when the last row was read.</summary>
    public bool Fill(CancellationToken cancellation)
    {
        if (isOver) return false;
        cancellation.ThrowIfCancellationRequested();
        buffer.AsSpan(position, end - position).CopyTo(buffer);
        (end, position) = (end - position, 0);
        // A read gives at most one row: gather many, so that the checking runs on a warm cache.
        while (end < Gathered || !HasRow())
        {
            if (end == buffer.Length) Grow();
            var read = stream.Read(buffer.AsSpan(end));
            if (read == 0) break;
            end += read;
        }

        return HasRow();
    }

    /// <summary>Steps to the next row that was read whole.</summary>
    public bool Next()
    {
        var at = RowStart();
        if (end - at < 2) return false;
        int columns = BinaryPrimitives.ReadInt16BigEndian(buffer.AsSpan(at));
        if (columns < 0)
        {
            isOver = true;
            return false;
        }

        at += 2;
        for (var i = 0; i < columns; i++)
        {
            if (end - at < 4) return false;
            var length = BinaryPrimitives.ReadInt32BigEndian(buffer.AsSpan(at));
            at += 4;
            (starts[i], lengths[i]) = (at, length);
            if (length < 0) continue;
            if (end - at < length) return false;
            at += length;
        }

        (position, isHeaderRead) = (at, true);
        return true;
    }

    public bool IsNull(int column) => lengths[column] < 0;

    /// <summary>The column's bytes; text is UTF-8. Empty when null.</summary>
    public ReadOnlySpan<byte> Bytes(int column) => buffer.AsSpan(starts[column], Math.Max(lengths[column], 0));

    /// <summary>The JSON text of a <c>jsonb</c> column as the server spells it.</summary>
    public ReadOnlySpan<byte> Json(int column) => IsNull(column) ? default : Bytes(column)[1..];

    public string Text(int column) => Encoding.UTF8.GetString(Bytes(column));

    public long Int64(int column) => BinaryPrimitives.ReadInt64BigEndian(Bytes(column));

    public int Int32(int column) => BinaryPrimitives.ReadInt32BigEndian(Bytes(column));

    public bool Bool(int column) => Bytes(column)[0] != 0;

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = [];
        stream.Dispose();
    }

    private void Grow()
    {
        var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
        buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = larger;
    }

    private int RowStart() => isHeaderRead ? position : Header;

    private bool HasRow()
    {
        var (was, read) = (position, isHeaderRead);
        var has = Next();
        (position, isHeaderRead) = (was, read);
        return has || isOver;
    }
}
