using System.Reflection;
using Ledger.Postgres.Local;
using Xunit;
using Xunit.Abstractions;
using Xunit.Sdk;

[assembly: TestFramework("Ledger.Tests.PostgresTestFramework", "Ledger.Tests")]

namespace Ledger.Tests;

/// <summary>
/// The one Postgres of a test run, started by the first test that asks for a database and shared by all. It lives in a temporary folder
/// that goes away after the last test; what a killed test run left behind is removed by the next one.
/// </summary>
public static class PostgresServer
{
    private const string FolderPrefix = "ledger-tests-";

    /// <summary>A younger folder may belong to a test that has its server stopped for a moment.</summary>
    private static readonly TimeSpan LeftoverAge = TimeSpan.FromMinutes(10);

    private static readonly Lazy<Task<LocalPostgres>> Server = new(StartAsync);

    /// <summary>Makes a database and gives its connection string. The server waits a while for others to leave the template.</summary>
    /// <param name="template">The database to copy, or null for an empty one.</param>
    public static async Task<string> CreateDatabaseAsync(string name, string? template = null)
    {
        var server = await Server.Value;
        await PostgresDatabases.CreateAsync(server.ConnectionString, name, template, CancellationToken.None);
        return PostgresDatabases.For(server.ConnectionString, name);
    }

    /// <summary>Drops a database, whoever is connected to it; does nothing when there is none.</summary>
    public static async Task DropDatabaseAsync(string name)
    {
        var server = await Server.Value;
        await PostgresDatabases.DropAsync(server.ConnectionString, name, CancellationToken.None);
    }

    /// <summary>A fresh folder for a server of a test's own.</summary>
    public static string NewFolder() => Directory.CreateTempSubdirectory(FolderPrefix).FullName;

    /// <summary>Ends the shared server, if a test has started it, and deletes its data.</summary>
    internal static async Task RemoveAsync()
    {
        if (Server.IsValueCreated)
        {
            // A start that failed has failed the tests already, and left nothing to remove.
            await Task.WhenAny(Server.Value);
            if (Server.Value.IsCompletedSuccessfully)
            {
                var server = await Server.Value;
                await server.KillHardAsync();
                await LocalPostgres.DeleteAsync(server.DataDir);
            }
        }
    }

    private static async Task<LocalPostgres> StartAsync()
    {
        var old = new DirectoryInfo(Path.GetTempPath()).GetDirectories(FolderPrefix + "*")
            .Where(folder => DateTime.UtcNow - folder.CreationTimeUtc > LeftoverAge);
        foreach (var leftover in old)
        {
            try
            {
                await LocalPostgres.DeleteAsync(leftover.FullName);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Another account's.
            }
        }

        // Tests run several services at once, some of them killed, whose connections end a little later.
        var settings = new Dictionary<string, string>(StringComparer.Ordinal) { ["max_connections"] = "300" };
        return await LocalPostgres.StartAsync(new LocalPostgresOptions { DataDir = NewFolder(), ExtraSettings = settings });
    }
}

/// <summary>
/// xunit's own framework, plus one thing it has no place for: something to do after the last test of the assembly. The end of the
/// process is too late for it, since the test host is killed a tenth of a second after it has reported.
/// </summary>
public sealed class PostgresTestFramework(IMessageSink messages) : XunitTestFramework(messages)
{
    protected override ITestFrameworkExecutor CreateExecutor(AssemblyName assemblyName) =>
        new Executor(assemblyName, SourceInformationProvider, DiagnosticMessageSink);

    private sealed class Executor(AssemblyName assembly, ISourceInformationProvider source, IMessageSink diagnostics)
        : XunitTestFrameworkExecutor(assembly, source, diagnostics)
    {
        protected override void RunTestCases(
            IEnumerable<IXunitTestCase> testCases, IMessageSink executionMessageSink, ITestFrameworkExecutionOptions executionOptions) =>
            base.RunTestCases(testCases, new RemoveAtTheEnd(executionMessageSink), executionOptions);
    }

    private sealed class RemoveAtTheEnd(IMessageSink next) : LongLivedMarshalByRefObject, IMessageSink
    {
        public bool OnMessage(IMessageSinkMessage message)
        {
            if (message is ITestAssemblyFinished)
            {
                PostgresServer.RemoveAsync().GetAwaiter().GetResult();
            }

            return next.OnMessage(message);
        }
    }
}
