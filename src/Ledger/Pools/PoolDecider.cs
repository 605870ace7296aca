using System.Diagnostics;
using Ledger.Coupons.Budgets;
using static Ledger.Pools.GrantCommand;
using static Ledger.Pools.GrantEvent;
using static Ledger.Pools.PoolCommand;
using static Ledger.Pools.PoolEvent;
using static Ledger.Pools.SliceCommand;
using static Ledger.Pools.SliceEvent;

namespace Ledger.Pools;

/// <summary>
/// A pool takes deposits; a slice is granted, then received or refused, and what is not used comes back. Every step may be repeated, and
/// each book follows from the other: the pool settles to what the merchant's book says, never the other way round. Pure.
/// </summary>
public static class PoolDecider
{
    public static Decision<PoolEvent> Decide(PoolCommand command, Pool state) => (command, state) switch
    {
        (OpenPool c, { Currency: null }) => new PoolOpened(c.Currency, c.At),
        (OpenPool, _) => Decision<PoolEvent>.Unchanged,
        (DepositMoney c, { Currency: null }) => new PoolUnknown(c.Id),
        (DepositMoney c, var s) when s.Deposited.Minor + c.Amount.Minor > Limits.MaxBudget => new PoolIsFull(new(Limits.MaxBudget)),
        (DepositMoney c, _) => new PoolDeposited(c.Amount, c.Reference, c.At),
        _ => throw new UnreachableException($"{command} on {state}"),
    };

    public static Decision<GrantEvent> Decide(GrantCommand command, Grant state) => (command, state) switch
    {
        (GrantSlice c, { Status: GrantStatus.None }) when c.Amount > c.Left => new PoolExhausted(c.Amount, c.Left),
        (GrantSlice c, { Status: GrantStatus.None }) => new SliceGranted(c.Pool, c.Merchant, c.Campaign, c.Amount, c.At),
        (GrantSlice, _) => Decision<GrantEvent>.Unchanged,

        (SettleSlice { Slice.Status: SliceStatus.None }, _) => Decision<GrantEvent>.Unchanged,
        (SettleSlice { Slice.Status: SliceStatus.Refused } c, { Status: GrantStatus.InFlight } s) => new SliceGivenBack(c.Pool, s.Amount, c.Slice.Reason!, c.At),
        (SettleSlice c, { Status: GrantStatus.InFlight } s) => (GrantEvent[])[new SliceArrived(c.Pool, c.At), .. Credited(c, s)],
        (SettleSlice c, { Status: GrantStatus.Received } s) => (GrantEvent[])[.. Credited(c, s)],
        (SettleSlice, _) => Decision<GrantEvent>.Unchanged,
        _ => throw new UnreachableException($"{command} on {state}"),
    };

    public static Decision<SliceEvent> Decide(SliceCommand command, Slice state) => (command, state) switch
    {
        (ReceiveSlice { Refusal: { } reason } c, { Status: SliceStatus.None }) => new SliceRefused(c.Pool, c.Campaign, c.Amount, reason.Slug, c.At),
        (ReceiveSlice c, { Status: SliceStatus.None }) => new SliceReceived(c.Pool, c.Campaign, c.Amount, c.At),
        (ReceiveSlice, _) => Decision<SliceEvent>.Unchanged,

        (ReturnRest c, { Status: SliceStatus.None }) => new SliceUnknown(c.Slice),
        (ReturnRest c, { Status: SliceStatus.Received } s) when Rest(c, s) > Money.Zero => new SliceRestReturned(s.Pool, s.Campaign, Rest(c, s), c.At),
        (ReturnRest, _) => Decision<SliceEvent>.Unchanged,
        _ => throw new UnreachableException($"{command} on {state}"),
    };

    /// <summary>Never refuses and never computes: what happened is already in the event. So with those of grants and slices.</summary>
    public static Pool Evolve(Pool state, PoolEvent fact) => fact switch
    {
        PoolOpened e => state with { Currency = e.Currency },
        PoolDeposited e => state with { Deposited = state.Deposited + e.Amount },
        _ => throw new UnreachableException($"{fact}"),
    };

    public static Grant Evolve(Grant state, GrantEvent fact) => fact switch
    {
        SliceGranted e => new(GrantStatus.InFlight, e.Merchant, e.Campaign, e.Amount, Money.Zero),
        SliceArrived => state with { Status = GrantStatus.Received },
        SliceGivenBack => state with { Status = GrantStatus.Refused },
        SliceRestCredited e => state with { Returned = state.Returned + e.Amount },
        _ => throw new UnreachableException($"{fact}"),
    };

    public static Slice Evolve(Slice state, SliceEvent fact) => fact switch
    {
        SliceReceived e => new(SliceStatus.Received, e.Pool, e.Campaign, e.Amount, Money.Zero, null),
        SliceRefused e => new(SliceStatus.Refused, e.Pool, e.Campaign, e.Amount, Money.Zero, e.Reason),
        SliceRestReturned e => state with { Returned = state.Returned + e.Amount },
        _ => throw new UnreachableException($"{fact}"),
    };

    /// <summary>What the pool's money that is granted and not back comes to.</summary>
    public static IReadOnlyList<TallyChange> TalliesOf(GrantEvent fact) => fact switch
    {
        SliceGranted e => [new(PoolStreams.Granted(e.Pool), e.Amount.Minor)],
        SliceGivenBack e => [new(PoolStreams.Granted(e.Pool), -e.Amount.Minor)],
        SliceRestCredited e => [new(PoolStreams.Granted(e.Pool), -e.Amount.Minor)],
        _ => [],
    };

    /// <summary>What the platform's budget in the campaign comes to.</summary>
    public static IReadOnlyList<TallyChange> TalliesOf(SliceEvent fact) => fact switch
    {
        SliceReceived e => [new(MoneyBudgets.Granted(e.Campaign), e.Amount.Minor)],
        SliceRestReturned e => [new(MoneyBudgets.Granted(e.Campaign), -e.Amount.Minor)],
        _ => [],
    };

    private static Money Rest(ReturnRest c, Slice s) => Money.Min(s.Amount - s.Returned, c.Uncommitted);

    private static IEnumerable<GrantEvent> Credited(SettleSlice c, Grant s) =>
        c.Slice.Returned > s.Returned ? [new SliceRestCredited(c.Pool, c.Slice.Returned - s.Returned, c.At)] : [];
}

/// <summary>Streams of a pool's book, <c>pool-{id}</c> and <c>grant-{slice}</c>, and of a merchant's, <c>slice-{slice}</c>.</summary>
public static class PoolStreams
{
    public static StreamType<Pool, PoolEvent> Pool { get; } = new("pool", Schema: 1, Pools.Pool.None, PoolDecider.Evolve);

    public static StreamType<Grant, GrantEvent> Grant { get; } = new("grant", Schema: 1, Pools.Grant.None, PoolDecider.Evolve, PoolDecider.TalliesOf);

    public static StreamType<Slice, SliceEvent> Slice { get; } = new("slice", Schema: 1, Pools.Slice.None, PoolDecider.Evolve, PoolDecider.TalliesOf);

    public static Stream<Pool, PoolEvent> PoolOf(string id) => Pool.At($"pool-{id}");

    public static Stream<Grant, GrantEvent> GrantOf(string slice) => Grant.At($"grant-{slice}");

    public static Stream<Slice, SliceEvent> SliceOf(string slice) => Slice.At($"slice-{slice}");

    /// <summary>Minor units of the pool that are granted and not back.</summary>
    public static string Granted(string pool) => $"granted/{pool}";
}
