using Ledger.Cli;
using Ledger.Postgres;
using Ledger.Postgres.Audit;

if (args.Contains("audit", StringComparer.Ordinal) && args.Contains("verify", StringComparer.Ordinal)) AuditProcess.Prepare();

return await LedgerCommand.RunAsync(args, Surroundings.OfThisProcess(), EndSignals.Listen());
