using Ledger.FuCards;
using Ledger.FuCards.Draws;
using NodaTime;

namespace Ledger.Tests.FuCards;

/// <summary>A campaign of five types, a wild card and one that copies, whose sources give one type each, so that tests choose their cards.</summary>
internal static class FuExamples
{
    public const string Campaign = "spring";

    public static readonly Instant Opens = Instant.FromUtc(2026, 2, 3, 0, 0);

    public static readonly string[] Five = ["1001", "1002", "1003", "1004", "1005"];

    public static FuRules Rules(Instant? opens = null, int shards = 4, PotRules? pot = null)
    {
        var from = opens ?? Opens;
        return new(
            "Spring Festival", [.. Five.Select(code => new FuCardType(code, code, FuCardKind.Five)), new("wild", "wild", FuCardKind.Wild), new("copy", "copy", FuCardKind.Copy)],
            [
                .. Enumerable.Range(0, 7).Select(i => new FuSource($"only-{((string[])[.. Five, "wild", "copy"])[i]}", [.. Enumerable.Range(0, 7).Select(j => i == j ? 1 : 0)], 100, false)),
                new("shops", [24, 24, 24, 24, 4, 0, 0], 100, true),
            ],
            new(from, from + Duration.FromDays(10), from + Duration.FromDays(40)), pot ?? new(1_000, 20, 5_000, PotWeight.Uniform), new("drand", 1_000), new(200, 100, 100, null, null, false), shards);
    }

    /// <summary>The same with a card of kind grand, and a source that gives it alone.</summary>
    public static FuRules WithGrand(FuRules rules, long prize = 700, int winners = 2) => rules with
    {
        Types = [.. rules.Types, new("grand", "grand", FuCardKind.Grand)],
        Sources = [.. rules.Sources.Select(source => source with { Weights = [.. source.Weights, 0] }), new("only-grand", [.. rules.Types.Select(_ => 0), 1], 100, false)],
        Grand = new("grand", prize, winners),
    };
}
