using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;

namespace Ledger.Benchmarks.Load;

/// <summary>One sale: a coupon of a merchant, with that merchant's key.</summary>
internal readonly record struct Sale(string Secret, string Code);

/// <summary>What an open loop saw. Times in microseconds.</summary>
/// <param name="Holds">From the scheduled moment to the answer, sorted.</param>
/// <param name="Commits">From the hold's answer to the commit's, sorted.</param>
/// <param name="Lateness">From the scheduled moment to that in which the generator began to send, sorted: its own part of the holds' times.</param>
/// <param name="Cpu">CPU of this process for one request.</param>
internal sealed record OpenLoopResult(double[] Holds, double[] Commits, double[] Lateness, long Refused, double Cpu)
{
    public static double Percentile(double[] sorted, double part) => sorted[Math.Min(sorted.Length - 1, (int)(sorted.Length * part))];
}

/// <summary>
/// Sales that begin by the clock, whatever became of those before: a service that falls behind is measured falling behind. A hold's time
/// counts from the moment it was due, so a generator that is late makes it longer and never shorter.
/// </summary>
internal sealed class OpenLoop(Uri service)
{
    /// <summary>Enough that none waits for another; more are opened when more sales are under way.</summary>
    private const int MostConnections = 2_000;

    /// <param name="rate">Sales in a second, evenly spread.</param>
    /// <param name="run">Tells this run's request keys from another's.</param>
    public async Task<OpenLoopResult> RunAsync(IReadOnlyList<Sale> sales, double rate, string run)
    {
        using var handler = new SocketsHttpHandler { MaxConnectionsPerServer = MostConnections, UseCookies = false, UseProxy = false, AllowAutoRedirect = false };
        using var client = new HttpClient(handler) { BaseAddress = service, Timeout = TimeSpan.FromSeconds(60) };
        var (holds, commits, lateness, refused) = (new double[sales.Count], new double[sales.Count], new double[sales.Count], 0L);
        var under = new Task[sales.Count];
        var cpu = Environment.CpuUsage.TotalTime;
        // A thread of its own keeps the schedule: it wakes every millisecond and begins what is due.
        await Task.Factory.StartNew(Keep, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await Task.WhenAll(under);
        var each = (Environment.CpuUsage.TotalTime - cpu).TotalMicroseconds / (2 * sales.Count);
        foreach (var times in (double[][])[holds, commits, lateness]) Array.Sort(times);
        return new(holds, commits, lateness, refused, each);

        void Keep()
        {
            var start = Stopwatch.GetTimestamp();
            for (var next = 0; next < sales.Count;)
            {
                var due = (int)Math.Min(sales.Count, (Stopwatch.GetElapsedTime(start).TotalSeconds * rate) + 1);
                for (; next < due; next++)
                {
                    var i = next;
                    under[i] = Task.Run(() => SellAsync(i, start + (long)(i / rate * Stopwatch.Frequency)));
                }

                Thread.Sleep(1);
            }
        }

        async Task SellAsync(int i, long due)
        {
            lateness[i] = Stopwatch.GetElapsedTime(due).TotalMicroseconds;
            var number = i.ToString("D7", CultureInfo.InvariantCulture);
            var body = $$"""{"code":"{{sales[i].Code}}","amount":12900,"store":"s-01","till":"till-1","order":"order-{{number}}"}""";
            var held = await PostAsync(client, "v1/holds", sales[i].Secret, $"open-h{run}-{number}", body);
            holds[i] = Stopwatch.GetElapsedTime(due).TotalMicroseconds;
            if (held is null || HoldOf(held) is not { } hold)
            {
                Interlocked.Increment(ref refused);
                return;
            }

            var answered = Stopwatch.GetTimestamp();
            if (await PostAsync(client, $"v1/holds/{hold}/commit", sales[i].Secret, $"open-c{run}-{number}", "{}") is null) Interlocked.Increment(ref refused);
            commits[i] = Stopwatch.GetElapsedTime(answered).TotalMicroseconds;
        }
    }

    /// <summary>The answer of status 201; null for any other, and for none.</summary>
    private static async Task<string?> PostAsync(HttpClient client, string path, string secret, string key, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) };
        request.Content.Headers.ContentType = new("application/json");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", secret);
        request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        try
        {
            using var answer = await client.SendAsync(request);
            return answer.StatusCode == System.Net.HttpStatusCode.Created ? await answer.Content.ReadAsStringAsync() : null;
        }
        catch (Exception exception) when (exception is HttpRequestException or SocketException or TaskCanceledException)
        {
            return null;
        }
    }

    private static string? HoldOf(string answer) =>
        System.Text.Json.JsonSerializer.Deserialize<System.Text.Json.JsonElement>(answer).TryGetProperty("holdId", out var hold) ? hold.GetString() : null;
}
