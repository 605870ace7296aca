using NodaTime;

namespace Ledger.Coupons.Offline;

/// <summary>The last record that the service accepted of a till.</summary>
/// <param name="Sequence">Its number; 0 before the first.</param>
/// <param name="Hash">Its hash, which the next record names as its previous one.</param>
public sealed record TillHead(string Till, long Sequence, string Hash)
{
    public static TillHead Start(string till) => new(till, 0, TillRecord.Genesis);

    /// <summary>The record that follows: what a till writes when it redeems without the service.</summary>
    public TillRecord Next(string code, Money amount, Money discount, Instant businessTime, string? token = null, string? order = null) =>
        new(Till, Sequence + 1, Hash, code, amount, discount, businessTime, token, order);

    /// <summary>The head after that record.</summary>
    public static TillHead After(TillRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        return new(record.Till, record.Sequence, record.Hash());
    }
}

/// <summary>What becomes of one record of a batch.</summary>
public abstract record TillVerdict
{
    private TillVerdict() { }

    /// <summary>It follows from what is known. Whether its coupon may be used is another question.</summary>
    public sealed record Accepted(TillRecord Record, string Hash) : TillVerdict;

    /// <summary>It was accepted before: answer as then, change nothing.</summary>
    public sealed record Replayed(TillRecord Record) : TillVerdict;

    public sealed record Refused(TillRecord Record, Rejection Reason) : TillVerdict;
}

/// <param name="Verdicts">One for each record, in the order of the batch.</param>
/// <param name="Head">The till's head after the accepted ones.</param>
public sealed record TillBatch(IReadOnlyList<TillVerdict> Verdicts, TillHead Head);

/// <summary>
/// Holds the records that a till forwards against what is known of it: none is lost, changed or put in later without being noticed. A
/// record that is refused does not move the head, so what follows it is a gap until it comes again, mended.
/// </summary>
public static class TillChain
{
    /// <param name="hashOf">The hash of an accepted record of this till by its number, null where it is no longer kept. Asked for numbers
    /// below the head's only; a number whose hash is not known counts as replayed on the till's word.</param>
    public static TillBatch Check(TillHead head, IEnumerable<TillRecord> batch, Func<long, string?> hashOf)
    {
        ArgumentNullException.ThrowIfNull(head);
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(hashOf);
        var accepted = new Dictionary<long, string> { [head.Sequence] = head.Hash };
        var verdicts = new List<TillVerdict>();
        foreach (var record in batch)
        {
            var verdict = Check(head, record, sequence => accepted.TryGetValue(sequence, out var hash) ? hash : hashOf(sequence));
            verdicts.Add(verdict);
            if (verdict is not TillVerdict.Accepted(_, var next)) continue;

            head = head with { Sequence = record.Sequence, Hash = next };
            accepted.Add(head.Sequence, head.Hash);
        }

        return new(verdicts, head);
    }

    /// <summary>One record: the first line that matches answers.</summary>
    private static TillVerdict Check(TillHead head, TillRecord record, Func<long, string?> hashOf) => (record.Sequence.CompareTo(head.Sequence + 1), record) switch
    {
        (_, var r) when r.Till != head.Till || r.Sequence < 1 => new TillVerdict.Refused(r, new DeviceChainBroken(r.Sequence)),

        // A till set back to an older copy of itself counts again from a number that is taken: another record, not a replay.
        ( < 0, var r) when hashOf(r.Sequence) is { } known && known != r.Hash() => new TillVerdict.Refused(r, new DeviceChainBroken(r.Sequence)),
        ( < 0, var r) => new TillVerdict.Replayed(r),

        ( > 0, var r) => new TillVerdict.Refused(r, new DeviceSequenceGap(head.Sequence + 1, r.Sequence)),
        (_, var r) when r.PreviousHash != head.Hash => new TillVerdict.Refused(r, new DeviceChainBroken(r.Sequence)),
        (_, var r) => new TillVerdict.Accepted(r, r.Hash()),
    };
}

/// <param name="Expected">The number of the first record that is missing.</param>
/// <param name="Got">The number of the record that came instead.</param>
public sealed record DeviceSequenceGap(long Expected, long Got) : Rejection(
    RejectionKind.Conflict, "Records of the till are missing before this one", "Send the records from expected on. If the till has lost them, report it and install it anew.");

/// <param name="Sequence">The number of the record that does not fit.</param>
public sealed record DeviceChainBroken(long Sequence) : Rejection(
    RejectionKind.Conflict, "The record does not follow from the till's records before it", "Take the till out of use and report it: its records were changed, or it was set back to an older copy.");
