using System.Diagnostics;
using NodaTime;
using static Ledger.Coupons.Associations.AssociationCommand;
using static Ledger.Coupons.Associations.AssociationEvent;

namespace Ledger.Coupons.Associations;

/// <summary>Which order a coupon belongs to, for statistics of what coupons brought: it is neither used nor kept by it.</summary>
/// <param name="Trade">The order's trade number; null: none.</param>
/// <param name="Last">The trade number that it was parted from last; null: from none.</param>
public sealed record Association(string? Trade, string? Last, Instant At)
{
    public static Association None { get; } = new(null, null, default);
}

// The case names below are the stored event types. Never rename one: add a new case instead.
public abstract record AssociationEvent
{
    private AssociationEvent() { }

    public sealed record CouponAssociated(string Code, string Campaign, string Trade, Instant At) : AssociationEvent;

    public sealed record CouponDisassociated(string Code, string Campaign, string Trade, Instant At) : AssociationEvent;
}

public abstract record AssociationCommand
{
    private AssociationCommand() { }

    public sealed record Associate(string Code, string Campaign, string Trade, Instant At) : AssociationCommand;

    public sealed record Disassociate(string Code, string Campaign, string Trade, Instant At) : AssociationCommand;
}

/// <param name="Trade">The order that it belongs to.</param>
public sealed record AssociatedElsewhere(string Trade) : Rejection(
    RejectionKind.Conflict, "The coupon belongs to another order", "Part it from trade first, or name that order.");

/// <param name="Trade">The order that it belongs to; absent: none.</param>
public sealed record NotAssociated(string? Trade) : Rejection(
    RejectionKind.Conflict, "The coupon does not belong to this order", "Name the order that it belongs to; where there is none, nothing is to be done.");

/// <summary>A coupon belongs to one order at a time. Pure.</summary>
public static class AssociationDecider
{
    /// <summary>Reads top to bottom: the first line that matches answers.</summary>
    public static Decision<AssociationEvent> Decide(AssociationCommand command, Association state) => (command, state) switch
    {
        (Associate c, { Trade: null }) => new CouponAssociated(c.Code, c.Campaign, c.Trade, c.At),
        (Associate c, { Trade: { } trade }) => trade == c.Trade ? Decision<AssociationEvent>.Unchanged : new AssociatedElsewhere(trade),
        (Disassociate c, { Trade: { } trade }) when trade == c.Trade => new CouponDisassociated(c.Code, c.Campaign, c.Trade, c.At),
        (Disassociate c, { Trade: null, Last: { } last }) when last == c.Trade => Decision<AssociationEvent>.Unchanged,
        (Disassociate, var s) => new NotAssociated(s.Trade),
        _ => throw new UnreachableException($"{command} on {state}"),
    };

    /// <summary>Never refuses and never computes: what happened is already in the event.</summary>
    public static Association Evolve(Association state, AssociationEvent fact) => fact switch
    {
        CouponAssociated e => state with { Trade = e.Trade, At = e.At },
        CouponDisassociated e => new(null, e.Trade, e.At),
        _ => throw new UnreachableException($"{fact}"),
    };
}

/// <summary>Streams <c>association-{code}</c>: beside the coupon, so that tills pay nothing for it.</summary>
public static class AssociationStream
{
    public static StreamType<Association, AssociationEvent> Type { get; } = new("association", Schema: 1, Association.None, AssociationDecider.Evolve);

    public static Stream<Association, AssociationEvent> Of(string code) => Type.At($"association-{code}");

    public static Operation Associate(Request request, string code, string trade) => On(
        request, code, campaign => new Associate(code, campaign, trade, request.Now), trade);

    public static Operation Disassociate(Request request, string code, string trade) => On(
        request, code, campaign => new Disassociate(code, campaign, trade, request.Now), trade);

    private static Operation On(Request request, string code, Func<string, AssociationCommand> command, string trade)
    {
        var (coupon, stream) = (CouponStream.Of(code), Of(code));
        return new(request, [coupon, stream], [], book =>
        {
            if (book.State(coupon) is not { Status: not CouponStatus.None, Campaign: var campaign }) return new CodeNotFound();
            var state = book.State(stream);
            return Verdict.Of(stream, state, AssociationDecider.Decide(command(campaign), state), (_, after) => new AssociationView(code, campaign, trade, after.Trade == trade));
        });
    }
}

/// <param name="Trade">The order that was named.</param>
/// <param name="IsAssociated">Whether the coupon belongs to it now.</param>
public sealed record AssociationView(string Code, string Campaign, string Trade, bool IsAssociated);
