using Ledger.Coupons;
using Ledger.Merchants;

namespace Ledger.Policies;

/// <summary>Campaigns and their terms are approved by another key than wrote them, where the merchant requires it.</summary>
public static class FourEyesPolicy
{
    public static ApprovalRule Rule { get; } = new(MerchantStream.Stream, book => book.State(MerchantStream.Stream).RequiresFourEyes);
}
