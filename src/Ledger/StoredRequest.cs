using System.Text.Json;
using NodaTime;

namespace Ledger;

/// <summary>What a book keeps under a request key for ever.</summary>
/// <param name="Fingerprint">SHA-256 of what was asked; empty for a tombstone, as nobody knows what would have been.</param>
/// <param name="Outcome">Canonical JSON: the answer, or the <see cref="Tombstone"/>.</param>
public sealed record StoredRequest(ReadOnlyMemory<byte> Fingerprint, ReadOnlyMemory<byte> Outcome)
{
    public bool IsTombstone => Fingerprint.IsEmpty;

    /// <exception cref="JsonException">This is none.</exception>
    public Tombstone Tombstone() => JsonSerializer.Deserialize<Tombstone>(Outcome.Span, LedgerJson.Outcomes)!;
}

/// <summary>Stands under the key of a request that was reversed before it arrived, so that it is refused whenever it comes.</summary>
/// <param name="Request">The key that it bars.</param>
/// <param name="ReversedBy">The key of the reversal that left it.</param>
/// <param name="At">When that was received.</param>
public sealed record Tombstone(string Request, string ReversedBy, Instant At, string? Reason)
{
    /// <summary>What became of the request.</summary>
    public string Status { get; } = "reversed";
}
