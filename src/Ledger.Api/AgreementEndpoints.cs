using System.Globalization;
using Ledger.Agreements;
using Ledger.Policies;
using Ledger.Postgres;
using Ledger.Postgres.Paying;
using NodaTime;

namespace Ledger.Api;

/// <summary>Light memberships: plans, signing with consent, benefits and fulfilments, quitting, settling, refunds.</summary>
public static class AgreementEndpoints
{
    private const string One = "/v1/agreements/{id}";

    public static void MapAgreements(this IEndpointRouteBuilder routes)
    {
        routes.MapCommand("/v1/membership-plans", Access.Merchant, OpenAsync).Takes<OpenPlanBody>().Answers<PlanView>(201);
        routes.MapQuery("/v1/membership-plans", Access.Merchant, PlansAsync).Asks("limit", "cursor").Answers<Page<PlanView>>();
        routes.MapQuery("/v1/membership-plans/{id}", Access.Till, PlanAsync).Answers<PlanView>();
        routes.MapCommand("/v1/membership-plans/{id}/terms", Access.Merchant, PublishAsync).Takes<PlanTermsBody>().Answers<PlanView>();
        routes.MapQuery("/v1/membership-plans/{id}/terms/{version}", Access.Merchant, TermsAsync).Answers<PlanTerms>();
        routes.MapQuery("/v1/membership-plans/{id}/quote", Access.Till, QuoteAsync).Answers<TermQuoteView>();
        routes.MapCommand("/v1/membership-plans/{id}/pause", Access.Merchant, PauseAsync).Takes<PlanChangeBody>(isOptional: true).Answers<PlanView>();
        routes.MapCommand("/v1/membership-plans/{id}/resume", Access.Merchant, call => call.SubmitAsync(PlanOperations.Resume(call.Request([]), call.Route("id")))).Answers<PlanView>();

        routes.MapCommand("/v1/agreements", Access.Till, PreorderAsync).Takes<PreorderBody>().Answers<AgreementView>(201);
        routes.MapQuery(One, Access.Till, ShowAsync).Answers<AgreementView>();
        routes.MapCommand($"{One}/admission", Access.Merchant, AdmitAsync).Takes<AdmissionBody>(isOptional: true).Answers<AgreementView>();
        routes.MapCommand($"{One}/sign", Access.Till, SignAsync).Takes<SignBody>(isOptional: true).Answers<AgreementView>();
        routes.MapCommand($"{One}/benefits", Access.Till, ReportAsync).Takes<ReportBenefitBody>().Answers<AgreementView>(201);
        routes.MapCommand($"{One}/benefits/reversals", Access.Till, ReverseAsync).Takes<ReverseBenefitBody>().Answers<AgreementView>(201);
        routes.MapCommand($"{One}/progress", Access.Till, ProgressAsync).Takes<ReportProgressBody>().Answers<AgreementView>(201);
        routes.MapCommand($"{One}/progress/reversals", Access.Till, ReverseProgressAsync).Takes<ReverseProgressBody>().Answers<AgreementView>(201);
        routes.MapCommand($"{One}/periods", Access.Merchant, PeriodAsync).Takes<ReportPeriodBody>().Answers<AgreementView>();
        routes.MapCommand($"{One}/members", Access.Till, ShareAsync).Takes<FamilyBody>().Answers<AgreementView>();
        routes.MapCommand($"{One}/members/{{member}}/leave", Access.Till, LeaveAsync).Answers<AgreementView>();
        routes.MapQuery($"{One}/quit-quote", Access.Till, QuitQuoteAsync).Answers<QuitQuoteView>();
        routes.MapCommand($"{One}/quit", Access.Till, QuitAsync).Takes<QuitMembershipBody>(isOptional: true).Answers<AgreementView>();
        routes.MapCommand($"{One}/settle", Access.Merchant, SettleAsync).Takes<SettleBody>().Answers<AgreementView>();
        routes.MapCommand($"{One}/waiver", Access.Merchant, WaiveAsync).Takes<WaiveBody>().Answers<AgreementView>();
        routes.MapCommand($"{One}/waiver/approve", Access.Merchant, call => SubmitAsync(call, AgreementOperations.ApproveWaiver(call.Request([]), call.Route("id"), FourEyesPolicy.Rule)))
            .Answers<AgreementView>();
        routes.MapCommand($"{One}/refunds", Access.Merchant, RefundAsync).Takes<RefundFeeBody>().Answers<AgreementView>(201);
        routes.MapQuery("/v1/members/{member}/agreements", Access.Till, OfMemberAsync).Answers<Page<MembershipView>>();
        routes.MapQuery("/v1/reports/agreements", Access.Merchant, async call => await call.JsonAsync(await Queries(call).ExposureAsync(call.Merchant, call.Now, call.Aborted)))
            .Answers<ExposureReport>();
    }

    private static async Task OpenAsync(Call call)
    {
        if (await call.ReadAsync<OpenPlanBody>() is not var (body, raw) || await PlanParts.OfAsync(call, body.Terms, "/terms") is not { } terms) return;
        await call.SubmitAsync(PlanOperations.Open(call.Request(raw), body.Id, body.Name, terms), StatusCodes.Status201Created);
    }

    private static async Task PlansAsync(Call call)
    {
        var query = new Query(call, "limit", "cursor");
        var (limit, cursor) = (query.Limit, query.Cursor);
        if (await query.RefuseAsync()) return;
        await call.JsonAsync(Page<PlanView>.Of(await Queries(call).PlansAsync(call.Merchant, cursor, limit, call.Aborted), limit, plan => plan.Id));
    }

    private static async Task PlanAsync(Call call)
    {
        if (await FindPlanAsync(call) is not { } plan) return;
        call.Http.Response.Headers.ETag = FormattableString.Invariant($"\"{plan.Version}\"");
        await call.JsonAsync(plan);
    }

    private static async Task PublishAsync(Call call)
    {
        if (await call.ReadAsync<PlanTermsBody>() is not var (body, raw)) return;
        if (!int.TryParse(call.Http.Request.Headers.IfMatch.ToString().Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var expected) || expected is 0 or int.MaxValue)
        {
            await Problems.WriteAsync(call.Http, Problems.IfMatchMissing);
            return;
        }

        if (await PlanParts.OfAsync(call, body, "") is { } terms) await call.SubmitAsync(PlanOperations.Publish(call.Request(raw), call.Route("id"), expected, terms));
    }

    private static async Task TermsAsync(Call call)
    {
        var isNumber = int.TryParse(call.Route("version"), NumberStyles.None, CultureInfo.InvariantCulture, out var version);
        var terms = isNumber && Headers.IsId(call.Route("id")) ? await Queries(call).TermsAsync(call.Merchant, call.Route("id"), version, call.Aborted) : null;
        if (terms is null) await Problems.WriteAsync(call.Http, new PlanTermsUnknown(call.Route("id"), version));
        else await call.JsonAsync(terms);
    }

    private static async Task QuoteAsync(Call call)
    {
        if (await FindPlanAsync(call) is not { } plan) return;
        if (plan.Status != "open" || plan.Terms.TermFrom(call.Now) is not { } term)
        {
            await Problems.WriteAsync(call.Http, new PlanNotOpen(plan.Id));
            return;
        }

        var terms = plan.Terms;
        await call.JsonAsync(new TermQuoteView(
            plan.Id, plan.Version, call.Now, term.Start, term.End, AgreementDecider.EndsOn(term, terms), term.ExemptionEnd, terms.Settlement.Ceiling(terms.Guarantee), terms.Guarantee,
            terms.Rights, terms.Quit));
    }

    private static async Task PauseAsync(Call call)
    {
        if (await call.ReadAsync<PlanChangeBody>(isOptional: true) is var (body, raw)) await call.SubmitAsync(PlanOperations.Pause(call.Request(raw), call.Route("id"), body.Reason));
    }

    private static async Task PreorderAsync(Call call)
    {
        if (await call.ReadAsync<PreorderBody>() is not var (body, raw)) return;
        await call.SubmitAsync(
            AgreementOperations.Preorder(
                call.Request(raw), body.Agreement, body.Plan, body.Member, body.Account, body.ProviderAgreement, body.BusinessTime is { } at ? Times.Cut(at) : null,
                Duration.FromSeconds(body.Seconds)),
            StatusCodes.Status201Created);
    }

    private static async Task ShowAsync(Call call)
    {
        if (await FindAsync(call) is { } state) await call.JsonAsync(AgreementView.Of(call.Route("id"), state, call.Now));
    }

    private static async Task AdmitAsync(Call call)
    {
        if (await call.ReadAsync<AdmissionBody>(isOptional: true) is not var (body, raw)) return;
        var faults = new Faults();
        if (body.Admitted is null != body.Reference is null) faults.Add("/admitted", "Send admitted and reference, or neither to have the credit provider asked.");
        if (await call.RefuseAsync(faults)) return;
        var answer = body is { Admitted: { } isAdmitted, Reference: { } reference } ? (isAdmitted, reference) : await ConsultAsync(call);
        if (answer is var (said, where)) await SubmitAsync(call, AgreementOperations.Admit(call.Request(raw), call.Route("id"), said, where));
    }

    /// <summary>What the credit provider answers, asked under the agreement's own number: once, as what stands in the book is not asked again. Null after a problem was answered.</summary>
    private static async Task<(bool IsAdmitted, string Reference)?> ConsultAsync(Call call)
    {
        if (await FindAsync(call) is not { } state) return null;
        if (state.Admission is { } known) return (known.IsAdmitted, known.Reference);
        if (state.Status != AgreementStatus.Preordered)
        {
            await Problems.WriteAsync(call.Http, new AgreementStatusInvalid(state.Status));
            return null;
        }

        var id = call.Route("id");
        if (await call.AskAsync(provider => provider.ConsultAsync(call.Merchant, id, state.Offer!.Account, call.Aborted)) is not { } answer) return null;
        // Why it said no may be a score: the number under which it was asked finds it there.
        return answer.Verdict == ProviderVerdict.Yes ? (true, answer.Said) : (false, id);
    }

    private static async Task SignAsync(Call call)
    {
        if (await call.ReadAsync<SignBody>(isOptional: true) is not var (body, raw)) return;
        var faults = new Faults();
        if (body.Consent is { } said && said.At > call.Now + Caller.Skew) faults.Add("/consent/at", "State when the person agreed: it lies in the future.");
        if (await call.RefuseAsync(faults)) return;
        var consent = body.Consent is { } given ? new AgreementConsent(given.TextVersion, Times.Cut(given.At), given.EndsOn) : null;
        if (await FindAsync(call) is not { } state) return;
        var (id, request, agreed) = (call.Route("id"), call.Request(raw), (string?)null);
        if (state is { Signature: null, Offer: { ProviderAgreement: null, Account: var account } } && call.Http.RequestServices.GetRequiredService<PaymentProvider>().IsConfigured)
        {
            // Who may not sign here is told so before the provider signs anything.
            if (await call.WouldRefuseAsync(AgreementOperations.Sign(request, id, consent))
                || await call.AskAsync(provider => provider.SignAsync(call.Merchant, id, account, call.Aborted)) is not { } answer) return;
            if (answer.Verdict == ProviderVerdict.No)
            {
                await Problems.WriteAsync(call.Http, Problems.ProviderRefuses, JsonFacts.Of(new { reason = answer.Said }));
                return;
            }

            agreed = answer.Said;
        }

        await SubmitAsync(call, AgreementOperations.Sign(request, id, consent, agreed));
    }

    private static async Task ReportAsync(Call call)
    {
        if (await call.ReadAsync<ReportBenefitBody>() is not var (body, raw) || await HappenedAsync(call, body.BusinessTime) is not { } at) return;
        await SubmitAsync(call, AgreementOperations.Report(call.Request(raw), call.Route("id"), body.Number, new(body.Amount), at, body.Member), StatusCodes.Status201Created);
    }

    private static async Task ReverseAsync(Call call)
    {
        if (await call.ReadAsync<ReverseBenefitBody>() is not var (body, raw) || await HappenedAsync(call, body.BusinessTime) is not { } at) return;
        await SubmitAsync(
            call, AgreementOperations.Reverse(call.Request(raw), call.Route("id"), body.Number, body.Of, body.Amount is { } amount ? new Money(amount) : null, at),
            StatusCodes.Status201Created);
    }

    private static async Task ProgressAsync(Call call)
    {
        if (await call.ReadAsync<ReportProgressBody>() is not var (body, raw)) return;
        var faults = new Faults();
        if (body is { Times: 0, Amount: 0 }) faults.Add("/times", "Send times or an amount above 0.");
        if (await call.RefuseAsync(faults) || await HappenedAsync(call, body.BusinessTime) is not { } at) return;
        await SubmitAsync(
            call, AgreementOperations.Progress(call.Request(raw), call.Route("id"), body.Number, body.Times, new(body.Amount), at, body.Member), StatusCodes.Status201Created);
    }

    private static async Task ReverseProgressAsync(Call call)
    {
        if (await call.ReadAsync<ReverseProgressBody>() is not var (body, raw) || await HappenedAsync(call, body.BusinessTime) is not { } at) return;
        await SubmitAsync(
            call,
            AgreementOperations.ReverseProgress(call.Request(raw), call.Route("id"), body.Number, body.Of, body.Times, body.Amount is { } amount ? new Money(amount) : null, at),
            StatusCodes.Status201Created);
    }

    private static async Task PeriodAsync(Call call)
    {
        if (await call.ReadAsync<ReportPeriodBody>() is var (body, raw))
            await SubmitAsync(call, AgreementOperations.ReportPeriod(call.Request(raw), call.Route("id"), body.Period, new(body.Amount)));
    }

    private static async Task ShareAsync(Call call)
    {
        if (await call.ReadAsync<FamilyBody>() is var (body, raw)) await SubmitAsync(call, AgreementOperations.Share(call.Request(raw), call.Route("id"), body.Member));
    }

    private static Task LeaveAsync(Call call) => SubmitAsync(call, AgreementOperations.Unshare(call.Request([]), call.Route("id"), call.Route("member")));

    private static async Task QuitQuoteAsync(Call call)
    {
        if (await FindAsync(call) is not { } state) return;
        if (state.Signature is null) await Problems.WriteAsync(call.Http, new AgreementStatusInvalid(state.Status));
        else await call.JsonAsync(QuitQuoteView.Of(call.Route("id"), state, call.Now));
    }

    private static async Task QuitAsync(Call call)
    {
        if (await call.ReadAsync<QuitMembershipBody>(isOptional: true) is var (body, raw))
            await SubmitAsync(call, AgreementOperations.Quit(call.Request(raw), call.Route("id"), body.Kind, body.Due is { } due ? new Money(due) : null));
    }

    private static async Task SettleAsync(Call call)
    {
        if (await call.ReadAsync<SettleBody>() is var (body, raw)) await SubmitAsync(call, AgreementOperations.Settle(call.Request(raw), call.Route("id"), body.Period, new(body.Amount)));
    }

    private static async Task WaiveAsync(Call call)
    {
        if (await call.ReadAsync<WaiveBody>() is var (body, raw))
            await SubmitAsync(call, AgreementOperations.Waive(call.Request(raw), call.Route("id"), body.Reason, body.Text, FourEyesPolicy.Rule));
    }

    private static async Task RefundAsync(Call call)
    {
        if (await call.ReadAsync<RefundFeeBody>() is not var (body, raw)) return;
        await SubmitAsync(
            call,
            AgreementOperations.Refund(call.Request(raw), call.Route("id"), body.Period, body.Refund, body.Amount is { } amount ? new Money(amount) : null, body.Kind, body.Reason),
            StatusCodes.Status201Created);
    }

    private static async Task OfMemberAsync(Call call)
    {
        var member = call.Route("member");
        var open = Headers.IsId(member) ? await Queries(call).OfMemberAsync(call.Merchant, member, call.Now, call.Aborted) : [];
        await call.JsonAsync(new Page<MembershipView>(open, NextCursor: null));
    }

    /// <summary>When it happened: as stated, be it days ago, but not in the future; null after a fault was answered.</summary>
    private static async Task<Instant?> HappenedAsync(Call call, Instant? stated)
    {
        var faults = new Faults();
        if (stated > call.Now + Caller.Skew) faults.Add("/businessTime", "State when it happened: it lies in the future.");
        return await call.RefuseAsync(faults) ? null : Instant.Min(Times.Cut(stated ?? call.Now), call.Now);
    }

    /// <summary>What it orders from the provider goes with it. An id that cannot be one is unknown.</summary>
    private static Task SubmitAsync(Call call, Operation operation, int status = StatusCodes.Status200OK) => Headers.IsId(call.Route("id"))
        ? call.SubmitAsync(LightMembershipPolicy.Send(operation), status)
        : Problems.WriteAsync(call.Http, new AgreementUnknown(call.Route("id")));

    private static async Task<Agreement?> FindAsync(Call call)
    {
        var id = call.Route("id");
        var state = Headers.IsId(id) ? await Queries(call).AgreementAsync(call.Merchant, id, call.Aborted) : Agreement.None;
        if (state.Offer is not null) return state;
        await Problems.WriteAsync(call.Http, new AgreementUnknown(id));
        return null;
    }

    private static async Task<PlanView?> FindPlanAsync(Call call)
    {
        var id = call.Route("id");
        if (Headers.IsId(id) && await Queries(call).PlanAsync(call.Merchant, id, call.Aborted) is { } plan) return plan;
        await Problems.WriteAsync(call.Http, new PlanUnknown(id));
        return null;
    }

    private static AgreementQueries Queries(Call call) => call.Http.RequestServices.GetRequiredService<AgreementQueries>();
}
