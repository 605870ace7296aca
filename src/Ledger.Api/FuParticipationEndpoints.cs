using System.ComponentModel.DataAnnotations;
using Ledger.FuCards;
using Ledger.Postgres;

namespace Ledger.Api;

/// <summary>A merchant takes part in another one's campaign.</summary>
/// <param name="CouponCampaign">Its own, whose coupon each of its cards carries.</param>
public sealed record FuParticipationBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Owner,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Campaign,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string CouponCampaign);

/// <summary>A merchant gives a user one of its own cards.</summary>
/// <param name="Source">A source of merchants.</param>
/// <param name="Ref">What it is for, as the merchant numbers it: a payment, a scan. Each brings one card, whoever sends it.</param>
public sealed record OwnDrawBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string User,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Source,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Ref);

/// <summary>What merchants do by themselves in a campaign of somebody else: agree that their coupons are given, and give their cards.</summary>
public static class FuParticipationEndpoints
{
    public static void MapFuParticipations(this IEndpointRouteBuilder routes)
    {
        routes.MapCommand("/v1/fu-participations", Access.Owner, AgreeAsync).Takes<FuParticipationBody>().Answers<FuParticipation>(201);
        routes.MapCommand("/v1/fu-participations/{owner}/{campaign}/draws", Access.Merchant, DrawAsync).Takes<OwnDrawBody>().Answers<FuDrawView>(201);
    }

    private static async Task AgreeAsync(Call call)
    {
        if (await call.ReadAsync<FuParticipationBody>() is not var (body, raw)) return;
        await call.SubmitAsync(FuOperations.Agree(call.Request(raw), body.Owner, body.Campaign, body.CouponCampaign), StatusCodes.Status201Created);
    }

    private static async Task DrawAsync(Call call)
    {
        if (await call.ReadAsync<OwnDrawBody>() is not var (body, raw)) return;
        var (owner, campaign) = (call.Route("owner"), call.Route("campaign"));
        if (await BookAsync(call, owner, campaign) is not { } first)
        {
            // Whether there is such a campaign is said to those whom its owner added.
            await Problems.WriteAsync(call.Http, new FuIssueUnknown(call.Merchant));
            return;
        }

        if (!await FuHandEndpoints.ClaimRefAsync(call, first, body.User, body.Source, body.Ref, call.Merchant)) return;
        var (book, seed) = (first.For(body.User), await FuCampaignEndpoints.SeedAsync(call, owner, campaign));
        var profile = await call.Http.RequestServices.GetRequiredService<Callers>().MerchantAsync(owner, call.Aborted);
        // No caller's key has a blank: in a book where many write, nobody takes another one's.
        var request = call.RequestUnder($"of {call.Merchant} {call.Http.Request.Headers["Idempotency-Key"]}", raw) with { Book = book.Id };
        await call.SubmitAsync(FuOperations.DrawOwn(
            request, book, body.User, seed, body.Source, body.Ref, call.Merchant, call.Now.InZone(profile.Zone()).Date), StatusCodes.Status201Created);
    }

    /// <summary>The campaign's first book where the caller issues cards of it; else null.</summary>
    private static async Task<FuBook?> BookAsync(Call call, string owner, string campaign)
    {
        if (!Headers.IsId(owner) || !Headers.IsId(campaign)) return null;
        var services = call.Http.RequestServices;
        if (await services.GetRequiredService<FuQueries>().BookAsync(owner, campaign, call.Aborted) is not { } book) return null;
        var issue = await services.GetRequiredService<BookQueries>().StateAsync(owner, FuStreams.IssueOf(campaign, call.Merchant), call.Aborted);
        return issue.Quota == 0 ? null : book;
    }
}
