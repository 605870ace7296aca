using System.Text.Json;
using Ledger.Coupons;
using Ledger.Merchants;
using NodaTime;
using Npgsql;
using NpgsqlTypes;
using static Ledger.Coupons.CampaignCommand;
using static Ledger.Merchants.MerchantCommand;

namespace Ledger.Benchmarks.Seed;

/// <summary>Fills a migrated, empty database with whole books: merchants, campaigns and issued coupons, and the read models of them.</summary>
/// <param name="code">How a coupon's code follows from the digest of its number.</param>
internal sealed class Seeder(NpgsqlDataSource database, Instant now, Func<byte[], string> code)
{
    public const string Campaign = "spring";
    public const string Limited = "limited";
    public const string Burst = "burst";
    public const int BurstQuota = 2_000;
    public const int BurstPerMember = 2;

    /// <summary>The merchant that issues.</summary>
    public const string Issuer = "issuer";

    public async Task RunAsync(long spread, long hot, IReadOnlyList<ReadModel> models)
    {
        var constraints = await ConstraintsAsync();
        foreach (var (without, _) in constraints) await ExecuteAsync(without);
        await using (var rows = await SeedRows.OpenAsync(database))
        {
            foreach (var (merchant, numbers) in Supply(spread, hot))
            {
                var book = Make(merchant, numbers, rows);
                rows.Write(book);
            }

            await rows.CompleteAsync();
        }

        foreach (var (_, again) in constraints) await ExecuteAsync(again);
        await ExecuteAsync("analyze");
        foreach (var model in models) await FillAsync(model);
        await ExecuteAsync("vacuum analyze");
    }

    public static CouponTerms Terms(Instant now, IssueLimits limits) => new(
        new Benefit.FixedAmount(new(500)), new(1_000), "Asia/Shanghai", new(now - Duration.FromDays(30), now + Duration.FromDays(365)), [], [], limits);

    /// <summary>The book of every merchant with the numbers of its coupons.</summary>
    private static IEnumerable<(string Merchant, List<long> Numbers)> Supply(long spread, long hot)
    {
        var books = new Dictionary<string, List<long>>(StringComparer.Ordinal);
        for (var i = 0; i < Numbers.Merchants; i++) books.Add(Numbers.Merchant(i), []);
        for (var n = 0L; n < spread; n++) books[Numbers.MerchantOf(Numbers.Digest(n), isHot: false)].Add(n);
        foreach (var (merchant, numbers) in books) yield return (merchant, numbers);
        var hotNumbers = new List<long>();
        for (var n = 0L; n < hot; n++) hotNumbers.Add(Numbers.Hot + n);
        yield return (Numbers.HotMerchant, hotNumbers);
        yield return (Issuer, []);
    }

    private SeedBook Make(string merchant, List<long> numbers, SeedRows rows)
    {
        var book = new SeedBook(merchant, rows.Hasher, rows.Write);
        var request = book.Request(now);
        book.Run(MerchantStream.Operation(request, new RegisterMerchant(merchant, "Asia/Shanghai", "CNY")));
        book.Run(MerchantStream.Operation(request, new OpenStore("s-01", "First")));
        book.Run(MerchantStream.Operation(request, new InstallTill("s-01", "till-1")));
        Start(book, request, Campaign, Limits.MaxQuota, new IssueLimits());
        if (merchant == Issuer)
        {
            Start(book, request, Limited, Limits.MaxQuota, new IssueLimits(PerMember: 1));
            Start(book, request, Burst, BurstQuota, new IssueLimits(PerMember: BurstPerMember));
        }

        var date = now.InZone(DateTimeZoneProviders.Tzdb["Asia/Shanghai"]).Date;
        foreach (var number in numbers)
        {
            var member = FormattableString.Invariant($"member-{number:D10}");
            book.Run(CouponOperations.Issue(request, Campaign, code(Numbers.Digest(number)), member, "PAY_SUCCESS", now, date));
        }

        return book;
    }

    public static void Start(SeedBook book, Request request, string campaign, long quota, IssueLimits limits)
    {
        var now = request.Now;
        book.Run(CouponOperations.Draft(request, campaign, new("Spring", quota, now - Duration.FromDays(30), now + Duration.FromDays(365)), Terms(now, limits)));
        book.Run(CouponOperations.Change(request, campaign, new SubmitCampaign()));
        book.Run(CouponOperations.Change(request, campaign, new ApproveCampaign()));
    }

    /// <summary>Brings a read model forward over all that there is, by its own statement.</summary>
    private async Task FillAsync(ReadModel model)
    {
        await using var connection = await database.OpenConnectionAsync();
        await ExecuteAsync("set search_path = ledger", connection);
        await using var ranges = new NpgsqlCommand(Embedded.Read("seed_ranges.sql"), connection);
        var (books, after, upTo) = (Array.Empty<string>(), Array.Empty<long>(), Array.Empty<long>());
        await using (var reader = await ranges.ExecuteReaderAsync())
        {
            await reader.ReadAsync();
            (books, after, upTo) = (reader.GetFieldValue<string[]>(0), reader.GetFieldValue<long[]>(1), reader.GetFieldValue<long[]>(2));
        }

        await using var fill = new NpgsqlCommand(model.BulkSql, connection) { CommandTimeout = 0, Parameters = { new() { Value = books }, new() { Value = after }, new() { Value = upTo } } };
        await fill.ExecuteNonQueryAsync();
        if (model.IsInline) return;
        await using var progress = new NpgsqlCommand(Embedded.Read("seed_progress.sql"), connection) { Parameters = { new() { Value = model.Table } } };
        await progress.ExecuteNonQueryAsync();
    }

    private async Task<List<(string Without, string Again)>> ConstraintsAsync()
    {
        await using var command = database.CreateCommand(Embedded.Read("seed_constraints.sql"));
        await using var reader = await command.ExecuteReaderAsync();
        var found = new List<(string, string)>();
        while (await reader.ReadAsync()) found.Add((reader.GetString(0), reader.GetString(1)));
        return found;
    }

    private async Task ExecuteAsync(string statement)
    {
        await using var connection = await database.OpenConnectionAsync();
        await ExecuteAsync(statement, connection);
    }

    private static async Task ExecuteAsync(string statement, NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand(statement, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync();
    }
}

/// <summary>Streams rows into the tables of the book, each through a connection of its own.</summary>
internal sealed class SeedRows : IAsyncDisposable
{
    private readonly List<NpgsqlConnection> connections;
    private readonly NpgsqlBinaryImporter events;
    private readonly NpgsqlBinaryImporter streams;
    private readonly NpgsqlBinaryImporter tallies;
    private readonly NpgsqlBinaryImporter books;

    private SeedRows(List<NpgsqlConnection> connections, List<NpgsqlBinaryImporter> importers)
    {
        this.connections = connections;
        (events, streams, tallies, books) = (importers[0], importers[1], importers[2], importers[3]);
    }

    public EntryHasher Hasher { get; } = new();

    public static async Task<SeedRows> OpenAsync(NpgsqlDataSource database)
    {
        var (connections, importers) = (new List<NpgsqlConnection>(), new List<NpgsqlBinaryImporter>());
        foreach (var table in (string[])["events", "streams", "tallies", "books"])
        {
            var connection = await database.OpenConnectionAsync();
            connections.Add(connection);
            importers.Add(await connection.BeginBinaryImportAsync(Embedded.Read($"seed_copy_{table}.sql")));
        }

        return new(connections, importers);
    }

    public void Write(Entry entry, byte[] hash)
    {
        events.StartRow();
        events.Write(entry.Book, NpgsqlDbType.Varchar);
        events.Write(entry.Seq, NpgsqlDbType.Bigint);
        events.Write(entry.Id, NpgsqlDbType.Uuid);
        events.Write(entry.Stream, NpgsqlDbType.Varchar);
        events.Write(entry.Version, NpgsqlDbType.Bigint);
        events.Write(entry.Data.ToArray(), NpgsqlDbType.Jsonb);
        events.Write(entry.Type, NpgsqlDbType.Varchar);
        events.Write(entry.Timestamp.ToDateTimeUtc(), NpgsqlDbType.TimestampTz);
        events.Write(entry.DotnetType, NpgsqlDbType.Varchar);
        events.Write(entry.Headers.ToArray(), NpgsqlDbType.Jsonb);
        events.Write(hash, NpgsqlDbType.Bytea);
    }

    public void Write(SeedBook book)
    {
        foreach (var stream in book.Streams.Values)
        {
            streams.StartRow();
            streams.Write(book.Id, NpgsqlDbType.Varchar);
            streams.Write(stream.Name.Id, NpgsqlDbType.Varchar);
            streams.Write(stream.Name.Type.Name, NpgsqlDbType.Varchar);
            streams.Write(stream.Version, NpgsqlDbType.Bigint);
            streams.Write(stream.Last.ToDateTimeUtc(), NpgsqlDbType.TimestampTz);
            streams.Write(stream.Last.ToDateTimeUtc(), NpgsqlDbType.TimestampTz);
            if (stream.Name.Type.StatusOf(stream.State) is { } status) streams.Write(status, NpgsqlDbType.Varchar);
            else streams.WriteNull();
            streams.Write(JsonSerializer.Serialize(stream.State, stream.Name.Type.StateType, LedgerJson.Options), NpgsqlDbType.Text);
            streams.Write(stream.Name.Type.Schema, NpgsqlDbType.Integer);
        }

        foreach (var (key, value) in book.Tallies)
        {
            tallies.StartRow();
            tallies.Write(book.Id, NpgsqlDbType.Varchar);
            tallies.Write(key, NpgsqlDbType.Varchar);
            tallies.Write(value, NpgsqlDbType.Bigint);
        }

        books.StartRow();
        books.Write(book.Id, NpgsqlDbType.Varchar);
        books.Write(book.Head, NpgsqlDbType.Bigint);
        books.Write(book.Hash, NpgsqlDbType.Bytea);
    }

    public async Task CompleteAsync()
    {
        foreach (var importer in (NpgsqlBinaryImporter[])[events, streams, tallies, books])
        {
            await importer.CompleteAsync();
            await importer.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        Hasher.Dispose();
        foreach (var connection in connections) await connection.DisposeAsync();
    }
}
