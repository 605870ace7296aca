using System.Runtime.InteropServices;

namespace Ledger.Postgres.Audit;

/// <summary>What a process that does nothing but audit asks of the system first. Nothing depends on it but time.</summary>
public static class AuditProcess
{
    private const int SchedBatch = 3; // SCHED_BATCH of sched(7).

    /// <summary>Call it before the first socket and the first thread: both are read, or inherited, once.</summary>
    /// <remarks>
    /// The audit's threads block on their sockets. Whoever polls these may wake them itself, without a thread of the pool between; not for
    /// what continues on the thread that polls. And where they are scheduled as a batch, a reader that wakes does not push the server's
    /// process off the processor for each few kilobytes that it has written: it waits its turn, and finds more to read.
    /// </remarks>
    public static void Prepare()
    {
        Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");
        if (OperatingSystem.IsLinux()) _ = Schedule(0, SchedBatch, 0); // Refused: slower, no more.
    }

    /// <summary>Of the calling thread, and of those that it starts from then on.</summary>
    [DllImport("libc", EntryPoint = "sched_setscheduler")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Schedule(int thread, int policy, in int priority);
}
