using Ledger.Agreements;
using Ledger.Transfers;
using NodaTime;
using Xunit;
using static Ledger.Agreements.AgreementEvent;

namespace Ledger.Tests.Agreements;

/// <summary>Memberships of every plan, with reports late, twice, reversed and out of order, a provider that refuses, and days that pass: after every step the seven invariants hold.</summary>
public class AgreementHistoryTests
{
    [Fact]
    public void The_invariants_hold_after_every_step_of_every_history()
    {
        var seen = new HashSet<Type>();
        for (var seed = 1; seed <= 60; seed++)
        {
            var shop = new AgreementShop();
            foreach (var operation in AgreementTraffic.Setup(() => shop.Ask())) Assert.Null(shop.Book.Run(operation).Refusal);
            var (traffic, random, checkedUpTo) = (new AgreementTraffic(seed), new Random(seed), 0);
            for (var step = 0; step < 250; step++)
            {
                shop.Now += Duration.FromHours(random.Next(10) == 0 ? random.Next(60) : random.Next(3));
                var before = shop.Book.Entries.Count;
                var (_, refusal) = shop.Book.Run(traffic.Next(shop.Ask(), id => shop.Agreement(id), [.. shop.Orders.Select(order => order.Number)]));
                if (refusal is not null) Assert.Equal(before, shop.Book.Entries.Count);
                foreach (var id in shop.Book.Entries.Skip(checkedUpTo).Select(entry => entry.Stream.Id).Distinct(StringComparer.Ordinal).Where(id => id.StartsWith("agreement-", StringComparison.Ordinal)))
                    AssertRight((Agreement)shop.Book.States[id], shop.Now);
                checkedUpTo = shop.Book.Entries.Count;
            }

            AssertHistory(shop);
            seen.UnionWith(shop.Book.Entries.Select(entry => entry.Fact.GetType()));
        }

        Assert.Empty(typeof(AgreementEvent).GetNestedTypes().Except(seen).Select(type => type.Name));
    }

    private static void AssertRight(Agreement state, Instant now)
    {
        // 1: what was taken back never exceeds its own forward report.
        Assert.True(state.Accrued >= state.Reversed);
        Assert.All(state.Entries, entry => Assert.True(entry.Reversed <= entry.Amount && entry.ReversedTimes <= entry.Times, $"{entry}"));
        if (state.Signature is not { } signature) return;
        foreach (var settlement in state.Settlements)
        {
            // 2: no more than the guarantee, and what the mode says.
            var terms = state.Offer!.Terms;
            Assert.InRange(settlement.Due.Minor, 0, Math.Min(terms.Guarantee.Minor, terms.Settlement.Ceiling(terms.Guarantee).Minor));
            // 3: what was collected above the due amount is on its way back, or waits for another try.
            Assert.True(settlement.Excess == Money.Zero || settlement.RefundAt is not null, $"{settlement}");
            Assert.True(settlement.Returning <= settlement.Collected, $"{settlement}");
        }

        // 4: one settlement a period. 5: reports count by their own time.
        Assert.Distinct(state.Settlements.Select(one => one.Period));
        // Who shares it, or quit since, was in the term then.
        Assert.All(state.Entries, entry => Assert.True(entry.BusinessTime >= signature.Term.Start && entry.BusinessTime < signature.Term.End));
        // 7: whoever has not quit may, at once and whatever the merchant did.
        if (state.QuitAt is not null || now >= signature.Term.End) return;
        var quit = AgreementDecider.Decide(new AgreementCommand.QuitMembership("A", "book", now, QuitKind.Member, null), state);
        Assert.NotEmpty(Assert.IsType<Decision<AgreementEvent>.Accepted>(quit).Events);
    }

    private static void AssertHistory(AgreementShop shop)
    {
        foreach (var history in shop.Book.Entries.Where(entry => entry.Fact is AgreementEvent).GroupBy(entry => entry.Stream.Id, entry => (AgreementEvent)entry.Fact, StringComparer.Ordinal))
        {
            // 6: every amount due is reckoned again to the same bytes.
            Assert.All(Explanation.Of([.. history]), one => Assert.Equal(one.Stored, one.Recomputed));
            var state = Agreement.None;
            foreach (var fact in history)
            {
                state = AgreementEvolution.Evolve(state, fact);
                Assert.Equal((state.Status, state.DueAt), (fact.Status, fact.Due));
                if (fact is SettlementRecomputed again) Assert.True(again.Trace.Due < again.From);
                if (fact is SettlementOpened { Trace: var trace } opened && trace.Inputs.Rule is SettlementRule.Fee or SettlementRule.Promise)
                    Assert.True(opened.Trace.Due <= opened.Benefit);
                if (fact is SettlementOpened && state.QuitAt is null) Assert.True(state.Notice!.OpensAt <= fact.At);
            }

            // Notice is given at least five days before, unless the member quit.
            var notices = history.OfType<SettlementNoticeSent>().ToList();
            Assert.All(notices, notice => Assert.True(notice.OpensAt - notice.At >= Limits.SettlementNotice));
        }

        // Each order is one transfer, with the amount ordered: nothing is ordered twice and nothing forgotten.
        var ordered = shop.Book.Entries.Select(entry => entry.Fact).OfType<TransferEvent.TransferOrdered>().Select(fact => (fact.Order.Number, fact.Order.Amount)).ToList();
        Assert.Equal(shop.Orders.Select(order => (order.Number, order.Amount.Minor)), ordered);
        Assert.Distinct(ordered.Select(order => order.Number), StringComparer.Ordinal);
        // Nobody has two memberships at a time.
        Assert.All(shop.Book.States.Values.OfType<LightMember>(), member => Assert.All(
            member.Spans.Zip(member.Spans.Skip(1)), pair => Assert.True(pair.First.Until <= pair.Second.SignedAt || pair.First.Agreement == pair.Second.Agreement)));
    }
}
