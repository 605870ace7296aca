using FsCheck;
using FsCheck.Fluent;
using Ledger.Coupons;
using Ledger.Reversals;
using NodaTime;
using Xunit;
using static Ledger.Tests.Coupons.CouponExamples;

namespace Ledger.Tests.Reversals;

/// <summary>
/// A redemption in one shot, a hold, its commit, and the redemption of another till, each with its reversals, each lost, sent once or twice,
/// in every order: at the end each request stands exactly as it was answered, or not at all.
/// </summary>
public class ReversalPropertyTests
{
    /// <summary>One message that reaches the service.</summary>
    /// <param name="Reverses">The key of the original that it reverses; null for an original.</param>
    internal sealed record Message(string Key, string? Reverses);

    private static readonly string[] s_originals = ["redeem", "hold", "commit", "other"];

    /// <summary>Each message up to twice; a reversal also once more under another key.</summary>
    private static readonly Message[] s_messages =
    [
        .. from key in s_originals
           from copies in Enumerable.Range(0, 2)
           from message in new Message[] { new(key, null), new($"reverse {key}", key), new($"reverse {key} {copies}", key) }
           select message,
    ];

    private static readonly Gen<List<(Message Message, int Seconds)>> s_interleavings =
        from order in Gen.Shuffle(s_messages)
        from length in Gen.Choose(1, s_messages.Length)
        from seconds in Gen.Frequency((8, Gen.Choose(0, 20)), (1, Gen.Choose(60, 900))).ListOf(length)
        select order.Zip(seconds).ToList();

    [Theory]
    [InlineData("A")]
    [InlineData("A", "B")]
    [InlineData("A", "B", "C")]
    public void Whatever_the_order_each_request_stands_as_it_was_answered_or_not_at_all(params string[] codes)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        Holds.For(s_interleavings, interleaving =>
        {
            var (book, now) = (new ReversalBook(codes), Noon);
            var (answers, reversed) = (new Dictionary<string, byte[]>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
            foreach (var (message, seconds) in interleaving)
            {
                now += Duration.FromSeconds(seconds);
                var (answer, refusal) = book.Book.Run(OperationOf(book, message, now));
                seen.Add($"{(message.Reverses is null ? "original" : "reversal")} {refusal?.Slug ?? "accepted"}");
                if (answer is not null)
                {
                    // One key, one answer, for ever.
                    Assert.Equal(answers.TryGetValue(message.Key, out var before) ? before : answer, answer);
                    answers[message.Key] = answer;
                    if (message.Reverses is not null) reversed.Add(message.Reverses);
                }
                else if (answers.ContainsKey(message.Key))
                {
                    Assert.Fail($"{message} was accepted before and is refused now: {refusal}");
                }

                StandsAsAnswered(book, answers, reversed, now);
            }
        }, times: 400);

        // Interleavings in which all went well would prove little.
        Assert.Superset(
            new HashSet<string>(
            [
                "original accepted", "original reversed-before-arrival", "original already-used", "original already-held", "original hold-not-found", "original hold-expired",
                "reversal accepted", "reversal already-used",
            ], StringComparer.Ordinal),
            seen);
    }

    private static void StandsAsAnswered(ReversalBook book, Dictionary<string, byte[]> answers, HashSet<string> reversed, Instant now)
    {
        foreach (var key in s_originals)
        {
            var isBarred = book.Book.Requests.TryGetValue(key, out var stored) && stored.IsTombstone;
            Assert.False(isBarred && answers.ContainsKey(key), $"{key} was carried out and is barred.");
            Assert.True(!isBarred || reversed.Contains(key), $"{key} is barred though nobody reversed it.");

            // After an accepted reversal nothing stands of the request; without one, a redemption that was answered stands, of all its coupons.
            var standing = book.Coupons.Count(coupon => coupon is { Status: CouponStatus.Used, Last: { } last } && last.Request == key
                || coupon.Hold is { } hold && hold.Request == key && now < hold.ExpiresAt);
            var stands = standing > 0;
            Assert.Contains(standing, new[] { 0, key == "other" ? 1 : book.Coupons.Count });
            Assert.False(stands && reversed.Contains(key), $"{key} stands after its reversal.");
            Assert.False(stands && !answers.ContainsKey(key), $"{key} stands and was never answered.");
            if (key != "hold") Assert.True(stands || reversed.Contains(key) || !answers.ContainsKey(key), $"{key} was answered and does not stand.");
        }

        Assert.Equal(
            book.Book.Requests.Values.Count(request => request.IsTombstone),
            book.Book.Entries.Count(entry => entry.Fact is ReversalEvent.RequestReversedBeforeArrival));
    }

    private static Operation OperationOf(ReversalBook book, Message message, Instant now) => message switch
    {
        { Reverses: { } original } => book.Reverse(original, message.Key, now),
        { Key: "hold" } => book.Hold("hold", now),
        { Key: "commit" } => book.Commit("commit", "hold", now),
        { Key: "other" } => book.RedeemLast("other", now),
        _ => book.Redeem(message.Key, now),
    };
}
