using NodaTime;

namespace Ledger.Pools;

/// <summary>A slice as the merchant's book knows it: it raises the platform's budget in a campaign.</summary>
/// <param name="Returned">What was given up again because nothing had committed it.</param>
/// <param name="Reason">Why it was refused; null: it was not.</param>
public sealed record Slice(SliceStatus Status, string Pool, string Campaign, Money Amount, Money Returned, string? Reason)
{
    public static Slice None { get; } = new(SliceStatus.None, "", "", Money.Zero, Money.Zero, null);
}

public enum SliceStatus
{
    None,
    Received,

    /// <summary>For ever: a slice that comes again under this id is refused again.</summary>
    Refused,
}

// The case names below are the stored event types. Never rename one: add a new case instead.
public abstract record SliceEvent
{
    private SliceEvent() { }

    public sealed record SliceReceived(string Pool, string Campaign, Money Amount, Instant At) : SliceEvent;

    /// <param name="Reason">The refusal's name.</param>
    public sealed record SliceRefused(string Pool, string Campaign, Money Amount, string Reason, Instant At) : SliceEvent;

    public sealed record SliceRestReturned(string Pool, string Campaign, Money Amount, Instant At) : SliceEvent;
}

public abstract record SliceCommand
{
    private SliceCommand() { }

    /// <param name="Refusal">Why the campaign cannot take it; null: it can.</param>
    public sealed record ReceiveSlice(string Pool, string Campaign, Money Amount, Rejection? Refusal, Instant At) : SliceCommand;

    /// <param name="Uncommitted">Of all that was granted to the campaign, what neither redemptions nor holds have committed.</param>
    public sealed record ReturnRest(string Slice, Money Uncommitted, Instant At) : SliceCommand;
}
