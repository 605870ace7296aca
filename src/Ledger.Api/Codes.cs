using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ledger.Api.Pictures;
using Ledger.Coupons;
using Ledger.Coupons.Codes;
using Ledger.Coupons.Redemptions;
using Ledger.Postgres;
using NodaTime;

namespace Ledger.Api;

/// <summary>Codes for a pool, at most 1,000; the same as CSV (one a line) or NDJSON.</summary>
public sealed record DepositCodesBody([property: System.ComponentModel.DataAnnotations.MaxLength(Limits.MaxDeposit)] IReadOnlyList<string> Codes);

/// <summary>A rotating code as the customer's screen is to show it.</summary>
/// <param name="Text">What tills scan.</param>
/// <param name="Until">First instant of the next one.</param>
public sealed record RotatingView(string Code, string Text, int PeriodSeconds, Instant From, Instant Until);

/// <summary>What anyone who has a usable coupon's code may know of it.</summary>
public sealed record PublicCouponView(string Code, string Status, Benefit Benefit, Money MinimumSpend, Instant ValidFrom, Instant ValidTo);

/// <summary>Codes: pools of uploaded ones, rotating ones, pictures, and what anyone may ask.</summary>
public static class Codes
{
    /// <summary>Bytes of an upload: 1,000 codes of 64 characters as NDJSON objects.</summary>
    private const int MaxUpload = 2 * Limits.MaxBody;

    private const int PngScale = 8;

    public static void MapCodes(this IEndpointRouteBuilder routes)
    {
        routes.MapCommand("/v1/campaigns/{id}/codes", Access.Merchant, DepositAsync)
            .Accepts<DepositCodesBody>("application/json", "text/csv", "application/x-ndjson").Answers<DepositView>();
        routes.MapQuery("/v1/campaigns/{id}/codes", Access.Merchant, PoolAsync).Answers<CodePoolView>();
        routes.MapQuery("/v1/coupons/{code}/rotating", Access.Merchant, RotatingAsync).Answers<RotatingView>();
        routes.MapQuery("/v1/coupons/{code}/qr", Access.Merchant, call => PictureAsync(call, CodePicture.Qr)).Asks("format", "scale").Produces<string>(StatusCodes.Status200OK, "image/svg+xml", "image/png");
        routes.MapQuery("/v1/coupons/{code}/code128", Access.Merchant, call => PictureAsync(call, CodePicture.Bars)).Asks("format", "scale").Produces<string>(StatusCodes.Status200OK, "image/svg+xml", "image/png");
        var (clock, throttle) = (routes.ServiceProvider.GetRequiredService<IClock>(), routes.ServiceProvider.GetRequiredService<Throttle>());
        routes.MapGet("/v1/public/coupons/{merchant}/{code}", async (HttpContext http) => await PublicAsync(http, clock, throttle)).ExcludeFromDescription();
    }

    /// <summary>The coupon that a route or body shows; null after a problem was answered. No storage was asked for a coupon.</summary>
    /// <param name="at">Where the text stands in the body.</param>
    public static async Task<Presented?> ReadAsync(Call call, string text, int uses = 1, string at = "/code")
    {
        ArgumentNullException.ThrowIfNull(call);
        if (await call.Http.RequestServices.GetRequiredService<Throttle>().RefuseLookUpAsync(call)) return null;
        if (CodeText.Read(text, out var advice) is not { } read)
        {
            var faults = new Faults();
            faults.Add(at, advice);
            await Problems.WriteAsync(call.Http, faults);
            return null;
        }

        return new(read.Code, uses) { Digits = read.Rotating is { } rotating ? new(rotating, await KeyAsync(call), call.Now) : null };
    }

    /// <summary>Why a till would not take the coupon as it was shown; null where it would.</summary>
    public static async Task<Rejection?> RefusalOfAsync(Call call, Presented shown, CouponTerms terms)
    {
        ArgumentNullException.ThrowIfNull(call);
        ArgumentNullException.ThrowIfNull(shown);
        ArgumentNullException.ThrowIfNull(terms);
        if (shown.Digits is null && terms.Codes?.Rotation is null) return null;
        var coupon = await call.Http.RequestServices.GetRequiredService<BookQueries>().StateAsync(call.Merchant, CouponStream.Of(shown.Code), call.Aborted);
        return ShownDigits.Check(terms, shown.Digits, coupon.Step).Refusal;
    }

    private static ValueTask<byte[]> KeyAsync(Call call) => call.Http.RequestServices.GetRequiredService<Secrets>()
        .OfAsync(call.Merchant, "codes", () => RandomNumberGenerator.GetBytes(RotatingCode.MinKeyBytes), call.Aborted);

    private static async Task DepositAsync(Call call)
    {
        var type = call.Http.Request.ContentType?.Split(';')[0].Trim().ToLowerInvariant() ?? "application/json"; // Routing lets no other type in.
        if (await Answers.ReadAllAsync(call.Http, MaxUpload) is not { } raw)
        {
            await Problems.WriteAsync(call.Http, Problems.BodyTooLarge, JsonFacts.Of(new { limitBytes = MaxUpload }));
            return;
        }

        var faults = new Faults();
        var codes = type == "application/json"
            ? RequestBody.TryRead<DepositCodesBody>(raw, faults, out var body) ? body.Codes : []
            : LinesOf(raw, type == "text/csv", faults);
        if (faults.Count == 0 && codes.Count is 0 or > Limits.MaxDeposit) faults.Add("/codes", $"Send 1 to {Limits.MaxDeposit} codes at once.");
        if (await call.RefuseAsync(faults)) return;
        var request = call.Request(JsonSerializer.SerializeToUtf8Bytes(codes, LedgerJson.Answers));
        await call.SubmitAsync(CodeOperations.Deposit(request, call.Route("id"), codes));
    }

    /// <summary>One code a line. CSV may have a heading and quotes; a line of NDJSON is a text, an object with a code, or else the code as it stands.</summary>
    private static List<string> LinesOf(byte[] raw, bool isCsv, Faults faults)
    {
        if (!System.Text.Unicode.Utf8.IsValid(raw))
        {
            faults.Add("", "The body is not UTF-8; encode it in UTF-8.");
            return [];
        }

        var codes = new List<string>();
        foreach (var line in Encoding.UTF8.GetString(raw).TrimStart('\uFEFF').Split('\n'))
        {
            var text = line.TrimEnd('\r');
            if (text.Length == 0) continue;
            if (text.AsSpan().ContainsAnyInRange('\0', '\u001F')) faults.Add("/codes", "The text contains control characters; remove them.");
            codes.Add(isCsv ? Unquoted(text) : CodeIn(text));
            if (codes.Count > Limits.MaxDeposit + 1) break;
        }

        if (isCsv && codes is [var first, ..] && first.ToLowerInvariant() is "code" or "codes") codes.RemoveAt(0);
        return codes;
    }

    private static string Unquoted(string text) =>
        text.Length >= 2 && text[0] == '"' && text[^1] == '"' ? text[1..^1].Replace("\"\"", "\"", StringComparison.Ordinal) : text;

    private static string CodeIn(string line)
    {
        var faults = new Faults();
        if (RequestBody.TryRead<CodeLine>(Encoding.UTF8.GetBytes(line), faults, out var body)) return body.Code;
        return Unquoted(line);
    }

    private sealed record CodeLine(string Code);

    private static async Task PoolAsync(Call call)
    {
        var queries = call.Http.RequestServices.GetRequiredService<BookQueries>();
        var id = call.Route("id");
        if ((await queries.StateAsync(call.Merchant, CampaignStreams.Of(id), call.Aborted)).Status == CampaignStatus.None)
            await Problems.WriteAsync(call.Http, new CampaignUnknown(id));
        else await call.JsonAsync(CodePoolView.Of(id, await queries.StateAsync(call.Merchant, CodePoolStreams.PoolOf(id), call.Aborted)));
    }

    private static async Task RotatingAsync(Call call)
    {
        if (await FindAsync(call) is not var (code, terms)) return;
        if (terms.Codes?.Rotation is not { } rotation || !CouponCode.TryParse(code, out var ours))
        {
            await Problems.WriteAsync(call.Http, new CodeDoesNotRotate());
            return;
        }

        var period = (int)rotation;
        var from = Instant.FromUnixTimeSeconds(RotatingCode.StepOf(call.Now, rotation) * period);
        call.Http.Response.Headers.CacheControl = "no-store";
        await call.JsonAsync(new RotatingView(
            code, RotatingCode.Show(await KeyAsync(call), ours, call.Now, rotation).ToString(), period, from, from + Duration.FromSeconds(period)));
    }

    /// <summary>The picture of what tills scan: of a code that rotates the text of this moment, with the code itself to read below.</summary>
    private static async Task PictureAsync(Call call, Func<string, string?, CodePicture> draw)
    {
        var query = new Query(call, "format", "scale");
        var (format, scale) = (query.Text("format"), query.Number("scale", PngScale, 1, 40));
        if (format is not (null or "svg" or "png")) query.Refuse("format", "Ask for svg or png.");
        if (await query.RefuseAsync() || await FindAsync(call) is not var (code, terms)) return;
        var text = terms.Codes?.Rotation is { } rotation && CouponCode.TryParse(code, out var ours)
            ? RotatingCode.Show(await KeyAsync(call), ours, call.Now, rotation).ToString()
            : code;
        var picture = draw(text, code);
        var accept = call.Http.Request.Headers.Accept.ToString();
        var isPng = format == "png" || (format is null && accept.Contains("image/png", StringComparison.OrdinalIgnoreCase) && !accept.Contains("image/svg", StringComparison.OrdinalIgnoreCase));
        var bytes = isPng ? picture.ToPng(scale) : Encoding.UTF8.GetBytes(picture.ToSvg());
        call.Http.Response.ContentType = isPng ? "image/png" : "image/svg+xml";
        call.Http.Response.ContentLength = bytes.Length;
        call.Http.Response.Headers.CacheControl = text == code ? "private, max-age=86400" : "no-store";
        call.Http.Response.Headers.Vary = "Accept, Authorization";
        await call.Http.Response.BodyWriter.WriteAsync(bytes, call.Aborted);
    }

    private static async Task<(string Code, CouponTerms Terms)?> FindAsync(Call call)
    {
        if (await ReadAsync(call, call.Route("code")) is not { Digits: null, Code: var code })
        {
            if (!call.Http.Response.HasStarted && call.Http.Response.ContentType is null) await Problems.WriteAsync(call.Http, new CodeNotFound());
            return null;
        }

        if (await call.Http.RequestServices.GetRequiredService<CouponReads>().CouponAsync(call.Merchant, code, call.Aborted) is var (_, terms)) return (code, terms);
        await Problems.WriteAsync(call.Http, CodeText.Unknown(code));
        return null;
    }

    /// <summary>
    /// For pages that customers see, without a key: what a usable coupon promises, and one answer for all else, whatever the reason. The same
    /// question goes to the database for each of them. Each request counts for its address.
    /// </summary>
    private static async Task PublicAsync(HttpContext http, IClock clock, Throttle throttle)
    {
        if (await throttle.RefuseAsync(http)) return;
        var (merchant, text) = ((string)http.Request.RouteValues["merchant"]!, (string)http.Request.RouteValues["code"]!);
        var read = CodeText.Read(text, out _);
        var asked = read is { Rotating: null } known ? known.Code : "-";
        var found = await http.RequestServices.GetRequiredService<CouponReads>().CouponAsync(Headers.IsId(merchant) ? merchant : "-", asked, http.RequestAborted);
        var status = found?.Coupon.StatusAt(clock.GetCurrentInstant());
        if (found is not var (coupon, terms) || status is not ("effective" or "pending"))
            await Problems.WriteAsync(http, Problems.CodeNotApplicable);
        else
        {
            var view = new PublicCouponView(asked, status, terms.Benefit, terms.MinimumSpend, coupon.ValidFrom, coupon.ValidTo);
            await Answers.RawAsync(http, StatusCodes.Status200OK, JsonSerializer.SerializeToUtf8Bytes(view, LedgerJson.Answers));
        }
    }
}
