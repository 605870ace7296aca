using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text;
using Ledger.Merchants;
using Ledger.Postgres;
using Ledger.Traffic;
using NodaTime;

namespace Ledger.Api;

/// <summary>Publishes what a visitor is worth.</summary>
/// <param name="PvPerVisitor">Page views for one visitor on one business date.</param>
/// <param name="ValidDays">Business dates on which they may be spent, that of the visit included.</param>
public sealed record TrafficTermsBody(
    [property: Range(1, Limits.MaxPvPerVisitor)] long PvPerVisitor,
    [property: Range(1, Limits.MaxTrafficDays)] int ValidDays);

/// <summary>A visitor whom the merchant brought.</summary>
/// <param name="Visitor">An opaque id: no name, number or address.</param>
/// <param name="Surface">Where the visitor came from.</param>
/// <param name="BusinessTime">When; believed within 5 s, or from a key that may import.</param>
public sealed record VisitorBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Visitor,
    SurfaceBody? Surface = null,
    Instant? BusinessTime = null);

/// <summary>Pays for a placement with credit for exposure.</summary>
/// <param name="Spend">Its own number: it is booked once under it.</param>
/// <param name="Placement">Which place, in the platform's words.</param>
/// <param name="Pv">Page views.</param>
public sealed record ExposureSpendBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Spend,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Placement,
    [property: Range(1, Limits.MaxBudget)] long Pv);

/// <summary>Traffic incentive: visitors that a merchant brings earn exposure, which placements spend and the clock takes.</summary>
public static class TrafficEndpoints
{
    public static void MapTraffic(this IEndpointRouteBuilder routes)
    {
        routes.MapCommand("/v1/merchants/{id}/traffic-terms", Access.Platform, PublishAsync).Takes<TrafficTermsBody>().Answers<TrafficTerms>(201);
        routes.MapCommand("/v1/traffic/visitors", Access.Till, AttributeAsync).Takes<VisitorBody>().Answers<VisitorView>(201);
        routes.MapCommand("/v1/traffic/spends", Access.Merchant, SpendAsync).Takes<ExposureSpendBody>().Answers<ExposureSpendView>(201);
        routes.MapQuery("/v1/traffic", Access.Merchant, ShowAsync).Answers<TrafficView>();
        routes.MapQuery("/v1/traffic/statement", Access.Merchant, StatementAsync).Asks("format").Answers<TrafficStatement>();
    }

    private static async Task PublishAsync(Call call)
    {
        if (await call.ReadAsync<TrafficTermsBody>() is not var (body, raw)) return;
        var merchant = call.Route("id");
        if (!Headers.IsId(merchant) || !(await call.Http.RequestServices.GetRequiredService<Callers>().MerchantAsync(merchant, call.Aborted)).IsRegistered)
        {
            await Problems.WriteAsync(call.Http, new MerchantUnknown());
            return;
        }

        var request = call.Request(raw) with { Book = merchant };
        await call.SubmitAsync(TrafficOperations.Publish(request, body.PvPerVisitor, body.ValidDays), StatusCodes.Status201Created);
    }

    private static async Task AttributeAsync(Call call)
    {
        if (await call.ReadAsync<VisitorBody>() is not var (body, raw)) return;
        var faults = new Faults();
        if (SurfaceBody.Contradicts(body.Surface, faults) && await call.RefuseAsync(faults)) return;
        var at = call.Caller.Judged(body.BusinessTime, call.Now);
        await call.SubmitAsync(
            TrafficOperations.Attribute(call.Request(raw), body.Visitor, body.Surface?.Read(), at, call.Caller.DateOf(at), call.Caller.Profile.Zone()), StatusCodes.Status201Created);
    }

    private static async Task SpendAsync(Call call)
    {
        if (await call.ReadAsync<ExposureSpendBody>() is not var (body, raw)) return;
        await call.SubmitAsync(TrafficOperations.Spend(call.Request(raw), body.Spend, body.Placement, body.Pv, call.Caller.DateOf(call.Now)), StatusCodes.Status201Created);
    }

    private static async Task ShowAsync(Call call) =>
        await call.JsonAsync(TrafficView.Of(await AccountAsync(call), await Queries(call).StateAsync(call.Merchant, TrafficStreams.Terms, call.Aborted), call.Now));

    private static async Task StatementAsync(Call call)
    {
        var query = new Query(call, "format");
        var format = query.Text("format");
        if (format is not (null or "json" or "csv")) query.Refuse("format", "Send json or csv.");
        if (await query.RefuseAsync()) return;
        var statement = TrafficStatement.Of(await AccountAsync(call));
        if (format != "csv")
        {
            await call.JsonAsync(statement);
            return;
        }

        var text = new StringBuilder("month,opening,earned,spent,expired,closing\n");
        foreach (var m in statement.Months)
            text.Append(CultureInfo.InvariantCulture, $"{m.Month:uuuu-MM},{m.Opening},{m.Earned},{m.Spent},{m.Expired},{m.Closing}\n");
        call.Http.Response.ContentType = "text/csv; charset=utf-8";
        await call.Http.Response.WriteAsync(text.ToString(), call.Aborted);
    }

    private static Task<TrafficAccount> AccountAsync(Call call) => Queries(call).StateAsync(call.Merchant, TrafficStreams.Account, call.Aborted);

    private static BookQueries Queries(Call call) => call.Http.RequestServices.GetRequiredService<BookQueries>();
}
