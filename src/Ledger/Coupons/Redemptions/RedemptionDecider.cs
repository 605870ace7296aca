using System.Diagnostics;
using Ledger.Coupons.Baskets;
using NodaTime;
using static Ledger.Coupons.Redemptions.RedemptionCommand;
using static Ledger.Coupons.Redemptions.RedemptionEvent;

namespace Ledger.Coupons.Redemptions;

/// <summary>The life of a recorded redemption: redeemed, then voided as a whole or returned in parts. Pure.</summary>
public static class RedemptionDecider
{
    /// <summary>Reads top to bottom: the first line that matches answers.</summary>
    public static Decision<RedemptionEvent> Decide(RedemptionCommand command, Redemption state) => (command, state) switch
    {
        (_, { Sale: null }) => throw new ArgumentException("Nothing was redeemed.", nameof(state)),

        (VoidBasket, { IsVoided: true }) => Decision<RedemptionEvent>.Unchanged,
        (VoidBasket c, { Returns: { Count: > 0 } returns }) => new RedemptionHasReturns(c.Id, returns.Count),
        (VoidBasket c, { Sale: { } sale }) when c.At >= VoidableUntil(c, sale) => new VoidWindowClosed(VoidableUntil(c, sale)),
        (VoidBasket c, _) => new BasketVoided(c.Request, c.At, c.Date, c.Reason),

        (ReturnGoods c, { IsVoided: true }) => new RedemptionIsVoided(c.Id),
        (ReturnGoods c, { UsesReturned: > 0 }) => new ReturnsDoNotMix(c.Id),
        (ReturnGoods c, { Returns.Count: >= Limits.MaxReturns }) when c.Items.Count > 0 => new TooManyReturns(c.Id, Limits.MaxReturns),
        (ReturnGoods c, var s) => OfGoods(c, s),

        (ReturnUses c, { IsVoided: true }) => new RedemptionIsVoided(c.Id),
        (ReturnUses c, { UsesReturned: 0, Returns.Count: > 0 }) => new ReturnsDoNotMix(c.Id),
        (ReturnUses { Sale: { Coupons: not [{ Candidate.Terms.Uses: > 1 }] } or { Points: not null } } c, _) => new UsesNotReturnable(c.Id),
        (ReturnUses c, { Sale.Coupons: [{ Uses: var taken }] } s) when c.Uses > taken - s.UsesReturned =>
            new ReturnExceedsOriginal(ReturnMeasure.Uses, Line: null, c.Uses, taken - s.UsesReturned),
        (ReturnUses c, var s) => new BasketReturned(
            s.Returns.Count + 1, c.Request, Returns.OfUses(c.Sale, s.Returns, s.UsesReturned + c.Uses, s.Sale!.Coupons[0].Uses), c.Uses, c.At, c.Date, c.Reason),

        _ => throw new UnreachableException($"{command}"),
    };

    /// <summary>Never refuses and never computes: what happened is already in the event.</summary>
    public static Redemption Evolve(Redemption state, RedemptionEvent fact) => fact switch
    {
        BasketRedeemed e => state with { Sale = e.Sale },
        BasketVoided => state with { IsVoided = true },
        BasketReturned e => state with { Returns = [.. state.Returns, e.Return], UsesReturned = state.UsesReturned + (e.Uses ?? 0) },
        _ => throw new UnreachableException($"{fact}"),
    };

    private static Instant VoidableUntil(VoidBasket c, RedeemedBasket sale) => Instant.Max(sale.VoidableUntil, sale.At + c.Grace);

    private static Decision<RedemptionEvent> OfGoods(ReturnGoods c, Redemption s)
    {
        var items = c.Items.Count > 0 ? c.Items : Returns.AllLeft(c.Sale.Basket, s.Returns);
        if (items.Count == 0) return new NothingLeftToReturn(c.Id);
        return Returns.Decide(c.Sale, s.Returns, items) switch
        {
            Decision<GoodsReturn>.Rejected(var reason) => reason,
            Decision<GoodsReturn>.Accepted { Events: [var goods] } => new BasketReturned(s.Returns.Count + 1, c.Request, goods, Uses: null, c.At, c.Date, c.Reason),
            var other => throw new UnreachableException($"{other}"),
        };
    }
}
