using System.Diagnostics;
using NodaTime;
using static Ledger.Points.PointsCommand;
using static Ledger.Points.PointsEvent;

namespace Ledger.Points;

/// <summary>
/// The account of one member: lots are earned, become active, are held and spent, restored to where they came from, and expire. What the clock
/// has to say comes first, at the moment when it was due: a lot that expires at T is gone before any command received at T. Pure.
/// </summary>
public static class PointsDecider
{
    public static Decision<PointsEvent> Decide(PointsCommand command, PointsAccount state)
    {
        ArgumentNullException.ThrowIfNull(command);
        ArgumentNullException.ThrowIfNull(state);
        var due = PointsClock.Due(command.Asked, state, Instant.MinValue);
        var now = due.Aggregate(state, Evolve);
        var decision = DecideNow(command, now);
        if (decision is not Decision<PointsEvent>.Accepted { Events: var facts }) return decision;
        var after = PointsClock.Due(command.Asked, facts.Aggregate(now, Evolve), command.Asked.Now);
        return new Decision<PointsEvent>.Accepted(Booked(state, [.. due, .. facts, .. after]));
    }

    /// <summary>Never refuses and never computes: what happened is already in the event.</summary>
    public static PointsAccount Evolve(PointsAccount state, PointsEvent fact) => fact switch
    {
        PointsEarned { IsPending: true } e => Earned(state, e) with { Pending = state.Pending.With(e.Lots) },
        PointsEarned e => Earned(state, e) with { Lots = state.Lots.With(e.Lots) },
        PointsActivated e => state with { Pending = state.Pending.Without(e.Lots), Lots = state.Lots.With(e.Lots) },
        PointsHeld e => state with { Lots = state.Lots.Without(e.Lots), Holds = [.. state.Holds, new(e.HoldId, e.Lots, e.ExpiresAt)] },
        PointsReleased e => state with { Lots = state.Lots.With(e.Lots), Holds = Without(state.Holds, e.HoldId) },
        PointsSpent { WasHeld: true } e => state with { Holds = Without(state.Holds, e.SpendId) },
        PointsSpent e => state with { Lots = state.Lots.Without(e.Lots) },
        PointsRestored e => state with { Lots = state.Lots.With(e.Lots) },
        PointsRegranted e => state with { Lots = state.Lots.With(e.Lots), LotsEver = state.LotsEver + e.Lots.Count },
        PointsForfeited => state,
        PointsExpired e => state with { Lots = state.Lots.Without(e.Lots) },
        EarningClawedBack e => state with
        {
            Pending = state.Pending.Without(e.Lots),
            Lots = state.Lots.Without(e.Lots),
            Arrears = state.Arrears + e.Owed,
            Lifetime = state.Lifetime - e.Points,
            Tier = state.Tier - e.Points,
        },
        ArrearsReduced e => state with { Lots = state.Lots.Without(e.Lots), Arrears = state.Arrears - e.Points },
        ArrearsSettled e => state with { Arrears = state.Arrears - e.Points },
        PointsTransferredOut e => state with { Lots = state.Lots.Without(e.Lots), TransferDay = e.Date, TransferredThen = e.DayTotal },
        PointsTransferredIn e => state with { Lots = state.Lots.With(e.Lots), LotsEver = state.LotsEver + e.Lots.Count },
        PointsAdjusted { IsGrant: true } e => state with { Lots = state.Lots.With(e.Lots), LotsEver = state.LotsEver + e.LotsNew, Lifetime = state.Lifetime + e.Points },
        PointsAdjusted e => state with { Lots = state.Lots.Without(e.Lots) },
        _ => throw new UnreachableException($"{fact}"),
    };

    /// <summary>Reads top to bottom: the first line that matches answers.</summary>
    /// <param name="state">As the clock left it.</param>
    private static Decision<PointsEvent> DecideNow(PointsCommand command, PointsAccount state) => (command, state) switch
    {
        (ReadClock, _) => Decision<PointsEvent>.Unchanged,

        (EarnPoints { Points: 0 }, _) => Decision<PointsEvent>.Unchanged,
        (EarnPoints { Points: > Limits.MaxPoints }, _) => new TooManyPoints(Limits.MaxPoints),
        (EarnPoints c, _) when c.Points > c.Left => new PointsBudgetExhausted(c.Funder, c.Left.Value),
        (EarnPoints c, var s) => Earned(c, s),

        (HoldPoints c, var s) when s.Holds.Any(hold => hold.Id == c.HoldId) => Decision<PointsEvent>.Unchanged,
        (HoldPoints c, var s) when Refusal(s, c.Points, c.Terms) is { } reason => reason,
        (HoldPoints, { Holds.Count: >= Limits.MaxPointHolds }) => new TooManyLots(Limits.MaxPointHolds),
        (HoldPoints c, var s) => new PointsHeld(c.Asked.Program, c.Asked.Member, c.Points, s.Lots.InOrder().First(c.Points), c.Asked.Now, Today(c), c.HoldId, c.ExpiresAt),
        (CommitPoints c, var s) when s.Holds.FirstOrDefault(hold => hold.Id == c.HoldId) is { } hold =>
            new PointsSpent(c.Asked.Program, c.Asked.Member, hold.Points, hold.Lots, c.Asked.Now, Today(c), hold.Id, WasHeld: true),
        (CommitPoints, _) => Decision<PointsEvent>.Unchanged,
        (ReleasePoints c, var s) when s.Holds.FirstOrDefault(hold => hold.Id == c.HoldId) is { } hold => PointsClock.Released(c.Asked, hold, c.Asked.Now, PointsHoldEnd.Released),
        (ReleasePoints, _) => Decision<PointsEvent>.Unchanged,

        (SpendPoints c, var s) when Refusal(s, c.Points, c.Terms) is { } reason => reason,
        (SpendPoints c, var s) => new PointsSpent(c.Asked.Program, c.Asked.Member, c.Points, s.Lots.InOrder().First(c.Points), c.Asked.Now, Today(c), c.SpendId, WasHeld: false),
        (RestorePoints c, var s) when NewLots(c, s) is > 0 and var more && s.Lots.Count + s.Pending.Count + more > Limits.MaxLots => new TooManyLots(Limits.MaxLots),
        (RestorePoints c, var s) => Restored(c, s),

        (ClawBackPoints c, var s) => ClawedBack(c, s),
        (SettleArrears c, var s) when c.Points > s.Arrears => new ArrearsExceeded(s.Arrears),
        (SettleArrears c, _) => new ArrearsSettled(c.Asked.Program, c.Asked.Member, c.Points, [], c.Asked.Now, Today(c), c.Amount, c.Reference),

        (SendPoints { Rule: null }, _) => new TransferNotAllowed(),
        (SendPoints c, _) when c.To == c.Asked.Member => new TransferToSelf(),
        (SendPoints { Rule: { } rule } c, var s) when c.Points > Math.Min(rule.MaxPoints, rule.MaxPerDay - SentToday(c, s)) =>
            new TransferLimit(Math.Max(0, Math.Min(rule.MaxPoints, rule.MaxPerDay - SentToday(c, s)))),
        (SendPoints c, var s) when c.Points > s.Available && c.Points <= s.Available + s.PendingPoints => new TransferPendingPoints(s.Available, s.PendingPoints),
        (SendPoints c, var s) when c.Points > s.Available => new InsufficientPoints(s.Available, s.PendingPoints, s.Held),
        (SendPoints c, var s) => new PointsTransferredOut(
            c.Asked.Program, c.Asked.Member, c.Points, s.Lots.InOrder().First(c.Points), c.Asked.Now, Today(c), c.TransferId, c.To, SentToday(c, s) + c.Points),
        (ReceivePoints c, var s) when s.Lots.Count + s.Pending.Count + c.Lots.Count > Limits.MaxLots => new TooManyLots(Limits.MaxLots),
        (ReceivePoints c, var s) => new PointsTransferredIn(
            c.Asked.Program, c.Asked.Member, c.Lots.Total(), Renumbered(c.Lots, s, lot => lot with { Source = LotSource.Transfer, Order = null }), c.Asked.Now, Today(c), c.TransferId, c.From),

        (AdjustPoints { Points: > 0 } c, _) when c.Points > c.Left => new PointsBudgetExhausted(c.Funder, c.Left.Value),
        (AdjustPoints { Points: < 0 } c, var s) when -c.Points > s.Available => new NegativeNotAllowed(s.Available),
        (AdjustPoints c, var s) => Adjusted(c, s),
        _ => throw new UnreachableException($"{command} on {state}"),
    };

    private static LocalDate Today(PointsCommand c) => c.Asked.DateOf(c.Asked.Now);

    private static long SentToday(SendPoints c, PointsAccount s) => s.TransferDay == Today(c) ? s.TransferredThen : 0;

    private static PointsAccount Earned(PointsAccount state, PointsEarned e) =>
        state with { Lifetime = state.Lifetime + e.Points, Tier = state.Tier + e.Tier, LotsEver = state.LotsEver + e.Lots.Count };

    private static IReadOnlyList<PointsHold> Without(IReadOnlyList<PointsHold> holds, string id) => [.. holds.Where(hold => hold.Id != id)];

    /// <summary>Why so many points may not be spent; null where they may.</summary>
    /// <param name="s">As the clock left it.</param>
    internal static Rejection? Refusal(PointsAccount s, long points, PointsTerms terms) => terms switch
    {
        _ when points < terms.MinimumSpend => new SpendBelowMinimum(terms.MinimumSpend),
        { MaximumSpend: { } most } when points > most => new SpendAboveMaximum(most),
        _ when points > s.Available => new InsufficientPoints(s.Available, s.PendingPoints, s.Held),
        _ => null,
    };

    private static Decision<PointsEvent> Earned(EarnPoints c, PointsAccount s) =>
        NewLot(c.Asked, s, c.Points, c.Source, c.Funder, c.EarnedAt, c.Terms.ActivationDays, c.Terms, c.Order) switch
        {
            Checked<Lot>.Passed(var lot) => new PointsEarned(
                c.Asked.Program, c.Asked.Member, c.Points, [lot], c.EarnedAt, c.Asked.DateOf(c.EarnedAt), IsPending: lot.ActiveAt > c.Asked.Now, c.IsForTier ? c.Points : 0),
            Checked<Lot>.Refused(var reason) => reason,
            var other => throw new UnreachableException($"{other}"),
        };

    private static Decision<PointsEvent> Adjusted(AdjustPoints c, PointsAccount s)
    {
        if (c.Points < 0) return Of(s.Lots.InOrder().First(-c.Points), isGrant: false, c.Funder);
        return NewLot(c.Asked, s, c.Points, LotSource.Adjustment, c.Funder, c.Asked.Now, 0, c.Terms, null) switch
        {
            Checked<Lot>.Passed(var lot) => Of([lot], isGrant: true, c.Funder),
            Checked<Lot>.Refused(var reason) => reason,
            var other => throw new UnreachableException($"{other}"),
        };

        PointsAdjusted Of(IReadOnlyList<Lot> lots, bool isGrant, string funder) => new(
            c.Asked.Program, c.Asked.Member, Math.Abs(c.Points), lots, c.Asked.Now, Today(c), c.AdjustmentId, isGrant, isGrant ? 1 : 0, funder, c.Reason, c.By, c.Approver);
    }

    private static Checked<Lot> NewLot(
        Asked asked, PointsAccount s, long points, LotSource source, string funder, Instant earnedAt, int activationDays, PointsTerms terms, string? order)
    {
        var date = asked.DateOf(earnedAt);
        var active = activationDays == 0 ? earnedAt : Times.StartOfDay(date.PlusDays(activationDays), asked.Zone);
        var expires = terms.Expiry.Of(date, asked.Zone);
        if (s.Lots.Count + s.Pending.Count >= Limits.MaxLots) return new TooManyLots(Limits.MaxLots);
        if (expires <= Instant.Max(active, asked.Now)) return new LotExpired(expires);
        return new Lot(s.LotsEver + 1, points, source, earnedAt, PointsBooks.CohortOf(date), active, expires, funder, order);
    }

    /// <summary>Of the lots that points go back to, those that are not there any more; what expired becomes a new one, or nothing.</summary>
    private static int NewLots(RestorePoints c, PointsAccount s)
    {
        var known = s.Lots.Select(lot => lot.Id).ToHashSet();
        return c.Lots.Count(lot => lot.ExpiresAt > c.Asked.Now ? !known.Contains(lot.Id) : c.GraceDays is not null);
    }

    /// <summary>The parts in their lots; where a lot has expired, in a new one that does so after the grace, or nowhere.</summary>
    private static Decision<PointsEvent> Restored(RestorePoints c, PointsAccount s)
    {
        var (living, dead) = (c.Lots.Where(lot => lot.ExpiresAt > c.Asked.Now).ToList(), c.Lots.Where(lot => lot.ExpiresAt <= c.Asked.Now).ToList());
        var facts = new List<PointsEvent>();
        if (living.Count > 0) facts.Add(new PointsRestored(c.Asked.Program, c.Asked.Member, living.Total(), living, c.Asked.Now, Today(c), c.SpendId));
        if (dead.Count > 0 && c.GraceDays is { } days)
        {
            var end = Times.StartOfDay(Today(c).PlusDays(days + 1), c.Asked.Zone);
            var again = Renumbered(dead, s, lot => lot with { Source = LotSource.Regrant, ExpiresAt = end });
            facts.Add(new PointsRegranted(c.Asked.Program, c.Asked.Member, dead.Total(), again, c.Asked.Now, Today(c), c.SpendId));
        }
        else if (dead.Count > 0)
        {
            facts.Add(new PointsForfeited(c.Asked.Program, c.Asked.Member, dead.Total(), dead, c.Asked.Now, Today(c), c.SpendId));
        }

        return new Decision<PointsEvent>.Accepted(facts);
    }

    /// <summary>From pending lots, then from active ones, each time the order's own first; what is not there is owed, deducted or waived.</summary>
    private static Decision<PointsEvent> ClawedBack(ClawBackPoints c, PointsAccount s)
    {
        var facts = new List<PointsEvent>();
        var left = c.Points;
        foreach (var (from, lots) in new[] { (ClawbackFrom.Pending, s.Pending), (ClawbackFrom.Available, s.Lots) })
        {
            IReadOnlyList<Lot> parts = lots.InOrder().OrderBy(lot => lot.Order != c.Order).First(left);
            if (parts.Count == 0) continue;
            facts.Add(Fact(from, parts.Total(), parts, owed: 0));
            left -= parts.Total();
        }

        // What is held was not spent: it is owed, and the end of the hold pays it. What is owed already has a claim to it.
        if (c.Terms.Clawback == Clawback.WithinBalance) left = Math.Min(left, Math.Max(s.Held - s.Arrears, 0));
        if (left > 0) facts.Add(Fact(ClawbackFrom.Arrears, left, [], owed: left));
        // Who counts them for a tier is asked once, with all of them.
        if (facts.Count > 1) facts = [.. facts.Cast<EarningClawedBack>().Select((fact, i) => fact with { Tier = i == 0 ? facts.Sum(one => one.Points) : 0 })];
        var paid = c.Terms.Clawback == Clawback.DeductFromRefund ? Math.Min(left, c.Terms.Value.Within(c.Refund)) : 0;
        if (paid > 0) facts.Add(new ArrearsSettled(c.Asked.Program, c.Asked.Member, paid, [], c.Asked.Now, Today(c), c.Terms.Value.Owed(paid), c.Order));
        return new Decision<PointsEvent>.Accepted(facts);

        EarningClawedBack Fact(ClawbackFrom from, long points, IReadOnlyList<Lot> lots, long owed) =>
            new(c.Asked.Program, c.Asked.Member, points, lots, c.Asked.Now, Today(c), c.Order, c.Funder, from, owed, c.Moment);
    }

    /// <summary>New lots for the parts of others, numbered on, which say of which.</summary>
    private static IReadOnlyList<Lot> Renumbered(IReadOnlyList<Lot> lots, PointsAccount s, Func<Lot, Lot> change) =>
        [.. lots.Select((lot, i) => change(lot) with { Id = s.LotsEver + 1 + i, Of = lot.Id })];

    private static List<PointsEvent> Booked(PointsAccount state, IEnumerable<PointsEvent> facts)
    {
        var booked = new List<PointsEvent>();
        foreach (var fact in facts)
        {
            state = Evolve(state, fact);
            booked.Add(PointsBooks.Booked(fact, state));
        }

        return booked;
    }
}

/// <summary>What happens by itself when its time comes: lots become active, holds end, lots expire, and what is there pays arrears. Pure.</summary>
internal static class PointsClock
{
    /// <summary>What is due by now, each at the moment when it was due, but not before <paramref name="from"/>.</summary>
    public static List<PointsEvent> Due(Asked asked, PointsAccount state, Instant from)
    {
        var (facts, at) = (new List<PointsEvent>(), from);
        while (Next(asked, state, ref at) is { } fact)
        {
            facts.Add(fact);
            state = PointsDecider.Evolve(state, fact);
        }

        return facts;
    }

    /// <summary>The account as the clock leaves it by now.</summary>
    public static PointsAccount Until(Asked asked, PointsAccount state) => Due(asked, state, Instant.MinValue).Aggregate(state, PointsDecider.Evolve);

    public static PointsReleased Released(Asked asked, PointsHold hold, Instant at, PointsHoldEnd reason) =>
        new(asked.Program, asked.Member, hold.Points, hold.Lots, at, asked.DateOf(at), hold.Id, reason);

    private static PointsEvent? Next(Asked asked, PointsAccount state, ref Instant at)
    {
        var now = at;
        if (state.Arrears > 0 && state.Lots.Where(lot => lot.ExpiresAt > now).InOrder().First(state.Arrears) is { Count: > 0 } paying)
            return new ArrearsReduced(asked.Program, asked.Member, paying.Total(), paying, now, asked.DateOf(now));
        if (state.DueAt is not { } due || due > asked.Now) return null;
        var then = at = Instant.Max(at, due);
        if (state.Pending.Where(lot => lot.ActiveAt <= then).ToList() is { Count: > 0 } active)
            return new PointsActivated(asked.Program, asked.Member, active.Total(), active, then, asked.DateOf(then));
        if (state.Holds.FirstOrDefault(hold => hold.ExpiresAt <= then) is { } over) return Released(asked, over, then, PointsHoldEnd.Expired);
        IReadOnlyList<Lot> dead = [.. state.Lots.Where(lot => lot.ExpiresAt <= then).InOrder()];
        return new PointsExpired(asked.Program, asked.Member, dead.Total(), dead, then, asked.DateOf(then));
    }
}

/// <summary>
/// Streams of points: <c>points-{program}/{member}</c> the accounts, <c>pointsprogram-{id}</c> and <c>pointsterms-{id}-{version}</c> the programmes. An
/// id may have a dash and no slash.
/// </summary>
public static class PointsStreams
{
    public static StreamType<PointsAccount, PointsEvent> Account { get; } = new("points", Schema: 1, PointsAccount.None, PointsDecider.Evolve, PointsBooks.TalliesOf);

    public static StreamType<PointsProgram, PointsProgramEvent> Program { get; } = new("points_program", Schema: 1, PointsProgram.None, PointsProgramDecider.Evolve);

    /// <summary>Written once and never again, so the scribe may remember it.</summary>
    public static StreamType<PointsTermsVersion, PointsTermsEvent> Terms { get; } =
        new("points_terms", Schema: 1, PointsTermsVersion.None, PointsTermsVersion.Evolve, IsImmutable: true);

    public static Stream<PointsAccount, PointsEvent> AccountOf(string program, string member) => Account.At($"points-{program}/{member}");

    public static Stream<PointsProgram, PointsProgramEvent> ProgramOf(string id) => Program.At($"pointsprogram-{id}");

    public static Stream<PointsTermsVersion, PointsTermsEvent> TermsOf(string program, int version) => Terms.At($"pointsterms-{program}-{version}");
}
