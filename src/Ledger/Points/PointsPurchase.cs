using System.Diagnostics;
using NodaTime;
using static Ledger.Points.PointsPurchaseCommand;
using static Ledger.Points.PointsPurchaseEvent;

namespace Ledger.Points;

/// <summary>An order that earned points: what stands of it, line by line, so that what comes back claws back what it earned and no more.</summary>
/// <param name="Version">The version of the programme's terms under which it earned, and under which it is reversed.</param>
/// <param name="Bought">The net amount of the whole order.</param>
/// <param name="Lines">What was not returned; empty while nothing was bought.</param>
/// <param name="Points">What the lines that stand earn.</param>
/// <param name="IsOfPayment">Whether the payment of its number earned it, with that payment's lines; false: by hand, with a receipt's. Null: recorded before that was told apart.</param>
public sealed record PointsPurchase(
    string Member, int Version, Money Bought, IReadOnlyList<PurchaseLine> Lines, long Points, string Funder, Instant At, bool? IsOfPayment = null)
{
    public static PointsPurchase None { get; } = new("", 0, Money.Zero, [], 0, "", default);

    public bool Equals(PointsPurchase? other) =>
        other is not null && (Member, Version, Bought, Points, Funder, At, IsOfPayment) == (other.Member, other.Version, other.Bought, other.Points, other.Funder, other.At, other.IsOfPayment)
        && Lines.SequenceEqual(other.Lines);

    public override int GetHashCode() => HashCode.Combine(Member, Version, Bought, Points, At);

    /// <summary>Never refuses and never computes.</summary>
    public static PointsPurchase Evolve(PointsPurchase state, PointsPurchaseEvent fact) => fact switch
    {
        PointsPurchaseRecorded e => new(e.Member, e.Version, e.Bought, e.Lines, e.Points, e.Funder, e.At, e.IsOfPayment),
        PointsPurchaseReversed e => state with { Lines = e.Lines, Points = e.Points },
        _ => throw new UnreachableException($"{fact}"),
    };
}

/// <param name="Line">Its number on the receipt; empty: the order as a whole, of which no lines were named.</param>
/// <param name="Net">What was paid for it, after discounts and without points.</param>
public readonly record struct PurchaseLine(string Line, Money Net);

// The case names below are the stored event types. Never rename one: add a new case instead.
public abstract record PointsPurchaseEvent
{
    private PointsPurchaseEvent() { }

    /// <param name="IsOfPayment">Null: recorded before that was told apart.</param>
    public sealed record PointsPurchaseRecorded(
        string Program, string Order, string Member, int Version, Money Bought, IReadOnlyList<PurchaseLine> Lines, long Points, string Funder, Instant At, bool? IsOfPayment = null) : PointsPurchaseEvent
    {
        public bool Equals(PointsPurchaseRecorded? other) =>
            other is not null && (Program, Order, Member, Version, Bought, Points, Funder) == (other.Program, other.Order, other.Member, other.Version, other.Bought, other.Points, other.Funder)
            && (At, IsOfPayment) == (other.At, other.IsOfPayment) && Lines.SequenceEqual(other.Lines);

        public override int GetHashCode() => HashCode.Combine(Program, Order, Points);
    }

    /// <param name="Returned">What came back.</param>
    /// <param name="Lines">What stands then, and what it earns.</param>
    public sealed record PointsPurchaseReversed(
        string Program, string Order, string Member, IReadOnlyList<PurchaseLine> Returned, IReadOnlyList<PurchaseLine> Lines, long Points, Instant At) : PointsPurchaseEvent
    {
        public bool Equals(PointsPurchaseReversed? other) =>
            other is not null && (Program, Order, Member, Points, At) == (other.Program, other.Order, other.Member, other.Points, other.At)
            && Returned.SequenceEqual(other.Returned) && Lines.SequenceEqual(other.Lines);

        public override int GetHashCode() => HashCode.Combine(Program, Order, Points, At);
    }
}

public abstract record PointsPurchaseCommand
{
    private PointsPurchaseCommand() { }

    /// <param name="Lines">One or more; each line once.</param>
    public sealed record RecordPurchase(
        string Program, string Order, string Member, int Version, PointsTerms Terms, IReadOnlyList<PurchaseLine> Lines, string Funder, Instant At, bool IsOfPayment = false) : PointsPurchaseCommand;

    /// <param name="Returned">What comes back; empty: all that stands.</param>
    /// <param name="Terms">Those of the purchase.</param>
    public sealed record ReversePurchase(string Program, string Order, IReadOnlyList<PurchaseLine> Returned, PointsTerms Terms, Instant At) : PointsPurchaseCommand;
}

/// <summary>An order earns once; what is returned of it is taken out, and what stands is reckoned anew. Pure.</summary>
public static class PointsPurchaseDecider
{
    /// <summary>Reads top to bottom: the first line that matches answers.</summary>
    public static Decision<PointsPurchaseEvent> Decide(PointsPurchaseCommand command, PointsPurchase state) => (command, state) switch
    {
        (RecordPurchase c, { Lines: [], Version: 0 }) => new PointsPurchaseRecorded(
            c.Program, c.Order, c.Member, c.Version, Total(c.Lines), c.Lines, PointsOf(c.Terms, c.Lines), c.Funder, c.At, c.IsOfPayment),
        (RecordPurchase c, var s) when (c.Member, Total(c.Lines)) == (s.Member, s.Bought) => Decision<PointsPurchaseEvent>.Unchanged,
        (RecordPurchase c, _) => new PointsPurchaseExists(c.Order),

        (ReversePurchase c, { Version: 0 }) => new PointsPurchaseUnknown(c.Order),
        (ReversePurchase { Returned: [] }, { Lines: [] }) => Decision<PointsPurchaseEvent>.Unchanged,
        (ReversePurchase { Returned: [] } c, var s) => new PointsPurchaseReversed(c.Program, c.Order, s.Member, s.Lines, [], 0, c.At),
        (ReversePurchase c, var s) when c.Returned.Where(line => line.Net > NetOf(s, line.Line)).ToList() is [var line, ..] =>
            new ReturnExceedsPurchase(line.Line, NetOf(s, line.Line)),
        (ReversePurchase c, var s) => Reversed(c, s),
        _ => throw new UnreachableException($"{command} on {state}"),
    };

    public static Money Total(IEnumerable<PurchaseLine> lines) => Money.Sum(lines.Select(line => line.Net));

    private static long PointsOf(PointsTerms terms, IEnumerable<PurchaseLine> lines) => terms.Earning.On(lines.Select(line => line.Net));

    private static Money NetOf(PointsPurchase s, string line) => s.Lines.FirstOrDefault(one => one.Line == line).Net;

    private static PointsPurchaseReversed Reversed(ReversePurchase c, PointsPurchase s)
    {
        var returned = c.Returned.ToDictionary(line => line.Line, line => line.Net, StringComparer.Ordinal);
        IReadOnlyList<PurchaseLine> kept = [.. s.Lines.Select(line => line with { Net = line.Net - returned.GetValueOrDefault(line.Line) }).Where(line => line.Net > Money.Zero)];
        return new(c.Program, c.Order, s.Member, c.Returned, kept, PointsOf(c.Terms, kept), c.At);
    }
}

/// <summary>Streams of purchases: <c>pointspurchase-{program}/{order}</c>, so that an order earns once.</summary>
public static class PointsPurchaseStream
{
    public static StreamType<PointsPurchase, PointsPurchaseEvent> Type { get; } = new("points_purchase", Schema: 2, PointsPurchase.None, PointsPurchase.Evolve);

    public static Stream<PointsPurchase, PointsPurchaseEvent> Of(string program, string order) => Type.At($"pointspurchase-{program}/{order}");
}
