using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Ledger.Agreements;
using Ledger.Postgres;
using Ledger.Postgres.Paying;
using Ledger.Tests.Agreements;
using Ledger.Tests.Readers;
using Ledger.Transfers;
using NodaTime;
using Npgsql;
using Xunit;
using Xunit.Abstractions;

namespace Ledger.Tests.Proof;

/// <summary>
/// Light memberships of five plans at the real service, killed (SIGKILL) at seeded moments while clients pre-order, sign, report, take back and quit over HTTP and its
/// workers settle with a provider process that goes wrong in 5 % of its calls. Each start is a rehearsal further ahead. Whoever got no answer asks the next service under
/// the same key: everyone ends settled, waived, in dunning or given up, and the provider's money is the books' to the fen. <c>LEDGER_LONG</c>: more of everyone, and longer.
/// </summary>
public sealed class MembershipKillTests(LedgerDatabase database, ITestOutputHelper output) : IClassFixture<LedgerDatabase>
{
    private const string Plan = """
        "guarantee":1500,"rights":"5 yuan off","settlementDelayDays":0,"graceDays":0
        """;

    private static readonly bool s_isLong = Environment.GetEnvironmentVariable("LEDGER_LONG") is "1" or "full";

    /// <summary>Days ahead of the machine's clock, one start of the service after the other; each of them is killed.</summary>
    private static readonly IReadOnlyList<int> s_starts = s_isLong ? [0, 1, 2, 3, 4, 7, 8, 9, 10, 12, 15, 16] : [0, 2, 8];

    /// <summary>In as many of them people sign up.</summary>
    private static readonly int s_signing = s_isLong ? 5 : 2;

    private static readonly IReadOnlyList<(string Id, string Terms)> s_plans =
    [
        ("fee", """ "term":{"kind":"relative","number":2,"unit":"day"},"settlement":{"kind":"fee","fee":1200}"""),
        ("promise", """ "term":{"kind":"absolute","number":3,"unit":"day"},"hasFreeze":true,"settlement":{"kind":"promise","obligationTimes":2}"""),
        ("times", """ "term":{"kind":"relative","number":3,"unit":"day"},"settlement":{"kind":"times","steps":[{"times":0,"amount":1500},{"times":1,"amount":700},{"times":3,"amount":0}]}"""),
        ("cycle", """ "term":{"kind":"absolutePlusOne","number":4,"unit":"day"},"hasFreeze":true,"settlement":{"kind":"cycle","every":2,"unit":"day","prices":[{"amount":300},{"amount":900}]}"""),
        ("flex", """ "term":{"kind":"absolute","number":4,"unit":"day"},"settlement":{"kind":"cycleFlex","every":2,"unit":"day","periods":2,"maximum":600}"""),
    ];

    private readonly Random random = new(20261121);
    private readonly List<Person> people = [];
    private readonly ConcurrentQueue<(string Agreement, string Number)> benefits = [];
    private readonly string agreedAt = SystemClock.Instance.GetCurrentInstant().ToString("uuuu'-'MM'-'dd'T'HH':'mm':'ss'Z'", CultureInfo.InvariantCulture);
    private LedgerProcess service = null!;
    private Shop shop = null!;
    private int asked;
    private int repeated;
    private int answered;
    private int enough;
    private TaskCompletionSource reached = new();

    [Fact]
    public async Task Whenever_it_is_killed_everyone_pays_once_and_what_is_due()
    {
        var port = ProviderProcess.FreePort();
        await using var provider = await ProviderProcess.StartAsync(faults: 5, seed: 7, port);
        using var http = new HttpClient { BaseAddress = provider.Url };
        (await http.PostAsync("/accounts", LedgerClient.Content(new { account = "poor", balance = 0 }))).EnsureSuccessStatusCode();
        var waiting = new List<Ask>();
        foreach (var (days, start) in s_starts.Select((days, i) => (days, i)))
        {
            await using var doomed = await StartAsync(provider, port, days);
            (reached, answered, enough) = (new(TaskCreationOptions.RunContinuationsAsynchronously), 0, random.Next(20, 100));
            var work = WorkAsync([.. waiting, .. Traffic(start < s_signing)]);
            await Task.WhenAny(work, reached.Task);
            await Task.Delay(random.Next(0, start < s_signing ? 50 : 500));
            await doomed.KillAsync();
            waiting = await work;
            repeated += waiting.Count;
        }

        // Now it may live; days go by until nothing more is to come.
        for (var (days, isOver) = (s_starts[^1], false); !isOver;)
        {
            await using var last = await StartAsync(provider, port, days += 7);
            Assert.Empty(waiting = await WorkAsync(waiting));
            isOver = await EndAsync(Duration.FromDays(days));
            Assert.True(isOver || days < 90, "The memberships never end.");
            await last.StopAsync();
        }

        var statuses = await Memberships.AssertEndedAsync(database.Source, shop.Id, [.. people.Where(person => person.Step == Step.Signed).Select(person => person.Id)], provider.Url);
        output.WriteLine($"{people.Count} people, {asked} wishes beside, {repeated} asked again of the next service: {string.Join(", ", statuses.Select(pair => $"{pair.Value} {pair.Key}"))}");
        Assert.True(repeated > 0, "No kill came between.");
        Assert.True(statuses.ContainsKey(AgreementStatus.Settled), string.Join(", ", statuses));
        await database.Source.Follow("agreements").CatchUpAsync();
        await Books.AssertSoundAsync(database.Source);
    }

    private async Task<LedgerProcess> StartAsync(ProviderProcess provider, int port, int days)
    {
        service = await LedgerProcess.StartAsync(
            database.ConnectionString, port, ("Provider__Url", provider.Url.ToString()), ("Provider__Key", ProviderProcess.Key), ("Provider__TimeoutSeconds", "1"),
            ("Rehearsal__Ahead", TimeSpan.FromDays(days).ToString("c", CultureInfo.InvariantCulture)), ("Rehearsal__Database", new NpgsqlConnectionStringBuilder(database.ConnectionString).Database!));
        if (shop is not null)
        {
            shop = shop with { Client = service.Client };
            return service;
        }

        shop = await Shop.OpenAsync(service.Client, await database.Source.PlatformKeyAsync());
        foreach (var (id, terms) in s_plans)
            Shop.Expect(201, await service.Client.PostAsync("/v1/membership-plans", $$"""{"id":"{{id}}","name":"{{id}}","terms":{ {{terms}},{{Plan}} } }""", shop.MerchantKey));
        return service;
    }

    /// <summary>What the clients want until the next kill: some sign up, some enjoy and take back, some quit, and some need not pay.</summary>
    private List<Ask> Traffic(bool isOpen)
    {
        var asks = new List<Ask>();
        for (var n = 0; isOpen && n < (s_isLong ? 50 : 15); n++)
        {
            var number = people.Count.ToString(CultureInfo.InvariantCulture);
            people.Add(new($"A-{number}", $"m-{number}", s_plans[people.Count % 5].Id, people.Count % 7 == 6 ? "poor" : $"acc-{people.Count % 8}"));
            asks.Add(new(people[^1], Deed.Sign, ""));
        }

        for (var n = 0; n < (s_isLong ? 150 : 40); n++)
        {
            var deed = random.Next(12) switch { < 5 => Deed.Report, < 7 => Deed.TakeBack, < 9 => Deed.Pay, 9 => Deed.Period, 10 => Deed.Quit, _ => n % 3 == 0 ? Deed.Waive : Deed.Quit };
            asks.Add(new(people[random.Next(people.Count)], deed, FormattableString.Invariant($"n-{++asked}")) { Amount = random.Next(1_00, 9_00) });
        }

        return asks;
    }

    /// <summary>Carries the wishes out, some at a time.</summary>
    /// <returns>Those that got no answer.</returns>
    private async Task<List<Ask>> WorkAsync(IEnumerable<Ask> asks)
    {
        var left = new ConcurrentQueue<Ask>();
        await Parallel.ForEachAsync(asks, new ParallelOptions { MaxDegreeOfParallelism = 6 }, async (ask, _) =>
        {
            if (!await (ask.Deed == Deed.Sign ? SignAsync(ask.Person) : DoAsync(ask))) left.Enqueue(ask);
        });
        return [.. left];
    }

    /// <summary>False: no answer came.</summary>
    private async Task<bool> SignAsync(Person one)
    {
        var at = $"/v1/agreements/{one.Id}";
        while (one.Step is not (Step.Signed or Step.Lapsed))
        {
            switch (one.Step)
            {
                case Step.New:
                    if (await PostAsync("/v1/agreements", new { agreement = one.Id, plan = one.Plan, member = one.Member, account = one.Account, seconds = Limits.MaxPreorderSeconds }, $"pre-{one.Id}") is not { } made) return false;
                    Shop.Expect(201, made);
                    one.Step = Step.Preordered;
                    break;
                case Step.Preordered:
                    if (await PostAsync($"{at}/admission", null, $"adm-{one.Id}") is not { } admitted) return false;
                    one.Step = HasLapsed(admitted) ? Step.Lapsed : Step.Admitted;
                    break;
                case Step.Admitted when one.EndsOn is null:
                    if (await AnswerAsync(client => client.GetAsync(at, shop.TillKey)) is not { } shown) return false;
                    (one.EndsOn, one.Tries) = (Shop.Expect(200, shown).Said("endsOn"), one.Tries + 1);
                    break;
                case Step.Admitted:
                    if (await PostAsync($"{at}/sign", new { consent = new { textVersion = "v1", at = agreedAt, endsOn = one.EndsOn } }, $"sign-{one.Id}-{one.Tries}") is not { } signed) return false;
                    // Days went by while nobody answered: the new day is shown first.
                    if (signed.Problem == "term-not-as-shown") one.EndsOn = null;
                    else one.Step = HasLapsed(signed) ? Step.Lapsed : Step.Signed;
                    break;
            }
        }

        return true;
    }

    /// <summary>The time to sign was over before an answer came.</summary>
    private static bool HasLapsed(Answer answer) => answer.Problem is "preorder-has-expired" or "agreement-status-invalid" || Shop.Expect(200, answer).Status != 200;

    /// <summary>A refusal is an answer. False: none came.</summary>
    private async Task<bool> DoAsync(Ask ask)
    {
        var at = $"/v1/agreements/{ask.Person.Id}";
        if (ask.Deed == Deed.TakeBack && ask.Of is null)
        {
            if (!benefits.TryDequeue(out var forward)) return true;
            (ask.Of, ask.At) = (forward.Number, $"/v1/agreements/{forward.Agreement}");
        }

        if (ask.Deed == Deed.Quit && ask.Quote is null)
        {
            if (await AnswerAsync(client => client.GetAsync($"{at}/quit-quote", shop.TillKey)) is not { } shown) return false;
            if (shown.Status != 200) return true;
            ask.Quote = shown["due"].GetInt64();
        }

        var (path, body) = ask.Deed switch
        {
            Deed.Report => ($"{at}/benefits", new { number = ask.Number, amount = ask.Amount }),
            Deed.TakeBack => ($"{ask.At}/benefits/reversals", new { number = ask.Number, of = ask.Of }),
            Deed.Pay => ("/v1/payments", new { trade = ask.Number, amount = 3700, fundChannel = "balance", member = ask.Person.Member }),
            Deed.Period => ($"{at}/periods", new { period = 1 + (ask.Amount % 2), amount = ask.Amount % 600 }),
            Deed.Quit => ($"{at}/quit", new { due = ask.Quote }),
            Deed.Waive => ($"{at}/waiver", (object)new { reason = "serviceCanceled" }),
            _ => throw new System.Diagnostics.UnreachableException($"{ask.Deed}"),
        };
        if (await PostAsync(path, body, ask.Number) is not { } answer) return false;
        Assert.True(answer.Status is (>= 200 and < 300) or 404 or 409 or 422, $"{path}: {answer}");
        if (ask.Deed == Deed.Report && answer.Status == 201) benefits.Enqueue((ask.Person.Id, ask.Number));
        if (ask.Deed != Deed.Pay || answer.Status != 201 || ask.Amount % 4 != 0) return true;
        return await PostAsync($"/v1/payments/{ask.Number}/refunds", new { refund = "r-1" }, $"{ask.Number}-back") is not null;
    }

    private Task<Answer?> PostAsync(string path, object? body, string key) => AnswerAsync(client => client.PostAsync(path, body, shop.MerchantKey, key));

    /// <summary>Null: the service is gone. What it could not tell is asked again, as it says.</summary>
    private async Task<Answer?> AnswerAsync(Func<LedgerClient, Task<Answer>> ask)
    {
        try
        {
            while (true)
            {
                var answer = await ask(service.Client);
                if (answer.Status != 503)
                {
                    if (Interlocked.Increment(ref answered) == enough) reached.TrySetResult();
                    return answer;
                }

                await Task.Delay(50);
            }
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException or JsonException or ObjectDisposedException)
        {
            return null;
        }
    }

    /// <summary>Waits until nothing is under way at this time; a person has those asked again that would wait longer than the test. False: some wait for later.</summary>
    private async Task<bool> EndAsync(Duration ahead)
    {
        var (transfers, agreements, until) = (new TransferQueries(database.Source), new BookQueries(database.Source), Environment.TickCount64 + 120_000);
        while (true)
        {
            var now = SystemClock.Instance.GetCurrentInstant() + ahead;
            var states = new List<Agreement>();
            foreach (var person in people) states.Add(await agreements.StateAsync(shop.Id, AgreementStreams.AgreementOf(person.Id), CancellationToken.None));
            var open = (await transfers.AllAsync(CancellationToken.None)).Select(row => row.Transfer).Where(transfer => transfer.IsOpen).ToList();
            var moving = states.FindAll(state => state.DueAt <= now || state.Status == AgreementStatus.Settling || IsWaiting(state));
            if (open.Count + moving.Count == 0) return states.All(state => state.Signature is null || (Memberships.IsOver(state.Status) && state.Settlements.All(one => one.RefundAt is null)));
            Assert.True(Environment.TickCount64 < until, $"{open.Count} transfers are open and {moving.Count} memberships not settled, such as {moving.FirstOrDefault()}.\n{service.Log}");
            await Task.Delay(200);
            foreach (var transfer in open.Where(transfer => transfer.Attempts > 1))
                Shop.Expect(200, await service.Client.PostAsync($"/v1/transfers/{transfer.Order!.Number}/query", null, shop.MerchantKey));
        }
    }

    /// <summary>Whether the agreement does not know yet what became of an order; a guarantee that was given free keeps its last one.</summary>
    private static bool IsWaiting(Agreement state) =>
        AgreementTraffic.Waiting(state) is { } order && (order != state.Frozen?.Release?.Transfer || state.Frozen.Status == FrozenStatus.Releasing);

    private enum Step
    {
        New,
        Preordered,
        Admitted,
        Signed,
        Lapsed,
    }

    private enum Deed
    {
        Sign,
        Report,
        TakeBack,
        Pay,
        Period,
        Quit,
        Waive,
    }

    private sealed record Person(string Id, string Member, string Plan, string Account)
    {
        public Step Step { get; set; }

        public string? EndsOn { get; set; }

        public int Tries { get; set; }
    }

    /// <summary>A wish that keeps its number, and so its request's key and body, until it is answered.</summary>
    private sealed record Ask(Person Person, Deed Deed, string Number)
    {
        public int Amount { get; init; }

        public string? Of { get; set; }

        public string? At { get; set; }

        public long? Quote { get; set; }
    }
}
