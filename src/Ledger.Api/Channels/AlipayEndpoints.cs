using Ledger.Coupons;
using Ledger.Coupons.Associations;
using Ledger.Coupons.Codes;
using Ledger.Coupons.Redemptions;
using NodaTime;
using static Ledger.Coupons.CampaignCommand;

namespace Ledger.Api.Channels;

/// <summary>Alipay's order voucher (商家券): its calls over the ledger's own operations.</summary>
internal static class AlipayEndpoints
{
    private const string Base = "/v1/channels/alipay/ordervoucher";

    public static void MapAlipay(this IEndpointRouteBuilder routes)
    {
        const string noPermission = "ACTIVITY_NOT_PERMISSION";
        Command("POST", "/activity", "create", CreateAsync, Access.Merchant, "DISCOUNT_AMOUNT_INSUFFICIENT", "BUSINESS_HAS_RISK").Takes<AlipayActivityBody>().Answers<AlipayAccepted>();
        Command("PATCH", "/activity/{activity_id}", "modify", ModifyAsync, Access.Merchant).Takes<AlipayModifyBody>().Answers<AlipayAccepted>();
        Command("PATCH", "/activity/{activity_id}/append", "append", AppendAsync, Access.Merchant).Takes<AlipayAppendBody>().Answers<AlipayAccepted>();
        Command("PATCH", "/activity/{activity_id}/stop", "stop", StopAsync, Access.Merchant).Takes<AlipayStopBody>().Answers<AlipayAccepted>();
        Query("/activity/{activity_id}/query", "query", QueryAsync).Answers<AlipayActivity>();
        Command("POST", "/activity/{activity_id}/voucher/codedeposit", "codedeposit", DepositAsync, Access.Merchant).Takes<AlipayDepositBody>().Answers<AlipayDeposited>();
        Query("/activity/{activity_id}/voucher/codecount", "codecount", CountAsync).Answers<AlipayCodeCount>();
        Command("POST", "/voucher/send", "send", SendAsync, Access.Merchant,
            "ACTIVITY_NOT_ACTIVE", "ACTIVITY_NOT_START", "ACTIVITY_IS_END", "ACTIVITY_IS_STOPED", "BUDGET_NOT_ENOUGH", "COUNT_OVER_LIMIT")
            .Takes<AlipaySendBody>().Answers<AlipayVoucher>();
        Command("POST", "/voucher/{code}/use", "use", UseAsync, Access.Till, noPermission).Takes<AlipayUseBody>().Answers<AlipayStep>();
        Command("POST", "/voucher/{code}/refund", "refund", RefundAsync, Access.Till).Takes<AlipayRefundBody>().Answers<AlipayStep>();
        Command("POST", "/voucher/{code}/invalid", "invalid", InvalidAsync, Access.Merchant).Takes<AlipayStopBody>().Answers<AlipayVoucher>();
        Command("POST", "/voucher/{code}/associate", "associate", call => AssociateAsync(call, "associate", AssociationStream.Associate), Access.Merchant,
            "ACTIVITY_NOT_EXIST", "VOUCHER_NOT_EXIST", noPermission, "VOUCHER_ASSOCIATE_OTHER_TRADE_NO").Takes<AlipayAssociateBody>().Answers<AlipayAssociation>();
        Command("POST", "/voucher/{code}/disassociate", "disassociate", call => AssociateAsync(call, "disassociate", AssociationStream.Disassociate), Access.Merchant,
            "ACTIVITY_NOT_EXIST", "VOUCHER_NOT_EXIST", noPermission, "VOUCHER_ASSOCIATE_TRADE_NO_ERROR").Takes<AlipayAssociateBody>().Answers<AlipayAssociation>();
        Query("/user/{user}/voucher/{code}", "queryvoucher", VoucherAsync).Answers<AlipayVoucher>();
        Query("/user/{user}/voucher", "batchqueryvoucher", VouchersAsync).Asks("limit", "cursor").Answers<AlipayVouchers>();

        RouteHandlerBuilder Command(string method, string path, string name, Func<Call, Task> handler, Access access, params ReadOnlySpan<string> names) =>
            routes.MapKeyed(method, Base + path, access, handler).WithMetadata(ChannelErrors.Alipay(name, names));
        RouteHandlerBuilder Query(string path, string name, Func<Call, Task> handler) =>
            routes.MapQuery(Base + path, Access.Merchant, handler).WithMetadata(ChannelErrors.Alipay(name));
    }

    /// <summary>What a person at Alipay sees of a coupon: three states.</summary>
    public static string StatusOf(string word) => word switch
    {
        "used" => "USED",
        "expired" or "returned-expired" or "deactivated" or "cancelled" => "EXPIRED",
        _ => "SENDED",
    };

    private static string? StateOf(CampaignStatus status) => status switch
    {
        CampaignStatus.Active => "ACTIVE",
        CampaignStatus.Paused => "PAUSE",
        CampaignStatus.Stopped => "STOPPED",
        CampaignStatus.Ended => "ENDED",
        _ => null,
    };

    private static async Task CreateAsync(Call call)
    {
        if (await call.ReadAsync<AlipayActivityBody>() is not var (body, raw)) return;
        var faults = new Faults();
        var (begin, end) = (Time(body.AvailableBegin, "/available_begin", faults), Time(body.AvailableEnd, "/available_end", faults));
        var benefit = new BenefitBody(
            body.VoucherType switch
            {
                AlipayVoucherType.Fix => BenefitKind.FixedAmount,
                AlipayVoucherType.Discount => BenefitKind.Percentage,
                AlipayVoucherType.Special => BenefitKind.SpecialPrice,
                _ => BenefitKind.Exchange,
            },
            Fen(body.Amount, "/amount", faults), RateOf(body.Rate, faults), Fen(body.Ceiling, "/ceiling", faults), Price: Fen(body.SpecialPrice, "/special_price", faults, least: 0),
            Value: Fen(body.Value, "/value", faults), Goods: body.Goods);
        var floor = Fen(body.Floor, "/floor", faults, least: 0) ?? 0;
        if (await call.RefuseAsync(faults)) return;
        var said = new ChannelTerms(
            benefit, new(floor), begin, end, body.WaitDays, body.ValidDays,
            new(ChannelTerms.Limit(body.PerUser), ChannelTerms.Limit(body.PerUserPerDay), ChannelTerms.Limit(body.PerDayTotal), ChannelTerms.Limit(body.NaturalPerson), ChannelTerms.Limit(body.PhoneNumber)),
            body.CodeMode == AlipayCodeMode.MerchantUpload ? CodeSource.Uploaded : CodeSource.Given, body.VoucherMaxUseTimes);
        var terms = said.Read(call, faults);
        if (await call.RefuseAsync(faults)) return;
        var id = Channel.IdOf(Dialect.Alipay, body.OutBizNo);
        if (await Channel.LaunchAsync(call, id, body.OutBizNo, new DraftCampaign(Channel.NameOf(body.OutBizNo), body.Quantity, begin, end), terms!, raw))
            await call.JsonAsync(new AlipayAccepted(id));
    }

    private static async Task ModifyAsync(Call call)
    {
        if (await call.ReadAsync<AlipayModifyBody>() is not var (body, raw)) return;
        var faults = new Faults();
        var floor = Fen(body.Floor, "/floor", faults, least: 0);
        Instant? end = body.AvailableEnd is null ? null : Time(body.AvailableEnd, "/available_end", faults);
        if (body is { Floor: null, AvailableEnd: null, PerUser: null, PerDayTotal: null }) faults.Add("", "Name what is to be modified.");
        if (await call.RefuseAsync(faults)) return;
        await AcceptAsync(call, await Channel.AmendAsync(call, Id(call), body.OutBizNo, raw, terms => terms with
        {
            MinimumSpend = floor is { } fen ? new(fen) : terms.MinimumSpend,
            Validity = terms.Validity with { WindowEnd = end ?? terms.Validity.WindowEnd },
            Limits = terms.Limits with
            {
                PerMember = body.PerUser is null ? terms.Limits.PerMember : ChannelTerms.Limit(body.PerUser),
                PerDay = body.PerDayTotal is null ? terms.Limits.PerDay : ChannelTerms.Limit(body.PerDayTotal),
            },
        }));
    }

    private static async Task AppendAsync(Call call)
    {
        if (await call.ReadAsync<AlipayAppendBody>() is not var (body, raw)) return;
        var operation = QuotaAppend.Append(Channel.Request(call, "append", body.OutBizNo, raw), Id(call), body.Quantity);
        await AcceptAsync(call, await Channel.SubmitAsync<CampaignView>(call, operation) is not null);
    }

    private static async Task StopAsync(Call call)
    {
        if (await call.ReadAsync<AlipayStopBody>() is not var (body, raw)) return;
        await AcceptAsync(call, await Channel.StopAsync(call, Id(call), body.OutBizNo, raw, body.Reason));
    }

    private static async Task QueryAsync(Call call)
    {
        if (await Channel.CampaignAsync(call, Id(call)) is { } campaign) await call.JsonAsync(Show(campaign));
    }

    private static AlipayActivity Show(CampaignView campaign)
    {
        var (terms, benefit, limits) = (campaign.Terms, campaign.Terms.Benefit, campaign.Terms.Limits);
        return new(
            campaign.Id, StateOf(campaign.Status),
            benefit switch
            {
                Benefit.FixedAmount => AlipayVoucherType.Fix,
                Benefit.Percentage => AlipayVoucherType.Discount,
                Benefit.SpecialPrice => AlipayVoucherType.Special,
                _ => AlipayVoucherType.Exchange,
            },
            CodeOperations.SourceOf(terms) switch { CodeSource.Uploaded => AlipayCodeMode.MerchantUpload, CodeSource.Given => AlipayCodeMode.MerchantApi, _ => null },
            campaign.Quota, campaign.Issued, Yuan.Text(terms.MinimumSpend),
            (benefit as Benefit.FixedAmount)?.Off is { } off ? Yuan.Text(off) : null,
            benefit is Benefit.Percentage percentage ? PaidRate.Text(percentage.OffBasisPoints) : null,
            (benefit as Benefit.Percentage)?.Ceiling is { } ceiling ? Yuan.Text(ceiling) : null,
            benefit is Benefit.SpecialPrice special ? Yuan.Text(special.Price) : null,
            benefit is Benefit.Exchange exchange ? Yuan.Text(exchange.Value) : null, (benefit as Benefit.Exchange)?.Goods,
            ChannelTimes.Alipay(terms.Validity.WindowStart), ChannelTimes.Alipay(terms.Validity.WindowEnd), terms.Validity.WaitDays, terms.Validity.ValidDays,
            limits.PerMember, limits.PerMemberPerDay, limits.PerDay, limits.PerPerson, limits.PerPhone, terms.Uses);
    }

    private static async Task DepositAsync(Call call)
    {
        if (await call.ReadAsync<AlipayDepositBody>(limit: 2 * Limits.MaxBody) is not var (body, raw)) return;
        var operation = CodeOperations.Deposit(Channel.Request(call, "codedeposit", body.OutBizNo, raw), Id(call), body.Codes);
        if (await Channel.SubmitAsync<DepositView>(call, operation) is not { } done) return;
        var refused = done.Codes.Where(code => code.Outcome != CodeOutcome.Success)
            .Select(code => new AlipayRefusedCode(code.Code, code.Outcome == CodeOutcome.Invalid ? Spelled(code.Fault) : Spelled(code.Outcome)));
        await call.JsonAsync(new AlipayDeposited(done.Success, [.. refused]));
    }

    private static async Task CountAsync(Call call)
    {
        if (await Channel.PoolAsync(call, Id(call)) is { } pool) await call.JsonAsync(new AlipayCodeCount(pool.Deposited, pool.Left));
    }

    private static async Task SendAsync(Call call)
    {
        if (await call.ReadAsync<AlipaySendBody>() is not var (body, raw)) return;
        var issue = new IssueBody(body.ActivityId, body.User, "alipay", Code: body.Code, Person: body.Person, Phone: body.Phone);
        if (await Channel.SendAsync(call, issue, body.OutBizNo, raw) is { } coupon)
            await call.JsonAsync(Show(coupon.Code, coupon.Campaign, "pending", coupon.ValidFrom, coupon.ValidTo));
    }

    private static async Task UseAsync(Call call)
    {
        if (await call.ReadAsync<AlipayUseBody>() is not var (body, raw)) return;
        var faults = new Faults();
        var amount = Fen(body.Amount, "/amount", faults);
        if (await call.RefuseAsync(faults) || await Channel.FindAsync(call, call.Route("code"), "/code", uses: body.Times) is not { } coupon) return;
        var request = Channel.Request(call, "use", body.OutBizNo, raw);
        if (await Channel.UseAsync(call, coupon, request, new(amount!.Value), call.Now, body.TradeNo) is { } step) await call.JsonAsync(Show(step));
    }

    private static async Task RefundAsync(Call call)
    {
        if (await call.ReadAsync<AlipayRefundBody>() is not var (body, raw)) return;
        if (await Channel.FindAsync(call, call.Route("code"), "/code", uses: body.Times) is not { } coupon) return;
        if (await Channel.ReturnAsync(call, coupon, Channel.Request(call, "refund", body.OutBizNo, raw)) is { } step) await call.JsonAsync(Show(step));
    }

    private static async Task InvalidAsync(Call call)
    {
        if (await call.ReadAsync<AlipayStopBody>() is not var (body, raw)) return;
        if (await Channel.FindAsync(call, call.Route("code"), "/code") is not { } coupon) return;
        if (await Channel.DeactivateAsync(call, coupon, Channel.Request(call, "invalid", body.OutBizNo, raw), body.Reason) is { } done)
            await call.JsonAsync(Show(done.Code, done.Campaign, done.Status, done.ValidFrom, done.ValidTo));
    }

    private static async Task AssociateAsync(Call call, string name, Func<Request, string, string, Operation> operation)
    {
        if (await call.ReadAsync<AlipayAssociateBody>() is not var (body, raw)) return;
        if (await Channel.AssociateAsync(call, body.ActivityId, call.Route("code"), "/code", body.TradeNo, Channel.Request(call, name, body.OutBizNo, raw), operation) is { } done)
            await call.JsonAsync(new AlipayAssociation(done.Code, done.Campaign, done.Trade));
    }

    private static async Task VoucherAsync(Call call)
    {
        var user = call.Route("user");
        if (await Channel.FindAsync(call, call.Route("code"), "/code", state => state.Member == user) is var (shown, coupon, _))
            await call.JsonAsync(Show(shown.Code, coupon.Campaign, coupon.StatusAt(call.Now), coupon.ValidFrom, coupon.ValidTo));
    }

    private static async Task VouchersAsync(Call call)
    {
        var query = new Query(call, "limit", "cursor");
        var (limit, cursor) = (query.Limit, query.Cursor);
        if (await query.RefuseAsync()) return;
        var held = await Channel.Queries(call).WalletAsync(call.Merchant, call.Route("user"), false, cursor, limit, call.Now, call.Aborted);
        await call.JsonAsync(new AlipayVouchers(
            [.. held.Select(one => Show(one.Code, one.Campaign, one.Status, one.ValidFrom, one.ValidTo))], held.Count < limit ? null : Query.Encode(held[^1].Code)));
    }

    private static AlipayVoucher Show(string code, string campaign, string status, Instant from, Instant to) =>
        new(code, campaign, StatusOf(status), ChannelTimes.Alipay(from), ChannelTimes.Alipay(to));

    private static AlipayStep Show(CouponStep step) => new(step.Code, StatusOf(step.Status), step.Left, Yuan.Text(step.Discount));

    /// <summary>Accepted: what came of it is told by a message.</summary>
    private static Task AcceptAsync(Call call, bool isAccepted) => isAccepted ? call.JsonAsync(new AlipayAccepted(Id(call))) : Task.CompletedTask;

    private static string Id(Call call) => call.Route("activity_id");

    private static string Spelled(Enum word) => System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(word.ToString());

    private static long? Fen(string? text, string at, Faults faults, long least = 1)
    {
        if (text is null) return null;
        if (Yuan.TryParse(text, out var amount) && amount.Minor >= least) return amount.Minor;
        faults.Add(at, Yuan.Sentence);
        return null;
    }

    private static int? RateOf(string? text, Faults faults)
    {
        if (text is null) return null;
        if (PaidRate.TryParse(text, out var off)) return off;
        faults.Add("/rate", PaidRate.Sentence);
        return null;
    }

    private static Instant Time(string text, string at, Faults faults)
    {
        if (!ChannelTimes.TryAlipay(text, out var time)) faults.Add(at, ChannelTimes.Sentence);
        return time;
    }
}
