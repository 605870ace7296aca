using System.Collections.Concurrent;
using Ledger.Postgres;
using Xunit;

namespace Ledger.Tests;

/// <summary>Many askers, few questions.</summary>
public sealed class SharedReadsTests
{
    [Fact]
    public async Task Those_who_come_while_a_question_is_under_way_share_the_next_one()
    {
        var desk = new Desk();
        var reads = new SharedReads<int, string>(desk.ReadAsync, questions: 1, mostKeys: 100, mostWaiting: 100);
        var first = reads.AskAsync([1], default);
        await desk.Asked;
        var others = Enumerable.Range(2, 50).Select(key => reads.AskAsync([key, -key], default)).ToList();
        desk.Open();
        Assert.Equal(["1"], await first);
        Assert.Equal(Enumerable.Range(2, 50).Select(key => $"{key} {-key}"), (await Task.WhenAll(others)).Select(rows => string.Join(' ', rows.AsEnumerable())), StringComparer.Ordinal);
        Assert.Equal([1, 100], desk.Questions.Select(keys => keys.Count));
    }

    [Fact]
    public async Task A_question_that_fails_fails_those_it_was_asked_for_and_nobody_else()
    {
        var desk = new Desk { Fails = keys => keys.Contains(13) };
        var reads = new SharedReads<int, string>(desk.ReadAsync, questions: 1, mostKeys: 2, mostWaiting: 100);
        var first = reads.AskAsync([1], default);
        await desk.Asked;
        var (unlucky, guilty, neighbour) = (reads.AskAsync([12], default), reads.AskAsync([13], default), reads.AskAsync([14], default));
        desk.Open();
        Assert.Equal(["1"], await first);
        await Assert.ThrowsAsync<InvalidOperationException>(() => unlucky);
        await Assert.ThrowsAsync<InvalidOperationException>(() => guilty);
        Assert.Equal(["14"], await neighbour);
        Assert.Equal(["15"], await reads.AskAsync([15], default));
    }

    [Fact]
    public async Task Who_hangs_up_is_not_asked_for_and_holds_nobody_up()
    {
        var desk = new Desk();
        var reads = new SharedReads<int, string>(desk.ReadAsync, questions: 1, mostKeys: 100, mostWaiting: 100);
        using var cancelled = new CancellationTokenSource();
        var underWay = reads.AskAsync([1], cancelled.Token);
        await desk.Asked;
        var (waiting, stays) = (reads.AskAsync([2], cancelled.Token), reads.AskAsync([3], default));
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => underWay);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        desk.Open();
        Assert.Equal(["3"], await stays);
        Assert.Equal([[1], [3]], desk.Questions);
    }

    [Fact]
    public async Task More_than_may_wait_are_turned_away_and_the_others_answered()
    {
        var desk = new Desk();
        var reads = new SharedReads<int, string>(desk.ReadAsync, questions: 1, mostKeys: 100, mostWaiting: 3);
        var first = reads.AskAsync([1], default);
        await desk.Asked;
        var waiting = Enumerable.Range(2, 3).Select(key => reads.AskAsync([key], default)).ToList();
        await Assert.ThrowsAsync<LedgerOverloadedException>(() => reads.AskAsync([5], default));
        desk.Open();
        await Task.WhenAll([first, .. waiting]);
        Assert.Equal(["6"], await reads.AskAsync([6], default));
    }

    [Fact]
    public async Task Under_a_storm_everybody_gets_their_own_rows_or_the_failure_of_their_own_question()
    {
        var desk = new Desk { Fails = keys => keys.Contains(7), Yields = true };
        desk.Open();
        var reads = new SharedReads<int, string>(desk.ReadAsync, questions: 2, mostKeys: 16, mostWaiting: 100_000);
        var random = new Random(20261121);
        var asked = Enumerable.Range(0, 5_000).Select(_ => Enumerable.Range(0, random.Next(1, 5)).Select(_ => random.Next(2_000)).ToArray()).ToList();
        var failed = new ConcurrentBag<int[]>();
        await Parallel.ForEachAsync(asked, new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (keys, _) =>
        {
            try
            {
                Assert.Equal(keys.Select(key => $"{key}"), await reads.AskAsync(keys, default), StringComparer.Ordinal);
            }
            catch (InvalidOperationException)
            {
                failed.Add(keys);
            }
        });
        Assert.InRange(desk.MostAtOnce, 1, 2);
        Assert.All(desk.Questions, keys => Assert.InRange(keys.Count, 1, 16));
        Assert.Equal(desk.Questions.Where(keys => keys.Contains(7)).Sum(keys => keys.Count), failed.Sum(keys => keys.Length));
        Assert.Equal(asked.Sum(keys => keys.Length), desk.Questions.Sum(keys => keys.Count));
    }

    /// <summary>Answers each key by its own digits; the first questions wait until it opens.</summary>
    private sealed class Desk
    {
        private readonly TaskCompletionSource open = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int now;
        private int most;

        public ConcurrentQueue<IReadOnlyList<int>> Questions { get; } = new();

        public Func<IReadOnlyList<int>, bool> Fails { get; init; } = _ => false;

        public bool Yields { get; init; }

        public Task Asked => asked.Task;

        public int MostAtOnce => most;

        public void Open() => open.SetResult();

        public async Task<IReadOnlyList<string>> ReadAsync(IReadOnlyList<int> keys)
        {
            Questions.Enqueue([.. keys]);
            var atOnce = Interlocked.Increment(ref now);
            lock (open) most = Math.Max(most, atOnce);
            asked.TrySetResult();
            await open.Task;
            if (Yields) await Task.Yield();
            Interlocked.Decrement(ref now);
            return Fails(keys) ? throw new InvalidOperationException("The question failed.") : [.. keys.Select(key => $"{key}")];
        }
    }
}
