using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Ledger.Postgres.Local;

/// <summary>What a program answered: its exit code and everything it printed, both streams.</summary>
internal sealed record ChildResult(int ExitCode, string Output)
{
    public bool Succeeded => ExitCode == 0;

    /// <summary>Whether Ctrl-C (SIGINT, 2) ended it.</summary>
    public bool WasInterrupted => ExitCode == 128 + 2;
}

/// <summary>Runs a short-lived program, as another account when this process is root.</summary>
internal static class ChildProcess
{
    /// <summary>POSIX shell.</summary>
    public const string Shell = "/bin/sh";

    /// <summary>How long what a program printed is waited for once it has ended: something that it started may still hold its streams.</summary>
    private static readonly TimeSpan EchoLimit = TimeSpan.FromSeconds(5);

    /// <summary>The exit code that shells give for a program that cannot be run.</summary>
    private const int CannotRun = 126;

    /// <summary>
    /// Runs a program to its end. Messages come in English and the PG* variables of the caller's shell do not reach it. A program that
    /// cannot be started is a failed result, not an exception; on cancellation the program and its children are killed.
    /// </summary>
    /// <param name="program">Its path, or the name of one that stands in PATH.</param>
    /// <param name="runAs">The account to become, which only root may ask for; null for the account of this process.</param>
    public static async Task<ChildResult> RunAsync(
        string program, IReadOnlyCollection<string> arguments, string? runAs, CancellationToken cancellationToken)
    {
        Process? process;
        try
        {
            process = Process.Start(Describe(program, arguments, runAs));
        }
        catch (Win32Exception e)
        {
            return new ChildResult(CannotRun, e.Message);
        }

        using (process ?? throw new UnreachableException($"{program} did not give a process"))
        {
            process.StandardInput.Close();
            // What it printed before it ended is read whatever happens: only what still runs is killed.
            var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
            var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
            try
            {
                await process.WaitForExitAsync(cancellationToken);
                var said = Task.WhenAll(output, errors);
                await Task.WhenAny(said, Task.Delay(EchoLimit, CancellationToken.None));
                return new ChildResult(process.ExitCode, said.IsCompletedSuccessfully ? string.Concat(await said).Trim() : "");
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync(CancellationToken.None);
                throw;
            }
        }
    }

    /// <summary>Runs a program that has to succeed.</summary>
    /// <exception cref="LocalPostgresException">It failed; the message holds what it printed.</exception>
    public static async Task RequireAsync(
        string program, IReadOnlyCollection<string> arguments, string? runAs, CancellationToken cancellationToken)
    {
        var result = await RunAsync(program, arguments, runAs, cancellationToken);
        if (!result.Succeeded)
        {
            var code = result.ExitCode.ToString(CultureInfo.InvariantCulture);
            var account = runAs is null ? "" : $" as user {runAs}";
            throw new LocalPostgresException($"{program}{account} failed with exit code {code}: {result.Output}");
        }
    }

    private static ProcessStartInfo Describe(string program, IReadOnlyCollection<string> arguments, string? runAs)
    {
        // A bare name would be looked for in the current folder before PATH. The shell looks in PATH alone.
        var isPath = Path.IsPathRooted(program);
        var start = new ProcessStartInfo(isPath ? program : Shell, isPath ? arguments : ["-c", "exec \"$0\" \"$@\"", program, .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,

            // The account that runs the server may not be allowed to enter the folder that we stand in.
            WorkingDirectory = "/",
        };
        if (runAs is not null)
        {
            // On Unix the runtime calls setgroups, setgid and setuid in the child: no sudo, runuser or setpriv is needed.
            start.UserName = runAs;
        }

        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("PG", StringComparison.Ordinal)).ToArray())
        {
            start.Environment.Remove(name);
        }

        start.Environment["LC_ALL"] = "C";
        return start;
    }
}
