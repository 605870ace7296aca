using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Ledger.Coupons.Budgets;
using Ledger.Coupons.Codes;
using NodaTime;
using static Ledger.Coupons.CampaignCommand;
using static Ledger.Coupons.CouponCommand;

namespace Ledger.Coupons;

/// <summary>Streams of campaigns: <c>campaign-{id}</c>, and <c>terms-{id}-{version}</c> for each version of its terms.</summary>
public static class CampaignStreams
{
    public static StreamType<Campaign, CampaignEvent> Campaign { get; } = new("campaign", Schema: 2, Coupons.Campaign.None, CampaignDecider.Evolve);

    /// <summary>Written once and never again, so the scribe may remember it.</summary>
    public static StreamType<TermsVersion, TermsEvent> Terms { get; } =
        new("terms", Schema: 3, TermsVersion.None, CampaignDecider.Evolve, IsImmutable: true);

    public static Stream<Campaign, CampaignEvent> Of(string id) => Campaign.At($"campaign-{id}");

    public static Stream<TermsVersion, TermsEvent> TermsOf(string campaign, int version) => Terms.At($"terms-{campaign}-{version}");
}

/// <summary>Streams of coupons: <c>coupon-{code}</c>.</summary>
public static class CouponStream
{
    public static StreamType<Coupon, CouponEvent> Type { get; } = new("coupon", Schema: 6, Coupon.None, CouponDecider.Evolve, CouponTallies.Of, Status: coupon => coupon.Word);

    public static Stream<Coupon, CouponEvent> Of(string code) => Type.At($"coupon-{code}");

    /// <summary>A redemption's id tells its coupon: <c>{code}-{n}</c>, the n-th redemption ever made with it.</summary>
    public static string RedemptionId(string code, int number) => FormattableString.Invariant($"{code}-{number}");

    /// <summary>A hold's id tells its coupon and the request that placed it: <c>{code}-h{10 hex digits}</c>.</summary>
    public static string HoldId(string code, string request) =>
        $"{code}-h{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(request)).AsSpan(0, 5))}";

    /// <summary>The coupon's code in a hold id; the text itself, which is no code then, where it is none.</summary>
    public static string CodeOfHold(string holdId)
    {
        ArgumentNullException.ThrowIfNull(holdId);
        var dash = holdId.LastIndexOf("-h", StringComparison.Ordinal);
        return dash > 0 ? holdId[..dash] : holdId;
    }

    /// <summary>The coupon's code and the number, from 1, in a redemption id; null if it is none. Each id has one spelling.</summary>
    public static (string Code, int Number)? Parse(string redemptionId)
    {
        ArgumentNullException.ThrowIfNull(redemptionId);
        var dash = redemptionId.LastIndexOf('-');
        return dash > 0 && redemptionId.AsSpan(dash + 1) is [>= '1' and <= '9', ..] digits
            && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? (redemptionId[..dash], number)
            : null;
    }
}

/// <summary>The requests of tills and merchants about campaigns and coupons, as operations.</summary>
public static class CouponOperations
{
    /// <summary>Drafts a campaign with its first terms.</summary>
    public static Operation Draft(Request request, string id, DraftCampaign command, CouponTerms terms)
    {
        ArgumentNullException.ThrowIfNull(terms);
        var (stream, version) = (CampaignStreams.Of(id), CampaignStreams.TermsOf(id, 1));
        return new(request, [stream, version], [.. MoneyBudgets.Tallies(id, terms.Budgets ?? [])], book =>
        {
            var state = book.State(stream);
            return CampaignDecider.Decide(command with { By = request.Actor }, state) switch
            {
                Decision<CampaignEvent>.Rejected => new CampaignExists(id),
                Decision<CampaignEvent>.Accepted { Events: [] } when book.State(version).Terms != terms => new CampaignExists(id),
                Decision<CampaignEvent>.Accepted { Events: var facts } => new Verdict.Accepted(
                    facts.Count == 0 ? [] : [.. stream.With(facts), new Change(version, new TermsEvent.TermsPublished(terms))],
                    CampaignView.Of(id, facts.Aggregate(state, CampaignDecider.Evolve), terms, issued: 0, book.Tally)),
                var other => throw new System.Diagnostics.UnreachableException($"{other}"),
            };
        });
    }

    /// <summary>
    /// Publishes the next terms version and adopts it; where the merchant requires four eyes and the campaign runs, it waits for approval.
    /// Issued coupons keep theirs.
    /// </summary>
    /// <param name="expected">The version that the caller amends.</param>
    /// <param name="rule">Null: nobody else has to approve.</param>
    public static Operation Amend(Request request, string id, int expected, CouponTerms terms, ApprovalRule? rule = null)
    {
        var (stream, issued) = (CampaignStreams.Of(id), CouponTallies.Issued(id));
        return new(request, [.. StreamsOf(rule), stream, CampaignStreams.TermsOf(id, expected + 1)], [issued], book =>
        {
            var state = book.State(stream);
            if (state.Status == CampaignStatus.None) return new CampaignUnknown(id);
            var decision = CampaignDecider.Decide(
                new AdoptTerms(expected + 1, request.Actor, rule is not null && rule.NeedsAnother(book)), state);
            if (decision is Decision<CampaignEvent>.Rejected(var reason)) return reason;
            var facts = ((Decision<CampaignEvent>.Accepted)decision).Events;
            // Where nothing follows, the last version is the one that this request may have written before.
            var (version, current) = (CampaignStreams.TermsOf(id, facts.Count == 0 ? state.Published : state.Published + 1), CampaignStreams.TermsOf(id, state.TermsVersion));
            if (!book.Has(version) || !book.Has(current)) return new Verdict.NeedsMore([version, current]);
            if (facts.Count == 0 && book.State(version).Terms != terms)
                return state.Proposed is { } waiting ? new TermsWaitForApproval(waiting) : new TermsVersionStale(state.TermsVersion);
            var after = facts.Aggregate(state, CampaignDecider.Evolve);
            var shown = after.TermsVersion == state.TermsVersion ? book.State(current).Terms! : terms;
            return WithBudgets(book, id, state, shown, () => new Verdict.Accepted(
                facts.Count == 0 ? [] : [new Change(version, new TermsEvent.TermsPublished(terms)), .. stream.With(facts)],
                CampaignView.Of(id, after, shown, book.Tally(issued), book.Tally)));
        });
    }

    /// <summary>Submits, rejects, pauses, resumes, stops or ends a campaign.</summary>
    public static Operation Change(Request request, string id, CampaignCommand command) =>
        OnCampaign(request, id, (_, _, _) => command);

    /// <summary>Submits a campaign for approval, in the name of the key that asks.</summary>
    public static Operation Submit(Request request, string id) => OnCampaign(request, id, (_, _, _) => new SubmitCampaign(request.Actor));

    /// <summary>Approves a campaign, or the terms proposed for it; where the merchant requires it, with another key than wrote them.</summary>
    /// <param name="rule">Null: with any key.</param>
    /// <param name="version">Of the terms that were read; null: whichever wait.</param>
    public static Operation Approve(Request request, string id, ApprovalRule? rule, int? version = null) =>
        OnCampaign(request, id, (_, book, _) => new ApproveCampaign(request.Actor, rule is not null && rule.NeedsAnother(book), version), rule);

    /// <summary>Sets the quota, compared with what the caller believes and with what was issued.</summary>
    public static Operation ChangeQuota(Request request, string id, long expected, long target) =>
        OnCampaign(request, id, (issued, _, _) => new ChangeQuota(expected, target, issued));

    /// <summary>Sets a party's money budget, compared with what the caller believes and with what is committed.</summary>
    public static Operation ChangeBudget(Request request, string id, string party, Money expected, Money target)
    {
        var home = CampaignStreams.Of(id);
        var change = OnCampaign(request, id, (_, book, _) => new ChangeBudget(
            party, expected, target, MoneyBudgets.IsNamed(book, id, book.State(home), party, out _), new(book.Tally(MoneyBudgets.Spent(id, party)))));
        return change with
        {
            Tallies = [.. change.Tallies, .. MoneyBudgets.Tallies(id, [party])],
            Decide = book => MoneyBudgets.IsNamed(book, id, book.State(home), party, out var unread) || unread.Count == 0 ? change.Decide(book) : new Verdict.NeedsMore(unread),
        };
    }

    private static IEnumerable<StreamName> StreamsOf(ApprovalRule? rule) => rule is null ? [] : [rule.Stream];

    internal static Operation OnCampaign(Request request, string id, Func<long, BookStates, CouponTerms, CampaignCommand> command, ApprovalRule? rule = null)
    {
        var (stream, issued) = (CampaignStreams.Of(id), CouponTallies.Issued(id));
        return new(request, [.. StreamsOf(rule), stream], [issued], book =>
        {
            var state = book.State(stream);
            if (state.Status == CampaignStatus.None) return new CampaignUnknown(id);
            var before = CampaignStreams.TermsOf(id, state.TermsVersion);
            if (!book.Has(before)) return new Verdict.NeedsMore([before]);
            var decision = CampaignDecider.Decide(command(book.Tally(issued), book, book.State(before).Terms!), state);
            var after = decision is Decision<CampaignEvent>.Accepted(var facts) ? facts.Aggregate(state, CampaignDecider.Evolve) : state;
            var terms = CampaignStreams.TermsOf(id, after.TermsVersion);
            if (!book.Has(terms)) return new Verdict.NeedsMore([terms]);
            var current = book.State(terms).Terms!;
            return WithBudgets(book, id, state, current, () => Verdict.Of(stream, state, decision,
                (_, campaign) => CampaignView.Of(id, campaign, current, book.Tally(issued), book.Tally)));
        });
    }

    /// <summary>Decides once the tallies of the campaign's budgets are loaded; nearly no campaign has any.</summary>
    private static Verdict WithBudgets(BookStates book, string id, Campaign campaign, CouponTerms terms, Func<Verdict> decide)
    {
        var tallies = MoneyBudgets.Tallies(id, MoneyBudgets.Parties(campaign, terms)).ToList();
        return tallies.All(book.HasTally) ? decide() : new Verdict.NeedsMore([]) { Tallies = tallies };
    }

    /// <summary>Keeps that a batch of issuing came, so that its key is barred or taken before any line is carried out. Of the lines it says nothing: each has a key of its own.</summary>
    public static Operation OpenBatch(Request request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return new(request, [], [], _ => new Verdict.Accepted([], new IssueBatchOpened(request.Now)));
    }

    /// <summary>Issues one coupon.</summary>
    /// <param name="code">A fresh code; where it is taken already the answer is <see cref="CodeTaken"/>.</param>
    /// <param name="date">The business date of <paramref name="at"/> in the merchant's zone: it names the day's tallies.</param>
    /// <param name="given">The code that the caller names, where the terms ask for one.</param>
    /// <param name="confirmWithin">Seconds for confirming; null: issued in one step.</param>
    /// <param name="surface">Where the member is reached; null: not said.</param>
    /// <param name="personKey">Stands for the natural person in the limits; null: not said. So with the phone.</param>
    public static Operation Issue(
        Request request, string campaignId, string code, string member, string? channel, Instant at, LocalDate date, string? given = null,
        int? confirmWithin = null, string? personKey = null, string? phoneKey = null, Surface? surface = null)
    {
        var campaign = CampaignStreams.Of(campaignId);
        var (all, toMember) = (CouponTallies.Issued(campaignId), CouponTallies.IssuedTo(campaignId, member));
        var (toMemberToday, today) = (CouponTallies.IssuedTo(campaignId, member, date), CouponTallies.IssuedOn(campaignId, date));
        var toPerson = personKey is null ? null : CouponTallies.IssuedToPerson(campaignId, personKey);
        var toPhone = phoneKey is null ? null : CouponTallies.IssuedToPhone(campaignId, phoneKey);
        var uploaded = given is null ? null : CodePoolStreams.Tally(given);
        string[] also = [.. new[] { toPerson, toPhone, uploaded }.OfType<string>()];
        return new(request, [campaign, CouponStream.Of(given ?? code)], [all, toMember, toMemberToday, today, .. also], book =>
        {
            var running = book.State(campaign);
            if (running.Status == CampaignStatus.None) return new CampaignUnknown(campaignId);
            var terms = CampaignStreams.TermsOf(campaignId, running.TermsVersion);
            if (!book.Has(terms)) return new Verdict.NeedsMore([terms]);
            var (pick, stop) = CodeOperations.Pick(book, campaignId, CodeOperations.SourceOf(book.State(terms).Terms!), code, given);
            if (stop is Verdict.NeedsMore) return stop;
            // No coupon has an uploaded code before its pool gives it out: the upload was compared with them all.
            var coupon = CouponStream.Of(pick.Code ?? "");
            var state = book.Has(coupon) ? book.State(coupon) : Coupon.None;
            var issued = new IssuedSoFar(
                book.Tally(all), book.Tally(toMember), book.Tally(toMemberToday), book.Tally(today),
                toPerson is null ? 0 : book.Tally(toPerson), toPhone is null ? 0 : book.Tally(toPhone));
            var command = new IssueCoupon(
                pick.Code ?? "", campaignId, running, book.State(terms).Terms!, issued, member, channel, at, Sale: null, confirmWithin, personKey, phoneKey, surface);
            return Verdict.Of(coupon, state, CouponDecider.Decide(command, state), (_, c) => IssuedView.Of(pick.Code ?? "", c)) switch
            {
                Verdict.Accepted when stop is not null => stop,
                Verdict.Accepted { Changes.Count: > 0 } accepted when pick.Changes.Count > 0 => accepted with { Changes = [.. accepted.Changes, .. pick.Changes] },
                var other => other,
            };
        });
    }

    /// <summary>Makes a coupon usable that was issued in two steps.</summary>
    public static Operation Confirm(Request request, string code) => OnCoupon(
        request, code, new ConfirmIssue(request.Now), new CodeNotFound(), c => CouponView.Of(code, c, request.Now));

    /// <summary>Gives back what an issue in two steps claimed of quota and limits.</summary>
    public static Operation Cancel(Request request, string code) => OnCoupon(
        request, code, new CancelIssue(request.Now), new CodeNotFound(), c => CouponView.Of(code, c, request.Now));

    public static Operation Deactivate(Request request, string code, string? reason) => OnCoupon(
        request, code, new DeactivateCoupon(request.Now, reason), CodeText.Unknown(code), c => CouponView.Of(code, c, request.Now));

    public static Operation Hide(Request request, string code) => OnCoupon(
        request, code, new HideCoupon(request.Now), CodeText.Unknown(code), c => CouponView.Of(code, c, request.Now));

    /// <summary>Sent by the timer; answers nothing that anyone reads.</summary>
    public static Operation Expire(Request request, string code) => OnCoupon(
        request, code, new ExpireCoupon(request.Now), new CodeNotFound(), c => CouponView.Of(code, c, request.Now));

    internal static Operation OnCoupon(Request request, string code, CouponCommand command, Rejection unknown, Func<Coupon, object> answer)
    {
        var coupon = CouponStream.Of(code);
        return new(request, [coupon], [], book =>
        {
            var state = book.State(coupon);
            return state.Status == CouponStatus.None
                ? unknown
                : Verdict.Of(coupon, state, CouponDecider.Decide(command, state), (_, c) => answer(c));
        });
    }
}
