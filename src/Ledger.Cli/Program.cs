using Ledger.Cli;

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    stop.Cancel();
};
return await LedgerCommand.RunAsync(args, Surroundings.OfThisProcess(), stop.Token);
