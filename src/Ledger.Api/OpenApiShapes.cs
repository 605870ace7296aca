using System.Text.Json.Nodes;
using Ledger.Coupons;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.OpenApi;
using NodaTime;

namespace Ledger.Api;

/// <summary>The schemas of types that System.Text.Json writes through converters, and an example of each body.</summary>
public static class OpenApiShapes
{
    private static readonly Dictionary<Type, string> Examples = new()
    {
        [typeof(RegisterMerchantBody)] = """{"id":"tea-house","name":"Tea House","timeZone":"Asia/Shanghai","currency":"CNY"}""",
        [typeof(OpenStoreBody)] = """{"id":"store-1","name":"Riverside"}""",
        [typeof(InstallTillBody)] = """{"id":"till-1"}""",
        [typeof(CreateKeyBody)] = """{"scope":"till","merchant":"tea-house","store":"store-1","till":"till-1"}""",
        [typeof(DraftCampaignBody)] = """{"id":"spring","name":"5 off 30","quota":1000,"terms":{"benefit":{"kind":"fixedAmount","off":500},"minimumSpend":3000,"validity":{"windowStart":"2026-01-01T00:00:00+08:00","windowEnd":"2036-01-01T00:00:00+08:00"}}}""",
        [typeof(TermsBody)] = """{"benefit":{"kind":"percentage","offBasisPoints":1200,"ceiling":1500},"minimumSpend":0,"validity":{"windowStart":"2026-01-01T00:00:00+08:00","windowEnd":"2036-01-01T00:00:00+08:00","validDays":15},"limits":{"perMember":1}}""",
        [typeof(ChangeQuotaBody)] = """{"expected":1000,"target":2000}""",
        [typeof(ReasonBody)] = """{"reason":"Out of tea"}""",
        [typeof(NoBody)] = "{}",
        [typeof(DepositCodesBody)] = """{"codes":["A-1","A-2"]}""",
        [typeof(IssueBody)] = """{"campaign":"spring","member":"m-1"}""",
        [typeof(RedeemBody)] = """{"code":"0000000000000","amount":4200,"order":"receipt-1"}""",
        [typeof(QuoteBody)] = """{"codes":["0000000000000"],"amount":4200}""",
        [typeof(ReversalBody)] = """{"request":"receipt-1-redeem","reason":"No answer"}""",
        [typeof(OfflineLimitsBody)] = """{"maxDiscount":10000,"maxCount":50,"maxSum":200000}""",
        [typeof(OfflineBatchBody)] = """{"records":[{"till":"store-1/till-1","sequence":1,"previousHash":"0000000000000000000000000000000000000000000000000000000000000000","code":"0000000000000","amount":4200,"discount":500,"businessTime":"2026-02-17T18:30:00+08:00"}],"newest":1}""",
        [typeof(OpenPointsProgramBody)] = """{"id":"club","name":"Tea club","terms":{"earning":{"points":1,"per":100},"expiry":{"kind":"afterMonths","months":12},"value":{"amount":1,"points":1},"graceDays":30}}""",
        [typeof(EarnPointsBody)] = """{"program":"club","member":"m-1","order":"receipt-1","lines":[{"line":"1","net":4992},{"line":"2","net":2750}]}""",
        [typeof(ReversePurchaseBody)] = """{"program":"club","lines":[{"line":"2","net":2750}]}""",
        [typeof(SpendPointsBody)] = """{"program":"club","member":"m-1","points":50,"order":"receipt-2"}""",
        [typeof(HoldPointsBody)] = """{"program":"club","member":"m-1","points":50,"seconds":120}""",
        [typeof(ListBenefitBody)] = """{"id":"meal","name":"Lunch for one","program":"club","points":800,"kind":"pickUp","stock":100,"days":7}""",
        [typeof(OrderBenefitBody)] = """{"benefit":"meal","member":"m-1"}""",
        [typeof(Channels.AlipayActivityBody)] = """{"out_biz_no":"act-1","voucher_type":"FIX_VOUCHER","code_mode":"MERCHANT_API","quantity":100,"amount":"5.00","floor":"30.00","available_begin":"2026-01-01 00:00:00","available_end":"2036-01-01 00:00:00"}""",
        [typeof(Channels.AlipayUseBody)] = """{"out_biz_no":"use-1","amount":"42.00"}""",
        [typeof(Channels.WechatStockBody)] = """{"out_request_no":"stock-1","type":"NORMAL","code_mode":"WECHATPAY_MODE","max_coupons":100,"amount":500,"floor":3000,"available_begin":"2026-01-01T00:00:00+08:00","available_end":"2036-01-01T00:00:00+08:00"}""",
        [typeof(Channels.WechatUseBody)] = """{"use_request_no":"use-1","coupon_code":"0000000000000","use_time":"2026-02-17T09:30:00+08:00","amount":4200}""",
        [typeof(VoidBody)] = """{"reason":"Wrong coupon"}""",
    };

    /// <summary>Money is an integer, times and dates are strings of their formats.</summary>
    public static void Describe(OpenApiSchema schema, Type type)
    {
        ArgumentNullException.ThrowIfNull(schema);
        var underlying = Nullable.GetUnderlyingType(type) ?? type;
        var (kind, format) = underlying switch
        {
            _ when underlying == typeof(Money) => (JsonSchemaType.Integer, "int64"),
            _ when underlying == typeof(Instant) => (JsonSchemaType.String, "date-time"),
            _ when underlying == typeof(LocalDate) => (JsonSchemaType.String, "date"),
            _ when underlying == typeof(LocalTime) => (JsonSchemaType.String, "time"),
            _ => (default, null),
        };
        if (format is null) return;
        schema.Type = kind;
        schema.Format = format;
        schema.Properties?.Clear();
        schema.Required?.Clear();
    }

    /// <summary>The members that every problem has.</summary>
    public static OpenApiSchema Problem() => new()
    {
        Type = JsonSchemaType.Object,
        Properties = new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal)
        {
            ["type"] = new OpenApiSchema { Type = JsonSchemaType.String, Format = "uri-reference" },
            ["title"] = new OpenApiSchema { Type = JsonSchemaType.String },
            ["status"] = new OpenApiSchema { Type = JsonSchemaType.Integer },
            ["detail"] = new OpenApiSchema { Type = JsonSchemaType.String },
            ["retryable"] = new OpenApiSchema { Type = JsonSchemaType.Boolean },
            ["requestId"] = new OpenApiSchema { Type = JsonSchemaType.String },
        },
    };

    public static void AddExample(OpenApiOperation operation, IList<object> metadata)
    {
        ArgumentNullException.ThrowIfNull(operation);
        var body = metadata.OfType<IAcceptsMetadata>().FirstOrDefault()?.RequestType;
        if (body is null || operation.RequestBody?.Content is not { } content || !Examples.TryGetValue(body, out var example)) return;
        foreach (var media in content.Values.OfType<OpenApiMediaType>()) media.Example = JsonNode.Parse(example);
    }
}
