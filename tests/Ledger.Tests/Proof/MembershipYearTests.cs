using System.Diagnostics;
using Ledger.Agreements;
using Ledger.Payments;
using Ledger.Policies;
using Ledger.Postgres;
using Ledger.Postgres.Paying;
using Ledger.Postgres.Readers;
using Ledger.Tests.Agreements;
using Ledger.Tests.Readers;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Xunit;
using Xunit.Abstractions;

namespace Ledger.Tests.Proof;

/// <summary>
/// Light memberships of five plans through their whole lives against a provider process that goes wrong in 5 % of its calls, while the ledger's workers are cut
/// off at random: everyone ends settled, waived or in dunning, nobody pays twice or above what is due, and the provider's money is the books' to the fen.
/// <c>LEDGER_LONG</c>: 10,000 in a year.
/// </summary>
public sealed class MembershipYearTests(LedgerDatabase database, ITestOutputHelper output) : IClassFixture<LedgerDatabase>
{
    private const string Book = "tea-house";

    /// <summary>An account without a fen.</summary>
    private const string Poorest = "poor-0";

    private static readonly bool s_isLong = Environment.GetEnvironmentVariable("LEDGER_LONG") is "1" or "full";

    private readonly MovedClock clock = new(Instant.FromUtc(2026, 1, 1, 4, 0));
    private readonly Random random = new(20260101);
    private readonly BookQueries queries = new(database.Source);
    private readonly List<string> agreements = [];
    private readonly List<(string Agreement, string Number)> benefits = [];
    private int requests;

    private const string OftenAsked =
        "select exists (select from ledger.mt_streams where id like 'transfer-%' and state like '%\"Pending\"%' and (state::jsonb ->> 'attempts')::int between 16 and 23)";

    [Fact]
    public async Task A_year_ends_with_the_same_money_on_both_sides()
    {
        await using var provider = await ProviderProcess.StartAsync(faults: 5, seed: 5, ProviderProcess.FreePort());
        using var payments = new PaymentProvider(new(provider.Url, ProviderProcess.Key, TimeSpan.FromMilliseconds(200)));
        using var http = new HttpClient { BaseAddress = provider.Url };
        for (var poor = 0; poor < 3; poor++) (await http.PostAsync("/accounts", LedgerClient.Content(new { account = $"poor-{poor}", balance = poor * 5_00 }))).EnsureSuccessStatusCode();

        var (count, days, step) = s_isLong ? (10_000, 250, 1) : (60, 6, 3);
        var (engine, watch) = (await Engine.StartAsync(database, payments, clock), Stopwatch.StartNew());
        try
        {
            foreach (var operation in AgreementTraffic.Setup(Ask)) await engine.DoAsync(operation);
            for (var day = 0; day < days + 75; day += step)
            {
                // The provider takes its time by a clock that is not moved: what was asked about often is waited for, else it is left to a person.
                if (await database.Source.AskAsync<bool>(OftenAsked)) await Task.Delay(1_000);
                clock.Move(Duration.FromDays(step));
                if (day < days) await SignAsync(engine, payments, count * step / days);
                await LiveAsync(engine);
                // A third of the days the workers are cut off in the middle, and others take over.
                if (random.Next(3) == 0 && !await engine.DriveAsync(dieAfter: random.Next(5, 300)))
                {
                    await engine.DisposeAsync();
                    engine = await Engine.StartAsync(database, payments, clock);
                }

                Assert.True(await engine.DriveAsync(dieAfter: null));
            }

            // What the provider does later is asked for again.
            for (var day = 0; day < 5; day++)
            {
                await Task.Delay(400);
                clock.Move(Duration.FromDays(1));
                Assert.True(await engine.DriveAsync(dieAfter: null));
            }
        }
        finally
        {
            await engine.DisposeAsync();
        }

        var lived = watch.Elapsed;
        await AssertEndsAsync(provider.Url);
        output.WriteLine($"{agreements.Count} agreements: lived in {lived}, checked one by one in {watch.Elapsed - lived}");
        await database.Source.Follow("agreements").CatchUpAsync();
        await Books.AssertSoundAsync(database.Source);
    }

    private async Task AssertEndsAsync(Uri provider)
    {
        var statuses = await Memberships.AssertEndedAsync(database.Source, Book, agreements, provider);
        Assert.True(new[] { AgreementStatus.Settled, AgreementStatus.Waived, AgreementStatus.SettleFailed }.All(statuses.ContainsKey), string.Join(", ", statuses));
        foreach (var type in new[] { "fee_collection_failed", "settlement_retried", "fee_refunded", "settlement_recomputed", "guarantee_released", "obligation_progressed", "obligation_reversed" })
            Assert.True(await database.Source.AskAsync<long>("select count(*) from ledger.mt_events where type = $1", type) > 0, $"No {type} came to pass.");
        foreach (var id in s_isLong ? agreements.Where((_, i) => i % 100 == 0) : agreements)
            Assert.All(await Ledger.Postgres.Audit.AgreementExplanation.ReadAsync(database.Source, Book, id), fact => Assert.True(fact.Agrees));
    }

    /// <summary>Some sign up: admitted by the provider, with consent to the day that is shown, each beside the others.</summary>
    private async Task SignAsync(Engine engine, PaymentProvider payments, int count)
    {
        var fresh = Enumerable.Range(agreements.Count, count).Select(n => (
            Id: FormattableString.Invariant($"A-{n}"), Member: $"m-{n}", Plan: AgreementTraffic.Plans[n % 5].Id, Account: n % 12 == 11 ? Poorest : random.Next(6) == 0 ? $"poor-{random.Next(3)}" : $"acc-{n % 20}")).ToList();
        await Task.WhenAll(fresh.Select(async one =>
        {
            await engine.DoAsync(AgreementOperations.Preorder(Ask(), one.Id, one.Plan, one.Member, one.Account, null, null, Duration.FromHours(1)));
            var admission = await AskAsync(() => payments.ConsultAsync(Book, one.Id, one.Account, CancellationToken.None));
            await engine.DoAsync(AgreementOperations.Admit(Ask(), one.Id, admission.Verdict == ProviderVerdict.Yes, "ref-1"));
            var agreed = await AskAsync(() => payments.SignAsync(Book, one.Id, one.Account, CancellationToken.None));
            var state = await queries.StateAsync(Book, AgreementStreams.AgreementOf(one.Id), CancellationToken.None);
            await engine.DoAsync(AgreementOperations.Sign(Ask(), one.Id, new("text-1", Now, AgreementView.Of(one.Id, state, Now).EndsOn!.Value), agreed.Said));
        }));
        agreements.AddRange(fresh.Select(one => one.Id));
    }

    /// <summary>Under the same number until it answers.</summary>
    private static async Task<ProviderAnswer> AskAsync(Func<Task<ProviderAnswer>> ask)
    {
        while (true)
        {
            if (await ask() is { Verdict: ProviderVerdict.Yes or ProviderVerdict.No } said) return said;
        }
    }

    /// <summary>A day's traffic: benefits, payments and their refunds, late and taken back, some who quit, and some who paid elsewhere; all at once, as on a day.</summary>
    private async Task LiveAsync(Engine engine)
    {
        var made = await Task.WhenAll(Enumerable.Range(0, Math.Min(agreements.Count, s_isLong ? 100 : 25)).Select(_ => DoOneAsync(engine, agreements[random.Next(agreements.Count)], random.Next())));
        benefits.AddRange(made.OfType<(string, string)>());
    }

    /// <returns>The benefit that it reported, if it did.</returns>
    private async Task<(string Agreement, string Number)?> DoOneAsync(Engine engine, string id, int seed)
    {
        var (dice, number) = (new Random(seed), FormattableString.Invariant($"n-{id}-{seed}"));
        var state = await queries.StateAsync(Book, AgreementStreams.AgreementOf(id), CancellationToken.None);
        // Nobody lets the poorest off, and they stay: some are given up.
        switch (state.Offer!.Account == Poorest ? dice.Next(1, 10) : dice.Next(10))
        {
            case 0 when state.Status == AgreementStatus.SettleFailed:
                await engine.TryAsync(AgreementOperations.Waive(Ask(), id, WaiverReason.PaidElsewhere, null, Alone(id)));
                break;
            case 0:
                await engine.TryAsync(dice.Next(3) > 0
                    ? AgreementOperations.Quit(Ask(), id, QuitKind.Member, AgreementDecider.QuitQuote(state, Now).Aggregate(Money.Zero, (sum, trace) => sum + trace.Due))
                    : AgreementOperations.Waive(Ask(), id, WaiverReason.ServiceCanceled, null, Alone(id)));
                break;
            case 1 or 2 when benefits.Count > 0:
                var (of, forward) = benefits[dice.Next(benefits.Count)];
                await engine.TryAsync(AgreementOperations.Reverse(Ask(), of, number, forward, dice.Next(2) == 0 ? null : new Money(1_00), Now));
                break;
            case 3 or 4:
                await engine.TryAsync(PaymentOperations.Receive(Ask(), number, new(new(50_00), "balance", [], null, state.Offer.Member, null, null, null, null), Now, Now.InUtc().Date));
                if (dice.Next(3) == 0) await engine.TryAsync(PaymentOperations.Refund(Ask(), number, "r-1", null, [], null, Now, Now.InUtc().Date));
                break;
            case 5:
                await engine.TryAsync(AgreementOperations.ReportPeriod(Ask(), id, 1 + dice.Next(2), new(dice.Next(6_00))));
                break;
            default:
                if (await engine.TryAsync(AgreementOperations.Report(Ask(), id, number, new(dice.Next(1_00, 12_00)), Now - Duration.FromHours(dice.Next(30)), null))) return (id, number);
                break;
        }

        return null;
    }

    private Instant Now => clock.GetCurrentInstant();

    private static ApprovalRule Alone(string id) => new(AgreementStreams.AgreementOf(id), _ => false);

    private Request Ask() => new(Book, FormattableString.Invariant($"year-{Interlocked.Increment(ref requests)}"), new byte[32], "test", Now);

    /// <summary>The ledger's workers on one book, without the hosting around them.</summary>
    private sealed class Engine : IAsyncDisposable
    {
        private readonly LedgerDatabase database;
        private readonly Scribes scribes;
        private readonly TimerWorker timers;
        private readonly PolicyRunner policies;
        private readonly TransferWorker transfers;

        private Engine(LedgerDatabase database, PaymentProvider payments, IClock clock)
        {
            var hints = new BookHints();
            (this.database, scribes) = (database, new(database.ConnectionString, hints, NullLogger<Scribes>.Instance, count: 1));
            timers = new(database.Source, scribes.SubmitAsync, clock, NullLogger<TimerWorker>.Instance);
            policies = new(
                database.Source, scribes.SubmitAsync, hints, clock, NullLogger<PolicyRunner>.Instance, [LightMembershipPolicy.Benefits, LightMembershipPolicy.Outcomes]);
            transfers = new(database.Source, payments, scribes.SubmitAsync, clock, NullLogger<TransferWorker>.Instance);
        }

        public static async Task<Engine> StartAsync(LedgerDatabase database, PaymentProvider payments, IClock clock)
        {
            var engine = new Engine(database, payments, clock);
            await engine.scribes.StartAsync(CancellationToken.None);
            return engine;
        }

        public async Task DoAsync(Operation operation)
        {
            var outcome = await scribes.SubmitAsync(LightMembershipPolicy.Send(operation), CancellationToken.None);
            Assert.True(outcome is Outcome.Accepted, $"{outcome}");
        }

        public async Task<bool> TryAsync(Operation operation) => await scribes.SubmitAsync(LightMembershipPolicy.Send(operation), CancellationToken.None) is Outcome.Accepted;

        /// <summary>Until nobody has anything to do at this time; false: it was cut off.</summary>
        /// <param name="dieAfter">Milliseconds; null: it is left alone.</param>
        public async Task<bool> DriveAsync(int? dieAfter)
        {
            using var end = new CancellationTokenSource(dieAfter ?? -1);
            try
            {
                for (var before = -1L; ;)
                {
                    await timers.FireAsync(end.Token);
                    await transfers.CarryOutAsync(end.Token);
                    await policies.CatchUpAsync(end.Token);
                    var head = await database.Source.AskAsync<long>("select coalesce(sum(head), 0)::bigint from ledger.books");
                    if (head == before) return true;
                    before = head;
                }
            }
            catch (Exception) when (end.IsCancellationRequested)
            {
                return false;
            }
        }

        public async ValueTask DisposeAsync()
        {
            timers.Dispose();
            policies.Dispose();
            transfers.Dispose();
            await scribes.DisposeAsync();
        }
    }
}
