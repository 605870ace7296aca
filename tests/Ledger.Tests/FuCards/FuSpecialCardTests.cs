using Ledger.FuCards;
using NodaTime;
using Xunit;
using static Ledger.FuCards.FuHandEvent;
using static Ledger.Tests.FuCards.FuEdgeCaseTests;
using static Ledger.Tests.FuCards.FuExamples;

namespace Ledger.Tests.FuCards;

/// <summary>Cards that copy, hands that are shut out, and tax kept back.</summary>
public class FuSpecialCardTests
{
    private static readonly FuRules s_rules = Rules();

    [Fact]
    public void A_copy_becomes_a_card_that_a_friend_holds_and_keeps()
    {
        var world = new FuWorld(s_rules, "u", "friend");
        foreach (var type in (string[])["copy", "1002"]) Assert.Null(world.Draw("u", type));
        foreach (var type in (string[])["1001", "wild"]) Assert.Null(world.Draw("friend", type));
        Rejection? Copy(string type, string friend = "friend") =>
            world.Run("u", request => FuOperations.Copy(request, Campaign, "u", friend, type, world.Hand(friend).Count(type) > 0));

        Assert.Equal(new FriendLacksCard("friend", "1003"), Copy("1003"));
        Assert.Equal(new CardTypeUnknown("wild"), Copy("wild"));
        Assert.Equal(new CardTypeUnknown("copy"), Copy("copy"));
        Assert.Equal(new SelfExchange(), Copy("1002", "u"));
        Assert.Null(Copy("1001"));
        Assert.Equal(new NoCopyCard(), Copy("1001"));
        Assert.Equal((1, 0, 1), (world.Hand("u").Count("1001"), world.Hand("u").Count("copy"), world.Hand("friend").Count("1001")));
        Assert.Equal((2, 1), (world.Tally(FuTallies.Cards(Campaign, "minted", "1001")), world.Tally(FuTallies.Cards(Campaign, "consumed", "copy"))));
    }

    /// <summary>RISK_REJECTED: what was offered is back, what was on its way lands, and the user goes on once allowed.</summary>
    [Fact]
    public void A_hand_that_risk_control_denied_neither_draws_nor_exchanges_nor_composes()
    {
        var world = new FuWorld(s_rules, "u", "v");
        var date = world.Now.InUtc().Date;
        foreach (var type in (string[])["1001", "1001", "1002"]) Assert.Null(world.Draw("u", type));
        Assert.Null(world.Draw("v", "1003"));
        world.Ok("u", request => FuOperations.Offer(request, Campaign, "u", "1001", null, null, date));
        world.Ok("u", request => FuOperations.Beg(request, Campaign, "u", "1003", date));
        world.Ok("v", request => FuOperations.Send(request, Campaign, "v", "u", 2, "1003", FuWay.Beg, date));
        for (var i = 0; i < 2; i++) world.Ok("u", request => FuOperations.Deny(request, Campaign, "u", "farm"));
        world.Land();
        Assert.Equal((2, 0, 0), (world.Hand("u").Count("1001"), world.Hand("u").Escrows.Count, world.Hand("u").Count("1003")));
        Assert.Equal(1, world.Hand("v").Count("1003"));

        var denied = new RiskRejected("farm");
        Assert.Equal(denied, world.Draw("u", "1001"));
        Assert.All((Func<Request, Operation>[])
        [
            request => FuOperations.Offer(request, Campaign, "u", "1001", null, null, date),
            request => FuOperations.Beg(request, Campaign, "u", "1001", date),
            request => FuOperations.Send(request, Campaign, "u", "v", 1, "1001", FuWay.Beg, date),
            request => FuOperations.Wild(request, Campaign, "u", "1004"),
            request => FuOperations.Copy(request, Campaign, "u", "v", "1003", true),
            request => FuOperations.Compose(request, Campaign, "u"),
        ], operation => Assert.Equal(denied, world.Run("u", operation)));
        Assert.Equal(new CardTaken(1), world.Run("u", request => FuOperations.Take(request, Campaign, "u", 1, "v")));
        for (var i = 0; i < 2; i++) world.Ok("u", request => FuOperations.Allow(request, Campaign, "u"));
        Assert.Null(world.Draw("u", "1001"));
    }

    /// <summary>The split is public: a ticket that was composed before keeps its prize.</summary>
    [Fact]
    public void Who_is_denied_after_composing_keeps_the_prize() =>
        Assert.IsType<PrizeClaimed>(Assert.Single(Facts(Ticket() with { Denied = "farm" }, Claim(s_rules.Timeline.Deadline, FuShardStatus.Paying))));

    [Fact]
    public void Prize_tax_withholding_is_at_most_the_prize_and_said_in_the_hand()
    {
        var claim = Claim(s_rules.Timeline.Deadline, FuShardStatus.Paying);
        Assert.Equal(new WithheldAbovePrize(1_000), Refusal(Ticket(), claim with { Withheld = 1_001 }));
        var claimed = Assert.IsType<PrizeClaimed>(Assert.Single(Facts(Ticket(), claim with { Withheld = 200 })));
        Assert.Equal((1_000, 200L), (claimed.Amount, claimed.Withheld));
        Assert.Equal(200, FuHandDecider.Evolve(Ticket(), claimed).Prize!.Withheld);
        Assert.Null(Assert.IsType<PrizeClaimed>(Assert.Single(Facts(Ticket(), claim))).Withheld);
    }
}
