using Ledger.Cli;

namespace Ledger.Tests.Cli;

/// <summary>One run of the command <c>ledger</c> inside the test, and what it said.</summary>
internal sealed record Invocation(int Code, string Out, string Error)
{
    /// <param name="http">Takes the place of the service.</param>
    /// <param name="pause">How the command waits; not at all where the service is one of the test's own making.</param>
    /// <param name="person">What somebody at a terminal types; null: nobody is there.</param>
    public static async Task<Invocation> RunAsync(
        IReadOnlyList<string> args, HttpMessageHandler? http = null, Func<TimeSpan, CancellationToken, Task>? pause = null, TextReader? person = null,
        CancellationToken cancellation = default)
    {
        await using var output = new StringWriter();
        await using var error = new StringWriter();
        var surroundings = new Surroundings(
            TextWriter.Synchronized(output), TextWriter.Synchronized(error), person ?? TextReader.Null, IsPerson: person is not null, _ => null,
            () => http ?? throw new InvalidOperationException("This test meets no service."), pause ?? ((_, _) => Task.CompletedTask));
        var code = await LedgerCommand.RunAsync(args, surroundings, cancellation);
        return new(code, output.ToString().ReplaceLineEndings("\n"), error.ToString().ReplaceLineEndings("\n"));
    }
}

/// <summary>A folder of one test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("ledger-cli-tests-").FullName;

    public void Write(string name, string text) => File.WriteAllText(System.IO.Path.Combine(Path, name), text);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
