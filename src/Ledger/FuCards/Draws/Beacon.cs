using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Ledger.FuCards.Draws;

/// <summary>The round of a public randomness beacon (drand) that is committed to before the campaign opens; its time is after the deadline.</summary>
/// <param name="Chain">The beacon's chain hash or another name by which everybody finds it.</param>
/// <param name="Round">This round, or the next one that the beacon published if it never published this one.</param>
/// <param name="Times">When the chain publishes its rounds. Null: the rules do not say, and nothing compares rounds with times.</param>
public sealed record BeaconRound(string Chain, long Round, BeaconTimes? Times = null)
{
    /// <summary>The first round that counts where everything was fixed at a moment: this one, or if it was out by then the first one after.</summary>
    /// <param name="moment">Whole seconds since 1970-01-01T00:00Z, rounded down: rounds come at whole seconds.</param>
    public long FirstAfter(long moment) => Times is null ? Round : Math.Max(Round, Times.FirstAfter(moment));
}

/// <summary>When a chain publishes its rounds, in the words of its own info: round n comes at genesis + (n - 1) periods, as drand has it.</summary>
/// <param name="Genesis">Of round 1, in whole seconds since 1970-01-01T00:00Z.</param>
/// <param name="Period">Seconds from round to round.</param>
public sealed record BeaconTimes(long Genesis, int Period)
{
    /// <summary>
    /// The times of drand's public chains, which are known by their hashes: <c>default</c> and <c>quicknet</c>, as api.drand.sh/{hash}/info says.
    /// Null for any other name.
    /// </summary>
    public static BeaconTimes? Of(string chain) =>
        Is("8990e7a9aaed2ffed73dbd7092123d6f289930540d7651336225dc172e51b2ce", chain) ? new(1_595_431_050, 30)
        : Is("52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971", chain) ? new(1_692_803_367, 3)
        : null;

    private static bool Is(string hash, string chain) => string.Equals(hash, chain, StringComparison.OrdinalIgnoreCase);

    /// <summary>The first round whose time is after the moment.</summary>
    public long FirstAfter(long moment) => moment < Genesis ? 1 : checked(((moment - Genesis) / Period) + 2);
}

/// <summary>What the beacon published, in lower-case hexadecimal digits.</summary>
/// <param name="Randomness">SHA-256 of the signature, as drand has it.</param>
public sealed record BeaconValue(long Round, string Signature, string Randomness)
{
    /// <summary>A value whose randomness follows from its signature.</summary>
    public static BeaconValue Of(long round, ReadOnlySpan<byte> signature) =>
        new(round, Convert.ToHexStringLower(signature), Convert.ToHexStringLower(SHA256.HashData(signature)));

    /// <summary>Whether the randomness follows from the signature. That the signature is the beacon's own is not checked here.</summary>
    public bool IsSound() =>
        Round > 0 && Hex.Bytes(Signature, null) is { Length: > 0 and <= Limits.MaxBeaconSignature } signature
        && Hex.Bytes(Randomness, SHA256.HashSizeInBytes) is { } randomness && SHA256.HashData(signature).AsSpan().SequenceEqual(randomness);
}

/// <summary>What every weight of a pot comes from: the seed and the beacon's value together, so that neither side chose it.</summary>
public static class PotKey
{
    public const int Bytes = Commitment.SeedBytes + SHA256.HashSizeInBytes;

    /// <summary>The seed, then SHA-256 of the ASCII bytes <c>beacon</c>, the round (8 bytes, big endian) and the randomness.</summary>
    public static byte[] Of(ReadOnlySpan<byte> seed, BeaconValue beacon)
    {
        ArgumentNullException.ThrowIfNull(beacon);
        ArgumentOutOfRangeException.ThrowIfNotEqual(seed.Length, Commitment.SeedBytes, nameof(seed));
        if (!beacon.IsSound()) throw new ArgumentException("The randomness does not follow from the signature.", nameof(beacon));
        Span<byte> bound = stackalloc byte[6 + 8 + SHA256.HashSizeInBytes];
        "beacon"u8.CopyTo(bound);
        BinaryPrimitives.WriteInt64BigEndian(bound[6..], beacon.Round);
        Convert.FromHexString(beacon.Randomness).CopyTo(bound[14..]);
        var key = new byte[Bytes];
        seed.CopyTo(key);
        SHA256.HashData(bound, key.AsSpan(seed.Length));
        return key;
    }
}

/// <summary>Lower-case hexadecimal digits and nothing else.</summary>
internal static class Hex
{
    private static readonly SearchValues<char> s_digits = SearchValues.Create("0123456789abcdef");

    /// <returns>Null where the text is something else, or not of <paramref name="length"/> bytes.</returns>
    public static byte[]? Bytes(string text, int? length)
    {
        if (text.AsSpan().ContainsAnyExcept(s_digits) || text.Length % 2 != 0 || (length is { } n && text.Length != 2 * n)) return null;
        return Convert.FromHexString(text);
    }
}
