using System.Diagnostics;
using NodaTime;
using static Ledger.Traffic.TrafficCommand;

namespace Ledger.Traffic;

/// <summary>Streams <c>traffic-account</c> and <c>traffic-terms</c> of a merchant's book, and <c>traffic-spend-{number}</c> for each placement.</summary>
public static class TrafficStreams
{
    public static StreamType<TrafficAccount, TrafficEvent> AccountType { get; } = new("traffic_account", Schema: 1, TrafficAccount.None, TrafficDecider.Evolve, TrafficDecider.TalliesOf);

    public static StreamType<TrafficTerms, TrafficTermsEvent> TermsType { get; } = new("traffic_terms", Schema: 1, TrafficTerms.Default, Evolve);

    public static StreamType<ExposureSpend, ExposureSpendEvent> SpendType { get; } = new("traffic_spend", Schema: 1, ExposureSpend.None, Evolve);

    public static Stream<TrafficAccount, TrafficEvent> Account { get; } = AccountType.At("traffic-account");

    public static Stream<TrafficTerms, TrafficTermsEvent> Terms { get; } = TermsType.At("traffic-terms");

    public static Stream<ExposureSpend, ExposureSpendEvent> SpendOf(string number) => SpendType.At($"traffic-spend-{number}");

    /// <summary>Whether the visitor counted on that business date.</summary>
    public static string Visitor(string visitor, LocalDate date) => $"visitor/{date:uuuu-MM-dd}/{visitor}";

    private static TrafficTerms Evolve(TrafficTerms state, TrafficTermsEvent fact) => fact switch
    {
        TrafficTermsEvent.TrafficTermsPublished e => e.Terms,
        _ => throw new UnreachableException($"{fact}"),
    };

    private static ExposureSpend Evolve(ExposureSpend state, ExposureSpendEvent fact) => fact switch
    {
        ExposureSpendEvent.ExposurePlaced e => new(e.Placement, e.Pv, e.Left, e.At),
        _ => throw new UnreachableException($"{fact}"),
    };
}

/// <summary>The requests about visitors and exposure, as operations.</summary>
public static class TrafficOperations
{
    /// <summary>Publishes the terms for visitors from now on; the same again changes nothing.</summary>
    public static Operation Publish(Request request, long pvPerVisitor, int validDays)
    {
        ArgumentNullException.ThrowIfNull(request);
        var stream = TrafficStreams.Terms;
        return new(request, [stream], [], book =>
        {
            var (state, said) = (book.State(stream), new TrafficTerms(book.State(stream).Version + 1, pvPerVisitor, validDays));
            return state == said with { Version = state.Version }
                ? new Verdict.Accepted([], state)
                : new Verdict.Accepted([new(stream, new TrafficTermsEvent.TrafficTermsPublished(said, request.Now))], said);
        });
    }

    /// <summary>Counts a visitor whom the merchant brought, once on a business date.</summary>
    /// <param name="at">When the visitor came; <paramref name="date"/> is its business date in <paramref name="zone"/>.</param>
    public static Operation Attribute(Request request, string visitor, Surface? surface, Instant at, LocalDate date, DateTimeZone zone)
    {
        ArgumentNullException.ThrowIfNull(request);
        var (account, counted) = (TrafficStreams.Account, TrafficStreams.Visitor(visitor, date));
        return new(request, [account, TrafficStreams.Terms], [counted], book =>
        {
            var (terms, state) = (book.State(TrafficStreams.Terms), book.State(account));
            var (isCounted, expires) = (book.Tally(counted) > 0, date.PlusDays(terms.ValidDays));
            var command = new AttributeVisitor(visitor, surface, terms, isCounted, at, date, expires, Times.StartOfDay(expires, zone), request.Now);
            return Verdict.Of(account, state, TrafficDecider.Decide(command, state), (_, after) => new VisitorView(
                visitor, date, IsNew: !isCounted, isCounted ? 0 : terms.PvPerVisitor, after.Balance));
        });
    }

    /// <summary>Pays for a placement; the same again, under whatever key, answers the same.</summary>
    /// <param name="number">The caller's own number of it.</param>
    /// <param name="date">The business date of the request.</param>
    public static Operation Spend(Request request, string number, string placement, long pv, LocalDate date)
    {
        ArgumentNullException.ThrowIfNull(request);
        var (account, spend) = (TrafficStreams.Account, TrafficStreams.SpendOf(number));
        return new(request, [account, spend], [], book =>
        {
            var (state, known) = (book.State(account), book.State(spend));
            if (known.Placement.Length > 0)
            {
                return (known.Placement, known.Pv) == (placement, pv)
                    ? new Verdict.Accepted([], ExposureSpendView.Of(number, known))
                    : new ExposureSpendDiffers(number, known.Placement, known.Pv);
            }

            var decision = TrafficDecider.Decide(new SpendExposure(number, pv, date, request.Now), state);
            if (decision is Decision<TrafficEvent>.Rejected(var reason)) return reason;
            var facts = ((Decision<TrafficEvent>.Accepted)decision).Events;
            var made = new ExposureSpend(placement, pv, facts.Aggregate(state, TrafficDecider.Evolve).Balance, request.Now);
            return new Verdict.Accepted(
                [.. account.With(facts), new(spend, new ExposureSpendEvent.ExposurePlaced(number, made.Placement, made.Pv, made.Left, made.At))], ExposureSpendView.Of(number, made));
        });
    }

    /// <summary>Sent by the timer; answers nothing that anyone reads.</summary>
    public static Operation ReadClock(Request request)
    {
        ArgumentNullException.ThrowIfNull(request);
        var account = TrafficStreams.Account;
        return new(request, [account], [], book => Verdict.Of(
            account, book.State(account), TrafficDecider.Decide(new ReadTrafficClock(request.Now), book.State(account)), (_, after) => after));
    }
}

/// <summary>What came of a visitor.</summary>
/// <param name="IsNew">False: the visitor counted on that date already, and nothing was earned.</param>
/// <param name="Pv">Earned, in page views.</param>
/// <param name="Balance">After it.</param>
public sealed record VisitorView(string Visitor, LocalDate Date, bool IsNew, long Pv, long Balance);

/// <param name="Left">The balance right after it.</param>
public sealed record ExposureSpendView(string Spend, string Placement, long Pv, long Left, Instant At)
{
    public static ExposureSpendView Of(string number, ExposureSpend spend)
    {
        ArgumentNullException.ThrowIfNull(spend);
        return new(number, spend.Placement, spend.Pv, spend.Left, spend.At);
    }
}

/// <summary>A merchant's credit for exposure.</summary>
/// <param name="Balance">What can be spent at the moment of the answer.</param>
public sealed record TrafficView(long Balance, IReadOnlyList<TrafficLot> Lots, TrafficTerms Terms)
{
    public static TrafficView Of(TrafficAccount account, TrafficTerms terms, Instant now)
    {
        ArgumentNullException.ThrowIfNull(account);
        List<TrafficLot> lots = [.. account.Lots.Where(lot => lot.ExpiresAt > now)];
        return new(lots.Sum(lot => lot.Pv), lots, terms);
    }
}

/// <summary>A month of the statement: closing = opening + earned − spent − expired, and the next month opens with it.</summary>
public sealed record TrafficStatementMonth(LocalDate Month, long Opening, long Earned, long Spent, long Expired, long Closing);

/// <summary>What each month came to, as far as it was booked: the months in which anything happened.</summary>
public sealed record TrafficStatement(IReadOnlyList<TrafficStatementMonth> Months)
{
    public static TrafficStatement Of(TrafficAccount account)
    {
        ArgumentNullException.ThrowIfNull(account);
        var (months, opening) = (new List<TrafficStatementMonth>(account.Months.Count), 0L);
        foreach (var month in account.Months)
        {
            var closing = checked(opening + month.Earned - month.Spent - month.Expired);
            months.Add(new(month.Month, opening, month.Earned, month.Spent, month.Expired, closing));
            opening = closing;
        }

        return new(months);
    }
}
