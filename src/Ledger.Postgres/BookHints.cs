using System.Collections.Concurrent;

namespace Ledger.Postgres;

/// <summary>
/// Tells readers which books have grown, without promise: a reader that misses a hint finds the book on its next sweep.
/// </summary>
public sealed class BookHints
{
    private readonly ConcurrentDictionary<Listener, byte> listeners = new();

    /// <summary>In place of a book: nobody knows which books have grown, look everywhere.</summary>
    public const string Everywhere = "";

    /// <param name="stored">The name of an event that the book has grown by; null: whatever it was.</param>
    public void Changed(string book, string? stored = null)
    {
        foreach (var listener in listeners.Keys)
        {
            if (stored is null || listener.Concerns(stored)) listener.Add(book);
        }
    }

    /// <summary>Tells everyone but one: who passes on what came from elsewhere does not want to hear it again.</summary>
    public void Changed(string book, Listener except)
    {
        foreach (var listener in listeners.Keys)
        {
            if (listener != except) listener.Add(book);
        }
    }

    /// <param name="concerns">Whether an event of that name is worth waking for; null: every one is.</param>
    public Listener Listen(Func<string, bool>? concerns = null)
    {
        var listener = new Listener(this, concerns ?? (_ => true));
        listeners[listener] = 0;
        return listener;
    }

    /// <summary>Gathers hints until they are taken; the same book is kept once.</summary>
    public sealed class Listener : IDisposable
    {
        private readonly BookHints hints;
        private readonly ConcurrentDictionary<string, byte> books = new(StringComparer.Ordinal);
        private readonly SemaphoreSlim signal = new(0, 1);

        internal Listener(BookHints hints, Func<string, bool> concerns) => (this.hints, Concerns) = (hints, concerns);

        internal Func<string, bool> Concerns { get; }

        internal void Add(string book)
        {
            if (!books.TryAdd(book, 0) || signal.CurrentCount > 0) return;
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
        public IReadOnlyList<string> Take()
        {
            var taken = new List<string>();
            foreach (var book in books.Keys)
            {
                if (books.TryRemove(book, out _)) taken.Add(book);
            }

            return taken;
        }

        public void Dispose()
        {
            hints.listeners.TryRemove(this, out _);
            signal.Dispose();
        }
    }
}
