using System.Security.Cryptography;
using System.Text;
using Ledger.Coupons;
using Ledger.Coupons.Budgets;
using Ledger.Merchants;
using static Ledger.Pools.GrantCommand;
using static Ledger.Pools.PoolCommand;
using static Ledger.Pools.SliceCommand;

namespace Ledger.Pools;

/// <summary>
/// What a platform asks of its pools, as operations: each writes one book. Granting is three of them, in this order: <see cref="Grant"/> in the
/// pool's book, <see cref="Receive"/> in the merchant's, <see cref="Settle"/> in the pool's. Returning is <see cref="Return"/> in the
/// merchant's, then <see cref="Settle"/>. Whoever finds a slice half-way repeats the rest.
/// </summary>
public static class PoolOperations
{
    /// <summary>The id of the slice that a request grants: the same request, the same slice.</summary>
    public static string SliceId(string pool, string requestKey) => $"s{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{pool}/{requestKey}")).AsSpan(0, 10))}";

    /// <summary>Opens a pool in the registered book of that id.</summary>
    public static Operation Open(Request request, string id)
    {
        ArgumentNullException.ThrowIfNull(request);
        var (pool, granted) = (PoolStreams.PoolOf(id), PoolStreams.Granted(id));
        return new(request, [pool, MerchantStream.Stream], [granted], book => book.State(MerchantStream.Stream) switch
        {
            { IsRegistered: false } => new MerchantUnknown(),
            var owner => Verdict.Of(pool, book.State(pool), PoolDecider.Decide(new OpenPool(owner.Currency, request.Now), book.State(pool)),
                (_, after) => PoolView.Of(id, after, book.Tally(granted))),
        });
    }

    public static Operation Deposit(Request request, string id, Money amount, string? reference)
    {
        ArgumentNullException.ThrowIfNull(request);
        var (pool, granted) = (PoolStreams.PoolOf(id), PoolStreams.Granted(id));
        return new(request, [pool], [granted], book => Verdict.Of(
            pool, book.State(pool), PoolDecider.Decide(new DepositMoney(id, amount, reference, request.Now), book.State(pool)),
            (_, after) => PoolView.Of(id, after, book.Tally(granted))));
    }

    /// <summary>Sets a slice aside for a merchant's campaign.</summary>
    public static Operation Grant(Request request, string id, string slice, string merchant, string campaign, Money amount)
    {
        ArgumentNullException.ThrowIfNull(request);
        var (pool, grant, granted) = (PoolStreams.PoolOf(id), PoolStreams.GrantOf(slice), PoolStreams.Granted(id));
        return new(request, [pool, grant], [granted], book =>
        {
            if (book.State(pool) is not { Currency: not null } open) return new PoolUnknown(id);
            var command = new GrantSlice(id, merchant, campaign, amount, open.Deposited - new Money(book.Tally(granted)), request.Now);
            return Verdict.Of(grant, book.State(grant), PoolDecider.Decide(command, book.State(grant)), (_, after) => SliceView.Of(slice, id, after));
        });
    }

    /// <summary>Receives a slice in the merchant's book, or refuses it there for ever: either is an entry, and repeating changes neither.</summary>
    public static Operation Receive(Request request, string pool, string slice, string campaign, Money amount)
    {
        ArgumentNullException.ThrowIfNull(request);
        var (stream, home) = (PoolStreams.SliceOf(slice), CampaignStreams.Of(campaign));
        return new(request, [stream, home], [], book =>
        {
            var state = book.State(home);
            var isNamed = MoneyBudgets.IsNamed(book, campaign, state, Funding.Platform, out var unread);
            if (unread.Count > 0) return new Verdict.NeedsMore(unread);
            Rejection? refusal = state.Status switch
            {
                CampaignStatus.None => new CampaignUnknown(campaign),
                CampaignStatus.Rejected => new CampaignStateForbids(state.Status, "receiveSlice"),
                _ when isNamed => null,
                _ => new BudgetNotInTerms(Funding.Platform),
            };
            return Verdict.Of(stream, book.State(stream), PoolDecider.Decide(new ReceiveSlice(pool, campaign, amount, refusal, request.Now), book.State(stream)), (_, after) => after);
        });
    }

    /// <summary>Gives up, in the merchant's book, what of a slice nothing has committed.</summary>
    public static Operation Return(Request request, string slice)
    {
        ArgumentNullException.ThrowIfNull(request);
        var stream = PoolStreams.SliceOf(slice);
        return new(request, [stream], [], book =>
        {
            var state = book.State(stream);
            var (granted, spent) = (MoneyBudgets.Granted(state.Campaign), MoneyBudgets.Spent(state.Campaign, Funding.Platform));
            if (!book.HasTally(granted) || !book.HasTally(spent)) return new Verdict.NeedsMore([]) { Tallies = [granted, spent] };
            var command = new ReturnRest(slice, new(book.Tally(granted) - book.Tally(spent)), request.Now);
            return Verdict.Of(stream, state, PoolDecider.Decide(command, state), (_, after) => after);
        });
    }

    /// <summary>Tells the pool's book what the merchant's says of a slice.</summary>
    public static Operation Settle(Request request, string pool, string id, Slice slice)
    {
        ArgumentNullException.ThrowIfNull(request);
        var grant = PoolStreams.GrantOf(id);
        return new(request, [grant], [], book => book.State(grant) is { Status: GrantStatus.None }
            ? new SliceUnknown(id)
            : Verdict.Of(grant, book.State(grant), PoolDecider.Decide(new SettleSlice(pool, slice, request.Now), book.State(grant)), (_, after) => SliceView.Of(id, pool, after)));
    }
}

/// <summary>A pool as the API shows it.</summary>
/// <param name="Granted">In slices that are not back.</param>
/// <param name="Left">Deposited and not granted.</param>
public sealed record PoolView(string Id, string Currency, Money Deposited, Money Granted, Money Left)
{
    public static PoolView Of(string id, Pool pool, long granted)
    {
        ArgumentNullException.ThrowIfNull(pool);
        return new(id, pool.Currency!, pool.Deposited, new(granted), pool.Deposited - new Money(granted));
    }
}

/// <summary>A slice as the pool's book shows it.</summary>
/// <param name="Returned">What the campaign did not use and the pool has back.</param>
/// <param name="Budget">The platform's budget in the campaign, from all slices; only in lists.</param>
/// <param name="Committed">What redemptions and holds have committed of that budget; only in lists.</param>
public sealed record SliceView(
    string Slice, string Pool, string Merchant, string Campaign, Money Amount, GrantStatus Status, Money Returned, Money? Budget = null, Money? Committed = null)
{
    public static SliceView Of(string slice, string pool, Grant grant)
    {
        ArgumentNullException.ThrowIfNull(grant);
        return new(slice, pool, grant.Merchant, grant.Campaign, grant.Amount, grant.Status, grant.Returned);
    }
}
