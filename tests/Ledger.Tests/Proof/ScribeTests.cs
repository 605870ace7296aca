using Ledger.Coupons;
using Ledger.FuCards;
using Ledger.Merchants;
using Ledger.Postgres;
using Ledger.Postgres.Scribing;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Npgsql;
using Xunit;

namespace Ledger.Tests.Proof;

/// <summary>The scribe with operations made by hand: what one of them does wrong never hurts its neighbours.</summary>
public sealed class ScribeTests(LedgerDatabase database) : IClassFixture<LedgerDatabase>, IAsyncLifetime
{
    private static readonly Instant Now = Instant.FromUtc(2026, 1, 5, 4, 0);
    private static int books;

    private readonly string book = FormattableString.Invariant($"book-{Interlocked.Increment(ref books)}");
    private readonly Scribes scribes = new(database.ConnectionString, new BookHints(), NullLogger<Scribes>.Instance, count: 1);

    public Task InitializeAsync() => scribes.StartAsync(CancellationToken.None);

    public async Task DisposeAsync() => await scribes.DisposeAsync();

    [Fact]
    public async Task A_decider_that_throws_fails_alone()
    {
        var outcomes = await AmongNeighboursAsync(new(RequestOf("guilty"), [MerchantStream.Stream], [], _ => throw new InvalidTimeZoneException("mine alone")));
        Assert.Equal("mine alone", (await Assert.ThrowsAsync<InvalidTimeZoneException>(() => outcomes)).Message);
    }

    [Fact]
    public async Task A_fact_that_cannot_be_stored_fails_alone()
    {
        // jsonb cannot hold U+0000; the canonical form refuses it before the batch is touched.
        var outcome = await AmongNeighboursAsync(MerchantStream.Operation(RequestOf("guilty"), new MerchantCommand.OpenStore("nul", "a\0b")));
        await Assert.ThrowsAsync<CanonicalJsonException>(() => outcome);
    }

    [Fact]
    public async Task An_operation_that_breaks_a_constraint_of_the_database_fails_alone()
    {
        // The stream's row is gone but its entry is not: a version asserted twice is a bug, and stops the operation that meets it.
        await scribes.SubmitAsync(MerchantStream.Operation(RequestOf("register"), new MerchantCommand.RegisterMerchant("Tea House", "Asia/Shanghai", "CNY")), default);
        await scribes.SubmitAsync(CouponOperations.Draft(RequestOf("draft"), "broken", Draft, Terms), default);
        await database.Source.ExecuteAsync("delete from ledger.mt_streams where tenant_id = $1 and id = 'campaign-broken'", book);

        var outcome = await AmongNeighboursAsync(CouponOperations.Draft(RequestOf("guilty"), "broken", Draft, Terms));
        Assert.Equal(PostgresErrorCodes.UniqueViolation, (await Assert.ThrowsAsync<PostgresException>(() => outcome)).SqlState);
    }

    [Fact]
    public async Task A_request_key_that_no_index_can_hold_fails_alone()
    {
        var key = string.Concat(Enumerable.Range(0, 400).Select(n => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(BitConverter.GetBytes(n)))));
        var outcome = await AmongNeighboursAsync(MerchantStream.Operation(RequestOf(key), new MerchantCommand.OpenStore("store-x", "X")));
        Assert.Equal("54000", (await Assert.ThrowsAsync<PostgresException>(() => outcome)).SqlState);
    }

    [Fact]
    public async Task An_operation_that_asks_for_ever_more_streams_fails_alone()
    {
        var asked = 0;
        var outcome = await AmongNeighboursAsync(new(RequestOf("guilty"), [], [], _ => new Verdict.NeedsMore([CouponStream.Of(FormattableString.Invariant($"{asked++}"))])));
        await Assert.ThrowsAsync<InvalidOperationException>(() => outcome);
        Assert.InRange(asked, 1, 32);
    }

    [Fact]
    public async Task An_operation_that_reads_what_it_did_not_name_fails_alone()
    {
        var outcome = await AmongNeighboursAsync(new(RequestOf("guilty"), [], [], states => new Verdict.Accepted([], states.Tally("issued/never-named"))));
        await Assert.ThrowsAsync<KeyNotFoundException>(() => outcome);
    }

    [Fact]
    public async Task Two_instances_that_open_the_same_book_at_once_both_succeed()
    {
        await using var other = new Scribes(database.ConnectionString, new BookHints(), NullLogger<Scribes>.Instance, count: 1);
        await other.StartAsync(default);
        for (var n = 0; n < 30; n++)
        {
            var fresh = FormattableString.Invariant($"{book}-{n}");
            var command = new MerchantCommand.RegisterMerchant("Tea House", "Asia/Shanghai", "CNY");
            var both = await Task.WhenAll(
                scribes.SubmitAsync(MerchantStream.Operation(RequestOf("a") with { Book = fresh }, command), default),
                other.SubmitAsync(MerchantStream.Operation(RequestOf("b") with { Book = fresh }, command), default));
            Assert.All(both, outcome => Assert.IsType<Outcome.Accepted>(outcome));
        }

        await Books.AssertSoundAsync(database.Source, isWhole: false);
    }

    /// <summary>As if its host were frozen between its two round trips: it takes the ten seconds of scribe_session.sql.</summary>
    [Fact]
    public async Task A_scribe_that_falls_silent_with_a_books_lock_loses_it_and_what_it_was_to_write_is_written_once()
    {
        await scribes.SubmitAsync(MerchantStream.Operation(RequestOf("register"), new MerchantCommand.RegisterMerchant("Tea House", "Asia/Shanghai", "CNY")), default);
        await using var frozen = new Scribes(database.ConnectionString, new BookHints(), NullLogger<Scribes>.Instance, count: 1);
        await frozen.StartAsync(default);
        using var thaw = new ManualResetEventSlim();
        var holding = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var plain = MerchantStream.Operation(RequestOf("frozen"), new MerchantCommand.OpenStore("s-frozen", "S"));
        var stuck = frozen.SubmitAsync(
            plain with
            {
                Decide = states =>
                {
                    holding.TrySetResult();
                    thaw.Wait(TimeSpan.FromSeconds(60));
                    return plain.Decide(states);
                },
            }, default);
        await holding.Task;

        Assert.IsType<Outcome.Accepted>(await scribes.SubmitAsync(MerchantStream.Operation(RequestOf("other"), new MerchantCommand.OpenStore("s-other", "S")), default));
        Assert.False(stuck.IsCompleted);
        thaw.Set();
        await Assert.ThrowsAsync<OutcomeUnknownException>(() => stuck);
        Assert.False(Assert.IsType<Outcome.Accepted>(await frozen.SubmitAsync(plain, default)).IsReplayed);
        Assert.Equal("s-other s-frozen", await database.Source.AskAsync<string>(
            "select string_agg(data ->> 'store', ' ' order by seq_id) from ledger.mt_events where tenant_id = $1 and type = 'store_opened'", book));
    }

    /// <summary>Tests reach Postgres by a Unix socket, where keepalives mean nothing and are read as 0; so the files are read.</summary>
    [Theory]
    [InlineData("scribe_session.sql")]
    [InlineData("reader_begin.sql")]
    [InlineData("timers_begin.sql")]
    public void Sessions_that_hold_locks_end_soon_after_their_host(string file)
    {
        foreach (var setting in (string[])["tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count"]) Assert.Contains(setting, SqlFile.Read(file), StringComparison.Ordinal);
    }

    /// <summary>Eight books, two instances, one thing to do: one does it, whoever is first, and a refused one leaves it to the others.</summary>
    [Fact]
    public async Task What_may_be_done_once_is_done_in_one_of_many_books()
    {
        await using var other = new Scribes(database.ConnectionString, new BookHints(), NullLogger<Scribes>.Instance, count: 2);
        await other.StartAsync(default);
        string[] rivals = [.. Enumerable.Range(0, 8).Select(n => FormattableString.Invariant($"{book}-{n}"))];
        foreach (var rival in rivals) await scribes.SubmitAsync(MerchantStream.Operation(RequestOf("register") with { Book = rival }, new MerchantCommand.RegisterMerchant("Tea House", "Asia/Shanghai", "CNY")), default);
        for (var n = 0; n < 20; n++)
        {
            var once = new Once(rivals[0], FormattableString.Invariant($"once {book} {n}"), new IdempotencyKeyReused());
            Operation Of(int i) => MerchantStream.Operation(
                RequestOf(FormattableString.Invariant($"open-{n}")) with { Book = rivals[i] }, new MerchantCommand.OpenStore(FormattableString.Invariant($"s-{n}"), "S")) with
            { Once = once };
            var refused = Of(1) with { Decide = _ => new SourceUnknown("none") };
            Assert.IsType<SourceUnknown>(Assert.IsType<Outcome.Rejected>(await scribes.SubmitAsync(refused, default)).Reason);

            var outcomes = await Task.WhenAll(Enumerable.Range(0, rivals.Length).Select(i => (i % 2 == 0 ? scribes : other).SubmitAsync(Of(i), default)));
            var winner = Array.FindIndex(outcomes, outcome => outcome is Outcome.Accepted);
            Assert.All(outcomes.Where((_, i) => i != winner), outcome => Assert.IsType<IdempotencyKeyReused>(Assert.IsType<Outcome.Rejected>(outcome).Reason));
            Assert.True(Assert.IsType<Outcome.Accepted>(await other.SubmitAsync(Of(winner), default)).IsReplayed);
            Assert.IsType<Outcome.Rejected>(await other.SubmitAsync(Of((winner + 1) % rivals.Length), default));
        }

        Assert.Equal(20, await database.Source.AskAsync<long>("select count(*) from ledger.requests where tenant_id = $1 and key like 'once %'", rivals[0]));
        Assert.Equal(20, await database.Source.AskAsync<long>("select count(*) from ledger.mt_events where tenant_id like $1 and type = 'store_opened'", book + "-%"));
        await Books.AssertSoundAsync(database.Source, isWhole: false);
    }

    /// <summary>Two instances, each with one batch of the same things, in opposite orders: nobody waits in a circle, and each thing is done once.</summary>
    [Fact]
    public async Task Batches_that_do_the_same_things_in_opposite_orders_each_do_what_the_other_did_not()
    {
        Scribes[] instances = [.. Enumerable.Range(0, 2).Select(_ => new Scribes(database.ConnectionString, new BookHints(), NullLogger<Scribes>.Instance, count: 1))];
        foreach (var instance in instances) await instance.StartAsync(default);
        var before = await DeadlocksAsync();
        var (a, b) = (book + "-a", book + "-b");
        foreach (var rival in (string[])[a, b]) await scribes.SubmitAsync(MerchantStream.Operation(RequestOf("register") with { Book = rival }, new MerchantCommand.RegisterMerchant("Tea House", "Asia/Shanghai", "CNY")), default);
        for (var n = 0; n < 20; n++)
        {
            Operation Of(string rival, int thing) => MerchantStream.Operation(
                RequestOf(FormattableString.Invariant($"open-{n}-{thing}")) with { Book = rival }, new MerchantCommand.OpenStore(FormattableString.Invariant($"s-{n}-{thing}"), "S"))
                with
            { Once = new(a, FormattableString.Invariant($"once {book} {n} {thing}"), new IdempotencyKeyReused()) };
            var ofA = Task.WhenAll(Enumerable.Range(0, 20).Select(thing => instances[0].SubmitAsync(Of(a, thing), default)));
            var ofB = Task.WhenAll(Enumerable.Range(0, 20).Reverse().Select(thing => instances[1].SubmitAsync(Of(b, thing), default)));
            var (first, second) = (await ofA, (await ofB).Reverse().ToList());
            Assert.All(Enumerable.Range(0, 20), thing => Assert.Single((Outcome[])[first[thing], second[thing]], outcome => outcome is Outcome.Accepted));
        }

        // Connections that end say what they counted.
        foreach (var instance in instances) await instance.DisposeAsync();
        Assert.Equal(before, await DeadlocksAsync());
        await Books.AssertSoundAsync(database.Source, isWhole: false);

        Task<long> DeadlocksAsync() => database.Source.AskAsync<long>("select deadlocks from pg_stat_database where datname = current_database()");
    }

    [Fact]
    public async Task A_service_that_starts_before_its_tables_works_when_they_are_there()
    {
        var name = FormattableString.Invariant($"empty_{book}");
        var connection = await PostgresServer.CreateDatabaseAsync(name);
        try
        {
            await using var early = new Scribes(connection, new BookHints(), NullLogger<Scribes>.Instance, count: 1);
            await early.StartAsync(default);
            Task<Outcome> RegisterAsync() => early.SubmitAsync(MerchantStream.Operation(RequestOf("register"), new MerchantCommand.RegisterMerchant("Tea House", "Asia/Shanghai", "CNY")), default);
            Assert.Equal(PostgresErrorCodes.UndefinedTable, (await Assert.ThrowsAsync<PostgresException>(RegisterAsync)).SqlState);

            await using var source = NpgsqlDataSource.Create(connection);
            await new Migrations(source).ApplyAsync();
            Assert.IsType<Outcome.Accepted>(await RegisterAsync());
        }
        finally
        {
            await PostgresServer.DropDatabaseAsync(name);
        }
    }

    [Fact]
    public async Task A_later_operation_of_a_batch_sees_what_an_earlier_one_did()
    {
        await using var held = await HoldAsync();
        var register = scribes.SubmitAsync(MerchantStream.Operation(RequestOf("1"), new MerchantCommand.RegisterMerchant("Tea House", "Asia/Shanghai", "CNY")), default);
        var open = scribes.SubmitAsync(MerchantStream.Operation(RequestOf("2"), new MerchantCommand.OpenStore("store-1", "Riverside")), default);
        var install = scribes.SubmitAsync(MerchantStream.Operation(RequestOf("3"), new MerchantCommand.InstallTill("store-1", "till-1")), default);
        await held.DisposeAsync();
        Assert.All(await Task.WhenAll(register, open, install), outcome => Assert.IsType<Outcome.Accepted>(outcome));
        Assert.Equal(1, await database.Source.AskAsync<long>("select count(*) from ledger.mt_streams where tenant_id = $1 and id = 'merchant' and version = 3", book));
    }

    [Fact]
    public async Task A_lone_operation_leaves_what_it_leaves_in_a_batch()
    {
        var (alone, together) = (book + "-alone", book + "-together");
        foreach (var b in (string[])[alone, together])
            await scribes.SubmitAsync(MerchantStream.Operation(RequestOf("register") with { Book = b }, new MerchantCommand.RegisterMerchant("Tea House", "Asia/Shanghai", "CNY")), default);
        for (var n = 0; n < 3; n++) Assert.IsType<Outcome.Accepted>(await OpenStore(alone, n));
        Task<Outcome>[] inOneBatch;
        await using (await HoldAsync()) inOneBatch = [.. Enumerable.Range(0, 3).Select(n => OpenStore(together, n))];
        await Task.WhenAll(inOneBatch);
        Assert.True(Assert.IsType<Outcome.Accepted>(await OpenStore(alone, 2)).IsReplayed);

        Assert.Equal(Assert.IsType<string>(await LeftAsync(together)), await LeftAsync(alone));
        await Books.AssertSoundAsync(database.Source, isWhole: false);

        Task<string?> LeftAsync(string of) => database.Source.AskAsync<string>(
            """
            select string_agg(replace(row, $1, 'book'), E'\n' order by replace(row, $1, 'book')) from (
                select (to_jsonb(e) - 'tenant_id' - 'id' - 'hash')::text from ledger.mt_events e where tenant_id = $1
                union all select (to_jsonb(s) - 'tenant_id')::text from ledger.mt_streams s where tenant_id = $1
                union all select (to_jsonb(r) - 'tenant_id')::text from ledger.requests r where tenant_id = $1
                union all select head::text from ledger.books where tenant_id = $1
            ) as rows (row)
            """,
            of);
    }

    [Theory]
    [InlineData("scribe_lock_books.sql")]
    [InlineData("scribe_load_streams.sql")]
    [InlineData("scribe_load_requests.sql")]
    [InlineData("scribe_insert_events.sql")]
    [InlineData("scribe_update_streams.sql")]
    [InlineData("scribe_insert_requests.sql")]
    [InlineData("scribe_update_books.sql")]
    public void A_statement_for_one_row_has_no_rows_of_functions_to_join(string file)
    {
        var sql = Parameters.OfOneRow(SqlFile.Read(file));
        Assert.Contains("[1]", sql, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"unnest|generate_subscripts|any \(", sql);
    }

    /// <summary>Runs the guilty operation in one batch with innocent ones of the same book and of another; gives its task.</summary>
    private async Task<Task<Outcome>> AmongNeighboursAsync(Operation guilty)
    {
        var neighbour = book + "-neighbour";
        foreach (var b in new[] { book, neighbour })
            await scribes.SubmitAsync(MerchantStream.Operation(RequestOf("register-before") with { Book = b }, new MerchantCommand.RegisterMerchant("Tea House", "Asia/Shanghai", "CNY")), default);

        Task<Outcome>[] before;
        Task<Outcome> outcome;
        Task<Outcome>[] after;
        await using (await HoldAsync())
        {
            before = [.. Enumerable.Range(0, 20).Select(n => OpenStore(n % 2 == 0 ? book : neighbour, n))];
            outcome = scribes.SubmitAsync(guilty, default);
            after = [.. Enumerable.Range(20, 20).Select(n => OpenStore(n % 2 == 0 ? book : neighbour, n))];
        }

        Assert.All(await Task.WhenAll([.. before, .. after]), innocent => Assert.False(Assert.IsType<Outcome.Accepted>(innocent).IsReplayed));
        await Task.WhenAny(outcome);
        Assert.True(outcome.IsFaulted);
        Assert.Equal(0, await database.Source.AskAsync<long>("select count(*) from ledger.requests where tenant_id = $1 and key = $2", book, guilty.Request.Key!));
        Assert.Equal(40, await database.Source.AskAsync<long>("select count(*) from ledger.requests where tenant_id like $1 and key like 'open-%'", book + "%"));
        return outcome;
    }

    private Task<Outcome> OpenStore(string merchant, int n) => scribes.SubmitAsync(
        MerchantStream.Operation(RequestOf(FormattableString.Invariant($"open-{n}")) with { Book = merchant }, new MerchantCommand.OpenStore(FormattableString.Invariant($"s-{n}"), "S")), default);

    /// <summary>Keeps the scribe busy with a book of its own until disposed, so that what is handed in meanwhile makes one batch.</summary>
    private async Task<Hold> HoldAsync()
    {
        var busy = book + "-busy";
        await scribes.SubmitAsync(MerchantStream.Operation(RequestOf("busy") with { Book = busy }, new MerchantCommand.RegisterMerchant("Busy", "Asia/Shanghai", "CNY")), default);
        return await Hold.TakeAsync(database.Source, busy, () =>
            scribes.SubmitAsync(MerchantStream.Operation(RequestOf("held") with { Book = busy }, new MerchantCommand.OpenStore("held", "Held")), default));
    }

    private Request RequestOf(string key) => new(book, key, new byte[32], "test", Now);

    private static CampaignCommand.DraftCampaign Draft { get; } = new("Spring", 10, Now, Now + Duration.FromDays(30));

    private static CouponTerms Terms { get; } = new(
        new Benefit.FixedAmount(new(500)), Money.Zero, "Asia/Shanghai", new(Now, Now + Duration.FromDays(30)), [], [], new());
}
