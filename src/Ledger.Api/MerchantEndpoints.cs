using System.ComponentModel.DataAnnotations;
using Ledger.Merchants;
using Ledger.Postgres;
using NodaTime;
using static Ledger.Merchants.MerchantCommand;

namespace Ledger.Api;

/// <summary>Registers a merchant. The time zone and currency are fixed from then on.</summary>
/// <param name="TimeZone">IANA name; business dates are reckoned in it.</param>
/// <param name="Currency">ISO 4217; every amount is in its minor unit.</param>
/// <param name="RequiresFourEyes">Whether campaigns and their terms are approved by another key than wrote them.</param>
public sealed record RegisterMerchantBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Id,
    [property: StringLength(Limits.MaxName, MinimumLength = 1)] string Name,
    [property: StringLength(64)] string TimeZone = "Asia/Shanghai",
    [property: RegularExpression("^[A-Z]{3}$")] string Currency = "CNY",
    bool RequiresFourEyes = false);

/// <summary>Whether campaigns and their terms are approved by another key than wrote them.</summary>
public sealed record FourEyesBody(bool IsRequired);

/// <summary>Whether coupons and points are for people who joined only.</summary>
public sealed record MembershipRuleBody(bool IsRequired);

/// <summary>Opens a store.</summary>
public sealed record OpenStoreBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Id,
    [property: StringLength(Limits.MaxName, MinimumLength = 1)] string Name);

/// <summary>Installs a till in a store.</summary>
public sealed record InstallTillBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Id);

/// <summary>Makes an API key. Its secret is in this answer and never again.</summary>
/// <param name="Scope">platform (every merchant), merchant (one), till (one till); a provider's keys are made at /v1/providers/{id}/keys.</param>
/// <param name="MayImport">May record a history: state a business time in the past and have it believed.</param>
public sealed record CreateKeyBody(
    ApiKeyScope Scope,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string? Merchant = null,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string? Store = null,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string? Till = null,
    bool MayImport = false);

/// <summary>A key as it is shown: never its secret, except once when it was made.</summary>
public sealed record KeyView(string Id, ApiKeyScope Scope, string? Merchant, string? Store, string? Till, bool MayImport, Instant? RevokedAt, string? Secret, string? Provider = null)
{
    public static KeyView Of(ApiKey key, string? secret = null)
    {
        ArgumentNullException.ThrowIfNull(key);
        return new(key.Id, key.Scope, key.Merchant, key.Store, key.Till, key.MayImport, key.RevokedAt, secret, key.Provider);
    }
}

/// <summary>Merchants, their stores and tills, and the keys that act for them.</summary>
public static class MerchantEndpoints
{
    public static void MapMerchants(this IEndpointRouteBuilder routes)
    {
        routes.MapCommand("/v1/merchants", Access.Platform, RegisterAsync).Takes<RegisterMerchantBody>().Answers<MerchantView>(201);
        routes.MapCommand("/v1/merchants/{id}/four-eyes", Access.Platform, ChangeFourEyesAsync).Takes<FourEyesBody>().Answers<MerchantView>();
        routes.MapCommand("/v1/membership-rule", Access.Merchant, ChangeMembershipRuleAsync).Takes<MembershipRuleBody>().Answers<MerchantView>();
        routes.MapQuery("/v1/merchant", Access.Till, ShowAsync).Answers<MerchantView>();
        routes.MapCommand("/v1/stores", Access.Merchant, OpenStoreAsync).Takes<OpenStoreBody>().Answers<MerchantView>(201);
        routes.MapCommand("/v1/stores/{store}/tills", Access.Merchant, InstallTillAsync).Takes<InstallTillBody>().Answers<MerchantView>(201);
        routes.MapCommand("/v1/keys", Access.Owner, CreateKeyAsync).Takes<CreateKeyBody>().Answers<KeyView>(201);
        routes.MapCommand("/v1/keys/{id}/revoke", Access.Owner, RevokeKeyAsync).Answers<KeyView>();
    }

    private static async Task RegisterAsync(Call call)
    {
        if (await call.ReadAsync<RegisterMerchantBody>() is not var (body, raw)) return;
        var faults = new Faults();
        if (DateTimeZoneProviders.Tzdb.GetZoneOrNull(body.TimeZone) is null)
            faults.Add("/timeZone", "Name a zone of the IANA database, such as Asia/Shanghai.");
        if (await call.RefuseAsync(faults)) return;
        var request = call.Request(raw) with { Book = body.Id };
        await ChangeAsync(call, request, new RegisterMerchant(body.Name, body.TimeZone, body.Currency, body.RequiresFourEyes), 201);
    }

    private static async Task ChangeFourEyesAsync(Call call)
    {
        if (await call.ReadAsync<FourEyesBody>() is not var (body, raw)) return;
        if (!Headers.IsId(call.Route("id")))
        {
            await Problems.WriteAsync(call.Http, new MerchantUnknown());
            return;
        }

        await ChangeAsync(call, call.Request(raw) with { Book = call.Route("id") }, new ChangeFourEyes(body.IsRequired));
    }

    private static async Task ChangeMembershipRuleAsync(Call call)
    {
        if (await call.ReadAsync<MembershipRuleBody>() is not var (body, raw)) return;
        await ChangeAsync(call, call.Request(raw), new ChangeMembershipRule(body.IsRequired));
    }

    private static Task ShowAsync(Call call) => call.JsonAsync(MerchantView.Of(call.Merchant, call.Caller.Profile));

    private static async Task OpenStoreAsync(Call call)
    {
        if (await call.ReadAsync<OpenStoreBody>() is not var (body, raw)) return;
        await ChangeAsync(call, call.Request(raw), new OpenStore(body.Id, body.Name), 201);
    }

    private static async Task InstallTillAsync(Call call)
    {
        if (await call.ReadAsync<InstallTillBody>() is not var (body, raw)) return;
        await ChangeAsync(call, call.Request(raw), new InstallTill(call.Route("store"), body.Id), 201);
    }

    // Not an entry of a book, and a repeat gets another answer: the secret is shown once and not kept.
    private static async Task CreateKeyAsync(Call call)
    {
        if (await call.ReadAsync<CreateKeyBody>() is not var (body, _)) return;
        var faults = new Faults();
        var isPlatform = call.Caller.Key.Scope == ApiKeyScope.Platform;
        var merchant = body.Merchant ?? (body.Scope == ApiKeyScope.Platform ? null : call.Caller.Merchant);
        if (body.Scope == ApiKeyScope.Platform && !isPlatform) faults.Add("/scope", "Only a platform key makes platform keys.");
        if (body.Scope == ApiKeyScope.Provider) faults.Add("/scope", "Let the platform make it: POST /v1/providers/{id}/keys.");
        if (body.Scope == ApiKeyScope.Merchant && !isPlatform && call.Caller.Profile.RequiresFourEyes)
            faults.Add("/scope", "Ask the platform for it: a merchant that requires four eyes makes no second pair itself.");
        if (body.MayImport && !call.Caller.Key.MayImport) faults.Add("/mayImport", "Only a key that may import makes keys that may.");
        if (!isPlatform && merchant != call.Caller.Merchant) faults.Add("/merchant", "Leave it out; the key is for your own merchant.");
        if (body.Scope == ApiKeyScope.Platform && merchant is not null) faults.Add("/merchant", "Leave it out; a platform key is for every merchant.");
        if (body.Scope != ApiKeyScope.Till && (body.Store ?? body.Till) is not null) faults.Add("/till", "Leave store and till out, or make a key of scope till.");
        if (body.Scope == ApiKeyScope.Till && (body.Store is null || body.Till is null)) faults.Add("/till", "Name the store and the till that stands in it.");
        if (await call.RefuseAsync(faults)) return;

        var services = call.Http.RequestServices;
        if (merchant is not null)
        {
            var profile = await services.GetRequiredService<BookQueries>().StateAsync(merchant, MerchantStream.Stream, call.Aborted);
            Rejection? refusal = profile switch
            {
                { IsRegistered: false } => new MerchantUnknown(),
                _ when body.Till is not null && !profile.HasTill(body.Store!, body.Till) => new TillUnknown(body.Store!, body.Till),
                _ => null,
            };
            if (refusal is not null)
            {
                await Problems.WriteAsync(call.Http, refusal);
                return;
            }
        }

        await AnswerKeyAsync(call, await services.GetRequiredService<ApiKeys>().CreateAsync(
            RequestOf(call), body.Scope, merchant, body.Store, body.Till, body.MayImport, call.Now, cancellation: call.Aborted));
    }

    private static async Task RevokeKeyAsync(Call call)
    {
        var keys = call.Http.RequestServices.GetRequiredService<ApiKeys>();
        var isPlatform = call.Caller.Key.Scope == ApiKeyScope.Platform;
        ApiKey? revoked;
        try
        {
            revoked = await keys.RevokeAsync(call.Route("id"), call.Now, isPlatform ? null : call.Merchant, CancellationToken.None);
        }
        finally
        {
            call.Http.RequestServices.GetRequiredService<Callers>().Forget();
        }

        await (revoked is null ? Problems.WriteAsync(call.Http, new KeyUnknown()) : call.JsonAsync(KeyView.Of(revoked)));
    }

    internal static KeyRequest RequestOf(Call call) => new(call.Caller.Key.Id, call.Http.Request.Headers["Idempotency-Key"].ToString());

    /// <summary>Shows a new key with its secret, this once. Null: the caller's own key was revoked meanwhile, elsewhere.</summary>
    internal static Task AnswerKeyAsync(Call call, Checked<NewApiKey>? outcome)
    {
        if (outcome is null) call.Http.RequestServices.GetRequiredService<Callers>().Forget();
        return outcome switch
        {
            Checked<NewApiKey>.Passed(var made) => call.JsonAsync(KeyView.Of(made.Key, made.Secret), 201),
            Checked<NewApiKey>.Refused(var reason) => Problems.WriteAsync(call.Http, reason),
            null => Problems.WriteAsync(call.Http, Problems.NotAuthenticated),
            _ => throw new System.Diagnostics.UnreachableException($"{outcome}"),
        };
    }

    /// <summary>Changes a merchant. What is remembered of it goes before anyone is answered, and also where the caller no longer waits.</summary>
    internal static async Task ChangeAsync(Call call, Request request, MerchantCommand command, int status = StatusCodes.Status200OK)
    {
        var services = call.Http.RequestServices;
        Outcome outcome;
        try
        {
            outcome = await services.GetRequiredService<Scribes>().SubmitAsync(MerchantStream.Operation(request, command), CancellationToken.None);
        }
        finally
        {
            services.GetRequiredService<Callers>().Forget(request.Book);
        }

        await call.AnswerAsync(outcome, status);
    }
}
