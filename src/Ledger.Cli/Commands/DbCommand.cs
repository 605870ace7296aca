using System.CommandLine;
using System.Diagnostics;
using Ledger.Postgres;

namespace Ledger.Cli.Commands;

/// <summary><c>ledger db</c>: brings a database to this program's schema, or tells how it differs.</summary>
internal static class DbCommand
{
    public static Command Create(Globals globals) => new("db", "Bring a database to this program's schema, or tell how it differs.")
    {
        Apply(globals),
        Assert(globals),
        Describe(globals),
    };

    private static Command Apply(Globals globals)
    {
        var dryRun = Globals.DryRun();
        var command = new Command("apply", "Apply the migrations that are pending, all or none.") { dryRun };
        command.SetAction(async (parse, cancellation) =>
        {
            await using var database = await globals.OpenAsync(parse, cancellation);
            var terminal = globals.Terminal(parse);
            var migrations = new Migrations(database.Source);
            var isDry = parse.GetValue(dryRun);
            var ids = isDry ? await migrations.PendingAsync(cancellation) : await migrations.ApplyAsync(cancellation);
            terminal.Data(ids.Select(id => new { migration = id }), [isDry ? "would apply" : "applied"], ids.Select(id => new object?[] { id }));
            if ((await migrations.AssertAsync(cancellation)).Any(difference => difference.Kind == SchemaDifferenceKind.Unknown))
            {
                terminal.Note(Advice(SchemaDifferenceKind.Unknown));
                return ExitCode.Found;
            }

            if (ids.Count == 0) terminal.Note("The database is up to date.");
            return ExitCode.Fine;
        });
        return command;
    }

    private static Command Assert(Globals globals)
    {
        var command = new Command("assert", "Tell every difference between the database and this program; 1 if there is one.");
        command.SetAction(async (parse, cancellation) =>
        {
            await using var database = await globals.OpenAsync(parse, cancellation);
            var terminal = globals.Terminal(parse);
            var differences = await new Migrations(database.Source).AssertAsync(cancellation);
            terminal.Data(differences, ["difference", "subject"], differences.Select(d => new object?[] { Name(d.Kind), d.Subject }));
            terminal.Note(differences.Count == 0 ? "The database is as this program expects it." : Advice(differences[0].Kind));
            return differences.Count == 0 ? ExitCode.Fine : ExitCode.Found;
        });
        return command;
    }

    private static Command Describe(Globals globals)
    {
        var command = new Command("describe", "Write the live schema as text, one line each.");
        command.SetAction(async (parse, cancellation) =>
        {
            await using var database = await globals.OpenAsync(parse, cancellation);
            var description = await new Migrations(database.Source).DescribeAsync(cancellation);
            var lines = description.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            globals.Terminal(parse).Data(lines, ["schema"], lines.Select(line => new object?[] { line }));
            return ExitCode.Fine;
        });
        return command;
    }

    private static string Name(SchemaDifferenceKind kind) => kind switch
    {
        SchemaDifferenceKind.Pending => "pending",
        SchemaDifferenceKind.Changed => "changed",
        SchemaDifferenceKind.Unknown => "unknown",
        SchemaDifferenceKind.Missing => "missing",
        SchemaDifferenceKind.Unexpected => "unexpected",
        _ => throw new UnreachableException($"{kind}"),
    };

    private static string Advice(SchemaDifferenceKind kind) => kind switch
    {
        SchemaDifferenceKind.Pending => "Migrations are pending: run `ledger db apply`.",
        SchemaDifferenceKind.Changed => "A migration was changed after it had been applied: restore its file and put the change into a new one.",
        SchemaDifferenceKind.Unknown => "The database is newer than this program: run the program that made it.",
        SchemaDifferenceKind.Missing or SchemaDifferenceKind.Unexpected => "Somebody changed the schema by hand: undo it, or make it a migration.",
        _ => throw new UnreachableException($"{kind}"),
    };
}
