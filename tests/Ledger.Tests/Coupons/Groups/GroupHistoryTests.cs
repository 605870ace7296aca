using FsCheck;
using FsCheck.Fluent;
using Ledger.Coupons;
using Ledger.Coupons.Groups;
using Ledger.Coupons.Redemptions;
using Ledger.Coupons.Sales;
using Ledger.Reversals;
using NodaTime;
using Xunit;
using static Ledger.Tests.Coupons.CouponExamples;

namespace Ledger.Tests.Coupons.Groups;

/// <summary>Whatever happens to groups, in whatever order.</summary>
public class GroupHistoryTests
{
    private static readonly Gen<(int What, int Who, int Which, int Minutes)> s_step =
        from what in Gen.Choose(0, 19)
        from who in Gen.Choose(0, 5)
        from which in Gen.Choose(0, 11)
        from minutes in Gen.Frequency((8, Gen.Choose(0, 3)), (1, Gen.Choose(0, 40)))
        select (what, who, which, minutes);

    /// <summary>The account, quota and limits are recomputed after each step from where each place, payment and coupon stands.</summary>
    [Fact]
    public void What_is_paid_is_a_coupon_or_a_refund_in_the_end_and_quota_and_refunds_are_exact()
    {
        var (seen, refusals) = (new HashSet<Type>(), new HashSet<Type>());
        var keeping = Gen.Choose(3, 12);
        Holds.For(keeping.Zip(s_step.ListOf(60)), random =>
        {
            var (quota, history) = random;
            var desk = new GroupDesk(quota);
            foreach (var (what, who, which, minutes) in history)
            {
                desk.Now += Duration.FromMinutes(minutes);
                if (Run(desk, what, who, which).Refusal is { } refusal) refusals.Add(refusal.GetType());
                desk.AssertSound();
            }

            // The clock comes round: nothing is held any more.
            desk.Now = WindowEnd;
            foreach (var id in desk.Book.States.Keys.Where(id => id.StartsWith("group-", StringComparison.Ordinal)).ToList()) desk.End(id["group-".Length..]);
            desk.AssertSound();
            Assert.Equal(0, desk.Tally(GroupTallies.Held(Spring)));
            Assert.Equal(
                desk.Tally(SaleTallies.Paid(Spring)),
                desk.Tally(SaleTallies.Open(Spring)) + desk.Tally(SaleTallies.Settled(Spring)) + desk.Tally(SaleTallies.Refunds(Spring)) + desk.Tally(SaleTallies.Breakage(Spring)));
            seen.UnionWith(desk.Book.Entries.Select(entry => entry.Fact.GetType()));
        }, times: 200);
        Assert.Empty(typeof(GroupEvent).GetNestedTypes().Except(seen));
        Assert.Empty(new[] { typeof(GroupHasFormed), typeof(GroupHasDissolved), typeof(AlreadyInGroup), typeof(StockExhausted), typeof(UserLimit), typeof(PlaceIsSold) }.Except(refusals));
    }

    private static (byte[]? Answer, Rejection? Refusal) Run(GroupDesk desk, int what, int who, int which)
    {
        var (member, trade) = (FormattableString.Invariant($"m{who}"), FormattableString.Invariant($"trade-{which + (12 * (who % 2))}"));
        var ids = desk.Book.States.Where(pair => pair.Value is BuyingGroup { Status: not GroupStatus.None }).Select(pair => pair.Key["group-".Length..]).ToList();
        var group = ids.Count == 0 ? "g0" : ids[which % ids.Count];
        // Half of the payments are new ones; else a number that may have been booked.
        if (which % 2 == 0) trade = FormattableString.Invariant($"trade-{desk.LastKey}");
        var known = desk.Group(group);
        var place = known.Places.Count == 0 ? null : known.Places[who % known.Places.Count];
        // Some are reversed before they arrive.
        var original = FormattableString.Invariant($"request-{(which == 0 ? desk.Requests + 5 : 1 + ((which + (who * 12)) % desk.Requests))}");
        return what switch
        {
            0 or 1 => desk.Open(trade, member, needed: 2 + (which % 3), most: 2 + (which % 3) + (who % 2), seconds: 60 * (1 + which)),
            < 10 => desk.Join(group, trade, member, which == 11 ? new(1) : null),
            10 or 11 => desk.Leave(group, place?.Payment.Trade ?? "none"),
            12 => desk.Cancel(group),
            13 => desk.End(group),
            14 => desk.Answer(group, 1 + who, isPaid: which % 3 > 0, FormattableString.Invariant($"r-{which % 4}")),
            15 => desk.Sell(trade, member),
            16 => desk.Run(TillOperations.Redeem(desk.Ask(), place?.Code ?? "C1", new(100_00), desk.Now, "s1", "t1", null)),
            17 => desk.Run(SaleOperations.Refund(desk.Ask(), place?.Payment.Trade ?? trade, [], desk.Now, null)),
            18 => desk.Run(ReversalOperations.Reverse(desk.Ask(), original, desk.Now, desk.Today, null)),
            _ => desk.Run(CouponOperations.Change(desk.Ask(), Spring, which % 4 == 0 ? new CampaignCommand.PauseCampaign("rest") : new CampaignCommand.ResumeCampaign())),
        };
    }
}
