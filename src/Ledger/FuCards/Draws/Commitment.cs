using System.Buffers;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Ledger.FuCards.Draws;

/// <summary>How the tickets of a pot differ; the mean is 1.</summary>
public enum PotWeight
{
    /// <summary>Even on [0.5, 1.5).</summary>
    Uniform,

    /// <summary>Normal about 1 with a standard deviation of 0.25, within [0.5, 1.5).</summary>
    Normal,

    /// <summary>Exponential: many small prizes, few large.</summary>
    Exponential,
}

/// <summary>A pot, in minor units.</summary>
/// <param name="Amount">What is given out, to the last unit.</param>
/// <param name="Minimum">The least that a ticket gets.</param>
/// <param name="Cap">The most that a ticket gets; <see cref="Limits.PrizeCap"/> where nobody says.</param>
public sealed record PotRules(long Amount, long Minimum, long Cap, PotWeight Weight);

/// <summary>Where cards come from, with the odds there.</summary>
/// <param name="Weights">One for each type of card, in the order of the types.</param>
public sealed record CardSource(string Name, IReadOnlyList<int> Weights);

/// <summary>
/// Everything that decides about cards and prizes, published before the campaign opens. The seed itself stays secret until the reveal.
/// </summary>
/// <param name="SeedHash">SHA-256 of the seed, 64 lower-case hexadecimal digits.</param>
/// <param name="Deadline">Whole seconds since 1970-01-01T00:00Z, rounded down. Said where the beacon's times are, so that everybody can compare them.</param>
/// <param name="Grand">Null: there is no grand draw.</param>
public sealed record Commitment(
    string Campaign, string SeedHash, BeaconRound Beacon, IReadOnlyList<string> Types, IReadOnlyList<CardSource> Sources, PotRules Pot, long? Deadline = null, GrandRules? Grand = null)
{
    public const int SeedBytes = 32;

    /// <summary>The rule for a beacon that fails: the next round that it published.</summary>
    public const string Fallback = "nextAvailable";

    private static readonly string[] s_weights = ["uniform", "normal", "exponential"];

    /// <summary>What is published of a seed: SHA-256, in lower-case hexadecimal digits.</summary>
    public static string HashOf(ReadOnlySpan<byte> seed)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(seed.Length, SeedBytes, nameof(seed));
        return Convert.ToHexStringLower(SHA256.HashData(seed));
    }

    /// <summary>SHA-256 of the commitment's canonical JSON: one line to print or to have notarised before the campaign opens.</summary>
    public string Digest()
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(buffer, ProofFile.Json)) Write(json);
        return Convert.ToHexStringLower(SHA256.HashData(buffer.WrittenSpan));
    }

    /// <summary>Writes members in order, so that what is written is canonical (RFC 8785).</summary>
    internal void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteStartObject("beacon"u8);
        json.WriteString("chain"u8, Beacon.Chain);
        if (Deadline is { } deadline) json.WriteNumber("deadline"u8, deadline);
        json.WriteString("fallback"u8, Fallback);
        if (Beacon.Times is { } times)
        {
            json.WriteNumber("genesis"u8, times.Genesis);
            json.WriteNumber("period"u8, times.Period);
        }

        json.WriteNumber("round"u8, Beacon.Round);
        json.WriteEndObject();
        json.WriteString("campaign"u8, Campaign);
        if (Grand is not null)
        {
            json.WriteStartObject("grand"u8);
            json.WriteString("card"u8, Grand.Card);
            json.WriteNumber("prize"u8, Grand.Prize);
            json.WriteNumber("winners"u8, Grand.Winners);
            json.WriteEndObject();
        }

        json.WriteStartObject("pot"u8);
        json.WriteNumber("amount"u8, Pot.Amount);
        json.WriteNumber("cap"u8, Pot.Cap);
        json.WriteNumber("minimum"u8, Pot.Minimum);
        json.WriteString("weight"u8, WordOf(Pot.Weight));
        json.WriteEndObject();
        json.WriteString("seedHash"u8, SeedHash);
        json.WriteStartArray("sources"u8);
        foreach (var source in Sources)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, source.Name);
            json.WriteStartArray("weights"u8);
            foreach (var weight in source.Weights) json.WriteNumberValue(weight);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("types"u8);
        foreach (var type in Types) json.WriteStringValue(type);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    internal static string WordOf(PotWeight weight) => s_weights[(int)weight];

    internal static PotWeight? WeightOf(string word) => Array.IndexOf(s_weights, word) is var i and >= 0 ? (PotWeight)i : null;
}

/// <summary>What can be wrong with a reveal.</summary>
public enum RevealFault
{
    /// <summary>SHA-256 of the seed is not the hash that was committed to.</summary>
    OtherSeed,

    /// <summary>The beacon's round is before the committed one, or where its time is known not after the sealing.</summary>
    RoundTooEarly,

    /// <summary>The beacon's randomness does not follow from its signature.</summary>
    BeaconUnsound,
}

/// <summary>Whether a seed and a beacon's value are those that were committed to.</summary>
public static class Reveal
{
    /// <returns>Null where nothing is wrong.</returns>
    public static RevealFault? Check(Commitment commitment, ReadOnlySpan<byte> seed, BeaconValue beacon)
    {
        ArgumentNullException.ThrowIfNull(commitment);
        ArgumentNullException.ThrowIfNull(beacon);
        if (seed.Length != Commitment.SeedBytes || Commitment.HashOf(seed) != commitment.SeedHash) return RevealFault.OtherSeed;
        if (beacon.Round < commitment.Beacon.Round) return RevealFault.RoundTooEarly;
        return beacon.IsSound() ? null : RevealFault.BeaconUnsound;
    }
}
