using NodaTime;
using static Ledger.Points.PointsCommand;
using static Ledger.Points.PointsEvent;
using static Ledger.Points.PointsPurchaseCommand;

namespace Ledger.Points;

/// <summary>The requests of tills and merchants about members' points, as operations. Spending is in <see cref="SpendOperations"/>.</summary>
public static class PointsOperations
{
    /// <summary>An order earns, once.</summary>
    /// <param name="lines">One or more.</param>
    /// <param name="at">When it was paid, as far as the caller's word is taken.</param>
    /// <param name="rules">What else the book has to say about the member; null: nothing. So with the others.</param>
    /// <param name="isOfPayment">The payment of that number earns, by its own lines.</param>
    public static Operation Earn(
        Request request, string program, string member, string order, IReadOnlyList<PurchaseLine> lines, string funder, Instant at, IReadOnlyList<MemberRule>? rules = null,
        bool isOfPayment = false)
    {
        ArgumentNullException.ThrowIfNull(request);
        var (account, purchase) = (PointsStreams.AccountOf(program, member), PointsPurchaseStream.Of(program, order));
        return OnAccount(request, program, member, [purchase], [Expense(program, funder)], rules, (book, home, terms, asked) =>
        {
            var (before, state) = (book.State(purchase), book.State(account));
            var command = new RecordPurchase(program, order, member, home.Version, terms, lines, funder, at, isOfPayment);
            if (PointsPurchaseDecider.Decide(command, before).Facts(out var reason) is not { } recorded) return reason;
            if (recorded.Count == 0) return new Verdict.Accepted([], ViewOf(program, order, before, 0, Money.Zero, state));
            var after = recorded.Aggregate(before, PointsPurchase.Evolve);
            var earn = new EarnPoints(asked, after.Points, LotSource.Purchase, funder, at, terms, book.Left(program, home, funder), order, IsForTier: true);
            if (PointsDecider.Decide(earn, state).Facts(out reason) is not { } earned) return reason;
            return new Verdict.Accepted(
                [.. purchase.With(recorded), .. account.With(earned)], ViewOf(program, order, after, after.Points, Money.Zero, earned.Aggregate(state, PointsDecider.Evolve)));
        });
    }

    /// <summary>Takes back what was returned of an order: what stands is reckoned anew, and the difference is clawed back.</summary>
    /// <param name="returned">Empty: all that stands.</param>
    /// <param name="refund">The money that the customer gets back; null: what is returned was paid in full.</param>
    /// <param name="moment">When it was returned; null: now.</param>
    public static Operation Reverse(Request request, string program, string order, IReadOnlyList<PurchaseLine> returned, Money? refund, Instant? moment = null)
    {
        ArgumentNullException.ThrowIfNull(request);
        var purchase = PointsPurchaseStream.Of(program, order);
        return new(request, [PointsStreams.ProgramOf(program), purchase], [], book =>
        {
            var before = book.State(purchase);
            if (before.Version == 0) return book.State(PointsStreams.ProgramOf(program)).Name is null ? new PointsProgramUnknown(program) : new PointsPurchaseUnknown(order);
            var account = PointsStreams.AccountOf(program, before.Member);
            if (!book.Has(account)) return new Verdict.NeedsMore([account]);
            return book.WithTerms(program, before.Version, (home, terms) =>
            {
                var state = book.State(account);
                if (PointsPurchaseDecider.Decide(new ReversePurchase(program, order, returned, terms, request.Now), before).Facts(out var reason) is not { } reversed) return reason;
                var after = reversed.Aggregate(before, PointsPurchase.Evolve);
                var paid = refund ?? (PointsPurchaseDecider.Total(before.Lines) - PointsPurchaseDecider.Total(after.Lines));
                var asked = new Asked(program, before.Member, request.Now, home.Zone());
                var claw = new ClawBackPoints(asked, order, before.Points - after.Points, before.Funder, terms, paid, moment);
                if (PointsDecider.Decide(claw, state).Facts(out reason) is not { } clawed) return reason;
                var deduct = Money.Sum(clawed.OfType<ArrearsSettled>().Select(fact => fact.Amount));
                return new Verdict.Accepted(
                    [.. purchase.With(reversed), .. account.With(clawed)],
                    ViewOf(program, order, after, after.Points - before.Points, deduct, clawed.Aggregate(state, PointsDecider.Evolve)));
            });
        });
    }

    /// <summary>Gives points for something else than a purchase.</summary>
    public static Operation Grant(Request request, string program, string member, long points, string funder, Instant at, IReadOnlyList<MemberRule>? rules = null)
    {
        var account = PointsStreams.AccountOf(program, member);
        return OnAccount(request, program, member, [], [Expense(program, funder)], rules, (book, home, terms, asked) => Verdict.Of(
            account, book.State(account), PointsDecider.Decide(new EarnPoints(asked, points, LotSource.Grant, funder, at, terms, book.Left(program, home, funder)), book.State(account)),
            (_, after) => new PointsGrantView(program, member, points, BalanceView.Of(after))));
    }

    /// <summary>From one member to another; the points keep their expiry.</summary>
    public static Operation Transfer(Request request, string program, string member, string to, long points, IReadOnlyList<MemberRule>? rules = null)
    {
        ArgumentNullException.ThrowIfNull(request);
        var (from, other, id) = (PointsStreams.AccountOf(program, member), PointsStreams.AccountOf(program, to), PointsSpendStream.IdOf(request.Key!, "t"));
        return OnAccount(request, program, member, [other], [], rules, (book, _, terms, asked) =>
        {
            if (PointsDecider.Decide(new SendPoints(asked, id, to, points, terms.Transfers), book.State(from)).Facts(out var reason) is not { } sent) return reason;
            var lots = sent.OfType<PointsTransferredOut>().Single().Lots;
            if (PointsDecider.Decide(new ReceivePoints(asked with { Member = to }, id, member, lots), book.State(other)).Facts(out reason) is not { } received) return reason;
            return new Verdict.Accepted(
                [.. from.With(sent), .. other.With(received)],
                new PointsTransferView(id, program, member, to, points, BalanceView.Of(sent.Aggregate(book.State(from), PointsDecider.Evolve))));
        });
    }

    /// <summary>Proposes an adjustment by hand; where no other key has to approve, it is done at once.</summary>
    /// <param name="points">More than 0: to be given; less: to be taken.</param>
    public static Operation Adjust(Request request, string program, string member, long points, string funder, string reason, ApprovalRule rule)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(rule);
        var id = PointsSpendStream.IdOf(request.Key!, "a");
        var (account, adjustment) = (PointsStreams.AccountOf(program, member), PointsAdjustmentStream.Of(id));
        return OnAccount(request, program, member, [rule.Stream], [Expense(program, funder)], null, (book, home, terms, asked) =>
        {
            var proposed = new PointsAdjustmentEvent.PointsAdjustmentProposed(program, member, points, funder, reason, request.Actor, request.Now);
            var waiting = PointsAdjustment.Evolve(PointsAdjustment.None, proposed);
            return rule.NeedsAnother(book)
                ? new Verdict.Accepted([new(adjustment, proposed)], ViewOf(id, waiting, book.State(account)))
                : Approved(book, request, id, waiting, home, terms, asked, needsAnother: false) switch
                {
                    Verdict.Accepted accepted => accepted with { Changes = [new(adjustment, proposed), .. accepted.Changes] },
                    var other => other,
                };
        });
    }

    /// <summary>Approves an adjustment, and carries it out.</summary>
    public static Operation Approve(Request request, string id, ApprovalRule rule)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(rule);
        var adjustment = PointsAdjustmentStream.Of(id);
        return new(request, [adjustment, rule.Stream], [], book =>
        {
            if (book.State(adjustment) is not { Points: not 0 } proposed) return new PointsAdjustmentUnknown(id);
            StreamName[] needed = [PointsStreams.ProgramOf(proposed.Program), PointsStreams.AccountOf(proposed.Program, proposed.Member)];
            var expense = Expense(proposed.Program, proposed.Funder);
            if (!needed.All(book.Has) || !book.HasTally(expense)) return new Verdict.NeedsMore(needed) { Tallies = [expense] };
            return book.WithTerms(proposed.Program, null, (home, terms) => Approved(
                book, request, id, proposed, home, terms, new(proposed.Program, proposed.Member, request.Now, home.Zone()), rule.NeedsAnother(book)));
        });
    }

    /// <summary>Money pays arrears.</summary>
    /// <param name="points">How many of them; their value is the programme's.</param>
    public static Operation Settle(Request request, string program, string member, long points, string reference)
    {
        var account = PointsStreams.AccountOf(program, member);
        return OnAccount(request, program, member, [], [], null, (book, _, terms, asked) => Verdict.Of(
            account, book.State(account), PointsDecider.Decide(new SettleArrears(asked, points, terms.Value.Owed(points), reference), book.State(account)),
            (_, after) => new ArrearsView(program, member, points, terms.Value.Owed(points), BalanceView.Of(after))));
    }

    /// <summary>Sent by the timer; answers nothing that anyone reads.</summary>
    public static Operation ReadClock(Request request, string program, string member)
    {
        var account = PointsStreams.AccountOf(program, member);
        return OnAccount(request, program, member, [], [], null, (book, _, _, asked) => Verdict.Of(
            account, book.State(account), PointsDecider.Decide(new ReadClock(asked), book.State(account)), (_, after) => BalanceView.Of(after)));
    }

    /// <summary>An operation on a member's account under the programme's current terms.</summary>
    internal static Operation OnAccount(
        Request request, string program, string member, IReadOnlyList<StreamName> streams, IReadOnlyList<string> tallies, IReadOnlyList<MemberRule>? rules,
        Func<BookStates, PointsProgram, PointsTerms, Asked, Verdict> decide)
    {
        ArgumentNullException.ThrowIfNull(request);
        StreamName[] all = [PointsStreams.ProgramOf(program), PointsStreams.AccountOf(program, member), .. streams, .. (rules ?? []).Select(rule => rule.Stream)];
        return new(request, all, tallies, book => book.WithTerms(program, null, (home, terms) =>
            (rules ?? []).Select(rule => rule.Refusal(book)).FirstOrDefault(refusal => refusal is not null) is { } refused
                ? refused
                : decide(book, home, terms, new(program, member, request.Now, home.Zone()))));
    }

    private static Verdict Approved(
        BookStates book, Request request, string id, PointsAdjustment proposed, PointsProgram home, PointsTerms terms, Asked asked, bool needsAnother)
    {
        var (account, adjustment) = (PointsStreams.AccountOf(asked.Program, asked.Member), PointsAdjustmentStream.Of(id));
        var state = book.State(account);
        if (proposed.Approve(id, request.Actor, needsAnother, request.Now).Facts(out var reason) is not { } approved) return reason;
        if (approved.Count == 0) return new Verdict.Accepted([], ViewOf(id, proposed, state));
        var adjust = new AdjustPoints(
            asked, id, proposed.Points, proposed.Funder, proposed.Reason, proposed.By, request.Actor, terms, book.Left(asked.Program, home, proposed.Funder));
        if (PointsDecider.Decide(adjust, state).Facts(out reason) is not { } adjusted) return reason;
        return new Verdict.Accepted(
            [.. adjustment.With(approved), .. account.With(adjusted)],
            ViewOf(id, approved.Aggregate(proposed, PointsAdjustment.Evolve), adjusted.Aggregate(state, PointsDecider.Evolve)));
    }

    private static string Expense(string program, string funder) => PointsBooks.Tally(program, PointsBooks.Expense(funder));

    private static PointsPurchaseView ViewOf(string program, string order, PointsPurchase purchase, long change, Money deduct, PointsAccount account) =>
        new(program, order, purchase.Member, purchase.Version, purchase.Points, purchase.Lines, change, deduct, BalanceView.Of(account));

    private static PointsAdjustmentView ViewOf(string id, PointsAdjustment adjustment, PointsAccount account) => new(
        id, adjustment.Approver is null ? "proposed" : "done", adjustment.Program, adjustment.Member, adjustment.Points, adjustment.Reason, BalanceView.Of(account));
}
