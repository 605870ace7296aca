using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace Ledger.Api;

/// <summary>
/// Reads the value the reader stands on and leaves the reader on its last token. On a fault it adds one and answers null.
/// </summary>
internal delegate object? ReadValue(ref BodyReader body);

/// <summary>One pass over one body: the JSON reader, the faults so far, and where in the body the reader stands.</summary>
internal ref struct BodyReader(ReadOnlySpan<byte> utf8, Faults faults)
{
    private const int MaxNameInPointer = 64;

    private readonly Faults _faults = faults;
    private Path _path;
    private int _depth;

    /// <summary>The text is valid UTF-8, so that only escapes can spell half a surrogate pair.</summary>
    public Utf8JsonReader Json = new(utf8, new JsonReaderOptions { MaxDepth = RequestBody.MaxDepth });

    public readonly int FaultCount => _faults.Count;

    public readonly bool FaultsAreFull => _faults.IsFull;

    public void Enter(string name) => _path[_depth++] = new Segment(name, 0);

    public void Enter(int index) => _path[_depth++] = new Segment(null, index);

    public void Leave() => _depth--;

    /// <summary>Adds a fault here and skips the value the reader stands on.</summary>
    public object? Refuse(string detail)
    {
        _faults.Add(_faults.IsFull ? "" : Pointer(), detail);
        Json.Skip();
        return null;
    }

    /// <summary>The string or name the reader stands on, or null when it contains half a surrogate pair.</summary>
    public readonly string? Text()
    {
        if (!Json.ValueIsEscaped) return Encoding.UTF8.GetString(Json.ValueSpan);
        try
        {
            return Json.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private readonly string Pointer()
    {
        var pointer = new StringBuilder();
        foreach (var segment in ((ReadOnlySpan<Segment>)_path)[.._depth])
        {
            pointer.Append('/').Append(segment.Name is null
                ? segment.Index.ToString(CultureInfo.InvariantCulture)
                : Shortened(segment.Name).Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal));
        }

        return pointer.ToString();
    }

    /// <summary>Only names that callers make up are long; they are shown in part, without cutting a surrogate pair.</summary>
    private static string Shortened(string name)
    {
        if (name.Length <= MaxNameInPointer) return name;
        var end = char.IsHighSurrogate(name[MaxNameInPointer - 1]) ? MaxNameInPointer - 1 : MaxNameInPointer;
        return string.Concat(name.AsSpan(0, end), "…");
    }

    private readonly record struct Segment(string? Name, int Index);

    /// <summary>A segment per open object or list, of which the JSON reader allows no more.</summary>
    [InlineArray(RequestBody.MaxDepth)]
    private struct Path
    {
        private Segment _first;
    }
}
