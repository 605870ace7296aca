using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Ledger.FuCards;
using Ledger.Members;
using Ledger.Postgres;
using NodaTime;

namespace Ledger.Api;

/// <summary>What the person agreed to.</summary>
/// <param name="Scopes">What for, such as points or marketing.</param>
/// <param name="TextVersion">The version of the text that was shown.</param>
/// <param name="At">When the person agreed: not in the future.</param>
public sealed record ConsentBody(
    [property: Length(1, 20)] IReadOnlyList<string> Scopes,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string TextVersion,
    Instant At);

/// <summary>By which the merchant knows the person. Kept as keyed hashes only.</summary>
/// <param name="Account">An account with the platform.</param>
/// <param name="VisitorPass">The number of a pass of visitors from abroad.</param>
public sealed record IdentitiesBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1)] string? Account = null,
    [property: StringLength(PhoneNumber.MaxText)] string? Phone = null,
    [property: StringLength(Limits.MaxId, MinimumLength = 1)] string? VisitorPass = null);

/// <summary>The Fu-card campaign by which a member was won.</summary>
public sealed record FuOriginBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Owner,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Campaign);

/// <summary>Enrols a person, with consent.</summary>
/// <param name="Member">An opaque id: no name, number or address.</param>
/// <param name="Channel">Where the member was won, in the merchant's words.</param>
/// <param name="FuCampaign">In place of the channel: GET /v1/reports/fu-cards counts the member.</param>
public sealed record JoinBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Member,
    ConsentBody Consent,
    IdentitiesBody? Identities = null,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string? Channel = null,
    SurfaceBody? Surface = null,
    FuOriginBody? FuCampaign = null);

/// <summary>Why a membership changes.</summary>
public sealed record MemberChangeBody([property: StringLength(Limits.MaxReason, MinimumLength = 1)] string? Reason = null);

/// <summary>A tier.</summary>
/// <param name="Threshold">From which a member is of it.</param>
public sealed record TierBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Id,
    [property: StringLength(Limits.MaxName, MinimumLength = 1)] string Name,
    [property: Range(0, Limits.MaxBudget)] long Threshold = 0);

/// <summary>How members come by tiers: by what they pay, or what points their purchases earn, within a period.</summary>
/// <param name="Months">Of a period: 1, 2, 3, 4, 6 or 12; one begins with each January.</param>
/// <param name="Program">The points programme; with points only.</param>
public sealed record TierRuleBody(
    TierMeasure Measure,
    [property: Range(1, 12)] int Months = 12,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string? Program = null);

/// <summary>Publishes the next version of the tiers, lowest first.</summary>
/// <param name="Rule">Absent: tiers are given by hand.</param>
public sealed record TiersBody([property: Length(1, Limits.MaxTiers)] IReadOnlyList<TierBody> Tiers, TierRuleBody? Rule = null);

/// <summary>Gives a member a tier.</summary>
/// <param name="From">Absent: now.</param>
/// <param name="Until">Absent: until another one.</param>
public sealed record GiveTierBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Tier,
    Instant? From = null,
    Instant? Until = null,
    [property: StringLength(Limits.MaxReason, MinimumLength = 1)] string? Reason = null);

/// <summary>Memberships: joining with consent, suspending, closing, tiers.</summary>
public static class MemberEndpoints
{
    public static void MapMembers(this IEndpointRouteBuilder routes)
    {
        routes.MapCommand("/v1/members", Access.Merchant, JoinAsync).Takes<JoinBody>().Answers<MemberView>(201);
        routes.MapQuery("/v1/members/{member}", Access.Merchant, ShowAsync).Answers<MemberView>();
        routes.MapCommand("/v1/members/{member}/suspend", Access.Merchant, call => ChangeAsync(call, reason => new MemberCommand.Suspend(call.Route("member"), reason, call.Now)))
            .Takes<MemberChangeBody>(isOptional: true).Answers<MemberView>();
        routes.MapCommand("/v1/members/{member}/resume", Access.Merchant, call => ChangeAsync(call, _ => new MemberCommand.Resume(call.Route("member"), call.Now)))
            .Takes<MemberChangeBody>(isOptional: true).Answers<MemberView>();
        routes.MapCommand("/v1/members/{member}/close", Access.Merchant, call => ChangeAsync(call, reason => new MemberCommand.Close(call.Route("member"), reason, call.Now)))
            .Takes<MemberChangeBody>(isOptional: true).Answers<MemberView>();
        routes.MapCommand("/v1/members/{member}/tier", Access.Merchant, GiveTierAsync).Takes<GiveTierBody>().Answers<MemberView>(201);
        routes.MapCommand("/v1/tiers", Access.Merchant, PublishAsync).Takes<TiersBody>().Answers<TierProgramme>(201);
        routes.MapQuery("/v1/tiers", Access.Till, TiersAsync).Answers<TierProgramme>();
    }

    private static async Task JoinAsync(Call call)
    {
        if (await call.ReadAsync<JoinBody>() is not var (body, raw)) return;
        var faults = new Faults();
        if (body.Consent.At > call.Now + Caller.Skew) faults.Add("/consent/at", "State a time that is not in the future.");
        if (body.Consent.Scopes.Any(scope => !Headers.IsId(scope))) faults.Add("/consent/scopes", "Name each scope by 1 to 64 letters, digits and _ . @ -");
        if (body is { Channel: not null, FuCampaign: not null }) faults.Add("/channel", "Leave it out where fuCampaign says it.");
        SurfaceBody.Contradicts(body.Surface, faults);
        var phone = default(PhoneNumber);
        if (body.Identities?.Phone is { } said && PhoneNumber.Check(said, out phone) != PhoneNumberFault.None)
            faults.Add("/identities/phone", "Send a mobile number of mainland China, or one with its country code after a plus.");
        if (await call.RefuseAsync(faults)) return;

        var (identities, hashed) = await HashAsync(call, body.Identities, phone, raw);
        var consent = new Consent([.. body.Consent.Scopes.Distinct(StringComparer.Ordinal)], body.Consent.TextVersion, Times.Cut(body.Consent.At));
        var channel = body.FuCampaign is { } won ? FuChannel.Of(won.Owner, won.Campaign) : body.Channel;
        await call.SubmitAsync(
            MemberStream.Join(call.Request(hashed.Span), body.Member, consent, identities, channel, body.Surface?.Read(), call.Caller.DateOf(call.Now)), StatusCodes.Status201Created);
    }

    /// <summary>Identities end here: the keys stand for them, also in the request's fingerprint.</summary>
    private static async Task<(IReadOnlyList<Identity> Identities, ReadOnlyMemory<byte> Body)> HashAsync(Call call, IdentitiesBody? said, PhoneNumber phone, byte[] raw)
    {
        if (said is null or { Account: null, Phone: null, VisitorPass: null }) return ([], raw);
        var secret = await call.Http.RequestServices.GetRequiredService<Secrets>()
            .OfAsync(call.Merchant, LimitIdentity.Secret, () => RandomNumberGenerator.GetBytes(LimitKeys.MinSecretBytes), call.Aborted);
        var identities = new List<Identity>();
        if (said.Account is { } account) identities.Add(new(IdentityKind.Account, LimitKeys.OfAccount(secret, account)));
        if (said.Phone is not null) identities.Add(new(IdentityKind.Phone, LimitKeys.OfPhone(secret, phone)));
        if (said.VisitorPass is { } pass) identities.Add(new(IdentityKind.VisitorPass, LimitKeys.OfVisitorPass(secret, pass)));
        var body = (JsonObject)JsonNode.Parse(raw)!;
        body["identities"] = new JsonArray([.. identities.Select(identity => (JsonNode)identity.Tally)]);
        return (identities, Encoding.UTF8.GetBytes(body.ToJsonString()));
    }

    private static async Task ShowAsync(Call call)
    {
        var id = call.Route("member");
        var member = Headers.IsId(id) ? await call.Http.RequestServices.GetRequiredService<BookQueries>().StateAsync(call.Merchant, MemberStream.Of(id), call.Aborted) : Member.None;
        if (member.Status == MemberStatus.None) await Problems.WriteAsync(call.Http, new MemberUnknown(id));
        else await call.JsonAsync(MemberView.Of(id, member, call.Now));
    }

    private static async Task ChangeAsync(Call call, Func<string?, MemberCommand> command)
    {
        if (await call.ReadAsync<MemberChangeBody>(isOptional: true) is not var (body, raw)) return;
        await call.SubmitAsync(MemberStream.Change(call.Request(raw), call.Route("member"), command(body.Reason)));
    }

    private static async Task GiveTierAsync(Call call)
    {
        if (await call.ReadAsync<GiveTierBody>() is not var (body, raw)) return;
        var from = body.From is { } start ? Times.Cut(start) : call.Now;
        await call.SubmitAsync(
            MemberStream.GiveTier(call.Request(raw), call.Route("member"), body.Tier, from, body.Until is { } end ? Times.Cut(end) : null, body.Reason), StatusCodes.Status201Created);
    }

    private static async Task PublishAsync(Call call)
    {
        if (await call.ReadAsync<TiersBody>() is not var (body, raw)) return;
        var faults = new Faults();
        if (body.Tiers.DistinctBy(tier => tier.Id, StringComparer.Ordinal).Count() < body.Tiers.Count) faults.Add("/tiers", "Name each tier once.");
        if (body.Tiers.Zip(body.Tiers.Skip(1)).Any(pair => pair.First.Threshold > pair.Second.Threshold)) faults.Add("/tiers", "Name the lowest tier first.");
        if (body.Rule is { Months: var months } && 12 % months != 0) faults.Add("/rule/months", "Send 1, 2, 3, 4, 6 or 12.");
        if (body.Rule is { } rule && rule.Measure == TierMeasure.Points == rule.Program is null) faults.Add("/rule/program", "Name the programme where points count, and only there.");
        if (await call.RefuseAsync(faults)) return;
        await call.SubmitAsync(
            TierProgrammeStream.Publish(
                call.Request(raw), [.. body.Tiers.Select(tier => new Tier(tier.Id, tier.Name, tier.Threshold))], body.Rule is { } said ? new(said.Measure, said.Months, said.Program) : null),
            StatusCodes.Status201Created);
    }

    private static async Task TiersAsync(Call call) =>
        await call.JsonAsync(await call.Http.RequestServices.GetRequiredService<BookQueries>().StateAsync(call.Merchant, TierProgrammeStream.Stream, call.Aborted));
}
