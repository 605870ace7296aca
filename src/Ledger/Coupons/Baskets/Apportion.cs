namespace Ledger.Coupons.Baskets;

/// <summary>Divides whole units among parts so that the parts add up exactly. Products are 128 bits wide: they cannot overflow.</summary>
public static class Apportion
{
    /// <summary>
    /// By largest remainder: part i is amount × weight i ÷ Σ weights, rounded down; the units left over go one each to the largest
    /// remainders, ties to the first. Where the amount is at most Σ weights no part is above its weight.
    /// </summary>
    /// <param name="amount">0 or more.</param>
    /// <param name="weights">0 or more each; not all 0 where there is something to divide.</param>
    public static long[] ByWeight(long amount, ReadOnlySpan<long> weights)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(amount);
        var parts = new long[weights.Length];
        if (amount == 0) return parts;
        var total = Sum(weights);
        ArgumentOutOfRangeException.ThrowIfZero(total, nameof(weights));
        var (left, remainders) = (amount, new long[weights.Length]);
        for (var i = 0; i < weights.Length; i++)
        {
            (parts[i], remainders[i]) = Divide(amount, weights[i], total);
            left -= parts[i];
        }

        foreach (var i in Largest(remainders)[..(int)left]) parts[i]++;
        return parts;
    }

    /// <summary>
    /// What more to take from each part so that <paramref name="target"/> is taken of all together, each as near to its proportion as
    /// whole units allow: never a negative step, never more than a part holds, and exactly all of each when the target is all.
    /// </summary>
    /// <param name="whole">What each part held at the beginning.</param>
    /// <param name="taken">What earlier calls took of each.</param>
    /// <param name="target">What is to be taken by now, earlier steps included: at least the sum taken, at most the sum held.</param>
    public static long[] Further(ReadOnlySpan<long> whole, ReadOnlySpan<long> taken, long target)
    {
        var (total, need) = (Sum(whole), target - Sum(taken));
        ArgumentOutOfRangeException.ThrowIfNegative(need, nameof(target));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(target, total);
        var (steps, remainders) = (new long[whole.Length], new long[whole.Length]);
        if (need == 0) return steps;
        for (var i = 0; i < whole.Length; i++)
        {
            (var share, remainders[i]) = Divide(target, whole[i], total);
            steps[i] = Math.Max(0, share - taken[i]);
            // An earlier step may have rounded this part up already; it is not rounded up twice.
            if (taken[i] > share) remainders[i] = 0;
            need -= steps[i];
        }

        var order = Largest(remainders);
        for (var i = 0; need > 0; i++, need--) steps[order[i]]++;
        // Parts that an earlier step rounded up leave less for the others; those with the smallest remainders wait for the next step.
        for (var i = order.Length - 1; need < 0; i = i == 0 ? order.Length - 1 : i - 1)
        {
            if (steps[order[i]] == 0) continue;
            steps[order[i]]--;
            need++;
        }

        return steps;
    }

    private static (long Quotient, long Remainder) Divide(long amount, long weight, long total)
    {
        // Most amounts are small, and 64 bits divide faster.
        if (amount <= int.MaxValue && weight <= int.MaxValue) return Math.DivRem(amount * weight, total);
        var product = (Int128)amount * weight;
        var quotient = product / total;
        return ((long)quotient, (long)(product - (quotient * total)));
    }

    /// <summary>Places of the remainders from the largest down, equal ones in their order.</summary>
    private static int[] Largest(long[] remainders)
    {
        var order = new int[remainders.Length];
        for (var i = 0; i < order.Length; i++) order[i] = i;
        Array.Sort(order, (a, b) => remainders[b].CompareTo(remainders[a]) is var by and not 0 ? by : a.CompareTo(b));
        return order;
    }

    internal static long Sum(ReadOnlySpan<long> amounts)
    {
        var sum = 0L;
        foreach (var amount in amounts) sum += amount;
        return sum;
    }
}
