using NodaTime;

namespace Ledger.Points;

/// <summary>Arithmetic on lists of lots. A part of a lot is the lot with fewer points.</summary>
public static class LotLists
{
    /// <summary>In the order of consumption: earliest expiry, then earliest earned, then lot id.</summary>
    public static IEnumerable<Lot> InOrder(this IEnumerable<Lot> lots) => lots.OrderBy(lot => lot.ExpiresAt).ThenBy(lot => lot.EarnedAt).ThenBy(lot => lot.Id);

    /// <summary>The first so many points of the lots in the order given; all there are where these are fewer.</summary>
    public static IReadOnlyList<Lot> First(this IEnumerable<Lot> lots, long points)
    {
        ArgumentNullException.ThrowIfNull(lots);
        var parts = new List<Lot>();
        foreach (var lot in lots)
        {
            if (points <= 0) break;
            parts.Add(lot with { Points = Math.Min(lot.Points, points) });
            points -= lot.Points;
        }

        return parts;
    }

    /// <summary>What is left of the lots without these parts; a lot that is empty goes.</summary>
    public static IReadOnlyList<Lot> Without(this IReadOnlyList<Lot> lots, IReadOnlyList<Lot> parts)
    {
        ArgumentNullException.ThrowIfNull(lots);
        ArgumentNullException.ThrowIfNull(parts);
        var taken = parts.GroupBy(part => part.Id).ToDictionary(group => group.Key, group => group.Sum(part => part.Points));
        return [.. lots.Select(lot => taken.TryGetValue(lot.Id, out var points) ? lot with { Points = lot.Points - points } : lot).Where(lot => lot.Points > 0)];
    }

    /// <summary>The lots with these parts put back, or new, in the order of their ids.</summary>
    public static IReadOnlyList<Lot> With(this IReadOnlyList<Lot> lots, IReadOnlyList<Lot> parts)
    {
        ArgumentNullException.ThrowIfNull(lots);
        ArgumentNullException.ThrowIfNull(parts);
        return [.. lots.Concat(parts).GroupBy(lot => lot.Id, (_, group) => group.Aggregate((sum, part) => sum with { Points = sum.Points + part.Points })).OrderBy(lot => lot.Id)];
    }

    public static long Total(this IEnumerable<Lot> lots) => lots.Sum(lot => lot.Points);
}
