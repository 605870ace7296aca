using System.Globalization;
using System.Runtime.InteropServices;

namespace Ledger.Postgres.Audit;

/// <summary>What a process that does nothing but audit asks of the runtime and of the system. Nothing depends on it but time.</summary>
public static class AuditProcess
{
    private const int SchedOther = 0; // Of sched(7), as the next one.
    private const int SchedBatch = 3;
    private const string Threads = "/proc/self/task";

    /// <summary>Call it before the first socket: that reads it once.</summary>
    /// <remarks>
    /// The audit's threads block on their sockets. Whoever polls these may wake them itself, without a thread of the pool between; not for
    /// what continues on the thread that polls.
    /// </remarks>
    public static void Prepare() => Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");

    /// <summary>
    /// Has the threads that there are scheduled as a batch, and those that they start, unless someone chose another policy for them. A reader that wakes
    /// then does not push the server's process off the processor for each few kilobytes that it has written: it waits its turn, and finds more to read.
    /// Call it after the last process was started, which would inherit it.
    /// </summary>
    public static void WaitTurn()
    {
        if (!OperatingSystem.IsLinux() || !Directory.Exists(Threads)) return;
        foreach (var path in Directory.EnumerateDirectories(Threads))
        {
            var thread = int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture);
            if (GetScheduler(thread) == SchedOther) _ = SetScheduler(thread, SchedBatch, 0); // Refused: slower, no more.
        }
    }

    [DllImport("libc", EntryPoint = "sched_getscheduler")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int GetScheduler(int thread);

    [DllImport("libc", EntryPoint = "sched_setscheduler")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetScheduler(int thread, int policy, in int priority);
}
