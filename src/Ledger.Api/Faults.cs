#pragma warning disable CA1720 // "pointer" is the name that RFC 9457 gives; nothing here is unsafe.
namespace Ledger.Api;

/// <summary>One thing wrong with a request, as an entry of the "errors" of a problem (RFC 9457).</summary>
/// <param name="Pointer">Where, as a JSON pointer (RFC 6901) such as "/items/0/amount"; "" is the whole body.</param>
/// <param name="Detail">A sentence that tells the caller what to do.</param>
public sealed record Fault(string Pointer, string Detail);

/// <summary>
/// Everything wrong with one request, in the order it was found. The first <see cref="MaxListed"/> faults are kept and the
/// rest only counted, so that a hostile body cannot make a large answer. Not safe for several threads.
/// </summary>
public sealed class Faults
{
    /// <summary>How many faults an answer lists.</summary>
    public const int MaxListed = 100;

    private readonly List<Fault> _listed = [];

    /// <summary>How many faults there are, including those beyond <see cref="MaxListed"/>.</summary>
    public int Count { get; private set; }

    /// <summary>The faults to show, at most <see cref="MaxListed"/>.</summary>
    public IReadOnlyList<Fault> Listed => _listed;

    /// <summary>Whether further faults are only counted: nobody needs to word them.</summary>
    internal bool IsFull => _listed.Count == MaxListed;

    public void Add(string pointer, string detail)
    {
        Count++;
        if (!IsFull) _listed.Add(new Fault(pointer, detail));
    }

    /// <summary>Forgets the faults after the first <paramref name="count"/>.</summary>
    internal void Rewind(int count)
    {
        Count = count;
        if (_listed.Count > count) _listed.RemoveRange(count, _listed.Count - count);
    }
}
