using Ledger.Postgres.Scribing;
using NodaTime;
using Npgsql;
using NpgsqlTypes;

namespace Ledger.Postgres.Readers;

/// <summary>What the policy runner reads and writes beside the books.</summary>
internal static class PolicyTables
{
    /// <summary>The entries of the ranges that are of these types, in the order of their books. The transaction may be idle from here on.</summary>
    /// <param name="onlyWith">The member that an event must have; null: none.</param>
    public static async Task<List<PolicyRow>> EntriesAsync(
        NpgsqlConnection connection, string[] types, string? onlyWith, IReadOnlyList<BookRange> ranges, CancellationToken cancellation)
    {
        var command = BookRange.Command(ReadModel.EntriesFor(types.Contains) + SqlFile.Read("policy_entries.sql"), ranges);
        var wanted = Parameters.Text();
        wanted.TypedValue = types;
        command.Parameters.Add(wanted);
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)onlyWith ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        await using var batch = new NpgsqlBatch(connection) { BatchCommands = { Parameters.Command(SqlFile.Read("policy_session.sql")), command } };
        await using var rows = await batch.ExecuteReaderAsync(cancellation);
        var entries = new List<PolicyRow>();
        while (await rows.ReadAsync(cancellation)) entries.Add(Entry(rows));
        return [.. entries.OrderBy(entry => entry.Book, StringComparer.Ordinal).ThenBy(entry => entry.Seq)];
    }

    /// <summary>The ranges of those books that have a stream whose id begins so.</summary>
    public static async Task<IReadOnlyList<BookRange>> OnlyWhereAsync(
        NpgsqlConnection connection, string beginning, IReadOnlyList<BookRange> ranges, CancellationToken cancellation)
    {
        var all = Parameters.Text();
        all.TypedValue = [.. ranges.Select(range => range.Book)];
        await using var command = new NpgsqlCommand(SqlFile.Read("policy_books.sql"), connection) { Parameters = { all, new() { Value = beginning } } };
        await using var rows = await command.ExecuteReaderAsync(cancellation);
        var books = new HashSet<string>(StringComparer.Ordinal);
        while (await rows.ReadAsync(cancellation)) books.Add(rows.GetString(0));
        return [.. ranges.Where(range => books.Contains(range.Book))];
    }

    public static async Task<PolicyRow?> EntryAsync(NpgsqlConnection connection, string book, long seq, CancellationToken cancellation)
    {
        await using var command = Command(connection, "policy_entry.sql", book, seq);
        await using var rows = await command.ExecuteReaderAsync(cancellation);
        return await rows.ReadAsync(cancellation) ? Entry(rows) : null;
    }

    public static async Task NoteAsync(NpgsqlConnection connection, string policy, Instant now, IReadOnlyList<PolicyFault> faults, CancellationToken cancellation)
    {
        var (books, seqs, statuses, reasons) = (Parameters.Text(), Parameters.Bigint(), Parameters.Text(), Parameters.Text());
        var nexts = new NpgsqlParameter<DateTime?[]> { NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz, TypedValue = [.. faults.Select(fault => fault.NextAt?.ToDateTimeUtc())] };
        books.TypedValue = [.. faults.Select(fault => fault.Book)];
        seqs.TypedValue = [.. faults.Select(fault => fault.Seq)];
        statuses.TypedValue = [.. faults.Select(fault => fault.NextAt is null ? "refused" : "failing")];
        reasons.TypedValue = [.. faults.Select(fault => fault.Reason)];
        await using var command = Command(connection, "policy_note.sql", policy, now.ToDateTimeUtc());
        foreach (var parameter in (NpgsqlParameter[])[books, seqs, statuses, reasons, nexts]) command.Parameters.Add(parameter);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    public static async Task<List<PolicyDue>> DueAsync(NpgsqlConnection connection, Instant now, IEnumerable<string> policies, int most, CancellationToken cancellation)
    {
        await using var command = Command(connection, "policy_due.sql", now.ToDateTimeUtc(), most, policies.ToArray());
        await using var rows = await command.ExecuteReaderAsync(cancellation);
        var due = new List<PolicyDue>();
        while (await rows.ReadAsync(cancellation)) due.Add(new(rows.GetString(0), rows.GetString(1), rows.GetInt64(2), rows.GetInt32(3)));
        return due;
    }

    public static async Task DoneAsync(NpgsqlConnection connection, PolicyDue due, CancellationToken cancellation)
    {
        await using var command = Command(connection, "policy_done.sql", due.Book, due.Policy, due.Seq);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    private static PolicyRow Entry(NpgsqlDataReader rows) =>
        new(rows.GetString(0), rows.GetInt64(1), rows.GetGuid(2), rows.GetString(3), rows.GetFieldValue<byte[]>(4), rows.IsDBNull(5) ? null : rows.GetString(5), rows.GetString(6));

    private static NpgsqlCommand Command(NpgsqlConnection connection, string file, params ReadOnlySpan<object> values)
    {
        var command = new NpgsqlCommand(SqlFile.Read(file), connection);
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        return command;
    }
}
