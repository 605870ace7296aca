using Ledger.Coupons;
using Ledger.Coupons.Redemptions;
using Ledger.Postgres;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;

namespace Ledger.Tests.Readers;

/// <summary>Real scribes on a database, with one campaign that issues, and a clock that tests set.</summary>
internal sealed class LiveLedger : IAsyncDisposable, IClock
{
    public static readonly Instant Begin = Instant.FromUtc(2026, 11, 10, 0, 0);
    public static readonly Instant End = Begin + Duration.FromDays(10);

    private readonly Scribes scribes;
    private long requests;

    private LiveLedger(string connectionString, BookHints hints) => scribes = new(connectionString, hints, NullLogger<Scribes>.Instance);

    public Instant Now { get; set; } = Begin;

    public static async Task<LiveLedger> StartAsync(ReadersDatabase database, BookHints? hints = null, params string[] books)
    {
        var ledger = new LiveLedger(database.ConnectionString, hints ?? new());
        await ledger.scribes.StartAsync(CancellationToken.None);
        var terms = new CouponTerms(new Benefit.FixedAmount(new(500)), new(1_000), "Asia/Shanghai", new Validity(Begin, End), [], [], new());
        foreach (var book in books)
        {
            await ledger.SubmitAsync(CouponOperations.Draft(ledger.Request(book), "spring", new("Spring", 100_000, Begin, End), terms));
            await ledger.SubmitAsync(CouponOperations.Change(ledger.Request(book), "spring", new CampaignCommand.SubmitCampaign()));
            await ledger.SubmitAsync(CouponOperations.Change(ledger.Request(book), "spring", new CampaignCommand.ApproveCampaign()));
        }

        return ledger;
    }

    public Instant GetCurrentInstant() => Now;

    public Task IssueAsync(string book, string code) =>
        SubmitAsync(CouponOperations.Issue(Request(book), "spring", code, "u1", null, Now, Now.InUtc().Date));

    public Task RedeemAsync(string book, string code) => SubmitAsync(TillOperations.Redeem(Request(book), code, new(2_000), Now, "s1", "t1", null));

    public async Task<Outcome> SubmitAsync(Operation operation)
    {
        var outcome = await SubmitAsync(operation, CancellationToken.None);
        Xunit.Assert.IsType<Outcome.Accepted>(outcome);
        return outcome;
    }

    public Task<Outcome> SubmitAsync(Operation operation, CancellationToken cancellation) => scribes.SubmitAsync(operation, cancellation);

    public ValueTask DisposeAsync() => scribes.DisposeAsync();

    private Request Request(string book) => new(book, $"k{Interlocked.Increment(ref requests)}", new byte[32], "test", Now);
}
