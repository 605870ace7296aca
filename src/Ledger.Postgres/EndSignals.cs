using System.Runtime.InteropServices;

namespace Ledger.Postgres;

/// <summary>Ctrl-C (SIGINT) and SIGTERM as a token, for a process that ends by itself when it hears one.</summary>
public static class EndSignals
{
    private static readonly CancellationTokenSource Heard = new();

    // Kept and never disposed until the process is gone: a signal that comes while it ends and finds nobody would end it at once, with another exit code.
    private static PosixSignalRegistration[] kept = [];

    /// <summary>From the first call on these signals end nothing but what watches the token.</summary>
    public static CancellationToken Listen()
    {
        if (kept.Length == 0) kept = [PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop), PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop)];
        return Heard.Token;
    }

    private static void Stop(PosixSignalContext signal)
    {
        signal.Cancel = true;
        Heard.Cancel();
    }
}
