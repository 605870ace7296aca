using Ledger.Merchants;

namespace Ledger.Policies;

/// <summary>
/// A provider writes in a merchant's book only while the merchant authorises it: asked again in the transaction that writes, so that no entry
/// behind a revocation is the provider's, whatever the edge still remembered.
/// </summary>
public static class AgencyPolicy
{
    public static Operation Guard(Operation operation)
    {
        ArgumentNullException.ThrowIfNull(operation);
        return operation.Request.Provider is not { } provider ? operation : operation with
        {
            Streams = [MerchantStream.Stream, .. operation.Streams],
            Decide = book => book.State(MerchantStream.Stream).IsServedBy(provider) ? operation.Decide(book) : new NotPermittedAgency(),
        };
    }
}
