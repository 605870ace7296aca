using Ledger.Coupons;
using Ledger.Coupons.Associations;
using Ledger.Coupons.Codes;
using NodaTime;
using static Ledger.Coupons.CampaignCommand;

namespace Ledger.Api.Channels;

/// <summary>WeChat Pay's merchant coupon (busifavor): its calls over the ledger's own operations.</summary>
internal static class WechatEndpoints
{
    private const string Base = "/v1/channels/wechat/busifavor";

    private const int MaxCode = 32;

    public static void MapWechat(this IEndpointRouteBuilder routes)
    {
        Command("POST", "/stocks", "create", CreateAsync).Takes<WechatStockBody>().Answers<WechatStockId>();
        Command("PATCH", "/stocks/{stock_id}", "modify", ModifyAsync).Takes<WechatModifyBody>().Answers<WechatStockId>();
        Command("PATCH", "/stocks/{stock_id}/budget", "budget", BudgetAsync).Takes<WechatBudgetBody>().Answers<WechatStock>();
        Command("POST", "/stocks/{stock_id}/stop", "stop", StopAsync).Takes<WechatStopBody>().Answers<WechatStockId>();
        Query("/stocks/{stock_id}", "query", QueryAsync).Answers<WechatStock>();
        Command("POST", "/stocks/{stock_id}/couponcodes", "couponcodes", UploadAsync).Takes<WechatCodesBody>().Answers<WechatUploaded>();
        Query("/stocks/{stock_id}/couponcodes", "codecount", CountAsync).Answers<WechatCodeCount>();
        Command("POST", "/coupons/send", "send", SendAsync).Takes<WechatSendBody>().Answers<WechatCoupon>();
        Command("POST", "/coupons/use", "use", UseAsync, Access.Till).Takes<WechatUseBody>().Answers<WechatStep>();
        Command("POST", "/coupons/return", "return", ReturnAsync, Access.Till).Takes<WechatReturnBody>().Answers<WechatStep>();
        Command("POST", "/coupons/deactivate", "deactivate", DeactivateAsync).Takes<WechatDeactivateBody>().Answers<WechatCoupon>();
        Command("POST", "/coupons/associate", "associate", call => AssociateAsync(call, "associate", AssociationStream.Associate)).Takes<WechatAssociateBody>().Answers<WechatAssociation>();
        Command("POST", "/coupons/disassociate", "disassociate", call => AssociateAsync(call, "disassociate", AssociationStream.Disassociate)).Takes<WechatAssociateBody>().Answers<WechatAssociation>();
        Query("/users/{user}/coupons/{coupon_code}", "querycoupon", CouponAsync).Answers<WechatCoupon>();
        Query("/users/{user}/coupons", "querycoupons", CouponsAsync).Asks("limit", "cursor").Answers<WechatCoupons>();

        RouteHandlerBuilder Command(string method, string path, string name, Func<Call, Task> handler, Access access = Access.Merchant) =>
            routes.MapKeyed(method, Base + path, access, handler).WithMetadata(ChannelErrors.Wechat(name));
        RouteHandlerBuilder Query(string path, string name, Func<Call, Task> handler) =>
            routes.MapQuery(Base + path, Access.Merchant, handler).WithMetadata(ChannelErrors.Wechat(name));
    }

    /// <summary>What a person at WeChat sees of a coupon. One that cannot be used any more for another reason than its time is DEACTIVATED.</summary>
    public static string StatusOf(string word, bool isHidden = false) => word switch
    {
        "used" => "USED",
        "expired" or "returned-expired" => "EXPIRED",
        "deactivated" or "cancelled" => "DEACTIVATED",
        _ => isHidden ? "DELETED" : "SENDED",
    };

    private static string StateOf(CampaignStatus status) => status switch
    {
        CampaignStatus.Active => "RUNNING",
        CampaignStatus.Paused => "PAUSED",
        CampaignStatus.Stopped or CampaignStatus.Ended => "STOPED",
        _ => "UNAUDIT",
    };

    private static async Task CreateAsync(Call call)
    {
        if (await call.ReadAsync<WechatStockBody>() is not var (body, raw)) return;
        var faults = new Faults();
        var off = 0;
        if (body.Rate is not null && !PaidRate.TryParse(body.Rate, out off)) faults.Add("/rate", PaidRate.Sentence);
        if (body is { NaturalPerson: true, PerUser: null }) faults.Add("/per_user", "Say how many; natural_person counts the limit per user.");
        if (await call.RefuseAsync(faults)) return;
        var benefit = new BenefitBody(
            body.Type switch { WechatStockType.Normal => BenefitKind.FixedAmount, WechatStockType.Discount => BenefitKind.Percentage, _ => BenefitKind.Exchange },
            body.Amount, body.Rate is null ? null : off, Value: body.Value, Goods: body.Goods);
        var source = body.CodeMode switch { WechatCodeMode.WechatpayMode => CodeSource.Generated, WechatCodeMode.MerchantUpload => CodeSource.Uploaded, _ => CodeSource.Given };
        var said = new ChannelTerms(
            benefit, new(body.Floor), body.AvailableBegin, body.AvailableEnd, body.WaitDays, body.ValidDays,
            new(body.PerUser, PerDay: body.ByDay, PerPerson: body.NaturalPerson ? body.PerUser : null), source, MaxUses: 1);
        var terms = said.Read(call, faults);
        if (await call.RefuseAsync(faults)) return;
        var id = Channel.IdOf(Dialect.Wechat, body.OutRequestNo);
        if (await Channel.LaunchAsync(call, id, body.OutRequestNo, new DraftCampaign(Channel.NameOf(body.OutRequestNo), body.MaxCoupons, body.AvailableBegin, body.AvailableEnd), terms!, raw))
            await call.JsonAsync(new WechatStockId(id));
    }

    private static async Task ModifyAsync(Call call)
    {
        if (await call.ReadAsync<WechatModifyBody>() is not var (body, raw)) return;
        var faults = new Faults();
        if (body is { Floor: null, AvailableEnd: null, PerUser: null, ByDay: null }) faults.Add("", "Name what is to be modified.");
        if (await call.RefuseAsync(faults)) return;
        await AcceptAsync(call, await Channel.AmendAsync(call, Id(call), body.OutRequestNo, raw, terms => terms with
        {
            MinimumSpend = body.Floor is { } floor ? new(floor) : terms.MinimumSpend,
            Validity = terms.Validity with { WindowEnd = body.AvailableEnd ?? terms.Validity.WindowEnd },
            Limits = terms.Limits with
            {
                PerMember = body.PerUser ?? terms.Limits.PerMember,
                PerDay = body.ByDay ?? terms.Limits.PerDay,
                PerPerson = terms.Limits.PerPerson is null ? null : body.PerUser ?? terms.Limits.PerPerson,
            },
        }));
    }

    private static async Task BudgetAsync(Call call)
    {
        if (await call.ReadAsync<WechatBudgetBody>() is not var (body, raw)) return;
        var operation = CouponOperations.ChangeQuota(Channel.Request(call, "budget", body.OutRequestNo, raw), Id(call), body.CurrentMaxCoupons, body.TargetMaxCoupons);
        if (await Channel.SubmitAsync<CampaignView>(call, operation) is { } campaign) await call.JsonAsync(Show(campaign));
    }

    private static async Task StopAsync(Call call)
    {
        if (await call.ReadAsync<WechatStopBody>() is not var (body, raw)) return;
        await AcceptAsync(call, await Channel.StopAsync(call, Id(call), body.OutRequestNo, raw, body.Reason));
    }

    private static async Task QueryAsync(Call call)
    {
        if (await Channel.CampaignAsync(call, Id(call)) is { } campaign) await call.JsonAsync(Show(campaign));
    }

    private static WechatStock Show(CampaignView campaign)
    {
        var (terms, benefit, limits) = (campaign.Terms, campaign.Terms.Benefit, campaign.Terms.Limits);
        return new(
            campaign.Id, StateOf(campaign.Status),
            benefit switch { Benefit.FixedAmount => WechatStockType.Normal, Benefit.Percentage => WechatStockType.Discount, _ => WechatStockType.Exchange },
            CodeOperations.SourceOf(terms) switch
            {
                CodeSource.Uploaded => WechatCodeMode.MerchantUpload,
                CodeSource.Given => WechatCodeMode.MerchantApi,
                _ => WechatCodeMode.WechatpayMode,
            },
            campaign.Quota, campaign.Issued, terms.MinimumSpend.Minor, (benefit as Benefit.FixedAmount)?.Off.Minor,
            benefit is Benefit.Percentage percentage ? PaidRate.Text(percentage.OffBasisPoints) : null, (benefit as Benefit.Percentage)?.Ceiling?.Minor,
            (benefit as Benefit.Exchange)?.Value.Minor, (benefit as Benefit.Exchange)?.Goods, (benefit as Benefit.SpecialPrice)?.Price.Minor,
            ChannelTimes.Wechat(terms.Validity.WindowStart), ChannelTimes.Wechat(terms.Validity.WindowEnd), terms.Validity.WaitDays, terms.Validity.ValidDays,
            limits.PerMember, limits.PerDay, limits.PerPerson is not null);
    }

    private static async Task UploadAsync(Call call)
    {
        if (await call.ReadAsync<WechatCodesBody>() is not var (body, raw)) return;
        var faults = new Faults();
        foreach (var (i, code) in body.Codes.Index())
        {
            if (code.Length > MaxCode) faults.Add($"/codes/{i}", $"Send a code of 1 to {MaxCode} characters.");
        }

        if (await call.RefuseAsync(faults)) return;
        var operation = CodeOperations.Deposit(Channel.Request(call, "couponcodes", body.OutRequestNo, raw), Id(call), body.Codes);
        if (await Channel.SubmitAsync<DepositView>(call, operation) is not { } done) return;
        await call.JsonAsync(new WechatUploaded(Of(CodeOutcome.Success), Of(CodeOutcome.Invalid), Of(CodeOutcome.Exists), Of(CodeOutcome.DuplicateInBatch)));

        string[] Of(CodeOutcome outcome) => [.. done.Codes.Where(code => code.Outcome == outcome).Select(code => code.Code)];
    }

    private static async Task CountAsync(Call call)
    {
        if (await Channel.PoolAsync(call, Id(call)) is { } pool) await call.JsonAsync(new WechatCodeCount(pool.Left, pool.Dispatched));
    }

    private static async Task SendAsync(Call call)
    {
        if (await call.ReadAsync<WechatSendBody>() is not var (body, raw)) return;
        var issue = new IssueBody(body.StockId, body.User, "wechat", Code: body.CouponCode, Person: body.Person, Phone: body.Phone);
        if (await Channel.SendAsync(call, issue, body.OutRequestNo, raw) is { } coupon)
            await call.JsonAsync(Show(coupon.Code, coupon.Campaign, "pending", coupon.ValidFrom, coupon.ValidTo));
    }

    private static async Task UseAsync(Call call)
    {
        if (await call.ReadAsync<WechatUseBody>() is not var (body, raw)) return;
        if (await FindAsync(call, body.CouponCode, body.StockId) is not { } coupon) return;
        var (request, at) = (Channel.Request(call, "use", body.UseRequestNo, raw), call.Caller.Judged(body.UseTime, call.Now));
        if (await Channel.UseAsync(call, coupon, request, new(body.Amount), at, order: null) is { } step) await call.JsonAsync(Show(step));
    }

    private static async Task ReturnAsync(Call call)
    {
        if (await call.ReadAsync<WechatReturnBody>() is not var (body, raw)) return;
        if (await FindAsync(call, body.CouponCode, body.StockId) is not { } coupon) return;
        if (await Channel.ReturnAsync(call, coupon, Channel.Request(call, "return", body.ReturnRequestNo, raw)) is { } step) await call.JsonAsync(Show(step));
    }

    private static async Task DeactivateAsync(Call call)
    {
        if (await call.ReadAsync<WechatDeactivateBody>() is not var (body, raw)) return;
        if (await FindAsync(call, body.CouponCode, body.StockId) is not { } coupon) return;
        if (await Channel.DeactivateAsync(call, coupon, Channel.Request(call, "deactivate", body.OutRequestNo, raw), body.Reason) is { } done)
            await call.JsonAsync(Show(done.Code, done.Campaign, done.Status, done.ValidFrom, done.ValidTo, done.IsHidden is true));
    }

    private static async Task AssociateAsync(Call call, string name, Func<Request, string, string, Operation> operation)
    {
        if (await call.ReadAsync<WechatAssociateBody>() is not var (body, raw)) return;
        if (await Channel.AssociateAsync(call, body.StockId, body.CouponCode, "/coupon_code", body.OutTradeNo, Channel.Request(call, name, body.OutRequestNo, raw), operation) is { } done)
            await call.JsonAsync(new WechatAssociation(done.Campaign, done.Code, done.Trade));
    }

    private static async Task CouponAsync(Call call)
    {
        var user = call.Route("user");
        if (await Channel.FindAsync(call, call.Route("coupon_code"), "/coupon_code", state => state.Member == user) is var (shown, coupon, _))
            await call.JsonAsync(Show(shown.Code, coupon.Campaign, coupon.StatusAt(call.Now), coupon.ValidFrom, coupon.ValidTo, coupon.IsHidden is true));
    }

    private static async Task CouponsAsync(Call call)
    {
        var query = new Query(call, "limit", "cursor");
        var (limit, cursor) = (query.Limit, query.Cursor);
        if (await query.RefuseAsync()) return;
        var held = await Channel.Queries(call).WalletAsync(call.Merchant, call.Route("user"), true, cursor, limit, call.Now, call.Aborted);
        await call.JsonAsync(new WechatCoupons(
            [.. held.Select(one => Show(one.Code, one.Campaign, one.Status, one.ValidFrom, one.ValidTo, one.IsHidden is true))], held.Count < limit ? null : Query.Encode(held[^1].Code)));
    }

    /// <summary>The coupon of that stock; where the merchant made the code, the stock has to be named.</summary>
    private static async Task<KnownCoupon?> FindAsync(Call call, string code, string? stock)
    {
        if (await Channel.FindAsync(call, code, "/coupon_code", coupon => stock is null || coupon.Campaign == stock) is not { } found) return null;
        var faults = new Faults();
        if (stock is null && CodeOperations.SourceOf(found.Terms) != CodeSource.Generated) faults.Add("/stock_id", "Name the stock; only in WECHATPAY_MODE it may be left out.");
        return await call.RefuseAsync(faults) ? null : found;
    }

    private static WechatCoupon Show(string code, string campaign, string status, Instant from, Instant to, bool isHidden = false) =>
        new(code, campaign, StatusOf(status, isHidden), ChannelTimes.Wechat(from), ChannelTimes.Wechat(to));

    private static WechatStep Show(CouponStep step) => new(step.Code, StatusOf(step.Status), step.Discount.Minor);

    private static Task AcceptAsync(Call call, bool isAccepted) => isAccepted ? call.JsonAsync(new WechatStockId(Id(call))) : Task.CompletedTask;

    private static string Id(Call call) => call.Route("stock_id");
}
