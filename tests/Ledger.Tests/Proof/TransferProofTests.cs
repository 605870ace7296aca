using System.Globalization;
using System.Text;
using System.Text.Json;
using Ledger.Postgres;
using Ledger.Postgres.Paying;
using Ledger.Transfers;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Xunit;

namespace Ledger.Tests.Proof;

/// <summary>Orders to a real provider process that goes wrong in every way, while the service is killed at random: money is the same on both sides to the fen.</summary>
public sealed class TransferProofTests(LedgerDatabase database) : IClassFixture<LedgerDatabase>
{
    private static readonly bool s_isLong = Environment.GetEnvironmentVariable("LEDGER_LONG") is "1" or "full";

    [Theory]
    [InlineData(5, false)]
    [InlineData(30, true)]
    public async Task Every_transfer_ends_as_in_the_providers_record(int faults, bool hasAnother)
    {
        var (port, random, book) = (ProviderProcess.FreePort(), new Random(faults), $"m{faults}");
        await using var provider = await ProviderProcess.StartAsync(faults, seed: faults, port);
        using var http = new HttpClient { BaseAddress = provider.Url };
        await using var scribes = new Scribes(database.ConnectionString, new BookHints(), NullLogger<Scribes>.Instance, count: 1);
        await scribes.StartAsync(CancellationToken.None);
        (await http.PostAsync("/accounts", LedgerClient.Content(new { account = "poor", balance = 5_00 }))).EnsureSuccessStatusCode();

        var orders = Orders(s_isLong ? 100 : 12, random).ToList();
        var service = await StartAsync(provider, port);
        // Another instance works on the same transfers at the same time, and lives.
        await using var other = hasAnother ? await StartAsync(provider, port: 0) : null;
        try
        {
            foreach (var some in orders.Chunk((orders.Count / 3) + 1))
            {
                foreach (var order in some) await DoAsync(scribes, book, new TransferCommand.OrderTransfer(order, Now()));
                await Task.Delay(random.Next(0, 700));
                await service.KillAsync();
                await service.DisposeAsync();
                service = await StartAsync(provider, port);
            }

            await EndAsync(scribes, book);
        }
        finally
        {
            await service.DisposeAsync();
        }

        var report = await Reconciliation.RunAsync(database.Source, provider.Url);
        var differences = report.Differences.Where(difference => difference.Contains($" of {book}:", StringComparison.Ordinal)).ToList();
        Assert.True(differences.Count == 0, string.Join('\n', differences));
        var transfers = (await new TransferQueries(database.Source).AllAsync(CancellationToken.None)).Where(row => row.Book == book).Select(row => row.Transfer).ToList();
        Assert.Equal(orders, transfers.Select(transfer => transfer.Order!).OrderBy(order => orders.IndexOf(order)));
        Assert.Contains(transfers, transfer => transfer.State == TransferState.Succeeded);
        // Whoever asked: one final answer each, and the provider never saw another number.
        Assert.Equal(
            (orders.Count, orders.Count, 0L),
            ((int)await CountAsync(book, "transfer_succeeded", "transfer_failed"), (int)await CountAsync(book, "transfer_ordered"), await CountAsync(book, "transfer_disputed")));
        Assert.All(transfers.Where(transfer => transfer.Order!.Account == "poor"), transfer => Assert.Equal(TransferState.Failed, transfer.State));

        using var money = JsonDocument.Parse(await http.GetStringAsync("/money"));
        Assert.Empty(money.RootElement.GetProperty("transfers").EnumerateArray().Select(one => one.GetProperty("number").GetString()).Except(orders.Select(order => order.Number), StringComparer.Ordinal));
        Assert.Equal(
            transfers.Where(transfer => transfer.State == TransferState.Succeeded).Sum(transfer => transfer.Order!.Amount),
            money.RootElement.GetProperty("transfers").EnumerateArray().Where(one => one.GetProperty("status").GetString() == "Y").Sum(one => one.GetProperty("amount").GetInt64()));
        Assert.Equal(
            money.RootElement.GetProperty("deposited").GetInt64(),
            money.RootElement.GetProperty("frozen").GetInt64() + money.RootElement.GetProperty("accounts").EnumerateArray().Sum(account => account.GetProperty("balance").GetInt64()));
        await Books.AssertSoundAsync(database.Source);
    }

    [Fact]
    public async Task Wrong_signatures_and_other_contents_are_refused_and_callbacks_may_come_again()
    {
        var port = ProviderProcess.FreePort();
        // Its own callbacks go nowhere: this test makes them.
        await using var provider = await ProviderProcess.StartAsync(faults: 0, seed: 1, ProviderProcess.FreePort());
        await using var scribes = new Scribes(database.ConnectionString, new BookHints(), NullLogger<Scribes>.Instance, count: 1);
        await scribes.StartAsync(CancellationToken.None);
        await using var service = await LedgerProcess.StartAsync(database.ConnectionString, port, ("Provider__Url", provider.Url.ToString()), ("Provider__Key", ProviderProcess.Key));
        var (platform, book) = (await database.Source.PlatformKeyAsync(), "m-signed");
        Assert.Equal(201, (await service.Client.PostAsync("/v1/merchants", new { id = book, name = "Signed" }, platform)).Status);

        // The provider refuses what was not signed with its key, and another content under a number.
        using var stranger = new PaymentProvider(new(provider.Url, new string('x', 40), TimeSpan.FromSeconds(5)));
        using var friend = new PaymentProvider(new(provider.Url, ProviderProcess.Key, TimeSpan.FromSeconds(5)));
        var order = new TransferOrder("s-1", TransferKind.Withhold, 10_00, "a", "agreement-1", null, null);
        Assert.Equal(new(ProviderVerdict.Pending, "HTTP_401"), await stranger.SendAsync(book, order, default));
        Assert.Equal(ProviderVerdict.NumberUnknown, (await friend.QueryAsync(book, order, default)).Verdict);
        var yes = await friend.SendAsync(book, order, default);
        Assert.Equal((ProviderVerdict.Yes, yes), (yes.Verdict, await friend.SendAsync(book, order, default)));
        Assert.Equal(new(ProviderVerdict.Differs, "CONTENT_DIFFERS"), await friend.SendAsync(book, order with { Amount = 10_01 }, default));
        Assert.Equal((ProviderVerdict.No, ProviderVerdict.Yes), ((await friend.ConsultAsync(book, "c-1", "no-one", default)).Verdict, (await friend.SignAsync(book, "g-1", "a", default)).Verdict));

        // A number that stands for another content there waits for a person, and is never sent again by itself.
        await DoAsync(scribes, book, new TransferCommand.OrderTransfer(order with { Amount = 9_99 }, Now()));
        var seen = await service.Client.GetAsync("/v1/transfers/s-1", platform, ("Ledger-Merchant", book));
        for (var until = Environment.TickCount64 + 60_000; !seen.Json.TryGetProperty("reason", out _);)
        {
            Assert.True(Environment.TickCount64 < until, $"{seen}\n{service.Log}");
            await Task.Delay(50);
            seen = await service.Client.GetAsync("/v1/transfers/s-1", platform, ("Ledger-Merchant", book));
        }

        var waiting = await service.Client.GetAsync("/v1/transfers?state=pending", platform, ("Ledger-Merchant", book));
        var row = Assert.Single(waiting["data"].EnumerateArray());
        Assert.Equal(("s-1", "CONTENT_DIFFERS", true, true), (
            row.GetProperty("transfer").GetString(), row.GetProperty("reason").GetString(), row.GetProperty("needsPerson").GetBoolean(), waiting["isProviderConfigured"].GetBoolean()));

        // Callbacks: signed ones count, once, in whatever order.
        var body = $$"""{"merchant":"{{book}}","number":"s-1","status":"Y","amount":999,"reference":"r-1"}""";
        Assert.Equal(401, await CallBackAsync(service, body, new string('x', 40)));
        Assert.Equal(400, await CallBackAsync(service, """{"number":"s-1"}""", ProviderProcess.Key));
        Assert.Equal(404, await CallBackAsync(service, body.Replace("s-1", "s-2", StringComparison.Ordinal), ProviderProcess.Key));
        Assert.Equal("pending", (await service.Client.GetAsync("/v1/transfers/s-1", platform, ("Ledger-Merchant", book))).Said("state"));
        for (var again = 0; again < 2; again++) Assert.Equal(200, await CallBackAsync(service, body, ProviderProcess.Key));
        Assert.Equal(200, await CallBackAsync(service, body.Replace("\"Y\"", "\"P\"", StringComparison.Ordinal), ProviderProcess.Key));
        Assert.Equal("succeeded", (await service.Client.GetAsync("/v1/transfers/s-1", platform, ("Ledger-Merchant", book))).Said("state"));
        Assert.Equal(1, await database.Source.AskAsync<long>("select count(*) from ledger.mt_events where tenant_id = 'm-signed' and type = 'transfer_succeeded'"));
        Assert.Equal(200, await CallBackAsync(service, body.Replace("\"Y\"", "\"N\"", StringComparison.Ordinal), ProviderProcess.Key));
        Assert.Single((await service.Client.GetAsync("/v1/transfers/s-1", platform, ("Ledger-Merchant", book)))["disputes"].EnumerateArray());

        var asked = await service.Client.PostAsync("/v1/transfers/s-1/query", null, platform, "ask-1", ("Ledger-Merchant", book));
        Assert.Equal((200, "succeeded"), (asked.Status, asked.Said("state")));
        Assert.Equal("transfer-unknown", (await service.Client.PostAsync("/v1/transfers/nothing/query", null, platform, "ask-2", ("Ledger-Merchant", book))).Problem);
        Assert.Equal("transfer-unknown", (await service.Client.GetAsync("/v1/transfers/nothing", platform, ("Ledger-Merchant", book))).Problem);
        Assert.Equal(400, (await service.Client.GetAsync("/v1/transfers?state=lost", platform, ("Ledger-Merchant", book))).Status);
    }

    private Task<long> CountAsync(string book, params string[] types) =>
        database.Source.AskAsync<long>("select count(*) from ledger.mt_events where tenant_id = $1 and type = any ($2)", book, types);

    private static Instant Now() => Times.Cut(SystemClock.Instance.GetCurrentInstant());

    /// <summary>Freezes with what is taken out of them, payments with refunds of them, payouts, and an account that has too little.</summary>
    private static IEnumerable<TransferOrder> Orders(int rounds, Random random)
    {
        for (var n = 0; n < rounds; n++)
        {
            var (suffix, amount) = (n.ToString(CultureInfo.InvariantCulture), random.Next(6_00, 50_00));
            var account = $"a-{n % 4}";
            yield return new($"freeze-{suffix}", TransferKind.Freeze, amount, account, "agreement-1", null, "g");
            yield return new($"take-{suffix}", n % 2 == 0 ? TransferKind.UnfreezeToPay : TransferKind.Unfreeze, amount - (n % 3 == 0 ? -1 : 1), account, "agreement-1", $"freeze-{suffix}", "g");
            yield return new($"pay-{suffix}", TransferKind.Withhold, amount, n % 5 == 0 ? "poor" : account, "agreement-1", null, "g");
            yield return new($"back-{suffix}", TransferKind.Refund, amount / 2, account, "agreement-1", $"pay-{suffix}", null);
            yield return new($"out-{suffix}", TransferKind.Payout, amount, account, "fu-ticket-1", null, null);
        }
    }

    private static Task<LedgerProcess> StartAsync(ProviderProcess provider, int port, LedgerDatabase database) => LedgerProcess.StartAsync(
        database.ConnectionString, port, ("Provider__Url", provider.Url.ToString()), ("Provider__Key", ProviderProcess.Key), ("Provider__TimeoutSeconds", "1"));

    private static async Task DoAsync(Scribes scribes, string book, TransferCommand command) => Assert.IsType<Outcome.Accepted>(
        await scribes.SubmitAsync(TransferOperations.Do(new Request(book, null, ReadOnlyMemory<byte>.Empty, "test", Now()), command), CancellationToken.None));

    private static async Task<int> CallBackAsync(LedgerProcess service, string body, string key)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/provider-callbacks") { Content = new ByteArrayContent(bytes) };
        request.Headers.Add(PaymentProvider.SignatureHeader, PaymentProvider.Sign(Encoding.UTF8.GetBytes(key), "/v1/provider-callbacks", bytes));
        using var response = await service.Client.Http.SendAsync(request);
        return (int)response.StatusCode;
    }

    private Task<LedgerProcess> StartAsync(ProviderProcess provider, int port) => StartAsync(provider, port, database);

    /// <summary>Waits until every transfer is final; a person has those asked again that would wait longer than the test.</summary>
    private async Task EndAsync(Scribes scribes, string book)
    {
        var (queries, until) = (new TransferQueries(database.Source), Environment.TickCount64 + 90_000);
        while (true)
        {
            var open = (await queries.ListAsync(book, null, "", Limits.MaxPage, CancellationToken.None)).Where(transfer => transfer.State is TransferState.Ordered or TransferState.Pending).ToList();
            if (open.Count == 0) return;
            Assert.True(Environment.TickCount64 < until, $"{open.Count} are open, such as {open[0]}.");
            await Task.Delay(300);
            foreach (var transfer in open.Where(transfer => transfer.Attempts > 2)) await DoAsync(scribes, book, new TransferCommand.QueryTransfer(transfer.Transfer, Now()));
        }
    }
}
