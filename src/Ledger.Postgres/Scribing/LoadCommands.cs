using Npgsql;
using static Ledger.Postgres.Scribing.Parameters;

namespace Ledger.Postgres.Scribing;

/// <summary>
/// The first round trip: begin, lock the books, load streams, tallies and request keys. And the rarer ones: further streams and tallies,
/// and the events of streams to fold anew.
/// </summary>
internal sealed class LoadCommands : IAsyncDisposable
{
    private readonly First whole;
    private readonly First brief;
    private readonly First lone;
    private readonly More more;
    private readonly More moreStreams;
    private readonly NpgsqlBatch events;
    private readonly Keys folded = new();

    private LoadCommands(NpgsqlConnection connection)
    {
        whole = new(connection, hasTallies: true);
        brief = new(connection, hasTallies: false);
        lone = new(connection, hasTallies: false, isLone: true);
        more = new(connection, hasTallies: true);
        moreStreams = new(connection, hasTallies: false);
        events = new(connection) { BatchCommands = { Command(SqlFile.Read("scribe_load_events.sql"), folded.Book, folded.Key) } };
    }

    public static async Task<LoadCommands> PrepareAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        var commands = new LoadCommands(connection);
        foreach (var first in (First[])[commands.whole, commands.brief, commands.lone]) await first.Batch.PrepareAsync(cancellation);
        await commands.more.Batch.PrepareAsync(cancellation);
        await commands.moreStreams.Batch.PrepareAsync(cancellation);
        await commands.events.PrepareAsync(cancellation);
        return commands;
    }

    /// <summary>Opens the transaction and loads what the batch named.</summary>
    public async Task BeginAsync(Batch batch, CancellationToken cancellation)
    {
        var first = batch.MissingTallies.Count > 0 ? whole : (batch.Books.Count, batch.Missing.Count, batch.Keys.Count) is (1, 1, 1) ? lone : brief;
        first.Books.TypedValue = [.. batch.Books.Keys];
        first.Streams.Fill(batch.Missing, item => (item.Book.Id, item.Stream.Name.Id));
        first.Tallies.Fill(batch.MissingTallies, item => (item.Book.Id, item.Key));
        first.Requests.Fill(batch.Keys, item => (item.Book.Id, item.Key));
        var stale = new List<(BookWork, StreamWork)>();
        await using (var reader = await first.Batch.ExecuteReaderAsync(cancellation))
        {
            while (await reader.ReadAsync(cancellation))
            {
                var book = batch.Books[reader.GetString(0)];
                book.Head = book.LoadedHead = reader.GetInt64(1);
                book.Hash = reader.GetFieldValue<byte[]>(2);
            }

            await reader.NextResultAsync(cancellation);
            await ReadStreamsAsync(reader, batch.Missing, stale, cancellation);
            await reader.NextResultAsync(cancellation);
            while (await reader.ReadAsync(cancellation))
            {
                var (book, key) = batch.Keys[reader.GetInt32(0) - 1];
                var stored = book.Requests[key] = new(reader.GetFieldValue<byte[]>(1), CanonicalJson.Of(reader.GetFieldValue<byte[]>(2)));
                book.States.Note(key, stored);
            }

            await reader.NextResultAsync(cancellation);
            await ReadTalliesAsync(reader, batch.MissingTallies, cancellation);
        }

        await FoldAsync(stale, cancellation);
    }

    /// <summary>Loads the streams and tallies that operations asked for in addition, in the open transaction.</summary>
    public async Task MoreAsync(Batch batch, CancellationToken cancellation)
    {
        var further = batch.MissingTallies.Count == 0 ? moreStreams : more;
        further.Streams.Fill(batch.Missing, item => (item.Book.Id, item.Stream.Name.Id));
        further.Tallies.Fill(batch.MissingTallies, item => (item.Book.Id, item.Key));
        var stale = new List<(BookWork, StreamWork)>();
        await using (var reader = await further.Batch.ExecuteReaderAsync(cancellation))
        {
            await ReadStreamsAsync(reader, batch.Missing, stale, cancellation);
            await reader.NextResultAsync(cancellation);
            await ReadTalliesAsync(reader, batch.MissingTallies, cancellation);
        }

        await FoldAsync(stale, cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var first in (First[])[whole, brief, lone]) await first.Batch.DisposeAsync();
        await more.Batch.DisposeAsync();
        await moreStreams.Batch.DisposeAsync();
        await events.DisposeAsync();
    }

    /// <summary>What is stored, and what earlier operations of the batch added to it before anyone asked.</summary>
    private static async Task ReadTalliesAsync(NpgsqlDataReader reader, List<(BookWork Book, string Key)> asked, CancellationToken cancellation)
    {
        foreach (var (book, key) in asked) book.States.PutTally(key, book.TallyChanges.GetValueOrDefault(key));
        while (await reader.ReadAsync(cancellation))
        {
            var (book, key) = asked[reader.GetInt32(0) - 1];
            book.States.PutTally(key, reader.GetInt64(1) + book.TallyChanges.GetValueOrDefault(key));
        }
    }

    private static async Task ReadStreamsAsync(
        NpgsqlDataReader reader, List<(BookWork Book, StreamWork Stream)> asked, List<(BookWork, StreamWork)> stale, CancellationToken cancellation)
    {
        foreach (var (book, stream) in asked) book.States.Put(stream.Name.Id, stream.State);
        while (await reader.ReadAsync(cancellation))
        {
            var (book, stream) = asked[reader.GetInt32(0) - 1];
            var type = stream.Name.Type;
            stream.Version = stream.LoadedVersion = reader.GetInt64(1);
            if (await reader.IsDBNullAsync(2, cancellation) || await reader.IsDBNullAsync(3, cancellation) || reader.GetInt32(3) != type.Schema)
            {
                stale.Add((book, stream));
                continue;
            }

            stream.State = System.Text.Json.JsonSerializer.Deserialize(reader.GetFieldValue<byte[]>(2), type.StateType, LedgerJson.Options)!;
            book.States.Put(stream.Name.Id, stream.State);
        }
    }

    // The stored state has another shape than the code's: fold it from the events. The next append of the stream writes it back.
    private async Task FoldAsync(List<(BookWork Book, StreamWork Stream)> stale, CancellationToken cancellation)
    {
        if (stale.Count == 0) return;
        folded.Fill(stale, item => (item.Book.Id, item.Stream.Name.Id));
        await using var reader = await events.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
        {
            var (book, stream) = stale[reader.GetInt32(0) - 1];
            var fact = Catalogue.Events[reader.GetString(1)].Read(reader.GetFieldValue<byte[]>(2));
            stream.State = stream.Name.Type.Evolve(stream.State, fact);
            book.States.Put(stream.Name.Id, stream.State);
        }
    }

    /// <summary>The first round trip; without tallies, where no operation names any, it is a statement shorter, and for a lone operation it joins nothing.</summary>
    private sealed class First
    {
        /// <param name="isLone">For one book, one stream and one request key.</param>
        public First(NpgsqlConnection connection, bool hasTallies, bool isLone = false)
        {
            string Sql(string file) => isLone ? OfOneRow(SqlFile.Read(file)) : SqlFile.Read(file);
            Batch = new(connection)
            {
                BatchCommands =
                {
                    Command("begin"),
                    Command(Sql("scribe_lock_books.sql"), Books),
                    Command(Sql("scribe_load_streams.sql"), Streams.Book, Streams.Key),
                    Command(Sql("scribe_load_requests.sql"), Requests.Book, Requests.Key),
                },
            };
            if (hasTallies) Batch.BatchCommands.Add(Command(Sql("scribe_load_tallies.sql"), Tallies.Book, Tallies.Key));
        }

        public NpgsqlBatch Batch { get; }

        public NpgsqlParameter<string?[]> Books { get; } = Text();

        public Keys Streams { get; } = new();

        public Keys Requests { get; } = new();

        public Keys Tallies { get; } = new();
    }

    /// <summary>One more round trip; nearly always for streams alone.</summary>
    private sealed class More
    {
        public More(NpgsqlConnection connection, bool hasTallies)
        {
            Batch = new(connection) { BatchCommands = { Command(SqlFile.Read("scribe_load_streams.sql"), Streams.Book, Streams.Key) } };
            if (hasTallies) Batch.BatchCommands.Add(Command(SqlFile.Read("scribe_load_tallies.sql"), Tallies.Book, Tallies.Key));
        }

        public NpgsqlBatch Batch { get; }

        public Keys Streams { get; } = new();

        public Keys Tallies { get; } = new();
    }

    /// <summary>Pairs of tenant and key, as two arrays.</summary>
    private sealed class Keys
    {
        public NpgsqlParameter<string?[]> Book { get; } = Text();

        public NpgsqlParameter<string?[]> Key { get; } = Text();

        public void Fill<T>(List<T> items, Func<T, (string Book, string Key)> pair)
        {
            var (books, keys) = (new string?[items.Count], new string?[items.Count]);
            for (var i = 0; i < items.Count; i++) (books[i], keys[i]) = pair(items[i]);
            (Book.TypedValue, Key.TypedValue) = (books, keys);
        }
    }
}
