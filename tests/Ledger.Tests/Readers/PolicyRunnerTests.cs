using System.Collections.Concurrent;
using Ledger.Coupons;
using Ledger.Policies;
using Ledger.Postgres.Readers;
using Ledger.Tests.Proof;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Npgsql;
using Xunit;

namespace Ledger.Tests.Readers;

/// <summary>Entries become operations once; what is refused or fails is noted and stops nothing.</summary>
public sealed class PolicyRunnerTests : IAsyncLifetime
{
    private ReadersDatabase server = null!;
    private NpgsqlDataSource database = null!;
    private LiveLedger ledger = null!;
    private bool isBroken;

    public async Task InitializeAsync()
    {
        server = await ReadersDatabase.CreateAsync();
        database = server.Connect();
        ledger = await LiveLedger.StartAsync(server, null, "m0", "m1");
        foreach (var book in (string[])["m0", "m1"])
        {
            for (var i = 0; i < 20; i++) await ledger.IssueAsync(book, $"C{i}");
        }
    }

    public async Task DisposeAsync()
    {
        await ledger.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task Each_entry_is_followed_once_however_often_and_by_however_many_runners()
    {
        using var one = Runner(Deactivate("test-once"));
        using var other = Runner(Deactivate("test-once"));
        await Task.WhenAll(one.CatchUpAsync(), other.CatchUpAsync());
        await database.ExecuteAsync("delete from ledger.progress where reader = 'policy/test-once'");
        await one.CatchUpAsync();
        Assert.Equal(40, await CountAsync("coupon_deactivated"));
        Assert.Equal(40, await database.ScalarAsync<long>("select count(*) from ledger.requests where key like 'policy test-once %'"));
        Assert.Equal(0, await database.ScalarAsync<long>("select count(*) from ledger.policy_outcomes"));
        Assert.Equal(0, Assert.Single(await ReaderStatus.ReadAsync(database, ["policy/test-once"], ledger.Now)).EntriesBehind);
        await Books.AssertSoundAsync(database, isWhole: false);
    }

    [Fact]
    public async Task Where_nothing_follows_nothing_is_kept_and_the_reader_moves_on()
    {
        using var runner = Runner(new("test-nothing", [typeof(CouponEvent.CouponIssued)], turn => new(turn.Request(), [], [], _ => new Verdict.Accepted([], new PolicyAnswer()))));
        await runner.CatchUpAsync();
        Assert.Equal(0, await database.ScalarAsync<long>("select count(*) from ledger.requests where key like 'policy test-nothing %'"));
        Assert.Equal(0, Assert.Single(await ReaderStatus.ReadAsync(database, ["policy/test-nothing"], ledger.Now)).EntriesBehind);
    }

    [Fact]
    public async Task What_is_refused_is_noted_and_the_book_goes_on()
    {
        await ledger.RedeemAsync("m0", "C3");
        using var runner = Runner(Deactivate("test-refused"));
        await runner.CatchUpAsync();
        Assert.Equal(39, await CountAsync("coupon_deactivated"));
        Assert.Equal("m0 refused already-used 1", await OutcomesAsync());
        Assert.Equal(0, await runner.RetryAsync());
    }

    [Fact]
    public async Task What_fails_is_noted_tried_again_and_blocks_nobody()
    {
        isBroken = true;
        using var runner = Runner(Deactivate("test-broken"));
        await runner.CatchUpAsync();
        Assert.Equal(39, await CountAsync("coupon_deactivated"));
        Assert.Equal("m1 failing InvalidOperationException: C7 is stuck 1", await OutcomesAsync());

        // Not before its time, and then with longer pauses.
        Assert.Equal(0, await runner.RetryAsync());
        ledger.Now += Duration.FromSeconds(1);
        Assert.Equal(1, await runner.RetryAsync());
        Assert.Equal("m1 failing InvalidOperationException: C7 is stuck 2", await OutcomesAsync());
        ledger.Now += Duration.FromSeconds(1);
        Assert.Equal(0, await runner.RetryAsync());

        isBroken = false;
        ledger.Now += Duration.FromSeconds(1);
        Assert.Equal(1, await runner.RetryAsync());
        Assert.Equal(40, await CountAsync("coupon_deactivated"));
        Assert.Equal("", await OutcomesAsync());
    }

    [Fact]
    public async Task What_another_build_is_to_try_again_leaves_room_for_what_this_one_is()
    {
        isBroken = true;
        using var runner = Runner(Deactivate("test-room"));
        await runner.CatchUpAsync();
        await database.ExecuteAsync(
            "insert into ledger.policy_outcomes select 'm0', 'of-another-build-' || n, 1, 'failing', 'stuck', 1, '2020-01-01', '2020-01-01' from generate_series(1, 150) as n");
        isBroken = false;
        ledger.Now += Duration.FromSeconds(1);
        Assert.Equal(1, await runner.RetryAsync());
        Assert.Equal(40, await CountAsync("coupon_deactivated"));
        Assert.Equal(150, await database.ScalarAsync<long>("select count(*) from ledger.policy_outcomes"));
    }

    [Fact]
    public async Task A_database_that_is_away_leaves_the_range_for_the_next_pass()
    {
        var tries = 0;
        using var runner = new PolicyRunner(
            database, (operation, cancellation) => ++tries == 5 ? throw new Ledger.Postgres.LedgerUnavailableException("away") : ledger.SubmitAsync(operation, cancellation),
            new(), ledger, NullLogger<PolicyRunner>.Instance, [Deactivate("test-away")], ReaderTesting.Quick);
        await Assert.ThrowsAsync<Ledger.Postgres.LedgerUnavailableException>(() => runner.CatchUpAsync());
        Assert.Equal(0, await database.ScalarAsync<long>("select count(*) from ledger.progress where reader = 'policy/test-away'"));
        await runner.CatchUpAsync();
        Assert.Equal(40, await CountAsync("coupon_deactivated"));
        Assert.Equal("", await OutcomesAsync());
    }

    [Fact]
    public async Task Scribes_that_are_full_are_waited_for_and_nothing_is_handed_in_twice()
    {
        var tries = 0;
        using var runner = new PolicyRunner(
            database, (operation, cancellation) => Interlocked.Increment(ref tries) is 5 or 17 ? throw new Ledger.Postgres.LedgerOverloadedException("full") : ledger.SubmitAsync(operation, cancellation),
            new(), ledger, NullLogger<PolicyRunner>.Instance, [Deactivate("test-full")], ReaderTesting.Quick);
        await runner.CatchUpAsync();
        Assert.Equal((42, 40L, ""), (tries, await CountAsync("coupon_deactivated"), await OutcomesAsync()));
    }

    /// <summary>What follows from a later entry of a book may undo what follows from an earlier one.</summary>
    [Fact]
    public async Task Scribes_that_are_full_change_nothing_of_the_order_in_which_a_book_is_followed()
    {
        var (tries, order) = (0, new ConcurrentQueue<(string Book, string Stream)>());
        using var runner = new PolicyRunner(
            database,
            (operation, cancellation) =>
            {
                if (Interlocked.Increment(ref tries) is 1 or 5 or 6 or 30) throw new Ledger.Postgres.LedgerOverloadedException("full");
                order.Enqueue((operation.Request.Book, operation.Streams.First(stream => stream.Id.StartsWith("coupon-", StringComparison.Ordinal)).Id));
                return ledger.SubmitAsync(operation, cancellation);
            },
            new(), ledger, NullLogger<PolicyRunner>.Instance, [Deactivate("test-order")], ReaderTesting.Quick);
        await runner.CatchUpAsync();
        Assert.Equal(44, tries);
        foreach (var book in (string[])["m0", "m1"])
            Assert.Equal(Enumerable.Range(0, 20).Select(n => $"coupon-C{n}"), order.Where(one => one.Book == book).Select(one => one.Stream), StringComparer.Ordinal);
    }

    /// <summary>Each book has a scribe, and another's is not waited for.</summary>
    [Fact]
    public async Task A_scribe_that_is_full_holds_up_no_book_of_another()
    {
        var others = 0;
        using var runner = new PolicyRunner(
            database,
            (operation, cancellation) => operation.Request.Book == "m0" && Volatile.Read(ref others) < 20
                ? throw new Ledger.Postgres.LedgerOverloadedException("full")
                : Counted(operation, cancellation),
            new(), ledger, NullLogger<PolicyRunner>.Instance, [Deactivate("test-two-scribes")], ReaderTesting.Quick);
        await runner.CatchUpAsync().WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal((40L, ""), (await CountAsync("coupon_deactivated"), await OutcomesAsync()));

        Task<Ledger.Postgres.Outcome> Counted(Operation operation, CancellationToken cancellation)
        {
            if (operation.Request.Book == "m1") Interlocked.Increment(ref others);
            return ledger.SubmitAsync(operation, cancellation);
        }
    }

    /// <summary>Not that the database is away: it would refuse the same again, and its book, and that policy, would stand for ever.</summary>
    [Fact]
    public async Task What_the_database_refuses_of_one_entry_is_noted_and_the_others_go_on()
    {
        using var runner = new PolicyRunner(
            database,
            (operation, cancellation) => operation.Streams.Any(stream => stream.Id == "coupon-C7")
                ? Task.FromException<Ledger.Postgres.Outcome>(new PostgresException("too complex", "ERROR", "ERROR", PostgresErrorCodes.StatementTooComplex)) : ledger.SubmitAsync(operation, cancellation),
            new(), ledger, NullLogger<PolicyRunner>.Instance, [Deactivate("test-refused")], ReaderTesting.Quick);
        await runner.CatchUpAsync();
        Assert.Equal(38, await CountAsync("coupon_deactivated"));
        Assert.Equal(2, await database.ScalarAsync<long>("select count(*) from ledger.policy_outcomes where reason like 'PostgresException%'"));
    }

    private Policy Deactivate(string name) => new(name, [typeof(CouponEvent.CouponIssued)], turn =>
    {
        var code = turn.Stream["coupon-".Length..];
        if (isBroken && (turn.Book, code) == ("m1", "C7")) throw new InvalidOperationException("C7 is stuck");
        return CouponOperations.Deactivate(turn.Request(), code, null);
    });

    private PolicyRunner Runner(Policy policy) =>
        new(database, ledger.SubmitAsync, new(), ledger, NullLogger<PolicyRunner>.Instance, [policy], ReaderTesting.Quick);

    private Task<long> CountAsync(string type) => database.ScalarAsync<long>($"select count(*) from ledger.mt_events where type = '{type}'");

    private Task<string> OutcomesAsync() => database.ScalarAsync<string>(
        "select coalesce(string_agg(tenant_id || ' ' || status || ' ' || reason || ' ' || attempts, ', '), '') from ledger.policy_outcomes");
}
