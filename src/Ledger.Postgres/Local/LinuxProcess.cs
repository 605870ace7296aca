using System.Diagnostics;
using System.Globalization;

namespace Ledger.Postgres.Local;

/// <summary>What /proc tells about a process; every account may read this much about every process.</summary>
internal sealed record LinuxProcess(int Id, int ParentId, char State)
{
    private static readonly TimeSpan KillLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan KillPause = TimeSpan.FromMilliseconds(10);

    public static bool IsSupported { get; } = Directory.Exists("/proc/self");

    /// <summary>True for a zombie: the process was killed, only its entry waits for a parent that does not collect it.</summary>
    public bool HasEnded => State is 'Z' or 'X';

    /// <summary>The process with this number, or null when there is none or this system has no /proc.</summary>
    public static LinuxProcess? Read(int id)
    {
        var stat = ReadFile(id, "stat");
        if (stat.Length == 0)
        {
            return null;
        }

        // "17 (name) S 1 ...": the name is free text and may hold brackets and blanks, so count from the last bracket.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return new LinuxProcess(id, int.Parse(fields[1], CultureInfo.InvariantCulture), fields[0][0]);
    }

    /// <summary>The arguments the process was started with, its own name first; empty when it is gone.</summary>
    public string[] CommandLine() => ReadFile(Id, "cmdline").Split('\0', StringSplitOptions.RemoveEmptyEntries);

    private static IReadOnlyList<LinuxProcess> ChildrenOf(int id)
    {
        if (!IsSupported)
        {
            return [];
        }

        return
        [
            .. Directory.EnumerateDirectories("/proc")
                .Select(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var child) ? Read(child) : null)
                .OfType<LinuxProcess>()
                .Where(child => child.ParentId == id),
        ];
    }

    /// <summary>True while the process exists and is no zombie.</summary>
    private static bool IsAlive(int id) => IsSupported ? Read(id) is { HasEnded: false } : Answers(id);

    /// <summary>True when the number belongs to a process, a zombie included.</summary>
    public static bool Answers(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    /// <summary>
    /// Ends a process and its children at once, without letting them clean up, and waits until they are gone. The parent goes first:
    /// it might answer the death of a child with a new one.
    /// </summary>
    public static async Task KillWithChildrenAsync(int id)
    {
        int[] all = [id, .. ChildrenOf(id).Select(child => child.Id)];
        foreach (var one in all)
        {
            Kill(one);
        }

        var clock = Stopwatch.StartNew();
        while (all.Any(IsAlive) && clock.Elapsed < KillLimit)
        {
            await Task.Delay(KillPause);
        }
    }

    private static void Kill(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            process.Kill();
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            // It ended by itself in the meantime.
        }
    }

    private static string ReadFile(int id, string name)
    {
        try
        {
            return File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/{name}"));
        }
        catch (IOException)
        {
            return "";
        }
    }
}
