using System.Text.Json.Serialization;

namespace Ledger.Coupons.Baskets;

/// <summary>What points took off a basket, after all its coupons.</summary>
/// <param name="Spend">The id of the spend, or of the hold that becomes it.</param>
/// <param name="Points">How many were used; the discount is their value under the terms that the spend pins.</param>
/// <param name="Lines">The discount by line, in proportion to what the coupons left of each; lines without any are left out.</param>
public sealed record PointsPart(string Spend, string Program, string Member, long Points, Money Discount, IReadOnlyList<LineShare> Lines)
{
    /// <summary>What names the points among the redeemables of a basket, and who pays their discount: no id has a slash.</summary>
    [JsonIgnore]
    public string Party => PartyOf(Program);

    /// <summary>One party pays all: the points of a programme, whose funders paid for them when they were earned.</summary>
    [JsonIgnore]
    public IReadOnlyList<FundingShare> Funding => [new(Party, Discount)];

    public static string PartyOf(string program) => $"points/{program}";

    public bool Equals(PointsPart? other) =>
        other is not null && (Spend, Program, Member, Points, Discount) == (other.Spend, other.Program, other.Member, other.Points, other.Discount)
        && Lists.Same(Lines, other.Lines);

    public override int GetHashCode() => HashCode.Combine(Spend, Points, Discount);
}

/// <summary>What a return does to the points of a sale.</summary>
/// <param name="Points">Given back: points × discount taken back by now ÷ discount, rounded down, less what came back before; all of them once nothing stands.</param>
/// <param name="Discount">Taken back.</param>
/// <param name="Standing">What of the discount still stands, on the lines that are kept.</param>
public sealed record PointsReturn(long Points, Money Discount, IReadOnlyList<LineShare> Standing)
{
    public bool Equals(PointsReturn? other) =>
        other is not null && (Points, Discount) == (other.Points, other.Discount) && Lists.Same(Standing, other.Standing);

    public override int GetHashCode() => HashCode.Combine(Points, Discount);
}
