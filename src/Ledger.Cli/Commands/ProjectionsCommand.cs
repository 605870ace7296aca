using System.CommandLine;
using Ledger.Postgres.Readers;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Npgsql;

namespace Ledger.Cli.Commands;

/// <summary><c>ledger projections</c>: shows how far the readers are, and rebuilds read models.</summary>
internal static class ProjectionsCommand
{
    public static Command Create(Globals globals) => new("projections", "Show how far the readers are, and rebuild read models.")
    {
        Status(globals),
        Rebuild(globals),
    };

    private static Command Status(Globals globals)
    {
        var command = new Command("status", "Show how far every reader stands behind the books.");
        command.SetAction(async (parse, cancellation) =>
        {
            await using var database = await globals.OpenAsync(parse, cancellation);
            var readers = await ReaderStatus.ReadAsync(database.Source, ReaderStatus.Followers, SystemClock.Instance.GetCurrentInstant(), cancellation);
            globals.Terminal(parse).Data(
                readers, ["reader", "books behind", "entries behind", "seconds behind", "last entry"],
                readers.Select(r => new object?[] { r.Reader, r.BooksBehind, r.EntriesBehind, r.LagSeconds, r.LastEntry }));
            return ExitCode.Fine;
        });
        return command;
    }

    private static Command Rebuild(Globals globals)
    {
        var name = new Argument<string?>("name") { Description = "The read model.", Arity = ArgumentArity.ZeroOrOne };
        var all = new Option<bool>("--all") { Description = "Every read model, one after another." };
        var dryRun = Globals.DryRun();
        var command = new Command("rebuild", "Build a read model anew beside the one in use, and swap them.") { name, all, dryRun };
        command.SetAction(async (parse, cancellation) =>
        {
            var models = Chosen(parse.GetValue(name), parse.GetValue(all));
            var terminal = globals.Terminal(parse);
            var isDry = parse.GetValue(dryRun);
            if (!isDry)
            {
                await using var database = await globals.OpenAsync(parse, cancellation);
                foreach (var model in models) await RebuildAsync(database.Source, model, terminal, cancellation);
            }

            terminal.Data(
                models.Select(model => new { ReadModel = model.Table }), [isDry ? "would rebuild" : "rebuilt"], models.Select(model => new object?[] { model.Table }));
            return ExitCode.Fine;
        });
        return command;
    }

    private static IReadOnlyList<ReadModel> Chosen(string? name, bool all) => (name, all) switch
    {
        (null, true) => ReadModel.All,
        (not null, false) => [ReadModel.All.FirstOrDefault(model => model.Table == name) ?? throw CliException.Usage(
            $"There is no read model {name}: name one of {string.Join(", ", ReadModel.All.Select(model => model.Table))}.")],
        _ => throw CliException.Usage("Name one read model, or say --all."),
    };

    private static Task RebuildAsync(NpgsqlDataSource database, ReadModel model, Terminal terminal, CancellationToken cancellation) =>
        terminal.ShareAsync($"Rebuilding {model.Table}", async share =>
        {
            var progress = new Steps<(long Done, long Total)>(at => share(at.Done, at.Total));
            var logger = NullLogger<ReadModelRebuild>.Instance;
            try
            {
                await new ReadModelRebuild(database, logger).RunAsync(model, progress, cancellation: cancellation);
            }
            catch (Exception e) when (e is InvalidOperationException or TimeoutException)
            {
                throw new CliException($"{e.Message.TrimEnd('.')}: run the command again later.", e);
            }
        });
}
