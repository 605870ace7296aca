using NodaTime;

namespace Ledger.Coupons;

/// <summary>A coupon campaign (商家券活动): its life, its current terms and how many coupons it may issue.</summary>
/// <param name="TermsVersion">The version under which coupons are issued now; versions are 1, 2, 3 ...</param>
/// <param name="Quota">The most coupons it may ever issue.</param>
/// <param name="StartsAt">First instant at which coupons are issued.</param>
/// <param name="EndsAt">First instant at which none are issued any more; a timer records the end.</param>
public sealed record Campaign(CampaignStatus Status, string Name, int TermsVersion, long Quota, Instant StartsAt, Instant EndsAt)
{
    public static Campaign None { get; } = new(CampaignStatus.None, "", 0, 0, default, default);
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

    public sealed record CampaignDrafted(string Name, long Quota, Instant StartsAt, Instant EndsAt) : CampaignEvent;

    /// <summary>The campaign issues under this version from now on; its terms are the one entry of its own stream.</summary>
    public sealed record TermsAdopted(int Version) : CampaignEvent;

    public sealed record CampaignSubmitted : CampaignEvent;

    /// <param name="EndsAt">Repeated here so that the timer that ends the campaign needs no other entry.</param>
    public sealed record CampaignApproved(Instant EndsAt) : CampaignEvent;

    public sealed record CampaignRejected(string Reason) : CampaignEvent;

    public sealed record CampaignPaused(string Reason) : CampaignEvent;

    public sealed record CampaignResumed : CampaignEvent;

    public sealed record CampaignStopped(string Reason) : CampaignEvent;

    public sealed record CampaignEnded(Instant At) : CampaignEvent;

    public sealed record QuotaChanged(long From, long To) : CampaignEvent;
}

public abstract record CampaignCommand
{
    private CampaignCommand() { }

    public sealed record DraftCampaign(string Name, long Quota, Instant StartsAt, Instant EndsAt) : CampaignCommand;

    /// <param name="Version">The version to adopt, one above the current.</param>
    public sealed record AdoptTerms(int Version) : CampaignCommand;

    public sealed record SubmitCampaign : CampaignCommand;

    public sealed record ApproveCampaign : CampaignCommand;

    public sealed record RejectCampaign(string Reason) : CampaignCommand;

    public sealed record PauseCampaign(string Reason) : CampaignCommand;

    public sealed record ResumeCampaign : CampaignCommand;

    public sealed record StopCampaign(string Reason) : CampaignCommand;

    public sealed record EndCampaign(Instant Now) : CampaignCommand;

    /// <param name="Expected">What the caller believes the quota to be: compare and set.</param>
    /// <param name="Issued">What the tally says was issued; the quota never falls below it.</param>
    public sealed record ChangeQuota(long Expected, long Target, long Issued) : CampaignCommand;
}

/// <summary>One terms version: written once, by the operation that adopts it.</summary>
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

public sealed record CampaignNotActive(CampaignStatus CampaignStatus) : Rejection(
    RejectionKind.Conflict, "The campaign issues no coupons in its present state", "Issue from another campaign, or have this one approved or resumed.");

public sealed record CampaignNotStarted(Instant StartsAt) : Rejection(
    RejectionKind.RuleViolated, "The campaign has not started", "Try again from startsAt on.");

public sealed record CampaignHasEnded(Instant EndsAt) : Rejection(
    RejectionKind.RuleViolated, "The campaign has ended", "Issue from another campaign.");

public sealed record QuotaCasMismatch(long Expected, long Current) : Rejection(
    RejectionKind.Conflict, "The quota is not what the caller believed", "Read the campaign and decide again with its current quota.");

public sealed record QuotaBelowIssued(long Target, long Issued) : Rejection(
    RejectionKind.RuleViolated, "More coupons are already issued than the quota asked for", "Ask for at least the number issued, or stop the campaign.");

public sealed record TermsVersionStale(int Current) : Rejection(
    RejectionKind.Conflict, "Someone else amended the terms in the meantime", "Read the campaign, look at its current terms and send your change again with the new ETag.");
