using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ledger.Coupons;
using Ledger.Coupons.Associations;
using Ledger.Coupons.Codes;
using Ledger.Coupons.Redemptions;
using Ledger.Policies;
using Ledger.Postgres;
using NodaTime;
using static Ledger.Coupons.CampaignCommand;

namespace Ledger.Api.Channels;

/// <summary>What both dialects share: the ledger's own operations under keys made of the channel's numbers, and what their answers tell.</summary>
internal static class Channel
{
    /// <summary>A business number of the caller: printable ASCII without blanks.</summary>
    public const string NumberPattern = "^[!-~]{1,128}$";

    public static void MapChannels(this IEndpointRouteBuilder routes)
    {
        routes.MapAlipay();
        routes.MapWechat();
        routes.MapChannelEvents();
    }

    /// <summary>The book's key of a call: <c>alipay:use:{number}</c>. One number, one outcome, for ever. The channels know no till that counts its requests.</summary>
    public static Request Request(Call call, string name, string number, ReadOnlySpan<byte> body)
    {
        var dialect = call.Http.GetEndpoint()!.Metadata.GetRequiredMetadata<ChannelErrors>().Dialect;
        return call.RequestUnder($"{WordOf(dialect)}:{name}:{number}", body) with { Till = null };
    }

    public static string WordOf(Dialect dialect) => dialect == Dialect.Alipay ? "alipay" : "wechat";

    /// <summary>The id of a campaign that a channel creates, told by the number: a repeat finds the same one.</summary>
    public static string IdOf(Dialect dialect, string number) =>
        $"{WordOf(dialect)}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(number)).AsSpan(0, 10))}";

    /// <summary>No call of a channel names its activity for people to read; its number does.</summary>
    public static string NameOf(string number) => number.Length <= Limits.MaxName ? number : number[..Limits.MaxName];

    public static BookQueries Queries(Call call) => call.Http.RequestServices.GetRequiredService<BookQueries>();

    /// <summary>What became of the operation; null after a problem was answered.</summary>
    /// <param name="isAccepted">Refusals that the channel is not told, as the call is accepted all the same, with <paramref name="instead"/>.</param>
    public static async Task<T?> SubmitAsync<T>(Call call, Operation operation, T? instead = null, Func<Rejection, bool>? isAccepted = null)
        where T : class
    {
        switch (await call.Http.RequestServices.GetRequiredService<Scribes>().SubmitAsync(operation, call.Aborted))
        {
            case Outcome.Accepted(var answer, var isReplayed):
                if (isReplayed) call.Http.Response.Headers["Idempotency-Replayed"] = "true";
                return JsonSerializer.Deserialize<T>(answer.Span, LedgerJson.Answers);
            case Outcome.Rejected(var reason) when isAccepted?.Invoke(reason) == true:
                return instead;
            case Outcome.Rejected(var reason):
                await Problems.WriteAsync(call.Http, reason);
                return null;
            case var other:
                throw new System.Diagnostics.UnreachableException($"{other}");
        }
    }

    /// <summary>
    /// Drafts, submits and approves, each under a key of its own, so that a repeat goes on where a crash ended. Where the merchant
    /// requires four eyes the campaign waits for the other pair, and the channel is told by a message when it runs.
    /// </summary>
    public static async Task<bool> LaunchAsync(Call call, string id, string number, DraftCampaign draft, CouponTerms terms, byte[] raw)
    {
        if (await SubmitAsync<CampaignView>(call, CouponOperations.Draft(Request(call, "create", number, raw), id, draft, terms)) is null) return false;
        if (await SubmitAsync<CampaignView>(call, CouponOperations.Submit(Request(call, "create-submit", number, raw), id)) is not { } submitted) return false;
        // A repeat approves what waits since then, and nothing that was proposed later.
        var approve = CouponOperations.Approve(Request(call, "create-approve", number, raw), id, FourEyesPolicy.Rule);
        var first = approve with { Decide = book => book.State(CampaignStreams.Of(id)).Status == CampaignStatus.Submitted ? approve.Decide(book) : new Verdict.Accepted([], submitted) };
        return await SubmitAsync(call, first, submitted, reason => reason is FourEyes) is not null;
    }

    /// <summary>Amends the current terms as <paramref name="change"/> says.</summary>
    public static async Task<bool> AmendAsync(Call call, string id, string number, byte[] raw, Func<CouponTerms, CouponTerms> change)
    {
        var request = Request(call, "modify", number, raw);
        if (await CampaignAsync(call, id) is not { } campaign) return false;
        var (terms, faults) = (change(campaign.Terms), new Faults());
        if (terms.Validity.WindowStart >= terms.Validity.WindowEnd) faults.Add("/available_end", "Let the window end after it starts.");
        // Issuing ends with the campaign, whose end does not move; a window that ends later would promise what nobody can send.
        if (terms.Validity.WindowEnd > campaign.EndsAt && campaign.Terms.Validity.WindowEnd <= campaign.EndsAt)
            faults.Add("/available_end", "Let it be no later than when it was made; make another one for a later end.");
        if (await call.RefuseAsync(faults)) return false;
        return await SubmitAsync<CampaignView>(call, CouponOperations.Amend(request, id, campaign.TermsVersion, terms, FourEyesPolicy.Rule)) is not null;
    }

    public static async Task<bool> StopAsync(Call call, string id, string number, byte[] raw, string reason) =>
        await SubmitAsync<CampaignView>(call, CouponOperations.Change(Request(call, "stop", number, raw), id, new StopCampaign(reason))) is not null;

    /// <summary>The campaign; null after a problem was answered.</summary>
    public static async Task<CampaignView?> CampaignAsync(Call call, string id)
    {
        var campaign = await Queries(call).CampaignAsync(call.Merchant, id, call.Aborted);
        if (campaign is null) await Problems.WriteAsync(call.Http, new CampaignUnknown(id));
        return campaign;
    }

    /// <summary>How many codes a campaign's pool has; null after a problem was answered.</summary>
    public static async Task<CodePoolView?> PoolAsync(Call call, string id) => await CampaignAsync(call, id) is null
        ? null
        : CodePoolView.Of(id, await Queries(call).StateAsync(call.Merchant, CodePoolStreams.PoolOf(id), call.Aborted));

    /// <summary>Issues a coupon that the member got from this channel.</summary>
    public static async Task<IssuedView?> SendAsync(Call call, IssueBody body, string number, byte[] raw)
    {
        var faults = new Faults();
        if (await LimitIdentity.OfAsync(call, body, raw, faults) is { } who)
            return await SubmitAsync<IssuedView>(call, CouponEndpoints.Issue(call, body, who, Request(call, "send", number, who.Body.Span)));
        await call.RefuseAsync(faults);
        return null;
    }

    /// <summary>The coupon of a code with its terms; null after a problem was answered.</summary>
    /// <param name="isRight">Whether it is the one that the call means; another is not told from none.</param>
    public static async Task<KnownCoupon?> FindAsync(Call call, string text, string at, Func<Coupon, bool>? isRight = null, int uses = 1)
    {
        if (await Codes.ReadAsync(call, text, uses, at) is not { } shown) return null;
        if (await call.Http.RequestServices.GetRequiredService<CouponReads>().CouponAsync(call.Merchant, shown.Code, call.Aborted) is var (coupon, terms))
        {
            if (isRight?.Invoke(coupon) != false) return new(shown, coupon, terms);
            await Problems.WriteAsync(call.Http, new CodeNotFound());
            return null;
        }

        await Problems.WriteAsync(call.Http, CodeText.Unknown(shown.Code));
        return null;
    }

    /// <summary>Uses the coupon as often as it was shown; null after a problem was answered.</summary>
    public static async Task<CouponStep?> UseAsync(Call call, KnownCoupon coupon, Request request, Money amount, Instant at, string? order)
    {
        var key = call.Caller.Key;
        var operation = TillOperations.Redeem(request, [coupon.Shown], amount, at, key.Store, key.Till, order);
        if (await SubmitAsync<RedemptionView>(call, MembershipPolicy.ByHolders(operation, [coupon.Shown.Code], call.Caller.Profile.RequiresMembership)) is not { } done) return null;
        var (fact, after) = (await HistoryAsync(call, coupon.Shown.Code)).Last(step => step.Fact is CouponEvent.CouponRedeemed e && e.RedemptionId == done.RedemptionId);
        return CouponStep.Of(coupon, after, done.At, ((CouponEvent.CouponRedeemed)fact).Discount);
    }

    /// <summary>Gives back uses of the latest redemption of the coupon that stands; null after a problem was answered.</summary>
    public static async Task<CouponStep?> ReturnAsync(Call call, KnownCoupon coupon, Request request)
    {
        var history = await HistoryAsync(call, coupon.Shown.Code);
        // Where none stands the ledger says what is wrong with the last one.
        var id = StandingUses.Latest(history.Select(step => step.Fact)) ?? CouponStream.RedemptionId(coupon.Shown.Code, Math.Max(1, coupon.State.Redemptions));
        var record = await Queries(call).StateAsync(call.Merchant, RedemptionStream.Of(id), call.Aborted);
        // Other coupons of a basket are not given back along with this one: the ledger refuses uses of such a redemption.
        int? uses = coupon.Terms.Uses > 1 || coupon.Shown.Uses > 1 || record.Sale is { Coupons.Count: > 1 } ? coupon.Shown.Uses : null;
        var whole = ReturnOperations.Return(request, id, [], uses, KeptCoupons.None, call.Now, call.Caller.DateOf(call.Now), reason: null);
        // Where the use came back before, by a return of goods, what is left of the basket is no matter of the channel's.
        var operation = whole with
        {
            Decide = book => whole.Decide(book) is var verdict && verdict is Verdict.Accepted { Changes: var changes } && !changes.Any(change => change.Fact is CouponEvent.CouponReturned { Uses: > 0 })
                ? new NothingLeftToReturn(id)
                : verdict,
        };
        if (await SubmitAsync<ReturnView>(call, operation) is not { } done)
        {
            // Nobody guessed: the coupon was found, and was never used.
            if (coupon.State.Redemptions == 0) Throttle.TakeBack(call.Http);
            return null;
        }

        var (fact, after) = (await HistoryAsync(call, coupon.Shown.Code))
            .Last(step => step.Fact is CouponEvent.CouponReturned e && (e.RedemptionId, e.Number) == (done.RedemptionId, done.Number));
        return CouponStep.Of(coupon, after, done.At, ((CouponEvent.CouponReturned)fact).Discount);
    }

    public static async Task<CouponView?> DeactivateAsync(Call call, KnownCoupon coupon, Request request, string? reason) =>
        await SubmitAsync<CouponView>(call, CouponOperations.Deactivate(request, coupon.Shown.Code, reason));

    /// <summary>Says to which order a coupon of the campaign belongs, or no longer does; null after a problem was answered.</summary>
    public static async Task<AssociationView?> AssociateAsync(
        Call call, string campaign, string code, string at, string trade, Request request, Func<Request, string, string, Operation> operation)
    {
        if (await CampaignAsync(call, campaign) is null || await FindAsync(call, code, at, coupon => coupon.Campaign == campaign) is not { } found) return null;
        return await SubmitAsync<AssociationView>(call, operation(request, found.Shown.Code, trade));
    }

    private static Task<IReadOnlyList<(CouponEvent Fact, Coupon After)>> HistoryAsync(Call call, string code) =>
        Queries(call).HistoryAsync(call.Merchant, CouponStream.Of(code), call.Aborted);
}

/// <summary>A coupon as a call found it.</summary>
internal sealed record KnownCoupon(Presented Shown, Coupon State, CouponTerms Terms);

/// <summary>A coupon right after a use or a return: the same for every repeat of the request, whatever became of it since.</summary>
/// <param name="Status">In the ledger's word.</param>
/// <param name="Left">Uses that are left.</param>
internal sealed record CouponStep(string Code, string Status, int Left, Money Discount)
{
    public static CouponStep Of(KnownCoupon coupon, Coupon after, Instant at, Money discount) =>
        new(coupon.Shown.Code, after.StatusAt(at), coupon.Terms.Uses - after.Uses, discount);
}

/// <summary>Which redemption a return without its name means.</summary>
internal static class StandingUses
{
    /// <summary>The latest redemption of which a use stands; null: none. Of one whose goods all came back nothing stands, also where the coupon was kept. Pure.</summary>
    public static string? Latest(IEnumerable<CouponEvent> facts)
    {
        var standing = new List<(string Id, int Uses, Money Discount)>();
        foreach (var fact in facts)
        {
            switch (fact)
            {
                case CouponEvent.CouponRedeemed e:
                    standing.Add((e.RedemptionId, e.Uses ?? 1, e.Discount));
                    break;
                case CouponEvent.RedemptionVoided e:
                    standing.RemoveAll(one => one.Id == e.RedemptionId);
                    break;
                case CouponEvent.CouponReturned e:
                    var index = standing.FindIndex(one => one.Id == e.RedemptionId);
                    if (index < 0) break;
                    var (_, uses, discount) = standing[index];
                    standing[index] = (e.RedemptionId, uses - (e.Uses ?? 0), discount - e.Discount);
                    if (standing[index].Uses <= 0 || (e.Discount > Money.Zero && discount == e.Discount)) standing.RemoveAt(index);
                    break;
            }
        }

        return standing.Count == 0 ? null : standing[^1].Id;
    }
}
