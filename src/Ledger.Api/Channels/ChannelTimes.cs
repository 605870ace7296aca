using NodaTime;
using NodaTime.Text;

namespace Ledger.Api.Channels;

/// <summary>Times as the channels write them, both by the clock of Beijing: Alipay <c>2026-02-17 09:30:00</c>, WeChat <c>2026-02-17T09:30:00+08:00</c>.</summary>
public static class ChannelTimes
{
    public const string Sentence = "Send a time of Beijing such as \"2026-02-17 09:30:00\", in the years 2000 to 2199.";

    private static readonly Offset s_beijing = Offset.FromHours(8);
    private static readonly OffsetDateTimePattern s_alipay = OffsetDateTimePattern.CreateWithInvariantCulture("uuuu-MM-dd HH:mm:ss");
    private static readonly OffsetDateTimePattern s_wechat = OffsetDateTimePattern.CreateWithInvariantCulture("uuuu-MM-dd'T'HH:mm:ss;FFFFFFo<+HH:mm>");

    /// <summary>Reads Alipay's form and no other; WeChat's is RFC 3339, which <see cref="RequestTimes.TryInstant"/> reads.</summary>
    public static bool TryAlipay(ReadOnlySpan<char> text, out Instant value)
    {
        value = default;
        return text.Length == 19 && text[10] == ' ' && RequestTimes.TryInstant($"{text[..10]}T{text[11..]}+08:00", out value);
    }

    /// <summary>Whole seconds: what is below is cut.</summary>
    public static string Alipay(Instant time) => s_alipay.Format(time.WithOffset(s_beijing));

    /// <summary>With as many decimals as the moment has.</summary>
    public static string Wechat(Instant time) => s_wechat.Format(time.WithOffset(s_beijing));
}
