using System.ComponentModel.DataAnnotations;
using Ledger.Merchants;
using Ledger.Postgres;
using Ledger.Providers;
using static Ledger.Merchants.MerchantCommand;

namespace Ledger.Api;

/// <summary>Registers a service provider.</summary>
public sealed record RegisterProviderBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Id,
    [property: StringLength(Limits.MaxName, MinimumLength = 1)] string Name);

/// <summary>Service providers, and the merchants that let them act in their name.</summary>
public static class ProviderEndpoints
{
    public static void MapProviders(this IEndpointRouteBuilder routes)
    {
        routes.MapCommand("/v1/providers", Access.Platform, RegisterAsync).Takes<RegisterProviderBody>().Answers<ProviderView>(201);
        routes.MapCommand("/v1/providers/{id}/keys", Access.Platform, CreateKeyAsync).Answers<KeyView>(201);
        routes.MapCommand("/v1/providers/{id}/authorise", Access.Owner, AuthoriseAsync).Answers<MerchantView>();
        routes.MapCommand("/v1/providers/{id}/revoke", Access.Owner, RevokeAsync).Answers<MerchantView>();
    }

    /// <summary>Whether there is no such provider; a problem was answered then.</summary>
    internal static async Task<bool> UnknownAsync(Call call, string id)
    {
        if (Headers.IsId(id) && (await call.Http.RequestServices.GetRequiredService<BookQueries>().StateAsync(id, ProviderStream.Stream, call.Aborted)).Name is not null) return false;
        await Problems.WriteAsync(call.Http, new ProviderUnknown(id));
        return true;
    }

    private static async Task RegisterAsync(Call call)
    {
        if (await call.ReadAsync<RegisterProviderBody>() is not var (body, raw)) return;
        await call.SubmitAsync(ProviderStream.Register(call.Request(raw) with { Book = body.Id }, body.Name), 201);
    }

    // Not an entry of a book, like any other key: its secret is shown once and not kept.
    private static async Task CreateKeyAsync(Call call)
    {
        var id = call.Route("id");
        if (await UnknownAsync(call, id)) return;
        await MerchantEndpoints.AnswerKeyAsync(call, await call.Http.RequestServices.GetRequiredService<ApiKeys>().CreateAsync(
            MerchantEndpoints.RequestOf(call), ApiKeyScope.Provider, null, null, null, mayImport: false, call.Now, id, call.Aborted));
    }

    private static async Task AuthoriseAsync(Call call)
    {
        if (await UnknownAsync(call, call.Route("id"))) return;
        await MerchantEndpoints.ChangeAsync(call, call.Request([]), new AuthoriseProvider(call.Route("id"), call.Now));
    }

    private static Task RevokeAsync(Call call) => MerchantEndpoints.ChangeAsync(call, call.Request([]), new RevokeProvider(call.Route("id"), call.Now));
}
