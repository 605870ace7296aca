using System.Security.Cryptography;

namespace Ledger.Postgres.Audit;

/// <summary>
/// Follows one book's numbers and hashes. Each entry is checked against the hash stored before it, so that one change gives one
/// finding; entries that fail are kept until the book's end, when their neighbours tell what was done to them.
/// </summary>
internal sealed class BookChain(string book, BookFindings findings)
{
    /// <summary>Failing entries kept for an explanation; where more fail they are only named.</summary>
    private const int MaxSuspects = 48;

    private readonly byte[] previous = new byte[SHA256.HashSizeInBytes];
    private List<KeptEntry>? suspects;
    private bool isPreviousKnown = true;
    private bool isHopeless;

    /// <summary>The number of the last entry read; 0 before the first.</summary>
    public long Last { get; private set; }

    public void Next(in RawEntry entry, EntryCheck check, FlatJson? flat, JsonShape? shape)
    {
        if (entry.Seq < 1)
        {
            // Nobody's predecessor: the chain begins with entry 1.
            findings.Add(new EntryNumberImpossible(book, entry.Seq));
            return;
        }

        if (entry.Seq != Last + 1)
        {
            findings.Add(new EntriesMissing(book, Last + 1, entry.Seq - 1));
            isPreviousKnown = false;
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        if (isPreviousKnown && !(check.TryHash(previous, entry, flat, shape, hash) && hash.SequenceEqual(entry.Hash)) && !check.Verify(previous, entry))
            Suspect(entry);
        isPreviousKnown = true;
        if (entry.Hash.Length == previous.Length) entry.Hash.CopyTo(previous);
        else previous.AsSpan().Clear(); // No hash at all: nothing follows from it, and the next entry will tell.
        Last = entry.Seq;
    }

    /// <summary>Compares the book's row with the last entry, and tells what became of the entries that failed.</summary>
    public void Finish(BookRow? row, EntryCheck check)
    {
        var lastHash = previous;
        if (suspects is { } kept) lastHash = new Explanation(book, kept, check, findings).Explain(row, previous);
        if (row is null) return;
        if (row.Head != Last || Last == 0) findings.Add(new HeadDiffers(book, Last, row.Head));
        else if (!row.HeadHash.AsSpan().SequenceEqual(previous) && !row.HeadHash.AsSpan().SequenceEqual(lastHash)) findings.Add(new HeadHashDiffers(book, row.Head));
    }

    private void Suspect(in RawEntry entry)
    {
        if (!isHopeless) (suspects ??= []).Add(new(entry, previous));
        else findings.Add(new EntryAltered(book, entry.Seq));
        if (suspects is not { Count: > MaxSuspects } many) return;
        foreach (var suspect in many) findings.Add(new EntryAltered(book, suspect.Seq));
        (suspects, isHopeless) = (null, true);
    }

    /// <summary>Finds for each failing entry the smallest change that would make it whole.</summary>
    private sealed class Explanation(string book, List<KeptEntry> suspects, EntryCheck check, BookFindings findings)
    {
        private KeptEntry? before;
        private byte[]? columnsOfBefore; // The hash that the columns of the failing entry before this one give.
        private byte[]? hashOfBefore; // The hash that belongs at its place.

        /// <summary>Adds the findings; gives the hash that belongs at the last entry's place.</summary>
        public byte[] Explain(BookRow? row, byte[] last)
        {
            AuditFinding? pending = null;
            foreach (var suspect in suspects)
            {
                var follows = before?.Seq == suspect.Seq - 1;
                var previous = follows ? hashOfBefore! : suspect.Previous;
                if (follows && columnsOfBefore is not null && check.Verify(columnsOfBefore, suspect.At(suspect.Seq)))
                {
                    // The entry is whole if the one before has the hash that its columns give: there, only the hash was changed.
                    pending = pending is EntryAltered altered ? new EntryHashAltered(book, altered.Number) : pending;
                    Step(suspect, suspect.Hash, ref pending, null);
                }
                else if (follows && check.Verify(previous, suspect.At(suspect.Seq)))
                {
                    Step(suspect, suspect.Hash, ref pending, null); // Whole behind the entry that belongs before it.
                }
                else
                {
                    var (finding, hash) = Judge(suspect, previous);
                    Step(suspect, hash, ref pending, finding);
                    columnsOfBefore = Columns(previous, suspect);
                }
            }

            if (pending is EntryAltered end && row?.Head == end.Number && columnsOfBefore is not null && row.HeadHash.AsSpan().SequenceEqual(columnsOfBefore))
            {
                (pending, hashOfBefore) = (new EntryHashAltered(book, end.Number), columnsOfBefore);
            }

            if (pending is not null) findings.Add(pending);
            return row?.Head == before?.Seq ? hashOfBefore! : last;
        }

        private void Step(KeptEntry suspect, byte[] hash, ref AuditFinding? pending, AuditFinding? next)
        {
            if (pending is not null) findings.Add(pending);
            (pending, before, hashOfBefore, columnsOfBefore) = (next, suspect, hash, null);
        }

        private (AuditFinding Finding, byte[] Hash) Judge(KeptEntry suspect, byte[] previous)
        {
            foreach (var other in suspects)
            {
                if (other == suspect) continue;
                if (check.Verify(previous, other.At(suspect.Seq))) return (new EntriesSwapped(book, suspect.Seq, other.Seq, "the columns"), other.Hash);
                if (check.Verify(previous, suspect.At(suspect.Seq, other))) return (new EntriesSwapped(book, suspect.Seq, other.Seq, "the data"), suspect.Hash);
            }

            return (new EntryAltered(book, suspect.Seq), suspect.Hash);
        }

        private byte[]? Columns(byte[] previous, KeptEntry suspect)
        {
            var hash = new byte[SHA256.HashSizeInBytes];
            return check.TryHash(previous, suspect.At(suspect.Seq), null, null, hash) ? hash : null;
        }
    }
}

/// <summary>A row of <c>books</c>.</summary>
internal sealed record BookRow(string Book, long Head, byte[] HeadHash);
