using System.Collections.Immutable;
using System.Text.Json.Serialization;
using NodaTime;

namespace Ledger.Merchants;

/// <summary>A merchant as its book knows it. Trade names only: a book never names a person.</summary>
/// <param name="TimeZone">IANA name; business dates and validity are reckoned in it (default Asia/Shanghai).</param>
/// <param name="Currency">ISO 4217; the one currency of every amount in the book, fixed at registration.</param>
/// <param name="Stores">By store id: the tills that stand there.</param>
/// <param name="RequiresFourEyes">Whether campaigns and their terms are approved by another key than wrote them; only the platform says so.</param>
/// <param name="Providers">Who may act in the merchant's name now, in the order in which they were authorised; null: nobody ever was.</param>
/// <param name="RequiresMembership">Whether coupons and points are for people who joined only.</param>
public sealed record Merchant(
    string? Name, string TimeZone, string Currency, ImmutableSortedDictionary<string, ImmutableSortedSet<string>> Stores, bool RequiresFourEyes = false,
    IReadOnlyList<string>? Providers = null, bool RequiresMembership = false)
{
    public static Merchant Unregistered { get; } = new(null, "", "", ImmutableSortedDictionary.Create<string, ImmutableSortedSet<string>>(StringComparer.Ordinal));

    [JsonIgnore]
    public bool IsRegistered => Name is not null;

    public DateTimeZone Zone() => DateTimeZoneProviders.Tzdb[TimeZone];

    public bool HasTill(string store, string till) => Stores.TryGetValue(store, out var tills) && tills.Contains(till);

    /// <summary>Whether the provider may act in the merchant's name.</summary>
    public bool IsServedBy(string provider) => Providers?.Contains(provider, StringComparer.Ordinal) == true;

    /// <summary>Compares what the stores hold: immutable collections compare by reference, states by value.</summary>
    public bool Equals(Merchant? other) =>
        other is not null && Name == other.Name && TimeZone == other.TimeZone && Currency == other.Currency
        && (RequiresFourEyes, RequiresMembership) == (other.RequiresFourEyes, other.RequiresMembership)
        && Stores.Keys.SequenceEqual(other.Stores.Keys, StringComparer.Ordinal)
        && Stores.Values.Zip(other.Stores.Values).All(pair => pair.First.SetEquals(pair.Second)) && Lists.Same(Providers, other.Providers);

    public override int GetHashCode() => HashCode.Combine(Name, TimeZone, Currency, Stores.Count);
}

// The case names below are the stored event types. Never rename one: add a new case instead.
public abstract record MerchantEvent
{
    private MerchantEvent() { }

    public sealed record MerchantRegistered(string Name, string TimeZone, string Currency) : MerchantEvent;

    /// <summary>From now on campaigns and their terms need an approver who did not write them, or no longer.</summary>
    public sealed record FourEyesChanged(bool IsRequired) : MerchantEvent;

    /// <summary>From now on coupons and points are for members only, or no longer.</summary>
    public sealed record MembershipRuleChanged(bool IsRequired) : MerchantEvent;

    public sealed record StoreOpened(string Store, string Name) : MerchantEvent;

    public sealed record TillInstalled(string Store, string Till) : MerchantEvent;

    /// <summary>From now on the provider may act in the merchant's name.</summary>
    public sealed record ProviderAuthorised(string Provider, Instant At) : MerchantEvent;

    /// <summary>From now on it may not; what it did stands.</summary>
    public sealed record ProviderRevoked(string Provider, Instant At) : MerchantEvent;
}

public abstract record MerchantCommand
{
    private MerchantCommand() { }

    public sealed record RegisterMerchant(string Name, string TimeZone, string Currency, bool RequiresFourEyes = false) : MerchantCommand;

    public sealed record ChangeFourEyes(bool IsRequired) : MerchantCommand;

    public sealed record ChangeMembershipRule(bool IsRequired) : MerchantCommand;

    public sealed record OpenStore(string Store, string Name) : MerchantCommand;

    public sealed record InstallTill(string Store, string Till) : MerchantCommand;

    public sealed record AuthoriseProvider(string Provider, Instant At) : MerchantCommand;

    public sealed record RevokeProvider(string Provider, Instant At) : MerchantCommand;
}

public sealed record MerchantAlreadyRegistered(string Name, string TimeZone, string Currency, bool RequiresFourEyes) : Rejection(
    RejectionKind.Conflict, "A merchant of this id is already registered with other particulars", "Choose another id, or use the merchant as it is.");

public sealed record MerchantUnknown() : Rejection(
    RejectionKind.NotFound, "No such merchant", "Register the merchant first: POST /v1/merchants.");

public sealed record StoreUnknown(string Store) : Rejection(
    RejectionKind.NotFound, "The merchant has no store of this id", "Open the store first: POST /v1/stores.");

public sealed record TillUnknown(string Store, string Till) : Rejection(
    RejectionKind.NotFound, "The store has no till of this id", "Install the till first: POST /v1/stores/{store}/tills.");

public sealed record KeyUnknown() : Rejection(
    RejectionKind.NotFound, "There is no API key of this id", "List the keys with `ledger keys list`.");

/// <summary>A repeat finds the key and not its secret, which is shown once and not kept.</summary>
public sealed record KeyAlreadyMade(string KeyId) : Rejection(
    RejectionKind.Conflict, "The request made its API key before, and its secret was shown once",
    "Use that secret; where it was lost, revoke the key, POST /v1/keys/{id}/revoke, and make another under a new request key.");

public sealed record TooManyStores(int Limit) : Rejection(
    RejectionKind.RuleViolated, "The merchant has as many stores or tills as a book holds", "Register a second merchant for further stores.");

public sealed record TooManyProviders(int Limit) : Rejection(
    RejectionKind.RuleViolated, "As many providers as a merchant may have act for it", "Revoke one that no longer acts: POST /v1/providers/{id}/revoke.");

/// <summary>Says the same of a merchant that exists and of one that does not.</summary>
public sealed record NotPermittedAgency() : Rejection(
    RejectionKind.Forbidden, "The provider acts for no merchant of this id", "Let the merchant authorise it: POST /v1/providers/{id}/authorise.");
