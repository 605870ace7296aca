using Ledger.Coupons;
using Xunit;
using static Ledger.Coupons.CampaignCommand;
using static Ledger.Coupons.CampaignEvent;
using static Ledger.Tests.Coupons.CouponExamples;
using static Ledger.Tests.Moments;

namespace Ledger.Tests.Coupons;

public class CampaignDeciderTests
{
    private static readonly Spec<CampaignCommand, Campaign, CampaignEvent> s_campaign =
        new(CampaignDecider.Decide, CampaignDecider.Evolve, Ledger.Coupons.Campaign.None);

    private static readonly DraftCampaign s_draft = new("Spring", 100, WindowStart, IssuingEnds);
    private static readonly CampaignEvent[] s_drafted = [new CampaignDrafted("Spring", 100, WindowStart, IssuingEnds), new TermsAdopted(1)];
    private static readonly CampaignEvent[] s_submitted = [.. s_drafted, new CampaignSubmitted()];
    private static readonly CampaignEvent[] s_active = [.. s_submitted, new CampaignApproved(IssuingEnds)];
    private static readonly CampaignEvent[] s_paused = [.. s_active, new CampaignPaused("sold out")];
    private static readonly CampaignEvent[] s_rejected = [.. s_submitted, new CampaignRejected("too dear")];
    private static readonly CampaignEvent[] s_stopped = [.. s_active, new CampaignStopped("mistake")];
    private static readonly CampaignEvent[] s_ended = [.. s_active, new CampaignEnded(IssuingEnds)];

    private static readonly (string Name, CampaignEvent[] Past)[] s_states =
    [
        ("none", []), ("draft", s_drafted), ("submitted", s_submitted), ("rejected", s_rejected), ("active", s_active), ("paused", s_paused),
        ("terms proposed", [.. s_active, new TermsProposed(2, "ann")]), ("terms rejected", [.. s_active, new TermsProposed(2, "ann"), new TermsRejected(2, "too dear")]),
        ("resumed", [.. s_paused, new CampaignResumed()]), ("stopped", s_stopped), ("ended", s_ended),
    ];

    [Fact]
    public void A_campaign_is_drafted_with_its_first_terms() => s_campaign.Given().When(s_draft).Then(s_drafted);

    [Fact]
    public void A_campaign_goes_from_draft_over_submission_to_issuing()
    {
        s_campaign.Given(s_drafted).When(new SubmitCampaign()).Then(new CampaignSubmitted());
        s_campaign.Given(s_submitted).When(new ApproveCampaign()).Then(new CampaignApproved(IssuingEnds));
        s_campaign.Given(s_submitted).When(new RejectCampaign("too dear")).Then(new CampaignRejected("too dear"));
    }

    [Fact]
    public void A_running_campaign_pauses_and_resumes()
    {
        s_campaign.Given(s_active).When(new PauseCampaign("sold out")).Then(new CampaignPaused("sold out"));
        s_campaign.Given(s_paused).When(new ResumeCampaign()).Then(new CampaignResumed());
        Assert.Equal(CampaignStatus.Active, s_campaign.Given([.. s_paused, new CampaignResumed()]).State.Status);
    }

    [Fact]
    public void A_campaign_is_stopped_while_it_runs_or_pauses()
    {
        s_campaign.Given(s_active).When(new StopCampaign("mistake")).Then(new CampaignStopped("mistake"));
        s_campaign.Given(s_paused).When(new StopCampaign("mistake")).Then(new CampaignStopped("mistake"));
    }

    [Fact]
    public void The_timer_ends_a_campaign_at_its_end_and_not_before()
    {
        s_campaign.Given(s_active).When(new EndCampaign(IssuingEnds - Tick)).ThenNothing();
        s_campaign.Given(s_active).When(new EndCampaign(IssuingEnds)).Then(new CampaignEnded(IssuingEnds));
        s_campaign.Given(s_paused).When(new EndCampaign(WindowEnd)).Then(new CampaignEnded(IssuingEnds));
        s_campaign.Given(s_stopped).When(new EndCampaign(WindowEnd)).ThenNothing();
    }

    [Fact]
    public void The_same_draft_again_changes_nothing_and_another_is_refused()
    {
        s_campaign.Given(s_drafted).When(s_draft).ThenNothing();
        var forbidden = new CampaignStateForbids(CampaignStatus.Draft, "draft");
        s_campaign.Given(s_drafted).When(s_draft with { Name = "Summer" }).ThenRefused(forbidden);
        s_campaign.Given(s_drafted).When(s_draft with { Quota = 101 }).ThenRefused(forbidden);
        s_campaign.Given(s_drafted).When(s_draft with { StartsAt = Noon }).ThenRefused(forbidden);
        s_campaign.Given(s_drafted).When(s_draft with { EndsAt = Noon }).ThenRefused(forbidden);
        s_campaign.Given([.. s_drafted, new TermsAdopted(2)]).When(s_draft).ThenRefused(forbidden);
    }

    [Fact]
    public void The_next_terms_are_adopted_and_no_others()
    {
        s_campaign.Given(s_active).When(new AdoptTerms(2)).Then(new TermsAdopted(2));
        s_campaign.Given(s_active).When(new AdoptTerms(1)).ThenNothing();
        s_campaign.Given(s_active).When(new AdoptTerms(3)).ThenRefused(new TermsVersionStale(1));
        s_campaign.Given([.. s_active, new TermsAdopted(2)]).When(new AdoptTerms(1)).ThenRefused(new TermsVersionStale(2));
    }

    [Fact]
    public void The_quota_changes_when_the_caller_knows_it()
    {
        s_campaign.Given(s_active).When(new ChangeQuota(Expected: 100, Target: 150, Issued: 40)).Then(new QuotaChanged(100, 150));
        s_campaign.Given(s_active).When(new ChangeQuota(Expected: 90, Target: 150, Issued: 40)).ThenRefused(new QuotaCasMismatch(90, 100));
        s_campaign.Given([.. s_active, new QuotaChanged(100, 150)]).When(new ChangeQuota(Expected: 100, Target: 150, Issued: 40)).ThenNothing();
    }

    [Fact]
    public void The_quota_falls_to_what_was_issued_and_no_lower()
    {
        s_campaign.Given(s_active).When(new ChangeQuota(Expected: 100, Target: 40, Issued: 40)).Then(new QuotaChanged(100, 40));
        s_campaign.Given(s_active).When(new ChangeQuota(Expected: 100, Target: 39, Issued: 40)).ThenRefused(new QuotaBelowIssued(39, 40));
        s_campaign.Given(s_active).When(new ChangeQuota(Expected: 90, Target: 39, Issued: 40)).ThenRefused(new QuotaCasMismatch(90, 100));
    }

    [Fact]
    public void Who_wrote_a_campaign_cannot_approve_it_where_four_eyes_are_required()
    {
        CampaignEvent[] drafted = [new CampaignDrafted("Spring", 100, WindowStart, IssuingEnds, "ann"), new TermsAdopted(1), new TermsAdopted(2, "bob")];
        var submitted = s_campaign.Given([.. drafted, new CampaignSubmitted("cid")]);
        foreach (var author in new[] { "ann", "bob", "cid" })
        {
            submitted.When(new ApproveCampaign(author, NeedsAnother: true)).ThenRefused(new FourEyes());
            submitted.When(new ApproveCampaign(author)).Then(new CampaignApproved(IssuingEnds));
        }

        submitted.When(new ApproveCampaign("dee", NeedsAnother: true)).Then(new CampaignApproved(IssuingEnds));
    }

    [Fact]
    public void Terms_of_a_running_campaign_wait_for_another_pair_of_eyes()
    {
        s_campaign.Given(s_active).When(new AdoptTerms(2, "ann", NeedsApproval: true)).Then(new TermsProposed(2, "ann"));
        CampaignEvent[] proposed = [.. s_active, new TermsProposed(2, "ann")];
        Assert.Equal((1, 2), (s_campaign.Given(proposed).State.TermsVersion, s_campaign.Given(proposed).State.Proposed));
        s_campaign.Given(proposed).When(new ApproveCampaign("ann", NeedsAnother: true)).ThenRefused(new FourEyes());
        s_campaign.Given(proposed).When(new ApproveCampaign("bob", NeedsAnother: true)).Then(new TermsApproved(2, "bob"));
        s_campaign.Given([.. proposed, new TermsApproved(2, "bob")]).When(new AdoptTerms(3, "bob", NeedsApproval: true)).Then(new TermsProposed(3, "bob"));

        // A number is never given to other terms, not even after a rejection.
        s_campaign.Given(proposed).When(new RejectCampaign("too dear")).Then(new TermsRejected(2, "too dear"));
        CampaignEvent[] rejected = [.. proposed, new TermsRejected(2, "too dear")];
        s_campaign.Given(rejected).When(new AdoptTerms(2, "ann", NeedsApproval: true)).Then(new TermsProposed(3, "ann"));
        s_campaign.Given([.. rejected, new CampaignPaused("rest"), new TermsProposed(3, "ann")]).When(new ApproveCampaign("bob", NeedsAnother: true)).Then(new TermsApproved(3, "bob"));
    }

    [Fact]
    public void A_terms_version_holds_what_was_published() =>
        Assert.Equal(Terms, CampaignDecider.Evolve(TermsVersion.None, new TermsEvent.TermsPublished(Terms)).Terms);

    /// <summary>Callers read the word in a problem: it is the verb of what they asked, not a name from the code.</summary>
    [Fact]
    public void What_the_state_forbids_is_named_by_its_verb()
    {
        var stopped = s_campaign.Given(s_stopped);
        foreach (var (command, verb) in new (CampaignCommand, string)[]
        {
            (s_draft, "draft"), (new AdoptTerms(2), "adoptTerms"), (new SubmitCampaign(), "submit"), (new ApproveCampaign(), "approve"),
            (new RejectCampaign("too dear"), "reject"), (new PauseCampaign("sold out"), "pause"), (new ResumeCampaign(), "resume"),
            (new ChangeQuota(100, 150, 40), "changeQuota"),
        })
        {
            stopped.When(command).ThenRefused(new CampaignStateForbids(CampaignStatus.Stopped, verb));
        }
    }

    [Fact]
    public void Every_command_has_an_answer_in_every_state()
    {
        Assert.Empty(Matrix.Missing(Commands().Select(c => c.Command)));
        Approved.Matches(Matrix.Of(
            CampaignDecider.Decide, CampaignDecider.Evolve, Commands(), s_states.Select(state => (state.Name, s_campaign.Given(state.Past).State))));
    }


    private static IEnumerable<(string Name, CampaignCommand Command)> Commands() =>
    [
        ("draft", s_draft),
        ("draft otherwise", s_draft with { Name = "Summer" }),
        ("adopt terms 1", new AdoptTerms(1)),
        ("adopt terms 2", new AdoptTerms(2)),
        ("adopt terms 3", new AdoptTerms(3)),
        ("propose terms 2", new AdoptTerms(2, "ann", NeedsApproval: true)),
        ("approve as the author", new ApproveCampaign("ann", NeedsAnother: true)),
        ("submit", new SubmitCampaign()),
        ("approve", new ApproveCampaign()),
        ("reject", new RejectCampaign("too dear")),
        ("pause", new PauseCampaign("sold out")),
        ("resume", new ResumeCampaign()),
        ("stop", new StopCampaign("mistake")),
        ("end before the end", new EndCampaign(Noon)),
        ("end after the end", new EndCampaign(IssuingEnds)),
        ("change quota", new ChangeQuota(100, 150, 40)),
        ("change quota from another", new ChangeQuota(90, 150, 40)),
        ("change quota below issued", new ChangeQuota(100, 39, 40)),
        ("change budget", new ChangeBudget("merchant", Money.Zero, new(50_00), true, new(40_00))),
        ("change budget from another", new ChangeBudget("merchant", new(60_00), new(50_00), true, new(40_00))),
        ("change budget below committed", new ChangeBudget("merchant", Money.Zero, new(39_99), true, new(40_00))),
        ("change budget that the terms do not name", new ChangeBudget("brand", Money.Zero, new(50_00), false, Money.Zero)),
        ("change budget that is granted", new ChangeBudget("platform", Money.Zero, new(50_00), true, Money.Zero)),
    ];
}
