using Ledger.Points;
using NodaTime;
using Xunit;
using static Ledger.Points.PointsCommand;
using static Ledger.Points.PointsEvent;
using static Ledger.Tests.Points.PointsExamples;

namespace Ledger.Tests.Points;

/// <summary>The worked examples of points, by their names.</summary>
public class WorkedExamples
{
    private static readonly Lot L1 = Lot(1, 100, Day(2026, 1, 10), new(2026, 6, 30));
    private static readonly Lot L2 = Lot(2, 200, Day(2026, 2, 10), new(2026, 12, 31));
    private static readonly Lot L3 = Lot(3, 50, Day(2026, 6, 8), new(2027, 6, 8), active: Day(2026, 7, 8, 0));

    [Theory]
    [InlineData(30)]
    [InlineData(null)]
    public void D1_Lots(int? graceDays)
    {
        var account = Account([L1, L2], L3);
        var spent = Facts(new SpendPoints(At(Day(2026, 6, 20)), "p-1", 150, Terms), account);
        Assert.Equal([(1, 100L), (2, 50L)], Assert.IsType<PointsSpent>(Assert.Single(spent)).Parts());
        account = account.After(spent);
        Assert.Equal((150, 50), (account.Available, account.PendingPoints));

        var record = PointsSpendDecider.Evolve(PointsSpend.None, new PointsSpendEvent.PointsSpendMade(Club, "m-1", 1, 150, spent[0].Lots, null, Day(2026, 6, 20)));
        var back = Assert.IsType<PointsSpendEvent.PointsSpendRefunded>(Assert.Single(
            Assert.IsType<Decision<PointsSpendEvent>.Accepted>(PointsSpendDecider.Decide(new PointsSpendCommand.RefundSpend("p-1", 75, Day(2026, 7, 5)), record)).Events));
        Assert.Equal([(2, 50L), (1, 25L)], back.Lots.Select(lot => (lot.Id, lot.Points)));
        Assert.Equal([(1, 75L)], PointsSpendDecider.Evolve(record, back).Lots.Select(lot => (lot.Id, lot.Points)));

        var restored = Facts(new RestorePoints(At(Day(2026, 7, 5)), "p-1", back.Lots, graceDays), account);
        Assert.Equal([(2, 50L)], Assert.IsType<PointsRestored>(restored[0]).Parts());
        account = account.After(restored);
        if (graceDays is null)
        {
            Assert.Equal([(1, 25L)], Assert.IsType<PointsForfeited>(restored[1]).Parts());
            Assert.Equal((PointsBooks.Redeemed, PointsBooks.Breakage, 200), (restored[1].Debit, restored[1].Credit, account.Available));
            return;
        }

        var again = Assert.Single(Assert.IsType<PointsRegranted>(restored[1]).Lots);
        Assert.Equal((4, 25, 1, LotSource.Regrant), (again.Id, again.Points, again.Of, again.Source));
        Assert.Equal(new LocalDate(2026, 8, 4), again.ExpiresAt.InZone(Shanghai).Date.PlusDays(-1));
        Assert.Equal(225, account.Available);
    }

    [Fact]
    public void D2_Clawback()
    {
        var shop = new PointsShop();
        Assert.Equal(120, shop.Earn("o-1", ("", 120_00)).GetProperty("points").GetInt64());
        shop.Spend(100);
        var reversed = shop.Reverse("o-1");
        Assert.Equal((-120, 0), (reversed.GetProperty("change").GetInt64(), reversed.GetProperty("deduct").GetInt64()));
        Assert.Equal((0, 100, 0), (shop.Account().Available, shop.Account().Arrears, shop.Account().Lifetime));
        var clawed = shop.Book.Entries.Select(entry => entry.Fact).OfType<EarningClawedBack>().ToList();
        Assert.Equal([(ClawbackFrom.Available, 20L), (ClawbackFrom.Arrears, 100L)], clawed.Select(fact => (fact.From, fact.Points)));

        shop.Earn("o-2", ("", 60_00));
        Assert.Equal((0, 40, 60), (shop.Account().Available, shop.Account().Arrears, shop.Account().Lifetime));
    }

    [Fact]
    public void D2_Clawback_deducted_from_the_cash_refund()
    {
        var shop = new PointsShop(Terms with { Clawback = Clawback.DeductFromRefund });
        shop.Earn("o-1", ("", 120_00));
        shop.Spend(100);
        Assert.Equal(1_00, shop.Reverse("o-1").GetProperty("deduct").GetInt64());
        Assert.Equal((0, 0, 100), (shop.Account().Available, shop.Account().Arrears, -shop.Tally(PointsBooks.Settled)));
    }

    [Theory]
    [InlineData(false, 100, 72, -28)]
    [InlineData(true, 98, 71, -27)]
    public void D3_Rounding(bool isPerLine, long earned, long kept, long change)
    {
        var shop = new PointsShop(Terms with { Earning = Terms.Earning with { IsPerLine = isPerLine } });
        Assert.Equal(earned, shop.Earn("o-1", ("1", 49_92), ("2", 27_50), ("3", 22_58)).GetProperty("points").GetInt64());
        var reversed = shop.Reverse("o-1", ("2", 27_50));
        Assert.Equal((kept, change), (reversed.GetProperty("points").GetInt64(), reversed.GetProperty("change").GetInt64()));
        Assert.Equal((kept, kept), (shop.Account().Available, shop.Account().Lifetime));
    }

    [Theory]
    [InlineData("2026-01-31", "2026-02-28")]
    [InlineData("2028-01-31", "2028-02-29")]
    [InlineData("2026-02-28", "2026-03-28")]
    [InlineData("2026-12-31", "2027-01-31")]
    public void D4_Month_end(string earned, string last)
    {
        var (from, to) = (NodaTime.Text.LocalDatePattern.Iso.Parse(earned).Value, NodaTime.Text.LocalDatePattern.Iso.Parse(last).Value);
        var end = new PointsExpiry.AfterMonths(1).Of(from, Shanghai);
        Assert.Equal(to.PlusDays(1).AtStartOfDayInZone(Shanghai).ToInstant(), end);
        Assert.Equal(to, (end - Duration.Epsilon).InZone(Shanghai).Date);
    }

    [Fact]
    public void A_fixed_date_and_the_end_of_a_later_year()
    {
        Assert.Equal(Day(2027, 1, 1, 0), new PointsExpiry.OnDate(new(2026, 12, 31)).Of(new(2026, 3, 3), Shanghai));
        Assert.Equal(Day(2029, 1, 1, 0), new PointsExpiry.EndOfYear(2).Of(new(2026, 3, 3), Shanghai));
    }

    [Theory]
    [InlineData(1, 1, 100, 1_00, 100)]
    [InlineData(1, 10, 99, 9, 90)]
    [InlineData(3, 2, 5, 7, 4)]
    public void The_value_of_points_is_rounded_down_and_what_is_owed_up(long amount, int per, long points, long value, long paidFor)
    {
        var rate = new PointsValue(new(amount), per);
        Assert.Equal(value, rate.Of(points).Minor);
        Assert.Equal(paidFor, rate.Within(new(value)));
        Assert.True(rate.Owed(rate.Within(new(value))).Minor <= value);
        Assert.True(rate.Owed(points) >= rate.Of(points));
    }
}
