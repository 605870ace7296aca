using NodaTime;

namespace Ledger.Agreements;

/// <summary>A light membership as it stands.</summary>
/// <param name="Fee">The most that one settlement may come to before the guarantee bounds it.</param>
/// <param name="EndsOn">The day that is to be shown before anyone consents, and that the consent names: the first no longer of the membership.</param>
/// <param name="Start">As signed; before that as if it were signed now, like the next two.</param>
/// <param name="ExemptionEnd">Who quits no later pays nothing.</param>
/// <param name="SignBy">First instant at which the pre-order can no longer be signed.</param>
/// <param name="Benefit">What was enjoyed, less what was taken back.</param>
/// <param name="Next">The next settlement; absent: none is left.</param>
public sealed record AgreementView(
    string Agreement, AgreementStatus Status, string Plan, int Version, string Member, IReadOnlyList<string> Shared, Money Fee, Money Guarantee, LocalDate? EndsOn, Instant? Start, Instant? End,
    Instant? ExemptionEnd, Instant SignBy, Instant? SignedAt, Admission? Admission, Money Benefit, int Times, Money Progress, Instant? QuitAt, NextSettlement? Next,
    IReadOnlyList<SettlementView> Settlements, Waiver? Waiver, Frozen? Frozen)
{
    /// <param name="now">When it would be signed, as long as nobody did.</param>
    public static AgreementView Of(string id, Agreement state, Instant now)
    {
        ArgumentNullException.ThrowIfNull(state);
        var (offer, terms) = (state.Offer!, state.Offer!.Terms);
        var term = state.Signature?.Term ?? terms.TermFrom(now);
        return new(
            id, state.Status, offer.Plan, offer.Version, offer.Member, state.Shared, terms.Settlement.Ceiling(terms.Guarantee), terms.Guarantee,
            term is null ? null : AgreementDecider.EndsOn(term, terms), term?.Start, term?.End, term?.ExemptionEnd, offer.ExpiresAt, state.Signature?.At, state.Admission,
            state.Accrued - state.Reversed, state.Times, state.Progress, state.QuitAt, state.Next, [.. state.Settlements.Select(SettlementView.Of)], state.Waiver, state.Frozen);
    }
}

/// <param name="Stage">ordered and pending: the provider is at it; dunning: it failed and is tried again at retryAt; givenUp; done.</param>
/// <param name="Reason">Why collecting failed last.</param>
public sealed record SettlementView(
    int Period, Money Due, SettlementStage Stage, Money Collected, Money Refunded, int Attempts, Instant OpenedAt, Instant? CollectedAt, Instant? RetryAt, string? Reason, string? Transfer,
    IReadOnlyList<FeeRefund> Refunds)
{
    public static SettlementView Of(Settlement one)
    {
        ArgumentNullException.ThrowIfNull(one);
        return new(
            one.Period, one.Due, one.Stage, one.Collected, one.Refunded, one.Attempts, one.OpenedAt, one.CollectedAt, one.RetryAt, one.Reason, one.Transfer, one.Refunds);
    }
}

/// <summary>What the membership costs who quits now, and why.</summary>
/// <param name="Due">To be sent with the quit, so that nobody pays what was not shown.</param>
/// <param name="Why">How it is reckoned, one trace for each settlement; empty: nothing is left to settle.</param>
/// <param name="Quit">How the way out is shown.</param>
public sealed record QuitQuoteView(string Agreement, AgreementStatus Status, Instant At, Money Due, IReadOnlyList<FormulaTrace> Why, QuitRule Quit, string Route)
{
    public static QuitQuoteView Of(string id, Agreement state, Instant now)
    {
        ArgumentNullException.ThrowIfNull(state);
        var why = AgreementDecider.QuitQuote(state, now);
        return new(id, state.Status, now, Money.Sum(why.Select(trace => trace.Due)), why, state.Offer!.Terms.Quit, $"/v1/agreements/{id}/quit");
    }
}

/// <summary>The term of who would sign now: shown before anyone is asked.</summary>
/// <param name="EndsOn">The first day that is no longer of it.</param>
public sealed record TermQuoteView(string Plan, int Version, Instant At, Instant Start, Instant End, LocalDate EndsOn, Instant? ExemptionEnd, Money Fee, Money Guarantee, string Rights, QuitRule Quit);

/// <summary>What a person sees: each light membership that is open, with what quitting would cost.</summary>
public sealed record MembershipView(string Agreement, bool IsSigner, Instant From, Instant Until, AgreementStatus Status, Money Benefit, QuitQuoteView? IfQuitNow);
