using Ledger.Cli;
using Ledger.Postgres.Audit;

if (args.Contains("audit", StringComparer.Ordinal) && args.Contains("verify", StringComparer.Ordinal)) AuditProcess.Prepare();

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    stop.Cancel();
};
return await LedgerCommand.RunAsync(args, Surroundings.OfThisProcess(), stop.Token);
