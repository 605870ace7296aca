using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Ledger.Coupons.Codes;
using NodaTime;
using static Ledger.Coupons.CampaignCommand;
using static Ledger.Coupons.CouponCommand;

namespace Ledger.Coupons;

/// <summary>Streams of campaigns: <c>campaign-{id}</c>, and <c>terms-{id}-{version}</c> for each version of its terms.</summary>
public static class CampaignStreams
{
    public static StreamType<Campaign, CampaignEvent> Campaign { get; } = new("campaign", Schema: 1, Coupons.Campaign.None, CampaignDecider.Evolve);

    /// <summary>Written once and never again, so the scribe may remember it.</summary>
    public static StreamType<TermsVersion, TermsEvent> Terms { get; } =
        new("terms", Schema: 3, TermsVersion.None, CampaignDecider.Evolve, IsImmutable: true);

    public static Stream<Campaign, CampaignEvent> Of(string id) => Campaign.At($"campaign-{id}");

    public static Stream<TermsVersion, TermsEvent> TermsOf(string campaign, int version) => Terms.At($"terms-{campaign}-{version}");
}

/// <summary>Streams of coupons: <c>coupon-{code}</c>.</summary>
public static class CouponStream
{
    public static StreamType<Coupon, CouponEvent> Type { get; } = new("coupon", Schema: 3, Coupon.None, CouponDecider.Evolve, CouponTallies.Of);

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
        var (stream, version) = (CampaignStreams.Of(id), CampaignStreams.TermsOf(id, 1));
        return new(request, [stream, version], [], book =>
        {
            var state = book.State(stream);
            return CampaignDecider.Decide(command, state) switch
            {
                Decision<CampaignEvent>.Rejected => new CampaignExists(id),
                Decision<CampaignEvent>.Accepted { Events: [] } when book.State(version).Terms != terms => new CampaignExists(id),
                Decision<CampaignEvent>.Accepted { Events: var facts } => new Verdict.Accepted(
                    facts.Count == 0 ? [] : [.. stream.With(facts), new Change(version, new TermsEvent.TermsPublished(terms))],
                    CampaignView.Of(id, facts.Aggregate(state, CampaignDecider.Evolve), terms, issued: 0)),
                var other => throw new System.Diagnostics.UnreachableException($"{other}"),
            };
        });
    }

    /// <summary>Publishes the next terms version and adopts it. Issued coupons keep theirs.</summary>
    /// <param name="expected">The version that the caller amends.</param>
    public static Operation Amend(Request request, string id, int expected, CouponTerms terms)
    {
        var (stream, version, issued) = (CampaignStreams.Of(id), CampaignStreams.TermsOf(id, expected + 1), CouponTallies.Issued(id));
        return new(request, [stream, version], [issued], book =>
        {
            var state = book.State(stream);
            if (state.Status == CampaignStatus.None) return new CampaignUnknown(id);
            return CampaignDecider.Decide(new AdoptTerms(expected + 1), state) switch
            {
                Decision<CampaignEvent>.Rejected(var reason) => reason,
                Decision<CampaignEvent>.Accepted { Events: [] } when book.State(version).Terms != terms => new TermsVersionStale(state.TermsVersion),
                Decision<CampaignEvent>.Accepted { Events: var facts } => new Verdict.Accepted(
                    facts.Count == 0 ? [] : [new Change(version, new TermsEvent.TermsPublished(terms)), .. stream.With(facts)],
                    CampaignView.Of(id, facts.Aggregate(state, CampaignDecider.Evolve), terms, book.Tally(issued))),
                var other => throw new System.Diagnostics.UnreachableException($"{other}"),
            };
        });
    }

    /// <summary>Submits, approves, rejects, pauses, resumes, stops or ends a campaign.</summary>
    public static Operation Change(Request request, string id, CampaignCommand command) =>
        OnCampaign(request, id, _ => command);

    /// <summary>Sets the quota, compared with what the caller believes and with what was issued.</summary>
    public static Operation ChangeQuota(Request request, string id, long expected, long target) =>
        OnCampaign(request, id, issued => new ChangeQuota(expected, target, issued));

    private static Operation OnCampaign(Request request, string id, Func<long, CampaignCommand> command)
    {
        var (stream, issued) = (CampaignStreams.Of(id), CouponTallies.Issued(id));
        return new(request, [stream], [issued], book =>
        {
            var state = book.State(stream);
            if (state.Status == CampaignStatus.None) return new CampaignUnknown(id);
            var terms = CampaignStreams.TermsOf(id, state.TermsVersion);
            if (!book.Has(terms)) return new Verdict.NeedsMore([terms]);
            return Verdict.Of(stream, state, CampaignDecider.Decide(command(book.Tally(issued)), state),
                (_, campaign) => CampaignView.Of(id, campaign, book.State(terms).Terms!, book.Tally(issued)));
        });
    }

    /// <summary>Issues one coupon.</summary>
    /// <param name="code">A fresh code; where it is taken already the answer is <see cref="CodeTaken"/>.</param>
    /// <param name="date">The business date of <paramref name="at"/> in the merchant's zone: it names the day's tallies.</param>
    /// <param name="given">The code that the caller names, where the terms ask for one.</param>
    public static Operation Issue(
        Request request, string campaignId, string code, string member, string? channel, Instant at, LocalDate date, string? given = null)
    {
        var campaign = CampaignStreams.Of(campaignId);
        var (all, toMember) = (CouponTallies.Issued(campaignId), CouponTallies.IssuedTo(campaignId, member));
        var (toMemberToday, today) = (CouponTallies.IssuedTo(campaignId, member, date), CouponTallies.IssuedOn(campaignId, date));
        string[] uploaded = given is null ? [] : [CodePoolStreams.Tally(given)];
        return new(request, [campaign, CouponStream.Of(given ?? code)], [all, toMember, toMemberToday, today, .. uploaded], book =>
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
            var issued = new IssuedSoFar(book.Tally(all), book.Tally(toMember), book.Tally(toMemberToday), book.Tally(today));
            var command = new IssueCoupon(pick.Code ?? "", campaignId, running, book.State(terms).Terms!, issued, member, channel, at);
            return Verdict.Of(coupon, state, CouponDecider.Decide(command, state), (_, c) => IssuedView.Of(pick.Code ?? "", c)) switch
            {
                Verdict.Accepted when stop is not null => stop,
                Verdict.Accepted { Changes.Count: > 0 } accepted when pick.Changes.Count > 0 => accepted with { Changes = [.. accepted.Changes, .. pick.Changes] },
                var other => other,
            };
        });
    }

    public static Operation Deactivate(Request request, string code, string? reason) => OnCoupon(
        request, code, new DeactivateCoupon(request.Now, reason), CodeText.Unknown(code), c => CouponView.Of(code, c, request.Now));

    /// <summary>Sent by the timer; answers nothing that anyone reads.</summary>
    public static Operation Expire(Request request, string code) => OnCoupon(
        request, code, new ExpireCoupon(request.Now), new CodeNotFound(), c => CouponView.Of(code, c, request.Now));

    private static Operation OnCoupon(Request request, string code, CouponCommand command, Rejection unknown, Func<Coupon, object> answer)
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
