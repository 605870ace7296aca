using System.Text.Json;

namespace Ledger.FuCards.Draws;

/// <summary>How the lines of a proof are read. What is read is written again and compared, so that no other spelling passes.</summary>
internal static class ProofShapes
{
    public static JsonSerializerOptions Options { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
    };
}

internal sealed record HeaderShape(
    BeaconValue Beacon, CommitmentShape Commitment, string CommitmentHash, string Format, PotPlan Plan, ProofSeal Seal, string Seed, GrandPlan? Grand = null)
{
    /// <summary>Null where a word is unknown.</summary>
    public ProofHeader? Value() => FuCards.Draws.Commitment.WeightOf(Commitment.Pot.Weight) is not { } weight ? null : new(
        new(
            Commitment.Campaign, Commitment.SeedHash, Commitment.Beacon.Value(), Commitment.Types, Commitment.Sources,
            new(Commitment.Pot.Amount, Commitment.Pot.Minimum, Commitment.Pot.Cap, weight), Commitment.Beacon.Deadline, Commitment.Grand),
        CommitmentHash, Seed, Beacon, Seal, Plan, Grand);
}

internal sealed record CommitmentShape(
    BeaconShape Beacon, string Campaign, PotShape Pot, string SeedHash, IReadOnlyList<CardSource> Sources, IReadOnlyList<string> Types, GrandRules? Grand = null);

internal sealed record BeaconShape(string Chain, string Fallback, long Round, long? Deadline = null, long? Genesis = null, int? Period = null)
{
    public BeaconRound Value() => new(Chain, Round, Genesis is { } genesis && Period is { } period ? new(genesis, period) : null);
}

internal sealed record PotShape(long Amount, long Cap, long Minimum, string Weight);
