using System.Diagnostics;
using NodaTime;
using static Ledger.Traffic.TrafficCommand;
using static Ledger.Traffic.TrafficEvent;

namespace Ledger.Traffic;

/// <summary>Visitors earn credit once a day each, placements spend it, the next to expire first, and the clock takes what is left. Pure.</summary>
public static class TrafficDecider
{
    /// <summary>What the clock ended is recorded with what follows.</summary>
    public static Decision<TrafficEvent> Decide(TrafficCommand command, TrafficAccount state)
    {
        ArgumentNullException.ThrowIfNull(state);
        List<TrafficEvent> ended = [.. Ended(state, NowOf(command))];
        var left = ended.Aggregate(state, Evolve);
        return DecideNow(command, left) switch
        {
            Decision<TrafficEvent>.Accepted(var facts) => new Decision<TrafficEvent>.Accepted([.. ended, .. facts]),
            var refused => refused,
        };
    }

    /// <summary>Never refuses and never computes: what happened is already in the event.</summary>
    public static TrafficAccount Evolve(TrafficAccount state, TrafficEvent fact) => fact switch
    {
        VisitorAttributed e => new(Put(state.Lots, new(e.ExpiresAt, e.ExpiresOn, e.Pv)), Book(state.Months, new(MonthOf(e.Date), e.Pv, 0, 0))),
        ExposureSpent e => new(Take(state.Lots, e.Lots), Book(state.Months, new(MonthOf(e.Date), 0, e.Pv, 0))),
        ExposureExpired e => new([.. state.Lots.Where(lot => lot.ExpiresAt != e.At)], Book(state.Months, new(MonthOf(e.Date), 0, 0, e.Pv))),
        _ => throw new UnreachableException($"{fact}"),
    };

    /// <summary>A visitor counts once on a business date.</summary>
    public static IReadOnlyList<TallyChange> TalliesOf(TrafficEvent fact) => fact switch
    {
        VisitorAttributed e => [new(TrafficStreams.Visitor(e.Visitor, e.Date), 1)],
        _ => [],
    };

    /// <summary>Reads top to bottom: the first line that matches answers.</summary>
    private static Decision<TrafficEvent> DecideNow(TrafficCommand command, TrafficAccount state) => (command, state) switch
    {
        (AttributeVisitor { IsCounted: true }, _) => Decision<TrafficEvent>.Unchanged,
        (AttributeVisitor c, var s) => new VisitorAttributed(
            c.Visitor, c.Surface, c.Terms.Version, c.Terms.PvPerVisitor, c.Date, c.ExpiresOn, c.ExpiresAt, c.At,
            s.DueAt is { } due ? Instant.Min(due, c.ExpiresAt) : c.ExpiresAt),
        (SpendExposure c, var s) when c.Pv > s.Balance => new InsufficientExposure(c.Pv, s.Balance),
        (SpendExposure c, var s) => Spent(c, s),
        (ReadTrafficClock, _) => Decision<TrafficEvent>.Unchanged,
        _ => throw new UnreachableException($"{command} on {state}"),
    };

    private static Instant NowOf(TrafficCommand command) => command switch
    {
        AttributeVisitor c => c.Now,
        SpendExposure c => c.Now,
        ReadTrafficClock c => c.Now,
        _ => throw new UnreachableException($"{command}"),
    };

    private static IEnumerable<TrafficEvent> Ended(TrafficAccount state, Instant now) => state.Lots
        .TakeWhile(lot => lot.ExpiresAt <= now)
        .Select((lot, i) => new ExposureExpired(lot.Pv, lot.ExpiresOn, lot.ExpiresAt, state.Lots.Count == i + 1 ? null : state.Lots[i + 1].ExpiresAt));

    private static ExposureSpent Spent(SpendExposure c, TrafficAccount s)
    {
        var (taken, rest) = (new List<TrafficLot>(), c.Pv);
        foreach (var lot in s.Lots)
        {
            if (rest == 0) break;
            var part = Math.Min(rest, lot.Pv);
            taken.Add(lot with { Pv = part });
            rest -= part;
        }

        var left = Take(s.Lots, taken);
        return new(c.Spend, c.Pv, taken, c.Date, c.Now, left.Count == 0 ? null : left[0].ExpiresAt);
    }

    private static LocalDate MonthOf(LocalDate date) => new(date.Year, date.Month, 1);

    private static IReadOnlyList<TrafficLot> Put(IReadOnlyList<TrafficLot> lots, TrafficLot more) =>
    [
        .. lots.Where(lot => lot.ExpiresAt < more.ExpiresAt),
        more with { Pv = checked(more.Pv + lots.Where(lot => lot.ExpiresAt == more.ExpiresAt).Sum(lot => lot.Pv)) },
        .. lots.Where(lot => lot.ExpiresAt > more.ExpiresAt),
    ];

    private static IReadOnlyList<TrafficLot> Take(IReadOnlyList<TrafficLot> lots, IReadOnlyList<TrafficLot> parts) =>
    [
        .. lots.Select(lot => lot with { Pv = lot.Pv - parts.Where(part => part.ExpiresAt == lot.ExpiresAt).Sum(part => part.Pv) }).Where(lot => lot.Pv > 0),
    ];

    private static IReadOnlyList<TrafficMonth> Book(IReadOnlyList<TrafficMonth> months, TrafficMonth more)
    {
        var known = months.Where(month => month.Month == more.Month).Append(more).Aggregate((a, b) => checked(
            new TrafficMonth(a.Month, a.Earned + b.Earned, a.Spent + b.Spent, a.Expired + b.Expired)));
        return [.. months.Where(month => month.Month < more.Month), known, .. months.Where(month => month.Month > more.Month)];
    }
}
