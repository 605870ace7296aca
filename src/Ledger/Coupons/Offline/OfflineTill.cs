using NodaTime;

namespace Ledger.Coupons.Offline;

/// <summary>A till as its forwarded records make it: where its chain ends, what it granted since it last synchronised, and what came of all of it.</summary>
/// <param name="Sequence">The last record taken; 0 before the first.</param>
/// <param name="Hash">Its hash.</param>
/// <param name="Use">Since the last synchronisation; null before the first: the till may grant nothing.</param>
/// <param name="Limits">What the till was told then.</param>
/// <param name="Alarm">What is wrong with its chain; null once it synchronised again.</param>
public sealed record OfflineTill(long Sequence, string Hash, OfflineUse? Use, TillLimits? Limits, OfflineTotals Totals, DeviceAlarm? Alarm)
{
    public static OfflineTill New { get; } = new(0, TillRecord.Genesis, null, null, OfflineTotals.None, null);
}

/// <summary>Over the till's life: what it granted is what it redeemed and what was lost.</summary>
/// <param name="Redeemed">Records; so with conflicts, refused and skewed ones (also counted as what they are).</param>
/// <param name="Discount">Of the redemptions.</param>
/// <param name="Lost">Granted, and not covered by a redemption.</param>
public sealed record OfflineTotals(long Redeemed, long Conflicts, long Refused, long Skewed, Money Granted, Money Discount, Money Lost)
{
    public static OfflineTotals None { get; } = new(0, 0, 0, 0, Money.Zero, Money.Zero, Money.Zero);

    internal OfflineTotals With(TakenRecord record, Money discount) => this with
    {
        Skewed = Skewed + (record.ClockSkew ? 1 : 0),
        Granted = Granted + record.Granted,
        Discount = Discount + discount,
        Lost = Lost + (record.Granted - discount),
    };
}

/// <param name="Expected">The number of the record that should have come; where the till was set back, its last one that is known.</param>
/// <param name="Got">The number of the record that came, or that the till calls its newest.</param>
public sealed record DeviceAlarm(DeviceFault Kind, long Expected, long Got);

public enum DeviceFault
{
    /// <summary>Records are missing (DEVICE_SEQUENCE_GAP).</summary>
    SequenceGap,

    /// <summary>A record does not follow from those before it, or the till knows less than it once forwarded.</summary>
    ChainBroken,
}

/// <summary>Where a redemption was made without the service.</summary>
/// <param name="Till">The till with its store.</param>
/// <param name="Sequence">Of the till's record.</param>
/// <param name="BusinessTime">By the till's clock.</param>
/// <param name="ClockSkew">That cannot be true (DEVICE_CLOCK_SKEW): the redemption was judged at the time of receipt.</param>
public sealed record OfflineOrigin(string Till, long Sequence, Instant BusinessTime, bool ClockSkew);

/// <summary>What every event of a taken record says of it.</summary>
/// <param name="Granted">The discount that the customer got.</param>
/// <param name="At">The moment by which it was judged.</param>
public sealed record TakenRecord(
    long Sequence, string Hash, string Code, Money Amount, Money Granted, Instant BusinessTime, Instant At, bool ClockSkew, string? Order);

// The case names below are the stored event types. Never rename one: add a new case instead.
public abstract record OfflineTillEvent
{
    private OfflineTillEvent() { }

    /// <summary>The coupon was free: the redemption stands in the coupon's stream.</summary>
    /// <param name="Discount">What the terms allow of the discount granted and budgets bear; what is above it is the merchant's loss, but for <paramref name="Loss"/>.</param>
    /// <param name="Liability">The party that bears <paramref name="Loss"/>; null: nobody beside the merchant.</param>
    /// <param name="Loss">What the terms allow and exhausted budgets do not bear; null: nothing.</param>
    public sealed record OfflineRedemptionRecorded(
        TakenRecord Record, string Campaign, string RedemptionId, Money Discount, string? Liability = null, Money? Loss = null) : OfflineTillEvent;

    /// <summary>Someone else had the coupon, or a budget was exhausted, which the till could not know. The coupon stays as it is and the customer is not chased.</summary>
    /// <param name="Reason">The refusal's name: already-used, already-held, deactivated, money-budget-exhausted.</param>
    /// <param name="RedemptionId">The redemption that won, where one did.</param>
    /// <param name="Liability">The party that bears <paramref name="Loss"/>; what was granted above it is the merchant's loss.</param>
    public sealed record OfflineConflictRecorded(
        TakenRecord Record, string Campaign, string Reason, string? RedemptionId, string Liability, Money Loss) : OfflineTillEvent;

    /// <summary>The till granted what it must not: the merchant's loss. The coupon stays as it is.</summary>
    /// <param name="Reason">The refusal's name: offline-limit, token-not-genuine, expired, floor-not-met ...</param>
    public sealed record OfflineRecordRefused(TakenRecord Record, string Reason) : OfflineTillEvent;

    /// <summary>Everything that the till has is here. Its limits count from now on.</summary>
    public sealed record OfflineTillSynced(Instant At, TillLimits Limits) : OfflineTillEvent;

    /// <summary>Said once for each fault, however often the till sends the same.</summary>
    public sealed record DeviceAlarmRaised(DeviceFault Kind, long Expected, long Got, Instant At) : OfflineTillEvent;
}

/// <summary>Streams of tills: <c>till-{store}/{till}</c>. The slash stands in no id, so that no two tills share a stream.</summary>
public static class OfflineTillStream
{
    public static StreamType<OfflineTill, OfflineTillEvent> Type { get; } = new("till", Schema: 1, OfflineTill.New, OfflineTillDecider.Evolve, OfflineLosses.Of);

    /// <summary>The till as its records name it.</summary>
    public static string NameOf(string store, string till) => $"{store}/{till}";

    public static Stream<OfflineTill, OfflineTillEvent> Of(string name) => Type.At($"till-{name}");
}

/// <summary>The loss account: what was granted offline and no redemption covers, by the party that bears it.</summary>
public static class OfflineLosses
{
    public const string Prefix = "offline-loss/";

    public static string BorneBy(string party) => Prefix + party;

    public static IReadOnlyList<TallyChange> Of(OfflineTillEvent fact) => fact switch
    {
        OfflineTillEvent.OfflineRedemptionRecorded e when (e.Loss ?? Money.Zero) is var loss =>
            [.. Loss(e.Liability ?? Funding.Merchant, loss), .. Loss(Funding.Merchant, e.Record.Granted - e.Discount - loss)],
        OfflineTillEvent.OfflineConflictRecorded e => [.. Loss(e.Liability, e.Loss), .. Loss(Funding.Merchant, e.Record.Granted - e.Loss)],
        OfflineTillEvent.OfflineRecordRefused e => [.. Loss(Funding.Merchant, e.Record.Granted)],
        _ => [],
    };

    private static IEnumerable<TallyChange> Loss(string party, Money amount) => amount == Money.Zero ? [] : [new(BorneBy(party), amount.Minor)];
}

/// <summary>What became of one record.</summary>
/// <param name="Outcome">redeemed, conflict (someone else had the coupon) or refused (the till must not have granted it).</param>
/// <param name="Granted">What the customer got: discount and loss together.</param>
/// <param name="Discount">Of the redemption.</param>
/// <param name="Loss">Borne by <paramref name="Liability"/>, and what exceeds the promise by the merchant.</param>
/// <param name="RedemptionId">The redemption that it made, or that won.</param>
/// <param name="Reason">Why not, as the name of a problem.</param>
/// <param name="At">The moment by which it was judged.</param>
/// <param name="ClockSkew">The till's clock cannot be right; set it.</param>
public sealed record OfflineResult(
    long Sequence, string Outcome, string Code, Money Granted, Money Discount, Money Loss, string? Liability, string? RedemptionId, string? Reason, Instant At, bool ClockSkew)
{
    public static OfflineResult Of(OfflineTillEvent fact) => fact switch
    {
        OfflineTillEvent.OfflineRedemptionRecorded e => Of(e.Record, "redeemed", e.Discount, e.Liability ?? Funding.Merchant, e.RedemptionId, null),
        OfflineTillEvent.OfflineConflictRecorded e => Of(e.Record, "conflict", Money.Zero, e.Liability, e.RedemptionId, e.Reason),
        OfflineTillEvent.OfflineRecordRefused e => Of(e.Record, "refused", Money.Zero, Funding.Merchant, null, e.Reason),
        _ => throw new System.Diagnostics.UnreachableException($"{fact}"),
    };

    private static OfflineResult Of(TakenRecord record, string outcome, Money discount, string liability, string? redemption, string? reason)
    {
        var loss = record.Granted - discount;
        return new(record.Sequence, outcome, record.Code, record.Granted, discount, loss, loss == Money.Zero ? null : liability, redemption, reason, record.At, record.ClockSkew);
    }
}

/// <summary>A till as the API shows it.</summary>
/// <param name="Sequence">The last record taken of it; 0: none.</param>
/// <param name="Hash">What the next record names as its previous one.</param>
/// <param name="LastSync">The limits count from then; null: it never did, and may grant nothing.</param>
/// <param name="Limits">What it may grant until it synchronises again.</param>
/// <param name="Count">Redemptions since then that are here already; so with their <paramref name="Sum"/>.</param>
public sealed record OfflineTillView(
    string Till, long Sequence, string Hash, Instant? LastSync, TillLimits? Limits, int Count, Money Sum, OfflineTotals Totals, DeviceAlarm? Alarm)
{
    public static OfflineTillView Of(string name, OfflineTill till)
    {
        ArgumentNullException.ThrowIfNull(till);
        return new(name, till.Sequence, till.Hash, till.Use?.LastSync, till.Limits, till.Use?.Count ?? 0, till.Use?.Sum ?? Money.Zero, till.Totals, till.Alarm);
    }
}
