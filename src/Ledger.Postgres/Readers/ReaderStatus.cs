using Ledger.Policies;
using Ledger.Postgres.Scribing;
using NodaTime;
using Npgsql;

namespace Ledger.Postgres.Readers;

/// <summary>How far one reader stands behind the books.</summary>
/// <param name="BooksBehind">Books with entries that it has not followed.</param>
/// <param name="EntriesBehind">All these entries.</param>
/// <param name="LagSeconds">Age of the oldest of them in whole seconds; 0 when there is none.</param>
/// <param name="LastEntry">When the newest entry that it has followed was recorded; null before the first.</param>
public sealed record ReaderStatus(string Reader, long BooksBehind, long EntriesBehind, long LagSeconds, Instant? LastEntry)
{
    /// <summary>The readers that every instance runs: the read models that are not written inline, and the policies.</summary>
    public static IReadOnlyList<string> Followers { get; } =
        [.. ReadModel.All.Where(model => !model.IsInline).Select(model => model.Table), .. Policy.All.Select(policy => policy.Reader)];

    /// <summary>One status a reader, by name.</summary>
    public static async Task<IReadOnlyList<ReaderStatus>> ReadAsync(
        NpgsqlDataSource database, IReadOnlyList<string> readers, Instant now, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(database);
        var names = Parameters.Text();
        names.TypedValue = [.. readers];
        await using var command = database.CreateCommand(SqlFile.Read("reader_status.sql"));
        command.Parameters.Add(names);
        await using var rows = await command.ExecuteReaderAsync(cancellation);
        var statuses = new List<ReaderStatus>();
        while (await rows.ReadAsync(cancellation))
        {
            var lag = Moment(rows, 3) is { } oldest ? Math.Max((long)(now - oldest).TotalSeconds, 0) : 0;
            statuses.Add(new(rows.GetString(0), rows.GetInt64(1), rows.GetInt64(2), lag, Moment(rows, 4)));
        }

        return statuses;
    }

    private static Instant? Moment(NpgsqlDataReader rows, int column) =>
        rows.IsDBNull(column) ? null : Instant.FromDateTimeUtc(rows.GetDateTime(column));
}
