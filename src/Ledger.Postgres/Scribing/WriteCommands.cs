using Npgsql;
using static Ledger.Postgres.Scribing.Parameters;

namespace Ledger.Postgres.Scribing;

/// <summary>
/// The second round trip: entries, streams, tallies, request outcomes, heads, inline read models, and COMMIT, all in one batch.
/// </summary>
internal sealed class WriteCommands : IAsyncDisposable
{
    private readonly NpgsqlBatch batch;
    private readonly EventColumns events = new();
    private readonly StreamColumns created = new();
    private readonly StreamColumns updated = new();
    private readonly NpgsqlParameter<string?[]> tallyBook = Text();
    private readonly NpgsqlParameter<string?[]> tallyKey = Text();
    private readonly NpgsqlParameter<long[]> tallyChange = Bigint();
    private readonly NpgsqlParameter<string?[]> requestBook = Text();
    private readonly NpgsqlParameter<string?[]> requestKey = Text();
    private readonly NpgsqlParameter<byte[][]> fingerprint = Bytes();
    private readonly NpgsqlParameter<byte[][]> outcome = Json();
    private readonly NpgsqlParameter<string?[]> book = Text();
    private readonly NpgsqlParameter<long[]> head = Bigint();
    private readonly NpgsqlParameter<byte[][]> headHash = Bytes();
    private readonly List<(NpgsqlParameter<string?[]> Book, NpgsqlParameter<long[]> After, NpgsqlParameter<long[]> UpTo)> ranges = [];

    private WriteCommands(NpgsqlConnection connection)
    {
        ReadModel[] inline = [.. ReadModel.All.Where(model => model.IsInline)];
        batch = new(connection)
        {
            BatchCommands =
            {
                Command(SqlFile.Read("scribe_insert_events.sql") + inline[0].Statement, events.All),
                Command(SqlFile.Read("scribe_insert_streams.sql"),
                    created.Book, created.Id, created.Type, created.Version, created.Last, created.First, created.State, created.Schema),
                Command(SqlFile.Read("scribe_update_streams.sql"),
                    updated.Book, updated.Id, updated.Version, updated.Last, updated.State, updated.Schema),
                Command(SqlFile.Read("scribe_upsert_tallies.sql"), tallyBook, tallyKey, tallyChange),
                Command(SqlFile.Read("scribe_insert_requests.sql"), requestBook, requestKey, fingerprint, outcome),
                Command(SqlFile.Read("scribe_upsert_books.sql"), book, head, headHash),
            },
        };
        foreach (var model in inline.Skip(1))
        {
            var range = (Book: Text(), After: Bigint(), UpTo: Bigint());
            ranges.Add(range);
            batch.BatchCommands.Add(Command(model.Sql, range.Book, range.After, range.UpTo));
        }

        batch.BatchCommands.Add(Command("commit"));
    }

    public static async Task<WriteCommands> PrepareAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        var commands = new WriteCommands(connection);
        await commands.batch.PrepareAsync(cancellation);
        return commands;
    }

    /// <summary>Writes what the batch gathered and commits. Once it is sent, only its answer tells whether it happened.</summary>
    public Task CommitAsync(Batch work)
    {
        events.Fill(work.Entries);
        var changed = work.Books.Values.Where(b => b.Head > b.LoadedHead).ToList();
        var streams = changed.SelectMany(b => b.Streams.Values.Where(s => s.IsChanged).Select(s => (Book: b, Stream: s))).ToList();
        created.Fill([.. streams.Where(s => s.Stream.LoadedVersion == 0)], work);
        updated.Fill([.. streams.Where(s => s.Stream.LoadedVersion > 0)], work);

        var tallies = changed.SelectMany(b => b.TallyChanges.Select(t => (b.Id, t.Key, t.Value))).ToList();
        tallyBook.TypedValue = [.. tallies.Select(t => t.Id)];
        tallyKey.TypedValue = [.. tallies.Select(t => t.Key)];
        tallyChange.TypedValue = [.. tallies.Select(t => t.Value)];

        requestBook.TypedValue = [.. work.NewRequests.Select(r => r.Book.Id)];
        requestKey.TypedValue = [.. work.NewRequests.Select(r => r.Key)];
        fingerprint.TypedValue = [.. work.NewRequests.Select(r => r.Request.Fingerprint.ToArray())];
        outcome.TypedValue = [.. work.NewRequests.Select(r => r.Request.Outcome.ToArray())];

        book.TypedValue = [.. changed.Select(b => b.Id)];
        head.TypedValue = [.. changed.Select(b => b.Head)];
        headHash.TypedValue = [.. changed.Select(b => b.Hash.ToArray())];
        foreach (var range in ranges)
        {
            range.Book.TypedValue = book.TypedValue;
            range.After.TypedValue = [.. changed.Select(b => b.LoadedHead)];
            range.UpTo.TypedValue = head.TypedValue;
        }

        return batch.ExecuteNonQueryAsync(CancellationToken.None);
    }

    public ValueTask DisposeAsync() => batch.DisposeAsync();

    /// <summary>The columns of new entries.</summary>
    private sealed class EventColumns
    {
        private readonly NpgsqlParameter<string?[]> book = Text();
        private readonly NpgsqlParameter<long[]> seq = Bigint();
        private readonly NpgsqlParameter<Guid[]> id = Uuid();
        private readonly NpgsqlParameter<string?[]> stream = Text();
        private readonly NpgsqlParameter<long[]> version = Bigint();
        private readonly NpgsqlParameter<byte[][]> data = Json();
        private readonly NpgsqlParameter<string?[]> type = Text();
        private readonly NpgsqlParameter<DateTime[]> timestamp = Timestamp();
        private readonly NpgsqlParameter<string?[]> dotnetType = Text();
        private readonly NpgsqlParameter<string?[]> correlation = Text();
        private readonly NpgsqlParameter<string?[]> causation = Text();
        private readonly NpgsqlParameter<byte[][]> headers = Json();
        private readonly NpgsqlParameter<byte[][]> hash = Bytes();

        public NpgsqlParameter[] All =>
            [book, seq, id, stream, version, data, type, timestamp, dotnetType, correlation, causation, headers, hash];

        public void Fill(List<(Entry Entry, byte[] Hash)> entries)
        {
            book.TypedValue = [.. entries.Select(e => e.Entry.Book)];
            seq.TypedValue = [.. entries.Select(e => e.Entry.Seq)];
            id.TypedValue = [.. entries.Select(e => e.Entry.Id)];
            stream.TypedValue = [.. entries.Select(e => e.Entry.Stream)];
            version.TypedValue = [.. entries.Select(e => e.Entry.Version)];
            data.TypedValue = [.. entries.Select(e => e.Entry.Data.ToArray())];
            type.TypedValue = [.. entries.Select(e => e.Entry.Type)];
            timestamp.TypedValue = [.. entries.Select(e => e.Entry.Timestamp.ToDateTimeUtc())];
            dotnetType.TypedValue = [.. entries.Select(e => e.Entry.DotnetType)];
            correlation.TypedValue = [.. entries.Select(e => e.Entry.Correlation)];
            causation.TypedValue = [.. entries.Select(e => e.Entry.Causation)];
            headers.TypedValue = [.. entries.Select(e => e.Entry.Headers.ToArray())];
            hash.TypedValue = [.. entries.Select(e => e.Hash)];
        }
    }

    /// <summary>The columns of new or changed streams: one row a stream, as the batch leaves it.</summary>
    private sealed class StreamColumns
    {
        public NpgsqlParameter<string?[]> Book { get; } = Text();

        public NpgsqlParameter<string?[]> Id { get; } = Text();

        public NpgsqlParameter<string?[]> Type { get; } = Text();

        public NpgsqlParameter<long[]> Version { get; } = Bigint();

        public NpgsqlParameter<DateTime[]> First { get; } = Timestamp();

        public NpgsqlParameter<DateTime[]> Last { get; } = Timestamp();

        public NpgsqlParameter<byte[][]> State { get; } = Json();

        public NpgsqlParameter<int[]> Schema { get; } = Integer();

        public void Fill(List<(BookWork Book, StreamWork Stream)> streams, Batch work)
        {
            Book.TypedValue = [.. streams.Select(s => s.Book.Id)];
            Id.TypedValue = [.. streams.Select(s => s.Stream.Name.Id)];
            Type.TypedValue = [.. streams.Select(s => s.Stream.Name.Type.Name)];
            Version.TypedValue = [.. streams.Select(s => s.Stream.Version)];
            First.TypedValue = [.. streams.Select(s => s.Stream.First.ToDateTimeUtc())];
            Last.TypedValue = [.. streams.Select(s => s.Stream.Last.ToDateTimeUtc())];
            State.TypedValue = [.. streams.Select(s => work.StateOf(s.Stream))];
            Schema.TypedValue = [.. streams.Select(s => s.Stream.Name.Type.Schema)];
        }
    }
}
