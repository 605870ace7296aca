using Ledger.Coupons.Baskets;
using NodaTime;

namespace Ledger.Coupons;

/// <summary>A coupon campaign (商家券活动): its life, its current terms and how many coupons it may issue.</summary>
/// <param name="TermsVersion">The version under which coupons are issued now; versions are 1, 2, 3 ...</param>
/// <param name="Quota">The most coupons it may ever issue.</param>
/// <param name="StartsAt">First instant at which coupons are issued.</param>
/// <param name="EndsAt">First instant at which none are issued any more; a timer records the end.</param>
/// <param name="Published">The highest version of the terms that was written, adopted or not.</param>
/// <param name="Proposed">The version that waits for approval while coupons are issued under the current one; null: none.</param>
/// <param name="Authors">Ids of the API keys that wrote what is to be approved; null: none are known.</param>
/// <param name="Budgets">The most that each party pays for its discounts, by party in ordinal order; null: none was set.</param>
public sealed record Campaign(
    CampaignStatus Status, string Name, int TermsVersion, long Quota, Instant StartsAt, Instant EndsAt,
    int Published = 0, int? Proposed = null, IReadOnlyList<string>? Authors = null, IReadOnlyList<FundingShare>? Budgets = null)
{
    /// <summary>Whether that key wrote what is to be approved.</summary>
    public bool IsBy(string? key) => key is not null && Authors is not null && Authors.Contains(key, StringComparer.Ordinal);

    /// <summary>The same, with one who wrote a part of it.</summary>
    public Campaign With(string? author) => author is null || IsBy(author) ? this : this with { Authors = [.. Authors ?? [], author] };

    public static Campaign None { get; } = new(CampaignStatus.None, "", 0, 0, default, default);

    /// <summary>0 where none was set.</summary>
    public Money BudgetOf(string party) => Budgets?.FirstOrDefault(budget => budget.Party == party)?.Amount ?? Money.Zero;

    /// <summary>The same with that budget set anew.</summary>
    public Campaign WithBudget(string party, Money amount) => this with
    {
        Budgets = [.. (Budgets ?? []).Where(budget => budget.Party != party).Append(new(party, amount)).OrderBy(budget => budget.Party, StringComparer.Ordinal)],
    };

    public bool Equals(Campaign? other) =>
        other is not null && (Status, Name, TermsVersion, Quota, StartsAt, EndsAt) == (other.Status, other.Name, other.TermsVersion, other.Quota, other.StartsAt, other.EndsAt)
        && (Published, Proposed) == (other.Published, other.Proposed) && Lists.Same(Authors, other.Authors) && Lists.Same(Budgets, other.Budgets);

    public override int GetHashCode() => HashCode.Combine(Status, Name, TermsVersion, Quota);
}

public enum CampaignStatus
{
    None,
    Draft,
    Submitted,
    Rejected,
    Active,
    Paused,

    /// <summary>Stopped by a person. Issued coupons stay redeemable.</summary>
    Stopped,

    /// <summary>Ended by the clock. Issued coupons stay redeemable.</summary>
    Ended,
}

// The case names below are the stored event types. Never rename one: add a new case instead.
public abstract record CampaignEvent
{
    private CampaignEvent() { }

    /// <param name="By">The API key that wrote it; so with the others.</param>
    public sealed record CampaignDrafted(string Name, long Quota, Instant StartsAt, Instant EndsAt, string? By = null) : CampaignEvent;

    /// <summary>The campaign issues under this version from now on; its terms are the one entry of its own stream.</summary>
    public sealed record TermsAdopted(int Version, string? By = null) : CampaignEvent;

    /// <summary>Terms were written that wait for approval: the campaign goes on issuing under those it has.</summary>
    public sealed record TermsProposed(int Version, string? By) : CampaignEvent;

    /// <summary>The campaign issues under the version that was proposed from now on.</summary>
    public sealed record TermsApproved(int Version, string? By) : CampaignEvent;

    public sealed record TermsRejected(int Version, string Reason) : CampaignEvent;

    public sealed record CampaignSubmitted(string? By = null) : CampaignEvent;

    /// <param name="EndsAt">Repeated here so that the timer that ends the campaign needs no other entry.</param>
    public sealed record CampaignApproved(Instant EndsAt) : CampaignEvent;

    public sealed record CampaignRejected(string Reason) : CampaignEvent;

    public sealed record CampaignPaused(string Reason) : CampaignEvent;

    public sealed record CampaignResumed : CampaignEvent;

    public sealed record CampaignStopped(string Reason) : CampaignEvent;

    public sealed record CampaignEnded(Instant At) : CampaignEvent;

    public sealed record QuotaChanged(long From, long To) : CampaignEvent;

    /// <summary>The most that a party pays for the campaign's discounts.</summary>
    public sealed record BudgetChanged(string Party, Money From, Money To) : CampaignEvent;
}

public abstract record CampaignCommand
{
    private CampaignCommand() { }

    /// <param name="By">The API key that asks; so with the others.</param>
    public sealed record DraftCampaign(string Name, long Quota, Instant StartsAt, Instant EndsAt, string? By = null) : CampaignCommand;

    /// <param name="Version">The version to adopt, one above the current.</param>
    /// <param name="NeedsApproval">Whether terms of a campaign that runs are only proposed.</param>
    public sealed record AdoptTerms(int Version, string? By = null, bool NeedsApproval = false) : CampaignCommand;

    public sealed record SubmitCampaign(string? By = null) : CampaignCommand;

    /// <summary>Approves the campaign, or the terms proposed for it.</summary>
    /// <param name="NeedsAnother">Whether the approver must be another key than wrote it.</param>
    /// <param name="Version">Of the terms that were read; null: whichever wait.</param>
    public sealed record ApproveCampaign(string? By = null, bool NeedsAnother = false, int? Version = null) : CampaignCommand;

    /// <summary>Rejects the campaign, or the terms proposed for it.</summary>
    public sealed record RejectCampaign(string Reason) : CampaignCommand;

    public sealed record PauseCampaign(string Reason) : CampaignCommand;

    public sealed record ResumeCampaign : CampaignCommand;

    public sealed record StopCampaign(string Reason) : CampaignCommand;

    public sealed record EndCampaign(Instant Now) : CampaignCommand;

    /// <param name="Expected">What the caller believes the quota to be: compare and set.</param>
    /// <param name="Issued">What the tally says was issued; the quota never falls below it.</param>
    public sealed record ChangeQuota(long Expected, long Target, long Issued) : CampaignCommand;

    /// <param name="Expected">What the caller believes the budget to be, 0 where none was set: compare and set.</param>
    /// <param name="IsNamed">Whether a version of the terms that is or was in force gives the party a budget.</param>
    /// <param name="Committed">What the tally says is used and held; the budget never falls below it.</param>
    public sealed record ChangeBudget(string Party, Money Expected, Money Target, bool IsNamed, Money Committed) : CampaignCommand;
}

/// <summary>One terms version: written once, by the operation that adopts or proposes it.</summary>
public sealed record TermsVersion(CouponTerms? Terms)
{
    public static TermsVersion None { get; } = new((CouponTerms?)null);
}

public abstract record TermsEvent
{
    private TermsEvent() { }

    public sealed record TermsPublished(CouponTerms Terms) : TermsEvent;
}

public sealed record CampaignUnknown(string Campaign) : Rejection(
    RejectionKind.NotFound, "No such campaign", "Look the id up with GET /v1/campaigns.");

public sealed record CampaignExists(string Campaign) : Rejection(
    RejectionKind.Conflict, "A campaign of this id exists already", "Choose another id, or amend the campaign that exists.");

/// <param name="Command">The verb of what was asked: submit, adoptTerms, changeQuota.</param>
public sealed record CampaignStateForbids(CampaignStatus CampaignStatus, string Command) : Rejection(
    RejectionKind.Conflict, "The campaign's state does not allow this", "Read the campaign's status and take the step that leads on from it.");

/// <param name="CampaignStatus">Draft, submitted or rejected.</param>
public sealed record CampaignNotActive(CampaignStatus CampaignStatus) : Rejection(
    RejectionKind.Conflict, "The campaign issues no coupons yet", "Have it submitted and approved, or issue from another campaign.");

public sealed record CampaignNotStarted(Instant StartsAt) : Rejection(
    RejectionKind.RuleViolated, "The campaign has not started", "Try again from startsAt on.");

/// <summary>Why a campaign issues no coupons any more, or for now; by the names of the facts that made it so.</summary>
public static class CampaignRefusal
{
    public sealed record CampaignPaused() : Rejection(
        RejectionKind.Conflict, "The campaign is paused", "Try again when it was resumed, or issue from another campaign; coupons issued before stay usable.");

    public sealed record CampaignStopped() : Rejection(
        RejectionKind.Conflict, "The campaign was stopped for good", "Issue from another campaign; coupons issued before stay usable.");

    public sealed record CampaignEnded(Instant EndsAt) : Rejection(
        RejectionKind.RuleViolated, "The campaign has ended", "Issue from another campaign; coupons issued before stay usable.");
}

public sealed record QuotaCasMismatch(long Expected, long Current) : Rejection(
    RejectionKind.Conflict, "The quota is not what the caller believed", "Read the campaign and decide again with its current quota.");

public sealed record QuotaBelowIssued(long Target, long Issued) : Rejection(
    RejectionKind.RuleViolated, "More coupons are already issued than the quota asked for", "Ask for at least the number issued, or stop the campaign.");

public sealed record TermsVersionStale(int Current) : Rejection(
    RejectionKind.Conflict, "Someone else amended the terms in the meantime", "Read the campaign, look at its current terms and send your change again with the new ETag.");

/// <param name="Proposed">The version that waits.</param>
public sealed record TermsWaitForApproval(int Proposed) : Rejection(
    RejectionKind.Conflict, "Other terms wait for approval", "Have them approved or rejected first; GET /v1/campaigns/{id}/terms/{version} shows them.");

public sealed record TermsVersionUnknown(string Campaign, int Version) : Rejection(
    RejectionKind.NotFound, "The campaign has no terms of this version", "Read the campaign: termsVersion is the current one, proposed the one that waits.");
