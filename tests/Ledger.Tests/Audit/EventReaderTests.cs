using System.Text;
using System.Text.Json;
using Ledger.Postgres.Audit;
using Xunit;

namespace Ledger.Tests.Audit;

/// <summary>The audit reads the events that fill a book by hand; what it reads is what the serializer reads.</summary>
public class EventReaderTests
{
    [Theory]
    [InlineData("coupon_issued")]
    [InlineData("coupon_redeemed")]
    [InlineData("coupon_expired")]
    public void An_event_read_by_hand_is_the_event_that_was_stored(string name)
    {
        var (reader, stored) = (new EventReader(), Catalogue.Events[name]);
        Holds.For(AnyValue.Of(stored.Type), fact =>
        {
            var text = Spaced(JsonSerializer.SerializeToUtf8Bytes(fact, stored.Type, LedgerJson.Options));
            var (type, flat) = (reader.Find(Encoding.UTF8.GetBytes(name))!, new FlatJson());
            var isFlat = type.Shapes.TryScan(flat, text, out var shape);
            Assert.Equal(stored.Read(text), reader.Read(type, text, isFlat ? flat : null, shape));
        });
    }

    [Fact]
    public void A_text_that_looks_like_a_shape_met_before_is_taken_as_what_it_is()
    {
        var text = Spaced(JsonSerializer.SerializeToUtf8Bytes(Coupons.CouponExamples.Redeemed, LedgerJson.Options));
        var (general, likely) = (new FlatJson(), new FlatJson());
        Assert.True(general.TryScan(text));
        var shape = new JsonShape(general, text, []);
        Assert.True(likely.TryScan(text, shape));
        for (var at = 0; at < text.Length; at++)
        {
            Check(text[..at]);
            foreach (var other in "{}[]\",: a0\\"u8) Check([.. text[..at], other, .. text[(at + 1)..]]);
        }

        void Check(byte[] other)
        {
            if (!likely.TryScan(other, shape)) return;
            Assert.True(general.TryScan(other));
            Assert.True(shape.Fits(general, other));
            Assert.Equal(Enumerable.Range(0, general.Count).Select(i => general[i]), Enumerable.Range(0, likely.Count).Select(i => likely[i]));
        }
    }

    [Fact]
    public void A_flat_text_becomes_canonical_by_its_shape()
    {
        var flat = new FlatJson();
        Check("{}"u8.ToArray());
        Check(Spaced(JsonSerializer.SerializeToUtf8Bytes(Coupons.CouponExamples.Redeemed, LedgerJson.Options)));
        Check("""{"z": [1, 2], "a": "b", "ab": null, "B": true}"""u8.ToArray());

        void Check(byte[] text)
        {
            var output = new byte[text.Length];
            Assert.True(flat.TryScan(text));
            Assert.Equal(CanonicalJson.Of(text), output[..flat.WriteCanonical(text, new(flat, text, []), output)]);
        }
    }

    [Fact]
    public void A_member_that_nobody_reads_by_hand_is_not_lost()
    {
        var fact = Coupons.CouponExamples.Redeemed with { Step = 7 };
        var text = Spaced(JsonSerializer.SerializeToUtf8Bytes(fact, LedgerJson.Options));
        var (reader, flat) = (new EventReader(), new FlatJson());
        var type = reader.Find("coupon_redeemed"u8)!;
        Assert.True(type.Shapes.TryScan(flat, text, out var shape));
        Assert.Equal(fact, reader.Read(type, text, flat, shape));
    }

    /// <summary>As the server writes jsonb.</summary>
    private static byte[] Spaced(byte[] json)
    {
        var members = JsonSerializer.Deserialize<JsonElement>(json).EnumerateObject()
            .OrderBy(member => Encoding.UTF8.GetByteCount(member.Name)).ThenBy(member => member.Name, StringComparer.Ordinal)
            .Select(member => $"{JsonSerializer.Serialize(member.Name)}: {member.Value.GetRawText()}");
        return Encoding.UTF8.GetBytes($"{{{string.Join(", ", members)}}}");
    }
}
