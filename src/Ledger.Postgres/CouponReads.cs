using System.Text.Json;
using Ledger.Coupons;
using Ledger.Coupons.Redemptions;
using Ledger.Postgres.Scribing;
using Npgsql;

namespace Ledger.Postgres;

/// <summary>
/// Coupons with the terms that they pin, as they stand: plain reads that share their round trips. Terms never change and are remembered.
/// </summary>
public sealed class CouponReads
{
    /// <summary>One under way, and one that is being sent or unpacked meanwhile.</summary>
    private const int Questions = 2;

    private const int MostStreams = 1_024;

    private readonly NpgsqlDataSource database;
    private readonly BookQueries queries;
    private readonly ImmutableStreams terms = new();
    private readonly SharedReads<(string Book, string Stream), Row> reads;

    public CouponReads(NpgsqlDataSource database, BookQueries queries)
    {
        (this.database, this.queries) = (database, queries);
        reads = new(ReadAsync, Questions, MostStreams, Limits.Queue);
    }

    /// <summary>The coupons of these codes and their terms, loaded as for an operation; codes that the merchant does not have are in no state.</summary>
    /// <exception cref="LedgerOverloadedException">Too many reads wait already.</exception>
    public async Task<BookStates> StatesAsync(string book, IReadOnlyList<string> codes, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(codes);
        var states = new BookStates();
        List<StreamName> missing = [];
        foreach (var state in await LoadAsync(book, [.. codes.Select(CouponStream.Of)], states, cancellation))
        {
            var coupon = (Coupon)state;
            if (coupon.Status == CouponStatus.None) continue;
            var pinned = CampaignStreams.TermsOf(coupon.Campaign, coupon.TermsVersion);
            if (states.Has(pinned)) continue;
            var isKnown = terms.TryGet(book, pinned.Id, out _, out var known);
            states.Put(pinned.Id, isKnown ? known : pinned.Of.Initial);
            if (!isKnown) missing.Add(pinned);
        }

        if (missing.Count == 0) return states;
        var read = await LoadAsync(book, missing, states, cancellation);
        for (var i = 0; i < missing.Count; i++)
        {
            if (read[i] is TermsVersion { Terms: not null }) terms.Remember(book, missing[i], version: 1, read[i]);
        }

        return states;
    }

    /// <summary>A coupon with its terms; null where the merchant has no such code.</summary>
    /// <exception cref="LedgerOverloadedException">Too many reads wait already.</exception>
    public async Task<(Coupon Coupon, CouponTerms Terms)?> CouponAsync(string book, string code, CancellationToken cancellation)
    {
        var states = await StatesAsync(book, [code], cancellation);
        var coupon = states.State(CouponStream.Of(code));
        return coupon.Status == CouponStatus.None ? null : (coupon, states.State(CampaignStreams.TermsOf(coupon.Campaign, coupon.TermsVersion)).Terms!);
    }

    /// <summary>Puts these streams' states, and returns them in the order asked.</summary>
    private async Task<object[]> LoadAsync(string book, List<StreamName> streams, BookStates states, CancellationToken cancellation)
    {
        if (streams.Count == 0) return [];
        var rows = await reads.AskAsync([.. streams.Select(stream => (book, stream.Id))], cancellation);
        var loaded = new object[streams.Count];
        for (var i = 0; i < loaded.Length; i++)
        {
            loaded[i] = await StateOfAsync(book, streams[i], rows[i], cancellation);
            states.Put(streams[i].Id, loaded[i]);
        }

        return loaded;
    }

    /// <summary>The stored state, or the fold of the events where it has another shape than the code's.</summary>
    private async ValueTask<object> StateOfAsync(string book, StreamName stream, Row row, CancellationToken cancellation)
    {
        if (row.Version == 0) return stream.Type.Initial;
        if (row.State is not null && row.Schema == stream.Type.Schema) return JsonSerializer.Deserialize(row.State, stream.Type.StateType, LedgerJson.Options)!;
        return stream switch
        {
            Stream<Coupon, CouponEvent> coupon => await queries.StateAsync(book, coupon, cancellation),
            Stream<TermsVersion, TermsEvent> pinned => await queries.StateAsync(book, pinned, cancellation),
            _ => throw new System.Diagnostics.UnreachableException(stream.Id),
        };
    }

    private async Task<IReadOnlyList<Row>> ReadAsync(IReadOnlyList<(string Book, string Stream)> keys)
    {
        await using var connection = await database.OpenConnectionAsync();
        await using var command = new NpgsqlCommand(SqlFile.Read("scribe_load_streams.sql"), connection);
        var (books, streams) = (Parameters.Text(), Parameters.Text());
        (books.TypedValue, streams.TypedValue) = ([.. keys.Select(key => key.Book)], [.. keys.Select(key => key.Stream)]);
        command.Parameters.Add(books);
        command.Parameters.Add(streams);
        // Asked for once a connection: later this finds the statement prepared and sends nothing.
        await command.PrepareAsync();
        var rows = new Row[keys.Count];
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            rows[reader.GetInt32(0) - 1] = new(
                reader.GetInt64(1), reader.IsDBNull(2) ? null : reader.GetFieldValue<byte[]>(2), reader.IsDBNull(3) ? 0 : reader.GetInt32(3));
        }

        return rows;
    }

    /// <summary>A stream as stored; version 0 where there is none.</summary>
    private readonly record struct Row(long Version, byte[]? State, int Schema);
}
