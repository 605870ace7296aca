using System.Runtime.InteropServices;
using Npgsql;
using static Ledger.Postgres.Scribing.Parameters;

namespace Ledger.Postgres.Scribing;

/// <summary>
/// The second round trip: entries, streams, tallies, request outcomes, heads, inline read models, and COMMIT, all in one batch.
/// </summary>
/// <remarks>
/// A statement costs Postgres some 20 µs even when it has nothing to do, so there is a second batch for operations that only go on with
/// what there is, as tills' do.
/// </remarks>
internal sealed class WriteCommands : IAsyncDisposable
{
    private readonly Columns all = new();
    private readonly Columns few = new();
    private readonly NpgsqlBatch whole;
    private readonly NpgsqlBatch brief;

    private WriteCommands(NpgsqlConnection connection)
    {
        whole = new(connection)
        {
            BatchCommands =
            {
                InsertEvents(all),
                InsertStreams(all.Created),
                UpdateStreams(all.Updated),
                Command(SqlFile.Read("scribe_upsert_tallies.sql"), all.Tallies.Book, all.Tallies.Key, all.Tallies.Change),
                InsertRequests(all.Requests),
                Command(SqlFile.Read("scribe_insert_books.sql"), all.Opened.Id, all.Opened.Head, all.Opened.Hash),
                UpdateBooks(all.Moved),
                Command("commit"),
            },
        };
        brief = new(connection)
        {
            BatchCommands = { InsertEvents(few), UpdateStreams(few.Updated), InsertRequests(few.Requests), UpdateBooks(few.Moved), Command("commit") },
        };
    }

    public static async Task<WriteCommands> PrepareAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        var commands = new WriteCommands(connection);
        await commands.whole.PrepareAsync(cancellation);
        await commands.brief.PrepareAsync(cancellation);
        return commands;
    }

    /// <summary>Writes what the batch gathered and commits. Once it is sent, only its answer tells whether it happened.</summary>
    public Task CommitAsync(Batch work)
    {
        var (books, newBooks) = (new List<BookWork>(), new List<BookWork>());
        var (streams, newStreams) = (new List<(BookWork, StreamWork)>(), new List<(BookWork, StreamWork)>());
        foreach (var book in work.Books.Values)
        {
            if (book.Head == book.LoadedHead) continue;
            (book.LoadedHead == 0 ? newBooks : books).Add(book);
            foreach (var stream in book.Streams.Values)
            {
                if (stream.IsChanged) (stream.LoadedVersion == 0 ? newStreams : streams).Add((book, stream));
            }
        }

        var goesOn = newBooks.Count == 0 && newStreams.Count == 0 && books.TrueForAll(book => book.TallyChanges.Count == 0);
        var (batch, columns) = goesOn ? (brief, few) : (whole, all);
        columns.Events.Fill(work.Entries);
        columns.Created.Fill(newStreams, work);
        columns.Updated.Fill(streams, work);
        columns.Tallies.Fill(books, newBooks);
        columns.Requests.Fill(work.NewRequests);
        columns.Opened.Fill(newBooks);
        columns.Moved.Fill(books);
        return batch.ExecuteNonQueryAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await whole.DisposeAsync();
        await brief.DisposeAsync();
    }

    /// <summary>One statement: the entries, and from them the inline read models. All but the last of these stand in its head, so they must be inserts.</summary>
    private static NpgsqlBatchCommand InsertEvents(Columns columns)
    {
        ReadModel[] inline = [.. ReadModel.All.Where(model => model.IsInline)];
        var before = inline[..^1].Select(model => $", {model.Table}_rows as ({model.Statement})\n");
        return Command(SqlFile.Read("scribe_insert_events.sql") + string.Concat(before) + inline[^1].Statement, columns.Events.All);
    }

    private static NpgsqlBatchCommand InsertStreams(StreamColumns c) => Command(
        SqlFile.Read("scribe_insert_streams.sql"), c.Book, c.Id, c.Type, c.Version, c.Last, c.First, c.State, c.Schema);

    private static NpgsqlBatchCommand UpdateStreams(StreamColumns c) => Command(
        SqlFile.Read("scribe_update_streams.sql"), c.Book, c.Id, c.Version, c.Last, c.State, c.Schema);

    private static NpgsqlBatchCommand InsertRequests(RequestColumns c) => Command(
        SqlFile.Read("scribe_insert_requests.sql"), c.Book, c.Key, c.Fingerprint, c.Outcome);

    private static NpgsqlBatchCommand UpdateBooks(BookColumns c) => Command(SqlFile.Read("scribe_update_books.sql"), c.Id, c.Head, c.Hash);

    /// <summary>One column: a value for each row.</summary>
    private static T[] Column<TRow, T>(List<TRow> rows, Func<TRow, T> value)
    {
        var column = new T[rows.Count];
        for (var i = 0; i < column.Length; i++) column[i] = value(rows[i]);
        return column;
    }

    private static byte[] Whole(ReadOnlyMemory<byte> bytes) =>
        MemoryMarshal.TryGetArray(bytes, out var array) && array.Array!.Length == bytes.Length ? array.Array : bytes.ToArray();

    /// <summary>The parameters of one batch.</summary>
    private sealed class Columns
    {
        public EventColumns Events { get; } = new();

        public StreamColumns Created { get; } = new();

        public StreamColumns Updated { get; } = new();

        public TallyColumns Tallies { get; } = new();

        public RequestColumns Requests { get; } = new();

        public BookColumns Opened { get; } = new();

        public BookColumns Moved { get; } = new();
    }

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
            book.TypedValue = Column<(Entry Entry, byte[]), string?>(entries, e => e.Entry.Book);
            seq.TypedValue = Column(entries, e => e.Entry.Seq);
            id.TypedValue = Column(entries, e => e.Entry.Id);
            stream.TypedValue = Column<(Entry Entry, byte[]), string?>(entries, e => e.Entry.Stream);
            version.TypedValue = Column(entries, e => e.Entry.Version);
            data.TypedValue = Column(entries, e => Whole(e.Entry.Data));
            type.TypedValue = Column<(Entry Entry, byte[]), string?>(entries, e => e.Entry.Type);
            timestamp.TypedValue = Column(entries, e => e.Entry.Timestamp.ToDateTimeUtc());
            dotnetType.TypedValue = Column<(Entry Entry, byte[]), string?>(entries, e => e.Entry.DotnetType);
            correlation.TypedValue = Column(entries, e => e.Entry.Correlation);
            causation.TypedValue = Column(entries, e => e.Entry.Causation);
            headers.TypedValue = Column(entries, e => Whole(e.Entry.Headers));
            hash.TypedValue = Column(entries, e => e.Hash);
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
            Book.TypedValue = Column<(BookWork Book, StreamWork), string?>(streams, s => s.Book.Id);
            Id.TypedValue = Column<(BookWork, StreamWork Stream), string?>(streams, s => s.Stream.Name.Id);
            Type.TypedValue = Column<(BookWork, StreamWork Stream), string?>(streams, s => s.Stream.Name.Type.Name);
            Version.TypedValue = Column(streams, s => s.Stream.Version);
            First.TypedValue = Column(streams, s => s.Stream.First.ToDateTimeUtc());
            Last.TypedValue = Column(streams, s => s.Stream.Last.ToDateTimeUtc());
            State.TypedValue = Column(streams, s => work.StateOf(s.Stream));
            Schema.TypedValue = Column(streams, s => s.Stream.Name.Type.Schema);
        }
    }

    private sealed class TallyColumns
    {
        public NpgsqlParameter<string?[]> Book { get; } = Text();

        public NpgsqlParameter<string?[]> Key { get; } = Text();

        public NpgsqlParameter<long[]> Change { get; } = Bigint();

        public void Fill(params ReadOnlySpan<List<BookWork>> changed)
        {
            var rows = new List<(string Book, string Key, long Change)>();
            foreach (var books in changed)
            {
                foreach (var book in books)
                {
                    foreach (var (key, change) in book.TallyChanges) rows.Add((book.Id, key, change));
                }
            }

            Book.TypedValue = Column<(string Book, string, long), string?>(rows, row => row.Book);
            Key.TypedValue = Column<(string, string Key, long), string?>(rows, row => row.Key);
            Change.TypedValue = Column(rows, row => row.Change);
        }
    }

    private sealed class RequestColumns
    {
        public NpgsqlParameter<string?[]> Book { get; } = Text();

        public NpgsqlParameter<string?[]> Key { get; } = Text();

        public NpgsqlParameter<byte[][]> Fingerprint { get; } = Bytes();

        public NpgsqlParameter<byte[][]> Outcome { get; } = Json();

        public void Fill(List<(BookWork Book, string Key, StoredRequest Request)> requests)
        {
            Book.TypedValue = Column<(BookWork Book, string, StoredRequest), string?>(requests, r => r.Book.Id);
            Key.TypedValue = Column<(BookWork, string Key, StoredRequest), string?>(requests, r => r.Key);
            Fingerprint.TypedValue = Column(requests, r => Whole(r.Request.Fingerprint));
            Outcome.TypedValue = Column(requests, r => Whole(r.Request.Outcome));
        }
    }

    private sealed class BookColumns
    {
        public NpgsqlParameter<string?[]> Id { get; } = Text();

        public NpgsqlParameter<long[]> Head { get; } = Bigint();

        public NpgsqlParameter<byte[][]> Hash { get; } = Bytes();

        public void Fill(List<BookWork> books)
        {
            Id.TypedValue = Column<BookWork, string?>(books, b => b.Id);
            Head.TypedValue = Column(books, b => b.Head);
            Hash.TypedValue = Column(books, b => Whole(b.Hash));
        }
    }
}
