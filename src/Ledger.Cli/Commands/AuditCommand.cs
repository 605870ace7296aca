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
        Explain(globals),
    };

    private static Command Verify(Globals globals)
    {
        var book = new Option<string?>("--book") { Description = "One book only, by its merchant's id." };
        var command = new Command("verify", "Check every entry, its chain, and all that was made from it; 1 if anything differs.") { book };
        command.SetAction(async (parse, cancellation) =>
        {
            await using var database = await globals.OpenAsync(parse, cancellation);
            var terminal = globals.Terminal(parse);
            globals.Surroundings.WaitTurn();
            AuditReport? report = null;
            await terminal.ShareAsync("Checking entries", async share =>
            {
                var progress = new Steps<AuditProgress>(at => share(at.Entries, at.TotalEntries));
                report = await BookAudit.RunAsync(database.Source, new AuditOptions { Book = parse.GetValue(book) }, progress, cancellation);
            });
            // Rows without a book would be findings.
            if (parse.GetValue(book) is { } name && report is { Books: 0, IsClean: true }) throw CliException.Usage($"There is no book {name}: name another.");
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

    private static Command Explain(Globals globals)
    {
        var agreement = new Argument<string>("agreement") { Description = "The number of a light membership." };
        var book = new Option<string>("--book") { Description = "The merchant's id.", Required = true };
        var command = new Command("explain", "Say why a light membership cost what it cost, reckoned anew from its entries; 1 if it differs by a byte from what is stored.") { agreement, book };
        command.SetAction(async (parse, cancellation) =>
        {
            await using var database = await globals.OpenAsync(parse, cancellation);
            var terminal = globals.Terminal(parse);
            var facts = await AgreementExplanation.ReadAsync(database.Source, parse.GetValue(book)!, parse.GetValue(agreement)!, cancellation);
            if (facts.Count == 0) throw CliException.Usage($"Book {parse.GetValue(book)} has no light membership {parse.GetValue(agreement)}: name another.");
            terminal.Data(
                facts.Select(fact => new { fact.At, fact.Type, fact.Status, fact.Due, fact.Stored, fact.Recomputed, fact.Agrees }), ["at", "fact", "status", "due", "agrees"],
                facts.Select(fact => (IReadOnlyList<object?>)[fact.At, fact.Type, fact.Status, fact.Due?.Minor, fact.Agrees]));
            foreach (var fact in facts.Where(fact => fact.Recomputed is not null)) terminal.Note($"{fact.Type}: {fact.Recomputed}");
            foreach (var fact in facts.Where(fact => !fact.Agrees)) terminal.Note($"{fact.Type} stores something else: {fact.Stored ?? "nothing"}");
            return facts.All(fact => fact.Agrees) ? ExitCode.Fine : ExitCode.Found;
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
