namespace Ledger.Coupons;

/// <summary>How a coupon goes with the other coupons of a basket.</summary>
/// <param name="IsExclusive">It is used alone.</param>
/// <param name="Category">A basket takes one coupon of a category at most; null: it belongs to none.</param>
/// <param name="Order">Coupons are applied from the lowest up, equal ones by their codes.</param>
/// <param name="PercentageOf">The amount of which a percentage is a part; null: remaining, at which other benefits always look.</param>
/// <param name="FloorOn">The amount that has to reach the floor; null: initial.</param>
public sealed record Stacking(
    bool IsExclusive = false,
    string? Category = null,
    int Order = 0,
    AmountBasis? PercentageOf = null,
    AmountBasis? FloorOn = null)
{
    /// <summary>Beside any others, a percentage of what they leave, the floor measured before they are taken off.</summary>
    public static Stacking Default { get; } = new();
}

/// <summary>Which amount of the eligible goods is meant.</summary>
public enum AmountBasis
{
    /// <summary>Before any coupon.</summary>
    Initial,

    /// <summary>After the coupons that were applied earlier.</summary>
    Remaining,
}

/// <summary>
/// The goods that a coupon discounts, by the merchant's codes and categories. Without anything included all goods are; exclusion
/// wins. A line that names neither goods nor category cannot be shown to be among them and never is.
/// </summary>
public sealed record GoodsRule(
    IReadOnlyList<string>? Include = null,
    IReadOnlyList<string>? Exclude = null,
    IReadOnlyList<string>? IncludeCategories = null,
    IReadOnlyList<string>? ExcludeCategories = null)
{
    /// <summary>Whether each of some lines, given by goods and category, is discounted.</summary>
    public bool[] Covers(IEnumerable<(string? Goods, string? Category)> lines)
    {
        var (include, exclude, includeCategories, excludeCategories) = (Set(Include), Set(Exclude), Set(IncludeCategories), Set(ExcludeCategories));
        var isOpen = include.Count == 0 && includeCategories.Count == 0;
        return [.. lines.Select(line => line != (null, null)
            && (isOpen || Has(include, line.Goods) || Has(includeCategories, line.Category))
            && !Has(exclude, line.Goods) && !Has(excludeCategories, line.Category))];
    }

    public bool Equals(GoodsRule? other) =>
        other is not null && Lists.Same(Include, other.Include) && Lists.Same(Exclude, other.Exclude)
        && Lists.Same(IncludeCategories, other.IncludeCategories) && Lists.Same(ExcludeCategories, other.ExcludeCategories);

    public override int GetHashCode() => HashCode.Combine(Include?.Count, Exclude?.Count, IncludeCategories?.Count, ExcludeCategories?.Count);

    private static HashSet<string> Set(IReadOnlyList<string>? names) => new(names ?? [], StringComparer.Ordinal);

    private static bool Has(HashSet<string> names, string? name) => name is not null && names.Contains(name);
}

/// <summary>What becomes of a discount when some of the goods come back.</summary>
public enum ReturnPolicy
{
    /// <summary>Each line that comes back gives back its part of the discount; what is kept keeps its own.</summary>
    Proportional,

    /// <summary>The goods that are kept are priced anew: they keep the discount that they would have earned alone.</summary>
    Requalify,
}
