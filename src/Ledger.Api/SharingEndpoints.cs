using System.ComponentModel.DataAnnotations;
using Ledger.Coupons.Sharing;
using Ledger.Postgres;

namespace Ledger.Api;

/// <summary>Who may share.</summary>
/// <param name="Id">Of a member, or of an API key.</param>
public sealed record SharerBody(
    SharerKind Kind, [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Id);

/// <summary>Sets the merchant's rules for sharing, in the place of those before.</summary>
/// <param name="Sharers">Who may share; absent: everyone.</param>
/// <param name="Campaigns">What may be shared; absent: every campaign.</param>
/// <param name="PerHour">Shares of one member or key in one hour of the clock (UTC); absent: no limit.</param>
public sealed record SharingRulesBody(
    [property: MaxLength(Limits.MaxSharers)] IReadOnlyList<SharerBody>? Sharers = null,
    [property: MaxLength(Limits.MaxSharedCampaigns)] IReadOnlyList<string>? Campaigns = null,
    [property: Range(1, Limits.MaxSharesPerHour)] int? PerHour = null);

/// <summary>Books that a campaign was shared.</summary>
/// <param name="Share">The share's own number: it is booked once under it.</param>
/// <param name="Member">Who shares; absent: the key that asks.</param>
/// <param name="Surface">Where.</param>
public sealed record ShareBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Share,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Campaign,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string? Member = null,
    SurfaceBody? Surface = null);

/// <summary>Sharing: the merchant's rules, and shares as they happen. Gifts offered through friends count as shares too.</summary>
public static class SharingEndpoints
{
    public static void MapSharing(this IEndpointRouteBuilder routes)
    {
        routes.MapCommand("/v1/sharing-rules", Access.Merchant, SetAsync).Takes<SharingRulesBody>().Answers<SharingRules>(201);
        routes.MapQuery("/v1/sharing-rules", Access.Till, RulesAsync).Answers<SharingRules>();
        routes.MapCommand("/v1/shares", Access.Till, ShareAsync).Takes<ShareBody>().Answers<ShareView>(201);
        routes.MapQuery("/v1/shares/{share}", Access.Till, ShowAsync).Answers<ShareView>();
    }

    private static async Task SetAsync(Call call)
    {
        if (await call.ReadAsync<SharingRulesBody>() is not var (body, raw)) return;
        var faults = new Faults();
        if (body.Campaigns?.Any(campaign => !Headers.IsId(campaign)) == true) faults.Add("/campaigns", "Name each campaign by 1 to 64 letters, digits and _ . @ -");
        if (await call.RefuseAsync(faults)) return;
        var rules = new SharingRules(
            0, body.Sharers is null ? null : [.. body.Sharers.Select(sharer => new Sharer(sharer.Kind, sharer.Id)).Distinct()],
            body.Campaigns is null ? null : [.. body.Campaigns.Distinct(StringComparer.Ordinal)], body.PerHour);
        await call.SubmitAsync(SharingRulesStream.Set(call.Request(raw), rules), StatusCodes.Status201Created);
    }

    private static async Task RulesAsync(Call call) =>
        await call.JsonAsync(await Queries(call).StateAsync(call.Merchant, SharingRulesStream.Stream, call.Aborted));

    private static async Task ShareAsync(Call call)
    {
        if (await call.ReadAsync<ShareBody>() is not var (body, raw)) return;
        var faults = new Faults();
        if (SurfaceBody.Contradicts(body.Surface, faults) && await call.RefuseAsync(faults)) return;
        var request = call.Request(raw);
        var sharer = body.Member is { } member ? new Sharer(SharerKind.Member, member) : new(SharerKind.Key, request.Actor);
        await call.SubmitAsync(ShareStream.Book(request, body.Share, body.Campaign, sharer, body.Surface?.Read()), StatusCodes.Status201Created);
    }

    private static async Task ShowAsync(Call call)
    {
        var number = call.Route("share");
        var share = Headers.IsId(number) ? await Queries(call).StateAsync(call.Merchant, ShareStream.Of(number), call.Aborted) : Share.None;
        if (share.Campaign.Length > 0) await call.JsonAsync(ShareView.Of(number, share));
        else await Problems.WriteAsync(call.Http, new ShareUnknown(number));
    }

    private static BookQueries Queries(Call call) => call.Http.RequestServices.GetRequiredService<BookQueries>();
}
