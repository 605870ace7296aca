using NodaTime;

namespace Ledger.Points;

/// <summary>Of which account something is asked, and when.</summary>
/// <param name="Now">When the request was received: what is due by then happens first.</param>
/// <param name="Zone">The programme's.</param>
public sealed record Asked(string Program, string Member, Instant Now, DateTimeZone Zone)
{
    public LocalDate DateOf(Instant at) => at.InZone(Zone).Date;
}

public abstract record PointsCommand(Asked Asked)
{
    /// <param name="EarnedAt">When they were earned, as far as the caller's word is taken.</param>
    /// <param name="Left">What the funder still pays for; null: not bounded.</param>
    /// <param name="IsForTier">Whether tiers look at them.</param>
    public sealed record EarnPoints(
        Asked Asked, long Points, LotSource Source, string Funder, Instant EarnedAt, PointsTerms Terms, long? Left, string? Order = null, bool IsForTier = false) : PointsCommand(Asked);

    /// <summary>Only the clock: what is due happens.</summary>
    public sealed record ReadClock(Asked Asked) : PointsCommand(Asked);

    public sealed record HoldPoints(Asked Asked, string HoldId, long Points, PointsTerms Terms, Instant ExpiresAt) : PointsCommand(Asked);

    public sealed record CommitPoints(Asked Asked, string HoldId) : PointsCommand(Asked);

    public sealed record ReleasePoints(Asked Asked, string HoldId) : PointsCommand(Asked);

    public sealed record SpendPoints(Asked Asked, string SpendId, long Points, PointsTerms Terms) : PointsCommand(Asked);

    /// <param name="Lots">What the spend took and is given back, in the order of giving back.</param>
    /// <param name="GraceDays">As in the terms of the spend.</param>
    public sealed record RestorePoints(Asked Asked, string SpendId, IReadOnlyList<Lot> Lots, int? GraceDays) : PointsCommand(Asked);

    /// <param name="Funder">Who paid for the points and has the expense back.</param>
    /// <param name="Refund">The money that the customer gets back.</param>
    public sealed record ClawBackPoints(Asked Asked, string Order, long Points, string Funder, PointsTerms Terms, Money Refund, Instant? Moment = null) : PointsCommand(Asked);

    public sealed record SettleArrears(Asked Asked, long Points, Money Amount, string Reference) : PointsCommand(Asked);

    public sealed record SendPoints(Asked Asked, string TransferId, string To, long Points, TransferRule? Rule) : PointsCommand(Asked);

    /// <param name="Lots">As they were in the sender's account.</param>
    public sealed record ReceivePoints(Asked Asked, string TransferId, string From, IReadOnlyList<Lot> Lots) : PointsCommand(Asked);

    /// <param name="Points">More than 0: given; less: taken.</param>
    public sealed record AdjustPoints(
        Asked Asked, string AdjustmentId, long Points, string Funder, string Reason, string By, string Approver, PointsTerms Terms, long? Left) : PointsCommand(Asked);
}
