using Ledger.Postgres;
using Ledger.Postgres.Paying;
using Ledger.Tests.Proof;
using Ledger.Transfers;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Xunit;

namespace Ledger.Tests.Transfers;

/// <summary>What the provider says and cannot be noted holds up no other book, and the provider is not asked for it all day.</summary>
public sealed class TransferWorkerTests(LedgerDatabase database) : IClassFixture<LedgerDatabase>
{
    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 1)]
    public async Task A_book_whose_answers_cannot_be_noted_is_left_alone_for_a_while_and_the_others_go_on(bool isFull, int others)
    {
        var (busy, idle, clock) = ($"busy-{isFull}", $"idle-{isFull}", new MovedClock(Times.Cut(SystemClock.Instance.GetCurrentInstant())));
        await using var bank = await ProviderProcess.StartAsync(faults: 0, seed: 1, ProviderProcess.FreePort());
        using var provider = new PaymentProvider(new(bank.Url, ProviderProcess.Key, TimeSpan.FromSeconds(5)));
        await using var scribes = new Scribes(database.ConnectionString, new BookHints(), NullLogger<Scribes>.Instance, count: 1);
        await scribes.StartAsync(CancellationToken.None);
        for (var n = 0; n < 12; n++) await OrderAsync(busy, n, clock.GetCurrentInstant());
        await OrderAsync(idle, 0, clock.GetCurrentInstant() + Duration.FromMilliseconds(1));
        clock.Move(Duration.FromMinutes(1));

        var (isStuck, asked) = (true, 0);
        using var worker = new TransferWorker(database.Source, provider, SubmitAsync, clock, NullLogger<TransferWorker>.Instance);
        var first = await worker.CarryOutAsync();
        Assert.Equal((1 + (11 * others), 1L), (first, await DoneAsync(idle)));
        var before = asked;
        Assert.Equal(0, await worker.CarryOutAsync());
        Assert.Equal(before, asked);

        isStuck = false;
        clock.Move(Duration.FromMinutes(1));
        Assert.Equal(13 - first, await worker.CarryOutAsync());
        Assert.Equal(12, await DoneAsync(busy));

        Task<Outcome> SubmitAsync(Operation operation, CancellationToken cancellation)
        {
            if (operation.Request.Book == busy)
            {
                Interlocked.Increment(ref asked);
                if (isStuck && isFull) throw new LedgerOverloadedException("full");
                if (isStuck && operation.Streams.Any(stream => stream.Id.EndsWith("-7", StringComparison.Ordinal))) throw new InvalidOperationException("stuck");
            }

            return scribes.SubmitAsync(operation, cancellation);
        }

        async Task OrderAsync(string book, int n, Instant at) => Assert.IsType<Outcome.Accepted>(await scribes.SubmitAsync(
            TransferOperations.Do(
                new Request(book, null, ReadOnlyMemory<byte>.Empty, "test", at), new TransferCommand.OrderTransfer(new($"{book}-{n}", TransferKind.Payout, 1_00, "a", "fu-ticket-1", null, null), at)),
            CancellationToken.None));
    }

    private Task<long> DoneAsync(string book) => database.Source.AskAsync<long>("select count(*) from ledger.mt_events where tenant_id = $1 and type = 'transfer_succeeded'", book);
}
