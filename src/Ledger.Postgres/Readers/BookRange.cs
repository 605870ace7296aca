using System.Runtime.InteropServices;
using Ledger.Postgres.Scribing;
using Npgsql;

namespace Ledger.Postgres.Readers;

/// <summary>The entries of one book after <paramref name="After"/>, up to and with <paramref name="UpTo"/>.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct BookRange(string Book, long After, long UpTo)
{
    public long Count => UpTo - After;

    /// <summary>A statement over ranges of entries: <c>$1</c> books, <c>$2</c> after, <c>$3</c> up to.</summary>
    internal static NpgsqlBatchCommand Command(string sql, IReadOnlyList<BookRange> ranges) => Parameters.Command(sql, ParametersOf(ranges));

    /// <summary>The same with one parameter before the ranges.</summary>
    internal static NpgsqlBatchCommand Command(string sql, string first, IReadOnlyList<BookRange> ranges) =>
        Parameters.Command(sql, [new NpgsqlParameter<string> { TypedValue = first, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Varchar }, .. ParametersOf(ranges)]);

    private static NpgsqlParameter[] ParametersOf(IReadOnlyList<BookRange> ranges)
    {
        var (books, after, upTo) = (Parameters.Text(), Parameters.Bigint(), Parameters.Bigint());
        books.TypedValue = [.. ranges.Select(range => range.Book)];
        after.TypedValue = [.. ranges.Select(range => range.After)];
        upTo.TypedValue = [.. ranges.Select(range => range.UpTo)];
        return [books, after, upTo];
    }
}
