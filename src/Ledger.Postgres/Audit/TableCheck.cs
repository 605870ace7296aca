using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Ledger.Postgres.Audit;

/// <summary>Compares the rows of one table with what the entries come to.</summary>
internal interface ITableCheck
{
    public string Table { get; }

    /// <summary>Of the file that copies the rows out, the merchant first.</summary>
    public string Sql { get; }

    /// <summary>Compares a row, unless its key is in another part; gives whether it was this part's.</summary>
    public bool Compare(CopyRows row, BookFold book, Part part);

    /// <summary>After the last row: names the rows that are not there, but for those of streams, which <see cref="BookFold.Gather"/> names.</summary>
    public void Missing(BookFold book)
    {
    }
}

/// <summary>Compares columns and names those that differ.</summary>
internal static class Differ
{
    public static void Number(BookFold book, string table, string key, string column, long expected, long found)
    {
        if (expected != found) Add(book, table, key, column, Text(expected), Text(found));
    }

    public static void Time(BookFold book, string table, string key, string column, long expected, long found)
    {
        if (expected != found) Add(book, table, key, column, PostgresTime.Text(expected), PostgresTime.Text(found));
    }

    public static void Words(BookFold book, string table, string key, string column, string? expected, ReadOnlySpan<byte> found, bool isNull)
    {
        if (expected is null ? isNull : !isNull && Same(expected, found)) return;
        Add(book, table, key, column, expected ?? "null", isNull ? "null" : Encoding.UTF8.GetString(found));
    }

    public static void Add(BookFold book, string table, string key, string column, string expected, string found) =>
        book.Findings.Add(new RowDiffers(book.Book, table, key, column, expected, found));

    public static bool Same(string expected, ReadOnlySpan<byte> found)
    {
        if (expected.Length == found.Length) return Ascii.Equals(found, expected) || (!Ascii.IsValid(found) && Slow(expected, found));
        return expected.Length < found.Length && !Ascii.IsValid(found) && Slow(expected, found);

        static bool Slow(string expected, ReadOnlySpan<byte> found) => Encoding.UTF8.GetString(found) == expected;
    }

    public static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>Finds a row by a key that is still UTF-8, without making a string of it.</summary>
    public static ref TValue Find<TValue>(Dictionary<string, TValue> rows, ReadOnlySpan<byte> key)
    {
        Span<char> text = stackalloc char[128];
        var chars = Encoding.UTF8.TryGetChars(key, text, out var length) ? text[..length] : Encoding.UTF8.GetString(key).AsSpan();
        // The row is the dictionary's; the compiler must assume that it could be the key's.
        return ref Unsafe.AsRef(ref CollectionsMarshal.GetValueRefOrNullRef(rows.GetAlternateLookup<ReadOnlySpan<char>>(), chars));
    }
}
