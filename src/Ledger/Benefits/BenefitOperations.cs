using Ledger.Coupons;
using Ledger.Points;
using NodaTime;
using static Ledger.Benefits.BenefitCommand;
using static Ledger.Benefits.BenefitOrderCommand;

namespace Ledger.Benefits;

/// <summary>Benefits for points, as operations: the order, the points and the coupon move together or not at all.</summary>
public static class BenefitOperations
{
    public static Operation List(Request request, string id, Benefit benefit)
    {
        ArgumentNullException.ThrowIfNull(benefit);
        var home = PointsStreams.ProgramOf(benefit.Program);
        return OnBenefit(request, id, [home], book => book.State(home).Name is null ? new PointsProgramUnknown(benefit.Program) : null, _ => new ListBenefit(id, benefit));
    }

    /// <summary>Sets the stock, compared with what the caller believes and with what is ordered.</summary>
    public static Operation Stock(Request request, string id, long? expected, long target) => OnBenefit(request, id, [], _ => null, ordered => new ChangeStock(id, expected, target, ordered));

    public static Operation Withdraw(Request request, string id) => OnBenefit(request, id, [], _ => null, _ => new TakeOff(id));

    /// <summary>Orders one for a member: points are spent, or for a pick-up held, and a coupon is issued where it is one.</summary>
    /// <param name="code">A fresh code, for the coupon where it is one.</param>
    /// <param name="date">The business date of now in the merchant's zone.</param>
    public static Operation Order(Request request, string benefitId, string member, string code, LocalDate date, IReadOnlyList<MemberRule>? rules = null)
    {
        ArgumentNullException.ThrowIfNull(request);
        var id = PointsSpendStream.IdOf(request.Key!, "b");
        var (benefit, order, spend, ordered) = (BenefitStreams.BenefitOf(benefitId), BenefitStreams.OrderOf(id), PointsSpendStream.Of(id), BenefitStreams.Ordered(benefitId));
        return new(request, [benefit, order, spend, .. (rules ?? []).Select(rule => rule.Stream)], [ordered], book =>
        {
            var item = book.State(benefit);
            if (item.Name is null) return new BenefitUnknown(benefitId);
            if ((rules ?? []).Select(rule => rule.Refusal(book)).FirstOrDefault(refusal => refusal is not null) is { } refused) return refused;
            var issue = item.Kind == BenefitItemKind.Coupon ? CouponOperations.Issue(request, item.Campaign!, code, member, "points", request.Now, date) : null;
            StreamName[] needed = [PointsStreams.ProgramOf(item.Program), PointsStreams.AccountOf(item.Program, member), .. issue?.Streams ?? []];
            if (!needed.All(book.Has) || issue?.Tallies.All(book.HasTally) == false) return new Verdict.NeedsMore(needed) { Tallies = issue?.Tallies ?? [] };
            return book.WithTerms(item.Program, null, (home, terms) =>
            {
                var issued = issue?.Decide(book) as Verdict.Accepted;
                if (issue is not null && issued is null) return issue.Decide(book);
                var asked = new Asked(item.Program, member, request.Now, home.Zone());
                Instant? end = item.Kind == BenefitItemKind.PickUp ? Times.StartOfDay(asked.DateOf(request.Now).PlusDays(item.Days + 1), asked.Zone) : null;
                var command = new OrderBenefit(
                    benefitId, item, member, book.Tally(ordered), (issued?.Answer as IssuedView)?.Code, end, asked.DateOf(request.Now), request.Now);
                if (BenefitDecider.Decide(command, book.State(order)).Facts(out var reason) is not { } facts) return reason;
                var paid = end is { } until
                    ? SpendOperations.Held(book, id, home, terms, asked, item.Points, until, $"benefit {benefitId}")
                    : SpendOperations.Spent(book, id, home, terms, asked, item.Points, $"benefit {benefitId}");
                return Together(paid, id, book.State(order), order, facts, issued?.Changes ?? []);
            });
        });
    }

    /// <summary>Hands it over: at a designated store, where it has any.</summary>
    public static Operation PickUp(Request request, string id, string? store) => OnOrder(request, id, (asked, _) => new PickUpBenefit(id, store, asked.DateOf(asked.Now), asked.Now));

    /// <summary>Gives the points back.</summary>
    public static Operation Cancel(Request request, string id) => OnOrder(request, id, (asked, _) => new CancelBenefit(id, asked.DateOf(asked.Now), asked.Now));

    /// <summary>Sent by the timer; answers nothing that anyone reads.</summary>
    public static Operation Expire(Request request, string id) =>
        OnOrder(request, id, (asked, order) => new ExpireOrder(id, asked.DateOf(order.ExpiresAt ?? asked.Now), asked.Now));

    /// <summary>An order and the points that it holds or has spent.</summary>
    private static Operation OnOrder(Request request, string id, Func<Asked, BenefitOrder, BenefitOrderCommand> command)
    {
        ArgumentNullException.ThrowIfNull(request);
        var (order, stream) = (BenefitStreams.OrderOf(id), PointsSpendStream.Of(id));
        return new(request, [order, stream], [], book => SpendOperations.WithSpend(book, id, request.Now, new BenefitOrderUnknown(id), (spend, terms, asked) =>
        {
            var state = book.State(order);
            if (BenefitDecider.Decide(command(asked, state), state).Facts(out var reason) is not { } facts) return reason;
            var paid = facts switch
            {
                [BenefitOrderEvent.BenefitPickedUp { Redeemed: 1 }] => SpendOperations.Committed(book, id, spend, terms, asked),
                [BenefitOrderEvent.BenefitCancelled { Redeemed: 0 } or BenefitOrderEvent.BenefitOrderExpired] => SpendOperations.Released(book, id, spend, terms, asked),
                [BenefitOrderEvent.BenefitCancelled] => SpendOperations.Refunded(book, id, spend, terms, asked, null),
                _ => new Verdict.Accepted([], BenefitOrderView.Of(id, state)),
            };
            return Together(paid, id, state, order, facts, []);
        }));
    }

    private static Operation OnBenefit(
        Request request, string id, IReadOnlyList<StreamName> streams, Func<BookStates, Rejection?> refusal, Func<long, BenefitCommand> command)
    {
        var (benefit, ordered) = (BenefitStreams.BenefitOf(id), BenefitStreams.Ordered(id));
        return new(request, [benefit, .. streams], [ordered], book => refusal(book) is { } reason
            ? reason
            : Verdict.Of(benefit, book.State(benefit), BenefitDecider.Decide(command(book.Tally(ordered)), book.State(benefit)), (_, after) => BenefitView.Of(id, after, book.Tally(ordered))));
    }

    /// <summary>What the points did and what the order did, as one; refused where the points are.</summary>
    private static Verdict Together(
        Verdict paid, string id, BenefitOrder state, Stream<BenefitOrder, BenefitOrderEvent> order, IReadOnlyList<BenefitOrderEvent> facts, IReadOnlyList<Change> also) =>
        paid is Verdict.Accepted accepted
            ? new Verdict.Accepted([.. accepted.Changes, .. order.With(facts), .. also], BenefitOrderView.Of(id, facts.Aggregate(state, BenefitDecider.Evolve)))
            : paid;
}

/// <summary>A benefit as the API shows it.</summary>
/// <param name="Ordered">Ordered and not given back.</param>
/// <param name="IsOffered">Whether it may be ordered, as far as stock lasts.</param>
public sealed record BenefitView(
    string Id, string Name, string Program, long Points, BenefitItemKind Kind, long? Stock, long Ordered, IReadOnlyList<string> Stores, string? Campaign, int? Days, bool IsOffered)
{
    public static BenefitView Of(string id, Benefit benefit, long ordered)
    {
        ArgumentNullException.ThrowIfNull(benefit);
        return new(
            id, benefit.Name!, benefit.Program, benefit.Points, benefit.Kind, benefit.Stock, ordered, benefit.Stores, benefit.Campaign,
            benefit.Kind == BenefitItemKind.PickUp ? benefit.Days : null, !benefit.IsWithdrawn);
    }
}

/// <summary>An order as the API shows it.</summary>
/// <param name="Code">The coupon that was issued.</param>
public sealed record BenefitOrderView(
    string OrderId, BenefitOrderStatus Status, string Benefit, BenefitItemKind Kind, string Program, string Member, long Points, IReadOnlyList<string> Stores, Instant? ExpiresAt, string? Code,
    string? Store, Instant At)
{
    public static BenefitOrderView Of(string id, BenefitOrder order)
    {
        ArgumentNullException.ThrowIfNull(order);
        return new(id, order.Status, order.Benefit, order.Kind, order.Program, order.Member, order.Points, order.Stores, order.ExpiresAt, order.Code, order.Store, order.At);
    }
}
