using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Ledger.FuCards.Draws;
using NodaTime;

namespace Ledger.FuCards;

/// <summary>A type of card.</summary>
/// <param name="Code">As Alipay numbers them: 1001 dedication ... 1005 friendliness.</param>
public sealed record FuCardType(string Code, string Name, FuCardKind Kind);

public enum FuCardKind
{
    /// <summary>One of the five that make a ticket.</summary>
    Five,

    /// <summary>Stands for one of the five; one in a hand's life.</summary>
    Wild,

    /// <summary>Is collected and exchanged, and stands for nothing else.</summary>
    Keepsake,

    /// <summary>Becomes a card of a type that a friend holds.</summary>
    Copy,

    /// <summary>Composed with the five, lets the ticket take part in the grand draw.</summary>
    Grand,
}

/// <summary>Where cards come from.</summary>
/// <param name="Weights">The odds: one for each type, in the order of the types.</param>
/// <param name="PerDay">Draws of one user in a day.</param>
/// <param name="IsOfMerchants">Each draw here is of a merchant's issue.</param>
public sealed record FuSource(string Name, IReadOnlyList<int> Weights, int PerDay, bool IsOfMerchants)
{
    public bool Equals(FuSource? other) => other is not null && (Name, PerDay, IsOfMerchants) == (other.Name, other.PerDay, other.IsOfMerchants) && Lists.Same(Weights, other.Weights);

    public override int GetHashCode() => HashCode.Combine(Name, PerDay, IsOfMerchants);
}

/// <summary>How often one user may, in a day of the owner's zone.</summary>
/// <param name="Draws">Over all sources.</param>
/// <param name="Gifts">Gifts, swaps and cards for those who beg.</param>
/// <param name="HandsPerDevice">Over the whole campaign; null: devices are not looked at.</param>
/// <param name="MinimumAge">Full years; null: no age is asked.</param>
public sealed record FuLimits(int Draws, int Gifts, int Begs, int? HandsPerDevice, int? MinimumAge, bool NeedsPerson);

/// <summary>When what happens; each the first instant of what follows.</summary>
public sealed record FuTimeline(Instant OpensAt, Instant Deadline, Instant ClaimsUntil);

/// <summary>Everything that a campaign goes by: fixed when it is committed.</summary>
/// <param name="Beacon">A round whose time is after the deadline: checked with the commitment where the beacon's times are said.</param>
/// <param name="Shards">Books over which hands are spread, by the hash of the user.</param>
/// <param name="Grand">Of the one type of kind grand; null: there is none.</param>
public sealed record FuRules(
    string Name, IReadOnlyList<FuCardType> Types, IReadOnlyList<FuSource> Sources, FuTimeline Timeline, PotRules Pot, BeaconRound Beacon, FuLimits Limits, int Shards,
    GrandRules? Grand = null)
{
    public bool Equals(FuRules? other) =>
        other is not null && (Name, Timeline, Pot, Beacon, Limits, Shards, Grand) == (other.Name, other.Timeline, other.Pot, other.Beacon, other.Limits, other.Shards, other.Grand)
        && Lists.Same(Types, other.Types) && Lists.Same(Sources, other.Sources);

    public override int GetHashCode() => HashCode.Combine(Name, Timeline, Pot);

    public FuSource? Source(string name) => Sources.FirstOrDefault(source => source.Name == name);

    public FuCardType? Type(string code) => Types.FirstOrDefault(type => type.Code == code);

    public IEnumerable<string> Five() => Types.Where(type => type.Kind == FuCardKind.Five).Select(type => type.Code);

    /// <summary>What is published of a campaign before it opens.</summary>
    public Commitment Commit(string campaign, string seedHash) => new(
        campaign, seedHash, Beacon, [.. Types.Select(type => type.Code)], [.. Sources.Select(source => new CardSource(source.Name, source.Weights))], Pot,
        Beacon.Times is null ? null : Timeline.Deadline.ToUnixTimeSeconds(), Grand);
}

/// <summary>
/// How coupons and members say which campaign brought them: the channel <c>FU_CARD/{owner}/{campaign}</c>. No channel in a merchant's own words has a slash.
/// </summary>
public static class FuChannel
{
    private const string Begin = "FU_CARD";

    public static string Of(string owner, string campaign) => $"{Begin}/{owner}/{campaign}";

    /// <summary>The campaign that a channel names; null: it names none.</summary>
    public static (string Owner, string Campaign)? Parse(string? channel) => channel?.Split('/') is [Begin, var owner, var campaign] ? (owner, campaign) : null;
}

/// <summary>
/// A book of a campaign: hands live in one of <paramref name="Shards"/> by the hash of their user, so that a campaign has as many books as it needs.
/// Its id holds a character that no merchant's may.
/// </summary>
public readonly record struct FuBook(string Owner, string Campaign, int Shard, int Shards)
{
    public string Id => string.Create(CultureInfo.InvariantCulture, $"{Owner}~{Campaign}~{Shard}~{Shards}");

    /// <summary>Keeps what concerns all shards.</summary>
    public FuBook First => this with { Shard = 0 };

    public static FuBook? Parse(string book)
    {
        ArgumentNullException.ThrowIfNull(book);
        return book.Split('~') is [var owner, var campaign, var shard, var shards]
            ? new(owner, campaign, int.Parse(shard, CultureInfo.InvariantCulture), int.Parse(shards, CultureInfo.InvariantCulture)) : null;
    }

    /// <summary>The book of a user's hand, and of whatever else is found by a key: the first four bytes of its SHA-256, modulo the number of shards.</summary>
    public FuBook For(string key) => this with { Shard = (int)(BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(key))) % (uint)Shards) };

    /// <summary>This shard's part of a number: the parts differ by one at most, add up exactly, and who has more changes with <paramref name="turn"/>.</summary>
    public long PartOf(long number, int turn)
    {
        var (part, rest) = Math.DivRem(number, Shards);
        return part + ((Shard + (turn % Shards)) % Shards < rest ? 1 : 0);
    }
}
