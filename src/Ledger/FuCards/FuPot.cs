using Ledger.FuCards.Draws;

namespace Ledger.FuCards;

/// <summary>A pot over numbered tickets, in memory that does not grow with them: weights follow from the numbers alone.</summary>
public static class FuPot
{
    /// <param name="key"><see cref="PotKey"/>.</param>
    /// <param name="tickets">Of each shard, in order.</param>
    /// <returns>The plan of the whole pot, and the prizes of each shard.</returns>
    public static (FuPlan Plan, IReadOnlyList<long> Amounts) Split(PotRules committed, ReadOnlySpan<byte> key, IReadOnlyList<long> tickets)
    {
        ArgumentNullException.ThrowIfNull(tickets);
        var count = tickets.Sum();
        var rules = FuPlan.RulesFor(committed, count);
        if (count == 0) return (new(rules, 0, 0, 0, 0, null, 0, null), [.. tickets.Select(_ => 0L)]);
        var planner = new PotPlanner(rules, shards: 1);
        for (; !planner.IsComplete; planner.EndPass())
        {
            for (var ticket = 1L; ticket <= count; ticket++) planner.Add(0, ticket, TicketWeights.Of(rules.Weight, key, ticket));
        }

        var (plan, shard) = (planner.Plan, planner.Plan.Shards[0]);
        var whole = new FuPlan(rules, count, shard.Weight, shard.Capped, shard.CappedWeight, plan.CapWeight, plan.Leftover, plan.Remainder);
        var (prizes, amounts, at) = (new PotAmounts(rules, plan), new long[tickets.Count], 0L);
        for (var i = 0; i < amounts.Length; i++)
        {
            for (var end = at + tickets[i]; at < end;)
            {
                at++;
                amounts[i] += prizes.Of(at, TicketWeights.Of(rules.Weight, key, at));
            }
        }

        return (whole, amounts);
    }
}
