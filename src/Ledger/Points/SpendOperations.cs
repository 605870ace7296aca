using NodaTime;
using static Ledger.Points.PointsCommand;
using static Ledger.Points.PointsEvent;
using static Ledger.Points.PointsSpendCommand;

namespace Ledger.Points;

/// <summary>Spending points, in one shot or in two phases, and giving them back, as operations.</summary>
public static class SpendOperations
{
    /// <summary>Sets points aside for a payment or a pick-up.</summary>
    /// <param name="order">What they are to pay for, in the caller's words.</param>
    public static Operation Hold(
        Request request, string program, string member, long points, Duration duration, string? order, IReadOnlyList<MemberRule>? rules = null)
    {
        ArgumentNullException.ThrowIfNull(request);
        var id = PointsSpendStream.IdOf(request.Key!);
        return PointsOperations.OnAccount(request, program, member, [PointsSpendStream.Of(id)], [], rules, (book, home, terms, asked) =>
            Held(book, id, home, terms, asked, points, asked.Now + duration, order));
    }

    /// <summary>Spends points in one shot.</summary>
    public static Operation Spend(Request request, string program, string member, long points, string? order, IReadOnlyList<MemberRule>? rules = null)
    {
        ArgumentNullException.ThrowIfNull(request);
        var id = PointsSpendStream.IdOf(request.Key!);
        return PointsOperations.OnAccount(request, program, member, [PointsSpendStream.Of(id)], [], rules, (book, home, terms, asked) =>
            Spent(book, id, home, terms, asked, points, order));
    }

    /// <summary>Spends what is held.</summary>
    public static Operation Commit(Request request, string id) => OnSpend(request, id, (book, spend, terms, asked) => Committed(book, id, spend, terms, asked));

    /// <summary>Gives back what is held.</summary>
    public static Operation Release(Request request, string id) => OnSpend(request, id, (book, spend, terms, asked) => Released(book, id, spend, terms, asked));

    /// <summary>Gives back what was spent, the last consumed first.</summary>
    /// <param name="points">Null: all that is left.</param>
    public static Operation Refund(Request request, string id, long? points) => OnSpend(request, id, (book, spend, terms, asked) => Refunded(book, id, spend, terms, asked, points));

    internal static Verdict Held(BookStates book, string id, PointsProgram home, PointsTerms terms, Asked asked, long points, Instant end, string? order)
    {
        var (account, stream) = (PointsStreams.AccountOf(asked.Program, asked.Member), PointsSpendStream.Of(id));
        if (PointsDecider.Decide(new HoldPoints(asked, id, points, terms, end), book.State(account)).Facts(out var reason) is not { } held) return reason;
        var record = new HoldSpend(id, asked.Program, asked.Member, home.Version, points, end, order, asked.Now);
        return Recorded(book, id, account, held, PointsSpendDecider.Decide(record, book.State(stream)), terms);
    }

    internal static Verdict Spent(BookStates book, string id, PointsProgram home, PointsTerms terms, Asked asked, long points, string? order)
    {
        var (account, stream) = (PointsStreams.AccountOf(asked.Program, asked.Member), PointsSpendStream.Of(id));
        if (PointsDecider.Decide(new SpendPoints(asked, id, points, terms), book.State(account)).Facts(out var reason) is not { } spent) return reason;
        var record = new MakeSpend(id, asked.Program, asked.Member, home.Version, spent.OfType<PointsSpent>().Single().Lots, order, asked.Now);
        return Recorded(book, id, account, spent, PointsSpendDecider.Decide(record, book.State(stream)), terms);
    }

    internal static Verdict Committed(BookStates book, string id, PointsSpend spend, PointsTerms terms, Asked asked)
    {
        var account = PointsStreams.AccountOf(spend.Program, spend.Member);
        if (PointsDecider.Decide(new CommitPoints(asked, id), book.State(account)).Facts(out var reason) is not { } facts) return reason;
        var lots = facts.OfType<PointsSpent>().SingleOrDefault()?.Lots ?? [];
        return Recorded(book, id, account, facts, PointsSpendDecider.Decide(new MakeSpend(id, spend.Program, spend.Member, spend.Version, lots, spend.Order, asked.Now), spend), terms);
    }

    internal static Verdict Released(BookStates book, string id, PointsSpend spend, PointsTerms terms, Asked asked)
    {
        var account = PointsStreams.AccountOf(spend.Program, spend.Member);
        if (PointsDecider.Decide(new ReleasePoints(asked, id), book.State(account)).Facts(out var reason) is not { } facts) return reason;
        return Recorded(book, id, account, facts, PointsSpendDecider.Decide(new ReleaseSpend(id, asked.Now), spend), terms);
    }

    internal static Verdict Refunded(BookStates book, string id, PointsSpend spend, PointsTerms terms, Asked asked, long? points)
    {
        var (account, stream) = (PointsStreams.AccountOf(spend.Program, spend.Member), PointsSpendStream.Of(id));
        if (PointsSpendDecider.Decide(new RefundSpend(id, points, asked.Now), spend).Facts(out var reason) is not { } refunded) return reason;
        var lots = refunded.OfType<PointsSpendEvent.PointsSpendRefunded>().SingleOrDefault()?.Lots ?? [];
        if (PointsDecider.Decide(new RestorePoints(asked, id, lots, terms.GraceDays), book.State(account)).Facts(out reason) is not { } restored) return reason;
        var view = PointsSpendView.Of(id, refunded.Aggregate(spend, PointsSpendDecider.Evolve), terms);
        return new Verdict.Accepted([.. stream.With(refunded), .. account.With(restored)], new PointsRefundView(
            view, restored.OfType<PointsRestored>().Sum(fact => fact.Points), restored.OfType<PointsRegranted>().Sum(fact => fact.Points),
            restored.OfType<PointsForfeited>().Sum(fact => fact.Points), BalanceView.Of(restored.Aggregate(book.State(account), PointsDecider.Evolve))));
    }

    /// <summary>The streams that a spend's record leads to, or what is still to be loaded.</summary>
    /// <param name="unknown">Where there is no such spend.</param>
    internal static Verdict WithSpend(BookStates book, string id, Instant now, Rejection unknown, Func<PointsSpend, PointsTerms, Asked, Verdict> decide)
    {
        var spend = book.State(PointsSpendStream.Of(id));
        if (spend.Status == SpendStatus.None) return unknown;
        StreamName[] needed = [PointsStreams.ProgramOf(spend.Program), PointsStreams.AccountOf(spend.Program, spend.Member)];
        return needed.All(book.Has)
            ? book.WithTerms(spend.Program, spend.Version, (home, terms) => decide(spend, terms, new(spend.Program, spend.Member, now, home.Zone())))
            : new Verdict.NeedsMore(needed);
    }

    private static Operation OnSpend(Request request, string id, Func<BookStates, PointsSpend, PointsTerms, Asked, Verdict> decide)
    {
        ArgumentNullException.ThrowIfNull(request);
        // What belongs to an order of a benefit is undone with that.
        return new(request, [PointsSpendStream.Of(id)], [], book => id.StartsWith('p')
            ? WithSpend(book, id, request.Now, new PointsSpendUnknown(id), (spend, terms, asked) => decide(book, spend, terms, asked))
            : new PointsSpendUnknown(id));
    }

    private static Verdict Recorded(
        BookStates book, string id, Stream<PointsAccount, PointsEvent> account, IReadOnlyList<PointsEvent> facts, Decision<PointsSpendEvent> record, PointsTerms terms)
    {
        var stream = PointsSpendStream.Of(id);
        if (record.Facts(out var reason) is not { } recorded) return reason;
        return new Verdict.Accepted(
            [.. account.With(facts), .. stream.With(recorded)], PointsSpendView.Of(id, recorded.Aggregate(book.State(stream), PointsSpendDecider.Evolve), terms));
    }
}
