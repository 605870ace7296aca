using System.Diagnostics;
using static Ledger.Benefits.BenefitCommand;
using static Ledger.Benefits.BenefitEvent;
using static Ledger.Benefits.BenefitOrderCommand;
using static Ledger.Benefits.BenefitOrderEvent;

namespace Ledger.Benefits;

/// <summary>A benefit is listed, stocked and taken off; an order of it is received, cancelled, or expires. Pure.</summary>
public static class BenefitDecider
{
    /// <summary>Reads top to bottom: the first line that matches answers.</summary>
    public static Decision<BenefitEvent> Decide(BenefitCommand command, Benefit state) => (command, state) switch
    {
        (ListBenefit { Benefit: var b }, { Name: null }) => new BenefitListed(b.Name!, b.Program, b.Points, b.Kind, b.Stock, b.Stores, b.Campaign, b.Days),
        (ListBenefit c, var s) when c.Benefit == s => Decision<BenefitEvent>.Unchanged,
        (ListBenefit c, _) => new BenefitExists(c.Id),

        (ChangeStock c, { Name: null }) => new BenefitUnknown(c.Id),
        (ChangeStock c, var s) when s.Stock == c.Target => Decision<BenefitEvent>.Unchanged,
        (ChangeStock c, var s) when s.Stock != c.Expected => new StockCasMismatch(c.Expected, s.Stock),
        (ChangeStock c, _) when c.Target < c.Ordered => new StockBelowOrdered(c.Target, c.Ordered),
        (ChangeStock c, var s) => new BenefitStockChanged(s.Stock, c.Target),

        (TakeOff c, { Name: null }) => new BenefitUnknown(c.Id),
        (TakeOff, { IsWithdrawn: true }) => Decision<BenefitEvent>.Unchanged,
        (TakeOff, _) => new BenefitTakenOff(),
        _ => throw new UnreachableException($"{command} on {state}"),
    };

    /// <summary>Reads top to bottom: the first line that matches answers.</summary>
    public static Decision<BenefitOrderEvent> Decide(BenefitOrderCommand command, BenefitOrder state) => (command, state) switch
    {
        (OrderBenefit, { Status: not BenefitOrderStatus.None }) => Decision<BenefitOrderEvent>.Unchanged,
        (OrderBenefit { Benefit.Name: null } c, _) => new BenefitUnknown(c.BenefitId),
        (OrderBenefit { Benefit.IsWithdrawn: true } c, _) => new BenefitNotOffered(c.BenefitId),
        (OrderBenefit c, _) when c.Ordered >= c.Benefit.Stock => new BenefitOutOfStock(c.Benefit.Stock.Value),
        (OrderBenefit { Benefit: var b } c, _) => new BenefitOrdered(
            c.BenefitId, b.Program, c.Member, b.Points, b.Kind, b.Stores, c.ExpiresAt, c.Code, c.Now, c.Date, b.Kind == BenefitItemKind.PickUp ? 0 : 1),

        (PickUpBenefit c, { Status: BenefitOrderStatus.None }) => new BenefitOrderUnknown(c.OrderId),
        (CancelBenefit c, { Status: BenefitOrderStatus.None }) => new BenefitOrderUnknown(c.OrderId),
        (ExpireOrder c, { Status: BenefitOrderStatus.None }) => new BenefitOrderUnknown(c.OrderId),

        // A second hand at the same counter finds it handed over: nothing to do.
        (PickUpBenefit c, { Status: BenefitOrderStatus.Received } s) when c.Store == s.Store && s.Kind != BenefitItemKind.Coupon => Decision<BenefitOrderEvent>.Unchanged,
        (CancelBenefit, { Status: BenefitOrderStatus.Cancelled }) => Decision<BenefitOrderEvent>.Unchanged,
        (ExpireOrder c, var s) when s.Status != BenefitOrderStatus.Ordered || s.ExpiresAt is not { } end || c.Now < end => Decision<BenefitOrderEvent>.Unchanged,
        (ExpireOrder c, var s) => new BenefitOrderExpired(s.Benefit, s.Member, s.Points, s.ExpiresAt!.Value, c.Date, 0),
        (_, { Status: not BenefitOrderStatus.Ordered } s) => new BenefitOrderIsOver(s.Status),
        (var c, { ExpiresAt: { } end }) when c.Now >= end => new BenefitOrderIsOver(BenefitOrderStatus.Expired),

        (PickUpBenefit c, { Stores.Count: > 0 } s) when c.Store is null || !s.Stores.Contains(c.Store, StringComparer.Ordinal) => new StoreNotDesignated(c.Store, s.Stores),
        (PickUpBenefit c, var s) => new BenefitPickedUp(s.Benefit, s.Member, s.Points, c.Store, c.Now, c.Date, s.Kind == BenefitItemKind.PickUp ? 1 : 0),
        (CancelBenefit c, var s) => new BenefitCancelled(s.Benefit, s.Member, s.Points, c.Now, c.Date, s.Kind == BenefitItemKind.PickUp ? 0 : -1),
        _ => throw new UnreachableException($"{command} on {state}"),
    };

    /// <summary>Never refuses and never computes: what happened is already in the event.</summary>
    public static Benefit Evolve(Benefit state, BenefitEvent fact) => fact switch
    {
        BenefitListed e => new(e.Name, e.Program, e.Points, e.Kind, e.Stock, e.Stores, e.Campaign, e.Days),
        BenefitStockChanged e => state with { Stock = e.To },
        BenefitTakenOff => state with { IsWithdrawn = true },
        _ => throw new UnreachableException($"{fact}"),
    };

    public static BenefitOrder Evolve(BenefitOrder state, BenefitOrderEvent fact) => fact switch
    {
        BenefitOrdered e => new(
            e.Kind == BenefitItemKind.Coupon ? BenefitOrderStatus.Received : BenefitOrderStatus.Ordered, e.Benefit, e.Program, e.Member, e.Points, e.Kind, e.Stores, e.ExpiresAt, e.Code, null, e.At),
        BenefitPickedUp e => state with { Status = BenefitOrderStatus.Received, Store = e.Store },
        BenefitCancelled => state with { Status = BenefitOrderStatus.Cancelled },
        BenefitOrderExpired => state with { Status = BenefitOrderStatus.Expired },
        _ => throw new UnreachableException($"{fact}"),
    };

    /// <summary>Ordered and not given back, of each benefit.</summary>
    public static IReadOnlyList<TallyChange> TalliesOf(BenefitOrderEvent fact) => fact switch
    {
        BenefitOrdered e => [new(BenefitStreams.Ordered(e.Benefit), 1)],
        BenefitCancelled e => [new(BenefitStreams.Ordered(e.Benefit), -1)],
        BenefitOrderExpired e => [new(BenefitStreams.Ordered(e.Benefit), -1)],
        _ => [],
    };
}

/// <summary>Streams of benefits, <c>benefit-{id}</c>, and of their orders, <c>benefitorder-{id}</c>.</summary>
public static class BenefitStreams
{
    public static StreamType<Benefit, BenefitEvent> Benefit { get; } = new("benefit", Schema: 1, Benefits.Benefit.None, BenefitDecider.Evolve);

    public static StreamType<BenefitOrder, BenefitOrderEvent> Order { get; } =
        new("benefit_order", Schema: 1, BenefitOrder.None, BenefitDecider.Evolve, BenefitDecider.TalliesOf);

    public static Stream<Benefit, BenefitEvent> BenefitOf(string id) => Benefit.At($"benefit-{id}");

    public static Stream<BenefitOrder, BenefitOrderEvent> OrderOf(string id) => Order.At($"benefitorder-{id}");

    public static string Ordered(string benefit) => $"benefit/{benefit}/ordered";
}
