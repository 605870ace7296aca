using Ledger.Points;
using NodaTime;
using Xunit;
using static Ledger.Tests.Points.PointsExamples;

namespace Ledger.Tests.Points;

public class PointsReportTests
{
    private static readonly LocalDate s_month = new(2026, 1, 1);

    /// <summary>The handbook's example: what the report says of the cohort is what revenue is recognised by, 9,000 deferred for 10,000 points.</summary>
    [Theory]
    [InlineData(9_700, 4_500, 4_175)]
    [InlineData(9_900, 8_500, 4_175 + 3_552)]
    [InlineData(9_200, 8_500, 4_175 + 4_140)]
    public void E1_Deferred_revenue_follows_redemption_and_its_estimate(int estimate, long redeemed, long recognised)
    {
        var program = PointsProgram.None with { Estimates = [new(s_month, estimate)] };
        var report = PointsReport.Of(Club, program, Terms, [(s_month, "expense/merchant", -10_000), (s_month, "available", 10_000 - redeemed), (s_month, "redeemed", redeemed)]);
        var cohort = Assert.Single(report.Cohorts);
        Assert.Equal((10_000, redeemed, 10_000 - redeemed, 0, estimate), (cohort.Issued, cohort.Redeemed, cohort.Outstanding, report.Sum, cohort.EstimateBasisPoints));
        Assert.Equal(recognised, (long)Math.Round(9_000m * cohort.Redeemed / (cohort.Redeemed + cohort.Expected), MidpointRounding.AwayFromZero));
        Assert.Equal(Terms.Value.Of(cohort.Expected), report.Liability);
    }

    [Fact]
    public void Cohorts_tell_what_was_issued_expired_and_is_outstanding()
    {
        var report = PointsReport.Of(Club, PointsProgram.None, Terms with { Value = new(new(1), 10) },
        [
            (s_month, "expense/merchant", -70), (s_month, "expense/brand", -30), (s_month, "pending", 10), (s_month, "available", 20), (s_month, "held", 30), (s_month, "breakage", 40),
            (new(2026, 2, 1), "expense/brand", -5), (new(2026, 2, 1), "available", 5),
        ]);
        Assert.Equal((65, 0), (report.Outstanding, report.Sum));
        Assert.Equal([(100, 0, 40, 60, 60, 6), (5L, 0L, 0L, 5L, 5L, 0L)], report.Cohorts.Select(one => (one.Issued, one.Redeemed, one.Expired, one.Outstanding, one.Expected, one.Liability.Minor)));
        Assert.Equal(["available", "breakage", "expense/brand", "expense/merchant", "held", "pending"], report.Accounts.Select(account => account.Account), StringComparer.Ordinal);
    }
}
