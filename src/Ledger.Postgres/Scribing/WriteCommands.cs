using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Npgsql;
using static Ledger.Postgres.Scribing.Parameters;

namespace Ledger.Postgres.Scribing;

/// <summary>
/// The second round trip: entries, streams, tallies, request outcomes, heads, inline read models, all in one statement, and COMMIT.
/// </summary>
/// <remarks>
/// A part costs Postgres time even when it has nothing to do. So there is a second form for operations that only go on with what there is,
/// as tills' do, and a third for those of them that no inline read model wants to hear of.
/// </remarks>
internal sealed partial class WriteCommands : IAsyncDisposable
{
    private static readonly ReadModel[] Inline = [.. ReadModel.All.Where(model => model.IsInline)];

    /// <summary>By stored event: the inline read models that it can change.</summary>
    private static readonly Dictionary<string, ReadModel[]> Concerned =
        Catalogue.Events.Keys.ToDictionary(name => name, name => Array.FindAll(Inline, model => model.Knows(name)), StringComparer.Ordinal);

    private readonly Form whole;
    private readonly Form timed;
    private readonly Form plain;
    private readonly Form lone;

    private WriteCommands(NpgsqlConnection connection)
    {
        whole = new(connection, isLone: false, Inline, columns =>
        [
            new("opened_streams", "scribe_insert_streams.sql", columns.Created.Whole),
            new("changed_streams", "scribe_update_streams.sql", columns.Updated.Changed),
            new("changed_tallies", "scribe_upsert_tallies.sql", columns.Tallies.All),
            new("kept_requests", "scribe_insert_requests.sql", columns.Requests.All),
            new("opened_books", "scribe_insert_books.sql", columns.Opened.All),
            new("moved_books", "scribe_update_books.sql", columns.Moved.All),
        ]);
        timed = Brief(isLone: false, ReadModel.Timers);
        plain = Brief(isLone: false);
        lone = Brief(isLone: true);

        Form Brief(bool isLone, params ReadModel[] inline) => new(connection, isLone, inline, columns =>
        [
            new("changed_streams", "scribe_update_streams.sql", columns.Updated.Changed),
            new("kept_requests", "scribe_insert_requests.sql", columns.Requests.All),
            new("moved_books", "scribe_update_books.sql", columns.Moved.All),
        ]);
    }

    public static async Task<WriteCommands> PrepareAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        var commands = new WriteCommands(connection);
        foreach (var form in (Form[])[commands.whole, commands.timed, commands.plain, commands.lone]) await form.Batch.PrepareAsync(cancellation);
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
        var form = goesOn ? BriefFor(work) : whole;
        var columns = form.Columns;
        columns.Events.Fill(work.Entries);
        columns.Created.Fill(newStreams, work);
        columns.Updated.Fill(streams, work);
        columns.Tallies.Fill(books, newBooks);
        // Transactions that keep keys of books they do not lock wait for each other, and never in a circle where all keep them in one order.
        if (work.HasOnce) work.NewRequests.Sort(static (a, b) => string.CompareOrdinal(a.Book.Id, b.Book.Id) is not 0 and var books ? books : string.CompareOrdinal(a.Key, b.Key));
        columns.Requests.Fill(work.NewRequests);
        columns.Opened.Fill(newBooks);
        columns.Moved.Fill(books);
        return form.Batch.ExecuteNonQueryAsync(CancellationToken.None);
    }

    private Form BriefFor(Batch work)
    {
        var form = plain;
        foreach (var (entry, _) in work.Entries)
        {
            foreach (var model in Concerned[entry.Type])
            {
                if (model != ReadModel.Timers) return whole;
                form = timed;
            }
        }

        // One entry is one changed stream of one book.
        return form == plain && (work.Entries.Count, work.NewRequests.Count) is (1, 1) ? lone : form;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var form in (Form[])[whole, timed, plain, lone]) await form.Batch.DisposeAsync();
    }

    /// <summary>One column: a value for each row.</summary>
    private static T[] Column<TRow, T>(List<TRow> rows, Func<TRow, T> value)
    {
        var column = new T[rows.Count];
        for (var i = 0; i < column.Length; i++) column[i] = value(rows[i]);
        return column;
    }

    private static byte[] Whole(ReadOnlyMemory<byte> bytes) =>
        MemoryMarshal.TryGetArray(bytes, out var array) && array.Array!.Length == bytes.Length ? array.Array : bytes.ToArray();

    /// <summary>A part of the one statement that writes.</summary>
    private readonly record struct Part(string Name, string File, NpgsqlParameter[] Parameters);

    /// <summary>One statement that writes everything, as each statement more costs as much as a redemption; and commit.</summary>
    private sealed class Form
    {
        private readonly List<NpgsqlParameter> parameters = [];

        /// <param name="isLone">For one entry, and so one stream and one book, and one request key.</param>
        /// <param name="inline">Read models fed by the new entries. All but the last stand in the statement's head, so they must be inserts.</param>
        public Form(NpgsqlConnection connection, bool isLone, ReadModel[] inline, Func<Columns, Part[]> parts)
        {
            List<string> head = [$"entries as ({Take("scribe_insert_events.sql", Columns.Events.All)})"];
            head.AddRange(parts(Columns).Select(part => $"{part.Name} as ({Take(part.File, part.Parameters)})"));
            head.AddRange(inline[..^Math.Min(1, inline.Length)].Select(model => $"{model.Table}_rows as ({model.Statement})"));
            var body = inline.Length > 0 ? inline[^1].Statement : SqlFile.Read("scribe_written.sql");
            var text = SqlFile.Read("scribe_write.sql").Replace("{head}", string.Join(",\n", head), StringComparison.Ordinal).Replace("{body}", body, StringComparison.Ordinal);
            Batch = new(connection) { BatchCommands = { Command(isLone ? OfOneRow(text) : text, [.. parameters]), Command("commit") } };
        }

        public Columns Columns { get; } = new();

        public NpgsqlBatch Batch { get; }

        /// <summary>The text of a file, its <c>$1</c> and so on behind those of the parts before.</summary>
        private string Take(string file, NpgsqlParameter[] more)
        {
            var before = parameters.Count;
            parameters.AddRange(more);
            return Placeholder().Replace(SqlFile.Read(file), match => FormattableString.Invariant($"${before + int.Parse(match.ValueSpan[1..], CultureInfo.InvariantCulture)}"));
        }
    }

    [GeneratedRegex(@"\$[0-9]+", RegexOptions.NonBacktracking)]
    private static partial Regex Placeholder();

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
        public NpgsqlParameter[] Whole => [Book, Id, Type, Version, Last, First, Status, State, Schema];

        public NpgsqlParameter[] Changed => [Book, Id, Version, Last, Status, State, Schema];

        public NpgsqlParameter<string?[]> Book { get; } = Text();

        public NpgsqlParameter<string?[]> Id { get; } = Text();

        public NpgsqlParameter<string?[]> Type { get; } = Text();

        public NpgsqlParameter<long[]> Version { get; } = Bigint();

        public NpgsqlParameter<DateTime[]> First { get; } = Timestamp();

        public NpgsqlParameter<DateTime[]> Last { get; } = Timestamp();

        public NpgsqlParameter<string?[]> Status { get; } = Text();

        public NpgsqlParameter<byte[][]> State { get; } = Utf8();

        public NpgsqlParameter<int[]> Schema { get; } = Integer();

        public void Fill(List<(BookWork Book, StreamWork Stream)> streams, Batch work)
        {
            Book.TypedValue = Column<(BookWork Book, StreamWork), string?>(streams, s => s.Book.Id);
            Id.TypedValue = Column<(BookWork, StreamWork Stream), string?>(streams, s => s.Stream.Name.Id);
            Type.TypedValue = Column<(BookWork, StreamWork Stream), string?>(streams, s => s.Stream.Name.Type.Name);
            Version.TypedValue = Column(streams, s => s.Stream.Version);
            First.TypedValue = Column(streams, s => s.Stream.First.ToDateTimeUtc());
            Last.TypedValue = Column(streams, s => s.Stream.Last.ToDateTimeUtc());
            Status.TypedValue = Column<(BookWork, StreamWork Stream), string?>(streams, s => s.Stream.Name.Type.StatusOf(s.Stream.State));
            State.TypedValue = Column(streams, s => work.StateOf(s.Stream));
            Schema.TypedValue = Column(streams, s => s.Stream.Name.Type.Schema);
        }
    }

    private sealed class TallyColumns
    {
        public NpgsqlParameter[] All => [Book, Key, Change];

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
        public NpgsqlParameter[] All => [Book, Key, Fingerprint, Outcome];

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
        public NpgsqlParameter[] All => [Id, Head, Hash];

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
