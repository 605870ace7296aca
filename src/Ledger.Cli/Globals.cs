using System.CommandLine;

namespace Ledger.Cli;

/// <summary>The options that every command takes, and what the commands get from them.</summary>
internal sealed class Globals(Surroundings surroundings)
{
    private readonly Option<string?> database = new("--database")
    {
        Description = "Connection string of the database; else LEDGER_DATABASE, else the private Postgres that the service runs on this machine.",
        Recursive = true,
    };

    private readonly Option<bool> json = new("--json") { Description = "Write data as JSON.", Recursive = true };

    private readonly Option<bool> noInput = new("--no-input") { Description = "Never ask; do what was said.", Recursive = true };

    public Surroundings Surroundings { get; } = surroundings;

    public static Option<bool> DryRun() => new("--dry-run") { Description = "Only say what would be done." };

    public void AddTo(Command root)
    {
        root.Add(database);
        root.Add(json);
        root.Add(noInput);
    }

    public Terminal Terminal(ParseResult parse) => new(Surroundings, parse.GetValue(json), mayAsk: !parse.GetValue(noInput));

    /// <summary>Opens the database that the options, the environment or this machine's service name.</summary>
    public Task<LedgerDatabase> OpenAsync(ParseResult parse, CancellationToken cancellation) =>
        LedgerDatabase.OpenAsync(Surroundings.Given(parse.GetValue(database), "LEDGER_DATABASE"), Terminal(parse), cancellation);
}
