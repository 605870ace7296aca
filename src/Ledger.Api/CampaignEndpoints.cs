using System.ComponentModel.DataAnnotations;
using Ledger.Coupons;
using Ledger.Coupons.Codes;
using Ledger.Policies;
using Ledger.Postgres;
using NodaTime;
using static Ledger.Coupons.CampaignCommand;

namespace Ledger.Api;

/// <summary>What a coupon takes off; the members that its kind needs, and no others.</summary>
/// <param name="Off">fixedAmount: the amount off.</param>
/// <param name="OffBasisPoints">percentage: 1 to 10,000; 1,200 is 12 % off (8.8 折).</param>
/// <param name="Ceiling">percentage: the most it takes off.</param>
/// <param name="Price">specialPrice: what the goods cost with the coupon.</param>
/// <param name="Value">exchange: the most the goods are worth.</param>
/// <param name="Goods">exchange: the goods, in the merchant's words.</param>
public sealed record BenefitBody(
    BenefitKind Kind,
    [property: Range(1, Limits.MaxAmount)] long? Off = null,
    [property: Range(1, 10_000)] int? OffBasisPoints = null,
    [property: Range(1, Limits.MaxAmount)] long? Ceiling = null,
    Rounding Rounding = Rounding.Floor,
    [property: Range(0, Limits.MaxAmount)] long? Price = null,
    [property: Range(1, Limits.MaxAmount)] long? Value = null,
    [property: StringLength(Limits.MaxName, MinimumLength = 1)] string? Goods = null);

public enum BenefitKind
{
    FixedAmount,
    Percentage,
    SpecialPrice,
    Exchange,
}

/// <summary>When a coupon may be used: the window, or with validDays that many days from receipt, cut to the window.</summary>
public sealed record ValidityBody(
    Instant WindowStart, Instant WindowEnd,
    [property: Range(0, Limits.MaxDays)] int WaitDays = 0,
    [property: Range(1, Limits.MaxDays)] int? ValidDays = null);

/// <summary>A weekday and hours, half-open; to = 00:00 means the end of the day.</summary>
public sealed record UsableWindowBody(WeekDay Day, LocalTime From, LocalTime To);

public enum WeekDay
{
    Monday = 1,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// <summary>How many may be issued beside the quota; absent: no limit. A limit counts from the terms version that introduces it.</summary>
/// <param name="PerPerson">To one natural person, under whatever accounts; issuing then needs the person's number.</param>
/// <param name="PerPhone">To one phone number; issuing then needs the number.</param>
public sealed record LimitsBody(
    [property: Range(1, 1_000_000)] int? PerMember = null,
    [property: Range(1, 1_000_000)] int? PerMemberPerDay = null,
    [property: Range(1, int.MaxValue)] int? PerDay = null,
    [property: Range(1, 1_000_000)] int? PerPerson = null,
    [property: Range(1, 1_000_000)] int? PerPhone = null);

/// <summary>What a campaign promises and how its coupons may be used: one version of its terms.</summary>
/// <param name="MinimumSpend">The floor: smallest basket, before the discount, on which a coupon may be used.</param>
/// <param name="UsableOn">Weekdays and hours of use; absent: any time.</param>
/// <param name="Stores">Stores that accept it; absent: every store of the merchant.</param>
/// <param name="VoidWindowMinutes">Minutes after a redemption during which it may be voided; absent: until the business day ends.</param>
/// <param name="Stacking">How a coupon goes with others of a basket; absent: beside any.</param>
/// <param name="Goods">The goods that it discounts; absent: all. Floor and discount then count their amount only.</param>
/// <param name="PaymentMethods">Fund channels by which the basket may be paid, such as huabei; absent: any.</param>
/// <param name="Funding">Who pays the discounts; absent: the merchant.</param>
/// <param name="MaxUses">How often one coupon may be used.</param>
/// <param name="Channels">Where it may be used, in the merchant's words, such as in-store; absent: anywhere.</param>
/// <param name="IsBundle">Its uses are a set used in order: only the latest redemption that stands may be undone. Needs maxUses of 2 or more.</param>
/// <param name="Budgets">The parties whose shares a money budget of the campaign bounds, for coupons issued under these terms; absent: none.</param>
/// <param name="ReturnPolicy">What becomes of the discount when goods come back: each line gives back its part, or what is kept is priced anew.</param>
/// <param name="Codes">Where codes come from and whether they rotate; absent: made by the ledger, and they do not.</param>
/// <param name="Sale">What a coupon is sold for; absent: it is given.</param>
/// <param name="IsTransferable">Whether a member may give a coupon to another.</param>
/// <param name="Offline">Lets tills take the coupons while they are offline; absent: they do not.</param>
public sealed record TermsBody(
    BenefitBody Benefit,
    ValidityBody Validity,
    [property: Range(0, Limits.MaxAmount)] long MinimumSpend = 0,
    [property: MaxLength(Limits.MaxWindows)] IReadOnlyList<UsableWindowBody>? UsableOn = null,
    [property: MaxLength(Limits.MaxStores)] IReadOnlyList<string>? Stores = null,
    LimitsBody? Limits = null,
    [property: Range(1, 525_600)] int? VoidWindowMinutes = null,
    StackingBody? Stacking = null,
    GoodsBody? Goods = null,
    [property: MaxLength(Limits.MaxPaymentMethods)] IReadOnlyList<string>? PaymentMethods = null,
    FundingBody? Funding = null,
    [property: Range(1, Limits.MaxUses)] int MaxUses = 1,
    ReturnPolicy ReturnPolicy = ReturnPolicy.Proportional,
    [property: MaxLength(Limits.MaxChannels)] IReadOnlyList<string>? Channels = null,
    bool IsBundle = false,
    CodesBody? Codes = null,
    SaleBody? Sale = null,
    bool IsTransferable = false,
    [property: MaxLength(Limits.MaxFunders)] IReadOnlyList<string>? Budgets = null,
    OfflineTermsBody? Offline = null);

/// <summary>A campaign's codes.</summary>
/// <param name="Source">generated by the ledger, uploaded beforehand, or given with each issue.</param>
/// <param name="Rotation">How long a code stands on the customer's screen; only of generated ones. Absent: it never changes.</param>
public sealed record CodesBody(CodeSource Source = CodeSource.Generated, Rotation? Rotation = null);

/// <summary>Drafts a campaign with its first terms.</summary>
/// <param name="Quota">The most coupons it may ever issue.</param>
/// <param name="StartsAt">First instant of issuing; default: the start of the terms' window.</param>
/// <param name="EndsAt">First instant at which none are issued any more; default: the end of the terms' window.</param>
public sealed record DraftCampaignBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Id,
    [property: StringLength(Limits.MaxName, MinimumLength = 1)] string Name,
    [property: Range(1, Limits.MaxQuota)] long Quota,
    TermsBody Terms,
    Instant? StartsAt = null,
    Instant? EndsAt = null);

/// <summary>Sets the quota, compared with what the caller believes it to be.</summary>
public sealed record ChangeQuotaBody([property: Range(1, Limits.MaxQuota)] long Expected, [property: Range(1, Limits.MaxQuota)] long Target);

/// <summary>Sets the most that a party pays for the campaign's discounts, compared with what the caller believes it to be.</summary>
/// <param name="Party">One that the terms name among budgets.</param>
/// <param name="Expected">0 where none was set.</param>
public sealed record ChangeBudgetBody(
    [property: StringLength(Limits.MaxId, MinimumLength = 1), RegularExpression(Limits.IdPattern)] string Party,
    [property: Range(0, Limits.MaxBudget)] long Expected,
    [property: Range(0, Limits.MaxBudget)] long Target);

/// <summary>Why; people read it later.</summary>
public sealed record ReasonBody([property: StringLength(Limits.MaxReason, MinimumLength = 1)] string Reason);

/// <param name="Version">Of the terms that were read: terms that took their place meanwhile are not approved.</param>
public sealed record ApproveBody([property: Range(1, int.MaxValue)] int? Version = null);

/// <summary>Nothing to say.</summary>
public sealed record NoBody;

/// <summary>Campaigns: their life, their terms, their quota.</summary>
public static class CampaignEndpoints
{
    public static void MapCampaigns(this IEndpointRouteBuilder routes)
    {
        routes.MapCommand("/v1/campaigns", Access.Merchant, DraftAsync).Takes<DraftCampaignBody>().Answers<CampaignView>(201);
        routes.MapQuery("/v1/campaigns", Access.Merchant, ListAsync).Asks("limit", "cursor").Answers<Page<CampaignView>>();
        routes.MapQuery("/v1/campaigns/{id}", Access.Merchant, ShowAsync).Answers<CampaignView>();
        routes.MapCommand("/v1/campaigns/{id}/terms", Access.Merchant, AmendAsync).Takes<TermsBody>().Answers<CampaignView>();
        routes.MapCommand("/v1/campaigns/{id}/quota", Access.Merchant, ChangeQuotaAsync).Takes<ChangeQuotaBody>().Answers<CampaignView>();
        routes.MapCommand("/v1/campaigns/{id}/budgets", Access.Merchant, ChangeBudgetAsync).Takes<ChangeBudgetBody>().Answers<CampaignView>();
        routes.MapQuery("/v1/campaigns/{id}/terms/{version}", Access.Merchant, TermsAsync).Answers<CouponTerms>();
        Step("submit", CouponOperations.Submit);
        routes.MapCommand("/v1/campaigns/{id}/approve", Access.Merchant, ApproveAsync).Takes<ApproveBody>(isOptional: true).Answers<CampaignView>();
        Step("resume", (request, id) => CouponOperations.Change(request, id, new ResumeCampaign()));
        Because("reject", reason => new RejectCampaign(reason));
        Because("pause", reason => new PauseCampaign(reason));
        Because("stop", reason => new StopCampaign(reason));

        void Step(string name, Func<Request, string, Operation> operation) =>
            routes.MapCommand($"/v1/campaigns/{{id}}/{name}", Access.Merchant, call => ChangeAsync(call, operation)).Takes<NoBody>(isOptional: true).Answers<CampaignView>();
        void Because(string name, Func<string, CampaignCommand> command) =>
            routes.MapCommand($"/v1/campaigns/{{id}}/{name}", Access.Merchant, call => ChangeAsync(call, command)).Takes<ReasonBody>().Answers<CampaignView>();
    }

    private static async Task DraftAsync(Call call)
    {
        if (await call.ReadAsync<DraftCampaignBody>() is not var (body, raw)) return;
        var faults = new Faults();
        var terms = TermsOf(call, body.Terms, "/terms", faults);
        var (starts, ends) = (body.StartsAt ?? body.Terms.Validity.WindowStart, body.EndsAt ?? body.Terms.Validity.WindowEnd);
        if (starts >= ends) faults.Add("/endsAt", "Let the campaign end after it starts.");
        if (await call.RefuseAsync(faults)) return;
        await call.SubmitAsync(CouponOperations.Draft(call.Request(raw), body.Id, new DraftCampaign(body.Name, body.Quota, starts, ends), terms!), 201);
    }

    private static async Task ListAsync(Call call)
    {
        var query = new Query(call, "limit", "cursor");
        var (limit, cursor) = (query.Limit, query.Cursor);
        if (await query.RefuseAsync()) return;
        var campaigns = await call.Http.RequestServices.GetRequiredService<BookQueries>().CampaignsAsync(call.Merchant, cursor, limit, call.Aborted);
        await call.JsonAsync(Page<CampaignView>.Of(campaigns, limit, campaign => campaign.Id));
    }

    private static async Task ShowAsync(Call call)
    {
        var queries = call.Http.RequestServices.GetRequiredService<BookQueries>();
        if (await queries.CampaignAsync(call.Merchant, call.Route("id"), call.Aborted) is not { } campaign)
        {
            await Problems.WriteAsync(call.Http, new CampaignUnknown(call.Route("id")));
            return;
        }

        call.Http.Response.Headers.ETag = ETagOf(campaign.TermsVersion);
        await call.JsonAsync(campaign);
    }

    private static async Task AmendAsync(Call call)
    {
        if (await call.ReadAsync<TermsBody>() is not var (body, raw)) return;
        var tag = call.Http.Request.Headers.IfMatch.ToString();
        if (!int.TryParse(tag.Trim('"'), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var expected) || expected is 0 or int.MaxValue)
        {
            await Problems.WriteAsync(call.Http, Problems.IfMatchMissing);
            return;
        }

        var faults = new Faults();
        var terms = TermsOf(call, body, "", faults);
        if (await call.RefuseAsync(faults)) return;
        await call.SubmitAsync(CouponOperations.Amend(call.Request(raw), call.Route("id"), expected, terms!, FourEyesPolicy.Rule));
    }

    private static async Task ChangeQuotaAsync(Call call)
    {
        if (await call.ReadAsync<ChangeQuotaBody>() is not var (body, raw)) return;
        await call.SubmitAsync(CouponOperations.ChangeQuota(call.Request(raw), call.Route("id"), body.Expected, body.Target));
    }

    private static async Task ChangeBudgetAsync(Call call)
    {
        if (await call.ReadAsync<ChangeBudgetBody>() is not var (body, raw)) return;
        await call.SubmitAsync(CouponOperations.ChangeBudget(call.Request(raw), call.Route("id"), body.Party, new(body.Expected), new(body.Target)));
    }

    /// <summary>Any version of the terms: the current one, one that coupons pin, or one that waits for approval.</summary>
    private static async Task TermsAsync(Call call)
    {
        var (id, queries) = (call.Route("id"), call.Http.RequestServices.GetRequiredService<BookQueries>());
        var isNumber = int.TryParse(call.Route("version"), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var version);
        var terms = isNumber && Headers.IsId(id) ? (await queries.StateAsync(call.Merchant, CampaignStreams.TermsOf(id, version), call.Aborted)).Terms : null;
        if (terms is null) await Problems.WriteAsync(call.Http, new TermsVersionUnknown(id, version));
        else await call.JsonAsync(terms);
    }

    private static async Task ApproveAsync(Call call)
    {
        if (await call.ReadAsync<ApproveBody>(isOptional: true) is not var (body, raw)) return;
        await call.SubmitAsync(CouponOperations.Approve(call.Request(raw), call.Route("id"), FourEyesPolicy.Rule, body.Version));
    }

    private static async Task ChangeAsync(Call call, Func<Request, string, Operation> operation)
    {
        if (await call.ReadAsync<NoBody>(isOptional: true) is not var (_, raw)) return;
        await call.SubmitAsync(operation(call.Request(raw), call.Route("id")));
    }

    private static async Task ChangeAsync(Call call, Func<string, CampaignCommand> command)
    {
        if (await call.ReadAsync<ReasonBody>() is not var (body, raw)) return;
        await call.SubmitAsync(CouponOperations.Change(call.Request(raw), call.Route("id"), command(body.Reason)));
    }

    /// <summary>The version that a person read; it goes back as If-Match.</summary>
    private static string ETagOf(int version) => FormattableString.Invariant($"\"{version}\"");

    /// <summary>The terms that a body says, or null and the faults.</summary>
    internal static CouponTerms? TermsOf(Call call, TermsBody body, string at, Faults faults)
    {
        var before = faults.Count;
        var benefit = BenefitOf(body.Benefit, $"{at}/benefit", faults);
        var validity = body.Validity;
        if (validity.WindowStart >= validity.WindowEnd) faults.Add($"{at}/validity/windowEnd", "Let the window end after it starts.");
        var windows = body.UsableOn ?? [];
        for (var i = 0; i < windows.Count; i++)
        {
            if (windows[i].From >= windows[i].To && windows[i].To != LocalTime.Midnight)
                faults.Add($"{at}/usableOn/{i}/to", "Let the hours end after they start; across midnight takes two windows.");
        }

        var stores = body.Stores ?? [];
        for (var i = 0; i < stores.Count; i++)
        {
            if (!call.Caller.Profile.Stores.ContainsKey(stores[i])) faults.Add($"{at}/stores/{i}", "Name a store of the merchant; open it first with POST /v1/stores.");
        }

        if (body.Codes is { Source: not CodeSource.Generated, Rotation: not null }) faults.Add($"{at}/codes/rotation", "Leave it out; only codes that the ledger makes can rotate.");
        if (body is { Offline: not null, MaxUses: > 1 }) faults.Add($"{at}/offline", "Leave it out; coupons of several uses are counted by the service alone.");
        BasketTerms.Check(body, at, faults);
        if (body is { IsBundle: true, MaxUses: 1 }) faults.Add($"{at}/isBundle", "Let maxUses be 2 or more; one use is no bundle.");
        if (body is { Sale: not null, Codes.Source: not CodeSource.Generated }) faults.Add($"{at}/codes/source", "Let it be generated; coupons that are sold have codes that the ledger makes.");
        if (body is { Sale: not null, Limits.PerPerson: not null }) faults.Add($"{at}/limits/perPerson", "Leave it out; a sale names a member, and no person.");
        if (body is { Sale: not null, Limits.PerPhone: not null }) faults.Add($"{at}/limits/perPhone", "Leave it out; a sale names a member, and no phone.");
        if (body is { Sale: not null, MaxUses: > 1 }) faults.Add($"{at}/maxUses", "Leave it out; a coupon that is sold is used once.");
        if (faults.Count > before) return null;
        return new(
            benefit!, new(body.MinimumSpend), call.Caller.Profile.TimeZone, new(validity.WindowStart, validity.WindowEnd, validity.WaitDays, validity.ValidDays),
            [.. windows.Select(w => new UsableWindow((IsoDayOfWeek)w.Day, w.From, w.To))], [.. stores.Distinct(StringComparer.Ordinal)],
            new(body.Limits?.PerMember, body.Limits?.PerMemberPerDay, body.Limits?.PerDay, body.Limits?.PerPerson, body.Limits?.PerPhone), body.VoidWindowMinutes,
            BasketTerms.Of(body.Stacking), BasketTerms.Of(body.Goods), BasketTerms.Some(body.PaymentMethods), BasketTerms.Of(body.Funding),
            body.MaxUses == 1 ? null : body.MaxUses, body.ReturnPolicy == ReturnPolicy.Proportional ? null : body.ReturnPolicy,
            IsTransferable: body.IsTransferable ? true : null, Channels: BasketTerms.Some(body.Channels), IsBundle: body.IsBundle ? true : null,
            Codes: body.Codes is null or { Source: CodeSource.Generated, Rotation: null } ? null : new(body.Codes.Source, body.Codes.Rotation),
            Sale: SaleEndpoints.Of(body.Sale), Budgets: BasketTerms.Some(body.Budgets)?.Order(StringComparer.Ordinal).ToList(),
            OfflineLiability: body.Offline?.Liability, OfflineMaxDiscount: body.Offline?.MaxDiscount is { } most ? new(most) : null);
    }

    private static Benefit? BenefitOf(BenefitBody body, string at, Faults faults)
    {
        var given = new Dictionary<string, bool>(StringComparer.Ordinal)
        {
            ["off"] = body.Off is not null,
            ["offBasisPoints"] = body.OffBasisPoints is not null,
            ["ceiling"] = body.Ceiling is not null,
            ["price"] = body.Price is not null,
            ["value"] = body.Value is not null,
            ["goods"] = body.Goods is not null,
        };
        string[] needed = body.Kind switch
        {
            BenefitKind.FixedAmount => ["off"],
            BenefitKind.Percentage => ["offBasisPoints"],
            BenefitKind.SpecialPrice => ["price"],
            _ => ["value", "goods"],
        };
        string[] allowed = body.Kind == BenefitKind.Percentage ? ["ceiling"] : [];
        var before = faults.Count;
        foreach (var name in needed.Where(name => !given[name])) faults.Add($"{at}/{name}", "A benefit of this kind needs it.");
        foreach (var (name, isGiven) in given)
        {
            if (isGiven && !needed.Contains(name, StringComparer.Ordinal) && !allowed.Contains(name, StringComparer.Ordinal))
                faults.Add($"{at}/{name}", "Leave it out; a benefit of this kind has none.");
        }

        return faults.Count > before ? null : body.Kind switch
        {
            BenefitKind.FixedAmount => new Benefit.FixedAmount(new(body.Off!.Value)),
            BenefitKind.Percentage => new Benefit.Percentage(body.OffBasisPoints!.Value, body.Ceiling is { } c ? new Money(c) : null, body.Rounding),
            BenefitKind.SpecialPrice => new Benefit.SpecialPrice(new(body.Price!.Value)),
            _ => new Benefit.Exchange(new(body.Value!.Value), body.Goods!),
        };
    }
}
