namespace Ledger.Samples.PaymentProvider;

internal enum Fault
{
    None,

    /// <summary>The request is lost before anything was done.</summary>
    LoseRequest,

    /// <summary>It is done, and the answer is lost.</summary>
    LoseAnswer,

    /// <summary>It is done, and the answer comes after the caller stopped waiting.</summary>
    AnswerLate,

    /// <summary>It is done later; a callback says so.</summary>
    Later,

    /// <summary>It is done later, and nobody says so.</summary>
    LaterSilently,

    Decline,

    /// <summary>An error of the provider's own, before anything was done.</summary>
    Break,
}

/// <summary>What goes wrong, by a seeded die: the same seed and order of requests, the same faults.</summary>
internal sealed class Faults(int percent, int seed)
{
    private static readonly Fault[] s_kinds = [.. Enum.GetValues<Fault>().Where(fault => fault != Fault.None)];
    private readonly Lock door = new();
    private readonly Random random = new(seed);

    public Fault Next()
    {
        lock (door) return random.Next(100) < percent ? s_kinds[random.Next(s_kinds.Length)] : Fault.None;
    }

    /// <summary>Milliseconds below the bound.</summary>
    public int Wait(int below)
    {
        lock (door) return random.Next(below);
    }

    /// <summary>Whether a callback is made in a strange way: twice, and with an older word behind it.</summary>
    public bool IsOdd()
    {
        lock (door) return random.Next(100) < percent;
    }
}
