using System.Buffers;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Ledger.FuCards.Draws;

/// <summary>What was published at the deadline.</summary>
/// <param name="Root">The Merkle root over the tickets, 64 lower-case hexadecimal digits.</param>
/// <param name="Draws">How many cards were drawn.</param>
/// <param name="DrawsHash">SHA-256 of all draw lines with their ends.</param>
public sealed record ProofSeal(long Tickets, string Root, long Draws, string DrawsHash);

/// <summary>The first line of a proof.</summary>
/// <param name="CommitmentHash"><see cref="Commitment.Digest"/>.</param>
/// <param name="Seed">64 lower-case hexadecimal digits.</param>
/// <param name="Grand">Null where nothing is committed to of a grand draw.</param>
public sealed record ProofHeader(Commitment Commitment, string CommitmentHash, string Seed, BeaconValue Beacon, ProofSeal Seal, PotPlan Plan, GrandPlan? Grand = null);

/// <summary>A card that was drawn. Lines stand by user, in the order of bytes, then by index: 1, 2, 3 ... for each user.</summary>
public sealed record DrawLine(string User, long Index, string Source, string Type);

/// <summary>A ticket and its prize in minor units. Lines stand by ticket.</summary>
/// <param name="Amount">Its share of the pot.</param>
/// <param name="Grand">What it wins beside in the grand draw, or 0; null: it does not take part.</param>
public sealed record TicketLine(long Ticket, string User, long Amount, long? Grand = null);

/// <summary>
/// The public proof of a campaign: a header, the draws, the tickets, one line each, every line canonical JSON (RFC 8785) that ends with
/// U+000A. docs/fu-proof.md says it in full.
/// </summary>
public static class ProofFile
{
    public const string Format = "fu-proof-1";

    /// <summary>The same with a grand draw, which readers of the first do not know.</summary>
    public const string GrandFormat = "fu-proof-2";

    private static readonly SearchValues<char> s_name = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.@-");

    internal static JsonWriterOptions Json { get; } = new() { SkipValidation = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Users, campaigns, sources, types and chains: 1 to 64 letters, digits, and _ . @ -, so that their order and spelling are the same everywhere.</summary>
    public static bool IsName(string? name) => name is { Length: >= 1 and <= Limits.MaxDrawUser } && !name.AsSpan().ContainsAnyExcept(s_name);

    internal static ProofHeader? Header(ReadOnlySpan<byte> line)
    {
        if (JsonSerializer.Deserialize<HeaderShape>(line, ProofShapes.Options) is not { } shape) return null;
        // A list may hold null, whatever its type says.
        if (shape.Commitment.Sources.Any(source => source is null) || shape.Plan.Shards.Any(shard => shard is null)) return null;
        if ((shape.Grand is null) != (shape.Commitment.Grand is null)) return null;
        return shape.Format == FormatOf(shape.Commitment.Grand) && shape.Commitment.Beacon.Fallback == Commitment.Fallback ? shape.Value() : null;
    }

    internal static string FormatOf(GrandRules? grand) => grand is null ? Format : GrandFormat;
}

/// <summary>Writes a proof line by line. Reuses its buffers: one writer per thread.</summary>
public sealed class ProofWriter : IDisposable
{
    private readonly ArrayBufferWriter<byte> _line = new(256);
    private readonly Utf8JsonWriter _json;

    public ProofWriter() => _json = new(_line, ProofFile.Json);

    /// <summary>The first line with its end; good until the next call, as every line is.</summary>
    public ReadOnlySpan<byte> Header(ProofHeader header)
    {
        ArgumentNullException.ThrowIfNull(header);
        Begin();
        _json.WriteStartObject("beacon"u8);
        _json.WriteString("randomness"u8, header.Beacon.Randomness);
        _json.WriteNumber("round"u8, header.Beacon.Round);
        _json.WriteString("signature"u8, header.Beacon.Signature);
        _json.WriteEndObject();
        _json.WritePropertyName("commitment"u8);
        header.Commitment.Write(_json);
        _json.WriteString("commitmentHash"u8, header.CommitmentHash);
        _json.WriteString("format"u8, ProofFile.FormatOf(header.Commitment.Grand));
        if (header.Grand is not null) Write(header.Grand);
        Write(header.Plan);
        _json.WriteStartObject("seal"u8);
        _json.WriteNumber("draws"u8, header.Seal.Draws);
        _json.WriteString("drawsHash"u8, header.Seal.DrawsHash);
        _json.WriteString("root"u8, header.Seal.Root);
        _json.WriteNumber("tickets"u8, header.Seal.Tickets);
        _json.WriteEndObject();
        _json.WriteString("seed"u8, header.Seed);
        return End();
    }

    /// <summary>The line of a draw.</summary>
    public ReadOnlySpan<byte> Draw(DrawLine draw)
    {
        ArgumentNullException.ThrowIfNull(draw);
        Begin();
        _json.WriteNumber("index"u8, draw.Index);
        _json.WriteString("source"u8, draw.Source);
        _json.WriteString("type"u8, draw.Type);
        _json.WriteString("user"u8, draw.User);
        return End();
    }

    /// <summary>The line of a ticket.</summary>
    public ReadOnlySpan<byte> Ticket(TicketLine ticket)
    {
        ArgumentNullException.ThrowIfNull(ticket);
        Begin();
        _json.WriteNumber("amount"u8, ticket.Amount);
        if (ticket.Grand is { } grand) _json.WriteNumber("grand"u8, grand);
        _json.WriteNumber("ticket"u8, ticket.Ticket);
        _json.WriteString("user"u8, ticket.User);
        return End();
    }

    public void Dispose() => _json.Dispose();

    private void Begin()
    {
        _line.ResetWrittenCount();
        _json.Reset();
        _json.WriteStartObject();
    }

    private ReadOnlySpan<byte> End()
    {
        _json.WriteEndObject();
        _json.Flush();
        _line.Write("\n"u8);
        return _line.WrittenSpan;
    }

    private void Write(GrandPlan plan)
    {
        _json.WriteStartObject("grand"u8);
        if (plan.Last is { } last)
        {
            _json.WriteStartObject("last"u8);
            _json.WriteString("hash"u8, last.Hash);
            _json.WriteNumber("ticket"u8, last.Ticket);
            _json.WriteEndObject();
        }
        else
        {
            _json.WriteNull("last"u8);
        }

        _json.WriteNumber("tickets"u8, plan.Tickets);
        _json.WriteNumber("winners"u8, plan.Winners);
        _json.WriteEndObject();
    }

    private void Write(PotPlan plan)
    {
        _json.WriteStartObject("plan"u8);
        if (plan.CapWeight is { } weight) _json.WriteNumber("capWeight"u8, weight);
        else _json.WriteNull("capWeight"u8);
        _json.WriteNumber("leftover"u8, plan.Leftover);
        if (plan.Remainder is { } remainder)
        {
            _json.WriteStartObject("remainder"u8);
            _json.WriteNumber("ticket"u8, remainder.Ticket);
            _json.WriteNumber("value"u8, remainder.Value);
            _json.WriteEndObject();
        }
        else
        {
            _json.WriteNull("remainder"u8);
        }

        _json.WriteStartArray("shards"u8);
        foreach (var shard in plan.Shards)
        {
            _json.WriteStartObject();
            _json.WriteNumber("capped"u8, shard.Capped);
            _json.WriteNumber("cappedWeight"u8, shard.CappedWeight);
            _json.WriteNumber("from"u8, shard.From);
            _json.WriteNumber("tickets"u8, shard.Tickets);
            _json.WriteNumber("to"u8, shard.To);
            _json.WriteNumber("weight"u8, shard.Weight);
            _json.WriteEndObject();
        }

        _json.WriteEndArray();
        _json.WriteEndObject();
    }
}

/// <summary>Hashes draw lines as they come, for <see cref="ProofSeal.DrawsHash"/>.</summary>
public sealed class DrawsHash : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public long Count { get; private set; }

    /// <param name="line">As <see cref="ProofWriter.Draw"/> writes it, with its end.</param>
    public void Add(ReadOnlySpan<byte> line)
    {
        _hash.AppendData(line);
        Count++;
    }

    /// <summary>64 lower-case hexadecimal digits.</summary>
    public string Value() => Convert.ToHexStringLower(_hash.GetCurrentHash());

    public void Dispose() => _hash.Dispose();
}
