using System.Net;
using System.Text.Json;
using Ledger.Postgres.Audit;
using Ledger.Tests.Cli;
using Xunit;

namespace Ledger.Tests.Data;

/// <summary>
/// The sample is imported through the built service and interrupted twice, among the lines of a batch and among redemptions: the same command goes on where it
/// stopped, and nothing is lost or done twice.
/// </summary>
public sealed class ResumedImportTests(LedgerDatabase database) : IClassFixture<LedgerDatabase>, IAsyncLifetime
{
    private const string Batch = "cj-issue-1-1";
    private const string Issued = "select count(*) from ledger.mt_events where tenant_id = $1 and type = 'coupon_issued'";
    private const string Redeemed = "select count(*) from ledger.mt_events where tenant_id = $1 and type = 'coupon_redeemed'";
    private const string Lines = $"select count(*) from ledger.requests where tenant_id = $1 and key like '{Batch}#%'";

    /// <summary>Of the batch's 360 lines, those sent before the interruption; and of 40 redemptions, those answered before it.</summary>
    private const int SomeLines = 180;

    private const int SomeRedemptions = 10;

    private static readonly string s_sample = Path.Combine(Repository.Root, "samples", "journey");

    private LedgerProcess service = null!;
    private string key = "";

    public async Task InitializeAsync()
    {
        service = await LedgerProcess.StartAsync(database.ConnectionString);
        key = await database.Source.PlatformKeyAsync();
    }

    public async Task DisposeAsync() => await service.DisposeAsync();

    [Theory]
    [InlineData("cancelled", false)]
    [InlineData("killed", true)]
    public async Task An_import_that_was_interrupted_goes_on_where_it_stopped(string merchant, bool isServiceKilled)
    {
        using var first = new CancellationTokenSource();
        var issuing = await ImportAsync(merchant, new Network(amongLines: async () =>
        {
            await Readers.ReaderTesting.UntilAsync(async () => await database.Source.AskAsync<long>(Lines, merchant) == SomeLines);
            await InterruptAsync(first);
        }), first.Token);
        AssertInterrupted(issuing, isResumed: false);
        Assert.Equal(SomeLines, await database.Source.AskAsync<long>(Lines, merchant));
        Assert.Equal(0, await database.Source.AskAsync<long>(Redeemed, merchant));

        if (isServiceKilled) await RestartAsync();
        using var second = new CancellationTokenSource();
        var redeeming = await ImportAsync(merchant, new Network(amongRedemptions: () => InterruptAsync(second)), second.Token);
        AssertInterrupted(redeeming, isResumed: true);
        Assert.Equal(597, await database.Source.AskAsync<long>(Issued, merchant));
        Assert.InRange(await database.Source.AskAsync<long>(Redeemed, merchant), SomeRedemptions, 2 * SomeRedemptions);

        if (isServiceKilled) await RestartAsync();
        var last = await ImportAsync(merchant, new Network(), default, Task.Delay);
        Assert.True(last.Code == 0, $"{last.Error}\n{last.Out}\n{service.Log}");
        Assert.Contains("what is there is not done again", last.Error, StringComparison.Ordinal);
        using var summary = JsonDocument.Parse(last.Out);
        Assert.Equal((597, 40, 0), (Number("issued"), Number("redeemed"), Number("refused")));
        Assert.Empty(summary.RootElement.GetProperty("differences").EnumerateArray());
        Assert.Equal((597L, 40L), (await database.Source.AskAsync<long>(Issued, merchant), await database.Source.AskAsync<long>(Redeemed, merchant)));
        await service.StopAsync();
        var report = await BookAudit.RunAsync(database.Source, new AuditOptions());
        Assert.True(report.IsClean, string.Join('\n', report.Findings));

        Task InterruptAsync(CancellationTokenSource run) => isServiceKilled ? service.KillAsync() : run.CancelAsync();

        int Number(string name) => summary.RootElement.GetProperty(name).GetInt32();
    }

    /// <param name="pause">How the command waits; not at all where it is to find out soon that the service is gone.</param>
    private Task<Invocation> ImportAsync(string merchant, HttpMessageHandler network, CancellationToken cancellation, Func<TimeSpan, CancellationToken, Task>? pause = null) => Invocation.RunAsync(
        [
            "import", "complete-journey", s_sample, "--check", Path.Combine(s_sample, "expected"), "--url", service.Client.Http.BaseAddress!.ToString(), "--key", key,
            "--merchant", merchant, "--json",
        ],
        network, pause, cancellation: cancellation);

    private static void AssertInterrupted(Invocation run, bool isResumed)
    {
        Assert.Equal((1, ""), (run.Code, run.Out));
        Assert.Contains("run the same command again", run.Error, StringComparison.Ordinal);
        Assert.Equal(isResumed, run.Error.Contains("what is there is not done again", StringComparison.Ordinal));
    }

    private async Task RestartAsync()
    {
        await service.DisposeAsync();
        service = await LedgerProcess.StartAsync(database.ConnectionString);
    }

    /// <summary>The way to the service, on which something happens once.</summary>
    /// <param name="amongLines">When <see cref="SomeLines"/> of the batch are sent, and the others not yet.</param>
    /// <param name="amongRedemptions">When <see cref="SomeRedemptions"/> are answered.</param>
    private sealed class Network(Func<Task>? amongLines = null, Func<Task>? amongRedemptions = null) : DelegatingHandler(new SocketsHttpHandler())
    {
        private readonly TaskCompletionSource interrupted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int batches;
        private int sent;
        private int answered;

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (amongLines is not null && request.Headers.TryGetValues("Idempotency-Key", out var keys) && keys.Single() == Batch && Interlocked.Increment(ref batches) == 1)
                request.Content = new Parted(await request.Content!.ReadAsByteArrayAsync(cancellationToken), amongLines);
            if (amongRedemptions is null || request.RequestUri!.AbsolutePath != "/v1/redemptions") return await base.SendAsync(request, cancellationToken);

            // As many again may be under way then, and no more.
            if (Interlocked.Increment(ref sent) > 2 * SomeRedemptions) await interrupted.Task.WaitAsync(cancellationToken);
            var answer = await base.SendAsync(request, cancellationToken);
            if (answer.StatusCode == HttpStatusCode.Created && Interlocked.Increment(ref answered) == SomeRedemptions)
            {
                await amongRedemptions();
                interrupted.SetResult();
            }

            return answer;
        }
    }

    /// <summary>A batch of which some lines are sent, and the others when something has happened.</summary>
    private sealed class Parted : HttpContent
    {
        private readonly byte[] lines;
        private readonly Func<Task> between;

        public Parted(byte[] lines, Func<Task> between)
        {
            (this.lines, this.between) = (lines, between);
            Headers.ContentType = new("application/x-ndjson");
        }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            var some = EndOf(SomeLines);
            await stream.WriteAsync(lines.AsMemory(0, some));
            await stream.FlushAsync();
            await between();
            await stream.WriteAsync(lines.AsMemory(some));
        }

        protected override bool TryComputeLength(out long length)
        {
            length = lines.Length;
            return true;
        }

        private int EndOf(int count)
        {
            var end = 0;
            for (var n = 0; n < count; n++) end += lines.AsSpan(end).IndexOf((byte)'\n') + 1;
            return end;
        }
    }
}
