using Ledger.Points;
using NodaTime;
using Xunit;
using static Ledger.Points.PointsCommand;
using static Ledger.Points.PointsEvent;
using static Ledger.Tests.Points.PointsExamples;

namespace Ledger.Tests.Points;

public class PointsDeciderTests
{
    private static readonly Lot June = Lot(1, 100, Day(2026, 1, 10), new(2026, 6, 30));
    private static readonly Lot December = Lot(2, 200, Day(2026, 2, 10), new(2026, 12, 31));
    private static readonly Instant EndOfJune = Day(2026, 7, 1, 0);

    [Fact]
    public void A_lot_that_expires_at_T_is_gone_before_what_is_received_at_T()
    {
        var account = Account([June, December]);
        Assert.Equal([(1, 100L)], Facts(new SpendPoints(At(EndOfJune - Duration.Epsilon), "p-1", 100, Terms), account)[0].Parts());
        var facts = Facts(new SpendPoints(At(EndOfJune), "p-1", 100, Terms), account);
        Assert.Equal((EndOfJune, new LocalDate(2026, 7, 1)), (Assert.IsType<PointsExpired>(facts[0]).At, facts[0].Date));
        Assert.Equal([(2, 100L)], Assert.IsType<PointsSpent>(facts[1]).Parts());
        Assert.Equal(new InsufficientPoints(200, 0, 0), Refused(new SpendPoints(At(EndOfJune), "p-1", 201, Terms), account));
    }

    [Fact]
    public void A_pending_lot_is_active_from_its_moment_on_whoever_asks_first()
    {
        var account = Account([], Lot(1, 50, Day(2026, 6, 8), new(2027, 6, 8), active: Day(2026, 7, 8, 0)));
        Assert.Equal(new InsufficientPoints(0, 50, 0), Refused(new SpendPoints(At(Day(2026, 7, 7, 23)), "p-1", 50, Terms), account));
        var facts = Facts(new SpendPoints(At(Day(2026, 7, 9)), "p-1", 50, Terms), account);
        Assert.Equal(Day(2026, 7, 8, 0), Assert.IsType<PointsActivated>(facts[0]).At);
        Assert.Equal(0, account.After(facts).Available);
        Assert.Empty(Facts(new ReadClock(At(Day(2026, 7, 7))), account));
    }

    [Fact]
    public void What_is_held_outlives_its_lot_and_expires_when_it_is_released()
    {
        var account = Account([June]);
        account = account.After(Facts(new HoldPoints(At(Day(2026, 6, 30)), "p-1", 60, Terms, Day(2026, 7, 2)), account));
        Assert.Equal((40, 60), (account.Available, account.Held));
        var committed = account.After(Facts(new CommitPoints(At(Day(2026, 7, 1)), "p-1"), account));
        Assert.Equal((0, 0), (committed.Available, committed.Held));

        var released = Facts(new ReleasePoints(At(Day(2026, 7, 1)), "p-1"), account);
        Assert.Equal([typeof(PointsExpired), typeof(PointsReleased), typeof(PointsExpired)], released.Select(fact => fact.GetType()));
        Assert.Equal(PointsAccount.None with { Lifetime = 100, Tier = 100, LotsEver = 1 }, account.After(released));

        // The clock does the same by itself.
        var late = Facts(new ReadClock(At(Day(2026, 9, 1))), account);
        Assert.Equal([EndOfJune, Day(2026, 7, 2), Day(2026, 7, 2)], late.Select(fact => fact.At));
        Assert.Equal(PointsHoldEnd.Expired, Assert.IsType<PointsReleased>(late[1]).Reason);
        Assert.Null(late[^1].Due);
    }

    [Fact]
    public void Points_go_back_to_lots_that_are_still_there_however_many_there_are()
    {
        // One more than are earned: what was held came back beside them.
        const int Lots = Limits.MaxLots + 1;
        var account = Account([.. Enumerable.Range(1, Lots).Select(id => Lot(id, 100, Day(2026, 1, 10), new(2026, 12, 31)))]);
        Lot[] spent = [account.Lots[0] with { Points = 40 }, account.Lots[1] with { Points = 7 }];
        var back = new RestorePoints(At(Day(2026, 7, 1)), "p-1", spent, GraceDays: 30);
        Assert.Equal((Lots, (Lots * 100L) + 47), (account.After(Facts(back, account)).Lots.Count, account.After(Facts(back, account)).Available));
        Assert.Equal(new TooManyLots(Limits.MaxLots), Refused(back with { Lots = [spent[0] with { Id = Lots + 1 }] }, account));
        Lot[] expired = [spent[0] with { Id = Lots + 1, ExpiresAt = Day(2026, 6, 1) }];
        Assert.IsType<PointsForfeited>(Assert.Single(Facts(back with { Lots = expired, GraceDays = null }, account)));
        Assert.Equal(new TooManyLots(Limits.MaxLots), Refused(back with { Lots = expired }, account));
    }

    [Fact]
    public void The_same_hold_again_changes_nothing_and_nobody_holds_points_twice()
    {
        var account = Account([December]);
        var hold = new HoldPoints(At(Day(2026, 6, 30)), "p-1", 150, Terms, Day(2026, 7, 2));
        account = account.After(Facts(hold, account));
        Assert.Empty(Facts(hold, account));
        Assert.Equal(new InsufficientPoints(50, 0, 150), Refused(hold with { HoldId = "p-2" }, account));
        Assert.Empty(Facts(new ReleasePoints(At(Day(2026, 6, 30)), "p-9"), account));
    }

    [Fact]
    public void Points_are_clawed_back_from_pending_then_available_then_owed_the_orders_own_first()
    {
        var account = Account(
            [Lot(1, 10, Day(2026, 1, 1), new(2027, 1, 1), order: "o-1"), Lot(2, 10, Day(2026, 1, 2), new(2027, 1, 2), order: "o-2")],
            Lot(3, 10, Day(2026, 6, 1), new(2027, 6, 1), active: Day(2026, 8, 1), order: "o-3"), Lot(4, 10, Day(2026, 6, 1), new(2027, 6, 1), active: Day(2026, 8, 1), order: "o-2"));
        var facts = Facts(new ClawBackPoints(At(Day(2026, 6, 2)), "o-2", 45, "merchant", Terms, Money.Zero), account);
        Assert.Equal([ClawbackFrom.Pending, ClawbackFrom.Available, ClawbackFrom.Arrears], facts.Cast<EarningClawedBack>().Select(fact => fact.From));
        Assert.Equal([(4, 10L), (3, 10L)], facts[0].Parts());
        Assert.Equal([(2, 10L), (1, 10L)], facts[1].Parts());
        Assert.Equal((5, -5), (account.After(facts).Arrears, account.After(facts).Lifetime));
        Assert.Equal(2, Facts(new ClawBackPoints(At(Day(2026, 6, 2)), "o-2", 45, "merchant", Terms with { Clawback = Clawback.WithinBalance }, Money.Zero), account).Count);
    }

    [Fact]
    public void Arrears_are_paid_by_whatever_becomes_available_first()
    {
        var account = Account([], Lot(1, 50, Day(2026, 6, 8), new(2027, 6, 8), active: Day(2026, 7, 8, 0))) with { Arrears = 30 };
        Assert.Empty(Facts(new ReadClock(At(Day(2026, 7, 1))), account));
        var facts = Facts(new ReadClock(At(Day(2026, 7, 9))), account);
        Assert.Equal([typeof(PointsActivated), typeof(ArrearsReduced)], facts.Select(fact => fact.GetType()));
        Assert.Equal((Day(2026, 7, 8, 0), 30), (facts[1].At, facts[1].Points));
        Assert.Equal((20, 0), (account.After(facts).Available, account.After(facts).Arrears));
        Assert.Equal(new ArrearsExceeded(30), Refused(new SettleArrears(At(Day(2026, 7, 1)), 31, new(31), "cash"), account));
    }

    [Fact]
    public void A_transfer_keeps_the_expiry_and_leaves_pending_points_where_they_are()
    {
        var account = Account([June, December], Lot(3, 500, Day(2026, 6, 8), new(2027, 6, 8), active: Day(2026, 7, 8, 0)));
        var send = new SendPoints(At(Day(2026, 6, 9)), "t-1", "m-2", 150, Terms.Transfers);
        var sent = Assert.Single(Facts(send, account));
        var received = Assert.Single(Facts(new ReceivePoints(At(Day(2026, 6, 9), "m-2"), "t-1", "m-1", sent.Lots), PointsAccount.None));
        Assert.Equal([(1, 100L, June.ExpiresAt), (2, 50L, December.ExpiresAt)], received.Lots.Select(lot => (lot.Id, lot.Points, lot.ExpiresAt)));
        Assert.Equal((PointsBooks.Transit, PointsBooks.Transit), (sent.Credit, received.Debit));

        Assert.Equal(new TransferPendingPoints(300, 500), Refused(send with { Points = 301 }, account));
        Assert.Equal(new InsufficientPoints(300, 500, 0), Refused(send with { Points = 801 }, account));
        Assert.Equal(new TransferLimit(1_000), Refused(send with { Points = 1_001 }, account));
        Assert.Equal(new TransferLimit(200), Refused(send with { Points = 201 }, account with { TransferDay = new(2026, 6, 9), TransferredThen = 1_300 }));
        Assert.Equal(new TransferToSelf(), Refused(send with { To = "m-1" }, account));
        Assert.Equal(new TransferNotAllowed(), Refused(send with { Rule = null }, account));
    }

    [Fact]
    public void An_adjustment_never_leaves_less_than_nothing_and_a_budget_is_kept()
    {
        var account = Account([June]);
        var adjust = new AdjustPoints(At(Day(2026, 6, 9)), "a-1", -101, "merchant", "Mistake", "k-1", "k-2", Terms, Left: null);
        Assert.Equal(new NegativeNotAllowed(100), Refused(adjust, account));
        Assert.Equal(0, account.After(Facts(adjust with { Points = -100 }, account)).Available);
        Assert.Equal(new PointsBudgetExhausted("merchant", 99), Refused(adjust with { Points = 100, Left = 99 }, account));
        var earn = new EarnPoints(At(Day(2026, 6, 9)), 100, LotSource.Grant, "merchant", Day(2026, 6, 9), Terms, Left: 99);
        Assert.Equal(new PointsBudgetExhausted("merchant", 99), Refused(earn, account));
        Assert.Single(Facts(earn with { Left = 100 }, account));
        Assert.Equal(new LotExpired(Day(2025, 1, 2, 0)), Refused(earn with { Left = null, EarnedAt = Day(2024, 1, 1) }, account));
    }

    [Fact]
    public void A_spend_is_no_smaller_and_no_larger_than_the_programme_says()
    {
        var (account, terms) = (Account([June, December]), Terms with { MinimumSpend = 10, MaximumSpend = 250 });
        Assert.Equal(new SpendBelowMinimum(10), Refused(new SpendPoints(At(Day(2026, 6, 9)), "p-1", 9, terms), account));
        Assert.Equal(new SpendAboveMaximum(250), Refused(new SpendPoints(At(Day(2026, 6, 9)), "p-1", 251, terms), account));
        Assert.Single(Facts(new SpendPoints(At(Day(2026, 6, 9)), "p-1", 250, terms), account));
    }
}
