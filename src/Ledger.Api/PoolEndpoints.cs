using System.ComponentModel.DataAnnotations;
using Ledger.Coupons;
using Ledger.Merchants;
using Ledger.Pools;
using Ledger.Postgres;

namespace Ledger.Api;

/// <summary>Opens a funding pool in a book of its own, which is registered under the same id with POST /v1/merchants.</summary>
public sealed record OpenPoolBody([property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Id);

/// <summary>Sets money aside.</summary>
/// <param name="Reference">The transfer's number, in the platform's own words.</param>
public sealed record DepositBody(
    [property: Range(1, Limits.MaxBudget)] long Amount,
    [property: StringLength(Limits.MaxId, MinimumLength = 1)] string? Reference = null);

/// <summary>Grants a slice of the pool to a merchant's campaign, whose terms name platform among budgets.</summary>
public sealed record GrantBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Merchant,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Campaign,
    [property: Range(1, Limits.MaxBudget)] long Amount);

/// <summary>Funding pools: the platform's money, granted to merchants' campaigns in slices.</summary>
public static class PoolEndpoints
{
    public static void MapPools(this IEndpointRouteBuilder routes)
    {
        routes.MapCommand("/v1/pools", Access.Platform, OpenAsync).Takes<OpenPoolBody>().Answers<PoolView>(201);
        routes.MapQuery("/v1/pools/{id}", Access.Platform, ShowAsync).Answers<PoolView>();
        routes.MapCommand("/v1/pools/{id}/deposits", Access.Platform, DepositAsync).Takes<DepositBody>().Answers<PoolView>(201);
        routes.MapCommand("/v1/pools/{id}/slices", Access.Platform, GrantAsync).Takes<GrantBody>().Answers<SliceView>(201);
        routes.MapQuery("/v1/pools/{id}/slices", Access.Platform, ListAsync).Asks("limit", "cursor").Answers<Page<SliceView>>();
        routes.MapCommand("/v1/pools/{id}/slices/{slice}/carry", Access.Platform, CarryAsync).Answers<SliceView>();
        routes.MapCommand("/v1/pools/{id}/slices/{slice}/return", Access.Platform, ReturnAsync).Answers<SliceView>();
    }

    private static async Task OpenAsync(Call call)
    {
        if (await call.ReadAsync<OpenPoolBody>() is not var (body, raw)) return;
        await call.SubmitAsync(PoolOperations.Open(call.Request(raw) with { Book = body.Id }, body.Id), StatusCodes.Status201Created);
    }

    private static async Task ShowAsync(Call call)
    {
        if (await call.Http.RequestServices.GetRequiredService<BookQueries>().PoolAsync(call.Route("id"), call.Aborted) is { } pool) await call.JsonAsync(pool);
        else await Problems.WriteAsync(call.Http, new PoolUnknown(call.Route("id")));
    }

    private static async Task DepositAsync(Call call)
    {
        if (await call.ReadAsync<DepositBody>() is not var (body, raw)) return;
        if (await IdAsync(call) is not { } id) return;
        await call.SubmitAsync(PoolOperations.Deposit(call.Request(raw) with { Book = id }, id, new(body.Amount), body.Reference), StatusCodes.Status201Created);
    }

    private static async Task GrantAsync(Call call)
    {
        if (await call.ReadAsync<GrantBody>() is not var (body, raw)) return;
        if (await IdAsync(call) is not { } id) return;
        var request = call.Request(raw) with { Book = id };
        var slice = PoolOperations.SliceId(id, request.Key!);
        if (await RefusalAsync(call, id, body) is { } refusal)
        {
            await Problems.WriteAsync(call.Http, refusal);
            return;
        }

        // Half-way through, the same request under its key goes on where this one ended.
        var granted = await call.Http.RequestServices.GetRequiredService<Scribes>().SubmitAsync(
            PoolOperations.Grant(request, id, slice, body.Merchant, body.Campaign, new(body.Amount)), call.Aborted);
        if (granted is Outcome.Accepted(_, IsReplayed: true)) call.Http.Response.Headers["Idempotency-Replayed"] = "true";
        if (granted is Outcome.Rejected(var reason)) await Problems.WriteAsync(call.Http, reason);
        else await AnswerAsync(call, await Courier(call).CarryAsync(id, slice, call.Caller.Key.Id, call.Now, call.Aborted), StatusCodes.Status201Created);
    }

    /// <summary>What no time can mend, before any money moves: an entry would be the only trace of a merchant that does not exist.</summary>
    private static async Task<Rejection?> RefusalAsync(Call call, string id, GrantBody body)
    {
        var queries = call.Http.RequestServices.GetRequiredService<BookQueries>();
        var pool = await queries.StateAsync(id, PoolStreams.PoolOf(id), call.Aborted);
        var merchant = await queries.StateAsync(body.Merchant, MerchantStream.Stream, call.Aborted);
        return (pool, merchant) switch
        {
            ({ Currency: null }, _) => new PoolUnknown(id),
            (_, { IsRegistered: false }) => new MerchantUnknown(),
            ({ Currency: { } held }, { Currency: var paid }) when held != paid => new CurrencyDiffers(held, paid),
            _ when (await queries.StateAsync(body.Merchant, CampaignStreams.Of(body.Campaign), call.Aborted)).Status == CampaignStatus.None => new CampaignUnknown(body.Campaign),
            _ => null,
        };
    }

    private static async Task ListAsync(Call call)
    {
        var query = new Query(call, "limit", "cursor");
        var (limit, cursor) = (query.Limit, query.Cursor);
        if (await query.RefuseAsync() || await IdAsync(call) is not { } id) return;
        var slices = await call.Http.RequestServices.GetRequiredService<BookQueries>().SlicesAsync(id, cursor, limit, call.Aborted);
        await call.JsonAsync(Page<SliceView>.Of(slices, limit, slice => slice.Slice));
    }

    private static async Task CarryAsync(Call call)
    {
        if (await IdAsync(call) is not { } id) return;
        await AnswerAsync(call, await Courier(call).CarryAsync(id, call.Route("slice"), call.Caller.Key.Id, call.Now, call.Aborted));
    }

    private static async Task ReturnAsync(Call call)
    {
        if (await IdAsync(call) is not { } id) return;
        await AnswerAsync(call, await Courier(call).ReturnAsync(id, call.Route("slice"), call.Caller.Key.Id, call.Now, call.Aborted));
    }

    private static SliceCourier Courier(Call call) => call.Http.RequestServices.GetRequiredService<SliceCourier>();

    private static Task AnswerAsync(Call call, Outcome outcome, int status = StatusCodes.Status200OK) => outcome switch
    {
        Outcome.Accepted accepted => Answers.RawAsync(call.Http, status, accepted.Answer),
        Outcome.Rejected(var reason) => Problems.WriteAsync(call.Http, reason),
        _ => throw new System.Diagnostics.UnreachableException($"{outcome}"),
    };

    /// <summary>The pool's id in the route; null after a problem was answered.</summary>
    private static async Task<string?> IdAsync(Call call)
    {
        var id = call.Route("id");
        if (Headers.IsId(id)) return id;
        await Problems.WriteAsync(call.Http, new PoolUnknown(id));
        return null;
    }
}
