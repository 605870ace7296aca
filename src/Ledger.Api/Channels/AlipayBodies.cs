using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace Ledger.Api.Channels;

public enum AlipayVoucherType
{
    [JsonStringEnumMemberName("FIX_VOUCHER")]
    Fix,
    [JsonStringEnumMemberName("DISCOUNT_VOUCHER")]
    Discount,
    [JsonStringEnumMemberName("SPECIAL_VOUCHER")]
    Special,
    [JsonStringEnumMemberName("EXCHANGE_VOUCHER")]
    Exchange,
}

public enum AlipayCodeMode
{
    [JsonStringEnumMemberName("MERCHANT_UPLOAD")]
    MerchantUpload,
    [JsonStringEnumMemberName("MERCHANT_API")]
    MerchantApi,
}

/// <summary>Creates an activity. Amounts are in yuan; the members that the type needs, and no others.</summary>
/// <param name="Rate">DISCOUNT_VOUCHER: the part that is paid.</param>
/// <param name="PerUser">0 or nothing: no limit; so with the others.</param>
public sealed record AlipayActivityBody(
    [property: JsonPropertyName("out_biz_no"), RegularExpression(Channel.NumberPattern)] string OutBizNo,
    [property: JsonPropertyName("voucher_type")] AlipayVoucherType VoucherType,
    [property: JsonPropertyName("code_mode")] AlipayCodeMode CodeMode,
    [property: JsonPropertyName("quantity"), Range(1, 999_999)] long Quantity,
    [property: JsonPropertyName("available_begin")] string AvailableBegin,
    [property: JsonPropertyName("available_end")] string AvailableEnd,
    [property: JsonPropertyName("amount")] string? Amount = null,
    [property: JsonPropertyName("rate")] string? Rate = null,
    [property: JsonPropertyName("ceiling")] string? Ceiling = null,
    [property: JsonPropertyName("special_price")] string? SpecialPrice = null,
    [property: JsonPropertyName("value")] string? Value = null,
    [property: JsonPropertyName("goods"), StringLength(Limits.MaxName, MinimumLength = 1)] string? Goods = null,
    [property: JsonPropertyName("floor")] string? Floor = null,
    [property: JsonPropertyName("wait_days"), Range(0, Limits.MaxDays)] int WaitDays = 0,
    [property: JsonPropertyName("valid_days"), Range(1, Limits.MaxDays)] int? ValidDays = null,
    [property: JsonPropertyName("per_user"), Range(0, 1_000_000)] int? PerUser = null,
    [property: JsonPropertyName("per_user_per_day"), Range(0, 1_000_000)] int? PerUserPerDay = null,
    [property: JsonPropertyName("per_day_total"), Range(0, int.MaxValue)] int? PerDayTotal = null,
    [property: JsonPropertyName("natural_person"), Range(0, 1_000_000)] int? NaturalPerson = null,
    [property: JsonPropertyName("phone_number"), Range(0, 1_000_000)] int? PhoneNumber = null,
    [property: JsonPropertyName("voucher_max_use_times"), Range(1, Limits.MaxUses)] int VoucherMaxUseTimes = 1);

/// <summary>Modifies what later vouchers get; what is left out stays.</summary>
public sealed record AlipayModifyBody(
    [property: JsonPropertyName("out_biz_no"), RegularExpression(Channel.NumberPattern)] string OutBizNo,
    [property: JsonPropertyName("floor")] string? Floor = null,
    [property: JsonPropertyName("available_end")] string? AvailableEnd = null,
    [property: JsonPropertyName("per_user"), Range(0, 1_000_000)] int? PerUser = null,
    [property: JsonPropertyName("per_day_total"), Range(0, int.MaxValue)] int? PerDayTotal = null);

/// <summary>Raises the quantity.</summary>
/// <param name="Quantity">The new total.</param>
public sealed record AlipayAppendBody(
    [property: JsonPropertyName("out_biz_no"), RegularExpression(Channel.NumberPattern)] string OutBizNo,
    [property: JsonPropertyName("quantity"), Range(1, 999_999)] long Quantity);

public sealed record AlipayStopBody(
    [property: JsonPropertyName("out_biz_no"), RegularExpression(Channel.NumberPattern)] string OutBizNo,
    [property: JsonPropertyName("reason"), StringLength(Limits.MaxReason, MinimumLength = 1)] string Reason);

public sealed record AlipayDepositBody(
    [property: JsonPropertyName("out_biz_no"), RegularExpression(Channel.NumberPattern)] string OutBizNo,
    [property: JsonPropertyName("codes"), Length(1, Limits.MaxDeposit)] IReadOnlyList<string> Codes);

/// <summary>Issues a voucher.</summary>
/// <param name="Code">MERCHANT_API: its code.</param>
/// <param name="Person">The citizen identification number, where the activity limits natural persons. Kept as a keyed hash only; so with the phone.</param>
public sealed record AlipaySendBody(
    [property: JsonPropertyName("out_biz_no"), RegularExpression(Channel.NumberPattern)] string OutBizNo,
    [property: JsonPropertyName("activity_id"), StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string ActivityId,
    [property: JsonPropertyName("user"), StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string User,
    [property: JsonPropertyName("code"), StringLength(Limits.MaxPoolCode, MinimumLength = 1)] string? Code = null,
    [property: JsonPropertyName("person"), StringLength(PersonNumber.MaxText)] string? Person = null,
    [property: JsonPropertyName("phone"), StringLength(PhoneNumber.MaxText)] string? Phone = null);

/// <summary>Uses a voucher.</summary>
/// <param name="Amount">The basket before the discount: the ledger computes and books the discount, which the channel does not.</param>
/// <param name="TradeNo">The order's trade number.</param>
public sealed record AlipayUseBody(
    [property: JsonPropertyName("out_biz_no"), RegularExpression(Channel.NumberPattern)] string OutBizNo,
    [property: JsonPropertyName("amount")] string Amount,
    [property: JsonPropertyName("times"), Range(1, Limits.MaxUses)] int Times = 1,
    [property: JsonPropertyName("trade_no"), StringLength(Limits.MaxId, MinimumLength = 1)] string? TradeNo = null);

public sealed record AlipayRefundBody(
    [property: JsonPropertyName("out_biz_no"), RegularExpression(Channel.NumberPattern)] string OutBizNo,
    [property: JsonPropertyName("times"), Range(1, Limits.MaxUses)] int Times = 1);

/// <summary>Says to which order a voucher belongs, or no longer does.</summary>
public sealed record AlipayAssociateBody(
    [property: JsonPropertyName("out_biz_no"), RegularExpression(Channel.NumberPattern)] string OutBizNo,
    [property: JsonPropertyName("activity_id"), StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string ActivityId,
    [property: JsonPropertyName("trade_no"), StringLength(Limits.MaxId, MinimumLength = 1)] string TradeNo);

public sealed record AlipayAssociation(
    [property: JsonPropertyName("code")] string Code,
    [property: JsonPropertyName("activity_id")] string ActivityId,
    [property: JsonPropertyName("trade_no")] string TradeNo);

public sealed record AlipayAccepted([property: JsonPropertyName("activity_id")] string ActivityId);

/// <param name="State">ACTIVE, PAUSE, STOPPED or ENDED; absent while it was not approved.</param>
public sealed record AlipayActivity(
    [property: JsonPropertyName("activity_id")] string ActivityId,
    [property: JsonPropertyName("state")] string? State,
    [property: JsonPropertyName("voucher_type")] AlipayVoucherType VoucherType,
    [property: JsonPropertyName("code_mode")] AlipayCodeMode? CodeMode,
    [property: JsonPropertyName("quantity")] long Quantity,
    [property: JsonPropertyName("issued")] long Issued,
    [property: JsonPropertyName("floor")] string Floor,
    [property: JsonPropertyName("amount")] string? Amount,
    [property: JsonPropertyName("rate")] string? Rate,
    [property: JsonPropertyName("ceiling")] string? Ceiling,
    [property: JsonPropertyName("special_price")] string? SpecialPrice,
    [property: JsonPropertyName("value")] string? Value,
    [property: JsonPropertyName("goods")] string? Goods,
    [property: JsonPropertyName("available_begin")] string AvailableBegin,
    [property: JsonPropertyName("available_end")] string AvailableEnd,
    [property: JsonPropertyName("wait_days")] int WaitDays,
    [property: JsonPropertyName("valid_days")] int? ValidDays,
    [property: JsonPropertyName("per_user")] int? PerUser,
    [property: JsonPropertyName("per_user_per_day")] int? PerUserPerDay,
    [property: JsonPropertyName("per_day_total")] int? PerDayTotal,
    [property: JsonPropertyName("natural_person")] int? NaturalPerson,
    [property: JsonPropertyName("phone_number")] int? PhoneNumber,
    [property: JsonPropertyName("voucher_max_use_times")] int VoucherMaxUseTimes);

/// <summary>A code that was not taken, and why: exists, duplicateInBatch, or what is wrong with it.</summary>
public sealed record AlipayRefusedCode([property: JsonPropertyName("code")] string Code, [property: JsonPropertyName("reason")] string Reason);

public sealed record AlipayDeposited(
    [property: JsonPropertyName("success")] int Success, [property: JsonPropertyName("failures")] IReadOnlyList<AlipayRefusedCode> Failures);

/// <param name="Imported">Codes that were ever uploaded.</param>
/// <param name="Left">Of these, codes that no voucher has.</param>
public sealed record AlipayCodeCount([property: JsonPropertyName("imported")] long Imported, [property: JsonPropertyName("left")] long Left);

/// <param name="Status">SENDED, USED or EXPIRED; whatever cannot be used any more and was not is EXPIRED.</param>
public sealed record AlipayVoucher(
    [property: JsonPropertyName("code")] string Code,
    [property: JsonPropertyName("activity_id")] string ActivityId,
    [property: JsonPropertyName("status")] string Status,
    [property: JsonPropertyName("available_begin")] string AvailableBegin,
    [property: JsonPropertyName("available_end")] string AvailableEnd);

/// <param name="Discount">Given, or taken back, in yuan.</param>
public sealed record AlipayStep(
    [property: JsonPropertyName("code")] string Code,
    [property: JsonPropertyName("status")] string Status,
    [property: JsonPropertyName("remaining_times")] int RemainingTimes,
    [property: JsonPropertyName("discount")] string Discount);

/// <summary>A page of vouchers, and the cursor of the next one while there is more.</summary>
public sealed record AlipayVouchers(
    [property: JsonPropertyName("vouchers")] IReadOnlyList<AlipayVoucher> Vouchers, [property: JsonPropertyName("next_cursor")] string? NextCursor);
