using System.Text;
using System.Text.Json;
using Ledger.Coupons;
using NodaTime;
using Xunit;
using static Ledger.Tests.Moments;

namespace Ledger.Tests;

/// <summary>What is stored reads back as it was.</summary>
public class LedgerJsonTests
{
    public static TheoryData<string> Stored { get; } =
        [.. Catalogue.Events.Keys, .. Catalogue.Streams.Select(stream => $"state of {stream.Name}")];

    [Theory]
    [MemberData(nameof(Stored))]
    public void Every_event_and_state_reads_back_equal_from_its_canonical_form(string name)
    {
        var type = Catalogue.Events.TryGetValue(name, out var stored) ? stored.Type : Catalogue.Streams.Single(stream => $"state of {stream.Name}" == name).StateType;
        Holds.For(AnyValue.Of(type), value =>
        {
            var canonical = CanonicalJson.Of(JsonSerializer.SerializeToUtf8Bytes(value, type, LedgerJson.Options));
            Assert.Equal(canonical, CanonicalJson.Of(canonical));
            var read = stored is null ? JsonSerializer.Deserialize(canonical, type, LedgerJson.Options) : stored.Read(canonical);
            Assert.True(Equals(value, read), $"{value}\nreads back as\n{read}\nfrom {Encoding.UTF8.GetString(canonical)}");
            Assert.Equal(canonical, CanonicalJson.Of(JsonSerializer.SerializeToUtf8Bytes(read, type, LedgerJson.Options)));
        }, times: 100);
    }

    [Fact]
    public void Values_are_written_as_they_are_stored()
    {
        var terms = new CouponTerms(
            new Benefit.Percentage(1_200, new Money(15_00), Rounding.HalfUp), new(100_00), "Asia/Shanghai",
            new(At("2026-03-01T00:00:00+08:00"), At("2026-06-01T00:00:00.000001+08:00"), WaitDays: 1),
            [new(IsoDayOfWeek.Friday, new(22, 0), LocalTime.Midnight)], ["s1"], new(PerDay: 5));
        const string Expected = """
            {"benefit":{"ceiling":1500,"kind":"percentage","offBasisPoints":1200,"rounding":"HalfUp"},"limits":{"perDay":5},"minimumSpend":10000,"stores":["s1"],
            "timeZone":"Asia/Shanghai","usableOn":[{"day":"Friday","from":"22:00:00","to":"00:00:00"}],
            "validity":{"waitDays":1,"windowEnd":"2026-05-31T16:00:00.000001Z","windowStart":"2026-02-28T16:00:00.000000Z"}}
            """;
        Assert.Equal(
            Expected.ReplaceLineEndings(""), Encoding.UTF8.GetString(CanonicalJson.Of(JsonSerializer.SerializeToUtf8Bytes(terms, LedgerJson.Options))));
    }

    [Fact]
    public void Terms_of_baskets_are_written_beside_the_others_and_only_where_they_say_something()
    {
        var terms = Coupons.CouponExamples.Terms with
        {
            Stacking = new(Category: "food", FloorOn: AmountBasis.Remaining),
            Goods = new(Include: ["tea"], ExcludeCategories: ["ware"]),
            PaymentMethods = ["huabei"],
            Funding = new([new("merchant", 7_000), new("platform", 3_000, new Money(5_00), 1)], Exhaustion.MerchantTakesAll),
            MaxUses = 5,
            ReturnPolicy = ReturnPolicy.Requalify,
            IsTransferable = true,
            OfflineLiability = "platform",
        };
        const string Expected = """
            {"benefit":{"kind":"fixedAmount","off":2000},"funding":{"onExhaustion":"MerchantTakesAll","shares":[{"basisPoints":7000,"party":"merchant","priority":0},
            {"basisPoints":3000,"cap":500,"party":"platform","priority":1}]},"goods":{"excludeCategories":["ware"],"include":["tea"]},"isTransferable":true,"limits":{},
            "maxUses":5,"minimumSpend":10000,"offlineLiability":"platform","paymentMethods":["huabei"],"returnPolicy":"Requalify",
            "stacking":{"category":"food","floorOn":"Remaining","isExclusive":false,"order":0},"stores":[],"timeZone":"Asia/Shanghai","usableOn":[],
            "validity":{"waitDays":0,"windowEnd":"2026-05-31T16:00:00.000000Z","windowStart":"2026-02-28T16:00:00.000000Z"},"voidWindowMinutes":30}
            """;
        var canonical = CanonicalJson.Of(JsonSerializer.SerializeToUtf8Bytes(terms, LedgerJson.Options));
        Assert.Equal(Expected.ReplaceLineEndings(""), Encoding.UTF8.GetString(canonical));
        Assert.Equal(terms, JsonSerializer.Deserialize<CouponTerms>(canonical, LedgerJson.Options));
    }

    /// <summary>Baskets, what they are priced to and what comes back are made to be stored.</summary>
    [Theory]
    [InlineData(typeof(Ledger.Coupons.Baskets.Basket))]
    [InlineData(typeof(Ledger.Coupons.Baskets.GoodsReturn))]
    [InlineData(typeof(Ledger.Coupons.Baskets.Sale))]
    public void What_a_redemption_of_a_basket_will_record_reads_back_equal(Type type) => Holds.For(AnyValue.Of(type), value =>
    {
        var canonical = CanonicalJson.Of(JsonSerializer.SerializeToUtf8Bytes(value, type, LedgerJson.Options));
        Assert.Equal(value, JsonSerializer.Deserialize(canonical, type, LedgerJson.Options));
    }, times: 20);

    /// <summary>The catalogue promises this exception, whatever is wrong with what was stored.</summary>
    [Theory]
    [InlineData("campaign_ended", "{}")]
    [InlineData("campaign_ended", "[]")]
    [InlineData("campaign_ended", "null")]
    [InlineData("campaign_ended", """{"at":"yesterday"}""")]
    [InlineData("campaign_ended", """{"at":null}""")]
    [InlineData("quota_changed", """{"from":1,"to":"2"}""")]
    [InlineData("quota_changed", """{"from":1,"to":2.5}""")]
    [InlineData("terms_published", "[]")]
    [InlineData("terms_published", "null")]
    [InlineData("terms_published", """{"terms":{"faceValue":1}}""")]
    public void What_is_not_of_an_events_shape_is_no_JSON_of_it(string name, string json) =>
        Assert.Throws<JsonException>(() => Catalogue.Events[name].Read(Encoding.UTF8.GetBytes(json)));

    [Theory]
    [InlineData("\"2026-02-30\"")]
    [InlineData("\"2026-2-3\"")]
    [InlineData("\"26\"")]
    [InlineData("20260203")]
    [InlineData("null")]
    public void What_is_no_date_is_no_JSON_of_one(string json) => Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<LocalDate>(json, LedgerJson.Options));

    [Theory]
    [InlineData("\"24:00:00\"")]
    [InlineData("\"noon\"")]
    [InlineData("14")]
    [InlineData("null")]
    public void What_is_no_time_of_day_is_no_JSON_of_one(string json) => Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<LocalTime>(json, LedgerJson.Options));

    [Fact]
    public void Times_are_cut_to_the_microsecond_and_written_with_six_decimals()
    {
        var instant = Instant.FromUtc(2026, 2, 17, 1, 30).PlusNanoseconds(1_999);
        Assert.Equal(Instant.FromUtc(2026, 2, 17, 1, 30) + Tick, Times.Cut(instant));
        Assert.Equal("\"2026-02-17T01:30:00.000001Z\"", JsonSerializer.Serialize(instant, LedgerJson.Options));
    }
}
