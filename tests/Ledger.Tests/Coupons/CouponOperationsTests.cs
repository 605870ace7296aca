using Ledger.Coupons;
using Ledger.Coupons.Redemptions;
using NodaTime;
using Xunit;
using static Ledger.Coupons.CampaignCommand;
using static Ledger.Tests.Coupons.CouponExamples;

namespace Ledger.Tests.Coupons;

/// <summary>The requests of the API on a book: what they name, and what they answer beyond the deciders.</summary>
public class CouponOperationsTests
{
    private static readonly DraftCampaign s_draft = new("Spring", 100, WindowStart, IssuingEnds);

    private readonly InMemoryBook book = new();
    private int requests;

    [Fact]
    public void A_campaign_that_exists_is_not_drafted_again()
    {
        Accepted(CouponOperations.Draft(Next(), Spring, s_draft, Terms));
        Accepted(CouponOperations.Draft(Next(), Spring, s_draft, Terms));
        Refused(new CampaignExists(Spring), CouponOperations.Draft(Next(), Spring, s_draft, Terms with { MinimumSpend = new(1) }));
        Refused(new CampaignExists(Spring), CouponOperations.Draft(Next(), Spring, s_draft with { Quota = 1 }, Terms));
        Assert.Equal(3, book.Entries.Count);
    }

    [Fact]
    public void What_concerns_an_unknown_campaign_names_it()
    {
        Refused(new CampaignUnknown("autumn"), CouponOperations.Change(Next(), "autumn", new SubmitCampaign()));
        Refused(new CampaignUnknown("autumn"), CouponOperations.ChangeQuota(Next(), "autumn", 1, 2));
        Refused(new CampaignUnknown("autumn"), CouponOperations.Amend(Next(), "autumn", 1, Terms));
        Refused(new CampaignUnknown("autumn"), CouponOperations.Issue(Next(), "autumn", Code, Member, null, Received, Issued.Date));
    }

    [Fact]
    public void Of_two_amendments_of_one_version_the_second_is_stale()
    {
        Run();
        var (mine, theirs) = (Terms with { MinimumSpend = new(1) }, Terms with { MinimumSpend = new(2) });
        Accepted(CouponOperations.Amend(Next(), Spring, 1, theirs));
        Refused(new TermsVersionStale(2), CouponOperations.Amend(Next(), Spring, 1, mine));
        Accepted(CouponOperations.Amend(Next(), Spring, 1, theirs));
        Assert.Equal(theirs, book.State(CampaignStreams.TermsOf(Spring, 2)).Terms);
        Assert.Equal(Terms, book.State(CampaignStreams.TermsOf(Spring, 1)).Terms);
    }

    [Fact]
    public void An_append_names_the_new_total_which_only_grows()
    {
        Refused(new CampaignUnknown(Spring), QuotaAppend.Append(Next(), Spring, 101));
        Run();
        var (random, current) = (new Random(20260217), book.State(CampaignStreams.Of(Spring)).Quota);
        for (var i = 0; i < 200; i++)
        {
            var total = current + random.Next(-5, 20);
            if (total < current) Refused(new QuotaOnlyGrows(total, current), QuotaAppend.Append(Next(), Spring, total));
            else Accepted(QuotaAppend.Append(Next(), Spring, current = total));
            Assert.Equal(current, book.State(CampaignStreams.Of(Spring)).Quota);
        }
    }

    [Fact]
    public void An_amendment_leaves_coupons_as_they_were_issued()
    {
        Run();
        Accepted(Issue());
        Accepted(CouponOperations.Amend(Next(), Spring, 1, Terms with { MinimumSpend = new(500_00) }));
        Accepted(TillOperations.Redeem(Next(), Code, new(100_00), Noon, null, null, null));
        Assert.Equal(1, book.State(CouponStream.Of(Code)).TermsVersion);
    }

    [Fact]
    public void Coupons_of_a_stopped_campaign_stay_redeemable()
    {
        Run();
        Accepted(Issue());
        Accepted(CouponOperations.Change(Next(), Spring, new StopCampaign("mistake")));
        Accepted(TillOperations.Redeem(Next(), Code, new(100_00), Noon, null, null, null));
    }

    [Fact]
    public void A_limit_counts_from_the_version_that_introduces_it()
    {
        Run();
        Accepted(Issue("CODE1"));
        Accepted(CouponOperations.Amend(Next(), Spring, 1, Terms with { Limits = new(PerMember: 1) }));
        Accepted(Issue("CODE2"));
        Refused(new UserLimit(1), Issue("CODE3"));
    }

    [Fact]
    public void A_redemption_without_a_key_is_a_mistake_of_the_caller()
    {
        Assert.Throws<ArgumentException>(() => TillOperations.Redeem(Next() with { Key = null }, Code, new(100_00), Noon, null, null, null));
        Assert.Throws<ArgumentException>(() => TillOperations.Redeem(Next() with { Key = "" }, Code, new(100_00), Noon, null, null, null));
    }

    [Theory]
    [InlineData("7QX4M2K9TDAAC-2")]
    [InlineData("7QX4M2K9TDAAC-01")]
    [InlineData("7QX4M2K9TDAAC")]
    [InlineData("another-1")]
    [InlineData("-")]
    public void A_void_of_what_is_no_redemption_repeats_the_id(string id)
    {
        Run();
        Accepted(Issue());
        Accepted(TillOperations.Redeem(Next(), Code, new(100_00), Noon, null, null, null));
        Accepted(ReturnOperations.Void(Next(), $"{Code}-1", Noon, Issued.Date, null));
        Refused(new RedemptionNotFound(id), ReturnOperations.Void(Next(), id, Noon, Issued.Date, null));
    }

    [Fact]
    public void What_the_till_asks_twice_under_one_key_happens_once()
    {
        Run();
        Accepted(Issue());
        var redeem = TillOperations.Redeem(Next(), Code, new(100_00), Noon, null, null, null);
        var first = Accepted(redeem);
        Accepted(ReturnOperations.Void(Next(), $"{Code}-1", Noon, Issued.Date, null));
        Assert.Equal(first, Accepted(redeem));
        Assert.Equal(CouponStatus.Issued, book.State(CouponStream.Of(Code)).Status);
    }

    private void Run()
    {
        Accepted(CouponOperations.Draft(Next(), Spring, s_draft, Terms));
        Accepted(CouponOperations.Change(Next(), Spring, new SubmitCampaign()));
        Accepted(CouponOperations.Change(Next(), Spring, new ApproveCampaign()));
    }

    private Operation Issue(string code = Code) => CouponOperations.Issue(Next(), Spring, code, Member, "scan", Received, Issued.Date);

    private byte[] Accepted(Operation operation)
    {
        var (answer, refusal) = book.Run(operation);
        Assert.Null(refusal);
        return answer!;
    }

    private void Refused(Rejection expected, Operation operation)
    {
        var before = book.Entries.Count;
        Assert.Equal(expected, book.Run(operation).Refusal);
        Assert.Equal(before, book.Entries.Count);
    }

    private Request Next() => InMemoryBook.Request(FormattableString.Invariant($"request-{++requests}"), Noon + Duration.FromMinutes(requests));
}
