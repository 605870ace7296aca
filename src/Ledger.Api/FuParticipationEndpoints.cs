using System.ComponentModel.DataAnnotations;
using Ledger.FuCards;
using Ledger.Postgres;
using NodaTime;

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

/// <summary>The caller's own issue of cards in a campaign of somebody else.</summary>
/// <param name="Quota">Cards in all.</param>
/// <param name="PerDay">Cards of a day of the owner's zone; absent: no cap.</param>
/// <param name="Drawn">Cards that users drew.</param>
/// <param name="Left">Cards that may still be drawn: the last ones may lie in a shard that nobody draws from.</param>
/// <param name="LeftToday">The same of the day's cap; absent: no cap.</param>
/// <param name="CouponCampaign">Whose coupon each card carries, as the caller agreed; absent: it has not, and they carry none.</param>
public sealed record FuOwnIssueView(
    string Owner, string Campaign, long Quota, long? PerDay, long Drawn, long DrawnToday, long Left, long? LeftToday, string? CouponCampaign);

/// <summary>What merchants do by themselves in a campaign of somebody else: agree that their coupons are given, give their cards, and read what is left of them.</summary>
public static class FuParticipationEndpoints
{
    public static void MapFuParticipations(this IEndpointRouteBuilder routes)
    {
        routes.MapCommand("/v1/fu-participations", Access.Owner, AgreeAsync).Takes<FuParticipationBody>().Answers<FuParticipation>(201);
        routes.MapCommand("/v1/fu-participations/{owner}/{campaign}/draws", Access.Merchant, DrawAsync).Takes<OwnDrawBody>().Answers<FuDrawView>(201);
        routes.MapQuery("/v1/fu-participations/{owner}/{campaign}", Access.Merchant, ShowAsync).Answers<FuOwnIssueView>();
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
        if (await IssueAsync(call, owner, campaign) is not var (first, _)) return;
        var (book, seed) = (first.For(body.User), await FuCampaignEndpoints.SeedAsync(call, owner, campaign));
        // No caller's key has a blank: in a book where many write, nobody takes another one's.
        var request = call.RequestUnder($"of {call.Merchant} {call.Http.Request.Headers["Idempotency-Key"]}", raw) with { Book = book.Id };
        await call.SubmitAsync(FuOperations.DrawOwn(
            request, book, body.User, seed, body.Source, body.Ref, call.Merchant, await DateAsync(call, owner)), StatusCodes.Status201Created);
    }

    private static async Task ShowAsync(Call call)
    {
        var (owner, campaign) = (call.Route("owner"), call.Route("campaign"));
        if (await IssueAsync(call, owner, campaign) is not var (first, issue)) return;
        var services = call.Http.RequestServices;
        var (all, ofToday) = (FuTallies.OfMerchant(campaign, call.Merchant), FuTallies.OfMerchant(campaign, call.Merchant, await DateAsync(call, owner)));
        var sums = await services.GetRequiredService<FuQueries>().TalliesAsync(FuQueries.BooksOf(first), [all, ofToday], call.Aborted);
        var (drawn, today) = (sums.Where(row => row.Key == all).Sum(row => row.Value), sums.Where(row => row.Key == ofToday).Sum(row => row.Value));
        var agreed = await services.GetRequiredService<BookQueries>().StateAsync(call.Merchant, FuStreams.ParticipationOf(owner, campaign), call.Aborted);
        var left = issue.Quota - drawn;
        await call.JsonAsync(new FuOwnIssueView(
            owner, campaign, issue.Quota, issue.PerDay, drawn, today, left, issue.PerDay is { } cap ? Math.Min(left, cap - today) : null, agreed.CouponCampaign));
    }

    /// <summary>The day in the owner's zone: by it are cards counted, whoever gives them.</summary>
    private static async Task<LocalDate> DateAsync(Call call, string owner) =>
        call.Now.InZone((await call.Http.RequestServices.GetRequiredService<Callers>().MerchantAsync(owner, call.Aborted)).Zone()).Date;

    /// <summary>The campaign's first book and the caller's issue of its cards; null after a problem was answered. Whether there is such a campaign is said to those whom its owner added.</summary>
    private static async Task<(FuBook First, FuIssue Issue)?> IssueAsync(Call call, string owner, string campaign)
    {
        var services = call.Http.RequestServices;
        if (Headers.IsId(owner) && Headers.IsId(campaign)
            && await services.GetRequiredService<FuQueries>().BookAsync(owner, campaign, call.Aborted) is { } book
            && await services.GetRequiredService<BookQueries>().StateAsync(owner, FuStreams.IssueOf(campaign, call.Merchant), call.Aborted) is { Quota: > 0 } issue)
        {
            return (book, issue);
        }

        await Problems.WriteAsync(call.Http, new FuIssueUnknown(call.Merchant));
        return null;
    }
}
