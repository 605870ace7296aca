using System.Diagnostics;
using System.Text.Json;
using Ledger.Coupons.Budgets;
using static Ledger.Coupons.CampaignCommand;
using static Ledger.Coupons.CampaignEvent;
using static Ledger.Coupons.CampaignStatus;

namespace Ledger.Coupons;

/// <summary>
/// The life of a campaign: draft → submitted → active ⇄ paused → stopped or ended; rejected from submitted. Pausing, stopping
/// and ending concern issuing only.
/// </summary>
public static class CampaignDecider
{
    /// <summary>Reads top to bottom: the first line that matches answers.</summary>
    public static Decision<CampaignEvent> Decide(CampaignCommand command, Campaign state) => (command, state) switch
    {
        (DraftCampaign c, { Status: None }) =>
            new CampaignEvent[] { new CampaignDrafted(c.Name, c.Quota, c.StartsAt, c.EndsAt, c.By), new TermsAdopted(1) },
        (DraftCampaign c, { Status: Draft, TermsVersion: 1 } s) when (s.Name, s.Quota, s.StartsAt, s.EndsAt) == (c.Name, c.Quota, c.StartsAt, c.EndsAt) =>
            Decision<CampaignEvent>.Unchanged,

        (SubmitCampaign c, { Status: Draft }) => new CampaignSubmitted(c.By),
        (SubmitCampaign, { Status: Submitted }) => Decision<CampaignEvent>.Unchanged,
        (ApproveCampaign { Version: { } read }, { Status: Submitted } or { Status: Active or Paused, Proposed: not null }) when read != (state.Proposed ?? state.TermsVersion) =>
            new TermsWaitForApproval(state.Proposed ?? state.TermsVersion),
        (ApproveCampaign { Version: { } read }, { Status: Active or Paused, Proposed: null } s) when read != s.TermsVersion => new TermsVersionStale(s.TermsVersion),
        (ApproveCampaign { NeedsAnother: true } c, { Status: Submitted } or { Status: Active or Paused, Proposed: not null }) when state.IsBy(c.By) => new FourEyes(),
        (ApproveCampaign, { Status: Submitted } s) => new CampaignApproved(s.EndsAt),
        (ApproveCampaign c, { Status: Active or Paused, Proposed: { } proposed }) => new TermsApproved(proposed, c.By),
        (ApproveCampaign, { Status: Active or Paused }) => Decision<CampaignEvent>.Unchanged,
        (RejectCampaign c, { Status: Active or Paused, Proposed: { } proposed }) => new TermsRejected(proposed, c.Reason),
        (RejectCampaign, { Status: Active or Paused } s) when s.Published > s.TermsVersion => Decision<CampaignEvent>.Unchanged,
        (RejectCampaign c, { Status: Submitted }) => new CampaignRejected(c.Reason),
        (RejectCampaign, { Status: Rejected }) => Decision<CampaignEvent>.Unchanged,
        (PauseCampaign c, { Status: Active }) => new CampaignPaused(c.Reason),
        (PauseCampaign, { Status: Paused }) => Decision<CampaignEvent>.Unchanged,
        (ResumeCampaign, { Status: Paused }) => new CampaignResumed(),
        (ResumeCampaign, { Status: Active }) => Decision<CampaignEvent>.Unchanged,
        (StopCampaign c, { Status: Active or Paused }) => new CampaignStopped(c.Reason),
        (StopCampaign, { Status: Stopped }) => Decision<CampaignEvent>.Unchanged,

        // The timer asks; what is no longer due is nothing to do.
        (EndCampaign c, { Status: Active or Paused } s) when c.Now >= s.EndsAt => new CampaignEnded(s.EndsAt),
        (EndCampaign, _) => Decision<CampaignEvent>.Unchanged,

        // Whether it is the same proposal again, the operation sees by the terms.
        (AdoptTerms c, { Status: Active or Paused, Proposed: not null } s) when c.Version == s.TermsVersion + 1 => Decision<CampaignEvent>.Unchanged,
        (AdoptTerms { NeedsApproval: true } c, { Status: Active or Paused } s) when c.Version == s.TermsVersion + 1 => new TermsProposed(s.Published + 1, c.By),
        (AdoptTerms c, { Status: Draft or Active or Paused } s) when c.Version == s.TermsVersion + 1 => new TermsAdopted(s.Published + 1, c.By),
        (AdoptTerms c, { Status: Draft or Active or Paused } s) when c.Version == s.TermsVersion => Decision<CampaignEvent>.Unchanged,
        (AdoptTerms, { Status: Draft or Active or Paused } s) => new TermsVersionStale(s.TermsVersion),

        (ChangeQuota c, { Status: Draft or Active or Paused } s) when c.Target == s.Quota => Decision<CampaignEvent>.Unchanged,
        (ChangeQuota c, { Status: Draft or Active or Paused } s) when c.Expected != s.Quota => new QuotaCasMismatch(c.Expected, s.Quota),
        (ChangeQuota c, { Status: Draft or Active or Paused }) when c.Target < c.Issued => new QuotaBelowIssued(c.Target, c.Issued),
        (ChangeQuota c, { Status: Draft or Active or Paused } s) => new QuotaChanged(s.Quota, c.Target),

        // Coupons are used after the campaign is over, so its budgets still matter then.
        (ChangeBudget { Party: Funding.Platform } c, _) => new BudgetIsGranted(c.Party),
        (ChangeBudget { IsNamed: false } c, { Status: not (None or Rejected) }) => new BudgetNotInTerms(c.Party),
        (ChangeBudget c, { Status: not (None or Rejected) } s) when c.Target == s.BudgetOf(c.Party) => Decision<CampaignEvent>.Unchanged,
        (ChangeBudget c, { Status: not (None or Rejected) } s) when c.Expected != s.BudgetOf(c.Party) => new BudgetCasMismatch(c.Party, c.Expected, s.BudgetOf(c.Party)),
        (ChangeBudget c, { Status: not (None or Rejected) }) when c.Target < c.Committed => new BudgetBelowCommitted(c.Party, c.Target, c.Committed),
        (ChangeBudget c, { Status: not (None or Rejected) } s) => new BudgetChanged(c.Party, s.BudgetOf(c.Party), c.Target),

        (_, var s) => new CampaignStateForbids(s.Status, VerbOf(command)),
    };

    /// <summary>Never refuses and never computes: what happened is already in the event.</summary>
    public static Campaign Evolve(Campaign state, CampaignEvent fact) => fact switch
    {
        CampaignDrafted e => new Campaign(Draft, e.Name, 0, e.Quota, e.StartsAt, e.EndsAt).With(e.By),
        TermsAdopted e => (state with { TermsVersion = e.Version, Published = e.Version }).With(e.By),
        TermsProposed e => (state with { Published = e.Version, Proposed = e.Version, Authors = null }).With(e.By),
        TermsApproved e => state with { TermsVersion = e.Version, Proposed = null, Authors = null },
        TermsRejected => state with { Proposed = null, Authors = null },
        CampaignSubmitted e => (state with { Status = Submitted }).With(e.By),
        CampaignApproved => state with { Status = Active, Authors = null },
        CampaignRejected => state with { Status = Rejected },
        CampaignPaused => state with { Status = Paused },
        CampaignResumed => state with { Status = Active },
        CampaignStopped => state with { Status = Stopped },
        CampaignEnded => state with { Status = Ended },
        QuotaChanged e => state with { Quota = e.To },
        BudgetChanged e => state.WithBudget(e.Party, e.To),
        _ => throw new UnreachableException($"{fact}"),
    };

    /// <summary>A terms version is written once.</summary>
    public static TermsVersion Evolve(TermsVersion state, TermsEvent fact) => fact switch
    {
        TermsEvent.TermsPublished e => new(e.Terms),
        _ => throw new UnreachableException($"{fact}"),
    };

    /// <summary>What was asked, in the API's spelling: submit, adoptTerms, changeQuota.</summary>
    private static string VerbOf(CampaignCommand command) =>
        JsonNamingPolicy.CamelCase.ConvertName(command.GetType().Name.Replace("Campaign", "", StringComparison.Ordinal));
}
