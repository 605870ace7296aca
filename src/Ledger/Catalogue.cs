using System.Text.Json;
using System.Text.Json.Nodes;
using Ledger.Agreements;
using Ledger.Benefits;
using Ledger.Coupons;
using Ledger.Coupons.Associations;
using Ledger.Coupons.Codes;
using Ledger.Coupons.Groups;
using Ledger.Coupons.Offline;
using Ledger.Coupons.Redemptions;
using Ledger.Coupons.Sales;
using Ledger.Coupons.Sharing;
using Ledger.FuCards;
using Ledger.Members;
using Ledger.Merchants;
using Ledger.Offers;
using Ledger.Payments;
using Ledger.Points;
using Ledger.Pools;
using Ledger.Providers;
using Ledger.Reversals;
using Ledger.Traffic;
using Ledger.Transfers;

namespace Ledger;

/// <summary>Everything that a book can hold: the kinds of streams, and by name every event that any of them stores.</summary>
public static class Catalogue
{
    public static IReadOnlyList<StreamType> Streams { get; } =
    [
        MerchantStream.Type, CampaignStreams.Campaign, CampaignStreams.Terms, CouponStream.Type, RedemptionStream.Type, CodePoolStreams.Pool, CodePoolStreams.Batch,
        SaleStream.Type, GroupStream.Type, OfflineTillStream.Type, OfflineSettingsStream.Type, ReversalStream.Type, PoolStreams.Pool, PoolStreams.Grant, PoolStreams.Slice,
        ProviderStream.Type, PaymentStream.Type, ClientStream.Type, OfferRulesStream.Type, PaymentOffersStream.Type,
        MemberStream.Type, TierProgrammeStream.Type, TierCountStream.Type,
        PointsStreams.Account, PointsStreams.Program, PointsStreams.Terms, PointsPurchaseStream.Type, PointsSpendStream.Type, PointsAdjustmentStream.Type,
        PaymentEarningStream.Type,
        BenefitStreams.Benefit, BenefitStreams.Order,
        SharingRulesStream.Type, ShareStream.Type, AssociationStream.Type,
        TrafficStreams.AccountType, TrafficStreams.TermsType, TrafficStreams.SpendType,
        TransferStream.Type,
        FuStreams.Campaign, FuStreams.Issue, FuStreams.Shard, FuStreams.Hand, FuStreams.Claim, FuStreams.Stock, FuStreams.Participation, FuStreams.Coupon,
        AgreementStreams.Plan, AgreementStreams.Terms, AgreementStreams.Agreement, AgreementStreams.Member,
    ];

    /// <summary>By stored name (<c>coupon_redeemed</c>).</summary>
    public static IReadOnlyDictionary<string, StoredEvent> Events { get; } = Streams
        .SelectMany(stream => stream.EventType.GetNestedTypes().Select(type => new StoredEvent(NameOf(type), type, stream)))
        .ToDictionary(stored => stored.Name, StringComparer.Ordinal);

    private static readonly Dictionary<Type, StoredEvent> ByType = Events.Values.ToDictionary(stored => stored.Type);

    private static readonly Dictionary<string, StreamType> ByName = Streams.ToDictionary(stream => stream.Name, StringComparer.Ordinal);

    /// <summary>By the record's type.</summary>
    public static IReadOnlyDictionary<Type, StoredEvent> ByRecord => ByType;

    public static StoredEvent Of(object fact)
    {
        ArgumentNullException.ThrowIfNull(fact);
        return ByType[fact.GetType()];
    }

    public static StreamType? Stream(string name) => ByName.GetValueOrDefault(name);

    /// <summary>Marten's convention: the snake case of the record's name, without its outer type.</summary>
    private static string NameOf(Type type) => JsonNamingPolicy.SnakeCaseLower.ConvertName(type.Name);
}

/// <summary>One stored event type. Its name is for ever; what was stored in an older shape is brought up on reading.</summary>
public sealed record StoredEvent(string Name, Type Type, StreamType Stream)
{
    private readonly Func<JsonObject, bool>? upcast = Upcasters.For(Name);

    /// <summary>What Marten writes beside an event: <c>Ledger.Coupons.CouponEvent+CouponRedeemed, Ledger</c>.</summary>
    public string DotnetType { get; } = $"{Type.FullName}, {Type.Assembly.GetName().Name}";

    /// <exception cref="JsonException">The stored JSON is not of this type's shape.</exception>
    public object Read(ReadOnlySpan<byte> utf8Json) => Deserialize(utf8Json) ?? throw new JsonException($"What is stored as {Name} is null.");

    private object? Deserialize(ReadOnlySpan<byte> utf8Json) =>
        upcast is not null && JsonSerializer.Deserialize<JsonObject>(utf8Json) is { } json && upcast(json)
            ? json.Deserialize(Type, LedgerJson.Options)
            : JsonSerializer.Deserialize(utf8Json, Type, LedgerJson.Options);
}
