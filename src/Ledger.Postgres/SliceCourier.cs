using Ledger.Pools;
using NodaTime;

namespace Ledger.Postgres;

/// <summary>
/// Carries slices between the pool's book and the merchant's. Each step is an operation on one book, and each may be repeated: a slice that
/// a crash left half-way goes on from where it was when anyone asks again. Nothing waits for another book meanwhile.
/// </summary>
public sealed class SliceCourier(Scribes scribes, BookQueries queries)
{
    /// <summary>Lets the merchant's book receive or refuse the slice, and the pool's book know; the slice as it then is.</summary>
    /// <param name="actor">Who asked for it, as both books record it.</param>
    /// <exception cref="LedgerUnavailableException">And its like: the slice stays where it is, and may be carried on.</exception>
    public async Task<Outcome> CarryAsync(string pool, string slice, string actor, Instant now, CancellationToken cancellation)
    {
        var grant = await queries.StateAsync(pool, PoolStreams.GrantOf(slice), cancellation);
        if (grant.Status == GrantStatus.None) return new Outcome.Rejected(new SliceUnknown(slice));
        if (grant.Status == GrantStatus.InFlight)
            await scribes.SubmitAsync(PoolOperations.Receive(Request(grant.Merchant, slice, actor, now), pool, slice, grant.Campaign, grant.Amount), cancellation);
        return await SettleAsync(pool, slice, grant.Merchant, actor, now, cancellation);
    }

    /// <summary>Takes back what the campaign has not committed of the slice.</summary>
    public async Task<Outcome> ReturnAsync(string pool, string slice, string actor, Instant now, CancellationToken cancellation)
    {
        if (await CarryAsync(pool, slice, actor, now, cancellation) is Outcome.Rejected refused) return refused;
        var grant = await queries.StateAsync(pool, PoolStreams.GrantOf(slice), cancellation);
        await scribes.SubmitAsync(PoolOperations.Return(Request(grant.Merchant, slice, actor, now), slice), cancellation);
        return await SettleAsync(pool, slice, grant.Merchant, actor, now, cancellation);
    }

    private async Task<Outcome> SettleAsync(string pool, string slice, string merchant, string actor, Instant now, CancellationToken cancellation)
    {
        var received = await queries.StateAsync(merchant, PoolStreams.SliceOf(slice), cancellation);
        var settled = await scribes.SubmitAsync(PoolOperations.Settle(Request(pool, slice, actor, now), pool, slice, received), cancellation);
        return received is { Status: SliceStatus.Refused, Reason: { } reason } ? new Outcome.Rejected(new SliceNotReceived(slice, reason)) : settled;
    }

    /// <summary>Without a key: the streams themselves tell a second time from the first.</summary>
    private static Request Request(string book, string slice, string actor, Instant now) => new(book, Key: null, ReadOnlyMemory<byte>.Empty, actor, now, Correlation: slice);
}
