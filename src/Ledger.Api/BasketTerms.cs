using System.ComponentModel.DataAnnotations;
using Ledger.Coupons;

namespace Ledger.Api;

/// <summary>How a coupon goes with the other coupons of a basket.</summary>
/// <param name="IsExclusive">It is used alone.</param>
/// <param name="Category">A basket takes one coupon of a category at most; absent: it belongs to none.</param>
/// <param name="Order">Coupons are applied from the lowest up, equal ones by their codes.</param>
/// <param name="PercentageOf">The amount of which a percentage is a part: initial, before any coupon; remaining or absent, what those before it leave.</param>
/// <param name="FloorOn">The amount that has to reach minimumSpend: initial or absent, before any coupon; remaining, what those before it leave.</param>
public sealed record StackingBody(
    bool IsExclusive = false,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string? Category = null,
    [property: Range(0, Limits.MaxOrder)] int Order = 0,
    AmountBasis? PercentageOf = null,
    AmountBasis? FloorOn = null);

/// <summary>
/// The goods that a coupon discounts, by the merchant's codes and categories. Without anything included all are; exclusion wins; a line
/// that names neither goods nor category is never among them.
/// </summary>
public sealed record GoodsBody(
    [property: MaxLength(Limits.MaxGoods)] IReadOnlyList<string>? Include = null,
    [property: MaxLength(Limits.MaxGoods)] IReadOnlyList<string>? Exclude = null,
    [property: MaxLength(Limits.MaxGoods)] IReadOnlyList<string>? IncludeCategories = null,
    [property: MaxLength(Limits.MaxGoods)] IReadOnlyList<string>? ExcludeCategories = null);

/// <summary>Who pays the discounts.</summary>
/// <param name="Shares">The first that has a share also pays what rounding leaves.</param>
/// <param name="OnExhaustion">What follows when a party's budget cannot bear its share: refuse, let the merchant pay, or discount less.</param>
public sealed record FundingBody(
    [property: Length(1, Limits.MaxFunders)] IReadOnlyList<FunderBody> Shares,
    Exhaustion OnExhaustion = Exhaustion.Stop);

/// <summary>One party's share.</summary>
/// <param name="Party">merchant, platform, or the id of another.</param>
/// <param name="BasisPoints">Of the discount; all shares add up to 10,000.</param>
/// <param name="Cap">The most it pays for one redemption; what it cannot pay goes to the next by priority, finally to the merchant.</param>
/// <param name="Priority">Lowest first.</param>
public sealed record FunderBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Party,
    [property: Range(0, 10_000)] int BasisPoints,
    [property: Range(0, Limits.MaxAmount)] long? Cap = null,
    [property: Range(0, Limits.MaxOrder)] int Priority = 0);

/// <summary>The part of the terms that concerns baskets.</summary>
internal static class BasketTerms
{
    private static readonly string s_tooLong = FormattableString.Invariant($"Send at most {Limits.MaxId} characters.");

    public static void Check(TermsBody body, string at, Faults faults)
    {
        CheckNames(body.PaymentMethods, $"{at}/paymentMethods", faults);
        CheckNames(body.Channels, $"{at}/channels", faults);
        if (body.Goods is { } goods)
        {
            CheckGoods(goods.Include, goods.Exclude, $"{at}/goods/include", $"{at}/goods/exclude", faults);
            CheckGoods(goods.IncludeCategories, goods.ExcludeCategories, $"{at}/goods/includeCategories", $"{at}/goods/excludeCategories", faults);
        }

        if (body.Funding is { } funding) CheckShares(funding.Shares, $"{at}/funding/shares", faults);
        for (var i = 0; i < body.Budgets?.Count; i++)
        {
            if (body.Budgets[i] != Funding.Merchant && body.Funding?.Shares.Any(share => share.Party == body.Budgets[i]) != true)
                faults.Add($"{at}/budgets/{i}", "Name a party of funding, or merchant.");
        }
    }

    public static Stacking? Of(StackingBody? body) =>
        body is null ? null : new(body.IsExclusive, body.Category, body.Order, body.PercentageOf, body.FloorOn);

    /// <summary>Null where no list names anything: every good is eligible then.</summary>
    public static GoodsRule? Of(GoodsBody? body)
    {
        if (body is null) return null;
        var rule = new GoodsRule(Some(body.Include), Some(body.Exclude), Some(body.IncludeCategories), Some(body.ExcludeCategories));
        return rule == new GoodsRule() ? null : rule;
    }

    public static Funding? Of(FundingBody? body) => body is null ? null : new(
        [.. body.Shares.Select(share => new Funder(share.Party, share.BasisPoints, share.Cap is { } cap ? new Money(cap) : null, share.Priority))],
        body.OnExhaustion);

    /// <summary>Each name once; null where there is none.</summary>
    public static IReadOnlyList<string>? Some(IReadOnlyList<string>? names) =>
        names is null or { Count: 0 } ? null : [.. names.Distinct(StringComparer.Ordinal)];

    private static void CheckNames(IReadOnlyList<string>? names, string at, Faults faults)
    {
        for (var i = 0; i < names?.Count; i++)
        {
            if (names[i].Length > Limits.MaxId) faults.Add($"{at}/{i}", s_tooLong);
        }
    }

    private static void CheckGoods(IReadOnlyList<string>? include, IReadOnlyList<string>? exclude, string atInclude, string atExclude, Faults faults)
    {
        CheckNames(include, atInclude, faults);
        CheckNames(exclude, atExclude, faults);
        var included = new HashSet<string>(include ?? [], StringComparer.Ordinal);
        for (var i = 0; i < exclude?.Count; i++)
        {
            if (included.Contains(exclude[i])) faults.Add($"{atExclude}/{i}", "It is included too; name it on one of the lists.");
        }
    }

    private static void CheckShares(IReadOnlyList<FunderBody> shares, string at, Faults faults)
    {
        var parties = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < shares.Count; i++)
        {
            if (!parties.Add(shares[i].Party)) faults.Add($"{at}/{i}/party", "Name each party once.");
            if (shares[i] is { Party: Funding.Merchant, Cap: not null }) faults.Add($"{at}/{i}/cap", "Leave it out; the merchant pays what nobody else does.");
        }

        if (shares.Sum(share => share.BasisPoints) != 10_000) faults.Add(at, "Let the basis points add up to 10,000.");
    }
}
