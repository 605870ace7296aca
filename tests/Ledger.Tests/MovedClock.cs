using NodaTime;

namespace Ledger.Tests;

/// <summary>A clock that a test moves; between two moves it stands.</summary>
internal sealed class MovedClock(Instant start) : IClock
{
    private long ticks = start.ToUnixTimeTicks();

    public Instant GetCurrentInstant() => Instant.FromUnixTimeTicks(Interlocked.Read(ref ticks));

    public void MoveTo(Instant now) => Interlocked.Exchange(ref ticks, now.ToUnixTimeTicks());

    public void Move(Duration by) => MoveTo(GetCurrentInstant() + by);
}
