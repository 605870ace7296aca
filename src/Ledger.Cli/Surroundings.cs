using Ledger.Postgres.Audit;

namespace Ledger.Cli;

/// <summary>Everything that a command meets outside itself, so that a test can stand in for it.</summary>
/// <param name="Out">Takes data and nothing else.</param>
/// <param name="Error">Takes progress, notes and errors.</param>
/// <param name="IsPerson">Somebody sits there, reads <paramref name="Error"/> and can answer a question.</param>
/// <param name="Variable">Looks up an environment variable; null or empty: not given.</param>
/// <param name="Http">Makes what carries requests to the service.</param>
/// <param name="Delay">Waits between two attempts.</param>
internal sealed record Surroundings(
    TextWriter Out, TextWriter Error, TextReader In, bool IsPerson, Func<string, string?> Variable, Func<HttpMessageHandler> Http,
    Func<TimeSpan, CancellationToken, Task> Delay)
{
    public static Surroundings OfThisProcess() => new(
        Console.Out, Console.Error, Console.In, !Console.IsInputRedirected && !Console.IsErrorRedirected, Environment.GetEnvironmentVariable,
        () => new SocketsHttpHandler { MaxConnectionsPerServer = 64 }, Task.Delay)
    {
        WaitTurn = AuditProcess.WaitTurn,
    };

    /// <summary>Before work that only this process does, and that gives way to the server's.</summary>
    public Action WaitTurn { get; private init; } = () => { };

    /// <summary>The first that says something: the option's value, then the environment variable.</summary>
    public string? Given(string? option, string variable) =>
        !string.IsNullOrWhiteSpace(option) ? option : Variable(variable) is { } value && !string.IsNullOrWhiteSpace(value) ? value : null;
}

/// <summary>How every command ends.</summary>
internal static class ExitCode
{
    public const int Fine = 0;

    /// <summary>The command failed, or found what it was asked to look for.</summary>
    public const int Found = 1;

    public const int UsedWrongly = 2;
}

/// <summary>Ends a command with one sentence that says what to do next.</summary>
internal sealed class CliException : Exception
{
    public CliException() { }

    public CliException(string message) : base(message) { }

    public CliException(string message, Exception inner) : base(message, inner) { }

    public int Code { get; private init; } = ExitCode.Found;

    /// <summary>The command was used wrongly: its arguments cannot mean anything.</summary>
    public static CliException Usage(string message) => new(message) { Code = ExitCode.UsedWrongly };
}
