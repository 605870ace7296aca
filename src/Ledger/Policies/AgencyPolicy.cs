using Ledger.Merchants;
using Ledger.Providers;

namespace Ledger.Policies;

/// <summary>
/// A provider writes in a merchant's book only while the merchant authorises it: asked again in the transaction that writes, so that no entry
/// behind a revocation is the provider's, whatever the edge still remembered. In books that are not the merchant's own, the edge asks right before.
/// </summary>
public static class AgencyPolicy
{
    /// <summary>A provider's book learns whom the provider serves: what it lists, never what it may.</summary>
    public static Policy Merchants { get; } = new(
        "provider-merchants", [typeof(MerchantEvent.ProviderAuthorised), typeof(MerchantEvent.ProviderRevoked)], turn => turn.Fact switch
        {
            MerchantEvent.ProviderAuthorised e => ClientStream.Note(turn.Request(e.Provider), turn.Book, isServed: true, turn.Seq, e.At),
            MerchantEvent.ProviderRevoked e => ClientStream.Note(turn.Request(e.Provider), turn.Book, isServed: false, turn.Seq, e.At),
            _ => null,
        });

    public static Operation Guard(Operation operation)
    {
        ArgumentNullException.ThrowIfNull(operation);
        return operation.Request.Provider is not { } provider || operation.IsAuthorised ? operation : operation with
        {
            Streams = [MerchantStream.Stream, .. operation.Streams],
            Decide = book => book.State(MerchantStream.Stream).IsServedBy(provider) ? operation.Decide(book) : new NotPermittedAgency(),
        };
    }
}
