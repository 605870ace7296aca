using System.Diagnostics;
using NodaTime;
using static Ledger.Agreements.AgreementCommand;
using static Ledger.Agreements.AgreementEvent;

namespace Ledger.Agreements;

/// <summary>
/// A light membership is pre-ordered, admitted, signed, enjoyed, ended or quit, settled. Pure. What a fact leads to at once (a charge that falls, money that
/// goes back) follows it in the same decision.
/// </summary>
public static class AgreementDecider
{
    /// <summary>Reads top to bottom: the first line that matches answers.</summary>
    public static Decision<AgreementEvent> Decide(AgreementCommand command, Agreement state)
    {
        ArgumentNullException.ThrowIfNull(command);
        return (command, state) switch
        {
            (CreatePreorder c, { Offer: null }) => Preorder(c, state),
            (CreatePreorder c, { Offer: { } offer }) => IsSame(c.Offer, offer, state.Signature is not null) ? Decision<AgreementEvent>.Unchanged : new PreorderDiffers(c.Id, offer.At),
            (var c, { Offer: null }) => new AgreementUnknown(c.Id),

            (ConsultAdmission c, { Admission: { } known }) when (c.IsAdmitted, c.Reference) == (known.IsAdmitted, known.Reference) => Decision<AgreementEvent>.Unchanged,
            (ConsultAdmission, { Signature: not null } or { Status: not AgreementStatus.Preordered }) => new AgreementStatusInvalid(state.Status),
            (ConsultAdmission c, _) => new Course(c, state).Say(new AdmissionConsulted(c.IsAdmitted, c.Reference, c.Now)),

            (SignAgreement c, _) => Sign(c, state),
            (ReadClock c, _) => new Course(c, state).Clock(),
            (_, { Signature: null }) => new AgreementStatusInvalid(state.Status),

            (ReportBenefit or ReportProgress or ReverseBenefit or ReverseProgress, _) => AgreementReports.Decide(command, state),
            (ReportPeriod c, _) => AgreementReports.Period(c, state),
            (ShareAgreement or UnshareAgreement, _) => Share(command, state),

            (QuitMembership c, _) => Quit(c, state),
            (SettleAgreement c, _) => SettlementDecider.Settle(c, state),
            (WaiveFee or ApproveWaiver, _) => SettlementDecider.Waive(command, state),
            (RefundFee c, _) => SettlementDecider.Refund(c, state),
            (NoteTransfer c, _) => SettlementDecider.Note(c, state),
            _ => throw new UnreachableException($"{command} on {state}"),
        };
    }

    /// <summary>What quitting at that moment would cost, one trace for each settlement that it opens; empty: nothing is left to settle.</summary>
    public static IReadOnlyList<FormulaTrace> QuitQuote(Agreement state, Instant now)
    {
        ArgumentNullException.ThrowIfNull(state);
        var traces = new List<FormulaTrace>();
        if (state.Signature is null) return traces;
        var quit = state.QuitAt is null && now < state.Signature.Term.End ? state with { QuitAt = now } : state;
        while (quit.Next is { } next)
        {
            traces.Add(Course.Trace(quit, next.Period));
            quit = quit with { Settlements = [.. quit.Settlements, Course.Shadow(next.Period, now)] };
        }

        return traces;
    }

    /// <param name="isSigned">The provider's reference may have come with the signature: then it need not be named.</param>
    private static bool IsSame(Offer asked, Offer known, bool isSigned) =>
        (asked.Plan, asked.Member, asked.Account, asked.BusinessTime) == (known.Plan, known.Member, known.Account, known.BusinessTime)
        && (asked.ProviderAgreement == known.ProviderAgreement || (isSigned && asked.ProviderAgreement is null));

    private static Decision<AgreementEvent> Preorder(CreatePreorder c, Agreement state) => c switch
    {
        { Plan.Name: null } => new PlanUnknown(c.Offer.Plan),
        { Plan.IsPaused: true } => new PlanNotOpen(c.Offer.Plan),
        _ when c.Offer.Terms.TermFrom(c.Now) is null => new PlanNotOpen(c.Offer.Plan),
        _ => new Course(c, state).Say(new PreorderCreated(c.Offer, c.Now)),
    };

    private static Decision<AgreementEvent> Sign(SignAgreement c, Agreement state)
    {
        var (offer, terms) = (state.Offer!, state.Offer!.Terms);
        if (state.Signature is { } signed) return signed.Consent == c.Consent ? Decision<AgreementEvent>.Unchanged : new AgreementStatusInvalid(state.Status);
        if (state.Status != AgreementStatus.Preordered || c.Now >= offer.ExpiresAt) return new PreorderHasExpired(offer.ExpiresAt);
        if (c.Plan.IsPaused || terms.TermFrom(c.Now) is not { } term) return new PlanNotOpen(offer.Plan);
        if (c.Member.Open(c.Now) is { } open) return new MembershipAlreadyActive(open.Agreement);
        if (c.Member.Spans.Count >= Limits.MaxLightMemberships) return new TooManyLightMemberships(Limits.MaxLightMemberships);
        if (c.Uncleared is { } uncleared) return new FeeNotCleared(uncleared);
        var last = c.Member.Spans.LastOrDefault(span => span.IsSigner && span.Plan == offer.Plan);
        if (last is not null && last.SignedAt + Duration.FromDays(terms.SignIntervalDays) is var until && c.Now < until) return new SignInterval(until);
        if (state.Admission is not { IsAdmitted: true }) return new NotAdmitted(state.Admission?.Reference);
        if (c.Consent is not { } consent) return new ConsentMissing();
        if (EndsOn(term, terms) is var shown && consent.EndsOn != shown) return new TermNotAsShown(shown);
        var agreed = offer.ProviderAgreement ?? c.ProviderAgreement;
        var freeze = terms.HasFreeze ? new MoneyOrder(OrderNumber(c, "freeze"), MoneyMove.Freeze, terms.Guarantee, offer.Account, Of: null, agreed) : null;
        return new Course(c, state).Say(new AgreementSigned(
            offer.Plan, offer.Version, offer.Member, terms.Settlement.Ceiling(terms.Guarantee), terms.Guarantee, term, consent, freeze, c.Now, agreed));
    }

    /// <summary>The day that is shown: the first that is no longer of the membership, or on which it ends during the day.</summary>
    public static LocalDate EndsOn(Term term, PlanTerms terms)
    {
        ArgumentNullException.ThrowIfNull(term);
        ArgumentNullException.ThrowIfNull(terms);
        return term.End.InZone(terms.Zone()).Date;
    }

    /// <summary>Unique at the provider, and the same whenever it is asked for again.</summary>
    internal static string OrderNumber(AgreementCommand c, string what) =>
        $"lm{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes($"{c.Book} {c.Id} {what}")).AsSpan(0, 16))}";

    private static Decision<AgreementEvent> Share(AgreementCommand command, Agreement state) => (command, state) switch
    {
        (ShareAgreement c, var s) when s.Members.Contains(c.Member, StringComparer.Ordinal) => Decision<AgreementEvent>.Unchanged,
        (ShareAgreement c, var s) when s.QuitAt is not null || c.Now >= s.Signature!.Term.End || s.Status == AgreementStatus.SettleFailed => new AgreementStatusInvalid(s.Status),
        (ShareAgreement c, _) when c.Other.Open(c.Now) is { } open => new MembershipAlreadyActive(open.Agreement),
        (ShareAgreement { Other.Spans.Count: >= Limits.MaxLightMemberships }, _) => new TooManyLightMemberships(Limits.MaxLightMemberships),
        (ShareAgreement, { Shared.Count: >= Limits.MaxShared }) => new TooManyShared(Limits.MaxShared),
        (ShareAgreement c, var s) => new Course(c, s).Say(new AgreementShared(c.Member, c.Now)),

        (UnshareAgreement c, var s) when c.Member == s.Offer!.Member => new MemberNotOfAgreement(c.Member),
        (UnshareAgreement c, var s) when !s.Shared.Contains(c.Member, StringComparer.Ordinal) => Decision<AgreementEvent>.Unchanged,
        (UnshareAgreement c, var s) => new Course(c, s).Say(new AgreementUnshared(c.Member, c.Now)),
        _ => throw new UnreachableException($"{command} on {state}"),
    };

    /// <summary>Nothing that a merchant does or leaves stands against it.</summary>
    private static Decision<AgreementEvent> Quit(QuitMembership c, Agreement state)
    {
        if (state.QuitAt is not null || c.Now >= state.Signature!.Term.End) return Decision<AgreementEvent>.Unchanged;
        var due = Money.Sum(QuitQuote(state, c.Now).Select(trace => trace.Due));
        return c.Expected is { } expected && expected != due ? new QuitQuoteChanged(due) : new Course(c, state).Quit(new QuitRequested(c.Kind, due, c.Now));
    }
}
