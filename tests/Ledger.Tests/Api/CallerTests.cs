using Ledger.Api;
using Ledger.Merchants;
using Ledger.Postgres;
using NodaTime;
using Xunit;
using static Ledger.Tests.Moments;

namespace Ledger.Tests.Api;

public class CallerTests
{
    private static readonly Instant s_midnight = At("2026-03-03T00:00:00+08:00");

    /// <summary>Domain example A9: business time 23:59:58, received 00:00:03.</summary>
    [Fact]
    public void A9_a_till_is_believed_within_5_seconds()
    {
        var received = s_midnight + Duration.FromSeconds(3);
        var stated = s_midnight - Duration.FromSeconds(2);
        Assert.Equal(stated, Till.Judged(stated, received));
        Assert.Equal(received, Till.Judged(stated - Tick, received));
        Assert.Equal(received + Caller.Skew, Till.Judged(received + Caller.Skew, received));
        Assert.Equal(received, Till.Judged(received + Caller.Skew + Tick, received));
    }

    [Fact]
    public void Without_a_word_the_time_of_receipt_counts() => Assert.Equal(s_midnight, Till.Judged(null, s_midnight));

    [Fact]
    public void A_key_that_imports_may_state_any_past_but_no_future()
    {
        var year = s_midnight - Duration.FromDays(365);
        Assert.Equal(year, Importer.Judged(year, s_midnight));
        Assert.Equal(s_midnight + Caller.Skew, Importer.Judged(s_midnight + Caller.Skew, s_midnight));
        Assert.Equal(s_midnight, Importer.Judged(s_midnight + Caller.Skew + Tick, s_midnight));
    }

    [Fact]
    public void The_business_date_is_that_of_the_merchants_zone()
    {
        Assert.Equal(Day("2026-03-03"), Till.DateOf(s_midnight));
        Assert.Equal(Day("2026-03-02"), Till.DateOf(s_midnight - Tick));
    }

    private static Caller Till => With(mayImport: false);

    private static Caller Importer => With(mayImport: true);

    private static Caller With(bool mayImport) => new(
        new("key-1", ApiKeyScope.Till, "m", "s1", "t1", mayImport), "m", Merchant.Unregistered with { Name = "Noodle House", TimeZone = "Asia/Shanghai", Currency = "CNY" });
}
