using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Ledger.FuCards;
using Ledger.Postgres;

namespace Ledger.Api;

/// <summary>Opens a user's hand.</summary>
/// <param name="User">An opaque id: no name, number or address.</param>
/// <param name="Person">The citizen identification number, where the campaign needs it; kept as a keyed hash only.</param>
/// <param name="Device">An opaque id of the device.</param>
/// <param name="Age">Full years; not kept.</param>
public sealed record OpenHandBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string User,
    [property: StringLength(PersonNumber.MaxText)] string? Person = null,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string? Device = null,
    [property: Range(0, 150)] int? Age = null);

/// <summary>Draws a card.</summary>
/// <param name="Ref">What it is for: the number of a payment, a scan, a game. Each brings one card, whoever sends it.</param>
/// <param name="Merchant">Whose card it is, for sources of merchants.</param>
public sealed record DrawBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Source,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Ref,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string? Merchant = null);

/// <summary>Offers a card: it is in escrow until somebody takes it, the offer is cancelled, or a day has passed.</summary>
/// <param name="Want">The type asked for it; absent: it is a gift.</param>
/// <param name="To">Absent: whoever comes first.</param>
public sealed record OfferCardBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Type,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string? Want = null,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string? To = null);

/// <summary>Takes a gift.</summary>
public sealed record TakeCardBody([property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string By);

/// <summary>Sends the card that was asked for. It is taken there, or comes back by itself.</summary>
public sealed record SendCardBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string By,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Type);

/// <summary>A type of card.</summary>
public sealed record CardTypeBody([property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Type);

/// <summary>Claims a prize.</summary>
/// <param name="Account">The user's account as the payment provider knows it.</param>
/// <param name="Withheld">Tax that the owner keeps back and pays over, in minor units: the transfer is for the rest of the prize.</param>
public sealed record ClaimPrizeBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Account,
    [property: Range(0, Limits.PrizeCap)] long Withheld = 0);

/// <summary>Turns a card that copies into one of a type that a friend holds, who keeps it.</summary>
public sealed record CopyCardBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Friend,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Type);

/// <summary>Shuts a hand out.</summary>
/// <param name="Reason">A code of the owner's risk control; later requests of the user are refused with it.</param>
public sealed record DenyHandBody([property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Reason);

/// <summary>The coupon that a merchant's card carries.</summary>
/// <param name="CouponIssued">False: there is none, for the reason; or none yet, where none is given.</param>
public sealed record FuCouponView(bool CouponIssued, string? Code, string? Reason);

/// <summary>Hands of Fu-card campaigns: draws, exchanges, the ticket and its prize.</summary>
public static class FuHandEndpoints
{
    private const string Hand = "/v1/fu-campaigns/{id}/hands/{user}";

    public static void MapFuHands(this IEndpointRouteBuilder routes)
    {
        routes.MapCommand("/v1/fu-campaigns/{id}/hands", Access.Merchant, OpenAsync).Takes<OpenHandBody>().Answers<FuHandView>(201);
        routes.MapQuery(Hand, Access.Merchant, ShowAsync).Answers<FuHandView>();
        routes.MapCommand($"{Hand}/draws", Access.Merchant, DrawAsync).Takes<DrawBody>().Answers<FuHandView>(201);
        routes.MapQuery($"{Hand}/draws/{{index}}/coupon", Access.Merchant, CouponAsync).Asks("merchant").Answers<FuCouponView>();
        routes.MapCommand($"{Hand}/offers", Access.Merchant, OfferAsync).Takes<OfferCardBody>().Answers<FuHandView>(201);
        routes.MapCommand($"{Hand}/offers/{{exchange}}/take", Access.Merchant, TakeAsync).Takes<TakeCardBody>().Answers<FuHandView>();
        routes.MapCommand($"{Hand}/offers/{{exchange}}/cancel", Access.Merchant, CancelAsync).Answers<FuHandView>();
        routes.MapCommand($"{Hand}/offers/{{exchange}}/answer", Access.Merchant, call => SendAsync(call, FuWay.SwapAnswer)).Takes<SendCardBody>().Answers<FuHandView>();
        routes.MapCommand($"{Hand}/begs", Access.Merchant, BegAsync).Takes<CardTypeBody>().Answers<FuHandView>(201);
        routes.MapCommand($"{Hand}/begs/{{exchange}}/fulfil", Access.Merchant, call => SendAsync(call, FuWay.Beg)).Takes<SendCardBody>().Answers<FuHandView>();
        routes.MapCommand($"{Hand}/wild", Access.Merchant, WildAsync).Takes<CardTypeBody>().Answers<FuHandView>();
        routes.MapCommand($"{Hand}/copy", Access.Merchant, CopyAsync).Takes<CopyCardBody>().Answers<FuHandView>();
        routes.MapCommand($"{Hand}/deny", Access.Merchant, DenyAsync).Takes<DenyHandBody>().Answers<FuHandView>();
        routes.MapCommand($"{Hand}/allow", Access.Merchant, AllowAsync).Answers<FuHandView>();
        routes.MapCommand($"{Hand}/compose", Access.Merchant, ComposeAsync).Answers<FuHandView>();
        routes.MapCommand($"{Hand}/leave", Access.Merchant, LeaveAsync).Answers<FuHandView>();
        routes.MapCommand($"{Hand}/claim", Access.Merchant, ClaimAsync).Takes<ClaimPrizeBody>().Answers<FuHandView>();
    }

    private static async Task OpenAsync(Call call)
    {
        if (await call.ReadAsync<OpenHandBody>() is not var (body, raw) || await FuCampaignEndpoints.BookAsync(call) is not { } book) return;
        var (faults, person) = (new Faults(), default(PersonNumber));
        if (body.Person is { } said && PersonNumber.Check(said, out person) != PersonNumberFault.None)
            faults.Add("/person", "Send the 18 characters of a citizen identification number, the last of them its check character.");
        if (await call.RefuseAsync(faults)) return;

        // Checked when the hand opens and never again; the rules cannot change.
        var limits = (await Books(call).StateAsync(call.Merchant, FuStreams.CampaignOf(book.Campaign), call.Aborted)).Rules!.Limits;
        if (limits.MinimumAge is { } age && (body.Age ?? 0) < age)
        {
            await Problems.WriteAsync(call.Http, new TooYoung(age));
            return;
        }

        if (limits.NeedsPerson && body.Person is null)
        {
            await Problems.WriteAsync(call.Http, new FuPersonMissing());
            return;
        }

        if (limits.HandsPerDevice is { } most && body.Device is null)
        {
            await Problems.WriteAsync(call.Http, new DeviceLimit(most));
            return;
        }

        // Who has a hand takes no place again, under whatever number or device.
        var has = await Books(call).StateAsync(book.For(body.User).Id, FuStreams.HandOf(book.Campaign, body.User), call.Aborted) is { Status: not FuHandStatus.None };
        var hashed = raw;
        string? personKey = null;
        if (body.Person is not null)
        {
            var secret = await call.Http.RequestServices.GetRequiredService<Secrets>()
                .OfAsync(call.Merchant, LimitIdentity.Secret, () => RandomNumberGenerator.GetBytes(LimitKeys.MinSecretBytes), call.Aborted);
            personKey = LimitKeys.OfPerson(secret, person);
            var json = (JsonObject)JsonNode.Parse(raw)!;
            json["person"] = personKey;
            hashed = Encoding.UTF8.GetBytes(json.ToJsonString());
        }

        if (!has && !await ClaimPlacesAsync(call, book, limits, body, personKey)) return;
        await call.SubmitAsync(FuOperations.OpenHand(call.Request(hashed) with { Book = book.For(body.User).Id }, book.Campaign, body.User), StatusCodes.Status201Created);
    }

    private static async Task ShowAsync(Call call)
    {
        if (await FuCampaignEndpoints.BookAsync(call) is not { } book || await HandAsync(call, book, call.Route("user")) is not { } hand) return;
        await call.JsonAsync(FuHandView.Of(call.Route("user"), hand));
    }

    private static async Task DrawAsync(Call call)
    {
        if (await call.ReadAsync<DrawBody>() is not var (body, raw) || await AtAsync(call) is not var (book, user)) return;
        var seed = await FuCampaignEndpoints.SeedAsync(call, call.Merchant, book.Campaign);
        await call.SubmitAsync(FuOperations.Draw(
            call.Request(raw) with { Book = book.Id }, book, user, seed, body.Source, body.Ref, body.Merchant, call.Caller.DateOf(call.Now)), StatusCodes.Status201Created);
    }

    private static async Task CouponAsync(Call call)
    {
        var query = new Query(call, "merchant");
        var merchant = query.Text("merchant");
        if (await query.RefuseAsync() || await AtAsync(call) is not var (book, user)) return;
        var index = long.TryParse(call.Route("index"), NumberStyles.None, CultureInfo.InvariantCulture, out var at) ? at : 0;
        var coupon = Headers.IsId(merchant) ? await Books(call).StateAsync(merchant!, FuStreams.CouponOf(call.Merchant, book.Campaign, user, index), call.Aborted) : FuCoupon.None;
        await call.JsonAsync(new FuCouponView(coupon.Code is not null, coupon.Code, coupon.Reason));
    }

    private static async Task OfferAsync(Call call)
    {
        if (await call.ReadAsync<OfferCardBody>() is not var (body, raw) || await AtAsync(call) is not var (book, user)) return;
        await call.SubmitAsync(FuOperations.Offer(
            call.Request(raw) with { Book = book.Id }, book.Campaign, user, body.Type, body.Want, body.To, call.Caller.DateOf(call.Now)), StatusCodes.Status201Created);
    }

    private static async Task TakeAsync(Call call)
    {
        if (await call.ReadAsync<TakeCardBody>() is not var (body, raw) || await AtAsync(call) is not var (book, user)) return;
        // A hand that is open stays known, so this needs no lock; the giver's hand decides who is first.
        if (await HandAsync(call, book, body.By) is not { } taker) return;
        var take = FuOperations.Take(call.Request(raw) with { Book = book.Id }, book.Campaign, user, Exchange(call), body.By);
        // Decided where nothing is kept under the key: what was taken before is answered as it was.
        Rejection? refusal = taker.Denied is { } reason ? new RiskRejected(reason) : taker.Status == FuHandStatus.Closed ? new HandIsClosed(body.By) : null;
        await call.SubmitAsync(refusal is null ? take : take with { Decide = _ => refusal });
    }

    private static async Task CancelAsync(Call call)
    {
        if (await AtAsync(call) is not var (book, user)) return;
        await call.SubmitAsync(FuOperations.Cancel(call.Request([]) with { Book = book.Id }, book.Campaign, user, Exchange(call)));
    }

    private static async Task SendAsync(Call call, FuWay way)
    {
        if (await call.ReadAsync<SendCardBody>() is not var (body, raw) || await AtAsync(call) is not var (book, user)) return;
        if (await HandAsync(call, book, user) is null) return;
        await call.SubmitAsync(FuOperations.Send(
            call.Request(raw) with { Book = book.For(body.By).Id }, book.Campaign, body.By, user, Exchange(call), body.Type, way, call.Caller.DateOf(call.Now)));
    }

    private static async Task BegAsync(Call call)
    {
        if (await call.ReadAsync<CardTypeBody>() is not var (body, raw) || await AtAsync(call) is not var (book, user)) return;
        await call.SubmitAsync(FuOperations.Beg(call.Request(raw) with { Book = book.Id }, book.Campaign, user, body.Type, call.Caller.DateOf(call.Now)), StatusCodes.Status201Created);
    }

    private static async Task WildAsync(Call call)
    {
        if (await call.ReadAsync<CardTypeBody>() is not var (body, raw) || await AtAsync(call) is not var (book, user)) return;
        await call.SubmitAsync(FuOperations.Wild(call.Request(raw) with { Book = book.Id }, book.Campaign, user, body.Type));
    }

    private static async Task CopyAsync(Call call)
    {
        if (await call.ReadAsync<CopyCardBody>() is not var (body, raw) || await AtAsync(call) is not var (book, user)) return;
        if (await HandAsync(call, book, body.Friend) is not { } friend) return;
        await call.SubmitAsync(FuOperations.Copy(call.Request(raw) with { Book = book.Id }, book.Campaign, user, body.Friend, body.Type, friend.Count(body.Type) > 0));
    }

    private static async Task DenyAsync(Call call)
    {
        if (await call.ReadAsync<DenyHandBody>() is not var (body, raw) || await AtAsync(call) is not var (book, user)) return;
        await call.SubmitAsync(FuOperations.Deny(call.Request(raw) with { Book = book.Id }, book.Campaign, user, body.Reason));
    }

    private static async Task AllowAsync(Call call)
    {
        if (await AtAsync(call) is not var (book, user)) return;
        await call.SubmitAsync(FuOperations.Allow(call.Request([]) with { Book = book.Id }, book.Campaign, user));
    }

    private static async Task ComposeAsync(Call call)
    {
        if (await AtAsync(call) is not var (book, user)) return;
        await call.SubmitAsync(FuOperations.Compose(call.Request([]) with { Book = book.Id }, book.Campaign, user));
    }

    private static async Task LeaveAsync(Call call)
    {
        if (await AtAsync(call) is not var (book, user)) return;
        await call.SubmitAsync(FuOperations.Leave(call.Request([]) with { Book = book.Id }, book.Campaign, user));
    }

    private static async Task ClaimAsync(Call call)
    {
        if (await call.ReadAsync<ClaimPrizeBody>() is not var (body, raw) || await AtAsync(call) is not var (book, user)) return;
        await call.SubmitAsync(FuOperations.ClaimPrize(call.Request(raw) with { Book = book.Id }, book, user, body.Account, body.Withheld));
    }

    /// <summary>Takes the places that a new hand takes. All are looked at first: who is refused one takes none of the others. False after a problem was answered.</summary>
    private static async Task<bool> ClaimPlacesAsync(Call call, FuBook book, FuLimits limits, OpenHandBody body, string? person)
    {
        var claims = new List<(FuClaimKind Kind, string Key, int Limit, Rejection Refusal)>();
        if (limits.HandsPerDevice is { } hands) claims.Add((FuClaimKind.Device, body.Device!, hands, new DeviceLimit(hands)));
        if (limits.NeedsPerson) claims.Add((FuClaimKind.Person, person!, 1, new PersonHasHand()));
        foreach (var claim in claims)
        {
            var known = await Books(call).StateAsync(book.For(FuStreams.KeyOf(claim.Kind, claim.Key)).Id, FuStreams.ClaimOf(book.Campaign, claim.Kind, claim.Key), call.Aborted);
            if (known.Users.Count < claim.Limit || known.Users.Contains(body.User, StringComparer.Ordinal)) continue;
            // No place is left to take: it is refused, or the campaign is over, which the hand's own shard says.
            if (!await ClaimAsync(call, book, claim.Kind, claim.Key, body.User, claim.Limit, claim.Refusal)) return false;
        }

        foreach (var claim in claims)
        {
            if (!await ClaimAsync(call, book, claim.Kind, claim.Key, body.User, claim.Limit, claim.Refusal)) return false;
        }

        return true;
    }

    /// <summary>Claims a key in its own shard before the step in the user's; false after a problem was answered. The second half says when the campaign is over.</summary>
    private static async Task<bool> ClaimAsync(Call call, FuBook book, FuClaimKind kind, string key, string user, int limit, Rejection refusal)
    {
        var request = new Request(book.For(FuStreams.KeyOf(kind, key)).Id, Key: null, ReadOnlyMemory<byte>.Empty, call.Caller.Key.Id, call.Now, Provider: call.Caller.Key.Provider);
        var outcome = await call.OutcomeAsync(FuOperations.Claim(request, book.Campaign, kind, key, user, limit, refusal));
        if (outcome is not Outcome.Rejected(var reason) || reason is FuCampaignIsSealed or FuCampaignNotOpen) return true;
        await Problems.WriteAsync(call.Http, reason);
        return false;
    }

    /// <summary>The user in the route and the book of the hand; null after a problem was answered.</summary>
    private static async Task<(FuBook Book, string User)?> AtAsync(Call call)
    {
        if (await FuCampaignEndpoints.BookAsync(call) is not { } book) return null;
        var user = call.Route("user");
        if (Headers.IsId(user)) return (book.For(user), user);
        await Problems.WriteAsync(call.Http, new HandUnknown(user));
        return null;
    }

    private static async Task<FuHand?> HandAsync(Call call, FuBook book, string user)
    {
        var hand = Headers.IsId(user) ? await Books(call).StateAsync(book.For(user).Id, FuStreams.HandOf(book.Campaign, user), call.Aborted) : FuHand.None;
        if (hand.Status != FuHandStatus.None) return hand;
        await Problems.WriteAsync(call.Http, new HandUnknown(user));
        return null;
    }

    private static long Exchange(Call call) => long.TryParse(call.Route("exchange"), NumberStyles.None, CultureInfo.InvariantCulture, out var exchange) ? exchange : 0;

    private static BookQueries Books(Call call) => call.Http.RequestServices.GetRequiredService<BookQueries>();
}
