using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Ledger.Coupons;
using Ledger.Coupons.Baskets;
using Ledger.Coupons.Redemptions;
using Ledger.Members;
using Ledger.Policies;
using Ledger.Postgres;
using NodaTime;

namespace Ledger.Api;

/// <summary>Asks what coupons would give on a basket, and points after them.</summary>
/// <param name="Amount">The basket before the discount, in minor units.</param>
/// <param name="Coupons">The coupons that the customer shows; or codes.</param>
/// <param name="Codes">The same, where each is used once.</param>
/// <param name="Store">The store; a till's key knows its own.</param>
/// <param name="BusinessTime">When it happens; believed within 5 s, or from a key that may import.</param>
/// <param name="Lines">What is bought; needed for coupons that are bound to goods. The amount is their sum.</param>
/// <param name="Payments">How it is paid; needed for coupons that are bound to payment methods.</param>
/// <param name="Member">Who shows the coupons; those of another are refused.</param>
/// <param name="Channel">Where they are used; needed for coupons that are bound to channels.</param>
/// <param name="Points">Points that the customer uses after the coupons.</param>
public sealed record QuoteBody(
    [property: Range(1, Limits.MaxAmount)] long Amount,
    [property: MaxLength(Baskets.MaxShown)] IReadOnlyList<PresentedBody>? Coupons = null,
    [property: MaxLength(Baskets.MaxShown)] IReadOnlyList<string>? Codes = null,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string? Store = null,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string? Till = null,
    Instant? BusinessTime = null,
    [property: MaxLength(Limits.MaxBasketLines)] IReadOnlyList<LineBody>? Lines = null,
    IReadOnlyList<PaymentBody>? Payments = null,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string? Member = null,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string? Channel = null,
    PresentedPointsBody? Points = null);

/// <summary>What coupons would give on the basket if they were redeemed now.</summary>
/// <param name="Redeemables">Each alone, in the order asked; points come last.</param>
/// <param name="Together">All of them at once.</param>
/// <param name="Best">The coupons that together take most off, then points on what they leave.</param>
public sealed record QuoteView(Money Amount, IReadOnlyList<RedeemableView> Redeemables, TogetherView Together, BestView Best);

/// <summary>One coupon alone, or the points alone.</summary>
/// <param name="Code">The coupon's code; of points <c>points/</c> and the programme, as problems name them too.</param>
/// <param name="Status">As in the coupon's own answer; absent where the merchant has no such code, and of points.</param>
/// <param name="Lines">The discount by line, where its redemption would say it; so with the funding by party.</param>
/// <param name="Problem">Why not.</param>
/// <param name="Points">How many points would be used.</param>
public sealed record RedeemableView(
    string Code, string? Status, bool Redeemable, Money? Discount = null, Money? Payable = null, IReadOnlyList<LineShare>? Lines = null,
    IReadOnlyList<FundingShare>? Funding = null, JsonElement? Problem = null, long? Points = null);

/// <summary>All at once: all or nothing.</summary>
/// <param name="Coupons">Each coupon's part, in the order of application; absent where one coupon with one use is all.</param>
/// <param name="Problem">The first refusal; presented names the code.</param>
public sealed record TogetherView(
    bool Redeemable, Money? Discount = null, Money? Payable = null, Breakdown? Basket = null, IReadOnlyList<RedeemedCoupon>? Coupons = null, JsonElement? Problem = null,
    PointsPart? Points = null);

/// <summary>The coupons that together take most off, then points on what they leave.</summary>
/// <param name="Codes">In the order of application; empty where none takes anything off.</param>
/// <param name="IsExact">Whether nothing takes more off; if not, this is the best that was found.</param>
/// <param name="Points">How many points; absent: none.</param>
public sealed record BestView(IReadOnlyList<string> Codes, Money Discount, Money Payable, bool IsExact, long? Points = null);

/// <summary>Quotes: what a redemption would answer, changing nothing.</summary>
public static class QuoteEndpoints
{
    public static void MapQuotes(this IEndpointRouteBuilder routes) =>
        routes.MapQuestion("/v1/quotes", Access.Till, QuoteAsync).Takes<QuoteBody>().Answers<QuoteView>();

    private static async Task QuoteAsync(Call call)
    {
        if (await call.ReadAsync<QuoteBody>() is not var (body, _)) return;
        var faults = new Faults();
        if (body is { Codes: null, Coupons: null, Points: not null }) faults.Add("/points", "Show a coupon beside them; what points alone are worth is in GET /v1/members/{member}/points.");
        else if (body.Codes is null == body.Coupons is null) faults.Add("/coupons", "Send either coupons or codes.");
        if (body.Codes is { Count: 0 }) faults.Add("/codes", "Name at least one coupon.");
        if (await call.RefuseAsync(faults)) return;
        var shown = body.Coupons ?? [.. body.Codes!.Select(code => new PresentedBody(code))];
        Func<int, string>? pointer = body.Codes is null ? null : place => FormattableString.Invariant($"/codes/{place}");
        if (await Baskets.CouponsAsync(call, code: null, shown, body.Points, pointer) is not { } coupons) return;
        if (!await RedemptionEndpoints.StandsInAsync(call, body.Store, body.Till)) return;
        if (await Baskets.OfAsync(call, body.Amount, body.Lines, body.Payments) is not (true, var basket)) return;
        string[] codes = [.. coupons.Select(one => one.Code)];
        var states = await call.Http.RequestServices.GetRequiredService<CouponReads>().StatesAsync(call.Merchant, codes, call.Aborted);
        await call.Http.RequestServices.GetRequiredService<BookQueries>().PutBudgetsAsync(call.Merchant, states, codes, call.Aborted);
        var points = Baskets.PointsOf(body.Points);
        if (points is not null) await call.Http.RequestServices.GetRequiredService<PointsQueries>().PutAccountAsync(call.Merchant, states, points.Program, points.Member, call.Aborted);
        var asking = await MembershipAsync(call, states, codes, points?.Member);
        var quote = Quotes.Of(
            states, coupons, new(body.Amount), call.Caller.Judged(body.BusinessTime, call.Now), call.Now, call.Caller.Key.Store ?? body.Store, basket,
            Baskets.StatedOf(body.Member, body.Channel, discount: null), points, asking);
        await call.JsonAsync(new QuoteView(
            new(body.Amount), [.. quote.Coupons.Select(one => ViewOf(call, one)), .. quote.Points is { } alone ? [ViewOf(call, alone, new(body.Amount))] : Array.Empty<RedeemableView>()],
            ViewOf(call, quote.Together),
            new(quote.Best.Codes, quote.Best.Discount, new Money(body.Amount) - quote.Best.Discount, quote.Best.IsExact, quote.Best.Points is > 0 and var used ? used : null)));
    }

    /// <summary>What membership stops, as for the redemption; null: it is not asked.</summary>
    private static async Task<Func<Operation, IReadOnlyList<string>, string?, Operation>?> MembershipAsync(Call call, BookStates states, string[] codes, string? spending)
    {
        var isRequired = call.Caller.Profile.RequiresMembership;
        if (!isRequired && spending is null) return null;
        var (books, holders) = (call.Http.RequestServices.GetRequiredService<BookQueries>(), codes.Select(code => states.State(CouponStream.Of(code)))
            .Where(coupon => isRequired && coupon.Status != CouponStatus.None).Select(coupon => coupon.Member));
        foreach (var member in holders.Append(spending).OfType<string>().Distinct(StringComparer.Ordinal))
            states.Put(MemberStream.Of(member).Id, await books.StateAsync(call.Merchant, MemberStream.Of(member), call.Aborted));
        return (operation, shown, member) => MembershipPolicy.ByHolders(MembershipPolicy.Spending(operation, member, isRequired), shown, isRequired);
    }

    private static RedeemableView ViewOf(Call call, QuotedPoints points, Money amount) => points.Part is { } part
        ? new(points.Code, Status: null, Redeemable: true, part.Discount, amount - part.Discount, part.Lines, part.Funding, Points: part.Points)
        : new(points.Code, Status: null, Redeemable: false, Problem: Problems.ObjectOf(call.Http, points.Reason!));

    private static RedeemableView ViewOf(Call call, QuotedCoupon coupon) => new(
        coupon.Code, coupon.State.Status == CouponStatus.None ? null : coupon.State.StatusAt(call.Now), coupon.Alone.Redemption is not null,
        coupon.Alone.Redemption?.Discount, coupon.Alone.Redemption?.Payable, coupon.Alone.Redemption?.Basket?.Lines, coupon.Alone.Redemption?.Basket?.Funding,
        coupon.Alone.Reason is { } reason ? Problems.ObjectOf(call.Http, reason) : null);

    private static TogetherView ViewOf(Call call, Offer offer) => offer.Redemption is { } redemption
        ? new(Redeemable: true, redemption.Discount, redemption.Payable, redemption.Basket, redemption.Coupons, Points: redemption.Points)
        : new(Redeemable: false, Problem: Problems.ObjectOf(call.Http, offer.Reason!, isRepeat: true));
}
