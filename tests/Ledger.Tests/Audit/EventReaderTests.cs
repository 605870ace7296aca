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
            var isFlat = flat.TryScan(text);
            Assert.Equal(stored.Read(text), reader.Read(type, text, isFlat ? flat : null, isFlat ? type.Shapes.Of(flat, text) : null));
        });
    }

    [Fact]
    public void A_member_that_nobody_reads_by_hand_is_not_lost()
    {
        var fact = Coupons.CouponExamples.Redeemed with { Step = 7 };
        var text = Spaced(JsonSerializer.SerializeToUtf8Bytes(fact, LedgerJson.Options));
        var (reader, flat) = (new EventReader(), new FlatJson());
        var type = reader.Find("coupon_redeemed"u8)!;
        Assert.True(flat.TryScan(text));
        Assert.Equal(fact, reader.Read(type, text, flat, type.Shapes.Of(flat, text)));
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
