using FsCheck.Fluent;
using Ledger.Coupons.Offline;
using Xunit;

namespace Ledger.Tests.Coupons.Offline;

public class RevocationFilterTests
{
    [Fact]
    public void No_revoked_code_is_missed_whatever_the_rate_and_after_any_journey() => Holds.For(
        AnyValue.Texts.ListOf().Zip(Gen.Elements(0.0001, 0.001, 0.01, 0.1, 0.5)), made =>
        {
            var (codes, rate) = made;
            var filter = RevocationFilter.Of(codes, rate);
            Assert.True(RevocationFilter.TryRead(filter.ToBytes(), out var read));
            Assert.All(codes, code => Assert.True(filter.MayContain(code) && read!.MayContain(code), code));
            Assert.Equal(filter.ToBytes(), read!.ToBytes());
            Assert.Equal((filter.Codes, filter.Hashes, filter.Bits), (read.Codes, read.Hashes, read.Bits));
        });

    /// <summary>The rate stated is the one asked for, within a tenth, and the one measured, within four standard deviations.</summary>
    [Theory]
    [InlineData(0.001, 10)]
    [InlineData(0.01, 7)]
    [InlineData(0.1, 3)]
    public void The_stated_rate_of_mistakes_holds(double rate, int hashes)
    {
        const int tries = 50_000;
        var filter = RevocationFilter.Of(Enumerable.Range(0, 5_000).Select(n => $"revoked{n}"), rate);
        Assert.Equal(hashes, filter.Hashes);
        Assert.InRange(filter.FalsePositiveRate, rate * 0.9, rate * 1.1);

        var mistakes = Enumerable.Range(0, tries).Count(n => filter.MayContain($"usable{n}"));
        Assert.InRange(Math.Abs(mistakes - (tries * filter.FalsePositiveRate)), 0, 4 * Math.Sqrt(tries * filter.FalsePositiveRate));
    }

    [Fact]
    public void An_empty_filter_finds_nothing_and_takes_a_byte()
    {
        var filter = RevocationFilter.Of([]);
        Assert.False(filter.MayContain("") || filter.MayContain("a"));
        Assert.Equal((8, 0d), (filter.Bits, filter.FalsePositiveRate));
        Assert.Equal(11, filter.ToBytes().Length);
    }

    /// <summary>Computed by another program from the remarks on the type: tills read these bytes.</summary>
    [Fact]
    public void The_serialised_form_is_fixed() => Assert.Equal("010700000003000000206e2662be", Convert.ToHexStringLower(RevocationFilter.Of(["A", "B", "C", "A"], 0.01).ToBytes()));

    [Fact]
    public void Other_bytes_are_no_filter()
    {
        var right = RevocationFilter.Of(["A", "B"], 0.01).ToBytes();
        Assert.All(Enumerable.Range(0, right.Length), length => Assert.False(RevocationFilter.TryRead(right.AsSpan(0, length), out _)));
        Assert.False(RevocationFilter.TryRead([.. right, 0], out _));
        foreach (var (place, value) in new[] { (0, 2), (1, 0), (1, 17), (2, 0xFF), (6, 0xFF), (9, right[9] + 1) })
        {
            byte[] wrong = [.. right];
            wrong[place] = (byte)value;
            Assert.False(RevocationFilter.TryRead(wrong, out var none), $"{place}");
            Assert.Null(none);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.00009)]
    [InlineData(0.51)]
    [InlineData(double.NaN)]
    public void Rates_have_bounds(double rate) => Assert.Throws<ArgumentOutOfRangeException>(() => RevocationFilter.Of(["A"], rate));
}
