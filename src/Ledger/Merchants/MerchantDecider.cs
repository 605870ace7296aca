using System.Diagnostics;
using static Ledger.Merchants.MerchantCommand;
using static Ledger.Merchants.MerchantEvent;

namespace Ledger.Merchants;

/// <summary>A merchant registers once, opens stores and installs tills. The same command again changes nothing.</summary>
public static class MerchantDecider
{
    /// <summary>Reads top to bottom: the first line that matches answers.</summary>
    public static Decision<MerchantEvent> Decide(MerchantCommand command, Merchant state) => (command, state) switch
    {
        (RegisterMerchant { RequiresFourEyes: true } c, { IsRegistered: false }) =>
            new MerchantEvent[] { new MerchantRegistered(c.Name, c.TimeZone, c.Currency), new FourEyesChanged(true) },
        (RegisterMerchant c, { IsRegistered: false }) => new MerchantRegistered(c.Name, c.TimeZone, c.Currency),
        (RegisterMerchant c, var m) when (m.Name, m.TimeZone, m.Currency, m.RequiresFourEyes) == (c.Name, c.TimeZone, c.Currency, c.RequiresFourEyes) =>
            Decision<MerchantEvent>.Unchanged,
        (RegisterMerchant, var m) => new MerchantAlreadyRegistered(m.Name!, m.TimeZone, m.Currency, m.RequiresFourEyes),
        (_, { IsRegistered: false }) => new MerchantUnknown(),

        (ChangeFourEyes c, var m) when m.RequiresFourEyes == c.IsRequired => Decision<MerchantEvent>.Unchanged,
        (ChangeFourEyes c, _) => new FourEyesChanged(c.IsRequired),

        (ChangeMembershipRule c, var m) when m.RequiresMembership == c.IsRequired => Decision<MerchantEvent>.Unchanged,
        (ChangeMembershipRule c, _) => new MembershipRuleChanged(c.IsRequired),

        (OpenStore c, var m) when m.Stores.ContainsKey(c.Store) => Decision<MerchantEvent>.Unchanged,
        (OpenStore, { Stores.Count: >= Limits.MaxStoresPerMerchant }) => new TooManyStores(Limits.MaxStoresPerMerchant),
        (OpenStore c, _) => new StoreOpened(c.Store, c.Name),

        (InstallTill c, var m) when !m.Stores.ContainsKey(c.Store) => new StoreUnknown(c.Store),
        (InstallTill c, var m) when m.HasTill(c.Store, c.Till) => Decision<MerchantEvent>.Unchanged,
        (InstallTill c, var m) when m.Stores[c.Store].Count >= Limits.MaxStoresPerMerchant => new TooManyStores(Limits.MaxStoresPerMerchant),
        (InstallTill c, _) => new TillInstalled(c.Store, c.Till),

        (AuthoriseProvider c, var m) when m.IsServedBy(c.Provider) => Decision<MerchantEvent>.Unchanged,
        (AuthoriseProvider, { Providers.Count: >= Limits.MaxProviders }) => new TooManyProviders(Limits.MaxProviders),
        (AuthoriseProvider c, _) => new ProviderAuthorised(c.Provider, c.At),
        (RevokeProvider c, var m) when !m.IsServedBy(c.Provider) => Decision<MerchantEvent>.Unchanged,
        (RevokeProvider c, _) => new ProviderRevoked(c.Provider, c.At),

        _ => throw new UnreachableException($"{command} on {state}"),
    };

    /// <summary>Never refuses and never computes: what happened is already in the event.</summary>
    public static Merchant Evolve(Merchant state, MerchantEvent fact) => fact switch
    {
        MerchantRegistered e => state with { Name = e.Name, TimeZone = e.TimeZone, Currency = e.Currency },
        FourEyesChanged e => state with { RequiresFourEyes = e.IsRequired },
        MembershipRuleChanged e => state with { RequiresMembership = e.IsRequired },
        StoreOpened e => state with { Stores = state.Stores.Add(e.Store, []) },
        TillInstalled e => state with { Stores = state.Stores.SetItem(e.Store, state.Stores[e.Store].Add(e.Till)) },
        ProviderAuthorised e => state with { Providers = [.. state.Providers ?? [], e.Provider] },
        ProviderRevoked e => state with { Providers = [.. (state.Providers ?? []).Where(provider => provider != e.Provider)] },
        _ => throw new UnreachableException($"{fact}"),
    };
}

/// <summary>The one stream <c>merchant</c> of every book.</summary>
public static class MerchantStream
{
    public static StreamType<Merchant, MerchantEvent> Type { get; } = new("merchant", Schema: 4, Merchant.Unregistered, MerchantDecider.Evolve);

    public static Stream<Merchant, MerchantEvent> Stream { get; } = Type.At("merchant");

    /// <summary>Any merchant command; the answer is the merchant as it then is.</summary>
    public static Operation Operation(Request request, MerchantCommand command) => new(request, [Stream], [], book =>
    {
        var state = book.State(Stream);
        return Verdict.Of(Stream, state, MerchantDecider.Decide(command, state), (_, merchant) => MerchantView.Of(request.Book, merchant));
    });
}

/// <summary>A merchant as the API shows it.</summary>
/// <param name="RequiresFourEyes">Whether campaigns and their terms are approved by another key than wrote them.</param>
/// <param name="Providers">Who may act in its name.</param>
/// <param name="RequiresMembership">Whether coupons and points are for people who joined only.</param>
public sealed record MerchantView(
    string Id, string Name, string TimeZone, string Currency, IReadOnlyList<StoreView> Stores, bool RequiresFourEyes, IReadOnlyList<string>? Providers, bool RequiresMembership)
{
    public static MerchantView Of(string id, Merchant merchant)
    {
        ArgumentNullException.ThrowIfNull(merchant);
        return new(id, merchant.Name!, merchant.TimeZone, merchant.Currency, [.. merchant.Stores.Select(s => new StoreView(s.Key, [.. s.Value]))], merchant.RequiresFourEyes, merchant.Providers,
            merchant.RequiresMembership);
    }
}

/// <summary>A store and the tills that stand in it.</summary>
public sealed record StoreView(string Id, IReadOnlyList<string> Tills);
