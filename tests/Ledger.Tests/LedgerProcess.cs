using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace Ledger.Tests;

/// <summary>The built service as a process of its own, on a free port of the loopback interface.</summary>
public sealed partial class LedgerProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(20);

    private readonly Process process;
    private readonly ConcurrentQueue<string> log = [];
    private readonly TaskCompletionSource<string> listening = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private LedgerProcess(Process process)
    {
        this.process = process;
        process.OutputDataReceived += (_, line) => Hear(line.Data);
        process.ErrorDataReceived += (_, line) => Hear(line.Data);
        process.Exited += (_, _) => listening.TrySetException(new InvalidOperationException("The service ended while it started:\n" + Log));
    }

    public LedgerClient Client { get; private set; } = null!;

    /// <summary>What it wrote so far: for the message of a failed assertion.</summary>
    public string Log => string.Join('\n', log);

    public bool HasExited => process.HasExited;

    /// <summary>The most memory that it has held so far, in MB, as Linux counts it.</summary>
    public long ReadPeakMegabytes()
    {
        var peak = File.ReadLines($"/proc/{process.Id}/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(peak.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }

    /// <summary>Starts the service and waits until it is ready.</summary>
    /// <param name="connectionString">Empty: none is given, and the service starts a Postgres of its own.</param>
    /// <param name="port">0: any that is free.</param>
    /// <param name="settings">Of the environment, beside the usual ones.</param>
    public static async Task<LedgerProcess> StartAsync(string connectionString, int port = 0, params IEnumerable<(string Name, string Value)> settings)
    {
        var service = Launch(connectionString, port, settings);
        try
        {
            var url = await service.listening.Task.WaitAsync(StartLimit);
            service.Client = new(new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 256 }) { BaseAddress = new(url), Timeout = TimeSpan.FromSeconds(60) });
            await service.WaitUntilReadyAsync();
            return service;
        }
        catch
        {
            await service.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts the service without a connection string, and sends it a signal while it starts.</summary>
    /// <param name="signal">INT, which reaches all that it started too, as Ctrl-C in its terminal does; or TERM, which it gets alone.</param>
    /// <param name="isThen">Whether the moment has come; asked over and over with what the service wrote so far.</param>
    /// <returns>How it ended and what it wrote.</returns>
    public static async Task<(int Code, string Said)> InterruptStartAsync(string signal, Func<string, bool> isThen, params IEnumerable<(string Name, string Value)> settings)
    {
        ArgumentNullException.ThrowIfNull(isThen);
        await using var service = Launch("", port: 0, settings);
        var clock = Stopwatch.StartNew();
        while (!isThen(service.Log))
        {
            if (service.HasExited || clock.Elapsed > StartLimit) throw new InvalidOperationException("The moment to interrupt the start did not come:\n" + service.Log);
            await Task.Delay(1);
        }

        await service.SignalAsync(signal, ofGroup: signal == "INT");
        return (service.process.ExitCode, service.Log);
    }

    /// <summary>Starts the service with settings that it cannot start with, and says how it ended.</summary>
    /// <param name="settings">Of the environment, beside the usual ones.</param>
    public static async Task<(int Code, string Out, string Error)> FailAsync(string connectionString, params IEnumerable<(string Name, string Value)> settings)
    {
        using var failing = Process.Start(With(connectionString, port: 0, settings))!;
        var (output, error) = (failing.StandardOutput.ReadToEndAsync(), failing.StandardError.ReadToEndAsync());
        try
        {
            await failing.WaitForExitAsync().WaitAsync(StartLimit);
            return (failing.ExitCode, await output, await error);
        }
        finally
        {
            if (!failing.HasExited) failing.Kill();
        }
    }

    /// <summary>Asks the service to end (SIGTERM) and waits until it has: what it had accepted is carried out.</summary>
    public async Task StopAsync()
    {
        await SignalAsync("TERM");
        Assert.True(process.ExitCode == 0, $"The service ended with {process.ExitCode}:\n{Log}");
    }

    /// <summary>
    /// Sends SIGINT to the service and to all that it started in its session, as Ctrl-C in its terminal does, and waits until it has ended. Only for a service that got no
    /// connection string: it has a session of its own.
    /// </summary>
    /// <param name="isImpatient">Again and again until it has ended.</param>
    public async Task InterruptAsync(bool isImpatient = false)
    {
        await SignalAsync("INT", ofGroup: true, isImpatient);
        Assert.True(process.ExitCode == 0, $"The service ended with {process.ExitCode}:\n{Log}");
    }

    /// <summary>Waits until the service wrote this.</summary>
    public async Task HearAsync(string text)
    {
        var clock = Stopwatch.StartNew();
        while (!Log.Contains(text, StringComparison.Ordinal))
        {
            if (clock.Elapsed > StartLimit) throw new TimeoutException($"The service does not say \"{text}\":\n{Log}");
            await Task.Delay(20);
        }
    }

    /// <summary>Ends the service at once, as a crash would (SIGKILL).</summary>
    public async Task KillAsync()
    {
        if (!process.HasExited) process.Kill();
        await process.WaitForExitAsync().WaitAsync(StopLimit);
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        AppDomain.CurrentDomain.ProcessExit -= OnExit;
        Client?.Dispose();
        process.Dispose();
    }

    private static LedgerProcess Launch(string connectionString, int port, IEnumerable<(string Name, string Value)> settings)
    {
        var service = new LedgerProcess(new Process { StartInfo = With(connectionString, port, settings), EnableRaisingEvents = true });
        service.process.Start();
        service.process.BeginOutputReadLine();
        service.process.BeginErrorReadLine();
        AppDomain.CurrentDomain.ProcessExit += service.OnExit;
        return service;
    }

    /// <summary>Sends the signal, and waits until the service has ended and all that it wrote was read.</summary>
    private async Task SignalAsync(string signal, bool ofGroup = false, bool isImpatient = false)
    {
        var target = (ofGroup ? -process.Id : process.Id).ToString(CultureInfo.InvariantCulture);
        await Bash.RunAsync(isImpatient ? $"for n in {{1..1000}}; do kill -{signal} -- {target} || break; sleep 0.01; done" : $"kill -{signal} -- {target}");
        try
        {
            await process.WaitForExitAsync().WaitAsync(StopLimit);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"SIG{signal} does not end the service:\n{Log}", late);
        }
    }

    private static ProcessStartInfo With(string connectionString, int port, IEnumerable<(string Name, string Value)> settings)
    {
        // Who starts the tests in the background may have them ignore SIGINT, and the processes that they start with them.
        string[] words = connectionString.Length > 0 ? ["dotnet"] : ["env", "--default-signal=INT", "setsid", "dotnet"];
        // Tests stand in the same folder as the service that they were built with.
        var start = new ProcessStartInfo(words[0], [.. words[1..], Path.Combine(AppContext.BaseDirectory, "Ledger.Api.dll")])
        {
            WorkingDirectory = AppContext.BaseDirectory,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["LEDGER_DATABASE"] = null, ["ConnectionStrings__Ledger"] = connectionString.Length > 0 ? connectionString : null, ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{port}", ["DOTNET_TieredPGO"] = "0" },
        };
        foreach (var name in LedgerApp.NoRates) start.Environment[$"Rates__{name}__PerSecond"] = "0";
        foreach (var (name, value) in settings) start.Environment[name] = value;
        return start;
    }

    private void OnExit(object? sender, EventArgs e)
    {
        if (!process.HasExited) process.Kill();
    }

    /// <summary>Waits until the service says that it is ready: after a start, or after its database was away.</summary>
    public async Task WaitUntilReadyAsync()
    {
        var clock = Stopwatch.StartNew();
        while ((await Client.SendAsync(HttpMethod.Get, "/healthz/ready", null, null)).Status != 200)
        {
            if (clock.Elapsed > StartLimit) throw new TimeoutException("The service does not become ready:\n" + Log);
            await Task.Delay(50);
        }
    }

    private void Hear(string? line)
    {
        if (line is null) return;
        log.Enqueue(line);
        if (ListeningOn().Match(line) is { Success: true } match) listening.TrySetResult(match.Groups["url"].Value);
    }

    [GeneratedRegex("The ledger is ready at (?<url>http://[0-9.:]+)", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex ListeningOn();
}
