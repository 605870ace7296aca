using System.Globalization;
using Ledger.Points;
using Ledger.Policies;
using Ledger.Postgres;
using NodaTime;

namespace Ledger.Api;

/// <summary>Points: programmes, earning and taking back, spending and refunding, and what members have.</summary>
public static class PointsEndpoints
{
    public static void MapPoints(this IEndpointRouteBuilder routes)
    {
        routes.MapCommand("/v1/points-programs", Access.Merchant, OpenAsync).Takes<OpenPointsProgramBody>().Answers<PointsProgramView>(201);
        routes.MapQuery("/v1/points-programs", Access.Merchant, ProgramsAsync).Asks("limit", "cursor").Answers<Page<PointsProgramView>>();
        routes.MapQuery("/v1/points-programs/{id}", Access.Merchant, ProgramAsync).Answers<PointsProgramView>();
        routes.MapCommand("/v1/points-programs/{id}/terms", Access.Merchant, PublishAsync).Takes<PointsTermsBody>().Answers<PointsProgramView>();
        routes.MapQuery("/v1/points-programs/{id}/terms/{version}", Access.Merchant, TermsAsync).Answers<PointsTerms>();
        routes.MapCommand("/v1/points-programs/{id}/budgets", Access.Merchant, BudgetAsync).Takes<PointsBudgetBody>().Answers<PointsProgramView>();
        routes.MapCommand("/v1/points-programs/{id}/estimates", Access.Merchant, EstimateAsync).Takes<PointsEstimateBody>().Answers<PointsProgramView>();
        routes.MapCommand("/v1/points/purchases", Access.Till, EarnAsync).Takes<EarnPointsBody>().Answers<PointsPurchaseView>(201);
        routes.MapCommand("/v1/points/purchases/{order}/reversals", Access.Till, ReverseAsync).Takes<ReversePurchaseBody>().Answers<PointsPurchaseView>();
        routes.MapCommand("/v1/points/grants", Access.Merchant, GrantAsync).Takes<GrantPointsBody>().Answers<PointsGrantView>(201);
        routes.MapCommand("/v1/points/spends", Access.Till, SpendAsync).Takes<SpendPointsBody>().Answers<PointsSpendView>(201);
        routes.MapQuery("/v1/points/spends/{id}", Access.Till, ShowSpendAsync).Answers<PointsSpendView>();
        routes.MapCommand("/v1/points/spends/{id}/refunds", Access.Till, RefundAsync).Takes<RefundPointsBody>(isOptional: true).Answers<PointsRefundView>();
        routes.MapCommand("/v1/points/holds", Access.Till, HoldAsync).Takes<HoldPointsBody>().Answers<PointsSpendView>(201);
        routes.MapCommand("/v1/points/holds/{id}/commit", Access.Till, call => OnSpendAsync(call, SpendOperations.Commit)).Answers<PointsSpendView>();
        routes.MapCommand("/v1/points/holds/{id}/release", Access.Till, call => OnSpendAsync(call, SpendOperations.Release)).Answers<PointsSpendView>();
        routes.MapCommand("/v1/points/transfers", Access.Merchant, TransferAsync).Takes<TransferPointsBody>().Answers<PointsTransferView>(201);
        routes.MapCommand("/v1/points/adjustments", Access.Merchant, AdjustAsync).Takes<AdjustPointsBody>().Answers<PointsAdjustmentView>(201);
        routes.MapCommand("/v1/points/adjustments/{id}/approve", Access.Merchant, ApproveAsync).Answers<PointsAdjustmentView>();
        routes.MapCommand("/v1/points/arrears", Access.Merchant, SettleAsync).Takes<SettleArrearsBody>().Answers<ArrearsView>(201);
        routes.MapQuery("/v1/members/{member}/points", Access.Till, BalanceAsync).Asks("program").Answers<PointsBalanceView>();
        routes.MapQuery("/v1/members/{member}/points/entries", Access.Merchant, EntriesAsync).Asks("program", "after", "limit").Answers<Page<PointsEntryView>>();
        routes.MapQuery("/v1/reports/points", Access.Merchant, ReportAsync).Asks("program").Answers<PointsReport>();
        routes.MapQuery("/v1/reports/points/days", Access.Merchant, DaysAsync).Asks("program", "from", "to", "limit", "cursor").Answers<Page<PointsDay>>();
        routes.MapQuery("/v1/reports/points/members", Access.Merchant, MembersAsync).Asks("program", "limit", "cursor").Answers<Page<PointsMember>>();
    }

    private static async Task OpenAsync(Call call)
    {
        if (await call.ReadAsync<OpenPointsProgramBody>() is not var (body, raw)) return;
        if (await TermsOfAsync(call, body.Terms, "/terms") is not { } terms) return;
        await call.SubmitAsync(ProgramOperations.Open(call.Request(raw), body.Id, body.Name, call.Caller.Profile.TimeZone, terms), StatusCodes.Status201Created);
    }

    private static async Task ProgramsAsync(Call call)
    {
        var query = new Query(call, "limit", "cursor");
        var (limit, cursor) = (query.Limit, query.Cursor);
        if (await query.RefuseAsync()) return;
        await call.JsonAsync(Page<PointsProgramView>.Of(await Queries(call).ProgramsAsync(call.Merchant, cursor, limit, call.Aborted), limit, program => program.Id));
    }

    private static async Task ProgramAsync(Call call)
    {
        if (await Queries(call).ProgramAsync(call.Merchant, call.Route("id"), call.Aborted) is not { } program)
        {
            await Problems.WriteAsync(call.Http, new PointsProgramUnknown(call.Route("id")));
            return;
        }

        call.Http.Response.Headers.ETag = FormattableString.Invariant($"\"{program.Version}\"");
        await call.JsonAsync(program);
    }

    private static async Task PublishAsync(Call call)
    {
        if (await call.ReadAsync<PointsTermsBody>() is not var (body, raw)) return;
        if (!int.TryParse(call.Http.Request.Headers.IfMatch.ToString().Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var expected) || expected is 0 or int.MaxValue)
        {
            await Problems.WriteAsync(call.Http, Problems.IfMatchMissing);
            return;
        }

        if (await TermsOfAsync(call, body, "") is not { } terms) return;
        await call.SubmitAsync(ProgramOperations.Publish(call.Request(raw), call.Route("id"), expected, terms));
    }

    private static async Task TermsAsync(Call call)
    {
        var isNumber = int.TryParse(call.Route("version"), NumberStyles.None, CultureInfo.InvariantCulture, out var version);
        var stream = PointsStreams.TermsOf(call.Route("id"), version);
        var terms = isNumber ? (await call.Http.RequestServices.GetRequiredService<BookQueries>().StateAsync(call.Merchant, stream, call.Aborted)).Terms : null;
        if (terms is null) await Problems.WriteAsync(call.Http, new PointsTermsUnknown(call.Route("id"), version));
        else await call.JsonAsync(terms);
    }

    private static async Task BudgetAsync(Call call)
    {
        if (await call.ReadAsync<PointsBudgetBody>() is not var (body, raw)) return;
        await call.SubmitAsync(ProgramOperations.ChangeBudget(call.Request(raw), call.Route("id"), body.Funder, body.Expected, body.Target));
    }

    private static async Task EstimateAsync(Call call)
    {
        if (await call.ReadAsync<PointsEstimateBody>() is not var (body, raw)) return;
        await call.SubmitAsync(ProgramOperations.Estimate(call.Request(raw), call.Route("id"), body.Month, body.BasisPoints));
    }

    private static async Task EarnAsync(Call call)
    {
        if (await call.ReadAsync<EarnPointsBody>() is not var (body, raw)) return;
        var faults = new Faults();
        if (body.Amount is null == body.Lines is null) faults.Add("/lines", "Send either lines or amount.");
        var lines = LinesOf(body.Lines, body.Amount, faults);
        if (await call.RefuseAsync(faults)) return;
        await call.SubmitAsync(
            PointsOperations.Earn(call.Request(raw), body.Program, body.Member, body.Order, lines, body.Funder, call.Caller.Judged(body.BusinessTime, call.Now),
                RulesOf(call, body.Member)),
            StatusCodes.Status201Created);
    }

    private static async Task ReverseAsync(Call call)
    {
        if (await call.ReadAsync<ReversePurchaseBody>() is not var (body, raw)) return;
        var faults = new Faults();
        if (body is { Amount: not null, Lines: not null }) faults.Add("/lines", "Send either lines or amount.");
        var lines = LinesOf(body.Lines, body.Amount, faults);
        if (await call.RefuseAsync(faults)) return;
        await call.SubmitAsync(PointsOperations.Reverse(call.Request(raw), body.Program, call.Route("order"), lines, body.Refund is { } refund ? new Money(refund) : null));
    }

    private static async Task GrantAsync(Call call)
    {
        if (await call.ReadAsync<GrantPointsBody>() is not var (body, raw)) return;
        await call.SubmitAsync(
            PointsOperations.Grant(call.Request(raw), body.Program, body.Member, body.Points, body.Funder, call.Caller.Judged(body.BusinessTime, call.Now), RulesOf(call, body.Member)),
            StatusCodes.Status201Created);
    }

    private static async Task SpendAsync(Call call)
    {
        if (await call.ReadAsync<SpendPointsBody>() is not var (body, raw)) return;
        await call.SubmitAsync(SpendOperations.Spend(call.Request(raw), body.Program, body.Member, body.Points, body.Order, RulesOf(call, body.Member)), StatusCodes.Status201Created);
    }

    private static async Task ShowSpendAsync(Call call)
    {
        if (await Queries(call).SpendAsync(call.Merchant, call.Route("id"), call.Aborted) is { } spend) await call.JsonAsync(spend);
        else await Problems.WriteAsync(call.Http, new PointsSpendUnknown(call.Route("id")));
    }

    private static async Task RefundAsync(Call call)
    {
        if (await call.ReadAsync<RefundPointsBody>(isOptional: true) is not var (body, raw)) return;
        await call.SubmitAsync(SpendOperations.Refund(call.Request(raw), call.Route("id"), body.Points));
    }

    private static async Task HoldAsync(Call call)
    {
        if (await call.ReadAsync<HoldPointsBody>() is not var (body, raw)) return;
        await call.SubmitAsync(
            SpendOperations.Hold(call.Request(raw), body.Program, body.Member, body.Points, Duration.FromSeconds(body.Seconds), body.Order, RulesOf(call, body.Member)),
            StatusCodes.Status201Created);
    }

    private static async Task OnSpendAsync(Call call, Func<Request, string, Operation> operation) => await call.SubmitAsync(operation(call.Request([]), call.Route("id")));

    private static async Task TransferAsync(Call call)
    {
        if (await call.ReadAsync<TransferPointsBody>() is not var (body, raw)) return;
        await call.SubmitAsync(
            PointsOperations.Transfer(call.Request(raw), body.Program, body.From, body.To, body.Points, [.. RulesOf(call, body.From), .. RulesOf(call, body.To)]),
            StatusCodes.Status201Created);
    }

    private static async Task AdjustAsync(Call call)
    {
        if (await call.ReadAsync<AdjustPointsBody>() is not var (body, raw)) return;
        var faults = new Faults();
        if (body.Points == 0) faults.Add("/points", "Send more than 0 to give points, or less than 0 to take them.");
        if (await call.RefuseAsync(faults)) return;
        await call.SubmitAsync(
            PointsOperations.Adjust(call.Request(raw), body.Program, body.Member, body.Points, body.Funder, body.Reason, FourEyesPolicy.Rule), StatusCodes.Status201Created);
    }

    private static async Task ApproveAsync(Call call) => await call.SubmitAsync(PointsOperations.Approve(call.Request([]), call.Route("id"), FourEyesPolicy.Rule));

    private static async Task SettleAsync(Call call)
    {
        if (await call.ReadAsync<SettleArrearsBody>() is not var (body, raw)) return;
        await call.SubmitAsync(PointsOperations.Settle(call.Request(raw), body.Program, body.Member, body.Points, body.Reference), StatusCodes.Status201Created);
    }

    private static async Task BalanceAsync(Call call)
    {
        if (await ProgramOfAsync(new(call, "program"), call) is not { } program) return;
        if (await Queries(call).BalanceAsync(call.Merchant, program, call.Route("member"), call.Now, call.Aborted) is { } balance) await call.JsonAsync(balance);
        else await Problems.WriteAsync(call.Http, new PointsProgramUnknown(program));
    }

    private static async Task EntriesAsync(Call call)
    {
        var query = new Query(call, "program", "after", "limit");
        var (after, limit) = (query.Whole("after", 0, long.MaxValue) ?? 0, query.Limit);
        if (await ProgramOfAsync(query, call) is not { } program) return;
        var entries = await Queries(call).EntriesAsync(call.Merchant, program, call.Route("member"), after, limit, call.Aborted);
        await call.JsonAsync(new Page<PointsEntryView>(entries, entries.Count < limit ? null : entries[^1].Number.ToString(CultureInfo.InvariantCulture)));
    }

    private static async Task ReportAsync(Call call)
    {
        if (await ProgramOfAsync(new(call, "program"), call) is not { } program) return;
        if (await Queries(call).ReportAsync(call.Merchant, program, call.Aborted) is { } report) await call.JsonAsync(report);
        else await Problems.WriteAsync(call.Http, new PointsProgramUnknown(program));
    }

    private static async Task DaysAsync(Call call)
    {
        var query = new Query(call, "program", "from", "to", "limit", "cursor");
        var (limit, cursor, from, to) = (query.Limit, query.Cursor, query.Date("from") ?? new(1900, 1, 1), query.Date("to") ?? new(2200, 1, 1));
        var after = (Day: from.PlusDays(-1), Account: "\uFFFD");
        if (cursor.Length > 10 && RequestTimes.TryDate(cursor.AsSpan(0, 10), out var day)) after = (day, cursor[11..]);
        else if (cursor.Length > 0) query.RefuseCursor();
        if (await ProgramOfAsync(query, call) is not { } program) return;
        var days = await Queries(call).DaysAsync(call.Merchant, program, from, to, after, limit, call.Aborted);
        await call.JsonAsync(Page<PointsDay>.Of(days, limit, row => $"{row.Day:uuuu-MM-dd} {row.Account}"));
    }

    private static async Task MembersAsync(Call call)
    {
        var query = new Query(call, "program", "limit", "cursor");
        var (limit, cursor) = (query.Limit, query.Cursor);
        if (await ProgramOfAsync(query, call) is not { } program) return;
        await call.JsonAsync(Page<PointsMember>.Of(await Queries(call).MembersAsync(call.Merchant, program, cursor, limit, call.Aborted), limit, member => member.Member));
    }

    /// <summary>The programme that the query names; null after its faults were answered.</summary>
    private static async Task<string?> ProgramOfAsync(Query query, Call call)
    {
        var program = query.Id("program");
        if (program is null && call.Http.Request.Query["program"].Count == 0) query.Refuse("program", "Name the points programme.");
        return await query.RefuseAsync() ? null : program;
    }

    private static MemberRule[] RulesOf(Call call, string member) => [MembershipPolicy.Rule(member, call.Caller.Profile.RequiresMembership)];

    private static PurchaseLine[] LinesOf(IReadOnlyList<PurchaseLineBody>? lines, long? amount, Faults faults)
    {
        if (amount is { } whole) return [new("", new(whole))];
        for (var i = 0; lines is not null && i < lines.Count; i++)
        {
            if (lines.Take(i).Any(line => line.Line == lines[i].Line)) faults.Add($"/lines/{i}/line", "Name each line once.");
        }

        if (lines?.Sum(line => line.Net) > Limits.MaxAmount) faults.Add("/lines", FormattableString.Invariant($"Let the lines come to no more than {Limits.MaxAmount}."));
        return [.. (lines ?? []).Select(line => new PurchaseLine(line.Line, new(line.Net)))];
    }

    private static async Task<PointsTerms?> TermsOfAsync(Call call, PointsTermsBody body, string at)
    {
        var faults = new Faults();
        PointsExpiry? expiry = body.Expiry switch
        {
            { Kind: PointsExpiryKind.AfterMonths, Months: { } months, Date: null, YearsLater: null } => new PointsExpiry.AfterMonths(months),
            { Kind: PointsExpiryKind.OnDate, Date: { } date, Months: null, YearsLater: null } when date.Year is >= 2000 and <= 2190 => new PointsExpiry.OnDate(date),
            { Kind: PointsExpiryKind.EndOfYear, YearsLater: { } years, Months: null, Date: null } => new PointsExpiry.EndOfYear(years),
            _ => null,
        };
        if (expiry is null) faults.Add($"{at}/expiry", "Send afterMonths with months, onDate with a date up to 2190, or endOfYear with yearsLater, and nothing else.");
        if (body.MaximumSpend < body.MinimumSpend) faults.Add($"{at}/maximumSpend", "Let it be no less than minimumSpend.");
        if (await call.RefuseAsync(faults)) return null;
        return new(
            new(body.Earning.Points, body.Earning.Per, body.Earning.IsPerLine, body.Earning.Rounding), body.ActivationDays, expiry!, new(new(body.Value.Amount), body.Value.Points),
            body.GraceDays, body.Clawback, body.MinimumSpend, body.MaximumSpend, body.Transfers is { } rule ? new(rule.MaxPoints, rule.MaxPerDay) : null);
    }

    private static PointsQueries Queries(Call call) => call.Http.RequestServices.GetRequiredService<PointsQueries>();
}
