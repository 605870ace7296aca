namespace Ledger.FuCards;

/// <summary>
/// Streams of Fu cards. In the owner's book <c>fucampaign-{campaign}</c> and <c>fuissue-{campaign}/{merchant}</c>; in a shard's <c>fushard-{campaign}</c>,
/// <c>fuhand-{campaign}/{user}</c>, <c>fuclaim-{campaign}/{kind}/{key}</c> and <c>fustock-{campaign}/{merchant}</c>; in a merchant's
/// <c>fuparticipation-{owner}/{campaign}</c> and <c>fucoupon-{owner}/{campaign}/{user}/{index}</c>.
/// </summary>
public static class FuStreams
{
    public static StreamType<FuCampaign, FuCampaignEvent> Campaign { get; } = new(
        "fucampaign", Schema: 3, FuCampaign.None, FuCampaignDecider.Evolve, Status: campaign => campaign.Status.ToString().ToLowerInvariant());

    public static StreamType<FuIssue, FuIssueEvent> Issue { get; } = new("fuissue", Schema: 1, FuIssue.None, FuIssueDecider.Evolve);

    public static StreamType<FuShard, FuShardEvent> Shard { get; } = new("fushard", Schema: 3, FuShard.None, FuShardDecider.Evolve);

    public static StreamType<FuHand, FuHandEvent> Hand { get; } = new("fuhand", Schema: 3, FuHand.None, FuHandDecider.Evolve, FuTallies.Of);

    public static StreamType<FuClaim, FuClaimEvent> Claim { get; } = new("fuclaim", Schema: 1, FuClaim.None, FuClaimDecider.Evolve);

    public static StreamType<FuStock, FuStockEvent> Stock { get; } = new("fustock", Schema: 1, FuStock.None, (state, fact) => fact switch
    {
        FuStockEvent.FuStockReceived e => new(state.Cards + e.Cards, e.Cards, e.PerDay),
        _ => throw new System.Diagnostics.UnreachableException($"{fact}"),
    });

    public static StreamType<FuParticipation, FuParticipationEvent> Participation { get; } = new("fuparticipation", Schema: 1, FuParticipation.None, (_, fact) => fact switch
    {
        FuParticipationEvent.FuParticipationAgreed e => new(e.CouponCampaign),
        _ => throw new System.Diagnostics.UnreachableException($"{fact}"),
    });

    public static StreamType<FuCoupon, FuCouponEvent> Coupon { get; } = new("fucoupon", Schema: 1, FuCoupon.None, (_, fact) => fact switch
    {
        FuCouponEvent.CardCouponSettled e => new(e.Code, e.Reason),
        _ => throw new System.Diagnostics.UnreachableException($"{fact}"),
    });

    public static Stream<FuCampaign, FuCampaignEvent> CampaignOf(string campaign) => Campaign.At($"fucampaign-{campaign}");

    public static Stream<FuIssue, FuIssueEvent> IssueOf(string campaign, string merchant) => Issue.At($"fuissue-{campaign}/{merchant}");

    public static Stream<FuShard, FuShardEvent> ShardOf(string campaign) => Shard.At($"fushard-{campaign}");

    public static Stream<FuHand, FuHandEvent> HandOf(string campaign, string user) => Hand.At($"fuhand-{campaign}/{user}");

    /// <param name="key">A claim lives in the shard of its key (<see cref="FuBook.For"/> of <see cref="KeyOf"/>).</param>
    public static Stream<FuClaim, FuClaimEvent> ClaimOf(string campaign, FuClaimKind kind, string key) => Claim.At($"fuclaim-{campaign}/{KeyOf(kind, key)}");

    public static string KeyOf(FuClaimKind kind, string key) => $"{kind.ToString().ToLowerInvariant()}/{key}";

    public static Stream<FuStock, FuStockEvent> StockOf(string campaign, string merchant) => Stock.At($"fustock-{campaign}/{merchant}");

    public static Stream<FuParticipation, FuParticipationEvent> ParticipationOf(string owner, string campaign) => Participation.At($"fuparticipation-{owner}/{campaign}");

    public static Stream<FuCoupon, FuCouponEvent> CouponOf(string owner, string campaign, string user, long index) =>
        Coupon.At(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"fucoupon-{owner}/{campaign}/{user}/{index}"));
}
