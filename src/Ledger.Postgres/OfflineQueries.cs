using System.Text.Json;
using Ledger.Coupons;
using Ledger.Coupons.Codes;
using Ledger.Coupons.Offline;
using NodaTime;
using Npgsql;

namespace Ledger.Postgres;

/// <summary>What tills that go offline are told, and what merchants read of those that were.</summary>
public sealed class OfflineQueries(NpgsqlDataSource database, BookQueries books)
{
    /// <summary>Sets of stores that one till is told of.</summary>
    private const int MaxScopes = 1_000;

    /// <summary>Tills after a name, with what they granted.</summary>
    public async Task<IReadOnlyList<OfflineTillView>> TillsAsync(string book, string after, int limit, CancellationToken cancellation)
    {
        var found = new List<(string Name, OfflineTill? State)>();
        await using (var command = Command("query_offline_tills.sql", book, after, limit))
        await using (var row = await command.ExecuteReaderAsync(cancellation))
        {
            while (await row.ReadAsync(cancellation))
            {
                var isUsable = !row.IsDBNull(1) && !row.IsDBNull(2) && row.GetInt32(2) == OfflineTillStream.Type.Schema;
                found.Add((row.GetString(0), isUsable ? JsonSerializer.Deserialize<OfflineTill>(row.GetFieldValue<byte[]>(1), LedgerJson.Options) : null));
            }
        }

        var tills = new List<OfflineTillView>(found.Count);
        foreach (var (name, state) in found) tills.Add(OfflineTillView.Of(name, state ?? await books.StateAsync(book, OfflineTillStream.Of(name), cancellation)));
        return tills;
    }

    /// <summary>The loss account: what each party bears.</summary>
    public async Task<IReadOnlyList<OfflineLoss>> LossesAsync(string book, CancellationToken cancellation)
    {
        var losses = new List<OfflineLoss>();
        await using var command = Command("query_offline_losses.sql", book);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        while (await row.ReadAsync(cancellation)) losses.Add(new(row.GetString(0), row.GetInt64(1)));
        return losses;
    }

    /// <summary>Codes that tills must not take although a token of them may still look good; at most <paramref name="limit"/>.</summary>
    public async Task<IReadOnlyList<string>> RevokedAsync(string book, Instant now, int limit, CancellationToken cancellation)
    {
        var codes = new List<string>();
        await using var command = Command("query_offline_revocations.sql", book, now.ToDateTimeUtc(), CampaignStreams.Terms.Schema, limit);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        while (await row.ReadAsync(cancellation)) codes.Add(row.GetString(0));
        return codes;
    }

    /// <summary>The scopes of tokens, beside the store's own, that the store belongs to.</summary>
    public async Task<IReadOnlyList<string>> ScopesAsync(string book, string store, CancellationToken cancellation)
    {
        var scopes = new SortedSet<string>(StringComparer.Ordinal);
        await using var command = Command("query_offline_scopes.sql", book, store, MaxScopes);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        while (await row.ReadAsync(cancellation)) scopes.Add(StoreScope.Of(JsonSerializer.Deserialize<string[]>(row.GetFieldValue<byte[]>(0))!).Value);
        return [.. scopes];
    }

    private NpgsqlCommand Command(string file, params ReadOnlySpan<object> values)
    {
        var command = database.CreateCommand(SqlFile.Read(file));
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        return command;
    }
}

/// <summary>What one party bears of what was granted offline and no redemption covers.</summary>
/// <param name="Amount">Minor units.</param>
public sealed record OfflineLoss(string Party, long Amount);
