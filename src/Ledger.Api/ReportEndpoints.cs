using Ledger.Postgres;
using NodaTime;

namespace Ledger.Api;

/// <summary>What merchants read: totals that follow the book within seconds, and the book itself.</summary>
public static class ReportEndpoints
{
    public static void MapReports(this IEndpointRouteBuilder routes)
    {
        routes.MapQuery("/v1/reports/merchant", Access.Merchant, MerchantAsync).Answers<MerchantTotals>();
        routes.MapQuery("/v1/reports/campaigns", Access.Merchant, CampaignsAsync).Asks("limit", "cursor").Answers<Page<CampaignTotals>>();
        routes.MapQuery("/v1/reports/days", Access.Merchant, DaysAsync).Asks("from", "to", "limit", "cursor").Answers<Page<StoreDay>>();
        routes.MapQuery("/v1/reports/surfaces", Access.Merchant, SurfacesAsync).Asks("limit", "cursor").Answers<Page<SurfaceTotals>>();
        routes.MapQuery("/v1/reports/fu-cards", Access.Merchant, FuCardsAsync).Asks("limit", "cursor").Answers<Page<FuTotals>>();
        routes.MapQuery("/v1/reports/payments", Access.Merchant, PaymentsAsync).Asks("from", "to", "limit", "cursor").Answers<Page<PaymentDay>>();
        routes.MapQuery("/v1/reports/sales", Access.Merchant, SalesAsync).Asks("limit", "cursor").Answers<Page<SaleTotals>>();
        routes.MapQuery("/v1/events", Access.Merchant, EventsAsync).Asks("after", "limit").Answers<Page<EntryView>>();
    }

    private static async Task MerchantAsync(Call call) => await call.JsonAsync(await Queries(call).MerchantTotalsAsync(call.Merchant, call.Now, call.Aborted));

    private static async Task CampaignsAsync(Call call)
    {
        var query = new Query(call, "limit", "cursor");
        var (limit, cursor) = (query.Limit, query.Cursor);
        if (await query.RefuseAsync()) return;
        var totals = await Queries(call).CampaignTotalsAsync(call.Merchant, cursor, limit, call.Aborted);
        await call.JsonAsync(Page<CampaignTotals>.Of(totals, limit, total => total.Campaign));
    }

    private static async Task SurfacesAsync(Call call)
    {
        var query = new Query(call, "limit", "cursor");
        var (limit, cursor) = (query.Limit, query.Cursor);
        var after = cursor.Length == 0 ? ["", "", "", ""] : cursor.Split('/');
        if (after.Length != 4) query.RefuseCursor();
        if (await query.RefuseAsync()) return;
        var totals = await call.Http.RequestServices.GetRequiredService<SurfaceQueries>().TotalsAsync(call.Merchant, after, limit, call.Aborted);
        await call.JsonAsync(Page<SurfaceTotals>.Of(totals, limit, row => $"{row.Campaign}/{row.Portal}/{row.Position}/{row.Owner}"));
    }

    private static async Task FuCardsAsync(Call call)
    {
        var query = new Query(call, "limit", "cursor");
        var (limit, cursor) = (query.Limit, query.Cursor);
        var after = cursor.Length == 0 ? ["", ""] : cursor.Split('/');
        if (after.Length != 2) query.RefuseCursor();
        if (await query.RefuseAsync()) return;
        var totals = await call.Http.RequestServices.GetRequiredService<FuQueries>().TotalsAsync(call.Merchant, after[0], after[1], limit, call.Aborted);
        await call.JsonAsync(Page<FuTotals>.Of(totals, limit, row => $"{row.Owner}/{row.Campaign}"));
    }

    private static async Task SalesAsync(Call call)
    {
        var query = new Query(call, "limit", "cursor");
        var (limit, cursor) = (query.Limit, query.Cursor);
        if (await query.RefuseAsync()) return;
        var totals = await Queries(call).SaleTotalsAsync(call.Merchant, cursor, limit, call.Aborted);
        await call.JsonAsync(Page<SaleTotals>.Of(totals, limit, total => total.Campaign));
    }

    private static async Task DaysAsync(Call call)
    {
        if (await SpanAsync(call) is not var (from, to, after, limit)) return;
        var days = await Queries(call).StoreDaysAsync(call.Merchant, from, to, after, limit, call.Aborted);
        await call.JsonAsync(Page<StoreDay>.Of(days, limit, row => $"{row.Day:uuuu-MM-dd} {row.Store}"));
    }

    private static async Task PaymentsAsync(Call call)
    {
        if (await SpanAsync(call) is not var (from, to, after, limit)) return;
        var days = await call.Http.RequestServices.GetRequiredService<PaymentQueries>().DaysAsync(call.Merchant, from, to, after, limit, call.Aborted);
        await call.JsonAsync(Page<PaymentDay>.Of(days, limit, row => $"{row.Day:uuuu-MM-dd} {row.Store}"));
    }

    /// <summary>The days asked for, and behind which day and store the page begins; null after faults were answered.</summary>
    private static async Task<(LocalDate From, LocalDate To, (LocalDate Day, string Store) After, int Limit)?> SpanAsync(Call call)
    {
        var query = new Query(call, "from", "to", "limit", "cursor");
        var (limit, cursor, from, to) = (query.Limit, query.Cursor, query.Date("from"), query.Date("to"));
        // A cursor is a day and a store, which may be empty: the first page begins before the empty store of its first day.
        var after = (Day: (from ?? Earliest).PlusDays(-1), Store: "\uFFFD");
        if (cursor.Length > 10 && RequestTimes.TryDate(cursor.AsSpan(0, 10), out var day)) after = (day, cursor[11..]);
        else if (cursor.Length > 0) query.RefuseCursor();
        return await query.RefuseAsync() ? null : (from ?? Earliest, to ?? new(2200, 1, 1), after, limit);
    }

    private static LocalDate Earliest => new(1900, 1, 1);

    private static async Task EventsAsync(Call call)
    {
        var query = new Query(call, "after", "limit");
        var (after, limit) = (query.Whole("after", 0, long.MaxValue) ?? 0, query.Limit);
        if (await query.RefuseAsync()) return;
        var entries = await Queries(call).EntriesAsync(call.Merchant, after, limit, call.Aborted);
        var next = entries.Count < limit ? null : entries[^1].Entry.ToString(System.Globalization.CultureInfo.InvariantCulture);
        await call.JsonAsync(new Page<EntryView>(entries, next));
    }

    private static BookQueries Queries(Call call) => call.Http.RequestServices.GetRequiredService<BookQueries>();
}
