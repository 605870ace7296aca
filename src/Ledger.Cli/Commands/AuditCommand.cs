using System.CommandLine;
using System.Text.Json;
using Ledger.Postgres.Audit;
using Ledger.Postgres.Paying;

namespace Ledger.Cli.Commands;

/// <summary><c>ledger audit</c>: reads the books again and must arrive at the same numbers.</summary>
internal static class AuditCommand
{
    public static Command Create(Globals globals) => new("audit", "Read the books again and compare everything that is kept about them.")
    {
        Verify(globals),
        DrawVerify.Create(globals),
        Reconcile(globals),
    };

    private static Command Verify(Globals globals)
    {
        var book = new Option<string?>("--book") { Description = "One book only, by its merchant's id." };
        var command = new Command("verify", "Check every entry, its chain, and all that was made from it; 1 if anything differs.") { book };
        command.SetAction(async (parse, cancellation) =>
        {
            await using var database = await globals.OpenAsync(parse, cancellation);
            var terminal = globals.Terminal(parse);
            AuditReport? report = null;
            await terminal.ShareAsync("Checking entries", async share =>
            {
                var progress = new Steps<AuditProgress>(at => share(at.Entries, at.TotalEntries));
                report = await BookAudit.RunAsync(database.Source, new AuditOptions { Book = parse.GetValue(book) }, progress, cancellation);
            });
            return Say(report!, terminal);
        });
        return command;
    }

    private static Command Reconcile(Globals globals)
    {
        var provider = new Argument<string>("provider-url") { Description = "Address of the payment provider whose record is read (GET /money)." };
        var command = new Command("reconcile", "Compare every transfer of the books with the payment provider's record; 1 if anything differs.") { provider };
        command.SetAction(async (parse, cancellation) =>
        {
            if (!Uri.TryCreate(parse.GetValue(provider), UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
                throw CliException.Usage("The provider's address cannot be read: write it like http://127.0.0.1:5090.");
            await using var database = await globals.OpenAsync(parse, cancellation);
            ReconciliationReport report;
            try
            {
                report = await Reconciliation.RunAsync(database.Source, url, cancellation);
            }
            catch (Exception e) when (e is HttpRequestException or JsonException)
            {
                throw new CliException($"The record of {url} cannot be read ({e.Message.TrimEnd('.')}): check that the provider answers GET /money.", e);
            }

            var terminal = globals.Terminal(parse);
            terminal.Data(
                new { report.IsClean, report.Transfers, report.Succeeded, report.Open, report.Amount, report.ProviderAmount, report.Differences },
                ["transfers", "succeeded", "open", "amount", "provider's amount", "differences"],
                [[report.Transfers, report.Succeeded, report.Open, report.Amount, report.ProviderAmount, report.Differences.Count]]);
            foreach (var difference in report.Differences) terminal.Note(difference);
            if (report.IsClean) terminal.Note("Books and provider agree.");
            return report.IsClean ? ExitCode.Fine : ExitCode.Found;
        });
        return command;
    }

    private static int Say(AuditReport report, Terminal terminal)
    {
        terminal.Data(
            new
            {
                report.IsClean,
                report.Books,
                report.Entries,
                report.Streams,
                report.Tallies,
                report.Requests,
                report.ReadModelRows,
                Seconds = Math.Round(report.Elapsed.TotalSeconds, 1),
                EntriesPerSecond = (long)report.EntriesPerSecond,
                report.Found,
                Findings = report.Findings.Select(finding => new { Kind = finding.GetType().Name, finding.Book, finding.Entry, finding.Sentence }),
            },
            ["books", "entries", "streams", "tallies", "requests", "read model rows", "seconds", "entries/s", "found"],
            [
                [
                    report.Books, report.Entries, report.Streams, report.Tallies, report.Requests, report.ReadModelRows.Values.Sum(), report.Elapsed.TotalSeconds,
                    (long)report.EntriesPerSecond, report.Found,
                ],
            ]);
        foreach (var finding in report.Findings) terminal.Note(finding.Sentence);
        if (report.Found > report.Findings.Count) terminal.Note($"... and {report.Found - report.Findings.Count} more findings.");
        if (report.IsClean) terminal.Note("Everything agrees.");
        return report.IsClean ? ExitCode.Fine : ExitCode.Found;
    }
}
