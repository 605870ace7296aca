using System.CommandLine;
using Ledger.Cli.Import;

namespace Ledger.Cli.Commands;

/// <summary><c>ledger import</c>: records a data set through the service, as its callers would have.</summary>
internal static class ImportCommand
{
    private const string DefaultUrl = "http://127.0.0.1:5080";

    public static Command Create(Globals globals) => new("import", "Record a data set through a running service; run again to go on where it stopped.")
    {
        CompleteJourney(globals),
        CompleteJourneyPurchases(globals),
        Koubei(globals),
    };

    private static Command CompleteJourney(Globals globals)
    {
        var options = new Options();
        var full = new Option<bool>("--full") { Description = "Issue every coupon offered to every household targeted, in campaigns of type A, too." };
        var merchant = new Option<string>("--merchant") { Description = "The merchant to import into.", DefaultValueFactory = _ => "complete-journey" };
        var command = new Command("complete-journey", "84.51° \"The Complete Journey\", or a data set of its shape.") { full, merchant };
        options.AddTo(command);
        command.SetAction(async (parse, cancellation) =>
        {
            var (terminal, isFull, name) = (globals.Terminal(parse), parse.GetValue(full), parse.GetRequiredValue(merchant));
            if (!Ids.IsOne(name)) throw CliException.Usage($"\"{name.ReplaceLineEndings(" ")}\" is no merchant's id: use 1 to 64 letters, digits, '_', '.', '@' or '-'.");
            var import = new JourneyImport(Journey.Read(parse.GetRequiredValue(options.Folder), isFull), name, isFull);
            var (plan, redemptions) = (import.Plan(), import.Redemptions());
            var answers = parse.GetValue(options.Check) is { } folder ? import.Expected(folder) : new Figures();
            if (parse.GetValue(options.DryRun)) return SayPlan(terminal, [plan], import.Coupons, redemptions.Count);

            using var service = options.Connect(globals, parse);
            var run = new ImportRun(service, terminal, globals.Surroundings.Delay);
            await run.SetUpAsync([plan], cancellation);
            await run.IssueAsync(import.Chunks(), import.Coupons, cancellation);
            await run.RedeemAsync(redemptions, cancellation);
            return Compare(run, [plan], import.Expected(), answers, await import.ReportedAsync(run, service, cancellation));
        });
        return command;
    }

    private static Command CompleteJourneyPurchases(Globals globals)
    {
        var options = new Options();
        var merchant = new Option<string>("--merchant") { Description = "The merchant to import into.", DefaultValueFactory = _ => "complete-journey-purchases" };
        var refunds = new Option<int?>("--refunds") { Description = "Then refund one basket of ten, chosen by this number; run without it first to check the totals before." };
        var command = new Command("complete-journey-purchases", "The baskets of \"The Complete Journey\" as payments that earn points, one for each whole dollar.") { merchant, refunds };
        options.AddTo(command);
        command.SetAction(async (parse, cancellation) =>
        {
            var (terminal, name) = (globals.Terminal(parse), parse.GetRequiredValue(merchant));
            if (!Ids.IsOne(name)) throw CliException.Usage($"\"{name.ReplaceLineEndings(" ")}\" is no merchant's id: use 1 to 64 letters, digits, '_', '.', '@' or '-'.");
            var import = new PurchasesImport(parse.GetRequiredValue(options.Folder), name, parse.GetValue(refunds));
            var (plan, payments, backs) = (import.Plan(), import.Payments().ToList(), import.Refunds().ToList());
            var answers = parse.GetValue(options.Check) is { } folder ? import.Expected(folder) : new Figures();
            if (parse.GetValue(options.DryRun))
            {
                terminal.Data(
                    new { Stores = plan.Stores.Count, Baskets = import.Baskets.Count, Payments = payments.Count, Refunds = backs.Count },
                    ["stores", "baskets", "payments", "refunds"], [[plan.Stores.Count, import.Baskets.Count, payments.Count, backs.Count]]);
                terminal.Note("The file is in order; nothing was sent.");
                return ExitCode.Fine;
            }

            using var service = options.Connect(globals, parse);
            var run = new ImportRun(service, terminal, globals.Surroundings.Delay);
            await run.SetUpAsync([plan], cancellation);
            foreach (var setting in PurchasesImport.Programme()) await run.SendAsync("Points programme", name, [setting], cancellation);
            var paid = await run.SendAsync("Payments", name, payments, cancellation);
            var back = await run.SendAsync("Refunds", name, backs, cancellation);
            var (sent, reported) = (import.Expected(), await import.ReportedAsync(run, service, cancellation));
            return run.Report(paid, back, sent.Count + answers.Count, [.. sent.Against(reported).Union(answers.Against(reported))]);
        });
        return command;
    }

    private static Command Koubei(Globals globals)
    {
        var options = new Options();
        var command = new Command("koubei", "Coupons received by Koubei's users in July 2016 (Tianchi O2O).");
        options.AddTo(command);
        command.SetAction(async (parse, cancellation) =>
        {
            var terminal = globals.Terminal(parse);
            var import = new KoubeiImport(parse.GetRequiredValue(options.Folder));
            var plan = import.Plan();
            var answers = parse.GetValue(options.Check) is { } folder ? KoubeiImport.Expected(folder) : new Figures();
            if (parse.GetValue(options.DryRun)) return SayPlan(terminal, plan, import.Coupons, redemptions: 0);

            using var service = options.Connect(globals, parse);
            var run = new ImportRun(service, terminal, globals.Surroundings.Delay);
            await run.SetUpAsync(plan, cancellation);
            await run.IssueAsync(import.Chunks(), import.Coupons, cancellation);
            return Compare(run, plan, import.Expected(), answers, await import.ReportedAsync(run, service, cancellation));
        });
        return command;
    }

    private static int Compare(ImportRun run, IReadOnlyList<MerchantPlan> plan, Figures sent, Figures answers, Figures reported) => run.Report(
        plan.Count, Campaigns(plan), sent.Count + answers.Count, [.. sent.Against(reported).Union(answers.Against(reported))]);

    private static int SayPlan(Terminal terminal, IReadOnlyList<MerchantPlan> plan, long coupons, int redemptions)
    {
        var stores = plan.Sum(merchant => merchant.Stores.Count);
        terminal.Data(
            new { Merchants = plan.Count, Stores = stores, Campaigns = Campaigns(plan), Coupons = coupons, Redemptions = redemptions },
            ["merchants", "stores", "campaigns", "coupons", "redemptions"],
            [[plan.Count, stores, Campaigns(plan), coupons, redemptions]]);
        terminal.Note("The files are in order; nothing was sent.");
        return ExitCode.Fine;
    }

    private static int Campaigns(IReadOnlyList<MerchantPlan> plan) => plan.Sum(merchant => merchant.Campaigns.Count);

    /// <summary>What every importer takes.</summary>
    private sealed class Options
    {
        private readonly Option<string?> url = new("--url") { Description = $"Where the service answers; else LEDGER_URL, else {DefaultUrl}." };

        private readonly Option<string?> key = new("--key") { Description = "A platform key that may import; else LEDGER_KEY." };

        public Argument<string> Folder { get; } = new("folder") { Description = "The folder with the files, .csv or .csv.gz." };

        public Option<string?> Check { get; } = new("--check") { Description = "A folder with reference answers: the reports must agree with them, too." };

        public Option<bool> DryRun { get; } = Globals.DryRun();

        public void AddTo(Command command)
        {
            command.Add(Folder);
            command.Add(url);
            command.Add(key);
            command.Add(Check);
            command.Add(DryRun);
        }

        public ServiceClient Connect(Globals globals, ParseResult parse)
        {
            var surroundings = globals.Surroundings;
            var address = surroundings.Given(parse.GetValue(url), "LEDGER_URL") ?? DefaultUrl;
            if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
            {
                throw CliException.Usage($"\"{address}\" is no address of a service: write it like {DefaultUrl}.");
            }

            var secret = surroundings.Given(parse.GetValue(key), "LEDGER_KEY") ?? throw CliException.Usage(
                "No key is given: make one with `ledger keys create --scope platform --may-import` and give it with --key or LEDGER_KEY.");
            return new(surroundings.Http(), uri, secret, surroundings.Delay);
        }
    }
}
