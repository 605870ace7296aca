using System.Buffers;
using System.Text.Json;
using Ledger.Coupons;
using NodaTime;

namespace Ledger.Cli.Import;

// What the importers send, in the words of the API.
internal sealed record NewMerchant(string Id, string Name, string TimeZone, string Currency);

internal sealed record NewStore(string Id, string Name);

internal sealed record NewCampaign(string Id, string Name, long Quota, Instant StartsAt, Instant EndsAt, NewTerms Terms);

internal sealed record NewTerms(NewBenefit Benefit, Money MinimumSpend, Validity Validity);

/// <param name="Kind">fixedAmount with <paramref name="Off"/>, or percentage with the other two.</param>
internal sealed record NewBenefit(string Kind, Money? Off = null, int? OffBasisPoints = null, Rounding? Rounding = null)
{
    public static NewBenefit FixedAmount(Money off) => new("fixedAmount", off);

    public static NewBenefit Percentage(int offBasisPoints) => new("percentage", OffBasisPoints: offBasisPoints, Rounding: Coupons.Rounding.Floor);
}

internal sealed record NewCoupon(string Campaign, string Member, Instant BusinessTime, string Ref);

internal sealed record NewRedemption(string Code, Money Amount, Instant BusinessTime);

/// <summary>A request to send as it is.</summary>
internal sealed record PlannedRequest(string Path, string RequestKey, object Body);

/// <summary>A merchant with everything that must exist before its coupons are issued.</summary>
/// <param name="KeyPrefix">Begins every request key, so that one data set never takes another's keys.</param>
internal sealed record MerchantPlan(string KeyPrefix, NewMerchant Merchant, IReadOnlyList<NewStore> Stores, IReadOnlyList<NewCampaign> Campaigns);

/// <summary>Names the n-th coupon of one kind that one household holds in one campaign.</summary>
internal readonly record struct CouponKey(string Campaign, string Household, string Upc, int Number);

/// <summary>A redemption to make with the coupon of this key.</summary>
internal sealed record PlannedRedemption(string Merchant, CouponKey Coupon, string RequestKey, Money Amount, Instant At);

/// <summary>Coupons to issue by one request.</summary>
/// <param name="Body">NDJSON, one line for each coupon.</param>
/// <param name="Wanted">By line (1 the first): the coupons whose codes are needed later.</param>
internal sealed record Chunk(string Merchant, string RequestKey, ReadOnlyMemory<byte> Body, int Lines, IReadOnlyDictionary<int, CouponKey> Wanted);

/// <summary>Gathers coupons of one merchant into chunks. The same coupons in the same order give the same chunks.</summary>
internal sealed class ChunkWriter(string merchant, string keyPrefix)
{
    /// <summary>Coupons of a full chunk. Another number would make other request keys of the same files, and issue everything again.</summary>
    public const int FullLines = 2_000;

    private ArrayBufferWriter<byte> body = new();
    private Dictionary<int, CouponKey> wanted = [];
    private int number;

    public int Lines { get; private set; }

    public void Add(NewCoupon coupon, CouponKey? wantedAs = null)
    {
        using (var json = new Utf8JsonWriter(body))
        {
            JsonSerializer.Serialize(json, coupon, LedgerJson.Answers);
        }

        body.Write("\n"u8);
        Lines++;
        if (wantedAs is { } key) wanted[Lines] = key;
    }

    /// <summary>Takes what was gathered, and begins the next chunk.</summary>
    public Chunk Take()
    {
        number++;
        var chunk = new Chunk(merchant, FormattableString.Invariant($"{keyPrefix}-{number}"), body.WrittenMemory, Lines, wanted);
        (body, wanted, Lines) = (new(), [], 0);
        return chunk;
    }
}
