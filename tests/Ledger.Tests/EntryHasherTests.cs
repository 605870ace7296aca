using System.Text;
using NodaTime;
using Xunit;
using static Ledger.Tests.Moments;

namespace Ledger.Tests;

public sealed class EntryHasherTests : IDisposable
{
    /// <summary>The bytes 0 to 31.</summary>
    private static readonly byte[] s_previous = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    private static readonly Entry s_entry = new(
        "noodle-house", 7, new Guid("01920000-0000-7000-8000-00000000002a"), "coupon-7QX4M2K9TDAAC", 2,
        Utf8("""{"amount":12000,"goods":"面 \"1\""}"""), "coupon_redeemed", At("2026-02-17T09:30:00.000001+08:00"),
        "Ledger.Coupons.CouponEvent+CouponRedeemed, Ledger", "purchase-1", "request-1", Utf8("""{"actor":"key-1"}"""));

    private readonly EntryHasher hasher = new();

    public void Dispose() => hasher.Dispose();

    /// <summary>Reckoned without this code, by Python's hashlib, from the canonical text below:
    /// <code>
    /// import hashlib
    /// entry = ('{"causation":"request-1","correlation":"purchase-1","data":{"amount":12000,"goods":"面 \\"1\\""},'
    ///     '"dotnetType":"Ledger.Coupons.CouponEvent+CouponRedeemed, Ledger","headers":{"actor":"key-1"},'
    ///     '"id":"01920000-0000-7000-8000-00000000002a","seq":7,"stream":"coupon-7QX4M2K9TDAAC","tenant":"noodle-house",'
    ///     '"timestamp":"2026-02-17T01:30:00.000001Z","type":"coupon_redeemed","version":2}')
    /// print(hashlib.sha256(bytes(range(32)) + entry.encode()).hexdigest())
    /// </code></summary>
    [Fact]
    public void The_hash_is_SHA_256_of_the_previous_hash_and_the_canonical_entry() =>
        Assert.Equal("6091D871328C9A7C28A219B7593B6D5075A102CD32FF607573A71B17A5AAF703", Convert.ToHexString(hasher.Hash(s_previous, s_entry)));

    /// <summary>The same for a first entry: 32 zero bytes before it, and neither causation, correlation nor headers.
    /// <code>
    /// entry = ('{"data":{},"dotnetType":"Ledger.Coupons.CampaignEvent+CampaignSubmitted, Ledger",'
    ///     '"id":"01920000-0000-7000-8000-000000000001","seq":1,"stream":"campaign-spring","tenant":"m",'
    ///     '"timestamp":"2026-02-17T01:30:00.000000Z","type":"campaign_submitted","version":1}')
    /// print(hashlib.sha256(bytes(32) + entry.encode()).hexdigest())
    /// </code></summary>
    [Fact]
    public void What_an_entry_lacks_is_left_out_of_its_text()
    {
        var entry = new Entry(
            "m", 1, new Guid("01920000-0000-7000-8000-000000000001"), "campaign-spring", 1, Utf8("{}"), "campaign_submitted",
            At("2026-02-17T01:30:00Z"), "Ledger.Coupons.CampaignEvent+CampaignSubmitted, Ledger", null, null, default);
        Assert.Equal("66D37E5189CA98700BB25DBFDD66DEFFBFEDCBF88E9CA623D0347EF6482A1A2D", Convert.ToHexString(hasher.Hash(EntryHasher.Genesis.Span, entry)));
    }

    [Fact]
    public void Every_change_of_an_entry_changes_its_hash()
    {
        Entry[] variants =
        [
            s_entry,
            s_entry with { Book = "noodle-hous" },
            s_entry with { Seq = 8 },
            s_entry with { Id = new Guid("01920000-0000-7000-8000-00000000002b") },
            s_entry with { Stream = "coupon-7QX4M2K9TDAAD" },
            s_entry with { Version = 3 },
            s_entry with { Data = Utf8("""{"amount":12001,"goods":"面 \"1\""}""") },
            s_entry with { Type = "coupon_redeeme" },
            s_entry with { Timestamp = s_entry.Timestamp + Tick },
            s_entry with { DotnetType = "Ledger.Coupons.CouponEvent+CouponRedeemed, Ledge" },
            s_entry with { Correlation = null },
            s_entry with { Correlation = "" },
            s_entry with { Causation = null },
            s_entry with { Causation = "" },
            s_entry with { Correlation = "request-1", Causation = "purchase-1" },
            s_entry with { Headers = default },
            s_entry with { Headers = Utf8("{}") },
        ];
        // A new column needs a variant here and a member in the hash.
        Assert.Equal(12, typeof(Entry).GetProperties().Length);
        Assert.Distinct(variants.Select(entry => Convert.ToHexString(hasher.Hash(s_previous, entry))), StringComparer.Ordinal);
        Assert.NotEqual(hasher.Hash(s_previous, s_entry), hasher.Hash(EntryHasher.Genesis.Span, s_entry));
    }

    [Fact]
    public void Verify_agrees_with_Hash()
    {
        var hash = hasher.Hash(s_previous, s_entry);
        Assert.True(hasher.Verify(s_previous, s_entry, hash));
        Assert.False(hasher.Verify(EntryHasher.Genesis.Span, s_entry, hash));
        Assert.False(hasher.Verify(s_previous, s_entry with { Seq = 8 }, hash));
        Assert.False(hasher.Verify(s_previous, s_entry, hash.AsSpan(1)));
        Assert.False(hasher.Verify(s_previous, s_entry, []));
        hash[31] ^= 1;
        Assert.False(hasher.Verify(s_previous, s_entry, hash));
    }

    [Fact]
    public void A_hasher_carries_nothing_over_to_the_next_entry()
    {
        var fresh = hasher.Hash(s_previous, s_entry);
        hasher.Hash(s_previous, s_entry with { Data = Utf8($$"""{"goods":"{{new string('x', 5_000)}}"}""") });
        Assert.Equal(fresh, hasher.Hash(s_previous, s_entry));
    }

    /// <summary>Every printable ASCII character may stand in a request key; each is escaped as RFC 8785 asks, by the same rules as canonical JSON.</summary>
    [Fact]
    public void Keys_of_any_printable_characters_are_spelled_canonically()
    {
        var key = string.Concat(Enumerable.Range('!', '~' - '!' + 1).Select(c => (char)c));
        var text = $$"""
            {"causation":{{System.Text.Json.JsonSerializer.Serialize(key)}},"data":{},"dotnetType":"d","id":"01920000-0000-7000-8000-000000000001",
            "seq":1,"stream":"s","tenant":"m","timestamp":"2026-02-17T01:30:00.000000Z","type":"t","version":1}
            """;
        var entry = new Entry("m", 1, new Guid("01920000-0000-7000-8000-000000000001"), "s", 1, Utf8("{}"), "t", At("2026-02-17T01:30:00Z"), "d", null, key, default);
        var expected = System.Security.Cryptography.SHA256.HashData([.. s_previous, .. CanonicalJson.Of(Encoding.UTF8.GetBytes(text))]);
        Assert.Equal(expected, hasher.Hash(s_previous, entry));
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
