using NodaTime;

namespace Ledger.Points;

/// <summary>A programme as the API shows it.</summary>
/// <param name="Version">The version of the terms that holds now.</param>
public sealed record PointsProgramView(
    string Id, string Name, string TimeZone, int Version, PointsTerms Terms, IReadOnlyList<FunderBudget> Budgets, IReadOnlyList<CohortEstimate> Estimates)
{
    public static PointsProgramView Of(string id, PointsProgram program, PointsTerms terms)
    {
        ArgumentNullException.ThrowIfNull(program);
        return new(id, program.Name!, program.TimeZone, program.Version, terms, program.Budgets, program.Estimates);
    }
}

/// <summary>A member's points, as the clock stands.</summary>
/// <param name="Arrears">Owed; what the member earns next pays them.</param>
/// <param name="Lifetime">Ever earned, less what was clawed back.</param>
/// <param name="Tier">The same of purchases alone.</param>
/// <param name="Value">What the available points are worth, in minor units.</param>
/// <param name="NextExpiry">When the first of the available points expire; absent: there are none.</param>
/// <param name="ExpiringThen">How many.</param>
public sealed record PointsBalanceView(
    string Program, string Member, long Available, long Pending, long Held, long Arrears, long Lifetime, long Tier, Money Value, Instant? NextExpiry, long ExpiringThen,
    IReadOnlyList<LotView> Lots, IReadOnlyList<PointsHoldView> Holds)
{
    public static PointsBalanceView Of(string program, string member, PointsAccount account, PointsTerms terms, Instant now, DateTimeZone zone)
    {
        ArgumentNullException.ThrowIfNull(account);
        ArgumentNullException.ThrowIfNull(terms);
        var state = PointsClock.Until(new(program, member, now, zone), account);
        var next = state.Lots.Count == 0 ? (Instant?)null : state.Lots.Min(lot => lot.ExpiresAt);
        return new(
            program, member, state.Available, state.PendingPoints, state.Held, state.Arrears, state.Lifetime, state.Tier, terms.Value.Of(state.Available), next,
            state.Lots.Where(lot => lot.ExpiresAt == next).Total(),
            [.. state.Lots.InOrder().Select(lot => LotView.From(lot, "active")), .. state.Pending.OrderBy(lot => lot.ActiveAt).Select(lot => LotView.From(lot, "pending"))],
            [.. state.Holds.Select(hold => new PointsHoldView(hold.Id, hold.Points, hold.ExpiresAt))]);
    }
}

/// <param name="Status">active or pending.</param>
/// <param name="Of">The lot that these points were in before, in this account or the giver's.</param>
public sealed record LotView(int Lot, string Status, long Points, LotSource Source, Instant EarnedAt, Instant ActiveAt, Instant ExpiresAt, string Funder, string? Order, int? Of)
{
    internal static LotView From(Lot lot, string status) =>
        new(lot.Id, status, lot.Points, lot.Source, lot.EarnedAt, lot.ActiveAt, lot.ExpiresAt, lot.Funder, lot.Order, lot.Of);
}

public sealed record PointsHoldView(string Hold, long Points, Instant ExpiresAt);

/// <summary>What earning and taking back answer.</summary>
/// <param name="Points">What the order earns as it stands.</param>
/// <param name="Lines">What was not returned.</param>
/// <param name="Change">Points that this request gave, or clawed back where it is less than 0.</param>
/// <param name="Deduct">What is to be kept of the money that is refunded, for points that were spent already.</param>
public sealed record PointsPurchaseView(
    string Program, string Order, string Member, int Version, long Points, IReadOnlyList<PurchaseLine> Lines, long Change, Money Deduct, BalanceView Balance);

/// <summary>A member's balances after a request.</summary>
public sealed record BalanceView(long Available, long Pending, long Held, long Arrears)
{
    public static BalanceView Of(PointsAccount account)
    {
        ArgumentNullException.ThrowIfNull(account);
        return new(account.Available, account.PendingPoints, account.Held, account.Arrears);
    }
}

/// <summary>What holding, spending and refunding answer.</summary>
/// <param name="SpendId">Names the hold, and the spend that it becomes.</param>
/// <param name="Points">All of it.</param>
/// <param name="Refunded">What was given back of it.</param>
/// <param name="Value">What the points are worth, in minor units.</param>
/// <param name="Lots">What was consumed and not given back, in the order of consumption; of a hold none.</param>
public sealed record PointsSpendView(
    string SpendId, SpendStatus Status, string Program, string Member, long Points, long Refunded, Money Value, Instant? ExpiresAt, string? Order, IReadOnlyList<SpentLotView> Lots)
{
    public static PointsSpendView Of(string id, PointsSpend spend, PointsTerms terms)
    {
        ArgumentNullException.ThrowIfNull(spend);
        ArgumentNullException.ThrowIfNull(terms);
        return new(
            id, spend.Status, spend.Program, spend.Member, spend.Points, spend.Status == SpendStatus.Spent ? spend.Points - spend.Lots.Total() : 0, terms.Value.Of(spend.Points),
            spend.Status == SpendStatus.Held ? spend.ExpiresAt : null, spend.Order, [.. spend.Lots.Select(lot => new SpentLotView(lot.Id, lot.Points, lot.ExpiresAt))]);
    }
}

public sealed record SpentLotView(int Lot, long Points, Instant ExpiresAt);

/// <summary>What a refund of points answers.</summary>
/// <param name="Restored">Back in their lots.</param>
/// <param name="Regranted">In new lots, as theirs had expired.</param>
/// <param name="Forfeited">Given back to nobody, as their lots had expired and the programme gives no grace.</param>
public sealed record PointsRefundView(PointsSpendView Spend, long Restored, long Regranted, long Forfeited, BalanceView Balance);

public sealed record PointsTransferView(string TransferId, string Program, string From, string To, long Points, BalanceView Balance);

/// <param name="Status">proposed or done.</param>
public sealed record PointsAdjustmentView(string AdjustmentId, string Status, string Program, string Member, long Points, string Reason, BalanceView Balance);

public sealed record PointsGrantView(string Program, string Member, long Points, BalanceView Balance);

public sealed record ArrearsView(string Program, string Member, long Settled, Money Amount, BalanceView Balance);
