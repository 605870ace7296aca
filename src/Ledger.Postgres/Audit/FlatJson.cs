namespace Ledger.Postgres.Audit;

/// <summary>
/// Finds the members of a flat JSON object as the server spells <c>jsonb</c>: <c>{"a": 1, "b": ["x", "y"]}</c>. Gives up on anything else
/// (nesting, escapes, other than ASCII names): the general readers take it then. A page of code that spares the audit half its time.
/// </summary>
internal sealed class FlatJson
{
    public const int MaxMembers = 40;

    private readonly Member[] members = new Member[MaxMembers];

    public int Count { get; private set; }

    public enum Kind : byte
    {
        /// <summary>A string without escapes; the value includes its quotes.</summary>
        String,

        /// <summary>A number or a literal.</summary>
        Word,

        /// <summary>An array of strings and words.</summary>
        Array,
    }

    public ref readonly Member this[int index] => ref members[index];

    /// <summary>Whether the text is such an object; its members then stand in the server's order.</summary>
    public bool TryScan(ReadOnlySpan<byte> text)
    {
        Count = 0;
        if (text.Length < 2 || text[0] != '{') return false;
        if (text.Length == 2) return text[1] == '}';
        var at = 1;
        while (Count < MaxMembers)
        {
            if (text[at] != '"') return false;
            var nameLength = text[(at + 1)..].IndexOfAny((byte)'"', (byte)'\\');
            var name = at + 1;
            var value = name + nameLength + 3; // Behind the quote, the colon and the space.
            if (nameLength <= 0 || value >= text.Length || text[name + nameLength] != '"' || !text[(value - 2)..].StartsWith(": "u8)) return false;
            if (!TrySkip(text, value, out at, out var kind)) return false;
            members[Count++] = new(name, nameLength, value, at - value, kind);
            if (at == text.Length - 1) return text[at] == '}';
            if (!text[at..].StartsWith(", "u8)) return false;
            at += 2;
        }

        return false;
    }

    /// <summary>The same for a text that is likely of that shape: false where it is not, whatever else it may be.</summary>
    public bool TryScan(ReadOnlySpan<byte> text, JsonShape shape)
    {
        Count = 0;
        var at = 0;
        foreach (var lead in shape.Leads)
        {
            var value = at + lead.Length;
            if (!text[at..].StartsWith(lead) || value >= text.Length || !TrySkip(text, value, out at, out var kind)) return false;
            var nameLength = shape.Names[Count].Length;
            members[Count++] = new(value - 3 - nameLength, nameLength, value, at - value, kind);
        }

        return at == text.Length - 1 && text[at] == '}' && Count > 0;
    }

    private static bool TrySkip(ReadOnlySpan<byte> text, int at, out int end, out Kind kind)
    {
        end = at;
        kind = text[at] switch { (byte)'"' => Kind.String, (byte)'[' => Kind.Array, _ => Kind.Word };
        return kind switch
        {
            Kind.String => TrySkipString(text, ref end),
            Kind.Array => TrySkipArray(text, ref end),
            _ => TrySkipWord(text, ref end),
        };
    }

    private static bool TrySkipString(ReadOnlySpan<byte> text, ref int at)
    {
        var length = text[(at + 1)..].IndexOfAny((byte)'"', (byte)'\\');
        at += length + 2;
        return length >= 0 && text[at - 1] == '"' && at < text.Length;
    }

    private static bool TrySkipWord(ReadOnlySpan<byte> text, ref int at)
    {
        if (text[at] == '{') return false;
        var length = text[at..].IndexOfAny((byte)',', (byte)'}', (byte)']');
        at += length;
        return length > 0;
    }

    private static bool TrySkipArray(ReadOnlySpan<byte> text, ref int at)
    {
        at++;
        if (at < text.Length && text[at] == ']') return ++at < text.Length;
        while (at < text.Length)
        {
            if (text[at] == '[' || !(text[at] == '"' ? TrySkipString(text, ref at) : TrySkipWord(text, ref at))) return false;
            if (text[at] == ']') return ++at < text.Length;
            if (!text[at..].StartsWith(", "u8)) return false;
            at += 2;
        }

        return false;
    }

    /// <summary>Writes the canonical form in the shape's order; it is never longer than the text. Gives the bytes written.</summary>
    public int WriteCanonical(ReadOnlySpan<byte> text, JsonShape shape, Span<byte> output)
    {
        if (Count == 0) return Copy("{}"u8, output);
        var at = 0;
        for (var i = 0; i < Count; i++)
        {
            at += Copy(shape.CanonicalLeads[i], output[at..]);
            ref readonly var member = ref members[shape.Order[i]];
            var value = text.Slice(member.Value, member.Length);
            at += member.Kind == Kind.Array ? CopyArray(value, output[at..]) : Copy(value, output[at..]);
        }

        output[at++] = (byte)'}';
        return at;
    }

    private static int Copy(ReadOnlySpan<byte> value, Span<byte> output)
    {
        value.CopyTo(output);
        return value.Length;
    }

    /// <summary>Leaves out the spaces between the elements.</summary>
    private static int CopyArray(ReadOnlySpan<byte> value, Span<byte> output)
    {
        var at = 0;
        var isInside = false;
        foreach (var character in value)
        {
            if (character == '"') isInside = !isInside;
            if (isInside || character != ' ') output[at++] = character;
        }

        return at;
    }

    /// <summary>Where a member stands in the text.</summary>
    [System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Auto)]
    public readonly record struct Member(int Name, int NameLength, int Value, int Length, Kind Kind);
}

/// <summary>The names that one kind of object has, in the server's order, and what follows from them.</summary>
internal sealed class JsonShape
{
    public JsonShape(FlatJson json, ReadOnlySpan<byte> text, IReadOnlyList<byte[]> fields)
    {
        Names = new byte[json.Count][];
        for (var i = 0; i < Names.Length; i++) Names[i] = text.Slice(json[i].Name, json[i].NameLength).ToArray();
        Order = [.. Enumerable.Range(0, Names.Length)];
        Array.Sort(Order, (a, b) => Names[a].AsSpan().SequenceCompareTo(Names[b]));
        Leads = [.. Names.Select((name, i) => (byte[])[.. i == 0 ? "{\""u8 : ", \""u8, .. name, .. "\": "u8])];
        CanonicalLeads = [.. Order.Select((index, i) => (byte[])[.. i == 0 ? "{\""u8 : ",\""u8, .. Names[index], .. "\":"u8])];
        Fields = [.. fields.Select(field => Array.FindIndex(Names, name => name.AsSpan().SequenceEqual(field)))];
        IsKnown = Fields.Count(index => index >= 0) == Names.Length;
    }

    public byte[][] Names { get; }

    /// <summary>What stands before each value as the server spells it: <c>{"a": </c>, <c>, "b": </c>.</summary>
    public byte[][] Leads { get; }

    /// <summary>What stands before each value in canonical form and order.</summary>
    public byte[][] CanonicalLeads { get; }

    /// <summary>Every member is one of the fields asked for.</summary>
    public bool IsKnown { get; }

    /// <summary>Members in canonical order (all names are ASCII, where every order by code unit is the order of the bytes).</summary>
    public int[] Order { get; }

    /// <summary>For each field asked for, the index of its member, or -1.</summary>
    public int[] Fields { get; }

    public bool Fits(FlatJson json, ReadOnlySpan<byte> text)
    {
        if (json.Count != Names.Length) return false;
        for (var i = 0; i < Names.Length; i++)
        {
            if (!text.Slice(json[i].Name, json[i].NameLength).SequenceEqual(Names[i])) return false;
        }

        return true;
    }
}

/// <summary>The shapes met so far of one kind of object; few, as only members that may be absent make new ones.</summary>
internal sealed class JsonShapes(params IEnumerable<string> fields)
{
    private const int Max = 32;

    private readonly byte[][] fields = [.. fields.Select(System.Text.Encoding.ASCII.GetBytes)];
    private readonly List<JsonShape> shapes = [];

    /// <summary>Whether the text is a flat object; then its members, and its shape, or null where there are more shapes than worth keeping or a name is not ASCII.</summary>
    public bool TryScan(FlatJson json, ReadOnlySpan<byte> text, out JsonShape? shape)
    {
        shape = shapes.Count > 0 ? shapes[0] : null;
        if (shape is not null && json.TryScan(text, shape)) return true;
        var isFlat = json.TryScan(text);
        shape = isFlat ? Of(json, text) : null;
        return isFlat;
    }

    private JsonShape? Of(FlatJson json, ReadOnlySpan<byte> text)
    {
        for (var i = 0; i < shapes.Count; i++)
        {
            if (!shapes[i].Fits(json, text)) continue;
            if (i > 0) (shapes[i - 1], shapes[i]) = (shapes[i], shapes[i - 1]);
            return shapes[i == 0 ? 0 : i - 1];
        }

        if (shapes.Count == Max) return null;
        for (var i = 0; i < json.Count; i++)
        {
            if (!System.Text.Ascii.IsValid(text.Slice(json[i].Name, json[i].NameLength))) return null;
        }

        shapes.Add(new(json, text, fields));
        return shapes[^1];
    }
}
