using Ledger.Coupons;
using Ledger.Coupons.Codes;
using Ledger.Coupons.Offline;
using NodaTime;
using Xunit;
using static Ledger.Tests.Coupons.CouponExamples;
using static Ledger.Tests.Moments;

namespace Ledger.Tests.Coupons.Offline;

/// <summary>A book with one campaign of 20.00 off 100.00 that tills take offline at the risk of the service provider, and tills that signed on at 9:00.</summary>
internal sealed class OfflineShop
{
    private readonly List<OfflineSigningKey> keys = [TillSimulator.NewKey()];
    private int requests;

    public OfflineShop(CouponTerms? terms = null)
    {
        Terms = terms ?? CouponExamples.Terms with { OfflineLiability = "isv" };
        Run(request => CouponOperations.Draft(request, Spring, new("Spring", 1_000, WindowStart, IssuingEnds), Terms), Received);
        Run(request => CouponOperations.Change(request, Spring, new CampaignCommand.SubmitCampaign()), Received);
        Run(request => CouponOperations.Change(request, Spring, new CampaignCommand.ApproveCampaign()), Received);
        foreach (var till in Tills) till.Forward(Book, Nine, Ring);
    }

    public static Instant Nine { get; } = At("2026-03-03T09:00:00+08:00");

    public InMemoryBook Book { get; } = new();

    public CouponTerms Terms { get; }

    public TillSimulator A { get; } = new("s1", "a");

    public TillSimulator B { get; } = new("s2", "b");

    public IReadOnlyList<TillSimulator> Tills => [A, B];

    public OfflineKeyRing Ring => new(keys.Select(key => key.Public));

    public static Instant Clock(int hour, int minute, int second = 0) => Nine + Duration.FromSeconds(((hour - 9) * 3600) + (minute * 60) + second);

    public static CouponCode CodeOf(int number) => CouponCode.FromRandom([(byte)number, (byte)(number >> 8), 3, 4, 5, 6, 7, 8]);

    public string Issue(int number)
    {
        var code = CodeOf(number).Value;
        Run(request => CouponOperations.Issue(request, Spring, code, "m1", null, Received, Day("2026-03-02")), Received);
        return code;
    }

    public Coupon Coupon(string code) => Book.State(CouponStream.Of(code));

    /// <summary>What the member's wallet shows.</summary>
    public string Token(string code)
    {
        Assert.True(CouponCode.TryParse(code, out var known));
        var claims = (Checked<OfflineClaims>.Passed)OfflinePromise.Of(known, Coupon(code), Terms, "8000", Nine);
        return OfflineToken.Sign(claims.Value, keys[^1]).Text;
    }

    public (byte[]? Answer, Rejection? Refusal) Run(Func<Request, Operation> operation, Instant now) =>
        Book.Run(operation(InMemoryBook.Request(FormattableString.Invariant($"shop-{++requests}"), now)));

    public long Lost(string party) => Book.Tallies.GetValueOrDefault(OfflineLosses.BorneBy(party));

    public IEnumerable<T> Facts<T>() => Book.Entries.Select(entry => entry.Fact).OfType<T>();
}
