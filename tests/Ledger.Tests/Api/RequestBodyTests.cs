using System.ComponentModel.DataAnnotations;
using System.Text;
using System.Text.Json;
using Ledger.Api;
using NodaTime;
using Xunit;

namespace Ledger.Tests.Api;

public class RequestBodyTests
{
    private const string Full =
        """
        {
          "code": "AB-12", "amount": 9007199254740991, "count": -5, "express": true, "channel": "miniProgram",
          "at": "2026-02-17T09:30:00.1234567+08:00", "day": "2024-02-29", "opens": "14:00",
          "lines": [{"sku": "s/1", "quantity": 1}, {"sku": "s~2", "quantity": 99}],
          "note": null, "shop": {"city": "上海"}, "closes": "23:59:59", "tags": ["a", "b"], "retries": 7, "limit": 3, "second": "till"
        }
        """;

    public enum Channel
    {
        Till,
        MiniProgram,
    }

    public sealed record Line([StringLength(8, MinimumLength = 2)] string Sku, [Range(1, 99)] int Quantity);

    public sealed record Shop(string City);

    public sealed record Everything(
        [StringLength(8, MinimumLength = 4), RegularExpression("[A-Z0-9-]+")] string Code,
        long Amount,
        int Count,
        bool Express,
        Channel Channel,
        Instant At,
        LocalDate Day,
        LocalTime Opens,
        [MaxLength(2)] IReadOnlyList<Line> Lines,
        string? Note,
        Shop? Shop,
        LocalTime? Closes = null,
        [MinLength(1)] IReadOnlyList<string>? Tags = null,
        int Retries = 3,
        [Range(1, 5)] int? Limit = 2,
        Channel? Second = Channel.MiniProgram,
        Instant Until = default);

    public sealed record Amount(
        [property: Range(typeof(long), "10", "9000000000")] long Fen,
        [Required] string? Why = null,
        [Required(AllowEmptyStrings = true)] string Memo = "");

    public sealed record Bulk([MinLength(1), MaxLength(1001)] IReadOnlyList<bool> Flags);

    private static (T? Value, string[] Faults) Read<T>(string json)
        where T : class
    {
        var faults = new Faults();
        var done = RequestBody.TryRead<T>(Encoding.UTF8.GetBytes(json), faults, out var value);
        Assert.Equal(done, faults.Count == 0);
        Assert.Equal(done, value is not null);
        return (value, [.. faults.Listed.Select(fault => $"{fault.Pointer}: {fault.Detail}")]);
    }

    [Fact]
    public void Reads_every_type()
    {
        var (value, faults) = Read<Everything>(Full);
        Assert.Empty(faults);
        Assert.Equal([new Line("s/1", 1), new Line("s~2", 99)], value!.Lines);
        Assert.Equal(["a", "b"], value.Tags);
        Assert.Equal(
            new Everything(
                "AB-12", 9_007_199_254_740_991, -5, true, Channel.MiniProgram,
                Instant.FromUtc(2026, 2, 17, 1, 30).PlusTicks(1_234_560), new LocalDate(2024, 2, 29), new LocalTime(14, 0),
                value.Lines, null, new Shop("上海"), new LocalTime(23, 59, 59), value.Tags, 7, 3, Channel.Till),
            value);
    }

    [Fact]
    public void Optional_members_have_their_defaults()
    {
        var (value, _) = Read<Everything>(
            """
            {"\u0063ode":"ABCD","amount":0,"count":0,"express":false,"channel":"till","at":"2000-01-01T00:00:00Z",
             "day":"1900-01-01","opens":"00:00","lines":[],"limit":null}
            """);
        Assert.Equal((3, null, Channel.MiniProgram, null, null, default(Instant)),
            (value!.Retries, value.Limit, value.Second, value.Note, value.Tags, value.Until));
    }

    [Fact]
    public void Lists_every_fault_in_the_order_of_the_body() => Assert.Equal(
        [
            "/code: Send text of 4 to 8 characters.",
            "/amont: The member is not known; did you mean 'amount'?",
            "/count: Send a whole number, without a decimal point or an exponent.",
            "/channel: Send one of: till, miniProgram.",
            "/at: Send a time with its offset, such as 2026-02-17T09:30:00+08:00, in the years 2000 to 2199.",
            "/lines/0/sku: Send text of 2 to 8 characters.",
            "/lines/0/quantity: Send a whole number from 1 to 99.",
            "/lines/1: Send a JSON object.",
            "/lines: Send a list of at most 2 items.",
            "/count: The member appears more than once; send it once.",
            "/a~1b~0: The member is not known; remove it.",
            "/retries: The member may not be null; leave it out or send a value.",
            "/amount: The member is required; add it.",
            "/express: The member is required; add it.",
            "/day: The member is required; add it.",
            "/opens: The member is required; add it.",
        ],
        Read<Everything>("""
            {"code":"ABC","amont":1,"count":1.0,"channel":"Till","at":"2026-02-30T00:00:00Z",
             "lines":[{"sku":"1","quantity":100},[[]],{"sku":1}],"count":[{}],"a/b~":{"x":[1]},"retries":null}
            """).Faults);

    [Theory]
    [InlineData("", "The body is empty; send a JSON object.")]
    [InlineData("[]", "Send a JSON object.")]
    [InlineData("null", "Send a JSON object.")]
    [InlineData("{\n \"city\": }", "The body is not JSON at line 2, byte 10; mend it: '}' is an invalid start of a value.")]
    [InlineData("{\"city\":\"x\",\"bad\":1,}", "The body is not JSON at line 1, byte 21; mend it: The JSON object contains a trailing comma at the end which is not supported in this mode.")]
    [InlineData("{\"city\":\"x\"} 1", "The body is not JSON at line 1, byte 14; mend it: '1' is invalid after a single JSON value.")]
    public void Answers_one_fault_for_what_is_no_json_object(string json, string detail) =>
        Assert.Equal([": " + detail], Read<Shop>(json).Faults);

    [Fact]
    public void Answers_one_fault_for_what_is_no_utf8()
    {
        var faults = new Faults();
        faults.Add("/header", "An earlier fault stays.");
        Assert.False(RequestBody.TryRead<Shop>([(byte)'{', (byte)'"', 0xC0, 0x80], faults, out _));
        Assert.Equal(new Fault("", "The body is not UTF-8 at byte 3; encode it in UTF-8."), faults.Listed[1]);
    }

    [Theory]
    [InlineData("\"\"", "Send text of 1 to 256 characters.")]
    [InlineData("1", "Send a string.")]
    [InlineData("null", "The member may not be null; send a value.")]
    [InlineData("\"a\\nb\"", "The text contains control characters; remove them.")]
    [InlineData("\"\\u0000\"", "The text contains control characters; remove them.")]
    [InlineData("\"\u007f\"", "The text contains control characters; remove them.")]
    [InlineData("\"\\u0085\"", "The text contains control characters; remove them.")]
    [InlineData("\"\\ud800\"", "The text contains half a surrogate pair; remove it.")]
    public void Refuses_text(string json, string detail) =>
        Assert.Equal(["/city: " + detail], Read<Shop>($"{{\"city\":{json}}}").Faults);

    [Fact]
    public void A_pattern_matches_the_whole_text() => Assert.Equal(
        ["/code: Send text that matches the pattern [A-Z0-9-]+"],
        Read<Everything>(Full.Replace("AB-12", "AB-12x", StringComparison.Ordinal)).Faults);

    [Fact]
    public void A_name_with_half_a_surrogate_pair_is_refused() => Assert.Equal(
        [": A member's name contains half a surrogate pair; remove it.", "/city: The member is required; add it."],
        Read<Shop>("""{"c\udc00":{}}""").Faults);

    [Fact]
    public void Unknown_names_are_shown_in_part() =>
        Assert.StartsWith("/" + new string('n', 63) + "…: ", Read<Shop>($$"""{"city":"x","{{new string('n', 63)}}😀n":1}""").Faults[0], StringComparison.Ordinal);

    [Theory]
    [InlineData("9", false)]
    [InlineData("10", true)]
    [InlineData("9000000000", true)]
    [InlineData("9000000001", false)]
    [InlineData("99999999999999999999", false)]
    [InlineData("\"10\"", false)]
    public void Ranges_include_their_bounds(string fen, bool good) =>
        Assert.Equal(good, Read<Amount>($$"""{"fen":{{fen}},"why":"w","memo":""}""").Value is not null);

    [Theory]
    [InlineData("9007199254740992")]
    [InlineData("-9007199254740992")]
    public void Numbers_end_before_two_to_the_fifty_third(string amount) => Assert.Equal(
        ["/amount: Send a whole number from -9007199254740991 to 9007199254740991."],
        Read<Everything>(Full.Replace("9007199254740991", amount, StringComparison.Ordinal)).Faults);

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    [InlineData(1001, true)]
    [InlineData(1002, false)]
    public void Lists_have_bounds(int items, bool good) =>
        Assert.Equal(good, Read<Bulk>($$"""{"flags":[{{string.Join(',', Enumerable.Repeat("true", items))}}]}""").Value is not null);

    [Fact]
    public void Required_makes_a_nullable_member_required() => Assert.Equal(
        ["/why: The member may not be null; send a value.", "/memo: The member is required; add it."],
        Read<Amount>("""{"fen":10,"why":null}""").Faults);

    [Theory]
    [InlineData("2000-01-01T00:00:00Z", "2000-01-01T00:00:00Z")]
    [InlineData("1999-12-31T23:00:00-01:00", "2000-01-01T00:00:00Z")]
    [InlineData("2199-12-31T23:59:59.9999999z", "2199-12-31T23:59:59.999999Z")]
    [InlineData("2200-01-01t00:00:00+00:01", "2199-12-31T23:59:00Z")]
    [InlineData("2026-02-17T09:30:00.5+23:59", "2026-02-16T09:31:00.5Z")]
    [InlineData("1999-12-31T23:59:59Z", null)]
    [InlineData("2200-01-01T00:00:00Z", null)]
    [InlineData("2026-02-17T09:30:00", null)]
    [InlineData("2026-02-17T09:30Z", null)]
    [InlineData("2026-02-17 09:30:00Z", null)]
    [InlineData("2026-02-17T09:30:60Z", null)]
    [InlineData("2026-02-17T24:00:00Z", null)]
    [InlineData("2026-02-17T09:30:00.Z", null)]
    [InlineData("2026-02-17T09:30:00.123", null)]
    [InlineData("2026-02-17T09:30:00+8:00", null)]
    [InlineData("2026-02-17T09:30:00+24:00", null)]
    [InlineData("2026-02-17T09:30:00Z ", null)]
    [InlineData("2025-02-29T09:30:00Z", null)]
    public void Reads_moments(string text, string? expected)
    {
        Assert.Equal(expected is not null, RequestTimes.TryInstant(text, out var value));
        if (expected is not null) Assert.Equal(NodaTime.Text.InstantPattern.ExtendedIso.Parse(expected).Value, value);
    }

    [Theory]
    [InlineData("1899-12-31", false)]
    [InlineData("1900-01-01", true)]
    [InlineData("2199-12-31", true)]
    [InlineData("2200-01-01", false)]
    [InlineData("2026-00-10", false)]
    [InlineData("2026-10-00", false)]
    [InlineData("2026-1-10", false)]
    [InlineData("２026-01-10", false)]
    public void Reads_dates(string text, bool good) => Assert.Equal(good, RequestTimes.TryDate(text, out _));

    [Theory]
    [InlineData("23:59:59", true)]
    [InlineData("24:00", false)]
    [InlineData("14:60", false)]
    [InlineData("14:00:", false)]
    [InlineData("14:00:00.5", false)]
    [InlineData("2pm", false)]
    public void Reads_times_of_day(string text, bool good) => Assert.Equal(good, RequestTimes.TryTime(text, out _));

    [Fact]
    public void A_hostile_body_does_not_make_a_long_answer()
    {
        var faults = new Faults();
        var body = "{" + string.Join(',', Enumerable.Repeat("\"x\":[]", 5000)) + "}";
        Assert.False(RequestBody.TryRead<Shop>(Encoding.UTF8.GetBytes(body), faults, out _));
        Assert.Equal((5001, Faults.MaxListed), (faults.Count, faults.Listed.Count));
    }

    [Fact]
    public void No_input_makes_it_throw()
    {
        var random = new Random(1);
        var valid = Encoding.UTF8.GetBytes(Full);
        var tokens = new[] { "{", "}", "[", "]", ",", ":", "\"code\"", "\"\\ud800\"", "\"lines\":[", "null", "1e9", "-", "\"", "\\u0000", " " }
            .Select(Encoding.UTF8.GetBytes).ToArray();
        for (var i = 0; i < 30_000; i++)
        {
            var bytes = (i % 3) switch
            {
                0 => RandomBytes(random),
                1 => Mutated(valid, tokens, random),
                _ => [.. Enumerable.Range(0, random.Next(40)).SelectMany(_ => tokens[random.Next(tokens.Length)])],
            };
            var faults = new Faults();
            Assert.Equal(RequestBody.TryRead<Everything>(bytes, faults, out _), faults.Count == 0);
            JsonSerializer.SerializeToUtf8Bytes(faults.Listed);
        }
    }

    private static byte[] RandomBytes(Random random)
    {
        var bytes = new byte[random.Next(60)];
        random.NextBytes(bytes);
        return bytes;
    }

    private static byte[] Mutated(byte[] valid, byte[][] tokens, Random random)
    {
        var bytes = valid.ToList();
        for (var edits = random.Next(1, 4); edits > 0; edits--)
        {
            var at = random.Next(bytes.Count);
            if (random.Next(3) == 0) bytes[at] = (byte)random.Next(256);
            else if (random.Next(2) == 0) bytes.InsertRange(at, tokens[random.Next(tokens.Length)]);
            else bytes.RemoveRange(at, Math.Min(random.Next(8), bytes.Count - at));
        }

        return [.. bytes];
    }

    public sealed record Recursive(IReadOnlyList<Recursive> Inner);

    public sealed record Fraction(decimal Value);

    public sealed record Misfit([Range(1, 2)] string Text);

    public sealed record Unheard([EmailAddress] string Mail);

    [Fact]
    public void A_record_that_cannot_be_read_is_a_bug()
    {
        Assert.Throws<NotSupportedException>(() => Read<Recursive>("{}"));
        Assert.Throws<NotSupportedException>(() => Read<Fraction>("{}"));
        Assert.Throws<NotSupportedException>(() => Read<Misfit>("{}"));
        Assert.Throws<NotSupportedException>(() => Read<Unheard>("{}"));
    }
}
