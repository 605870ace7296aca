using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Ledger.Coupons;
using Ledger.Postgres;
using NodaTime;

namespace Ledger.Api.Channels;

/// <summary>Something that channels are told, in the ledger's own words: one set of events for both dialects.</summary>
/// <param name="Kind">issued, used, refunded, expired, deactivated; created, modified, appended, stopped.</param>
/// <param name="Code">The coupon's; null: it concerns the campaign alone, like <paramref name="Member"/> and <paramref name="Status"/>.</param>
/// <param name="Status">What the coupon is then, in the ledger's word.</param>
/// <param name="Times">Uses taken or given back.</param>
/// <param name="Discount">Given or taken back.</param>
/// <param name="Quota">The new total.</param>
internal sealed record Happening(
    string Kind, Instant At, string Campaign, string? Code = null, string? Member = null, string? Status = null, int? Times = null, Money? Discount = null,
    long? Quota = null, string? Reason = null)
{
    private const string CouponPrefix = "coupon-", CampaignPrefix = "campaign-";

    /// <summary>What the entry tells channels; null where that is nothing.</summary>
    public static Happening? Of(string stream, object fact, Instant recorded)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return fact switch
        {
            CouponEvent coupon => Of(stream[CouponPrefix.Length..], coupon),
            CampaignEvent campaign => Of(stream[CampaignPrefix.Length..], campaign, recorded),
            _ => null,
        };
    }

    private static Happening? Of(string code, CouponEvent fact) => fact switch
    {
        CouponEvent.CouponIssued { ConfirmBy: null } e => new("issued", e.At, e.Campaign, code, e.Member, "pending"),
        CouponEvent.CouponIssueConfirmed e => new("issued", e.At, e.Campaign, code, e.Member, "pending"),
        CouponEvent.CouponRedeemed e => new("used", e.At, e.Campaign, code, e.Member, e.UsesLeft > 0 ? "effective" : "used", e.Uses ?? 1, e.Discount),
        CouponEvent.RedemptionVoided e => new("refunded", e.At, e.Campaign, code, e.Member, WordOf(e.Status), e.Uses ?? 1, e.Discount, Reason: e.Reason),
        CouponEvent.CouponReturned { Uses: { } back } e => new("refunded", e.At, e.Campaign, code, e.Member, WordOf(e.Status), back, e.Discount),
        CouponEvent.CouponExpired e => new("expired", e.At, e.Campaign, code, e.Member, "expired"),
        CouponEvent.CouponDeactivated e => new("deactivated", e.At, e.Campaign, code, e.Member, "deactivated", Reason: e.Reason),
        _ => null,
    };

    private static Happening? Of(string id, CampaignEvent fact, Instant recorded) => fact switch
    {
        CampaignEvent.CampaignApproved => new("created", recorded, id),
        CampaignEvent.TermsAdopted { Version: > 1 } or CampaignEvent.TermsApproved => new("modified", recorded, id),
        CampaignEvent.QuotaChanged e => new("appended", recorded, id, Quota: e.To),
        CampaignEvent.CampaignStopped e => new("stopped", recorded, id, Reason: e.Reason),
        _ => null,
    };

    private static string WordOf(CouponStatus? status) => (Coupon.None with { Status = status ?? CouponStatus.Issued }).Word;
}

/// <param name="Id">The entry's id: the same notification has the same id for ever.</param>
/// <param name="Type">ordervoucher.message.{created, modified, appended, stopped} of activities, ordervoucher.message.{issued, used, refunded, expired, invalid} of vouchers.</param>
/// <param name="Discount">In yuan.</param>
public sealed record AlipayNotification(
    [property: JsonPropertyName("id")] Guid Id,
    [property: JsonPropertyName("type")] string Type,
    [property: JsonPropertyName("time")] string Time,
    [property: JsonPropertyName("activity_id")] string ActivityId,
    [property: JsonPropertyName("code")] string? Code,
    [property: JsonPropertyName("user")] string? User,
    [property: JsonPropertyName("status")] string? Status,
    [property: JsonPropertyName("times")] int? Times,
    [property: JsonPropertyName("discount")] string? Discount,
    [property: JsonPropertyName("quantity")] long? Quantity,
    [property: JsonPropertyName("reason")] string? Reason)
{
    internal static AlipayNotification Of(Guid id, Happening told) => new(
        id, $"ordervoucher.message.{(told.Kind == "deactivated" ? "invalid" : told.Kind)}", ChannelTimes.Alipay(told.At), told.Campaign, told.Code, told.Member,
        told.Status is null ? null : AlipayEndpoints.StatusOf(told.Status), told.Times, told.Discount is { } discount ? Yuan.Text(discount) : null, told.Quota, told.Reason);
}

/// <param name="Id">The entry's id: the same notification has the same id for ever.</param>
/// <param name="Type">COUPON.{SEND, USE, RETURN, EXPIRE, DEACTIVATE} of coupons, STOCK.{CREATE, MODIFY, BUDGET, STOP} of stocks.</param>
/// <param name="Discount">In fen.</param>
public sealed record WechatNotification(
    [property: JsonPropertyName("id")] Guid Id,
    [property: JsonPropertyName("type")] string Type,
    [property: JsonPropertyName("time")] string Time,
    [property: JsonPropertyName("stock_id")] string StockId,
    [property: JsonPropertyName("coupon_code")] string? CouponCode,
    [property: JsonPropertyName("user")] string? User,
    [property: JsonPropertyName("status")] string? Status,
    [property: JsonPropertyName("discount")] long? Discount,
    [property: JsonPropertyName("max_coupons")] long? MaxCoupons,
    [property: JsonPropertyName("reason")] string? Reason)
{
    internal static WechatNotification Of(Guid id, Happening told) => new(
        id, TypeOf(told.Kind), ChannelTimes.Wechat(told.At), told.Campaign, told.Code, told.Member, told.Status is null ? null : WechatEndpoints.StatusOf(told.Status),
        told.Discount?.Minor, told.Quota, told.Reason);

    private static string TypeOf(string kind) => kind switch
    {
        "issued" => "COUPON.SEND",
        "used" => "COUPON.USE",
        "refunded" => "COUPON.RETURN",
        "expired" => "COUPON.EXPIRE",
        "deactivated" => "COUPON.DEACTIVATE",
        "created" => "STOCK.CREATE",
        "modified" => "STOCK.MODIFY",
        "appended" => "STOCK.BUDGET",
        "stopped" => "STOCK.STOP",
        _ => throw new System.Diagnostics.UnreachableException(kind),
    };
}

/// <summary>Notifications in the order of the book.</summary>
/// <param name="NextCursor">Where to go on, also at the end of the book: what is written later stands behind it.</param>
/// <param name="HasMore">Whether more is written already. A page may be empty and have more behind it.</param>
public sealed record NotificationPage<T>(
    [property: JsonPropertyName("data")] IReadOnlyList<T> Data,
    [property: JsonPropertyName("next_cursor")] string NextCursor,
    [property: JsonPropertyName("has_more")] bool HasMore);

/// <summary>What channels are told of a merchant's book, whichever channel caused it, from a cursor.</summary>
internal static class ChannelEventEndpoints
{
    public static void MapChannelEvents(this IEndpointRouteBuilder routes)
    {
        routes.MapQuery("/v1/channels/alipay/events", Access.Merchant, call => PageAsync(call, AlipayNotification.Of)).Asks("limit", "cursor")
            .Answers<NotificationPage<AlipayNotification>>().WithMetadata(ChannelErrors.Alipay("events"));
        routes.MapQuery("/v1/channels/wechat/events", Access.Merchant, call => PageAsync(call, WechatNotification.Of)).Asks("limit", "cursor")
            .Answers<NotificationPage<WechatNotification>>().WithMetadata(ChannelErrors.Wechat("events"));
    }

    private static async Task PageAsync<T>(Call call, Func<Guid, Happening, T> notification)
    {
        var query = new Query(call, "limit", "cursor");
        var (limit, cursor) = (query.Limit, query.Cursor);
        var after = 0L;
        if (cursor.Length > 0 && !long.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out after)) query.RefuseCursor();
        if (await query.RefuseAsync()) return;
        var entries = await Channel.Queries(call).EntriesAsync(call.Merchant, after, limit, call.Aborted);
        var told = from entry in entries
                   let happening = Happening.Of(entry.Stream, Catalogue.Events[entry.Type].Read(JsonSerializer.SerializeToUtf8Bytes(entry.Data)), entry.Timestamp)
                   where happening is not null
                   select notification(entry.Id, happening);
        var next = (entries.Count == 0 ? after : entries[^1].Entry).ToString(CultureInfo.InvariantCulture);
        await call.JsonAsync(new NotificationPage<T>([.. told], Query.Encode(next), entries.Count == limit));
    }
}
