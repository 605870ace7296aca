using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Ledger.Coupons;
using Ledger.Coupons.Codes;
using Ledger.Members;
using Ledger.Policies;
using Ledger.Postgres;
using NodaTime;

namespace Ledger.Api;

/// <summary>Issues a coupon to a member.</summary>
/// <param name="Member">An opaque id: no name, number or address.</param>
/// <param name="Channel">Where the member got it, in the merchant's words; the surface says it in fixed ones.</param>
/// <param name="BusinessTime">When it was received; believed within 5 s, or from a key that may import.</param>
/// <param name="Ref">The caller's own mark; a batch's answer repeats it.</param>
/// <param name="Code">The coupon's code, where the campaign's codes are given at issue.</param>
/// <param name="ConfirmWithin">Seconds in which the issue is to be confirmed; until then the coupon counts and nobody can use it. Absent: issued at once.</param>
/// <param name="Person">The member's citizen identification number, where the terms limit coupons per natural person. Kept as a keyed hash only.</param>
/// <param name="Phone">The member's phone number, where the terms limit coupons per phone. Kept as a keyed hash only.</param>
public sealed record IssueBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Campaign,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Member,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string? Channel = null,
    Instant? BusinessTime = null,
    [property: StringLength(Limits.MaxName)] string? Ref = null,
    [property: StringLength(Limits.MaxPoolCode, MinimumLength = 1)] string? Code = null,
    [property: Range(1, Limits.MaxConfirmSeconds)] int? ConfirmWithin = null,
    [property: StringLength(PersonNumber.MaxText)] string? Person = null,
    [property: StringLength(PhoneNumber.MaxText)] string? Phone = null,
    SurfaceBody? Surface = null);

/// <summary>May the coupon be used here, now, for this?</summary>
/// <param name="Redeemable">Whether redeeming it now would succeed; null when no amount was asked for.</param>
/// <param name="Problem">Why not.</param>
public sealed record CheckView(
    string Code, string Status, string Campaign, int TermsVersion, string Member, Instant ValidFrom, Instant ValidTo, string? RedemptionId, Instant? RedeemedAt,
    CouponTerms Terms, bool? Redeemable, Money? Discount, Money? Payable, JsonElement? Problem, Surface? Surface = null);

/// <summary>Coupons: issuing, asking, deactivating, and what a member holds.</summary>
public static class CouponEndpoints
{
    public static void MapCoupons(this IEndpointRouteBuilder routes)
    {
        routes.MapCommand("/v1/coupons", Access.Merchant, IssueAsync).Takes<IssueBody>().Answers<IssuedView>(201);
        routes.MapCommand("/v1/coupons/batch", Access.Merchant, IssueBatch.HandleAsync).TakesLines<IssueBody>().AnswersLines().WithDescription(IssueBatch.Description)
            .WithMetadata(new KeyLength(IssueBatch.MaxKey));
        routes.MapQuery("/v1/coupons/{code}", Access.Till, CheckAsync).Asks("amount", "store", "businessTime").Answers<CheckView>();
        routes.MapCommand("/v1/coupons/{code}/confirm", Access.Merchant, call => FinishAsync(call, CouponOperations.Confirm)).Answers<CouponView>();
        routes.MapCommand("/v1/coupons/{code}/cancel", Access.Merchant, call => FinishAsync(call, CouponOperations.Cancel)).Answers<CouponView>();
        routes.MapCommand("/v1/coupons/{code}/deactivate", Access.Merchant, DeactivateAsync).Takes<ReasonBody>().Answers<CouponView>();
        routes.MapCommand("/v1/coupons/{code}/hide", Access.Merchant, call => FinishAsync(call, CouponOperations.Hide)).Answers<CouponView>();
        routes.MapQuery("/v1/members/{member}/wallet", Access.Till, WalletAsync).Asks("hidden", "limit", "cursor").Answers<Page<WalletCoupon>>();
    }

    /// <summary>The operation that issues one coupon under a fresh code.</summary>
    /// <param name="who">Whom the body names for the limits.</param>
    public static Operation Issue(Call call, IssueBody body, LimitIdentity who, Request request)
    {
        ArgumentNullException.ThrowIfNull(call);
        ArgumentNullException.ThrowIfNull(body);
        ArgumentNullException.ThrowIfNull(who);
        var at = call.Caller.Judged(body.BusinessTime, request.Now);
        var issue = CouponOperations.Issue(
            request, body.Campaign, FreshCodes.Next(), body.Member, body.Channel, at, call.Caller.DateOf(at), body.Code, body.ConfirmWithin, who.PersonKey, who.PhoneKey,
            body.Surface?.Read());
        return MembershipPolicy.ToMember(issue, body.Member, call.Caller.Profile.RequiresMembership);
    }

    private static async Task IssueAsync(Call call)
    {
        if (await call.ReadAsync<IssueBody>() is not var (body, raw)) return;
        var faults = new Faults();
        if (await LimitIdentity.OfAsync(call, body, raw, faults) is { } who) await call.SubmitAsync(Issue(call, body, who, call.Request(who.Body.Span)), 201);
        else await call.RefuseAsync(faults);
    }

    private static async Task FinishAsync(Call call, Func<Request, string, Operation> operation)
    {
        if (await Codes.ReadAsync(call, call.Route("code")) is { Code: var code }) await call.SubmitAsync(operation(call.Request([]), code));
    }

    private static async Task CheckAsync(Call call)
    {
        var query = new Query(call, "amount", "store", "businessTime");
        var (amount, named, stated) = (query.Whole("amount", 1, Limits.MaxAmount), query.Id("store"), query.Time("businessTime"));
        var store = call.Caller.Key.Store ?? named;
        if (await query.RefuseAsync() || !await RedemptionEndpoints.StandsInAsync(call, named, till: null) || await Codes.ReadAsync(call, call.Route("code")) is not { Code: var code } presented) return;
        if (await call.Http.RequestServices.GetRequiredService<CouponReads>().CouponAsync(call.Merchant, code, call.Aborted) is not var (coupon, terms))
        {
            await Problems.WriteAsync(call.Http, CodeText.Unknown(code));
            return;
        }

        var at = call.Caller.Judged(stated, call.Now);
        var wrong = amount is null ? null : await MembershipAsync(call, coupon.Member) ?? await Codes.RefusalOfAsync(call, presented, terms);
        var left = amount is null ? null : await call.Http.RequestServices.GetRequiredService<BookQueries>()
            .LeftAsync(call.Merchant, coupon, terms, call.Now, call.Aborted);
        // The decider itself, so that a check and a redemption never differ; under a key that no request has.
        Decision<CouponEvent>? verdict = amount is not { } basket ? null
            : wrong is not null ? wrong
            : CouponDecider.Decide(new CouponCommand.RedeemCoupon(terms, code, " ", new(basket), at, store, null, null, call.Now, Left: left), coupon);
        var reason = (verdict as Decision<CouponEvent>.Rejected)?.Reason;
        var redeemed = (verdict as Decision<CouponEvent>.Accepted)?.Events.OfType<CouponEvent.CouponRedeemed>().Single();
        await call.JsonAsync(new CheckView(
            code, coupon.StatusAt(call.Now), coupon.Campaign, coupon.TermsVersion, coupon.Member, coupon.ValidFrom, coupon.ValidTo,
            coupon.Standing?.RedemptionId, coupon.Standing?.At, terms, verdict is null ? null : reason is null, redeemed?.Discount, redeemed is null ? null : redeemed.Amount - redeemed.Discount,
            reason is null ? null : Problems.ObjectOf(call.Http, reason), coupon.Surface));
    }

    /// <summary>What membership stops, as for the redemption of a coupon of that member; null: nothing.</summary>
    internal static async Task<Rejection?> MembershipAsync(Call call, string member)
    {
        if (!call.Caller.Profile.RequiresMembership) return null;
        var (states, stream) = (new BookStates(), MemberStream.Of(member));
        states.Put(stream.Id, await call.Http.RequestServices.GetRequiredService<BookQueries>().StateAsync(call.Merchant, stream, call.Aborted));
        return MembershipPolicy.Refusal(states, member, isRequired: true);
    }

    private static async Task DeactivateAsync(Call call)
    {
        if (await Codes.ReadAsync(call, call.Route("code")) is not { Code: var code } || await call.ReadAsync<ReasonBody>() is not var (body, raw)) return;
        await call.SubmitAsync(CouponOperations.Deactivate(call.Request(raw), code, body.Reason));
    }

    private static async Task WalletAsync(Call call)
    {
        var query = new Query(call, "hidden", "limit", "cursor");
        var (isWithHidden, limit, cursor) = (query.Flag("hidden"), query.Limit, query.Cursor);
        if (await query.RefuseAsync()) return;
        var coupons = await call.Http.RequestServices.GetRequiredService<BookQueries>()
            .WalletAsync(call.Merchant, call.Route("member"), isWithHidden, cursor, limit, call.Now, call.Aborted);
        await call.JsonAsync(Page<WalletCoupon>.Of(coupons, limit, coupon => coupon.Code));
    }
}
