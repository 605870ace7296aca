namespace Ledger.Api.Channels;

/// <summary>
/// The names by which one call of a channel knows problems, in the endpoint's metadata. Every problem that the address answers, from wherever
/// it comes, then says <c>code</c> too. Its own type stays beside it and tells more.
/// </summary>
/// <param name="Names">What the channel says that this call answers.</param>
public sealed record ChannelErrors(Dialect Dialect, string Call, IReadOnlyList<string> Names)
{
    private const string System = "SYSTEM_ERROR";

    private static readonly string[] s_common = [System, "INVALID_PARAMETER", "BIZ_ERROR"];

    /// <summary>The reasons that Alipay has a word for; a call that does not know the word says BIZ_ERROR, as the others do.</summary>
    private static readonly Dictionary<string, string> s_alipay = new(StringComparer.Ordinal)
    {
        ["campaign-unknown"] = "ACTIVITY_NOT_EXIST",
        ["code-not-found"] = "VOUCHER_NOT_EXIST",
        ["associated-elsewhere"] = "VOUCHER_ASSOCIATE_OTHER_TRADE_NO",
        ["not-associated"] = "VOUCHER_ASSOCIATE_TRADE_NO_ERROR",
        ["campaign-not-active"] = "ACTIVITY_NOT_ACTIVE",
        ["campaign-paused"] = "ACTIVITY_NOT_ACTIVE",
        ["campaign-not-started"] = "ACTIVITY_NOT_START",
        ["campaign-ended"] = "ACTIVITY_IS_END",
        ["window-is-over"] = "ACTIVITY_IS_END",
        ["campaign-stopped"] = "ACTIVITY_IS_STOPED",
        ["stock-exhausted"] = "BUDGET_NOT_ENOUGH",
        ["codes-exhausted"] = "BUDGET_NOT_ENOUGH",
        ["user-limit"] = "COUNT_OVER_LIMIT",
        ["user-day-limit"] = "COUNT_OVER_LIMIT",
        ["day-limit"] = "COUNT_OVER_LIMIT",
        ["natural-person-limit"] = "COUNT_OVER_LIMIT",
        ["phone-limit"] = "COUNT_OVER_LIMIT",
        ["not-permitted"] = "ACTIVITY_NOT_PERMISSION",
        ["store-not-allowed"] = "ACTIVITY_NOT_PERMISSION",
        ["channel-not-allowed"] = "ACTIVITY_NOT_PERMISSION",
    };

    /// <summary>WeChat's names are the general ones of its API v3.</summary>
    private static readonly Dictionary<string, string> s_wechat = new(StringComparer.Ordinal)
    {
        ["idempotency-key-reused"] = "PARAM_ERROR",
        ["not-authenticated"] = "SIGN_ERROR",
        ["not-permitted"] = "NO_AUTH",
        ["throttled"] = "FREQUENCY_LIMITED",
        ["campaign-exists"] = "RESOURCE_ALREADY_EXISTS",
        ["code-taken"] = "RESOURCE_ALREADY_EXISTS",
        ["stock-exhausted"] = "NOT_ENOUGH",
        ["codes-exhausted"] = "NOT_ENOUGH",
        ["money-budget-exhausted"] = "NOT_ENOUGH",
    };

    private static readonly string[] s_wechatNames =
        ["PARAM_ERROR", "SIGN_ERROR", "NO_AUTH", "RESOURCE_NOT_EXISTS", "RESOURCE_ALREADY_EXISTS", "NOT_ENOUGH", "FREQUENCY_LIMITED", "INVALID_REQUEST", System];

    /// <summary>The problems that a channel has a word of its own for.</summary>
    public static IEnumerable<string> Worded => s_alipay.Keys.Concat(s_wechat.Keys);

    /// <summary>A call of Alipay that knows these names beside the three of every call.</summary>
    public static ChannelErrors Alipay(string call, params ReadOnlySpan<string> names) => new(Dialect.Alipay, call, [.. s_common, .. names]);

    public static ChannelErrors Wechat(string call) => new(Dialect.Wechat, call, s_wechatNames);

    /// <summary>The names for what the request asked; also where routing let it reach no call of the channel. Null: no channel asked.</summary>
    public static ChannelErrors? Of(HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(http);
        if (http.GetEndpoint()?.Metadata.GetMetadata<ChannelErrors>() is { } call) return call;
        return http.Request.Path switch
        {
            var path when path.StartsWithSegments("/v1/channels/alipay", StringComparison.Ordinal) => Alipay("none"),
            var path when path.StartsWithSegments("/v1/channels/wechat", StringComparison.Ordinal) => Wechat("none"),
            _ => null,
        };
    }

    /// <summary>Total: no problem is without a name, and no name is foreign to the call.</summary>
    public string NameOf(ProblemType problem)
    {
        ArgumentNullException.ThrowIfNull(problem);
        var known = (Dialect == Dialect.Alipay ? s_alipay : s_wechat).GetValueOrDefault(problem.Slug);
        if (known is not null && Names.Contains(known, StringComparer.Ordinal)) return known;
        if (problem.Status >= 500 || problem.IsRetryable) return System;
        return (Dialect, problem) switch
        {
            (Dialect.Alipay, { Status: 400 or 401 or 405 or 413 or 415 } or { Slug: "idempotency-key-reused" }) => "INVALID_PARAMETER",
            (Dialect.Alipay, _) => "BIZ_ERROR",
            (_, { Status: 404 }) => "RESOURCE_NOT_EXISTS",
            (_, { Status: 400 or 405 or 413 or 415 }) => "PARAM_ERROR",
            _ => "INVALID_REQUEST",
        };
    }
}

/// <summary>Whose words a call speaks.</summary>
public enum Dialect
{
    Alipay,
    Wechat,
}
