using System.Globalization;
using Ledger.Api;
using Ledger.Api.Channels;
using NodaTime;
using Xunit;

namespace Ledger.Tests.Channels;

/// <summary>Amounts, rates and times of the channels: read exactly or not at all.</summary>
public sealed class SpellingTests
{
    [Fact]
    public void Every_amount_is_read_as_it_was_written()
    {
        var random = new Random(Seed);
        for (var i = 0; i < 10_000; i++)
        {
            var amount = new Money(random.NextInt64(0, (i % 3) switch { 0 => 200, 1 => 1_000_000, _ => Limits.MaxAmount + 1 }));
            Assert.True(Yuan.TryParse(Yuan.Text(amount), out var read));
            Assert.Equal(amount, read);
            Assert.Equal(amount.Minor, (long)(decimal.Parse(Yuan.Text(amount), CultureInfo.InvariantCulture) * 100));
        }
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("0.1", 10)]
    [InlineData("0.01", 1)]
    [InlineData("12.5", 1250)]
    [InlineData("100000000.00", 10_000_000_000)]
    public void Fewer_decimals_are_the_same_amount(string text, long fen)
    {
        Assert.True(Yuan.TryParse(text, out var amount));
        Assert.Equal(fen, amount.Minor);
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("1.")]
    [InlineData(".5")]
    [InlineData("1.005")]
    [InlineData("01")]
    [InlineData("00.50")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData(" 1")]
    [InlineData("1,000")]
    [InlineData("1e2")]
    [InlineData("1.2.3")]
    [InlineData("１")]
    [InlineData("100000000.01")]
    [InlineData("9999999999")]
    [InlineData("99999999999999999999999")]
    public void What_is_no_amount_of_whole_fen_is_refused(string text) => Assert.False(Yuan.TryParse(text, out _));

    [Fact]
    public void Every_rate_is_read_as_it_was_written()
    {
        for (var off = 1; off <= 10_000; off++)
        {
            Assert.True(PaidRate.TryParse(PaidRate.Text(off), out var read));
            Assert.Equal(off, read);
        }

        Assert.Equal("0.88", PaidRate.Text(1_200));
        Assert.All(["", "0", "0.", "1", "1.0", "0.88888", ".88", "88", "0,88", "-0.1", "0.8x"], text => Assert.False(PaidRate.TryParse(text, out _), text));
    }

    [Fact]
    public void Every_time_is_read_as_it_was_written()
    {
        var random = new Random(Seed);
        var (first, last) = (Instant.FromUtc(2000, 1, 1, 0, 0).ToUnixTimeSeconds(), Instant.FromUtc(2199, 12, 30, 0, 0).ToUnixTimeSeconds());
        for (var i = 0; i < 5_000; i++)
        {
            var second = Instant.FromUnixTimeSeconds(random.NextInt64(first, last));
            Assert.True(ChannelTimes.TryAlipay(ChannelTimes.Alipay(second), out var read));
            Assert.Equal(second, read);
            var moment = second.PlusTicks(10 * random.Next(1_000_000));
            Assert.True(RequestTimes.TryInstant(ChannelTimes.Wechat(moment), out var exact));
            Assert.Equal(moment, exact);
            Assert.Equal(ChannelTimes.Alipay(second), ChannelTimes.Alipay(moment));
        }

        Assert.Equal("2026-02-17 09:30:00", ChannelTimes.Alipay(Instant.FromUtc(2026, 2, 17, 1, 30)));
        Assert.Equal("2026-02-17T09:30:00+08:00", ChannelTimes.Wechat(Instant.FromUtc(2026, 2, 17, 1, 30)));
        Assert.All(
            ["2026-02-17", "2026-02-17T09:30:00", "2026-02-30 09:30:00", "2026-02-17 24:00:00", "2026-02-17 09:30:60", "2026-2-17 9:30:00", " 2026-02-17 09:30:0", "1999-12-31 00:00:00"],
            text => Assert.False(ChannelTimes.TryAlipay(text, out _), text));
    }

    private static int Seed => int.TryParse(Environment.GetEnvironmentVariable("LEDGER_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out var seed) ? seed : 20260217;
}
