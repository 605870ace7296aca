using System.Runtime.InteropServices;
using Ledger.Postgres.Scribing;
using NodaTime;
using Npgsql;
using NpgsqlTypes;

namespace Ledger.Postgres.Readers;

/// <summary>The rows of <c>timers</c>: which are due, and how they go.</summary>
internal static class DueTimers
{
    /// <param name="file"><c>timers_due.sql</c>, or <c>transfers_due.sql</c>.</param>
    /// <param name="after">The last row of the look before; of the first one <see cref="DueTimer.None"/>.</param>
    public static async Task<List<DueTimer>> ReadAsync(NpgsqlDataSource database, string file, Instant now, DueTimer after, int most, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(SqlFile.Read(file));
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = now.ToDateTimeUtc() });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = after.At.ToDateTimeUtc() });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = after.Book, NpgsqlDbType = NpgsqlDbType.Varchar });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = after.Stream, NpgsqlDbType = NpgsqlDbType.Varchar });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = most });
        await using var rows = await command.ExecuteReaderAsync(cancellation);
        var page = new List<DueTimer>();
        while (await rows.ReadAsync(cancellation)) page.Add(new(rows.GetString(0), rows.GetString(1), Instant.FromDateTimeUtc(rows.GetDateTime(2)), rows.GetInt64(3)));
        return page;
    }

    /// <summary>
    /// Takes the rows away whose streams were asked, and puts in again what entries since the look wait for: whose entry waits for the moment of a row that still stands inserts none.
    /// One transaction in one round trip, under the locks of the books, which order it with the scribes: who holds one has committed before the rows go, and his entries are seen here;
    /// who takes one later sees that the rows are gone.
    /// </summary>
    public static async Task DoneAsync(NpgsqlDataSource database, IReadOnlyList<DueTimer> asked, CancellationToken cancellation)
    {
        if (asked.Count == 0) return;
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                Parameters.Command(SqlFile.Read("timers_begin.sql")),
                Parameters.Command(SqlFile.Read("scribe_lock_books.sql"), Texts(asked.Select(due => due.Book).Distinct(StringComparer.Ordinal))),
                Parameters.Command(SqlFile.Read("timers_done.sql"), Times(), Books(), Streams()),
                Parameters.Command(SqlFile.Read("timers_entries.sql") + ReadModel.Timers.Statement, Books(), Streams(), Versions()),
            },
        };
        await batch.ExecuteNonQueryAsync(cancellation);

        NpgsqlParameter Books() => Texts(asked.Select(due => due.Book));

        NpgsqlParameter Streams() => Texts(asked.Select(due => due.Stream));

        NpgsqlParameter Times()
        {
            var times = Parameters.Timestamp();
            times.TypedValue = [.. asked.Select(due => due.At.ToDateTimeUtc())];
            return times;
        }

        NpgsqlParameter Versions()
        {
            var versions = Parameters.Bigint();
            versions.TypedValue = [.. asked.Select(due => due.Version)];
            return versions;
        }

        static NpgsqlParameter Texts(IEnumerable<string> values)
        {
            var texts = Parameters.Text();
            texts.TypedValue = [.. values];
            return texts;
        }
    }
}

/// <summary>A row that is due.</summary>
/// <param name="Version">The stream's when the row was looked at, before it was asked; 0 where there is none.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct DueTimer(string Book, string Stream, Instant At, long Version)
{
    /// <summary>Before every row.</summary>
    public static DueTimer None { get; } = new("", "", Instant.FromUnixTimeTicks(0), 0);
}
