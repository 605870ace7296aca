using System.Buffers.Text;
using System.Text;
using Ledger.Coupons;
using NodaTime;
using static Ledger.Coupons.CouponEvent;

namespace Ledger.Postgres.Audit;

/// <summary>
/// Reads stored events. The three that fill a book (issued, redeemed, expired) are read by hand, four times as fast as by the serializer;
/// whatever is unusual about one of them, it goes the general way, which alone decides what is readable. One per thread.
/// </summary>
/// <remarks>An older shape that is upcast must differ from today's in its members, or be taken out of here.</remarks>
internal sealed class EventReader
{
    private readonly Dictionary<string, KnownEvent>.AlternateLookup<ReadOnlySpan<char>> known;
    private readonly TextPool texts = new();
    private readonly TimeText times = new();
    private KnownEvent? last;

    public EventReader()
    {
        var events = Catalogue.Events.Values.ToDictionary(stored => stored.Name, stored => new KnownEvent(stored), StringComparer.Ordinal);
        known = events.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>The event type of that name, or null.</summary>
    public KnownEvent? Find(ReadOnlySpan<byte> type)
    {
        if (last is not null && type.SequenceEqual(last.Name)) return last;
        Span<char> name = stackalloc char[128];
        if (type.Length > name.Length || !Encoding.UTF8.TryGetChars(type, name, out var length)) return null;
        return known.TryGetValue(name[..length], out var found) ? last = found : null;
    }

    /// <exception cref="System.Text.Json.JsonException">The data is not of the type's shape.</exception>
    public object Read(KnownEvent type, ReadOnlySpan<byte> data, FlatJson? flat, JsonShape? shape) =>
        flat is not null && shape is { IsKnown: true } && type.ReadByHand?.Invoke(new(this, data, flat, shape)) is { } fact ? fact : type.Stored.Read(data);

    internal static object? Issued(Members m)
    {
        var (channel, limitKeys, face, confirmBy) = (m.Text(3), m.Texts(4), m.Long(5), m.Time(10));
        return m.Text(0) is { } campaign && m.Int(1) is { } termsVersion && m.FreshText(2) is { } member && limitKeys is not null
            && m.IsAbsentOr(3, channel is not null) && m.IsAbsentOr(5, face is not null)
            && m.Time(6) is { } from && m.Time(7) is { } to && m.Time(8) is { } at && m.Date(9) is { } date && m.IsAbsentOr(10, confirmBy is not null)
            ? new CouponIssued(campaign, termsVersion, member, channel, limitKeys, face is null ? null : new Money(face.Value), from, to, at, date, Sale: null, confirmBy)
            : null;
    }

    internal static object? Redeemed(Members m)
    {
        var (store, till) = (m.Text(9), m.Text(10));
        return m.FreshText(0) is { } redemption && m.FreshText(1) is { } request && m.Text(2) is { } campaign && m.FreshText(3) is { } member
            && m.Long(4) is { } amount && m.Long(5) is { } discount && m.Time(6) is { } at && m.Date(7) is { } date && m.Time(8) is { } until
            && m.IsAbsentOr(9, store is not null) && m.IsAbsentOr(10, till is not null) && m.IsAbsentOr(11, m.IsText(11)) && m.IsAbsentOr(12, m.IsText(12))
            ? new CouponRedeemed(redemption, request, campaign, member, new(amount), new(discount), at, date, until, store, till, m.FreshText(11), m.FreshText(12))
            : null;
    }

    internal static object? Expired(Members m) =>
        m.Text(0) is { } campaign && m.FreshText(1) is { } member && m.Time(2) is { } at ? new CouponExpired(campaign, member, at) : null;

    /// <summary>The fields of one event, by the order in which <see cref="KnownEvent"/> names them. Null: absent, or not so readable.</summary>
    internal readonly ref struct Members(EventReader reader, ReadOnlySpan<byte> data, FlatJson flat, JsonShape shape)
    {
        private readonly ReadOnlySpan<byte> data = data;

        /// <summary>Whether a member that may be left out is, or else was read.</summary>
        public bool IsAbsentOr(int field, bool isRead) => shape.Fields[field] < 0 || isRead;

        public bool IsText(int field) => shape.Fields[field] is >= 0 and var index && flat[index].Kind == FlatJson.Kind.String;

        /// <summary>A text that comes again and again: kept once.</summary>
        public string? Text(int field) => IsText(field) ? reader.texts.Of(Inside(field)) : null;

        /// <summary>Any other text. Members too: there are too many to find them again.</summary>
        public string? FreshText(int field) => IsText(field) ? Encoding.UTF8.GetString(Inside(field)) : null;

        public long? Long(int field)
        {
            if (shape.Fields[field] is not (>= 0 and var index) || flat[index].Kind != FlatJson.Kind.Word) return null;
            var text = data.Slice(flat[index].Value, flat[index].Length);
            return Utf8Parser.TryParse(text, out long value, out var read) && read == text.Length ? value : null;
        }

        public int? Int(int field) => Long(field) is >= int.MinValue and <= int.MaxValue and var value ? (int)value : null;

        public Instant? Time(int field) => IsText(field) && reader.times.TryRead(Inside(field), out var instant) ? instant : null;

        public LocalDate? Date(int field) => IsText(field) && TimeText.TryReadDate(Inside(field), out var date) ? date : null;

        /// <summary>An array of texts.</summary>
        public string[]? Texts(int field)
        {
            if (shape.Fields[field] is not (>= 0 and var index) || flat[index].Kind != FlatJson.Kind.Array) return null;
            var rest = data.Slice(flat[index].Value + 1, flat[index].Length - 2);
            if (rest.IsEmpty) return [];
            var count = rest.Count((byte)'"') / 2;
            var found = new string[count];
            for (var i = 0; i < count; i++)
            {
                if (rest.IsEmpty || rest[0] != '"') return null; // Words among the texts: not ours to judge.
                var length = rest[1..].IndexOf((byte)'"');
                found[i] = Encoding.UTF8.GetString(rest.Slice(1, length));
                rest = rest[(length + 2)..];
                if (rest.IsEmpty) return i == count - 1 ? found : null;
                rest = rest[2..];
            }

            return null;
        }

        private ReadOnlySpan<byte> Inside(int field)
        {
            ref readonly var member = ref flat[shape.Fields[field]];
            return data.Slice(member.Value + 1, member.Length - 2);
        }
    }
}

/// <summary>Reads an event from its members, or gives null where it had better be read the general way.</summary>
internal delegate object? ReadMembers(EventReader.Members members);

/// <summary>An event type, its names as bytes, and the shapes its data was met in.</summary>
internal sealed class KnownEvent
{
    public KnownEvent(StoredEvent stored)
    {
        Stored = stored;
        Name = Encoding.UTF8.GetBytes(stored.Name);
        DotnetType = Encoding.UTF8.GetBytes(stored.DotnetType);
        (Shapes, ReadByHand) = stored.Type switch
        {
            var type when type == typeof(CouponIssued) => (new JsonShapes(
                "campaign", "termsVersion", "member", "channel", "limitKeys", "faceValue", "validFrom", "validTo", "at", "date", "confirmBy"), EventReader.Issued),
            var type when type == typeof(CouponRedeemed) => (new JsonShapes(
                "redemptionId", "request", "campaign", "member", "amount", "discount", "at", "date", "voidableUntil", "store", "till", "order", "hold"), EventReader.Redeemed),
            var type when type == typeof(CouponExpired) => (new JsonShapes("campaign", "member", "at"), (ReadMembers)EventReader.Expired),
            _ => (new JsonShapes(), null),
        };
    }

    public StoredEvent Stored { get; }
    public byte[] Name { get; }
    public byte[] DotnetType { get; }
    public JsonShapes Shapes { get; }
    public ReadMembers? ReadByHand { get; }
}
