using System.Text.Json;

namespace Ledger.FuCards.Draws;

/// <summary>What somebody knows who was there before the reveal; each is compared where it is given.</summary>
/// <param name="Commitment">The commitment's digest, published before the campaign opened.</param>
/// <param name="Root">The Merkle root, published at the deadline.</param>
/// <param name="Round">The round, as the public beacon has it.</param>
/// <param name="Signature">That round's signature at the public beacon.</param>
/// <param name="User">Check this user's draws and prize alone; still the whole file's hash and root.</param>
public sealed record ProofKnowledge(string? Commitment = null, string? Root = null, long? Round = null, string? Signature = null, string? User = null);

/// <summary>What a check found.</summary>
/// <param name="Difference">The first difference in a sentence; null where there is none.</param>
/// <param name="Draws">Draws that were recomputed.</param>
/// <param name="Tickets">Tickets whose prizes were recomputed.</param>
/// <param name="Amount">The sum of those prizes.</param>
/// <param name="Grand">The sum of those tickets' grand prizes; null where there is no grand draw.</param>
public sealed record ProofReport(string? Difference, long Draws, long Tickets, long Amount, long? Grand = null);

/// <summary>
/// Recomputes a proof line by line in one pass, in memory that does not grow with it: every draw, every ticket, the sum, the root, and that the
/// plan is the one that follows from the tickets.
/// </summary>
public sealed class ProofCheck(ProofKnowledge knowledge) : IDisposable
{
    private readonly ProofWriter _writer = new();
    private readonly DrawsHash _hash = new();
    private readonly MerkleTree _tree = new();
    private readonly Dictionary<string, CardSource> _sources = new(StringComparer.Ordinal);
    private byte[] _seed = [];
    private byte[] _key = [];
    private DrawLine _last = new("", 0, "", "");
    private TicketChecks? _tickets;
    private GrandChecks? _grand;
    private string? _header, _draw;
    private long _line, _draws;

    /// <summary>Nothing that follows can be checked.</summary>
    public bool IsOver => _header is not null;

    /// <summary>The first line, once it was read.</summary>
    public ProofHeader? Header { get; private set; }

    /// <summary>Draws and tickets there should be, for progress.</summary>
    public long Expected => Header is null ? 0 : Header.Seal.Draws + Header.Seal.Tickets;

    /// <summary>Takes the next line without its end.</summary>
    public void Line(ReadOnlySpan<byte> line)
    {
        _line++;
        if (IsOver) return;
        try
        {
            if (_line == 1) Begin(line);
            else if (_tickets!.Count == 0 && line.StartsWith("{\"index\""u8)) Draw(line);
            else Ticket(line);
        }
        catch (JsonException)
        {
            _header = Malformed();
        }
        catch (OverflowException)
        {
            _header = $"at line {_line} the numbers of the plan cannot be those of this pot";
        }
    }

    /// <summary>Ends the file.</summary>
    public ProofReport End()
    {
        var difference = _header ?? (Header is null ? "the file is empty" : _draw ?? Draws() ?? _tickets!.Difference() ?? _tickets.Tree(_tree) ?? _grand?.Difference());
        return new(difference, _draws, _tickets?.Checked ?? 0, _tickets?.Amount ?? 0, _grand?.Amount);
    }

    public void Dispose()
    {
        _writer.Dispose();
        _hash.Dispose();
    }

    private void Begin(ReadOnlySpan<byte> line)
    {
        if (ProofFile.Header(line) is not { } header || !Same(_writer.Header(header), line))
        {
            _header = Malformed();
            return;
        }

        Header = header;
        _header = ProofRules.Difference(header, knowledge);
        if (IsOver) return;
        foreach (var source in header.Commitment.Sources) _sources.Add(source.Name, source);
        _seed = Convert.FromHexString(header.Seed);
        _key = PotKey.Of(_seed, header.Beacon);
        _tickets = new(header, _key, knowledge.User);
        if (header is { Commitment.Grand: { } grand, Grand: { } plan }) _grand = new(grand, plan, _key, knowledge.User);
    }

    private void Draw(ReadOnlySpan<byte> line)
    {
        if (JsonSerializer.Deserialize<DrawLine>(line, ProofShapes.Options) is not { } draw || !Same(_writer.Draw(draw), line) || !ProofFile.IsName(draw.User))
        {
            _header = Malformed();
            return;
        }

        _hash.Add(_writer.Draw(draw));
        _grand?.Add(draw);
        var order = string.CompareOrdinal(draw.User, _last.User);
        if (order < 0 || draw.Index != (order == 0 ? _last.Index + 1 : 1)) _draw ??= $"draw {draw.Index} of {draw.User} stands out of order at line {_line}";
        _last = draw;
        if (_draw is not null || (knowledge.User is { } user && user != draw.User)) return;
        _draws++;
        if (!_sources.TryGetValue(draw.Source, out var source)) _draw = $"draw {draw.Index} of {draw.User} names the source {draw.Source}, which the commitment does not have";
        else if (Header!.Commitment.Types[CardDraw.Draw(_seed, draw.User, draw.Index, source.Weights)] is var type && type != draw.Type)
            _draw = $"draw {draw.Index} of {draw.User} is {type}, the file says {draw.Type}";
    }

    private void Ticket(ReadOnlySpan<byte> line)
    {
        if (JsonSerializer.Deserialize<TicketLine>(line, ProofShapes.Options) is not { } ticket || !Same(_writer.Ticket(ticket), line) || !ProofFile.IsName(ticket.User))
        {
            _header = Malformed();
            return;
        }

        if (ticket.Ticket < 1 || ticket.Ticket > CanonicalJson.MaxInteger || (ticket.Grand is not null && _grand is null))
        {
            _header = Malformed();
            return;
        }

        _tree.Add(ticket.Ticket, ticket.User, ticket.Grand is not null);
        _tickets!.Add(ticket);
        _grand?.Add(ticket);
    }

    private string? Draws()
    {
        if (_hash.Count != Header!.Seal.Draws) return $"the file has {_hash.Count} draws, the seal says {Header.Seal.Draws}";
        if (_hash.Value() != Header.Seal.DrawsHash) return "the hash of the draws is not the sealed one";
        if (knowledge.User is { } user && _draws == 0 && _tickets!.Checked == 0) return $"the file says nothing of {user}";
        return null;
    }

    private string Malformed() => $"line {_line} is not what a proof has there, or is spelled otherwise";

    private static bool Same(ReadOnlySpan<byte> written, ReadOnlySpan<byte> line) => written[..^1].SequenceEqual(line);
}

/// <summary>Everything that the first line says by itself.</summary>
internal static class ProofRules
{
    public static string? Difference(ProofHeader header, ProofKnowledge knowledge)
    {
        var commitment = header.Commitment;
        if (Form(commitment) is { } fault) return fault;
        if (commitment.Digest() != header.CommitmentHash) return "the commitment's hash does not follow from the commitment";
        if (knowledge.Commitment is { } digest && digest != header.CommitmentHash) return "the commitment is not the one that was published";
        if (Hex.Bytes(header.Seed, Commitment.SeedBytes) is not { } seed) return "the seed is not 64 hexadecimal digits";
        switch (Reveal.Check(commitment, seed, header.Beacon))
        {
            case RevealFault.OtherSeed: return "the seed is not the one that was committed to";
            case RevealFault.RoundTooEarly: return $"the beacon's round {header.Beacon.Round} is before the committed {commitment.Beacon.Round}";
            case RevealFault.BeaconUnsound: return "the beacon's randomness does not follow from its signature";
            default: break;
        }

        if (knowledge.Round is { } round && round != header.Beacon.Round) return $"the beacon's round is {header.Beacon.Round}, not {round}";
        if (knowledge.Signature is { } signature && signature != header.Beacon.Signature) return "the beacon's signature is not the published one";
        if (knowledge.Root is { } root && root != header.Seal.Root) return "the Merkle root is not the one that was published";
        return PlanForm(header) ?? GrandForm(header);
    }

    private static string? Form(Commitment commitment)
    {
        if (!ProofFile.IsName(commitment.Campaign) || !ProofFile.IsName(commitment.Beacon.Chain) || commitment.Beacon.Round < 1) return "the commitment names no campaign or no beacon";
        if (commitment.Beacon.Times is null != commitment.Deadline is null) return "the commitment has the beacon's times or the deadline, and not both";
        if (commitment is { Beacon: { Times: { } times } beacon, Deadline: { } deadline })
        {
            if (times.Genesis is < 0 or > CanonicalJson.MaxInteger || times.Period < 1 || deadline is < 0 or > CanonicalJson.MaxInteger) return "the beacon's times or the deadline cannot be";
            if (beacon.FirstAfter(deadline) != beacon.Round) return $"the committed round {beacon.Round} is not after the deadline: {beacon.FirstAfter(deadline)} is the first";
        }

        if (commitment.Types.Count is < 1 or > Limits.MaxCardTypes || !Named(commitment.Types)) return "the types of card are not named, each once";
        if (commitment.Sources.Count > Limits.MaxCardSources || !Named([.. commitment.Sources.Select(source => source.Name)])) return "the sources are not named, each once";
        foreach (var source in commitment.Sources)
        {
            if (source.Weights.Count != commitment.Types.Count || !CardDraw.IsFit(source.Weights)) return $"the weights of {source.Name} are not one for each type";
        }

        if (commitment.Grand is { } grand && (!commitment.Types.Contains(grand.Card, StringComparer.Ordinal) || grand.Prize is < 1 or > Limits.PrizeCap || grand.Winners is < 1 or > Limits.MaxGrandWinners))
            return "the grand prize is of no type of card, or its amount or winners cannot be";
        return null;
    }

    private static string? GrandForm(ProofHeader header)
    {
        if (header is not { Commitment.Grand: { } rules, Grand: { } plan }) return null;
        if (plan.Tickets < 0 || plan.Tickets > header.Seal.Tickets || plan.Winners != rules.WinnersOf(plan.Tickets)) return $"of {plan.Tickets} tickets in the grand draw {plan.Winners} cannot win";
        return plan.Last is null == (plan.Winners == 0) && (plan.Last is null || (plan.Last.Ticket >= 1 && GrandRank.Of(plan.Last) is not null)) ? null : "the last winner of the grand draw cannot be";
    }

    private static bool Named(IReadOnlyList<string> names) =>
        names.All(ProofFile.IsName) && names.Distinct(StringComparer.Ordinal).Count() == names.Count;

    private static string? PlanForm(ProofHeader header)
    {
        var (rules, plan) = (FuPlan.RulesFor(header.Commitment.Pot, header.Seal.Tickets), header.Plan);
        if (header.Seal.Tickets == 0) return plan is { Shards.Count: 0, CapWeight: null, Leftover: 0, Remainder: null } ? null : "the plan gives prizes, and there is no ticket";
        if (PotAmounts.Fault(rules, header.Seal.Tickets) is { } fault) return $"the pot cannot be split among {header.Seal.Tickets} tickets: {fault}";
        var (last, tickets) = (0L, (Int128)0);
        foreach (var shard in plan.Shards)
        {
            if (shard.From <= last || shard.To < shard.From || shard.To > CanonicalJson.MaxInteger || shard.Tickets is < 1 or > Limits.MaxTickets
                || shard.Capped < 0 || shard.Capped > shard.Tickets || shard.CappedWeight < 0 || shard.CappedWeight > shard.Weight
                || shard.Weight < shard.Tickets || shard.Weight > shard.Tickets * TicketWeights.Bound)
            {
                return $"the shard from ticket {shard.From} cannot be";
            }

            (last, tickets) = (shard.To, tickets + shard.Tickets);
        }

        if (tickets != header.Seal.Tickets || plan.Shards.Count > Limits.MaxPotShards) return $"the shards have {tickets} tickets, the seal says {header.Seal.Tickets}";
        var amounts = new PotAmounts(rules, plan);
        if (amounts.Left < 0 || plan.Leftover < 0 || plan.Remainder is null != (plan.Leftover == 0)) return "the plan gives more than the pot";
        return CapIsRight(rules, plan, amounts) ? null : "the weight from which tickets get the cap does not follow from the shards";
    }

    /// <summary>The least whole weight, 1 or more, that reaches the cap; none where no ticket does.</summary>
    private static bool CapIsRight(PotRules rules, PotPlan plan, PotAmounts amounts)
    {
        if (plan.CapWeight is not { } weight) return amounts.Capped == 0 && amounts.Weight > 0;
        if (amounts.Capped == 0 || weight is < 1 or >= TicketWeights.Bound) return false;
        if (amounts.Weight == 0) return weight == 1 && amounts.Left == 0;
        var room = rules.Cap - rules.Minimum;
        return PotAmounts.Reaches(weight, amounts.Left, amounts.Weight, room) && !PotAmounts.Reaches(weight - 1, amounts.Left, amounts.Weight, room);
    }
}

/// <summary>The tickets of a proof as they come, in the order of their numbers.</summary>
internal sealed class TicketChecks(ProofHeader header, byte[] key, string? user)
{
    private readonly PotRules _rules = FuPlan.RulesFor(header.Commitment.Pot, header.Seal.Tickets);
    private readonly PotAmounts _amounts = new(FuPlan.RulesFor(header.Commitment.Pot, header.Seal.Tickets), header.Plan);
    private int _shard = -1;
    private long _last, _seen, _weight, _capped, _cappedWeight, _from, _floors;
    private int _heaviest;
    private bool _hasRemainder;
    private string? _order, _plan, _prize;

    public long Count { get; private set; }

    public long Checked { get; private set; }

    public long Amount { get; private set; }

    public void Add(TicketLine line)
    {
        Count++;
        var (ticket, shards) = (line.Ticket, header.Plan.Shards);
        if (ticket <= _last) _order ??= $"ticket {ticket} stands out of order";
        while (_shard < 0 || (_shard < shards.Count && ticket > shards[_shard].To)) NextShard();
        if (_shard == shards.Count || ticket < shards[_shard].From) _order ??= $"ticket {ticket} is in no shard";
        if (_order is not null) return;
        if (_seen++ == 0) _from = ticket;
        _last = ticket;
        if (user is not null && user != line.User) return;
        var weight = TicketWeights.Of(header.Commitment.Pot.Weight, key, ticket);
        Weigh(ticket, weight);
        Checked++;
        var amount = _amounts.Weight == 0 && !IsCapped(weight) ? 0 : _amounts.Of(ticket, weight);
        Amount += amount;
        if (amount != line.Amount) _prize ??= $"the prize of ticket {ticket} ({line.User}) is {amount}, the file says {line.Amount}";
    }

    /// <summary>The first difference, now that all were seen: of the tickets' order, of the plan, of a prize.</summary>
    public string? Difference() => _order ?? Plan() ?? _prize;

    private string? Plan()
    {
        while (_shard < header.Plan.Shards.Count) NextShard();
        if (_plan is not null || user is not null || header.Seal.Tickets == 0) return _plan;
        var (rules, plan) = (_rules, header.Plan);
        if (plan.CapWeight is null && PotAmounts.Reaches(_heaviest, _amounts.Left, _amounts.Weight, rules.Cap - rules.Minimum))
            return "a ticket reaches the cap, and the plan has none";
        if (plan.Leftover != _amounts.Left - _floors) return $"rounding leaves {_amounts.Left - _floors} over, the plan says {plan.Leftover}";
        if (plan.Remainder is not null && !_hasRemainder) return "the last remainder of the plan is no ticket's";
        return Amount == rules.Amount ? null : $"the prizes sum to {Amount}, the pot is {rules.Amount}";
    }

    public string? Tree(MerkleTree tree)
    {
        if (tree.Count != header.Seal.Tickets) return $"the file has {tree.Count} tickets, the seal says {header.Seal.Tickets}";
        return Convert.ToHexStringLower(tree.Root()) == header.Seal.Root ? null : "the Merkle root of the tickets is not the sealed one";
    }

    private bool IsCapped(int weight) => header.Plan.CapWeight is { } cap && weight >= cap;

    private void Weigh(long ticket, int weight)
    {
        _weight += weight;
        _heaviest = Math.Max(_heaviest, weight);
        if (IsCapped(weight))
        {
            (_capped, _cappedWeight) = (_capped + 1, _cappedWeight + weight);
            return;
        }

        if (_amounts.Weight == 0) return;
        var (floor, remainder) = PotAmounts.Share(_amounts.Left, weight, _amounts.Weight);
        _floors += floor;
        _hasRemainder |= header.Plan.Remainder is { } last && last.Value == remainder && last.Ticket == ticket;
    }

    private void NextShard()
    {
        var shards = header.Plan.Shards;
        if (_shard >= 0)
        {
            var said = shards[_shard];
            var found = user is null
                ? new PotShard(_from, _last, _seen, _weight, _capped, _cappedWeight)
                : said with { From = _from, To = _last, Tickets = _seen };
            if (found != said) _plan ??= $"the shard from ticket {said.From} is {found}, the file says {said}";
        }

        _shard++;
        (_seen, _weight, _capped, _cappedWeight, _from, _last) = (0, 0, 0, 0, 0, _shard == 0 ? 0 : shards[_shard - 1].To);
    }
}
