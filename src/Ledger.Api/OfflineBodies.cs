using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Ledger.Coupons;
using Ledger.Coupons.Codes;
using Ledger.Coupons.Offline;
using Ledger.Postgres;
using NodaTime;

namespace Ledger.Api;

/// <summary>Lets tills take a campaign's coupons while they are offline.</summary>
/// <param name="Liability">The party that bears a coupon which two tills took: merchant, platform, or the id of another.</param>
/// <param name="MaxDiscount">The most that a coupon takes off offline; a percentage without a ceiling needs it.</param>
public sealed record OfflineTermsBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Liability = Funding.Merchant,
    [property: Range(1, Limits.MaxAmount)] long? MaxDiscount = null);

/// <summary>What each till may grant between two synchronisations; for a till from its next one on.</summary>
/// <param name="MaxDiscount">The most that one redemption takes off.</param>
/// <param name="MaxCount">Redemptions.</param>
/// <param name="MaxSum">Their discounts together.</param>
public sealed record OfflineLimitsBody(
    [property: Range(0, Limits.MaxAmount)] long MaxDiscount,
    [property: Range(0, 1_000_000)] int MaxCount,
    [property: Range(0, Limits.MaxAmount)] long MaxSum);

/// <summary>What a till redeemed while it was offline, in the order in which it did. An empty list is a synchronisation too.</summary>
/// <param name="Newest">The number of the till's newest record, where a batch does not hold all; absent: it does.</param>
public sealed record OfflineBatchBody(
    [property: MaxLength(Limits.MaxOfflineRecords)] IReadOnlyList<OfflineRecordBody>? Records = null,
    [property: Range(0, CanonicalJson.MaxInteger)] long? Newest = null);

/// <summary>One redemption, exactly as the till hashed it.</summary>
/// <param name="Till">The till with its store, <c>{store}/{till}</c>.</param>
/// <param name="Sequence">1, 2, 3 ... of the till, for ever.</param>
/// <param name="PreviousHash">SHA-256 of the record before, 64 zeros before the first.</param>
/// <param name="Amount">The basket before the discount, in minor units.</param>
/// <param name="Discount">What the customer got.</param>
/// <param name="BusinessTime">When it happened by the till's clock.</param>
/// <param name="Token">The offline token that the till was shown.</param>
/// <param name="Order">The till's own receipt or order number.</param>
public sealed record OfflineRecordBody(
    [property: StringLength(2 * Limits.MaxId + 1)] string Till,
    [property: Range(1, CanonicalJson.MaxInteger)] long Sequence,
    [property: RegularExpression("^[0-9a-f]{64}$")] string PreviousHash,
    [property: StringLength(Limits.MaxPoolCode, MinimumLength = 1)] string Code,
    [property: Range(1, Limits.MaxAmount)] long Amount,
    [property: Range(1, Limits.MaxAmount)] long Discount,
    Instant BusinessTime,
    [property: StringLength(OfflineToken.MaxText, MinimumLength = 1)] string? Token = null,
    [property: StringLength(Limits.MaxId, MinimumLength = 1)] string? Order = null)
{
    public TillRecord Record() => new(Till, Sequence, PreviousHash, Code, new(Amount), new(Discount), BusinessTime, Token, Order);
}

/// <summary>What became of a batch.</summary>
/// <param name="Records">In the order of the batch.</param>
/// <param name="Till">As it is after it.</param>
public sealed record OfflineBatchView(IReadOnlyList<OfflineRecordView> Records, JsonElement Till);

/// <summary>What became of one record: it was taken, now or before, or does not follow from those before it.</summary>
/// <param name="IsReplayed">The record was taken before; this is what was answered then.</param>
/// <param name="Problem">device-sequence-gap: send the missing records and this one again. device-chain-broken: report the till.</param>
public sealed record OfflineRecordView(long Sequence, bool IsReplayed, OfflineResult? Result, JsonElement? Problem);

/// <summary>All that a till needs before it goes offline, beside the revocations.</summary>
/// <param name="Keys">A JSON Web Key Set: the keys whose tokens it takes.</param>
/// <param name="Scopes">Scopes of tokens that this store belongs to, beside its own.</param>
/// <param name="MaxSeconds">How long after <c>lastSync</c> it may redeem.</param>
public sealed record OfflineKitView(OfflineTillView Till, JsonElement Keys, IReadOnlyList<string> Scopes, long MaxSeconds);

/// <summary>What a member's wallet shows a till that is offline.</summary>
/// <param name="Token">The text of a QR code.</param>
/// <param name="ValidTo">First instant no longer valid.</param>
/// <param name="MaxDiscount">The most that it takes off, whatever the basket.</param>
/// <param name="Scope">The stores that take it; absent: every store.</param>
public sealed record OfflineTokenView(string Token, string Code, string KeyId, Instant ValidTo, Money MaxDiscount, string? Scope)
{
    public static OfflineTokenView Of(OfflineToken token)
    {
        ArgumentNullException.ThrowIfNull(token);
        var claims = token.Claims;
        return new(token.Text, claims.Code.Value, token.KeyId, claims.ValidTo, claims.MaxDiscount, claims.Scope?.Value);
    }
}

/// <summary>What going offline cost, and which tills did what.</summary>
/// <param name="Losses">By the party that bears them.</param>
public sealed record OfflineReport(IReadOnlyList<OfflineLoss> Losses, IReadOnlyList<OfflineTillView> Tills, string? NextCursor);
