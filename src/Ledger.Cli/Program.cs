using System.Runtime.InteropServices;
using Ledger.Cli;
using Ledger.Postgres.Audit;

if (args.Contains("audit", StringComparer.Ordinal) && args.Contains("verify", StringComparer.Ordinal)) AuditProcess.Prepare();

using var stop = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
return await LedgerCommand.RunAsync(args, Surroundings.OfThisProcess(), stop.Token);

void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stop.Cancel();
}
