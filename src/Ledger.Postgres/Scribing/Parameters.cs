using System.Text.RegularExpressions;
using Npgsql;
using NpgsqlTypes;

namespace Ledger.Postgres.Scribing;

/// <summary>A prepared statement over parallel arrays: one array a column, one element a row.</summary>
internal static partial class Parameters
{
    public static NpgsqlParameter<string?[]> Text() => Array<string?>(NpgsqlDbType.Varchar);

    public static NpgsqlParameter<long[]> Bigint() => Array<long>(NpgsqlDbType.Bigint);

    public static NpgsqlParameter<int[]> Integer() => Array<int>(NpgsqlDbType.Integer);

    public static NpgsqlParameter<Guid[]> Uuid() => Array<Guid>(NpgsqlDbType.Uuid);

    public static NpgsqlParameter<DateTime[]> Timestamp() => Array<DateTime>(NpgsqlDbType.TimestampTz);

    public static NpgsqlParameter<byte[][]> Bytes() => Array<byte[]>(NpgsqlDbType.Bytea);

    /// <summary>Texts as their bytes.</summary>
    public static NpgsqlParameter<byte[][]> Utf8() => Array<byte[]>(NpgsqlDbType.Text);

    public static NpgsqlParameter<byte[][]> Json() => Array<byte[]>(NpgsqlDbType.Jsonb);

    public static NpgsqlBatchCommand Command(string sql, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var parameter in parameters) command.Parameters.Add(parameter);
        return command;
    }

    /// <summary>
    /// The same statement for one row: it takes the first element of each array, and so is planned as a look-up of one key instead of a join. Such joins
    /// are a fifth of what a lone till's redemption costs Postgres.
    /// </summary>
    public static string OfOneRow(string sql) => Key().Replace(Ordinal().Replace(Row().Replace(sql, "(${array})[1]"), "1"), "= (${array})[1]");

    private static NpgsqlParameter<T[]> Array<T>(NpgsqlDbType type) => new() { NpgsqlDbType = NpgsqlDbType.Array | type, TypedValue = [] };

    [GeneratedRegex(@"unnest\((?<array>\$[0-9]+)\)", RegexOptions.NonBacktracking)]
    private static partial Regex Row();

    [GeneratedRegex(@"generate_subscripts\(\$[0-9]+, 1\)", RegexOptions.NonBacktracking)]
    private static partial Regex Ordinal();

    [GeneratedRegex(@"= any \((?<array>\$[0-9]+)\)", RegexOptions.NonBacktracking)]
    private static partial Regex Key();
}
