using System.Globalization;
using NodaTime;
using static Ledger.FuCards.FuHandEvent;

namespace Ledger.FuCards;

/// <summary>Numbers of a shard's book. Of each type: minted + received = owned + escrowed + sent + composed + consumed + lapsed, at any moment.</summary>
public static class FuTallies
{
    /// <summary>What becomes of cards, as the tallies name it.</summary>
    public static IReadOnlyList<string> Fates { get; } = ["minted", "received", "owned", "escrowed", "sent", "composed", "consumed", "lapsed"];

    public static string Cards(string campaign, string fate, string type) => $"fucards/{campaign}/{fate}/{type}";

    public static string Tickets(string campaign) => $"futickets/{campaign}";

    public static string Claimed(string campaign) => $"fuclaimed/{campaign}";

    public static string ClaimedAmount(string campaign) => $"fuclaimed-amount/{campaign}";

    public static string OfMerchant(string campaign, string merchant) => $"fumerchant/{campaign}/{merchant}";

    public static string OfMerchant(string campaign, string merchant, LocalDate date) => $"fumerchant/{campaign}/{merchant}/{Text(date)}";

    public static IReadOnlyList<TallyChange> Of(FuHandEvent fact) => fact switch
    {
        CardDrawn e =>
        [
            Of(e.Campaign, "minted", e.Type, 1), Of(e.Campaign, "owned", e.Type, 1),
            .. e.Merchant is { } merchant ? (TallyChange[])[new(OfMerchant(e.Campaign, merchant), 1), new(OfMerchant(e.Campaign, merchant, e.Date), 1)] : [],
        ],
        CardEscrowed e => Move(e.Campaign, e.Type, "owned", "escrowed"),
        CardReturned e => Move(e.Campaign, e.Type, "escrowed", "owned"),
        CardGifted e => Move(e.Campaign, e.Type, "escrowed", "sent"),
        CardSent e => Move(e.Campaign, e.Type, "owned", "sent"),
        CardReceived e => [Of(e.Campaign, "received", e.Type, 1), Of(e.Campaign, "owned", e.Type, 1)],
        WildAssigned e => [.. Move(e.Campaign, e.Wild, "owned", "consumed"), Of(e.Campaign, "minted", e.Type, 1), Of(e.Campaign, "owned", e.Type, 1)],
        CardCopied e => [.. Move(e.Campaign, e.Copy, "owned", "consumed"), Of(e.Campaign, "minted", e.Type, 1), Of(e.Campaign, "owned", e.Type, 1)],
        FiveComposed e =>
        [
            .. e.Types.SelectMany(type => Move(e.Campaign, type, "owned", "composed")), new(Tickets(e.Campaign), 1),
            .. e.Grand is { } grand ? Move(e.Campaign, grand, "owned", "consumed") : [],
        ],
        HandClosed e => [.. e.Cards.SelectMany(cards => (TallyChange[])[Of(e.Campaign, "owned", cards.Type, -cards.Count), Of(e.Campaign, "lapsed", cards.Type, cards.Count)])],
        // Claimed once, whatever becomes of its payouts.
        PrizeClaimed { Attempt: 1 } e => [new(Claimed(e.Campaign), 1), new(ClaimedAmount(e.Campaign), e.Amount)],
        _ => [],
    };

    private static TallyChange Of(string campaign, string fate, string type, long cards) => new(Cards(campaign, fate, type), cards);

    private static TallyChange[] Move(string campaign, string type, string from, string to) => [Of(campaign, from, type, -1), Of(campaign, to, type, 1)];

    private static string Text(LocalDate date) => date.ToString("uuuu-MM-dd", CultureInfo.InvariantCulture);
}
