using FsCheck;
using FsCheck.Fluent;
using Ledger.FuCards.Draws;
using Xunit;

namespace Ledger.Tests.FuCards.Draws;

/// <summary>Who gets how much. <c>LEDGER_LONG=1</c> splits 100,000 random pots instead of 600.</summary>
public sealed class PotTests
{
    private static readonly byte[] s_key = [.. Enumerable.Range(0, 64).Select(i => (byte)i)];
    private static readonly int s_pots = Environment.GetEnvironmentVariable("LEDGER_LONG") is "1" or "full" ? 100_000 : 600;

    /// <summary>Domain example B1: 10.00 among weights 3, 1, 4, 1, 5, at least 0.20 each.</summary>
    [Fact]
    public void B1_two_fen_left_over_go_to_tickets_1_and_5()
    {
        var rules = new PotRules(10_00, 20, Limits.PrizeCap, PotWeight.Uniform);
        var plan = PotPlanner.Of(rules, [[(1, 3), (2, 1), (3, 4), (4, 1), (5, 5)]]);
        Assert.Equal((2, new PotRemainder(6, 5), null), (plan.Leftover, plan.Remainder, plan.CapWeight));
        Assert.Equal([new PotShard(1, 5, 5, 14, 0, 0)], plan.Shards);
        Assert.Equal([213L, 84, 277, 84, 342], Prizes(rules, plan, [3, 1, 4, 1, 5]));
    }

    [Fact]
    public void What_exceeds_the_cap_is_shared_by_the_others()
    {
        var rules = new PotRules(10_00, 20, 2_50, PotWeight.Uniform);
        var plan = PotPlanner.Of(rules, [[(1, 3), (2, 1), (3, 4), (4, 1), (5, 5)]]);
        // 4 and 5 are capped; 3 would then get 2.64 of what is left, and is capped too; two share 2.50.
        Assert.Equal([250L, 125, 250, 125, 250], Prizes(rules, plan, [3, 1, 4, 1, 5]));
        Assert.Equal((3L, 3L, 12L), (plan.CapWeight, plan.Shards[0].Capped, plan.Shards[0].CappedWeight));
    }

    /// <summary>
    /// Domain example B2: 500,000,000.00 yuan over 300,000,000 tickets. Not a full run: the bounds are arithmetic, and every 5,000th ticket stands
    /// for its neighbours.
    /// </summary>
    [Theory]
    [InlineData(PotWeight.Uniform)]
    [InlineData(PotWeight.Normal)]
    [InlineData(PotWeight.Exponential)]
    public void B2_numbers_of_the_largest_pot_stay_below_2_to_the_53(PotWeight kind)
    {
        const long Pot = 500_000_000_00, Tickets = 300_000_000;
        Assert.True(Limits.MaxTickets >= Tickets && Limits.MaxBudget >= Pot);
        var heaviest = Math.Max(TicketWeights.MinusLog(0) >> 7, TicketWeights.One * 3 / 2);
        Assert.True(heaviest < TicketWeights.Bound);
        Assert.True((ulong)Limits.MaxTickets * heaviest <= CanonicalJson.MaxInteger);

        var sample = Enumerable.Range(0, 60_000).Select(i => (i * 5_000L) + 1).Select(ticket => (Ticket: ticket, Weight: TicketWeights.Of(kind, s_key, ticket))).ToList();
        var weight = 5_000L * sample.Sum(ticket => (long)ticket.Weight);
        var rules = new PotRules(Pot, 20, Limits.PrizeCap, kind);
        var amounts = new PotAmounts(rules, new PotPlan([new(1, Tickets, Tickets, weight, 0, 0)], null, 0, null));
        Assert.Equal(Pot - (Tickets * 20), amounts.Left);
        var prizes = sample.Select(ticket => amounts.Of(ticket.Ticket, ticket.Weight)).ToList();
        Assert.True(prizes.Min() >= 20 && prizes.Max() < 20 + (23 * 147));
        // Rounding down takes less than a fen of each.
        Assert.InRange(5_000 * prizes.Sum(), Pot - Tickets, Pot);
    }

    [Fact]
    public void Any_pot_is_given_out_to_the_last_fen_between_minimum_and_cap() => Holds.For(Pots(), pot =>
    {
        var plan = PotPlanner.Of(pot.Rules, Shards(pot.Weights, 1));
        var prizes = Prizes(pot.Rules, plan, pot.Weights);
        Assert.Equal(pot.Rules.Amount, prizes.Sum());
        Assert.All(prizes, prize => Assert.InRange(prize, pot.Rules.Minimum, pot.Rules.Cap));
        Assert.Equal(ByTheBook(pot.Rules, pot.Weights), prizes);
    }, s_pots);

    [Fact]
    public void Order_and_shards_change_nobodys_prize() => Holds.For(Gen.Zip(Pots(), Gen.Choose(1, 5)), given =>
    {
        var (pot, shards) = given;
        var prizes = Prizes(pot.Rules, PotPlanner.Of(pot.Rules, Shards(pot.Weights, 1)), pot.Weights);
        var sharded = Shards(pot.Weights, shards).Select(shard => shard.Reverse()).Reverse().ToList();
        Assert.Equal(prizes, Prizes(pot.Rules, PotPlanner.Of(pot.Rules, sharded), pot.Weights));
    }, s_pots / 3);

    /// <summary>More equal remainders than are ever kept: the last fen are found digit by digit, down to the ticket.</summary>
    [Fact]
    public void Of_equal_tickets_those_of_lower_numbers_get_what_is_left_over()
    {
        const int Tickets = 200_000;
        var rules = new PotRules((Tickets * 100L) + 123_456, 0, 1_000, PotWeight.Uniform);
        var plan = PotPlanner.Of(rules, [Enumerable.Range(1, Tickets).Select(i => ((long)i, 7))]);
        Assert.Equal((123_456, 123_456), (plan.Leftover, plan.Remainder!.Ticket));
        var amounts = new PotAmounts(rules, plan);
        Assert.Equal((101, 100), (amounts.Of(123_456, 7), amounts.Of(123_457, 7)));
    }

    [Theory]
    [InlineData(100, 20, 50, 0, PotFault.Malformed)]
    [InlineData(100, 60, 50, 2, PotFault.Malformed)]
    [InlineData(-1, 0, 50, 2, PotFault.Malformed)]
    [InlineData(100, 20, 50, 6, PotFault.BelowMinimum)]
    [InlineData(100, 20, 50, 1, PotFault.AboveCap)]
    [InlineData(100, 20, 50, 5, null)]
    [InlineData(100, 20, 50, 2, null)]
    public void A_pot_that_cannot_be_split_is_refused(long amount, long minimum, long cap, int tickets, PotFault? fault)
    {
        var rules = new PotRules(amount, minimum, cap, PotWeight.Uniform);
        Assert.Equal(fault, PotAmounts.Fault(rules, tickets));
        if (tickets == 0) return;
        var shards = Shards([.. Enumerable.Repeat(3, tickets)], 1);
        if (fault is not null) Assert.Throws<InvalidOperationException>(() => PotPlanner.Of(rules, shards));
        else Assert.Equal(amount, Prizes(rules, PotPlanner.Of(rules, shards), [.. Enumerable.Repeat(3, tickets)]).Sum());
    }

    [Fact]
    public void A_pass_with_other_tickets_is_refused()
    {
        var planner = new PotPlanner(new(100, 0, 100, PotWeight.Uniform), 1);
        planner.Add(0, 1, 5);
        planner.EndPass();
        Assert.Throws<InvalidOperationException>(planner.EndPass);
        Assert.Throws<InvalidOperationException>(() => planner.Plan);
    }

    [Theory]
    [InlineData(PotWeight.Uniform, 1221387, 911350, 1317240, 1479313, 1503563, 1555218)]
    [InlineData(PotWeight.Normal, 1221387, 911350, 1317240, 1479313, 978289, 1555218)]
    [InlineData(PotWeight.Exponential, 428092, 1045013, 292998, 97990, 71696, 17795)]
    public void Weights_are_what_the_verifier_in_Python_has(PotWeight kind, params int[] weights) =>
        Assert.Equal(weights, new[] { 1, 2, 3, 4, 300_000_000, CanonicalJson.MaxInteger }.Select(ticket => TicketWeights.Of(kind, s_key, ticket)));

    [Theory]
    [InlineData(uint.MinValue, 2977044472)]
    [InlineData(1U, 2884011832)]
    [InlineData(0x7FFF_FFFFU, 93032639)]
    [InlineData(0x8000_0000U, 93032639)]
    [InlineData(0xFFFF_FFFEU, 0)]
    [InlineData(uint.MaxValue, 0)]
    public void The_logarithm_in_whole_numbers_is_what_the_verifier_in_Python_has(uint word, ulong log) => Assert.Equal(log, TicketWeights.MinusLog(word));

    [Fact]
    public void The_logarithm_in_whole_numbers_is_the_logarithm()
    {
        for (var word = 1L; word < uint.MaxValue; word += 9_999_991)
            Assert.InRange(TicketWeights.MinusLog((uint)word) / (double)(1 << 27), -Math.Log((word + 1) / 4294967296.0) - 3e-8, -Math.Log((word + 1) / 4294967296.0) + 3e-8);
    }

    /// <summary>Mean, variance and skewness of 100,000 weights, within five standard errors and some rounding.</summary>
    [Theory]
    [InlineData(PotWeight.Uniform, 1.0 / 12, 0)]
    [InlineData(PotWeight.Normal, 0.048359, 0)]
    [InlineData(PotWeight.Exponential, 1, 2)]
    public void Weights_are_spread_as_published(PotWeight kind, double variance, double skewness)
    {
        const int Tickets = 100_000;
        var weights = Enumerable.Range(1, Tickets).Select(ticket => TicketWeights.Of(kind, s_key, ticket) / (double)TicketWeights.One).ToList();
        if (kind != PotWeight.Exponential) Assert.All(weights, weight => Assert.True(weight is >= 0.5 and < 1.5));
        var mean = weights.Average();
        var found = weights.Average(weight => (weight - mean) * (weight - mean));
        Assert.InRange(mean, 1 - (5 * Math.Sqrt(variance / Tickets)), 1 + (5 * Math.Sqrt(variance / Tickets)));
        Assert.InRange(found / variance, 0.95, 1.05);
        Assert.InRange(weights.Average(weight => Math.Pow(weight - mean, 3)) / Math.Pow(found, 1.5), skewness - 0.2, skewness + 0.2);
    }

    private static Gen<(PotRules Rules, int[] Weights)> Pots() =>
        from most in Gen.Elements(3, 50, 1 << 10, TicketWeights.Bound - 1)
        from weights in Gen.Choose(1, most).NonEmptyListOf()
        from minimum in Gen.Choose(0, 30)
        from room in Gen.Frequency((1, Gen.Choose(0, 3)), (3, Gen.Choose(0, 300)), (1, Gen.Constant(1_000_000_000)))
        from part in Gen.Choose(0, 1_000)
        let amount = (weights.Count * (long)minimum) + (weights.Count * (long)room * part / 1_000)
        select (new PotRules(amount, minimum, minimum + room, PotWeight.Uniform), weights.ToArray());

    private static List<IEnumerable<(long, int)>> Shards(int[] weights, int shards) => [.. weights
        .Select((weight, i) => (Ticket: (long)i + 1, Weight: weight)).GroupBy(ticket => (ticket.Ticket - 1) * shards / weights.Length).Select(shard => (IEnumerable<(long, int)>)shard.ToList())];

    private static List<long> Prizes(PotRules rules, PotPlan plan, int[] weights)
    {
        var amounts = new PotAmounts(rules, plan);
        return [.. weights.Select((weight, i) => amounts.Of(i + 1, weight))];
    }

    /// <summary>The same in the plainest way: whoever would reach the cap gets it, again and again; then all in memory.</summary>
    private static List<long> ByTheBook(PotRules rules, int[] weights)
    {
        var open = Enumerable.Range(0, weights.Length).ToHashSet();
        var prizes = Enumerable.Repeat(rules.Cap, weights.Length).ToList();
        var room = rules.Cap - rules.Minimum;
        while (true)
        {
            var left = rules.Amount - (rules.Minimum * weights.Length) - (room * (weights.Length - open.Count));
            var sum = open.Sum(i => (long)weights[i]);
            var capped = open.Where(i => (Int128)left * weights[i] >= (Int128)room * sum).ToList();
            open.ExceptWith(capped);
            if (capped.Count > 0) continue;
            foreach (var i in open) prizes[i] = rules.Minimum + (long)((Int128)left * weights[i] / sum);
            var over = (int)(rules.Amount - prizes.Sum());
            foreach (var i in open.OrderByDescending(i => (Int128)left * weights[i] % sum).ThenBy(i => i).Take(over)) prizes[i]++;
            return prizes;
        }
    }
}
