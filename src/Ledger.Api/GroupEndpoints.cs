using System.ComponentModel.DataAnnotations;
using Ledger.Coupons.Groups;
using Ledger.Policies;
using Ledger.Postgres;

namespace Ledger.Api;

/// <summary>Opens a group by the payment of its first member, which was made.</summary>
/// <param name="Price">Of one coupon, in minor units; at most what the campaign sells it for.</param>
/// <param name="Needed">How many members must have joined for it to form.</param>
/// <param name="Most">How many may join in all; absent: as many as needed.</param>
/// <param name="Seconds">How long it may take; never longer than the campaign sells.</param>
/// <param name="Paid">The price, in minor units.</param>
public sealed record OpenGroupBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Campaign,
    [property: Range(1, Limits.MaxAmount)] long Price,
    [property: Range(2, Limits.MaxGroup)] int Needed,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Member,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Trade,
    [property: Range(1, Limits.MaxAmount)] long Paid,
    [property: Range(2, Limits.MaxGroup)] int? Most = null,
    [property: Range(1, Limits.MaxGroupSeconds)] int Seconds = Limits.GroupSeconds,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string? Channel = null);

/// <summary>Takes a place in a group by a payment that was made.</summary>
/// <param name="Paid">The group's price, in minor units.</param>
public sealed record JoinGroupBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Member,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Trade,
    [property: Range(1, Limits.MaxAmount)] long Paid,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string? Channel = null);

/// <summary>Gives a place up.</summary>
/// <param name="Trade">The trade number of the payment that goes back.</param>
public sealed record LeaveGroupBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Trade,
    [property: StringLength(Limits.MaxReason, MinimumLength = 1)] string? Reason = null);

public sealed record CancelGroupBody([property: StringLength(Limits.MaxReason, MinimumLength = 1)] string? Reason = null);

/// <summary>What became of the refund of a place. One that failed stays open, and may be answered again.</summary>
/// <param name="Reference">The provider's own number of this try.</param>
public sealed record PlaceRefundAnswerBody(
    RefundOutcome Outcome,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Reference,
    [property: StringLength(Limits.MaxReason, MinimumLength = 1)] string? Reason = null);

/// <summary>Groups that buy sold coupons together: joined by a payment each, then formed, or dissolved and paid back.</summary>
public static class GroupEndpoints
{
    public static void MapGroups(this IEndpointRouteBuilder routes)
    {
        routes.MapCommand("/v1/groups", Access.Merchant, OpenAsync).Takes<OpenGroupBody>().Answers<GroupView>(201);
        routes.MapQuery("/v1/groups/{id}", Access.Merchant, ShowAsync).Answers<GroupView>();
        routes.MapCommand("/v1/groups/{id}/join", Access.Merchant, JoinAsync).Takes<JoinGroupBody>().Answers<GroupView>(201);
        routes.MapCommand("/v1/groups/{id}/leave", Access.Merchant, LeaveAsync).Takes<LeaveGroupBody>().Answers<GroupView>();
        routes.MapCommand("/v1/groups/{id}/cancel", Access.Merchant, CancelAsync).Takes<CancelGroupBody>(isOptional: true).Answers<GroupView>();
        routes.MapCommand("/v1/groups/{id}/refunds/{number}/settle", Access.Merchant, SettleAsync).Takes<PlaceRefundAnswerBody>().Answers<GroupView>();
    }

    private static async Task OpenAsync(Call call)
    {
        if (await call.ReadAsync<OpenGroupBody>() is not var (body, raw)) return;
        var (most, faults) = (body.Most ?? body.Needed, new Faults());
        if (most < body.Needed) faults.Add("/most", "Send a number that is not below needed.");
        if (await call.RefuseAsync(faults)) return;
        var operation = GroupOperations.Open(
            call.Request(raw), body.Campaign, new(body.Trade, body.Member, new(body.Paid), body.Channel), new(body.Price), body.Needed, most, body.Seconds, FreshCodesOfAll(),
            call.Caller.DateOf(call.Now));
        await call.SubmitAsync(MembershipPolicy.ToMember(operation, body.Member, call.Caller.Profile.RequiresMembership), StatusCodes.Status201Created);
    }

    private static async Task ShowAsync(Call call)
    {
        var group = await call.Http.RequestServices.GetRequiredService<BookQueries>().GroupAsync(call.Merchant, call.Route("id"), call.Now, call.Aborted);
        if (group is null) await Problems.WriteAsync(call.Http, new GroupUnknown(call.Route("id")));
        else await call.JsonAsync(group);
    }

    private static async Task JoinAsync(Call call)
    {
        if (await call.ReadAsync<JoinGroupBody>() is not var (body, raw)) return;
        var operation = GroupOperations.Join(
            call.Request(raw), call.Route("id"), new(body.Trade, body.Member, new(body.Paid), body.Channel), FreshCodesOfAll(), call.Caller.DateOf(call.Now));
        await call.SubmitAsync(MembershipPolicy.ToMember(operation, body.Member, call.Caller.Profile.RequiresMembership), StatusCodes.Status201Created);
    }

    private static async Task LeaveAsync(Call call)
    {
        if (await call.ReadAsync<LeaveGroupBody>() is not var (body, raw)) return;
        await call.SubmitAsync(GroupOperations.Leave(call.Request(raw), call.Route("id"), body.Trade, body.Reason));
    }

    private static async Task CancelAsync(Call call)
    {
        if (await call.ReadAsync<CancelGroupBody>(isOptional: true) is not var (body, raw)) return;
        await call.SubmitAsync(GroupOperations.Cancel(call.Request(raw), call.Route("id"), body.Reason));
    }

    private static async Task SettleAsync(Call call)
    {
        if (await call.ReadAsync<PlaceRefundAnswerBody>() is not var (body, raw)) return;
        _ = int.TryParse(call.Route("number"), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number);
        await call.SubmitAsync(GroupOperations.Answer(call.Request(raw), call.Route("id"), number, body.Outcome == RefundOutcome.Paid, body.Reference, body.Reason));
    }

    /// <summary>Whether a payment completes its group is known only at its turn, so it brings a code for every member that there can be.</summary>
    private static string[] FreshCodesOfAll() => FreshCodes.Next(Limits.MaxGroup);
}
