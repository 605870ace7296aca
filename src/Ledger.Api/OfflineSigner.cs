using System.Collections.Concurrent;
using System.Security.Cryptography;
using Ledger.Coupons.Codes;
using Ledger.Coupons.Offline;
using Ledger.Postgres;
using NodaTime;

namespace Ledger.Api;

/// <summary>
/// A merchant's signing keys: public parts in the book, private ones among its secrets, made on first use. Instances that make a key at the
/// same time agree on one by its number.
/// </summary>
public sealed class OfflineSigner(Secrets secrets, BookQueries books)
{
    /// <summary>The merchant's settings, with a key that signs; null after a problem was answered.</summary>
    public async Task<OfflineSettings?> SettingsAsync(Call call)
    {
        ArgumentNullException.ThrowIfNull(call);
        var settings = await books.StateAsync(call.Merchant, OfflineSettingsStream.Stream, call.Aborted);
        if (settings.Keys.Count > 0) return settings;
        // Safe to repeat by itself: a number that is there already changes nothing.
        var request = new Request(call.Merchant, Key: null, ReadOnlyMemory<byte>.Empty, call.Caller.Key.Id, call.Now, Provider: call.Caller.Key.Provider);
        if (await call.OutcomeAsync(await AddKeyAsync(call, request, settings)) is Outcome.Rejected(var reason))
        {
            await Problems.WriteAsync(call.Http, reason);
            return null;
        }

        return await books.StateAsync(call.Merchant, OfflineSettingsStream.Stream, call.Aborted);
    }

    /// <summary>The operation that makes the next key the one that signs.</summary>
    public async Task<Operation> AddKeyAsync(Call call, Request request, OfflineSettings settings)
    {
        ArgumentNullException.ThrowIfNull(call);
        ArgumentNullException.ThrowIfNull(settings);
        var number = Math.Min(settings.Keys.Count + 1, Limits.MaxOfflineKeys + 1);
        return OfflineSettingsStream.AddKey(request, number, (await KeyAsync(call, number)).Public);
    }

    /// <summary>The key of that number; made where there is none.</summary>
    public async Task<OfflineSigningKey> KeyAsync(Call call, int number)
    {
        ArgumentNullException.ThrowIfNull(call);
        return OfflineSigningKey.FromPkcs8(await secrets.OfAsync(call.Merchant, FormattableString.Invariant($"offline-key-{number}"), Make, call.Aborted));

        static byte[] Make()
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            return OfflineSigningKey.Of(key).ToPkcs8();
        }
    }
}

/// <summary>
/// Revocation filters by merchant. Each is believed for <see cref="Memory"/> after it was read: a till that is about to go offline loses
/// nothing by it, and many tills that ask cost one query.
/// </summary>
public sealed class OfflineFilters(OfflineQueries queries)
{
    private const int Capacity = 1_000;

    private readonly ConcurrentDictionary<string, Filter> known = new(StringComparer.Ordinal);

    public static Duration Memory { get; } = Duration.FromSeconds(15);

    /// <summary>The filter's bytes and their ETag; null where there are more codes than a filter holds.</summary>
    public async Task<(byte[] Bytes, string ETag)?> OfAsync(string book, Instant now, CancellationToken cancellation)
    {
        if (known.TryGetValue(book, out var filter) && now < filter.Until && now >= filter.Until - Memory) return (filter.Bytes, filter.ETag);
        var codes = await queries.RevokedAsync(book, now, RevocationFilter.MaxCodes + 1, cancellation);
        if (codes.Count > RevocationFilter.MaxCodes) return null;
        var bytes = RevocationFilter.Of(codes).ToBytes();
        filter = new(bytes, $"\"{Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 16))}\"", now + Memory);
        if (known.Count >= Capacity) known.Clear();
        known[book] = filter;
        return (filter.Bytes, filter.ETag);
    }

    private sealed record Filter(byte[] Bytes, string ETag, Instant Until);
}
