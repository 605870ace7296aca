using FsCheck;
using FsCheck.Fluent;
using Ledger.Coupons;
using Ledger.Coupons.Redemptions;
using NodaTime;
using Xunit;
using static Ledger.Coupons.CampaignCommand;
using static Ledger.Coupons.CampaignEvent;
using static Ledger.Coupons.CouponEvent;
using static Ledger.Tests.Coupons.CouponExamples;

namespace Ledger.Tests.Coupons;

/// <summary>
/// Random histories of one campaign through the operations of the API: whatever is asked, in whatever order, the invariants of
/// domain section 3.4 that concern this stage hold for what the book then says. They are reckoned from the entries alone.
/// </summary>
public class CouponHistoryTests
{
    /// <summary>One request: what is asked, of whom, how long after the one before, and how late it is reported.</summary>
    /// <param name="Code">Of ten coupons; the same may be asked for again and again.</param>
    internal sealed record Step(string What, int Code, int Member, int Amount, int Minutes, int LateMinutes, int Number, bool IsRepeat);

    private static readonly Gen<Step> s_steps =
        from what in Gen.Frequency(
            (6, Gen.Constant("issue")), (4, Gen.Constant("reserve")), (6, Gen.Constant("confirm")), (2, Gen.Constant("cancel")), (5, Gen.Constant("give")), (5, Gen.Constant("accept")), (2, Gen.Constant("take back")), (8, Gen.Constant("redeem")), (10, Gen.Constant("void")), (1, Gen.Constant("deactivate")), (4, Gen.Constant("expire")), (6, Gen.Constant("hold")), (4, Gen.Constant("commit")), (2, Gen.Constant("release")), (3, Gen.Constant("report late")),
            (1, Gen.Constant("pause")), (2, Gen.Constant("resume")), (1, Gen.Constant("quota")), (1, Gen.Constant("limits")), (1, Gen.Constant("end")), (1, Gen.Constant("hide")))
        from code in Gen.Choose(0, 9)
        from member in Gen.Choose(0, 2)
        from amount in Gen.Choose(40_00, 300_00)
        from minutes in Gen.Frequency((8, Gen.Choose(0, 30)), (2, Gen.Choose(0, 1_500)), (1, Gen.Choose(0, 8_000)))
        from late in Gen.Frequency((5, Gen.Constant(0)), (2, Gen.Choose(0, 3_000)))
        from number in Gen.Frequency((1, Gen.Constant(0)), (6, Gen.Constant(1)), (2, Gen.Constant(2)), (1, Gen.Constant(3)))
        from isRepeat in Gen.Frequency((8, Gen.Constant(false)), (1, Gen.Constant(true)))
        select new Step(what, code, member, amount, minutes, late, number, isRepeat);

    private static readonly Gen<List<Step>> s_histories = Gen.Choose(1, 80).SelectMany(length => s_steps.ListOf(length)).Select(steps => steps.ToList());

    [Fact]
    public void Whatever_is_asked_the_book_keeps_its_promises()
    {
        var seen = new HashSet<Type>();
        Holds.For(s_histories, steps =>
        {
            var book = Play(steps);
            QuotaAndLimitsHold(book);
            OffersAndClaimsEndBeforeAnythingElse(book);
            RedemptionsFollowFromTheTerms(book);
            UsedCouponsHaveOneStandingRedemption(book);
            StatesAndTalliesFollowFromTheEntries(book);
            seen.UnionWith(book.Entries.Select(entry => entry.Fact.GetType()));
        });

        // Histories that were always refused would prove little. Returns, baskets and coupons of several uses and sold ones have their own.
        Assert.Empty(typeof(CouponEvent).GetNestedTypes().Except(seen).Where(type => !type.Name.StartsWith("Voucher", StringComparison.Ordinal)).Except([typeof(CouponReturned)]));
    }

    /// <summary>Invariants 1 and 3: never more issued than quota and limits allow at that moment, in the versions that know the limit.</summary>
    private static void QuotaAndLimitsHold(InMemoryBook book)
    {
        var (quota, issued) = (0L, new List<(StreamName Stream, CouponIssued Coupon, IssueLimits Limits)>());
        foreach (var (stream, _, fact) in book.Entries)
        {
            // Cancelling the issue gives the claim back, deactivating does not.
            if (fact is CouponIssueCancelled) Assert.Equal(1, issued.RemoveAll(i => i.Stream == stream));
            if (fact is CampaignDrafted drafted) quota = drafted.Quota;
            if (fact is QuotaChanged changed) quota = changed.To;
            if (fact is not CouponIssued coupon)
            {
                Assert.True(issued.Count <= quota);
                continue;
            }

            var limits = TermsOf(book, coupon.TermsVersion).Limits;
            issued.Add((stream, coupon, limits));
            Assert.True(issued.Count <= quota);
            Assert.True(limits.PerMember is not { } a || issued.Count(i => i.Limits.PerMember is not null && i.Coupon.Member == coupon.Member) <= a);
            Assert.True(limits.PerMemberPerDay is not { } b
                || issued.Count(i => i.Limits.PerMemberPerDay is not null && (i.Coupon.Member, i.Coupon.Date) == (coupon.Member, coupon.Date)) <= b);
            Assert.True(limits.PerPerson is not { } d
                || issued.Count(i => i.Limits.PerPerson is not null && PersonOf(i.Coupon.Member) == PersonOf(coupon.Member)) <= d);
            Assert.True(limits.PerDay is not { } c || issued.Count(i => i.Limits.PerDay is not null && i.Coupon.Date == coupon.Date) <= c);
        }
    }

    /// <summary>
    /// Invariant 4 for issues in two steps and gifts: what is not confirmed, or on its way, takes part in nothing; and what happens
    /// afterwards happens to the new owner.
    /// </summary>
    private static void OffersAndClaimsEndBeforeAnythingElse(InMemoryBook book)
    {
        foreach (var stream in book.Entries.Where(e => e.Stream.Type == CouponStream.Type).GroupBy(e => e.Stream.Id, StringComparer.Ordinal))
        {
            var (owner, before) = (((CouponIssued)stream.First().Fact).Member, (object?)null);
            foreach (var fact in stream.Select(entry => entry.Fact).Where(fact => fact is not CouponHidden))
            {
                if (before is CouponIssued { ConfirmBy: { } by })
                    Assert.True(fact is CouponIssueConfirmed { At: var at } ? at < by : fact is CouponIssueCancelled end && (end.Reason == IssueEnd.TimedOut) == (end.At == by));
                if (before is CouponGiftOffered offered)
                    Assert.True(fact is CouponGiftAccepted accepted ? accepted.At < offered.ExpiresAt : fact is CouponGiftEnded end && (end.Reason == GiftStatus.Expired) == (end.At == offered.ExpiresAt));
                Assert.IsNotType<CouponIssueCancelled>(before);
                if (fact is CouponGiftAccepted given)
                {
                    Assert.Equal((owner, true), (given.From, given.Member != owner));
                    owner = given.Member;
                }

                if (fact is CouponRedeemed redeemed) Assert.Equal(owner, redeemed.Member);
                before = fact;
            }

            Assert.Equal(owner, ((Coupon)book.States[stream.Key]).Member);
        }
    }

    /// <summary>Invariants 5 and 6: each decision is recomputed from the pinned terms, the amount and the time, and nothing else.</summary>
    private static void RedemptionsFollowFromTheTerms(InMemoryBook book)
    {
        foreach (var stream in book.Entries.Where(e => e.Stream.Type == CouponStream.Type).GroupBy(e => e.Stream.Id, StringComparer.Ordinal))
        {
            var issued = Assert.IsType<CouponIssued>(stream.First().Fact);
            var terms = TermsOf(book, issued.TermsVersion);
            Assert.Equal((issued.ValidFrom, issued.ValidTo), terms.Validity.Of(issued.At, terms.Zone()));
            var holds = stream.Select(entry => entry.Fact).OfType<CouponHeld>().ToDictionary(held => held.HoldId, StringComparer.Ordinal);
            foreach (var e in stream.Select(entry => entry.Fact).OfType<CouponRedeemed>())
            {
                // What a hold quoted in time is given, whatever the hour of the commit.
                var judged = e.Hold is null ? e.At : holds[e.Hold].At;
                if (e.Hold is not null) Assert.Equal((holds[e.Hold].Amount, holds[e.Hold].Discount), (e.Amount, e.Discount));
                Assert.Equal((terms.Benefit.On(e.Amount), terms.VoidableUntil(e.At)), (e.Discount, e.VoidableUntil));
                Assert.True(e.Discount > Money.Zero && e.Discount <= e.Amount && e.Amount >= terms.MinimumSpend);
                Assert.True(judged >= issued.ValidFrom && judged < issued.ValidTo && terms.IsUsableAt(judged) && terms.Allows(e.Store));
                Assert.Equal(e.At.InZone(terms.Zone()).Date, e.Date);
            }
        }
    }

    private static void UsedCouponsHaveOneStandingRedemption(InMemoryBook book)
    {
        foreach (var stream in book.Entries.Where(e => e.Stream.Type == CouponStream.Type).GroupBy(e => e.Stream.Id, StringComparer.Ordinal))
        {
            var (standing, made, hold) = ((CouponRedeemed?)null, 0, (CouponHeld?)null);
            foreach (var fact in stream.Select(entry => entry.Fact))
            {
                // Invariant 4: one holder at a time, and nothing else happens to a coupon that is held.
                if (fact is CouponHeld held)
                {
                    Assert.Null(hold);
                    Assert.Null(standing);
                    hold = held;
                    continue;
                }

                if (fact is CouponHoldReleased released)
                {
                    Assert.Equal((hold!.HoldId, true), (released.HoldId, (released.Reason == HoldEnd.Expired) == (released.At == hold.ExpiresAt)));
                    hold = null;
                    continue;
                }

                Assert.Equal(hold?.HoldId, (fact as CouponRedeemed)?.Hold);
                hold = null;
                if (fact is CouponRedeemed redeemed)
                {
                    Assert.Null(standing);
                    standing = redeemed;
                    Assert.EndsWith(FormattableString.Invariant($"-{++made}"), redeemed.RedemptionId, StringComparison.Ordinal);
                }
                else if (fact is RedemptionVoided voided)
                {
                    Assert.Equal((standing!.RedemptionId, standing.Amount, standing.Discount, standing.Store), (voided.RedemptionId, voided.Amount, voided.Discount, voided.Store));
                    Assert.True(voided.At < standing.VoidableUntil);
                    standing = null;
                }
                else if (fact is CouponDeactivated or CouponExpired)
                {
                    Assert.Null(standing);
                }
            }

            var state = (Coupon)book.States[stream.Key];
            Assert.Equal(standing is not null, state.Status == CouponStatus.Used);
            Assert.Equal(made, state.Redemptions);
            if (standing is not null) Assert.Equal(standing.RedemptionId, state.Last!.RedemptionId);
        }
    }

    /// <summary>Invariant 10: the order of versions alone makes the state; and tallies are the sums of the entries.</summary>
    private static void StatesAndTalliesFollowFromTheEntries(InMemoryBook book)
    {
        foreach (var stream in book.Entries.GroupBy(entry => entry.Stream))
        {
            Assert.Equal(Enumerable.Range(1, stream.Count()).Select(i => (long)i), stream.Select(entry => entry.Version));
            var folded = stream.OrderBy(entry => entry.Version).Aggregate(stream.Key.Type.Initial, (state, entry) => stream.Key.Type.Evolve(state, entry.Fact));
            Assert.Equal(folded, book.States[stream.Key.Id]);
        }

        var sums = book.Entries.SelectMany(entry => entry.Stream.Type.TalliesOf(entry.Fact)).GroupBy(change => change.Key, StringComparer.Ordinal);
        Assert.Equal(sums.ToDictionary(sum => sum.Key, sum => sum.Sum(change => change.Amount), StringComparer.Ordinal), book.Tallies);
    }

    private static InMemoryBook Play(List<Step> steps)
    {
        var (book, now, earlier) = (new InMemoryBook(), Received, new List<(Operation Operation, byte[] Answer)>());
        book.Run(CouponOperations.Draft(InMemoryBook.Request("draft", now), Spring, new("Spring", 7, WindowStart, IssuingEnds), Terms with
        {
            Validity = Terms.Validity with { ValidDays = 4 },
            Limits = new(PerMember: 4, PerPerson: 5),
            IsTransferable = true,
            MinimumSpend = new(50_00),
            Benefit = new Benefit.Percentage(1_200, new(15_00), Rounding.HalfUp),
        }));
        book.Run(CouponOperations.Change(InMemoryBook.Request("submit", now), Spring, new SubmitCampaign()));
        book.Run(CouponOperations.Change(InMemoryBook.Request("approve", now), Spring, new ApproveCampaign()));
        for (var i = 0; i < steps.Count; i++)
        {
            now += Duration.FromMinutes(steps[i].Minutes);
            if (steps[i].IsRepeat && earlier.Count > 0)
            {
                // Invariant 7: the same request has the same answer for ever, and appends nothing.
                var (asked, answered) = earlier[steps[i].Code % earlier.Count];
                var before = book.Entries.Count;
                Assert.Equal(answered, book.Run(asked).Answer);
                Assert.Equal(before, book.Entries.Count);
                continue;
            }

            var operation = Operation(steps[i], FormattableString.Invariant($"request-{i}"), now, book);
            if (book.Run(operation).Answer is { } answer) earlier.Add((operation, answer));
        }

        return book;
    }

    private static Operation Operation(Step step, string key, Instant now, InMemoryBook book)
    {
        var (request, code) = (InMemoryBook.Request(key, now), FormattableString.Invariant($"CODE{step.Code}"));
        var (at, campaign) = (now - Duration.FromMinutes(step.LateMinutes), book.State(CampaignStreams.Of(Spring)));
        var date = at.InZone(Terms.Zone()).Date;
        return step.What switch
        {
            "issue" => CouponOperations.Issue(request, Spring, code, Member(), null, at, date, personKey: PersonOf(Member())),
            "reserve" => CouponOperations.Issue(request, Spring, code, Member(), null, at, date, given: null, 60 * (1 + step.Amount % 200), PersonOf(Member())),
            "confirm" => CouponOperations.Confirm(request, code),
            "cancel" => CouponOperations.Cancel(request, code),
            "give" => GiftOperations.Offer(request, code, FormattableString.Invariant($"{code}-g{key}"), step.Number == 2 ? Member() : null, Duration.FromMinutes(1 + step.Amount % 3_000)),
            "accept" => GiftOperations.Accept(request, Gift(), Member()),
            "take back" => GiftOperations.Cancel(request, Gift()),
            "redeem" => TillOperations.Redeem(request, code, new(step.Amount), at, "s1", null, null),
            "report late" => TillOperations.Redeem(request, code, new(step.Amount), book.State(CouponStream.Of(code)).ValidTo - Duration.FromMinutes(step.Number), "s1", null, null),
            "void" => ReturnOperations.Void(request, CouponStream.RedemptionId(code, step.Number), at, date, null),
            "hold" => TillOperations.Hold(request, code, new(step.Amount), 60 * (1 + step.Number), at, "s1", "t1", null),
            "commit" => TillOperations.Commit(request, book.State(CouponStream.Of(code)).Hold?.Id ?? CouponStream.HoldId(code, "none"), at),
            "release" => TillOperations.Release(request, book.State(CouponStream.Of(code)).Hold?.Id ?? CouponStream.HoldId(code, "none")),
            "deactivate" => CouponOperations.Deactivate(request, code, "lost"),
            "hide" => CouponOperations.Hide(request, code),
            "expire" => CouponOperations.Expire(request, code),
            "pause" => CouponOperations.Change(request, Spring, new PauseCampaign("rest")),
            "resume" => CouponOperations.Change(request, Spring, new ResumeCampaign()),
            "end" => CouponOperations.Change(request, Spring, new EndCampaign(now)),
            "quota" => CouponOperations.ChangeQuota(request, Spring, campaign.Quota, step.Code + 1),
            "limits" => CouponOperations.Amend(request, Spring, campaign.TermsVersion, TermsOf(book, campaign.TermsVersion) with
            {
                Limits = new(Limit(step.Code), Limit(step.Member), Limit(step.Number), Limit(step.Amount % 5)),
                VoidWindowMinutes = step.Amount % 2 == 0 ? null : 60,
            }),
            _ => throw new System.Diagnostics.UnreachableException(step.What),
        };

        // One that is open, where there is one: of the others few would be met.
        string Gift() => (book.States.Values.OfType<Coupon>().FirstOrDefault(c => c.Status == CouponStatus.InTransfer) ?? book.State(CouponStream.Of(code))).Gift?.Id ?? $"{code}-g0";
        string Member() => FormattableString.Invariant($"m{step.Member}");
        static int? Limit(int n) => n == 0 ? null : n;
    }

    /// <summary>Two of the three members are the same natural person.</summary>
    private static string PersonOf(string member) => member == "m2" ? "p2" : "p1";

    private static CouponTerms TermsOf(InMemoryBook book, int version) => book.State(CampaignStreams.TermsOf(Spring, version)).Terms!;
}
