using Ledger.Members;
using Ledger.Merchants;
using Ledger.Payments;
using Ledger.Points;
using NodaTime;

namespace Ledger.Policies;

/// <summary>
/// What members pay or earn within a period makes their tier, by the rule of the tiers in force. A tier is reached at once and lasts to the end of
/// the period; then the clock asks what the period came to, net of all that went back, and gives the tier of the next one, or none.
/// </summary>
public static class TierPolicy
{
    public static Policy Count { get; } = new(
        "tiers", [typeof(PaymentEvent.PaymentReceived), typeof(PaymentEvent.PaymentRefunded), typeof(PointsEvent.PointsEarned), typeof(PointsEvent.EarningClawedBack)], turn => turn.Fact switch
        {
            PaymentEvent.PaymentReceived { Paid.Member: { } member } e => OfPayment(turn.Request(), member, e.Trade, e.Paid.Amount.Minor, e.At),
            PaymentEvent.PaymentRefunded { Member: { } member } e => OfPayment(turn.Request(), member, e.Trade, -e.Refund.Amount.Minor, e.Refund.At),
            PointsEvent.PointsEarned { Tier: > 0 } e => OfPoints(turn.Request(), e.Program, e.Member, e.Lots[0].Order, e.Tier, e.At),
            PointsEvent.EarningClawedBack { Tier: not 0 } e => OfPoints(turn.Request(), e.Program, e.Member, e.Order, -(e.Tier ?? e.Points), e.Moment ?? e.At),
            _ => null,
        });

    /// <summary>Sent by the timer at the end of a tier: what comes next.</summary>
    public static Operation Review(Request request, string id)
    {
        ArgumentNullException.ThrowIfNull(request);
        var member = MemberStream.Of(id);
        return new(request, [member, TierProgrammeStream.Stream, MerchantStream.Stream], [], book =>
        {
            var (state, tiers, zone) = (book.State(member), book.State(TierProgrammeStream.Stream), book.State(MerchantStream.Stream).Zone());
            if (state.DueAt is not { } due || request.Now < due) return Policy.Nothing;
            var count = TierCountStream.Of(id, tiers.Rule?.Program);
            if (!book.Has(count)) return new Verdict.NeedsMore([count]);
            return new Verdict.Accepted([.. member.With(Following(id, state, tiers, book.State(count), due, zone, request.Now))], new PolicyAnswer());
        });
    }

    /// <summary>What follows a tier that is over: the one that its last period came to, or none.</summary>
    private static IReadOnlyList<MemberEvent> Following(string id, Member state, TierProgramme tiers, TierCount sums, Instant due, DateTimeZone zone, Instant now) =>
        tiers.Rule is { } rule && Reached(tiers, rule, sums, (due - Duration.Epsilon).InZone(zone).Date) is { } tier
            && MemberDecider.Decide(new MemberCommand.GiveTier(id, tiers, tier.Id, due, EndOf(rule, due.InZone(zone).Date, zone), "period", now), state)
                is Decision<MemberEvent>.Accepted(var facts)
            ? facts
            // No tier follows, or there is no room for another: the one that was is over.
            : [new MemberEvent.TierEnded(id, due)];

    private static Operation OfPayment(Request request, string member, string trade, long amount, Instant moment)
    {
        var payment = PaymentStream.Of(trade);
        return Counting(request, member, trade, amount, moment, TierCountStream.Of(member), [payment], rule => rule.Measure == TierMeasure.Spend, book => book.State(payment).At);
    }

    private static Operation OfPoints(Request request, string program, string member, string? order, long points, Instant moment)
    {
        var purchase = PointsPurchaseStream.Of(program, order ?? "");
        return Counting(
            request, member, order ?? "", points, moment, TierCountStream.Of(member, program), [purchase], rule => rule.Measure == TierMeasure.Points && rule.Program == program,
            book => book.State(purchase) is { Version: > 0 } bought ? bought.At : request.Now);
    }

    /// <param name="moment">When it happened; that of a refund is not that of its payment, whose month it lessens.</param>
    private static Operation Counting(
        Request request, string id, string source, long amount, Instant moment, Stream<TierCount, TierCountEvent> count, IReadOnlyList<StreamName> streams, Func<TierRule, bool> isMeant, Func<BookStates, Instant> when)
    {
        var member = MemberStream.Of(id);
        return new(request, [member, count, TierProgrammeStream.Stream, MerchantStream.Stream, .. streams], [], book =>
        {
            var (state, tiers) = (book.State(member), book.State(TierProgrammeStream.Stream));
            if (tiers.Rule is not { } rule || !isMeant(rule) || state.Status is MemberStatus.None or MemberStatus.Closed) return Policy.Nothing;
            var zone = book.State(MerchantStream.Stream).Zone();
            var at = when(book);
            var paidOn = at.InZone(zone).Date;
            var month = MonthOf(paidOn);
            // What was paid before the joining or the rule was not counted: no more goes back than was.
            var counts = Math.Max(amount, -book.State(count).Between(month, month.PlusMonths(1)));
            if (counts == 0) return Policy.Nothing;
            var counted = new TierCountEvent.TierCounted(id, month, counts, source, request.Now);
            var sums = TierCountStream.Type.EvolveState(book.State(count), counted);
            var today = request.Now.InZone(zone).Date;
            var changes = new List<Change> { new(count, counted) };
            // A tier that is over and that the clock has not asked about yet: its end comes first, or what the period came to would never be asked. What came later has no part in it.
            while (state.DueAt is { } due && due <= request.Now)
            {
                var over = Following(id, state, tiers, moment < due ? sums : book.State(count), due, zone, request.Now);
                changes.AddRange(member.With(over));
                state = over.Aggregate(state, MemberDecider.Evolve);
            }

            // What was paid in the last moments of a period may come here after the clock asked what that came to; then it makes the tier that the clock would have given.
            var late = amount > 0 && rule.PeriodOf(paidOn).To == rule.PeriodOf(today).From ? Reached(tiers, rule, sums, paidOn) : null;
            if (state.Status == MemberStatus.Active && Higher(tiers, late, Reached(tiers, rule, sums, today)) is { } tier && RankOf(tiers, tier.Id) > RankOf(tiers, state.TierAt(request.Now)?.Tier)
                && MemberDecider.Decide(new MemberCommand.GiveTier(id, tiers, tier.Id, request.Now, EndOf(rule, today, zone), "reached", request.Now), state)
                    is Decision<MemberEvent>.Accepted(var facts))
            {
                changes.AddRange(member.With(facts));
            }

            return new Verdict.Accepted(changes, new PolicyAnswer());
        });
    }

    /// <summary>The highest tier that the period of that day says; null: none.</summary>
    private static Tier? Reached(TierProgramme tiers, TierRule rule, TierCount sums, LocalDate day)
    {
        var (from, to) = rule.PeriodOf(day);
        var sum = sums.Between(from, to);
        return sum <= 0 ? null : tiers.Tiers.LastOrDefault(tier => sum >= tier.Threshold);
    }

    private static Tier? Higher(TierProgramme tiers, Tier? one, Tier? other) => RankOf(tiers, one?.Id) > RankOf(tiers, other?.Id) ? one : other;

    /// <summary>The place among the tiers in force; below all of them where it is none.</summary>
    private static int RankOf(TierProgramme tiers, string? tier) => tiers.Tiers.Select(one => one.Id).ToList().IndexOf(tier ?? "");

    private static Instant EndOf(TierRule rule, LocalDate day, DateTimeZone zone) => Times.StartOfDay(rule.PeriodOf(day).To, zone);

    private static LocalDate MonthOf(LocalDate day) => new(day.Year, day.Month, 1);
}
