using System.Numerics;
using Ledger.FuCards.Draws;
using Xunit;

namespace Ledger.Tests.FuCards.Draws;

/// <summary>Which card is drawn. <c>LEDGER_LONG=1</c> draws 10 million for the odds instead of 100,000.</summary>
public sealed class CardDrawTests
{
    private static readonly byte[] s_seed = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
    private static readonly int[] s_disclosed = [24, 24, 24, 24, 4];
    private static readonly int s_draws = Environment.GetEnvironmentVariable("LEDGER_LONG") is "1" or "full" ? 10_000_000 : 100_000;

    [Fact]
    public void Cards_of_a_seed_are_what_the_verifier_in_Python_has() => Assert.Equal(
        [0, 1, 2, 0, 0, 2, 0, 3, 2, 2, 2, 0, 3, 1, 4, 3, 3, 0, 2, 3],
        Enumerable.Range(1, 20).Select(i => CardDraw.Draw(s_seed, "u-1", i, s_disclosed)));

    /// <summary>Five of these twenty need a second attempt: the sum lies far from any divisor of 2^32.</summary>
    [Fact]
    public void Rejected_numbers_are_drawn_again() => Assert.Equal(
        [1, 1, 1, 2, 1, 2, 2, 2, 0, 1, 1, 0, 0, 2, 2, 0, 2, 0, 1, 0],
        Enumerable.Range(1, 20).Select(i => CardDraw.Draw(s_seed, "福", i, [500_000_000, 500_000_000, 500_000_001])));

    [Fact]
    public void A_card_without_weight_is_never_drawn() => Assert.All(
        Enumerable.Range(1, 2_000), i => Assert.Equal(1, CardDraw.Draw(s_seed, "u-1", i, [0, 7, 0])));

    [Fact]
    public void User_and_index_cannot_be_taken_for_each_other()
    {
        var cards = new[] { "u", "u-", "u-1", "u-11", "v" }.Select(user => string.Concat(Enumerable.Range(1, 64).Select(i => CardDraw.Draw(s_seed, user, i, s_disclosed))));
        Assert.Equal(5, cards.Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public void A_draw_allocates_nothing()
    {
        CardDraw.Draw(s_seed, "u-1", 1, s_disclosed);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 1; i <= 1_000; i++) CardDraw.Draw(s_seed, "u-1", i, s_disclosed);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(false, 0, 0)]
    [InlineData(false, 5, -1)]
    [InlineData(false, int.MaxValue, 1)]
    [InlineData(true, int.MaxValue, 0)]
    [InlineData(true, 1)]
    public void Weights_are_not_negative_and_sum_to_1_to_2_to_the_31_less_1(bool fit, params int[] weights)
    {
        Assert.Equal(fit, CardDraw.IsFit(weights));
        if (!fit) Assert.Throws<ArgumentException>(() => CardDraw.Draw(s_seed, "u-1", 1, weights));
        else Assert.Equal(0, CardDraw.Draw(s_seed, "u-1", 1, weights));
    }

    /// <summary>Chi-squared with 4 degrees of freedom exceeds 23.5 once in 10,000 seeds.</summary>
    [Theory]
    [InlineData(24, 24, 24, 24, 4)]
    [InlineData(300_000_000, 300_000_000, 300_000_000, 300_000_000, 300_000_001)]
    public void Cards_come_as_often_as_the_published_odds_say(params int[] weights)
    {
        var counts = new long[weights.Length];
        for (var i = 1; i <= s_draws; i++) counts[CardDraw.Draw(s_seed, "u-1", i, weights)]++;
        var total = weights.Sum(weight => (double)weight);
        var chi = counts.Zip(weights, (count, weight) => (Expected: s_draws * (weight / total), Count: count)).Sum(x => (x.Count - x.Expected) * (x.Count - x.Expected) / x.Expected);
        Assert.InRange(chi, 0, 23.5);
    }

    /// <summary>Domain example B5: the rare card alone takes 25 draws on the average, all five 26.67; exactly 3,320,113 / 124,488.</summary>
    [Fact]
    public void B5_the_disclosed_odds_tell_how_many_draws_a_set_takes()
    {
        var (numerator, denominator) = (BigInteger.Zero, BigInteger.One);
        for (var subset = 1; subset < 32; subset++)
        {
            var weight = s_disclosed.Where((_, i) => (subset >> i & 1) == 1).Sum();
            var sign = BitOperations.PopCount((uint)subset) % 2 == 1 ? 1 : -1;
            (numerator, denominator) = ((numerator * weight) + (sign * 100 * denominator), denominator * weight);
        }

        Assert.Equal(numerator * 124_488, denominator * 3_320_113);

        const int Users = 1_000;
        var draws = 0L;
        for (var user = 0; user < Users; user++)
        {
            for (var (held, i) = (0, 1); held != 31; i++, draws++) held |= 1 << CardDraw.Draw(s_seed, $"u-{user}", i, s_disclosed);
        }

        // One user's draws spread by 24; the mean of 1,000 by 0.76, and five times that is hardly ever exceeded.
        Assert.InRange((double)draws / Users, 26.67 - 3.8, 26.67 + 3.8);
    }
}
