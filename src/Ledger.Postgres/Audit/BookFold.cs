using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Ledger.Coupons;
using Ledger.Reversals;
using NodaTime;

namespace Ledger.Postgres.Audit;

/// <summary>One stream, folded from its entries.</summary>
internal sealed class StreamFold(string id)
{
    public string Id { get; } = id;

    /// <summary>The stream of the book that was met next; null: none yet.</summary>
    public StreamFold? Next { get; set; }

    /// <summary>Null while no entry of a known type was read.</summary>
    public StreamType? Type { get; set; }

    public object? State { get; set; }

    /// <summary>Entries of the stream there are, and the version that the last of them states.</summary>
    public long Count { get; set; }

    public long Version { get; set; }

    /// <summary>Microseconds since 2000-01-01 of the first and the last entry.</summary>
    public long Created { get; set; }

    public long Timestamp { get; set; }

    /// <summary>What the stream waits for.</summary>
    public Instant? DueAt => TimersTable.DueIn(State);

    /// <summary>What a coupon adds to the sums of its surface; null: it names none.</summary>
    public SurfaceCounts? Surface { get; set; }

    /// <summary>What it adds to the sums of a Fu-card campaign; null: nothing.</summary>
    public FuCounts? FuCards { get; set; }

    /// <summary>The tables that should hold a row of the stream.</summary>
    public Tables Expected => IsBroken ? Tables.Streams : Tables.Streams | (DueAt is null ? Tables.None : Tables.Timers) | State switch
    {
        Coupon => Tables.Wallets,
        Reversal { Tombstone: not null } => Tables.Tombstones,
        _ => Tables.None,
    };

    /// <summary>The tables that were seen to hold the stream's row.</summary>
    public Tables Seen { get; set; }

    /// <summary>An entry could not be read: nothing that follows from the entries is compared.</summary>
    public bool IsBroken { get; set; }
}

/// <summary>Tables with at most one row a stream.</summary>
[Flags]
internal enum Tables : byte
{
    None = 0,
    Streams = 1,
    Wallets = 2,
    Timers = 4,
    Tombstones = 8,
}

/// <summary>A sum with a mark that its row was seen.</summary>
[StructLayout(LayoutKind.Auto)]
internal record struct TallySum(long Value, bool IsSeen);

/// <summary>One book in memory: what its entries come to, as far as the pass holds it.</summary>
internal sealed class BookFold
{
    private StreamFold? found;
    private StreamFold? latest;

    public BookFold(string book, BookRow? row, int maxFindings)
    {
        (Book, Row, Utf8) = (book, row, Encoding.UTF8.GetBytes(book));
        Findings = new(maxFindings);
        Chain = new(book, Findings);
        Clear();
    }

    public string Book { get; }
    public byte[] Utf8 { get; }

    /// <summary>Null when <c>books</c> has no such row.</summary>
    public BookRow? Row { get; }
    public BookChain Chain { get; }
    public BookFindings Findings { get; }
    public ModelProgress Progress { get; } = new();

    /// <summary>Request keys that the entries read so far bar; as few as there were reversals of what never arrived.</summary>
    public HashSet<string> Barred { get; } = new(StringComparer.Ordinal);
    public Dictionary<string, StreamFold> Streams { get; private set; } = null!;
    public Dictionary<string, TallySum> Tallies { get; private set; } = null!;
    public Dictionary<string, CampaignSum> Campaigns { get; private set; } = null!;
    public Dictionary<StoreDayKey, StoreDaySum> StoreDays { get; private set; } = null!;
    public Dictionary<StoreDayKey, PaymentDaySum> PaymentDays { get; private set; } = null!;
    public PointsSums Points { get; private set; } = null!;
    public Dictionary<string, AgreementFold> Agreements { get; private set; } = null!;

    /// <summary>Request keys: <see cref="Kept"/>, or the first entry that was written under one that is not.</summary>
    public Dictionary<string, long> Requests { get; private set; } = null!;

    /// <summary>Gathered over all passes.</summary>
    public SumRows Surfaces { get; } = [];

    /// <summary>Gathered over all passes.</summary>
    public SumRows FuCards { get; } = [];

    /// <summary>An entry could not be read, so the sums cannot be known.</summary>
    public bool IsBroken { get; set; }

    public int Held => Streams.Count + Tallies.Count + Campaigns.Count + StoreDays.Count + PaymentDays.Count + Points.Held + Agreements.Count + (Requests.Count / RequestsPerUnit);

    /// <summary>No entry has this number.</summary>
    public const long Kept = long.MinValue;

    /// <summary>Streams for which room is made at once: a head may say anything.</summary>
    private const long MaxForeseen = 1 << 19;

    /// <summary>A request key takes a fifth of what a stream takes.</summary>
    private const int RequestsPerUnit = 4;

    /// <summary>Holds a request key that is kept, or the first entry under one that is not.</summary>
    public void Hold(string key, long entry, ref int held)
    {
        if (Requests.TryAdd(key, entry) && Requests.Count % RequestsPerUnit == 0) held++;
    }

    /// <summary>The stream of that id, folded so far; null: no entry is of it.</summary>
    public StreamFold? Known(ReadOnlySpan<byte> id)
    {
        ref var known = ref Differ.Find(Streams, id);
        return Unsafe.IsNullRef(ref known) ? null : known;
    }

    /// <summary>The same for tables that lie in the order in which their streams began: the one behind the last one found is tried first.</summary>
    public StreamFold? Following(ReadOnlySpan<byte> id)
    {
        if (found?.Next is { } next && Differ.Same(next.Id, id)) return found = next;
        return Known(id) is { } known ? found = known : null;
    }

    /// <summary>The stream of that id, begun where it is new.</summary>
    public StreamFold Open(ReadOnlySpan<byte> id, Part part, ref int held)
    {
        if (Known(id) is { } known) return known;
        if (Streams.Count == 0) Streams.EnsureCapacity((int)(Math.Clamp(Row?.Head ?? 0, 0, MaxForeseen) / part.Modulus));
        held++;
        var stream = new StreamFold(Encoding.UTF8.GetString(id));
        if (latest is not null) latest.Next = stream;
        Streams.Add(stream.Id, latest = stream);
        return stream;
    }

    /// <summary>After the tables of this pass were read: adds what the streams that it holds come to, and names their rows that are not there.</summary>
    public void Gather()
    {
        var held = 0;
        foreach (var stream in Streams.Values)
        {
            if ((stream.Expected & ~stream.Seen) is not Tables.None and var missing) Miss(stream, missing);
            if (stream.Surface is { } counts) Surfaces.Add(counts.Key, Part.All, ref held, counts.Values);
            if (stream.FuCards is { } cards && cards.Values.Any(value => value != 0)) FuCards.Add(cards.Key, Part.All, ref held, cards.Values);
        }
    }

    private void Miss(StreamFold stream, Tables missing)
    {
        if (missing.HasFlag(Tables.Streams)) Findings.Add(new RowMissing(Book, StreamTable.Name, stream.Id));
        if (missing.HasFlag(Tables.Wallets)) Findings.Add(new RowMissing(Book, WalletsTable.Name, CouponRows.CodeOf(stream.Id)));
        if (missing.HasFlag(Tables.Timers)) Findings.Add(new RowMissing(Book, TimersTable.Name, stream.Id));
        if (missing.HasFlag(Tables.Tombstones)) Findings.Add(new RowMissing(Book, TombstoneTable.Requests, ((Reversal)stream.State!).Tombstone!.Request));
    }

    /// <summary>Forgets what the last pass held.</summary>
    public void Clear()
    {
        (found, latest) = (null, null);
        Streams = new(StringComparer.Ordinal);
        Tallies = new(StringComparer.Ordinal);
        Campaigns = new(StringComparer.Ordinal);
        StoreDays = [];
        PaymentDays = [];
        Points = new();
        Agreements = new(StringComparer.Ordinal);
        Requests = new(StringComparer.Ordinal);
    }

    /// <summary>Forgets what the part no longer holds, after it was made smaller.</summary>
    public void Shrink(Part part)
    {
        foreach (var key in Streams.Keys.Where(key => !part.Holds(key)).ToList()) Streams.Remove(key);
        foreach (var key in Tallies.Keys.Where(key => !part.Holds(key)).ToList()) Tallies.Remove(key);
        foreach (var key in Campaigns.Keys.Where(key => !part.Holds(key)).ToList()) Campaigns.Remove(key);
        foreach (var key in StoreDays.Keys.Where(key => !key.IsIn(part)).ToList()) StoreDays.Remove(key);
        foreach (var key in PaymentDays.Keys.Where(key => !key.IsIn(part)).ToList()) PaymentDays.Remove(key);
        Points.Shrink(part);
        foreach (var key in Agreements.Keys.Where(key => !part.Holds(key)).ToList()) Agreements.Remove(key);
        foreach (var key in Requests.Keys.Where(key => !part.Holds(key)).ToList()) Requests.Remove(key);
        (found, latest) = (null, null);
        foreach (var stream in Streams.Values)
        {
            if (latest is not null) latest.Next = stream;
            (latest = stream).Next = null;
        }

        Streams.TrimExcess();
        Tallies.TrimExcess();
    }
}

/// <summary>
/// The part of the keys that a pass over the books holds in memory: those whose hash leaves <see cref="Remainder"/> when divided by
/// <see cref="Modulus"/>, which is doubled whenever the part turns out too large; the other half is then read in a pass of its own.
/// </summary>
internal sealed class Part(uint modulus, uint remainder)
{
    public uint Modulus { get; private set; } = modulus;

    public uint Remainder { get; } = remainder;

    public bool IsAll => Modulus == 1;

    public static Part All { get; } = new(modulus: 1, remainder: 0);

    public bool Holds(ReadOnlySpan<byte> key) => Modulus == 1 || KeyHash.Of(key) % Modulus == Remainder;

    public bool Holds(string key)
    {
        if (Modulus == 1) return true;
        Span<byte> utf8 = stackalloc byte[512];
        return Encoding.UTF8.TryGetBytes(key, utf8, out var length) ? Holds(utf8[..length]) : Holds(Encoding.UTF8.GetBytes(key));
    }

    /// <summary>Keeps the half with the same remainder; gives the other.</summary>
    public Part Split()
    {
        var other = new Part(Modulus * 2, Remainder + Modulus);
        Modulus *= 2;
        return other;
    }
}

/// <summary>What all threads hold together: one large book may take what the others leave.</summary>
internal sealed class MemoryBudget(int limit, int threads)
{
    private const int Step = 1024;

    private long held;

    /// <summary>Whether a thread that holds so much must let go of some; one that has no more than its even share never must.</summary>
    /// <param name="reported">What the thread said last.</param>
    public bool IsExceeded(int mine, ref int reported)
    {
        if (mine < reported || mine - reported >= Step)
        {
            Interlocked.Add(ref held, mine - reported);
            reported = mine;
        }

        return mine > limit / threads && Interlocked.Read(ref held) - reported + mine > limit;
    }

    public void Release(int reported) => Interlocked.Add(ref held, -reported);
}

/// <summary>How far each read model has followed a book: 0 for one that has not begun. Those written with the entries are never behind.</summary>
internal sealed class ModelProgress
{
    private (string Reader, long Seq) farthest = ("", 0);

    public long CampaignTotals { get; private set; }
    public long StoreDays { get; private set; }
    public long SurfaceTotals { get; private set; }
    public long FuTotals { get; private set; }
    public long PaymentDays { get; private set; }
    public long PointsBalances { get; private set; }
    public long PointsDays { get; private set; }
    public long BenefitMonths { get; private set; }
    public long Agreements { get; private set; }

    /// <summary>Notes how far a reader is; readers that are no read models leave nothing to compare.</summary>
    public void Set(string reader, long seq)
    {
        farthest = farthest.Seq >= seq ? farthest : (reader, seq);
        switch (reader)
        {
            case CampaignTotalsTable.Name: CampaignTotals = seq; break;
            case StoreDaysTable.Name: StoreDays = seq; break;
            case SurfaceTotalsTable.Name: SurfaceTotals = seq; break;
            case FuTotalsTable.Name: FuTotals = seq; break;
            case PaymentDaysTable.Name: PaymentDays = seq; break;
            case SumTable.Balances: PointsBalances = seq; break;
            case SumTable.Days: PointsDays = seq; break;
            case SumTable.Months: BenefitMonths = seq; break;
            case AgreementsTable.Name: Agreements = seq; break;
            default: break;
        }
    }

    /// <summary>No reader can have followed a book further than it goes.</summary>
    public void Check(BookFold book)
    {
        if (farthest.Seq > book.Chain.Last) book.Findings.Add(new ProgressAhead(book.Book, farthest.Reader, farthest.Seq, book.Chain.Last));
    }
}
