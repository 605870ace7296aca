using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Ledger.Postgres;
using Ledger.Postgres.Paying;
using Ledger.Transfers;
using NodaTime;

namespace Ledger.Api;

/// <summary>What the payment provider says of a transfer by itself, signed like everything between the two.</summary>
/// <param name="Merchant">As the provider was told: of a prize it is the book of the winner's shard (<see cref="FuCards.FuBook"/>).</param>
/// <param name="Status">Y, N or P.</param>
/// <param name="Amount">Of the transfer, in minor units.</param>
public sealed record ProviderCallbackBody(
    [property: StringLength(Limits.MaxBook, MinimumLength = 1), RegularExpression(Limits.BookPattern)] string Merchant,
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Number,
    [property: RegularExpression("^[YNP]$")] string Status,
    [property: Range(1, Limits.MaxAmount)] long Amount,
    string? Reference = null,
    string? Reason = null);

/// <summary>Transfers of a merchant.</summary>
/// <param name="IsProviderConfigured">False: the service knows no payment provider, and transfers stay ordered.</param>
public sealed record TransferPage(IReadOnlyList<TransferView> Data, string? NextCursor, bool IsProviderConfigured);

/// <summary>Money on its way at the payment provider. Nobody orders a transfer here: agreements and their like do.</summary>
public static class TransferEndpoints
{
    private const string Callbacks = "/v1/provider-callbacks";

    public static void MapTransfers(this IEndpointRouteBuilder routes)
    {
        routes.MapQuery("/v1/transfers", Access.Merchant, ListAsync).Asks("state", "limit", "cursor").Answers<TransferPage>();
        routes.MapQuery("/v1/transfers/{number}", Access.Merchant, ShowAsync).Answers<TransferView>();
        routes.MapCommand("/v1/transfers/{number}/query", Access.Merchant, AskAgainAsync).Answers<TransferView>();
        routes.MapPost(Callbacks, (HttpContext http) => CallBackAsync(http)).ExcludeFromDescription();
    }

    /// <summary>The provider of the settings <c>Provider:Url</c>, <c>Provider:Key</c> and <c>Provider:TimeoutSeconds</c> (5).</summary>
    /// <exception cref="IOException">The settings cannot be meant so.</exception>
    public static ProviderOptions? ProviderOf(IConfiguration settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var (url, key, seconds) = (settings["Provider:Url"], settings["Provider:Key"], 5);
        if (settings["Provider:TimeoutSeconds"] is { Length: > 0 } text && !(int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out seconds) && seconds is >= 1 and <= 60))
            throw new IOException("Provider:TimeoutSeconds is a whole number from 1 to 60.");
        if (string.IsNullOrEmpty(url) && string.IsNullOrEmpty(key)) return null;
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
            throw new IOException("Provider:Url is no address: write it like https://provider.example.");
        if (key is not { Length: >= ProviderOptions.LeastKey }) throw new IOException($"Provider:Key needs at least {ProviderOptions.LeastKey} characters.");
        return new(address, key, TimeSpan.FromSeconds(seconds));
    }

    private static async Task ListAsync(Call call)
    {
        var query = new Query(call, "state", "limit", "cursor");
        var (limit, cursor, state) = (query.Limit, query.Cursor, (TransferState?)null);
        if (query.Text("state") is { } text)
        {
            state = text switch
            {
                "ordered" => TransferState.Ordered,
                "pending" => TransferState.Pending,
                "succeeded" => TransferState.Succeeded,
                "failed" => TransferState.Failed,
                _ => null,
            };
            if (state is null) query.Refuse("state", "Pass ordered, pending, succeeded or failed.");
        }

        if (await query.RefuseAsync()) return;
        var services = call.Http.RequestServices;
        var page = Page<TransferView>.Of(
            await services.GetRequiredService<TransferQueries>().ListAsync(call.Merchant, state, cursor, limit, call.Aborted), limit, transfer => transfer.Transfer);
        await call.JsonAsync(new TransferPage(page.Data, page.NextCursor, services.GetRequiredService<PaymentProvider>().IsConfigured));
    }

    private static async Task ShowAsync(Call call)
    {
        var number = call.Route("number");
        var found = Headers.IsId(number) ? await call.Http.RequestServices.GetRequiredService<TransferQueries>().OneAsync(call.Merchant, number, call.Aborted) : null;
        if (found is null) await Problems.WriteAsync(call.Http, new TransferUnknown(number));
        else await call.JsonAsync(found);
    }

    private static async Task AskAgainAsync(Call call)
    {
        var number = call.Route("number");
        if (!Headers.IsId(number)) await Problems.WriteAsync(call.Http, new TransferUnknown(number));
        else await call.SubmitAsync(TransferOperations.Do(call.Request([]), new TransferCommand.QueryTransfer(number, call.Now)));
    }

    // Signed instead of keyed; a repeat, whenever it comes, says what the book knows and changes nothing.
    private static async Task CallBackAsync(HttpContext http)
    {
        var (provider, services) = (http.RequestServices.GetRequiredService<PaymentProvider>(), http.RequestServices);
        if (await Answers.ReadAllAsync(http) is not { } raw)
        {
            await Problems.WriteAsync(http, Problems.BodyTooLarge, JsonFacts.Of(new { limitBytes = Limits.MaxBody }));
            return;
        }

        if (!provider.IsSigned(Callbacks, raw, http.Request.Headers[PaymentProvider.SignatureHeader].ToString()))
        {
            await Problems.WriteAsync(http, Problems.NotAuthenticated);
            return;
        }

        var faults = new Faults();
        if (!RequestBody.TryRead<ProviderCallbackBody>(raw, faults, out var body))
        {
            await Problems.WriteAsync(http, faults);
            return;
        }

        var now = Times.Cut(services.GetRequiredService<IClock>().GetCurrentInstant());
        var known = await services.GetRequiredService<TransferQueries>().OneAsync(body.Merchant, body.Number, http.RequestAborted);
        var word = new ProviderWord(body.Number, body.Status, body.Amount, body.Reference, body.Reason);
        // Not an attempt of ours: what is pending already stays as it is.
        var command = word.Meaning(body.Number, known?.Amount.Minor).On(body.Number, attempt: 1, now);
        var request = new Request(body.Merchant, Key: null, Fingerprint: ReadOnlyMemory<byte>.Empty, Actor: "provider", now);
        if (await services.GetRequiredService<Scribes>().SubmitAsync(TransferOperations.Do(request, command), http.RequestAborted) is Outcome.Rejected(var reason))
            await Problems.WriteAsync(http, reason);
        else
            await Answers.RawAsync(http, StatusCodes.Status200OK, "{}"u8.ToArray());
    }
}
