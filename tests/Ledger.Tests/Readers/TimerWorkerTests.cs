using Ledger.Coupons;
using Ledger.Coupons.Redemptions;
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
    public async Task A_row_whose_stream_cannot_be_read_holds_up_no_other_stays_and_is_asked_again_later()
    {
        // As another build left it: an event that this one does not know, behind a state of another shape, due before everything else.
        await database.ExecuteAsync("update ledger.mt_streams set state_schema = 999 where tenant_id = 'm0' and id = 'coupon-C5'");
        await database.ExecuteAsync("update ledger.mt_events set type = 'coupon_dreamt' where tenant_id = 'm0' and stream_id = 'coupon-C5'");
        await database.ExecuteAsync("update ledger.timers set due_at = due_at - interval '1 day' where tenant_id = 'm0' and stream_id = 'coupon-C5'");
        var asked = 0;
        using var worker = Worker((operation, cancellation) =>
        {
            Interlocked.Increment(ref asked);
            return ledger.SubmitAsync(operation, cancellation);
        });
        ledger.Now = LiveLedger.End;
        Assert.Equal(61, await worker.FireAsync());
        Assert.Equal(59, await database.ScalarAsync<long>(Answers));
        Assert.Equal("coupon-C5", await database.ScalarAsync<string>("select string_agg(stream_id, ' ') from ledger.timers"));

        // Readable again, it is asked when it was left alone for a while.
        await database.ExecuteAsync("update ledger.mt_events set type = 'coupon_issued' where type = 'coupon_dreamt'");
        Assert.Equal((0, 62), (await worker.FireAsync(), asked));
        ledger.Now += Duration.FromMinutes(1);
        Assert.Equal((1, 63), (await worker.FireAsync(), asked));
        Assert.Equal(60, await database.ScalarAsync<long>(Answers));
    }

    [Fact]
    public async Task More_rows_that_throw_than_one_look_holds_hold_up_no_other_and_are_not_asked_at_each_look()
    {
        await database.ExecuteAsync("insert into ledger.timers select 'm0', 'coupon-X' || n, '2020-01-01' from generate_series(1, 1100) as n");
        var asked = 0;
        using var worker = Worker((operation, cancellation) =>
        {
            Interlocked.Increment(ref asked);
            return operation.Streams[0].Id.StartsWith("coupon-X", StringComparison.Ordinal) ? throw new InvalidTimeZoneException("mine alone") : ledger.SubmitAsync(operation, cancellation);
        });
        ledger.Now = LiveLedger.End;
        Assert.Equal((62, 1_162), (await worker.FireAsync(), asked));
        Assert.Equal((0, 1_162), (await worker.FireAsync(), asked));
        Assert.Equal(1_100, await database.ScalarAsync<long>("select count(*) from ledger.timers"));
    }

    [Fact]
    public async Task What_is_armed_for_the_same_moment_after_it_was_asked_fires_at_the_next_look()
    {
        var isVoided = false;
        using var worker = Worker(async (operation, cancellation) =>
        {
            var outcome = await ledger.SubmitAsync(operation, cancellation);
            if (isVoided || operation.Request.Book != "m0" || operation.Streams[0].Id != "coupon-C0") return outcome;
            isVoided = true;
            await VoidAsync();
            return outcome;
        });
        ledger.Now = LiveLedger.End;
        Assert.Equal(62, await worker.FireAsync());
        Assert.Equal("coupon-C0", await database.ScalarAsync<string>("select string_agg(stream_id, ' ') from ledger.timers"));
        Assert.Equal((1, 0), (await worker.FireAsync(), await worker.FireAsync()));
        Assert.Equal(61, await database.ScalarAsync<long>(Answers));
    }

    [Fact]
    public async Task What_is_armed_for_the_same_moment_by_who_has_not_committed_yet_fires_at_the_next_look()
    {
        await database.ExecuteAsync("delete from ledger.timers where (tenant_id, stream_id) <> ('m0', 'coupon-C0')");
        await using var connection = await database.OpenConnectionAsync();
        await using var hold = await connection.BeginTransactionAsync();
        Task? voided = null;
        using var worker = Worker(async (operation, cancellation) =>
        {
            var outcome = await ledger.SubmitAsync(operation, cancellation);
            if (voided is not null) return outcome;

            // The statement that writes the void has seen the row, does not insert it, and waits here before it commits.
            await using (var command = new NpgsqlCommand("select from ledger.mt_streams where (tenant_id, id) = ('m0', 'coupon-C0') for update", connection)) await command.ExecuteNonQueryAsync(cancellation);
            voided = VoidAsync();
            await ReaderTesting.UntilAsync(async () => await WaitingAsync() == 1);
            return outcome;
        });
        ledger.Now = LiveLedger.End;
        var fired = worker.FireAsync();
        await ReaderTesting.UntilAsync(async () => fired.IsCompleted || await WaitingAsync() == 2);
        await hold.RollbackAsync();
        Assert.Equal(1, await fired);
        await voided!;
        Assert.Equal("coupon-C0", await database.ScalarAsync<string>("select string_agg(stream_id, ' ') from ledger.timers"));
        Assert.Equal((1, 0), (await worker.FireAsync(), await worker.FireAsync()));
        Assert.Equal(1, await database.ScalarAsync<long>(Answers));
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

    /// <summary>Coupon C0 of m0 may be used again, until the moment that its row was for.</summary>
    private Task<Outcome> VoidAsync() => ledger.SubmitAsync(ReturnOperations.Void(
        new("m0", "void-C0", new byte[32], "test", ledger.Now), CouponStream.RedemptionId("C0", 1), ledger.Now, ledger.Now.InUtc().Date, null, Duration.FromDays(30)));

    private Task<long> WaitingAsync() => database.ScalarAsync<long>(
        "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'");

    private TimerWorker Worker(Func<Operation, CancellationToken, Task<Outcome>> submit) => new(database, submit, ledger, NullLogger<TimerWorker>.Instance);
}
