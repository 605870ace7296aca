using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace Ledger.Postgres;

/// <summary>
/// Tells readers which books have grown, without promise: a reader that misses a hint finds the book on its next sweep.
/// </summary>
public sealed class BookHints
{
    private ImmutableArray<Listener> listeners = [];

    /// <summary>In place of a book: nobody knows which books have grown, look everywhere.</summary>
    public const string Everywhere = "";

    /// <param name="stored">The name of an event that the book has grown by; null: whatever it was.</param>
    /// <param name="data">The event as it is stored; empty: nobody knows.</param>
    /// <param name="except">Who passes on what came from elsewhere and does not want to hear it again.</param>
    public void Changed(string book, string? stored = null, ReadOnlyMemory<byte> data = default, Listener? except = null)
    {
        foreach (var listener in listeners)
        {
            if (listener != except && (stored is null || listener.Concerns(stored, data))) listener.Add(book, stored);
        }
    }

    /// <param name="concerns">Whether an event of that name, with that data if it is known, is worth waking for; null: every one is.</param>
    public Listener Listen(Func<string, ReadOnlyMemory<byte>, bool>? concerns = null)
    {
        var listener = new Listener(this, concerns);
        ImmutableInterlocked.Update(ref listeners, all => all.Add(listener));
        return listener;
    }

    /// <summary>Gathers hints until they are taken; the same one is kept once.</summary>
    public sealed class Listener : IDisposable
    {
        private readonly BookHints hints;
        private readonly Func<string, ReadOnlyMemory<byte>, bool>? concerns;
        private readonly ConcurrentDictionary<(string Book, string? Stored), byte> gathered = new();
        private readonly SemaphoreSlim signal = new(0, 1);

        internal Listener(BookHints hints, Func<string, ReadOnlyMemory<byte>, bool>? concerns) => (this.hints, this.concerns) = (hints, concerns);

        internal bool Concerns(string stored, ReadOnlyMemory<byte> data) => concerns is null || concerns(stored, data);

        internal void Add(string book, string? stored)
        {
            // Who chose its events need not be told which it was.
            if (!gathered.TryAdd((book, concerns is null ? stored : null), 0) || signal.CurrentCount > 0) return;
            try
            {
                signal.Release();
            }
            catch (Exception e) when (e is SemaphoreFullException or ObjectDisposedException)
            {
                // Another writer signalled in the same moment, or the listener has just left.
            }
        }

        /// <summary>Waits until a book has changed or the time is over; true when there was a hint.</summary>
        public Task<bool> WaitAsync(TimeSpan patience, CancellationToken cancellation) => signal.WaitAsync(patience, cancellation);

        /// <summary>The books that changed since the last call.</summary>
        public IReadOnlyList<string> Take() => [.. TakeAll().Select(hint => hint.Book).Distinct(StringComparer.Ordinal)];

        /// <summary>The same with the names of the events, for a listener that hears of all; null: whatever it was.</summary>
        public IReadOnlyList<(string Book, string? Stored)> TakeAll()
        {
            var taken = new List<(string, string?)>();
            foreach (var (hint, _) in gathered)
            {
                if (gathered.TryRemove(hint, out _)) taken.Add(hint);
            }

            return taken;
        }

        public void Dispose()
        {
            ImmutableInterlocked.Update(ref hints.listeners, all => all.Remove(this));
            signal.Dispose();
        }
    }
}
