using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using NodaTime;

namespace Ledger.Api.Channels;

public enum WechatStockType
{
    [JsonStringEnumMemberName("NORMAL")]
    Normal,
    [JsonStringEnumMemberName("DISCOUNT")]
    Discount,
    [JsonStringEnumMemberName("EXCHANGE")]
    Exchange,
}

public enum WechatCodeMode
{
    [JsonStringEnumMemberName("WECHATPAY_MODE")]
    WechatpayMode,
    [JsonStringEnumMemberName("MERCHANT_API")]
    MerchantApi,
    [JsonStringEnumMemberName("MERCHANT_UPLOAD")]
    MerchantUpload,
}

/// <summary>Creates a stock. Amounts are in fen; the members that the type needs, and no others.</summary>
/// <param name="Rate">DISCOUNT: the part that is paid.</param>
/// <param name="MaxCoupons">The channel allows 1,000,000,000, a campaign of the ledger 99,999,999.</param>
/// <param name="NaturalPerson">True: the limit per user counts the natural person behind all accounts.</param>
public sealed record WechatStockBody(
    [property: JsonPropertyName("out_request_no"), RegularExpression(Channel.NumberPattern)] string OutRequestNo,
    [property: JsonPropertyName("type")] WechatStockType Type,
    [property: JsonPropertyName("code_mode")] WechatCodeMode CodeMode,
    [property: JsonPropertyName("max_coupons"), Range(1, Limits.MaxQuota)] long MaxCoupons,
    [property: JsonPropertyName("available_begin")] Instant AvailableBegin,
    [property: JsonPropertyName("available_end")] Instant AvailableEnd,
    [property: JsonPropertyName("amount"), Range(1, 10_000_000)] long? Amount = null,
    [property: JsonPropertyName("rate")] string? Rate = null,
    [property: JsonPropertyName("value"), Range(1, 10_000_000)] long? Value = null,
    [property: JsonPropertyName("goods"), StringLength(Limits.MaxName, MinimumLength = 1)] string? Goods = null,
    [property: JsonPropertyName("floor"), Range(0, 10_000_000)] long Floor = 0,
    [property: JsonPropertyName("wait_days"), Range(0, Limits.MaxDays)] int WaitDays = 0,
    [property: JsonPropertyName("valid_days"), Range(1, Limits.MaxDays)] int? ValidDays = null,
    [property: JsonPropertyName("per_user"), Range(1, 100)] int? PerUser = null,
    [property: JsonPropertyName("by_day"), Range(1, int.MaxValue)] int? ByDay = null,
    [property: JsonPropertyName("natural_person")] bool NaturalPerson = false);

/// <summary>Modifies what later coupons get; what is left out stays.</summary>
public sealed record WechatModifyBody(
    [property: JsonPropertyName("out_request_no"), RegularExpression(Channel.NumberPattern)] string OutRequestNo,
    [property: JsonPropertyName("floor"), Range(0, 10_000_000)] long? Floor = null,
    [property: JsonPropertyName("available_end")] Instant? AvailableEnd = null,
    [property: JsonPropertyName("per_user"), Range(1, 100)] int? PerUser = null,
    [property: JsonPropertyName("by_day"), Range(1, int.MaxValue)] int? ByDay = null);

/// <summary>Edits the budget: compare and set.</summary>
public sealed record WechatBudgetBody(
    [property: JsonPropertyName("out_request_no"), RegularExpression(Channel.NumberPattern)] string OutRequestNo,
    [property: JsonPropertyName("current_max_coupons"), Range(1, Limits.MaxQuota)] long CurrentMaxCoupons,
    [property: JsonPropertyName("target_max_coupons"), Range(1, Limits.MaxQuota)] long TargetMaxCoupons);

public sealed record WechatStopBody(
    [property: JsonPropertyName("out_request_no"), RegularExpression(Channel.NumberPattern)] string OutRequestNo,
    [property: JsonPropertyName("reason"), StringLength(Limits.MaxReason, MinimumLength = 1)] string Reason);

public sealed record WechatCodesBody(
    [property: JsonPropertyName("out_request_no"), RegularExpression(Channel.NumberPattern)] string OutRequestNo,
    [property: JsonPropertyName("codes"), Length(1, 200)] IReadOnlyList<string> Codes);

/// <summary>Issues a coupon.</summary>
/// <param name="CouponCode">MERCHANT_API: its code.</param>
/// <param name="Person">The citizen identification number, where the stock limits natural persons. Kept as a keyed hash only; so with the phone.</param>
public sealed record WechatSendBody(
    [property: JsonPropertyName("out_request_no"), RegularExpression(Channel.NumberPattern)] string OutRequestNo,
    [property: JsonPropertyName("stock_id"), StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string StockId,
    [property: JsonPropertyName("user"), StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string User,
    [property: JsonPropertyName("coupon_code"), StringLength(32, MinimumLength = 1)] string? CouponCode = null,
    [property: JsonPropertyName("person"), StringLength(PersonNumber.MaxText)] string? Person = null,
    [property: JsonPropertyName("phone"), StringLength(PhoneNumber.MaxText)] string? Phone = null);

/// <summary>Uses a coupon.</summary>
/// <param name="StockId">May be left out in WECHATPAY_MODE only.</param>
/// <param name="UseTime">Believed within 5 s, or from a key that may import.</param>
/// <param name="Amount">The basket before the discount, in fen: the ledger computes and books the discount, which the channel does not.</param>
public sealed record WechatUseBody(
    [property: JsonPropertyName("use_request_no"), RegularExpression(Channel.NumberPattern)] string UseRequestNo,
    [property: JsonPropertyName("coupon_code"), StringLength(Limits.MaxPoolCode, MinimumLength = 1)] string CouponCode,
    [property: JsonPropertyName("use_time")] Instant UseTime,
    [property: JsonPropertyName("amount"), Range(1, Limits.MaxAmount)] long Amount,
    [property: JsonPropertyName("stock_id"), StringLength(Limits.MaxId, MinimumLength = 1)] string? StockId = null);

public sealed record WechatReturnBody(
    [property: JsonPropertyName("return_request_no"), RegularExpression(Channel.NumberPattern)] string ReturnRequestNo,
    [property: JsonPropertyName("coupon_code"), StringLength(Limits.MaxPoolCode, MinimumLength = 1)] string CouponCode,
    [property: JsonPropertyName("stock_id"), StringLength(Limits.MaxId, MinimumLength = 1)] string? StockId = null);

public sealed record WechatDeactivateBody(
    [property: JsonPropertyName("out_request_no"), RegularExpression(Channel.NumberPattern)] string OutRequestNo,
    [property: JsonPropertyName("coupon_code"), StringLength(Limits.MaxPoolCode, MinimumLength = 1)] string CouponCode,
    [property: JsonPropertyName("stock_id"), StringLength(Limits.MaxId, MinimumLength = 1)] string StockId,
    [property: JsonPropertyName("reason"), StringLength(Limits.MaxReason, MinimumLength = 1)] string? Reason = null);

public sealed record WechatStockId([property: JsonPropertyName("stock_id")] string StockId);

/// <param name="State">UNAUDIT, RUNNING, PAUSED or STOPED; what ended by the clock is STOPED too.</param>
/// <param name="SpecialPrice">Of an EXCHANGE that another channel created with a special price.</param>
public sealed record WechatStock(
    [property: JsonPropertyName("stock_id")] string StockId,
    [property: JsonPropertyName("state")] string State,
    [property: JsonPropertyName("type")] WechatStockType Type,
    [property: JsonPropertyName("code_mode")] WechatCodeMode CodeMode,
    [property: JsonPropertyName("max_coupons")] long MaxCoupons,
    [property: JsonPropertyName("issued")] long Issued,
    [property: JsonPropertyName("floor")] long Floor,
    [property: JsonPropertyName("amount")] long? Amount,
    [property: JsonPropertyName("rate")] string? Rate,
    [property: JsonPropertyName("ceiling")] long? Ceiling,
    [property: JsonPropertyName("value")] long? Value,
    [property: JsonPropertyName("goods")] string? Goods,
    [property: JsonPropertyName("special_price")] long? SpecialPrice,
    [property: JsonPropertyName("available_begin")] string AvailableBegin,
    [property: JsonPropertyName("available_end")] string AvailableEnd,
    [property: JsonPropertyName("wait_days")] int WaitDays,
    [property: JsonPropertyName("valid_days")] int? ValidDays,
    [property: JsonPropertyName("per_user")] int? PerUser,
    [property: JsonPropertyName("by_day")] int? ByDay,
    [property: JsonPropertyName("natural_person")] bool NaturalPerson);

/// <summary>Each code of an upload stands in one of the lists.</summary>
/// <param name="Exist">The merchant has it already.</param>
/// <param name="Duplicate">It stands earlier in the upload.</param>
public sealed record WechatUploaded(
    [property: JsonPropertyName("success")] IReadOnlyList<string> Success,
    [property: JsonPropertyName("fail")] IReadOnlyList<string> Fail,
    [property: JsonPropertyName("exist")] IReadOnlyList<string> Exist,
    [property: JsonPropertyName("duplicate")] IReadOnlyList<string> Duplicate);

/// <param name="Available">Uploaded codes that no coupon has (AVAILABLE); the others are DISPATCHED.</param>
public sealed record WechatCodeCount([property: JsonPropertyName("available")] long Available, [property: JsonPropertyName("dispatched")] long Dispatched);

/// <param name="Status">SENDED, USED, EXPIRED, DELETED or DEACTIVATED.</param>
public sealed record WechatCoupon(
    [property: JsonPropertyName("coupon_code")] string CouponCode,
    [property: JsonPropertyName("stock_id")] string StockId,
    [property: JsonPropertyName("status")] string Status,
    [property: JsonPropertyName("available_begin")] string AvailableBegin,
    [property: JsonPropertyName("available_end")] string AvailableEnd);

/// <param name="Discount">Given, or taken back, in fen.</param>
public sealed record WechatStep(
    [property: JsonPropertyName("coupon_code")] string CouponCode, [property: JsonPropertyName("status")] string Status, [property: JsonPropertyName("discount")] long Discount);

/// <summary>Says to which order a coupon belongs, or no longer does.</summary>
public sealed record WechatAssociateBody(
    [property: JsonPropertyName("out_request_no"), RegularExpression(Channel.NumberPattern)] string OutRequestNo,
    [property: JsonPropertyName("stock_id"), StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string StockId,
    [property: JsonPropertyName("coupon_code"), StringLength(Limits.MaxPoolCode, MinimumLength = 1)] string CouponCode,
    [property: JsonPropertyName("out_trade_no"), StringLength(Limits.MaxId, MinimumLength = 1)] string OutTradeNo);

public sealed record WechatAssociation(
    [property: JsonPropertyName("stock_id")] string StockId,
    [property: JsonPropertyName("coupon_code")] string CouponCode,
    [property: JsonPropertyName("out_trade_no")] string OutTradeNo);

/// <summary>A page of coupons, and the cursor of the next one while there is more.</summary>
public sealed record WechatCoupons(
    [property: JsonPropertyName("coupons")] IReadOnlyList<WechatCoupon> Coupons, [property: JsonPropertyName("next_cursor")] string? NextCursor);
