using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Ledger.Offers;
using Ledger.Points;
using Ledger.Policies;
using Ledger.Postgres;
using Ledger.Providers;

namespace Ledger.Api;

/// <summary>Sets a rule: which payments bring a coupon of the campaign.</summary>
/// <param name="Id">A rule of the same id is replaced.</param>
/// <param name="MinimumAmount">Of the payment, in minor units.</param>
/// <param name="Portals">Where the payment began; absent: anywhere.</param>
/// <param name="PerMember">Coupons of this rule that one member gets, ever; absent: no limit but the campaign's.</param>
public sealed record OfferRuleBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Id,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Campaign,
    [property: Range(0, Limits.MaxAmount)] long MinimumAmount = 0,
    [property: Length(1, 7)] IReadOnlyList<Portal>? Portals = null,
    [property: Range(1, 1_000)] int? PerMember = null);

/// <summary>What follows from what: offers after payments, chains of causes, and how the policies stand.</summary>
public static class PolicyEndpoints
{
    /// <summary>Milliseconds that the page of a successful payment may wait for its offers.</summary>
    private const int LongestWait = 2_000;

    private const int Look = 15;

    public static void MapPolicies(this IEndpointRouteBuilder routes)
    {
        routes.MapCommand("/v1/offer-rules", Access.Merchant, SetRuleAsync).Takes<OfferRuleBody>().Answers<OfferRules>(201);
        routes.MapCommand("/v1/offer-rules/{id}/end", Access.Merchant, EndRuleAsync).Answers<OfferRules>();
        routes.MapQuery("/v1/offer-rules", Access.Merchant, RulesAsync).Answers<OfferRules>();
        routes.MapCommand("/v1/payment-earning", Access.Merchant, SetEarningAsync).Takes<PaymentEarningBody>().Answers<PaymentEarning>(201);
        routes.MapCommand("/v1/payment-earning/end", Access.Merchant, EndEarningAsync).Answers<PaymentEarning>();
        routes.MapQuery("/v1/payment-earning", Access.Merchant, EarningAsync).Answers<PaymentEarning>();
        routes.MapQuery("/v1/payments/{trade}/offers", Access.Till, OffersAsync).Asks("wait").Answers<PaymentOffersView>();
        routes.MapQuery("/v1/chains/{correlation}", Access.Merchant, ChainAsync).Asks("after", "limit").Answers<Page<ChainEntry>>();
        routes.MapQuery("/v1/merchants", Access.Provider, MerchantsAsync).Asks("provider", "limit", "cursor").Answers<Page<ClientView>>();
        routes.MapQuery("/v1/policies", Access.Platform, StatusAsync).Answers<IReadOnlyList<PolicyStatus>>();
        routes.MapQuery("/v1/policy-outcomes", Access.Merchant, OutcomesAsync).Asks("limit", "cursor").Answers<Page<PolicyOutcome>>();
    }

    private static async Task SetRuleAsync(Call call)
    {
        if (await call.ReadAsync<OfferRuleBody>() is not var (body, raw)) return;
        var rule = new OfferRule(body.Id, body.Campaign, new(body.MinimumAmount), body.Portals is null ? null : [.. body.Portals.Distinct().Order()], body.PerMember);
        await call.SubmitAsync(PaymentOffersPolicy.SetRule(call.Request(raw), rule), StatusCodes.Status201Created);
    }

    private static Task EndRuleAsync(Call call) =>
        call.SubmitAsync(OfferRulesStream.Operation(call.Request([]), new OfferRulesCommand.EndOfferRule(call.Route("id"), call.Now)));

    private static async Task RulesAsync(Call call) =>
        await call.JsonAsync(await call.Http.RequestServices.GetRequiredService<BookQueries>().StateAsync(call.Merchant, OfferRulesStream.Stream, call.Aborted));

    private static async Task SetEarningAsync(Call call)
    {
        if (await call.ReadAsync<PaymentEarningBody>() is not var (body, raw)) return;
        await call.SubmitAsync(PaymentPointsPolicy.SetEarning(call.Request(raw), body.Program, body.Funder, new(body.MinimumAmount)), StatusCodes.Status201Created);
    }

    private static Task EndEarningAsync(Call call) => call.SubmitAsync(PaymentEarningStream.Operation(call.Request([]), new PaymentEarningCommand.EndPaymentEarning(call.Now)));

    private static async Task EarningAsync(Call call) =>
        await call.JsonAsync(await call.Http.RequestServices.GetRequiredService<BookQueries>().StateAsync(call.Merchant, PaymentEarningStream.Stream, call.Aborted));

    private static async Task OffersAsync(Call call)
    {
        var query = new Query(call, "wait");
        var wait = query.Number("wait", 0, 0, LongestWait);
        if (await query.RefuseAsync() || await PaymentEndpoints.FindAsync(call) is not var (trade, _)) return;
        var until = Environment.TickCount64 + wait;
        var offers = await Queries(call).OffersAsync(call.Merchant, trade, call.Aborted);
        while (offers.Status == "pending" && Environment.TickCount64 < until)
        {
            await Task.Delay(Look, call.Aborted);
            offers = await Queries(call).OffersAsync(call.Merchant, trade, call.Aborted);
        }

        await call.JsonAsync(offers);
    }

    private static async Task ChainAsync(Call call)
    {
        var query = new Query(call, "after", "limit");
        var (after, limit) = (query.Whole("after", 0, long.MaxValue) ?? 0, query.Limit);
        if (await query.RefuseAsync()) return;
        var entries = await Queries(call).ChainAsync(call.Merchant, call.RouteKey(), after, limit, call.Aborted);
        await call.JsonAsync(new Page<ChainEntry>(entries, entries.Count < limit ? null : entries[^1].Entry.Entry.ToString(CultureInfo.InvariantCulture)));
    }

    /// <summary>A provider's own merchants; the platform names the provider.</summary>
    private static async Task MerchantsAsync(Call call)
    {
        var query = new Query(call, "provider", "limit", "cursor");
        var (named, limit, cursor) = (query.Id("provider"), query.Limit, query.Cursor);
        var provider = call.Caller.Key.Provider ?? named;
        if (provider is null) query.Refuse("provider", "Name the provider whose merchants are asked for.");
        if (await query.RefuseAsync()) return;
        if (named is not null && named != provider)
        {
            await Problems.WriteAsync(call.Http, Problems.NotPermitted, JsonFacts.Of(new { needs = "a key of the provider that the address names" }));
            return;
        }

        var clients = await Queries(call).ClientsAsync(provider!, cursor, limit, call.Aborted);
        await call.JsonAsync(Page<ClientView>.Of(clients, limit, client => client.Merchant));
    }

    private static async Task StatusAsync(Call call) => await call.JsonAsync(await Queries(call).StatusAsync(call.Now, call.Aborted));

    private static async Task OutcomesAsync(Call call)
    {
        var query = new Query(call, "limit", "cursor");
        var (limit, cursor, after) = (query.Limit, query.Cursor, (Entry: 0L, Policy: ""));
        if (cursor.Split(' ', 2) is [var number, var policy] && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var entry)) after = (entry, policy);
        else if (cursor.Length > 0) query.RefuseCursor();
        if (await query.RefuseAsync()) return;
        var outcomes = await Queries(call).OutcomesAsync(call.Merchant, after, limit, call.Aborted);
        await call.JsonAsync(Page<PolicyOutcome>.Of(outcomes, limit, outcome => FormattableString.Invariant($"{outcome.Entry} {outcome.Policy}")));
    }

    private static PolicyQueries Queries(Call call) => call.Http.RequestServices.GetRequiredService<PolicyQueries>();
}
