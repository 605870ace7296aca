using NodaTime;

namespace Ledger.Pools;

/// <summary>
/// The money that a platform has set aside for merchants' campaigns, in a book of its own. It is spent through slices: a slice is granted
/// here, then received in the merchant's book, where alone tills look at it. No operation ever writes both books.
/// </summary>
/// <param name="Currency">ISO 4217, that of the book; null while there is no pool.</param>
/// <param name="Deposited">All that was ever deposited, in minor units.</param>
public sealed record Pool(string? Currency, Money Deposited)
{
    public static Pool None { get; } = new(null, Money.Zero);
}

// The case names below are the stored event types. Never rename one: add a new case instead.
public abstract record PoolEvent
{
    private PoolEvent() { }

    public sealed record PoolOpened(string Currency, Instant At) : PoolEvent;

    public sealed record PoolDeposited(Money Amount, string? Reference, Instant At) : PoolEvent;
}

public abstract record PoolCommand
{
    private PoolCommand() { }

    public sealed record OpenPool(string Currency, Instant At) : PoolCommand;

    public sealed record DepositMoney(string Id, Money Amount, string? Reference, Instant At) : PoolCommand;
}

/// <summary>A slice as the pool's book knows it.</summary>
/// <param name="Returned">What the campaign did not use and the pool has back.</param>
public sealed record Grant(GrantStatus Status, string Merchant, string Campaign, Money Amount, Money Returned)
{
    public static Grant None { get; } = new(GrantStatus.None, "", "", Money.Zero, Money.Zero);
}

public enum GrantStatus
{
    None,

    /// <summary>Granted; the pool does not know yet whether the merchant's book received it.</summary>
    InFlight,

    Received,

    /// <summary>The merchant's book refused it for ever, and the pool has all of it back.</summary>
    Refused,
}

public abstract record GrantEvent
{
    private GrantEvent() { }

    /// <param name="Pool">Whose money it is; in each event, so that tallies need no other entry.</param>
    public sealed record SliceGranted(string Pool, string Merchant, string Campaign, Money Amount, Instant At) : GrantEvent;

    public sealed record SliceArrived(string Pool, Instant At) : GrantEvent;

    /// <param name="Reason">The refusal's name.</param>
    public sealed record SliceGivenBack(string Pool, Money Amount, string Reason, Instant At) : GrantEvent;

    /// <summary>The merchant's book gave up what its campaign had not committed.</summary>
    public sealed record SliceRestCredited(string Pool, Money Amount, Instant At) : GrantEvent;
}

public abstract record GrantCommand
{
    private GrantCommand() { }

    /// <param name="Left">Deposited and not granted.</param>
    public sealed record GrantSlice(string Pool, string Merchant, string Campaign, Money Amount, Money Left, Instant At) : GrantCommand;

    /// <summary>Takes over what the merchant's book says of the slice.</summary>
    public sealed record SettleSlice(string Pool, Slice Slice, Instant At) : GrantCommand;
}

public sealed record PoolUnknown(string Pool) : Rejection(
    RejectionKind.NotFound, "There is no funding pool of this id", "Register its book with POST /v1/merchants and open it: POST /v1/pools.");

public sealed record PoolExhausted(Money Needed, Money Left) : Rejection(
    RejectionKind.Conflict, "The pool has less money left than the slice", "Deposit more, or grant a smaller slice.");

public sealed record PoolIsFull(Money Limit) : Rejection(
    RejectionKind.RuleViolated, "The pool would hold more than one pool may", "Open another pool.");

public sealed record CurrencyDiffers(string Pool, string Merchant) : Rejection(
    RejectionKind.RuleViolated, "The merchant's currency is not the pool's", "Grant from a pool of the merchant's currency.");

public sealed record SliceUnknown(string Slice) : Rejection(
    RejectionKind.NotFound, "The pool has no slice of this id", "Look the id up with GET /v1/pools/{id}/slices.");

/// <param name="Reason">Why: campaign-unknown, campaign-state-forbids or budget-not-in-terms.</param>
public sealed record SliceNotReceived(string Slice, string Reason) : Rejection(
    RejectionKind.Conflict, "The merchant's book refused the slice, and the pool has it back", "Mend what reason names and grant another slice under a new key.");
