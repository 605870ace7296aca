using Ledger.Coupons.Offline;
using NodaTime;
using Xunit;
using static Ledger.Tests.Moments;

namespace Ledger.Tests.Coupons.Offline;

public class TillLimitsTests
{
    private static readonly Instant s_sync = At("2026-02-17T10:00:00+08:00");
    private static readonly Instant s_later = s_sync + Duration.FromHours(1);
    private static readonly TillLimits s_limits = new(MaxDiscount: new(50_00), MaxCount: 3, MaxSum: new(100_00));

    [Fact]
    public void A_till_grants_up_to_each_limit()
    {
        var use = OfflineUse.Since(s_sync);
        foreach (var discount in new[] { 50_00, 0, 50_00 }) use = Passed(use.Take(s_limits, new(discount), s_later));
        Assert.Equal(new OfflineUse(s_sync, 3, new(100_00)), use);
    }

    [Fact]
    public void Each_limit_refuses_from_the_next_unit_on()
    {
        Assert.Equal(new OfflineLimit(OfflineRule.Discount, 50_00, 50_01), OfflineUse.Since(s_sync).Take(s_limits, new(50_01), s_later));
        Assert.Equal(new OfflineLimit(OfflineRule.Count, 3, 4), new OfflineUse(s_sync, 3, Money.Zero).Take(s_limits, Money.Zero, s_later));
        Assert.Equal(new OfflineLimit(OfflineRule.Sum, 100_00, 100_01), new OfflineUse(s_sync, 1, new(99_00)).Take(s_limits, new(1_01), s_later));
    }

    [Fact]
    public void A_day_after_its_last_synchronisation_a_till_stops()
    {
        var use = OfflineUse.Since(s_sync);
        var end = s_sync + Duration.FromHours(24);
        Assert.IsType<Checked<OfflineUse>.Passed>(use.Take(s_limits, new(1), s_sync));
        Assert.IsType<Checked<OfflineUse>.Passed>(use.Take(s_limits, new(1), end));
        Assert.Equal(new OfflineLimit(OfflineRule.SecondsSinceSync, 86_400, 86_401), use.Take(s_limits, new(1), end + Tick));
        Assert.Equal(new OfflineLimit(OfflineRule.SecondsSinceSync, 86_400, -3_600), use.Take(s_limits, new(1), s_sync - Duration.FromHours(1)));
    }

    [Fact]
    public void The_first_limit_of_several_answers()
    {
        var use = new OfflineUse(s_sync, 3, new(100_00));
        Assert.Equal(OfflineRule.SecondsSinceSync, Refused(use.Take(s_limits, new(60_00), s_sync + Duration.FromHours(25))).Rule);
        Assert.Equal(OfflineRule.Discount, Refused(use.Take(s_limits, new(60_00), s_later)).Rule);
        Assert.Equal(OfflineRule.Count, Refused(use.Take(s_limits, new(50_00), s_later)).Rule);
        Assert.Throws<ArgumentOutOfRangeException>(() => use.Take(s_limits, new(-1), s_later));
    }

    [Theory]
    [InlineData("2026-02-17T10:00:00+08:00", false)]
    [InlineData("2026-02-17T09:59:59.999999+08:00", true)]
    [InlineData("2026-02-17T12:00:00+08:00", false)]
    [InlineData("2026-02-17T12:05:00+08:00", false)]
    [InlineData("2026-02-17T12:05:00.000001+08:00", true)]
    [InlineData("1970-01-01T00:00:00Z", true)]
    public void A_time_that_cannot_be_true_is_judged_at_receipt_and_flagged(string businessTime, bool isSkewed)
    {
        var received = At("2026-02-17T12:00:00+08:00");
        Assert.Equal(new JudgedTime(isSkewed ? received : At(businessTime), isSkewed), JudgedTime.Of(At(businessTime), s_sync, received));
    }

    private static OfflineUse Passed(Checked<OfflineUse> answer) => Assert.IsType<Checked<OfflineUse>.Passed>(answer).Value;

    private static OfflineLimit Refused(Checked<OfflineUse> answer) => Assert.IsType<OfflineLimit>(Assert.IsType<Checked<OfflineUse>.Refused>(answer).Reason);
}
