using Ledger.Agreements;
using Ledger.Payments;
using Ledger.Policies;
using Ledger.Postgres;
using Ledger.Postgres.Paying;
using Ledger.Postgres.Readers;
using Ledger.Tests.Agreements;
using Ledger.Tests.Readers;
using Ledger.Transfers;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Xunit;

namespace Ledger.Tests.Proof;

/// <summary>
/// Light memberships of five plans through their whole lives against a provider process that goes wrong in 5 % of its calls, while the ledger's workers are cut
/// off at random: everyone ends settled, waived or in dunning, nobody pays twice or above what is due, and the provider's money is the books' to the fen.
/// <c>LEDGER_LONG</c>: 10,000 in a year.
/// </summary>
public sealed class MembershipYearTests(LedgerDatabase database) : IClassFixture<LedgerDatabase>
{
    private const string Book = "tea-house";
    private static readonly bool s_isLong = Environment.GetEnvironmentVariable("LEDGER_LONG") is "1" or "full";

    private readonly MovedClock clock = new(Instant.FromUtc(2026, 1, 1, 4, 0));
    private readonly Random random = new(20260101);
    private readonly BookQueries queries = new(database.Source);
    private readonly List<string> agreements = [];
    private readonly List<(string Agreement, string Number)> benefits = [];
    private int requests;

    [Fact]
    public async Task A_year_ends_with_the_same_money_on_both_sides()
    {
        await using var provider = await ProviderProcess.StartAsync(faults: 5, seed: 5, ProviderProcess.FreePort());
        using var payments = new PaymentProvider(new(provider.Url, ProviderProcess.Key, TimeSpan.FromSeconds(1)));
        using var http = new HttpClient { BaseAddress = provider.Url };
        for (var poor = 0; poor < 3; poor++) (await http.PostAsync("/accounts", LedgerClient.Content(new { account = $"poor-{poor}", balance = poor * 5_00 }))).EnsureSuccessStatusCode();

        var (count, days, step) = s_isLong ? (10_000, 300, 1) : (60, 6, 3);
        var engine = await Engine.StartAsync(database, payments, clock);
        try
        {
            foreach (var operation in AgreementTraffic.Setup(Ask)) await engine.DoAsync(operation);
            for (var day = 0; day < days + 75; day += step)
            {
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

        await AssertEndsAsync(provider.Url);
        await database.Source.Follow("agreements").CatchUpAsync();
        await Books.AssertSoundAsync(database.Source);
    }

    private async Task AssertEndsAsync(Uri provider)
    {
        var report = await Reconciliation.RunAsync(database.Source, provider);
        Assert.True(report.IsClean, string.Join('\n', report.Differences));
        var transfers = (await new TransferQueries(database.Source).AllAsync(CancellationToken.None)).Select(row => row.Transfer)
            .ToLookup(transfer => transfer.Order!.Origin, StringComparer.Ordinal);
        var statuses = new Dictionary<AgreementStatus, int>();
        foreach (var id in agreements)
        {
            var state = await queries.StateAsync(Book, AgreementStreams.AgreementOf(id), CancellationToken.None);
            statuses[state.Status] = statuses.GetValueOrDefault(state.Status) + 1;
            Assert.True(state.Status is AgreementStatus.Settled or AgreementStatus.Waived or AgreementStatus.Dunning or AgreementStatus.SettleFailed, $"{id} is {state.Status}: {state}");
            var done = transfers[$"agreement-{id}"].Where(transfer => transfer.State == TransferState.Succeeded).Select(transfer => transfer.Order!).ToList();
            var (collected, returned) = (done.Where(order => order.Kind is TransferKind.Withhold or TransferKind.UnfreezeToPay).ToList(), done.Where(order => order.Kind == TransferKind.Refund).ToList());
            Assert.Equal(state.Settlements.Sum(one => one.Collected.Minor), collected.Sum(order => order.Amount));
            Assert.Equal(state.Settlements.Sum(one => one.Refunded.Minor), returned.Sum(order => order.Amount));
            Assert.Equal(state.Settlements.Count(one => one.Collected > Money.Zero), collected.Count);
            Assert.All(state.Settlements, one => Assert.True(one.Collected - one.Returning <= one.Due, $"{id}: {one}"));
            // What was frozen was paid out or given free, all of it, or is ordered free again.
            if (state.Frozen is { Status: FrozenStatus.Releasing, Release: var release }) Assert.NotNull(release!.RetryAt);
            if (state.Frozen is { Status: FrozenStatus.Released } frozen)
                Assert.Equal(frozen.Amount.Minor, done.Where(order => order.Of == frozen.Transfer).Sum(order => order.Amount));
        }

        Assert.True(statuses.ContainsKey(AgreementStatus.Settled) && statuses.ContainsKey(AgreementStatus.Waived), string.Join(", ", statuses));
        foreach (var type in new[] { "fee_collection_failed", "settlement_retried", "fee_refunded", "settlement_recomputed", "guarantee_released", "obligation_progressed", "obligation_reversed" })
            Assert.True(await database.Source.AskAsync<long>("select count(*) from ledger.mt_events where type = $1", type) > 0, $"No {type} came to pass.");
        foreach (var id in s_isLong ? agreements.Where((_, i) => i % 100 == 0) : agreements)
            Assert.All(await Ledger.Postgres.Audit.AgreementExplanation.ReadAsync(database.Source, Book, id), fact => Assert.True(fact.Agrees));
    }

    /// <summary>Some sign up: admitted by the provider, with consent to the day that is shown.</summary>
    private async Task SignAsync(Engine engine, PaymentProvider payments, int count)
    {
        for (var n = 0; n < count; n++)
        {
            var (id, account) = (FormattableString.Invariant($"A-{agreements.Count}"), random.Next(6) == 0 ? $"poor-{random.Next(3)}" : $"acc-{agreements.Count % 20}");
            await engine.DoAsync(AgreementOperations.Preorder(Ask(), id, AgreementTraffic.Plans[agreements.Count % 5].Id, $"m-{agreements.Count}", account, null, null, Duration.FromHours(1)));
            ProviderAnswer said;
            do said = await payments.ConsultAsync(Book, id, account, CancellationToken.None);
            while (said.Verdict is not (ProviderVerdict.Yes or ProviderVerdict.No));
            await engine.DoAsync(AgreementOperations.Admit(Ask(), id, said.Verdict == ProviderVerdict.Yes, "ref-1"));
            var state = await queries.StateAsync(Book, AgreementStreams.AgreementOf(id), CancellationToken.None);
            await engine.DoAsync(AgreementOperations.Sign(Ask(), id, new("text-1", Now, AgreementView.Of(id, state, Now).EndsOn!.Value)));
            agreements.Add(id);
        }
    }

    /// <summary>A day's traffic: benefits, payments and their refunds, late and taken back, some who quit, and some who paid elsewhere.</summary>
    private async Task LiveAsync(Engine engine)
    {
        for (var n = 0; n < Math.Min(agreements.Count, s_isLong ? 100 : 25); n++)
        {
            var (id, number) = (agreements[random.Next(agreements.Count)], FormattableString.Invariant($"n-{requests}"));
            var state = await queries.StateAsync(Book, AgreementStreams.AgreementOf(id), CancellationToken.None);
            switch (random.Next(10))
            {
                case 0 when state.Status == AgreementStatus.SettleFailed:
                    await engine.TryAsync(AgreementOperations.Waive(Ask(), id, WaiverReason.PaidElsewhere, null, Alone(id)));
                    break;
                case 0:
                    await engine.TryAsync(random.Next(3) > 0
                        ? AgreementOperations.Quit(Ask(), id, QuitKind.Member, AgreementDecider.QuitQuote(state, Now).Aggregate(Money.Zero, (sum, trace) => sum + trace.Due))
                        : AgreementOperations.Waive(Ask(), id, WaiverReason.ServiceCanceled, null, Alone(id)));
                    break;
                case 1 or 2 when benefits.Count > 0:
                    var (of, forward) = benefits[random.Next(benefits.Count)];
                    await engine.TryAsync(AgreementOperations.Reverse(Ask(), of, number, forward, random.Next(2) == 0 ? null : new Money(1_00), Now));
                    break;
                case 3 or 4:
                    await engine.TryAsync(PaymentOperations.Receive(Ask(), number, new(new(50_00), "balance", [], null, state.Offer!.Member, null, null, null, null), Now, Now.InUtc().Date));
                    if (random.Next(3) == 0) await engine.TryAsync(PaymentOperations.Refund(Ask(), number, "r-1", null, [], null, Now, Now.InUtc().Date));
                    break;
                case 5:
                    await engine.TryAsync(AgreementOperations.ReportPeriod(Ask(), id, 1 + random.Next(2), new(random.Next(6_00))));
                    break;
                default:
                    if (await engine.TryAsync(AgreementOperations.Report(Ask(), id, number, new(random.Next(1_00, 12_00)), Now - Duration.FromHours(random.Next(30)), null))) benefits.Add((id, number));
                    break;
            }
        }
    }

    private Instant Now => clock.GetCurrentInstant();

    private static ApprovalRule Alone(string id) => new(AgreementStreams.AgreementOf(id), _ => false);

    private Request Ask() => new(Book, FormattableString.Invariant($"year-{++requests}"), new byte[32], "test", Now);

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
