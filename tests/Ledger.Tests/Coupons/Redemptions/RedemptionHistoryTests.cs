using FsCheck;
using FsCheck.Fluent;
using Ledger.Coupons;
using Ledger.Coupons.Baskets;
using Ledger.Coupons.Redemptions;
using NodaTime;
using Xunit;
using static Ledger.Coupons.CouponEvent;
using static Ledger.Tests.Coupons.Baskets.BasketExamples;
using static Ledger.Tests.Coupons.CouponExamples;

namespace Ledger.Tests.Coupons.Redemptions;

/// <summary>
/// Random days at the tills: baskets of several coupons, coupons of several uses, holds, voids, returns by line, by amount and by use, in any
/// order and partly repeated. Whatever is asked, the invariants 4, 5, 7 and 9 of domain section 3.4 hold, reckoned from the entries alone.
/// </summary>
public class RedemptionHistoryTests
{
    private const int Lines = 3;

    private static readonly string[] s_codes = ["A", "B", "C", "D", "E", "F"];

    private sealed record Step(string What, int[] Codes, int Uses, int[] Amounts, int Line, int Part, int Minutes, bool IsKept, bool IsRepeat);

    private static readonly Gen<Step> s_steps =
        from what in Gen.Frequency(
            (6, Gen.Constant("redeem")), (3, Gen.Constant("hold")), (3, Gen.Constant("commit")), (1, Gen.Constant("release")), (2, Gen.Constant("void")),
            (5, Gen.Constant("return a part")), (2, Gen.Constant("return all")), (2, Gen.Constant("return uses")), (1, Gen.Constant("expire")))
        from codes in Gen.SubListOf(s_codes)
        from uses in Gen.Frequency((4, Gen.Constant(1)), (1, Gen.Choose(2, 3)))
        from amounts in Gen.Choose(0, 90_00).ArrayOf(Lines)
        from line in Gen.Choose(0, Lines - 1)
        from part in Gen.Choose(1, 60_00)
        from minutes in Gen.Frequency((9, Gen.Choose(0, 5)), (1, Gen.Choose(0, 60_000)))
        from isKept in Gen.Frequency((9, Gen.Constant(false)), (1, Gen.Constant(true)))
        from isRepeat in Gen.Frequency((8, Gen.Constant(false)), (1, Gen.Constant(true)))
        select new Step(what, [.. codes.Select(code => Array.IndexOf(s_codes, code))], uses, amounts, line, part, minutes, isKept, isRepeat);

    private static readonly Gen<List<Step>> s_days = Gen.Choose(1, 60).SelectMany(length => s_steps.ListOf(length)).Select(steps => steps.ToList());

    [Fact]
    public void Whatever_tills_ask_money_and_uses_come_out_even()
    {
        var seen = new Dictionary<Type, int>();
        Holds.For(s_days, steps =>
        {
            var book = Play(steps);
            MoneyAddsUp(book);
            ReturnsNeverExceedTheOriginal(book);
            UsesAreNeverAboveTheTerms(book);
            StatesFollowFromTheEntries(book);
            foreach (var entry in book.Entries) seen[entry.Fact.GetType()] = seen.GetValueOrDefault(entry.Fact.GetType()) + 1;
        });

        // Days on which everything was refused would prove little.
        foreach (var type in typeof(RedemptionEvent).GetNestedTypes().Append(typeof(CouponReturned))) Assert.True(seen.GetValueOrDefault(type) > 50, type.Name);
    }

    /// <summary>Invariant 5: each coupon's lines, and its funding, add up to its discount, and lines never fall below nothing.</summary>
    private static void MoneyAddsUp(InMemoryBook book)
    {
        foreach (var sale in Facts<RedemptionEvent.BasketRedeemed>(book).Select(e => e.Sale))
        {
            var left = sale.Basket.Lines.Select(line => line.Amount.Minor).ToArray();
            foreach (var coupon in sale.Coupons)
            {
                Assert.Equal((coupon.Discount, coupon.Discount), (Money.Sum(coupon.Lines.Select(share => share.Amount)), Money.Sum(coupon.Funding.Select(share => share.Amount))));
                Assert.True(coupon.Discount > Money.Zero && coupon.Discount <= coupon.Eligible);
                foreach (var (line, amount) in coupon.Lines) left[line] -= amount.Minor;
            }

            Assert.All(left, line => Assert.True(line >= 0));
        }

        // What the coupons' own entries say is what the redemption says.
        foreach (var redeemed in Facts<CouponRedeemed>(book).Where(e => e.Uses is not null || e.Lead is not null))
        {
            var sale = book.State(RedemptionStream.Of(redeemed.RedemptionId)).Sale!;
            Assert.Contains(sale.Coupons, part => part.Discount == redeemed.Discount && part.Uses == (redeemed.Uses ?? 1));
        }
    }

    /// <summary>Invariant 9: what comes back is at most what was sold; once all is back, nothing of the discount stands with anybody.</summary>
    private static void ReturnsNeverExceedTheOriginal(InMemoryBook book)
    {
        foreach (var stream in book.Entries.Where(e => e.Stream.Type == RedemptionStream.Type).GroupBy(e => e.Stream))
        {
            var redemption = (Redemption)book.States[stream.Key.Id];
            var sale = redemption.Sale!;
            foreach (var coupon in sale.Coupons)
            {
                var parts = redemption.Returns.Select(made => made.Coupons.Single(one => one.Code == coupon.Code)).ToList();
                var back = Money.Sum(parts.Select(part => part.Discount));
                var stands = parts.Count == 0 ? coupon.Discount : Money.Sum(parts[^1].Standing.Select(share => share.Amount));
                Assert.Equal(coupon.Discount, back + stands);
                foreach (var party in coupon.Funding)
                    Assert.True(Money.Sum(parts.SelectMany(part => part.Funding).Where(share => share.Party == party.Party).Select(share => share.Amount)) <= party.Amount);
            }

            for (var line = 0; line < sale.Basket.Lines.Count; line++)
                Assert.True(Money.Sum(redemption.Returns.SelectMany(made => made.Lines).Where(l => l.Line == line).Select(l => l.Amount)) <= sale.Basket.Lines[line].Amount);

            var paid = sale.Basket.Amount - Money.Sum(sale.Coupons.Select(coupon => coupon.Discount));
            var refunded = Money.Sum(redemption.Returns.Select(made => made.Refund));
            Assert.True(refunded <= paid && redemption.Returns.All(made => made.Refund >= Money.Zero));
            if (redemption.UsesReturned == 0 && redemption.Returns.Count > 0 && Returns.AllLeft(sale.Basket, redemption.Returns).Count == 0) Assert.Equal(paid, refunded);

            // Each return is followed by one entry of every coupon, which says the same.
            foreach (var (number, made) in redemption.Returns.Index())
            {
                var entries = Facts<CouponReturned>(book).Where(e => e.RedemptionId == stream.Key.Id["redemption-".Length..] && e.Number == number + 1).ToList();
                Assert.Equal(made.Coupons.Count, entries.Count);
                Assert.Equal(made.Coupons.Sum(one => one.Discount.Minor), entries.Sum(e => e.Discount.Minor));
            }
        }
    }

    /// <summary>Invariant 4: uses that stand and the one that is held are never more than the terms allow.</summary>
    private static void UsesAreNeverAboveTheTerms(InMemoryBook book)
    {
        foreach (var stream in book.Entries.Where(e => e.Stream.Type == CouponStream.Type).GroupBy(e => e.Stream))
        {
            var (state, most) = (Coupon.None, 0);
            foreach (var (_, _, fact) in stream)
            {
                state = CouponDecider.Evolve(state, (CouponEvent)fact);
                if (fact is CouponIssued issued) most = book.State(CampaignStreams.TermsOf(issued.Campaign, issued.TermsVersion)).Terms!.Uses;
                Assert.True(state.Uses >= 0 && state.Uses + (state.Hold?.Uses ?? (state.Hold is null ? 0 : 1)) <= most);
                Assert.Equal(state.Uses == most, state.Status == CouponStatus.Used);
            }
        }
    }

    /// <summary>Invariant 10.</summary>
    private static void StatesFollowFromTheEntries(InMemoryBook book)
    {
        foreach (var stream in book.Entries.GroupBy(entry => entry.Stream))
            Assert.Equal(stream.Aggregate(stream.Key.Type.Initial, (state, entry) => stream.Key.Type.Evolve(state, entry.Fact)), book.States[stream.Key.Id]);
    }

    private static InMemoryBook Play(List<Step> steps)
    {
        var till = new Till()
            .With("twenty", Twenty, "A")
            .With("requalify", Twenty with { Benefit = new Benefit.FixedAmount(new(7_77)), MinimumSpend = new(50_00), ReturnPolicy = ReturnPolicy.Requalify }, "B")
            .With("percent", Percent(12) with { Funding = Shared, MaxUses = 4, Stacking = new(Order: 2) }, "C")
            .With("many", Off(3_33) with { MaxUses = 5 }, "D")
            .With("alone", Off(11_11) with { Stacking = new(IsExclusive: true), ReturnPolicy = ReturnPolicy.Requalify }, "E")
            .With("last", Percent(50) with { MinimumSpend = new(20_00), Stacking = new(Order: 5, Category: "half") }, "F");
        var (earlier, made) = (new List<(Operation Operation, byte[] Answer)>(), new List<string> { "A-1" });
        foreach (var step in steps)
        {
            till.Now += Duration.FromMinutes(step.Minutes);
            if (step.IsRepeat && earlier.Count > 0)
            {
                // Invariant 7: the same request has the same answer for ever, and appends nothing.
                var (asked, answered) = earlier[step.Part % earlier.Count];
                var before = till.Book.Entries.Count;
                Assert.Equal(answered, till.Book.Run(asked).Answer);
                Assert.Equal(before, till.Book.Entries.Count);
                continue;
            }

            var operation = Ask(till, step, made[step.Part % made.Count]);
            if (till.Book.Run(operation).Answer is not { } answer) continue;
            earlier.Add((operation, answer));
            if (till.Book.Entries[^1].Fact is CouponRedeemed redeemed && !made.Contains(redeemed.RedemptionId, StringComparer.Ordinal)) made.Add(redeemed.RedemptionId);
        }

        return till.Book;
    }

    private static Operation Ask(Till till, Step step, string redemption)
    {
        Presented[] shown = step.Codes.Length == 0 ? [new("D", step.Uses)] : [.. step.Codes.Select(code => new Presented(s_codes[code], code == 3 ? step.Uses : 1))];
        var basket = new Basket([.. step.Amounts.Select(amount => new BasketLine(new(amount), 1 + (amount % 3)))]);
        var hold = s_codes.Select(code => till.Coupon(code).Hold).FirstOrDefault(held => held is not null)?.Id ?? "A-h0";
        return step.What switch
        {
            "redeem" => till.Redeem(basket, shown),
            "hold" => till.Hold(basket, shown),
            "commit" => till.Commit(hold),
            "release" => till.Release(hold),
            "void" => till.Void(redemption),
            "return a part" => till.Return(redemption, step.IsKept, new ReturnItem(step.Line, step.Part % 4 == 0 ? 1 : null, step.Part % 4 == 0 ? null : new(step.Part))),
            "return all" => till.Return(redemption, step.IsKept),
            "return uses" => till.ReturnUses(redemption, step.Uses),
            "expire" => CouponOperations.Expire(till.Ask(), s_codes[step.Line]),
            _ => throw new System.Diagnostics.UnreachableException(step.What),
        };
    }

    private static IEnumerable<T> Facts<T>(InMemoryBook book) => book.Entries.Select(entry => entry.Fact).OfType<T>();
}
