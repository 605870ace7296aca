using Ledger.Merchants;
using Ledger.Postgres;
using NodaTime;

namespace Ledger.Api;

/// <summary>Who calls, and for which merchant.</summary>
/// <param name="Merchant">The book that the call concerns; null for a platform key that named none.</param>
/// <param name="Profile">The merchant as its book knows it; unregistered where <paramref name="Merchant"/> is null.</param>
public sealed record Caller(ApiKey Key, string? Merchant, Merchant Profile)
{
    /// <summary>A till's clock may differ from ours by this much and still be believed.</summary>
    public static Duration Skew { get; } = Duration.FromSeconds(5);

    /// <summary>
    /// The time at which validity is judged: what the caller says it is when that is within <see cref="Skew"/> of the time of receipt
    /// (domain example A9) or the key may record a history; else the time of receipt.
    /// </summary>
    public Instant Judged(Instant? businessTime, Instant now) => businessTime switch
    {
        null => now,
        { } stated when Key.MayImport && stated <= now + Skew => stated,
        { } stated when stated <= now + Skew && stated >= now - Skew => stated,
        _ => now,
    };

    public LocalDate DateOf(Instant at) => at.InZone(Profile.Zone()).Date;
}

/// <summary>
/// Finds callers by their keys. Keys and merchants are remembered for <see cref="Memory"/>: that long a key revoked on another
/// instance may still be taken, and on this one not a moment.
/// </summary>
public sealed class Callers
{
    private readonly Remembered<ApiKey> keys;
    private readonly Remembered<KnownMerchant> merchants;

    public Callers(ApiKeys keys, BookQueries queries, TimeProvider time)
    {
        this.keys = new(time, Memory, keys.FindAsync, async known =>
        {
            var good = await keys.ConfirmAsync([.. known.Values.Select(key => key.Id)]);
            return [.. known.Where(pair => good.Contains(pair.Value.Id)).Select(pair => pair.Key)];
        });
        merchants = new(time, Memory, FindAsync, async known =>
        {
            var versions = await queries.VersionsAsync([.. known.Keys], MerchantStream.Stream);
            return [.. known.Where(pair => versions.GetValueOrDefault(pair.Key) == pair.Value.Version).Select(pair => pair.Key)];
        });

        async Task<KnownMerchant?> FindAsync(string id, CancellationToken cancellation)
        {
            var (merchant, version) = await queries.StreamAsync(id, MerchantStream.Stream, cancellation);
            return merchant.IsRegistered ? new(merchant, version) : null;
        }
    }

    public static TimeSpan Memory { get; } = TimeSpan.FromSeconds(2);

    /// <summary>The key of this secret; null where there is none or it was revoked.</summary>
    public ValueTask<ApiKey?> KeyAsync(string secret, CancellationToken cancellation) => keys.GetAsync(secret, cancellation);

    /// <summary>The merchant of this id; unregistered where there is none.</summary>
    public async ValueTask<Merchant> MerchantAsync(string id, CancellationToken cancellation) =>
        (await merchants.GetAsync(id, cancellation))?.Merchant ?? Merchant.Unregistered;

    /// <summary>Forgets everything about keys and that merchant: something was changed here.</summary>
    public void Forget(string? merchant = null)
    {
        keys.Forget();
        if (merchant is not null) merchants.Forget(merchant);
    }

    private sealed record KnownMerchant(Merchant Merchant, long Version);
}
