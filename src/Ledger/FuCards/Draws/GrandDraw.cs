using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Ledger.FuCards.Draws;

/// <summary>A draw apart from the pot, for tickets with which a grand card was composed.</summary>
/// <param name="Card">The type of card that takes part.</param>
/// <param name="Prize">Of each winner, in minor units, beside its share of the pot.</param>
/// <param name="Winners">The most there are; where fewer tickets take part, all of them win and the rest is not given out.</param>
public sealed record GrandRules(string Card, long Prize, int Winners)
{
    /// <summary>What is given out where enough tickets take part, in minor units.</summary>
    public long Total() => Winners * Prize;

    /// <summary>How many win of so many tickets that take part.</summary>
    public int WinnersOf(long tickets) => (int)Math.Min(Winners, tickets);
}

/// <summary>The winning ticket of the largest hash.</summary>
/// <param name="Hash">64 lower-case hexadecimal digits.</param>
public sealed record GrandLast(string Hash, long Ticket);

/// <summary>What must be known of a grand draw to tell of any ticket whether it wins.</summary>
/// <param name="Tickets">That take part.</param>
/// <param name="Winners">Of these; each gets the grand prize of the rules.</param>
/// <param name="Last">A ticket that takes part wins if its hash is below this one, or is this one and its number no higher; null where none takes part.</param>
public sealed record GrandPlan(long Tickets, int Winners, GrandLast? Last);

/// <summary>A ticket's place in a grand draw: HMAC-SHA-256(<see cref="PotKey"/>, <c>grand</c> and the ticket's number in 8 bytes, big endian), then the number.</summary>
internal readonly record struct GrandRank(UInt128 High, UInt128 Low, long Ticket)
{
    private const int Half = HMACSHA256.HashSizeInBytes / 2;

    public static GrandRank Of(ReadOnlySpan<byte> key, long ticket)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, PotKey.Bytes, nameof(key));
        ArgumentOutOfRangeException.ThrowIfLessThan(ticket, 1);
        Span<byte> message = stackalloc byte[5 + 8];
        "grand"u8.CopyTo(message);
        BinaryPrimitives.WriteInt64BigEndian(message[5..], ticket);
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key, message, hash);
        return From(hash, ticket);
    }

    /// <returns>Null where the hash is not 64 lower-case hexadecimal digits.</returns>
    public static GrandRank? Of(GrandLast last) => Hex.Bytes(last.Hash, HMACSHA256.HashSizeInBytes) is { } hash ? From(hash, last.Ticket) : null;

    /// <summary>Below 0 where this one comes first.</summary>
    public int Against(GrandRank other) => (High, Low, Ticket).CompareTo((other.High, other.Low, other.Ticket));

    public GrandLast Last()
    {
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        BinaryPrimitives.WriteUInt128BigEndian(hash, High);
        BinaryPrimitives.WriteUInt128BigEndian(hash[Half..], Low);
        return new(Convert.ToHexStringLower(hash), Ticket);
    }

    private static GrandRank From(ReadOnlySpan<byte> hash, long ticket) => new(BinaryPrimitives.ReadUInt128BigEndian(hash), BinaryPrimitives.ReadUInt128BigEndian(hash[Half..]), ticket);
}

/// <summary>Draws grand prizes in one pass over the tickets that take part, keeping no more of them than there are winners. Their order makes no difference.</summary>
/// <param name="key"><see cref="PotKey"/>.</param>
/// <param name="rules">Whose winners are at least 1.</param>
public sealed class GrandDraw(ReadOnlyMemory<byte> key, GrandRules rules)
{
    /// <summary>The best so far, the worst of them first.</summary>
    private readonly PriorityQueue<GrandRank, GrandRank> _best = new(Comparer<GrandRank>.Create((one, other) => other.Against(one)));
    private long _tickets;

    /// <summary>The plan over the tickets so far; more may follow.</summary>
    public GrandPlan Plan => new(_tickets, _best.Count, _best.Count == 0 ? null : _best.Peek().Last());

    /// <summary>Takes a ticket that takes part, each once.</summary>
    public void Add(long ticket)
    {
        var rank = GrandRank.Of(key.Span, ticket);
        if (_tickets++ < rules.Winners) _best.Enqueue(rank, rank);
        else _best.EnqueueDequeue(rank, rank);
    }
}

/// <summary>What a ticket that takes part wins, once the plan is made.</summary>
public sealed class GrandAmounts
{
    private readonly long _prize;
    private readonly GrandRank? _last;

    /// <exception cref="FormatException">The plan's hash is none.</exception>
    public GrandAmounts(GrandRules rules, GrandPlan plan)
    {
        ArgumentNullException.ThrowIfNull(rules);
        ArgumentNullException.ThrowIfNull(plan);
        _prize = rules.Prize;
        if (plan.Last is { } last) _last = GrandRank.Of(last) ?? throw new FormatException("The hash is not 64 hexadecimal digits.");
    }

    /// <summary>The prize, in minor units; 0: it does not win.</summary>
    public long Of(ReadOnlySpan<byte> key, long ticket) => _last is { } last && GrandRank.Of(key, ticket).Against(last) <= 0 ? _prize : 0;

    /// <summary>Whether this is the last winner.</summary>
    internal bool IsLast(ReadOnlySpan<byte> key, long ticket) => _last is { } last && last.Ticket == ticket && GrandRank.Of(key, ticket) == last;
}

/// <summary>The grand draw of a proof, as its lines come.</summary>
internal sealed class GrandChecks(GrandRules rules, GrandPlan plan, byte[] key, string? user)
{
    private readonly GrandAmounts _amounts = new(rules, plan);
    private long _drawn, _tickets, _winners;
    private bool _hasLast;
    private string? _prize;

    /// <summary>The sum of the prizes that were recomputed.</summary>
    public long Amount { get; private set; }

    public void Add(DrawLine line) => _drawn += line.Type == rules.Card ? 1 : 0;

    public void Add(TicketLine line)
    {
        if (line.Grand is not { } said) return;
        _tickets++;
        var amount = _amounts.Of(key, line.Ticket);
        _winners += amount > 0 ? 1 : 0;
        _hasLast |= _amounts.IsLast(key, line.Ticket);
        if (user is not null && user != line.User) return;
        Amount += amount;
        if (amount != said) _prize ??= $"the grand prize of ticket {line.Ticket} ({line.User}) is {amount}, the file says {said}";
    }

    /// <summary>The first difference, now that all were seen. As many as the rules have win, the last of them among them: so it is the smallest hashes that do.</summary>
    public string? Difference()
    {
        if (_tickets != plan.Tickets) return $"{_tickets} tickets take part in the grand draw, the file says {plan.Tickets}";
        if (_tickets > _drawn) return $"{_tickets} tickets take part in the grand draw, and {_drawn} cards for it were drawn";
        if (_winners != plan.Winners) return $"{_winners} tickets win in the grand draw, the file says {plan.Winners}";
        return plan.Last is not null && !_hasLast ? "the last winner of the grand draw is no ticket's" : _prize;
    }
}
