using Npgsql;
using NpgsqlTypes;

namespace Ledger.Postgres.Scribing;

/// <summary>A prepared statement over parallel arrays: one array a column, one element a row.</summary>
internal static class Parameters
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

    private static NpgsqlParameter<T[]> Array<T>(NpgsqlDbType type) => new() { NpgsqlDbType = NpgsqlDbType.Array | type, TypedValue = [] };
}
