using Ledger.Coupons;
using Ledger.Members;

namespace Ledger.Policies;

/// <summary>
/// What a suspended or closed membership stops, and what a merchant that requires membership refuses to whoever is no member. Points: always asked.
/// Coupons: asked where the merchant requires membership, so that nobody else pays for it.
/// </summary>
public static class MembershipPolicy
{
    /// <param name="isRequired">Whether a person who never joined is refused, too.</param>
    public static MemberRule Rule(string member, bool isRequired) => new(MemberStream.Of(member), book => Refusal(book, member, isRequired));

    public static Rejection? Refusal(BookStates book, string member, bool isRequired)
    {
        ArgumentNullException.ThrowIfNull(book);
        return book.State(MemberStream.Of(member)).Status switch
        {
            MemberStatus.Closed => new MembershipClosed(member),
            MemberStatus.Suspended => new MembershipSuspended(member),
            MemberStatus.None when isRequired => new MemberUnknown(member),
            _ => null,
        };
    }

    /// <summary>Issuing, selling and giving to a member, where the merchant requires membership.</summary>
    public static Operation ToMember(Operation operation, string member, bool isRequired) => isRequired ? Asking(operation, member, isRequired) : operation;

    /// <summary>Paying with the points of a member; null: nobody's.</summary>
    public static Operation Spending(Operation operation, string? member, bool isRequired) => member is null ? operation : Asking(operation, member, isRequired);

    /// <summary>Using coupons of members, where the merchant requires membership: whose they are, the coupons say.</summary>
    /// <param name="codes">The codes whose streams the operation names.</param>
    public static Operation ByHolders(Operation operation, IEnumerable<string> codes, bool isRequired)
    {
        ArgumentNullException.ThrowIfNull(operation);
        return !isRequired ? operation : operation with
        {
            Decide = book =>
            {
                var members = codes.Select(code => book.State(CouponStream.Of(code))).Where(coupon => coupon.Status != CouponStatus.None)
                    .Select(coupon => coupon.Member).Distinct(StringComparer.Ordinal).ToList();
                var missing = members.Select(MemberStream.Of).Where(stream => !book.Has(stream)).ToList<StreamName>();
                if (missing.Count > 0) return new Verdict.NeedsMore(missing);
                return members.Select(member => Refusal(book, member, isRequired)).FirstOrDefault(refusal => refusal is not null) is { } refused ? refused : operation.Decide(book);
            },
        };
    }

    private static Operation Asking(Operation operation, string member, bool isRequired)
    {
        ArgumentNullException.ThrowIfNull(operation);
        return operation with
        {
            Streams = [MemberStream.Of(member), .. operation.Streams],
            Decide = book => Refusal(book, member, isRequired) is { } refused ? refused : operation.Decide(book),
        };
    }
}
