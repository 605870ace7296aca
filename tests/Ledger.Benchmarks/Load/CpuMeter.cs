using System.Globalization;

namespace Ledger.Benchmarks.Load;

/// <summary>CPU time used so far, in seconds, as Linux counts it: of Postgres with all its processes, the service, and the clients that ended.</summary>
internal sealed record CpuMeter(double Postgres, double Service, double Clients)
{
    /// <summary>Clock ticks of /proc per second: 100 on every Linux that .NET runs on.</summary>
    private const double Ticks = 100;

    /// <param name="service">The service's process, or 0 while it is not up.</param>
    public static CpuMeter Read(int postmaster, int service)
    {
        var all = Directory.EnumerateDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? Stat(id) : null)
            .Where(stat => stat is not null).Select(stat => stat!.Value).ToList();
        var postgres = all.Where(stat => stat.Id == postmaster || stat.Parent == postmaster).Sum(stat => stat.Own) + all.Where(stat => stat.Id == postmaster).Sum(stat => stat.Children);
        return new(postgres / Ticks, all.Where(stat => stat.Id == service).Sum(stat => stat.Own) / Ticks, all.Where(stat => stat.Id == Environment.ProcessId).Sum(stat => stat.Children) / Ticks);
    }

    public static CpuMeter operator -(CpuMeter after, CpuMeter before) =>
        new(after.Postgres - before.Postgres, after.Service - before.Service, after.Clients - before.Clients);

    private static (int Id, int Parent, long Own, long Children)? Stat(int id)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{id.ToString(CultureInfo.InvariantCulture)}/stat");
            // The program's name, in brackets, may hold blanks.
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            long Field(int number) => long.Parse(fields[number - 3], CultureInfo.InvariantCulture);
            return (id, (int)Field(4), Field(14) + Field(15), Field(16) + Field(17));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null; // It ended in this moment.
        }
    }
}
