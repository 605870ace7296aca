using Ledger.Cli;

// The audit's threads block on their sockets: whoever polls these may wake them itself, without a thread of the pool between, which
// took a tenth of its time. The runtime reads this once, before the first socket. Not for what continues on the thread that polls.
if (args.Contains("audit", StringComparer.Ordinal) && args.Contains("verify", StringComparer.Ordinal))
    Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    stop.Cancel();
};
return await LedgerCommand.RunAsync(args, Surroundings.OfThisProcess(), stop.Token);
