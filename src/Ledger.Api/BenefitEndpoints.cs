using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using Ledger.Benefits;
using Ledger.Coupons;
using Ledger.Policies;
using Ledger.Postgres;
using NodaTime;

namespace Ledger.Api;

/// <summary>Lists what members get for points.</summary>
/// <param name="Points">What one costs.</param>
/// <param name="Stock">How many there are; absent: no limit.</param>
/// <param name="Stores">The designated stores; absent: any.</param>
/// <param name="Campaign">coupon: whose coupon is issued.</param>
/// <param name="Days">pickUp: days for picking it up, the day of the order not counted.</param>
public sealed record ListBenefitBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Id,
    [property: StringLength(Limits.MaxName, MinimumLength = 1)] string Name,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Program,
    [property: Range(1, Limits.MaxPoints)] long Points,
    BenefitItemKind Kind,
    [property: Range(0, Limits.MaxQuota)] long? Stock = null,
    [property: MaxLength(Limits.MaxStores)] IReadOnlyList<string>? Stores = null,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string? Campaign = null,
    [property: Range(0, Limits.MaxDays)] int? Days = null);

/// <summary>Sets the stock, compared with what the caller believes it to be.</summary>
/// <param name="Expected">Absent: it is not limited so far.</param>
public sealed record ChangeStockBody([property: Range(0, Limits.MaxQuota)] long Target, [property: Range(0, Limits.MaxQuota)] long? Expected = null);

/// <summary>Orders a benefit for a member.</summary>
public sealed record OrderBenefitBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Benefit,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Member);

/// <summary>Hands a benefit over.</summary>
/// <param name="Store">Where; a till's key knows its own.</param>
public sealed record PickUpBody([property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string? Store = null);

/// <summary>Benefits for points: the catalogue, orders, and what was redeemed in a month.</summary>
public static class BenefitEndpoints
{
    private const int DefaultDays = 7;

    public static void MapBenefits(this IEndpointRouteBuilder routes)
    {
        routes.MapCommand("/v1/benefits", Access.Merchant, ListBenefitAsync).Takes<ListBenefitBody>().Answers<BenefitView>(201);
        routes.MapQuery("/v1/benefits", Access.Till, BenefitsAsync).Asks("limit", "cursor").Answers<Page<BenefitView>>();
        routes.MapQuery("/v1/benefits/{id}", Access.Till, BenefitAsync).Answers<BenefitView>();
        routes.MapCommand("/v1/benefits/{id}/stock", Access.Merchant, StockAsync).Takes<ChangeStockBody>().Answers<BenefitView>();
        routes.MapCommand("/v1/benefits/{id}/withdraw", Access.Merchant, call => SubmitAsync(call, "id", BenefitOperations.Withdraw)).Answers<BenefitView>();
        routes.MapCommand("/v1/benefit-orders", Access.Till, OrderAsync).Takes<OrderBenefitBody>().Answers<BenefitOrderView>(201);
        routes.MapQuery("/v1/benefit-orders/{id}", Access.Till, ShowAsync).Answers<BenefitOrderView>();
        routes.MapCommand("/v1/benefit-orders/{id}/pick-up", Access.Till, PickUpAsync).Takes<PickUpBody>(isOptional: true).Answers<BenefitOrderView>();
        routes.MapCommand("/v1/benefit-orders/{id}/cancel", Access.Till, call => SubmitAsync(call, "id", BenefitOperations.Cancel)).Answers<BenefitOrderView>();
        routes.MapQuery("/v1/reports/benefits", Access.Merchant, LeaderboardAsync).Asks("month", "limit").Answers<Page<BenefitRank>>();
    }

    private static async Task ListBenefitAsync(Call call)
    {
        if (await call.ReadAsync<ListBenefitBody>() is not var (body, raw)) return;
        var (faults, stores) = (new Faults(), body.Stores ?? []);
        for (var i = 0; i < stores.Count; i++)
        {
            if (!call.Caller.Profile.Stores.ContainsKey(stores[i])) faults.Add($"/stores/{i}", "The merchant has no store of this id; open it first.");
        }

        if (body.Kind == BenefitItemKind.Coupon != body.Campaign is not null) faults.Add("/campaign", "Name the campaign of a coupon, and of nothing else.");
        if (body.Kind != BenefitItemKind.PickUp && body.Days is not null) faults.Add("/days", "Only what is picked up has days.");
        if (body.Kind == BenefitItemKind.Coupon && stores.Count > 0) faults.Add("/stores", "The campaign's terms say where a coupon is used; leave stores out.");
        if (await call.RefuseAsync(faults)) return;
        var benefit = new Benefits.Benefit(
            body.Name, body.Program, body.Points, body.Kind, body.Stock, [.. stores.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)], body.Campaign,
            body.Kind == BenefitItemKind.PickUp ? body.Days ?? DefaultDays : 0);
        await call.SubmitAsync(BenefitOperations.List(call.Request(raw), body.Id, benefit), StatusCodes.Status201Created);
    }

    private static async Task BenefitsAsync(Call call)
    {
        var query = new Query(call, "limit", "cursor");
        var (limit, cursor) = (query.Limit, query.Cursor);
        if (await query.RefuseAsync()) return;
        await call.JsonAsync(Page<BenefitView>.Of(await Queries(call).BenefitsAsync(call.Merchant, cursor, limit, call.Aborted), limit, benefit => benefit.Id));
    }

    private static async Task BenefitAsync(Call call)
    {
        if (await Queries(call).BenefitAsync(call.Merchant, call.Route("id"), call.Aborted) is { } benefit) await call.JsonAsync(benefit);
        else await Problems.WriteAsync(call.Http, new BenefitUnknown(call.Route("id")));
    }

    private static async Task StockAsync(Call call)
    {
        if (await call.ReadAsync<ChangeStockBody>() is not var (body, raw)) return;
        await call.SubmitAsync(BenefitOperations.Stock(call.Request(raw), call.Route("id"), body.Expected, body.Target));
    }

    private static async Task OrderAsync(Call call)
    {
        if (await call.ReadAsync<OrderBenefitBody>() is not var (body, raw)) return;
        var code = CouponCode.FromRandom(RandomNumberGenerator.GetBytes(CouponCode.EntropyBytes)).Value;
        await call.SubmitAsync(
            BenefitOperations.Order(call.Request(raw), body.Benefit, body.Member, code, call.Caller.DateOf(call.Now),
                [MembershipPolicy.Rule(body.Member, call.Caller.Profile.RequiresMembership)]),
            StatusCodes.Status201Created);
    }

    private static async Task ShowAsync(Call call)
    {
        if (await Queries(call).OrderAsync(call.Merchant, call.Route("id"), call.Aborted) is { } order) await call.JsonAsync(order);
        else await Problems.WriteAsync(call.Http, new BenefitOrderUnknown(call.Route("id")));
    }

    private static async Task PickUpAsync(Call call)
    {
        if (await call.ReadAsync<PickUpBody>(isOptional: true) is not var (body, raw)) return;
        if (!await RedemptionEndpoints.StandsInAsync(call, body.Store, null)) return;
        await call.SubmitAsync(BenefitOperations.PickUp(call.Request(raw), call.Route("id"), call.Caller.Key.Store ?? body.Store));
    }

    private static async Task SubmitAsync(Call call, string route, Func<Request, string, Operation> operation) =>
        await call.SubmitAsync(operation(call.Request([]), call.Route(route)));

    private static async Task LeaderboardAsync(Call call)
    {
        var query = new Query(call, "month", "limit");
        var (month, limit) = (query.Text("month"), query.Limit);
        var first = call.Caller.DateOf(call.Now);
        if (month is not null && !RequestTimes.TryDate($"{month}-01", out first)) query.Refuse("month", "Pass a month such as 2026-02.");
        if (await query.RefuseAsync()) return;
        await call.JsonAsync(new Page<BenefitRank>(await Queries(call).LeaderboardAsync(call.Merchant, new LocalDate(first.Year, first.Month, 1), limit, call.Aborted), null));
    }

    private static PointsQueries Queries(Call call) => call.Http.RequestServices.GetRequiredService<PointsQueries>();
}
