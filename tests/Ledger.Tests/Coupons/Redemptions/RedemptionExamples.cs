using System.Text.Json;
using Ledger.Coupons;
using Ledger.Coupons.Baskets;
using Ledger.Coupons.Redemptions;
using NodaTime;
using Xunit;
using static Ledger.Coupons.CampaignCommand;
using static Ledger.Tests.Coupons.CouponExamples;

namespace Ledger.Tests.Coupons.Redemptions;

/// <summary>A book in memory with campaigns and coupons, and a till that talks to it.</summary>
internal sealed class Till
{
    private int requests;

    public InMemoryBook Book { get; } = new();

    /// <summary>Stands still until somebody moves it.</summary>
    public Instant Now { get; set; } = Noon;

    /// <summary>A running campaign, and one coupon of it under each code.</summary>
    public Till With(string campaign, CouponTerms terms, params string[] codes)
    {
        Accepted(CouponOperations.Draft(Ask(), campaign, new("Spring", 1_000, WindowStart, IssuingEnds), terms));
        Accepted(CouponOperations.Change(Ask(), campaign, new SubmitCampaign()));
        Accepted(CouponOperations.Change(Ask(), campaign, new ApproveCampaign()));
        foreach (var code in codes) Accepted(CouponOperations.Issue(Ask(), campaign, code, Member, null, Now, Now.InZone(Terms.Zone()).Date));
        return this;
    }

    public Request Ask() => InMemoryBook.Request(FormattableString.Invariant($"request-{++requests}"), Now);

    public Operation Redeem(Basket basket, params Presented[] coupons) => TillOperations.Redeem(Ask(), coupons, basket.Amount, Now, "s1", "t1", null, basket);

    public Operation Hold(Basket basket, params Presented[] coupons) => TillOperations.Hold(Ask(), coupons, basket.Amount, 120, Now, "s1", "t1", null, basket);

    public Operation Commit(string holdId) => TillOperations.Commit(Ask(), holdId, Now);

    public Operation Release(string holdId) => TillOperations.Release(Ask(), holdId);

    public Operation Void(string redemptionId) => ReturnOperations.Void(Ask(), redemptionId, Now, Now.InZone(Terms.Zone()).Date, null);

    public Operation Return(string redemptionId, params ReturnItem[] items) => Return(redemptionId, keepCoupons: false, items);

    public Operation Return(string redemptionId, bool keepCoupons, params ReturnItem[] items) =>
        ReturnOperations.Return(Ask(), redemptionId, items, uses: null, keepCoupons ? KeptCoupons.All : KeptCoupons.None, Now, Now.InZone(Terms.Zone()).Date, null);

    public Operation ReturnUses(string redemptionId, int uses) =>
        ReturnOperations.Return(Ask(), redemptionId, [], uses, KeptCoupons.None, Now, Now.InZone(Terms.Zone()).Date, null);

    public JsonElement Accepted(Operation operation)
    {
        var (answer, refusal) = Book.Run(operation);
        Assert.Null(refusal);
        return JsonSerializer.Deserialize<JsonElement>(answer!);
    }

    public Rejection Refused(Operation operation)
    {
        var before = Book.Entries.Count;
        var (answer, refusal) = Book.Run(operation);
        Assert.True(answer is null, "It was accepted.");
        Assert.Equal(before, Book.Entries.Count);
        return refusal!;
    }

    public Coupon Coupon(string code) => Book.State(CouponStream.Of(code));

    public string StatusOf(string code) => Coupon(code).StatusAt(Now);
}
