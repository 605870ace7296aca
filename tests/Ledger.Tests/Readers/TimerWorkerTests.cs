using Ledger.Postgres;
using Ledger.Postgres.Readers;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Npgsql;
using Xunit;

namespace Ledger.Tests.Readers;

/// <summary>What is due becomes an entry, once.</summary>
public sealed class TimerWorkerTests : IAsyncLifetime
{
    private const string Answers = "select count(*) from ledger.mt_events where type in ('coupon_expired', 'campaign_ended')";
    private ReadersDatabase server = null!;
    private NpgsqlDataSource database = null!;
    private LiveLedger ledger = null!;

    public async Task InitializeAsync()
    {
        server = await ReadersDatabase.CreateAsync();
        database = server.Connect();
        ledger = await LiveLedger.StartAsync(server, null, "m0", "m1");
        foreach (var book in (string[])["m0", "m1"])
        {
            for (var i = 0; i < 30; i++) await ledger.IssueAsync(book, $"C{i}");
            await ledger.RedeemAsync(book, "C0");
        }
    }

    public async Task DisposeAsync()
    {
        await ledger.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task Each_timer_fires_once_and_goes_with_its_answer()
    {
        using var worker = Worker(ledger.SubmitAsync);
        ledger.Now = LiveLedger.End - Duration.Epsilon;
        Assert.Equal(0, await worker.FireAsync());

        // 30 coupons and one campaign a book; the coupon that was used is asked too and answers nothing.
        ledger.Now = LiveLedger.End;
        Assert.Equal(62, await worker.FireAsync());
        Assert.Equal(0, await worker.FireAsync());
        Assert.Equal(60, await database.ScalarAsync<long>(Answers));
        Assert.Equal(0, await database.ScalarAsync<long>("select count(*) from ledger.timers"));
    }

    [Fact]
    public async Task Several_workers_at_once_leave_one_entry_each()
    {
        ledger.Now = LiveLedger.End;
        using var one = Worker(ledger.SubmitAsync);
        using var other = Worker(ledger.SubmitAsync);
        await Task.WhenAll(one.FireAsync(), other.FireAsync());
        Assert.Equal(60, await database.ScalarAsync<long>(Answers));
    }

    [Fact]
    public async Task A_row_that_stands_again_is_fired_again_and_answers_nothing_new()
    {
        using var worker = Worker(ledger.SubmitAsync);
        ledger.Now = LiveLedger.End;
        Assert.Equal(62, await worker.FireAsync());
        await new ReadModelRebuild(database, NullLogger<ReadModelRebuild>.Instance).RunAsync(ReaderTesting.Model("timers"));
        Assert.Equal(62, await database.ScalarAsync<long>("select count(*) from ledger.timers"));
        Assert.Equal(62, await worker.FireAsync());
        Assert.Equal(60, await database.ScalarAsync<long>(Answers));
    }

    [Fact]
    public async Task A_row_that_nobody_knows_holds_up_no_other_and_stays()
    {
        await database.ExecuteAsync("insert into ledger.timers values ('m0', 'lottery-1', '2020-01-01')");
        using var worker = Worker(ledger.SubmitAsync);
        ledger.Now = LiveLedger.End;
        Assert.Equal(62, await worker.FireAsync());
        Assert.Equal(1, await database.ScalarAsync<long>("select count(*) from ledger.timers"));
    }

    [Fact]
    public async Task Overload_ends_the_round_and_what_was_not_done_is_tried_in_the_next()
    {
        var room = 25;
        using var worker = Worker((operation, cancellation) =>
            Interlocked.Decrement(ref room) >= 0 ? ledger.SubmitAsync(operation, cancellation) : throw new LedgerOverloadedException());
        ledger.Now = LiveLedger.End;
        Assert.Equal(25, await worker.FireAsync());
        room = 1_000;
        Assert.Equal(37, await worker.FireAsync());
        Assert.Equal(60, await database.ScalarAsync<long>(Answers));
    }

    [Fact]
    public async Task Hosted_it_fires_by_itself()
    {
        using var worker = Worker(ledger.SubmitAsync);
        await worker.StartAsync(CancellationToken.None);
        ledger.Now = LiveLedger.End;
        await ReaderTesting.UntilAsync(async () => await database.ScalarAsync<long>("select count(*) from ledger.timers") == 0);
        Assert.Equal(60, await database.ScalarAsync<long>(Answers));
        await worker.StopAsync(CancellationToken.None);
    }

    private TimerWorker Worker(Func<Operation, CancellationToken, Task<Outcome>> submit) => new(database, submit, ledger, NullLogger<TimerWorker>.Instance);
}
