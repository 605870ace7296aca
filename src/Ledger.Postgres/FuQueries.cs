using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Ledger.FuCards;
using Ledger.FuCards.Draws;
using Npgsql;
using NpgsqlTypes;

namespace Ledger.Postgres;

/// <summary>Plain reads over the books of a Fu-card campaign.</summary>
public sealed class FuQueries(NpgsqlDataSource database, BookQueries books)
{
    private readonly ConcurrentDictionary<(string Owner, string Campaign), int> shards = new();

    /// <summary>The campaign's first book, from which the others follow; null where nothing is committed. Never changes then, so it is remembered.</summary>
    public async ValueTask<FuBook?> BookAsync(string owner, string campaign, CancellationToken cancellation)
    {
        if (shards.TryGetValue((owner, campaign), out var known)) return new(owner, campaign, 0, known);
        var state = await books.StateAsync(owner, FuStreams.CampaignOf(campaign), cancellation);
        if (state.Status < FuCampaignStatus.Committed) return null;
        return new(owner, campaign, 0, shards.GetOrAdd((owner, campaign), state.Rules!.Shards));
    }

    /// <summary>Cards, coupons and members that campaigns brought a merchant, behind an owner and a campaign.</summary>
    public async Task<IReadOnlyList<FuTotals>> TotalsAsync(string book, string owner, string campaign, int limit, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(SqlFile.Read("query_report_fu_cards.sql"));
        foreach (var value in (object[])[book, owner, campaign, limit]) command.Parameters.Add(new() { Value = value });
        await using var row = await command.ExecuteReaderAsync(cancellation);
        var totals = new List<FuTotals>();
        while (await row.ReadAsync(cancellation))
        {
            totals.Add(new(
                row.GetString(0), row.GetString(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(2) - row.GetInt64(3), row.GetInt64(4), row.GetInt64(5), row.GetInt64(6), row.GetInt64(7)));
        }

        return totals;
    }

    /// <summary>The answer that a request on a hand of one of the owner's campaigns has for ever; null where nothing was carried out under the key.</summary>
    public async Task<byte[]?> RequestAsync(string owner, string key, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(SqlFile.Read("query_fu_request.sql"));
        foreach (var value in (string[])[owner, key]) command.Parameters.Add(new() { Value = value });
        await using var row = await command.ExecuteReaderAsync(cancellation);
        return await row.ReadAsync(cancellation) ? CanonicalJson.Of(row.GetFieldValue<byte[]>(0)) : null;
    }

    /// <summary>Tallies of all shards at one moment; what was never written is left out.</summary>
    public async Task<IReadOnlyList<(string Book, string Key, long Value)>> TalliesAsync(IReadOnlyList<string> of, IReadOnlyList<string> keys, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(SqlFile.Read("query_fu_tallies.sql"));
        command.Parameters.Add(new() { Value = of.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Varchar });
        command.Parameters.Add(new() { Value = keys.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Varchar });
        await using var rows = await command.ExecuteReaderAsync(cancellation);
        var tallies = new List<(string, string, long)>();
        while (await rows.ReadAsync(cancellation)) tallies.Add((rows.GetString(0), rows.GetString(1), rows.GetInt64(2)));
        return tallies;
    }

    /// <summary>What became of the cards of each type, over all shards at one moment.</summary>
    public async Task<IReadOnlyList<FuCardSums>> CardsAsync(FuBook first, IReadOnlyList<FuCardType> types, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(types);
        string[] keys = [.. types.SelectMany(type => FuTallies.Fates.Select(fate => FuTallies.Cards(first.Campaign, fate, type.Code)))];
        var sums = (await TalliesAsync(BooksOf(first), keys, cancellation)).GroupBy(row => row.Key, StringComparer.Ordinal)
            .ToDictionary(rows => rows.Key, rows => rows.Sum(row => row.Value), StringComparer.Ordinal);
        return [.. types.Select(type =>
        {
            long Of(string fate) => sums.GetValueOrDefault(FuTallies.Cards(first.Campaign, fate, type.Code));
            return new FuCardSums(type.Code, Of("minted"), Of("owned"), Of("escrowed"), Of("sent") - Of("received"), Of("composed"), Of("consumed"), Of("lapsed"));
        })];
    }

    /// <summary>Users by the numbers of their tickets in a shard, and whether these take part in the grand draw, read as a stream.</summary>
    public async IAsyncEnumerable<(string User, bool IsGrand)> TicketsAsync(string shard, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(SqlFile.Read("query_fu_tickets.sql"));
        command.Parameters.Add(new() { Value = shard });
        await using var rows = await command.ExecuteReaderAsync(cancellation);
        while (await rows.ReadAsync(cancellation)) yield return (rows.GetString(0), rows.GetBoolean(1));
    }

    /// <summary>All draws of the campaign, by user in the order of bytes, then by index, read as a stream.</summary>
    public async IAsyncEnumerable<DrawLine> DrawsAsync(FuBook first, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(SqlFile.Read("query_fu_draws.sql"));
        // Hundreds of millions of draws take longer to sort than any other read may take; who reads may hang up.
        command.CommandTimeout = 0;
        command.Parameters.Add(new() { Value = BooksOf(first), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Varchar });
        await using var rows = await command.ExecuteReaderAsync(cancellation);
        while (await rows.ReadAsync(cancellation)) yield return new(rows.GetString(0), rows.GetInt64(1), rows.GetString(2), rows.GetString(3));
    }

    /// <summary>Campaigns that may be taken further.</summary>
    public async Task<IReadOnlyList<(string Owner, string Campaign)>> RunningAsync(CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(SqlFile.Read("query_fu_campaigns.sql"));
        await using var rows = await command.ExecuteReaderAsync(cancellation);
        var campaigns = new List<(string, string)>();
        while (await rows.ReadAsync(cancellation)) campaigns.Add((rows.GetString(0), rows.GetString(1)));
        return campaigns;
    }

    public static string[] BooksOf(FuBook first) => [.. Enumerable.Range(0, first.Shards).Select(shard => (first with { Shard = shard }).Id)];
}

/// <summary>What a Fu-card campaign brought a merchant that issues cards of it.</summary>
/// <param name="Owner">Whose campaign it is.</param>
/// <param name="CardsIssued">The merchant's cards that users drew.</param>
/// <param name="CouponsCarried">Coupons of the merchant that came with them.</param>
/// <param name="CardsWithoutCoupon">Cards whose coupon could not be issued, as when its campaign had none left; the cards stayed with their users.</param>
/// <param name="CouponsRedeemed">Coupons among those carried that were ever redeemed.</param>
/// <param name="Redemptions">Redemptions of them ever made, voided ones included.</param>
/// <param name="RedemptionsVoided">Of these, taken back.</param>
/// <param name="MembersWon">Members whose joining named the campaign; those who left since are among them.</param>
public sealed record FuTotals(
    string Owner, string Campaign, long CardsIssued, long CouponsCarried, long CardsWithoutCoupon, long CouponsRedeemed, long Redemptions, long RedemptionsVoided, long MembersWon);

/// <summary>What became of the cards of a type: minted = owned + escrowed + on their way + composed + consumed + lapsed.</summary>
/// <param name="Minted">Drawn, or put in the place of a wild card.</param>
/// <param name="OnTheirWay">Between two hands.</param>
public sealed record FuCardSums(string Type, long Minted, long Owned, long Escrowed, long OnTheirWay, long Composed, long Consumed, long Lapsed)
{
    /// <summary>0 at any moment.</summary>
    public long Difference => Minted - Owned - Escrowed - OnTheirWay - Composed - Consumed - Lapsed;
}
