namespace Ledger.FuCards.Draws;

/// <summary>
/// Plans a pot in passes over its tickets and in memory that does not grow with them (a megabyte). Until <see cref="IsComplete"/>: give every
/// ticket to <see cref="Add"/>, then call <see cref="EndPass"/>. Three passes are usual, one more where the cap binds or very many remainders are equal.
/// </summary>
/// <remarks>The order of tickets within a shard, and of shards, makes no difference to anybody's prize.</remarks>
public sealed class PotPlanner
{
    private const int FineBits = 12;
    private const int Coarse = TicketWeights.Bound >> FineBits;
    private const long MaxTicket = CanonicalJson.MaxInteger;

    private readonly PotRules _rules;
    private readonly Sums[] _shards;
    private readonly Bucket[] _coarse = new Bucket[Coarse];
    private readonly Bucket[] _fine = new Bucket[1 << FineBits];
    private readonly long _room;
    private Pass _pass = Pass.Weigh;
    private int _bucket;
    private long _capWeight = long.MaxValue;
    private long _tickets, _seen, _left, _weight, _floors, _leftover;
    private Int128 _aboveCount, _aboveWeight;
    private KthLargest? _largest;

    /// <param name="shards">Into how many shards the tickets fall.</param>
    public PotPlanner(PotRules rules, int shards)
    {
        ArgumentNullException.ThrowIfNull(rules);
        ArgumentOutOfRangeException.ThrowIfLessThan(shards, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(shards, Limits.MaxPotShards);
        (_rules, _room, _shards) = (rules, rules.Cap - rules.Minimum, new Sums[shards]);
    }

    private enum Pass { Weigh, Cap, Share, Select, Done }

    public bool IsComplete => _pass == Pass.Done;

    /// <summary>The plan; only when <see cref="IsComplete"/>.</summary>
    public PotPlan Plan => !IsComplete ? throw new InvalidOperationException("The plan is not complete.") : new(
        [.. _shards.Where(s => s.Tickets > 0).Select(s => new PotShard(s.From, s.To, s.Tickets, s.Weight, s.Capped, s.CappedWeight))],
        _capWeight == long.MaxValue ? null : _capWeight, _leftover,
        _largest is null ? null : new((long)(_largest.Found >> 53), MaxTicket - (long)(_largest.Found & (ulong)MaxTicket)));

    /// <summary>Takes every ticket once a pass; the same tickets and weights in each.</summary>
    /// <param name="ticket">1 to 2^53 − 1, each once in the pot.</param>
    public void Add(int shard, long ticket, int weight)
    {
        _seen++;
        switch (_pass)
        {
            case Pass.Weigh:
                ArgumentOutOfRangeException.ThrowIfLessThan(ticket, 1);
                ArgumentOutOfRangeException.ThrowIfGreaterThan(ticket, MaxTicket);
                ArgumentOutOfRangeException.ThrowIfLessThan(weight, 1);
                ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(weight, TicketWeights.Bound);
                _shards[shard].Add(ticket, weight);
                _coarse[weight >> FineBits].Add(weight);
                break;
            case Pass.Cap:
                if (weight >> FineBits == _bucket) _fine[weight & ((1 << FineBits) - 1)].Add(weight);
                break;
            case Pass.Share when weight >= _capWeight:
                _shards[shard].Cap(weight);
                break;
            case Pass.Share:
                var (floor, remainder) = PotAmounts.Share(_left, weight, _weight);
                _floors += floor;
                _largest!.Add(Key(remainder, ticket));
                break;
            case Pass.Select:
                if (weight < _capWeight) _largest!.Add(Key(PotAmounts.Share(_left, weight, _weight).Remainder, ticket));
                break;
            default:
                throw new InvalidOperationException("The plan is complete.");
        }
    }

    /// <summary>Ends a pass.</summary>
    /// <exception cref="InvalidOperationException">The pot cannot be split (<see cref="PotAmounts.Fault"/>), or a pass gave other tickets than the first.</exception>
    public void EndPass()
    {
        if (_pass == Pass.Weigh) _tickets = _seen;
        if (_seen != _tickets) throw new InvalidOperationException($"This pass gave {_seen} tickets, the first {_tickets}.");
        _seen = 0;
        switch (_pass)
        {
            case Pass.Weigh:
                if (PotAmounts.Fault(_rules, _tickets) is { } fault) throw new InvalidOperationException($"The pot cannot be split: {fault}.");
                _left = _rules.Amount - (_tickets * _rules.Minimum);
                _weight = _shards.Sum(s => s.Weight);
                FindBucket();
                break;
            case Pass.Cap:
                FindCap();
                break;
            case Pass.Share:
                _leftover = _left - _floors;
                if (_leftover == 0) _largest = null;
                else _largest!.EndPass(_leftover);
                _pass = _largest is null or { IsFound: true } ? Pass.Done : Pass.Select;
                break;
            case Pass.Select:
                _largest!.EndPass(0);
                if (_largest.IsFound) _pass = Pass.Done;
                break;
            default:
                throw new InvalidOperationException("The plan is complete.");
        }
    }

    /// <summary>Plans a pot whose tickets can be read again and again.</summary>
    public static PotPlan Of(PotRules rules, IReadOnlyList<IEnumerable<(long Ticket, int Weight)>> shards)
    {
        ArgumentNullException.ThrowIfNull(shards);
        for (var planner = new PotPlanner(rules, shards.Count); ; planner.EndPass())
        {
            if (planner.IsComplete) return planner.Plan;
            for (var i = 0; i < shards.Count; i++)
            {
                foreach (var (ticket, weight) in shards[i]) planner.Add(i, ticket, weight);
            }
        }
    }

    // Of larger remainders the larger key, of equal ones that of the lower ticket number.
    private static UInt128 Key(long remainder, long ticket) => ((UInt128)(ulong)remainder << 53) | (ulong)(MaxTicket - ticket);

    /// <summary>The bucket in which the least weight lies that reaches the cap. What is capped lies in it or above it.</summary>
    private void FindBucket()
    {
        Int128 capped = 0, lighter = _weight;
        for (_bucket = Coarse; _bucket > 0; _bucket--)
        {
            var (count, sum) = (capped + _coarse[_bucket - 1].Count, lighter - _coarse[_bucket - 1].Weight);
            if (!PotAmounts.Reaches(Math.Max(1, (long)(_bucket - 1) << FineBits), _left - (count * _room), sum, _room)) break;
            (capped, lighter) = (count, sum);
        }

        // The foot of the bucket above reaches the cap, that of this one does not.
        _bucket--;
        (_aboveCount, _aboveWeight) = (capped, lighter);
        if (_bucket < 0) Capped(1, capped, lighter);
        if (_bucket < 0 || (capped == 0 && _coarse[_bucket].Count == 0)) Begin();
        else _pass = Pass.Cap;
    }

    private void FindCap()
    {
        var (capped, lighter) = (_aboveCount, _aboveWeight);
        var at = (long)(_bucket + 1) << FineBits;
        for (; at > Math.Max(1, (long)_bucket << FineBits); at--)
        {
            ref var bucket = ref _fine[(at - 1) & ((1 << FineBits) - 1)];
            if (!PotAmounts.Reaches(at - 1, _left - ((capped + bucket.Count) * _room), lighter - bucket.Weight, _room)) break;
            (capped, lighter) = (capped + bucket.Count, lighter - bucket.Weight);
        }

        if (capped > 0) Capped(at, capped, lighter);
        Begin();
    }

    private void Capped(long weight, Int128 count, Int128 lighter) =>
        (_capWeight, _left, _weight) = (weight, (long)(_left - (count * _room)), (long)lighter);

    private void Begin()
    {
        _largest = new KthLargest(53 + (int)(64 - long.LeadingZeroCount(_weight)));
        _pass = Pass.Share;
    }

    private struct Bucket
    {
        public long Count;
        public long Weight;

        public void Add(int weight) => (Count, Weight) = (Count + 1, Weight + weight);
    }

    private struct Sums
    {
        public long From;
        public long To;
        public long Tickets;
        public long Weight;
        public long Capped;
        public long CappedWeight;

        public void Add(long ticket, int weight)
        {
            (From, To) = Tickets == 0 ? (ticket, ticket) : (Math.Min(From, ticket), Math.Max(To, ticket));
            (Tickets, Weight) = (Tickets + 1, Weight + weight);
        }

        public void Cap(int weight) => (Capped, CappedWeight) = (Capped + 1, CappedWeight + weight);
    }
}

/// <summary>Finds the k-th largest of distinct keys in passes over them, digit by digit, without keeping them.</summary>
internal sealed class KthLargest(int bits)
{
    private const int Digit = 14;
    private const int Keep = 1 << 16;

    private readonly long[] _counts = new long[1 << Digit];
    private readonly List<UInt128> _kept = [];
    private UInt128 _prefix;
    private int _shift = bits;
    private long _k;
    private bool _keeps;

    public bool IsFound { get; private set; }

    public UInt128 Found { get; private set; }

    private int Width => Math.Min(Digit, _shift);

    public void Add(UInt128 key)
    {
        if (key >> _shift != _prefix) return;
        if (_keeps) _kept.Add(key);
        else _counts[(int)((key >> (_shift - Width)) & ((1U << Width) - 1))]++;
    }

    /// <param name="k">1 is the largest; counts in the first pass only.</param>
    public void EndPass(long k)
    {
        if (_k == 0) _k = k;
        if (_keeps)
        {
            _kept.Sort();
            (IsFound, Found) = (true, _kept[^(int)_k]);
            return;
        }

        var digit = (1 << Width) - 1;
        for (; _counts[digit] < _k; digit--) _k -= _counts[digit];
        _keeps = _counts[digit] <= Keep;
        (_prefix, _shift) = ((_prefix << Width) | (uint)digit, _shift - Width);
        Array.Clear(_counts);
        if (_shift == 0) (IsFound, Found) = (true, _prefix);
    }
}
