using System.Collections.Concurrent;

namespace Ledger.Api;

/// <summary>
/// Values by key, believed for a while after they were read. When the while is over, all that are due and were used are confirmed by
/// one question, so that a thousand busy keys cost one query a while and not a thousand.
/// </summary>
/// <param name="find">Reads one value; null is not remembered: guesses would fill the memory.</param>
/// <param name="confirm">Of these values, the keys of those that still hold.</param>
internal sealed class Remembered<T>(
    TimeProvider time, TimeSpan memory, Func<string, CancellationToken, Task<T?>> find, Func<IReadOnlyDictionary<string, T>, Task<IReadOnlyCollection<string>>> confirm)
    where T : class
{
    private const int Capacity = 100_000;

    private readonly ConcurrentDictionary<string, Entry> known = new(StringComparer.Ordinal);
    private readonly Lock gate = new();
    private Task? confirming;
    private int forgotten;

    public ValueTask<T?> GetAsync(string key, CancellationToken cancellation)
    {
        if (!known.TryGetValue(key, out var entry)) return FindAsync(key, cancellation);
        if (entry.Until <= time.GetUtcNow()) return AgainAsync(key, cancellation);
        if (!entry.IsUsed) entry.IsUsed = true;
        return ValueTask.FromResult<T?>(entry.Value);
    }

    /// <summary>Forgets that key, or everything; what is being read meanwhile is not remembered either.</summary>
    public void Forget(string? key = null)
    {
        Interlocked.Increment(ref forgotten);
        if (key is null) known.Clear();
        else known.TryRemove(key, out _);
    }

    private async ValueTask<T?> FindAsync(string key, CancellationToken cancellation)
    {
        var (before, until) = (Volatile.Read(ref forgotten), time.GetUtcNow() + memory);
        var value = await find(key, cancellation);
        if (value is null || before != Volatile.Read(ref forgotten)) return value;
        if (known.Count >= Capacity) known.Clear();
        known[key] = new(value, until);
        return value;
    }

    private async ValueTask<T?> AgainAsync(string key, CancellationToken cancellation)
    {
        Task all;
        lock (gate) all = confirming ??= ConfirmAsync();
        await all.WaitAsync(cancellation);
        return known.TryGetValue(key, out var entry) && entry.Until > time.GetUtcNow() ? entry.Value : await FindAsync(key, cancellation);
    }

    private async Task ConfirmAsync()
    {
        await Task.Yield(); // So that the field holds this task before it ends.
        try
        {
            // What is due soon is asked along; what nobody used since the last time goes.
            var (now, due) = (time.GetUtcNow(), new Dictionary<string, Entry>(StringComparer.Ordinal));
            foreach (var (key, entry) in known)
            {
                if (entry.Until > now + (memory / 4)) continue;
                if (entry.IsUsed) due.Add(key, entry);
                else known.TryRemove(KeyValuePair.Create(key, entry));
            }

            if (due.Count == 0) return;
            var holds = await confirm(due.ToDictionary(pair => pair.Key, pair => pair.Value.Value, StringComparer.Ordinal));
            foreach (var key in holds) known.TryUpdate(key, new(due[key].Value, now + memory), due[key]);
            foreach (var pair in due) known.TryRemove(pair);
        }
        finally
        {
            lock (gate) confirming = null;
        }
    }

    /// <summary>A value with the moment until which it is believed. Compared by reference: a value read anew is another.</summary>
    private sealed class Entry(T value, DateTimeOffset until)
    {
        public T Value => value;

        public DateTimeOffset Until => until;

        public bool IsUsed { get; set; } = true;
    }
}
