using System.Text.Encodings.Web;
using System.Text.Json;

namespace Ledger.FuCards.Draws;

/// <summary>The public proof of a campaign; docs/fu-proof.md says its format.</summary>
public static class ProofFile
{
    internal static JsonWriterOptions Json { get; } = new() { SkipValidation = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
