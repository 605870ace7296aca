using System.Text.Json.Serialization;
using NodaTime;

namespace Ledger.Points;

/// <summary>The points of one member in one programme, as the account's entries make them. What is spent leaves it; what a restore needs stands with the spend.</summary>
/// <param name="Pending">Lots that were earned and are not active yet.</param>
/// <param name="Lots">Active lots; what is held of a lot has left it.</param>
/// <param name="Arrears">Points owed, because more was clawed back than there was. While there are any, nothing is available.</param>
/// <param name="Lifetime">Points ever earned, less what was clawed back.</param>
/// <param name="Tier">The same of purchases alone: what tiers look at.</param>
/// <param name="LotsEver">Lots there ever were: they number the lots.</param>
/// <param name="TransferDay">The business date of the last transfer to another member, on which <paramref name="TransferredThen"/> points went.</param>
public sealed record PointsAccount(
    IReadOnlyList<Lot> Pending, IReadOnlyList<Lot> Lots, IReadOnlyList<PointsHold> Holds, long Arrears, long Lifetime, long Tier, int LotsEver,
    LocalDate? TransferDay = null, long TransferredThen = 0)
{
    public static PointsAccount None { get; } = new([], [], [], 0, 0, 0, 0);

    [JsonIgnore]
    public long PendingPoints => Pending.Sum(lot => lot.Points);

    /// <summary>What may be spent, as long as the clock has nothing to say: <see cref="DueAt"/> tells when.</summary>
    [JsonIgnore]
    public long Available => Lots.Sum(lot => lot.Points);

    [JsonIgnore]
    public long Held => Holds.Sum(hold => hold.Points);

    /// <summary>When the clock is to ask next: a lot becomes active or expires, or a hold ends; null when it has nothing to say.</summary>
    [JsonIgnore]
    public Instant? DueAt =>
        Pending.Select(lot => lot.ActiveAt).Concat(Holds.Select(hold => hold.ExpiresAt)).Concat(Lots.Select(lot => lot.ExpiresAt)) is var times && times.Any() ? times.Min() : null;

    public bool Equals(PointsAccount? other) =>
        other is not null && (Arrears, Lifetime, Tier, LotsEver, TransferDay, TransferredThen) == (other.Arrears, other.Lifetime, other.Tier, other.LotsEver, other.TransferDay, other.TransferredThen)
        && Pending.SequenceEqual(other.Pending) && Lots.SequenceEqual(other.Lots) && Holds.SequenceEqual(other.Holds);

    public override int GetHashCode() => HashCode.Combine(Lots.Count, Pending.Count, Holds.Count, Arrears, Lifetime, LotsEver);
}

/// <summary>Points that were earned together, or a part of them that a debit took: the part names the lot and says all that a restore needs.</summary>
/// <param name="Id">1, 2, 3 ... in the account.</param>
/// <param name="Cohort">First day of the month in which they were first earned; kept through transfers and regrants.</param>
/// <param name="ActiveAt">First instant of use.</param>
/// <param name="ExpiresAt">First instant no longer valid.</param>
/// <param name="Funder">Who pays for them.</param>
/// <param name="Order">The purchase that earned them; null: none did.</param>
/// <param name="Of">The lot that they were in before it expired, or in another member's account; null: they were earned so.</param>
public sealed record Lot(
    int Id, long Points, LotSource Source, Instant EarnedAt, LocalDate Cohort, Instant ActiveAt, Instant ExpiresAt, string Funder, string? Order = null, int? Of = null);

public enum LotSource
{
    Purchase,

    /// <summary>Given for something else than a purchase.</summary>
    Grant,
    Adjustment,

    /// <summary>From another member.</summary>
    Transfer,

    /// <summary>Given again, as a spend was refunded after the lot had expired.</summary>
    Regrant,
}

/// <summary>Points that wait for a payment or a pick-up: nobody else spends them, and the clock gives them back at the end.</summary>
/// <param name="Lots">In the order of consumption. A lot that expires meanwhile is good for this hold all the same: it was placed in time.</param>
public sealed record PointsHold(string Id, IReadOnlyList<Lot> Lots, Instant ExpiresAt)
{
    [JsonIgnore]
    public long Points => Lots.Sum(lot => lot.Points);

    public bool Equals(PointsHold? other) => other is not null && (Id, ExpiresAt) == (other.Id, other.ExpiresAt) && Lots.SequenceEqual(other.Lots);

    public override int GetHashCode() => HashCode.Combine(Id, ExpiresAt);
}

/// <summary>Points of one month's cohort.</summary>
public readonly record struct CohortPoints(LocalDate Cohort, long Points);

/// <summary>
/// Every fact moves points from one account of the programme to another, so that the accounts always sum to zero; <see cref="PointsBooks"/> says which.
/// </summary>
/// <param name="Points">How many in all.</param>
/// <param name="Lots">The lots, or the parts of lots, that it concerns, in the order in which they were taken or given; empty where arrears alone change.</param>
/// <param name="At">When it happened; what the clock does happens when it was due, whenever the clock was read.</param>
/// <param name="Date">The business date of <paramref name="At"/>.</param>
// The case names below are the stored event types. Never rename one: add a new case instead.
public abstract record PointsEvent(string Program, string Member, long Points, IReadOnlyList<Lot> Lots, Instant At, LocalDate Date)
{
    /// <summary>The account that points leave.</summary>
    public string Debit { get; init; } = "";

    /// <summary>The account that gets them.</summary>
    public string Credit { get; init; } = "";

    /// <summary>The points by cohort.</summary>
    public IReadOnlyList<CohortPoints> Cohorts { get; init; } = [];

    /// <summary>What the account waits for after this fact; null: nothing.</summary>
    public Instant? Due { get; init; }

    public virtual bool Equals(PointsEvent? other) =>
        other is not null && EqualityContract == other.EqualityContract && (Program, Member, Points, At, Date) == (other.Program, other.Member, other.Points, other.At, other.Date)
        && (Debit, Credit, Due) == (other.Debit, other.Credit, other.Due) && Lots.SequenceEqual(other.Lots) && Cohorts.SequenceEqual(other.Cohorts);

    public override int GetHashCode() => HashCode.Combine(Program, Member, Points, At, Lots.Count);

    /// <param name="IsPending">Whether the lot waits to become active.</param>
    /// <param name="Tier">How much of it tiers look at.</param>
    public sealed record PointsEarned(
        string Program, string Member, long Points, IReadOnlyList<Lot> Lots, Instant At, LocalDate Date, bool IsPending, long Tier)
        : PointsEvent(Program, Member, Points, Lots, At, Date);

    public sealed record PointsActivated(string Program, string Member, long Points, IReadOnlyList<Lot> Lots, Instant At, LocalDate Date)
        : PointsEvent(Program, Member, Points, Lots, At, Date);

    /// <param name="ExpiresAt">First instant at which the hold is over.</param>
    public sealed record PointsHeld(string Program, string Member, long Points, IReadOnlyList<Lot> Lots, Instant At, LocalDate Date, string HoldId, Instant ExpiresAt)
        : PointsEvent(Program, Member, Points, Lots, At, Date);

    public sealed record PointsReleased(string Program, string Member, long Points, IReadOnlyList<Lot> Lots, Instant At, LocalDate Date, string HoldId, PointsHoldEnd Reason)
        : PointsEvent(Program, Member, Points, Lots, At, Date);

    /// <param name="SpendId">The spend that stands from now on; the hold that it commits has the same id.</param>
    /// <param name="WasHeld">Whether it commits a hold.</param>
    public sealed record PointsSpent(string Program, string Member, long Points, IReadOnlyList<Lot> Lots, Instant At, LocalDate Date, string SpendId, bool WasHeld)
        : PointsEvent(Program, Member, Points, Lots, At, Date);

    /// <summary>Points are in their lots again.</summary>
    /// <param name="SpendId">The debit that is undone; so with the next two.</param>
    public sealed record PointsRestored(string Program, string Member, long Points, IReadOnlyList<Lot> Lots, Instant At, LocalDate Date, string SpendId)
        : PointsEvent(Program, Member, Points, Lots, At, Date);

    /// <summary>Their lots had expired: new ones, which say of which lots, stand in for them.</summary>
    public sealed record PointsRegranted(string Program, string Member, long Points, IReadOnlyList<Lot> Lots, Instant At, LocalDate Date, string SpendId)
        : PointsEvent(Program, Member, Points, Lots, At, Date);

    /// <summary>Their lots had expired, and the programme gives no grace.</summary>
    public sealed record PointsForfeited(string Program, string Member, long Points, IReadOnlyList<Lot> Lots, Instant At, LocalDate Date, string SpendId)
        : PointsEvent(Program, Member, Points, Lots, At, Date);

    public sealed record PointsExpired(string Program, string Member, long Points, IReadOnlyList<Lot> Lots, Instant At, LocalDate Date)
        : PointsEvent(Program, Member, Points, Lots, At, Date);

    /// <summary>The purchase that earned them was taken back: one fact for each place that points are taken from.</summary>
    /// <param name="Funder">Who has the expense back.</param>
    /// <param name="Owed">The points, where they are arrears from now on; else 0.</param>
    /// <param name="Moment">When the money went back, where a payment earned them; null: then.</param>
    /// <param name="Tier">What counts for tiers: all places' points at the first of several, 0 at the others; null: the points.</param>
    public sealed record EarningClawedBack(
        string Program, string Member, long Points, IReadOnlyList<Lot> Lots, Instant At, LocalDate Date, string Order, string Funder, ClawbackFrom From, long Owed,
        Instant? Moment = null, long? Tier = null)
        : PointsEvent(Program, Member, Points, Lots, At, Date);

    /// <summary>What became available pays arrears first.</summary>
    public sealed record ArrearsReduced(string Program, string Member, long Points, IReadOnlyList<Lot> Lots, Instant At, LocalDate Date)
        : PointsEvent(Program, Member, Points, Lots, At, Date);

    /// <summary>Money paid arrears.</summary>
    /// <param name="Reference">The payment, or the order from whose refund it was deducted.</param>
    public sealed record ArrearsSettled(string Program, string Member, long Points, IReadOnlyList<Lot> Lots, Instant At, LocalDate Date, Money Amount, string Reference)
        : PointsEvent(Program, Member, Points, Lots, At, Date);

    /// <param name="DayTotal">Points that the member transferred on that date, these included.</param>
    public sealed record PointsTransferredOut(
        string Program, string Member, long Points, IReadOnlyList<Lot> Lots, Instant At, LocalDate Date, string TransferId, string To, long DayTotal)
        : PointsEvent(Program, Member, Points, Lots, At, Date);

    /// <summary>The lots are new here, and expire when they would have expired there.</summary>
    public sealed record PointsTransferredIn(string Program, string Member, long Points, IReadOnlyList<Lot> Lots, Instant At, LocalDate Date, string TransferId, string From)
        : PointsEvent(Program, Member, Points, Lots, At, Date);

    /// <param name="IsGrant">Whether points were given; else they were taken.</param>
    /// <param name="By">The API key that asked for it.</param>
    /// <param name="Approver">The API key that approved it; the same where one pair of eyes suffices.</param>
    /// <param name="LotsNew">Lots that are new in the account.</param>
    public sealed record PointsAdjusted(
        string Program, string Member, long Points, IReadOnlyList<Lot> Lots, Instant At, LocalDate Date, string AdjustmentId, bool IsGrant, int LotsNew, string Funder, string Reason,
        string By, string Approver)
        : PointsEvent(Program, Member, Points, Lots, At, Date);
}

public enum PointsHoldEnd
{
    Released,
    Expired,
}

public enum ClawbackFrom
{
    Pending,
    Available,
    Arrears,
}
