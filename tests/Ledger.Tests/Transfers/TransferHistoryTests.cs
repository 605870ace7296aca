using Ledger.Transfers;
using NodaTime;
using Xunit;
using static Ledger.Transfers.TransferCommand;
using static Ledger.Transfers.TransferEvent;

namespace Ledger.Tests.Transfers;

/// <summary>Answers of a provider lost, repeated and in every order: one effect, and it is what the provider did.</summary>
public class TransferHistoryTests
{
    private static readonly Instant s_start = Instant.FromUtc(2026, 2, 17, 4, 0);

    [Fact]
    public void Whatever_the_order_of_the_answers_the_book_ends_as_the_provider_did()
    {
        var (succeeded, failed, open) = (0, 0, 0);
        for (var seed = 1; seed <= 400; seed++)
        {
            var (random, book, now) = (new Random(seed), new InMemoryBook(), s_start);
            var order = new TransferOrder("w-1", (TransferKind)random.Next(6), random.Next(1, 100_00), "account-1", "agreement-a1", null, null);
            var isPaid = random.Next(2) == 0;
            TransferCommand final = isPaid ? new NoteSuccess("w-1", "ref-1", now) : new NoteFailure("w-1", "NO_FUNDS", now);
            Assert.Null(Do(book, new OrderTransfer(order, now), "order").Refusal);

            var (isFinal, attempt) = (false, 0);
            for (var step = random.Next(40); step > 0; step--)
            {
                now += Duration.FromMilliseconds(random.Next(1, 5_000));
                var state = book.State(TransferStream.Of("w-1"));
                // A second instance notes an attempt that was noted already, a callback comes as if it were the first.
                attempt = random.Next(3) == 0 ? random.Next(1, attempt + 2) : state.Attempts + 1;
                TransferCommand command = random.Next(8) switch
                {
                    0 => final,
                    1 => new QueryTransfer("w-1", now),
                    2 => new OrderTransfer(order, now),
                    _ => new NotePending("w-1", attempt, "TIMEOUT", false, now),
                };
                isFinal |= command == final;
                Assert.Null(Do(book, command, $"k{step}").Refusal);
                var after = book.State(TransferStream.Of("w-1"));
                Assert.Equal(isFinal, !after.IsOpen);
                Assert.True(after.State is TransferState.Succeeded or TransferState.Failed ? after.DueAt is null : after.DueAt is not null || after.NeedsPerson, $"seed {seed}, step {step}");
            }

            var transfer = book.State(TransferStream.Of("w-1"));
            Assert.Equal(isFinal ? isPaid ? TransferState.Succeeded : TransferState.Failed : transfer.State, transfer.State);
            Assert.Equal((isFinal ? 1 : 0, 1, 0), (
                book.Entries.Count(entry => entry.Fact is TransferSucceeded or TransferFailed), book.Entries.Count(entry => entry.Fact is TransferOrdered),
                book.Entries.Count(entry => entry.Fact is TransferDisputed)));
            _ = (isFinal, isPaid) switch { (false, _) => open++, (true, true) => succeeded++, _ => failed++ };
        }

        Assert.True(succeeded > 50 && failed > 50 && open > 20, $"{succeeded} succeeded, {failed} failed, {open} open");
    }

    private static (byte[]? Answer, Rejection? Refusal) Do(InMemoryBook book, TransferCommand command, string key) =>
        book.Run(TransferOperations.Do(InMemoryBook.Request(key, s_start), command));
}
