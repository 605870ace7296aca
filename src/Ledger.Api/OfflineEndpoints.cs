using System.Text.Json;
using Ledger.Api.Pictures;
using Ledger.Coupons;
using Ledger.Coupons.Codes;
using Ledger.Coupons.Offline;
using Ledger.Postgres;

namespace Ledger.Api;

/// <summary>
/// Tills without the service: what they are told before (keys, limits, revocations), the tokens that members show them, and the records that
/// they forward after.
/// </summary>
public static class OfflineEndpoints
{
    /// <summary>Records of one batch under way at once: they share the scribe's transactions and leave its queue to others.</summary>
    private const int Window = 64;

    private const int MaxTries = 100;

    private const int MaxPasses = 16;

    private static readonly string s_unknown = new CodeNotFound().Slug;

    public static void MapOffline(this IEndpointRouteBuilder routes)
    {
        routes.MapQuery("/v1/offline/keys", Access.Till, KeysAsync).Answers<object>();
        routes.MapCommand("/v1/offline/keys/rotate", Access.Merchant, RotateAsync).Answers<OfflineSettingsView>();
        routes.MapQuery("/v1/offline/limits", Access.Till, LimitsAsync).Answers<TillLimits>();
        routes.MapCommand("/v1/offline/limits", Access.Merchant, ChangeLimitsAsync).Takes<OfflineLimitsBody>().Answers<OfflineSettingsView>();
        routes.MapQuery("/v1/offline/till", Access.Till, TillAsync).Answers<OfflineKitView>();
        routes.MapQuery("/v1/offline/revocations", Access.Till, RevocationsAsync).Produces<byte[]>(StatusCodes.Status200OK, "application/octet-stream");
        routes.MapQuery("/v1/coupons/{code}/offline-token", Access.Merchant, TokenAsync).Asks("hint").Answers<OfflineTokenView>();
        routes.MapQuery("/v1/coupons/{code}/offline-token/picture", Access.Merchant, PictureAsync).Asks("hint").Produces<string>(StatusCodes.Status200OK, "image/svg+xml");
        routes.MapCommand("/v1/offline-batches", Access.Till, ForwardAsync).Takes<OfflineBatchBody>(isOptional: true).Answers<OfflineBatchView>();
        routes.MapQuery("/v1/reports/offline", Access.Merchant, ReportAsync).Asks("limit", "cursor").Answers<OfflineReport>();
    }

    private static async Task KeysAsync(Call call)
    {
        if (await Signer(call).SettingsAsync(call) is not { } settings) return;
        await Answers.RawAsync(call.Http, StatusCodes.Status200OK, System.Text.Encoding.UTF8.GetBytes(settings.Ring().ToJwks()));
    }

    private static async Task RotateAsync(Call call)
    {
        if (await Signer(call).SettingsAsync(call) is not { } settings) return;
        await call.SubmitAsync(await Signer(call).AddKeyAsync(call, call.Request([]), settings));
    }

    private static async Task LimitsAsync(Call call) =>
        await call.JsonAsync((await Books(call).StateAsync(call.Merchant, OfflineSettingsStream.Stream, call.Aborted)).Limits);

    private static async Task ChangeLimitsAsync(Call call)
    {
        if (await call.ReadAsync<OfflineLimitsBody>() is not var (body, raw)) return;
        await call.SubmitAsync(OfflineSettingsStream.ChangeLimits(call.Request(raw), new(new(body.MaxDiscount), body.MaxCount, new(body.MaxSum))));
    }

    private static async Task TillAsync(Call call)
    {
        if (await PlaceAsync(call) is not var (store, till) || await Signer(call).SettingsAsync(call) is not { } settings) return;
        var name = OfflineTillStream.NameOf(store, till);
        var state = await Books(call).StateAsync(call.Merchant, OfflineTillStream.Of(name), call.Aborted);
        var keys = settings.Ring().ToJwks();
        var scopes = await Queries(call).ScopesAsync(call.Merchant, store, call.Aborted);
        await call.JsonAsync(new OfflineKitView(OfflineTillView.Of(name, state), JsonSerializer.Deserialize<JsonElement>(keys), scopes, (long)TillLimits.MaxAge.TotalSeconds));
    }

    private static async Task RevocationsAsync(Call call)
    {
        var http = call.Http;
        if (await http.RequestServices.GetRequiredService<OfflineFilters>().OfAsync(call.Merchant, call.Now, call.Aborted) is not var (bytes, tag))
        {
            await Problems.WriteAsync(http, new TooManyRevocations(RevocationFilter.MaxCodes));
            return;
        }

        http.Response.Headers.ETag = tag;
        http.Response.Headers.CacheControl = "private, no-cache";
        if (http.Request.Headers.IfNoneMatch.ToString() == tag)
        {
            http.Response.StatusCode = StatusCodes.Status304NotModified;
            http.Response.ContentLength = null;
            await http.Response.CompleteAsync();
            return;
        }

        http.Response.ContentType = "application/octet-stream";
        http.Response.ContentLength = bytes.Length;
        await http.Response.BodyWriter.WriteAsync(bytes, call.Aborted);
    }

    private static async Task TokenAsync(Call call)
    {
        if (await SignAsync(call) is { } token) await call.JsonAsync(OfflineTokenView.Of(token));
    }

    private static async Task PictureAsync(Call call)
    {
        if (await SignAsync(call) is not { } token) return;
        var svg = System.Text.Encoding.UTF8.GetBytes(CodePicture.Qr(token.Text, token.Claims.Code.Value).ToSvg());
        call.Http.Response.ContentType = "image/svg+xml";
        call.Http.Response.ContentLength = svg.Length;
        await call.Http.Response.BodyWriter.WriteAsync(svg, call.Aborted);
    }

    /// <summary>The coupon's token, signed now; null after a problem was answered.</summary>
    private static async Task<OfflineToken?> SignAsync(Call call)
    {
        var (query, faults) = (new Query(call, "hint"), new Faults());
        var hint = query.Text("hint") ?? "";
        if (System.Text.Encoding.UTF8.GetByteCount(hint) > OfflineToken.MaxHintBytes || hint.Any(char.IsControl) || hint.Contains('\uFFFD', StringComparison.Ordinal))
            faults.Add("/hint", $"Pass at most {OfflineToken.MaxHintBytes} bytes of UTF-8, such as the last digits of a phone number.");
        if (await query.RefuseAsync() || await call.RefuseAsync(faults) || await Codes.ReadAsync(call, call.Route("code")) is not { Code: var text }) return null;
        var coupon = await Books(call).StateAsync(call.Merchant, CouponStream.Of(text), call.Aborted);
        var terms = (await Books(call).StateAsync(call.Merchant, CampaignStreams.TermsOf(coupon.Campaign, coupon.TermsVersion), call.Aborted)).Terms;
        if (terms is not null && await CouponEndpoints.MembershipAsync(call, coupon.Member) is { } stopped)
        {
            await Problems.WriteAsync(call.Http, stopped);
            return null;
        }

        var isOurs = CouponCode.Check(text, out var code) == CouponCodeFault.None;
        switch (terms is null ? CodeText.Unknown(text) : !isOurs ? new OfflineNotAllowed() : OfflinePromise.Of(code, coupon, terms, hint, call.Now))
        {
            case Checked<OfflineClaims>.Passed(var claims):
                if (await Signer(call).SettingsAsync(call) is not { } settings) return null;
                return OfflineToken.Sign(claims, await Signer(call).KeyAsync(call, settings.Keys[^1].Number));
            case Checked<OfflineClaims>.Refused(var reason):
                await Problems.WriteAsync(call.Http, reason);
                return null;
            case var other:
                throw new System.Diagnostics.UnreachableException($"{other}");
        }
    }

    private static async Task ForwardAsync(Call call)
    {
        if (await PlaceAsync(call) is not var (store, till)) return;
        if (await call.ReadAsync<OfflineBatchBody>(isOptional: true, Limits.MaxOfflineBody) is not var (body, raw)) return;
        if (body.Records is { Count: > 0 } && await call.Http.RequestServices.GetRequiredService<Throttle>().RefuseLookUpAsync(call)) return;
        var (scribes, records, request) = (call.Http.RequestServices.GetRequiredService<Scribes>(), body.Records ?? [], call.Request(raw));
        if (await scribes.SubmitAsync(OfflineOperations.Open(request, records.Count), call.Aborted) is Outcome.Rejected(var used))
        {
            await Problems.WriteAsync(call.Http, used);
            return;
        }

        var settings = records.Any(record => record.Token is not null) ? await Signer(call).SettingsAsync(call) : OfflineSettings.None;
        if (settings is null) return;
        var ring = settings.Ring();
        // Read beforehand what the records will need: those that had to ask for more would be overtaken by those behind them.
        var codes = records.Select(record => Forward(record, store, till, ring).Code).Distinct(StringComparer.Ordinal).ToList();
        var known = await call.Http.RequestServices.GetRequiredService<CouponReads>().StatesAsync(call.Merchant, codes, call.Aborted);
        var outcomes = await TakeAsync(call, scribes, records, record => OfflineOperations.Take(request, Forward(record, store, till, ring), known));
        var breach = outcomes.OfType<Outcome.Rejected>().FirstOrDefault()?.Reason;
        switch (await scribes.SubmitAsync(OfflineOperations.Sync(request, OfflineTillStream.NameOf(store, till), body.Newest, breach), call.Aborted))
        {
            case Outcome.Accepted(var answer, var isReplayed):
                if (isReplayed) call.Http.Response.Headers["Idempotency-Replayed"] = "true";
                await call.JsonAsync(new OfflineBatchView(
                    [.. records.Select((record, i) => ViewOf(call, record.Sequence, outcomes[i]))], JsonSerializer.Deserialize<JsonElement>(answer.Span)));
                break;
            case Outcome.Rejected(var reason):
                await Problems.WriteAsync(call.Http, reason);
                break;
        }
    }

    /// <summary>
    /// A record that waits for its coupon's terms or budgets is overtaken by those behind it whose terms are known, and these look like a gap: they are
    /// handed in again as long as that helps.
    /// </summary>
    private static async Task<Outcome[]> TakeAsync(Call call, Scribes scribes, IReadOnlyList<OfflineRecordBody> records, Func<OfflineRecordBody, Operation> operation)
    {
        var outcomes = await PassAsync(call, scribes, records, operation);
        for (var pass = 1; pass < MaxPasses; pass++)
        {
            var gap = Array.FindIndex(outcomes, outcome => outcome is Outcome.Rejected(DeviceSequenceGap));
            if (gap <= 0 || outcomes[gap - 1] is not Outcome.Accepted) break;
            var again = await PassAsync(call, scribes, [.. records.Skip(gap)], operation);
            if (again[0] is not Outcome.Accepted) break;
            for (var i = gap; i < outcomes.Length; i++)
            {
                if (outcomes[i] is not Outcome.Accepted) outcomes[i] = again[i - gap];
            }
        }

        return outcomes;
    }

    /// <summary>
    /// Hands the records in one behind the other, some ahead of their outcomes. Should one have none (the database is away), the whole batch
    /// has none: the till sends it again, and what was taken answers as before.
    /// </summary>
    private static async Task<Outcome[]> PassAsync(Call call, Scribes scribes, IReadOnlyList<OfflineRecordBody> records, Func<OfflineRecordBody, Operation> operation)
    {
        var waiting = new Task<Outcome>[records.Count];
        for (var i = 0; i < waiting.Length; i++)
        {
            if (i >= Window) await waiting[i - Window];
            waiting[i] = await EnqueueAsync(call, scribes, operation(records[i]));
        }

        return await Task.WhenAll(waiting);
    }

    /// <summary>Forwarding gives way to tills that wait: it asks again for a place in the queue instead of failing.</summary>
    private static async Task<Task<Outcome>> EnqueueAsync(Call call, Scribes scribes, Operation operation)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return scribes.SubmitAsync(operation, call.Aborted);
            }
            catch (LedgerOverloadedException) when (attempt < MaxTries)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), call.Aborted);
            }
        }
    }

    private static Forwarded Forward(OfflineRecordBody record, string store, string till, OfflineKeyRing ring)
    {
        var code = CouponCode.Check(record.Code, out var known) == CouponCodeFault.None ? known.Value : record.Code;
        return new(record.Record(), store, till, code, record.Token is { } token ? OfflineToken.Read(token, ring) : null);
    }

    private static OfflineRecordView ViewOf(Call call, long sequence, Outcome outcome) => outcome switch
    {
        Outcome.Accepted(var answer, var isReplayed) => new(sequence, isReplayed, Counted(call, JsonSerializer.Deserialize<OfflineResult>(answer.Span, LedgerJson.Outcomes)!), null),
        Outcome.Rejected(var reason) => new(sequence, false, null, Problems.ObjectOf(call.Http, reason)),
        _ => throw new System.Diagnostics.UnreachableException($"{outcome}"),
    };

    /// <summary>A record of a code that no coupon has is taken, and is a guess all the same.</summary>
    private static OfflineResult Counted(Call call, OfflineResult result)
    {
        if (result.Reason == s_unknown) Throttle.Note(call.Http);
        return result;
    }

    private static async Task ReportAsync(Call call)
    {
        var query = new Query(call, "limit", "cursor");
        var (limit, cursor) = (query.Limit, query.Cursor);
        if (await query.RefuseAsync()) return;
        var tills = await Queries(call).TillsAsync(call.Merchant, cursor, limit, call.Aborted);
        var page = Page<OfflineTillView>.Of(tills, limit, till => till.Till);
        await call.JsonAsync(new OfflineReport(await Queries(call).LossesAsync(call.Merchant, call.Aborted), page.Data, page.NextCursor));
    }

    /// <summary>The till that calls; null after a problem was answered.</summary>
    private static async Task<(string Store, string Till)?> PlaceAsync(Call call)
    {
        if (call.Caller.Key is { Scope: ApiKeyScope.Till, Store: { } store, Till: { } till }) return (store, till);
        await Problems.WriteAsync(call.Http, Problems.NotPermitted, JsonFacts.Of(new { needs = "the till's own key" }));
        return null;
    }

    private static OfflineSigner Signer(Call call) => call.Http.RequestServices.GetRequiredService<OfflineSigner>();

    private static OfflineQueries Queries(Call call) => call.Http.RequestServices.GetRequiredService<OfflineQueries>();

    private static BookQueries Books(Call call) => call.Http.RequestServices.GetRequiredService<BookQueries>();
}
