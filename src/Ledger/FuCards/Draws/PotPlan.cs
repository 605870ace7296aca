namespace Ledger.FuCards.Draws;

/// <summary>Tickets of neighbouring numbers, and their weights.</summary>
/// <param name="From">The first ticket's number.</param>
/// <param name="To">The last ticket's.</param>
/// <param name="Weight">The sum over all its tickets, in whole 2^-20.</param>
/// <param name="Capped">Tickets that get the cap.</param>
/// <param name="CappedWeight">The sum of their weights.</param>
public sealed record PotShard(long From, long To, long Tickets, long Weight, long Capped, long CappedWeight);

/// <summary>The last ticket that gets one of the units that rounding down left over.</summary>
/// <param name="Value">Its remainder.</param>
public sealed record PotRemainder(long Value, long Ticket);

/// <summary>What must be known of a whole pot to compute the prize of any ticket. Numbers stay below 2^53.</summary>
/// <param name="CapWeight">Tickets of at least this weight get the cap; null where none does.</param>
/// <param name="Leftover">Units that rounding down left over.</param>
/// <param name="Remainder">Null where none were left over.</param>
public sealed record PotPlan(IReadOnlyList<PotShard> Shards, long? CapWeight, long Leftover, PotRemainder? Remainder);

/// <summary>Why a pot cannot be split.</summary>
public enum PotFault
{
    /// <summary>An amount is below 0, no ticket or too many, or a cap below the minimum.</summary>
    Malformed,

    /// <summary>The minimum of every ticket is more than the pot.</summary>
    BelowMinimum,

    /// <summary>The cap of every ticket is less than the pot.</summary>
    AboveCap,
}

/// <summary>The prize of any ticket, once the plan is made.</summary>
/// <remarks>
/// A ticket of weight ≥ CapWeight gets the cap. With D = what is left of the pot after the caps and the other tickets' minimums, and W = the
/// sum of their weights, each of those gets minimum + ⌊D·w / W⌋; the units left over go to the largest remainders D·w mod W, one each; of
/// equal ones to the lower ticket number.
/// </remarks>
public sealed class PotAmounts
{
    private readonly PotRules _rules;
    private readonly PotPlan _plan;
    private readonly long _capWeight;

    /// <exception cref="OverflowException">The plan's numbers cannot be those of a pot.</exception>
    public PotAmounts(PotRules rules, PotPlan plan)
    {
        ArgumentNullException.ThrowIfNull(rules);
        ArgumentNullException.ThrowIfNull(plan);
        (_rules, _plan, _capWeight) = (rules, plan, plan.CapWeight ?? long.MaxValue);
        foreach (var shard in plan.Shards)
        {
            Tickets += shard.Tickets;
            Capped += shard.Capped;
            Weight += shard.Weight - shard.CappedWeight;
        }

        Left = (long)(rules.Amount - ((Int128)Tickets * rules.Minimum) - ((Int128)Capped * (rules.Cap - rules.Minimum)));
    }

    public long Tickets { get; }

    public long Capped { get; }

    /// <summary>W: the weights of the tickets that do not get the cap.</summary>
    public long Weight { get; }

    /// <summary>D: what they share beyond their minimums.</summary>
    public long Left { get; }

    /// <summary>The prize, in minor units.</summary>
    public long Of(long ticket, int weight)
    {
        if (weight >= _capWeight) return _rules.Cap;
        var (floor, remainder) = Share(Left, weight, Weight);
        var unit = _plan.Remainder is { } last && (remainder > last.Value || (remainder == last.Value && ticket <= last.Ticket)) ? 1 : 0;
        return _rules.Minimum + floor + unit;
    }

    /// <summary>Whether a plan can exist: n·minimum ≤ pot ≤ n·cap.</summary>
    public static PotFault? Fault(PotRules rules, long tickets)
    {
        ArgumentNullException.ThrowIfNull(rules);
        if (rules.Amount is < 0 or > Limits.MaxBudget || rules.Minimum < 0 || rules.Cap < rules.Minimum || rules.Cap > Limits.MaxBudget
            || tickets is < 1 or > Limits.MaxTickets)
        {
            return PotFault.Malformed;
        }

        if ((Int128)tickets * rules.Minimum > rules.Amount) return PotFault.BelowMinimum;
        return (Int128)tickets * rules.Cap < rules.Amount ? PotFault.AboveCap : null;
    }

    internal static (long Floor, long Remainder) Share(long left, int weight, long total)
    {
        var high = Math.BigMul((ulong)left, (ulong)weight, out var low);
        if (high == 0)
        {
            var (floor, remainder) = Math.DivRem(low, (ulong)total);
            return ((long)floor, (long)remainder);
        }

        var (wide, rest) = UInt128.DivRem(new UInt128(high, low), (ulong)total);
        return ((long)wide, (long)rest);
    }

    /// <summary>Whether tickets of this weight reach the cap, given what is left and the weights that share it when they and all heavier ones have it.</summary>
    internal static bool Reaches(long weight, Int128 left, Int128 lighter, long room) => left * weight >= room * lighter;
}
