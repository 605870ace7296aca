using System.Text.Json;
using Ledger.Payments;
using Ledger.Payments.ReadModels;
using NodaTime;
using Xunit;

namespace Ledger.Tests.Payments;

/// <summary>Random histories of payments with refunds in every order: never more than paid, each number once, every balance by two roads.</summary>
public class PaymentHistoryTests
{
    private static readonly Instant s_start = Instant.FromUtc(2026, 2, 17, 4, 0);

    [Fact]
    public void Never_more_than_paid_goes_back_whatever_is_asked_in_whatever_order()
    {
        var (accepted, refused) = (0, 0);
        for (var seed = 1; seed <= 150; seed++)
        {
            var (random, book, said) = (new Random(seed), new InMemoryBook(), new Dictionary<string, byte[]>(StringComparer.Ordinal));
            long[] lines = [.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => (long)random.Next(1, 50_00))];
            var (back, paid) = (new long[lines.Length], lines.Sum());
            var (left, now) = (paid, s_start);
            Assert.Null(book.Run(Pay("pay", lines, now)).Refusal);
            for (var step = 0; step < 40; step++)
            {
                now += Duration.FromMinutes(1);
                var number = $"r{random.Next(25)}";
                var line = random.Next(3) == 0 ? (int?)null : random.Next(lines.Length);
                var amount = random.Next(4) == 0 ? (long?)null : random.Next(1, (int)(line is { } at ? lines[at] : paid) + 10);
                var operation = PaymentOperations.Refund(
                    InMemoryBook.Request($"k{step}", now), "t", number, line is null && amount is { } sum ? new Money(sum) : null,
                    line is { } one ? [new(one, amount is { } part ? new Money(part) : null)] : [], null, now, new(2026, 2, 17));
                var (answer, refusal) = book.Run(operation);
                if (refusal is not null)
                {
                    refused++;
                }
                else if (said.TryGetValue(number, out var first))
                {
                    Assert.Equal(first, answer);
                }
                else
                {
                    said.Add(number, answer!);
                    var taken = JsonSerializer.Deserialize<JsonElement>(answer).GetProperty("amount").GetInt64();
                    (left, accepted) = (left - taken, accepted + 1);
                    if (line is { } of) back[of] += taken;
                    Assert.True(taken > 0 && (amount is null || taken == amount), $"seed {seed}, step {step}");
                    Assert.Equal(left, JsonSerializer.Deserialize<JsonElement>(answer).GetProperty("left").GetInt64());
                }

                var state = book.State(PaymentStream.Of("t"));
                Assert.True(left >= 0 && state.Left.Minor == left, $"seed {seed}, step {step}: {state.Left} is left and should be {left}");
                Assert.All(lines.Select((whole, n) => (whole, n)), row => Assert.True(back[row.n] <= row.whole && state.LeftOf(row.n).Minor == row.whole - back[row.n]));
                Assert.Equal(state.Refunds.Count, state.Refunds.Select(refund => refund.Number).Distinct(StringComparer.Ordinal).Count());
            }

            var fold = new PaymentProjections("book");
            foreach (var entry in book.Entries) fold.Apply(entry.Fact);
            Assert.Equal(new PaymentDayRow("book", new(2026, 2, 17), "s1", 1, new(paid), said.Count, new(paid - left)), Assert.Single(fold.PaymentDays));
        }

        Assert.True(accepted > 500 && refused > 500, $"{accepted} accepted, {refused} refused");
    }

    [Fact]
    public void The_same_payment_under_another_key_answers_the_same_bytes_before_and_after_refunds()
    {
        var book = new InMemoryBook();
        var first = book.Run(Pay("a", [10_00], s_start)).Answer;
        Assert.Equal(first, book.Run(Pay("b", [10_00], s_start + Duration.FromHours(1))).Answer);
        Assert.Null(book.Run(PaymentOperations.Refund(InMemoryBook.Request("c", s_start), "t", "r", null, [], null, s_start, new(2026, 2, 17))).Refusal);
        Assert.Equal(first, book.Run(Pay("d", [10_00], s_start)).Answer);
        Assert.Equal("a", Assert.IsType<PaymentDiffers>(book.Run(Pay("e", [10_01], s_start)).Refusal).Request);
        Assert.Equal(2, book.Entries.Count);
    }

    private static Operation Pay(string key, long[] lines, Instant now) => PaymentOperations.Receive(
        InMemoryBook.Request(key, now), "t", new(new(lines.Sum()), "balance", [.. lines.Select(line => new PaidLine(new(line)))], null, "m-1", null, "s1", null, null), now, new(2026, 2, 17));
}
