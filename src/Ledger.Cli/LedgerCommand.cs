using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Ledger.Cli.Commands;
using Ledger.Postgres;
using Npgsql;

namespace Ledger.Cli;

/// <summary>The command <c>ledger</c>: its tree, and what its ends mean.</summary>
internal static class LedgerCommand
{
    /// <returns>0 fine, 1 failed or found something, 2 used wrongly.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> args, Surroundings surroundings, CancellationToken cancellation = default)
    {
        var parse = Create(surroundings).Parse(args);
        if (parse.Action is ParseErrorAction)
        {
            await surroundings.Error.WriteLineAsync($"{Fault(parse)}: see `{Path(parse)} --help`.");
            return ExitCode.UsedWrongly;
        }

        try
        {
            var configuration = new InvocationConfiguration
            {
                Output = surroundings.Out,
                Error = surroundings.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            };
            return await parse.InvokeAsync(configuration, cancellation);
        }
        catch (CliException e)
        {
            await surroundings.Error.WriteLineAsync(e.Message);
            return e.Code;
        }
        catch (OperationCanceledException)
        {
            await surroundings.Error.WriteLineAsync("Stopped before the end; run the same command again to go on.");
            return ExitCode.Found;
        }
#pragma warning disable CA1031 // The last stand: people get a sentence, whatever went wrong.
        catch (Exception e)
#pragma warning restore CA1031
        {
            await surroundings.Error.WriteLineAsync(Sentence(e));
            return ExitCode.Found;
        }
    }

    private static Command Create(Surroundings surroundings)
    {
        var globals = new Globals(surroundings);
        var root = new Command("ledger", "Keeps, fills and checks a coupon ledger. Exit codes: 0 fine, 1 failed or found something, 2 used wrongly.")
        {
            new HelpOption(),
            new VersionOption(),
            DbCommand.Create(globals),
            KeysCommand.Create(globals),
            ImportCommand.Create(globals),
            ProjectionsCommand.Create(globals),
            AuditCommand.Create(globals),
        };
        globals.AddTo(root);
        return root;
    }

    private static string Fault(ParseResult parse) => parse.UnmatchedTokens is [var unknown, ..]
        ? $"\"{unknown}\" means nothing here"
        : string.Join(' ', parse.Errors[0].Message.Split((char[])[' ', '\t', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries)).TrimEnd('.');

    private static string Path(ParseResult parse)
    {
        var names = new List<string>();
        for (var result = parse.CommandResult; result is not null; result = result.Parent as System.CommandLine.Parsing.CommandResult)
        {
            names.Insert(0, result.Command.Name);
        }

        return string.Join(' ', names);
    }

    private static string Sentence(Exception e) => e switch
    {
        MigrationChangedException or RebuildAtWorkException => e.Message,
        PostgresException { SqlState: PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName or PostgresErrorCodes.UndefinedColumn } =>
            "The database holds no ledger of this version: run `ledger db apply` first.",
        PostgresException { SqlState: PostgresErrorCodes.InvalidCatalogName } p => $"{Upper(p.MessageText)}: create it, or name another with --database.",
        PostgresException { SqlState: PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification } p =>
            $"The database refused the user ({p.MessageText}): correct the user or the password in --database.",
        PostgresException { SqlState: PostgresErrorCodes.InsufficientPrivilege } p =>
            $"The database user may not do this ({p.MessageText}): name another user in --database.",
        PostgresException p => $"The database refused a statement ({p.SqlState}: {p.MessageText}): see its log, then run the command again.",
        NpgsqlException => $"The database does not answer ({e.Message.TrimEnd('.')}): start it, or name another with --database.",
        UnauthorizedAccessException => $"{e.Message.TrimEnd('.')}: run the command as a user who may.",
        IOException => $"{e.Message.TrimEnd('.')}: see that the file can be read, then run the command again.",
        _ => $"An error that nobody foresaw ({e.GetType().Name}: {e.Message.ReplaceLineEndings(" ").TrimEnd('.')}): please report it with the command that you ran.",
    };

    private static string Upper(string text) => text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..].TrimEnd('.');
}
